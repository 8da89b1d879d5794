/* query_test.c: cursors against a real local org: pages, prefetch, children, resume, binds, columns, split lists. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "sample", "--schema",
                                                SF_SOURCE_DIR "/tests/integration/data/things.json", NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static sf_query *open_query(const char *soql, const sf_query_options *options)
{
    sf_query *q = NULL;
    if (sf_query_open(sf, soql, options, &q, &err) != SF_OK)
        fail_msg("%s: %s", soql != NULL ? soql : "resumed", err.message);
    return q;
}

/* All rows' ids as one number that depends on their order. */
static uint64_t read_all(sf_query *q, int64_t *rows)
{
    uint64_t hash = 1;
    sf_value row;
    sf_status rc;
    *rows = 0;
    while ((rc = sf_query_next(q, &row, &err)) == SF_ROW) {
        for (const char *id = sf_get_str(row, "Id"); *id != '\0'; id++) hash = hash * 31 + (unsigned char)*id;
        (*rows)++;
    }
    if (rc != SF_DONE) fail_msg("%s", err.message);
    assert_int_equal(sf_query_next(q, &row, &err), SF_DONE); /* sticky */
    assert_int_equal(sf_query_delivered(q), *rows);
    sf_query_close(q);
    return hash;
}

static void test_query__pages_give_the_same_rows(void **state)
{
    static const char soql[] = "SELECT Id, Name FROM Contact ORDER BY Id";
    static const sf_query_options ways[] = {
        { .page_rows = 200 },
        { .page_rows = 201 },
        { .page_rows = 999 },
        { .page_rows = 2000 },
        { .page_rows = 200, .no_prefetch = true },
        { .no_prefetch = true },
        { .all_rows = true, .page_rows = 300 },
    };
    (void)state;
    int64_t want_rows, rows;
    uint64_t want = read_all(open_query(soql, NULL), &want_rows);
    assert_true(want_rows >= 1500);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        assert_int_equal(read_all(open_query(soql, &ways[i]), &rows), want);
        assert_int_equal(rows, want_rows);
    }
}

static void test_query__resumes_from_each_page(void **state)
{
    static const char soql[] = "SELECT Id FROM Contact ORDER BY Id";
    (void)state;
    int64_t all;
    (void)read_all(open_query(soql, NULL), &all);
    sf_query *q = open_query(soql, &(sf_query_options){ .page_rows = 400 });
    sf_value row;
    sf_status rc;
    int64_t seen = 0;
    int resumed = 0;
    while ((rc = sf_query_next(q, &row, &err)) == SF_ROW) {
        seen++;
        if (seen % 400 != 0 || sf_query_resume_url(q) == NULL) continue;
        int64_t rest;
        const sf_query_options from = { .resume = sf_query_resume_url(q), .resume_delivered = seen, .page_rows = 400 };
        sf_query *other = open_query(NULL, &from);
        assert_int_equal(sf_query_column_count(other), 1);
        assert_string_equal(sf_query_column(other, 0).path, "Id");
        (void)read_all(other, &rest);
        assert_int_equal(seen + rest, all);
        resumed++;
    }
    assert_int_equal(rc, SF_DONE);
    assert_true(resumed >= 3);
    assert_null(sf_query_resume_url(q));
    sf_query_close(q);
}

