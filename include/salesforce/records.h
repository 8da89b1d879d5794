/*
 * records.h: single records: a builder for field values, and create, get, update, upsert, delete by id or external id.
 * Wire: REST sObject Rows, sObject Rows by External ID. Threads: a record belongs to one thread at a time; the calls
 * are safe from any thread.
 */
#ifndef SALESFORCE_RECORDS_H
#define SALESFORCE_RECORDS_H
#include <salesforce/client.h>

#define SF_RECORD_FIELDS_MAX 2000   /* fields of one sf_record */
#define SF_RECORD_BYTES_MAX ((size_t)50 << 20) /* its JSON, as the API allows */

typedef struct sf_record sf_record; /* an object's name and the fields that a write shall set, in the order of setting */

/** A new, empty record. @param object API name, as "Contact" or "Order__c"; copied.
 *  @return NULL: no memory, or not a name; the setters and calls take NULL and answer SF_ERR_USAGE. */
SF_EXTERN sf_record *sf_record_new(const char *object);
SF_EXTERN void sf_record_free(sf_record *r); /**< NULL is fine. */
SF_EXTERN void sf_record_clear(sf_record *r); /**< Forget all fields (and a kept failure), keep the object. */

/* Setters. Setting a field again replaces its value and keeps its place. A failure (SF_ERR_USAGE: not a field name,
 * not a date…; SF_ERR_LIMIT; SF_ERR_MEMORY) is kept and comes back from the call that sends the record, so their
 * answers need not be read one by one. Strings are copied. */
SF_EXTERN sf_status sf_record_set_null(sf_record *r, const char *field);
SF_EXTERN sf_status sf_record_set_str(sf_record *r, const char *field, const char *value); /**< UTF-8; NULL sets null */
SF_EXTERN sf_status sf_record_set_text(sf_record *r, const char *field, sf_str value);     /**< UTF-8 of given length */
SF_EXTERN sf_status sf_record_set_int(sf_record *r, const char *field, int64_t value);
SF_EXTERN sf_status sf_record_set_double(sf_record *r, const char *field, double value);   /**< NaN and infinity are refused */
SF_EXTERN sf_status sf_record_set_decimal(sf_record *r, const char *field, const char *digits); /**< "1234567890123456.78", sent as written */
SF_EXTERN sf_status sf_record_set_bool(sf_record *r, const char *field, bool value);
SF_EXTERN sf_status sf_record_set_date(sf_record *r, const char *field, int year, int month, int day);
SF_EXTERN sf_status sf_record_set_datetime(sf_record *r, const char *field, int64_t ms_since_1970); /**< UTC */
SF_EXTERN sf_status sf_record_set_time(sf_record *r, const char *field, int64_t ms_since_midnight); /**< 0..86399999 */
SF_EXTERN sf_status sf_record_set_base64(sf_record *r, const char *field, const void *bytes, size_t len);
/** @param values of a multi-select picklist; joined by ';' — none may hold one. count 0 sets null. */
SF_EXTERN sf_status sf_record_set_multipicklist(sf_record *r, const char *field, const char *const *values, size_t count);
/** Point to a parent by its external id. @param relationship "Account", "Parent", "Custom__r" (not the field).
 *  @param type NULL, or the parent's object where the reference is polymorphic. */
SF_EXTERN sf_status sf_record_set_reference(sf_record *r, const char *relationship, const char *type,
                                            const char *external_id_field, const char *value);
/** A finished JSON value, checked. */
SF_EXTERN sf_status sf_record_set_json(sf_record *r, const char *field, sf_str json);

SF_EXTERN const char *sf_record_object(const sf_record *r); /**< borrowed; NULL for NULL */
SF_EXTERN size_t sf_record_field_count(const sf_record *r);
/** The body that would be sent. @param out owned by the caller, ends with sf_free. */
SF_API sf_status sf_record_to_json(const sf_record *r, char **out, sf_error *err);

/** Options of the writes. */
typedef struct sf_write_options {
    const char *external_id;     /* create only: name of an external-id field that the record sets; the create is then sent as an
                                    upsert by it, which may be repeated safely when an answer is lost */
    const char *assignment_rule; /* Sforce-Auto-Assign: "FALSE", "TRUE" or a rule's id; NULL: the org's default */
    bool allow_duplicates;       /* Sforce-Duplicate-Rule-Header: allowSave=true */
    bool update_only;            /* upsert: an error instead of creating */
    const char *if_match;        /* ETag that the record must still have (Account); NULL: none */
    int64_t if_unmodified_since_ms; /* since 1970; 0: no condition. A failed condition is SF_ERR_ORG with http_status 412 */
    const sf_call_options *call;
    uint64_t reserved[8];        /* zero */
} sf_write_options;

typedef struct sf_read_options {
    const char *const *fields;   /* API names, NULL at the end; NULL: all readable ones */
    int64_t if_modified_since_ms; /* since 1970; 0: no condition. Not modified: SF_DONE, *out NULL */
    const sf_call_options *call;
    uint64_t reserved[8];        /* zero */
} sf_read_options;

/** Insert. @param options NULL: defaults. @param id gets the new id; NULL: not wanted.
 *  @return SF_OK; SF_ERR_ORG (err.code, err.fields); SF_ERR_UNKNOWN_OUTCOME: the answer was lost, the record may exist: look
 *  for it before repeating (or name an external_id); and what every call can give. */
SF_API sf_status sf_record_create(sf_client *sf, const sf_record *r, const sf_write_options *options, sf_id *id, sf_error *err);

/* External ids in all calls: any text but the empty one; one that ends in .json, .xml or .inc is refused (SF_ERR_USAGE), because the
 * org takes that end for a file format, however it is encoded, and would silently use another value. */

/** Read one. @param id 15 or 18 characters. @param out owned by the caller, ends with sf_document_free.
 *  @return SF_OK, SF_DONE (not modified), SF_ERR_NOT_FOUND (never there, or deleted: err.code tells). */
SF_API sf_status sf_record_get(sf_client *sf, const char *object, const char *id, const sf_read_options *options,
                               sf_document **out, sf_error *err);
/** The same by an external id. Several matches: SF_ERR_ORG with http_status 300, the message names their ids. */
SF_API sf_status sf_record_get_by_external_id(sf_client *sf, const char *object, const char *field, const char *value,
                                              const sf_read_options *options, sf_document **out, sf_error *err);
/** Change the fields that the record sets. Repeated safely. */
SF_API sf_status sf_record_update(sf_client *sf, const sf_record *r, const char *id, const sf_write_options *options, sf_error *err);

typedef struct sf_upsert_result {
    sf_id id;
    bool created;               /* false also when a repeat met what an attempt whose answer was lost had created */
    uint64_t reserved[2];
} sf_upsert_result;
/** Update the record whose external-id field has the value, or create it. Repeated safely. The field itself must not be set in
 *  the record. @param out NULL: not wanted. */
SF_API sf_status sf_record_upsert(sf_client *sf, const sf_record *r, const char *field, const char *value,
                                  const sf_write_options *options, sf_upsert_result *out, sf_error *err);
/** Delete to the recycle bin. The API knows no conditions here: if_match and if_unmodified_since_ms are refused. A repeat after a lost answer that finds it deleted counts as done. */
SF_API sf_status sf_record_delete(sf_client *sf, const char *object, const char *id, const sf_write_options *options, sf_error *err);
SF_API sf_status sf_record_delete_by_external_id(sf_client *sf, const char *object, const char *field, const char *value,
                                                 const sf_write_options *options, sf_error *err);
#endif
