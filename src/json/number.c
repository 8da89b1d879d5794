/* number.c: numbers of JSON text, exactly. Called by value.c, writer.c and the rooms to the right. Owns nothing; any
 * thread. A number is what the grammar of JSON calls one, here as everywhere: no blanks, no plus sign, no hexadecimal. */
#include "json/document_internal.h"

static bool is_number(sf_str s)
{
    return s.len > 0 && sfi_json_number_end(s.ptr, s.ptr + s.len) == s.ptr + s.len;
}

/* A number taken to pieces: value = digits without leading and trailing zeros, times ten to the exponent. */
typedef struct decimal {
    bool is_negative;
    const char *first, *last; /* of its digits, a point may stand between; first NULL: the number is 0 */
    int64_t digits;           /* how many from first to last */
    int64_t exponent;
} decimal;

/* What stands behind the e; numbers far beyond any double and integer end at the bound. */
static int64_t exponent_of(const char *s, const char *end)
{
    enum { EXPONENT_MAX = 1 << 30 };
    int64_t value = 0;
    bool is_negative = s < end && *s == '-';
    if (s < end && (*s == '-' || *s == '+')) s++;
    for (; s < end; s++)
        if (value < EXPONENT_MAX) value = value * 10 + (*s - '0');
    return is_negative ? -value : value;
}

static decimal decimal_of(sf_str s)
{
    const char *end = s.ptr + s.len;
    decimal d = { .is_negative = s.ptr[0] == '-' };
    int64_t behind_point = 0;
    int64_t zeros = 0; /* since the last digit that is none */
    bool is_fraction = false;
    const char *at = s.ptr + (d.is_negative ? 1 : 0);
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            is_fraction = true;
            continue;
        }
        if (is_fraction) behind_point++;
        if (*at == '0') {
            zeros++;
            continue;
        }
        if (d.first == NULL) {
            d.first = at;
            zeros = 0;
        }
        d.digits += zeros + 1;
        zeros = 0;
        d.last = at;
    }
    d.exponent = zeros - behind_point + (at < end ? exponent_of(at + 1, end) : 0);
    return d;
}

/* Digits that fit whatever they are, as nearly all numbers; false: look closer. */
static bool take_short(sf_str s, int64_t *out)
{
    size_t first = s.len > 0 && s.ptr[0] == '-' ? 1 : 0;
    if (s.len == first || s.len - first > 18 || (s.ptr[first] == '0' && s.len - first > 1)) return false;
    int64_t value = 0;
    for (size_t i = first; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9) return false;
        value = value * 10 + (int64_t)digit;
    }
    *out = first > 0 ? -value : value;
    return true;
}

bool sfi_parse_whole(sf_str s, int64_t *out)
{
    if (take_short(s, out)) return true;
    if (sfi_parse_int(s, out)) return s.ptr[0] != '0' || s.len == 1 ? is_number(s) : false;
    if (!is_number(s)) return false;
    decimal d = decimal_of(s);
    int64_t value = 0;
    if (d.first != NULL) {
        if (d.exponent < 0 || d.digits + d.exponent > 19) return false;
        for (const char *at = d.first; at <= d.last; at++) { /* counted downwards, as the negative half is the larger */
            if (*at == '.') continue;
            if (__builtin_mul_overflow(value, (int64_t)10, &value)) return false;
            if (__builtin_sub_overflow(value, (int64_t)(*at - '0'), &value)) return false;
        }
        for (int64_t i = 0; i < d.exponent; i++)
            if (__builtin_mul_overflow(value, (int64_t)10, &value)) return false;
        if (!d.is_negative && value == INT64_MIN) return false;
    }
    *out = d.is_negative ? value : -value;
    return true;
}

bool sfi_parse_double(sf_str s, double *out)
{
    if (!is_number(s)) return false;
    double value = 0;
    if (!sfi_digits_to_double(s.ptr, s.len, &value)) {
        decimal d = decimal_of(s);
        if (d.first != NULL && d.digits + d.exponent > 0) return false; /* beyond the largest double */
        value = d.is_negative ? -0.0 : 0.0;                             /* nearer to zero than to the smallest */
    }
    if (value > __DBL_MAX__ || value < -__DBL_MAX__) return false;
    *out = value;
    return true;
}
