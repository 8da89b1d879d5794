/*
 * token_store_test.c: tokens in a real redis-server: who holds the lock, who may write, what an outage leaves, and where
 * it all lies. Skipped where there is no redis-server.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#include <salesforce/redis.h>
#include "auth/auth_internal.h"
#include "support/redis_process.h"

#define TEXT(s) ((char *)(uintptr_t)(s))

static const sfi_token sample = { .access_token = TEXT("00D!a"),
                                  .refresh_token = TEXT("r\"1\r\n"),
                                  .instance_url = TEXT("https://a.my.salesforce.com"),
                                  .issued_at_ms = 1234567890123 };
static char lock_key[128], data_key[128], fence_key[128];

static sf_token_store *open_store(const test_redis *r)
{
    sf_token_store *store;
    sf_error err = { .message = "" };
    const sf_redis_options o = { .url = r->url };
    if (sf_token_store_redis(&o, "client-id-in-plain@login.example", &store, &err) != SF_OK)
        fail_msg("%s", err.message);
    return store;
}

static const char *ask(test_redis *r, const char *command, const char *key, const char *rest)
{
    char line[512];
    snprintf(line, sizeof line, "%s %s %s", command, key, rest);
    return test_redis_ask(r, line);
}

static int flush(void **state)
{
    (void)test_redis_ask(*state, "FLUSHALL");
    return 0;
}

static void test_token_store__keeps_and_locks(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r), *b = open_store(r);
    sfi_token token;
    assert_true(sfi_store_is_shared(a));
    assert_int_equal(sfi_store_get(a, &token, NULL), SF_DONE);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_lock(a, 1, NULL), SF_ERR_TIMEOUT); /* held, here */
    assert_int_equal(sfi_store_lock(b, 1, NULL), SF_ERR_TIMEOUT); /* and there */
    assert_int_equal(sfi_store_begin(a, 77, NULL), SF_OK);
    assert_int_equal(sfi_store_get(b, &token, NULL), SF_DONE); /* no token, but a refresh has begun */
    assert_int_equal(token.begun_ms, 77);
    for (int generation = 1; generation < 3; generation++) {
        assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK);
        assert_int_equal(sfi_store_get(b, &token, NULL), SF_OK);
        assert_string_equal(token.access_token, sample.access_token);
        assert_string_equal(token.refresh_token, sample.refresh_token);
        assert_string_equal(token.instance_url, sample.instance_url);
        assert_null(token.identity_url);
        assert_int_equal(token.issued_at_ms, sample.issued_at_ms);
        assert_int_equal(token.expires_at_ms, 0);
        assert_int_equal(token.generation, generation);
        assert_int_equal(token.begun_ms, 0);
        sfi_token_clear(&token);
        assert_int_equal(sfi_store_begin(a, 78, NULL), SF_OK);
        assert_int_equal(sfi_store_get(b, &token, NULL), SF_OK);
        assert_int_equal(token.begun_ms, 78);
        assert_int_equal(token.generation, generation);
        sfi_token_clear(&token);
        assert_int_equal(sfi_store_begin(a, 0, NULL), SF_OK);
    }
    assert_int_equal(sfi_store_clear(a, NULL), SF_OK);
    assert_int_equal(sfi_store_get(a, &token, NULL), SF_DONE);
    assert_int_equal(sfi_store_clear(a, NULL), SF_OK);
    sfi_store_release(a);
    assert_int_equal(sfi_store_lock(b, 10, NULL), SF_OK);
    sfi_store_release(b);
    sf_token_store_close(a);
    sf_token_store_close(b);
}

static void test_token_store__lies_in_one_slot_and_names_nobody(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK);
    const char *keys = test_redis_ask(r, "KEYS *");
    assert_memory_equal(keys, "*3\r\n", 4); /* lock, fence, data */
    assert_null(strstr(keys, "client"));
    assert_null(strstr(keys, "login"));
    char hash[64] = "";
    const char *at = strstr(keys, "sforce:token:{");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "sforce:token:{%63[0-9a-f]}", hash), 1);
    assert_int_equal(strlen(hash), 32);
    assert_int_equal(strtol(ask(r, "PTTL", lock_key, "") + 1, NULL, 10) > 0, 1); /* it runs out by itself */
    assert_memory_equal(ask(r, "PTTL", data_key, ""), ":-1", 3);
    sfi_store_release(a);
    keys = test_redis_ask(r, "KEYS *");
    for (const char *key = strstr(keys, "sforce:"); key != NULL; key = strstr(key + 1, "sforce:"))
        assert_memory_equal(key, at = "sforce:token:{", 14);
    sf_token_store_close(a);
}

