/* cmd_jobs.c: `sforce jobs`: the org's bulk jobs: list, status, results, wait, abort, delete; and resume, which runs an
 * interrupted load or export again with its journal. */
#include "cli.h"
#include "jobs.h"
#include <unistd.h>

typedef struct target {
    sf_bulk2_job job;
    sf_job_kind kind;
    bool is_classic; /* of Bulk API 1.0: classic has it */
    sf_bulk1_job classic;
} target;

static const char *text_of_time(cli *c, int64_t ms)
{
    char text[32];
    sfi_time_format(ms, text);
    return ms > 0 ? cli_strdup(c, text) : NULL;
}

static const char *number_or_null(cli *c, int64_t n)
{
    return n >= 0 ? cli_textf(c, "%lld", (long long)n) : NULL;
}

/* ---- list ---- */
static void add_job_json(sfi_buf *out, const sf_bulk2_job *j)
{
    char time[32];
    sfi_buf_add_char(out, '{');
    cli_json_add_member(out, "id", j->id.text);
    cli_json_add_member(out, "state", j->state_name);
    cli_json_add_member(out, "jobType", j->job_type[0] != 0 ? j->job_type : NULL);
    cli_json_add_member(out, "operation", j->operation);
    cli_json_add_member(out, "object", j->object);
    cli_json_add_member(out, "externalIdFieldName", j->external_id[0] != 0 ? j->external_id : NULL);
    sfi_time_format(j->created_ms, time);
    cli_json_add_member(out, "createdDate", time);
    cli_json_add_member(out, "createdById", j->created_by.text[0] != 0 ? j->created_by.text : NULL);
    cli_json_add_member(out, "apiVersion", j->api_version[0] != 0 ? j->api_version : NULL);
    if (j->processed >= 0) sfi_buf_addf(out, ",\"numberRecordsProcessed\":%lld", (long long)j->processed);
    if (j->failed >= 0) sfi_buf_addf(out, ",\"numberRecordsFailed\":%lld", (long long)j->failed);
    cli_json_add_member(out, "errorMessage", j->error_message[0] != 0 ? j->error_message : NULL);
    sfi_buf_add_char(out, '}');
}

static int compare_jobs(const void *a, const void *b)
{
    const sf_bulk2_job *x = a, *y = b;
    if (x->created_ms != y->created_ms) return x->created_ms > y->created_ms ? -1 : 1; /* the newest first */
    return strcmp(y->id.text, x->id.text);
}

typedef struct job_list { /* arena memory */
    sf_bulk2_job *jobs;
    size_t count, cap;
} job_list;

static sf_status add_jobs(cli *c, sf_job_kind kind, job_list *out, sf_error *err)
{
    enum { JOBS_MAX = 100000 };
    sf_bulk2_jobs *list = NULL;
    sf_status rc = sf_bulk2_jobs_open(c->sf, kind, &(sf_bulk2_jobs_options){ .call = &c->call }, &list, err);
    while (rc >= 0) { /* until the list ends, or JOBS_MAX */
        sf_bulk2_job job;
        rc = sf_bulk2_jobs_next(list, &job, err);
        if (rc == SF_ROW && out->count == JOBS_MAX)
            rc = sfi_fail(err, SF_ERR_LIMIT, "the org lists more than %d bulk jobs", JOBS_MAX);
        if (rc != SF_ROW) break;
        if (out->count == out->cap) {
            sf_bulk2_job *more = cli_alloc(c, (out->cap * 2 + 64) * sizeof *more);
            if (out->count > 0) memcpy(more, out->jobs, out->count * sizeof *more);
            out->cap = out->cap * 2 + 64;
            out->jobs = more;
        }
        out->jobs[out->count++] = job;
    }
    sf_bulk2_jobs_close(list);
    return rc < 0 ? rc : SF_OK;
}

/* All jobs of the org, the newest first; arena memory. Each kind has a list; what the other kind's tells too counts once. */
static sf_status all_jobs(cli *c, sf_bulk2_job **out, size_t *count, sf_error *err)
{
    job_list all = { .count = 0 };
    size_t n = 0;
    sf_status rc = add_jobs(c, SF_JOB_INGEST, &all, err);
    if (rc == SF_OK) rc = add_jobs(c, SF_JOB_QUERY, &all, err);
    if (rc != SF_OK) return rc;
    if (all.count > 0) qsort(all.jobs, all.count, sizeof *all.jobs, compare_jobs);
    for (size_t i = 0; i < all.count; i++)
        if (n == 0 || strcmp(all.jobs[n - 1].id.text, all.jobs[i].id.text) != 0) all.jobs[n++] = all.jobs[i];
    *out = all.jobs;
    *count = n;
    return SF_OK;
}

