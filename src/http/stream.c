/*
 * stream.c: bodies that go through instead of into memory. The caller's thread calls the source and the sink, the I/O
 * thread libcurl; between them lies a ring of bytes each way. Who finds it full or empty waits: the caller's thread on
 * the transfer's condition, libcurl by being paused until the other has made room. The source is not touched before
 * libcurl asks for the first byte, so that a request that never gets that far can be made again with any source.
 * A direct source is read by the I/O thread into libcurl's own buffer, past the ring, for as long as it need not wait.
 */
#include <assert.h>
#include <errno.h>
#include "http/engine_internal.h"

/* ---- the ring; under lock ---- */
static size_t ring_room(const sfi_ring *r)
{
    return SFI_HTTP_RING_BYTES - r->len;
}

/* The free bytes that lie together behind the last one. */
static char *ring_free(const sfi_ring *r, size_t *len)
{
    size_t end = (r->front + r->len) % SFI_HTTP_RING_BYTES;
    size_t to_edge = SFI_HTTP_RING_BYTES - end;
    *len = to_edge < ring_room(r) ? to_edge : ring_room(r);
    return r->data + end;
}

/* The bytes that lie together at the front. */
static char *ring_full(const sfi_ring *r, size_t *len)
{
    size_t to_edge = SFI_HTTP_RING_BYTES - r->front;
    *len = to_edge < r->len ? to_edge : r->len;
    return r->data + r->front;
}

static void ring_drop(sfi_ring *r, size_t len)
{
    r->len -= len;
    r->front =
        (r->front + len) % SFI_HTTP_RING_BYTES; /* also when it is empty: the other side may be at work behind it */
}

