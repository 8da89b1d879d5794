/*
 * http.c: sfi_http: the queue between the callers and the one I/O thread, and that thread's loop. All transfers run on
 * one multi handle, touched by the I/O thread alone; callers put a prepared transfer into the queue and wait on its
 * condition. Time limits are our own, looked at only when the earliest could be reached: libcurl's do not run while a
 * transfer waits for a connection to share. A transfer holds a reference, so that it may be ended after the sfi_http.
 */
#include <signal.h>
#include "http/engine_internal.h"

enum {
    POLL_MAX_MS = 60 * 60 * 1000,
    SHARED_POLL_MAX_MS = 250, /* while transfers may share a connection: see must_go_on */
};

/* ---- things kept for re-use ---- */
void sfi_http_give_buffer(sfi_http *http, char *data, size_t cap)
{
    if (data == NULL) return;
    char *spare = data; /* what is left over and freed */
    if (cap <= SFI_HTTP_BUFFER_KEEP_MAX && cap > SFI_HTTP_SPARE) {
        pthread_mutex_lock(&http->lock);
        sfi_buffer *smallest = &http->buffers[0];
        for (size_t i = 1; i < SFI_HTTP_BUFFERS_MAX; i++)
            if (http->buffers[i].cap < smallest->cap) smallest = &http->buffers[i];
        if (cap > smallest->cap && !http->is_closing) {
            spare = smallest->data;
            *smallest = (sfi_buffer){ data, cap };
        }
        pthread_mutex_unlock(&http->lock);
    }
    sfi_free(spare);
}

/* @return the kept buffer that serves best, or NULL. is_exact: need is all that will come, else only the first of it. */
static sfi_buffer *choose_buffer(sfi_http *http, size_t need, bool is_exact)
{
    sfi_buffer *best = NULL;
    size_t largest = is_exact ? (need < 8 * SFI_KIB ? 64 * SFI_KIB : need * 8) : SIZE_MAX;
    for (size_t i = 0; i < SFI_HTTP_BUFFERS_MAX; i++) {
        sfi_buffer *b = &http->buffers[i];
        if (b->data == NULL || b->cap < need || b->cap > largest) continue;
        bool is_better = best == NULL || (is_exact ? b->cap < best->cap : b->cap > best->cap);
        if (is_better) best = b;
    }
    return best;
}

char *sfi_http_take_buffer(sfi_http *http, size_t need, bool is_exact, size_t *cap)
{
    sfi_buffer got = { 0 };
    pthread_mutex_lock(&http->lock);
    sfi_buffer *kept = choose_buffer(http, need, is_exact);
    if (kept != NULL) {
        got = *kept;
        *kept = (sfi_buffer){ 0 };
    }
    pthread_mutex_unlock(&http->lock);
    if (got.data == NULL) {
        got.cap = need > 64 * SFI_KIB ? need + need / 8 : need; /* the next page is a little larger */
        got.data = sfi_alloc(got.cap);
    }
    *cap = got.cap;
    return got.data;
}

/* ---- hosts and their breakers; under lock ---- */
static sfi_host *find_host(sfi_http *http, const char *origin)
{
    for (size_t i = 0; i < SFI_HTTP_HOSTS_MAX; i++)
        if (http->hosts[i].origin != NULL && strcmp(http->hosts[i].origin, origin) == 0) return &http->hosts[i];
    return NULL;
}

/* The host's place, made if need be at the cost of the one that was not used for longest. NULL: no memory. */
static sfi_host *get_host(sfi_http *http, const char *origin, int64_t now_ms)
{
    sfi_host *host = find_host(http, origin);
    if (host == NULL) {
        char *copy = sfi_strdup(origin);
        if (copy == NULL) return NULL;
        host = &http->hosts[0];
        for (size_t i = 1; i < SFI_HTTP_HOSTS_MAX && host->origin != NULL; i++)
            if (http->hosts[i].origin == NULL || http->hosts[i].used_at_ms < host->used_at_ms) host = &http->hosts[i];
        sfi_free(host->origin);
        *host = (sfi_host){ .origin = copy };
    }
    host->used_at_ms = now_ms;
    host->breaker.failures_max = http->breaker_failures_max;
    host->breaker.open_ms = http->breaker_open_ms;
    return host;
}

