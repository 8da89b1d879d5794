/* text.c: looking at borrowed text: comparing, cutting off what was recognised, numbers, UTF-8, record ids. ASCII rules
 * everywhere, no locale. Owns nothing; any thread. A parser that does not fit leaves its input as it was. */
#include "base/base_internal.h"

bool sfi_str_eq(sf_str a, sf_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sfi_str_is(sf_str a, const char *b)
{
    return sfi_str_eq(a, sfi_str(b));
}

int sfi_ascii_lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

int sfi_hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    int lower = sfi_ascii_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool sfi_is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool same_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (sfi_ascii_lower((unsigned char)a[i]) != sfi_ascii_lower((unsigned char)b[i])) return false;
    return true;
}

bool sfi_str_is_nocase(sf_str a, const char *b)
{
    return a.len == strlen(b) && same_nocase(a.ptr, b, a.len);
}

bool sfi_eq_nocase(const char *a, const char *b)
{
    if (a == NULL || b == NULL) return a == b;
    return sfi_str_is_nocase(sfi_str(a), b);
}

bool sfi_starts_with(sf_str s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && (len == 0 || memcmp(s.ptr, prefix, len) == 0);
}

bool sfi_starts_with_nocase(sf_str s, const char *prefix)
{
    size_t len = strlen(prefix);
    return s.len >= len && same_nocase(s.ptr, prefix, len);
}

bool sfi_ends_with(sf_str s, const char *suffix)
{
    size_t len = strlen(suffix);
    return s.len >= len && (len == 0 || memcmp(s.ptr + (s.len - len), suffix, len) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

sf_str sfi_trim(sf_str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) s.len--;
    return s;
}

bool sfi_take_text(sf_str *s, const char *text)
{
    if (!sfi_starts_with(*s, text)) return false;
    size_t len = strlen(text);
    if (len > 0) s->ptr += len; /* a NULL view may still lack the empty text */
    s->len -= len;
    return true;
}

bool sfi_take_int(sf_str *s, int64_t max, int64_t *out)
{
    int64_t value = 0;
    size_t n = 0;
    while (n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9') {
        if (__builtin_mul_overflow(value, (int64_t)10, &value)) return false;
        if (__builtin_add_overflow(value, (int64_t)(s->ptr[n] - '0'), &value)) return false;
        n++;
    }
    if (n == 0 || value > max) return false;
    s->ptr += n;
    s->len -= n;
    *out = value;
    return true;
}

bool sfi_parse_int(sf_str s, int64_t *out)
{
    bool is_negative = sfi_take_text(&s, "-");
    if (s.len == 0) return false;
    int64_t value = 0;
    for (size_t i = 0; i < s.len; i++) { /* counted downwards: the negative half reaches one further */
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
        if (__builtin_mul_overflow(value, (int64_t)10, &value)) return false;
        if (__builtin_sub_overflow(value, (int64_t)(s.ptr[i] - '0'), &value)) return false;
    }
    if (!is_negative && value == INT64_MIN) return false;
    *out = is_negative ? value : -value;
    return true;
}

size_t sfi_utf8_sequence(const char *s, size_t len)
{
    if (len == 0) return 0;
    const unsigned char *u = (const unsigned char *)s;
    unsigned char first = u[0];
    if (first < 0x80) return 1;
    size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || len < n) return 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF; /* of the second byte: no overlong forms, surrogates, or beyond U+10FFFF */
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    if (u[1] < low || u[1] > high) return 0;
    for (size_t i = 2; i < n; i++)
        if ((u[i] & 0xC0) != 0x80) return 0;
    return n;
}

size_t sfi_utf8_put(uint32_t c, char out[4])
{
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool sfi_utf8_valid(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint64_t eight;
        if (len - i >= sizeof eight) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, s + i, sizeof eight);
            if ((eight & 0x8080808080808080U) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        size_t n = sfi_utf8_sequence(s + i, len - i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

sf_id sfi_id_make(sf_str id)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    sf_id out = { "" };
    if (id.len != 15 && id.len != 18) return out;
    for (size_t i = 0; i < id.len; i++) {
        int c = sfi_ascii_lower((unsigned char)id.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) return out;
    }
    memcpy(out.text, id.ptr, id.len);
    if (id.len == 18) return out;
    for (size_t group = 0; group < 3; group++) { /* a suffix letter says which of five characters are capitals */
        unsigned bits = 0;
        for (unsigned i = 0; i < 5; i++) {
            char c = id.ptr[group * 5 + i];
            if (c >= 'A' && c <= 'Z') bits |= 1U << i;
        }
        out.text[15 + group] = letters[bits];
    }
    return out;
}
