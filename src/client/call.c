/*
 * call.c: one call to the API from start to checked answer. Called by rest, answer.c and request.c. The loop: an attempt,
 * a judgement (decide.c), and then the answer, a renewed session, a pause and a repeat, or an error that says what
 * happened. It ends because each way round is counted: one renewal, retries_max repeats, three for a locked row.
 */
#include "client/call_internal.h"

enum { LOCK_REPEATS_MAX = 3 };

sf_status sfi_wait_of(const sf_client *sf, const sf_call_options *options, sfi_wait *out, sf_error *err)
{
    static const sf_call_options none;
    const sf_call_options *o = options != NULL ? options : &none;
    if (o->timeout_ms < SF_NONE || o->timeout_ms > SFI_TIME_MAX_MS)
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_call_options: timeout_ms is %lld; want 1 to %d milliseconds, 0 (the client's) or SF_NONE",
                        (long long)o->timeout_ms, SFI_TIME_MAX_MS);
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_call_options: reserved is not zero");
    int64_t timeout = o->timeout_ms != 0 ? o->timeout_ms : sf->call_timeout_ms;
    *out = (sfi_wait){ .deadline_ms = timeout > 0 ? sfi_now_ms() + timeout : 0, .cancel = o->cancel };
    return SF_OK;
}

static void end_call(sfi_call *call)
{
    if (call == NULL) return;
    sfi_attempt_end(call);
    sfi_session_release(call->session);
    sfi_arena_free(&call->arena);
    sfi_free(call);
}

void sfi_call_cancel(sfi_call *call)
{
    end_call(call);
}

bool sfi_call_is_ended(const sfi_call *call)
{
    return sfi_transfer_wait(call->transfer, sfi_now_ms() - 1);
}

sfi_session *sfi_call_session(const sfi_call *call)
{
    return call->session != NULL ? sfi_session_ref(call->session) : NULL;
}

sf_status sfi_client_renew(sf_client *sf, sfi_session *failed, const sf_call_options *options, sf_error *err)
{
    sfi_wait wait;
    sfi_session *fresh = NULL;
    sf_status rc = sfi_wait_of(sf, options, &wait, err);
    if (rc == SF_OK && failed != NULL) rc = sfi_auth_renew(sf->auth, failed, &wait, &fresh, err);
    if (rc == SF_OK && failed == NULL) rc = sfi_auth_login(sf->auth, &wait, &fresh, err);
    sfi_session_release(fresh);
    return rc;
}

sf_status sfi_call_begin(sf_client *sf, const sfi_call_request *request, sfi_call **out, sf_error *err)
{
    *out = NULL;
    const sf_call_options *options = request->options;
    sfi_wait wait;
    sf_status rc = sfi_wait_of(sf, options, &wait, err);
    if (rc != SF_OK) return rc;
    sfi_call *call = sfi_calloc(sizeof *call);
    if (call == NULL) return sfi_fail_memory(err, "a call");
    call->sf = sf;
    call->wait = wait;
    call->retries_max = options != NULL && options->no_retry ? 0 : sf->retry.retries_max;
    call->arena.max = SFI_MIB;
    rc = sfi_call_copy_request(call, request, err);
    if (rc == SF_OK) {
        call->is_repeatable = sfi_request_is_repeatable(request, call->headers, call->header_count);
        rc = sfi_attempt_start(call, err);
    }
    if (rc == SF_OK) {
        *out = call;
        call = NULL;
    }
    end_call(call);
    return rc;
}

/* ---- judging an attempt ---- */

/* A SOAP answer that stops before the end of its envelope. */
static bool is_cut_envelope(const sfi_http_response *r)
{
    static const char end[] = "Envelope>";
    enum { TAIL = 256 }; /* blanks and comments may follow */
    if (r->encoding != SFI_ENCODING_IDENTITY) return false;
    if (r->body_len > 0 && !sfi_content_type_is(sfi_header_get(r, "Content-Type"), "text/xml")) return false;
    size_t from = r->body_len > TAIL ? r->body_len - TAIL : 0;
    for (size_t i = from; i + sizeof end - 1 <= r->body_len; i++)
        if (memcmp(r->body + i, end, sizeof end - 1) == 0) return false;
    return true;
}

