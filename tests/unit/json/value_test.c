/* value_test.c: sf_value through the public functions: types, paths, texts, numbers, order of reading, copies. */
#include "support/support.h"
#include <float.h>
#include <math.h>
#include "json/json_internal.h"

static sf_document *parse(const char *json)
{
    sf_document *doc = NULL;
    sf_error err = { 0 };
    sf_status rc = sf_document_parse(json, strlen(json), &doc, &err);
    if (rc != SF_OK) print_message("%s\n", err.message);
    assert_int_equal(rc, SF_OK);
    return doc;
}

static void test_value__null_is_not_missing(void **state)
{
    (void)state;
    sf_document *doc = parse("{\"a\":null,\"b\":{\"c\":null},\"d\":\"x\",\"e\":[null]}");
    sf_value root = sf_document_root(doc);
    assert_int_equal(sf_value_type(sf_get(root, "a")), SF_NULL);
    assert_int_equal(sf_value_type(sf_get(root, "z")), SF_MISSING);
    assert_int_equal(sf_value_type(sf_get(root, "a.Name")), SF_NULL); /* a record without parent */
    assert_int_equal(sf_value_type(sf_get(root, "a.Owner.Name")), SF_NULL);
    assert_int_equal(sf_value_type(sf_get(root, "b.c.d")), SF_NULL);
    assert_int_equal(sf_value_type(sf_get(root, "b.z.d")), SF_MISSING);
    assert_int_equal(sf_value_type(sf_get(root, "d.x")), SF_MISSING);
    assert_true(sf_is_null(root, "a") && sf_is_null(root, "b.c") && sf_is_null(root, "e.0"));
    assert_false(sf_is_null(root, "z") || sf_is_null(root, "d") || sf_is_null(root, "e.1"));
    assert_null(sf_get_str(root, "a"));
    assert_null(sf_get_str(root, "z"));
    assert_null(sf_get_str(root, "b"));
    assert_null(sf_get_text(root, "e").ptr);
    assert_int_equal(sf_get_int(root, "a", -5), -5);
    assert_int_equal(sf_value_type((sf_value){ 0 }), SF_MISSING);
    assert_int_equal(sf_value_type(sf_get((sf_value){ 0 }, "a.b")), SF_MISSING);
    assert_int_equal(sf_value_count((sf_value){ 0 }), 0);
    assert_null(sf_get_str((sf_value){ 0 }, NULL));
    sf_document_free(doc);
}

/* Several members in one walk, in any order, whatever stood where in the object before. */
static void test_value__several_members_are_picked_in_one_walk(void **state)
{
    static const sf_str names[] = { { "a", 1 }, { "bb", 2 }, { "c", 1 } };
    static const struct {
        const char *json, *a, *bb, *c;
    } cases[] = {
        { "{\"a\":\"1\",\"bb\":\"2\",\"c\":\"3\"}", "1", "2", "3" },
        { "{\"c\":\"3\",\"x\":{\"a\":\"no\",\"y\":[{},[]]},\"bb\":\"2\",\"a\":\"1\"}", "1", "2", "3" },
        { "{ \"b\":\"no\", \"bbb\":\"no\", \"\\u0062b\" : \"2\" }", NULL, "2", NULL },
        { "{}", NULL, NULL, NULL },
        { "[\"a\",1]", NULL, NULL, NULL },
        { "\"a\"", NULL, NULL, NULL },
        { "{\"a\":\"1\",\"bb\":\"2\",\"c\":\"3\"}", "1", "2", "3" },
    };
    sfi_json *json = NULL;
    (void)state;
    assert_int_equal(sfi_json_new(&json, NULL), SF_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(sfi_json_parse(json, sfi_str(cases[i].json), NULL), SF_OK);
        const char *want[] = { cases[i].a, cases[i].bb, cases[i].c };
        for (int again = 0; again < 2; again++) { /* what was read does not hide a name */
            sf_value found[3];
            sfi_json_pick(sfi_json_root(json), 1, names, 3, found);
            for (size_t k = 0; k < 3; k++) {
                const char *text = sf_get_str(found[k], NULL);
                assert_true(want[k] == NULL ? text == NULL : text != NULL && strcmp(text, want[k]) == 0);
            }
            sf_iter it = sf_iter_begin(sfi_json_root(json));
            while (sf_iter_next(&it, &(sf_str){ 0 }, NULL)) { /* reads all names */
            }
        }
    }
    sfi_json_free(json);
}

