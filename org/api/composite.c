/* composite.c: see composite.h. */
#include "api/composite.h"

enum { REFERENCE_MAX = 256, NULL_REFERENCES_FROM = 52 };

/* ---- a request inside a request ---- */
static const char *part_header(void *connection, const char *name)
{
    const sf_value *headers = connection;
    sf_str key;
    sf_value value;
    if (sfi_eq_nocase(name, "Content-Type")) return "application/json";
    sf_iter it = sf_iter_begin(*headers);
    while (sf_iter_next(&it, &key, &value))
        if (sfi_str_is_nocase(key, name)) return sf_get_str(value, NULL);
    return NULL;
}

/* Composite resources but the collections, which may be parts. */
static bool is_composite(const sfo_call *child)
{
    return child->segment_count > 3 && sfi_str_is_nocase(child->segments[3], "composite") &&
           (child->segment_count == 4 || !sfi_str_is_nocase(child->segments[4], "sobjects"));
}

static void dispatch_part(sfo_call *child, sfo_call *outer)
{
    if (child->segment_count < 3 || !sfi_str_is_nocase(child->segments[0], "services") ||
        !sfi_str_is_nocase(child->segments[1], "data")) {
        sfo_answer_not_found(child);
        return;
    }
    if (!sfo_call_set_version(child, child->segments[2])) return;
    if (child->version_number > outer->version_number || is_composite(child)) {
        sfo_answer_error(child, 400, "INVALID_BATCH_REQUEST",
                         "A part may not be a composite request, nor of a higher version than the whole");
        return;
    }
    child->user = outer->user;
    child->pending = outer->pending;
    sfo_call_set_context(child);
    if (child->context.client.len == 0) child->context.client = outer->context.client;
    sfo_rest_dispatch(child);
}

void sfo_part_call(sfo_call *outer, const char *method, char *url, sf_str body, sf_value headers,
                   sfo_response *response)
{
    char *query = strchr(url, '?');
    if (query != NULL) *query++ = '\0';
    sfo_request request = *outer->request;
    request.method = method;
    request.path = url;
    request.query = query != NULL ? query : "";
    request.body = body;
    request.header = part_header;
    request.connection = &headers;
    sfo_call *child = sfi_alloc(sizeof *child);
    if (child == NULL) {
        response->body.failed = true;
        return;
    }
    if (sfo_call_begin(child, outer->org, &request, response)) dispatch_part(child, outer);
    sfo_call_end(child);
    sfi_free(child);
}

const char *sfo_part_method(const char *method)
{
    static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD" };
    for (size_t i = 0; i < SFI_COUNT_OF(methods); i++)
        if (sfi_eq_nocase(method, methods[i])) return methods[i];
    return NULL;
}

/* ---- references ---- */
bool sfo_is_reference_id(sf_str id)
{
    if (id.len == 0 || id.ptr[0] == '_') return false;
    for (size_t i = 0; i < id.len; i++) {
        int ch = sfi_ascii_lower((unsigned char)id.ptr[i]);
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_')) return false;
    }
    return true;
}

/* The value that name (such as refA.records[0].Id) stands for. false: there is none, or it is no single value. */
static bool look_up(const sfo_parts *p, sf_str name, sf_value *out)
{
    char path[REFERENCE_MAX];
    size_t len = 0;
    if (name.len >= sizeof path) return false;
    for (size_t i = 0; i < name.len; i++) { /* records[0].Id is records.0.Id to sf_get */
        if (name.ptr[i] == '[')
            path[len++] = '.';
        else if (name.ptr[i] != ']')
            path[len++] = name.ptr[i];
    }
    path[len] = '\0';
    char *dot = strchr(path, '.');
    if (dot == NULL) return false;
    *dot = '\0';
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->list[i].id, path) != 0) continue;
        if (!p->list[i].has_answer) return false;
        *out = sf_get(sfi_json_root(p->list[i].answer), dot + 1);
        sf_type type = sf_value_type(*out);
        if (type == SF_NULL) return p->call->version_number >= NULL_REFERENCES_FROM;
        return type == SF_STRING || type == SF_NUMBER || type == SF_BOOL;
    }
    return false;
}

bool sfo_next_reference(sf_str text, sf_str *before, sf_str *name, sf_str *rest)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (text.ptr[i] != '@' || text.ptr[i + 1] != '{') continue;
        const char *end = memchr(text.ptr + i, '}', text.len - i);
        if (end == NULL) return false;
        *before = (sf_str){ text.ptr, i };
        *name = (sf_str){ text.ptr + i + 2, (size_t)(end - text.ptr) - i - 2 };
        *rest = (sf_str){ end + 1, text.len - (size_t)(end - text.ptr) - 1 };
        return true;
    }
    return false;
}

