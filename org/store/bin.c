/*
 * bin.c: the recycle bin. A deleted record comes back with the children that went along with it and with the lookups that
 * were cleared for it, as far as nobody has set them anew. Deleting notes both under the record that was named (the
 * root); only a root is an entry of the bin, what it took along comes back or goes with it. An emptied entry cannot come
 * back, yet its row can be seen by queryAll for a day, as in a real org; then opening the store removes it.
 */
#include "store/store_internal.h"

enum { EMPTIED_LIFE_MS = 24 * 60 * 60 * 1000 };

/* ---- notes ---- */

bool sfo_bin_note_row(sfo_store *s, const char *root, const sfo_object *o, const char *id, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT INTO sfo_bin(root,object,id) VALUES(?1,?2,?3)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, root);
    sfo_bind_text(stmt, 2, sfi_str(o->name));
    sfo_bind_id(stmt, 3, id);
    return sfo_statement_run(s, stmt, f);
}

bool sfo_bin_note_lookup(sfo_store *s, const char *root, const sfo_object *o, const char *id, const char *field,
                         const char *value, sfo_fault *f)
{
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "INSERT INTO sfo_bin(root,object,id,field,value) VALUES(?1,?2,?3,?4,?5)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, root);
    sfo_bind_text(stmt, 2, sfi_str(o->name));
    sfo_bind_id(stmt, 3, id);
    sfo_bind_text(stmt, 4, sfi_str(field));
    sfo_bind_id(stmt, 5, value);
    return sfo_statement_run(s, stmt, f);
}

static bool forget_notes(sfo_store *s, const char *root, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "DELETE FROM sfo_bin WHERE root=?1", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, root);
    return sfo_statement_run(s, stmt, f);
}

/* ---- which records are entries ---- */

static bool has_row(sfo_store *s, const char *sql, const char *id, bool *has, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    int rc = sqlite3_step(stmt);
    *has = rc == SQLITE_ROW;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

/* Deleted, by itself, and not emptied. */
static bool is_entry(sfo_store *s, const sfo_object *o, const char *id, bool *entry, sfo_fault *f)
{
    bool followed = false, emptied = false;
    int state = sfo_row_state(s, sfo_table_of(s, o), id, f);
    *entry = false;
    if (state < 0 && f != NULL && f->http_status != 0) return false;
    if (state != 0) return true;
    if (!has_row(s, "SELECT 1 FROM sfo_bin WHERE id=?1 AND field IS NULL LIMIT 1", id, &followed, f) ||
        !has_row(s, "SELECT 1 FROM sfo_emptied WHERE id=?1", id, &emptied, f))
        return false;
    *entry = !followed && !emptied;
    return true;
}

/* ---- what came along ---- */

typedef struct note {
    const sfo_object *object;
    const sfo_field *field; /* NULL: a row that went along; else its reference that was cleared */
    sf_id id, value;
} note;

typedef struct notes {
    note *list; /* in the scratch arena */
    size_t count;
} notes;

static bool read_notes(sfo_store *s, const char *root, notes *out, sfo_fault *f)
{
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "SELECT object,id,field,value FROM sfo_bin WHERE root=?1 ORDER BY rowid", f);
    size_t room = 0;
    int rc = SQLITE_DONE;
    bool ok = true;
    *out = (notes){ NULL, 0 };
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, root);
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (out->count == room) {
            room = room == 0 ? 16 : room * 2;
            note *more = sfo_scratch(s, room * sizeof *more);
            if ((ok = more != NULL) && out->count > 0) memcpy(more, out->list, out->count * sizeof *more);
            out->list = more;
        }
        if (!ok) break;
        const char *field = (const char *)sqlite3_column_text(stmt, 2),
                   *value = (const char *)sqlite3_column_text(stmt, 3);
        note n = { .object = sfo_schema_object(s->schema, sfi_str((const char *)sqlite3_column_text(stmt, 0))) };
        if (n.object != NULL && field != NULL) n.field = sfo_object_field(n.object, sfi_str(field));
        (void)snprintf(n.id.text, sizeof n.id.text, "%s", (const char *)sqlite3_column_text(stmt, 1)); /* an id */
        (void)snprintf(n.value.text, sizeof n.value.text, "%s", value != NULL ? value : "");           /* an id */
        /* A schema that has lost the object or the field since has nothing to give back. */
        if (n.object != NULL && (field == NULL || n.field != NULL)) out->list[out->count++] = n;
    }
    sfo_statement_done(stmt);
    if (!ok) return sfo_fault_memory(f);
    return rc == SQLITE_DONE || sfo_fault_sql(s, f);
}

