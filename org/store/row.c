/*
 * row.c: a record in memory: one cell a field. Reads and writes whole rows of a table. Values live in the store's scratch
 * arena, which is emptied when the outermost call begins, so that a record costs no allocation of its own.
 */
#include "store/store_internal.h"

/* ---- scratch ---- */

void sfo_scratch_begin(sfo_store *s)
{
    if (s->scratch_users++ == 0) sfi_arena_reset(&s->scratch);
}

void sfo_scratch_end(sfo_store *s)
{
    s->scratch_users--;
}

void *sfo_scratch(sfo_store *s, size_t size)
{
    return sfi_arena_alloc(&s->scratch, size);
}

sf_str sfo_scratch_text(sfo_store *s, sf_str text)
{
    char *copy = text.ptr != NULL ? sfi_arena_strndup(&s->scratch, text.ptr, text.len) : NULL;
    return (sf_str){ copy, copy != NULL ? text.len : 0 };
}

bool sfo_row_init(sfo_store *s, sfo_table *t, sfo_row *row, sfo_fault *f)
{
    size_t size = (t->object->field_count + 1) * sizeof(sfo_cell);
    *row = (sfo_row){ .table = t, .cells = sfo_scratch(s, size) };
    if (row->cells == NULL) return sfo_fault_memory(f);
    memset(row->cells, 0, size);
    return true;
}

/* ---- reading and writing rows ---- */

static bool copy_column(sfo_store *s, sqlite3_stmt *stmt, int column, sfo_cell *cell)
{
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        *cell = (sfo_cell){ .kind = SFO_CELL_INT, .number = sqlite3_column_int64(stmt, column) };
        return true;
    case SQLITE_FLOAT:
        *cell = (sfo_cell){ .kind = SFO_CELL_REAL, .real = sqlite3_column_double(stmt, column) };
        return true;
    case SQLITE_NULL: *cell = (sfo_cell){ .kind = SFO_CELL_NULL }; return true;
    default: break;
    }
    bool text = sqlite3_column_type(stmt, column) == SQLITE_TEXT;
    const void *data = text ? (const void *)sqlite3_column_text(stmt, column) : sqlite3_column_blob(stmt, column);
    sf_str bytes = { data, (size_t)sqlite3_column_bytes(stmt, column) };
    *cell = (sfo_cell){ .kind = text ? SFO_CELL_TEXT : SFO_CELL_BLOB, .text = sfo_scratch_text(s, bytes) };
    return bytes.len == 0 || cell->text.ptr != NULL;
}

static bool prepare_select(sfo_store *s, sfo_table *t, sfo_fault *f)
{
    if (t->select != NULL) return true;
    sfi_buf sql = { 0 };
    (void)sfi_buf_addf(&sql, "SELECT %s FROM \"%s\" WHERE \"Id\"=?1", t->columns_sql,
                       t->object->name); /* checked below */
    bool ok = !sql.failed || sfo_fault_memory(f);
    if (ok && sqlite3_prepare_v3(s->db, sql.data, -1, SQLITE_PREPARE_PERSISTENT, &t->select, NULL) != SQLITE_OK)
        ok = sfo_fault_sql(s, f);
    sfi_buf_free(&sql);
    return ok;
}

bool sfo_row_load(sfo_store *s, sfo_table *t, const char *id, sfo_row *row, sfo_fault *f)
{
    if (!sfo_row_init(s, t, row, f) || !prepare_select(s, t, f)) return false;
    size_t count = t->object->field_count, size = (count + 1) * sizeof(sfo_cell);
    if ((row->old = sfo_scratch(s, size)) == NULL) return sfo_fault_memory(f);
    (void)snprintf(row->id, sizeof row->id, "%s", id); /* 18 characters */
    sfo_bind_id(t->select, 1, row->id);
    int rc = sqlite3_step(t->select);
    bool ok = rc == SQLITE_ROW;
    for (size_t i = 0; ok && i < count; i++)
        if (t->column[i] >= 0 && !copy_column(s, t->select, t->column[i], &row->cells[i])) ok = sfo_fault_memory(f);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(t->select);
    memcpy(row->old, row->cells, size);
    return ok;
}

static bool keep_blobs(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    for (size_t i = 0; i < row->table->object->field_count; i++)
        if (row->cells[i].kind == SFO_CELL_BLOB && row->cells[i].set && !sfo_blob_keep(s, &row->cells[i], f))
            return false;
    return true;
}

