/*
 * client.h: a connection to one org: where it is, who logs in, how its HTTP behaves. Every service takes an sf_client.
 * Threads: a client is safe from all threads at once. It owns one I/O thread, started at the first request, on which
 * all transfers run; answers are decoded on the caller's thread. It does not outlive a fork: open it in the child.
 */
#ifndef SALESFORCE_CLIENT_H
#define SALESFORCE_CLIENT_H
#include <salesforce/auth.h>
#include <salesforce/base.h>
#include <salesforce/stream.h>
#include <salesforce/value.h>

#define SF_RESPONSE_MAX ((size_t)256 << 20)   /* bytes of one answer, unless response_max says less */
#define SF_RETRIES_MAX 20                     /* the most that retries_max may be */
#define SF_PACKAGES_MAX 8                     /* of sf_client_options.package_versions */

typedef struct sf_client sf_client;
typedef struct sf_cancel sf_cancel;

typedef enum sf_log_level {
    SF_LOG_NONE = 0, SF_LOG_ERROR = 1, SF_LOG_WARN = 2, SF_LOG_INFO = 3, SF_LOG_DEBUG = 4, SF_LOG_TRACE = 5
} sf_log_level;

/** How HTTP is spoken. Zero is the default everywhere. Times in milliseconds, 1..86400000, SF_NONE: no limit
 *  (keepalive_ms: no probes). Texts are copied by sf_client_open, which refuses files that it cannot read. */
typedef struct sf_transport_options {
    int64_t connect_timeout_ms;   /* DNS + TCP + TLS; default 30 s */
    int64_t idle_timeout_ms;      /* no byte in either direction for so long; default 120 s */
    int64_t total_timeout_ms;     /* one attempt from start to end; default 600 s. Bodies of a source or to a sink take
                                     as long as they are large: for these only idle_timeout_ms and the call's count */
    int32_t connections_max;      /* open at once, in all; default 16; 1..256 */
    int32_t connections_idle_max; /* kept open for re-use, 55 s at most; default 8; 1..256; SF_NONE: keep none */
    int64_t keepalive_ms;         /* TCP keep-alive probes after so much silence; default 60 s. What nobody acknowledges
                                     for 30 s more, or for idle_timeout_ms if that is longer, ends the connection */
    size_t response_max;          /* bytes of one answer, before and after inflating; default, most: SF_RESPONSE_MAX */
    bool no_http2;                /* HTTP/1.1 only */
    bool no_gzip;                 /* ask for plain answers */
    const char *ca_file;          /* PEM file of trusted CAs instead of the system's */
    const char *ca_path;          /* folder of the same */
    const char *client_cert_file; /* PEM; with client_key_file for mutual TLS */
    const char *client_key_file;  /* PEM; NULL: the key is in client_cert_file */
    const char *client_key_password;
    int32_t tls_min;              /* 12 or 13; default 12 */
    const char *proxy;            /* "http://host:port", https://, socks5h://, socks5:// or socks4a://; NULL:
                                     HTTPS_PROXY and NO_PROXY of the environment; "": none */
    const char *proxy_user;       /* for a proxy that asks by Basic authentication */
    const char *proxy_password;
    const char *no_proxy;         /* comma-separated hosts that are reached directly */
    uint64_t reserved[8];         /* zero */
} sf_transport_options;

/** When a failed request is repeated: only where a repeat cannot do the work twice. */
typedef struct sf_retry_options {
    int32_t retries_max;          /* repeats after the first attempt; default 5; 1..SF_RETRIES_MAX; SF_NONE: never
                                     repeat */
    int64_t pause_ms;             /* most before the first repeat, doubled each time; a pause is a random part of it;
                                     default 500; up to 86400000 */
    int64_t pause_max_ms;         /* most of all; default 30 s; a longer Retry-After wins, one of over 10 min ends the
                                     call */
    int32_t breaker_failures;     /* so many in a row open the host's circuit breaker; default 10; SF_NONE: none */
    int64_t breaker_open_ms;      /* SF_ERR_UNAVAILABLE for so long, then one request as a probe; default 30 s */
    uint64_t reserved[4];         /* zero */
} sf_retry_options;

