/* server.c: the canned side of bench/events: a Bayeux server of one session at a time, as cheap as can be: one thread, epoll,
 * keep-alive, nothing allocated once a connection is there. Handshake, connect, subscribe and disconnect are answered as an org does; a
 * connect of a subscribed session gets a page of 500 changes of some 770 bytes that was written at the start, in which only
 * the replay ids are new (they rise by three); when all have been sent, a connect is held. GET /count tells of the session at
 * hand: events sent, handshakes since the last count, bytes of an event.
 * usage: bench_events_server EVENTS [PLAIN] (prints its port; PLAIN: no event holds an escape; each handshake begins anew) */
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
#include <sys/uio.h>
#include <unistd.h>

enum {
    CONNECTIONS_MAX = 256,
    REQUEST_MAX = 64 << 10,
    EVENTS = 500,
    EVENT_MAX = 1024,
    REPLAY_DIGITS = 10,
    MESSAGES_MAX = 16
};

typedef struct connection {
    char *in;
    size_t len;
} connection;

typedef struct slice {
    const char *ptr;
    size_t len;
} slice;

static connection connections[CONNECTIONS_MAX];
static char page[1 + EVENTS * EVENT_MAX];
static size_t page_len, replay_at[EVENTS];
static long events_all, events_sent, handshakes, sessions;
static bool is_subscribed;
static int connects, held_fd = -1; /* the connect that waits for the subscribe, or for ever */
static char held_id[64];

/* A change as an org sends it: key order and lengths of a recorded update of an Account. One in ten has an escape in it. */
static void write_page(bool is_plain)
{
    page[page_len++] = '[';
    for (int i = 0; i < EVENTS; i++) {
        size_t room = sizeof page - page_len;
        int n = snprintf(
            page + page_len, room,
            "{\"data\":{\"schema\":\"q9RkZ2vT4mXw7Lb1cN0sPA\",\"payload\":{\"LastModifiedDate\":\"2026-11-23T12:00:%"
            "02d.000Z\","
            "\"Name\":\"Company %04d Müller & Söhne\",\"Phone\":\"+41 44 123 %02d %02d\",\"Industry\":\"Energy\","
            "\"AnnualRevenue\":%d.5,\"Description\":\"%s\",\"BillingAddress\":{\"City\":\"Zürich\",\"PostalCode\":"
            "\"8001\"},"
            "\"ChangeEventHeader\":{\"commitNumber\":118734000%05d,\"commitUser\":\"0055g00000AbCdEAAV\","
            "\"sequenceNumber\":%d,"
            "\"entityName\":\"Account\",\"changeType\":\"%s\",\"changedFields\":[\"LastModifiedDate\",\"Name\","
            "\"Phone\",\"Industry\","
            "\"AnnualRevenue\",\"BillingAddress.City\"],\"changeOrigin\":\"com/salesforce/api/rest/"
            "64.0;client=loader\","
            "\"transactionKey\":\"0004a1c2-7719-9e1b-53d0-a6c1e0f9%04d\",\"commitTimestamp\":1763899%03d000,"
            "\"recordIds\":[\"0015g00000%05dAAK\"]}},\"event\":{\"replayId\":",
            i % 60, i, i % 100, i % 90, 1000 + i * 7,
            is_plain || i % 10 != 0 ? "Makes things, and sells them" : "Makes \\\"things\\\" and sells", i * 3,
            i % 7 + 1, i % 3 == 0 ? "CREATE" : "UPDATE", i, i, i * 11);
        page_len += (size_t)n;
        replay_at[i] = page_len;
        page_len += (size_t)snprintf(page + page_len, sizeof page - page_len,
                                     "0000000000}},\"channel\":\"/data/ChangeEvents\"},");
    }
}

static void set_replay_ids(long first, int count)
{
    for (int i = 0; i < count; i++) {
        long id = 4000000017L + (first + i) * 3;
        for (int k = REPLAY_DIGITS - 1; k >= 0; k--, id /= 10) page[replay_at[i] + (size_t)k] = (char)('0' + id % 10);
    }
}

static bool send_pieces(int fd, struct iovec *piece, int count)
{
    while (count > 0) {
        ssize_t n = sendmsg(fd, &(struct msghdr){ .msg_iov = piece, .msg_iovlen = (size_t)count }, MSG_NOSIGNAL);
        if (n <= 0) return false;
        while (count > 0 && (size_t)n >= piece->iov_len) {
            n -= (ssize_t)piece->iov_len;
            piece++;
            count--;
        }
        if (count > 0) *piece = (struct iovec){ (char *)piece->iov_base + n, piece->iov_len - (size_t)n };
    }
    return true;
}

