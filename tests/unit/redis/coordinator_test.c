/*
 * coordinator_test.c: leases and positions in a real redis-server: as every coordinator, and what only a server can do to
 * one: restart, forget everything, bring a write late. Skipped where there is no redis-server.
 */
#include <signal.h>
#include <unistd.h>
#include <salesforce/redis.h>
#include "events/checkpoints_internal.h"
#include "support/coordination.h"
#include "support/redis_process.h"

static sf_coordinator *open_coordinator(const test_redis *r, const char *prefix)
{
    sf_coordinator *c;
    const sf_redis_options o = { .url = r->url, .prefix = prefix };
    assert_int_equal(sf_coordinator_redis(&o, &c, NULL), SF_OK);
    return c;
}

static void test_coordinator__does_what_every_one_does(void **state)
{
    test_redis *r = *state;
    sf_coordinator *a = open_coordinator(r, NULL), *b = open_coordinator(r, NULL);
    check_coordination(a, b, "orders");
    check_coordination(a, a, "invoices");
    check_coordination(b, a, "}odd {name} %41 \xc3\xa9");
    check_coordination(a, b, "}");
    const char *keys = test_redis_ask(r, "KEYS sforce:group:{orders}:*");
    assert_memory_equal(keys, "*3\r\n", 4); /* nobody leads: term, positions, order */
    assert_non_null(strstr(test_redis_ask(r, "HGET sforce:group:{orders}:positions /event/A__e"), "22"));
    sf_coordinator_close(a);
    sf_coordinator_close(b);
    a = open_coordinator(r, "mine:");
    check_coordination(a, a, "orders"); /* another prefix, another world */
    sf_coordinator_close(a);
}

static void test_coordinator__terms_and_positions_outlive_the_server(void **state)
{
    test_redis *r = *state;
    sf_coordinator *a = open_coordinator(r, NULL), *b = open_coordinator(r, NULL);
    char position[SF_POSITION_BYTES_MAX + 1];
    int64_t first, other;
    assert_int_equal(sfi_coordinator_attempt(a, "restart", "one", LEASE_LONG_MS, &first, NULL), SF_OK);
    assert_int_equal(sfi_coordinator_save(a, "restart", first, "/c", "5", NULL), SF_OK);
    test_redis_halt(r, SIGKILL);
    sf_error err;
    assert_int_equal(sfi_coordinator_renew(a, "restart", "one", first, LEASE_LONG_MS, &err), SF_ERR_NETWORK);
    assert_true(err.retryable);
    assert_int_equal(sfi_coordinator_save(a, "restart", first, "/c", "6", &err), SF_ERR_NETWORK);
    test_redis_resume(r);
    assert_int_equal(sfi_coordinator_attempt(b, "restart", "two", LEASE_LONG_MS, &other, NULL), SF_DONE);
    assert_int_equal(sfi_coordinator_renew(a, "restart", "one", first, LEASE_LONG_MS, NULL), SF_OK);
    assert_int_equal(sfi_coordinator_get(b, "restart", "/c", position, NULL, NULL), SF_OK);
    assert_string_equal(position, "5");
    assert_int_equal(sfi_coordinator_save(a, "restart", first, "/c", "6", NULL), SF_OK);
    sf_coordinator_close(a);
    sf_coordinator_close(b);
}

