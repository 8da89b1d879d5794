/*
 * loop.c: the I/O thread: takes transfers out of the queue, lets libcurl's multi handle run them, ends them. Time limits
 * are our own, looked at only when the earliest could be reached: libcurl's do not run while a transfer waits for a
 * connection to share. Whatever is not under sfi_http's lock here belongs to this thread alone.
 */
#include "http/engine_internal.h"

enum {
    POLL_MAX_MS = 60 * 60 * 1000,
    SHARED_POLL_MAX_MS = 250, /* while transfers may share a connection: see must_go_on */
};

static void signal_done(sfi_transfer *t)
{
    sfi_http *http = t->http;
    pthread_mutex_lock(&http->lock);
    sfi_hosts_note(http, t);
    t->done = true; /* from here it is the caller's */
    pthread_cond_signal(&t->ended);
    if (t->on_end != NULL) t->on_end(t->end_user);
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
    if (t->prev != NULL)
        t->prev->next = t->next;
    else
        http->active = t->next;
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
    http->has_ended = true;
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
    t->was_begun = true;
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
    if (before != NULL)
        before->next = t->next;
    else
        http->queue_head = t->next;
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
    if (t != NULL)
        unlink_queued(http, t, before);
    else
        http->queue_check_ms = earliest_ms;
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
    bool is_ours_to_move = sfi_stream_is_paused(t);                /* a slow source or sink is not a slow network */
    bool is_waiting = t->is_long_poll && !t->in.head.has_status;
    if (up == t->uploaded && !is_connecting && !is_ours_to_move && !is_waiting) return true;
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
            end_active(http, t, CURLE_OPERATION_TIMEDOUT,
                       "the time limit of the whole request (total_timeout_ms or the call's)");
        else if (is_idle_too_long(http, t))
            end_active(http, t, CURLE_OPERATION_TIMEDOUT, "the time limit without a byte (idle_timeout_ms)");
        else
            schedule(http, t);
    }
    end_dead_in_queue(http);
}

static bool is_closing(sfi_http *http)
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

/* Is there something to do at once? When a transfer ended, the queue may have another; and a read for one HTTP/2 stream
 * takes in what came for the others: libcurl (7.88) then hands a stream its bytes but may keep the news that it ended
 * until it is called again, and no socket and no timer of its own tells of that. So it is called until no stream got
 * anything more; SHARED_POLL_MAX_MS is the net below. */
static bool must_go_on(const sfi_http *http)
{
    return http->has_ended || (http->has_streamed && http->shared_count > 1);
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

void *sfi_loop_run(void *user)
{
    sfi_http *http = user;
    while (!is_closing(http)) { /* ends: sfi_http_close sets is_closing and wakes the poll */
        int running;
        http->now_ms = sfi_now_ms();
        end_cancelled(http);
        admit(http);
        http->has_streamed = http->has_ended = false;
        sfi_stream_resume(http);
        (void)curl_multi_perform(http->multi, &running); /* what fails, fails the transfer */
        limit_idle(http);
        sfi_stream_tell(http);
        collect_ended(http);
        check_limits(http);
        (void)curl_multi_poll(http->multi, NULL, 0, must_go_on(http) ? 0 : poll_ms(http), NULL);
    }
    end_all(http);
    return NULL;
}
