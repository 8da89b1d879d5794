/* jobs.h: what loads and exports share: their line of progress, and journals in the state folder, each a file with, beside
 * it, the command line that it belongs to, so that `sforce jobs resume` can run it again. Threads: one. */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H
#include "cli.h"

typedef struct cli_journal {
    const char *path; /* NULL: none is kept */
    const char *name; /* of ours: what resume is told */
    bool is_ours;     /* in the state folder: taken away when all is done */
    bool is_new;      /* begun by this run: nothing is lost with it when nothing was begun */
} cli_journal;

/* By --journal, SFORCE_JOURNAL (set by resume), or a new one in the state folder, when the command can be run again. */
sf_status cli_journal_choose(cli *c, const char *kind, bool can_repeat, cli_journal *out, sf_error *err);
void cli_journal_remove(const cli_journal *journal);
/* The argv of a journal of that name; NULL: the newest one. *out ends with NULL; *path is the journal's. */
sf_status cli_journal_command(cli *c, const char *name, char ***out, const char **path, sf_error *err);
/* --async: the command that makes jobs leaves; jobs resume, which runs it again, stays. */
bool cli_journal_is_async(const cli *c);
sf_status cli_journal_check_async(const cli *c, const cli_journal *journal, sf_error *err); /* it must be able to go on */
/* It leaves: says with what it goes on. @param raw JSON members, "rows":1 and so on. @return the exit code. */
int cli_journal_leave(cli *c, const cli_journal *journal, sf_str raw, const char *note);
/* Tells of a run that failed, and how to go on with what it began; a journal of ours of nothing goes. @return the exit code. */
int cli_journal_fail(cli *c, const sf_error *err, bool begun, const cli_journal *journal);

/* ---- progress.c: a line on stderr now and then ---- */
typedef struct cli_progress {
    cli *c;
    bool terminal, quiet, shown;
    int64_t began_ms, next_ms;
} cli_progress;
void cli_progress_begin(cli *c, cli_progress *p);
bool cli_progress_is_due(const cli_progress *p, int64_t now_ms);
void cli_progress_show(cli_progress *p, int64_t now_ms, const char *line);
void cli_progress_end(const cli_progress *p);                      /* takes the line away */
int64_t cli_progress_rate(int64_t rows, int64_t took_ms);          /* a second; 0: none yet */
const char *cli_progress_left(cli *c, int64_t rows, int64_t rate); /* "12 s", "3:05"; "": there is no rate */

/* ---- job_output.c: results of jobs to the sink, counted ---- */
typedef struct cli_job_output {
    cli *c;
    bool skip_header, in_quote; /* of the pages behind the first */
    bool is_quoted, is_open;    /* of what is written: within quotes; within a line */
    int64_t lines;              /* of it that have ended */
    int64_t bytes;              /* of it */
    char last;
} cli_job_output;
sf_status cli_job_write(void *user, const char *data, size_t len,
                        sf_error *err); /* of a sf_sink; user: a cli_job_output */

/* ---- jobs_classic.c: jobs of Bulk API 1.0; each prints, and answers the exit code ---- */
int cli_classic_status(cli *c, const sf_bulk1_job *job, bool is_answer); /* is_answer: failed rows are no failure */
int cli_classic_wait(cli *c, sf_bulk1_job *job);
int cli_classic_abort(cli *c, sf_bulk1_job *job);
int cli_classic_results(cli *c, const sf_bulk1_job *job, sf_bulk2_results which);
#endif
