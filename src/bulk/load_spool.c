/*
 * load_spool.c: streams, and rows that the caller gives one by one, become a temporary CSV file each, so that all of it can be
 * checked before anything is sent, and rows that failed be found again. Nothing but a buffer is in memory. On the way a
 * digest is made, by which the same input is known again when a load goes on.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum {
    FIRST = 1,    /* a digest of nothing */
    LOOK_MS = 100 /* how often somebody who waits for a pipe looks whether he still should */
};

static void digest(sfi_load_input *in, const char *data, size_t len)
{
    in->sum = sfi_load_hash(in->sum, (sf_str){ data, len });
    if (in->sum <= FIRST) in->sum += 2; /* 0 is a file's, and the journal leaves out the last bit */
}

/* Does anybody want it still? */
static sf_status ask(sfi_load *l, sf_error *err)
{
    if (!sfi_load_tell(l)) return sfi_fail(err, SF_ERR_CANCELLED, "the load was ended by the caller");
    return sfi_wait_check(&l->wait, "taking the input", err);
}

/* Always a whole buffer, but for the last: the digest must not depend on how a pipe gives its bytes. */
static sf_status read_full(sfi_load *l, const sf_source *source, char *buffer, size_t *len, sf_error *err)
{
    size_t more = 1;
    for (*len = 0; more > 0 && *len < SFI_LOAD_BUFFER; *len += more) {
        sf_error said = { 0 };
        more = 0;
        sf_status rc = ask(l, &said);
        if (rc == SF_OK) rc = source->read(source->user, buffer + *len, SFI_LOAD_BUFFER - *len, &more, &said);
        if (rc == SF_OK && more > SFI_LOAD_BUFFER - *len)
            rc = sfi_fail(&said, SF_ERR_USAGE, "csv says %zu bytes where it had room for %zu", more,
                          SFI_LOAD_BUFFER - *len);
        if (rc == SF_OK) continue;
        if (said.message[0] == '\0') (void)sfi_fail(&said, SF_ERR_IO, "csv failed, and does not say why");
        said.status = rc < 0 ? rc : SF_ERR_IO;
        if (err != NULL) *err = said;
        return said.status;
    }
    return SF_OK;
}

sf_status sfi_load_spool_source(sfi_load *l, const sf_source *source, sfi_load_input *in, sf_error *err)
{
    char *buffer = sfi_alloc(SFI_LOAD_BUFFER);
    sf_status rc = buffer != NULL ? SF_OK : sfi_fail_memory(err, "reading a stream");
    in->fd = rc == SF_OK ? sfi_load_temporary(err) : -1;
    if (rc == SF_OK && in->fd < 0) rc = SF_ERR_IO;
    in->sum = FIRST;
    for (size_t len = SFI_LOAD_BUFFER; rc == SF_OK && len == SFI_LOAD_BUFFER;) { /* until the source has ended */
        rc = read_full(l, source, buffer, &len, err);
        if (rc != SF_OK) break;
        digest(in, buffer, len);
        rc = sfi_load_write(in->fd, buffer, len, "a temporary file", err);
    }
    sfi_free(buffer);
    return rc;
}

/* ---- a pipe by its name ---- */
typedef struct pipe_end {
    sfi_load *l;
    const char *name;
    int fd;
} pipe_end;

static sf_status read_pipe(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    const pipe_end *p = user;
    for (;;) { /* ends: when something comes, its writer ends, or nobody wants it any more */
        struct pollfd end = { .fd = p->fd, .events = POLLIN };
        int ready = poll(&end, 1, LOOK_MS);
        sf_status rc = ready <= 0 ? ask(p->l, err) : SF_OK;
        if (rc != SF_OK) return rc;
        if (ready <= 0) continue;
        ssize_t n = read(p->fd, data, cap);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return sfi_fail(err, SF_ERR_IO, "%.300s: cannot read: %s", p->name, strerror(errno));
        *len = (size_t)n;
        return SF_OK;
    }
}

sf_status sfi_load_spool_pipe(sfi_load *l, int fd, sfi_load_input *in, sf_error *err)
{
    pipe_end p = { .l = l, .name = in->name, .fd = fd };
    const sf_source source = { .read = read_pipe, .user = &p, .length = SF_NONE };
    return sfi_load_spool_source(l, &source, in, err);
}

/* ---- rows ---- */
sf_status sfi_load_spool_names(sfi_load *l, sfi_load_input *in, sf_error *err)
{
    const sf_load_rows *rows = l->options->rows;
    sfi_buf text = { 0 };
    in->name = "rows";
    in->is_rows = true;
    in->fd = sfi_load_temporary(err);
    if (in->fd < 0) return SF_ERR_IO;
    if (l->delimiter == '\0') l->delimiter = ',';
    for (size_t i = 0; i < rows->column_count; i++) {
        if (i > 0) sfi_buf_add_char(&text, l->delimiter);
        (void)sfi_csv_add_field(&text, sfi_str(rows->names[i]), l->delimiter, false);
    }
    sfi_buf_add_char(&text, '\n');
    in->sum = FIRST;
    sf_status rc = sfi_buf_status(&text, err, "the columns");
    if (rc == SF_OK) digest(in, text.data, text.len);
    if (rc == SF_OK) rc = sfi_load_write(in->fd, text.data, text.len, "a temporary file", err);
    sfi_buf_free(&text);
    return rc;
}

