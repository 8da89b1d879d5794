/* soql.c: tokens of SOQL. Called by bind.c, split.c and columns.c; owns nothing. The one idea: only what decides where
 * a name, a literal or a bind begins and ends is known here, so that text of later API versions passes through. */
#include "rest/soql_internal.h"

static bool is_word_start(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t word_length(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && (is_word_start(s[n]) || is_digit(s[n]) || s[n] == '.')) n++;
    return n;
}

/* Numbers and dates: 12, -1.5, 2024-02-29, 2024-02-29T08:30:00.000+01:00. */
static size_t number_length(const char *s, size_t len)
{
    size_t n = 1;
    while (n < len && (is_digit(s[n]) || is_word_start(s[n]) || strchr(".:+-", s[n]) != NULL) && s[n] != '\0') {
        if (s[n] == ':' && (n + 1 == len || !is_digit(s[n + 1]))) break;
        n++;
    }
    return n;
}

/* A string with both quotes; 0: it is not closed. */
static size_t string_length(const char *s, size_t len)
{
    for (size_t n = 1; n < len; n++) {
        if (s[n] == '\\')
            n++;
        else if (s[n] == '\'')
            return n + 1;
    }
    return 0;
}

static sfi_soql_token cut(sf_str *s, sfi_soql_kind kind, size_t skip, size_t len)
{
    sfi_soql_token t = { kind, { s->ptr + skip, len } };
    s->ptr += skip + len;
    s->len -= skip + len;
    return t;
}

sfi_soql_token sfi_soql_next(sf_str *s)
{
    while (s->len > 0 && (*s->ptr == ' ' || *s->ptr == '\t' || *s->ptr == '\r' || *s->ptr == '\n')) {
        s->ptr++;
        s->len--;
    }
    if (s->len == 0) return cut(s, SFI_SOQL_END, 0, 0);
    char c = *s->ptr;
    char following = s->len > 1 ? s->ptr[1] : '\0';
    if (is_word_start(c)) return cut(s, SFI_SOQL_WORD, 0, word_length(s->ptr, s->len));
    if (is_digit(c) || ((c == '-' || c == '+' || c == '.') && is_digit(following)))
        return cut(s, SFI_SOQL_NUMBER, 0, number_length(s->ptr, s->len));
    if (c == '\'') {
        size_t n = string_length(s->ptr, s->len);
        return n > 0 ? cut(s, SFI_SOQL_STRING, 0, n) : cut(s, SFI_SOQL_OPEN, 0, s->len);
    }
    if (c == ':' && is_word_start(following) && (unsigned char)following < 0x80) {
        size_t n = word_length(s->ptr + 1, s->len - 1);
        const char *dot = memchr(s->ptr + 1, '.', n);
        return cut(s, SFI_SOQL_BIND, 1, dot != NULL ? (size_t)(dot - s->ptr - 1) : n);
    }
    return cut(s, SFI_SOQL_SYMBOL, 0, 1);
}

bool sfi_soql_is(const sfi_soql_token *t, const char *word)
{
    return (t->kind == SFI_SOQL_WORD || t->kind == SFI_SOQL_SYMBOL) && sfi_str_is_nocase(t->text, word);
}

size_t sfi_soql_length(sf_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c & 0xC0) == 0x80) continue; /* a further byte of a character */
        n += c >= 0xF0 ? 2 : 1;
    }
    return n;
}
