/* rows.c: see rows.h. The members of a row come in the order of the statement, so the columns are read in one walk over the row; only
 * what is not where it is expected is looked up by name. NDJSON and JSON hand on the row's own bytes. */
#include "rows.h"

void cli_rows_init(cli_rows *rows, cli *c, sf_query *query, cli_format format)
{
    *rows = (cli_rows){ .c = c,
                        .query = query,
                        .format = format == CLI_FORMAT_AUTO ? CLI_FORMAT_TABLE : format,
                        .csv = { .delimiter = ',', .null_text = "" } };
}

static void take_columns(cli_rows *rows)
{
    size_t n = sf_query_column_count(rows->query);
    rows->count = n;
    rows->columns = cli_alloc(rows->c, n * sizeof *rows->columns);
    rows->names = cli_alloc(rows->c, n * sizeof *rows->names);
    rows->cells = cli_alloc(rows->c, n * sizeof *rows->cells);
    rows->texts = cli_alloc(rows->c, n * sizeof *rows->texts);
    rows->right = cli_alloc(rows->c, n * sizeof *rows->right);
    for (size_t i = 0; i < n; i++) {
        sf_column column = sf_query_column(rows->query, i);
        const char *path = cli_strdup(rows->c, column.path);
        rows->columns[i] = (cli_column){ path, strlen(path), strchr(path, '.') != NULL, column.is_children };
        rows->names[i] = path;
    }
}

static sf_status begin_table(cli_rows *rows, sf_error *err)
{
    cli_table_options options = { .terminal = rows->c->out.terminal,
                                  .color = rows->c->color && rows->c->out.terminal,
                                  .right = rows->right };
    return cli_table_new(&rows->c->out, rows->names, rows->count, &options, &rows->table, err);
}

/* Headings; called by the first add, or at an empty end. */
static sf_status begin(cli_rows *rows, sf_error *err)
{
    if (rows->begun) return SF_OK;
    rows->begun = true;
    if (rows->columns == NULL) take_columns(rows);
    cli_out *out = &rows->c->out;
    switch (rows->format) {
    case CLI_FORMAT_CSV: cli_csv_header(out, &rows->csv, rows->names, rows->count); return SF_OK;
    case CLI_FORMAT_JSON: cli_out_add_str(out, rows->c->json ? "{\"result\":{\"records\":[" : "["); return SF_OK;
    case CLI_FORMAT_NDJSON: return SF_OK;
    default: return begin_table(rows, err);
    }
}

/* ---- from row to cells ---- */

/* Where the walk over a row's members stands. */
typedef struct walk {
    sf_iter it;
    sf_str key;
    sf_value value;
    bool have, ended, entered; /* entered: a parent that some columns were taken from */
} walk;

static bool is_parent_of(sf_str key, const cli_column *column)
{
    return column->nested && key.len < column->len && column->path[key.len] == '.' &&
           memcmp(key.ptr, column->path, key.len) == 0;
}

static sf_value column_value(walk *w, sf_value row, const cli_column *column)
{
    while (!w->ended) {
        if (!w->have && !sf_iter_next(&w->it, &w->key, &w->value)) {
            w->ended = true;
            break;
        }
        w->have = true;
        if (w->key.len == column->len && memcmp(w->key.ptr, column->path, column->len) == 0) {
            w->have = w->entered = false;
            return w->value;
        }
        if (is_parent_of(w->key, column)) {
            w->entered = true;
            return sf_get(w->value, column->path + w->key.len + 1);
        }
        if (!w->entered && !sfi_str_is(w->key, "attributes")) break; /* an order of its own: by name */
        w->have = w->entered = false;
    }
    return sf_get(row, column->path);
}

static sf_status compound_text(cli_rows *rows, size_t i, sf_value value, sf_error *err)
{
    sfi_buf *text = &rows->texts[i];
    sfi_buf_clear(text);
    sf_status rc = SF_OK;
    if (rows->columns[i].is_children) {
        rc = cli_children_cell(rows, value, text, err);
    } else {
        char *json = NULL;
        size_t len = 0;
        rc = sf_value_to_json(value, &json, &len, err);
        if (rc == SF_OK) sfi_buf_add(text, json, len);
        sf_free(json);
    }
    if (rc == SF_OK) rc = sfi_buf_status(text, err, "a value");
    if (rc == SF_OK) rows->cells[i] = (sf_str){ text->data != NULL ? text->data : "", text->len };
    return rc;
}

