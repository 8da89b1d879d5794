/*
 * tooling.h: the Tooling API: running Apex, its tests, and what the org's code is made of. SOQL over its objects is a
 * query with sf_query_options.tooling. Wire: Tooling API REST resources. Threads: every call from any thread; a result
 * belongs to one thread at a time.
 */
#ifndef SALESFORCE_TOOLING_H
#define SALESFORCE_TOOLING_H
#include <salesforce/client.h>

#define SF_TOOLING_APEX_MAX 15000 /* of Apex, percent-encoded: it travels in a URL, the API takes it nowhere else */

typedef struct sf_tooling_run_options { /* borrowed for the call */
    bool fail;                   /* Apex that does not compile or ends in an exception is SF_ERR_ORG */
    const sf_call_options *call;
    uint64_t reserved[8];        /* zero */
} sf_tooling_run_options;

typedef struct sf_tooling_result {      /* ends with sf_tooling_result_clear; texts are owned by it */
    bool compiled;                   /* false: nothing ran */
    bool success;                    /* it ran to its end; false: all that it wrote is undone */
    int32_t line, column;            /* from 1, of the problem; -1: none */
    const char *compile_problem;     /* NULL: it compiled */
    const char *exception_message;   /* "System.DmlException: Insert failed. …"; NULL: none */
    const char *exception_trace;     /* NULL: none */
    sf_document *document;           /* all that the org said */
    uint64_t reserved[4];
} sf_tooling_result;

/** Run a piece of Apex (executeAnonymous). What it prints goes to the debug log of the org, not here.
 *  @param apex UTF-8, at most SF_TOOLING_APEX_MAX bytes once encoded. @param options NULL: defaults. @param out what it held
 *  is not freed; filled, and to be cleared, also when options.fail makes an outcome an error.
 *  @return SF_OK: the org ran it, or said why not: look at out. SF_ERR_ORG with options.fail: the message has line, column
 *  and problem, err.code the exception's type ("System.DmlException"), "" for a compile problem. SF_ERR_LIMIT: too long.
 *  SF_ERR_USAGE: not UTF-8. SF_ERR_UNKNOWN_OUTCOME: sent, and the answer was lost; it is never sent twice, although the
 *  API asks for it by GET. And what stands at sf_client_request. */
SF_API sf_status sf_tooling_run(sf_client *sf, const char *apex, const sf_tooling_run_options *options, sf_tooling_result *out,
                             sf_error *err);
SF_EXTERN void sf_tooling_result_clear(sf_tooling_result *result); /**< NULL and zeroed ones are fine. */

/* ---- tests ---- */

/** Run Apex tests and wait for them. @param tests JSON object: {"classNames":"A,B"}, {"tests":[{"className":"A",
 *  "testMethods":["m"]}]} …. @param out {"numTestsRun":…,"numFailures":…,"failures":[…],"successes":[…],"codeCoverage":…};
 *  owned by the caller, ends with sf_document_free; NULL on failure. Tests write nothing, so a lost answer is asked for
 *  again. @return SF_OK (failed tests too), SF_ERR_USAGE (no JSON object), and what stands at sf_client_request. */
SF_API sf_status sf_tooling_run_tests(sf_client *sf, const char *tests, const sf_call_options *call, sf_document **out,
                                   sf_error *err);

/** Queue Apex tests. @param tests as sf_tooling_run_tests. @param job gets the AsyncApexJob's id, 18 characters, by which
 *  ApexTestQueueItem and ApexTestResult tell how it goes (queries with tooling). @return as sf_tooling_run_tests, and
 *  SF_ERR_UNKNOWN_OUTCOME. */
SF_API sf_status sf_tooling_queue_tests(sf_client *sf, const char *tests, const sf_call_options *call, sf_id *job,
                                     sf_error *err);

/* ---- what there is ---- */

/** The objects of the Tooling API: {"sobjects":[…]}. @param out as sf_tooling_run_tests. */
SF_API sf_status sf_tooling_describe_global(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** One of them with its fields. @param out as sf_tooling_run_tests. @return SF_OK, SF_ERR_USAGE (no name), SF_ERR_NOT_FOUND. */
SF_API sf_status sf_tooling_describe(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                                     sf_error *err);
/** What an editor may offer: {"publicDeclarations":…}. @param type "apex" or "visualforce". @param out as above. */
SF_API sf_status sf_tooling_completions(sf_client *sf, const char *type, const sf_call_options *call, sf_document **out,
                                        sf_error *err);
#endif
