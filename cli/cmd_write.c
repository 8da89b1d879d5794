/* cmd_write.c: `sforce write`: rows of a file or pipe into the org through the library's writer. What became of each row is
 * told in the order of the file; a row that is not even sent (no JSON, no object) waits until those before it are told. */
#include "sent_rows.h"
#include <unistd.h>

enum { TABLE_ROWS_MAX = 1000 }; /* failed rows that a table shows */

typedef struct run {
    cli *c;
    cli_json_rows in;
    sf_writer *writer;
    sf_operation operation;
    cli_format format;
    cli_csv csv;
    bool failed_only;

    cli_sent_rows rows;

    cli_grid grid;
    int64_t told, refused; /* results printed; rows not fit to be sent */
    int64_t unread;        /* rows behind what stopped the run, kept for --failed */
    int64_t next_progress_ms;
    bool progress, progress_shown;
} run;

static const char *const names[] = { "line", "id", "success", "created", "code", "message", "fields" };

/* ---- one result ---- */

static void tell_json(run *r, int64_t line, const sf_row_result *result, const sf_error *error)
{
    sfi_buf text = { 0 };
    if (r->format == CLI_FORMAT_JSON) sfi_buf_add_str(&text, r->told > 0 ? ",\n" : "\n");
    sfi_buf_addf(&text, "{\"line\":%lld", (long long)line);
    if (result != NULL && result->id.text[0] != 0) cli_json_add_member(&text, "id", result->id.text);
    sfi_buf_addf(&text, ",\"success\":%s", error == NULL ? "true" : "false");
    if (error == NULL) sfi_buf_addf(&text, ",\"created\":%s", result != NULL && result->created ? "true" : "false");
    if (error != NULL) {
        sfi_buf_add_str(&text, ",\"error\":{");
        cli_error_members(&text, error, NULL);
        sfi_buf_add_char(&text, '}');
    }
    sfi_buf_add_str(&text, r->format == CLI_FORMAT_NDJSON ? "}\n" : "}");
    if (text.failed || text.data == NULL) cli_no_memory();
    cli_out_add(&r->c->out, text.data, text.len);
    sfi_buf_free(&text);
}

static void tell_csv(run *r, const char *const *cells)
{
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        if (i > 0) cli_out_add_char(&r->c->out, r->csv.delimiter);
        if (cells[i] != NULL)
            cli_csv_cell(&r->c->out, &r->csv, sfi_str(cells[i]));
        else
            cli_csv_null(&r->c->out, &r->csv);
    }
    cli_csv_end_row(&r->c->out, &r->csv);
}

/* @param error NULL: success. @param result NULL: the row was not sent. */
static void tell(run *r, int64_t line, const sf_row_result *result, const sf_error *error)
{
    char number[24];
    bool table = r->format == CLI_FORMAT_TABLE;
    if (error == NULL && (r->failed_only || table)) return;
    if (r->format == CLI_FORMAT_JSON || r->format == CLI_FORMAT_NDJSON) {
        tell_json(r, line, result, error);
    } else if (!table || r->grid.rows < TABLE_ROWS_MAX) {
        snprintf(number, sizeof number, "%lld", (long long)line);
        const char *cells[] = { number,
                                result != NULL && result->id.text[0] != 0 ? result->id.text : NULL,
                                error == NULL ? "true" : "false",
                                error == NULL && result != NULL && result->created ? "true" : "false",
                                error == NULL         ? NULL
                                : error->code[0] != 0 ? error->code
                                                      : sf_status_name(error->status),
                                error == NULL ? NULL : cli_error_message(error),
                                error == NULL || error->fields[0] == 0 ? NULL : error->fields };
        if (!table) {
            tell_csv(r, cells);
        } else {
            const char *shown[] = { cli_strdup(r->c, cells[0]), cli_strdup(r->c, cells[4]), cli_strdup(r->c, cells[6]),
                                    cli_strdup(r->c, cells[5]) };
            cli_grid_add(r->c, &r->grid, shown);
        }
    }
    r->told++;
    if ((r->told & 15) == 0) cli_out_flush_stale(&r->c->out);
}

static void tell_unsent(void *user, int64_t line, const sf_error *why)
{
    tell(user, line, NULL, why);
}

