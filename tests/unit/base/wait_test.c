/* wait_test.c: cancel tokens, bounded waits and gates: who is told, when a wait ends, and that one thread works for all. */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <stdatomic.h>
#include "base/wait_internal.h"
#include "support/support.h"

static void count_call(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void test_wait__a_cancel_tells_all_who_watch(void **state)
{
    (void)state;
    sf_cancel *c;
    sfi_cancel_watcher a, b, late;
    atomic_int told_a = 0, told_b = 0, told_late = 0;
    assert_int_equal(sf_cancel_new(&c, NULL), SF_OK);
    assert_int_equal(sfi_cancel_watch(c, &a, count_call, &told_a, NULL), SF_OK);
    assert_int_equal(sfi_cancel_watch(c, &b, count_call, &told_b, NULL), SF_OK);
    sfi_cancel_unwatch(&b);
    assert_false(sfi_cancel_is_set(c));
    sf_cancel_now(c);
    const sfi_wait wait = { .cancel = c };
    assert_int_equal(sfi_wait_pause(&wait, 60000, "a test", NULL), SF_ERR_CANCELLED);
    while (atomic_load(&told_a) == 0) (void)sfi_wait_pause(&(sfi_wait){ 0 }, 1, "a test", NULL); /* ends: it is told */
    assert_int_equal(sfi_cancel_watch(c, &late, count_call, &told_late, NULL), SF_OK);
    assert_true(atomic_load(&told_late) >= 1); /* at once */
    assert_int_equal(atomic_load(&told_b), 0);
    sfi_cancel_unwatch(&a);
    sfi_cancel_unwatch(&late);
    sf_cancel_free(c);
    assert_int_equal(sf_cancel_new(&c, NULL), SF_OK); /* never cancelled */
    assert_int_equal(sfi_cancel_watch(c, &a, count_call, &told_b, NULL), SF_OK);
    sfi_cancel_unwatch(&a);
    sf_cancel_free(c);
    assert_int_equal(atomic_load(&told_b), 0);
    sf_cancel_free(NULL);
    sf_cancel_now(NULL);
}

static void test_wait__deadlines_end_pauses_and_gates(void **state)
{
    (void)state;
    int64_t start = sfi_now_ms();
    sfi_wait wait = { .deadline_ms = start + 5 };
    sf_error err;
    assert_int_equal(sfi_wait_pause(&wait, 60000, "a test", &err), SF_ERR_TIMEOUT);
    assert_true(err.retryable);
    assert_non_null(strstr(err.message, "a test"));
    assert_int_equal(sfi_wait_pause(&(sfi_wait){ 0 }, 2, "a test", NULL), SF_OK);
    sfi_gate gate;
    sfi_cancel_watcher watcher;
    assert_int_equal(sfi_gate_init(&gate, NULL), SF_OK);
    wait.deadline_ms = sfi_now_ms() + 5;
    assert_int_equal(sfi_gate_enter(&gate, &wait, &watcher, NULL), SF_OK);
    sf_status rc = SF_OK;
    while (rc == SF_OK) rc = sfi_gate_wait(&gate, &wait, "a test", NULL); /* ends: the deadline */
    assert_int_equal(rc, SF_ERR_TIMEOUT);
    sfi_gate_leave(&gate, &watcher);
    sfi_gate_destroy(&gate);
    assert_true(sfi_now_ms() - start < 30000);
}

typedef struct crew {
    sfi_gate gate;
    int done, most; /* behind the gate; most: workers at once */
    atomic_int working;
} crew;

static void *work_once(void *arg)
{
    crew *all = arg;
    const sfi_wait wait = { 0 };
    sfi_cancel_watcher watcher;
    if (sfi_gate_enter(&all->gate, &wait, &watcher, NULL) != SF_OK) return arg;
    sf_status rc = SF_OK;
    while (rc == SF_OK && all->gate.is_busy) rc = sfi_gate_wait(&all->gate, &wait, "a test", NULL);
    sfi_gate_begin_work(&all->gate);
    int now = atomic_fetch_add(&all->working, 1) + 1;
    (void)sfi_wait_pause(&wait, 1, "a test", NULL);
    atomic_fetch_sub(&all->working, 1);
    sfi_gate_end_work(&all->gate);
    all->done++;
    if (now > all->most) all->most = now;
    sfi_gate_leave(&all->gate, &watcher);
    return NULL;
}

static void test_wait__one_works_at_a_time(void **state)
{
    (void)state;
    crew all = { .done = 0 };
    pthread_t threads[8];
    assert_int_equal(sfi_gate_init(&all.gate, NULL), SF_OK);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work_once, &all), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(all.done, COUNT_OF(threads));
    assert_int_equal(all.most, 1);
    sfi_gate_destroy(&all.gate);
}

static void test_wait__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_cancel *c;
    test_allocations_limit(0);
    assert_int_equal(sf_cancel_new(&c, NULL), SF_ERR_MEMORY);
    test_allocations_limit(-1);
    assert_null(c);
    assert_int_equal(sf_cancel_new(NULL, NULL), SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait__a_cancel_tells_all_who_watch),
        cmocka_unit_test(test_wait__deadlines_end_pauses_and_gates),
        cmocka_unit_test(test_wait__one_works_at_a_time),
        cmocka_unit_test(test_wait__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
