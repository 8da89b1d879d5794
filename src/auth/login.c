/*
 * login.c: the one request that a login is, for OAuth and SOAP alike: sent to the login host, answered as a whole, or
 * explained. Called by oauth.c and soap_login.c. Bodies hold secrets in both directions: they are lent to the transport,
 * not copied, and wiped. The one idea: what matters about a failure is whether the server may have acted on it.
 */
#include "auth/auth_internal.h"

enum {
    LOGIN_TIMEOUT_MS = 120000, /* one attempt; a login that takes longer is dead */
    TICK_MS = 3000,
    LOOK_MS = 250 /* at the cancel token, by who lingers */
};

void sfi_login_answer_clear(sfi_login_answer *a)
{
    if (a->body != NULL) sfi_wipe(a->body, a->body_cap);
    sfi_free(a->body);
    *a = (sfi_login_answer){ 0 };
}

static void cancel_transfer(void *ctx)
{
    sfi_transfer_cancel(ctx);
}

/* To its end, which its deadline brings if nothing else does. */
static void await_ticking(sfi_transfer *t, const sfi_login *login)
{
    if (login->tick == NULL) {
        (void)sfi_transfer_wait(t, 0); /* true: without a deadline it returns at the end only */
        return;
    }
    while (!sfi_transfer_wait(t, sfi_now_ms() + TICK_MS)) login->tick(login->tick_ctx);
}

/* The same, but a cancellation has to wait as well, for linger_ms at most. */
static void await_lingering(sfi_transfer *t, const sfi_login *login, const sfi_wait *wait)
{
    int64_t tick_ms = sfi_now_ms() + TICK_MS;
    int64_t end_ms = 0;                                     /* of the lingering; 0: nobody has cancelled */
    while (!sfi_transfer_wait(t, sfi_now_ms() + LOOK_MS)) { /* ends: the transfer's deadline */
        int64_t now = sfi_now_ms();
        if (login->tick != NULL && now >= tick_ms) {
            login->tick(login->tick_ctx);
            tick_ms = sfi_now_ms() + TICK_MS;
        }
        if (end_ms == 0 && sfi_cancel_is_set(wait->cancel)) end_ms = now + login->linger_ms;
        if (end_ms > 0 && now >= end_ms) sfi_transfer_cancel(t);
    }
}

/* Wait for the transfer's end. It ends by itself: at its deadline, or when cancel tells it to. */
static sf_status await(sfi_transfer *t, const sfi_login *login, const sfi_wait *wait, sf_error *err)
{
    if (login->linger_ms > 0) {
        await_lingering(t, login, wait);
        return SF_OK;
    }
    sfi_cancel_watcher watcher;
    sf_status rc = sfi_cancel_watch(wait->cancel, &watcher, cancel_transfer, t, err);
    if (rc != SF_OK) return rc;
    await_ticking(t, login);
    sfi_cancel_unwatch(&watcher);
    return SF_OK;
}

static int64_t attempt_deadline(const sfi_login *login, const sfi_wait *wait)
{
    int64_t end = sfi_now_ms() + LOGIN_TIMEOUT_MS;
    int64_t asked = wait->deadline_ms + login->linger_ms;
    return wait->deadline_ms > 0 && asked < end ? asked : end;
}

/* The plain text of what came, in memory of ours. */
static sf_status take_body(sfi_http_response *r, sfi_login_answer *out, sf_error *err)
{
    out->status = r->status;
    out->body = r->body;
    out->body_len = r->body_len;
    out->body_cap = r->body_cap > r->body_len ? r->body_cap : r->body_len;
    r->body = NULL;
    if (r->encoding == SFI_ENCODING_IDENTITY || out->body_len == 0) return SF_OK;
    char *plain = NULL;
    size_t cap = 0, len = 0;
    sf_status rc =
        sfi_inflate(out->body, out->body_len, (int)r->encoding, SFI_AUTH_ANSWER_MAX, &plain, &cap, &len, err);
    if (rc != SF_OK) {
        sfi_free(plain);
        return rc;
    }
    sfi_login_answer_clear(out);
    *out = (sfi_login_answer){ .status = r->status, .body = plain, .body_len = len, .body_cap = cap };
    return SF_OK;
}

static bool looks_like_html(const sfi_http_response *r, const sfi_login_answer *a)
{
    if (sfi_content_type_is(sfi_header_get(r, "Content-Type"), "text/html")) return true;
    sf_str text = sfi_trim((sf_str){ a->body, a->body_len });
    return sfi_starts_with_nocase(text, "<!doctype html") || sfi_starts_with_nocase(text, "<html");
}

static sf_status explain_no_answer(const sfi_login *login, const sfi_http_response *r, sfi_login_failure *why,
                                   sf_error *err)
{
    *why = r->outcome == SFI_HTTP_NOT_SENT ? SFI_LOGIN_TRANSIENT
           : r->outcome == SFI_HTTP_LOST   ? SFI_LOGIN_LOST
                                           : SFI_LOGIN_ENDED;
    sf_error cause = r->error;
    if (cause.status == SF_ERR_MEMORY || cause.status == SF_ERR_USAGE || cause.status == SF_ERR_LIMIT)
        *why = SFI_LOGIN_ENDED;
    if (r->outcome == SFI_HTTP_CANCELLED) cause.status = SF_ERR_CANCELLED;
    /* A login that is done twice makes two sessions, no more. What was not sent knows itself whether that will pass. */
    cause.retryable = *why == SFI_LOGIN_LOST || (*why == SFI_LOGIN_TRANSIENT && r->error.retryable);
    sfi_error_prefix(&cause, "login to %s", login->login_url);
    if (err != NULL) *err = cause;
    return cause.status;
}

