/*
 * export_sqlite.c: the rows as one table of a SQLite database. A page is a savepoint; where the export stands is kept in the
 * database itself, in the transaction of the rows, so that neither can be ahead of the other. The door to libsqlite3,
 * which is loaded on first use: a build without its header, or a machine without it, has no such exports.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/export_internal.h"

#ifdef SF_WITH_SQLITE
#include <pthread.h>
#include <sqlite3.h>

#define STATE_TABLE "_sforce_export"

/* ---- the library ---- */
static struct {
    __typeof__(sqlite3_open_v2) *open;
    __typeof__(sqlite3_close_v2) *close;
    __typeof__(sqlite3_exec) *exec;
    __typeof__(sqlite3_prepare_v2) *prepare;
    __typeof__(sqlite3_bind_text) *bind_text;
    __typeof__(sqlite3_bind_int64) *bind_int64;
    __typeof__(sqlite3_bind_null) *bind_null;
    __typeof__(sqlite3_step) *step;
    __typeof__(sqlite3_reset) *reset;
    __typeof__(sqlite3_finalize) *finalize;
    __typeof__(sqlite3_column_int64) *column_int64;
    __typeof__(sqlite3_column_text) *column_text;
    __typeof__(sqlite3_errmsg) *errmsg;
} lib; /* written once, under once; it stays loaded */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;

static void load(void)
{
    static const sfi_library_symbol symbols[] = { { "sqlite3_open_v2", &lib.open },
                                                  { "sqlite3_close_v2", &lib.close },
                                                  { "sqlite3_exec", &lib.exec },
                                                  { "sqlite3_prepare_v2", &lib.prepare },
                                                  { "sqlite3_bind_text", &lib.bind_text },
                                                  { "sqlite3_bind_int64", &lib.bind_int64 },
                                                  { "sqlite3_bind_null", &lib.bind_null },
                                                  { "sqlite3_step", &lib.step },
                                                  { "sqlite3_reset", &lib.reset },
                                                  { "sqlite3_finalize", &lib.finalize },
                                                  { "sqlite3_column_int64", &lib.column_int64 },
                                                  { "sqlite3_column_text", &lib.column_text },
                                                  { "sqlite3_errmsg", &lib.errmsg } };
    is_loaded = sfi_library_load("libsqlite3.so.0", symbols, SFI_COUNT_OF(symbols));
}

/* ---- the database ---- */
typedef struct table {
    sqlite3 *db;
    sqlite3_stmt *insert; /* NULL: not prepared */
    sfi_export_reader reader;
    bool in_page; /* its savepoint is there */
} table;

static sf_status fail_sql(const sfi_export *x, const table *t, int rc, sf_error *err)
{
    sf_status status = rc == SQLITE_NOMEM ? SF_ERR_MEMORY : rc == SQLITE_TOOBIG ? SF_ERR_LIMIT : SF_ERR_IO;
    return sfi_fail(err, status, "%.300s: SQLite: %.300s", x->out.part != NULL ? x->out.part : "",
                    t->db != NULL ? lib.errmsg(t->db) : "cannot open");
}

