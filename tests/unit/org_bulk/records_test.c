/* records_test.c: rows of JSON and XML as names and texts: both formats mean the same, what is no list of rows is refused, cut
 * short at every byte, and each allocation failing in turn. */
#include "bulk/records.h"
#include "support/support.h"

static const char json[] = "[{\"attributes\":{\"type\":\"Task\"},\"Subject\":\"Zo\\u00eb & "
                           "<x>\",\"Priority\":null,\"Count__c\":1.50,\"Flag__c\":true,"
                           "\"Account\":{\"Ext__c\":\"A-1\"},\"Who\":{\"attributes\":{\"type\":\"Lead\"},\"Ext__c\":"
                           "\"L-1\"}},{},{\"Subject\":\"\"}]";
static const char xml[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><sObject><type>Task</type><Subject>Zo\xc3\xab &amp; "
    "&lt;x&gt;</Subject><Priority xsi:nil=\"true\"/><Count__c>1.50</Count__c><Flag__c>true</Flag__c><Account><sObject>"
    "<Ext__c>A-1</Ext__c></sObject></Account><Who><sObject><type>Lead</type><Ext__c>L-1</Ext__c></sObject></Who>"
    "</sObject><sObject/><sObject><Subject xsi:nil=\"true\"/></sObject></sObjects>";

static const char *const first_row[][2] = {
    { "Subject", "Zo\xc3\xab & <x>" }, { "Priority", NULL },         { "Count__c", "1.50" }, { "Flag__c", "true" },
    { "Account.Ext__c", "A-1" },       { "Lead:Who.Ext__c", "L-1" },
};

/* The text in memory that ends where it does, with the room behind that the readers of JSON want. */
static char *copy(const char *text, size_t len)
{
    char *out = sfi_calloc(len + 65);
    assert_non_null(out);
    if (len > 0) memcpy(out, text, len);
    return out;
}

static int next(sfo_bulk_records *r, const sf_str **names, const sf_str **values, size_t *count)
{
    sfo_fault fault = { 0 };
    int rc = sfo_bulk_records_next(r, names, values, count, &fault);
    sfo_fault_clear(&fault);
    return rc;
}

static void test_records__json_and_xml_mean_the_same(void **state)
{
    (void)state;
    for (int is_xml = 0; is_xml < 2; is_xml++) {
        sfo_bulk_records *r;
        sfo_fault fault = { 0 };
        const sf_str *names, *values;
        size_t count;
        const char *source = is_xml ? xml : json;
        char *text = copy(source, strlen(source));
        assert_true(sfo_bulk_records_new((sf_str){ text, strlen(source) }, is_xml, &r, &fault));
        assert_int_equal(sfo_bulk_records_count(r), 3);
        assert_int_equal(next(r, &names, &values, &count), 1);
        assert_int_equal(count, COUNT_OF(first_row));
        for (size_t i = 0; i < count; i++) {
            assert_true(sfi_str_is(names[i], first_row[i][0]));
            assert_true(first_row[i][1] == NULL ? values[i].ptr == NULL : sfi_str_is(values[i], first_row[i][1]));
        }
        assert_int_equal(next(r, &names, &values, &count), 1);
        assert_int_equal(count, 0);
        assert_int_equal(next(r, &names, &values, &count), 1);
        assert_true(count == 1 && sfi_str_is(names[0], "Subject") && values[0].ptr == NULL);
        assert_int_equal(next(r, &names, &values, &count), 0);
        sfo_bulk_records_free(r);
        sfi_free(text);
    }
}

static void test_records__cut_at_every_byte_is_refused(void **state)
{
    (void)state;
    for (int is_xml = 0; is_xml < 2; is_xml++) {
        const char *source = is_xml ? xml : json;
        for (size_t n = 0; n < strlen(source); n++) {
            sfo_bulk_records *r;
            sfo_fault fault = { 0 };
            char *text = copy(source, n);
            assert_false(sfo_bulk_records_new((sf_str){ text, n }, is_xml, &r, &fault));
            assert_null(r);
            assert_string_equal(fault.code, "InvalidBatch");
            sfo_fault_clear(&fault);
            sfi_free(text);
        }
    }
}

static void test_records__what_is_no_row(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_xml, opens;
    } cases[] = {
        { "{\"LastName\":\"x\"}", false, false },
        { "\"x\"", false, false },
        { "[1]", false, true },
        { "[{\"a\":[1]}]", false, true },
        { "<sObject/>", true, false },
        { "[{\"a\":{\"b\":{\"c\":1}}}]", false, true },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfo_bulk_records *r;
        sfo_fault fault = { 0 };
        const sf_str *names, *values;
        size_t count;
        char *text = copy(cases[i].text, strlen(cases[i].text));
        assert_int_equal(sfo_bulk_records_new((sf_str){ text, strlen(cases[i].text) }, cases[i].is_xml, &r, &fault),
                         cases[i].opens);
        sfo_fault_clear(&fault);
        if (r != NULL) assert_int_equal(next(r, &names, &values, &count), -1);
        sfo_bulk_records_free(r);
        sfi_free(text);
    }
}

static void test_records__each_failed_allocation_is_survived(void **state)
{
    (void)state;
    for (int is_xml = 0; is_xml < 2; is_xml++) {
        const char *source = is_xml ? xml : json;
        char *text = copy(source, strlen(source));
        long before = test_allocations_live();
        int rows = 0;
        for (int n = 0; rows < 3 && n < 500; n++) {
            sfo_bulk_records *r;
            sfo_fault fault = { 0 };
            const sf_str *names, *values;
            size_t count;
            rows = 0;
            test_allocations_limit(n);
            bool fine = sfo_bulk_records_new((sf_str){ text, strlen(source) }, is_xml, &r, &fault);
            while (fine && sfo_bulk_records_next(r, &names, &values, &count, &fault) == 1) rows++;
            test_allocations_limit(-1);
            sfo_bulk_records_free(r);
            sfo_fault_clear(&fault);
            assert_int_equal(test_allocations_live(), before);
        }
        assert_int_equal(rows, 3);
        sfi_free(text);
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records__json_and_xml_mean_the_same),
        cmocka_unit_test(test_records__cut_at_every_byte_is_refused),
        cmocka_unit_test(test_records__what_is_no_row),
        cmocka_unit_test(test_records__each_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests_name("rows of batches", tests, NULL, NULL);
}