/* JSON that stops before its last bracket, in an answer whose length was right: something in between cut it. */
static bool is_cut_json(const sfi_http_response *r)
{
    if (r->encoding != SFI_ENCODING_IDENTITY || r->body_len == 0) return false;
    if (!sfi_content_type_is(sfi_header_get(r, "Content-Type"), "application/json")) return false;
    sf_str text = sfi_trim((sf_str){ r->body, r->body_len });
    if (text.len == 0) return false;
    char first = text.ptr[0], last = text.ptr[text.len - 1];
    return (first == '{' && last != '}') || (first == '[' && last != ']');
}

static bool is_accepted(const sfi_call_request *request, int status)
{
    if (status == 304) return request->not_modified_is_ok || request->any_status;
    return request->any_status && status >= 300 && status < 500;
}

/* What an answer of 300 and above says, as an error; its body stays where it is. */
static sf_status explain_answer(sfi_call *call, sfi_http_response *r, sf_error *err)
{
    sf_str body = { r->body, r->body_len };
    char *plain = NULL;
    size_t cap = 0, len = 0;
    if (r->encoding != SFI_ENCODING_IDENTITY && r->body_len > 0) {
        sf_status rc =
            sfi_inflate(r->body, r->body_len, (int)r->encoding, sfi_call_response_max(call), &plain, &cap, &len, NULL);
        body = rc == SF_OK ? (sf_str){ plain, len } : (sf_str){ NULL, 0 };
    }
    sf_status rc;
    if (r->status >= 300 && r->status < 400 && r->error.status != SF_OK && r->error.message[0] != '\0') {
        *err = r->error; /* which redirect, and why it was not followed */
        sfi_error_prefix(err, "%s", call->request.what);
        rc = err->status;
    } else {
        rc = sfi_error_from_answer(r->status, sfi_header_get(r, "Content-Type"), body, call->request.what, err);
    }
    sfi_free(plain);
    err->http_status = r->status;
    err->retry_after_ms = sfi_retry_after_ms(r);
    return rc;
}

typedef enum parts_kind { PARTS_NONE, PARTS_FOUND, PARTS_DAMAGED } parts_kind;

/* Does the body say of each part of the work how it ended? What is left of such a list does not. */
static parts_kind find_parts(const char *flag, sf_str body)
{
    sf_str text = sfi_trim(body);
    if (text.len == 0 || text.ptr[0] != '[') return PARTS_NONE;
    sfi_json *doc = NULL;
    parts_kind kind = PARTS_DAMAGED;
    if (sfi_json_new(&doc, NULL) == SF_OK && sfi_json_parse(doc, text, NULL) == SF_OK) {
        sf_value first = sf_get(sfi_json_root(doc), "0");
        kind = sf_value_type(sf_get(first, flag)) == SF_BOOL ? PARTS_FOUND : PARTS_NONE;
    }
    sfi_json_free(doc);
    return kind;
}

static parts_kind look_for_parts(const sfi_call *call, const sfi_http_response *r)
{
    char *plain = NULL;
    size_t cap = 0, len = 0;
    if (call->request.parts_flag == NULL || r->outcome != SFI_HTTP_ANSWERED || r->status != 400 || r->body_len == 0)
        return PARTS_NONE;
    if (r->encoding == SFI_ENCODING_IDENTITY)
        return find_parts(call->request.parts_flag, (sf_str){ r->body, r->body_len });
    sf_status rc =
        sfi_inflate(r->body, r->body_len, (int)r->encoding, call->sf->response_max, &plain, &cap, &len, NULL);
    parts_kind kind = rc == SF_OK ? find_parts(call->request.parts_flag, (sf_str){ plain, len }) : PARTS_DAMAGED;
    sfi_free(plain);
    return kind;
}

