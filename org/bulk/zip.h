/*
 * zip.h: a batch of Bulk API 1.0 with files: a zip that holds request.txt and what its values beginning with # name. Bounded
 * as the API bounds it. Called by ingest.c and columns.c. Threads: read only after sfo_zip_new.
 */
#ifndef SFO_BULK_ZIP_H
#define SFO_BULK_ZIP_H
#include "store/store.h"

typedef struct sfo_zip sfo_zip;
/* @param data borrowed until the free. false: no zip, damaged, or over a limit; the fault is the batch's. */
bool sfo_zip_new(sf_str data, sfo_zip **out, sfo_fault *f);
void sfo_zip_free(sfo_zip *z); /* NULL is fine */
/* A file's bytes, case-sensitive; ptr NULL: no such file. */
sf_str sfo_zip_find(const sfo_zip *z, sf_str name);
#endif
