/*
 * unzip.c: a compressed body to text piece by piece, on the caller's thread. libdeflate, which inflates whole bodies
 * twice as fast (inflate.c), wants all of a body at once; zlib does not. gzip may have several members, one behind the
 * other; "deflate" is zlib by the RFC and raw deflate by some servers, which the first two bytes tell apart.
 */
#include <zlib.h>
#include "http/http_internal.h"

enum {
    TEXT_BYTES = 128 * 1024, /* of text that are written at a time */
    GZIP_WINDOW = 15 + 16,
    ZLIB_WINDOW = 15,
    RAW_WINDOW = -15,
};

struct sfi_unzip {
    z_stream z;
    bool has_z, is_gzip;
    bool is_ended; /* a member or stream came to its end, and nothing behind it began another */
    unsigned char head[2];
    size_t head_len;
    char text[TEXT_BYTES];
};

static void *give(void *user, unsigned n, unsigned size)
{
    (void)user;
    return sfi_calloc_n(n, size);
}

static void take_back(void *user, void *ptr)
{
    (void)user;
    sfi_free(ptr);
}

sf_status sfi_unzip_open(int encoding, sfi_unzip **out, sf_error *err)
{
    sfi_unzip *u = sfi_calloc(sizeof *u);
    *out = u;
    if (u == NULL) return sfi_fail_memory(err, "inflating");
    u->is_gzip = encoding == SFI_ENCODING_GZIP;
    return SF_OK;
}

void sfi_unzip_close(sfi_unzip *u)
{
    if (u == NULL) return;
    if (u->has_z) (void)inflateEnd(&u->z); /* fails only for a stream that is none */
    sfi_free(u);
}

static sf_status begin(sfi_unzip *u, sf_error *err)
{
    bool looks_zlib = (u->head[0] & 0x0f) == 8 && ((unsigned)u->head[0] << 8 | u->head[1]) % 31 == 0;
    u->z = (z_stream){ .zalloc = give, .zfree = take_back };
    u->has_z = inflateInit2(&u->z, u->is_gzip ? GZIP_WINDOW : looks_zlib ? ZLIB_WINDOW : RAW_WINDOW) == Z_OK;
    return u->has_z ? SF_OK : sfi_fail_memory(err, "inflating");
}

static sf_status broken(sf_error *err)
{
    return sfi_fail(err, SF_ERR_TRUNCATED, "the compressed answer is damaged or cut short");
}

typedef sf_status (*write_fn)(void *user, const char *data, size_t len, sf_error *err);

static sf_status inflate_some(sfi_unzip *u, const unsigned char *data, size_t len, write_fn write, void *user,
                              sf_error *err)
{
    u->z.next_in = (unsigned char *)(uintptr_t)data; /* zlib only reads it */
    u->z.avail_in = (unsigned)len;
    for (;;) { /* ends: each turn takes input or gives text, and there is only so much of both */
        if (u->is_ended && u->z.avail_in == 0) return SF_OK;
        if (u->is_ended && (!u->is_gzip || inflateReset(&u->z) != Z_OK)) return broken(err);
        u->is_ended = false;
        u->z.next_out = (unsigned char *)u->text;
        u->z.avail_out = TEXT_BYTES;
        int result = inflate(&u->z, Z_NO_FLUSH);
        size_t got = TEXT_BYTES - u->z.avail_out;
        if (result == Z_MEM_ERROR) return sfi_fail_memory(err, "inflating");
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return broken(err);
        sf_status rc = got > 0 ? write(user, u->text, got, err) : SF_OK;
        if (rc != SF_OK) return rc;
        u->is_ended = result == Z_STREAM_END;
        if (!u->is_ended && u->z.avail_in == 0 && u->z.avail_out > 0) return SF_OK;
        if (result == Z_BUF_ERROR && got == 0) return broken(err); /* input is left, and it goes no further */
    }
}

sf_status sfi_unzip_add(sfi_unzip *u, const char *data, size_t len, write_fn write, void *user, sf_error *err)
{
    const unsigned char *at = (const unsigned char *)data;
    while (!u->has_z && len > 0) { /* ends: len shrinks */
        u->head[u->head_len++] = *at++;
        len--;
        if (u->head_len < sizeof u->head) continue;
        sf_status rc = begin(u, err);
        if (rc == SF_OK) rc = inflate_some(u, u->head, u->head_len, write, user, err);
        if (rc != SF_OK) return rc;
    }
    return len > 0 ? inflate_some(u, at, len, write, user, err) : SF_OK;
}

sf_status sfi_unzip_finish(const sfi_unzip *u, sf_error *err)
{
    return u->is_ended ? SF_OK : broken(err);
}
