/*
 * bulk2.h: Bulk API 2.0, call by call: ingest jobs (a CSV goes up, results of its rows come down) and query jobs (a
 * statement goes up, pages of CSV come down). Bodies come from a source and go to a sink: no file is ever whole in memory.
 * Above it, sf_bulk_load and sf_bulk_export do whole files with everything that can go wrong.
 * Wire: Bulk API 2.0. Threads: the calls are safe from any thread; a cursor belongs to one thread at a time.
 */
#ifndef SALESFORCE_BULK2_H
#define SALESFORCE_BULK2_H
#include <salesforce/client.h>
#include <salesforce/stream.h>
#include <salesforce/writer.h>

#define SF_BULK2_UPLOAD_MAX 150000000   /* bytes of one job's CSV that the org takes; it advises at most 100,000,000 */
#define SF_BULK2_MULTIPART_MAX 100000   /* characters of a CSV that goes up with the job's creation */

typedef enum sf_job_kind { SF_JOB_INGEST = 0, SF_JOB_QUERY = 1 } sf_job_kind;

typedef enum sf_job_state {
    SF_JOB_STATE_OTHER = 0,          /* a state that this library does not know: state_name says it */
    SF_JOB_OPEN = 1,                 /* waits for its data */
    SF_JOB_UPLOAD_COMPLETE = 2,      /* waits for its turn */
    SF_JOB_IN_PROGRESS = 3,
    SF_JOB_COMPLETE = 4,             /* worked off: its rows may have failed all the same */
    SF_JOB_FAILED = 5,               /* as a whole: error_message says why; rows may have been written before */
    SF_JOB_ABORTED = 6
} sf_job_state;

typedef struct sf_bulk2_job {        /* plain; good for ever */
    sf_id id;
    sf_job_state state;
    char state_name[24];             /* as the org wrote it */
    char operation[24];              /* "insert" … "query" */
    char object[96];
    char external_id[96];            /* upserts; else "" */
    char job_type[24];               /* "V2Ingest", "V2Query", "Classic"; "" where the org does not say */
    char api_version[8];
    sf_id created_by;
    int64_t created_ms, modified_ms; /* since 1970 */
    int64_t processed;               /* rows, failed ones among them; of a query: rows of the result; -1: not said yet */
    int64_t failed;                  /* of them; -1: not said */
    int64_t retries, total_ms, active_ms; /* of the server's work; -1: not said */
    char delimiter;                  /* of its CSV; '\0': not said */
    bool crlf;                       /* its lines end in CR LF */
    char error_message[512];         /* failed jobs: cut to fit; else "" */
    uint64_t reserved[8];
} sf_bulk2_job;

/* In all calls: @param job the id, 15 or 18 characters. @param call NULL: defaults. @return SF_OK; SF_ERR_USAGE (nothing
 * was sent); SF_ERR_NOT_FOUND (no such job); SF_ERR_ORG (err.code, such as INVALIDJOBSTATE); what stands at
 * sf_client_request. */

/* ---- ingest ---- */
typedef struct sf_bulk2_job_options { /* borrowed for the call */
    const char *object;               /* API name; must be said */
    sf_operation operation;           /* must be said; SF_HARD_DELETE wants a permission of its own */
    const char *external_id;          /* of an upsert: the field, or "Id"; else NULL */
    char delimiter;                   /* one of , ; | ^ ` and tab; '\0': comma */
    bool crlf;                        /* the lines of the upload end in CR LF */
    const char *assignment_rule;      /* its id, for Case and Lead; NULL: none */
    const sf_call_options *call;
    uint64_t reserved[4];             /* zero */
} sf_bulk2_job_options;

/** Make an ingest job, which waits for its data. Ballerina: createIngestJob. @param out NULL: not wanted (then there is
 *  no way to go on with it). @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost, the job may be there, open and
 *  without data: it does nothing, and the org takes it away. */
SF_API sf_status sf_bulk2_create_job(sf_client *sf, const sf_bulk2_job_options *options, sf_bulk2_job *out,
                                     sf_error *err);