static int run_list(cli *c)
{
    static const char *const names[] = { "ID", "STATE", "TYPE", "OPERATION", "OBJECT", "CREATED" };
    sf_error err;
    sf_bulk2_job *jobs = NULL;
    size_t count = 0;
    sfi_buf raw = { 0 };
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = all_jobs(c, &jobs, &count, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names) };
    sfi_buf_add_char(&raw, '[');
    for (size_t i = 0; i < count; i++) {
        const sf_bulk2_job *j = &jobs[i];
        const char *cells[] = { j->id.text,   j->state_name, j->job_type,
                                j->operation, j->object,     text_of_time(c, j->created_ms) };
        cli_grid_add(c, &grid, cells);
        if (i > 0) sfi_buf_add_char(&raw, ',');
        add_job_json(&raw, j);
    }
    sfi_buf_add_char(&raw, ']');
    bool lines = c->format == CLI_FORMAT_NDJSON && !c->json;
    int code = cli_finish_grid(c, &grid, lines ? (sf_str){ NULL, 0 } : sfi_buf_str(&raw));
    sfi_buf_free(&raw);
    return code;
}

/* ---- one job ---- */
static sf_status find_job(cli *c, target *t, sf_error *err)
{
    const char *id = c->args.count > 1 ? c->args.words[1] : NULL;
    bool last = cli_args_times(&c->args, "last") > 0;
    if ((id != NULL) == last)
        return sfi_fail(err, SF_ERR_USAGE, "jobs %s: want a job's id or --last", c->args.words[0]);
    sf_status rc = cli_connect(c, err);
    if (rc == SF_OK && last) {
        sf_bulk2_job *jobs = NULL;
        size_t count = 0;
        rc = all_jobs(c, &jobs, &count, err);
        if (rc == SF_OK && count == 0) rc = sfi_fail(err, SF_ERR_NOT_FOUND, "the org has no bulk jobs");
        if (rc == SF_OK) id = jobs[0].id.text;
    }
    t->kind = SF_JOB_INGEST;
    t->is_classic = false;
    if (rc == SF_OK) rc = sf_bulk2_get_job(c->sf, SF_JOB_INGEST, id, &c->call, &t->job, err);
    if (rc == SF_ERR_NOT_FOUND) {
        t->kind = SF_JOB_QUERY;
        rc = sf_bulk2_get_job(c->sf, SF_JOB_QUERY, id, &c->call, &t->job, err);
    }
    if (rc != SF_ERR_NOT_FOUND && (rc != SF_OK || strcmp(t->job.job_type, "Classic") != 0)) return rc;
    sf_error other = { 0 };
    sf_status classic = sf_bulk1_get_job(c->sf, id, &c->call, &t->classic, &other);
    t->is_classic = classic == SF_OK;
    if (classic == SF_OK || rc == SF_OK) return SF_OK;
    if (classic != SF_ERR_ORG && classic != SF_ERR_NOT_FOUND) *err = other; /* not that there is none */
    return err->status;
}

/* is_answer: how it stands was the question, so that failed rows are no failure. */
static int print_job(cli *c, const sf_bulk2_job *j, bool is_answer)
{
    static const char *const names[] = { "Id",      "State",     "Type",   "Operation", "Object",
                                         "Created", "Processed", "Failed", "Error" };
    sfi_buf raw = { 0 };
    const char *cells[] = { j->id.text,
                            j->state_name,
                            j->job_type[0] != 0 ? j->job_type : NULL,
                            j->operation,
                            j->object,
                            text_of_time(c, j->created_ms),
                            number_or_null(c, j->processed),
                            number_or_null(c, j->failed),
                            j->error_message[0] != 0 ? j->error_message : NULL };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true };
    cli_grid_add(c, &grid, cells);
    add_job_json(&raw, j);
    if (!is_answer) c->ended = j->state == SF_JOB_FAILED ? CLI_FAILED : j->failed > 0 ? CLI_ROWS : CLI_OK;
    int code = cli_finish_grid(c, &grid, sfi_buf_str(&raw));
    sfi_buf_free(&raw);
    return code;
}

