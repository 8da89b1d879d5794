/* graphql_test.c: where the argument after goes in a text, which texts write, errors that come with status 200, pages that
 * lead in circles or say nothing, and each allocation failing in turn. */
#include "rest/graphql_internal.h"
#include "support/replay.h"
#include <salesforce.h>

static sf_error err;

static void test_graphql__after_is_put_where_it_belongs(void **state)
{
    static const struct {
        const char *text, *path, *operation, *want; /* want NULL: not found; "$x": in that variable */
    } cases[] = {
        { "{ uiapi { query { Account { a } } } }", "uiapi.query.Account", NULL,
          "{ uiapi { query { Account(after: \"C\\\"\") { a } } } }" },
        { "{ uiapi { query { Account(first: 2) { a } } } }", "uiapi.query.Account", NULL,
          "{ uiapi { query { Account(after: \"C\\\"\", first: 2) { a } } } }" },
        { "{ uiapi { query { Account(first: 2, after: null, where: {after: {eq: 1}}) { a } } } }",
          "uiapi.query.Account", NULL,
          "{ uiapi { query { Account(first: 2, after: \"C\\\"\", where: {after: {eq: 1}}) { a } } } }" },
        { "{ uiapi { query { Account(where: {after: {eq: \"after: )\"}} after: \"x\") { a } } } }",
          "uiapi.query.Account", NULL,
          "{ uiapi { query { Account(where: {after: {eq: \"after: )\"}} after: \"C\\\"\") { a } } } }" },
        { "query($x: String) { uiapi { query { Account(after: $x) { a } } } }", "uiapi.query.Account", NULL, "$x" },
        { "{ uiapi { query { Contact(first: 1) { Account { x } } A: Account { a } } } }", "uiapi.query.A", NULL,
          "{ uiapi { query { Contact(first: 1) { Account { x } } A: Account(after: \"C\\\"\") { a } } } }" },
        { "{ uiapi { query { Contact { a } Account: Contact { a } } } }", "uiapi.query.Account", NULL,
          "{ uiapi { query { Contact { a } Account: Contact(after: \"C\\\"\") { a } } } }" },
        { "# { uiapi { query { Account\n{ uiapi { query { ... on Q @x(a: \"}\") { Account { a } } } } }",
          "uiapi.query.Account", NULL,
          "# { uiapi { query { Account\n{ uiapi { query { ... on Q @x(a: \"}\") { Account(after: \"C\\\"\") { a } } } "
          "} }" },
        { "fragment f on Q { Account { a } } query a { uiapi { query { ...f } } }", "uiapi.query.Account", NULL, NULL },
        { "fragment f on A { x } query a { y } query b($v: [I] = [1]) @d { uiapi { query { Account @d(x: 1) { a } } } "
          "}",
          "uiapi.query.Account", "b",
          "fragment f on A { x } query a { y } query b($v: [I] = [1]) @d { uiapi { query { Account(after: \"C\\\"\") "
          "@d(x: 1) { "
          "a } } } }" },
        { "query a { uiapi }", "uiapi.query.Account", NULL, NULL },
        { "{ uiapi { query { Account", "uiapi.query.Account", NULL, "{ uiapi { query { Account(after: \"C\\\"\")" },
        { "{ uiapi { query { Account(", "uiapi.query.Account", NULL, "{ uiapi { query { Account(after: \"C\\\"\", " },
        { "{ uiapi { query { Account(after:", "uiapi.query.Account", NULL,
          "{ uiapi { query { Account(after:\"C\\\"\"" },
        { "{ a(x: \"\"\" \" } \\\"\"\" \"\"\") { b } uiapi { c } }", "uiapi", NULL,
          "{ a(x: \"\"\" \" } \\\"\"\" \"\"\") { b } uiapi(after: \"C\\\"\") { c } }" },
        { "", "uiapi", NULL, NULL },
        { "query b { uiapi { c } }", "uiapi", "a", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_str steps[SFI_GRAPHQL_PATH_MAX], variable = { NULL, 0 };
        size_t count = 0;
        sfi_buf out = { 0 };
        print_message("  %s\n", cases[i].text);
        for (const char *at = cases[i].path; *at != '\0';) {
            size_t len = strcspn(at, ".");
            steps[count++] = (sf_str){ at, len };
            at += len + (at[len] == '.');
        }
        sfi_graphql_after got =
            sfi_graphql_set_after(cases[i].text, cases[i].operation, steps, count, "C\"", &out, &variable);
        if (cases[i].want == NULL) {
            assert_int_equal(got, SFI_GRAPHQL_NOT_FOUND);
        } else if (cases[i].want[0] == '$') {
            assert_int_equal(got, SFI_GRAPHQL_IN_VARIABLE);
            assert_true(sfi_str_is(variable, cases[i].want + 1));
        } else {
            assert_int_equal(got, SFI_GRAPHQL_IN_TEXT);
            assert_string_equal(out.data, cases[i].want);
        }
        sfi_buf_free(&out);
    }
}

static void test_graphql__texts_cut_short_are_no_danger(void **state)
{
    (void)state;
    static const char text[] =
        "query b($v: [I] = [1]) @d { uiapi(x: \"\"\"a\"\"\") { ...f ... on Q { z } query { Account(first: 1, "
        "after: $v, where: {a: \"\\\"\"}) { a } } } } fragment f on Q { b } mutation { c }";
    sf_str steps[] = { { "uiapi", 5 }, { "query", 5 }, { "Account", 7 } };
    for (size_t len = 0; len <= sizeof text - 1; len++) {
        char *cut = sfi_alloc(len + 1); /* its own block: reading past its end is seen */
        memcpy(cut, text, len);
        cut[len] = '\0';
        sfi_buf out = { 0 };
        sf_str variable = { NULL, 0 };
        (void)sfi_graphql_set_after(cut, NULL, steps, 3, "c", &out, &variable); /* whatever it finds */
        assert_int_equal(sfi_graphql_writes(cut), len >= sizeof text - 1 - strlen(" { c }"));
        sfi_buf_free(&out);
        sfi_free(cut);
    }
}

static void test_graphql__knows_what_writes(void **state)
{
    static const struct {
        const char *text;
        bool writes;
    } cases[] = {
        { "{ mutation { a } }", false },
        { "query mutation { a }", false },
        { "mutation { a }", true },
        { "query q { a } mutation m { b }", true },
        { "# mutation { a }\n{ b }", false },
        { "{ a(x: \"} mutation {\") }", false },
        { "fragment f on A { x } mutation m($i: I = {a: 1}) { b }", true },
        { "\xEF\xBB\xBFmutation { a }", true },
        { "\xEF\xBB\xBF{ a }", false },
        { "{ a } \xEF\xBB\xBF mutation { b }", true },
        { "# a comment\rmutation { a }", true },
        { "{ b } # a comment\r# another\rmutation { a }", true },
        { "\"What it does\" mutation { a }", true },
        { "something of a later day { a }", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].text);
        assert_int_equal(sfi_graphql_writes(cases[i].text), cases[i].writes);
    }
}

