/* document_test.c: what is JSON and what is not, where it goes wrong, and pages that are read row by row. */
#include "support/support.h"
#include "json/json_internal.h"

static sf_status parse(sfi_json *doc, sf_str text, sf_error *err)
{
    *err = (sf_error){ 0 };
    return sfi_json_parse(doc, text, err);
}

static sfi_json *new_document(void)
{
    sfi_json *doc;
    assert_int_equal(sfi_json_new(&doc, NULL), SF_OK);
    return doc;
}

static void test_document__errors_name_the_byte(void **state)
{
    static const struct {
        const char *json;
        size_t len;
        const char *byte;
    } cases[] = {
        { "", 0, "0 bytes" },
        { " \n", 2, "2 bytes" },
        { "[1,]", 4, "byte 3" },
        { "{\"a\":1,}", 8, "byte 7" },
        { "{\"a\" 1}", 7, "byte 5" },
        { "{\"a\":}", 6, "byte 5" },
        { "{1:2}", 5, "byte 1" },
        { "[1 2]", 5, "byte 3" },
        { "[1}", 3, "byte 2" },
        { "{\"a\":1]", 7, "byte 6" },
        { "[", 1, "byte 1" },
        { "]", 1, "byte 0" },
        { "[1]]", 4, "byte 3" },
        { "1 2", 3, "byte 2" },
        { "nul", 3, "byte 0" },
        { "nulll", 5, "byte 0" },
        { "True", 4, "byte 0" },
        { "[01]", 4, "byte 1" },
        { "[-]", 3, "byte 1" },
        { "[1.]", 4, "byte 1" },
        { "[.5]", 4, "byte 1" },
        { "[1e]", 4, "byte 1" },
        { "[1e+]", 5, "byte 1" },
        { "[+1]", 4, "byte 1" },
        { "[1\"a\"]", 6, "byte 1" },
        { "[\"a\"\"b\"]", 8, "byte 4" },
        { "[\"a\"b]", 6, "byte 4" },
        { "\"a", 2, "byte 0" },
        { "[\"a\\\"]", 6, "byte 1" },
        { "[\"\\q\"]", 6, "byte 2" },
        { "[\"a\\u12\"]", 9, "byte 3" },
        { "[\"\\u12G4\"]", 10, "byte 2" },
        { "[\"a\nb\"]", 7, "byte 3" },
        { "[\"\x01\"]", 5, "byte 2" },
        { "[\"\0\"]", 5, "byte 2" },
        { "[\0]", 3, "byte 1" },
        { "1\0", 2, "byte 0" },
        { "[1]\0", 4, "byte 3" },
        { "[1\x0c]", 4, "byte 1" },
        { "[\"a\"\x0c\"b\"]", 9, "byte 4" },
        { "[\"\xff\"]", 5, "byte 2" },
        { "[\"\xc3\"]", 5, "byte 2" },
        { "[\"\xed\xa0\x80\"]", 7, "byte 2" },
        { "\xef\xbb\xbf[]", 5, "byte 0" },
        { "[\\\"a\"]", 6, "byte 1" },
        { "{\"a\":1,\"b\"}", 11, "byte 10" },
        { "{,}", 3, "byte 1" },
        { "[,]", 3, "byte 1" },
        { "{\"a\":\"b\" \"c\":1}", 15, "byte 9" },
        { "[1:2]", 5, "byte 2" },
        { "'a'", 3, "byte 0" },
        { "NaN", 3, "byte 0" },
    };
    (void)state;
    sfi_json *doc = new_document();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        print_message("  %s\n", cases[i].json);
        assert_int_equal(parse(doc, (sf_str){ cases[i].json, cases[i].len }, &err), SF_ERR_PROTOCOL);
        assert_int_equal(err.status, SF_ERR_PROTOCOL);
        print_message("    %s\n", err.message);
        const char *found = strstr(err.message, cases[i].byte);
        assert_non_null(found);
        assert_false(found[strlen(cases[i].byte)] >= '0' && found[strlen(cases[i].byte)] <= '9');
        assert_int_equal(sf_value_type(sfi_json_root(doc)), SF_MISSING);
    }
    sfi_json_free(doc);
}

