/*
 * keep.c: the token manager's talk with its store. Called by renew.c and token.c, by whoever has the gate.
 * The one idea: a store that others share decides who may use a refresh token. Who wants to takes its lock, notes in it
 * that the token is about to be sent (begin), and writes the successor before anybody uses it. So whoever finds the note
 * with the lock free knows that the one who wrote it may have a successor and no way to the store at the moment: he
 * gives him GRACE_MS to bring it, counted by his own clock from when he could see the store, before he sends the old
 * token, which an org that rotates would take for a theft.
 */
#include "auth/token_internal.h"

enum {
    LOCK_MS = 90000,    /* longer than a login takes */
    LOCK_LOOK_MS = 250, /* between two looks at the cancel token */
    GRACE_MS = 15000,
    WATCH_MS = 100, /* between two looks at another's note */
    PAUSE_MS = 50,  /* before the second look at a store that is away, doubled each time */
    PAUSE_MAX_MS = 500,
    WRITE_MS = 10000, /* a successor is tried to be written so long, or half of what the call has left */
    WRITE_LEAST_MS = 1000
};

/* ---- told once, until it works again ---- */

static void note_failure(sfi_auth *auth, int part, const char *what, const sf_error *cause)
{
    if (auth->broken == 0)
        sfi_logf(auth->log, SFI_LOG_WARN, "auth: %s: %s; going on with the session in memory", what, cause->message);
    auth->broken |= part;
}

static void note_success(sfi_auth *auth, int part)
{
    bool was_broken = auth->broken != 0;
    auth->broken &= ~part;
    if (was_broken && auth->broken == 0) sfi_logf(auth->log, SFI_LOG_INFO, "auth: the token store works again");
}

/* ---- reading ---- */

/* SF_OK also when it is empty. */
static sf_status read_store(work *w, sf_error *err)
{
    sfi_auth *auth = w->auth;
    sf_error cause;
    sfi_token_clear(&w->stored);
    sf_status rc = sfi_store_get(auth->store, &w->stored, &cause);
    if (rc < 0)
        note_failure(auth, SFI_STORE_GET, "the token store cannot be read", &cause);
    else
        note_success(auth, SFI_STORE_GET);
    const char *warning = sfi_store_take_warning(auth->store);
    if (warning != NULL) sfi_logf(auth->log, SFI_LOG_WARN, "auth: %s", warning);
    if (rc == SF_OK && w->stored.generation > auth->generation) auth->generation = w->stored.generation;
    if (rc < 0 && err != NULL) *err = cause;
    return rc < 0 ? rc : SF_OK;
}

bool sfi_keep_read(work *w)
{
    return read_store(w, NULL) == SF_OK;
}

/* Another process may have written meanwhile what we could not. */
bool sfi_keep_is_ours_newer(const work *w)
{
    return w->auth->is_ahead && w->auth->generation > w->stored.generation;
}

/* A store may hold anything. */
bool sfi_keep_can_adopt(const work *w)
{
    const sfi_token *t = &w->stored;
    if (w->is_forced || t->access_token == NULL || sfi_secret_eq(t->access_token, w->stale)) return false;
    if (sfi_keep_is_ours_newer(w)) return false;
    if (!sfi_auth_is_header_text(t->access_token)) return false;
    if (t->instance_url == NULL && w->auth->instance_url == NULL) return false;
    if (t->instance_url != NULL && !sfi_starts_with(sfi_str(t->instance_url), "https://") &&
        !sfi_url_is_loopback(t->instance_url))
        return false; /* a token never travels in the clear */
    return t->expires_at_ms == 0 || t->expires_at_ms > sfi_wall_ms();
}

/* ---- the lock ---- */

/* A refresh token must not be sent without the store's lock. */
static bool needs_lock(const sfi_auth *auth)
{
    return auth->is_shared && auth->given.flow == SF_AUTH_REFRESH_TOKEN && auth->rotation != ROTATION_OFF;
}

void sfi_keep_leave(work *w)
{
    if (w->is_locked) sfi_store_release(w->auth->store);
    w->is_locked = false;
}

/* SF_OK: ours. SF_ERR_TIMEOUT: another's. Others: the store does not work; told. */
static sf_status try_lock(work *w, sf_error *cause)
{
    sf_status rc = sfi_store_lock(w->auth->store, LOCK_LOOK_MS, cause);
    w->is_locked = rc >= 0;
    if (rc >= 0 || rc == SF_ERR_TIMEOUT)
        note_success(w->auth, SFI_STORE_LOCK);
    else
        note_failure(w->auth, SFI_STORE_LOCK, "the token store cannot be locked", cause);
    return rc >= 0 ? SF_OK : rc;
}

/* The lock, and then what the store holds. As try_lock. */
static sf_status lock_and_read(work *w, sf_error *cause)
{
    sf_status rc = try_lock(w, cause);
    if (rc != SF_OK) return rc;
    rc = read_store(w, cause);
    if (rc == SF_ERR_TIMEOUT) rc = SF_ERR_NETWORK; /* of the reading: nobody's lock */
    if (rc != SF_OK && w->auth->is_shared) sfi_keep_leave(w);
    return w->auth->is_shared ? rc : SF_OK;
}

