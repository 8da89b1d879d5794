/* merge_test.c: merging: the losers' children move, the losers go with MasterRecordId, and what is wrong is refused whole. */
#include "../org_store/org.h"

static int set_up(void **state)
{
    static test_org org;
    org_open(&org);
    *state = &org;
    return 0;
}

static int tear_down(void **state)
{
    org_close(*state);
    return 0;
}

static sf_id child(test_org *org, const char *object, const char *format, const char *parent)
{
    char json[400];
    (void)snprintf(json, sizeof json, format, parent);
    return org_must_create(org, object, json);
}

static bool merge(test_org *org, const char *object, const char *master, const char *body, const char *loser1,
                  const char *loser2, sfo_merged *out, sfo_fault *f)
{
    sf_str losers[2] = { sfi_str(loser1), sfi_str(loser2) };
    sf_document *doc = org_json(body);
    bool ok = sfo_record_merge(org->store, &org->context, org_object(org, object), master, sf_document_root(doc),
                               losers, loser2 != NULL ? 2 : 1, out, f);
    sf_document_free(doc);
    return ok;
}

static void assert_text(test_org *org, const char *object, const char *id, const char *field, const char *want)
{
    char json[80];
    (void)snprintf(json, sizeof json, "\"%s\"", want);
    org_assert_field(org, object, id, field, json);
}

static void test_merge__children_move_and_losers_go(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sfo_merged merged;
    sf_id master = org_must_create(org, "Account", "{\"Name\":\"Master\",\"Phone\":\"1\"}");
    sf_id a = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id b = org_must_create(org, "Account", "{\"Name\":\"B\",\"Phone\":\"2\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", a.text);
    sf_id task = child(org, "Task", "{\"Subject\":\"T\",\"WhatId\":\"%s\"}", b.text);
    sf_id note = child(org, "Note", "{\"Title\":\"N\",\"ParentId\":\"%s\"}", b.text);
    sf_id daughter = child(org, "Account", "{\"Name\":\"Daughter\",\"ParentId\":\"%s\"}", a.text);
    sf_id issue = child(org, "Case", "{\"Subject\":\"S\",\"AccountId\":\"%s\"}", a.text);
    if (!merge(org, "Account", master.text, "{\"Phone\":\"3\"}", a.text, b.text, &merged, &f))
        fail_msg("%s %s", f.code, f.message);
    assert_text(org, "Contact", contact.text, "AccountId", master.text);
    assert_text(org, "Task", task.text, "WhatId", master.text);
    assert_text(org, "Task", task.text, "AccountId", master.text); /* what follows is computed */
    assert_text(org, "Note", note.text, "ParentId", master.text);
    assert_text(org, "Account", daughter.text, "ParentId", master.text);
    assert_text(org, "Case", issue.text, "AccountId", master.text);
    assert_text(org, "Account", master.text, "Phone", "3");
    char sql[200];
    (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM Account WHERE IsDeleted=1 AND MasterRecordId='%s'",
                   master.text);
    assert_int_equal(org_number(org, sql), 2);
    assert_int_equal(merged.loser_count, 2);
    assert_string_equal(merged.losers[0].text, a.text);
    assert_string_equal(merged.losers[1].text, b.text);
    assert_int_equal(merged.updated.len, 5 * 18 + 4);
    assert_non_null(strstr(merged.updated.data, contact.text));
    sfi_buf_free(&merged.updated);
}

static void test_merge__no_record_ends_below_itself(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sfo_merged merged;
    sf_id loser = org_must_create(org, "Account", "{\"Name\":\"Above\"}");
    sf_id master = child(org, "Account", "{\"Name\":\"Below\",\"ParentId\":\"%s\"}", loser.text);
    if (!merge(org, "Account", master.text, "{}", loser.text, NULL, &merged, &f)) fail_msg("%s %s", f.code, f.message);
    org_assert_field(org, "Account", master.text, "ParentId", "null");
    sfi_buf_free(&merged.updated);
}

