/* cmd_export.c: `sforce export`: the rows of a query, or of an object, into a file through a bulk job. A journal in the state
 * folder, or where --journal says, lets an interrupted export go on. */
#include "cli.h"
#include "jobs.h"
#include <unistd.h>

typedef struct run {
    cli_progress shown;
    int64_t rows_ms; /* when the first rows came */
    int64_t rows_before;
    bool is_async, has_left; /* has_left: the org has the job, and we do not wait for it */
} run;

/* ---- progress ---- */
static bool progress(void *user, const sf_export_progress *p)
{
    run *r = user;
    cli *c = r->shown.c;
    if (cli_signal != 0) return false;
    r->has_left = r->is_async && p->rows == 0;
    if (r->has_left) return false;
    int64_t now = sfi_now_ms();
    if (p->rows_total >= 0 && r->rows_ms == 0) {
        r->rows_ms = now;
        r->rows_before = p->rows;
    }
    if (!cli_progress_is_due(&r->shown, now)) return true;
    char line[256];
    if (p->rows_total < 0 && p->jobs_total > 1) {
        bool waits = strcmp(p->state, "JobComplete") != 0;
        snprintf(line, sizeof line, "%d of %d jobs, %s rows, %.1f MB%s%s%s", p->jobs_done, p->jobs_total,
                 cli_group_digits(c, p->rows), (double)p->bytes / 1e6, waits ? "; the org is at work (" : "",
                 waits ? (p->state[0] != 0 ? p->state : "new") : "", waits ? ")" : "");
    } else if (p->rows_total < 0) {
        snprintf(line, sizeof line, "the org is at work (%s): %s rows so far", p->state[0] != 0 ? p->state : "new",
                 cli_group_digits(c, p->rows_found > 0 ? p->rows_found : 0));
    } else {
        int64_t rate = cli_progress_rate(p->rows - r->rows_before, now - r->rows_ms);
        snprintf(line, sizeof line, "%s of %s rows, %.1f MB%s%s%s%s", cli_group_digits(c, p->rows),
                 cli_group_digits(c, p->rows_total), (double)p->bytes / 1e6, rate > 0 ? ", " : "",
                 rate > 0 ? cli_group_digits(c, rate) : "", rate > 0 ? " rows/s, left: " : "",
                 cli_progress_left(c, p->rows_total - p->rows, rate));
    }
    cli_progress_show(&r->shown, now, line);
    return true;
}

/* ---- options ---- */
static bool is_name(const char *text)
{
    for (const char *p = text; *p != 0; p++)
        if (!((*p >= '0' && *p <= '9') || *p == '_' ||
              (sfi_ascii_lower((unsigned char)*p) >= 'a' && sfi_ascii_lower((unsigned char)*p) <= 'z')))
            return false;
    return text[0] != 0;
}

static sf_status take_query(cli *c, sf_bulk_export_options *o, sf_error *err)
{
    enum { STATEMENT_MAX = 16 * 1024 * 1024 };
    const char *typed = c->args.count > 0 ? c->args.words[0] : NULL, *flag = cli_args_value(&c->args, "query"),
               *file = cli_args_value(&c->args, "file");
    if ((typed != NULL) + (flag != NULL) + (file != NULL) != 1)
        return sfi_fail(err, SF_ERR_USAGE,
                        "export: want one statement or object: SOQL (in quotes), OBJECT, -f FILE, or - for stdin");
    if (typed == NULL) typed = flag;
    if (typed != NULL && strcmp(typed, "-") == 0) file = "-";
    if (file == NULL && is_name(typed)) {
        o->object = typed;
        return SF_OK;
    }
    sf_str text = sfi_str(typed);
    if (file != NULL) {
        sf_status rc = cli_read_file(c, file, STATEMENT_MAX, &text, err);
        if (rc != SF_OK) return rc;
    }
    if (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "%s holds a NUL byte: it is not a text file", file);
    if (sfi_starts_with(text, "\xEF\xBB\xBF")) text = (sf_str){ text.ptr + 3, text.len - 3 };
    text = sfi_trim(text);
    while (text.len > 0 && text.ptr[text.len - 1] == ';') text = sfi_trim((sf_str){ text.ptr, text.len - 1 });
    if (text.len == 0) return sfi_fail(err, SF_ERR_USAGE, "export: the statement is empty");
    o->soql = cli_strndup(c, text.ptr, text.len);
    return SF_OK;
}

