/* rest_records.c: rows one at a time: create, read, update, delete. The store checks and writes; here are the ids in
 * paths, field lists, conditional headers and the forms of answers. A condition and the write that depends on it happen
 * under one hold of the store's lock. */
#include <openssl/sha.h>
#include "api/rest.h"

enum { FIELDS_MAX = 1000 };

const sfo_object *sfo_call_object(sfo_call *call)
{
    const sfo_object *o = sfo_schema_object(call->org->schema, call->args[0]);
    if (o == NULL) sfo_answer_not_found(call);
    return o;
}

bool sfo_call_record_id(sfo_call *call, const sfo_object *o, sf_str text, sf_id *out)
{
    if (!sfo_id_normalize(text, out)) {
        sfo_answer_error(call, 404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s",
                         text.ptr);
        return false;
    }
    if (o->key_prefix != NULL && strncmp(out->text, o->key_prefix, 3) != 0) {
        sfo_answer_not_found(call);
        return false;
    }
    return true;
}

/* ---- what conditions look at ---- */
/* Reads the row whole for its ETag (Account only, as the org does it) and its time. false: the response says why. */
static bool row_state(sfo_call *call, const sfo_object *o, const char *id, sfo_row_state *out)
{
    sfi_buf body = { 0 };
    sfo_fault fault = { 0 };
    sfo_context context = call->context;
    context.version = "1.0"; /* the URL inside must not make the tag differ between versions */
    *out = (sfo_row_state){ .etag = "" };
    bool ok = sfo_record_read(call->org->store, &context, o, id, NULL, 0, &body, &out->modified_ms, &fault);
    if (!ok) sfo_answer_fault(call, &fault);
    if (ok && strcmp(o->name, "Account") == 0) {
        unsigned char hash[SHA256_DIGEST_LENGTH];
        sfi_buf tag = { 0 };
        SHA256((const unsigned char *)body.data, body.len, hash);
        sfi_buf_add_char(&tag, '"');
        sfi_buf_add_base64(&tag, hash, sizeof hash);
        sfi_buf_add_char(&tag, '"');
        if (!tag.failed) snprintf(out->etag, sizeof out->etag, "%s", tag.data);
        sfi_buf_free(&tag);
    }
    sfi_buf_free(&body);
    return ok;
}

/* ---- read ---- */
/* fields=Name,Phone into the object's fields, Id at the end when it was not asked for. -1: the response says what is
 * wrong. */
static int requested_fields(sfo_call *call, const sfo_object *o, const sfo_field ***out)
{
    sf_str names = sfo_params_get(&call->query, "fields");
    *out = NULL;
    if (names.len == 0) return 0;
    const sfo_field **fields = sfi_arena_alloc(&call->arena, FIELDS_MAX * sizeof *fields);
    int count = 0;
    bool has_id = false;
    sf_str name;
    while (fields != NULL && count < FIELDS_MAX - 1 && sfo_next_piece(&names, &name)) {
        const sfo_field *field = sfo_object_field(o, name);
        if (field == NULL) {
            sfo_answer_error(call, 400, "INVALID_FIELD",
                             "\n%.*s\n^\nERROR at Row:1:Column:1\nNo such column '%.*s' on entity '%s'. If you are "
                             "attempting to use a "
                             "custom field, be sure to append the '__c' after the custom field name. Please reference "
                             "your WSDL or the "
                             "describe call for the appropriate names.",
                             (int)name.len, name.ptr, (int)name.len, name.ptr, o->name);
            return -1;
        }
        bool repeated = false;
        for (int i = 0; i < count; i++) repeated = repeated || fields[i] == field;
        if (!repeated) fields[count++] = field;
        has_id = has_id || field->type == SFO_ID;
    }
    const sfo_field *id = sfo_object_field(o, SFI_STR("Id"));
    if (!has_id && id != NULL && fields != NULL) fields[count++] = id;
    *out = fields;
    return count;
}

