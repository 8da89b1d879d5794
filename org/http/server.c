/* server.c: see server.h. One exchange per request carries what libmicrohttpd hands over in pieces; the handler sees it
 * whole. An answer that is broken on purpose is sent by a thread of its own while libmicrohttpd's is suspended, so that
 * a stall holds up nobody else. */
#define _GNU_SOURCE /* mkostemp */
#include "http/server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/park.h"
#include "http/wire.h"

enum {
    THREADS_DEFAULT = 4,
    CONNECTIONS_MAX = 1000,
    IDLE_SECONDS = 300,        /* a kept connection without a request */
    POOL_BYTES = 48 * 1024,    /* libmicrohttpd's own memory a connection: the head and a piece of body */
    STREAM_BYTES = 256 * 1024, /* of a streamed body at a time */
    STOP_MS = 5000             /* most that stop waits for running requests */
};

struct sfo_server {
    sfo_server_options options;
    char host[64];
    struct MHD_Daemon *daemon;
    int port;
    pthread_mutex_t lock; /* guards the two below */
    pthread_cond_t ended; /* a request came to its end */
    int running;          /* exchanges, and threads that send broken answers */
    bool stopping;
    struct exchange *waiting; /* guarded by lock too, as the rest here */
    pthread_cond_t clock;     /* somebody waits for another time than before, or the server stops */
    pthread_t timer;
    bool has_timer;
};

typedef struct exchange { /* one request on its way through libmicrohttpd */
    sfo_server *server;
    struct MHD_Connection *connection;
    char *uri; /* as sent; cut at '?' when the request is whole */
    sfi_buf body;
    bool is_upload; /* multipart/form-data: may be large */
    int spool;      /* a nameless file with the body of a large one; -1: it is in body */
    size_t spooled;
    char *mapped;           /* that file, when the handler is asked */
    int refusal;            /* status to answer without asking the handler; 0: none */
    bool counted;           /* among the server's running ones: it is whole, and the handler has or had it */
    bool begun;             /* the head was looked at */
    bool sent_by_hand;      /* wire is out; the connection is to be closed */
    sfo_response *response; /* of a long poll that waits; ours */
    sfo_wait wait;          /* its */
    struct exchange *next_waiting;
    sfi_buf wire;
    sfo_wire_fault fault;
} exchange;

/* ---- requests ---- */
static const char *header_of_connection(void *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

typedef struct visit {
    void (*fn)(void *user, const char *name, const char *value);
    void *user;
} visit;

static enum MHD_Result visit_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const visit *v = cls;
    (void)kind;
    v->fn(v->user, name, value != NULL ? value : "");
    return MHD_YES;
}

static void each_header_of_connection(void *connection, void (*fn)(void *user, const char *name, const char *value),
                                      void *user)
{
    visit v = { fn, user };
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, visit_header, &v); /* answers how many */
}

/* ---- one exchange ---- */
static void note_running(sfo_server *server, int change)
{
    pthread_mutex_lock(&server->lock);
    server->running += change;
    pthread_cond_broadcast(&server->ended);
    pthread_mutex_unlock(&server->lock);
}

/* From here stop waits for the exchange; a request that is half sent holds up nobody. @return false: the server stops, and
 * would not wait for the answer of what only begins now. */
static bool admit(exchange *x)
{
    sfo_server *server = x->server;
    pthread_mutex_lock(&server->lock);
    x->counted = !server->stopping;
    if (x->counted) server->running++;
    pthread_mutex_unlock(&server->lock);
    return x->counted;
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    sfo_server *server = cls;
    exchange *x = sfi_calloc(sizeof *x);
    if (x == NULL) return NULL;
    x->server = server;
    x->connection = connection;
    x->uri = sfi_strdup(uri);
    x->body.max = server->options.body_max;
    x->spool = -1;
    return x;
}

static void forget_waiting(exchange *x)
{
    pthread_mutex_lock(&x->server->lock);
    for (exchange **at = &x->server->waiting; *at != NULL; at = &(*at)->next_waiting)
        if (*at == x) {
            *at = x->next_waiting;
            break;
        }
    pthread_mutex_unlock(&x->server->lock);
}

