/*
 * http.c: sfi_http and what callers do with it: open and close, start a transfer, wait, cancel, free. A caller puts a
 * prepared transfer into the queue and waits on its condition; loop.c does the rest on the one I/O thread, which the
 * first start begins. A transfer holds a reference, so that it may be ended after the sfi_http.
 */
#include <signal.h>
#include "http/engine_internal.h"

/* The thread takes no signals: they are for the program's own threads; SIGPIPE of a TLS write must not end it. */
static bool start_thread(sfi_http *http)
{
    sigset_t all, old;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) return false;
    http->is_running = pthread_create(&http->thread, NULL, sfi_loop_run, http) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL); /* what was valid before */
    return http->is_running;
}

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

const char *sfi_features_http(void)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW); /* of the libcurl that runs */
    return (curl->features & CURL_VERSION_HTTP2) != 0 ? "http2 libdeflate" : "libdeflate";
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
    if (curl_ready != CURLE_OK)
        return sfi_fail(err, SF_ERR_MEMORY, "libcurl does not start: %s", curl_easy_strerror(curl_ready));
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

long sfi_http_connections_max(const sfi_http *http)
{
    return http->settings.connections_max;
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
static void refuse_by_breaker(sfi_transfer *t, int64_t wait_ms)
{
    sf_error *err = &t->response.error;
    t->response.outcome = SFI_HTTP_NOT_SENT;
    (void)sfi_fail(err, SF_ERR_UNAVAILABLE,
                   "%s failed too often in a row; not asked again for %lld ms (breaker_failures)", t->origin.text,
                   (long long)wait_ms);
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
    *is_queued = sfi_hosts_allow(http, t, &wait_ms);
    if (!*is_queued) {
        refuse_by_breaker(t, wait_ms);
        return SF_OK;
    }
    if (http->queue_tail != NULL)
        http->queue_tail->next = t;
    else
        http->queue_head = t;
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
