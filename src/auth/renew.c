/*
 * renew.c: one piece of work for all threads of a client: a new session, from the token store, the options or the org.
 * Called by token.c. The one idea: a refresh token may be good for one use only, so whoever sends it has the store's
 * lock, has told the store (keep.c), waits for the answer even when his own time is over, and keeps what came before
 * anybody uses it.
 */
#include "auth/token_internal.h"

enum {
    LINGER_MS = 10000, /* a refresh that was sent is waited for, though its call's time is over */
    PAUSE_TICK_MS = 3000
};

static bool fill_instance(sfi_token *t, const char *otherwise)
{
    if (t->instance_url == NULL && otherwise != NULL) t->instance_url = sfi_strdup(otherwise);
    return t->instance_url != NULL;
}

/* The access token that came with the options, once. */
static bool can_use_seed(const work *w)
{
    const sf_auth *a = &w->auth->given;
    bool has_place = w->auth->instance_url != NULL || a->flow == SF_AUTH_BEARER;
    return a->access_token != NULL && has_place && !w->auth->seed_used && !sfi_secret_eq(a->access_token, w->stale) &&
           (!w->is_forced || a->flow == SF_AUTH_BEARER);
}

static sf_status use_seed(work *w, sfi_token *out, sf_error *err)
{
    *out = (sfi_token){ .access_token = sfi_strdup(w->auth->given.access_token), .issued_at_ms = sfi_wall_ms() };
    if (w->auth->given.lifetime_ms > 0) out->expires_at_ms = out->issued_at_ms + w->auth->given.lifetime_ms;
    const char *place = w->auth->instance_url != NULL ? w->auth->instance_url : w->auth->login_url;
    return out->access_token != NULL && fill_instance(out, place) ? SF_OK : sfi_fail_memory(err, "a session");
}

static void warn_flow(sfi_auth *auth)
{
    if (auth->has_warned_flow) return;
    auth->has_warned_flow = true;
    if (auth->given.flow == SF_AUTH_PASSWORD)
        sfi_logf(auth->log, SFI_LOG_WARN,
                 "auth: the username-password flow of OAuth is being retired by Salesforce (announced for Winter '27); "
                 "use client credentials");
    if (auth->given.flow == SF_AUTH_SOAP)
        sfi_logf(
            auth->log, SFI_LOG_WARN,
            "auth: SOAP login() is being retired by Salesforce (announced for Summer '27); use client credentials");
}

static sf_status request_once(work *w, const char *refresh_token, sfi_token *out, sfi_login_failure *why, sf_error *err)
{
    sfi_auth *auth = w->auth;
    bool may_rotate = refresh_token != NULL && auth->rotation != ROTATION_OFF;
    const sfi_login login = { .auth = &auth->given,
                              .refresh_token = refresh_token,
                              .login_url = auth->login_url,
                              .user_agent = auth->user_agent,
                              .http = auth->http,
                              .log = auth->log,
                              .linger_ms = may_rotate ? LINGER_MS : 0,
                              .tick = sfi_keep_tick,
                              .tick_ctx = w };
    pthread_mutex_lock(&auth->gate.lock);
    auth->counts.logins++;
    auth->counts.refreshes += w->is_renewal ? 1 : 0;
    pthread_mutex_unlock(&auth->gate.lock);
    return auth->given.flow == SF_AUTH_SOAP ? sfi_login_soap(&login, w->wait, out, why, err)
                                            : sfi_login_oauth(&login, w->wait, out, why, err);
}

/* A refresh whose answer is lost may have used its token up; asking again with it could revoke the whole family. */
static bool may_repeat(const sfi_auth *auth, sfi_login_failure why)
{
    if (why == SFI_LOGIN_TRANSIENT) return true;
    return why == SFI_LOGIN_LOST && (auth->given.flow != SF_AUTH_REFRESH_TOKEN || auth->rotation == ROTATION_OFF);
}

static sf_status pause_ticking(work *w, int64_t ms, sf_error *err)
{
    int64_t end = sfi_now_ms() + ms;
    for (;;) { /* ends: the time is over, or the wait is */
        int64_t left = end - sfi_now_ms();
        sf_status rc = sfi_wait_pause(w->wait, left < PAUSE_TICK_MS ? left : PAUSE_TICK_MS, "login", err);
        if (rc != SF_OK || left <= PAUSE_TICK_MS) return rc;
        sfi_keep_tick(w);
    }
}

