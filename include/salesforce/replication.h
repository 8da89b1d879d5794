/*
 * replication.h: which records of an object were deleted or changed in a span of time, to keep a copy up to date.
 * The org keeps what it needs for 30 days (deleted rows: until they leave the recycle bin, about 15 days), and looks at
 * whole minutes: a run asks from the last run's covered time to now, and remembers what was covered this time.
 * Wire: REST Get Deleted, Get Updated. Threads: a cursor belongs to one thread at a time.
 */
#ifndef SALESFORCE_REPLICATION_H
#define SALESFORCE_REPLICATION_H
#include <salesforce/client.h>

#define SF_CHANGES_DAYS_MAX 30 /* how far back the org answers */

typedef struct sf_changes sf_changes;

typedef struct sf_changes_options {
    int64_t start_ms; /* since 1970, UTC; 1 or later; sent as whole seconds, of which the org takes minutes */
    int64_t end_ms;   /* the same, at least a minute after it; 0: now, by this machine's clock */
    const sf_call_options *call; /* borrowed for the open; NULL: defaults */
    uint64_t reserved[4];        /* zero */
} sf_changes_options;

typedef struct sf_change { /* plain; good for ever */
    sf_id id;
    int64_t deleted_ms; /* of deleted ones: when; 0: not said, as of updated ones */
    uint64_t reserved[2];
} sf_change;

/* In both: @param object API name. @param options start_ms must be set. @param out owned by the caller, ends with
 * sf_changes_close; NULL on failure. All of a span comes in one answer. @return SF_OK; SF_ERR_USAGE (not a name; a span
 * of less than a minute, or of more than SF_CHANGES_DAYS_MAX days: the org refuses what begins earlier, so a longer
 * span cannot be put together from shorter ones: query SystemModstamp instead, deleted rows with all_rows);
 * SF_ERR_ORG with INVALID_REPLICATION_DATE (the start lies too far back by the org's clock) or EXCEEDED_ID_LIMIT (more
 * than 600,000: take a shorter span); SF_ERR_NOT_FOUND; and what stands at sf_client_request. */

/** Records that were deleted. REST: Get Deleted. Ballerina: getDeletedRecords. */
SF_API sf_status sf_deleted_open(sf_client *sf, const char *object, const sf_changes_options *options, sf_changes **out,
                                 sf_error *err);
/** Records that were created or changed and are not deleted. REST: Get Updated. Ballerina: getUpdatedRecords. */
SF_API sf_status sf_updated_open(sf_client *sf, const char *object, const sf_changes_options *options, sf_changes **out,
                                 sf_error *err);

/** The next one. @param out owned by the caller. @return SF_ROW, SF_DONE, both sticky; SF_ERR_PROTOCOL: an element is no
 *  record's id. */
SF_API sf_status sf_changes_next(sf_changes *c, sf_change *out, sf_error *err);
SF_EXTERN size_t sf_changes_count(const sf_changes *c); /**< how many there are in all; 0 for NULL */
/** Up to when the answer is complete, ms since 1970: the start of the next run. 0 for NULL. */
SF_EXTERN int64_t sf_changes_latest_covered_ms(const sf_changes *c);
/** Deleted ones: from when on the org still knows them. A start before it may have missed some. 0: not said. */
SF_EXTERN int64_t sf_changes_earliest_available_ms(const sf_changes *c);
SF_EXTERN void sf_changes_close(sf_changes *c); /**< NULL is fine. */
#endif
