/* data.c: what jobs keep, as rows of pieces in their order, so that neither an upload nor a result must be one value. */
#include "bulk/bulk_internal.h"

enum { PIECE_MAX = 1 << 20 };

char sfo_bulk_delimiter(const char *word)
{
    static const struct {
        const char *word;
        char delimiter;
    } known[] = { { "COMMA", ',' },     { "TAB", '\t' },  { "PIPE", '|' },
                  { "SEMICOLON", ';' }, { "CARET", '^' }, { "BACKQUOTE", '`' } };
    for (size_t i = 0; i < SFI_COUNT_OF(known); i++)
        if (sfi_eq_nocase(word, known[i].word)) return known[i].delimiter;
    return '\0';
}

static bool add_piece(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sf_str data, int64_t rows, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_bulk_prepare(b, "INSERT INTO sfo_bulk_data(owner, kind, rows, data) VALUES(?,?,?,?)", f);
    if (stmt != NULL) {
        sqlite3_bind_text(stmt, 1, owner, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 2, (int)kind);
        sqlite3_bind_int64(stmt, 3, rows);
        sqlite3_bind_blob64(stmt, 4, data.len > 0 ? data.ptr : "", data.len, SQLITE_STATIC);
    }
    return sfo_bulk_step(b, stmt, f);
}

bool sfo_bulk_data_add(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sf_str data, int64_t rows, sfo_fault *f)
{
    if (!sfo_store_begin(b->store, f)) return false;
    bool fine = true;
    bool whole = rows > 0; /* a piece of rows must end where a row does */
    do {
        size_t n = whole || data.len < PIECE_MAX ? data.len : PIECE_MAX;
        fine = add_piece(b, owner, kind, (sf_str){ data.ptr, n }, rows, f);
        data = (sf_str){ data.ptr + n, data.len - n };
    } while (fine && data.len > 0);
    if (fine) return sfo_store_commit(b->store, f);
    sfo_store_rollback(b->store);
    return false;
}

bool sfo_bulk_data_drop(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sfo_fault *f)
{
    sfo_store_lock(b->store);
    sqlite3_stmt *stmt = sfo_bulk_prepare(b, "DELETE FROM sfo_bulk_data WHERE owner = ? AND kind = ?", f);
    if (stmt != NULL) {
        sqlite3_bind_text(stmt, 1, owner, -1, SQLITE_STATIC);
        sqlite3_bind_int(stmt, 2, (int)kind);
    }
    bool fine = sfo_bulk_step(b, stmt, f);
    sfo_store_unlock(b->store);
    return fine;
}

/* Pieces of an owner and kind behind a number; NULL: fault. */
static sqlite3_stmt *select_pieces(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, int64_t behind, int64_t max,
                                   sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_bulk_prepare(b,
                                          "SELECT number, rows, data FROM sfo_bulk_data WHERE owner = ? AND kind = ? "
                                          "AND number > ? ORDER BY number LIMIT ?",
                                          f);
    if (stmt == NULL) return NULL;
    sqlite3_bind_text(stmt, 1, owner, -1, SQLITE_STATIC);
    sqlite3_bind_int(stmt, 2, (int)kind);
    sqlite3_bind_int64(stmt, 3, behind);
    sqlite3_bind_int64(stmt, 4, max);
    return stmt;
}

static bool memory_fault(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for the data of a job");
}

bool sfo_bulk_data_read(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, sfi_buf *out, sfo_fault *f)
{
    sfo_store_lock(b->store);
    sqlite3_stmt *stmt = select_pieces(b, owner, kind, 0, -1, f);
    bool fine = stmt != NULL;
    while (fine && sfo_store_next(b->store, stmt, &fine, f))
        if (sqlite3_column_bytes(stmt, 2) > 0 &&
            !sfi_buf_add(out, sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2)))
            fine = memory_fault(f);
    sqlite3_finalize(stmt);
    sfo_store_unlock(b->store);
    return fine;
}

bool sfo_bulk_piece_read(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, int64_t *number, sfi_buf *out,
                         sfo_fault *f)
{
    sfo_store_lock(b->store);
    sqlite3_stmt *stmt = select_pieces(b, owner, kind, *number, 1, f);
    bool fine = stmt != NULL;
    if (fine && sfo_store_next(b->store, stmt, &fine, f)) {
        *number = sqlite3_column_int64(stmt, 0);
        sfi_buf_clear(out);
        if (sqlite3_column_bytes(stmt, 2) > 0 &&
            !sfi_buf_add(out, sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2)))
            fine = memory_fault(f);
    } else if (fine) {
        *number = -1;
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(b->store);
    return fine;
}

/* Rows [from, from + max) of one piece. */
static bool cut_piece(sf_str piece, char delimiter, int64_t from, int64_t max, sfi_buf *out, sfo_fault *f)
{
    sfi_csv_reader *r;
    sfi_csv_record record;
    char *room;
    size_t size, start = piece.len, end = piece.len;
    sfi_csv_reader_options options = { .delimiter = delimiter, .any_columns = true };
    if (sfi_csv_reader_new(&options, &r, NULL) != SF_OK) return memory_fault(f);
    bool fine = sfi_csv_reader_room(r, piece.len + 1, &room, &size, NULL) == SF_OK;
    if (fine) {
        memcpy(room, piece.ptr, piece.len);
        sfi_csv_reader_added(r, piece.len);
        sfi_csv_reader_end(r);
        for (int64_t i = 0; i <= from + max && sfi_csv_reader_next(r, &record, NULL) == SF_ROW; i++) {
            if (i == from) start = (size_t)record.offset;
            if (i == from + max) end = (size_t)record.offset;
        }
        fine = start >= end || sfi_buf_add(out, piece.ptr + start, end - start);
    }
    sfi_csv_reader_free(r);
    return fine || memory_fault(f);
}

bool sfo_bulk_rows_read(sfo_bulk *b, const char *owner, sfo_bulk_kind kind, char delimiter, int64_t from, int64_t max,
                        sfi_buf *out, int64_t *rows, bool *more, sfo_fault *f)
{
    *rows = 0;
    *more = false;
    sfo_store_lock(b->store);
    sqlite3_stmt *stmt = select_pieces(b, owner, kind, 0, -1, f);
    bool fine = stmt != NULL;
    int64_t at = 0; /* rows before the piece */
    while (fine && !*more && sfo_store_next(b->store, stmt, &fine, f)) {
        int64_t n = sqlite3_column_int64(stmt, 1);
        int64_t skip = from > at ? from - at : 0;
        int64_t take = n - skip < max - *rows ? n - skip : max - *rows;
        at += n;
        if (skip >= n) continue;
        *more = take < n - skip;
        if (take <= 0) continue;
        sf_str piece = { sqlite3_column_blob(stmt, 2), (size_t)sqlite3_column_bytes(stmt, 2) };
        if (take == n)
            fine = sfi_buf_add(out, piece.ptr, piece.len) || memory_fault(f);
        else
            fine = cut_piece(piece, delimiter, skip, take, out, f);
        *rows += take;
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(b->store);
    return fine;
}
