/* export_page_test.c: the first line of a page is told from its rows, and rows are counted, in any chunking. */
#include "bulk/export_internal.h"
#include "support/support.h"

typedef struct page_case {
    const char *text;
    int64_t want;     /* rows that the org says */
    sf_status status; /* of the end, or of an add */
    const char *header, *rows;
} page_case;

static const page_case cases[] = {
    { "\"Id\",\"Name\"\n\"1\",\"a\"\n\"2\",\"b\"\n", 2, SF_OK, "\"Id\",\"Name\"", "\"1\",\"a\"\n\"2\",\"b\"\n" },
    { "\"Id\",\"Name\"\r\n\"1\",\"a\"\r\n", 1, SF_OK, "\"Id\",\"Name\"", "\"1\",\"a\"\r\n" },
    { "\"Id\"\n\"1\"", 1, SF_OK, "\"Id\"", "\"1\"" }, /* no end of the last line */
    { "\"Id\"\n\"a\nb\"\"\n,\"\n\"2\"\n", 2, SF_OK, "\"Id\"", "\"a\nb\"\"\n,\"\n\"2\"\n" },
    { "", 0, SF_OK, "", "" }, /* an empty result may be nothing at all */
    { "\"Id\"\n", 0, SF_OK, "\"Id\"", "" },
    { "\"Id\"", 0, SF_OK, "\"Id\"", "" },
    { "\"I\nd\"\n\"1\"\n", 1, SF_OK, "\"I\nd\"", "\"1\"\n" }, /* a line end within a name */
    { "Name\na\n\nb\n", 3, SF_OK, "Name", "a\n\nb\n" },       /* of one column, a blank line is an empty value */
    { "Name\na\n\nb\n", 2, SF_OK, "Name", "a\n\nb\n" },       /* or nothing */
    { "\"Id\"\n\"1\"\n", 2, SF_ERR_TRUNCATED, "\"Id\"", "\"1\"\n" },
    { "", 1, SF_ERR_TRUNCATED, "", "" },
    { "\"Id\"\n\"1\"\n\"2\"\n", 1, SF_ERR_PROTOCOL, "\"Id\"", "\"1\"\n\"2\"\n" },
    { "\"Id\",\"Name\"\n\"1\",\"a", 1, SF_ERR_TRUNCATED, "\"Id\",\"Name\"", "\"1\",\"a" },
    { "\"Id\",\"Name\"\n\"1\"", 1, SF_ERR_TRUNCATED, "\"Id\",\"Name\"", "\"1\"" },
    { "\"Id\",\"Name\"\n\"1\"\n", 1, SF_ERR_PROTOCOL, NULL, NULL }, /* too few columns */
    { "\"Id\",\"Name\"\n\"1\",a\"b\n", 1, SF_ERR_PROTOCOL, NULL, NULL },
    { "<html>\n<body class=\"x\">\n</html>", 1, SF_ERR_PROTOCOL, NULL, NULL },
};

static void run_case(const page_case *c, size_t step)
{
    sfi_export_page p = { 0 };
    sfi_buf rows = { 0 };
    sf_error err;
    sf_status rc = SF_OK;
    size_t len = strlen(c->text);
    sfi_export_page_begin(&p, ',');
    for (size_t at = 0; at < len && rc == SF_OK; at += step) {
        sf_str got = { NULL, 0 };
        rc = sfi_export_page_add(&p, c->text + at, len - at < step ? len - at : step, &got, &err);
        if (rc == SF_OK && got.len > 0) sfi_buf_add(&rows, got.ptr, got.len);
    }
    if (rc == SF_OK) rc = sfi_export_page_end(&p, c->want, &err);
    if (rc != c->status) fail_msg("%s by %zu: %s", c->text, step, sf_status_name(rc));
    assert_int_equal(p.is_damaged, rc != SF_OK);
    if (c->header != NULL) {
        assert_true(sfi_str_is(sfi_buf_str(&p.header), c->header));
        assert_true(sfi_str_is(sfi_buf_str(&rows), c->rows));
        assert_int_equal(p.bytes, rows.len);
        assert_int_equal(sfi_export_header_sum(&p) == 0, c->header[0] == '\0');
    }
    sfi_buf_free(&rows);
    sfi_export_page_free(&p);
}

static void test_export_page__any_chunking(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t step = 1; step <= strlen(cases[i].text) + 1; step++) run_case(&cases[i], step);
}

static void test_export_page__cut_at_every_byte_is_noticed(void **state)
{
    (void)state;
    static const char text[] = "\"Id\",\"Name\"\n\"1\",\"a\"\n\"2\",\"b\nc\"\n";
    for (size_t len = 0; len < sizeof text - 2; len++) { /* without its last line end it is still whole */
        sfi_export_page p = { 0 };
        sf_str rows;
        sf_error err;
        sfi_export_page_begin(&p, ',');
        assert_int_equal(sfi_export_page_add(&p, text, len, &rows, &err), SF_OK);
        assert_int_equal(sfi_export_page_end(&p, 2, &err), SF_ERR_TRUNCATED);
        sfi_export_page_free(&p);
    }
}

static void test_export_page__other_columns_have_another_sum(void **state)
{
    (void)state;
    static const char *const headers[] = { "\"Id\",\"Name\"\n", "\"Name\",\"Id\"\n", "\"Id\"\n", "Id,Name\n" };
    uint64_t sums[COUNT_OF(headers)];
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        sfi_export_page p = { 0 };
        sf_str rows;
        sf_error err;
        sfi_export_page_begin(&p, ',');
        assert_int_equal(sfi_export_page_add(&p, headers[i], strlen(headers[i]), &rows, &err), SF_OK);
        sums[i] = sfi_export_header_sum(&p);
        assert_true(sums[i] <= INT64_MAX); /* a journal keeps it as a number */
        for (size_t k = 0; k < i; k++) assert_true(sums[i] != sums[k]);
        sfi_export_page_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_export_page__any_chunking),
                                        cmocka_unit_test(test_export_page__cut_at_every_byte_is_noticed),
                                        cmocka_unit_test(test_export_page__other_columns_have_another_sum) };
    return cmocka_run_group_tests_name("export_page", tests, NULL, NULL);
}
