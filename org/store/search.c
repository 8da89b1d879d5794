/*
 * search.c: see search.h. The one idea: building an index is the same as saying that every row of its object changed.
 * sfo_search_object says which objects have an index, under which number, and made of which columns: when the schema
 * changes, the text of the columns does, and the index is made anew. sfo_search_row gives each row its place in the
 * index; sfo_search_changed is what the next search has to read again.
 */
#include "store/search.h"
#include "store/store_internal.h"

enum { NUMBER_SHIFT = 40, COLUMNS = 4 };
typedef enum search_column { COLUMN_NAME, COLUMN_EMAIL, COLUMN_PHONE, COLUMN_OTHER, COLUMN_NONE } search_column;

bool sfo_search_open(sfo_store *s, sfo_fault *f)
{
    return sfo_sql_run(s,
                       "CREATE TABLE IF NOT EXISTS sfo_search_object(number INTEGER PRIMARY KEY, name TEXT UNIQUE NOT "
                       "NULL, columns TEXT NOT NULL);"
                       "CREATE TABLE IF NOT EXISTS sfo_search_row(doc INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL);"
                       "CREATE TABLE IF NOT EXISTS sfo_search_changed(id TEXT PRIMARY KEY NOT NULL) WITHOUT ROWID",
                       f);
}

/* ---- which fields ---- */

/* Beside the name field, what the search group NAME looks at in standard objects. */
static bool is_name_too(const sfo_field *field)
{
    static const char *const names[][2] = {
        { "Account", "Website" },      { "Account", "Site" },           { "Case", "SuppliedName" },
        { "Case", "SuppliedCompany" }, { "Case", "Subject" },           { "Contact", "AssistantName" },
        { "Lead", "Company" },         { "Event", "Subject" },          { "Task", "Subject" },
        { "Note", "Title" },           { "User", "CommunityNickname" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (strcmp(field->object->name, names[i][0]) == 0 && strcmp(field->name, names[i][1]) == 0) return true;
    return false;
}

static search_column column_of(const sfo_field *field)
{
    if (!field->stored) return COLUMN_NONE;
    switch (field->type) {
    case SFO_STRING:
    case SFO_TEXTAREA:
    case SFO_PICKLIST:
    case SFO_MULTIPICKLIST:
    case SFO_COMBOBOX:
    case SFO_URL: return field->name_field || is_name_too(field) ? COLUMN_NAME : COLUMN_OTHER;
    case SFO_EMAIL: return COLUMN_EMAIL;
    case SFO_PHONE: return COLUMN_PHONE;
    default: return COLUMN_NONE; /* numbers, dates, flags, ids, secrets */
    }
}

bool sfo_search_has_text(const sfo_object *o)
{
    if (!o->searchable || o->key_prefix == NULL || o->is_event) return false;
    for (size_t i = 0; i < o->field_count; i++)
        if (column_of(&o->fields[i]) != COLUMN_NONE) return true;
    return false;
}

/* The index's columns as SQL over the object's table; it also tells one state of the schema from another. */
static void add_columns(const sfo_object *o, sfi_buf *out)
{
    for (int column = 0; column < COLUMNS; column++) {
        int count = 0;
        for (size_t i = 0; i < o->field_count; i++) {
            if (column_of(&o->fields[i]) != (search_column)column) continue;
            const char *before = count++ > 0 ? "||char(31)||" : column > 0 ? "," : "";
            (void)sfi_buf_addf(out, "%scoalesce(x.\"%s\",'')", before, o->fields[i].name); /* checked by the caller */
        }
        if (count == 0) (void)sfi_buf_add_str(out, column > 0 ? ",''" : "''"); /* checked by the caller */
    }
}

/* ---- which objects have an index ---- */

static bool take_object(sfo_store *s, sqlite3_stmt *stmt, sfi_buf *text, sfo_fault *f)
{
    sfo_table *t = sfo_table_named(s, (const char *)sqlite3_column_text(stmt, 1));
    if (t == NULL || !sfo_search_has_text(t->object)) return true; /* of a schema that is not loaded now */
    sfi_buf_clear(text);
    add_columns(t->object, text);
    if (text->failed) return sfo_fault_memory(f);
    if (strcmp(text->data, (const char *)sqlite3_column_text(stmt, 2)) == 0)
        t->search_number = sqlite3_column_int64(stmt, 0);
    return true;
}

static bool know_objects(sfo_store *s, sfo_fault *f)
{
    if (s->search_known) return true;
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT number, name, columns FROM sfo_search_object", f);
    if (stmt == NULL) return false;
    for (size_t i = 0; i < s->table_count; i++) s->tables[i].search_number = 0;
    sfi_buf text = { 0 };
    int rc;
    bool ok = true;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) ok = take_object(s, stmt, &text, f);
    if (ok && rc != SQLITE_DONE) ok = sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    sfi_buf_free(&text);
    s->search_known = ok;
    return ok;
}

bool sfo_search_note(sfo_store *s, const sfo_table *t, const char *id, sfo_fault *f)
{
    if (!know_objects(s, f)) return false;
    if (t->search_number == 0) return true;
    sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT OR IGNORE INTO sfo_search_changed(id) VALUES(?1)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    return sfo_statement_run(s, stmt, f);
}

/* ---- bringing it up to date ---- */

static bool run(sfo_store *s, sfo_fault *f, const char *format, ...) SFI_PRINTF(3, 4);
static bool run(sfo_store *s, sfo_fault *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    bool ok = sql != NULL ? sfo_sql_run(s, sql, f) : sfo_fault_memory(f);
    sqlite3_free(sql);
    return ok;
}

/* The object's number; a new one has none of its rows in the index yet. */
static bool begin_index(sfo_store *s, sfo_table *t, const char *columns, sfo_fault *f)
{
    if (!sfo_sql_run(
            s,
            "CREATE VIRTUAL TABLE IF NOT EXISTS sfo_search USING fts5(id UNINDEXED, name, email, phone, other, "
            "tokenize='sfo_words')",
            f))
        return false;
    sqlite3_stmt *stmt =
        sfo_statement_get(s,
                          "INSERT INTO sfo_search_object(name, columns) VALUES(?1, ?2) ON CONFLICT(name) "
                          "DO UPDATE SET columns=excluded.columns RETURNING number",
                          f);
    if (stmt == NULL) return false;
    sfo_bind_text(stmt, 1, sfi_str(t->object->name));
    sfo_bind_text(stmt, 2, sfi_str(columns));
    bool ok = sqlite3_step(stmt) == SQLITE_ROW || sfo_fault_sql(s, f);
    if (ok) t->search_number = sqlite3_column_int64(stmt, 0);
    sfo_statement_done(stmt);
    const char *prefix = t->object->key_prefix;
    return ok &&
           run(s, f,
               "INSERT OR IGNORE INTO sfo_search_changed(id) SELECT id FROM sfo_search_row WHERE id BETWEEN '%s' AND "
               "'%s~'",
               prefix, prefix) &&
           run(s, f, "INSERT OR IGNORE INTO sfo_search_changed(id) SELECT \"Id\" FROM \"%s\" WHERE \"IsDeleted\"=0",
               t->object->name);
}

/* Takes what changed out of the index and puts in what is there now. */
static bool apply_changes(sfo_store *s, const sfo_table *t, const char *columns, sfo_fault *f)
{
    const char *prefix = t->object->key_prefix, *table = t->object->name;
    char changed[96];
    (void)snprintf(changed, sizeof changed, "(SELECT id FROM sfo_search_changed WHERE id BETWEEN '%.8s' AND '%.8s~')",
                   prefix, prefix); /* prefixes have three characters */
    long long from = (long long)t->search_number << NUMBER_SHIFT, to = from + (1LL << NUMBER_SHIFT) - 1;
    return run(s, f, "DELETE FROM sfo_search WHERE rowid IN (SELECT doc FROM sfo_search_row WHERE id IN %s)",
               changed) &&
           run(s, f, "DELETE FROM sfo_search_row WHERE id IN %s", changed) &&
           run(s, f,
               "INSERT INTO sfo_search_row(id, doc) SELECT x.\"Id\", coalesce((SELECT max(doc) FROM sfo_search_row "
               "WHERE "
               "doc BETWEEN %lld AND %lld), %lld) + row_number() OVER () FROM \"%s\" x WHERE x.\"Id\" IN %s AND "
               "x.\"IsDeleted\"=0",
               from, to, from, table, changed) &&
           run(s, f,
               "INSERT INTO sfo_search(rowid, id, name, email, phone, other) SELECT r.doc, x.\"Id\", %s FROM "
               "sfo_search_row r JOIN \"%s\" x ON x.\"Id\"=r.id WHERE r.id IN %s",
               columns, table, changed) &&
           run(s, f, "DELETE FROM sfo_search_changed WHERE id BETWEEN '%s' AND '%s~'", prefix, prefix);
}

static bool has_changes(sfo_store *s, const sfo_table *t, bool *out, sfo_fault *f)
{
    char to[16];
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "SELECT EXISTS(SELECT 1 FROM sfo_search_changed WHERE id BETWEEN ?1 AND ?2)", f);
    if (stmt == NULL) return false;
    (void)snprintf(to, sizeof to, "%.8s~", t->object->key_prefix);
    sfo_bind_text(stmt, 1, sfi_str(t->object->key_prefix));
    sfo_bind_text(stmt, 2, sfi_str(to));
    bool ok = sqlite3_step(stmt) == SQLITE_ROW || sfo_fault_sql(s, f);
    *out = ok && sqlite3_column_int(stmt, 0) != 0;
    sfo_statement_done(stmt);
    return ok;
}

