/*
 * listen.h: what the files of `sforce listen` share: the command (cmd_listen.c), an event as a line (listen_lines.c), where
 * positions are kept (listen_positions.c), and batches for a program (listen_exec.c).
 * Threads: one, the listener's.
 */
#ifndef CLI_LISTEN_H
#define CLI_LISTEN_H
#include "cli.h"

/* ---- listen_lines.c ---- */
/* For people: time, what, which. Without a line end. */
bool cli_event_line(sfi_buf *out, const sf_event *e);
/* {"channel":…,"replayId":…,"schema":…,"event":{…},"payload":{…}}, without a line end. */
bool cli_event_json(sfi_buf *out, const sf_event *e);

/* ---- listen_positions.c: a file for each channel below the state folder, its text the replay id; or "since TIME" when an
 * event came and none was handled before, so that a run that is killed then loses none ---- */
typedef struct cli_positions {
    cli *c;
    const char *folder;
    sf_checkpoints *store;
} cli_positions;

const char *cli_replay_folder(cli *c, const char *group); /* of this login; of a group of it, unless NULL */
sf_status cli_positions_open(cli *c, const char *folder, cli_positions *out, sf_error *err);
void cli_positions_close(cli_positions *p);
/* What is kept of a channel. @return SF_OK: a position, or *since_ms (0: a position); SF_DONE: nothing. */
sf_status cli_positions_look(const cli_positions *p, const char *channel, int64_t *since_ms, sf_error *err);
/* An event made at this time came, before any other was handled. */
sf_status cli_positions_begin(const cli_positions *p, const char *channel, int64_t created_ms, sf_error *err);

/* ---- listen_group.c ---- */
/* By --coordinator or SFORCE_COORDINATOR: redis://…, file:PATH (a folder); else one of the group's in the state folder. */
sf_status cli_coordinator_open(cli *c, const char *group, sf_coordinator **out, sf_error *err);

/* ---- listen_exec.c: events gathered into batches, each the standard input of a run of a program ---- */
enum { CLI_BATCH_MAX = 10000 };

typedef struct cli_exec_options { /* borrowed until the close */
    const char *command;          /* for sh -c */
    int64_t batch;                /* most events of one, 1..CLI_BATCH_MAX */
    int64_t wait_ms;              /* how long the first event of one waits for others */
    int64_t retries;              /* of a batch that fails */
    const char *dead_letters;     /* file; NULL: none, what fails ends the listening */
} cli_exec_options;

typedef struct cli_exec cli_exec;
/* @param events counts those that are handled; borrowed. */
sf_status cli_exec_open(cli *c, const cli_exec_options *options, int64_t *events, cli_exec **out, sf_error *err);
void cli_exec_close(cli_exec *x); /* waits for a program that runs; NULL is fine */
/* In a handler: takes the event; waits while both the batch that is handed over and the next are full. A failure is kept
 * for the next step. @return false: it is in hand already (a session began anew). */
bool cli_exec_take(cli_exec *x, sf_listener *l, const sf_event *e);
/* Outside of handlers: look after the program, acknowledge what it has done, begin the next batch. is_last: what is
 * gathered goes out at once. */
sf_status cli_exec_step(cli_exec *x, sf_listener *l, bool is_last, sf_error *err);
bool cli_exec_has_work(const cli_exec *x);
int cli_exec_fd(const cli_exec *x);                          /* readable when the program has ended; -1: none runs */
int64_t cli_exec_due_ms(const cli_exec *x);                  /* when a step has something to do; INT64_MAX: nothing */
int64_t cli_exec_set_aside(const cli_exec *x);               /* events that went to the dead letters */
bool cli_exec_has_done(const cli_exec *x, const char *name); /* an event of it was acknowledged */
void cli_exec_renew(cli_exec *x);                            /* a new session: events in hand may come again */
void cli_exec_drop(cli_exec *x);   /* what is in hand is another's, or comes again: it is not acknowledged */
void cli_exec_finish(cli_exec *x); /* take no more; only the program that runs is waited for */
#endif
