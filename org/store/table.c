/*
 * table.c: one SQLite table an object, made from the schema; columns for fields that came later are added. See store.h for
 * the mapping. Every table has Id and IsDeleted, also where the object shows no IsDeleted, so that a query needs no case.
 */
#include "store/store_internal.h"

int sfo_field_at(const sfo_object *o, const char *name)
{
    const sfo_field *f = sfo_object_field(o, sfi_str(name));
    return f != NULL ? (int)(f - o->fields) : SFO_NO_FIELD;
}

sfo_table *sfo_table_of(const sfo_store *s, const sfo_object *o)
{
    return &s->tables[o->index];
}

sfo_table *sfo_table_named(const sfo_store *s, const char *name)
{
    const sfo_object *o = sfo_schema_object(s->schema, sfi_str(name));
    return o != NULL ? sfo_table_of(s, o) : NULL;
}

/* ---- making ---- */

static const char *column_type(const sfo_field *f)
{
    switch (f->type) {
    case SFO_ID:
    case SFO_REFERENCE:
    case SFO_DATE:
    case SFO_TIME: return "TEXT";
    case SFO_BOOLEAN: return "INTEGER NOT NULL DEFAULT 0";
    case SFO_INT:
    case SFO_LONG:
    case SFO_DATETIME: return "INTEGER";
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return "REAL";
    case SFO_BASE64: return "BLOB";
    default: return f->case_sensitive ? "TEXT" : "TEXT COLLATE SFTEXT";
    }
}

static bool make_table(sfo_store *s, const sfo_table *t, sfi_buf *sql, sfo_fault *f)
{
    const sfo_object *o = t->object;
    sfi_buf_clear(sql);
    (void)sfi_buf_addf(sql, "CREATE TABLE IF NOT EXISTS \"%s\"(\"Id\" TEXT PRIMARY KEY NOT NULL",
                       o->name); /* checked below */
    for (size_t i = 0; i < o->field_count; i++)
        if (o->fields[i].stored && o->fields[i].type != SFO_ID)
            (void)sfi_buf_addf(sql, ",\"%s\" %s", o->fields[i].name, column_type(&o->fields[i]));
    if (!t->has_deleted) (void)sfi_buf_add_str(sql, ",\"IsDeleted\" INTEGER NOT NULL DEFAULT 0");
    (void)sfi_buf_add_char(sql, ')');
    if (sql->failed) return sfo_fault_memory(f);
    return sfo_sql_run(s, sql->data, f);
}

static bool has_column(sfo_store *s, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(s->db, "main", table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

static bool add_columns(sfo_store *s, const sfo_table *t, sfi_buf *sql, sfo_fault *f)
{
    const sfo_object *o = t->object;
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *field = &o->fields[i];
        if (!field->stored || has_column(s, o->name, field->name)) continue;
        sfi_buf_clear(sql);
        (void)sfi_buf_addf(sql, "ALTER TABLE \"%s\" ADD COLUMN \"%s\" %s", o->name, field->name,
                           column_type(field)); /* below */
        if (sql->failed) return sfo_fault_memory(f);
        if (!sfo_sql_run(s, sql->data, f)) return false;
    }
    return true;
}

/* References that say who wrote a row are not looked up by value often enough to pay for an index on each write. */
static bool is_audit_field(const char *name)
{
    return strcmp(name, "CreatedById") == 0 || strcmp(name, "LastModifiedById") == 0;
}

static bool is_unique(const sfo_field *f)
{
    return f->unique || strcmp(f->name, "Username") == 0;
}

static bool make_indexes(sfo_store *s, const sfo_table *t, sfi_buf *sql, sfo_fault *f)
{
    const sfo_object *o = t->object;
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *field = &o->fields[i];
        bool unique = is_unique(field);
        bool wanted = unique || field->external_id || field->id_lookup ||
                      (field->type == SFO_REFERENCE && !is_audit_field(field->name));
        if (!field->stored || field->type == SFO_ID || !wanted) continue;
        sfi_buf_clear(sql);
        (void)sfi_buf_addf(sql,
                           "CREATE %sINDEX IF NOT EXISTS \"ix_%s_%s\" ON \"%s\"(\"%s\") WHERE \"%s\" IS NOT NULL%s",
                           unique ? "UNIQUE " : "", o->name, field->name, o->name, field->name, field->name,
                           unique ? " AND \"IsDeleted\"=0" : ""); /* checked below */
        if (sql->failed) return sfo_fault_memory(f);
        if (!sfo_sql_run(s, sql->data, f)) return false;
    }
    return true;
}

