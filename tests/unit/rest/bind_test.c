/* bind_test.c: binds: each type's literal, where names are found, what is refused, and that no value leaves its quotes. */
#include "support/support.h"
#include "rest/soql_internal.h"

#define BINDS(...) SF_BINDS(__VA_ARGS__)

static void expect(const char *soql, sf_binds binds, const char *want)
{
    sfi_buf out = { 0 };
    sf_error err = { 0 };
    sf_status rc = sfi_soql_bind(soql, binds, &out, &err);
    if (rc != SF_OK) fail_msg("%s: %s", soql, err.message);
    assert_string_equal(out.data, want);
    sfi_buf_free(&out);
}

static void refuse(const char *soql, sf_binds binds, sf_status want, const char *word)
{
    sfi_buf out = { 0 };
    sf_error err = { 0 };
    assert_int_equal(sfi_soql_bind(soql, binds, &out, &err), want);
    assert_int_equal(err.status, want);
    if (strstr(err.message, word) == NULL) fail_msg("\"%s\" is not in \"%s\"", word, err.message);
    sfi_buf_free(&out);
}

static void test_bind__writes_each_type(void **state)
{
    (void)state;
    expect("SELECT Id FROM A WHERE x = :v", BINDS({ "v", sf_bind_null() }), "SELECT Id FROM A WHERE x = null");
    expect("x = :v", BINDS({ "v", sf_bind_str(NULL) }), "x = null");
    expect("x = :v", BINDS({ "v", sf_bind_str("Acme") }), "x = 'Acme'");
    expect("x = :v", BINDS({ "v", sf_bind_int(INT64_MIN) }), "x = -9223372036854775808");
    expect("x = :v", BINDS({ "v", sf_bind_bool(true) }), "x = true");
    expect("x = :v", BINDS({ "v", sf_bind_decimal("1234567890123456.780") }), "x = 1234567890123456.780");
    expect("x = :v", BINDS({ "v", sf_bind_date("2024-02-29") }), "x = 2024-02-29");
    expect("x = :v", BINDS({ "v", sf_bind_datetime(1709193600123) }), "x = 2024-02-29T08:00:00.123Z");
    expect("x = :v", BINDS({ "v", sf_bind_literal("LAST_N_DAYS:30") }), "x = LAST_N_DAYS:30");
    expect("x = :v", BINDS({ "v", sf_bind_literal("last_fiscal_quarter") }), "x = last_fiscal_quarter");
    expect("x = LAST_N_DAYS:v", BINDS({ "v", sf_bind_int(7) }), "x = LAST_N_DAYS:7");
}

static void test_bind__writes_doubles_without_exponent(void **state)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        { 0, "0.0" },
        { 1, "1.0" },
        { -1.5, "-1.5" },
        { 0.1, "0.1" },
        { 1e21, "1000000000000000000000.0" },
        { 1.5e-7, "0.00000015" },
        { 123456.789, "123456.789" },
        { 10, "10.0" },
        { 100.25, "100.25" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf out = { 0 };
        assert_int_equal(sfi_soql_bind(":v", BINDS({ "v", sf_bind_double(cases[i].value) }), &out, NULL), SF_OK);
        assert_string_equal(out.data, cases[i].want);
        sfi_buf_free(&out);
    }
}

static void test_bind__no_value_leaves_its_quotes(void **state)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        { "O'Brien", "'O\\'Brien'" },
        { "' OR Name != '", "'\\' OR Name != \\''" },
        { "\\", "'\\\\'" },
        { "\\'", "'\\\\\\''" },
        { "\\' OR Id != null --", "'\\\\\\' OR Id != null --'" },
        { "a\nb\rc\td\be\ff", "'a\\nb\\rc\\td\\be\\ff'" },
        { "\x01", "'\\u0001'" },
        { "\"double\"", "'\"double\"'" },
        { "100%_", "'100%_'" },
        { ":other", "':other'" },
        { "Gonçalves Ω 木村 \U0001F600 \u202Eabc", "'Gonçalves Ω 木村 \U0001F600 \u202Eabc'" },
        { "", "''" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf out = { 0 };
        sf_str rest;
        assert_int_equal(sfi_soql_bind(":v", BINDS({ "v", sf_bind_str(cases[i].value) }), &out, NULL), SF_OK);
        assert_string_equal(out.data, cases[i].want);
        rest = sfi_buf_str(&out); /* and our own lexer finds one string and nothing else */
        assert_int_equal(sfi_soql_next(&rest).kind, SFI_SOQL_STRING);
        assert_int_equal(rest.len, 0);
        sfi_buf_free(&out);
    }
}

