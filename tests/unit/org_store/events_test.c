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

/* count events, so many hours old, behind those that are there. */
static void fill(sfo_store *s, int count, int hours)
{
    char sql[400];
    snprintf(
        sql, sizeof sql,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO sfo_event(topic, "
        "is_change, at_ms, data) SELECT 'Old', 0, %lld, '{}' FROM n",
        count, (long long)(sfi_wall_ms() - (int64_t)hours * 3600000));
    assert_int_equal(sqlite3_exec(sfo_store_db(s), sql, NULL, NULL, NULL), SQLITE_OK);
    s->changes.last_replay = -1; /* it is not from us */
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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_events__the_newest_stay) };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
