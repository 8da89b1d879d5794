/* writer_test.c: JSON text out: commas, escapes, numbers as the org writes them, failed memory. */
#include "support/support.h"
#include <float.h>
#include <locale.h>
#include <math.h>
#include "json/json_internal.h"

static void test_writer__commas_look_after_themselves(void **state)
{
    (void)state;
    sfi_buf out = { 0 };
    sfi_json_writer w = sfi_json_write_to(&out);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "a");
    sfi_json_begin_array(&w);
    sfi_json_int(&w, 1);
    sfi_json_null(&w);
    sfi_json_begin_object(&w);
    sfi_json_end_object(&w);
    sfi_json_begin_array(&w);
    sfi_json_end_array(&w);
    sfi_json_bool(&w, true);
    sfi_json_end_array(&w);
    sfi_json_key_n(&w, SFI_STR("b\n"));
    sfi_json_string(&w, NULL);
    sfi_json_key(&w, "c");
    sfi_json_raw_text(&w, SFI_STR("[1,2]"));
    sfi_json_key(&w, "d");
    sfi_json_bool(&w, false);
    sfi_json_key(&w, "e");
    sfi_json_write_value(&w, (sf_value){ 0 });
    sfi_json_end_object(&w);
    assert_int_equal(sfi_buf_status(&out, NULL, "x"), SF_OK);
    assert_string_equal(out.data, "{\"a\":[1,null,{},[],true],\"b\\n\":null,\"c\":[1,2],\"d\":false,\"e\":null}");
    sfi_buf_free(&out);
}

static void test_writer__escapes_what_must_be(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *want;
    } cases[] = {
        { "", 0, "\"\"" },
        { "plain", 5, "\"plain\"" },
        { "\"\\/", 3, "\"\\\"\\\\/\"" },
        { "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
        { "\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"" },
        { "Zo\xc3\xab\xf0\x9f\x98\x80", 8, "\"Zo\xc3\xab\xf0\x9f\x98\x80\"" },
        { "a\xff"
          "b",
          3,
          "\"a\xef\xbf\xbd"
          "b\"" },
        { "\xc3", 1, "\"\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf out = { 0 };
        sfi_json_escape(&out, (sf_str){ cases[i].in, cases[i].len });
        assert_string_equal(out.data, cases[i].want);
        sfi_buf_free(&out);
    }
}

static void test_writer__doubles_are_java_s(void **state)
{
    static const struct {
        double d;
        const char *want;
    } cases[] = {
        { 0, "0.0" },
        { -0.0, "-0.0" },
        { 1, "1.0" },
        { 12, "12.0" },
        { -12.5, "-12.5" },
        { 100, "100.0" },
        { 1234567, "1234567.0" },
        { 9999999, "9999999.0" },
        { 1e7, "1.0E7" },
        { 12345678, "1.2345678E7" },
        { 0.1, "0.1" },
        { 0.001, "0.001" },
        { 0.0012, "0.0012" },
        { 0.01, "0.01" },
        { 0.0001, "1.0E-4" },
        { 0.00012345, "1.2345E-4" },
        { 123.456, "123.456" },
        { 1e21, "1.0E21" },
        { 1e100, "1.0E100" },
        { DBL_MAX, "1.7976931348623157E308" },
        { 0.30000000000000004, "0.30000000000000004" },
        { 1.0 / 3, "0.3333333333333333" },
        { NAN, "null" },
        { INFINITY, "null" },
        { -INFINITY, "null" },
    };
    (void)state;
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* its comma must not be seen; where the locale is missing, C stays */
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf out = { 0 };
        sfi_json_writer w = sfi_json_write_to(&out);
        sfi_json_double(&w, cases[i].d);
        assert_string_equal(out.data, cases[i].want);
        double back;
        assert_int_equal(sfi_parse_double(sfi_buf_str(&out), &back), isfinite(cases[i].d) != 0);
        if (isfinite(cases[i].d)) assert_memory_equal(&back, &cases[i].d, sizeof back);
        sfi_buf_free(&out);
    }
}

static void test_writer__any_double_reads_back(void **state)
{
    (void)state;
    uint64_t bits = 0x9E3779B97F4A7C15;
    for (int i = 0; i < 20000; i++) {
        bits = bits * 6364136223846793005U + 1442695040888963407U;
        double d, back;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d)) continue;
        char space[64];
        sfi_buf out = { .data = space, .cap = sizeof space }; /* room enough: it never grows */
        sfi_json_writer w = sfi_json_write_to(&out);
        sfi_json_double(&w, d);
        assert_true(sfi_parse_double(sfi_buf_str(&out), &back));
        assert_memory_equal(&back, &d, sizeof d);
    }
}

static void test_writer__integers(void **state)
{
    static const struct {
        int64_t n;
        const char *want;
    } cases[] = {
        { 0, "0" },
        { -1, "-1" },
        { 10, "10" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf out = { 0 };
        sfi_json_writer w = sfi_json_write_to(&out);
        sfi_json_int(&w, cases[i].n);
        assert_string_equal(out.data, cases[i].want);
        sfi_buf_free(&out);
    }
}

static void test_writer__failure_is_found_at_the_end(void **state)
{
    (void)state;
    bool ok = false;
    for (long n = 0; !ok; n++) {
        sfi_buf out = { 0 };
        sfi_json_writer w = sfi_json_write_to(&out);
        test_allocations_limit(n);
        sfi_json_begin_array(&w);
        for (int i = 0; i < 300; i++) {
            sfi_json_string(&w, "a \"quoted\" word");
            sfi_json_double(&w, 1e-9 * i);
        }
        sfi_json_end_array(&w);
        test_allocations_limit(-1);
        sf_status rc = sfi_buf_status(&out, NULL, "x");
        ok = rc == SF_OK;
        assert_true(ok || rc == SF_ERR_MEMORY);
        sfi_buf_free(&out);
    }
    sfi_buf out = { .max = 20 };
    sfi_json_writer w = sfi_json_write_to(&out);
    sfi_json_string(&w, "longer than twenty bytes");
    assert_int_equal(sfi_buf_status(&out, NULL, "x"), SF_ERR_LIMIT);
    sfi_buf_free(&out);
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__commas_look_after_themselves),
        cmocka_unit_test(test_writer__escapes_what_must_be),
        cmocka_unit_test(test_writer__doubles_are_java_s),
        cmocka_unit_test(test_writer__any_double_reads_back),
        cmocka_unit_test(test_writer__integers),
        cmocka_unit_test(test_writer__failure_is_found_at_the_end),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
