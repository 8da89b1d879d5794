/*
 * jobs_classic.c: the verbs of `sforce jobs` for jobs of Bulk API 1.0, which the org lists beside those of 2.0: see jobs.h.
 * What such a job says of itself lags behind, so it is summed up from its batches.
 */
#include "jobs.h"

typedef struct sums {
    int64_t batches, waiting, completed, failed_batches, skipped; /* skipped: not processed */
    int64_t processed, failed;                                    /* rows */
    char message[512];                                            /* of the first batch that failed as a whole */
} sums;

static sf_status sum_up(cli *c, const sf_bulk1_job *job, sums *out, sf_error *err)
{
    sf_bulk1_batches *list = NULL;
    sf_bulk1_batch b;
    *out = (sums){ .batches = 0 };
    sf_status rc = sf_bulk1_batches_open(c->sf, job->id.text, &c->call, &list, err);
    while (rc >= 0 && (rc = sf_bulk1_batches_next(list, &b, err)) == SF_ROW) {
        out->batches++;
        out->completed += b.state == SF_BULK1_BATCH_COMPLETED;
        out->skipped += b.state == SF_BULK1_BATCH_NOT_PROCESSED;
        out->failed_batches += b.state == SF_BULK1_BATCH_FAILED;
        out->processed += b.processed > 0 ? b.processed : 0;
        out->failed += b.failed > 0 ? b.failed : 0;
        if (b.state == SF_BULK1_BATCH_FAILED && out->message[0] == 0)
            snprintf(out->message, sizeof out->message, "%s", b.message[0] != 0 ? b.message : "a batch failed");
    }
    out->waiting = out->batches - out->completed - out->skipped - out->failed_batches;
    sf_bulk1_batches_close(list);
    return rc < 0 ? rc : SF_OK;
}

static const char *format_name(sf_bulk1_format format)
{
    static const char *const names[] = { "CSV", "JSON", "XML", "ZIP_CSV", "ZIP_JSON", "ZIP_XML" };
    return (size_t)format < SFI_COUNT_OF(names) ? names[format] : "?";
}

static int print_job(cli *c, const sf_bulk1_job *j, const sums *n)
{
    static const char *const names[] = { "Id",      "State",   "Type",      "Operation", "Object", "Format",
                                         "Created", "Batches", "Processed", "Failed",    "Error" };
    char time[32];
    sfi_buf raw = { 0 }, batches = { 0 };
    sfi_time_format(j->created_ms, time);
    sfi_buf_addf(&batches, "%lld completed", (long long)n->completed);
    if (n->waiting > 0) sfi_buf_addf(&batches, ", %lld at work or waiting", (long long)n->waiting);
    if (n->failed_batches > 0) sfi_buf_addf(&batches, ", %lld failed", (long long)n->failed_batches);
    if (n->skipped > 0) sfi_buf_addf(&batches, ", %lld not processed", (long long)n->skipped);
    if (batches.failed) cli_no_memory();
    const char *cells[] = { j->id.text,
                            j->state_name,
                            "Classic",
                            j->operation,
                            j->object,
                            format_name(j->format),
                            j->created_ms > 0 ? time : NULL,
                            batches.data,
                            cli_textf(c, "%lld", (long long)n->processed),
                            cli_textf(c, "%lld", (long long)n->failed),
                            n->message[0] != 0 ? n->message : NULL };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true };
    cli_grid_add(c, &grid, cells);
    sfi_buf_add_char(&raw, '{');
    cli_json_add_member(&raw, "id", j->id.text);
    cli_json_add_member(&raw, "state", j->state_name);
    cli_json_add_member(&raw, "jobType", "Classic");
    cli_json_add_member(&raw, "operation", j->operation);
    cli_json_add_member(&raw, "object", j->object);
    cli_json_add_member(&raw, "contentType", format_name(j->format));
    cli_json_add_member(&raw, "concurrencyMode", j->concurrency);
    cli_json_add_member(&raw, "externalIdFieldName", j->external_id[0] != 0 ? j->external_id : NULL);
    cli_json_add_member(&raw, "createdDate", j->created_ms > 0 ? time : NULL);
    cli_json_add_member(&raw, "apiVersion", j->api_version[0] != 0 ? j->api_version : NULL);
    sfi_buf_addf(&raw,
                 ",\"numberBatchesTotal\":%lld,\"numberBatchesCompleted\":%lld,\"numberBatchesFailed\":%lld,"
                 "\"numberBatchesNotProcessed\":%lld,\"numberRecordsProcessed\":%lld,\"numberRecordsFailed\":%lld",
                 (long long)n->batches, (long long)n->completed, (long long)n->failed_batches, (long long)n->skipped,
                 (long long)n->processed, (long long)n->failed);
    cli_json_add_member(&raw, "errorMessage", n->message[0] != 0 ? n->message : NULL);
    sfi_buf_add_char(&raw, '}');
    int code = cli_finish_grid(c, &grid, sfi_buf_str(&raw));
    sfi_buf_free(&raw);
    sfi_buf_free(&batches);
    return code;
}

