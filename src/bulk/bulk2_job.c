/*
 * bulk2_job.c: jobs of Bulk API 2.0: made, looked at, closed, aborted, deleted, waited for; see bulk2.h. Closing, aborting
 * and deleting are repeated after a lost answer; what such a repeat finds done is taken for done.
 */
#include <salesforce/bulk2.h>
#include "bulk/bulk2_internal.h"
#include "bulk/poll_internal.h"

/* ---- reading ---- */
static const struct {
    const char *name;
    sf_job_state state;
} states[] = {
    { "Open", SF_JOB_OPEN },
    { "UploadComplete", SF_JOB_UPLOAD_COMPLETE },
    { "InProgress", SF_JOB_IN_PROGRESS },
    { "JobComplete", SF_JOB_COMPLETE },
    { "Failed", SF_JOB_FAILED },
    { "Aborted", SF_JOB_ABORTED },
};

static const struct {
    const char *name;
    char delimiter;
} delimiters[] = { { "COMMA", ',' },     { "TAB", '\t' },  { "PIPE", '|' },
                   { "SEMICOLON", ';' }, { "CARET", '^' }, { "BACKQUOTE", '`' } };

const char *sfi_bulk2_delimiter_name(char delimiter)
{
    for (size_t i = 0; i < SFI_COUNT_OF(delimiters); i++)
        if (delimiters[i].delimiter == delimiter) return delimiters[i].name;
    return NULL;
}

static void copy_text(sf_value v, const char *name, char *out, size_t size)
{
    sf_str text = sf_get_text(v, name);
    size_t len = text.len < size ? text.len : size - 1;
    while (len < text.len && len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80) len--; /* no half character */
    if (len > 0) memcpy(out, text.ptr, len);
    out[len] = '\0';
}

static int64_t number(sf_value v, const char *name)
{
    return sf_get_int(v, name, -1);
}

sf_status sfi_bulk2_read_job(sf_value v, sf_bulk2_job *out, sf_error *err)
{
    sf_str id = sf_get_text(v, "id");
    *out = (sf_bulk2_job){ .id = sfi_id_make(id) };
    if (sf_value_type(v) != SF_OBJECT || out->id.text[0] == '\0')
        return sfi_fail(err, SF_ERR_PROTOCOL, "the org's answer is no bulk job: it has no \"id\"");
    copy_text(v, "state", out->state_name, sizeof out->state_name);
    copy_text(v, "operation", out->operation, sizeof out->operation);
    copy_text(v, "object", out->object, sizeof out->object);
    copy_text(v, "externalIdFieldName", out->external_id, sizeof out->external_id);
    copy_text(v, "jobType", out->job_type, sizeof out->job_type);
    copy_text(v, "apiVersion", out->api_version, sizeof out->api_version);
    copy_text(v, "errorMessage", out->error_message, sizeof out->error_message);
    out->created_by = sfi_id_make(sf_get_text(v, "createdById"));
    if (!sf_get_time_ms(v, "createdDate", &out->created_ms)) out->created_ms = 0;
    if (!sf_get_time_ms(v, "systemModstamp", &out->modified_ms)) out->modified_ms = 0;
    out->processed = number(v, "numberRecordsProcessed");
    out->failed = number(v, "numberRecordsFailed");
    out->retries = number(v, "retries");
    out->total_ms = number(v, "totalProcessingTime");
    out->active_ms = number(v, "apiActiveProcessingTime");
    out->crlf = sfi_str_is(sf_get_text(v, "lineEnding"), "CRLF");
    for (size_t i = 0; i < SFI_COUNT_OF(states); i++)
        if (sfi_eq_nocase(out->state_name, states[i].name)) out->state = states[i].state;
    sf_str delimiter = sf_get_text(v, "columnDelimiter");
    for (size_t i = 0; i < SFI_COUNT_OF(delimiters); i++)
        if (sfi_str_is_nocase(delimiter, delimiters[i].name)) out->delimiter = delimiters[i].delimiter;
    return SF_OK;
}

bool sfi_bulk2_has_ended(const sf_bulk2_job *job)
{
    return job->state == SF_JOB_COMPLETE || job->state == SF_JOB_FAILED || job->state == SF_JOB_ABORTED;
}

