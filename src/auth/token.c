/*
 * token.c: the token manager: who has the session, and who asks for the next. Called by client for every request.
 * Threads: all of it from any thread. The one idea: renewing is work that one thread does for all. It holds the gate (so
 * that the threads of this process wait) and the store's lock (so that other processes do), looks first whether somebody
 * else has renewed already, and keeps what it got before anybody uses it.
 */
#include <signal.h>
#include "auth/token_internal.h"

enum {
    AHEAD_DEFAULT_MS = 60000,
    AHEAD_AGAIN_MS = 10000, /* after a renewal ahead of time failed */
    PUT_OFF_MS = 2000,      /* after one was put off, at most; and a quarter of that at least */
    FLUSH_AGAIN_MS = 1000,
    JITTER = 1024
};
#define LIFE_MAX_MS INT64_C(3153600000000) /* a hundred years: far enough, and sums of times stay in range */

typedef enum purpose { FOR_USE, FOR_RENEWAL, FOR_LOGIN } purpose;

/* ---- making and ending ---- */

bool sfi_auth_is_header_text(const char *s)
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
    if (a->access_token != NULL && !sfi_auth_is_header_text(a->access_token))
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
    auth->is_shared = auth->store != NULL && sfi_store_is_shared(auth->store);
    auth->jitter = (uint32_t)(sfi_random() % JITTER);
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

static void end_flusher(sfi_auth *auth);

void sfi_auth_close(sfi_auth *auth)
{
    if (auth == NULL) return;
    end_flusher(auth);
    if (auth->is_ahead) sfi_keep_flush(auth); /* the last chance of a refresh token that nobody else has */
    sfi_session_release(auth->current);
    sfi_token_clear(&auth->pending);
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

/* ---- who works, who waits ---- */

static bool is_due(const sfi_auth *auth, int64_t ahead_ms)
{
    int64_t expires = sfi_session_expires_ms(auth->current);
    return expires > 0 && sfi_wall_ms() + ahead_ms >= expires;
}

/* Renew so long before the end; of a short life at most the second half. Programs that share a session each begin at a
 * time of their own, up to a quarter earlier, so that mostly one does it and the others find it done. */
static int64_t ahead_of(const sfi_auth *auth)
{
    int64_t ahead = auth->given.refresh_ahead_ms;
    if (ahead == SF_NONE) return SF_NONE;
    if (ahead == 0) ahead = AHEAD_DEFAULT_MS;
    int64_t life = sfi_session_expires_ms(auth->current) - sfi_session_issued_ms(auth->current);
    int64_t most = life > 0 ? life / 2 - life / 8 / JITTER * auth->jitter : INT64_MAX;
    ahead += ahead / 4 / JITTER * auth->jitter;
    return ahead < most ? ahead : most;
}

/* Locked: may the current session be used as it is? */
static bool is_usable(const sfi_auth *auth, purpose use, const char *failed)
{
    if (auth->current == NULL || use == FOR_LOGIN) return false;
    if (use == FOR_RENEWAL) return !sfi_secret_eq(sfi_session_token(auth->current), failed);
    if (auth->given.flow == SF_AUTH_BEARER) return true; /* the org will say when it is over */
    int64_t ahead = ahead_of(auth);
    if (ahead == SF_NONE || !is_due(auth, ahead)) return true;
    if (sfi_now_ms() < auth->put_off_ms) return true; /* the store is away: the org will say when it is over */
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
        while (rc == SF_OK && auth->gate.is_busy && auth->attempts == joined)
            rc = sfi_gate_wait(&auth->gate, wait, "login", err);
        if (rc != SF_OK) return rc;
        if (auth->attempts == joined) continue; /* it was not a session that was worked for */
        if (auth->last_rc == SF_OK && auth->current != NULL) {
            if (use == FOR_RENEWAL && !is_usable(auth, use, failed)) continue; /* kept when renewing it ahead failed */
            return SF_OK;
        }
        if (is_own_doing(auth->last_rc)) continue; /* the worker's own end, not ours */
        if (err != NULL) *err = auth->last_error;
        return auth->last_rc;
    }
}

/* ---- what the store could not take yet ---- */

/* A thread of its own, made when it is needed first, since the program may have nothing more to ask for a while, and the
 * others wait for what it has. A store that makes it wait is not asked again soon. */
static void *flush(void *arg)
{
    sfi_auth *auth = arg;
    int64_t next_ms = 0;
    pthread_mutex_lock(&auth->gate.lock);
    while (!auth->is_closing) { /* ends: sfi_auth_close */
        bool has_work = !auth->gate.is_busy && auth->is_ahead;
        int64_t now = sfi_now_ms();
        if (has_work && now >= next_ms) {
            sfi_gate_begin_work(&auth->gate);
            sfi_keep_flush(auth);
            sfi_gate_end_work(&auth->gate);
            next_ms = sfi_now_ms() + FLUSH_AGAIN_MS + 9 * (sfi_now_ms() - now);
            continue;
        }
        const sfi_wait wait = { .deadline_ms = has_work ? next_ms : 0 };
        (void)sfi_gate_wait(&auth->gate, &wait, "the token store", NULL); /* looked at above */
    }
    pthread_mutex_unlock(&auth->gate.lock);
    return NULL;
}

/* Locked. Without a thread, the next renewal and the end of the client are what is left. */
static void start_flusher(sfi_auth *auth)
{
    if (auth->has_flusher || !auth->is_ahead || auth->pending.access_token == NULL) return;
    sigset_t all, old;
    sigfillset(&all); /* signals are for the program's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    auth->has_flusher = pthread_create(&auth->flusher, NULL, flush, auth) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void end_flusher(sfi_auth *auth)
{
    if (!auth->has_flusher) return;
    pthread_mutex_lock(&auth->gate.lock);
    auth->is_closing = true;
    pthread_cond_broadcast(&auth->gate.changed);
    pthread_mutex_unlock(&auth->gate.lock);
    pthread_join(auth->flusher, NULL);
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
               .is_renewal = auth->had_session,
               .has_session = use == FOR_USE && before != NULL,
               .is_early = use == FOR_USE && before != NULL && !is_due(auth, 0) };
    int64_t begun_ms = sfi_now_ms();
    sfi_gate_begin_work(&auth->gate);
    sf_status rc = sfi_renew(&w, &fresh, &cause);
    sfi_gate_end_work(&auth->gate);
    bool is_put_off = rc == SF_DONE;
    if (is_put_off) rc = SF_OK;
    auth->attempts++;
    auth->last_rc = rc;
    auth->last_error = cause;
    bool still_good = rc != SF_OK && use == FOR_USE && before != NULL && !is_due(auth, 0) && !is_own_doing(rc);
    if (is_put_off) {
        int64_t now = sfi_now_ms(); /* a store that makes its visitors wait is left alone for longer */
        auth->put_off_ms = now + PUT_OFF_MS / 4 + (int64_t)(sfi_random() % (PUT_OFF_MS * 3 / 4)) + 9 * (now - begun_ms);
    } else if (rc == SF_OK) {
        auth->current = fresh;
        auth->jitter = (uint32_t)(sfi_random() % JITTER);
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
    start_flusher(auth);
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
