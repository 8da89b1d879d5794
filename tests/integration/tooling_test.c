/* tooling_test.c: Apex that runs, that does not compile, and that ends in an exception, against a real local org; what it
 * wrote, and what it must not have written; lost answers; queries and describes of the Tooling API. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    return sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                                .api_version = "62.0",
                                                .retry = { .pause_ms = 5 },
                                                .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                          &sf, &err) == SF_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static int64_t accounts(const char *name)
{
    int64_t n = -1;
    if (sf_query_count(sf, "SELECT COUNT() FROM Account WHERE Name = :name",
                       &(sf_query_options){ .binds = SF_BINDS({ "name", sf_bind_str(name) }) }, &n, &err) != SF_OK)
        fail_msg("%s", err.message);
    return n;
}

static void test_tooling__apex_runs_or_says_why_not(void **state)
{
    static const struct {
        const char *apex;
        bool compiled, success;
        int32_t line, column;
        const char *words; /* of the problem or the exception; NULL: none */
    } cases[] = {
        { "", true, true, -1, -1, NULL },
        { " // nothing\n/* at all */ ; ;", true, true, -1, -1, NULL },
        { "System.debug('a\\n' + 1 + null + 2.5 + true + 3L);", true, true, -1, -1, NULL },
        { "Integer i = 2 + 3 * 4; System.assertEquals(14, i); i = -i; System.assert(i < 0 && !(i > 0));", true, true,
          -1, -1, NULL },
        { "String s = 'Ab'; SYSTEM.ASSERTEQUALS('aB', S);", true, true, -1, -1, NULL },
        { "Decimal d = 1; System.assertEquals(1.5, d + 0.5);", true, true, -1, -1, NULL },
        { "Account a = new Account(Name = 'kept'), b;", false, false, 1, 39, "Missing ';' at ','" },
        { "Account a = new Account(Name = 'kept', NumberOfEmployees = 3);\ninsert a;\nAccount b = a;\nb.Phone = '1';\n"
          "update b;\nSystem.assertEquals('1', a.Phone);\nSystem.assertNotEquals(null, a.Id);\nAssert.isTrue(a == b);",
          true, true, -1, -1, NULL },
        { "Account a = new Account(Name = 'gone'); insert a; delete a;", true, true, -1, -1, NULL },
        { "System.debug('x')", false, false, 1, 18, "Missing ';'" },
        { "\n  System.debug(x);", false, false, 2, 16, "Variable does not exist: x" },
        { "Integer i = 'x';", false, false, 1, 13, "Illegal assignment from String to Integer" },
        { "Integer i; Integer I;", false, false, 1, 20, "Duplicate variable: I" },
        { "Nothing n;", false, false, 1, 1, "Invalid type: Nothing" },
        { "insert new Account(Nme = 'x');", false, false, 1, 20, "Field does not exist: Nme on Account" },
        { "insert 'x';", false, false, 1, 1, "DML requires SObject" },
        { "System.debug('x", false, false, 1, 14, "Illegal string literal" },
        { "}", false, false, 1, 1, "Unexpected token '}'." },
        { "Integer i = 99999999999;", false, false, 1, 13, "Illegal integer" },
        { "System.debug(1 + );", false, false, 1, 18, "Unexpected token ')'." },
        { "throw 'x';", false, false, 1, 7, "does not run" },
        { "for (Integer i = 0; i < 3; i++) { }", false, false, 1, 1, "This local org does not run 'for'" },
        { "List<Account> l = new List<Account>();", false, false, 1, 1, "does not run 'List'" },
        { "Account a = [SELECT Id FROM Account LIMIT 1];", false, false, 1, 13, "does not run" },
        { "Database.insert(new Account());", false, false, 1, 10, "does not run" },
        { "insert new Account();", true, false, 1, 1,
          "System.DmlException: Insert failed. First exception on row 0; first error: REQUIRED_FIELD_MISSING, Required "
          "fields are "
          "missing: [Name]: [Name]" },
        { "update new Account(Name = 'x');", true, false, 1, 1,
          "MISSING_ARGUMENT, Id not specified in an update call" },
        { "insert new Account(Name = 'undone');\nthrow new AuraHandledException('no');", true, false, 2, 1,
          "System.AuraHandledException: no" },
        { "System.assertEquals(1, 2, 'why');", true, false, 1, 1,
          "System.AssertException: Assertion Failed: why: Expected: 1, Actual: 2" },
        { "System.assert(false);", true, false, 1, 1, "System.AssertException: Assertion Failed" },
        { "Account a;\na.Name = 'x';", true, false, 2, 1, "System.NullPointerException" },
        { "Integer i = 1 / 0;", true, false, 1, 1, "System.MathException: Divide by 0" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_tooling_result r;
        print_message("  %s\n", cases[i].apex);
        if (sf_tooling_run(sf, cases[i].apex, NULL, &r, &err) != SF_OK) fail_msg("%s", err.message);
        const char *said = r.compile_problem != NULL ? r.compile_problem : r.exception_message;
        if (r.compiled != cases[i].compiled || r.success != cases[i].success || r.line != cases[i].line ||
            r.column != cases[i].column)
            fail_msg("compiled %d, success %d, at %d:%d: %s", r.compiled, r.success, (int)r.line, (int)r.column, said);
        if (cases[i].words == NULL)
            assert_null(said);
        else if (said == NULL || strstr(said, cases[i].words) == NULL)
            fail_msg("%s", said);
        assert_int_equal(r.exception_message != NULL, r.compiled && !r.success);
        assert_int_equal(r.exception_trace != NULL, r.exception_message != NULL);
        sf_tooling_result_clear(&r);
    }
    assert_int_equal(accounts("kept"), 1);
    assert_int_equal(accounts("undone"), 0); /* an exception undoes what was before it */
    assert_int_equal(accounts("gone"), 0);
}

