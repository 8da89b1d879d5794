/*
 * http_internal.h: one HTTP attempt at a time over libcurl, many at once: one I/O thread per sfi_http runs all
 * transfers on one curl multi handle; callers start requests, wait for answers, cancel. Knows nothing of Salesforce.
 * Retrying is the caller's (client), with the policy functions at the end. Only this room touches libcurl.
 * Threads: sfi_http is safe from all threads; an sfi_transfer belongs to one thread at a time (cancel: any thread).
 */
#ifndef SFI_HTTP_INTERNAL_H
#define SFI_HTTP_INTERNAL_H
#include <salesforce/client.h>
#include <salesforce/stream.h>
#include "base/base_internal.h"

typedef struct sfi_http sfi_http;
typedef struct sfi_transfer sfi_transfer;

/* Options are sf_transport_options of client.h, copied. Starts the I/O thread at the first request. */
sf_status sfi_http_open(const sf_transport_options *options, const sfi_log *log, sfi_http **out, sf_error *err);
void sfi_http_close(
    sfi_http *http); /* cancels what runs, joins the thread; NULL is fine. Ended transfers may outlive it */
/* The circuit breaker of every host: failures in a row that open it (0: never) and how long it stays open. From the
 * next start on; until then 10 failures and 30 s. */
void sfi_http_set_breaker(sfi_http *http, int failures_max, int64_t open_ms);
long sfi_http_connections_max(const sfi_http *http); /* open at once, in all */

typedef struct sfi_header {
    sf_str name, value;
} sfi_header;

/* A source whose bytes are mostly at hand, as those of a file that was just read: then they go from it to libcurl without
 * a stop. user is the source's, whose length must be known. */
typedef struct sfi_direct {
    /* As the source's read, but on the I/O thread, and without waiting: *len 0: these bytes would have to be waited for.
     * From then on read gives what is left, on the caller's thread. */
    sf_status (*read_now)(void *user, char *data, size_t cap, size_t *len, sf_error *err);
    /* On the caller's thread, now and then meanwhile. Anything but SF_OK ends the transfer with it. */
    sf_status (*tick)(void *user, sf_error *err);
} sfi_direct;

typedef struct sfi_http_request {
    const char *method; /* "GET", "POST", "PATCH", "PUT", "DELETE", "HEAD" */
    const char *url;    /* absolute; copied, as all of the request is */
    const sfi_header *headers;
    size_t header_count;
    const char *bearer;    /* access token, or NULL: sent as Authorization to the url's own host only, never logged */
    bool bearer_is_session; /* the token goes in X-SFDC-Session instead (Bulk API 1.0) */
    sf_str body;           /* copied; ptr NULL: none. */
    bool body_is_borrowed; /* instead of copying: the caller keeps body alive until the transfer is freed */
    bool no_gzip;          /* do not ask for a compressed answer */
    size_t response_max;   /* bytes of the answer's body, before and after inflating; 0: SF_RESPONSE_MAX */
    int64_t deadline_ms;   /* on sfi_now_ms' clock; 0: the total timeout of the options from now (none of a stream) */
    const sf_source
        *source;         /* the body instead, of POST, PUT, PATCH; borrowed until the transfer is freed, as is sink */
    const sfi_direct *direct; /* of source; borrowed as long; NULL: it is read on the caller's thread only */
    const sf_sink *sink; /* takes the body of an answer of 200..299, which is then not in the response */
    bool once; /* may not be sent twice, though the method says so */
    bool is_long_poll; /* the other side is silent as long as it likes: only deadline_ms ends it, not the idle limit */
    /* Told once it has ended and sfi_transfer_wait answers true: on the I/O thread, under the transport's lock, so it may do
     * no more than ring (an eventfd). NULL: nobody is told. A breaker's refusal is not told: it stands after the start. */
    void (*on_end)(void *user);
    void *end_user; /* borrowed until the transfer is freed */
} sfi_http_request;

/* What happened, as far as the network tells. */
typedef enum sfi_http_outcome {
    SFI_HTTP_ANSWERED, /* a whole answer came: status, headers, body */
    SFI_HTTP_NOT_SENT, /* no byte of the request reached the server: DNS, connect, TLS, breaker: safe to repeat */
    SFI_HTTP_LOST,     /* sent, at least in part, and no whole answer came: reset, timeout, cut or too large body */
    SFI_HTTP_CANCELLED
} sfi_http_outcome;

typedef enum sfi_encoding { SFI_ENCODING_IDENTITY, SFI_ENCODING_GZIP, SFI_ENCODING_DEFLATE } sfi_encoding;

