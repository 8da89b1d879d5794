/*
 * store.c: opening and closing the database, its lock and its transactions. See store.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include "store/store_internal.h"

void sfo_store_lock(sfo_store *s)
{
    pthread_mutex_lock(&s->lock);
}

void sfo_store_unlock(sfo_store *s)
{
    pthread_mutex_unlock(&s->lock);
}

const sfo_schema *sfo_store_schema(const sfo_store *s)
{
    return s->schema;
}

sqlite3 *sfo_store_db(sfo_store *s)
{
    return s->db;
}

const char *sfo_store_org_id(const sfo_store *s)
{
    return s->org_id;
}

const char *sfo_store_admin_id(const sfo_store *s)
{
    return s->admin_id;
}

/* ---- transactions: the lock is held from begin to commit or rollback ---- */

static bool fault_lost(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION",
                         "An unexpected error occurred: a write before this one made the database take all back");
}

bool sfo_store_begin(sfo_store *s, sfo_fault *f)
{
    sfo_store_lock(s);
    char sql[48];
    if (s->lost) {
        sfo_store_unlock(s);
        return fault_lost(f);
    }
    if (s->depth == 0)
        (void)snprintf(sql, sizeof sql, "BEGIN IMMEDIATE");
    else
        (void)snprintf(sql, sizeof sql, "SAVEPOINT s%d", s->depth);
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL || !sfo_statement_run(s, stmt, f)) {
        sfo_store_unlock(s);
        return false;
    }
    s->depth++;
    sfo_changes_begin(s);
    return true;
}

static void leave(sfo_store *s)
{
    s->depth--;
    sfo_store_unlock(s);
}

bool sfo_store_commit(sfo_store *s, sfo_fault *f)
{
    char sql[48];
    bool is_last = s->depth == 1;
    uint64_t bits = 0;
    if (s->lost || (is_last && !sfo_changes_flush(s, f))) {
        if (s->lost) (void)fault_lost(f);
        sfo_store_rollback(s);
        return false;
    }
    if (is_last)
        (void)snprintf(sql, sizeof sql, "COMMIT");
    else
        (void)snprintf(sql, sizeof sql, "RELEASE s%d", s->depth - 1);
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL || !sfo_statement_run(s, stmt, f)) {
        sfo_store_rollback(s);
        return false;
    }
    if (is_last) bits = sfo_changes_committed(s);
    void (*told)(void *user, uint64_t bits) = bits != 0 ? s->changes.told : NULL;
    void *user = s->changes.told_user;
    leave(s);
    if (told != NULL) told(user, bits);
    return true;
}

void sfo_store_rollback(sfo_store *s)
{
    char sql[64];
    if (s->depth == 1)
        (void)snprintf(sql, sizeof sql, "ROLLBACK");
    else
        (void)snprintf(sql, sizeof sql, "ROLLBACK TO s%d; RELEASE s%d", s->depth - 1, s->depth - 1);
    (void)sfo_sql_run(s, sql, NULL); /* SQLite may have rolled back by itself; then there is nothing to undo */
    if (s->depth == 1) {
        s->lost = false;
    } else if (sqlite3_get_autocommit(s->db)) {
        s->lost = true;
        (void)sfo_sql_run(s, "BEGIN", NULL); /* so that no statement on the way out is kept by itself */
    }
    s->search_known = false;
    sfo_changes_rolled_back(s);
    sfo_ids_rolled_back(s);
    /* Events that do not wait for their transaction are told now, in one of their own. */
    bool has_urgent = s->depth == 1 && s->changes.urgent.len > 0 && !s->changes.tells_urgent;
    sfo_store_lock(s);
    leave(s);
    if (has_urgent) {
        s->changes.tells_urgent = true;
        if (sfo_store_begin(s, NULL)) (void)sfo_store_commit(s, NULL); /* nobody is left to be told of a failure */
        s->changes.tells_urgent = false;
        sfi_buf_clear(&s->changes.urgent);
    }
    sfo_store_unlock(s);
}

/* ---- open and close ---- */

static bool set_up(sfo_store *s, const char *path, sfo_fault *f)
{
    bool memory = strcmp(path, ":memory:") == 0;
    if (!memory && !sfo_sql_run(s, "PRAGMA journal_mode=WAL", f)) return false;
    return sfo_sql_run(s, "PRAGMA synchronous=NORMAL", f) && sfo_sql_run(s, "PRAGMA temp_store=MEMORY", f) &&
           sfo_sql_run(s, "PRAGMA cache_size=-32768", f);
}

