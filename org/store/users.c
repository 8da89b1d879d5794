/*
 * users.c: passwords. Only PBKDF2-HMAC-SHA256 hashes with a salt of their own are kept, in a table that no query of the
 * API reaches. See store.h.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "store/store_internal.h"

enum {
    SALT_BYTES = 16,
    HASH_BYTES = 32,
    ROUNDS = 50000,
    PASSWORD_MAX = 16000,
    LENGTH_MIN = 8, /* characters, of those that people set */
    REMEMBERED = 3  /* passwords that may not come again, the one in use included */
};

bool sfo_users_open(sfo_store *s, sfo_fault *f)
{
    return sfo_sql_run(
               s,
               "CREATE TABLE IF NOT EXISTS sfo_password(user_id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT "
               "NULL, rounds INTEGER NOT NULL) WITHOUT ROWID",
               f) &&
           sfo_sql_run(s,
                       "CREATE TABLE IF NOT EXISTS sfo_password_old(number INTEGER PRIMARY KEY, user_id TEXT NOT NULL, "
                       "salt BLOB NOT NULL, hash BLOB NOT NULL, rounds INTEGER NOT NULL)",
                       f);
}

static bool derive(sf_str password, const unsigned char *salt, size_t salt_len, int rounds,
                   unsigned char out[HASH_BYTES])
{
    return password.len <= PASSWORD_MAX && PKCS5_PBKDF2_HMAC(password.ptr, (int)password.len, salt, (int)salt_len,
                                                             rounds, EVP_sha256(), HASH_BYTES, out) == 1;
}

static bool write_hash(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f)
{
    unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
    sfi_random_bytes(salt, sizeof salt);
    if (!derive(password, salt, sizeof salt, ROUNDS, hash))
        return sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD", "Your password cannot be used: it is too long.");
    sqlite3_stmt *stmt = sfo_statement_get(
        s, "INSERT OR REPLACE INTO sfo_password(user_id, salt, hash, rounds) VALUES(?1, ?2, ?3, ?4)", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, user_id);
    (void)sqlite3_bind_blob(stmt, 2, salt, sizeof salt, SQLITE_STATIC); /* the places are right */
    (void)sqlite3_bind_blob(stmt, 3, hash, sizeof hash, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 4, ROUNDS);
    bool ok = sfo_statement_run(s, stmt, f);
    sfi_wipe(hash, sizeof hash);
    return ok;
}

bool sfo_user_set_password(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f)
{
    sf_id id;
    if (!sfo_id_normalize(sfi_str(user_id), &id)) return sfo_fault_not_found(f);
    if (password.len == 0) return sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD", "Your password must not be empty.");
    if (!sfo_store_begin(s, f)) return false;
    bool ok = true;
    if (sfo_row_state(s, sfo_table_named(s, "User"), id.text, f) != 1) ok = sfo_fault_not_found(f);
    ok = ok && write_hash(s, id.text, password, f);
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

/* ---- what people set keeps the rules that an org has at first ---- */

static bool check_rules(sf_str password, sf_str username, sfo_fault *f)
{
    bool has_letter = false, has_digit = false;
    for (size_t i = 0; i < password.len; i++) {
        unsigned char c = (unsigned char)password.ptr[i];
        int lower = sfi_ascii_lower(c);
        has_letter = has_letter || (lower >= 'a' && lower <= 'z') || c >= 0x80;
        has_digit = has_digit || (c >= '0' && c <= '9');
    }
    if (sfo_utf16_length(password) < LENGTH_MIN)
        return sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD", "Your password must be at least %d characters long.",
                             LENGTH_MIN);
    if (!has_letter || !has_digit)
        return sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD", "Your password must have a mix of letters and numbers.");
    for (size_t i = 0; username.len > 0 && i + username.len <= password.len; i++)
        if (sfo_text_compare((sf_str){ password.ptr + i, username.len }, username) == 0)
            return sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD",
                                 "Your password cannot equal or contain your user name.");
    return true;
}

/* Is it the one in use, or one of those before it? */
static bool check_history(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f)
{
    unsigned char hash[HASH_BYTES];
    bool repeated = false;
    sqlite3_stmt *stmt = sfo_statement_get(
        s,
        "SELECT salt, hash, rounds FROM sfo_password WHERE user_id=?1 UNION ALL SELECT salt, hash, rounds FROM (SELECT "
        "* FROM sfo_password_old WHERE user_id=?1 ORDER BY number DESC LIMIT ?2)",
        f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, user_id);
    (void)sqlite3_bind_int(stmt, 2, REMEMBERED - 1); /* the place is right */
    while (!repeated && sqlite3_step(stmt) == SQLITE_ROW)
        repeated = sqlite3_column_bytes(stmt, 1) == HASH_BYTES &&
                   derive(password, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0),
                          sqlite3_column_int(stmt, 2), hash) &&
                   CRYPTO_memcmp(hash, sqlite3_column_blob(stmt, 1), HASH_BYTES) == 0;
    sfo_statement_done(stmt);
    sfi_wipe(hash, sizeof hash);
    return !repeated || sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD", "invalid repeated password");
}

