/* anonymous_run.c: runs what anonymous_parse.c made: see anonymous.h. Records are shared by the variables that hold them, as
 * in Apex; all writes are one transaction, which an exception undoes. */
#include "api/anonymous.h"
#include <assert.h>

enum { LOG_BYTES_MAX = 1 << 20 };

typedef struct record {
    const sfo_object *object;
    const sfo_field **fields; /* those that were set, in that order */
    struct value *values;
    size_t count, cap;
} record;

typedef struct value {
    sfo_apex_kind kind;
    bool boolean;
    int64_t integer;
    double decimal;
    sf_str text;
    record *record;
} value;

typedef struct machine {
    sfo_call *call;
    sfi_arena *arena;
    sfo_anonymous_result *result;
    value *variables;
    sfi_buf log;
    const sfo_apex_statement *at;
    bool thrown, no_memory;
} machine;

static bool no_memory(machine *m)
{
    m->no_memory = true;
    return false;
}

static bool throw_text(machine *m, const char *format, ...) SFI_PRINTF(2, 3);
static bool throw_text(machine *m, const char *format, ...)
{
    char text[2000], trace[80];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    m->thrown = true;
    m->result->line = m->at->line;
    m->result->column = m->at->column;
    snprintf(trace, sizeof trace, "AnonymousBlock: line %d, column %d", m->at->line, m->at->column);
    m->result->exception = sfi_arena_strndup(m->arena, text, strlen(text));
    m->result->trace = sfi_arena_strndup(m->arena, trace, strlen(trace));
    return m->result->exception != NULL && m->result->trace != NULL ? false : no_memory(m);
}

/* ---- values ---- */

static void add_text(sfi_buf *out, const value *v);

static void add_record(sfi_buf *out, const record *r)
{
    sfi_buf_addf(out, "%s:{", r->object->name);
    for (size_t i = 0; i < r->count; i++) {
        sfi_buf_addf(out, "%s%s=", i > 0 ? ", " : "", r->fields[i]->name);
        add_text(out, &r->values[i]);
    }
    sfi_buf_add_char(out, '}');
}

/* As String.valueOf has it. */
static void add_text(sfi_buf *out, const value *v)
{
    sfi_json_writer w = sfi_json_write_to(out);
    switch (v->kind) {
    case SFO_APEX_BOOLEAN: sfi_buf_add_str(out, v->boolean ? "true" : "false"); break;
    case SFO_APEX_INTEGER:
    case SFO_APEX_LONG: sfi_buf_addf(out, "%lld", (long long)v->integer); break;
    case SFO_APEX_DECIMAL: sfi_json_double(&w, v->decimal); break;
    case SFO_APEX_STRING: sfi_buf_add(out, v->text.ptr, v->text.len); break;
    case SFO_APEX_RECORD: add_record(out, v->record); break;
    default: sfi_buf_add_str(out, "null"); break;
    }
}

static sf_str text_of(machine *m, const value *v)
{
    sfi_buf b = { .max = LOG_BYTES_MAX };
    add_text(&b, v);
    char *copy = b.failed ? NULL : sfi_arena_strndup(m->arena, b.data != NULL ? b.data : "", b.len);
    if (copy == NULL) m->no_memory = true;
    sf_str text = { copy, copy != NULL ? b.len : 0 };
    sfi_buf_free(&b);
    return text;
}

static bool is_number(const value *v)
{
    return v->kind == SFO_APEX_INTEGER || v->kind == SFO_APEX_LONG || v->kind == SFO_APEX_DECIMAL;
}

static double number(const value *v)
{
    return v->kind == SFO_APEX_DECIMAL ? v->decimal : (double)v->integer;
}

/* ==: texts without case, records by their fields. */
static bool equal(const value *a, const value *b)
{
    if (is_number(a) && is_number(b))
        return a->kind == SFO_APEX_DECIMAL || b->kind == SFO_APEX_DECIMAL ? number(a) == number(b)
                                                                          : a->integer == b->integer;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case SFO_APEX_NULL: return true;
    case SFO_APEX_BOOLEAN: return a->boolean == b->boolean;
    case SFO_APEX_STRING: return sfo_text_compare(a->text, b->text) == 0;
    case SFO_APEX_RECORD: break;
    default: return false;
    }
    assert(a->record != NULL && b->record != NULL);
    if (a->record == b->record) return true;
    if (a->record->object != b->record->object || a->record->count != b->record->count) return false;
    for (size_t i = 0; i < a->record->count; i++)
        if (a->record->fields[i] != b->record->fields[i] || !equal(&a->record->values[i], &b->record->values[i]))
            return false;
    return true;
}

