/* rest_paths.c: /sobjects/{O}/{a}/{b}. When a is a field's name, b is a value of it (rows by external id); when a is an
 * id, b is a relationship to walk or a base64 field to fetch. */
#include "api/rest.h"

enum { SHOWN_MAX = 50 /* paths in the answer to an ambiguous value */ };

/* ---- by external id ---- */
/* The field of args[1]; NULL: the response is the 404. */
static const sfo_field *key_field(sfo_call *call, const sfo_object *o)
{
    const sfo_field *field = sfo_object_field(o, call->args[1]);
    if (field != NULL && (field->type == SFO_ID || field->external_id || field->id_lookup)) return field;
    sfo_answer_error(call, 404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s",
                     call->args[1].ptr);
    return NULL;
}

static void answer_several(sfo_call *call, const sfo_object *o, const sf_id *ids, int count)
{
    sfi_json_writer w = sfo_answer_json(call, 300);
    sfi_json_begin_array(&w);
    for (int i = 0; i < count && i < SHOWN_MAX; i++) {
        char path[160];
        snprintf(path, sizeof path, "/services/data/v%s/sobjects/%s/%.18s", call->version, o->name, ids[i].text);
        sfi_json_string(&w, path);
    }
    sfi_json_end_array(&w);
}

/* The one row with that value. false: the response says 404 or 300. */
static bool find_one(sfo_call *call, const sfo_object *o, const sfo_field *field, sf_id *out)
{
    sf_id ids[SHOWN_MAX];
    sfo_fault fault = { 0 };
    if (field->type == SFO_ID) return sfo_call_record_id(call, o, call->args[2], out);
    int count = sfo_record_find(call->org->store, o, field, call->args[2], ids, SHOWN_MAX, &fault);
    if (count < 0)
        sfo_answer_fault(call, &fault);
    else if (count == 0)
        sfo_answer_not_found(call);
    else if (count > 1)
        answer_several(call, o, ids, count);
    else
        *out = ids[0];
    return count == 1;
}

