/* report_rows.c: see reports.h. A result is two lists, the rows and the totals, both with their groups in the first columns: a table
 * shows one below the other, csv and ndjson have one of them, json has both. They are in memory: an answer holds 2,000 rows at most. */
#include "reports.h"

typedef struct lists {
    cli *c;
    sf_report_result *r;
    const cli_report_print *how;
    bool show_labels;
    cli_grid rows, totals;
} lists;

/* ---- headings ---- */

static bool is_number(const char *type)
{
    static const char *const types[] = { "int", "double", "currency", "percent" };
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (strcmp(type, types[i]) == 0) return true;
    return false;
}

/* Names of groups and then of a part's columns. */
static void begin_grid(lists *l, sf_report_part part, cli_grid *grid)
{
    static const sf_report_part sides[] = { SF_REPORT_DOWN, SF_REPORT_ACROSS };
    size_t n = 0, most = sf_report_column_count(l->r, part) + sf_report_column_count(l->r, SF_REPORT_DOWN) +
                         sf_report_column_count(l->r, SF_REPORT_ACROSS);
    const char **names = cli_alloc(l->c, (most + 1) * sizeof *names);
    bool *right = cli_alloc(l->c, (most + 1) * sizeof *right);
    for (size_t s = 0; s < SFI_COUNT_OF(sides); s++)
        for (size_t i = 0; i < sf_report_column_count(l->r, sides[s]); i++) {
            sf_report_column column = sf_report_column_at(l->r, sides[s], i);
            names[n++] = cli_strdup(l->c, l->show_labels ? column.label : column.name);
        }
    for (size_t i = 0; i < sf_report_column_count(l->r, part); i++, n++) {
        sf_report_column column = sf_report_column_at(l->r, part, i);
        names[n] = cli_strdup(l->c, l->show_labels ? column.label : column.name);
        right[n] = is_number(column.type);
    }
    *grid = (cli_grid){ .names = names, .columns = n, .right = right };
}

/* ---- cells ---- */

/* What a program wants of a value: numbers and dates as they are, names instead of ids, nothing for nothing. */
static const char *plain(cli *c, const char *label, sf_value value, const char *type)
{
    if (value.type == SF_NULL || value.type == SF_MISSING) return NULL;
    if (value.type == SF_OBJECT) return cli_strdup(c, sf_get_str(value, "amount"));
    bool as_is =
        is_number(type) || strcmp(type, "date") == 0 || strcmp(type, "datetime") == 0 || strcmp(type, "boolean") == 0;
    return cli_strdup(c, as_is || label == NULL ? sf_get_str(value, NULL) : label);
}

static const char *cell(lists *l, const sf_report_cell *cell_, const char *type)
{
    return l->how->labels || l->show_labels ? cli_strdup(l->c, cell_->label)
                                            : plain(l->c, cell_->label, cell_->value, type);
}

static size_t add_groups(lists *l, const char **cells, sf_report_part part, const sf_report_group *groups, size_t count)
{
    size_t n = sf_report_column_count(l->r, part);
    for (size_t i = 0; i < n; i++) {
        sf_report_column column = sf_report_column_at(l->r, part, i);
        if (i >= count)
            cells[i] = l->show_labels ? i == count ? "Total" : "" : NULL;
        else if (l->how->labels || l->show_labels || strcmp(column.type, "date") != 0)
            cells[i] = l->show_labels || groups[i].value.type != SF_NULL ? cli_strdup(l->c, groups[i].label) : NULL;
        else
            cells[i] = plain(l->c, groups[i].label, groups[i].value, column.type);
    }
    return n;
}

static sf_status take_rows(lists *l, sf_status *end, sf_error *err)
{
    sf_report_row row;
    begin_grid(l, SF_REPORT_DETAILS, &l->rows);
    const char **cells = cli_alloc(l->c, (l->rows.columns + 1) * sizeof *cells);
    while ((*end = sf_report_next(l->r, &row, err)) == SF_ROW) {
        size_t n = add_groups(l, cells, SF_REPORT_DOWN, row.down, row.down_count);
        n += add_groups(l, cells + n, SF_REPORT_ACROSS, row.across, row.across_count);
        for (size_t i = 0; i < row.cell_count; i++)
            cells[n++] = cell(l, &row.cells[i], sf_report_column_at(l->r, SF_REPORT_DETAILS, i).type);
        cli_grid_add(l->c, &l->rows, cells);
    }
    return *end == SF_DONE || *end == SF_ERR_TRUNCATED ? SF_OK : *end;
}

