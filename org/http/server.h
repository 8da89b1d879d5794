/*
 * server.h: HTTP for the org over libmicrohttpd: whole requests in, whole responses out, on a pool of threads; bodies
 * are bounded; answers are compressed when the client asks; faults of the wire (reset, stall, cut bodies) are carried
 * out here because only this room has the socket. An answer can wait for something to happen (long polls): no thread waits
 * with it.
 * Threads: the handler runs on any of the server's threads, several at once.
 */
#ifndef SFO_SERVER_H
#define SFO_SERVER_H
#include "base/base_internal.h"

enum {
    SFO_HEAD_MAX = 16384,     /* bytes of request line and headers; more is 414 or 431 */
    SFO_BODY_MAX = 160 << 20, /* default for bytes of a request body, as sent and inflated; more is 413 */
    SFO_SPOOL_MIN = 1 << 20,  /* an upload with more bytes waits in a file instead of in memory */
    SFO_GZIP_MIN = 1024,      /* a shorter answer is not worth compressing */
    SFO_HEADERS_MAX = 16,
    SFO_PEER_SIZE = 46 /* an address as text, with its NUL */
};

#define SFO_UPLOAD_MAX ((size_t)2200 << 20) /* the same of a multipart/form-data body, as sent */

typedef struct sfo_request {
    const char *method; /* "GET" …; _HttpMethod override already applied */
    const char *path;   /* as sent, without the query; percent-decoding is the router's job, segment by segment */
    const char *query;  /* as sent, without '?'; "" when none */
    sf_str body;        /* inflated when it came as gzip; a large upload's is a mapped file */
    const char *host;   /* Host header, e.g. "127.0.0.1:8080" */
    bool loopback;      /* the peer is on this machine */
    /* Looks a header up without case; NULL: it is not there, or (fn NULL) the request has none at all. */
    const char *(*header)(void *connection, const char *name);
    /* Calls fn for each header as it was sent; fn NULL: as above. */
    void (*each_header)(void *connection, void (*fn)(void *user, const char *name, const char *value), void *user);
    void (*peer)(void *connection, char out[SFO_PEER_SIZE]); /* NULL: no connection */
    void *connection;                                        /* for these */
} sfo_request;
/* A request header's value, NULL: not there. Any case. */
const char *sfo_request_header(const sfo_request *r, const char *name);
/* Who sent it: 127.0.0.1 also where there is no connection. */
void sfo_request_peer(const sfo_request *r, char out[SFO_PEER_SIZE]);

struct sfo_response;

typedef struct sfo_wire_fault {
    int64_t reset_after; /* bytes of the whole response, head included, after which the socket is reset; -1: no */
    int64_t stall_after; /* the same, then silence for stall_ms; -1: no */
    int64_t stall_ms;
    int64_t truncate_after;   /* body bytes after which the answer ends; -1: no */
    bool keep_content_length; /* truncate: say the old, wrong length (then close); false: the short one */
} sfo_wire_fault;

/* A body that is read while it is sent, by a thread of the server. */
typedef struct sfo_body_stream {
    int64_t len;                                                    /* bytes in all */
    int64_t (*read)(void *user, int64_t at, char *out, size_t cap); /* -1: it cannot be; the answer is cut */
    void (*end)(void *user);                                        /* called once, whatever happens */
    void *user;
} sfo_body_stream;

/* A place to wait in. Made by the handler, counted, woken from any thread. */
typedef struct sfo_park sfo_park;
sfo_park *sfo_park_new(void); /* one reference, the caller's; NULL: no memory */
sfo_park *sfo_park_keep(sfo_park *p);
void sfo_park_release(sfo_park *p); /* NULL is fine */
void sfo_park_wake(sfo_park *p);    /* whoever waits there is asked again soon */

/* An answer that is not ready. */
typedef struct sfo_wait {
    sfo_park *park;   /* NULL: it is ready; else one reference, the server's from now on */
    int64_t until_ms; /* of sfi_now_ms: asked at that time at the latest */
    /* Woken, or time is up, or the server stops (is_last): fill the response; false: go on waiting (not when is_last).
     * is_gone: the client is, nobody reads the answer; called once more then, to clean up. */
    bool (*finish)(void *user, bool is_last, bool is_gone, struct sfo_response *response);
    void *user; /* finish frees it when it answers true or is_gone */
} sfo_wait;

typedef struct sfo_response {
    int status;
    const char *content_type;              /* static text; NULL: no header */
    sfi_buf body;                          /* the server's once the handler returned */
    sfo_body_stream stream;                /* read set: the body instead, sent as it is */
    char headers[SFO_HEADERS_MAX][2][512]; /* name, value */
    int header_count;
    sfo_wait wait;        /* park set: body comes later */
    bool no_body;         /* 204, 304 */
    sfo_wire_fault fault; /* set by sfo_response_init to none */
} sfo_response;
void sfo_response_init(sfo_response *r);
void sfo_response_clear(sfo_response *r); /* frees the body, forgets the headers; the fault stays */
/* A streamed body into memory, for who must look at it. false: it cannot be; the response is a 500 then. */
bool sfo_response_load(sfo_response *r);
/* Sets a header; one of the same name is replaced. A value with a control character, or too long, is left out. */
void sfo_response_header(sfo_response *r, const char *name, const char *format, ...) SFI_PRINTF(3, 4);
/* The same, beside others of its name (Set-Cookie). */
void sfo_response_add_header(sfo_response *r, const char *name, const char *format, ...) SFI_PRINTF(3, 4);
const char *sfo_response_get_header(const sfo_response *r, const char *name); /* NULL: not set */

typedef struct sfo_server_options {
    const char *host; /* default 127.0.0.1 */
    int port;         /* 0: a free one */
    int threads;      /* default 4 */
    size_t body_max;  /* default SFO_BODY_MAX */
    /* Bytes of a body to this URI (path and query, as sent), at most body_max; NULL: body_max everywhere. */
    size_t (*body_limit)(const char *uri);
    void (*handle)(void *user, const sfo_request *request, sfo_response *response);
    void *user;
} sfo_server_options;
typedef struct sfo_server sfo_server;
/* @return SF_OK, SF_ERR_USAGE (host is not an address), SF_ERR_IO (port taken; the message names it), SF_ERR_MEMORY. */
sf_status sfo_server_start(const sfo_server_options *options, sfo_server **out, sf_error *err);
int sfo_server_port(const sfo_server *server);
void sfo_server_stop(sfo_server *server); /* lets running requests end, ends stalls; NULL is fine */
#endif
