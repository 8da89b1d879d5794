/*
 * graphql_internal.h: as much GraphQL as a client must understand to follow pages: tokens, operations, the way to a
 * field. No I/O; text in, text out. Called by graphql.c. Threads: plain functions.
 */
#ifndef SFI_GRAPHQL_INTERNAL_H
#define SFI_GRAPHQL_INTERNAL_H
#include "json/json_internal.h"

enum { SFI_GRAPHQL_PATH_MAX = 16 /* steps */ };

/* Whether any operation of the text is no query. */
bool sfi_graphql_writes(const char *text);

typedef enum sfi_graphql_after {
    SFI_GRAPHQL_NOT_FOUND,  /* no field stands at that path, or only in a fragment of its own */
    SFI_GRAPHQL_IN_TEXT,    /* out is the text with after put in */
    SFI_GRAPHQL_IN_VARIABLE /* *variable is the name that after has; out is empty */
} sfi_graphql_after;
/* The text with the argument after: "cursor" of the field at path (keys of the answer). operation NULL: the first. */
sfi_graphql_after sfi_graphql_set_after(const char *text, const char *operation, const sf_str *path, size_t steps,
                                        const char *cursor, sfi_buf *out, sf_str *variable);
#endif
