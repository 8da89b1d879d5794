/* apex_load.c: the definitions of Apex REST classes, see apex.h. Read once, while the org starts, into one arena; templates
 * stay JSON text, which each call reads for itself. */
#include "api/apex.h"
#include "api/actions.h"

static const char *const method_names[SFO_APEX_METHODS] = { "DELETE", "GET", "PATCH", "POST", "PUT" };

typedef struct loader {
    sfi_arena *arena;
    sf_error *err;
    char what[160]; /* begins messages: which class */
    bool failed;    /* no memory */
} loader;

static const char *keep(loader *l, sf_value v, const char *member)
{
    return sfo_keep_text(l->arena, v, member, &l->failed);
}

static sf_str keep_json(loader *l, sf_value v, const char *member)
{
    return sfo_keep_json(l->arena, v, member, &l->failed);
}

static sf_status wrong(loader *l, const char *what)
{
    return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s", l->what, what);
}

/* ---- one method ---- */
static sf_status read_headers(loader *l, sf_value v, sfo_apex_method *m)
{
    sf_value headers = sf_get(v, "headers"), value;
    sf_str name;
    for (sf_iter it = sf_iter_begin(headers); sf_iter_next(&it, &name, &value);) {
        sf_str text = sf_get_text(value, NULL);
        if (text.ptr == NULL) return wrong(l, "\"headers\" wants texts");
        if (m->header_count == SFO_APEX_HEADERS_MAX) return wrong(l, "\"headers\" are more than 8");
        m->headers[m->header_count].name = sfi_arena_strndup(l->arena, name.ptr, name.len);
        m->headers[m->header_count].value = sfi_arena_strndup(l->arena, text.ptr, text.len);
        l->failed = l->failed || m->headers[m->header_count].name == NULL || m->headers[m->header_count].value == NULL;
        m->header_count++;
    }
    return SF_OK;
}

static sf_status read_params(loader *l, sf_value v, sfo_apex_method *m)
{
    sf_value list = sf_get(v, "params"), name;
    if (sf_value_type(list) == SF_MISSING) return SF_OK;
    if (sf_value_type(list) != SF_ARRAY) return wrong(l, "\"params\" is a list of names");
    const char **names = sfi_arena_alloc(l->arena, (sf_value_count(list) + 1) * sizeof *names);
    if (names == NULL) return sfi_fail_memory(l->err, "definitions of Apex classes");
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &name);) {
        names[m->param_count] = keep(l, name, NULL);
        if (names[m->param_count++] == NULL && !l->failed) return wrong(l, "\"params\" is a list of names");
    }
    m->params = names;
    return SF_OK;
}

static sf_status read_method(loader *l, const char *name, sf_value v, sfo_apex_method *m)
{
    *m = (sfo_apex_method){ .name = name, .status = (int)sf_get_int(v, "status", 200) };
    if (sf_value_type(v) != SF_OBJECT) return wrong(l, "a method is an object, {} for a void one");
    if (m->status < 200 || m->status > 599) return wrong(l, "\"status\" is no HTTP status from 200 to 599");
    m->content_type = keep(l, v, "contentType");
    m->body = keep_json(l, v, "body");
    m->text = keep_json(l, v, "text");
    m->raises = keep(l, v, "raises");
    if (m->body.ptr != NULL && m->text.ptr != NULL) return wrong(l, "a method has \"body\" or \"text\", not both");
    if (m->text.ptr != NULL && sf_value_type(sf_get(v, "text")) != SF_STRING) return wrong(l, "\"text\" is a text");
    sf_status rc = read_headers(l, v, m);
    return rc == SF_OK ? read_params(l, v, m) : rc;
}

/* ---- one class ---- */
static bool is_mapping(const char *s)
{
    size_t len = s != NULL ? strlen(s) : 0;
    if (len < 2 || len > SFO_APEX_MAPPING_MAX || s[0] != '/') return false;
    for (size_t i = 1; i < len; i++) { /* a star is a step of its own */
        if (s[i] == '*' && (s[i - 1] != '/' || (s[i + 1] != '\0' && s[i + 1] != '/'))) return false;
        if (s[i] == '?' || s[i] == '#' || (unsigned char)s[i] <= ' ') return false;
    }
    return true;
}

