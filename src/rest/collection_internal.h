/*
 * collection_internal.h: what the collections calls and the writer share: rows put together to one request, and its answer
 * taken apart into results. Threads: plain functions; rows belong to one thread at a time.
 */
#ifndef SFI_COLLECTION_INTERNAL_H
#define SFI_COLLECTION_INTERNAL_H
#include <salesforce/writer.h>
#include "rest/rest_internal.h"

/* What all requests of a call or a writer have in common. Texts are borrowed. */
typedef struct sfi_collection {
    sf_operation operation;
    const char *object, *external_id; /* of an upsert */
    bool all_or_none, allow_duplicates;
    const char *assignment_rule;
    const sf_call_options *call;
} sfi_collection;

/* Rows of one request: its body, or of a delete its path. Zeroed is empty; text.max bounds it. */
typedef struct sfi_rows {
    sfi_buf text;
    uint32_t begin[SF_COLLECTION_MAX], end[SF_COLLECTION_MAX]; /* of each row in text */
    size_t count, mark; /* mark: where the row that is open began, comma and all */
    int runs;
    char kind[SFI_REST_NAME_MAX + 1]; /* of the last row: its object, or its id's prefix */
} sfi_rows;

/* sf_collection_get; response_max: bytes of the answer, 0: the client's. *out is NULL. */
sf_status sfi_collection_get(sf_client *sf, const char *object, const char *const *ids, size_t count,
                              const char *const *fields, size_t response_max, const sf_call_options *call,
                              sf_document **out, sf_error *err);

sf_status sfi_collection_check(const sfi_collection *c, sf_error *err);

void sfi_rows_start(sfi_rows *rows, const sfi_collection *c); /* none yet */
void sfi_rows_free(sfi_rows *rows);
/* A row is what is added to the text between open and close. open writes the comma and, unless object is NULL, "{" and
 * the attributes: members follow through the writer, close writes "}". */
sfi_json_writer sfi_rows_open(sfi_rows *rows, const char *object);
void sfi_rows_undo(sfi_rows *rows); /* the row that was opened */
/* @param kind what makes a run: the object, or an id's prefix. @param most rows of the request.
 * @return SF_OK; SF_ERR_LIMIT: it does not fit (text.max, most, runs), SF_ERR_MEMORY; after both it is undone. */
sf_status sfi_rows_close(sfi_rows *rows, const char *object, sf_str kind, size_t most);
void sfi_rows_end(sfi_rows *rows, const sfi_collection *c); /* the last bracket: no row comes any more */
/* Some rows of from, as a request of their own. */
sf_status sfi_rows_pick(sfi_rows *to, const sfi_rows *from, const sfi_collection *c, const bool *wanted);

/* The request for rows that were ended. @param texts room for its path, and for what it is in messages. */
typedef struct sfi_collection_texts {
    char path[2 * SFI_REST_NAME_MAX + 32], what[SFI_REST_NAME_MAX + 64];
} sfi_collection_texts;
sfi_call_request sfi_collection_request(const sfi_collection *c, const sfi_rows *rows, sfi_collection_texts *texts);

/* The results in an answer: an array of as many objects. @return SF_OK, or what sfi_answer_json gives, SF_ERR_PROTOCOL. */
sf_status sfi_collection_read(sf_client *sf, sfi_answer *answer, sfi_json *doc, size_t rows, const char *what,
                              sf_error *err);
/* What else is known of a request that has ended. */
typedef struct sfi_collection_end {
    bool repeated;    /* an attempt before the one that was answered may have been carried out */
    bool may_be_done; /* of one that failed */
} sfi_collection_end;
/* Waits for a call's end and reads its results. When they cannot be read and a repeat is harmless, the rows are sent once
 * more; of inserts nobody then knows what became of them. @param doc made when NULL; the caller's, also on failure.
 * @param err not NULL. */
sf_status sfi_collection_finish(sf_client *sf, const sfi_collection *c, const sfi_rows *rows, sfi_call *call,
                                sfi_json **doc, sfi_collection_end *end, sf_error *err);
/* Fills out but row and answer's owner. repeated: an earlier attempt may have been carried out. */
void sfi_collection_result(const sfi_collection *c, sf_value answer, bool repeated, sf_row_result *out);
bool sfi_collection_has_code(sf_value answer, const char *code);
#endif
