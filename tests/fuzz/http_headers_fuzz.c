/* http_headers_fuzz.c: header lines as a server may write them: taking them in leaves a bounded text of whole lines,
 * the same when it is taken in again; look-up, Retry-After and the content type stay within the text and within their
 * ranges, and a value that is found has no blank at its ends. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "http/engine_internal.h"

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

/* Line by line, as libcurl hands them on. */
static void add_lines(sfi_head *head, const char *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        const char *end = memchr(data + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - (data + at)) + 1 : size - at;
        if (sfi_head_add(head, (sf_str){ data + at, len }) != SF_OK && head->text.len < SFI_HTTP_HEADERS_MAX / 2)
            abort();
        at += len;
    }
}

static void check_taking_in(const char *data, size_t size)
{
    sfi_head head = { 0 }, again = { 0 };
    sfi_head_reset(&head);
    sfi_head_reset(&again);
    add_lines(&head, data, size);
    if (head.text.len > SFI_HTTP_HEADERS_MAX) abort();
    if (head.text.len > 0) {
        const char *text = head.text.data;
        if (memchr(text, '\0', head.text.len) != NULL || memchr(text, '\r', head.text.len) != NULL) abort();
        if (text[head.text.len - 1] != '\n' || text[0] == '\n' || strstr(text, "\n\n") != NULL) abort();
        add_lines(&again, "HTTP/1.1 200 OK\r\n", 17);
        add_lines(&again, text, head.text.len);
        if (again.text.len != head.text.len || memcmp(again.text.data, text, head.text.len) != 0) abort();
    }
    sfi_buf_free(&head.text);
    sfi_buf_free(&again.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096) return 0;
    check_taking_in((const char *)data, size);
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
