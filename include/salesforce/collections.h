/*
 * collections.h: up to 200 records in one request (2,000 when reading), each with a result of its own. For more rows than
 * fit one request, and for speed, see writer.h.
 * Wire: REST sObject Collections. Threads: the calls on a client are safe from any thread; results belong to one thread
 * at a time.
 */
#ifndef SALESFORCE_COLLECTIONS_H
#define SALESFORCE_COLLECTIONS_H
#include <salesforce/records.h>

#define SF_COLLECTION_MAX 200           /* records of a create, update, upsert or delete */
#define SF_COLLECTION_GET_MAX 2000      /* ids of a get */
#define SF_COLLECTION_RUNS_MAX 10       /* records of one object after another are a run: so many runs in one request */

/** What became of one row. */
typedef struct sf_row_result {
    int64_t row;                /* its place among the rows that were given, from 0 */
    bool success;
    bool created;               /* create: success; upsert: a new record (false also when a repeat met what an attempt
                                   whose answer was lost had created) */
    sf_id id;                   /* of the record; "" where the org does not tell (most failed rows) */
    sf_error error;             /* unless success: SF_ERR_ORG with code, message and fields of the row's first error (the
                                   message has all of them), or why the request that held it failed */
    sf_value answer;            /* what the org said of this row, as it came; SF_MISSING when there was no answer */
    uint64_t reserved[4];
} sf_row_result;

typedef struct sf_row_results sf_row_results; /* of one call, in the order of its rows */

/** Options of the writes, borrowed for the call; NULL: defaults. */
typedef struct sf_collection_options {
    bool all_or_none;            /* one failed row undoes all others: they fail with ALL_OR_NONE_OPERATION_ROLLED_BACK */
    bool allow_duplicates;       /* Sforce-Duplicate-Rule-Header: allowSave=true: save where a rule only warns */
    const char *assignment_rule; /* Sforce-Auto-Assign: "FALSE", "TRUE" or a rule's id; NULL: the org's default */
    const sf_call_options *call; /* NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_collection_options;

/* The writes: safe from any thread. @param records, ids borrowed for the call, count of them, 1..SF_COLLECTION_MAX; of
 * several objects, but in at most SF_COLLECTION_RUNS_MAX runs. @param out a result for each row, also when all of them
 * failed; owned by the caller, ends with sf_row_results_free; NULL on failure.
 * @return SF_OK: the org has answered for each row, which says nothing of their success: see sf_row_results_failed.
 * SF_ERR_USAGE (nothing was sent: a record is NULL or its setter failed, an id is none …), SF_ERR_LIMIT (too many rows or
 * runs, more than SF_RECORD_BYTES_MAX), SF_ERR_ORG (the request as a whole was refused, nothing was written); and what
 * stands at sf_client_request. */

/** Insert. REST: sObject Collections (POST). @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost, the rows may be
 *  there or not; it is not repeated. An upsert can be. */
SF_API sf_status sf_collection_create(sf_client *sf, const sf_record *const *records, size_t count,
                                      const sf_collection_options *options, sf_row_results **out, sf_error *err);
/** Change the fields that each record sets. REST: sObject Collections (PATCH). Repeated when an answer is lost, which is
 *  safe. @param ids of the records, 15 or 18 characters, one each; NULL: each record sets its field Id. */
SF_API sf_status sf_collection_update(sf_client *sf, const sf_record *const *records, const char *const *ids,
                                      size_t count, const sf_collection_options *options, sf_row_results **out,
                                      sf_error *err);
/** Update the record that has each row's value in an external-id field, or create it. REST: sObject Collections (PATCH by
 *  external id; API version 46.0 and later). Repeated when an answer is lost, which is safe. @param field an external-id
 *  or other idLookup field, or "Id" (null or absent creates), which each record sets: all are of one object, and no two
 *  have the same value (the org refuses both). */
SF_API sf_status sf_collection_upsert(sf_client *sf, const char *field, const sf_record *const *records, size_t count,
                                      const sf_collection_options *options, sf_row_results **out, sf_error *err);
/** Delete to the recycle bin. REST: sObject Collections (DELETE). Repeated when an answer is lost; rows that the repeat
 *  finds deleted count as done. @param ids 15 or 18 characters, of any objects. assignment_rule and allow_duplicates do
 *  not fit and are refused. */
SF_API sf_status sf_collection_delete(sf_client *sf, const char *const *ids, size_t count,
                                      const sf_collection_options *options, sf_row_results **out, sf_error *err);

/** Read records of one object by their ids. REST: sObject Collections (GET while the ids fit a URL, else POST).
 *  @param ids count of them, 1..SF_COLLECTION_GET_MAX. @param fields API names, NULL at the end, at least one.
 *  @param call NULL: defaults. @param out an array as long as ids and in their order, null in place of what is not
 *  there; owned by the caller, ends with sf_document_free. @return SF_OK, SF_ERR_USAGE, SF_ERR_LIMIT, SF_ERR_ORG
 *  (INVALID_FIELD, MALFORMED_ID …), SF_ERR_NOT_FOUND (no such object). */
SF_API sf_status sf_collection_get(sf_client *sf, const char *object, const char *const *ids, size_t count,
                                   const char *const *fields, const sf_call_options *call, sf_document **out,
                                   sf_error *err);

SF_EXTERN size_t sf_row_results_count(const sf_row_results *r);  /**< rows; 0 for NULL */
SF_EXTERN size_t sf_row_results_failed(const sf_row_results *r); /**< of them without success; 0 for NULL */
/** The result of one row. @param out filled, but its error unless the row failed; answer is borrowed until the free.
 *  @return false: there is no such row. */
SF_EXTERN bool sf_row_results_get(const sf_row_results *r, size_t row, sf_row_result *out);
SF_EXTERN void sf_row_results_free(sf_row_results *r); /**< NULL is fine. */
#endif
