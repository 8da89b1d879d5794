/* clock_test.c: time text in and out, the calendar, HTTP dates, random bytes. */
#include "support/support.h"
#include "base/base_internal.h"

static const struct {
    const char *text;
    char kind;
    int64_t ms;
} times[] = {
    /* kind 0: not a time */
    { "1970-01-01T00:00:00.000+0000", 'D', 0 },
    { "2024-11-23T22:10:05.000+0000", 'D', 1732399805000 },
    { "2024-11-23T22:10:05Z", 'D', 1732399805000 },
    { "2024-11-23T22:10:05.123Z", 'D', 1732399805123 },
    { "2024-11-23T22:10:05.1234567Z", 'D', 1732399805123 },
    { "2024-11-23T22:10:05.5Z", 'D', 1732399805500 },
    { "2024-11-23T23:10:05.000+01:00", 'D', 1732399805000 },
    { "2024-11-24T03:40:05+0530", 'D', 1732399805000 },
    { "2024-11-23T14:10:05.000-08:00", 'D', 1732399805000 },
    { "1969-12-31T23:59:59.999Z", 'D', -1 },
    { "0000-01-01T00:00:00Z", 'D', -62167219200000 },
    { "9999-12-31T23:59:59.999Z", 'D', 253402300799999 },
    { "2024-02-29", 'd', 1709164800000 },
    { "1700-01-01", 'd', -8520336000000 },
    { "22:10:05.000Z", 't', 79805000 },
    { "00:00:00", 't', 0 },
    { "23:59:59.999Z", 't', 86399999 },
    { "2023-02-29", 0, 0 },
    { "1900-02-29", 0, 0 },
    { "2024-13-01", 0, 0 },
    { "2024-00-01", 0, 0 },
    { "2024-11-31", 0, 0 },
    { "2024-11-00", 0, 0 },
    { "2024-11-23T24:00:00Z", 0, 0 },
    { "2024-11-23T22:60:05Z", 0, 0 },
    { "2024-11-23T22:10:60Z", 0, 0 },
    { "2024-11-23T22:10:05", 0, 0 },
    { "2024-11-23T22:10:05.Z", 0, 0 },
    { "2024-11-23 22:10:05Z", 0, 0 },
    { "2024-11-23T22:10Z", 0, 0 },
    { "2024-11-23T22:10:05+24:00", 0, 0 },
    { "2024-11-23T22:10:05+00:60", 0, 0 },
    { "2024-11-23T22:10:05+1", 0, 0 },
    { "2024-11-23T22:10:05ZZ", 0, 0 },
    { "2024-11-2", 0, 0 },
    { "24-11-23", 0, 0 },
    { "", 0, 0 },
    { "22:10:05.000+0100", 0, 0 },
    { "22:10", 0, 0 },
    { "today", 0, 0 },
    { "-024-11-23", 0, 0 },
    { "2024-11-23T", 0, 0 },
};

static void test_clock__time_text_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        int64_t ms = 77;
        char kind = '?';
        print_message("  %s\n", times[i].text);
        assert_int_equal(sfi_time_parse(sfi_str(times[i].text), &ms, &kind), times[i].kind != 0);
        assert_int_equal(ms, times[i].kind != 0 ? times[i].ms : 77);
        assert_int_equal(kind, times[i].kind != 0 ? times[i].kind : '?');
    }
}

static void test_clock__cut_text_never_reads_beyond(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++)
        for (size_t len = 0; len < strlen(times[i].text); len++) {
            char *cut = sfi_alloc(len); /* of just that size: the sanitizer sees the byte behind */
            memcpy(cut, times[i].text, len);
            int64_t ms;
            (void)sfi_time_parse((sf_str){ cut, len }, &ms, NULL);
            (void)sfi_http_date_parse((sf_str){ cut, len }, &ms);
            sfi_free(cut);
        }
}

