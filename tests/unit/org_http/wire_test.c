/* wire_test.c: gzip in both directions, ETags, the bytes of a composed answer, and answers that break at a given byte. */
#include "http/wire.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/support.h"

static void test_accepts_gzip__reads_qualities(void **state)
{
    static const struct {
        const char *header;
        bool want;
    } cases[] = {
        { NULL, false },        { "", false },         { "gzip", true },         { "deflate, gzip", true },
        { "GZIP;q=0.5", true }, { "gzip;q=0", false }, { "gzip; q=0.0", false }, { "gzip;q=0.001", true },
        { "*", true },          { "identity", false }, { "br, deflate", false }, { "xgzip", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].header != NULL ? cases[i].header : "(none)");
        assert_int_equal(sfo_accepts_gzip(cases[i].header), cases[i].want);
    }
}

static void fill(sfi_buf *b, size_t len)
{
    for (size_t i = 0; i < len; i++) sfi_buf_add_char(b, (char)('a' + i * i % 23));
}

static void test_gunzip__gives_back_what_gzip_took(void **state)
{
    static const size_t sizes[] = { 1, 100, 5000, 300000 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        sfi_buf text = { 0 };
        sfi_buf copy = { 0 };
        sfi_buf out = { 0 };
        fill(&text, sizes[i]);
        fill(&copy, sizes[i]);
        assert_true(sfo_gzip(&text));
        assert_int_equal(sfo_gunzip(sfi_buf_str(&text), &out), SF_OK);
        assert_true(sfi_str_eq(sfi_buf_str(&out), sfi_buf_str(&copy)));
        sfi_buf_free(&text);
        sfi_buf_free(&copy);
        sfi_buf_free(&out);
    }
}

static void test_gunzip__joins_members_and_keeps_its_bound(void **state)
{
    (void)state;
    sfi_buf one = { 0 };
    sfi_buf two = { 0 };
    fill(&one, 10000);
    assert_true(sfo_gzip(&one));
    sfi_buf_add(&two, one.data, one.len);
    sfi_buf_add(&two, one.data, one.len);
    sfi_buf out = { .max = 20000 };
    assert_int_equal(sfo_gunzip(sfi_buf_str(&two), &out), SF_OK);
    assert_int_equal(out.len, 20000);
    sfi_buf_free(&out);
    out = (sfi_buf){ .max = 19999 };
    assert_int_equal(sfo_gunzip(sfi_buf_str(&two), &out), SF_ERR_LIMIT);
    sfi_buf_free(&out);
    sfi_buf_free(&one);
    sfi_buf_free(&two);
}

static void test_gunzip__refuses_text_cut_at_every_byte(void **state)
{
    (void)state;
    sfi_buf text = { 0 };
    fill(&text, 600);
    assert_true(sfo_gzip(&text));
    for (size_t len = 0; len < text.len; len++) {
        sfi_buf out = { .max = 100000 };
        char *cut = test_malloc(len + 1); /* its own block, so that ASan sees a read past the end */
        memcpy(cut, text.data, len);
        assert_int_not_equal(sfo_gunzip((sf_str){ cut, len }, &out), SF_OK);
        test_free(cut);
        sfi_buf_free(&out);
    }
    sfi_buf_free(&text);
}

static void test_etag__gets_the_suffix_inside_the_quotes(void **state)
{
    (void)state;
    char tag[64] = "\"e8178a2d\"";
    sfo_etag_for_gzip(tag, sizeof tag);
    assert_string_equal(tag, "\"e8178a2d--gzip\"");
    char full[12] = "\"e8178a2d\"";
    sfo_etag_for_gzip(full, sizeof full);
    assert_string_equal(full, "\"e8178a2d\"");
}

static void test_response__header_is_replaced_and_never_split(void **state)
{
    (void)state;
    static sfo_response r;
    sfo_response_init(&r);
    sfo_response_header(&r, "Location", "/a");
    sfo_response_header(&r, "location", "/%s", "b");
    assert_int_equal(r.header_count, 1);
    assert_string_equal(sfo_response_get_header(&r, "LOCATION"), "/b");
    sfo_response_header(&r, "X-Evil", "a\r\nSet-Cookie: x");
    assert_null(sfo_response_get_header(&r, "X-Evil"));
}

static void test_compose__writes_the_whole_answer(void **state)
{
    (void)state;
    static sfo_response r;
    sfi_buf out = { 0 };
    sfo_response_init(&r);
    r.content_type = "application/json;charset=UTF-8";
    sfi_buf_add_str(&r.body, "[]");
    sfo_response_header(&r, "ETag", "\"x\"");
    sfo_wire_compose(&r, false, &out);
    assert_true(sfi_starts_with(sfi_buf_str(&out), "HTTP/1.1 200 OK\r\nDate: "));
    assert_non_null(strstr(out.data, "\r\nETag: \"x\"\r\n"));
    assert_true(sfi_ends_with(sfi_buf_str(&out), "Content-Length: 2\r\n\r\n[]"));
    sfi_buf_clear(&out);
    sfo_wire_compose(&r, true, &out);
    assert_true(sfi_ends_with(sfi_buf_str(&out), "Content-Length: 2\r\n\r\n"));
    sfo_response_clear(&r);
    sfi_buf_free(&out);
}

