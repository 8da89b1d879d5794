/* graphql_test.c: GraphQL against a real local org, held against what SOQL says of the same rows: pages by every way to
 * say after, filters, parents, children, errors beside data, and a lost answer. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "sample", NULL });
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

/* The nodes of a text are the rows of a statement, in their order: the column of one is the path of the other. */
static void same_rows(const char *text, const sf_graphql_options *options, const char *path, const char *soql,
                      const char *column)
{
    sf_graphql *g = NULL;
    sf_query *q = NULL;
    sf_value node, row;
    sf_status rc = sf_graphql_open(sf, text, options, &g, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    if (sf_query_open(sf, soql, NULL, &q, &err) != SF_OK) fail_msg("%s", err.message);
    int64_t rows = 0;
    while ((rc = sf_graphql_next(g, &node, &err)) == SF_ROW) {
        assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
        sf_str got = sf_get_text(node, path), want = sf_get_text(row, column);
        assert_int_equal(got.len, want.len);
        if (want.len > 0) assert_memory_equal(got.ptr, want.ptr, want.len);
        rows++;
    }
    if (rc != SF_DONE) fail_msg("%s", err.message);
    assert_int_equal(sf_query_next(q, &row, &err), SF_DONE);
    assert_true(rows > 0);
    if (sf_graphql_total(g) >= 0) assert_int_equal(sf_graphql_total(g), rows);
    sf_graphql_close(g);
    sf_query_close(q);
}

#define EDGES(node) "edges { node { " node " } } totalCount pageInfo { hasNextPage endCursor }"

static void test_graphql__pages_are_the_rows_of_a_query(void **state)
{
    (void)state;
    static const char soql[] = "SELECT Id, Name FROM Account ORDER BY Name, Id";
    static const char order[] = "orderBy: [{Name: {order: ASC}}, {Id: {order: ASC}}]";
    char text[1024];
    snprintf(text, sizeof text, "{ uiapi { query { Account(first: 7, %s) { " EDGES("Id Name { value }") " } } } }",
             order);
    same_rows(text, NULL, "Name.value", soql, "Name");
    snprintf(text, sizeof text, "{ uiapi { query { Account(%s) { " EDGES("Id") " } } } }", order); /* ten a page */
    same_rows(text, NULL, "Id", soql, "Id");
    snprintf(text, sizeof text, "{ uiapi { query { Account(first: 7, after: null, %s) { " EDGES("Id") " } } } }",
             order);
    same_rows(text, NULL, "Id", soql, "Id");
    snprintf(text, sizeof text,
             "query x { uiapi { query { Contact { totalCount } } } } query y($n: Int!, $from: String) { uiapi { query "
             "{ rows: "
             "Account(first: $n, after: $from, %s) { " EDGES("...f") " } } } } fragment f on Account { key: Id }",
             order);
    sf_graphql_options options = { .operation = "y", .variables = "{\"n\":100}", .connection = "uiapi.query.rows" };
    same_rows(text, &options, "key", soql, "Id");
    same_rows("{ uiapi { query { Contact(first: 2000) { " EDGES("Id Account { Name { value } }") " } } } }", NULL,
              "Account.Name.value", "SELECT Account.Name FROM Contact", "Account.Name");
}

static void test_graphql__filters_mean_what_soql_means(void **state)
{
    static const struct {
        const char *where, *soql;
    } cases[] = {
        { "{Industry: {eq: \"Energy\"}}", "Industry = 'Energy'" },
        { "{Industry: {ne: \"Energy\"}}", "Industry != 'Energy'" },
        { "{ParentId: {eq: null}}", "ParentId = null" },
        { "{Industry: {in: [\"Energy\", \"Banking\"]}}", "Industry IN ('Energy','Banking')" },
        { "{Industry: {nin: [\"Energy\", \"Banking\"]}}", "Industry NOT IN ('Energy','Banking')" },
        { "{Name: {like: \"%a%\"}, NumberOfEmployees: {gt: 10, lte: 5000}}",
          "Name LIKE '%a%' AND NumberOfEmployees > 10 AND NumberOfEmployees <= 5000" },
        { "{or: [{Name: {like: \"A%\"}}, {and: [{Name: {like: \"B%\"}}, {NumberOfEmployees: {gte: 1}}]}]}",
          "Name LIKE 'A%' OR (Name LIKE 'B%' AND NumberOfEmployees >= 1)" },
        { "{not: {Name: {like: \"A%\"}}}", "(NOT Name LIKE 'A%')" },
        { "{Parent: {Name: {ne: null}}}", "Parent.Name != null" },
        { "{CreatedDate: {lt: {literal: TODAY}}}", "CreatedDate < TODAY" },
        { "{CreatedDate: {gte: {range: {last_n_days: 400}}}}", "CreatedDate >= LAST_N_DAYS:400" },
        { "{CreatedDate: {gt: {value: \"2025-01-01T00:00:00Z\"}}}", "CreatedDate > 2025-01-01T00:00:00Z" },
        { "{AnnualRevenue: {gt: 1.5e6}}", "AnnualRevenue > 1500000" },
        { "{}", "Id != null" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[1024], soql[512];
        print_message("  %s\n", cases[i].where);
        snprintf(
            text, sizeof text,
            "{ uiapi { query { Account(first: 200, where: %s, orderBy: {Id: {order: ASC}}) { " EDGES("Id") " } } } }",
            cases[i].where);
        snprintf(soql, sizeof soql, "SELECT Id FROM Account WHERE %s ORDER BY Id", cases[i].soql);
        same_rows(text, NULL, "Id", soql, "Id");
    }
    sf_graphql_options absent = { .variables = "{}" }; /* a variable without a value is no condition */
    same_rows("query($i: String) { uiapi { query { Account(first: 100, where: {Industry: {eq: $i}}, orderBy: {Id: "
              "{order: ASC}}) { " EDGES("Id") " } } } }",
              &absent, "Id", "SELECT Id FROM Account ORDER BY Id", "Id");
    sf_graphql_options quoted = { .variables = "{\"n\":\"O'Hara' OR Name != '\\\\\"}" };
    sf_document *doc = NULL;
    assert_int_equal(
        sf_graphql_run(sf, "query($n: String) { uiapi { query { Account(where: {Name: {eq: $n}}) { totalCount } } } }",
                       &quoted, &doc, &err),
        SF_OK);
    assert_int_equal(sf_get_int(sf_document_root(doc), "data.uiapi.query.Account.totalCount", -1), 0);
    sf_document_free(doc);
}

static void test_graphql__children_and_parents(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_query *q = NULL;
    sf_value row, account, edge;
    static const char text[] = "{ uiapi { query { Account(first: 5, orderBy: {Id: {order: ASC}}) { edges { node { Id "
                               "Owner { __typename ... on User { "
                               "Username { value } } } Contacts(first: 2, orderBy: {Id: {order: DESC}}) { totalCount "
                               "pageInfo { hasNextPage } edges { "
                               "node { Id CreatedDate { value } } cursor } } } } } } } }";
    if (sf_graphql_run(sf, text, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    if (sf_query_open(sf,
                      "SELECT Id, Owner.Username, (SELECT Id, CreatedDate FROM Contacts ORDER BY Id DESC) FROM Account "
                      "ORDER BY Id "
                      "LIMIT 5",
                      NULL, &q, &err) != SF_OK)
        fail_msg("%s", err.message);
    sf_iter edges = sf_iter_begin(sf_get(sf_document_root(doc), "data.uiapi.query.Account.edges"));
    while (sf_iter_next(&edges, NULL, &edge)) {
        account = sf_get(edge, "node");
        assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
        assert_string_equal(sf_get_str(account, "Id"), sf_get_str(row, "Id"));
        assert_string_equal(sf_get_str(account, "Owner.Username.value"), sf_get_str(row, "Owner.Username"));
        assert_string_equal(sf_get_str(account, "Owner.__typename"), "User");
        int64_t total = sf_get_int(row, "Contacts.totalSize", 0);
        assert_int_equal(sf_get_int(account, "Contacts.totalCount", -1), total);
        assert_int_equal(sf_get_bool(account, "Contacts.pageInfo.hasNextPage", false), total > 2);
        assert_int_equal(sf_value_count(sf_get(account, "Contacts.edges")), total < 2 ? total : 2);
        if (total == 0) continue;
        assert_string_equal(sf_get_str(account, "Contacts.edges.0.node.Id"), sf_get_str(row, "Contacts.records.0.Id"));
        sf_str when = sf_get_text(account, "Contacts.edges.0.node.CreatedDate.value");
        assert_int_equal(when.ptr[when.len - 1], 'Z');
        assert_memory_equal(when.ptr, sf_get_str(row, "Contacts.records.0.CreatedDate"), when.len - 1);
    }
    sf_query_close(q);
    sf_document_free(doc);
}

static void test_graphql__errors_are_told_and_can_be_kept(void **state)
{
    static const struct {
        const char *text, *code, *told;
    } cases[] = {
        { "{ uiapi { query { Account { edges { node { Nmae { value } } } } } } }", "ValidationError",
          "Field 'Nmae' in type 'Account' is undefined @ 'uiapi/query/Account/edges/node/Nmae' (line 1, column 44)" },
        { "{ uiapi { query { Acount { totalCount } } } }", "ValidationError", "'Acount' in type 'RecordQuery'" },
        { "{ uiapi { query { Account(frist: 1) { totalCount } } } }", "ValidationError", "frist" },
        { "{ uiapi { query { Account(first: 2001) { totalCount } } } }", "ValidationError", "0 to 2000" },
        { "{ uiapi { query { Account(where: {Name: {gt: 1}}) { totalCount } } } }", "ValidationError", "Name" },
        { "{ uiapi { query { Account(after: \"x!\") { totalCount } } } }", "ValidationError", "cursor" },
        { "{ uiapi {", "InvalidSyntax", "column 10" },
        { "query($n: Int!) { uiapi { query { Account(first: $n) { totalCount } } } }", "ValidationError", "'n'" },
        { "{ uiapi { query { Account(first: $x) { totalCount } } } }", "ValidationError", "Undefined variable x" },
        { "{ uiapi { query { Account { ...nothing } } } }", "ValidationError", "Undefined fragment nothing" },
        { "{ uiapi { query { Account(scope: NOBODY) { totalCount } } } }", "DataFetchingException",
          "INVALID_QUERY_SCOPE" },
    };
    (void)state;
    sf_document *doc = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].text);
        assert_int_equal(sf_graphql_run(sf, cases[i].text, NULL, &doc, &err), SF_ERR_ORG);
        assert_string_equal(err.code, cases[i].code);
        assert_int_equal(err.http_status, 200);
        if (strstr(err.message, cases[i].told) == NULL) fail_msg("%s", err.message);
        assert_null(doc);
    }
    sf_graphql_options keep = { .keep_errors = true };
    assert_int_equal(
        sf_graphql_run(sf, "{ uiapi { query { Account(scope: NOBODY) { totalCount } Contact { totalCount } } } }",
                       &keep, &doc, &err),
        SF_OK);
    sf_value root = sf_document_root(doc);
    assert_true(sf_is_null(root, "data.uiapi.query.Account"));
    assert_true(sf_get_int(root, "data.uiapi.query.Contact.totalCount", 0) > 0);
    assert_string_equal(sf_get_str(root, "errors.0.paths.2"), "Account");
    sf_document_free(doc);
    sf_graphql *g = NULL;
    assert_int_equal(sf_graphql_open(sf, cases[0].text, NULL, &g, &err), SF_ERR_ORG);
    assert_null(g);
}

static void test_graphql__a_lost_answer_is_asked_for_again(void **state)
{
    (void)state;
    test_org_fault(&org, "truncate:path=/graphql,times=1,length=wrong");
    same_rows("{ uiapi { query { Account(first: 100, orderBy: {Id: {order: ASC}}) { " EDGES("Id") " } } } }", NULL,
              "Id", "SELECT Id FROM Account ORDER BY Id", "Id");
    test_org_faults_clear(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphql__pages_are_the_rows_of_a_query),
        cmocka_unit_test(test_graphql__filters_mean_what_soql_means),
        cmocka_unit_test(test_graphql__children_and_parents),
        cmocka_unit_test(test_graphql__errors_are_told_and_can_be_kept),
        cmocka_unit_test(test_graphql__a_lost_answer_is_asked_for_again),
    };
    return cmocka_run_group_tests_name("graphql", tests, start, stop);
}
