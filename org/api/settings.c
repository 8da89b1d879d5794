/* settings.c: see settings.h. */
#include "api/settings.h"

static sf_status fail_sql(sfo_store *store, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "data file: %s: %s", what, sqlite3_errmsg(sfo_store_db(store)));
}

sf_status sfo_settings_open(sfo_store *store, sf_error *err)
{
    static const char sql[] = "CREATE TABLE IF NOT EXISTS sfo_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)";
    sfo_store_lock(store);
    int rc = sqlite3_exec(sfo_store_db(store), sql, NULL, NULL, NULL);
    sf_status status = rc == SQLITE_OK ? SF_OK : fail_sql(store, "cannot make the table of settings", err);
    sfo_store_unlock(store);
    return status;
}

sf_status sfo_settings_get(sfo_store *store, const char *name, char **out, sf_error *err)
{
    *out = NULL;
    sqlite3_stmt *stmt = NULL;
    sf_status status = SF_OK;
    sfo_store_lock(store);
    int rc = sqlite3_prepare_v2(sfo_store_db(store), "SELECT value FROM sfo_setting WHERE name = ?", -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *out = sfi_strdup((const char *)sqlite3_column_text(stmt, 0));
        if (*out == NULL) status = sfi_fail_memory(err, "a setting");
    } else if (rc != SQLITE_DONE) {
        status = fail_sql(store, "cannot read the settings", err);
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(store);
    return status;
}

sf_status sfo_settings_set(sfo_store *store, const char *name, const char *value, sf_error *err)
{
    static const char sql[] = "INSERT OR REPLACE INTO sfo_setting (name, value) VALUES (?, ?)";
    sqlite3_stmt *stmt = NULL;
    sfo_store_lock(store);
    int rc = sqlite3_prepare_v2(sfo_store_db(store), sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_bind_text(stmt, 2, value, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    sf_status status = rc == SQLITE_DONE ? SF_OK : fail_sql(store, "cannot keep a setting", err);
    sqlite3_finalize(stmt);
    sfo_store_unlock(store);
    return status;
}

void sfo_random_text(char *out, size_t len)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    enum { FAIR = 256 - 256 % 62 }; /* bytes from here on would favour the first letters */
    for (size_t i = 0; i < len;) {  /* 248 of 256 bytes are used, so this ends */
        uint8_t bytes[64];
        sfi_random_bytes(bytes, sizeof bytes);
        for (size_t j = 0; j < sizeof bytes && i < len; j++)
            if (bytes[j] < FAIR) out[i++] = letters[bytes[j] % 62];
    }
    out[len] = '\0';
}

sf_status sfo_settings_secret(sfo_store *store, const char *name, const char *prefix, size_t len, char **out,
                              sf_error *err)
{
    sf_status rc = sfo_settings_get(store, name, out, err);
    if (rc != SF_OK || *out != NULL) return rc;
    size_t prefix_len = strlen(prefix);
    char *made = sfi_alloc(prefix_len + len + 1);
    if (made == NULL) return sfi_fail_memory(err, "a secret");
    memcpy(made, prefix, prefix_len);
    sfo_random_text(made + prefix_len, len);
    rc = sfo_settings_set(store, name, made, err);
    if (rc == SF_OK) {
        *out = made;
        made = NULL;
    }
    sfi_free_secret(made);
    return rc;
}