static void test_coordinator__a_server_that_forgot_everything_starts_later_terms(void **state)
{
    test_redis *r = *state;
    sf_coordinator *a = open_coordinator(r, NULL), *b = open_coordinator(r, NULL);
    char position[SF_POSITION_BYTES_MAX + 1];
    int64_t first, second;
    assert_int_equal(sfi_coordinator_attempt(a, "lost", "one", LEASE_LONG_MS, &first, NULL), SF_OK);
    (void)test_redis_ask(r, "FLUSHALL");
    assert_int_equal(sfi_coordinator_renew(a, "lost", "one", first, LEASE_LONG_MS, NULL), SF_OK); /* still its own */
    assert_int_equal(sfi_coordinator_attempt(b, "lost", "two", LEASE_LONG_MS, &second, NULL), SF_DONE);
    assert_int_equal(sfi_coordinator_save(a, "lost", first, "/c", "1", NULL), SF_OK);
    (void)test_redis_ask(r, "FLUSHALL");
    assert_int_equal(sfi_coordinator_attempt(b, "lost", "two", LEASE_LONG_MS, &second, NULL), SF_OK);
    assert_true(second > first);
    assert_int_equal(sfi_coordinator_renew(a, "lost", "one", first, LEASE_LONG_MS, NULL), SF_DONE);
    assert_int_equal(sfi_coordinator_save(a, "lost", first, "/c", "2", NULL), SF_DONE);
    assert_int_equal(sfi_coordinator_save(b, "lost", second, "/c", "9", NULL), SF_OK);
    assert_int_equal(sfi_coordinator_get(a, "lost", "/c", position, NULL, NULL), SF_OK);
    assert_string_equal(position, "9");
    (void)test_redis_ask(r, "FLUSHALL"); /* a save comes first */
    assert_int_equal(sfi_coordinator_save(b, "lost", second, "/c", "10", NULL), SF_OK);
    assert_int_equal(sfi_coordinator_save(a, "lost", first, "/c", "3", NULL), SF_DONE);
    sf_coordinator_close(a);
    sf_coordinator_close(b);
}

/* A write that a broken connection delivers after its repetition and after a later one. */
static void test_coordinator__a_late_copy_moves_nothing_back(void **state)
{
    test_redis *r = *state;
    sf_coordinator *a = open_coordinator(r, NULL);
    sf_checkpoints *store;
    char position[SF_POSITION_BYTES_MAX + 1], order[256], command[512];
    int64_t epoch;
    assert_int_equal(sfi_coordinator_attempt(a, "late", "one", LEASE_LONG_MS, &epoch, NULL), SF_OK);
    assert_int_equal(sfi_coordinator_save(a, "late", epoch, "/c", "1", NULL), SF_OK);
    /* The newest that the server has is made one from the future of this program: the next save is older than it. */
    snprintf(order, sizeof order, "%s", test_redis_ask(r, "HGET sforce:group:{late}:order /c"));
    char *writer = strchr(order, ':') + 1, *number = strrchr(order, ':');
    *number = '\0';
    snprintf(command, sizeof command, "HSET sforce:group:{late}:order /c %lld:%s:900", (long long)epoch, writer);
    (void)test_redis_ask(r, command);
    assert_int_equal(sfi_coordinator_save(a, "late", epoch, "/c", "0", NULL), SF_OK);
    assert_int_equal(sfi_coordinator_get(a, "late", "/c", position, NULL, NULL), SF_OK);
    assert_string_equal(position, "1");
    snprintf(command, sizeof command, "HSET sforce:group:{late}:order /c %lld:abcdef:900", (long long)epoch);
    (void)test_redis_ask(r, command); /* of another program that leads under this name: later is what comes later */
    assert_int_equal(sfi_coordinator_save(a, "late", epoch, "/c", "2", NULL), SF_OK);
    assert_int_equal(sfi_coordinator_get(a, "late", "/c", position, NULL, NULL), SF_OK);
    assert_string_equal(position, "2");
    sf_coordinator_close(a);
    assert_int_equal(sf_checkpoints_redis(&(sf_redis_options){ .url = r->url }, &store, NULL), SF_OK);
    assert_int_equal(sfi_checkpoints_set(store, "/c", "7", NULL), SF_OK);
    snprintf(order, sizeof order, "%s", test_redis_ask(r, "HGET sforce:{checkpoints}:order /c"));
    writer = strchr(order, '\n') + 1;
    number = strchr(writer, ':');
    *number = '\0';
    snprintf(command, sizeof command, "HSET sforce:{checkpoints}:order /c %s:900", writer);
    (void)test_redis_ask(r, command);
    assert_int_equal(sfi_checkpoints_set(store, "/c", "6", NULL), SF_OK);
    assert_int_equal(sfi_checkpoints_get(store, "/c", position, NULL), SF_OK);
    assert_string_equal(position, "7");
    sf_checkpoints_close(store);
}

