/*
 * bulk1_job.c: jobs of Bulk API 1.0: made, looked at, closed, aborted, waited for; see bulk1.h. What is asked for is
 * written in JSON. Closing and aborting are repeated after a lost answer; what such a repeat finds done is taken for done.
 */
#include <salesforce/bulk1.h>
#include <salesforce/writer.h>
#include "bulk/bulk1_internal.h"
#include "bulk/poll_internal.h"

_Static_assert((int)SF_BULK1_INSERT == (int)SF_INSERT && (int)SF_BULK1_HARD_DELETE == (int)SF_HARD_DELETE,
               "bulk1.h says that they are the same");

/* ---- calls ---- */
static bool is_id(const char *id)
{
    return id != NULL && sfi_id_make(sfi_str(id)).text[0] != '\0';
}

sf_status sfi_bulk1_path(sf_client *sf, const char *job, const char *batch, const char *tail,
                         char out[SFI_BULK1_PATH_BYTES], sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (!is_id(job))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a job's id (15 or 18 letters and digits)",
                        job != NULL ? job : "(NULL)");
    if (batch != NULL && !is_id(batch))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a batch's id (15 or 18 letters and digits)", batch);
    snprintf(out, SFI_BULK1_PATH_BYTES, "async/job/%s%s%s%s", job, batch != NULL ? "/batch/" : "",
             batch != NULL ? batch : "", tail);
    return SF_OK;
}