bool sfi_http_host_was_reached(sfi_http *http, const char *origin)
{
    pthread_mutex_lock(&http->lock);
    const sfi_host *host = find_host(http, origin);
    bool reached = host != NULL && host->was_reached;
    pthread_mutex_unlock(&http->lock);
    return reached;
}

void sfi_http_set_breaker(sfi_http *http, int failures_max, int64_t open_ms)
{
    pthread_mutex_lock(&http->lock);
    http->breaker_failures_max = failures_max;
    http->breaker_open_ms = open_ms;
    pthread_mutex_unlock(&http->lock);
}

static bool is_breaker_failure(const sfi_http_response *r)
{
    if (r->outcome == SFI_HTTP_ANSWERED) return r->status == 502 || r->status == 503 || r->status == 504;
    return r->error.status != SF_ERR_LIMIT && r->error.status != SF_ERR_MEMORY; /* not the host's fault */
}

static void note_host(sfi_http *http, const sfi_transfer *t)
{
    sfi_host *host = get_host(http, t->origin.text, http->now_ms);
    if (host == NULL) return; /* no memory: the breaker learns nothing this time */
    host->was_reached = host->was_reached || t->sends > 0;
    if (t->response.outcome == SFI_HTTP_CANCELLED) host->breaker.probing = false; /* tells nothing of the host */
    else sfi_breaker_note(&host->breaker, !is_breaker_failure(&t->response), http->now_ms);
}

/* ---- the I/O thread ---- */
static void signal_done(sfi_transfer *t)
{
    sfi_http *http = t->http;
    pthread_mutex_lock(&http->lock);
    note_host(http, t);
    t->done = true; /* from here it is the caller's */
    pthread_cond_signal(&t->ended);
    pthread_mutex_unlock(&http->lock);
}

/* As many connections are kept as run now or as may idle, so that steady parallel work does not close and open them. */
static void limit_idle(sfi_http *http)
{
    long want = http->settings.connections_idle_max;
    if (want < http->active_count) want = http->active_count;
    if (want < 1) want = 1; /* 0 would be libcurl's own default */
    if (want == http->idle_limit) return;
    http->idle_limit = want;
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, want); /* a wrong number only costs connections */
}

static void unlink_active(sfi_http *http, sfi_transfer *t)
{
    if (t->prev != NULL) t->prev->next = t->next;
    else http->active = t->next;
    if (t->next != NULL) t->next->prev = t->prev;
    t->next = t->prev = NULL;
    http->active_count--;
    http->shared_count -= t->may_share;
}

static void link_active(sfi_http *http, sfi_transfer *t)
{
    t->prev = NULL;
    t->next = http->active;
    if (http->active != NULL) http->active->prev = t;
    http->active = t;
    http->active_count++;
    http->shared_count += t->may_share;
}

static void schedule_check(sfi_http *http, int64_t at_ms)
{
    if (at_ms > 0 && (http->check_ms == 0 || at_ms < http->check_ms)) http->check_ms = at_ms;
}

static void schedule(sfi_http *http, const sfi_transfer *t)
{
    schedule_check(http, t->deadline_ms);
    int64_t idle_ms = http->settings.idle_timeout_ms;
    if (idle_ms > 0) schedule_check(http, t->last_byte_ms + idle_ms);
}

