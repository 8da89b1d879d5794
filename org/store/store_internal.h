/*
 * store_internal.h: what the files of org/store share: the store itself, tables, rows in memory, cached statements.
 * Everything here is used with the store's lock held.
 */
#ifndef SFO_STORE_INTERNAL_H
#define SFO_STORE_INTERNAL_H
#include <pthread.h>
#include "store/changes.h"
#include "store/store.h"

enum {
    SFO_STATEMENTS_MAX = 1024, /* slots of the statement cache; a power of two */
    SFO_NO_FIELD = -1
};

/* ---- rows in memory ---- */
typedef enum sfo_cell_kind { SFO_CELL_NULL, SFO_CELL_INT, SFO_CELL_REAL, SFO_CELL_TEXT, SFO_CELL_BLOB } sfo_cell_kind;

typedef struct sfo_cell {
    uint8_t kind; /* sfo_cell_kind */
    bool set;     /* to be written: given by the caller, a default, or computed */
    bool given;   /* the caller named it */
    int64_t number;
    double real;
    sf_str text; /* in the store's scratch arena or a literal; TEXT and BLOB */
} sfo_cell;

typedef struct sfo_table sfo_table;

typedef struct sfo_row {
    sfo_table *table;
    sfo_cell *cells; /* one a field */
    sfo_cell *old;   /* what is stored, when the row exists; else NULL */
    char id[19];
} sfo_row;

/* Computes what follows from the row's other values (compute.c). Runs after validation, before writing. */
typedef bool (*sfo_compute)(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);

struct sfo_table {
    const sfo_object *object;
    int *column; /* per field: its place among the columns, or -1 */
    int columns;
    bool has_deleted; /* the object has IsDeleted: rows go to the bin; else they are gone at once */
    int id, name, is_deleted, created_date, created_by, modified_date, modified_by, stamp, owner; /* fields, or -1 */
    char *columns_sql;                     /* "Id","Name",… in the order of the columns */
    sqlite3_stmt *insert, *select, *state; /* made when first needed */
    int64_t next_id, reserved_id;          /* ids are reserved in blocks, so that a commit is not needed for each */
    sfo_compute before, after;             /* NULL: nothing */
    bool *told;                            /* per field: change events tell it (change_text.c) */
    char schema_id[24];                    /* of its events */
    int *uniques;                          /* fields with unique values */
    size_t unique_count;
    int64_t search_number; /* of its search index; 0: it has none, or not of these columns; see search_known */
};

typedef struct sfo_statement {
    char *sql; /* NULL: free */
    sqlite3_stmt *stmt;
} sfo_statement;

typedef struct sfo_stage { /* one row of OpportunityStage, CaseStatus or LeadStatus */
    const char *name, *category, *category_name;
    bool closed, won;
    double probability;
} sfo_stage;

struct sfo_store {
    pthread_mutex_t lock; /* guards all of this; recursive; held while a transaction is open */
    bool has_lock;
    sqlite3 *db;
    int file; /* holds the lock on the database file; -1: in memory */
    const sfo_schema *schema;
    sfo_table *tables; /* in the schema's order */
    size_t table_count;
    sfo_statement *statements;
    size_t statement_count;
    int depth; /* open transactions */
    bool lost; /* SQLite took back all of them for one's failure (a full disk): nothing more is written in them */
    sfi_arena scratch; /* values of the record at work; reset when the outermost call begins */
    int scratch_users;
    sfi_arena facts; /* stages and statuses */
    sfo_stage *stages, *case_statuses, *lead_statuses;
    size_t stage_count, case_status_count, lead_status_count;
    struct sfo_duplicate_rule *rules; /* in facts */
    size_t rule_count;
    bool search_known;   /* the tables' search_number are as in the database; a rollback may undo that */
    bool system_writes;  /* seed rows: fields that callers may not write are taken too */
    bool may_be_locked;  /* a record was locked at some time; see locks.c */
    bool passes_locks;   /* what an approval process itself writes */
    sfo_changes changes; /* what this transaction did, for subscribers */
    char org_id[19], admin_id[19];
};

/* ---- faults (fault.c) ---- */
void sfo_fault_add_field(sfo_fault *f, const char *field);
bool sfo_fault_sql(sfo_store *s, sfo_fault *f); /* 500, what SQLite says */
bool sfo_fault_memory(sfo_fault *f);
#ifdef __clang_analyzer__ /* as for sfo_fault_set */
#define sfo_fault_memory(f) ((void)(sfo_fault_memory)(f), false)
#endif

