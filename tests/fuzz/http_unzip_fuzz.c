/* http_unzip_fuzz.c: any bytes as a compressed body piece by piece. Properties: the pieces' sizes change nothing, and what
 * libdeflate takes for a whole gzip body zlib does too, with the same text. */
#include "http/http_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 1 << 20 };

static sf_status collect(void *user, const char *data, size_t len, sf_error *err)
{
    sfi_buf *b = user;
    (void)err;
    return sfi_buf_add(b, data, len) ? SF_OK : SF_ERR_LIMIT;
}

static sf_status unzip(int encoding, const char *data, size_t size, size_t piece, sfi_buf *out)
{
    sfi_unzip *u = NULL;
    sf_error err;
    sf_status rc = sfi_unzip_open(encoding, &u, &err);
    for (size_t at = 0; at < size && rc == SF_OK; at += piece)
        rc = sfi_unzip_add(u, data + at, size - at < piece ? size - at : piece, collect, out, &err);
    if (rc == SF_OK) rc = sfi_unzip_finish(u, &err);
    sfi_unzip_close(u);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    for (int encoding = SFI_ENCODING_GZIP; encoding <= SFI_ENCODING_DEFLATE; encoding++) {
        sfi_buf whole = { .max = TEXT_MAX }, pieces = { .max = TEXT_MAX };
        sf_status rc = unzip(encoding, bytes, size, size > 0 ? size : 1, &whole);
        for (size_t piece = 1; piece <= 3; piece += 2) {
            sfi_buf_clear(&pieces);
            if (unzip(encoding, bytes, size, piece, &pieces) != rc) abort();
            if (rc == SF_OK && !sfi_str_eq(sfi_buf_str(&whole), sfi_buf_str(&pieces))) abort();
        }
        char *out = NULL;
        size_t cap = 0, len = 0;
        if (encoding == SFI_ENCODING_GZIP &&
            sfi_inflate(bytes, size, encoding, TEXT_MAX, &out, &cap, &len, NULL) == SF_OK &&
            (rc != SF_OK ||
             !sfi_str_eq((sf_str){ out, len }, (sf_str){ whole.data != NULL ? whole.data : out, whole.len })))
            abort();
        sfi_free(out);
        sfi_buf_free(&pieces);
        sfi_buf_free(&whole);
    }
    return 0;
}
