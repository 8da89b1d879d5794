/* bulk1_jobs.c: jobs of Bulk API 1.0: made, looked at, closed, aborted. What comes may have its members in any order. */
#include "api/bulk1.h"

/* The members of a jobInfo that a client may set. */
typedef struct wish {
    char operation[32], object[96], external_id[96], concurrency[16], content_type[16], state[16], assignment_rule[32];
} wish;

static const struct {
    const char *name;
    size_t offset, size;
} members[] = {
    { "operation", offsetof(wish, operation), sizeof((wish *)0)->operation },
    { "object", offsetof(wish, object), sizeof((wish *)0)->object },
    { "externalIdFieldName", offsetof(wish, external_id), sizeof((wish *)0)->external_id },
    { "concurrencyMode", offsetof(wish, concurrency), sizeof((wish *)0)->concurrency },
    { "contentType", offsetof(wish, content_type), sizeof((wish *)0)->content_type },
    { "state", offsetof(wish, state), sizeof((wish *)0)->state },
    { "assignmentRuleId", offsetof(wish, assignment_rule), sizeof((wish *)0)->assignment_rule },
};

static bool refuse_value(sfo_bulk1 *b, const char *name, sf_str value)
{
    return sfo_bulk1_fail(b, 400, "InvalidJob", "Invalid value: '%.*s' supplied for property: '%s'",
                          (int)(value.len < 255 ? value.len : 255), value.ptr, name);
}

