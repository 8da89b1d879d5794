/*
 * multipart.c: a record and its bytes as one multipart/form-data body that is read piece by piece: what stands before the
 * bytes, the bytes of another source, what stands behind them. Called by blobs.c. The boundary is 128 random bits, so that
 * no file has it in it.
 */
#include "rest/blob_internal.h"

enum { HEAD, BYTES, TAIL };

static sf_status read_text(sfi_multipart *m, const sfi_buf *text, char *data, size_t cap, size_t *len)
{
    *len = text->len - m->at < cap ? text->len - m->at : cap;
    memcpy(data, text->data + m->at, *len);
    m->at += *len;
    if (m->at == text->len && m->stage == HEAD) {
        m->stage = BYTES;
        m->at = 0;
    }
    return SF_OK;
}

static sf_status read_multipart(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    sfi_multipart *m = user;
    if (m->stage == HEAD) return read_text(m, &m->head, data, cap, len);
    if (m->stage == BYTES) { /* a file that grows meanwhile ends where it ended: the length has been told */
        bool is_known = m->bytes.length >= 0;
        size_t room = is_known && (uint64_t)cap > (uint64_t)m->left ? (size_t)m->left : cap;
        *len = 0;
        sf_status rc = room > 0 ? m->bytes.read(m->bytes.user, data, room, len, err) : SF_OK;
        if (rc == SF_OK && *len > room)
            rc = sfi_fail(err, SF_ERR_USAGE, "the source says %zu bytes where it had room for %zu", *len, room);
        if (rc != SF_OK) return rc;
        if (is_known) m->left -= (int64_t)*len;
        if (*len > 0) return SF_OK;
        if (is_known && m->left > 0)
            return sfi_fail(err, SF_ERR_IO, "the source ended %lld bytes before its %lld", (long long)m->left,
                            (long long)m->bytes.length);
        m->stage = TAIL;
    }
    return read_text(m, &m->tail, data, cap, len);
}

static sf_status rewind_multipart(void *user, sf_error *err)
{
    sfi_multipart *m = user;
    m->stage = HEAD;
    m->at = 0;
    m->left = m->bytes.length;
    return m->bytes.rewind(m->bytes.user, err);
}

/* In quotes, as browsers write it: the three characters that would end it are escaped. */
static void add_quoted(sfi_buf *b, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"')
            (void)sfi_buf_add_str(b, "%22");
        else if (*c == '\r')
            (void)sfi_buf_add_str(b, "%0D");
        else if (*c == '\n')
            (void)sfi_buf_add_str(b, "%0A");
        else
            (void)sfi_buf_add_char(b, *c);
    }
}

static void set_source(sfi_multipart *m)
{
    const sf_source *bytes = &m->bytes;
    int64_t around = (int64_t)m->head.len + (int64_t)m->tail.len; /* both are in memory */
    bool is_known = bytes->length >= 0 && bytes->length <= INT64_MAX - around;
    m->source = (sf_source){ .read = read_multipart,
                             .rewind = bytes->rewind != NULL ? rewind_multipart : NULL,
                             .user = m,
                             .length = is_known ? bytes->length + around : SF_NONE };
}

sf_status sfi_multipart_init(sfi_multipart *out, const sfi_multipart_parts *parts, sf_error *err)
{
    unsigned long long high = sfi_random(), low = sfi_random();
    char boundary[40];
    *out = (sfi_multipart){ .bytes = *parts->bytes, .left = parts->bytes->length };
    (void)snprintf(boundary, sizeof boundary, "sf%016llx%016llx", high, low);
    (void)snprintf(out->content_type, sizeof out->content_type, "multipart/form-data; boundary=%s", boundary);
    sfi_buf *head = &out->head;
    (void)sfi_buf_addf(head,
                       "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n"
                       "Content-Type: application/json; charset=UTF-8\r\n\r\n",
                       boundary, parts->json_name);
    (void)sfi_buf_add(head, parts->json.ptr, parts->json.len);
    (void)sfi_buf_addf(head, "\r\n--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"", boundary,
                       parts->bytes_name);
    add_quoted(head, parts->file_name);
    (void)sfi_buf_addf(head, "\"\r\nContent-Type: %s\r\n\r\n", parts->content_type);
    (void)sfi_buf_addf(&out->tail, "\r\n--%s--\r\n", boundary);
    sf_status rc = sfi_buf_status(head, err, "the fields of an upload");
    if (rc == SF_OK) rc = sfi_buf_status(&out->tail, err, "an upload");
    if (rc == SF_OK) set_source(out);
    return rc;
}

void sfi_multipart_clear(sfi_multipart *m)
{
    sfi_buf_free(&m->head);
    sfi_buf_free(&m->tail);
}

/* ---- bytes in memory ---- */
static sf_status read_memory(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    sfi_memory_source *m = user;
    (void)err;
    *len = m->bytes.len - m->at < cap ? m->bytes.len - m->at : cap;
    if (*len > 0) memcpy(data, m->bytes.ptr + m->at, *len);
    m->at += *len;
    return SF_OK;
}

static sf_status rewind_memory(void *user, sf_error *err)
{
    (void)err;
    ((sfi_memory_source *)user)->at = 0;
    return SF_OK;
}

void sfi_memory_source_init(sfi_memory_source *out, sf_str bytes)
{
    *out = (sfi_memory_source){
        .source = { .read = read_memory, .rewind = rewind_memory, .user = out, .length = (int64_t)bytes.len },
        .bytes = bytes,
    };
}