static void test_merge__a_membership_is_not_doubled(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sfo_merged merged;
    char json[200];
    sf_id campaign = org_must_create(org, "Campaign", "{\"Name\":\"K\"}");
    sf_id both[2];
    for (int i = 0; i < 2; i++) {
        both[i] = org_must_create(org, "Contact", "{\"LastName\":\"L\"}");
        (void)snprintf(json, sizeof json, "{\"CampaignId\":\"%s\",\"ContactId\":\"%s\"}", campaign.text, both[i].text);
        (void)org_must_create(org, "CampaignMember", json);
    }
    if (!merge(org, "Contact", both[0].text, "{}", both[1].text, NULL, &merged, &f))
        fail_msg("%s %s", f.code, f.message);
    sfi_buf_free(&merged.updated);
    assert_int_equal(org_number(org, "SELECT count(*) FROM CampaignMember WHERE IsDeleted=0"), 1);
}

static void test_merge__what_is_wrong_is_refused_whole(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sfo_merged merged;
    sf_id master = org_must_create(org, "Account", "{\"Name\":\"Master\"}");
    sf_id a = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", a.text);
    sf_id product = org_must_create(org, "Product2", "{\"Name\":\"P\"}");
    const struct {
        const char *object, *master, *body, *loser1, *loser2, *code;
    } cases[] = {
        { "Account", master.text, "{}", "0011500000000", NULL, "MALFORMED_ID" },
        { "Account", "001", "{}", a.text, NULL, "MALFORMED_ID" },
        { "Account", master.text, "{}", contact.text, NULL, "INVALID_CROSS_REFERENCE_KEY" },
        { "Account", master.text, "{}", master.text, NULL, "INVALID_ID_FIELD" },
        { "Account", master.text, "{}", a.text, a.text, "INVALID_ID_FIELD" },
        { "Account", master.text, "{\"Nope\":1}", a.text, NULL, "INVALID_FIELD" },
        { "Account", master.text, "{\"Name\":null}", a.text, NULL, "REQUIRED_FIELD_MISSING" },
        { "Account", "001000000000zzzAAA", "{}", a.text, NULL, "NOT_FOUND" },
        { "Product2", product.text, "{}", product.text, NULL, "INVALID_TYPE_FOR_OPERATION" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].code);
        assert_false(
            merge(org, cases[i].object, cases[i].master, cases[i].body, cases[i].loser1, cases[i].loser2, &merged, &f));
        assert_string_equal(f.code, cases[i].code);
        sfo_fault_clear(&f);
    }
    assert_text(org, "Contact", contact.text, "AccountId", a.text);
    org_assert_field(org, "Account", a.text, "IsDeleted", "false");
    assert_false(sfo_record_merge(org->store, &org->context, org_object(org, "Account"), master.text, (sf_value){ 0 },
                                  NULL, 0, &merged, &f));
    assert_string_equal(f.code, "INVALID_NUMBER_OF_RECORDS");
    sfo_fault_clear(&f);
}

static void test_merge__each_failed_allocation_changes_nothing(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sfo_merged merged;
    sf_id master = org_must_create(org, "Account", "{\"Name\":\"Master\"}");
    sf_id a = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", a.text);
    bool ok = false;
    sf_document *doc = org_json("{\"Phone\":\"9\"}");
    sf_str losers[1] = { sfi_str(a.text) };
    for (long n = 0; !ok; n++) {
        if (n > 5000) fail_msg("it never gets through");
        test_allocations_limit(n);
        ok = sfo_record_merge(org->store, &org->context, org_object(org, "Account"), master.text, sf_document_root(doc),
                              losers, 1, &merged, &f);
        test_allocations_limit(-1);
        sfo_fault_clear(&f);
        if (!ok) assert_text(org, "Contact", contact.text, "AccountId", a.text);
    }
    assert_text(org, "Contact", contact.text, "AccountId", master.text);
    assert_text(org, "Account", master.text, "Phone", "9");
    sfi_buf_free(&merged.updated);
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_merge__children_move_and_losers_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merge__no_record_ends_below_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merge__a_membership_is_not_doubled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merge__what_is_wrong_is_refused_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_merge__each_failed_allocation_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
