/*
 * inflate.c: a whole compressed body to text with libdeflate, on the caller's thread. A gzip member says at its end how
 * long its text is, so that the block is right at once; where nothing says so the block grows and the piece is inflated
 * again. Every bound is checked before memory is asked for; check sum and size are libdeflate's to verify.
 */
#include <libdeflate.h>
#include "http/http_internal.h"

enum {
    SPARE = 64,       /* zero bytes after the text, for simdjson's reads past the end */
    RATIO_MAX = 1032, /* no deflate stream gets longer than that many times itself */
    GZIP_MIN = 18,    /* an empty member */
    FIRST_GUESS = 6,  /* times the input, where the stream does not tell */
};

typedef enum libdeflate_result (*piece_fn)(struct libdeflate_decompressor *d, const void *in, size_t in_len, void *out,
                                           size_t out_len, size_t *in_used, size_t *out_used);

typedef struct inflater {
    struct libdeflate_decompressor *d;
    char *out;
    size_t cap, len, max; /* cap with the spare bytes */
} inflater;

/* Room for size bytes of text in all; what was written so far stays. */
static sf_status reserve(inflater *f, size_t size, sf_error *err)
{
    size_t need;
    if (size > f->max)
        return sfi_fail(err, SF_ERR_LIMIT, "the answer is longer than %zu bytes when inflated (response_max)", f->max);
    if (!sfi_add(size, SPARE, &need)) return sfi_fail_memory(err, "an inflated answer");
    if (f->out != NULL && need <= f->cap) return SF_OK;
    if (f->len == 0) { /* nothing to keep: no copy of old bytes */
        sfi_free(f->out);
        f->out = NULL;
        f->cap = 0;
    }
    char *out = sfi_realloc(f->out, need);
    if (out == NULL) return sfi_fail_memory(err, "an inflated answer");
    f->out = out;
    f->cap = need;
    return SF_OK;
}

static sf_status broken(const char *what, size_t at, sf_error *err)
{
    return sfi_fail(err, SF_ERR_TRUNCATED, "the compressed answer is cut short or damaged (%s, from byte %zu on)", what,
                    at);
}

/* One member or stream at data, appended. Grows until it fits, is found damaged, or is over max. */
static sf_status inflate_piece(inflater *f, piece_fn piece, const char *data, size_t len, size_t *used, bool *damaged,
                               sf_error *err)
{
    *damaged = false;
    for (;;) { /* ends: the room doubles until max, and reserve refuses more */
        size_t got = 0, room = f->cap - SPARE - f->len;
        if (room > f->max - f->len) room = f->max - f->len;
        enum libdeflate_result result = piece(f->d, data, len, f->out + f->len, room, used, &got);
        if (result == LIBDEFLATE_SUCCESS) {
            f->len += got;
            return SF_OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            *damaged = true;
            return SF_OK;
        }
        size_t want = f->len + room < f->max / 2 ? (f->len + room) * 2 : f->max;
        if (want == f->len + room) want++; /* full to the last byte that is allowed: over the limit */
        sf_status rc = reserve(f, want, err);
        if (rc != SF_OK) return rc;
    }
}

static uint32_t read_u32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static bool plausible(size_t text_len, size_t len)
{
    return text_len / RATIO_MAX <= len;
}

static sf_status inflate_gzip(inflater *f, const char *data, size_t len, sf_error *err)
{
    if (len < GZIP_MIN) return broken("too short for gzip", len, err);
    size_t promised = read_u32(data + len - 4); /* the whole text when there is one member, as nearly always */
    if (!plausible(promised, len)) return broken("its promised size cannot be", len - 4, err);
    sf_status rc = reserve(f, promised > 0 ? promised : 1, err);
    for (size_t at = 0; rc == SF_OK && at < len;) {
        size_t used = 0;
        bool damaged;
        rc = inflate_piece(f, libdeflate_gzip_decompress_ex, data + at, len - at, &used, &damaged, err);
        if (rc == SF_OK && (damaged || used == 0)) rc = broken("gzip", at, err);
        at += used;
    }
    return rc;
}

/* "deflate" is zlib by the RFC and raw deflate by some servers. */
static sf_status inflate_deflate(inflater *f, const char *data, size_t len, sf_error *err)
{
    size_t guess, used = 0;
    bool damaged = true;
    if (len == 0) return broken("empty", 0, err);
    if (!sfi_mul(len, FIRST_GUESS, &guess) || guess > f->max) guess = f->max;
    sf_status rc = reserve(f, guess > 0 ? guess : 1, err);
    bool looks_zlib =
        len >= 6 && (data[0] & 0x0f) == 8 && ((unsigned)(unsigned char)data[0] << 8 | (unsigned char)data[1]) % 31 == 0;
    if (rc == SF_OK && looks_zlib)
        rc = inflate_piece(f, libdeflate_zlib_decompress_ex, data, len, &used, &damaged, err);
    if (rc == SF_OK && damaged) {
        f->len = 0;
        rc = inflate_piece(f, libdeflate_deflate_decompress_ex, data, len, &used, &damaged, err);
    }
    if (rc == SF_OK && (damaged || used != len)) rc = broken("deflate", 0, err);
    return rc;
}

static sf_status copy_plain(inflater *f, const char *data, size_t len, sf_error *err)
{
    sf_status rc = reserve(f, len, err);
    if (rc == SF_OK && len > 0) memcpy(f->out, data, len);
    if (rc == SF_OK) f->len = len;
    return rc;
}

sf_status sfi_inflate(const char *data, size_t len, int encoding, size_t max, char **out, size_t *out_cap,
                      size_t *out_len, sf_error *err)
{
    inflater f = { .out = *out, .cap = *out != NULL ? *out_cap : 0, .max = max };
    sf_status rc;
    if (encoding == SFI_ENCODING_IDENTITY) {
        rc = copy_plain(&f, data, len, err);
    } else {
        f.d = libdeflate_alloc_decompressor();
        if (f.d == NULL) return sfi_fail_memory(err, "inflating");
        rc = encoding == SFI_ENCODING_GZIP ? inflate_gzip(&f, data, len, err) : inflate_deflate(&f, data, len, err);
        libdeflate_free_decompressor(f.d);
    }
    if (rc == SF_OK) memset(f.out + f.len, 0, SPARE);
    *out = f.out; /* also after an error: the caller's buffer may have moved */
    *out_cap = f.cap;
    if (rc == SF_OK) *out_len = f.len;
    return rc;
}