static bool refresh(sfo_store *s, sfo_table *t, sfo_fault *f)
{
    bool changed = false;
    if (!know_objects(s, f) || !has_changes(s, t, &changed, f)) return false;
    if (t->search_number != 0 && !changed) return true;
    sfi_buf columns = { 0 };
    add_columns(t->object, &columns);
    bool ok = columns.failed ? sfo_fault_memory(f) : sfo_store_begin(s, f);
    if (ok) {
        ok = (t->search_number != 0 || begin_index(s, t, columns.data, f)) && apply_changes(s, t, columns.data, f);
        if (ok)
            ok = sfo_store_commit(s, f);
        else
            sfo_store_rollback(s);
    }
    sfi_buf_free(&columns);
    return ok;
}

bool sfo_search_refresh(sfo_store *s, const sfo_object *o, sfo_search_range *out, sfo_fault *f)
{
    sfo_table *t = sfo_table_of(s, o);
    sfo_store_lock(s);
    bool ok =
        refresh(s, t, f) &&
        sfo_sql_run(s, "CREATE VIRTUAL TABLE IF NOT EXISTS temp.sfo_search_word USING fts5vocab(main, sfo_search, row)",
                    f);
    out->from = t->search_number << NUMBER_SHIFT;
    out->to = out->from + ((int64_t)1 << NUMBER_SHIFT) - 1;
    sfo_store_unlock(s);
    return ok;
}
