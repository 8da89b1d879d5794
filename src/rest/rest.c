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

/* Length of the name that s begins with; 0: none. */
static size_t name_length(const char *s)
{
    size_t n = 0;
    if (!is_letter(s[0])) return 0;
    while (is_letter(s[n]) || is_digit(s[n]) || s[n] == '_') n++;
    return n;
}

bool sfi_rest_is_name(const char *s)
{
    if (s == NULL) return false;
    size_t n = name_length(s);
    return n > 0 && n <= SFI_REST_NAME_MAX && s[n] == '\0';
}

bool sfi_rest_is_path(const char *s)
{
    if (s == NULL || strlen(s) > SFI_REST_NAME_MAX) return false;
    for (;;) {
        size_t n = name_length(s);
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