static const char page[] =
    " {\"totalSize\" : 4,\"done\":false , \"nextRecordsUrl\":\"/q/01g-2000\",\"records\":[ "
    "{\"attributes\":{\"type\":\"A\"},\"Name\":\"Caf\\u00e9 \\\"x\\\"\",\"N\":12.0,\"B\":true,\"Z\":null,"
    "\"Kids\":{\"done\":true,\"records\":[{\"K\":1},{\"K\":2}]}},\n"
    "{\"Name\":\"\xf0\x9f\x98\x80\",\"N\":-1.5e3,\"Kids\":null} , {} ,\"odd\"],\"tail\":[1,{\"x\":[]}]} ";

static void test_document__cut_short_is_never_whole(void **state)
{
    (void)state;
    sfi_json *doc = new_document();
    sf_error err;
    size_t whole = sizeof page - 2; /* the last blank may go */
    for (size_t len = 0; len < sizeof page; len++) {
        char *cut = sfi_alloc(len);
        memcpy(cut, page, len);
        assert_int_equal(parse(doc, (sf_str){ cut, len }, &err), len < whole ? SF_ERR_PROTOCOL : SF_OK);
        sfi_free(cut);
    }
    sfi_json_free(doc);
}

static char *nested(size_t depth, const char *open, const char *close, const char *inner)
{
    sfi_buf b = { 0 };
    for (size_t i = 0; i < depth; i++) (void)sfi_buf_add_str(&b, open);
    (void)sfi_buf_add_str(&b, inner);
    for (size_t i = 0; i < depth; i++) (void)sfi_buf_add_str(&b, close);
    return sfi_buf_take(&b);
}

static void test_document__depth_has_its_limit(void **state)
{
    static const struct {
        size_t depth;
        const char *open, *close, *inner;
        sf_status want;
    } cases[] = {
        { 256, "[", "]", "", SF_OK },
        { 257, "[", "]", "", SF_ERR_LIMIT },
        { 256, "[", "]", "1", SF_OK },
        { 256, "{\"a\":", "}", "1", SF_OK },
        { 255, "{\"a\":", "}", "{}", SF_OK },
        { 256, "{\"a\":", "}", "{}", SF_ERR_LIMIT },
        { 128, "[{\"a\":", "}]", "null", SF_OK },
        { 128, "[{\"a\":", "}]", "[]", SF_ERR_LIMIT },
        { 100000, "[", "]", "", SF_ERR_LIMIT },
        { 100000, "{\"a\":", "}", "1", SF_ERR_LIMIT },
    };
    (void)state;
    sfi_json *doc = new_document();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        char *text = nested(cases[i].depth, cases[i].open, cases[i].close, cases[i].inner);
        assert_int_equal(parse(doc, sfi_str(text), &err), cases[i].want);
        if (cases[i].want == SF_OK) {
            char *out;
            assert_int_equal(sf_value_to_json(sfi_json_root(doc), &out, NULL, NULL), SF_OK);
            assert_string_equal(out, text);
            sf_free(out);
        } else {
            assert_non_null(strstr(err.message, "256"));
        }
        sfi_free(text);
    }
    sfi_json_free(doc);
}

static void test_document__many_open_brackets_are_safe_unchecked(void **state)
{
    (void)state;
    sfi_json *doc = new_document();
    sf_error err;
    size_t len = 200000;
    char *buffer = sfi_json_buffer(doc, len);
    memset(buffer, '[', len);
    assert_int_equal(sfi_json_index(doc, len, false, &err), SF_OK); /* a page: the row will find it */
    sf_value root = sfi_json_root(doc);
    char *out;
    assert_int_equal(sf_value_to_json(root, &out, NULL, NULL), SF_OK);
    sf_free(out);
    assert_int_equal(sf_value_count(root), 1);
    sfi_json_rows rows;
    sf_value row;
    assert_int_equal(sfi_json_rows_begin(root, &rows, &err), SF_OK);
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ERR_LIMIT);
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ERR_LIMIT);
    sfi_json_free(doc);
}

static sf_status load(sfi_json *doc, const char *text, size_t len, sf_error *err)
{
    char *buffer = sfi_json_buffer(doc, len);
    assert_non_null(buffer);
    memcpy(buffer, text, len);
    return sfi_json_index(doc, len, false, err);
}