static bool on_result(void *user, const sf_row_result *result)
{
    run *r = user;
    cli_sent_rows_tell(&r->rows, result->row);
    tell(r, cli_sent_rows_line(&r->rows, result->row), result, result->success ? NULL : &result->error);
    if (!result->success) cli_sent_rows_keep(&r->rows, result->row);
    return r->c->out.error == 0; /* nobody reads what becomes of the rows: no more are sent */
}

/* ---- rows in ---- */

static void show_progress(run *r)
{
    if (!r->progress || (r->rows.sent & 255) != 0 || sfi_now_ms() < r->next_progress_ms) return;
    sf_writer_counts n;
    sf_writer_get_counts(r->writer, &n);
    fprintf(stderr, "\r%s rows written, %s failed\033[K", cli_group_digits(r->c, n.succeeded),
            cli_group_digits(r->c, n.failed + n.unknown + r->refused));
    r->next_progress_ms = sfi_now_ms() + 500;
    r->progress_shown = true;
}

/* @return what stops the run; a row that is not fit to be sent does not. */
static sf_status add_row(run *r, sf_str row, int64_t line, sf_error *err)
{
    cli_sent_rows_note(&r->rows, row, line);
    bool is_id = r->operation == SF_DELETE && sfi_id_make(row).text[0] != 0;
    sf_error e;
    sf_status rc =
        is_id ? sf_writer_add_id(r->writer, sfi_id_make(row).text, &e) : sf_writer_add_json(r->writer, row, &e);
    if (rc == SF_OK) {
        r->rows.sent++;
        return SF_OK;
    }
    sf_writer_counts n;
    sf_writer_get_counts(r->writer, &n);
    if (n.stopped || (rc != SF_ERR_USAGE && rc != SF_ERR_LIMIT)) { /* this row was not taken */
        if (r->rows.failed.fd >= 0) r->unread++;
        cli_sent_rows_keep_text(&r->rows, row);
        *err = e;
        return rc;
    }
    r->refused++;
    cli_sent_rows_keep_text(&r->rows, row);
    if (r->rows.unsent_count == CLI_UNSENT_MAX) {
        rc = sf_writer_flush(r->writer, err); /* failed rows are told, and go on */
        sf_writer_get_counts(r->writer, &n);
        if (n.stopped) return rc;
        cli_sent_rows_tell(&r->rows, r->rows.sent);
    }
    cli_sent_rows_refuse(&r->rows, &e);
    return SF_OK;
}

static sf_status pump(run *r, sf_error *err)
{
    sf_str row;
    int64_t line;
    sf_status rc;
    while ((rc = cli_json_rows_next(&r->in, &row, &line, err)) == SF_ROW) {
        rc = add_row(r, row, line, err);
        if (rc == SF_OK && cli_signal != 0) rc = sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
        if (rc < 0) break;
        show_progress(r);
    }
    return rc == SF_DONE ? SF_OK : rc;
}

/* After a stop: the rows that were not read go to --failed too, so that it holds all that is not written. */
static void keep_rest(run *r)
{
    sf_str row;
    int64_t line;
    sf_error ignored;
    if (r->rows.failed.fd < 0 || r->in.fd == STDIN_FILENO) return; /* whoever writes a pipe may never end */
    while (cli_json_rows_next(&r->in, &row, &line, &ignored) == SF_ROW) {
        cli_sent_rows_keep_text(&r->rows, row);
        r->unread++;
    }
}

/* ---- the end ---- */

static void add_counts(sfi_buf *text, const run *r, const sf_writer_counts *n)
{
    long long rows = n->rows + r->refused, failed = n->failed + r->refused;
    sfi_buf_addf(
        text, "],\"rows\":%lld,\"succeeded\":%lld,\"created\":%lld,\"failed\":%lld,\"unknown\":%lld},\"status\":", rows,
        (long long)n->succeeded, (long long)n->created, failed, (long long)n->unknown);
}

