/*
 * state_internal.h: what the files of this room share: the insides of a client, the judgement over an attempt.
 * Called by client.c (open to close), version.c, call.c (the loop), answer.c, request.c, errors.c, decide.c, usage.c.
 * Threads: sf_client from all; everything behind lock and version.gate says so.
 */
#ifndef SFI_CLIENT_STATE_INTERNAL_H
#define SFI_CLIENT_STATE_INTERNAL_H
#include <pthread.h>
#include <stdatomic.h>
#include "auth/auth_internal.h"
#include "client/client_internal.h"

enum {
    SFI_TIME_MAX_MS = 86400000,      /* of any time limit that can be given */
    SFI_VERSION_BYTES = 8,           /* "62.0" and its NUL: sf_client_info.api_version */
    SFI_SERVER_PAUSE_MAX_MS = 600000 /* a longer Retry-After is told to the caller instead of waited for */
};

struct sf_client {
    char *login_url, *instance_url, *client_name, *call_options, *user_agent,
        *cache_dir; /* read-only after open, as all up to stats; call_options NULL: none to send */
    sfi_header packages[SF_PACKAGES_MAX]; /* x-sfdc-packageversion-…; texts are ours */
    size_t package_count;
    sf_retry_options retry;   /* defaults filled in; retries_max 0: never */
    int64_t call_timeout_ms;  /* 0: none */
    int64_t total_timeout_ms; /* of one attempt; 0: none */
    int64_t max_calls;        /* 0: no limit */
    size_t response_max;
    bool traceparent;
    sfi_log log;
    void (*log_fn)(void *user, sf_log_level level, const char *line);
    void *log_user;
    sfi_http *http;
    sfi_auth *auth;

    struct {
        atomic_llong requests, retries, bytes_sent, bytes_received, unknown_outcomes;
    } stats;

    pthread_mutex_t lock; /* guards usage and describe */
    bool has_lock;
    sf_api_usage usage; /* max 0: none came yet */
    sfi_client_slot describe;

    sfi_gate version_gate; /* guards version: "" until it was asked; given ones stand from the start */
    char version[SFI_VERSION_BYTES];
};

/* ---- version.c ---- */
/* "62", "v62.0" or "62.0" into "62.0". */
bool sfi_version_parse(sf_str text, char out[SFI_VERSION_BYTES]);
sf_status sfi_version_get(sf_client *sf, const sfi_wait *wait, const char **out, sf_error *err);
/* The newest of GET /services/data's answer; false: none in it. */
bool sfi_version_newest(sf_value versions, char out[SFI_VERSION_BYTES]);

/* ---- decide.c: what to do after an attempt; plain functions ---- */
typedef enum sfi_verdict {
    SFI_VERDICT_DONE,    /* a good answer */
    SFI_VERDICT_RENEW,   /* the session is dead: renew it and repeat */
    SFI_VERDICT_REPEAT,  /* did no work, or may do it twice: after a pause */
    SFI_VERDICT_UNKNOWN, /* a write that may have taken effect */
    SFI_VERDICT_FAIL     /* the error stands */
} sfi_verdict;
typedef struct sfi_attempt {
    sfi_http_outcome outcome;
    int status;
    bool is_repeatable; /* the request may be done twice */
    bool is_accepted;   /* the caller takes this status for an answer */
    bool can_renew;     /* a session was sent, and none was renewed yet */
    bool is_proxy_text; /* 503 of a proxy that says itself that the connection behind it broke */
    const char *code;   /* errorCode of the answer, "" none */
    const char *message;
    sf_status cause; /* of the transport, when nothing was answered */
    bool is_lasting; /* the transport's error will not pass by itself */
} sfi_attempt;
sfi_verdict sfi_decide(const sfi_attempt *a);
/* May the work be done, although the answer does not say so? */
bool sfi_attempt_may_be_done(const sfi_attempt *a);
/* Is it the kind of REQUEST_LIMIT_EXCEEDED that passes in seconds? */
bool sfi_limit_is_concurrent(const char *message);
/* 401 which a new session does not cure. */
bool sfi_session_is_unfit(const char *message);
/* May the request be done twice? headers: all of the call's; a precondition holds only the first time. */
bool sfi_request_is_repeatable(const sfi_call_request *r, const sfi_header *headers, size_t count);

/* ---- usage.c ---- */
/* "api-usage=25/5000; per-app-api-usage=17/250(appName=x)"; false: out untouched. */
bool sfi_usage_parse(sf_str header, sf_api_usage *out);

/* ---- call.c ---- */
/* Until when a call with these options may take; options NULL: the client's. @return SF_OK, SF_ERR_USAGE. */
sf_status sfi_wait_of(const sf_client *sf, const sf_call_options *options, sfi_wait *out, sf_error *err);
/* ---- answer.c ---- */
/* A header's value among lines with LF between, trimmed; ptr NULL: not there. */
sf_str sfi_header_find(const char *headers, const char *name);
#endif
