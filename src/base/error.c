/* error.c: filling an sf_error. Called by every room. Owns nothing. The one idea: whatever bytes the world put into the
 * arguments, what comes out is one line of valid UTF-8 that fits, so that it can be printed and logged as it is. */
#include "base/base_internal.h"
#undef sfi_fail /* macros when the analyzer reads */
#undef sfi_fail_memory

enum { FORMAT_BYTES = 4096 }; /* more than a message holds: what is too long loses its middle */

/* Copies len bytes of src to dst (size bytes) as one clean line, NUL-terminated, cut on a UTF-8 boundary. */
static void copy_line(char *dst, size_t size, const char *src, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len;) {
        size_t n = sfi_utf8_sequence(src + i, len - i);
        bool is_control = n == 1 ? (unsigned char)src[i] < 0x20 || src[i] == 0x7F
                                 : n == 2 && (unsigned char)src[i] == 0xC2 && (unsigned char)src[i + 1] < 0xA0;
        char plain = n == 0 ? '?' : ' ';
        bool as_is = n > 0 && !is_control;
        size_t put = as_is ? n : 1;
        if (put >= size - at) break;
        memcpy(dst + at, as_is ? src + i : &plain, put);
        at += put;
        i += n > 0 ? n : 1;
    }
    dst[at] = '\0';
}

/* As copy_line, but a text that does not fit keeps its two ends: what was done stands at the front, the reason, the code
 * and the remedy at the back, and what is long between them is mostly a value that somebody sent. */
static void copy_ends(char *dst, size_t size, const char *src, size_t len)
{
    static const char gap[] = " \xe2\x80\xa6 "; /* an ellipsis */
    if (len < size) {
        copy_line(dst, size, src, len);
        return;
    }
    size_t room = size - sizeof gap, front = room / 3;
    size_t back = len - (room - front);
    while (back < len && ((unsigned char)src[back] & 0xC0) == 0x80) back++; /* no half character at its start */
    while (front > 0 && ((unsigned char)src[front] & 0xC0) == 0x80) front--;
    copy_line(dst, front + 1, src, front);
    size_t at = strlen(dst);
    memcpy(dst + at, gap, sizeof gap - 1);
    at += sizeof gap - 1;
    copy_line(dst + at, size - at, src + back, len - back);
}

/* vsnprintf into FORMAT_BYTES; where it had to cut, the last character is not left in halves. */
static size_t format_text(char *text, const char *format, va_list args)
{
    int n = vsnprintf(text, FORMAT_BYTES, format, args);
    if (n < 0) n = 0;
    if (n < FORMAT_BYTES) return (size_t)n;
    size_t len = FORMAT_BYTES - 1;
    size_t whole = len;
    while (whole > 0 && len - whole < 4 && ((unsigned char)text[whole - 1] & 0xC0) == 0x80) whole--;
    if (whole > 0 && (unsigned char)text[whole - 1] >= 0xC0 &&
        sfi_utf8_sequence(text + whole - 1, len - whole + 1) == 0)
        return whole - 1;
    return len;
}

sf_status sfi_fail(sf_error *err, sf_status status, const char *format, ...)
{
    if (err == NULL) return status;
    char text[FORMAT_BYTES];
    va_list args;
    va_start(args, format);
    size_t len = format_text(text, format, args); /* first: an argument may point into *err */
    va_end(args);
    *err = (sf_error){ .status = status };
    copy_ends(err->message, sizeof err->message, text, len);
    return status;
}

sf_status sfi_fail_text(sf_error *err, sf_status status, sf_str text)
{
    if (err == NULL) return status;
    *err = (sf_error){ .status = status };
    copy_ends(err->message, sizeof err->message, text.ptr, text.len);
    return status;
}

sf_status sfi_fail_memory(sf_error *err, const char *what)
{
    return sfi_fail(err, SF_ERR_MEMORY, "no memory for %s", what);
}

sf_status sfi_error_keep(sf_error *first, const sf_error *failure)
{
    if (first->status == SF_OK) *first = *failure;
    return failure->status;
}

void sfi_error_prefix(sf_error *err, const char *format, ...)
{
    if (err == NULL) return;
    char text[FORMAT_BYTES + 2 + sizeof err->message];
    va_list args;
    va_start(args, format);
    size_t len = format_text(text, format, args);
    va_end(args);
    memcpy(text + len, ": ", 2);
    len += 2;
    size_t old = strnlen(err->message, sizeof err->message - 1);
    memcpy(text + len, err->message, old);
    copy_ends(err->message, sizeof err->message, text, len + old);
}

static void blot_out(char *text, const char *secret, size_t len)
{
    for (char *hit = strstr(text, secret); hit != NULL; hit = strstr(hit + len, secret)) memset(hit, '*', len);
}

void sfi_error_blot_out(sf_error *err, const char *secret)
{
    size_t len = strlen(secret);
    if (err == NULL || len == 0) return;
    blot_out(err->message, secret, len);
    blot_out(err->code, secret, len);
}

void sfi_error_set_code(sf_error *err, sf_str code)
{
    if (err != NULL) copy_line(err->code, sizeof err->code, code.ptr, code.len);
}

void sfi_error_add_field(sf_error *err, sf_str field)
{
    if (err == NULL || field.len == 0) return;
    size_t len = strnlen(err->fields, sizeof err->fields - 1);
    size_t comma = len > 0 ? 1 : 0;
    for (size_t at = 0; at < len; at += strcspn(err->fields + at, ",") + 1) /* named once, however often it is said */
        if (strcspn(err->fields + at, ",") == field.len && memcmp(err->fields + at, field.ptr, field.len) == 0) return;
    if (field.len >= sizeof err->fields || len + comma + field.len >= sizeof err->fields)
        return; /* half helps nobody */
    if (comma > 0) err->fields[len] = ',';
    copy_line(err->fields + len + comma, sizeof err->fields - len - comma, field.ptr, field.len);
}

bool sfi_is_zero(const void *ptr, size_t len)
{
    const unsigned char *bytes = ptr;
    unsigned char any = 0;
    for (size_t i = 0; i < len; i++) any |= bytes[i];
    return any == 0;
}
