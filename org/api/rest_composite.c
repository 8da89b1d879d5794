/* rest_composite.c: several requests in one: /composite (parts that refer to earlier answers, all or nothing when
 * asked) and /composite/batch (parts on their own). A part is a call of its own through the same routes; its answer is
 * kept as a document, so that @{ref.path} of a later part is a look into it. */
#include "api/rest.h"

enum { PARTS_MAX = 25, REFERENCE_MAX = 256, NULL_REFERENCES_FROM = 52 };

typedef struct part {
    char id[64]; /* referenceId */
    sfo_response *response;
    sfi_json *answer; /* the response's body, read; NULL: it has none */
    sfi_buf body;     /* of its request */
    bool has_answer;
} part;

typedef struct composite {
    sfo_call *call;
    part parts[PARTS_MAX];
    size_t count; /* parts that ran or were refused */
    bool failed;  /* one of them */
} composite;

/* ---- one part ---- */
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
    sfo_rest_dispatch(child);
}

/* url: a path from the host's root with its query. It is cut at '?'. */
static void run_part(sfo_call *outer, const char *method, char *url, sf_str body, sf_value headers,
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

static sfo_response *new_response(void)
{
    sfo_response *r = sfi_calloc(sizeof *r);
    if (r != NULL) sfo_response_init(r);
    return r;
}

static const char *known_method(const char *method)
{
    static const char *const methods[] = { "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD" };
    for (size_t i = 0; i < SFI_COUNT_OF(methods); i++)
        if (sfi_eq_nocase(method, methods[i])) return methods[i];
    return NULL;
}

static void write_body(sfi_json_writer *w, const sfo_response *r)
{
    if (r->no_body || r->body.len == 0)
        sfi_json_null(w);
    else
        sfi_json_raw_text(w, sfi_buf_str(&r->body));
}

/* ---- references ---- */
/* The value that name (such as refA.records[0].Id) stands for. false: there is none. */
static bool look_up(composite *c, sf_str name, sf_value *out)
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
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->parts[i].id, path) != 0) continue;
        if (!c->parts[i].has_answer) return false;
        *out = sf_get(sfi_json_root(c->parts[i].answer), dot + 1);
        sf_type type = sf_value_type(*out);
        return type != SF_MISSING && (type != SF_NULL || c->call->version_number >= NULL_REFERENCES_FROM);
    }
    return false;
}

/* The next @{…} in text: *before ends there, *name is what stands inside, *rest follows it. */
static bool next_reference(sf_str text, sf_str *before, sf_str *name, sf_str *rest)
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
static bool resolve_text(composite *c, sf_str text, sfi_buf *out, sf_str *missing)
{
    sf_str before;
    sf_str rest;
    sf_value value;
    while (next_reference(text, &before, missing, &rest)) { /* each round cuts one off */
        if (!look_up(c, *missing, &value)) return false;
        sf_str found = sf_get_text(value, NULL);
        sfi_buf_add(out, before.ptr, before.len);
        sfi_buf_add(out, found.ptr, found.len);
        text = rest;
    }
    *missing = (sf_str){ NULL, 0 };
    return sfi_buf_add(out, text.ptr, text.len);
}

static bool write_resolved(composite *c, sf_value v, sfi_json_writer *w, sf_str *missing);

static bool write_string(composite *c, sf_value v, sfi_json_writer *w, sf_str *missing)
{
    sf_str text = sf_get_text(v, NULL);
    sf_str before;
    sf_str rest;
    sf_value value;
    if (!next_reference(text, &before, missing, &rest)) {
        sfi_json_string_n(w, text);
        return true;
    }
    if (before.len == 0 && rest.len == 0) { /* nothing but a reference keeps the value's type */
        if (!look_up(c, *missing, &value)) return false;
        sfi_json_write_value(w, value);
        return true;
    }
    sfi_buf out = { 0 };
    bool ok = resolve_text(c, text, &out, missing);
    if (ok) sfi_json_string_n(w, sfi_buf_str(&out));
    sfi_buf_free(&out);
    return ok;
}

