/*
 * load_fetch.c: the results of a job as they come: into a file, without their header line, and counted. Their columns are as
 * a rule those of the upload, in its order behind two of the org's own; the header line says whether they are, and a layout
 * where each stands if not. Called by load_results.c.
 */
#include <errno.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum { HEADER_MAX = 2 * 1024 * 1024, READ_BYTES = SFI_LOAD_BUFFER / 4, COPY_BYTES = 64 * 1024 };

typedef struct results {
    sfi_load *l;
    const sfi_load_unit *unit;
    sfi_load_fetch *to;
    sfi_csv_scan scan;
    sfi_buf header; /* the line, as it came */
    size_t mark;    /* bytes of a byte-order mark so far */
    bool in_header;
    char first, last; /* byte */
} results;

static sf_status fail_io(const char *name, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "%.300s: %s: %s", name, what, strerror(errno));
}

static sf_status begin_results(void *user, sf_error *err)
{
    results *r = user;
    sfi_csv_scan_init(&r->scan, r->l->delimiter);
    r->scan.any_columns = true;
    sfi_buf_clear(&r->header);
    r->mark = 0;
    r->in_header = true;
    r->first = '\0';
    r->last = '\n';
    r->to->end = r->to->begin;
    return ftruncate(r->to->fd, (off_t)r->to->end) == 0 && lseek(r->to->fd, (off_t)r->to->end, SEEK_SET) >= 0
               ? SF_OK
               : fail_io(r->to->name, "cannot begin again", err);
}

/* What the scanner says of a user's file is here said of the org's results. */
static sf_status scanned(const results *r, sf_status rc, sf_error *err)
{
    if (rc != SF_ERR_USAGE) return rc;
    sfi_error_prefix(err, "the results of job %s", r->unit->job.text);
    if (err != NULL) err->status = SF_ERR_PROTOCOL;
    return SF_ERR_PROTOCOL;
}

static sf_status take_results(void *user, const char *data, size_t len, sf_error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    results *r = user;
    size_t skip = 0;
    sf_status rc = SF_OK;
    while (skip < len && r->scan.offset == 0 && r->mark < sizeof mark - 1 && data[skip] == mark[r->mark]) {
        r->mark++;
        skip++;
    }
    while (rc == SF_OK && r->in_header && skip < len) { /* byte by byte up to the end of one line */
        if (r->first == '\0') r->first = data[skip];
        sfi_buf_add_char(&r->header, data[skip]);
        rc = scanned(r, sfi_csv_scan_feed(&r->scan, data + skip++, 1, err), err);
        r->in_header = r->scan.records == 0;
    }
    if (rc == SF_OK) rc = sfi_buf_status(&r->header, err, "the header line of results");
    if (rc != SF_OK || skip == len) return rc;
    rc = scanned(r, sfi_csv_scan_feed(&r->scan, data + skip, len - skip, err), err);
    if (rc == SF_OK) rc = sfi_load_write(r->to->fd, data + skip, len - skip, r->to->name, err);
    r->to->end += (int64_t)(len - skip);
    r->last = data[len - 1];
    return rc;
}

/* They have ended: are they as many as the job says, and is the last one whole? */
static sf_status end_results(results *r, sf_bulk2_results which, int64_t want, sf_error *err)
{
    static const char *const said[] = { "", "succeeded", "failed", "were not processed" };
    const char *job = r->unit->job.text;
    int64_t last_columns = r->scan.delimiters + 1;
    sf_status rc = scanned(r, sfi_csv_scan_finish(&r->scan, err), err);
    if (rc != SF_OK) return rc;
    int64_t rows = r->scan.records > 0 ? r->scan.records - 1 : 0;
    if (rows != want)
        return sfi_fail(err, SF_ERR_TRUNCATED, "job %s: %lld rows %s, and its results hold %lld", job, (long long)want,
                        said[which], (long long)rows);
    if (r->last == '\n' || rows == 0) return SF_OK;
    bool is_quoted = r->first == '"'; /* then every value is, up to the last one */
    if (last_columns < r->scan.columns || (is_quoted && r->last != '"'))
        return sfi_fail(err, SF_ERR_TRUNCATED, "job %s: its results were cut in their last row", job);
    return SF_OK;
}

/* ---- the layout ---- */
static size_t find_column(const sfi_csv_record *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++)
        if (sfi_str_is_nocase(header->fields[i], name)) return i;
    return SFI_LOAD_NOWHERE;
}