static void end_active(sfi_http *http, sfi_transfer *t, CURLcode code, const char *timeout_name)
{
    (void)curl_multi_remove_handle(http->multi, t->easy); /* it is there */
    if (sfi_transfer_end(t, code, timeout_name)) {
        if (curl_multi_add_handle(http->multi, t->easy) == CURLM_OK) return; /* a redirect: goes on */
        (void)sfi_transfer_end(t, CURLE_OUT_OF_MEMORY, NULL);
    }
    unlink_active(http, t);
    signal_done(t);
}

static bool is_dead(const sfi_http *http, const sfi_transfer *t)
{
    return atomic_load(&t->cancelled) || (t->deadline_ms > 0 && t->deadline_ms <= http->now_ms);
}

static void end_unsent(sfi_transfer *t)
{
    (void)sfi_transfer_end(t, CURLE_OPERATION_TIMEDOUT, "the time limit of the whole request");
    signal_done(t);
}

static void begin(sfi_http *http, sfi_transfer *t)
{
    if (is_dead(http, t)) {
        end_unsent(t);
        return;
    }
    t->last_byte_ms = http->now_ms;
    link_active(http, t);
    limit_idle(http);
    if (curl_multi_add_handle(http->multi, t->easy) == CURLM_OK) {
        schedule(http, t);
        return;
    }
    (void)sfi_transfer_end(t, CURLE_OUT_OF_MEMORY, NULL);
    unlink_active(http, t);
    signal_done(t);
}

/* Under lock. */
static void unlink_queued(sfi_http *http, sfi_transfer *t, sfi_transfer *before)
{
    if (before != NULL) before->next = t->next;
    else http->queue_head = t->next;
    if (http->queue_tail == t) http->queue_tail = before;
    http->queued--;
    t->next = NULL;
}

static sfi_transfer *take_oldest(sfi_http *http)
{
    pthread_mutex_lock(&http->lock);
    sfi_transfer *t = http->queue_head;
    if (t != NULL) unlink_queued(http, t, NULL);
    pthread_mutex_unlock(&http->lock);
    return t;
}

/* One that was cancelled or is too late while it waited; NULL: there is none, and queue_check_ms is right again. */
static sfi_transfer *take_dead(sfi_http *http)
{
    sfi_transfer *before = NULL, *t;
    int64_t earliest_ms = 0;
    pthread_mutex_lock(&http->lock);
    for (t = http->queue_head; t != NULL && !is_dead(http, t); before = t, t = t->next)
        if (t->deadline_ms > 0 && (earliest_ms == 0 || t->deadline_ms < earliest_ms)) earliest_ms = t->deadline_ms;
    if (t != NULL) unlink_queued(http, t, before);
    else http->queue_check_ms = earliest_ms;
    pthread_mutex_unlock(&http->lock);
    return t;
}

static void end_dead_in_queue(sfi_http *http)
{
    sfi_transfer *t;
    while ((t = take_dead(http)) != NULL) end_unsent(t); /* ends: each turn takes one out */
}

static void admit(sfi_http *http)
{
    sfi_transfer *t;
    while (http->active_count < http->settings.connections_max && (t = take_oldest(http)) != NULL)
        begin(http, t); /* ends: each turn takes one out */
    pthread_mutex_lock(&http->lock);
    int64_t earliest_ms = http->queue_check_ms;
    pthread_mutex_unlock(&http->lock);
    schedule_check(http, earliest_ms); /* what waits has time limits too */
}

static void end_cancelled(sfi_http *http)
{
    if (!atomic_exchange(&http->cancelling, false)) return;
    for (sfi_transfer *t = http->active, *next; t != NULL; t = next) {
        next = t->next;
        if (atomic_load(&t->cancelled)) end_active(http, t, CURLE_ABORTED_BY_CALLBACK, NULL);
    }
    end_dead_in_queue(http);
}

static void collect_ended(sfi_http *http)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) { /* ends: each is told once */
        sfi_transfer *t = NULL;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE) continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t); /* set by sfi_receive_attach */
        end_active(http, t, code, NULL);
    }
}

