/*
 * reparent.c: rows change hands: their reference is set to another record and what follows from it is computed anew. Merging
 * and converting move children this way. Nothing is checked: the new parent is known to be there.
 */
#include "store/store_internal.h"

bool sfo_row_repoint(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, const char *field,
                     const char *to, sfo_fault *f)
{
    sfo_row row;
    if (!sfo_row_load_live(s, sfo_table_of(s, o), id, &row, f)) return false;
    sf_str copy = to != NULL ? sfo_scratch_text(s, sfi_str(to)) : (sf_str){ NULL, 0 };
    if (to != NULL && copy.ptr == NULL) return sfo_fault_memory(f);
    sfo_row_set_text(&row, field, copy);
    sfo_row_set_int(&row, "LastModifiedDate", sfo_context_now(c));
    sfo_row_set_int(&row, "SystemModstamp", sfo_context_now(c));
    if (c->user_id != NULL) sfo_row_set_text(&row, "LastModifiedById", sfi_str(c->user_id));
    if (row.table->before != NULL && !row.table->before(s, c, &row, f)) return false;
    if (!sfo_row_update(s, &row, f) || !sfo_change_note(s, c, &row, SFO_CHANGE_UPDATE, f)) return false;
    return row.table->after == NULL || row.table->after(s, c, &row, f);
}

bool sfo_pair_exists(sfo_store *s, const sfo_object *o, const char *field1, sf_str value1, const char *field2,
                     const char *value2, bool *exists, sfo_fault *f)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql, "SELECT 1 FROM \"%s\" WHERE \"%s\"=?1 AND \"%s\"=?2 AND \"IsDeleted\"=0 LIMIT 1",
                   o->name, field1, field2); /* names end at 80 */
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_text(stmt, 1, value1);
    sfo_bind_id(stmt, 2, value2);
    int rc = sqlite3_step(stmt);
    *exists = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}