/* Values behind nested ones, empty ones, and strings with and without escapes, in a text that was checked whole. */
static void test_value__what_the_check_noted_is_what_stands_there(void **state)
{
    (void)state;
    sf_document *doc =
        parse("[{\"a\":{},\"b\":[],\"c\":[[],{},[{\"d\":{\"e\":[1,{}]}}]],\"f\":\"x\\ny\"},\"pl\\u0061in\" ,"
              "{\"g\":\"plain\",\"h\":{\"i\":{}},\"j\":\"\\\\\"},[{}],\"last\"]");
    sf_value root = sf_document_root(doc);
    assert_int_equal(sf_value_count(root), 5);
    assert_string_equal(sf_get_str(root, "4"), "last");
    assert_string_equal(sf_get_str(root, "2.j"), "\\");
    assert_string_equal(sf_get_str(root, "2.g"), "plain");
    assert_string_equal(sf_get_str(root, "1"), "plain");
    assert_string_equal(sf_get_str(root, "0.f"), "x\ny");
    assert_string_equal(sf_get_str(root, "0.f"), "x\ny"); /* read already */
    assert_int_equal(sf_value_count(sf_get(root, "0")), 4);
    assert_int_equal(sf_value_count(sf_get(root, "0.c")), 3);
    assert_int_equal(sf_get_int(root, "0.c.2.0.d.e.0", -1), 1);
    sf_value object = sf_get(root, "0.c.2.0.d");
    /* what was not read stands as it came, though things before and behind it were */
    sf_str raw = sf_value_raw_json(object);
    assert_true(raw.len == 12 && memcmp(raw.ptr, "{\"e\":[1,{}]}", 12) == 0);
    raw = sf_value_raw_json(sf_get(root, "2.h"));
    assert_true(raw.len == 8 && memcmp(raw.ptr, "{\"i\":{}}", 8) == 0);
    assert_null(sf_value_raw_json(sf_get(root, "2")).ptr);
    assert_null(sf_value_raw_json(sf_get(root, "2.j")).ptr);
    sf_document_free(doc);
    doc = parse("[{\"t\":\"2025-11-23T12:00:07.051Z\"},{\"t\":\"2025-11-23T12:00:07.051\\u005A\" },\"x\"]");
    root = sf_document_root(doc);
    for (int i = 0; i < 2; i++) { /* a time that is read leaves no trace, unless it has an escape */
        int64_t ms = 0;
        assert_string_equal(sf_get_str(root, "2"), "x");
        assert_true(sf_get_time_ms(root, i == 0 ? "0.t" : "1.t", &ms));
        assert_int_equal(ms, 1763899207051);
        assert_int_equal(sf_value_raw_json(sf_get(root, i == 0 ? "0" : "1")).ptr != NULL, i == 0);
    }
    sf_document_free(doc);
}

