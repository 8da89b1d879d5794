/*
 * tour.c: the whole life of a record: log in, query with a bind, create, read, update, upsert by external id, delete.
 * Where to log in comes from SFORCE_URL, SFORCE_CLIENT_ID and SFORCE_CLIENT_SECRET, as `sforce local env` prints them.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

/* One exit for every call: what failed stands in err.message, whole and ready to print. */
#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        if ((rc = (call)) < 0) goto done;                                                                              \
    } while (0)

static sf_status show_accounts(sf_client *sf, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row;
    sf_status rc =
        sf_query_open(sf,
                      "SELECT Name, Owner.Name, (SELECT LastName FROM Contacts ORDER BY LastName LIMIT 3) FROM Account "
                      "WHERE Industry = :industry ORDER BY Name LIMIT 3",
                      &(sf_query_options){ .binds = SF_BINDS({ "industry", sf_bind_str("Energy") }) }, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) {
        printf("  %s (%s)\n", sf_get_str(row, "Name"), sf_get_str(row, "Owner.Name"));
        sf_query *contacts = NULL;
        sf_value contact;
        rc = sf_query_children(q, sf_get(row, "Contacts"), &contacts, err);
        while (rc >= 0 && (rc = sf_query_next(contacts, &contact, err)) == SF_ROW)
            printf("    - %s\n", sf_get_str(contact, "LastName"));
        sf_query_close(contacts);
        if (rc < 0) break;
    }
    sf_query_close(q);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_record *contact = sf_record_new("Contact");
    sf_document *read_back = NULL;
    sf_id id = { "" };
    sf_status rc;

    CHECK(sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                               .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                         .client_id = getenv("SFORCE_CLIENT_ID"),
                                                         .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                         &sf, &err));
    sf_client_info info;
    CHECK(sf_client_get_info(sf, &info, &err));
    printf("logged in at %s, API %s\n", info.instance_url, info.api_version);

    puts("energy accounts with their owner and some contacts:");
    CHECK(show_accounts(sf, &err));

    sf_record_set_str(contact, "FirstName", "Zoë");
    sf_record_set_str(contact, "LastName", "Müller-Łukasiewicz");
    sf_record_set_date(contact, "Birthdate", 1990, 2, 28);
    CHECK(sf_record_create(sf, contact, NULL, &id, &err));
    printf("created   Contact %s\n", id.text);

    const char *fields[] = { "Name", "Birthdate", "Title", NULL };
    CHECK(sf_record_get(sf, "Contact", id.text, &(sf_read_options){ .fields = fields }, &read_back, &err));
    printf("read      %s, born %s\n", sf_get_str(sf_document_root(read_back), "Name"),
           sf_get_str(sf_document_root(read_back), "Birthdate"));
    sf_document_free(read_back);
    read_back = NULL;

    sf_record_clear(contact);
    sf_record_set_str(contact, "Title", "Chief <Escaping> & \"Quoting\" Officer");
    CHECK(sf_record_update(sf, contact, id.text, NULL, &err));
    puts("updated   its title");

    sf_upsert_result upserted;
    sf_record_clear(contact);
    sf_record_set_str(contact, "Department", "Library");
    CHECK(sf_record_upsert(sf, contact, "Id", id.text, NULL, &upserted, &err));
    printf("upserted  %s (%s)\n", upserted.id.text, upserted.created ? "created" : "it was there: updated");

    CHECK(sf_record_delete(sf, "Contact", id.text, NULL, &err));
    puts("deleted   it");

    sf_status gone = sf_record_get(sf, "Contact", id.text, NULL, &read_back, &err);
    printf("read again: %s: %s\n", sf_status_name(gone), err.message);
    rc = gone == SF_ERR_NOT_FOUND ? SF_OK : SF_ERR_PROTOCOL;

done:
    if (rc < 0) fprintf(stderr, "example_tour: %s\n", err.message);
    sf_document_free(read_back);
    sf_record_free(contact);
    sf_client_close(sf);
    return rc < 0;
}