/* ---- undelete ---- */

static bool fault_not_in_bin(sfo_fault *f)
{
    return sfo_fault_set(f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin");
}

/* References to what is gone: cleared where they may be empty, else the record cannot come back before its parent. */
static bool mend_references(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *field = &o->fields[i];
        const sfo_cell *cell = &row->cells[i];
        if (field->type != SFO_REFERENCE || !field->stored || cell->kind != SFO_CELL_TEXT) continue;
        char id[19];
        (void)snprintf(id, sizeof id, "%.*s", (int)cell->text.len, cell->text.ptr); /* an id */
        const sfo_object *target = sfo_schema_object_of_id(s->schema, cell->text);
        if (target == NULL || sfo_row_state(s, sfo_table_of(s, target), id, f) == 1) continue;
        if (f != NULL && f->http_status != 0) return false;
        if (strcmp(field->name, "RecordTypeId") == 0) continue; /* the master type has no row */
        if (!field->nillable)
            return sfo_fault_set(f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin: its %s is deleted",
                                 field->label);
        sfo_row_set_null(row, field->name);
    }
    return true;
}

static bool restore_row(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, bool is_root,
                        sfo_fault *f)
{
    sfo_row row;
    sfo_table *t = sfo_table_of(s, o);
    if (!sfo_row_load(s, t, id, &row, f)) return f == NULL || f->http_status == 0;    /* gone for good: nothing to do */
    for (size_t i = 0; i < t->unique_count; i++) row.cells[t->uniques[i]].set = true; /* somebody may have it now */
    if (!sfo_row_check_unique(s, &row, f)) return false;
    for (size_t i = 0; i < t->unique_count; i++) row.cells[t->uniques[i]].set = false;
    if (is_root && !mend_references(s, &row, f)) return false;
    sfo_row_set_int(&row, "IsDeleted", 0);
    sfo_row_set_null(&row, "MasterRecordId");
    sfo_row_set_int(&row, "LastModifiedDate", sfo_context_now(c));
    sfo_row_set_int(&row, "SystemModstamp", sfo_context_now(c));
    if (c->user_id != NULL) sfo_row_set_text(&row, "LastModifiedById", sfi_str(c->user_id));
    return sfo_row_update(s, &row, f) && sfo_change_note(s, c, &row, SFO_CHANGE_UNDELETE, f);
}

static bool restore_lookup(sfo_store *s, const sfo_context *c, const note *n, sfo_fault *f)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql, "UPDATE \"%s\" SET \"%s\"=?2 WHERE \"Id\"=?1 AND \"%s\" IS NULL", n->object->name,
                   n->field->name, n->field->name); /* names end at 80 */
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, n->id.text);
    sfo_bind_id(stmt, 2, n->value.text);
    return sfo_statement_run(s, stmt, f) &&
           (sqlite3_changes(s->db) == 0 || sfo_change_note_id(s, c, sfo_table_of(s, n->object), n->id.text,
                                                              SFO_CHANGE_UPDATE, n->field->name, f));
}

static bool undelete(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    sf_id full;
    bool entry = false;
    notes came;
    if (!o->undeletable)
        return sfo_fault_set(f, 400, "INVALID_TYPE_FOR_OPERATION", "entity type %s does not support undelete", o->name);
    if (!sfo_id_normalize(sfi_str(id), &full)) return sfo_fault_set(f, 400, "MALFORMED_ID", "bad id %s", id);
    if (!is_entry(s, o, full.text, &entry, f)) return false;
    if (!entry) return fault_not_in_bin(f);
    if (!read_notes(s, full.text, &came, f) || !restore_row(s, c, o, full.text, true, f)) return false;
    for (size_t i = 0; i < came.count; i++)
        if (came.list[i].field == NULL && !restore_row(s, c, came.list[i].object, came.list[i].id.text, false, f))
            return false;
    for (size_t i = 0; i < came.count; i++)
        if (came.list[i].field != NULL && !restore_lookup(s, c, &came.list[i], f)) return false;
    return forget_notes(s, full.text, f);
}

