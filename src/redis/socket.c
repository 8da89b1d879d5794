/*
 * socket.c: a socket to a Redis server, over TCP, TLS or a unix path, where every wait has an end. Called by connection.c.
 * The one idea: nothing here blocks but poll with a deadline. Names are looked up by a thread of their own, because
 * getaddrinfo knows no time limit; who gives up leaves it behind, and the last of the two frees what they share. TLS
 * reads and writes through a BIO of ours, since OpenSSL's own raises SIGPIPE when the server is gone.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "redis/redis_internal.h"

struct sfi_redis_tls {
    SSL_CTX *ctx;
};

struct sfi_redis_socket {
    int fd;
    const char *name; /* of the settings */
    SSL *ssl;         /* NULL: plain */
    BIO_METHOD *method;
};

static sf_status fail_system(sf_error *err, const char *name, const char *what, int code)
{
    char text[128];
    if (strerror_r(code, text, sizeof text) != 0) (void)snprintf(text, sizeof text, "error %d", code);
    return sfi_fail(err, SF_ERR_NETWORK, "%s: %s: %s", name, what, text);
}

/* SF_OK: events, or the socket is at its end and will say so itself. */
static sf_status wait_for(int fd, short events, int64_t deadline_ms, const char *name, const char *what, sf_error *err)
{
    for (;;) { /* ends: ready, broken, or the deadline */
        int64_t left = deadline_ms - sfi_now_ms();
        struct pollfd p = { .fd = fd, .events = events };
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0) return SF_OK;
        if (n < 0 && errno != EINTR) return fail_system(err, name, what, errno);
        if (n == 0 && left <= 0) return sfi_fail(err, SF_ERR_NETWORK, "%s: %s: no answer in time", name, what);
    }
}

/* ---- names ---- */

typedef struct lookup {
    sfi_gate gate; /* guards what follows */
    bool is_done;
    int code;
    struct addrinfo *list;
    atomic_int users; /* the asker and the thread */
    char *host;
    char port[8];
} lookup;

static void drop_lookup(lookup *l)
{
    if (atomic_fetch_sub(&l->users, 1) > 1) return;
    if (l->list != NULL) freeaddrinfo(l->list);
    sfi_gate_destroy(&l->gate);
    sfi_free(l->host);
    sfi_free(l);
}

static void *look_up(void *arg)
{
    lookup *l = arg;
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
    struct addrinfo *list = NULL;
    int code = getaddrinfo(l->host, l->port, &hints, &list);
    pthread_mutex_lock(&l->gate.lock);
    l->code = code;
    l->list = code == 0 ? list : NULL;
    l->is_done = true;
    pthread_cond_broadcast(&l->gate.changed);
    pthread_mutex_unlock(&l->gate.lock);
    drop_lookup(l);
    return NULL;
}

static sf_status start_lookup(lookup *l, sf_error *err)
{
    pthread_t thread;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) return sfi_fail_memory(err, "a thread");
    bool ok = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0;
    atomic_fetch_add(&l->users, 1);
    sigset_t all, old;
    sigfillset(&all); /* signals are for the program's own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    ok = ok && pthread_create(&thread, &attr, look_up, l) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    if (!ok) atomic_fetch_sub(&l->users, 1);
    return ok ? SF_OK : sfi_fail_memory(err, "a thread");
}

/* *out ends with freeaddrinfo. */
static sf_status resolve(const sfi_redis_settings *s, int64_t deadline_ms, struct addrinfo **out, sf_error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    if (getaddrinfo(s->host, s->port, &hints, out) == 0) return SF_OK; /* an address: nobody is asked */
    lookup *l = sfi_calloc(sizeof *l);
    if (l == NULL) return sfi_fail_memory(err, "a name's lookup");
    atomic_init(&l->users, 1);
    memcpy(l->port, s->port, sizeof l->port);
    l->host = sfi_strdup(s->host);
    sf_status rc = l->host != NULL ? sfi_gate_init(&l->gate, err) : sfi_fail_memory(err, "a name's lookup");
    if (rc == SF_OK) rc = start_lookup(l, err);
    if (rc != SF_OK) goto done;
    const sfi_wait wait = { .deadline_ms = deadline_ms };
    pthread_mutex_lock(&l->gate.lock);
    while (rc == SF_OK && !l->is_done) rc = sfi_gate_wait(&l->gate, &wait, "the lookup of a name", err);
    if (rc != SF_OK)
        rc = sfi_fail(err, SF_ERR_NETWORK, "%s: the name was not found in time", s->name);
    else if (l->code != 0)
        rc = sfi_fail(err, SF_ERR_NETWORK, "%s: the name was not found: %s", s->name, gai_strerror(l->code));
    else
        *out = l->list;
    if (rc == SF_OK) l->list = NULL; /* the caller's */
    pthread_mutex_unlock(&l->gate.lock);
done:
    drop_lookup(l);
    return rc;
}

