/*
 * export_zstd.c: zstd for export_out.c: pages as frames, one behind the other, which together are one file to every decoder. A
 * frame is whole in itself, so that another run can go on behind any of them; each ends in a check sum of its content. The
 * door to libzstd, which is loaded on first use: a build without its header, or a machine without it, has none. Its
 * memory is outside the allocator's hook. Threads: as export_out.c.
 */
#include "bulk/export_internal.h"

const char *sfi_features_bulk(void)
{
#if defined SF_WITH_SQLITE && defined SF_WITH_ZSTD
    return "sqlite zstd";
#elif defined SF_WITH_SQLITE
    return "sqlite";
#elif defined SF_WITH_ZSTD
    return "zstd";
#else
    return "";
#endif
}

#ifdef SF_WITH_ZSTD
#include <pthread.h>
#include <zstd.h>

enum { LEVEL = 3, PIECE = 128 * 1024 };

/* ---- the library ---- */
static struct {
    __typeof__(ZSTD_createCCtx) *create;
    __typeof__(ZSTD_freeCCtx) *free;
    __typeof__(ZSTD_CCtx_setParameter) *set;
    __typeof__(ZSTD_CCtx_reset) *reset;
    __typeof__(ZSTD_compressStream2) *compress;
    __typeof__(ZSTD_isError) *is_error;
    __typeof__(ZSTD_getErrorName) *error_name;
} lib; /* written once, under once; it stays loaded */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;

static void load(void)
{
    static const sfi_library_symbol symbols[] = {
        { "ZSTD_createCCtx", &lib.create },        { "ZSTD_freeCCtx", &lib.free },
        { "ZSTD_CCtx_setParameter", &lib.set },    { "ZSTD_CCtx_reset", &lib.reset },
        { "ZSTD_compressStream2", &lib.compress }, { "ZSTD_isError", &lib.is_error },
        { "ZSTD_getErrorName", &lib.error_name }
    };
    is_loaded = sfi_library_load("libzstd.so.1", symbols, SFI_COUNT_OF(symbols));
}

/* ---- frames ---- */
struct sfi_export_zstd {
    ZSTD_CCtx *c;
    char piece[PIECE];
};

sf_status sfi_export_zstd_open(sfi_export_zstd **out, sf_error *err)
{
    (void)pthread_once(&once, load);
    if (!is_loaded) return sfi_fail(err, SF_ERR_UNSUPPORTED, "zstd needs libzstd.so.1, which is not on this machine");
    sfi_export_zstd *z = sfi_calloc(sizeof *z);
    if (z == NULL) return sfi_fail_memory(err, "zstd");
    z->c = lib.create();
    bool is_set = z->c != NULL && !lib.is_error(lib.set(z->c, ZSTD_c_compressionLevel, LEVEL)) &&
                  !lib.is_error(lib.set(z->c, ZSTD_c_checksumFlag, 1));
    if (!is_set) {
        sfi_export_zstd_close(z);
        return sfi_fail_memory(err, "zstd");
    }
    *out = z;
    return SF_OK;
}

sf_status sfi_export_zstd_add(sfi_export_zstd *z, const char *data, size_t len, bool end, sfi_export_put *put,
                              sfi_export_out *o, sf_error *err)
{
    ZSTD_inBuffer in = { data, len, 0 };
    for (;;) { /* each round takes input off, or fills a piece with what is left of it */
        ZSTD_outBuffer out = { z->piece, sizeof z->piece, 0 };
        size_t left = lib.compress(z->c, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
        if (lib.is_error(left)) return sfi_fail(err, SF_ERR_IO, "zstd: %.100s", lib.error_name(left));
        sf_status rc = put(o, z->piece, out.pos, err);
        if (rc != SF_OK) return rc;
        if (end ? left == 0 : in.pos == in.size) return SF_OK;
    }
}

void sfi_export_zstd_reset(sfi_export_zstd *z)
{
    (void)lib.reset(z->c, ZSTD_reset_session_only); /* which cannot fail */
}

void sfi_export_zstd_close(sfi_export_zstd *z)
{
    if (z == NULL) return;
    (void)lib.free(z->c); /* NULL is fine */
    sfi_free(z);
}
#else
sf_status sfi_export_zstd_open(sfi_export_zstd **out, sf_error *err)
{
    (void)out;
    return sfi_fail(err, SF_ERR_UNSUPPORTED, "zstd: this build has none (SF_WITH_ZSTD)");
}

sf_status sfi_export_zstd_add(sfi_export_zstd *z, const char *data, size_t len, bool end, sfi_export_put *put,
                              sfi_export_out *o, sf_error *err)
{
    (void)z;
    (void)data;
    (void)len;
    (void)end;
    (void)put;
    (void)o;
    return sfi_fail(err, SF_ERR_UNSUPPORTED, "zstd: this build has none (SF_WITH_ZSTD)");
}

void sfi_export_zstd_reset(sfi_export_zstd *z)
{
    (void)z;
}

void sfi_export_zstd_close(sfi_export_zstd *z)
{
    (void)z;
}
#endif
