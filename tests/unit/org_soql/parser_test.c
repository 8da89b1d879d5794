/* parser_test.c: which statements are SOQL, what the tree of one looks like, and what a syntax error says, to the byte. */
#include "support/support.h"
#include "fuzz/soql_printer.h"
#include "soql/soql.h"

static void test_parser__takes_the_whole_grammar(void **state)
{
    static const char *const statements[] = {
        "select id from account",
        "SELECT Id FROM Order",
        "SELECT Id, Group.Name, Offset, Data FROM Group",
        "SELECT Id FROM Case WHERE Case.Status = 'New'",
        "SELECT Name FROM Account OFFSET",
        "SELECT Name FROM Account ORDER",
        "SELECT Name FROM Account ALL",
        "SELECT Name FROM Account UPDATE",
        "SELECT Typeof, End, When FROM Account",
        "SELECT Id FROM Account a, a.Owner o WHERE o.Name = 'x'",
        "SELECT Id FROM Account AS a WHERE a.Name = null",
        "SELECT Id FROM Account WHERE(Name='x')AND(Industry='y')",
        "SELECT Id FROM Account WHERE NOT (NOT Name = 'x')",
        "SELECT Id FROM Account WHERE a = 1 AND (NOT b = 2)",
        "SELECT Id FROM Account WHERE (a = 1 AND b = 2) OR c = 3",
        "SELECT Id FROM Account WHERE Amount > EUR10.5 AND Rest < .5 AND More >= 5. AND Minus != -3",
        "SELECT Id FROM Account WHERE Name = 'tab\\t quote\\' dq\\\" back\\\\ \\u00e9 and\na raw line'",
        "SELECT Id FROM Account WHERE Name LIKE '100\\% \\_x%'",
        "SELECT Id FROM Account WHERE d = 2024-02-29 AND t = 08:00:00Z AND m < 2024-02-29T00:00:00-0800",
        "SELECT Id FROM Account WHERE d = last_n_days : 3",
        "SELECT COUNT()FROM Account",
        "SELECT COUNT(Id)n FROM Account",
        "SELECT MIN(a) MIN FROM Account GROUP BY CUBE(b, DAY_ONLY(convertTimezone(c))) HAVING MAX(d) > 3",
        "SELECT DISTANCE(Loc__c, GEOLOCATION(-10, 10.5), 'KM') d FROM Place__c",
        "SELECT (SELECT (SELECT Id FROM C) FROM B) FROM A",
        "SELECT Id FROM A WHERE x IN (SELECT y FROM B USING SCOPE mine WHERE z = 1 WITH SECURITY_ENFORCED)",
        "SELECT Id FROM A LIMIT 5 OFFSET 0 FOR VIEW FOR REFERENCE UPDATE TRACKING, VIEWSTAT ALL ROWS",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        sfo_fault fault = { 0 };
        bool fine = sfo_soql_check_syntax(sfi_str(statements[i]), &fault);
        if (!fine) print_message("  %s\n  %s\n", statements[i], fault.message);
        assert_true(fine);
    }
}

static void test_parser__prints_back_what_it_read(void **state)
{
    static const char *const statements[] = {
        "SELECT Id, Owner.Name FROM Account AS a WHERE (x = 1 OR y != 'it\\'s') AND (NOT z LIKE '\\_%') LIMIT 3",
        "SELECT Id, (SELECT Id FROM Contacts WHERE a IN (1, null) ORDER BY b DESC NULLS LAST) kids FROM Account",
        "SELECT TYPEOF What WHEN Account THEN Phone, Name ELSE Name END FROM Task",
        "SELECT a, COUNT(b) n FROM X GROUP BY ROLLUP(a, c) HAVING COUNT(b) > 1 ORDER BY COUNT(b) DESC",
        "SELECT COUNT() FROM X WHERE a = LAST_N_DAYS:3 AND b INCLUDES ('A;B', 'C') AND c = TODAY",
        "SELECT Id FROM X WHERE y IN (SELECT z FROM Y WHERE w = true)",
        "SELECT Id FROM X ORDER BY DISTANCE(l, GEOLOCATION(1.5, -2), 'km') ASC OFFSET 3 FOR VIEW",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        sfi_arena arena = { 0 };
        sfi_buf out = { 0 };
        sfo_ast_query *q;
        assert_true(sfo_soql_parse(sfi_str(statements[i]), &arena, &q, NULL));
        print_query(&out, q);
        assert_string_equal(out.data, statements[i]);
        sfi_buf_free(&out);
        sfi_arena_free(&arena);
    }
}

typedef struct error_case {
    const char *soql, *message;
} error_case;

