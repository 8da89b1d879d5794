/*
 * transfer.c: one request from the caller's description to libcurl's handle, and from libcurl's end to the caller's
 * response. Built on the caller's thread, ended on the I/O thread. Redirects are followed here and not by libcurl, so
 * that one place decides where a token and a body may go.
 */
#include "http/engine_internal.h"

enum { METHOD_MAX = 16, HEADER_COUNT_MAX = 256 };

/* ---- checks of what the caller gave ---- */
static bool is_token(sf_str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.len; i++) {
        int c = sfi_ascii_lower((unsigned char)s.ptr[i]);
        bool ok = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr(others, c) != NULL);
        if (!ok) return false;
    }
    return s.len > 0;
}

static bool has_control(sf_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f) return true;
    }
    return false;
}

/* What frames the message is ours: two opinions on it are how requests are smuggled. */
static bool is_framing(sf_str name)
{
    static const char *const names[] = {
        "Content-Length", "Transfer-Encoding", "Connection",         "Host", "Expect", "TE", "Trailer", "Upgrade",
        "Keep-Alive",     "Proxy-Connection",  "Proxy-Authorization"
    };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (sfi_str_is_nocase(name, names[i])) return true;
    return false;
}

static sf_status check_header(const sfi_header *h, bool has_bearer, sf_error *err)
{
    if (!is_token(h->name) || h->name.len > 256)
        return sfi_fail(err, SF_ERR_USAGE, "a header's name has a byte that no name may have, or is empty or too long");
    int len = (int)h->name.len;
    if (has_control(h->value))
        return sfi_fail(err, SF_ERR_USAGE, "header %.*s: a control character (CR, LF, NUL …) in its value", len,
                        h->name.ptr);
    if (h->value.len > SFI_HTTP_URL_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "header %.*s: longer than %d bytes", len, h->name.ptr, SFI_HTTP_URL_MAX);
    if (is_framing(h->name) || (has_bearer && sfi_str_is_nocase(h->name, "Authorization")))
        return sfi_fail(err, SF_ERR_USAGE, "header %.*s is set by the library and cannot be given", len, h->name.ptr);
    return SF_OK;
}

