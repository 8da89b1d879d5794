/* policy_test.c: pauses, Retry-After, the breaker's arithmetic and header look-up: plain functions over tables. */
#include "unit/http/http_fixture.h"

static void test_policy__pauses_double_and_stay_in_bounds(void **state)
{
    (void)state;
    for (int attempt = 1; attempt <= 80; attempt++) {
        int64_t bound = 100;
        for (int i = 1; i < attempt && bound < 5000; i++) bound *= 2;
        if (bound > 5000) bound = 5000;
        for (uint64_t r = 0; r < 2000; r += 7)
            assert_in_range(sfi_retry_pause_ms(attempt, 100, 5000, 0, r * 7919), 0, bound);
        assert_int_equal(sfi_retry_pause_ms(attempt, 100, 5000, 0, (uint64_t)bound), bound); /* all of it can be had */
        assert_int_equal(sfi_retry_pause_ms(attempt, 100, 5000, 60000, 3), 60000); /* the server's wish wins */
    }
    assert_int_equal(sfi_retry_pause_ms(70, INT64_MAX / 2, INT64_MAX, 0, 0), 0);
    assert_int_equal(sfi_retry_pause_ms(3, 0, 0, 0, UINT64_MAX), 0);
}

static void test_policy__retry_after_in_all_its_forms(void **state)
{
    static const struct {
        char headers[160];
        int64_t want_ms;
    } cases[] = {
        { "Retry-After: 5\n", 5000 },
        { "X: 1\nretry-after:   120  \nY: 2\n", 120000 },
        { "Retry-After: 0\n", 0 },
        { "Retry-After: 1.5\n", 1000 },
        { "Retry-After: 86400\n", 86400000 },
        { "Retry-After: 86401\n", 86400000 },
        { "Retry-After: 99999999999999999999999\n", 86400000 },
        { "Retry-After: -5\n", 0 },
        { "Retry-After: soon\n", 0 },
        { "Retry-After: 5x\n", 0 },
        { "Retry-After:\n", 0 },
        { "Retry-Afterwards: 5\n", 0 },
        { "", 0 },
        { "Date: Sat, 23 Mar 2024 10:00:00 GMT\nRetry-After: Sat, 23 Mar 2024 10:00:30 GMT\n", 30000 },
        { "Date: Sat, 23 Mar 2024 10:00:00 GMT\nRetry-After: Sat, 23 Mar 2024 09:00:00 GMT\n", 0 },
        { "Date: Sat, 23 Mar 2024 10:00:00 GMT\nRetry-After: Sun, 23 Mar 2025 10:00:00 GMT\n", 86400000 },
        { "Retry-After: Sat, 23 Mar 2024 10:00:30 GMT\n", 0 }, /* long past by our own clock */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char headers[160];
        memcpy(headers, cases[i].headers, sizeof headers);
        print_message("  %zu\n", i);
        assert_int_equal(sfi_retry_after_ms(&(sfi_http_response){ .headers = headers }), cases[i].want_ms);
    }
    assert_int_equal(sfi_retry_after_ms(&(sfi_http_response){ 0 }), 0);
}

static void test_policy__methods(void **state)
{
    (void)state;
    assert_true(sfi_method_is_idempotent("GET") && sfi_method_is_idempotent("PUT") &&
                sfi_method_is_idempotent("DELETE"));
    assert_false(sfi_method_is_idempotent("POST") || sfi_method_is_idempotent("PATCH") ||
                 sfi_method_is_idempotent("get"));
    assert_false(sfi_method_is_idempotent(NULL));
}

static void test_policy__headers_are_found(void **state)
{
    char headers[] =
        "Content-Type: application/json; charset=UTF-8\nX-A:one\nX-a: two\nX-Empty:\nNo colon\nX-Last: end";
    sfi_http_response r = { .headers = headers };
    (void)state;
    assert_true(sfi_str_is(sfi_header_get(&r, "content-type"), "application/json; charset=UTF-8"));
    assert_true(sfi_str_is(sfi_header_get(&r, "X-A"), "one")); /* the first of several */
    assert_true(sfi_str_is(sfi_header_get(&r, "X-Last"), "end"));
    assert_non_null(sfi_header_get(&r, "X-Empty").ptr);
    assert_int_equal(sfi_header_get(&r, "X-Empty").len, 0);
    assert_null(sfi_header_get(&r, "X").ptr);
    assert_null(sfi_header_get(&r, "No colon").ptr);
    assert_null(sfi_header_get(&r, "X-Las").ptr);
    assert_null(sfi_header_get(&(sfi_http_response){ 0 }, "X").ptr);
    assert_true(sfi_content_type_is(SFI_STR("Application/JSON ;charset=UTF-8"), "application/json"));
    assert_true(sfi_content_type_is(SFI_STR("text/xml"), "text/xml"));
    assert_false(sfi_content_type_is(SFI_STR("text/xmlx"), "text/xml"));
    assert_false(sfi_content_type_is((sf_str){ NULL, 0 }, "text/xml"));
}

static void test_policy__breaker_opens_probes_and_closes(void **state)
{
    sfi_breaker b = { .failures_max = 3, .open_ms = 100 };
    int64_t wait_ms = -1;
    (void)state;
    for (int i = 0; i < 2; i++) sfi_breaker_note(&b, false, 1000);
    sfi_breaker_note(&b, true, 1000); /* in a row: begins anew */
    for (int i = 0; i < 2; i++) sfi_breaker_note(&b, false, 1000);
    assert_true(sfi_breaker_allows(&b, 1000, &wait_ms));
    sfi_breaker_note(&b, false, 1000);
    assert_false(sfi_breaker_allows(&b, 1001, &wait_ms));
    assert_int_equal(wait_ms, 99);
    sfi_breaker_note(&b, false, 1050);                    /* a straggler */
    assert_true(sfi_breaker_allows(&b, 1100, &wait_ms));  /* the probe */
    assert_false(sfi_breaker_allows(&b, 1100, &wait_ms)); /* one only */
    assert_true(wait_ms > 0);
    sfi_breaker_note(&b, false, 1110);
    assert_false(sfi_breaker_allows(&b, 1150, &wait_ms));
    assert_true(sfi_breaker_allows(&b, 1210, &wait_ms));
    sfi_breaker_note(&b, true, 1211);
    assert_true(sfi_breaker_allows(&b, 1212, &wait_ms) && sfi_breaker_allows(&b, 1212, &wait_ms));
    b = (sfi_breaker){ .failures_max = 0, .open_ms = 100 };
    for (int i = 0; i < 1000; i++) sfi_breaker_note(&b, false, 5);
    assert_true(sfi_breaker_allows(&b, 6, &wait_ms));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy__pauses_double_and_stay_in_bounds),
        cmocka_unit_test(test_policy__retry_after_in_all_its_forms),
        cmocka_unit_test(test_policy__methods),
        cmocka_unit_test(test_policy__headers_are_found),
        cmocka_unit_test(test_policy__breaker_opens_probes_and_closes),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