static sfi_verdict judge(sfi_call *call, sfi_http_response *r, sf_error *cause)
{
    sfi_attempt a = { .outcome = r->outcome,
                      .status = r->status,
                      .is_repeatable = call->is_repeatable || (r->is_cut_upload && !call->request.once),
                      .is_accepted = is_accepted(&call->request, r->status),
                      .can_renew = call->session != NULL && !call->is_renewed && !call->request.no_renew,
                      .code = "",
                      .message = "" };
    *cause = (sf_error){ 0 };
    bool is_soap = call->request.write_body != NULL;
    parts_kind parts = look_for_parts(call, r);
    if (parts == PARTS_FOUND) return SFI_VERDICT_DONE; /* whatever code a part has: the others are done */
    if (parts == PARTS_DAMAGED) {
        (void)sfi_fail(cause, SF_ERR_TRUNCATED, "the answer (HTTP 400) tells of parts that are done, and is damaged");
        cause->http_status = r->status;
        a.outcome = SFI_HTTP_LOST;
        a.cause = cause->status;
    } else if (r->outcome == SFI_HTTP_ANSWERED && r->status >= 200 && r->status < 300 &&
               (is_soap ? is_cut_envelope(r) : is_cut_json(r))) {
        (void)sfi_fail(cause, SF_ERR_TRUNCATED, "the answer (HTTP %d, %zu bytes) ends in the middle of its %s",
                       r->status, r->body_len, is_soap ? "XML" : "JSON");
        cause->http_status = r->status;
        a.outcome = SFI_HTTP_LOST;
        a.cause = cause->status;
    } else if (r->outcome != SFI_HTTP_ANSWERED) {
        *cause = r->error;
        a.cause = cause->status;
        a.is_lasting = r->outcome == SFI_HTTP_NOT_SENT && !cause->retryable;
    } else if (r->status >= 300 && r->status != 304) {
        (void)explain_answer(call, r, cause);
        a.code = cause->code;
        a.message = cause->message;
        a.is_proxy_text = r->status == 503 && r->body != NULL &&
                          sfi_starts_with((sf_str){ r->body, r->body_len }, "upstream connect error");
    } else if (r->status == 304 && !a.is_accepted) {
        (void)sfi_fail(cause, SF_ERR_PROTOCOL, "%s: HTTP 304 to a request without a condition", call->request.what);
        cause->http_status = r->status;
    }
    call->may_be_done |= sfi_attempt_may_be_done(&a);
    return sfi_decide(&a);
}

/* ---- what follows ---- */

static void take_answer(sfi_http_response *r, sfi_answer *out)
{
    *out = (sfi_answer){ .status = r->status,
                         .headers = r->headers,
                         .body = r->body,
                         .body_len = r->body_len,
                         .body_cap = r->body_cap,
                         .encoding = (int)r->encoding,
                         .sink_bytes = r->sink_bytes };
    r->headers = NULL;
    r->body = NULL;
}

/* @return SF_OK: a new session, start again. */
static sf_status renew(sfi_call *call, const sf_error *cause, sf_error *err)
{
    sfi_session *fresh;
    call->is_renewed = true;
    sf_status rc = sfi_auth_renew(call->sf->auth, call->session, &call->wait, &fresh, err);
    if (rc == SF_OK) {
        sfi_session_release(call->session);
        call->session = fresh;
        return SF_OK;
    }
    if (err != NULL) {
        if (err->http_status == 0) err->http_status = cause->http_status;
        if (err->code[0] == '\0') sfi_error_set_code(err, sfi_str(cause->code));
        sfi_error_prefix(err, "%.300s",
                         cause->message[0] != '\0' ? cause->message : call->request.what); /* what the org said */
    }
    return rc;
}

