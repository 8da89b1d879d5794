/* element_test.c: the views of xml.h, writing a tree, the writer, and the limits of what is read. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include <salesforce/xml.h>

static const char document[] =
    "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"urn:partner.soap.sforce.com\" "
    "xmlns:sf=\"urn:sobject\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><e:Body><queryResponse>"
    "<result xsi:type=\"QueryResult\">\n <done> true </done><size>2</size>"
    "<records xsi:type=\"sf:sObject\"><sf:Name>A &amp; <![CDATA[<B>]]></sf:Name><sf:Fax xsi:nil=\"true\"/>"
    "<sf:At>2024-11-23T22:10:05.000Z</sf:At></records>"
    "<records><sf:Name>\xF0\x9F\x98\x80 \xD7\xA9</sf:Name><sf:Empty></sf:Empty></records>"
    "</result></queryResponse></e:Body></e:Envelope>";

static void test_element__views(void **state)
{
    (void)state;
    sf_xml *doc = NULL;
    sf_error err;
    int64_t ms = 0;
    assert_int_equal(sf_xml_parse(document, sizeof document - 1, &doc, &err), SF_OK);
    sf_xml_element root = sf_xml_root(doc), result = sf_xml_get(root, "Body.queryResponse.result");
    assert_string_equal(sf_xml_name(root), "Envelope");
    assert_string_equal(sf_xml_namespace(root), "http://schemas.xmlsoap.org/soap/envelope/");
    assert_true(sf_xml_exists(result));
    assert_string_equal(sf_xml_attribute(result, "type"), "QueryResult");
    assert_null(sf_xml_attribute(result, "nil"));
    assert_true(sf_xml_get_bool(result, "done", false));
    assert_int_equal(sf_xml_get_int(result, "size", -1), 2);
    assert_int_equal(sf_xml_get_int(result, "done", -1), -1);
    assert_true(sf_xml_get_bool(result, "size", true));
    assert_int_equal(sf_xml_count(result, "records"), 2);
    assert_int_equal(sf_xml_count(result, NULL), 4);
    assert_string_equal(sf_xml_get_str(result, "records.Name"), "A & <B>");
    assert_string_equal(sf_xml_get_str(result, "records.1.Name"), "\xF0\x9F\x98\x80 \xD7\xA9");
    assert_string_equal(sf_xml_get_str(result, "records.1.Empty"), "");
    assert_null(sf_xml_get_str(result, "records.2.Name"));
    assert_null(sf_xml_get_str(result, "records.0.Fax"));
    assert_true(sf_xml_is_nil(result, "records.0.Fax"));
    assert_false(sf_xml_is_nil(result, "records.0.Name"));
    assert_true(sf_xml_get_time_ms(result, "records.0.At", &ms));
    assert_true(ms == 1732399805000);
    assert_false(sf_xml_get_time_ms(result, "size", &ms));
    sf_xml_element second = sf_xml_next(sf_xml_child(result, "records"), "records");
    assert_string_equal(sf_xml_name(sf_xml_child(second, NULL)), "Name");
    assert_false(sf_xml_exists(sf_xml_next(second, "records")));
    assert_false(sf_xml_exists(sf_xml_get(result, "a..b")));
    sf_xml_free(doc);
}

static void test_element__nothing_is_read_as_nothing(void **state)
{
    (void)state;
    sf_xml_element none = { 0 };
    int64_t ms;
    char *text;
    assert_false(sf_xml_exists(sf_xml_root(NULL)));
    assert_false(sf_xml_exists(none));
    assert_null(sf_xml_name(none));
    assert_null(sf_xml_namespace(none));
    assert_false(sf_xml_exists(sf_xml_child(none, NULL)));
    assert_false(sf_xml_exists(sf_xml_next(none, "a")));
    assert_int_equal(sf_xml_count(none, NULL), 0);
    assert_null(sf_xml_get_str(none, "a.b"));
    assert_int_equal(sf_xml_get_int(none, NULL, 7), 7);
    assert_true(sf_xml_get_bool(none, NULL, true));
    assert_false(sf_xml_get_time_ms(none, NULL, &ms));
    assert_false(sf_xml_is_nil(none, NULL));
    assert_null(sf_xml_attribute(none, "x"));
    assert_int_equal(sf_xml_to_text(none, false, &text, NULL, NULL), SF_ERR_USAGE);
    sf_xml_free(NULL);
    sf_xml_writer_free(NULL);
}

static void test_element__a_tree_as_text_is_read_the_same(void **state)
{
    (void)state;
    sf_xml *doc = NULL, *again = NULL;
    char *text = NULL, *second = NULL;
    size_t len = 0;
    assert_int_equal(sf_xml_parse(document, sizeof document - 1, &doc, NULL), SF_OK);
    sf_xml_element record = sf_xml_get(sf_xml_root(doc), "Body.queryResponse.result.records");
    assert_int_equal(sf_xml_to_text(record, false, &text, &len, NULL), SF_OK);
    assert_int_equal(len, strlen(text));
    assert_non_null(strstr(text, "xmlns:sf=\"urn:sobject\""));
    assert_non_null(strstr(text, "<sf:Name>A &amp; &lt;B&gt;</sf:Name><sf:Fax xsi:nil=\"true\"/>"));
    assert_int_equal(sf_xml_parse(text, len, &again, NULL), SF_OK);
    assert_string_equal(sf_xml_get_str(sf_xml_root(again), "Name"), "A & <B>");
    assert_string_equal(sf_xml_namespace(sf_xml_root(again)), "urn:partner.soap.sforce.com");
    assert_int_equal(sf_xml_to_text(sf_xml_root(again), false, &second, NULL, NULL), SF_OK);
    assert_string_equal(text, second);
    sf_free(text);
    sf_free(second);
    sf_xml_free(again);
    assert_int_equal(sf_xml_to_text(sf_xml_get(sf_xml_root(doc), "Body.queryResponse.result"), true, &text, NULL, NULL),
                     SF_OK);
    assert_non_null(strstr(text, ">\n  <done> true </done>\n  <size>2</size>\n  <records xsi:type=\"sf:sObject\">\n    "
                                 "<sf:Name>"));
    assert_non_null(strstr(text, "</sf:At>\n  </records>\n  <records>\n    <sf:Name>"));
    assert_non_null(strstr(text, "\n  </records>\n</result>"));
    sf_free(text);
    sf_xml_free(doc);
}

/* ---- the writer ---- */