static sf_status fail_text(const sf_load_rows *rows, const sf_str *fields, int64_t number, sf_error *err)
{
    for (size_t i = 0; i < rows->column_count; i++) {
        if (fields[i].ptr == NULL) continue; /* null, whatever its len says */
        bool has_nul = fields[i].len > 0 && memchr(fields[i].ptr, '\0', fields[i].len) != NULL;
        if (has_nul || !sfi_json_text_is_utf8(fields[i].ptr, fields[i].len))
            return sfi_fail(err, SF_ERR_USAGE, "rows: row %lld, column %zu (%.80s): %s", (long long)number, i + 1,
                            rows->names[i], has_nul ? "a NUL byte" : "it is no UTF-8");
    }
    return sfi_fail(err, SF_ERR_USAGE, "rows: row %lld is no text", (long long)number); /* cannot be */
}

static sf_status add_row(const sfi_load *l, const sf_str *fields, int64_t number, sfi_buf *out, sf_error *err)
{
    const sf_load_rows *rows = l->options->rows;
    size_t begin = out->len;
    for (size_t i = 0; i < rows->column_count; i++) {
        sf_str text = fields[i].ptr != NULL ? fields[i] : SFI_STR("#N/A");
        if (i > 0) sfi_buf_add_char(out, l->delimiter);
        /* A row of one empty value would be a blank line. */
        (void)sfi_csv_add_field(out, text, l->delimiter, rows->column_count == 1);
    }
    sfi_buf_add_char(out, '\n');
    sf_status rc = sfi_buf_status(out, err, "a row");
    if (rc == SF_ERR_LIMIT || (rc == SF_OK && out->len - begin > SFI_CSV_RECORD_MAX))
        return sfi_fail(err, SF_ERR_LIMIT, "rows: row %lld is longer than %d bytes", (long long)number,
                        SFI_CSV_RECORD_MAX);
    if (rc != SF_OK) return rc;
    const char *text = out->data + begin;
    bool is_text = sfi_json_text_is_utf8(text, out->len - begin) && memchr(text, '\0', out->len - begin) == NULL;
    return is_text ? SF_OK : fail_text(rows, fields, number, err);
}

static sf_status next_row(const sf_load_rows *rows, sf_str *fields, int64_t number, sf_error *err)
{
    sf_error said = { 0 };
    memset(fields, 0, rows->column_count * sizeof *fields);
    sf_status rc = rows->next(rows->user, fields, &said);
    if (rc == SF_ROW || rc == SF_DONE) return rc;
    if (rc >= 0)
        rc = sfi_fail(&said, SF_ERR_USAGE, "rows: next answers %d at row %lld; want SF_ROW or SF_DONE", (int)rc,
                      (long long)number);
    if (said.message[0] == '\0')
        (void)sfi_fail(&said, rc, "rows: row %lld could not be had, and next does not say why", (long long)number);
    said.status = rc;
    if (err != NULL) *err = said;
    return rc;
}

static sf_status flush(sfi_load *l, sfi_load_input *in, sfi_buf *text, sf_error *err)
{
    digest(in, text->data, text->len);
    sf_status rc = sfi_load_write(in->fd, text->data, text->len, "a temporary file", err);
    sfi_buf_clear(text);
    return rc == SF_OK ? ask(l, err) : rc;
}

sf_status sfi_load_spool_rows(sfi_load *l, sf_error *err)
{
    const sf_load_rows *rows = l->options->rows;
    sfi_load_input *in = &l->inputs[0];
    sfi_buf text = { .max = SFI_CSV_RECORD_MAX + (size_t)2 * SFI_LOAD_BUFFER };
    if (rows == NULL) return SF_OK;
    sf_str *fields = sfi_calloc_n(rows->column_count, sizeof *fields);
    sf_status rc = fields != NULL ? SF_ROW : sfi_fail_memory(err, "rows");
    for (int64_t number = 1; rc >= 0; number++) { /* until there are no more */
        rc = next_row(rows, fields, number, err);
        if (rc != SF_ROW) break;
        rc = add_row(l, fields, number, &text, err);
        if (rc == SF_OK && text.len >= SFI_LOAD_BUFFER) rc = flush(l, in, &text, err);
    }
    if (rc == SF_DONE) rc = text.len > 0 ? flush(l, in, &text, err) : SF_OK;
    off_t size = rc == SF_OK ? lseek(in->fd, 0, SEEK_CUR) : 0;
    in->size = size > 0 ? (int64_t)size : in->size;
    sfi_buf_free(&text);
    sfi_free(fields);
    return rc;
}