static void test_bind__keeps_like_patterns(void **state)
{
    (void)state;
    expect("Name LIKE :v", BINDS({ "v", sf_bind_str("A%_b") }), "Name LIKE 'A%_b'");
    expect("Name LIKE :v", BINDS({ "v", sf_bind_str("50\\%") }), "Name LIKE '50\\%'");
    expect("Name like :v", BINDS({ "v", sf_bind_str("a\\b") }), "Name like 'a\\\\b'");
    expect("Name LIKE :v", BINDS({ "v", sf_bind_str("a\\\\") }), "Name LIKE 'a\\\\'");
    expect("Name LIKE :v", BINDS({ "v", sf_bind_str("\\%' OR x = '") }), "Name LIKE '\\%\\' OR x = \\''");
    expect("Name LIKE :v", BINDS({ "v", sf_bind_str("end\\") }), "Name LIKE 'end\\\\'");
    expect("Name = :v", BINDS({ "v", sf_bind_str("50\\%") }), "Name = '50\\\\%'");
}

static void test_bind__writes_lists(void **state)
{
    static const char *const names[] = { "a", "b'c", NULL };
    static const sf_bind_value mixed[] = { { SF_BIND_INT, { NULL }, 0 }, { SF_BIND_NULL, { NULL }, 0 } };
    (void)state;
    expect("Name IN :v", BINDS({ "v", sf_bind_str_list(names, 2) }), "Name IN ('a','b\\'c')");
    expect("Name NOT IN :v", BINDS({ "v", sf_bind_str_list(names, 3) }), "Name NOT IN ('a','b\\'c',null)");
    expect("Name IN (:v)", BINDS({ "v", sf_bind_str_list(names, 2) }), "Name IN ('a','b\\'c')");
    expect("x IN ( 'z', :v )", BINDS({ "v", sf_bind_str_list(names, 1) }), "x IN ( 'z', 'a' )");
    expect("x IN :v", BINDS({ "v", sf_bind_list(mixed, 2) }), "x IN (0,null)");
    expect("x INCLUDES :v", BINDS({ "v", sf_bind_str("A;B") }), "x INCLUDES ('A;B')");
    expect("Id IN (SELECT X FROM Y WHERE Z = :v)", BINDS({ "v", sf_bind_str("q") }),
           "Id IN (SELECT X FROM Y WHERE Z = 'q')");
}

static void test_bind__finds_names_outside_literals_only(void **state)
{
    (void)state;
    expect("a = ':v' AND b = :v", BINDS({ "v", sf_bind_int(1) }), "a = ':v' AND b = 1");
    expect("a = 'it\\'s :v' AND b = :v AND c=:v", BINDS({ "v", sf_bind_int(1) }), "a = 'it\\'s :v' AND b = 1 AND c=1");
    expect("d > 2024-01-01T00:00:00Z AND a = :vv AND b = :v", BINDS({ "v", sf_bind_int(1) }, { "vv", sf_bind_int(2) }),
           "d > 2024-01-01T00:00:00Z AND a = 2 AND b = 1");
    expect("d = LAST_N_DAYS:30", (sf_binds){ 0 }, "d = LAST_N_DAYS:30");
    expect("a = 'never closed", (sf_binds){ 0 }, "a = 'never closed"); /* the org says so better */
}