/* ---- making and ending ---- */
static sf_status check_source(const sfi_http_request *r, sf_error *err)
{
    const sf_source *s = r->source;
    if (s->read == NULL || s->length < SF_NONE)
        return sfi_fail(err, SF_ERR_USAGE, "sf_source: want a read function, and a length of 0 or more or SF_NONE");
    if (!sfi_is_zero(s->reserved, sizeof s->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_source: reserved is not zero");
    if (strcmp(r->method, "POST") != 0 && strcmp(r->method, "PUT") != 0 && strcmp(r->method, "PATCH") != 0)
        return sfi_fail(err, SF_ERR_USAGE, "%s takes no body from a source; POST, PUT and PATCH do", r->method);
    if (r->body.ptr != NULL) return sfi_fail(err, SF_ERR_USAGE, "a request has a body or a source, not both");
    assert(r->direct == NULL || s->length >= 0);
    return SF_OK;
}

static sf_status check_sink(const sfi_http_request *r, sf_error *err)
{
    if (r->sink->write == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_sink: want a write function");
    if (!sfi_is_zero(r->sink->reserved, sizeof r->sink->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_sink: reserved is not zero");
    return SF_OK;
}

sf_status sfi_stream_new(const sfi_http_request *request, sfi_stream **out, sf_error *err)
{
    sf_status rc = SF_OK;
    *out = NULL;
    if (request->source == NULL && request->sink == NULL) return SF_OK;
    if (request->source != NULL) rc = check_source(request, err);
    if (rc == SF_OK && request->sink != NULL) rc = check_sink(request, err);
    if (rc != SF_OK) return rc;
    sfi_stream *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "a streamed body");
    s->source = request->source;
    s->sink = request->sink;
    s->direct = request->source != NULL ? request->direct : NULL;
    s->is_direct = s->direct != NULL;
    if (s->source != NULL) s->up.data = sfi_alloc(SFI_HTTP_RING_BYTES);
    if (s->sink != NULL) s->down.data = sfi_alloc(SFI_HTTP_RING_BYTES);
    if ((s->source != NULL && s->up.data == NULL) || (s->sink != NULL && s->down.data == NULL)) {
        sfi_stream_free(s);
        return sfi_fail_memory(err, "a streamed body");
    }
    *out = s;
    return SF_OK;
}

void sfi_stream_free(sfi_stream *s)
{
    if (s == NULL) return;
    sfi_unzip_close(s->unzip);
    sfi_free(s->up.data);
    sfi_free(s->down.data);
    sfi_free(s);
}

/* ---- the I/O thread: libcurl's side ---- */
static void note_news(sfi_transfer *t)
{
    t->stream->has_news = true;
    t->http->has_news = true;
}

/* Past the ring; *got 0 and SF_OK: not at hand, from here on through the ring. */
static sf_status read_direct(sfi_transfer *t, char *out, size_t cap, size_t *got)
{
    sfi_stream *s = t->stream;
    int64_t left = s->source->length - s->sent;
    *got = 0;
    if ((uint64_t)cap > (uint64_t)left) cap = (size_t)left;
    sf_status rc = s->direct->read_now(s->source->user, out, cap, got, &s->direct_failure);
    assert(rc != SF_OK || *got <= cap);
    if (rc != SF_OK) {
        s->direct_failure.status = rc;
        return rc;
    }
    s->sent += (int64_t)*got;
    s->is_whole = s->sent == s->source->length;
    t->last_byte_ms = t->http->now_ms;
    return SF_OK;
}

/* libcurl wants bytes of the request's body. */
static size_t on_read(char *out, size_t size, size_t n, void *user)
{
    sfi_transfer *t = user;
    sfi_stream *s = t->stream;
    size_t cap = size * n, got = 0;     /* size is 1 */
    if (s->is_direct && !s->is_whole) { /* nobody else writes it */
        if (read_direct(t, out, cap, &got) != SF_OK) return CURL_READFUNC_ABORT;
        if (got > 0) return got;
        pthread_mutex_lock(&t->http->lock);
        s->is_direct = false;
        s->taken = s->sent;
        pthread_mutex_unlock(&t->http->lock);
    }
    if (s->is_direct) return 0;
    pthread_mutex_lock(&t->http->lock);
    if (!s->is_up_wanted) note_news(t);
    s->is_up_wanted = true;
    bool is_ended = s->is_up_ended;
    while (got < cap && s->up.len > 0) { /* twice at most: up to the edge, and from the start */
        size_t len;
        const char *data = ring_full(&s->up, &len);
        if (len > cap - got) len = cap - got;
        memcpy(out + got, data, len);
        ring_drop(&s->up, len);
        got += len;
    }
    if (got > 0) note_news(t);
    s->is_up_paused = got == 0 && !is_ended;
    pthread_mutex_unlock(&t->http->lock);
    t->last_byte_ms = t->http->now_ms;
    s->sent += (int64_t)got;
    s->is_whole = s->source->length >= 0 ? s->sent == s->source->length : got == 0 && is_ended;
    if (got == 0 && !is_ended) return CURL_READFUNC_PAUSE;
    return got;
}

#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (code == CURLE_OK) code = curl_easy_setopt(t->easy, option, value);                                         \
    } while (0)

/* HTTP/1.1, on a connection of its own: one that is shared by HTTP/2 would stand still for all when a sink is slow. */
CURLcode sfi_stream_attach(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    CURLcode code = curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_BUFFERSIZE, (long)SFI_HTTP_PIECE_BYTES);
    if (s->source == NULL) return code;
    s->is_whole = s->source->length == 0;
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_UPLOAD_BUFFERSIZE, s->direct != NULL ? (long)SFI_HTTP_DIRECT_BYTES : (long)SFI_HTTP_PIECE_BYTES);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, t);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->source->length); /* SF_NONE is libcurl's -1 too: in chunks */
    SET(CURLOPT_CUSTOMREQUEST, t->method);
    return code;
}

bool sfi_stream_takes(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    long status = 0;
    if (s == NULL || s->sink == NULL) return false;
    if (s->is_down || t->in.total > 0) return s->is_down;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status); /* stays 0 */
    s->is_down = status >= 200 && status < 300;
    return s->is_down;
}

/* The first bytes: how they are compressed is known by now. */
static bool set_encoding(sfi_transfer *t)
{
    const sfi_http_response head = { .headers = t->in.head.text.data };
    curl_off_t length = -1;
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length); /* stays -1 */
    t->in.expected = length;
    return sfi_encoding_of(&head, &t->stream->encoding);
}

size_t sfi_stream_put(sfi_transfer *t, const char *data, size_t len)
{
    sfi_stream *s = t->stream;
    if (t->in.total == 0 && !set_encoding(t)) {
        t->in.failure = SF_ERR_PROTOCOL;
        return 0;
    }
    pthread_mutex_lock(&t->http->lock);
    bool fits = ring_room(&s->down) >= len; /* libcurl gives at most CURL_MAX_WRITE_SIZE, far less than the ring */
    for (size_t put = 0; fits && put < len;) {
        size_t room;
        char *out = ring_free(&s->down, &room);
        if (room > len - put) room = len - put;
        memcpy(out, data + put, room);
        s->down.len += room;
        put += room;
    }
    s->is_down_paused = !fits;
    note_news(t);
    pthread_mutex_unlock(&t->http->lock);
    if (!fits) return CURL_WRITEFUNC_PAUSE;
    t->in.total += (int64_t)len;
    return len;
}

