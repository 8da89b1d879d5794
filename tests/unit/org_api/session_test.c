/* session_test.c: sessions and refresh families over a real store: how they live, die, rotate, and outlive a restart. */
#define _GNU_SOURCE /* memmem */
#include "api/session.h"
#include <unistd.h>
#include "support/support.h"

static const char user_a[] = "005000000000001AAA";
static const char user_b[] = "005000000000002AAA";

static sfo_schema *schema;
static char path[64];

static sfo_store *open_store(const char *where)
{
    sf_error err;
    sfo_store *store = NULL;
    if (sfo_store_open(where, schema, &store, &err) != SF_OK) fail_msg("%s", err.message);
    return store;
}

static sfo_sessions *open_sessions(sfo_store *store, int64_t timeout_ms)
{
    sf_error err;
    sfo_sessions *s = NULL;
    if (sfo_sessions_new(store, timeout_ms, &s, &err) != SF_OK) fail_msg("%s", err.message);
    return s;
}

static bool works(sfo_sessions *s, const char *token)
{
    return sfo_session_use(s, sfi_str(token), NULL);
}

static void test_session__lives_until_revoked(void **state)
{
    (void)state;
    sfo_store *store = open_store(":memory:");
    sfo_sessions *s = open_sessions(store, 60000);
    char token[SFO_TOKEN_SIZE];
    char other[SFO_TOKEN_SIZE];
    sfo_session_facts facts;
    assert_true(sfo_session_open(s, user_a, 0, token));
    assert_true(sfo_session_open(s, user_b, 0, other));
    assert_memory_equal(token, sfo_store_org_id(store), 15);
    assert_int_equal(token[15], '!');
    assert_true(sfo_session_use(s, sfi_str(token), &facts));
    assert_true(sfo_session_use(s, sfi_str(token), &facts));
    assert_string_equal(facts.user.text, user_a);
    assert_int_equal(facts.requests, 2);
    assert_int_equal(facts.expires_ms - facts.issued_ms, 60000);
    assert_true(sfo_session_revoke(s, sfi_str(token)));
    assert_false(sfo_session_revoke(s, sfi_str(token)));
    assert_false(works(s, token));
    assert_true(works(s, other));
    assert_int_equal(sfo_sessions_expire_all(s), 1);
    assert_false(works(s, other));
    assert_false(works(s, ""));
    assert_false(works(s, "00D000000000001!nobody"));
    sfo_sessions_free(s);
    sfo_store_close(store);
}

static void test_session__dies_of_age(void **state)
{
    (void)state;
    sfo_store *store = open_store(":memory:");
    sfo_sessions *s = open_sessions(store, -1); /* already too old when it is made */
    char token[SFO_TOKEN_SIZE];
    assert_true(sfo_session_open(s, user_a, 0, token));
    assert_false(sfo_session_peek(s, sfi_str(token), NULL));
    assert_false(works(s, token));
    sfo_sessions_free(s);
    sfo_store_close(store);
}

static void test_refresh__stays_without_rotation(void **state)
{
    (void)state;
    sfo_store *store = open_store(":memory:");
    sfo_sessions *s = open_sessions(store, 60000);
    char token[SFO_TOKEN_SIZE];
    char next[SFO_TOKEN_SIZE];
    int64_t family = 0;
    sfo_session_facts facts;
    assert_true(sfo_refresh_open(s, user_a, token, &family));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sfo_refresh_use(s, sfi_str(token), false, next, &facts), SFO_REFRESH_OK);
        assert_string_equal(next, "");
        assert_int_equal(facts.family, family);
    }
    assert_false(works(s, token)); /* it is no access token */
    assert_int_equal(sfo_refresh_use(s, SFI_STR("5Aep861nobody"), false, next, &facts), SFO_REFRESH_UNKNOWN);
    sfo_sessions_free(s);
    sfo_store_close(store);
}

