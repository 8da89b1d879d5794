/*
 * attempt.c: one attempt of a call: session, URL, headers, start, end, and what is noted of it. Called by call.c.
 */
#include "client/call_internal.h"

/* ---- the request, copied ---- */

static char *copy(sfi_call *call, const char *s)
{
    return s != NULL ? sfi_arena_strndup(&call->arena, s, strlen(s)) : NULL;
}

static bool add_header(sfi_call *call, sf_str name, sf_str value)
{
    if (call->header_count == SFI_CALL_HEADERS_MAX) return false;
    sfi_header *h = &call->headers[call->header_count];
    h->name = (sf_str){ sfi_arena_strndup(&call->arena, name.ptr, name.len), name.len };
    h->value = (sf_str){ sfi_arena_strndup(&call->arena, value.len > 0 ? value.ptr : "", value.len), value.len };
    if (h->name.ptr == NULL || h->value.ptr == NULL) return false;
    call->header_count++;
    call->has_accept |= sfi_str_is_nocase(name, "Accept");
    call->has_content_type |= sfi_str_is_nocase(name, "Content-Type");
    call->has_call_options |= sfi_str_is_nocase(name, "Sforce-Call-Options");
    return true;
}

static bool is_reserved(sf_str name)
{
    static const char *const names[] = { "Authorization",     "Host",       "Content-Length",
                                         "Transfer-Encoding", "Connection", "Accept-Encoding",
                                         "Content-Encoding",  "User-Agent" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (sfi_str_is_nocase(name, names[i])) return true;
    return false;
}

/* "Name: value" of a user; what would break the request open, or is ours to send, is refused. */
static sf_status add_user_header(sfi_call *call, const char *line, sf_error *err)
{
    size_t len = strnlen(line, SFI_CALL_HEADER_BYTES_MAX + 1);
    const char *colon = memchr(line, ':', len);
    sf_str name = sfi_trim((sf_str){ line, colon != NULL ? (size_t)(colon - line) : len });
    if (colon == NULL || name.len == 0 || name.len > 200)
        return sfi_fail(err, SF_ERR_USAGE, "header \"%.60s\": want \"Name: value\"", line);
    if (len > SFI_CALL_HEADER_BYTES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "header %.*s is longer than %d bytes", (int)name.len, name.ptr,
                        SFI_CALL_HEADER_BYTES_MAX);
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "header %.*s has a line end or control character in it", (int)name.len,
                            name.ptr);
    if (is_reserved(name))
        return sfi_fail(err, SF_ERR_USAGE, "header %.*s is the client's own to send", (int)name.len, name.ptr);
    sf_str value = sfi_trim((sf_str){ colon + 1, len - (size_t)(colon + 1 - line) });
    if (call->header_count >= SFI_CALL_HEADERS_MAX - SFI_CALL_OWN_HEADERS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "too many headers; at most %d",
                        SFI_CALL_HEADERS_MAX - SFI_CALL_OWN_HEADERS_MAX);
    return add_header(call, name, value) ? SF_OK : sfi_fail_memory(err, "a request");
}

sf_status sfi_call_copy_request(sfi_call *call, const sfi_call_request *request, sf_error *err)
{
    call->request = *request;
    call->request.method = copy(call, request->method);
    call->request.path = copy(call, request->path);
    call->request.what = copy(call, request->what != NULL ? request->what : "the call");
    call->request.content_type = copy(call, request->content_type);
    bool ok = call->request.method != NULL && call->request.path != NULL && call->request.what != NULL &&
              (call->request.content_type != NULL || request->content_type == NULL);
    for (size_t i = 0; ok && i < request->header_count; i++)
        ok = add_header(call, request->headers[i].name, request->headers[i].value);
    if (!ok) return sfi_fail_memory(err, "a request");
    const char *const *lines = request->options != NULL ? request->options->headers : NULL;
    sf_status rc = SF_OK;
    for (size_t i = 0; rc == SF_OK && lines != NULL && lines[i] != NULL; i++) rc = add_user_header(call, lines[i], err);
    return rc;
}

/* ---- start ---- */

/* Anonymous calls go where the session would, or to the given hosts while there is none. */
static sf_status add_base(sfi_call *call, sfi_buf *url, sf_error *err)
{
    sf_client *sf = call->sf;
    if (call->session != NULL) {
        (void)sfi_buf_add_str(url, sfi_session_instance(call->session));
    } else {
        sfi_session *at_hand = sfi_auth_peek(sf->auth);
        (void)sfi_buf_add_str(url, at_hand != NULL            ? sfi_session_instance(at_hand)
                                   : sf->instance_url != NULL ? sf->instance_url
                                                              : sf->login_url);
        sfi_session_release(at_hand);
    }
    const char *path = call->request.path;
    if (path[0] != '/') {
        const char *version;
        sf_status rc = sfi_version_get(sf, &call->wait, &version, err);
        if (rc != SF_OK) return rc;
        if (sfi_starts_with(sfi_str(path), "Soap/"))
            (void)sfi_buf_addf(url, "/services/%s/%s", path, version);
        else if (sfi_starts_with(sfi_str(path), "async/"))
            (void)sfi_buf_addf(url, "/services/async/%s/%s", version, path + strlen("async/"));
        else if (strcmp(path, "cometd") == 0)
            (void)sfi_buf_addf(url, "/cometd/%s", version);
        else
            (void)sfi_buf_addf(url, "/services/data/v%s/%s", version, path);
    } else {
        (void)sfi_buf_add_str(url, path);
    }
    return sfi_buf_status(url, err, "a URL");
}