static bool stands_at(const sfi_csv_record *header, size_t at, const char *name)
{
    return at < header->count && sfi_str_is_nocase(header->fields[at], name);
}

/* Columns that are where they belong need no layout. Nor do names that are none of ours: they tell nothing. */
static sf_status lay_out(const results *r, const sfi_csv_record *header, const char *said, sf_error *err)
{
    const sfi_load *l = r->l;
    sfi_load_layout *y = &r->to->layout;
    size_t in_place = 0, found = 0;
    for (size_t i = 0; i < l->sent_count; i++) in_place += stands_at(header, y->first + i, l->fields[i]);
    bool own = y->first == 0 || (stands_at(header, 0, "sf__Id") && stands_at(header, 1, said));
    if (own && in_place == l->sent_count && header->count == y->first + l->sent_count) return SF_OK;
    size_t id = find_column(header, "sf__Id"), what = find_column(header, said);
    if (y->first > 0 && (id == SFI_LOAD_NOWHERE || what == SFI_LOAD_NOWHERE)) return SF_OK;
    size_t *fields = sfi_calloc(l->sent_count * sizeof *fields);
    if (fields == NULL) return sfi_fail_memory(err, "the columns of results");
    for (size_t i = 0; i < l->sent_count; i++) {
        fields[i] = find_column(header, l->fields[i]);
        found += fields[i] != SFI_LOAD_NOWHERE;
    }
    if (found == 0) {
        sfi_free(fields);
        return SF_OK;
    }
    y->id = id;
    y->said = what;
    y->fields = fields;
    return SF_OK;
}

static sf_status read_header(const results *r, sf_bulk2_results which, sf_error *err)
{
    sfi_csv_reader *csv = NULL;
    sfi_csv_record header = { 0 };
    char *room;
    size_t size;
    if (r->header.len == 0) return SF_OK;
    sfi_csv_reader_options options = { .delimiter = r->l->delimiter, .any_columns = true };
    sf_status rc = sfi_csv_reader_new(&options, &csv, err);
    if (rc == SF_OK) rc = sfi_csv_reader_room(csv, r->header.len, &room, &size, err);
    if (rc == SF_OK) {
        memcpy(room, r->header.data, r->header.len);
        sfi_csv_reader_added(csv, r->header.len);
        sfi_csv_reader_end(csv);
        rc = scanned(r, sfi_csv_reader_next(csv, &header, err), err);
    }
    if (rc == SF_ROW) rc = lay_out(r, &header, which == SF_RESULTS_FAILED ? "sf__Error" : "sf__Created", err);
    sfi_csv_reader_free(csv);
    return rc < 0 ? rc : SF_OK;
}

sf_str sfi_load_field(const sfi_load_layout *y, const sfi_csv_record *record, size_t i)
{
    size_t at = y->fields != NULL ? y->fields[i] : y->first + i;
    return at < record->count ? record->fields[at] : (sf_str){ NULL, 0 };
}

/* ---- fetching ---- */
sf_status sfi_load_fetch_results(sfi_load *l, const sfi_load_unit *u, sf_bulk2_results which, int64_t want,
                                 sfi_load_fetch *to, sf_error *err)
{
    results r = { .l = l, .unit = u, .to = to, .header = { .max = HEADER_MAX } };
    const sf_sink sink = { .write = take_results, .restart = begin_results, .user = &r };
    to->layout = (sfi_load_layout){ .first = which == SF_RESULTS_UNPROCESSED ? 0 : 2, .said = 1 };
    sf_status rc = begin_results(&r, err);
    if (rc == SF_OK) rc = sf_bulk2_get_results(l->sf, u->job.text, which, &sink, l->options->call, err);
    if (rc == SF_OK) rc = end_results(&r, which, want, err);
    if (rc == SF_OK) rc = read_header(&r, which, err);
    if (rc == SF_OK && r.last != '\n') { /* the next job's rows begin a line */
        sf_str line_end = l->crlf ? SFI_STR("\r\n") : SFI_STR("\n");
        rc = sfi_load_write(to->fd, line_end.ptr, line_end.len, to->name, err);
        to->end += (int64_t)line_end.len;
    }
    sfi_buf_free(&r.header);
    return rc;
}

