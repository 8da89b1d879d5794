/* progress.c: see jobs.h: how far a load or an export is, how it ended, and how it is gone on with. */
#include "jobs.h"
#include <unistd.h>

enum { FIRST_MS = 500, SHOW_EVERY_MS = 200, LOG_EVERY_MS = 10000 };

void cli_progress_begin(cli *c, cli_progress *p)
{
    *p = (cli_progress){ .c = c,
                         .quiet = c->quiet || c->no_progress || c->json,
                         .terminal = isatty(STDERR_FILENO) == 1,
                         .began_ms = sfi_now_ms() };
    p->next_ms = p->began_ms + (p->terminal ? FIRST_MS : LOG_EVERY_MS);
}

bool cli_progress_is_due(const cli_progress *p, int64_t now_ms)
{
    return !p->quiet && now_ms >= p->next_ms;
}

void cli_progress_show(cli_progress *p, int64_t now_ms, const char *line)
{
    if (p->terminal)
        fprintf(stderr, "\r%s\033[K", line);
    else
        fprintf(stderr, "%s\n", line);
    p->shown = true;
    p->next_ms = now_ms + (p->terminal ? SHOW_EVERY_MS : LOG_EVERY_MS);
}

void cli_progress_end(const cli_progress *p)
{
    if (p->terminal && p->shown) fputs("\r\033[K", stderr);
}

int64_t cli_progress_rate(int64_t rows, int64_t took_ms)
{
    if (took_ms <= 0 || rows <= 0) return 0;
    return rows < INT64_MAX / 1000 ? rows * 1000 / took_ms : rows / took_ms * 1000;
}

const char *cli_progress_left(cli *c, int64_t rows, int64_t rate)
{
    if (rate <= 0) return "";
    long long s = rows > 0 ? rows / rate : 0;
    return s < 60 ? cli_textf(c, "%lld s", s) : cli_textf(c, "%lld:%02lld", s / 60, s % 60);
}

bool cli_journal_is_async(const cli *c)
{
    return cli_args_times(&c->args, "async") > 0 && getenv("SFORCE_JOURNAL") == NULL;
}

sf_status cli_journal_check_async(const cli *c, const cli_journal *journal, sf_error *err)
{
    if (!cli_journal_is_async(c) || journal->path != NULL) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "--async needs a journal to go on with: give --journal FILE");
}

int cli_journal_leave(cli *c, const cli_journal *journal, sf_str raw, const char *note)
{
    c->ended = CLI_UNFINISHED;
    c->output = NULL; /* of an export it is where the rows go */
    if (cli_wants_json(c)) {
        sfi_buf out = { 0 };
        sfi_buf_add_char(&out, '{');
        sfi_buf_add(&out, raw.ptr, raw.len);
        cli_json_add_member(&out, journal->is_ours ? "resume" : "journal",
                            journal->is_ours ? journal->name : journal->path);
        sfi_buf_add_char(&out, '}');
        int code = cli_finish_json(c, sfi_buf_str(&out));
        sfi_buf_free(&out);
        return code;
    }
    cli_note(c,
             journal->is_ours ? "%s sforce jobs resume %s goes on."
                              : "%s The same command with --journal %s and without --async goes on.",
             note, journal->is_ours ? journal->name : journal->path);
    return CLI_UNFINISHED;
}

int cli_journal_fail(cli *c, const sf_error *err, bool begun, const cli_journal *journal)
{
    if (!begun && journal->is_ours) cli_journal_remove(journal);
    /* What was typed, or a journal that somebody else is at work with, has to be put right first: all stays. */
    if (!begun || journal->path == NULL || err->status == SF_ERR_USAGE) return cli_fail_error(c, err);
    cli_exit code = cli_exit_of(err);
    const char *hint = journal->is_ours ? cli_textf(c, "go on with: sforce jobs resume %s", journal->name)
                                        : cli_textf(c, "the same command with --journal %s goes on", journal->path);
    return cli_fail_as(c, code == CLI_NETWORK ? CLI_UNFINISHED : code, err, hint);
}