/* The end of a wait, whatever its answer. */
static void end_wait(exchange *x)
{
    if (x->wait.park == NULL) return;
    forget_waiting(x);
    sfo_park_release(x->wait.park);
    x->wait = (sfo_wait){ .park = NULL };
    if (x->response != NULL) sfo_response_clear(x->response);
    sfi_free(x->response);
    x->response = NULL;
}

static void on_end(void *cls, struct MHD_Connection *connection, void **con_cls, enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    sfo_server *server = cls;
    exchange *x = *con_cls;
    if (x == NULL) return;
    bool counted = x->counted;
    *con_cls = NULL;
    if (x->wait.finish != NULL) (void)x->wait.finish(x->wait.user, true, true, x->response); /* nobody is left to ask */
    end_wait(x);
    sfi_free(x->uri);
    sfi_buf_free(&x->body);
    sfi_buf_free(&x->wire);
    if (x->spool >= 0) (void)close(x->spool);
    sfi_free(x);
    if (counted) note_running(server, -1);
}

/* '%' stays: the router decodes segment by segment, so that %2F is not a slash. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *s)
{
    (void)cls;
    (void)connection;
    return strlen(s);
}

static void peer_of_connection(void *connection, char out[SFO_PEER_SIZE])
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) return;
    const struct sockaddr *a = info->client_addr;
    if (a->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr, out,
                        SFO_PEER_SIZE); /* fits */
    else if (a->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, out, SFO_PEER_SIZE);
}

static bool peer_is_loopback(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) return false;
    if (info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)info->client_addr;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    if (info->client_addr->sa_family != AF_INET6) return false;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)info->client_addr;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
}

/* The value of _HttpMethod when the query has it and it names a method; for clients that cannot send PATCH. */
static const char *method_override(const char *query)
{
    static const char *const methods[] = { "PATCH", "DELETE", "GET", "HEAD", "PUT", "POST" };
    static const char key[] = "_HttpMethod=";
    for (const char *at = query; at != NULL && *at != '\0'; at = strchr(at, '&')) {
        if (*at == '&') at++;
        if (strncmp(at, key, sizeof key - 1) != 0) continue;
        const char *value = at + sizeof key - 1;
        for (size_t i = 0; i < SFI_COUNT_OF(methods); i++)
            if (strncasecmp(value, methods[i], strlen(methods[i])) == 0 &&
                (value[strlen(methods[i])] == '\0' || value[strlen(methods[i])] == '&'))
                return methods[i];
    }
    return NULL;
}

static void refuse(sfo_response *r, int status)
{
    r->status = status;
    r->content_type = "text/plain;charset=UTF-8";
    sfi_buf_addf(&r->body, "%d %s\n", status, MHD_get_reason_phrase_for((unsigned)status));
}

/* ---- large uploads wait in a file ---- */
static bool write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* In the folder for temporary files, without a name: gone with its descriptor. */
static int open_spool(void)
{
    const char *folder = getenv("TMPDIR");
    char path[512];
    if (snprintf(path, sizeof path, "%s/sforce-org-XXXXXX", folder != NULL && *folder == '/' ? folder : "/tmp") >=
        (int)sizeof path)
        return -1;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) (void)unlink(path);
    return fd;
}

/* The next bytes of the body. @return 0, or the status that refuses it. */
static int take_body(exchange *x, const char *data, size_t len)
{
    if (!x->is_upload || (x->spool < 0 && x->body.len + len <= SFO_SPOOL_MIN))
        return sfi_buf_add(&x->body, data, len) ? 0 : 413;
    if (x->spooled + len > SFO_UPLOAD_MAX) return 413;
    if (x->spool < 0) {
        x->spool = open_spool();
        if (x->spool < 0 || !write_all(x->spool, x->body.data, x->body.len)) return 507;
        x->spooled = x->body.len;
        sfi_buf_free(&x->body);
    }
    if (!write_all(x->spool, data, len)) return 507;
    x->spooled += len;
    return 0;
}

/* Where the body is. false: no address space for it. */
static bool map_body(exchange *x, sf_str *out)
{
    *out = sfi_buf_str(&x->body);
    if (x->spool < 0) return true;
    void *mapped = mmap(NULL, x->spooled, PROT_READ, MAP_PRIVATE, x->spool, 0);
    if (mapped == MAP_FAILED) return false;
    (void)madvise(mapped, x->spooled, MADV_SEQUENTIAL); /* advice only */
    x->mapped = mapped;
    *out = (sf_str){ mapped, x->spooled };
    return true;
}

