/*
 * cache_internal.h: describe answers that are kept, in memory per client and as files between programs. Called by
 * describe.c. Threads: the memory part is used under the client's lock; files are replaced whole, so that readers in
 * other processes see the old or the new one.
 */
#ifndef SFI_CACHE_INTERNAL_H
#define SFI_CACHE_INTERNAL_H
#include "client/client_internal.h"

typedef struct sfi_cached {
    char *text; /* JSON; owned */
    size_t len;
    char since[40]; /* Last-Modified as the org wrote it */
} sfi_cached;
void sfi_cached_clear(sfi_cached *c);

/* What is kept for a key ("62.0 sobjects/Account/describe"). @param scope tells users and orgs apart in file names.
 * @param out a copy; ends with sfi_cached_clear. @return SF_ROW, SF_DONE (nothing), SF_ERR_MEMORY. */
sf_status sfi_cache_get(sf_client *sf, const char *scope, const char *key, sfi_cached *out, sf_error *err);
/* Keep an answer; failures are logged, not told: the answer itself is right. */
void sfi_cache_put(sf_client *sf, const char *scope, const char *key, sf_str text, sf_str since);
#endif
