/*
 * rest_bulk_query.c: Bulk API 2.0, /jobs/query: create, info, abort (with the ingest jobs), results by locator, result
 * pages, list, delete. A locator is the number of the row that it begins with, in base64 from 49.0 on.
 */
#include "api/rest_bulk.h"
#include "soql/table.h"

enum { OPAQUE_FROM = 49, LOCATOR_MAX = 40, NO_CONTENT_FROM = 48, PAGES_FROM = 58, PAGES_AT_ONCE = 5 };

void sfo_rest_query_job_create(sfo_call *call)
{
    sfo_bulk_job job;
    sfo_fault fault = { 0 };
    sf_value body;
    const sfo_object *object = NULL;
    sfo_bulk_job_init(call, &job);
    job.is_query = true;
    if (!sfo_call_body(call, &body) ||
        !sfo_bulk_read_text(call, body, "operation", job.operation, sizeof job.operation) ||
        !sfo_bulk_read_csv_options(call, body, &job))
        return;
    if (strcmp(job.operation, "query") != 0 && strcmp(job.operation, "queryAll") != 0) {
        sfo_answer_error(call, 400, "API_ERROR", "Invalid value: '%s' supplied for property: 'operation'",
                         job.operation);
        return;
    }
    sf_str soql = sf_get_text(sf_get(body, "query"), NULL);
    if (soql.len == 0) {
        sfo_answer_error(call, 400, "INVALIDJOB",
                         "InvalidJob : a query job wants the statement in the property: 'query'");
        return;
    }
    bool ok = sfo_soql_table_check(call->org->store, &call->context, soql, &object, &fault) &&
              sfo_bulk_has_left(call->org->bulk, true, &fault);
    snprintf(job.state, sizeof job.state, "UploadComplete");
    if (ok) snprintf(job.object, sizeof job.object, "%s", object->name);
    ok = ok && sfo_store_begin(call->org->store, &fault);
    if (ok) {
        sfo_bulk_batch batch = { .state = "Queued" };
        ok = sfo_bulk_job_new(call->org->bulk, &job, &fault);
        memcpy(batch.id, job.id, sizeof batch.id);
        memcpy(batch.job, job.id, sizeof batch.job);
        ok = ok && sfo_bulk_batch_new(call->org->bulk, &batch, soql, &fault);
        if (!ok)
            sfo_store_rollback(call->org->store);
        else
            ok = sfo_store_commit(call->org->store, &fault);
    }
    if (!ok) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfo_answer_job(call, &job, SFO_JOB_CREATED);
    sfo_bulk_wake(call->org->bulk);
}

void sfo_rest_query_job_info(sfo_call *call)
{
    sfo_bulk_job job;
    if (sfo_bulk_job_of(call, true, &job)) sfo_answer_job(call, &job, SFO_JOB_INFO);
}

void sfo_rest_query_job_delete(sfo_call *call)
{
    sfo_bulk_job job;
    if (sfo_bulk_job_of(call, true, &job)) sfo_bulk_answer_deleted(call, &job);
}

void sfo_rest_query_job_list(sfo_call *call)
{
    sfo_bulk_answer_list(call, true);
}

/* ---- locators ---- */
static void write_locator(const sfo_bulk_job *job, int64_t row, char out[48])
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)row);
    if (strtol(job->version, NULL, 10) < OPAQUE_FROM) {
        snprintf(out, 48, "%s", number);
        return;
    }
    sfi_buf text = { 0 };
    (void)sfi_buf_add_base64(&text, number, strlen(number));
    snprintf(out, 48, "%s", text.data != NULL ? text.data : "");
    for (size_t len = strlen(out); len > 0 && out[len - 1] == '='; len--) out[len - 1] = '\0';
    sfi_buf_free(&text);
}

/* The row of a locator; -1: none that was given out. Every one of ours is written again and compared. */
static int64_t read_locator(sfo_call *call, const sfo_bulk_job *job, sf_str text)
{
    int64_t row;
    if (text.len == 0 || text.len > LOCATOR_MAX) return -1;
    bool is_opaque = strtol(job->version, NULL, 10) >= OPAQUE_FROM;
    if (is_opaque && !sfo_base64_decode(&call->arena, text, &text)) return -1;
    return sfi_parse_int(text, &row) && row >= 0 ? row : -1;
}

