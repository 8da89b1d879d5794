/*
 * replication.c: what changed in the last day: deleted and updated contacts, and from a contact to its account and back to
 * all of its contacts. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static sf_status show_deleted(sf_client *sf, int64_t since_ms, sf_error *err)
{
    sf_changes *c = NULL;
    sf_change change;
    sf_status rc = sf_deleted_open(sf, "Contact", &(sf_changes_options){ .start_ms = since_ms }, &c, err);
    while (rc >= 0 && (rc = sf_changes_next(c, &change, err)) == SF_ROW) printf("deleted %s\n", change.id.text);
    if (rc == SF_DONE) printf("next time from %lld\n", (long long)sf_changes_latest_covered_ms(c));
    sf_changes_close(c);
    return rc;
}

static sf_status show_updated(sf_client *sf, int64_t since_ms, sf_error *err)
{
    sf_changes *c = NULL;
    sf_status rc = sf_updated_open(sf, "Contact", &(sf_changes_options){ .start_ms = since_ms }, &c, err);
    if (rc == SF_OK) printf("%zu updated\n", sf_changes_count(c));
    sf_changes_close(c);
    return rc;
}

static sf_status show_related(sf_client *sf, const char *contact, sf_error *err)
{
    static const char *const fields[] = { "Name", NULL };
    sf_document *account = NULL;
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_related_get(sf, &(sf_related){ .object = "Contact", .id = contact, .relationship = "Account" },
                                  &(sf_read_options){ .fields = fields }, &account, err);
    if (rc != SF_OK) return rc;
    printf("of %s:\n", sf_get_str(sf_document_root(account), "Name"));
    const sf_related at = { .object = "Account",
                            .id = sf_get_str(sf_document_root(account), "Id"),
                            .relationship = "Contacts" };
    rc = sf_related_open(sf, &at, fields, NULL, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) printf("  %s\n", sf_get_str(row, "Name"));
    sf_query_close(q);
    sf_document_free(account);
    return rc;
}

static sf_status first_contact(sf_client *sf, sf_id *out, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_query_open(sf, "SELECT Id FROM Contact WHERE AccountId != null LIMIT 1", NULL, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    if (rc == SF_ROW) snprintf(out->text, sizeof out->text, "%s", sf_get_str(row, "Id"));
    sf_query_close(q);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_id contact = { "" };
    int64_t since_ms = ((int64_t)time(NULL) - 86400) * 1000;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = show_deleted(sf, since_ms, &err);
    if (rc >= 0) rc = show_updated(sf, since_ms, &err);
    if (rc >= 0) rc = first_contact(sf, &contact, &err);
    if (rc == SF_ROW) rc = show_related(sf, contact.text, &err);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_client_close(sf);
    return rc < 0;
}