static bool take_ending(const char **end, const char *path, const char *ending)
{
    size_t len = strlen(ending), have = (size_t)(*end - path);
    if (have <= len) return false;
    for (size_t i = 0; i < len; i++)
        if (sfi_ascii_lower((unsigned char)path[have - len + i]) != ending[i]) return false;
    *end -= len;
    return true;
}

/* rows.csv.gz, rows.csv.zst: the file's name says what is to be in it, where no flag does. */
static void by_ending(const char *path, sf_bulk_export_options *o, bool has_format)
{
    static const struct {
        const char *ending;
        sf_export_format format;
    } endings[] = { { ".csv", SF_EXPORT_CSV },   { ".ndjson", SF_EXPORT_NDJSON }, { ".jsonl", SF_EXPORT_NDJSON },
                    { ".db", SF_EXPORT_SQLITE }, { ".sqlite", SF_EXPORT_SQLITE }, { ".sqlite3", SF_EXPORT_SQLITE } };
    const char *end = path + strlen(path);
    if (take_ending(&end, path, ".gz")) o->compression = SF_EXPORT_GZIP;
    if (take_ending(&end, path, ".zst")) o->compression = SF_EXPORT_ZSTD;
    for (size_t i = 0; !has_format && i < SFI_COUNT_OF(endings); i++)
        if (take_ending(&end, path, endings[i].ending)) o->format = endings[i].format;
}

static sf_status take_form(cli *c, sf_bulk_export_options *o, sf_error *err)
{
    static const char *const names[] = { "csv", "ndjson", "sqlite" };
    const char *format = cli_args_value(&c->args, "format"), *delimiter = cli_args_value(&c->args, "delimiter");
    if (format != NULL && sfi_eq_nocase(format, "jsonl")) format = "ndjson";
    size_t at = 0;
    while (format != NULL && at < SFI_COUNT_OF(names) && !sfi_eq_nocase(format, names[at])) at++;
    if (at == SFI_COUNT_OF(names))
        return sfi_fail(err, SF_ERR_USAGE, "--format %.20s: an export is csv, ndjson or sqlite", format);
    o->format = (sf_export_format)at;
    if (o->path != NULL) by_ending(o->path, o, format != NULL);
    bool gzip = cli_args_times(&c->args, "gzip") > 0, zstd = cli_args_times(&c->args, "zstd") > 0;
    if (gzip && zstd) return sfi_fail(err, SF_ERR_USAGE, "export: --gzip and --zstd: want one of them");
    if (gzip || zstd) o->compression = gzip ? SF_EXPORT_GZIP : SF_EXPORT_ZSTD;
    if (delimiter != NULL && !cli_csv_delimiter(delimiter, &o->delimiter))
        return sfi_fail(err, SF_ERR_USAGE, "--delimiter %.20s: want comma, semicolon, tab, pipe, ^ or `", delimiter);
    return SF_OK;
}

