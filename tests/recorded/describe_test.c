/* describe_test.c: answers of real orgs about themselves, replayed through the client: counts, recent items, and every
 * picklist of every recorded describe. Without the files (shared/recorded beside the checkout) the test is skipped. */
#include "support/replay.h"
#include <salesforce.h>

static void test_recorded__counts_are_read(void **state)
{
    static const struct {
        const char *file, *name;
        int64_t count;
    } cases[] = { { "limits/record-count-empty-list.json", NULL, 0 },
                  { "limits/record-count-one.json", "Account", 1 },
                  { "more/limits/record-count-zero.json", "Event", 0 } };
    static const char *const objects[] = { "Account", NULL };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err = { 0 };
        sf_document *doc = NULL;
        replay_start(&r, cases[i].file, 200, NULL);
        if (sf_get_record_counts(r.sf, objects, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        sf_value list = sf_get(sf_document_root(doc), "sObjects");
        assert_int_equal(sf_value_count(list), cases[i].name != NULL ? 1 : 0);
        if (cases[i].name != NULL) {
            assert_string_equal(sf_get_str(list, "0.name"), cases[i].name);
            assert_int_equal(sf_get_int(list, "0.count", -1), cases[i].count);
        }
        sf_document_free(doc);
        char *request = wire_request(r.server, 0);
        assert_non_null(strstr(request, "/services/data/v62.0/limits/recordCount?sObjects=Account HTTP"));
        free(request);
        replay_stop(&r);
    }
}

static void test_recorded__recent_items_are_read(void **state)
{
    static const char *const types[] = { "Account", "Account", "User" };
    (void)state;
    replay r;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    sf_value item;
    size_t n = 0;
    replay_start(&r, "misc/recent-v60.http", 200, NULL);
    if (sf_get_recent(r.sf, 3, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &item); n++) {
        assert_true(n < COUNT_OF(types));
        assert_string_equal(sf_get_str(item, "attributes.type"), types[n]);
        assert_int_equal(strlen(sf_get_str(item, "Id")), 18);
        assert_non_null(sf_get_str(item, "Name"));
    }
    assert_int_equal(n, COUNT_OF(types));
    sf_document_free(doc);
    replay_stop(&r);
}

/* Every field that has values is read with all of them; a dependent one is valid for just what its bitmap says. */
static void test_recorded__every_picklist_of_every_describe_is_read(void **state)
{
    static const char *const files[] = {
        "describe/account-v42-2021.http",
        "describe/account-v58.http",
        "describe/contact-indented.json",
        "describe/event-compact.json",
        "describe/lead-compact.json",
        "describe/lead-v42.http",
        "describe/opportunity-pretty.json",
        "describe/topic-v42.http",
        "describe/whizbang-custom-object-v20.json",
        "more/describe/campaign-v42.http",
        "more/describe/case-v-old.json",
        "more/describe/contact-v42.http",
        "more/describe/opportunitycontactrole.json",
    };
    (void)state;
    size_t picklists = 0, dependent = 0;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        recorded_file file = recorded_read(files[i]);
        sf_document *doc = NULL;
        sf_value field, value;
        sf_error err = { 0 };
        print_message("  %s\n", files[i]);
        if (sf_document_parse(file.body.ptr, file.body.len, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "fields")); sf_iter_next(&it, NULL, &field);) {
            const char *name = sf_get_str(field, "name");
            sf_value list = sf_get(field, "picklistValues");
            size_t n = sf_value_count(list), k = 0;
            sf_picklist *p = NULL;
            sf_status rc = sf_picklist_read(sf_document_root(doc), name, &p, &err);
            if (rc != (n > 0 ? SF_OK : SF_ERR_NOT_FOUND)) fail_msg("%s: %s", name, err.message);
            if (rc != SF_OK) continue;
            picklists++;
            assert_int_equal(sf_picklist_count(p), n);
            assert_int_equal(sf_picklist_is_dependent(p), sf_get_str(field, "controllerName") != NULL);
            for (sf_iter each = sf_iter_begin(list); sf_iter_next(&each, NULL, &value); k++) {
                assert_string_equal(sf_picklist_at(p, k).value, sf_get_str(value, "value"));
                assert_int_equal(sf_picklist_at(p, k).is_active, sf_get_bool(value, "active", false));
            }
            if (sf_picklist_is_dependent(p)) dependent++;
            sf_picklist_free(p);
        }
        sf_document_free(doc);
        free(file.text);
    }
    print_message("  %zu picklists, %zu of them dependent\n", picklists, dependent);
    assert_true(picklists > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__counts_are_read),
        cmocka_unit_test(test_recorded__recent_items_are_read),
        cmocka_unit_test(test_recorded__every_picklist_of_every_describe_is_read),
    };
    test_allocator_install();
    return REPLAY_RUN("recorded describe", tests);
}
