/* export_page.c: one page of a bulk query: its first line is taken off, its records are counted as they pass. */
#include "bulk/export_internal.h"

enum { HEADER_MAX = 1 << 20 };

void sfi_export_page_begin(sfi_export_page *p, char delimiter)
{
    sfi_buf header = p->header;
    sfi_buf_clear(&header);
    header.max = HEADER_MAX;
    *p = (sfi_export_page){ .header = header };
    sfi_csv_scan_init(&p->scan, delimiter);
}

void sfi_export_page_free(sfi_export_page *p)
{
    sfi_buf_free(&p->header);
}

/* What the scanner says of a user's file is here said of the org's page. */
static sf_status fail_page(sfi_export_page *p, const sf_error *why, sf_error *err)
{
    p->is_damaged = true;
    return sfi_fail(err, SF_ERR_PROTOCOL, "a page of a bulk query is no CSV: %.600s", why->message);
}

/* Bytes of data that belong to the header line, its end among them. */
static size_t take_header(sfi_export_page *p, const char *data, size_t len)
{
    size_t n = 0;
    while (n < len && !p->header_done) {
        char c = data[n++];
        if (c == '"') p->in_quote = !p->in_quote;
        p->header_done = c == '\n' && !p->in_quote;
    }
    sfi_buf_add(&p->header, data, n);
    return n;
}

static void trim_header(sfi_export_page *p)
{
    p->crlf = p->header.len > 1 && p->header.data[p->header.len - 2] == '\r';
    while (p->header.len > 0 &&
           (p->header.data[p->header.len - 1] == '\n' || p->header.data[p->header.len - 1] == '\r'))
        p->header.data[--p->header.len] = '\0';
}

sf_status sfi_export_page_add(sfi_export_page *p, const char *data, size_t len, sf_str *rows, sf_error *err)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* it is no part of the first column's name */
    sf_error why;
    size_t skip = 0;
    for (; len > 0 && p->scan.offset == 0 && p->mark < sizeof mark - 1 && data[0] == mark[p->mark]; data++, len--)
        p->mark++;
    if (len == 0) {
        *rows = (sf_str){ data, 0 };
        return SF_OK;
    }
    if (sfi_csv_scan_feed(&p->scan, data, len, &why) != SF_OK) return fail_page(p, &why, err);
    if (!p->header_done) {
        skip = take_header(p, data, len);
        if (p->header_done) trim_header(p);
        sf_status rc = sfi_buf_status(&p->header, err, "the header line of a page");
        if (rc != SF_OK) return rc;
    }
    *rows = (sf_str){ data + skip, len - skip };
    p->bytes += (int64_t)rows->len;
    if (rows->len > 0) p->last = rows->ptr[rows->len - 1];
    return SF_OK;
}

sf_status sfi_export_page_end(sfi_export_page *p, int64_t want, sf_error *err)
{
    sf_error why;
    bool has_header = p->header.len > 0;
    bool is_open = p->bytes > 0 && p->last != '\n';
    if (sfi_csv_scan_finish(&p->scan, &why) != SF_OK) { /* it stops in the middle of a value or record */
        p->is_damaged = true;
        return sfi_fail(err, SF_ERR_TRUNCATED, "a page of a bulk query was cut: %.600s", why.message);
    }
    if (is_open && has_header && p->header.data[0] == '"' && p->last != '"') { /* orgs quote every value */
        p->is_damaged = true;
        return sfi_fail(err, SF_ERR_TRUNCATED, "a page of a bulk query was cut in its last row");
    }
    if (!p->header_done && has_header) { /* nothing but a header line, without its end */
        p->header_done = true;
        trim_header(p);
    }
    int64_t rows = p->scan.records - (has_header ? 1 : 0);
    /* Of a single column, an empty value without quotes is a blank line. */
    int64_t lines = p->scan.line_ends - (has_header ? 1 : 0) + (is_open ? 1 : 0);
    if (rows == want || (p->scan.columns == 1 && lines == want)) return SF_OK;
    p->is_damaged = true;
    return sfi_fail(err, rows < want ? SF_ERR_TRUNCATED : SF_ERR_PROTOCOL,
                    "a page of a bulk query has %lld rows, and the org says that it has %lld", (long long)rows,
                    (long long)want);
}

uint64_t sfi_export_header_sum(const sfi_export_page *p)
{
    uint64_t sum = UINT64_C(14695981039346656037); /* FNV-1a */
    if (p->header.len == 0) return 0;
    for (size_t i = 0; i < p->header.len; i++) sum = (sum ^ (unsigned char)p->header.data[i]) * UINT64_C(1099511628211);
    return (sum >> 1) | 1; /* fits a signed number of JSON, and is not 0 */
}
