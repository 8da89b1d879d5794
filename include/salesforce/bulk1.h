/*
 * bulk1.h: Bulk API 1.0, call by call: a job takes batches of CSV, JSON, XML, or zips with files, of up to
 * SF_BULK1_ROWS_MAX rows each; each batch has results in the order of its rows. Queries can be cut by the org into ranges
 * of ids (PK chunking), one batch each. Bulk API 2.0 (bulk2.h) is the newer one; this one still has what that has not:
 * JSON and XML, results in order, serial mode, binary attachments, PK chunking by hand.
 * Wire: Bulk API 1.0 (36.0 and later). Descriptions of CSV and XML jobs come as XML, which is read with libxml2.
 * Threads: the calls are safe from any thread; a cursor belongs to one thread at a time.
 */
#ifndef SALESFORCE_BULK1_H
#define SALESFORCE_BULK1_H
#include <salesforce/client.h>
#include <salesforce/stream.h>

#define SF_BULK1_BATCH_MAX 10000000   /* bytes of a batch */
#define SF_BULK1_ROWS_MAX 10000       /* rows of a batch */
#define SF_BULK1_CHUNK_MAX 250000     /* rows of a chunk of a query */

typedef enum sf_bulk1_operation {      /* the first five are those of sf_operation */
    SF_BULK1_INSERT = 1,
    SF_BULK1_UPDATE = 2,
    SF_BULK1_UPSERT = 3,
    SF_BULK1_DELETE = 4,
    SF_BULK1_HARD_DELETE = 5,          /* wants a permission of its own */
    SF_BULK1_QUERY = 6,
    SF_BULK1_QUERY_ALL = 7             /* deleted and archived rows too */
} sf_bulk1_operation;

typedef enum sf_bulk1_format {         /* of a job's batches and results */
    SF_BULK1_CSV = 0,
    SF_BULK1_JSON = 1,                 /* an array of objects */
    SF_BULK1_XML = 2,                  /* sObjects of the namespace http://www.force.com/2009/06/asyncapi/dataload */
    SF_BULK1_ZIP_CSV = 3,              /* a zip that holds request.txt in the format, and files that its values name: #path */
    SF_BULK1_ZIP_JSON = 4,
    SF_BULK1_ZIP_XML = 5
} sf_bulk1_format;

typedef enum sf_bulk1_job_state {
    SF_BULK1_JOB_OTHER = 0,            /* a state that this library does not know: state_name says it */
    SF_BULK1_JOB_OPEN = 1,             /* takes batches, and works them off */
    SF_BULK1_JOB_CLOSED = 2,           /* takes no more; says nothing about those that it has */
    SF_BULK1_JOB_ABORTED = 3,
    SF_BULK1_JOB_FAILED = 4
} sf_bulk1_job_state;

typedef struct sf_bulk1_job {          /* plain; good for ever */
    sf_id id;
    sf_bulk1_job_state state;
    sf_bulk1_format format;
    char state_name[24];               /* as the org wrote it */
    char operation[24];                /* "insert" … "queryAll" */
    char object[96];
    char external_id[96];              /* upserts; else "" */
    char concurrency[16];              /* "Parallel", "Serial" */
    char api_version[8];
    sf_id created_by;
    int64_t created_ms, modified_ms;   /* since 1970 */
    int64_t batches_queued, batches_running, batches_completed, batches_failed, batches; /* these lag behind the truth: */
    int64_t processed, failed;         /* rows, the failed ones among them: the batches tell it exactly; -1: not said */
    int64_t retries, total_ms, active_ms, apex_ms; /* of the server's work; -1: not said */
    uint64_t reserved[8];
} sf_bulk1_job;

typedef enum sf_bulk1_batch_state {
    SF_BULK1_BATCH_OTHER = 0,
    SF_BULK1_BATCH_QUEUED = 1,
    SF_BULK1_BATCH_IN_PROGRESS = 2,
    SF_BULK1_BATCH_COMPLETED = 3,      /* worked off: its rows may have failed all the same */
    SF_BULK1_BATCH_FAILED = 4,         /* as a whole: message says why */
    SF_BULK1_BATCH_NOT_PROCESSED = 5   /* the job was aborted before; or it was cut into chunks, which are batches too */
} sf_bulk1_batch_state;

typedef struct sf_bulk1_batch {        /* plain; good for ever */
    sf_id id, job;
    sf_bulk1_batch_state state;
    char state_name[24];
    char message[512];                 /* of failed ones, cut to fit; else mostly "" */
    int64_t created_ms, modified_ms;
    int64_t processed, failed;         /* rows, the failed ones among them */
    int64_t total_ms, active_ms, apex_ms;
    uint64_t reserved[8];
} sf_bulk1_batch;