static sf_status keep_mapping(loader *l, sf_value v, sfo_apex_class *c)
{
    sf_str space = sf_get_text(v, "namespace");
    const char *mapping = keep(l, v, "urlMapping");
    if (l->failed) return SF_OK;
    if (!is_mapping(mapping))
        return wrong(l, "\"urlMapping\" begins with a slash, and a star in it stands between slashes or last");
    c->mapping = mapping;
    if (space.len == 0) return SF_OK;
    size_t size = space.len + strlen(mapping) + 2;
    char *whole = sfi_arena_alloc(l->arena, size);
    if (whole != NULL) (void)snprintf(whole, size, "/%.*s%s", (int)space.len, space.ptr, mapping); /* fits */
    l->failed = whole == NULL;
    c->mapping = whole;
    return SF_OK;
}

static sf_status read_methods(loader *l, sf_value v, sfo_apex_class *c)
{
    sf_value methods = sf_get(v, "methods"), method;
    sf_str name;
    sf_status rc = SF_OK;
    for (sf_iter it = sf_iter_begin(methods); rc == SF_OK && sf_iter_next(&it, &name, &method);) {
        size_t i = 0;
        while (i < SFO_APEX_METHODS && !sfi_str_is(name, method_names[i])) i++;
        if (i == SFO_APEX_METHODS || c->method_count == SFO_APEX_METHODS)
            return wrong(l, "\"methods\" are GET, POST, PUT, PATCH and DELETE, each once");
        rc = read_method(l, method_names[i], method, &c->methods[c->method_count++]);
    }
    if (rc == SF_OK && c->method_count == 0) return wrong(l, "it has no \"methods\"");
    return rc;
}

static sf_status read_class(loader *l, sf_value v, sfo_apex_class *c)
{
    *c = (sfo_apex_class){ .name = keep(l, v, "name"), .is_forbidden = sf_get_bool(v, "forbidden", false) };
    (void)snprintf(l->what, sizeof l->what, "apexRest: %.80s", c->name != NULL ? c->name : "a class");
    if (c->name == NULL && !l->failed) return wrong(l, "it has no \"name\"");
    sf_status rc = keep_mapping(l, v, c);
    const char *builtin = keep(l, v, "builtin");
    if (rc != SF_OK || l->failed) return rc;
    if (builtin == NULL) return read_methods(l, v, c);
    return sfo_apex_builtin(builtin, c) ? SF_OK : wrong(l, "\"builtin\" is echo, mirror or cases");
}

/* A later one of the same mapping takes the place of the one before. */
static void place(sfo_apex_set *apex, const sfo_apex_class *c)
{
    size_t i = 0;
    while (i < apex->count && strcmp(apex->classes[i].mapping, c->mapping) != 0) i++;
    apex->classes[i] = *c;
    if (i == apex->count) apex->count++;
}

sf_status sfo_apex_load(sf_value standard, sf_value extra, sfo_apex_set **out, sf_error *err)
{
    const sf_value lists[] = { standard, extra };
    *out = NULL;
    sfo_apex_set *apex = sfi_calloc(sizeof *apex);
    if (apex == NULL) return sfi_fail_memory(err, "definitions of Apex classes");
    loader l = { .arena = &apex->arena, .err = err };
    sf_status rc = SF_OK;
    apex->classes = sfi_calloc_n(sf_value_count(standard) + sf_value_count(extra) + 1, sizeof *apex->classes);
    l.failed = apex->classes == NULL;
    for (size_t i = 0; i < SFI_COUNT_OF(lists) && rc == SF_OK && !l.failed; i++) {
        sf_value v;
        if (sf_value_type(lists[i]) != SF_MISSING && sf_value_type(lists[i]) != SF_ARRAY)
            rc = sfi_fail(err, SF_ERR_USAGE, "apexRest is a list of classes");
        for (sf_iter it = sf_iter_begin(lists[i]); rc == SF_OK && !l.failed && sf_iter_next(&it, NULL, &v);) {
            sfo_apex_class c;
            rc = read_class(&l, v, &c);
            if (rc == SF_OK && !l.failed) place(apex, &c);
        }
    }
    if (rc == SF_OK && l.failed) rc = sfi_fail_memory(err, "definitions of Apex classes");
    if (rc == SF_OK) {
        *out = apex;
        apex = NULL;
    }
    sfo_apex_free(apex);
    return rc;
}

void sfo_apex_free(sfo_apex_set *apex)
{
    if (apex == NULL) return;
    sfi_free(apex->classes);
    sfi_arena_free(&apex->arena);
    sfi_free(apex);
}