static void test_rows__come_one_by_one(void **state)
{
    (void)state;
    sfi_json *doc = new_document();
    sf_error err;
    for (int round = 0; round < 3; round++) { /* the document is used again and again */
        assert_int_equal(load(doc, page, sizeof page - 1, &err), SF_OK);
        sf_value root = sfi_json_root(doc), row;
        assert_int_equal(sf_get_int(root, "totalSize", -1), 4);
        assert_false(sf_get_bool(root, "done", true));
        assert_string_equal(sf_get_str(root, "nextRecordsUrl"), "/q/01g-2000");
        if (round == 1) assert_int_equal(sf_get_int(root, "tail.0", -1), 1); /* behind the rows, before them */
        sfi_json_rows rows, kids;
        assert_int_equal(sfi_json_rows_begin(sf_get(root, "records"), &rows, &err), SF_OK);
        assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
        assert_string_equal(sf_get_str(row, "N"), "12.0");
        assert_string_equal(sf_get_str(row, "Name"), "Caf\xc3\xa9 \"x\"");
        assert_string_equal(sf_get_str(row, "attributes.type"), "A");
        assert_true(sf_is_null(row, "Z"));
        sf_value kid;
        assert_int_equal(sfi_json_rows_begin(sf_get(row, "Kids.records"), &kids, &err), SF_OK);
        for (int k = 1; k <= 2; k++) {
            assert_int_equal(sfi_json_row_next(&kids, &kid, &err), SF_ROW);
            assert_int_equal(sf_get_int(kid, "K", -1), k);
        }
        assert_int_equal(sfi_json_row_next(&kids, &kid, &err), SF_DONE);
        assert_int_equal(sfi_json_row_next(&kids, &kid, &err), SF_DONE);
        assert_string_equal(sf_get_str(row, "N"), "12.0");
        assert_true(sf_get_bool(row, "B", false));
        assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
        assert_string_equal(sf_get_str(row, "Name"), "\xf0\x9f\x98\x80");
        assert_int_equal(sf_get_int(row, "N", -1), -1500);
        assert_int_equal(sf_value_type(sf_get(row, "attributes.type")), SF_MISSING);
        assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
        assert_int_equal(sf_value_count(row), 0);
        assert_int_equal(sf_value_type(sf_get(row, "Name")), SF_MISSING);
        assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
        assert_string_equal(sf_get_str(row, NULL), "odd");
        assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_DONE);
        assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_DONE);
        assert_int_equal(sf_get_int(root, "tail.0", -1), 1);
        assert_int_equal(sf_value_count(sf_get(root, "tail.1")), 1);
        assert_int_equal(sf_get_int(root, "totalSize", -1), 4);
    }
    sfi_json_free(doc);
}

static sf_status read_page(sfi_json *doc, const char *text, size_t len, int *count)
{
    sf_error err;
    *count = 0;
    sf_status rc = load(doc, text, len, &err);
    if (rc != SF_OK) return rc;
    sfi_json_rows rows;
    sf_value row;
    rc = sfi_json_rows_begin(sf_get(sfi_json_root(doc), "records"), &rows, &err);
    if (rc != SF_OK) return rc;
    while ((rc = sfi_json_row_next(&rows, &row, &err)) == SF_ROW) (*count)++;
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), rc); /* errors stay too */
    return rc;
}

static void test_rows__a_page_cut_short_is_never_done(void **state)
{
    (void)state;
    sfi_json *doc = new_document();
    int count;
    for (size_t len = 0; len < sizeof page; len++)
        assert_int_equal(read_page(doc, page, len, &count), len < sizeof page - 2 ? SF_ERR_PROTOCOL : SF_DONE);
    assert_int_equal(count, 4);
    sfi_json_free(doc);
}

