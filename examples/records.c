/*
 * records.c: fields of every kind, an upsert by external id with a parent named by its own, a write under a condition,
 * and a delete. Wants the objects of examples/schema.json. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

static sf_status save_account(sf_client *sf, sf_id *id, sf_error *err)
{
    sf_record *r = sf_record_new("Account");
    sf_record_set_str(r, "Name", "Müller & Söhne");
    sf_record_set_int(r, "NumberOfEmployees", 250);
    sf_record_set_decimal(r, "AnnualRevenue", "1234567890.12"); /* as written, never a double */
    sf_record_set_null(r, "Website");
    sf_upsert_result result = { 0 };
    sf_status rc = sf_record_upsert(sf, r, "Ext__c", "A-17", NULL, &result, err); /* a setter's failure comes back here */
    if (rc == SF_OK) printf("account %s: %s\n", result.created ? "created" : "updated", result.id.text);
    *id = result.id;
    sf_record_free(r);
    return rc;
}

static sf_status save_invoice(sf_client *sf, sf_error *err)
{
    sf_record *r = sf_record_new("Invoice__c");
    sf_record_set_str(r, "Number__c", "2026-0001");
    sf_record_set_decimal(r, "Total__c", "99.90");
    sf_record_set_reference(r, "Account__r", NULL, "Ext__c", "A-17"); /* the parent, without knowing its id */
    sf_id id;
    sf_status rc = sf_record_create(sf, r, &(sf_write_options){ .external_id = "Number__c" }, &id, err);
    if (rc == SF_OK) printf("invoice saved: %s\n", id.text);
    sf_record_free(r);
    return rc;
}

/* Change it only if nobody else has since it was read. */
static sf_status change_if_unmodified(sf_client *sf, const char *id, sf_error *err)
{
    sf_document *doc = NULL;
    sf_record *r = sf_record_new("Account");
    const char *fields[] = { "LastModifiedDate", NULL };
    int64_t read_ms = 0;
    sf_status rc = sf_record_get(sf, "Account", id, &(sf_read_options){ .fields = fields }, &doc, err);
    if (rc == SF_OK && sf_get_time_ms(sf_document_root(doc), "LastModifiedDate", &read_ms)) {
        sf_record_set_str(r, "Phone", "+41 44 123 45 67");
        rc = sf_record_update(sf, r, id, &(sf_write_options){ .if_unmodified_since_ms = read_ms + 1000 }, err);
        if (rc == SF_ERR_ORG && err->http_status == 412) puts("somebody else changed it: read it again");
    }
    if (rc == SF_OK) puts("phone changed");
    sf_document_free(doc);
    sf_record_free(r);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_id account;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = save_account(sf, &account, &err);
    if (rc == SF_OK) rc = save_invoice(sf, &err);
    if (rc == SF_OK) rc = change_if_unmodified(sf, account.text, &err);
    if (rc == SF_OK) rc = sf_record_delete_by_external_id(sf, "Invoice__c", "Number__c", "2026-0001", NULL, &err);
    if (rc == SF_OK) puts("invoice deleted");
    if (rc < 0) fprintf(stderr, "%s: %s\n", sf_status_name(rc), err.message);
    sf_client_close(sf);
    return rc < 0;
}