/* As deep as the request's JSON, which SFI_JSON_DEPTH_MAX bounds. */
static bool write_members(composite *c, sf_value v, sfi_json_writer *w, sf_str *missing)
{
    bool ok = true;
    sf_str key;
    sf_value member;
    sf_iter it = sf_iter_begin(v);
    while (ok && sf_iter_next(&it, &key, &member)) {
        if (key.ptr != NULL) sfi_json_key_n(w, key);
        ok = write_resolved(c, member, w, missing);
    }
    return ok;
}

static bool write_resolved(composite *c, sf_value v, sfi_json_writer *w, sf_str *missing)
{
    bool ok;
    switch (sf_value_type(v)) {
    case SF_STRING: return write_string(c, v, w, missing);
    case SF_OBJECT:
        sfi_json_begin_object(w);
        ok = write_members(c, v, w, missing);
        sfi_json_end_object(w);
        return ok;
    case SF_ARRAY:
        sfi_json_begin_array(w);
        ok = write_members(c, v, w, missing);
        sfi_json_end_array(w);
        return ok;
    default: sfi_json_write_value(w, v); return true;
    }
}

/* ---- /composite ---- */
static void halt(part *p, const char *message)
{
    sfo_response *r = p->response;
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

static void halt_for_reference(part *p, sf_str missing)
{
    char message[REFERENCE_MAX * 3];
    int len = (int)(missing.len < REFERENCE_MAX ? missing.len : REFERENCE_MAX - 1);
    const char *dot = memchr(missing.ptr, '.', (size_t)len);
    int ref = dot != NULL ? (int)(dot - missing.ptr) : len;
    snprintf(message, sizeof message,
             "Invalid reference specified. No value for %.*s found in %.*s. Provided value for %.*s.", len, missing.ptr,
             ref, missing.ptr, len, missing.ptr);
    halt(p, message);
}

/* Keeps what the part answered for those that refer to it. */
static void keep_answer(part *p)
{
    sfo_response *r = p->response;
    if (r->no_body || r->body.len == 0) return;
    sf_status rc = sfi_json_new(&p->answer, NULL);
    if (rc == SF_OK) rc = sfi_json_parse(p->answer, sfi_buf_str(&r->body), NULL);
    p->has_answer = rc == SF_OK;
    if (rc == SF_ERR_MEMORY) r->body.failed = true; /* bytes that are no JSON are nobody's reference */
}

static void run_composite_part(composite *c, sf_value spec, part *p)
{
    sf_str missing = { NULL, 0 };
    sfi_buf url = { 0 };
    sfi_json_writer w = sfi_json_write_to(&p->body);
    sf_value body = sf_get(spec, "body");
    const char *method = known_method(sf_get_str(spec, "method"));
    bool ok = resolve_text(c, sf_get_text(spec, "url"), &url, &missing) &&
              (sf_value_type(body) == SF_MISSING || write_resolved(c, body, &w, &missing));
    if (ok) {
        sf_str text = p->body.len > 0 ? sfi_buf_str(&p->body) : SFI_STR("");
        run_part(c->call, method, url.data, text, sf_get(spec, "httpHeaders"), p->response);
        keep_answer(p);
    } else if (missing.ptr != NULL && !url.failed && !p->body.failed) {
        halt_for_reference(p, missing);
    } else {
        p->response->body.failed = true;
    }
    if (p->response->status >= 400) c->failed = true;
    sfi_buf_free(&url);
}

static bool is_reference_id(sf_str id)
{
    if (id.len == 0 || id.len >= sizeof((part *)0)->id || id.ptr[0] == '_') return false;
    for (size_t i = 0; i < id.len; i++) {
        int ch = sfi_ascii_lower((unsigned char)id.ptr[i]);
        if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_')) return false;
    }
    return true;
}

/* The whole list is looked at before anything runs. false: the response says what is wrong. */
static bool check_parts(sfo_call *call, sf_value list)
{
    sf_value spec;
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : 0;
    if (count == 0 || count > PARTS_MAX) {
        sfo_answer_error(call, 400, count == 0 ? "JSON_PARSER_ERROR" : "LIMIT_EXCEEDED",
                         "compositeRequest must be an array of 1 to %d parts, not %zu", PARTS_MAX, count);
        return false;
    }
    sf_str ids[PARTS_MAX];
    size_t seen = 0;
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &spec)) {
        sf_str id = sf_get_text(spec, "referenceId");
        bool repeated = false;
        for (size_t i = 0; i < seen; i++) repeated = repeated || sfi_str_eq(ids[i], id);
        const char *wrong = NULL;
        if (!is_reference_id(id))
            wrong = "referenceId must be letters, digits and _";
        else if (repeated)
            wrong = "referenceId must be unique";
        else if (known_method(sf_get_str(spec, "method")) == NULL)
            wrong = "method must be GET, POST, PATCH, PUT, DELETE or HEAD";
        else if (sf_get_text(spec, "url").len == 0)
            wrong = "url is missing";
        if (wrong != NULL) {
            sfo_answer_error(call, 400, "INVALID_BATCH_REQUEST", "Part %zu of compositeRequest: %s", seen, wrong);
            return false;
        }
        ids[seen++] = id;
    }
    return true;
}

