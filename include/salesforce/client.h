/*
 * client.h: a connection to one org: where it is, who logs in, how its HTTP behaves. Every service takes an sf_client.
 * Threads: a client is safe from all threads at once. It owns one I/O thread, started at the first call, on which all
 * transfers run; answers are decoded on the caller's thread. sf_client_close waits for nobody: end cursors first.
 */
#ifndef SALESFORCE_CLIENT_H
#define SALESFORCE_CLIENT_H
#include <salesforce/auth.h>
#include <salesforce/base.h>
#include <salesforce/value.h>

#define SF_RESPONSE_MAX ((size_t)256 << 20)   /* bytes of one answer that is held in memory, unless an option says less */
#define SF_RETRIES_MAX 20

typedef struct sf_client sf_client;
typedef struct sf_cancel sf_cancel;

typedef enum sf_log_level {
    SF_LOG_NONE = 0, SF_LOG_ERROR = 1, SF_LOG_WARN = 2, SF_LOG_INFO = 3, SF_LOG_DEBUG = 4, SF_LOG_TRACE = 5
} sf_log_level;

/** How HTTP is spoken. Zero is the default everywhere. Times in milliseconds, 1..86400000, SF_NONE: no limit. */
typedef struct sf_transport_options {
    int64_t connect_timeout_ms;   /* DNS + TCP + TLS; default 30 s */
    int64_t idle_timeout_ms;      /* no byte in either direction for so long; default 120 s */
    int64_t total_timeout_ms;     /* one attempt from start to end; default 600 s */
    int32_t connections_max;      /* open at once, in all; default 16; 1..256 */
    int32_t connections_idle_max; /* kept open for re-use; default 8; SF_NONE: keep none */
    int64_t keepalive_ms;         /* TCP keep-alive probes after so much silence; default 60 s */
    size_t response_max;          /* bytes of one answer, before and after inflating; default SF_RESPONSE_MAX */
    bool no_http2;                /* HTTP/1.1 only */
    bool no_gzip;                 /* ask for plain answers */
    const char *ca_file;          /* PEM file of trusted CAs instead of the system's */
    const char *ca_path;          /* folder of the same */
    const char *client_cert_file; /* PEM; with client_key_file for mutual TLS */
    const char *client_key_file;
    const char *client_key_password;
    int32_t tls_min;              /* 12 or 13; default 12 */
    const char *proxy;            /* "http://host:port", https:// or socks5h://; NULL: HTTPS_PROXY and NO_PROXY; "": none */
    const char *proxy_user;
    const char *proxy_password;
    const char *no_proxy;         /* comma-separated hosts */
    uint64_t reserved[8];         /* zero */
} sf_transport_options;

/** When a failed request is repeated: only where a repeat cannot do the work twice. */
typedef struct sf_retry_options {
    int32_t retries_max;          /* repeats after the first attempt; default 5; 0..SF_RETRIES_MAX; SF_NONE: never repeat */
    int64_t pause_ms;             /* before the first repeat, doubled each time, with jitter; default 500 */
    int64_t pause_max_ms;         /* default 30 s; a longer Retry-After of the server wins */
    int32_t breaker_failures;     /* so many failures in a row open the circuit breaker of the host; default 10; SF_NONE: no breaker */
    int64_t breaker_open_ms;      /* default 30 s; then one request is let through as a probe */
    uint64_t reserved[4];         /* zero */
} sf_retry_options;

typedef struct sf_client_options {
    const char *login_url;        /* where to log in; any URL of the org that a user pastes will do; NULL: https://login.salesforce.com */
    const char *instance_url;     /* API host, for SF_AUTH_BEARER; NULL: taken from the login, else from login_url */
    const char *api_version;      /* "62.0" or "v62.0"; NULL: the newest that the org offers, asked once */
    sf_auth auth;                 /* copied; secrets are wiped at close */
    sf_token_store *token_store;  /* borrowed until close; NULL: a memory store of the client's own */
    sf_transport_options transport;
    sf_retry_options retry;
    int64_t call_timeout_ms;      /* for a whole call with all its repeats and pauses; default SF_NONE */
    int64_t max_calls;            /* the client stops with SF_ERR_API_LIMIT after so many HTTP requests to the API; default: no limit */
    const char *client_name;      /* sent in Sforce-Call-Options: client=…; letters, digits, / . - _ */
    const char *user_agent;       /* default "libsalesforce/VERSION" */
    const char *cache_dir;        /* where describe answers are kept between programs (0600 files); NULL: memory only */
    bool traceparent;             /* send a W3C traceparent header with each request and log its id */
    sf_log_level log_level;       /* 0: none */
    void (*log)(void *user, sf_log_level level, const char *line); /* any thread; must not call the library; line is redacted */
    void *log_user;
    uint64_t reserved[8];         /* zero */
} sf_client_options;

