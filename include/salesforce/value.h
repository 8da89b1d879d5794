/*
 * value.h: reading JSON that came from the org. A value is a small view, passed by value, that is decoded when it is
 * read: fields can be read in any order and again, nothing is converted that nobody asks for.
 * Lifetime: a value borrows from its document or cursor row. It is good until the document is freed, the cursor moves
 * to the next row, or the cursor is closed. sf_value_dup keeps one.
 * Reading does no I/O and never fails: what is not there, or is of another kind, is answered as each comment says.
 * Threads: a document and all values of it belong to one thread at a time (reading decodes in place).
 */
#ifndef SALESFORCE_VALUE_H
#define SALESFORCE_VALUE_H
#include <salesforce/base.h>

typedef enum sf_type {
    SF_MISSING = 0, /* no such field; not the same as null */
    SF_NULL = 1,
    SF_BOOL = 2,
    SF_NUMBER = 3,
    SF_STRING = 4,
    SF_OBJECT = 5,
    SF_ARRAY = 6
} sf_type;

struct sfi_json;
typedef struct sf_value { /* a view: copy it freely; a zeroed one is SF_MISSING; finished */
    struct sfi_json *doc; /* ours */
    uint32_t token;       /* ours */
    uint32_t type;        /* an sf_type */
} sf_value;

typedef struct sf_document sf_document; /* owns JSON text and what it takes to read it */

/** What it is: SF_MISSING for a zeroed one. */
SF_EXTERN sf_type sf_value_type(sf_value v);

/** The value at a dotted path: "Owner.Name", "records.0.Id" (a number picks an array's element).
 *  @param path NULL or "": v itself. Names compare with case, as JSON does. A record's field whose own name holds a
 *  dot does not exist in Salesforce. Where a name stands twice in one object, it is not defined which is found.
 *  @return SF_MISSING when a step is not there; SF_NULL when a step before the last is null (no parent). */
SF_EXTERN sf_value sf_get(sf_value v, const char *path);

/** True when the path exists and is null. */
SF_EXTERN bool sf_is_null(sf_value v, const char *path);

/** Text of a string, or of a number or boolean as it was written; NUL-terminated UTF-8, borrowed from the value's
 *  document. @return NULL for missing, null, objects and arrays, and when there is no memory for a number's text. A
 *  string that holds U+0000 reads on past it with sf_get_text. */
SF_EXTERN const char *sf_get_str(sf_value v, const char *path);

/** The same with its length; ptr NULL where sf_get_str answers NULL. For numbers, no NUL follows. */
SF_EXTERN sf_str sf_get_text(sf_value v, const char *path);

/** @return otherwise unless the value is a number (or a string that holds one) that is whole and fits; 12.0 and
 *  1.2E1 are whole. Never rounds. */
SF_EXTERN int64_t sf_get_int(sf_value v, const char *path, int64_t otherwise);

/** @return the nearest double of a number (or of a string that holds one), else otherwise; otherwise too when the
 *  number is beyond the largest double. Locale plays no part. */
SF_EXTERN double sf_get_double(sf_value v, const char *path, double otherwise);

/** @return otherwise unless the value is true or false (or the string "true" or "false"). */
SF_EXTERN bool sf_get_bool(sf_value v, const char *path, bool otherwise);

/** A dateTime, date or time of the org as milliseconds since 1970-01-01T00:00Z (time: since midnight). Takes
 *  2024-11-23T22:10:05.000+0000, …Z, …+01:00, with or without fraction, 2024-11-23 and 22:10:05.000Z.
 *  @return false, out untouched, when it is none of these or out is NULL. */
SF_API bool sf_get_time_ms(sf_value v, const char *path, int64_t *out);

/** Elements of an array or fields of an object; 0 for all else. Walks the value, so it takes time with its size. */
SF_EXTERN size_t sf_value_count(sf_value v);

typedef struct sf_iter { /* ours; starts with sf_iter_begin; finished */
    sf_value of;
    uint32_t next;
    uint32_t index;
} sf_iter;

/** Walk an array's elements or an object's fields in their order. Any other value has none. Nothing to free. */
SF_EXTERN sf_iter sf_iter_begin(sf_value v);

/** @param key NULL, or gets the field's name (NUL-terminated; ptr NULL in arrays). @param value gets the value.
 *  @return false at the end, outputs untouched. */
SF_EXTERN bool sf_iter_next(sf_iter *it, sf_str *key, sf_value *value);

/** Compact JSON text of a value, numbers and order as they came. @param out owned by the caller, ends with sf_free;
 *  NUL-terminated. @param len NULL, or gets its bytes. @return SF_OK, SF_ERR_USAGE (a missing value), SF_ERR_MEMORY. */
SF_API sf_status sf_value_to_json(sf_value v, char **out, size_t *len, sf_error *err);

/** The JSON text of a value as the org sent it, where that still stands in memory on one line: nothing of the value was
 *  read yet. Copies nothing, so programs that pass rows on unread try it first. @return borrowed, as long as the value
 *  and until something of it is read; no NUL follows; ptr NULL: use sf_value_to_json. */
SF_EXTERN sf_str sf_value_raw_json(sf_value v);

/** Keep a value beyond its row. @param out a copy as a document of its own, owned by the caller, ends with
 *  sf_document_free. @return SF_OK, SF_ERR_USAGE (a missing value), SF_ERR_MEMORY. */
SF_API sf_status sf_value_dup(sf_value v, sf_document **out, sf_error *err);

/** Read JSON text. @param json copied; UTF-8, at most 1 GiB. @param out owned by the caller, ends with
 *  sf_document_free. @return SF_OK, SF_ERR_PROTOCOL (no JSON; the message names the byte), SF_ERR_LIMIT (larger, or
 *  deeper than 256), SF_ERR_USAGE, SF_ERR_MEMORY. */
SF_API sf_status sf_document_parse(const char *json, size_t len, sf_document **out, sf_error *err);

/** The value that the document holds. Good until sf_document_free; SF_MISSING for NULL. */
SF_EXTERN sf_value sf_document_root(const sf_document *doc);

SF_EXTERN void sf_document_free(sf_document *doc); /**< NULL is fine. All values of it are dead then. */
#endif