/* SF_ROW: the pause is over, start again; SF_OK: no more repeats; an error: the wait ended. */
static sf_status pause_for_repeat(sfi_call *call, const sf_error *cause, sf_error *err)
{
    bool is_lock = strcmp(cause->code, "UNABLE_TO_LOCK_ROW") == 0;
    if (call->repeats >= call->retries_max) return SF_OK;
    if (is_lock && call->lock_repeats++ >= LOCK_REPEATS_MAX) return SF_OK;
    if (cause->retry_after_ms > SFI_SERVER_PAUSE_MAX_MS) return SF_OK;
    int64_t pause = sfi_retry_pause_ms(call->repeats + 1, call->sf->retry.pause_ms, call->sf->retry.pause_max_ms,
                                       cause->retry_after_ms, sfi_random());
    if (call->wait.deadline_ms > 0 && sfi_now_ms() + pause >= call->wait.deadline_ms)
        return SF_OK; /* it would end in the pause */
    call->repeats++;
    atomic_fetch_add(&call->sf->stats.retries, 1);
    sfi_logf(&call->sf->log, SFI_LOG_INFO, "client: %s; repeat %d of %d in %lld ms", cause->message, call->repeats,
             call->retries_max, (long long)pause);
    sf_status rc = sfi_wait_pause(&call->wait, pause, call->request.what, err);
    return rc == SF_OK ? SF_ROW : rc;
}

static sf_status fail_unknown(sfi_call *call, const sf_error *cause, sf_error *err)
{
    atomic_fetch_add(&call->sf->stats.unknown_outcomes, 1);
    char why[sizeof cause->message];
    memcpy(why, cause->message, sizeof why);
    int32_t http_status = cause->http_status;
    (void)sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                   "%s: the request was sent and may have taken effect or not (%.400s); look in the org before "
                   "sending it again, or write by external id (upsert), which can be repeated",
                   call->request.what, why);
    if (err != NULL) err->http_status = http_status;
    return SF_ERR_UNKNOWN_OUTCOME;
}

/* The error as it stands, with what the loop knows of it. */
static sf_status fail_for_good(sfi_call *call, sfi_verdict verdict, const sf_error *cause, sf_error *err)
{
    if (err == NULL) return cause->status;
    *err = *cause;
    bool has_what = sfi_starts_with(sfi_str(err->message), call->request.what);
    if (!has_what) sfi_error_prefix(err, "%s", call->request.what);
    if (verdict == SFI_VERDICT_REPEAT && cause->status != SF_ERR_LIMIT && cause->status != SF_ERR_MEMORY)
        err->retryable = true;
    return err->status;
}

/* ---- streamed bodies: another attempt needs them from their start ---- */

static const char *what_holds_up(const sfi_call *call, const sfi_http_response *r)
{
    const sfi_call_request *q = &call->request;
    if (r->source_bytes > 0 && q->source->rewind == NULL) return "its source cannot be read again";
    if (r->sink_bytes > 0 && q->sink->restart == NULL) return "its sink cannot take back what it was given";
    return NULL;
}

static sf_status start_over(const sfi_call *call, const sfi_http_response *r, sf_error *err)
{
    const sfi_call_request *q = &call->request;
    sf_error cause = { 0 };
    sf_status rc = r->source_bytes > 0 ? q->source->rewind(q->source->user, &cause) : SF_OK;
    if (rc == SF_OK && r->sink_bytes > 0) rc = q->sink->restart(q->sink->user, &cause);
    if (rc == SF_OK) return SF_OK;
    if (cause.message[0] == '\0')
        (void)sfi_fail(&cause, SF_ERR_IO, "%s: source or sink cannot begin again, and does not say why", q->what);
    cause.status = rc < 0 ? rc : SF_ERR_IO;
    if (err != NULL) *err = cause;
    return cause.status;
}