/* All texts of an array at once: plain, escaped, read before, numbers; what is no text, and limits. */
static void test_value__all_texts_of_an_array(void **state)
{
    static const struct {
        const char *json;
        size_t max;
        sf_status want;
        const char *joined;
    } cases[] = {
        { "[\"a\",\"\",\"c\\u0064\"]", 3, SF_OK, "a,,cd," },
        { "[ \"a\" , -1.50,true ]", 3, SF_OK, "a,-1.50,true," },
        { "[\"a\",\"b\",\"c\"]", 2, SF_ERR_LIMIT, "" },
        { "[]", 0, SF_OK, "" },
        { "{\"a\":1}", 9, SF_OK, "" },
        { "null", 9, SF_OK, "" },
        { "[\"a\",null]", 9, SF_ERR_PROTOCOL, "" },
        { "[[\"a\"]]", 9, SF_ERR_PROTOCOL, "" },
        { "[\"a\",{\"b\":[1,2,3]},\"c\"]", 9, SF_ERR_PROTOCOL, "" },
    };
    sfi_json *json = NULL;
    sfi_arena arena = { .max = 4096 };
    (void)state;
    assert_int_equal(sfi_json_new(&json, NULL), SF_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].json);
        assert_int_equal(sfi_json_parse(json, sfi_str(cases[i].json), NULL), SF_OK);
        for (int again = 0; again < 2; again++) {
            const char *const *texts = NULL;
            size_t count = 0;
            char joined[64] = "";
            assert_int_equal(sfi_json_texts(sfi_json_root(json), cases[i].max, &arena, &texts, &count), cases[i].want);
            for (size_t k = 0; cases[i].want == SF_OK && k < count; k++) {
                strncat(joined, texts[k], sizeof joined - strlen(joined) - 1);
                strncat(joined, ",", sizeof joined - strlen(joined) - 1);
            }
            assert_string_equal(joined, cases[i].joined);
        }
        sfi_arena_reset(&arena);
    }
    assert_int_equal(sfi_json_parse(json, SFI_STR("{\"a.b\":1,\"c\":{\"a.b\":2}}"), NULL), SF_OK);
    assert_int_equal(sf_get_int(sfi_json_member(sfi_json_root(json), SFI_STR("a.b")), NULL, -1), 1);
    assert_int_equal(sf_value_type(sfi_json_member(sfi_json_root(json), SFI_STR("a"))), SF_MISSING);
    sfi_arena_free(&arena);
    sfi_json_free(json);
}

static void test_value__paths(void **state)
{
    (void)state;
    sf_document *doc = parse("{\"records\":[{\"Id\":\"1\",\"Owner\":{\"Name\":\"A\"}},{\"Id\":\"2\"}],\"0\":\"zero\","
                             "\"\":\"empty\",\"Name\":\"x\",\"NameX\":\"y\",\"Nam\":\"z\",\"a.b\":1}");
    static const struct {
        const char *path, *want;
    } cases[] = {
        { "records.0.Id", "1" },
        { "records.1.Id", "2" },
        { "records.0.Owner.Name", "A" },
        { "0", "zero" },
        { "records.2.Id", NULL },
        { "records.01.Id", NULL },
        { "records.-1.Id", NULL },
        { "records.1x", NULL },
        { "records.Id", NULL },
        { "records..Id", NULL },
        { "records.99999999999999999999", NULL },
        { "records.4294967296", NULL },
        { "Name", "x" },
        { "NameX", "y" },
        { "Nam", "z" },
        { "Na", NULL },
        { "name", NULL },
        { "NameXY", NULL },
        { "a.b", NULL },
        { "Name.", NULL },
        { ".Name", NULL },
        { "Name\"", NULL },
        { "Nam\":", NULL },
        { "records.0", NULL },
    };
    sf_value root = sf_document_root(doc);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            const char *got = sf_get_str(root, cases[i].path);
            print_message("  %s\n", cases[i].path);
            if (cases[i].want == NULL)
                assert_null(got);
            else
                assert_string_equal(got, cases[i].want);
        }
    assert_int_equal(sf_get(root, NULL).token, root.token);
    assert_int_equal(sf_get(root, "").type, SF_OBJECT);
    sf_document_free(doc);
}

