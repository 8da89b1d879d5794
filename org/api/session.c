/* session.c: see session.h. A table in memory answers; the data file follows at every change but the times of use,
 * which are written at the end and cost nothing when they are lost. */
#include "api/session.h"
#include <openssl/sha.h>
#include <pthread.h>
#include "api/settings.h"

enum { SECRET_LEN = 96, REFRESH_LEN = 82, FIRST_CAP = 64 };

typedef struct token {
    uint8_t hash[SHA256_DIGEST_LENGTH];
    bool is_refresh;
    bool spent; /* a refresh token that was rotated out: its return kills the family */
    sf_id user;
    int64_t family, issued_ms, used_ms, requests;
} token;

struct sfo_sessions {
    sfo_store *store;
    int64_t timeout_ms;
    pthread_mutex_t lock; /* guards the rest; the store's lock is taken inside it, never the other way */
    token *tokens;
    size_t count, cap;
    int64_t next_family;
    bool loaded;                           /* what the data file has is here, so it may be written back */
    sqlite3_stmt *keep_stmt, *forget_stmt; /* made when first needed; used with the store's lock */
};

static void hash_of(sf_str text, uint8_t out[SHA256_DIGEST_LENGTH])
{
    SHA256((const unsigned char *)text.ptr, text.len, out);
}

/* ---- the data file ---- */
static bool run(sfo_store *store, sqlite3_stmt **kept, const char *sql, const token *t)
{
    sfo_store_lock(store);
    bool ok = *kept != NULL || sqlite3_prepare_v2(sfo_store_db(store), sql, -1, kept, NULL) == SQLITE_OK;
    sqlite3_stmt *stmt = *kept;
    int known = ok ? sqlite3_bind_parameter_count(stmt) : 0;
    if (known >= 1) ok = sqlite3_bind_blob(stmt, 1, t->hash, sizeof t->hash, SQLITE_STATIC) == SQLITE_OK && ok;
    if (known >= 2) ok = sqlite3_bind_int(stmt, 2, t->is_refresh) == SQLITE_OK && ok;
    if (known >= 3) ok = sqlite3_bind_int(stmt, 3, t->spent) == SQLITE_OK && ok;
    if (known >= 4) ok = sqlite3_bind_text(stmt, 4, t->user.text, -1, SQLITE_STATIC) == SQLITE_OK && ok;
    if (known >= 5) ok = sqlite3_bind_int64(stmt, 5, t->family) == SQLITE_OK && ok;
    if (known >= 6) ok = sqlite3_bind_int64(stmt, 6, t->issued_ms) == SQLITE_OK && ok;
    if (known >= 7) ok = sqlite3_bind_int64(stmt, 7, t->used_ms) == SQLITE_OK && ok;
    ok = ok && sqlite3_step(stmt) == SQLITE_DONE;
    if (stmt != NULL) {
        (void)sqlite3_reset(stmt); /* repeats the error of the step, which was seen */
        (void)sqlite3_clear_bindings(stmt);
    }
    sfo_store_unlock(store);
    return ok;
}

static bool keep(sfo_sessions *s, const token *t)
{
    return run(s->store, &s->keep_stmt,
               "INSERT OR REPLACE INTO sfo_token (hash, is_refresh, spent, user_id, family, issued_ms, used_ms)"
               " VALUES (?, ?, ?, ?, ?, ?, ?)",
               t);
}

static void forget(sfo_sessions *s, const token *t)
{
    (void)run(s->store, &s->forget_stmt, "DELETE FROM sfo_token WHERE hash = ?",
              t); /* a row too many dies of age at the next start */
}

/* ---- the table in memory; all with the lock held ---- */
static bool is_dead(const sfo_sessions *s, const token *t, int64_t now)
{
    return !t->is_refresh && now - t->used_ms > s->timeout_ms;
}

static token *lookup(sfo_sessions *s, sf_str text)
{
    if (text.len == 0) return NULL;
    uint8_t hash[SHA256_DIGEST_LENGTH];
    hash_of(text, hash);
    for (size_t i = 0; i < s->count; i++)
        if (memcmp(s->tokens[i].hash, hash, sizeof hash) == 0) return &s->tokens[i];
    return NULL;
}

static void drop(sfo_sessions *s, token *t)
{
    forget(s, t);
    *t = s->tokens[--s->count];
}

/* Room for one more: dead ones go first, then the one unused for longest. */
static bool make_room(sfo_sessions *s, int64_t now)
{
    if (s->count < s->cap) return true;
    for (size_t i = 0; i < s->count;)
        if (is_dead(s, &s->tokens[i], now))
            drop(s, &s->tokens[i]);
        else
            i++;
    if (s->count < s->cap) return true;
    if (s->cap == SFO_TOKENS_MAX) {
        token *oldest = s->tokens;
        for (size_t i = 1; i < s->count; i++)
            if (s->tokens[i].used_ms < oldest->used_ms) oldest = &s->tokens[i];
        drop(s, oldest);
        return true;
    }
    size_t cap = s->cap == 0 ? FIRST_CAP : s->cap * 2 > SFO_TOKENS_MAX ? SFO_TOKENS_MAX : s->cap * 2;
    token *tokens = sfi_realloc(s->tokens, cap * sizeof *tokens);
    if (tokens == NULL) return false;
    s->tokens = tokens;
    s->cap = cap;
    return true;
}

