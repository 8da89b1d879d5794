/*
 * rows.h: the rows of a query in every format. A row goes from the cursor to the sink without a copy in between where it can.
 * Threads: one, the cursor's.
 */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H
#include "cli.h"

typedef enum cli_children {
    CLI_CHILDREN_AUTO = 0,
    CLI_CHILDREN_JOIN,
    CLI_CHILDREN_JSON,
    CLI_CHILDREN_FILES
} cli_children;

typedef struct cli_column {
    const char *path; /* as the statement has it */
    size_t len;
    bool nested; /* holds a dot */
    bool is_children;
} cli_column;

typedef struct cli_rows {
    cli *c;
    sf_query *query; /* borrowed */
    cli_format format;
    cli_csv csv;
    cli_children children;
    cli_column *columns;
    const char **names; /* the same, for headings */
    size_t count;
    sf_str *cells;  /* of the row at hand; ptr NULL: null */
    sfi_buf *texts; /* a cell's own memory where the row has no text for it; one a column */
    cli_table *table;
    bool *right;
    struct cli_child_file *files; /* --children files: one a column; see children.c */
    bool begun;
    int64_t written;
} cli_rows;

void cli_rows_init(cli_rows *rows, cli *c, sf_query *query, cli_format format); /* columns are taken at the first row */
sf_status cli_rows_add(cli_rows *rows, sf_value row, sf_error *err);
sf_status cli_rows_end(cli_rows *rows, sf_error *err);
void cli_rows_clear(cli_rows *rows, bool keep_files);
/* All rows of the query to the sink, and the end of the run; clears rows. @return the exit code (cmd_query.c). */
int cli_rows_run(cli_rows *rows);

/* ---- child rows (children.c) ---- */
/* A row with all rows of its child results, however many pages they have, as compact JSON. */
sf_status cli_children_row_json(cli_rows *rows, sf_query *query, sf_value row, sfi_buf *out, sf_error *err);
/* The text of a cell that holds child rows. */
sf_status cli_children_cell(cli_rows *rows, sf_value children, sfi_buf *out, sf_error *err);
sf_status cli_children_to_file(cli_rows *rows, size_t column, sf_value row, sf_value children, int64_t *count,
                               sf_error *err);
sf_status cli_children_files_end(cli_rows *rows, bool keep, sf_error *err);
#endif
