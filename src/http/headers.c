/*
 * headers.c: reading header lines that are kept as text, "Name: value" with LF between. A handful of look-ups per
 * answer: a scan is cheaper than an index.
 */
#include "http/http_internal.h"

sf_str sfi_header_get(const sfi_http_response *r, const char *name)
{
    size_t name_len = strlen(name);
    const char *line = r->headers;
    while (line != NULL && *line != '\0') {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        if (len > name_len && line[name_len] == ':' && sfi_str_is_nocase((sf_str){ line, name_len }, name))
            return sfi_trim((sf_str){ line + name_len + 1, len - name_len - 1 });
        line = end != NULL ? end + 1 : NULL;
    }
    return (sf_str){ NULL, 0 };
}

bool sfi_content_type_is(sf_str content_type, const char *type)
{
    const char *semicolon = content_type.len > 0 ? memchr(content_type.ptr, ';', content_type.len) : NULL;
    if (semicolon != NULL) content_type.len = (size_t)(semicolon - content_type.ptr);
    return sfi_str_is_nocase(sfi_trim(content_type), type);
}