sf_status sfi_bulk2_path(sf_client *sf, sf_job_kind kind, const char *job, const char *tail,
                         char out[SFI_BULK2_PATH_BYTES], sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (kind != SF_JOB_INGEST && kind != SF_JOB_QUERY)
        return sfi_fail(err, SF_ERR_USAGE, "kind is %d; want SF_JOB_INGEST or SF_JOB_QUERY", (int)kind);
    if (sfi_id_make(sfi_str(job)).text[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a job's id (15 or 18 letters and digits)",
                        job != NULL ? job : "(NULL)");
    snprintf(out, SFI_BULK2_PATH_BYTES, "jobs/%s/%s%s", kind == SF_JOB_QUERY ? "query" : "ingest", job, tail);
    return SF_OK;
}

/* Sends it and reads the job that it answers. */
static sf_status run(sf_client *sf, const sfi_call_request *request, sf_bulk2_job *out, sf_error *err)
{
    sf_document *doc = NULL;
    sf_bulk2_job job;
    sf_status rc = sfi_call_document(sf, request, &doc, err);
    if (rc == SF_OK) rc = sfi_bulk2_read_job(sf_document_root(doc), &job, err);
    if (rc == SF_OK && out != NULL) *out = job;
    sf_document_free(doc);
    return rc;
}

/* ---- making ---- */
static sf_status check_csv(char *delimiter, sf_error *err)
{
    if (*delimiter == '\0') *delimiter = ',';
    if (sfi_bulk2_delimiter_name(*delimiter) != NULL) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "delimiter is '%c'; want one of , ; | ^ ` and tab",
                    *delimiter >= ' ' && *delimiter < 0x7f ? *delimiter : '?');
}

