/*
 * settings.c: the options of a Redis server, checked and copied. Called once, when a store is opened. The one idea: a URL
 * may hold a password, so no message ever repeats a part of it; what is wrong is said by the part's name.
 */
#include "redis/redis_internal.h"

enum { DB_MAX = 1000000, HOST_MAX = 255, PATH_MAX_BYTES = 107 }; /* the last: what sockaddr_un takes */

const char *sfi_features_redis(void)
{
    return "redis";
}

void sfi_redis_settings_clear(sfi_redis_settings *s)
{
    sfi_free_secret(s->username);
    sfi_free_secret(s->password);
    sfi_free(s->host);
    sfi_free(s->path);
    sfi_free(s->ca_file);
    sfi_free(s->prefix);
    *s = (sfi_redis_settings){ 0 };
}

/* %XX decoded, in memory of its own. */
static sf_status decode(sf_str from, const char *what, char **out, sf_error *err)
{
    char *text = sfi_alloc(from.len + 1);
    if (text == NULL) return sfi_fail_memory(err, "options of redis");
    size_t len = 0;
    bool ok = true;
    for (size_t i = 0; i < from.len && ok; i++) {
        char c = from.ptr[i];
        if (c == '%') {
            int high = i + 2 < from.len ? sfi_hex_digit(from.ptr[i + 1]) : -1;
            int low = i + 2 < from.len ? sfi_hex_digit(from.ptr[i + 2]) : -1;
            ok = high >= 0 && low >= 0 && (high | low) != 0;
            c = (char)(high * 16 + low);
            i += 2;
        }
        text[len++] = c;
    }
    text[ok ? len : 0] = '\0';
    if (!ok) {
        sfi_wipe(text, from.len + 1);
        sfi_free(text);
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_redis_options: the URL's %s has a %% that is not followed by two hex digits", what);
    }
    *out = text;
    return SF_OK;
}

/* Cuts s before the first c: what stood before goes to *head, what stood behind stays. false: there is none. */
static bool cut(sf_str *s, char c, sf_str *head)
{
    const char *at = s->len > 0 ? memchr(s->ptr, c, s->len) : NULL;
    if (at == NULL) return false;
    *head = (sf_str){ s->ptr, (size_t)(at - s->ptr) };
    *s = (sf_str){ at + 1, s->len - head->len - 1 };
    return true;
}

static sf_status read_db(sf_str text, sfi_redis_settings *out, sf_error *err)
{
    if (text.len == 0) return SF_OK;
    if (sfi_take_int(&text, DB_MAX, &out->db) && text.len == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: the URL's db is not a number from 0 to %d", DB_MAX);
}

static sf_status read_login(sf_str login, sfi_redis_settings *out, sf_error *err)
{
    sf_str user = { NULL, 0 };
    bool has_password = cut(&login, ':', &user);
    if (!has_password) user = login;
    sf_status rc = user.len > 0 ? decode(user, "user", &out->username, err) : SF_OK;
    if (rc == SF_OK && has_password && login.len > 0) rc = decode(login, "password", &out->password, err);
    return rc;
}

static sf_status read_host(sf_str place, sfi_redis_settings *out, sf_error *err)
{
    sf_str host = place;
    sf_str port = { NULL, 0 };
    bool has_port = false;
    bool is_ipv6 = place.len > 0 && place.ptr[0] == '[';
    if (is_ipv6) {
        host = (sf_str){ NULL, 0 };
        port = (sf_str){ place.ptr + 1, place.len - 1 };
        bool is_closed = cut(&port, ']', &host);
        has_port = is_closed && sfi_take_text(&port, ":");
        if (!is_closed || (!has_port && port.len > 0)) host.len = 0;
    } else if (cut(&place, ':', &host)) {
        has_port = true;
        port = place;
    }
    int64_t number = 6379;
    if (has_port && (!sfi_take_int(&port, 65535, &number) || port.len > 0 || number == 0))
        return sfi_fail(
            err, SF_ERR_USAGE,
            "sf_redis_options: the URL's port is not a number from 1 to 65535 (a password with : @ or / in it "
            "must have them as %%XX)");
    bool ok = host.len > 0 && host.len <= HOST_MAX;
    for (size_t i = 0; i < host.len && ok; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        ok = c > ' ' && c < 0x7f && strchr("/?#%@\\\"'<>", c) == NULL;
    }
    if (!ok) return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: the URL names no host");
    (void)snprintf(out->port, sizeof out->port, "%d", (int)number);
    out->host = sfi_strndup(host.ptr, host.len);
    if (out->host == NULL) return sfi_fail_memory(err, "options of redis");
    (void)snprintf(out->name, sizeof out->name, is_ipv6 ? "redis [%.100s]:%s" : "redis %.100s:%s", out->host,
                   out->port);
    return SF_OK;
}

/* [[USER]:PASSWORD@]/PATH[?db=N]; a path may hold an @. */
static sf_status read_unix(sf_str rest, sfi_redis_settings *out, sf_error *err)
{
    const char *slash = rest.len > 0 ? memchr(rest.ptr, '/', rest.len) : NULL;
    sf_str login = { rest.ptr, slash != NULL ? (size_t)(slash - rest.ptr) : 0 };
    sf_status rc = SF_OK;
    if (login.len > 0) {
        rest = (sf_str){ slash, rest.len - login.len };
        if (login.ptr[login.len - 1] != '@')
            return sfi_fail(err, SF_ERR_USAGE,
                            "sf_redis_options: unix:// has no host; want unix:///PATH or unix://USER:PASSWORD@/PATH "
                            "(what is special in user or password as %%XX)");
        login.len--;
        rc = read_login(login, out, err);
        if (rc != SF_OK) return rc;
    }
    sf_str path = rest;
    sf_str query = rest;
    if (cut(&query, '?', &path)) {
        if (!sfi_take_text(&query, "db="))
            return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: what follows the URL's ? is not db=NUMBER");
        rc = read_db(query, out, err);
    }
    if (rc == SF_OK) rc = decode(path, "path", &out->path, err);
    if (rc != SF_OK) return rc;
    if (out->path[0] != '/' || strlen(out->path) > PATH_MAX_BYTES)
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_redis_options: the URL's path does not begin with / or is longer than %d bytes",
                        PATH_MAX_BYTES);
    (void)snprintf(out->name, sizeof out->name, "redis %.107s", out->path);
    return SF_OK;
}

