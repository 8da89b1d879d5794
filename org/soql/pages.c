/*
 * pages.c: see pages.h. Ids lie 1,000 to a row of the chunk table, whose key is the cursor's id and the chunk's number
 * in one integer: writing a million ids is a thousand inserts, and reading a page two or three look-ups.
 */
#include "soql/pages.h"
#include "soql/position.h"

enum { CHUNK_BITS = 24 /* 16 million chunks a cursor */ };

static bool sql_fault(sfo_pages *p, sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "the query's pages: %s", sqlite3_errmsg(sfo_store_db(p->store)));
}

static int64_t now_ms(const sfo_pages *p)
{
    return p->context->now_ms != 0 ? p->context->now_ms : sfi_wall_ms();
}

static bool make_tables(sfo_pages *p, sfo_fault *f)
{
    static const char sql[] =
        "CREATE TABLE IF NOT EXISTS sfo_query_cursor(id INTEGER PRIMARY KEY AUTOINCREMENT, locator TEXT UNIQUE,"
        " owner TEXT NOT NULL, family INTEGER NOT NULL, soql TEXT, path TEXT, all_rows INTEGER, total INTEGER,"
        " created INTEGER);"
        "CREATE INDEX IF NOT EXISTS sfo_query_cursor_family ON sfo_query_cursor(owner, family);"
        "CREATE TABLE IF NOT EXISTS sfo_query_chunk(id INTEGER PRIMARY KEY, ids BLOB NOT NULL);";
    return sqlite3_exec(sfo_store_db(p->store), sql, NULL, NULL, NULL) == SQLITE_OK || sql_fault(p, f);
}

/* Prepares, binds what the format says ('i' int64_t, 't' const char *), steps once. NULL: fault. */
static sqlite3_stmt *run(sfo_pages *p, sfo_fault *f, int *rc, const char *sql, const char *format, ...)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(sfo_store_db(p->store), sql, -1, &stmt, NULL) != SQLITE_OK) {
        sql_fault(p, f);
        return NULL;
    }
    va_list args;
    va_start(args, format);
    for (int i = 0; format[i] != '\0'; i++) {
        if (format[i] == 'i')
            sqlite3_bind_int64(stmt, i + 1, va_arg(args, int64_t));
        else
            sqlite3_bind_text(stmt, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
    }
    va_end(args);
    *rc = sqlite3_step(stmt);
    if (*rc == SQLITE_ROW || *rc == SQLITE_DONE) return stmt;
    sql_fault(p, f);
    sqlite3_finalize(stmt);
    return NULL;
}

static bool drop_family(sfo_pages *p, int64_t family, sfo_fault *f)
{
    int rc;
    sqlite3_stmt *s = run(p, f, &rc, "SELECT id FROM sfo_query_cursor WHERE family=?1 OR id=?1", "i", family);
    if (s == NULL) return false;
    bool fine = true;
    for (; fine && rc == SQLITE_ROW; rc = sqlite3_step(s)) {
        int64_t id = sqlite3_column_int64(s, 0);
        int ignored;
        sqlite3_stmt *d = run(p, f, &ignored, "DELETE FROM sfo_query_chunk WHERE id>=?1 AND id<?2", "ii",
                              id << CHUNK_BITS, (id + 1) << CHUNK_BITS);
        fine = d != NULL;
        sqlite3_finalize(d);
    }
    sqlite3_finalize(s);
    s = fine ? run(p, f, &rc, "DELETE FROM sfo_query_cursor WHERE family=?1 OR id=?1", "i", family) : NULL;
    fine = s != NULL;
    sqlite3_finalize(s);
    return fine;
}

/* Makes room for one more group: the user's oldest go, and what is too old whoever's it is. */
static bool drop_old(sfo_pages *p, sfo_fault *f)
{
    for (;;) { /* each round drops one group or ends */
        int rc;
        sqlite3_stmt *s =
            run(p, f, &rc,
                "SELECT id FROM sfo_query_cursor WHERE family=0 AND created<?1 UNION ALL "
                "SELECT id FROM (SELECT id FROM sfo_query_cursor WHERE family=0 AND owner=?2 "
                "ORDER BY id DESC LIMIT 1000 OFFSET ?3) LIMIT 1",
                "iti", now_ms(p) - SFO_LOCATOR_LIFE_MS, p->context->user_id, (int64_t)SFO_LOCATORS_MAX - 1);
        if (s == NULL) return false;
        int64_t family = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
        sqlite3_finalize(s);
        if (family == 0) return true;
        if (!drop_family(p, family, f)) return false;
    }
}

