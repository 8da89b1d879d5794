/*
 * where_test.c: which rows a condition selects: operators, nulls, ids, dates, parents, semi-joins. Every statement runs
 * against the fixture's places as SELECT Name …, and the names that come back are compared.
 */
#include "fixture.h"

/* The values of "Name" in the order of the answer, blank between; null is «-». */
static void names_of(const char *json, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (const char *at = json; (at = strstr(at, "\"Name\":")) != NULL;) {
        at += strlen("\"Name\":");
        bool text = *at == '"';
        size_t len = text ? strcspn(at + 1, "\"") : 1;
        n += (size_t)snprintf(out + n, size - n, "%s%.*s", n > 0 ? " " : "", (int)len, text ? at + 1 : "-");
    }
}

typedef struct where_case {
    const char *where, *names;
} where_case;

static void check_object(const char *object, const where_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char soql[1024], names[1024];
        snprintf(soql, sizeof soql, "SELECT Name FROM %s WHERE %s ORDER BY Id", object, cases[i].where);
        char *json = fixture_query(&org, soql, false);
        names_of(json, names, sizeof names);
        if (strcmp(names, cases[i].names) != 0 || json[0] != '{') print_message("  %s\n  %s\n", soql, json);
        assert_string_equal(names, cases[i].names);
        assert_int_equal(json[0], '{');
        sfi_free(json);
    }
}

static void check(const where_case *cases, size_t count)
{
    check_object("Place__c", cases, count);
}

#define ALL "alpha Beta b_ta Gamma% - Straße ALPHA"