int cli_classic_status(cli *c, const sf_bulk1_job *job, bool is_answer)
{
    sf_error err;
    sums n;
    if (sum_up(c, job, &n, &err) != SF_OK) return cli_fail_error(c, &err);
    bool is_failed = job->state == SF_BULK1_JOB_FAILED || (n.failed_batches > 0 && n.completed == 0);
    if (!is_answer) c->ended = is_failed ? CLI_FAILED : n.failed + n.failed_batches > 0 ? CLI_ROWS : CLI_OK;
    return print_job(c, job, &n);
}

static bool not_interrupted(void *user, const sf_bulk1_progress *now)
{
    (void)user;
    (void)now;
    return cli_signal == 0;
}

int cli_classic_wait(cli *c, sf_bulk1_job *job)
{
    sf_error err;
    const sf_bulk1_wait_options options = { .progress = not_interrupted, .call = &c->call };
    sf_status rc = sf_bulk1_wait(c->sf, job->id.text, &options, NULL, &err);
    if (rc == SF_OK) rc = sf_bulk1_get_job(c->sf, job->id.text, &c->call, job, &err);
    if (rc == SF_OK) return cli_classic_status(c, job, false);
    return rc == SF_ERR_TIMEOUT ? cli_fail_as(c, CLI_UNFINISHED, &err, NULL) : cli_fail_error(c, &err);
}

int cli_classic_abort(cli *c, sf_bulk1_job *job)
{
    sf_error err;
    if (sf_bulk1_abort_job(c->sf, job->id.text, &c->call, job, &err) != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "Aborted %s. What was written stays.", job->id.text);
    return cli_classic_status(c, job, true);
}

/* ---- results ---- */

static const char *const columns[] = { "batch", "row", "id", "success", "created", "code", "message", "fields" };

static void print_row(cli *c, const cli_csv *csv, const char *batch, const sf_bulk1_result *r)
{
    char row[24];
    snprintf(row, sizeof row, "%lld", (long long)r->row);
    const sf_str cells[] = { sfi_str(batch),
                             sfi_str(row),
                             sfi_str(r->id.text),
                             sfi_str(r->success ? "true" : "false"),
                             sfi_str(r->created ? "true" : "false"),
                             r->code,
                             r->message,
                             r->fields };
    for (size_t i = 0; i < SFI_COUNT_OF(cells); i++) {
        if (i > 0) cli_out_add_char(&c->out, csv->delimiter);
        if (cells[i].len > 0)
            cli_csv_cell(&c->out, csv, cells[i]);
        else
            cli_csv_null(&c->out, csv);
    }
    cli_csv_end_row(&c->out, csv);
}

static sf_status print_batch(cli *c, const cli_csv *csv, const sf_bulk1_batch *b, bool successful, sf_error *err)
{
    sf_bulk1_results *results = NULL;
    sf_bulk1_result r;
    int64_t rows = 0;
    sf_status rc = sf_bulk1_results_open(c->sf, b->job.text, b->id.text, &c->call, &results, err);
    while (rc >= 0 && (rc = sf_bulk1_results_next(results, &r, err)) == SF_ROW) {
        rows++;
        if (r.success == successful) print_row(c, csv, b->id.text, &r);
        if (c->out.error != 0) rc = sfi_fail(err, SF_ERR_IO, "nobody takes the output");
    }
    sf_bulk1_results_close(results);
    if (rc == SF_DONE && rows != b->processed)
        return sfi_fail(err, SF_ERR_TRUNCATED, "batch %s has %lld rows, and the org sent %lld", b->id.text,
                        (long long)b->processed, (long long)rows);
    return rc < 0 ? rc : SF_OK;
}