static void write_part(sfi_json_writer *w, const part *p)
{
    static const char *const shown[] = { "ETag", "Last-Modified", "Location" };
    const sfo_response *r = p->response;
    sfi_json_begin_object(w);
    sfi_json_key(w, "body");
    write_body(w, r);
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
    sfi_json_string(w, p->id);
    sfi_json_end_object(w);
}

static void run_parts(composite *c, sf_value list, bool all_or_none)
{
    sf_value spec;
    sf_iter it = sf_iter_begin(list);
    while (c->count < PARTS_MAX && sf_iter_next(&it, NULL, &spec)) {
        part *p = &c->parts[c->count];
        p->response = new_response();
        if (p->response == NULL) {
            c->failed = true;
            return;
        }
        snprintf(p->id, sizeof p->id, "%s", sf_get_str(spec, "referenceId"));
        if (all_or_none && c->failed)
            halt(p, "");
        else
            run_composite_part(c, spec, p);
        c->count++;
    }
}

static void run_all_or_none(composite *c, sf_value list)
{
    int64_t pending[SFO_EVENT_COUNT] = { 0 };
    sfo_call *call = c->call;
    sfo_fault fault = { 0 };
    sfo_store_lock(call->org->store);
    if (!sfo_store_begin(call->org->store, &fault)) {
        sfo_answer_fault(call, &fault);
        sfo_store_unlock(call->org->store);
        return;
    }
    call->pending = pending;
    run_parts(c, list, true);
    call->pending = NULL;
    if (c->failed)
        sfo_store_rollback(call->org->store);
    else if (!sfo_store_commit(call->org->store, &fault))
        c->failed = true;
    sfo_store_unlock(call->org->store);
    sfo_fault_clear(&fault);
    for (int i = 0; i < SFO_EVENT_COUNT && !c->failed; i++)
        if (pending[i] > 0) sfo_stats_event(call->org->stats, (sfo_event)i, pending[i]);
    bool cause_seen = !c->failed; /* the first failure keeps its answer: it is the cause of the others */
    for (size_t i = 0; i < c->count && c->failed; i++) {
        if (!cause_seen && c->parts[i].response->status >= 400)
            cause_seen = true;
        else
            halt(&c->parts[i],
                 "The transaction was rolled back since another operation in the same transaction failed.");
    }
}

void sfo_rest_composite(sfo_call *call)
{
    sf_value body;
    if (!sfo_call_body(call, &body) || !check_parts(call, sf_get(body, "compositeRequest"))) return;
    composite *c = sfi_calloc(sizeof *c);
    if (c == NULL) {
        call->response->body.failed = true;
        return;
    }
    c->call = call;
    sf_value list = sf_get(body, "compositeRequest");
    if (sf_get_bool(body, "allOrNone", false))
        run_all_or_none(c, list);
    else
        run_parts(c, list, false);
    if (c->count == sf_value_count(list)) {
        sfi_json_writer w = sfo_answer_json(call, 200);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "compositeResponse");
        sfi_json_begin_array(&w);
        for (size_t i = 0; i < c->count; i++) write_part(&w, &c->parts[i]);
        sfi_json_end_array(&w);
        sfi_json_end_object(&w);
    } else if (call->response->body.len == 0) {
        call->response->body.failed = true; /* no memory half-way */
    }
    for (size_t i = 0; i < c->count; i++) {
        part *p = &c->parts[i];
        if (p->response->body.failed) call->response->body.failed = true;
        sfi_json_free(p->answer);
        sfi_buf_free(&p->body);
        sfi_buf_free(&p->response->body);
        sfi_free(p->response);
    }
    sfi_free(c);
}

