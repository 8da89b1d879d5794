/* text_test.c: comparing, cutting, numbers, UTF-8 and record ids. */
#include "support/support.h"
#include "base/base_internal.h"

static void test_text__compares_with_and_without_case(void **state)
{
    (void)state;
    assert_true(sfi_str_eq((sf_str){ NULL, 0 }, SFI_STR("")));
    assert_false(sfi_str_eq(SFI_STR("a"), SFI_STR("A")));
    assert_true(sfi_str_is(SFI_STR("a\0b"), "a") == false);
    assert_true(sfi_str_is_nocase(SFI_STR("Content-TYPE"), "content-type"));
    assert_false(sfi_str_is_nocase(SFI_STR("k"), "\xe2\x84\xaa")); /* the Kelvin sign is no K here */
    assert_false(sfi_str_is_nocase(SFI_STR("[a"), "{a"));
    assert_true(sfi_eq_nocase(NULL, NULL));
    assert_false(sfi_eq_nocase(NULL, ""));
    assert_true(sfi_eq_nocase("ID", "iD"));
    assert_true(sfi_starts_with(SFI_STR("abc"), "ab"));
    assert_true(sfi_starts_with((sf_str){ NULL, 0 }, ""));
    assert_false(sfi_starts_with(SFI_STR("a"), "ab"));
    assert_true(sfi_starts_with_nocase(SFI_STR("Bearer x"), "bearer "));
    assert_true(sfi_ends_with(SFI_STR("Owner__c"), "__c"));
    assert_false(sfi_ends_with(SFI_STR("c"), "__c"));
    assert_true(sfi_str_is(sfi_trim(SFI_STR(" \t\r\n a b \n")), "a b"));
    assert_int_equal(sfi_trim(SFI_STR(" \n ")).len, 0);
    assert_int_equal(sfi_trim((sf_str){ NULL, 0 }).len, 0);
}

static void test_text__take_leaves_what_does_not_fit(void **state)
{
    (void)state;
    sf_str s = SFI_STR("api-usage=25/5000");
    int64_t n = -1;
    assert_false(sfi_take_text(&s, "per-app"));
    assert_int_equal(s.len, 17);
    assert_true(sfi_take_text(&s, "api-usage="));
    assert_false(sfi_take_int(&s, 24, &n));
    assert_int_equal(n, -1);
    assert_true(sfi_take_int(&s, 25, &n));
    assert_int_equal(n, 25);
    assert_true(sfi_take_text(&s, "/"));
    assert_true(sfi_take_int(&s, INT64_MAX, &n));
    assert_int_equal(s.len, 0);
    assert_false(sfi_take_int(&s, INT64_MAX, &n));
    sf_str none = { NULL, 0 };
    assert_true(sfi_take_text(&none, ""));
    assert_false(sfi_take_text(&none, "x"));
    sf_str large = SFI_STR("9223372036854775808");
    assert_false(sfi_take_int(&large, INT64_MAX, &n));
    assert_int_equal(large.len, 19);
}

static void test_text__parse_int_takes_all_or_nothing(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t want;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "007", true, 7 },
        { "-1", true, -1 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "99999999999999999999999999", false, 0 },
        { "", false, 0 },
        { "-", false, 0 },
        { "+1", false, 0 },
        { " 1", false, 0 },
        { "1 ", false, 0 },
        { "1.0", false, 0 },
        { "--1", false, 0 },
        { "0x1", false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t got = 99;
        print_message("  '%s'\n", cases[i].text);
        assert_int_equal(sfi_parse_int(sfi_str(cases[i].text), &got), cases[i].ok);
        assert_int_equal(got, cases[i].ok ? cases[i].want : 99);
    }
}