static bool respond(int fd, const char *status, const char *more, slice body, slice tail)
{
    char head[512];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: application/json;charset=UTF-8\r\n%sContent-Length: %zu\r\n\r\n",
                     status, more, body.len + tail.len);
    struct iovec pieces[3] = { { head, (size_t)n }, { (char *)body.ptr, body.len }, { (char *)tail.ptr, tail.len } };
    return send_pieces(fd, pieces, 3);
}

/* Answer a connect of a subscribed session; with nothing left, it is held. */
static bool send_page(int fd, const char *id)
{
    char tail[256];
    long left = events_all - events_sent;
    int count = left < EVENTS ? (int)left : EVENTS;
    if (count == 0) {
        held_fd = fd;
        snprintf(held_id, sizeof held_id, "%s", id);
        return true;
    }
    set_replay_ids(events_sent, count);
    events_sent += count;
    size_t len = count == EVENTS
                     ? page_len
                     : replay_at[count - 1] + REPLAY_DIGITS + strlen("}},\"channel\":\"/data/ChangeEvents\"},");
    int n = snprintf(tail, sizeof tail,
                     "{\"clientId\":\"bench%ld\",\"channel\":\"/meta/connect\",\"id\":%s,\"successful\":true}]",
                     sessions, id);
    return respond(fd, "200 OK", "", (slice){ page, len }, (slice){ tail, (size_t)n });
}

/* ---- requests: an array of messages, or one ---- */

/* The next object of the array, from *at on. */
static bool next_message(slice body, size_t *at, slice *message)
{
    int depth = 0;
    bool is_text = false;
    size_t begin = 0;
    for (; *at < body.len; ++*at) {
        char c = body.ptr[*at];
        if (is_text) {
            if (c == '\\') ++*at;
            if (c == '"') is_text = false;
        } else if (c == '"') {
            is_text = true;
        } else if (c == '{') {
            if (depth++ == 0) begin = *at;
        } else if (c == '}' && --depth == 0) {
            *message = (slice){ body.ptr + begin, ++*at - begin };
            return true;
        }
    }
    return false;
}

/* A member's value as it stands, quotes and all, for members that hold no object. */
static slice member(slice message, const char *name)
{
    char key[64];
    int n = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = memmem(message.ptr, message.len, key, (size_t)n);
    if (at == NULL) return (slice){ "null", 4 };
    at += n;
    size_t left = message.len - (size_t)(at - message.ptr), len = 0;
    if (*at == '"')
        for (len = 1; len < left && at[len] != '"'; len++) continue;
    while (len < left && at[len] != ',' && at[len] != '}') len++;
    return (slice){ at, len };
}

static bool is_channel(slice message, const char *name)
{
    slice channel = member(message, "channel");
    return channel.len == strlen(name) + 2 && memcmp(channel.ptr + 1, name, strlen(name)) == 0;
}

static bool serve_messages(int fd, slice body)
{
    static const char cookies[] = "Set-Cookie: BAYEUX_BROWSER=b0bench;Path=/;HttpOnly\r\n";
    char out[4096], id[64] = "";
    size_t at = 0, n = 1;
    int count = 0, connect_count = 0;
    bool is_new = false;
    slice m;
    out[0] = '[';
    while (next_message(body, &at, &m) && count < MESSAGES_MAX) {
        slice given = member(m, "id"), channel = member(m, "channel");
        if (given.len >= sizeof id || channel.len > 40) return false;
        snprintf(id, sizeof id, "%.*s", (int)given.len, given.ptr);
        const char *comma = count++ > 0 ? "," : "";
        char *to = out + n;
        size_t room = sizeof out - n;
        int put;
        if (is_channel(m, "/meta/handshake")) {
            sessions++;
            handshakes++;
            connects = 0;
            is_subscribed = false;
            is_new = true;
            held_fd = -1;
            events_sent = 0;
            put = snprintf(to, room,
                           "%s{\"ext\":{\"replay\":true,\"payload.format\":true},\"minimumVersion\":\"1.0\","
                           "\"clientId\":\"bench%ld\","
                           "\"supportedConnectionTypes\":[\"long-polling\"],\"channel\":\"/meta/"
                           "handshake\",\"id\":%s,\"version\":\"1.0\","
                           "\"successful\":true}",
                           comma, sessions, id);
        } else if (is_channel(m, "/meta/connect")) {
            connect_count++;
            put = snprintf(
                to, room,
                "%s{\"clientId\":\"bench%ld\",\"advice\":{\"interval\":0,\"timeout\":110000,\"reconnect\":\"retry\"},"
                "\"channel\":\"/meta/connect\",\"id\":%s,\"successful\":true}",
                comma, sessions, id);
        } else {
            slice subscription = member(m, "subscription");
            if (is_channel(m, "/meta/subscribe")) is_subscribed = true;
            put = snprintf(
                to, room,
                "%s{\"clientId\":\"bench%ld\",\"channel\":%.*s,\"id\":%s,\"subscription\":%.*s,\"successful\":true}",
                comma, sessions, (int)channel.len, channel.ptr, id, (int)subscription.len, subscription.ptr);
        }
        if (put < 0 || (size_t)put >= room) return false;
        n += (size_t)put;
    }
    if (count == 1 && connect_count == 1 && connects++ > 0) {
        if (is_subscribed) return send_page(fd, id);
        held_fd = fd;
        snprintf(held_id, sizeof held_id, "%s", id);
        return true;
    }
    if (n >= sizeof out) return false;
    out[n++] = ']';
    bool ok = respond(fd, "200 OK", is_new ? cookies : "", (slice){ out, n }, (slice){ "", 0 });
    if (is_subscribed && held_fd >= 0 && events_sent < events_all) {
        int waiting = held_fd;
        held_fd = -1;
        ok = send_page(waiting, held_id) && ok;
    }
    return ok;
}

