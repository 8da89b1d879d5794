/*
 * token.c: the token manager: who has the session, and who asks for the next. Called by client for every request.
 * Threads: all of it from any thread. The one idea: renewing is work that one thread does for all. It holds the gate (so
 * that the threads of this process wait) and the store's lock (so that other processes do), looks first whether somebody
 * else has renewed already, and keeps what it got before anybody uses it.
 */
#include "auth/auth_internal.h"

enum {
    STORE_LOCK_MS = 90000,    /* longer than a login takes */
    STORE_LOCK_LOOK_MS = 250, /* between two looks at the cancel token */
    AHEAD_DEFAULT_MS = 60000,
    AHEAD_AGAIN_MS = 10000 /* after a renewal ahead of time failed */
};
#define LIFE_MAX_MS INT64_C(3153600000000) /* a hundred years: far enough, and sums of times stay in range */

typedef enum rotation { ROTATION_UNKNOWN, ROTATION_OFF, ROTATION_ON } rotation;
typedef enum purpose { FOR_USE, FOR_RENEWAL, FOR_LOGIN } purpose;

struct sfi_auth {
    sf_auth given; /* strings are our copies; read-only after open, as all up to the gate */
    char *login_url, *instance_url, *user_agent;
    sf_token_store *store, *own_store;
    sfi_http *http;
    const sfi_log *log;
    int32_t retries_max;
    int64_t pause_ms, pause_max_ms;

    sfi_gate gate;          /* guards from here to counts */
    sfi_session *current;   /* NULL: none yet, or refused */
    bool had_session;       /* a login from now on is a renewal */
    int64_t ahead_again_ms; /* sfi_now_ms' clock: no renewal ahead of time before */
    uint64_t attempts;      /* pieces of work that ended */
    sf_status last_rc;      /* of the latest */
    sf_error last_error;
    sfi_auth_counts counts;

    /* Whoever works (gate.is_busy) has these to himself. */
    char *refresh_token; /* the newest known; NULL: the given one */
    int64_t generation;  /* of the store, as last seen */
    bool is_ahead;       /* the store could not be written: what we have is newer than what it holds */
    rotation rotation;
    bool seed_used;  /* the access token that was given at the start */
    bool is_refused; /* permanently: no request until a login is asked for */
    sf_error refusal;
    bool has_warned_flow, has_warned_store;
};

/* ---- making and ending ---- */

static bool is_header_text(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f) return false;
    return true;
}

static bool needs(const char *text)
{
    return text == NULL || *text == '\0';
}