/* In all calls: @param job, batch the ids, 15 or 18 characters. @param call NULL: defaults; its headers go out too (such
 * as Sforce-Disable-Batch-Retry: true). @return SF_OK; SF_ERR_USAGE (nothing was sent); SF_ERR_ORG (err.code, such as
 * InvalidJob, InvalidBatch, InvalidJobState); SF_ERR_UNSUPPORTED (libxml2 is not on this machine); what stands at
 * sf_client_request. */

/* ---- jobs ---- */
typedef struct sf_bulk1_job_options {  /* borrowed for the call */
    const char *object;                /* API name; must be said, of queries too: that of FROM */
    sf_bulk1_operation operation;      /* must be said */
    sf_bulk1_format format;            /* no zip for queries */
    const char *external_id;           /* of an upsert: the field, or "Id"; else NULL */
    bool serial;                       /* one batch after the other, where parallel ones would lock each other's rows */
    const char *assignment_rule;       /* its id, for Case and Lead; NULL: none */
    int64_t chunk_rows;                /* queries: PK chunking, 1..SF_BULK1_CHUNK_MAX rows of the object a chunk; 0: none */
    const char *chunk_parent;          /* with chunk_rows: the object whose ids count, of shares and histories; NULL: object */
    const char *chunk_start;           /* with chunk_rows: the id to begin with; NULL: the first */
    const sf_call_options *call;
    uint64_t reserved[4];              /* zero */
} sf_bulk1_job_options;
/** Make a job, open for batches. Ballerina: createJob. @param out NULL: not wanted (then there is no way to go on with it).
 *  @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost; a job may be there, open and without batches. */
SF_API sf_status sf_bulk1_create_job(sf_client *sf, const sf_bulk1_job_options *options, sf_bulk1_job *out,
                                     sf_error *err);
/** How it stands. Ballerina: getJobInfo. */
SF_API sf_status sf_bulk1_get_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_job *out,
                                  sf_error *err);
/** No more batches come; those that are there are worked off, and have been since they were added. A repeat after a lost
 *  answer that finds it closed counts as done. Ballerina: closeJob. @param out NULL: not wanted. */
SF_API sf_status sf_bulk1_close_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_job *out,
                                    sf_error *err);
/** End it: batches that wait are not processed; what was written stays. Ballerina: abortJob. @param out NULL: not wanted. */
SF_API sf_status sf_bulk1_abort_job(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk1_job *out,
                                    sf_error *err);

/* ---- batches ---- */
/** Add a batch. Ballerina: addBatch. @param format the job's. @param data from where; its length, where known, is at most
 *  SF_BULK1_BATCH_MAX. Of a query job: the statement. @param out NULL: not wanted. @return also SF_ERR_LIMIT;
 *  SF_ERR_UNKNOWN_OUTCOME: the answer was lost; the batch may be there, and its rows be written: see the job's batches. */
SF_API sf_status sf_bulk1_add_batch(sf_client *sf, const char *job, sf_bulk1_format format, const sf_source *data,
                                    const sf_call_options *call, sf_bulk1_batch *out, sf_error *err);
/** The same from memory. */
SF_API sf_status sf_bulk1_add_batch_text(sf_client *sf, const char *job, sf_bulk1_format format, sf_str data,
                                         const sf_call_options *call, sf_bulk1_batch *out, sf_error *err);
/** How it stands. Ballerina: getBatchInfo. */
SF_API sf_status sf_bulk1_get_batch(sf_client *sf, const char *job, const char *batch, const sf_call_options *call,
                                    sf_bulk1_batch *out, sf_error *err);

typedef struct sf_bulk1_batches sf_bulk1_batches;
/** All batches of a job. Ballerina: getAllBatches. @param out owned by the caller, ends with sf_bulk1_batches_close; NULL
 *  on failure. */
SF_API sf_status sf_bulk1_batches_open(sf_client *sf, const char *job, const sf_call_options *call,
                                       sf_bulk1_batches **out, sf_error *err);
SF_API sf_status sf_bulk1_batches_next(sf_bulk1_batches *b, sf_bulk1_batch *out, sf_error *err); /**< SF_ROW, SF_DONE. */
SF_EXTERN void sf_bulk1_batches_close(sf_bulk1_batches *b); /**< NULL is fine. */

