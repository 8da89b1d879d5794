/* writer.c: JSON text out. Called by client, rest and org. A writer owns nothing: it appends to the caller's buffer, whose
 * first failure makes all later appends do nothing. Text is copied in runs; only the bytes that must be escaped stop a run. */
#include "json/document_internal.h"
#include <math.h>

static void begin_value(sfi_json_writer *w)
{
    if (w->need_comma) (void)sfi_buf_add_char(w->out, ','); /* errors are the buffer's, here and below */
    w->need_comma = true;
}

static void add_value(sfi_json_writer *w, sf_str text)
{
    begin_value(w);
    (void)sfi_buf_add(w->out, text.ptr, text.len);
}

static void open_value(sfi_json_writer *w, char bracket)
{
    begin_value(w);
    (void)sfi_buf_add_char(w->out, bracket);
    w->need_comma = false;
}

static void close_value(sfi_json_writer *w, char bracket)
{
    (void)sfi_buf_add_char(w->out, bracket);
    w->need_comma = true;
}

void sfi_json_begin_object(sfi_json_writer *w)
{
    open_value(w, '{');
}

void sfi_json_end_object(sfi_json_writer *w)
{
    close_value(w, '}');
}

void sfi_json_begin_array(sfi_json_writer *w)
{
    open_value(w, '[');
}

void sfi_json_end_array(sfi_json_writer *w)
{
    close_value(w, ']');
}

void sfi_json_key_n(sfi_json_writer *w, sf_str key)
{
    begin_value(w);
    sfi_json_escape(w->out, key);
    (void)sfi_buf_add_char(w->out, ':');
    w->need_comma = false;
}

void sfi_json_key(sfi_json_writer *w, const char *key)
{
    sfi_json_key_n(w, sfi_str(key));
}

void sfi_json_plain_key(sfi_json_writer *w, sf_str key)
{
    sfi_buf *out = w->out;
    if (!sfi_buf_reserve(out, key.len + 4)) return; /* the failure is the buffer's */
    char *at = out->data + out->len;
    if (w->need_comma) *at++ = ',';
    *at++ = '"';
    memcpy(at, key.ptr, key.len);
    at += key.len;
    *at++ = '"';
    *at++ = ':';
    *at = '\0';
    out->len = (size_t)(at - out->data);
    w->need_comma = false;
}

void sfi_json_null(sfi_json_writer *w)
{
    add_value(w, SFI_STR("null"));
}

void sfi_json_bool(sfi_json_writer *w, bool b)
{
    add_value(w, b ? SFI_STR("true") : SFI_STR("false"));
}

void sfi_json_int(sfi_json_writer *w, int64_t n)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (n < 0) *--at = '-';
    add_value(w, (sf_str){ at, (size_t)(digits + sizeof digits - at) });
}

/* The digits of the shortest text that reads back as d, in the layout of Java's Double.toString. */
static void add_java_double(sfi_buf *out, double d)
{
    char text[SFI_DIGITS_BYTES], java[2 * SFI_DIGITS_BYTES + 16], digits[SFI_DIGITS_BYTES];
    size_t n = 0;
    sfi_digits_of_double(d, text);
    const char *at = text;
    if (*at == '-') java[n++] = *at++;
    int count = 0;
    for (; *at != 'e'; at++)
        if (*at != '.') digits[count++] = *at;
    int64_t exponent = 0;
    bool is_small = at[1] == '-';
    sf_str rest = sfi_str(at + 2);
    (void)sfi_take_int(&rest, 400, &exponent); /* always digits */
    if (is_small) exponent = -exponent;
    int before = 1; /* digits before the point */
    bool is_plain = d == 0 || (exponent >= -3 && exponent < 7);
    if (is_plain && exponent >= 0) before = (int)exponent + 1;
    if (is_plain && exponent < 0) {
        memcpy(java + n, "0.00", (size_t)(1 - exponent)); /* 0. and up to two zeros */
        n += (size_t)(1 - exponent);
        before = -1; /* the point stands */
    }
    for (int i = 0; i < before || i < count; i++) {
        if (i == before) java[n++] = '.';
        java[n++] = i < count ? digits[i] : '0';
    }
    if (before >= count) {
        java[n++] = '.';
        java[n++] = '0';
    }
    if (!is_plain) {
        java[n++] = 'E';
        if (exponent < 0) java[n++] = '-';
        int64_t e = exponent < 0 ? -exponent : exponent; /* at most 324 */
        if (e >= 100) java[n++] = (char)('0' + e / 100);
        if (e >= 10) java[n++] = (char)('0' + e / 10 % 10);
        java[n++] = (char)('0' + e % 10);
    }
    (void)sfi_buf_add(out, java, n);
}

void sfi_json_double(sfi_json_writer *w, double d)
{
    if (!isfinite(d)) { /* JSON has no text for it */
        sfi_json_null(w);
        return;
    }
    begin_value(w);
    add_java_double(w->out, d);
}

/* Are these eight bytes ASCII that goes out as it is: no control, quote or backslash? Byte by byte in one word: x - 1 has
 * its top bit set where a byte of x was 0 (or above 0x80, which is asked for too). */