/* The job, when its rows may be read now. false: the response is given. */
static bool finished_job(sfo_call *call, sfo_bulk_job *job)
{
    if (!sfo_bulk_job_of(call, true, job)) return false;
    if (strcmp(job->version, call->version) != 0) {
        sfo_answer_error(call, 409, "API_ERROR",
                         "The job was created with version %s; ask for its results with that one", job->version);
        return false;
    }
    if (strcmp(job->state, "JobComplete") == 0) return true;
    if (call->version_number >= NO_CONTENT_FROM)
        sfo_answer_empty(call, 204);
    else
        sfo_answer_error(call, 412, "JOB_NOT_COMPLETE", "Job %s is not complete: it is %s", job->id, job->state);
    return false;
}

/* The locator that was asked for as a row; false: the response is the 400. */
static bool first_row(sfo_call *call, const sfo_bulk_job *job, int64_t *row)
{
    sf_str locator = sfo_params_get(&call->query, "locator");
    *row = 0;
    if (locator.len == 0) return true;
    *row = read_locator(call, job, locator);
    if (*row >= 0 && *row <= job->processed) return true;
    sfo_answer_error(call, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    return false;
}

void sfo_rest_query_job_results(sfo_call *call)
{
    sfo_bulk_job job;
    sfo_fault fault = { 0 };
    int64_t from, max = SFO_BULK_PAGE_ROWS, rows = 0;
    bool more = false;
    char locator[48];
    if (!finished_job(call, &job) || !first_row(call, &job, &from)) return;
    sf_str wanted = sfo_params_get(&call->query, "maxRecords");
    if (wanted.len > 0 && (!sfi_parse_int(wanted, &max) || max <= 0)) {
        sfo_answer_error(call, 400, "API_ERROR", "Invalid value: '%.*s' supplied for property: 'maxRecords'",
                         (int)(wanted.len < 80 ? wanted.len : 80), wanted.ptr);
        return;
    }
    if (max > SFO_BULK_PAGE_ROWS) max = SFO_BULK_PAGE_ROWS; /* a page may be smaller than the wish */
    sfo_answer_csv(call, 200);
    sfi_buf *out = &call->response->body;
    bool ok = sfo_bulk_data_read(call->org->bulk, job.id, SFO_BULK_HEADER, out, &fault);
    if (ok) sfi_buf_add_str(out, strcmp(job.line_ending, "CRLF") == 0 ? "\r\n" : "\n");
    ok = ok && sfo_bulk_rows_read(call->org->bulk, job.id, SFO_BULK_RESULT, sfo_bulk_delimiter(job.delimiter), from,
                                  max, out, &rows, &more, &fault);
    if (!ok) {
        sfo_answer_fault(call, &fault);
        return;
    }
    write_locator(&job, from + rows, locator);
    sfo_response_header(call->response, "Sforce-NumberOfRecords", "%lld", (long long)rows);
    sfo_response_header(call->response, "Sforce-Locator", "%s", from + rows < job.processed ? locator : "null");
}

void sfo_rest_query_job_pages(sfo_call *call)
{
    sfo_bulk_job job;
    int64_t row;
    char locator[48], url[192];
    if (call->version_number < PAGES_FROM) {
        sfo_answer_not_found(call);
        return;
    }
    if (!finished_job(call, &job) || !first_row(call, &job, &row)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "resultPages");
    sfi_json_begin_array(&w);
    for (int i = 0; i < PAGES_AT_ONCE && (row < job.processed || (row == 0 && i == 0));
         i++, row += SFO_BULK_PAGE_ROWS) {
        write_locator(&job, row, locator);
        snprintf(url, sizeof url, "/services/data/v%s/jobs/query/%s/results?locator=%s", call->version, job.id,
                 locator);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "resultUrl");
        sfi_json_string(&w, url);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
    bool done = row >= job.processed;
    if (!done) {
        write_locator(&job, row, locator);
        snprintf(url, sizeof url, "/services/data/v%s/jobs/query/%s/resultPages?locator=%s", call->version, job.id,
                 locator);
        sfi_json_key(&w, "nextRecordsUrl");
        sfi_json_string(&w, url);
    }
    sfi_json_key(&w, "done");
    sfi_json_bool(&w, done);
    sfi_json_end_object(&w);
}
