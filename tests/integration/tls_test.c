/*
 * tls_test.c: TLS, HTTP/2, client certificates and proxies against nginx, which is not ours. Certificates are made by
 * openssl for this one run. nginx inherits listening sockets that the test has bound to port 0, so that no port is
 * fixed and no connection comes too early. Without nginx or openssl the test is skipped (exit 77).
 */
#define _GNU_SOURCE
#include "unit/http/http_fixture.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAIN, OTHER_NAME, CLIENT_CERT, TLS12_ONLY, NO_KEEPALIVE, SERVERS };

static char dir[256];
static int ports[SERVERS];
static pid_t nginx_pid = -1;
static wire_server *upstream;

static char *in_dir(const char *name)
{
    static char paths[8][512];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static const char *url_of(int server, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "https://127.0.0.1:%d%s", ports[server], path);
    return url;
}

/* ---- certificates ---- */
static bool run(const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd '%s' && { %s ; } >>commands.log 2>&1", dir, command);
    return system(line) == 0;
}

static bool make_authority(const char *name)
{
    char line[512];
    snprintf(line, sizeof line,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout %s.key -out %s.pem -days 2 "
             "-subj '/CN=%s' -addext basicConstraints=critical,CA:TRUE",
             name, name, name);
    return run(line);
}

static bool make_certificate(const char *name, const char *authority, const char *names, const char *password)
{
    char line[1024], protect[128] = "-nodes";
    if (password != NULL) snprintf(protect, sizeof protect, "-passout pass:%s", password);
    snprintf(line, sizeof line,
             "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 %s -keyout %s.key -out %s.csr -subj '/CN=%s' && "
             "printf 'subjectAltName=%s\\n' > %s.ext && openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key "
             "-CAcreateserial -days 2 -extfile %s.ext -out %s.pem",
             protect, name, name, name, names, name, name, authority, authority, name, name);
    return run(line);
}

static bool make_certificates(void)
{
    return make_authority("ca") && make_authority("stranger") &&
           make_certificate("server", "ca", "DNS:localhost,IP:127.0.0.1", NULL) &&
           make_certificate("other", "ca", "DNS:elsewhere.example", NULL) &&
           make_certificate("client", "ca", "DNS:client.example", "opensesame");
}

/* ---- nginx ---- */
static int listen_anywhere(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* inherited on purpose */
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        return -1;
    *port = ntohs(at.sin_port);
    return fd;
}

