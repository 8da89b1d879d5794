/*
 * lexer.c: see lexer.h. Each sfo_lex call looks at one character and hands over to the scanner of that kind of token;
 * all scanners work on offsets and never look past the text's length (there need be no NUL).
 */
#include "soql/lexer.h"
#include "soql/ast.h"

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}
static bool is_letter(int c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
static bool is_name_char(int c)
{
    return is_letter(c) || is_digit(c) || c == '_';
}

static int char_at(sf_str text, size_t i)
{
    return i < text.len ? (unsigned char)text.ptr[i] : -1;
}

static size_t skip_digits(sf_str text, size_t i)
{
    while (is_digit(char_at(text, i))) i++;
    return i;
}

/* Does text at i read like pattern, where '0' stands for any digit? */
static bool looks_like(sf_str text, size_t i, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, i++) {
        int c = char_at(text, i);
        if (*pattern == '0' ? !is_digit(c) : c != *pattern) return false;
    }
    return true;
}

static sfo_token make(sfo_token_kind kind, size_t start, size_t end)
{
    return (sfo_token){ .kind = (uint8_t)kind, .offset = (uint32_t)start, .len = (uint32_t)(end - start) };
}

static sfo_token make_error(sfo_token_error error, size_t start, size_t end, size_t where)
{
    sfo_token token = make(SFO_TOK_ERROR, start, end);
    token.error = (uint8_t)error;
    token.error_offset = (uint32_t)where;
    return token;
}

/* Three letters and then only digits, perhaps with a fraction: the length of the currency literal, else 0. */
static size_t currency_length(sf_str text, size_t start, size_t end)
{
    if (end - start < 4) return 0;
    for (size_t i = start; i < start + 3; i++)
        if (!is_letter(char_at(text, i))) return 0;
    if (skip_digits(text, start + 3) != end) return 0;
    if (char_at(text, end) == '.' && is_digit(char_at(text, end + 1))) return skip_digits(text, end + 1) - start;
    return end - start;
}

static sfo_token lex_name(sf_str text, size_t start)
{
    size_t end = start;
    bool dotted = false;
    while (is_name_char(char_at(text, end))) end++;
    size_t money = currency_length(text, start, end);
    if (money > end - start) return make(SFO_TOK_CURRENCY, start, start + money);
    while (char_at(text, end) == '.' && is_letter(char_at(text, end + 1))) {
        dotted = true;
        end++;
        while (is_name_char(char_at(text, end))) end++;
    }
    sfo_token token = make(SFO_TOK_NAME, start, end);
    token.dotted = dotted;
    token.maybe_currency = money > 0 && !dotted;
    return token;
}

/* The length of an escape at i (a backslash stands there); 0: there is no such escape. */
static size_t escape_length(sf_str text, size_t i)
{
    int c = char_at(text, i + 1);
    if (c < 0 || c == 0) return 0;
    if (strchr("nNrRtTbBfF\"'\\_%", c) != NULL) return 2;
    if (c != 'u' && c != 'U') return 0;
    for (size_t k = i + 2; k < i + 6; k++) {
        int h = char_at(text, k);
        if (!is_digit(h) && !(h >= 'a' && h <= 'f') && !(h >= 'A' && h <= 'F')) return 0;
    }
    return 6;
}

static sfo_token lex_string(sf_str text, size_t start)
{
    bool like_escape = false;
    size_t characters = 0;
    for (size_t i = start + 1; i < text.len; characters++) {
        int c = char_at(text, i);
        if (c == '\'') {
            if (characters > SFO_SOQL_STRING_MAX) return make_error(SFO_TOKEN_LONG_STRING, start, i + 1, start);
            sfo_token token = make(SFO_TOK_STRING, start, i + 1);
            token.like_escape = like_escape;
            return token;
        }
        if (c == '\\') {
            size_t n = escape_length(text, i);
            if (n == 0 && i + 1 < text.len) return make_error(SFO_TOKEN_BAD_CHARACTER, start, i + 1, i + 1);
            if (n == 0) break;
            like_escape = like_escape || char_at(text, i + 1) == '_' || char_at(text, i + 1) == '%';
            i += n;
        } else if (c == 0) {
            return make_error(SFO_TOKEN_BAD_CHARACTER, start, i, i);
        } else {
            i++;
            while ((char_at(text, i) & 0xC0) == 0x80 && i < text.len) i++;
        }
    }
    return make_error(SFO_TOKEN_OPEN_STRING, start, text.len, text.len);
}

