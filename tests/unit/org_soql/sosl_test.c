/* sosl_test.c: words as the index sees them, patterns, statements cut short anywhere, and searching with failing memory. */
#include "fixture.h"
#include "soql/sosl.h"
#include "store/search.h"

static void test_words__end_where_the_org_ends_them(void **state)
{
    static const struct {
        const char *text, *want;
        bool wildcards;
    } cases[] = {
        { "Acme, Inc. (Bonn)", "ACME INC BONN", false },
        { "A17b", "A 17 B", false },
        { "ada@x.example", "ADA X EXAMPLE", false },
        { "Straße Ätna", "STRAßE ÄTNA", false }, /* simple case mapping: one character stays one */
        { "te?t a*", "TE?T A*", true },
        { "te?t a*", "TE T A", false },
        { "  ... ", "", false },
        { "日本 x", "日本 X", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char got[1024] = "";
        size_t at = 0;
        sfo_word word;
        while (sfo_word_next(sfi_str(cases[i].text), &at, cases[i].wildcards, &word)) {
            size_t len = strlen(got);
            int room = (int)(sizeof got - len);
            assert_true(snprintf(got + len, (size_t)room, "%s%s", len > 0 ? " " : "", word.text) < room);
        }
        assert_string_equal(got, cases[i].want);
    }
}

static void test_words__fit_patterns(void **state)
{
    static const struct {
        const char *pattern, *word;
        bool wanted;
    } cases[] = {
        { "TE?T", "TEST", true },  { "TE?T", "TET", false },   { "A*E", "AE", true },    { "A*E", "ACMEE", true },
        { "A*E", "ACMEX", false }, { "A*B*C", "AXBXC", true }, { "?TNA", "ÄTNA", true }, { "*", "", true },
        { "?", "", false },        { "A*?", "A", false },      { "ABC", "ABCD", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(sfo_word_fits(cases[i].pattern, cases[i].word), cases[i].wanted);
}

static const char whole[] = "FIND {(alpha OR \"be*\") AND NOT ga?ma*} IN NAME FIELDS RETURNING Place__c(Id, Name, "
                            "Firm__r.Name WHERE Score__c < 5 ORDER BY Name DESC LIMIT 3 OFFSET 0), Account LIMIT 5";

static void test_sosl__refuses_or_answers_every_part_of_a_statement(void **state)
{
    fixture *f = &org;
    (void)state;
    size_t answered = 0;
    for (size_t len = 0; len < sizeof whole; len++) {
        sfi_buf out = { 0 };
        sfo_fault fault = { 0 };
        int64_t count = -1;
        if (sfo_sosl_search(f->store, &f->context, (sf_str){ whole, len }, &out, &count, &fault)) {
            answered++;
            assert_int_equal(out.data[0], '[');
            assert_true(count >= 0);
        } else {
            assert_int_equal(fault.http_status, 400);
            assert_int_equal(out.len, 0);
            assert_string_not_equal(fault.code, "MALFORMED_QUERY");
        }
        sfo_fault_clear(&fault);
        sfi_buf_free(&out);
    }
    assert_true(answered > 0);
}

static void test_sosl__survives_each_failed_allocation(void **state)
{
    fixture *f = &org;
    (void)state;
    bool ok = false;
    for (int n = 0; !ok; n++) {
        sfi_buf out = { 0 };
        sfo_fault fault = { 0 };
        test_allocations_limit(n);
        ok = sfo_sosl_search(f->store, &f->context, sfi_str(whole), &out, NULL, &fault);
        test_allocations_limit(-1);
        assert_true(ok || out.len == 0);
        if (ok) assert_non_null(strstr(out.data, "Beta"));
        sfo_fault_clear(&fault);
        sfi_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words__end_where_the_org_ends_them),
        cmocka_unit_test(test_words__fit_patterns),
        cmocka_unit_test(test_sosl__refuses_or_answers_every_part_of_a_statement),
        cmocka_unit_test(test_sosl__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("sosl", tests, open_org, close_org);
}
