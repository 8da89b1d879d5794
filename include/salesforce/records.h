/*
 * records.h: single records: a builder for field values, and create, get, update, upsert, delete by id or external id.
 * Wire: REST sObject Rows, sObject Rows by External ID. Threads: a record belongs to one thread at a time; the calls on
 * a client are safe from any thread.
 */
#ifndef SALESFORCE_RECORDS_H
#define SALESFORCE_RECORDS_H
#include <salesforce/client.h>

#define SF_RECORD_FIELDS_MAX 2000              /* fields of one sf_record */
#define SF_RECORD_BYTES_MAX ((size_t)50 << 20) /* bytes of its JSON, as the API allows */

typedef struct sf_record sf_record; /* an object's name, and the fields that a write shall set, in their order */

/** A new, empty record. @param object API name, as "Contact" or "Order__c"; copied.
 *  @return owned by the caller, ends with sf_record_free. NULL: no memory, or not a name; the setters and calls take
 *  NULL and answer SF_ERR_USAGE. */
SF_EXTERN sf_record *sf_record_new(const char *object);
SF_EXTERN void sf_record_free(sf_record *r); /**< NULL is fine. */
SF_EXTERN void sf_record_clear(sf_record *r); /**< Forget all fields and a kept failure. NULL is fine. */

/* Setters. Setting a field again (case plays no part) replaces its value and keeps its place. Texts are copied.
 * @return SF_OK; SF_ERR_USAGE (not a field name, not UTF-8, not a date …), SF_ERR_LIMIT (SF_RECORD_FIELDS_MAX,
 * SF_RECORD_BYTES_MAX) or SF_ERR_MEMORY: the first failure is kept and comes back from the call that sends the record,
 * so their answers need not be read one by one. */
SF_EXTERN sf_status sf_record_set_null(sf_record *r, const char *field);
SF_EXTERN sf_status sf_record_set_str(sf_record *r, const char *field, const char *value); /**< UTF-8; NULL sets null */
SF_EXTERN sf_status sf_record_set_text(sf_record *r, const char *field, sf_str value);     /**< the same, by length */
SF_EXTERN sf_status sf_record_set_int(sf_record *r, const char *field, int64_t value);
SF_EXTERN sf_status sf_record_set_double(sf_record *r, const char *field, double value);   /**< finite */
/** @param digits a number as JSON writes it, at most 400 characters: "1234567890123456.78". Sent as written. */
SF_EXTERN sf_status sf_record_set_decimal(sf_record *r, const char *field, const char *digits);
SF_EXTERN sf_status sf_record_set_bool(sf_record *r, const char *field, bool value);
/** @param year 1..9999 @param month 1..12 @param day 1..31; a date that exists. */
SF_EXTERN sf_status sf_record_set_date(sf_record *r, const char *field, int year, int month, int day);
/** @param ms_since_1970 UTC, in the years 1 to 9999. */
SF_EXTERN sf_status sf_record_set_datetime(sf_record *r, const char *field, int64_t ms_since_1970);
SF_EXTERN sf_status sf_record_set_time(sf_record *r, const char *field, int64_t ms_since_midnight); /**< 0..86399999 */
/** @param bytes what the field shall hold, len of them; encoded here. */
SF_EXTERN sf_status sf_record_set_base64(sf_record *r, const char *field, const void *bytes, size_t len);
/** @param values of a multi-select picklist; joined by ';': none may hold one or be empty. count 0 sets null. */
SF_EXTERN sf_status sf_record_set_multipicklist(sf_record *r, const char *field, const char *const *values,
                                                size_t count);
/** Point to a parent by its external id. @param relationship "Account", "Parent", "Custom__r" (not the field).
 *  @param type NULL, or the parent's object where the reference is polymorphic. @param value not empty. */
SF_EXTERN sf_status sf_record_set_reference(sf_record *r, const char *relationship, const char *type,
                                            const char *external_id_field, const char *value);
/** @param json a finished JSON value, checked: for what has no setter of its own. */
SF_EXTERN sf_status sf_record_set_json(sf_record *r, const char *field, sf_str json);

SF_EXTERN const char *sf_record_object(const sf_record *r); /**< its object's name; borrowed; NULL for NULL */
SF_EXTERN size_t sf_record_field_count(const sf_record *r); /**< fields that are set; 0 for NULL */
/** The body that a create would send. @param out owned by the caller, ends with sf_free.
 *  @return SF_OK, SF_ERR_MEMORY, or the failure that a setter kept. */
SF_API sf_status sf_record_to_json(const sf_record *r, char **out, sf_error *err);

/** Options of the writes, borrowed for the call. What a call cannot use is SF_ERR_USAGE. */
typedef struct sf_write_options {
    const char *external_id;     /* create only: name of an external-id field that the record sets, to a text or number;
                                    the create is then sent as an upsert by it, which may be repeated safely when an
                                    answer is lost, and which changes a record that has that value already */
    const char *assignment_rule; /* Sforce-Auto-Assign: "FALSE", "TRUE" or a rule's id; NULL: the org's default */
    bool allow_duplicates;       /* Sforce-Duplicate-Rule-Header: allowSave=true: save where a rule only warns */
    bool update_only;            /* upsert: SF_ERR_NOT_FOUND instead of creating */
    const char *if_match;        /* update, upsert: ETag that the record must still have (Account); NULL: none */
    int64_t if_unmodified_since_ms; /* update, upsert: since 1970, whole seconds count; 0: no condition. A condition
                                    that fails is SF_ERR_ORG with http_status 412; with one, a lost answer
                                    is not repeated */
    const sf_call_options *call; /* NULL: defaults */
    sf_document **refusal;       /* what the org answered when it refuses, for sf_record_duplicates; owned by the caller,
                                    ends with sf_document_free; NULL when it came without JSON, and after a success;
                                    NULL: not wanted */
    bool duplicate_details;      /* includeRecordDetails=true: a duplicate rule's answer has the records' fields */
    bool duplicates_as_user;     /* runAsCurrentUser=true: it has only what this user may see */
    bool update_mru;             /* Sforce-Mru: updateMru=true: the record becomes one of those recently used */
    uint64_t reserved[6];        /* zero */
} sf_write_options;

