/*
 * pages.h: what is left of a result when its page is full: the ordered ids, kept in the database under a locator, so
 * that a page costs its own rows and a result stays what it was while rows change. The locators that one request makes
 * (its own and those of its child results) are one group; a user has at most 10 groups, the oldest goes.
 * Called by run.c with the store's lock held. Threads: under the lock.
 */
#ifndef SFO_SOQL_PAGES_H
#define SFO_SOQL_PAGES_H
#include "store/store.h"

enum {
    SFO_ID_LENGTH = 18,
    SFO_CHUNK_IDS = 1000,  /* ids of one row of the chunk table */
    SFO_LOCATORS_MAX = 10, /* open results of a user */
    SFO_LOCATOR_LIFE_MS = 2 * 86400 * 1000
};

typedef struct sfo_pages { /* the locators that one request makes */
    sfo_store *store;
    const sfo_context *context;
    sf_str soql;
    bool all_rows;
    int64_t group; /* 0: none yet */
    bool writing;  /* a transaction is open */
} sfo_pages;

typedef struct sfo_cursor {
    int64_t id;
    char locator[19];
    int64_t total;
    int64_t chunks;    /* written */
    char *soql, *path; /* of one that was found: owned; sfo_cursor_clear */
    bool all_rows;
    int64_t group;
} sfo_cursor;

/* A new locator for the plan of that path. */
bool sfo_pages_open(sfo_pages *p, const char *path, sfo_cursor *out, sfo_fault *f);
/* The next ids: SFO_CHUNK_IDS of them, the last time fewer. */
bool sfo_pages_append(sfo_pages *p, sfo_cursor *cursor, const char *ids, size_t count, sfo_fault *f);
bool sfo_pages_finish(sfo_pages *p, const sfo_cursor *cursor, int64_t total, sfo_fault *f);
/* Keeps what was written, or forgets it. */
bool sfo_pages_end(sfo_pages *p, bool keep, sfo_fault *f);

/* «01g…-2000» into the cursor and the offset. False: INVALID_QUERY_LOCATOR. */
bool sfo_pages_find(sfo_pages *p, sf_str locator, sfo_cursor *out, int64_t *offset, sfo_fault *f);
/* count ids from offset on, appended. */
bool sfo_pages_read(sfo_pages *p, const sfo_cursor *cursor, int64_t offset, int64_t count, sfi_buf *ids, sfo_fault *f);
void sfo_cursor_clear(sfo_cursor *c);
#endif
