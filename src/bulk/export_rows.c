/* export_rows.c: CSV as it came, and NDJSON: an object a line, its keys the columns. */
#include "bulk/export_internal.h"

/* ---- CSV ---- */
static sf_str line_end(const sfi_export *x)
{
    bool is_bare = x->page.scan.line_ends == 0; /* a header line without an end: as was asked for */
    return (is_bare ? x->options->crlf : x->page.crlf) ? SFI_STR("\r\n") : SFI_STR("\n");
}

static sf_status csv_head(sfi_export *x, sf_error *err)
{
    if (x->mark.columns != 0) return SF_OK; /* it stands in the file */
    sf_str end = line_end(x);
    sf_status rc = sfi_export_out_add(&x->out, x->page.header.data, x->page.header.len, err);
    return rc == SF_OK ? sfi_export_out_add(&x->out, end.ptr, end.len, err) : rc;
}

static sf_status csv_rows(sfi_export *x, sf_str text, sf_error *err)
{
    return sfi_export_out_add(&x->out, text.ptr, text.len, err);
}

static sf_status csv_keep(sfi_export *x, int64_t rows, sf_error *err)
{
    (void)rows;
    sf_str end = line_end(x);
    bool is_open = x->page.bytes > 0 && x->page.last != '\n'; /* the next page's rows begin a line */
    sf_status rc = is_open ? sfi_export_out_add(&x->out, end.ptr, end.len, err) : SF_OK;
    return rc == SF_OK ? sfi_export_out_keep(&x->out, err) : rc;
}

static sf_status out_back(sfi_export *x, sf_error *err)
{
    return sfi_export_out_back(&x->out, err);
}

static sf_status out_clear(sfi_export *x, sf_error *err)
{
    return sfi_export_out_clear(&x->out, err);
}

static sf_status out_sync(sfi_export *x, sf_error *err)
{
    return x->to_disk ? sfi_export_out_sync(&x->out, err) : SF_OK;
}

static sf_status out_end(sfi_export *x, sf_error *err)
{
    return sfi_export_out_end(&x->out, err);
}

static void csv_close(sfi_export *x)
{
    (void)x;
}

const sfi_export_form sfi_export_csv = { .head = csv_head,
                                         .rows = csv_rows,
                                         .keep = csv_keep,
                                         .back = out_back,
                                         .clear = out_clear,
                                         .sync = out_sync,
                                         .end = out_end,
                                         .close = csv_close };

/* ---- NDJSON ---- */
enum { READ_PIECE = 64 * 1024, WRITE_PIECE = 128 * 1024 };

typedef struct ndjson {
    sfi_csv_reader *reader;
    sfi_buf keys;       /* «{"Id":», «,"Name":» … one after another */
    uint32_t *key_ends; /* where each ends */
    size_t columns;
    int64_t rows; /* of the page */
    sfi_buf lines;
} ndjson;

static sf_status nd_open(sfi_export *x, sf_error *err)
{
    ndjson *n = sfi_calloc(sizeof *n);
    x->state = n;
    if (n == NULL) return sfi_fail_memory(err, "an export");
    return sfi_csv_reader_new(&(sfi_csv_reader_options){ .delimiter = x->delimiter }, &n->reader, err);
}

sf_status sfi_export_read_columns(sfi_export *x, sfi_csv_record *out, sfi_csv_reader **reader, sf_error *err)
{
    char *room;
    size_t size;
    const sfi_buf *h = &x->page.header;
    size_t bom = sfi_csv_bom(h->data, h->len);
    sf_status rc = sfi_csv_reader_new(&(sfi_csv_reader_options){ .delimiter = x->delimiter }, reader, err);
    if (rc == SF_OK) rc = sfi_csv_reader_room(*reader, h->len, &room, &size, err);
    if (rc != SF_OK) return rc;
    memcpy(room, h->data + bom, h->len - bom);
    sfi_csv_reader_added(*reader, h->len - bom);
    sfi_csv_reader_end(*reader);
    rc = sfi_csv_reader_next(*reader, out, err);
    if (rc == SF_ROW) return SF_OK;
    return rc < 0 ? rc : sfi_fail(err, SF_ERR_PROTOCOL, "a page of a bulk query has an empty header line");
}

