/*
 * load_feed.c: the data of a job out of its input, as a source that can begin again: the header line, then rows as they
 * stand, or rewritten where columns are left out, turned around, or line ends mixed. Rows as they stand were read a moment
 * ago, to be checked: what of them is still in the system's memory the I/O thread takes from there. Beside it the same rows
 * one by one, for finding those that failed.
 */
#define _GNU_SOURCE /* preadv2 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>
#include "bulk/load_internal.h"

struct sfi_load_rows {
    sfi_load *l;
    const sfi_load_input *in;
    int64_t begin, at, end, line;
    int64_t number; /* of the row given out, in the input */
    sfi_csv_reader *csv;
    bool ended;
};

struct sfi_load_feed {
    sfi_load *l;
    const sfi_load_unit *unit;
    int64_t sent_before;  /* of the whole load */
    _Atomic int64_t sent; /* so far; the I/O thread counts too */
    int64_t at;           /* raw: of the input */
    size_t header_at;
    sfi_load_rows *rows; /* rewriting */
    sfi_buf text;        /* rewritten, from text_at on */
    size_t text_at;
};

static sf_status read_some(const sfi_load_input *in, int64_t offset, char *data, size_t cap, size_t *len, sf_error *err)
{
    for (;;) { /* ends: a signal interrupts it but so often */
        ssize_t n = pread(in->fd, data, cap, (off_t)offset);
        if (n >= 0) {
            *len = (size_t)n;
            return SF_OK;
        }
        if (errno != EINTR) return sfi_fail(err, SF_ERR_IO, "%.300s: cannot read: %s", in->name, strerror(errno));
    }
}

/* ---- rows ---- */
sf_status sfi_load_rows_open(sfi_load *l, const sfi_load_unit *u, bool keep_raw, sfi_load_rows **out, sf_error *err)
{
    *out = NULL;
    sfi_load_rows *r = sfi_calloc(sizeof *r);
    if (r == NULL) return sfi_fail_memory(err, "the rows of a job");
    *r = (sfi_load_rows){ .l = l,
                          .in = &l->inputs[u->input],
                          .begin = u->begin,
                          .at = u->begin,
                          .end = u->end,
                          .line = u->line,
                          .number = u->first_row };
    sfi_csv_reader_options options = { .delimiter = l->delimiter, .keep_raw = keep_raw };
    sf_status rc = sfi_csv_reader_new(&options, &r->csv, err);
    if (rc == SF_OK) {
        *out = r;
        return SF_OK;
    }
    sfi_free(r);
    return rc;
}

sf_status sfi_load_rows_next(sfi_load_rows *r, sfi_csv_record *out, sf_error *err)
{
    size_t columns = r->in->is_base ? r->l->column_count : r->l->sent_count;
    for (;;) { /* each round gives a record or reads on */
        sf_status rc = sfi_csv_reader_next(r->csv, out, err);
        if (rc == SF_ROW && out->count != columns) /* it was checked before */
            return sfi_fail(err, SF_ERR_IO, "%.300s: it changed while it was loaded", r->in->name);
        if (rc != SF_DONE || r->ended) {
            out->line = r->in->is_rows ? ++r->number : out->line + r->line - 1;
            out->offset += r->begin;
            return rc;
        }
        char *room;
        size_t size, len = 0;
        size_t want = r->end - r->at < SFI_LOAD_BUFFER / 4 ? (size_t)(r->end - r->at) : SFI_LOAD_BUFFER / 4;
        rc = sfi_csv_reader_room(r->csv, want + 1, &room, &size, err);
        if (rc == SF_OK && want > 0) rc = read_some(r->in, r->at, room, want, &len, err);
        if (rc != SF_OK) return rc;
        if (want > 0 && len == 0)
            return sfi_fail(err, SF_ERR_IO, "%.300s: it became shorter while it was loaded", r->in->name);
        sfi_csv_reader_added(r->csv, len);
        r->at += (int64_t)len;
        r->ended = r->at == r->end;
        if (r->ended) sfi_csv_reader_end(r->csv);
    }
}

void sfi_load_rows_close(sfi_load_rows *r)
{
    if (r == NULL) return;
    sfi_csv_reader_free(r->csv);
    sfi_free(r);
}

/* ---- the source ---- */
static bool is_raw(const sfi_load_feed *f)
{
    return !f->l->projects || !f->l->inputs[f->unit->input].is_base;
}

static sf_status read_raw(sfi_load_feed *f, char *data, size_t cap, size_t *len, sf_error *err)
{
    size_t want = f->unit->end - f->at < (int64_t)cap ? (size_t)(f->unit->end - f->at) : cap;
    *len = 0;
    if (want == 0) return SF_OK;
    sf_status rc = read_some(&f->l->inputs[f->unit->input], f->at, data, want, len, err);
    if (rc == SF_OK && *len == 0)
        rc = sfi_fail(err, SF_ERR_IO, "%.300s: it became shorter while it was loaded",
                      f->l->inputs[f->unit->input].name);
    f->at += (int64_t)*len;
    return rc;
}

