/*
 * results_internal.h: answers that are a list with one entry for each thing asked: actions and approvals. One that failed
 * makes the whole answer a 400, and the others stay done, so such a 400 is an answer. Called by actions.c and approvals.c.
 * Threads: results belong to one thread at a time.
 */
#ifndef SFI_RESULTS_INTERNAL_H
#define SFI_RESULTS_INTERNAL_H
#include "rest/rest_internal.h"

typedef struct sfi_results {
    sf_document *doc;
    const char *flag; /* the member of an entry that is true when it was done */
    sf_value *list;
    size_t count, failed;
} sfi_results;

/* Runs a POST whose body stands in request, and takes its list. @param flag "isSuccess" or "success"; a literal.
 * @return also SF_ERR_UNKNOWN_OUTCOME: an answer came that is not such a list of expected entries. */
sf_status sfi_results_run(sf_client *sf, sfi_call_request *request, const char *flag, size_t expected, sfi_results *out,
                          sf_error *err);
void sfi_results_clear(sfi_results *r);
bool sfi_result_failed(sf_value entry, const char *flag);
/* What an entry's "errors" say. @return SF_OK when it did not fail. */
sf_status sfi_result_check(sf_value entry, const char *flag, const char *what, sf_error *err);
#endif