typedef struct sf_client_options {
    const char *login_url;        /* where to log in: any URL of the org, see sf_url_normalize; NULL: instance_url, else
                                     https://login.salesforce.com */
    const char *instance_url;     /* API host, for SF_AUTH_BEARER and SF_AUTH_NONE; NULL: as the login says, else
                                     login_url */
    const char *api_version;      /* "62.0" or "v62.0"; NULL: the newest that the org offers, asked once */
    sf_auth auth;                 /* copied; secrets are wiped at close */
    sf_token_store *token_store;  /* borrowed until close; NULL: a memory store of the client's own */
    sf_transport_options transport;
    sf_retry_options retry;
    int64_t call_timeout_ms;      /* ms for a whole call, its repeats and pauses too, 1..86400000; default SF_NONE */
    int64_t max_calls;            /* SF_ERR_API_LIMIT before more requests than this go to the API (repeats count,
                                     logins do not); 0: no limit */
    const char *client_name;      /* sent in Sforce-Call-Options: client=…; 1..200 letters, digits, / . - _ */
    const char *user_agent;       /* 1..200 characters; default "libsalesforce/VERSION" */
    const char *cache_dir;        /* a folder that is there, where describe answers are kept between programs (0600
                                     files); NULL: memory only */
    bool traceparent;             /* send a W3C traceparent header with each request and log its id */
    sf_log_level log_level;       /* lines of this level and below it; 0: none */
    void (*log)(void *user, sf_log_level level, const char *line); /* any thread, redacted; calls no sf_ function */
    void *log_user;               /* borrowed until close */
    const char *default_namespace; /* names of this package's namespace need no prefix: Sforce-Call-Options:
                                     defaultNamespace=…; 1..15 letters, digits, _ */
    const char *const *package_versions; /* versions of installed packages that calls shall mean: "ns=1.10", NULL at the
                                     end, at most SF_PACKAGES_MAX; sent as x-sfdc-packageversion-ns: 1.10 */
    uint64_t reserved[6];         /* zero */
} sf_client_options;

/** What any call may carry, borrowed for the call. Each service's options point to one; NULL: all defaults. */
typedef struct sf_call_options {
    int64_t timeout_ms;           /* ms for all of it, 1..86400000; 0: the client's call_timeout_ms; SF_NONE: none */
    sf_cancel *cancel;            /* ends the call from another thread; NULL: cannot be cancelled */
    const char *const *headers;   /* "Name: value" lines to add, NULL at the end; NULL: none. Authorization, Host,
                                     User-Agent and those of the body's length and encoding are ours: SF_ERR_USAGE.
                                     Sforce-Call-Options and x-sfdc-packageversion-… replace the client's own */
    bool no_retry;                /* one attempt only (a 401 is still answered by one refresh) */
    uint64_t reserved[4];         /* zero */
} sf_call_options;

/** Make a client. Nothing is sent yet: the first call logs in. @param options borrowed for the call, strings copied.
 *  @param out owned by the caller, ends with sf_client_close; NULL on failure.
 *  @return SF_OK, SF_ERR_USAGE (which option, and what is wrong), SF_ERR_MEMORY. */
SF_API sf_status sf_client_open(const sf_client_options *options, sf_client **out, sf_error *err);

/** End a client: its connections, its I/O thread, its secrets in memory. The org is not told: the session lives on.
 *  NULL is fine. Calls of other threads must have ended; cursors must be closed. */
SF_EXTERN void sf_client_close(sf_client *sf);

/** Log in now instead of at the first call, or anew: whatever session is at hand or stored is replaced. Any thread.
 *  SF_AUTH_BEARER only has what was given. @param call NULL: defaults; only timeout_ms and cancel count. Wire: the
 *  flow's, see auth.h. @return SF_OK; SF_ERR_AUTH (refused: err.code is the org's word, the message has the remedy),
 *  SF_ERR_API_LIMIT (too many logins in an hour), SF_ERR_UNSUPPORTED (SOAP without libxml2), SF_ERR_USAGE
 *  (SF_AUTH_NONE), and what stands at sf_client_request. */
SF_API sf_status sf_client_login(sf_client *sf, const sf_call_options *call, sf_error *err);

typedef struct sf_client_info { /* plain, no end needed */
    char instance_url[256];     /* no slash at the end */
    char api_version[8];        /* "62.0" */
    sf_id org_id, user_id;      /* "" where the flow does not tell (bearer token: org_id from the token) */
    uint64_t reserved[8];
} sf_client_info;
/** Where this client talks to, logged in if need be, version asked if need be. Any thread. @param out owned by the
 *  caller. @return SF_OK, SF_ERR_LIMIT (an instance URL that does not fit), and what a login and a request can give. */
SF_API sf_status sf_client_get_info(sf_client *sf, sf_client_info *out, sf_error *err);

typedef struct sf_client_stats { /* since sf_client_open */
    int64_t requests;           /* sent to the API, repeats included; logins not */
    int64_t retries;            /* of these, repeats */
    int64_t logins;             /* token requests, refreshes included */
    int64_t refreshes;          /* of these, renewals of a session */
    int64_t bytes_sent, bytes_received; /* on the wire, headers included */
    int64_t unknown_outcomes;   /* calls that ended with SF_ERR_UNKNOWN_OUTCOME */
    uint64_t reserved[8];
} sf_client_stats;
/** Copy the counters; nothing is sent. Any thread. @param out owned by the caller; all zero when sf is NULL. */
SF_EXTERN void sf_client_get_stats(sf_client *sf, sf_client_stats *out);