static void end_format(run *r, int code, const sf_writer_counts *n, const sf_error *stop)
{
    cli *c = r->c;
    if (c->json) {
        sfi_buf text = { 0 };
        add_counts(&text, r, n);
        sfi_buf_addf(&text, "%d", code);
        if (stop != NULL) {
            sfi_buf_add_str(&text, ",\"error\":{");
            cli_error_members(&text, stop, NULL);
            sfi_buf_add_char(&text, '}');
        }
        sfi_buf_add_str(&text, "}\n");
        if (text.failed || text.data == NULL) cli_no_memory();
        cli_out_add(&c->out, text.data, text.len);
        sfi_buf_free(&text);
    } else if (r->format == CLI_FORMAT_JSON) {
        cli_out_add_str(&c->out, r->told > 0 ? "\n]\n" : "]\n");
    }
}

static void note_counts(const run *r, const sf_writer_counts *n, bool stopped)
{
    cli *c = r->c;
    int64_t failed = n->failed + r->refused, rows = n->rows + r->refused;
    const char *failures = failed == 0 ? "" : cli_textf(c, ", %s failed", cli_group_digits(c, failed));
    const char *unknown =
        n->unknown == 0 ? "" : cli_textf(c, ", of %s it is not known", cli_group_digits(c, n->unknown));
    cli_note(c, "%s of %s rows written%s%s", cli_group_digits(c, n->succeeded), cli_group_digits(c, rows), failures,
             unknown);
    if (r->format == CLI_FORMAT_TABLE && failed + n->unknown > TABLE_ROWS_MAX)
        cli_note(c, "The table has the first %d of them; -r ndjson tells of each row.", (int)TABLE_ROWS_MAX);
    const char *file = cli_args_value(&c->args, "failed");
    if (file != NULL && failed + n->unknown + r->unread > 0)
        cli_note(c, "The rows that failed are in %s%s.", file,
                 r->unread > 0 ? cli_textf(c, ", and %s that were not read", cli_group_digits(c, r->unread)) : "");
    else if (stopped && file == NULL)
        cli_note(c, "Read up to line %lld; what follows was not sent.", (long long)r->rows.last_line);
}

/* What is printed stays, whatever happened: it says what is in the org. stop NULL: all rows were read and told. */
static int finish(run *r, const sf_writer_counts *n, const sf_error *stop)
{
    cli *c = r->c;
    sf_error err;
    int code = n->unknown > 0 ? CLI_UNKNOWN : n->failed + r->refused > 0 ? CLI_ROWS : CLI_OK;
    bool is_input = stop != NULL && stop->status == SF_ERR_USAGE;
    if (stop != NULL && !(is_input && n->rows > 0) && !(n->unknown > 0 && stop->status == SF_ERR_LIMIT))
        code = stop->status == SF_ERR_LIMIT ? CLI_ROWS : (int)cli_exit_of(stop); /* LIMIT: --max-failures */
    if (is_input && n->rows > 0 && code == CLI_OK) code = CLI_FAILED;
    if (r->progress_shown) fputs("\r\033[K", stderr);
    cli_sent_rows_tell(&r->rows, INT64_MAX);
    end_format(r, code, n, stop);
    if (r->format == CLI_FORMAT_TABLE && r->grid.rows > 0 && cli_grid_print(c, &r->grid, &err) != SF_OK)
        return cli_fail_error(c, &err);
    if (cli_out_close(&r->rows.failed, true, &err) != SF_OK) return cli_fail_error(c, &err);
    int closed = cli_finish_output(c);
    if (closed != CLI_OK) return closed;
    if (stop == NULL || n->rows + r->refused > 0) note_counts(r, n, stop != NULL && !is_input);
    if (stop != NULL && !c->json && stop->status == SF_ERR_LIMIT)
        (void)cli_fail_hint(c, stop, "--max-failures sets when to stop");
    else if (stop != NULL && !c->json && !is_input && n->succeeded > 0)
        (void)cli_fail_hint(c, stop, "some rows are written: --failed FILE keeps the others, to be sent again");
    else if (stop != NULL && !c->json)
        (void)cli_fail_error(c, stop);
    return code;
}

/* ---- the options ---- */