/* ---- connecting ---- */

static sf_status connect_to(const sfi_redis_settings *s, const struct sockaddr *address, socklen_t size,
                            int64_t deadline_ms, int *out, sf_error *err)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail_system(err, s->name, "cannot connect", errno);
    sf_status rc = SF_OK;
    if (connect(fd, address, size) != 0) {
        int code = errno;
        socklen_t len = sizeof code;
        if (code != EINPROGRESS && code != EINTR)
            rc = fail_system(err, s->name, "cannot connect", code);
        else
            rc = wait_for(fd, POLLOUT, deadline_ms, s->name, "cannot connect", err);
        if (rc == SF_OK && getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0) code = errno;
        if (rc == SF_OK && code != 0) rc = fail_system(err, s->name, "cannot connect", code);
    }
    if (rc == SF_OK && address->sa_family != AF_UNIX) {
        int one = 1; /* both only help */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    }
    if (rc == SF_OK)
        *out = fd;
    else
        (void)close(fd);
    return rc;
}

/* Each address in turn, with its share of the time. */
static sf_status connect_host(const sfi_redis_settings *s, int64_t deadline_ms, int *out, sf_error *err)
{
    struct addrinfo *list = NULL;
    sf_status rc = resolve(s, deadline_ms, &list, err);
    if (rc != SF_OK) return rc;
    int64_t count = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) count++;
    rc = SF_ERR_NETWORK;
    if (count == 0) (void)sfi_fail(err, rc, "%s: the name has no address", s->name);
    for (const struct addrinfo *a = list; a != NULL && rc != SF_OK; a = a->ai_next, count--) {
        int64_t now = sfi_now_ms();
        rc = connect_to(s, a->ai_addr, a->ai_addrlen, now + (deadline_ms - now) / count, out, err);
    }
    freeaddrinfo(list);
    return rc;
}

static sf_status connect_path(const sfi_redis_settings *s, int64_t deadline_ms, int *out, sf_error *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(s->path);
    if (len >= sizeof address.sun_path) return sfi_fail(err, SF_ERR_USAGE, "%s: the path is too long", s->name);
    memcpy(address.sun_path, s->path, len + 1);
    return connect_to(s, (const struct sockaddr *)&address, sizeof address, deadline_ms, out, err);
}

/* ---- TLS ---- */

static sf_status fail_tls(sf_error *err, const char *name, const char *what)
{
    char text[160] = "no reason given";
    unsigned long code = ERR_peek_last_error();
    if (code != 0) ERR_error_string_n(code, text, sizeof text);
    ERR_clear_error(); /* libcurl looks at the same list */
    return sfi_fail(err, SF_ERR_NETWORK, "%s: %s: %s", name, what, text);
}

sf_status sfi_redis_tls_new(const sfi_redis_settings *s, sfi_redis_tls **out, sf_error *err)
{
    *out = NULL;
    sfi_redis_tls *tls = sfi_calloc(sizeof *tls);
    if (tls == NULL) return sfi_fail_memory(err, "TLS");
    ERR_clear_error();
    sf_status rc = SF_OK;
    tls->ctx = SSL_CTX_new(TLS_client_method());
    if (tls->ctx == NULL || SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) != 1)
        rc = fail_tls(err, s->name, "TLS cannot begin");
    else if (s->ca_file != NULL && SSL_CTX_load_verify_file(tls->ctx, s->ca_file) != 1)
        rc = fail_tls(err, s->name, "ca_file cannot be read");
    else if (s->ca_file == NULL && SSL_CTX_set_default_verify_paths(tls->ctx) != 1)
        rc = fail_tls(err, s->name, "the system's certificates cannot be read");
    if (rc == SF_OK) {
        SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
        *out = tls;
    } else {
        sfi_redis_tls_free(tls);
    }
    return rc;
}

