/* error_test.c: error messages are one line of valid UTF-8 that fits, whatever goes in. */
#include "support/support.h"
#include "base/base_internal.h"

static void test_error__fail_fills_everything(void **state)
{
    (void)state;
    sf_error err;
    memset(&err, 0xAA, sizeof err);
    assert_int_equal(sfi_fail(&err, SF_ERR_LIMIT, "%s is %d too long", "Name", 7), SF_ERR_LIMIT);
    sf_error want = { .status = SF_ERR_LIMIT, .message = "Name is 7 too long" };
    assert_int_equal(err.status, want.status);
    assert_string_equal(err.message, want.message);
    assert_string_equal(err.code, "");
    assert_string_equal(err.fields, "");
    assert_int_equal(err.http_status, 0);
    assert_int_equal(err.retry_after_ms, 0);
    assert_false(err.retryable);
    assert_true(sfi_is_zero(err.reserved, sizeof err.reserved));
    assert_int_equal(sfi_fail(NULL, SF_ERR_IO, "nobody listens %d", 1), SF_ERR_IO);
    assert_int_equal(sfi_fail_memory(&err, "a page"), SF_ERR_MEMORY);
    assert_string_equal(err.message, "no memory for a page");
}

static void test_error__an_argument_may_be_the_old_message(void **state)
{
    (void)state;
    sf_error err = { .message = "inner" };
    (void)sfi_fail(&err, SF_ERR_IO, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
    sfi_error_prefix(&err, "page %d of %s", 3, err.message);
    assert_string_equal(err.message, "page 3 of outer: inner: outer: inner");
    assert_int_equal(err.status, SF_ERR_IO);
    sfi_error_prefix(NULL, "nothing");
}

static void test_error__message_is_one_clean_line(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        { "a\nb\r\n\tc", "a b   c" },
        { "esc \x1b[31m", "esc  [31m" },
        { "del \x7f", "del  " },
        { "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80", "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x98\x80" },
        { "bad \xff\xfe", "bad ??" },
        { "half \xc3", "half ?" },
        { "surrogate \xed\xa0\x80", "surrogate ???" },
        { "c1 \xc2\x9b", "c1  " },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        (void)sfi_fail(&err, SF_ERR_USAGE, "%s", cases[i].in);
        assert_string_equal(err.message, cases[i].want);
    }
}

static void test_error__long_text_loses_its_middle_on_characters(void **state)
{
    (void)state;
    sf_error err;
    char text[3000];
    for (size_t pad = 0; pad < 8; pad++) { /* the cut falls on each byte of a character */
        memset(text, 'x', pad);
        for (size_t i = pad; i + 4 < sizeof text; i += 4) memcpy(text + i, "\xf0\x9f\x98\x80", 5);
        (void)sfi_fail(&err, SF_ERR_USAGE, "%s", text);
        size_t len = strlen(err.message);
        assert_true(len < sizeof err.message && len > sizeof err.message - 9); /* two cuts */
        assert_true(sfi_utf8_valid(err.message, len));
        assert_null(strchr(err.message, '?'));
        sfi_error_prefix(&err, "%s", text);
        assert_true(sfi_utf8_valid(err.message, strlen(err.message)));
        assert_null(strchr(err.message, '?'));
    }
}

static void test_error__code_and_fields_fit_or_stay_away(void **state)
{
    (void)state;
    sf_error err;
    (void)sfi_fail(&err, SF_ERR_ORG, "x");
    sfi_error_set_code(&err, SFI_STR("INVALID_FIELD"));
    assert_string_equal(err.code, "INVALID_FIELD");
    char longer[200];
    memset(longer, 'A', sizeof longer);
    sfi_error_set_code(&err, (sf_str){ longer, sizeof longer });
    assert_int_equal(strlen(err.code), sizeof err.code - 1);
    sfi_error_add_field(&err, SFI_STR("Name"));
    sfi_error_add_field(&err, SFI_STR(""));
    sfi_error_add_field(&err, (sf_str){ longer, sizeof longer });
    sfi_error_add_field(&err, SFI_STR("Phone"));
    assert_string_equal(err.fields, "Name,Phone");
    sfi_error_add_field(&err, (sf_str){ longer, sizeof err.fields - 1 - strlen("Name,Phone,") });
    assert_int_equal(strlen(err.fields), sizeof err.fields - 1);
    sfi_error_add_field(&err, SFI_STR("X"));
    assert_int_equal(strlen(err.fields), sizeof err.fields - 1);
    sfi_error_set_code(NULL, SFI_STR("X"));
    sfi_error_add_field(NULL, SFI_STR("X"));
}

static void test_error__size_and_names_never_change(void **state)
{
    (void)state;
    assert_int_equal(sizeof(sf_error), 1024);
    assert_string_equal(sf_status_name(SF_ERR_UNKNOWN_OUTCOME), "SF_ERR_UNKNOWN_OUTCOME");
    assert_string_equal(sf_status_name((sf_status)-99), "SF_?");
    for (int i = -16; i <= 2; i++) assert_string_not_equal(sf_status_name((sf_status)i), "SF_?");
}

static void test_error__version_is_the_headers(void **state)
{
    (void)state;
    char want[32];
    snprintf(want, sizeof want, "%d.%d.%d", SF_VERSION_MAJOR, SF_VERSION_MINOR, SF_VERSION_PATCH);
    assert_string_equal(sf_version(), want);
    assert_non_null(sf_features());
    assert_ptr_equal(sf_features(), sf_features());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error__fail_fills_everything),
        cmocka_unit_test(test_error__an_argument_may_be_the_old_message),
        cmocka_unit_test(test_error__message_is_one_clean_line),
        cmocka_unit_test(test_error__long_text_loses_its_middle_on_characters),
        cmocka_unit_test(test_error__code_and_fields_fit_or_stay_away),
        cmocka_unit_test(test_error__size_and_names_never_change),
        cmocka_unit_test(test_error__version_is_the_headers),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
