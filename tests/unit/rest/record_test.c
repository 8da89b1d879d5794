/* record_test.c: the builder: the JSON of every type, replacing, limits, kept failures, failing allocations. */
#include "support/support.h"
#include <salesforce/records.h>
#include <math.h>

static void expect_json(const sf_record *r, const char *want)
{
    char *json = NULL;
    sf_error err = { 0 };
    if (sf_record_to_json(r, &json, &err) != SF_OK) fail_msg("%s", err.message);
    assert_string_equal(json, want);
    sf_free(json);
}

static void test_record__writes_every_type(void **state)
{
    static const char *const colours[] = { "Red", "Grün" };
    (void)state;
    sf_record *r = sf_record_new("Thing__c");
    assert_int_equal(sf_record_set_null(r, "A"), SF_OK);
    assert_int_equal(sf_record_set_str(r, "B", "O'Brien \"x\" \\ \n木村 \U0001F600 \u202E"), SF_OK);
    assert_int_equal(sf_record_set_text(r, "C", (sf_str){ "abcdef", 3 }), SF_OK);
    assert_int_equal(sf_record_set_int(r, "D", INT64_MIN), SF_OK);
    assert_int_equal(sf_record_set_double(r, "E", 12), SF_OK);
    assert_int_equal(sf_record_set_decimal(r, "F", "1234567890123456.78"), SF_OK);
    assert_int_equal(sf_record_set_bool(r, "G", true), SF_OK);
    assert_int_equal(sf_record_set_date(r, "H", 2024, 2, 29), SF_OK);
    assert_int_equal(sf_record_set_datetime(r, "I", 1709193600123), SF_OK);
    assert_int_equal(sf_record_set_time(r, "J", 86399999), SF_OK);
    assert_int_equal(sf_record_set_base64(r, "K",
                                          "\0\xff"
                                          "a",
                                          3),
                     SF_OK);
    assert_int_equal(sf_record_set_multipicklist(r, "L", colours, 2), SF_OK);
    assert_int_equal(sf_record_set_reference(r, "Parent__r", NULL, "Ext__c", "P/1"), SF_OK);
    assert_int_equal(sf_record_set_reference(r, "Owner", "User", "Ext__c", "U"), SF_OK);
    assert_int_equal(sf_record_set_json(r, "M", (sf_str){ "{\"x\":[1]}", 9 }), SF_OK);
    assert_int_equal(sf_record_set_str(r, "N", NULL), SF_OK);
    assert_int_equal(sf_record_set_multipicklist(r, "O", NULL, 0), SF_OK);
    assert_int_equal(sf_record_set_base64(r, "P", NULL, 0), SF_OK);
    expect_json(
        r, "{\"A\":null,\"B\":\"O'Brien \\\"x\\\" \\\\ \\n木村 \U0001F600 "
           "\u202E\",\"C\":\"abc\",\"D\":-9223372036854775808,"
           "\"E\":12.0,\"F\":1234567890123456.78,\"G\":true,\"H\":\"2024-02-29\",\"I\":\"2024-02-29T08:00:00.123Z\","
           "\"J\":\"23:59:59.999Z\",\"K\":\"AP9h\",\"L\":\"Red;Grün\",\"Parent__r\":{\"Ext__c\":\"P/1\"},"
           "\"Owner\":{\"attributes\":{\"type\":\"User\"},\"Ext__c\":\"U\"},\"M\":{\"x\":[1]},\"N\":null,\"O\":null,"
           "\"P\":\"\"}");
    assert_int_equal(sf_record_field_count(r), 18);
    assert_string_equal(sf_record_object(r), "Thing__c");
    sf_record_free(r);
}

static void test_record__setting_again_replaces_in_place(void **state)
{
    (void)state;
    sf_record *r = sf_record_new("Account");
    assert_int_equal(sf_record_set_str(r, "Name", "a"), SF_OK);
    assert_int_equal(sf_record_set_int(r, "X", 1), SF_OK);
    assert_int_equal(sf_record_set_str(r, "name", "b"), SF_OK); /* names have no case */
    expect_json(r, "{\"Name\":\"b\",\"X\":1}");
    sf_record_clear(r);
    expect_json(r, "{}");
    sf_record_free(r);
}

static void test_record__keeps_the_first_failure(void **state)
{
    static const char *const bad[] = { "a;b" };
    (void)state;
    sf_record *r = sf_record_new("Account");
    sf_error err = { 0 };
    char *json = NULL;
    assert_int_equal(sf_record_set_date(r, "Born", 2023, 2, 29), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_double(r, "X", NAN), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_str(r, "Name", "fine"), SF_OK);
    assert_int_equal(sf_record_to_json(r, &json, &err), SF_ERR_USAGE);
    assert_null(json);
    assert_non_null(strstr(err.message, "Account.Born"));
    sf_record_clear(r);
    assert_int_equal(sf_record_set_double(r, "X", INFINITY), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_decimal(r, "X", "1,5"), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_decimal(r, "X", ""), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_str(r, "X", "\xc3"), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_text(r, "X", (sf_str){ "a\0b", 3 }), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_time(r, "X", 86400000), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_datetime(r, "X", INT64_MAX), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_multipicklist(r, "X", bad, 1), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_json(r, "X", (sf_str){ "{", 1 }), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_str(r, "Not a name", "x"), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_str(r, NULL, "x"), SF_ERR_USAGE);
    assert_int_equal(sf_record_set_str(NULL, "X", "x"), SF_ERR_USAGE);
    assert_int_equal(sf_record_field_count(r), 0);
    sf_record_free(r);
    sf_record_free(NULL);
    assert_null(sf_record_new("no name"));
    assert_null(sf_record_new("../Account"));
    assert_null(sf_record_new(NULL));
}

static void test_record__has_a_limit_of_fields(void **state)
{
    (void)state;
    sf_record *r = sf_record_new("Account");
    char name[32];
    for (int i = 0; i < SF_RECORD_FIELDS_MAX; i++) {
        snprintf(name, sizeof name, "F%d__c", i);
        assert_int_equal(sf_record_set_int(r, name, i), SF_OK);
    }
    assert_int_equal(sf_record_set_int(r, "One_more__c", 1), SF_ERR_LIMIT);
    assert_int_equal(sf_record_set_int(r, "F7__c", 8), SF_OK); /* replacing still works */
    sf_record_free(r);
}

static void test_record__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        char *json = NULL;
        test_allocations_limit(n);
        sf_record *r = sf_record_new("Account");
        (void)sf_record_set_str(r, "Name", "a");
        (void)sf_record_set_json(r, "X", (sf_str){ "[1,2]", 5 });
        (void)sf_record_set_reference(r, "Parent", "Account", "Ext__c", "b");
        rc = sf_record_to_json(r, &json, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (json == NULL && (rc == SF_ERR_MEMORY || r == NULL)));
        sf_free(json);
        sf_record_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__writes_every_type),
        cmocka_unit_test(test_record__setting_again_replaces_in_place),
        cmocka_unit_test(test_record__keeps_the_first_failure),
        cmocka_unit_test(test_record__has_a_limit_of_fields),
        cmocka_unit_test(test_record__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