static sf_status children_count(cli_rows *rows, size_t i, sf_value row, sf_value value, sf_error *err)
{
    int64_t count = 0;
    sf_status rc = cli_children_to_file(rows, i, row, value, &count, err);
    sfi_buf_clear(&rows->texts[i]);
    sfi_buf_addf(&rows->texts[i], "%lld", (long long)count);
    rows->cells[i] = sfi_buf_str(&rows->texts[i]);
    return rc;
}

static sf_status read_cells(cli_rows *rows, sf_value row, sf_error *err)
{
    walk w = { .it = sf_iter_begin(row) };
    for (size_t i = 0; i < rows->count; i++) {
        sf_value value = column_value(&w, row, &rows->columns[i]);
        sf_type type = sf_value_type(value);
        sf_status rc = SF_OK;
        rows->cells[i] = (sf_str){ NULL, 0 };
        if (rows->columns[i].is_children && rows->children == CLI_CHILDREN_FILES)
            rc = children_count(rows, i, row, value, err);
        else if (type == SF_OBJECT || type == SF_ARRAY)
            rc = compound_text(rows, i, value, err);
        else
            rows->cells[i] = sf_get_text(value, NULL);
        if (rc != SF_OK) return rc;
        if (!rows->begun) rows->right[i] = type == SF_NUMBER;
    }
    return SF_OK;
}

/* ---- from cells to the sink ---- */

static void add_csv(cli_rows *rows)
{
    cli_out *out = &rows->c->out;
    for (size_t i = 0; i < rows->count; i++) {
        if (i > 0) cli_out_add_char(out, rows->csv.delimiter);
        if (rows->cells[i].ptr != NULL)
            cli_csv_cell(out, &rows->csv, rows->cells[i]);
        else
            cli_csv_null(out, &rows->csv);
    }
    cli_csv_end_row(out, &rows->csv);
}

static bool has_children(const cli_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->columns[i].is_children) return true;
    return false;
}

static sf_status add_json(cli_rows *rows, sf_value row, sf_error *err)
{
    cli_out *out = &rows->c->out;
    if (rows->format == CLI_FORMAT_JSON) cli_out_add_str(out, rows->written > 0 ? ",\n" : "\n");
    sf_status rc = SF_OK;
    sf_str raw = has_children(rows) ? (sf_str){ NULL, 0 } : sf_value_raw_json(row);
    if (raw.ptr != NULL) {
        cli_out_add(out, raw.ptr, raw.len);
    } else {
        sfi_buf text = { 0 };
        rc = cli_children_row_json(rows, rows->query, row, &text, err);
        if (rc == SF_OK) rc = sfi_buf_status(&text, err, "a row");
        if (rc == SF_OK) cli_out_add(out, text.data, text.len);
        sfi_buf_free(&text);
    }
    if (rows->format == CLI_FORMAT_NDJSON) cli_out_add_char(out, '\n');
    return rc;
}

sf_status cli_rows_add(cli_rows *rows, sf_value row, sf_error *err)
{
    sf_status rc = SF_OK;
    if (rows->columns == NULL) take_columns(rows);
    bool json = rows->format == CLI_FORMAT_JSON || rows->format == CLI_FORMAT_NDJSON;
    if (!json) rc = read_cells(rows, row, err); /* before the headings: the first row says which columns are numbers */
    if (rc == SF_OK) rc = begin(rows, err);
    if (rc == SF_OK && rows->format == CLI_FORMAT_CSV)
        add_csv(rows);
    else if (rc == SF_OK)
        rc = json ? add_json(rows, row, err) : cli_table_add(rows->table, rows->cells, err);
    if (rc != SF_OK) return rc;
    rows->written++;
    if (rows->written == 1 || (rows->written & 15) == 0) cli_out_flush_stale(&rows->c->out);
    cli_out *out = &rows->c->out;
    return out->error == 0 ? SF_OK
                           : sfi_fail(err, SF_ERR_IO, "cannot write %s: %s", out->path != NULL ? out->path : "stdout",
                                      strerror(out->error));
}

sf_status cli_rows_end(cli_rows *rows, sf_error *err)
{
    sf_status rc = begin(rows, err);
    if (rc == SF_OK && rows->format == CLI_FORMAT_JSON && !rows->c->json)
        cli_out_add_str(&rows->c->out, rows->written > 0 ? "\n]\n" : "]\n");
    if (rc == SF_OK && rows->table != NULL) rc = cli_table_end(rows->table, err);
    return rc;
}

void cli_rows_clear(cli_rows *rows, bool keep_files)
{
    (void)cli_children_files_end(rows, keep_files, NULL); /* ended before with its error when the run went well */
    cli_table_free(rows->table);
    for (size_t i = 0; i < rows->count; i++) sfi_buf_free(&rows->texts[i]);
    rows->table = NULL;
    rows->count = 0;
}