/* Answers that no reader of the body can make sense of: SF_OK when there is none such. */
static sf_status check_answer(const sfi_login *login, const sfi_http_response *r, const sfi_login_answer *a,
                              sfi_login_failure *why, sf_error *err)
{
    bool is_html = looks_like_html(r, a);
    sf_status rc = SF_OK;
    if (a->status >= 300 && a->status < 400) {
        sf_str location = sfi_header_get(r, "Location");
        *why = SFI_LOGIN_REFUSED;
        rc = sfi_fail(err, SF_ERR_AUTH,
                      "%s is not a login host: it redirects (HTTP %d) to %.*s; use https://NAME.my.salesforce.com "
                      "of your org, or https://login.salesforce.com",
                      login->login_url, a->status, (int)strcspn(location.ptr != NULL ? location.ptr : "", "?#\n"),
                      location.ptr != NULL ? location.ptr : "");
    } else if (a->status == 429 || (a->status == 503 && (is_html || a->body_len == 0))) {
        *why = SFI_LOGIN_TRANSIENT;
        rc = sfi_fail(err, SF_ERR_UNAVAILABLE,
                      "login to %s: the server takes no requests now (HTTP %d); try again later", login->login_url,
                      a->status);
    } else if (a->status >= 500 && (is_html || a->body_len == 0)) {
        *why = SFI_LOGIN_LOST;
        rc = sfi_fail(err, SF_ERR_UNAVAILABLE, "login to %s: the server failed with HTTP %d; try again later",
                      login->login_url, a->status);
    } else if (is_html) {
        *why = SFI_LOGIN_REFUSED;
        rc = sfi_fail(err, SF_ERR_AUTH,
                      "%s is not a login host: it answered HTTP %d with a web page; use "
                      "https://NAME.my.salesforce.com of your org, or https://login.salesforce.com",
                      login->login_url, a->status);
    }
    if (rc != SF_OK && err != NULL) {
        err->http_status = a->status;
        err->retry_after_ms = sfi_retry_after_ms(r);
        err->retryable = *why != SFI_LOGIN_REFUSED;
    }
    return rc;
}

static sf_status start(const sfi_login *login, const char *path, const char *content_type, sf_str body,
                       const sfi_wait *wait, sfi_transfer **out, sf_error *err)
{
    sfi_buf url = { 0 };
    (void)sfi_buf_addf(&url, "%s%s", login->login_url, path);
    sf_status rc = sfi_buf_status(&url, err, "a login URL");
    bool is_soap = sfi_starts_with(sfi_str(content_type), "text/xml");
    const sfi_header headers[] = {
        { SFI_STR("Content-Type"), sfi_str(content_type) },
        { SFI_STR("Accept"), is_soap ? SFI_STR("text/xml") : SFI_STR("application/json") },
        { SFI_STR("User-Agent"), sfi_str(login->user_agent) },
        { SFI_STR("SOAPAction"), SFI_STR("login") },
    };
    const sfi_http_request request = { .method = "POST",
                                       .url = url.data,
                                       .headers = headers,
                                       .header_count = SFI_COUNT_OF(headers) - (is_soap ? 0 : 1),
                                       .body = body,
                                       .body_is_borrowed = true,
                                       .response_max = SFI_AUTH_ANSWER_MAX,
                                       .deadline_ms = attempt_deadline(login, wait) };
    if (rc == SF_OK) rc = sfi_http_start(login->http, &request, out, err);
    sfi_buf_free(&url);
    return rc;
}

sf_status sfi_login_send(const sfi_login *login, const char *path, const char *content_type, sf_str body,
                         const sfi_wait *wait, sfi_login_answer *out, sfi_login_failure *why, sf_error *err)
{
    *out = (sfi_login_answer){ 0 };
    *why = SFI_LOGIN_ENDED;
    sfi_transfer *t = NULL;
    sf_status rc = sfi_wait_check(wait, "login", err);
    if (rc == SF_OK) rc = start(login, path, content_type, body, wait, &t, err);
    if (rc == SF_OK) rc = await(t, login, wait, err);
    if (rc != SF_OK) goto done;
    sfi_http_response *r = sfi_transfer_response(t);
    if (r->outcome != SFI_HTTP_ANSWERED) {
        rc = explain_no_answer(login, r, why, err);
        goto done;
    }
    rc = take_body(r, out, err);
    if (rc == SF_OK)
        rc = check_answer(login, r, out, why, err);
    else
        *why = rc == SF_ERR_MEMORY ? SFI_LOGIN_ENDED : SFI_LOGIN_LOST;
    sfi_logf(login->log, SFI_LOG_DEBUG, "login: POST %s%s: HTTP %d", login->login_url, path, r->status);
done:
    sfi_transfer_free(t);
    if (rc != SF_OK) sfi_login_answer_clear(out);
    return rc;
}