static void unmap_body(exchange *x)
{
    if (x->mapped != NULL) (void)munmap(x->mapped, x->spooled); /* it is one */
    x->mapped = NULL;
}

/* Real hosts fold the slashes that a path begins with: clients put "/services/…" behind an instance URL that ends in one. */
static const char *path_of(const char *uri)
{
    while (uri[0] == '/' && uri[1] == '/') uri++;
    return uri;
}

static void ask_handler(exchange *x, const char *method, sfo_response *response)
{
    const sfo_server_options *o = &x->server->options;
    sfi_buf inflated = { .max = x->body.max };
    const char *encoding = header_of_connection(x->connection, "Content-Encoding");
    sf_str body = { NULL, 0 };
    if (x->refusal == 0 && !map_body(x, &body)) x->refusal = 503;
    if (body.len == 0) encoding = NULL; /* some clients name one on every request, a GET too */
    if (encoding != NULL && sfi_eq_nocase(encoding, "gzip") && x->refusal == 0) {
        sf_status rc = sfo_gunzip(body, &inflated);
        if (rc != SF_OK) x->refusal = rc == SF_ERR_LIMIT ? 413 : rc == SF_ERR_MEMORY ? 503 : 400;
        body = sfi_buf_str(&inflated);
    } else if (encoding != NULL && !sfi_eq_nocase(encoding, "identity") && x->refusal == 0) {
        x->refusal = 415;
    }
    if (x->refusal != 0) {
        refuse(response, x->refusal);
    } else {
        char own_host[96];
        snprintf(own_host, sizeof own_host, "%s:%d", x->server->host, x->server->port);
        char *query = strchr(x->uri, '?');
        if (query != NULL) *query++ = '\0';
        const char *host = header_of_connection(x->connection, "Host");
        const char *other = strcmp(method, "POST") == 0 && query != NULL ? method_override(query) : NULL;
        sfo_request request = {
            .method = other != NULL ? other : method,
            .path = path_of(x->uri),
            .query = query != NULL ? query : "",
            .body = body.ptr != NULL ? body : SFI_STR(""),
            .host = host != NULL ? host : own_host,
            .loopback = peer_is_loopback(x->connection),
            .header = header_of_connection,
            .each_header = each_header_of_connection,
            .peer = peer_of_connection,
            .connection = x->connection,
        };
        o->handle(o->user, &request, response);
        if (strcmp(request.method, "HEAD") == 0 && strcmp(method, "HEAD") != 0) response->no_body = true;
    }
    unmap_body(x);
    sfi_buf_free(&inflated);
}

static void encode(exchange *x, sfo_response *response)
{
    sfi_buf *body = &response->body;
    const sfo_wire_fault *f = &response->fault;
    if (f->truncate_after >= 0 && !f->keep_content_length && (size_t)f->truncate_after < body->len)
        body->len = (size_t)f->truncate_after;
    if (response->no_body || response->stream.read != NULL) return;
    if (body->len < SFO_GZIP_MIN || !sfo_accepts_gzip(header_of_connection(x->connection, "Accept-Encoding"))) return;
    if (sfo_response_get_header(response, "Content-Encoding") != NULL || !sfo_gzip(body)) return;
    sfo_response_header(response, "Content-Encoding", "gzip");
    for (int i = 0; i < response->header_count; i++)
        if (sfi_eq_nocase(response->headers[i][0], "ETag"))
            sfo_etag_for_gzip(response->headers[i][1], sizeof response->headers[i][1]);
}

