/* soap_records.c: rows written over SOAP: create, update, upsert, delete, undelete, emptyRecycleBin. Every request is one
 * transaction in which each row has a savepoint of its own: a row that fails takes back its own work only, unless AllOrNone
 * takes back all of it. */
#include "store/events.h"
#include <assert.h>
#include "api/soap.h"

/* ---- one row after another ---- */

static void tell_rolled_back(sfo_fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (faults[i].http_status == 0) sfo_several_rolled_back(&faults[i]);
}

/* false: nothing was written, and f says why. */
static bool run_all(sfo_soap *s, const sfo_soap_rows *rows, sfo_fault *faults, sfo_fault *f)
{
    bool fine = true;
    sfo_store *store = s->call->org->store;
    if (!sfo_store_begin(store, f)) return false;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->run(s, rows->user, i, &faults[i])) continue;
        fine = false;
        if (faults[i].http_status == 0) /* no memory even for the fault's text */
            (void)sfo_fault_set(&faults[i], 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
        sfo_several_reword(&faults[i]);
    }
    if (fine || !s->all_or_none) return sfo_store_commit(store, f);
    sfo_store_rollback(store);
    tell_rolled_back(faults, rows->count);
    return true;
}

static void write_rows(sfo_soap *s, const sfo_soap_rows *rows, sfo_fault *faults)
{
    bool has_records = false; /* duplicates show those that they are like */
    for (size_t i = 0; i < rows->count; i++) has_records = has_records || faults[i].duplicates != NULL;
    sfi_buf *out = sfo_soap_begin(s, has_records ? SFO_SOAP_RECORDS : SFO_SOAP_PLAIN);
    for (size_t i = 0; i < rows->count; i++) {
        bool ok = faults[i].http_status == 0;
        sfi_buf_add_str(out, "<result>");
        rows->write(s, rows->user, i, ok ? NULL : &faults[i], out);
        sfi_buf_add_str(out, "</result>");
        if (ok && rows->event != SFO_EVENT_COUNT) sfo_call_event(s->call, rows->event);
    }
    sfo_soap_end(s);
}

void sfo_soap_run_rows(sfo_soap *s, const sfo_soap_rows *rows)
{
    sfo_fault f = { 0 };
    sfo_fault *faults = sfi_calloc_n(rows->count + 1, sizeof *faults);
    if (faults == NULL)
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory", "UnexpectedErrorFault");
    else if (run_all(s, rows, faults, &f))
        write_rows(s, rows, faults);
    else
        sfo_soap_store_fault(s, &f);
    for (size_t i = 0; faults != NULL && i < rows->count; i++) sfo_fault_clear(&faults[i]);
    sfi_free(faults);
}

static bool check_count(sfo_soap *s, size_t count)
{
    if (count <= SFO_BATCH_MAX) return true;
    sfo_soap_faultf(s, "EXCEEDED_ID_LIMIT", "UnexpectedErrorFault",
                    "record limit reached. cannot submit more than %d records into this call", (int)SFO_BATCH_MAX);
    return false;
}

/* ---- records ---- */

typedef enum save_kind { SAVE_CREATE, SAVE_UPDATE, SAVE_UPSERT } save_kind;

typedef struct save_row {
    sfo_soap_record record;
    sf_id id;
    bool created;
} save_row;

typedef struct save {
    save_kind kind;
    save_row *rows;
    sf_str key; /* name of the upsert's field */
} save;

