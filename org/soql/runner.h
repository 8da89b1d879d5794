/*
 * runner.h: a statement from text to plan, and the end of it: what query, more and explain begin and end with.
 * Called by run.c and explain.c, under the store's lock.
 */
#ifndef SFO_SOQL_RUNNER_H
#define SFO_SOQL_RUNNER_H
#include "soql/compile_internal.h"
#include "soql/pages.h"

typedef struct sfo_runner {
    sfo_compile c;
    sfi_arena arena;
    sfo_plans plans;
    sfo_plan *root;
    sfo_pages pages;
    const sfo_query_options *options; /* NULL: none */
    int64_t batch;                    /* rows of a page */
    sfi_json_writer w;
    sfi_buf *out;
    size_t out_len; /* before this answer */
} sfo_runner;

/* Takes the store's lock. */
void sfo_runner_begin(sfo_runner *r, sfo_store *s, const sfo_context *c, const sfo_query_options *options, sfi_buf *out,
                      sfo_fault *f);
bool sfo_runner_compile(sfo_runner *r, sf_str soql);
/* run.c: at most max rows of a plan that is not grouped, as JSON objects into an open array. */
bool sfo_run_rows(sfo_runner *r, sfo_plan *plan, int64_t max, int64_t *count);
/* Statements, pages, memory, lock; a fault leaves nothing of a half written answer behind. Answers fine. */
bool sfo_runner_end(sfo_runner *r, bool fine);
#endif
