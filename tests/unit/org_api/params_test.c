/* params_test.c: query strings, forms, multipart bodies, Basic credentials: good ones, bad ones, cut ones. */
#include "api/params.h"
#include "support/support.h"

static sf_str text(const char *s)
{
    return (sf_str){ s, strlen(s) };
}

static void test_percent_decode__takes_escapes_and_refuses_broken_ones(void **state)
{
    static const struct {
        const char *in;
        bool plus;
        const char *want;
    } cases[] = {
        { "a%20b", false, "a b" }, { "a+b", true, "a b" }, { "a+b", false, "a+b" }, { "%c3%A9", false, "\xC3\xA9" },
        { "", false, "" },         { "%", false, NULL },   { "%2", false, NULL },   { "%zz", false, NULL },
        { "a%2", true, NULL },     { "%2F", false, "/" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_arena arena = { 0 };
        sf_str out;
        print_message("  '%s'\n", cases[i].in);
        bool ok = sfo_percent_decode(&arena, text(cases[i].in), cases[i].plus, &out);
        assert_int_equal(ok, cases[i].want != NULL);
        if (ok) assert_string_equal(out.ptr, cases[i].want);
        sfi_arena_free(&arena);
    }
}

static void test_params__splits_and_decodes(void **state)
{
    (void)state;
    sfi_arena arena = { 0 };
    sfo_params p;
    assert_true(sfo_params_parse(&arena, text("q=SELECT+Id%2CName&&empty=&flag&q=second"), &p));
    assert_int_equal(p.count, 4);
    assert_string_equal(sfo_params_get(&p, "q").ptr, "SELECT Id,Name");
    assert_string_equal(sfo_params_get(&p, "empty").ptr, "");
    assert_string_equal(sfo_params_get(&p, "flag").ptr, "");
    assert_null(sfo_params_get(&p, "Q").ptr);
    assert_false(sfo_params_parse(&arena, text("a=%g1"), &p));
    sfi_arena_free(&arena);
}

static void test_params__refuses_too_many(void **state)
{
    (void)state;
    sfi_arena arena = { 0 };
    sfi_buf many = { 0 };
    sfo_params p;
    for (int i = 0; i < SFO_PARAMS_MAX; i++) sfi_buf_addf(&many, "a%d=1&", i);
    assert_true(sfo_params_parse(&arena, sfi_buf_str(&many), &p));
    sfi_buf_add_str(&many, "one=more");
    assert_false(sfo_params_parse(&arena, sfi_buf_str(&many), &p));
    sfi_buf_free(&many);
    sfi_arena_free(&arena);
}

static const char multipart[] =
    "preamble\r\n--b1\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n"
    "--b1\r\ncontent-disposition: form-data; filename=x; name=two\r\nContent-Type: text/plain\r\n\r\nline 1\r\nline "
    "2\r\n--b1--\r\n";

static void test_multipart__reads_named_parts(void **state)
{
    (void)state;
    sfi_arena arena = { 0 };
    sfo_params p;
    assert_true(sfo_params_parse_multipart(&arena, "multipart/form-data; boundary=\"b1\"", text(multipart), &p));
    assert_int_equal(p.count, 2);
    assert_string_equal(sfo_params_get(&p, "grant_type").ptr, "password");
    assert_string_equal(sfo_params_get(&p, "two").ptr, "line 1\r\nline 2");
    assert_false(sfo_params_parse_multipart(&arena, "multipart/form-data", text(multipart), &p));
    assert_false(sfo_params_parse_multipart(&arena, "multipart/form-data; boundary=b2", text(multipart), &p));
    sfi_arena_free(&arena);
}

static void test_multipart__refuses_text_cut_at_every_byte(void **state)
{
    (void)state;
    size_t whole = strlen(multipart) - 2; /* the last line end may be missing */
    for (size_t len = 0; len < whole; len++) {
        sfi_arena arena = { 0 };
        sfo_params p;
        char *cut = test_malloc(len + 1);
        memcpy(cut, multipart, len);
        assert_false(sfo_params_parse_multipart(&arena, "multipart/form-data; boundary=b1", (sf_str){ cut, len }, &p));
        test_free(cut);
        sfi_arena_free(&arena);
    }
}

static void test_basic__decodes_user_and_password(void **state)
{
    static const struct {
        const char *header, *user, *password;
    } cases[] = {
        { "Basic YTpi", "a", "b" },   { "basic YTpiOmM=", "a", "b:c" }, { "Basic YTo=", "a", "" },
        { "Basic YWI=", NULL, NULL }, { "Bearer YTpi", NULL, NULL },    { "Basic !!", NULL, NULL },
        { "Basic Y", NULL, NULL },    { "Basic ", NULL, NULL },         { NULL, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_arena arena = { 0 };
        sf_str user;
        sf_str password;
        bool ok = sfo_basic_credentials(&arena, cases[i].header, &user, &password);
        assert_int_equal(ok, cases[i].user != NULL);
        if (ok) assert_string_equal(user.ptr, cases[i].user);
        if (ok) assert_string_equal(password.ptr, cases[i].password);
        sfi_arena_free(&arena);
    }
}

static void test_params__survive_each_failed_allocation(void **state)
{
    (void)state;
    bool ok = false;
    for (long n = 0; !ok; n++) {
        sfi_arena arena = { 0 };
        sfo_params p;
        sf_str user;
        sf_str password;
        test_allocations_limit(n);
        ok = sfo_params_parse(&arena, text("a=1&b=2"), &p) &&
             sfo_params_parse_multipart(&arena, "multipart/form-data; boundary=b1", text(multipart), &p) &&
             sfo_basic_credentials(&arena, "Basic YTpi", &user, &password);
        test_allocations_limit(-1);
        sfi_arena_free(&arena);
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent_decode__takes_escapes_and_refuses_broken_ones),
        cmocka_unit_test(test_params__splits_and_decodes),
        cmocka_unit_test(test_params__refuses_too_many),
        cmocka_unit_test(test_multipart__reads_named_parts),
        cmocka_unit_test(test_multipart__refuses_text_cut_at_every_byte),
        cmocka_unit_test(test_basic__decodes_user_and_password),
        cmocka_unit_test(test_params__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_api params", tests, NULL, NULL);
}
