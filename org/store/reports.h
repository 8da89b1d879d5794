/*
 * reports.h: the tables of reports and of their runs in the background. What a report is made of is JSON text that the
 * store does not read; the object Report has a row for each. Called by api. Threads: as store.h.
 */
#ifndef SFO_STORE_REPORTS_H
#define SFO_STORE_REPORTS_H
#include "store/store.h"

typedef struct sfo_report_row { /* texts borrowed for the call, or in the arena of the call that fills them */
    const char *id;
    const char *name, *developer_name, *description; /* description NULL: none */
    const char *format;                              /* as the object Report has it: "Tabular" … */
    const char *folder_id, *folder_name;
    const char *metadata; /* JSON */
} sfo_report_row;

typedef struct sfo_report_run_row {
    const char *id, *report_id, *owner_id;
    int64_t requested_ms, completed_ms; /* completed: when its result is there for clients */
    bool has_details;
    const char *result; /* JSON members; NULL: not asked for */
} sfo_report_run_row;

enum { SFO_REPORT_RUN_LIFE_MS = 86400 * 1000 };

/* A new report and its row in Report. */
bool sfo_report_insert(sfo_store *s, const sfo_context *c, const sfo_report_row *row, sf_id *id, sfo_fault *f);
bool sfo_report_update(sfo_store *s, const sfo_context *c, const sfo_report_row *row, sfo_fault *f);
/* Report, row and runs are gone; a definition of that name does not come back. *found: it was there. */
bool sfo_report_remove(sfo_store *s, const char *id, bool *found, sfo_fault *f);
/* @param id 15 or 18 characters. @return 1: out has it; 0: no such report; -1: fault. */
int sfo_report_find(sfo_store *s, sf_str id, sfi_arena *arena, sfo_report_row *out, sfo_fault *f);
/* Was there ever one of that developer name? @return 1, 0, -1. */
int sfo_report_was_defined(sfo_store *s, const char *developer_name, sfo_fault *f);
/* The ids, last run first, then by name; at most max of them. -1: fault. */
int sfo_report_list(sfo_store *s, sfi_arena *arena, sfo_report_row *out, int max, sfo_fault *f);
bool sfo_report_note_run(sfo_store *s, const char *id, int64_t now_ms, sfo_fault *f); /* LastRunDate */

bool sfo_report_run_insert(sfo_store *s, const sfo_report_run_row *row, sf_id *id, sfo_fault *f);
/* Runs older than 24 hours are forgotten first. @return as sfo_report_find. */
int sfo_report_run_find(sfo_store *s, const char *report_id, sf_str id, int64_t now_ms, sfi_arena *arena,
                        sfo_report_run_row *out, sfo_fault *f);
/* Newest first, without results; -1: fault. */
int sfo_report_run_list(sfo_store *s, const char *report_id, int64_t now_ms, sfi_arena *arena, sfo_report_run_row *out,
                        int max, sfo_fault *f);
bool sfo_report_run_remove(sfo_store *s, const char *id, sfo_fault *f);
#endif