static void test_parser__says_where_and_what(void **state)
{
    static const error_case cases[] = {
        { "", "SOQL statements cannot be empty or null" },
        { " \n ", "SOQL statements cannot be empty or null" },
        { "SELEC id from account", "unexpected token: 'SELEC'" },
        { "SELECT a FROM X WHERE a=1 AND b=2 OR c=3",
          "\nSELECT a FROM X WHERE a=1 AND b=2 OR c=3\n                                 ^\nERROR at Row:1:Column:34\n"
          "unexpected token: 'OR'" },
        { "SELECT a FROM X WHERE NOT a=1 AND b=2",
          "\nSELECT a FROM X WHERE NOT a=1 AND b=2\n                             ^\nERROR at Row:1:Column:30\n"
          "unexpected token: 'AND'" },
        { "SELECT a FROM X WHERE a=1 AND NOT b=2",
          "\nSELECT a FROM X WHERE a=1 AND NOT b=2\n                             ^\nERROR at Row:1:Column:30\n"
          "unexpected token: 'NOT'" },
        { "SELECT Zone__c) AS x FROM D__c",
          "\nSELECT Zone__c) AS x FROM D__c\n             ^\nERROR at Row:1:Column:14\nunexpected token: ')'" },
        { "SELECT a FROM X WHERE (a=1",
          "\nSELECT a FROM X WHERE (a=1\n                         ^\nERROR at Row:1:Column:26\n"
          "expecting a right parentheses, found '<EOF>'" },
        { "SELECT a FROM X WHERE d = LAST_N_DAYS 5",
          "\na FROM X WHERE d = LAST_N_DAYS 5\n                              ^\nERROR at Row:1:Column:38\n"
          "expecting a colon, found '5'" },
        { "SELECT a FROM X WHERE b = :c",
          "\nSELECT a FROM X WHERE b = :c\n                          ^\nERROR at Row:1:Column:27\n"
          "Bind variables only allowed in Apex code" },
        { "SELECT a FROM X WHERE b = c",
          "\nSELECT a FROM X WHERE b = c\n                          ^\nERROR at Row:1:Column:27\n"
          "Bind variables only allowed in Apex code" },
        { "SELECT a FROM X WHERE b = \"c\"", "line 1:26 no viable alternative at character '\"'" },
        { "SELECT a FROM X WHERE b = 'c", "line 1:28 mismatched character '<EOF>' expecting '''" },
        { "SELECT a\nFROM X\nWHERE b = 'bad \\x'", "line 3:16 no viable alternative at character 'x'" },
        { "SELECT a FROM X WHERE b = '100\\%'", "line 1:31 no viable alternative at character '%'" },
        { "SELECT a FROM X WHERE b > 2024-01-01T00:00:00 05:30", "line 1:45 no viable alternative at character ' '" },
        { "\n\nSELECT a\n FROM X LIMIT ten",
          "\n FROM X LIMIT ten\n             ^\nERROR at Row:2:Column:14\nunexpected token: 'ten'" },
        { "SELECT Alpha,Beta,Gamma FROM Thing WHERE Alpha = 'a' LIMIT 5 LIMIT 6 FOR VIEW AND MORE WORDS BEHIND IT",
          "\nThing WHERE Alpha = 'a' LIMIT 5 LIMIT 6 FOR VIEW AND MORE WORDS\n                               ^\n"
          "ERROR at Row:1:Column:61\nunexpected token: 'LIMIT'" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfo_fault fault = { 0 };
        bool fine = sfo_soql_check_syntax(sfi_str(cases[i].soql), &fault);
        if (fine || strcmp(fault.message, cases[i].message) != 0) print_message("  %s\n", cases[i].soql);
        assert_false(fine);
        assert_string_equal(fault.message, cases[i].message);
        assert_string_equal(fault.code, "MALFORMED_QUERY");
        assert_int_equal(fault.http_status, 400);
        sfo_fault_clear(&fault);
    }
}

static void test_parser__columns_count_utf16_units(void **state)
{
    sfo_fault fault = { 0 };
    (void)state;
    assert_false(sfo_soql_check_syntax(sfi_str("SELECT a FROM X WHERE b = 'ä€😀' c"), &fault));
    assert_string_equal(fault.message, "\nSELECT a FROM X WHERE b = 'ä€😀' c\n                                ^\n"
                                       "ERROR at Row:1:Column:33\nunexpected token: 'c'");
    sfo_fault_clear(&fault);
}

static void refused(const char *what, sf_str soql, const char *code)
{
    sfo_fault fault = { 0 };
    bool fine = sfo_soql_check_syntax(soql, &fault);
    if (fine || strcmp(fault.code, code) != 0) print_message("  %s: %s\n", what, fault.code);
    assert_false(fine);
    assert_string_equal(fault.code, code);
    sfo_fault_clear(&fault);
}

static void test_parser__bounds_length_depth_and_strings(void **state)
{
    sfi_buf b = { 0 };
    (void)state;
    sfi_buf_add_str(&b, "SELECT a FROM X WHERE ");
    for (int i = 0; i < 60000; i++) sfi_buf_add_char(&b, '(');
    refused("deep parentheses", sfi_buf_str(&b), "QUERY_TOO_COMPLICATED");
    sfi_buf_clear(&b);
    for (int i = 0; i < 5000; i++) sfi_buf_add_str(&b, "SELECT (");
    refused("deep child queries", sfi_buf_str(&b), "QUERY_TOO_COMPLICATED");
    sfi_buf_clear(&b);
    sfi_buf_add_str(&b, "SELECT ");
    for (int i = 0; i < 5000; i++) sfi_buf_add_str(&b, "f(");
    refused("deep calls", sfi_buf_str(&b), "QUERY_TOO_COMPLICATED");
    sfi_buf_clear(&b);
    sfi_buf_add_str(&b, "SELECT a FROM X WHERE b = '");
    for (int i = 0; i < 4001; i++) sfi_buf_add_str(&b, "é");
    sfi_buf_add_char(&b, '\'');
    refused("a long string", sfi_buf_str(&b), "MALFORMED_QUERY");
    b.len -= 3;
    b.data[b.len] = '\0';
    sfi_buf_add_char(&b, '\'');
    assert_true(sfo_soql_check_syntax(sfi_buf_str(&b), NULL));
    sfi_buf_clear(&b);
    sfi_buf_add_str(&b, "SELECT a FROM X WHERE b = '");
    for (int i = 0; i < 100000; i++) sfi_buf_add_char(&b, 'x');
    refused("a long statement", sfi_buf_str(&b), "QUERY_TOO_COMPLICATED");
    sfi_buf_free(&b);
    refused("a NUL", (sf_str){ "SELECT a\0 FROM X", 16 }, "MALFORMED_QUERY");
    refused("not UTF-8", sfi_str("SELECT a FROM X WHERE b = '\xff'"), "MALFORMED_QUERY");
}

/* Cut anywhere, a statement is a fault or another statement, never a crash. */
static void test_parser__survives_a_cut_at_every_byte(void **state)
{
    static const char whole[] =
        "SELECT Id, TYPEOF What WHEN A THEN b ELSE c END, (SELECT Id FROM Kids), DISTANCE(l, GEOLOCATION(1.5,-2), "
        "'mi') "
        "FROM X WHERE a IN ('\\u00e9', null, USD5.5) AND b = LAST_N_DAYS:3 AND c > 2024-02-29T01:02:03.456+05:30 "
        "GROUP BY ROLLUP(a, b) HAVING SUM(c) > 1 ORDER BY d DESC NULLS LAST LIMIT 5 OFFSET 6 FOR VIEW UPDATE TRACKING";
    (void)state;
    for (size_t len = 0; len < sizeof whole; len++) {
        char *copy = sfi_strndup(whole, len); /* its own block: reading on would be seen */
        sfo_fault fault = { 0 };
        (void)sfo_soql_check_syntax((sf_str){ copy, len }, &fault); /* either is right */
        sfo_fault_clear(&fault);
        sfi_free(copy);
    }
}

static void test_parser__survives_each_failed_allocation(void **state)
{
    sf_str soql = SFI_STR("SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Name IN ('a', 'b') ORDER BY Name");
    bool fine = false;
    (void)state;
    for (int n = 0; !fine; n++) {
        sfo_fault fault = { 0 };
        long live = test_allocations_live();
        test_allocations_limit(n);
        fine = sfo_soql_check_syntax(soql, &fault);
        test_allocations_limit(-1);
        assert_true(fine || fault.http_status == 500);
        sfo_fault_clear(&fault);
        assert_int_equal(test_allocations_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parser__takes_the_whole_grammar),
        cmocka_unit_test(test_parser__prints_back_what_it_read),
        cmocka_unit_test(test_parser__says_where_and_what),
        cmocka_unit_test(test_parser__columns_count_utf16_units),
        cmocka_unit_test(test_parser__bounds_length_depth_and_strings),
        cmocka_unit_test(test_parser__survives_a_cut_at_every_byte),
        cmocka_unit_test(test_parser__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("soql parser", tests, NULL, NULL);
}
