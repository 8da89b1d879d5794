/* limits.c: what bulk jobs may take in 24 hours: batches (of both APIs; a job of 2.0 has one for each 10,000 rows) and query jobs
 * of 2.0. Counted in the tables, so that it outlives the process; a job that is deleted gives back what it took. */
#include "bulk/bulk_internal.h"

static bool count(sfo_bulk *b, const char *sql, int64_t *out, sfo_fault *f)
{
    bool fine = true;
    sqlite3_stmt *stmt = sfo_bulk_prepare(b, sql, f);
    if (stmt == NULL) return false;
    sqlite3_bind_int64(stmt, 1, sfi_wall_ms() - 86400000);
    if (sfo_store_next(b->store, stmt, &fine, f)) *out = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return fine;
}

bool sfo_bulk_left_get(sfo_bulk *b, sfo_bulk_left *out, sfo_fault *f)
{
    int64_t batches = 0, jobs = 0;
    sfo_store_lock(b->store);
    bool fine = count(b,
                      "SELECT coalesce(sum(max(1, (t.processed + 9999) / 10000)), 0) FROM sfo_bulk_batch t JOIN "
                      "sfo_bulk_job j ON j.id = t.job WHERE t.created >= ?1 AND NOT (j.api = 2 AND j.is_query)",
                      &batches, f) &&
                count(b, "SELECT count(*) FROM sfo_bulk_job WHERE api = 2 AND is_query AND created >= ?1", &jobs, f);
    sfo_store_unlock(b->store);
    *out = (sfo_bulk_left){ .batches_max = b->options.batches_max, .query_jobs_max = b->options.query_jobs_max };
    out->batches = out->batches_max - batches;
    out->query_jobs = out->query_jobs_max - jobs;
    return fine;
}

bool sfo_bulk_has_left(sfo_bulk *b, bool is_query_job, sfo_fault *f)
{
    sfo_bulk_left left;
    if (!sfo_bulk_left_get(b, &left, f)) return false;
    if (is_query_job ? left.query_jobs > 0 : left.batches > 0) return true;
    return sfo_fault_set(f, 403, "EXCEEDEDQUOTA", "ExceededQuota : %s Limit exceeded.",
                         is_query_job ? "DailyBulkV2QueryJobs" : "ApiBatchItems");
}
