/* wait_test.c: cancel tokens, pauses and gates: what is cancelled ends at once, from any thread, and nobody is forgotten. */
#include "base/wait_internal.h"
#include <signal.h>
#include <stdatomic.h>
#include "support/support.h"

enum { LONG_MS = 600000 }; /* nobody waits so long: a test that hangs here has failed */

static sf_cancel *new_token(void)
{
    sf_cancel *c = NULL;
    sf_error err;
    if (sf_cancel_new(&c, &err) != SF_OK) fail_msg("%s", err.message);
    return c;
}

static void *cancel_in_thread(void *token)
{
    sf_cancel_now(token);
    return NULL;
}

static void test_wait__check_names_what_ended(void **state)
{
    (void)state;
    sf_error err;
    sf_cancel *c = new_token();
    assert_int_equal(sfi_wait_check(&(sfi_wait){ 0 }, "the call", &err), SF_OK);
    assert_int_equal(sfi_wait_check(&(sfi_wait){ sfi_now_ms() + LONG_MS, c }, "the call", &err), SF_OK);
    assert_int_equal(sfi_wait_check(&(sfi_wait){ .deadline_ms = 1 }, "the call", &err), SF_ERR_TIMEOUT);
    assert_true(err.retryable);
    assert_non_null(strstr(err.message, "the call"));
    sf_cancel_now(c);
    sf_cancel_now(c); /* twice is once */
    assert_int_equal(sfi_wait_check(&(sfi_wait){ 1, c }, "the call", &err), SF_ERR_CANCELLED);
    assert_string_equal(err.message, "the call was cancelled");
    sf_cancel_free(c);
    sf_cancel_free(NULL);
    sf_cancel_now(NULL);
    assert_int_equal(sf_cancel_new(NULL, &err), SF_ERR_USAGE);
}

static void test_pause__ends_with_the_deadline_and_the_token(void **state)
{
    (void)state;
    sf_error err;
    sf_cancel *c = new_token();
    pthread_t thread;
    assert_int_equal(sfi_wait_pause(&(sfi_wait){ .cancel = c }, 1, "a pause", &err), SF_OK);
    assert_int_equal(sfi_wait_pause(&(sfi_wait){ sfi_now_ms() + 5, c }, LONG_MS, "a pause", &err), SF_ERR_TIMEOUT);
    assert_int_equal(pthread_create(&thread, NULL, cancel_in_thread, c), 0);
    assert_int_equal(sfi_wait_pause(&(sfi_wait){ .cancel = c }, LONG_MS, "a pause", &err), SF_ERR_CANCELLED);
    pthread_join(thread, NULL);
    sf_cancel_free(c);
}

static sf_cancel *signalled;

static void on_signal(int number)
{
    (void)number;
    sf_cancel_now(signalled);
}

static void test_pause__a_signal_handler_may_cancel(void **state)
{
    (void)state;
    struct sigaction action = { .sa_handler = on_signal };
    struct sigaction old;
    signalled = new_token();
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(sfi_wait_pause(&(sfi_wait){ .cancel = signalled }, LONG_MS, "a pause", NULL), SF_ERR_CANCELLED);
    assert_int_equal(sigaction(SIGUSR1, &old, NULL), 0);
    sf_cancel_free(signalled);
}

typedef struct told {
    atomic_int times;
} told;

static void tell(void *ctx)
{
    atomic_fetch_add(&((told *)ctx)->times, 1);
}