static bool create_one(sfo_soap *s, save_row *row, sfo_fault *f)
{
    sf_value body;
    if (row->record.id.len > 0)
        return sfo_fault_set(f, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call");
    row->created = true;
    return sfo_soap_record_body(s, &row->record, &body, f) &&
           sfo_record_create(s->call->org->store, &s->call->context, row->record.object, body, &row->id, f);
}

static bool update_one(sfo_soap *s, save_row *row, sfo_fault *f)
{
    sf_value body;
    if (row->record.id.len == 0) return sfo_fault_set(f, 400, "MISSING_ARGUMENT", "Id not specified in an update call");
    return sfo_several_id(NULL, &row->record.object, row->record.id, "bad id", &row->id, f) &&
           sfo_soap_record_body(s, &row->record, &body, f) &&
           sfo_record_update(s->call->org->store, &s->call->context, row->record.object, row->id.text, body, f);
}

static bool upsert_one(sfo_soap *s, const save *all, save_row *row, sfo_fault *f)
{
    sf_value body;
    const sfo_field *key = sfo_object_field(row->record.object, all->key);
    if (key->type == SFO_ID) return row->record.id.len > 0 ? update_one(s, row, f) : create_one(s, row, f);
    sf_str value = sfo_soap_record_field(s, &row->record, key->name);
    if (value.len == 0) return sfo_fault_set(f, 400, "MISSING_ARGUMENT", "%s not specified", key->name);
    return sfo_soap_record_body(s, &row->record, &body, f) &&
           sfo_several_upsert(s->call->org->store, &s->call->context, row->record.object, key, value, body, &row->id,
                              &row->created, f);
}

static bool save_one(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    save *all = user;
    switch (all->kind) {
    case SAVE_CREATE: return create_one(s, &all->rows[i], f);
    case SAVE_UPDATE: return update_one(s, &all->rows[i], f);
    default: return upsert_one(s, all, &all->rows[i], f);
    }
}

/* What stands among the errors of a platform event that went out. */
static void write_enqueued(const char *id, sfi_buf *out)
{
    char uuid[37];
    sfo_event_uuid(id, uuid);
    sfi_buf_add_str(out, "<errors>");
    sfo_soap_element(out, "message", uuid);
    sfo_soap_element(out, "statusCode", "OPERATION_ENQUEUED");
    sfi_buf_add_str(out, "</errors>");
}

static void write_saved(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    const save *all = user;
    (void)s;
    if (all->kind == SAVE_UPSERT) sfo_soap_element_bool(out, "created", f == NULL && all->rows[i].created);
    if (f != NULL) sfo_soap_write_errors(s, out, f);
    if (f == NULL && all->rows[i].record.object->is_event) write_enqueued(all->rows[i].id.text, out);
    sfo_soap_element(out, "id", f == NULL ? all->rows[i].id.text : NULL);
    sfo_soap_element_bool(out, "success", f == NULL);
}

/* All records before any is written: a wrong type or name is a fault of the whole call. */
static bool look_at_all(sfo_soap *s, save *all, size_t count)
{
    size_t i = 0, chunks = 0;
    const sfo_object *last = NULL;
    for (sfi_xml_element *e = sfi_xml_child(s->operation, "sObjects"); e != NULL && i < count;
         e = sfi_xml_next(e, "sObjects"), i++) {
        sfo_soap_record *record = &all->rows[i].record;
        if (!sfo_soap_record_look(s, e, record)) return false;
        assert(record->object != NULL); /* looked at */
        chunks += record->object != last;
        last = record->object;
        const sfo_field *key = all->kind == SAVE_UPSERT ? sfo_object_field(last, all->key) : NULL;
        if (all->kind != SAVE_UPSERT || (key != NULL && (key->type == SFO_ID || key->external_id || key->id_lookup)))
            continue;
        sfo_soap_faultf(
            s, "INVALID_FIELD", "InvalidFieldFault",
            "Field name provided, %.*s does not match an External ID, Salesforce Id, or indexed field for %s",
            (int)(all->key.len < 100 ? all->key.len : 100), all->key.ptr != NULL ? all->key.ptr : "", last->name);
        return false;
    }
    if (chunks <= SFO_SOAP_CHUNKS_MAX) return true;
    sfo_soap_faultf(s, "LIMIT_EXCEEDED", "UnexpectedErrorFault",
                    "Cannot have more than %d chunks in a single operation. Please rearrange the data to reduce "
                    "chunking.",
                    (int)SFO_SOAP_CHUNKS_MAX);
    return false;
}

static void save_all(sfo_soap *s, save_kind kind)
{
    size_t count = sfo_soap_count(s->operation, "sObjects");
    save all = { .kind = kind, .key = sfo_soap_text(s, s->operation, "externalIDFieldName") };
    if (!check_count(s, count)) return;
    all.rows = sfi_calloc_n(count + 1, sizeof *all.rows);
    if (all.rows == NULL) {
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory", "UnexpectedErrorFault");
        return;
    }
    sfo_soap_rows rows = { .count = count,
                           .run = save_one,
                           .write = write_saved,
                           .user = &all,
                           .event = kind == SAVE_CREATE ? SFO_EVENT_CREATED : SFO_EVENT_UPDATED };
    if (look_at_all(s, &all, count)) sfo_soap_run_rows(s, &rows);
    sfi_free(all.rows);
}

void sfo_soap_create(sfo_soap *s)
{
    save_all(s, SAVE_CREATE);
}

void sfo_soap_update(sfo_soap *s)
{
    save_all(s, SAVE_UPDATE);
}

void sfo_soap_upsert(sfo_soap *s)
{
    save_all(s, SAVE_UPSERT);
}

/* ---- ids ---- */

typedef bool (*id_call)(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f);

typedef struct id_rows {
    id_call call;
    sf_str *texts;
    sf_id *ids;
} id_rows;

static bool run_id(sfo_soap *s, void *user, size_t i, sfo_fault *f)
{
    id_rows *all = user;
    const sfo_object *o = NULL;
    if (!sfo_several_id(s->call->org->schema, &o, all->texts[i], "bad id", &all->ids[i], f)) return false;
    return all->call(s->call->org->store, &s->call->context, o, all->ids[i].text, f);
}

static void write_id(sfo_soap *s, void *user, size_t i, const sfo_fault *f, sfi_buf *out)
{
    const id_rows *all = user;
    (void)s;
    if (f != NULL) sfo_soap_write_errors(s, out, f);
    sfo_soap_element(out, "id", f == NULL ? all->ids[i].text : NULL);
    sfo_soap_element_bool(out, "success", f == NULL);
}

static void run_ids(sfo_soap *s, id_call call, sfo_event event)
{
    size_t count = sfo_soap_count(s->operation, NULL), i = 0; /* no other elements were let in */
    if (!check_count(s, count)) return;
    id_rows all = { .call = call,
                    .texts = sfi_calloc_n(count + 1, sizeof *all.texts),
                    .ids = sfi_calloc_n(count + 1, sizeof *all.ids) };
    if (all.texts == NULL || all.ids == NULL) {
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory", "UnexpectedErrorFault");
    } else {
        for (sfi_xml_element *e = sfi_xml_child(s->operation, NULL); e != NULL && i < count;
             e = sfi_xml_next(e, NULL)) {
            const char *text = sfi_xml_text(s->doc, e);
            all.texts[i++] = sfi_trim(sfi_str(text != NULL ? text : ""));
        }
        sfo_soap_run_rows(
            s, &(sfo_soap_rows){ .count = count, .run = run_id, .write = write_id, .user = &all, .event = event });
    }
    sfi_free(all.texts);
    sfi_free(all.ids);
}

void sfo_soap_delete(sfo_soap *s)
{
    run_ids(s, sfo_record_delete, SFO_EVENT_DELETED);
}

void sfo_soap_undelete(sfo_soap *s)
{
    run_ids(s, sfo_record_undelete, SFO_EVENT_UPDATED);
}

void sfo_soap_empty_recycle_bin(sfo_soap *s)
{
    run_ids(s, sfo_recycle_bin_empty, SFO_EVENT_COUNT);
}
