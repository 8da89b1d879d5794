/* response.c: what a handler fills, see server.h. */
#include "http/server.h"

const char *sfo_request_header(const sfo_request *r, const char *name)
{
    return r->header != NULL ? r->header(r->connection, name) : NULL;
}

void sfo_request_peer(const sfo_request *r, char out[SFO_PEER_SIZE])
{
    (void)snprintf(out, SFO_PEER_SIZE, "127.0.0.1");
    if (r->peer != NULL) r->peer(r->connection, out);
}

void sfo_response_init(sfo_response *r)
{
    r->status = 200;
    r->content_type = NULL;
    r->body = (sfi_buf){ 0 };
    r->stream = (sfo_body_stream){ 0 };
    r->header_count = 0;
    r->wait = (sfo_wait){ .park = NULL };
    r->no_body = false;
    r->fault = (sfo_wire_fault){ .reset_after = -1, .stall_after = -1, .truncate_after = -1 };
}

static void end_stream(sfo_response *r)
{
    if (r->stream.end != NULL) r->stream.end(r->stream.user);
    r->stream = (sfo_body_stream){ 0 };
}

bool sfo_response_load(sfo_response *r)
{
    sfo_body_stream *s = &r->stream;
    if (s->read == NULL) return true;
    sfi_buf_clear(&r->body);
    bool ok = sfi_buf_reserve(&r->body, (size_t)s->len);
    while (ok && (int64_t)r->body.len < s->len) { /* ends: each read gives some or fails */
        int64_t n = s->read(s->user, (int64_t)r->body.len, r->body.data + r->body.len, r->body.cap - r->body.len);
        ok = n > 0;
        if (ok) r->body.len += (size_t)n;
    }
    end_stream(r);
    r->body.failed = !ok;
    return ok;
}

void sfo_response_clear(sfo_response *r)
{
    sfi_buf_free(&r->body);
    end_stream(r);
    sfo_wire_fault fault = r->fault;
    sfo_response_init(r);
    r->fault = fault;
}

static void set_header(sfo_response *r, int at, const char *name, const char *format, va_list args)
{
    char value[sizeof r->headers[0][1]];
    if (at == SFO_HEADERS_MAX) return;
    int len = vsnprintf(value, sizeof value, format, args);
    if (len < 0 || (size_t)len >= sizeof value) return;
    for (int i = 0; i < len; i++)
        if ((unsigned char)value[i] < ' ' || value[i] == 0x7F) return; /* nobody smuggles a line end into the head */
    snprintf(r->headers[at][0], sizeof r->headers[at][0], "%s", name);
    memcpy(r->headers[at][1], value, (size_t)len + 1);
    if (at == r->header_count) r->header_count++;
}

void sfo_response_header(sfo_response *r, const char *name, const char *format, ...)
{
    int at = 0;
    va_list args;
    while (at < r->header_count && !sfi_eq_nocase(r->headers[at][0], name)) at++;
    va_start(args, format);
    set_header(r, at, name, format, args);
    va_end(args);
}

void sfo_response_add_header(sfo_response *r, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_header(r, r->header_count, name, format, args);
    va_end(args);
}

const char *sfo_response_get_header(const sfo_response *r, const char *name)
{
    for (int i = 0; i < r->header_count; i++)
        if (sfi_eq_nocase(r->headers[i][0], name)) return r->headers[i][1];
    return NULL;
}
