/*
 * wire_server.c: see wire_server.h. One thread accepts, one thread a connection plays; a pipe that becomes readable at
 * the end wakes whoever waits for bytes. Counters and records are under one lock, with one condition for all changes.
 */
#define _GNU_SOURCE /* accept4 */
#include "support/wire_server.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS_MAX = 4096, REQUEST_MAX = 64 * 1024 * 1024, WAIT_S = 10 };

typedef struct connection {
    wire_server *server;
    int fd, index;
    pthread_t thread;
    struct connection *next;
    char *got; /* bytes read and not used yet */
    size_t len, cap;
} connection;

struct wire_server {
    const wire_step *const *scripts;
    size_t script_count;
    int listener, stop_pipe[2], port;
    bool is_ipv6, is_running, is_proxy;
    int target_port;
    char login[256], refusal[128], url[512];
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    connection *connections;
    int accepted, open, requests;
    bool gate_is_open, stopping;
    char *recorded[REQUESTS_MAX];
    wire_reply (*reply)(void *user, const char *request); /* NULL: scripts */
    void *reply_user;
};

/* ---- reading ---- */
/* Waits until fd has something or the server stops. @return false: it stops. */
static bool wait_readable(wire_server *server, int fd)
{
    struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = server->stop_pipe[0], .events = POLLIN } };
    while (poll(fds, 2, -1) < 0) continue; /* ends: only EINTR */
    return fds[1].revents == 0;
}

/* @return false: end, error, or the server stops. */
static bool read_more(connection *c)
{
    if (c->len == c->cap) {
        size_t cap = c->cap > 0 ? c->cap * 2 : 4096;
        char *got = realloc(c->got, cap + 1);
        if (got == NULL) return false;
        c->got = got;
        c->cap = cap;
    }
    if (!wait_readable(c->server, c->fd)) return false;
    ssize_t n = recv(c->fd, c->got + c->len, c->cap - c->len, 0);
    if (n <= 0) return false;
    c->len += (size_t)n;
    c->got[c->len] = '\0';
    return true;
}

static void drop(connection *c, size_t n)
{
    memmove(c->got, c->got + n, c->len - n);
    c->len -= n;
    c->got[c->len] = '\0';
}

static size_t content_length(const char *head, size_t head_len)
{
    static const char name[] = "\r\ncontent-length:";
    for (size_t i = 0; i + sizeof name - 1 < head_len; i++)
        if (strncasecmp(head + i, name, sizeof name - 1) == 0) return strtoul(head + i + sizeof name - 1, NULL, 10);
    return 0;
}

/* @return bytes of a body in chunks up to its end; 0: more must come. Trailers are not for tests. */
static size_t chunked_length(const char *body, size_t len)
{
    for (size_t at = 0; at < len;) { /* ends: at grows */
        const char *line_end = memchr(body + at, '\n', len - at);
        if (line_end == NULL) return 0;
        size_t size = strtoul(body + at, NULL, 16);
        at = (size_t)(line_end - body) + 1 + size + 2;
        if (size == 0) return at <= len ? at : 0;
    }
    return 0;
}

static bool is_chunked(const char *head, size_t head_len)
{
    static const char line[] = "\r\ntransfer-encoding: chunked";
    for (size_t i = 0; i + sizeof line - 1 < head_len; i++)
        if (strncasecmp(head + i, line, sizeof line - 1) == 0) return true;
    return false;
}

/* @return bytes of the first whole request in what was read; 0: the client ended before. */
static size_t read_request(connection *c)
{
    for (;;) { /* ends: the request is whole, too long, or the client closes */
        const char *end = c->len > 0 ? strstr(c->got, "\r\n\r\n") : NULL;
        if (end != NULL) {
            size_t head = (size_t)(end - c->got) + 4;
            size_t chunks = is_chunked(c->got, head) ? chunked_length(c->got + head, c->len - head) : 0;
            size_t whole = head + content_length(c->got, head) + chunks;
            if (c->len >= whole && (chunks > 0 || !is_chunked(c->got, head))) return whole;
            if (whole > REQUEST_MAX || c->len > REQUEST_MAX) return 0;
        }
        if (!read_more(c)) return 0;
    }
}