static value *field_of(const record *r, const sfo_field *f)
{
    assert(r != NULL);
    for (size_t i = 0; i < r->count; i++)
        if (r->fields[i] == f) return &r->values[i];
    return NULL;
}

static bool set_field(machine *m, record *r, const sfo_field *f, value v)
{
    value *there = field_of(r, f);
    assert(r->count == 0 || r->values != NULL);
    if (there != NULL) {
        *there = v;
        return true;
    }
    if (r->count == r->cap) {
        size_t cap = r->cap > 0 ? r->cap * 2 : 8;
        const sfo_field **fields = sfi_arena_alloc(m->arena, cap * sizeof(*fields));
        value *values = sfi_arena_alloc(m->arena, cap * sizeof *values);
        if (fields == NULL || values == NULL) return no_memory(m);
        if (r->count > 0) {
            memcpy(fields, r->fields, r->count * sizeof(*fields));
            memcpy(values, r->values, r->count * sizeof *values);
        }
        r->fields = fields;
        r->values = values;
        r->cap = cap;
    }
    assert(r->fields != NULL);
    r->fields[r->count] = f;
    r->values[r->count++] = v;
    return true;
}

/* A number as its target keeps it. */
static value converted(value v, sfo_type type)
{
    bool decimal = type == SFO_DOUBLE || type == SFO_CURRENCY || type == SFO_PERCENT;
    if (decimal && (v.kind == SFO_APEX_INTEGER || v.kind == SFO_APEX_LONG))
        v = (value){ .kind = SFO_APEX_DECIMAL, .decimal = (double)v.integer };
    return v;
}

/* ---- expressions ---- */

static bool evaluate(machine *m, const sfo_apex_expr *e, value *out);

static bool null_pointer(machine *m)
{
    return throw_text(m, "System.NullPointerException: Attempt to de-reference a null object");
}

static bool arithmetic(machine *m, const sfo_apex_expr *e, const value *l, const value *r, value *out)
{
    char c = e->text.ptr[0];
    if (e->type.kind == SFO_APEX_STRING) {
        sfi_buf b = { .max = LOG_BYTES_MAX };
        add_text(&b, l);
        add_text(&b, r);
        char *text = b.failed ? NULL : sfi_arena_strndup(m->arena, b.data != NULL ? b.data : "", b.len);
        *out = (value){ .kind = SFO_APEX_STRING, .text = { text, b.len } };
        sfi_buf_free(&b);
        return text != NULL || no_memory(m);
    }
    if (l->kind == SFO_APEX_NULL || r->kind == SFO_APEX_NULL) return null_pointer(m);
    if (c == '/' && number(r) == 0) return throw_text(m, "System.MathException: Divide by 0");
    if (e->type.kind == SFO_APEX_DECIMAL) {
        double a = number(l), b = number(r);
        *out = (value){ .kind = SFO_APEX_DECIMAL,
                        .decimal = c == '+'   ? a + b
                                   : c == '-' ? a - b
                                   : c == '*' ? a * b
                                              : a / b };
        return true;
    }
    uint64_t a = (uint64_t)l->integer, b = (uint64_t)r->integer; /* wraps round, as Apex does */
    int64_t whole = c == '/' ? (r->integer == -1 ? (int64_t)(0 - a) : l->integer / r->integer)
                             : (int64_t)(c == '+'   ? a + b
                                         : c == '-' ? a - b
                                                    : a * b);
    if (e->type.kind == SFO_APEX_INTEGER) whole = (int32_t)(uint32_t)(uint64_t)whole;
    *out = (value){ .kind = e->type.kind, .integer = whole };
    return true;
}