static ssize_t read_stream(void *cls, uint64_t at, char *out, size_t cap)
{
    const sfo_body_stream *s = cls;
    int64_t n = s->read(s->user, (int64_t)at, out, cap);
    return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void free_stream(void *cls)
{
    sfo_body_stream *s = cls;
    if (s->end != NULL) s->end(s->user);
    sfi_free(s);
}

static struct MHD_Response *create_streamed(sfo_response *response)
{
    sfo_body_stream *moved = sfi_alloc(sizeof *moved);
    if (moved == NULL) return NULL;
    *moved = response->stream;
    struct MHD_Response *r =
        MHD_create_response_from_callback((uint64_t)moved->len, STREAM_BYTES, read_stream, moved, free_stream);
    if (r == NULL)
        sfi_free(moved);
    else
        response->stream = (sfo_body_stream){ 0 }; /* now it is r's */
    return r;
}

static enum MHD_Result queue(exchange *x, sfo_response *response)
{
    struct MHD_Response *r;
    bool is_streamed = response->stream.read != NULL && !response->no_body;
    size_t len = response->no_body || is_streamed ? 0 : response->body.len;
    char *data = len > 0 ? sfi_buf_take(&response->body) : NULL;
    if (is_streamed)
        r = create_streamed(response);
    else if (data != NULL)
        r = MHD_create_response_from_buffer_with_free_callback(len, data, sfi_free);
    else
        r = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (r == NULL) {
        sfi_free(data);
        return MHD_NO;
    }
    if (response->content_type != NULL) (void)MHD_add_response_header(r, "Content-Type", response->content_type);
    for (int i = 0; i < response->header_count; i++)
        (void)MHD_add_response_header(r, response->headers[i][0], response->headers[i][1]);
    enum MHD_Result rc = MHD_queue_response(x->connection, (unsigned)response->status, r);
    MHD_destroy_response(r);
    return rc;
}

/* ---- answers that are broken on purpose ---- */
static bool is_stopping(void *user)
{
    sfo_server *server = user;
    pthread_mutex_lock(&server->lock);
    bool stopping = server->stopping;
    pthread_mutex_unlock(&server->lock);
    return stopping;
}

static void *send_by_hand(void *arg)
{
    exchange *x = arg;
    sfo_server *server = x->server;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info != NULL) sfo_wire_send(info->connect_fd, sfi_buf_str(&x->wire), &x->fault, is_stopping, server);
    x->sent_by_hand = true;
    MHD_resume_connection(x->connection); /* calls on_request again, which closes; x may be gone from here on */
    note_running(server, -1);
    return NULL;
}

static enum MHD_Result answer_broken(exchange *x, const char *method, const sfo_response *response)
{
    sfo_wire_compose(response, strcmp(method, "HEAD") == 0, &x->wire);
    if (x->wire.failed) return MHD_NO;
    x->fault = response->fault;
    pthread_t thread;
    pthread_attr_t detached;
    if (pthread_attr_init(&detached) != 0) return MHD_NO;
    (void)pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED); /* stop waits for the exchange, not for it */
    MHD_suspend_connection(x->connection);
    note_running(x->server, 1);
    int rc = pthread_create(&thread, &detached, send_by_hand, x);
    pthread_attr_destroy(&detached);
    if (rc != 0) {
        note_running(x->server, -1);
        x->sent_by_hand = true;
        MHD_resume_connection(x->connection);
    }
    return MHD_YES;
}

static enum MHD_Result send_response(exchange *x, const char *method, sfo_response *response)
{
    if (response->body.failed) {
        sfo_response_clear(response);
        refuse(response, 500);
    }
    encode(x, response);
    return sfo_wire_fault_is_set(&response->fault) ? answer_broken(x, method, response) : queue(x, response);
}

/* ---- answers that wait ---- */
static int64_t next_deadline(const sfo_server *server)
{
    int64_t next = INT64_MAX;
    for (const exchange *x = server->waiting; x != NULL; x = x->next_waiting)
        if (x->wait.until_ms < next) next = x->wait.until_ms;
    return next;
}

