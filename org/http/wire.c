/* wire.c: see wire.h. The idea for a reset that hits the right byte: write up to it, wait until the kernel has
 * handed everything to the peer, then disconnect the socket (connect to AF_UNSPEC): that sends RST, and no FIN before. */
#define _GNU_SOURCE /* POLLRDHUP */
#include "http/wire.h"
#include <errno.h>
#include <libdeflate.h>
#include <linux/sockios.h>
#include <microhttpd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
    GZIP_LEVEL = 1,
    GZIP_TAIL = 8,      /* CRC and length at the end of a member */
    WAIT_SLICE_MS = 50, /* how long a wait is before it asks whether the server stops */
    DRAIN_MS = 2000,    /* most that a reset waits for the bytes before it */
    SEND_MS = 30000     /* most that a send waits for a peer that does not read */
};

bool sfo_accepts_gzip(const char *accept_encoding)
{
    sf_str rest = sfi_str(accept_encoding);
    while (rest.len > 0) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        size_t len = comma != NULL ? (size_t)(comma - rest.ptr) : rest.len;
        sf_str item = sfi_trim((sf_str){ rest.ptr, len });
        rest.ptr += len + (comma != NULL);
        rest.len -= len + (comma != NULL);
        const char *semicolon = memchr(item.ptr, ';', item.len);
        sf_str name = item;
        sf_str quality = { "", 0 };
        if (semicolon != NULL) {
            name = sfi_trim((sf_str){ item.ptr, (size_t)(semicolon - item.ptr) });
            quality = sfi_trim((sf_str){ semicolon + 1, item.len - (size_t)(semicolon - item.ptr) - 1 });
        }
        if (!sfi_str_is_nocase(name, "gzip") && !sfi_str_is(name, "*")) continue;
        bool refused = sfi_starts_with_nocase(quality, "q=0");
        for (size_t i = 3; refused && i < quality.len; i++)
            if (quality.ptr[i] >= '1' && quality.ptr[i] <= '9') refused = false;
        return !refused;
    }
    return false;
}

bool sfo_gzip(sfi_buf *body)
{
    sfi_buf packed = { 0 };
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(GZIP_LEVEL);
    if (compressor == NULL) return false;
    size_t bound = libdeflate_gzip_compress_bound(compressor, body->len);
    size_t len = 0;
    if (sfi_buf_reserve(&packed, bound))
        len = libdeflate_gzip_compress(compressor, body->data, body->len, packed.data, bound);
    libdeflate_free_compressor(compressor);
    if (len == 0) {
        sfi_buf_free(&packed);
        return false;
    }
    packed.len = len;
    sfi_buf_free(body);
    *body = packed;
    return true;
}

