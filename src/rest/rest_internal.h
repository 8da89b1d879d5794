/*
 * rest_internal.h: what the services of this room share: checks of what goes into a path, and the small edits of errors
 * that only a service can make. Threads: plain functions, safe from any thread.
 */
#ifndef SFI_REST_INTERNAL_H
#define SFI_REST_INTERNAL_H
#include <salesforce/records.h>
#include "client/client_internal.h"

enum {
    SFI_REST_NAME_MAX = 255,         /* bytes of an object's or field's API name */
    SFI_REST_VALUE_MAX = 4000,       /* bytes of an external id's value in a path */
    SFI_REST_FIELDS_TEXT_MAX = 12000 /* bytes of a field list in a URL */
};

/* Length of the name that s begins with; 0: none. */
size_t sfi_rest_name_length(const char *s);
/* A letter, then letters, digits and underscores. NULL is none. */
bool sfi_rest_is_name(const char *s);
/* Such names with dots between: a field, or a parent's field. */
bool sfi_rest_is_path(const char *s);
/* 15 or 18 letters and digits. */
bool sfi_rest_is_id(const char *s);
/* A number as JSON writes it, of at most 400 characters. NULL is none. */
bool sfi_rest_is_number(const char *s);
/* Fit to be a header's value: no line breaks, no control characters. */
bool sfi_rest_is_header_value(const char *s);

/* A path of the API is for this host only: "/…", not "//…", printable ASCII without blanks, at most 2 KiB. */
bool sfi_rest_is_local_path(sf_str s);

/* Adds a value as one step of a path: percent-encoded, dots too, so that "..", "a/b" and "x.json" stay values. */
bool sfi_rest_add_value(sfi_buf *b, const char *value);

/* "?name=Account,Contact" after checking each; names NULL: nothing is added. @return SF_OK; SF_ERR_USAGE (none, more than
 * max, not a name); SF_ERR_LIMIT, SF_ERR_MEMORY. */
sf_status sfi_rest_add_objects(sfi_buf *path, const char *prefix, const char *const *names, size_t max, sf_error *err);
/* The same for fields: "?fields=Name,Owner.Name". */
sf_status sfi_rest_add_fields(sfi_buf *path, const char *const *fields, sf_error *err);

/* A GET whose answer is a document. @return also SF_ERR_USAGE: sf or out is NULL. */
sf_status sfi_rest_get(sf_client *sf, const char *path, const char *what, const sf_call_options *call, sf_document **out,
                       sf_error *err);

/* A caller's own JSON: what is wrong with it is SF_ERR_USAGE, and begins with what. */
sf_status sfi_rest_parse(const char *what, sf_str json, sf_document **out, sf_error *err);

/* Replaces the message and keeps what the org said otherwise (status, code, HTTP status, fields, retry). */
void sfi_rest_reword(sf_error *err, const char *format, ...) SFI_PRINTF(2, 3);

/* What a create or upsert answered (records.c). out: which record, and whether it is new. refusal: gets what was said
 * instead; NULL: not wanted. */
sf_status sfi_rest_read_saved(sf_client *sf, sfi_answer *answer, const char *what, sf_document **refusal,
                              sf_upsert_result *out, sf_error *err);

/* ---- what records.c needs of a builder (record.c) ---- */
/* SF_OK, or the failure that a setter kept; r NULL is a usage error. */
sf_status sfi_record_check(const sf_record *r, sf_error *err);
/* The body into *out, without one field (NULL: with all). @return SF_ERR_USAGE when that field is not set. */
sf_status sfi_record_write(const sf_record *r, const char *without, sfi_buf *out, sf_error *err);
/* The same fields as members of an object that is open; without is not missed. */
void sfi_record_write_members(const sf_record *r, const char *without, sfi_json_writer *w);
/* The JSON text of a field's value; ptr NULL: not set. Borrowed. */
sf_str sfi_record_field_json(const sf_record *r, const char *field);
#endif
