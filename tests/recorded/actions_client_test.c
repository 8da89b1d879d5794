/* actions_client_test.c: the quick actions that a real org once listed, and the default values it gave, read by the client. The
 * files lie beside the checkout (shared/recorded); without them the test is skipped. */
#include "support/replay.h"
#include <salesforce.h>

static void test_recorded__quick_actions_are_read(void **state)
{
    (void)state;
    replay r;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    replay_start(&r, "misc/quickactions-v60.http", 200, NULL);
    if (sf_quick_action_list(r.sf, "Account", NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sf_value root = sf_document_root(doc);
    assert_int_equal(sf_value_count(root), 17);
    assert_string_equal(sf_get_str(root, "0.name"), "LogACall");
    assert_string_equal(sf_get_str(root, "0.actionEnumOrId"), "09DdM00000RLMR2");
    assert_string_equal(sf_get_str(root, "0.urls.defaultValuesTemplate"),
                        "/services/data/v60.0/quickActions/LogACall/defaultValues/{ID}");
    assert_string_equal(sf_get_str(root, "16.actionEnumOrId"), "FeedItem.QuestionPost");
    assert_int_equal(sf_value_count(sf_get(root, "16.urls")), 0);
    sf_document_free(doc);
    replay_stop(&r);
}

static void test_recorded__default_values_are_read(void **state)
{
    (void)state;
    replay r;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    replay_start(&r, "misc/quickaction-defaults-v59.http", 200, NULL);
    if (sf_quick_action_defaults(r.sf, NULL, "NewTask", NULL, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sf_value root = sf_document_root(doc);
    assert_string_equal(sf_get_str(root, "attributes.type"), "Task");
    assert_int_equal(sf_value_type(sf_get(root, "attributes.url")), SF_MISSING);
    assert_true(sf_is_null(root, "Subject"));
    assert_string_equal(sf_get_str(root, "Status"), "Not Started");
    sf_document_free(doc);
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__quick_actions_are_read),
        cmocka_unit_test(test_recorded__default_values_are_read),
    };
    return REPLAY_RUN("recorded.actions", tests);
}