/* Another's note, whose grace is not over yet. */
static bool is_anothers(const work *w)
{
    const sfi_auth *auth = w->auth;
    return auth->given.flow == SF_AUTH_REFRESH_TOKEN && w->stored.begun_ms != 0 && w->stored.begun_ms != auth->begun_ms;
}

static bool is_watched(const work *w)
{
    const sfi_auth *auth = w->auth;
    return is_anothers(w) && w->stored.begun_ms == auth->watched_begun_ms &&
           sfi_now_ms() - auth->watched_since_ms < GRACE_MS;
}

/* With the lock free: is the note new to us? Then its grace begins. */
static bool begin_watch(work *w)
{
    sfi_auth *auth = w->auth;
    if (!is_anothers(w)) return false;
    if (w->stored.begun_ms != auth->watched_begun_ms) {
        auth->watched_begun_ms = w->stored.begun_ms;
        auth->watched_since_ms = sfi_now_ms();
        sfi_logf(auth->log, SFI_LOG_INFO,
                 "auth: another program began a refresh and has not stored its end; giving it %d s", GRACE_MS / 1000);
    }
    return is_watched(w);
}

/* rc: SF_ERR_TIMEOUT, the call's time is over, which is not that of others who wait; SF_ERR_UNAVAILABLE, it is enough. */
static sf_status fail_wait(const work *w, sf_status rc, const sf_error *cause, bool is_away, sf_error *err)
{
    if (rc != SF_ERR_TIMEOUT && rc != SF_ERR_UNAVAILABLE) return rc;
    if (is_away)
        (void)sfi_fail(err, rc,
                       "login: the token store does not work, and others share the refresh token, so it is not used "
                       "without the store's lock; mend the store, or try again: %.300s",
                       cause->message);
    else if (is_watched(w))
        (void)sfi_fail(err, rc, "login: another program began a refresh and has not stored its end; try again in %d s",
                       GRACE_MS / 1000);
    else
        (void)sfi_fail(err, rc,
                       "login: another program has held the token store's lock for too long; end it, or try again");
    if (err != NULL) err->retryable = true;
    return rc;
}

bool sfi_keep_can_put_off(const work *w)
{
    return w->auth->is_shared && (w->is_early || (w->has_session && needs_lock(w->auth)));
}

sf_status sfi_keep_enter(work *w, sf_error *err)
{
    sfi_auth *auth = w->auth;
    int64_t pause = PAUSE_MS;
    sf_error cause = { 0 };
    bool is_away = false;
    if (w->end_ms == 0) w->end_ms = sfi_now_ms() + LOCK_MS;
    for (;;) { /* ends: locked, not needed, put off, cancelled, or the time is over */
        sf_error ended = { 0 };
        sf_status rc = sfi_wait_check(w->wait, "login", &ended);
        if (rc == SF_OK && sfi_now_ms() >= w->end_ms) rc = SF_ERR_UNAVAILABLE;
        if (rc != SF_OK) {
            if (err != NULL) *err = ended;
            return fail_wait(w, rc, &cause, is_away, err);
        }
        bool is_waiting = is_watched(w);
        if (!is_waiting) {
            rc = lock_and_read(w, &cause);
            is_away = rc != SF_OK && rc != SF_ERR_TIMEOUT;
            if (rc == SF_OK && sfi_keep_can_adopt(w)) return SF_OK;
            is_waiting = rc == SF_OK && begin_watch(w);
            if (rc == SF_OK && !is_waiting) return SF_OK;
            if (is_waiting) sfi_keep_leave(w);
        }
        if (is_away && !auth->is_shared) return SF_OK; /* a broken store of one's own stops nobody */
        if (w->is_early || (is_away && sfi_keep_can_put_off(w))) return SF_DONE;
        if (is_away && !needs_lock(auth)) return SF_OK;
        if (!is_away && !is_waiting) continue;                                       /* the lock waited */
        (void)sfi_wait_pause(w->wait, is_waiting ? WATCH_MS : pause, "login", NULL); /* looked at above */
        if (is_away) pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
        if (is_waiting && read_store(w, &cause) == SF_OK && sfi_keep_can_adopt(w)) return SF_OK;
    }
}

/* ---- writing ---- */

static void drop_pending(sfi_auth *auth)
{
    sfi_token_clear(&auth->pending);
    auth->is_ahead = false;
}

static void keep_pending(sfi_auth *auth, const sfi_token *token)
{
    sf_token view = sfi_token_view(token);
    sfi_token copy = { 0 };
    auth->is_ahead = true;
    if (!auth->is_shared || !sfi_token_copy(&copy, &view)) return; /* no memory: at least the session goes on */
    sfi_token_clear(&auth->pending);
    auth->pending = copy;
}

