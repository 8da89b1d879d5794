/*
 * blobs.c: see blobs.h. Pieces are rows of one table, numbered; who deletes or changes the record ends them by a trigger
 * on the record's table, so that no path of deletion can forget them. A mark is not something that a client can write:
 * bytes that look like one are kept apart themselves.
 */
#include "store/blobs.h"
#include "store/store_internal.h"

static const char mark_begin[] = "\0sfo-blob:";

enum { MARK_BYTES = 64, MARK_BEGIN = sizeof mark_begin - 1 };

static bool begins_as_mark(sf_str bytes)
{
    return bytes.len >= MARK_BEGIN && memcmp(bytes.ptr, mark_begin, MARK_BEGIN) == 0;
}

sfo_blob sfo_blob_of(sf_str column)
{
    sfo_blob blob = { .len = (int64_t)column.len };
    if (!begins_as_mark(column)) return blob;
    sf_str rest = { column.ptr + MARK_BEGIN, column.len - MARK_BEGIN };
    int64_t number, len;
    if (sfi_take_int(&rest, INT64_MAX, &number) && sfi_take_text(&rest, ":") && sfi_take_int(&rest, INT64_MAX, &len))
        blob = (sfo_blob){ .number = number, .len = len };
    return blob;
}

/* substr keeps SQLite from reading more of a column than its beginning. */
#define IS_MARK "substr(old.\"%s\",1,10)=x'0073666F2D626C6F623A'"
#define DROP_PIECES " BEGIN DELETE FROM sfo_blobs WHERE number=CAST(substr(old.\"%s\",11) AS INTEGER); END;"
_Static_assert(MARK_BEGIN == 10, "the triggers say it in SQL");

static bool make_triggers(sfo_store *s, const sfo_table *t, sfi_buf *sql, sfo_fault *f)
{
    const char *name = t->object->name;
    for (size_t i = 0; i < t->object->field_count; i++) {
        const char *field = t->object->fields[i].name;
        if (t->object->fields[i].type != SFO_BASE64 || !t->object->fields[i].stored) continue;
        sfi_buf_clear(sql);
        (void)sfi_buf_addf(
            sql, "CREATE TRIGGER IF NOT EXISTS \"blobs_d_%s_%s\" AFTER DELETE ON \"%s\" WHEN " IS_MARK DROP_PIECES,
            name, field, name, field, field); /* both are checked below */
        (void)sfi_buf_addf(
            sql,
            "CREATE TRIGGER IF NOT EXISTS \"blobs_u_%s_%s\" AFTER UPDATE OF \"%s\" ON \"%s\" WHEN " IS_MARK
            " AND new.\"%s\" IS NOT old.\"%s\"" DROP_PIECES,
            name, field, field, name, field, field, field, field);
        if (sql->failed) return sfo_fault_memory(f);
        if (!sfo_sql_run(s, sql->data, f)) return false;
    }
    return true;
}

bool sfo_blobs_open(sfo_store *s, sfo_fault *f)
{
    sfi_buf sql = { 0 };
    bool ok = sfo_sql_run(s,
                          "CREATE TABLE IF NOT EXISTS sfo_blobs(number INTEGER NOT NULL, piece INTEGER NOT NULL, "
                          "data BLOB NOT NULL, PRIMARY KEY(number, piece))",
                          f);
    for (size_t i = 0; ok && i < s->table_count; i++) ok = make_triggers(s, &s->tables[i], &sql, f);
    sfi_buf_free(&sql);
    return ok;
}

static bool write_pieces(sfo_store *s, int64_t number, sf_str bytes, sfo_fault *f)
{
    int64_t piece = 0;
    while (bytes.len > 0) {
        size_t len = bytes.len < SFO_BLOB_PIECE ? bytes.len : SFO_BLOB_PIECE;
        sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT INTO sfo_blobs(number, piece, data) VALUES(?1,?2,?3)", f);
        if (stmt == NULL) return false;
        (void)sqlite3_bind_int64(stmt, 1, number); /* these fail for a wrong place only */
        (void)sqlite3_bind_int64(stmt, 2, piece++);
        (void)sqlite3_bind_blob64(stmt, 3, bytes.ptr, len, SQLITE_STATIC);
        if (!sfo_statement_run(s, stmt, f)) return false;
        bytes.ptr += len;
        bytes.len -= len;
    }
    return true;
}

/* Under lock, before the row is written. */
bool sfo_blob_keep(sfo_store *s, sfo_cell *cell, sfo_fault *f)
{
    if (cell->kind != SFO_CELL_BLOB || (cell->text.len <= SFO_BLOB_INLINE_MAX && !begins_as_mark(cell->text)))
        return true;
    char *mark = sfo_scratch(s, MARK_BYTES);
    int64_t number;
    if (mark == NULL) return sfo_fault_memory(f);
    if (!sfo_counter_next(s, "sfo_blobs", 1, &number, f) || !write_pieces(s, number, cell->text, f)) return false;
    memcpy(mark, mark_begin, MARK_BEGIN);
    int len = snprintf(mark + MARK_BEGIN, MARK_BYTES - MARK_BEGIN, "%lld:%lld", (long long)number,
                       (long long)cell->text.len); /* fits */
    cell->text = (sf_str){ mark, MARK_BEGIN + (size_t)len };
    return true;
}

int64_t sfo_blob_read(sfo_store *s, const sfo_blob *blob, int64_t at, char *out, size_t cap)
{
    if (at >= blob->len) return 0;
    size_t offset = (size_t)(at % SFO_BLOB_PIECE), len = 0;
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT data FROM sfo_blobs WHERE number=?1 AND piece=?2", NULL);
    if (stmt != NULL) {
        (void)sqlite3_bind_int64(stmt, 1, blob->number); /* these fail for a wrong place only */
        (void)sqlite3_bind_int64(stmt, 2, at / SFO_BLOB_PIECE);
        if (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *data = sqlite3_column_blob(stmt, 0);
            size_t there = (size_t)sqlite3_column_bytes(stmt, 0);
            len = there > offset ? there - offset : 0;
            if (len > cap) len = cap;
            if (len > 0) memcpy(out, data + offset, len);
        }
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return len > 0 ? (int64_t)len : -1;
}
