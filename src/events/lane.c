/*
 * lane.c: the listener's requests: one call a lane, begun without waiting, taken in when the bell has rung. Called by
 * listener.c. An answer is taken in only when the events of the one before are handled: what waits is one answer a lane.
 */
#include "events/listener_internal.h"
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- cookies: sent back as they came, byte for byte ---- */

static void drop_cookie(sfi_cookie *c)
{
    if (c->text != NULL) sfi_wipe(c->text, strlen(c->text));
    sfi_free(c->text);
    *c = (sfi_cookie){ 0 };
}

static bool is_expired(sf_str attributes)
{
    while (attributes.len > 0) { /* ends: each turn takes one away */
        const char *semicolon = memchr(attributes.ptr, ';', attributes.len);
        size_t len = semicolon != NULL ? (size_t)(semicolon - attributes.ptr) : attributes.len;
        sf_str one = sfi_trim((sf_str){ attributes.ptr, len });
        int64_t at;
        if (sfi_starts_with_nocase(one, "max-age=")) {
            sf_str age = { one.ptr + 8, one.len - 8 };
            return sfi_parse_int(age, &at) && at <= 0;
        }
        if (sfi_starts_with_nocase(one, "expires=") && sfi_http_date_parse((sf_str){ one.ptr + 8, one.len - 8 }, &at) &&
            at < sfi_wall_ms())
            return true;
        size_t step = semicolon != NULL ? len + 1 : len;
        attributes = (sf_str){ attributes.ptr + step, attributes.len - step };
    }
    return false;
}

void sfi_cookie_take(sf_listener *l, sf_str set_cookie)
{
    const char *semicolon = set_cookie.len > 0 ? memchr(set_cookie.ptr, ';', set_cookie.len) : NULL;
    size_t len = semicolon != NULL ? (size_t)(semicolon - set_cookie.ptr) : set_cookie.len;
    sf_str pair = sfi_trim((sf_str){ set_cookie.ptr, len });
    const char *equals = pair.len > 0 ? memchr(pair.ptr, '=', pair.len) : NULL;
    if (equals == NULL || equals == pair.ptr || pair.len > SFI_COOKIE_BYTES_MAX) return;
    size_t name_len = (size_t)(equals - pair.ptr), all = pair.len;
    sfi_cookie *place = NULL;
    for (size_t i = 0; i < SFI_COOKIES_MAX; i++)
        if (l->cookies[i].text != NULL) all += strlen(l->cookies[i].text) + strlen("; ");
    for (size_t i = 0; i < SFI_COOKIES_MAX; i++) {
        sfi_cookie *c = &l->cookies[i];
        if (c->text == NULL && place == NULL) place = c;
        if (c->text == NULL || c->name_len != name_len || memcmp(c->text, pair.ptr, name_len) != 0) continue;
        place = c;
        break;
    }
    if (place == NULL) return; /* an org sets a handful */
    if (place->text != NULL) all -= strlen(place->text) + strlen("; ");
    drop_cookie(place);
    if (all > SFI_COOKIES_BYTES_MAX) return; /* no server takes a header of that size */
    if (is_expired((sf_str){ set_cookie.ptr + len, set_cookie.len - len })) return;
    place->text =
        sfi_strndup(pair.ptr, pair.len); /* without memory it is missing, and the org asks for a new session */
    place->name_len = name_len;
}

sf_status sfi_cookies_write(const sf_listener *l, sfi_buf *out, sf_error *err)
{
    for (size_t i = 0; i < SFI_COOKIES_MAX; i++) {
        if (l->cookies[i].text == NULL) continue;
        if (out->len > 0) (void)sfi_buf_add_str(out, "; ");
        (void)sfi_buf_add_str(out, l->cookies[i].text);
    }
    return sfi_buf_status(out, err, "cookies");
}

/* Rather too early than too late: the answer was under way for a while. */
static void take_date(sf_listener *l, sf_str date)
{
    int64_t at;
    if (sfi_http_date_parse(date, &at)) l->ahead_ms = at - sfi_now_ms();
}