static bool take(sfo_bulk1 *b, wish *w, size_t i, sf_str text)
{
    text = sfi_trim(text);
    if (text.len >= members[i].size || memchr(text.ptr, '\0', text.len) != NULL)
        return refuse_value(b, members[i].name, text);
    char *out = (char *)w + members[i].offset;
    if (text.len > 0) memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool read_json(sfo_bulk1 *b, sf_str body, wish *w)
{
    sfi_json *doc = NULL;
    sf_error err;
    bool fine = sfi_json_new(&doc, &err) == SF_OK && sfi_json_parse(doc, body, &err) == SF_OK;
    sf_value root = fine ? sfi_json_root(doc) : (sf_value){ 0 };
    if (!fine || sf_value_type(root) != SF_OBJECT)
        fine = sfo_bulk1_fail(b, 400, "ClientInputError", "Unable to parse the job: %s",
                              fine ? "it is no JSON object" : err.message);
    for (size_t i = 0; fine && i < SFI_COUNT_OF(members); i++) {
        sf_value value = sf_get(root, members[i].name);
        if (sf_value_type(value) == SF_STRING)
            fine = take(b, w, i, sf_get_text(value, NULL));
        else if (sf_value_type(value) != SF_MISSING && sf_value_type(value) != SF_NULL)
            fine = take(b, w, i, sf_value_raw_json(value));
    }
    sfi_json_free(doc);
    return fine;
}

static bool read_xml(sfo_bulk1 *b, sf_str body, wish *w)
{
    sfi_xml *doc = NULL;
    sf_error err;
    bool fine = sfi_xml_parse(sfi_trim(body), &doc, &err) == SF_OK;
    if (!fine) return sfo_bulk1_fail(b, 400, "InvalidXml", "Failed to parse the job: %s", err.message);
    const sfi_xml_element *root = sfi_xml_root(doc);
    if (strcmp(sfi_xml_name(root), "jobInfo") != 0 || strcmp(sfi_xml_namespace(root), SFO_BULK1_NAMESPACE) != 0)
        fine = sfo_bulk1_fail(b, 400, "InvalidXml", "The body is no jobInfo of the namespace %s", SFO_BULK1_NAMESPACE);
    for (size_t i = 0; fine && i < SFI_COUNT_OF(members); i++) {
        const char *text = sfi_xml_get(doc, root, members[i].name);
        if (text != NULL) fine = take(b, w, i, sfi_str(text));
    }
    sfi_xml_free(doc);
    return fine;
}

/* The answer is in the format of what came, whatever the job's. */
static bool read_wish(sfo_bulk1 *b, wish *w)
{
    const char *type = sfo_call_header(b->call, "Content-Type");
    sf_str body = b->call->request->body;
    *w = (wish){ .operation = "" };
    b->json = sfo_bulk1_type_is(type, "application/json");
    if (b->json) return read_json(b, body, w);
    if (type == NULL || sfo_bulk1_type_is(type, "application/xml") || sfo_bulk1_type_is(type, "text/xml"))
        return read_xml(b, body, w);
    return sfo_bulk1_fail(b, 400, "UnsupportedContentType", "Unsupported content type: %.200s", type);
}

/* ---- a job's description ---- */
static void answer_job(sfo_bulk1 *b, int status)
{
    enum { MEMBERS = 24 };
    sfo_bulk1_member all[MEMBERS], *m = all;
    const sfo_bulk_job *job = &b->job;
    sfo_bulk_counts counts;
    sfo_fault fault = { 0 };
    char time[40];
    if (!sfo_bulk_job_counts(b->call->org->bulk, job->id, &counts, &fault)) {
        (void)sfo_bulk1_fault(b, &fault);
        return;
    }
    sfo_bulk1_text(m++, "id", job->id);
    sfo_bulk1_text(m++, "operation", job->operation);
    sfo_bulk1_text(m++, "object", job->object);
    sfo_bulk1_text(m++, "createdById", job->created_by);
    sfo_bulk1_time(b, job->created_ms, time);
    sfo_bulk1_text(m++, "createdDate", time);
    sfo_bulk1_time(b, job->modified_ms, time);
    sfo_bulk1_text(m++, "systemModstamp", time);
    sfo_bulk1_text(m++, "state", job->state);
    sfo_bulk1_text(m++, "externalIdFieldName", job->external_id);
    sfo_bulk1_text(m++, "concurrencyMode", job->concurrency);
    sfo_bulk1_text(m++, "contentType", job->content_type);
    sfo_bulk1_number(m++, "numberBatchesQueued", counts.queued);
    sfo_bulk1_number(m++, "numberBatchesInProgress", counts.running);
    sfo_bulk1_number(m++, "numberBatchesCompleted", counts.completed);
    sfo_bulk1_number(m++, "numberBatchesFailed", counts.failed);
    sfo_bulk1_number(m++, "numberBatchesTotal", counts.total);
    sfo_bulk1_number(m++, "numberRecordsProcessed", counts.processed);
    sfo_bulk1_number(m++, "numberRetries", job->retries);
    *m = (sfo_bulk1_member){ .name = "apiVersion", .kind = SFO_BULK1_NUMBER };
    snprintf((m++)->text, sizeof all[0].text, "%s", job->version);
    sfo_bulk1_text(m++, "assignmentRuleId", job->assignment_rule);
    sfo_bulk1_number(m++, "numberRecordsFailed", counts.failed_rows);
    sfo_bulk1_number(m++, "totalProcessingTime", counts.total_ms);
    sfo_bulk1_number(m++, "apiActiveProcessingTime", counts.active_ms);
    sfo_bulk1_number(m++, "apexProcessingTime", 0);
    *m++ = (sfo_bulk1_member){ .name = "fastPathEnabled", .text = "false", .kind = SFO_BULK1_JSON_ONLY };
    sfi_buf *out = sfo_bulk1_begin(b, status);
    if (!b->json) {
        sfi_xml_declaration(out);
        sfi_buf_addf(out, "<jobInfo\n   xmlns=\"%s\">\n", SFO_BULK1_NAMESPACE);
    }
    sfo_bulk1_write(b, out, all, (size_t)(m - all), 1);
    if (!b->json) sfi_buf_add_str(out, "</jobInfo>");
}

/* ---- making ---- */
static bool one_of(sfo_bulk1 *b, const char *name, const char *value, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(value, known[i]) == 0) return true;
    return refuse_value(b, name, sfi_str(value));
}

