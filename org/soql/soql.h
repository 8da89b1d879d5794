/*
 * soql.h: SOQL text in, result JSON out. lexer → parser (the whole grammar of wire/soql.md, into a tree) → resolver
 * (names and types against the schema) → compiler (SQLite SQL with bound parameters) → run (rows, child rows, pages).
 * A valid statement whose meaning is not built is refused by name, never answered wrongly.
 * Called by api. Threads: any, with the store's lock inside.
 */
#ifndef SFO_SOQL_H
#define SFO_SOQL_H
#include "store/store.h"

typedef struct sfo_query_options {
    bool all_rows;  /* queryAll: deleted rows too */
    int batch_size; /* 0: 2000; clamped to 200..2000 */
    /* Called for each row of the first page of a statement with FOR VIEW, the last row first; NULL: not wanted. */
    void (*viewed)(void *user, const char *id);
    void *user;
} sfo_query_options;

/* Runs a statement and writes {"totalSize":…,"done":…[,"nextRecordsUrl":…],"records":[…]} (wire/soql.md 10). Pages
 * that remain are kept under a locator (an ordered id list in the database, at most 10 open results a user, for two
 * days). A child result shows 200 rows at most and has the rest at a locator of its own. */
bool sfo_soql_query(sfo_store *s, const sfo_context *c, sf_str soql, const sfo_query_options *options, sfi_buf *out,
                    sfo_fault *f);
/* locator: what follows …/query/ in nextRecordsUrl, such as "01g…-2000"; child pages have locators of the same form. */
bool sfo_soql_more(sfo_store *s, const sfo_context *c, sf_str locator, const sfo_query_options *options, sfi_buf *out,
                   sfo_fault *f);
/* All rows of a statement that has neither groups nor COUNT(), at most max of them, as one JSON array; nothing is kept for
 * later pages. @param options NULL: defaults. */
bool sfo_soql_rows(sfo_store *s, const sfo_context *c, sf_str soql, const sfo_query_options *options, int64_t max,
                   sfi_buf *out, sfo_fault *f);
/* A statement that asks for one record by its id, last in its condition (… AND Id = 'id'), to be asked again for others.
 * @param c borrowed until the free. @return NULL: it cannot be kept (it is none, speaks of days, …); ask by sfo_soql_rows. */
typedef struct sfo_soql_kept sfo_soql_kept;
sfo_soql_kept *sfo_soql_keep(sfo_store *s, const sfo_context *c, sf_str soql, sf_str id, bool all_rows);
bool sfo_soql_kept_rows(sfo_soql_kept *k, sf_str id, sfi_buf *out, sfo_fault *f); /* as sfo_soql_rows */
void sfo_soql_kept_free(sfo_soql_kept *k);                                        /* NULL is fine */

/* {"plans":[…],"sourceQuery":…} */
bool sfo_soql_explain(sfo_store *s, const sfo_context *c, sf_str soql, sfi_buf *out, sfo_fault *f);

/* {"columnMetadata":[…],"entityName":…,"groupBy":…,"idSelected":…,"keyPrefix":…}: the columns, without rows. */
bool sfo_soql_columns(sfo_store *s, const sfo_context *c, sf_str soql, sfi_buf *out, sfo_fault *f);

/* Just the syntax: true, or the fault a parser error gives. For the corpus and the fuzzer. */
bool sfo_soql_check_syntax(sf_str soql, sfo_fault *f);
#endif
