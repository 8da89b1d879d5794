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
    return x->options->split_rows > 0 ? sfi_export_split_back(x, err) : sfi_export_out_back(&x->out, err);
}

static sf_status out_clear(sfi_export *x, sf_error *err)
{
    return x->options->split_rows > 0 ? sfi_export_split_clear(x, err) : sfi_export_out_clear(&x->out, err);
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

/* ---- CSV row by row, for files of so many of them: each as it came ---- */
enum { WRITE_PIECE = 128 * 1024 };

typedef struct csv_lines {
    sfi_export_reader reader;
    sfi_buf lines;
} csv_lines;

static sf_status flush_lines(sfi_export *x, sfi_buf *lines, sf_error *err)
{
    sf_status rc = sfi_buf_status(lines, err, "rows of an export");
    if (rc == SF_OK) rc = sfi_export_out_add(&x->out, lines->data, lines->len, err);
    sfi_buf_clear(lines);
    return rc;
}

static sf_status lines_add(sfi_export *x, const sfi_csv_record *r, sf_error *err)
{
    csv_lines *c = x->state;
    sf_str end = line_end(x);
    bool is_new = false;
    sf_status rc = sfi_export_split_is_full(x) ? flush_lines(x, &c->lines, err) : SF_OK;
    if (rc == SF_OK) rc = sfi_export_split_row(x, &is_new, err);
    if (rc != SF_OK) return rc;
    if (is_new) {
        sfi_buf_add(&c->lines, x->page.header.data, x->page.header.len);
        sfi_buf_add(&c->lines, end.ptr, end.len);
    }
    sfi_buf_add(&c->lines, r->raw.ptr, r->raw.len);
    sfi_buf_add(&c->lines, end.ptr, end.len);
    return c->lines.len < WRITE_PIECE ? SF_OK : flush_lines(x, &c->lines, err);
}

static sf_status lines_open(sfi_export *x, sf_error *err)
{
    csv_lines *c = sfi_calloc(sizeof *c);
    x->state = c;
    if (c == NULL) return sfi_fail_memory(err, "an export");
    return sfi_export_reader_open(x, &c->reader, lines_add, true, err);
}

static sf_status lines_head(sfi_export *x, sf_error *err)
{
    csv_lines *c = x->state;
    sfi_csv_record names;
    sfi_csv_reader *reader = NULL;
    sf_status rc = c->reader.columns == 0 ? sfi_export_read_columns(x, &names, &reader, err) : SF_DONE;
    if (rc == SF_OK) c->reader.columns = names.count;
    sfi_csv_reader_free(reader);
    return rc >= 0 ? csv_head(x, err) : rc;
}

static sf_status lines_rows(sfi_export *x, sf_str text, sf_error *err)
{
    csv_lines *c = x->state;
    return sfi_export_reader_rows(x, &c->reader, text, err);
}

static sf_status lines_keep(sfi_export *x, int64_t rows, sf_error *err)
{
    csv_lines *c = x->state;
    sf_status rc = sfi_export_reader_keep(x, &c->reader, rows, err);
    if (rc == SF_OK) rc = flush_lines(x, &c->lines, err);
    if (rc == SF_OK) rc = sfi_export_out_keep(&x->out, err);
    if (rc == SF_OK) sfi_export_split_keep(x);
    return rc;
}

static sf_status lines_back(sfi_export *x, sf_error *err)
{
    csv_lines *c = x->state;
    if (c == NULL || c->reader.csv == NULL) return SF_OK; /* it was never opened */
    sfi_export_reader_back(&c->reader);
    sfi_buf_clear(&c->lines);
    if (x->mark.columns == 0) c->reader.columns = 0; /* it was a damaged page's */
    return out_back(x, err);
}

static void lines_close(sfi_export *x)
{
    csv_lines *c = x->state;
    if (c == NULL) return;
    sfi_export_reader_close(&c->reader);
    sfi_buf_free(&c->lines);
    sfi_free(c);
}

const sfi_export_form sfi_export_csv_rows = { .open = lines_open,
                                              .head = lines_head,
                                              .rows = lines_rows,
                                              .keep = lines_keep,
                                              .back = lines_back,
                                              .clear = out_clear,
                                              .sync = out_sync,
                                              .end = out_end,
                                              .close = lines_close };

/* ---- NDJSON ---- */

typedef struct ndjson {
    sfi_export_reader reader;
    sfi_buf keys;       /* «{"Id":», «,"Name":» … one after another */
    uint32_t *key_ends; /* where each ends */
    sfi_buf lines;
} ndjson;

static sf_status nd_head(sfi_export *x, sf_error *err)
{
    ndjson *n = x->state;
    sfi_csv_record names;
    sfi_csv_reader *reader = NULL;
    sf_status rc = n->reader.columns == 0 ? sfi_export_read_columns(x, &names, &reader, err) : SF_DONE;
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
    if (rc == SF_OK) n->reader.columns = names.count;
    sfi_csv_reader_free(reader);
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status nd_add(sfi_export *x, const sfi_csv_record *r, sf_error *err)
{
    ndjson *n = x->state;
    size_t from = 0;
    bool is_new;
    sf_status rc = sfi_export_split_is_full(x) ? flush_lines(x, &n->lines, err) : SF_OK;
    if (rc == SF_OK && x->options->split_rows > 0) rc = sfi_export_split_row(x, &is_new, err);
    if (rc != SF_OK) return rc;
    for (size_t i = 0; i < r->count; i++) {
        sfi_buf_add(&n->lines, n->keys.data + from, n->key_ends[i] - from);
        from = n->key_ends[i];
        if (r->fields[i].len == 0) {
            sfi_buf_add(&n->lines, "null", 4);
            continue;
        }
        sfi_json_escape(&n->lines, r->fields[i]);
    }
    sfi_buf_add(&n->lines, "}\n", 2);
    return n->lines.len < WRITE_PIECE ? SF_OK : flush_lines(x, &n->lines, err);
}

static sf_status nd_open(sfi_export *x, sf_error *err)
{
    ndjson *n = sfi_calloc(sizeof *n);
    x->state = n;
    if (n == NULL) return sfi_fail_memory(err, "an export");
    return sfi_export_reader_open(x, &n->reader, nd_add, false, err);
}

static sf_status nd_rows(sfi_export *x, sf_str text, sf_error *err)
{
    ndjson *n = x->state;
    return sfi_export_reader_rows(x, &n->reader, text, err);
}

static sf_status nd_keep(sfi_export *x, int64_t rows, sf_error *err)
{
    ndjson *n = x->state;
    sf_status rc = sfi_export_reader_keep(x, &n->reader, rows, err);
    if (rc == SF_OK) rc = flush_lines(x, &n->lines, err);
    if (rc == SF_OK) rc = sfi_export_out_keep(&x->out, err);
    if (rc == SF_OK) sfi_export_split_keep(x);
    return rc;
}

static void forget_keys(ndjson *n)
{
    sfi_buf_clear(&n->keys);
    sfi_free(n->key_ends);
    n->key_ends = NULL;
    n->reader.columns = 0;
}

static sf_status nd_back(sfi_export *x, sf_error *err)
{
    ndjson *n = x->state;
    if (n == NULL || n->reader.csv == NULL) return SF_OK; /* it was never opened */
    sfi_export_reader_back(&n->reader);
    sfi_buf_clear(&n->lines);
    if (x->mark.columns == 0) forget_keys(n); /* they were a damaged page's */
    return out_back(x, err);
}

static void nd_close(sfi_export *x)
{
    ndjson *n = x->state;
    if (n == NULL) return;
    sfi_export_reader_close(&n->reader);
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