static sf_status take_options(cli *c, sf_bulk_export_options *o, sf_sink *sink, sf_error *err)
{
    int64_t parallel = 0, partitions = 0, jobs = 0;
    bool is_cut = cli_args_value(&c->args, "partitions") != NULL || cli_args_value(&c->args, "pk-chunk") != NULL;
    const char *wait = cli_args_value(&c->args, "wait");
    o->dry_run = cli_args_times(&c->args, "dry-run") > 0;
    o->all_rows = cli_args_times(&c->args, "all-rows") > 0;
    o->crlf = cli_args_times(&c->args, "crlf") > 0;
    o->table = cli_args_value(&c->args, "table");
    o->call = &c->call;
    sf_status rc = take_query(c, o, err);
    if (rc == SF_OK) rc = cli_take_number(c, "parallel", 1, SF_EXPORT_PARALLEL_MAX, &parallel, err);
    if (rc == SF_OK) rc = cli_take_number(c, "partitions", 1, SF_EXPORT_PARTITIONS_MAX, &partitions, err);
    if (rc == SF_OK) rc = cli_take_number(c, "jobs", 1, SF_EXPORT_JOBS_MAX, &jobs, err);
    if (rc == SF_OK) rc = cli_take_number(c, "pk-chunk", 1, INT64_MAX, &o->range_rows, err);
    if (rc == SF_OK) rc = cli_take_number(c, "split", 1, INT64_MAX, &o->split_rows, err);
    if (rc == SF_OK && partitions > 0 && o->range_rows > 0)
        rc = sfi_fail(err, SF_ERR_USAGE,
                      "--partitions says how many ranges, --pk-chunk how many rows each: want one of them");
    if (rc == SF_OK && jobs > 0 && (!is_cut || partitions == 1))
        rc = sfi_fail(err, SF_ERR_USAGE,
                      "--jobs says how many of --partitions N or --pk-chunk N are at work at once: want both");
    if (rc == SF_OK) rc = cli_take_number(c, "page-rows", 1, INT32_MAX, &o->page_rows, err);
    if (rc == SF_OK && wait != NULL && !cli_parse_duration(wait, &o->wait_ms))
        rc = sfi_fail(err, SF_ERR_USAGE, "--wait %.20s: want a time such as 90s or 10m", wait);
    o->parallel = (int32_t)parallel;
    o->partitions = (int32_t)partitions;
    o->jobs_parallel = (int32_t)jobs;
    if (rc != SF_OK || o->dry_run) return rc;
    bool to_stdout = c->output == NULL || strcmp(c->output, "-") == 0;
    if (to_stdout && cli_journal_is_async(c))
        return sfi_fail(err, SF_ERR_USAGE, "export: --async goes on later: give the rows a file with -O FILE");
    if (to_stdout && o->split_rows > 0)
        return sfi_fail(err, SF_ERR_USAGE, "export: --split makes several files: give them a name with -O FILE");
    if (to_stdout && c->json)
        return sfi_fail(err, SF_ERR_USAGE,
                        "export: --json tells the result on stdout: give the rows a file with -O FILE");
    if (c->output == NULL && isatty(STDOUT_FILENO) == 1)
        return sfi_fail(err, SF_ERR_USAGE, "export: give a file with -O FILE, or -O - for the terminal");
    if (to_stdout)
        rc = sf_sink_of_fd(STDOUT_FILENO, sink, err);
    else
        o->path = c->output;
    if (to_stdout) o->sink = sink;
    return rc == SF_OK ? take_form(c, o, err) : rc;
}

/* ---- the report ---- */
static const char *file_name(cli *c, const char *path, int32_t number)
{
    char name[4096];
    sf_error ignored;
    return sf_export_file_name(path, number, name, sizeof name, &ignored) == SF_OK ? cli_strdup(c, name) : path;
}

static const char *where_to(cli *c, const sf_export_report *r, const sf_bulk_export_options *o)
{
    if (o->path == NULL) return "all";
    if (o->split_rows == 0) return o->path;
    const char *first = file_name(c, o->path, 1);
    return r->files < 2 ? first
                        : cli_textf(c, "%s to %s (%s files)", first, file_name(c, o->path, r->files),
                                    cli_group_digits(c, r->files));
}

static void add_files(cli *c, sfi_buf *out, const sf_export_report *r, const sf_bulk_export_options *o)
{
    if (o->split_rows == 0) {
        cli_json_add_member(out, "file", o->path);
        return;
    }
    sfi_buf_add_str(out, ",\"files\":[");
    for (int32_t i = 1; i <= r->files; i++) {
        if (i > 1) sfi_buf_add_char(out, ',');
        cli_json_add_string(out, sfi_str(file_name(c, o->path, i)));
    }
    sfi_buf_add_char(out, ']');
}