static sf_status take_operation(cli *c, sf_writer_options *o, sf_error *err)
{
    static const struct {
        const char *flag;
        sf_operation operation;
    } flags[] = { { "insert", SF_INSERT }, { "update", SF_UPDATE }, { "upsert", SF_UPSERT }, { "delete", SF_DELETE } };
    int given = 0;
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++) {
        if (cli_args_times(&c->args, flags[i].flag) == 0) continue;
        o->operation = flags[i].operation;
        given++;
    }
    o->external_id = cli_args_value(&c->args, "upsert");
    if (given == 1) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "write: want one of --insert, --update, --upsert FIELD and --delete");
}

static sf_status take_options(cli *c, sf_writer_options *o, sf_error *err)
{
    int64_t parallel = 0, batch_rows = 0;
    o->object = c->args.words[0];
    o->all_or_none = cli_args_times(&c->args, "all-or-none") > 0;
    o->allow_duplicates = cli_args_times(&c->args, "allow-duplicates") > 0;
    o->assignment_rule = cli_args_value(&c->args, "assignment-rule");
    o->call = &c->call;
    sf_status rc = take_operation(c, o, err);
    if (rc == SF_OK) rc = cli_take_number(c, "parallel", 1, SF_WRITER_PARALLEL_MAX, &parallel, err);
    if (rc == SF_OK) rc = cli_take_number(c, "batch-rows", 1, SF_COLLECTION_MAX, &batch_rows, err);
    if (rc == SF_OK) rc = cli_take_number(c, "max-failures", 1, INT64_MAX, &o->failures_max, err);
    o->parallel = parallel > 0 ? (int32_t)parallel : 4;
    o->batch_rows = (int32_t)batch_rows;
    return rc;
}

static sf_status open_output(run *r, sf_error *err)
{
    static const char *const columns[] = { "line", "code", "fields", "message" };
    static const bool right[] = { true, false, false, false };
    cli *c = r->c;
    const char *failed = cli_args_value(&c->args, "failed");
    r->format = c->json ? CLI_FORMAT_JSON : c->format != CLI_FORMAT_AUTO ? c->format : CLI_FORMAT_TABLE;
    r->csv = (cli_csv){ .delimiter = ',', .null_text = "" };
    r->grid = (cli_grid){ .names = columns, .columns = SFI_COUNT_OF(columns), .right = right };
    r->rows.failed.fd = -1;
    sf_status rc = SF_OK;
    if (failed != NULL && strcmp(failed, "-") == 0) return sfi_fail(err, SF_ERR_USAGE, "--failed wants a file");
    if (failed != NULL) rc = cli_out_open(&r->rows.failed, failed, err);
    if (rc == SF_OK) rc = cli_out_open(&c->out, c->output, err);
    if (rc != SF_OK) return rc;
    if (r->format == CLI_FORMAT_CSV) cli_csv_header(&c->out, &r->csv, names, SFI_COUNT_OF(names));
    if (r->format == CLI_FORMAT_JSON) cli_out_add_str(&c->out, c->json ? "{\"result\":{\"results\":[" : "[");
    r->progress = !c->no_progress && !c->quiet && !c->json && !c->out.terminal && isatty(STDERR_FILENO) == 1;
    if (r->format == CLI_FORMAT_TABLE) r->progress = !c->no_progress && !c->quiet && isatty(STDERR_FILENO) == 1;
    r->next_progress_ms = sfi_now_ms() + 1000;
    return SF_OK;
}

static void free_run(run *r)
{
    cli_json_rows_close(&r->in);
    cli_sent_rows_free(&r->rows);
}

