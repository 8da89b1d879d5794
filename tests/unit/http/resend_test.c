/* resend_test.c: a kept connection that dies under a request. libcurl sends the request again by itself when no byte of
 * an answer came; the server may have read it the first time. A read may be repeated, a write never is. */
#include "unit/http/http_fixture.h"

/* The second request is read whole and then the connection ends without a word. */
static const wire_step closes[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("one", "3")), WIRE_REQUEST, WIRE_END };
static const wire_step resets[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("one", "3")), WIRE_REQUEST, WIRE_RESET };
static const wire_step serves[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("two", "3")), WIRE_AGAIN };

static void test_resend__writes_are_sent_once(void **state)
{
    static const wire_step *const first[] = { closes, resets };
    static const struct {
        const char *method, *body;
        bool is_sent_again;
    } cases[] = {
        { "GET", NULL, true },    { "HEAD", NULL, true }, { "POST", "{}", false },   { "POST", NULL, false },
        { "PATCH", "{}", false }, { "PUT", "{}", false }, { "DELETE", NULL, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases) * COUNT_OF(first); i++) {
        size_t k = i / COUNT_OF(first);
        print_message("  %s %s, %s\n", cases[k].method, cases[k].body != NULL ? cases[k].body : "",
                      i % 2 ? "reset" : "closed");
        wire_server *server = wire_start((const wire_step *const[]){ first[i % COUNT_OF(first)], serves }, 2);
        sfi_http *http = open_http((sf_transport_options){ 0 });
        sfi_transfer *t = run_simple(http, "GET", wire_url(server, "/"));
        assert_answer(t, 200, "one");
        sfi_transfer_free(t);
        t = run_request(http, &(sfi_http_request){ .method = cases[k].method,
                                                   .url = wire_url(server, "/second"),
                                                   .body = sfi_str(cases[k].body) });
        if (cases[k].is_sent_again) {
            assert_answer(t, 200, strcmp(cases[k].method, "HEAD") == 0 ? "" : "two");
            assert_int_equal(wire_requests(server), 3);
        } else {
            assert_outcome(t, SFI_HTTP_LOST, SF_ERR_NETWORK);
            assert_int_equal(wire_requests(server), 2);
            assert_int_equal(sfi_transfer_response(t)->error.retryable, sfi_method_is_idempotent(cases[k].method));
        }
        sfi_transfer_free(t);
        t = run_request(http, &(sfi_http_request){ .method = cases[k].method,
                                                   .url = wire_url(server, "/third"),
                                                   .body = sfi_str(cases[k].body) });
        assert_answer(t, 200, strcmp(cases[k].method, "HEAD") == 0 ? "" : "two"); /* the caller may */
        sfi_transfer_free(t);
        sfi_http_close(http);
        wire_stop(server);
    }
}

static void test_resend__a_large_write_is_sent_once(void **state)
{
    static const wire_step cuts[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("one", "3")), WIRE_READ(100000), WIRE_RESET };
    enum { SIZE = 4 * 1024 * 1024 };
    (void)state;
    char *body = malloc(SIZE);
    memset(body, 'b', SIZE);
    wire_server *server = wire_start((const wire_step *const[]){ cuts, serves }, 2);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer_free(run_simple(http, "GET", wire_url(server, "/")));
    sfi_transfer *t = run_request(
        http, &(sfi_http_request){
                  .method = "POST", .url = wire_url(server, "/"), .body = { body, SIZE }, .body_is_borrowed = true });
    assert_outcome(t, SFI_HTTP_LOST, SF_ERR_NETWORK);
    assert_int_equal(wire_requests(server), 1);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
    free(body);
}

/* A connection that the server closed while nobody used it is seen to be dead before anything goes out. */
static void test_resend__a_connection_closed_while_idle_is_not_used(void **state)
{
    static const wire_step once[] = { WIRE_REQUEST, WIRE_TEXT(OK_TEXT("one", "3")), WIRE_END };
    (void)state;
    wire_server *server = wire_start((const wire_step *const[]){ once, serves }, 2);
    sfi_http *http = open_http((sf_transport_options){ 0 });
    sfi_transfer_free(run_simple(http, "POST", wire_url(server, "/")));
    assert_true(wire_wait_closed(server));
    sfi_transfer *t = run_simple(http, "POST", wire_url(server, "/"));
    assert_answer(t, 200, "two");
    assert_int_equal(wire_requests(server), 2);
    sfi_transfer_free(t);
    sfi_http_close(http);
    wire_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resend__writes_are_sent_once),
        cmocka_unit_test(test_resend__a_large_write_is_sent_once),
        cmocka_unit_test(test_resend__a_connection_closed_while_idle_is_not_used),
    };
    return cmocka_run_group_tests_name("resend", tests, NULL, NULL);
}