static void *keep_time(void *arg)
{
    sfo_server *server = arg;
    pthread_mutex_lock(&server->lock);
    while (!server->stopping) {
        int64_t next = next_deadline(server);
        if (next == INT64_MAX) {
            pthread_cond_wait(&server->clock, &server->lock);
            continue;
        }
        struct timespec at = { .tv_sec = next / 1000, .tv_nsec = next % 1000 * 1000000 };
        (void)pthread_cond_timedwait(&server->clock, &server->lock, &at); /* what time it is, is asked next */
        for (exchange *x = server->waiting; x != NULL; x = x->next_waiting)
            if (x->wait.until_ms <= sfi_now_ms()) {
                x->wait.until_ms = INT64_MAX; /* once */
                sfo_park_wake(x->wait.park);
            }
    }
    for (exchange *x = server->waiting; x != NULL; x = x->next_waiting) sfo_park_wake(x->wait.park);
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* false: the server stops, or has no thread for the time: the answer must be given now. */
static bool begin_wait(exchange *x)
{
    sfo_server *server = x->server;
    pthread_mutex_lock(&server->lock);
    if (!server->has_timer && !server->stopping)
        server->has_timer = pthread_create(&server->timer, NULL, keep_time, server) == 0;
    bool ok = server->has_timer && !server->stopping;
    if (ok) {
        x->next_waiting = server->waiting;
        server->waiting = x;
        pthread_cond_signal(&server->clock);
    }
    pthread_mutex_unlock(&server->lock);
    return ok;
}

static bool client_is_gone(exchange *x)
{
    char byte;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL) return true;
    ssize_t n = recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

/* Woken: the answer, or more sleep. */
static enum MHD_Result ask_again(exchange *x, const char *method)
{
    bool is_gone = client_is_gone(x);
    sfo_park_ask(x->wait.park);
    pthread_mutex_lock(&x->server->lock);
    bool is_last = x->server->stopping || x->wait.until_ms == INT64_MAX;
    pthread_mutex_unlock(&x->server->lock);
    bool done = x->wait.finish(x->wait.user, is_last, is_gone, x->response);
    if (!done && !is_gone) {
        sfo_park_suspend(x->wait.park, x->connection);
        return MHD_YES;
    }
    x->wait.finish = NULL;
    enum MHD_Result rc = is_gone ? MHD_NO : send_response(x, method, x->response);
    end_wait(x);
    return rc;
}

/* The response is x's from now on. */
static enum MHD_Result wait_for_answer(exchange *x, const char *method, sfo_response *response)
{
    x->response = response;
    x->wait = response->wait;
    if (!begin_wait(x)) x->wait.until_ms = INT64_MAX;
    if (x->wait.until_ms == INT64_MAX) return ask_again(x, method);
    sfo_park_suspend(x->wait.park, x->connection);
    return MHD_YES;
}

static enum MHD_Result answer(exchange *x, const char *method)
{
    sfo_response *response = sfi_calloc(sizeof *response);
    if (response == NULL) return MHD_NO;
    sfo_response_init(response);
    if (admit(x)) {
        ask_handler(x, method, response);
    } else {
        refuse(response, 503);
        sfo_response_header(response, "Connection", "close");
    }
    if (response->wait.park != NULL) return wait_for_answer(x, method, response);
    enum MHD_Result rc = send_response(x, method, response);
    sfo_response_clear(response);
    sfi_free(response);
    return rc;
}

/* How long a body may be, as sent and inflated; a multipart body has a bound of its own. */
static size_t body_max(const exchange *x)
{
    const sfo_server_options *o = &x->server->options;
    size_t limit = o->body_limit != NULL ? o->body_limit(path_of(x->uri)) : o->body_max;
    return limit < o->body_max ? limit : o->body_max;
}

static enum MHD_Result begin(exchange *x)
{
    x->begun = true;
    if (x->uri == NULL) return MHD_NO;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    size_t head = info != NULL ? info->header_size : 0;
    if (strlen(x->uri) > SFO_HEAD_MAX)
        x->refusal = 414;
    else if (head > SFO_HEAD_MAX)
        x->refusal = 431;
    const char *length = header_of_connection(x->connection, "Content-Length");
    const char *type = header_of_connection(x->connection, "Content-Type");
    x->is_upload = type != NULL && sfi_starts_with_nocase(sfi_trim(sfi_str(type)), "multipart/form-data") &&
                   header_of_connection(x->connection, "Content-Encoding") == NULL;
    size_t most = x->is_upload ? SFO_UPLOAD_MAX : body_max(x);
    if (!x->is_upload) x->body.max = most;
    int64_t bytes = 0;
    if (length != NULL && sfi_parse_int(sfi_str(length), &bytes) && bytes > (int64_t)most) x->refusal = 413;
    if (x->refusal != 413) return MHD_YES;
    sfo_response response; /* now, not after the body: nobody has to send what is refused */
    sfo_response_init(&response);
    refuse(&response, x->refusal);
    enum MHD_Result rc = queue(x, &response);
    sfi_buf_free(&response.body);
    return rc;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_len, void **con_cls)
{
    (void)cls;
    (void)connection;
    (void)url;
    (void)version;
    exchange *x = *con_cls;
    if (x == NULL || x->sent_by_hand) return MHD_NO; /* no memory; or the answer is out: close */
    if (!x->begun) return begin(x);
    if (x->wait.park != NULL) return ask_again(x, method);
    if (*data_len == 0) return answer(x, method);
    if (x->refusal == 0) x->refusal = take_body(x, data, *data_len);
    *data_len = 0;
    return MHD_YES;
}

/* ---- life ---- */
static bool make_address(const char *host, int port, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    memset(out, 0, sizeof *out);
    if (strcmp(host, "localhost") == 0) host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) return false;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return true;
}

