/* read_test.c: sfi_xml_parse with good, hostile and cut documents, and with every allocation failing in turn. */
#include "xml/xml_internal.h"
#include "support/support.h"

static const char envelope[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<se:Envelope xmlns:se=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><se:Body><loginResponse><result>"
    "<sessionId>a&amp;b<![CDATA[<c>]]>&#x20AC;</sessionId><!-- not text --><roleId xsi:nil=\"true\"/>"
    "<userInfo><sessionSecondsValid>7200</sessionSecondsValid></userInfo><n>1</n><n>2</n><empty></empty>"
    "</result></loginResponse></se:Body></se:Envelope>";

static void test_read__finds_elements_by_local_name(void **state)
{
    (void)state;
    sfi_xml *doc;
    assert_int_equal(sfi_xml_parse(sfi_str(envelope), &doc, NULL), SF_OK);
    sfi_xml_element *root = sfi_xml_root(doc);
    assert_string_equal(sfi_xml_name(root), "Envelope");
    assert_string_equal(sfi_xml_namespace(root), "http://schemas.xmlsoap.org/soap/envelope/");
    sfi_xml_element *result = sfi_xml_find(root, "Body/loginResponse/result");
    assert_non_null(result);
    assert_string_equal(sfi_xml_namespace(result), "urn:partner.soap.sforce.com");
    assert_string_equal(sfi_xml_get(doc, result, "sessionId"), "a&b<c>\xE2\x82\xAC");
    assert_string_equal(sfi_xml_get(doc, result, "empty"), "");
    assert_null(sfi_xml_get(doc, result, "missing"));
    assert_true(sfi_xml_is_nil(doc, sfi_xml_child(result, "roleId")));
    assert_false(sfi_xml_is_nil(doc, sfi_xml_child(result, "empty")));
    assert_string_equal(sfi_xml_text(doc, sfi_xml_search(root, "sessionSecondsValid")), "7200");
    sfi_xml_element *n = sfi_xml_child(result, "n");
    assert_string_equal(sfi_xml_text(doc, n), "1");
    n = sfi_xml_next(n, "n");
    assert_string_equal(sfi_xml_text(doc, n), "2");
    assert_null(sfi_xml_next(n, "n"));
    sfi_xml_free_secret(doc);
}

static void test_read__refuses_what_is_hostile(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        { "", "nothing" },
        { "no xml", "well-formed" },
        { "<a>", "well-formed" },
        { "<a></b>", "well-formed" },
        { "<!DOCTYPE a><a/>", "DOCTYPE" },
        { "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DOCTYPE" },
        { "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "DOCTYPE" },
        { "<!DOCTYPE a [<!ENTITY x \"aaaaaaaaaa\"><!ENTITY y \"&x;&x;&x;\">]><a>&y;</a>", "DOCTYPE" },
        { "<a>&unknown;</a>", "well-formed" },
        { "<a>\x01</a>", "well-formed" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_xml *doc = (sfi_xml *)&doc;
        sf_error err;
        print_message("  %s\n", cases[i].text);
        assert_int_equal(sfi_xml_parse(sfi_str(cases[i].text), &doc, &err), SF_ERR_PROTOCOL);
        assert_null(doc);
        assert_non_null(strstr(err.message, cases[i].says));
    }
}

static void test_read__bounds_depth(void **state)
{
    (void)state;
    for (int depth = SFI_XML_DEPTH_MAX - 1; depth <= SFI_XML_DEPTH_MAX + 1; depth++) {
        sfi_buf text = { 0 };
        for (int i = 0; i < depth; i++) sfi_xml_open(&text, "a");
        for (int i = 0; i < depth; i++) sfi_xml_close(&text, "a");
        sfi_xml *doc;
        sf_status want = depth <= SFI_XML_DEPTH_MAX ? SF_OK : SF_ERR_LIMIT;
        assert_int_equal(sfi_xml_parse(sfi_buf_str(&text), &doc, NULL), want);
        sfi_xml_free(doc);
        sfi_buf_free(&text);
    }
}

static void test_read__cut_short_at_every_byte_is_an_error(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof envelope - 1; len++) {
        sfi_xml *doc;
        assert_int_equal(sfi_xml_parse((sf_str){ envelope, len }, &doc, NULL), SF_ERR_PROTOCOL);
        assert_null(doc);
    }
}

static void test_read__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sfi_xml *doc = NULL;
        test_allocations_limit(n);
        rc = sfi_xml_parse(sfi_str(envelope), &doc, NULL);
        if (rc == SF_OK && sfi_xml_text(doc, sfi_xml_search(sfi_xml_root(doc), "result")) == NULL) rc = SF_ERR_MEMORY;
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_xml_free(doc);
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read__finds_elements_by_local_name),
        cmocka_unit_test(test_read__refuses_what_is_hostile),
        cmocka_unit_test(test_read__bounds_depth),
        cmocka_unit_test(test_read__cut_short_at_every_byte_is_an_error),
        cmocka_unit_test(test_read__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("xml read", tests, NULL, NULL);
}
