/* events.c: the log of events in its table, see events.h. What is too old or too much is cut off now and then, not at each
 * event. */
#include "store/events.h"
#include "store/changes.h"
#include "store/store_internal.h"
#include <openssl/sha.h>

enum {
    TRIM_EVERY = 4096, /* events between two looks at the log's length */
    HOUR_MS = 3600 * 1000,
    FIRST_REPLAY = 1000000, /* so that nobody takes ids for positions */
    GAP_MAX = 4
};

bool sfo_events_open(sfo_store *s, sfo_fault *f)
{
    s->changes.last_replay = -1;
    s->changes.limits = (sfo_event_limits){
        .kept = SFO_EVENTS_KEPT, .kept_hours = SFO_EVENTS_KEPT_HOURS, .event_bytes = 1 << 20, .changes = 100000
    };
    s->changes.is_open =
        sfo_sql_run(s,
                    "CREATE TABLE IF NOT EXISTS sfo_event(replay INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT "
                    "NULL, is_change INTEGER NOT NULL, at_ms INTEGER NOT NULL, data TEXT NOT NULL)",
                    f) &&
        sfo_sql_run(s, "CREATE INDEX IF NOT EXISTS sfo_event_topic ON sfo_event(topic, replay)", f);
    return s->changes.is_open;
}

/* ---- channels ---- */

enum { BIT_OF_CHANGES = 0 }; /* of all objects; topics have the others */

static uint64_t bit_of(const char *topic)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *topic != '\0'; topic++) hash = (hash ^ (unsigned char)*topic) * 16777619u;
    return (uint64_t)1 << (1 + (hash >> 8) % 63);
}

/* Is there such a row? sql has one place, for the name; it compares with case. */
static bool has_row(sfo_store *s, const char *sql, sf_str name)
{
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, NULL);
    if (stmt != NULL) sfo_bind_text(stmt, 1, name);
    bool found = stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW;
    if (stmt != NULL) sfo_statement_done(stmt);
    sfo_store_unlock(s);
    return found;
}

static bool find_topic(sfo_store *s, sf_str name, const char *user, sfo_channel *out)
{
    sf_str topic = name;
    if (name.len >= sizeof out->topic) return false;
    memcpy(out->topic, name.ptr, name.len);
    if (sfi_take_text(&topic, "/topic/"))
        return has_row(s, "SELECT 1 FROM PushTopic WHERE Name=?1 COLLATE BINARY AND IsActive=1 AND IsDeleted=0", topic);
    if (!sfi_starts_with(name, "/u/")) return false;
    (void)snprintf(out->personal, sizeof out->personal, "%s %s", out->topic, user); /* 18 characters */
    return has_row(s, "SELECT 1 FROM StreamingChannel WHERE Name=?1 COLLATE BINARY AND IsDeleted=0", name);
}

static bool find_channel(sfo_store *s, sf_str name, const char *user, sfo_channel *out)
{
    sf_str topic = name;
    *out = (sfo_channel){ .topic = "" };
    bool is_change = sfi_take_text(&topic, "/data/");
    if (!is_change && !sfi_take_text(&topic, "/event/")) return find_topic(s, name, user, out);
    if (topic.len == 0 || name.len >= sizeof out->topic) return false;
    if (sfo_own_channel_find(s, name) != NULL) {
        memcpy(out->topic, name.ptr, name.len);
        return true;
    }
    if (is_change && sfi_str_is(topic, "ChangeEvents")) return true;
    memcpy(out->topic, topic.ptr, topic.len);
    for (size_t i = 0; i < sfo_schema_count(s->schema); i++) {
        const sfo_object *o = sfo_schema_at(s->schema, i);
        const char *known = is_change ? o->change_event : o->is_event ? o->name : NULL;
        if (known != NULL && strcmp(known, out->topic) == 0)
            return !is_change || sfo_change_is_selected(s, sfo_table_of(s, o));
    }
    return false;
}

bool sfo_channel_find(sfo_store *s, sf_str name, const char *user, sfo_channel *out)
{
    if (!find_channel(s, name, user, out)) return false;
    out->bits = out->topic[0] != '\0' ? bit_of(out->topic) : (uint64_t)1 << BIT_OF_CHANGES;
    if (out->personal[0] != '\0') out->bits |= bit_of(out->personal);
    return true;
}

/* ---- writing ---- */

