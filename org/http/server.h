/*
 * server.h: HTTP for the org over libmicrohttpd: whole requests in, whole responses out, on a pool of threads; bodies
 * are bounded; answers are compressed when the client asks; faults of the wire (reset, stall, cut bodies) are carried
 * out here because only this room has the socket. Later: suspended connections for long polls.
 * Threads: the handler runs on any of the server's threads, several at once.
 */
#ifndef SFO_SERVER_H
#define SFO_SERVER_H
#include "base/base_internal.h"

typedef struct sfo_request {
    const char *method;        /* "GET" …; _HttpMethod override already applied */
    const char *path;          /* percent-decoded per segment is the router's job: this is as sent, without the query */
    const char *query;         /* as sent, without '?'; "" when none */
    sf_str body;               /* inflated when it came as gzip */
    const char *host;          /* Host header, e.g. "127.0.0.1:8080" */
    void *connection;          /* ours */
} sfo_request;
/* A request header's value, NULL: not there. Any case. */
const char *sfo_request_header(const sfo_request *r, const char *name);

typedef struct sfo_wire_fault {
    int64_t reset_after;       /* bytes of the whole response, head included, after which the socket is reset; -1: no */
    int64_t stall_after;       /* the same, then silence for stall_ms; -1: no */
    int64_t stall_ms;
    int64_t truncate_after;    /* body bytes after which the answer ends; -1: no */
    bool keep_content_length;  /* truncate: say the old, wrong length (then close); false: the short one */
} sfo_wire_fault;

typedef struct sfo_response {
    int status;
    const char *content_type;  /* static text; NULL: no header */
    sfi_buf body;
    char headers[16][2][512];  /* name, value */
    int header_count;
    bool no_body;              /* 204, 304 */
    sfo_wire_fault fault;      /* set by sfo_response_init to none */
} sfo_response;
void sfo_response_init(sfo_response *r);
void sfo_response_header(sfo_response *r, const char *name, const char *format, ...) SFI_PRINTF(3, 4);

typedef struct sfo_server_options {
    const char *host;          /* default 127.0.0.1 */
    int port;                  /* 0: a free one */
    int threads;               /* default 4 */
    size_t body_max;           /* default 64 MiB; more is 413 */
    void (*handle)(void *user, const sfo_request *request, sfo_response *response);
    void *user;
} sfo_server_options;
typedef struct sfo_server sfo_server;
sf_status sfo_server_start(const sfo_server_options *options, sfo_server **out, sf_error *err);
int sfo_server_port(const sfo_server *server);
void sfo_server_stop(sfo_server *server);  /* lets running requests end */
#endif