static bool add(sfo_sessions *s, const char *text, bool is_refresh, const char *user_id, int64_t family)
{
    int64_t now = sfi_wall_ms();
    token t = { .is_refresh = is_refresh, .family = family, .issued_ms = now, .used_ms = now };
    snprintf(t.user.text, sizeof t.user.text, "%s", user_id);
    hash_of(sfi_str(text), t.hash);
    if (!make_room(s, now) || !keep(s, &t)) return false;
    s->tokens[s->count++] = t;
    return true;
}

static void kill_family(sfo_sessions *s, int64_t family)
{
    for (size_t i = 0; i < s->count;)
        if (s->tokens[i].family == family)
            drop(s, &s->tokens[i]);
        else
            i++;
}

static void describe(const sfo_sessions *s, const token *t, sfo_session_facts *facts)
{
    if (facts == NULL) return;
    *facts = (sfo_session_facts){
        .user = t->user,
        .family = t->family,
        .issued_ms = t->issued_ms,
        .requests = t->requests,
        .expires_ms = t->is_refresh ? 0 : t->used_ms + s->timeout_ms,
        .is_refresh = t->is_refresh,
    };
}

/* ---- access tokens ---- */
bool sfo_session_open(sfo_sessions *s, const char *user_id, int64_t family, char text[SFO_TOKEN_SIZE])
{
    char secret[SECRET_LEN + 1];
    sfo_random_text(secret, SECRET_LEN);
    snprintf(text, SFO_TOKEN_SIZE, "%.15s!%s", sfo_store_org_id(s->store), secret);
    pthread_mutex_lock(&s->lock);
    bool ok = add(s, text, false, user_id, family);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool sfo_session_use(sfo_sessions *s, sf_str text, sfo_session_facts *facts)
{
    int64_t now = sfi_wall_ms();
    pthread_mutex_lock(&s->lock);
    token *t = lookup(s, text);
    bool ok = t != NULL && !t->is_refresh;
    if (ok && is_dead(s, t, now)) {
        drop(s, t);
        ok = false;
    }
    if (ok) {
        t->requests++;
        if (now - t->used_ms > s->timeout_ms / 2) t->used_ms = now; /* only the second half of the window prolongs */
        describe(s, t, facts);
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool sfo_session_peek(sfo_sessions *s, sf_str text, sfo_session_facts *facts)
{
    pthread_mutex_lock(&s->lock);
    token *t = lookup(s, text);
    bool ok = t != NULL && !t->spent && !is_dead(s, t, sfi_wall_ms());
    if (ok) describe(s, t, facts);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool sfo_session_revoke(sfo_sessions *s, sf_str text)
{
    pthread_mutex_lock(&s->lock);
    token *t = lookup(s, text);
    bool ok = t != NULL && !t->spent && !is_dead(s, t, sfi_wall_ms());
    if (ok && t->is_refresh)
        kill_family(s, t->family);
    else if (ok)
        drop(s, t);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static size_t drop_kind(sfo_sessions *s, bool refresh)
{
    size_t dropped = 0;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count;) { /* each round drops at least one, or moves on */
        token *t = &s->tokens[i];
        if (t->is_refresh != refresh) {
            i++;
        } else if (!refresh) {
            drop(s, t);
            dropped++;
        } else {
            dropped += !t->spent;
            kill_family(s, t->family);
            i = 0;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return dropped;
}

size_t sfo_sessions_expire_all(sfo_sessions *s)
{
    return drop_kind(s, false);
}

size_t sfo_sessions_revoke_refresh(sfo_sessions *s)
{
    return drop_kind(s, true);
}

/* ---- refresh tokens ---- */
static void make_refresh_text(char text[SFO_TOKEN_SIZE])
{
    memcpy(text, "5Aep861", 7);
    sfo_random_text(text + 7, REFRESH_LEN);
}

/* A sixth approval revokes the oldest. */
static void limit_approvals(sfo_sessions *s, const char *user_id)
{
    for (;;) { /* each round ends a family */
        const token *oldest = NULL;
        size_t held = 0;
        for (size_t i = 0; i < s->count; i++) {
            const token *t = &s->tokens[i];
            if (!t->is_refresh || t->spent || strcmp(t->user.text, user_id) != 0) continue;
            held++;
            if (oldest == NULL || t->family < oldest->family) oldest = t;
        }
        if (held <= SFO_APPROVALS_MAX) return;
        kill_family(s, oldest->family);
    }
}

bool sfo_refresh_open(sfo_sessions *s, const char *user_id, char text[SFO_TOKEN_SIZE], int64_t *family)
{
    make_refresh_text(text);
    pthread_mutex_lock(&s->lock);
    *family = s->next_family++;
    bool ok = add(s, text, true, user_id, *family);
    if (ok) limit_approvals(s, user_id);
    pthread_mutex_unlock(&s->lock);
    return ok;
}

sfo_refresh sfo_refresh_use(sfo_sessions *s, sf_str text, bool rotate, char next[SFO_TOKEN_SIZE],
                            sfo_session_facts *facts)
{
    sfo_refresh result = SFO_REFRESH_UNKNOWN;
    next[0] = '\0';
    pthread_mutex_lock(&s->lock);
    token *t = lookup(s, text);
    if (t != NULL && t->is_refresh && t->spent) {
        result = SFO_REFRESH_REUSED;
        kill_family(s, t->family);
    } else if (t != NULL && t->is_refresh) {
        result = SFO_REFRESH_OK;
        t->used_ms = sfi_wall_ms();
        describe(s, t, facts);
        if (rotate) {
            t->spent = true;
            token old = *t; /* add may move the table */
            make_refresh_text(next);
            if (!keep(s, &old) || !add(s, next, true, old.user.text, old.family)) result = SFO_REFRESH_UNKNOWN;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

/* ---- life ---- */
static sf_status load(sfo_sessions *s, sf_error *err)
{
    static const char table[] =
        "CREATE TABLE IF NOT EXISTS sfo_token (hash BLOB PRIMARY KEY, is_refresh INTEGER, spent INTEGER,"
        " user_id TEXT, family INTEGER, issued_ms INTEGER, used_ms INTEGER)";
    static const char rows[] = "SELECT hash, is_refresh, spent, user_id, family, issued_ms, used_ms FROM sfo_token";
    sqlite3 *db = sfo_store_db(s->store);
    sqlite3_stmt *stmt = NULL;
    sf_status status = SF_OK;
    sfo_store_lock(s->store);
    int rc = sqlite3_exec(db, table, NULL, NULL, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_prepare_v2(db, rows, -1, &stmt, NULL);
    int64_t now = sfi_wall_ms();
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW && status == SF_OK) {
        rc = SQLITE_OK;
        token t = { .is_refresh = sqlite3_column_int(stmt, 1) != 0,
                    .spent = sqlite3_column_int(stmt, 2) != 0,
                    .family = sqlite3_column_int64(stmt, 4),
                    .issued_ms = sqlite3_column_int64(stmt, 5),
                    .used_ms = sqlite3_column_int64(stmt, 6) };
        if (sqlite3_column_bytes(stmt, 0) != sizeof t.hash) continue;
        memcpy(t.hash, sqlite3_column_blob(stmt, 0), sizeof t.hash);
        snprintf(t.user.text, sizeof t.user.text, "%s", (const char *)sqlite3_column_text(stmt, 3));
        if (t.family >= s->next_family) s->next_family = t.family + 1;
        if (is_dead(s, &t, now)) continue;
        if (make_room(s, now))
            s->tokens[s->count++] = t;
        else
            status = sfi_fail_memory(err, "sessions");
    }
    if (status == SF_OK && rc != SQLITE_DONE)
        status = sfi_fail(err, SF_ERR_IO, "data file: cannot read the sessions: %s", sqlite3_errmsg(db));
    sqlite3_finalize(stmt);
    sfo_store_unlock(s->store);
    return status;
}

sf_status sfo_sessions_new(sfo_store *store, int64_t timeout_ms, sfo_sessions **out, sf_error *err)
{
    *out = NULL;
    sfo_sessions *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "sessions");
    s->store = store;
    s->timeout_ms = timeout_ms;
    s->next_family = 1;
    pthread_mutex_init(&s->lock, NULL);
    sf_status rc = load(s, err);
    if (rc == SF_OK) {
        s->loaded = true;
        *out = s;
        s = NULL;
    }
    sfo_sessions_free(s);
    return rc;
}

static void write_back(sfo_sessions *s)
{
    sfo_store_lock(s->store);
    if (sfo_store_begin(s->store, NULL)) { /* else the times of use stay as they were: some sessions die early */
        bool ok = sqlite3_exec(sfo_store_db(s->store), "DELETE FROM sfo_token", NULL, NULL, NULL) == SQLITE_OK;
        for (size_t i = 0; ok && i < s->count; i++)
            if (!is_dead(s, &s->tokens[i], sfi_wall_ms())) ok = keep(s, &s->tokens[i]);
        if (ok)
            (void)sfo_store_commit(s->store, NULL);
        else
            sfo_store_rollback(s->store);
    }
    sfo_store_unlock(s->store);
}

void sfo_sessions_free(sfo_sessions *s)
{
    if (s == NULL) return;
    if (s->loaded) write_back(s);
    (void)sqlite3_finalize(s->keep_stmt); /* these repeat the error of the last step, which was seen */
    (void)sqlite3_finalize(s->forget_stmt);
    pthread_mutex_destroy(&s->lock);
    sfi_free(s->tokens);
    sfi_free(s);
}

int64_t sfo_sessions_timeout_ms(const sfo_sessions *s)
{
    return s->timeout_ms;
}
