/* settings_test.c: transport options that are refused when the client is made, and that no message tells a secret. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include "unit/http/http_fixture.h"

static void test_settings__what_is_out_of_range_is_refused(void **state)
{
    static const struct {
        sf_transport_options options;
        const char *says;
    } cases[] = {
        { { .connect_timeout_ms = -2 }, "connect_timeout_ms" },
        { { .idle_timeout_ms = 86400001 }, "idle_timeout_ms" },
        { { .total_timeout_ms = INT64_MIN }, "total_timeout_ms" },
        { { .keepalive_ms = INT64_MAX }, "keepalive_ms" },
        { { .connections_max = -1 }, "connections_max" },
        { { .connections_max = 257 }, "connections_max" },
        { { .connections_idle_max = -2 }, "connections_idle_max" },
        { { .connections_idle_max = 257 }, "connections_idle_max" },
        { { .response_max = SF_RESPONSE_MAX + 1 }, "response_max" },
        { { .tls_min = 11 }, "tls_min" },
        { { .tls_min = 1 }, "tls_min" },
        { { .ca_file = "/nowhere/ca.pem" }, "ca_file: cannot read /nowhere/ca.pem" },
        { { .ca_path = "/nowhere" }, "ca_path" },
        { { .client_cert_file = "/nowhere/cert.pem" }, "client_cert_file" },
        { { .client_cert_file = "/dev/null", .client_key_file = "/nowhere/key" }, "client_key_file" },
        { { .client_key_file = "/dev/null" }, "without client_cert_file" },
        { { .proxy = "ftp://host:1" }, "cannot speak ftp" },
        { { .proxy = "http://user:hidden@" }, "no host" },
        { { .proxy = "http://user:hidden@h h:3" }, "blank" },
        { { .proxy = ":8080" }, "no host" },
        { { .proxy_password = "hidden" }, "without proxy_user" },
        { { .reserved = { 0, 1 } }, "reserved" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_http *http = (sfi_http *)&http;
        sf_error err = { 0 };
        print_message("  %s\n", cases[i].says);
        assert_int_equal(sfi_http_open(&cases[i].options, NULL, &http, &err), SF_ERR_USAGE);
        assert_null(http);
        assert_non_null(strstr(err.message, cases[i].says));
        assert_null(strstr(err.message, "hidden"));
    }
}

static void test_settings__what_is_in_range_is_taken(void **state)
{
    static const sf_transport_options cases[] = {
        { 0 },
        { .connect_timeout_ms = SF_NONE,
          .idle_timeout_ms = SF_NONE,
          .total_timeout_ms = SF_NONE,
          .keepalive_ms = SF_NONE,
          .connections_idle_max = SF_NONE },
        { .connect_timeout_ms = 1,
          .idle_timeout_ms = 86400000,
          .connections_max = 256,
          .connections_idle_max = 256,
          .tls_min = 13,
          .response_max = 1,
          .no_http2 = true,
          .no_gzip = true },
        { .proxy = "" },
        { .proxy = "proxy.example:3128", .proxy_user = "u", .proxy_password = "p", .no_proxy = "a,b" },
        { .proxy = "socks5h://[::1]:1080" },
        { .proxy = "HTTPS://u:p@proxy.example" },
        { .ca_file = "/dev/null",
          .ca_path = "/",
          .client_cert_file = "/dev/null",
          .client_key_file = "/dev/null",
          .client_key_password = "x" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_http *http = NULL;
        sf_error err = { 0 };
        if (sfi_http_open(&cases[i], NULL, &http, &err) != SF_OK) fail_msg("%zu: %s", i, err.message);
        sfi_http_close(http); /* no thread was started yet */
    }
    sfi_http *http = NULL;
    assert_int_equal(sfi_http_open(NULL, NULL, &http, NULL), SF_OK);
    sfi_http_close(http);
}