static bool make_everything(sfo_store *s, sfo_fault *f)
{
    if (!sfo_store_begin(s, f)) return false;
    bool ok =
        sfo_tables_open(s, f) && sfo_ids_open(s, f) && sfo_users_open(s, f) && sfo_search_open(s, f) &&
        sfo_outbox_open(s, f) && sfo_locks_open(s, f) && sfo_bin_open(s, f) && sfo_reports_open(s, f) &&
        sfo_sql_run(s, "CREATE TABLE IF NOT EXISTS sfo_meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID", f) &&
        sfo_standard_rows(s, f) && sfo_facts_load(s, f) && sfo_duplicates_load(s, f) && sfo_events_open(s, f) &&
        sfo_topics_open(s, f) && sfo_own_channels_open(s, f);
    if (!ok) {
        sfo_store_rollback(s);
        return false;
    }
    return sfo_store_commit(s, f);
}

static sf_status init_lock(sfo_store *s)
{
    pthread_mutexattr_t attr;
    if (pthread_mutexattr_init(&attr) != 0) return SF_ERR_MEMORY;
    (void)pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE); /* fails for unknown types only */
    s->has_lock = pthread_mutex_init(&s->lock, &attr) == 0;
    (void)pthread_mutexattr_destroy(&attr); /* cannot fail */
    return s->has_lock ? SF_OK : SF_ERR_MEMORY;
}

/* Two programs on one file would give the same ids: the second is refused. The lock dies with the process. */
static sf_status lock_file(sfo_store *s, const char *path, sf_error *err)
{
    if (strcmp(path, ":memory:") == 0) return SF_OK;
    s->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->file < 0) return sfi_fail(err, SF_ERR_IO, "%s: cannot open the database: %s", path, strerror(errno));
    if (flock(s->file, LOCK_EX | LOCK_NB) == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "%s: another sforce-org uses this file: stop it first, or take another file", path);
}

static sf_status open_database(sfo_store *s, const char *path, sf_error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
        return sfi_fail(err, SF_ERR_IO, "%s: cannot open the database: %s", path,
                        s->db != NULL ? sqlite3_errmsg(s->db) : "no memory");
    (void)sqlite3_busy_timeout(s->db, 5000); /* cannot fail */
    if (!sfo_functions_register(s->db)) return sfi_fail(err, SF_ERR_UNSUPPORTED, "this system has no C.UTF-8 locale");
    if (!sfo_words_register(s->db)) return sfi_fail(err, SF_ERR_UNSUPPORTED, "this system's SQLite has no FTS5");
    sfo_fault f = { 0 };
    sf_status rc = SF_OK;
    if (!set_up(s, path, &f) || !make_everything(s, &f))
        rc = sfi_fail(err, SF_ERR_IO, "%s: %s", path, f.message != NULL ? f.message : "no memory");
    sfo_fault_clear(&f);
    return rc;
}

sf_status sfo_store_open(const char *path, const sfo_schema *schema, sfo_store **out, sf_error *err)
{
    *out = NULL;
    sf_status rc = SF_ERR_MEMORY;
    sfo_store *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "the store");
    s->schema = schema;
    s->file = -1;
    s->statements = sfi_calloc_n(SFO_STATEMENTS_MAX, sizeof *s->statements);
    if (s->statements == NULL || init_lock(s) != SF_OK) {
        rc = sfi_fail_memory(err, "the store");
        goto done;
    }
    rc = lock_file(s, path, err);
    if (rc == SF_OK) rc = open_database(s, path, err);
    if (rc != SF_OK) goto done;
    *out = s;
    s = NULL;
done:
    sfo_store_close(s);
    return rc;
}

void sfo_store_close(sfo_store *s)
{
    if (s == NULL) return;
    if (s->db != NULL && s->table_count > 0) sfo_ids_close(s);
    sfo_tables_close(s);
    sfo_statements_clear(s);
    sfi_free(s->statements);
    if (s->db != NULL) {
        (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                        NULL); /* the log stays, and is as safe */
        (void)sqlite3_close_v2(s->db);         /* waits for statements of others by itself */
    }
    if (s->file >= 0) (void)close(s->file); /* after SQLite: closing drops the locks of the whole process on the file */
    sfo_changes_close(s);
    sfi_arena_free(&s->scratch);
    sfi_arena_free(&s->facts);
    if (s->has_lock) pthread_mutex_destroy(&s->lock);
    sfi_free(s);
}
