/*
 * apex.c: calls of Apex REST classes: which class a path means, which method, and the answers of declared ones. See apex.h.
 * Their answers carry no allowance, name the error code before its message, and a void method's has no Content-Type.
 */
#include "api/actions.h"
#include "api/apex.h"

/* ---- mappings ---- */
/* The step that s begins with, without the slash before it, cut off. */
static sf_str take_step(sf_str *s)
{
    if (s->len > 0 && s->ptr[0] == '/') *s = (sf_str){ s->ptr + 1, s->len - 1 };
    const char *end = s->len > 0 ? memchr(s->ptr, '/', s->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - s->ptr) : s->len;
    sf_str step = { s->ptr, len };
    *s = (sf_str){ s->ptr + len, s->len - len };
    return step;
}

bool sfo_apex_fits(const char *mapping, sf_str path, sf_str *rest)
{
    sf_str pattern = sfi_str(mapping);
    *rest = (sf_str){ "", 0 };
    while (pattern.len > 0) { /* ends: each round takes a step off */
        sf_str want = take_step(&pattern);
        if (sfi_str_is(want, "*") && pattern.len == 0) { /* the last: takes all that is left, even nothing */
            if (path.len > 0) *rest = (sf_str){ path.ptr + 1, path.len - 1 };
            return true;
        }
        if (path.len == 0) return false;
        sf_str step = take_step(&path);
        if (sfi_str_is(want, "*") ? step.len == 0 : !sfi_str_eq(want, step)) return false;
    }
    return path.len == 0 || sfi_str_is(path, "/");
}

/* An exact mapping wins, then the longest. */
static const sfo_apex_class *find_class(const sfo_apex_set *apex, sf_str path, sf_str *rest)
{
    const sfo_apex_class *best = NULL;
    for (size_t i = 0; i < apex->count; i++) {
        const sfo_apex_class *c = &apex->classes[i];
        sf_str took;
        if (!sfo_apex_fits(c->mapping, path, &took)) continue;
        bool is_exact = strchr(c->mapping, '*') == NULL;
        bool best_is_exact = best != NULL && strchr(best->mapping, '*') == NULL;
        if (best != NULL && (best_is_exact || (!is_exact && strlen(c->mapping) <= strlen(best->mapping)))) continue;
        best = c;
        *rest = took;
    }
    return best;
}

/* ---- errors ---- */
static void write_error(sfo_call *call, int status, const char *code, sf_str message)
{
    sfi_json_writer w = sfo_answer_json(call, status);
    sfi_json_begin_array(&w);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "errorCode");
    sfi_json_string(&w, code);
    sfi_json_key(&w, "message");
    sfi_json_string_n(&w, message);
    sfi_json_end_object(&w);
    sfi_json_end_array(&w);
}

/* [{"errorCode":…,"message":…}], in this order. */
static SFI_PRINTF(4, 5) void answer_error(sfo_call *call, int status, const char *code, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t used = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    write_error(call, status, code, (sf_str){ text, used });
}

/* "do" and the method's name are what the template for classes suggests: doGet. */
void sfo_apex_raise(sfo_call *call, const sfo_apex_class *c, const char *exception)
{
    char method[16];
    (void)snprintf(method, sizeof method, "%s", call->request->method);
    for (char *m = method + 1; *m != '\0'; m++) *m = (char)sfi_ascii_lower((unsigned char)*m);
    answer_error(call, 500, "APEX_ERROR", "%s\n\nClass.%s.do%s: line 4, column 1", exception, c->name, method);
}

static bool is_among(sf_str name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sfi_str_is(name, names[i])) return true;
    return false;
}

bool sfo_apex_params(sfo_call *call, const char *const *names, size_t count, sf_value *out)
{
    sf_str name;
    sf_value value;
    if (!sfo_call_body(call, out)) return false;
    for (sf_iter it = sf_iter_begin(*out); sf_iter_next(&it, &name, &value);) {
        int64_t line, column;
        if (is_among(name, names, count)) continue;
        sfi_json_place(value, &line, &column);
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR",
                         "Unexpected parameter encountered during deserialization: %.*s at [line:%lld, column:%lld]",
                         (int)(name.len < 200 ? name.len : 200), name.ptr, (long long)line, (long long)column + 1);
        return false;
    }
    return true;
}

/* ---- declared methods ---- */
static void write_query(sfo_call *call, sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    for (size_t i = 0; i < call->query.count; i++) {
        sfi_json_key_n(w, call->query.items[i].name);
        sfi_json_string_n(w, call->query.items[i].value);
    }
    sfi_json_end_object(w);
}