static bool is_idle_too_long(sfi_http *http, sfi_transfer *t)
{
    int64_t idle_ms = http->settings.idle_timeout_ms;
    if (idle_ms == 0 || http->now_ms - t->last_byte_ms < idle_ms) return false;
    curl_off_t up = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &up); /* no callback tells of a body that goes out */
    bool is_connecting = t->sends == 0;                            /* that has a limit of its own */
    if (up == t->uploaded && !is_connecting) return true;
    t->uploaded = up;
    t->last_byte_ms = http->now_ms;
    return false;
}

static void check_limits(sfi_http *http)
{
    if (http->check_ms == 0 || http->now_ms < http->check_ms) return;
    http->check_ms = 0;
    for (sfi_transfer *t = http->active, *next; t != NULL; t = next) {
        next = t->next;
        if (t->deadline_ms > 0 && http->now_ms >= t->deadline_ms)
            end_active(http, t, CURLE_OPERATION_TIMEDOUT, "the time limit of the whole request (total_timeout_ms or the call's)");
        else if (is_idle_too_long(http, t))
            end_active(http, t, CURLE_OPERATION_TIMEDOUT, "the time limit without a byte (idle_timeout_ms)");
        else
            schedule(http, t);
    }
    end_dead_in_queue(http);
}

static bool take_closing(sfi_http *http)
{
    pthread_mutex_lock(&http->lock);
    bool closing = http->is_closing;
    pthread_mutex_unlock(&http->lock);
    return closing;
}

static int poll_ms(const sfi_http *http)
{
    int most = http->shared_count > 0 ? SHARED_POLL_MAX_MS : POLL_MAX_MS;
    if (http->check_ms == 0) return most;
    int64_t left = http->check_ms - sfi_now_ms();
    return left <= 0 ? 0 : left < most ? (int)left : most;
}

/* Is there something to do at once? A read for one HTTP/2 stream takes in what came for the others, and libcurl (7.88)
 * then hands a stream its bytes but may keep the news that it ended until it is called again: no socket and no timer of
 * its own tells of that. So it is called until no stream got anything more; SHARED_POLL_MAX_MS is the net below. */
static bool must_go_on(const sfi_http *http, int active_before, int running)
{
    bool has_room = http->active_count != active_before; /* the queue may have another */
    bool is_redirected = running != http->active_count;
    return (http->again && http->shared_count > 1) || has_room || is_redirected;
}

static void end_all(sfi_http *http)
{
    while (http->active != NULL) { /* ends: each turn unlinks one; a cancelled one follows no redirect */
        atomic_store(&http->active->cancelled, true);
        end_active(http, http->active, CURLE_ABORTED_BY_CALLBACK, NULL);
    }
    sfi_transfer *t;
    while ((t = take_oldest(http)) != NULL) {
        atomic_store(&t->cancelled, true);
        end_unsent(t);
    }
}

static void *run(void *user)
{
    sfi_http *http = user;
    while (!take_closing(http)) { /* ends: sfi_http_close sets is_closing and wakes the poll */
        int running;
        http->now_ms = sfi_now_ms();
        end_cancelled(http);
        admit(http);
        http->again = false;
        (void)curl_multi_perform(http->multi, &running); /* what fails, fails the transfer */
        limit_idle(http);
        int before = http->active_count;
        collect_ended(http);
        check_limits(http);
        (void)curl_multi_poll(http->multi, NULL, 0, must_go_on(http, before, running) ? 0 : poll_ms(http), NULL);
    }
    end_all(http);
    return NULL;
}

/* The thread takes no signals: they are for the program's own threads; SIGPIPE of a TLS write must not end it. */
static bool start_thread(sfi_http *http)
{
    sigset_t all, old;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return false;
    http->is_running = pthread_create(&http->thread, NULL, run, http) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL); /* what was valid before */
    return http->is_running;
}

/* ---- open and close ---- */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void lock_share(CURL *easy, curl_lock_data data, curl_lock_access access, void *user)
{
    (void)easy, (void)data, (void)access;
    pthread_mutex_lock(&((sfi_http *)user)->share_lock);
}