static int print_report(cli *c, const sf_export_report *r, const sf_bulk_export_options *o)
{
    sfi_buf raw = { 0 };
    if (!c->json && !o->dry_run) {
        cli_note(c, "%s rows in %s%s", cli_group_digits(c, r->rows), where_to(c, r, o),
                 r->pages_again > 0 ? " (pages that came damaged were fetched again)" : "");
        return CLI_OK;
    }
    sfi_buf_addf(&raw, "{\"rows\":%lld", (long long)r->rows);
    if (o->dry_run)
        sfi_buf_add_str(&raw, ",\"dryRun\":true}");
    else {
        sfi_buf_addf(&raw, ",\"bytes\":%lld,\"pages\":%lld,\"pagesAgain\":%lld,\"resumed\":%s", (long long)r->bytes,
                     (long long)r->pages, (long long)r->pages_again, r->resumed ? "true" : "false");
        add_files(c, &raw, r, o);
        cli_json_add_member(&raw, "job", r->job.text);
        sfi_buf_addf(&raw, ",\"jobs\":%d", r->jobs);
        sfi_buf_add_char(&raw, '}');
    }
    static const char *const names[] = { "Rows (estimate)" };
    const char *cells[] = { r->rows >= 0 ? cli_textf(c, "%lld", (long long)r->rows) : NULL };
    cli_grid grid = { .names = names, .columns = 1, .record = true };
    cli_grid_add(c, &grid, cells);
    c->output = NULL; /* it has the rows; the report goes to stdout */
    int code = cli_finish_grid(c, &grid, sfi_buf_str(&raw));
    sfi_buf_free(&raw);
    if (o->dry_run) cli_note(c, "The statement is fine; no job was made.");
    return code;
}

static int fail_export(cli *c, const sf_error *err, const sf_export_report *r, const cli_journal *journal)
{
    bool begun = r->job.text[0] != 0 || (journal->is_ours && !journal->is_new);
    sf_error told = *err;
    if (!begun && err->status == SF_ERR_IO)
        told.status = SF_ERR_USAGE; /* a file that cannot be written; nothing was sent */
    return cli_journal_fail(c, &told, begun && err->status != SF_ERR_ORG,
                            journal); /* a refused query is nothing begun */
}

static int leave(cli *c, const sf_export_report *r, const cli_journal *journal)
{
    sfi_buf raw = { 0 };
    sfi_buf_addf(&raw, "\"job\":\"%s\"", r->job.text);
    int code = cli_journal_leave(c, journal, sfi_buf_str(&raw), cli_textf(c, "The org works on job %s.", r->job.text));
    sfi_buf_free(&raw);
    return code;
}

static int run_export(cli *c)
{
    sf_error err;
    sf_sink sink;
    sf_export_report report = { 0 };
    sf_bulk_export_options o = { 0 };
    cli_journal journal = { 0 };
    run r = { .is_async = cli_journal_is_async(c) };
    sf_status rc = take_options(c, &o, &sink, &err);
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK && !o.dry_run && o.path != NULL) rc = cli_journal_choose(c, "export", true, &journal, &err);
    if (rc == SF_OK && !o.dry_run) rc = cli_journal_check_async(c, &journal, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    o.journal_path = journal.path;
    o.progress = progress;
    o.user = &r;
    cli_progress_begin(c, &r.shown);
    rc = sf_bulk_export(c->sf, &o, &report, &err);
    cli_progress_end(&r.shown);
    if (rc == SF_ERR_CANCELLED && r.has_left) return leave(c, &report, &journal);
    if (rc < 0) return fail_export(c, &err, &report, &journal);
    if (report.started_over) cli_note(c, "The job of the earlier run was gone: a new one was made.");
    if (report.resumed && !report.started_over) cli_note(c, "Went on where an earlier run stood.");
    int code = print_report(c, &report, &o);
    if (journal.is_ours) cli_journal_remove(&journal); /* only now: what was not told can be asked for again */
    return code;
}