static void make_trace(sfi_call *call)
{
    if (!call->sf->traceparent) return;
    if (call->trace_id[0] == '\0') { /* one a call; each attempt is a span of its own */
        uint64_t high = sfi_random(), low = sfi_random() | 1;
        (void)snprintf(call->trace_id, sizeof call->trace_id, "%016llx%016llx", (unsigned long long)high,
                       (unsigned long long)low);
    }
    (void)snprintf(call->trace, sizeof call->trace, "00-%s-%016llx-01", call->trace_id,
                   (unsigned long long)(sfi_random() | 1));
}

/* SOAP's body holds the session, so every attempt has one of its own. */
static sf_status write_body(sfi_call *call, sf_error *err)
{
    if (call->request.write_body == NULL) return SF_OK;
    const char *session = call->session != NULL ? sfi_session_token(call->session) : NULL;
    sf_status rc = call->request.write_body(call->request.write_user, session, &call->body, err);
    if (rc == SF_OK) rc = sfi_buf_status(&call->body, err, "a request");
    if (rc == SF_OK) call->request.body = sfi_buf_str(&call->body);
    return rc;
}

static void wipe_body(sfi_call *call)
{
    if (call->body.data == NULL) return;
    call->request.body = (sf_str){ NULL, 0 };
    sfi_wipe(call->body.data, call->body.cap);
    sfi_buf_free(&call->body);
}

static bool has_header(const sfi_call *call, sf_str name)
{
    for (size_t i = 0; i < call->header_count; i++)
        if (sfi_str_is_nocase(name, call->headers[i].name.ptr)) return true;
    return false;
}

static size_t all_headers(const sfi_call *call, sfi_header out[SFI_CALL_HEADERS_MAX])
{
    const sf_client *sf = call->sf;
    size_t n = call->header_count;
    memcpy(out, call->headers, n * sizeof *out);
    out[n++] = (sfi_header){ SFI_STR("User-Agent"), sfi_str(call->sf->user_agent) };
    if (!call->has_accept) out[n++] = (sfi_header){ SFI_STR("Accept"), SFI_STR("application/json") };
    bool has_body = call->request.body.ptr != NULL || call->request.source != NULL;
    if (has_body && !call->has_content_type) {
        const char *type = call->request.content_type;
        out[n++] = (sfi_header){ SFI_STR("Content-Type"),
                                 type != NULL ? sfi_str(type) : SFI_STR("application/json; charset=UTF-8") };
    }
    bool is_soap = call->request.write_body != NULL; /* it says so in the body */
    if (sf->call_options != NULL && !call->has_call_options && !is_soap)
        out[n++] = (sfi_header){ SFI_STR("Sforce-Call-Options"), sfi_str(sf->call_options) };
    for (size_t i = 0; i < sf->package_count && !is_soap; i++)
        if (!has_header(call, sf->packages[i].name)) out[n++] = sf->packages[i];
    if (call->trace[0] != '\0') out[n++] = (sfi_header){ SFI_STR("traceparent"), sfi_str(call->trace) };
    return n;
}

size_t sfi_call_response_max(const sfi_call *call)
{
    size_t own = call->request.response_max, most = call->sf->response_max;
    return own > 0 && own < most ? own : most;
}

static int64_t attempt_deadline(const sfi_call *call)
{
    bool is_streamed = call->request.source != NULL || call->request.sink != NULL; /* takes as long as it is large */
    bool is_limited = call->sf->total_timeout_ms > 0 && !is_streamed && !call->request.is_long_poll;
    int64_t own = is_limited ? sfi_now_ms() + call->sf->total_timeout_ms : 0;
    int64_t whole = call->wait.deadline_ms;
    return own == 0 || (whole > 0 && whole < own) ? whole : own;
}

/* max_calls is a promise: it is counted before the request goes out. */
static sf_status count_request(sfi_call *call, sf_error *err)
{
    sf_client *sf = call->sf;
    long long n = atomic_fetch_add(&sf->stats.requests, 1) + 1;
    if (sf->max_calls <= 0 || n <= sf->max_calls) return SF_OK;
    atomic_fetch_sub(&sf->stats.requests, 1);
    return sfi_fail(err, SF_ERR_API_LIMIT, "%s: this client may make %lld requests (max_calls), and they are used up",
                    call->request.what, (long long)sf->max_calls);
}

