/*
 * store.h: the org's rows in one SQLite database: tables made from the schema, ids, validation, writes in transactions,
 * soft delete, the sample data. Every write of every API goes through here, so this is where a change log will hang.
 * Table and column mapping: one table per object, named as it is; one column per stored field, named as it is:
 * text as TEXT COLLATE SFTEXT, ids as 18-character TEXT, dateTime as INTEGER milliseconds UTC, date as TEXT YYYY-MM-DD,
 * time as TEXT HH:MM:SS.mmmZ, booleans 0/1 NOT NULL, int and long INTEGER, other numbers REAL, base64 BLOB. '' is never stored.
 * Every table has the columns Id and IsDeleted, also where the object has no field IsDeleted.
 * Threads: one connection; hold the store's lock (sfo_store_lock) around any sequence of calls that belongs together.
 * Each function below takes the lock itself (it is recursive).
 */
#ifndef SFO_STORE_H
#define SFO_STORE_H
#include "schema/schema.h"
#include <sqlite3.h>

typedef struct sfo_store sfo_store;

/* What goes wrong with a row or a request, in the org's own words. */
typedef struct sfo_fault {
    int http_status;  /* as REST says it */
    char code[64];    /* errorCode */
    char *message;    /* owned; ends with sfo_fault_clear; may be long and have line ends */
    char fields[512]; /* comma between; "": none */
    bool has_fields;  /* write "fields" even when empty */
    char *duplicates; /* owned as message: the JSON that a duplicate rule answers; NULL: none */
} sfo_fault;
/* Fills f (NULL is fine), answers false so that «return sfo_fault_set(…)» reads well. */
bool sfo_fault_set(sfo_fault *f, int http_status, const char *code, const char *format, ...) SFI_PRINTF(4, 5);
#ifdef __clang_analyzer__ /* it sees one file at a time: what fault.c answers must be told */
#define sfo_fault_set(f, ...) ((void)(sfo_fault_set)(f, __VA_ARGS__), false)
#endif
void sfo_fault_clear(sfo_fault *f);
/* [{"message":…,"errorCode":…,"fields":[…]}] */
void sfo_fault_write_json(const sfo_fault *f, sfi_buf *out);
/* 2024-11-23T22:10:05.000+0000, as REST writes a point of time; "" outside the years 0..9999 (read.c) */
void sfo_time_text(int64_t ms, char out[40]);
/* What an error of a row is among others, into an object that is begun: "statusCode":…,"message":…,"fields":[…] */
void sfo_fault_write_members(const sfo_fault *f, sfi_json_writer *w);

enum { SFO_VERSION_MAX = 68 /* of the APIs: Winter '27 */ };

/* Who asks and how: part of every call. */
typedef struct sfo_context {
    const char *user_id;          /* 18 characters */
    const char *version;          /* "62.0" */
    double version_number;        /* 62.0 */
    const char *time_zone;        /* IANA name; NULL: what the user's row says, else UTC */
    int64_t now_ms;               /* 0: now */
    const sfo_field *bytes_field; /* the body's record gets these bytes in this field; NULL: none */
    sf_str bytes;                 /* borrowed for the call */
    bool allow_duplicates;        /* save where a duplicate rule only warns */
    bool duplicate_details;       /* and tell the fields of what it found */
    const char *api;              /* as the origin of a change names it: "rest" (NULL too), "soap", "bulkapi" */
    sf_str client;                /* what the caller calls itself (Call Options); len 0: nothing */
    bool id_in_body; /* the body may name the record's id or upsert key (collections); it is ignored there */
} sfo_context;

/* @param path a file, or ":memory:". Makes the tables that are missing, adds columns for new fields. */
sf_status sfo_store_open(const char *path, const sfo_schema *schema, sfo_store **out, sf_error *err);
void sfo_store_close(sfo_store *store); /* checkpoints the log; nothing is lost */
const sfo_schema *sfo_store_schema(const sfo_store *store);
sqlite3 *sfo_store_db(sfo_store *store); /* for soql; SFTEXT and the functions of functions.c are registered */
/* Of the row at hand, borrowed until the next step; no ptr: NULL. */
static inline sf_str sfo_column_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return (sf_str){ text, text != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0 };
}
/* One step of a SELECT, with the lock held. false: no more rows; or it broke off: then *fine is false and the fault set. */
bool sfo_store_next(sfo_store *store, sqlite3_stmt *stmt, bool *fine, sfo_fault *f);
void sfo_store_lock(sfo_store *store);
void sfo_store_unlock(sfo_store *store);
const char *sfo_store_org_id(const sfo_store *store);   /* 18 characters, 00D… */
const char *sfo_store_admin_id(const sfo_store *store); /* the seeded administrator, 005… */
/* Transactions may nest (savepoints). The lock is held from begin to the commit or rollback that ends it; a commit that
 * fails has rolled back. */