static void take_headers(sf_listener *l, const sfi_answer *a)
{
    const char *line = a->headers;
    while (line != NULL && *line != '\0') { /* ends: each turn takes a line */
        const char *end = strchr(line, '\n');
        sf_str one = { line, end != NULL ? (size_t)(end - line) : strlen(line) };
        if (sfi_starts_with_nocase(one, "set-cookie:"))
            sfi_cookie_take(l, sfi_trim((sf_str){ one.ptr + 11, one.len - 11 }));
        if (sfi_starts_with_nocase(one, "date:")) take_date(l, sfi_trim((sf_str){ one.ptr + 5, one.len - 5 }));
        line = end != NULL ? end + 1 : NULL;
    }
}

/* ---- sending ---- */

static void ring(void *user)
{
    const sf_listener *l = user;
    uint64_t one = 1;
    (void)!write(l->bell, &one, sizeof one); /* fails only when it rings already */
}

static sf_status begin(sf_listener *l, sfi_bayeux_lane which, int64_t timeout_ms, sf_error *err)
{
    sfi_lane *lane = &l->lanes[which];
    sfi_buf cookies = { .max = SFI_COOKIES_BYTES_MAX };
    sf_status rc = sfi_buf_status(&lane->body, err, "a message");
    if (rc == SF_OK) rc = sfi_cookies_write(l, &cookies, err);
    if (rc != SF_OK) goto done;
    lane->options = l->options.call != NULL ? *l->options.call : (sf_call_options){ 0 };
    lane->options.timeout_ms = timeout_ms;
    lane->options.cancel = sfi_bayeux_is_leaving(l->bayeux) ? NULL : l->at_work;
    lane->options.no_retry = true;
    sfi_call_request request = { .method = "POST",
                                 .path = "cometd",
                                 .body = sfi_buf_str(&lane->body),
                                 .repeatable = true, /* so that a loss is told as one; nothing is repeated here */
                                 .no_renew = true,
                                 .any_status = true,
                                 .is_long_poll = true,
                                 .response_max = l->options.page_max,
                                 .on_end = ring,
                                 .end_user = l,
                                 .options = &lane->options,
                                 .what = "listening" };
    if (cookies.len > 0)
        request.headers[request.header_count++] = (sfi_header){ SFI_STR("Cookie"), sfi_buf_str(&cookies) };
    rc = sfi_call_begin(l->sf, &request, &lane->call, err);
    if (rc == SF_OK) {
        sfi_session_release(lane->session);
        lane->session = sfi_call_session(lane->call);
        if (sfi_call_is_ended(lane->call)) ring(l); /* a breaker's refusal rings no bell */
    }
done:
    if (cookies.data != NULL) sfi_wipe(cookies.data, cookies.cap);
    sfi_buf_free(&cookies);
    return rc;
}

/* ---- taking in ---- */

/* What ends the listener, because it would come again just so: it says what was read, and what would help. */
static void explain_limit(const sf_listener *l, bool is_read, sf_error *err)
{
    char why[300];
    (void)snprintf(why, sizeof why, "%.299s", err->message);
    (void)sfi_fail(err, SF_ERR_LIMIT, "an answer of the org cannot be taken in, and its events come again: %s%s", why,
                   !is_read && l->options.page_max < SF_EVENTS_PAGE_MAX ? " (page_max)" : "");
}

