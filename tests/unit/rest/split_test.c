/* split_test.c: long IN lists: cut where nothing changes, refused where something would, no value lost or twice. */
#include "support/support.h"
#include "rest/soql_internal.h"

static sf_status plan(const char *soql, size_t chars_max, sfi_soql_plan *out, sf_error *err)
{
    char *copy = sfi_strdup(soql);
    assert_non_null(copy);
    return sfi_soql_plan_make(copy, chars_max, out, err);
}

static char *statement(const sfi_soql_plan *p, size_t i)
{
    sfi_buf b = { 0 };
    sfi_soql_plan_statement(p, i, &b);
    char *text = sfi_buf_take(&b);
    assert_non_null(text);
    return text;
}

static void test_split__leaves_short_statements_alone(void **state)
{
    (void)state;
    sfi_soql_plan p;
    assert_int_equal(plan("SELECT Id FROM A WHERE x NOT IN ('a') ORDER BY Id", 1000, &p, NULL), SF_OK);
    assert_int_equal(p.count, 1);
    char *text = statement(&p, 0);
    assert_string_equal(text, "SELECT Id FROM A WHERE x NOT IN ('a') ORDER BY Id");
    sf_free(text);
    sfi_soql_plan_clear(&p);
}

static void test_split__cuts_between_values(void **state)
{
    (void)state;
    sfi_soql_plan p;
    assert_int_equal(plan("SELECT Id FROM A WHERE x = 1 AND (Name IN ('a', 'b','c','d')) FOR VIEW", 62, &p, NULL),
                     SF_OK);
    assert_int_equal(p.count, 2);
    char *first = statement(&p, 0), *second = statement(&p, 1);
    assert_string_equal(first, "SELECT Id FROM A WHERE x = 1 AND (Name IN ('a','b')) FOR VIEW");
    assert_string_equal(second, "SELECT Id FROM A WHERE x = 1 AND (Name IN ('c','d')) FOR VIEW");
    sf_free(first);
    sf_free(second);
    sfi_soql_plan_clear(&p);
}

