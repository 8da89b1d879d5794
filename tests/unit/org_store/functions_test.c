/* functions_test.c: the collation SFTEXT and the SQL functions, table by table. */
#include "store/store.h"
#include "support/support.h"

static sqlite3 *open_db(void)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_true(sfo_functions_register(db));
    return db;
}

/* The result of an expression as text; "null" for null. */
static void assert_sql(sqlite3 *db, const char *expression, const char *want)
{
    char sql[512];
    sqlite3_stmt *stmt = NULL;
    print_message("  %s\n", expression);
    snprintf(sql, sizeof sql, "SELECT %s", expression);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK) fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const char *got = (const char *)sqlite3_column_text(stmt, 0);
    assert_string_equal(got != NULL ? got : "null", want);
    sqlite3_finalize(stmt);
}

typedef struct sql_case {
    const char *expression, *want;
} sql_case;

static void run(const sql_case *cases, size_t count)
{
    sqlite3 *db = open_db();
    for (size_t i = 0; i < count; i++) assert_sql(db, cases[i].expression, cases[i].want);
    sqlite3_close(db);
}

static void test_functions__sftext_compares_without_case(void **state)
{
    static const sql_case cases[] = {
        { "'acme' = 'ACME' COLLATE SFTEXT", "1" },
        { "'müller' = 'MÜLLER' COLLATE SFTEXT", "1" },
        { "'muller' = 'müller' COLLATE SFTEXT", "0" },
        { "'жук' = 'ЖУК' COLLATE SFTEXT", "1" },
        { "'Ωμέγα' = 'ωΜΈΓΑ' COLLATE SFTEXT", "1" },
        { "'straße' = 'STRASSE' COLLATE SFTEXT", "0" },
        { "'a' < 'B' COLLATE SFTEXT", "1" },
        { "'b' < 'A' COLLATE SFTEXT", "0" },
        { "'a_' > 'ab' COLLATE SFTEXT", "1" },
        { "'ab' < 'abc' COLLATE SFTEXT", "1" },
        { "'山' = '山' COLLATE SFTEXT", "1" },
        { "'😀' > 'Z' COLLATE SFTEXT", "1" },
        { "'' < 'a' COLLATE SFTEXT", "1" },
        { "'ÿ' = 'Ÿ' COLLATE SFTEXT", "1" },
    };
    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_functions__like_knows_its_wildcards(void **state)
{
    static const sql_case cases[] = {
        { "sf_like('acme%', 'ACME Inc')", "1" },
        { "sf_like('%INC', 'acme inc')", "1" },
        { "sf_like('%m_ i%', 'Acme Inc')", "1" },
        { "sf_like('acme', 'acme ')", "0" },
        { "sf_like('', '')", "1" },
        { "sf_like('%', '')", "1" },
        { "sf_like('_', '')", "0" },
        { "sf_like('_', 'ü')", "1" },
        { "sf_like('m_ller', 'MÜLLER')", "1" },
        { "sf_like('100\\%', '100%')", "1" },
        { "sf_like('100\\%', '1000')", "0" },
        { "sf_like('a\\_b', 'a_b')", "1" },
        { "sf_like('a\\_b', 'axb')", "0" },
        { "sf_like('a\\\\b', 'a\\b')", "1" },
        { "sf_like('%a%b%c%', 'xaybzcw')", "1" },
        { "sf_like('%ab%ab%', 'abaab')", "1" },
        { "sf_like('%aab', 'aaaaab')", "1" },
        { "sf_like('%😀_', 'x😀é')", "1" },
        { "sf_like('a%', NULL)", "0" },
        { "sf_like(NULL, 'a')", "0" },
        { "sf_like('%%%_', 'a')", "1" },
    };
    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_functions__folds_and_looks_into_sets(void **state)
{
    static const sql_case cases[] = {
        { "sf_fold('Größe жук')", "GRÖßE ЖУК" },     { "sf_fold(NULL)", "null" },
        { "sf_msp_has('Red;Green', 'green')", "1" }, { "sf_msp_has('Red;Green', 'Green;Red')", "1" },
        { "sf_msp_has('Red;Green', 'Gre')", "0" },   { "sf_msp_has('Red', 'Red;Green')", "0" },
        { "sf_msp_has(NULL, 'Red')", "0" },          { "sf_msp_has('Red', NULL)", "0" },
    };
    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_functions__measures_distances(void **state)
{
    static const sql_case cases[] = {
        { "round(sf_distance(52.52, 13.405, 48.8566, 2.3522, 'km'))", "877.0" },
        { "round(sf_distance(52.52, 13.405, 48.8566, 2.3522, 'mi'))", "545.0" },
        { "sf_distance(1, 1, 1, 1, 'km')", "0.0" },
        { "round(sf_distance(0, 0, 0, 180, 'km'))", "20015.0" },
        { "sf_distance(NULL, 1, 1, 1, 'km')", "null" },
    };
    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_functions__takes_dates_apart(void **state)
{
    static const sql_case cases[] = {
        { "sf_date_part('CALENDAR_YEAR', '2024-12-31', 0, NULL)", "2024" },
        { "sf_date_part('calendar_quarter', '2024-12-31', 0, NULL)", "4" },
        { "sf_date_part('CALENDAR_MONTH', '2024-02-29', 0, NULL)", "2" },
        { "sf_date_part('DAY_IN_MONTH', '2024-02-29', 0, NULL)", "29" },
        { "sf_date_part('DAY_IN_WEEK', '2024-11-24', 0, NULL)", "1" }, /* a Sunday */
        { "sf_date_part('DAY_IN_WEEK', '1969-12-31', 0, NULL)", "4" },
        { "sf_date_part('DAY_IN_YEAR', '2024-12-31', 0, NULL)", "366" },
        { "sf_date_part('WEEK_IN_MONTH', '2024-02-29', 0, NULL)", "5" },
        { "sf_date_part('WEEK_IN_YEAR', '2024-01-08', 0, NULL)", "2" },
        { "sf_date_part('HOUR_IN_DAY', 1732399805000, 1, NULL)", "22" },
        { "sf_date_part('DAY_ONLY', 1732399805000, 1, NULL)", "2024-11-23" },
        { "sf_date_part('DAY_ONLY', 1732399805000, 1, 'Nowhere/Land')", "2024-11-23" },
        { "sf_date_part('DAY_ONLY', 1732399805000, 1, '../etc/passwd')", "2024-11-23" },
        { "sf_date_part('CALENDAR_YEAR', NULL, 0, NULL)", "null" },
    };
    (void)state;
    run(cases, COUNT_OF(cases));
}

static void test_functions__know_time_zones(void **state)
{
    static const struct {
        const char *zone;
        int64_t ms;
        int want;
    } cases[] = {
        { "Europe/Berlin", 1732399805000, 60 },
        { "Europe/Berlin", 1719792000000, 120 },
        { "America/New_York", 1732399805000, -300 },
        { "Asia/Kolkata", 1732399805000, 330 },
        { "UTC", 1732399805000, 0 },
        { NULL, 1732399805000, 0 },
        { "Nowhere/Land", 1732399805000, 0 },
    };
    (void)state;
    if (sfo_zone_offset("Europe/Berlin", 1732399805000) == 0) { /* no zone files on this machine */
        print_message("  skipped: no tzdata\n");
        skip();
    }
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(sfo_zone_offset(cases[i].zone, cases[i].ms), cases[i].want);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions__sftext_compares_without_case),
        cmocka_unit_test(test_functions__like_knows_its_wildcards),
        cmocka_unit_test(test_functions__folds_and_looks_into_sets),
        cmocka_unit_test(test_functions__measures_distances),
        cmocka_unit_test(test_functions__takes_dates_apart),
        cmocka_unit_test(test_functions__know_time_zones),
    };
    return cmocka_run_group_tests_name("org.functions", tests, NULL, NULL);
}