/* A holder whose lock ran out: as long as nobody else had it, his write counts; afterwards nothing of his does. */
static void test_token_store__a_holder_who_was_replaced_cannot_write(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r), *b = open_store(r);
    sfi_token token, other = sample;
    other.access_token = TEXT("00D!b");
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    (void)ask(r, "DEL", lock_key, ""); /* it ran out */
    assert_int_equal(sfi_store_begin(a, 5, NULL), SF_OK);
    assert_int_equal(sfi_store_lock(b, 1, NULL), SF_ERR_TIMEOUT); /* begin has begun the lock anew */
    (void)ask(r, "DEL", lock_key, "");
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK);
    (void)ask(r, "DEL", lock_key, "");
    assert_int_equal(sfi_store_lock(b, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_set(a, &other, NULL), SF_DONE);
    assert_int_equal(sfi_store_begin(a, 6, NULL), SF_DONE);
    assert_int_equal(sfi_store_clear(a, NULL), SF_DONE);
    sfi_store_release(a); /* not b's */
    assert_int_equal(sfi_store_lock(a, 1, NULL), SF_ERR_TIMEOUT);
    sfi_store_release(b);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    (void)ask(r, "DEL", lock_key, "");
    assert_int_equal(sfi_store_lock(b, 10, NULL), SF_OK);
    sfi_store_release(b);
    assert_int_equal(sfi_store_set(a, &other, NULL), SF_DONE); /* nobody has it now, but somebody had */
    sfi_store_release(a);
    assert_int_equal(sfi_store_get(a, &token, NULL), SF_OK);
    assert_string_equal(token.access_token, sample.access_token);
    sfi_token_clear(&token);
    sf_token_store_close(a);
    sf_token_store_close(b);
}

static void test_token_store__fencing_goes_up_though_the_server_forgot(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r), *b = open_store(r);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    (void)test_redis_ask(r, "FLUSHALL");
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK); /* nobody was in between */
    (void)test_redis_ask(r, "FLUSHALL");
    assert_int_equal(sfi_store_lock(b, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_DONE);
    sfi_store_release(b);
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_DONE);
    sfi_store_release(a);
    sf_token_store_close(a);
    sf_token_store_close(b);
}

static void test_token_store__an_outage_leaves_no_lock_behind(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r), *b = open_store(r);
    sf_error err;
    sfi_token token;
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK);
    test_redis_halt(r, SIGKILL);
    sfi_store_release(a); /* nobody hears of it */
    assert_int_equal(sfi_store_lock(b, 10, &err), SF_ERR_NETWORK);
    assert_int_equal(sfi_store_get(b, &token, &err), SF_ERR_NETWORK);
    assert_true(err.retryable);
    test_redis_resume(r);
    assert_int_equal(sfi_store_get(b, &token, &err), SF_OK); /* appendonly */
    assert_string_equal(token.refresh_token, sample.refresh_token);
    sfi_token_clear(&token);
    assert_int_equal(sfi_store_lock(b, 1, NULL), SF_ERR_TIMEOUT); /* the server still believes in it */
    assert_int_equal(sfi_store_lock(a, 1, NULL), SF_OK);          /* who had it has it at once */
    sfi_store_release(a);
    assert_int_equal(sfi_store_lock(b, 10, NULL), SF_OK);
    test_redis_halt(r, SIGKILL);
    sfi_store_release(b);
    test_redis_resume(r);
    sf_token_store_close(b); /* says it now */
    assert_int_equal(sfi_store_lock(a, 1, NULL), SF_OK);
    sfi_store_release(a);
    sf_token_store_close(a);
}

typedef struct waiter {
    sf_token_store *store;
    sf_status rc;
    pthread_t thread;
} waiter;

static void *wait_for_lock(void *arg)
{
    waiter *w = arg;
    w->rc = sfi_store_lock(w->store, 30000, NULL);
    if (w->rc == SF_OK) sfi_store_release(w->store);
    return NULL;
}

static long scripts_run(test_redis *r)
{
    const char *at = strstr(test_redis_ask(r, "INFO commandstats"), "cmdstat_evalsha:calls=");
    return at != NULL ? strtol(at + strlen("cmdstat_evalsha:calls="), NULL, 10) : 0;
}

