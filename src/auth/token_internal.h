/*
 * token_internal.h: what the token manager's files share: the manager itself, and one piece of work for all its threads.
 * token.c says who works, renew.c does the work, keep.c talks with the token store.
 * Threads: see sfi_auth's members; a work belongs to the thread that has the gate.
 */
#ifndef SFI_TOKEN_INTERNAL_H
#define SFI_TOKEN_INTERNAL_H
#include "auth/auth_internal.h"

typedef enum rotation { ROTATION_UNKNOWN, ROTATION_OFF, ROTATION_ON } rotation;
/* Of the store: bits of what does not work at the moment. */
enum { SFI_STORE_LOCK = 1, SFI_STORE_GET = 2, SFI_STORE_SET = 4 };

struct sfi_auth {
    sf_auth given; /* strings are our copies; read-only after open, as all up to the gate */
    char *login_url, *instance_url, *user_agent;
    sf_token_store *store, *own_store;
    bool is_shared; /* the store is: see sf_token_store_ops */
    sfi_http *http;
    const sfi_log *log;
    int32_t retries_max;
    int64_t pause_ms, pause_max_ms;

    sfi_gate gate;          /* guards from here to counts */
    sfi_session *current;   /* NULL: none yet, or refused */
    bool had_session;       /* a login from now on is a renewal */
    uint32_t jitter;        /* 0..1023, of this session: programs that share it renew it one after the other */
    int64_t ahead_again_ms; /* sfi_now_ms' clock: no renewal ahead of time before */
    int64_t put_off_ms;     /* the same: no look at a store that is away, while there is a session to go on with */
    bool has_flusher, is_closing;
    pthread_t flusher; /* token.c: writes what the store does not have yet */
    uint64_t attempts; /* pieces of work that ended */
    sf_status last_rc; /* of the latest */
    sf_error last_error;
    sfi_auth_counts counts;

    /* Whoever works (gate.is_busy) has these to himself. */
    char *refresh_token; /* the newest known; NULL: the given one */
    bool given_is_spent; /* the org has replaced the given one */
    int64_t generation;  /* of the store, as last seen */
    bool is_ahead;       /* the store could not be written: what we have is newer than what it holds */
    sfi_token pending;   /* then, for a shared store: what is to be written */
    int64_t begun_ms;    /* of our own latest refresh */
    int64_t watched_begun_ms, watched_since_ms; /* another's, seen with the lock free; since: sfi_now_ms' clock */
    rotation rotation;
    bool seed_used;  /* the access token that was given at the start */
    bool is_refused; /* permanently: no request until a login is asked for */
    sf_error refusal;
    bool has_warned_flow;
    int broken; /* SFI_STORE_ bits; told in the log when the first comes and when the last goes */
};

/* One piece of work: by the thread that has gate.is_busy, with the lock released. */
typedef struct work {
    sfi_auth *auth;
    const sfi_wait *wait;
    const char *stale; /* the access token that will not do; NULL: none */
    bool is_forced;    /* a login was asked for: what is stored does not count */
    bool is_renewal;   /* there was a session before */
    bool has_session;  /* and it may be gone on with, while the store is away */
    bool is_early;     /* it is good still: this renewal is ahead of time */
    bool is_locked;    /* the store's lock is ours */
    int64_t end_ms;    /* of all waiting for the store; 0: not begun */
    bool is_begun;     /* the store knows that the refresh token is being used */
    sfi_token stored;  /* empty: none */
} work;

/* ---- the store (keep.c) ---- */
/* Read the store without the lock. false: it does not work, which is told in the log; nothing is stored, then. */
bool sfi_keep_read(work *w);
/* While the store does not work: the session at hand may be over, but nobody can make another now, and the org will say. */
bool sfi_keep_can_put_off(const work *w);
/* The lock, as far as it is needed, and what the store holds. SF_OK; SF_DONE: put off, the session at hand will do; an
 * error: cancelled, or out of time. */
sf_status sfi_keep_enter(work *w, sf_error *err);
void sfi_keep_leave(work *w);
/* Durable before it is used: a rotated refresh token that is lost takes the whole login with it. is_rotated: worth
 * waiting for the store. */
void sfi_keep_write(work *w, const sfi_token *token, bool is_rotated);
bool sfi_auth_is_header_text(const char *s); /* no blank and no control character (token.c) */
/* Somebody else has renewed already: is what he left good for us? */
bool sfi_keep_can_adopt(const work *w);
bool sfi_keep_is_ours_newer(const work *w);
/* Before a refresh token is sent. SF_OK; SF_ROW: not now, enter again; SF_DONE: put off. */
sf_status sfi_keep_begin(work *w);
void sfi_keep_tick(void *ctx); /* a work's: the lock and the mark shall not run out */
void sfi_keep_end(work *w);    /* the refresh failed, and nobody has a successor of the token */
/* The org refused for good. false: the lock had been lost, so what is stored now may be better. */
bool sfi_keep_clear(work *w);
/* Write what could not be written before; at most one try. By who has gate.is_busy. */
void sfi_keep_flush(sfi_auth *auth);

/* ---- the work (renew.c) ---- */
/* A new session, from the store, the options or the org. SF_DONE: put off, the one at hand will do. */
sf_status sfi_renew(work *w, sfi_session **out, sf_error *err);
#endif
