/*
 * kept_test.c: a statement that is kept and asked for other records answers as one that is read anew for each; what speaks of
 * days is not kept, and each allocation may fail.
 */
#include "fixture.h"

static const char *const ids[] = { "a0p000000000001AAA", "a0p000000000002AAA", "a0p000000000004AAA",
                                   "a0p000000000009AAA", "a0p000000000099AAA", "a0p000000000001AAA" };

static char *statement(const char *where, const char *id)
{
    sfi_buf b = { 0 };
    sfi_buf_addf(&b, "SELECT Id, Name, Score__c, Moment__c FROM Place__c WHERE (%s) AND Id = '%s'", where, id);
    char *text = sfi_buf_take(&b);
    assert_non_null(text);
    return text;
}

static sfo_soql_kept *keep(const char *where, const char *id, bool all_rows)
{
    char *soql = statement(where, id);
    sfo_soql_kept *k = sfo_soql_keep(org.store, &org.context, sfi_str(soql), sfi_str(id), all_rows);
    sfi_free(soql); /* it is not looked at any more */
    return k;
}

static void test_kept__answers_as_one_that_is_read_anew(void **state)
{
    static const char *const wheres[] = { "Name != 'x'", "Score__c > 0 OR Name LIKE 'g%'",
                                          "Id = 'a0p000000000001AAA' OR Id = 'a0p000000000002AAA'",
                                          "Moment__c > 2024-05-14T12:30:00Z", "Kind__c IN ('shop', 'cafe')" };
    (void)state;
    for (size_t w = 0; w < COUNT_OF(wheres); w++) {
        for (int all_rows = 0; all_rows < 2; all_rows++) {
            sfo_soql_kept *k = keep(wheres[w], ids[0], all_rows != 0);
            if (k == NULL) fail_msg("not kept: %s", wheres[w]);
            for (size_t i = 0; i < COUNT_OF(ids); i++) {
                sfi_buf want = { 0 }, got = { 0 };
                sfo_fault fault = { 0 };
                char *soql = statement(wheres[w], ids[i]);
                const sfo_query_options options = { .all_rows = all_rows != 0 };
                assert_true(sfo_soql_rows(org.store, &org.context, sfi_str(soql), &options, 1, &want, &fault));
                assert_true(sfo_soql_kept_rows(k, sfi_str(ids[i]), &got, &fault));
                assert_string_equal(got.data, want.data);
                sfi_free(soql);
                sfi_buf_free(&want);
                sfi_buf_free(&got);
            }
            sfo_soql_kept_free(k);
        }
    }
}

static void test_kept__what_speaks_of_days_is_not(void **state)
{
    (void)state;
    assert_null(keep("Moment__c = TODAY", ids[0], false));
    assert_null(keep("Day__c > LAST_N_DAYS:3", ids[0], false));
    assert_null(keep("CALENDAR_YEAR(convertTimezone(Moment__c)) = 2024", ids[0], false));
    assert_null(keep("Nope__c = 1", ids[0], false));
    assert_null(sfo_soql_keep(org.store, &org.context, SFI_STR("SELECT Name FROM Place__c"), sfi_str(ids[0]), false));
    assert_null(sfo_soql_keep(org.store, &org.context, SFI_STR("SELECT"), sfi_str(ids[0]), false));
    sfo_soql_kept_free(NULL);
}

static void test_kept__survives_each_failed_allocation(void **state)
{
    (void)state;
    char *soql = statement("Name != 'x'", ids[0]);
    bool is_through = false;
    long before = test_allocations_live();
    for (long left = 0; !is_through; left++) {
        sfi_buf out = { 0 };
        sfo_fault fault = { 0 };
        test_allocations_limit(left);
        sfo_soql_kept *k = sfo_soql_keep(org.store, &org.context, sfi_str(soql), sfi_str(ids[0]), false);
        if (k != NULL) is_through = sfo_soql_kept_rows(k, sfi_str(ids[1]), &out, &fault);
        test_allocations_limit(-1);
        if (k != NULL && !is_through) assert_int_equal(out.len, 0);
        sfo_soql_kept_free(k);
        sfo_fault_clear(&fault);
        sfi_buf_free(&out);
        assert_true(left < 3000);
    }
    assert_int_equal(test_allocations_live(), before);
    sfi_free(soql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept__answers_as_one_that_is_read_anew),
        cmocka_unit_test(test_kept__what_speaks_of_days_is_not),
        cmocka_unit_test(test_kept__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("soql kept", tests, open_org, close_org);
}
