/*
 * load_check.c: all of an input read once before anything is sent: text, quotes, columns. The same reading finds where jobs
 * begin and end: at the last record that fits. Long stretches go through load_hands.c; where something is unusual, and
 * where a job may end, a piece at a time is looked at, and what is wrong is told with its line.
 */
#include "bulk/load_internal.h"

enum { STRETCH_MIN = 2 << 20, STRETCH_MAX = 64 << 20 };

/* ---- units ---- */
static sf_status add_unit(sfi_load *l, sfi_load_unit unit, sf_error *err)
{
    if (l->unit_count == SFI_LOAD_UNITS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "more than %d jobs: make job_bytes or job_rows larger", SFI_LOAD_UNITS_MAX);
    if (l->unit_count == l->unit_cap) {
        int32_t cap = l->unit_cap == 0 ? 16 : l->unit_cap * 2;
        sfi_load_unit *more = sfi_realloc(l->units, (size_t)cap * sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "the plan of jobs");
        l->units = more;
        l->unit_cap = cap;
    }
    l->units[l->unit_count++] = unit;
    return SF_OK;
}

/* ---- reading through ---- */
typedef struct check {
    sfi_load *l;
    sfi_load_input *in;
    int32_t number; /* of the input */
    sfi_csv_scan scan;
    int64_t base; /* offset in the file of the scan's first byte */
    int64_t unit_begin, unit_records, unit_line;
    int64_t bytes_max, rows_max; /* of a unit */
    int64_t alone_until;         /* piece by piece: something is unusual before this offset */
} check;

static sf_status fail_text(const check *c, const char *data, size_t len, int64_t lines, sf_error *err)
{
    size_t at = 0, n;
    while (at < len && data[at] != '\0' && (n = sfi_utf8_sequence(data + at, len - at)) > 0) {
        lines += data[at] == '\n';
        at += n;
    }
    if (at < len && data[at] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "%.300s: line %lld: a NUL byte; is it UTF-16? Name its encoding",
                        c->in->name, (long long)lines + 1);
    return sfi_fail(
        err, SF_ERR_USAGE,
        "%.300s: line %lld: byte 0x%02X is no UTF-8; is the file ISO-8859-1 or windows-1252? Name its encoding",
        c->in->name, (long long)lines + 1, at < len ? (unsigned char)data[at] : 0);
}

static sf_status feed(check *c, const char *data, size_t len, sf_error *err)
{
    sf_status rc = sfi_csv_scan_feed(&c->scan, data, len, err);
    if (rc != SF_OK && err != NULL) sfi_error_prefix(err, "%.300s", c->in->name);
    return rc;
}

/* Ends a unit behind the last whole record. */
static sf_status cut(check *c, sf_error *err)
{
    int64_t end = c->base + c->scan.record_end, rows = c->scan.records - c->unit_records;
    int64_t line = c->in->is_rows ? c->unit_records : c->unit_line;
    if (rows == 0)
        return sfi_fail(err, SF_ERR_LIMIT, "%.300s: %s %lld: the record is longer than a job may be (job_bytes %lld)",
                        c->in->name, sfi_load_line_word(c->in), (long long)line,
                        (long long)c->bytes_max + (long long)c->l->header.len);
    sf_status rc = add_unit(c->l,
                            (sfi_load_unit){ .input = c->number,
                                             .begin = c->unit_begin,
                                             .end = end,
                                             .rows = rows,
                                             .first_row = c->unit_records - 1,
                                             .line = line,
                                             .pass = c->l->pass },
                            err);
    c->unit_begin = end;
    c->unit_records = c->scan.records;
    c->unit_line = c->scan.record_line;
    return rc;
}

/* data goes in so far that the unit has rows_max rows: *used bytes of it. */
static sf_status feed_rows(check *c, const char *data, size_t len, size_t *used, sf_error *err)
{
    sf_status rc = SF_OK;
    size_t step = SFI_CSV_BLOCK;
    for (*used = 0; rc == SF_OK && *used < len;) { /* each round goes on, or makes the step a byte */
        sfi_csv_scan before = c->scan;
        size_t n = len - *used < step ? len - *used : step;
        rc = feed(c, data + *used, n, err);
        int64_t rows = c->scan.records - c->unit_records;
        if (rc != SF_OK || rows < c->rows_max) {
            *used += n;
        } else if (step > 1) {
            c->scan = before;
            step = 1;
        } else {
            *used += n;
            break;
        }
    }
    return rc;
}

