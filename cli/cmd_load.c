/* cmd_load.c: `sforce load`: CSV files into the org through bulk jobs. What came of the rows goes into two files beside the input;
 * a journal in the state folder, or where --journal says, lets an interrupted load go on. */
#include "cli.h"
#include "jobs.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { FILES_MAX = 10000, LOOK_MS = 200 };

/* ---- progress ---- */
static const char *megabytes(cli *c, int64_t bytes)
{
    return cli_textf(c, "%.1f MB", (double)bytes / 1e6);
}

typedef struct run {
    cli_progress shown;
    bool is_async, has_left; /* has_left: all jobs are with the org, and we do not wait for them */
} run;

static bool progress(void *user, const sf_load_progress *p)
{
    run *r = user;
    cli_progress *shown = &r->shown;
    cli *c = shown->c;
    if (cli_signal != 0) return false;
    r->has_left = r->is_async && p->jobs_total > 0 && p->jobs_sent == p->jobs_total && p->jobs_done < p->jobs_total;
    if (r->has_left) return false;
    int64_t now = sfi_now_ms();
    if (!cli_progress_is_due(shown, now)) return true;
    char line[256];
    if (p->jobs_total == 0) {
        snprintf(line, sizeof line, "checking: %s", megabytes(c, p->bytes_checked));
    } else {
        int64_t rate = cli_progress_rate(p->rows_done, now - shown->began_ms);
        snprintf(line, sizeof line,
                 "%s of %s rows (%s/s), %s failed, %s of %s sent, jobs: %d done, %d at work, %d to come%s%s%s",
                 cli_group_digits(c, p->rows_done), cli_group_digits(c, p->rows_total), cli_group_digits(c, rate),
                 cli_group_digits(c, p->rows_failed), megabytes(c, p->bytes_sent), megabytes(c, p->bytes_total),
                 p->jobs_done, p->jobs_sent - p->jobs_done, p->jobs_total - p->jobs_sent,
                 p->pass > 0 ? ", trying locked rows again" : "", rate > 0 ? ", left: " : "",
                 cli_progress_left(c, p->rows_total - p->rows_done, rate));
    }
    cli_progress_show(shown, now, line);
    return true;
}

/* ---- options ---- */
static sf_status take_operation(cli *c, sf_bulk_load_options *o, sf_error *err)
{
    static const struct {
        const char *flag;
        sf_operation operation;
    } flags[] = { { "insert", SF_INSERT },
                  { "update", SF_UPDATE },
                  { "upsert", SF_UPSERT },
                  { "delete", SF_DELETE },
                  { "hard-delete", SF_HARD_DELETE } };
    int given = 0;
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++) {
        if (cli_args_times(&c->args, flags[i].flag) == 0) continue;
        o->operation = flags[i].operation;
        given++;
    }
    o->external_id = cli_args_value(&c->args, "upsert");
    bool is_both = given == 2 && o->operation == SF_HARD_DELETE && cli_args_times(&c->args, "delete") > 0;
    if (given == 1 || is_both) return SF_OK; /* "delete, and hard" is how sf says it */
    return sfi_fail(err, SF_ERR_USAGE,
                    "load: want one of --insert, --update, --upsert FIELD, --delete and --hard-delete");
}

/* contacts.csv, "success" → contacts.success.csv; of standard input: OBJECT.success.csv */
static const char *beside(cli *c, const char *file, const char *kind)
{
    const char *base = strcmp(file, "-") == 0 ? c->args.words[0] : file;
    size_t len = strlen(base);
    if (len > 4 && sfi_eq_nocase(base + len - 4, ".csv")) len -= 4;
    return cli_textf(c, "%.*s.%s.csv", (int)len, base, kind);
}

/* --success FILE, --success - … "none" is none. */
static const char *result_file(cli *c, const char *flag, const char *file)
{
    const char *given = cli_args_value(&c->args, flag);
    if (given == NULL) return beside(c, file, flag);
    return strcmp(given, "none") == 0 ? NULL : given;
}

