/* reports.c: see reports.h. A report stands in two tables, its own and that of the object Report, always written in one
 * transaction; a report that was deleted keeps its developer name, so that a definition file does not bring it back. */
#include "store/reports.h"
#include "store/store_internal.h"

bool sfo_reports_open(sfo_store *s, sfo_fault *f)
{
    return sfo_sql_run(s,
                       "CREATE TABLE IF NOT EXISTS sfo_report(id TEXT PRIMARY KEY, developer_name TEXT NOT NULL, "
                       "folder_id TEXT NOT NULL, metadata TEXT) WITHOUT ROWID",
                       f) &&
           sfo_sql_run(
               s,
               "CREATE TABLE IF NOT EXISTS sfo_report_run(id TEXT PRIMARY KEY, report_id TEXT NOT NULL, "
               "owner_id TEXT NOT NULL, requested INTEGER NOT NULL, completed INTEGER NOT NULL, details INTEGER "
               "NOT NULL, result TEXT NOT NULL) WITHOUT ROWID",
               f) &&
           sfo_sql_run(s, "CREATE INDEX IF NOT EXISTS sfo_report_run_of ON sfo_report_run(report_id, requested)", f);
}

static char *text_at(sfi_arena *arena, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text != NULL ? sfi_arena_strndup(arena, text, strlen(text)) : NULL;
}