typedef struct sfi_http_response {
    sfi_http_outcome outcome;
    int status;       /* 0: no answer */
    int http_version; /* 10, 11, 20 */
    bool truncated;   /* LOST after status and headers came: the body ended before its promised end */
    char *headers;    /* raw lines, LF between, NUL at the end; of the last answer in a chain of redirects */
    char *body; /* as received: still compressed when encoding says so; followed by 64 zero bytes; NULL: no byte came */
    size_t body_len, body_cap;
    int encoding;                       /* sfi_encoding */
    int64_t bytes_sent, bytes_received; /* with headers, for the statistics */
    int64_t source_bytes, sink_bytes;   /* taken from the source, handed to the sink */
    bool is_cut_upload;                 /* the source's body did not go out whole: the server cannot have acted on it */
    sf_error error; /* filled unless ANSWERED, and then too for a redirect that is not followed: to another
                                       host, of a write, or one too many (SF_ERR_PROTOCOL, status is the 3xx) */
} sfi_http_response;

/* Start. @param out owned by the caller, ends with sfi_transfer_free. Fails only for usage, memory, limits. */
sf_status sfi_http_start(sfi_http *http, const sfi_http_request *request, sfi_transfer **out, sf_error *err);
/* Wait for the end, at most until deadline_ms (sfi_now_ms' clock; 0: however long it takes). false: not yet. */
bool sfi_transfer_wait(sfi_transfer *t, int64_t deadline_ms);
/* Wait for the end, and meanwhile call the request's source and sink; one without them is just waited for. What a
 * callback of theirs fails with is the response's error, and its outcome SFI_HTTP_CANCELLED. */
void sfi_transfer_run(sfi_transfer *t);
/* After wait said true: what came. The response belongs to the transfer, except that body may be taken (set it NULL). */
sfi_http_response *sfi_transfer_response(sfi_transfer *t);
void sfi_transfer_cancel(sfi_transfer *t); /* any thread; the wait then ends with SFI_HTTP_CANCELLED */
void sfi_transfer_free(sfi_transfer *t);   /* cancels when still running; NULL is fine */
/* A buffer to receive the next body into, so that pages re-use memory: transferred; taken by the next start. */
void sfi_http_give_buffer(sfi_http *http, char *data, size_t cap);

/* A header's value in response.headers, trimmed; ptr NULL: not there. Names compare without case. */
sf_str sfi_header_get(const sfi_http_response *r, const char *name);
/* "application/json" is the type of "Application/JSON; charset=UTF-8". */
bool sfi_content_type_is(sf_str content_type, const char *type);

/* ---- inflating (inflate.c): whole bodies with libdeflate ---- */
/* @param out a buffer of cap bytes that is grown by realloc as needed up to max, with 64 spare bytes after the text.
 * @return SF_OK, SF_ERR_LIMIT (over max), SF_ERR_TRUNCATED (the stream ends early, or its check sum or size is wrong). */
sf_status sfi_inflate(const char *data, size_t len, int encoding, size_t max, char **out, size_t *out_cap,
                      size_t *out_len, sf_error *err);

/* ---- inflating piece by piece (unzip.c) ---- */
typedef struct sfi_unzip sfi_unzip;
sf_status sfi_unzip_open(int encoding, sfi_unzip **out, sf_error *err);
/* Text of the next piece to write, which may fail: then that is the result.
 * @return SF_OK, SF_ERR_TRUNCATED (damaged), SF_ERR_MEMORY. */
sf_status sfi_unzip_add(sfi_unzip *u, const char *data, size_t len,
                        sf_status (*write)(void *user, const char *data, size_t len, sf_error *err), void *user,
                        sf_error *err);
sf_status sfi_unzip_finish(const sfi_unzip *u, sf_error *err); /* SF_ERR_TRUNCATED: the stream has not ended */
void sfi_unzip_close(sfi_unzip *u);                            /* NULL is fine */

/* ---- retry policy (retry.c): plain functions ---- */
/* Pause before attempt n (1: the first repeat): exponential with full jitter between base and cap, at least what the
 * server asked for. */
int64_t sfi_retry_pause_ms(int attempt, int64_t base_ms, int64_t cap_ms, int64_t server_asked_ms, uint64_t random);
/* Retry-After: seconds or an HTTP date; 0: none or nonsense; at most a day. */
int64_t sfi_retry_after_ms(const sfi_http_response *r);
/* GET, HEAD, PUT, DELETE, OPTIONS, TRACE; and PATCH of a record by id, which the caller says. */
bool sfi_method_is_idempotent(const char *method);

/* ---- circuit breaker (breaker.c), one per host ---- */
typedef struct sfi_breaker {
    int failures_max; /* in a row; 0: never opens */
    int64_t open_ms;  /* how long it stays open before one probe is let through */
    int failures;
    int64_t opened_at_ms; /* 0: closed */
    bool probing;
} sfi_breaker; /* the owner locks */
bool sfi_breaker_allows(sfi_breaker *b, int64_t now_ms, int64_t *wait_ms);
void sfi_breaker_note(sfi_breaker *b, bool ok, int64_t now_ms);
#endif
