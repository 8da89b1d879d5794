/* rest_bulk.c: see rest_bulk.h. A job is written in four forms, which differ in the members that they have yet. */
#include "api/rest_bulk.h"

enum { LIST_PAGE = 1000 };

void sfo_bulk_job_init(sfo_call *call, sfo_bulk_job *job)
{
    *job = (sfo_bulk_job){ .api = 2 };
    snprintf(job->created_by, sizeof job->created_by, "%s", call->user.text);
    snprintf(job->version, sizeof job->version, "%s", call->version);
    snprintf(job->concurrency, sizeof job->concurrency, "Parallel");
}

bool sfo_bulk_job_of(sfo_call *call, bool is_query, sfo_bulk_job *out)
{
    sfo_fault fault = { 0 };
    char id[32];
    snprintf(id, sizeof id, "%.*s", (int)(call->args[0].len < 31 ? call->args[0].len : 31), call->args[0].ptr);
    bool found = sfo_bulk_job_get(call->org->bulk, id, out, &fault);
    if (!found && fault.http_status != 404) {
        sfo_answer_fault(call, &fault);
        return false;
    }
    sfo_fault_clear(&fault);
    if (found && out->api == 2 && out->is_query == is_query) return true;
    sfo_answer_not_found(call);
    return false;
}

bool sfo_bulk_read_text(sfo_call *call, sf_value body, const char *name, char *out, size_t size)
{
    sf_value value = sf_get(body, name);
    out[0] = '\0';
    if (sf_value_type(value) == SF_MISSING || sf_value_type(value) == SF_NULL) return true;
    sf_str text = sf_get_text(value, NULL);
    if (sf_value_type(value) != SF_STRING || text.len >= size || memchr(text.ptr, 0, text.len) != NULL) {
        sfo_answer_error(call, 400, "API_ERROR", "Invalid value: '%.*s' supplied for property: '%s'",
                         (int)(text.len < 255 ? text.len : 255), text.ptr != NULL ? text.ptr : "", name);
        return false;
    }
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool one_of(sfo_call *call, const char *name, char *value, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!sfi_eq_nocase(value, known[i])) continue;
        memcpy(value, known[i], strlen(known[i]) + 1);
        return true;
    }
    sfo_answer_error(call, 400, "API_ERROR", "Invalid value: '%s' supplied for property: '%s'", value, name);
    return false;
}

bool sfo_bulk_read_csv_options(sfo_call *call, sf_value body, sfo_bulk_job *job)
{
    static const char *const contents[] = { "CSV" };
    static const char *const endings[] = { "LF", "CRLF" };
    static const char *const delimiters[] = { "COMMA", "TAB", "PIPE", "SEMICOLON", "CARET", "BACKQUOTE" };
    if (!sfo_bulk_read_text(call, body, "contentType", job->content_type, sizeof job->content_type) ||
        !sfo_bulk_read_text(call, body, "lineEnding", job->line_ending, sizeof job->line_ending) ||
        !sfo_bulk_read_text(call, body, "columnDelimiter", job->delimiter, sizeof job->delimiter))
        return false;
    if (job->content_type[0] == '\0') snprintf(job->content_type, sizeof job->content_type, "CSV");
    if (job->line_ending[0] == '\0') snprintf(job->line_ending, sizeof job->line_ending, "LF");
    if (job->delimiter[0] == '\0') snprintf(job->delimiter, sizeof job->delimiter, "COMMA");
    return one_of(call, "contentType", job->content_type, contents, SFI_COUNT_OF(contents)) &&
           one_of(call, "lineEnding", job->line_ending, endings, SFI_COUNT_OF(endings)) &&
           one_of(call, "columnDelimiter", job->delimiter, delimiters, SFI_COUNT_OF(delimiters));
}

/* ---- a job as JSON ---- */
static void member(sfi_json_writer *w, const char *name, const char *text)
{
    if (text[0] == '\0') return;
    sfi_json_key(w, name);
    sfi_json_string(w, text);
}

static void time_member(sfi_json_writer *w, const char *name, int64_t ms)
{
    char text[40];
    sfo_time_text(ms, text);
    member(w, name, text);
}

static void write_counts(sfi_json_writer *w, const sfo_bulk_job *job)
{
    if (strcmp(job->state, "Open") != 0) {
        sfi_json_put_int(w, "numberRecordsProcessed", job->processed);
        if (!job->is_query) sfi_json_put_int(w, "numberRecordsFailed", job->failed);
    }
    sfi_json_put_int(w, "retries", job->retries);
    sfi_json_put_int(w, "totalProcessingTime", job->total_ms);
    if (!job->is_query) {
        sfi_json_put_int(w, "apiActiveProcessingTime", job->active_ms);
        sfi_json_put_int(w, "apexProcessingTime", 0);
    }
    if (job->is_query) {
        sfi_json_key(w, "isPkChunkingSupported");
        sfi_json_bool(w, true);
    }
    if (strcmp(job->state, "Failed") == 0) member(w, "errorMessage", job->error);
}

