/* quick_run.c: what a quick action does to records, and the values with which its form begins; see actions.h. The values of a
 * definition may speak of the context record: {!context.Name}. */
#include "api/actions.h"

static bool no_memory(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
}

const sfo_quick_action *sfo_quick_find(const sfo_call *call, const sfo_object *context, sf_str name)
{
    const sfo_action_set *set = call->org->actions;
    sf_str rest = name;
    if (context == NULL && sfi_starts_with_nocase(name, "Global.")) rest = (sf_str){ name.ptr + 7, name.len - 7 };
    const char *dot = context == NULL ? memchr(rest.ptr, '.', rest.len) : NULL;
    for (size_t i = set->quick_count; i-- > 0;) /* the file's own win */
        if (set->quick[i].context == context && sfi_str_is_nocase(rest, set->quick[i].name)) return &set->quick[i];
    if (context != NULL && sfi_starts_with_nocase(name, context->name) && name.len > strlen(context->name) &&
        name.ptr[strlen(context->name)] == '.') {
        size_t skip = strlen(context->name) + 1;
        return sfo_quick_find(call, context, (sf_str){ name.ptr + skip, name.len - skip });
    }
    if (dot == NULL) return NULL;
    const sfo_object *o = sfo_schema_object(call->org->schema, (sf_str){ rest.ptr, (size_t)(dot - rest.ptr) });
    return o != NULL ? sfo_quick_find(call, o, (sf_str){ dot + 1, rest.len - (size_t)(dot - rest.ptr) - 1 }) : NULL;
}

/* ---- the context record ---- */

typedef struct context {
    sf_id id; /* "": none */
    const sfo_object *object;
    sf_document *doc; /* {"context":{…}}; NULL: none */
    sfo_scope scope;
} context;

static bool bad_context(sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    (void)snprintf(f->fields, sizeof f->fields, "contextId"); /* fits */
    return false;
}

static bool load_context(sfo_call *call, const sfo_quick_action *q, sf_str id, context *out, sfo_fault *f)
{
    *out = (context){ .scope = { .user_id = call->context.user_id } };
    if (id.len == 0) return true;
    if (!sfo_id_normalize(id, &out->id)) return bad_context(f);
    out->object = sfo_schema_object_of_id(call->org->schema, sfi_str(out->id.text));
    if (out->object == NULL || (q->context != NULL && q->context != out->object)) return bad_context(f);
    sfi_buf text = { 0 };
    sfi_buf_add_str(&text, "{\"context\":");
    bool ok = sfo_record_read(call->org->store, &call->context, out->object, out->id.text, NULL, 0, &text, NULL, f);
    if (!ok) {
        sfo_fault_clear(f);
        (void)bad_context(f);
    }
    sfi_buf_add_char(&text, '}');
    if (ok && (text.failed || sf_document_parse(text.data, text.len, &out->doc, NULL) != SF_OK)) ok = no_memory(f);
    sfi_buf_free(&text);
    if (ok) out->scope.values = sf_document_root(out->doc);
    return ok;
}

static bool points_to(const sfo_field *field, const sfo_object *o)
{
    for (size_t i = 0; field != NULL && i < field->reference_count; i++)
        if (strcmp(field->reference_to[i], o->name) == 0) return true;
    return false;
}

/* The field that points from what is made to the context: the definition's, else the first of the form that can. NULL: none. */
static const char *parent_field(const sfo_quick_action *q, const context *c)
{
    if (c->object == NULL || q->target == NULL || strcmp(q->type, "Update") == 0) return NULL;
    if (q->parent != NULL && points_to(sfo_object_field(q->target, sfi_str(q->parent)), c->object)) return q->parent;
    for (size_t i = 0; i < q->field_count; i++)
        if (strcmp(q->fields[i]->name, "OwnerId") != 0 && points_to(q->fields[i], c->object)) return q->fields[i]->name;
    return NULL;
}

/* ---- the record that is written ---- */

static bool has_member(sf_value record, const char *name)
{
    sf_str key;
    sf_value v;
    for (sf_iter it = sf_iter_begin(record); sf_iter_next(&it, &key, &v);)
        if (sfi_str_is_nocase(key, name)) return true;
    return false;
}

static void add_fixed(sfi_json_writer *w, sf_value record, sf_value defaults, const char *field, const char *value)
{
    if (value == NULL || has_member(record, field) || has_member(defaults, field)) return;
    sfi_json_key(w, field);
    sfi_json_string(w, value);
}

