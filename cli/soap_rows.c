/* soap_rows.c: see soap_rows.h. The one idea: what was done is always told. When a later call fails, the rows of the earlier ones
 * are printed all the same, those of the failed call hold its error, and the rest says that it was not sent. */
#include "soap_rows.h"

const char *cli_soap_id(cli *c, sf_id id)
{
    return id.text[0] != 0 ? cli_strdup(c, id.text) : NULL;
}

sf_status cli_soap_ids(cli *c, size_t first, const char *const **out, size_t *count, sf_error *err)
{
    for (size_t i = first; i < c->args.count; i++)
        if (sfi_id_make(sfi_str(c->args.words[i])).text[0] == 0)
            return sfi_fail(err, SF_ERR_USAGE, "%.80s is no record id (15 or 18 letters and digits)", c->args.words[i]);
    *out = c->args.words + first;
    *count = c->args.count - first;
    return *count > 0 ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "no record id was given");
}

/* "CODE: message" of all errors of a row, and the fields they name. */
static const char *error_of(cli *c, const sf_soap_result *row)
{
    const char *text = NULL;
    if (row->success) return NULL;
    for (size_t i = 0; i < row->error_count; i++) {
        const sf_soap_error *e = &row->errors[i];
        text = cli_textf(c, "%s%s%.80s: %.2000s%s%.200s%s", text != NULL ? text : "", text != NULL ? "; " : "", e->code,
                         e->message, e->fields[0] != 0 ? " (" : "", e->fields, e->fields[0] != 0 ? ")" : "");
    }
    return text != NULL ? text : "no reason was given";
}

static void add_row(cli *c, const cli_soap_job *job, cli_grid *grid, const char *id, const sf_soap_result *row,
                    const char *error)
{
    const char *cells[CLI_SOAP_COLUMNS_MAX] = { NULL };
    cells[0] = id;
    cells[1] = row != NULL && row->success ? "true" : "false";
    if (row != NULL && job->fill != NULL) job->fill(c, row, cells);
    cells[job->columns - 1] = error;
    cli_grid_add(c, grid, cells);
}

static size_t add_results(cli *c, const cli_soap_job *job, cli_grid *grid, const char *const *ids,
                          const sf_soap_results *results)
{
    for (size_t i = 0; i < sf_soap_results_count(results); i++) {
        const sf_soap_result *row = sf_soap_results_at(results, i);
        const char *id = row->success && row->id.text[0] != 0 ? cli_soap_id(c, row->id) : ids[i];
        add_row(c, job, grid, id, row, error_of(c, row));
    }
    return sf_soap_results_failed(results);
}

static void add_unsent(cli *c, const cli_soap_job *job, cli_grid *grid, const char *const *ids, size_t count,
                       const char *error)
{
    for (size_t i = 0; i < count; i += job->one_row ? count : 1) add_row(c, job, grid, ids[i], NULL, error);
}

int cli_soap_run(cli *c, const cli_soap_job *job)
{
    sf_error err = { 0 };
    sf_status rc = SF_OK;
    bool right[CLI_SOAP_COLUMNS_MAX] = { false, true }; /* true and false stand bare in JSON */
    cli_grid grid = { .names = job->names, .columns = job->columns, .right = right };
    size_t failed = 0, at = 0;
    for (size_t n; rc == SF_OK && at < job->count; at += n) {
        n = job->count - at < job->chunk ? job->count - at : job->chunk;
        sf_soap_results *results = NULL;
        rc = job->send(c, job->ctx, job->ids + at, n, &results, &err);
        if (rc == SF_OK) failed += add_results(c, job, &grid, job->ids + at, results);
        if (rc != SF_OK && grid.rows == 0) return cli_fail_error(c, &err);
        if (rc != SF_OK) add_unsent(c, job, &grid, job->ids + at, n, cli_strdup(c, err.message));
        sf_soap_results_free(results);
    }
    size_t sent = grid.rows;
    if (rc != SF_OK && at < job->count) add_unsent(c, job, &grid, job->ids + at, job->count - at, "not sent");
    if (failed > 0) c->ended = CLI_ROWS;
    if (rc != SF_OK) {
        c->ended = cli_exit_of(&err);
        cli_warn(c, "sforce: after %zu of %zu rows: %s", sent, grid.rows, err.message);
    } else if (failed > 0) {
        cli_note(c, "%s %zu of %zu %ss; the column error says why not.", job->done, grid.rows - failed, grid.rows,
                 job->thing);
    } else {
        cli_note(c, "%s %zu %s%s.", job->done, grid.rows, job->thing, grid.rows == 1 ? "" : "s");
    }
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}
