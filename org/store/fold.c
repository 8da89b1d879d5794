/*
 * fold.c: comparing text without case, as Salesforce does: Unicode simple upper case, then code points. The mapping comes
 * from the C library's C.UTF-8 locale, asked once for the whole basic plane, so that no global locale is set.
 * Threads: the table is made once; reading is free.
 */
#include <locale.h>
#include <pthread.h>
#include <wctype.h>
#include "store/store_internal.h"

enum { FOLD_TABLE = 0x10000 };

static uint16_t upper[FOLD_TABLE]; /* upper case of each character of the basic plane */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

static void fill(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    for (uint32_t c = 0; c < FOLD_TABLE; c++) {
        uint32_t u = c >= 'a' && c <= 'z' ? c - 32 : c;
        if (c >= 0x80 && locale != (locale_t)0) u = (uint32_t)towupper_l((wint_t)c, locale);
        upper[c] = u < FOLD_TABLE ? (uint16_t)u : (uint16_t)c;
    }
    if (locale != (locale_t)0) freelocale(locale);
    ready = locale != (locale_t)0;
}

bool sfo_fold_init(void)
{
    return pthread_once(&once, fill) == 0 && ready;
}

uint32_t sfo_fold_char(uint32_t c)
{
    if (c < FOLD_TABLE) return upper[c];
    if (c >= 0x10428 && c <= 0x1044F) return c - 40; /* Deseret: the plane above has few letters with case */
    return c;
}

uint32_t sfo_utf8_next(const char **at, const char *end)
{
    const unsigned char *p = (const unsigned char *)*at;
    size_t left = (size_t)(end - *at);
    uint32_t c = p[0];
    size_t n = c < 0x80 ? 1 : (c & 0xE0) == 0xC0 ? 2 : (c & 0xF0) == 0xE0 ? 3 : (c & 0xF8) == 0xF0 ? 4 : 1;
    if (n > left) n = 1;
    if (n > 1) {
        uint32_t value = c & (0xFFu >> (n + 1));
        for (size_t i = 1; i < n; i++) {
            if ((p[i] & 0xC0) != 0x80) {
                *at += 1;
                return c;
            }
            value = value << 6 | (p[i] & 0x3Fu);
        }
        c = value;
    }
    *at += n;
    return c;
}

int sfo_text_compare(sf_str a, sf_str b)
{
    const char *p = a.ptr, *p_end = a.ptr + a.len, *q = b.ptr, *q_end = b.ptr + b.len;
    while (p < p_end && q < q_end) {
        uint32_t c = (unsigned char)*p, d = (unsigned char)*q;
        if ((c | d) < 0x80) {
            p++;
            q++;
        } else {
            c = sfo_utf8_next(&p, p_end);
            d = sfo_utf8_next(&q, q_end);
        }
        c = sfo_fold_char(c);
        d = sfo_fold_char(d);
        if (c != d) return c < d ? -1 : 1;
    }
    return p < p_end ? 1 : q < q_end ? -1 : 0;
}

size_t sfo_utf16_length(sf_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c & 0xC0) != 0x80) n += c >= 0xF0 ? 2 : 1; /* characters above the basic plane are pairs */
    }
    return n;
}
