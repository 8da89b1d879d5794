/*
 * soql_internal.h: as much SOQL as a client must understand: tokens, values in place of :name, the columns that a
 * statement promises, and cutting a statement with a long IN list into several. No I/O; text in, text out. What the
 * org would refuse is left for the org to refuse: this is no parser. Called by query.c. Threads: plain functions.
 */
#ifndef SFI_SOQL_INTERNAL_H
#define SFI_SOQL_INTERNAL_H
#include <salesforce/query.h>
#include "json/json_internal.h"

/* ---- tokens (soql.c) ---- */
typedef enum sfi_soql_kind {
    SFI_SOQL_END,
    SFI_SOQL_WORD,   /* a keyword, name or dotted path */
    SFI_SOQL_STRING, /* with its quotes */
    SFI_SOQL_NUMBER, /* a number, date or dateTime */
    SFI_SOQL_BIND,   /* :name; text without the colon */
    SFI_SOQL_SYMBOL, /* any other character */
    SFI_SOQL_OPEN    /* a string that is never closed: the rest of the text */
} sfi_soql_kind;
typedef struct sfi_soql_token {
    sfi_soql_kind kind;
    sf_str text; /* borrowed from the statement */
} sfi_soql_token;
/* The token that s begins with, after blanks; s moves behind it. */
sfi_soql_token sfi_soql_next(sf_str *s);
/* Whether a token is this keyword (any case) or this symbol. */
bool sfi_soql_is(const sfi_soql_token *t, const char *word);
/* Characters as the API counts them (UTF-16 units). */
size_t sfi_soql_length(sf_str s);

/* ---- binds (bind.c) ---- */
/* The statement with its binds put in, appended to out. @return SF_OK, SF_ERR_USAGE, SF_ERR_LIMIT, SF_ERR_MEMORY. */
sf_status sfi_soql_bind(const char *soql, sf_binds binds, sfi_buf *out, sf_error *err);

/* ---- statements of at most SF_QUERY_TEXT_MAX characters (split.c) ---- */
typedef struct sfi_soql_value {
    sf_str text;   /* as it stands in the statement */
    uint64_t hash; /* of its folded form: equal values have equal ones */
    size_t first;  /* position of the first value with this hash */
    size_t position;
} sfi_soql_value;
typedef struct sfi_soql_plan {
    char *text; /* the whole statement; owned */
    size_t text_len;
    sf_str head, tail;      /* around the split list's values; views of text */
    sfi_soql_value *values; /* owned; NULL: one statement, the text */
    size_t value_count;
    size_t *starts; /* owned: index of each statement's first value, and value_count at the end */
    size_t count;   /* statements, at least 1 */
} sfi_soql_plan;
/* @param text transferred, also on failure. @param chars_max SF_QUERY_TEXT_MAX, or less in tests. */
sf_status sfi_soql_plan_make(char *text, size_t chars_max, sfi_soql_plan *out, sf_error *err);
/* Statement i appended to out; errors are those of the buffer. */
void sfi_soql_plan_statement(const sfi_soql_plan *plan, size_t i, sfi_buf *out);
void sfi_soql_plan_clear(sfi_soql_plan *plan);

/* One character without case: simple folding (fold.c). */
uint32_t sfi_fold(uint32_t c);
#endif
