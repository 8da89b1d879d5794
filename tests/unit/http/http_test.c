/* http_test.c: the I/O thread: many transfers at once, cancelling, time limits, closing, the breaker, failing memory. */
#include "unit/http/http_fixture.h"
#include <time.h>
#include <unistd.h>

static const wire_step hello[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("hello", "5")), WIRE_AGAIN };
static const wire_step silent[] = { WIRE_REQUEST, WIRE_STALL, WIRE_END };
static const wire_step gated[] = { WIRE_REQUEST, WIRE_GATE, WIRE_TEXT(OK_TEXT("hello", "5")), WIRE_AGAIN };

/* ---- many at once ---- */
enum { THREADS = 32, ROUNDS = 20 };
typedef struct worker {
    sfi_http *http;
    const char *url;
    int answered;
} worker;

static void *work(void *user)
{
    worker *w = user;
    for (int i = 0; i < ROUNDS; i++) {
        sfi_transfer *t = NULL;
        if (sfi_http_start(w->http, &(sfi_http_request){ .method = "POST", .url = w->url, .body = SFI_STR("{}") }, &t,
                           NULL) != SF_OK)
            break;
        (void)sfi_transfer_wait(t, 0);
        sfi_http_response *r = sfi_transfer_response(t);
        if (r->outcome == SFI_HTTP_ANSWERED && r->body_len == 5 && memcmp(r->body, "hello", 5) == 0) w->answered++;
        sfi_http_give_buffer(w->http, r->body, r->body_cap);
        r->body = NULL;
        sfi_transfer_free(t);
    }
    return NULL;
}

static void test_http__32_threads_share_the_connections(void **state)
{
    pthread_t threads[THREADS];
    worker workers[THREADS];
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ hello }, 1);
    sfi_http *http = open_http((sf_transport_options){ .connections_max = 8 });
    char url[64];
    snprintf(url, sizeof url, "%s", wire_url(server, "/"));
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){ http, url, 0 };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(workers[i].answered, ROUNDS);
    }
    assert_int_equal(wire_requests(server), THREADS * ROUNDS);
    assert_in_range(wire_connections(server), 1, 8); /* steady work opens no connection twice */
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__no_more_connections_than_allowed(void **state)
{
    enum { COUNT = 9, ALLOWED = 3 };
    sfi_transfer *t[COUNT];
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ gated }, 1);
    sfi_http *http = open_http((sf_transport_options){ .connections_max = ALLOWED });
    for (int i = 0; i < COUNT; i++) t[i] = start_simple(http, "GET", wire_url(server, "/"));
    assert_true(wire_wait_requests(server, ALLOWED));
    assert_false(sfi_transfer_wait(t[COUNT - 1], sfi_now_ms() + 50));
    assert_int_equal(wire_connections(server), ALLOWED);
    sfi_transfer_cancel(t[COUNT - 1]); /* one that waits for its turn */
    assert_true(sfi_transfer_wait(t[COUNT - 1], 0));
    assert_outcome(t[COUNT - 1], SFI_HTTP_CANCELLED, SF_ERR_CANCELLED);
    wire_open_gate(server);
    for (int i = 0; i < COUNT - 1; i++) {
        assert_true(sfi_transfer_wait(t[i], 0));
        assert_answer(t[i], 200, "hello");
    }
    for (int i = 0; i < COUNT; i++) sfi_transfer_free(t[i]);
    assert_int_equal(wire_connections(server), ALLOWED);
    sfi_http_close(http);
    wire_stop(server);
}

/* ---- cancelling and closing ---- */
static void *cancel_later(void *user)
{
    sfi_transfer_cancel(user);
    return NULL;
}

static void test_http__cancel_from_another_thread(void **state)
{
    pthread_t thread;
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ silent }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = start_simple(http, "POST", wire_url(server, "/"));
    assert_true(wire_wait_requests(server, 1));
    assert_false(sfi_transfer_wait(t, sfi_now_ms() + 20));
    assert_int_equal(pthread_create(&thread, NULL, cancel_later, t), 0);
    assert_true(sfi_transfer_wait(t, 0));
    assert_outcome(t, SFI_HTTP_CANCELLED, SF_ERR_CANCELLED);
    pthread_join(thread, NULL);
    sfi_transfer_free(t);
    assert_true(wire_wait_closed(server)); /* the connection is given up, not left to time out */
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__a_running_transfer_can_be_freed(void **state)
{
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ silent }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    char body[] = "borrowed";
    for (int i = 0; i < 10; i++)
        sfi_transfer_free(start_request(http, &(sfi_http_request){ .method = "POST",
                                                                   .url = wire_url(server, "/"),
                                                                   .body = sfi_str(body),
                                                                   .body_is_borrowed = true }));
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__closing_cancels_and_transfers_outlive_it(void **state)
{
    sfi_transfer *t[20];
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ silent }, 1);
    sfi_http *http = open_http((sf_transport_options){ .connections_max = 4 });
    for (size_t i = 0; i < COUNT_OF(t); i++) t[i] = start_simple(http, "GET", wire_url(server, "/"));
    assert_true(wire_wait_requests(server, 4));
    sfi_http_close(http);
    for (size_t i = 0; i < COUNT_OF(t); i++) {
        assert_true(sfi_transfer_wait(t[i], 0));
        assert_outcome(t[i], SFI_HTTP_CANCELLED, SF_ERR_CANCELLED);
        sfi_transfer_free(t[i]);
    }
    wire_stop(server);
    sfi_http_close(NULL);
    sfi_transfer_free(NULL);
}

