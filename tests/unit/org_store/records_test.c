/* records_test.c: what a written record reads as, and every refusal with its exact code and words. */
#include "../org_store/org.h"

static void test_records__a_created_record_reads_back(void **state)
{
    (void)state;
    test_org org;
    org_open(&org);
    sf_id id = org_must_create(&org, "Account", "{\"attributes\":{\"type\":\"Account\"},\"name\":\"  Gonçalves & Söhne \",\"AnnualRevenue\":1.2e7,"
                                                "\"NumberOfEmployees\":\"12\",\"Description\":\"a\\r\\nb\",\"BillingCity\":\"Köln\",\"Phone\":\"\"}");
    assert_int_equal(strlen(id.text), 18);
    assert_memory_equal(id.text, "001", 3);
    org_assert_field(&org, "Account", id.text, "Name", "\"Gonçalves & Söhne\"");
    org_assert_field(&org, "Account", id.text, "AnnualRevenue", "1.2E7");
    org_assert_field(&org, "Account", id.text, "NumberOfEmployees", "12");
    org_assert_field(&org, "Account", id.text, "Description", "\"a\\r\\nb\"");
    org_assert_field(&org, "Account", id.text, "Phone", "null");
    org_assert_field(&org, "Account", id.text, "ShippingAddress", "null");
    org_assert_field(&org, "Account", id.text, "IsDeleted", "false");
    org_assert_field(&org, "Account", id.text, "BillingAddress",
                     "{\"city\":\"Köln\",\"country\":null,\"geocodeAccuracy\":null,\"latitude\":null,\"longitude\":null,"
                     "\"postalCode\":null,\"state\":null,\"street\":null}");
    org_close(&org);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records__a_created_record_reads_back),
    };
    return cmocka_run_group_tests_name("org.records", tests, NULL, NULL);
}
