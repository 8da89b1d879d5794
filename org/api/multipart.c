/*
 * multipart.c: see multipart.h. Called by params.c and rest_blobs.c. A delimiter is a line of its own; lines end with
 * CRLF or, as people write them into files by hand, with LF. Bytes between are searched, never copied.
 */
#define _GNU_SOURCE /* memmem */
#include "api/multipart.h"
#include "api/params.h"

enum { BOUNDARY_MAX = 200 }; /* RFC 2046 allows 70 */

/* Cuts a line off; it comes without its end. false: there is none. */
static bool take_line(sf_str *s, sf_str *line)
{
    const char *end = s->len > 0 ? memchr(s->ptr, '\n', s->len) : NULL;
    if (end == NULL) return false;
    size_t len = (size_t)(end - s->ptr);
    *line = (sf_str){ s->ptr, len > 0 && s->ptr[len - 1] == '\r' ? len - 1 : len };
    s->ptr += len + 1;
    s->len -= len + 1;
    return true;
}

/* What stands behind a delimiter's text: 1: the end of all parts; 0: another part, whose first byte rest begins with;
 * -1: it was no delimiter. */
static int after_delimiter(sf_str *rest)
{
    sf_str line;
    if (sfi_starts_with(*rest, "--")) return 1;
    sf_str at = *rest;
    if (!take_line(&at, &line) || sfi_trim(line).len > 0) return -1;
    *rest = at;
    return 0;
}

static bool keep(sfi_arena *arena, sf_str *text)
{
    if (text->ptr == NULL) return true;
    text->ptr = sfi_arena_strndup(arena, text->ptr, text->len);
    return text->ptr != NULL;
}

/* Header lines, an empty line, the data. */
static bool parse_part(sfi_arena *arena, sf_str text, sfo_part *out)
{
    sf_str line;
    *out = (sfo_part){ .name = { NULL, 0 } };
    for (;;) { /* ends: each round takes a line away */
        if (!take_line(&text, &line)) return false;
        if (line.len == 0) break;
        char *copy = sfi_arena_strndup(arena, line.ptr, line.len);
        if (copy == NULL) return false;
        if (sfi_starts_with_nocase(line, "Content-Disposition:")) {
            out->name = sfo_header_attribute(copy, "name");
            out->file_name = sfo_header_attribute(copy, "filename");
        } else if (sfi_starts_with_nocase(line, "Content-Type:")) {
            out->type = sfi_trim(sfi_str(copy + strlen("Content-Type:")));
        }
    }
    out->data = text;
    return keep(arena, &out->name) && keep(arena, &out->file_name) && keep(arena, &out->type);
}

/* The next delimiter in body: what is before it, and what it leads to, as after_delimiter. -1: none. */
static int find_delimiter(sf_str body, sf_str delimiter, bool is_first, sf_str *before, sf_str *after)
{
    const char *from = body.ptr, *end = body.ptr + body.len;
    while (from < end) { /* ends: from moves on */
        const char *at = memmem(from, (size_t)(end - from), delimiter.ptr, delimiter.len);
        if (at == NULL) return -1;
        from = at + 1;
        bool begins_line = at == body.ptr ? is_first : at[-1] == '\n';
        *after = (sf_str){ at + delimiter.len, (size_t)(end - at) - delimiter.len };
        int kind = begins_line ? after_delimiter(after) : -1;
        if (kind < 0) continue;
        size_t len = (size_t)(at - body.ptr);
        if (len > 0) len--; /* the line end before it is the delimiter's */
        if (len > 0 && body.ptr[len - 1] == '\r') len--;
        *before = (sf_str){ body.ptr, len };
        return kind;
    }
    return -1;
}

int sfo_multipart_parse(sfi_arena *arena, const char *content_type, sf_str body, sfo_part parts[SFO_PARTS_MAX])
{
    sf_str boundary = sfo_header_attribute(content_type, "boundary"), before, after;
    char text[BOUNDARY_MAX + 8];
    if (boundary.len == 0 || boundary.len > BOUNDARY_MAX || body.len == 0) return -1;
    int len = snprintf(text, sizeof text, "--%.*s", (int)boundary.len, boundary.ptr);
    sf_str delimiter = { text, (size_t)len };
    int count = 0, kind = find_delimiter(body, delimiter, true, &before, &after);
    while (kind == 0) { /* ends: each round takes a part away */
        body = after;
        kind = find_delimiter(body, delimiter, false, &before, &after);
        if (kind < 0 || count == SFO_PARTS_MAX || !parse_part(arena, before, &parts[count])) return -1;
        count++;
    }
    return kind == 1 ? count : -1;
}
