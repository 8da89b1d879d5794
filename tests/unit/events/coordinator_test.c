/* coordinator_test.c: who leads, in memory and through operations of the user's own. */
#include <salesforce.h>
#include "support/coordination.h"
#include "support/support.h"

static void test_coordinator__memory_does_what_it_should(void **state)
{
    sf_coordinator *c = NULL;
    (void)state;
    assert_int_equal(sf_coordinator_memory(&c, NULL), SF_OK);
    check_coordination(c, c, "orders");
    check_coordination(c, c, "invoices"); /* a group knows nothing of another */
    sf_coordinator_close(c);
    sf_coordinator_close(NULL);
}

static void test_coordinator__memory_has_limits(void **state)
{
    sf_coordinator *c = NULL;
    sf_error err = { 0 };
    char name[32], position[80];
    int64_t epoch;
    (void)state;
    assert_int_equal(sf_coordinator_memory(&c, NULL), SF_OK);
    for (int i = 0; i < SFI_GROUPS_MAX; i++) {
        snprintf(name, sizeof name, "g%d", i);
        assert_int_equal(sfi_coordinator_attempt(c, name, "n", 1, &epoch, &err), SF_OK);
    }
    assert_int_equal(sfi_coordinator_attempt(c, "more", "n", 1, &epoch, &err), SF_ERR_LIMIT);
    for (int i = 0; i < SFI_GROUP_CHANNELS_MAX; i++) {
        snprintf(name, sizeof name, "/event/E%d__e", i);
        assert_int_equal(sfi_coordinator_save(c, "g0", 1, name, "1", &err), SF_OK);
    }
    assert_int_equal(sfi_coordinator_save(c, "g0", 1, "/event/More__e", "1", &err), SF_ERR_LIMIT);
    memset(position, '1', sizeof position - 1);
    position[sizeof position - 1] = '\0';
    assert_int_equal(sfi_coordinator_save(c, "g0", 1, "/event/E1__e", position, &err), SF_ERR_LIMIT);
    sf_coordinator_close(c);
}

typedef struct own {
    sf_status answer;
    const char *message, *position;
    int64_t epoch;
    int calls, closes;
} own;

static sf_status tell(own *o, sf_error *err)
{
    o->calls++;
    if (o->message != NULL && err != NULL) snprintf(err->message, sizeof err->message, "%s", o->message);
    return o->answer;
}

static sf_status own_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                             sf_error *err)
{
    own *o = user;
    assert_string_equal(group, "g");
    assert_string_equal(node, "n");
    assert_int_equal(liveness_ms, 5);
    *epoch = o->epoch;
    return tell(o, err);
}

static sf_status own_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                           sf_error *err)
{
    assert_true(strcmp(group, "g") == 0 && strcmp(node, "n") == 0 && epoch == 7 && liveness_ms == 5);
    return tell(user, err);
}

static sf_status own_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *err)
{
    assert_true(strcmp(group, "g") == 0 && strcmp(node, "n") == 0 && epoch == 7);
    return tell(user, err);
}

static sf_status own_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                          sf_error *err)
{
    assert_true(strcmp(group, "g") == 0 && epoch == 7 && strcmp(channel, "/c") == 0 && strcmp(position, "1") == 0);
    return tell(user, err);
}

static sf_status own_get(void *user, const char *group, const char *channel,
                         void (*found)(void *ctx, const char *position), void *ctx, sf_error *err)
{
    own *o = user;
    assert_true(strcmp(group, "g") == 0 && strcmp(channel, "/c") == 0);
    if (o->position != NULL) found(ctx, o->position);
    return tell(o, err);
}

static void own_close(void *user)
{
    ((own *)user)->closes++;
}

static const sf_coordinator_ops own_ops = { .attempt = own_attempt,
                                            .renew = own_renew,
                                            .relinquish = own_relinquish,
                                            .save = own_save,
                                            .get = own_get,
                                            .close = own_close };