/** The same with its data, at most SF_BULK2_MULTIPART_MAX characters, in one request: nothing more needs to be sent.
 *  @return also SF_ERR_LIMIT; SF_ERR_UNKNOWN_OUTCOME: rows may be written. */
SF_API sf_status sf_bulk2_create_job_with_data(sf_client *sf, const sf_bulk2_job_options *options, sf_str csv,
                                               sf_bulk2_job *out, sf_error *err);
/** Send the job's data, once: UTF-8, with a header line of field names. Ballerina: addBatch. @param csv from where;
 *  its length, where known, is at most SF_BULK2_UPLOAD_MAX. @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost. The
 *  job must then be aborted, and another made: a second upload spoils it. Nothing is written before it is closed. */
SF_API sf_status sf_bulk2_upload(sf_client *sf, const char *job, const sf_source *csv, const sf_call_options *call,
                                 sf_error *err);
/** The same from memory. */
SF_API sf_status sf_bulk2_upload_text(sf_client *sf, const char *job, sf_str csv, const sf_call_options *call,
                                      sf_error *err);
/** Say that the data is complete: the org begins. A repeat after a lost answer that finds it closed counts as done.
 *  Ballerina: closeIngestJob. @param out NULL: not wanted. */
SF_API sf_status sf_bulk2_close_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk2_job *out,
                                    sf_error *err);

typedef enum sf_bulk2_results {
    SF_RESULTS_SUCCESSFUL = 1,   /* sf__Id, sf__Created, then the columns of the upload */
    SF_RESULTS_FAILED = 2,       /* sf__Id, sf__Error, then the columns of the upload */
    SF_RESULTS_UNPROCESSED = 3   /* the columns of the upload */
} sf_bulk2_results;
/** The rows of a finished job, as CSV with the job's delimiter and line ends, in no order. Ballerina: getJobStatus.
 *  @param sink where to. That nothing is missing shows only in the number of rows: successful + failed = processed. */
SF_API sf_status sf_bulk2_get_results(sf_client *sf, const char *job, sf_bulk2_results which, const sf_sink *sink,
                                      const sf_call_options *call, sf_error *err);

/* ---- queries ---- */
typedef struct sf_bulk2_query_options { /* borrowed for the call */
    bool all_rows;                    /* queryAll: deleted and archived rows too */
    char delimiter;                   /* as above */
    bool crlf;
    const sf_call_options *call;
    uint64_t reserved[4];             /* zero */
} sf_bulk2_query_options;
/** Make a query job. Ballerina: createQueryJob. @param soql without aggregates, GROUP BY, OFFSET, TYPEOF, child queries,
 *  compound and base64 fields. @param options NULL: defaults. */
SF_API sf_status sf_bulk2_create_query(sf_client *sf, const char *soql, const sf_bulk2_query_options *options,
                                       sf_bulk2_job *out, sf_error *err);

typedef struct sf_bulk2_page { /* plain */
    int64_t rows;              /* that the org says the page holds, its header line not counted */
    char locator[128];         /* of the next page; "": this was the last */
    uint64_t reserved[4];
} sf_bulk2_page;
typedef struct sf_bulk2_page_options { /* borrowed for the call */
    const char *locator;               /* of the page; NULL or "": the first */
    int64_t rows_max;                  /* a wish: pages may be smaller; 0: the server's size */
    const sf_call_options *call;
    uint64_t reserved[4];              /* zero */
} sf_bulk2_page_options;
/** One page of a finished query's rows. Each page begins with the header line (an empty result may lack it). A page may
 *  be asked for again as long as the job lives. Ballerina: getQueryResult. @param out untouched on failure.
 *  @return also SF_ERR_PROTOCOL (the header that ends the set is missing), SF_ERR_ORG (the job is not complete: see
 *  sf_bulk2_wait). */
SF_API sf_status sf_bulk2_get_page(sf_client *sf, const char *job, const sf_bulk2_page_options *options,
                                   const sf_sink *sink, sf_bulk2_page *out, sf_error *err);

