/* buf_test.c: growing buffers and arenas: bounds, failed memory, what is left after a failure. */
#include "support/support.h"
#include "base/base_internal.h"

static void test_buf__holds_what_was_added(void **state)
{
    (void)state;
    sfi_buf b = { 0 };
    char want[5000] = "";
    size_t len = 0;
    for (int i = 0; i < 900; i++) {
        assert_true(sfi_buf_addf(&b, "%d,", i));
        len += (size_t)snprintf(want + len, sizeof want - len, "%d,", i);
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, len);
    assert_string_equal(b.data, want);
    sfi_buf_clear(&b);
    assert_string_equal(b.data, "");
    assert_true(sfi_buf_add(&b, "a\0b", 3) && sfi_buf_add(&b, NULL, 0) && sfi_buf_add_char(&b, 'c') &&
                sfi_buf_add_str(&b, "de"));
    assert_int_equal(b.len, 6);
    assert_memory_equal(b.data, "a\0bcde", 7);
    char *taken = sfi_buf_take(&b);
    assert_memory_equal(taken, "a\0bcde", 7);
    sfi_free(taken);
    taken = sfi_buf_take(&b); /* empty again, and then it is "" */
    assert_string_equal(taken, "");
    sfi_free(taken);
    sfi_buf_free(&b);
    assert_int_equal(sfi_buf_status(&b, NULL, "x"), SF_OK);
}

static void test_buf__stops_at_its_maximum_for_good(void **state)
{
    (void)state;
    sfi_buf b = { .max = 10 };
    sf_error err;
    assert_true(sfi_buf_add_str(&b, "12345678"));
    assert_false(sfi_buf_add_str(&b, "abc"));
    assert_false(sfi_buf_add_char(&b, '9')); /* it would fit, but something is missing before it */
    assert_false(sfi_buf_addf(&b, "%d", 9));
    assert_false(sfi_buf_add_base64(&b, "x", 1));
    assert_false(sfi_buf_add_urlencoded(&b, SFI_STR("x")));
    assert_string_equal(b.data, "12345678");
    assert_int_equal(sfi_buf_status(&b, &err, "a header"), SF_ERR_LIMIT);
    assert_string_equal(err.message, "a header is larger than its limit of 10 bytes");
    assert_null(sfi_buf_take(&b));
    sfi_buf_clear(&b);
    assert_true(sfi_buf_add_str(&b, "1234567890"));
    assert_false(sfi_buf_addf(&b, "%s", "x"));
    assert_string_equal(b.data, "1234567890");
    sfi_buf_free(&b);
    assert_int_equal(b.max, 10);
    assert_false(sfi_buf_reserve(&b, SIZE_MAX));
    assert_int_equal(sfi_buf_status(&b, NULL, "x"), SF_ERR_LIMIT);
    sfi_buf_free(&b);
}

static void test_buf__codes(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *url, *base64;
    } cases[] = {
        { "", 0, "", "" },
        { "f", 1, "f", "Zg==" },
        { "fo", 2, "fo", "Zm8=" },
        { "foo", 3, "foo", "Zm9v" },
        { "A-z_0.9~", 8, "A-z_0.9~", "QS16XzAuOX4=" },
        { "a b+c/d?&=%'\n", 13, "a%20b%2Bc%2Fd%3F%26%3D%25%27%0A", "YSBiK2MvZD8mPSUnCg==" },
        { "\xc3\xa9\0\xff", 4, "%C3%A9%00%FF", "w6kA/w==" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_buf b = { 0 };
        assert_true(sfi_buf_add_urlencoded(&b, (sf_str){ cases[i].in, cases[i].len }));
        assert_string_equal(b.data != NULL ? b.data : "", cases[i].url);
        sfi_buf_clear(&b);
        assert_true(sfi_buf_add_base64(&b, cases[i].in, cases[i].len));
        assert_string_equal(b.data, cases[i].base64);
        sfi_buf_free(&b);
    }
}