static sf_status read_url(sf_str url, sfi_redis_settings *out, sf_error *err)
{
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= ' ' || (unsigned char)url.ptr[i] == 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: the URL has a blank or control character in it");
    if (sfi_take_text(&url, "unix://")) return read_unix(url, out, err);
    out->is_tls = sfi_take_text(&url, "rediss://");
    if (!out->is_tls && !sfi_take_text(&url, "redis://"))
        return sfi_fail(
            err, SF_ERR_USAGE,
            "sf_redis_options: url is none; redis://HOST[:PORT][/DB], rediss://… (TLS) or unix:///PATH[?db=N]");
    sf_str place = { NULL, 0 };
    sf_str login = { NULL, 0 };
    sf_str db = url;
    if (!cut(&db, '/', &place)) {
        place = url;
        db = (sf_str){ NULL, 0 };
    }
    sf_status rc = cut(&place, '@', &login) ? read_login(login, out, err) : SF_OK;
    if (rc == SF_OK) rc = read_host(place, out, err);
    return rc == SF_OK ? read_db(db, out, err) : rc;
}

/* given, when it is, in place of what the URL said. */
static bool replace(char **text, const char *given)
{
    if (given == NULL) return true;
    sfi_free_secret(*text);
    *text = *given != '\0' ? sfi_strdup(given) : NULL;
    return *text != NULL || *given == '\0';
}

static sf_status check(const sf_redis_options *o, sf_error *err)
{
    if (o == NULL || o->url == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: url is needed");
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: reserved is not zero");
    if (o->timeout_ms < 0 || o->timeout_ms > SFI_REDIS_TIMEOUT_MAX_MS)
        return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: timeout_ms is not 1 to %d", SFI_REDIS_TIMEOUT_MAX_MS);
    const char *const texts[] = { o->url, o->username, o->password, o->ca_file };
    static const char *const names[] = { "url", "username", "password", "ca_file" };
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++)
        if (texts[i] != NULL && strnlen(texts[i], SFI_REDIS_TEXT_MAX + 1) > SFI_REDIS_TEXT_MAX)
            return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: %s is longer than %d bytes", names[i],
                            SFI_REDIS_TEXT_MAX);
    if (o->prefix != NULL &&
        (strnlen(o->prefix, SFI_REDIS_PREFIX_MAX + 1) > SFI_REDIS_PREFIX_MAX || strpbrk(o->prefix, "{}") != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sf_redis_options: prefix has a brace in it or is longer than %d bytes",
                        SFI_REDIS_PREFIX_MAX);
    return SF_OK;
}

sf_status sfi_redis_settings_read(const sf_redis_options *o, sfi_redis_settings *out, sf_error *err)
{
    *out = (sfi_redis_settings){ 0 };
    sf_status rc = check(o, err);
    if (rc == SF_OK) rc = read_url(sfi_str(o->url), out, err);
    if (rc == SF_OK && !(replace(&out->username, o->username) && replace(&out->password, o->password)))
        rc = sfi_fail_memory(err, "options of redis");
    if (rc == SF_OK && out->username != NULL && out->password == NULL)
        rc = sfi_fail(err, SF_ERR_USAGE,
                      "sf_redis_options: a user without a password (redis://:PASSWORD@… has no user)");
    if (rc == SF_OK) {
        out->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : SFI_REDIS_TIMEOUT_MS;
        out->ca_file = sfi_strdup(o->ca_file);
        out->prefix = sfi_strdup(o->prefix != NULL ? o->prefix : "sforce:");
        if (out->prefix == NULL || (out->ca_file == NULL && o->ca_file != NULL))
            rc = sfi_fail_memory(err, "options of redis");
    }
    if (rc != SF_OK) sfi_redis_settings_clear(out);
    return rc;
}
