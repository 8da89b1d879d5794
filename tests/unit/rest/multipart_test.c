/* multipart_test.c: a record and its bytes as one body: the same in any pieces, again after a rewind, and what a source
 * does wrong. */
#include "rest/blob_internal.h"
#include "support/support.h"

static sf_status grow(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    (void)user, (void)err;
    memset(data, 'g', cap); /* never ends */
    *len = cap;
    return SF_OK;
}

static sf_status end_at_once(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    (void)user, (void)data, (void)cap, (void)err;
    *len = 0;
    return SF_OK;
}

static sf_status say_too_much(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    (void)user, (void)data, (void)err;
    *len = cap + 1;
    return SF_OK;
}

static sfi_multipart_parts parts_with(const sf_source *bytes, const char *file_name)
{
    return (sfi_multipart_parts){ .json_name = "entity_content",
                                  .json = SFI_STR("{\"Title\":\"ä\"}"),
                                  .bytes_name = "VersionData",
                                  .file_name = file_name,
                                  .content_type = "text/plain",
                                  .bytes = bytes };
}

/* All that the source gives, in pieces of at most cap bytes. */
static sf_status read_all(const sf_source *s, size_t cap, sfi_buf *out)
{
    char piece[512];
    size_t len = 1;
    sf_error err = { 0 };
    sf_status rc = SF_OK;
    while (rc == SF_OK && len > 0 && out->len < 10000) {
        rc = s->read(s->user, piece, cap, &len, &err);
        if (rc == SF_OK) assert_true(len <= cap);
        if (rc == SF_OK) sfi_buf_add(out, piece, len);
    }
    return rc;
}

static void test_multipart__is_the_same_in_any_pieces(void **state)
{
    static const char *const contents[] = { "", "x", "line\r\n--sf\r\n", "the bytes of a file, some more of them" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(contents); i++) {
        sfi_memory_source bytes;
        sfi_multipart m;
        sfi_memory_source_init(&bytes, (sf_str){ contents[i], strlen(contents[i]) });
        const sfi_multipart_parts parts = parts_with(&bytes.source, "a \"b\"\r\nc;.txt");
        assert_int_equal(sfi_multipart_init(&m, &parts, NULL), SF_OK);
        sfi_buf want = { 0 }, whole = { 0 };
        const char *boundary = strchr(m.content_type, '=') + 1;
        sfi_buf_addf(
            &want,
            "--%s\r\nContent-Disposition: form-data; name=\"entity_content\"\r\nContent-Type: "
            "application/json; charset=UTF-8\r\n\r\n{\"Title\":\"ä\"}\r\n--%s\r\nContent-Disposition: form-data; "
            "name=\"VersionData\"; filename=\"a %%22b%%22%%0D%%0Ac;.txt\"\r\nContent-Type: "
            "text/plain\r\n\r\n%s\r\n--%s--\r\n",
            boundary, boundary, contents[i], boundary);
        for (size_t cap = 1; cap <= 512; cap = cap * 2 + 1) {
            sfi_buf_clear(&whole);
            assert_int_equal(read_all(&m.source, cap, &whole), SF_OK);
            assert_string_equal(whole.data, want.data);
            assert_int_equal(m.source.length, whole.len);
            assert_int_equal(m.source.rewind(m.source.user, NULL), SF_OK);
        }
        sfi_buf_free(&whole);
        sfi_buf_free(&want);
        sfi_multipart_clear(&m);
    }
}

static void test_multipart__keeps_to_the_length_it_told(void **state)
{
    static const struct {
        sf_source source;
        sf_status rc;
    } cases[] = {
        { { .read = grow, .length = 100 }, SF_OK }, /* a file that grew meanwhile */
        { { .read = end_at_once, .length = 100 }, SF_ERR_IO },
        { { .read = say_too_much, .length = 100 }, SF_ERR_USAGE },
        { { .read = end_at_once, .length = SF_NONE }, SF_OK },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_multipart m;
        sfi_buf whole = { 0 };
        const sfi_multipart_parts parts = parts_with(&cases[i].source, "f");
        assert_int_equal(sfi_multipart_init(&m, &parts, NULL), SF_OK);
        assert_null(m.source.rewind); /* since the source has none */
        assert_int_equal(read_all(&m.source, 64, &whole), cases[i].rc);
        if (cases[i].rc == SF_OK && m.source.length != SF_NONE) assert_int_equal(whole.len, m.source.length);
        if (cases[i].source.length == SF_NONE) assert_int_equal(m.source.length, SF_NONE);
        sfi_buf_free(&whole);
        sfi_multipart_clear(&m);
    }
}

static void test_multipart__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    long live = test_allocations_live();
    sfi_memory_source bytes;
    sfi_memory_source_init(&bytes, SFI_STR("x"));
    const sfi_multipart_parts parts = parts_with(&bytes.source, "f");
    for (long n = 0; rc != SF_OK; n++) {
        sfi_multipart m;
        sf_error err;
        test_allocations_limit(n);
        rc = sfi_multipart_init(&m, &parts, &err);
        test_allocations_limit(-1);
        if (rc != SF_OK) assert_int_equal(rc, SF_ERR_MEMORY);
        sfi_multipart_clear(&m);
        assert_int_equal(test_allocations_live(), live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multipart__is_the_same_in_any_pieces),
        cmocka_unit_test(test_multipart__keeps_to_the_length_it_told),
        cmocka_unit_test(test_multipart__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("rest.multipart", tests, NULL, NULL);
}