static bool binary(machine *m, const sfo_apex_expr *e, value *out)
{
    value l = { .kind = SFO_APEX_NULL }, r = { .kind = SFO_APEX_NULL };
    char c = e->text.ptr[0];
    if (!evaluate(m, e->left, &l)) return false;
    *out = (value){ .kind = SFO_APEX_BOOLEAN };
    if (c == '&' || c == '|') {
        if (l.kind == SFO_APEX_NULL) return null_pointer(m);
        if (l.boolean == (c == '|')) { /* the other side is not looked at */
            out->boolean = l.boolean;
            return true;
        }
        if (!evaluate(m, e->right, &r)) return false;
        if (r.kind == SFO_APEX_NULL) return null_pointer(m);
        out->boolean = r.boolean;
        return true;
    }
    if (!evaluate(m, e->right, &r)) return false;
    if (e->type.kind != SFO_APEX_BOOLEAN) return arithmetic(m, e, &l, &r, out);
    if (c == '=' || c == '!') {
        out->boolean = equal(&l, &r) == (c == '=');
        return true;
    }
    if (l.kind == SFO_APEX_NULL || r.kind == SFO_APEX_NULL) return true; /* nothing is less than null, nor more */
    double d = l.kind == SFO_APEX_STRING ? sfo_text_compare(l.text, r.text) : number(&l) - number(&r);
    bool or_equal = e->text.len > 1;
    out->boolean = c == '<' ? (or_equal ? d <= 0 : d < 0) : (or_equal ? d >= 0 : d > 0);
    return true;
}

static bool make_record(machine *m, const sfo_apex_expr *e, value *out)
{
    record *r = sfi_arena_alloc(m->arena, sizeof *r);
    if (r == NULL) return no_memory(m);
    *r = (record){ .object = e->type.object };
    for (size_t i = 0; i < e->count; i++) {
        value v = { .kind = SFO_APEX_NULL };
        if (!evaluate(m, e->values[i], &v) || !set_field(m, r, e->fields[i], converted(v, e->fields[i]->type)))
            return false;
    }
    *out = (value){ .kind = SFO_APEX_RECORD, .record = r };
    return true;
}

static bool evaluate(machine *m, const sfo_apex_expr *e, value *out)
{
    value inner = { .kind = SFO_APEX_NULL };
    *out = inner;
    switch (e->op) {
    case SFO_APEX_LITERAL:
        *out = (value){
            .kind = e->type.kind, .boolean = e->boolean, .integer = e->integer, .decimal = e->decimal, .text = e->text
        };
        return true;
    case SFO_APEX_VARIABLE: *out = m->variables[e->variable]; return true;
    case SFO_APEX_FIELD: {
        if (!evaluate(m, e->left, &inner)) return false;
        if (inner.kind != SFO_APEX_RECORD) return null_pointer(m);
        const value *v = field_of(inner.record, e->field);
        *out = v != NULL ? *v : (value){ .kind = SFO_APEX_NULL };
        return true;
    }
    case SFO_APEX_NEW: return make_record(m, e, out);
    case SFO_APEX_NOT:
    case SFO_APEX_MINUS:
        if (!evaluate(m, e->left, out)) return false;
        if (out->kind == SFO_APEX_NULL) return null_pointer(m);
        out->boolean = !out->boolean;
        out->decimal = -out->decimal;
        out->integer = (int64_t)(0 - (uint64_t)out->integer);
        return true;
    case SFO_APEX_BINARY: return binary(m, e, out);
    }
    return false;
}

/* ---- statements ---- */

static bool assertion(machine *m, const sfo_apex_statement *s)
{
    value a = { .kind = SFO_APEX_NULL }, b = { .kind = SFO_APEX_NULL }, note = { .kind = SFO_APEX_NULL };
    bool pair = s->verb == SFO_APEX_ASSERT_EQUAL || s->verb == SFO_APEX_ASSERT_DIFFERENT;
    const sfo_apex_expr *message = pair ? s->c : s->b;
    if (!evaluate(m, s->a, &a) || (pair && !evaluate(m, s->b, &b)) || (message != NULL && !evaluate(m, message, &note)))
        return false;
    bool holds = pair ? equal(&a, &b) == (s->verb == SFO_APEX_ASSERT_EQUAL)
                      : a.kind == SFO_APEX_BOOLEAN && a.boolean == (s->verb == SFO_APEX_ASSERT);
    if (holds) return true;
    sf_str extra = message != NULL ? text_of(m, &note) : SFI_STR(""), left = text_of(m, &a), right = text_of(m, &b);
    if (m->no_memory) return false;
    const char *colon = extra.len > 0 ? ": " : "";
    if (s->verb == SFO_APEX_ASSERT_EQUAL)
        return throw_text(m, "System.AssertException: Assertion Failed%s%.*s: Expected: %.*s, Actual: %.*s", colon,
                          (int)extra.len, extra.ptr, (int)left.len, left.ptr, (int)right.len, right.ptr);
    if (s->verb == SFO_APEX_ASSERT_DIFFERENT)
        return throw_text(m, "System.AssertException: Assertion Failed%s%.*s: Same value: %.*s", colon, (int)extra.len,
                          extra.ptr, (int)left.len, left.ptr);
    return throw_text(m, "System.AssertException: Assertion Failed%s%.*s", colon, (int)extra.len, extra.ptr);
}

