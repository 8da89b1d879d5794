/*
 * settings.c: sf_transport_options checked, copied, and applied to libcurl handles. What is out of range or cannot be
 * read is refused here, when the client is made, and not at the first request. Owned by sfi_http; read only after init.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/engine_internal.h"

#define TIME_MAX_MS INT64_C(86400000)
enum {
    CONNECTIONS_MAX = 256,
    IDLE_REUSE_S =
        55, /* load balancers drop silently what idles for a minute; a write on such a connection would be lost */
    PROBE_PAUSE_S = 15,         /* between probes, once there was so much silence that they have begun */
    UNACKNOWLEDGED_MS = 30000,  /* and how long none of them, nor any data, need be acknowledged */
    RECEIVE_BYTES = 256 * 1024, /* libcurl's buffer: larger saves no more system calls on loopback, and leaves L2 */
};

typedef struct time_option {
    const char *name;
    int64_t given, standard;
    int64_t *out;
} time_option;

static sf_status set_times(sfi_settings *s, const sf_transport_options *o, sf_error *err)
{
    const time_option times[] = {
        { "connect_timeout_ms", o->connect_timeout_ms, 30000, &s->connect_timeout_ms },
        { "idle_timeout_ms", o->idle_timeout_ms, 120000, &s->idle_timeout_ms },
        { "total_timeout_ms", o->total_timeout_ms, 600000, &s->total_timeout_ms },
        { "keepalive_ms", o->keepalive_ms, 60000, &s->keepalive_ms },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(times); i++) {
        const time_option *t = &times[i];
        if (t->given != SF_NONE && (t->given < 0 || t->given > TIME_MAX_MS))
            return sfi_fail(err, SF_ERR_USAGE, "%s is %lld; want 1 to %lld, 0 (default) or SF_NONE", t->name,
                            (long long)t->given, (long long)TIME_MAX_MS);
        *t->out = t->given == 0 ? t->standard : t->given == SF_NONE ? 0 : t->given;
    }
    return SF_OK;
}

static sf_status set_numbers(sfi_settings *s, const sf_transport_options *o, sf_error *err)
{
    if (o->connections_max < 0 || o->connections_max > CONNECTIONS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "connections_max is %d; want 1 to %d, or 0 (default)", o->connections_max,
                        CONNECTIONS_MAX);
    if (o->connections_idle_max < SF_NONE || o->connections_idle_max > CONNECTIONS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "connections_idle_max is %d; want 1 to %d, 0 (default) or SF_NONE",
                        o->connections_idle_max, CONNECTIONS_MAX);
    if (o->response_max > SF_RESPONSE_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "response_max is %zu; want at most %zu bytes", o->response_max,
                        (size_t)SF_RESPONSE_MAX);
    if (o->tls_min != 0 && o->tls_min != 12 && o->tls_min != 13)
        return sfi_fail(err, SF_ERR_USAGE, "tls_min is %d; want 12 or 13", o->tls_min);
    s->connections_max = o->connections_max > 0 ? o->connections_max : 16;
    s->connections_idle_max = o->connections_idle_max == SF_NONE ? 0
                              : o->connections_idle_max > 0      ? o->connections_idle_max
                                                                 : 8;
    s->response_max = o->response_max > 0 ? o->response_max : SF_RESPONSE_MAX;
    s->tls_min = o->tls_min == 13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
    s->no_http2 = o->no_http2;
    s->no_gzip = o->no_gzip;
    return SF_OK;
}