/* ---- statements (statement.c) ---- */
/* Prepared once, kept by its text. Bind, step, then sfo_statement_done. NULL: f is set. */
sqlite3_stmt *sfo_statement_get(sfo_store *s, const char *sql, sfo_fault *f);
void sfo_statement_done(sqlite3_stmt *stmt);
bool sfo_statement_run(sfo_store *s, sqlite3_stmt *stmt, sfo_fault *f); /* one step to its end, and done */
bool sfo_sql_run(sfo_store *s, const char *sql, sfo_fault *f);
void sfo_statements_clear(sfo_store *s);
void sfo_bind_text(sqlite3_stmt *stmt, int at, sf_str text); /* not copied */
void sfo_bind_id(sqlite3_stmt *stmt, int at, const char *id);
void sfo_bind_cell(sqlite3_stmt *stmt, int at, const sfo_cell *cell);

/* ---- bytes kept apart (blobs.c) ---- */
bool sfo_blobs_open(sfo_store *s, sfo_fault *f);
/* Too many bytes for a column go to the pieces, and the cell gets their mark. */
bool sfo_blob_keep(sfo_store *s, sfo_cell *cell, sfo_fault *f);

/* ---- tables (table.c) ---- */
bool sfo_tables_open(sfo_store *s, sfo_fault *f);
void sfo_tables_close(sfo_store *s);
sfo_table *sfo_table_of(const sfo_store *s, const sfo_object *o);
sfo_table *sfo_table_named(const sfo_store *s, const char *name); /* NULL: the schema has none */
int sfo_field_at(const sfo_object *o, const char *name);          /* place among the fields, or -1 */
/* 1: there; 0: in the bin; -1: not there or fault. */
int sfo_row_state(sfo_store *s, sfo_table *t, const char *id, sfo_fault *f);

/* ---- ids (ids.c) ---- */
bool sfo_ids_open(sfo_store *s, sfo_fault *f);
void sfo_ids_close(sfo_store *s);                               /* writes back what was reserved and not used */
void sfo_ids_rolled_back(sfo_store *s);                         /* reservations may be undone: reserve again */
void sfo_id_format(const sfo_object *o, int64_t n, sf_id *out); /* the id of counter value n */
/* The next of a named counter (auto numbers), from first on. */
bool sfo_counter_next(sfo_store *s, const char *name, int64_t first, int64_t *out, sfo_fault *f);

/* ---- duplicate rules (duplicates.c) ---- */
bool sfo_duplicates_load(sfo_store *s, sfo_fault *f);
/* The row, with all its values, against the rules of its object. */
bool sfo_duplicates_check(sfo_store *s, const sfo_context *c, const sfo_row *row, bool is_new, sfo_fault *f);

bool sfo_users_open(sfo_store *s, sfo_fault *f);  /* users.c: the table of password hashes */
bool sfo_outbox_open(sfo_store *s, sfo_fault *f); /* outbox.c */

/* ---- records at work in an approval process (locks.c) ---- */
bool sfo_locks_open(sfo_store *s, sfo_fault *f);
bool sfo_lock_set(sfo_store *s, const char *id, bool locked, sfo_fault *f);
bool sfo_lock_check(sfo_store *s, const char *id, sfo_fault *f); /* false: ENTITY_IS_LOCKED */

bool sfo_reports_open(sfo_store *s, sfo_fault *f); /* reports.c: the tables of reports and their runs */

/* ---- search (search.c, words.c) ---- */
bool sfo_search_open(sfo_store *s, sfo_fault *f);
bool sfo_search_note(sfo_store *s, const sfo_table *t, const char *id, sfo_fault *f); /* this row was written */
bool sfo_words_register(sqlite3 *db);                                                 /* false: SQLite has no FTS5 */

/* ---- rows (row.c) ---- */
void *sfo_scratch(sfo_store *s, size_t size);
sf_str sfo_scratch_text(sfo_store *s, sf_str text);
void sfo_scratch_begin(sfo_store *s);
void sfo_scratch_end(sfo_store *s);
bool sfo_row_init(sfo_store *s, sfo_table *t, sfo_row *row, sfo_fault *f);
/* Reads the stored row into cells and old. false: not there (f untouched) or fault. */
bool sfo_row_load(sfo_store *s, sfo_table *t, const char *id, sfo_row *row, sfo_fault *f);
bool sfo_row_insert(sfo_store *s, sfo_row *row, sfo_fault *f);
bool sfo_row_update(sfo_store *s, sfo_row *row, sfo_fault *f);
/* By field name, for compute.c and the seed: a name that the object lacks is ignored or null. */
const sfo_cell *sfo_row_get(const sfo_row *row, const char *field);
sf_str sfo_row_text(const sfo_row *row, const char *field);
bool sfo_row_changed(const sfo_row *row, const char *field);         /* being written with this call */
void sfo_row_set_text(sfo_row *row, const char *field, sf_str text); /* not copied; empty: null */
void sfo_row_set_int(sfo_row *row, const char *field, int64_t n);
void sfo_row_set_real(sfo_row *row, const char *field, double d);
void sfo_row_set_null(sfo_row *row, const char *field);