static void write_json(sfi_json_writer *w, const value *v)
{
    switch (v->kind) {
    case SFO_APEX_BOOLEAN: sfi_json_bool(w, v->boolean); break;
    case SFO_APEX_INTEGER:
    case SFO_APEX_LONG: sfi_json_int(w, v->integer); break;
    case SFO_APEX_DECIMAL: sfi_json_double(w, v->decimal); break;
    case SFO_APEX_STRING: sfi_json_string_n(w, v->text); break;
    default: sfi_json_null(w); break;
    }
}

static const char *dml_word(sfo_apex_verb verb)
{
    return verb == SFO_APEX_INSERT ? "Insert" : verb == SFO_APEX_UPDATE ? "Update" : "Delete";
}

static bool dml_failed(machine *m, const sfo_apex_statement *s, sf_str id, sfo_fault *f)
{
    bool ok = throw_text(m, "System.DmlException: %s failed. First exception on row 0%s%.*s; first error: %s, %s: [%s]",
                         dml_word(s->verb), id.len > 0 ? " with id " : "", (int)id.len, id.len > 0 ? id.ptr : "",
                         f->code, f->message != NULL ? f->message : "", f->fields);
    sfo_fault_clear(f);
    return ok;
}

static bool dml(machine *m, const sfo_apex_statement *s)
{
    value v = { .kind = SFO_APEX_NULL };
    if (!evaluate(m, s->a, &v)) return false;
    if (v.kind != SFO_APEX_RECORD)
        return throw_text(m, "System.NullPointerException: Attempt to de-reference a null object");
    record *r = v.record;
    assert(r != NULL && (r->count == 0 || r->values != NULL));
    const sfo_field *id_field = sfo_object_field(r->object, SFI_STR("Id"));
    const value *known = field_of(r, id_field);
    sf_str id = known != NULL && known->kind == SFO_APEX_STRING ? known->text : (sf_str){ NULL, 0 };
    if (s->verb == SFO_APEX_INSERT && id.len > 0)
        return throw_text(m,
                          "System.DmlException: Insert failed. First exception on row 0 with id %.*s; first error: "
                          "INVALID_FIELD_FOR_INSERT_UPDATE, cannot specify Id in an insert call: [Id]",
                          (int)id.len, id.ptr);
    if (s->verb != SFO_APEX_INSERT && id.len == 0)
        return throw_text(
            m,
            "System.DmlException: %s failed. First exception on row 0; first error: MISSING_ARGUMENT, Id not "
            "specified in %s call: []",
            dml_word(s->verb), s->verb == SFO_APEX_UPDATE ? "an update" : "a delete");
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < r->count; i++) {
        if (r->fields[i] == id_field) continue;
        sfi_json_key(&w, r->fields[i]->name);
        write_json(&w, &r->values[i]);
    }
    sfi_json_end_object(&w);
    sf_document *doc = NULL;
    sfo_fault f = { 0 };
    sf_id made = { "" };
    sfo_store *store = m->call->org->store;
    char *full = id.len > 0 ? sfi_arena_strndup(m->arena, id.ptr, id.len) : NULL;
    bool ok =
        !text.failed && (id.len == 0 || full != NULL) && sf_document_parse(text.data, text.len, &doc, NULL) == SF_OK;
    sfi_buf_free(&text);
    if (!ok) return no_memory(m);
    sf_value body = sf_document_root(doc);
    if (s->verb == SFO_APEX_INSERT)
        ok = sfo_record_create(store, &m->call->context, r->object, body, &made, &f);
    else if (s->verb == SFO_APEX_UPDATE)
        ok = sfo_record_update(store, &m->call->context, r->object, full, body, &f);
    else
        ok = sfo_record_delete(store, &m->call->context, r->object, full, &f);
    sf_document_free(doc);
    if (!ok) return dml_failed(m, s, id, &f);
    if (s->verb != SFO_APEX_INSERT) return true;
    char *copy = sfi_arena_strndup(m->arena, made.text, strlen(made.text));
    return copy != NULL ? set_field(m, r, id_field, (value){ .kind = SFO_APEX_STRING, .text = sfi_str(copy) })
                        : no_memory(m);
}

