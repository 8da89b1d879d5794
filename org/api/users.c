/* users.c: users as the login doors see them: their row, their security token, whether a password is right. */
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include "api/call.h"

enum { SECURITY_TOKEN_LEN = 24 };

static char *column_text(sfi_arena *arena, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    return text != NULL ? sfi_arena_strndup(arena, text, (size_t)sqlite3_column_bytes(stmt, column)) : NULL;
}

bool sfo_user_load(sfo_org *org, sfi_arena *arena, const char *id, sfo_user *out)
{
    static const char sql[] =
        "SELECT Id, Username, Name, FirstName, LastName, Email, CommunityNickname, TimeZoneSidKey, LocaleSidKey,"
        " LanguageLocaleKey, ProfileId, UserRoleId, Street, City, State, Country, PostalCode, MobilePhone,"
        " LastModifiedDate, IsActive FROM \"User\" WHERE Id = ?";
    memset(out, 0, sizeof *out);
    char **const texts[] = {
        &out->username,  &out->name,   &out->first_name, &out->last_name,   &out->email,        &out->nickname,
        &out->time_zone, &out->locale, &out->language,   &out->profile_id,  &out->role_id,      &out->street,
        &out->city,      &out->state,  &out->country,    &out->postal_code, &out->mobile_phone,
    };
    sqlite3_stmt *stmt = NULL;
    sfo_store_lock(org->store);
    bool found = sqlite3_prepare_v2(sfo_store_db(org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
                 sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW;
    if (found) {
        snprintf(out->id.text, sizeof out->id.text, "%s", (const char *)sqlite3_column_text(stmt, 0));
        for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) *texts[i] = column_text(arena, stmt, (int)i + 1);
        out->modified_ms = sqlite3_column_int64(stmt, (int)SFI_COUNT_OF(texts) + 1);
        out->active = sqlite3_column_int(stmt, (int)SFI_COUNT_OF(texts) + 2) != 0;
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(org->store);
    return found;
}

void sfo_user_security_token(const sfo_org *org, const char *user_id, char out[32])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    unsigned char mac[SHA256_DIGEST_LENGTH];
    unsigned len = sizeof mac;
    memset(mac, 0, sizeof mac);
    HMAC(EVP_sha256(), org->token_key, (int)strlen(org->token_key), (const unsigned char *)user_id, strlen(user_id),
         mac, &len);
    for (int i = 0; i < SECURITY_TOKEN_LEN; i++) out[i] = letters[mac[i] % 62];
    out[SECURITY_TOKEN_LEN] = '\0';
}

sfo_login sfo_user_login(sfo_org *org, sf_str username, sf_str password, sf_id *user)
{
    sf_id found;
    bool active = false;
    bool is_right = sfo_user_check_password(org->store, username, password, user, &active);
    if (is_right) {
        if (!active) return SFO_LOGIN_INACTIVE;
        return org->options.policy.trusted_network ? SFO_LOGIN_OK : SFO_LOGIN_NEEDS_TOKEN;
    }
    if (password.len <= SECURITY_TOKEN_LEN) return SFO_LOGIN_WRONG;
    sf_str alone = { password.ptr, password.len - SECURITY_TOKEN_LEN };
    if (!sfo_user_check_password(org->store, username, alone, &found, &active)) return SFO_LOGIN_WRONG;
    char token[32];
    sfo_user_security_token(org, found.text, token);
    if (CRYPTO_memcmp(token, alone.ptr + alone.len, SECURITY_TOKEN_LEN) != 0) return SFO_LOGIN_WRONG;
    return active ? SFO_LOGIN_OK : SFO_LOGIN_INACTIVE;
}
