/*
 * search.h: the full-text index that SOSL asks. Writes only note which rows changed, in their own transaction and only
 * for objects that were searched before; a search brings the index up to date first. So writing and seeding cost next
 * to nothing, and an index can never tell of rows that were rolled back.
 * Called by row.c and delete.c (what changed) and by soql (what is found). Threads: under the store's lock.
 */
#ifndef SFO_STORE_SEARCH_H
#define SFO_STORE_SEARCH_H
#include "store/store.h"

enum { SFO_WORD_MAX = 256 /* bytes of a word that count; longer ones are equal when these are */ };

typedef struct sfo_word {
    char text[SFO_WORD_MAX + 1]; /* folded, NUL-terminated */
    size_t len;
    size_t from, to; /* bytes of the text that it was read from */
} sfo_word;
/* The first word at or after *at: letters or digits, ended by a blank, by punctuation, or where letters meet digits. With
 * wildcards the characters * and ? belong to words. false: there is none. */
bool sfo_word_next(sf_str text, size_t *at, bool wildcards, sfo_word *out);
/* Does a folded word fit a folded pattern with * and ?. */
bool sfo_word_fits(const char *pattern, const char *word);

/* Table sfo_search(id, name, email, phone, other), its words those of sfo_word_next; the rows of an object have the
 * rowids from..to. sfo_search_word(term, …) is its vocabulary. Brings both up to date for one object. */
typedef struct sfo_search_range {
    int64_t from, to;
} sfo_search_range;
bool sfo_search_refresh(sfo_store *s, const sfo_object *o, sfo_search_range *out, sfo_fault *f);
bool sfo_search_has_text(const sfo_object *o); /* something of it can be searched */
#endif