/* The length that a member's tail claims; a lie costs a second round, never an overflow. */
static size_t claimed_length(sf_str in)
{
    const unsigned char *tail = (const unsigned char *)in.ptr + in.len - 4;
    return (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
}

static sf_status inflate_member(struct libdeflate_decompressor *d, sf_str in, sfi_buf *out, size_t *used)
{
    size_t room = claimed_length(in);
    for (;;) { /* room doubles up to out->max, so this ends */
        if (room < SFI_KIB) room = SFI_KIB;
        if (room > out->max - out->len) room = out->max - out->len;
        if (!sfi_buf_reserve(out, room)) return SF_ERR_MEMORY;
        size_t got = 0;
        enum libdeflate_result rc =
            libdeflate_gzip_decompress_ex(d, in.ptr, in.len, out->data + out->len, room, used, &got);
        if (rc == LIBDEFLATE_SUCCESS) {
            out->len += got;
            return SF_OK;
        }
        if (rc != LIBDEFLATE_INSUFFICIENT_SPACE) return SF_ERR_PROTOCOL;
        if (room == out->max - out->len) return SF_ERR_LIMIT;
        room *= 2;
    }
}

sf_status sfo_gunzip(sf_str in, sfi_buf *out)
{
    if (in.len == 0) return SF_ERR_PROTOCOL;
    if (out->max == 0) out->max = SFI_BUF_MAX;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (d == NULL) return SF_ERR_MEMORY;
    sf_status rc = SF_OK;
    while (rc == SF_OK && in.len > 0) {
        size_t used = 0;
        rc = in.len > GZIP_TAIL ? inflate_member(d, in, out, &used) : SF_ERR_PROTOCOL;
        in.ptr += used;
        in.len -= used;
    }
    libdeflate_free_decompressor(d);
    return rc;
}

void sfo_etag_for_gzip(char *value, size_t size)
{
    static const char suffix[] = "--gzip\"";
    size_t len = strlen(value);
    if (len < 2 || value[len - 1] != '"' || len - 1 + sizeof suffix > size) return;
    memcpy(value + len - 1, suffix, sizeof suffix);
}

bool sfo_wire_fault_is_set(const sfo_wire_fault *f)
{
    return f->reset_after >= 0 || f->stall_after >= 0 || (f->truncate_after >= 0 && f->keep_content_length);
}

void sfo_wire_compose(const sfo_response *r, bool head_only, sfi_buf *out)
{
    char date[32];
    sfi_http_date_format(sfi_wall_ms(), date);
    sfi_buf_addf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", r->status,
                 MHD_get_reason_phrase_for((unsigned)r->status), date);
    if (r->content_type != NULL) sfi_buf_addf(out, "Content-Type: %s\r\n", r->content_type);
    for (int i = 0; i < r->header_count; i++) sfi_buf_addf(out, "%s: %s\r\n", r->headers[i][0], r->headers[i][1]);
    if (!r->no_body) sfi_buf_addf(out, "Content-Length: %zu\r\n", r->body.len);
    sfi_buf_add_str(out, "\r\n");
    if (r->no_body || head_only) return;
    size_t len = r->body.len;
    if (r->fault.truncate_after >= 0 && (size_t)r->fault.truncate_after < len) len = (size_t)r->fault.truncate_after;
    sfi_buf_add(out, r->body.data, len);
}

/* false: the peer is gone, does not read, or the server stops. */
static bool send_all(int fd, sf_str bytes, bool (*is_stopping)(void *user), void *user)
{
    int64_t deadline = sfi_now_ms() + SEND_MS;
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) {
            bytes.ptr += n;
            bytes.len -= (size_t)n;
            continue;
        }
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
        if (is_stopping(user) || sfi_now_ms() > deadline) return false;
        struct pollfd p = { .fd = fd, .events = POLLOUT };
        (void)poll(&p, 1, WAIT_SLICE_MS); /* an error shows in the next send */
    }
    return true;
}

static void reset(int fd)
{
    int64_t deadline = sfi_now_ms() + DRAIN_MS;
    int waiting = 0;
    while (ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0 && sfi_now_ms() < deadline) (void)poll(NULL, 0, 1);
    struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once); /* should the next call not be able to */
    (void)connect(fd, &nowhere, sizeof nowhere);
}

static void stall(int fd, int64_t ms, bool (*is_stopping)(void *user), void *user)
{
    int64_t deadline = sfi_now_ms() + ms;
    for (int64_t left = ms; left > 0 && !is_stopping(user); left = deadline - sfi_now_ms()) {
        struct pollfd p = { .fd = fd, .events = POLLRDHUP };
        int slice = left < WAIT_SLICE_MS ? (int)left : WAIT_SLICE_MS;
        if (poll(&p, 1, slice) > 0 && (p.revents & (POLLERR | POLLHUP | POLLRDHUP)) != 0)
            return; /* the client gave up */
    }
}

void sfo_wire_send(int fd, sf_str bytes, const sfo_wire_fault *f, bool (*is_stopping)(void *user), void *user)
{
    size_t sent = 0;
    if (f->stall_after >= 0) {
        sent = (size_t)f->stall_after < bytes.len ? (size_t)f->stall_after : bytes.len;
        if (!send_all(fd, (sf_str){ bytes.ptr, sent }, is_stopping, user)) return;
        stall(fd, f->stall_ms, is_stopping, user);
    }
    size_t end = bytes.len;
    if (f->reset_after >= 0 && (size_t)f->reset_after < end) end = (size_t)f->reset_after;
    bool alive = end <= sent || send_all(fd, (sf_str){ bytes.ptr + sent, end - sent }, is_stopping, user);
    if (alive && f->reset_after >= 0) reset(fd);
}