/* text with its references replaced. false: one has no value, *missing is it; or no memory, missing->ptr is NULL. */
static bool resolve_text(const sfo_parts *p, sf_str text, sfi_buf *out, sf_str *missing)
{
    sf_str before;
    sf_str rest;
    sf_value value;
    while (sfo_next_reference(text, &before, missing, &rest)) { /* each round cuts one off */
        if (!look_up(p, *missing, &value)) return false;
        sf_str found = sf_get_text(value, NULL);
        sfi_buf_add(out, before.ptr, before.len);
        if (found.len > 0) sfi_buf_add(out, found.ptr, found.len);
        text = rest;
    }
    *missing = (sf_str){ NULL, 0 };
    return sfi_buf_add(out, text.ptr, text.len);
}

static bool write_resolved(const sfo_parts *p, sf_value v, sfi_json_writer *w, sf_str *missing);

static bool write_string(const sfo_parts *p, sf_value v, sfi_json_writer *w, sf_str *missing)
{
    sf_str text = sf_get_text(v, NULL);
    sf_str before;
    sf_str rest;
    sf_value value;
    if (!sfo_next_reference(text, &before, missing, &rest)) {
        sfi_json_string_n(w, text);
        return true;
    }
    if (before.len == 0 && rest.len == 0) { /* nothing but a reference keeps the value's type */
        if (!look_up(p, *missing, &value)) return false;
        sfi_json_write_value(w, value);
        return true;
    }
    sfi_buf out = { 0 };
    bool ok = resolve_text(p, text, &out, missing);
    if (ok) sfi_json_string_n(w, sfi_buf_str(&out));
    sfi_buf_free(&out);
    return ok;
}

/* As deep as the request's JSON, which SFI_JSON_DEPTH_MAX bounds. */
static bool write_members(const sfo_parts *p, sf_value v, sfi_json_writer *w, sf_str *missing)
{
    bool ok = true;
    sf_str key;
    sf_value member;
    sf_iter it = sf_iter_begin(v);
    while (ok && sf_iter_next(&it, &key, &member)) {
        if (key.ptr != NULL) sfi_json_key_n(w, key);
        ok = write_resolved(p, member, w, missing);
    }
    return ok;
}

static bool write_resolved(const sfo_parts *p, sf_value v, sfi_json_writer *w, sf_str *missing)
{
    bool ok;
    switch (sf_value_type(v)) {
    case SF_STRING: return write_string(p, v, w, missing);
    case SF_OBJECT:
        sfi_json_begin_object(w);
        ok = write_members(p, v, w, missing);
        sfi_json_end_object(w);
        return ok;
    case SF_ARRAY:
        sfi_json_begin_array(w);
        ok = write_members(p, v, w, missing);
        sfi_json_end_array(w);
        return ok;
    default: sfi_json_write_value(w, v); return true;
    }
}

/* ---- parts ---- */
bool sfo_parts_init(sfo_parts *p, sfo_call *call, size_t cap)
{
    *p = (sfo_parts){ .call = call, .cap = cap, .list = sfi_calloc_n(cap, sizeof(sfo_part)) };
    if (p->list == NULL) call->response->body.failed = true;
    return p->list != NULL;
}

void sfo_parts_clear(sfo_parts *p)
{
    for (size_t i = 0; p->list != NULL && i < p->count; i++) {
        sfo_part *part = &p->list[i];
        if (part->response->body.failed) p->call->response->body.failed = true;
        sfi_json_free(part->answer);
        sfi_buf_free(&part->body);
        sfi_buf_free(&part->response->body);
        sfi_free(part->response);
    }
    sfi_free(p->list);
    *p = (sfo_parts){ .call = p->call };
}

/* A part with an empty response. NULL: no memory, the call's answer says so. */
static sfo_part *new_part(sfo_parts *p, sf_value spec)
{
    sfo_response *r = sfi_calloc(sizeof *r);
    if (r == NULL || p->count == p->cap) {
        sfi_free(r);
        p->call->response->body.failed = true;
        p->failed = true;
        return NULL;
    }
    sfo_response_init(r);
    sfo_part *part = &p->list[p->count];
    part->response = r;
    part->id = sf_get_str(spec, "referenceId");
    return part;
}

void sfo_part_halt(sfo_part *part, const char *message)
{
    sfo_response *r = part->response;
    sfo_response_clear(r);
    r->status = 400;
    sfi_json_writer w = sfi_json_write_to(&r->body);
    sfi_json_begin_array(&w);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "errorCode");
    sfi_json_string(&w, "PROCESSING_HALTED");
    sfi_json_key(&w, "message");
    sfi_json_string(&w, message);
    sfi_json_end_object(&w);
    sfi_json_end_array(&w);
}

