/*
 * columns_internal.h: the columns that a statement promises, spelt as its rows spell them. Called by query.c and
 * children.c. Threads: a list belongs to one thread at a time.
 */
#ifndef SFI_COLUMNS_INTERNAL_H
#define SFI_COLUMNS_INTERNAL_H
#include "rest/soql_internal.h"

typedef struct sfi_column {
    const char *path; /* "Owner.Name", "expr0", an alias, a child relationship */
    sf_str child;     /* a child query's text, between its parentheses; ptr NULL: no child query */
    bool is_children;
    bool is_fields;  /* FIELDS(…), until the first row says what that is */
    bool is_settled; /* seen in a row as path spells it */
} sfi_column;

typedef struct sfi_columns {
    sfi_column *list;
    size_t count, cap;
    sfi_arena strings;
    bool is_grouped; /* rows are AggregateResults */
    bool is_count;   /* SELECT COUNT(): a number and no rows */
    bool is_known;   /* a statement was read; else the first row says all */
} sfi_columns;

/* What can be told from the statement alone. A statement that is not understood yields no columns; its first row will. */
sf_status sfi_columns_read(sfi_columns *c, sf_str soql, sf_error *err);
/* Take spelling, FIELDS() and what is not known yet from a row. @return SF_OK also when columns are left unsettled. */
sf_status sfi_columns_settle(sfi_columns *c, sf_value row, sf_error *err);
bool sfi_columns_are_settled(const sfi_columns *c);
void sfi_columns_clear(sfi_columns *c);
#endif