static bool are_plain(const char *s)
{
    const uint64_t ones = 0x0101010101010101U, tops = 0x8080808080808080U;
    uint64_t eight;
    memcpy(&eight, s, sizeof eight);
    uint64_t quote = eight ^ (ones * '"'), backslash = eight ^ (ones * '\\');
    return ((eight | (eight - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops) == 0;
}

/* Bytes at the beginning of s that go out as they are. */
static size_t plain_run(const char *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        if (len - i >= 8 && are_plain(s + i)) {
            i += 8;
            continue;
        }
        unsigned char c = (unsigned char)s[i];
        if (c < 0x20 || c == '"' || c == '\\') break;
        size_t n = c < 0x80 ? 1 : sfi_utf8_sequence(s + i, len - i);
        if (n == 0) break;
        i += n;
    }
    return i;
}

static void escape_byte(sfi_buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char *shorts = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: the byte, and what follows its backslash */
    for (const char *s = shorts; *s != '\0'; s += 2) {
        if ((unsigned char)*s != c) continue;
        (void)sfi_buf_add(out, (char[]){ '\\', s[1] }, 2);
        return;
    }
    if (c >= 0x80)
        (void)sfi_buf_add(out, "\xEF\xBF\xBD", 3); /* not UTF-8: U+FFFD */
    else
        (void)sfi_buf_add(out, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

/* @return false: a byte was not UTF-8. */
static bool add_quoted(sfi_buf *out, sf_str s)
{
    bool is_utf8 = true;
    (void)sfi_buf_add_char(out, '"');
    for (size_t i = 0; i < s.len && !out->failed;) {
        size_t run = plain_run(s.ptr + i, s.len - i);
        (void)sfi_buf_add(out, s.ptr + i, run);
        i += run;
        if (i == s.len) break;
        is_utf8 = is_utf8 && (unsigned char)s.ptr[i] < 0x80;
        escape_byte(out, (unsigned char)s.ptr[i++]);
    }
    (void)sfi_buf_add_char(out, '"');
    return is_utf8;
}

void sfi_json_escape(sfi_buf *out, sf_str s)
{
    (void)add_quoted(out, s); /* U+FFFD says it */
}

bool sfi_json_utf8(sfi_json_writer *w, sf_str s)
{
    begin_value(w);
    return add_quoted(w->out, s);
}

void sfi_json_string_n(sfi_json_writer *w, sf_str s)
{
    if (s.ptr == NULL) {
        sfi_json_null(w);
        return;
    }
    begin_value(w);
    sfi_json_escape(w->out, s);
}

void sfi_json_string(sfi_json_writer *w, const char *s)
{
    sfi_json_string_n(w, sfi_str(s));
}

void sfi_json_raw_text(sfi_json_writer *w, sf_str json)
{
    add_value(w, json);
}

void sfi_json_write_value(sfi_json_writer *w, sf_value v)
{
    if (v.type == SF_MISSING) {
        sfi_json_null(w);
        return;
    }
    begin_value(w);
    uint32_t end = sfi_value_skip(v.doc, v.token);
    for (uint32_t t = v.token; t < end && !w->out->failed; t++) { /* tokens in their order are compact JSON */
        unsigned char c = sfi_token_byte(v.doc, t);
        if (c == '"') {
            sfi_json_escape(w->out, sfi_string_read(v.doc, t));
            continue;
        }
        bool is_structure = c == '{' || c == '}' || c == '[' || c == ']' || c == ':' || c == ',';
        sf_str text = is_structure ? (sf_str){ v.doc->text + v.doc->positions[t], 1 } : sfi_scalar_text(v.doc, t);
        (void)sfi_buf_add(w->out, text.ptr, text.len);
    }
}

sf_status sf_value_to_json(sf_value v, char **out, size_t *len, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_value_to_json: out is NULL");
    *out = NULL;
    if (v.type == SF_MISSING) return sfi_fail(err, SF_ERR_USAGE, "sf_value_to_json: the value is missing");
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    sfi_json_write_value(&w, v);
    size_t bytes = text.len;
    *out = sfi_buf_take(&text);
    sf_status rc = sfi_buf_status(&text, err, "JSON text");
    if (rc != SF_OK)
        sfi_buf_free(&text);
    else if (len != NULL)
        *len = bytes;
    return rc;
}

bool sfi_json_text_is_utf8(const char *text, size_t len)
{
    return sfi_index_is_utf8(text, len);
}

void sfi_json_put_null(sfi_json_writer *w, const char *key)
{
    sfi_json_key(w, key);
    sfi_json_null(w);
}

void sfi_json_put_bool(sfi_json_writer *w, const char *key, bool b)
{
    sfi_json_key(w, key);
    sfi_json_bool(w, b);
}

void sfi_json_put_int(sfi_json_writer *w, const char *key, int64_t n)
{
    sfi_json_key(w, key);
    sfi_json_int(w, n);
}

void sfi_json_put_string(sfi_json_writer *w, const char *key, const char *s)
{
    sfi_json_key(w, key);
    sfi_json_string(w, s);
}

void sfi_json_put_string_if(sfi_json_writer *w, const char *key, const char *s)
{
    if (s != NULL) sfi_json_put_string(w, key, s);
}

void sfi_json_put_empty_array(sfi_json_writer *w, const char *key)
{
    sfi_json_put_array(w, key);
    sfi_json_end_array(w);
}

void sfi_json_put_array(sfi_json_writer *w, const char *key)
{
    sfi_json_key(w, key);
    sfi_json_begin_array(w);
}

void sfi_json_put_object(sfi_json_writer *w, const char *key)
{
    sfi_json_key(w, key);
    sfi_json_begin_object(w);
}