static void test_query__children_page_by_themselves(void **state)
{
    (void)state;
    sf_id parent, id;
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_str(r, "Name", "root");
    assert_int_equal(sf_record_create(sf, r, NULL, &parent, &err), SF_OK);
    (void)sf_record_set_str(r, "Parent__c", parent.text);
    for (int i = 0; i < 450; i++) {
        (void)sf_record_set_int(r, "Whole__c", i);
        assert_int_equal(sf_record_create(sf, r, NULL, &id, &err), SF_OK);
    }
    sf_record_clear(r); /* grandchildren of the last one */
    (void)sf_record_set_str(r, "Parent__c", id.text);
    sf_id grandchild;
    for (int i = 0; i < 3; i++) assert_int_equal(sf_record_create(sf, r, NULL, &grandchild, &err), SF_OK);
    sf_record_free(r);

    for (int no_prefetch = 0; no_prefetch < 2; no_prefetch++) {
        sf_query *q = open_query("SELECT Id, (SELECT id, Whole__c, (SELECT Id FROM Things__r) FROM Things__r ORDER BY "
                                 "Whole__c) FROM Thing__c "
                                 "WHERE Name = 'root' AND Parent__c = null",
                                 &(sf_query_options){ .page_rows = 200, .no_prefetch = no_prefetch != 0 });
        sf_value row, child, grand;
        sf_query *children = NULL, *grands = NULL;
        assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
        if (sf_query_children(q, sf_get(row, "Things__r"), &children, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_query_column_count(children), 3);
        assert_string_equal(sf_query_column(children, 0).path, "Id");
        assert_true(sf_query_column(children, 2).is_children);
        assert_int_equal(sf_query_total(children), 450);
        int64_t count = 0, grand_count = 0;
        sf_status rc;
        while ((rc = sf_query_next(children, &child, &err)) == SF_ROW) {
            assert_int_equal(sf_get_int(child, "Whole__c", -1), count);
            count++;
            if (sf_query_children(children, sf_get(child, "Things__r"), &grands, &err) != SF_OK)
                fail_msg("%s", err.message);
            while ((rc = sf_query_next(grands, &grand, &err)) == SF_ROW) grand_count++;
            assert_int_equal(rc, SF_DONE);
            sf_query_close(grands);
        }
        if (rc != SF_DONE) fail_msg("%s", err.message);
        assert_int_equal(count, 450);
        assert_int_equal(grand_count, 3);
        assert_string_equal(sf_get_str(row, "Id"), parent.text); /* the parent's row is still good */
        sf_query_close(children);
        assert_int_equal(sf_query_children(q, sf_get(row, "Nothing"), &children, &err), SF_ERR_USAGE);
        assert_int_equal(sf_query_next(q, &row, &err), SF_DONE);
        sf_query_close(q);
    }
}

/* What goes in as a bind finds exactly the record that has it. */
static void test_query__binds_find_what_they_say(void **state)
{
    static const char *const names[] = {
        "O'Brien", "' OR Name != '",   "back\\slash",     "new\nline",       "tab\tbed",           "\"double\"",
        "100%",    "under_score",      "木村 \U0001F600", "\u202Eabc\u202C", "a\\' OR Id != null", ":name",
        "--",      "') OR (Name != '",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char ext[32];
        print_message("  %s\n", names[i]);
        snprintf(ext, sizeof ext, "bind-%zu", i);
        sf_record *r = sf_record_new("Thing__c");
        (void)sf_record_set_str(r, "Name", names[i]);
        if (sf_record_upsert(sf, r, "Ext__c", ext, NULL, NULL, &err) != SF_OK) fail_msg("%s", err.message);
        sf_record_free(r);
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        sf_value row;
        sf_query *q = open_query("SELECT Id, Name FROM Thing__c WHERE Name = :name",
                                 &(sf_query_options){ .binds = SF_BINDS({ "name", sf_bind_str(names[i]) }) });
        assert_int_equal(sf_query_total(q), 1);
        assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
        assert_string_equal(sf_get_str(row, "Name"), names[i]);
        sf_query_close(q);
    }
}

static void test_query__long_statements_are_sent_and_split(void **state)
{
    enum { VALUES = 9000 };
    static char texts[VALUES][24];
    static const char *list[VALUES + 2];
    (void)state;
    for (int i = 0; i < VALUES; i++) {
        snprintf(texts[i], sizeof texts[i], "nothing-%08d", i);
        list[i] = texts[i];
    }
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_int(r, "Whole__c", 1);
    assert_int_equal(sf_record_upsert(sf, r, "Ext__c", texts[7], NULL, NULL, &err), SF_OK);
    assert_int_equal(sf_record_upsert(sf, r, "Ext__c", texts[VALUES - 1], NULL, NULL, &err), SF_OK);
    sf_record_free(r);
    list[VALUES] = "NOTHING-00000007"; /* the same value to the org */
    list[VALUES + 1] = texts[7];
    char *text = NULL;
    sf_binds binds = SF_BINDS({ "list", sf_bind_str_list(list, VALUES + 2) });
    assert_int_equal(sf_query_format("SELECT Id FROM Thing__c WHERE Ext__c IN :list", binds, &text, &err), SF_OK);
    assert_true(strlen(text) <= SF_QUERY_TEXT_MAX);
    sf_free(text);
    assert_int_equal(sf_query_format("SELECT Id FROM Thing__c WHERE Ext__c NOT IN :list", binds, &text, &err),
                     SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "NOT IN"));
}

static void test_query__columns_are_spelt_as_rows_are(void **state)
{
    (void)state;
    sf_query *q = open_query(
        "select id, account.name, account.owner.name, lastname from contact where accountid != null limit 5", NULL);
    static const char *const want[] = { "Id", "Account.Name", "Account.Owner.Name", "LastName" };
    sf_value row;
    assert_int_equal(sf_query_column_count(q), COUNT_OF(want));
    for (size_t i = 0; i < COUNT_OF(want); i++) assert_string_equal(sf_query_column(q, i).path, want[i]);
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    for (size_t i = 0; i < COUNT_OF(want); i++) assert_non_null(sf_get_str(row, want[i]));
    assert_null(sf_query_column(q, 99).path);
    sf_query_close(q);
    q = open_query("SELECT FIELDS(STANDARD) FROM Account LIMIT 1", NULL);
    assert_true(sf_query_column_count(q) > 15);
    assert_string_equal(sf_query_column(q, 0).path, "Id");
    sf_query_close(q);
    q = open_query("SELECT Industry, COUNT(Id), MAX(AnnualRevenue) top FROM Account GROUP BY Industry", NULL);
    assert_int_equal(sf_query_column_count(q), 3);
    assert_string_equal(sf_query_column(q, 1).path, "expr0");
    assert_string_equal(sf_query_column(q, 2).path, "top");
    int64_t groups = 0;
    while (sf_query_next(q, &row, &err) == SF_ROW) groups++;
    assert_int_equal(groups, sf_query_total(q));
    sf_query_close(q);
}