static sf_status request_login(work *w, const char *refresh_token, sfi_token *out, sfi_login_failure *why,
                               sf_error *err)
{
    sfi_auth *auth = w->auth;
    sf_error cause;
    for (int attempt = 1;; attempt++) { /* ends: retries_max, a failure that is no passing one, or the time is over */
        sf_status rc = request_once(w, refresh_token, out, why, &cause);
        if (rc == SF_OK) return rc;
        bool again = may_repeat(auth, *why) && cause.retryable && attempt <= auth->retries_max;
        int64_t pause =
            sfi_retry_pause_ms(attempt, auth->pause_ms, auth->pause_max_ms, cause.retry_after_ms, sfi_random());
        if (again && w->wait->deadline_ms > 0 && sfi_now_ms() + pause >= w->wait->deadline_ms) again = false;
        if (again) {
            sfi_logf(auth->log, SFI_LOG_INFO, "auth: %s; again in %lld ms", cause.message, (long long)pause);
            sf_error ended;
            rc = pause_ticking(w, pause, &ended);
            if (rc == SF_OK) continue;
            cause = ended;
            *why = SFI_LOGIN_ENDED;
        } else if (*why == SFI_LOGIN_LOST && !may_repeat(auth, *why)) {
            char text[sizeof cause.message];
            memcpy(text, cause.message, sizeof text);
            int32_t http_status = cause.http_status;
            (void)sfi_fail(&cause, SF_ERR_AUTH,
                           "%.400s; the refresh was sent and its answer lost, so the refresh token may be used up: "
                           "call again to try it once more, or log in again",
                           text);
            cause.http_status = http_status;
        }
        if (err != NULL) *err = cause;
        return cause.status;
    }
}

/* The store's, unless writing there failed and ours is newer. */
static const char *newest_refresh_token(const work *w)
{
    const sfi_auth *auth = w->auth;
    if (w->stored.refresh_token != NULL && !sfi_keep_is_ours_newer(w)) return w->stored.refresh_token;
    return auth->refresh_token != NULL ? auth->refresh_token : auth->given.refresh_token;
}

/* The newest token, and when it is refused those of other logins: another program may have stored one, or the options
 * bring one while the store still has that of a login that ended. */
static sf_status request_refresh(work *w, const char **used, sfi_token *out, sfi_login_failure *why, sf_error *err)
{
    const sfi_auth *auth = w->auth;
    const char *const known[] = { newest_refresh_token(w), w->stored.refresh_token, auth->given.refresh_token };
    sf_status rc = SF_ERR_AUTH;
    *used = NULL;
    for (size_t i = 0; i < SFI_COUNT_OF(known); i++) {
        bool is_tried = known[i] == NULL || (known[i] == auth->given.refresh_token && auth->given_is_spent);
        for (size_t k = 0; k < i; k++) is_tried |= sfi_secret_eq(known[k], known[i]);
        if (is_tried) continue;
        if (*used != NULL) sfi_logf(auth->log, SFI_LOG_INFO, "auth: the refresh token was refused; trying another one");
        *used = known[i];
        rc = request_login(w, *used, out, why, err);
        if (rc == SF_OK || *why != SFI_LOGIN_REFUSED) break;
    }
    if (*used != NULL) return rc;
    *why = SFI_LOGIN_ENDED;
    return sfi_fail(err, SF_ERR_AUTH, "the token store holds no refresh token; log in again");
}

/* What another program's refresh, or our own, brought: newer than all that we knew. false: no memory. */
static bool note_refresh_token(sfi_auth *auth, const char *token)
{
    if (token == NULL || sfi_secret_eq(token, auth->refresh_token)) return true;
    char *kept = sfi_strdup(token);
    if (kept == NULL) return false;
    sfi_free_secret(auth->refresh_token);
    auth->refresh_token = kept;
    return true;
}

static sf_status refresh(work *w, sfi_token *out, sfi_login_failure *why, sf_error *err)
{
    sfi_auth *auth = w->auth;
    const char *token;
    sf_status rc = request_refresh(w, &token, out, why, err);
    if (rc != SF_OK) return rc;
    bool is_rotated = out->refresh_token != NULL && !sfi_secret_eq(out->refresh_token, token);
    auth->rotation = is_rotated ? ROTATION_ON : ROTATION_OFF;
    if (is_rotated && sfi_secret_eq(token, auth->given.refresh_token)) auth->given_is_spent = true;
    if (out->refresh_token == NULL) out->refresh_token = sfi_strdup(token);
    if (out->refresh_token == NULL || !note_refresh_token(auth, out->refresh_token)) {
        out->generation = ++auth->generation;
        sfi_keep_write(w, out, is_rotated); /* at least there */
        *why = SFI_LOGIN_ENDED;
        return sfi_fail_memory(err, "a refresh token");
    }
    return SF_OK;
}

static sf_status fail_bearer(sf_error *err)
{
    return sfi_fail(err, SF_ERR_AUTH,
                    "the session of the given access token has ended or was never valid, and it cannot be renewed; "
                    "get a new token, or use a flow that can renew (client credentials, refresh token)");
}

