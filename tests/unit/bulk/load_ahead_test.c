/* load_ahead_test.c: an input as pieces: all bytes in order, no character cut, what is no UTF-8 told of the right piece; files
 * that end early, and a check that ends before the file does. */
#define SFI_MAY_ALLOCATE
#include <fcntl.h>
#include <unistd.h>
#include "bulk/load_internal.h"
#include "support/support.h"

enum { PIECE = 512 * 1024 };
static char name[64];
static sf_error err;

static sfi_load_input input_of(const char *text, size_t len, int64_t body)
{
    snprintf(name, sizeof name, "/tmp/sf-load-ahead-XXXXXX");
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    (void)unlink(name);
    for (size_t at = 0; at < len;) { /* each round writes some */
        ssize_t n = write(fd, text + at, len - at);
        assert_true(n > 0);
        at += (size_t)n;
    }
    return (sfi_load_input){ .name = "rows.csv", .fd = fd, .body = body, .size = (int64_t)len };
}

/* Text of len bytes whose characters have one to four of them; never the same for long. */
static char *make_text(size_t len)
{
    static const char *const letters[] = { "a", "\xC3\xBC", "\n", "\xE2\x82\xAC", "7", "\xF0\x9F\x98\x80", "," };
    char *text = malloc(len + 8);
    assert_non_null(text);
    size_t at = 0;
    for (size_t i = 0; at < len; i++) {
        const char *letter = letters[(i * 7 + i / 11) % COUNT_OF(letters)];
        size_t n = strlen(letter);
        if (at + n > len) n = 1, letter = "x";
        memcpy(text + at, letter, n);
        at += n;
    }
    return text;
}

static void test_ahead__all_bytes_in_whole_characters(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0,         1,         4,         100,           PIECE - 2,     PIECE - 1,    PIECE,
                                    PIECE + 1, PIECE + 3, PIECE * 2, PIECE * 2 + 1, PIECE * 6 + 5, PIECE * 9 - 1 };
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (int64_t body = 0; body < 3; body++) {
            if ((size_t)body > sizes[i]) continue;
            char *text = make_text(sizes[i]);
            memset(text, 'h', (size_t)body); /* and what is left of a character that began there is none */
            for (size_t k = (size_t)body; k < sizes[i] && (text[k] & 0xC0) == 0x80; k++) text[k] = 'h';
            sfi_load_input in = input_of(text, sizes[i], body);
            sfi_load_ahead *a;
            sfi_load_piece p;
            size_t at = (size_t)body;
            assert_int_equal(sfi_load_ahead_open(&in, &a, &err), SF_OK);
            for (;;) { /* until the end */
                assert_int_equal(sfi_load_ahead_next(a, &p, &err), SF_OK);
                if (p.len == 0) break;
                assert_true(at + p.len <= sizes[i]);
                assert_memory_equal(p.data, text + at, p.len);
                if (!p.is_utf8) fail_msg("size %zu, a piece at %zu", sizes[i], at);
                at += p.len;
            }
            assert_int_equal(at, sizes[i]);
            sfi_load_ahead_close(a);
            close(in.fd);
            free(text);
        }
}

static void test_ahead__what_is_no_text_is_told_of_its_piece(void **state)
{
    (void)state;
    static const size_t places[] = { 0, PIECE - 1, PIECE, PIECE * 3 + 7, PIECE * 5 - 1 };
    enum { LEN = PIECE * 5 };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char *text = malloc(LEN);
        assert_non_null(text);
        memset(text, 'a', LEN);
        text[places[i]] = (char)0xE4; /* Latin-1; the last byte of all may be the beginning of a character */
        sfi_load_input in = input_of(text, LEN, 0);
        sfi_load_ahead *a;
        sfi_load_piece p;
        size_t at = 0, bad = 0;
        assert_int_equal(sfi_load_ahead_open(&in, &a, &err), SF_OK);
        while (sfi_load_ahead_next(a, &p, &err) == SF_OK && p.len > 0) {
            bool has_it = places[i] >= at && places[i] < at + p.len;
            assert_int_equal(p.is_utf8, !has_it);
            bad += has_it;
            at += p.len;
        }
        assert_int_equal(at, LEN);
        assert_int_equal(bad, 1);
        sfi_load_ahead_close(a);
        close(in.fd);
        free(text);
    }
}

static void test_ahead__ends_early_on_either_side(void **state)
{
    (void)state;
    enum { LEN = PIECE * 8 };
    char *text = make_text(LEN);
    for (int pieces = 0; pieces < 6; pieces++) { /* nobody wants the rest */
        sfi_load_input in = input_of(text, LEN, 0);
        sfi_load_ahead *a;
        sfi_load_piece p;
        assert_int_equal(sfi_load_ahead_open(&in, &a, &err), SF_OK);
        for (int i = 0; i < pieces; i++) assert_int_equal(sfi_load_ahead_next(a, &p, &err), SF_OK);
        sfi_load_ahead_close(a);
        close(in.fd);
    }
    sfi_load_input in = input_of(text, LEN, 0); /* the file is shorter than it was */
    sfi_load_ahead *a;
    sfi_load_piece p;
    size_t at = 0;
    assert_int_equal(ftruncate(in.fd, 1000), 0);
    assert_int_equal(sfi_load_ahead_open(&in, &a, &err), SF_OK);
    while (sfi_load_ahead_next(a, &p, &err) == SF_OK && p.len > 0) at += p.len;
    assert_int_equal(at, 1000);
    sfi_load_ahead_close(a);
    close(in.fd);
    for (int64_t size = 10; size <= LEN; size += LEN - 10) { /* it cannot be read, by the thread and without it */
        in = (sfi_load_input){ .name = "rows.csv", .fd = open("/", O_RDONLY | O_DIRECTORY), .size = size };
        assert_int_equal(sfi_load_ahead_open(&in, &a, &err), SF_OK);
        assert_int_equal(sfi_load_ahead_next(a, &p, &err), SF_ERR_IO);
        assert_non_null(strstr(err.message, "rows.csv: cannot read"));
        sfi_load_ahead_close(a);
        close(in.fd);
    }
    free(text);
}

static void test_ahead__each_allocation_failing(void **state)
{
    (void)state;
    char *text = make_text(PIECE * 2);
    sfi_load_input in = input_of(text, PIECE * 2, 0);
    sf_status rc = SF_ERR_MEMORY;
    for (long n = 0; rc != SF_OK; n++) {
        sfi_load_ahead *a;
        long live = test_allocations_live();
        test_allocations_limit(n);
        rc = sfi_load_ahead_open(&in, &a, &err);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && a == NULL));
        sfi_load_ahead_close(a);
        assert_int_equal(test_allocations_live(), live);
    }
    close(in.fd);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ahead__all_bytes_in_whole_characters),
        cmocka_unit_test(test_ahead__what_is_no_text_is_told_of_its_piece),
        cmocka_unit_test(test_ahead__ends_early_on_either_side),
        cmocka_unit_test(test_ahead__each_allocation_failing),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("bulk.load_ahead", tests, NULL, NULL);
}