static sf_status take_options(cli *c, sf_bulk_load_options *o, sf_error *err)
{
    int64_t parallel = 0, retries = -2;
    const char *delimiter = cli_args_value(&c->args, "delimiter");
    const char *first = c->args.words[1];
    o->object = c->args.words[0];
    o->map_path = cli_args_value(&c->args, "map");
    o->encoding = cli_args_value(&c->args, "encoding");
    o->assignment_rule = cli_args_value(&c->args, "assignment-rule");
    o->no_describe = cli_args_times(&c->args, "no-check") > 0;
    o->dry_run = cli_args_times(&c->args, "dry-run") > 0;
    o->success_path = result_file(c, "success", first);
    o->errors_path = result_file(c, "errors", first);
    o->call = &c->call;
    sf_status rc = take_operation(c, o, err);
    if (rc == SF_OK) rc = cli_take_number(c, "parallel", 1, SF_LOAD_PARALLEL_MAX, &parallel, err);
    if (rc == SF_OK) rc = cli_take_number(c, "job-bytes", 1000, SF_BULK2_UPLOAD_MAX, &o->job_bytes, err);
    if (rc == SF_OK) rc = cli_take_number(c, "job-rows", 1, INT64_MAX, &o->job_rows, err);
    if (rc == SF_OK) rc = cli_take_number(c, "retries", 0, 10, &retries, err);
    if (rc == SF_OK && delimiter != NULL && !cli_csv_delimiter(delimiter, &o->delimiter))
        rc = sfi_fail(err, SF_ERR_USAGE, "--delimiter %.20s: want comma, semicolon, tab, pipe, ^ or `", delimiter);
    o->parallel = cli_args_times(&c->args, "serial") > 0 ? 1 : (int32_t)parallel;
    o->retries_max = retries == 0 ? SF_NONE : retries > 0 ? (int32_t)retries : 0;
    return rc;
}

