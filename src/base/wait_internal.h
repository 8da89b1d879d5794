/*
 * wait_internal.h: waiting that ends in time: a deadline and a cancel token travel together as an sfi_wait, and every
 * place of the library that blocks takes one. Called by auth, client and rest.
 * Threads: sfi_wait is plain data; a gate and a cancel token are safe from all threads; a watch belongs to one thread.
 */
#ifndef SFI_WAIT_INTERNAL_H
#define SFI_WAIT_INTERNAL_H
#include <pthread.h>
#include <salesforce/client.h>
#include "base/base_internal.h"

typedef struct sfi_wait {
    int64_t deadline_ms; /* sfi_now_ms' clock; 0: none */
    sf_cancel *cancel;   /* NULL: cannot be cancelled */
} sfi_wait;

/* SF_OK while there is time; SF_ERR_CANCELLED or SF_ERR_TIMEOUT, named after what, when there is not. */
sf_status sfi_wait_check(const sfi_wait *wait, const char *what, sf_error *err);
/* Let ms pass, or less when it is cancelled; never beyond the deadline. SF_OK: they passed. */
sf_status sfi_wait_pause(const sfi_wait *wait, int64_t ms, const char *what, sf_error *err);

/* ---- being told of a cancellation (cancel.c). fn runs on the token's own thread, or inside sfi_cancel_watch when the
 * token is cancelled already; it must not block, nor watch or unwatch. ---- */
typedef struct sfi_cancel_watcher {
    void (*fn)(void *ctx);
    void *ctx;
    sf_cancel *cancel; /* NULL: not watching */
    struct sfi_cancel_watcher *next, *prev;
} sfi_cancel_watcher;
bool sfi_cancel_is_set(const sf_cancel *c); /* NULL: false */
/* c NULL is fine: nothing will be told. @return SF_OK, SF_ERR_MEMORY (no thread to be had). */
sf_status sfi_cancel_watch(sf_cancel *c, sfi_cancel_watcher *w, void (*fn)(void *ctx), void *ctx, sf_error *err);
void sfi_cancel_unwatch(
    sfi_cancel_watcher *w); /* fn does not run any more afterwards; one that never watched is fine */

/* ---- a lock with a condition, where one thread does the work and the others wait for it (gate.c) ---- */
typedef struct sfi_gate {
    pthread_mutex_t lock; /* guards what its owner says, and is_busy */
    pthread_cond_t changed;
    bool is_busy; /* somebody is at work with the lock released */
    bool is_made;
} sfi_gate;
sf_status sfi_gate_init(sfi_gate *gate, sf_error *err);
void sfi_gate_destroy(sfi_gate *gate); /* a zeroed one is fine */
/* Lock it, and be told on it when wait is cancelled. Watch is the caller's and ends with leave. */
sf_status sfi_gate_enter(sfi_gate *gate, const sfi_wait *wait, sfi_cancel_watcher *watch, sf_error *err);
void sfi_gate_leave(sfi_gate *gate, sfi_cancel_watcher *watch);
/* Locked: wait until something changed (it may wake for nothing). An error when the time is over; still locked. */
sf_status sfi_gate_wait(sfi_gate *gate, const sfi_wait *wait, const char *what, sf_error *err);
/* Locked: is_busy, and the lock is released for the work; then locked again, not busy, all told. */
void sfi_gate_begin_work(sfi_gate *gate);
void sfi_gate_end_work(sfi_gate *gate);
#endif