static void test_value__strings(void **state)
{
    static const struct {
        const char *json, *want;
        size_t len;
    } cases[] = {
        { "\"\"", "", 0 },
        { "\"plain\"", "plain", 5 },
        { "\" blank \" ", " blank ", 7 },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8 },
        { "\"a\\u0000b\"", "a\0b", 3 },
        { "\"\\u0000\"", "\0", 1 },
        { "\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac", 6 },
        { "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4 },
        { "\"\\ud800\"", "\xef\xbf\xbd", 3 },
        { "\"\\udc00x\"", "\xef\xbf\xbdx", 4 },
        { "\"\\ud83d\\u0041\"",
          "\xef\xbf\xbd"
          "A",
          4 },
        { "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80", 7 },
        { "\"\\ud83d\\n\"", "\xef\xbf\xbd\n", 4 },
        { "\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf", 4 },
        { "\"\xf0\x9f\x98\x80 \x7f\"", "\xf0\x9f\x98\x80 \x7f", 6 },
        { "\"ends in backslash\\\\\"", "ends in backslash\\", 18 },
        { "\"\\\\u0041\"", "\\u0041", 6 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_document *doc = parse(cases[i].json);
        for (int round = 0; round < 3; round++) { /* read again, it says the same */
            sf_str got = sf_get_text(sf_document_root(doc), NULL);
            assert_int_equal(got.len, cases[i].len);
            assert_memory_equal(got.ptr, cases[i].want, cases[i].len + 1);
            assert_ptr_equal(sf_get_str(sf_document_root(doc), NULL), got.ptr);
        }
        sf_document_free(doc);
    }
}

static void test_value__whole_numbers(void **state)
{
    static const struct {
        const char *json;
        bool ok;
        int64_t want;
    } cases[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "-0.0", true, 0 },
        { "0e999999999999", true, 0 },
        { "12", true, 12 },
        { "12.0", true, 12 },
        { "1E1", true, 10 },
        { "1.2E1", true, 12 },
        { "1.20e+1", true, 12 },
        { "0.5E1", true, 5 },
        { "100e-2", true, 1 },
        { "-1.5e1", true, -15 },
        { "1e18", true, 1000000000000000000 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775807.000", true, INT64_MAX },
        { "-9.223372036854775808E18", true, INT64_MIN },
        { "922337203685477580700e-2", true, INT64_MAX },
        { "0.000000000000000000001e21", true, 1 },
        { "9007199254740993", true, 9007199254740993 },
        { "9223372036854775808", false, 0 },
        { "-9223372036854775809", false, 0 },
        { "1e19", false, 0 },
        { "9.3e18", false, 0 },
        { "1.5", false, 0 },
        { "1e-1", false, 0 },
        { "1e-999999999999", false, 0 },
        { "1e999999999999", false, 0 },
        { "0.1e-400", false, 0 },
        { "\"12\"", true, 12 },
        { "\"12.0\"", true, 12 },
        { "\"-7\"", true, -7 },
        { "\"\"", false, 0 },
        { "\" 12\"", false, 0 },
        { "\"12 \"", false, 0 },
        { "\"+12\"", false, 0 },
        { "\"012\"", false, 0 },
        { "\"-012\"", false, 0 },
        { "\"0x1F\"", false, 0 },
        { "\"1.\"", false, 0 },
        { "\"12\\u0000\"", false, 0 },
        { "\"-\"", false, 0 },
        { "\"nan\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
        { "[1]", false, 0 },
        { "\"00\"", false, 0 },
        { "\"-0\"", true, 0 },
        { "\"\\u0031\"", true, 1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].json);
        sf_document *doc = parse(cases[i].json);
        int64_t first = sf_get_int(sf_document_root(doc), NULL, -77);
        assert_int_equal(first, cases[i].ok ? cases[i].want : -77);
        assert_int_equal(sf_get_int(sf_document_root(doc), "", 55), cases[i].ok ? cases[i].want : 55);
        sf_document_free(doc);
    }
}

static void test_value__doubles(void **state)
{
    static const struct {
        const char *json;
        bool ok;
        double want;
    } cases[] = {
        { "0.1", true, 0.1 },
        { "12.0", true, 12 },
        { "-1.5E-3", true, -0.0015 },
        { "1e308", true, 1e308 },
        { "1.7976931348623157e308", true, DBL_MAX },
        { "1e309", false, 0 },
        { "-1e309", false, 0 },
        { "4.9e-324", true, 4.9e-324 },
        { "1e-400", true, 0 },
        { "-1e-400", true, -0.0 },
        { "2.2250738585072011e-308", true, 2.2250738585072011e-308 },
        { "9007199254740993", true, 9007199254740992 },
        { "0.30000000000000004", true, 0.1 + 0.2 },
        { "123456789012345678901234567890", true, 123456789012345678901234567890.0 },
        { "0e400", true, 0 },
        { "0.0000001e400", false, 0 },
        { "\"2.5\"", true, 2.5 },
        { "\"2,5\"", false, 0 },
        { "\"inf\"", false, 0 },
        { "\"NaN\"", false, 0 },
        { "\".5\"", false, 0 },
        { "\"0x10\"", false, 0 },
        { "true", false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].json);
        sf_document *doc = parse(cases[i].json);
        double got = sf_get_double(sf_document_root(doc), NULL, -77);
        double want = cases[i].ok ? cases[i].want : -77;
        assert_memory_equal(&got, &want, sizeof got);
        sf_document_free(doc);
    }
}