static void test_tooling__failures_can_be_errors(void **state)
{
    (void)state;
    sf_tooling_result r;
    sf_tooling_run_options options = { .fail = true };
    assert_int_equal(sf_tooling_run(sf, "System.debug(1);", &options, &r, &err), SF_OK);
    sf_tooling_result_clear(&r);
    assert_int_equal(sf_tooling_run(sf, "\n  oops;", &options, &r, &err), SF_ERR_ORG);
    assert_non_null(strstr(err.message, "line 2, column 3: Variable does not exist: oops"));
    assert_string_equal(err.code, "");
    assert_false(r.compiled); /* told all the same */
    assert_int_equal(r.line, 2);
    sf_tooling_result_clear(&r);
    assert_int_equal(sf_tooling_run(sf, "insert new Account();", &options, &r, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "System.DmlException");
    assert_non_null(strstr(err.message, "REQUIRED_FIELD_MISSING"));
    assert_true(r.compiled);
    sf_tooling_result_clear(&r);
    sf_tooling_result_clear(NULL);
}

static void test_tooling__a_lost_answer_is_not_asked_for_again(void **state)
{
    (void)state;
    sf_tooling_result r;
    static const char *const faults[] = { "reset:after=0,path=/services/data/*/tooling/*,times=1",
                                          "truncate:after=20,length=wrong,path=/services/data/*/tooling/*,times=1",
                                          "502:effect=yes,path=/services/data/*/tooling/*,times=1" };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        print_message("  %s\n", faults[i]);
        test_org_fault(&org, faults[i]);
        assert_int_equal(sf_tooling_run(sf, "insert new Account(Name = 'once');", NULL, &r, &err),
                         SF_ERR_UNKNOWN_OUTCOME);
        assert_null(r.document);
        assert_false(err.retryable);
        test_org_faults_clear(&org);
        assert_int_equal(accounts("once"), (int64_t)i + 1); /* it ran, and it ran once */
    }
    sf_response response = { 0 };
    sf_request request = { .method = "GET",
                           .path = "tooling/executeAnonymous/?anonymousBody=insert%20new%20Account(Name='raw');" };
    test_org_fault(&org, faults[0]);
    assert_int_equal(sf_client_request(sf, &request, &response, &err), SF_ERR_UNKNOWN_OUTCOME);
    sf_response_clear(&response);
    test_org_faults_clear(&org);
    assert_int_equal(accounts("raw"), 1);
}