static void test_writer__escapes_and_nests(void **state)
{
    (void)state;
    sf_str text;
    sf_error err;
    sf_xml *doc = NULL;
    sf_xml_writer *w = sf_xml_writer_new();
    sf_xml_begin(w, "a:b");
    sf_xml_add_attribute(w, "xmlns:a", "urn:<\"'>");
    sf_xml_add(w, "none", NULL);
    sf_xml_add(w, "empty", "");
    sf_xml_add_int(w, "n", INT64_MIN);
    sf_xml_add_bool(w, "yes", true);
    sf_xml_add_base64(w, "raw", "\0\xFF", 2);
    sf_xml_begin(w, "t");
    sf_xml_add_text(w, (sf_str){ "<&>", 3 });
    sf_xml_add_text(w, (sf_str){ "\"'\r\n\t", 5 });
    sf_xml_end(w);
    sf_xml_end(w);
    assert_int_equal(sf_xml_writer_text(w, &text, &err), SF_OK);
    assert_int_equal(text.len, strlen(text.ptr));
    assert_string_equal(text.ptr, "<a:b xmlns:a=\"urn:&lt;&quot;&apos;&gt;\"><none xsi:nil=\"true\"/><empty/>"
                                  "<n>-9223372036854775808</n><yes>true</yes><raw>AP8=</raw>"
                                  "<t>&lt;&amp;&gt;&quot;&apos;&#13;&#10;&#9;</t></a:b>");
    assert_int_equal(sf_xml_parse("<x xmlns:xsi=\"u\"/>", 18, &doc, NULL), SF_OK);
    sf_xml_free(doc);
    sf_xml_writer_free(w);
}

static void test_writer__every_text_that_xml_can_carry_comes_back(void **state)
{
    (void)state;
    for (uint32_t c = 1; c < 0x110000; c = c < 0x3000 ? c + 1 : c + 0x101) {
        char utf8[8] = "", whole[64];
        size_t n = 0;
        if (c >= 0xD800 && c < 0xE000) continue;
        if (c < 0x80)
            utf8[n++] = (char)c;
        else if (c < 0x800) {
            utf8[n++] = (char)(0xC0 | c >> 6);
            utf8[n++] = (char)(0x80 | (c & 63));
        } else if (c < 0x10000) {
            utf8[n++] = (char)(0xE0 | c >> 12);
            utf8[n++] = (char)(0x80 | (c >> 6 & 63));
            utf8[n++] = (char)(0x80 | (c & 63));
        } else {
            utf8[n++] = (char)(0xF0 | c >> 18);
            utf8[n++] = (char)(0x80 | (c >> 12 & 63));
            utf8[n++] = (char)(0x80 | (c >> 6 & 63));
            utf8[n++] = (char)(0x80 | (c & 63));
        }
        sf_xml_writer *w = sf_xml_writer_new();
        sf_str text;
        sf_error err;
        snprintf(whole, sizeof whole, "x%sy", utf8);
        sf_status rc = sf_xml_add(w, "t", whole);
        bool carries = c >= 0x20 ? c != 0xFFFE && c != 0xFFFF : c == '\t' || c == '\n' || c == '\r';
        if (!carries) {
            assert_int_equal(rc, SF_ERR_USAGE);
            assert_int_equal(sf_xml_writer_text(w, &text, &err), SF_ERR_USAGE);
            assert_non_null(strstr(err.message, "t: the value holds U+"));
        } else {
            sf_xml *doc = NULL;
            assert_int_equal(sf_xml_writer_text(w, &text, &err), SF_OK);
            assert_int_equal(sf_xml_parse(text.ptr, text.len, &doc, &err), SF_OK);
            assert_string_equal(sf_xml_get_str(sf_xml_root(doc), NULL), whole);
            sf_xml_free(doc);
        }
        sf_xml_writer_free(w);
    }
}

