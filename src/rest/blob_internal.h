/*
 * blob_internal.h: what blobs.c stands on: a multipart body as a source (multipart.c), a file that is whole or as it was
 * (part_file.c). Threads: an object belongs to one thread at a time.
 */
#ifndef SFI_BLOB_INTERNAL_H
#define SFI_BLOB_INTERNAL_H
#include <salesforce/stream.h>
#include "base/base_internal.h"

enum { SFI_MULTIPART_TYPE_BYTES = 80 }; /* "multipart/form-data; boundary=…" */

/* A part of JSON, then one of bytes, as one source. */
typedef struct sfi_multipart {
    sf_source source; /* give this to the call */
    char content_type[SFI_MULTIPART_TYPE_BYTES];
    sfi_buf head, tail; /* before and after the bytes */
    sf_source bytes;
    size_t at;    /* in head or tail */
    int64_t left; /* of bytes, whose length is known */
    int stage; /* 0: head, 1: bytes, 2: tail */
} sfi_multipart;

typedef struct sfi_multipart_parts {
    const char *json_name; /* "entity_content" */
    sf_str json;
    const char *bytes_name;   /* "VersionData" */
    const char *file_name;    /* any text; quotes and line ends are escaped */
    const char *content_type; /* fit to be a header's value */
    const sf_source *bytes;   /* borrowed until the clear */
} sfi_multipart_parts;
/* Fills *out, which then may not move. @return SF_OK, SF_ERR_MEMORY, SF_ERR_LIMIT. Ends with clear in any case. */
sf_status sfi_multipart_init(sfi_multipart *out, const sfi_multipart_parts *parts, sf_error *err);
void sfi_multipart_clear(sfi_multipart *m); /* a zeroed one is fine */

/* Bytes in memory as a source. */
typedef struct sfi_memory_source {
    sf_source source;
    sf_str bytes;
    size_t at;
} sfi_memory_source;
void sfi_memory_source_init(sfi_memory_source *out, sf_str bytes);

typedef struct sfi_part_file sfi_part_file;
sf_status sfi_part_file_open(const char *path, sfi_part_file **out, sf_error *err);
const sf_sink *sfi_part_file_sink(const sfi_part_file *f);
/* It is whole: now it stands at the path. */
sf_status sfi_part_file_commit(sfi_part_file *f, sf_error *err);
void sfi_part_file_close(sfi_part_file *f); /* without a commit: as if nothing had been; NULL is fine */
#endif