void sfi_stream_resume(sfi_http *http)
{
    if (!atomic_exchange(&http->resuming, false)) return;
    for (sfi_transfer *t = http->active; t != NULL; t = t->next) {
        sfi_stream *s = t->stream;
        if (s == NULL) continue;
        pthread_mutex_lock(&http->lock);
        bool may_resume = s->may_resume;
        s->may_resume = false;
        if (s->up.len > 0 || s->is_up_ended) s->is_up_paused = false;
        if (s->down.len <= SFI_HTTP_RING_BYTES / 2) s->is_down_paused = false;
        int still = (s->is_up_paused ? CURLPAUSE_SEND : 0) | (s->is_down_paused ? CURLPAUSE_RECV : 0);
        pthread_mutex_unlock(&http->lock);
        if (may_resume) (void)curl_easy_pause(t->easy, still); /* what fails, fails the transfer */
    }
}

void sfi_stream_tell(sfi_http *http)
{
    if (!http->has_news) return;
    http->has_news = false;
    pthread_mutex_lock(&http->lock);
    for (sfi_transfer *t = http->active; t != NULL; t = t->next) {
        if (t->stream == NULL || !t->stream->has_news) continue;
        t->stream->has_news = false;
        pthread_cond_signal(&t->ended);
    }
    pthread_mutex_unlock(&http->lock);
}

bool sfi_stream_is_paused(const sfi_transfer *t)
{
    const sfi_stream *s = t->stream;
    if (s == NULL) return false;
    pthread_mutex_lock(&t->http->lock);
    bool paused = s->is_up_paused || s->is_down_paused;
    pthread_mutex_unlock(&t->http->lock);
    return paused;
}

void sfi_stream_finish(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    if (s == NULL || s->source == NULL) return;
    t->response.is_cut_upload = !s->is_whole;
    if (s->is_direct) s->taken = s->sent; /* its caller looks at it after the end only */
}

/* ---- the caller's side ---- */
static sf_status keep_failure(sfi_stream *s, sf_status rc, const char *what)
{
    if (rc == SF_OK) return SF_OK;
    if (rc > 0) rc = SF_ERR_IO; /* a callback has no other answers */
    if (s->failure.message[0] == '\0') (void)sfi_fail(&s->failure, rc, "the %s failed, and does not say why", what);
    s->failure.status = rc;
    return rc;
}

/* Locked; unlocked while libcurl is woken, which takes no lock of ours but may write to a pipe. */
static void let_go_on(sfi_transfer *t)
{
    t->stream->may_resume = true;
    atomic_store(&t->http->resuming, true);
    pthread_mutex_unlock(&t->http->lock);
    (void)curl_multi_wakeup(t->http->multi); /* fails only for a handle that is none */
    pthread_mutex_lock(&t->http->lock);
}

static sf_status write_to_sink(void *user, const char *data, size_t len, sf_error *err)
{
    sfi_stream *s = user;
    s->handed += (int64_t)len; /* before: a sink that failed has seen some of it */
    return s->sink->write(s->sink->user, data, len, err);
}

static sf_status hand_over(sfi_stream *s, const char *data, size_t len)
{
    s->failure = (sf_error){ 0 };
    if (s->encoding == SFI_ENCODING_IDENTITY) return keep_failure(s, write_to_sink(s, data, len, &s->failure), "sink");
    sf_status rc = s->unzip == NULL ? sfi_unzip_open(s->encoding, &s->unzip, &s->failure) : SF_OK;
    if (rc == SF_OK) rc = sfi_unzip_add(s->unzip, data, len, write_to_sink, s, &s->failure);
    return keep_failure(s, rc, "sink");
}

static sf_status take_from_source(sfi_stream *s, char *data, size_t cap, size_t *len)
{
    const sf_source *source = s->source;
    *len = 0;
    if (source->length >= 0 && (uint64_t)cap > (uint64_t)(source->length - s->taken))
        cap = (size_t)(source->length - s->taken);
    if (cap == 0) return SF_OK;
    s->failure = (sf_error){ 0 };
    sf_status rc = source->read(source->user, data, cap, len, &s->failure);
    if (rc == SF_OK && *len > cap)
        rc = sfi_fail(&s->failure, SF_ERR_USAGE, "the source says %zu bytes where it had room for %zu", *len, cap);
    if (rc == SF_OK) s->taken += (int64_t)*len;
    if (rc == SF_OK && *len == 0 && source->length >= 0)
        rc = sfi_fail(&s->failure, SF_ERR_IO, "the source ended after %lld of its %lld bytes", (long long)s->taken,
                      (long long)source->length);
    return keep_failure(s, rc, "source");
}

