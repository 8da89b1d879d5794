/*
 * select_test.c: what a query answers, member by member: parents, child results, TYPEOF, compounds, functions, FIELDS(),
 * order, aggregates, ROLLUP and CUBE. Where "attributes" are not the point they are cut out of the compared text.
 */
#include "fixture.h"

#define URL(object, id)                                                                                                \
    "\"attributes\":{\"type\":\"" object "\",\"url\":\"/services/data/v62.0/sobjects/" object "/" id "\"},"

/* Takes every "attributes":{…} out, and the comma behind it. */
static void strip_attributes(char *json)
{
    for (char *at; (at = strstr(json, "\"attributes\":{")) != NULL;) {
        char *end = strchr(at, '}') + 1;
        if (*end == ',') end++;
        memmove(at, end, strlen(end) + 1);
    }
}

/* The records of the answer without their brackets. */
static void records_of(const char *json, char *out, size_t size)
{
    const char *from = strstr(json, "\"records\":[");
    snprintf(out, size, "%s", from != NULL ? from + strlen("\"records\":[") : json);
    size_t len = strlen(out);
    if (from != NULL && len >= 2) out[len - 2] = '\0';
}

typedef struct select_case {
    const char *soql, *records;
} select_case;

static void check(const select_case *cases, size_t count)
{
    static char got[65536];
    for (size_t i = 0; i < count; i++) {
        char *json = fixture_query(&org, cases[i].soql, false);
        strip_attributes(json);
        records_of(json, got, sizeof got);
        if (strcmp(got, cases[i].records) != 0) print_message("  %s\n", cases[i].soql);
        assert_string_equal(got, cases[i].records);
        sfi_free(json);
    }
}

static void check_whole(const char *soql, bool all_rows, const char *want)
{
    char *json = fixture_query(&org, soql, all_rows);
    if (strcmp(json, want) != 0) print_message("  %s\n", soql);
    assert_string_equal(json, want);
    sfi_free(json);
}

static void test_select__records_name_type_and_url(void **state)
{
    (void)state;
    check_whole(
        "select id, LASTNAME, accountid, account.name, Account.Owner.Name, account.industry from contact order by id "
        "limit 3",
        false,
        "{\"totalSize\":3,\"done\":true,\"records\":["
        "{" URL(
            "Contact",
            "003000000000001AAA") "\"Id\":\"003000000000001AAA\",\"LastName\":\"Doe\","
                                  "\"AccountId\":\"001000000000001AAA\",\"Account\":{" URL(
                                      "Account",
                                      "001000000000001AAA") "\"Name\":\"Acme\",\"Owner\":null,\"Industry\":\"Energy\"}}"
                                                            ","
                                                            "{" URL(
                                                                "Contact",
                                                                "003000000000002AAA") "\"Id\":\"003000000000002AAA\","
                                                                                      "\"LastName\":\"Roe\","
                                                                                      "\"AccountId\":"
                                                                                      "\"001000000000001AAA\","
                                                                                      "\"Account\":{" URL(
                                                                                          "Account",
                                                                                          "001000000000001AA"
                                                                                          "A") "\"Name\":"
                                                                                               "\"Acme\","
                                                                                               "\"Owner\":"
                                                                                               "null,"
                                                                                               "\"Industry\""
                                                                                               ":\"Energy\"}"
                                                                                               "},"
                                                                                               "{" URL("Contact",
                                                                                                       "00300000"
                                                                                                       "0000003A"
                                                                                                       "AA") "\""
                                                                                                             "Id"
                                                                                                             "\""
                                                                                                             ":"
                                                                                                             "\""
                                                                                                             "00"
                                                                                                             "30"
                                                                                                             "00"
                                                                                                             "00"
                                                                                                             "00"
                                                                                                             "00"
                                                                                                             "00"
                                                                                                             "3A"
                                                                                                             "AA"
                                                                                                             "\""
                                                                                                             ","
                                                                                                             "\""
                                                                                                             "La"
                                                                                                             "st"
                                                                                                             "Na"
                                                                                                             "me"
                                                                                                             "\""
                                                                                                             ":"
                                                                                                             "\""
                                                                                                             "Ze"
                                                                                                             "d"
                                                                                                             "\""
                                                                                                             ","
                                                                                                             "\""
                                                                                                             "Ac"
                                                                                                             "co"
                                                                                                             "un"
                                                                                                             "tI"
                                                                                                             "d"
                                                                                                             "\""
                                                                                                             ":n"
                                                                                                             "ul"
                                                                                                             "l,"
                                                                                                             "\""
                                                                                                             "Ac"
                                                                                                             "co"
                                                                                                             "un"
                                                                                                             "t"
                                                                                                             "\""
                                                                                                             ":n"
                                                                                                             "ul"
                                                                                                             "l}"
                                                                                                             "]"
                                                                                                             "}");
    check_whole("SELECT Who.Name FROM Task WHERE WhoId != null", false,
                "{\"totalSize\":1,\"done\":true,\"records\":[{" URL(
                    "Task", "00T000000000001AAA") "\"Who\":{\"attributes\":{\"type\":\"Name\",\"url\":\"/services/data/"
                                                  "v62.0/sobjects/Contact/"
                                                  "003000000000001AAA\"},\"Name\":\"Ada Doe\"}}]}");
    check_whole("SELECT Kind__c, COUNT(Id) FROM Place__c WHERE Kind__c = 'bank' GROUP BY Kind__c", false,
                "{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":\"AggregateResult\"},"
                "\"Kind__c\":\"bank\",\"expr0\":1}]}");
}

