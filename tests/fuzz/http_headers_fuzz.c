/* http_headers_fuzz.c: header lines as a server may write them: look-up, Retry-After and the content type stay within
 * the text and within their ranges, and a value that is found has no blank at its ends. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "http/http_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const sfi_http_response *r, const char *name, size_t size)
{
    sf_str value = sfi_header_get(r, name);
    if (value.ptr == NULL) return;
    if (value.ptr < r->headers || value.ptr + value.len > r->headers + size) abort();
    if (value.len > 0 && memchr(value.ptr, '\n', value.len) != NULL) abort();
    if (value.len != sfi_trim(value).len) abort();
    bool is_json = sfi_content_type_is(value, "application/json");
    if (is_json && !sfi_starts_with_nocase(sfi_trim(value), "application/json")) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *headers = malloc(size + 1);
    if (headers == NULL) return 0;
    memcpy(headers, data, size);
    headers[size] = '\0';
    sfi_http_response r = { .headers = headers };
    check(&r, "Content-Type", size);
    check(&r, "Retry-After", size);
    check(&r, "Date", size);
    check(&r, "", size);
    int64_t pause = sfi_retry_after_ms(&r);
    if (pause < 0 || pause > 86400000) abort();
    if (sfi_retry_pause_ms(3, 500, 30000, pause, size) < pause) abort();
    free(headers);
    return 0;
}