static sf_status check_options(sf_client *sf, const sf_bulk2_job_options *o, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (o == NULL || o->object == NULL || o->object[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "a bulk job needs an object");
    if (o->operation < SF_INSERT || o->operation > SF_HARD_DELETE)
        return sfi_fail(err, SF_ERR_USAGE, "operation is %d; want SF_INSERT to SF_HARD_DELETE", (int)o->operation);
    bool has_key = o->external_id != NULL && o->external_id[0] != '\0';
    if (has_key != (o->operation == SF_UPSERT))
        return sfi_fail(err, SF_ERR_USAGE,
                        has_key ? "external_id is for upserts only" : "an upsert needs its external_id");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_bulk2_job_options: reserved is not zero");
    return SF_OK;
}

static sf_status write_job(const sf_bulk2_job_options *o, sfi_buf *body, sf_error *err)
{
    static const char *const operations[] = { "", "insert", "update", "upsert", "delete", "hardDelete" };
    char delimiter = o->delimiter;
    sf_status rc = check_csv(&delimiter, err);
    if (rc != SF_OK) return rc;
    sfi_json_writer w = sfi_json_write_to(body);
    sfi_json_begin_object(&w);
    sfi_json_put_string_if(&w, "object", o->object);
    sfi_json_put_string_if(&w, "operation", operations[o->operation]);
    if (o->operation == SF_UPSERT) sfi_json_put_string_if(&w, "externalIdFieldName", o->external_id);
    sfi_json_put_string_if(&w, "contentType", "CSV");
    sfi_json_put_string_if(&w, "lineEnding", o->crlf ? "CRLF" : "LF");
    sfi_json_put_string_if(&w, "columnDelimiter", sfi_bulk2_delimiter_name(delimiter));
    sfi_json_put_string_if(&w, "assignmentRuleId", o->assignment_rule);
    sfi_json_end_object(&w);
    return sfi_buf_status(body, err, "a bulk job");
}

sf_status sf_bulk2_create_job(sf_client *sf, const sf_bulk2_job_options *options, sf_bulk2_job *out, sf_error *err)
{
    sfi_buf body = { 0 };
    sf_status rc = check_options(sf, options, err);
    if (rc == SF_OK) rc = write_job(options, &body, err);
    if (rc == SF_OK) {
        const sfi_call_request request = { .method = "POST",
                                           .path = "jobs/ingest",
                                           .body = sfi_buf_str(&body),
                                           .options = options->call,
                                           .what = "create a bulk job" };
        rc = run(sf, &request, out, err);
    }
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_bulk2_create_job_with_data(sf_client *sf, const sf_bulk2_job_options *options, sf_str csv,
                                        sf_bulk2_job *out, sf_error *err)
{
    sfi_buf body = { 0 };
    sf_status rc = check_options(sf, options, err);
    if (rc != SF_OK) return rc;
    if (csv.len > SF_BULK2_MULTIPART_MAX)
        return sfi_fail(err, SF_ERR_LIMIT,
                        "a job's data of %zu bytes: at most %d go with its creation; use sf_bulk2_upload", csv.len,
                        SF_BULK2_MULTIPART_MAX);
    char boundary[40], type[80];
    uint64_t mark[2] = { sfi_random(), sfi_random() }; /* 128 bits: no data holds it by chance */
    snprintf(boundary, sizeof boundary, "sf%016llx%016llx", (unsigned long long)mark[0], (unsigned long long)mark[1]);
    snprintf(type, sizeof type, "multipart/form-data; boundary=%s", boundary);
    sfi_buf_addf(&body,
                 "--%s\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=\"job\"\r\n\r\n",
                 boundary);
    rc = write_job(options, &body, err);
    sfi_buf_addf(&body,
                 "\r\n--%s\r\nContent-Type: text/csv\r\nContent-Disposition: form-data; name=\"content\"; "
                 "filename=\"content\"\r\n\r\n",
                 boundary);
    sfi_buf_add(&body, csv.ptr, csv.len);
    sfi_buf_addf(&body, "\r\n--%s--\r\n", boundary);
    if (rc == SF_OK) rc = sfi_buf_status(&body, err, "a bulk job");
    if (rc == SF_OK) {
        const sfi_call_request request = { .method = "POST",
                                           .path = "jobs/ingest",
                                           .body = sfi_buf_str(&body),
                                           .content_type = type,
                                           .options = options->call,
                                           .what = "create a bulk job with its data" };
        rc = run(sf, &request, out, err);
    }
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_bulk2_create_query(sf_client *sf, const char *soql, const sf_bulk2_query_options *options,
                                sf_bulk2_job *out, sf_error *err)
{
    static const sf_bulk2_query_options none;
    const sf_bulk2_query_options *o = options != NULL ? options : &none;
    sfi_buf body = { 0 };
    char delimiter = o->delimiter;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (soql == NULL || soql[0] == '\0') return sfi_fail(err, SF_ERR_USAGE, "a bulk query needs a statement");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_bulk2_query_options: reserved is not zero");
    sf_status rc = check_csv(&delimiter, err);
    if (rc != SF_OK) return rc;
    sfi_json_writer w = sfi_json_write_to(&body);
    sfi_json_begin_object(&w);
    sfi_json_put_string_if(&w, "operation", o->all_rows ? "queryAll" : "query");
    sfi_json_put_string_if(&w, "query", soql);
    sfi_json_put_string_if(&w, "contentType", "CSV");
    sfi_json_put_string_if(&w, "lineEnding", o->crlf ? "CRLF" : "LF");
    sfi_json_put_string_if(&w, "columnDelimiter", sfi_bulk2_delimiter_name(delimiter));
    sfi_json_end_object(&w);
    rc = sfi_buf_status(&body, err, "a bulk query");
    /* A query that is made twice costs the org some work, and changes nothing. */
    const sfi_call_request request = { .method = "POST",
                                       .path = "jobs/query",
                                       .body = sfi_buf_str(&body),
                                       .repeatable = true,
                                       .options = o->call,
                                       .what = "create a bulk query" };
    if (rc == SF_OK) rc = run(sf, &request, out, err);
    sfi_buf_free(&body);
    return rc;
}

/* ---- looking ---- */
sf_status sf_bulk2_get_job(sf_client *sf, sf_job_kind kind, const char *job, const sf_call_options *call,
                           sf_bulk2_job *out, sf_error *err)
{
    char path[SFI_BULK2_PATH_BYTES];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    sf_status rc = sfi_bulk2_path(sf, kind, job, "", path, err);
    const sfi_call_request request = { .method = "GET", .path = path, .options = call, .what = "get a bulk job" };
    return rc == SF_OK ? run(sf, &request, out, err) : rc;
}

sf_status sf_bulk2_wait(sf_client *sf, sf_job_kind kind, const char *job, const sf_bulk2_wait_options *options,
                        sf_bulk2_job *out, sf_error *err)
{
    static const sf_bulk2_wait_options none;
    const sf_bulk2_wait_options *o = options != NULL ? options : &none;
    char path[SFI_BULK2_PATH_BYTES];
    sf_bulk2_job now;
    sf_status rc = sfi_bulk2_path(sf, kind, job, "", path, err);
    sfi_poll poll;
    if (rc == SF_OK) rc = sfi_poll_begin(&poll, o->poll_min_ms, o->poll_max_ms, o->call, err);
    if (rc == SF_OK && !sfi_is_zero(o->reserved, sizeof o->reserved))
        rc = sfi_fail(err, SF_ERR_USAGE, "sf_bulk2_wait_options: reserved is not zero");
    if (rc != SF_OK) return rc;
    for (;;) { /* ends with the job, the deadline or the caller's word */
        rc = sf_bulk2_get_job(sf, kind, job, sfi_poll_call(&poll), &now, err);
        if (rc != SF_OK) return rc;
        if (o->progress != NULL && !o->progress(o->user, &now))
            return sfi_fail(err, SF_ERR_CANCELLED, "bulk job %s: waiting was ended by the caller; the job goes on",
                            job);
        if (sfi_bulk2_has_ended(&now)) break;
        rc = sfi_poll_pause(&poll, err);
        if (rc != SF_OK) return rc;
    }
    if (out != NULL) *out = now;
    return SF_OK;
}

/* ---- changing its state ---- */
/* The answer to the PATCH may have been lost, and a repeat then hears that it was done already. */
static sf_status patch(sf_client *sf, sf_job_kind kind, const char *job, const char *body, const char *what,
                       const sf_call_options *call, sf_bulk2_job *out, sf_error *err)
{
    char path[SFI_BULK2_PATH_BYTES];
    sf_status rc = sfi_bulk2_path(sf, kind, job, "", path, err);
    if (rc != SF_OK) return rc;
    const sfi_call_request request = {
        .method = "PATCH", .path = path, .body = sfi_str(body), .repeatable = true, .options = call, .what = what
    };
    sfi_call *running;
    sfi_answer answer = { 0 };
    sfi_json *doc = NULL;
    sf_error failure = { 0 };
    sf_bulk2_job now;
    rc = sfi_call_begin(sf, &request, &running, &failure);
    if (rc == SF_OK) rc = sfi_call_finish_full(running, &answer, &failure);
    bool is_wanted = false;
    if (rc != SF_OK && answer.may_be_done && failure.http_status == 400 &&
        sf_bulk2_get_job(sf, kind, job, call, &now, NULL) == SF_OK)
        is_wanted = strstr(body, "Aborted") != NULL ? now.state == SF_JOB_ABORTED
                                                    : now.state != SF_JOB_OPEN && now.state != SF_JOB_ABORTED;
    if (rc == SF_OK) rc = sfi_json_new(&doc, &failure);
    if (rc == SF_OK) rc = sfi_answer_json(sf, &answer, doc, true, &failure);
    if (rc == SF_OK) rc = sfi_bulk2_read_job(sfi_json_root(doc), &now, &failure);
    if (rc == SF_OK || is_wanted) {
        if (out != NULL) *out = now;
        rc = SF_OK;
    } else if (err != NULL) {
        *err = failure;
    }
    sfi_json_free(doc);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_bulk2_close_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk2_job *out,
                             sf_error *err)
{
    return patch(sf, SF_JOB_INGEST, job, "{\"state\":\"UploadComplete\"}", "close a bulk job", call, out, err);
}

sf_status sf_bulk2_abort_job(sf_client *sf, sf_job_kind kind, const char *job, const sf_call_options *call,
                             sf_bulk2_job *out, sf_error *err)
{
    return patch(sf, kind, job, "{\"state\":\"Aborted\"}", "abort a bulk job", call, out, err);
}

sf_status sf_bulk2_delete_job(sf_client *sf, sf_job_kind kind, const char *job, const sf_call_options *call,
                              sf_error *err)
{
    char path[SFI_BULK2_PATH_BYTES];
    sfi_call *running;
    sfi_answer answer = { 0 };
    sf_error failure = { 0 };
    sf_status rc = sfi_bulk2_path(sf, kind, job, "", path, err);
    if (rc != SF_OK) return rc;
    const sfi_call_request request = { .method = "DELETE", .path = path, .options = call, .what = "delete a bulk job" };
    rc = sfi_call_begin(sf, &request, &running, &failure);
    if (rc == SF_OK) rc = sfi_call_finish_full(running, &answer, &failure);
    if (rc == SF_ERR_NOT_FOUND && answer.may_be_done) rc = SF_OK; /* gone, by the attempt whose answer was lost */
    if (rc != SF_OK && err != NULL) *err = failure;
    sfi_answer_clear(&answer);
    return rc;
}