static void test_watch__all_who_watch_are_told(void **state)
{
    (void)state;
    sf_cancel *c = new_token();
    told counts[3] = { 0 };
    sfi_cancel_watcher watchers[3];
    for (size_t i = 0; i < COUNT_OF(watchers); i++)
        assert_int_equal(sfi_cancel_watch(c, &watchers[i], tell, &counts[i], NULL), SF_OK);
    sfi_cancel_unwatch(&watchers[1]); /* from the middle of the list */
    sf_cancel_now(c);
    while (atomic_load(&counts[0].times) == 0 || atomic_load(&counts[2].times) == 0) sched_yield();
    assert_int_equal(atomic_load(&counts[1].times), 0);
    assert_int_equal(sfi_cancel_watch(c, &watchers[1], tell, &counts[1], NULL), SF_OK);
    assert_true(atomic_load(&counts[1].times) > 0); /* cancelled already: told at once */
    for (size_t i = 0; i < COUNT_OF(watchers); i++) sfi_cancel_unwatch(&watchers[i]);
    sfi_cancel_watcher nobody;
    assert_int_equal(sfi_cancel_watch(NULL, &nobody, tell, NULL, NULL), SF_OK);
    sfi_cancel_unwatch(&nobody);
    sf_cancel_free(c);
    c = new_token(); /* watched and never cancelled */
    assert_int_equal(sfi_cancel_watch(c, &watchers[0], tell, &counts[1], NULL), SF_OK);
    int before = atomic_load(&counts[1].times);
    sfi_cancel_unwatch(&watchers[0]);
    sf_cancel_free(c);
    assert_int_equal(atomic_load(&counts[1].times), before);
}

typedef struct waiter {
    sfi_gate *gate;
    sfi_wait wait;
    sf_status rc;
} waiter;

static void *wait_in_thread(void *user)
{
    waiter *w = user;
    sfi_cancel_watcher watch;
    w->rc = sfi_gate_enter(w->gate, &w->wait, &watch, NULL);
    if (w->rc != SF_OK) return NULL;
    while (w->rc == SF_OK && w->gate->is_busy) w->rc = sfi_gate_wait(w->gate, &w->wait, "a wait", NULL);
    sfi_gate_leave(w->gate, &watch);
    return NULL;
}

static void test_gate__waiters_end_each_for_its_own_reason(void **state)
{
    (void)state;
    sfi_gate gate;
    sfi_cancel_watcher watch;
    sf_cancel *c = new_token();
    assert_int_equal(sfi_gate_init(&gate, NULL), SF_OK);
    waiter waiters[] = { { .gate = &gate },
                         { .gate = &gate, .wait = { .cancel = c } },
                         { .gate = &gate, .wait = { .deadline_ms = sfi_now_ms() + 5 } } };
    pthread_t threads[COUNT_OF(waiters)];
    assert_int_equal(sfi_gate_enter(&gate, &(sfi_wait){ 0 }, &watch, NULL), SF_OK);
    sfi_gate_begin_work(&gate);
    for (size_t i = 0; i < COUNT_OF(waiters); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_in_thread, &waiters[i]), 0);
    pthread_join(threads[2], NULL);
    assert_int_equal(waiters[2].rc, SF_ERR_TIMEOUT);
    sf_cancel_now(c);
    pthread_join(threads[1], NULL);
    assert_int_equal(waiters[1].rc, SF_ERR_CANCELLED);
    sfi_gate_end_work(&gate);
    sfi_gate_leave(&gate, &watch);
    pthread_join(threads[0], NULL);
    assert_int_equal(waiters[0].rc, SF_OK);
    sfi_gate_destroy(&gate);
    sfi_gate_destroy(&gate); /* a zeroed one is fine */
    sf_cancel_free(c);
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

static void test_gate__one_works_at_a_time(void **state)
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

static void test_cancel__survives_a_failed_allocation(void **state)
{
    (void)state;
    sf_cancel *c = (sf_cancel *)&c;
    test_allocations_limit(0);
    assert_int_equal(sf_cancel_new(&c, NULL), SF_ERR_MEMORY);
    test_allocations_limit(-1);
    assert_null(c);
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait__check_names_what_ended),
        cmocka_unit_test(test_pause__ends_with_the_deadline_and_the_token),
        cmocka_unit_test(test_pause__a_signal_handler_may_cancel),
        cmocka_unit_test(test_watch__all_who_watch_are_told),
        cmocka_unit_test(test_gate__waiters_end_each_for_its_own_reason),
        cmocka_unit_test(test_gate__one_works_at_a_time),
        cmocka_unit_test(test_cancel__survives_a_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("wait", tests, NULL, NULL);
}