static void test_rows__every_changed_byte_is_seen_or_harmless(void **state)
{
    (void)state;
    static const char bytes[] = "\0{}[]:,\"\\ n1-e\xff\x0c";
    sfi_json *doc = new_document(), *whole = new_document();
    char text[sizeof page];
    for (size_t i = 0; i < sizeof page - 1; i++)
        for (size_t k = 0; k < sizeof bytes - 1; k++) {
            memcpy(text, page, sizeof page);
            text[i] = bytes[k];
            sf_error err;
            int count;
            bool is_json = parse(whole, (sf_str){ text, sizeof page - 1 }, &err) == SF_OK;
            bool has_rows = is_json && sf_value_type(sf_get(sfi_json_root(whole), "records")) == SF_ARRAY;
            assert_int_equal(read_page(doc, text, sizeof page - 1, &count) == SF_DONE, has_rows);
            if (has_rows) assert_int_equal(count, (int)sf_value_count(sf_get(sfi_json_root(whole), "records")));
        }
    sfi_json_free(doc);
    sfi_json_free(whole);
}

static void test_rows__raw_text_is_the_page_s_own(void **state)
{
    (void)state;
    static const char text[] = "{\"records\":[{\"A\":1,\"B\":\"x\\n\"},{\"A\":\"y\"},{\"A\":\n2},[1]]}";
    sfi_json *doc = new_document();
    sf_error err;
    sfi_json_rows rows;
    sf_value row;
    assert_int_equal(load(doc, text, sizeof text - 1, &err), SF_OK);
    assert_int_equal(sfi_json_rows_begin(sf_get(sfi_json_root(doc), "records"), &rows, &err), SF_OK);
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
    assert_true(sfi_str_is(sfi_json_raw(row), "{\"A\":1,\"B\":\"x\\n\"}"));
    assert_int_equal(sf_get_int(row, "A", 0), 1);
    assert_true(sfi_str_is(sfi_json_raw(row), "{\"A\":1,\"B\":\"x\\n\"}")); /* numbers leave no trace */
    assert_true(sfi_str_is(sfi_json_raw(sf_get(row, "B")), "\"x\\n\""));
    assert_string_equal(sf_get_str(row, "B"), "x\n");
    assert_null(sfi_json_raw(row).ptr);
    assert_null(sfi_json_raw(sf_get(row, "B")).ptr);
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
    assert_true(sfi_str_is(sfi_json_raw(row), "{\"A\":\"y\"}"));
    sf_iter it = sf_iter_begin(row);
    sf_str key;
    assert_true(sf_iter_next(&it, &key, NULL));
    assert_null(sfi_json_raw(row).ptr);
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
    assert_null(sfi_json_raw(row).ptr); /* it would be two lines */
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
    assert_true(sfi_str_is(sfi_json_raw(row), "[1]"));
    assert_null(sfi_json_raw((sf_value){ 0 }).ptr);
    sfi_json_free(doc);
}

static void test_rows__many_fields_are_all_found(void **state)
{
    (void)state;
    sfi_buf text = { 0 };
    (void)sfi_buf_add_str(&text, "{\"records\":[{");
    for (int i = 0; i < 3000; i++) (void)sfi_buf_addf(&text, "%s\"F%d\":{\"V\":%d}", i > 0 ? "," : "", i, i);
    (void)sfi_buf_add_str(&text, "}]}");
    sfi_json *doc = new_document();
    sf_error err;
    sfi_json_rows rows;
    sf_value row;
    assert_int_equal(load(doc, text.data, text.len, &err), SF_OK);
    assert_int_equal(sfi_json_rows_begin(sf_get(sfi_json_root(doc), "records"), &rows, &err), SF_OK);
    assert_int_equal(sfi_json_row_next(&rows, &row, &err), SF_ROW);
    assert_int_equal(sf_value_count(row), 3000);
    for (int i = 2999; i >= 0; i -= 7) {
        char path[32];
        snprintf(path, sizeof path, "F%d.V", i);
        assert_int_equal(sf_get_int(row, path, -1), i);
    }
    sfi_json_free(doc);
    sfi_buf_free(&text);
}

