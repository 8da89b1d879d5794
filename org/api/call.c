/* call.c: a request taken apart, and the forms that answers have; see call.h. */
#include "api/call.h"
#include "store/events.h"

static const char json_type[] = "application/json;charset=UTF-8";

static bool split_path(sfo_call *call, const char *path)
{
    const char *at = path;
    while (*at == '/') {
        at++;
        size_t len = strcspn(at, "/");
        if (len == 0 && at[0] == '\0') return true; /* a slash at the end */
        if (call->segment_count == SFO_SEGMENTS_MAX) return false;
        sf_str *piece = &call->segments[call->segment_count++];
        if (!sfo_percent_decode(&call->arena, (sf_str){ at, len }, false, piece)) return false;
        if (memchr(piece->ptr, '\0', piece->len) != NULL || !sfi_utf8_valid(piece->ptr, piece->len)) return false;
        at += len;
    }
    return *at == '\0';
}

/* Bulk clients double slashes; elsewhere an empty piece is a value that is missing. */
static void drop_empty_pieces(sfo_call *call)
{
    bool is_bulk = false;
    for (size_t i = 0; i < call->segment_count && i < 5; i++)
        is_bulk =
            is_bulk || sfi_str_is_nocase(call->segments[i], "jobs") || sfi_str_is_nocase(call->segments[i], "async");
    size_t kept = 0;
    for (size_t i = 0; is_bulk && i < call->segment_count; i++)
        if (call->segments[i].len > 0) call->segments[kept++] = call->segments[i];
    if (is_bulk) call->segment_count = kept;
}

bool sfo_call_begin(sfo_call *call, sfo_org *org, const sfo_request *request, sfo_response *response)
{
    memset(call, 0, sizeof *call);
    call->org = org;
    call->request = request;
    call->response = response;
    if (!split_path(call, request->path)) {
        sfo_answer_error(call, 400, "BAD_REQUEST",
                         "The path is not valid: broken escape, NUL byte, invalid UTF-8, or too many parts");
        return false;
    }
    drop_empty_pieces(call);
    if (!sfo_params_parse(&call->arena, sfi_str(request->query), &call->query)) {
        sfo_answer_error(call, 400, "BAD_REQUEST",
                         "The query string is not valid: broken escape, or more than %d parameters", SFO_PARAMS_MAX);
        return false;
    }
    for (size_t i = 0; i < call->query.count; i++) {
        sf_str value = call->query.items[i].value;
        if (memchr(value.ptr, '\0', value.len) == NULL && sfi_utf8_valid(value.ptr, value.len)) continue;
        sfo_answer_error(call, 400, "BAD_REQUEST", "Parameter '%s' holds a NUL byte or invalid UTF-8",
                         call->query.items[i].name.ptr);
        return false;
    }
    return true;
}

void sfo_call_end(sfo_call *call)
{
    sfi_json_free(call->json);
    sfi_arena_free(&call->arena);
}

const char *sfo_call_header(const sfo_call *call, const char *name)
{
    return sfo_request_header(call->request, name);
}

typedef struct header_list {
    const char *name;
    sfi_buf values;
} header_list;

static void add_to_list(void *user, const char *name, const char *value)
{
    header_list *list = user;
    if (!sfi_eq_nocase(name, list->name)) return;
    if (list->values.len > 0) sfi_buf_add_char(&list->values, ',');
    sfi_buf_add_str(&list->values, value);
}

const char *sfo_call_header_list(sfo_call *call, const char *name)
{
    const sfo_request *r = call->request;
    header_list list = { .name = name };
    if (r->each_header != NULL) r->each_header(r->connection, add_to_list, &list);
    const char *joined = NULL;
    if (list.values.len > 0 && !list.values.failed)
        joined = sfi_arena_strndup(&call->arena, list.values.data, list.values.len);
    sfi_buf_free(&list.values);
    return joined != NULL ? joined : sfo_call_header(call, name);
}

/* ---- answers ---- */
sfi_json_writer sfo_answer_json(sfo_call *call, int status)
{
    sfo_response *r = call->response;
    sfi_buf_clear(&r->body);
    r->status = status;
    r->content_type = json_type;
    return sfi_json_write_to(&r->body);
}

void sfo_answer_empty(sfo_call *call, int status)
{
    sfi_buf_clear(&call->response->body);
    call->response->status = status;
    call->response->content_type = NULL;
    call->response->no_body = true;
}

void sfo_answer_text(sfo_call *call, int status, const char *text)
{
    sfi_buf_clear(&call->response->body);
    call->response->status = status;
    call->response->content_type = "text/plain;charset=UTF-8";
    sfi_buf_add_str(&call->response->body, text);
}

void sfo_answer_error(sfo_call *call, int status, const char *code, const char *format, ...)
{
    sfi_buf message = { 0 };
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    sfi_buf_add(&message, text, len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
    sfi_json_writer w = sfo_answer_json(call, status);
    sfi_json_begin_array(&w);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "message");
    sfi_json_string_n(&w, sfi_buf_str(&message));
    sfi_json_key(&w, "errorCode");
    sfi_json_string(&w, code);
    sfi_json_end_object(&w);
    sfi_json_end_array(&w);
    sfi_buf_free(&message);
}

void sfo_answer_not_found(sfo_call *call)
{
    sfo_answer_error(call, 404, "NOT_FOUND", "The requested resource does not exist");
}

void sfo_answer_fault(sfo_call *call, sfo_fault *fault)
{
    sfi_json_writer w = sfo_answer_json(call, fault->http_status);
    if (fault->http_status == 300 && fault->message != NULL)
        sfi_json_raw_text(&w, sfi_str(fault->message)); /* an array of paths */
    else
        sfo_fault_write_json(fault, &call->response->body);
    sfo_fault_clear(fault);
}