static void free_server(sfo_server *server)
{
    if (server == NULL) return;
    pthread_cond_destroy(&server->ended);
    pthread_cond_destroy(&server->clock);
    pthread_mutex_destroy(&server->lock);
    sfi_free(server);
}

static sfo_server *make_server(const sfo_server_options *options)
{
    sfo_server *server = sfi_calloc(sizeof *server);
    if (server == NULL) return NULL;
    server->options = *options;
    if (server->options.threads == 0) server->options.threads = THREADS_DEFAULT;
    if (server->options.body_max == 0) server->options.body_max = SFO_BODY_MAX;
    snprintf(server->host, sizeof server->host, "%s", options->host != NULL ? options->host : "127.0.0.1");
    pthread_condattr_t monotonic;
    pthread_mutex_init(&server->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&server->ended, &monotonic);
    pthread_cond_init(&server->clock, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return server;
}

/* A socket that listens there; its port goes to *port. @return SF_OK, SF_ERR_IO. */
static sf_status listen_on(const char *host, const struct sockaddr_storage *address, int *fd, int *port, sf_error *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { .v6 = { 0 } };
    socklen_t len = address->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    int yes = 1;
    int s = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
              bind(s, (const struct sockaddr *)address, len) == 0 && listen(s, SOMAXCONN) == 0 &&
              getsockname(s, &bound.any, &len) == 0;
    if (!ok) {
        int why = errno;
        if (s >= 0) (void)close(s);
        return sfi_fail(err, SF_ERR_IO, "cannot listen on %s port %d: %s", host, *port,
                        why == EADDRINUSE ? "another program has it; choose another port, or 0 for a free one"
                                          : strerror(why));
    }
    *fd = s;
    *port = ntohs(address->ss_family == AF_INET ? bound.v4.sin_port : bound.v6.sin6_port);
    return SF_OK;
}

sf_status sfo_server_start(const sfo_server_options *options, sfo_server **out, sf_error *err)
{
    *out = NULL;
    int fd = -1;
    sf_status rc = SF_OK;
    struct sockaddr_storage address;
    sfo_server *server = make_server(options);
    if (server == NULL) return sfi_fail_memory(err, "the server");
    server->port = options->port;
    if (!make_address(server->host, options->port, &address))
        rc = sfi_fail(err, SF_ERR_USAGE, "host %s is not an IP address; use 127.0.0.1 or ::1", options->host);
    if (rc == SF_OK) rc = listen_on(server->host, &address, &fd, &server->port, err);
    if (rc != SF_OK) goto done;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    if (address.ss_family == AF_INET6) flags |= MHD_USE_IPv6;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)server->options.threads, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_end, server, MHD_OPTION_END);
    if (server->daemon == NULL) {
        rc = sfi_fail(err, SF_ERR_IO, "cannot start the server's threads on %s port %d", server->host, server->port);
        goto done;
    }
    *out = server;
    server = NULL;
    fd = -1; /* the daemon's, which closes it */
done:
    if (fd >= 0) (void)close(fd);
    free_server(server);
    return rc;
}

int sfo_server_port(const sfo_server *server)
{
    return server->port;
}

void sfo_server_stop(sfo_server *server)
{
    if (server == NULL) return;
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += STOP_MS / 1000;
    pthread_mutex_lock(&server->lock);
    server->stopping = true; /* MHD_quiesce_daemon would do it too, but aborts when it meets a worker that accepts */
    pthread_cond_broadcast(&server->clock); /* the timer wakes all that wait, and ends */
    int rc = 0;
    while (server->running > 0 && rc == 0) rc = pthread_cond_timedwait(&server->ended, &server->lock, &deadline);
    pthread_mutex_unlock(&server->lock);
    if (server->has_timer) (void)pthread_join(server->timer, NULL); /* it was told to end */
    MHD_stop_daemon(server->daemon);
    free_server(server);
}
