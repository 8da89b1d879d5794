/* events_test.c: the log of events is cut to its length and its age, the newest stay. */
#include "store/changes.h"
#include "store/events.h"
#include "store/store_internal.h"
#include "org.h"

enum { TRIM_EVERY = 4096 };

static int64_t number(sfo_store *s, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(sfo_store_db(s), sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

/* count events of that topic, so many hours old, behind those that are there. */
static void fill_topic(sfo_store *s, const char *topic, int count, int hours)
{
    char sql[400];
    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO sfo_event(topic, "
        "is_change, at_ms, data) SELECT '%s', 0, %lld, '{}' FROM n",
        count, topic, (long long)(sfi_wall_ms() - (int64_t)hours * 3600000));
    assert_int_equal(sqlite3_exec(sfo_store_db(s), sql, NULL, NULL, NULL), SQLITE_OK);
    s->changes.last_replay = -1; /* it is not from us */
}

static void fill(sfo_store *s, int count, int hours)
{
    fill_topic(s, "Old", count, hours);
}

static void append(sfo_store *s, int count)
{
    sfo_fault fault = { 0 };
    assert_true(sfo_store_begin(s, &fault));
    for (int i = 0; i < count; i++) assert_true(sfo_event_append(s, "New", false, SFI_STR("{\"n\":"), "}", &fault));
    assert_true(sfo_store_commit(s, &fault));
}

static void test_events__the_newest_stay(void **state)
{
    static const struct {
        int old, middle, young; /* 100, 71 and 0 hours old */
        int64_t left;           /* of them */
    } cases[] = {
        { 0, 0, 0, 0 },
        { 500, 0, 0, 0 },
        { 500, 700, 900, 1600 },
        { 0, 0, SFO_EVENTS_KEPT + 500, SFO_EVENTS_KEPT - TRIM_EVERY },
        { 3000, 0, SFO_EVENTS_KEPT - 1000, SFO_EVENTS_KEPT - TRIM_EVERY },
        { SFO_EVENTS_KEPT, 0, 0, 0 },
        { 0, 0, SFO_EVENTS_KEPT - TRIM_EVERY, SFO_EVENTS_KEPT - TRIM_EVERY },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        test_org org;
        org_open(&org);
        sfo_store *s = org.store;
        assert_int_equal(sqlite3_exec(sfo_store_db(s), "DELETE FROM sfo_event", NULL, NULL, NULL), SQLITE_OK);
        s->changes.since_trim = 0;
        if (cases[i].old > 0) fill(s, cases[i].old, 100);
        if (cases[i].middle > 0) fill(s, cases[i].middle, 71);
        if (cases[i].young > 0) fill(s, cases[i].young, 0);
        append(s, TRIM_EVERY);
        assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE topic = 'Old'"), cases[i].left);
        assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE topic = 'New'"), TRIM_EVERY);
        assert_int_equal(number(s, "SELECT count(*) FROM sfo_event a, sfo_event b WHERE a.topic = 'Old' AND b.replay = "
                                   "(SELECT min(replay) FROM sfo_event WHERE topic = 'New') AND a.replay > b.replay"),
                         0);
        org_close(&org);
    }
}

/* PushTopics and generic channels for a day, and what limits say at once. */
static void test_events__topics_for_a_day(void **state)
{
    (void)state;
    test_org org;
    sfo_fault fault = { 0 };
    org_open(&org);
    sfo_store *s = org.store;
    fill_topic(s, "/topic/T", 10, 25);
    fill_topic(s, "/u/c", 20, 25);
    fill_topic(s, "/data/Own__chn", 30, 25);
    fill(s, 40, 25);
    fill_topic(s, "/topic/T", 50, 23);
    assert_true(sfo_events_set_limits(s, &(sfo_event_limits){ .kept = 0 }, &fault)); /* as they are */
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE topic = '/topic/T'"), 50);
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE topic = '/u/c'"), 0);
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE topic = '/data/Own__chn'"), 30);
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE topic = 'Old'"), 40);
    assert_true(sfo_events_set_limits(s, &(sfo_event_limits){ .kept_hours = 24 }, &fault));
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event"), 50);
    assert_true(sfo_events_set_limits(s, &(sfo_event_limits){ .kept = 7 }, &fault));
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event"), 7);
    org_close(&org);
}

/* Stamps that no event tells do not part records that had the same update: one was made in its very second. */
static void test_events__the_same_update_is_one_event(void **state)
{
    (void)state;
    test_org org;
    sfo_fault f = { 0 };
    org_open(&org);
    sfo_store *s = org.store;
    org.context.now_ms = 1700000000000;
    sf_id old = org_must_create(&org, "Account", "{\"Name\":\"A\"}");
    org.context.now_ms = 1700000100000;
    sf_id young = org_must_create(&org, "Account", "{\"Name\":\"B\"}");
    assert_int_equal(sqlite3_exec(sfo_store_db(s), "DELETE FROM sfo_event", NULL, NULL, NULL), SQLITE_OK);
    assert_true(sfo_store_begin(s, &f));
    assert_true(org_update(&org, "Account", old.text, "{\"Phone\":\"1\"}", &f));
    assert_true(org_update(&org, "Account", young.text, "{\"Phone\":\"1\"}", &f));
    assert_true(sfo_store_commit(s, &f));
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM sfo_event WHERE is_change AND data LIKE '%%[\"%s\",\"%s\"]%%'",
             old.text, young.text);
    assert_int_equal(number(s, "SELECT count(*) FROM sfo_event WHERE is_change"), 1);
    assert_int_equal(number(s, sql), 1);
    org_close(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_events__the_newest_stay),
                                        cmocka_unit_test(test_events__topics_for_a_day),
                                        cmocka_unit_test(test_events__the_same_update_is_one_event) };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
