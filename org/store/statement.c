/*
 * statement.c: prepared statements kept by their text, so that the same shape of work is compiled once. Called by all
 * files of org/store with the store's lock held.
 */
#include "store/store_internal.h"

static size_t hash_text(const char *text)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *text != '\0'; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
    return (size_t)h;
}

static sfo_statement *find_slot(sfo_store *s, const char *sql)
{
    size_t at = hash_text(sql) & (SFO_STATEMENTS_MAX - 1);
    for (;; at = (at + 1) & (SFO_STATEMENTS_MAX - 1)) { /* ends: the cache is never more than half full */
        sfo_statement *slot = &s->statements[at];
        if (slot->sql == NULL || strcmp(slot->sql, sql) == 0) return slot;
    }
}

void sfo_statements_clear(sfo_store *s)
{
    for (size_t i = 0; s->statements != NULL && i < SFO_STATEMENTS_MAX; i++) {
        (void)sqlite3_finalize(s->statements[i].stmt); /* repeats the error of the last step, which was seen */
        sfi_free(s->statements[i].sql);
        s->statements[i] = (sfo_statement){ 0 };
    }
    s->statement_count = 0;
}

sqlite3_stmt *sfo_statement_get(sfo_store *s, const char *sql, sfo_fault *f)
{
    sfo_statement *slot = find_slot(s, sql);
    if (slot->sql != NULL) return slot->stmt;
    if (s->statement_count >= SFO_STATEMENTS_MAX / 2 &&
        s->depth <= 1) { /* not within a cascade, whose statements are open */
        sfo_statements_clear(s);
        slot = find_slot(s, sql);
    }
    if (s->statement_count >= SFO_STATEMENTS_MAX - 8) {
        (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION",
                            "An unexpected error occurred: too many shapes of work in one transaction");
        return NULL;
    }
    char *kept = sfi_strdup(sql);
    if (kept == NULL) {
        (void)sfo_fault_memory(f);
        return NULL;
    }
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL) != SQLITE_OK) {
        (void)sfo_fault_sql(s, f);
        sfi_free(kept);
        return NULL;
    }
    slot->sql = kept;
    s->statement_count++;
    return slot->stmt;
}

void sfo_statement_done(sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt);          /* repeats the error of the last step, which was seen */
    (void)sqlite3_clear_bindings(stmt); /* cannot fail */
}

bool sfo_statement_run(sfo_store *s, sqlite3_stmt *stmt, sfo_fault *f)
{
    int rc = sqlite3_step(stmt);
    bool ok = rc == SQLITE_DONE || rc == SQLITE_ROW;
    if (!ok) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return ok;
}

bool sfo_store_next(sfo_store *s, sqlite3_stmt *stmt, bool *fine, sfo_fault *f)
{
    int rc = sqlite3_step(stmt);
    *fine = rc == SQLITE_ROW || rc == SQLITE_DONE || sfo_fault_sql(s, f);
    return rc == SQLITE_ROW;
}

bool sfo_sql_run(sfo_store *s, const char *sql, sfo_fault *f)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK || sfo_fault_sql(s, f);
}

void sfo_bind_text(sqlite3_stmt *stmt, int at, sf_str text)
{
    (void)sqlite3_bind_text64(stmt, at, text.ptr, text.len, SQLITE_STATIC,
                              SQLITE_UTF8); /* fails for a wrong place only */
}

void sfo_bind_id(sqlite3_stmt *stmt, int at, const char *id)
{
    sfo_bind_text(stmt, at, sfi_str(id));
}

void sfo_bind_cell(sqlite3_stmt *stmt, int at, const sfo_cell *cell)
{
    switch ((sfo_cell_kind)cell->kind) { /* binding fails for a wrong place only */
    case SFO_CELL_NULL: (void)sqlite3_bind_null(stmt, at); break;
    case SFO_CELL_INT: (void)sqlite3_bind_int64(stmt, at, cell->number); break;
    case SFO_CELL_REAL: (void)sqlite3_bind_double(stmt, at, cell->real); break;
    case SFO_CELL_TEXT: sfo_bind_text(stmt, at, cell->text); break;
    case SFO_CELL_BLOB: (void)sqlite3_bind_blob64(stmt, at, cell->text.ptr, cell->text.len, SQLITE_STATIC); break;
    }
}