/* ---- validation (values.c, validate.c, check.c) ---- */
typedef enum sfo_mode { SFO_CREATING, SFO_UPDATING } sfo_mode;
/* Body into cells. */
bool sfo_row_from_json(sfo_store *s, const sfo_context *c, sfo_mode mode, sf_value body, sfo_row *row, sfo_fault *f);
bool sfo_cell_from_json(sfo_store *s, const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f);
/* Text as it comes in paths and seed rows into a cell. */
bool sfo_cell_from_text(sfo_store *s, const sfo_field *field, sf_str text, sfo_cell *cell);
void sfo_row_defaults(sfo_store *s, const sfo_context *c, sfo_row *row);
/* Required fields, lengths, picklists, addresses, references; sfo_row_check_unique after computing. */
bool sfo_row_check(sfo_store *s, sfo_mode mode, sfo_row *row, sfo_fault *f);
bool sfo_row_check_unique(sfo_store *s, sfo_row *row, sfo_fault *f);

/* ---- what follows from a row (compute.c, files.c) ---- */
void sfo_compute_attach(sfo_table *t);
bool sfo_facts_load(sfo_store *s, sfo_fault *f);

/* ---- records inside the store ---- */
bool sfo_row_create(sfo_store *s, const sfo_context *c, sfo_row *row,
                    sfo_fault *f);                  /* defaults, checks, computing, insert */
bool sfo_standard_rows(sfo_store *s, sfo_fault *f); /* seed rows, at the first open */
int64_t sfo_context_now(const sfo_context *c);      /* whole seconds, as ms */
bool sfo_fault_deleted(sfo_fault *f);               /* 404 ENTITY_IS_DELETED */
bool sfo_fault_not_found(sfo_fault *f);             /* 404 NOT_FOUND */
bool sfo_fault_converted(sfo_fault *f);             /* 400 CANNOT_UPDATE_CONVERTED_LEAD */
/* What every write begins and ends with: lock, transaction, scratch. A write that is not ok is rolled back. */
bool sfo_write_begin(sfo_store *s, sfo_fault *f);
bool sfo_write_end(sfo_store *s, bool ok, sfo_fault *f);
/* A row that is there and not in the bin; else the fault says which. */
bool sfo_row_load_live(sfo_store *s, sfo_table *t, const char *id, sfo_row *row, sfo_fault *f);
/* The cells that are set, checked, stamped and written; none: nothing happens. */
bool sfo_row_save(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f);
bool sfo_row_mark_deleted(sfo_store *s, const sfo_context *c, sfo_table *t, const char *id, sfo_fault *f);
bool sfo_row_is_converted_lead(const sfo_row *row); /* as it is stored */

/* ---- children (delete.c, reparent.c) ---- */
typedef struct sfo_id_list {
    sf_id *ids; /* in the scratch arena */
    size_t count;
} sfo_id_list;
/* Live rows of child whose field points to id. */
bool sfo_find_children(sfo_store *s, const sfo_object *child, const char *field, const char *id, sfo_id_list *out,
                       sfo_fault *f);
/* One row's reference is set to another record (NULL: to none); what follows from it is computed, nothing is checked. */
bool sfo_row_repoint(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, const char *field,
                     const char *to, sfo_fault *f);
/* Is there a live row whose two fields have these values? */
bool sfo_pair_exists(sfo_store *s, const sfo_object *o, const char *field1, sf_str value1, const char *field2,
                     const char *value2, bool *exists, sfo_fault *f);

/* ---- the bin (bin.c): what came along with a deleted record, and which of its traces were cleared ---- */
bool sfo_bin_open(sfo_store *s, sfo_fault *f);
bool sfo_bin_note_row(sfo_store *s, const char *root, const sfo_object *o, const char *id, sfo_fault *f);
/* A row's reference to value was cleared. */
bool sfo_bin_note_lookup(sfo_store *s, const char *root, const sfo_object *o, const char *id, const char *field,
                         const char *value, sfo_fault *f);
bool sfo_bin_note_lookups(sfo_store *s, const char *root, const sfo_object *o, const char *field, const char *id,
                          sfo_fault *f);

/* ---- text (fold.c) ---- */
bool sfo_fold_init(void);
uint32_t sfo_fold_char(uint32_t c);                       /* Unicode simple upper case */
uint32_t sfo_utf8_next(const char **at, const char *end); /* invalid bytes stand for themselves */
#endif