static void test_bind__refuses_what_is_no_literal(void **state)
{
    static const char *const none[] = { "x" };
    static const sf_bind_value nested[] = { { SF_BIND_STR_LIST, { NULL }, 0 } };
    (void)state;
    refuse("x = :v", (sf_binds){ 0 }, SF_ERR_USAGE, ":v at byte 4 has no value");
    refuse("x = 1", BINDS({ "v", sf_bind_int(1) }), SF_ERR_USAGE, "no :v");
    refuse("x = :v", BINDS({ "v", sf_bind_int(1) }, { "v", sf_bind_int(2) }), SF_ERR_USAGE, "two values");
    refuse("x = :v", BINDS({ "v w", sf_bind_int(1) }), SF_ERR_USAGE, "not a bind's name");
    refuse("x = :v", BINDS({ "v", sf_bind_str("\xff") }), SF_ERR_USAGE, "UTF-8");
    refuse("x = \xff", (sf_binds){ 0 }, SF_ERR_USAGE, "UTF-8");
    refuse("", (sf_binds){ 0 }, SF_ERR_USAGE, "empty");
    refuse(NULL, (sf_binds){ 0 }, SF_ERR_USAGE, "empty");
    refuse("x = :v AND y = 'open", BINDS({ "v", sf_bind_int(1) }), SF_ERR_USAGE, "byte 15 is never closed");
    refuse("x = :v", BINDS({ "v", sf_bind_double(__builtin_nan("")) }), SF_ERR_USAGE, "finite");
    refuse("x = :v", BINDS({ "v", sf_bind_decimal("1e5") }), SF_ERR_USAGE, "decimal");
    refuse("x = :v", BINDS({ "v", sf_bind_decimal("1 OR x = 1") }), SF_ERR_USAGE, "decimal");
    refuse("x = :v", BINDS({ "v", sf_bind_date("2023-02-29") }), SF_ERR_USAGE, "date");
    refuse("x = :v", BINDS({ "v", sf_bind_date("2023-02-28T00:00:00Z") }), SF_ERR_USAGE, "date");
    refuse("x = :v", BINDS({ "v", sf_bind_datetime(INT64_MAX) }), SF_ERR_USAGE, "years");
    refuse("x = :v", BINDS({ "v", sf_bind_literal("Name") }), SF_ERR_USAGE, "date literal");
    refuse("x = :v", BINDS({ "v", sf_bind_literal("TODAY OR x = 1") }), SF_ERR_USAGE, "date literal");
    refuse("x = :v", BINDS({ "v", sf_bind_literal("LAST_N_DAYS:-1") }), SF_ERR_USAGE, "date literal");
    refuse("x = :v", BINDS({ "v", sf_bind_str_list(none, 1) }), SF_ERR_USAGE, "list");
    refuse("x IN :v", BINDS({ "v", sf_bind_str_list(none, 0) }), SF_ERR_USAGE, "empty list");
    refuse("x IN :v", BINDS({ "v", sf_bind_list(nested, 1) }), SF_ERR_USAGE, "list inside a list");
    refuse("x IN :v", BINDS({ "v", sf_bind_list(NULL, 1) }), SF_ERR_USAGE, "NULL");
    refuse("x = LAST_N_DAYS:v", BINDS({ "v", sf_bind_str("7") }), SF_ERR_USAGE, "count");
}

static void test_bind__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sfi_buf out = { 0 };
        test_allocations_limit(n);
        rc = sfi_soql_bind(
            "SELECT Id FROM Account WHERE Name = :v AND x = :w",
            BINDS({ "v", sf_bind_str("a long enough text to make a buffer grow more than once, if it can") },
                  { "w", sf_bind_double(0.1) }),
            &out, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bind__writes_each_type),
        cmocka_unit_test(test_bind__writes_doubles_without_exponent),
        cmocka_unit_test(test_bind__no_value_leaves_its_quotes),
        cmocka_unit_test(test_bind__keeps_like_patterns),
        cmocka_unit_test(test_bind__writes_lists),
        cmocka_unit_test(test_bind__finds_names_outside_literals_only),
        cmocka_unit_test(test_bind__refuses_what_is_no_literal),
        cmocka_unit_test(test_bind__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
