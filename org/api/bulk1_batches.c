/* bulk1_batches.c: batches of Bulk API 1.0: added with their data, listed, looked at. */
#include "api/bulk1.h"

static void write_batch(const sfo_bulk1 *b, sfi_buf *out, const sfo_bulk_batch *batch, int indent)
{
    enum { MEMBERS = 11 };
    sfo_bulk1_member all[MEMBERS], *m = all;
    char created[40], modified[40];
    sfo_bulk1_time(b, batch->created_ms, created);
    sfo_bulk1_time(b, batch->modified_ms, modified);
    sfo_bulk1_text(m++, "id", batch->id);
    sfo_bulk1_text(m++, "jobId", batch->job);
    sfo_bulk1_text(m++, "state", batch->state);
    sfo_bulk1_text(m++, "stateMessage", batch->message);
    sfo_bulk1_text(m++, "createdDate", created);
    sfo_bulk1_text(m++, "systemModstamp", modified);
    sfo_bulk1_number(m++, "numberRecordsProcessed", batch->processed);
    sfo_bulk1_number(m++, "numberRecordsFailed", batch->failed);
    sfo_bulk1_number(m++, "totalProcessingTime", batch->total_ms);
    sfo_bulk1_number(m++, "apiActiveProcessingTime", batch->active_ms);
    sfo_bulk1_number(m++, "apexProcessingTime", 0);
    sfo_bulk1_write(b, out, all, (size_t)(m - all), indent);
}

static void answer_batch(sfo_bulk1 *b, int status)
{
    sfi_buf *out = sfo_bulk1_begin(b, status);
    if (!b->json) {
        sfi_xml_declaration(out);
        sfi_buf_addf(out, "<batchInfo\n   xmlns=\"%s\">\n", SFO_BULK1_NAMESPACE);
    }
    write_batch(b, out, &b->batch, 1);
    if (!b->json) sfi_buf_add_str(out, "</batchInfo>");
}

void sfo_bulk1_batch_info(sfo_bulk1 *b)
{
    answer_batch(b, 200);
}

/* ---- adding ---- */
/* A batch's type is its job's; XML and text go by several names. */
static bool check_type(sfo_bulk1 *b)
{
    static const char *const known[] = { "text/csv", "application/xml", "text/xml", "application/json",
                                         "zip/csv",  "zip/xml",         "zip/json" };
    const char *type = sfo_call_header(b->call, "Content-Type");
    const char *wanted = sfo_bulk1_content_type(b->job.content_type, true);
    bool is_known = false;
    for (size_t i = 0; i < SFI_COUNT_OF(known); i++) is_known = is_known || sfo_bulk1_type_is(type, known[i]);
    if (!is_known)
        return sfo_bulk1_fail(b, 400, "UnsupportedContentType", "Unsupported content type: %.200s",
                              type != NULL ? type : "");
    if (sfo_bulk1_type_is(type, wanted)) return true;
    if (strcmp(wanted, "application/xml") == 0 && sfo_bulk1_type_is(type, "text/xml")) return true;
    return sfo_bulk1_fail(b, 400, "InvalidBatch", "Content type of the batch, %.100s, is not that of its job, %s", type,
                          wanted);
}

static bool check_size(sfo_bulk1 *b, sf_str data)
{
    if (data.len == 0) return sfo_bulk1_fail(b, 400, "ClientInputError", "Unable to find any data to create batch");
    return data.len <= SFO_BULK1_BATCH_MAX ||
           sfo_bulk1_fail(b, 400, "ClientInputError", "Failed to read request. Exceeded max size limit of %d",
                          SFO_BULK1_BATCH_MAX);
}

/* XML says its charset itself, zips have none. */
static bool is_plain_text(const sfo_bulk_job *job)
{
    return job->is_query || strcmp(job->content_type, "CSV") == 0 || strcmp(job->content_type, "JSON") == 0;
}

static void add(sfo_bulk1 *b, sf_str data)
{
    sfo_fault fault = { 0 };
    sfo_bulk *bulk = b->call->org->bulk;
    memcpy(b->batch.job, b->job.id, sizeof b->batch.job);
    char id[19];
    memcpy(id, b->job.id, sizeof id);
    sfo_store_lock(b->call->org->store); /* the job stays as open as it is found */
    bool fine = sfo_bulk_job_get(bulk, id, &b->job, &fault), is_open = fine && strcmp(b->job.state, "Open") == 0;
    fine = is_open && sfo_bulk_has_left(bulk, false, &fault) && sfo_bulk_batch_new(bulk, &b->batch, data, &fault);
    sfo_store_unlock(b->call->org->store);
    if (fine) {
        sfo_response_header(b->call->response, "Location", "/services/async/%s/job/%s/batch/%s", b->call->version,
                            b->job.id, b->batch.id);
        answer_batch(b, 201);
        sfo_bulk_wake(bulk);
    } else if (fault.http_status == 0) {
        (void)sfo_bulk1_fail(b, 400, "InvalidJobState", "Job %s is not open: its state is %s", id, b->job.state);
    } else {
        (void)sfo_bulk1_fault(b, &fault);
    }
}

void sfo_bulk1_batch_add(sfo_bulk1 *b)
{
    sfi_buf converted = { 0 }, transformed = { 0 };
    sf_str data = b->call->request->body;
    if (data.ptr == NULL) data = SFI_STR("");
    if (!check_type(b) || !check_size(b, data)) return;
    b->batch = (sfo_bulk_batch){ .state = "Queued" };
    bool fine =
        !is_plain_text(&b->job) || sfo_bulk1_to_utf8(b, sfo_call_header(b->call, "Content-Type"), &data, &converted);
    if (fine && strcmp(b->job.content_type, "CSV") == 0 && !b->job.is_query)
        fine = sfo_bulk1_transform(b, &data, &transformed);
    if (fine) add(b, data);
    sfi_buf_free(&transformed);
    sfi_buf_free(&converted);
}

/* ---- listing ---- */
typedef struct listing {
    const sfo_bulk1 *b;
    sfi_buf *out;
    int count;
} listing;

static void list_batch(void *user, const sfo_bulk_batch *batch)
{
    listing *l = user;
    if (l->count++ > 0 && l->b->json) sfi_buf_add_char(l->out, ',');
    if (!l->b->json) sfi_buf_add_str(l->out, " <batchInfo>\n");
    write_batch(l->b, l->out, batch, 2);
    if (!l->b->json) sfi_buf_add_str(l->out, " </batchInfo>\n");
}

void sfo_bulk1_batch_list(sfo_bulk1 *b)
{
    sfo_fault fault = { 0 };
    sfi_buf items = { 0 };
    listing l = { .b = b, .out = &items };
    if (sfo_bulk_batch_list(b->call->org->bulk, b->job.id, list_batch, &l, &fault) < 0) {
        sfi_buf_free(&items);
        (void)sfo_bulk1_fault(b, &fault);
        return;
    }
    sfi_buf *out = sfo_bulk1_begin(b, 200);
    if (b->json) {
        sfi_buf_add_str(out, "{\"batchInfo\":[");
    } else {
        sfi_xml_declaration(out);
        sfi_buf_addf(out, "<batchInfoList\n   xmlns=\"%s\"%s", SFO_BULK1_NAMESPACE, l.count == 0 ? " />" : ">\n");
    }
    if (items.len > 0) (void)sfi_buf_add(out, items.data, items.len);
    if (b->json)
        sfi_buf_add_str(out, "]}");
    else if (l.count > 0)
        sfi_buf_add_str(out, "</batchInfoList>");
    if (items.failed) out->failed = true;
    sfi_buf_free(&items);
}
