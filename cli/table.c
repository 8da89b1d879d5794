/* table.c: tables by libsmartcols: see output.h. The first SAMPLE rows are held back to find the widths; then each further
 * batch is set with these widths as its least, so that a table of any length streams in flat memory. On a terminal what is
 * wider than its column is cut, so that lines stay lines. */
#include "output.h"
#include <langinfo.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdlib.h>

enum { SAMPLE = 200, CELL_MAX = 4096 };

struct cli_table {
    cli_out *out;
    struct libscols_table *scols;
    size_t columns, waiting;
    size_t *widths; /* of the columns as they were printed first; 0: not yet */
    cli_table_options options;
    bool printed;
    char *text; /* what smartcols prints a batch into */
    size_t text_len;
    FILE *stream;
};

static sf_status add_columns(cli_table *t, const char *const *names, const bool *right, sf_error *err)
{
    for (size_t i = 0; i < t->columns; i++) {
        int flags = (t->options.terminal && !(right != NULL && right[i]) ? SCOLS_FL_TRUNC : 0) |
                    (right != NULL && right[i] ? SCOLS_FL_RIGHT : 0);
        struct libscols_column *column = scols_table_new_column(t->scols, names[i], 0, flags);
        if (column == NULL) return sfi_fail_memory(err, "a table");
        if (t->options.color) scols_cell_set_color(scols_column_get_header(column), "bold");
    }
    return SF_OK;
}

/* smartcols measures characters by the locale; what the org sends is UTF-8 whatever the locale says. */
static void set_locale(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* else escapes are shown */
}

sf_status cli_table_new(cli_out *out, const char *const *names, size_t count, const cli_table_options *options,
                        cli_table **table, sf_error *err)
{
    *table = NULL;
    set_locale();
    scols_init_debug(0);
    cli_table *t = sfi_calloc(sizeof *t);
    if (t == NULL) return sfi_fail_memory(err, "a table");
    t->out = out;
    t->columns = count;
    t->options = *options;
    t->widths = sfi_calloc_n(count > 0 ? count : 1, sizeof *t->widths);
    t->scols = scols_new_table();
    t->stream = open_memstream(&t->text, &t->text_len);
    if (t->widths == NULL || t->scols == NULL || t->stream == NULL) {
        cli_table_free(t);
        return sfi_fail_memory(err, "a table");
    }
    scols_table_set_stream(t->scols, t->stream);
    scols_table_enable_noheadings(t->scols, options->no_heading);
    scols_table_enable_colors(t->scols, options->color);
    scols_table_set_column_separator(t->scols, "  ");
    scols_table_set_termforce(t->scols, options->terminal ? SCOLS_TERMFORCE_AUTO : SCOLS_TERMFORCE_NEVER);
    sf_status rc = add_columns(t, names, options->right, err);
    if (rc != SF_OK) {
        cli_table_free(t);
        return rc;
    }
    *table = t;
    return SF_OK;
}

/* What has been printed sets the least widths of what follows; its heading is not repeated. */
static void fix_widths(cli_table *t)
{
    for (size_t i = 0; i < t->columns; i++) {
        struct libscols_column *column = scols_table_get_column(t->scols, i);
        size_t width = scols_column_get_width(column);
        if (width > t->widths[i]) t->widths[i] = width;
        scols_column_set_whint(column, (double)t->widths[i]);
    }
    scols_table_enable_noheadings(t->scols, 1);
}

static sf_status print_batch(cli_table *t, sf_error *err)
{
    rewind(t->stream);
    if (scols_print_table(t->scols) != 0) return sfi_fail_memory(err, "a table");
    if (fflush(t->stream) != 0) return sfi_fail_memory(err, "a table");
    cli_out_add(t->out, t->text, t->text_len);
    if (t->text_len > 0 && t->text[t->text_len - 1] != '\n') cli_out_add_char(t->out, '\n');
    cli_out_flush(t->out);
    fix_widths(t);
    scols_table_remove_lines(t->scols);
    t->waiting = 0;
    t->printed = true;
    return SF_OK;
}

/* Cells are one line: what would break it becomes a blank. Bytes that are no UTF-8 are left to smartcols, which shows them. */
static size_t make_line(char *to, sf_str from)
{
    size_t n = from.len < CELL_MAX - 4 ? from.len : CELL_MAX - 4;
    while (n > 0 && n < from.len && ((unsigned char)from.ptr[n] & 0xC0) == 0x80) n--; /* not inside a character */
    for (size_t i = 0; i < n; i++) to[i] = (unsigned char)from.ptr[i] < 0x20 || from.ptr[i] == 0x7F ? ' ' : from.ptr[i];
    if (n < from.len) {
        memcpy(to + n, "\xE2\x80\xA6", 3);
        n += 3;
    }
    to[n] = 0;
    return n;
}

sf_status cli_table_add(cli_table *t, const sf_str *cells, sf_error *err)
{
    struct libscols_line *line = scols_table_new_line(t->scols, NULL);
    if (line == NULL) return sfi_fail_memory(err, "a table");
    for (size_t i = 0; i < t->columns; i++) {
        if (cells[i].ptr == NULL) continue;
        char text[CELL_MAX];
        make_line(text, cells[i]);
        if (scols_line_set_data(line, i, text) != 0) return sfi_fail_memory(err, "a table");
    }
    return ++t->waiting < SAMPLE ? SF_OK : print_batch(t, err);
}

sf_status cli_table_end(cli_table *t, sf_error *err)
{
    if (t->waiting > 0) return print_batch(t, err);
    return SF_OK;
}

void cli_table_free(cli_table *t)
{
    if (t == NULL) return;
    if (t->scols != NULL) scols_unref_table(t->scols);
    if (t->stream != NULL) fclose(t->stream);
    free(t->text);
    sfi_free(t->widths);
    sfi_free(t);
}
