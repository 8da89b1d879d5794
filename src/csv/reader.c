/* reader.c: fields of a text that comes in pieces. The window holds what is not yet given out; its structural bytes are
 * listed some 64 KiB ahead, so that a record is a walk along that list. Fields are decoded in place and ended by NUL where
 * their delimiter stood, which the list knows already. */
#include "csv/masks_internal.h"
#include <assert.h>

enum { AHEAD = 64 * 1024 /* bytes that are listed at once; a multiple of a block */ };

struct sfi_csv_reader {
    sfi_csv_reader_options options;
    const sfi_csv_kernel_fns *kernel;
    char *window; /* cap bytes, and one more for a NUL */
    size_t cap, len;
    size_t start;  /* of the record that comes next */
    size_t listed; /* bytes whose field ends are in ends */
    uint32_t *ends;
    size_t ends_count, ends_next;
    sfi_csv_state state; /* behind listed */
    bool has_fault;      /* the block at listed is wrong */
    bool ended;
    int64_t base;   /* offset of window[0] in the text */
    int64_t line;   /* of start */
    size_t columns; /* of the first record; 0: none yet */
    sf_str *fields;
    char *raw;
    size_t raw_cap;
};

enum { ENDS_MAX = AHEAD + SFI_CSV_COLUMNS_MAX + SFI_CSV_BLOCK };

void sfi_csv_reader_reset(sfi_csv_reader *r)
{
    r->len = r->start = r->listed = r->ends_count = r->ends_next = r->columns = 0;
    r->state = (sfi_csv_state){ .at_field_start = 1, .line_is_blank = 1 };
    r->has_fault = r->ended = false;
    r->base = 0;
    r->line = 1;
}

sf_status sfi_csv_reader_new(const sfi_csv_reader_options *options, sfi_csv_reader **out, sf_error *err)
{
    *out = NULL;
    sfi_csv_reader *r = sfi_calloc(sizeof *r);
    if (r == NULL) return sfi_fail_memory(err, "a CSV reader");
    if (options != NULL) r->options = *options;
    if (r->options.delimiter == '\0') r->options.delimiter = ',';
    if (r->options.record_max == 0) r->options.record_max = SFI_CSV_RECORD_MAX;
    assert(r->options.record_max <= SFI_BUF_MAX);
    r->kernel = sfi_csv_best();
    r->ends = sfi_alloc(ENDS_MAX * sizeof *r->ends);
    r->fields = sfi_alloc((SFI_CSV_COLUMNS_MAX + 1) * sizeof *r->fields);
    if (r->ends == NULL || r->fields == NULL) {
        sfi_csv_reader_free(r);
        return sfi_fail_memory(err, "a CSV reader");
    }
    sfi_csv_reader_reset(r);
    *out = r;
    return SF_OK;
}

void sfi_csv_reader_free(sfi_csv_reader *r)
{
    if (r == NULL) return;
    sfi_free(r->window);
    sfi_free(r->ends);
    sfi_free(r->fields);
    sfi_free(r->raw);
    sfi_free(r);
}

/* Moves what waits to the front of the window. */
static void close_gap(sfi_csv_reader *r)
{
    if (r->start == 0) return;
    size_t keep = r->ends_count - r->ends_next;
    memmove(r->window, r->window + r->start, r->len - r->start);
    for (size_t i = 0; i < keep; i++) r->ends[i] = r->ends[r->ends_next + i] - (uint32_t)r->start;
    r->ends_count = keep;
    r->ends_next = 0;
    r->listed -= r->start;
    r->len -= r->start;
    r->base += (int64_t)r->start;
    r->start = 0;
}

