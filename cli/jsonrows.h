/*
 * jsonrows.h: rows out of a file or pipe, one after another, without ever holding more than one of them and a buffer: a
 * JSON object a line (NDJSON), objects over several lines, or one array of objects.
 * Threads: one.
 */
#ifndef CLI_JSONROWS_H
#define CLI_JSONROWS_H
#include "cli.h"

typedef struct cli_json_rows {
    const char *path; /* as people know it: a file, or "stdin" */
    int fd;
    char *data; /* bytes begin..end of it are not taken yet */
    size_t cap, begin, end;
    bool at_end, started, is_array, is_closed, needs_comma;
    int64_t line; /* of data[begin], from 1 */
    /* Called before a read that has to wait; an error ends the reading. NULL: nobody. */
    sf_status (*idle)(void *user, sf_error *err);
    void *idle_user;
} cli_json_rows;

enum { CLI_JSON_ROW_MAX = 32 * 1024 * 1024 };

/* @param path "-": stdin. SF_ERR_USAGE: it cannot be read; the message names it. */
sf_status cli_json_rows_open(cli_json_rows *rows, const char *path, sf_error *err);
/* The next row's text, borrowed until the next call, and the line it begins in. What it says is not checked: in an array or
 * over several lines it is what stands between a brace and the one that closes it, else a line.
 * @return SF_ROW, SF_DONE, SF_ERR_USAGE (where the file is not such a file: it cannot be read on), SF_ERR_IO. */
sf_status cli_json_rows_next(cli_json_rows *rows, sf_str *row, int64_t *line, sf_error *err);
void cli_json_rows_close(cli_json_rows *rows);
/* A row on a line of its own, for a file of rows that are to be sent again. */
void cli_json_rows_keep(cli_out *out, sf_str row);
#endif