static void test_select__children(void **state)
{
    static const select_case cases[] = {
        { "SELECT Name, (SELECT lastname FROM contacts ORDER BY LastName DESC LIMIT 1) FROM Account ORDER BY Id",
          "{\"Name\":\"Acme\",\"Contacts\":{\"totalSize\":1,\"done\":true,\"records\":[{\"LastName\":\"Roe\"}]}},"
          "{\"Name\":\"Born\",\"Contacts\":null},{\"Name\":\"çelik\",\"Contacts\":null}" },
        { "SELECT Name, (SELECT Contact.Name, (SELECT CaseNumber FROM Cases) FROM Account.Contacts) FROM Account LIMIT "
          "1",
          "{\"Name\":\"Acme\",\"Contacts\":{\"totalSize\":2,\"done\":true,\"records\":[{\"Name\":\"Ada Doe\",\"Cases\":"
          "{\"totalSize\":2,\"done\":true,\"records\":[{\"CaseNumber\":\"00001001\"},{\"CaseNumber\":\"00001002\"}]}},"
          "{\"Name\":\"Roe\",\"Cases\":null}]}}" },
        { "SELECT Id, (SELECT Name, Place__r.Firm__r.Name FROM p.Things__r t WHERE t.Size__c < 3 ORDER BY t.Size__c) "
          "FROM Place__c p WHERE p.Name = 'alpha' AND p.Open__c = true LIMIT 1",
          "{\"Id\":\"a0p000000000001AAA\",\"Things__r\":{\"totalSize\":2,\"done\":true,\"records\":["
          "{\"Name\":\"T2\",\"Place__r\":{\"Firm__r\":{\"Name\":\"Acme\"}}},"
          "{\"Name\":\"T5\",\"Place__r\":{\"Firm__r\":{\"Name\":\"Acme\"}}}]}}" },
        { "SELECT (SELECT (SELECT (SELECT (SELECT Name FROM Downs__r) FROM Downs__r) FROM Downs__r) FROM Downs__r) "
          "FROM Place__c WHERE Id = 'a0p000000000003AAA'",
          "{\"Downs__r\":{\"totalSize\":1,\"done\":true,\"records\":[{\"Downs__r\":null}]}}" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
    char *json = fixture_query(&org, "SELECT (SELECT Name, IsDeleted FROM Contacts) FROM Account LIMIT 1", true);
    strip_attributes(json);
    assert_non_null(strstr(json, "{\"Name\":\"Gone\",\"IsDeleted\":true}"));
    sfi_free(json);
}

static void test_select__typeof(void **state)
{
    static const select_case cases[] = {
        { "SELECT TYPEOF What WHEN Account THEN Industry, Name WHEN Case THEN CaseNumber END, Subject FROM Task ORDER "
          "BY Id",
          "{\"What\":{\"Industry\":\"Energy\",\"Name\":\"Acme\"},\"Subject\":\"Call\"},"
          "{\"What\":{\"CaseNumber\":\"00001001\"},\"Subject\":\"Mail\"},{\"What\":null,\"Subject\":\"Rest\"}" },
        { "SELECT TYPEOF What WHEN Account THEN Id ELSE Name, Email END FROM Task ORDER BY Id LIMIT 2",
          "{\"What\":{\"Id\":\"001000000000001AAA\"}},{\"What\":{\"Name\":\"00001001\",\"Email\":null}}" },
        { "SELECT TYPEOF What WHEN Account THEN Id END FROM Task WHERE What.Type = 'Case'", "{\"What\":{}}" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_select__values_have_their_types(void **state)
{
    static const select_case cases[] = {
        { "SELECT Clock__c, Moment__c, Day__c, Count__c, Score__c, Money__c, Open__c, Tags__c, Notes__c FROM Place__c "
          "LIMIT 1",
          "{\"Clock__c\":\"08:00:00.000Z\",\"Moment__c\":\"2024-05-15T12:00:00.000+0000\",\"Day__c\":\"2024-05-15\","
          "\"Count__c\":1,\"Score__c\":1.5,\"Money__c\":1234.5,\"Open__c\":true,\"Tags__c\":\"A;B\",\"Notes__c\":"
          "null}" },
        { "SELECT Spot__c, Spot__Latitude__s, DISTANCE(Spot__c, GEOLOCATION(52.52,13.4), 'km'), "
          "DISTANCE(Spot__c, GEOLOCATION(52.52,13.4), 'mi') d FROM Place__c WHERE Id IN "
          "('a0p000000000001','a0p000000000003')",
          "{\"Spot__c\":{\"latitude\":52.52,\"longitude\":13.4},\"Spot__Latitude__s\":52.52,\"expr0\":0.0,\"d\":0.0},"
          "{\"Spot__c\":null,\"Spot__Latitude__s\":null,\"expr0\":null,\"d\":null}" },
        { "SELECT BillingAddress FROM Account ORDER BY Id LIMIT 2",
          "{\"BillingAddress\":{\"city\":\"Berlin\",\"country\":\"DE\",\"geocodeAccuracy\":null,\"latitude\":null,"
          "\"longitude\":null,\"postalCode\":null,\"state\":null,\"street\":\"Hof 1\"}},{\"BillingAddress\":null}" },
        { "SELECT toLabel(Kind__c), toLabel(Tags__c) t, FORMAT(Money__c) f, Money__c, "
          "FORMAT(convertCurrency(Money__c)) c, "
          "FORMAT(Day__c), FORMAT(Moment__c) m FROM Place__c LIMIT 1",
          "{\"Kind__c\":\"Shop\",\"t\":\"Alpha;Beta\",\"f\":\"$1,234.50\",\"Money__c\":1234.5,\"c\":\"$1,234.50\","
          "\"Day__c\":\"5/15/2024\",\"m\":\"5/15/2024, 12:00 PM\"}" },
        { "SELECT Name FROM Place__c WHERE toLabel(Kind__c) = 'CAFÉ'", "{\"Name\":\"Beta\"},{\"Name\":\"ALPHA\"}" },
        { "SELECT convertCurrency(Money__c) FROM Place__c LIMIT 1", "{\"Money__c\":1234.5}" },
        { "SELECT FIELDS(STANDARD) FROM Thing__c LIMIT 1",
          "{\"Id\":\"a0t000000000001AAA\",\"OwnerId\":null,\"IsDeleted\":false,\"Name\":\"T1\",\"CreatedDate\":null,"
          "\"CreatedById\":null,\"LastModifiedDate\":null,\"LastModifiedById\":null,\"SystemModstamp\":null}" },
        { "SELECT FIELDS(CUSTOM), Name FROM Thing__c WHERE Id = 'a0t000000000001'",
          "{\"Place__c\":\"a0p000000000001AAA\",\"Size__c\":3,\"Name\":\"T1\"}" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_select__order_limit_offset(void **state)
{
    static const select_case cases[] = {
        { "SELECT Name FROM Place__c ORDER BY Name, Id",
          "{\"Name\":null},{\"Name\":\"alpha\"},{\"Name\":\"ALPHA\"},{\"Name\":\"Beta\"},{\"Name\":\"b_ta\"},"
          "{\"Name\":\"Gamma%\"},{\"Name\":\"Straße\"}" },
        { "SELECT Name FROM Place__c ORDER BY Name DESC LIMIT 2", "{\"Name\":\"Straße\"},{\"Name\":\"Gamma%\"}" },
        { "SELECT Name FROM Place__c ORDER BY Name DESC NULLS FIRST LIMIT 2", "{\"Name\":null},{\"Name\":\"Straße\"}" },
        { "SELECT Name FROM Place__c ORDER BY Name NULLS LAST LIMIT 1 OFFSET 6", "{\"Name\":null}" },
        { "SELECT Name FROM Place__c ORDER BY Score__c DESC NULLS LAST, Name DESC LIMIT 3 OFFSET 1",
          "{\"Name\":\"b_ta\"},{\"Name\":\"alpha\"},{\"Name\":\"ALPHA\"}" },
        { "SELECT Name FROM Place__c ORDER BY Firm__r.Name DESC LIMIT 2", "{\"Name\":null},{\"Name\":\"Beta\"}" },
        { "SELECT Name FROM Place__c ORDER BY DISTANCE(Spot__c, GEOLOCATION(50, 3), 'km') NULLS LAST LIMIT 2",
          "{\"Name\":\"Beta\"},{\"Name\":\"alpha\"}" },
        { "SELECT p.Name, f.Name FROM Place__c p, p.Firm__r f WHERE f.Industry = 'ENERGY'",
          "{\"Name\":\"alpha\",\"Firm__r\":{\"Name\":\"Acme\"}},{\"Name\":null,\"Firm__r\":{\"Name\":\"çelik\"}}" },
        { "SELECT Name FROM Place__c LIMIT 0", "" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_select__counts_and_aggregates(void **state)
{
    static const select_case cases[] = {
        { "SELECT COUNT(Id), COUNT(Score__c) n, SUM(Score__c), AVG(Count__c), MIN(Kind__c), MAX(Kind__c), "
          "COUNT_DISTINCT(Name), MAX(Day__c), MIN(Moment__c), SUM(Count__c) FROM Place__c",
          "{\"expr0\":7,\"n\":6,\"expr1\":11.0,\"expr2\":3.0,\"expr3\":\"shop\",\"expr4\":\"bank\",\"expr5\":5,"
          "\"expr6\":\"2024-05-16\",\"expr7\":\"2023-12-31T23:59:59.000+0000\",\"expr8\":18}" },
        { "SELECT COUNT(Id), MAX(Score__c), SUM(Money__c) s FROM Place__c WHERE Name = 'nobody'",
          "{\"expr0\":0,\"expr1\":null,\"s\":null}" },
        { "SELECT Kind__c, COUNT(Id) FROM Place__c GROUP BY Kind__c",
          "{\"Kind__c\":null,\"expr0\":1},{\"Kind__c\":\"bank\",\"expr0\":1},{\"Kind__c\":\"cafe\",\"expr0\":2},"
          "{\"Kind__c\":\"shop\",\"expr0\":3}" },
        { "SELECT Industry, COUNT(Id) c FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC LIMIT 1",
          "{\"Industry\":\"Energy\",\"c\":2}" },
        { "SELECT Firm__r.Name, COUNT(Id) c FROM Place__c GROUP BY Firm__r.Name HAVING COUNT(Id) > 1",
          "{\"Name\":null,\"c\":4}" },
        { "SELECT Kind__c FROM Place__c GROUP BY Kind__c HAVING Kind__c != 'shop' AND (SUM(Score__c) > 0 OR COUNT(Id) "
          "= 1)",
          "{\"Kind__c\":null},{\"Kind__c\":\"bank\"}" },
        { "SELECT CALENDAR_YEAR(Day__c) y, COUNT(Id) FROM Place__c GROUP BY CALENDAR_YEAR(Day__c) "
          "ORDER BY CALENDAR_YEAR(Day__c) NULLS LAST",
          "{\"y\":2023,\"expr0\":1},{\"y\":2024,\"expr0\":5},{\"y\":null,\"expr0\":1}" },
        { "SELECT DAY_ONLY(Moment__c), COUNT(Id) FROM Place__c WHERE Moment__c > 2024-05-15T00:00:00Z GROUP BY "
          "DAY_ONLY(Moment__c)",
          "{\"expr0\":\"2024-05-15\",\"expr1\":1},{\"expr0\":\"2024-05-16\",\"expr1\":1}" },
        { "SELECT FORMAT(SUM(Money__c)) s, FORMAT(MAX(Day__c)) FROM Place__c",
          "{\"s\":\"$45,246.50\",\"expr0\":\"5/16/2024\"}" },
        { "SELECT toLabel(Kind__c) FROM Place__c WHERE Kind__c = 'cafe' GROUP BY Kind__c", "{\"expr0\":\"Café\"}" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
    check_whole("SELECT COUNT() FROM Place__c", false, "{\"totalSize\":7,\"done\":true,\"records\":[]}");
    check_whole("SELECT COUNT() FROM Place__c", true, "{\"totalSize\":8,\"done\":true,\"records\":[]}");
    check_whole("SELECT COUNT() FROM Place__c LIMIT 3", false, "{\"totalSize\":3,\"done\":true,\"records\":[]}");
}

static void test_select__sums_of_decimals_are_decimals(void **state)
{
    static const select_case cases[] = { { "SELECT SUM(Money__c) FROM Place__c WHERE Kind__c = 'sum'",
                                           "{\"expr0\":0.3}" } };
    (void)state;
    fixture_run(&org, "INSERT INTO Place__c(Id,Kind__c,Money__c) VALUES('a0p00000000000xAAA','sum',0.1),"
                      "('a0p00000000000yAAA','sum',0.2)");
    check(cases, COUNT_OF(cases));
    fixture_run(&org, "DELETE FROM Place__c WHERE Kind__c='sum'");
}

static void test_select__rollup_and_cube(void **state)
{
    static const select_case cases[] = {
        { "SELECT Kind__c k, Open__c o, GROUPING(Kind__c) gk, GROUPING(Open__c) go, COUNT(Id) n FROM Place__c "
          "WHERE Kind__c IN ('cafe', 'bank') GROUP BY ROLLUP(Kind__c, Open__c)",
          "{\"k\":\"bank\",\"o\":true,\"gk\":0,\"go\":0,\"n\":1},{\"k\":\"bank\",\"o\":null,\"gk\":0,\"go\":1,\"n\":1},"
          "{\"k\":\"cafe\",\"o\":false,\"gk\":0,\"go\":0,\"n\":1},{\"k\":\"cafe\",\"o\":true,\"gk\":0,\"go\":0,\"n\":1}"
          ","
          "{\"k\":\"cafe\",\"o\":null,\"gk\":0,\"go\":1,\"n\":2},{\"k\":null,\"o\":null,\"gk\":1,\"go\":1,\"n\":3}" },
        { "SELECT Open__c, Kind__c, SUM(Score__c) FROM Place__c WHERE Kind__c = 'cafe' GROUP BY CUBE(Kind__c, Open__c) "
          "ORDER BY GROUPING(Kind__c), GROUPING(Open__c) DESC, SUM(Score__c)",
          "{\"Open__c\":null,\"Kind__c\":\"cafe\",\"expr0\":-0.5},{\"Open__c\":false,\"Kind__c\":\"cafe\",\"expr0\":-2."
          "0},"
          "{\"Open__c\":true,\"Kind__c\":\"cafe\",\"expr0\":1.5},{\"Open__c\":null,\"Kind__c\":null,\"expr0\":-0.5},"
          "{\"Open__c\":false,\"Kind__c\":null,\"expr0\":-2.0},{\"Open__c\":true,\"Kind__c\":null,\"expr0\":1.5}" },
        { "SELECT Kind__c, COUNT(Id) FROM Place__c WHERE Kind__c != null GROUP BY ROLLUP(Kind__c) HAVING "
          "GROUPING(Kind__c) = 1",
          "{\"Kind__c\":null,\"expr0\":6}" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_select__scopes_and_clauses_without_effect(void **state)
{
    static const select_case cases[] = {
        { "SELECT Name FROM Account USING SCOPE everything ORDER BY Id LIMIT 1", "{\"Name\":\"Acme\"}" },
        { "SELECT Name FROM Account WITH SECURITY_ENFORCED ORDER BY Id LIMIT 1 FOR VIEW", "{\"Name\":\"Acme\"}" },
        { "SELECT Name FROM Account WITH USER_MODE ORDER BY Id LIMIT 1 UPDATE TRACKING", "{\"Name\":\"Acme\"}" },
        { "SELECT Name FROM Account USING SCOPE mine", "" },
    };
    (void)state;
    check(cases, COUNT_OF(cases));
}

static void test_select__survives_each_failed_allocation(void **state)
{
    static const char *const statements[] = {
        "SELECT Name, Firm__r.Owner.Name, Spot__c, (SELECT Name FROM Things__r) FROM Place__c WHERE Name IN "
        "('a','alpha')",
        "SELECT Kind__c, COUNT(Id) FROM Place__c GROUP BY ROLLUP(Kind__c) HAVING COUNT(Id) > 1 ORDER BY COUNT(Id)",
        "SELECT Id, (SELECT Id, (SELECT Subject FROM Cases) FROM Contacts WHERE LastName LIKE 'D%' LIMIT 2) FROM "
        "Account "
        "WHERE Id IN (SELECT AccountId FROM Contact WHERE Email != NULL) ORDER BY Name DESC NULLS LAST",
        "SELECT TYPEOF What WHEN Account THEN Name ELSE Id END FROM Task WHERE CreatedDate > LAST_N_DAYS:3",
        "SELECT toLabel(Kind__c), FORMAT(Money__c) m FROM Place__c WHERE Tags__c INCLUDES ('A;B','C') AND "
        "DISTANCE(Spot__c, GEOLOCATION(52.5, 13.4), 'km') < 100 LIMIT 5 OFFSET 1",
        "SELECT CALENDAR_YEAR(Moment__c) y, SUM(Money__c), COUNT_DISTINCT(Kind__c) FROM Place__c GROUP BY "
        "CALENDAR_YEAR(Moment__c)",
        "SELECT COUNT() FROM Place__c WHERE NOT (Day__c = THIS_YEAR OR Score__c >= 1.5)",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        bool fine = false;
        for (int n = 0; !fine; n++) {
            sfi_buf out = { 0 };
            sfo_fault fault = { 0 };
            long live = test_allocations_live();
            test_allocations_limit(n);
            fine = sfo_soql_query(org.store, &org.context, sfi_str(statements[i]), NULL, &out, &fault);
            test_allocations_limit(-1);
            if (!fine && (fault.http_status != 500 || out.len != 0)) fail_msg("%s: %s", statements[i], fault.message);
            sfi_buf_free(&out);
            sfo_fault_clear(&fault);
            assert_true(fine || test_allocations_live() == live);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select__records_name_type_and_url),
        cmocka_unit_test(test_select__children),
        cmocka_unit_test(test_select__typeof),
        cmocka_unit_test(test_select__values_have_their_types),
        cmocka_unit_test(test_select__order_limit_offset),
        cmocka_unit_test(test_select__counts_and_aggregates),
        cmocka_unit_test(test_select__sums_of_decimals_are_decimals),
        cmocka_unit_test(test_select__rollup_and_cube),
        cmocka_unit_test(test_select__scopes_and_clauses_without_effect),
        cmocka_unit_test(test_select__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("soql select", tests, open_org, close_org);
}