/* A row as it goes up. */
static void add_row(sfi_load *l, const sfi_csv_record *record, sfi_buf *out)
{
    for (size_t i = 0; i < l->sent_count; i++) {
        if (i > 0) sfi_buf_add_char(out, l->delimiter);
        /* A row of one empty value would be a blank line. */
        (void)sfi_csv_add_field(out, record->fields[l->sent[i]], l->delimiter, l->sent_count == 1);
    }
    sfi_buf_add_str(out, l->crlf ? "\r\n" : "\n");
}

static sf_status read_rewritten(sfi_load_feed *f, char *data, size_t cap, size_t *len, sf_error *err)
{
    sfi_csv_record record;
    if (f->text_at == f->text.len) {
        sfi_buf_clear(&f->text);
        f->text_at = 0;
        sf_status rc = SF_ROW;
        while (f->text.len < cap && (rc = sfi_load_rows_next(f->rows, &record, err)) == SF_ROW)
            add_row(f->l, &record, &f->text);
        if (rc < 0) return rc;
        rc = sfi_buf_status(&f->text, err, "a row");
        if (rc != SF_OK) return rc;
    }
    *len = f->text.len - f->text_at < cap ? f->text.len - f->text_at : cap;
    if (*len > 0) memcpy(data, f->text.data + f->text_at, *len);
    f->text_at += *len;
    return SF_OK;
}

static bool take_header(sfi_load_feed *f, char *data, size_t cap, size_t *len)
{
    const sfi_buf *header = &f->l->header;
    if (f->header_at == header->len) return false;
    *len = header->len - f->header_at < cap ? header->len - f->header_at : cap;
    memcpy(data, header->data + f->header_at, *len);
    f->header_at += *len;
    return true;
}

static sf_status tell(void *user, sf_error *err)
{
    sfi_load_feed *f = user;
    f->l->progress.bytes_sent = f->sent_before + atomic_load(&f->sent);
    return sfi_load_tell(f->l) ? SF_OK : sfi_fail(err, SF_ERR_CANCELLED, "the load was ended by the caller");
}

static sf_status read_feed(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    sfi_load_feed *f = user;
    sf_status rc = SF_OK;
    if (!take_header(f, data, cap, len))
        rc = is_raw(f) ? read_raw(f, data, cap, len, err) : read_rewritten(f, data, cap, len, err);
    if (rc != SF_OK) return rc;
    atomic_fetch_add(&f->sent, (int64_t)*len);
    return tell(f, err);
}

/* What is in the system's memory, and nothing more. What goes wrong here, read_feed finds again and tells. */
static sf_status read_now(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    sfi_load_feed *f = user;
    (void)err;
    if (!take_header(f, data, cap, len)) {
        size_t want = f->unit->end - f->at < (int64_t)cap ? (size_t)(f->unit->end - f->at) : cap;
        struct iovec piece = { .iov_base = data, .iov_len = want };
        ssize_t n = preadv2(f->l->inputs[f->unit->input].fd, &piece, 1, (off_t)f->at, RWF_NOWAIT);
        *len = n > 0 ? (size_t)n : 0;
        f->at += (int64_t)*len;
    }
    atomic_fetch_add(&f->sent, (int64_t)*len);
    return SF_OK;
}

static sf_status rewind_feed(void *user, sf_error *err)
{
    sfi_load_feed *f = user;
    f->at = f->unit->begin;
    f->header_at = f->text_at = 0;
    atomic_store(&f->sent, 0);
    sfi_buf_clear(&f->text);
    if (is_raw(f)) return SF_OK;
    sfi_load_rows_close(f->rows);
    return sfi_load_rows_open(f->l, f->unit, false, &f->rows, err);
}

sf_status sfi_load_feed_open(sfi_load *l, const sfi_load_unit *u, sfi_load_feed **out, sf_error *err)
{
    *out = NULL;
    sfi_load_feed *f = sfi_calloc(sizeof *f);
    if (f == NULL) return sfi_fail_memory(err, "the data of a job");
    f->l = l;
    f->unit = u;
    f->sent_before = l->progress.bytes_sent;
    sf_status rc = rewind_feed(f, err);
    if (rc == SF_OK) {
        *out = f;
        return SF_OK;
    }
    sfi_load_feed_close(f);
    return rc;
}

bool sfi_load_feed_source(sfi_load_feed *f, sf_source *out, sfi_direct *direct)
{
    int64_t length = (int64_t)f->l->header.len + f->unit->end - f->unit->begin;
    *out = (sf_source){ .read = read_feed, .rewind = rewind_feed, .user = f, .length = is_raw(f) ? length : SF_NONE };
    *direct = (sfi_direct){ .read_now = read_now, .tick = tell };
    return is_raw(f);
}

void sfi_load_feed_close(sfi_load_feed *f)
{
    if (f == NULL) return;
    f->l->progress.bytes_sent = f->sent_before + atomic_load(&f->sent);
    sfi_load_rows_close(f->rows);
    sfi_buf_free(&f->text);
    sfi_free(f);
}