static void take_in(sf_listener *l, sfi_bayeux_lane which)
{
    sfi_lane *lane = &l->lanes[which];
    sfi_answer answer = { 0 };
    sf_error err = { 0 };
    sf_value root = { 0 };
    sf_status rc = sfi_call_finish(lane->call, &answer, &err);
    lane->call = NULL;
    if (rc == SF_OK) {
        take_headers(l, &answer);
        if (lane->page.doc == NULL) rc = sfi_json_new(&lane->page.doc, &err);
        if (rc == SF_OK) rc = sfi_answer_json(l->sf, &answer, lane->page.doc, true, &err);
        if (rc == SF_OK) root = sfi_json_root(lane->page.doc);
        if (rc == SF_ERR_PROTOCOL && answer.status >= 300) rc = SF_OK; /* a page of HTML: the status says it */
    }
    if (rc == SF_ERR_LIMIT) explain_limit(l, answer.status != 0, &err);
    if (rc == SF_ERR_CANCELLED) {
        sfi_bayeux_abandoned(l->bayeux, which); /* sf_listener_stop did: the goodbye is next */
    } else if (rc == SF_OK) {
        sfi_bayeux_answer(l->bayeux, which, sfi_now_ms(), answer.status, root);
        sfi_page_open(l, &lane->page, root);
    } else {
        sfi_bayeux_failed(l->bayeux, which, sfi_now_ms(), &err);
    }
    if (sfi_bayeux_wants_login(l->bayeux) && l->refused == NULL && lane->session != NULL)
        l->refused = sfi_session_ref(lane->session);
    sfi_answer_clear(&answer);
}

static void log_in(sf_listener *l)
{
    sf_error err = { 0 };
    sf_call_options options = { .cancel = l->at_work };
    sf_status rc = sfi_client_renew(l->sf, l->refused, &options, &err);
    sfi_session_release(l->refused);
    l->refused = NULL;
    if (rc == SF_ERR_CANCELLED) return; /* the goodbye is next */
    if (rc == SF_OK)
        sfi_bayeux_logged_in(l->bayeux, sfi_now_ms());
    else
        sfi_bayeux_login_failed(l->bayeux, sfi_now_ms(), &err);
}

sf_status sfi_lanes_step(sf_listener *l, sf_error *err)
{
    /* What is left over is of the session before: a subscribe now would ask for it once more. */
    sfi_bayeux_hold(l->bayeux, sfi_dispatch_has_events(l));
    static const sfi_bayeux_lane order[] = { SFI_LANE_COMMAND, SFI_LANE_CONNECT };
    for (size_t k = 0; k < SFI_COUNT_OF(order); k++) {
        sfi_bayeux_lane i = order[k];
        sfi_lane *lane = &l->lanes[i];
        if (lane->call != NULL && sfi_bayeux_is_stale(l->bayeux, i)) {
            sfi_call_cancel(lane->call);
            lane->call = NULL;
            sfi_bayeux_abandoned(l->bayeux, i);
        }
        /* What came to a connect waits for the answer to a subscribe: with that, older events may come, and when it is
         * lost they are with it, so that the newer ones may not move the position past them. */
        if (i == SFI_LANE_CONNECT && sfi_bayeux_is_subscribing(l->bayeux)) continue;
        if (lane->call != NULL && !lane->page.is_open && sfi_call_is_ended(lane->call)) take_in(l, i);
    }
    if (sfi_bayeux_wants_login(l->bayeux)) log_in(l);
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) {
        sfi_lane *lane = &l->lanes[i];
        int64_t timeout_ms;
        sf_error cause = { 0 };
        if (lane->call != NULL || !sfi_bayeux_next(l->bayeux, i, sfi_now_ms(), &lane->body, &timeout_ms)) continue;
        sf_status rc = begin(l, i, timeout_ms, &cause);
        if (rc == SF_ERR_CANCELLED)
            sfi_bayeux_abandoned(l->bayeux, i);
        else if (rc != SF_OK)
            sfi_bayeux_failed(l->bayeux, i, sfi_now_ms(), &cause);
    }
    return sfi_bayeux_status(l->bayeux, err);
}

void sfi_lanes_close(sf_listener *l)
{
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) {
        sfi_call_cancel(l->lanes[i].call);
        sfi_session_release(l->lanes[i].session);
        sfi_buf_free(&l->lanes[i].body);
        sfi_json_free(l->lanes[i].page.doc);
    }
    for (size_t i = 0; i < SFI_COOKIES_MAX; i++) drop_cookie(&l->cookies[i]);
    sfi_session_release(l->refused);
}