/* ---- the body ---- */
static bool is_json(const char *content_type)
{
    if (content_type == NULL) return true;
    sf_str type = sfi_trim((sf_str){ content_type, strcspn(content_type, ";") });
    return sfi_str_is_nocase(type, "application/json") || sfi_str_is_nocase(type, "text/json");
}

/* "… at [line:1, column:18]", as the org's own parser says it; the byte is counted from the message of ours. */
static void answer_parser_error(sfo_call *call, sf_str body, const sf_error *err)
{
    const char *at = strstr(err->message, "byte ");
    int64_t byte = 0;
    sf_str digits = at != NULL ? sfi_str(at + 5) : SFI_STR("");
    if (!sfi_take_int(&digits, (int64_t)body.len, &byte)) byte = (int64_t)body.len;
    int64_t line = 1;
    int64_t column = 1;
    for (int64_t i = 0; i < byte && i < (int64_t)body.len; i++) {
        column++;
        if (body.ptr[i] != '\n') continue;
        line++;
        column = 1;
    }
    sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "%s at [line:%lld, column:%lld]", err->message, (long long)line,
                     (long long)column);
}

bool sfo_call_body(sfo_call *call, sf_value *out)
{
    const char *type = sfo_call_header(call, "Content-Type");
    bool is_control = call->segment_count > 0 && sfi_str_is(call->segments[0], "__org"); /* «curl -d» is enough there */
    if (!is_control && !is_json(type)) {
        sfo_answer_error(call, 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type '%s' not supported; use application/json",
                         type);
        return false;
    }
    return sfo_call_body_text(call, call->request->body, out);
}

bool sfo_call_body_text(sfo_call *call, sf_str text, sf_value *out)
{
    if (sfi_trim(text).len == 0) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR",
                         "The HTTP entity body is required, but this request has no entity body.");
        return false;
    }
    sf_error err;
    sf_status rc = call->json == NULL ? sfi_json_new(&call->json, &err) : SF_OK;
    if (rc == SF_OK) rc = sfi_json_parse(call->json, text, &err);
    if (rc == SF_ERR_MEMORY) {
        sfo_answer_error(call, 503, "SERVER_UNAVAILABLE", "no memory for the request's body");
        return false;
    }
    if (rc != SF_OK) {
        answer_parser_error(call, text, &err);
        return false;
    }
    *out = sfi_json_root(call->json);
    if (sf_value_type(*out) == SF_OBJECT) return true;
    sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "Expected an object at [line:1, column:1]");
    return false;
}

const char *sfo_call_base_url(sfo_call *call)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:-[]_";
    const char *host = call->request->host;
    if (host[0] == '\0' || host[strspn(host, allowed)] != '\0') host = "localhost";
    const char *forwarded = sfo_call_header(call, "X-Forwarded-Proto"); /* a TLS proxy in front of us */
    const char *scheme = forwarded != NULL && sfi_eq_nocase(forwarded, "https") ? "https" : "http";
    size_t size = strlen(host) + sizeof "https://";
    char *url = sfi_arena_alloc(&call->arena, size);
    if (url == NULL) return "http://localhost";
    snprintf(url, size, "%s://%s", scheme, host);
    return url;
}

/* ---- version and user ---- */
/* v62.0 to 62; 0: not a version's name. */
static int version_number(sf_str segment)
{
    int64_t major = 0;
    int64_t minor = 0;
    if (segment.len == 0 || (segment.ptr[0] != 'v' && segment.ptr[0] != 'V')) return 0;
    sf_str rest = { segment.ptr + 1, segment.len - 1 };
    if (!sfi_take_int(&rest, 999, &major) || !sfi_take_text(&rest, ".") || !sfi_take_int(&rest, 0, &minor) ||
        rest.len > 0)
        return 0;
    return (int)major;
}

bool sfo_call_set_version(sfo_call *call, sf_str segment)
{
    int version = version_number(segment);
    if (version >= SFO_VERSION_FIRST && version < SFO_VERSION_MIN) {
        sfo_answer_error(call, 410, "GONE",
                         "The requested API version %d.0 is retired; the oldest one supported is %d.0", version,
                         SFO_VERSION_MIN);
        return false;
    }
    if (version < SFO_VERSION_FIRST || version > SFO_VERSION_MAX) {
        sfo_answer_not_found(call);
        return false;
    }
    call->version_number = version;
    snprintf(call->version, sizeof call->version, "%d.0", version);
    return true;
}

void sfo_call_set_context(sfo_call *call)
{
    const char *rule = sfo_call_header(call, "Sforce-Duplicate-Rule-Header");
    const char *options = sfo_call_header(call, "Sforce-Call-Options");
    call->context = (sfo_context){
        .user_id = call->user.text,
        .version = call->version,
        .version_number = call->version_number,
        .client = sfo_header_attribute(options, "client"),
        .allow_duplicates = sfi_str_is_nocase(sfo_header_attribute(rule, "allowSave"), "true"),
        .duplicate_details = sfi_str_is_nocase(sfo_header_attribute(rule, "includeRecordDetails"), "true"),
    };
}

void sfo_write_enqueued(sfi_json_writer *w, const char *id)
{
    char uuid[37];
    sfo_event_uuid(id, uuid);
    sfi_json_begin_object(w);
    sfi_json_key(w, "statusCode");
    sfi_json_string(w, "OPERATION_ENQUEUED");
    sfi_json_key(w, "message");
    sfi_json_string(w, uuid);
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

void sfo_call_event(sfo_call *call, sfo_event event)
{
    if (call->pending != NULL)
        call->pending[event]++;
    else
        sfo_stats_event(call->org->stats, event, 1);
}