void sfi_redis_tls_free(sfi_redis_tls *tls)
{
    if (tls == NULL) return;
    SSL_CTX_free(tls->ctx);
    sfi_free(tls);
}

static int bio_write(BIO *b, const char *data, int len)
{
    BIO_clear_retry_flags(b);
    ssize_t n = send((int)(intptr_t)BIO_get_data(b), data, (size_t)len, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_write(b);
    return (int)n;
}

static int bio_read(BIO *b, char *data, int size)
{
    BIO_clear_retry_flags(b);
    ssize_t n = recv((int)(intptr_t)BIO_get_data(b), data, (size_t)size, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(b);
    return (int)n;
}

static long bio_control(BIO *b, int what, long number, void *ptr)
{
    (void)b;
    (void)number;
    (void)ptr;
    return what == BIO_CTRL_FLUSH ? 1 : 0;
}

static bool attach_bio(sfi_redis_socket *s)
{
    s->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "redis socket");
    if (s->method == NULL || BIO_meth_set_write(s->method, bio_write) != 1 ||
        BIO_meth_set_read(s->method, bio_read) != 1 || BIO_meth_set_ctrl(s->method, bio_control) != 1)
        return false;
    BIO *bio = BIO_new(s->method);
    if (bio == NULL) return false;
    BIO_set_data(bio, (void *)(intptr_t)s->fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio); /* ssl's */
    return true;
}

/* The certificate must be this host's: a name, or an address. */
static bool expect_host(SSL *ssl, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1) return true;
    ERR_clear_error(); /* no address, then */
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

/* After an SSL call that gave n: wait for what it lacks. SF_OK: call again. SF_DONE: the server has closed. */
static sf_status next_step(sfi_redis_socket *s, int n, int64_t deadline_ms, const char *what, sf_error *err)
{
    switch (SSL_get_error(s->ssl, n)) {
    case SSL_ERROR_WANT_READ: return wait_for(s->fd, POLLIN, deadline_ms, s->name, what, err);
    case SSL_ERROR_WANT_WRITE: return wait_for(s->fd, POLLOUT, deadline_ms, s->name, what, err);
    case SSL_ERROR_ZERO_RETURN: return SF_DONE;
    case SSL_ERROR_SYSCALL:
        if (ERR_peek_last_error() == 0)
            return sfi_fail(err, SF_ERR_NETWORK, "%s: %s: the connection broke", s->name, what);
        break;
    default: break;
    }
    return fail_tls(err, s->name, what);
}

static sf_status shake_hands(sfi_redis_socket *s, sfi_redis_tls *tls, const char *host, int64_t deadline_ms,
                             sf_error *err)
{
    ERR_clear_error();
    s->ssl = SSL_new(tls->ctx);
    if (s->ssl == NULL || !attach_bio(s) || !expect_host(s->ssl, host))
        return fail_tls(err, s->name, "TLS cannot begin");
    for (;;) { /* ends: done, broken, or the deadline */
        ERR_clear_error();
        int n = SSL_connect(s->ssl);
        if (n == 1) return SF_OK;
        long verdict = SSL_get_verify_result(s->ssl);
        if (verdict != X509_V_OK) {
            ERR_clear_error();
            return sfi_fail(err, SF_ERR_NETWORK, "%s: the server's certificate is refused: %s", s->name,
                            X509_verify_cert_error_string(verdict));
        }
        sf_status rc = next_step(s, n, deadline_ms, "TLS handshake", err);
        if (rc == SF_DONE) return sfi_fail(err, SF_ERR_NETWORK, "%s: the server ended the TLS handshake", s->name);
        if (rc != SF_OK) return rc;
    }
}

/* ---- the socket ---- */

sf_status sfi_redis_socket_open(const sfi_redis_settings *settings, sfi_redis_tls *tls, int64_t deadline_ms,
                                sfi_redis_socket **out, sf_error *err)
{
    *out = NULL;
    sfi_redis_socket *s = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "a connection");
    s->fd = -1;
    s->name = settings->name;
    sf_status rc = settings->host != NULL ? connect_host(settings, deadline_ms, &s->fd, err)
                                          : connect_path(settings, deadline_ms, &s->fd, err);
    if (rc == SF_OK && tls != NULL) rc = shake_hands(s, tls, settings->host, deadline_ms, err);
    if (rc == SF_OK)
        *out = s;
    else
        sfi_redis_socket_close(s);
    return rc;
}

