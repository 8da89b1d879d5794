/* bulk1_spec.c: transformation specs of Bulk API 1.0: kept with the job, applied to each batch as it comes. */
#include "api/bulk1.h"
#include "bulk/spec.h"

enum { ROOM_MAX = 8 * SFO_BULK1_BATCH_MAX };

static bool read_spec(sfo_bulk1 *b, sf_str text, sfo_spec **out)
{
    sf_error err;
    const sfo_object *object = sfo_schema_object(sfo_store_schema(b->call->org->store), sfi_str(b->job.object));
    sf_status rc = sfo_spec_read(text, object, out, &err);
    if (rc == SF_OK) return true;
    if (rc == SF_ERR_MEMORY) return sfo_bulk1_fail(b, 500, "InternalServerError", "%s", err.message);
    return sfo_bulk1_fail(b, 400, "ClientInputError", "%s", err.message);
}

/* With the lock held, so that no batch comes in between. */
static bool keep(sfo_bulk1 *b, sf_str text)
{
    sfo_fault fault = { 0 };
    sfo_bulk *bulk = b->call->org->bulk;
    sfo_bulk_counts counts;
    char id[19];
    memcpy(id, b->job.id, sizeof id);
    bool fine = sfo_bulk_job_get(bulk, id, &b->job, &fault) && sfo_bulk_job_counts(bulk, id, &counts, &fault);
    if (fine && strcmp(b->job.state, "Open") != 0)
        return sfo_bulk1_fail(b, 400, "InvalidJobState", "Job %s is not open: its state is %s", id, b->job.state);
    if (fine && counts.total > 0)
        return sfo_bulk1_fail(b, 400, "InvalidJobState", "A transformation spec comes before the first batch");
    fine = fine && sfo_bulk_data_drop(bulk, id, SFO_BULK_SPEC, &fault) &&
           sfo_bulk_data_add(bulk, id, SFO_BULK_SPEC, text, 0, &fault);
    return fine || sfo_bulk1_fault(b, &fault);
}

void sfo_bulk1_spec_set(sfo_bulk1 *b)
{
    sfi_buf converted = { 0 };
    sfo_spec *spec = NULL;
    sf_str text = b->call->request->body;
    const char *type = sfo_call_header(b->call, "Content-Type");
    if (text.ptr == NULL) text = SFI_STR("");
    bool fine = true;
    if (b->job.is_query || strcmp(b->job.content_type, "CSV") != 0)
        fine = sfo_bulk1_fail(b, 400, "InvalidJob", "A transformation spec is for rows of CSV, and the job has %s",
                              b->job.is_query ? "none" : b->job.content_type);
    else if (!sfo_bulk1_type_is(type, "text/csv"))
        fine = sfo_bulk1_fail(b, 400, "UnsupportedContentType", "Unsupported content type: %.200s",
                              type != NULL ? type : "");
    else if (text.len > SFO_SPEC_BYTES_MAX)
        fine = sfo_bulk1_fail(b, 400, "ClientInputError", "The transformation spec is longer than %d bytes",
                              SFO_SPEC_BYTES_MAX);
    fine = fine && sfo_bulk1_to_utf8(b, type, &text, &converted) && read_spec(b, text, &spec);
    sfo_spec_free(spec);
    if (fine) {
        sfo_store_lock(b->call->org->store);
        fine = keep(b, text);
        sfo_store_unlock(b->call->org->store);
    }
    if (fine) {
        b->call->response->status = 201;
        b->call->response->content_type = NULL;
    }
    sfi_buf_free(&converted);
}

bool sfo_bulk1_transform(sfo_bulk1 *b, sf_str *data, sfi_buf *room)
{
    sfo_fault fault = { 0 };
    sf_error err;
    sfi_buf text = { 0 };
    sfo_spec *spec = NULL;
    sf_status rc = SF_OK;
    bool fine = sfo_bulk_data_read(b->call->org->bulk, b->job.id, SFO_BULK_SPEC, &text, &fault);
    if (!fine) (void)sfo_bulk1_fault(b, &fault);
    if (fine && text.len > 0) fine = read_spec(b, sfi_buf_str(&text), &spec);
    if (spec != NULL) {
        room->max = ROOM_MAX;
        rc = sfo_spec_apply(spec, *data, room, &err);
    }
    if (spec != NULL && rc == SF_OK) {
        *data = sfi_buf_str(room);
    } else if (rc == SF_ERR_MEMORY) {
        fine = sfo_bulk1_fail(b, 500, "InternalServerError", "%s", err.message);
    } else if (rc != SF_OK) { /* rows as they are would be other rows */
        snprintf(b->batch.state, sizeof b->batch.state, "Failed");
        snprintf(b->batch.message, sizeof b->batch.message, "InvalidBatch : %.900s", err.message);
    }
    sfo_spec_free(spec);
    sfi_buf_free(&text);
    return fine;
}
