/* rest_replication.c: /sobjects/{O}/deleted and /updated: which rows changed between two times. The answer's
 * latestDateCovered is where the next call begins, so no change is missed between two calls. */
#include "api/rest.h"

enum { DAY_MS = 86400000, RANGE_DAYS = 30, MINUTE_MS = 60000 };

typedef struct span {
    int64_t start_ms, end_ms; /* whole minutes, as the org takes them */
} span;

static bool read_time(sfo_call *call, const char *name, int64_t *out)
{
    char kind = 0;
    sf_str text = sfo_params_get(&call->query, name);
    if (text.ptr == NULL || !sfi_time_parse(text, out, &kind) || kind != 'D') {
        sfo_answer_error(call, 400, "INVALID_REPLICATION_DATE",
                         "Parameter %s is not a date and time such as 2024-11-01T00:00:00Z", name);
        return false;
    }
    *out -= *out % MINUTE_MS;
    return true;
}

/* false: the response says what is wrong. */
static bool read_span(sfo_call *call, span *out)
{
    if (!read_time(call, "start", &out->start_ms) || !read_time(call, "end", &out->end_ms)) return false;
    const char *wrong = NULL;
    if (out->end_ms - out->start_ms < MINUTE_MS)
        wrong = "endDate must be at least one minute after startDate";
    else if (out->start_ms < sfi_wall_ms() - (int64_t)RANGE_DAYS * DAY_MS)
        wrong = "startDate before org replication enabled date or more than 30 days ago";
    if (wrong != NULL) sfo_answer_error(call, 400, "INVALID_REPLICATION_DATE", "%s", wrong);
    return wrong == NULL;
}

static void member_time(sfi_json_writer *w, const char *name, int64_t ms)
{
    char text[32];
    sfi_time_format(ms, text);
    memcpy(text + 23, "+0000", 6); /* the org writes no Z here */
    sfi_json_key(w, name);
    sfi_json_string(w, text);
}

/* The rows in question, as Id and time, oldest first. NULL: the response says why not. The store's lock is held. */
static sqlite3_stmt *select_rows(sfo_call *call, const sfo_object *o, bool deleted, const span *s)
{
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT Id, SystemModstamp FROM \"%w\" WHERE IsDeleted = %d AND SystemModstamp >= ? AND SystemModstamp < ?"
        " ORDER BY SystemModstamp, Id",
        o->name, deleted);
    bool ok = sql != NULL && sqlite3_prepare_v2(sfo_store_db(call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_bind_int64(stmt, 1, s->start_ms) == SQLITE_OK &&
              sqlite3_bind_int64(stmt, 2, s->end_ms) == SQLITE_OK;
    sqlite3_free(sql);
    if (ok) return stmt;
    sqlite3_finalize(stmt);
    sfo_answer_error(call, 500, "UNKNOWN_EXCEPTION", "cannot look for changed rows of %s", o->name);
    return NULL;
}

static void answer_changes(sfo_call *call, bool deleted)
{
    span s;
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || !read_span(call, &s)) return;
    if (!o->replicateable || sfo_object_field(o, SFI_STR("IsDeleted")) == NULL ||
        sfo_object_field(o, SFI_STR("SystemModstamp")) == NULL) {
        sfo_answer_error(call, 400, "INVALID_TYPE_FOR_OPERATION", "%s is not replicable", o->name);
        return;
    }
    sfo_store_lock(call->org->store);
    sqlite3_stmt *stmt = select_rows(call, o, deleted, &s);
    if (stmt != NULL) {
        sfi_json_writer w = sfo_answer_json(call, 200);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, deleted ? "deletedRecords" : "ids");
        sfi_json_begin_array(&w);
        while (sqlite3_step(stmt) == SQLITE_ROW) {
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
        if (deleted) member_time(&w, "earliestDateAvailable", call->org->metadata_modified_ms);
        int64_t now = sfi_wall_ms();
        int64_t covered = s.end_ms < now ? s.end_ms : now - now % MINUTE_MS; /* what is still to come is not covered */
        member_time(&w, "latestDateCovered", covered);
        sfi_json_end_object(&w);
        sqlite3_finalize(stmt);
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