/* The password in use becomes an old one; those that are no longer looked at go. */
static bool remember(sfo_store *s, const char *user_id, sfo_fault *f)
{
    static const char *const sql[] = {
        "INSERT INTO sfo_password_old(user_id, salt, hash, rounds) SELECT user_id, salt, hash, rounds FROM "
        "sfo_password WHERE user_id=?1",
        "DELETE FROM sfo_password_old WHERE user_id=?1 AND number NOT IN (SELECT number FROM sfo_password_old WHERE "
        "user_id=?1 ORDER BY number DESC LIMIT 2)",
    };
    _Static_assert(REMEMBERED == 3, "the statement above keeps one less");
    for (size_t i = 0; i < SFI_COUNT_OF(sql); i++) {
        sqlite3_stmt *stmt = sfo_statement_get(s, sql[i], f);
        if (stmt == NULL) return false;
        sfo_bind_id(stmt, 1, user_id);
        if (!sfo_statement_run(s, stmt, f)) return false;
    }
    return true;
}

static bool check_new(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f)
{
    char username[256] = "";
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT Username FROM User WHERE Id=?1 AND IsDeleted=0", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, user_id);
    bool found = sqlite3_step(stmt) == SQLITE_ROW;
    const char *text = found ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (text != NULL) (void)snprintf(username, sizeof username, "%s", text); /* 80 characters */
    sfo_statement_done(stmt);
    if (!found) return sfo_fault_not_found(f);
    return check_rules(password, sfi_str(username), f) && check_history(s, user_id, password, f);
}

bool sfo_user_change_password(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f)
{
    sf_id id;
    if (!sfo_id_normalize(sfi_str(user_id), &id)) return sfo_fault_not_found(f);
    if (!sfo_store_begin(s, f)) return false;
    if (check_new(s, id.text, password, f) && remember(s, id.text, f) && write_hash(s, id.text, password, f))
        return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

bool sfo_user_name(sfo_store *s, const char *id, char out[SFO_USERNAME_SIZE])
{
    sfo_store_lock(s);
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT Username FROM User WHERE Id=?1", NULL);
    if (stmt != NULL) sfo_bind_id(stmt, 1, id);
    const char *text =
        stmt != NULL && sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    if (text != NULL) (void)snprintf(out, SFO_USERNAME_SIZE, "%s", text); /* 80 characters */
    if (stmt != NULL) sfo_statement_done(stmt);
    sfo_store_unlock(s);
    return text != NULL;
}

typedef struct kept_hash {
    bool found, active;
    int rounds;
    sf_id user;
    unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
} kept_hash;

static void find_hash(sfo_store *s, sf_str username, kept_hash *out)
{
    sqlite3_stmt *stmt = sfo_statement_get(s,
                                           "SELECT u.Id, u.IsActive, p.salt, p.hash, p.rounds FROM User u JOIN "
                                           "sfo_password p ON p.user_id=u.Id WHERE u.Username=?1 AND "
                                           "u.Username IS NOT NULL AND u.IsDeleted=0",
                                           NULL);
    if (stmt == NULL) return;
    sfo_bind_text(stmt, 1, username);
    if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 2) == SALT_BYTES &&
        sqlite3_column_bytes(stmt, 3) == HASH_BYTES) {
        *out = (kept_hash){ .found = true,
                            .active = sqlite3_column_int(stmt, 1) != 0,
                            .rounds = sqlite3_column_int(stmt, 4) };
        (void)snprintf(out->user.text, sizeof out->user.text, "%s",
                       (const char *)sqlite3_column_text(stmt, 0)); /* an id */
        memcpy(out->salt, sqlite3_column_blob(stmt, 2), SALT_BYTES);
        memcpy(out->hash, sqlite3_column_blob(stmt, 3), HASH_BYTES);
    }
    sfo_statement_done(stmt);
}

/* An unknown name costs as much time as a wrong password, and others need not wait for either: the lock is not held. */
bool sfo_user_check_password(sfo_store *s, sf_str username, sf_str password, sf_id *user, bool *active)
{
    kept_hash kept = { .rounds = ROUNDS };
    unsigned char hash[HASH_BYTES];
    sfo_store_lock(s);
    find_hash(s, username, &kept);
    sfo_store_unlock(s);
    bool ok = derive(password, kept.salt, SALT_BYTES, kept.rounds, hash);
    ok = ok && kept.found && CRYPTO_memcmp(hash, kept.hash, HASH_BYTES) == 0;
    sfi_wipe(hash, sizeof hash);
    sfi_wipe(kept.hash, sizeof kept.hash);
    *user = kept.user; /* empty: none was found */
    if (!ok) return false;
    *active = kept.active;
    return true;
}