static sf_status check(const sfi_auth_options *o, sf_error *err)
{
    const sf_auth *a = o->auth;
    if (!sfi_is_zero(a->reserved, sizeof a->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_auth: reserved is not zero");
    if (a->lifetime_ms < 0 || a->lifetime_ms > LIFE_MAX_MS || a->refresh_ahead_ms < SF_NONE ||
        a->refresh_ahead_ms > LIFE_MAX_MS)
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_auth: lifetime_ms and refresh_ahead_ms are times in milliseconds, 0 to a hundred years");
    const char *lacks = NULL;
    switch ((int)a->flow) {
    case SF_AUTH_NONE: break;
    case SF_AUTH_BEARER:
        lacks = needs(a->access_token)                            ? "access_token"
                : o->instance_url == NULL && o->login_url == NULL ? "instance_url"
                                                                  : NULL;
        break;
    case SF_AUTH_CLIENT_CREDENTIALS:
        lacks = needs(a->client_id) ? "client_id" : needs(a->client_secret) ? "client_secret" : NULL;
        break;
    case SF_AUTH_REFRESH_TOKEN:
        lacks = needs(a->client_id)                           ? "client_id"
                : needs(a->refresh_token) && o->store == NULL ? "refresh_token"
                                                              : NULL;
        break;
    case SF_AUTH_PASSWORD:
        lacks = needs(a->client_id)  ? "client_id"
                : needs(a->username) ? "username"
                : needs(a->password) ? "password"
                                     : NULL;
        break;
    case SF_AUTH_SOAP: lacks = needs(a->username) ? "username" : needs(a->password) ? "password" : NULL; break;
    default: return sfi_fail(err, SF_ERR_USAGE, "sf_auth: flow %d is not one", (int)a->flow);
    }
    if (lacks != NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_auth: this flow needs %s", lacks);
    const char *const secrets[] = { a->access_token, a->refresh_token, a->client_id,     a->client_secret,
                                    a->username,     a->password,      a->security_token };
    static const char *const names[] = { "access_token", "refresh_token", "client_id",     "client_secret",
                                         "username",     "password",      "security_token" };
    for (size_t i = 0; i < SFI_COUNT_OF(secrets); i++)
        if (secrets[i] != NULL && strnlen(secrets[i], SFI_TOKEN_BYTES_MAX + 1) > SFI_TOKEN_BYTES_MAX)
            return sfi_fail(err, SF_ERR_USAGE, "sf_auth: %s is longer than %d bytes", names[i], SFI_TOKEN_BYTES_MAX);
    if (a->access_token != NULL && !is_header_text(a->access_token))
        return sfi_fail(err, SF_ERR_USAGE, "sf_auth: access_token has a blank or control character in it");
    return SF_OK;
}

static bool copy(const char *from, const char **to)
{
    *to = sfi_strdup(from);
    return *to != NULL || from == NULL;
}

static bool copy_options(sfi_auth *auth, const sfi_auth_options *o)
{
    const sf_auth *a = o->auth;
    auth->given = (sf_auth){ .flow = a->flow, .lifetime_ms = a->lifetime_ms, .refresh_ahead_ms = a->refresh_ahead_ms };
    auth->login_url = sfi_strdup(o->login_url != NULL      ? o->login_url
                                 : o->instance_url != NULL ? o->instance_url
                                                           : SFI_LOGIN_URL_DEFAULT);
    auth->instance_url = sfi_strdup(o->instance_url);
    auth->user_agent = sfi_strdup(o->user_agent);
    return auth->login_url != NULL && auth->user_agent != NULL &&
           (auth->instance_url != NULL || o->instance_url == NULL) &&
           copy(a->access_token, &auth->given.access_token) && copy(a->refresh_token, &auth->given.refresh_token) &&
           copy(a->client_id, &auth->given.client_id) && copy(a->client_secret, &auth->given.client_secret) &&
           copy(a->username, &auth->given.username) && copy(a->password, &auth->given.password) &&
           copy(a->security_token, &auth->given.security_token) && copy(a->scope, &auth->given.scope);
}

sf_status sfi_auth_open(const sfi_auth_options *options, sfi_auth **out, sf_error *err)
{
    *out = NULL;
    sf_status rc = check(options, err);
    if (rc != SF_OK) return rc;
    sfi_auth *auth = sfi_calloc(sizeof *auth);
    if (auth == NULL) return sfi_fail_memory(err, "a login");
    auth->http = options->http;
    auth->log = options->log;
    auth->retries_max = options->retries_max;
    auth->pause_ms = options->pause_ms;
    auth->pause_max_ms = options->pause_max_ms;
    rc = copy_options(auth, options) ? sfi_gate_init(&auth->gate, err) : sfi_fail_memory(err, "a login");
    if (rc == SF_OK && options->store == NULL) rc = sf_token_store_memory(&auth->own_store, err);
    auth->store = options->store != NULL ? options->store : auth->own_store;
    if (rc == SF_OK) {
        *out = auth;
        auth = NULL;
    }
    sfi_auth_close(auth);
    return rc;
}

static void free_given(const char *s)
{
    sfi_free_secret((char *)(uintptr_t)s); /* our own copy behind a const of the public struct */
}

void sfi_auth_close(sfi_auth *auth)
{
    if (auth == NULL) return;
    sfi_session_release(auth->current);
    sf_token_store_close(auth->own_store);
    sfi_gate_destroy(&auth->gate);
    free_given(auth->given.access_token);
    free_given(auth->given.refresh_token);
    free_given(auth->given.client_id);
    free_given(auth->given.client_secret);
    free_given(auth->given.username);
    free_given(auth->given.password);
    free_given(auth->given.security_token);
    free_given(auth->given.scope);
    sfi_free_secret(auth->refresh_token);
    sfi_free(auth->login_url);
    sfi_free(auth->instance_url);
    sfi_free(auth->user_agent);
    sfi_free(auth);
}

bool sfi_auth_is_anonymous(const sfi_auth *auth)
{
    return auth->given.flow == SF_AUTH_NONE;
}

/* ---- one piece of work: by the thread that has gate.is_busy, with the lock released ---- */

typedef struct work {
    sfi_auth *auth;
    const sfi_wait *wait;
    const char *stale; /* the access token that will not do; NULL: none */
    bool is_forced;    /* a login was asked for: what is stored does not count */
    bool is_renewal;   /* there was a session before */
    bool is_locked;    /* the store's lock is ours */
    sfi_token stored;  /* empty: none */
} work;

static void warn_store(sfi_auth *auth, const char *what, const sf_error *cause)
{
    if (auth->has_warned_store) return;
    auth->has_warned_store = true;
    sfi_logf(auth->log, SFI_LOG_WARN, "auth: %s: %s; going on with the session in memory", what, cause->message);
}

/* SF_OK also when the store does not work: only time and cancellation end the wait. */
static sf_status lock_store(work *w, sf_error *err)
{
    int64_t end = sfi_now_ms() + STORE_LOCK_MS;
    for (;;) { /* ends: locked, broken, cancelled, or the time is over */
        sf_status rc = sfi_wait_check(w->wait, "login", err);
        if (rc != SF_OK) return rc;
        sf_error cause;
        rc = sfi_store_lock(w->auth->store, STORE_LOCK_LOOK_MS, &cause);
        w->is_locked = rc >= 0;
        if (w->is_locked) return SF_OK;
        if (rc != SF_ERR_TIMEOUT) {
            warn_store(w->auth, "the token store cannot be locked", &cause);
            return SF_OK;
        }
        if (sfi_now_ms() < end) continue;
        (void)sfi_fail(err, SF_ERR_TIMEOUT,
                       "login: another program has held the token store's lock for %d s; end it, or try again",
                       STORE_LOCK_MS / 1000);
        if (err != NULL) err->retryable = true;
        return SF_ERR_TIMEOUT;
    }
}

static void read_store(work *w)
{
    sf_error cause;
    sf_status rc = sfi_store_get(w->auth->store, &w->stored, &cause);
    if (rc < 0) warn_store(w->auth, "the token store cannot be read", &cause);
    const char *warning = sfi_store_take_warning(w->auth->store);
    if (warning != NULL) sfi_logf(w->auth->log, SFI_LOG_WARN, "auth: %s", warning);
    if (rc == SF_OK && w->stored.generation > w->auth->generation) w->auth->generation = w->stored.generation;
}

/* Durable before it is used: a rotated refresh token that is lost takes the whole login with it. */
static void write_store(work *w, const sfi_token *token)
{
    sf_error cause;
    w->auth->is_ahead = sfi_store_set(w->auth->store, token, &cause) < 0;
    if (w->auth->is_ahead) warn_store(w->auth, "the token store cannot be written", &cause);
}

/* Another process may have written meanwhile what we could not. */
static bool is_ours_newer(const work *w)
{
    return w->auth->is_ahead && w->auth->generation > w->stored.generation;
}

/* Somebody else has renewed already: is what he left good for us? A store may hold anything. */
static bool can_adopt(const work *w)
{
    const sfi_token *t = &w->stored;
    if (w->is_forced || t->access_token == NULL || sfi_secret_eq(t->access_token, w->stale)) return false;
    if (is_ours_newer(w)) return false;
    if (!is_header_text(t->access_token)) return false;
    if (t->instance_url == NULL && w->auth->instance_url == NULL) return false;
    if (t->instance_url != NULL && !sfi_starts_with(sfi_str(t->instance_url), "https://") &&
        !sfi_url_is_loopback(t->instance_url))
        return false; /* a token never travels in the clear */
    return t->expires_at_ms == 0 || t->expires_at_ms > sfi_wall_ms();
}

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
    const sfi_login login = { .auth = &auth->given,
                              .refresh_token = refresh_token,
                              .login_url = auth->login_url,
                              .user_agent = auth->user_agent,
                              .http = auth->http,
                              .log = auth->log };
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
            rc = sfi_wait_pause(w->wait, pause, "login", &ended);
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
    if (w->stored.refresh_token != NULL && !is_ours_newer(w)) return w->stored.refresh_token;
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
        bool is_tried = known[i] == NULL;
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

static sf_status refresh(work *w, sfi_token *out, sfi_login_failure *why, sf_error *err)
{
    sfi_auth *auth = w->auth;
    const char *token;
    sf_status rc = request_refresh(w, &token, out, why, err);
    if (rc != SF_OK) return rc;
    auth->rotation =
        out->refresh_token != NULL && !sfi_secret_eq(out->refresh_token, token) ? ROTATION_ON : ROTATION_OFF;
    if (out->refresh_token == NULL) out->refresh_token = sfi_strdup(token);
    char *kept = sfi_strdup(out->refresh_token);
    if (kept == NULL || out->refresh_token == NULL) {
        sfi_free_secret(kept);
        write_store(w, out); /* at least there */
        *why = SFI_LOGIN_ENDED;
        return sfi_fail_memory(err, "a refresh token");
    }
    sfi_free_secret(auth->refresh_token);
    auth->refresh_token = kept;
    return SF_OK;
}

static sf_status log_in(work *w, sfi_token *out, sf_error *err)
{
    sfi_auth *auth = w->auth;
    sfi_login_failure why = SFI_LOGIN_ENDED;
    if (auth->given.flow == SF_AUTH_BEARER) {
        (void)sfi_fail(err, SF_ERR_AUTH,
                       "the session of the given access token has ended or was never valid, and it cannot be renewed; "
                       "get a new token, or use a flow that can renew (client credentials, refresh token)");
        return SF_ERR_AUTH;
    }
    bool has_other = w->stored.refresh_token != NULL && !sfi_secret_eq(w->stored.refresh_token, auth->refresh_token) &&
                     !sfi_secret_eq(w->stored.refresh_token, auth->given.refresh_token);
    if (auth->is_refused && !w->is_forced && !has_other) {
        if (err != NULL) *err = auth->refusal;
        return auth->refusal.status;
    }
    warn_flow(auth);
    sf_error cause;
    sf_status rc = auth->given.flow == SF_AUTH_REFRESH_TOKEN ? refresh(w, out, &why, &cause)
                                                             : request_login(w, NULL, out, &why, &cause);
    if (rc != SF_OK) {
        sfi_token_clear(out);
        if (why == SFI_LOGIN_REFUSED) {
            sf_error ignored;
            if (sfi_store_clear(auth->store, &ignored) < 0)
                warn_store(auth, "the token store cannot be cleared", &ignored);
            /* Asking again with a wrong password locks the user out; client credentials can be mended by an admin. */
            auth->is_refused = auth->given.flow != SF_AUTH_CLIENT_CREDENTIALS;
            auth->refusal = cause;
        }
        if (err != NULL) *err = cause;
        return rc;
    }
    auth->is_refused = false;
    if (out->expires_at_ms == 0 && auth->given.lifetime_ms > 0)
        out->expires_at_ms = sfi_wall_ms() + auth->given.lifetime_ms;
    if (out->identity_url == NULL && w->stored.identity_url != NULL)
        out->identity_url = sfi_strdup(w->stored.identity_url);
    out->generation = ++auth->generation;
    write_store(w, out);
    sfi_logf(auth->log, SFI_LOG_INFO, "auth: %s at %s, instance %s", w->is_renewal ? "session renewed" : "logged in",
             auth->login_url, out->instance_url);
    return SF_OK;
}

/* A new session, from the store, the options or the org. */
static sf_status work_for_all(work *w, sfi_session **out, sf_error *err)
{
    sfi_token token = { 0 };
    bool is_seed = false;
    sf_status rc = lock_store(w, err);
    if (rc != SF_OK) return rc;
    read_store(w);
    if (can_adopt(w)) {
        token = w->stored;
        w->stored = (sfi_token){ 0 };
        if (!fill_instance(&token, w->auth->instance_url)) rc = sfi_fail_memory(err, "a session");
        sfi_logf(w->auth->log, SFI_LOG_DEBUG, "auth: session taken from the token store");
    } else if (can_use_seed(w)) {
        is_seed = true;
        rc = use_seed(w, &token, err);
    } else {
        rc = log_in(w, &token, err);
    }
    if (rc == SF_OK) {
        *out = sfi_session_new(&token, err);
        if (*out == NULL) rc = SF_ERR_MEMORY;
    }
    if (rc == SF_OK && is_seed) w->auth->seed_used = true; /* not before: no memory is no dead session */
    if (w->is_locked) sfi_store_release(w->auth->store);
    sfi_token_clear(&token);
    sfi_token_clear(&w->stored);
    return rc;
}

/* ---- who works, who waits ---- */

static bool is_due(const sfi_auth *auth, int64_t ahead_ms)
{
    int64_t expires = sfi_session_expires_ms(auth->current);
    return expires > 0 && sfi_wall_ms() + ahead_ms >= expires;
}

/* Renew so long before the end; of a short life at most the second half. */
static int64_t ahead_of(const sfi_auth *auth)
{
    int64_t ahead = auth->given.refresh_ahead_ms;
    if (ahead == SF_NONE) return SF_NONE;
    if (ahead == 0) ahead = AHEAD_DEFAULT_MS;
    int64_t life = sfi_session_expires_ms(auth->current) - sfi_session_issued_ms(auth->current);
    return life > 0 && ahead > life / 2 ? life / 2 : ahead;
}

/* Locked: may the current session be used as it is? */
static bool is_usable(const sfi_auth *auth, purpose use, const char *failed)
{
    if (auth->current == NULL || use == FOR_LOGIN) return false;
    if (use == FOR_RENEWAL) return !sfi_secret_eq(sfi_session_token(auth->current), failed);
    if (auth->given.flow == SF_AUTH_BEARER) return true; /* the org will say when it is over */
    int64_t ahead = ahead_of(auth);
    if (ahead == SF_NONE || !is_due(auth, ahead)) return true;
    bool is_over = is_due(auth, 0);
    return !is_over && (auth->gate.is_busy || sfi_now_ms() < auth->ahead_again_ms);
}

static bool is_own_doing(sf_status rc)
{
    return rc == SF_ERR_CANCELLED || rc == SF_ERR_TIMEOUT || rc == SF_ERR_MEMORY;
}

/* Locked: wait until nobody works, or the session is good. SF_ROW: it is our turn. */
static sf_status wait_turn(sfi_auth *auth, purpose use, const char *failed, const sfi_wait *wait, sf_error *err)
{
    for (;;) { /* ends: every work ends, and the wait has its own end */
        if (is_usable(auth, use, failed)) return SF_OK;
        if (!auth->gate.is_busy) return SF_ROW;
        uint64_t joined = auth->attempts;
        sf_status rc = SF_OK;
        while (rc == SF_OK && auth->attempts == joined) rc = sfi_gate_wait(&auth->gate, wait, "login", err);
        if (rc != SF_OK) return rc;
        if (auth->last_rc == SF_OK && auth->current != NULL) {
            if (use == FOR_RENEWAL && !is_usable(auth, use, failed)) continue; /* kept when renewing it ahead failed */
            return SF_OK;
        }
        if (is_own_doing(auth->last_rc)) continue; /* the worker's own end, not ours */
        if (err != NULL) *err = auth->last_error;
        return auth->last_rc;
    }
}

/* Locked, our turn: work with the lock released, then take over what came of it. */
static sf_status take_turn(sfi_auth *auth, purpose use, const char *failed, const sfi_wait *wait, sf_error *err)
{
    sf_error cause = { 0 };
    sfi_session *fresh = NULL;
    sfi_session *before = sfi_session_ref(auth->current);
    work w = { .auth = auth,
               .wait = wait,
               .stale = failed != NULL   ? failed
                        : before != NULL ? sfi_session_token(before)
                                         : NULL,
               .is_forced = use == FOR_LOGIN,
               .is_renewal = auth->had_session };
    sfi_gate_begin_work(&auth->gate);
    sf_status rc = work_for_all(&w, &fresh, &cause);
    sfi_gate_end_work(&auth->gate);
    auth->attempts++;
    auth->last_rc = rc;
    auth->last_error = cause;
    bool still_good = rc != SF_OK && use == FOR_USE && before != NULL && !is_due(auth, 0) && !is_own_doing(rc);
    if (rc == SF_OK) {
        auth->current = fresh;
        sfi_session_release(before); /* auth's own reference */
    } else if (still_good) {
        sfi_logf(auth->log, SFI_LOG_WARN, "auth: renewing ahead of time failed: %s", cause.message);
        auth->ahead_again_ms = sfi_now_ms() + AHEAD_AGAIN_MS;
        auth->last_rc = rc = SF_OK;
    } else {
        if (err != NULL) *err = cause;
        /* Known to be dead: no call needs to try it. A given token stays, since the org alone can say what it is good for. */
        if (use == FOR_RENEWAL && before != NULL && auth->given.flow != SF_AUTH_BEARER &&
            sfi_secret_eq(sfi_session_token(before), failed)) {
            auth->current = NULL;
            sfi_session_release(before);
        }
    }
    auth->had_session |= auth->current != NULL;
    sfi_session_release(before);
    return rc;
}

static sf_status acquire(sfi_auth *auth, purpose use, const char *failed, const sfi_wait *wait, sfi_session **out,
                         sf_error *err)
{
    *out = NULL;
    if (sfi_auth_is_anonymous(auth))
        return sfi_fail(err, SF_ERR_USAGE,
                        "this call needs a login, and the client was opened without credentials (SF_AUTH_NONE)");
    sfi_cancel_watcher watcher;
    sf_status rc = sfi_gate_enter(&auth->gate, wait, &watcher, err);
    if (rc != SF_OK) return rc;
    rc = wait_turn(auth, use, failed, wait, err);
    if (rc == SF_ROW) rc = take_turn(auth, use, failed, wait, err);
    if (rc == SF_OK) *out = sfi_session_ref(auth->current);
    sfi_gate_leave(&auth->gate, &watcher);
    return rc;
}

sf_status sfi_auth_get(sfi_auth *auth, const sfi_wait *wait, sfi_session **out, sf_error *err)
{
    return acquire(auth, FOR_USE, NULL, wait, out, err);
}

sf_status sfi_auth_renew(sfi_auth *auth, sfi_session *failed, const sfi_wait *wait, sfi_session **out, sf_error *err)
{
    return acquire(auth, FOR_RENEWAL, sfi_session_token(failed), wait, out, err);
}

sf_status sfi_auth_login(sfi_auth *auth, const sfi_wait *wait, sfi_session **out, sf_error *err)
{
    return acquire(auth, FOR_LOGIN, NULL, wait, out, err);
}

sfi_session *sfi_auth_peek(sfi_auth *auth)
{
    pthread_mutex_lock(&auth->gate.lock);
    sfi_session *s = sfi_session_ref(auth->current);
    pthread_mutex_unlock(&auth->gate.lock);
    return s;
}

sfi_session *sfi_auth_peek_stored(sfi_auth *auth)
{
    sfi_session *s = NULL;
    sfi_token stored = { 0 };
    if (sfi_store_get(auth->store, &stored, NULL) == SF_OK && stored.access_token != NULL &&
        stored.instance_url != NULL)
        s = sfi_session_new(&stored, NULL);
    sfi_token_clear(&stored);
    return s;
}

void sfi_auth_get_counts(sfi_auth *auth, sfi_auth_counts *out)
{
    pthread_mutex_lock(&auth->gate.lock);
    *out = auth->counts;
    pthread_mutex_unlock(&auth->gate.lock);
}
