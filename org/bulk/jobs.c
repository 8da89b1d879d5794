/*
 * jobs.c: jobs and batches as rows of two tables; every change of state is one statement, in the transaction of what it
 * tells about.
 */
#include "bulk/bulk_internal.h"

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS sfo_bulk_job(id TEXT PRIMARY KEY, api INTEGER, operation TEXT, object TEXT, "
    "external_id "
    "TEXT, content_type TEXT, concurrency TEXT, line_ending TEXT, delimiter TEXT, state TEXT, created_by TEXT, version "
    "TEXT, assignment_rule TEXT, created INTEGER, modified INTEGER, processed INTEGER, failed INTEGER, retries "
    "INTEGER, "
    "total_ms INTEGER, active_ms INTEGER, is_query INTEGER, uploads INTEGER, chunk_size INTEGER, error TEXT, start_row "
    "TEXT) "
    "WITHOUT "
    "ROWID;"
    "CREATE TABLE IF NOT EXISTS sfo_bulk_batch(number INTEGER PRIMARY KEY, id TEXT UNIQUE, job TEXT, state TEXT, "
    "content_type TEXT, message TEXT, created INTEGER, modified INTEGER, processed INTEGER, failed INTEGER, total_ms "
    "INTEGER, active_ms INTEGER);"
    "CREATE INDEX IF NOT EXISTS sfo_bulk_batch_job ON sfo_bulk_batch(job);"
    "CREATE INDEX IF NOT EXISTS sfo_bulk_batch_state ON sfo_bulk_batch(state, number);"
    "CREATE TABLE IF NOT EXISTS sfo_bulk_data(number INTEGER PRIMARY KEY, owner TEXT, kind INTEGER, rows INTEGER, data "
    "BLOB);"
    "CREATE INDEX IF NOT EXISTS sfo_bulk_data_owner ON sfo_bulk_data(owner, kind, number)";

/* ---- statements ---- */
static bool sql_fault(sfo_bulk *b, sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "the data file: %s", sqlite3_errmsg(sfo_store_db(b->store)));
}

sqlite3_stmt *sfo_bulk_prepare(sfo_bulk *b, const char *sql, sfo_fault *f)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(sfo_store_db(b->store), sql, -1, &stmt, NULL) != SQLITE_OK) (void)sql_fault(b, f);
    return stmt;
}

bool sfo_bulk_step(sfo_bulk *b, sqlite3_stmt *stmt, sfo_fault *f)
{
    if (stmt == NULL) return false;
    bool fine = sqlite3_step(stmt) == SQLITE_DONE;
    if (!fine) (void)sql_fault(b, f);
    sqlite3_finalize(stmt);
    return fine;
}

static void bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

static void copy_column(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    snprintf(out, size, "%s", text != NULL ? text : "");
}

/* ---- jobs ---- */
static const char job_columns[] =
    "id, api, operation, object, external_id, content_type, concurrency, line_ending, delimiter, state, created_by, "
    "version, assignment_rule, created, modified, processed, failed, retries, total_ms, active_ms, is_query, "
    "uploads, "
    "chunk_size, error, start_row";

static void read_job(sqlite3_stmt *stmt, sfo_bulk_job *j)
{
    int i = 0;
    *j = (sfo_bulk_job){ .api = 0 };
    copy_column(stmt, i++, j->id, sizeof j->id);
    j->api = sqlite3_column_int(stmt, i++);
    copy_column(stmt, i++, j->operation, sizeof j->operation);
    copy_column(stmt, i++, j->object, sizeof j->object);
    copy_column(stmt, i++, j->external_id, sizeof j->external_id);
    copy_column(stmt, i++, j->content_type, sizeof j->content_type);
    copy_column(stmt, i++, j->concurrency, sizeof j->concurrency);
    copy_column(stmt, i++, j->line_ending, sizeof j->line_ending);
    copy_column(stmt, i++, j->delimiter, sizeof j->delimiter);
    copy_column(stmt, i++, j->state, sizeof j->state);
    copy_column(stmt, i++, j->created_by, sizeof j->created_by);
    copy_column(stmt, i++, j->version, sizeof j->version);
    copy_column(stmt, i++, j->assignment_rule, sizeof j->assignment_rule);
    j->created_ms = sqlite3_column_int64(stmt, i++);
    j->modified_ms = sqlite3_column_int64(stmt, i++);
    j->processed = sqlite3_column_int64(stmt, i++);
    j->failed = sqlite3_column_int64(stmt, i++);
    j->retries = sqlite3_column_int64(stmt, i++);
    j->total_ms = sqlite3_column_int64(stmt, i++);
    j->active_ms = sqlite3_column_int64(stmt, i++);
    j->is_query = sqlite3_column_int(stmt, i++) != 0;
    j->uploads = sqlite3_column_int(stmt, i++);
    j->chunk_size = sqlite3_column_int64(stmt, i++);
    copy_column(stmt, i++, j->error, sizeof j->error);
    copy_column(stmt, i, j->start_row, sizeof j->start_row);
}