/* What was typed, then the definition's values, then those that the kind of action sets. */
static bool write_record(const sfo_quick_action *q, const context *c, sf_value record, sf_value defaults,
                         sfi_json_writer *w)
{
    sf_str key;
    sf_value v;
    const char *parent = parent_field(q, c);
    sfi_json_begin_object(w);
    for (sf_iter it = sf_iter_begin(record); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "attributes")) continue;
        sfi_json_key_n(w, key);
        sfi_json_write_value(w, v);
    }
    for (sf_iter it = sf_iter_begin(defaults); sf_iter_next(&it, &key, &v);) {
        if (has_member(record, key.ptr)) continue;
        sfi_json_key_n(w, key);
        sfi_json_write_value(w, v);
    }
    if (parent != NULL) add_fixed(w, record, defaults, parent, c->id.text);
    if (strcmp(q->type, "LogACall") == 0) {
        add_fixed(w, record, defaults, "Subject", "Call");
        add_fixed(w, record, defaults, "Status", "Completed");
        add_fixed(w, record, defaults, "TaskSubtype", "Call");
    }
    sfi_json_end_object(w);
    return !w->out->failed;
}

static bool read_defaults(const sfo_quick_action *q, const context *c, sf_document **out, sfo_fault *f)
{
    sfi_buf text = { 0 };
    if (q->defaults.ptr == NULL) return true;
    bool ok =
        sfo_template_write(&c->scope, q->defaults, &text) && sf_document_parse(text.data, text.len, out, NULL) == SF_OK;
    sfi_buf_free(&text);
    return ok || no_memory(f);
}

static bool save(sfo_call *call, const sfo_quick_action *q, const context *c, sf_value body, sf_id *id, bool *created,
                 sfo_fault *f)
{
    bool is_update = strcmp(q->type, "Update") == 0;
    *created = !is_update;
    *id = c->id;
    bool ok = is_update ? sfo_record_update(call->org->store, &call->context, q->target, c->id.text, body, f)
                        : sfo_record_create(call->org->store, &call->context, q->target, body, id, f);
    if (ok) sfo_call_event(call, is_update ? SFO_EVENT_UPDATED : SFO_EVENT_CREATED);
    return ok;
}

static bool run_on_record(sfo_call *call, const sfo_quick_action *q, const context *c, sf_value record, sf_id *id,
                          bool *created, sfo_fault *f)
{
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    sf_document *defaults = NULL, *body = NULL;
    bool ok = read_defaults(q, c, &defaults, f);
    if (ok && (!write_record(q, c, record, sf_document_root(defaults), &w) ||
               sf_document_parse(text.data, text.len, &body, NULL) != SF_OK))
        ok = no_memory(f);
    ok = ok && save(call, q, c, sf_document_root(body), id, created, f);
    sf_document_free(defaults);
    sf_document_free(body);
    sfi_buf_free(&text);
    return ok;
}

/* ---- mail ---- */

static void copy_member(sfi_json_writer *w, sf_value record, const char *from, const char *to)
{
    sf_str key;
    sf_value v;
    for (sf_iter it = sf_iter_begin(record); sf_iter_next(&it, &key, &v);) {
        if (!sfi_str_is_nocase(key, from) || sf_value_type(v) == SF_NULL) continue;
        sfi_json_key(w, to);
        sfi_json_write_value(w, v);
        return;
    }
}

/* Into the outbox, and a task that says so. */
static bool run_mail(sfo_call *call, const sfo_quick_action *q, const context *c, sf_value record, sf_id *id,
                     bool *created, sfo_fault *f)
{
    static const char *const members[][2] = { { "ToAddress", "to" },        { "CcAddress", "cc" },
                                              { "BccAddress", "bcc" },      { "FromAddress", "from" },
                                              { "FromName", "senderName" }, { "Subject", "subject" },
                                              { "TextBody", "text" },       { "HtmlBody", "html" } };
    sfi_buf mail = { 0 }, task = { 0 };
    sfi_json_writer w = sfi_json_write_to(&mail), t = sfi_json_write_to(&task);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++) copy_member(&w, record, members[i][0], members[i][1]);
    if (c->id.text[0] != '\0') {
        sfi_json_key(&w, "whatId");
        sfi_json_string(&w, c->id.text);
    }
    sfi_json_end_object(&w);
    char subject[256];
    sf_str given = sf_get_text(record, "Subject");
    size_t most = given.len < 200 ? given.len : 200;
    while (most > 0 && most < given.len && ((unsigned char)given.ptr[most] & 0xC0) == 0x80)
        most--; /* whole characters */
    (void)snprintf(subject, sizeof subject, "Email: %.*s", (int)most, given.ptr != NULL ? given.ptr : ""); /* fits */
    sfi_json_begin_object(&t);
    sfi_json_key(&t, "Subject");
    sfi_json_string(&t, subject);
    sfi_json_key(&t, "Status");
    sfi_json_string(&t, "Completed");
    sfi_json_key(&t, "TaskSubtype");
    sfi_json_string(&t, "Email");
    sfi_json_end_object(&t);
    sf_document *body = NULL;
    bool ok = !mail.failed && sf_document_parse(task.data, task.len, &body, NULL) == SF_OK;
    if (!ok) (void)no_memory(f);
    ok = ok && sfo_send_mail(call, sfi_buf_str(&mail), f) &&
         run_on_record(call, q, c, sf_document_root(body), id, created, f);
    sf_document_free(body);
    sfi_buf_free(&mail);
    sfi_buf_free(&task);
    return ok;
}