static void write_job(sfi_json_writer *w, const sfo_bulk_job *job, sfo_job_form form)
{
    char url[96];
    sfi_json_begin_object(w);
    member(w, "id", job->id);
    member(w, "operation", job->operation);
    member(w, "object", job->object);
    member(w, "createdById", job->created_by);
    time_member(w, "createdDate", job->created_ms);
    time_member(w, "systemModstamp", job->modified_ms);
    member(w, "state", job->state);
    member(w, "externalIdFieldName", job->external_id);
    member(w, "concurrencyMode", job->concurrency);
    member(w, "contentType", job->content_type);
    sfi_json_key(w, "apiVersion");
    sfi_json_raw_text(w, sfi_str(job->version));
    if (job->assignment_rule[0] != '\0') member(w, "assignmentRuleId", job->assignment_rule);
    bool is_told = form == SFO_JOB_INFO || form == SFO_JOB_LISTED;
    if (is_told) member(w, "jobType", job->api == 1 ? "Classic" : job->is_query ? "V2Query" : "V2Ingest");
    if ((form == SFO_JOB_CREATED || form == SFO_JOB_INFO) && !job->is_query && strcmp(job->state, "Open") == 0) {
        snprintf(url, sizeof url, "services/data/v%s/jobs/ingest/%s/batches", job->version, job->id);
        member(w, "contentUrl", url);
    }
    if (form != SFO_JOB_CHANGED) {
        member(w, "lineEnding", job->line_ending);
        member(w, "columnDelimiter", job->delimiter);
    }
    if (form == SFO_JOB_INFO) write_counts(w, job);
    sfi_json_end_object(w);
}

void sfo_answer_job(sfo_call *call, const sfo_bulk_job *job, sfo_job_form form)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_job(&w, job, form);
}

void sfo_answer_csv(sfo_call *call, int status)
{
    sfi_buf_clear(&call->response->body);
    call->response->status = status;
    call->response->content_type = "text/csv";
}

/* ---- lists ---- */
typedef struct listing {
    sfi_json_writer w;
    sf_str job_type; /* ptr NULL: all */
    sf_str concurrency;
    bool chunking_asked, chunking;
    char last[19];
} listing;

static void list_job(void *user, const sfo_bulk_job *job)
{
    listing *l = user;
    const char *type = job->api == 1 ? "Classic" : job->is_query ? "V2Query" : "V2Ingest";
    memcpy(l->last, job->id, sizeof l->last);
    if (l->job_type.len > 0 && !sfi_str_is_nocase(l->job_type, type)) return;
    if (l->concurrency.len > 0 && !sfi_str_is_nocase(l->concurrency, job->concurrency)) return;
    if (l->chunking_asked && l->chunking != (job->chunk_size > 0)) return;
    write_job(&l->w, job, SFO_JOB_LISTED);
}

void sfo_bulk_answer_list(sfo_call *call, bool is_query)
{
    sfo_fault fault = { 0 };
    char after[32], url[160];
    sf_str locator = sfo_params_get(&call->query, "queryLocator");
    sf_str chunking = sfo_params_get(&call->query, "isPkChunkingEnabled");
    listing l = { .job_type = sfo_params_get(&call->query, "jobType"),
                  .concurrency = sfo_params_get(&call->query, "concurrencyMode"),
                  .chunking_asked = chunking.len > 0,
                  .chunking = sfi_str_is_nocase(chunking, "true") };
    snprintf(after, sizeof after, "%.*s", (int)(locator.len < 18 ? locator.len : 18),
             locator.ptr != NULL ? locator.ptr : "");
    sfi_buf records = { 0 };
    l.w = sfi_json_write_to(&records);
    sfi_json_begin_array(&l.w);
    int count = sfo_bulk_job_list(call->org->bulk, after, LIST_PAGE, list_job, &l, &fault);
    sfi_json_end_array(&l.w);
    if (count < 0) {
        sfo_answer_fault(call, &fault);
    } else {
        bool done = count < LIST_PAGE;
        sfi_json_writer w = sfo_answer_json(call, 200);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "done");
        sfi_json_bool(&w, done);
        sfi_json_key(&w, "records");
        sfi_json_raw_text(&w, sfi_buf_str(&records));
        sfi_json_key(&w, "nextRecordsUrl");
        snprintf(url, sizeof url, "/services/data/v%s/jobs/%s?queryLocator=%s", call->version,
                 is_query ? "query" : "ingest", l.last);
        if (done)
            sfi_json_null(&w);
        else
            sfi_json_string(&w, url);
        sfi_json_end_object(&w);
    }
    if (records.failed) call->response->body.failed = true;
    sfi_buf_free(&records);
}

void sfo_bulk_answer_deleted(sfo_call *call, const sfo_bulk_job *job)
{
    static const char *const ended[] = { "UploadComplete", "JobComplete", "Aborted", "Failed" };
    sfo_fault fault = { 0 };
    for (size_t i = 0; i < SFI_COUNT_OF(ended); i++) {
        if (strcmp(job->state, ended[i]) != 0) continue;
        if (sfo_bulk_job_delete(call->org->bulk, job->id, &fault))
            sfo_answer_empty(call, 204);
        else
            sfo_answer_fault(call, &fault);
        return;
    }
    sfo_answer_error(call, 400, "API_ERROR",
                     "InvalidJobState : Job can be deleted only in the states UploadComplete, "
                     "JobComplete, Aborted and Failed; it is %s",
                     job->state);
}