void sfo_parts_skip(sfo_parts *p, sf_value spec, const char *message)
{
    sfo_part *part = new_part(p, spec);
    if (part == NULL) return;
    sfo_part_halt(part, message);
    p->count++;
    p->failed = true;
}

static void halt_for_reference(sfo_part *part, sf_str missing)
{
    char message[REFERENCE_MAX * 4];
    int len = (int)(missing.len < REFERENCE_MAX ? missing.len : REFERENCE_MAX - 1);
    int ref = 0;
    while (ref < len && missing.ptr[ref] != '.' && missing.ptr[ref] != '[') ref++;
    snprintf(
        message, sizeof message,
        "Invalid reference specified. No value for %.*s found in %.*s. Provided referenceId ('%.*s') must start with "
        "a letter or a number, and it can contain only letters, numbers and underscores ('_').",
        len, missing.ptr, ref, missing.ptr, len, missing.ptr);
    sfo_part_halt(part, message);
}

/* Keeps what the part answered for those that refer to it. */
static void keep_answer(sfo_part *part)
{
    sfo_response *r = part->response;
    if (r->no_body || r->body.len == 0) return;
    sf_status rc = sfi_json_new(&part->answer, NULL);
    if (rc == SF_OK) rc = sfi_json_parse(part->answer, sfi_buf_str(&r->body), NULL);
    part->has_answer = rc == SF_OK;
    if (rc == SF_ERR_MEMORY) r->body.failed = true; /* bytes that are no JSON are nobody's reference */
}

void sfo_parts_run(sfo_parts *p, sf_value spec)
{
    sf_str missing = { NULL, 0 };
    sfi_buf url = { 0 };
    sfo_part *part = new_part(p, spec);
    if (part == NULL) return;
    sfi_json_writer w = sfi_json_write_to(&part->body);
    sf_value body = sf_get(spec, "body");
    bool ok = resolve_text(p, sf_get_text(spec, "url"), &url, &missing) &&
              (sf_value_type(body) == SF_MISSING || write_resolved(p, body, &w, &missing));
    if (ok) {
        sf_str text = part->body.len > 0 ? sfi_buf_str(&part->body) : SFI_STR("");
        sfo_part_call(p->call, sfo_part_method(sf_get_str(spec, "method")), url.data, text, sf_get(spec, "httpHeaders"),
                      part->response);
        keep_answer(part);
    } else if (missing.ptr != NULL && !url.failed && !part->body.failed) {
        halt_for_reference(part, missing);
    } else {
        part->response->body.failed = true;
    }
    bool is_fine = part->response->status < 300 || part->response->status == 304;
    if (!is_fine || part->response->body.failed) p->failed = true; /* without memory for its answer, too */
    p->count++;
    sfi_buf_free(&url);
}

bool sfo_part_has_failed_rows(const sfo_part *part)
{
    sf_value row;
    if (!part->has_answer || part->response->status >= 300) return false;
    sf_value body = sfi_json_root(part->answer);
    if (sf_value_type(body) != SF_ARRAY) return false;
    for (sf_iter it = sf_iter_begin(body); sf_iter_next(&it, NULL, &row);)
        if (!sf_get_bool(row, "success", true)) return true;
    return false;
}

/* ---- answers ---- */
void sfo_part_write_body(sfi_json_writer *w, const sfo_response *r)
{
    if (r->no_body || r->body.len == 0)
        sfi_json_null(w);
    else
        sfi_json_raw_text(w, sfi_buf_str(&r->body));
}

void sfo_part_write(sfi_json_writer *w, const sfo_part *part)
{
    static const char *const shown[] = { "ETag", "Last-Modified", "Location" };
    const sfo_response *r = part->response;
    sfi_json_begin_object(w);
    sfi_json_key(w, "body");
    sfo_part_write_body(w, r);
    sfi_json_key(w, "httpHeaders");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < SFI_COUNT_OF(shown); i++) {
        const char *value = sfo_response_get_header(r, shown[i]);
        bool is_location = i == 2;
        if (value == NULL || (!is_location && r->status != 304)) continue;
        sfi_json_key(w, shown[i]);
        sfi_json_string(w, value);
    }
    sfi_json_end_object(w);
    sfi_json_key(w, "httpStatusCode");
    sfi_json_int(w, r->status);
    sfi_json_key(w, "referenceId");
    sfi_json_string(w, part->id);
    sfi_json_end_object(w);
}