/* Behind the seconds: the optional fraction. */
static size_t skip_fraction(sf_str text, size_t i)
{
    return char_at(text, i) == '.' && is_digit(char_at(text, i + 1)) ? skip_digits(text, i + 1) : i;
}

/* The length of a zone at i: Z, +hh:mm or +hhmm. 0: none. */
static size_t zone_length(sf_str text, size_t i)
{
    int c = char_at(text, i);
    if (c == 'Z' || c == 'z') return 1;
    if (c != '+' && c != '-') return 0;
    if (looks_like(text, i + 1, "00:00")) return 6;
    return looks_like(text, i + 1, "0000") ? 5 : 0;
}

static sfo_token checked_date(sf_str text, sfo_token token)
{
    int64_t ms;
    if (sfo_date_token_ms((sf_str){ text.ptr + token.offset, token.len }, (sfo_token_kind)token.kind, &ms))
        return token;
    return make_error(SFO_TOKEN_BAD_DATE, token.offset, token.offset + token.len, token.offset);
}

/* A date, a dateTime or a time; false: it is a plain number. */
static bool lex_date(sf_str text, size_t start, sfo_token *out)
{
    bool is_time = looks_like(text, start, "00:00:00");
    size_t end;
    if (is_time) {
        end = skip_fraction(text, start + 8);
    } else {
        if (!looks_like(text, start, "0000-00-00")) return false;
        end = start + 10;
        int t = char_at(text, end);
        if ((t != 'T' && t != 't') || !looks_like(text, end + 1, "00:00:00")) {
            *out = checked_date(text, make(SFO_TOK_DATE, start, end));
            return true;
        }
        end = skip_fraction(text, end + 9);
    }
    size_t zone = zone_length(text, end);
    if (zone == 0)
        *out = make_error(SFO_TOKEN_BAD_CHARACTER, start, end, end);
    else
        *out = checked_date(text, make(is_time ? SFO_TOK_TIME : SFO_TOK_DATETIME, start, end + zone));
    return true;
}

static sfo_token lex_number(sf_str text, size_t start)
{
    sfo_token token;
    if (lex_date(text, start, &token)) return token;
    size_t i = start;
    if (char_at(text, i) == '+' || char_at(text, i) == '-') i++;
    size_t whole = skip_digits(text, i);
    bool has_digits = whole > i;
    i = whole;
    if (char_at(text, i) == '.') {
        size_t end = skip_digits(text, i + 1);
        has_digits = has_digits || end > i + 1;
        i = end;
    }
    if (!has_digits) return make_error(SFO_TOKEN_BAD_CHARACTER, start, start + 1, start);
    return make(SFO_TOK_NUMBER, start, i);
}

static sfo_token lex_operator(sf_str text, size_t start)
{
    int next = char_at(text, start + 1);
    switch (text.ptr[start]) {
    case '(': return make(SFO_TOK_LPAREN, start, start + 1);
    case ')': return make(SFO_TOK_RPAREN, start, start + 1);
    case ',': return make(SFO_TOK_COMMA, start, start + 1);
    case ':': return make(SFO_TOK_COLON, start, start + 1);
    case '=': return make(SFO_TOK_EQ, start, start + 1);
    case '<':
        if (next == '=') return make(SFO_TOK_LE, start, start + 2);
        if (next == '>') return make(SFO_TOK_NE, start, start + 2);
        return make(SFO_TOK_LT, start, start + 1);
    case '>': return next == '=' ? make(SFO_TOK_GE, start, start + 2) : make(SFO_TOK_GT, start, start + 1);
    case '!':
        if (next == '=') return make(SFO_TOK_NE, start, start + 2);
        break;
    case '.':
    case '*':
    case '[':
    case ']': return make(SFO_TOK_OTHER, start, start + 1);
    default: break;
    }
    return make_error(SFO_TOKEN_BAD_CHARACTER, start, start + 1, start);
}

sfo_token sfo_lex(sf_str text, size_t *at)
{
    size_t i = *at;
    while (char_at(text, i) == ' ' || char_at(text, i) == '\t' || char_at(text, i) == '\r' || char_at(text, i) == '\n')
        i++;
    int c = char_at(text, i);
    sfo_token token;
    if (c < 0)
        token = make(SFO_TOK_END, i, i);
    else if (is_letter(c))
        token = lex_name(text, i);
    else if (c == '\'')
        token = lex_string(text, i);
    else if (is_digit(c) || c == '+' || c == '-' || (c == '.' && is_digit(char_at(text, i + 1))))
        token = lex_number(text, i);
    else
        token = lex_operator(text, i);
    *at = token.offset + token.len;
    return token;
}

