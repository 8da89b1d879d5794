/* typed.h: the rows of a query as Bulk API 1.0 writes them in JSON and XML. Called by extract.c. Threads: the worker's. */
#ifndef SFO_BULK_TYPED_H
#define SFO_BULK_TYPED_H
#include "bulk/bulk.h"

/* The whole result appended to out, *rows of them. false: the fault is set. */
bool sfo_bulk_typed_rows(sfo_bulk *b, const sfo_context *c, sf_str soql, bool all_rows, bool is_xml, sfi_buf *out,
                         int64_t *rows, sfo_fault *f);
#endif
