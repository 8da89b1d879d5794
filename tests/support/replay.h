/*
 * replay.h: one answer for ever, sent to a client of ours by a wire_server: what real orgs once sent, or a text. What they
 * sent lies beside the checkout (shared/recorded, see its INDEX.md; names here are paths in it); without it a test says so
 * and is skipped. Each .http file is a status line, headers and a body, any other a body only. For a test's one thread.
 */
#ifndef SF_TEST_REPLAY_H
#define SF_TEST_REPLAY_H
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce/client.h>

typedef struct recorded_file {
    char *text;        /* the whole file; free() */
    sf_str head, body; /* in text: the head ends before its last line's end, len 0: none; the body ends with a NUL */
} recorded_file;
/* Fails the test when the file is not there. */
recorded_file recorded_read(const char *name);
/* Fails the test when a file of the folder has no case: is_named says whether it has. */
void recorded_assert_named(const char *folder, bool (*is_named)(const char *name));

typedef struct replay {
    sf_client *sf;       /* logged in, repeats nothing */
    wire_server *server; /* gives the same answer to every request */
    sf_str body;         /* of that answer, ends with a NUL */
    char *answer;
    wire_step steps[3];
    const wire_step *script;
} replay;
/* Prints the name and answers as the file says, with the length of the body. Status and Content-Type (NULL: JSON; lines
 * of further headers may follow it) are for a file that has no head of its own. */
void replay_start(replay *r, const char *name, int status, const char *type);
/* The same from memory. head: as recorded_file.head. */
void replay_start_text(replay *r, sf_str head, sf_str body);
void replay_start_json(replay *r, int status, const char *body, size_t len);
void replay_stop(replay *r);

/* What main returns: 77 is skipped. */
#define REPLAY_RUN(name, tests)                                                                                        \
    (test_shared_dir() != NULL ? cmocka_run_group_tests_name(name, tests, NULL, NULL)                                  \
                               : (print_message("skipped: no ../shared/recorded beside the checkout\n"), 77))
#endif