void sfo_answer_record(sfo_call *call, const sfo_object *o, const char *id)
{
    const sfo_field **fields;
    int count = requested_fields(call, o, &fields);
    if (count < 0) return;
    sfo_fault fault = { 0 };
    sfo_row_state state = { .etag = "" };
    bool is_tagged = strcmp(o->name, "Account") == 0;
    (void)sfo_answer_json(call, 200);
    sfo_store_lock(call->org->store); /* row and tag from the same moment */
    bool ok = !is_tagged || row_state(call, o, id, &state);
    if (ok && !sfo_record_read(call->org->store, &call->context, o, id, fields, (size_t)count, &call->response->body,
                               &state.modified_ms, &fault)) {
        ok = false;
        sfo_answer_fault(call, &fault);
    }
    sfo_store_unlock(call->org->store);
    if (!ok || !sfo_precondition_holds(call, &state, true)) return;
    sfo_call_touch(call, id);
    if (state.etag[0] != '\0') sfo_response_header(call->response, "ETag", "%s", state.etag);
    if (state.modified_ms > 0) {
        char date[32];
        sfi_http_date_format(state.modified_ms, date);
        sfo_response_header(call->response, "Last-Modified", "%s", date);
    }
    if (sfo_not_modified(call, state.etag, state.modified_ms)) sfo_answer_empty(call, 304);
}

void sfo_rest_get(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = sfo_call_object(call);
    if (o != NULL && sfo_call_record_id(call, o, call->args[1], &id)) sfo_answer_record(call, o, id.text);
}

/* ---- write ---- */
void sfo_answer_saved(sfo_call *call, int status, const sfo_object *o, const char *id, int created)
{
    sfo_call_touch(call, id);
    sfo_response_header(call->response, "Location", "/services/data/v%s/sobjects/%s/%s", call->version, o->name, id);
    sfi_json_writer w = sfo_answer_json(call, status);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "id");
    sfi_json_string(&w, id);
    sfi_json_key(&w, "success");
    sfi_json_bool(&w, true);
    sfi_json_key(&w, "errors");
    sfi_json_begin_array(&w);
    if (o->is_event) sfo_write_enqueued(&w, id);
    sfi_json_end_array(&w);
    if (created >= 0) {
        sfi_json_key(&w, "created");
        sfi_json_bool(&w, created > 0);
    }
    sfi_json_end_object(&w);
}

void sfo_rest_create(sfo_call *call)
{
    sf_value body;
    sf_id id;
    sfo_fault fault = { 0 };
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || !sfo_call_record(call, o, &body)) return;
    if (!sfo_record_create(call->org->store, &call->context, o, body, &id, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfo_call_event(call, SFO_EVENT_CREATED);
    sfo_answer_saved(call, 201, o, id.text, -1);
}

void sfo_update_record(sfo_call *call, const sfo_object *o, const char *id)
{
    sf_value body;
    sfo_fault fault = { 0 };
    sfo_row_state state;
    if (!sfo_call_record(call, o, &body)) return;
    sfo_store_lock(call->org->store);
    if (!sfo_has_precondition(call) ||
        (row_state(call, o, id, &state) && sfo_precondition_holds(call, &state, false))) {
        if (sfo_record_update(call->org->store, &call->context, o, id, body, &fault)) {
            sfo_call_event(call, SFO_EVENT_UPDATED);
            sfo_call_touch(call, id);
            sfo_answer_empty(call, 204);
        } else {
            sfo_answer_fault(call, &fault);
        }
    }
    sfo_store_unlock(call->org->store);
}

void sfo_delete_record(sfo_call *call, const sfo_object *o, const char *id)
{
    sfo_fault fault = { 0 };
    if (!sfo_record_delete(call->org->store, &call->context, o, id, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfo_call_event(call, SFO_EVENT_DELETED);
    sfo_answer_empty(call, 204);
}

void sfo_rest_update(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = sfo_call_object(call);
    if (o != NULL && sfo_call_record_id(call, o, call->args[1], &id)) sfo_update_record(call, o, id.text);
}

void sfo_rest_delete(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = sfo_call_object(call);
    if (o != NULL && sfo_call_record_id(call, o, call->args[1], &id)) sfo_delete_record(call, o, id.text);
}