void sfi_redis_socket_close(sfi_redis_socket *s)
{
    if (s == NULL) return;
    SSL_free(s->ssl); /* no goodbye: whoever is there has nothing to wait for */
    BIO_meth_free(s->method);
    if (s->fd >= 0) (void)close(s->fd);
    sfi_free(s);
}

static sf_status send_tls(sfi_redis_socket *s, const char *data, size_t len, int64_t deadline_ms, sf_error *err)
{
    for (size_t at = 0; at < len;) { /* ends: all sent, broken, or the deadline */
        ERR_clear_error();
        size_t put = 0;
        int n = SSL_write_ex(s->ssl, data + at, len - at, &put);
        if (n == 1) {
            at += put;
            continue;
        }
        sf_status rc = next_step(s, n, deadline_ms, "sending", err);
        if (rc == SF_DONE) return sfi_fail(err, SF_ERR_NETWORK, "%s: the server has closed the connection", s->name);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

sf_status sfi_redis_socket_send(sfi_redis_socket *s, const char *data, size_t len, int64_t deadline_ms, sf_error *err)
{
    if (s->ssl != NULL) return send_tls(s, data, len, deadline_ms, err);
    for (size_t at = 0; at < len;) { /* ends: all sent, broken, or the deadline */
        ssize_t n = send(s->fd, data + at, len - at, MSG_NOSIGNAL);
        if (n >= 0) {
            at += (size_t)n;
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return fail_system(err, s->name, "sending", errno);
        sf_status rc = wait_for(s->fd, POLLOUT, deadline_ms, s->name, "sending", err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status receive_tls(sfi_redis_socket *s, char *data, size_t size, int64_t deadline_ms, size_t *got,
                             sf_error *err)
{
    for (;;) { /* ends: bytes, the end, broken, or the deadline */
        ERR_clear_error();
        int n = SSL_read_ex(s->ssl, data, size, got);
        if (n == 1) return SF_OK;
        sf_status rc = next_step(s, n, deadline_ms, "waiting for a reply", err);
        if (rc != SF_OK) return rc;
    }
}

sf_status sfi_redis_socket_receive(sfi_redis_socket *s, char *data, size_t size, int64_t deadline_ms, size_t *got,
                                   sf_error *err)
{
    if (s->ssl != NULL) return receive_tls(s, data, size, deadline_ms, got, err);
    for (;;) { /* ends: bytes, the end, broken, or the deadline */
        ssize_t n = recv(s->fd, data, size, 0);
        if (n > 0) *got = (size_t)n;
        if (n >= 0) return n > 0 ? SF_OK : SF_DONE;
        if (errno == EINTR) continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) return fail_system(err, s->name, "waiting for a reply", errno);
        sf_status rc = wait_for(s->fd, POLLIN, deadline_ms, s->name, "waiting for a reply", err);
        if (rc != SF_OK) return rc;
    }
}

bool sfi_redis_socket_is_idle(sfi_redis_socket *s)
{
    if (s->ssl != NULL) { /* session tickets may wait there, which are no reply: read what is TLS's own */
        char byte;
        size_t got;
        ERR_clear_error();
        int n = SSL_peek_ex(s->ssl, &byte, 1, &got);
        bool idle = n != 1 && SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ;
        ERR_clear_error();
        return idle;
    }
    char byte;
    ssize_t n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}
