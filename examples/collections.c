/*
 * collections.c: many records: some at once with a result for each, and any number through a writer.
 * Where to log in: as first.c. The objects are those of schema.json.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two records in one request; the second is refused, the first is saved all the same. */
static sf_status some_at_once(sf_client *sf, sf_error *err)
{
    sf_record *good = sf_record_new("Account"), *bad = sf_record_new("Account");
    sf_record_set_str(good, "Name", "Acme Collections");
    sf_record_set_str(bad, "Industry", "Energy"); /* no name */
    sf_row_results *results = NULL;
    sf_status rc = sf_collection_create(sf, (const sf_record *[]){ good, bad }, 2, NULL, &results, err);
    sf_row_result row;
    for (size_t i = 0; rc == SF_OK && sf_row_results_get(results, i, &row); i++)
        printf("row %zu: %s\n", i, row.success ? row.id.text : row.error.message);
    sf_row_results_free(results);
    sf_record_free(good);
    sf_record_free(bad);
    return rc;
}

/* What became of each row, in the order of the rows. */
static bool on_result(void *user, const sf_row_result *row)
{
    (void)user;
    if (!row->success) fprintf(stderr, "row %lld: %s\n", (long long)row->row, row->error.message);
    return true; /* false sends no more */
}

/* A thousand invoices, five requests, four of them at a time; an upsert may be repeated, so run it as often as you like. */
static sf_status many(sf_client *sf, sf_error *err)
{
    sf_writer *w = NULL;
    sf_writer_counts counts = { 0 };
    sf_status rc = sf_writer_open(sf,
                                  &(sf_writer_options){ .operation = SF_UPSERT,
                                                        .object = "Invoice__c",
                                                        .external_id = "Number__c",
                                                        .failures_only = true,
                                                        .on_result = on_result },
                                  &w, err);
    for (int i = 0; rc == SF_OK && i < 1000; i++) {
        char number[32];
        snprintf(number, sizeof number, "W-%04d", i);
        rc = sf_writer_add_fields(w, SF_BINDS({ "Number__c", sf_bind_str(number) }, { "Total__c", sf_bind_int(i) }),
                                  err);
    }
    sf_status closed = sf_writer_close(w, &counts, err); /* sends the rest, waits for it, and forgets no error */
    printf("%lld rows, %lld written, %lld failed, %lld unknown\n", (long long)counts.rows, (long long)counts.succeeded,
           (long long)counts.failed, (long long)counts.unknown);
    return rc == SF_OK ? closed : rc;
}

/* Rows that are JSON already, such as the lines of a file. */
static sf_status from_json(sf_client *sf, sf_error *err)
{
    static const char *const lines[] = { "{\"Name\":\"From JSON 1\",\"NumberOfEmployees\":12}",
                                         "{\"Name\":\"From JSON 2\"}" };
    sf_writer *w = NULL;
    sf_status rc = sf_writer_open(
        sf, &(sf_writer_options){ .operation = SF_INSERT, .object = "Account", .on_result = on_result }, &w, err);
    for (int i = 0; rc == SF_OK && i < 2; i++) rc = sf_writer_add_json(w, (sf_str){ lines[i], strlen(lines[i]) }, err);
    sf_status closed = sf_writer_close(w, NULL, err);
    return rc == SF_OK ? closed : rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = some_at_once(sf, &err);
    if (rc == SF_OK) rc = many(sf, &err);
    if (rc == SF_OK) rc = from_json(sf, &err);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    return rc < 0;
}