sf_status sfi_csv_reader_room(sfi_csv_reader *r, size_t want, char **room, size_t *size, sf_error *err)
{
    assert(!r->ended);
    close_gap(r);
    if (r->len >= r->options.record_max)
        return sfi_fail(err, SF_ERR_LIMIT, "line %lld: the record that begins here is longer than %zu bytes",
                        (long long)r->line, r->options.record_max);
    if (r->cap - r->len < want) {
        size_t cap = r->cap == 0 ? want : r->cap;
        while (cap - r->len < want) cap *= 2; /* at most record_max + want, doubled */
        char *more = sfi_realloc(r->window, cap + 1);
        if (more == NULL) return sfi_fail_memory(err, "a CSV record");
        r->window = more;
        r->cap = cap;
    }
    *room = r->window + r->len;
    *size = r->cap - r->len;
    return SF_OK;
}

void sfi_csv_reader_added(sfi_csv_reader *r, size_t len)
{
    assert(len <= r->cap - r->len);
    r->len += len;
}

void sfi_csv_reader_end(sfi_csv_reader *r)
{
    r->ended = true;
}

/* Lists the ends of the next bytes. false: no more bytes can be listed now. */
static bool list_more(sfi_csv_reader *r)
{
    if (r->has_fault) return false;
    size_t waiting = r->ends_count - r->ends_next;
    memmove(r->ends, r->ends + r->ends_next, waiting * sizeof *r->ends);
    r->ends_count = waiting;
    r->ends_next = 0;
    size_t bytes = r->len - r->listed;
    if (bytes > AHEAD) bytes = AHEAD;
    size_t blocks = bytes / SFI_CSV_BLOCK, rest = bytes % SFI_CSV_BLOCK;
    size_t done = 0;
    if (blocks > 0)
        done = r->kernel->list(&r->state, r->options.delimiter, r->window + r->listed, blocks, (uint32_t)r->listed,
                               r->ends, &r->ends_count);
    r->listed += done * SFI_CSV_BLOCK;
    if (done < blocks) {
        r->has_fault = true;
        return true;
    }
    if (!r->ended || rest == 0) return blocks > 0;
    sfi_csv_masks m = sfi_csv_masks_of_tail(r->window + r->listed, rest, r->options.delimiter);
    int found = sfi_csv_list(&r->state, &m, rest, (uint32_t)r->listed, r->ends + r->ends_count);
    r->has_fault = found < 0;
    if (found > 0) r->ends_count += (size_t)found;
    if (found >= 0) r->listed += rest;
    return true;
}

static int64_t count_feeds(const char *text, size_t len)
{
    int64_t n = 0;
    const char *end = text + len;
    while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        n++;
        text++;
    }
    return n;
}

static sf_status fault(const sfi_csv_reader *r, sf_error *err)
{
    size_t n = r->len - r->listed < SFI_CSV_BLOCK ? r->len - r->listed : SFI_CSV_BLOCK;
    sfi_csv_scan s = { .delimiter = r->options.delimiter,
                       .state = r->state,
                       .any_columns = true,
                       .delimiters = (int64_t)(r->ends_count - r->ends_next),
                       .lines = r->line - 1 + count_feeds(r->window + r->start, r->listed - r->start),
                       .record_line = r->line };
    return sfi_csv_scan_fault(&s, r->window + r->listed, n, err);
}

/* Takes quotes off and makes doubled ones one; the NUL goes behind. text: its first byte is a quote. */
static sf_str unquote(char *text, size_t len)
{
    char *in = text + 1, *end = text + len - 1, *out;
    char *quote = memchr(in, '"', (size_t)(end - in));
    if (quote == NULL) {
        *end = '\0';
        return (sf_str){ in, (size_t)(end - in) };
    }
    out = quote + 1;
    char *from = quote + 2; /* the second of the two is left out */
    while (from < end) {
        quote = memchr(from, '"', (size_t)(end - from));
        size_t upto = quote != NULL ? (size_t)(quote - from) + 1 : (size_t)(end - from);
        memmove(out, from, upto);
        out += upto;
        from += upto + (quote != NULL);
    }
    *out = '\0';
    return (sf_str){ in, (size_t)(out - in) };
}