static void test_token_store__who_waits_sleeps_until_the_release(void **state)
{
    test_redis *r = *state;
    static waiter waiters[8];
    sf_token_store *a = open_store(r);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    (void)test_redis_ask(r, "CONFIG RESETSTAT");
    for (size_t i = 0; i < COUNT_OF(waiters); i++) {
        waiters[i] = (waiter){ .store = open_store(r) };
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, wait_for_lock, &waiters[i]), 0);
    }
    while (strstr(test_redis_ask(r, "INFO clients"), "blocked_clients:8") == NULL) continue; /* ends: all wait */
    sfi_store_release(a);
    for (size_t i = 0; i < COUNT_OF(waiters); i++) {
        assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
        assert_int_equal(waiters[i].rc, SF_OK);
        sf_token_store_close(waiters[i].store);
    }
    /* Each: a try, a second one when woken (and one more if another was faster), a release. */
    assert_true(scripts_run(r) <= 1 + 8 * 5);
    sf_token_store_close(a);
}

static void test_token_store__a_dead_holders_lock_runs_out(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r), *b = open_store(r);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    (void)ask(r, "PEXPIRE", lock_key, "200");
    assert_int_equal(sfi_store_lock(b, 30000, NULL), SF_OK); /* nobody pushed: the expiry was waited for */
    sfi_store_release(b);
    sfi_store_release(a);
    sf_token_store_close(a);
    sf_token_store_close(b);
}

static void test_token_store__what_is_no_token_is_none(void **state)
{
    test_redis *r = *state;
    sf_token_store *a = open_store(r);
    sfi_token token;
    sf_error err = { .message = "" };
    (void)ask(r, "SET", data_key, "hidden-value");
    assert_true(sfi_store_get(a, &token, &err) < 0);
    print_message("  %s\n", err.message);
    assert_null(strstr(err.message, "hidden-value"));
    (void)ask(r, "DEL", data_key, "");
    (void)ask(r, "HSET", data_key, "access_token \"a\\x00b\" generation x issued_at_ms 99999999999999999999 write y");
    assert_int_equal(sfi_store_get(a, &token, NULL), SF_DONE);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK);
    assert_int_equal(sfi_store_get(a, &token, NULL), SF_OK);
    assert_int_equal(token.generation, 1);
    sfi_token_clear(&token);
    (void)ask(r, "SET", fence_key, "nonsense");
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_DONE);
    sfi_store_release(a);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_set(a, &sample, NULL), SF_OK);
    sfi_store_release(a);
    sf_token_store_close(a);
}

static void test_token_store__survives_each_failed_allocation(void **state)
{
    test_redis *r = *state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sf_token_store *store = open_store(r);
        sfi_token token = { 0 };
        test_allocations_limit(n);
        rc = sfi_store_lock(store, 10, NULL);
        bool is_locked = rc == SF_OK;
        if (rc == SF_OK) rc = sfi_store_begin(store, 5, NULL);
        if (rc == SF_OK) rc = sfi_store_set(store, &sample, NULL);
        if (rc == SF_OK) rc = sfi_store_get(store, &token, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        if (is_locked) sfi_store_release(store);
        sfi_token_clear(&token);
        sf_token_store_close(store);
    }
    assert_int_equal(test_allocations_live(), 0);
}

static int start(void **state)
{
    static test_redis r;
    static char key[96];
    test_redis_start(&r, NULL);
    *state = &r;
    sf_token_store *a = open_store(&r); /* to see where it all lies */
    if (sfi_store_lock(a, 10, NULL) != SF_OK) return -1;
    const char *at = strstr(test_redis_ask(&r, "KEYS *lock"), "sforce:");
    if (at == NULL || sscanf(at, "%95[^\r]", key) != 1) return -1;
    key[strlen(key) - strlen("lock")] = '\0';
    snprintf(lock_key, sizeof lock_key, "%slock", key);
    snprintf(data_key, sizeof data_key, "%sdata", key);
    snprintf(fence_key, sizeof fence_key, "%sfence", key);
    sf_token_store_close(a);
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
        cmocka_unit_test_setup(test_token_store__keeps_and_locks, flush),
        cmocka_unit_test_setup(test_token_store__lies_in_one_slot_and_names_nobody, flush),
        cmocka_unit_test_setup(test_token_store__a_holder_who_was_replaced_cannot_write, flush),
        cmocka_unit_test_setup(test_token_store__fencing_goes_up_though_the_server_forgot, flush),
        cmocka_unit_test_setup(test_token_store__an_outage_leaves_no_lock_behind, flush),
        cmocka_unit_test_setup(test_token_store__who_waits_sleeps_until_the_release, flush),
        cmocka_unit_test_setup(test_token_store__a_dead_holders_lock_runs_out, flush),
        cmocka_unit_test_setup(test_token_store__what_is_no_token_is_none, flush),
        cmocka_unit_test_setup(test_token_store__survives_each_failed_allocation, flush),
    };
    if (!test_redis_is_there()) return 77;
    test_allocator_install();
    return cmocka_run_group_tests_name("redis token store", tests, start, stop);
}