static void test_settings__no_limit_waits(void **state)
{
    static const wire_step gated[] = { WIRE_REQUEST, WIRE_GATE, WIRE_TEXT(OK_TEXT("late", "4")), WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ gated }, 1);
    sfi_http *http = open_http((sf_transport_options){ .connect_timeout_ms = SF_NONE,
                                                       .idle_timeout_ms = SF_NONE,
                                                       .total_timeout_ms = SF_NONE,
                                                       .keepalive_ms = SF_NONE });
    sfi_transfer *t = start_simple(http, "GET", wire_url(server, "/"));
    assert_true(wire_wait_requests(server, 1));
    assert_false(sfi_transfer_wait(t, sfi_now_ms() + 30));
    wire_open_gate(server);
    assert_true(sfi_transfer_wait(t, 0));
    assert_answer(t, 200, "late");
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

/* The descriptor that is connected to a port of this machine; -1: none is. */
static int find_socket(int port)
{
    for (int fd = 3; fd < 1024; fd++) {
        struct sockaddr_in to = { 0 };
        socklen_t len = sizeof to;
        if (getpeername(fd, (struct sockaddr *)&to, &len) == 0 && to.sin_family == AF_INET &&
            ntohs(to.sin_port) == port)
            return fd;
    }
    return -1;
}

static int option_of(int fd, int level, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void test_settings__a_dead_connection_is_looked_for(void **state)
{
    static const wire_step gated[] = { WIRE_REQUEST, WIRE_GATE, WIRE_TEXT(OK_TEXT("late", "4")), WIRE_END };
    static const struct {
        int64_t given, idle_ms;
        int is_on, idle, pause, dead_ms;
    } cases[] = { { 0, 0, 1, 60, 15, 120000 },
                  { 0, 20000, 1, 60, 15, 90000 },
                  { 1500, 20000, 1, 2, 2, 31500 },
                  { 0, SF_NONE, 1, 60, 15, 0 }, /* who has no limit has none here */
                  { SF_NONE, 0, 0, 0, 0, 0 } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        wire_server *server = wire_start((const wire_step *const[]){ gated }, 1);
        sfi_http *http =
            open_http((sf_transport_options){ .keepalive_ms = cases[i].given, .idle_timeout_ms = cases[i].idle_ms });
        sfi_transfer *t = start_simple(http, "GET", wire_url(server, "/"));
        assert_true(wire_wait_requests(server, 1));
        int fd = find_socket(wire_port(server));
        assert_true(fd >= 0);
        assert_int_equal(option_of(fd, SOL_SOCKET, SO_KEEPALIVE), cases[i].is_on);
        if (cases[i].is_on != 0) {
            assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), cases[i].idle);
            assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), cases[i].pause);
        }
        assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), cases[i].dead_ms);
        wire_open_gate(server);
        assert_true(sfi_transfer_wait(t, 0));
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
    }
}

/* A request whose answer may take as long as its deadline, and one that is silent amid its answer. */
static void test_settings__a_long_poll_may_be_silent(void **state)
{
    static const wire_step gated[] = { WIRE_REQUEST, WIRE_GATE, WIRE_TEXT(OK_TEXT("late", "4")), WIRE_END };
    static const wire_step stalled[] = { WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nla"),
                                         WIRE_STALL, WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ gated, stalled }, 2);
    for (int i = 0; i < 2; i++) { /* each on a connection of its own: the server ends the one before */
        sfi_http *http = open_http((sf_transport_options){ .idle_timeout_ms = 200, .total_timeout_ms = 300 });
        sfi_transfer *t = start_request(
            http, &(sfi_http_request){ .method = "POST", .url = wire_url(server, "/"), .is_long_poll = true });
        assert_true(wire_wait_requests(server, i + 1));
        if (i == 0) assert_false(sfi_transfer_wait(t, sfi_now_ms() + 600));
        wire_open_gate(server);
        assert_true(sfi_transfer_wait(t, 0));
        if (i == 0)
            assert_answer(t, 200, "late");
        else
            assert_int_equal(sfi_transfer_response(t)->error.status, SF_ERR_TIMEOUT);
        sfi_transfer_free(t);
        sfi_http_close(http);
    }
    wire_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings__what_is_out_of_range_is_refused),
        cmocka_unit_test(test_settings__what_is_in_range_is_taken),
        cmocka_unit_test(test_settings__no_limit_waits),
        cmocka_unit_test(test_settings__a_dead_connection_is_looked_for),
        cmocka_unit_test(test_settings__a_long_poll_may_be_silent),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