void sfi_load_fetch_clear(sfi_load_fetch *f)
{
    sfi_free(f->layout.fields);
    f->layout.fields = NULL;
}

sf_status sfi_load_each_result(const sfi_load_fetch *f, char delimiter, sfi_load_result_fn each, void *user,
                               sf_error *err)
{
    sfi_csv_reader *csv = NULL;
    sfi_csv_record record;
    sfi_csv_reader_options options = { .delimiter = delimiter, .keep_raw = true, .any_columns = true };
    sf_status rc = sfi_csv_reader_new(&options, &csv, err);
    int64_t at = f->begin;
    bool ended = false;
    while (rc >= 0) { /* each round takes a record or reads on */
        rc = sfi_csv_reader_next(csv, &record, err);
        if (rc == SF_ROW) {
            record.offset += f->begin;
            rc = each(user, &record, err);
            continue;
        }
        if (rc < 0 || ended) break;
        char *room;
        size_t size;
        rc = sfi_csv_reader_room(csv, READ_BYTES, &room, &size, err);
        if (rc != SF_OK) break;
        ssize_t got = pread(f->fd, room, READ_BYTES, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) rc = fail_io(f->name, "cannot read", err);
        ended = got <= 0;
        if (ended) sfi_csv_reader_end(csv);
        if (got > 0) sfi_csv_reader_added(csv, (size_t)got);
        at += got > 0 ? got : 0;
    }
    sfi_csv_reader_free(csv);
    return rc < 0 ? rc : SF_OK;
}

/* ---- in the order of the upload ---- */
typedef struct turning {
    const sfi_load *l;
    const sfi_load_fetch *from;
    sfi_buf out;
    int fd;
} turning;

static sf_status turn_record(void *user, const sfi_csv_record *record, sf_error *err)
{
    turning *t = user;
    const sfi_load_layout *y = &t->from->layout;
    const size_t own[] = { y->id, y->said };
    for (size_t i = 0; i < SFI_COUNT_OF(own); i++) {
        if (i > 0) sfi_buf_add_char(&t->out, t->l->delimiter);
        sf_str text = own[i] < record->count ? record->fields[own[i]] : (sf_str){ NULL, 0 };
        (void)sfi_csv_add_field(&t->out, text, t->l->delimiter, true);
    }
    for (size_t i = 0; i < t->l->sent_count; i++) {
        sfi_buf_add_char(&t->out, t->l->delimiter);
        (void)sfi_csv_add_field(&t->out, sfi_load_field(y, record, i), t->l->delimiter, true);
    }
    sfi_buf_add_str(&t->out, t->l->crlf ? "\r\n" : "\n");
    if (t->out.failed) return sfi_fail_memory(err, "results");
    if (t->out.len < COPY_BYTES) return SF_OK;
    sf_status rc = sfi_load_write(t->fd, t->out.data, t->out.len, "a temporary file", err);
    sfi_buf_clear(&t->out);
    return rc;
}

static sf_status copy_back(sfi_load_fetch *f, int fd, sf_error *err)
{
    char piece[COPY_BYTES];
    int64_t at = 0;
    if (ftruncate(f->fd, (off_t)f->begin) != 0 || lseek(f->fd, (off_t)f->begin, SEEK_SET) < 0)
        return fail_io(f->name, "cannot begin again", err);
    for (;;) { /* until the file is used up */
        ssize_t got = pread(fd, piece, sizeof piece, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_io("a temporary file", "cannot read", err);
        if (got == 0) break;
        sf_status rc = sfi_load_write(f->fd, piece, (size_t)got, f->name, err);
        if (rc != SF_OK) return rc;
        at += got;
    }
    f->end = f->begin + at;
    return SF_OK;
}

sf_status sfi_load_turn_results(const sfi_load *l, sfi_load_fetch *f, sf_error *err)
{
    if (f->layout.fields == NULL) return SF_OK;
    turning t = { .l = l, .from = f, .fd = sfi_load_temporary(err) };
    if (t.fd < 0) return SF_ERR_IO;
    sf_status rc = sfi_load_each_result(f, l->delimiter, turn_record, &t, err);
    if (rc == SF_OK && t.out.len > 0) rc = sfi_load_write(t.fd, t.out.data, t.out.len, "a temporary file", err);
    if (rc == SF_OK) rc = copy_back(f, t.fd, err);
    close(t.fd);
    sfi_buf_free(&t.out);
    return rc;
}
