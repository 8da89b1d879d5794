/*
 * sent_rows.h: rows of a stream that are on their way to the org, for write and publish: which line each began in and, where
 * failed ones are kept, its text, found by its number; and the rows that were not fit to be sent, which are told when those
 * before them are. In bounded memory: no more rows are under way than there are places.
 */
#ifndef CLI_SENT_ROWS_H
#define CLI_SENT_ROWS_H
#include "jsonrows.h"

enum { CLI_UNSENT_MAX = 1000 }; /* rows not sent that wait to be told */

typedef struct cli_unsent { /* a row that was not sent */
    int64_t before, line;   /* before: number of the sent row that follows it */
    char *message;
} cli_unsent;

typedef struct cli_sent_rows {
    size_t places; /* rows that can be under way */
    int64_t *lines;
    sfi_buf *texts; /* NULL: no --failed */
    int64_t sent;   /* rows that were taken */
    int64_t last_line;
    cli_unsent unsent[CLI_UNSENT_MAX];
    size_t unsent_count;
    cli_out failed;                                              /* --failed; fd -1: none */
    void (*tell)(void *user, int64_t line, const sf_error *why); /* of a row that was not sent */
    void *user;
} cli_sent_rows;

/* failed has been opened, or has fd -1. */
void cli_sent_rows_begin(cli_sent_rows *s, cli *c, size_t places);
/* The next row, before it is given to be sent: what becomes of it may be told at once. Taken: s->sent goes up. */
void cli_sent_rows_note(cli_sent_rows *s, sf_str text, int64_t line);
/* Tell of the rows that were not sent and stand before row number row. */
void cli_sent_rows_tell(cli_sent_rows *s, int64_t row);
/* To --failed, if it is there: row number row, or a row that is not under way. */
void cli_sent_rows_keep(cli_sent_rows *s, int64_t row);
void cli_sent_rows_keep_text(cli_sent_rows *s, sf_str text);
/* The noted row was not fit to be sent: told later. Only while unsent_count is below CLI_UNSENT_MAX. */
void cli_sent_rows_refuse(cli_sent_rows *s, const sf_error *why);
int64_t cli_sent_rows_line(const cli_sent_rows *s, int64_t row);
void cli_sent_rows_free(cli_sent_rows *s); /* failed too, unfinished, unless it was closed */
#endif