bool sfo_quick_run(sfo_call *call, const sfo_quick_action *q, sf_str context_id, sf_value record, sf_id *id,
                   bool *created, sfo_fault *f)
{
    context c = { .doc = NULL };
    if (q->target == NULL)
        return sfo_fault_set(f, 400, "INVALID_TYPE_FOR_OPERATION", "%s is a feed action, which cannot be invoked here",
                             q->name);
    if (q->context != NULL && context_id.len == 0) {
        (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [contextId]");
        (void)snprintf(f->fields, sizeof f->fields, "contextId"); /* fits */
        return false;
    }
    if (!sfo_store_begin(call->org->store, f)) return false;
    bool ok = load_context(call, q, context_id, &c, f);
    if (ok)
        ok = strcmp(q->type, "SendEmail") == 0 ? run_mail(call, q, &c, record, id, created, f)
                                               : run_on_record(call, q, &c, record, id, created, f);
    sf_document_free(c.doc);
    if (ok) return sfo_store_commit(call->org->store, f);
    sfo_store_rollback(call->org->store);
    return false;
}

/* ---- the form ---- */

static const char *picklist_default(const sfo_field *field)
{
    for (size_t i = 0; i < field->picklist_count; i++)
        if (field->picklist[i].is_default) return field->picklist[i].value;
    return NULL;
}

static void write_default(sfo_call *call, const sfo_quick_action *q, const context *c, const sfo_field *field,
                          sf_value defaults, sfi_json_writer *w)
{
    sf_str key;
    sf_value v;
    const char *parent = parent_field(q, c), *fixed = NULL;
    for (sf_iter it = sf_iter_begin(defaults); sf_iter_next(&it, &key, &v);) {
        if (!sfi_str_is_nocase(key, field->name)) continue;
        sfi_json_write_value(w, v);
        return;
    }
    sf_value current = sf_get(c->scope.values, "context");
    if (strcmp(q->type, "Update") == 0 && sf_value_type(sf_get(current, field->name)) != SF_MISSING) {
        sfi_json_write_value(w, sf_get(current, field->name));
        return;
    }
    if (parent != NULL && strcmp(parent, field->name) == 0)
        fixed = c->id.text;
    else if (strcmp(field->name, "OwnerId") == 0)
        fixed = call->user.text;
    else
        fixed = picklist_default(field);
    if (fixed == NULL && field->type == SFO_BOOLEAN)
        sfi_json_bool(w, field->default_value != NULL && sfi_eq_nocase(field->default_value, "true"));
    else
        sfi_json_string(w, fixed);
}

bool sfo_quick_defaults(sfo_call *call, const sfo_quick_action *q, sf_str context_id, sfi_json_writer *w, sfo_fault *f)
{
    context c = { .doc = NULL };
    sf_document *defaults = NULL;
    bool ok = load_context(call, q, context_id, &c, f) && read_defaults(q, &c, &defaults, f);
    if (ok) {
        sfi_json_begin_object(w);
        sfi_json_key(w, "attributes");
        sfi_json_begin_object(w);
        sfi_json_key(w, "type");
        sfi_json_string(w, q->target->name);
        sfi_json_end_object(w);
        for (size_t i = 0; i < q->field_count; i++) {
            sfi_json_key(w, q->fields[i]->name);
            write_default(call, q, &c, q->fields[i], sf_document_root(defaults), w);
        }
        sfi_json_end_object(w);
    }
    sf_document_free(defaults);
    sf_document_free(c.doc);
    return ok;
}
