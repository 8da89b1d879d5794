/*
 * client.c: a client from open to close: options checked and copied, the transport and the token manager made, and what
 * can be asked of it. Called by programs. Nothing is sent before the first call.
 */
#include "client/state_internal.h"

enum {
    NAME_BYTES_MAX = 200 /* client_name and user_agent */
};

static void log_line(void *user, int level, const char *line)
{
    const sf_client *sf = user;
    sf->log_fn(sf->log_user, (sf_log_level)level, line);
}

/* ---- options ---- */

static sf_status check_time(const char *name, int64_t ms, sf_error *err)
{
    if (ms >= SF_NONE && ms <= SFI_TIME_MAX_MS) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s is %lld; want 1 to %d milliseconds, 0 (default) or SF_NONE", name,
                    (long long)ms, SFI_TIME_MAX_MS);
}

static sf_status check_retry(const sf_retry_options *o, sf_error *err)
{
    if (o->retries_max < SF_NONE || o->retries_max > SF_RETRIES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "retries_max is %d; want 1 to %d, 0 (default) or SF_NONE", o->retries_max,
                        SF_RETRIES_MAX);
    if (o->breaker_failures < SF_NONE)
        return sfi_fail(err, SF_ERR_USAGE, "breaker_failures is %d; want 1 or more, 0 (default) or SF_NONE",
                        o->breaker_failures);
    if (o->pause_ms < 0 || o->pause_ms > SFI_TIME_MAX_MS || o->pause_max_ms < 0 || o->pause_max_ms > SFI_TIME_MAX_MS ||
        o->breaker_open_ms < 0 || o->breaker_open_ms > SFI_TIME_MAX_MS)
        return sfi_fail(err, SF_ERR_USAGE,
                        "pause_ms, pause_max_ms and breaker_open_ms are 0 (default) to %d milliseconds",
                        SFI_TIME_MAX_MS);
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_retry_options: reserved is not zero");
    return SF_OK;
}

/* What goes into a header: letters, digits and a few signs. */
static sf_status check_name(const char *option, const char *name, const char *signs, sf_error *err)
{
    if (name == NULL) return SF_OK;
    if (*name == '\0' || strnlen(name, NAME_BYTES_MAX + 1) > NAME_BYTES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "%s has 1 to %d characters", option, NAME_BYTES_MAX);
    for (const char *c = name; *c != '\0'; c++) {
        int lower = sfi_ascii_lower((unsigned char)*c);
        if ((lower < 'a' || lower > 'z') && (*c < '0' || *c > '9') && strchr(signs, *c) == NULL)
            return sfi_fail(err, SF_ERR_USAGE, "%s: character %zu is not allowed; want letters, digits and \"%s\"",
                            option, (size_t)(c - name) + 1, signs);
    }
    return SF_OK;
}

