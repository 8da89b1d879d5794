/* grid.c: small results that are in memory, in every format: see output.h. */
#include "cli.h"

void cli_grid_add(cli *c, cli_grid *grid, const char *const *cells)
{
    size_t used = grid->rows * grid->columns;
    if (used + grid->columns > grid->cap) {
        size_t cap = grid->cap > 0 ? grid->cap * 2 : grid->columns * 32;
        const char **bigger = cli_alloc(c, cap * sizeof *bigger);
        if (used > 0) memcpy(bigger, grid->cells, used * sizeof *bigger);
        grid->cells = bigger;
        grid->cap = cap;
    }
    memcpy(grid->cells + used, cells, grid->columns * sizeof *cells);
    grid->rows++;
}

static void row_json(const cli_grid *grid, size_t row, sfi_buf *out)
{
    sfi_buf_add_char(out, '{');
    for (size_t i = 0; i < grid->columns; i++) {
        const char *cell = grid->cells[row * grid->columns + i];
        if (i > 0) sfi_buf_add_char(out, ',');
        cli_json_add_string(out, sfi_str(grid->names[i]));
        sfi_buf_add_char(out, ':');
        if (cell == NULL)
            sfi_buf_add_str(out, "null");
        else if (grid->right != NULL && grid->right[i] && cell[0] != 0)
            sfi_buf_add_str(out, cell);
        else
            cli_json_add_string(out, sfi_str(cell));
    }
    sfi_buf_add_char(out, '}');
}

void cli_grid_json(const cli_grid *grid, sfi_buf *out, bool lines)
{
    if (grid->record && grid->rows == 1) {
        row_json(grid, 0, out);
        if (lines) sfi_buf_add_char(out, '\n');
        return;
    }
    if (!lines) sfi_buf_add_char(out, '[');
    for (size_t row = 0; row < grid->rows; row++) {
        if (row > 0 && !lines) sfi_buf_add_str(out, ",\n");
        row_json(grid, row, out);
        if (lines) sfi_buf_add_char(out, '\n');
    }
    if (!lines) sfi_buf_add_char(out, ']');
}

static void print_csv(cli *c, const cli_grid *grid)
{
    cli_csv csv = { .delimiter = ',', .null_text = "" };
    cli_csv_header(&c->out, &csv, grid->names, grid->columns);
    for (size_t k = 0; k < grid->rows * grid->columns; k++) {
        if (k % grid->columns > 0) cli_out_add_char(&c->out, csv.delimiter);
        if (grid->cells[k] != NULL)
            cli_csv_cell(&c->out, &csv, sfi_str(grid->cells[k]));
        else
            cli_csv_null(&c->out, &csv);
        if (k % grid->columns == grid->columns - 1) cli_csv_end_row(&c->out, &csv);
    }
}

/* A record stands upright: a name and its value a line. */
static sf_status print_record(cli *c, const cli_grid *grid, sf_error *err)
{
    static const char *const names[] = { "name", "value" };
    cli_table *table = NULL;
    cli_table_options options = { .terminal = c->out.terminal, .no_heading = true };
    sf_status rc = cli_table_new(&c->out, names, 2, &options, &table, err);
    for (size_t i = 0; i < grid->columns && rc == SF_OK; i++) {
        sf_str cells[2] = { sfi_str(grid->names[i]), sfi_str(grid->cells[i]) };
        if (cells[1].ptr == NULL) cells[1] = sfi_str("");
        rc = cli_table_add(table, cells, err);
    }
    if (rc == SF_OK) rc = cli_table_end(table, err);
    cli_table_free(table);
    return rc;
}

static sf_status print_table(cli *c, const cli_grid *grid, sf_error *err)
{
    cli_table *table = NULL;
    cli_table_options options = { .terminal = c->out.terminal,
                                  .color = c->color && c->out.terminal,
                                  .right = grid->right };
    sf_status rc = cli_table_new(&c->out, grid->names, grid->columns, &options, &table, err);
    sf_str *cells = cli_alloc(c, grid->columns * sizeof *cells);
    for (size_t row = 0; row < grid->rows && rc == SF_OK; row++) {
        for (size_t i = 0; i < grid->columns; i++) cells[i] = sfi_str(grid->cells[row * grid->columns + i]);
        rc = cli_table_add(table, cells, err);
    }
    if (rc == SF_OK) rc = cli_table_end(table, err);
    cli_table_free(table);
    return rc;
}

sf_status cli_grid_print(cli *c, const cli_grid *grid, sf_error *err)
{
    if (c->format == CLI_FORMAT_CSV) {
        print_csv(c, grid);
        return SF_OK;
    }
    if (c->format == CLI_FORMAT_NDJSON || c->format == CLI_FORMAT_JSON) {
        sfi_buf text = { 0 };
        cli_grid_json(grid, &text, c->format == CLI_FORMAT_NDJSON);
        sf_status rc = sfi_buf_status(&text, err, "output");
        if (rc == SF_OK && text.len > 0) cli_out_add(&c->out, text.data, text.len);
        sfi_buf_free(&text);
        return rc;
    }
    return grid->record && grid->rows == 1 ? print_record(c, grid, err) : print_table(c, grid, err);
}