static sf_status run_once(sf_client *sf, const sfi_call_request *request, sfi_bulk1_answer *out, bool *maybe,
                          sf_error *err)
{
    sfi_answer answer = { 0 };
    sfi_call *running;
    char *text = NULL;
    size_t len = 0;
    sf_status rc = sfi_call_begin(sf, request, &running, err);
    if (rc != SF_OK) return rc;
    rc = sfi_call_finish_full(running, &answer, err);
    if (maybe != NULL) *maybe = answer.may_be_done;
    if (rc == SF_OK) rc = sfi_answer_text(sf, &answer, &text, &len, err);
    if (rc == SF_OK) rc = sfi_bulk1_parse(text, len, request->what, out, err);
    if (rc != SF_OK && err != NULL && err->http_status == 0) err->http_status = answer.status;
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sfi_bulk1_run(sf_client *sf, const sfi_call_request *request, sfi_bulk1_answer *out, bool *maybe,
                        sf_error *err)
{
    sfi_call_request r = *request;
    r.session_header = true;
    *out = (sfi_bulk1_answer){ 0 };
    sf_status rc = run_once(sf, &r, out, maybe, err);
    bool is_damaged = rc == SF_ERR_PROTOCOL || rc == SF_ERR_TRUNCATED; /* XML that something in between has cut */
    bool may_repeat = strcmp(r.method, "GET") == 0 && (r.options == NULL || !r.options->no_retry);
    return is_damaged && may_repeat ? run_once(sf, &r, out, maybe, err) : rc;
}

static sf_status run_job(sf_client *sf, const sfi_call_request *request, sf_bulk1_job *out, bool *maybe, sf_error *err)
{
    sfi_bulk1_answer answer;
    sf_bulk1_job job;
    sf_status rc = sfi_bulk1_run(sf, request, &answer, maybe, err);
    if (rc != SF_OK) return rc;
    sfi_bulk1_node root = sfi_bulk1_root(&answer);
    rc = sfi_bulk1_read_job(&root, &job, err);
    if (rc == SF_OK && out != NULL) *out = job;
    sfi_bulk1_answer_clear(&answer);
    return rc;
}

/* ---- making ---- */
static const char *const operations[] = {
    "", "insert", "update", "upsert", "delete", "hardDelete", "query", "queryAll"
};
static const struct {
    const char *name, *content_type;
} formats[] = {
    { "CSV", "text/csv; charset=UTF-8" },
    { "JSON", "application/json; charset=UTF-8" },
    { "XML", "application/xml; charset=UTF-8" },
    { "ZIP_CSV", "zip/csv" },
    { "ZIP_JSON", "zip/json" },
    { "ZIP_XML", "zip/xml" },
};

const char *sfi_bulk1_content_type(sf_bulk1_format format)
{
    return (size_t)format < SFI_COUNT_OF(formats) ? formats[format].content_type : NULL;
}

static sf_status check_chunks(const sf_bulk1_job_options *o, bool is_query, sf_error *err)
{
    bool has_more = o->chunk_parent != NULL || o->chunk_start != NULL;
    if (o->chunk_rows < 0 || o->chunk_rows > SF_BULK1_CHUNK_MAX || (has_more && o->chunk_rows == 0))
        return sfi_fail(err, SF_ERR_USAGE, "chunk_rows is %lld; want 1 to %d, or 0 for no chunks",
                        (long long)o->chunk_rows, SF_BULK1_CHUNK_MAX);
    if (o->chunk_rows > 0 && !is_query) return sfi_fail(err, SF_ERR_USAGE, "chunk_rows is for queries only");
    if (o->chunk_start != NULL && !is_id(o->chunk_start))
        return sfi_fail(err, SF_ERR_USAGE, "chunk_start is \"%.40s\"; want an id of 15 or 18 letters and digits",
                        o->chunk_start);
    for (const char *c = o->chunk_parent != NULL ? o->chunk_parent : ""; *c != '\0'; c++) {
        char lower = (char)sfi_ascii_lower((unsigned char)*c);
        if (*c != '_' && (lower < 'a' || lower > 'z') && (*c < '0' || *c > '9'))
            return sfi_fail(err, SF_ERR_USAGE, "chunk_parent is \"%.40s\", which is no object's name", o->chunk_parent);
    }
    return SF_OK;
}

static sf_status check_options(sf_client *sf, const sf_bulk1_job_options *o, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (o == NULL || o->object == NULL || o->object[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "a bulk job needs an object");
    if (o->operation < SF_BULK1_INSERT || o->operation > SF_BULK1_QUERY_ALL)
        return sfi_fail(err, SF_ERR_USAGE, "operation is %d; want SF_BULK1_INSERT to SF_BULK1_QUERY_ALL",
                        (int)o->operation);
    if ((size_t)o->format >= SFI_COUNT_OF(formats))
        return sfi_fail(err, SF_ERR_USAGE, "format is %d; want SF_BULK1_CSV to SF_BULK1_ZIP_XML", (int)o->format);
    bool is_query = o->operation >= SF_BULK1_QUERY;
    if (is_query && o->format >= SF_BULK1_ZIP_CSV) return sfi_fail(err, SF_ERR_USAGE, "a query gives no zip");
    bool has_key = o->external_id != NULL && o->external_id[0] != '\0';
    if (has_key != (o->operation == SF_BULK1_UPSERT))
        return sfi_fail(err, SF_ERR_USAGE,
                        has_key ? "external_id is for upserts only" : "an upsert needs its external_id");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_bulk1_job_options: reserved is not zero");
    return check_chunks(o, is_query, err);
}

/* The value of Sforce-Enable-PKChunking. */
static sf_str chunking(const sf_bulk1_job_options *o, sfi_buf *out)
{
    sfi_buf_addf(out, "chunkSize=%lld", (long long)o->chunk_rows);
    if (o->chunk_start != NULL) sfi_buf_addf(out, "; startRow=%s", o->chunk_start);
    if (o->chunk_parent != NULL) sfi_buf_addf(out, "; parent=%s", o->chunk_parent);
    return sfi_buf_str(out);
}

sf_status sf_bulk1_create_job(sf_client *sf, const sf_bulk1_job_options *options, sf_bulk1_job *out, sf_error *err)
{
    sfi_buf body = { 0 }, chunks = { .max = 1024 };
    const sf_bulk1_job_options *o = options;
    sf_status rc = check_options(sf, o, err);
    if (rc != SF_OK) return rc;
    sfi_json_writer w = sfi_json_write_to(&body);
    sfi_json_begin_object(&w); /* in the order of the schema of XML, which JSON does not ask for */
    sfi_json_put_string_if(&w, "operation", operations[o->operation]);
    sfi_json_put_string_if(&w, "object", o->object);
    if (o->operation == SF_BULK1_UPSERT) sfi_json_put_string_if(&w, "externalIdFieldName", o->external_id);
    sfi_json_put_string_if(&w, "concurrencyMode", o->serial ? "Serial" : "Parallel");
    sfi_json_put_string_if(&w, "contentType", formats[o->format].name);
    sfi_json_put_string_if(&w, "assignmentRuleId", o->assignment_rule);
    sfi_json_end_object(&w);
    rc = sfi_buf_status(&body, err, "a bulk job");
    sfi_call_request request = { .method = "POST",
                                 .path = "async/job",
                                 .body = sfi_buf_str(&body),
                                 .options = o->call,
                                 .what = "create a bulk job" };
    if (rc == SF_OK && o->chunk_rows > 0) {
        request.headers[0] = (sfi_header){ SFI_STR("Sforce-Enable-PKChunking"), chunking(o, &chunks) };
        request.header_count = 1;
        rc = sfi_buf_status(&chunks, err, "a bulk job");
    }
    if (rc == SF_OK) rc = run_job(sf, &request, out, NULL, err);
    sfi_buf_free(&body);
    sfi_buf_free(&chunks);
    return rc;
}

/* ---- looking ---- */
sf_status sf_bulk1_get_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_job *out,
                           sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    sf_status rc = sfi_bulk1_path(sf, job, NULL, "", path, err);
    const sfi_call_request request = { .method = "GET", .path = path, .options = call, .what = "get a bulk job" };
    return rc == SF_OK ? run_job(sf, &request, out, NULL, err) : rc;
}

/* ---- changing its state ---- */
/* The answer may have been lost, and a repeat then hears that it was done already. */
static sf_status change(sf_client *sf, const char *job, sf_bulk1_job_state state, const char *body, const char *what,
                        const sf_call_options *call, sf_bulk1_job *out, sf_error *err)
{
    char path[SFI_BULK1_PATH_BYTES];
    bool may_be_done = false;
    sf_error failure = { 0 };
    sf_bulk1_job now;
    sf_status rc = sfi_bulk1_path(sf, job, NULL, "", path, err);
    if (rc != SF_OK) return rc;
    const sfi_call_request request = {
        .method = "POST", .path = path, .body = sfi_str(body), .repeatable = true, .options = call, .what = what
    };
    rc = run_job(sf, &request, &now, &may_be_done, &failure);
    if (rc != SF_OK && may_be_done && failure.http_status == 400 &&
        sf_bulk1_get_job(sf, job, call, &now, NULL) == SF_OK && now.state == state)
        rc = SF_OK;
    if (rc == SF_OK && out != NULL) *out = now;
    if (rc != SF_OK && err != NULL) *err = failure;
    return rc;
}

sf_status sf_bulk1_close_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_job *out,
                             sf_error *err)
{
    return change(sf, job, SF_BULK1_JOB_CLOSED, "{\"state\":\"Closed\"}", "close a bulk job", call, out, err);
}