/* ---- time limits ---- */
static void test_http__stalls_end_in_time(void **state)
{
    static const wire_step nothing[] = { WIRE_REQUEST, WIRE_STALL, WIRE_END };
    static const wire_step half[] = { WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
                                      WIRE_STALL, WIRE_END };
    static const struct {
        const char *name;
        const wire_step *script;
        sf_transport_options options;
        int64_t own_limit_ms;
        bool truncated;
        const char *says;
    } cases[] = {
        { "idle, no answer", nothing, { .idle_timeout_ms = 150 }, 0, false, "idle_timeout_ms" },
        { "idle, half an answer", half, { .idle_timeout_ms = 150 }, 0, true, "idle_timeout_ms" },
        { "total", nothing, { .total_timeout_ms = 150 }, 0, false, "total_timeout_ms" },
        { "deadline of the call", half, { 0 }, 150, true, "whole request" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].name);
        wire_server *server = wire_start((const wire_step *const[]){ cases[i].script }, 1);
        sfi_http *http = open_http(cases[i].options);
        int64_t begin = sfi_now_ms();
        sfi_transfer *t = run_request(
            http, &(sfi_http_request){ .method = "POST",
                                       .url = wire_url(server, "/"),
                                       .deadline_ms = cases[i].own_limit_ms > 0 ? begin + cases[i].own_limit_ms : 0 });
        assert_outcome(t, SFI_HTTP_LOST, SF_ERR_TIMEOUT);
        assert_int_equal(sfi_transfer_response(t)->truncated, cases[i].truncated);
        assert_non_null(strstr(sfi_transfer_response(t)->error.message, cases[i].says));
        assert_in_range(sfi_now_ms() - begin, 140, 10000);
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
    }
}

static void test_http__waiting_for_a_turn_has_a_limit_too(void **state)
{
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ silent }, 1);
    sfi_http *http = open_http((sf_transport_options){ .connections_max = 1 });
    sfi_transfer *first = start_simple(http, "GET", wire_url(server, "/"));
    sfi_transfer *second = run_request(
        http, &(sfi_http_request){ .method = "POST", .url = wire_url(server, "/"), .deadline_ms = sfi_now_ms() + 60 });
    assert_outcome(second, SFI_HTTP_NOT_SENT, SF_ERR_TIMEOUT);
    assert_true(sfi_transfer_response(second)->error.retryable);
    assert_false(sfi_transfer_wait(first, 1));
    sfi_transfer_free(second);
    sfi_transfer_free(first);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__a_limit_that_passed_sends_nothing(void **state)
{
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ hello }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer_free(run_simple(http, "GET", wire_url(server, "/"))); /* there is a connection to send on */
    sfi_transfer *t =
        run_request(http, &(sfi_http_request){ .method = "POST", .url = wire_url(server, "/"), .deadline_ms = 1 });
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_TIMEOUT);
    assert_int_equal(wire_requests(server), 1);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__a_stalled_handshake_is_not_sent(void **state)
{
    static const wire_step mute[] = { WIRE_READ(1), WIRE_STALL, WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ mute }, 1);
    sfi_http *http = open_http((sf_transport_options){ .connect_timeout_ms = 60, .idle_timeout_ms = 30 });
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", wire_port(server));
    sfi_transfer *t = run_simple(http, "POST", url);
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_TIMEOUT);
    assert_true(sfi_transfer_response(t)->error.retryable);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__an_upload_that_nobody_reads_ends(void **state)
{
    static const wire_step deaf[] = { WIRE_READ(1000), WIRE_GATE, WIRE_END };
    enum { SIZE = 16 * 1024 * 1024 };
    (void)state;
    char *body = calloc(1, SIZE);
    wire_server *server = wire_start((const wire_step *const[]){ deaf }, 1);
    sfi_http *http = open_http((sf_transport_options){ .idle_timeout_ms = 80 });
    sfi_transfer *t = run_request(
        http, &(sfi_http_request){
                  .method = "PUT", .url = wire_url(server, "/"), .body = { body, SIZE }, .body_is_borrowed = true });
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_TIMEOUT);
    assert_in_range(sfi_transfer_response(t)->bytes_sent, 1000, SIZE - 1);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    free(body);
}