static int64_t now_ms(void)
{
    int64_t ms = sfi_wall_ms();
    return ms - ms % 1000; /* the org's clock has whole seconds */
}

bool sfo_bulk_job_save(sfo_bulk *b, sfo_bulk_job *j, sfo_fault *f)
{
    char *sql =
        sqlite3_mprintf("INSERT OR REPLACE INTO sfo_bulk_job(%s) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,"
                        "?,?,?)",
                        job_columns);
    if (sql == NULL) return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a job");
    sfo_store_lock(b->store);
    j->modified_ms = now_ms();
    sqlite3_stmt *stmt = sfo_bulk_prepare(b, sql, f);
    sqlite3_free(sql);
    if (stmt != NULL) {
        const char *texts[] = { j->operation,   j->object,      j->external_id,    j->content_type,
                                j->concurrency, j->line_ending, j->delimiter,      j->state,
                                j->created_by,  j->version,     j->assignment_rule };
        const int64_t numbers[] = { j->created_ms, j->modified_ms, j->processed, j->failed,  j->retries,
                                    j->total_ms,   j->active_ms,   j->is_query,  j->uploads, j->chunk_size };
        int at = 1;
        bind_text(stmt, at++, j->id);
        sqlite3_bind_int(stmt, at++, j->api);
        for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) bind_text(stmt, at++, texts[i]);
        for (size_t i = 0; i < SFI_COUNT_OF(numbers); i++) sqlite3_bind_int64(stmt, at++, numbers[i]);
        bind_text(stmt, at++, j->error);
        bind_text(stmt, at, j->start_row);
    }
    bool fine = sfo_bulk_step(b, stmt, f);
    sfo_store_unlock(b->store);
    return fine;
}

/* The next id of a kind that is no object of the schema: 750 jobs, 751 batches. */
static bool next_id(sfo_bulk *b, const char *prefix, char out[19], sfo_fault *f)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    sqlite3_stmt *stmt =
        sfo_bulk_prepare(b,
                         "INSERT INTO sfo_counter(name, next) VALUES(?, 2) ON CONFLICT(name) DO UPDATE SET "
                         "next = next + 1 RETURNING next - 1",
                         f);
    if (stmt == NULL) return false;
    bind_text(stmt, 1, prefix);
    bool fine = sqlite3_step(stmt) == SQLITE_ROW;
    int64_t n = fine ? sqlite3_column_int64(stmt, 0) : 0;
    if (!fine) (void)sql_fault(b, f);
    sqlite3_finalize(stmt);
    char text[16];
    snprintf(text, sizeof text, "%s5g0000000000000", prefix); /* prefix, pod, number: 15 characters */
    text[15] = '\0';
    for (int i = 14; n > 0 && i > 5; i--, n /= 62) text[i] = digits[n % 62];
    sf_id id = sfi_id_make(sfi_str(text));
    memcpy(out, id.text, sizeof id.text);
    return fine;
}

bool sfo_bulk_job_new(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f)
{
    sfo_store_lock(b->store);
    job->created_ms = now_ms();
    bool fine = next_id(b, "750", job->id, f) && sfo_bulk_job_save(b, job, f);
    sfo_store_unlock(b->store);
    return fine;
}

/* ---- what is too old ---- */
static bool forget_old(sfo_bulk *b, sfo_fault *f)
{
    static const char *const statements[] = {
        "UPDATE sfo_bulk_job SET state = 'Aborted' WHERE state = 'Open' AND created < ?1 + 6 * 86400000",
        "DELETE FROM sfo_bulk_data WHERE owner IN (SELECT id FROM sfo_bulk_job WHERE created < ?1 UNION SELECT t.id "
        "FROM "
        "sfo_bulk_batch t JOIN sfo_bulk_job j ON j.id = t.job WHERE j.created < ?1)",
        "DELETE FROM sfo_bulk_batch WHERE job IN (SELECT id FROM sfo_bulk_job WHERE created < ?1)",
        "DELETE FROM sfo_bulk_job WHERE created < ?1",
    };
    bool fine = true;
    for (size_t i = 0; fine && i < SFI_COUNT_OF(statements); i++) {
        sqlite3_stmt *stmt = sfo_bulk_prepare(b, statements[i], f);
        if (stmt != NULL) sqlite3_bind_int64(stmt, 1, sfi_wall_ms() - SFO_BULK_LIFE_MS);
        fine = sfo_bulk_step(b, stmt, f);
    }
    return fine;
}