static bool end(sfo_store *s, bool ok, sfo_fault *f)
{
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

/* ---- the row of the object ---- */

static void set_row(sfo_row *row, const sfo_report_row *r)
{
    sfo_row_set_text(row, "Name", sfi_str(r->name));
    sfo_row_set_text(row, "DeveloperName", sfi_str(r->developer_name));
    sfo_row_set_text(row, "Description", sfi_str(r->description));
    sfo_row_set_text(row, "Format", sfi_str(r->format));
    sfo_row_set_text(row, "OwnerId", sfi_str(r->folder_id));
    sfo_row_set_text(row, "FolderName", sfi_str(r->folder_name));
}

static bool write_own(sfo_store *s, const char *id, const sfo_report_row *r, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(
        s, "INSERT OR REPLACE INTO sfo_report(id, developer_name, folder_id, metadata) VALUES(?1, ?2, ?3, ?4)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    sfo_bind_text(stmt, 2, sfi_str(r->developer_name));
    sfo_bind_id(stmt, 3, r->folder_id);
    sfo_bind_text(stmt, 4, sfi_str(r->metadata));
    return sfo_statement_run(s, stmt, f);
}

static bool insert_both(sfo_store *s, const sfo_context *c, const sfo_report_row *r, sf_id *id, sfo_fault *f)
{
    sfo_row row;
    sfo_scratch_begin(s);
    bool before = s->system_writes;
    s->system_writes = true; /* clients cannot write the object */
    bool ok = sfo_row_init(s, sfo_table_named(s, "Report"), &row, f);
    if (ok) set_row(&row, r);
    ok = ok && sfo_row_create(s, c, &row, f);
    s->system_writes = before;
    if (ok) memcpy(id->text, row.id, sizeof id->text);
    ok = ok && write_own(s, row.id, r, f);
    sfo_scratch_end(s);
    return ok;
}

bool sfo_report_insert(sfo_store *s, const sfo_context *c, const sfo_report_row *r, sf_id *id, sfo_fault *f)
{
    return sfo_store_begin(s, f) && end(s, insert_both(s, c, r, id, f), f);
}

static bool update_both(sfo_store *s, const sfo_context *c, const sfo_report_row *r, sfo_fault *f)
{
    sfo_row row;
    sfo_scratch_begin(s);
    bool ok = sfo_row_load(s, sfo_table_named(s, "Report"), r->id, &row, f);
    if (ok) {
        set_row(&row, r);
        sfo_row_set_int(&row, "LastModifiedDate", sfo_context_now(c));
        sfo_row_set_int(&row, "SystemModstamp", sfo_context_now(c));
        sfo_row_set_text(&row, "LastModifiedById", sfi_str(c->user_id));
    }
    ok = ok && sfo_row_update(s, &row, f) && write_own(s, r->id, r, f);
    sfo_scratch_end(s);
    return ok;
}

bool sfo_report_update(sfo_store *s, const sfo_context *c, const sfo_report_row *r, sfo_fault *f)
{
    return sfo_store_begin(s, f) && end(s, update_both(s, c, r, f), f);
}

static bool run_with_id(sfo_store *s, const char *sql, const char *id, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    return sfo_statement_run(s, stmt, f);
}

bool sfo_report_remove(sfo_store *s, const char *id, bool *found, sfo_fault *f)
{
    if (!sfo_store_begin(s, f)) return false;
    bool ok = run_with_id(s, "UPDATE sfo_report SET metadata = NULL WHERE id = ?1 AND metadata IS NOT NULL", id, f);
    *found = ok && sqlite3_changes(s->db) > 0;
    ok = ok && run_with_id(s, "DELETE FROM Report WHERE Id = ?1", id, f) &&
         run_with_id(s, "DELETE FROM sfo_report_run WHERE report_id = ?1", id, f);
    return end(s, ok, f);
}

static const char select_report[] =
    "SELECT o.id, r.Name, o.developer_name, r.Description, r.Format, o.folder_id, r.FolderName, o.metadata "
    "FROM sfo_report o JOIN Report r ON r.Id = o.id WHERE o.metadata IS NOT NULL";

static bool read_report(sqlite3_stmt *stmt, sfi_arena *arena, sfo_report_row *out)
{
    *out = (sfo_report_row){ .id = text_at(arena, stmt, 0),
                             .name = text_at(arena, stmt, 1),
                             .developer_name = text_at(arena, stmt, 2),
                             .description = text_at(arena, stmt, 3),
                             .format = text_at(arena, stmt, 4),
                             .folder_id = text_at(arena, stmt, 5),
                             .folder_name = text_at(arena, stmt, 6),
                             .metadata = text_at(arena, stmt, 7) };
    return out->id != NULL && out->name != NULL && out->developer_name != NULL && out->metadata != NULL;
}

int sfo_report_find(sfo_store *s, sf_str id, sfi_arena *arena, sfo_report_row *out, sfo_fault *f)
{
    sf_id full;
    char sql[512];
    int found = -1;
    if (!sfo_id_normalize(id, &full)) return 0;
    (void)snprintf(sql, sizeof sql, "%s AND o.id = ?1", select_report); /* fits */
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt != NULL) {
        sfo_bind_id(stmt, 1, full.text);
        int rc = sqlite3_step(stmt);
        found = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
        if (found < 0) (void)sfo_fault_sql(s, f);
        if (found == 1 && !read_report(stmt, arena, out)) {
            (void)sfo_fault_memory(f);
            found = -1;
        }
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return found;
}

int sfo_report_was_defined(sfo_store *s, const char *developer_name, sfo_fault *f)
{
    sfo_store_lock(s);
    int found = -1;
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT 1 FROM sfo_report WHERE developer_name = ?1", f);
    if (stmt != NULL) {
        sfo_bind_text(stmt, 1, sfi_str(developer_name));
        bool fine;
        found = sfo_store_next(s, stmt, &fine, f);
        if (!fine) found = -1;
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return found;
}

int sfo_report_list(sfo_store *s, sfi_arena *arena, sfo_report_row *out, int max, sfo_fault *f)
{
    char sql[512];
    int count = -1;
    (void)snprintf(sql, sizeof sql, "%s ORDER BY r.LastRunDate IS NULL, r.LastRunDate DESC, r.Name, o.id LIMIT ?1",
                   select_report); /* fits */
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt != NULL) {
        count = 0;
        (void)sqlite3_bind_int(stmt, 1, max); /* the place is right */
        bool fine = true;
        while (count >= 0 && count < max && sfo_store_next(s, stmt, &fine, f)) {
            if (read_report(stmt, arena, &out[count])) {
                count++;
            } else {
                (void)sfo_fault_memory(f);
                count = -1;
            }
        }
        if (!fine) count = -1;
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return count;
}

bool sfo_report_note_run(sfo_store *s, const char *id, int64_t now_ms, sfo_fault *f)
{
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, "UPDATE Report SET LastRunDate = ?2 WHERE Id = ?1", f);
    bool ok = stmt != NULL;
    if (ok) {
        sfo_bind_id(stmt, 1, id);
        (void)sqlite3_bind_int64(stmt, 2, now_ms / 1000 * 1000); /* the place is right */
        ok = sfo_statement_run(s, stmt, f);
    }
    sfo_store_unlock(s);
    return ok;
}

/* ---- runs ---- */

static bool insert_run(sfo_store *s, const sfo_report_run_row *r, sf_id *id, sfo_fault *f)
{
    static const sfo_object runs = { .name = "ReportInstance", .key_prefix = "0LG" }; /* for the id's prefix only */
    int64_t n;
    if (!sfo_counter_next(s, "sfo_report_run", 10 * (int64_t)916132832 + 1, &n, f)) return false;
    sfo_id_format(&runs, n, id);
    sqlite3_stmt *stmt = sfo_statement_get(s,
                                           "INSERT INTO sfo_report_run(id, report_id, owner_id, requested, completed, "
                                           "details, result) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                                           f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id->text);
    sfo_bind_id(stmt, 2, r->report_id);
    sfo_bind_id(stmt, 3, r->owner_id);
    (void)sqlite3_bind_int64(stmt, 4, r->requested_ms); /* the places are right */
    (void)sqlite3_bind_int64(stmt, 5, r->completed_ms);
    (void)sqlite3_bind_int(stmt, 6, r->has_details);
    sfo_bind_text(stmt, 7, sfi_str(r->result));
    return sfo_statement_run(s, stmt, f);
}

bool sfo_report_run_insert(sfo_store *s, const sfo_report_run_row *r, sf_id *id, sfo_fault *f)
{
    return sfo_store_begin(s, f) && end(s, insert_run(s, r, id, f), f);
}

static bool forget_old(sfo_store *s, int64_t now_ms, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "DELETE FROM sfo_report_run WHERE requested < ?1", f);
    if (stmt == NULL) return false;
    (void)sqlite3_bind_int64(stmt, 1, now_ms - SFO_REPORT_RUN_LIFE_MS); /* the place is right */
    return sfo_statement_run(s, stmt, f);
}

static bool read_run(sqlite3_stmt *stmt, sfi_arena *arena, sfo_report_run_row *out)
{
    *out = (sfo_report_run_row){ .id = text_at(arena, stmt, 0),
                                 .report_id = text_at(arena, stmt, 1),
                                 .owner_id = text_at(arena, stmt, 2),
                                 .requested_ms = sqlite3_column_int64(stmt, 3),
                                 .completed_ms = sqlite3_column_int64(stmt, 4),
                                 .has_details = sqlite3_column_int(stmt, 5) != 0,
                                 .result = text_at(arena, stmt, 6) };
    return out->id != NULL && out->report_id != NULL && out->owner_id != NULL;
}

int sfo_report_run_find(sfo_store *s, const char *report_id, sf_str id, int64_t now_ms, sfi_arena *arena,
                        sfo_report_run_row *out, sfo_fault *f)
{
    sf_id full;
    int found = -1;
    if (!sfo_id_normalize(id, &full)) return 0;
    sfo_store_lock(s);
    sqlite3_stmt *stmt = forget_old(s, now_ms, f)
                             ? sfo_statement_get(s,
                                                 "SELECT id, report_id, owner_id, requested, completed, details, "
                                                 "result FROM sfo_report_run WHERE id = ?1 AND report_id = ?2",
                                                 f)
                             : NULL;
    if (stmt != NULL) {
        sfo_bind_id(stmt, 1, full.text);
        sfo_bind_id(stmt, 2, report_id);
        bool fine;
        found = sfo_store_next(s, stmt, &fine, f);
        if (!fine) found = -1;
        if (found == 1 && !read_run(stmt, arena, out)) {
            (void)sfo_fault_memory(f);
            found = -1;
        }
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return found;
}

int sfo_report_run_list(sfo_store *s, const char *report_id, int64_t now_ms, sfi_arena *arena, sfo_report_run_row *out,
                        int max, sfo_fault *f)
{
    int count = -1;
    sfo_store_lock(s);
    sqlite3_stmt *stmt = forget_old(s, now_ms, f)
                             ? sfo_statement_get(s,
                                                 "SELECT id, report_id, owner_id, requested, completed, details, NULL "
                                                 "FROM sfo_report_run WHERE report_id = ?1 ORDER BY requested DESC, id "
                                                 "DESC LIMIT ?2",
                                                 f)
                             : NULL;
    if (stmt != NULL) {
        count = 0;
        sfo_bind_id(stmt, 1, report_id);
        (void)sqlite3_bind_int(stmt, 2, max); /* the place is right */
        bool fine = true;
        while (count >= 0 && count < max && sfo_store_next(s, stmt, &fine, f)) {
            if (read_run(stmt, arena, &out[count])) {
                count++;
            } else {
                (void)sfo_fault_memory(f);
                count = -1;
            }
        }
        if (!fine) count = -1;
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return count;
}

bool sfo_report_run_remove(sfo_store *s, const char *id, sfo_fault *f)
{
    sfo_store_lock(s);
    bool ok = run_with_id(s, "DELETE FROM sfo_report_run WHERE id = ?1", id, f);
    sfo_store_unlock(s);
    return ok;
}
