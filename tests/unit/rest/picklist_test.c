/* picklist_test.c: values and dependencies out of a describe and out of the UI API's answers; wrong ones, each allocation
 * failing in turn. */
#include "support/support.h"
#include <salesforce/layouts.h>

/* Six drinks by kind: Tea and Herbal are hot, Cola and Water cold, Coffee both, None of no kind. */
static const char described[] =
    "{\"fields\":[{\"name\":\"Kind__c\",\"type\":\"picklist\",\"picklistValues\":[{\"value\":\"Hot\"},{\"value\":"
    "\"Cold\"},"
    "{\"value\":\"Other\"}]},{\"name\":\"Drink__c\",\"type\":\"picklist\",\"controllerName\":\"Kind__c\","
    "\"picklistValues\":["
    "{\"active\":true,\"defaultValue\":true,\"label\":\"The tea\",\"validFor\":\"gAAA\",\"value\":\"Tea\"},"
    "{\"active\":true,\"defaultValue\":false,\"label\":\"Cola\",\"validFor\":\"QAAA\",\"value\":\"Cola\"},"
    "{\"active\":false,\"defaultValue\":false,\"label\":\"Coffee\",\"validFor\":\"wA==\",\"value\":\"Coffee\"},"
    "{\"active\":true,\"defaultValue\":false,\"label\":null,\"validFor\":null,\"value\":\"None\"}]},"
    "{\"name\":\"Extra__c\",\"controllerName\":\"Ice__c\",\"picklistValues\":[{\"value\":\"Cubes\",\"validFor\":\"QA=="
    "\"},"
    "{\"value\":\"Spoon\",\"validFor\":\"gA\"}]},{\"name\":\"Ice__c\",\"type\":\"boolean\",\"picklistValues\":[]},"
    "{\"name\":\"Free__c\",\"controllerName\":null,\"picklistValues\":[{\"value\":\"A\"}]},{\"name\":\"Name\","
    "\"picklistValues\":[]}]}";

static const char ui_all[] =
    "{\"picklistFieldValues\":{\"Kind__c\":{\"controllerValues\":{},\"defaultValue\":null,\"values\":[{\"label\":"
    "\"Hot\","
    "\"validFor\":[],\"value\":\"Hot\"}]},\"Drink__c\":{\"controllerValues\":{\"Cold\":1,\"Hot\":0,\"Other\":2},"
    "\"defaultValue\":{\"label\":\"The tea\",\"value\":\"Tea\"},\"values\":[{\"label\":\"The "
    "tea\",\"validFor\":[0],\"value\":"
    "\"Tea\"},{\"label\":\"Cola\",\"validFor\":[1],\"value\":\"Cola\"},{\"label\":\"Coffee\",\"validFor\":[0,1],"
    "\"value\":"
    "\"Coffee\"},{\"label\":\"None\",\"validFor\":[],\"value\":\"None\"}]}}}";

static sf_picklist *read_from(const char *json, const char *field, sf_status want)
{
    sf_document *doc = NULL;
    sf_picklist *p = NULL;
    sf_error err = { 0 };
    assert_int_equal(sf_document_parse(json, strlen(json), &doc, &err), SF_OK);
    sf_status rc = sf_picklist_read(sf_document_root(doc), field, &p, &err);
    sf_document_free(doc); /* the picklist has copies */
    if (rc != want) fail_msg("%s: %s, want %s: %s", field, sf_status_name(rc), sf_status_name(want), err.message);
    assert_true((p != NULL) == (rc == SF_OK));
    return p;
}

static void check_drinks(sf_picklist *p)
{
    static const struct {
        const char *drink, *kind;
        bool valid;
    } cases[] = {
        { "Tea", "Hot", true },    { "Tea", "Cold", false },  { "Tea", "Other", false },  { "Cola", "Cold", true },
        { "Cola", "Hot", false },  { "Coffee", "Hot", true }, { "Coffee", "Cold", true }, { "Coffee", "Other", false },
        { "None", "Hot", false },  { "Tea", NULL, false },    { "Tea", "", false },       { "Tea", "hot", false },
        { "Beer", "Cold", false }, { NULL, "Cold", false },
    };
    assert_true(sf_picklist_is_dependent(p));
    assert_int_equal(sf_picklist_count(p), 4);
    assert_int_equal(sf_picklist_controlling_count(p), 3);
    assert_string_equal(sf_picklist_controlling_at(p, 1), "Cold");
    assert_null(sf_picklist_controlling_at(p, 3));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(sf_picklist_is_valid(p, cases[i].drink, cases[i].kind), cases[i].valid);
    sf_picklist_value tea = sf_picklist_at(p, 0);
    assert_string_equal(tea.value, "Tea");
    assert_string_equal(tea.label, "The tea");
    assert_true(tea.is_active && tea.is_default);
    assert_false(sf_picklist_at(p, 1).is_default);
    assert_string_equal(sf_picklist_at(p, 3).label, "None");
    assert_null(sf_picklist_at(p, 4).value);
    assert_false(sf_picklist_is_valid_at(p, 4, "Hot"));
}

