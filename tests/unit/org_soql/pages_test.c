/*
 * pages_test.c: results that do not fit a page: every row comes once, in order, whatever the batch size; child results
 * page at locators of their own; a locator belongs to its user and to the ten youngest results; explain counts.
 */
#include "fixture.h"

enum { ROWS = 4321, CHILDREN = 455 };

static void fill(void)
{
    char sql[1024];
    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) INSERT INTO Thing__c(Id,Name,Size__c)"
        " SELECT printf('a0tB%%011dAAA',i),printf('row %%05d',i),(i*7919)%%%d FROM n",
        ROWS, ROWS);
    fixture_run(&org, sql);
    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) INSERT INTO Contact(Id,LastName,Name,"
        "AccountId) SELECT printf('003B%%011dAAA',i),printf('kid %%05d',i),printf('kid %%05d',i),'001000000000002AAA' "
        "FROM n",
        CHILDREN);
    fixture_run(&org, sql);
}

static char *more(const char *locator, const char *user, int batch)
{
    sfi_buf out = { 0 };
    sfo_fault fault = { 0 };
    sfo_context context = org.context;
    if (user != NULL) context.user_id = user;
    if (!sfo_soql_more(org.store, &context, sfi_str(locator), &(sfo_query_options){ .batch_size = batch }, &out,
                       &fault))
        sfi_buf_addf(&out, "%s: %s", fault.code, fault.message);
    sfo_fault_clear(&fault);
    char *text = sfi_buf_take(&out);
    assert_non_null(text);
    return text;
}

static char *query(const char *soql, int batch)
{
    sfi_buf out = { 0 };
    sfo_fault fault = { 0 };
    if (!sfo_soql_query(org.store, &org.context, sfi_str(soql), &(sfo_query_options){ .batch_size = batch }, &out,
                        &fault))
        fail_msg("%s", fault.message);
    char *text = sfi_buf_take(&out);
    assert_non_null(text);
    return text;
}

/* The locator behind the first nextRecordsUrl at or after from; false: there is none. */
static bool next_locator(const char *from, char out[64])
{
    const char *at = strstr(from, "/query/");
    if (at == NULL) return false;
    at += strlen("/query/");
    size_t n = strcspn(at, "\"");
    assert_true(n < 64);
    memcpy(out, at, n);
    out[n] = '\0';
    return true;
}

static int count_text(const char *in, const char *what)
{
    int n = 0;
    for (const char *at = in; (at = strstr(at, what)) != NULL; at += strlen(what)) n++;
    return n;
}

/* Checks that the Size__c of the rows go on from *next, one by one. */
static void check_order(const char *page, int *next)
{
    for (const char *at = page; (at = strstr(at, "\"Size__c\":")) != NULL; at++) {
        assert_int_equal(strtol(at + strlen("\"Size__c\":"), NULL, 10), *next);
        ++*next;
    }
}

static void test_pages__give_every_row_once_in_order(void **state)
{
    static const int batches[] = { 0, 200, 1000, 1999, 5000, 1 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        char locator[64];
        int next = 0, pages = 1, batch = batches[i];
        int size = batch == 0 || batch > 2000 ? 2000 : batch < 200 ? 200 : batch;
        char *page = query("SELECT Size__c FROM Thing__c WHERE Name LIKE 'row%' ORDER BY Size__c", batch);
        check_order(page, &next);
        while (next_locator(page, locator)) {
            char offset[32];
            snprintf(offset, sizeof offset, "-%d", next);
            assert_string_equal(locator + 18, offset);
            assert_non_null(strstr(page, "\"totalSize\":4321,\"done\":false,"));
            sfi_free(page);
            page = more(locator, NULL, batch);
            check_order(page, &next);
            pages++;
        }
        assert_non_null(strstr(page, "\"totalSize\":4321,\"done\":true,"));
        assert_int_equal(next, ROWS);
        assert_int_equal(pages, (ROWS + size - 1) / size);
        sfi_free(page);
    }
}

