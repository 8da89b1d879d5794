/* reply_test.c: replies from bytes: every type, cut at every byte, in pieces, and what a hostile server would send. */
#include "redis/redis_internal.h"
#include "support/support.h"

static void describe(const sfi_redis_reply *r, char *out, size_t size)
{
    size_t len = strlen(out);
    switch (r->type) {
    case SFI_REDIS_NIL: snprintf(out + len, size - len, "nil "); return;
    case SFI_REDIS_NUMBER: snprintf(out + len, size - len, "%lld ", (long long)r->number); return;
    case SFI_REDIS_TEXT: snprintf(out + len, size - len, "'%s'%zu ", r->text.ptr, r->text.len); return;
    case SFI_REDIS_STATUS: snprintf(out + len, size - len, "+%s ", r->text.ptr); return;
    case SFI_REDIS_ERROR: snprintf(out + len, size - len, "-%s ", r->text.ptr); return;
    case SFI_REDIS_LIST:
        snprintf(out + len, size - len, "[");
        for (size_t i = 0; i < r->count; i++) describe(r->items[i], out, size);
        len = strlen(out);
        snprintf(out + len, size - len, "] ");
        return;
    }
}

static const struct {
    const char *wire, *means;
} good[] = {
    { "+OK\r\n", "+OK " },    { "-ERR no\r\n", "-ERR no " },
    { ":-12\r\n", "-12 " },   { ":9223372036854775807\r\n", "9223372036854775807 " },
    { "$-1\r\n", "nil " },    { "*-1\r\n", "nil " },
    { "$0\r\n\r\n", "''0 " }, { "$5\r\na\r\nbc\r\n", "'a\r\nbc'5 " },
    { "*0\r\n", "[] " },      { "*4\r\n:1\r\n$1\r\nx\r\n$-1\r\n*2\r\n+a\r\n-b\r\n", "[1 'x'1 nil [+a -b ] ] " },
};

static void test_reply__every_type_in_any_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        size_t len = strlen(good[i].wire);
        for (size_t cut = 0; cut <= len; cut++) {
            sfi_redis_reader *r;
            const sfi_redis_reply *reply = NULL;
            char text[256] = "";
            assert_int_equal(sfi_redis_reader_new(&r, NULL), SF_OK);
            if (cut < len) assert_int_equal(sfi_redis_reader_feed(r, good[i].wire, cut, &reply, NULL), SF_OK);
            const char *rest = cut < len ? good[i].wire + cut : good[i].wire;
            assert_int_equal(sfi_redis_reader_feed(r, rest, strlen(rest), &reply, NULL), SF_ROW);
            describe(reply, text, sizeof text);
            assert_string_equal(text, good[i].means);
            sfi_redis_reader_free(r);
        }
    }
}

static void test_reply__what_a_hostile_server_sends(void **state)
{
    static const struct {
        const char *wire;
        sf_status want; /* SF_OK: it may wait for more, until the time is over */
    } cases[] = {
        { "HTTP/1.1 400 Bad Request\r\n", SF_ERR_PROTOCOL },
        { "\r\n", SF_ERR_PROTOCOL },
        { "+OK\r\n+OK\r\n", SF_ERR_PROTOCOL }, /* two replies to one command */
        { "+OK\r\n$", SF_ERR_PROTOCOL },
        { ":\r\n", SF_ERR_PROTOCOL },
        { ":12x\r\n", SF_ERR_PROTOCOL },
        { ":9223372036854775808\r\n", SF_ERR_PROTOCOL },
        { "$-2\r\n", SF_ERR_PROTOCOL },
        { "$99999999999999999999\r\n", SF_ERR_PROTOCOL },
        { "$x\r\n", SF_ERR_PROTOCOL },
        { "*-2\r\n", SF_ERR_PROTOCOL },
        { "*99999999999999999999\r\n", SF_ERR_PROTOCOL },
        { "*2147483647\r\n", SF_ERR_LIMIT },
        { "*1025\r\n", SF_ERR_LIMIT },
        { "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", SF_ERR_PROTOCOL }, /* too deep */
        { "*2\r\n:1\r\n*2147483647\r\n", SF_ERR_LIMIT },
        { "$2147483647\r\nx", SF_OK },
        { "*1024\r\n:1\r\n", SF_OK },
        { "+no end", SF_OK },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_redis_reader *r;
        const sfi_redis_reply *reply = NULL;
        sf_error err = { .message = "" };
        print_message("  %zu\n", i);
        assert_int_equal(sfi_redis_reader_new(&r, NULL), SF_OK);
        sf_status rc = sfi_redis_reader_feed(r, cases[i].wire, strlen(cases[i].wire), &reply, &err);
        if (rc != cases[i].want) fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_null(reply);
        sfi_redis_reader_free(r);
    }
}

static void test_reply__an_endless_one_has_an_end(void **state)
{
    sfi_redis_reader *r;
    const sfi_redis_reply *reply = NULL;
    static const char piece[16384];
    (void)state;
    assert_int_equal(sfi_redis_reader_new(&r, NULL), SF_OK);
    sf_status rc = sfi_redis_reader_feed(r, "$2147483647\r\n", 13, &reply, NULL);
    int64_t fed = 13;
    for (; rc == SF_OK; fed += (int64_t)sizeof piece) rc = sfi_redis_reader_feed(r, piece, sizeof piece, &reply, NULL);
    assert_int_equal(rc, SF_ERR_LIMIT);
    assert_true(fed <= SFI_REDIS_REPLY_MAX + (int64_t)sizeof piece);
    sfi_redis_reader_free(r);
}

static void test_reply__survives_each_failed_allocation(void **state)
{
    (void)state;
    const char *wire = good[COUNT_OF(good) - 1].wire;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_ROW; n++) {
        sfi_redis_reader *r = NULL;
        const sfi_redis_reply *reply = NULL;
        test_allocations_limit(n);
        rc = sfi_redis_reader_new(&r, NULL);
        if (rc == SF_OK) rc = sfi_redis_reader_feed(r, wire, strlen(wire), &reply, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_ROW || rc == SF_ERR_MEMORY);
        sfi_redis_reader_free(r);
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply__every_type_in_any_pieces),
        cmocka_unit_test(test_reply__what_a_hostile_server_sends),
        cmocka_unit_test(test_reply__an_endless_one_has_an_end),
        cmocka_unit_test(test_reply__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("redis reply", tests, NULL, NULL);
}