static sf_status check_request(const sfi_http_request *r, sf_error *err)
{
    if (r->method == NULL || !is_token((sf_str){ r->method, strnlen(r->method, METHOD_MAX + 1) }) ||
        strnlen(r->method, METHOD_MAX + 1) > METHOD_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "the HTTP method is missing or not one; want GET, POST, PATCH …");
    if (sfi_eq_nocase(r->method, "CONNECT"))
        return sfi_fail(err, SF_ERR_USAGE, "the HTTP method CONNECT is for proxies");
    if (r->header_count > HEADER_COUNT_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "more than %d headers in a request", HEADER_COUNT_MAX);
    if (r->bearer != NULL && (*r->bearer == '\0' || has_control(sfi_str(r->bearer))))
        return sfi_fail(err, SF_ERR_USAGE, "the access token is empty or has a control character");
    if (r->bearer != NULL && strnlen(r->bearer, SFI_HTTP_URL_MAX + 1) > SFI_HTTP_URL_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "the access token is longer than %d bytes", SFI_HTTP_URL_MAX);
    for (size_t i = 0; i < r->header_count; i++) {
        sf_status rc = check_header(&r->headers[i], r->bearer != NULL, err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

/* ---- the list of headers that libcurl sends ---- */
static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *more = curl_slist_append(*list, line);
    if (more == NULL) return false;
    *list = more;
    return true;
}

/* The lines carry tokens: overwritten before they are freed. */
static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l != NULL; l = l->next) sfi_wipe(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

static bool has_header(const sfi_http_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (sfi_str_is_nocase(r->headers[i].name, name)) return true;
    return false;
}

static bool add_header(struct curl_slist **list, sfi_buf *line, sf_str name, sf_str value)
{
    value = sfi_trim(value);
    sfi_buf_clear(line);
    (void)sfi_buf_add(line, name.ptr, name.len);
    if (value.len > 0)
        (void)sfi_buf_add_str(line, ": ");
    else
        (void)sfi_buf_add_char(line, ';'); /* libcurl's way to write a header without a value */
    (void)sfi_buf_add(line, value.ptr, value.len);
    return !line->failed && append(list, line->data);
}

static sf_status build_headers(sfi_transfer *t, const sfi_http_request *r, sf_error *err)
{
    sfi_buf line = { .max = (size_t)2 * SFI_HTTP_URL_MAX };
    bool ok = true;
    for (size_t i = 0; ok && i < r->header_count; i++)
        ok = add_header(&t->header_list, &line, r->headers[i].name, r->headers[i].value);
    if (ok && r->bearer != NULL) {
        sfi_buf_clear(&line);
        const char *name = r->bearer_is_session ? "X-SFDC-Session: " : "Authorization: Bearer ";
        ok = sfi_buf_addf(&line, "%s%s", name, r->bearer) && append(&t->header_list, line.data);
    }
    if (ok && !r->no_gzip && !t->http->settings.no_gzip && !has_header(r, "Accept-Encoding"))
        ok = append(&t->header_list, "Accept-Encoding: gzip, deflate");
    bool is_read_once = r->source != NULL && r->source->rewind == NULL; /* rather ask before its bytes are gone */
    if (ok && !is_read_once) ok = append(&t->header_list, "Expect:");   /* no pause of a second before a large body */
    if (ok && !has_header(r, "Content-Type"))
        ok = append(&t->header_list, "Content-Type:"); /* not libcurl's form one */
    if (line.data != NULL) sfi_wipe(line.data, line.cap);
    sfi_buf_free(&line);
    return ok ? SF_OK : sfi_fail_memory(err, "a request's headers");
}

/* ---- building ---- */
static sf_status copy_request(sfi_transfer *t, const sfi_http_request *r, sf_error *err)
{
    t->url = sfi_strdup(r->url);
    t->method = sfi_strdup(r->method);
    if (t->url == NULL || t->method == NULL) return sfi_fail_memory(err, "a request");
    if (r->body.ptr == NULL || r->body_is_borrowed) return SF_OK;
    t->body = sfi_strndup(r->body.ptr, r->body.len);
    t->body_len = r->body.len;
    return t->body != NULL ? SF_OK : sfi_fail_memory(err, "a request's body");
}

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (code == CURLE_OK) code = curl_easy_setopt(t->easy, option, value);                                         \
    } while (0)

static CURLcode set_method(sfi_transfer *t, const sfi_http_request *r)
{
    CURLcode code = CURLE_OK;
    bool takes_body = r->body.ptr != NULL || strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0 ||
                      strcmp(t->method, "PATCH") == 0;
    if (takes_body) { /* without a body these say Content-Length: 0 */
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(r->body.ptr != NULL ? r->body.len : 0));
        SET(CURLOPT_POSTFIELDS, r->body.ptr == NULL ? "" : t->body != NULL ? t->body : r->body.ptr);
        if (strcmp(t->method, "POST") != 0) SET(CURLOPT_CUSTOMREQUEST, t->method);
    } else if (strcmp(t->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
        if (strcmp(t->method, "GET") != 0) SET(CURLOPT_CUSTOMREQUEST, t->method);
    }
    return code;
}

static sf_status set_up_easy(sfi_transfer *t, const sfi_http_request *r, sf_error *err)
{
    sfi_http *http = t->http;
    t->easy = curl_easy_init();
    if (t->easy == NULL) return sfi_fail_memory(err, "a request");
    CURLcode code = sfi_settings_apply(&http->settings, t->easy, t->origin.is_https);
    if (code == CURLE_OK && r->source == NULL) code = set_method(t, r);
    if (code == CURLE_OK && t->stream != NULL) code = sfi_stream_attach(t);
    if (code == CURLE_OK) code = sfi_receive_attach(t);
    SET(CURLOPT_URL, t->url);
    SET(CURLOPT_HTTPHEADER, t->header_list);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* the token is for the server, not for a proxy */
    if (http->share != NULL) SET(CURLOPT_SHARE, http->share);
    if (code == CURLE_OUT_OF_MEMORY) return sfi_fail_memory(err, "a request");
    if (code == CURLE_NOT_BUILT_IN || code == CURLE_UNKNOWN_OPTION)
        return sfi_fail(err, SF_ERR_UNSUPPORTED, "this libcurl (%s) lacks what the options ask for: %s",
                        curl_version_info(CURLVERSION_NOW)->version, curl_easy_strerror(code));
    if (code != CURLE_OK)
        return sfi_fail(err, SF_ERR_USAGE, "libcurl refuses the request: %s", curl_easy_strerror(code));
    return SF_OK;
}

static void set_limits(sfi_transfer *t, const sfi_http_request *r)
{
    int64_t total_ms = t->http->settings.total_timeout_ms;
    t->started_ms = sfi_now_ms();
    t->last_byte_ms = t->started_ms;
    t->deadline_ms = r->deadline_ms;
    if (t->stream != NULL || r->is_long_poll) total_ms = 0; /* a question of its size, or of the other side */
    t->is_long_poll = r->is_long_poll;
    if (total_ms > 0 && (t->deadline_ms == 0 || t->started_ms + total_ms < t->deadline_ms))
        t->deadline_ms = t->started_ms + total_ms;
    t->in.max = t->http->settings.response_max;
    if (r->response_max > 0 && r->response_max < t->in.max) t->in.max = r->response_max;
    sfi_receive_reset(&t->in);
}

static bool init_condition(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) return false;
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(cond, &attr) == 0;
    pthread_condattr_destroy(&attr);
    return ok;
}

