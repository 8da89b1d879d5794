/* coordination.h: what every coordinator has to do, as a test: leases, terms, fencing, positions. */
#ifndef SF_TEST_COORDINATION_H
#define SF_TEST_COORDINATION_H
#include "events/coordinator_internal.h"
#include "support/support.h"

enum { LEASE_LONG_MS = 600000 };

/* a and b: two handles on the same place, or one handle twice. group: one that nobody used before. */
static inline void check_coordination(sf_coordinator *a, sf_coordinator *b, const char *group)
{
    char position[SF_POSITION_BYTES_MAX + 1] = "";
    int64_t first = 0, again = 0, second = 0, other = 0;
    sf_error err = { 0 };
    /* one leads, and goes on to */
    assert_int_equal(sfi_coordinator_attempt(a, group, "one", LEASE_LONG_MS, &first, &err), SF_OK);
    assert_true(first >= 1);
    assert_int_equal(sfi_coordinator_attempt(b, group, "two", LEASE_LONG_MS, &other, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_attempt(a, group, "one", LEASE_LONG_MS, &again, &err), SF_OK);
    assert_int_equal(again, first);
    assert_int_equal(sfi_coordinator_renew(a, group, "one", first, LEASE_LONG_MS, &err), SF_OK);
    assert_int_equal(sfi_coordinator_renew(b, group, "two", first, LEASE_LONG_MS, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_renew(a, group, "one", first + 1, LEASE_LONG_MS, &err), SF_DONE);
    /* positions, each channel's own */
    assert_int_equal(sfi_coordinator_get(b, group, "/event/A__e", position, NULL, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_save(a, group, first, "/event/A__e", "17", &err), SF_OK);
    assert_int_equal(sfi_coordinator_save(a, group, first, "/event/B__e", "9007199254740993", &err), SF_OK);
    assert_int_equal(sfi_coordinator_save(a, group, first, "/event/A__e", "18", &err), SF_OK);
    assert_int_equal(sfi_coordinator_get(b, group, "/event/A__e", position, NULL, &err), SF_OK);
    assert_string_equal(position, "18");
    assert_int_equal(sfi_coordinator_get(b, group, "/event/B__e", position, NULL, &err), SF_OK);
    assert_string_equal(position, "9007199254740993");
    /* another's word does not end a term; the leader's own does, and its late position is still its own */
    assert_int_equal(sfi_coordinator_relinquish(b, group, "two", first, &err), SF_OK);
    assert_int_equal(sfi_coordinator_attempt(b, group, "two", LEASE_LONG_MS, &other, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_relinquish(a, group, "one", first, &err), SF_OK);
    assert_int_equal(sfi_coordinator_relinquish(a, group, "one", first, &err), SF_OK);
    assert_int_equal(sfi_coordinator_renew(a, group, "one", first, LEASE_LONG_MS, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_save(a, group, first, "/event/A__e", "19", &err), SF_OK);
    /* the next term is later, and what comes from the one before is refused */
    assert_int_equal(sfi_coordinator_attempt(b, group, "two", 1, &second, &err), SF_OK);
    assert_true(second > first);
    assert_int_equal(sfi_coordinator_save(a, group, first, "/event/A__e", "20", &err), SF_DONE);
    assert_int_equal(sfi_coordinator_save(a, group, first, "/event/C__e", "1", &err), SF_DONE);
    assert_int_equal(sfi_coordinator_get(a, group, "/event/A__e", position, NULL, &err), SF_OK);
    assert_string_equal(position, "19");
    assert_int_equal(sfi_coordinator_get(a, group, "/event/C__e", position, NULL, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_relinquish(a, group, "one", first, &err), SF_OK);
    /* a lease runs out: another takes it, in a term of its own */
    sf_status rc = SF_DONE;
    while (rc == SF_DONE) rc = sfi_coordinator_attempt(a, group, "three", LEASE_LONG_MS, &again, &err);
    assert_int_equal(rc, SF_OK);
    assert_true(again > second);
    assert_int_equal(sfi_coordinator_renew(b, group, "two", second, LEASE_LONG_MS, &err), SF_DONE);
    assert_int_equal(sfi_coordinator_save(b, group, second, "/event/A__e", "21", &err), SF_DONE);
    assert_int_equal(sfi_coordinator_relinquish(b, group, "two", second, &err), SF_OK);
    assert_int_equal(sfi_coordinator_renew(a, group, "three", again, LEASE_LONG_MS, &err), SF_OK);
    assert_int_equal(sfi_coordinator_save(a, group, again, "/event/A__e", "22", &err), SF_OK);
    assert_int_equal(sfi_coordinator_relinquish(a, group, "three", again, &err), SF_OK);
    /* a position of a later term tells that one was forgotten: nobody leads in it again */
    assert_int_equal(sfi_coordinator_attempt(a, group, "four", 1, &first, &err), SF_OK);
    assert_int_equal(sfi_coordinator_save(b, group, first + 5, "/event/D__e", "1", &err), SF_OK);
    assert_int_equal(sfi_coordinator_renew(a, group, "four", first, LEASE_LONG_MS, &err), SF_DONE);
    rc = SF_DONE;
    while (rc == SF_DONE) rc = sfi_coordinator_attempt(a, group, "four", LEASE_LONG_MS, &again, &err);
    assert_int_equal(rc, SF_OK);
    assert_true(again > first + 5);
    assert_int_equal(sfi_coordinator_relinquish(a, group, "four", again, &err), SF_OK);
}
#endif