static void test_text__utf8_is_strict(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        size_t first;
    } cases[] = {
        { "a", 1, 1 },
        { "\0", 1, 1 },
        { "\xc2\x80", 2, 2 },
        { "\xdf\xbf", 2, 2 },
        { "\xe0\xa0\x80", 3, 3 },
        { "\xed\x9f\xbf", 3, 3 },
        { "\xee\x80\x80", 3, 3 },
        { "\xf0\x90\x80\x80", 4, 4 },
        { "\xf4\x8f\xbf\xbf", 4, 4 },
        { "\x80", 1, 0 },
        { "\xc1\xbf", 2, 0 },
        { "\xc2", 1, 0 },
        { "\xc2\x41", 2, 0 },
        { "\xe0\x9f\xbf", 3, 0 },
        { "\xed\xa0\x80", 3, 0 },
        { "\xef\xbf", 2, 0 },
        { "\xf0\x8f\xbf\xbf", 4, 0 },
        { "\xf4\x90\x80\x80", 4, 0 },
        { "\xf5\x80\x80\x80", 4, 0 },
        { "\xff", 1, 0 },
        { "\xf0\x9f\x98", 3, 0 },
        { "\xe2\x82\x41", 3, 0 },
        { "", 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(sfi_utf8_sequence(cases[i].text, cases[i].len), cases[i].first);
        assert_int_equal(sfi_utf8_valid(cases[i].text, cases[i].len), cases[i].first == cases[i].len);
    }
    assert_false(sfi_utf8_valid("abc\xffz", 5));
}

static void test_text__id_gets_its_suffix(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        { "001d000000IqhSL", "001d000000IqhSLAAZ" },
        { "005000000000000", "005000000000000AAA" },
        { "ABCDEABCDEABCDE", "ABCDEABCDEABCDE555" },
        { "abcdEabcdeAbcde", "abcdEabcdeAbcdeQAB" },
        { "001D000000IqhSL", "001D000000IqhSLIAZ" },
        { "001d000000IqhSLIAZ", "001d000000IqhSLIAZ" },
        { "", "" },
        { "001d000000IqhS", "" },
        { "001d000000IqhSLI", "" },
        { "001d000000Iqh-L", "" },
        { "001d000000IqhSLIA'", "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(sfi_id_make(sfi_str(cases[i].in)).text, cases[i].want);
}

static void test_text__utf8_is_written_as_it_is_read(void **state)
{
    static const struct {
        uint32_t c;
        const char *want;
    } cases[] = {
        { 'a', "a" },
        { 0x7F, "\x7f" },
        { 0x80, "\xc2\x80" },
        { 0x7FF, "\xdf\xbf" },
        { 0x800, "\xe0\xa0\x80" },
        { 0xD7FF, "\xed\x9f\xbf" },
        { 0xD800, "\xef\xbf\xbd" },
        { 0xDFFF, "\xef\xbf\xbd" },
        { 0xFFFF, "\xef\xbf\xbf" },
        { 0x10000, "\xf0\x90\x80\x80" },
        { 0x10FFFF, "\xf4\x8f\xbf\xbf" },
        { 0x110000, "\xef\xbf\xbd" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[5] = "";
        assert_int_equal(sfi_utf8_put(cases[i].c, out), strlen(cases[i].want));
        assert_string_equal(out, cases[i].want);
        assert_true(sfi_utf8_valid(out, strlen(out)));
    }
}

static void test_text__hex_digits_and_words(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef";
    for (int c = -128; c < 128; c++) {
        const char *at = c > 0 ? strchr(digits, sfi_ascii_lower(c)) : NULL;
        assert_int_equal(sfi_hex_digit((char)c), at != NULL ? (int)(at - digits) : -1);
        int lower = sfi_ascii_lower(c);
        assert_int_equal(sfi_is_word_char((char)c),
                         (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__hex_digits_and_words),
        cmocka_unit_test(test_text__compares_with_and_without_case),
        cmocka_unit_test(test_text__take_leaves_what_does_not_fit),
        cmocka_unit_test(test_text__parse_int_takes_all_or_nothing),
        cmocka_unit_test(test_text__utf8_is_strict),
        cmocka_unit_test(test_text__id_gets_its_suffix),
        cmocka_unit_test(test_text__utf8_is_written_as_it_is_read),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
