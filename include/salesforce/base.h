/*
 * base.h: the words that every public header speaks. Plain data, the allocator hook and the version.
 *
 * What holds in all headers: a call that can fail answers a status and mostly takes err last. err may be NULL; on
 * failure all of it is filled, after a success it says nothing. Handles are NULL after a failure, other outputs stay as
 * they were. A NULL argument that the comment does not allow is SF_ERR_USAGE. Structs of options begin as { 0 }: zero
 * is the default everywhere, and a reserved member that is not zero is SF_ERR_USAGE. Texts are NUL-terminated UTF-8,
 * times are milliseconds. The calls that send something can also give what stands at sf_client_request (client.h).
 */
#ifndef SALESFORCE_BASE_H
#define SALESFORCE_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define SF_EXTERN extern "C" __attribute__((visibility("default")))
#else
#define SF_EXTERN extern __attribute__((visibility("default")))
#endif
#define SF_API SF_EXTERN __attribute__((warn_unused_result)) /* a status that nobody reads is a bug */

#define SF_VERSION_MAJOR 0
#define SF_VERSION_MINOR 1
#define SF_VERSION_PATCH 0

#define SF_NONE (-1) /* in an option: «no limit», where 0 means the default */

/** What a call answers. > 0 an answer, 0 done as asked, < 0 an error. Numbers never change, new ones may come. */
typedef enum sf_status {
    SF_OK = 0,
    SF_ROW = 1,                   /* a cursor: here is the next one */
    SF_DONE = 2,                  /* a cursor: there are no more; sticky */
    SF_ERR_USAGE = -1,            /* an argument or option is wrong; nothing was sent */
    SF_ERR_MEMORY = -2,           /* the allocator answered NULL */
    SF_ERR_LIMIT = -3,            /* too long, too deep, too many: the message names what, and the limit */
    SF_ERR_PROTOCOL = -4,         /* the other side answered something that is not what it should be */
    SF_ERR_IO = -5,               /* a file or a pipe */
    SF_ERR_NETWORK = -6,          /* no connection, TLS refused, connection lost: no work was done, or it can be
                                     repeated */
    SF_ERR_TIMEOUT = -7,          /* the deadline passed: no work was done, or it can be repeated */
    SF_ERR_CANCELLED = -8,        /* sf_cancel_now; a write that was sent already may have taken effect */
    SF_ERR_UNKNOWN_OUTCOME = -9,  /* a write was sent and its answer lost: it may have taken effect or not */
    SF_ERR_ORG = -10,             /* the org refused; err.code has its errorCode */
    SF_ERR_AUTH = -11,            /* not logged in: login refused, session dead and not renewable */
    SF_ERR_API_LIMIT = -12,       /* REQUEST_LIMIT_EXCEEDED and its like, or max_calls reached: do not repeat now */
    SF_ERR_NOT_FOUND = -13,       /* no such record, object or path */
    SF_ERR_TRUNCATED = -14,       /* a result ended before its promised end */
    SF_ERR_UNAVAILABLE = -15,     /* 503, 429, maintenance page, or our circuit breaker is open: try later */
    SF_ERR_UNSUPPORTED = -16      /* this machine lacks the part: libxml2 for SOAP, a TLS option of libcurl */
} sf_status;

typedef struct sf_str { /* a view: borrowed bytes, no NUL promised; finished */
    const char *ptr;
    size_t len; /* bytes */
} sf_str;

typedef struct sf_id { /* a record id as the org writes it; finished */
    char text[19];     /* 18 characters and NUL; "" when there is none */
} sf_id;

typedef struct sf_error { /* the caller's, on its stack; nothing in it to free; 1 KiB for ever */
    sf_status status;
    int32_t http_status;    /* 0: no HTTP answer came */
    int64_t retry_after_ms; /* Retry-After, at most a day; 0: the server did not say */
    bool retryable;         /* the same call may be made again without doing the work twice */
    char code[63];          /* Salesforce errorCode; "": the error is ours */
    char fields[128];       /* field names that the org complained of, comma between; "": none */
    char message[784];      /* one line of UTF-8: what, where, what to do; never a secret */
    uint64_t reserved[4];   /* zero */
} sf_error;

typedef struct sf_allocator { /* zero: malloc. fn: ptr NULL allocates, size 0 frees, NULL back is no memory */
    void *(*fn)(void *user, void *ptr, size_t size);
    void *user; /* borrowed for the life of the process; fn is called from any thread */
} sf_allocator;

/** Use another allocator for all that the library makes. Call it first, once, before other threads exist, and never
 *  while something of the library lives. What libcurl, libxml2, simdjson, libdeflate and OpenSSL take for themselves is
 *  outside it. @param allocator copied; NULL: back to malloc. @return SF_OK, SF_ERR_USAGE (fn is NULL). */
SF_API sf_status sf_set_allocator(const sf_allocator *allocator, sf_error *err);

/** Free memory that a call handed over as "owned by the caller, ends with sf_free". NULL is fine. Any thread. */
SF_EXTERN void sf_free(void *ptr);

/** "0.1.0": the version of the library that runs, which may be newer than the header's. Any thread. */
SF_EXTERN const char *sf_version(void);

/** What this build has, blank between, such as "http2 libdeflate simdjson-haswell". Any thread. */
SF_EXTERN const char *sf_features(void);

/** "SF_ERR_NETWORK" for SF_ERR_NETWORK; "SF_?" for a number that this library does not know. Any thread. */
SF_EXTERN const char *sf_status_name(sf_status status);
#endif
