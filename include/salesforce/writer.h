/*
 * writer.h: any number of rows into the org, one after another: sf_writer gathers them into collections of up to 200,
 * keeps several under way at once, and tells what became of each row. Its memory is bounded whatever the number of rows,
 * and steady work allocates nothing per row.
 * For files of millions of rows the Bulk API costs fewer requests; this one is for rows that come up while a program
 * runs, and whose results it wants at once.
 * Wire: REST sObject Collections. Threads: a writer belongs to one thread at a time; its transfers run on the client's
 * I/O thread, its callbacks inside the calls on it.
 */
#ifndef SALESFORCE_WRITER_H
#define SALESFORCE_WRITER_H
#include <salesforce/collections.h>
#include <salesforce/query.h>

#define SF_WRITER_PARALLEL_MAX 16
#define SF_WRITER_BYTES_MAX ((size_t)32 << 20)

typedef enum sf_operation {
    SF_INSERT = 1,
    SF_UPDATE = 2,
    SF_UPSERT = 3,
    SF_DELETE = 4,
    SF_HARD_DELETE = 5           /* not to the recycle bin; bulk jobs only */
} sf_operation;

typedef struct sf_writer sf_writer;

typedef struct sf_writer_options { /* borrowed for the open, but call */
    sf_operation operation;      /* must be said */
    const char *object;          /* API name of the rows' object; needed for upserts and for rows without one of their
                                    own; NULL: each record says its own. Rows are gathered in their order, and a request
                                    holds ten changes of object at most: sorted ones go faster */
    const char *external_id;     /* upsert: the field that each row sets, see sf_collection_upsert */
    int32_t parallel;            /* requests under way at once: 1..SF_WRITER_PARALLEL_MAX; default 4. With more than one,
                                    batches may be carried out in another order than the rows came in: rows that build
                                    on each other, or on one parent that the org locks, want 1 */
    int32_t batch_rows;          /* 1..SF_COLLECTION_MAX; default SF_COLLECTION_MAX */
    size_t batch_bytes;          /* most of a request's body, 1024..SF_WRITER_BYTES_MAX; default 4 MiB; parallel + 1 of
                                    these bodies are in memory at most. A larger row goes alone; one over
                                    SF_WRITER_BYTES_MAX is refused: SF_ERR_LIMIT */
    bool all_or_none;            /* one failed row undoes all others of its batch */
    bool allow_duplicates;       /* Sforce-Duplicate-Rule-Header: allowSave=true: save where a rule only warns */
    const char *assignment_rule; /* Sforce-Auto-Assign: "FALSE", "TRUE" or a rule's id; NULL: the org's default */
    int32_t lock_retries_max;    /* rows refused with UNABLE_TO_LOCK_ROW are sent again so often, after a pause, without
                                    the others (all_or_none: with them): 1..10; default 3; SF_NONE: never. With no_retry
                                    in call: never */
    int64_t failures_max;        /* after so many failed or unknown rows no more are sent, and SF_ERR_LIMIT follows;
                                    0: no limit */
    bool failures_only;          /* call on_result only for rows without success */
    /* What became of a row, in the order of the rows, inside sf_writer_add…, sf_writer_flush or sf_writer_close; NULL: only
     * the counts. result is borrowed for the call. It may call anything but this writer. false: no more rows are sent,
     * what is under way is waited for, and SF_ERR_CANCELLED follows. */
    bool (*on_result)(void *user, const sf_row_result *result);
    void *user;
    const sf_call_options *call; /* of each request; borrowed until the close; NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_writer_options;

typedef struct sf_writer_counts {
    int64_t rows;                /* taken by sf_writer_add… */
    int64_t succeeded;
    int64_t created;             /* of them, new records */
    int64_t failed;              /* refused by the org, or never sent: not written */
    int64_t unknown;             /* sent, and their answer lost, unreadable or not waited for: written or not. Of inserts,
                                    which are never repeated, their results have SF_ERR_UNKNOWN_OUTCOME (or
                                    SF_ERR_CANCELLED); of the others it is the last of several attempts, and they may be
                                    sent again */
    int64_t batches;             /* requests that were answered or lost, those for locked rows too */
    int64_t lock_retries;        /* rows that were sent again because the record was locked */
    bool stopped;                /* no more rows are taken: see sf_writer_add */
    uint64_t reserved[4];
} sf_writer_counts;              /* rows = succeeded + failed + unknown + those whose result is still to come */

/** Make one; nothing is sent yet. @param out owned by the caller, ends with sf_writer_close or sf_writer_abort; NULL on
 *  failure. @return SF_OK, SF_ERR_USAGE (which option, and what is wrong), SF_ERR_MEMORY. */
SF_API sf_status sf_writer_open(sf_client *sf, const sf_writer_options *options, sf_writer **out, sf_error *err);

/* Adding a row. It is copied; its number is counts.rows before the call. When a batch is full it is sent; when as many are
 * under way as may be, the call waits for the oldest, so that rows cannot come faster than the org takes them.
 * @return SF_OK: the row was taken, and a result will tell what became of it. SF_ERR_USAGE, SF_ERR_LIMIT: this row is not
 * fit to be sent and was not taken; the writer goes on. SF_ERR_MEMORY: not taken, may be tried again. Any other error: the
 * row was not taken, nothing more is sent, and all calls but the close answer the same (sticky): what every further request
 * would meet (SF_ERR_AUTH, SF_ERR_API_LIMIT, SF_ERR_NETWORK and its kin after all repeats, an object or external-id field
 * that is not there, cancelled, failures_max). Rows that were taken and not sent then get that error as their result. */

/** A record; of a delete or update it sets its Id. */
SF_API sf_status sf_writer_add(sf_writer *w, const sf_record *record, sf_error *err);
/** The fast way: a row of the options' object from its fields' values, such as SF_BINDS({ "Name", sf_bind_str("Acme") },
 *  { "AnnualRevenue", sf_bind_int(7) }). A name with a dot points to a parent by its external id ("Account.Ext__c"). Lists
 *  of texts are the values of a multi-select picklist; literals and other lists are refused. Each name once. */
SF_API sf_status sf_writer_add_fields(sf_writer *w, sf_binds fields, sf_error *err);
/** A row as JSON text: one object, checked. Where it has attributes with a type, that is its object. */
SF_API sf_status sf_writer_add_json(sf_writer *w, sf_str json, sf_error *err);
/** Delete only: an id of 15 or 18 characters, of any object. */
SF_API sf_status sf_writer_add_id(sf_writer *w, const char *id, sf_error *err);

/** Send what is gathered and wait for all results. @return SF_OK: every row so far succeeded; the error that stopped the
 *  writer (sticky); else the first failed row's error, and the message says how many there were: SF_ERR_UNKNOWN_OUTCOME
 *  when an insert is among them of which it is not known. The writer goes on then. */
SF_API sf_status sf_writer_flush(sf_writer *w, sf_error *err);
/** How far it is; nothing is sent. @param out all zero when w is NULL. */
SF_EXTERN void sf_writer_get_counts(const sf_writer *w, sf_writer_counts *out);
/** Flush, and end it: no error is lost, no row is left without a result. NULL is fine. @param counts NULL: not wanted.
 *  @return as sf_writer_flush. */
SF_API sf_status sf_writer_close(sf_writer *w, sf_writer_counts *counts, sf_error *err);
/** End it without sending what is gathered; requests under way are given up, of which some may take effect. No callback
 *  is called. NULL is fine. */
SF_EXTERN void sf_writer_abort(sf_writer *w);
#endif