static void unlock_share(CURL *easy, curl_lock_data data, void *user)
{
    (void)easy, (void)data;
    pthread_mutex_unlock(&((sfi_http *)user)->share_lock);
}

static bool init_share(sfi_http *http)
{
    http->share = curl_share_init();
    return http->share != NULL && curl_share_setopt(http->share, CURLSHOPT_LOCKFUNC, lock_share) == CURLSHE_OK &&
           curl_share_setopt(http->share, CURLSHOPT_UNLOCKFUNC, unlock_share) == CURLSHE_OK &&
           curl_share_setopt(http->share, CURLSHOPT_USERDATA, http) == CURLSHE_OK &&
           curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK;
}

static bool init_multi(sfi_http *http)
{
    http->multi = curl_multi_init();
    return http->multi != NULL &&
           curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, http->settings.connections_max) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK;
}

static void destroy(sfi_http *http)
{
    if (http->multi != NULL) (void)curl_multi_cleanup(http->multi); /* before the share: its connections use it */
    if (http->share != NULL) (void)curl_share_cleanup(http->share);
    for (size_t i = 0; i < SFI_HTTP_BUFFERS_MAX; i++) sfi_free(http->buffers[i].data);
    for (size_t i = 0; i < SFI_HTTP_HOSTS_MAX; i++) sfi_free(http->hosts[i].origin);
    sfi_settings_clear(&http->settings);
    pthread_mutex_destroy(&http->lock);
    pthread_mutex_destroy(&http->share_lock);
    sfi_free(http);
}

void sfi_http_unref(sfi_http *http)
{
    if (atomic_fetch_sub(&http->refs, 1) == 1) destroy(http);
}

sf_status sfi_http_open(const sf_transport_options *options, const sfi_log *log, sfi_http **out, sf_error *err)
{
    *out = NULL;
    (void)pthread_once(&curl_once, init_curl);
    if (curl_ready != CURLE_OK) return sfi_fail(err, SF_ERR_MEMORY, "libcurl does not start: %s", curl_easy_strerror(curl_ready));
    sfi_http *http = sfi_calloc(sizeof *http);
    if (http == NULL) return sfi_fail_memory(err, "the HTTP transport");
    if (pthread_mutex_init(&http->lock, NULL) != 0 || pthread_mutex_init(&http->share_lock, NULL) != 0) {
        sfi_free(http);
        return sfi_fail_memory(err, "the HTTP transport");
    }
    atomic_init(&http->refs, 1);
    if (log != NULL) http->log = *log;
    http->breaker_failures_max = 10;
    http->breaker_open_ms = 30000;
    sf_status rc = sfi_settings_init(&http->settings, options, err);
    if (rc == SF_OK && (!init_share(http) || !init_multi(http))) rc = sfi_fail_memory(err, "the HTTP transport");
    if (rc == SF_OK) {
        *out = http;
        http = NULL;
    }
    if (http != NULL) destroy(http);
    return rc;
}

void sfi_http_close(sfi_http *http)
{
    if (http == NULL) return;
    pthread_mutex_lock(&http->lock);
    http->is_closing = true;
    bool running = http->is_running;
    pthread_mutex_unlock(&http->lock);
    if (running) {
        (void)curl_multi_wakeup(http->multi); /* fails only for a handle that is none */
        pthread_join(http->thread, NULL);
    }
    sfi_http_unref(http);
}

/* ---- what callers do with a transfer ---- */
static bool breaker_allows(sfi_http *http, sfi_transfer *t, int64_t now_ms, int64_t *wait_ms)
{
    sfi_host *host = get_host(http, t->origin.text, now_ms);
    return host == NULL || sfi_breaker_allows(&host->breaker, now_ms, wait_ms); /* no memory: without a breaker */
}