static void test_value__number_text_is_as_written(void **state)
{
    (void)state;
    sf_document *doc =
        parse("{\"a\":1.20,\"b\":-0.00 ,\"c\":1E1,\"d\":123456789012345678901234567890.5,\"e\":true,\"f\":false}");
    sf_value root = sf_document_root(doc);
    const char *first = sf_get_str(root, "a");
    assert_string_equal(first, "1.20");
    assert_string_equal(sf_get_str(root, "b"), "-0.00");
    assert_string_equal(sf_get_str(root, "c"), "1E1");
    assert_string_equal(sf_get_str(root, "d"), "123456789012345678901234567890.5");
    assert_string_equal(sf_get_str(root, "e"), "true");
    assert_string_equal(sf_get_str(root, "f"), "false");
    assert_ptr_equal(sf_get_str(root, "a"), first); /* copied once */
    assert_int_equal(sf_get_text(root, "a").len, 4);
    assert_true(sf_get_bool(root, "e", false));
    assert_false(sf_get_bool(root, "f", true));
    assert_true(sf_get_bool(root, "a", true));
    sf_document_free(doc);
}

static void test_value__many_number_texts_live_together(void **state)
{
    (void)state;
    sfi_buf text = { 0 };
    for (int i = 0; i < 2000; i++) (void)sfi_buf_addf(&text, "%c%d", i > 0 ? ',' : '[', i);
    (void)sfi_buf_add_char(&text, ']');
    sf_document *doc = parse(text.data);
    const char *texts[2000];
    sf_iter it = sf_iter_begin(sf_document_root(doc));
    sf_value v;
    for (int i = 0; i < 2000; i++) {
        assert_true(sf_iter_next(&it, NULL, &v));
        texts[i] = sf_get_str(v, NULL);
    }
    for (int i = 1999; i >= 0; i--) {
        char want[16], path[16];
        snprintf(want, sizeof want, "%d", i);
        snprintf(path, sizeof path, "%d", i);
        assert_string_equal(texts[i], want);
        if (i % 100 == 0) assert_ptr_equal(sf_get_str(sf_document_root(doc), path), texts[i]);
    }
    sf_document_free(doc);
    sfi_buf_free(&text);
}

static void test_value__times(void **state)
{
    (void)state;
    sf_document *doc = parse(
        "{\"a\":\"2024-11-23T22:10:05.000+0000\",\"b\":\"2024-11-23\",\"c\":\"22:10:05.000Z\",\"d\":5,\"e\":\"x\"}");
    sf_value root = sf_document_root(doc);
    int64_t ms = 7;
    assert_false(sf_get_time_ms(root, "d", &ms) || sf_get_time_ms(root, "e", &ms) || sf_get_time_ms(root, "z", &ms));
    assert_int_equal(ms, 7);
    assert_false(sf_get_time_ms(root, "a", NULL));
    assert_true(sf_get_time_ms(root, "a", &ms));
    assert_int_equal(ms, 1732399805000);
    assert_true(sf_get_time_ms(root, "b", &ms));
    assert_int_equal(ms, 1732320000000);
    assert_true(sf_get_time_ms(root, "c", &ms));
    assert_int_equal(ms, 79805000);
    sf_document_free(doc);
}

