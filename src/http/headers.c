/*
 * headers.c: the header lines of an answer, kept as one bounded text, "Name: value" with LF between, and looked up in
 * it. A handful of look-ups per answer: a scan is cheaper than an index. No state beyond the sfi_head given.
 */
#include "http/engine_internal.h"

void sfi_head_reset(sfi_head *head)
{
    sfi_buf_clear(&head->text);
    head->text.max = SFI_HTTP_HEADERS_MAX;
    head->is_done = head->is_interim = head->is_http2 = head->has_status = false;
}

static void begin_answer(sfi_head *head, sf_str line)
{
    sfi_head_reset(head);
    head->has_status = true;
    head->is_http2 = sfi_starts_with(line, "HTTP/2");
    const char *blank = memchr(line.ptr, ' ', line.len);
    head->is_interim = blank != NULL && blank + 1 < line.ptr + line.len && blank[1] == '1';
}

static sf_status add_line(sfi_buf *text, sf_str line)
{
    bool is_folded = memchr(" \t\r", *line.ptr, 4) != NULL && text->len > 0; /* with NUL: it becomes a blank below */
    if (is_folded) text->data[text->len - 1] = ' ';                          /* goes on with the line before */
    size_t start = text->len;
    if (!sfi_buf_add(text, line.ptr, line.len) || !sfi_buf_add_char(text, '\n'))
        return sfi_buf_status(text, NULL, "headers");
    for (size_t i = start; i + 1 < text->len; i++) /* one line stays one line, and the text ends at its NUL */
        if (text->data[i] == '\0' || text->data[i] == '\n' || text->data[i] == '\r') text->data[i] = ' ';
    return SF_OK;
}

sf_status sfi_head_add(sfi_head *head, sf_str line)
{
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) line.len--;
    bool is_answer_due = !head->has_status || (head->is_done && head->is_interim);
    if (is_answer_due && sfi_starts_with_nocase(line, "HTTP/")) {
        begin_answer(head, line);
        return SF_OK;
    }
    if (head->is_done) return SF_OK; /* a trailer changes nothing that was decided by the headers */
    if (line.len == 0) {
        head->is_done = true;
        return SF_OK;
    }
    return add_line(&head->text, line);
}

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
