/* seed_test.c: the sample data: large enough, the same each time, with names of many scripts, and --records about right. */
#include "../org_store/org.h"

static void seed(test_org *org, int64_t records)
{
    sf_error err;
    org_open(org);
    if (sfo_seed_sample(org->store, records, &err) != SF_OK) fail_msg("%s", err.message);
}

static void test_seed__has_what_is_promised(void **state)
{
    static const struct {
        const char *object;
        int64_t least;
    } cases[] = {
        { "Account", 300 }, { "Contact", 1500 }, { "Opportunity", 600 }, { "Lead", 500 },    { "Case", 400 },
        { "User", 30 },     { "UserRole", 5 },   { "Profile", 3 },       { "Product2", 15 }, { "PricebookEntry", 15 },
        { "Campaign", 10 }, { "Task", 100 },     { "Event", 50 },
    };
    (void)state;
    test_org org;
    seed(&org, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char sql[80];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", cases[i].object);
        print_message("  %s: %lld\n", cases[i].object, (long long)org_number(&org, sql));
        assert_true(org_number(&org, sql) >= cases[i].least);
    }
    assert_true(org_number(&org, "SELECT count(*) FROM Account WHERE ParentId IS NOT NULL") > 20);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Contact c WHERE AccountId IS NOT NULL AND NOT EXISTS "
                                      "(SELECT 1 FROM Account a WHERE a.Id=c.AccountId)"),
                     0);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account WHERE Name IS NULL OR OwnerId IS NULL"), 0);
    assert_true(org_number(&org, "SELECT count(*) FROM Contact WHERE LastName IN "
                                 "('Щербаков','渡邊','כהן','القحطاني','शर्मा','김','Ξενάκη')") > 5);
    assert_true(org_number(&org, "SELECT count(*) FROM Opportunity WHERE IsWon=1 AND IsClosed=1 AND Probability=100") >
                100);
    assert_true(
        org_number(
            &org,
            "SELECT count(*) FROM \"Case\" WHERE IsClosed=1 AND ClosedDate IS NOT NULL AND ContactEmail IS NOT NULL") >
        50);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Contact WHERE CreatedDate > LastModifiedDate"), 0);
    org_close(&org);
}

/* FNV-1a over all values of the business tables. */
static uint64_t checksum(test_org *org)
{
    static const char *const tables[] = { "Account", "Contact",  "Opportunity", "OpportunityLineItem",
                                          "Lead",    "\"Case\"", "Task",        "Event",
                                          "Campaign" };
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        char sql[80];
        sqlite3_stmt *stmt = NULL;
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY Id", tables[i]);
        assert_int_equal(sqlite3_prepare_v2(sfo_store_db(org->store), sql, -1, &stmt, NULL), SQLITE_OK);
        while (sqlite3_step(stmt) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(stmt); c++) {
                const unsigned char *text = sqlite3_column_text(stmt, c);
                for (; text != NULL && *text != 0; text++) h = (h ^ *text) * 1099511628211u;
                h = (h ^ 0xFF) * 1099511628211u;
            }
        sqlite3_finalize(stmt);
    }
    return h;
}

static void test_seed__is_the_same_each_time(void **state)
{
    (void)state;
    test_org a, b;
    seed(&a, 0);
    seed(&b, 0);
    assert_true(checksum(&a) == checksum(&b));
    org_close(&a);
    org_close(&b);
}

static void test_seed__does_nothing_to_data(void **state)
{
    (void)state;
    test_org org;
    org_open(&org);
    org_must_create(&org, "Account", "{\"Name\":\"Mine\"}");
    assert_int_equal(sfo_seed_sample(org.store, 0, NULL), SF_OK);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), 1);
    org_close(&org);
}

static void test_seed__says_when_it_was_interrupted(void **state)
{
    (void)state;
    test_org org;
    sf_error err;
    org_open(&org);
    assert_int_equal(
        sqlite3_exec(sfo_store_db(org.store), "INSERT INTO sfo_meta VALUES('sample', 'begun')", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sfo_seed_sample(org.store, 0, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "delete the file and start again"));
    org_close(&org);
}

static void test_seed__makes_about_as_many_as_asked(void **state)
{
    static const int64_t wanted[] = { 10, 500, 12000 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        test_org org;
        seed(&org, wanted[i]);
        int64_t n = org_number(
            &org,
            "SELECT (SELECT count(*) FROM Account)+(SELECT count(*) FROM Contact)+(SELECT count(*) FROM Opportunity)+"
            "(SELECT count(*) FROM Lead)+(SELECT count(*) FROM \"Case\")+(SELECT count(*) FROM Task)+(SELECT count(*) "
            "FROM Event)+"
            "(SELECT count(*) FROM OpportunityLineItem)+(SELECT count(*) FROM OpportunityContactRole)+"
            "(SELECT count(*) FROM CaseComment)+(SELECT count(*) FROM CampaignMember)");
        print_message("  %lld: %lld\n", (long long)wanted[i], (long long)n);
        assert_true(n <= wanted[i] + 12 && n * 100 >= wanted[i] * 85);
        org_close(&org);
    }
}

static void test_seed__is_all_or_nothing_when_memory_fails(void **state)
{
    static const long limits[] = { 0, 1, 2, 3, 5, 8, 13, 50, 400, 3000 };
    (void)state;
    test_org org;
    org_open(&org);
    int64_t before = org_number(&org, "SELECT count(*) FROM Account");
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        sf_error err;
        test_allocations_limit(limits[i]);
        sf_status rc = sfo_seed_sample(org.store, 0, &err);
        test_allocations_limit(-1);
        if (rc == SF_OK) break;
        assert_int_equal(rc, SF_ERR_MEMORY);
        assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), before);
        assert_int_equal(sqlite3_get_autocommit(sfo_store_db(org.store)), 1);
    }
    assert_int_equal(sfo_seed_sample(org.store, 0, NULL), SF_OK);
    assert_true(org_number(&org, "SELECT count(*) FROM Account") >= 300);
    org_close(&org);
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed__has_what_is_promised),
        cmocka_unit_test(test_seed__is_the_same_each_time),
        cmocka_unit_test(test_seed__does_nothing_to_data),
        cmocka_unit_test(test_seed__says_when_it_was_interrupted),
        cmocka_unit_test(test_seed__makes_about_as_many_as_asked),
        cmocka_unit_test(test_seed__is_all_or_nothing_when_memory_fails),
    };
    return cmocka_run_group_tests_name("org.seed", tests, NULL, NULL);
}
