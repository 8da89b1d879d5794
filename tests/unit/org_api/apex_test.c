/* apex_test.c: which paths a mapping takes, and which definitions of Apex classes are refused, by name. */
#include "api/apex.h"
#include "support/support.h"

static sf_str text(const char *s)
{
    return (sf_str){ s, strlen(s) };
}

static void test_apex__mappings_take_their_paths(void **state)
{
    static const struct {
        const char *mapping, *path, *rest; /* rest NULL: it does not fit */
    } cases[] = {
        { "/Cases/*", "/Cases/500x", "500x" },
        { "/Cases/*", "/Cases/a/b", "a/b" },
        { "/Cases/*", "/Cases/", "" },
        { "/Cases/*", "/Cases", "" },
        { "/Cases/*", "/Casesx", NULL },
        { "/Cases/*", "/cases/x", NULL },
        { "/Cases/*", "/Case", NULL },
        { "/Cases/*", "", NULL },
        { "/Cases", "/Cases", "" },
        { "/Cases", "/Cases/", "" },
        { "/Cases", "/Cases/x", NULL },
        { "/a/*/b", "/a/1/b", "" },
        { "/a/*/b", "/a/1/2/b", NULL },
        { "/a/*/b", "/a//b", NULL },
        { "/a/*/b/*", "/a/1/b/2/3", "2/3" },
        { "/*", "/anything/at/all", "anything/at/all" },
        { "/v1.0/x", "/v1.0/x", "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_str rest;
        print_message("  %s %s\n", cases[i].mapping, cases[i].path);
        bool fits = sfo_apex_fits(cases[i].mapping, text(cases[i].path), &rest);
        assert_int_equal(fits, cases[i].rest != NULL);
        if (!fits) continue;
        assert_int_equal(rest.len, strlen(cases[i].rest));
        assert_memory_equal(rest.ptr, cases[i].rest, rest.len);
    }
}

static void test_apex__definitions_are_taken_or_refused_by_name(void **state)
{
    static const struct {
        const char *json, *refusal; /* NULL: good */
        size_t count;
    } cases[] = {
        { "[]", NULL, 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{}}}]", NULL, 1 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{}}},{\"name\":\"B\",\"urlMapping\":\"/a\","
          "\"methods\":{\"PUT\":{\"status\":201,\"params\":[\"x\"],\"headers\":{\"A\":\"b\"},\"body\":null}}}]",
          NULL, 1 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"builtin\":\"echo\"}]", NULL, 1 },
        { "{}", "apexRest is a list", 0 },
        { "[{\"urlMapping\":\"/a\"}]", "it has no \"name\"", 0 },
        { "[{\"name\":\"A\",\"methods\":{\"GET\":{}}}]", "apexRest: A: \"urlMapping\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"a\",\"methods\":{\"GET\":{}}}]", "\"urlMapping\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a*\",\"methods\":{\"GET\":{}}}]", "\"urlMapping\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/*a/b\",\"methods\":{\"GET\":{}}}]", "\"urlMapping\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a?b\",\"methods\":{\"GET\":{}}}]", "\"urlMapping\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\"}]", "no \"methods\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"FETCH\":{}}}]", "GET, POST", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":1}}]", "an object", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{\"status\":99}}}]", "\"status\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{\"text\":\"a\",\"body\":1}}}]", "not both", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{\"text\":1}}}]", "\"text\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{\"params\":1}}}]", "\"params\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{\"params\":[1]}}}]", NULL, 1 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"methods\":{\"GET\":{\"headers\":{\"a\":{}}}}}]", "\"headers\"", 0 },
        { "[{\"name\":\"A\",\"urlMapping\":\"/a\",\"builtin\":\"what\"}]", "\"builtin\"", 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_document *doc = NULL;
        sfo_apex_set *apex = NULL;
        sf_error err = { 0 };
        print_message("  %s\n", cases[i].json);
        assert_int_equal(sf_document_parse(cases[i].json, strlen(cases[i].json), &doc, &err), SF_OK);
        sf_status rc = sfo_apex_load((sf_value){ 0 }, sf_document_root(doc), &apex, &err);
        if (cases[i].refusal == NULL) {
            if (rc != SF_OK) fail_msg("%s", err.message);
            assert_int_equal(apex->count, cases[i].count);
        } else {
            assert_int_equal(rc, SF_ERR_USAGE);
            assert_null(apex);
            if (strstr(err.message, cases[i].refusal) == NULL) fail_msg("%s", err.message);
        }
        sfo_apex_free(apex);
        sf_document_free(doc);
    }
}

static void test_apex__loading_survives_each_failed_allocation(void **state)
{
    static const char json[] =
        "[{\"name\":\"A\",\"namespace\":\"n\",\"urlMapping\":\"/a/*\",\"methods\":{\"GET\":{\"params\":[\"x\"],"
        "\"headers\":{\"A\":\"b\"},\"body\":{\"a\":1}},\"PUT\":{\"text\":\"t\",\"raises\":\"E\"}}}]";
    (void)state;
    sf_document *doc = NULL;
    sf_error err;
    sf_status rc = SF_ERR_MEMORY;
    assert_int_equal(sf_document_parse(json, strlen(json), &doc, &err), SF_OK);
    long live = test_allocations_live();
    for (long n = 0; rc != SF_OK; n++) {
        sfo_apex_set *apex;
        assert_true(n < 100);
        test_allocations_limit(n);
        rc = sfo_apex_load((sf_value){ 0 }, sf_document_root(doc), &apex, &err);
        test_allocations_limit(-1);
        if (rc != SF_OK) assert_int_equal(rc, SF_ERR_MEMORY);
        sfo_apex_free(apex);
        assert_int_equal(test_allocations_live(), live);
    }
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apex__mappings_take_their_paths),
        cmocka_unit_test(test_apex__definitions_are_taken_or_refused_by_name),
        cmocka_unit_test(test_apex__loading_survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_api.apex", tests, NULL, NULL);
}
