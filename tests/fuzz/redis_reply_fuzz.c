/* redis_reply_fuzz.c: any bytes as a reply: never more memory than the limits allow, and the same value or the same error
 * whether they come in one piece or cut in two. */
#include <stdint.h>
#include <stdlib.h>
#include "redis/redis_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const sfi_redis_reply *r, sfi_buf *out, int depth)
{
    if (depth > 16 || r == NULL) abort();
    (void)sfi_buf_addf(out, "%d:%lld:%zu:", (int)r->type, (long long)r->number, r->text.len);
    if (r->text.len > 0) (void)sfi_buf_add(out, r->text.ptr, r->text.len);
    if (r->text.ptr != NULL && r->text.ptr[r->text.len] != '\0') abort();
    for (size_t i = 0; i < r->count; i++) describe(r->items[i], out, depth + 1);
    (void)sfi_buf_add_char(out, ';');
}

static sf_status read_pieces(const char *text, size_t len, size_t cut, sfi_buf *out)
{
    sfi_redis_reader *r = NULL;
    const sfi_redis_reply *reply = NULL;
    if (sfi_redis_reader_new(&r, NULL) != SF_OK) abort();
    sf_status rc = cut > 0 ? sfi_redis_reader_feed(r, text, cut, &reply, NULL) : SF_OK;
    if (rc == SF_OK && len > cut) rc = sfi_redis_reader_feed(r, text + cut, len - cut, &reply, NULL);
    if (rc == SF_ROW) describe(reply, out, 0);
    sfi_redis_reader_free(r);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    size_t cut = data[0] % len;
    sfi_buf whole = { 0 };
    sfi_buf pieces = { 0 };
    sf_status a = read_pieces(text, len, 0, &whole);
    sf_status b = read_pieces(text, len, cut, &pieces);
    /* A reply that is whole before the cut is an answer there, and one with bytes behind it otherwise. */
    if (a != b && !(a == SF_ERR_PROTOCOL && b == SF_ROW)) abort();
    if (a == SF_ROW && (whole.len != pieces.len || memcmp(whole.data, pieces.data, whole.len) != 0)) abort();
    sfi_buf_free(&whole);
    sfi_buf_free(&pieces);
    return 0;
}