/* ---- what the store keeps of a table ---- */

static bool fill_table(sfo_table *t, const sfo_object *o, sfi_buf *text)
{
    t->object = o;
    t->column = sfi_calloc_n(o->field_count + 1, sizeof *t->column);
    t->uniques = sfi_calloc_n(o->field_count + 1, sizeof *t->uniques);
    t->told = sfi_calloc_n(o->field_count + 1, sizeof *t->told);
    if (t->column == NULL || t->uniques == NULL || t->told == NULL) return false;
    sfo_change_attach(t);
    sfi_buf_clear(text);
    for (size_t i = 0; i < o->field_count; i++) {
        t->column[i] = o->fields[i].stored ? t->columns++ : -1;
        if (o->fields[i].stored)
            (void)sfi_buf_addf(text, "%s\"%s\"", t->columns > 1 ? "," : "", o->fields[i].name); /* below */
        if (is_unique(&o->fields[i]) && !o->fields[i].auto_number) t->uniques[t->unique_count++] = (int)i;
    }
    t->columns_sql = text->failed ? NULL : sfi_strndup(text->data, text->len);
    t->id = sfo_field_at(o, "Id");
    t->name = sfo_field_at(o, "Name");
    t->is_deleted = sfo_field_at(o, "IsDeleted");
    t->created_date = sfo_field_at(o, "CreatedDate");
    t->created_by = sfo_field_at(o, "CreatedById");
    t->modified_date = sfo_field_at(o, "LastModifiedDate");
    t->modified_by = sfo_field_at(o, "LastModifiedById");
    t->stamp = sfo_field_at(o, "SystemModstamp");
    t->owner = sfo_field_at(o, "OwnerId");
    t->has_deleted = t->is_deleted != SFO_NO_FIELD;
    sfo_compute_attach(t);
    return t->columns_sql != NULL;
}

bool sfo_tables_open(sfo_store *s, sfo_fault *f)
{
    sfi_buf sql = { 0 };
    size_t count = sfo_schema_count(s->schema);
    bool ok = (s->tables = sfi_calloc_n(count, sizeof *s->tables)) != NULL;
    if (!ok) (void)sfo_fault_memory(f);
    for (size_t i = 0; ok && i < count; i++) {
        sfo_table *t = &s->tables[i];
        s->table_count = i + 1;
        ok = fill_table(t, sfo_schema_at(s->schema, i), &sql);
        if (!ok) (void)sfo_fault_memory(f);
        ok = ok && make_table(s, t, &sql, f) && add_columns(s, t, &sql, f) && make_indexes(s, t, &sql, f);
    }
    sfi_buf_free(&sql);
    return ok && sfo_blobs_open(s, f);
}

void sfo_tables_close(sfo_store *s)
{
    for (size_t i = 0; i < s->table_count; i++) {
        sfo_table *t = &s->tables[i];
        (void)sqlite3_finalize(t->insert); /* these repeat the error of the last step, which was seen */
        (void)sqlite3_finalize(t->select);
        (void)sqlite3_finalize(t->state);
        sfi_free(t->column);
        sfi_free(t->told);
        sfi_free(t->uniques);
        sfi_free(t->columns_sql);
    }
    sfi_free(s->tables);
    s->tables = NULL;
    s->table_count = 0;
}

int sfo_row_state(sfo_store *s, sfo_table *t, const char *id, sfo_fault *f)
{
    if (t->state == NULL) {
        char sql[160];
        (void)snprintf(sql, sizeof sql, "SELECT \"IsDeleted\" FROM \"%s\" WHERE \"Id\"=?1",
                       t->object->name); /* names end at 80 */
        if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &t->state, NULL) != SQLITE_OK) {
            (void)sfo_fault_sql(s, f);
            return -1;
        }
    }
    sfo_bind_id(t->state, 1, id);
    int rc = sqlite3_step(t->state);
    int state = rc != SQLITE_ROW ? -1 : sqlite3_column_int(t->state, 0) != 0 ? 0 : 1;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(t->state);
    return state;
}