static void test_clock__writing_reads_back(void **state)
{
    (void)state;
    char text[32];
    for (int64_t ms = -62167219200000; ms < 253402300799999; ms += INT64_C(86399999) * 97) {
        int64_t got;
        sfi_time_format(ms, text);
        assert_int_equal(strlen(text), 24);
        assert_true(sfi_time_parse(sfi_str(text), &got, NULL));
        assert_int_equal(got, ms);
        sfi_date_format(ms, text);
        assert_true(sfi_time_parse(sfi_str(text), &got, NULL));
        assert_true(got <= ms && ms - got < 86400000);
        sfi_http_date_format(ms, text);
        assert_true(sfi_http_date_parse(sfi_str(text), &got));
        assert_true(got <= ms && ms - got < 1000);
    }
    sfi_time_format(1732399805007, text);
    assert_string_equal(text, "2024-11-23T22:10:05.007Z");
    sfi_date_format(-1, text);
    assert_string_equal(text, "1969-12-31");
    static const int64_t outside[] = { INT64_MIN, INT64_MAX, -62167219200001, 253402300800000 };
    for (size_t i = 0; i < COUNT_OF(outside); i++) { /* there are no such years */
        sfi_time_format(outside[i], text);
        assert_string_equal(text, "");
        sfi_date_format(outside[i], text);
        assert_string_equal(text, "");
        sfi_http_date_format(outside[i], text);
        assert_string_equal(text, "");
    }
    sfi_time_format(253402300799999, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

static void test_clock__calendar_is_its_own_inverse(void **state)
{
    (void)state;
    assert_int_equal(sfi_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(sfi_days_from_civil(2000, 3, 1), 11017);
    for (int64_t days = -800000; days < 3000000; days += 13) {
        int64_t y;
        int m, d;
        sfi_civil_from_days(days, &y, &m, &d);
        assert_true(m >= 1 && m <= 12 && d >= 1 && d <= 31);
        assert_int_equal(sfi_days_from_civil(y, m, d), days);
    }
}

static void test_clock__http_dates(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t ms;
    } cases[] = {
        { "Sat, 23 Mar 2024 10:00:00 GMT", true, 1711188000000 },
        { "Fri, 1 Mar 2024 00:00:01 GMT", true, 1709251201000 },
        { "Fri, 01 Mar 2024 00:00:01 GMT", true, 1709251201000 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", true, 0 },
        { "Fri, 30 Feb 2024 00:00:01 GMT", false, 0 },
        { "Fri, 01 Foo 2024 00:00:01 GMT", false, 0 },
        { "Fri, 01 Mar 2024 00:00:01 CET", false, 0 },
        { "Fri, 01 Mar 24 00:00:01 GMT", false, 0 },
        { "120", false, 0 },
        { "", false, 0 },
        { ",", false, 0 },
        { "Fri, 01 Mar 2024 00:00:01 GMT x", false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ms = 77;
        assert_int_equal(sfi_http_date_parse(sfi_str(cases[i].text), &ms), cases[i].ok);
        assert_int_equal(ms, cases[i].ok ? cases[i].ms : 77);
    }
    char text[32];
    sfi_http_date_format(1711188000999, text);
    assert_string_equal(text, "Sat, 23 Mar 2024 10:00:00 GMT");
    sfi_http_date_format(-1, text);
    assert_string_equal(text, "Wed, 31 Dec 1969 23:59:59 GMT");
}

static void test_clock__clocks_run_and_random_differs(void **state)
{
    (void)state;
    int64_t a = sfi_now_ms();
    assert_true(sfi_now_ms() >= a);
    assert_true(sfi_wall_ms() > 1700000000000);
    unsigned char x[64] = { 0 }, y[64] = { 0 };
    sfi_random_bytes(x, sizeof x);
    sfi_random_bytes(y, sizeof y);
    assert_memory_not_equal(x, y, sizeof x);
    assert_false(sfi_random() == sfi_random() && sfi_random() == sfi_random());
    sfi_random_bytes(NULL, 0);
}

static void test_clock__the_boot_has_one_name(void **state)
{
    (void)state;
    char one[SFI_BOOT_BYTES], two[SFI_BOOT_BYTES];
    sfi_boot_id(one);
    sfi_boot_id(two);
    assert_string_equal(one, two);
    assert_null(strchr(one, '\n'));
    assert_true(one[0] == '\0' || strlen(one) == 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__time_text_is_read),
        cmocka_unit_test(test_clock__cut_text_never_reads_beyond),
        cmocka_unit_test(test_clock__writing_reads_back),
        cmocka_unit_test(test_clock__calendar_is_its_own_inverse),
        cmocka_unit_test(test_clock__http_dates),
        cmocka_unit_test(test_clock__clocks_run_and_random_differs),
        cmocka_unit_test(test_clock__the_boot_has_one_name),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