/* Now and then, with the store's lock held; one that fails is done the next time. */
static void forget_in_time(sfo_bulk *b)
{
    enum { EVERY_MS = 600000 };
    sfo_fault ignored = { 0 };
    if (now_ms() - b->forgot_ms < EVERY_MS) return;
    b->forgot_ms = now_ms();
    (void)forget_old(b, &ignored);
    sfo_fault_clear(&ignored);
}

bool sfo_bulk_job_get(sfo_bulk *b, const char *id, sfo_bulk_job *out, sfo_fault *f)
{
    sf_id full;
    bool found = false, fine = true;
    if (sfo_id_normalize(sfi_str(id), &full)) {
        sfo_store_lock(b->store);
        forget_in_time(b);
        char *sql = sqlite3_mprintf("SELECT %s FROM sfo_bulk_job WHERE id = ?", job_columns);
        sqlite3_stmt *stmt = sql != NULL ? sfo_bulk_prepare(b, sql, f) : NULL;
        sqlite3_free(sql);
        fine = stmt != NULL;
        if (fine) {
            bind_text(stmt, 1, full.text);
            found = sfo_store_next(b->store, stmt, &fine, f);
            if (found) read_job(stmt, out);
            sqlite3_finalize(stmt);
        }
        sfo_store_unlock(b->store);
    }
    return found || !fine ? found : sfo_fault_set(f, 404, "NOT_FOUND", "The requested resource does not exist");
}

int sfo_bulk_job_list(sfo_bulk *b, const char *after, int max, void (*fn)(void *user, const sfo_bulk_job *job),
                      void *user, sfo_fault *f)
{
    int count = -1;
    sfo_store_lock(b->store);
    forget_in_time(b);
    char *sql = sqlite3_mprintf("SELECT %s FROM sfo_bulk_job WHERE id > ? ORDER BY id LIMIT ?", job_columns);
    sqlite3_stmt *stmt = sql != NULL ? sfo_bulk_prepare(b, sql, f) : NULL;
    sqlite3_free(sql);
    if (stmt != NULL) {
        sfo_bulk_job job;
        bind_text(stmt, 1, after);
        sqlite3_bind_int(stmt, 2, max);
        bool fine = true;
        for (count = 0; sfo_store_next(b->store, stmt, &fine, f); count++) {
            read_job(stmt, &job);
            fn(user, &job);
        }
        if (!fine) count = -1;
        sqlite3_finalize(stmt);
    }
    sfo_store_unlock(b->store);
    return count;
}

bool sfo_bulk_job_delete(sfo_bulk *b, const char *id, sfo_fault *f)
{
    static const char *const statements[] = {
        "DELETE FROM sfo_bulk_data WHERE owner = ?1 OR owner IN (SELECT id FROM sfo_bulk_batch WHERE job = ?1)",
        "DELETE FROM sfo_bulk_batch WHERE job = ?1",
        "DELETE FROM sfo_bulk_job WHERE id = ?1",
    };
    if (!sfo_store_begin(b->store, f)) return false;
    bool fine = true;
    for (size_t i = 0; fine && i < SFI_COUNT_OF(statements); i++) {
        sqlite3_stmt *stmt = sfo_bulk_prepare(b, statements[i], f);
        if (stmt != NULL) bind_text(stmt, 1, id);
        fine = sfo_bulk_step(b, stmt, f);
    }
    if (fine) return sfo_store_commit(b->store, f);
    sfo_store_rollback(b->store);
    return false;
}

/* ---- batches ---- */
static const char batch_columns[] =
    "id, job, state, content_type, message, created, modified, processed, failed, total_ms, active_ms";

static void read_batch(sqlite3_stmt *stmt, sfo_bulk_batch *out)
{
    copy_column(stmt, 0, out->id, sizeof out->id);
    copy_column(stmt, 1, out->job, sizeof out->job);
    copy_column(stmt, 2, out->state, sizeof out->state);
    copy_column(stmt, 3, out->content_type, sizeof out->content_type);
    copy_column(stmt, 4, out->message, sizeof out->message);
    out->created_ms = sqlite3_column_int64(stmt, 5);
    out->modified_ms = sqlite3_column_int64(stmt, 6);
    out->processed = sqlite3_column_int64(stmt, 7);
    out->failed = sqlite3_column_int64(stmt, 8);
    out->total_ms = sqlite3_column_int64(stmt, 9);
    out->active_ms = sqlite3_column_int64(stmt, 10);
}