/* One try. SF_OK: written. SF_ROW: somebody else has written since, and his is what counts. */
static sf_status write_once(work *w, const sfi_token *token, sf_error *cause)
{
    sfi_auth *auth = w->auth;
    sf_status rc = w->is_locked || !auth->is_shared ? sfi_store_set(auth->store, token, cause) : SF_DONE;
    if (rc == SF_DONE && auth->is_shared) { /* the lock ran out and another took it: once more, by the rules */
        sfi_keep_leave(w);
        rc = lock_and_read(w, cause);
        if (rc == SF_OK && w->stored.generation >= token->generation) return SF_ROW;
        if (rc == SF_OK) rc = sfi_store_set(auth->store, token, cause);
        if (rc == SF_DONE) rc = sfi_fail(cause, SF_ERR_TIMEOUT, "the token store's lock was lost");
    }
    return rc < 0 ? rc : SF_OK;
}

static int64_t writing_end(const work *w, bool is_rotated)
{
    int64_t now = sfi_now_ms();
    if (!is_rotated || !w->auth->is_shared) return now;
    int64_t time = w->wait->deadline_ms > 0 ? (w->wait->deadline_ms - now) / 2 : WRITE_MS;
    if (time > WRITE_MS) time = WRITE_MS;
    return now + (time > WRITE_LEAST_MS ? time : WRITE_LEAST_MS);
}

void sfi_keep_write(work *w, const sfi_token *token, bool is_rotated)
{
    sfi_auth *auth = w->auth;
    int64_t end = writing_end(w, is_rotated);
    int64_t pause = PAUSE_MS;
    w->is_begun = false;
    for (;;) { /* ends: written, or the time is over */
        sf_error cause = { 0 };
        sf_status rc = write_once(w, token, &cause);
        if (rc >= 0) {
            note_success(auth, SFI_STORE_SET);
            drop_pending(auth);
            return;
        }
        note_failure(auth, SFI_STORE_SET, "the token store cannot be written", &cause);
        const sfi_wait wait = { .deadline_ms = end, .cancel = w->wait->cancel };
        if (sfi_wait_pause(&wait, pause, "the token store", NULL) != SF_OK || sfi_now_ms() >= end) break;
        pause = pause * 2 < PAUSE_MAX_MS ? pause * 2 : PAUSE_MAX_MS;
    }
    keep_pending(auth, token);
}

void sfi_keep_flush(sfi_auth *auth)
{
    const sfi_wait none = { .deadline_ms = 0 };
    work w = { .auth = auth, .wait = &none };
    if (!auth->is_ahead || auth->pending.access_token == NULL) return;
    sf_error cause;
    sf_status rc = write_once(&w, &auth->pending, &cause);
    if (rc >= 0) {
        note_success(auth, SFI_STORE_SET);
        drop_pending(auth);
    } else if (rc != SF_ERR_TIMEOUT) {
        note_failure(auth, SFI_STORE_SET, "the token store cannot be written", &cause);
    }
    sfi_keep_leave(&w);
    sfi_token_clear(&w.stored);
}

sf_status sfi_keep_begin(work *w)
{
    sfi_auth *auth = w->auth;
    sf_error cause;
    int64_t begun_ms = sfi_wall_ms();
    if (begun_ms <= w->stored.begun_ms) begun_ms = w->stored.begun_ms + 1; /* a note of our own, told apart */
    sf_status rc = w->is_locked ? sfi_store_begin(auth->store, begun_ms, &cause) : SF_OK;
    if (rc == SF_OK) {
        auth->begun_ms = begun_ms;
        w->is_begun = w->is_locked;
        if (w->is_locked) note_success(auth, SFI_STORE_SET);
        return SF_OK;
    }
    if (rc < 0) note_failure(auth, SFI_STORE_SET, "the token store cannot be written", &cause);
    if (!needs_lock(auth)) return SF_OK;
    sfi_keep_leave(w);
    if (rc < 0 && sfi_keep_can_put_off(w)) return SF_DONE;
    if (rc < 0) (void)sfi_wait_pause(w->wait, PAUSE_MAX_MS, "login", NULL); /* sfi_keep_enter looks at the time */
    return SF_ROW;
}

void sfi_keep_tick(void *ctx)
{
    const work *w = ctx;
    if (w->is_begun)
        (void)sfi_store_begin(w->auth->store, w->auth->begun_ms, NULL); /* the write will say what is wrong */
}

void sfi_keep_end(work *w)
{
    if (w->is_begun) (void)sfi_store_begin(w->auth->store, 0, NULL); /* else others give us our grace for nothing */
    w->is_begun = false;
}

bool sfi_keep_clear(work *w)
{
    sf_error cause;
    sf_status rc = w->is_locked || !w->auth->is_shared ? sfi_store_clear(w->auth->store, &cause) : SF_DONE;
    w->is_begun = false;
    if (rc < 0) note_failure(w->auth, SFI_STORE_SET, "the token store cannot be cleared", &cause);
    return rc != SF_DONE;
}