int64_t sfo_events_last(sfo_store *s, sfo_fault *f)
{
    sfo_store_lock(s);
    if (s->changes.last_replay < 0) {
        sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT seq FROM sqlite_sequence WHERE name='sfo_event'", f);
        int rc = stmt != NULL ? sqlite3_step(stmt) : SQLITE_ERROR;
        if (rc == SQLITE_ROW) s->changes.last_replay = sqlite3_column_int64(stmt, 0);
        if (rc == SQLITE_DONE) s->changes.last_replay = FIRST_REPLAY;
        if (stmt != NULL && rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
        if (stmt != NULL) sfo_statement_done(stmt);
    }
    int64_t last = s->changes.last_replay;
    sfo_store_unlock(s);
    return last;
}

/* The first column of the only row that a statement gives; none when there is no row. topic: bound to ?2 where there is one. */
static bool ask_number(sfo_store *s, const char *sql, int64_t bound, const char *topic, int64_t none, int64_t *out,
                       sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    int places = sqlite3_bind_parameter_count(stmt);
    if (places > 0) (void)sqlite3_bind_int64(stmt, 1, bound); /* the places are right */
    if (places > 1) sfo_bind_text(stmt, 2, sfi_str(topic));
    int rc = sqlite3_step(stmt);
    *out = rc == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : none;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

static bool cut(sfo_store *s, const char *sql, int64_t bound, const char *topic, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    (void)sqlite3_bind_int64(stmt, 1, bound); /* the places are right */
    if (topic != NULL) sfo_bind_text(stmt, 2, sfi_str(topic));
    return sfo_statement_run(s, stmt, f);
}

/* What the org raises itself has room of its own: many logins must not push out what others wait for. *count: those that
 * stay. All by the index. */
static bool trim_own(sfo_store *s, int64_t *count, sfo_fault *f)
{
    *count = 0;
    for (size_t i = 0; i < s->table_count; i++) {
        const sfo_object *o = s->tables[i].object;
        int64_t own = 0, from = 0;
        if (!o->is_event || o->custom) continue;
        if (!ask_number(s, "SELECT count(*) FROM sfo_event WHERE ?1=0 AND topic=?2", 0, o->name, 0, &own, f))
            return false;
        if (own > SFO_EVENTS_KEPT_OWN) {
            if (!ask_number(s, "SELECT replay FROM sfo_event WHERE topic=?2 ORDER BY replay LIMIT 1 OFFSET ?1",
                            own - SFO_EVENTS_KEPT_OWN, o->name, 0, &from, f) ||
                !cut(s, "DELETE FROM sfo_event WHERE replay<?1 AND topic=?2", from, o->name, f))
                return false;
            own = SFO_EVENTS_KEPT_OWN;
        }
        *count += own;
    }
    return true;
}

/* Events are as old as their place in the log: only those that go are read, and the index is counted. */
static bool trim(sfo_store *s, sfo_fault *f)
{
    int64_t count, own, from = 0, young = 0, now = sfi_wall_ms(), kept = s->changes.limits.kept;
    s->changes.since_trim = 0;
    if (!trim_own(s, &own, f) || !ask_number(s, "SELECT count(*) FROM sfo_event", 0, NULL, 0, &count, f) ||
        !ask_number(s, "SELECT replay FROM sfo_event WHERE at_ms>=?1 ORDER BY replay LIMIT 1",
                    now - s->changes.limits.kept_hours * HOUR_MS, NULL, 0, &young, f))
        return false;
    if (count - own > kept &&
        !ask_number(s, "SELECT replay FROM sfo_event WHERE is_change<2 ORDER BY replay LIMIT 1 OFFSET ?1",
                    count - own - kept, NULL, 0, &from, f))
        return false;
    return cut(s, "DELETE FROM sfo_event WHERE replay<?1", young, NULL, f) &&
           cut(s, "DELETE FROM sfo_event WHERE replay<?1 AND is_change<2", from, NULL, f) &&
           cut(s,
               "DELETE FROM sfo_event WHERE at_ms<?1 AND ((topic>='/topic/' AND topic<'/topic0') OR "
               "(topic>='/u/' AND topic<'/u0'))",
               now - (int64_t)SFO_EVENTS_KEPT_HOURS_TOPIC * HOUR_MS, NULL, f); /* by the index */
}

bool sfo_event_append(sfo_store *s, const char *topic, sfo_event_kind kind, sf_str head, const char *tail, sfo_fault *f)
{
    int64_t last = sfo_events_last(s, f);
    sfi_buf data = { 0 };
    if (last < 0) return false;
    int64_t replay = last + 1 + (int64_t)((uint64_t)last * 2654435761u % GAP_MAX);
    (void)sfi_buf_add(&data, head.ptr, head.len); /* checked below */
    (void)sfi_buf_addf(&data, "%lld%s", (long long)replay, tail);
    sqlite3_stmt *stmt =
        data.failed ? NULL
                    : sfo_statement_get(
                          s, "INSERT INTO sfo_event(replay, topic, is_change, at_ms, data) VALUES(?1,?2,?3,?4,?5)", f);
    bool ok = stmt != NULL;
    if (data.failed) (void)sfo_fault_memory(f);
    if (ok) {
        (void)sqlite3_bind_int64(stmt, 1, replay); /* the places are right */
        sfo_bind_text(stmt, 2, sfi_str(topic));
        (void)sqlite3_bind_int(stmt, 3, (int)kind);
        (void)sqlite3_bind_int64(stmt, 4, sfi_wall_ms());
        sfo_bind_text(stmt, 5, sfi_buf_str(&data));
        ok = sfo_statement_run(s, stmt, f);
    }
    sfi_buf_free(&data);
    if (ok) s->changes.last_replay = replay;
    s->changes.told_bits |= bit_of(topic) | (kind == SFO_EVENT_CHANGE ? (uint64_t)1 << BIT_OF_CHANGES : 0);
    if (ok && ++s->changes.since_trim >= TRIM_EVERY) ok = trim(s, f);
    return ok;
}

/* ---- reading ---- */

bool sfo_event_is_kept(sfo_store *s, int64_t replay)
{
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT 1 FROM sfo_event WHERE replay=?1", NULL);
    if (stmt != NULL) (void)sqlite3_bind_int64(stmt, 1, replay); /* the place is right */
    bool kept = stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW;
    if (stmt != NULL) sfo_statement_done(stmt);
    sfo_store_unlock(s);
    return kept;
}

/* Each is answered from an index in its own order, also the two topics together: nothing behind the events that are taken is
 * looked at. */
static const char *const read_sql[] = {
    "SELECT replay, data FROM sfo_event WHERE replay>?1 AND is_change=1 ORDER BY replay",
    "SELECT replay, data FROM sfo_event WHERE topic=?2 AND replay>?1 ORDER BY replay",
    "SELECT replay, data FROM sfo_event WHERE topic=?2 AND replay>?1 UNION ALL SELECT replay, data FROM sfo_event "
    "WHERE "
    "topic=?3 AND replay>?1 ORDER BY replay",
};

bool sfo_events_read(sfo_store *s, const sfo_channel *channel, int64_t after,
                     bool (*fn)(void *user, int64_t replay, sf_str data), void *user, int64_t *end, sfo_fault *f)
{
    int topics = channel->topic[0] == '\0' ? 0 : channel->personal[0] == '\0' ? 1 : 2;
    *end = 0;
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, read_sql[topics], f);
    bool ok = stmt != NULL;
    int rc = SQLITE_DONE;
    if (ok) (void)sqlite3_bind_int64(stmt, 1, after); /* the places are right */
    if (ok && topics > 0) sfo_bind_text(stmt, 2, sfi_str(channel->topic));
    if (ok && topics > 1) sfo_bind_text(stmt, 3, sfi_str(channel->personal));
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        if (!fn(user, sqlite3_column_int64(stmt, 0),
                (sf_str){ (const char *)sqlite3_column_text(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1) }))
            break;
    if (ok && rc != SQLITE_ROW && rc != SQLITE_DONE) ok = sfo_fault_sql(s, f);
    if (stmt != NULL) sfo_statement_done(stmt);
    if (ok && rc == SQLITE_DONE) {
        *end = sfo_events_last(s, f);
        ok = *end >= 0;
    }
    sfo_store_unlock(s);
    return ok;
}

bool sfo_events_set_limits(sfo_store *s, const sfo_event_limits *limits, sfo_fault *f)
{
    sfo_store_lock(s);
    sfo_event_limits *l = &s->changes.limits;
    if (limits->kept > 0) l->kept = limits->kept;
    if (limits->kept_hours > 0) l->kept_hours = limits->kept_hours;
    if (limits->event_bytes > 0) l->event_bytes = limits->event_bytes;
    if (limits->changes > 0) l->changes = limits->changes;
    bool ok = trim(s, f);
    sfo_store_unlock(s);
    return ok;
}

bool sfo_events_clear(sfo_store *s, int64_t *removed, sfo_fault *f)
{
    sfo_store_lock(s);
    bool ok = sfo_sql_run(s, "DELETE FROM sfo_event", f);
    if (ok) *removed = sqlite3_changes(s->db);
    sfo_store_unlock(s);
    return ok;
}

void sfo_store_on_events(sfo_store *s, void (*fn)(void *user, uint64_t bits), void *user)
{
    sfo_store_lock(s);
    s->changes.told = fn;
    s->changes.told_user = user;
    sfo_store_unlock(s);
}

void sfo_event_uuid(const char *id, char out[37])
{
    unsigned char h[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)id, strlen(id), h);
    (void)snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%x%01x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1], h[2],
                   h[3], h[4], h[5], h[6] & 15, h[7], 8 + (h[8] & 3), h[9] & 15, h[10], h[11], h[12], h[13], h[14],
                   h[15], h[16]); /* a random UUID's form */
}