static unsigned hex_value(int c)
{
    if (is_digit(c)) return (unsigned)(c - '0');
    return (unsigned)(sfi_ascii_lower(c) - 'a' + 10);
}

static unsigned hex4(const char *p)
{
    return hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 | hex_value(p[3]);
}

/* A \u escape at p, with its low surrogate when one follows; how many bytes were read. */
static size_t unescape_unicode(const char *p, const char *end, char *out, size_t *written)
{
    unsigned u = hex4(p + 2);
    size_t read = 6;
    if (u >= 0xD800 && u < 0xDC00 && end - p >= 12 && p[6] == '\\' && (p[7] == 'u' || p[7] == 'U')) {
        unsigned low = hex4(p + 8);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
            read = 12;
        }
    }
    *written = sfi_utf8_put(u, out);
    return read;
}

size_t sfo_string_unescape(sf_str token, bool for_like, char *out)
{
    const char *p = token.ptr + 1, *end = token.ptr + token.len - 1;
    size_t n = 0;
    while (p < end) {
        if (*p != '\\') {
            out[n++] = *p++;
            continue;
        }
        int c = sfi_ascii_lower((unsigned char)p[1]);
        if (c == 'u') {
            size_t written;
            p += unescape_unicode(p, end, out + n, &written);
            n += written;
            continue;
        }
        if (for_like && (c == '_' || c == '%' || c == '\\')) out[n++] = '\\';
        switch (c) {
        case 'n': out[n++] = '\n'; break;
        case 'r': out[n++] = '\r'; break;
        case 't': out[n++] = '\t'; break;
        case 'b': out[n++] = '\b'; break;
        case 'f': out[n++] = '\f'; break;
        default: out[n++] = p[1]; break;
        }
        p += 2;
    }
    return n;
}

static int two_digits(const char *p)
{
    return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool date_days(const char *p, int64_t *days)
{
    static const int8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int y = two_digits(p) * 100 + two_digits(p + 2), m = two_digits(p + 5), d = two_digits(p + 8);
    if (y < 1 || m < 1 || m > 12) return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (d < 1 || d > lengths[m - 1] + (m == 2 && leap)) return false;
    *days = sfi_days_from_civil(y, m, d);
    return true;
}

/* hh:mm:ss and a fraction of which milliseconds count; *end is what follows. */
static bool clock_ms(sf_str s, int64_t *ms, size_t *end)
{
    int h = two_digits(s.ptr), m = two_digits(s.ptr + 3), sec = two_digits(s.ptr + 6);
    if (h > 23 || m > 59 || sec > 59) return false;
    int64_t value = ((int64_t)h * 60 + m) * 60000 + (int64_t)sec * 1000;
    size_t i = 8;
    if (char_at(s, i) == '.') {
        int64_t unit = 100;
        for (i++; is_digit(char_at(s, i)); i++, unit /= 10) value += unit * (s.ptr[i] - '0');
    }
    *ms = value;
    *end = i;
    return true;
}

bool sfo_date_token_ms(sf_str token, sfo_token_kind kind, int64_t *ms)
{
    int64_t days = 0, clock = 0, zone = 0;
    size_t at = 0;
    if (kind != SFO_TOK_TIME) {
        if (!date_days(token.ptr, &days)) return false;
        at = 11;
    }
    if (kind != SFO_TOK_DATE) {
        sf_str rest = { token.ptr + at, token.len - at };
        size_t end;
        if (!clock_ms(rest, &clock, &end)) return false;
        if (rest.ptr[end] == '+' || rest.ptr[end] == '-') {
            int h = two_digits(rest.ptr + end + 1), m = two_digits(rest.ptr + rest.len - 2);
            if (h > 18 || m > 59) return false;
            zone = ((int64_t)h * 60 + m) * 60000 * (rest.ptr[end] == '-' ? -1 : 1);
        }
    }
    *ms = days * 86400000 + clock - zone;
    if (kind == SFO_TOK_TIME) *ms = (*ms % 86400000 + 86400000) % 86400000;
    return true;
}