static sf_status nd_head(sfi_export *x, sf_error *err)
{
    ndjson *n = x->state;
    sfi_csv_record names;
    sfi_csv_reader *reader = NULL;
    sf_status rc = n->columns == 0 ? sfi_export_read_columns(x, &names, &reader, err) : SF_DONE;
    if (rc == SF_OK) {
        n->key_ends = sfi_calloc_n(names.count, sizeof *n->key_ends);
        if (n->key_ends == NULL) rc = sfi_fail_memory(err, "the columns of an export");
    }
    for (size_t i = 0; rc == SF_OK && i < names.count; i++) {
        sfi_buf_add_char(&n->keys, i == 0 ? '{' : ',');
        sfi_json_escape(&n->keys, names.fields[i]);
        sfi_buf_add_char(&n->keys, ':');
        n->key_ends[i] = (uint32_t)n->keys.len;
    }
    if (rc == SF_OK) rc = sfi_buf_status(&n->keys, err, "the columns of an export");
    if (rc == SF_OK) n->columns = names.count;
    sfi_csv_reader_free(reader);
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status nd_flush(sfi_export *x, sf_error *err)
{
    ndjson *n = x->state;
    sf_status rc = sfi_buf_status(&n->lines, err, "rows of an export");
    if (rc == SF_OK) rc = sfi_export_out_add(&x->out, n->lines.data, n->lines.len, err);
    sfi_buf_clear(&n->lines);
    return rc;
}

static void add_row(ndjson *n, const sfi_csv_record *r)
{
    size_t from = 0;
    for (size_t i = 0; i < n->columns; i++) { /* the scan saw to it that each record has as many as the first */
        sfi_buf_add(&n->lines, n->keys.data + from, n->key_ends[i] - from);
        from = n->key_ends[i];
        if (r->fields[i].len == 0) {
            sfi_buf_add(&n->lines, "null", 4);
            continue;
        }
        sfi_json_escape(&n->lines, r->fields[i]);
    }
    sfi_buf_add(&n->lines, "}\n", 2);
    n->rows++;
}

static sf_status nd_drain(sfi_export *x, sf_error *err)
{
    ndjson *n = x->state;
    sfi_csv_record record;
    sf_status rc;
    while ((rc = sfi_csv_reader_next(n->reader, &record, err)) == SF_ROW) {
        if (record.count != n->columns)
            return sfi_fail(err, SF_ERR_PROTOCOL, "a row with other columns than the header");
        add_row(n, &record);
        if (n->lines.len < WRITE_PIECE) continue;
        sf_status flushed = nd_flush(x, err);
        if (flushed != SF_OK) return flushed;
    }
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status nd_rows(sfi_export *x, sf_str text, sf_error *err)
{
    ndjson *n = x->state;
    sf_status rc = SF_OK;
    while (rc == SF_OK && text.len > 0) { /* each round takes a piece off */
        char *room;
        size_t size, len = text.len < READ_PIECE ? text.len : READ_PIECE;
        rc = sfi_csv_reader_room(n->reader, len, &room, &size, err);
        if (rc != SF_OK) break;
        memcpy(room, text.ptr, len);
        sfi_csv_reader_added(n->reader, len);
        text = (sf_str){ text.ptr + len, text.len - len };
        rc = nd_drain(x, err);
    }
    return rc;
}

static sf_status nd_keep(sfi_export *x, int64_t rows, sf_error *err)
{
    ndjson *n = x->state;
    sfi_csv_reader_end(n->reader);
    sf_status rc = nd_drain(x, err);
    /* Blank lines of a single column are rows with an empty value, which the reader passes over: they come last. */
    while (rc == SF_OK && n->columns == 1 && n->rows < rows)
        add_row(n, &(sfi_csv_record){ .fields = &(sf_str){ "", 0 } });
    if (rc == SF_OK && n->rows != rows)
        rc =
            sfi_fail(err, SF_ERR_PROTOCOL, "a page of %lld rows was read as %lld", (long long)rows, (long long)n->rows);
    if (rc == SF_OK) rc = nd_flush(x, err);
    n->rows = 0;
    sfi_csv_reader_reset(n->reader);
    return rc == SF_OK ? sfi_export_out_keep(&x->out, err) : rc;
}

static sf_status nd_back(sfi_export *x, sf_error *err)
{
    ndjson *n = x->state;
    if (n == NULL || n->reader == NULL) return SF_OK; /* it was never opened */
    sfi_csv_reader_reset(n->reader);
    sfi_buf_clear(&n->lines);
    n->rows = 0;
    return sfi_export_out_back(&x->out, err);
}

static void nd_close(sfi_export *x)
{
    ndjson *n = x->state;
    if (n == NULL) return;
    sfi_csv_reader_free(n->reader);
    sfi_buf_free(&n->keys);
    sfi_buf_free(&n->lines);
    sfi_free(n->key_ends);
    sfi_free(n);
}

const sfi_export_form sfi_export_ndjson = { .open = nd_open,
                                            .head = nd_head,
                                            .rows = nd_rows,
                                            .keep = nd_keep,
                                            .back = nd_back,
                                            .clear = out_clear,
                                            .sync = out_sync,
                                            .end = out_end,
                                            .close = nd_close };
