/*
 * wire_server.h: a TCP server that plays a script on each connection, to show a client what real networks do: answers
 * in pieces, cuts, stalls, resets. Called by tests of http and by fault tests. Owns its threads and what it recorded.
 * Threads: every call from any thread; wire_stop once, at the end.
 *
 *     static const wire_step twice[] = { WIRE_REQUEST, WIRE_TEXT(ok), WIRE_REQUEST, WIRE_RESET, WIRE_END };
 *     static const wire_step always[] = { WIRE_REQUEST, WIRE_TEXT(ok), WIRE_AGAIN };
 *     wire_server *server = wire_start((const wire_step *const[]){ twice, always }, 2);
 *
 * The first connection plays the first script, and so on; the last script serves all further ones. A script that ends
 * closes the connection in order (FIN).
 */
#ifndef SF_TEST_WIRE_SERVER_H
#define SF_TEST_WIRE_SERVER_H
#include <stdbool.h>
#include <stddef.h>

typedef struct wire_server wire_server;
typedef enum wire_op {
    WIRE_OP_END,     /* close in order */
    WIRE_OP_REQUEST, /* read one whole HTTP/1.1 request, body too; the client closing first ends the script */
    WIRE_OP_READ,    /* read len bytes and no more */
    WIRE_OP_SEND,    /* send data */
    WIRE_OP_STALL,   /* nothing, until the client closes or the server stops */
    WIRE_OP_RESET,   /* close with RST at once */
    WIRE_OP_DEAF,    /* from here on the kernel drops what the client sends, acknowledging nothing: a half-open socket */
    WIRE_OP_GATE,    /* wait for wire_open_gate */
    WIRE_OP_AGAIN,   /* from the first step */
} wire_op;
typedef struct wire_step {
    wire_op op;
    const char *data; /* borrowed until wire_stop */
    size_t len;
} wire_step;
#define WIRE_END                                                                                                       \
    {                                                                                                                  \
        WIRE_OP_END, NULL, 0                                                                                           \
    }
#define WIRE_REQUEST                                                                                                   \
    {                                                                                                                  \
        WIRE_OP_REQUEST, NULL, 0                                                                                       \
    }
#define WIRE_READ(n)                                                                                                   \
    {                                                                                                                  \
        WIRE_OP_READ, NULL, n                                                                                          \
    }
#define WIRE_BYTES(data, len)                                                                                          \
    {                                                                                                                  \
        WIRE_OP_SEND, data, len                                                                                        \
    }
#define WIRE_TEXT(literal)                                                                                             \
    {                                                                                                                  \
        WIRE_OP_SEND, literal, sizeof(literal) - 1                                                                     \
    }
#define WIRE_STALL                                                                                                     \
    {                                                                                                                  \
        WIRE_OP_STALL, NULL, 0                                                                                         \
    }
#define WIRE_RESET                                                                                                     \
    {                                                                                                                  \
        WIRE_OP_RESET, NULL, 0                                                                                         \
    }
#define WIRE_DEAF                                                                                                      \
    {                                                                                                                  \
        WIRE_OP_DEAF, NULL, 0                                                                                          \
    }
#define WIRE_GATE                                                                                                      \
    {                                                                                                                  \
        WIRE_OP_GATE, NULL, 0                                                                                          \
    }
#define WIRE_AGAIN                                                                                                     \
    {                                                                                                                  \
        WIRE_OP_AGAIN, NULL, 0                                                                                         \
    }

/* @param scripts borrowed until wire_stop. Listens on 127.0.0.1 port 0. NULL: cannot. */
wire_server *wire_start(const wire_step *const *scripts, size_t count);
wire_server *wire_start_ipv6(const wire_step *const *scripts, size_t count); /* on ::1; NULL: the machine has none */
/* Connections that fail to come about: a port where nobody listens, until wire_stop. */
wire_server *wire_start_refusing(void);
/* A proxy for CONNECT that leads every tunnel to 127.0.0.1:target_port, whatever host is asked for.
 * @param login "user:password" that it wants (407 without it); NULL: none. @param refusal a status line such as
 * "403 Forbidden" that answers each CONNECT; NULL: it connects. */
wire_server *wire_start_proxy(int target_port, const char *login, const char *refusal);
/* Answers by what is asked instead of in an order: on every connection a whole request is read and shown to reply (threads
 * of the server's; NUL-terminated, borrowed), which says what to send (borrowed until wire_stop) and how to go on:
 * WIRE_OP_AGAIN (the next request), WIRE_OP_STALL, WIRE_OP_RESET, WIRE_OP_DEAF (and silent). */
typedef struct wire_reply {
    const char *data;
    size_t len;
    wire_op then;
} wire_reply;
wire_server *wire_start_replies(wire_reply (*reply)(void *user, const char *request), void *user);
void wire_stop(wire_server *server); /* closes all connections, joins all threads; NULL is fine */

int wire_port(const wire_server *server);
/* "http://127.0.0.1:PORT" and path, in a buffer of the server's that the next call overwrites. */
const char *wire_url(wire_server *server, const char *path);
int wire_connections(wire_server *server); /* accepted so far */
int wire_requests(wire_server *server);    /* whole requests read so far, CONNECTs too */
/* Waits until count requests were read, at most ten seconds. */
bool wire_wait_requests(wire_server *server, int count);
/* Waits until every connection has ended, at most ten seconds. */
bool wire_wait_closed(wire_server *server);
/* The request number i (from 0) as it came, NUL-terminated; free(). NULL: not so many came. */
char *wire_request(wire_server *server, int i);
void wire_open_gate(wire_server *server); /* lets all WIRE_GATEs pass, now and later */
#endif