static void test_tooling__too_much_apex_is_refused(void **state)
{
    (void)state;
    sf_tooling_result r;
    char *apex = malloc(SF_TOOLING_APEX_MAX + 1);
    memset(apex, ' ', SF_TOOLING_APEX_MAX); /* each becomes %20 */
    apex[SF_TOOLING_APEX_MAX / 3] = '\0';
    assert_int_equal(sf_tooling_run(sf, apex, NULL, &r, &err), SF_OK);
    assert_true(r.success);
    sf_tooling_result_clear(&r);
    apex[SF_TOOLING_APEX_MAX / 3] = ' ';
    apex[SF_TOOLING_APEX_MAX / 3 + 1] = '\0';
    assert_int_equal(sf_tooling_run(sf, apex, NULL, &r, &err), SF_ERR_LIMIT);
    assert_int_equal(sf_tooling_run(sf, "\xff", NULL, &r, &err), SF_ERR_USAGE);
    assert_int_equal(sf_tooling_run(sf, NULL, NULL, &r, &err), SF_ERR_USAGE);
    assert_int_equal(sf_tooling_run(sf, "", &(sf_tooling_run_options){ .reserved = { 1 } }, &r, &err), SF_ERR_USAGE);
    sf_tooling_result_clear(&r);
    free(apex);
}

static void test_tooling__queries_and_describes(void **state)
{
    (void)state;
    sf_query *q = NULL;
    sf_value row;
    sf_document *doc = NULL;
    sf_id job = { "x" };
    sf_query_options tooling = { .tooling = true };
    assert_int_equal(sf_query_open(sf, "SELECT Id, QualifiedApiName FROM EntityDefinition WHERE KeyPrefix = '001'",
                                   &tooling, &q, &err),
                     SF_OK);
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    assert_string_equal(sf_get_str(row, "QualifiedApiName"), "Account");
    assert_non_null(strstr(sf_get_str(row, "attributes.url"), "/tooling/sobjects/EntityDefinition/"));
    assert_int_equal(sf_query_next(q, &row, &err), SF_DONE);
    sf_query_close(q);
    assert_int_equal(sf_query_open(sf, "SELECT Id FROM Account", &tooling, &q, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_TYPE");
    assert_int_equal(sf_tooling_describe_global(sf, NULL, &doc, &err), SF_OK);
    bool found = false;
    for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "sobjects")); sf_iter_next(&it, NULL, &row);) {
        assert_string_not_equal(sf_get_str(row, "name"), "Account");
        found = found || strcmp(sf_get_str(row, "name"), "ApexClass") == 0;
    }
    assert_true(found);
    sf_document_free(doc);
    assert_int_equal(sf_tooling_describe(sf, "ApexClass", NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "keyPrefix"), "01p");
    sf_document_free(doc);
    assert_int_equal(sf_tooling_describe(sf, "Account", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_tooling_describe(sf, "a/b", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_tooling_completions(sf, "apex", NULL, &doc, &err), SF_OK);
    assert_int_equal(sf_get(sf_document_root(doc), "publicDeclarations").type, SF_OBJECT);
    sf_document_free(doc);
    assert_int_equal(sf_tooling_run_tests(sf, "{\"classNames\":\"NoTests\"}", NULL, &doc, &err), SF_ERR_ORG);
    assert_non_null(strstr(err.message, "NoTests"));
    assert_int_equal(sf_tooling_queue_tests(sf, "{\"tests\":[{\"className\":\"NoTests\"}]}", NULL, &job, &err),
                     SF_ERR_ORG);
    assert_string_equal(job.text, "x");
    assert_int_equal(sf_tooling_run_tests(sf, "[]", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_tooling_queue_tests(sf, "{", NULL, &job, &err), SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tooling__apex_runs_or_says_why_not),
        cmocka_unit_test(test_tooling__failures_can_be_errors),
        cmocka_unit_test(test_tooling__a_lost_answer_is_not_asked_for_again),
        cmocka_unit_test(test_tooling__too_much_apex_is_refused),
        cmocka_unit_test(test_tooling__queries_and_describes),
    };
    return cmocka_run_group_tests_name("tooling", tests, start, stop);
}
