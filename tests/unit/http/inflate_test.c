/* inflate_test.c: bodies compressed by libdeflate and inflated again: whole, in many members, cut, damaged, too large. */
#include "unit/http/http_fixture.h"
#include <libdeflate.h>

enum { TEXT_LEN = 200000 };
static char text[TEXT_LEN];
static char packed[TEXT_LEN + 1000];

static void fill_text(void)
{
    uint32_t seed = 7;
    for (size_t i = 0; i < TEXT_LEN; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = (char)(i % 3 == 0 ? 'a' + (char)(seed >> 24) % 26 : "{\"Name\":"[i % 8]);
    }
}

static size_t pack(int encoding, bool raw, const char *from, size_t len, char *to, size_t cap)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    size_t n = encoding == SFI_ENCODING_GZIP ? libdeflate_gzip_compress(c, from, len, to, cap)
               : raw                         ? libdeflate_deflate_compress(c, from, len, to, cap)
                                             : libdeflate_zlib_compress(c, from, len, to, cap);
    libdeflate_free_compressor(c);
    assert_true(n > 0);
    return n;
}

static void assert_inflates(const char *data, size_t len, int encoding, const char *want, size_t want_len)
{
    char *out = NULL;
    size_t cap = 0, got = 0;
    sf_error err = { 0 };
    sf_status rc = sfi_inflate(data, len, encoding, SF_RESPONSE_MAX, &out, &cap, &got, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(got, want_len);
    if (want_len > 0) assert_memory_equal(out, want, want_len);
    assert_true(cap >= got + 64);
    for (size_t i = 0; i < 64; i++) assert_int_equal(out[got + i], 0);
    sfi_free(out);
}

static sf_status try_inflate(const char *data, size_t len, int encoding, size_t max)
{
    char *out = NULL;
    size_t cap = 0, got = 0;
    sf_error err = { 0 };
    sf_status rc = sfi_inflate(data, len, encoding, max, &out, &cap, &got, &err);
    assert_int_equal(rc, rc == SF_OK ? SF_OK : err.status);
    assert_true(cap <= max + 64);
    sfi_free(out);
    return rc;
}

static void test_inflate__all_forms_come_back(void **state)
{
    static const size_t lens[] = { 0, 1, 63, 64, 1000, TEXT_LEN };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        size_t n = pack(SFI_ENCODING_GZIP, false, text, lens[i], packed, sizeof packed);
        assert_inflates(packed, n, SFI_ENCODING_GZIP, text, lens[i]);
        n = pack(SFI_ENCODING_DEFLATE, false, text, lens[i], packed, sizeof packed);
        assert_inflates(packed, n, SFI_ENCODING_DEFLATE, text, lens[i]);
        n = pack(SFI_ENCODING_DEFLATE, true, text, lens[i], packed, sizeof packed);
        assert_inflates(packed, n, SFI_ENCODING_DEFLATE, text, lens[i]);
        assert_inflates(text, lens[i], SFI_ENCODING_IDENTITY, text, lens[i]);
    }
}

static void test_inflate__members_are_joined(void **state)
{
    size_t n = 0, at = 0;
    (void)state;
    static const size_t pieces[] = { 1, 150000, 0, 20, 49979 };
    for (size_t i = 0; i < COUNT_OF(pieces); at += pieces[i++])
        n += pack(SFI_ENCODING_GZIP, false, text + at, pieces[i], packed + n, sizeof packed - n);
    assert_int_equal(at, TEXT_LEN);
    assert_inflates(packed, n, SFI_ENCODING_GZIP, text, TEXT_LEN);
}

static void test_inflate__every_cut_and_every_flip_is_seen(void **state)
{
    (void)state;
    size_t n = pack(SFI_ENCODING_GZIP, false, text, 400, packed, sizeof packed);
    size_t flips_seen = 0;
    char *copy = malloc(n); /* of exactly that size: a read past the end is seen */
    for (size_t cut = 0; cut < n; cut++) {
        char *part = malloc(cut > 0 ? cut : 1);
        memcpy(part, packed, cut);
        assert_int_equal(try_inflate(part, cut, SFI_ENCODING_GZIP, 1u << 20), SF_ERR_TRUNCATED);
        free(part);
    }
    for (size_t i = 0; i < n * 8; i++) {
        memcpy(copy, packed, n);
        copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
        char *out = NULL;
        size_t cap = 0, len = 0;
        sf_status rc = sfi_inflate(copy, n, SFI_ENCODING_GZIP, 1u << 20, &out, &cap, &len, NULL);
        /* A bit of the header's time or of the padding says nothing about the text; then the text is right. */
        if (rc == SF_OK && (len != 400 || memcmp(out, text, 400) != 0)) fail_msg("bit %zu flipped: wrong text", i);
        flips_seen += rc != SF_OK;
        sfi_free(out);
    }
    assert_true(flips_seen > n * 8 - 70);
    free(copy);
    assert_int_equal(try_inflate("x", 0, SFI_ENCODING_DEFLATE, 100), SF_ERR_TRUNCATED);
    n = pack(SFI_ENCODING_DEFLATE, false, text, 400, packed, sizeof packed);
    for (size_t cut = 0; cut < n; cut++)
        assert_int_equal(try_inflate(packed, cut, SFI_ENCODING_DEFLATE, 1u << 20), SF_ERR_TRUNCATED);
}