static bool write_config(void)
{
    static const char *const certificates[SERVERS] = { "server", "other", "server", "server", "server" };
    static const char *const extras[SERVERS] = {
        [CLIENT_CERT] = "ssl_client_certificate ca.pem; ssl_verify_client on;",
        [TLS12_ONLY] = "ssl_protocols TLSv1.2;",
        [NO_KEEPALIVE] = "keepalive_timeout 0; ssl_session_cache shared:s:1m;",
    };
    FILE *f = fopen(in_dir("nginx.conf"), "w");
    if (f == NULL) return false;
    fprintf(f,
            "daemon off; worker_processes 1;%s pid nginx.pid; error_log error.log;\nevents {}\nhttp {\n"
            "access_log off; gzip on; gzip_types text/plain; gzip_min_length 1; ssl_protocols TLSv1.2 TLSv1.3;\n",
            geteuid() == 0 ? " user root;" : ""); /* the folder is for its owner only */
    static const char *const temps[] = { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" };
    for (size_t i = 0; i < COUNT_OF(temps); i++) fprintf(f, "%s_temp_path %s;\n", temps[i], in_dir(temps[i]));
    for (int i = 0; i < SERVERS; i++)
        fprintf(f,
                "server { listen 127.0.0.1:%d ssl http2; ssl_certificate %s.pem; ssl_certificate_key %s.key; %s\n"
                "  add_header X-Reused $ssl_session_reused; default_type text/plain;\n"
                "  location / { return 200 \"$ssl_protocol $http_authorization\"; }\n"
                "  location /cut { proxy_pass http://127.0.0.1:%d; } }\n",
                ports[i], certificates[i], certificates[i], extras[i] != NULL ? extras[i] : "", wire_port(upstream));
    fprintf(f, "}\n");
    return fclose(f) == 0;
}

static bool start_nginx(void)
{
    char inherited[128] = "";
    int fds[SERVERS];
    for (int i = 0; i < SERVERS; i++) {
        fds[i] = listen_anywhere(&ports[i]);
        if (fds[i] < 0) return false;
        snprintf(inherited + strlen(inherited), sizeof inherited - strlen(inherited), "%d;", fds[i]);
    }
    if (!write_config()) return false;
    nginx_pid = fork();
    if (nginx_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* its worker ends with it */
        setenv("NGINX", inherited, 1);
        int log = open(in_dir("nginx.log"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (log >= 0) dup2(log, 2);
        execlp("nginx", "nginx", "-p", dir, "-c", "nginx.conf", (char *)NULL);
        execl("/usr/sbin/nginx", "nginx", "-p", dir, "-c", "nginx.conf", (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < SERVERS; i++) close(fds[i]);
    return nginx_pid > 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (nginx_pid > 0) {
        kill(nginx_pid, SIGTERM);
        waitpid(nginx_pid, NULL, 0);
    }
    wire_stop(upstream);
    char line[300];
    snprintf(line, sizeof line, "rm -rf '%s'", dir);
    return system(line) == 0 ? 0 : 1;
}

static sf_transport_options trusting(void)
{
    return (sf_transport_options){ .ca_file = in_dir("ca.pem") };
}

/* ---- tests ---- */
static void test_tls__http2_is_spoken_where_offered(void **state)
{
    sfi_transfer *t[30];
    (void)state;
    sfi_http *http = open_http(trusting());
    for (size_t i = 0; i < COUNT_OF(t); i++)
        t[i] = start_request(http, &(sfi_http_request){ .method = "GET", .url = url_of(MAIN, "/"), .bearer = "tok" });
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        assert_true(sfi_transfer_wait(t[i], sfi_now_ms() + 10000));
        sfi_http_response *r = sfi_transfer_response(t[i]);
        if (r->outcome != SFI_HTTP_ANSWERED) fail_msg("%s", r->error.message);
        assert_int_equal(r->http_version, 20);
        char *out = NULL;
        size_t cap = 0, len = 0;
        assert_int_equal(r->encoding, SFI_ENCODING_GZIP);
        assert_int_equal(sfi_inflate(r->body, r->body_len, r->encoding, 1000, &out, &cap, &len, NULL), SF_OK);
        assert_string_equal(out, "TLSv1.3 Bearer tok"); /* spare zeros end it */
        sfi_free(out);
        sfi_transfer_free(t[i]);
    }
    sfi_http_close(http);
    sf_transport_options options = trusting();
    options.no_http2 = true;
    options.no_gzip = true;
    http = open_http(options);
    sfi_transfer *one = run_simple(http, "POST", url_of(MAIN, "/"));
    assert_answer(one, 200, "TLSv1.3 ");
    assert_int_equal(sfi_transfer_response(one)->http_version, 11);
    sfi_transfer_free(one);
    sfi_http_close(http);
}

static void assert_refused(sf_transport_options options, const char *url, const char *says, bool retryable)
{
    sfi_http *http = open_http(options);
    sfi_transfer *t = run_request(http, &(sfi_http_request){ .method = "POST", .url = url, .bearer = "tok" });
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_NETWORK);
    const sf_error *err = &sfi_transfer_response(t)->error;
    print_message("  %s\n", err->message);
    assert_non_null(strstr(err->message, says));
    assert_int_equal(err->retryable, retryable);
    sfi_transfer_free(t);
    sfi_http_close(http);
}

static sf_status take_text(void *user, const char *data, size_t len, sf_error *err)
{
    sfi_buf *b = user;
    (void)err;
    return sfi_buf_add(b, data, len) ? SF_OK : SF_ERR_MEMORY;
}

/* A slow sink must not hold up who shares an HTTP/2 connection, so a stream gets one of its own, with HTTP/1.1. */
static void test_tls__streams_share_no_connection(void **state)
{
    (void)state;
    sfi_http *http = open_http(trusting());
    for (int i = 0; i < 3; i++) {
        sfi_transfer *t = run_simple(http, "GET", url_of(MAIN, "/"));
        assert_int_equal(sfi_transfer_response(t)->http_version, 20);
        sfi_transfer_free(t);
        sfi_buf got = { 0 };
        const sf_sink sink = { .write = take_text, .user = &got };
        t = start_request(
            http, &(sfi_http_request){ .method = "GET", .url = url_of(MAIN, "/"), .bearer = "tok", .sink = &sink });
        sfi_transfer_run(t);
        assert_answer(t, 200, "");
        assert_int_equal(sfi_transfer_response(t)->http_version, 11);
        assert_string_equal(got.data, "TLSv1.3 Bearer tok"); /* inflated */
        sfi_buf_free(&got);
        sfi_transfer_free(t);
    }
    sfi_http_close(http);
}

static void test_tls__who_cannot_prove_its_name_gets_nothing(void **state)
{
    (void)state;
    assert_refused((sf_transport_options){ 0 }, url_of(MAIN, "/"), "ca_file", false);
    assert_refused((sf_transport_options){ .ca_file = in_dir("stranger.pem") }, url_of(MAIN, "/"), "ca_file", false);
    assert_refused(trusting(), url_of(OTHER_NAME, "/"), "name is not in its certificate", false);
    sf_transport_options options = trusting();
    options.tls_min = 13;
    assert_refused(options, url_of(TLS12_ONLY, "/"), "tls_min", true);
}

static void test_tls__old_but_allowed_versions_work(void **state)
{
    (void)state;
    sf_transport_options options = trusting();
    options.no_gzip = true;
    sfi_http *http = open_http(options);
    sfi_transfer *t = run_simple(http, "GET", url_of(TLS12_ONLY, "/"));
    assert_answer(t, 200, "TLSv1.2 ");
    sfi_transfer_free(t);
    sfi_http_close(http);
}

static void test_tls__client_certificates_are_shown(void **state)
{
    (void)state;
    sf_transport_options options = trusting();
    options.no_gzip = true;
    sfi_http *http = open_http(options);
    sfi_transfer *t = run_simple(http, "GET", url_of(CLIENT_CERT, "/"));
    assert_int_equal(sfi_transfer_response(t)->status, 400);
    sfi_transfer_free(t);
    sfi_http_close(http);

    options.client_cert_file = in_dir("client.pem");
    options.client_key_file = in_dir("client.key");
    options.client_key_password = "opensesame";
    http = open_http(options);
    t = run_simple(http, "GET", url_of(CLIENT_CERT, "/"));
    assert_answer(t, 200, "TLSv1.3 ");
    sfi_transfer_free(t);
    sfi_http_close(http);

    options.client_key_password = "wrong";
    assert_refused(options, url_of(CLIENT_CERT, "/"), "client_key_password", false);
    assert_false(was_logged("opensesame"));
}

static void test_tls__new_connections_resume_the_session(void **state)
{
    (void)state;
    sf_transport_options options = trusting();
    options.no_http2 = true; /* nginx gives up the session when it ends an HTTP/2 connection */
    sfi_http *http = open_http(options);
    for (int i = 0; i < 3; i++) {
        sfi_transfer *t = run_simple(http, "GET", url_of(NO_KEEPALIVE, "/"));
        assert_int_equal(sfi_transfer_response(t)->status, 200);
        assert_true(sfi_str_is(sfi_header_get(sfi_transfer_response(t), "X-Reused"), i == 0 ? "." : "r"));
        sfi_transfer_free(t);
    }
    sfi_http_close(http);
}

static void test_tls__a_cut_http2_stream_is_lost(void **state)
{
    (void)state;
    sfi_http *http = open_http(trusting());
    sfi_transfer *t = run_simple(http, "GET", url_of(MAIN, "/cut"));
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_TRUNCATED);
    assert_int_equal(sfi_transfer_response(t)->http_version, 20);
    assert_true(sfi_transfer_response(t)->truncated);
    sfi_transfer_free(t);
    t = run_simple(http, "GET", url_of(MAIN, "/")); /* the other streams live on */
    assert_int_equal(sfi_transfer_response(t)->status, 200);
    sfi_transfer_free(t);
    sfi_http_close(http);
}

/* ---- proxies ---- */
static sf_transport_options through(wire_server *proxy, char *text, size_t size)
{
    sf_transport_options options = trusting();
    snprintf(text, size, "http://127.0.0.1:%d", wire_port(proxy));
    options.proxy = text;
    options.no_gzip = true;
    return options;
}

static void test_tls__proxy_with_a_login_leads_through(void **state)
{
    char text[64];
    (void)state;
    wire_server *proxy = wire_start_proxy(ports[MAIN], "someone:hid den", NULL);
    sf_transport_options options = through(proxy, text, sizeof text);
    options.proxy_user = "someone";
    options.proxy_password = "hid den";
    sfi_http *http = open_http(options);
    for (int i = 0; i < 2; i++) {
        sfi_transfer *t =
            run_request(http, &(sfi_http_request){ .method = "POST", .url = "https://localhost:9/", .bearer = "tok" });
        assert_answer(t, 200, "TLSv1.3 Bearer tok");
        assert_null(strstr(sfi_transfer_response(t)->headers, "established"));
        sfi_transfer_free(t);
    }
    assert_int_equal(wire_requests(proxy), 1); /* one tunnel serves both */
    char *connect = wire_request(proxy, 0);
    assert_true(sfi_starts_with(sfi_str(connect), "CONNECT localhost:9 "));
    assert_null(strstr(connect, "Bearer")); /* the token is for the org only */
    free(connect);
    sfi_http_close(http);
    options.proxy_password = "wrong";
    assert_refused(options, "https://localhost:9/", "proxy_password", false);
    wire_stop(proxy);
    assert_false(was_logged("hid den"));

    proxy = wire_start_proxy(ports[MAIN], NULL, "403 Forbidden");
    assert_refused(through(proxy, text, sizeof text), "https://localhost:9/", "403", false);
    wire_stop(proxy);
    proxy = wire_start_proxy(ports[MAIN], NULL, "503 Busy");
    assert_refused(through(proxy, text, sizeof text), "https://localhost:9/", "503", true);
    wire_stop(proxy);
    proxy = wire_start_refusing();
    assert_refused(through(proxy, text, sizeof text), "https://localhost:9/", "proxy", true);
    wire_stop(proxy);
}

static void test_tls__environment_and_exceptions(void **state)
{
    char text[64];
    (void)state;
    wire_server *proxy = wire_start_proxy(ports[MAIN], NULL, NULL);
    sf_transport_options options = through(proxy, text, sizeof text);
    options.no_proxy = "elsewhere.example,127.0.0.1";
    sfi_http *http = open_http(options);
    sfi_transfer *t = run_simple(http, "GET", url_of(MAIN, "/"));
    assert_answer(t, 200, "TLSv1.3 ");
    sfi_transfer_free(t);
    sfi_http_close(http);
    assert_int_equal(wire_connections(proxy), 0);

    setenv("HTTPS_PROXY", text, 1);
    options.no_proxy = NULL;
    options.proxy = "";
    http = open_http(options);
    t = run_simple(http, "GET", url_of(MAIN, "/"));
    assert_answer(t, 200, "TLSv1.3 ");
    sfi_transfer_free(t);
    sfi_http_close(http);
    assert_int_equal(wire_connections(proxy), 0);

    options.proxy = NULL;
    assert_int_equal(sfi_http_open(&options, NULL, &http, NULL), SF_OK);
    t = run_simple(http, "GET", "https://localhost:9/");
    assert_answer(t, 200, "TLSv1.3 ");
    sfi_transfer_free(t);
    sfi_http_close(http);
    assert_int_equal(wire_connections(proxy), 1);
    unsetenv("HTTPS_PROXY");
    wire_stop(proxy);
}

int main(void)
{
    static const wire_step cut[] = { WIRE_REQUEST,
                                     WIRE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly a part"), WIRE_END };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__http2_is_spoken_where_offered),
        cmocka_unit_test(test_tls__streams_share_no_connection),
        cmocka_unit_test(test_tls__who_cannot_prove_its_name_gets_nothing),
        cmocka_unit_test(test_tls__old_but_allowed_versions_work),
        cmocka_unit_test(test_tls__client_certificates_are_shown),
        cmocka_unit_test(test_tls__new_connections_resume_the_session),
        cmocka_unit_test(test_tls__a_cut_http2_stream_is_lost),
        cmocka_unit_test(test_tls__proxy_with_a_login_leads_through),
        cmocka_unit_test(test_tls__environment_and_exceptions),
    };
    if (system("PATH=$PATH:/usr/sbin; command -v nginx openssl >/dev/null") != 0) {
        fprintf(stderr, "skipped: nginx or openssl is not installed\n");
        return 77;
    }
    static const char *const proxies[] = { "HTTPS_PROXY", "https_proxy", "ALL_PROXY",
                                           "all_proxy",   "NO_PROXY",    "no_proxy" };
    for (size_t i = 0; i < COUNT_OF(proxies); i++) unsetenv(proxies[i]);
    snprintf(dir, sizeof dir, "%s/sf-tls-XXXXXX", getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    static const wire_step *const scripts[] = { cut };
    upstream = wire_start(scripts, 1);
    if (upstream == NULL || mkdtemp(dir) == NULL || !make_certificates() || !start_nginx()) {
        fprintf(stderr, "cannot prepare certificates and nginx in %s (see commands.log, nginx.log there)\n", dir);
        return 1;
    }
    return cmocka_run_group_tests_name("tls", tests, NULL, tear_down);
}
