/*
 * export_ranges_internal.h: an export in several jobs, each for a range of ids: the user's statement with a range put in, and where the
 * ranges begin. Called by export_jobs.c. Threads: one; the functions that take no client touch nothing.
 */
#ifndef SFI_BULK_EXPORT_RANGES_INTERNAL_H
#define SFI_BULK_EXPORT_RANGES_INTERNAL_H
#include <salesforce/bulk.h>
#include "base/base_internal.h"

enum { SFI_BOUND_BYTES = 16 }; /* an id of 15 characters and its end */

/* ---- the statement ---- */
typedef struct sfi_statement { /* borrowed pieces of it */
    sf_str head;               /* SELECT … FROM Object, up to WHERE */
    sf_str from;               /* Object, up to WHERE */
    sf_str where;              /* the condition; "": none */
    sf_str tail;               /* WITH …; "": nothing */
} sfi_statement;
/* @return SF_OK; SF_ERR_USAGE: it is no statement, or one that cannot be cut (ORDER BY, LIMIT, GROUP BY, aggregates …). */
sf_status sfi_statement_read(sf_str soql, sfi_statement *out, sf_error *err);
/* The columns that it asks for, as a header line of CSV. false: one is more than a field's name, or it is no statement. */
bool sfi_statement_columns(sf_str soql, char delimiter, sfi_buf *out);
/* The statement with "Id >= from AND Id < to" for those that are not "". */
void sfi_statement_add_range(const sfi_statement *st, const char *from, const char *to, sfi_buf *out);

/* ---- ids as numbers: 15 digits of base 62 in the order 0-9A-Za-z, which is how an org sorts them ---- */
typedef unsigned __int128 sfi_id_number;
bool sfi_id_to_number(sf_str id, sfi_id_number *out); /* of 15 or 18 characters; false: it is no id */
void sfi_id_from_number(sfi_id_number n, char out[SFI_BOUND_BYTES]);

/* The first id that is n or more, or (down) the last one that is less. @return SF_ROW, SF_DONE (there is none), errors. */
typedef sf_status sfi_ranges_probe(void *user, sfi_id_number n, bool down, sfi_id_number *out, sf_error *err);
/* Where the 2nd, 3rd … of count ranges begin, so that each has about as many ids: ascending, all different.
 * @param bounds room for count - 1. @param found how many there are: fewer when there are few ids. */
sf_status sfi_ranges_find(int32_t count, sfi_ranges_probe *probe, void *user, char (*bounds)[SFI_BOUND_BYTES],
                          int32_t *found, sf_error *err);
/* The same of the rows of a statement, by queries. */
sf_status sfi_ranges_ask(sf_client *sf, const sfi_statement *st, const sf_bulk_export_options *o, int32_t count,
                         char (*bounds)[SFI_BOUND_BYTES], int32_t *found, sf_error *err);
/* How many ranges make range_rows rows each. @return also SF_ERR_USAGE: more than SF_EXPORT_PARTITIONS_MAX. */
sf_status sfi_ranges_count(sf_client *sf, const sfi_statement *st, const sf_bulk_export_options *o, int32_t *out,
                           sf_error *err);
#endif