static void test_inflate__what_follows_the_stream_is_refused(void **state)
{
    (void)state;
    size_t n = pack(SFI_ENCODING_GZIP, false, text, 400, packed, sizeof packed);
    memcpy(packed + n, "and something more, not gzip", 28);
    assert_int_equal(try_inflate(packed, n + 28, SFI_ENCODING_GZIP, 1u << 30), SF_ERR_TRUNCATED);
    n = pack(SFI_ENCODING_DEFLATE, false, text, 400, packed, sizeof packed);
    assert_int_equal(try_inflate(packed, n + 1, SFI_ENCODING_DEFLATE, 100000), SF_ERR_TRUNCATED);
}

static void test_inflate__bounds_hold(void **state)
{
    (void)state;
    size_t n = pack(SFI_ENCODING_GZIP, false, text, TEXT_LEN, packed, sizeof packed);
    assert_int_equal(try_inflate(packed, n, SFI_ENCODING_GZIP, TEXT_LEN), SF_OK);
    assert_int_equal(try_inflate(packed, n, SFI_ENCODING_GZIP, TEXT_LEN - 1), SF_ERR_LIMIT);
    memset(packed + n - 4, 0, 4); /* a size that lies */
    packed[n - 4] = 1;
    assert_int_equal(try_inflate(packed, n, SFI_ENCODING_GZIP, TEXT_LEN - 1), SF_ERR_LIMIT);
    assert_int_equal(try_inflate(packed, n, SFI_ENCODING_GZIP, TEXT_LEN), SF_ERR_TRUNCATED);
    n = pack(SFI_ENCODING_DEFLATE, true, text, TEXT_LEN, packed, sizeof packed);
    assert_int_equal(try_inflate(packed, n, SFI_ENCODING_DEFLATE, TEXT_LEN), SF_OK);
    assert_int_equal(try_inflate(packed, n, SFI_ENCODING_DEFLATE, TEXT_LEN - 1), SF_ERR_LIMIT);
    assert_int_equal(try_inflate(text, 100, SFI_ENCODING_IDENTITY, 99), SF_ERR_LIMIT);
}

static void test_inflate__a_bomb_takes_no_memory(void **state)
{
    static char zeros[1 << 20], bomb[1 << 16];
    (void)state;
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(12);
    size_t member = libdeflate_gzip_compress(c, zeros, sizeof zeros, bomb, sizeof bomb);
    libdeflate_free_compressor(c);
    assert_in_range(member, 1, 2000);
    assert_int_equal(try_inflate(bomb, member, SFI_ENCODING_GZIP, 65536), SF_ERR_LIMIT);
    size_t n = member; /* many of them: each alone would fit */
    while (n + member <= sizeof bomb) {
        memcpy(bomb + n, bomb, member);
        n += member;
    }
    assert_int_equal(try_inflate(bomb, n, SFI_ENCODING_GZIP, 5u << 20), SF_ERR_LIMIT);
}

static void test_inflate__a_large_enough_buffer_stays(void **state)
{
    (void)state;
    size_t n = pack(SFI_ENCODING_GZIP, false, text, TEXT_LEN, packed, sizeof packed);
    size_t cap = TEXT_LEN + 5000, len = 0;
    char *out = sfi_alloc(cap), *before = out;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sfi_inflate(packed, n, SFI_ENCODING_GZIP, SF_RESPONSE_MAX, &out, &cap, &len, NULL), SF_OK);
        assert_ptr_equal(out, before);
        assert_int_equal(len, TEXT_LEN);
    }
    sfi_free(out);
}

static void test_inflate__survives_each_failed_allocation(void **state)
{
    size_t n = 0;
    (void)state;
    for (int i = 0; i < 3; i++) n += pack(SFI_ENCODING_GZIP, false, text, 50000, packed + n, sizeof packed - n);
    sf_status rc = SF_ERR_MEMORY;
    long live = test_allocations_live();
    for (int i = 0; rc != SF_OK; i++) {
        char *out = NULL;
        size_t cap = 0, len = 0;
        assert_in_range(i, 0, 50);
        test_allocations_limit(i);
        rc = sfi_inflate(packed, n, SFI_ENCODING_GZIP, SF_RESPONSE_MAX, &out, &cap, &len, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_free(out);
        assert_int_equal(test_allocations_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inflate__all_forms_come_back),
        cmocka_unit_test(test_inflate__members_are_joined),
        cmocka_unit_test(test_inflate__every_cut_and_every_flip_is_seen),
        cmocka_unit_test(test_inflate__what_follows_the_stream_is_refused),
        cmocka_unit_test(test_inflate__bounds_hold),
        cmocka_unit_test(test_inflate__a_bomb_takes_no_memory),
        cmocka_unit_test(test_inflate__a_large_enough_buffer_stays),
        cmocka_unit_test(test_inflate__survives_each_failed_allocation),
    };
    test_allocator_install();
    fill_text();
    return cmocka_run_group_tests_name("inflate", tests, NULL, NULL);
}