/* Bytes that are text and whole characters. */
static sf_status take(check *c, const char *data, size_t len, sf_error *err)
{
    sf_status rc = SF_OK;
    while (rc == SF_OK && len > 0) { /* each round takes bytes, or ends a unit */
        int64_t room = c->bytes_max - (c->base + c->scan.offset - c->unit_begin);
        if (room <= 0) {
            int64_t begin = c->unit_begin;
            rc = cut(c, err);
            if (rc == SF_OK && c->unit_begin == begin) break; /* cannot be: cut moved it */
            continue;
        }
        size_t n = (int64_t)len < room ? len : (size_t)room;
        sfi_csv_scan before = c->scan;
        rc = feed(c, data, n, err);
        if (rc == SF_OK && c->rows_max > 0 && c->scan.records - c->unit_records >= c->rows_max) {
            c->scan = before;
            rc = feed_rows(c, data, n, &n, err);
            if (rc == SF_OK && c->scan.records - c->unit_records >= c->rows_max) rc = cut(c, err);
        }
        data += n;
        len -= n;
    }
    return rc;
}

static sf_status begin_check(sfi_load *l, int32_t number, int64_t job_rows, check *c, sf_error *err)
{
    sfi_load_input *in = &l->inputs[number];
    int64_t most = l->options->job_bytes != 0 ? l->options->job_bytes : SFI_LOAD_JOB_BYTES;
    most -= (int64_t)l->header.len;
    *c = (check){ .l = l, .in = in, .number = number, .bytes_max = most, .rows_max = job_rows, .unit_begin = in->body };
    sfi_csv_scan_init(&c->scan, l->delimiter);
    c->scan.columns = (int64_t)(in->is_base ? l->column_count : l->sent_count);
    c->scan.records = 1; /* the header line counts, for the message's sake */
    c->unit_records = 1;
    c->base = in->body;
    /* Lines are counted from the file's first one. */
    char *head = sfi_alloc((size_t)in->body + 1);
    size_t len = 0;
    if (head == NULL) return sfi_fail_memory(err, "the header line");
    sf_status rc = sfi_load_read_at(in, 0, head, (size_t)in->body, &len, err);
    for (size_t i = 0; i < len; i++) c->scan.lines += head[i] == '\n';
    sfi_free(head);
    c->scan.record_line = c->unit_line = c->scan.lines + 1;
    return rc;
}

/* The next piece, of whole characters. *len 0: the file has ended. */
static sf_status check_piece(check *c, char *buffer, size_t *len, sf_error *err)
{
    int64_t lines = c->scan.lines;
    sf_status rc = sfi_load_read_at(c->in, c->base + c->scan.offset, buffer, SFI_LOAD_BUFFER, len, err);
    if (rc != SF_OK || *len == 0) return rc;
    if (*len == SFI_LOAD_BUFFER) *len -= sfi_load_cut_character(buffer, *len); /* at the end it is never whole */
    bool is_utf8 = sfi_json_text_is_utf8(buffer, *len);
    c->scan.nul = 0;
    rc = take(c, buffer, *len, err);
    bool is_text = is_utf8 && (c->scan.nul == 0 && rc == SF_OK);
    if (is_text || (is_utf8 && memchr(buffer, '\0', *len) == NULL)) return rc;
    return fail_text(c, buffer, *len, lines, err);
}

/* Many bytes at once, where no job can end among them. false: nothing was done. */
static bool check_stretch(check *c, const sfi_load_hands *hands)
{
    int64_t at = c->base + c->scan.offset, end = c->unit_begin + c->bytes_max;
    if (end > c->in->size) end = c->in->size;
    if (end > at + STRETCH_MAX) end = at + STRETCH_MAX;
    if (c->rows_max > 0 || at < c->alone_until || end - at < STRETCH_MIN) return false;
    c->scan.nul = 0;
    if (sfi_load_scan_with_two_hands(hands, end, &c->scan)) return true;
    c->alone_until = end;
    return false;
}

