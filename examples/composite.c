/*
 * composite.c: several requests in one: parts that use each other's answers, all or nothing; a batch; graphs; a tree.
 * Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

/* An account and its first contact, or neither. */
static sf_status all_or_none(sf_client *sf, sf_error *err)
{
    sf_composite *c = sf_composite_new(SF_COMPOSITE);
    sf_parts *parts = NULL;
    sf_part part;
    sf_record *account = sf_record_new("Account"), *contact = sf_record_new("Contact");
    sf_record_set_str(account, "Name", "Quayside Ltd");
    sf_record_set_str(contact, "LastName", "Mori");
    sf_record_set_str(contact, "AccountId", "@{quay.id}"); /* what the part «quay» will answer */
    sf_composite_add_create(c, "quay", account);
    sf_composite_add_create(c, "mori", contact);
    sf_composite_add_get(c, "seen", "Contact", "@{mori.id}", (const char *const[]){ "Name", "AccountId", NULL });
    sf_status rc = sf_composite_send(sf, c, &(sf_composite_options){ .all_or_none = true }, &parts, err);
    if (rc == SF_OK) rc = sf_parts_check(parts, err); /* the cause, when a part failed */
    if (rc == SF_OK && sf_parts_find(parts, NULL, "quay", &part)) printf("created %s\n", part.id.text);
    sf_parts_free(parts);
    sf_composite_free(c);
    sf_record_free(account);
    sf_record_free(contact);
    return rc;
}

/* A part without LastName takes the others with it; the error is its own, not «rolled back». */
static void show_cause(sf_client *sf)
{
    sf_error err;
    sf_composite *c = sf_composite_new(SF_COMPOSITE);
    sf_parts *parts = NULL;
    sf_record *contact = sf_record_new("Contact");
    sf_composite_add_query(c, "some", "SELECT Id FROM Account LIMIT 1", (sf_binds){ 0 });
    sf_composite_add_create(c, "nobody", contact);
    if (sf_composite_send(sf, c, &(sf_composite_options){ .all_or_none = true }, &parts, &err) == SF_OK &&
        sf_parts_check(parts, &err) != SF_OK)
        printf("%s: %s\n", err.code, err.message);
    sf_parts_free(parts);
    sf_composite_free(c);
    sf_record_free(contact);
}

/* Parts that have nothing to do with each other. */
static sf_status batch(sf_client *sf, sf_error *err)
{
    sf_composite *c = sf_composite_new(SF_COMPOSITE_BATCH);
    sf_parts *parts = NULL;
    sf_part part;
    sf_composite_add(c, NULL, "GET", "limits", (sf_str){ NULL, 0 });
    sf_composite_add_query(c, NULL, "SELECT COUNT() FROM Account", (sf_binds){ 0 });
    sf_status rc = sf_composite_send(sf, c, NULL, &parts, err);
    for (size_t i = 0; rc == SF_OK && sf_parts_get(parts, i, &part); i++)
        if ((rc = sf_part_check(&part, err)) == SF_OK) printf("part %zu: %d\n", i + 1, (int)part.http_status);
    sf_parts_free(parts);
    sf_composite_free(c);
    return rc;
}

/* Each graph is done or not, whatever becomes of the others. */
static sf_status graphs(sf_client *sf, sf_error *err)
{
    static const char *const names[] = { "Left Bank", "" }; /* the second one will be refused */
    sf_composite *c = sf_composite_new(SF_COMPOSITE_GRAPH);
    sf_parts *parts = NULL;
    sf_part part;
    for (int i = 0; i < 2; i++) {
        char id[24];
        sf_record *account = sf_record_new("Account");
        snprintf(id, sizeof id, "graph%d", i);
        sf_record_set_str(account, "Name", names[i]);
        sf_composite_add_graph(c, id);
        sf_composite_add_create(c, "account", account);
        sf_record_free(account);
    }
    sf_status rc = sf_composite_send(sf, c, NULL, &parts, err);
    for (size_t i = 0; rc == SF_OK && sf_parts_get(parts, i, &part); i++)
        printf("%s: %s\n", part.graph_id, part.failed ? "refused" : "done");
    sf_parts_free(parts);
    sf_composite_free(c);
    return rc;
}

/* A record with its child records. */
static sf_status tree(sf_client *sf, sf_error *err)
{
    sf_tree *t = sf_tree_new("Account");
    sf_parts *parts = NULL;
    sf_part part;
    sf_record *account = sf_record_new("Account"), *contact = sf_record_new("Contact");
    sf_record_set_str(account, "Name", "Arboretum");
    sf_record_set_str(contact, "LastName", "Birch");
    sf_tree_add(t, "root", NULL, NULL, account);
    sf_tree_add(t, "leaf", "root", "Contacts", contact);
    sf_status rc = sf_tree_send(sf, t, NULL, &parts, err);
    if (rc == SF_OK) rc = sf_parts_check(parts, err);
    for (size_t i = 0; rc == SF_OK && sf_parts_get(parts, i, &part); i++)
        printf("%s is %s\n", part.reference_id, part.id.text);
    sf_parts_free(parts);
    sf_tree_free(t);
    sf_record_free(account);
    sf_record_free(contact);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_client_options options = {
        .login_url = getenv("SFORCE_URL"),
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                  .client_id = getenv("SFORCE_CLIENT_ID"),
                  .client_secret = getenv("SFORCE_CLIENT_SECRET") },
    };
    sf_status rc = sf_client_open(&options, &sf, &err);
    if (rc == SF_OK) rc = all_or_none(sf, &err);
    if (rc == SF_OK) show_cause(sf);
    if (rc == SF_OK) rc = batch(sf, &err);
    if (rc == SF_OK) rc = graphs(sf, &err);
    if (rc == SF_OK) rc = tree(sf, &err);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    return rc < 0;
}