bool sfo_record_undelete(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    return sfo_write_begin(s, f) && sfo_write_end(s, undelete(s, c, o, id, f), f);
}

/* ---- empty ---- */

static bool note_emptied(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT OR IGNORE INTO sfo_emptied(id,object,at_ms) VALUES(?1,?2,?3)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    sfo_bind_text(stmt, 2, sfi_str(o->name));
    (void)sqlite3_bind_int64(stmt, 3, sfo_context_now(c)); /* the place is right */
    return sfo_statement_run(s, stmt, f);
}

static bool empty(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    sf_id full;
    bool entry = false;
    notes came;
    if (!sfo_id_normalize(sfi_str(id), &full)) return sfo_fault_set(f, 400, "MALFORMED_ID", "bad id %s", id);
    if (!is_entry(s, o, full.text, &entry, f)) return false;
    if (!entry) return sfo_fault_set(f, 400, "INVALID_ID_FIELD", "invalid record id; no recycle bin entry found");
    if (!read_notes(s, full.text, &came, f) || !note_emptied(s, c, o, full.text, f)) return false;
    for (size_t i = 0; i < came.count; i++)
        if (came.list[i].field == NULL && !note_emptied(s, c, came.list[i].object, came.list[i].id.text, f))
            return false;
    return forget_notes(s, full.text, f);
}

bool sfo_recycle_bin_empty(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    return sfo_write_begin(s, f) && sfo_write_end(s, empty(s, c, o, id, f), f);
}

/* ---- at the start ---- */

/* The rows of what was emptied more than a day ago. */
static bool remove_emptied(sfo_store *s, sfo_fault *f)
{
    char sql[160];
    int64_t before = sfi_wall_ms() - EMPTIED_LIFE_MS;
    for (size_t i = 0; i < s->table_count; i++) {
        const char *name = s->tables[i].object->name;
        bool any = false;
        sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT 1 FROM sfo_emptied WHERE object=?1 AND at_ms<?2 LIMIT 1", f);
        if (stmt == NULL) return false;
        sfo_bind_text(stmt, 1, sfi_str(name));
        (void)sqlite3_bind_int64(stmt, 2, before); /* the place is right */
        any = sqlite3_step(stmt) == SQLITE_ROW;
        sfo_statement_done(stmt);
        if (!any) continue;
        (void)snprintf(sql, sizeof sql, "DELETE FROM \"%s\" WHERE Id IN (SELECT id FROM sfo_emptied WHERE at_ms<?1)",
                       name); /* fits */
        if ((stmt = sfo_statement_get(s, sql, f)) == NULL) return false;
        (void)sqlite3_bind_int64(stmt, 1, before); /* the place is right */
        if (!sfo_statement_run(s, stmt, f)) return false;
    }
    sqlite3_stmt *stmt = sfo_statement_get(s, "DELETE FROM sfo_emptied WHERE at_ms<?1", f);
    if (stmt == NULL) return false;
    (void)sqlite3_bind_int64(stmt, 1, before); /* the place is right */
    return sfo_statement_run(s, stmt, f);
}

bool sfo_bin_open(sfo_store *s, sfo_fault *f)
{
    static const char *const sql[] = {
        "CREATE TABLE IF NOT EXISTS sfo_bin(root TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL, field TEXT, "
        "value TEXT)",
        "CREATE INDEX IF NOT EXISTS sfo_bin_root ON sfo_bin(root)",
        "CREATE INDEX IF NOT EXISTS sfo_bin_id ON sfo_bin(id) WHERE field IS NULL",
        "CREATE TABLE IF NOT EXISTS sfo_emptied(id TEXT PRIMARY KEY, object TEXT NOT NULL, at_ms INTEGER NOT NULL) "
        "WITHOUT ROWID",
    };
    for (size_t i = 0; i < SFI_COUNT_OF(sql); i++)
        if (!sfo_sql_run(s, sql[i], f)) return false;
    return remove_emptied(s, f);
}
