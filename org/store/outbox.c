/* outbox.c: see outbox.h. One table; its rows are numbered in the order in which they were sent. */
#include "store/outbox.h"
#include "store/store_internal.h"

bool sfo_outbox_open(sfo_store *s, sfo_fault *f)
{
    return sfo_sql_run(s,
                       "CREATE TABLE IF NOT EXISTS sfo_outbox(number INTEGER PRIMARY KEY AUTOINCREMENT, "
                       "kind TEXT NOT NULL, user TEXT, time INTEGER NOT NULL, message TEXT NOT NULL)",
                       f);
}

static bool add(sfo_store *s, const sfo_context *c, const char *kind, sf_str message, sfo_fault *f)
{
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "INSERT INTO sfo_outbox(kind, user, time, message) VALUES(?1, ?2, ?3, ?4)", f);
    if (stmt == NULL) return false;
    sfo_bind_text(stmt, 1, sfi_str(kind));
    if (c->user_id != NULL) sfo_bind_id(stmt, 2, c->user_id);
    (void)sqlite3_bind_int64(stmt, 3, sfo_context_now(c)); /* the place is right */
    sfo_bind_text(stmt, 4, message);
    return sfo_statement_run(s, stmt, f);
}

bool sfo_outbox_add(sfo_store *s, const sfo_context *c, const char *kind, sf_str message, sfo_fault *f)
{
    if (!sfo_store_begin(s, f)) return false;
    if (add(s, c, kind, message, f)) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

static void write_row(sqlite3_stmt *stmt, sfi_json_writer *w)
{
    char time[32];
    sfi_time_format(sqlite3_column_int64(stmt, 3), time);
    sf_str user = sfo_column_text(stmt, 2);
    sfi_json_begin_object(w);
    sfi_json_key(w, "number");
    sfi_json_int(w, sqlite3_column_int64(stmt, 0));
    sfi_json_key(w, "kind");
    sfi_json_string_n(w, sfo_column_text(stmt, 1));
    sfi_json_key(w, "userId");
    if (user.ptr != NULL)
        sfi_json_string_n(w, user);
    else
        sfi_json_null(w);
    sfi_json_key(w, "time");
    sfi_json_string(w, time);
    sfi_json_key(w, "message");
    sfi_json_raw_text(w, sfo_column_text(stmt, 4));
    sfi_json_end_object(w);
}

bool sfo_outbox_write(sfo_store *s, sfi_json_writer *w, sfo_fault *f)
{
    sfo_store_lock(s);
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "SELECT number, kind, user, time, message FROM sfo_outbox ORDER BY number", f);
    bool ok = stmt != NULL;
    sfi_json_begin_array(w);
    int rc = SQLITE_DONE;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) write_row(stmt, w);
    sfi_json_end_array(w);
    if (ok && rc != SQLITE_DONE) ok = sfo_fault_sql(s, f);
    if (stmt != NULL) sfo_statement_done(stmt);
    sfo_store_unlock(s);
    return ok;
}

bool sfo_outbox_clear(sfo_store *s, int64_t *removed, sfo_fault *f)
{
    sfo_store_lock(s);
    bool ok = sfo_sql_run(s, "DELETE FROM sfo_outbox", f);
    if (ok) *removed = sqlite3_changes(s->db);
    sfo_store_unlock(s);
    return ok;
}