static void test_picklist__both_answers_say_the_same(void **state)
{
    (void)state;
    sf_picklist *p = read_from(described, "drink__C", SF_OK);
    check_drinks(p);
    assert_string_equal(sf_picklist_controller(p), "Kind__c");
    assert_false(sf_picklist_at(p, 2).is_active);
    sf_picklist_free(p);
    p = read_from(ui_all, "Drink__c", SF_OK);
    check_drinks(p);
    assert_null(sf_picklist_controller(p));
    sf_picklist_free(p);
    const char *one = strstr(ui_all, "{\"controllerValues\":{\"Cold\"");
    char *text = strdup(one);
    text[strlen(text) - 2] = '\0';
    p = read_from(text, NULL, SF_OK);
    check_drinks(p);
    sf_picklist_free(p);
    free(text);
}

static void test_picklist__a_checkbox_controls_by_false_and_true(void **state)
{
    (void)state;
    sf_picklist *p = read_from(described, "Extra__c", SF_OK);
    assert_true(sf_picklist_is_valid(p, "Cubes", "true"));
    assert_false(sf_picklist_is_valid(p, "Cubes", "false"));
    assert_true(sf_picklist_is_valid(p, "Spoon", "false"));
    sf_picklist_free(p);
}

static void test_picklist__without_controller_all_is_valid(void **state)
{
    (void)state;
    sf_picklist *p = read_from(described, "Free__c", SF_OK);
    assert_false(sf_picklist_is_dependent(p));
    assert_true(sf_picklist_is_valid(p, "A", NULL));
    assert_false(sf_picklist_is_valid(p, "B", NULL));
    sf_picklist_free(p);
    assert_int_equal(sf_picklist_count(NULL), 0);
    assert_false(sf_picklist_is_dependent(NULL));
    assert_false(sf_picklist_is_valid(NULL, "A", "B"));
    assert_null(sf_picklist_controller(NULL));
    sf_picklist_free(NULL);
}

static void test_picklist__wrong_answers_are_refused(void **state)
{
    static const struct {
        const char *json, *field;
        sf_status want;
    } cases[] = {
        { described, "Name", SF_ERR_NOT_FOUND },
        { described, "Nothing__c", SF_ERR_NOT_FOUND },
        { described, NULL, SF_ERR_USAGE },
        { ui_all, "Nothing__c", SF_ERR_NOT_FOUND },
        { "{}", "A", SF_ERR_PROTOCOL },
        { "[]", "A", SF_ERR_PROTOCOL },
        { "{\"values\":[{\"label\":\"no value\"}]}", NULL, SF_ERR_PROTOCOL },
        { "{\"values\":[{\"value\":\"A\",\"validFor\":[1]}],\"controllerValues\":{\"x\":0}}", NULL, SF_ERR_PROTOCOL },
        { "{\"values\":[{\"value\":\"A\",\"validFor\":[-1]}],\"controllerValues\":{\"x\":0}}", NULL, SF_ERR_PROTOCOL },
        { "{\"values\":[{\"value\":\"A\"}],\"controllerValues\":{\"x\":1}}", NULL, SF_ERR_PROTOCOL },
        { "{\"values\":[{\"value\":\"A\"}],\"controllerValues\":{\"x\":0,\"y\":0}}", NULL, SF_ERR_PROTOCOL },
        { "{\"fields\":[{\"name\":\"A\",\"controllerName\":\"B\",\"picklistValues\":[{\"value\":\"x\"}]}]}", "A",
          SF_ERR_PROTOCOL },
        { "{\"fields\":[{\"name\":\"B\",\"type\":\"boolean\"},{\"name\":\"A\",\"controllerName\":\"B\","
          "\"picklistValues\":"
          "[{\"value\":\"x\",\"validFor\":\"*\"}]}]}",
          "A", SF_ERR_PROTOCOL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %.60s\n", cases[i].json);
        assert_null(read_from(cases[i].json, cases[i].field, cases[i].want));
    }
    sf_error err;
    assert_int_equal(sf_picklist_read((sf_value){ 0 }, "A", NULL, &err), SF_ERR_USAGE);
}

static void test_picklist__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    assert_int_equal(sf_document_parse(described, strlen(described), &doc, NULL), SF_OK);
    long before = test_allocations_live();
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sf_picklist *p = NULL;
        sf_error err;
        test_allocations_limit(n);
        rc = sf_picklist_read(sf_document_root(doc), "Drink__c", &p, &err);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && p == NULL));
        sf_picklist_free(p);
        assert_int_equal(test_allocations_live(), before);
        assert_true(n < 100);
    }
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picklist__both_answers_say_the_same),
        cmocka_unit_test(test_picklist__a_checkbox_controls_by_false_and_true),
        cmocka_unit_test(test_picklist__without_controller_all_is_valid),
        cmocka_unit_test(test_picklist__wrong_answers_are_refused),
        cmocka_unit_test(test_picklist__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("picklist", tests, NULL, NULL);
}
