/* children.c: child rows of a query in cells, in JSON and in files of their own: see rows.h. A child result that has more pages than its
 * parent's row brought is read to its end through its own cursor, at any depth. */
#include "rows.h"

struct cli_child_file {
    cli_out out;
    cli_rows rows; /* of the child's statement */
    const char *path;
    bool open;
};

static bool is_result(sf_value v)
{
    return sf_value_type(v) == SF_OBJECT && sf_value_type(sf_get(v, "records")) == SF_ARRAY &&
           sf_value_type(sf_get(v, "done")) == SF_BOOL;
}

static sf_status add_plain(sf_value v, sfi_buf *out, sf_error *err)
{
    char *json = NULL;
    size_t len = 0;
    sf_status rc = sf_value_to_json(v, &json, &len, err);
    if (rc == SF_OK) sfi_buf_add(out, json, len);
    sf_free(json);
    return rc;
}

/* The rows of a child result, comma between. */
static sf_status add_rows(cli_rows *rows, sf_query *query, sf_value result, sfi_buf *out, int64_t *count, sf_error *err)
{
    sf_query *child = NULL;
    sf_value row;
    sf_status rc = sf_query_children(query, result, &child, err);
    while (rc >= 0 && (rc = sf_query_next(child, &row, err)) == SF_ROW) {
        if ((*count)++ > 0) sfi_buf_add_char(out, ',');
        rc = cli_children_row_json(rows, child, row, out, err);
    }
    sf_query_close(child);
    return rc < 0 ? rc : SF_OK;
}

/* {"totalSize":…,"done":true,"records":[…]}, whatever pages it came in. */
static sf_status add_result(cli_rows *rows, sf_query *query, sf_value result, sfi_buf *out, sf_error *err)
{
    sfi_buf list = { 0 };
    int64_t count = 0;
    sf_status rc = add_rows(rows, query, result, &list, &count, err);
    if (rc == SF_OK) rc = sfi_buf_status(&list, err, "child rows");
    if (rc == SF_OK) {
        sfi_buf_addf(out, "{\"totalSize\":%lld,\"done\":true,\"records\":[", (long long)count);
        if (list.len > 0) sfi_buf_add(out, list.data, list.len);
        sfi_buf_add_str(out, "]}");
    }
    sfi_buf_free(&list);
    return rc;
}

sf_status cli_children_row_json(cli_rows *rows, sf_query *query, sf_value row, sfi_buf *out, sf_error *err)
{
    sf_str key;
    sf_value value;
    sf_status rc = SF_OK;
    bool first = true;
    sfi_buf_add_char(out, '{');
    for (sf_iter it = sf_iter_begin(row); rc == SF_OK && sf_iter_next(&it, &key, &value); first = false) {
        if (!first) sfi_buf_add_char(out, ',');
        cli_json_add_string(out, key);
        sfi_buf_add_char(out, ':');
        rc = is_result(value) ? add_result(rows, query, value, out, err) : add_plain(value, out, err);
    }
    sfi_buf_add_char(out, '}');
    return rc;
}

/* "Ada Hopper, 12; Li Wei, 7": the values of a row with a comma, the rows with a semicolon between. */
static sf_status join_rows(cli_rows *rows, sf_value result, sfi_buf *out, sf_error *err)
{
    sf_query *child = NULL;
    sf_value row;
    bool first = true;
    sf_status rc = sf_query_children(rows->query, result, &child, err);
    while (rc >= 0 && (rc = sf_query_next(child, &row, err)) == SF_ROW) {
        if (!first) sfi_buf_add_str(out, "; ");
        first = false;
        size_t n = sf_query_column_count(child);
        for (size_t i = 0; i < n; i++) {
            sf_value value = sf_get(row, sf_query_column(child, i).path);
            sf_str text = sf_get_text(value, NULL);
            if (i > 0) sfi_buf_add_str(out, ", ");
            if (text.ptr != NULL) sfi_buf_add(out, text.ptr, text.len);
        }
    }
    sf_query_close(child);
    return rc < 0 ? rc : SF_OK;
}

sf_status cli_children_cell(cli_rows *rows, sf_value children, sfi_buf *out, sf_error *err)
{
    bool join = rows->children == CLI_CHILDREN_JOIN ||
                (rows->children == CLI_CHILDREN_AUTO && rows->format == CLI_FORMAT_TABLE);
    if (join) return join_rows(rows, children, out, err);
    int64_t count = 0;
    sfi_buf_add_char(out, '[');
    sf_status rc = add_rows(rows, rows->query, children, out, &count, err);
    sfi_buf_add_char(out, ']');
    return rc;
}