static void test_query__counts_and_explains(void **state)
{
    (void)state;
    int64_t count = 0, contacts = 0;
    (void)read_all(open_query("SELECT Id FROM Contact", NULL), &contacts);
    assert_int_equal(sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &count, &err), SF_OK);
    assert_int_equal(count, contacts);
    assert_int_equal(sf_query_count(sf, "SELECT Id FROM Contact", NULL, &count, &err), SF_ERR_USAGE);
    sf_document *doc = NULL;
    if (sf_query_explain(sf, "SELECT Id FROM Account WHERE Name = 'x'", NULL, &doc, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_true(sf_value_count(sf_get(sf_document_root(doc), "plans")) > 0);
    sf_document_free(doc);
}

static void test_query__errors_say_where(void **state)
{
    (void)state;
    sf_query *q = NULL;
    assert_int_equal(sf_query_open(sf, "SELECT Nmae FROM Account", NULL, &q, &err), SF_ERR_ORG);
    assert_null(q);
    assert_string_equal(err.code, "INVALID_FIELD");
    assert_non_null(strstr(err.message, "Nmae"));
    assert_non_null(strstr(err.message, "column 8"));
    assert_int_equal(sf_query_open(sf, "SELECT", NULL, &q, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "MALFORMED_QUERY");
    assert_int_equal(
        sf_query_open(sf, NULL, &(sf_query_options){ .resume = "/services/data/v62.0/query/01gxx0000000000AAA-2000" },
                      &q, &err),
        SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_QUERY_LOCATOR");
    assert_non_null(strstr(err.message, "send the query again"));
    assert_int_equal(sf_query_open(sf, NULL, &(sf_query_options){ .resume = "https://evil.example/x" }, &q, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_query_open(sf, "SELECT Id FROM Account", &(sf_query_options){ .page_rows = 5 }, &q, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_query_open(sf, NULL, NULL, &q, &err), SF_ERR_USAGE);
    size_t big = 10 << 20;
    char *literal = malloc(big + 1);
    memset(literal, 'x', big);
    literal[big] = '\0';
    assert_int_equal(sf_query_open(sf, "SELECT Id FROM Account WHERE Name = :v",
                                   &(sf_query_options){ .binds = SF_BINDS({ "v", sf_bind_str(literal) }) }, &q, &err),
                     SF_ERR_LIMIT);
    free(literal);
}

/* A page that is damaged on the way is fetched again; one that stays damaged is an error, never a short result. */
static void test_query__never_ends_short(void **state)
{
    static const char *const faults[] = {
        "reset:path=/query,after=3000,times=1",
        "truncate:path=/query,length=right,times=1",
        "truncate:path=/query,length=wrong,times=1",
        "truncate:path=/query,length=right,skip=1",
        "reset:path=/query,after=900,skip=2",
        "503:path=/query,times=2",
        "truncate:path=/query,length=right,skip=3,times=1",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        for (int no_prefetch = 0; no_prefetch < 2; no_prefetch++) {
            sf_query *q = NULL;
            sf_value row;
            int64_t rows = 0;
            test_org_fault(&org, faults[i]);
            sf_status rc =
                sf_query_open(sf, "SELECT Id, Name FROM Contact",
                              &(sf_query_options){ .page_rows = 400, .no_prefetch = no_prefetch != 0 }, &q, &err);
            while (rc >= 0 && (rc = sf_query_next(q, &row, &err)) == SF_ROW) rows++;
            test_org_faults_clear(&org);
            print_message("  %s: %s after %lld rows\n", faults[i], sf_status_name(rc), (long long)rows);
            if (rc == SF_DONE) assert_int_equal(rows, sf_query_total(q));
            if (rc < 0) assert_true(err.message[0] != '\0');
            sf_query_close(q);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query__pages_give_the_same_rows),
        cmocka_unit_test(test_query__resumes_from_each_page),
        cmocka_unit_test(test_query__children_page_by_themselves),
        cmocka_unit_test(test_query__binds_find_what_they_say),
        cmocka_unit_test(test_query__long_statements_are_sent_and_split),
        cmocka_unit_test(test_query__columns_are_spelt_as_rows_are),
        cmocka_unit_test(test_query__counts_and_explains),
        cmocka_unit_test(test_query__errors_say_where),
        cmocka_unit_test(test_query__never_ends_short),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("query", tests, start, stop);
}