static void record(wire_server *server, const char *request, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy != NULL) {
        memcpy(copy, request, len);
        copy[len] = '\0';
    }
    pthread_mutex_lock(&server->lock);
    if (server->requests < REQUESTS_MAX)
        server->recorded[server->requests] = copy;
    else
        free(copy);
    server->requests++;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}

static bool take_request(connection *c)
{
    size_t whole = read_request(c);
    if (whole == 0) return false;
    record(c->server, c->got, whole);
    drop(c, whole);
    return true;
}

static bool read_bytes(connection *c, size_t n)
{
    while (c->len < n)
        if (!read_more(c)) return false;
    drop(c, n);
    return true;
}

static void read_until_closed(connection *c)
{
    char sink[4096];
    while (wait_readable(c->server, c->fd) && recv(c->fd, sink, sizeof sink, 0) > 0) continue;
}

/* ---- writing ---- */
static bool send_all(wire_server *server, int fd, const char *data, size_t len)
{
    while (len > 0) {
        struct pollfd fds[2] = { { .fd = fd, .events = POLLOUT }, { .fd = server->stop_pipe[0], .events = POLLIN } };
        while (poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents != 0) return false;
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static void reset_at_close(int fd)
{
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

static bool wait_gate(wire_server *server)
{
    pthread_mutex_lock(&server->lock);
    while (!server->gate_is_open && !server->stopping) pthread_cond_wait(&server->changed, &server->lock);
    bool open = server->gate_is_open;
    pthread_mutex_unlock(&server->lock);
    return open;
}

/* ---- playing ---- */
static bool go_deaf(int fd)
{
    struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
    const struct sock_fprog program = { .len = 1, .filter = &drop_all };
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

static void play(connection *c)
{
    wire_server *server = c->server;
    size_t which = (size_t)c->index < server->script_count ? (size_t)c->index : server->script_count - 1;
    const wire_step *script = server->scripts[which], *step = script;
    bool ok = true;
    while (ok) { /* ends: at WIRE_END, or a step fails, or the client closes */
        switch (step->op) {
        case WIRE_OP_REQUEST: ok = take_request(c); break;
        case WIRE_OP_READ: ok = read_bytes(c, step->len); break;
        case WIRE_OP_SEND: ok = send_all(server, c->fd, step->data, step->len); break;
        case WIRE_OP_STALL: read_until_closed(c); break;
        case WIRE_OP_GATE: ok = wait_gate(server); break;
        case WIRE_OP_DEAF: ok = go_deaf(c->fd); break;
        case WIRE_OP_RESET: reset_at_close(c->fd); return;
        case WIRE_OP_AGAIN: step = script; continue;
        case WIRE_OP_END: return;
        }
        step++;
    }
}

static void serve_replies(connection *c)
{
    size_t whole;
    while ((whole = read_request(c)) > 0) { /* ends: the client closes, the server stops, or as the reply says */
        record(c->server, c->got, whole);
        char behind = c->got[whole];
        c->got[whole] = '\0';
        wire_reply reply = c->server->reply(c->server->reply_user, c->got);
        c->got[whole] = behind;
        drop(c, whole);
        if (reply.len > 0 && !send_all(c->server, c->fd, reply.data, reply.len)) return;
        if (reply.then == WIRE_OP_AGAIN) continue;
        if (reply.then == WIRE_OP_RESET) reset_at_close(c->fd);
        if (reply.then == WIRE_OP_DEAF) (void)go_deaf(c->fd);
        if (reply.then != WIRE_OP_RESET) read_until_closed(c);
        return;
    }
}

static int connect_local(int port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static void relay(wire_server *server, int a, int b)
{
    char bytes[16384];
    for (;;) { /* ends: one side closes, or the server stops */
        struct pollfd fds[3] = { { .fd = a, .events = POLLIN },
                                 { .fd = b, .events = POLLIN },
                                 { .fd = server->stop_pipe[0], .events = POLLIN } };
        while (poll(fds, 3, -1) < 0) continue;
        if (fds[2].revents != 0) return;
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents == 0) continue;
            ssize_t n = recv(fds[i].fd, bytes, sizeof bytes, 0);
            if (n <= 0 || !send_all(server, fds[1 - i].fd, bytes, (size_t)n)) return;
        }
    }
}

static void base64(const char *text, char *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;
        if (i + 1 < len) bits |= (uint32_t)(unsigned char)text[i + 1] << 8;
        if (i + 2 < len) bits |= (unsigned char)text[i + 2];
        *out++ = letters[bits >> 18 & 63];
        *out++ = letters[bits >> 12 & 63];
        *out++ = i + 1 < len ? letters[bits >> 6 & 63] : '=';
        *out++ = i + 2 < len ? letters[bits & 63] : '=';
    }
    *out = '\0';
}

static bool answer(connection *c, const char *status, const char *more)
{
    char text[512];
    int n = snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%s\r\n", status, more);
    return send_all(c->server, c->fd, text, (size_t)n);
}

static void serve_proxy(connection *c)
{
    wire_server *server = c->server;
    for (;;) { /* ends: a tunnel, a refusal, or the client closes */
        size_t whole = read_request(c);
        if (whole == 0) return;
        char token[512], want[600];
        base64(server->login, token);
        snprintf(want, sizeof want, "Proxy-Authorization: Basic %s\r\n", token);
        bool may = server->login[0] == '\0' || strstr(c->got, want) != NULL;
        record(server, c->got, whole);
        drop(c, whole);
        if (!may) {
            if (!answer(c, "407 Proxy Authentication Required",
                        "Proxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n"))
                return;
            continue;
        }
        if (server->refusal[0] != '\0') {
            (void)answer(c, server->refusal, "Content-Length: 0\r\n"); /* it closes either way */
            return;
        }
        int target = connect_local(server->target_port);
        if (target < 0) {
            (void)answer(c, "502 Bad Gateway", "Content-Length: 0\r\n");
            return;
        }
        if (answer(c, "200 Connection established", "")) relay(server, c->fd, target);
        close(target);
        return;
    }
}

static void *connection_main(void *user)
{
    connection *c = user;
    wire_server *server = c->server;
    if (server->is_proxy)
        serve_proxy(c);
    else if (server->reply != NULL)
        serve_replies(c);
    else
        play(c);
    close(c->fd);
    pthread_mutex_lock(&server->lock);
    server->open--;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static void accept_one(wire_server *server)
{
    int on = 1, fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) return;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection *c = calloc(1, sizeof *c);
    if (c == NULL) abort();
    c->server = server;
    c->fd = fd;
    pthread_mutex_lock(&server->lock);
    c->index = server->accepted++;
    server->open++;
    c->next = server->connections;
    server->connections = c;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    if (pthread_create(&c->thread, NULL, connection_main, c) != 0) abort();
}

static void *accept_main(void *user)
{
    wire_server *server = user;
    while (wait_readable(server, server->listener)) accept_one(server);
    return NULL;
}

/* ---- start and stop ---- */
static bool bind_loopback(wire_server *server)
{
    struct sockaddr_storage at = { 0 };
    struct sockaddr_in *v4 = (struct sockaddr_in *)&at;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at;
    socklen_t len = server->is_ipv6 ? sizeof *v6 : sizeof *v4;
    if (server->is_ipv6) {
        v6->sin6_family = AF_INET6;
        v6->sin6_addr = in6addr_loopback;
    } else {
        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    server->listener = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&at, len) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&at, &len) != 0)
        return false;
    server->port = ntohs(server->is_ipv6 ? v6->sin6_port : v4->sin_port);
    return true;
}