/* A proxy is [scheme://][user:password@]host[:port]; the message must not repeat a password that is in it. */
static sf_status check_proxy(const char *proxy, sf_error *err)
{
    static const char *const schemes[] = { "http://", "https://", "socks5h://", "socks5://", "socks4a://" };
    if (proxy == NULL || *proxy == '\0') return SF_OK;
    sf_str rest = sfi_str(proxy);
    const char *scheme = strstr(proxy, "://");
    bool known = scheme == NULL;
    for (size_t i = 0; !known && i < SFI_COUNT_OF(schemes); i++) {
        known = sfi_starts_with_nocase(rest, schemes[i]);
        if (known) rest.ptr += strlen(schemes[i]);
    }
    if (!known)
        return sfi_fail(err, SF_ERR_USAGE, "proxy: cannot speak %.*s; want http://, https:// or socks5h://host:port",
                        (int)(scheme - proxy < 32 ? scheme - proxy : 32), proxy);
    for (const char *c = proxy; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return sfi_fail(err, SF_ERR_USAGE, "proxy: a blank or control character in it; want http://host:port");
    const char *at = strrchr(rest.ptr, '@');
    const char *host = at != NULL ? at + 1 : rest.ptr;
    if (*host == '\0' || *host == ':' || *host == '/')
        return sfi_fail(err, SF_ERR_USAGE, "proxy: no host in it; want http://host:port");
    return SF_OK;
}

static sf_status check_readable(const char *name, const char *path, sf_error *err)
{
    if (path == NULL || access(path, R_OK) == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: cannot read %s", name, path);
}

static sf_status check_files(const sf_transport_options *o, sf_error *err)
{
    sf_status rc = check_readable("ca_file", o->ca_file, err);
    if (rc == SF_OK) rc = check_readable("ca_path", o->ca_path, err);
    if (rc == SF_OK) rc = check_readable("client_cert_file", o->client_cert_file, err);
    if (rc == SF_OK) rc = check_readable("client_key_file", o->client_key_file, err);
    if (rc == SF_OK && o->client_cert_file == NULL && (o->client_key_file != NULL || o->client_key_password != NULL))
        rc = sfi_fail(err, SF_ERR_USAGE, "client_key_file without client_cert_file");
    if (rc == SF_OK && o->proxy_password != NULL && o->proxy_user == NULL)
        rc = sfi_fail(err, SF_ERR_USAGE, "proxy_password without proxy_user");
    return rc;
}

static sf_status copy_strings(sfi_settings *s, const sf_transport_options *o, sf_error *err)
{
    const struct {
        const char *from;
        char **to;
    } strings[] = {
        { o->ca_file, &s->ca_file },
        { o->ca_path, &s->ca_path },
        { o->client_cert_file, &s->client_cert_file },
        { o->client_key_file, &s->client_key_file },
        { o->client_key_password, &s->client_key_password },
        { o->proxy, &s->proxy },
        { o->proxy_user, &s->proxy_user },
        { o->proxy_password, &s->proxy_password },
        { o->no_proxy, &s->no_proxy },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(strings); i++) {
        *strings[i].to = sfi_strdup(strings[i].from);
        if (*strings[i].to == NULL && strings[i].from != NULL) return sfi_fail_memory(err, "transport options");
    }
    return SF_OK;
}

sf_status sfi_settings_init(sfi_settings *s, const sf_transport_options *options, sf_error *err)
{
    static const sf_transport_options none;
    const sf_transport_options *o = options != NULL ? options : &none;
    *s = (sfi_settings){ 0 };
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_transport_options: reserved is not zero; is the library older than the header?");
    sf_status rc = set_times(s, o, err);
    if (rc == SF_OK) rc = set_numbers(s, o, err);
    if (rc == SF_OK) rc = check_proxy(o->proxy, err);
    if (rc == SF_OK) rc = check_files(o, err);
    if (rc == SF_OK) rc = copy_strings(s, o, err);
    if (rc != SF_OK) sfi_settings_clear(s);
    return rc;
}

void sfi_settings_clear(sfi_settings *s)
{
    sfi_free(s->ca_file);
    sfi_free(s->ca_path);
    sfi_free(s->client_cert_file);
    sfi_free(s->client_key_file);
    sfi_free_secret(s->client_key_password);
    sfi_free_secret(s->proxy); /* may carry a password */
    sfi_free(s->proxy_user);
    sfi_free_secret(s->proxy_password);
    sfi_free(s->no_proxy);
    *s = (sfi_settings){ 0 };
}

/* The first refusal stays: «code» is CURLE_OK until then. */
#define SET(option, value)                                                                                             \
    do {                                                                                                               \
        if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value);                                            \
    } while (0)

static CURLcode apply_tls(const sfi_settings *s, CURL *easy)
{
    CURLcode code = CURLE_OK;
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, s->tls_min);
    SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (s->ca_file != NULL || s->ca_path != NULL) { /* instead of the system's, so that both go */
        SET(CURLOPT_CAINFO, s->ca_file);
        SET(CURLOPT_CAPATH, s->ca_path);
        SET(CURLOPT_PROXY_CAINFO, s->ca_file);
        SET(CURLOPT_PROXY_CAPATH, s->ca_path);
    }
    if (s->client_cert_file != NULL) {
        SET(CURLOPT_SSLCERT, s->client_cert_file);
        SET(CURLOPT_SSLKEY, s->client_key_file != NULL ? s->client_key_file : s->client_cert_file);
        if (s->client_key_password != NULL) SET(CURLOPT_KEYPASSWD, s->client_key_password);
    }
    return code;
}