static void make_locator(char out[19])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    char id[15] = "01g";
    uint64_t r = sfi_random();
    for (size_t i = 3; i < sizeof id; i++) {
        id[i] = digits[r % 62];
        r = i == 8 ? sfi_random() : r / 62;
    }
    sf_id whole = sfi_id_make((sf_str){ id, sizeof id });
    memcpy(out, whole.text, 19);
}

static bool insert_cursor(sfo_pages *p, int64_t family, const char *path, sfo_cursor *out, sfo_fault *f)
{
    int rc;
    make_locator(out->locator);
    sqlite3_stmt *s = run(p, f, &rc,
                          "INSERT INTO sfo_query_cursor(locator,owner,family,path,all_rows,total,created)"
                          " VALUES(?1,?2,?3,?4,?5,0,?6)",
                          "ttitii", out->locator, p->context->user_id, family, path, (int64_t)p->all_rows, now_ms(p));
    if (s == NULL) return false;
    sqlite3_finalize(s);
    out->id = sqlite3_last_insert_rowid(sfo_store_db(p->store));
    return true;
}

/* The head of a group keeps the statement; it has no ids itself. */
static bool open_group(sfo_pages *p, sfo_fault *f)
{
    sfo_cursor head = { 0 };
    if (!drop_old(p, f) || !insert_cursor(p, 0, "", &head, f)) return false;
    sqlite3_stmt *s = NULL;
    bool fine = sqlite3_prepare_v2(sfo_store_db(p->store), "UPDATE sfo_query_cursor SET soql=?1 WHERE id=?2", -1, &s,
                                   NULL) == SQLITE_OK &&
                sqlite3_bind_text(s, 1, p->soql.ptr, (int)p->soql.len, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_bind_int64(s, 2, head.id) == SQLITE_OK && sqlite3_step(s) == SQLITE_DONE;
    if (!fine) sql_fault(p, f);
    sqlite3_finalize(s);
    p->group = head.id;
    return fine;
}

bool sfo_pages_open(sfo_pages *p, const char *path, sfo_cursor *out, sfo_fault *f)
{
    *out = (sfo_cursor){ 0 };
    if (!p->writing) {
        if (!sfo_store_begin(p->store, f)) return false;
        p->writing = true;
        if (!make_tables(p, f)) return false;
    }
    if (p->group == 0 && !open_group(p, f)) return false;
    out->group = p->group;
    return insert_cursor(p, p->group, path, out, f);
}

bool sfo_pages_append(sfo_pages *p, sfo_cursor *cursor, const char *ids, size_t count, sfo_fault *f)
{
    sqlite3_stmt *s = NULL;
    if (cursor->chunks >> CHUNK_BITS != 0)
        return sfo_fault_set(f, 400, "QUERY_TOO_COMPLICATED", "the result has more rows than this org can page");
    bool fine = sqlite3_prepare_v2(sfo_store_db(p->store), "INSERT INTO sfo_query_chunk(id,ids) VALUES(?1,?2)", -1, &s,
                                   NULL) == SQLITE_OK &&
                sqlite3_bind_int64(s, 1, (cursor->id << CHUNK_BITS) + cursor->chunks) == SQLITE_OK &&
                sqlite3_bind_blob(s, 2, ids, (int)(count * SFO_ID_LENGTH), SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_DONE;
    if (!fine) sql_fault(p, f);
    sqlite3_finalize(s);
    cursor->chunks++;
    return fine;
}

bool sfo_pages_finish(sfo_pages *p, const sfo_cursor *cursor, int64_t total, sfo_fault *f)
{
    int rc;
    sqlite3_stmt *s = run(p, f, &rc, "UPDATE sfo_query_cursor SET total=?1 WHERE id=?2", "ii", total, cursor->id);
    sqlite3_finalize(s);
    return s != NULL;
}

bool sfo_pages_end(sfo_pages *p, bool keep, sfo_fault *f)
{
    if (!p->writing) return true;
    p->writing = false;
    if (keep) return sfo_store_commit(p->store, f);
    sfo_store_rollback(p->store);
    return true;
}

/* ---- reading ---- */

static bool invalid_locator(sfo_fault *f)
{
    return sfo_fault_set(f, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
}

static char *column_dup(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);
    return sfi_strdup(text != NULL ? text : "");
}

static bool read_cursor(sfo_pages *p, const char *locator, sfo_cursor *out, sfo_fault *f)
{
    int rc;
    sqlite3 *db = sfo_store_db(p->store);
    if (sqlite3_table_column_metadata(db, "main", "sfo_query_cursor", NULL, NULL, NULL, NULL, NULL, NULL) != SQLITE_OK)
        return invalid_locator(f);
    sqlite3_stmt *s =
        run(p, f, &rc,
            "SELECT c.id, c.path, c.total, g.soql, g.all_rows, g.id FROM sfo_query_cursor c"
            " JOIN sfo_query_cursor g ON g.id=c.family WHERE c.locator=?1 AND c.owner=?2 AND g.created>=?3",
            "tti", locator, p->context->user_id, now_ms(p) - SFO_LOCATOR_LIFE_MS);
    if (s == NULL) return false;
    bool fine = rc == SQLITE_ROW || invalid_locator(f);
    if (fine) {
        out->id = sqlite3_column_int64(s, 0);
        out->path = column_dup(s, 1);
        out->total = sqlite3_column_int64(s, 2);
        out->soql = column_dup(s, 3);
        out->all_rows = sqlite3_column_int(s, 4) != 0;
        out->group = sqlite3_column_int64(s, 5);
        memcpy(out->locator, locator, sizeof out->locator);
        if (out->path == NULL || out->soql == NULL) fine = sfo_soql_memory_fault(f);
    }
    sqlite3_finalize(s);
    return fine;
}

bool sfo_pages_find(sfo_pages *p, sf_str locator, sfo_cursor *out, int64_t *offset, sfo_fault *f)
{
    *out = (sfo_cursor){ 0 };
    char id[19];
    sf_str number = { locator.ptr + SFO_ID_LENGTH + 1, locator.len - SFO_ID_LENGTH - 1 };
    if (locator.len < SFO_ID_LENGTH + 2 || locator.ptr[SFO_ID_LENGTH] != '-' || number.ptr[0] == '-' ||
        !sfi_parse_int(number, offset))
        return invalid_locator(f);
    memcpy(id, locator.ptr, SFO_ID_LENGTH);
    id[SFO_ID_LENGTH] = '\0';
    if (memchr(id, '\0', SFO_ID_LENGTH) != NULL) return invalid_locator(f);
    if (!read_cursor(p, id, out, f)) return false;
    p->group = out->group;
    return (*offset >= 0 && *offset < out->total) || invalid_locator(f);
}

bool sfo_pages_read(sfo_pages *p, const sfo_cursor *cursor, int64_t offset, int64_t count, sfi_buf *ids, sfo_fault *f)
{
    int64_t base = cursor->id << CHUNK_BITS, end = offset + count < cursor->total ? offset + count : cursor->total;
    while (offset < end) {
        int rc;
        sqlite3_stmt *s =
            run(p, f, &rc, "SELECT ids FROM sfo_query_chunk WHERE id=?1", "i", base + offset / SFO_CHUNK_IDS);
        if (s == NULL) return false;
        int64_t in_chunk = sqlite3_column_bytes(s, 0) / SFO_ID_LENGTH, first = offset % SFO_CHUNK_IDS;
        const char *blob = sqlite3_column_blob(s, 0);
        int64_t n = in_chunk - first < end - offset ? in_chunk - first : end - offset;
        bool fine = rc == SQLITE_ROW && blob != NULL && n > 0;
        if (fine) sfi_buf_add(ids, blob + first * SFO_ID_LENGTH, (size_t)n * SFO_ID_LENGTH);
        sqlite3_finalize(s);
        if (!fine) return invalid_locator(f); /* dropped meanwhile */
        if (ids->failed) return sfo_soql_memory_fault(f);
        offset += n;
    }
    return true;
}

void sfo_cursor_clear(sfo_cursor *c)
{
    sfi_free(c->soql);
    sfi_free(c->path);
    *c = (sfo_cursor){ 0 };
}
