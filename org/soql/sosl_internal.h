/*
 * sosl_internal.h: the tree of a SOSL statement, and what its three files share. Everything lives in the runner's arena.
 * Threads: a tree belongs to one thread at a time, under the store's lock.
 */
#ifndef SFO_SOSL_INTERNAL_H
#define SFO_SOSL_INTERNAL_H
#include "soql/parser_internal.h"
#include "soql/sosl.h"

enum { SFO_SOSL_PHRASES_MAX = 1000 /* that the wildcards of one phrase may stand for */ };

typedef enum sfo_find_kind { SFO_FIND_PHRASE, SFO_FIND_AND, SFO_FIND_OR, SFO_FIND_NOT } sfo_find_kind;

typedef struct sfo_find {
    sfo_find_kind kind;
    const struct sfo_find *left, *right; /* NOT: left without right */
    sf_str *words;                       /* PHRASE: folded, with * and ?; NUL-terminated */
    size_t word_count;
} sfo_find;

typedef enum sfo_find_group {
    SFO_GROUP_ALL_FIELDS,
    SFO_GROUP_NAME_FIELDS,
    SFO_GROUP_EMAIL_FIELDS,
    SFO_GROUP_PHONE_FIELDS,
    SFO_GROUP_SIDEBAR_FIELDS
} sfo_find_group;

typedef struct sfo_sosl {
    const sfo_find *find;
    sfo_find_group group;
    sfo_ast_query *specs; /* of RETURNING; from[0] is the object, no items: its Id */
    size_t spec_count;
    bool has_returning;
    int64_t limit; /* SFO_SOSL_ROWS_MAX when none is written */
} sfo_sosl;

/* sosl_parse.c: the whole statement. False: fault. */
bool sfo_sosl_parse(sf_str text, sfi_arena *arena, sfo_sosl *out, sfo_fault *f);

/* sosl_text.c: from *at, behind the opening brace, to behind the closing one. */
bool sfo_find_parse(sfo_parser *p, size_t *at, const sfo_find **out);
/* The tree as an expression of FTS5; out empty: nothing can match. Wildcards within words become the words that the index
 * has, so it must be up to date. */
bool sfo_find_write(sfo_store *s, sfo_parser *p, const sfo_sosl *sosl, sfi_buf *out);
#endif
