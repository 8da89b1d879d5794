/*
 * refusal_test.c: statements that parse and are refused: the code, the text, and where the caret stands. A refusal with
 * a place is checked whole; the column is also counted here from the statement, so a shifted caret shows.
 */
#include "fixture.h"

#define NO_COLUMN(x, y)                                                                                                \
    "No such column '" x "' on entity '" y                                                                             \
    "'. If you are attempting to use a custom field, be sure to append the '__c' after "                               \
    "the custom field name. Please reference your WSDL or the describe call for the appropriate names."
#define NO_RELATIONSHIP(x, where)                                                                                      \
    "Didn't understand relationship '" x "' in " where                                                                 \
    ". If you are attempting to use a custom relationship, be sure to "                                                \
    "append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the "    \
    "appropriate names."
#define NO_TYPE(x)                                                                                                     \
    "sObject type '" x                                                                                                 \
    "' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after "             \
    "the entity name. Please reference your WSDL or the describe call for the appropriate names."

typedef struct refusal {
    const char *soql; /* ^ stands before the place that the caret points at; without one the message has no place */
    const char *code, *text;
} refusal;

static const refusal refusals[] = {
    { "select id,name,type from ^accountx", "INVALID_TYPE", NO_TYPE("accountx") },
    { "SELECT Id, ^Body FROM Account", "INVALID_FIELD", NO_COLUMN("Body", "Account") },
    { "SELECT Subject, ^Owner.FederationIdentifier FROM Case", "INVALID_FIELD",
      NO_COLUMN("FederationIdentifier", "Name") },
    { "SELECT ^DISTINCT Name FROM Place__c", "INVALID_FIELD", NO_COLUMN("DISTINCT", "Place__c") },
    { "SELECT ^Nope__r.Name FROM Place__c", "INVALID_FIELD", NO_RELATIONSHIP("Nope__r", "field path") },
    { "SELECT (SELECT Id FROM ^Nopes__r) FROM Place__c", "INVALID_TYPE",
      NO_RELATIONSHIP("Nopes__r", "FROM part of query call") },
    { "SELECT Name, ^name FROM Place__c", "INVALID_FIELD", "duplicate field selected: Name" },
    { "SELECT Name ^x FROM Place__c", "MALFORMED_QUERY", "only aggregate expressions use field aliasing" },
    { "SELECT Id FROM Place__c WHERE ^Name = 3999", "INVALID_FIELD",
      "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Count__c = '3'", "INVALID_FIELD",
      "value of filter criterion for field 'Count__c' must be of type int and should not be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Money__c = '3'", "INVALID_FIELD",
      "value of filter criterion for field 'Money__c' must be of type double and should not be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Open__c = 'true'", "INVALID_FIELD",
      "value of filter criterion for field 'Open__c' must be of type boolean and should not be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Day__c = 2024-01-01T00:00:00Z", "INVALID_FIELD",
      "value of filter criterion for field 'Day__c' must be of type date and should not be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Moment__c > 2024-01-01", "INVALID_FIELD",
      "value of filter criterion for field 'Moment__c' must be of type dateTime and should not be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Name = TODAY", "INVALID_FIELD",
      "value of filter criterion for field 'Name' must be of type string and should be enclosed in quotes" },
    { "SELECT Id FROM Place__c WHERE ^Id = 'xyz'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: xyz" },
    { "SELECT Id FROM Place__c WHERE ^Up__c IN ('xyz')", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: xyz" },
    { "SELECT Id FROM Place__c WHERE ^Id LIKE 'a%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field" },
    { "SELECT Id FROM Place__c WHERE ^Score__c LIKE 'a%'", "INVALID_QUERY_FILTER_OPERATOR",
      "invalid operator on double field" },
    { "SELECT Id FROM Place__c WHERE ^Tags__c < 'a'", "INVALID_QUERY_FILTER_OPERATOR",
      "invalid operator on multipicklist field" },
    { "SELECT Id FROM Place__c WHERE ^Open__c > true", "INVALID_QUERY_FILTER_OPERATOR",
      "invalid operator on boolean field" },
    { "SELECT Id FROM Place__c WHERE ^Name INCLUDES ('a')", "INVALID_QUERY_FILTER_OPERATOR",
      "includes or excludes operator only valid on multipicklist field" },
    { "SELECT Id FROM Place__c WHERE ^Notes__c = 'a'", "INVALID_FIELD",
      "field 'Notes__c' can not be filtered in a query call" },
    { "SELECT Id FROM Account WHERE ^BillingAddress = 'a'", "INVALID_FIELD",
      "field 'BillingAddress' can not be filtered in a query call" },
    { "SELECT Id FROM Place__c ORDER BY Name, ^Notes__c", "INVALID_FIELD",
      "field 'Notes__c' can not be sorted in a query call" },
    { "SELECT Id FROM Place__c ORDER BY ^Tags__c", "INVALID_FIELD",
      "field 'Tags__c' can not be sorted in a query call" },
    { "SELECT COUNT(Id) FROM Place__c GROUP BY ^Moment__c", "INVALID_FIELD",
      "field 'Moment__c' can not be grouped in a query call" },
    { "SELECT COUNT(Id) FROM Account GROUP BY ^AnnualRevenue", "INVALID_FIELD",
      "field 'AnnualRevenue' can not be grouped in a query call" },
    { "SELECT ^SUM(Name) FROM Place__c", "INVALID_FIELD", "field Name does not support aggregate operator SUM" },
    { "SELECT ^Foo, COUNT(Id) FROM Place__c WHERE Bar = 1 GROUP BY Foo", "INVALID_FIELD",
      NO_COLUMN("Foo", "Place__c") },
    { "SELECT COUNT(Id) FROM Place__c WHERE ^Bar = 1 GROUP BY Foo", "INVALID_FIELD", NO_COLUMN("Bar", "Place__c") },
    { "SELECT ^COUNT(Notes__c) FROM Place__c", "INVALID_FIELD",
      "field Notes__c does not support aggregate operator COUNT" },
    { "SELECT COUNT(Id), DISTANCE(Spot__c, GEOLOCATION(1,1), 'km') FROM Place__c", "MALFORMED_QUERY",
      "Field must be grouped or aggregated: DISTANCE" },
    { "SELECT Name, COUNT(Id) FROM Place__c", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name" },
    { "SELECT COUNT(Id) FROM Place__c ORDER BY Name", "MALFORMED_QUERY",
      "Ordered field must be grouped or aggregated: Name" },
    { "SELECT Id, COUNT(Id) FROM Place__c GROUP BY Id", "MALFORMED_QUERY",
      "Grouped field should not be aggregated: Id" },
    { "SELECT COUNT(Id) FROM Place__c ^LIMIT 1", "MALFORMED_QUERY",
      "Non-grouped query that uses overall aggregate functions cannot also use LIMIT" },
    { "SELECT Firm__r.Name, ^Name FROM Place__c GROUP BY Name, Firm__r.Name", "MALFORMED_QUERY",
      "duplicate alias: Name" },
    { "SELECT Id FROM Place__c WHERE ^COUNT(Id) > 1", "MALFORMED_QUERY",
      "aggregate functions are not allowed here: COUNT" },
    { "SELECT CALENDAR_YEAR(Day__c) FROM Place__c", "MALFORMED_QUERY",
      "Field must be grouped or aggregated: CALENDAR_YEAR" },
    { "SELECT Id FROM Place__c OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000" },
    { "SELECT FIELDS(ALL) FROM Place__c", "MALFORMED_QUERY",
      "The SOQL FIELDS function must have a LIMIT of at most 200" },
    { "SELECT FIELDS(CUSTOM) FROM Place__c LIMIT 201", "MALFORMED_QUERY",
      "The SOQL FIELDS function must have a LIMIT of at most 200" },
    { "SELECT Id, ^FIELDS(STANDARD) FROM Place__c", "INVALID_FIELD", "duplicate field selected: Id" },
    { "SELECT Id FROM Place__c ^ALL ROWS", "MALFORMED_QUERY", "ALL ROWS not allowed in this context" },
    { "SELECT Id FROM Account a, ^Contact c", "MALFORMED_QUERY",
      "A driving SObject type has already been set, all other entity types in the FROM clause must be relationships to "
      "the "
      "initial object.  The driving object is Account." },
    { "SELECT Id FROM Place__c WHERE Id IN (SELECT Place__c FROM Thing__c) OR Name = 'x'", "MALFORMED_QUERY",
      "Semi join sub-selects are not allowed with the 'OR' operator" },
    { "SELECT Id FROM Place__c WHERE Name = 'x' AND (Name = 'y' OR Id IN (SELECT Place__c FROM Thing__c))",
      "MALFORMED_QUERY",
      "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE "
      "expressions." },
    { "SELECT Id FROM Place__c WHERE Id IN (SELECT Place__c FROM Thing__c WHERE Place__c IN (SELECT Id FROM Place__c))",
      "MALFORMED_QUERY", "Nesting of semi join sub-selects is not supported" },
    { "SELECT Id FROM Place__c WHERE Id IN (SELECT Id FROM Place__c)", "MALFORMED_QUERY",
      "The inner and outer selects should not be on the same object type" },
    { "SELECT Id FROM Place__c USING SCOPE ^nonsense", "INVALID_QUERY_SCOPE",
      "'nonsense' is not a valid scope for object 'Place__c'" },
    { "SELECT Up__r.Name, TYPEOF ^Up WHEN Place__c THEN Id END FROM Place__c", "INVALID_FIELD",
      NO_RELATIONSHIP("Up", "field path") },
    { "SELECT TYPEOF ^Up__r WHEN Place__c THEN Id END FROM Place__c", "MALFORMED_QUERY",
      "TYPEOF needs a polymorphic relationship, Up__r is none" },
    { "SELECT What.Name, TYPEOF ^What WHEN Account THEN Id END FROM Task", "INVALID_FIELD",
      "duplicate field selected: What" },
    { "SELECT ^Up__r.Up__r.Up__r.Up__r.Up__r.Up__r.Name FROM Place__c", "MALFORMED_QUERY",
      "a path cannot go up more than 5 relationships" },
    { "SELECT (SELECT Id FROM Things__r ^OFFSET 1) FROM Place__c", "MALFORMED_QUERY",
      "OFFSET is allowed in a child query only when its parent has LIMIT 1" },
    { "SELECT Id, (^SELECT COUNT() FROM Things__r) FROM Place__c", "MALFORMED_QUERY",
      "aggregate functions, COUNT() and GROUP BY are not allowed in a child query" },
    { "SELECT ^FOO(Name) FROM Place__c", "MALFORMED_QUERY", "unknown function: FOO" },
};

static void test_refusal__names_the_fault_and_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        char soql[512], place[64] = "";
        snprintf(soql, sizeof soql, "%s", refusals[i].soql);
        char *mark = strchr(soql, '^');
        if (mark != NULL) {
            snprintf(place, sizeof place, "^\nERROR at Row:1:Column:%d\n", (int)(mark - soql) + 1);
            memmove(mark, mark + 1, strlen(mark));
        }
        sfo_fault fault = { 0 };
        sfi_buf out = { 0 };
        bool fine = sfo_soql_query(org.store, &org.context, sfi_str(soql), NULL, &out, &fault);
        if (fine || strcmp(fault.code, refusals[i].code) != 0)
            print_message("  %s\n  %s %s\n", soql, fault.code, out.data);
        assert_false(fine);
        assert_string_equal(fault.code, refusals[i].code);
        const char *text = strstr(fault.message, refusals[i].text);
        if (text == NULL) print_message("  %s\n  %s\n", soql, fault.message);
        assert_non_null(text);
        assert_string_equal(text, refusals[i].text);
        size_t before = (size_t)(text - fault.message);
        assert_true(mark != NULL ? before > strlen(place) && strncmp(text - strlen(place), place, strlen(place)) == 0
                                 : before == 0);
        assert_true(mark == NULL || fault.message[0] == '\n');
        sfo_fault_clear(&fault);
        sfi_buf_free(&out);
    }
}