static sf_status print_rows(cli *c, const sf_bulk1_batch *b, bool is_csv, bool *is_first, sf_error *err)
{
    sf_bulk1_query_results *ids = NULL;
    const char *id;
    sf_status rc = sf_bulk1_query_results_open(c->sf, b->job.text, b->id.text, &c->call, &ids, err);
    while (rc >= 0 && (rc = sf_bulk1_query_results_next(ids, &id, err)) == SF_ROW) {
        cli_job_output o = { .c = c, .skip_header = is_csv && !*is_first };
        const sf_sink sink = { .write = cli_job_write, .user = &o };
        rc = sf_bulk1_get_query_result(c->sf, b->job.text, b->id.text, id, &sink, &c->call, err);
        if (rc == SF_OK && o.bytes > 0) *is_first = false;
        if (rc == SF_OK && o.bytes > 0 && o.last != '\n') cli_out_add_char(&c->out, '\n');
        if (rc == SF_OK) rc = SF_ROW;
    }
    sf_bulk1_query_results_close(ids);
    return rc < 0 ? rc : SF_OK;
}

static sf_status print_request(cli *c, const sf_bulk1_batch *b, bool is_csv, bool *is_first, sf_error *err)
{
    cli_job_output o = { .c = c, .skip_header = is_csv && !*is_first };
    const sf_sink sink = { .write = cli_job_write, .user = &o };
    sf_status rc = sf_bulk1_get_batch_request(c->sf, b->job.text, b->id.text, &sink, &c->call, err);
    *is_first = false;
    if (rc == SF_OK && o.bytes > 0 && o.last != '\n') cli_out_add_char(&c->out, '\n');
    return rc;
}

int cli_classic_results(cli *c, const sf_bulk1_job *job, sf_bulk2_results which)
{
    sf_error err;
    sf_bulk1_batches *list = NULL;
    sf_bulk1_batch b;
    bool is_csv = job->format == SF_BULK1_CSV || job->format == SF_BULK1_ZIP_CSV, is_first = true;
    bool is_query = sfi_starts_with(sfi_str(job->operation), "query");
    const cli_csv csv = { .delimiter = ',', .null_text = "" };
    sf_status rc = cli_out_open(&c->out, c->output, &err);
    if (rc == SF_OK && !is_query && which != SF_RESULTS_UNPROCESSED)
        cli_csv_header(&c->out, &csv, columns, SFI_COUNT_OF(columns));
    if (rc == SF_OK) rc = sf_bulk1_batches_open(c->sf, job->id.text, &c->call, &list, &err);
    while (rc >= 0 && (rc = sf_bulk1_batches_next(list, &b, &err)) == SF_ROW) {
        bool is_done = b.state == SF_BULK1_BATCH_COMPLETED;
        bool is_over = b.state == SF_BULK1_BATCH_FAILED || b.state == SF_BULK1_BATCH_NOT_PROCESSED;
        if (b.state == SF_BULK1_BATCH_FAILED) cli_warn(c, "batch %s failed as a whole: %s", b.id.text, b.message);
        if (!is_done && !is_over) cli_warn(c, "batch %s is %s: its rows are not here yet", b.id.text, b.state_name);
        if (!is_done && !is_over) c->ended = CLI_UNFINISHED; /* what is printed is a part, and must not pass for all */
        if (is_query && b.state == SF_BULK1_BATCH_FAILED && c->ended == CLI_OK) c->ended = CLI_ROWS;
        if (which == SF_RESULTS_UNPROCESSED && !is_query)
            rc = is_over ? print_request(c, &b, is_csv, &is_first, &err) : SF_OK;
        else if (is_done)
            rc = is_query ? print_rows(c, &b, is_csv, &is_first, &err)
                          : print_batch(c, &csv, &b, which == SF_RESULTS_SUCCESSFUL, &err);
    }
    sf_bulk1_batches_close(list);
    return rc < 0 ? cli_fail_error(c, &err) : cli_finish_output(c);
}