static bool write_batch(sfo_bulk *b, const char *sql, sfo_bulk_batch *batch, sfo_fault *f)
{
    batch->modified_ms = now_ms();
    sqlite3_stmt *stmt = sfo_bulk_prepare(b, sql, f);
    if (stmt != NULL) {
        const char *texts[] = { batch->id, batch->job, batch->state, batch->content_type, batch->message };
        const int64_t numbers[] = { batch->created_ms, batch->modified_ms, batch->processed,
                                    batch->failed,     batch->total_ms,    batch->active_ms };
        int at = 1;
        for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) bind_text(stmt, at++, texts[i]);
        for (size_t i = 0; i < SFI_COUNT_OF(numbers); i++) sqlite3_bind_int64(stmt, at++, numbers[i]);
    }
    return sfo_bulk_step(b, stmt, f);
}

bool sfo_bulk_batch_save(sfo_bulk *b, sfo_bulk_batch *batch, sfo_fault *f)
{
    sfo_store_lock(b->store);
    bool fine =
        write_batch(b,
                    "UPDATE sfo_bulk_batch SET job = ?2, state = ?3, content_type = ?4, message = ?5, created = ?6, "
                    "modified = ?7, processed = ?8, failed = ?9, total_ms = ?10, active_ms = ?11 WHERE id = ?1",
                    batch, f);
    sfo_store_unlock(b->store);
    return fine;
}

bool sfo_bulk_batch_new(sfo_bulk *b, sfo_bulk_batch *batch, sf_str data, sfo_fault *f)
{
    if (!sfo_store_begin(b->store, f)) return false;
    batch->created_ms = now_ms();
    if (batch->state[0] == '\0') snprintf(batch->state, sizeof batch->state, "Queued");
    bool fine =
        (batch->id[0] != '\0' || next_id(b, "751", batch->id, f)) &&
        write_batch(b,
                    "INSERT INTO sfo_bulk_batch(id, job, state, content_type, message, created, modified, processed, "
                    "failed, total_ms, active_ms) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
                    batch, f) &&
        (data.ptr == NULL || sfo_bulk_data_add(b, batch->id, SFO_BULK_UPLOAD, data, 0, f));
    if (fine) return sfo_store_commit(b->store, f);
    sfo_store_rollback(b->store);
    return false;
}

bool sfo_bulk_batch_get(sfo_bulk *b, const char *job, const char *id, sfo_bulk_batch *out, sfo_fault *f)
{
    sf_id full;
    bool found = false;
    if (!sfo_id_normalize(sfi_str(id), &full)) full.text[0] = '\0';
    sfo_store_lock(b->store);
    char *sql = sqlite3_mprintf("SELECT %s FROM sfo_bulk_batch WHERE id = ? AND job = ?", batch_columns);
    sqlite3_stmt *stmt = sql != NULL ? sfo_bulk_prepare(b, sql, f) : NULL;
    sqlite3_free(sql);
    bool fine = stmt != NULL;
    if (fine) {
        bind_text(stmt, 1, full.text);
        bind_text(stmt, 2, job);
        found = sfo_store_next(b->store, stmt, &fine, f);
        if (found) read_batch(stmt, out);
        sqlite3_finalize(stmt);
    }
    sfo_store_unlock(b->store);
    return found || !fine ? found : sfo_fault_set(f, 404, "NOT_FOUND", "The requested resource does not exist");
}

int sfo_bulk_batch_list(sfo_bulk *b, const char *job, void (*fn)(void *user, const sfo_bulk_batch *batch), void *user,
                        sfo_fault *f)
{
    int count = -1;
    sfo_store_lock(b->store);
    char *sql = sqlite3_mprintf("SELECT %s FROM sfo_bulk_batch WHERE job = ? ORDER BY number", batch_columns);
    sqlite3_stmt *stmt = sql != NULL ? sfo_bulk_prepare(b, sql, f) : NULL;
    sqlite3_free(sql);
    if (stmt != NULL) {
        sfo_bulk_batch batch;
        bind_text(stmt, 1, job);
        bool fine = true;
        for (count = 0; sfo_store_next(b->store, stmt, &fine, f); count++) {
            read_batch(stmt, &batch);
            fn(user, &batch);
        }
        if (!fine) count = -1;
        sqlite3_finalize(stmt);
    }
    sfo_store_unlock(b->store);
    return count;
}