static void test_value__bools(void **state)
{
    (void)state;
    sf_document *doc = parse("[true,false,\"true\",\"false\",\"TRUE\",1,null]");
    static const int want[] = { 1, 0, 1, 0, -1, -1, -1 };
    sf_iter it = sf_iter_begin(sf_document_root(doc));
    sf_value v;
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_true(sf_iter_next(&it, NULL, &v));
        assert_int_equal(sf_get_bool(v, NULL, true), want[i] != 0);
        assert_int_equal(sf_get_bool(v, NULL, false), want[i] == 1);
    }
    sf_document_free(doc);
}

static void test_value__iterates_in_order(void **state)
{
    (void)state;
    sf_document *doc = parse(" { \"a\" : 1 , \"b\\\"c\" : [ 1 , [ ] , { } ] , \"\" : { \"x\" : null } } ");
    sf_value root = sf_document_root(doc);
    static const char *const keys[] = { "a", "b\"c", "" };
    for (int round = 0; round < 2; round++) {
        sf_iter it = sf_iter_begin(root);
        sf_str key;
        sf_value v;
        for (size_t i = 0; i < COUNT_OF(keys); i++) {
            assert_true(sf_iter_next(&it, &key, &v));
            assert_true(sfi_str_is(key, keys[i]));
            assert_int_equal(key.ptr[key.len], 0);
        }
        key = SFI_STR("untouched");
        v = root;
        assert_false(sf_iter_next(&it, &key, &v));
        assert_false(sf_iter_next(&it, &key, &v));
        assert_true(sfi_str_is(key, "untouched") && v.token == root.token);
    }
    assert_int_equal(sf_value_count(root), 3);
    assert_int_equal(sf_value_count(sf_get(root, "b\"c")), 3);
    assert_int_equal(sf_value_count(sf_get(root, "a")), 0);
    sf_iter it = sf_iter_begin(sf_get(root, "b\"c"));
    sf_str key = SFI_STR("x");
    assert_true(sf_iter_next(&it, &key, NULL));
    assert_null(key.ptr);
    it = sf_iter_begin(sf_get(root, "a"));
    assert_false(sf_iter_next(&it, NULL, NULL));
    sf_document_free(doc);
}

static void test_value__keys_with_escapes_are_found(void **state)
{
    (void)state;
    sf_document *doc = parse("{\"\\u0041bc\":1,\"x\\\\y\":2,\"q\\\"r\":3,\"Ab\" :4,\"\\u00e9\":5,\"A\\u0062cd\":6}");
    sf_value root = sf_document_root(doc);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(sf_get_int(root,
                                    "A\x62"
                                    "cd",
                                    0),
                         6);
        assert_int_equal(sf_get_int(root, "x\\y", 0), 2);
        assert_int_equal(sf_get_int(root, "q\"r", 0), 3);
        assert_int_equal(sf_get_int(root, "Abc", 0), 1);
        assert_int_equal(sf_get_int(root, "Ab", 0), 4);
        assert_int_equal(sf_get_int(root, "\xc3\xa9", 0), 5);
        assert_int_equal(sf_get_int(root, "x\\\\y", 0), 0);
        assert_int_equal(sf_get_int(root, "\\u0041bc", 0), 0);
    }
    sf_document_free(doc);
}

static void test_value__copies_outlive_their_document(void **state)
{
    (void)state;
    sf_document *doc = parse("{\"r\": {\"Name\" : \"Z\\u00f6e\\n\", \"N\" : 1.50, \"L\":[true , null,{}]}}"), *copy;
    sf_value r = sf_get(sf_document_root(doc), "r");
    assert_non_null(sf_get_str(r, "Name"));
    assert_int_equal(sf_value_dup(r, &copy, NULL), SF_OK);
    char *text;
    size_t len;
    assert_int_equal(sf_value_to_json(r, &text, &len, NULL), SF_OK);
    assert_string_equal(text, "{\"Name\":\"Z\xc3\xb6"
                              "e\\n\",\"N\":1.50,\"L\":[true,null,{}]}");
    assert_int_equal(len, strlen(text));
    sf_document_free(doc);
    char *again;
    assert_int_equal(sf_value_to_json(sf_document_root(copy), &again, NULL, NULL), SF_OK);
    assert_string_equal(again, text);
    sf_free(text);
    sf_free(again);
    sf_document_free(copy);
}