static void test_http__one_connection_serves_two_hosts(void **state)
{
    (void)state;
    wire_server *servers[2] = { wire_start((const wire_step *const[]){ hello }, 1),
                                wire_start((const wire_step *const[]){ hello }, 1) };
    sfi_http *http = open_http((sf_transport_options){ .connections_max = 1 });
    for (int i = 0; i < 4; i++) {
        sfi_transfer *t = run_simple(http, "GET", wire_url(servers[i % 2], "/"));
        assert_answer(t, 200, "hello");
        sfi_transfer_free(t);
    }
    sfi_http_close(http);
    for (int i = 0; i < 2; i++) wire_stop(servers[i]);
}

static void test_http__waiting_costs_no_cpu(void **state)
{
    struct timespec before, after;
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ silent }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = start_simple(http, "GET", wire_url(server, "/"));
    assert_true(wire_wait_requests(server, 1));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    assert_false(sfi_transfer_wait(t, sfi_now_ms() + 300));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    int64_t us = (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000;
    assert_in_range(us, 0, 30000);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

/* ---- what never went out ---- */
static void test_http__unreachable_hosts_are_named(void **state)
{
    (void)state;
    wire_server *server = wire_start_refusing();
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer *t = run_simple(http, "POST", wire_url(server, "/"));
    char host[64];
    snprintf(host, sizeof host, "127.0.0.1:%d", wire_port(server));
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_NETWORK);
    assert_non_null(strstr(sfi_transfer_response(t)->error.message, host));
    assert_true(sfi_transfer_response(t)->error.retryable); /* a server that starts anew refuses for a moment */
    sfi_transfer_free(t);
    t = run_simple(http, "POST", "https://no-such-host.invalid/");
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_NETWORK);
    assert_non_null(strstr(sfi_transfer_response(t)->error.message, "no-such-host.invalid"));
    assert_false(sfi_transfer_response(t)->error.retryable); /* never reached: a typing mistake */
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

static void test_http__tls_to_a_plain_server_is_not_sent(void **state)
{
    static const wire_step plain[] = { WIRE_READ(1), WIRE_TEXT("HTTP/1.1 400 Bad Request\r\n\r\n"), WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ plain }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", wire_port(server));
    sfi_transfer *t = run_simple(http, "POST", url);
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_NETWORK);
    assert_non_null(strstr(sfi_transfer_response(t)->error.message, "TLS"));
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

/* ---- the breaker ---- */
static void test_http__breaker_opens_and_closes(void **state)
{
    static const wire_step busy[] = { WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                                      WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
                                      WIRE_REQUEST, WIRE_TEXT(OK_TEXT("hello", "5")),
                                      WIRE_AGAIN };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ busy }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_http_set_breaker(http, 2, 60000);
    for (int i = 0; i < 2; i++) {
        sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
        assert_answer(t, 503, "");
        sfi_transfer_free(t);
    }
    sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
    assert_outcome(t, SFI_HTTP_NOT_SENT, SF_ERR_UNAVAILABLE);
    const sfi_http_response *r = sfi_transfer_response(t);
    assert_true(r->error.retryable);
    assert_in_range(r->error.retry_after_ms, 1, 60000);
    assert_int_equal(wire_requests(server), 2);
    sfi_http_set_breaker(http, 2, 1); /* from now on it stays open for no longer than that */
    int64_t again = sfi_now_ms() + 2;
    sfi_transfer_free(t);
    while (sfi_now_ms() < again) continue;
    t = run_simple(http, "GET", wire_url(server, "/")); /* the probe */
    assert_answer(t, 200, "hello");
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