static bool answer(int fd, slice head, slice body)
{
    char text[128];
    if (head.len > 10 && memcmp(head.ptr, "GET /count", 10) == 0) {
        int n = snprintf(text, sizeof text, "%ld %ld %zu", events_sent, handshakes, page_len / EVENTS);
        handshakes = 0;
        return respond(fd, "200 OK", "", (slice){ text, (size_t)n }, (slice){ "", 0 });
    }
    if (head.len < 5 || memcmp(head.ptr, "POST ", 5) != 0) /* a WebSocket is asked for */
        return respond(fd, "400 Bad Request", "", (slice){ "[]", 2 }, (slice){ "", 0 });
    return serve_messages(fd, body);
}

/* Chunks to one body, in place. 0: not whole yet; -1: broken; else the bytes that it took. */
static long join_chunks(char *at, size_t len, slice *body)
{
    size_t from = 0, to = 0;
    for (;;) { /* ends: each turn takes a chunk */
        char *line = memmem(at + from, len - from, "\r\n", 2);
        if (line == NULL) return 0;
        size_t size = strtoul(at + from, NULL, 16), data = (size_t)(line - at) + 2;
        if (size > REQUEST_MAX) return -1;
        if (len - data < size + 2) return 0;
        if (size == 0) break;
        from = data + size + 2;
        to += size;
    }
    from = 0; /* all is there: move */
    *body = (slice){ at, to };
    for (size_t put = 0;;) {
        char *line = memmem(at + from, len - from, "\r\n", 2);
        size_t size = strtoul(at + from, NULL, 16), data = (size_t)(line - at) + 2;
        if (size == 0) return (long)data + 2;
        memmove(at + put, at + data, size);
        put += size;
        from = data + size + 2;
    }
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
        size_t head = (size_t)(end - c->in) + 4, taken = 0;
        slice body = { c->in + head, 0 };
        *end = '\0';
        const char *length = strcasestr(c->in, "\r\nContent-Length:");
        bool is_chunked = strcasestr(c->in, "\r\nTransfer-Encoding:") != NULL;
        bool is_last = strcasestr(c->in, "\r\nConnection: close") != NULL;
        if (length != NULL) body.len = taken = strtoul(length + 17, NULL, 10);
        *end = '\r';
        if (is_chunked) {
            long n = join_chunks(c->in + head, c->len - head, &body);
            if (n < 0) return false;
            if (n == 0) return c->len < REQUEST_MAX;
            taken = (size_t)n;
        }
        if (head + taken > REQUEST_MAX) return false;
        if (c->len < head + taken) return true;
        if (!answer(fd, (slice){ c->in, head }, body)) return false;
        if (is_last && held_fd != fd) return false;
        memmove(c->in, c->in + head + taken, c->len - head - taken);
        c->len -= head + taken;
    }
}

static void end_connection(int fd)
{
    if (held_fd == fd) held_fd = -1;
    free(connections[fd].in);
    connections[fd] = (connection){ 0 };
    close(fd);
}

int main(int argc, char **argv)
{
    int on = 1;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
    if (argc < 2) return 2;
    events_all = strtol(argv[1], NULL, 10);
    write_page(argc > 2);
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