static void test_buf__survives_each_failed_allocation(void **state)
{
    (void)state;
    bool ok = false;
    for (long n = 0; !ok; n++) {
        sfi_buf b = { 0 };
        sf_error err;
        test_allocations_limit(n);
        for (int i = 0; i < 300; i++) (void)sfi_buf_addf(&b, "line %d\n", i);
        char *text = sfi_buf_take(&b);
        test_allocations_limit(-1);
        ok = text != NULL;
        assert_int_equal(sfi_buf_status(&b, &err, "lines"), ok ? SF_OK : SF_ERR_MEMORY);
        if (!ok) assert_string_equal(err.message, "no memory for lines");
        sfi_free(text);
        sfi_buf_free(&b);
    }
    assert_int_equal(test_allocations_live(), 0);
}

static void test_arena__pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    sfi_arena a = { 0 };
    char *pieces[400];
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        size_t size = i % 97 * (i % 7) + (i % 50 == 49 ? 9000 : 0);
        pieces[i] = sfi_arena_alloc(&a, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i & 0xFF), size);
    }
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        size_t size = i % 97 * (i % 7) + (i % 50 == 49 ? 9000 : 0);
        for (size_t k = 0; k < size; k++) assert_int_equal((unsigned char)pieces[i][k], i & 0xFF);
    }
    assert_string_equal(sfi_arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(sfi_arena_strndup(&a, NULL, 0), "");
    sfi_arena_free(&a);
    assert_int_equal(test_allocations_live(), 0);
}

static void test_arena__steady_work_allocates_nothing(void **state)
{
    (void)state;
    sfi_arena a = { 0 };
    for (int round = 0; round < 10; round++) {
        if (round == 5) test_allocations_limit(0); /* settled by now */
        for (int i = 0; i < 200; i++) assert_non_null(sfi_arena_alloc(&a, 100));
        sfi_arena_reset(&a);
    }
    test_allocations_limit(-1);
    assert_int_equal(test_allocations_live(), 1);
    assert_non_null(sfi_arena_alloc(&a, 5 * SFI_MIB)); /* a huge block is not kept */
    sfi_arena_reset(&a);
    assert_int_equal(test_allocations_live(), 0);
    sfi_arena_free(&a);
}

static void test_arena__keeps_its_bound(void **state)
{
    (void)state;
    sfi_arena a = { .max = 1000 };
    assert_null(sfi_arena_alloc(&a, 1001));
    assert_null(sfi_arena_alloc(&a, SIZE_MAX));
    assert_null(sfi_arena_strndup(&a, "", SIZE_MAX));
    assert_non_null(sfi_arena_alloc(&a, 900));
    assert_null(sfi_arena_alloc(&a, 200));
    test_allocations_limit(0);
    sfi_arena b = { 0 };
    assert_null(sfi_arena_alloc(&b, 1));
    test_allocations_limit(-1);
    sfi_arena_reset(&b);
    sfi_arena_free(&b);
    sfi_arena_free(&a);
    assert_int_equal(a.max, 1000);
}

static void test_alloc__helpers_refuse_what_overflows(void **state)
{
    (void)state;
    assert_null(sfi_calloc_n(SIZE_MAX / 2, 3));
    assert_null(sfi_strdup(NULL));
    char *s = sfi_strndup("abc", 2);
    assert_string_equal(s, "ab");
    sfi_free_secret(s);
    sfi_free_secret(NULL);
    char secret[] = "hidden";
    sfi_wipe(secret, sizeof secret);
    assert_true(sfi_is_zero(secret, sizeof secret));
    sf_error err;
    assert_int_equal(sf_set_allocator(&(sf_allocator){ 0 }, &err), SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__holds_what_was_added),
        cmocka_unit_test(test_buf__stops_at_its_maximum_for_good),
        cmocka_unit_test(test_buf__codes),
        cmocka_unit_test(test_buf__survives_each_failed_allocation),
        cmocka_unit_test(test_arena__pieces_are_aligned_and_apart),
        cmocka_unit_test(test_arena__steady_work_allocates_nothing),
        cmocka_unit_test(test_arena__keeps_its_bound),
        cmocka_unit_test(test_alloc__helpers_refuse_what_overflows),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