/* Locked; the lock is released for the callback. @return something was done. */
static bool step_down(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    size_t len;
    if (s->down.len == 0) return false;
    const char *data = ring_full(&s->down, &len);
    pthread_mutex_unlock(&t->http->lock);
    sf_status rc = hand_over(s, data, len);
    pthread_mutex_lock(&t->http->lock);
    ring_drop(&s->down, len);
    if (rc == SF_OK && s->is_down_paused && s->down.len <= SFI_HTTP_RING_BYTES / 2 && !t->done) let_go_on(t);
    return true;
}

static bool step_up(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    size_t cap, len;
    if (s->up.data == NULL || t->done || !s->is_up_wanted || s->is_up_ended) return false;
    if (ring_room(&s->up) < SFI_HTTP_PIECE_BYTES) return false;
    char *data = ring_free(&s->up, &cap);
    if (cap > SFI_HTTP_PIECE_BYTES) cap = SFI_HTTP_PIECE_BYTES;
    pthread_mutex_unlock(&t->http->lock);
    sf_status rc = take_from_source(s, data, cap, &len);
    pthread_mutex_lock(&t->http->lock);
    if (rc != SF_OK) return true;
    s->up.len += len;
    s->is_up_ended = len == 0;
    if (s->is_up_paused && !t->done) let_go_on(t);
    return true;
}

/* Locked; the lock is released meanwhile. */
static void wait_for_news(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    int64_t tick_ms = sfi_now_ms() + SFI_HTTP_TICK_MS;
    struct timespec until = { .tv_sec = (time_t)(tick_ms / 1000), .tv_nsec = (long)(tick_ms % 1000) * 1000000 };
    if (!s->is_direct) {
        pthread_cond_wait(&t->ended, &t->http->lock);
        return;
    }
    if (pthread_cond_timedwait(&t->ended, &t->http->lock, &until) != ETIMEDOUT) return;
    pthread_mutex_unlock(&t->http->lock);
    s->failure = (sf_error){ 0 };
    (void)keep_failure(s, s->direct->tick(s->source->user, &s->failure), "source");
    pthread_mutex_lock(&t->http->lock);
}

/* The answer is whole, and so must be what is compressed in it. */
static void check_end(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    sfi_http_response *r = &t->response;
    if (s->unzip == NULL || r->outcome != SFI_HTTP_ANSWERED || sfi_unzip_finish(s->unzip, &r->error) == SF_OK) return;
    r->outcome = SFI_HTTP_LOST;
    r->truncated = true;
    r->error.http_status = r->status;
    r->error.retryable = sfi_method_is_idempotent(t->method);
}

/* What came of it is the callback's failure; a damaged compressed body counts as one that was cut. */
static void put_failure(sfi_transfer *t)
{
    sfi_http_response *r = &t->response;
    bool is_cut = t->stream->failure.status == SF_ERR_TRUNCATED && t->stream->unzip != NULL;
    r->error = t->stream->failure;
    r->error.http_status = r->status;
    r->outcome = is_cut ? SFI_HTTP_LOST : SFI_HTTP_CANCELLED;
    r->error.retryable = is_cut && sfi_method_is_idempotent(t->method);
}

void sfi_transfer_run(sfi_transfer *t)
{
    sfi_stream *s = t->stream;
    if (s != NULL) {
        pthread_mutex_lock(&t->http->lock);
        while (s->failure.status == SF_OK) { /* ends: the transfer ends, at the latest when it is cancelled */
            bool is_lost = t->done && t->response.outcome != SFI_HTTP_ANSWERED;
            if (is_lost || (t->done && s->down.len == 0)) break;
            if (!step_down(t) && !step_up(t)) wait_for_news(t);
        }
        pthread_mutex_unlock(&t->http->lock);
        if (s->failure.status != SF_OK) sfi_transfer_cancel(t);
    }
    (void)sfi_transfer_wait(t, 0); /* true: without a deadline it returns at the end only */
    if (s == NULL) return;
    if (s->failure.status == SF_OK) s->failure = s->direct_failure;
    if (s->failure.status != SF_OK)
        put_failure(t);
    else
        check_end(t);
    t->response.source_bytes = s->taken;
    t->response.sink_bytes = s->handed;
}