/* The field in window[from..to), of which the NUL may overwrite window[to]. */
static sf_str decode(sfi_csv_reader *r, size_t from, size_t to)
{
    char *text = r->window + from;
    if (to > from && *text == '"') return unquote(text, to - from);
    r->window[to] = '\0';
    return (sf_str){ text, to - from };
}

static bool copy_raw(sfi_csv_reader *r, size_t len)
{
    if (len + 1 > r->raw_cap) {
        char *more = sfi_realloc(r->raw, len + 1);
        if (more == NULL) return false;
        r->raw = more;
        r->raw_cap = len + 1;
    }
    memcpy(r->raw, r->window + r->start, len);
    r->raw[len] = '\0';
    return true;
}

/* The record of n delimiters whose line feed (or the end of the text) stands at end. */
static sf_status give(sfi_csv_reader *r, size_t n, size_t end, sfi_csv_record *out, sf_error *err)
{
    size_t count = n + 1;
    if (r->columns != 0 && count != r->columns && !r->options.any_columns)
        return sfi_fail(err, SF_ERR_USAGE, "line %lld: the record has %zu column%s, and the first one has %zu",
                        (long long)r->line, count, count == 1 ? "" : "s", r->columns);
    if (r->columns == 0) r->columns = count;
    size_t stop = end > r->start && r->window[end - 1] == '\r' ? end - 1 : end;
    *out =
        (sfi_csv_record){ .fields = r->fields, .count = count, .line = r->line, .offset = r->base + (int64_t)r->start };
    if (r->options.keep_raw) {
        if (!copy_raw(r, stop - r->start)) return sfi_fail_memory(err, "a CSV record");
        out->raw = (sf_str){ r->raw, stop - r->start };
    }
    r->line += count_feeds(r->window + r->start, (end < r->len ? end + 1 : end) - r->start);
    size_t from = r->start;
    for (size_t i = 0; i < n; i++) {
        size_t to = r->ends[r->ends_next + i];
        r->fields[i] = decode(r, from, to);
        from = to + 1;
    }
    r->fields[n] = decode(r, from, stop);
    return SF_ROW;
}

sf_status sfi_csv_reader_next(sfi_csv_reader *r, sfi_csv_record *out, sf_error *err)
{
    size_t looked = 0; /* ends of the open record that are delimiters */
    for (;;) {         /* each round looks at one end more, lists more bytes, or ends */
        if (r->ends_next + looked < r->ends_count) {
            size_t end = r->ends[r->ends_next + looked];
            if (r->window[end] != '\n') {
                if (++looked >= SFI_CSV_COLUMNS_MAX)
                    return sfi_fail(err, SF_ERR_LIMIT, "line %lld: the record has more than %d columns",
                                    (long long)r->line, SFI_CSV_COLUMNS_MAX);
                continue;
            }
            size_t len = end - r->start;
            bool blank = looked == 0 && (len == 0 || (len == 1 && r->window[r->start] == '\r'));
            sf_status rc = blank ? SF_OK : give(r, looked, end, out, err);
            if (rc < 0) return rc;
            if (blank) r->line++;
            r->ends_next += looked + 1;
            r->start = end + 1;
            looked = 0;
            if (!blank) return SF_ROW;
            continue;
        }
        if (list_more(r)) continue;
        if (r->has_fault) return fault(r, err);
        if (!r->ended || r->start >= r->len) return SF_DONE;
        if (r->state.in_quote != 0)
            return sfi_fail(err, SF_ERR_USAGE,
                            "line %lld: the record that begins here has a quote that is never closed",
                            (long long)r->line);
        size_t end = r->len; /* the last record has no line end */
        bool blank = looked == 0 && r->window[r->start] == '\r' && end - r->start == 1;
        sf_status rc = blank ? SF_DONE : give(r, looked, end, out, err);
        if (rc < 0) return rc;
        r->ends_next += looked;
        r->start = end;
        return rc;
    }
}
