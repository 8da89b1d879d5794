/* answer_test.c: an answer cut short at every byte, and one whose rows cannot be kept because memory fails, each allocation in turn. */
#include "soap/soap_internal.h"
#include "support/support.h"

static const char answer[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns=\"urn:partner.soap.sforce.com\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>"
    "<mergeResponse><result><errors><fields>A</fields><fields>B__c</fields><message>no &amp; "
    "never</message><statusCode>C"
    "</statusCode></errors><id>001000000000001</id><mergedRecordIds>001000000000002AAA</"
    "mergedRecordIds><mergedRecordIds "
    "xsi:nil=\"true\"/><success>false</success><updatedRelatedIds>003000000000001AAA</updatedRelatedIds></result>"
    "</mergeResponse></soapenv:Body></soapenv:Envelope>";
static const sfi_soap_operation merge = { .name = "merge" }, read_only = { .name = "merge", .is_repeatable = true };

static void test_answer__cut_at_every_byte_is_no_answer(void **state)
{
    (void)state;
    const sf_str type = SFI_STR("text/xml");
    for (size_t n = 0; n + 1 < sizeof answer; n++) {
        sf_xml *doc = (sf_xml *)&doc;
        sf_error err;
        assert_int_equal(sfi_soap_read(200, type, (sf_str){ answer, n }, &merge, &doc, &err), SF_ERR_UNKNOWN_OUTCOME);
        assert_null(doc);
        assert_int_equal(sfi_soap_read(200, type, (sf_str){ answer, n }, &read_only, &doc, &err), SF_ERR_PROTOCOL);
        assert_null(doc);
        assert_int_equal(err.status, SF_ERR_PROTOCOL);
    }
    sf_xml *doc = NULL;
    assert_int_equal(sfi_soap_read(200, type, sfi_str(answer), &merge, &doc, NULL), SF_OK);
    sf_xml_free(doc);
}

static void check(const sf_soap_results *rows)
{
    const sf_soap_result *row = sf_soap_results_at(rows, 0);
    assert_string_equal(row->id.text, "001000000000001AAA"); /* of 15 characters on the wire */
    assert_string_equal(row->errors[0].message, "no & never");
    assert_string_equal(row->errors[0].fields, "A,B__c");
    assert_int_equal(row->merged_count, 1); /* nil is none */
    assert_string_equal(row->updated_related_ids[0].text, "003000000000001AAA");
}

static void test_answer__each_failed_allocation_is_survived(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    long before = test_allocations_live();
    int n = 0;
    for (; rc != SF_OK; n++) {
        sf_xml *doc = NULL;
        sf_soap_results *rows = NULL;
        sf_error err;
        test_allocations_limit(n);
        rc = sfi_soap_read(200, SFI_STR("text/xml"), sfi_str(answer), &merge, &doc, &err);
        if (rc == SF_OK) rc = sfi_soap_results_take(doc, "merge", 1, &rows, &err);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_UNKNOWN_OUTCOME); /* it was done */
        if (rc == SF_OK)
            check(rows);
        else
            assert_null(rows);
        sf_soap_results_free(rows);
        assert_int_equal(test_allocations_live(), before);
    }
    assert_true(n > 4);
}

static void test_answer__other_than_asked_for(void **state)
{
    (void)state;
    sf_xml *doc = NULL;
    sf_soap_results *rows = NULL;
    sf_error err;
    assert_int_equal(sfi_soap_read(200, SFI_STR("text/xml"), sfi_str(answer), &merge, &doc, &err), SF_OK);
    assert_int_equal(sfi_soap_results_take(doc, "merge", 2, &rows, &err), SF_ERR_UNKNOWN_OUTCOME);
    assert_null(rows);
    assert_non_null(strstr(err.message, "1 results to 2 requests"));
    const sfi_soap_operation other = { .name = "mer", .is_repeatable = true };
    assert_int_equal(sfi_soap_read(200, SFI_STR("text/xml"), sfi_str(answer), &other, &doc, &err), SF_ERR_PROTOCOL);
    assert_non_null(strstr(err.message, "mergeResponse"));
    assert_int_equal(sfi_soap_read(200, SFI_STR("text/xml"), SFI_STR("<a/>"), &read_only, &doc, &err), SF_ERR_PROTOCOL);
    assert_int_equal(sfi_soap_read(200, SFI_STR("text/html; charset=x"), sfi_str(answer), &merge, &doc, &err),
                     SF_ERR_PROTOCOL);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer__cut_at_every_byte_is_no_answer),
        cmocka_unit_test(test_answer__each_failed_allocation_is_survived),
        cmocka_unit_test(test_answer__other_than_asked_for),
    };
    return cmocka_run_group_tests_name("soap answers", tests, NULL, NULL);
}