/* What may be equal to the org must stand in one statement; what is the same text, once. */
static void test_split__keeps_equal_values_together(void **state)
{
    static const struct {
        const char *one, *other;
    } cases[] = {
        { "'acme'", "'ACME'" },
        { "'Zoë'", "'ZOË'" },
        { "'Ünal'", "'ünal'" },
        { "'ΣΟΦΙΑ'", "'σοφια'" },
        { "'ДМИТРИЙ'", "'дмитрий'" },
        { "'straße'", "'STRASSE'" },
        { "'a'", "'a  '" },
        { "'x\\u0041'", "'xa'" },
        { "'it\\'s'", "'IT\\'S'" },
        { "'0015g00000AaAaA'", "'0015g00000AaAaAAAV'" },
        { "1", "1.00" },
        { "+5", "5" },
        { "''", "null" },
        { "null", "NULL" },
        { "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00" },
        { "false", "null" },
        { "0", "-0.0" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char soql[400];
        sfi_soql_plan p;
        snprintf(soql, sizeof soql,
                 "SELECT Id FROM A WHERE x IN (%s,'filler one','filler two','filler three','filler four',%s,%s)",
                 cases[i].one, cases[i].other, cases[i].one);
        assert_int_equal(plan(soql, 80, &p, NULL), SF_OK);
        assert_true(p.count >= 2);
        size_t found = 0;
        for (size_t k = 0; k < p.count; k++) {
            char *text = statement(&p, k);
            assert_true(strlen(text) <= 120);
            const char *one = strstr(text, cases[i].one), *other = strstr(text, cases[i].other);
            if (one != NULL || other != NULL) found++;
            if ((one != NULL) != (other != NULL)) fail_msg("%s and %s are apart", cases[i].one, cases[i].other);
            if (one != NULL && strcmp(cases[i].one, "'a'") != 0 && strcmp(cases[i].one, "1") != 0 &&
                strcmp(cases[i].one, "0") != 0 && strcmp(cases[i].one, "+5") != 0 &&
                strstr(one + 1, cases[i].one) != NULL)
                fail_msg("%s stands twice", cases[i].one);
            sf_free(text);
        }
        assert_int_equal(found, 1);
        sfi_soql_plan_clear(&p);
    }
}

static void test_split__loses_no_value(void **state)
{
    enum { VALUES = 20000 };
    (void)state;
    sfi_buf b = { 0 };
    sfi_buf_add_str(&b, "SELECT Id FROM Account WHERE Ext__c IN (");
    for (int i = 0; i < VALUES; i++) sfi_buf_addf(&b, "%s'value-%d'", i > 0 ? "," : "", i);
    sfi_buf_add_str(&b, ")");
    sfi_soql_plan p;
    assert_int_equal(plan(b.data, SF_QUERY_TEXT_MAX, &p, NULL), SF_OK);
    sfi_buf_free(&b);
    assert_true(p.count >= 3);
    bool *seen = sfi_calloc_n(VALUES, sizeof *seen);
    int total = 0;
    for (size_t k = 0; k < p.count; k++) {
        char *text = statement(&p, k);
        assert_true(strlen(text) <= SF_QUERY_TEXT_MAX);
        for (const char *at = text; (at = strstr(at, "'value-")) != NULL; at++) {
            int n = (int)strtol(at + 7, NULL, 10);
            assert_false(seen[n]);
            seen[n] = true;
            total++;
        }
        sf_free(text);
    }
    assert_int_equal(total, VALUES);
    sf_free(seen);
    sfi_soql_plan_clear(&p);
}

static void test_split__refuses_what_would_change_the_meaning(void **state)
{
#define LIST "('aaaaaaaaaaaaaaaaaaaa','bbbbbbbbbbbbbbbbbbbb','cccccccccccccccccccc','dddddddddddddddddddd')"
    static const struct {
        const char *soql, *word;
    } cases[] = {
        { "SELECT Id FROM A WHERE x NOT IN " LIST, "NOT IN" },
        { "SELECT Id FROM A WHERE x IN " LIST " ORDER BY Id", "ORDER BY" },
        { "SELECT Id FROM A WHERE x IN " LIST " LIMIT 5", "LIMIT" },
        { "SELECT Id FROM A WHERE x IN " LIST " OFFSET 5", "OFFSET" },
        { "SELECT x FROM A WHERE x IN " LIST " GROUP BY x", "GROUP BY" },
        { "SELECT COUNT(Id) FROM A WHERE x IN " LIST, "an aggregate" },
        { "SELECT MAX(y) m FROM A WHERE x IN " LIST, "an aggregate" },
        { "SELECT Id FROM A WHERE x IN " LIST " OR y = 1", "OR" },
        { "SELECT Id FROM A WHERE (x IN " LIST " AND z = 1) OR y = 1", "OR" },
        { "SELECT Id FROM A WHERE y = 1 AND (z = 2 OR (x IN " LIST " AND q = 1))", "OR" },
        { "SELECT Id FROM A WHERE NOT x IN " LIST, "NOT" },
        { "SELECT Id FROM A WHERE y = 1 AND (NOT (x IN " LIST "))", "NOT" },
        { "SELECT Id FROM A WHERE Id IN (SELECT y FROM B WHERE x IN " LIST ")", "a subquery" },
        { "SELECT Id, (SELECT Id FROM Bs WHERE x IN " LIST ") FROM A", "a subquery" },
        { "SELECT Id FROM A WHERE x = 'no list but a long long long long long long long long text'", "no IN list" },
        { "SELECT Id FROM A WHERE x IN (LAST_N_DAYS:30,TODAY,THIS_WEEK,LAST_WEEK,NEXT_WEEK,LAST_MONTH,THIS_MONTH)",
          "LAST_N_DAYS" },
        { "SELECT Id FROM A WHERE x IN " LIST " AND y IN " LIST, "even with its longest" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_soql_plan p;
        sf_error err = { 0 };
        assert_int_equal(plan(cases[i].soql, 80, &p, &err), SF_ERR_LIMIT);
        if (strstr(err.message, cases[i].word) == NULL) fail_msg("%s: %s", cases[i].soql, err.message);
        assert_null(p.text);
    }
}

static void test_split__takes_what_keeps_its_meaning(void **state)
{
    static const char *const cases[] = {
        "SELECT COUNT() FROM A WHERE x IN " LIST,
        "SELECT Id, (SELECT Id FROM Bs ORDER BY Id LIMIT 3) FROM Order WHERE x IN " LIST,
        "SELECT Id FROM A WHERE (y = 1 OR z = 2) AND x IN " LIST,
        "SELECT Id FROM A WHERE y NOT IN ('q') AND ((x IN " LIST "))",
        "SELECT Id FROM A WHERE z IN ('q') AND x IN " LIST " AND Id IN (SELECT a FROM b WHERE c = 1 OR d = 2)",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_soql_plan p;
        sf_error err = { 0 };
        if (plan(cases[i], 140, &p, &err) != SF_OK) fail_msg("%s: %s", cases[i], err.message);
        if (strlen(cases[i]) > 140) assert_true(p.count >= 2);
        sfi_soql_plan_clear(&p);
    }
}

static void test_split__counts_characters_as_the_api(void **state)
{
    (void)state;
    assert_int_equal(sfi_soql_length(SFI_STR("abc")), 3);
    assert_int_equal(sfi_soql_length(SFI_STR("äöü")), 3);
    assert_int_equal(sfi_soql_length(SFI_STR("木村")), 2);
    assert_int_equal(sfi_soql_length(SFI_STR("\U0001F600")), 2); /* a pair of UTF-16 units */
}

static void test_split__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sfi_soql_plan p;
        char *copy = sfi_strdup("SELECT Id FROM A WHERE x IN ('a','b','c','d','e','f')");
        test_allocations_limit(n);
        rc = sfi_soql_plan_make(copy, 45, &p, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_soql_plan_clear(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split__leaves_short_statements_alone),
        cmocka_unit_test(test_split__cuts_between_values),
        cmocka_unit_test(test_split__keeps_equal_values_together),
        cmocka_unit_test(test_split__loses_no_value),
        cmocka_unit_test(test_split__refuses_what_would_change_the_meaning),
        cmocka_unit_test(test_split__takes_what_keeps_its_meaning),
        cmocka_unit_test(test_split__counts_characters_as_the_api),
        cmocka_unit_test(test_split__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
