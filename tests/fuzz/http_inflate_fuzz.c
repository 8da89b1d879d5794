/* http_inflate_fuzz.c: bytes that claim to be a compressed body. What inflates must be within the bound, followed by
 * spare zeros, and the same again from another buffer; nothing may be read or written out of place. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "http/http_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    int encoding = data[0] % 3;
    const char *body = (const char *)data + 1;
    char *first = NULL, *second = sfi_alloc(100 + 64);
    size_t first_cap = 0, second_cap = 100 + 64, first_len = 0, second_len = 0;
    sf_status a = sfi_inflate(body, size - 1, encoding, MAX, &first, &first_cap, &first_len, NULL);
    sf_status b = sfi_inflate(body, size - 1, encoding, MAX, &second, &second_cap, &second_len, NULL);
    if (a != b) abort();
    if (a != SF_OK && a != SF_ERR_LIMIT && a != SF_ERR_TRUNCATED) abort();
    if (a == SF_OK) {
        if (first_len > MAX || first_len != second_len || first_cap < first_len + 64) abort();
        if (first_len > 0 && memcmp(first, second, first_len) != 0) abort();
        for (size_t i = 0; i < 64; i++)
            if (first[first_len + i] != 0) abort();
    }
    sfi_free(first);
    sfi_free(second);
    return 0;
}
