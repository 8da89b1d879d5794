/* rest.c: see rest_internal.h. Called by every service of this room; owns nothing. The one idea: what is put into a
 * path is either a checked name or fully encoded, so that no value can become another resource. */
#include "rest/rest_internal.h"

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t sfi_rest_name_length(const char *s)
{
    size_t n = 0;
    if (!is_letter(s[0])) return 0;
    while (is_letter(s[n]) || is_digit(s[n]) || s[n] == '_') n++;
    return n;
}

bool sfi_rest_is_name(const char *s)
{
    if (s == NULL) return false;
    size_t n = sfi_rest_name_length(s);
    return n > 0 && n <= SFI_REST_NAME_MAX && s[n] == '\0';
}

bool sfi_rest_is_path(const char *s)
{
    if (s == NULL || strlen(s) > SFI_REST_NAME_MAX) return false;
    for (;;) {
        size_t n = sfi_rest_name_length(s);
        if (n == 0) return false;
        if (s[n] == '\0') return true;
        if (s[n] != '.') return false;
        s += n + 1;
    }
}

bool sfi_rest_is_id(const char *s)
{
    return s != NULL && sfi_id_make(sfi_str(s)).text[0] != '\0';
}

static size_t digits_length(const char *s)
{
    return strspn(s, "0123456789");
}

bool sfi_rest_is_number(const char *s)
{
    enum { DIGITS_MAX = 400 };
    if (s == NULL || strnlen(s, DIGITS_MAX + 1) > DIGITS_MAX) return false;
    if (*s == '-') s++;
    size_t whole = digits_length(s);
    if (whole == 0 || (whole > 1 && *s == '0')) return false;
    s += whole;
    if (*s == '.') {
        size_t fraction = digits_length(++s);
        if (fraction == 0) return false;
        s += fraction;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        if (*s == '+' || *s == '-') s++;
        size_t exponent = digits_length(s);
        if (exponent == 0) return false;
        s += exponent;
    }
    return *s == '\0';
}

bool sfi_rest_is_header_value(const char *s)
{
    if (s == NULL || *s == '\0') return false;
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F) return false;
    return true;
}

bool sfi_rest_is_local_path(sf_str s)
{
    enum { PATH_MAX_BYTES = 2048 };
    if (s.len < 2 || s.len > PATH_MAX_BYTES || s.ptr[0] != '/' || s.ptr[1] == '/') return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7F || s.ptr[i] == '\\' || s.ptr[i] == '#') return false;
    return true;
}

bool sfi_rest_add_value(sfi_buf *b, const char *value)
{
    bool ok = true;
    for (const char *from = value; ok && *from != '\0';) {
        size_t n = strcspn(from, ".");
        ok = sfi_buf_add_urlencoded(b, (sf_str){ from, n });
        from += n;
        if (ok && *from == '.') {
            ok = sfi_buf_add_str(b, "%2E");
            from++;
        }
    }
    return ok;
}

sf_status sfi_rest_add_objects(sfi_buf *path, const char *prefix, const char *const *names, size_t max, sf_error *err)
{
    if (names == NULL) return sfi_buf_status(path, err, "the path");
    size_t n = 0;
    for (; names[n] != NULL; n++) {
        if (n == max) return sfi_fail(err, SF_ERR_USAGE, "more than %zu objects are named", max);
        if (!sfi_rest_is_name(names[n]))
            return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", names[n]);
        sfi_buf_add_str(path, n == 0 ? prefix : ",");
        sfi_buf_add_str(path, names[n]);
        if (path->len > SFI_REST_FIELDS_TEXT_MAX)
            return sfi_fail(err, SF_ERR_LIMIT, "the list of objects is longer than %d bytes, more than a URL holds",
                            SFI_REST_FIELDS_TEXT_MAX);
    }
    if (n == 0) return sfi_fail(err, SF_ERR_USAGE, "the list of objects is empty");
    return sfi_buf_status(path, err, "the path");
}

sf_status sfi_rest_add_fields(sfi_buf *path, const char *const *fields, sf_error *err)
{
    if (fields == NULL) return SF_OK;
    size_t before = path->len;
    for (size_t i = 0; fields[i] != NULL; i++) {
        if (!sfi_rest_is_path(fields[i]))
            return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not a field name", fields[i]);
        sfi_buf_add_str(path, i == 0 ? "?fields=" : ",");
        sfi_buf_add_str(path, fields[i]);
        if (path->len - before > SFI_REST_FIELDS_TEXT_MAX)
            return sfi_fail(err, SF_ERR_LIMIT,
                            "the field list is longer than %d bytes, more than a URL holds: use a query",
                            SFI_REST_FIELDS_TEXT_MAX);
    }
    if (path->len == before) return sfi_fail(err, SF_ERR_USAGE, "the field list is empty; NULL asks for all fields");
    return SF_OK;
}

sf_status sfi_rest_get(sf_client *sf, const char *path, const char *what, const sf_call_options *call,
                       sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    const sfi_call_request request = { .method = "GET", .path = path, .options = call, .what = what };
    return sfi_call_document(sf, &request, out, err);
}

sf_status sfi_rest_parse(const char *what, sf_str json, sf_document **out, sf_error *err)
{
    sf_status rc = sf_document_parse(json.ptr, json.len, out, err);
    if (rc != SF_ERR_PROTOCOL) return rc;
    sfi_error_prefix(err, "%s", what);
    if (err != NULL) err->status = SF_ERR_USAGE; /* the text is the caller's, not the org's */
    return SF_ERR_USAGE;
}

void sfi_rest_reword(sf_error *err, const char *format, ...)
{
    if (err == NULL) return;
    sf_error old = *err;
    char text[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)sfi_fail(err, old.status, "%s", text); /* the status stays what it was */
    char message[sizeof err->message];
    memcpy(message, err->message, sizeof message);
    *err = old;
    memcpy(err->message, message, sizeof message);
}