static void test_pages__keep_what_the_result_was(void **state)
{
    char locator[64];
    (void)state;
    char *page =
        query("SELECT Name, Size__c FROM Thing__c WHERE Size__c < 4000 AND Name LIKE 'row%' ORDER BY Size__c", 0);
    assert_true(next_locator(page, locator));
    sfi_free(page);
    fixture_run(&org, "UPDATE Thing__c SET Size__c=Size__c+100000 WHERE Name='row 00001'"); /* leaves the condition */
    int rows = 2000;
    do {
        page = more(locator, NULL, 0);
        rows += count_text(page, "\"Name\":");
        bool again = next_locator(page, locator);
        sfi_free(page);
        if (!again) break;
    } while (true);
    assert_int_equal(rows, 4000);
    fixture_run(&org, "UPDATE Thing__c SET Size__c=Size__c-100000 WHERE Name='row 00001'");
}

static void test_pages__child_results_have_their_own(void **state)
{
    char locator[64];
    (void)state;
    char *page = query("SELECT Name, (SELECT Name FROM Contacts ORDER BY Name) FROM Account ORDER BY Id", 0);
    assert_non_null(strstr(page, "{\"totalSize\":3,\"done\":true,"));
    assert_non_null(strstr(page, "\"Contacts\":{\"totalSize\":455,\"done\":false,\"nextRecordsUrl\":"));
    assert_int_equal(count_text(page, "kid "), 200);
    assert_true(next_locator(page, locator));
    assert_string_equal(locator + 18, "-200");
    sfi_free(page);
    page = more(locator, NULL, 0);
    assert_int_equal(count_text(page, "kid "), 255);
    assert_non_null(strstr(page, "{\"totalSize\":455,\"done\":true,\"records\":["));
    assert_non_null(strstr(page, "\"Name\":\"kid 00201\""));
    sfi_free(page);
    page = more(locator, NULL, 200); /* again, in other portions */
    assert_int_equal(count_text(page, "kid "), 200);
    assert_true(next_locator(page, locator));
    assert_string_equal(locator + 18, "-400");
    sfi_free(page);
}

static void test_pages__offset_gives_one(void **state)
{
    (void)state;
    char *page = query("SELECT Name FROM Thing__c WHERE Name LIKE 'row%' ORDER BY Name OFFSET 10", 0);
    assert_non_null(strstr(page, "{\"totalSize\":2000,\"done\":true,\"records\":["));
    sfi_free(page);
}

static void test_pages__locators_belong_to_users_and_die(void **state)
{
    static const char refused[] = "INVALID_QUERY_LOCATOR: invalid query locator";
    static const char *const wrong[] = { "",
                                         "x",
                                         "01g000000000000AAA",
                                         "01g000000000000AAA-",
                                         "01g000000000000AAA-2000",
                                         "01g000000000000AAA--5",
                                         "01g000000000000AAA-99999999999999999999" };
    char first[64], locator[64], changed[64];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char *page = more(wrong[i], NULL, 0);
        assert_string_equal(page, refused);
        sfi_free(page);
    }
    char *page = query("SELECT Id FROM Thing__c", 0);
    assert_true(next_locator(page, first));
    sfi_free(page);
    page = more(first, "005000000000009AAA", 0);
    assert_string_equal(page, refused);
    sfi_free(page);
    snprintf(changed, sizeof changed, "%.18s-999999", first);
    page = more(changed, NULL, 0);
    assert_string_equal(page, refused);
    sfi_free(page);
    for (int i = 0; i < 9; i++) { /* nine more: the first one still lives */
        page = query("SELECT Id FROM Thing__c", 0);
        assert_true(next_locator(page, locator));
        sfi_free(page);
    }
    page = more(first, NULL, 0);
    assert_int_equal(page[0], '{');
    sfi_free(page);
    sfi_free(query("SELECT Id FROM Thing__c", 0));
    page = more(first, NULL, 0);
    assert_string_equal(page, refused);
    sfi_free(page);
    org.context.now_ms += INT64_C(1000) * 86400 * 2 + 1000;
    page = more(locator, NULL, 0);
    assert_string_equal(page, refused);
    sfi_free(page);
    org.context.now_ms = NOON_MS;
}

