/*
 * chunks.h: PK chunking of Bulk API 1.0: a query's batch becomes one for each range of ids, and is itself not processed.
 * Called by extract.c. Threads: the worker's.
 */
#ifndef SFO_BULK_CHUNKS_H
#define SFO_BULK_CHUNKS_H
#include "bulk/bulk.h"

bool sfo_bulk_is_original(const sfo_bulk_job *job, const sfo_bulk_batch *batch); /* one that is still to be cut */
/* Makes the batches, and the original NotProcessed, in one transaction. false: the fault is set. */
bool sfo_bulk_cut(sfo_bulk *b, const sfo_bulk_job *job, sfo_bulk_batch *batch, const sfo_context *c, sf_str soql,
                  sfo_fault *f);
#endif
