/* search_test.c: searches against a real local org: statements with binds, parts, suggestions, both forms, failures. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static sf_id odd;

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
    sf_record *r = sf_record_new("Account");
    if (rc == SF_OK) rc = sf_record_set_str(r, "Name", "Zyx & \"O'Hara\" (Bonn) [a+b] {c} x^2! AND ~ Züri");
    if (rc == SF_OK) rc = sf_record_create(sf, r, NULL, &odd, &err);
    sf_record_free(r);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static int64_t count(sf_search *s, const char *type)
{
    sf_value row;
    sf_status rc;
    int64_t n = 0;
    while ((rc = sf_search_next(s, &row, &err)) == SF_ROW) {
        if (type != NULL) assert_string_equal(sf_get_str(row, "attributes.type"), type);
        n++;
    }
    assert_int_equal(rc, SF_DONE);
    sf_search_close(s);
    return n;
}

static void test_search__finds_what_a_query_finds(void **state)
{
    (void)state;
    sf_search *s = NULL;
    int64_t want = 0;
    assert_int_equal(sf_query_count(sf, "SELECT COUNT() FROM Account WHERE Name LIKE '% Inc.'", NULL, &want, &err),
                     SF_OK);
    assert_true(want > 0);
    assert_int_equal(sf_search_open(sf, "FIND {inc} IN NAME FIELDS RETURNING Account(Id WHERE Name LIKE :end)",
                                    &(sf_search_options){ .binds = SF_BINDS({ "end", sf_bind_str("% Inc.") }) }, &s,
                                    &err),
                     SF_OK);
    assert_int_equal(count(s, "Account"), want);
}

static void test_search__takes_any_text(void **state)
{
    (void)state;
    static const char *const texts[] = { "Zyx & \"O'Hara\" (Bonn) [a+b] {c} x^2! AND ~ Züri", "O'Hara", "zyx", "(bonn)",
                                         "ZÜRI" };
    sf_value row;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sf_search *s = NULL;
        print_message("  %s\n", texts[i]);
        if (sf_search_open(sf, "FIND {:text} RETURNING Account(Id, Name)",
                           &(sf_search_options){ .binds = SF_BINDS({ "text", sf_bind_str(texts[i]) }) }, &s,
                           &err) != SF_OK)
            fail_msg("%s", err.message);
        assert_int_equal(sf_search_next(s, &row, &err), SF_ROW);
        assert_string_equal(sf_get_str(row, "Id"), odd.text);
        assert_int_equal(sf_search_next(s, &row, &err), SF_DONE);
        sf_search_close(s);
        assert_int_equal(
            sf_search_text(sf, texts[i],
                           &(sf_search_parts){ .objects = &(sf_search_object){ .name = "Account" }, .object_count = 1 },
                           &s, &err),
            SF_OK);
        assert_int_equal(count(s, "Account"), 1);
    }
}

static void test_search__parts_mean_what_they_say(void **state)
{
    (void)state;
    sf_search *s = NULL;
    const sf_search_object objects[] = {
        { .name = "Contact", .limit = 2 },
        { .name = "Account", .fields = "Id, Name", .where = "Industry != null", .order_by = "Name DESC" },
    };
    sf_search_parts parts = { .in = "ALL", .objects = objects, .object_count = 2, .default_limit = 3 };
    assert_int_equal(sf_search_text(sf, "inc", &parts, &s, &err), SF_OK);
    assert_int_equal(count(s, NULL), 3); /* accounts only: no person is called so */
    parts.overall_limit = 1;
    assert_int_equal(sf_search_text(sf, "inc", &parts, &s, &err), SF_OK);
    assert_int_equal(count(s, "Account"), 1);
    parts.object_count = SF_SEARCH_OBJECTS_MAX + 1;
    assert_int_equal(sf_search_text(sf, "inc", &parts, &s, &err), SF_ERR_USAGE);
    assert_null(s);
}

static void test_search__suggests(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    assert_int_equal(sf_search_suggest(sf, "zy", "Account", 3, NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "autoSuggestResults.0.Id"), odd.text);
    sf_document_free(doc);
    assert_int_equal(sf_search_suggest(sf, "zy", "No thing", 0, NULL, &doc, &err), SF_ERR_USAGE);
    assert_null(doc);
}

static void test_search__errors_are_the_orgs(void **state)
{
    static const struct {
        const char *sosl, *code;
    } cases[] = {
        { "FIND Acme", "MALFORMED_SEARCH" },
        { "FIND {x1} RETURNING Acount", "INVALID_TYPE" },
        { "FIND {x1} RETURNING Account(Nmae)", "INVALID_FIELD" },
    };
    (void)state;
    sf_search *s = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(sf_search_open(sf, cases[i].sosl, NULL, &s, &err), SF_ERR_ORG);
        assert_string_equal(err.code, cases[i].code);
        assert_null(s);
    }
    char *text = malloc(30001);
    memset(text, 'x', 30000);
    text[30000] = '\0';
    assert_int_equal(sf_search_open(sf, "FIND {:t}",
                                    &(sf_search_options){ .binds = SF_BINDS({ "t", sf_bind_str(text) }) }, &s, &err),
                     SF_ERR_LIMIT);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__finds_what_a_query_finds), cmocka_unit_test(test_search__takes_any_text),
        cmocka_unit_test(test_search__parts_mean_what_they_say), cmocka_unit_test(test_search__suggests),
        cmocka_unit_test(test_search__errors_are_the_orgs),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("search", tests, start, stop);
}
