/*
 * format.h: values as the user reads them: toLabel() and FORMAT(), for en_US. Called by run.c. Threads: plain functions.
 */
#ifndef SFO_SOQL_FORMAT_H
#define SFO_SOQL_FORMAT_H
#include "store/store.h"

/* The label of a picklist value; of several, label by label. Null stays null. */
void sfo_write_label(sfi_json_writer *w, const sfo_field *field, sqlite3_stmt *stmt, int column);
/* 1234567.5 as 1,234,567.50 with that many decimals; scale -1: as many as it has, up to six. */
void sfo_format_number(double d, int scale, char *out, size_t size);
/* 4/10/2025, or 4/10/2025, 3:31 PM; ms as a clock in that place shows it. */
void sfo_format_time(int64_t ms, bool with_clock, char *out, size_t size);
/* $44,000.00 · 4/10/2025 · 4/10/2025, 3:31 PM (in the zone) · 1,234.5 · anything else as it is. */
void sfo_write_formatted(sfi_json_writer *w, const sfo_field *field, sfo_type type, const char *zone,
                         sqlite3_stmt *stmt, int column);
#endif