/** What a duplicate rule found: {"allowSave","duplicateRule","matchResults":[{"matchRecords":[{"record"…}]}]…}.
 *  @param answer sf_write_options.refusal's root, a row's error of a collection, or such a result. Both spellings of the
 *  member's name are known (orgs say duplicateResut). @return SF_MISSING: no duplicate rule spoke. */
SF_EXTERN sf_value sf_record_duplicates(sf_value answer);

/** Which state of a record an answer showed: what the next conditional call names. */
typedef struct sf_record_state {
    char etag[128];           /* with its quotes, as it came (Account only); "": none */
    int64_t last_modified_ms; /* since 1970, whole seconds; 0: not said */
    uint64_t reserved[4];
} sf_record_state;

typedef struct sf_read_options {
    const char *const *fields;   /* API names, NULL at the end; NULL: all readable ones */
    int64_t if_modified_since_ms; /* since 1970, whole seconds; 0: no condition. Not modified: SF_DONE, *out NULL */
    const sf_call_options *call; /* NULL: defaults */
    const char *if_none_match;   /* ETag that is at hand (Account): still the same: SF_DONE; it outranks the date */
    const char *if_match;        /* ETag that it must have (Account): else SF_ERR_ORG with http_status 412 */
    int64_t if_unmodified_since_ms; /* the same by date, all objects; 0: no condition */
    sf_record_state *state;      /* gets the record's ETag and date, also with SF_DONE; NULL: not wanted */
    bool update_mru;             /* Sforce-Mru: updateMru=true */
    uint64_t reserved[3];        /* zero */
} sf_read_options;

/* All calls below: safe from any thread. @param options NULL: defaults. @return SF_OK; SF_ERR_USAGE (nothing was sent:
 * a name or id is none, an option does not fit, a setter failed); SF_ERR_ORG (err.code, err.fields); and what stands at
 * sf_client_request. External ids: any UTF-8 text but the empty one, at most 4000 bytes; one that ends in .json, .xml
 * or .inc is refused, because the org takes that end for a file format, however it is encoded, and would use another
 * value. */

/** Insert. REST: sObject Basic Information (POST). @param id gets the new id; NULL: not wanted.
 *  @return also SF_ERR_UNKNOWN_OUTCOME: the answer was lost, the record may exist: look for it before repeating, or
 *  name an external_id, which makes the repeat safe. */
SF_API sf_status sf_record_create(sf_client *sf, const sf_record *r, const sf_write_options *options, sf_id *id,
                                  sf_error *err);

/** Read one. REST: sObject Rows. @param id 15 or 18 characters. @param out owned by the caller, ends with
 *  sf_document_free. @return also SF_DONE (not modified), SF_ERR_NOT_FOUND (never there, or deleted: see err.code). */
SF_API sf_status sf_record_get(sf_client *sf, const char *object, const char *id, const sf_read_options *options,
                               sf_document **out, sf_error *err);
/** The same by an external id. REST: sObject Rows by External ID. Several matches: SF_ERR_ORG with http_status 300, the
 *  message names their paths. */
SF_API sf_status sf_record_get_by_external_id(sf_client *sf, const char *object, const char *field, const char *value,
                                              const sf_read_options *options, sf_document **out, sf_error *err);
/** Change the fields that the record sets. REST: sObject Rows (PATCH). Repeated when an answer is lost, which is safe.
 *  @param id 15 or 18 characters. @return also SF_ERR_NOT_FOUND. */
SF_API sf_status sf_record_update(sf_client *sf, const sf_record *r, const char *id, const sf_write_options *options,
                                  sf_error *err);

typedef struct sf_upsert_result {
    sf_id id;
    bool created;               /* false also when a repeat met what an attempt whose answer was lost had created */
    uint64_t reserved[2];
} sf_upsert_result;
/** Update the record whose external-id field has the value, or create it. REST: sObject Rows by External ID (PATCH).
 *  Repeated when an answer is lost, which is safe. @param field "Ext__c", or "Id" to update by id; the record may not
 *  set it too. @param out NULL: not wanted. @return also SF_ERR_ORG with http_status 300: several records have the
 *  value. */
SF_API sf_status sf_record_upsert(sf_client *sf, const sf_record *r, const char *field, const char *value,
                                  const sf_write_options *options, sf_upsert_result *out, sf_error *err);
/** Delete to the recycle bin. REST: sObject Rows (DELETE). The API knows no conditions here: if_match and
 *  if_unmodified_since_ms are refused. A repeat after a lost answer that finds it deleted counts as done.
 *  @param id 15 or 18 characters. @return also SF_ERR_NOT_FOUND (err.code ENTITY_IS_DELETED: it was deleted before). */
SF_API sf_status sf_record_delete(sf_client *sf, const char *object, const char *id, const sf_write_options *options,
                                  sf_error *err);
/** The same by an external id. REST: sObject Rows by External ID (DELETE). */
SF_API sf_status sf_record_delete_by_external_id(sf_client *sf, const char *object, const char *field,
                                                 const char *value, const sf_write_options *options, sf_error *err);
#endif
