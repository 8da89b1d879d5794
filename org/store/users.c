/*
 * users.c: passwords. Only PBKDF2-HMAC-SHA256 hashes with a salt of their own are kept, in a table that no query of the
 * API reaches. See store.h.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include "store/store_internal.h"

enum { SALT_BYTES = 16, HASH_BYTES = 32, ROUNDS = 20000, PASSWORD_MAX = 16000 };

static bool make_table(sfo_store *s, sfo_fault *f)
{
    return sfo_sql_run(s, "CREATE TABLE IF NOT EXISTS sfo_password(user_id TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, "
                          "rounds INTEGER NOT NULL) WITHOUT ROWID", f);
}

static bool derive(sf_str password, const unsigned char *salt, size_t salt_len, int rounds, unsigned char out[HASH_BYTES])
{
    return password.len <= PASSWORD_MAX &&
           PKCS5_PBKDF2_HMAC(password.ptr, (int)password.len, salt, (int)salt_len, rounds, EVP_sha256(), HASH_BYTES, out) == 1;
}

static bool write_hash(sfo_store *s, const char *user_id, sf_str password, sfo_fault *f)
{
    unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
    sfi_random_bytes(salt, sizeof salt);
    if (!derive(password, salt, sizeof salt, ROUNDS, hash))
        return sfo_fault_set(f, 400, "INVALID_NEW_PASSWORD", "Your password cannot be used: it is too long.");
    sqlite3_stmt *stmt = sfo_statement_get(s, "INSERT OR REPLACE INTO sfo_password(user_id, salt, hash, rounds) VALUES(?1, ?2, ?3, ?4)", f);
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
    bool ok = make_table(s, f);
    if (ok && sfo_row_state(s, sfo_table_named(s, "User"), id.text, f) != 1) ok = sfo_fault_not_found(f);
    ok = ok && write_hash(s, id.text, password, f);
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

/* The row of the hash is compared in constant time; an unknown name costs as much as a wrong password. */
static bool check_row(sqlite3_stmt *stmt, bool found, sf_str password)
{
    static const unsigned char none[SALT_BYTES];
    unsigned char hash[HASH_BYTES];
    bool kept = found && sqlite3_column_bytes(stmt, 3) == HASH_BYTES && sqlite3_column_bytes(stmt, 2) == SALT_BYTES;
    const unsigned char *salt = kept ? sqlite3_column_blob(stmt, 2) : none;
    bool ok = derive(password, salt, SALT_BYTES, kept ? sqlite3_column_int(stmt, 4) : ROUNDS, hash);
    ok = ok && kept && CRYPTO_memcmp(hash, sqlite3_column_blob(stmt, 3), HASH_BYTES) == 0;
    sfi_wipe(hash, sizeof hash);
    return ok;
}

bool sfo_user_check_password(sfo_store *s, sf_str username, sf_str password, sf_id *user, bool *active)
{
    sfo_store_lock(s);
    bool ok = false;
    sqlite3_stmt *stmt = !make_table(s, NULL) ? NULL : sfo_statement_get(s,
        "SELECT u.Id, u.IsActive, p.salt, p.hash, p.rounds FROM User u JOIN sfo_password p ON p.user_id=u.Id WHERE u.Username=?1 AND "
        "u.Username IS NOT NULL AND u.IsDeleted=0", NULL);
    if (stmt != NULL) {
        sfo_bind_text(stmt, 1, username);
        bool found = sqlite3_step(stmt) == SQLITE_ROW;
        ok = check_row(stmt, found, password);
        if (ok) {
            (void)snprintf(user->text, sizeof user->text, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* an id */
            *active = sqlite3_column_int(stmt, 1) != 0;
        }
        sfo_statement_done(stmt);
    }
    sfo_store_unlock(s);
    return ok;
}
