/* rest_replication.c: /sobjects/{O}/deleted and /updated: which rows changed between two times. The answer's
 * latestDateCovered is where the next call begins, so no change is missed between two calls. */
#include "api/rest.h"

enum { DAY_MS = 86400000, RANGE_DAYS = 30, MINUTE_MS = 60000 };

static bool read_time(sfo_call *call, const char *name, int64_t *out)
{
    char kind = 0;
    sf_str text = sfo_params_get(&call->query, name);
    if (text.ptr == NULL || !sfi_time_parse(text, out, &kind) || kind != 'D') {
        sfo_answer_error(call, 400, "INVALID_REPLICATION_DATE",
                         "Parameter %s is not a date and time such as 2024-11-01T00:00:00Z", name);
        return false;
    }
    return true;
}

bool sfo_changes_check(const sfo_object *o, sfo_span *span, sfo_fault *f)
{
    const char *wrong = NULL;
    span->start_ms -= span->start_ms % MINUTE_MS;
    span->end_ms -= span->end_ms % MINUTE_MS;
    if (span->end_ms - span->start_ms < MINUTE_MS)
        wrong = "endDate must be at least one minute after startDate";
    else if (span->start_ms < sfi_wall_ms() - (int64_t)RANGE_DAYS * DAY_MS)
        wrong = "startDate before org replication enabled date or more than 30 days ago";
    if (wrong != NULL) return sfo_fault_set(f, 400, "INVALID_REPLICATION_DATE", "%s", wrong);
    if (o->replicateable && sfo_object_field(o, SFI_STR("IsDeleted")) != NULL &&
        sfo_object_field(o, SFI_STR("SystemModstamp")) != NULL)
        return true;
    return sfo_fault_set(f, 400, "INVALID_TYPE_FOR_OPERATION", "%s is not replicable", o->name);
}

int64_t sfo_changes_covered(const sfo_span *span)
{
    int64_t now = sfi_wall_ms();
    return span->end_ms < now ? span->end_ms : now - now % MINUTE_MS; /* what is still to come is not covered */
}

static void member_time(sfi_json_writer *w, const char *name, int64_t ms)
{
    char text[40];
    sfo_time_text(ms, text);
    sfi_json_put_string(w, name, text);
}

sqlite3_stmt *sfo_changes_select(sfo_store *store, const sfo_object *o, bool deleted, const sfo_span *span,
                                 sfo_fault *f)
{
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT Id, SystemModstamp FROM \"%w\" WHERE IsDeleted = %d AND SystemModstamp >= ? AND SystemModstamp < ?"
        " ORDER BY SystemModstamp, Id",
        o->name, deleted);
    bool ok = sql != NULL && sqlite3_prepare_v2(sfo_store_db(store), sql, -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_bind_int64(stmt, 1, span->start_ms) == SQLITE_OK &&
              sqlite3_bind_int64(stmt, 2, span->end_ms) == SQLITE_OK;
    sqlite3_free(sql);
    if (ok) return stmt;
    sqlite3_finalize(stmt);
    (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "cannot look for changed rows of %s", o->name);
    return NULL;
}

/* Deletions are known since the org began; it answers for the last 30 days. */
static int64_t earliest_ms(sfo_store *store)
{
    enum { MINUTE = 60000 };
    const int64_t kept = (int64_t)30 * 86400000;
    int64_t ms = sfi_wall_ms() - kept, began = 0;
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(sfo_store_db(store), "SELECT min(CreatedDate) FROM Organization", -1, &stmt, NULL) ==
            SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        began = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    if (began > ms) ms = began;
    return ms - ms % MINUTE;
}

static void answer_changes(sfo_call *call, bool deleted)
{
    sfo_span s;
    sfo_fault f = { 0 };
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || !read_time(call, "start", &s.start_ms) || !read_time(call, "end", &s.end_ms)) return;
    if (!sfo_changes_check(o, &s, &f)) {
        sfo_answer_fault(call, &f);
        return;
    }
    sfo_store_lock(call->org->store);
    sqlite3_stmt *stmt = sfo_changes_select(call->org->store, o, deleted, &s, &f);
    if (stmt != NULL) {
        bool fine = true;
        sfi_json_writer w = sfo_answer_json(call, 200);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, deleted ? "deletedRecords" : "ids");
        sfi_json_begin_array(&w);
        while (sfo_store_next(call->org->store, stmt, &fine, &f)) {
            const char *id = (const char *)sqlite3_column_text(stmt, 0);
            if (deleted) {
                sfi_json_begin_object(&w);
                sfi_json_key(&w, "id");
                sfi_json_string(&w, id);
                member_time(&w, "deletedDate", sqlite3_column_int64(stmt, 1));
                sfi_json_end_object(&w);
            } else {
                sfi_json_string(&w, id);
            }
        }
        sfi_json_end_array(&w);
        if (deleted) member_time(&w, "earliestDateAvailable", earliest_ms(call->org->store));
        member_time(&w, "latestDateCovered", sfo_changes_covered(&s));
        sfi_json_end_object(&w);
        sqlite3_finalize(stmt);
        if (!fine) sfo_answer_fault(call, &f); /* a list cut short would pass for all changes */
    } else {
        sfo_answer_fault(call, &f);
    }
    sfo_store_unlock(call->org->store);
}

void sfo_rest_deleted(sfo_call *call)
{
    answer_changes(call, true);
}

void sfo_rest_updated(sfo_call *call)
{
    answer_changes(call, false);
}
