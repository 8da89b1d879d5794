/* string.c: strings of a document, unescaped where they stand. Called by value.c and check.c. What document_internal.h
 * says about a read string is kept here: its length can always be found from the next token backwards. */
#include "json/document_internal.h"

/* Four hexadecimal digits at s; -1: not four. */
static int hex4(const char *s)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int c = sfi_ascii_lower((unsigned char)s[i]);
        if (c >= '0' && c <= '9')
            value = value * 16 + c - '0';
        else if (c >= 'a' && c <= 'f')
            value = value * 16 + c - 'a' + 10;
        else
            return -1;
    }
    return value;
}

size_t sfi_string_check(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '\\') continue;
        if (i + 1 == len || strchr("\"\\/bfnrtu", s[i + 1]) == NULL || s[i + 1] == '\0') return i;
        if (s[i + 1] == 'u' && (len - i < 6 || hex4(s + i + 2) < 0)) return i;
        i++;
    }
    return len;
}

size_t sfi_string_len(const sfi_json *doc, uint32_t token, unsigned char *state)
{
    const char *begin = doc->text + doc->positions[token] + 1;
    const char *end = doc->text + doc->positions[token + 1]; /* behind the last token: the end of the text */
    while (end > begin && sfi_json_is_blank(end[-1])) end--;
    if (end == begin) { /* a quote and nothing else: not what index.cpp lets through */
        *state = 0;
        return 0;
    }
    *state = (unsigned char)end[-1];
    end--;
    if (*state == 0xFF) {
        while (end > begin && (unsigned char)end[-1] == 0xFF) end--;
        if (end > begin) end--; /* the NUL */
    }
    return (size_t)(end - begin);
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *to++ = (char)(0xE0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    } else {
        *to++ = (char)(0xF0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
        *to++ = (char)(0x80 | (c & 0x3F));
    }
    return to;
}

/* The character of the escape \uXXXX at *s, with the second half of a surrogate pair where there is one; *s moves on.
 * Half a pair is no character: it becomes U+FFFD, as everywhere in the world of UTF-8. */
static uint32_t take_unicode(const char **s, const char *end)
{
    uint32_t c = (uint32_t)hex4(*s + 2);
    *s += 6;
    if (c < 0xD800 || c > 0xDFFF) return c;
    if (c > 0xDBFF || end - *s < 6 || (*s)[0] != '\\' || (*s)[1] != 'u') return 0xFFFD;
    uint32_t low = (uint32_t)hex4(*s + 2);
    if (low < 0xDC00 || low > 0xDFFF) return 0xFFFD;
    *s += 6;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

/* Unescape len well-formed bytes in place; answers how many they become, which is fewer when there is an escape. */
static size_t unescape(char *text, size_t len)
{
    const char *end = text + len;
    const char *from = memchr(text, '\\', len);
    if (from == NULL) return len;
    char *to = text + (from - text);
    while (from < end) {
        if (*from != '\\') {
            const char *next = memchr(from, '\\', (size_t)(end - from));
            size_t run = (size_t)((next != NULL ? next : end) - from);
            memmove(to, from, run);
            to += run;
            from += run;
            continue;
        }
        if (from[1] == 'u') {
            to = put_utf8(to, take_unicode(&from, end));
            continue;
        }
        char c = from[1];
        from += 2;
        switch (c) {
        case 'b': c = '\b'; break;
        case 'f': c = '\f'; break;
        case 'n': c = '\n'; break;
        case 'r': c = '\r'; break;
        case 't': c = '\t'; break;
        default: break; /* a quote, a backslash or a slash stands for itself */
        }
        *to++ = c;
    }
    return (size_t)(to - text);
}

sf_str sfi_string_read_any(sfi_json *doc, uint32_t token)
{
    unsigned char state;
    size_t at = doc->positions[token];
    size_t len = sfi_string_len(doc, token, &state);
    char *text = doc->text + at + 1;
    if (state != '"') return (sf_str){ text, len };
    bool is_checked = token >= doc->part.begin && token < doc->part.end;
    bool has_escape = is_checked ? doc->part.escape < at + 1 + len && memchr(text, '\\', len) != NULL
                                 : memchr(text, '\\', len) != NULL;
    if (has_escape && !is_checked && sfi_string_check(text, len) < len) return (sf_str){ NULL, 0 };
    size_t new_len = has_escape ? unescape(text, len) : len;
    text[new_len] = '\0';
    if (has_escape) memset(text + new_len + 1, 0xFF, len - new_len); /* up to the quote, and with it */
    if (at < doc->read_min) doc->read_min = at;
    if (at > doc->read_max) doc->read_max = at;
    return (sf_str){ text, new_len };
}