/* ---- a file a relationship ---- */

/* accounts.csv and Contacts make accounts.Contacts.csv. */
static const char *file_name(cli *c, const char *parent, const char *relationship)
{
    const char *dot = strrchr(parent, '.'), *slash = strrchr(parent, '/');
    size_t stem = dot != NULL && (slash == NULL || dot > slash) ? (size_t)(dot - parent) : strlen(parent);
    return cli_textf(c, "%.*s.%s%s", (int)stem, parent, relationship, parent + stem);
}

static sf_status open_file(cli_rows *rows, size_t column, sf_error *err)
{
    if (rows->files == NULL) {
        rows->files = cli_alloc(rows->c, rows->count * sizeof *rows->files);
        for (size_t i = 0; i < rows->count; i++) rows->files[i].out.fd = -1;
    }
    struct cli_child_file *f = &rows->files[column];
    if (f->open) return SF_OK;
    f->path = file_name(rows->c, rows->c->output, rows->names[column]);
    sf_status rc = cli_out_open(&f->out, f->path, err);
    f->open = rc == SF_OK;
    return rc;
}

static void add_cell(struct cli_child_file *f, const cli_csv *csv, sf_str text)
{
    if (text.ptr != NULL)
        cli_csv_cell(&f->out, csv, text);
    else
        cli_csv_null(&f->out, csv);
}

static void add_header(struct cli_child_file *f, const cli_csv *csv, sf_query *child)
{
    if (csv->bom) cli_out_add_str(&f->out, "\xEF\xBB\xBF");
    cli_out_add_str(&f->out, "ParentId");
    for (size_t i = 0; i < sf_query_column_count(child); i++) {
        cli_out_add_char(&f->out, csv->delimiter);
        cli_csv_cell(&f->out, csv, sfi_str(sf_query_column(child, i).path));
    }
    cli_csv_end_row(&f->out, csv);
}

static sf_status add_child(cli_rows *rows, struct cli_child_file *f, sf_query *child, sf_value row, sf_str parent,
                           sf_error *err)
{
    add_cell(f, &rows->csv, parent);
    for (size_t i = 0; i < sf_query_column_count(child); i++) {
        sf_value value = sf_get(row, sf_query_column(child, i).path);
        cli_out_add_char(&f->out, rows->csv.delimiter);
        if (sf_value_type(value) != SF_OBJECT && sf_value_type(value) != SF_ARRAY) {
            add_cell(f, &rows->csv, sf_get_text(value, NULL));
            continue;
        }
        sfi_buf text = { 0 };
        sf_status rc = is_result(value) ? add_result(rows, child, value, &text, err) : add_plain(value, &text, err);
        if (rc == SF_OK) rc = sfi_buf_status(&text, err, "a value");
        if (rc == SF_OK) add_cell(f, &rows->csv, sfi_buf_str(&text));
        sfi_buf_free(&text);
        if (rc != SF_OK) return rc;
    }
    cli_csv_end_row(&f->out, &rows->csv);
    return SF_OK;
}

sf_status cli_children_to_file(cli_rows *rows, size_t column, sf_value row, sf_value children, int64_t *count,
                               sf_error *err)
{
    *count = 0;
    sf_status rc = open_file(rows, column, err);
    if (rc != SF_OK || sf_value_type(children) != SF_OBJECT) return rc;
    struct cli_child_file *f = &rows->files[column];
    sf_query *child = NULL;
    sf_value child_row;
    sf_str parent = sf_get_text(row, "Id");
    rc = sf_query_children(rows->query, children, &child, err);
    if (rc == SF_OK && f->rows.written == 0) add_header(f, &rows->csv, child);
    while (rc >= 0 && (rc = sf_query_next(child, &child_row, err)) == SF_ROW) {
        f->rows.written++;
        (*count)++;
        rc = add_child(rows, f, child, child_row, parent, err);
    }
    sf_query_close(child);
    return rc < 0 ? rc : SF_OK;
}

sf_status cli_children_files_end(cli_rows *rows, bool keep, sf_error *err)
{
    sf_status rc = SF_OK;
    for (size_t i = 0; rows->files != NULL && i < rows->count; i++) {
        struct cli_child_file *f = &rows->files[i];
        if (!f->open) continue;
        f->open = false;
        if (keep && f->rows.written > 0) cli_note(rows->c, "%lld rows to %s", (long long)f->rows.written, f->path);
        sf_status closed = cli_out_close(&f->out, keep && rc == SF_OK, rc == SF_OK ? err : NULL);
        if (rc == SF_OK) rc = closed;
    }
    return rc;
}