static int run_write(cli *c)
{
    sf_error err, stop;
    sf_writer_options o = { 0 };
    run *r = cli_alloc(c, sizeof *r);
    r->c = c;
    r->rows.tell = tell_unsent;
    r->rows.user = r;
    r->in.fd = r->rows.failed.fd = -1;
    r->failed_only = cli_args_times(&c->args, "failed-only") > 0;
    sf_status rc = take_options(c, &o, &err);
    o.on_result = on_result;
    o.user = r;
    r->operation = o.operation;
    if (rc == SF_OK) rc = cli_json_rows_open(&r->in, c->args.words[1], &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = sf_writer_open(c->sf, &o, &r->writer, &err);
    if (rc == SF_OK) rc = open_output(r, &err);
    if (rc != SF_OK) {
        sf_writer_abort(r->writer);
        free_run(r);
        return cli_fail_error(c, &err);
    }
    cli_sent_rows_begin(&r->rows, c, ((size_t)o.parallel + 1) * SF_COLLECTION_MAX + 1);
    rc = pump(r, &stop);
    sf_writer_counts counts;
    sf_status closed = sf_writer_close(r->writer, &counts, &err);
    if (rc == SF_OK && counts.stopped) { /* by the last rows */
        rc = closed;
        stop = err;
    }
    if (rc != SF_OK && stop.status != SF_ERR_USAGE) keep_rest(r);
    int code = finish(r, &counts, rc == SF_OK ? NULL : &stop);
    free_run(r);
    return code;
}

/* clang-format off */
static const cli_flag write_flags[] = {
    { "insert", 0, NULL, "create a record of each row", CLI_WORDS_NONE, NULL, false },
    { "update", 0, NULL, "change the record that each row's Id names", CLI_WORDS_NONE, NULL, false },
    { "upsert", 0, "FIELD", "update the record with each row's value of this external-id field, or create it", CLI_WORDS_NONE, NULL, false },
    { "delete", 0, NULL, "delete the record that each row's Id names; a row may be the id alone", CLI_WORDS_NONE, NULL, false },
    { "parallel", 0, "N", "requests under way at once, 1 to 16; default 4", CLI_WORDS_NONE, NULL, false },
    { "batch-rows", 0, "N", "rows of a request, 1 to 200; default 200", CLI_WORDS_NONE, NULL, false },
    { "all-or-none", 0, NULL, "one failed row undoes all others of its request", CLI_WORDS_NONE, NULL, false },
    { "max-failures", 0, "N", "send no more after N failed rows", CLI_WORDS_NONE, NULL, false },
    { "failed", 0, "FILE", "write the rows that failed to FILE, one a line, to be mended and sent again; after a stop also those that were not read", CLI_WORDS_FILE, NULL, false },
    { "failed-only", 0, NULL, "tell of failed rows only, in every format", CLI_WORDS_NONE, NULL, false },
    { "assignment-rule", 0, "RULE", "TRUE, FALSE or a rule's id (Lead and Case)", CLI_WORDS_NONE, NULL, false },
    { "allow-duplicates", 0, NULL, "save in spite of a duplicate rule that warns", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example write_examples[] = {
    { "sforce write Account accounts.ndjson --insert", "A record of each line; failed rows are listed" },
    { "sforce write Contact contacts.json --upsert Ext__c -r ndjson -O results.ndjson", "By external id, safe to repeat; what became of each row" },
    { "sforce write Account rows.ndjson --update --failed again.ndjson", "The rows that failed, to be mended and sent again" },
    { "sforce query \"SELECT Id FROM Lead WHERE Status = 'Old'\" -r ndjson | sforce write Lead - --delete", "From another command" },
    { 0 },
};
const cli_command cli_command_write = {
    .name = "write", .usage = "OBJECT FILE|- --insert|--update|--upsert FIELD|--delete", .summary = "write many records, 200 in a request",
    .text = "FILE has a JSON object a line, objects over several lines, or one array of objects; - is stdin. Rows are sent while they are "
            "read, several requests at a time, so requests may be carried out in another order than the rows came in (--parallel 1 keeps it). "
            "An object's attributes.type, where it has attributes, goes before OBJECT.\n\n"
            "Without -r the rows that failed are listed, with the line they begin in. csv, json and ndjson tell of every row, in the order of "
            "the file. A row that is no JSON object is one that failed; where a file cannot be read on, the message names the line, and what "
            "was read before is written (exit code 1; 2 when that is nothing).\n\n"
            "Rows that the org refuses because a record is locked are sent again up to three times. An insert whose answer is lost is never sent "
            "again: its rows may be there or not (exit code 7). Upserts, updates and deletes are repeated. For millions of rows use the Bulk API.",
    .flags = write_flags, .examples = write_examples, .words_min = 2, .words_max = 2,
    .words = { CLI_WORDS_OBJECT, CLI_WORDS_FILE, CLI_WORDS_NONE }, .run = run_write, .group = "Records",
};
/* clang-format on */
