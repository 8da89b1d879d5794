/*
 * format.h: values as the user reads them: toLabel() and FORMAT(), for en_US. Called by run.c. Threads: plain functions.
 */
#ifndef SFO_SOQL_FORMAT_H
#define SFO_SOQL_FORMAT_H
#include "store/store.h"

/* The label of a picklist value; of several, label by label. Null stays null. */
void sfo_write_label(sfi_json_writer *w, const sfo_field *field, sqlite3_stmt *stmt, int column);
/* $44,000.00 · 4/10/2025 · 4/10/2025, 3:31 PM (in the zone) · 1,234.5 · anything else as it is. */
void sfo_write_formatted(sfi_json_writer *w, const sfo_field *field, sfo_type type, const char *zone,
                         sqlite3_stmt *stmt, int column);
#endif