/* What templates may name: {!method}, {!path}, {!query.x}, {!body.x}, {!$user}. */
static bool write_values(sfo_call *call, sf_str rest, sfi_buf *out)
{
    sfi_json *doc = NULL;
    sf_str body = sfi_trim(call->request->body);
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "method");
    sfi_json_string(&w, call->request->method);
    sfi_json_key(&w, "path");
    sfi_json_string_n(&w, rest);
    sfi_json_key(&w, "query");
    write_query(call, &w);
    if (body.len > 0 && sfi_json_new(&doc, NULL) == SF_OK && sfi_json_parse(doc, body, NULL) == SF_OK) {
        sfi_json_key(&w, "body");
        sfi_json_write_value(&w, sfi_json_root(doc));
    }
    sfi_json_free(doc);
    sfi_json_end_object(&w);
    return !out->failed;
}

static void fill(sfo_call *call, const sfo_apex_method *m, const sfo_scope *scope)
{
    sfo_response *r = call->response;
    if (m->body.ptr != NULL) {
        (void)sfo_answer_json(call, m->status);
        if (!sfo_template_write(scope, m->body, &r->body)) r->body.failed = true; /* the server answers 500 */
    } else if (m->text.ptr != NULL) {
        sf_str text = sfo_template_text(scope, m->text, &call->arena);
        sfo_answer_text(call, m->status, text.ptr != NULL ? text.ptr : "");
    } else { /* void: no body, and nothing said of it */
        r->status = m->status;
        r->no_body = m->status == 204;
    }
    if (m->content_type != NULL) {
        r->content_type = NULL;
        sfo_response_header(r, "Content-Type", "%s", m->content_type);
    }
    for (size_t i = 0; i < m->header_count; i++) sfo_response_header(r, m->headers[i].name, "%s", m->headers[i].value);
}

static void answer_declared(sfo_call *call, const sfo_apex_class *c, const sfo_apex_method *m, sf_str rest)
{
    sf_value params;
    sfi_buf values = { 0 };
    sf_document *doc = NULL;
    if (m->params != NULL && !sfo_apex_params(call, m->params, m->param_count, &params)) return;
    if (m->raises != NULL) {
        sfo_apex_raise(call, c, m->raises);
        return;
    }
    if (write_values(call, rest, &values) && sf_document_parse(values.data, values.len, &doc, NULL) == SF_OK)
        fill(call, m, &(sfo_scope){ .values = sf_document_root(doc), .user_id = call->user.text });
    else
        sfo_answer_error(call, 503, "SERVER_UNAVAILABLE", "no memory for the request");
    sf_document_free(doc);
    sfi_buf_free(&values);
}

/* ---- the call ---- */
static const sfo_apex_method *find_method(const sfo_apex_class *c, const char *name)
{
    if (strcmp(name, "HEAD") == 0) name = "GET";
    for (size_t i = 0; i < c->method_count; i++)
        if (strcmp(c->methods[i].name, name) == 0) return &c->methods[i];
    return NULL;
}

static void refuse_method(sfo_call *call, const sfo_apex_class *c)
{
    static const char *const in_order[] = { "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT" };
    char allowed[64] = "";
    for (size_t i = 0; i < SFI_COUNT_OF(in_order); i++) {
        if (find_method(c, in_order[i]) == NULL) continue;
        size_t len = strlen(allowed);
        (void)snprintf(allowed + len, sizeof allowed - len, "%s%s", len > 0 ? "," : "", in_order[i]); /* fits */
    }
    sfo_response_header(call->response, "Allow", "%s", allowed);
    answer_error(call, 405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are %s", call->request->method,
                 allowed);
}

/* What follows /services/apexrest, however that was written. */
static sf_str mapped_path(const char *path)
{
    sf_str rest = sfi_str(path);
    (void)take_step(&rest);
    (void)take_step(&rest);
    return rest;
}

void sfo_apex_dispatch(sfo_call *call)
{
    if (!sfo_call_authenticate(call)) return;
    if (!sfo_stats_api_call(call->org->stats, call->org->options.api_max)) {
        answer_error(call, 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
        return;
    }
    call->context = (sfo_context){ .user_id = call->user.text, .version = "62.0", .version_number = 62 };
    sf_str path = mapped_path(call->request->path), rest;
    const sfo_apex_class *c = find_class(call->org->apex, path, &rest);
    const sfo_apex_method *m = c != NULL ? find_method(c, call->request->method) : NULL;
    if (c == NULL)
        answer_error(call, 404, "NOT_FOUND", "Could not find a match for URL %.*s",
                     (int)(path.len < 1000 ? path.len : 1000), path.len > 0 ? path.ptr : "/");
    else if (c->is_forbidden)
        answer_error(call, 403, "FORBIDDEN", "You do not have access to the Apex class named: %s", c->name);
    else if (m == NULL)
        refuse_method(call, c);
    else if (m->run != NULL)
        m->run(call, c, rest);
    else
        answer_declared(call, c, m, rest);
}
