/*
 * table.h: a statement as a table of text, one row after another: what bulk queries and their CSV need. Values are written
 * as the Bulk API does: nulls and empty texts alike as nothing, date-times with Z, numbers as REST writes them.
 * Called by bulk. Threads: any, with the store's lock inside; it is let go now and then, so that others get on.
 */
#ifndef SFO_SOQL_TABLE_H
#define SFO_SOQL_TABLE_H
#include "soql/soql.h"

typedef struct sfo_table_reader { /* both answer false to stop */
    bool (*head)(void *user, const sf_str *names, size_t count);
    bool (*row)(void *user, const sf_str *cells, size_t count); /* texts live until the next row */
    void *user;
} sfo_table_reader;

/* The object that the statement reads, and whether the Bulk API takes it; nothing is run. false: the fault says why
 * (MALFORMED_QUERY …, or FEATURENOTENABLED for what bulk queries cannot do). */
bool sfo_soql_table_check(sfo_store *s, const sfo_context *c, sf_str soql, const sfo_object **object, sfo_fault *f);
/* Runs it. false: a fault, or with f untouched (http_status 0): the reader stopped. */
bool sfo_soql_table(sfo_store *s, const sfo_context *c, sf_str soql, bool all_rows, const sfo_table_reader *reader,
                    sfo_fault *f);
#endif