/* ---- buffers ---- */
static void test_http__given_buffers_are_used_again(void **state)
{
    enum { SIZE = 300000 };
    (void)state;
    char *wire = malloc(SIZE + 100);
    int head = snprintf(wire, 100, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", SIZE);
    memset(wire + head, 'x', SIZE);
    const wire_step script[] = { WIRE_REQUEST, WIRE_BYTES(wire, (size_t)(head + SIZE)), WIRE_AGAIN };
    wire_server *server = wire_start((const wire_step *const[]){ script }, 1);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    char *first = NULL;
    for (int i = 0; i < 5; i++) {
        sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
        sfi_http_response *r = sfi_transfer_response(t);
        assert_int_equal(r->body_len, SIZE);
        assert_true(r->body_cap >= SIZE + 64);
        if (first == NULL) first = r->body;
        assert_ptr_equal(r->body, first);
        sfi_http_give_buffer(http, r->body, r->body_cap);
        r->body = NULL;
        sfi_transfer_free(t);
    }
    sfi_http_close(http);
    wire_stop(server);
    free(wire);
}

/* ---- memory ---- */
/* One request with n allocations left. @return true: its whole answer came. */
static bool run_starved(const char *url, long n)
{
    static const sfi_header headers[] = { { { "X-One", 5 }, { "1", 1 } }, { { "X-Two", 5 }, { "2", 1 } } };
    sfi_http *http = NULL;
    sfi_transfer *t = NULL;
    sf_error err = { 0 };
    bool through = false;
    test_allocations_limit(n);
    sf_status rc = sfi_http_open(&(sf_transport_options){ .proxy = "", .no_proxy = "*" }, NULL, &http, &err);
    if (rc == SF_OK)
        rc = sfi_http_start(http,
                            &(sfi_http_request){ .method = "POST",
                                                 .url = url,
                                                 .bearer = "tok",
                                                 .headers = headers,
                                                 .header_count = COUNT_OF(headers),
                                                 .body = SFI_STR("x") },
                            &t, &err);
    if (t != NULL) {
        assert_true(sfi_transfer_wait(t, 0));
        const sfi_http_response *r = sfi_transfer_response(t);
        through = r->outcome == SFI_HTTP_ANSWERED && r->body_len == 5 && memcmp(r->body, "hello", 5) == 0;
        if (!through && r->error.status != SF_ERR_MEMORY)
            fail_msg("allocation %ld: outcome %d, %d, %zu bytes: %s", n, r->outcome, r->status, r->body_len,
                     r->error.message);
    } else {
        assert_int_equal(rc, SF_ERR_MEMORY);
    }
    sfi_transfer_free(t);
    sfi_http_close(http);
    test_allocations_limit(-1);
    return through;
}

static void test_http__survives_each_failed_allocation(void **state)
{
    static const wire_step chunked[] = {
        WIRE_REQUEST,
        WIRE_TEXT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nX-B: 2\r\n\r\n3\r\nhel\r\n"
                  "2\r\nlo\r\n0\r\n\r\n"),
        WIRE_AGAIN
    };
    static const wire_step led[] = {
        WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 307 T\r\nLocation: /elsewhere?x=y\r\nContent-Length: 0\r\n\r\n"),
        WIRE_REQUEST, WIRE_TEXT(OK_TEXT("hello", "5")), WIRE_AGAIN
    };
    static const wire_step *const scripts[] = { hello, chunked, led };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        wire_server *server = wire_start(&scripts[i], 1);
        char url[64];
        snprintf(url, sizeof url, "%s", wire_url(server, "/"));
        long live = test_allocations_live();
        bool through = false;
        for (long n = 0; !through; n++) {
            if (n > 300) fail_msg("script %zu never gets through", i);
            through = run_starved(url, n);
            assert_int_equal(test_allocations_live(), live);
        }
        wire_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http__32_threads_share_the_connections),
        cmocka_unit_test(test_http__no_more_connections_than_allowed),
        cmocka_unit_test(test_http__cancel_from_another_thread),
        cmocka_unit_test(test_http__a_running_transfer_can_be_freed),
        cmocka_unit_test(test_http__closing_cancels_and_transfers_outlive_it),
        cmocka_unit_test(test_http__stalls_end_in_time),
        cmocka_unit_test(test_http__waiting_for_a_turn_has_a_limit_too),
        cmocka_unit_test(test_http__a_limit_that_passed_sends_nothing),
        cmocka_unit_test(test_http__a_stalled_handshake_is_not_sent),
        cmocka_unit_test(test_http__an_upload_that_nobody_reads_ends),
        cmocka_unit_test(test_http__one_connection_serves_two_hosts),
        cmocka_unit_test(test_http__waiting_costs_no_cpu),
        cmocka_unit_test(test_http__unreachable_hosts_are_named),
        cmocka_unit_test(test_http__tls_to_a_plain_server_is_not_sent),
        cmocka_unit_test(test_http__breaker_opens_and_closes),
        cmocka_unit_test(test_http__given_buffers_are_used_again),
        cmocka_unit_test(test_http__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