static bool check_words(sfo_bulk1 *b, wish *w)
{
    static const char *const contents[] = { "CSV", "XML", "JSON", "ZIP_CSV", "ZIP_XML", "ZIP_JSON" };
    static const char *const modes[] = { "Parallel", "Serial" };
    static const char *const operations[] = {
        "insert", "update", "upsert", "delete", "hardDelete", "query", "queryAll"
    };
    if (w->content_type[0] == '\0') snprintf(w->content_type, sizeof w->content_type, "XML");
    if (w->concurrency[0] == '\0' || strcmp(w->concurrency, "0") == 0)
        snprintf(w->concurrency, sizeof w->concurrency, "Parallel");
    if (strcmp(w->concurrency, "1") == 0) snprintf(w->concurrency, sizeof w->concurrency, "Serial");
    bool is_query = sfi_starts_with(sfi_str(w->operation), "query");
    return one_of(b, "operation", w->operation, operations, SFI_COUNT_OF(operations)) &&
           one_of(b, "contentType", w->content_type, contents, is_query ? 3 : SFI_COUNT_OF(contents)) &&
           one_of(b, "concurrencyMode", w->concurrency, modes, SFI_COUNT_OF(modes));
}

/* One part of the header; wanted: chunks are. */
static bool read_chunking_part(sfo_bulk1 *b, sf_str part, int64_t *size, bool *wanted)
{
    enum { CHUNK_MAX = 250000 };
    int len = (int)(part.len < 40 ? part.len : 40);
    if (part.len == 0 || sfi_str_is_nocase(part, "false")) return true;
    *wanted = true;
    if (sfi_str_is_nocase(part, "true") || sfi_starts_with_nocase(part, "parent=")) return true;
    if (sfi_starts_with_nocase(part, "chunkSize=")) {
        sf_str number = { part.ptr + 10, part.len - 10 };
        if (sfi_parse_int(number, size) && *size > 0 && *size <= CHUNK_MAX) return true;
        return sfo_bulk1_fail(b, 400, "InvalidJob", "PK chunking: chunkSize is %.*s; want 1 to %d", len - 10,
                              number.ptr, CHUNK_MAX);
    }
    if (sfi_starts_with_nocase(part, "startRow=")) {
        sf_id id = sfi_id_make((sf_str){ part.ptr + 9, part.len - 9 });
        memcpy(b->job.start_row, id.text, sizeof b->job.start_row);
        return id.text[0] != '\0' ||
               sfo_bulk1_fail(b, 400, "InvalidJob", "PK chunking: startRow is %.*s; want an id", len - 9, part.ptr + 9);
    }
    return sfo_bulk1_fail(b, 400, "InvalidJob", "PK chunking: %.*s is not understood", len, part.ptr);
}

/* "true; chunkSize=100000; parent=Account": parts in any order, also between commas, which join a header's list of values. */
static bool read_chunking(sfo_bulk1 *b, bool is_query)
{
    enum { CHUNK = 100000 };
    bool wanted = false;
    int64_t size = CHUNK;
    for (const char *at = sfo_call_header_list(b->call, "Sforce-Enable-PKChunking"); at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ";,");
        if (!read_chunking_part(b, sfi_trim((sf_str){ at, len }), &size, &wanted)) return false;
        at += len + (at[len] != '\0');
    }
    if (wanted && !is_query) return sfo_bulk1_fail(b, 400, "InvalidJob", "PK chunking is for query jobs only");
    b->job.chunk_size = wanted ? size : 0;
    return true;
}