static void test_refresh__reuse_kills_the_family(void **state)
{
    (void)state;
    sfo_store *store = open_store(":memory:");
    sfo_sessions *s = open_sessions(store, 60000);
    char first[SFO_TOKEN_SIZE];
    char second[SFO_TOKEN_SIZE];
    char none[SFO_TOKEN_SIZE];
    char access[SFO_TOKEN_SIZE];
    char stranger[SFO_TOKEN_SIZE];
    int64_t family = 0;
    int64_t other = 0;
    sfo_session_facts facts;
    assert_true(sfo_refresh_open(s, user_b, stranger, &other));
    assert_true(sfo_refresh_open(s, user_a, first, &family));
    assert_int_equal(sfo_refresh_use(s, sfi_str(first), true, second, &facts), SFO_REFRESH_OK);
    assert_string_not_equal(second, "");
    assert_true(sfo_session_open(s, user_a, family, access));
    assert_true(works(s, access));
    assert_int_equal(sfo_refresh_use(s, sfi_str(first), true, none, &facts), SFO_REFRESH_REUSED);
    assert_int_equal(sfo_refresh_use(s, sfi_str(second), true, none, &facts), SFO_REFRESH_UNKNOWN);
    assert_false(works(s, access));
    assert_int_equal(sfo_refresh_use(s, sfi_str(stranger), false, none, &facts), SFO_REFRESH_OK);
    assert_int_equal(sfo_sessions_revoke_refresh(s), 1);
    assert_int_equal(sfo_refresh_use(s, sfi_str(stranger), false, none, &facts), SFO_REFRESH_UNKNOWN);
    sfo_sessions_free(s);
    sfo_store_close(store);
}

static void test_refresh__sixth_approval_revokes_the_oldest(void **state)
{
    (void)state;
    sfo_store *store = open_store(":memory:");
    sfo_sessions *s = open_sessions(store, 60000);
    char tokens[SFO_APPROVALS_MAX + 1][SFO_TOKEN_SIZE];
    char next[SFO_TOKEN_SIZE];
    int64_t family;
    sfo_session_facts facts;
    for (size_t i = 0; i < COUNT_OF(tokens); i++) assert_true(sfo_refresh_open(s, user_a, tokens[i], &family));
    assert_int_equal(sfo_refresh_use(s, sfi_str(tokens[0]), false, next, &facts), SFO_REFRESH_UNKNOWN);
    assert_int_equal(sfo_refresh_use(s, sfi_str(tokens[1]), false, next, &facts), SFO_REFRESH_OK);
    sfo_sessions_free(s);
    sfo_store_close(store);
}

static void test_tokens__outlive_a_restart_as_hashes(void **state)
{
    (void)state;
    char access[SFO_TOKEN_SIZE];
    char refresh[SFO_TOKEN_SIZE];
    char next[SFO_TOKEN_SIZE];
    int64_t family;
    sfo_session_facts facts;
    sfo_store *store = open_store(path);
    sfo_sessions *s = open_sessions(store, 60000);
    assert_true(sfo_refresh_open(s, user_a, refresh, &family));
    assert_true(sfo_session_open(s, user_a, family, access));
    assert_int_equal(sfo_refresh_use(s, sfi_str(refresh), true, next, &facts), SFO_REFRESH_OK);
    sfo_sessions_free(s);
    sfo_store_close(store);

    size_t len = 0;
    char *bytes = test_read_file(path, &len);
    assert_non_null(bytes);
    assert_null(memmem(bytes, len, access + 16, 40));
    assert_null(memmem(bytes, len, next, 40));
    free(bytes);

    store = open_store(path);
    s = open_sessions(store, 60000);
    assert_true(works(s, access));
    assert_int_equal(sfo_refresh_use(s, sfi_str(next), false, refresh, &facts), SFO_REFRESH_OK);
    assert_int_equal(facts.family, family);
    sfo_sessions_free(s);
    sfo_store_close(store);
}

static void test_sessions__survive_each_failed_allocation(void **state)
{
    (void)state;
    sfo_store *store = open_store(":memory:");
    bool ok = false;
    for (long n = 0; !ok; n++) {
        sfo_sessions *s = NULL;
        char token[SFO_TOKEN_SIZE];
        test_allocations_limit(n);
        ok = sfo_sessions_new(store, 60000, &s, NULL) == SF_OK && sfo_session_open(s, user_a, 0, token);
        test_allocations_limit(-1);
        sfo_sessions_free(s);
    }
    sfo_store_close(store);
}

static int begin(void **state)
{
    (void)state;
    sf_error err;
    snprintf(path, sizeof path, "/tmp/sfo_session_%ld.db", (long)getpid());
    return sfo_schema_load(NULL, &schema, &err) == SF_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    sfo_schema_free(schema);
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__lives_until_revoked),
        cmocka_unit_test(test_session__dies_of_age),
        cmocka_unit_test(test_refresh__stays_without_rotation),
        cmocka_unit_test(test_refresh__reuse_kills_the_family),
        cmocka_unit_test(test_refresh__sixth_approval_revokes_the_oldest),
        cmocka_unit_test(test_tokens__outlive_a_restart_as_hashes),
        cmocka_unit_test(test_sessions__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_api session", tests, begin, end);
}
