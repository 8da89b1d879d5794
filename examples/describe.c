/*
 * describe.c: what an object is made of: the fields that a create must set, the values of a picklist, and those of a
 * dependent one (Account.Reason__c of schema.json). Answers are kept in a folder from one run to the next. Usage: example_describe FOLDER. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool must_be_set(sf_value field)
{
    return sf_get_bool(field, "createable", false) && !sf_get_bool(field, "nillable", true) &&
           !sf_get_bool(field, "defaultedOnCreate", false);
}

/* Which values of a dependent picklist may be chosen while the field that controls it holds "Late". */
static void show_reasons(sf_value object)
{
    sf_picklist *p = NULL;
    sf_error err;
    if (sf_picklist_read(object, "Reason__c", &p, &err) != SF_OK) fprintf(stderr, "%s\n", err.message);
    for (size_t i = 0; i < sf_picklist_count(p); i++)
        if (sf_picklist_is_valid_at(p, i, "Late")) printf("Late: %s\n", sf_picklist_at(p, i).value);
    sf_picklist_free(p);
}

static void show_fields(sf_value object)
{
    sf_value field, value;
    for (sf_iter it = sf_iter_begin(sf_get(object, "fields")); sf_iter_next(&it, NULL, &field);) {
        const char *name = sf_get_str(field, "name");
        if (must_be_set(field)) printf("must be set: %s (%s)\n", name, sf_get_str(field, "type"));
        if (strcmp(name, "Reason__c") == 0) show_reasons(object);
        if (strcmp(name, "Rating") != 0) continue;
        for (sf_iter values = sf_iter_begin(sf_get(field, "picklistValues")); sf_iter_next(&values, NULL, &value);)
            printf("Rating: %s\n", sf_get_str(value, "value"));
    }
}

int main(int argc, char **argv)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_document *doc = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") },
                                                        .cache_dir = argc > 1 ? argv[1] : NULL },
                                  &sf, &err);
    if (rc == SF_OK) rc = sf_describe_object(sf, "Account", NULL, &doc, &err);
    if (rc == SF_OK) show_fields(sf_document_root(doc));
    if (rc == SF_ERR_NOT_FOUND) fputs("no such object, or this user may not see it\n", stderr);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_document_free(doc);
    sf_client_close(sf);
    return rc < 0;
}
