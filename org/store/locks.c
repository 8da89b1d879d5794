/* locks.c: records that an approval process has locked: a table of their ids, looked at before each update and delete.
 * An org in which nothing was ever submitted pays one comparison. */
#include "store/store_internal.h"

bool sfo_locks_open(sfo_store *s, sfo_fault *f)
{
    if (!sfo_sql_run(s, "CREATE TABLE IF NOT EXISTS sfo_locks(id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID", f))
        return false;
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT 1 FROM sfo_locks LIMIT 1", f);
    if (stmt == NULL) return false;
    s->may_be_locked = sqlite3_step(stmt) == SQLITE_ROW;
    sfo_statement_done(stmt);
    return true;
}

bool sfo_lock_set(sfo_store *s, const char *id, bool locked, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(
        s, locked ? "INSERT OR IGNORE INTO sfo_locks(id) VALUES(?1)" : "DELETE FROM sfo_locks WHERE id=?1", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    s->may_be_locked = s->may_be_locked || locked;
    return sfo_statement_run(s, stmt, f);
}

bool sfo_lock_check(sfo_store *s, const char *id, sfo_fault *f)
{
    if (!s->may_be_locked || s->passes_locks) return true;
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT 1 FROM sfo_locks WHERE id=?1", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    bool fine, is_locked = sfo_store_next(s, stmt, &fine, f);
    sfo_statement_done(stmt);
    if (!is_locked) return fine;
    (void)sfo_fault_set(f, 400, "ENTITY_IS_LOCKED", "the entity is locked for editing");
    if (f != NULL) f->has_fields = true;
    return false;
}
