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
#endif
