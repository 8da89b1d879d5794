/* events_test.c: how much the log of events keeps of what the org raises itself, and that it takes no room from the others. */
#include "store/events.h"
#include "json/json_internal.h"
#include "support/support.h"

static sfo_schema *schema;
static sfo_store *store;

static bool count(void *user, int64_t replay, sf_str data)
{
    (void)data;
    int64_t *counted = user; /* how many, the first, the last */
    if (counted[0]++ == 0) counted[1] = replay;
    counted[2] = replay;
    return true;
}

static void read_all(const char *topic, int64_t counted[3])
{
    sfo_channel channel = { .topic = "" };
    int64_t end = -1;
    snprintf(channel.topic, sizeof channel.topic, "%s", topic);
    counted[0] = counted[1] = counted[2] = 0;
    assert_true(sfo_events_read(store, &channel, 0, count, counted, &end, NULL));
    assert_int_equal(end, sfo_events_last(store, NULL));
}

static void test_events__what_the_org_raises_has_room_of_its_own(void **state)
{
    (void)state;
    enum { LOGINS = SFO_EVENTS_KEPT_OWN + 50 };
    const sfo_object *login = sfo_schema_object(schema, SFI_STR("LoginEventStream"));
    int64_t others[3], logins[3];
    sfo_fault f = { 0 };
    assert_non_null(login);
    for (int i = 0; i < 3; i++) {
        assert_true(sfo_store_begin(store, &f));
        assert_true(sfo_event_tell(store, "/u/other", SFI_STR("{\"event\":{\"replayId\":"), "}}", &f));
        assert_true(sfo_store_commit(store, &f));
    }
    assert_true(sfo_store_begin(store, &f)); /* one transaction, for speed */
    for (int i = 0; i < LOGINS; i++)
        assert_true(sfo_event_publish(store, login, "0a4779b0-0da1-4619-a373-0a36991dff90", SFI_STR("{}"), &f));
    assert_true(sfo_store_commit(store, &f));
    read_all("LoginEventStream", logins);
    int64_t newest = logins[2];
    assert_true(sfo_events_set_limits(store, &(sfo_event_limits){ .kept = 2 }, &f));
    read_all("LoginEventStream", logins);
    assert_int_equal(logins[0], SFO_EVENTS_KEPT_OWN); /* the oldest went */
    assert_int_equal(logins[2], newest);
    read_all("/u/other", others);
    assert_int_equal(others[0], 2);
    assert_true(others[2] < logins[1]); /* although they are older than any login */
}

static int start(void **state)
{
    sf_error err;
    (void)state;
    assert_int_equal(sfo_schema_load(NULL, &schema, &err), SF_OK);
    assert_int_equal(sfo_store_open(":memory:", schema, &store, &err), SF_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sfo_store_close(store);
    sfo_schema_free(schema);
    return test_allocations_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events__what_the_org_raises_has_room_of_its_own),
    };
    return cmocka_run_group_tests_name("events", tests, start, stop);
}
