/* write_test.c: what is written is read back the same, and what XML cannot carry is replaced. */
#include "xml/xml_internal.h"
#include "support/support.h"

static void test_write__reads_back_as_it_was(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "plain", "a<b>&\"'c]]>", "\ttab\r\nend\n", "  blanks  ", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80",
        "&amp;", "\x7f"
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sfi_buf out = { 0 };
        sfi_xml_declaration(&out);
        sfi_xml_open(&out, "r");
        sfi_xml_element_text(&out, "t", sfi_str(texts[i]));
        (void)sfi_buf_add_str(&out, "<u a=\"");
        sfi_xml_escape(&out, sfi_str(texts[i]));
        (void)sfi_buf_add_str(&out, "\"/>");
        sfi_xml_close(&out, "r");
        sfi_xml *doc;
        assert_int_equal(sfi_xml_parse(sfi_buf_str(&out), &doc, NULL), SF_OK);
        assert_string_equal(sfi_xml_get(doc, sfi_xml_root(doc), "t"), texts[i]);
        assert_string_equal(sfi_xml_attribute(doc, sfi_xml_child(sfi_xml_root(doc), "u"), "a"), texts[i]);
        assert_true(sfi_xml_can_carry(sfi_str(texts[i])));
        sfi_xml_free(doc);
        sfi_buf_free(&out);
    }
}

static void test_write__replaces_what_xml_cannot_carry(void **state)
{
    (void)state;
    static const sf_str texts[] = { { "a\0b", 3 },
                                    { "a\x01"
                                      "b",
                                      3 },
                                    { "a\x1f"
                                      "b",
                                      3 },
                                    { "a\xff"
                                      "b",
                                      3 },
                                    { "a\xEF\xBF\xBE"
                                      "b",
                                      5 },
                                    { "a\xEF\xBF\xBF"
                                      "b",
                                      5 } };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sfi_buf out = { 0 };
        assert_false(sfi_xml_can_carry(texts[i]));
        sfi_xml_element_text(&out, "t", texts[i]);
        assert_string_equal(out.data, "<t>a\xEF\xBF\xBD"
                                      "b</t>");
        sfi_buf_free(&out);
    }
    sfi_buf nil = { 0 };
    sfi_xml_element_text(&nil, "t", (sf_str){ NULL, 0 });
    assert_string_equal(nil.data, "<t xsi:nil=\"true\"/>");
    sfi_buf_free(&nil);
}

static void test_write__a_full_buffer_is_seen_at_the_end(void **state)
{
    (void)state;
    sfi_buf out = { .max = 16 };
    sfi_xml_element_text(&out, "name", sfi_str("longer than that"));
    assert_int_equal(sfi_buf_status(&out, NULL, "a test"), SF_ERR_LIMIT);
    sfi_buf_free(&out);
}

static void test_write__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (long n = 0; rc != SF_OK; n++) {
        sfi_buf out = { 0 };
        test_allocations_limit(n);
        sfi_xml_declaration(&out);
        for (int i = 0; i < 200; i++) sfi_xml_element_text(&out, "name", SFI_STR("a < b & c"));
        test_allocations_limit(-1);
        rc = sfi_buf_status(&out, NULL, "a test");
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        if (rc == SF_OK) assert_true(sfi_ends_with(sfi_buf_str(&out), "<name>a &lt; b &amp; c</name>"));
        sfi_buf_free(&out);
        assert_int_equal(test_allocations_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write__reads_back_as_it_was),
        cmocka_unit_test(test_write__replaces_what_xml_cannot_carry),
        cmocka_unit_test(test_write__a_full_buffer_is_seen_at_the_end),
        cmocka_unit_test(test_write__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("xml write", tests, NULL, NULL);
}