static wire_server *start(wire_server prototype, bool listening)
{
    wire_server *server = malloc(sizeof *server);
    if (server == NULL) return NULL;
    *server = prototype;
    server->listener = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->changed, NULL);
    if (pipe(server->stop_pipe) != 0) abort();
    if (bind_loopback(server) && (!listening || listen(server->listener, 128) == 0)) {
        server->is_running = listening && pthread_create(&server->thread, NULL, accept_main, server) == 0;
        if (server->is_running == listening) return server;
    }
    wire_stop(server);
    return NULL;
}

wire_server *wire_start(const wire_step *const *scripts, size_t count)
{
    return start((wire_server){ .scripts = scripts, .script_count = count }, true);
}

wire_server *wire_start_ipv6(const wire_step *const *scripts, size_t count)
{
    return start((wire_server){ .scripts = scripts, .script_count = count, .is_ipv6 = true }, true);
}

wire_server *wire_start_replies(wire_reply (*reply)(void *user, const char *request), void *user)
{
    return start((wire_server){ .reply = reply, .reply_user = user }, true);
}

wire_server *wire_start_refusing(void)
{
    return start((wire_server){ 0 }, false);
}

wire_server *wire_start_proxy(int target_port, const char *login, const char *refusal)
{
    wire_server prototype = { .is_proxy = true, .target_port = target_port };
    snprintf(prototype.login, sizeof prototype.login, "%s", login != NULL ? login : "");
    snprintf(prototype.refusal, sizeof prototype.refusal, "%s", refusal != NULL ? refusal : "");
    return start(prototype, true);
}