sf_status sf_bulk1_abort_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_job *out,
                             sf_error *err)
{
    return change(sf, job, SF_BULK1_JOB_ABORTED, "{\"state\":\"Aborted\"}", "abort a bulk job", call, out, err);
}

/* ---- waiting ---- */
static sf_status look(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_progress *out,
                      sf_error *err)
{
    sf_bulk1_batches *list;
    sf_bulk1_batch batch;
    *out = (sf_bulk1_progress){ 0 };
    sf_status rc = sf_bulk1_batches_open(sf, job, call, &list, err);
    if (rc != SF_OK) return rc;
    while ((rc = sf_bulk1_batches_next(list, &batch, err)) == SF_ROW) {
        out->batches++;
        out->ended += batch.state == SF_BULK1_BATCH_COMPLETED || batch.state == SF_BULK1_BATCH_FAILED ||
                      batch.state == SF_BULK1_BATCH_NOT_PROCESSED;
        out->failed_batches += batch.state == SF_BULK1_BATCH_FAILED;
        if ((batch.processed > 0 && __builtin_add_overflow(out->processed, batch.processed, &out->processed)) ||
            (batch.failed > 0 && __builtin_add_overflow(out->failed, batch.failed, &out->failed))) {
            rc = sfi_fail(err, SF_ERR_PROTOCOL, "the batches of job %s have more rows than can be", job);
            break;
        }
    }
    sf_bulk1_batches_close(list);
    return rc == SF_DONE ? SF_OK : rc;
}

sf_status sf_bulk1_wait(sf_client *sf, const char *job, const sf_bulk1_wait_options *options, sf_bulk1_progress *out,
                        sf_error *err)
{
    static const sf_bulk1_wait_options none;
    const sf_bulk1_wait_options *o = options != NULL ? options : &none;
    sf_bulk1_progress now;
    sfi_poll poll;
    sf_status rc = sfi_poll_begin(&poll, o->poll_min_ms, o->poll_max_ms, o->call, err);
    if (rc == SF_OK && !sfi_is_zero(o->reserved, sizeof o->reserved))
        rc = sfi_fail(err, SF_ERR_USAGE, "sf_bulk1_wait_options: reserved is not zero");
    if (rc != SF_OK) return rc;
    for (;;) { /* ends with the batches, the deadline or the caller's word */
        rc = look(sf, job, sfi_poll_call(&poll), &now, err);
        if (rc != SF_OK) return rc;
        if (o->progress != NULL && !o->progress(o->user, &now))
            return sfi_fail(err, SF_ERR_CANCELLED, "bulk job %s: waiting was ended by the caller; the job goes on",
                            job);
        if (now.ended == now.batches) break;
        rc = sfi_poll_pause(&poll, err);
        if (rc != SF_OK) return rc;
    }
    if (out != NULL) *out = now;
    return SF_OK;
}