static bool never(void *user)
{
    (void)user;
    return false;
}

static void connected_pair(int fds[2])
{
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_storage address = { .ss_family = AF_INET };
    socklen_t len = sizeof address;
    struct sockaddr *any = (struct sockaddr *)&address;
    assert_true(listening >= 0);
    assert_int_equal(bind(listening, any, 16), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, any, &len), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], any, len), 0);
    fds[1] = accept(listening, NULL, NULL);
    assert_true(fds[1] >= 0);
    close(listening);
}

static void test_send__resets_after_the_right_byte(void **state)
{
    static const int64_t places[] = { 0, 1, 57, 999, 1000, 5000 };
    (void)state;
    sfi_buf bytes = { 0 };
    fill(&bytes, 1000);
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        int fds[2];
        char got[2000];
        size_t len = 0;
        ssize_t n;
        connected_pair(fds);
        sfo_wire_fault f = { .reset_after = places[i], .stall_after = -1, .truncate_after = -1 };
        sfo_wire_send(fds[1], sfi_buf_str(&bytes), &f, never, NULL);
        while ((n = recv(fds[0], got + len, sizeof got - len, 0)) > 0) len += (size_t)n;
        assert_int_equal(n, -1); /* a reset, not an end */
        assert_int_equal(errno, ECONNRESET);
        assert_int_equal(len, places[i] < 1000 ? places[i] : 1000);
        close(fds[0]);
        close(fds[1]);
    }
    sfi_buf_free(&bytes);
}

static void test_send__stalls_and_goes_on(void **state)
{
    (void)state;
    int fds[2];
    char got[64];
    connected_pair(fds);
    sfo_wire_fault f = { .reset_after = -1, .stall_after = 3, .stall_ms = 30, .truncate_after = -1 };
    int64_t before = sfi_now_ms();
    sfo_wire_send(fds[1], SFI_STR("abcdef"), &f, never, NULL);
    assert_true(sfi_now_ms() - before >= 30);
    assert_int_equal(recv(fds[0], got, sizeof got, 0), 6);
    assert_memory_equal(got, "abcdef", 6);
    close(fds[0]);
    close(fds[1]);
}

static void test_wire__survives_each_failed_allocation(void **state)
{
    (void)state;
    static sfo_response r;
    bool whole = false;
    for (long n = 0; !whole; n++) {
        sfi_buf text = { 0 };
        sfi_buf copy = { 0 };
        sfi_buf out = { 0 };
        sfi_buf wire = { 0 };
        fill(&text, 5000);
        fill(&copy, 5000);
        sfo_response_init(&r);
        test_allocations_limit(n);
        bool packed = sfo_gzip(&text);
        sf_status rc = packed ? sfo_gunzip(sfi_buf_str(&text), &out) : SF_ERR_MEMORY;
        sfi_buf_add_str(&r.body, "[]");
        sfo_wire_compose(&r, false, &wire);
        test_allocations_limit(-1);
        if (!packed) assert_true(sfi_str_eq(sfi_buf_str(&text), sfi_buf_str(&copy))); /* as it was */
        assert_true(rc == SF_ERR_MEMORY || (rc == SF_OK && sfi_str_eq(sfi_buf_str(&out), sfi_buf_str(&copy))));
        whole = rc == SF_OK && !wire.failed;
        if (whole) assert_true(sfi_ends_with(sfi_buf_str(&wire), "Content-Length: 2\r\n\r\n[]"));
        sfo_response_clear(&r);
        sfi_buf_free(&text);
        sfi_buf_free(&copy);
        sfi_buf_free(&out);
        sfi_buf_free(&wire);
        assert_int_equal(test_allocations_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts_gzip__reads_qualities),
        cmocka_unit_test(test_gunzip__gives_back_what_gzip_took),
        cmocka_unit_test(test_gunzip__joins_members_and_keeps_its_bound),
        cmocka_unit_test(test_gunzip__refuses_text_cut_at_every_byte),
        cmocka_unit_test(test_etag__gets_the_suffix_inside_the_quotes),
        cmocka_unit_test(test_response__header_is_replaced_and_never_split),
        cmocka_unit_test(test_compose__writes_the_whole_answer),
        cmocka_unit_test(test_send__resets_after_the_right_byte),
        cmocka_unit_test(test_send__stalls_and_goes_on),
        cmocka_unit_test(test_wire__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_http wire", tests, NULL, NULL);
}
