/*
 * sosl.h: SOSL text in, found records out. The search text becomes a tree (sosl_text.c), the rest of the statement a
 * SOQL query for each object of RETURNING (sosl_parse.c), whose ids must also be among those that the index finds
 * (sosl.c). Called by api. Threads: any, with the store's lock inside.
 */
#ifndef SFO_SOSL_H
#define SFO_SOSL_H
#include "store/store.h"

enum { SFO_SOSL_ROWS_MAX = 2000 /* of one search */ };

/* Runs a search and writes its records as a JSON array, objects in the order written. count NULL: not asked. False: the
 * fault, and nothing was written. */
bool sfo_sosl_search(sfo_store *s, const sfo_context *c, sf_str sosl, sfi_buf *out, int64_t *count, sfo_fault *f);

/* Text as it has to stand within FIND {…} so that all of it are words to look for. */
void sfo_sosl_escape(sf_str text, sfi_buf *out);
#endif
