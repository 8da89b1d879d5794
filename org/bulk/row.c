/* row.c: one row of an upload through the store, with the wording that rows have where several come at once. */
#include "bulk/bulk_internal.h"
#include <assert.h>

bool sfo_bulk_target_of(sfo_bulk *b, const sfo_bulk_job *job, sfo_bulk_target *out, sfo_fault *f)
{
    static const struct {
        const char *name;
        char letter;
    } operations[] = {
        { "insert", 'i' }, { "update", 'u' }, { "upsert", 'x' }, { "delete", 'd' }, { "hardDelete", 'h' }
    };
    assert(job != NULL);
    const sfo_schema *schema = sfo_store_schema(b->store);
    *out = (sfo_bulk_target){ .object = sfo_schema_object(schema, sfi_str(job->object)) };
    for (size_t i = 0; i < SFI_COUNT_OF(operations); i++)
        if (strcmp(job->operation, operations[i].name) == 0) out->operation = operations[i].letter;
    if (out->operation == '\0')
        return sfo_fault_set(f, 400, "API_ERROR", "Invalid value: '%s' supplied for property: 'operation'",
                             job->operation);
    if (out->object == NULL)
        return sfo_fault_set(f, 400, "INVALIDJOB", "InvalidJob : Unable to find object: %s", job->object);
    if (out->object->is_event && out->operation != 'i')
        return sfo_fault_set(f, 400, "INVALIDJOB", "InvalidJob : Platform events like %s can only be inserted",
                             out->object->name);
    if (out->operation == 'x') {
        if (job->external_id[0] == '\0')
            return sfo_fault_set(f, 400, "INVALIDJOB",
                                 "InvalidJob : External ID was blank for %s. An External ID must be "
                                 "specified for upsert.",
                                 out->object->name);
        out->key = sfo_object_field(out->object, sfi_str(job->external_id));
        if (out->key == NULL || !(out->key->external_id || out->key->id_lookup || out->key->type == SFO_ID))
            return sfo_fault_set(f, 400, "INVALIDJOB",
                                 "InvalidJob : Field name provided, %s does not match an External ID for %s",
                                 job->external_id, out->object->name);
    } else if (job->external_id[0] != '\0') {
        return sfo_fault_set(f, 400, "INVALIDJOB",
                             "InvalidJob : External ID was specified for a job that is no upsert");
    }
    return true;
}

static bool resolve_id(const sfo_bulk_target *t, sfo_bulk_row *row)
{
    const sfo_object *o = t->object;
    if (row->key.len == 0) return sfo_fault_set(&row->fault, 400, "MISSING_ARGUMENT", "Id not specified");
    return sfo_several_id(NULL, &o, row->key, "malformed id", &row->id, &row->fault);
}

static bool upsert(sfo_bulk *b, const sfo_context *c, const sfo_bulk_target *t, sf_value body, sfo_bulk_row *row)
{
    if (t->key->type == SFO_ID) {
        row->created = row->key.len == 0;
        if (row->created) return sfo_record_create(b->store, c, t->object, body, &row->id, &row->fault);
        return resolve_id(t, row) && sfo_record_update(b->store, c, t->object, row->id.text, body, &row->fault);
    }
    if (row->key.len == 0) return sfo_fault_set(&row->fault, 400, "MISSING_ARGUMENT", "%s not specified", t->key->name);
    return sfo_several_upsert(b->store, c, t->object, t->key, row->key, body, &row->id, &row->created, &row->fault);
}

void sfo_bulk_row_run(sfo_bulk *b, const sfo_context *c, const sfo_bulk_target *t, sfi_json *doc, sfo_bulk_row *row)
{
    sfo_store *s = b->store;
    row->ok = row->created = false;
    row->id = (sf_id){ "" };
    if (b->options.row_is_locked != NULL && b->options.row_is_locked(b->options.user)) {
        (void)sfo_fault_set(&row->fault, 400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record");
        return;
    }
    sf_error err;
    if (t->operation != 'd' && t->operation != 'h' && sfi_json_parse(doc, row->body, &err) != SF_OK) {
        (void)sfo_fault_set(&row->fault, 400, "JSON_PARSER_ERROR", "%s", err.message);
        return;
    }
    sf_value body = t->operation == 'd' || t->operation == 'h' ? (sf_value){ 0 } : sfi_json_root(doc);
    switch (t->operation) {
    case 'i':
        row->ok = sfo_record_create(s, c, t->object, body, &row->id, &row->fault);
        row->created = row->ok;
        break;
    case 'u':
        row->ok = resolve_id(t, row) && sfo_record_update(s, c, t->object, row->id.text, body, &row->fault);
        break;
    case 'x': row->ok = upsert(b, c, t, body, row); break;
    default:
        row->ok =
            resolve_id(t, row) && sfo_record_delete(s, c, t->object, row->id.text, &row->fault) &&
            (t->operation == 'd' || sfo_object_field(t->object, SFI_STR("IsDeleted")) == NULL || /* gone at once */
             sfo_recycle_bin_empty(s, c, t->object, row->id.text, &row->fault));
        break;
    }
    if (row->ok) return;
    row->created = false;
    sfo_several_reword(&row->fault);
}

void sfo_bulk_error_text(sfi_buf *out, const sfo_fault *f)
{
    sfi_buf_addf(out, "%s:%s:%s%s--", f->code, f->message != NULL ? f->message : "", f->fields,
                 f->fields[0] != '\0' ? " " : "");
}
