/* buf.c: growing bytes with a bound. Called by all rooms. A buffer owns its bytes until sfi_buf_take. The one idea: the
 * first append that does not fit makes the buffer failed, and a failed buffer takes no more, so that a writer checks
 * once at the end and can never hand out text with a hole in it. */
#include "base/base_internal.h"

enum { FIRST_BYTES = 256 };

static size_t limit_of(const sfi_buf *b)
{
    return b->max > 0 ? b->max : SFI_BUF_MAX;
}

bool sfi_buf_reserve(sfi_buf *b, size_t more)
{
    if (b->failed) return false;
    if (b->cap > b->len && more < b->cap - b->len && b->len + more <= limit_of(b)) return true;
    size_t want;
    if (!sfi_add(b->len, more, &want) || want > limit_of(b)) {
        b->failed = b->over_max = true;
        return false;
    }
    size_t cap = b->cap > 0 ? b->cap : FIRST_BYTES;
    while (cap <= want) cap = cap <= SIZE_MAX / 2 ? cap * 2 : want + 1; /* ends: doubles, or is enough at once */
    char *data = sfi_realloc(b->data, cap);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    b->data[b->len] = '\0';
    return true;
}

bool sfi_buf_add(sfi_buf *b, const void *data, size_t len)
{
    if (!sfi_buf_reserve(b, len)) return false;
    if (len > 0) memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool sfi_buf_add_str(sfi_buf *b, const char *s)
{
    return sfi_buf_add(b, s, strlen(s));
}

bool sfi_buf_add_char_slowly(sfi_buf *b, char c)
{
    return sfi_buf_add(b, &c, 1);
}

bool sfi_buf_addf(sfi_buf *b, const char *format, ...)
{
    if (!sfi_buf_reserve(b, 0)) return false;
    va_list args;
    size_t room = b->cap - b->len;
    va_start(args, format);
    int n = vsnprintf(b->data + b->len, room, format, args);
    va_end(args);
    if (n < 0) b->failed = true; /* an encoding error of the C library */
    if (n >= 0 && sfi_buf_reserve(b, (size_t)n) && (size_t)n >= room) {
        va_start(args, format);
        n = vsnprintf(b->data + b->len, b->cap - b->len, format, args); /* now there is room */
        va_end(args);
    }
    if (!b->failed) b->len += (size_t)n;
    b->data[b->len] = '\0';
    return !b->failed;
}

bool sfi_buf_add_urlencoded(sfi_buf *b, sf_str s)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        int lower = sfi_ascii_lower(c);
        bool is_plain =
            (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        char coded[3] = { '%', hex[c >> 4], hex[c & 15] };
        if (!(is_plain ? sfi_buf_add(b, &s.ptr[i], 1) : sfi_buf_add(b, coded, 3))) return false;
    }
    return !b->failed;
}

bool sfi_buf_add_base64(sfi_buf *b, const void *data, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = data;
    size_t groups = len / 3 + (len % 3 > 0 ? 1 : 0);
    size_t bytes;
    if (!sfi_mul(groups, 4, &bytes)) bytes = SIZE_MAX; /* refused by reserve */
    if (!sfi_buf_reserve(b, bytes)) return false;
    char *out = b->data + b->len;
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        unsigned word = (unsigned)in[i] << 16 | (n > 1 ? (unsigned)in[i + 1] << 8 : 0) | (n > 2 ? in[i + 2] : 0U);
        *out++ = letters[word >> 18];
        *out++ = letters[word >> 12 & 63];
        *out++ = n > 1 ? letters[word >> 6 & 63] : '=';
        *out++ = n > 2 ? letters[word & 63] : '=';
    }
    b->len += bytes;
    b->data[b->len] = '\0';
    return true;
}

void sfi_buf_clear(sfi_buf *b)
{
    b->len = 0;
    b->failed = b->over_max = false;
    if (b->data != NULL) b->data[0] = '\0';
}

void sfi_buf_free(sfi_buf *b)
{
    sfi_free(b->data);
    *b = (sfi_buf){ .max = b->max };
}

char *sfi_buf_take(sfi_buf *b)
{
    char *data = sfi_buf_reserve(b, 0) ? b->data : NULL; /* reserve: an empty buffer becomes "" */
    if (data == NULL) return NULL;
    *b = (sfi_buf){ .max = b->max };
    return data;
}

sf_status sfi_buf_status(const sfi_buf *b, sf_error *err, const char *what)
{
    if (!b->failed) return SF_OK;
    if (!b->over_max) return sfi_fail_memory(err, what);
    return sfi_fail(err, SF_ERR_LIMIT, "%s is larger than its limit of %zu bytes", what, limit_of(b));
}