static void test_checkpoints__are_kept(void **state)
{
    test_redis *r = *state;
    sf_checkpoints *store;
    char position[SFI_POSITION_BYTES_MAX];
    for (int round = 0; round < 3; round++) { /* a program that starts again */
        assert_int_equal(sf_checkpoints_redis(&(sf_redis_options){ .url = r->url, .prefix = "p:" }, &store, NULL),
                         SF_OK);
        assert_int_equal(sfi_checkpoints_get(store, "/event/A__e", position, NULL), round == 0 ? SF_DONE : SF_OK);
        if (round > 0) assert_int_equal(strtol(position, NULL, 10), round - 1);
        for (int i = 0; i < 3; i++) {
            snprintf(position, sizeof position, "%d", i == 2 ? round : 100 - i);
            assert_int_equal(sfi_checkpoints_set(store, "/event/A__e", position, NULL), SF_OK);
        }
        sf_checkpoints_close(store);
        test_redis_halt(r, SIGKILL);
        test_redis_resume(r);
    }
}

static void test_coordinator__keys_of_another_kind_are_errors(void **state)
{
    test_redis *r = *state;
    sf_coordinator *a = open_coordinator(r, NULL);
    sf_error err = { .message = "" };
    char position[SF_POSITION_BYTES_MAX + 1];
    int64_t epoch;
    (void)test_redis_ask(r, "SET sforce:group:{odd}:term x");
    assert_true(sfi_coordinator_attempt(a, "odd", "n", 5, &epoch, &err) < 0);
    print_message("  %s\n", err.message);
    assert_true(sfi_coordinator_renew(a, "odd", "n", 5, 5, &err) < 0);
    assert_true(sfi_coordinator_save(a, "odd", 5, "/c", "1", &err) < 0);
    (void)test_redis_ask(r, "SET sforce:group:{odd}:positions x");
    assert_true(sfi_coordinator_get(a, "odd", "/c", position, NULL, &err) < 0);
    (void)test_redis_ask(r, "HSET sforce:group:{nonsense}:term node n epoch none");
    assert_true(sfi_coordinator_attempt(a, "nonsense", "n", 5, &epoch, &err) < 0);
    sf_coordinator_close(a);
}

static void test_coordinator__says_what_to_remove(void **state)
{
    test_redis *r = *state;
    sf_error err = { .message = "" };
    sf_coordinator *c = open_coordinator(r, NULL);
    assert_int_equal(sfi_coordinator_fail_position(c, "acme{1}", "/event/A__e", "abc", &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "group acme{1}, position of /event/A__e: \"abc\" is no replay id; remove "
                                        "/event/A__e from the hash sforce:group:{acme%7B1%7D}:positions (redis "));
    assert_non_null(strstr(err.message, ") to begin anew"));
    assert_int_equal(sfi_coordinator_fail_position(c, "g", "/c", NULL, &err), SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "it is too long; remove /c from the hash sforce:group:{g}:positions"));
    sf_coordinator_close(c);
    sf_checkpoints *store = NULL;
    assert_int_equal(sf_checkpoints_redis(&(sf_redis_options){ .url = r->url, .prefix = "p:" }, &store, NULL), SF_OK);
    assert_int_equal(sfi_checkpoints_fail(store, "/c", "abc", &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "remove /c from the hash p:{checkpoints} (redis "));
    sf_checkpoints_close(store);
}

static int start(void **state)
{
    static test_redis r;
    test_redis_start(&r, NULL);
    *state = &r;
    return 0;
}

static int stop(void **state)
{
    test_redis_stop(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coordinator__does_what_every_one_does),
        cmocka_unit_test(test_coordinator__terms_and_positions_outlive_the_server),
        cmocka_unit_test(test_coordinator__a_server_that_forgot_everything_starts_later_terms),
        cmocka_unit_test(test_coordinator__a_late_copy_moves_nothing_back),
        cmocka_unit_test(test_checkpoints__are_kept),
        cmocka_unit_test(test_coordinator__keys_of_another_kind_are_errors),
        cmocka_unit_test(test_coordinator__says_what_to_remove),
    };
    if (!test_redis_is_there()) return 77;
    test_allocator_install();
    int failed = cmocka_run_group_tests_name("redis coordinator", tests, start, stop);
    return failed != 0 || test_allocations_live() != 0;
}
