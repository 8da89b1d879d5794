/*
 * export_reader.c: a page's rows one by one, for the forms that do not take its text as it is. Each row is one call of the form's
 * own; all that is counted here is how many there were.
 */
#include "bulk/export_internal.h"

enum { READ_PIECE = 64 * 1024 };

sf_status sfi_export_reader_open(sfi_export *x, sfi_export_reader *r, sfi_export_add_fn *add, bool keep_raw,
                                 sf_error *err)
{
    r->add = add;
    const sfi_csv_reader_options options = { .delimiter = x->delimiter, .keep_raw = keep_raw };
    return sfi_csv_reader_new(&options, &r->csv, err);
}

void sfi_export_reader_close(sfi_export_reader *r)
{
    sfi_csv_reader_free(r->csv);
}

static sf_status drain(sfi_export *x, sfi_export_reader *r, sf_error *err)
{
    sfi_csv_record record;
    sf_status rc;
    while ((rc = sfi_csv_reader_next(r->csv, &record, err)) == SF_ROW) {
        if (record.count != r->columns)
            return sfi_fail(err, SF_ERR_PROTOCOL, "a row with other columns than the header");
        r->rows++;
        rc = r->add(x, &record, err);
        if (rc != SF_OK) return rc;
    }
    return rc == SF_DONE ? SF_OK : rc;
}

sf_status sfi_export_reader_rows(sfi_export *x, sfi_export_reader *r, sf_str text, sf_error *err)
{
    sf_status rc = SF_OK;
    while (rc == SF_OK && text.len > 0) { /* each round takes a piece off */
        char *room;
        size_t size, len = text.len < READ_PIECE ? text.len : READ_PIECE;
        rc = sfi_csv_reader_room(r->csv, len, &room, &size, err);
        if (rc != SF_OK) break;
        memcpy(room, text.ptr, len);
        sfi_csv_reader_added(r->csv, len);
        text = (sf_str){ text.ptr + len, text.len - len };
        rc = drain(x, r, err);
    }
    return rc;
}

sf_status sfi_export_reader_keep(sfi_export *x, sfi_export_reader *r, int64_t rows, sf_error *err)
{
    static const sf_str empty = { "", 0 };
    static const sfi_csv_record blank = { .fields = &empty, .count = 1 };
    sfi_csv_reader_end(r->csv);
    sf_status rc = drain(x, r, err);
    /* Blank lines of a single column are rows with an empty value, which the reader passes over: they come last. */
    for (; rc == SF_OK && r->columns == 1 && r->rows < rows; r->rows++) rc = r->add(x, &blank, err);
    if (rc == SF_OK && r->rows != rows)
        rc =
            sfi_fail(err, SF_ERR_PROTOCOL, "a page of %lld rows was read as %lld", (long long)rows, (long long)r->rows);
    sfi_export_reader_back(r);
    return rc;
}

void sfi_export_reader_back(sfi_export_reader *r)
{
    r->rows = 0;
    sfi_csv_reader_reset(r->csv);
}

sf_status sfi_export_read_columns(sfi_export *x, sfi_csv_record *out, sfi_csv_reader **reader, sf_error *err)
{
    char *room;
    size_t size;
    const sfi_buf *h = &x->page.header;
    size_t bom = sfi_csv_bom(h->data, h->len);
    sf_status rc = sfi_csv_reader_new(&(sfi_csv_reader_options){ .delimiter = x->delimiter }, reader, err);
    if (rc == SF_OK) rc = sfi_csv_reader_room(*reader, h->len + 1, &room, &size, err);
    if (rc != SF_OK) return rc;
    memcpy(room, h->data + bom, h->len - bom);
    sfi_csv_reader_added(*reader, h->len - bom);
    sfi_csv_reader_end(*reader);
    rc = sfi_csv_reader_next(*reader, out, err);
    if (rc == SF_ROW) return SF_OK;
    return rc < 0 ? rc : sfi_fail(err, SF_ERR_PROTOCOL, "a page of a bulk query has an empty header line");
}