static void test_coordinator__custom_answers_are_taken_carefully(void **state)
{
    static const char long_position[] = "1234567890123456789012345678901234567890123456789012345678901234";
    static const struct {
        own given;
        sf_status others, attempt, get;
        const char *says;
    } cases[] = {
        { { .answer = SF_OK, .epoch = 3, .position = "12" }, SF_OK, SF_OK, SF_OK, NULL },
        { { .answer = SF_OK, .epoch = 0 }, SF_OK, SF_ERR_USAGE, SF_DONE, NULL }, /* no epoch, no position */
        { { .answer = SF_OK, .epoch = 1, .position = "" }, SF_OK, SF_OK, SF_DONE, NULL },
        { { .answer = SF_OK, .epoch = 1, .position = long_position }, SF_OK, SF_OK, SF_ERR_LIMIT, NULL },
        { { .answer = SF_DONE, .epoch = 3 }, SF_DONE, SF_DONE, SF_DONE, NULL },
        { { .answer = SF_ROW, .epoch = 3 }, SF_DONE, SF_DONE, SF_DONE, NULL }, /* neither yes nor an error: no */
        { { .answer = SF_ERR_NETWORK, .message = "no way" }, SF_ERR_NETWORK, SF_ERR_NETWORK, SF_ERR_NETWORK, "no way" },
        { { .answer = SF_ERR_IO }, SF_ERR_IO, SF_ERR_IO, SF_ERR_IO, "does not say why" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        own o = cases[i].given;
        sf_coordinator *c = NULL;
        sf_error err = { 0 };
        int64_t epoch = -1;
        char position[SF_POSITION_BYTES_MAX + 1];
        assert_int_equal(sf_coordinator_custom(&own_ops, &o, &c, NULL), SF_OK);
        assert_int_equal(sfi_coordinator_attempt(c, "g", "n", 5, &epoch, &err), cases[i].attempt);
        assert_int_equal(epoch, cases[i].attempt == SF_OK ? cases[i].given.epoch : -1);
        if (cases[i].says != NULL) {
            assert_non_null(strstr(err.message, cases[i].says));
            assert_int_equal(err.status, cases[i].attempt);
        }
        assert_int_equal(sfi_coordinator_renew(c, "g", "n", 7, 5, NULL), cases[i].others);
        assert_int_equal(sfi_coordinator_relinquish(c, "g", "n", 7, NULL), cases[i].others);
        assert_int_equal(sfi_coordinator_save(c, "g", 7, "/c", "1", NULL), cases[i].others);
        assert_int_equal(sfi_coordinator_get(c, "g", "/c", position, NULL, NULL), cases[i].get);
        if (cases[i].get == SF_OK) assert_string_equal(position, "12");
        sf_coordinator_close(c);
        assert_int_equal(o.calls, 5);
        assert_int_equal(o.closes, 1);
    }
}

static void test_coordinator__custom_needs_its_operations(void **state)
{
    sf_coordinator *c = (sf_coordinator *)1;
    sf_coordinator_ops ops[6];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ops); i++) ops[i] = own_ops;
    ops[0].attempt = NULL;
    ops[1].renew = NULL;
    ops[2].relinquish = NULL;
    ops[3].save = NULL;
    ops[4].get = NULL;
    ops[5].reserved[2] = 1;
    for (size_t i = 0; i < COUNT_OF(ops); i++) {
        assert_int_equal(sf_coordinator_custom(&ops[i], NULL, &c, NULL), SF_ERR_USAGE);
        assert_null(c);
    }
    assert_int_equal(sf_coordinator_custom(NULL, NULL, &c, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_coordinator_custom(&own_ops, NULL, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_coordinator_memory(NULL, NULL), SF_ERR_USAGE);
}

static void test_coordinator__survives_each_failed_allocation(void **state)
{
    bool is_through = false;
    (void)state;
    for (long n = 0; !is_through; n++) { /* ends: the calls need a bounded number of blocks */
        sf_coordinator *c = NULL;
        int64_t epoch = 0;
        char position[SF_POSITION_BYTES_MAX + 1];
        test_allocations_limit(n);
        sf_status rc = sf_coordinator_memory(&c, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_attempt(c, "g", "n", LEASE_LONG_MS, &epoch, NULL);
        if (rc == SF_OK) rc = sfi_coordinator_save(c, "g", epoch, "/c", "1", NULL);
        test_allocations_limit(-1);
        is_through = rc == SF_OK;
        if (!is_through) assert_int_equal(rc, SF_ERR_MEMORY);
        if (c != NULL && !is_through)
            assert_int_equal(sfi_coordinator_get(c, "g", "/c", position, NULL, NULL), SF_DONE);
        sf_coordinator_close(c);
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coordinator__memory_does_what_it_should),
        cmocka_unit_test(test_coordinator__memory_has_limits),
        cmocka_unit_test(test_coordinator__custom_answers_are_taken_carefully),
        cmocka_unit_test(test_coordinator__custom_needs_its_operations),
        cmocka_unit_test(test_coordinator__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("coordinator", tests, NULL, NULL);
}
