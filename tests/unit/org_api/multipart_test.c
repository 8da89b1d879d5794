/* multipart_test.c: multipart bodies in the forms that clients write them: parts, names, line ends, and what is broken. */
#include "api/multipart.h"
#include "support/support.h"

static const char type[] = "multipart/form-data; boundary=\"b1\"";

static sf_str text(const char *s)
{
    return (sf_str){ s, strlen(s) };
}

static void test_multipart__takes_what_clients_write(void **state)
{
    static const struct {
        const char *body;
        int count;
        const char *name, *file_name, *type, *data; /* of the last part; NULL: none */
    } cases[] = {
        { "--b1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b1--\r\n", 1, "a", NULL, NULL, "x" },
        { "--b1\nContent-Disposition: form-data; name=a\n\nx\ny\n--b1--", 1, "a", NULL, NULL, "x\ny" },
        { "preamble\r\n--b1  \r\ncontent-disposition: form-data; filename=\"a;b \\\".pdf\"; name=f\r\nContent-Type: "
          "application/pdf\r\n\r\n\r\n--b1--epilogue",
          1, "f", "a;b \\\".pdf", "application/pdf", "" },
        { "--b1\r\n\r\nno header\r\n--b1--", 1, NULL, NULL, NULL, "no header" },
        { "--b1\r\n\r\none\r\n--b1\r\nContent-Type:text/plain\r\n\r\ntwo\r\n--b1--", 2, NULL, NULL, "text/plain",
          "two" },
        { "--b1\r\n\r\nlike --b1 and\r\n--b1x\r\n--b1--", 1, NULL, NULL, NULL, "like --b1 and\r\n--b1x" },
        { "--b1--", 0, NULL, NULL, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_arena arena = { 0 };
        sfo_part parts[SFO_PARTS_MAX];
        print_message("  %zu\n", i);
        assert_int_equal(sfo_multipart_parse(&arena, type, text(cases[i].body), parts), cases[i].count);
        if (cases[i].count > 0) {
            const sfo_part *p = &parts[cases[i].count - 1];
            const struct {
                sf_str is;
                const char *want;
            } texts[] = { { p->name, cases[i].name },
                          { p->file_name, cases[i].file_name },
                          { p->type, cases[i].type },
                          { p->data, cases[i].data } };
            for (size_t j = 0; j < COUNT_OF(texts); j++) {
                if (texts[j].want == NULL) {
                    assert_null(texts[j].is.ptr);
                    continue;
                }
                assert_int_equal(texts[j].is.len, strlen(texts[j].want));
                assert_memory_equal(texts[j].is.ptr, texts[j].want, texts[j].is.len);
            }
        }
        sfi_arena_free(&arena);
    }
}

static void test_multipart__refuses_what_is_broken(void **state)
{
    static const struct {
        const char *type, *body;
    } cases[] = {
        { "multipart/form-data", "--b1\r\n\r\nx\r\n--b1--" },
        { "multipart/form-data; boundary=", "--b1\r\n\r\nx\r\n--b1--" },
        { "multipart/form-data; boundary=b2", "--b1\r\n\r\nx\r\n--b1--" },
        { "multipart/form-data; boundary=b1", "" },
        { "multipart/form-data; boundary=b1", "--b1\r\nno empty line\r\n--b1--" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_arena arena = { 0 };
        sfo_part parts[SFO_PARTS_MAX];
        print_message("  %zu\n", i);
        assert_int_equal(sfo_multipart_parse(&arena, cases[i].type, text(cases[i].body), parts), -1);
        sfi_arena_free(&arena);
    }
    static const char whole[] =
        "--b1\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--b1\r\n\r\ny\r\n--b1--";
    for (size_t len = 0; len + 1 < sizeof whole; len++) { /* cut at every byte, in memory of just that size */
        sfi_arena arena = { 0 };
        sfo_part parts[SFO_PARTS_MAX];
        char *cut = test_malloc(len + 1);
        memcpy(cut, whole, len);
        assert_int_equal(sfo_multipart_parse(&arena, type, (sf_str){ cut, len }, parts), -1);
        test_free(cut);
        sfi_arena_free(&arena);
    }
    sfi_buf many = { 0 };
    for (int i = 0; i <= SFO_PARTS_MAX; i++) sfi_buf_add_str(&many, "--b1\r\n\r\nx\r\n");
    sfi_buf_add_str(&many, "--b1--");
    sfi_arena arena = { 0 };
    sfo_part parts[SFO_PARTS_MAX];
    assert_int_equal(sfo_multipart_parse(&arena, type, sfi_buf_str(&many), parts), -1);
    sfi_buf_free(&many);
    sfi_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multipart__takes_what_clients_write),
        cmocka_unit_test(test_multipart__refuses_what_is_broken),
    };
    return cmocka_run_group_tests_name("org_api.multipart", tests, NULL, NULL);
}
