/*
 * soap_rows.h: a call per so many ids, a row per result: what convert-lead, merge, undelete and recycle-bin empty share.
 * Threads: one.
 */
#ifndef CLI_SOAP_ROWS_H
#define CLI_SOAP_ROWS_H
#include "cli.h"

enum { CLI_SOAP_COLUMNS_MAX = 8 };

typedef struct cli_soap_job {
    const char *const *ids;
    size_t count, chunk;      /* ids, and how many go into one call */
    bool one_row;             /* a call has one result, however many ids it takes */
    const char *const *names; /* columns: the first is the id, the second success, the last the error */
    size_t columns;
    sf_status (*send)(cli *c, void *ctx, const char *const *ids, size_t count, sf_soap_results **out, sf_error *err);
    void (*fill)(cli *c, const sf_soap_result *row, const char **cells); /* those in between; NULL: there are none */
    void *ctx;
    const char *done, *thing; /* "Converted", "lead" */
} cli_soap_job;

/* All words from the given one on, checked to be ids. */
sf_status cli_soap_ids(cli *c, size_t first, const char *const **out, size_t *count, sf_error *err);
/* Calls until all are done or one fails for good, prints the rows. @return the exit code. */
int cli_soap_run(cli *c, const cli_soap_job *job);
const char *cli_soap_id(cli *c, sf_id id); /* NULL for none */
#endif