static bool check_object(sfo_bulk1 *b, sfo_fault *f)
{
    sfo_bulk_job *job = &b->job;
    if (!job->is_query) return sfo_bulk_job_check(b->call->org->bulk, job, f) || sfo_bulk1_fault(b, f);
    const sfo_object *object = sfo_schema_object(b->call->org->schema, sfi_str(job->object));
    if (object == NULL) return sfo_bulk1_fail(b, 400, "InvalidJob", "Unable to find object: %s", job->object);
    snprintf(job->object, sizeof job->object, "%s", object->name);
    return true;
}

void sfo_bulk1_job_create(sfo_bulk1 *b)
{
    wish w;
    sfo_fault fault = { 0 };
    if (!read_wish(b, &w) || !check_words(b, &w)) return;
    sfo_bulk_job *job = &b->job;
    *job = (sfo_bulk_job){ .api = 1, .state = "Open", .is_query = sfi_starts_with(sfi_str(w.operation), "query") };
    snprintf(job->operation, sizeof job->operation, "%.15s", w.operation);
    snprintf(job->object, sizeof job->object, "%s", w.object);
    snprintf(job->external_id, sizeof job->external_id, "%s", w.external_id);
    snprintf(job->concurrency, sizeof job->concurrency, "%s", w.concurrency);
    snprintf(job->content_type, sizeof job->content_type, "%s", w.content_type);
    snprintf(job->assignment_rule, sizeof job->assignment_rule, "%.18s", w.assignment_rule);
    snprintf(job->created_by, sizeof job->created_by, "%s", b->call->user.text);
    snprintf(job->version, sizeof job->version, "%s", b->call->version);
    if (!read_chunking(b, job->is_query) || !check_object(b, &fault)) return;
    if (!sfo_bulk_job_new(b->call->org->bulk, job, &fault)) {
        (void)sfo_bulk1_fault(b, &fault);
        return;
    }
    sfo_response_header(b->call->response, "Location", "/services/async/%s/job/%s", b->call->version, job->id);
    answer_job(b, 201);
}

void sfo_bulk1_job_info(sfo_bulk1 *b)
{
    answer_job(b, 200);
}

/* ---- closing, aborting ---- */
static void change(sfo_bulk1 *b, const char *state)
{
    sfo_fault fault = { 0 };
    sfo_bulk_job *job = &b->job;
    sfo_bulk *bulk = b->call->org->bulk;
    bool is_open = strcmp(job->state, "Open") == 0, is_closed = strcmp(job->state, "Closed") == 0;
    bool fine = false;
    if (strcmp(state, "Closed") != 0 && strcmp(state, "Aborted") != 0) {
        (void)sfo_bulk1_fail(b, 400, "InvalidJobState", "A job's state can be set to Closed or Aborted, not to '%s'",
                             state);
        return;
    }
    bool closes = strcmp(state, "Closed") == 0;
    if (!is_open && (closes || !is_closed)) {
        (void)sfo_bulk1_fail(b, 400, "InvalidJobState", "%s already %s Job not allowed",
                             closes ? "Closing" : "Aborting", job->state);
        return;
    }
    if (closes) {
        snprintf(job->state, sizeof job->state, "Closed");
        fine = sfo_bulk_job_save(bulk, job, &fault);
    } else {
        fine = sfo_bulk_job_abort(bulk, job, &fault);
    }
    if (fine)
        answer_job(b, 200);
    else
        (void)sfo_bulk1_fault(b, &fault);
}

void sfo_bulk1_job_change(sfo_bulk1 *b)
{
    wish w;
    sfo_fault fault = { 0 };
    if (!read_wish(b, &w)) return;
    sfo_store_lock(b->call->org->store); /* between looking at the state and changing it nobody else may */
    char id[19];
    memcpy(id, b->job.id, sizeof id);
    if (sfo_bulk_job_get(b->call->org->bulk, id, &b->job, &fault))
        change(b, w.state);
    else
        (void)sfo_bulk1_fault(b, &fault);
    sfo_store_unlock(b->call->org->store);
}