static void test_refusal__semi_join_types_point_one_to_the_left(void **state)
{
    (void)state;
    char *text = fixture_query(&org, "SELECT Id FROM Place__c WHERE Id IN (SELECT AccountId FROM Contact)", false);
    assert_string_equal(text, "MALFORMED_QUERY: \nSELECT Id FROM Place__c WHERE Id IN (SELECT AccountId FROM Contact)\n"
                              "                             ^\nERROR at Row:1:Column:30\n"
                              "The selected field 'AccountId' in the subquery and the left operand field in the where "
                              "expression in the outer query 'Id' should point to the same object type");
    sfi_free(text);
}

static void test_refusal__windows_are_cut_at_words_and_commas(void **state)
{
    (void)state;
    char *text = fixture_query(&org, "SELECT Id,Name,BillingCity,IsDeleted FROM Accout", false);
    assert_string_equal(text,
                        "INVALID_TYPE: \nName,BillingCity,IsDeleted FROM Accout\n                                ^\n"
                        "ERROR at Row:1:Column:43\n" NO_TYPE("Accout"));
    sfi_free(text);
}

static void test_refusal__child_levels_depend_on_the_version(void **state)
{
    static const char soql[] = "SELECT (SELECT (SELECT Id FROM Downs__r) FROM Downs__r) FROM Place__c LIMIT 0";
    (void)state;
    char *text = fixture_query(&org, soql, false);
    assert_string_equal(text, "{\"totalSize\":0,\"done\":true,\"records\":[]}");
    sfi_free(text);
    org.context.version = "57.0";
    org.context.version_number = 57.0;
    text = fixture_query(&org, soql, false);
    assert_non_null(strstr(text, "child queries cannot be nested deeper than 2 levels in API version 57.0"));
    sfi_free(text);
    org.context.version = "62.0";
    org.context.version_number = 62.0;
}

