/*
 * reports.h: how a report's result is printed. Called by cmd_report.c. Threads: one, the result's.
 */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H
#include "cli.h"

typedef struct cli_report_print {
    bool labels; /* csv and json have what a reader of the report sees: "$1,500" for 1500 */
    bool totals; /* csv and ndjson have the totals of the groups instead of the rows */
    bool raw;    /* what the org sent, as it is */
} cli_report_print;

/* Prints and ends the output. Rows that the org left out: the exit code is CLI_LIMIT, and stderr says so. */
int cli_report_finish(cli *c, sf_report_result *r, const cli_report_print *how);
#endif
