/*
 * writer_internal.h: the insides of a writer, shared by writer.c (batches out, results in) and writer_rows.c (rows in).
 * Threads: one at a time.
 */
#ifndef SFI_WRITER_INTERNAL_H
#define SFI_WRITER_INTERNAL_H
#include "rest/collection_internal.h"

enum { SFI_WRITER_LOCK_RETRIES_MAX = 10 };

typedef struct sfi_batch {
    sfi_rows rows;
    int64_t first_row;
    sfi_call *call;       /* NULL: not under way */
    sf_error begin_error; /* why it never was; status SF_OK: it was */
} sfi_batch;

/* One request's answer; a batch has several when rows are sent again. */
typedef struct sfi_round {
    sfi_json *doc; /* made when first needed, kept */
    sfi_collection_end end;
    sf_error error; /* status SF_OK: doc holds the results */
} sfi_round;

struct sf_writer {
    sf_client *sf;
    sfi_collection c; /* its texts are ours */
    sf_writer_options options;
    char *texts[3]; /* object, external_id, assignment_rule */

    sfi_batch batches[SF_WRITER_PARALLEL_MAX + 1]; /* a ring: under_way from head on, then the one that is filled */
    size_t batch_count, head, under_way;
    sfi_round rounds[SFI_WRITER_LOCK_RETRIES_MAX + 1];
    sfi_rows again;  /* locked rows of the batch whose results come in */
    sfi_json *given; /* a row that came as JSON; made when first needed */

    sf_writer_counts counts;
    sf_row_result result; /* the one that is told; large, so it is here once */
    sf_error stopped;     /* sticky; status SF_OK: it goes on */
    sf_error failure;     /* of the first failed or unknown row, and its number */
    int64_t failure_row;
    bool is_inside; /* a callback runs */
    bool is_muted;  /* it answered false: no more calls */
};

static inline sfi_batch *sfi_writer_filling(sf_writer *w)
{
    return &w->batches[(w->head + w->under_way) % w->batch_count];
}
/* No rows yet. What a single large row took is given back. */
void sfi_writer_start_rows(sf_writer *w, sfi_rows *rows);
/* Begin the batch that is filled, and have an empty one to fill; waits for the oldest when all are under way. @return what
 * stopped the writer. */
sf_status sfi_writer_send(sf_writer *w, sf_error *err);
/* SF_OK: it takes rows. */
sf_status sfi_writer_check(const sf_writer *w, sf_error *err);
#endif