static void test_rows__arrays_begun_out_of_order(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[{\"n\":1},{\"n\":2}],\"b\":[{\"n\":3,\"c\":[4,5]}]}";
    sfi_json *doc = new_document();
    sf_error err;
    sfi_json_rows a, b;
    sf_value row;
    assert_int_equal(load(doc, text, sizeof text - 1, &err), SF_OK);
    sf_value root = sfi_json_root(doc);
    assert_int_equal(sfi_json_rows_begin(sf_get(root, "b"), &b, &err), SF_OK);
    assert_int_equal(sfi_json_rows_begin(sf_get(root, "a"), &a, &err), SF_OK);
    assert_int_equal(sfi_json_row_next(&a, &row, &err), SF_ROW);
    assert_int_equal(sf_get_int(row, "n", 0), 1);
    assert_int_equal(sfi_json_row_next(&b, &row, &err), SF_ROW);
    assert_int_equal(sf_get_int(row, "c.1", 0), 5);
    assert_int_equal(sfi_json_row_next(&b, &row, &err), SF_DONE);
    assert_int_equal(sfi_json_row_next(&a, &row, &err), SF_ROW);
    assert_int_equal(sf_get_int(row, "n", 0), 2);
    assert_int_equal(sfi_json_row_next(&a, &row, &err), SF_DONE);
    assert_int_equal(sfi_json_rows_begin(sf_get(root, "nothing"), &a, &err), SF_ERR_PROTOCOL);
    assert_int_equal(sfi_json_rows_begin(root, &a, &err), SF_ERR_PROTOCOL);
    sfi_json_free(doc);
}

static void test_document__buffers_change_hands(void **state)
{
    (void)state;
    sfi_json *doc = new_document();
    sf_error err;
    size_t cap = 5 + SFI_JSON_PADDING;
    char *mine = sfi_alloc(cap), *first = mine;
    memcpy(mine, "[1,2]", 5);
    sfi_json_swap_buffer(doc, &mine, &cap);
    assert_null(mine);
    assert_int_equal(cap, 0);
    assert_int_equal(sfi_json_buffer_size(doc), 5);
    assert_int_equal(sfi_json_index(doc, 5, true, &err), SF_OK);
    assert_int_equal(sf_get_int(sfi_json_root(doc), "1", 0), 2);
    sfi_json_swap_buffer(doc, &mine, &cap);
    assert_ptr_equal(mine, first);
    assert_int_equal(sf_value_type(sfi_json_root(doc)), SF_MISSING);
    sfi_free(mine);
    assert_null(sfi_json_buffer(doc, ((size_t)1 << 30) + 1));
    assert_non_null(sfi_json_buffer(doc, 0));
    assert_int_equal(sfi_json_index(doc, 0, true, &err), SF_ERR_PROTOCOL);
    sfi_json_free(doc);
    sfi_json_free(NULL);
}

static void test_rows__steady_pages_allocate_nothing(void **state)
{
    (void)state;
    sfi_json *doc = new_document();
    sf_error err;
    for (int round = 0; round < 6; round++) {
        if (round == 3) test_allocations_limit(0); /* settled by now */
        assert_int_equal(load(doc, page, sizeof page - 1, &err), SF_OK);
        sfi_json_rows rows;
        sf_value row;
        assert_int_equal(sfi_json_rows_begin(sf_get(sfi_json_root(doc), "records"), &rows, &err), SF_OK);
        while (sfi_json_row_next(&rows, &row, &err) == SF_ROW) {
            (void)sf_get_str(row, "Name");
            assert_true(sf_value_type(sf_get(row, "N")) != SF_NUMBER || sf_get_str(row, "N") != NULL);
        }
    }
    test_allocations_limit(-1);
    sfi_json_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document__errors_name_the_byte),
        cmocka_unit_test(test_document__cut_short_is_never_whole),
        cmocka_unit_test(test_document__depth_has_its_limit),
        cmocka_unit_test(test_document__many_open_brackets_are_safe_unchecked),
        cmocka_unit_test(test_rows__come_one_by_one),
        cmocka_unit_test(test_rows__a_page_cut_short_is_never_done),
        cmocka_unit_test(test_rows__every_changed_byte_is_seen_or_harmless),
        cmocka_unit_test(test_rows__raw_text_is_the_page_s_own),
        cmocka_unit_test(test_rows__many_fields_are_all_found),
        cmocka_unit_test(test_rows__arrays_begun_out_of_order),
        cmocka_unit_test(test_document__buffers_change_hands),
        cmocka_unit_test(test_rows__steady_pages_allocate_nothing),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