/** What was uploaded, as it was. Ballerina: getBatchRequest. @param sink where to. */
SF_API sf_status sf_bulk1_get_batch_request(sf_client *sf, const char *job, const char *batch, const sf_sink *sink,
                                            const sf_call_options *call, sf_error *err);

/* ---- results of rows ---- */
/** What came of each row, in the order of the rows, as the org writes it in the job's format. Ballerina: getBatchResult.
 *  @return also SF_ERR_ORG with InvalidBatch: the batch is not completed yet, or failed as a whole. */
SF_API sf_status sf_bulk1_get_batch_result(sf_client *sf, const char *job, const char *batch, const sf_sink *sink,
                                           const sf_call_options *call, sf_error *err);

typedef struct sf_bulk1_result {       /* texts are borrowed until the next call on the cursor */
    int64_t row;                       /* of the batch, from 1 */
    sf_id id;                          /* "": none, of a failed insert */
    bool success, created;
    sf_str code;                       /* of a failed row: such as REQUIRED_FIELD_MISSING; len 0: not told apart */
    sf_str message;
    sf_str fields;                     /* comma between; len 0: none */
    int64_t errors;                    /* how many the row has; the three above are of the first */
    uint64_t reserved[4];
} sf_bulk1_result;

typedef struct sf_bulk1_results sf_bulk1_results;
/** The same row for row, whatever the format. @param out owned by the caller, ends with sf_bulk1_results_close; NULL on
 *  failure. */
SF_API sf_status sf_bulk1_results_open(sf_client *sf, const char *job, const char *batch, const sf_call_options *call,
                                       sf_bulk1_results **out, sf_error *err);
/** The next row. @return SF_ROW, SF_DONE, SF_ERR_PROTOCOL (what came are no results; sticky). */
SF_API sf_status sf_bulk1_results_next(sf_bulk1_results *r, sf_bulk1_result *out, sf_error *err);
SF_EXTERN void sf_bulk1_results_close(sf_bulk1_results *r); /**< NULL is fine. */

/* ---- results of queries ---- */
typedef struct sf_bulk1_query_results sf_bulk1_query_results;
/** The ids of the results of a query's batch, of which large ones have several. @param out owned by the caller, ends with
 *  sf_bulk1_query_results_close; NULL on failure. */
SF_API sf_status sf_bulk1_query_results_open(sf_client *sf, const char *job, const char *batch,
                                             const sf_call_options *call, sf_bulk1_query_results **out, sf_error *err);
/** The next one. @param id borrowed until the next call. @return SF_ROW, SF_DONE. */
SF_API sf_status sf_bulk1_query_results_next(sf_bulk1_query_results *r, const char **id, sf_error *err);
SF_EXTERN void sf_bulk1_query_results_close(sf_bulk1_query_results *r); /**< NULL is fine. */
/** One of them, in the job's format: CSV with its header line, a JSON array, or XML (queryResult, with records). A result
 *  of CSV without rows, for which the org writes a sentence, gives no bytes at all. @param sink where to. */
SF_API sf_status sf_bulk1_get_query_result(sf_client *sf, const char *job, const char *batch, const char *result,
                                           const sf_sink *sink, const sf_call_options *call, sf_error *err);

/* ---- waiting ---- */
typedef struct sf_bulk1_progress {     /* plain: the sums of a job's batches */
    int64_t batches, ended, failed_batches;
    int64_t processed, failed;         /* rows */
    uint64_t reserved[4];
} sf_bulk1_progress;
typedef struct sf_bulk1_wait_options { /* borrowed for the call */
    int64_t poll_min_ms;               /* the first pause, 10..600000; it grows by half each time; default 500 */
    int64_t poll_max_ms;               /* the longest; default 20000 */
    bool (*progress)(void *user, const sf_bulk1_progress *now); /* after each look; false: SF_ERR_CANCELLED, the job goes on */
    void *user;
    const sf_call_options *call;       /* its timeout_ms is for all of the waiting; its cancel ends it */
    uint64_t reserved[4];              /* zero */
} sf_bulk1_wait_options;
/** Look at a job's batches again and again until none waits or is at work, those among them that PK chunking has made.
 *  The job may be open or closed: batches that are added later are not waited for. @param out the sums at the end; NULL:
 *  not wanted. @return SF_OK also when batches failed; SF_ERR_TIMEOUT: it can be waited for again. */
SF_API sf_status sf_bulk1_wait(sf_client *sf, const char *job, const sf_bulk1_wait_options *options,
                               sf_bulk1_progress *out, sf_error *err);
#endif
