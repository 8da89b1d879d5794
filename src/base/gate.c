/*
 * gate.c: see wait_internal.h. The one idea: whoever works (a login, a question for versions) has the lock released
 * meanwhile, and the others wait on the condition, each until its own deadline or cancellation.
 */
#include "base/wait_internal.h"

sf_status sfi_gate_init(sfi_gate *gate, sf_error *err)
{
    pthread_condattr_t attr;
    *gate = (sfi_gate){ 0 };
    if (pthread_condattr_init(&attr) != 0) return sfi_fail_memory(err, "a lock");
    bool ok = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&gate->changed, &attr) == 0;
    pthread_condattr_destroy(&attr);
    if (ok && pthread_mutex_init(&gate->lock, NULL) != 0) {
        pthread_cond_destroy(&gate->changed);
        ok = false;
    }
    gate->is_made = ok;
    return ok ? SF_OK : sfi_fail_memory(err, "a lock");
}

void sfi_gate_destroy(sfi_gate *gate)
{
    if (!gate->is_made) return;
    pthread_cond_destroy(&gate->changed);
    pthread_mutex_destroy(&gate->lock);
    *gate = (sfi_gate){ 0 };
}

static void wake(void *ctx)
{
    sfi_gate *gate = ctx;
    pthread_mutex_lock(&gate->lock); /* so that nobody stands between its look at the token and its wait */
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

sf_status sfi_gate_enter(sfi_gate *gate, const sfi_wait *wait, sfi_cancel_watcher *watch, sf_error *err)
{
    sf_status rc = sfi_cancel_watch(wait->cancel, watch, wake, gate, err); /* before the lock: wake takes it too */
    if (rc == SF_OK) pthread_mutex_lock(&gate->lock);
    return rc;
}

void sfi_gate_leave(sfi_gate *gate, sfi_cancel_watcher *watch)
{
    pthread_mutex_unlock(&gate->lock);
    sfi_cancel_unwatch(watch);
}

sf_status sfi_gate_wait(sfi_gate *gate, const sfi_wait *wait, const char *what, sf_error *err)
{
    sf_status rc = sfi_wait_check(wait, what, err);
    if (rc != SF_OK) return rc;
    if (wait->deadline_ms == 0) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    } else {
        struct timespec end = { .tv_sec = (time_t)(wait->deadline_ms / 1000),
                                .tv_nsec = (long)(wait->deadline_ms % 1000) * 1000000 };
        (void)pthread_cond_timedwait(&gate->changed, &gate->lock, &end); /* the caller looks again */
    }
    return sfi_wait_check(wait, what, err);
}

void sfi_gate_begin_work(sfi_gate *gate)
{
    gate->is_busy = true;
    pthread_mutex_unlock(&gate->lock);
}

void sfi_gate_end_work(sfi_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_busy = false;
    pthread_cond_broadcast(&gate->changed);
}