static sf_status take_totals(lists *l, sf_error *err)
{
    sf_report_fact fact;
    begin_grid(l, SF_REPORT_AGGREGATES, &l->totals);
    const char **cells = cli_alloc(l->c, (l->totals.columns + 1) * sizeof *cells);
    for (size_t i = 0; i < sf_report_fact_count(l->r); i++) {
        sf_status rc = sf_report_fact_at(l->r, i, &fact, err);
        if (rc < 0) return rc;
        size_t n = add_groups(l, cells, SF_REPORT_DOWN, fact.down, fact.down_count);
        n += add_groups(l, cells + n, SF_REPORT_ACROSS, fact.across, fact.across_count);
        for (size_t k = 0; k < fact.aggregate_count && n < l->totals.columns; k++)
            cells[n++] = cell(l, &fact.aggregates[k], sf_report_column_at(l->r, SF_REPORT_AGGREGATES, k).type);
        cli_grid_add(l->c, &l->totals, cells);
    }
    return SF_OK;
}

/* ---- printing ---- */

static void add_member(sfi_buf *out, const char *name, bool value)
{
    sfi_buf_addf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static int print_json(lists *l, const sf_report_info *info)
{
    sfi_buf text = { 0 };
    sfi_buf_add_char(&text, '{');
    cli_json_add_member(&text, "id", info->report_id);
    cli_json_add_member(&text, "name", info->name);
    cli_json_add_member(&text, "format", info->format);
    if (text.len == 1) cli_json_add_member(&text, "format", "");
    add_member(&text, "allData", info->all_data);
    add_member(&text, "rowLimitExceeded", info->row_limit_exceeded);
    sfi_buf_add_str(&text, ",\"rows\":");
    cli_grid_json(&l->rows, &text, false);
    sfi_buf_add_str(&text, ",\"totals\":");
    cli_grid_json(&l->totals, &text, false);
    sfi_buf_add_char(&text, '}');
    if (text.failed) cli_no_memory();
    int code = cli_finish_json(l->c, sfi_buf_str(&text));
    sfi_buf_free(&text);
    return code;
}

static int print_lists(lists *l, const sf_report_info *info)
{
    sf_error err;
    cli *c = l->c;
    bool table = c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE;
    if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
    bool rows = table ? info->has_details && l->rows.columns > 0 : !l->how->totals && info->has_details;
    bool totals = table ? l->totals.columns > 0 : !rows;
    sf_status rc = rows ? cli_grid_print(c, &l->rows, &err) : SF_OK;
    if (rc == SF_OK && rows && totals) cli_out_add_char(&c->out, '\n');
    if (rc == SF_OK && totals) rc = cli_grid_print(c, &l->totals, &err);
    return rc == SF_OK ? cli_finish_output(c) : cli_fail_error(c, &err);
}

int cli_report_finish(cli *c, sf_report_result *r, const cli_report_print *how)
{
    sf_error err;
    sf_report_info info;
    sf_status end = SF_DONE;
    sf_report_get_info(r, &info);
    if (how->raw) return cli_finish_value(c, sf_report_document(r));
    bool json = c->json || c->format == CLI_FORMAT_JSON;
    bool table = !json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE);
    lists l = { .c = c, .r = r, .how = how, .show_labels = table };
    sf_status rc = take_rows(&l, &end, &err);
    if (rc == SF_OK) rc = take_totals(&l, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    int code = json ? print_json(&l, &info) : print_lists(&l, &info);
    if (code == CLI_OK && end == SF_ERR_TRUNCATED) {
        cli_warn(c,
                 "the org put %lld rows into its answer and left the others out (the totals count them): narrow it "
                 "with --filter",
                 (long long)info.rows);
        code = CLI_LIMIT;
    }
    return code;
}