int sfo_bulk_batch_next(sfo_bulk *b, sfo_bulk_batch *out, sfo_fault *f)
{
    int found = -1;
    sfo_store_lock(b->store);
    char *sql = sqlite3_mprintf(
        "SELECT %s FROM sfo_bulk_batch WHERE state IN ('Queued', 'InProgress') ORDER BY number LIMIT 1", batch_columns);
    sqlite3_stmt *stmt = sql != NULL ? sfo_bulk_prepare(b, sql, f) : NULL;
    sqlite3_free(sql);
    if (stmt != NULL) {
        bool fine = true;
        found = sfo_store_next(b->store, stmt, &fine, f);
        if (found == 1) read_batch(stmt, out);
        if (!fine) found = -1;
        sqlite3_finalize(stmt);
    }
    sfo_store_unlock(b->store);
    return found;
}

bool sfo_bulk_job_counts(sfo_bulk *b, const char *job, sfo_bulk_counts *out, sfo_fault *f)
{
    *out = (sfo_bulk_counts){ 0 };
    sfo_store_lock(b->store);
    sqlite3_stmt *stmt =
        sfo_bulk_prepare(b,
                         "SELECT sum(state = 'Queued'), sum(state = 'InProgress'), sum(state = 'Completed'), "
                         "sum(state = 'Failed'), count(*), sum(processed), sum(failed), sum(total_ms), sum(active_ms) "
                         "FROM sfo_bulk_batch "
                         "WHERE job = ?",
                         f);
    bool fine = stmt != NULL;
    if (fine) {
        bind_text(stmt, 1, job);
        if (sfo_store_next(b->store, stmt, &fine, f))
            *out = (sfo_bulk_counts){ .queued = sqlite3_column_int64(stmt, 0),
                                      .running = sqlite3_column_int64(stmt, 1),
                                      .completed = sqlite3_column_int64(stmt, 2),
                                      .failed = sqlite3_column_int64(stmt, 3),
                                      .total = sqlite3_column_int64(stmt, 4),
                                      .processed = sqlite3_column_int64(stmt, 5),
                                      .failed_rows = sqlite3_column_int64(stmt, 6),
                                      .total_ms = sqlite3_column_int64(stmt, 7),
                                      .active_ms = sqlite3_column_int64(stmt, 8) };
        sqlite3_finalize(stmt);
    }
    sfo_store_unlock(b->store);
    return fine;
}

bool sfo_bulk_job_abort(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f)
{
    if (!sfo_store_begin(b->store, f)) return false;
    snprintf(job->state, sizeof job->state, "Aborted");
    sqlite3_stmt *stmt = sfo_bulk_prepare(
        b, "UPDATE sfo_bulk_batch SET state = 'NotProcessed' WHERE job = ? AND state IN ('Queued', 'InProgress')", f);
    if (stmt != NULL) bind_text(stmt, 1, job->id);
    if (sfo_bulk_step(b, stmt, f) && sfo_bulk_job_save(b, job, f)) return sfo_store_commit(b->store, f);
    sfo_store_rollback(b->store);
    return false;
}

bool sfo_bulk_is_aborted(sfo_bulk *b, const char *id)
{
    sfo_bulk_job job;
    return !sfo_bulk_job_get(b, id, &job, NULL) || strcmp(job.state, "Aborted") == 0;
}

/* ---- opening ---- */
/* What a data file of an older version lacks. */
static bool add_columns(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool there = sqlite3_prepare_v2(db, "SELECT start_row FROM sfo_bulk_job", -1, &stmt, NULL) == SQLITE_OK;
    sqlite3_finalize(stmt);
    return there ||
           sqlite3_exec(db, "ALTER TABLE sfo_bulk_job ADD COLUMN start_row TEXT", NULL, NULL, NULL) == SQLITE_OK;
}

sf_status sfo_bulk_tables_open(sfo_bulk *b, sf_error *err)
{
    sfo_fault fault = { 0 };
    sf_status rc = SF_OK;
    sfo_store_lock(b->store);
    if (sqlite3_exec(sfo_store_db(b->store), tables, NULL, NULL, NULL) != SQLITE_OK ||
        !add_columns(sfo_store_db(b->store)))
        rc = sfi_fail(err, SF_ERR_IO, "data file: cannot make the tables of bulk jobs: %s",
                      sqlite3_errmsg(sfo_store_db(b->store)));
    else if (!forget_old(b, &fault))
        rc = sfi_fail(err, SF_ERR_IO, "%s", fault.message != NULL ? fault.message : "data file");
    sfo_store_unlock(b->store);
    sfo_fault_clear(&fault);
    return rc;
}