/* Standard input may be silent for long: Ctrl-C is heard all the same. */
static sf_status read_stdin(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    (void)user;
    for (;;) { /* ends: when something comes, its writer ends, or a signal came */
        struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
        if (cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
        if (poll(&in, 1, LOOK_MS) <= 0) continue;
        ssize_t n = read(STDIN_FILENO, data, cap);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return sfi_fail(err, SF_ERR_IO, "standard input cannot be read: %s", strerror(errno));
        *len = (size_t)n;
        return SF_OK;
    }
}

static sf_status take_input(cli *c, sf_bulk_load_options *o, sf_source *source, sf_error *err)
{
    size_t count = c->args.count - 1;
    bool has_stdin = false;
    for (size_t i = 0; i < count; i++) has_stdin = has_stdin || strcmp(c->args.words[i + 1], "-") == 0;
    if (has_stdin && count > 1) return sfi_fail(err, SF_ERR_USAGE, "load: - is one input; name files or -, not both");
    if (has_stdin && isatty(STDIN_FILENO) == 1)
        return sfi_fail(err, SF_ERR_USAGE, "load: - reads CSV from a pipe or a file, and here is a terminal");
    if (has_stdin) {
        *source = (sf_source){ .read = read_stdin, .length = SF_NONE };
        o->csv = source;
        return SF_OK;
    }
    if (count > FILES_MAX) return sfi_fail(err, SF_ERR_USAGE, "load: more than %d files", FILES_MAX);
    const char **paths = cli_alloc(c, (count + 1) * sizeof *paths);
    for (size_t i = 0; i < count; i++) paths[i] = c->args.words[i + 1];
    o->csv_paths = paths;
    return SF_OK;
}

/* ---- the report ---- */
/* What a dry run says of the org's day: NAME of its limits, and what the load takes of it. */
typedef struct share {
    const char *name, *one, *several;
    int64_t most, left, planned; /* most below 0: the org does not tell */
} share;

enum { SHARES = 2, BATCH_ROWS = 10000 /* of the batches that the org makes of a job */ };

static void look_at_limits(cli *c, const sf_load_report *r, share *shares)
{
    sf_error err;
    sf_document *doc = NULL;
    shares[0] = (share){ .name = "DailyApiRequests", .one = "request", .several = "requests" };
    shares[1] =
        (share){ .name = "DailyBulkApiBatches", .one = "batch of bulk jobs", .several = "batches of bulk jobs" };
    shares[0].planned = r->requests_planned;
    shares[1].planned = r->rows / BATCH_ROWS + r->jobs;
    shares[0].most = shares[1].most = -1;
    if (sf_get_limits(c->sf, &c->call, &doc, &err) != SF_OK) return; /* not every user may see them */
    for (size_t i = 0; i < SHARES; i++) {
        sf_value limit = sf_get(sf_document_root(doc), shares[i].name);
        shares[i].most = sf_get_int(limit, "Max", -1);
        shares[i].left = sf_get_int(limit, "Remaining", 0);
    }
    sf_document_free(doc);
}

static void add_limits(sfi_buf *out, const share *shares)
{
    sfi_buf_add_str(out, ",\"limits\":{");
    for (size_t i = 0, n = 0; i < SHARES; i++) {
        if (shares[i].most < 0) continue;
        sfi_buf_addf(out, "%s\"%s\":{\"max\":%lld,\"remaining\":%lld,\"planned\":%lld}", n++ > 0 ? "," : "",
                     shares[i].name, (long long)shares[i].most, (long long)shares[i].left,
                     (long long)shares[i].planned);
    }
    sfi_buf_add_char(out, '}');
}

static void note_limits(cli *c, const share *shares)
{
    for (size_t i = 0; i < SHARES; i++)
        if (shares[i].most >= 0)
            cli_note(c, "It takes about %s %s; %s of today's %s are left%s.", cli_group_digits(c, shares[i].planned),
                     shares[i].planned == 1 ? shares[i].one : shares[i].several, cli_group_digits(c, shares[i].left),
                     cli_group_digits(c, shares[i].most), shares[i].planned > shares[i].left ? ": too few" : "");
}

/* Which of several files; NULL: there is one. */
static const char *file_of(const sf_load_reason *why, const sf_bulk_load_options *o)
{
    bool has_several = o->csv_paths != NULL && o->csv_paths[0] != NULL && o->csv_paths[1] != NULL;
    return has_several && why->line > 0 ? o->csv_paths[why->file] : NULL;
}

static void add_report(sfi_buf *out, const sf_load_report *r, const sf_bulk_load_options *o, const share *shares)
{
    sfi_buf_addf(out,
                 "{\"rows\":%lld,\"succeeded\":%lld,\"failed\":%lld,\"unprocessed\":%lld,\"retried\":%lld,\"jobs\":%d,"
                 "\"jobsFailed\":%d,"
                 "\"bytes\":%lld,\"resumed\":%s",
                 (long long)r->rows, (long long)r->succeeded, (long long)r->failed, (long long)r->unprocessed,
                 (long long)r->retried, r->jobs, r->jobs_failed, (long long)r->bytes, r->resumed ? "true" : "false");
    if (o->dry_run) sfi_buf_addf(out, ",\"dryRun\":true,\"requestsPlanned\":%d", r->requests_planned);
    if (o->dry_run) add_limits(out, shares);
    if (!o->dry_run) cli_json_add_member(out, "successFile", o->success_path);
    if (!o->dry_run) cli_json_add_member(out, "errorsFile", o->errors_path);
    sfi_buf_add_str(out, ",\"reasons\":[");
    for (size_t i = 0; i < r->reason_count; i++) {
        const sf_load_reason *why = &r->reasons[i];
        sfi_buf_addf(out, "%s{\"rows\":%lld,\"line\":%lld", i > 0 ? "," : "", (long long)why->rows,
                     (long long)why->line);
        cli_json_add_member(out, "code", why->code);
        cli_json_add_member(out, "message", why->message);
        cli_json_add_member(out, "row", why->row);
        if (file_of(why, o) != NULL) cli_json_add_member(out, "file", file_of(why, o));
        sfi_buf_add_char(out, '}');
    }
    sfi_buf_add_str(out, "]}");
}

/* A row may have line feeds in its values. */
static const char *one_line(cli *c, const char *row)
{
    char *copy = cli_textf(c, "%s", row);
    for (char *at = copy; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r') *at = ' ';
    return copy;
}

static void note_reasons(cli *c, const sf_load_report *r, const sf_bulk_load_options *o)
{
    for (size_t i = 0; i < r->reason_count; i++) {
        const sf_load_reason *why = &r->reasons[i];
        const char *where = why->line > 0 ? cli_textf(c, ", first in line %lld", (long long)why->line) : "";
        const char *file = file_of(why, o);
        cli_note(c, "  %s× %s%s%s%s", cli_group_digits(c, why->rows), why->message, where, file != NULL ? " of " : "",
                 file != NULL ? file : "");
        if (why->row[0] != '\0') cli_note(c, "      %s", one_line(c, why->row));
    }
}

static int print_report(cli *c, const sf_load_report *r, const sf_bulk_load_options *o, cli_exit code)
{
    static const char *const names[] = { "Rows", "Succeeded", "Failed", "Unprocessed", "Retried", "Jobs" };
    static const char *const planned[] = { "Rows", "Bytes", "Jobs", "Requests" };
    sfi_buf raw = { 0 };
    share shares[SHARES];
    if (o->dry_run) look_at_limits(c, r, shares);
    add_report(&raw, r, o, shares);
    const int64_t done[] = { r->rows, r->succeeded, r->failed, r->unprocessed, r->retried, r->jobs };
    const int64_t plan[] = { r->rows, r->bytes, r->jobs, r->requests_planned };
    size_t n = o->dry_run ? SFI_COUNT_OF(plan) : SFI_COUNT_OF(done);
    const char **cells = cli_alloc(c, n * sizeof *cells);
    for (size_t i = 0; i < n; i++) cells[i] = cli_textf(c, "%lld", (long long)(o->dry_run ? plan[i] : done[i]));
    static const bool right[] = { true, true, true, true, true, true };
    cli_grid grid = { .names = o->dry_run ? planned : names, .columns = n, .right = right, .record = true };
    cli_grid_add(c, &grid, cells);
    c->ended = code;
    int printed = cli_finish_grid(c, &grid, sfi_buf_str(&raw));
    sfi_buf_free(&raw);
    if (printed != (int)code) return printed;
    if (r->reason_count > 0) {
        cli_note(c, "Why rows failed:");
        note_reasons(c, r, o);
    }
    if (!o->dry_run && r->failed + r->unprocessed > 0 && o->errors_path != NULL)
        cli_note(c, "The rows that failed are in %s, with their lines.", o->errors_path);
    if (o->dry_run) note_limits(c, shares);
    if (o->dry_run) cli_note(c, "Nothing was sent.");
    return (int)code;
}

static int leave(cli *c, const sf_load_report *r, const cli_journal *journal)
{
    char raw[128];
    snprintf(raw, sizeof raw, "\"rows\":%lld,\"bytes\":%lld,\"jobs\":%d", (long long)r->rows, (long long)r->bytes,
             r->jobs);
    return cli_journal_leave(c, journal, sfi_str(raw),
                             cli_textf(c, "The org has all %s rows (jobs: %s).", cli_group_digits(c, r->rows),
                                       cli_group_digits(c, r->jobs)));
}

static int run_load(cli *c)
{
    sf_error err;
    sf_source source;
    sf_load_report report = { 0 };
    sf_bulk_load_options o = { 0 };
    cli_journal journal = { 0 };
    run r = { .is_async = cli_journal_is_async(c) };
    sf_status rc = take_options(c, &o, &err);
    if (rc == SF_OK) rc = take_input(c, &o, &source, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK && !o.dry_run) rc = cli_journal_choose(c, "load", o.csv == NULL, &journal, &err);
    if (rc == SF_OK && !o.dry_run) rc = cli_journal_check_async(c, &journal, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    o.journal_path = journal.path;
    o.progress = progress;
    o.user = &r;
    cli_progress_begin(c, &r.shown);
    rc = sf_bulk_load(c->sf, &o, &report, &err);
    cli_progress_end(&r.shown);
    if (rc == SF_ERR_CANCELLED && r.has_left) return leave(c, &report, &journal);
    bool begun = report.jobs > 0 || report.resumed || (journal.is_ours && !journal.is_new);
    if (rc == SF_ERR_IO && !begun)
        err.status = SF_ERR_USAGE; /* a file that cannot be read or written; nothing was sent */
    if (rc < 0) return cli_journal_fail(c, &err, begun, &journal);
    if (report.resumed) cli_note(c, "Went on where an earlier run stood.");
    bool is_failed = rc == SF_DONE && report.succeeded == 0;
    int code = print_report(c, &report, &o, is_failed ? CLI_FAILED : rc == SF_DONE ? CLI_ROWS : CLI_OK);
    if (journal.is_ours) cli_journal_remove(&journal); /* only now: what was not told can be asked for again */
    return code;
}

/* clang-format off */
static const cli_flag load_flags[] = {
    { "insert", 0, NULL, "create a record of each row", CLI_WORDS_NONE, NULL, false },
    { "update", 0, NULL, "change the record that the column Id names", CLI_WORDS_NONE, NULL, false },
    { "upsert", 0, "FIELD", "update the record with the value of this external-id field, or create it", CLI_WORDS_NONE, "external-id", false },
    { "delete", 0, NULL, "delete the records that the column Id names; other columns are left out", CLI_WORDS_NONE, NULL, false },
    { "hard-delete", 0, NULL, "the same, past the recycle bin", CLI_WORDS_NONE, NULL, false },
    { "map", 0, "FILE", "columns to fields: a line CSV-COLUMN=FIELD each (Data Loader's .sdl); others are left out", CLI_WORDS_FILE, NULL, false },
    { "dry-run", 0, NULL, "check everything, say what would be sent (rows, jobs, requests, what is left of the org's day), and send nothing", CLI_WORDS_NONE, NULL, false },
    { "success", 0, "FILE|none", "rows that succeeded, with their ids; otherwise INPUT.success.csv", CLI_WORDS_FILE, NULL, false },
    { "errors", 0, "FILE|none", "rows that failed, with reason and line; otherwise INPUT.errors.csv", CLI_WORDS_FILE, NULL, false },
    { "journal", 0, "FILE|none", "where to keep what was done; otherwise in the state folder", CLI_WORDS_FILE, NULL, false },
    { "parallel", 0, "N", "jobs under way at once, 1 to 16; default 4", CLI_WORDS_NONE, NULL, false },
    { "serial", 0, NULL, "one job after another", CLI_WORDS_NONE, NULL, false },
    { "retries", 0, "N", "passes for rows that were locked, 0 to 10; default 3", CLI_WORDS_NONE, NULL, false },
    { "job-rows", 0, "N", "most rows of a job; otherwise as many as fit", CLI_WORDS_NONE, NULL, false },
    { "job-bytes", 0, "N", "most bytes of a job; default 100000000", CLI_WORDS_NONE, NULL, false },
    { "delimiter", 0, "CHAR", "between the values; otherwise as the first lines look", CLI_WORDS_NONE, "column-delimiter", false },
    { "encoding", 0, "NAME", "of the file, such as ISO-8859-1; otherwise UTF-8, or UTF-16 by its mark", CLI_WORDS_NONE, NULL, false },
    { "async", 0, NULL, "leave once all jobs are with the org, with exit code 75; sforce jobs resume tells what came of the rows", CLI_WORDS_NONE, NULL, false },
    { "no-check", 0, NULL, "do not compare the columns with the object's fields first", CLI_WORDS_NONE, NULL, false },
    { "assignment-rule", 0, "ID", "of leads and cases", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example load_examples[] = {
    { "sforce load Contact contacts.csv --insert", "Every row a contact; contacts.success.csv and contacts.errors.csv tell what came of it" },
    { "sforce load Account accounts.csv --upsert Ext__c --dry-run", "Check the file, and say what would be sent" },
    { "sforce load Contact export.csv --update --map contacts.sdl --delimiter semicolon --encoding ISO-8859-1", "Columns with other names, from a spreadsheet" },
    { "sforce load Contact contacts.csv --insert --async; sforce jobs resume", "Leave the jobs to the org, and see later" },
    { "zcat big.csv.gz | sforce load Lead - --insert --job-rows 200000", "From a pipe" },
    { "sforce query -r csv \"SELECT Id FROM Task WHERE CreatedDate < LAST_N_YEARS:5\" -O old.csv && sforce load Task old.csv --delete", "Delete what a query finds" },
    { 0 },
};
const cli_command cli_command_load = {
    .name = "load", .usage = "OBJECT FILE...|- --insert|--update|--upsert FIELD|--delete|--hard-delete", .summary = "load CSV files through bulk jobs",
    .text = "Before anything is sent all of the input is read: an unknown column, a quote out of place or a byte that is no text is told with file, "
            "line and column, and nothing was sent. An empty value leaves a field alone, #N/A clears it. Parents are named by an external id in a "
            "column Account.Ext__c, or Lead:Who.Ext__c where the reference has several objects.\n\n"
            "The input is cut into jobs, which run side by side; small files share them. Rows that failed because a record was locked are tried again in smaller jobs. "
            "INPUT.errors.csv has the rows that failed as they stand in the input, with reason and line: mend them there, and load that file as "
            "it is.\n\n"
            "An interrupted load (Ctrl-C, a lost network, kill -9) goes on with sforce jobs resume: no row is lost, none loaded twice. Exit codes: "
            "0 every row, 4 some rows failed, 1 all of them, 75 unfinished.",
    .flags = load_flags, .examples = load_examples, .words_min = 2, .words_max = -1, .words = { CLI_WORDS_OBJECT, CLI_WORDS_FILE, CLI_WORDS_FILE },
    .run = run_load, .group = "Bulk",
};
/* clang-format on */
