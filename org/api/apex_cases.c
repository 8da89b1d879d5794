/* apex_cases.c: the class CaseManager of the vendor's guide, mapped to /Cases and what follows: read, create, upsert,
 * change and delete a case. See apex.h. */
#include "api/apex.h"

static const char no_rows[] = "System.QueryException: List has no rows for assignment to SObject";

static const sfo_object *cases(const sfo_call *call)
{
    return sfo_schema_object(call->org->schema, SFI_STR("Case"));
}

/* The last step of the path, as the sample's code takes it. */
static bool id_of(sf_str rest, sf_id *id)
{
    while (rest.len > 0 && rest.ptr[rest.len - 1] == '/') rest.len--;
    size_t at = rest.len;
    while (at > 0 && rest.ptr[at - 1] != '/') at--;
    return sfo_id_normalize((sf_str){ rest.ptr + at, rest.len - at }, id);
}

/* The case with the sample's columns, as JSON. false: there is none such. */
static bool read_case(sfo_call *call, sf_str rest, sf_id *id, sfi_buf *out)
{
    static const char *const names[] = { "CaseNumber", "Subject", "Status", "Origin", "Priority", "Id" };
    const sfo_object *o = cases(call);
    const sfo_field *fields[SFI_COUNT_OF(names)];
    sfo_fault fault = { 0 };
    int64_t modified;
    if (o == NULL || !id_of(rest, id)) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        fields[i] = sfo_object_field(o, sfi_str(names[i]));
        if (fields[i] == NULL) return false;
    }
    bool ok = sfo_record_read(call->org->store, &call->context, o, id->text, fields, SFI_COUNT_OF(names), out,
                              &modified, &fault);
    sfo_fault_clear(&fault);
    return ok;
}

/* As Apex writes records: fields that are null are left out. */
void sfo_apex_case_get(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    sf_id id;
    sfi_buf row = { 0 };
    sf_document *doc = NULL;
    sf_str name;
    sf_value value;
    if (!read_case(call, rest, &id, &row) || sf_document_parse(row.data, row.len, &doc, NULL) != SF_OK) {
        sfi_buf_free(&row);
        sfo_apex_raise(call, c, no_rows);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, &name, &value);) {
        if (sf_value_type(value) == SF_NULL) continue;
        sfi_json_key_n(&w, name);
        sfi_json_write_value(&w, value);
    }
    sfi_json_end_object(&w);
    sf_document_free(doc);
    sfi_buf_free(&row);
}

static void answer_id(sfo_call *call, const char *id)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_string(&w, id);
}

/* What the store says against it, as the exception that the class does not catch. */
static void raise_fault(sfo_call *call, const sfo_apex_class *c, const char *verb, sfo_fault *f)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "System.DmlException: %s failed. First exception on row 0; first error: %s, %.600s: [%.200s]", verb,
                   f->code, f->message != NULL ? f->message : "", f->fields);
    sfo_fault_clear(f);
    sfo_apex_raise(call, c, text);
}

/* The parameters of create and upsert as a record. false: the response says what is wrong. */
static bool read_params(sfo_call *call, bool has_id, sfi_buf *record, sf_str *id)
{
    static const char *const names[] = { "subject", "status", "origin", "priority", "id" };
    static const char *const fields[] = { "Subject", "Status", "Origin", "Priority" };
    sf_value params;
    if (!sfo_apex_params(call, names, SFI_COUNT_OF(names) - !has_id, &params)) return false;
    sfi_json_writer w = sfi_json_write_to(record);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(fields); i++) {
        sf_str text = sf_get_text(params, names[i]);
        if (text.ptr == NULL) continue;
        sfi_json_key(&w, fields[i]);
        sfi_json_string_n(&w, text);
    }
    sfi_json_end_object(&w);
    *id = sf_get_text(params, "id");
    return true;
}

typedef struct saving {
    sf_document *doc;
    sf_id id;
    sfo_fault fault;
} saving;

static bool create_case(sfo_call *call, sf_str json, saving *s)
{
    if (cases(call) == NULL || sf_document_parse(json.ptr, json.len, &s->doc, NULL) != SF_OK) return false;
    if (!sfo_record_create(call->org->store, &call->context, cases(call), sf_document_root(s->doc), &s->id, &s->fault))
        return false;
    sfo_call_event(call, SFO_EVENT_CREATED);
    return true;
}

static bool update_case(sfo_call *call, sf_str json, saving *s)
{
    if (cases(call) == NULL || sf_document_parse(json.ptr, json.len, &s->doc, NULL) != SF_OK) return false;
    if (!sfo_record_update(call->org->store, &call->context, cases(call), s->id.text, sf_document_root(s->doc),
                           &s->fault))
        return false;
    sfo_call_event(call, SFO_EVENT_UPDATED);
    return true;
}

static void end_saving(sfo_call *call, const sfo_apex_class *c, const char *verb, bool ok, saving *s)
{
    if (ok)
        answer_id(call, s->id.text);
    else
        raise_fault(call, c, verb, &s->fault);
    sf_document_free(s->doc);
}

void sfo_apex_case_create(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    sfi_buf record = { 0 };
    sf_str id;
    (void)rest;
    if (read_params(call, false, &record, &id)) {
        saving s = { 0 };
        end_saving(call, c, "Insert", create_case(call, sfi_buf_str(&record), &s), &s);
    }
    sfi_buf_free(&record);
}

void sfo_apex_case_upsert(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    sfi_buf record = { 0 };
    sf_str id;
    (void)rest;
    if (read_params(call, true, &record, &id)) {
        saving s = { 0 };
        if (id.len == 0)
            end_saving(call, c, "Upsert", create_case(call, sfi_buf_str(&record), &s), &s);
        else if (!sfo_id_normalize(id, &s.id))
            sfo_apex_raise(call, c, "System.StringException: Invalid id");
        else
            end_saving(call, c, "Upsert", update_case(call, sfi_buf_str(&record), &s), &s);
    }
    sfi_buf_free(&record);
}

/* Any fields of the case, from a body that the class reads itself. */
void sfo_apex_case_update(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    sfi_buf row = { 0 };
    saving s = { 0 };
    sf_value body;
    sf_str name;
    bool is_there = read_case(call, rest, &s.id, &row);
    sfi_buf_free(&row);
    if (!is_there) {
        sfo_apex_raise(call, c, no_rows);
        return;
    }
    if (!sfo_call_body(call, &body)) return;
    for (sf_iter it = sf_iter_begin(body); sf_iter_next(&it, &name, NULL);) {
        char text[200];
        if (sfo_object_field(cases(call), name) != NULL) continue;
        (void)snprintf(text, sizeof text, "System.SObjectException: Invalid field %.*s for Case",
                       (int)(name.len < 80 ? name.len : 80), name.ptr);
        sfo_apex_raise(call, c, text);
        return;
    }
    end_saving(call, c, "Update", update_case(call, call->request->body, &s), &s);
}

void sfo_apex_case_delete(sfo_call *call, const sfo_apex_class *c, sf_str rest)
{
    sf_id id;
    sfi_buf row = { 0 };
    sfo_fault fault = { 0 };
    bool is_there = read_case(call, rest, &id, &row);
    sfi_buf_free(&row);
    if (!is_there) {
        sfo_apex_raise(call, c, no_rows);
    } else if (!sfo_record_delete(call->org->store, &call->context, cases(call), id.text, &fault)) {
        raise_fault(call, c, "Delete", &fault);
    } else {
        sfo_call_event(call, SFO_EVENT_DELETED);
        call->response->status = 200; /* void */
    }
}
