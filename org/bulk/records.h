/*
 * records.h: an upload of Bulk API 1.0 that is JSON or XML, row for row as names and texts, so that a row means what the
 * same row of CSV does: a parent is Relationship.Field, or Type:Relationship.Field where the row says the type.
 * Called by ingest.c. Threads: a reader belongs to one thread.
 */
#ifndef SFO_BULK_RECORDS_H
#define SFO_BULK_RECORDS_H
#include "store/store.h"

typedef struct sfo_bulk_records sfo_bulk_records;
/* @param text borrowed until the free. false: it is no list of records; the fault is the batch's. */
bool sfo_bulk_records_new(sf_str text, bool is_xml, sfo_bulk_records **out, sfo_fault *f);
void sfo_bulk_records_free(sfo_bulk_records *r); /* NULL is fine */
int64_t sfo_bulk_records_count(const sfo_bulk_records *r);
/* The next row; both lists live until the next call. A value whose ptr is NULL is null.
 * 1: one; 0: the end; -1: it cannot be read, the fault is the batch's. */
int sfo_bulk_records_next(sfo_bulk_records *r, const sf_str **names, const sf_str **values, size_t *count,
                          sfo_fault *f);
#endif
