/*
 * bulk.h: bulk jobs behind both APIs: what was uploaded, the thread that works it off, what came of each row. All of it is
 * in the org's database, so that a job goes on where it stood when the org was killed. An ingest job of API 2.0 has one
 * batch; of 1.0 it has as many as were added; a query has one, whose results are rows of CSV (or what 1.0 asked for).
 * Called by api (bulk2.c, bulk1.c). Owns the thread; borrows the store. Threads: any; the store's lock guards the tables.
 */
#ifndef SFO_BULK_H
#define SFO_BULK_H
#include "store/store.h"

enum {
    SFO_BULK_UPLOAD_MAX = 150 * 1024 * 1024, /* bytes of a 2.0 upload: 100 MB that may have grown in base64 */
    SFO_BULK1_BATCH_MAX = 10 * 1000 * 1000,  /* bytes of a 1.0 batch */
    SFO_BULK1_ROWS_MAX = 10000,
    SFO_BULK_CHUNK_ROWS = 200,  /* rows of one transaction */
    SFO_BULK_PAGE_ROWS = 50000, /* of a query result, when the client names no number */
    SFO_BULK_LIFE_MS = 7 * 86400 * 1000,
    SFO_BULK_ROW_MAX = 400000,      /* characters of a row */
    SFO_BULK_BATCHES_DAILY = 15000, /* of an ordinary org */
    SFO_BULK_QUERY_JOBS_DAILY = 10000
};

typedef struct sfo_bulk_job {
    char id[19];
    int api; /* 1 or 2 */
    char operation[16], object[96], external_id[96], content_type[16], concurrency[16];
    char line_ending[8], delimiter[16]; /* 2.0: LF, CRLF; COMMA … */
    char state[16];                     /* Open … */
    char created_by[19], version[8], assignment_rule[19];
    int64_t created_ms, modified_ms, processed, failed, retries, total_ms, active_ms;
    bool is_query;
    int uploads; /* how many times data was put: more than one is the client's mistake, told when the job is closed */
    int64_t chunk_size; /* 1.0: of PK chunking; 0: none */
    char start_row[19]; /* the id that its first chunk begins with; "": that of the first record */
    char error[1024];
} sfo_bulk_job;

typedef struct sfo_bulk_batch {
    char id[19], job[19];
    char state[16]; /* Queued, InProgress, Completed, Failed, NotProcessed */
    char content_type[16];
    char message[1024];
    int64_t created_ms, modified_ms, processed, failed, total_ms, active_ms;
} sfo_bulk_batch;

/* What is kept in pieces. */
typedef enum sfo_bulk_kind {
    SFO_BULK_UPLOAD = 0,
    SFO_BULK_GOOD = 1,   /* 2.0: rows of successfulResults, no header */
    SFO_BULK_BAD = 2,    /* 2.0: rows of failedResults, no header */
    SFO_BULK_RESULT = 3, /* 1.0: a JSON line a row, in their order; queries: CSV rows */
    SFO_BULK_HEADER = 4, /* the header line of a query's result, without its line end */
    SFO_BULK_SPEC = 5    /* 1.0: of a job, how rows of its batches become rows of the org (spec.h) */
} sfo_bulk_kind;

typedef struct sfo_bulk sfo_bulk;
typedef struct sfo_bulk_options {
    sfo_store *store;
    /* Asked before each row of an ingest: true makes it fail with UNABLE_TO_LOCK_ROW. NULL: never. */
    bool (*row_is_locked)(void *user);
    void *user;
    int64_t batches_max, query_jobs_max; /* in 24 hours; 0: as an ordinary org */
} sfo_bulk_options;
/* Makes its tables, forgets what is too old, and starts the thread when there is work. @return SF_OK, SF_ERR_IO, SF_ERR_MEMORY. */
sf_status sfo_bulk_open(const sfo_bulk_options *options, sfo_bulk **out, sf_error *err);
void sfo_bulk_close(sfo_bulk *b); /* waits for the chunk at work; NULL is fine */

/* ---- jobs (jobs.c). false: the fault is set ---- */
bool sfo_bulk_job_new(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f); /* gives it id, times and modifies nothing else */
bool sfo_bulk_job_get(sfo_bulk *b, const char *id, sfo_bulk_job *out, sfo_fault *f); /* 404 when there is none */
bool sfo_bulk_job_save(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f);
bool sfo_bulk_job_delete(sfo_bulk *b, const char *id, sfo_fault *f);
/* Jobs in the order of their ids, each to fn, from behind an id ("": the first) on, at most max. @return how many, -1: fault. */
int sfo_bulk_job_list(sfo_bulk *b, const char *after, int max, void (*fn)(void *user, const sfo_bulk_job *job),
                      void *user, sfo_fault *f);

/* ---- batches ---- */
bool sfo_bulk_batch_new(sfo_bulk *b, sfo_bulk_batch *batch, sf_str data, sfo_fault *f); /* queued, with its upload */
bool sfo_bulk_batch_get(sfo_bulk *b, const char *job, const char *id, sfo_bulk_batch *out, sfo_fault *f);
int sfo_bulk_batch_list(sfo_bulk *b, const char *job, void (*fn)(void *user, const sfo_bulk_batch *batch), void *user,
                        sfo_fault *f);
typedef struct sfo_bulk_counts {
    int64_t queued, running, completed, failed, total, processed, failed_rows, total_ms, active_ms;
} sfo_bulk_counts;
bool sfo_bulk_job_counts(sfo_bulk *b, const char *job, sfo_bulk_counts *out, sfo_fault *f);
/* The job's batches that wait are not worked off any more. */
bool sfo_bulk_job_abort(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f);
void sfo_bulk_wake(sfo_bulk *b); /* there is work */

/* ---- data (data.c): owner is a job of 2.0 or a batch of 1.0 ---- */
bool sfo_bulk_data_add(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sf_str data, int64_t rows, sfo_fault *f);
/* All pieces, one after another, appended to out. */
bool sfo_bulk_data_read(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sfi_buf *out, sfo_fault *f);
bool sfo_bulk_data_drop(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sfo_fault *f);
/* Rows [from, from + max) of pieces that are CSV; *rows gets how many, *more whether others follow. */
bool sfo_bulk_rows_read(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, char delimiter, int64_t from, int64_t max,
                        sfi_buf *out, int64_t *rows, bool *more, sfo_fault *f);

/* ---- what may be taken in 24 hours (limits.c) ---- */
typedef struct sfo_bulk_left {
    int64_t batches, batches_max, query_jobs, query_jobs_max;
} sfo_bulk_left;
bool sfo_bulk_left_get(sfo_bulk *b, sfo_bulk_left *out, sfo_fault *f);
/* Another query job of 2.0, or another batch of anything else? false: the fault is set. */
bool sfo_bulk_has_left(sfo_bulk *b, bool is_query_job, sfo_fault *f);

/* ---- ingest jobs of 2.0 (results.c) ---- */
/* Operation, object and external id of a new job; sets the object's name right. */
bool sfo_bulk_job_check(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f);
/* Behind "sf__Id","sf__Created" (or sf__Error): the rest of the header, then the rows. */
bool sfo_bulk_results_read(sfo_bulk *b, const sfo_bulk_job *job, sfo_bulk_kind kind, sfi_buf *out, sfo_fault *f);
bool sfo_bulk_unprocessed_read(sfo_bulk *b, const sfo_bulk_job *job, sfi_buf *out, sfo_fault *f);

char sfo_bulk_delimiter(const char *word); /* "COMMA" to ','; 0: none of them */
#endif