/* ---- along a relationship ---- */
/* The record that the reference field of a row points to. false: the response is the 404. */
static bool parent_of(sfo_call *call, const sfo_object *o, const char *id, const sfo_field *field,
                      const sfo_object **parent, sf_id *out)
{
    char *sql = sqlite3_mprintf("SELECT \"%w\" FROM \"%w\" WHERE Id = ?", field->name, o->name);
    sqlite3_stmt *stmt = NULL;
    out->text[0] = '\0';
    sfo_store_lock(call->org->store);
    if (sql != NULL && sqlite3_prepare_v2(sfo_store_db(call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
        sqlite3_column_type(stmt, 0) == SQLITE_TEXT)
        snprintf(out->text, sizeof out->text, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sfo_store_unlock(call->org->store);
    sqlite3_free(sql);
    *parent = out->text[0] != '\0' ? sfo_schema_object_of_id(call->org->schema, sfi_str(out->text)) : NULL;
    if (*parent == NULL) sfo_answer_not_found(call);
    return *parent != NULL;
}

/* A page of the children, by the query that says the same. */
static void answer_children(sfo_call *call, const sfo_child *child, const char *id)
{
    const sfo_object *o = sfo_schema_object(call->org->schema, sfi_str(child->child_object));
    sf_str fields = sfo_params_get(&call->query, "fields");
    if (o == NULL) {
        sfo_answer_not_found(call);
        return;
    }
    sfi_buf soql = { 0 };
    sfi_buf_add_str(&soql, "SELECT ");
    sfi_buf_add(&soql, fields.ptr, fields.len);
    for (size_t i = 0; fields.len == 0 && i < o->field_count; i++)
        sfi_buf_addf(&soql, "%s%s", i > 0 ? ", " : "", o->fields[i].name);
    sfi_buf_addf(&soql, " FROM %s WHERE %s = '%s'", o->name, child->field, id);
    sfo_fault fault = { 0 };
    (void)sfo_answer_json(call, 200);
    bool ok = !soql.failed && sfo_soql_query(call->org->store, &call->context, sfi_buf_str(&soql),
                                             &(sfo_query_options){ 0 }, &call->response->body, &fault);
    if (!ok)
        sfo_answer_fault(call, &fault);
    else
        sfo_fault_clear(&fault);
    sfi_buf_free(&soql);
}

/* ---- what the path means ---- */
typedef struct target {
    const sfo_object *object; /* of the row that is meant */
    sf_id id;
    const sfo_child *child; /* or: these children of the row */
    const sfo_field *blob;  /* or: this field's bytes */
} target;

/* false: the response says why not. */
static bool resolve(sfo_call *call, target *out)
{
    *out = (target){ 0 };
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL) return false;
    out->object = o;
    sf_id id;
    if (sfo_object_field(o, call->args[1]) != NULL || !sfo_id_normalize(call->args[1], &id)) {
        const sfo_field *field = key_field(call, o);
        return field != NULL && find_one(call, o, field, &out->id);
    }
    if (!sfo_call_record_id(call, o, call->args[1], &out->id)) return false;
    sfo_fault fault = { 0 };
    sfi_buf unused = { 0 };
    int64_t modified;
    const sfo_field *id_field = sfo_object_field(o, SFI_STR("Id"));
    bool exists =
        sfo_record_read(call->org->store, &call->context, o, out->id.text, &id_field, 1, &unused, &modified, &fault);
    sfi_buf_free(&unused);
    if (!exists) {
        sfo_answer_fault(call, &fault);
        return false;
    }
    const sfo_field *reference = sfo_object_relationship(o, call->args[2]);
    if (reference != NULL) {
        sf_id from = out->id;
        return parent_of(call, o, from.text, reference, &out->object, &out->id);
    }
    out->child = sfo_object_child(o, call->args[2]);
    const sfo_field *field = sfo_object_field(o, call->args[2]);
    if (field != NULL && field->type == SFO_BASE64) out->blob = field;
    if (out->child != NULL || out->blob != NULL) return true;
    sfo_answer_not_found(call);
    return false;
}

void sfo_rest_get_by(sfo_call *call)
{
    target t;
    if (!resolve(call, &t)) return;
    if (t.child != NULL)
        answer_children(call, t.child, t.id.text);
    else if (t.blob != NULL)
        sfo_answer_blob(call, t.object, t.id.text, t.blob);
    else
        sfo_answer_record(call, t.object, t.id.text);
}

static bool is_row(sfo_call *call, const target *t)
{
    if (t->child == NULL && t->blob == NULL) return true;
    sfo_response_header(call->response, "Allow", "GET,HEAD");
    sfo_answer_error(call, 405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are GET,HEAD",
                     call->request->method);
    return false;
}

void sfo_rest_delete_by(sfo_call *call)
{
    target t;
    if (resolve(call, &t) && is_row(call, &t)) sfo_delete_record(call, t.object, t.id.text);
}

/* ---- upsert ---- */
static void answer_upserted(sfo_call *call, const sfo_object *o, const char *id, bool created)
{
    enum { BODY_ON_UPDATE_FROM = 46 }; /* before, an update said 204 */
    if (created || call->version_number >= BODY_ON_UPDATE_FROM) {
        sfo_answer_saved(call, created ? 201 : 200, o, id, created);
        return;
    }
    sfo_answer_empty(call, 204);
}

static void upsert(sfo_call *call, const sfo_object *o, const sfo_field *field)
{
    sf_value body;
    sf_id id;
    bool created = false;
    sfo_fault fault = { 0 };
    bool update_only = sfi_str_is_nocase(sfo_params_get(&call->query, "updateOnly"), "true");
    if (!sfo_call_record(call, o, &body)) return;
    if (field->type == SFO_ID) {
        if (!sfo_call_record_id(call, o, call->args[2], &id)) return;
        if (!sfo_record_update(call->org->store, &call->context, o, id.text, body, &fault)) {
            sfo_answer_fault(call, &fault);
            return;
        }
    } else if (!sfo_record_upsert(call->org->store, &call->context, o, field, call->args[2], body, update_only, &id,
                                  &created, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfo_call_event(call, created ? SFO_EVENT_CREATED : SFO_EVENT_UPDATED);
    answer_upserted(call, o, id.text, created);
}

void sfo_rest_upsert(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL) return;
    if (sfo_object_field(o, call->args[1]) != NULL || !sfo_id_normalize(call->args[1], &id)) {
        const sfo_field *field = key_field(call, o);
        if (field != NULL) upsert(call, o, field);
        return;
    }
    target t;
    if (resolve(call, &t) && is_row(call, &t)) sfo_update_record(call, t.object, t.id.text);
}