static sf_status exec(sfi_export *x, const char *sql, sf_error *err)
{
    table *t = x->state;
    int rc = lib.exec(t->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? SF_OK : fail_sql(x, t, rc, err);
}

static sf_status prepare(sfi_export *x, const char *sql, sqlite3_stmt **out, sf_error *err)
{
    table *t = x->state;
    int rc = lib.prepare(t->db, sql, -1, out, NULL);
    return rc == SQLITE_OK ? SF_OK : fail_sql(x, t, rc, err);
}

static sf_status open_db(sfi_export *x, sf_error *err)
{
    table *t = x->state;
    int rc = lib.open(x->out.part, &t->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (rc != SQLITE_OK) return fail_sql(x, t, rc, err);
    /* Without a journal of ours a crash leaves nothing that anybody would use: then nothing needs to reach the disk. */
    sf_status done = exec(x, x->journal != NULL ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=OFF", err);
    return done == SF_OK ? exec(x, "BEGIN", err) : done;
}

static void drop_insert(table *t)
{
    if (t->insert != NULL) (void)lib.finalize(t->insert); /* what it says was said by its last step */
    t->insert = NULL;
}

static void close_db(table *t)
{
    drop_insert(t);
    if (t->db != NULL) (void)lib.close(t->db);
    t->db = NULL;
    t->in_page = false;
}

/* An empty file, and nothing of an earlier run. */
static sf_status sq_clear(sfi_export *x, sf_error *err)
{
    table *t = x->state;
    sfi_buf old = { 0 };
    close_db(t);
    sfi_buf_addf(&old, "%s-journal", x->out.part);
    sf_status rc = sfi_buf_status(&old, err, "a file name");
    if (rc == SF_OK) (void)unlink(old.data); /* as a rule there is none */
    sfi_buf_free(&old);
    if (rc == SF_OK && ftruncate(x->out.fd, 0) != 0)
        rc = sfi_fail(err, SF_ERR_IO, "%.300s: cannot be cut: %s", x->out.part, strerror(errno));
    return rc == SF_OK ? open_db(x, err) : rc;
}

/* ---- names ---- */
static void add_name(sfi_buf *out, sf_str name)
{
    sfi_buf_add_char(out, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"') sfi_buf_add_char(out, '"');
        sfi_buf_add_char(out, name.ptr[i]);
    }
    sfi_buf_add_char(out, '"');
}

static sf_str table_name(const sfi_export *x)
{
    if (x->options->table != NULL && x->options->table[0] != '\0') return sfi_str(x->options->table);
    return x->job.object[0] != '\0' ? sfi_str(x->job.object) : SFI_STR("export");
}

/* ---- where an export stands ---- */
/* @return SF_ROW: *mark is what the database says; SF_DONE: it says nothing. */
static sf_status read_mark(sfi_export *x, sfi_export_mark *mark)
{
    sqlite3_stmt *s = NULL;
    sf_status rc = SF_DONE;
    sf_error ignored; /* a file that is no database has no mark */
    if (prepare(x, "SELECT job, pages, rows, bytes, columns, next, last, range, before FROM " STATE_TABLE, &s,
                &ignored) != SF_OK)
        return SF_DONE;
    if (lib.step(s) == SQLITE_ROW) {
        sf_str job = sfi_str((const char *)lib.column_text(s, 0)), next = sfi_str((const char *)lib.column_text(s, 5));
        int64_t range = lib.column_int64(s, 7);
        if (range >= 0 && range < x->ranges && sfi_str_is(job, x->jobs[range].id.text) &&
            next.len < sizeof mark->next) {
            *mark = (sfi_export_mark){ .pages = lib.column_int64(s, 1),
                                       .rows = lib.column_int64(s, 2),
                                       .bytes = lib.column_int64(s, 3),
                                       .columns = (uint64_t)lib.column_int64(s, 4),
                                       .range = (int32_t)range,
                                       .before = lib.column_int64(s, 8),
                                       .last = lib.column_int64(s, 6) != 0 };
            if (next.len > 0) memcpy(mark->next, next.ptr, next.len);
            rc = SF_ROW;
        }
    }
    (void)lib.finalize(s);
    return rc;
}

/* Of a run that ended between its last change and the new name: all of its rows are there, and no mark. */
static bool is_whole(sfi_export *x)
{
    sqlite3_stmt *s = NULL;
    sfi_buf sql = { 0 };
    sf_error ignored;
    if (!sfi_export_is_all(x)) return false;
    sfi_buf_add_str(&sql, "SELECT count(*) FROM ");
    add_name(&sql, table_name(x));
    bool whole = !sql.failed && prepare(x, sql.data, &s, &ignored) == SF_OK && lib.step(s) == SQLITE_ROW &&
                 lib.column_int64(s, 0) == x->mark.rows;
    if (s != NULL) (void)lib.finalize(s);
    sfi_buf_free(&sql);
    return whole;
}

static sf_status write_mark(sfi_export *x, sf_error *err)
{
    table *t = x->state;
    sqlite3_stmt *s = NULL;
    const sfi_export_mark *m = &x->mark;
    const int64_t numbers[] = { m->pages, m->rows, m->bytes, (int64_t)m->columns };
    sf_status rc =
        exec(x,
             "CREATE TABLE IF NOT EXISTS " STATE_TABLE
             " (job TEXT, pages INTEGER, rows INTEGER, bytes INTEGER, columns INTEGER, next TEXT, last INTEGER,"
             " range INTEGER, before INTEGER);"
             "DELETE FROM " STATE_TABLE,
             err);
    if (rc == SF_OK) rc = prepare(x, "INSERT INTO " STATE_TABLE " VALUES (?,?,?,?,?,?,?,?,?)", &s, err);
    if (rc != SF_OK) return rc;
    int bound = lib.bind_text(s, 1, x->jobs[m->range].id.text, -1, SQLITE_STATIC);
    for (int i = 0; i < 4 && bound == SQLITE_OK; i++) bound = lib.bind_int64(s, 2 + i, numbers[i]);
    if (bound == SQLITE_OK) bound = lib.bind_text(s, 6, m->next, -1, SQLITE_STATIC);
    if (bound == SQLITE_OK) bound = lib.bind_int64(s, 7, m->last);
    if (bound == SQLITE_OK) bound = lib.bind_int64(s, 8, m->range);
    if (bound == SQLITE_OK) bound = lib.bind_int64(s, 9, m->before);
    int stepped = bound == SQLITE_OK ? lib.step(s) : bound;
    if (stepped != SQLITE_DONE) rc = fail_sql(x, t, stepped, err);
    (void)lib.finalize(s);
    return rc;
}

/* ---- the form ---- */
static sf_status sq_add(sfi_export *x, const sfi_csv_record *r, sf_error *err)
{
    table *t = x->state;
    int rc = SQLITE_OK;
    for (size_t i = 0; i < r->count && rc == SQLITE_OK; i++) {
        sf_str v = r->fields[i];
        rc = v.len == 0 ? lib.bind_null(t->insert, (int)i + 1)
                        : lib.bind_text(t->insert, (int)i + 1, v.ptr, (int)v.len, SQLITE_STATIC);
    }
    if (rc == SQLITE_OK) rc = lib.step(t->insert);
    (void)lib.reset(t->insert); /* repeats what step said */
    return rc == SQLITE_DONE ? SF_OK : fail_sql(x, t, rc, err);
}

static sf_status sq_open(sfi_export *x, sf_error *err)
{
    (void)pthread_once(&once, load);
    if (!is_loaded)
        return sfi_fail(err, SF_ERR_UNSUPPORTED,
                        "an export to SQLite needs libsqlite3.so.0, which is not on this machine");
    if (x->out.part == NULL) return sfi_fail(err, SF_ERR_USAGE, "%.300s: SQLite wants a file", x->options->path);
    table *t = sfi_calloc(sizeof *t);
    x->state = t;
    if (t == NULL) return sfi_fail_memory(err, "an export");
    sf_status rc = sfi_export_reader_open(x, &t->reader, sq_add, false, err);
    if (rc != SF_OK || !x->has_job) return rc == SF_OK ? sq_clear(x, err) : rc;
    sf_error why;
    rc = open_db(x, &why);
    if (rc == SF_OK && (read_mark(x, &x->mark) == SF_ROW || is_whole(x))) return SF_OK;
    x->mark = (sfi_export_mark){ 0 }; /* the same job, from its first page */
    return sq_clear(x, err);
}

static sf_status make_table(sfi_export *x, const sfi_csv_record *names, sf_error *err)
{
    table *t = x->state;
    sfi_buf make = { 0 }, insert = { 0 };
    sfi_buf_add_str(&make, "CREATE TABLE IF NOT EXISTS ");
    sfi_buf_add_str(&insert, "INSERT INTO ");
    add_name(&make, table_name(x));
    add_name(&insert, table_name(x));
    sfi_buf_add_str(&insert, " VALUES ");
    for (size_t i = 0; i < names->count; i++) {
        sfi_buf_add_char(&make, i == 0 ? '(' : ',');
        add_name(&make, names->fields[i]);
        sfi_buf_add_str(&make, " TEXT");
        sfi_buf_add_str(&insert, i == 0 ? "(?" : ",?");
    }
    sfi_buf_add_char(&make, ')');
    sfi_buf_add_char(&insert, ')');
    sf_status rc = sfi_buf_status(&make, err, "the columns of an export");
    if (rc == SF_OK) rc = sfi_buf_status(&insert, err, "the columns of an export");
    if (rc == SF_OK) rc = exec(x, make.data, err);
    if (rc == SF_OK) rc = prepare(x, insert.data, &t->insert, err);
    if (rc == SF_OK) t->reader.columns = names->count;
    sfi_buf_free(&make);
    sfi_buf_free(&insert);
    return rc;
}

static sf_status sq_head(sfi_export *x, sf_error *err)
{
    table *t = x->state;
    sfi_csv_record names;
    sfi_csv_reader *reader = NULL;
    sf_status rc = exec(x, "SAVEPOINT page", err);
    if (rc != SF_OK) return rc;
    t->in_page = true;
    if (t->insert != NULL) return SF_OK;
    rc = sfi_export_read_columns(x, &names, &reader, err);
    if (rc == SF_OK) rc = make_table(x, &names, err);
    sfi_csv_reader_free(reader);
    return rc;
}

static sf_status sq_rows(sfi_export *x, sf_str text, sf_error *err)
{
    table *t = x->state;
    return sfi_export_reader_rows(x, &t->reader, text, err);
}

static sf_status sq_keep(sfi_export *x, int64_t rows, sf_error *err)
{
    table *t = x->state;
    sf_status rc = sfi_export_reader_keep(x, &t->reader, rows, err);
    if (rc != SF_OK || !t->in_page) return rc;
    t->in_page = false;
    return exec(x, "RELEASE page", err);
}

static sf_status sq_back(sfi_export *x, sf_error *err)
{
    table *t = x->state;
    if (t == NULL || t->db == NULL) return SF_OK;
    sfi_export_reader_back(&t->reader);
    if (!t->in_page) return SF_OK;
    drop_insert(t); /* its table may have been made in this page */
    t->in_page = false;
    return exec(x, "ROLLBACK TO page; RELEASE page", err);
}

static sf_status sq_sync(sfi_export *x, sf_error *err)
{
    sf_status rc = write_mark(x, err);
    return rc == SF_OK ? exec(x, "COMMIT; BEGIN", err) : rc;
}

static sf_status sq_end(sfi_export *x, sf_error *err)
{
    table *t = x->state;
    struct stat st;
    drop_insert(t);
    sf_status rc = exec(x, "DROP TABLE IF EXISTS " STATE_TABLE "; COMMIT", err);
    close_db(t);
    if (rc == SF_OK && fstat(x->out.fd, &st) == 0) x->out.at = (int64_t)st.st_size;
    return rc;
}

static void sq_close(sfi_export *x)
{
    table *t = x->state;
    if (t == NULL) return;
    close_db(t);
    sfi_export_reader_close(&t->reader);
    sfi_free(t);
}

const sfi_export_form sfi_export_sqlite = { .open = sq_open,
                                            .head = sq_head,
                                            .rows = sq_rows,
                                            .keep = sq_keep,
                                            .back = sq_back,
                                            .clear = sq_clear,
                                            .sync = sq_sync,
                                            .end = sq_end,
                                            .close = sq_close };
#else
static sf_status no_open(sfi_export *x, sf_error *err)
{
    (void)x;
    return sfi_fail(err, SF_ERR_UNSUPPORTED, "an export to SQLite: this build has none (SF_WITH_SQLITE)");
}

static sf_status nothing(sfi_export *x, sf_error *err)
{
    (void)x;
    (void)err;
    return SF_OK;
}

static void no_close(sfi_export *x)
{
    (void)x;
}

const sfi_export_form sfi_export_sqlite = { .open = no_open, .back = nothing, .clear = nothing, .close = no_close };
#endif
