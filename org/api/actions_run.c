/* actions_run.c: one invocation of an invocable action, see actions.h. An input is one transaction: what a declared failure or a
 * refused effect leaves behind is nothing. */
#include "api/actions.h"
#include "store/criteria.h"
#include "store/outbox.h"

/* ---- inputs ---- */

static bool refuse_input(sfo_fault *f, const char *code, const char *field, const char *format, ...) SFI_PRINTF(4, 5);
static bool refuse_input(sfo_fault *f, const char *code, const char *field, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* cut is fine */
    va_end(args);
    (void)sfo_fault_set(f, 400, code, "%s", text);
    (void)snprintf(f->fields, sizeof f->fields, "%.200s", field);
    f->has_fields = true;
    return false;
}

static const sfo_parameter *find_input(const sfo_action *a, sf_str name)
{
    for (size_t i = 0; i < a->input_count; i++)
        if (sfi_str_is(name, a->inputs[i].name)) return &a->inputs[i];
    return NULL;
}

static bool fits_type(const char *type, sf_value v)
{
    static const char *const numbers[] = { "NUMBER", "INTEGER", "DOUBLE", "CURRENCY", "PERCENT" };
    static const char *const ids[] = { "REFERENCE", "ID" };
    sf_str text = sf_get_text(v, NULL);
    double d;
    sf_id id;
    for (size_t i = 0; i < SFI_COUNT_OF(numbers); i++)
        if (sfi_eq_nocase(type, numbers[i])) return text.ptr != NULL && sfi_parse_double(text, &d);
    for (size_t i = 0; i < SFI_COUNT_OF(ids); i++)
        if (sfi_eq_nocase(type, ids[i])) return text.ptr != NULL && sfo_id_normalize(text, &id);
    if (sfi_eq_nocase(type, "BOOLEAN")) return sfi_str_is_nocase(text, "true") || sfi_str_is_nocase(text, "false");
    return text.ptr != NULL || sfi_eq_nocase(type, "SOBJECT") || sfi_eq_nocase(type, "APEX");
}

static bool check_value(const sfo_parameter *p, sf_value v, sfo_fault *f)
{
    sf_value one;
    if (sf_value_type(v) != SF_ARRAY) {
        if (sf_value_type(v) == SF_NULL || fits_type(p->type, v)) return true;
    } else if (p->occurs_max > 1) {
        bool ok = (int64_t)sf_value_count(v) <= p->occurs_max;
        for (sf_iter it = sf_iter_begin(v); ok && sf_iter_next(&it, NULL, &one);) ok = fits_type(p->type, one);
        if (ok) return true;
    }
    return refuse_input(f, "INVALID_ARGUMENT_TYPE", p->name, "Invalid value for the input parameter %s: want %s%s",
                        p->name, p->occurs_max > 1 ? "a list of " : "", p->type);
}

static bool check_inputs(const sfo_action *a, sf_value input, sfo_fault *f)
{
    sf_str key;
    sf_value v;
    if (sf_value_type(input) != SF_OBJECT)
        return refuse_input(f, "INVALID_ARGUMENT_TYPE", "inputs", "Each of the inputs is an object");
    for (sf_iter it = sf_iter_begin(input); sf_iter_next(&it, &key, &v);) {
        const sfo_parameter *p = find_input(a, key);
        if (p == NULL)
            return refuse_input(f, "INVALID_FIELD", key.ptr, "No such input parameter: %.*s", (int)key.len, key.ptr);
        if (!check_value(p, v, f)) return false;
    }
    for (size_t i = 0; i < a->input_count; i++) {
        sf_value given = sf_get(input, a->inputs[i].name);
        bool empty = sf_value_type(given) == SF_STRING && sf_get_text(given, NULL).len == 0;
        if (a->inputs[i].required && (empty || sf_value_type(given) == SF_MISSING || sf_value_type(given) == SF_NULL))
            return refuse_input(f, "REQUIRED_FIELD_MISSING", a->inputs[i].name, "Missing required input parameter: %s",
                                a->inputs[i].name);
    }
    return true;
}

/* ---- declared failures ---- */

static bool check_failures(const sfo_action *a, sf_value input, bool late, sfo_fault *f)
{
    for (size_t i = 0; i < a->failure_count; i++) {
        const sfo_failure *x = &a->failures[i];
        sf_value given = sf_get(input, x->input);
        if (x->late == late && sfo_criterion_texts(x->op, sf_get_text(given, NULL), x->value))
            return refuse_input(f, x->code, "", "%s", x->message);
    }
    return true;
}

/* ---- mail ---- */

static bool is_address(sf_str text)
{
    const char *at = text.ptr != NULL ? memchr(text.ptr, '@', text.len) : NULL;
    if (at == NULL || at == text.ptr || at + 1 == text.ptr + text.len) return false;
    size_t after = (size_t)(text.ptr + text.len - at) - 1;
    if (memchr(at + 1, '@', after) != NULL) return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || strchr("<>(),;:\"[]\\", text.ptr[i]) != NULL) return false;
    return true;
}

