/* bulk_internal.h: what the files of org/bulk share. */
#ifndef SFO_BULK_INTERNAL_H
#define SFO_BULK_INTERNAL_H
#include <pthread.h>
#include <stdatomic.h>
#include "bulk/bulk.h"
#include "bulk/zip.h"
#include "csv/csv_internal.h"
#include "json/json_internal.h"

struct sfo_bulk {
    sfo_bulk_options options;
    sfo_store *store;
    pthread_mutex_t lock; /* guards wanted and the wait */
    pthread_cond_t work;
    pthread_t thread;
    bool has_lock, has_thread;
    bool wanted; /* somebody said that there is work */
    atomic_bool stopping;
    int64_t forgot_ms; /* when jobs that are too old were looked for; the store's lock guards it */
};

/* ---- statements (jobs.c) ---- */
/* A statement, to end with sqlite3_finalize; the store's lock is held. NULL: fault. */
sqlite3_stmt *sfo_bulk_prepare(sfo_bulk *b, const char *sql, sfo_fault *f);
bool sfo_bulk_step(sfo_bulk *b, sqlite3_stmt *stmt, sfo_fault *f); /* to its end, and finalizes; NULL: false */

/* ---- jobs.c ---- */
sf_status sfo_bulk_tables_open(sfo_bulk *b, sf_error *err);
bool sfo_bulk_batch_save(sfo_bulk *b, sfo_bulk_batch *batch, sfo_fault *f);
/* The oldest batch that waits or was at work when the org ended. 1: one; 0: none; -1: fault. */
int sfo_bulk_batch_next(sfo_bulk *b, sfo_bulk_batch *out, sfo_fault *f);

/* ---- data.c ---- */
/* The piece behind *number into out, *number becomes its own, or -1 when there is none. */
bool sfo_bulk_piece_read(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, int64_t *number, sfi_buf *out,
                         sfo_fault *f);

/* ---- worker.c, ingest.c, extract.c ---- */
void sfo_bulk_context(const sfo_bulk_job *job, sfo_context *out);
bool sfo_bulk_is_aborted(sfo_bulk *b, const char *job);
/* Work a batch off; what is wrong with it as a whole goes into its message and state. false: the org is stopping, or its
 * store fails: the batch stays as it is. */
bool sfo_bulk_ingest(sfo_bulk *b, sfo_bulk_job *job, sfo_bulk_batch *batch);
bool sfo_bulk_extract(sfo_bulk *b, sfo_bulk_job *job, sfo_bulk_batch *batch);

/* ---- row.c: one row through the store ---- */
typedef struct sfo_bulk_row {
    sf_str body; /* its JSON */
    sf_str key;  /* Id, or the external id's value; len 0: none */
    sf_id id;
    bool ok, created;
    sfo_fault fault; /* unless ok; ends with sfo_fault_clear */
} sfo_bulk_row;
typedef struct sfo_bulk_target {
    const sfo_object *object;
    const sfo_field *key; /* of an upsert */
    char operation;       /* 'i' 'u' 'x' (upsert) 'd' 'h' (hard delete) */
    bool is_typed;        /* rows are JSON or XML: each has columns of its own, null is a value of its own */
    const sfo_zip *files; /* what values of base64 fields name with #; NULL: such fields cannot be loaded */
} sfo_bulk_target;
/* What operation, object and external id mean. false: the fault says what is wrong, in the words of job creation. */
bool sfo_bulk_target_of(sfo_bulk *b, const sfo_bulk_job *job, sfo_bulk_target *out, sfo_fault *f);
void sfo_bulk_row_run(sfo_bulk *b, const sfo_context *context, const sfo_bulk_target *target, sfi_json *doc,
                      sfo_bulk_row *row);
/* CODE:message:FIELD1,FIELD2 -- */
void sfo_bulk_error_text(sfi_buf *out, const sfo_fault *f);

/* ---- columns.c: the header of an upload, and a record of it as JSON ---- */
typedef struct sfo_bulk_column {
    const sfo_field *field; /* of the object, or the reference behind a relationship */
    const sfo_field *key;   /* of the parent; NULL: a plain field */
    const sfo_object *parent;
    const char *name; /* of the relationship */
    bool is_polymorphic;
} sfo_bulk_column;
/* @param out count of them. false: the fault's message is the batch's. */
bool sfo_bulk_columns_of(const sfo_schema *schema, const sfo_bulk_target *target, const sf_str *names, size_t count,
                         sfo_bulk_column *out, sfo_fault *f);
/* The record's JSON into *out (emptied first), and the key's value. false: the row's fault is set. */
bool sfo_bulk_record_json(const sfo_bulk_target *target, const sfo_bulk_column *columns, const sf_str *fields,
                          size_t count, sfi_buf *out, sf_str *key, sfo_fault *f);
#endif