static sf_status check_rows(check *c, const sfi_load_hands *hands, sf_error *err)
{
    sf_status rc = SF_OK;
    for (bool is_end = false; rc == SF_OK && !is_end;) {
        int64_t before = c->scan.offset;
        size_t len;
        rc = sfi_wait_check(&c->l->wait, "checking the input", err);
        if (rc == SF_OK && !check_stretch(c, hands)) {
            rc = check_piece(c, hands->buffers[0], &len, err);
            is_end = rc == SF_OK && len == 0;
        }
        if (rc != SF_OK || is_end) break;
        c->l->progress.bytes_checked += c->scan.offset - before;
        if (c->in->is_base && !sfi_load_tell(c->l))
            rc = sfi_fail(err, SF_ERR_CANCELLED, "the load was ended by the caller");
    }
    return rc;
}

static sf_status check_input(sfi_load *l, int32_t number, int64_t job_rows, sf_error *err)
{
    check c;
    sfi_load_input *in = &l->inputs[number];
    sfi_load_hands hands = { .in = in, .base = in->body, .piece = SFI_LOAD_BUFFER };
    for (size_t i = 0; i < SFI_COUNT_OF(hands.buffers); i++) hands.buffers[i] = sfi_alloc(SFI_LOAD_BUFFER);
    sf_status rc = hands.buffers[0] != NULL && hands.buffers[1] != NULL ? begin_check(l, number, job_rows, &c, err)
                                                                        : sfi_fail_memory(err, "checking the input");
    if (rc == SF_OK) rc = check_rows(&c, &hands, err);
    for (size_t i = 0; i < SFI_COUNT_OF(hands.buffers); i++) sfi_free(hands.buffers[i]);
    if (rc != SF_OK) return rc;
    rc = sfi_csv_scan_finish(&c.scan, err);
    if (rc != SF_OK && err != NULL) sfi_error_prefix(err, "%.300s", in->name);
    if (rc == SF_OK && c.scan.records > c.unit_records) rc = cut(&c, err);
    in->rows = c.scan.records - 1;
    in->rewrite = c.scan.line_ends > 0 && c.scan.returns != (in->crlf ? c.scan.line_ends : 0);
    return rc;
}

/* The units of small files are set apart, for as long as all inputs are looked at. */
typedef struct set_apart {
    sfi_load_unit *units;
    int32_t count, cap;
} set_apart;

static sf_status set_units_apart(sfi_load *l, int32_t from, set_apart *s, sf_error *err)
{
    for (int32_t i = from; i < l->unit_count; i++) {
        size_t cap = (size_t)s->cap;
        sfi_load_unit *more = sfi_grow(s->units, (size_t)s->count, &cap, 64, sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "the plan of jobs");
        s->units = more;
        s->cap = (int32_t)cap;
        s->units[s->count++] = l->units[i];
    }
    l->unit_count = from;
    return SF_OK;
}

sf_status sfi_load_check_inputs(sfi_load *l, sf_error *err)
{
    sf_status rc = SF_OK;
    set_apart small = { .units = NULL };
    sfi_load_mark_small(l);
    for (int32_t i = 0; rc == SF_OK && i < l->base_count; i++) {
        int32_t from = l->unit_count;
        rc = check_input(l, i, l->options->job_rows, err);
        if (rc == SF_OK && l->inputs[i].is_small) rc = set_units_apart(l, from, &small, err);
        l->report.rows += l->inputs[i].rows;
        l->report.bytes += l->inputs[i].size;
        if (l->inputs[i].rewrite || l->inputs[i].crlf != l->inputs[0].crlf) l->projects = true;
    }
    if (rc == SF_OK && small.count > 0) rc = sfi_load_join(l, small.units, small.count, err);
    sfi_free(small.units);
    return rc;
}

sf_status sfi_load_add_made_input(sfi_load *l, const char *name, int fd, int64_t rows, int64_t job_rows, sf_error *err)
{
    sfi_load_input *in = &l->inputs[l->input_count++];
    int64_t checked = l->progress.bytes_checked;
    *in = (sfi_load_input){ .name = name, .fd = fd, .body = (int64_t)l->header.len, .is_rows = true, .crlf = l->crlf };
    sf_status rc = sfi_load_look_at(in, err);
    if (rc == SF_OK) rc = check_input(l, l->input_count - 1, job_rows, err);
    l->progress.bytes_checked = checked;
    if (rc == SF_OK && in->rows != rows)
        rc = sfi_fail(err, SF_ERR_IO, "the file of %s holds %lld rows instead of %lld", name, (long long)in->rows,
                      (long long)rows);
    return rc;
}
