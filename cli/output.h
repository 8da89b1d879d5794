/*
 * output.h: where data goes (a buffered sink, beside-and-rename for files) and how rows look in each format.
 * Threads: one.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H
#include <salesforce/value.h>
#include <signal.h>
#include "base/base_internal.h"

typedef enum cli_format {
    CLI_FORMAT_AUTO = 0,
    CLI_FORMAT_TABLE,
    CLI_FORMAT_CSV,
    CLI_FORMAT_JSON,
    CLI_FORMAT_NDJSON
} cli_format;
bool cli_format_parse(const char *text, cli_format *out); /* "human" is the table */
cli_format cli_format_of_file(const char *path);          /* by its ending; AUTO: none that we know */

/* SIGINT or SIGTERM when it came; 0: none. Set by the handler (session.c); long loops look at it. */
extern volatile sig_atomic_t cli_signal;

/* ---- the sink (out.c): a large buffer before write(2). Errors are kept and come back from cli_out_close ---- */
typedef struct cli_out {
    int fd;     /* -1: not open */
    char *data; /* the buffer, cap bytes */
    size_t len, cap;
    const char *path; /* the file it becomes, as it was given; NULL: stdout */
    char *target;     /* where that is: a symbolic link leads elsewhere */
    char *temporary;  /* its name until then */
    int error;        /* errno of the first failure; 0: none */
    bool broken_pipe; /* the reader went away */
    bool terminal;
    int64_t flushed_ms;
} cli_out;
enum { CLI_OUT_SIZE = 256 * 1024 };

sf_status cli_out_open(cli_out *out, const char *path, sf_error *err); /* NULL or "-": stdout */
void cli_out_flush(cli_out *out);
void cli_out_flush_stale(cli_out *out); /* flushes when what waits is older than a tenth of a second */
void cli_out_add_long(cli_out *out, const char *data, size_t len);
sf_status cli_out_close(cli_out *out, bool keep, sf_error *err); /* keep false: the file is taken away again */

/* Room for len bytes (at most CLI_OUT_SIZE). */
static inline char *cli_out_room(cli_out *out, size_t len)
{
    if (out->cap - out->len < len) cli_out_flush(out);
    return out->data + out->len;
}

static inline void cli_out_add(cli_out *out, const char *data, size_t len)
{
    if (len > out->cap - out->len) {
        cli_out_add_long(out, data, len);
        return;
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
}

static inline void cli_out_add_char(cli_out *out, char ch)
{
    *cli_out_room(out, 1) = ch;
    out->len++;
}

static inline void cli_out_add_str(cli_out *out, const char *s)
{
    cli_out_add(out, s, strlen(s));
}

/* ---- CSV (csvout.c) ---- */
typedef struct cli_csv {
    char delimiter;
    bool crlf, bom;
    const char *null_text; /* what a null becomes; "" by default */
    size_t null_len;
} cli_csv;
bool cli_csv_delimiter(const char *text, char *out); /* one ASCII character, or tab, comma, semicolon, pipe, space */
void cli_csv_cell(cli_out *out, const cli_csv *csv,
                  sf_str text); /* quoted where needed; an empty text becomes "" when nulls are empty too */
void cli_csv_null(cli_out *out, const cli_csv *csv);
void cli_csv_header(cli_out *out, const cli_csv *csv, const char *const *names, size_t count);
void cli_csv_end_row(cli_out *out, const cli_csv *csv);

/* ---- a table on the terminal (table.c, libsmartcols). The first rows set the widths, the rest streams ---- */
typedef struct cli_table cli_table;
typedef struct cli_table_options {
    bool terminal; /* cut to its width */
    bool color;
    bool no_heading;
    const bool *right; /* columns to set flush right; NULL: none */
} cli_table_options;
sf_status cli_table_new(cli_out *out, const char *const *names, size_t count, const cli_table_options *options,
                        cli_table **table, sf_error *err);
sf_status cli_table_add(cli_table *table, const sf_str *cells, sf_error *err); /* ptr NULL: null */
sf_status cli_table_end(cli_table *table, sf_error *err);                      /* prints what waits */
void cli_table_free(cli_table *table);

/* ---- a small result that is in memory: every format (grid.c) ---- */
typedef struct cli_grid {
    const char *const *names;
    size_t columns;
    const char **cells; /* rows × columns, NULL: null */
    size_t rows;
    size_t cap;        /* cells that there is room for; arena memory */
    const bool *right; /* numbers: flush right in the table, bare in JSON */
    bool record;       /* one row, shown as NAME VALUE lines in the table */
} cli_grid;
struct cli;
void cli_grid_add(struct cli *c, cli_grid *grid, const char *const *cells); /* pointers kept, not copied */
sf_status cli_grid_print(struct cli *c, const cli_grid *grid, sf_error *err);
void cli_grid_json(const cli_grid *grid, sfi_buf *out,
                   bool lines); /* an array of objects (record: one object), or one a line */
#endif