static int run_status(cli *c)
{
    sf_error err;
    target t;
    sf_status rc = find_job(c, &t, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    if (t.is_classic) return cli_classic_status(c, &t.classic, true);
    return print_job(c, &t.job, true);
}

static bool not_interrupted(void *user, const sf_bulk2_job *job)
{
    (void)user;
    (void)job;
    return cli_signal == 0;
}

static int run_wait(cli *c)
{
    sf_error err;
    target t;
    sf_status rc = find_job(c, &t, &err);
    const sf_bulk2_wait_options options = { .progress = not_interrupted, .call = &c->call };
    if (rc == SF_OK && t.is_classic) return cli_classic_wait(c, &t.classic);
    if (rc == SF_OK) rc = sf_bulk2_wait(c->sf, t.kind, t.job.id.text, &options, &t.job, &err);
    if (rc == SF_ERR_TIMEOUT) return cli_fail_as(c, CLI_UNFINISHED, &err, NULL);
    return rc == SF_OK ? print_job(c, &t.job, false) : cli_fail_error(c, &err);
}

static int run_abort(cli *c)
{
    sf_error err;
    target t;
    sf_status rc = find_job(c, &t, &err);
    if (rc == SF_OK && t.is_classic) return cli_classic_abort(c, &t.classic);
    if (rc == SF_OK) rc = sf_bulk2_abort_job(c->sf, t.kind, t.job.id.text, &c->call, &t.job, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "Aborted %s. What was written stays.", t.job.id.text);
    return print_job(c, &t.job, true);
}

static int run_delete(cli *c)
{
    sf_error err;
    target t;
    sf_status rc = find_job(c, &t, &err);
    if (rc == SF_OK && t.is_classic)
        return cli_fail(
            c, CLI_FAILED, "sforce jobs abort ends it",
            "jobs delete: %s is a job of Bulk API 1.0, which cannot be deleted: the org does so after 7 days",
            t.classic.id.text);
    if (rc == SF_OK) rc = sf_bulk2_delete_job(c->sf, t.kind, t.job.id.text, &c->call, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "Deleted %s and its results.", t.job.id.text);
    if (!c->json) return CLI_OK;
    return cli_finish_json(c, sfi_str(cli_textf(c, "{\"id\":\"%s\",\"deleted\":true}", t.job.id.text)));
}

/* ---- results ---- */
static sf_status write_pages(cli *c, const sf_bulk2_job *job, sf_error *err)
{
    char locator[128] = "";
    int64_t rows = 0;
    for (bool first = true; first || locator[0] != 0; first = false) { /* until the org names no next page */
        cli_job_output o = { .c = c, .skip_header = !first };
        const sf_sink sink = { .write = cli_job_write, .user = &o };
        sf_bulk2_page page;
        sf_status rc = sf_bulk2_get_page(
            c->sf, job->id.text, &(sf_bulk2_page_options){ .locator = locator, .call = &c->call }, &sink, &page, err);
        if (rc != SF_OK) return rc;
        if (page.rows > job->processed - rows) /* so that pages which go round end too */
            return sfi_fail(err, SF_ERR_PROTOCOL, "job %s has %lld rows, and its pages hold more", job->id.text,
                            (long long)job->processed);
        rows += page.rows;
        if (strcmp(locator, page.locator) == 0 && locator[0] != 0)
            return sfi_fail(err, SF_ERR_PROTOCOL, "the org's pages go round in a circle");
        memcpy(locator, page.locator, sizeof locator);
    }
    if (rows == job->processed) return SF_OK;
    return sfi_fail(err, SF_ERR_TRUNCATED, "job %s has %lld rows, and its pages held %lld", job->id.text,
                    (long long)job->processed, (long long)rows);
}

/* The rows of an ingest job that has ended, counted: a stream that stopped early looks like one that is whole. */
static sf_status write_rows(cli *c, const sf_bulk2_job *j, sf_bulk2_results which, sf_error *err)
{
    cli_job_output o = { .c = c };
    const sf_sink sink = { .write = cli_job_write, .user = &o };
    int64_t want = which == SF_RESULTS_FAILED       ? j->failed
                   : which == SF_RESULTS_SUCCESSFUL ? j->processed - j->failed
                                                    : -1;
    bool is_known = j->state == SF_JOB_COMPLETE && j->processed >= 0 && j->failed >= 0 && want >= 0;
    sf_status rc = sf_bulk2_get_results(c->sf, j->id.text, which, &sink, &c->call, err);
    int64_t rows = o.lines + (o.is_open ? 1 : 0) - 1;
    if (rc == SF_OK && (o.is_quoted || (o.is_open && o.last != '"'))) /* orgs quote every value, and end every line */
        return sfi_fail(err, SF_ERR_TRUNCATED, "the results of job %s were cut in their last row", j->id.text);
    if (rc != SF_OK || !is_known || rows == want || (want == 0 && rows < 0)) return rc;
    return sfi_fail(err, SF_ERR_TRUNCATED, "job %s has %lld such rows, and the org sent %lld", j->id.text,
                    (long long)want, (long long)(rows > 0 ? rows : 0));
}

static int run_results(cli *c)
{
    static const struct {
        const char *flag;
        sf_bulk2_results which;
    } flags[] = { { "successful", SF_RESULTS_SUCCESSFUL },
                  { "failed", SF_RESULTS_FAILED },
                  { "unprocessed", SF_RESULTS_UNPROCESSED } };
    sf_error err;
    target t;
    sf_bulk2_results which = SF_RESULTS_FAILED;
    int given = 0;
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++) {
        if (cli_args_times(&c->args, flags[i].flag) == 0) continue;
        which = flags[i].which;
        given++;
    }
    if (given > 1) return cli_usage(c, "jobs results: want one of --successful, --failed and --unprocessed");
    if (c->json || (c->format != CLI_FORMAT_AUTO && c->format != CLI_FORMAT_CSV))
        return cli_usage(c, "jobs results: they are CSV, as the org has them");
    sf_status rc = find_job(c, &t, &err);
    if (rc == SF_OK && t.is_classic) return cli_classic_results(c, &t.classic, which);
    if (rc == SF_OK) rc = cli_out_open(&c->out, c->output, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    rc = t.kind == SF_JOB_QUERY ? write_pages(c, &t.job, &err) : write_rows(c, &t.job, which, &err);
    return rc == SF_OK ? cli_finish_output(c) : cli_fail_error(c, &err);
}

/* ---- resume ---- */
static int run_resume(cli *c)
{
    sf_error err;
    char **argv;
    const char *path;
    const char *name = c->args.count > 1 ? c->args.words[1] : NULL;
    if (cli_journal_command(c, name, &argv, &path, &err) != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "Going on with: %s", path);
    if (setenv("SFORCE_JOURNAL", path, 1) != 0) cli_no_memory();
    fflush(NULL);
    execv("/proc/self/exe", argv);
    return cli_fail(c, CLI_FAILED, NULL, "the command cannot be run again");
}

/* Without a verb: the list; of one job, how it stands. */
static int run_jobs(cli *c)
{
    static const char *words[2] = { "status" };
    sf_str word = c->args.count == 1 ? sfi_str(c->args.words[0]) : (sf_str){ NULL, 0 };
    bool is_id = (word.len == 15 || word.len == 18) && sfi_starts_with(word, "750");
    if (!is_id && (c->args.count > 0 || cli_args_times(&c->args, "last") == 0)) return cli_run_verb(c);
    words[1] = word.ptr;
    c->args.words = words;
    c->args.count = is_id ? 2 : 1;
    return run_status(c);
}

/* clang-format off */
static const cli_flag jobs_flags[] = {
    { "last", 0, NULL, "the org's newest job", CLI_WORDS_NONE, "use-most-recent", false },
    { "successful", 0, NULL, "results: rows that succeeded", CLI_WORDS_NONE, NULL, false },
    { "failed", 0, NULL, "results: rows that failed, with the reason (as without a flag)", CLI_WORDS_NONE, NULL, false },
    { "unprocessed", 0, NULL, "results: rows that were not worked off", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example jobs_examples[] = {
    { "sforce jobs", "The org's bulk jobs of the last days, the newest first" },
    { "sforce jobs --last", "How the newest stands; jobs JOB tells it of another" },
    { "sforce jobs wait 7505g00000XyZ01AAF --timeout 10m", "Until it has ended; exit code 4 when rows failed, 75 when the time is over" },
    { "sforce jobs results 7505g00000XyZ01AAF --failed -O failed.csv", "Its failed rows; of a query job, its rows" },
    { "sforce jobs resume", "Go on with the load or export that was interrupted last" },
    { 0 },
};
static const cli_verb jobs_verbs[] = {
    { "list", "the jobs, the newest first", run_list, CLI_WORDS_NONE },
    { "status", "how a job stands", run_status, CLI_WORDS_NONE },
    { "results", "its rows as CSV", run_results, CLI_WORDS_NONE },
    { "wait", "wait until it has ended", run_wait, CLI_WORDS_NONE },
    { "abort", "stop it", run_abort, CLI_WORDS_NONE },
    { "delete", "delete it with its data", run_delete, CLI_WORDS_NONE },
    { "resume", "go on with an interrupted load", run_resume, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_jobs = {
    .name = "jobs", .usage = "[list | [status|results|wait|abort|delete] JOB|--last | resume [NAME]]", .summary = "see and end bulk jobs, go on with interrupted ones",
    .text = "Jobs are those of Bulk API 2.0 and, with the type Classic, of 1.0, of all users, as long as the org keeps them (7 days). results writes CSV as the org has it. "
            "Of a Classic job, which is summed up from its batches, they are batch, row, id, success, created, code, message and fields of each row, --unprocessed what was "
            "uploaded in batches that were not worked off, and of a query its rows in the job's format; such a job cannot be deleted.\n\n"
            "resume runs an interrupted sforce load or sforce export again, with its journal from the state folder: it goes on where it stood.",
    .verbs = jobs_verbs,
    .flags = jobs_flags, .examples = jobs_examples, .words_max = 2,
    .run = run_jobs, .group = "Bulk",
};
/* clang-format on */