static void test_pages__aggregates_have_one(void **state)
{
    (void)state;
    char *text = fixture_query(&org, "SELECT Name, COUNT(Id) FROM Thing__c GROUP BY Name", false);
    assert_string_equal(text,
                        "EXCEEDED_ID_LIMIT: Aggregate query does not support queryMore(), use LIMIT to restrict the "
                        "results to a single batch");
    sfi_free(text);
    text = fixture_query(&org, "SELECT Name, COUNT(Id) FROM Thing__c GROUP BY Name LIMIT 2000", false);
    assert_non_null(strstr(text, "{\"totalSize\":2000,\"done\":true,"));
    sfi_free(text);
}

static void test_pages__explain_counts(void **state)
{
    sfi_buf out = { 0 };
    sfo_fault fault = { 0 };
    (void)state;
    assert_true(sfo_soql_explain(org.store, &org.context,
                                 SFI_STR("SELECT Id FROM Contact WHERE AccountId = '001000000000002AAA'"), &out,
                                 &fault));
    assert_non_null(strstr(out.data, "{\"plans\":[{\"cardinality\":455,\"fields\":[\"AccountId\"],"
                                     "\"leadingOperationType\":\"Index\",\"notes\":["));
    assert_non_null(strstr(out.data, "\"sobjectCardinality\":458,\"sobjectType\":\"Contact\"}"));
    assert_non_null(
        strstr(out.data, "],\"sourceQuery\":\"SELECT Id FROM Contact WHERE AccountId = '001000000000002AAA'\"}"));
    sfi_buf_free(&out);
    assert_false(sfo_soql_explain(org.store, &org.context, SFI_STR("SELECT Nope FROM Contact"), &out, &fault));
    assert_string_equal(fault.code, "INVALID_FIELD");
    sfo_fault_clear(&fault);
    assert_true(sfo_soql_explain(org.store, &org.context, SFI_STR("SELECT COUNT(Id) FROM Contact"), &out, &fault));
    assert_non_null(strstr(out.data, "\"leadingOperationType\":\"TableScan\""));
    sfi_buf_free(&out);
}

/* Whatever allocation fails, no transaction stays open and nothing is lost; the first that gets through is whole. */
static void test_pages__survive_each_failed_allocation(void **state)
{
    static const char soql[] = "SELECT Name, (SELECT Name FROM Contacts) FROM Account";
    bool fine = false;
    (void)state;
    for (int n = 0; !fine; n++) {
        sfi_buf out = { 0 };
        sfo_fault fault = { 0 };
        char locator[64];
        test_allocations_limit(n);
        fine = sfo_soql_query(org.store, &org.context, sfi_str(soql), NULL, &out, &fault);
        test_allocations_limit(-1);
        assert_true(fine || (fault.http_status == 500 && out.len == 0));
        assert_true(sqlite3_get_autocommit(sfo_store_db(org.store)) != 0);
        sfo_fault_clear(&fault);
        if (fine) {
            assert_true(next_locator(out.data, locator));
            char *page = more(locator, NULL, 0);
            assert_int_equal(count_text(page, "kid "), CHILDREN - 200);
            sfi_free(page);
        }
        sfi_buf_free(&out);
    }
}

static int open_and_fill(void **state)
{
    int rc = open_org(state);
    fill();
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages__give_every_row_once_in_order),
        cmocka_unit_test(test_pages__keep_what_the_result_was),
        cmocka_unit_test(test_pages__child_results_have_their_own),
        cmocka_unit_test(test_pages__offset_gives_one),
        cmocka_unit_test(test_pages__locators_belong_to_users_and_die),
        cmocka_unit_test(test_pages__aggregates_have_one),
        cmocka_unit_test(test_pages__explain_counts),
        cmocka_unit_test(test_pages__survive_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("soql pages", tests, open_and_fill, close_org);
}