static CURLcode apply_proxy(const sfi_settings *s, CURL *easy)
{
    CURLcode code = CURLE_OK;
    if (s->proxy != NULL) SET(CURLOPT_PROXY, s->proxy); /* "" switches the environment's off */
    if (s->proxy_user != NULL) SET(CURLOPT_PROXYUSERNAME, s->proxy_user);
    if (s->proxy_password != NULL) SET(CURLOPT_PROXYPASSWORD, s->proxy_password);
    if (s->no_proxy != NULL) SET(CURLOPT_NOPROXY, s->no_proxy);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return code;
}

/* libcurl's own sockets would be inherited by programs that the caller starts. */
static curl_socket_t open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    const sfi_settings *s = user;
    (void)purpose;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0 || s->keepalive_ms == 0 || s->idle_timeout_ms == 0) return fd;
    /* Probes and data that nobody acknowledges for so long end the connection: the system's own limits are 15 minutes and
     * more. A peer that is alive and reads nothing counts too, hence the idle limit. Where the system refuses, the time
     * limits of the request are left. */
    int64_t dead_ms = s->keepalive_ms + UNACKNOWLEDGED_MS;
    if (dead_ms < s->idle_timeout_ms) dead_ms = s->idle_timeout_ms;
    unsigned value = (unsigned)dead_ms;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
    return fd;
}

static CURLcode apply_connection(const sfi_settings *s, CURL *easy)
{
    CURLcode code = CURLE_OK;
    /* 0 would be libcurl's own 300 s; no limit is as far as a long goes on every machine. */
    SET(CURLOPT_CONNECTTIMEOUT_MS, s->connect_timeout_ms > 0 ? (long)s->connect_timeout_ms : (long)INT32_MAX);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, (void *)(uintptr_t)s); /* the settings outlive all connections */
    SET(CURLOPT_TCP_NODELAY, 1L);
    if (s->keepalive_ms > 0) {
        long seconds = (long)((s->keepalive_ms + 999) / 1000);
        SET(CURLOPT_TCP_KEEPALIVE, 1L);
        SET(CURLOPT_TCP_KEEPIDLE, seconds);
        SET(CURLOPT_TCP_KEEPINTVL, seconds < PROBE_PAUSE_S ? seconds : (long)PROBE_PAUSE_S);
    }
    SET(CURLOPT_MAXAGE_CONN, (long)IDLE_REUSE_S);
    if (s->connections_idle_max == 0) SET(CURLOPT_FORBID_REUSE, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    SET(CURLOPT_QUICK_EXIT, 1L); /* closing does not wait for a name server that is slow to answer */
#endif
    return code;
}

CURLcode sfi_settings_apply(const sfi_settings *s, CURL *easy, bool is_https)
{
    CURLcode code = apply_connection(s, easy);
    if (code == CURLE_OK) code = apply_proxy(s, easy);
    if (code == CURLE_OK) code = apply_tls(s, easy); /* for http:// too: the proxy may be spoken to over TLS */
    bool h2 = is_https && !s->no_http2;
    SET(CURLOPT_HTTP_VERSION, (long)(h2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    SET(CURLOPT_PIPEWAIT, h2 ? 1L : 0L); /* the second request waits to learn whether it may share the connection */
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L); /* transfer.c decides */
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    return code;
}