sf_status sfi_transfer_new(sfi_http *http, const sfi_http_request *request, sfi_transfer **out, sf_error *err)
{
    *out = NULL;
    sf_status rc = check_request(request, err);
    if (rc != SF_OK) return rc;
    sfi_transfer *t = sfi_calloc(sizeof *t);
    if (t == NULL) return sfi_fail_memory(err, "a request");
    if (!init_condition(&t->ended)) {
        sfi_free(t);
        return sfi_fail_memory(err, "a request");
    }
    atomic_fetch_add(&http->refs, 1);
    t->http = http;
    /* Only what changes nothing is sent a second time without asking; a DELETE answered 404 would look like an error. */
    t->on_end = request->on_end;
    t->end_user = request->end_user;
    t->may_resend = !request->once && (strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0);
    rc = sfi_stream_new(request, &t->stream, err);
    set_limits(t, request);
    if (rc == SF_OK) rc = sfi_origin_parse(request->url, &t->origin, err);
    t->may_share = t->origin.is_https && !http->settings.no_http2 && t->stream == NULL;
    if (rc == SF_OK) rc = copy_request(t, request, err);
    if (rc == SF_OK) rc = build_headers(t, request, err);
    if (rc == SF_OK) rc = set_up_easy(t, request, err);
    if (rc == SF_OK) {
        *out = t;
        t = NULL;
    }
    sfi_transfer_destroy(t);
    return rc;
}

/* What only the running request needed. */
static void release(sfi_transfer *t)
{
    /* Not kept for the next request: after some ends libcurl's handle holds on to its buffer and takes no options. */
    curl_easy_cleanup(t->easy); /* NULL is fine */
    t->easy = NULL;
    free_headers(t->header_list);
    t->header_list = NULL;
    if (t->body != NULL) sfi_wipe(t->body, t->body_len); /* may be a login */
    sfi_free(t->body);
    t->body = NULL;
}

void sfi_transfer_destroy(sfi_transfer *t)
{
    if (t == NULL) return;
    release(t);
    sfi_stream_free(t->stream);
    sfi_buf_free(&t->in.head.text);
    sfi_free(t->in.body);
    sfi_free(t->response.headers);
    sfi_free(t->response.body);
    sfi_free(t->origin.text);
    sfi_free_secret(t->url); /* a query may hold a secret */
    sfi_free(t->method);
    pthread_cond_destroy(&t->ended);
    sfi_http_unref(t->http);
    sfi_free(t);
}

/* ---- the end, on the I/O thread ---- */
static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* May the request go to where the answer points? @return SF_OK and *url (curl's, valid while the handle is). */
static sf_status check_redirect(sfi_transfer *t, int status, char *url, sf_error *err)
{
    sfi_origin target = { 0 };
    bool is_read = strcmp(t->method, "GET") == 0 || strcmp(t->method, "HEAD") == 0;
    sf_status rc = sfi_origin_parse(url, &target, err);
    if (rc != SF_OK) {
        rc = rc == SF_ERR_MEMORY ? rc : SF_ERR_PROTOCOL;
        sfi_error_prefix(err, "%s answers %d and points to what cannot be followed", t->origin.text, status);
        if (err != NULL) err->status = rc;
    } else if (strcmp(target.text, t->origin.text) != 0) {
        rc =
            sfi_fail(err, SF_ERR_PROTOCOL,
                     "%s answers %d and points to another host, %s; the session is not sent there: use that host's URL "
                     "if it is the right one",
                     t->origin.text, status, target.text);
    } else if (!is_read && status != 307 && status != 308) {
        rc = sfi_fail(err, SF_ERR_PROTOCOL,
                      "%s answers a %s with %d and points elsewhere; a write is not turned into a GET", t->origin.text,
                      t->method, status);
    } else if (t->stream != NULL && t->stream->source != NULL) {
        rc =
            sfi_fail(err, SF_ERR_PROTOCOL,
                     "%s answers %d and points elsewhere; a body from a source is not sent a second time for that: use "
                     "the URL that it points to",
                     t->origin.text, status);
    } else if (t->redirects >= SFI_HTTP_REDIRECTS_MAX) {
        rc = sfi_fail(err, SF_ERR_PROTOCOL, "%s: more than %d redirects in a row", t->origin.text,
                      SFI_HTTP_REDIRECTS_MAX);
    }
    if (rc != SF_OK && err != NULL) err->http_status = status;
    sfi_free(target.text);
    return rc;
}

/* @return true: the request was set up anew for where the answer pointed. */
static bool follow(sfi_transfer *t)
{
    long status = 0;
    char *url = NULL;
    if (curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || !is_redirect((int)status))
        return false;
    if (curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &url) != CURLE_OK || url == NULL) return false;
    if (check_redirect(t, (int)status, url, &t->response.error) != SF_OK) return false;
    char *copy = sfi_strdup(url);
    if (copy == NULL || curl_easy_setopt(t->easy, CURLOPT_URL, copy) != CURLE_OK) {
        sfi_free_secret(copy);
        (void)sfi_fail_memory(&t->response.error, "a redirect");
        return false;
    }
    sfi_free_secret(t->url);
    t->url = copy;
    t->redirects++;
    t->sends = 0;
    t->uploaded = 0;
    sfi_receive_reset(&t->in);
    return true;
}