/** What any call of the API may carry, borrowed for the call. Each service's options point to one; NULL: all defaults. */
typedef struct sf_call_options {
    int64_t timeout_ms;           /* whole call with repeats; 0: the client's call_timeout_ms; SF_NONE: none */
    sf_cancel *cancel;            /* ends the call from another thread; NULL: cannot be cancelled */
    const char *const *headers;   /* "Name: value" lines to add, NULL at the end; NULL: none */
    bool no_retry;                /* one attempt only (a 401 is still answered by one refresh) */
    uint64_t reserved[4];         /* zero */
} sf_call_options;

/** Make a client. Nothing is sent yet: the first call logs in. @param options borrowed for the call, strings copied.
 *  @param out owned by the caller, ends with sf_client_close; NULL on failure.
 *  @return SF_OK, SF_ERR_USAGE (which option, and what is wrong), SF_ERR_MEMORY. */
SF_API sf_status sf_client_open(const sf_client_options *options, sf_client **out, sf_error *err);

/** End a client; NULL is fine. Calls of other threads must have ended; cursors must be closed. */
SF_EXTERN void sf_client_close(sf_client *sf);

/** Log in now (or renew the session) instead of at the first call. Any thread. */
SF_API sf_status sf_client_login(sf_client *sf, const sf_call_options *call, sf_error *err);

typedef struct sf_client_info { /* plain, no end needed */
    char instance_url[256];
    char api_version[8];        /* "62.0" */
    sf_id org_id, user_id;      /* "" where the flow does not tell (bearer token: org_id from the token) */
    uint64_t reserved[8];
} sf_client_info;
/** Where this client talks to, logged in if need be, version asked if need be. Any thread. */
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
/** Copy the counters. Any thread. */
SF_EXTERN void sf_client_get_stats(sf_client *sf, sf_client_stats *out);

typedef struct sf_api_usage { /* Sforce-Limit-Info of the latest answer that had one */
    int64_t used, max;          /* requests in 24 h */
    int64_t app_used, app_max;  /* of this connected app; 0 when not said */
    uint64_t reserved[4];
} sf_api_usage;
/** @return SF_ROW, SF_DONE (none came yet; out untouched). Any thread. */
SF_EXTERN sf_status sf_client_get_api_usage(sf_client *sf, sf_api_usage *out);

/** The access token in use, for handing to another program; logged in if need be. A secret: wipe it after use.
 *  @param out owned by the caller, ends with sf_free. */
SF_API sf_status sf_client_get_access_token(sf_client *sf, char **out, sf_error *err);

/** A token that ends calls from another thread. Owned by the caller; must outlive the calls that carry it. */
SF_API sf_status sf_cancel_new(sf_cancel **out, sf_error *err);
/** End all calls that carry it, now and from now on, with SF_ERR_CANCELLED. Any thread; async-signal-safe. */
SF_EXTERN void sf_cancel_now(sf_cancel *c);
SF_EXTERN void sf_cancel_free(sf_cancel *c); /**< NULL is fine. No call may carry it any more. */

/* ---- any request, for what has no function of its own ---- */
typedef struct sf_request {     /* borrowed for the call */
    const char *method;         /* "GET", "POST", … */
    const char *path;           /* "/services/data/v62.0/limits", or "limits": below /services/data/vXX.X/ */
    sf_str body;                /* ptr NULL: none */
    const char *content_type;   /* default application/json; charset=UTF-8 */
    bool repeatable;            /* doing it twice is harmless: may be repeated even when it is a POST or PATCH */
    const sf_call_options *call;
    uint64_t reserved[4];
} sf_request;
typedef struct sf_response {    /* ends with sf_response_clear */
    int32_t status;
    char *headers;              /* lines with LF between */
    char *body;                 /* inflated, NUL-terminated; owned by this struct */
    size_t body_len;
    uint64_t reserved[4];
} sf_response;
/** Send one request with this client's session, retries and limits. An answer of 400 and above is an error like any
 *  other, and out then holds its body too. @param out cleared by the call; ends with sf_response_clear. */
SF_API sf_status sf_client_request(sf_client *sf, const sf_request *request, sf_response *out, sf_error *err);
/** The value of a header, trimmed, borrowed; ptr NULL: not there. */
SF_EXTERN sf_str sf_response_header(const sf_response *response, const char *name);
SF_EXTERN void sf_response_clear(sf_response *response); /**< NULL and cleared ones are fine. */
#endif