/* clang-format off */
static const cli_flag export_flags[] = {
    { "format", 'r', "FORMAT", "csv, ndjson or sqlite; otherwise by the ending of FILE, else csv", CLI_WORDS_NONE, "result-format", false },
    { "query", 'q', "SOQL", "the statement, instead of a word", CLI_WORDS_SOQL, NULL, false },
    { "file", 'f', "FILE", "a file with the statement; - is stdin", CLI_WORDS_FILE, "query-file", false },
    { "gzip", 0, NULL, "compress the output; so does a file name that ends in .gz", CLI_WORDS_NONE, NULL, false },
    { "zstd", 0, NULL, "the same with zstd, and .zst", CLI_WORDS_NONE, NULL, false },
    { "table", 0, "NAME", "sqlite: the table; otherwise the object's name", CLI_WORDS_NONE, NULL, false },
    { "all-rows", 0, NULL, "deleted and archived records too", CLI_WORDS_NONE, NULL, false },
    { "delimiter", 0, "CHAR", "csv: comma (as without the flag), semicolon, tab, pipe, ^ or `", CLI_WORDS_NONE, "column-delimiter", false },
    { "crlf", 0, NULL, "csv: lines end in CR LF", CLI_WORDS_NONE, NULL, false },
    { "parallel", 0, "N", "pages asked for at once, 1 to 8; default 3", CLI_WORDS_NONE, NULL, false },
    { "split", 0, "ROWS", "csv, ndjson: a file for each so many rows, named FILE-0001 and so on before its ending", CLI_WORDS_NONE, NULL, false },
    { "pk-chunk", 0, "ROWS", "cut the rows into ranges of ids with about so many rows each, a job each, for results that take one job too long", CLI_WORDS_NONE, NULL, false },
    { "partitions", 0, "N", "the same, into N ranges; 1 to 1000", CLI_WORDS_NONE, NULL, false },
    { "jobs", 0, "N", "jobs of --pk-chunk or --partitions that the org works on at once, 1 to 16; default 4", CLI_WORDS_NONE, NULL, false },
    { "page-rows", 0, "N", "most rows of a page; otherwise as the org likes", CLI_WORDS_NONE, NULL, false },
    { "wait", 'w', "TIME", "how long the org may work on the query: 90s, 10m; otherwise as long as it takes", CLI_WORDS_NONE, NULL, false },
    { "async", 0, NULL, "leave once the org has the job, with exit code 75; sforce jobs resume fetches the rows", CLI_WORDS_NONE, NULL, false },
    { "dry-run", 0, NULL, "have the org check the statement and estimate its rows; make no job", CLI_WORDS_NONE, NULL, false },
    { "journal", 0, "FILE|none", "where to keep what was done; otherwise in the state folder", CLI_WORDS_FILE, NULL, false },
    { 0 },
};
static const cli_example export_examples[] = {
    { "sforce export \"SELECT Id, Name, Account.Name FROM Contact\" -O contacts.csv", "The rows as the org has them, counted" },
    { "sforce export Account -O accounts.csv.gz", "All fields of an object that a bulk query can give, compressed" },
    { "sforce export Account -O accounts.ndjson.zst", "An object a line, compressed faster" },
    { "sforce export \"SELECT Id, Amount FROM Opportunity\" -O - -r ndjson | jq -r .Amount", "An object a line, to a pipe" },
    { "sforce export Task -O tasks.csv.zst --pk-chunk 250000", "A hundred million rows: by ranges of ids, some at a time" },
    { "sforce export Lead -O leads.csv --split 100000", "leads-0001.csv, leads-0002.csv …, each with the header line" },
    { "sforce export Contact -O contacts.csv --all-rows --delimiter semicolon --crlf", "Deleted records too, for a spreadsheet" },
    { 0 },
};
const cli_command cli_command_export = {
    .name = "export", .usage = "SOQL|OBJECT -O FILE|-", .summary = "write the rows of a query to a file through a bulk job",
    .text = "For results of any size; sforce query is faster for a few thousand rows, and can do GROUP BY, functions and child queries, which a bulk "
            "query cannot. Of an OBJECT all fields are written but addresses, locations and file contents.\n\n"
            "CSV values stand as the org sent them. NDJSON has every value as a string, and null for an empty one. Rows are counted page by page "
            "against what the org says; a page that came short or damaged is fetched again, and an export that succeeds is whole. FILE is written as "
            "FILE.part and renamed at the end.\n\n"
            "With --split ROWS the rows go to several files, which get their names when all of them are there and counted.\n\n"
            "With --pk-chunk ROWS or --partitions N the rows are cut into ranges of ids of about the same size. Each has a job of its own, of which the org "
            "works on some at a time; the file has them in the order of the ranges. The statement may have any WHERE, but no ORDER BY, LIMIT or aggregates. Each job sees the "
            "rows as they are when it begins.\n\n"
            "An interrupted export (Ctrl-C, a lost network, kill -9) goes on with sforce jobs resume, as long as the org keeps the job (7 days). "
            "Exit codes: 0 all rows, 75 unfinished.",
    .flags = export_flags, .examples = export_examples, .words_min = 0, .words_max = 1, .words = { CLI_WORDS_SOQL, CLI_WORDS_NONE, CLI_WORDS_NONE },
    .run = run_export, .group = "Bulk",
};
/* clang-format on */