bool sfo_store_begin(sfo_store *store, sfo_fault *f);
bool sfo_store_commit(sfo_store *store, sfo_fault *f);
void sfo_store_rollback(sfo_store *store);

/* ---- ids (ids.c) ---- */
sf_id sfo_id_next(sfo_store *store, const sfo_object *o); /* unique, rising, 18 characters */
/* 15 or 18 characters to 18 (an 18-character one in any case is set right); false: malformed. */
bool sfo_id_normalize(sf_str in, sf_id *out);

/* ---- records (records.c, validate.c) ---- */
/* Each is one transaction of its own unless one is open. body: the record's JSON object ("attributes" allowed). */
bool sfo_record_create(sfo_store *s, const sfo_context *c, const sfo_object *o, sf_value body, sf_id *id, sfo_fault *f);
bool sfo_record_update(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sf_value body,
                       sfo_fault *f);
bool sfo_record_delete(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id,
                       sfo_fault *f); /* to the bin, with its cascade children */
/* Would a duplicate rule have something to say to a new record with these fields? Nothing else is checked. false:
 * DUPLICATES_DETECTED with f->duplicates, or another fault. */
bool sfo_record_look_for_duplicates(sfo_store *s, const sfo_context *c, const sfo_object *o, sf_value body,
                                    sfo_fault *f);
/* Back from the bin, with the children that went along and the lookups that were cleared (bin.c). */
bool sfo_record_undelete(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f);
/* Gone from the bin: it cannot come back. Its row can be seen by queryAll for a day. */
bool sfo_recycle_bin_empty(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f);

enum { SFO_MERGE_MAX = 2 }; /* records that one merge may take away */
typedef struct sfo_merged {
    sf_id master, losers[SFO_MERGE_MAX];
    size_t loser_count;
    sfi_buf updated; /* ids of the children that moved, comma between; owned by the caller, ends with sfi_buf_free */
} sfo_merged;
/* The losers' children move to the master, body's fields are set there, the losers go to the bin with MasterRecordId.
 * @param body an object, or a missing value. */
bool sfo_record_merge(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *master, sf_value body,
                      const sf_str *losers, size_t count, sfo_merged *out, sfo_fault *f);

typedef struct sfo_lead_convert {                    /* ids NULL or "": none; texts are looked at during the call */
    const char *lead_id;                             /* required */
    const char *account_id;                          /* of one that exists; else one is made */
    const char *contact_id;                          /* the same; then account_id is required */
    const char *opportunity_id;                      /* the same */
    const char *owner_id;                            /* of what is made; else the lead's owner */
    sf_str status;                                   /* required: one whose LeadStatus is a converted one */
    sf_str opportunity_name;                         /* len 0: the lead's company */
    bool no_opportunity;                             /* make none */
    bool overwrite_lead_source;                      /* of contact_id's contact */
    bool bypass_account_rules, bypass_contact_rules; /* save where a duplicate rule only warns */
    sf_value account_record, contact_record,
        opportunity_record; /* further fields of what is made; objects or missing */
} sfo_lead_convert;
typedef struct sfo_lead_converted {
    sf_id lead, account, contact, opportunity; /* opportunity "": none */
} sfo_lead_converted;
bool sfo_lead_convert_one(sfo_store *s, const sfo_context *c, const sfo_lead_convert *ask, sfo_lead_converted *out,
                          sfo_fault *f);
/* Ids whose external-id field (or Id) has the value. @return how many (ids gets the first max). -1: fault. */
int sfo_record_find(sfo_store *s, const sfo_object *o, const sfo_field *field, sf_str value, sf_id *ids, int max,
                    sfo_fault *f);
/* value of field comes from the path, not the body. *created says which; several rows: fault 300 whose message is the
 * JSON array of paths. update_only: 404 instead of creating. */