/* It would be repeated, if its streams could. A session that has ended is renewed all the same, for the next call. */
static sf_status fail_held_up(sfi_call *call, sfi_verdict verdict, const sf_error *cause, const char *why,
                              sf_error *err)
{
    sf_status rc = verdict == SFI_VERDICT_RENEW ? renew(call, cause, err) : SF_OK;
    if (rc != SF_OK) return rc;
    rc = fail_for_good(call, verdict, cause, err);
    if (err == NULL) return rc;
    char old[sizeof err->message];
    memcpy(old, err->message, sizeof old);
    (void)snprintf(err->message, sizeof err->message, "%.600s (not repeated: %s)", old, why);
    err->retryable = true;
    return rc;
}

/* A delete whose first answer was lost, and that now finds nothing, has been done. */
static bool is_done_delete(const sfi_call *call, const sfi_http_response *r)
{
    return call->may_be_done && r->outcome == SFI_HTTP_ANSWERED && r->status == 404 &&
           strcmp(call->request.method, "DELETE") == 0;
}

static void take_done_delete(sfi_call *call, sfi_http_response *r, sfi_answer *out)
{
    sfi_logf(&call->sf->log, SFI_LOG_INFO, "client: %s: gone already, so the attempt whose answer was lost has done it",
             call->request.what);
    take_answer(r, out);
    sfi_free(out->body);
    out->body = NULL;
    out->body_len = out->body_cap = 0;
    out->status = 204;
}

sf_status sfi_call_finish_full(sfi_call *call, sfi_answer *out, sf_error *err)
{
    *out = (sfi_answer){ 0 };
    sf_status rc;
    for (;;) { /* ends: see the top of the file */
        sf_error cause;
        sfi_http_response *r = sfi_attempt_finish(call);
        sfi_verdict verdict = judge(call, r, &cause);
        if (is_done_delete(call, r)) {
            take_done_delete(call, r, out);
            rc = SF_OK;
            break;
        }
        if (verdict == SFI_VERDICT_DONE) {
            take_answer(r, out);
            rc = SF_OK;
            break;
        }
        bool is_once_more = verdict == SFI_VERDICT_RENEW || verdict == SFI_VERDICT_REPEAT;
        const char *held_up_by = is_once_more ? what_holds_up(call, r) : NULL;
        if (held_up_by != NULL) {
            rc = fail_held_up(call, verdict, &cause, held_up_by, err);
        } else if (verdict == SFI_VERDICT_RENEW) {
            rc = renew(call, &cause, err);
            if (rc == SF_OK) atomic_fetch_add(&call->sf->stats.retries, 1);
        } else if (verdict == SFI_VERDICT_REPEAT) {
            rc = pause_for_repeat(call, &cause, err);
            if (rc == SF_OK)
                rc = fail_for_good(call, verdict, &cause, err);
            else if (rc == SF_ROW)
                rc = SF_OK;
        } else if (verdict == SFI_VERDICT_UNKNOWN) {
            rc = fail_unknown(call, &cause, err);
        } else {
            rc = fail_for_good(call, verdict, &cause, err);
        }
        if (rc == SF_OK) rc = start_over(call, r, err);
        if (rc != SF_OK) {
            if (r->outcome == SFI_HTTP_ANSWERED) take_answer(r, out);
            break;
        }
        sfi_attempt_end(call);
        rc = sfi_attempt_start(call, err);
        if (rc != SF_OK) break;
    }
    out->may_be_done = call->may_be_done;
    out->max = sfi_call_response_max(call);
    end_call(call);
    return rc;
}

sf_status sfi_call_finish(sfi_call *call, sfi_answer *out, sf_error *err)
{
    sf_status rc = sfi_call_finish_full(call, out, err);
    if (rc == SF_OK) return rc;
    bool may_be_done = out->may_be_done;
    sfi_answer_clear(out);
    out->may_be_done = may_be_done;
    return rc;
}

sf_status sfi_call_run(sf_client *sf, const sfi_call_request *request, sfi_answer *out, sf_error *err)
{
    *out = (sfi_answer){ 0 };
    sfi_call *call;
    sf_status rc = sfi_call_begin(sf, request, &call, err);
    return rc == SF_OK ? sfi_call_finish(call, out, err) : rc;
}