static void test_writer__misuse_is_kept_until_the_end(void **state)
{
    (void)state;
    sf_error err;
    sf_str text;
    for (int i = 0; i < 9; i++) {
        sf_xml_writer *w = sf_xml_writer_new();
        sf_status rc = SF_OK;
        switch (i) {
        case 0: rc = sf_xml_begin(w, "1a"); break;
        case 1: rc = sf_xml_begin(w, "a b"); break;
        case 2: rc = sf_xml_begin(w, "a:b:c"); break;
        case 3: rc = sf_xml_begin(w, NULL); break;
        case 4: rc = sf_xml_end(w); break;
        case 5: rc = sf_xml_add_text(w, (sf_str){ "x", 1 }); break;
        case 6: rc = sf_xml_add_attribute(w, "a", "b"); break;
        case 7:
            sf_xml_begin(w, "a");
            rc = sf_xml_add_attribute(w, "a=", "b");
            break;
        default: rc = sf_xml_add_base64(w, "a", NULL, 1); break;
        }
        assert_int_equal(rc, SF_ERR_USAGE);
        assert_int_equal(sf_xml_add(w, "fine", "x"), SF_ERR_USAGE);
        assert_int_equal(sf_xml_writer_text(w, &text, &err), SF_ERR_USAGE);
        assert_true(strlen(err.message) > 10);
        sf_xml_writer_free(w);
    }
    sf_xml_writer *w = sf_xml_writer_new();
    assert_int_equal(sf_xml_writer_text(w, &text, &err), SF_OK);
    assert_int_equal(text.len, 0);
    sf_xml_begin(w, "open");
    assert_int_equal(sf_xml_writer_text(w, &text, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "open"));
    for (int i = 1; i < SF_XML_DEPTH_MAX; i++) assert_int_equal(sf_xml_begin(w, "a"), SF_OK);
    assert_int_equal(sf_xml_begin(w, "a"), SF_ERR_LIMIT);
    sf_xml_writer_free(w);
    assert_int_equal(sf_xml_begin(NULL, "a"), SF_ERR_USAGE);
}

/* ---- limits ---- */

/* text, then piece n times, then end. */
static char *repeated(const char *text, const char *piece, size_t n, const char *end, size_t *len)
{
    size_t part = strlen(piece);
    char *all = malloc(strlen(text) + n * part + strlen(end) + 1), *at = all + strlen(text);
    memcpy(all, text, strlen(text));
    for (size_t i = 0; i < n; i++, at += part) memcpy(at, piece, part);
    memcpy(at, end, strlen(end) + 1);
    *len = (size_t)(at - all) + strlen(end);
    return all;
}

static void test_limits__bombs_are_refused_at_once(void **state)
{
    (void)state;
    const struct {
        const char *what, *text, *piece;
        size_t n;
        const char *end;
        sf_status status;
        const char *says;
    } cases[] = {
        { "100 MB", "<a>", "0123456789", 10000000, "</a>", SF_ERR_LIMIT, "SF_XML_BYTES_MAX" },
        { "elements", "<a>", "<b/>", SF_XML_ELEMENTS_MAX, "</a>", SF_ERR_LIMIT, "SF_XML_ELEMENTS_MAX" },
        { "attributes", "<a", " x='>'", 1000000, "/>", SF_ERR_LIMIT, "SF_XML_TAG_BYTES_MAX" },
        { "depth", "", "<a>", 100000, "", SF_ERR_LIMIT, "SF_XML_DEPTH_MAX" },
        { "entities in entities",
          "<!DOCTYPE l [<!ENTITY a \"0123456789\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
          "\"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]><l>",
          "&d;", 100000, "</l>", SF_ERR_PROTOCOL, "DOCTYPE" },
        { "a file", "<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><l>", "&x;", 1, "</l>", SF_ERR_PROTOCOL,
          "DOCTYPE" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len;
        sf_xml *doc = (sf_xml *)&doc;
        sf_error err;
        char *text = repeated(cases[i].text, cases[i].piece, cases[i].n, cases[i].end, &len);
        print_message("  %s: %zu bytes\n", cases[i].what, len);
        sf_status rc = sf_xml_parse(text, len, &doc, &err);
        if (rc != cases[i].status || strstr(err.message, cases[i].says) == NULL)
            fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_null(doc);
        free(text);
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_element__views),
        cmocka_unit_test(test_element__nothing_is_read_as_nothing),
        cmocka_unit_test(test_element__a_tree_as_text_is_read_the_same),
        cmocka_unit_test(test_writer__escapes_and_nests),
        cmocka_unit_test(test_writer__every_text_that_xml_can_carry_comes_back),
        cmocka_unit_test(test_writer__misuse_is_kept_until_the_end),
        cmocka_unit_test(test_limits__bombs_are_refused_at_once),
    };
    return cmocka_run_group_tests_name("xml elements", tests, NULL, NULL);
}
