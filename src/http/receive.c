/*
 * receive.c: libcurl's callbacks, on the I/O thread: header lines to headers.c, body bytes into one block.
 * The block is as large as Content-Length says, or doubles; it comes from the buffers that callers gave back, so that a
 * query of a hundred pages writes into the same two or three again and the kernel has no pages to clear.
 */
#include "http/engine_internal.h"

enum { BODY_FIRST = 16 * 1024 };

static size_t stop(sfi_receive *in, sf_status why)
{
    in->failure = why;
    return 0; /* fewer bytes than there were: libcurl ends the transfer */
}

static void note_activity(sfi_transfer *t)
{
    t->last_byte_ms = t->http->now_ms;
    if (t->in.head.is_http2) t->http->has_streamed = true;
}

static size_t on_header(char *data, size_t size, size_t n, void *user)
{
    sfi_transfer *t = user;
    size_t bytes = size * n; /* size is 1 */
    sf_status rc = sfi_head_add(&t->in.head, (sf_str){ data, bytes });
    note_activity(t);
    return rc == SF_OK ? bytes : stop(&t->in, rc);
}

static bool make_first_block(sfi_transfer *t)
{
    sfi_receive *in = &t->in;
    curl_off_t length = -1;
    (void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length); /* stays -1 */
    in->expected = length;
    if (length >= 0 && (uint64_t)length > in->max) {
        (void)stop(in, SF_ERR_LIMIT);
        return false;
    }
    size_t cap;
    in->body =
        sfi_http_take_buffer(t->http, (length >= 0 ? (size_t)length : BODY_FIRST) + SFI_HTTP_SPARE, length >= 0, &cap);
    if (in->body == NULL) {
        (void)stop(in, SF_ERR_MEMORY);
        return false;
    }
    in->cap = cap - SFI_HTTP_SPARE;
    return true;
}

static bool grow(sfi_receive *in, size_t need)
{
    size_t cap = in->cap;
    while (cap < need) cap = cap > in->max / 2 ? in->max : cap * 2; /* ends: need <= max was checked */
    char *data = sfi_realloc(in->body, cap + SFI_HTTP_SPARE);
    if (data == NULL) return false;
    in->body = data;
    in->cap = cap;
    return true;
}

static size_t on_body(char *data, size_t size, size_t n, void *user)
{
    sfi_transfer *t = user;
    sfi_receive *in = &t->in;
    size_t bytes = size * n;
    note_activity(t);
    if (sfi_stream_takes(t)) return sfi_stream_put(t, data, bytes);
    if (in->body == NULL && !make_first_block(t)) return 0;
    if (bytes > in->max - in->len) return stop(in, SF_ERR_LIMIT);
    if (bytes > in->cap - in->len && !grow(in, in->len + bytes)) return stop(in, SF_ERR_MEMORY);
    memcpy(in->body + in->len, data, bytes);
    in->len += bytes;
    in->total += (int64_t)bytes;
    return bytes;
}

/* libcurl is about to send the request, for the first time or again by itself: it does that when a kept connection
 * turns out dead before a byte of an answer. Whether the server read the request before it closed cannot be known, so a
 * write is sent again only when not one byte of it had gone out. */
static int on_send(void *user, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    sfi_transfer *t = user;
    (void)remote_ip, (void)local_ip, (void)remote_port, (void)local_port;
    long sent = 0;
    if (t->sends > 0) (void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (t->sends > 0 && sent > 0 && !t->may_resend) {
        t->resend_refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    t->sends++;
    t->last_byte_ms = t->http->now_ms;
    return CURL_PREREQFUNC_OK;
}

CURLcode sfi_receive_attach(sfi_transfer *t)
{
    const struct {
        CURLoption option;
        void *value;
    } pointers[] = {
        { CURLOPT_HEADERDATA, t },
        { CURLOPT_WRITEDATA, t },
        { CURLOPT_PREREQDATA, t },
        { CURLOPT_PRIVATE, t },
        { CURLOPT_ERRORBUFFER, t->curl_text },
    };
    CURLcode code = curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    if (code == CURLE_OK) code = curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
    if (code == CURLE_OK) code = curl_easy_setopt(t->easy, CURLOPT_PREREQFUNCTION, on_send);
    for (size_t i = 0; i < SFI_COUNT_OF(pointers) && code == CURLE_OK; i++)
        code = curl_easy_setopt(t->easy, pointers[i].option, pointers[i].value);
    return code;
}

void sfi_receive_reset(sfi_receive *in)
{
    sfi_head_reset(&in->head);
    in->len = 0;
    in->total = 0;
    in->expected = -1;
}

/* A short answer does not keep a page's buffer for itself. */
static void shrink(sfi_transfer *t)
{
    sfi_receive *in = &t->in;
    if (in->cap < 64 * SFI_KIB || in->len > in->cap / 8) return;
    char *small = sfi_alloc(in->len + SFI_HTTP_SPARE);
    if (small == NULL) return; /* then it stays large */
    memcpy(small, in->body, in->len);
    sfi_http_give_buffer(t->http, in->body, in->cap + SFI_HTTP_SPARE);
    in->body = small;
    in->cap = in->len;
}

void sfi_receive_finish(sfi_transfer *t)
{
    sfi_receive *in = &t->in;
    sfi_http_response *r = &t->response;
    if (in->body != NULL) {
        shrink(t);
        memset(in->body + in->len, 0, SFI_HTTP_SPARE);
        r->body = in->body;
        r->body_len = in->len;
        r->body_cap = in->cap + SFI_HTTP_SPARE;
        in->body = NULL;
    }
    r->headers = in->head.text.len > 0 ? sfi_buf_take(&in->head.text) : NULL;
}