/* Addresses with commas or semicolons between, or an array of them. */
static bool add_addresses(sf_value v, sfi_json_writer *w, size_t *count, sfo_fault *f)
{
    sf_value one;
    if (sf_value_type(v) == SF_ARRAY) {
        for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, NULL, &one);)
            if (!add_addresses(one, w, count, f)) return false;
        return true;
    }
    sf_str text = sf_get_text(v, NULL);
    for (size_t i = 0; text.ptr != NULL && i <= text.len;) {
        size_t len = 0;
        while (i + len < text.len && text.ptr[i + len] != ',' && text.ptr[i + len] != ';') len++;
        sf_str address = sfi_trim((sf_str){ text.ptr + i, len });
        i += len + 1;
        if (address.len == 0) continue;
        if (!is_address(address))
            return refuse_input(f, "INVALID_EMAIL_ADDRESS", "", "Email address is invalid: %.*s", (int)address.len,
                                address.ptr);
        sfi_json_string_n(w, address);
        ++*count;
    }
    return true;
}

static bool write_mail(sf_value message, sfi_json_writer *w, sfo_fault *f)
{
    static const char *const lists[] = { "to", "cc", "bcc" };
    sf_str key;
    sf_value v;
    size_t count = 0;
    sfi_json_begin_object(w);
    for (size_t i = 0; i < SFI_COUNT_OF(lists); i++) {
        sf_value list = sf_get(message, lists[i]);
        if (sf_value_type(list) == SF_MISSING) continue;
        sfi_json_key(w, lists[i]);
        sfi_json_begin_array(w);
        if (!add_addresses(list, w, &count, f)) return false;
        sfi_json_end_array(w);
    }
    if (count == 0) return refuse_input(f, "REQUIRED_FIELD_MISSING", "", "Add a recipient to send an email.");
    for (sf_iter it = sf_iter_begin(message); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "to") || sfi_str_is(key, "cc") || sfi_str_is(key, "bcc")) continue;
        sfi_json_key_n(w, key);
        sfi_json_write_value(w, v);
    }
    sfi_json_end_object(w);
    return true;
}

bool sfo_send_mail(sfo_call *call, sf_str message, sfo_fault *f)
{
    sfi_buf out = { 0 };
    sfi_json_writer w = sfi_json_write_to(&out);
    sf_document *doc = NULL;
    if (sf_document_parse(message.ptr, message.len, &doc, NULL) != SF_OK)
        return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    bool ok = write_mail(sf_document_root(doc), &w, f);
    if (ok && out.failed) ok = sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    ok = ok && sfo_outbox_add(call->org->store, &call->context, "email", sfi_buf_str(&out), f);
    sf_document_free(doc);
    sfi_buf_free(&out);
    return ok;
}

/* ---- effects ---- */

static const sfo_object *object_of(sfo_call *call, const sfo_effect *e, sf_str id, sf_id *out, sfo_fault *f)
{
    const sfo_object *o = e->object;
    if (!sfo_id_normalize(id, out) ||
        (o == NULL && (o = sfo_schema_object_of_id(call->org->schema, sfi_str(out->text))) == NULL)) {
        (void)refuse_input(f, "INVALID_CROSS_REFERENCE_KEY", "", "invalid cross reference id");
        return NULL;
    }
    return o;
}

static bool submit(sfo_call *call, sf_value message, sfo_variable *made, sfo_fault *f)
{
    sfo_process_result result;
    sf_value one;
    sfo_process_request r = { .action = SFO_SUBMIT,
                              .target = sf_get_text(message, "objectId"),
                              .submitter = sf_get_text(message, "submitterId"),
                              .process = sf_get_text(message, "processDefinitionNameOrId"),
                              .comments = sf_get_text(message, "comment"),
                              .skip_criteria = sf_get_bool(message, "skipEntryCriteria", false) };
    for (sf_iter it = sf_iter_begin(sf_get(message, "nextApproverIds"));
         r.next_count < SFO_ACTORS_MAX && sf_iter_next(&it, NULL, &one);)
        r.next[r.next_count++] = sf_get_text(one, NULL);
    if (!sfo_process(call->org->approvals, call->org->store, &call->context, &r, &result, f)) return false;
    made->id = result.instance;
    made->status = result.status;
    return true;
}

/* The effect's "set" with its names replaced, as a document. */
static bool read_set(const sfo_scope *scope, const sfo_effect *e, sf_document **out, sfo_fault *f)
{
    sfi_buf body = { 0 };
    sf_str set = e->set.ptr != NULL ? e->set : SFI_STR("{}");
    bool ok = sfo_template_write(scope, set, &body) && sf_document_parse(body.data, body.len, out, NULL) == SF_OK;
    sfi_buf_free(&body);
    return ok || sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
}