/* The request failed. SF_ROW: the store may hold something better by now. */
static sf_status take_failure(work *w, sfi_login_failure why, const sf_error *cause, sf_error *err)
{
    sfi_auth *auth = w->auth;
    if (why == SFI_LOGIN_REFUSED) {
        bool is_cleared = sfi_keep_clear(w);
        if (!is_cleared) {
            sfi_keep_leave(w);
            if (sfi_keep_read(w) && sfi_keep_can_adopt(w)) return SF_ROW;
        }
        /* Asking again with a wrong password locks the user out; client credentials can be mended by an admin. */
        auth->is_refused = auth->given.flow != SF_AUTH_CLIENT_CREDENTIALS;
        auth->refusal = *cause;
    }
    sfi_keep_end(w);
    if (err != NULL) *err = *cause;
    return cause->status;
}

/* SF_ROW: nothing was sent, or it was refused and the store knows better: look at the store again. SF_DONE: put off. */
static sf_status log_in(work *w, sfi_token *out, sf_error *err)
{
    sfi_auth *auth = w->auth;
    sfi_login_failure why = SFI_LOGIN_ENDED;
    bool is_refresh = auth->given.flow == SF_AUTH_REFRESH_TOKEN;
    if (auth->given.flow == SF_AUTH_BEARER) return fail_bearer(err);
    bool has_other = w->stored.refresh_token != NULL && !sfi_secret_eq(w->stored.refresh_token, auth->refresh_token) &&
                     !sfi_secret_eq(w->stored.refresh_token, auth->given.refresh_token);
    if (auth->is_refused && !w->is_forced && !has_other) {
        if (err != NULL) *err = auth->refusal;
        return auth->refusal.status;
    }
    warn_flow(auth);
    sf_error cause;
    sf_status rc = is_refresh ? sfi_keep_begin(w) : SF_OK;
    if (rc != SF_OK) return rc;
    rc = is_refresh ? refresh(w, out, &why, &cause) : request_login(w, NULL, out, &why, &cause);
    if (rc != SF_OK) {
        sfi_token_clear(out);
        return take_failure(w, why, &cause, err);
    }
    auth->is_refused = false;
    if (out->expires_at_ms == 0 && auth->given.lifetime_ms > 0)
        out->expires_at_ms = sfi_wall_ms() + auth->given.lifetime_ms;
    if (out->identity_url == NULL && w->stored.identity_url != NULL)
        out->identity_url = sfi_strdup(w->stored.identity_url);
    out->generation = ++auth->generation;
    sfi_keep_write(w, out, is_refresh && auth->rotation == ROTATION_ON);
    sfi_logf(auth->log, SFI_LOG_INFO, "auth: %s at %s, instance %s", w->is_renewal ? "session renewed" : "logged in",
             auth->login_url, out->instance_url);
    return SF_OK;
}

static sf_status adopt(work *w, sfi_token *out, sf_error *err)
{
    *out = w->stored;
    w->stored = (sfi_token){ 0 };
    sfi_logf(w->auth->log, SFI_LOG_DEBUG, "auth: session taken from the token store");
    (void)note_refresh_token(w->auth, out->refresh_token); /* no memory: the store has it */
    return fill_instance(out, w->auth->instance_url) ? SF_OK : sfi_fail_memory(err, "a session");
}

/* Once. SF_ROW: again; SF_DONE: put off. */
static sf_status renew_once(work *w, sfi_token *token, bool *is_seed, sf_error *err)
{
    bool is_read = sfi_keep_read(w); /* most have been renewed by somebody else, and need no lock for that */
    if (sfi_keep_can_adopt(w)) return adopt(w, token, err);
    *is_seed = can_use_seed(w);
    if (*is_seed) return use_seed(w, token, err);
    if (!is_read && sfi_keep_can_put_off(w)) return SF_DONE;
    sf_status rc = sfi_keep_enter(w, err);
    if (rc != SF_OK) return rc;
    return sfi_keep_can_adopt(w) ? adopt(w, token, err) : log_in(w, token, err);
}

sf_status sfi_renew(work *w, sfi_session **out, sf_error *err)
{
    sfi_token token = { 0 };
    bool is_seed = false;
    sf_status rc;
    if (w->auth->is_ahead) sfi_keep_flush(w->auth);
    while ((rc = renew_once(w, &token, &is_seed, err)) == SF_ROW) /* ends: sfi_keep_enter looks at the time */
        sfi_keep_leave(w);
    if (rc == SF_OK) {
        *out = sfi_session_new(&token, err);
        if (*out == NULL) rc = SF_ERR_MEMORY;
    }
    if (rc == SF_OK && is_seed) w->auth->seed_used = true; /* not before: no memory is no dead session */
    sfi_keep_leave(w);
    sfi_token_clear(&token);
    sfi_token_clear(&w->stored);
    return rc;
}