/* ---- /composite/batch ---- */
/* v62.0/sobjects/… or the whole path. */
static void add_batch_url(sfi_buf *out, sf_str url)
{
    sf_str rest = url;
    if (!sfi_take_text(&rest, "/services/data/")) (void)sfi_take_text(&rest, "/");
    sfi_buf_add_str(out, "/services/data/");
    sfi_buf_add(out, rest.ptr, rest.len);
}

/* @return the part's status; 0: no memory. */
static int run_batch_part(sfo_call *call, sf_value spec, sfi_json_writer *w)
{
    sfi_buf url = { 0 };
    sfi_buf body = { 0 };
    sf_value input = sf_get(spec, "richInput");
    sfi_json_writer b = sfi_json_write_to(&body);
    const char *method = known_method(sf_get_str(spec, "method"));
    sfo_response *r = new_response();
    add_batch_url(&url, sf_get_text(spec, "url"));
    if (sf_value_type(input) != SF_MISSING) sfi_json_write_value(&b, input);
    int status = 0;
    if (r != NULL && !url.failed && !body.failed) {
        run_part(call, method != NULL ? method : "", url.data, body.len > 0 ? sfi_buf_str(&body) : SFI_STR(""),
                 (sf_value){ 0 }, r);
        status = r->body.failed ? 0 : r->status;
        sfi_json_begin_object(w);
        sfi_json_key(w, "statusCode");
        sfi_json_int(w, status);
        sfi_json_key(w, "result");
        write_body(w, r);
        sfi_json_end_object(w);
    }
    if (r != NULL) sfi_buf_free(&r->body);
    sfi_free(r);
    sfi_buf_free(&url);
    sfi_buf_free(&body);
    return status;
}

void sfo_rest_batch(sfo_call *call)
{
    sf_value body;
    sf_value spec;
    if (!sfo_call_body(call, &body)) return;
    sf_value list = sf_get(body, "batchRequests");
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : 0;
    if (count == 0 || count > PARTS_MAX) {
        sfo_answer_error(call, 400, count == 0 ? "JSON_PARSER_ERROR" : "LIMIT_EXCEEDED",
                         "batchRequests must be an array of 1 to %d parts, not %zu", PARTS_MAX, count);
        return;
    }
    sfi_buf results = { 0 };
    sfi_json_writer w = sfi_json_write_to(&results);
    bool failed = false;
    bool halts = sf_get_bool(body, "haltOnError", false);
    sfi_json_begin_array(&w);
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &spec)) {
        if (failed && halts) {
            sfi_json_raw_text(&w, SFI_STR("{\"statusCode\":412,\"result\":[{\"errorCode\":\"BATCH_PROCESSING_HALTED\","
                                          "\"message\":\"Batch processing halted per request\"}]}"));
            continue;
        }
        int status = run_batch_part(call, spec, &w);
        if (status == 0) results.failed = true;
        failed = failed || status >= 400;
    }
    sfi_json_end_array(&w);
    w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "hasErrors");
    sfi_json_bool(&w, failed);
    sfi_json_key(&w, "results");
    sfi_json_raw_text(&w, sfi_buf_str(&results));
    sfi_json_end_object(&w);
    if (results.failed) call->response->body.failed = true;
    sfi_buf_free(&results);
}

void sfo_rest_composite_resources(sfo_call *call)
{
    static const char *const names[] = { "batch", "sobjects" };
    char path[64];
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "/services/data/v%s/composite/%s", call->version, names[i]);
        sfi_json_key(&w, names[i]);
        sfi_json_string(&w, path);
    }
    sfi_json_end_object(&w);
}
