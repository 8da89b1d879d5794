/* bulk1.c: Bulk API 1.0: two batches of JSON with results in the order of the rows, and a query in chunks. */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const sf_error *err)
{
    fprintf(stderr, "%s\n", err->message);
    return 1;
}

static sf_status print_results(sf_client *sf, const char *job, const char *batch, sf_error *err)
{
    sf_bulk1_results *results = NULL;
    sf_bulk1_result row;
    sf_status rc = sf_bulk1_results_open(sf, job, batch, NULL, &results, err);
    while (rc == SF_OK || rc == SF_ROW) {
        rc = sf_bulk1_results_next(results, &row, err);
        if (rc == SF_ROW && row.success)
            printf("row %lld: %s\n", (long long)row.row, row.id.text);
        else if (rc == SF_ROW)
            printf("row %lld: %.*s\n", (long long)row.row, (int)row.message.len, row.message.ptr);
    }
    sf_bulk1_results_close(results);
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status load(sf_client *sf, sf_error *err)
{
    static const char rows[] =
        "[{\"LastName\":\"Hopper\",\"Email\":\"grace@navy.example\"},{\"FirstName\":\"Nobody\"}]";
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    sf_status rc = sf_bulk1_create_job(
        sf, &(sf_bulk1_job_options){ .object = "Contact", .operation = SF_BULK1_INSERT, .format = SF_BULK1_JSON }, &job,
        err);
    if (rc == SF_OK)
        rc = sf_bulk1_add_batch_text(sf, job.id.text, job.format, (sf_str){ rows, strlen(rows) }, NULL, &batch, err);
    if (rc == SF_OK) rc = sf_bulk1_close_job(sf, job.id.text, NULL, NULL, err);
    if (rc == SF_OK) rc = sf_bulk1_wait(sf, job.id.text, NULL, NULL, err);
    if (rc == SF_OK) rc = print_results(sf, job.id.text, batch.id.text, err);
    return rc;
}

static sf_status count_lines(void *user, const char *data, size_t len, sf_error *err)
{
    (void)err;
    for (size_t i = 0; i < len; i++) *(long long *)user += data[i] == '\n';
    return SF_OK;
}

static sf_status fetch(sf_client *sf, const char *job, const char *batch, long long *rows, sf_error *err)
{
    sf_bulk1_query_results *results = NULL;
    const char *id;
    long long lines = 0;
    const sf_sink sink = { .write = count_lines, .user = &lines };
    sf_status rc = sf_bulk1_query_results_open(sf, job, batch, NULL, &results, err);
    while (rc == SF_OK && (rc = sf_bulk1_query_results_next(results, &id, err)) == SF_ROW) {
        lines = 0;
        rc = sf_bulk1_get_query_result(sf, job, batch, id, &sink, NULL, err);
        if (lines > 0) *rows += lines - 1; /* the header */
    }
    sf_bulk1_query_results_close(results);
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status query(sf_client *sf, sf_error *err)
{
    static const char soql[] = "SELECT Id FROM Contact";
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    sf_bulk1_batches *list = NULL;
    long long rows = 0, chunks = 0;
    sf_status rc = sf_bulk1_create_job(
        sf, &(sf_bulk1_job_options){ .object = "Contact", .operation = SF_BULK1_QUERY, .chunk_rows = 500 }, &job, err);
    if (rc == SF_OK)
        rc = sf_bulk1_add_batch_text(sf, job.id.text, job.format, (sf_str){ soql, strlen(soql) }, NULL, NULL, err);
    if (rc == SF_OK) rc = sf_bulk1_wait(sf, job.id.text, NULL, NULL, err); /* for the chunks too */
    if (rc == SF_OK) rc = sf_bulk1_batches_open(sf, job.id.text, NULL, &list, err);
    while (rc == SF_OK && (rc = sf_bulk1_batches_next(list, &batch, err)) == SF_ROW) {
        rc = SF_OK;
        if (batch.state != SF_BULK1_BATCH_COMPLETED) continue; /* the batch that was cut */
        chunks++;
        rc = fetch(sf, job.id.text, batch.id.text, &rows, err);
    }
    sf_bulk1_batches_close(list);
    if (rc == SF_DONE) rc = sf_bulk1_close_job(sf, job.id.text, NULL, NULL, err);
    if (rc == SF_OK) printf("%lld rows in %lld chunks\n", rows, chunks);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .instance_url = getenv("SFORCE_URL"),
                                                        .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = load(sf, &err);
    if (rc == SF_OK) rc = query(sf, &err);
    sf_client_close(sf);
    return rc == SF_OK ? 0 : fail(&err);
}