static void test_refusal__long_groups_are_grouped_and_longer_ones_refused(void **state)
{
    (void)state;
    for (int count = 1; count < 20000; count = count < 110 ? count + 1 : count * 10) {
        sfi_buf soql = { 0 };
        sfi_buf_add_str(&soql, "SELECT COUNT(Id) n FROM Place__c GROUP BY Name");
        for (int i = 1; i < count; i++) sfi_buf_add_str(&soql, ",Name");
        sfi_buf_add_str(&soql, " LIMIT 0");
        char *text = fixture_query(&org, soql.data, false);
        const char *want = count <= 100 ? "\"totalSize\":0" : "GROUP BY takes at most 100 fields";
        if (strstr(text, want) == NULL) fail_msg("%d: %s", count, text);
        sfi_free(text);
        sfi_buf_free(&soql);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusal__names_the_fault_and_its_place),
        cmocka_unit_test(test_refusal__semi_join_types_point_one_to_the_left),
        cmocka_unit_test(test_refusal__windows_are_cut_at_words_and_commas),
        cmocka_unit_test(test_refusal__child_levels_depend_on_the_version),
        cmocka_unit_test(test_refusal__long_groups_are_grouped_and_longer_ones_refused),
    };
    return cmocka_run_group_tests_name("soql refusals", tests, open_org, close_org);
}