static bool run_effect(sfo_call *call, const sfo_scope *scope, const sfo_effect *e, sfo_variable *made, sfo_fault *f)
{
    sf_document *doc = NULL;
    if (!read_set(scope, e, &doc, f)) return false;
    sf_value set = sf_document_root(doc);
    sfo_store *store = call->org->store;
    const sfo_object *o = e->object;
    bool ok = true;
    if (e->kind == SFO_EFFECT_UPDATE || e->kind == SFO_EFFECT_DELETE) {
        o = object_of(call, e, sfo_template_text(scope, e->id, &call->arena), &made->id, f);
        ok = o != NULL;
    }
    char *json = NULL;
    size_t len = 0;
    if (ok && (e->kind == SFO_EFFECT_EMAIL || e->kind == SFO_EFFECT_POST))
        ok = sf_value_to_json(set, &json, &len, NULL) == SF_OK ||
             sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    if (ok) switch (e->kind) {
        case SFO_EFFECT_CREATE: ok = sfo_record_create(store, &call->context, o, set, &made->id, f); break;
        case SFO_EFFECT_UPDATE: ok = sfo_record_update(store, &call->context, o, made->id.text, set, f); break;
        case SFO_EFFECT_DELETE: ok = sfo_record_delete(store, &call->context, o, made->id.text, f); break;
        case SFO_EFFECT_EMAIL: ok = sfo_send_mail(call, (sf_str){ json, len }, f); break;
        case SFO_EFFECT_POST:
            ok = sfo_outbox_add(store, &call->context, "chatterPost", (sf_str){ json, len }, f);
            break;
        case SFO_EFFECT_SUBMIT: ok = submit(call, set, made, f); break;
        }
    sf_free(json);
    sf_document_free(doc);
    return ok;
}

static bool run_effects(sfo_call *call, const sfo_action *a, sfo_scope *scope, sfo_fault *f)
{
    for (size_t i = 0; i < a->effect_count; i++) {
        sfo_variable made = { .name = a->effects[i].as };
        if (!run_effect(call, scope, &a->effects[i], &made, f)) return false;
        if (made.name != NULL) scope->variables[scope->count++] = made; /* read_effects counted them */
    }
    return true;
}

/* ---- outputs ---- */

static void write_guid(sfi_json_writer *w)
{
    uint8_t random[18];
    char text[40];
    sfi_random_bytes(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) (void)snprintf(text + 2 * i, 3, "%02x", random[i]);
    sfi_json_string(w, text);
}

/* What "returns" says, and what each flow adds. */
static bool write_outputs(const sfo_action *a, const sfo_scope *scope, sfi_buf *out)
{
    bool is_flow = strcmp(a->kind, "flow") == 0;
    sfi_json_writer w = sfi_json_write_to(out);
    if (a->returns.ptr == NULL && !is_flow) return sfi_buf_add_str(out, "null");
    sfi_buf values = { 0 };
    sf_document *doc = NULL;
    sf_str key;
    sf_value v;
    bool ok = a->returns.ptr == NULL || (sfo_template_write(scope, a->returns, &values) &&
                                         sf_document_parse(values.data, values.len, &doc, NULL) == SF_OK);
    sfi_json_begin_object(&w);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); ok && sf_iter_next(&it, &key, &v);) {
        sfi_json_key_n(&w, key);
        sfi_json_write_value(&w, v);
    }
    if (is_flow) {
        sfi_json_key(&w, "Flow__InterviewGuid");
        write_guid(&w);
        sfi_json_key(&w, "Flow__InterviewStatus");
        sfi_json_string(&w, "Finished");
    }
    sfi_json_end_object(&w);
    sf_document_free(doc);
    sfi_buf_free(&values);
    return ok && !out->failed;
}

/* ---- the whole ---- */

static void count_events(sfo_call *call, const sfo_action *a)
{
    for (size_t i = 0; i < a->effect_count; i++) {
        if (a->effects[i].kind == SFO_EFFECT_CREATE) sfo_call_event(call, SFO_EVENT_CREATED);
        if (a->effects[i].kind == SFO_EFFECT_UPDATE) sfo_call_event(call, SFO_EVENT_UPDATED);
        if (a->effects[i].kind == SFO_EFFECT_DELETE) sfo_call_event(call, SFO_EVENT_DELETED);
    }
}

bool sfo_action_run(sfo_call *call, const sfo_action *action, sf_value input, sfi_buf *outputs, sfo_fault *f)
{
    sfo_scope scope = { .values = input, .user_id = call->context.user_id };
    if (!check_inputs(action, input, f) || !check_failures(action, input, false, f)) return false;
    if (!sfo_store_begin(call->org->store, f)) return false;
    bool ok = run_effects(call, action, &scope, f) && check_failures(action, input, true, f);
    if (ok && !write_outputs(action, &scope, outputs))
        ok = sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    if (ok && sfo_store_commit(call->org->store, f)) {
        count_events(call, action);
        return true;
    }
    if (!ok) sfo_store_rollback(call->org->store);
    return false;
}