bool sfo_record_upsert(sfo_store *s, const sfo_context *c, const sfo_object *o, const sfo_field *field, sf_str value,
                       sf_value body, bool update_only, sf_id *id, bool *created, sfo_fault *f);

/* ---- one row of several, in the words that collections, SOAP and bulk uploads have for it (several.c) ---- */
/* The id that a row names, as 18 characters. *o: whose id it must be; NULL: becomes its object. no_id: what to call a text
 * that is no id ("malformed id"). false: fault. */
bool sfo_several_id(const sfo_schema *schema, const sfo_object **o, sf_str text, const char *no_id, sf_id *out,
                    sfo_fault *f);
/* As sfo_record_upsert, but an external id that several records have is the row's fault, with two of them. */
bool sfo_several_upsert(sfo_store *s, const sfo_context *c, const sfo_object *o, const sfo_field *field, sf_str value,
                        sf_value body, sf_id *id, bool *created, sfo_fault *f);
void sfo_several_reword(sfo_fault *f);      /* what is not found by its path is, among several, a wrong reference */
void sfo_several_rolled_back(sfo_fault *f); /* a good row that went with the bad ones */
/* One record as JSON: attributes, then the fields asked for, or all readable ones (count 0). Also gives its
 * LastModifiedDate for the Last-Modified header. */
bool sfo_record_read(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id,
                     const sfo_field *const *fields, size_t count, sfi_buf *out, int64_t *modified_ms, sfo_fault *f);
/* One column's value of the current row of stmt as the org writes it in JSON (used by read and by soql). */
void sfo_write_column(sfi_json_writer *w, const sfo_object *o, const sfo_field *field, const char *id,
                      const char *version, sqlite3_stmt *stmt, int column);
/* "attributes":{"type":…,"url":…} of a record; object NULL: no url (aggregates). */
void sfo_write_attributes(sfi_json_writer *w, const char *type, const sfo_object *object, const char *version,
                          const char *id);
/* A compound address or location from its parts, which stand in stmt from column first on, in the order of
 * sfo_compound_parts. Writes null when all parts are null. */
size_t sfo_compound_parts(const sfo_object *o, const sfo_field *compound, const sfo_field **parts, size_t max);
void sfo_write_compound(sfi_json_writer *w, const sfo_field *compound, const sfo_field *const *parts, size_t count,
                        sqlite3_stmt *stmt, int first);

/* ---- SQL functions (functions.c), registered on the connection; deterministic ----
 * SFTEXT collation (Unicode simple upper-case, then code points); sf_like(pattern, value) (case-insensitive LIKE with
 * backslash escapes); sf_fold(text); sf_msp_has(set, 'A;B'); sf_distance(lat, lon, lat, lon, unit);
 * sf_date_part(kind, value, is_datetime, zone) for CALENDAR_MONTH and its family. */
bool sfo_functions_register(sqlite3 *db);
int sfo_text_compare(sf_str a, sf_str b);         /* as the collation does */
bool sfo_text_like(sf_str pattern, sf_str value); /* as sf_like does */
/* Minutes east of UTC at a moment; zone NULL or unknown: 0. */
int sfo_zone_offset(const char *zone, int64_t utc_ms);

/* ---- data (seed.c) ---- */
/* Deterministic, believable; does nothing when the org has data already. records 0: the sample sizes; else about that
 * many records, spread over the objects in the sample's proportions. */
sf_status sfo_seed_sample(sfo_store *s, int64_t records, sf_error *err);

/* ---- users and their secrets (users.c) ---- */
enum { SFO_USERNAME_SIZE = 81 * 4 };
/* The name that a user logs in with. false: no such user, or none is set. */
bool sfo_user_name(sfo_store *s, const char *id, char out[SFO_USERNAME_SIZE]);
/* Password hashes live in a table of their own. user: also when the password is wrong, where the name is known; else "". */
bool sfo_user_check_password(sfo_store *s, sf_str username, sf_str password, sf_id *user, bool *active);
bool sfo_user_set_password(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f);
/* The same for what a person or program chooses: 400 INVALID_NEW_PASSWORD when it is short, all letters or all digits,
 * holds the user's name, or is one of the last three. */
bool sfo_user_change_password(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f);

size_t sfo_utf16_length(sf_str s); /* of a text, as Java counts */
#endif
