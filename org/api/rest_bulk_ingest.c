/* rest_bulk_ingest.c: Bulk API 2.0, /jobs/ingest: create, upload, close, abort, info, results, list, delete. */
#include "api/multipart.h"
#include "api/rest_bulk.h"

/* Queues the job's data, which is there. false: the response says why. */
static bool queue(sfo_call *call, sfo_bulk_job *job)
{
    sfo_fault fault = { 0 };
    sfo_bulk_batch batch = { .state = "Queued" };
    memcpy(batch.id, job->id, sizeof batch.id);
    memcpy(batch.job, job->id, sizeof batch.job);
    snprintf(job->state, sizeof job->state, "UploadComplete");
    if (sfo_bulk_job_save(call->org->bulk, job, &fault) &&
        sfo_bulk_batch_new(call->org->bulk, &batch, (sf_str){ NULL, 0 }, &fault))
        return true;
    sfo_answer_fault(call, &fault);
    return false;
}

/* Ends a transaction that a handler opened. */
static bool end(sfo_call *call, bool ok)
{
    sfo_fault fault = { 0 };
    if (!ok) {
        sfo_store_rollback(call->org->store);
        return false;
    }
    if (sfo_store_commit(call->org->store, &fault)) return true;
    sfo_answer_fault(call, &fault);
    return false;
}

/* csv.ptr NULL: the data comes later. */
static void create_job(sfo_call *call, sf_value body, sf_str csv)
{
    sfo_bulk_job job;
    sfo_fault fault = { 0 };
    sfo_bulk *bulk = call->org->bulk;
    sfo_bulk_job_init(call, &job);
    if (!sfo_bulk_read_text(call, body, "operation", job.operation, sizeof job.operation) ||
        !sfo_bulk_read_text(call, body, "object", job.object, sizeof job.object) ||
        !sfo_bulk_read_text(call, body, "externalIdFieldName", job.external_id, sizeof job.external_id) ||
        !sfo_bulk_read_text(call, body, "assignmentRuleId", job.assignment_rule, sizeof job.assignment_rule) ||
        !sfo_bulk_read_csv_options(call, body, &job))
        return;
    snprintf(job.state, sizeof job.state, "Open");
    job.uploads = csv.ptr != NULL;
    bool ok = sfo_bulk_job_check(bulk, &job, &fault) && sfo_bulk_has_left(bulk, false, &fault) &&
              sfo_store_begin(call->org->store, &fault);
    if (!ok) {
        sfo_answer_fault(call, &fault);
        return;
    }
    ok = sfo_bulk_job_new(bulk, &job, &fault) &&
         (csv.ptr == NULL || sfo_bulk_data_add(bulk, job.id, SFO_BULK_UPLOAD, csv, 0, &fault));
    if (!ok) sfo_answer_fault(call, &fault);
    if (!end(call, ok && (csv.ptr == NULL || queue(call, &job)))) return;
    sfo_answer_job(call, &job, SFO_JOB_CREATED);
    if (csv.ptr != NULL) sfo_bulk_wake(bulk);
}

static size_t characters_of(sf_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

/* The parts «job» and «content»: a job with its data. */
static void create_with_data(sfo_call *call)
{
    enum { CHARACTERS_MAX = 100000 };
    sfo_part parts[SFO_PARTS_MAX];
    const sfo_part *job = NULL, *content = NULL;
    sf_error err;
    int count = sfo_multipart_parse(&call->arena, sfo_call_header(call, "Content-Type"), call->request->body, parts);
    for (int i = 0; i < count; i++) {
        if (sfi_str_is(parts[i].name, "job")) job = &parts[i];
        if (sfi_str_is(parts[i].name, "content")) content = &parts[i];
    }
    if (job == NULL || content == NULL) {
        sfo_answer_error(call, 400, "API_ERROR", "A multipart job has the parts 'job' (JSON) and 'content' (CSV)");
    } else if (characters_of(content->data) > CHARACTERS_MAX) {
        sfo_answer_error(call, 400, "API_ERROR", "The content of a multipart job has at most %d characters",
                         CHARACTERS_MAX);
    } else if (sfi_json_new(&call->json, &err) != SF_OK || sfi_json_parse(call->json, job->data, &err) != SF_OK) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "%s", err.message);
    } else {
        create_job(call, sfi_json_root(call->json), content->data);
    }
}

void sfo_rest_ingest_create(sfo_call *call)
{
    sf_value body;
    const char *type = sfo_call_header(call, "Content-Type");
    if (type != NULL && sfi_starts_with_nocase(sfi_str(type), "multipart/form-data"))
        create_with_data(call);
    else if (sfo_call_body(call, &body))
        create_job(call, body, (sf_str){ NULL, 0 });
}

/* With the lock held. */
static void upload(sfo_call *call, sfo_bulk_job *job)
{
    sfo_fault fault = { 0 };
    if (strcmp(job->state, "Open") != 0) {
        sfo_answer_error(call, 400, "INVALIDJOBSTATE",
                         "Invalid job state : Job was already closed or aborted: it is %s", job->state);
        return;
    }
    if (call->request->body.len > SFO_BULK_UPLOAD_MAX) {
        sfo_answer_error(call, 413, "REQUEST_TOO_LARGE", "Request entity too large: an upload has at most %d bytes",
                         SFO_BULK_UPLOAD_MAX);
        return;
    }
    job->uploads++; /* a second one is taken, and told when the job is closed */
    bool ok = sfo_store_begin(call->org->store, &fault);
    if (ok) {
        ok = (job->uploads > 1 ||
              sfo_bulk_data_add(call->org->bulk, job->id, SFO_BULK_UPLOAD, call->request->body, 0, &fault)) &&
             sfo_bulk_job_save(call->org->bulk, job, &fault);
        if (!ok) sfo_answer_fault(call, &fault);
        if (end(call, ok)) sfo_answer_empty(call, 201);
    } else {
        sfo_answer_fault(call, &fault);
    }
}

