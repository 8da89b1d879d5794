/* router_test.c: paths taken apart, patterns that fit, and what a call answers when none does. */
#include "api/call.h"
#include "support/support.h"

static const char *called;

static void handle_list(sfo_call *call)
{
    (void)call;
    called = "list";
}
static void handle_make(sfo_call *call)
{
    (void)call;
    called = "make";
}
static void handle_describe(sfo_call *call)
{
    (void)call;
    called = "describe";
}
static void handle_one(sfo_call *call)
{
    (void)call;
    called = "one";
}
static void handle_change(sfo_call *call)
{
    (void)call;
    called = "change";
}

static const sfo_route routes[] = {
    { "GET", "things", handle_list },
    { "POST", "things", handle_make },
    { "GET", "things/*/describe", handle_describe },
    { "GET", "things/*/*", handle_one },
    { "PATCH", "things/*/*", handle_change },
    { "DELETE", "things/*/*", handle_change },
};

static sfo_response response;

/* Runs a request through the table; the call lives until the next one. */
static sfo_call *route(const char *method, const char *path)
{
    static sfo_call call;
    static sfo_request request;
    static bool used;
    if (used) sfo_call_end(&call);
    sfo_response_clear(&response);
    used = true;
    called = NULL;
    request = (sfo_request){ .method = method, .path = path, .query = "", .host = "h" };
    if (sfo_call_begin(&call, NULL, &request, &response)) sfo_route_call(&call, routes, COUNT_OF(routes), 0);
    return &call;
}

static void test_router__finds_the_handler(void **state)
{
    static const struct {
        const char *method, *path, *want;
    } cases[] = {
        { "GET", "/things", "list" },
        { "GET", "/things/", "list" },
        { "HEAD", "/things", "list" },
        { "POST", "/Things", "make" },
        { "GET", "/things/a/describe", "describe" },
        { "GET", "/things/a/DESCRIBE/", "describe" },
        { "GET", "/things/a/b", "one" },
        { "PATCH", "/things/a/b%2Fc", "change" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        route(cases[i].method, cases[i].path);
        assert_non_null(called);
        assert_string_equal(called, cases[i].want);
    }
    sfo_call *call = route("PATCH", "/things/a/b%2Fc%20d");
    assert_string_equal(call->args[0].ptr, "a");
    assert_string_equal(call->args[1].ptr, "b/c d");
}

static void test_router__says_405_with_what_is_allowed(void **state)
{
    (void)state;
    route("PUT", "/things/a/b");
    assert_null(called);
    assert_int_equal(response.status, 405);
    assert_string_equal(sfo_response_get_header(&response, "Allow"), "DELETE,GET,HEAD,PATCH");
    assert_string_equal(response.body.data, "[{\"message\":\"HTTP Method 'PUT' not allowed. Allowed are "
                                            "DELETE,GET,HEAD,PATCH\",\"errorCode\":\"METHOD_NOT_ALLOWED\"}]");
    route("PATCH", "/things/a/describe");
    assert_string_equal(sfo_response_get_header(&response, "Allow"), "GET,HEAD");
}

static void test_router__says_404_for_everything_else(void **state)
{
    static const char *const paths[] = { "/",          "/thing",
                                         "/things/a",  "/things/a/b/c",
                                         "/things//b", "/things/a/b/c/d/e/f" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        print_message("  %s\n", paths[i]);
        route("GET", paths[i]);
        assert_null(called);
        assert_int_equal(response.status, 404);
        assert_string_equal(response.body.data,
                            "[{\"message\":\"The requested resource does not exist\",\"errorCode\":\"NOT_FOUND\"}]");
    }
}

static void test_call__refuses_paths_that_are_none(void **state)
{
    static const char *const paths[] = { "things", "/things/%", "/things/%00/b", "/things/%ff/b",
                                         "/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        print_message("  %s\n", paths[i]);
        route("GET", paths[i]);
        assert_null(called);
        assert_int_equal(response.status, 400);
    }
}

static void test_bearer__takes_both_schemes(void **state)
{
    static const struct {
        const char *header;
        const char *want;
    } cases[] = {
        { "Bearer abc!d", "abc!d" },
        { "bearer  abc ", "abc" },
        { "OAuth abc", "abc" },
        { "Basic abc", "" },
        { "Bearer", "" },
        { "Bearer a b", "" },
        { "abc", "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_str token = sfo_bearer_token(cases[i].header);
        assert_non_null(token.ptr);
        assert_true(sfi_str_is(token, cases[i].want));
    }
    assert_null(sfo_bearer_token(NULL).ptr);
}

static int end(void **state)
{
    (void)state;
    route("GET", "/");
    sfo_response_clear(&response);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_router__finds_the_handler),
        cmocka_unit_test(test_router__says_405_with_what_is_allowed),
        cmocka_unit_test(test_router__says_404_for_everything_else),
        cmocka_unit_test(test_call__refuses_paths_that_are_none),
        cmocka_unit_test(test_bearer__takes_both_schemes),
    };
    sfo_response_init(&response);
    return cmocka_run_group_tests_name("org_api router", tests, NULL, end);
}