static void test_where__text_compares_without_case(void **state)
{
    static const where_case cases[] = {
        { "Name = 'ALPHA'", "alpha ALPHA" },
        { "Name = 'alpha' AND Kind__c = 'SHOP'", "alpha" },
        { "Name = 'STRASSE'", "" },
        { "Name IN ('beta', 'alpha')", "alpha Beta ALPHA" },
        { "Name > 'b'", "Beta b_ta Gamma% Straße" },
        { "Name > 'BETZ'", "b_ta Gamma% Straße" }, /* _ sorts behind Z */
        { "Name <= 'alpha'", "alpha ALPHA" },
        { "Firm__r.Name = 'ÇELIK'", "-" },
        { "Code__c = 'x1'", "alpha" }, /* unique, case-sensitive */
        { "Code__c IN ('X1', 'x2')", "Beta b_ta" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__like_has_wildcards_and_escapes(void **state)
{
    static const where_case cases[] = {
        { "Name LIKE 'a%'", "alpha ALPHA" }, { "Name LIKE '%A'", "alpha Beta b_ta ALPHA" },
        { "Name LIKE 'b_ta'", "Beta b_ta" }, { "Name LIKE 'b\\_ta'", "b_ta" },
        { "Name LIKE '%\\%'", "Gamma%" },    { "Name LIKE '%'", "alpha Beta b_ta Gamma% Straße ALPHA" },
        { "Name LIKE 'STRA_E'", "Straße" },  { "Name LIKE null", "" },
        { "(NOT Name LIKE '%a%')", "-" },    { "Name LIKE ''", "" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__null_is_a_value(void **state)
{
    static const where_case cases[] = {
        { "Name = null", "-" },
        { "Name = ''", "-" },
        { "Name != null", "alpha Beta b_ta Gamma% Straße ALPHA" },
        { "Kind__c != 'shop'", "Beta b_ta - ALPHA" },
        { "Kind__c NOT IN ('shop', 'cafe')", "b_ta -" },
        { "Kind__c NOT IN ('shop', null)", "Beta b_ta ALPHA" },
        { "Kind__c IN ('bank', null)", "b_ta -" },
        { "Score__c < 2", "alpha Beta Straße ALPHA" },
        { "Score__c >= 2", "b_ta -" },
        { "NOT Score__c < 2", "b_ta Gamma% -" },
        { "NOT (Kind__c = 'shop')", "Beta b_ta - ALPHA" },
        { "NOT (Kind__c = 'shop' OR Score__c = 3)", "Beta - ALPHA" },
        { "Score__c > null", "" },
        { "Open__c = null", "Beta Gamma% Straße" },
        { "Open__c != null", "alpha b_ta - ALPHA" },
        { "Open__c != true", "Beta Gamma% Straße" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__parents_are_outer_joins(void **state)
{
    static const where_case cases[] = {
        { "Firm__r.Name = null", "b_ta Gamma% Straße ALPHA" },
        { "Firm__r.Name != 'Acme'", "Beta b_ta Gamma% - Straße ALPHA" },
        { "Name = 'Straße' OR Firm__r.Name = 'Acme'", "alpha Straße" },
        { "Up__r.Name = 'alpha'", "Beta" },
        { "Up__r.Up__r.Name = 'alpha'", "b_ta" },
        { "Up__r.Up__r.Up__r.Firm__r.Name = 'Acme'", "-" },
        { "Up__r.Open__c = true", "Beta -" },
        { "Up__r.Open__c = false", "alpha b_ta Gamma% Straße ALPHA" },
        { "Place__c.Name = 'Beta'", "Beta" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__numbers_and_ids(void **state)
{
    static const where_case cases[] = {
        { "Score__c = 1.50", "alpha ALPHA" },
        { "Score__c IN (3, -2.0, .0)", "Beta b_ta Straße" },
        { "Money__c = USD1234.5", "alpha" },
        { "Count__c != 1", "Beta b_ta Gamma% - Straße" },
        { "Id = 'a0p000000000002'", "Beta" },
        { "Id = 'A0P000000000002'", "" },        /* 15 characters mind case */
        { "Id = 'A0P000000000002aaa'", "Beta" }, /* 18 carry it in their suffix */
        { "Id IN ('a0p000000000001', '001000000000001')", "alpha" },
        { "Id > 'a0p000000000005'", "Straße ALPHA" },
        { "Up__c = null", "alpha Gamma% Straße ALPHA" },
        { "Up__c != 'a0p000000000001'", "alpha b_ta Gamma% - Straße ALPHA" },
        { "Up__c = ''", "alpha Gamma% Straße ALPHA" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__multipicklists(void **state)
{
    static const where_case cases[] = {
        { "Tags__c INCLUDES ('A;B', 'C')", "alpha b_ta - Straße" },
        { "Tags__c INCLUDES ('A')", "alpha - Straße" },
        { "Tags__c EXCLUDES ('B')", "b_ta Gamma% - ALPHA" },
        { "Tags__c = 'A;B'", "alpha" },
        { "Tags__c = null", "Gamma% ALPHA" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__dates(void **state)
{
    static const where_case cases[] = {
        { "Day__c = TODAY", "alpha" },
        { "Day__c = YESTERDAY", "Beta" },
        { "Day__c = TOMORROW", "b_ta" },
        { "Day__c != TODAY", "Beta b_ta Gamma% - Straße ALPHA" },
        { "Day__c < TODAY", "Beta - Straße ALPHA" },
        { "Day__c <= TODAY", "alpha Beta - Straße ALPHA" },
        { "Day__c > TODAY", "b_ta" },
        { "Day__c >= TODAY", "alpha b_ta" },
        { "Day__c = LAST_N_DAYS:1", "alpha Beta" },
        { "Day__c = NEXT_N_DAYS:1", "b_ta" },
        { "Day__c = N_DAYS_AGO:1", "Beta" },
        { "Day__c = LAST_90_DAYS", "alpha Beta - Straße" },
        { "Day__c = THIS_WEEK", "alpha Beta b_ta" },
        { "Day__c = THIS_MONTH", "alpha Beta b_ta" },
        { "Day__c = LAST_MONTH", "-" },
        { "Day__c = LAST_N_MONTHS:3", "- Straße" },
        { "Day__c = N_MONTHS_AGO:3", "Straße" },
        { "Day__c = LAST_QUARTER", "Straße" },
        { "Day__c = LAST_N_QUARTERS:2", "Straße ALPHA" },
        { "Day__c = LAST_YEAR", "ALPHA" },
        { "Day__c = LAST_FISCAL_YEAR", "ALPHA" },
        { "Day__c > LAST_YEAR", "alpha Beta b_ta - Straße" },
        { "Day__c IN (TODAY, LAST_YEAR, 2024-02-29)", "alpha Straße ALPHA" },
        { "Day__c NOT IN (THIS_YEAR)", "Gamma% ALPHA" },
        { "Day__c = 2024-02-29", "Straße" },
        { "Moment__c = TODAY", "alpha" },
        { "Moment__c = LAST_MONTH", "-" },
        { "Moment__c = THIS_YEAR", "alpha Beta b_ta - Straße" },
        { "Moment__c >= 2024-05-15T14:00:00+02:00", "alpha b_ta" },
        { "Moment__c = 2024-05-15T12:00:00Z", "alpha" },
        { "Clock__c > 08:00:00Z", "b_ta" },
        { "CALENDAR_YEAR(Day__c) = 2023", "ALPHA" },
        { "CALENDAR_MONTH(Moment__c) IN (3, 4)", "- Straße" },
        { "DAY_ONLY(Moment__c) = 2024-05-14", "Beta" },
        { "DAY_IN_WEEK(Day__c) = 4", "alpha" },
        { "WEEK_IN_YEAR(Day__c) = 53", "ALPHA" },
        { "HOUR_IN_DAY(Moment__c) = 23", "- ALPHA" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__days_are_those_of_the_users_zone(void **state)
{
    static const where_case berlin[] = {
        /* two hours ahead of UTC in May, one in winter */
        { "Moment__c = LAST_MONTH", "" },
        { "Moment__c = THIS_MONTH", "alpha Beta b_ta -" },
        { "Moment__c = LAST_YEAR", "" },
        { "HOUR_IN_DAY(convertTimezone(Moment__c)) = 1", "- Straße" },
    };
    (void)state;
    bool known = sfo_zone_offset("Europe/Berlin", NOON_MS) == 120;
    org.context.time_zone = "Europe/Berlin";
    if (known) check(berlin, COUNT_OF(berlin));
    org.context.time_zone = NULL;
    fixture_run(&org, "UPDATE User SET TimeZoneSidKey='Europe/Berlin'"); /* of the user who asks */
    if (known) check(berlin, COUNT_OF(berlin));
    fixture_run(&org, "UPDATE User SET TimeZoneSidKey='UTC'");
    if (!known) skip(); /* no zone files on this machine */
}

static void test_where__semi_joins(void **state)
{
    static const where_case cases[] = {
        { "Id IN (SELECT Place__c FROM Thing__c)", "alpha Beta" },
        { "Id NOT IN (SELECT Place__c FROM Thing__c)", "b_ta Gamma% - Straße ALPHA" }, /* T4 has no place: ignored */
        { "Id IN (SELECT Place__c FROM Thing__c WHERE Size__c > 2) AND Open__c = true", "alpha" },
        { "Firm__c IN (SELECT AccountId FROM Contact WHERE LastName = 'Doe')", "alpha" },
        { "Firm__c NOT IN (SELECT AccountId FROM Contact)", "Beta b_ta Gamma% - Straße ALPHA" },
        { "Up__c IN (SELECT Id FROM Place__c WHERE Name = 'beta')", "b_ta" },
        { "Id IN (SELECT Place__r.Up__c FROM Thing__c)", "alpha" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__polymorphic_parents(void **state)
{
    static const char *const cases[][2] = {
        { "What.Type = 'Account'", "00T000000000001AAA" },  { "What.Name = 'acme'", "00T000000000001AAA" },
        { "What.Name = '00001001'", "00T000000000002AAA" }, { "Who.LastName LIKE 'd%'", "00T000000000001AAA" },
        { "What.Name = null", "00T000000000003AAA" },       { "WhatId = '500000000000001'", "00T000000000002AAA" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char soql[256], want[64];
        snprintf(soql, sizeof soql, "SELECT Id FROM Task WHERE %s", cases[i][0]);
        snprintf(want, sizeof want, "\"Id\":\"%s\"", cases[i][1]);
        char *json = fixture_query(&org, soql, false);
        if (strstr(json, want) == NULL || strstr(json, "\"totalSize\":1,") == NULL)
            print_message("  %s\n  %s\n", soql, json);
        assert_non_null(strstr(json, want));
        assert_non_null(strstr(json, "\"totalSize\":1,"));
        sfi_free(json);
    }
}

static void test_where__distance(void **state)
{
    static const where_case cases[] = {
        { "DISTANCE(Spot__c, GEOLOCATION(52.5, 13.4), 'km') < 10", "alpha" },
        { "DISTANCE(Spot__c, GEOLOCATION(52.5, 13.4), 'mi') > 500", "Beta -" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_where__hides_deleted_rows_from_query_only(void **state)
{
    char names[256];
    (void)state;
    char *json = fixture_query(&org, "SELECT Name FROM Place__c WHERE Name LIKE 'del%'", false);
    assert_string_equal(json, "{\"totalSize\":0,\"done\":true,\"records\":[]}");
    sfi_free(json);
    json = fixture_query(&org, "SELECT Name FROM Place__c WHERE IsDeleted = true", true);
    names_of(json, names, sizeof names);
    assert_string_equal(names, "deleted");
    sfi_free(json);
}

static void test_where__long_chains_and_lists(void **state)
{
    static const struct {
        const char *head, *item, *tail, *want;
        int count;
    } cases[] = {
        { "Count__c = 1", " OR Count__c = 100", "", "{\"totalSize\":2,", 4000 },
        { "Count__c IN (1", ",7", ")", "{\"totalSize\":2,", 30000 },
        { "Count__c IN (1", ",7", ")", "QUERY_TOO_COMPLICATED", 40000 },
        { "Tags__c INCLUDES ('A'", ",'Z'", ")", "{\"totalSize\":3,", 900 },
        { "Tags__c INCLUDES ('A'", ",'Z'", ")", "QUERY_TOO_COMPLICATED", 20000 },
        { "Day__c IN (TODAY", ",TODAY", ")", "QUERY_TOO_COMPLICATED", 16000 },
        { "Name = 'a' ORDER BY Name", ",Name", "", "MALFORMED_QUERY", 32 },
    };
    sfi_buf b = { 0 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf_clear(&b);
        sfi_buf_addf(&b, "SELECT Name FROM Place__c WHERE %s", cases[i].head);
        for (int k = 0; k < cases[i].count; k++) sfi_buf_add_str(&b, cases[i].item);
        sfi_buf_add_str(&b, cases[i].tail);
        assert_true(b.len <= 100000);
        char *json = fixture_query(&org, b.data, false);
        if (strncmp(json, cases[i].want, strlen(cases[i].want)) != 0)
            print_message("  %d of %s: %.200s\n", cases[i].count, cases[i].item, json);
        assert_memory_equal(json, cases[i].want, strlen(cases[i].want));
        sfi_free(json);
    }
    sfi_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where__text_compares_without_case),
        cmocka_unit_test(test_where__like_has_wildcards_and_escapes),
        cmocka_unit_test(test_where__null_is_a_value),
        cmocka_unit_test(test_where__parents_are_outer_joins),
        cmocka_unit_test(test_where__numbers_and_ids),
        cmocka_unit_test(test_where__multipicklists),
        cmocka_unit_test(test_where__dates),
        cmocka_unit_test(test_where__days_are_those_of_the_users_zone),
        cmocka_unit_test(test_where__semi_joins),
        cmocka_unit_test(test_where__polymorphic_parents),
        cmocka_unit_test(test_where__distance),
        cmocka_unit_test(test_where__hides_deleted_rows_from_query_only),
        cmocka_unit_test(test_where__long_chains_and_lists),
    };
    return cmocka_run_group_tests_name("soql where", tests, open_org, close_org);
}