static void refuse_by_breaker(sfi_transfer *t, int64_t wait_ms)
{
    sf_error *err = &t->response.error;
    t->response.outcome = SFI_HTTP_NOT_SENT;
    (void)sfi_fail(err, SF_ERR_UNAVAILABLE, "%s failed too often in a row; not asked again for %lld ms (breaker_failures)",
                   t->origin.text, (long long)wait_ms);
    err->retryable = true;
    err->retry_after_ms = wait_ms;
    t->done = true;
}

/* Under lock. @return SF_OK: in the queue, or already ended by the breaker (*is_queued false). */
static sf_status enqueue(sfi_http *http, sfi_transfer *t, bool *is_queued, sf_error *err)
{
    int64_t wait_ms = 0;
    if (http->is_closing) return sfi_fail(err, SF_ERR_USAGE, "the HTTP transport is closed");
    if (http->queued >= SFI_HTTP_QUEUE_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "%d requests wait already; wait for some of them", SFI_HTTP_QUEUE_MAX);
    if (!http->is_running && !start_thread(http)) return sfi_fail_memory(err, "the I/O thread");
    *is_queued = breaker_allows(http, t, t->started_ms, &wait_ms);
    if (!*is_queued) {
        refuse_by_breaker(t, wait_ms);
        return SF_OK;
    }
    if (http->queue_tail != NULL) http->queue_tail->next = t;
    else http->queue_head = t;
    http->queue_tail = t;
    http->queued++;
    if (t->deadline_ms > 0 && (http->queue_check_ms == 0 || t->deadline_ms < http->queue_check_ms))
        http->queue_check_ms = t->deadline_ms;
    return SF_OK;
}

sf_status sfi_http_start(sfi_http *http, const sfi_http_request *request, sfi_transfer **out, sf_error *err)
{
    sfi_transfer *t = NULL;
    bool is_queued = false;
    *out = NULL;
    sf_status rc = sfi_transfer_new(http, request, &t, err);
    if (rc != SF_OK) return rc;
    pthread_mutex_lock(&http->lock);
    rc = enqueue(http, t, &is_queued, err);
    pthread_mutex_unlock(&http->lock);
    if (rc != SF_OK) {
        sfi_transfer_destroy(t);
        return rc;
    }
    *out = t;
    if (is_queued) (void)curl_multi_wakeup(http->multi); /* fails only for a handle that is none */
    return SF_OK;
}

bool sfi_transfer_wait(sfi_transfer *t, int64_t deadline_ms)
{
    sfi_http *http = t->http;
    struct timespec until = { .tv_sec = (time_t)(deadline_ms / 1000), .tv_nsec = (long)(deadline_ms % 1000) * 1000000 };
    int rc = 0;
    pthread_mutex_lock(&http->lock);
    while (!t->done && rc == 0) /* ends: the I/O thread ends every transfer, at the latest when it is closed */
        rc = deadline_ms > 0 ? pthread_cond_timedwait(&t->ended, &http->lock, &until)
                             : pthread_cond_wait(&t->ended, &http->lock);
    bool done = t->done;
    pthread_mutex_unlock(&http->lock);
    return done;
}

sfi_http_response *sfi_transfer_response(sfi_transfer *t)
{
    return &t->response;
}

/* No lock: a signal handler may call this. */
void sfi_transfer_cancel(sfi_transfer *t)
{
    atomic_store(&t->cancelled, true);
    atomic_store(&t->http->cancelling, true);
    (void)curl_multi_wakeup(t->http->multi); /* a write to a pipe; fails only for a handle that is none */
}

void sfi_transfer_free(sfi_transfer *t)
{
    if (t == NULL) return;
    if (!sfi_transfer_wait(t, 1)) { /* long past: only looks */
        sfi_transfer_cancel(t);
        (void)sfi_transfer_wait(t, 0); /* soon: libcurl may still read from the request */
    }
    sfi_transfer_destroy(t);
}