static void test_value__wrong_calls_are_refused(void **state)
{
    (void)state;
    sf_error err;
    sf_document *doc = (sf_document *)&err;
    char *text = (char *)&err;
    assert_int_equal(sf_document_parse(NULL, 1, &doc, &err), SF_ERR_USAGE);
    assert_null(doc);
    assert_int_equal(sf_document_parse("1", 1, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_value_dup((sf_value){ 0 }, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_value_to_json((sf_value){ 0 }, &text, NULL, &err), SF_ERR_USAGE);
    assert_null(text);
    assert_int_equal(sf_value_type(sf_document_root(NULL)), SF_MISSING);
    sf_document_free(NULL);
}

static void test_value__place_is_line_and_column(void **state)
{
    (void)state;
    sf_document *doc = parse("{\n  \"a\": \"x\\ny\",\n\n \"b\": [1,\n2]}");
    sf_value root = sf_document_root(doc);
    int64_t line, column;
    (void)sf_get_str(root, "a"); /* now a line feed stands in the text that was none */
    sfi_json_place(sf_get(root, "b.1"), &line, &column);
    assert_int_equal(line, 5);
    assert_int_equal(column, 1);
    sfi_json_place(sf_get(root, "b.0"), &line, &column);
    assert_int_equal(line, 4);
    assert_int_equal(column, 8);
    sfi_json_place(root, &line, &column);
    assert_true(line == 1 && column == 1);
    sf_document_free(doc);
}

static void test_value__survives_each_failed_allocation(void **state)
{
    (void)state;
    static const char text_in[] = "{\"a\":[1,2,\"x\\n\"],\"b\":2.5}";
    long before = test_allocations_live();
    bool ok = false;
    for (long n = 0; !ok; n++) {
        sf_document *doc = NULL, *copy = NULL;
        char *text = NULL;
        sf_error err = { 0 };
        test_allocations_limit(n);
        sf_status rc = sf_document_parse(text_in, sizeof text_in - 1, &doc, &err);
        sf_value root = sf_document_root(doc);
        const char *number = sf_get_str(root, "b");
        if (rc == SF_OK) rc = sf_value_to_json(root, &text, NULL, &err);
        if (rc == SF_OK) rc = sf_value_dup(root, &copy, &err);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && err.status == rc && copy == NULL));
        ok = rc == SF_OK && number != NULL;
        sf_free(text);
        sf_document_free(copy);
        sf_document_free(doc);
    }
    assert_int_equal(test_allocations_live(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value__null_is_not_missing),
        cmocka_unit_test(test_value__several_members_are_picked_in_one_walk),
        cmocka_unit_test(test_value__what_the_check_noted_is_what_stands_there),
        cmocka_unit_test(test_value__all_texts_of_an_array),
        cmocka_unit_test(test_value__paths),
        cmocka_unit_test(test_value__strings),
        cmocka_unit_test(test_value__whole_numbers),
        cmocka_unit_test(test_value__doubles),
        cmocka_unit_test(test_value__number_text_is_as_written),
        cmocka_unit_test(test_value__many_number_texts_live_together),
        cmocka_unit_test(test_value__times),
        cmocka_unit_test(test_value__bools),
        cmocka_unit_test(test_value__iterates_in_order),
        cmocka_unit_test(test_value__keys_with_escapes_are_found),
        cmocka_unit_test(test_value__copies_outlive_their_document),
        cmocka_unit_test(test_value__wrong_calls_are_refused),
        cmocka_unit_test(test_value__place_is_line_and_column),
        cmocka_unit_test(test_value__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
