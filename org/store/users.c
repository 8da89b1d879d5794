/*
 * users.c: passwords. Only PBKDF2-HMAC-SHA256 hashes with a salt of their own are kept, in a table that no query of the
 * API reaches. See store.h.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "store/store_internal.h"

enum { SALT_BYTES = 16, HASH_BYTES = 32, ROUNDS = 50000, PASSWORD_MAX = 16000 };

bool sfo_users_open(sfo_store *s, sfo_fault *f)
{
    return sfo_sql_run(
        s,
        "CREATE TABLE IF NOT EXISTS sfo_password(user_id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, "
        "rounds INTEGER NOT NULL) WITHOUT ROWID",
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
    if (!ok) return false;
    *user = kept.user;
    *active = kept.active;
    return true;
}