/* "ns=1.10": a namespace and a version. */
static bool is_package(const char *text)
{
    enum { NAMESPACE_MAX = 15, VERSION_MAX = 20 };
    size_t name = strcspn(text, "="), version = text[name] != '\0' ? strlen(text + name + 1) : 0;
    if (name == 0 || name > NAMESPACE_MAX || version == 0 || version > VERSION_MAX) return false;
    for (size_t i = 0; i < name; i++) {
        int lower = sfi_ascii_lower((unsigned char)text[i]);
        if (!((lower >= 'a' && lower <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_')) return false;
    }
    return strspn(text + name + 1, "0123456789.") == version;
}

static sf_status check_packages(const char *const *list, sf_error *err)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (i == SF_PACKAGES_MAX)
            return sfi_fail(err, SF_ERR_USAGE, "package_versions has more than %d", SF_PACKAGES_MAX);
        if (!is_package(list[i]))
            return sfi_fail(err, SF_ERR_USAGE, "package_versions: \"%.60s\"; want \"NAMESPACE=1.10\"", list[i]);
    }
    return SF_OK;
}

static sf_status check_options(const sf_client_options *o, sf_error *err)
{
    enum { NAMESPACE_MAX = 15 };
    char version[SFI_VERSION_BYTES];
    sf_status rc = check_time("call_timeout_ms", o->call_timeout_ms, err);
    if (rc == SF_OK) rc = check_retry(&o->retry, err);
    if (rc == SF_OK) rc = check_name("client_name", o->client_name, "/.-_", err);
    if (rc == SF_OK) rc = check_name("user_agent", o->user_agent, "/.-_ ();:,+@", err);
    if (rc == SF_OK) rc = check_name("default_namespace", o->default_namespace, "_", err);
    if (rc == SF_OK && o->default_namespace != NULL && strlen(o->default_namespace) > NAMESPACE_MAX)
        rc = sfi_fail(err, SF_ERR_USAGE, "default_namespace has more than %d characters", NAMESPACE_MAX);
    if (rc == SF_OK) rc = check_packages(o->package_versions, err);
    if (rc == SF_OK && o->api_version != NULL && !sfi_version_parse(sfi_str(o->api_version), version))
        rc = sfi_fail(err, SF_ERR_USAGE, "api_version is \"%.20s\"; want \"62.0\"", o->api_version);
    if (rc == SF_OK && o->max_calls < 0) rc = sfi_fail(err, SF_ERR_USAGE, "max_calls is below 0");
    if (rc == SF_OK && ((int)o->log_level < SF_LOG_NONE || o->log_level > SF_LOG_TRACE))
        rc = sfi_fail(err, SF_ERR_USAGE, "log_level is %d; want 0 to 5", (int)o->log_level);
    if (rc == SF_OK && !sfi_is_zero(o->reserved, sizeof o->reserved))
        rc = sfi_fail(err, SF_ERR_USAGE, "sf_client_options: reserved is not zero");
    return rc;
}

static sf_retry_options with_defaults(const sf_retry_options *o)
{
    sf_retry_options r = *o;
    r.retries_max = o->retries_max == 0 ? 5 : o->retries_max == SF_NONE ? 0 : o->retries_max;
    r.breaker_failures = o->breaker_failures == 0 ? 10 : o->breaker_failures == SF_NONE ? 0 : o->breaker_failures;
    if (r.pause_ms == 0) r.pause_ms = 500;
    if (r.pause_max_ms == 0) r.pause_max_ms = 30000;
    if (r.breaker_open_ms == 0) r.breaker_open_ms = 30000;
    return r;
}

static sf_status copy_url(const char *name, const char *given, char **out, sf_error *err)
{
    if (given == NULL) return SF_OK;
    sf_status rc = sf_url_normalize(given, out, err);
    if (rc != SF_OK) sfi_error_prefix(err, "%s", name);
    return rc;
}

/* What every call says of itself: Sforce-Call-Options, and the versions of packages. false: no memory. */
static bool make_call_headers(sf_client *sf, const sf_client_options *o)
{
    bool ok = true;
    const char *name = o->client_name, *space = o->default_namespace;
    if (name != NULL || space != NULL) {
        sfi_buf text = { 0 };
        if (name != NULL) (void)sfi_buf_addf(&text, "client=%s", name);
        if (space != NULL) (void)sfi_buf_addf(&text, "%sdefaultNamespace=%s", name != NULL ? ", " : "", space);
        sf->call_options = sfi_buf_take(&text);
        sfi_buf_free(&text);
        ok = sf->call_options != NULL;
    }
    for (size_t i = 0; ok && o->package_versions != NULL && o->package_versions[i] != NULL; i++) {
        const char *package = o->package_versions[i];
        size_t len = strcspn(package, "=");
        sfi_buf header = { 0 };
        (void)sfi_buf_addf(&header, "x-sfdc-packageversion-%.*s", (int)len, package);
        char *header_name = sfi_buf_take(&header), *value = sfi_strdup(package + len + 1);
        sfi_buf_free(&header);
        ok = header_name != NULL && value != NULL;
        if (ok)
            sf->packages[sf->package_count++] = (sfi_header){ sfi_str(header_name), sfi_str(value) };
        else
            sfi_free(header_name), sfi_free(value);
    }
    return ok;
}

static sf_status copy_options(sf_client *sf, const sf_client_options *o, sf_error *err)
{
    sf->retry = with_defaults(&o->retry);
    sf->call_timeout_ms = o->call_timeout_ms > 0 ? o->call_timeout_ms : 0;
    sf->total_timeout_ms = o->transport.total_timeout_ms == 0         ? 600000
                           : o->transport.total_timeout_ms == SF_NONE ? 0
                                                                      : o->transport.total_timeout_ms;
    sf->max_calls = o->max_calls;
    sf->response_max = o->transport.response_max > 0 ? o->transport.response_max : SF_RESPONSE_MAX;
    sf->traceparent = o->traceparent;
    sf->log_fn = o->log;
    sf->log_user = o->log_user;
    if (o->log != NULL) sf->log = (sfi_log){ .fn = log_line, .user = sf, .level = (int)o->log_level };
    if (o->api_version != NULL) (void)sfi_version_parse(sfi_str(o->api_version), sf->version); /* checked before */
    sf_status rc = copy_url("login_url", o->login_url, &sf->login_url, err);
    if (rc == SF_OK) rc = copy_url("instance_url", o->instance_url, &sf->instance_url, err);
    if (rc != SF_OK) return rc;
    bool has_login = sf->login_url != NULL;
    if (!has_login) sf->login_url = sfi_strdup(sf->instance_url != NULL ? sf->instance_url : SFI_LOGIN_URL_DEFAULT);
    sf->client_name = sfi_strdup(o->client_name);
    sf->cache_dir = sfi_strdup(o->cache_dir);
    sfi_buf agent = { 0 };
    if (o->user_agent != NULL)
        (void)sfi_buf_add_str(&agent, o->user_agent);
    else
        (void)sfi_buf_addf(&agent, "libsalesforce/%s", sf_version());
    sf->user_agent = sfi_buf_take(&agent);
    sfi_buf_free(&agent);
    bool ok = sf->login_url != NULL && sf->user_agent != NULL && (sf->client_name != NULL || o->client_name == NULL) &&
              make_call_headers(sf, o) && (sf->cache_dir != NULL || o->cache_dir == NULL);
    return ok ? SF_OK : sfi_fail_memory(err, "a client");
}

/* ---- open and close ---- */

static sf_status open_parts(sf_client *sf, const sf_client_options *o, sf_error *err)
{
    sf_status rc = sfi_http_open(&o->transport, &sf->log, &sf->http, err);
    if (rc != SF_OK) return rc;
    sfi_http_set_breaker(sf->http, sf->retry.breaker_failures, sf->retry.breaker_open_ms);
    const sfi_auth_options auth = { .auth = &o->auth,
                                    .login_url = o->login_url != NULL ? sf->login_url : NULL,
                                    .instance_url = sf->instance_url,
                                    .user_agent = sf->user_agent,
                                    .store = o->token_store,
                                    .http = sf->http,
                                    .log = &sf->log,
                                    .retries_max = sf->retry.retries_max,
                                    .pause_ms = sf->retry.pause_ms,
                                    .pause_max_ms = sf->retry.pause_max_ms };
    return sfi_auth_open(&auth, &sf->auth, err);
}

sf_status sf_client_open(const sf_client_options *options, sf_client **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    static const sf_client_options none;
    const sf_client_options *o = options != NULL ? options : &none;
    sf_status rc = check_options(o, err);
    if (rc != SF_OK) return rc;
    sf_client *sf = sfi_calloc(sizeof *sf);
    if (sf == NULL) return sfi_fail_memory(err, "a client");
    sf->has_lock = pthread_mutex_init(&sf->lock, NULL) == 0;
    rc = sf->has_lock ? sfi_gate_init(&sf->version_gate, err) : sfi_fail_memory(err, "a client");
    if (rc == SF_OK) rc = copy_options(sf, o, err);
    if (rc == SF_OK) rc = open_parts(sf, o, err);
    if (rc == SF_OK) {
        *out = sf;
        sf = NULL;
    }
    sf_client_close(sf);
    return rc;
}

void sf_client_close(sf_client *sf)
{
    if (sf == NULL) return;
    sfi_http_close(sf->http); /* joins the I/O thread: after it nobody calls into the rest */
    sfi_auth_close(sf->auth);
    if (sf->describe.free_fn != NULL) sf->describe.free_fn(sf->describe.data);
    sfi_gate_destroy(&sf->version_gate);
    if (sf->has_lock) pthread_mutex_destroy(&sf->lock);
    sfi_free(sf->login_url);
    sfi_free(sf->instance_url);
    sfi_free(sf->client_name);
    sfi_free(sf->call_options);
    for (size_t i = 0; i < sf->package_count; i++) {
        sfi_free((char *)(uintptr_t)sf->packages[i].name.ptr);
        sfi_free((char *)(uintptr_t)sf->packages[i].value.ptr);
    }
    sfi_free(sf->user_agent);
    sfi_free(sf->cache_dir);
    sfi_free(sf);
}

/* ---- what can be asked of it ---- */

sf_status sf_client_login(sf_client *sf, const sf_call_options *call, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    sfi_wait wait;
    sfi_session *session = NULL;
    sf_status rc = sfi_wait_of(sf, call, &wait, err);
    if (rc == SF_OK) rc = sfi_auth_login(sf->auth, &wait, &session, err);
    sfi_session_release(session);
    return rc;
}

sf_status sf_client_get_info(sf_client *sf, sf_client_info *out, sf_error *err)
{
    if (sf == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "an argument is NULL");
    sfi_wait wait;
    sfi_session *session = NULL;
    const char *version = NULL;
    sf_client_info info = { 0 };
    sf_status rc = sfi_wait_of(sf, NULL, &wait, err);
    if (rc == SF_OK && !sfi_auth_is_anonymous(sf->auth)) rc = sfi_auth_get(sf->auth, &wait, &session, err);
    if (rc == SF_OK) rc = sfi_version_get(sf, &wait, &version, err);
    if (rc == SF_OK) {
        const char *place = session != NULL            ? sfi_session_instance(session)
                            : sf->instance_url != NULL ? sf->instance_url
                                                       : sf->login_url;
        int len = snprintf(info.instance_url, sizeof info.instance_url, "%s", place);
        if (len < 0 || (size_t)len >= sizeof info.instance_url)
            rc = sfi_fail(err, SF_ERR_LIMIT, "the instance URL is longer than %zu bytes", sizeof info.instance_url - 1);
        (void)snprintf(info.api_version, sizeof info.api_version, "%s", version);
        if (session != NULL) sfi_session_ids(session, &info.org_id, &info.user_id);
    }
    sfi_session_release(session);
    if (rc == SF_OK) *out = info;
    return rc;
}

bool sfi_client_peek_info(sf_client *sf, sf_client_info *out)
{
    sf_client_info info = { 0 };
    sfi_session *session = sfi_auth_peek(sf->auth);
    if (session == NULL) session = sfi_auth_peek_stored(sf->auth);
    const char *place = session != NULL ? sfi_session_instance(session) : sf->instance_url;
    int len = place != NULL ? snprintf(info.instance_url, sizeof info.instance_url, "%s", place) : -1;
    if (session != NULL) sfi_session_ids(session, &info.org_id, &info.user_id);
    sfi_session_release(session);
    pthread_mutex_lock(&sf->version_gate.lock); /* free while somebody asks for the version */
    memcpy(info.api_version, sf->version, sizeof info.api_version);
    pthread_mutex_unlock(&sf->version_gate.lock);
    if (len <= 0 || (size_t)len >= sizeof info.instance_url || info.api_version[0] == '\0') return false;
    *out = info;
    return true;
}

void sf_client_get_stats(sf_client *sf, sf_client_stats *out)
{
    if (out == NULL) return;
    *out = (sf_client_stats){ 0 };
    if (sf == NULL) return;
    sfi_auth_counts counts;
    sfi_auth_get_counts(sf->auth, &counts);
    *out = (sf_client_stats){ .requests = atomic_load(&sf->stats.requests),
                              .retries = atomic_load(&sf->stats.retries),
                              .logins = counts.logins,
                              .refreshes = counts.refreshes,
                              .bytes_sent = atomic_load(&sf->stats.bytes_sent),
                              .bytes_received = atomic_load(&sf->stats.bytes_received),
                              .unknown_outcomes = atomic_load(&sf->stats.unknown_outcomes) };
}

sf_status sf_client_get_access_token(sf_client *sf, char **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    sfi_wait wait;
    sfi_session *session = NULL;
    sf_status rc = sfi_wait_of(sf, NULL, &wait, err);
    if (rc == SF_OK) rc = sfi_auth_get(sf->auth, &wait, &session, err);
    if (rc != SF_OK) return rc;
    *out = sfi_strdup(sfi_session_token(session));
    sfi_session_release(session);
    return *out != NULL ? SF_OK : sfi_fail_memory(err, "an access token");
}

/* ---- for the other rooms ---- */

int64_t sfi_client_pause_ms(const sf_client *sf, int repeat)
{
    return sfi_retry_pause_ms(repeat, sf->retry.pause_ms, sf->retry.pause_max_ms, 0, sfi_random());
}

const char *sfi_client_cache_dir(const sf_client *sf)
{
    return sf->cache_dir;
}

long sfi_client_connections_max(const sf_client *sf)
{
    return sfi_http_connections_max(sf->http);
}

const sfi_log *sfi_client_log(const sf_client *sf)
{
    return &sf->log;
}

const char *sfi_client_name(const sf_client *sf)
{
    return sf->client_name;
}

sfi_client_slot *sfi_client_describe_slot(sf_client *sf)
{
    return &sf->describe;
}

void sfi_client_lock(sf_client *sf)
{
    pthread_mutex_lock(&sf->lock);
}

void sfi_client_unlock(sf_client *sf)
{
    pthread_mutex_unlock(&sf->lock);
}