void sfo_rest_ingest_upload(sfo_call *call)
{
    sfo_bulk_job job;
    if (!sfo_bulk_job_of(call, false, &job)) return;
    const char *type = sfo_call_header(call, "Content-Type");
    sf_str bare = sfi_trim((sf_str){ type, type != NULL ? strcspn(type, ";") : 0 });
    if (type == NULL || !sfi_str_is_nocase(bare, "text/csv")) {
        sfo_answer_error(call, 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type '%s' not supported; use text/csv",
                         type != NULL ? type : "");
        return;
    }
    sfo_store_lock(call->org->store); /* of two uploads at once the second sees the first */
    if (sfo_bulk_job_of(call, false, &job)) upload(call, &job);
    sfo_store_unlock(call->org->store);
}

/* ---- PATCH: close and abort ---- */
static void close_job(sfo_call *call, sfo_bulk_job *job)
{
    sfo_fault fault = { 0 };
    if (job->uploads > 1) {
        sfo_answer_error(
            call, 400, "BULK_API_ERROR",
            "Found multiple contents for job: <%.15s>, please 'Close' / 'Abort' / 'Delete' the current Job then "
            "create a new Job and make sure you only do 'PUT' once on a given Job.",
            job->id);
        return;
    }
    if (!sfo_store_begin(call->org->store, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    if (!end(call, queue(call, job))) return;
    sfo_answer_job(call, job, SFO_JOB_CHANGED);
    sfo_bulk_wake(call->org->bulk);
}

static void abort_job(sfo_call *call, sfo_bulk_job *job)
{
    sfo_fault fault = { 0 };
    if (sfo_bulk_job_abort(call->org->bulk, job, &fault))
        sfo_answer_job(call, job, SFO_JOB_CHANGED);
    else
        sfo_answer_fault(call, &fault);
}

static bool is_ended(const sfo_bulk_job *job)
{
    return strcmp(job->state, "JobComplete") == 0 || strcmp(job->state, "Failed") == 0 ||
           strcmp(job->state, "Aborted") == 0;
}

static void patch(sfo_call *call, bool is_query)
{
    sfo_bulk_job job;
    sf_value body;
    char state[32];
    if (!sfo_bulk_job_of(call, is_query, &job) || !sfo_call_body(call, &body) ||
        !sfo_bulk_read_text(call, body, "state", state, sizeof state))
        return;
    sfo_store_lock(call->org->store); /* between looking at the state and changing it nobody else may */
    if (sfo_bulk_job_of(call, is_query, &job)) {
        if (sfi_eq_nocase(state, "Aborted") && !is_ended(&job))
            abort_job(call, &job);
        else if (sfi_eq_nocase(state, "UploadComplete") && !is_query && strcmp(job.state, "Open") == 0)
            close_job(call, &job);
        else if (sfi_eq_nocase(state, "Aborted") || (sfi_eq_nocase(state, "UploadComplete") && !is_query))
            sfo_answer_error(call, 400, "INVALIDJOBSTATE",
                             "Invalid job state : Job was already closed or aborted: it is %s", job.state);
        else
            sfo_answer_error(call, 400, "INVALIDJOBSTATE", "Invalid job state : %s cannot be set; use %s", state,
                             is_query ? "Aborted" : "UploadComplete or Aborted");
    }
    sfo_store_unlock(call->org->store);
}

void sfo_rest_ingest_patch(sfo_call *call)
{
    patch(call, false);
}

void sfo_rest_query_job_patch(sfo_call *call)
{
    patch(call, true);
}

void sfo_rest_ingest_info(sfo_call *call)
{
    sfo_bulk_job job;
    if (sfo_bulk_job_of(call, false, &job)) sfo_answer_job(call, &job, SFO_JOB_INFO);
}

void sfo_rest_ingest_delete(sfo_call *call)
{
    sfo_bulk_job job;
    if (sfo_bulk_job_of(call, false, &job)) sfo_bulk_answer_deleted(call, &job);
}

void sfo_rest_ingest_list(sfo_call *call)
{
    sfo_bulk_answer_list(call, false);
}

/* ---- results ---- */
static void results(sfo_call *call, sfo_bulk_kind kind)
{
    sfo_bulk_job job;
    sfo_fault fault = { 0 };
    if (!sfo_bulk_job_of(call, false, &job)) return;
    sfo_answer_csv(call, 200);
    sfi_buf *out = &call->response->body;
    char delimiter = sfo_bulk_delimiter(job.delimiter);
    if (kind != SFO_BULK_UPLOAD)
        sfi_buf_addf(out, "\"sf__Id\"%c\"%s\"", delimiter, kind == SFO_BULK_GOOD ? "sf__Created" : "sf__Error");
    bool ok = kind == SFO_BULK_UPLOAD ? sfo_bulk_unprocessed_read(call->org->bulk, &job, out, &fault)
                                      : sfo_bulk_results_read(call->org->bulk, &job, kind, out, &fault);
    if (!ok) sfo_answer_fault(call, &fault);
}

void sfo_rest_ingest_successful(sfo_call *call)
{
    results(call, SFO_BULK_GOOD);
}

void sfo_rest_ingest_failed(sfo_call *call)
{
    results(call, SFO_BULK_BAD);
}

void sfo_rest_ingest_unprocessed(sfo_call *call)
{
    results(call, SFO_BULK_UPLOAD);
}
