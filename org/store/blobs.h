/*
 * blobs.h: bytes that are too many for a column: kept in pieces in a table of their own, so that neither reading a row nor
 * writing or sending the bytes takes memory for all of them. The column then holds a mark that says which ones.
 * Threads: as store.h; each call takes the store's lock.
 */
#ifndef SFO_BLOBS_H
#define SFO_BLOBS_H
#include "store/store.h"

enum {
    SFO_BLOB_INLINE_MAX = 256 * 1024, /* more bytes than this are kept apart */
    SFO_BLOB_PIECE = 1024 * 1024
};

typedef struct sfo_blob {
    int64_t number; /* 0: the bytes stand in the column */
    int64_t len;
} sfo_blob;
/* What a column of base64 holds: a mark, or the bytes themselves. */
sfo_blob sfo_blob_of(sf_str column);
/* Bytes from at on, at most cap; 0 at the end; -1: they are gone (the record was deleted or changed). */
int64_t sfo_blob_read(sfo_store *s, const sfo_blob *blob, int64_t at, char *out, size_t cap);
#endif