static bool prepare_insert(sfo_store *s, sfo_table *t, sfo_fault *f)
{
    if (t->insert != NULL) return true;
    sfi_buf sql = { 0 };
    (void)sfi_buf_addf(&sql, "INSERT INTO \"%s\"(%s) VALUES(", t->object->name, t->columns_sql); /* checked below */
    for (int i = 0; i < t->columns; i++) (void)sfi_buf_add_str(&sql, i == 0 ? "?" : ",?");
    (void)sfi_buf_add_char(&sql, ')');
    bool ok = !sql.failed || sfo_fault_memory(f);
    if (ok && sqlite3_prepare_v3(s->db, sql.data, -1, SQLITE_PREPARE_PERSISTENT, &t->insert, NULL) != SQLITE_OK)
        ok = sfo_fault_sql(s, f);
    sfi_buf_free(&sql);
    return ok;
}

bool sfo_row_insert(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    sfo_table *t = row->table;
    if (!prepare_insert(s, t, f) || !keep_blobs(s, row, f)) return false;
    for (size_t i = 0; i < t->object->field_count; i++) {
        if (t->column[i] < 0) continue;
        const sfo_cell *cell = &row->cells[i];
        if (cell->kind != SFO_CELL_NULL)
            sfo_bind_cell(t->insert, t->column[i] + 1, cell);
        else if (t->object->fields[i].type == SFO_BOOLEAN)
            (void)sqlite3_bind_int(t->insert, t->column[i] + 1, 0); /* the place is right; never null in the org */
    }
    return sfo_statement_run(s, t->insert, f) && sfo_search_note(s, t, row->id, f);
}

bool sfo_row_update(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    sfi_buf sql = { 0 };
    int places = 0;
    if (!keep_blobs(s, row, f)) return false;
    (void)sfi_buf_addf(&sql, "UPDATE \"%s\" SET ", o->name); /* checked below */
    for (size_t i = 0; i < o->field_count; i++)
        if (row->cells[i].set && row->table->column[i] >= 0)
            (void)sfi_buf_addf(&sql, "%s\"%s\"=?", places++ > 0 ? "," : "", o->fields[i].name); /* checked below */
    (void)sfi_buf_add_str(&sql, " WHERE \"Id\"=?");
    bool ok = !sql.failed || sfo_fault_memory(f);
    sqlite3_stmt *stmt = ok && places > 0 ? sfo_statement_get(s, sql.data, f) : NULL;
    sfi_buf_free(&sql);
    if (!ok || places == 0) return ok;
    if (stmt == NULL) return false;
    int place = 1;
    for (size_t i = 0; i < o->field_count; i++) {
        if (!row->cells[i].set || row->table->column[i] < 0) continue;
        sfo_bind_cell(stmt, place, &row->cells[i]);
        if (row->cells[i].kind == SFO_CELL_NULL && o->fields[i].type == SFO_BOOLEAN)
            (void)sqlite3_bind_int(stmt, place, 0); /* the place is right; never null in the org */
        place++;
    }
    sfo_bind_id(stmt, place, row->id);
    return sfo_statement_run(s, stmt, f) && sfo_search_note(s, row->table, row->id, f);
}

/* ---- cells by name ---- */

const sfo_cell *sfo_row_get(const sfo_row *row, const char *field)
{
    static const sfo_cell none = { .kind = SFO_CELL_NULL };
    int at = sfo_field_at(row->table->object, field);
    return at >= 0 ? &row->cells[at] : &none;
}

sf_str sfo_row_text(const sfo_row *row, const char *field)
{
    const sfo_cell *cell = sfo_row_get(row, field);
    return cell->kind == SFO_CELL_TEXT ? cell->text : (sf_str){ NULL, 0 };
}

bool sfo_row_changed(const sfo_row *row, const char *field)
{
    return sfo_row_get(row, field)->set;
}

static void set_cell(sfo_row *row, const char *field, sfo_cell cell)
{
    int at = sfo_field_at(row->table->object, field);
    if (at < 0) return;
    cell.set = true;
    cell.given = row->cells[at].given;
    row->cells[at] = cell;
}

void sfo_row_set_text(sfo_row *row, const char *field, sf_str text)
{
    if (text.len == 0)
        sfo_row_set_null(row, field);
    else
        set_cell(row, field, (sfo_cell){ .kind = SFO_CELL_TEXT, .text = text });
}

void sfo_row_set_int(sfo_row *row, const char *field, int64_t n)
{
    set_cell(row, field, (sfo_cell){ .kind = SFO_CELL_INT, .number = n });
}

void sfo_row_set_real(sfo_row *row, const char *field, double d)
{
    set_cell(row, field, (sfo_cell){ .kind = SFO_CELL_REAL, .real = d });
}

void sfo_row_set_null(sfo_row *row, const char *field)
{
    set_cell(row, field, (sfo_cell){ .kind = SFO_CELL_NULL });
}