static void cancel_transfer(void *ctx)
{
    sfi_transfer_cancel(ctx);
}

sf_status sfi_attempt_start(sfi_call *call, sf_error *err)
{
    sfi_header headers[SFI_CALL_HEADERS_MAX];
    sfi_buf url = { .max = 128 * SFI_KIB };
    sf_status rc = sfi_wait_check(&call->wait, call->request.what, err);
    if (rc == SF_OK && call->session == NULL && !call->request.anonymous && !sfi_auth_is_anonymous(call->sf->auth))
        rc = sfi_auth_get(call->sf->auth, &call->wait, &call->session, err);
    if (rc == SF_OK) rc = add_base(call, &url, err);
    if (rc == SF_OK) rc = write_body(call, err);
    if (rc == SF_OK) rc = count_request(call, err);
    if (rc != SF_OK) goto done;
    bool is_soap = call->request.write_body != NULL;
    make_trace(call);
    call->started_ms = sfi_now_ms();
    const sfi_http_request request = { .method = call->request.method,
                                       .url = url.data,
                                       .headers = headers,
                                       .header_count = all_headers(call, headers),
                                       .bearer =
                                           call->session != NULL && !is_soap ? sfi_session_token(call->session) : NULL,
                                       .bearer_is_session = call->request.session_header,
                                       .body = call->request.body,
                                       .body_is_borrowed = true,
                                       .source = call->request.source,
                                       .direct = call->request.direct,
                                       .sink = call->request.sink,
                                       .no_gzip = call->request.no_gzip,
                                       .response_max = sfi_call_response_max(call),
                                       .deadline_ms = attempt_deadline(call),
                                       .once = !call->is_repeatable,
                                       .is_long_poll = call->request.is_long_poll,
                                       .on_end = call->request.on_end,
                                       .end_user = call->request.end_user };
    rc = sfi_http_start(call->sf->http, &request, &call->transfer, err);
    if (rc != SF_OK) atomic_fetch_sub(&call->sf->stats.requests, 1); /* it never was one */
    if (rc == SF_OK) rc = sfi_cancel_watch(call->wait.cancel, &call->watcher, cancel_transfer, call->transfer, err);
done:
    sfi_buf_free(&url);
    return rc;
}

/* ---- end ---- */

static void note_usage(sf_client *sf, const sfi_http_response *r)
{
    sf_api_usage usage;
    sf_str header = sfi_header_get(r, "Sforce-Limit-Info");
    if (header.ptr == NULL || !sfi_usage_parse(header, &usage)) return; /* a broken one changes nothing */
    sfi_client_note_usage(sf, &usage);
}

/* Without the query: what is asked for may be confidential. */
static void log_attempt(const sfi_call *call, const sfi_http_response *r)
{
    const sfi_log *log = &call->sf->log;
    if (!sfi_log_wants(log, SFI_LOG_DEBUG)) return;
    static const char *const outcomes[] = { "answered", "not sent", "lost", "cancelled" };
    const char *path = call->request.path;
    sf_str id = sfi_header_get(r, "X-SFDC-Request-Id");
    char outcome[24];
    if (r->outcome == SFI_HTTP_ANSWERED)
        (void)snprintf(outcome, sizeof outcome, "HTTP %d", r->status);
    else
        (void)snprintf(outcome, sizeof outcome, "%s", outcomes[r->outcome]);
    sfi_logf(log, SFI_LOG_DEBUG, "client: %s %.*s: %s in %lld ms, %lld bytes, attempt %d%s%s%s%.*s",
             call->request.method, (int)strcspn(path, "?"), path, outcome, (long long)(sfi_now_ms() - call->started_ms),
             (long long)r->bytes_received, call->repeats + 1, call->trace[0] != '\0' ? ", trace " : "",
             call->trace[0] != '\0' ? call->trace_id : "", id.len > 0 ? ", request " : "", (int)id.len,
             id.len > 0 ? id.ptr : "");
}

sfi_http_response *sfi_attempt_finish(sfi_call *call)
{
    sfi_transfer_run(call->transfer);
    sfi_cancel_unwatch(&call->watcher);
    sfi_http_response *r = sfi_transfer_response(call->transfer);
    atomic_fetch_add(&call->sf->stats.bytes_sent, r->bytes_sent);
    atomic_fetch_add(&call->sf->stats.bytes_received, r->bytes_received);
    note_usage(call->sf, r);
    log_attempt(call, r);
    return r;
}

void sfi_attempt_end(sfi_call *call)
{
    sfi_cancel_unwatch(&call->watcher);
    sfi_transfer_free(call->transfer);
    call->transfer = NULL;
    wipe_body(call);
}