static void count_bytes(sfi_transfer *t)
{
    long request = 0, header = 0;
    curl_off_t up = 0, down = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &request); /* stays 0 when libcurl does not know */
    (void)curl_easy_getinfo(t->easy, CURLINFO_HEADER_SIZE, &header);
    (void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    (void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    t->response.bytes_sent += request > up ? request : request + up; /* a small body goes out with the headers */
    t->response.bytes_received += header + down;
}

/* Without the query: what is asked for may be confidential. */
static void log_end(const sfi_transfer *t)
{
    const sfi_http_response *r = &t->response;
    const sfi_log *log = &t->http->log;
    if (!sfi_log_wants(log, SFI_LOG_DEBUG)) return;
    long long ms = (long long)(t->http->now_ms - t->started_ms);
    int len = (int)strcspn(t->url, "?"); /* at most SFI_HTTP_URL_MAX */
    if (r->outcome == SFI_HTTP_ANSWERED)
        sfi_logf(log, SFI_LOG_DEBUG, "%s %.*s: %d, %lld bytes, %lld ms, HTTP/%d.%d", t->method, len, t->url, r->status,
                 (long long)t->in.total, ms, r->http_version / 10, r->http_version % 10);
    else
        sfi_logf(log, SFI_LOG_DEBUG, "%s %.*s: %s after %lld ms: %s", t->method, len, t->url,
                 r->outcome == SFI_HTTP_NOT_SENT    ? "not sent"
                 : r->outcome == SFI_HTTP_CANCELLED ? "cancelled"
                                                    : "answer lost",
                 ms, r->error.message);
}

static void log_header(const sfi_log *log, const char *arrow, sf_str line)
{
    const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
    size_t name_len = colon != NULL ? (size_t)(colon - line.ptr) : line.len;
    bool secret = sfi_header_is_secret((sf_str){ line.ptr, name_len });
    sfi_logf(log, SFI_LOG_TRACE, "%s %.*s%s", arrow, (int)(secret ? name_len : line.len), line.ptr,
             secret ? ": …" : "");
}

/* @param sent the request's headers, else the answer's. */
static void log_headers(const sfi_transfer *t, bool sent)
{
    const sfi_log *log = &t->http->log;
    if (!sfi_log_wants(log, SFI_LOG_TRACE)) return;
    for (const struct curl_slist *l = t->header_list; sent && l != NULL; l = l->next)
        if (!sfi_ends_with(sfi_str(l->data), ":")) log_header(log, ">", sfi_str(l->data)); /* "Name:" keeps one away */
    const char *line = sent ? NULL : t->response.headers;
    while (line != NULL && *line != '\0') { /* ends: every line ends with LF or the text does */
        const char *end = strchr(line, '\n');
        log_header(log, "<", (sf_str){ line, end != NULL ? (size_t)(end - line) : strlen(line) });
        line = end != NULL ? end + 1 : NULL;
    }
}

bool sfi_transfer_end(sfi_transfer *t, CURLcode code, const char *timeout_name)
{
    bool cancelled = atomic_load(&t->cancelled);
    if (t->easy != NULL) {
        count_bytes(t);
        log_headers(t, true);
        if (code == CURLE_OK && !cancelled && follow(t)) return true;
    }
    sfi_receive_finish(t);
    sfi_stream_finish(t);
    sfi_outcome_classify(t, code, timeout_name);
    log_headers(t, false);
    log_end(t);
    release(t);
    return false;
}