typedef struct sf_bulk2_pages sf_bulk2_pages;
/** The locators of a finished query's pages, so that they can be fetched side by side (API 58.0 and later). Asked for as
 *  they are needed. @param out owned by the caller, ends with sf_bulk2_pages_close; NULL on failure. */
SF_API sf_status sf_bulk2_pages_open(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk2_pages **out,
                                     sf_error *err);
/** The next one. @param locator for sf_bulk2_page_options; borrowed until the next call. @return SF_ROW, SF_DONE. */
SF_API sf_status sf_bulk2_pages_next(sf_bulk2_pages *p, const char **locator, sf_error *err);
SF_EXTERN void sf_bulk2_pages_close(sf_bulk2_pages *p); /**< NULL is fine. */

/* ---- either kind ---- */
/** How it stands. Ballerina: getJobInfo. */
SF_API sf_status sf_bulk2_get_job(sf_client *sf, sf_job_kind kind, const char *job, const sf_call_options *call,
                                  sf_bulk2_job *out, sf_error *err);
/** End it; what was written stays. Ballerina: abortJob. @param out NULL: not wanted. */
SF_API sf_status sf_bulk2_abort_job(sf_client *sf, sf_job_kind kind, const char *job, const sf_call_options *call,
                                    sf_bulk2_job *out, sf_error *err);
/** Forget a job that has ended, with its results. Ballerina: deleteJob. A repeat that finds it gone counts as done. */
SF_API sf_status sf_bulk2_delete_job(sf_client *sf, sf_job_kind kind, const char *job, const sf_call_options *call,
                                     sf_error *err);

typedef struct sf_bulk2_wait_options { /* borrowed for the call */
    int64_t poll_min_ms;               /* the first pause, 10..600000; it grows by half each time; default 500 */
    int64_t poll_max_ms;               /* the longest; default 20000 */
    bool (*progress)(void *user, const sf_bulk2_job *job); /* after each look; false: SF_ERR_CANCELLED, the job goes on */
    void *user;
    const sf_call_options *call;       /* its timeout_ms is for all of the waiting; its cancel ends it */
    uint64_t reserved[4];              /* zero */
} sf_bulk2_wait_options;
/** Look again and again until it has ended: complete, failed or aborted, which out says. Ballerina: the second half of
 *  closeIngestJobAndWait and createQueryJobAndWait. @return SF_OK also for a failed or aborted job; SF_ERR_TIMEOUT: it has not
 *  ended yet, and can be waited for again; a failed look is repeated as any reading call. */
SF_API sf_status sf_bulk2_wait(sf_client *sf, sf_job_kind kind, const char *job, const sf_bulk2_wait_options *options,
                               sf_bulk2_job *out, sf_error *err);

typedef struct sf_bulk2_jobs sf_bulk2_jobs;
typedef struct sf_bulk2_jobs_options { /* borrowed for the open */
    const char *job_type;              /* "V2Ingest", "V2Query", "Classic", "BigObjectIngest"; NULL: all */
    const char *concurrency;           /* "parallel"; NULL: all */
    int32_t pk_chunking;               /* 1: only with, -1: only without; 0: all */
    const sf_call_options *call;       /* borrowed until the close */
    uint64_t reserved[4];              /* zero */
} sf_bulk2_jobs_options;
/** The org's jobs, of all users and both APIs, in no order; those of the last 7 days. Ballerina: getAllJobs,
 *  getAllQueryJobs. @param out owned by the caller, ends with sf_bulk2_jobs_close; NULL on failure. */
SF_API sf_status sf_bulk2_jobs_open(sf_client *sf, sf_job_kind kind, const sf_bulk2_jobs_options *options,
                                    sf_bulk2_jobs **out, sf_error *err);
SF_API sf_status sf_bulk2_jobs_next(sf_bulk2_jobs *j, sf_bulk2_job *out, sf_error *err); /**< SF_ROW, SF_DONE. */
SF_EXTERN void sf_bulk2_jobs_close(sf_bulk2_jobs *j); /**< NULL is fine. */
#endif