void wire_stop(wire_server *server)
{
    if (server == NULL) return;
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
    close(server->stop_pipe[1]); /* its other end is now readable for all */
    if (server->is_running) pthread_join(server->thread, NULL);
    while (server->connections != NULL) { /* nobody accepts any more */
        connection *c = server->connections;
        server->connections = c->next;
        pthread_join(c->thread, NULL);
        free(c->got);
        free(c);
    }
    if (server->listener >= 0) close(server->listener);
    close(server->stop_pipe[0]);
    for (int i = 0; i < REQUESTS_MAX; i++) free(server->recorded[i]);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

/* ---- looking ---- */
int wire_port(const wire_server *server)
{
    return server->port;
}

const char *wire_url(wire_server *server, const char *path)
{
    snprintf(server->url, sizeof server->url, "http://%s:%d%s", server->is_ipv6 ? "[::1]" : "127.0.0.1", server->port,
             path);
    return server->url;
}

int wire_connections(wire_server *server)
{
    pthread_mutex_lock(&server->lock);
    int n = server->accepted;
    pthread_mutex_unlock(&server->lock);
    return n;
}

int wire_requests(wire_server *server)
{
    pthread_mutex_lock(&server->lock);
    int n = server->requests;
    pthread_mutex_unlock(&server->lock);
    return n;
}

static struct timespec ten_seconds_from_now(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    return until;
}

bool wire_wait_requests(wire_server *server, int count)
{
    struct timespec until = ten_seconds_from_now();
    int rc = 0;
    pthread_mutex_lock(&server->lock);
    while (server->requests < count && rc == 0) rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    bool enough = server->requests >= count;
    pthread_mutex_unlock(&server->lock);
    return enough;
}

bool wire_wait_closed(wire_server *server)
{
    struct timespec until = ten_seconds_from_now();
    int rc = 0;
    pthread_mutex_lock(&server->lock);
    while (server->open > 0 && rc == 0) rc = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    bool closed = server->open == 0;
    pthread_mutex_unlock(&server->lock);
    return closed;
}

char *wire_request(wire_server *server, int i)
{
    pthread_mutex_lock(&server->lock);
    bool is_there = i >= 0 && i < server->requests && i < REQUESTS_MAX && server->recorded[i] != NULL;
    char *copy = is_there ? strdup(server->recorded[i]) : NULL;
    pthread_mutex_unlock(&server->lock);
    return copy;
}

void wire_open_gate(wire_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->gate_is_open = true;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->lock);
}