static void log_line(machine *m, const char *event, int line, sf_str text)
{
    char time[32];
    sfi_time_format(sfi_wall_ms(), time);
    if (m->log.len > LOG_BYTES_MAX / 2) return;
    sfi_buf_addf(&m->log, "%.12s (0)|%s", strlen(time) > 23 ? time + 11 : time, event);
    if (line > 0) sfi_buf_addf(&m->log, "|[%d]|DEBUG|", line);
    sfi_buf_add(&m->log, text.ptr, text.len);
    sfi_buf_add_char(&m->log, '\n');
}

static bool step(machine *m, const sfo_apex_statement *s)
{
    value v = { .kind = SFO_APEX_NULL }, target = v;
    sf_str text;
    switch (s->verb) {
    case SFO_APEX_ASSIGN:
        if (!evaluate(m, s->a, &v)) return false;
        m->variables[s->variable] = v;
        return true;
    case SFO_APEX_ASSIGN_FIELD:
        if (!evaluate(m, s->target, &target) || !evaluate(m, s->a, &v)) return false;
        return target.kind != SFO_APEX_RECORD ? null_pointer(m)
                                              : set_field(m, target.record, s->field, converted(v, s->field->type));
    case SFO_APEX_DEBUG:
        if (!evaluate(m, s->a, &v)) return false;
        text = text_of(m, &v);
        if (m->no_memory) return false;
        log_line(m, "USER_DEBUG", s->line, text);
        return true;
    case SFO_APEX_INSERT:
    case SFO_APEX_UPDATE:
    case SFO_APEX_DELETE: return dml(m, s);
    case SFO_APEX_THROW:
        if (s->a != NULL && !evaluate(m, s->a, &v)) return false;
        text = s->a != NULL && v.kind != SFO_APEX_NULL ? text_of(m, &v) : SFI_STR("Script-thrown exception");
        return m->no_memory ? false : throw_text(m, "System.%s: %.*s", s->text, (int)text.len, text.ptr);
    case SFO_APEX_EVALUATE: return evaluate(m, s->a, &v);
    default: return assertion(m, s);
    }
}

static bool run_code(machine *m, const sfo_apex_code *code)
{
    sfo_fault f = { 0 };
    size_t size = ((size_t)code->variables + 1) * sizeof *m->variables;
    m->variables = sfi_arena_alloc(m->arena, size);
    if (m->variables == NULL) return no_memory(m);
    memset(m->variables, 0, size);
    if (!sfo_store_begin(m->call->org->store, &f)) {
        sfo_fault_clear(&f);
        return no_memory(m);
    }
    bool ok = true;
    for (const sfo_apex_statement *s = code->first; ok && s != NULL; s = s->next) {
        m->at = s;
        ok = step(m, s);
    }
    if (ok && !sfo_store_commit(m->call->org->store, &f)) {
        m->at = code->first;
        ok = code->first != NULL &&
             throw_text(m, "System.UnexpectedException: %s", f.message != NULL ? f.message : f.code);
        sfo_fault_clear(&f);
        return ok;
    }
    if (!ok) sfo_store_rollback(m->call->org->store);
    return ok;
}

bool sfo_anonymous_run(sfo_call *call, sf_str apex, sfo_anonymous_result *out)
{
    sfo_apex_code code;
    *out = (sfo_anonymous_result){ .line = -1, .column = -1, .log = "" };
    if (!sfo_apex_parse(call->org->schema, &call->arena, apex, &code, out)) return out->problem != NULL;
    machine m = { .call = call, .arena = &call->arena, .result = out, .log = { .max = LOG_BYTES_MAX } };
    out->compiled = true;
    sfi_buf_addf(&m.log, "%s APEX_CODE,DEBUG;APEX_PROFILING,NONE\n", call->version);
    log_line(&m, "EXECUTION_STARTED", 0, SFI_STR(""));
    out->success = run_code(&m, &code);
    if (m.thrown) log_line(&m, "FATAL_ERROR|", 0, sfi_str(out->exception));
    log_line(&m, "EXECUTION_FINISHED", 0, SFI_STR(""));
    char *log = m.log.failed ? NULL : sfi_arena_strndup(&call->arena, m.log.data, m.log.len);
    sfi_buf_free(&m.log);
    if (log != NULL) out->log = log;
    return log != NULL && !m.no_memory;
}