/* ---- answers ---- */

#define QUERY "{ uiapi { query { Account { edges { node { Id } } pageInfo { hasNextPage endCursor } } } } }"
#define PAGE(edges, info)                                                                                              \
    "{\"data\":{\"uiapi\":{\"query\":{\"Account\":{\"edges\":[" edges "],\"pageInfo\":{" info "}}}}},\"errors\":[]}"

static void test_graphql__a_result_ends_only_where_the_org_says_so(void **state)
{
    static const struct {
        const char *body, *told;
        sf_status end;
        int64_t rows;
    } cases[] = {
        { PAGE("{\"node\":{\"Id\":\"1\"}},{\"node\":{\"Id\":\"2\"}}", "\"hasNextPage\":false,\"endCursor\":\"Mg==\""),
          "", SF_DONE, 2 },
        { PAGE("", "\"hasNextPage\":false,\"endCursor\":null"), "", SF_DONE, 0 },
        { PAGE("{\"node\":{\"Id\":\"1\"}}", "\"hasNextPage\":true,\"endCursor\":\"MQ==\""), "ends where",
          SF_ERR_PROTOCOL, 1 },
        { PAGE("{\"node\":{\"Id\":\"1\"}}", "\"hasNextPage\":true"), "endCursor", SF_ERR_PROTOCOL, 1 },
        { PAGE("{\"node\":{\"Id\":\"1\"}}", "\"endCursor\":\"MQ==\""), "pageInfo", SF_ERR_USAGE, 0 },
        { PAGE("{\"cursor\":\"x\"}", "\"hasNextPage\":false"), "node", SF_ERR_USAGE, 0 },
        { "{\"data\":{\"uiapi\":{\"query\":{}}},\"errors\":[]}", "no edges", SF_ERR_USAGE, 0 },
        { "{\"data\":{\"uiapi\":{\"query\":{\"A\":{\"edges\":[]},\"B\":{\"edges\":[]}}}}}", "several", SF_ERR_USAGE,
          0 },
        { "{\"data\":null}", "neither", SF_ERR_PROTOCOL, 0 },
        { "{\"data\":{},\"errors\":[{\"message\":\"no\\nfield\",\"locations\":[{\"line\":3,\"column\":7}],"
          "\"extensions\":{"
          "\"ErrorType\":\"ValidationError\"}},{}]}",
          "graphql: no field (line 3, column 7) (and 1 more)", SF_ERR_ORG, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay t;
        sf_graphql *g = NULL;
        sf_value node;
        int64_t rows = 0;
        print_message("  %s\n", cases[i].body);
        replay_start_json(&t, 200, cases[i].body, strlen(cases[i].body));
        sf_status rc = sf_graphql_open(t.sf, QUERY, NULL, &g, &err);
        while (rc >= 0 && (rc = sf_graphql_next(g, &node, &err)) == SF_ROW) rows++;
        assert_int_equal(rc, cases[i].end);
        assert_int_equal(rows, cases[i].rows);
        if (g != NULL) assert_int_equal(sf_graphql_next(g, &node, &err), rc); /* sticky */
        if (rc < 0) assert_non_null(strstr(err.message, cases[i].told));
        if (rc == SF_ERR_ORG) assert_string_equal(err.code, "ValidationError");
        sf_graphql_close(g);
        replay_stop(&t);
    }
}

static void test_graphql__refuses_what_cannot_be_sent(void **state)
{
    (void)state;
    replay t;
    sf_graphql *g = NULL;
    sf_document *doc = NULL;
    sf_value node;
    replay_start_json(&t, 200, "{}", 2);
    assert_int_equal(sf_graphql_run(t.sf, " ", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_run(t.sf, NULL, NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_run(t.sf, "\xff", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_run(t.sf, QUERY, &(sf_graphql_options){ .variables = "[1]" }, &doc, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_graphql_run(t.sf, QUERY, &(sf_graphql_options){ .variables = "{" }, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_run(t.sf, QUERY, &(sf_graphql_options){ .connection = "a" }, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_run(t.sf, QUERY, &(sf_graphql_options){ .reserved = { 1 } }, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_open(t.sf, "mutation { a }", NULL, &g, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_open(t.sf, QUERY, &(sf_graphql_options){ .keep_errors = true }, &g, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_graphql_open(t.sf, QUERY, &(sf_graphql_options){ .connection = "a..b" }, &g, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_graphql_next(NULL, &node, &err), SF_ERR_USAGE);
    assert_int_equal(sf_graphql_total(NULL), -1);
    assert_null(sf_graphql_end_cursor(NULL));
    assert_int_equal(wire_requests(t.server), 0);
    replay_stop(&t);
}

static void test_graphql__survives_each_failed_allocation(void **state)
{
    (void)state;
    replay t;
    static const char page[] = PAGE("{\"node\":{\"Id\":\"1\"}}", "\"hasNextPage\":false,\"endCursor\":\"MQ==\"");
    replay_start_json(&t, 200, page, sizeof page - 1);
    sf_document *doc = NULL;
    if (sf_graphql_run(t.sf, QUERY, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message); /* the session is there */
    sf_document_free(doc);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_DONE; n++) { /* the I/O thread allocates too, so the n differ a little from run to run */
        sf_graphql *g = NULL;
        sf_value node;
        assert_true(n < 5000);
        test_allocations_limit(n);
        rc =
            sf_graphql_open(t.sf, QUERY, &(sf_graphql_options){ .variables = "{\"a\":1}", .operation = "x" }, &g, &err);
        test_allocations_limit(-1);
        if (rc < 0) assert_null(g);
        while (rc >= 0 && (rc = sf_graphql_next(g, &node, &err)) == SF_ROW) {
        }
        sf_graphql_close(g);
    }
    replay_stop(&t);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graphql__after_is_put_where_it_belongs),
        cmocka_unit_test(test_graphql__texts_cut_short_are_no_danger),
        cmocka_unit_test(test_graphql__knows_what_writes),
        cmocka_unit_test(test_graphql__a_result_ends_only_where_the_org_says_so),
        cmocka_unit_test(test_graphql__refuses_what_cannot_be_sent),
        cmocka_unit_test(test_graphql__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("graphql", tests, NULL, NULL);
}
