/* server.c: the neutral side of bench/writer: answers collections as an org does, as cheaply as can be: one thread, epoll,
 * keep-alive. A result for each "attributes" of the body, with ids that rise. GET /count says how many rows came, and counts anew.
 * usage: bench_writer_server (prints its port) */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, REQUEST_MAX = 8 << 20, ROWS_MAX = 200 };

typedef struct connection {
    char *in;
    size_t len;
} connection;

static connection connections[CONNECTIONS_MAX];
static long rows_seen;
static const char id_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* An id's suffix says which of its letters are capitals. */
static void write_id(long n, char out[19])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    memcpy(out, "0015j000000000000AA", 18);
    for (int i = 14; n > 0; i--, n /= 62) out[i] = id_digits[n % 62];
    for (int group = 0; group < 3; group++) {
        unsigned bits = 0;
        for (int i = 0; i < 5; i++)
            if (out[group * 5 + i] >= 'A' && out[group * 5 + i] <= 'Z') bits |= 1U << i;
        out[15 + group] = letters[bits];
    }
    out[18] = '\0';
}

static bool answer(int fd, const char *head, size_t head_len, const char *body, size_t body_len)
{
    static char out[64 + ROWS_MAX * 64 + 512], json[64 + ROWS_MAX * 64];
    size_t n = 0;
    if (memcmp(head, "GET /count", head_len < 10 ? head_len : 10) == 0) {
        n = (size_t)snprintf(json, sizeof json, "%ld", rows_seen);
        rows_seen = 0; /* the next client gets the same ids */
    } else {
        const char *at = body, *end = body + body_len;
        json[n++] = '[';
        for (int i = 0; i < ROWS_MAX && (at = memmem(at, (size_t)(end - at), "\"attributes\"", 12)) != NULL; i++) {
            char id[19];
            write_id(++rows_seen, id);
            n += (size_t)snprintf(json + n, sizeof json - n, "%s{\"id\":\"%s\",\"success\":true,\"errors\":[]}",
                                  i > 0 ? "," : "", id);
            at += 12;
        }
        json[n++] = ']';
    }
    size_t len = (size_t)snprintf(out, sizeof out,
                                  "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n"
                                  "Sforce-Limit-Info: api-usage=25/15000\r\nContent-Length: %zu\r\n\r\n",
                                  n);
    memcpy(out + len, json, n);
    return send_all(fd, out, len + n);
}

/* false: the connection is to be closed. */
static bool serve(int fd)
{
    connection *c = &connections[fd];
    if (c->in == NULL) c->in = malloc(REQUEST_MAX + 1);
    if (c->in == NULL) return false;
    ssize_t got = recv(fd, c->in + c->len, REQUEST_MAX - c->len, 0);
    if (got <= 0) return false;
    c->len += (size_t)got;
    for (;;) { /* each whole request */
        c->in[c->len] = '\0';
        char *end = memmem(c->in, c->len, "\r\n\r\n", 4);
        if (end == NULL) return c->len < REQUEST_MAX;
        size_t head = (size_t)(end - c->in) + 4, body = 0;
        *end = '\0';
        const char *length = strcasestr(c->in, "\r\nContent-Length:");
        if (strcasestr(c->in, "\r\nTransfer-Encoding:") != NULL) {
            fputs("a chunked request: this server wants Content-Length\n", stderr);
            exit(1);
        }
        if (length != NULL) body = strtoul(length + 17, NULL, 10);
        *end = '\r';
        if (head + body > REQUEST_MAX) return false;
        if (c->len < head + body) return true;
        if (!answer(fd, c->in, head, c->in + head, body)) return false;
        memmove(c->in, c->in + head + body, c->len - head - body);
        c->len -= head + body;
    }
}

static void end_connection(int fd)
{
    free(connections[fd].in);
    connections[fd] = (connection){ 0 };
    close(fd);
}

int main(void)
{
    int on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event) != 0)
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) { /* until it is killed */
        struct epoll_event events[32];
        int n = epoll_wait(poll, events, 32, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                if (!serve(fd)) end_connection(fd);
                continue;
            }
            fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            if (fd < 0) continue;
            if (fd >= CONNECTIONS_MAX) {
                close(fd);
                continue;
            }
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            event = (struct epoll_event){ .events = EPOLLIN, .data.fd = fd };
            epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        }
    }
}
