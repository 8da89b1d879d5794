/* jobs.h: journals of loads and exports in the state folder: each a file of its own with, beside it, the command line that it
 * belongs to, so that `sforce jobs resume` can run it again. Threads: one. */
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
#endif
