/*
 * cancel.c: sf_cancel: ends calls from another thread or from a signal handler. See client.h and wait_internal.h.
 * The one idea: a signal handler may set a flag and write to an fd, no more. So the token owns an eventfd, and a thread of
 * its own, made when the first call watches, sleeps on that fd and tells the watchers. Pauses poll the same fd.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/wait_internal.h"

struct sf_cancel {
    atomic_bool is_set;
    atomic_bool is_ending; /* the thread shall end */
    int fd;                /* eventfd, readable from the moment of cancelling on: nobody reads it */
    pthread_mutex_t lock;  /* guards what follows; watchers' fn run under it, so that unwatch is certain */
    bool has_lock, has_thread;
    pthread_t thread;
    sfi_cancel_watcher *watchers;
};

sf_status sf_cancel_new(sf_cancel **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_cancel *c = sfi_calloc(sizeof *c);
    if (c == NULL) return sfi_fail_memory(err, "a cancel token");
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->has_lock = pthread_mutex_init(&c->lock, NULL) == 0;
    if (c->fd < 0 || !c->has_lock) {
        sf_cancel_free(c);
        return sfi_fail(err, SF_ERR_MEMORY, "no descriptor for a cancel token; raise the limit of open files");
    }
    *out = c;
    return SF_OK;
}

static void ring(sf_cancel *c)
{
    uint64_t one = 1;
    (void)!write(c->fd, &one, sizeof one); /* fails only when the counter is full, and then it is readable already */
}

void sf_cancel_now(sf_cancel *c)
{
    if (c == NULL) return;
    int saved = errno; /* a signal handler leaves errno as it found it */
    atomic_store(&c->is_set, true);
    ring(c);
    errno = saved;
}

bool sfi_cancel_is_set(const sf_cancel *c)
{
    return c != NULL && atomic_load(&c->is_set);
}

static void tell_watchers(sf_cancel *c)
{
    pthread_mutex_lock(&c->lock);
    for (sfi_cancel_watcher *w = c->watchers; w != NULL; w = w->next) w->fn(w->ctx);
    pthread_mutex_unlock(&c->lock);
}

/* The token's thread: one cancellation is all that can happen, so it ends after telling it. */
static void *watch_fd(void *arg)
{
    sf_cancel *c = arg;
    struct pollfd pfd = { .fd = c->fd, .events = POLLIN };
    while (poll(&pfd, 1, -1) < 0 && errno == EINTR) {
    } /* ends: sf_cancel_free rings at the latest */
    if (!atomic_load(&c->is_ending)) tell_watchers(c);
    return NULL;
}

static bool start_thread(sf_cancel *c)
{
    sigset_t all, old;
    sigfillset(&all); /* signals are for the program's own threads */
    pthread_sigmask(SIG_SETMASK, &all, &old);
    bool made = pthread_create(&c->thread, NULL, watch_fd, c) == 0;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return made;
}

sf_status sfi_cancel_watch(sf_cancel *c, sfi_cancel_watcher *w, void (*fn)(void *ctx), void *ctx, sf_error *err)
{
    *w = (sfi_cancel_watcher){ .fn = fn, .ctx = ctx };
    if (c == NULL) return SF_OK;
    pthread_mutex_lock(&c->lock);
    if (!c->has_thread) c->has_thread = start_thread(c);
    bool ok = c->has_thread;
    if (ok) {
        w->cancel = c;
        w->next = c->watchers;
        if (w->next != NULL) w->next->prev = w;
        c->watchers = w;
        if (atomic_load(&c->is_set)) fn(ctx); /* the thread may have told its round already; twice does no harm */
    }
    pthread_mutex_unlock(&c->lock);
    return ok ? SF_OK : sfi_fail(err, SF_ERR_MEMORY, "no thread for a cancel token");
}

void sfi_cancel_unwatch(sfi_cancel_watcher *w)
{
    sf_cancel *c = w->cancel;
    if (c == NULL) return;
    pthread_mutex_lock(&c->lock);
    if (w->prev != NULL)
        w->prev->next = w->next;
    else
        c->watchers = w->next;
    if (w->next != NULL) w->next->prev = w->prev;
    pthread_mutex_unlock(&c->lock);
    *w = (sfi_cancel_watcher){ 0 };
}

void sf_cancel_free(sf_cancel *c)
{
    if (c == NULL) return;
    if (c->has_thread) {
        atomic_store(&c->is_ending, true);
        ring(c);
        (void)pthread_join(c->thread, NULL);
    }
    if (c->has_lock) pthread_mutex_destroy(&c->lock);
    if (c->fd >= 0) (void)close(c->fd);
    sfi_free(c);
}

sf_status sfi_wait_check(const sfi_wait *wait, const char *what, sf_error *err)
{
    if (sfi_cancel_is_set(wait->cancel)) return sfi_fail(err, SF_ERR_CANCELLED, "%s was cancelled", what);
    if (wait->deadline_ms > 0 && sfi_now_ms() >= wait->deadline_ms) {
        (void)sfi_fail(err, SF_ERR_TIMEOUT, "%s: the time for the whole call is over; allow more with timeout_ms",
                       what);
        if (err != NULL) err->retryable = true;
        return SF_ERR_TIMEOUT;
    }
    return SF_OK;
}

sf_status sfi_wait_pause(const sfi_wait *wait, int64_t ms, const char *what, sf_error *err)
{
    int64_t end = sfi_now_ms() + ms;
    if (wait->deadline_ms > 0 && end > wait->deadline_ms) end = wait->deadline_ms;
    struct pollfd pfd = { .fd = wait->cancel != NULL ? wait->cancel->fd : -1, .events = POLLIN };
    for (;;) { /* ends: the clock reaches end, or the token is cancelled */
        sf_status rc = sfi_wait_check(wait, what, err);
        if (rc != SF_OK) return rc;
        int64_t left = end - sfi_now_ms();
        if (left <= 0) return SF_OK;
        (void)poll(&pfd, 1, left > 1000000 ? 1000000 : (int)left); /* an fd of -1 is left out: only time passes */
    }
}