typedef struct sf_api_usage { /* Sforce-Limit-Info of the latest answer that had one */
    int64_t used, max;          /* requests in 24 h */
    int64_t app_used, app_max;  /* of this connected app; 0 when not said */
    uint64_t reserved[4];
} sf_api_usage;
/** How much of the org's daily requests is used; nothing is sent. Any thread.
 *  @return SF_ROW, SF_DONE (none came yet; out untouched), SF_ERR_USAGE (an argument is NULL). */
SF_EXTERN sf_status sf_client_get_api_usage(sf_client *sf, sf_api_usage *out);

/** The access token in use, for handing to another program; logged in if need be. A secret: wipe it after use. Any
 *  thread. @param out owned by the caller, ends with sf_free. @return SF_OK, and what sf_client_login can give. */
SF_API sf_status sf_client_get_access_token(sf_client *sf, char **out, sf_error *err);

/** A token that ends calls from another thread. @param out owned by the caller, ends with sf_cancel_free; it must
 *  outlive the calls and cursors that carry it. @return SF_OK, SF_ERR_USAGE (out is NULL), SF_ERR_MEMORY (or no
 *  descriptor). */
SF_API sf_status sf_cancel_new(sf_cancel **out, sf_error *err);
/** End all calls that carry it, now and from now on, with SF_ERR_CANCELLED. NULL is fine. Any thread;
 *  async-signal-safe. */
SF_EXTERN void sf_cancel_now(sf_cancel *c);
SF_EXTERN void sf_cancel_free(sf_cancel *c); /**< NULL is fine. No call may carry it any more. */

/* ---- any request, for what has no function of its own ---- */
typedef struct sf_request {     /* borrowed for the call */
    const char *method;         /* "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" */
    const char *path;           /* "/services/data/v62.0/limits", or "limits": below /services/data/vXX.X/;
                                   percent-encoded */
    sf_str body;                /* ptr NULL: none */
    const char *content_type;   /* of the body; default application/json; charset=UTF-8 */
    bool repeatable;            /* doing it twice is harmless: may be repeated even when it is a POST or PATCH */
    const sf_call_options *call;
    const sf_source *source;    /* the body in pieces instead, of POST, PUT, PATCH; NULL: body is it */
    const sf_sink *sink;        /* takes the body of an answer of 200..299; NULL: sf_response.body does */
    uint64_t reserved[2];
} sf_request;
typedef struct sf_response {    /* ends with sf_response_clear */
    int32_t status;             /* HTTP: 200, 204, 304 …; 0: none came */
    char *headers;              /* lines with LF between; owned by this struct, as is the body */
    char *body;                 /* inflated, NUL-terminated; "" when there was none */
    size_t body_len;
    uint64_t reserved[4];
} sf_response;
/** Send one request with this client's session, retries and limits. Any thread. An answer of 300 and above (but 304) is
 *  an error, and out then holds its body too. A redirect is followed within the same host, of a write only 307 and 308.
 *  @param out what it held is not freed; ends with sf_response_clear, also after a failure.
 *  @return SF_OK, or what every call that sends can give: SF_ERR_USAGE (nothing was sent), SF_ERR_MEMORY, SF_ERR_LIMIT
 *  (the answer passes response_max), SF_ERR_PROTOCOL (a web page, a redirect, not the JSON that it should be),
 *  SF_ERR_TRUNCATED, SF_ERR_NETWORK, SF_ERR_TIMEOUT, SF_ERR_CANCELLED, SF_ERR_UNKNOWN_OUTCOME (a write that may not be
 *  repeated was sent, and no answer came), SF_ERR_ORG, SF_ERR_AUTH (401 that a new session did not mend, or no login),
 *  SF_ERR_API_LIMIT, SF_ERR_NOT_FOUND (404), SF_ERR_UNAVAILABLE (429, 502 to 504, the breaker is open),
 *  SF_ERR_UNSUPPORTED. err.retryable says whether the same call may be made again. */
SF_API sf_status sf_client_request(sf_client *sf, const sf_request *request, sf_response *out, sf_error *err);
/** The value of a header, trimmed, borrowed from response; ptr NULL: not there. @param name any case. */
SF_EXTERN sf_str sf_response_header(const sf_response *response, const char *name);
SF_EXTERN void sf_response_clear(sf_response *response); /**< Free what it holds. NULL and cleared ones are fine. */
#endif
