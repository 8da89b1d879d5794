/* bin_test.c: undelete and emptying: what comes back with a record, what does not, and that failures change nothing. */
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

static bool undelete(test_org *org, const char *object, const char *id, sfo_fault *f)
{
    return sfo_record_undelete(org->store, &org->context, org_object(org, object), id, f);
}

static bool empty(test_org *org, const char *object, const char *id, sfo_fault *f)
{
    return sfo_recycle_bin_empty(org->store, &org->context, org_object(org, object), id, f);
}

static void must(bool ok, const sfo_fault *f)
{
    if (!ok) fail_msg("%s %s", f->code, f->message);
}

static void test_bin__a_record_comes_back_with_what_went_along(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    char want[32];
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"Parent\"}");
    sf_id daughter = child(org, "Account", "{\"Name\":\"Daughter\",\"ParentId\":\"%s\"}", account.text);
    sf_id contact = child(org, "Contact", "{\"LastName\":\"One\",\"AccountId\":\"%s\"}", account.text);
    sf_id gone = child(org, "Contact", "{\"LastName\":\"Gone before\",\"AccountId\":\"%s\"}", account.text);
    sf_id task = child(org, "Task", "{\"Subject\":\"Call\",\"WhoId\":\"%s\"}", contact.text);
    must(org_delete(org, "Contact", gone.text, &f), &f);
    must(org_delete(org, "Account", account.text, &f), &f);
    org_assert_field(org, "Account", daughter.text, "ParentId", "null");
    org->context.now_ms = 4102444800000; /* 2100-01-01: the stamp of the undelete */
    must(undelete(org, "Account", account.text, &f), &f);
    org->context.now_ms = 0;
    (void)snprintf(want, sizeof want, "\"%s\"", account.text);
    org_assert_field(org, "Account", account.text, "IsDeleted", "false");
    org_assert_field(org, "Account", account.text, "SystemModstamp", "\"2100-01-01T00:00:00.000+0000\"");
    org_assert_field(org, "Contact", contact.text, "AccountId", want);
    org_assert_field(org, "Task", task.text, "IsDeleted", "false");
    org_assert_field(org, "Account", daughter.text, "ParentId", want);
    assert_null(org_read(org, "Contact", gone.text, &f)); /* it was deleted by itself */
    sfo_fault_clear(&f);
    must(undelete(org, "Contact", gone.text, &f), &f);
    assert_int_equal(org_number(org, "SELECT count(*) FROM sfo_bin"), 0);
}

static void test_bin__a_lookup_that_was_set_anew_stays(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    char body[80], want[32];
    sf_id old = org_must_create(org, "Account", "{\"Name\":\"Old\"}");
    sf_id new = org_must_create(org, "Account", "{\"Name\":\"New\"}");
    sf_id daughter = child(org, "Account", "{\"Name\":\"Daughter\",\"ParentId\":\"%s\"}", old.text);
    must(org_delete(org, "Account", old.text, &f), &f);
    (void)snprintf(body, sizeof body, "{\"ParentId\":\"%s\"}", new.text);
    must(org_update(org, "Account", daughter.text, body, &f), &f);
    must(undelete(org, "Account", old.text, &f), &f);
    (void)snprintf(want, sizeof want, "\"%s\"", new.text);
    org_assert_field(org, "Account", daughter.text, "ParentId", want);
}

static void test_bin__what_is_no_entry_cannot_come_back(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", account.text);
    assert_false(undelete(org, "Account", account.text, &f)); /* alive */
    org_assert_fault(&f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin", "");
    must(org_delete(org, "Account", account.text, &f), &f);
    assert_false(undelete(org, "Contact", contact.text, &f)); /* went along */
    org_assert_fault(&f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin", "");
    assert_false(undelete(org, "Account", "001000000000zzzAAA", &f)); /* never there */
    org_assert_fault(&f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin", "");
    assert_false(undelete(org, "Account", "nonsense", &f));
    org_assert_fault(&f, 400, "MALFORMED_ID", "bad id nonsense", "");
    assert_false(empty(org, "Contact", contact.text, &f));
    org_assert_fault(&f, 400, "INVALID_ID_FIELD", "invalid record id; no recycle bin entry found", "");
}

static void test_bin__an_emptied_entry_is_gone_but_queried_for_a_day(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", account.text);
    assert_false(empty(org, "Account", account.text, &f)); /* alive */
    org_assert_fault(&f, 400, "INVALID_ID_FIELD", "invalid record id; no recycle bin entry found", "");
    must(org_delete(org, "Account", account.text, &f), &f);
    must(empty(org, "Account", account.text, &f), &f);
    assert_false(undelete(org, "Account", account.text, &f));
    org_assert_fault(&f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin", "");
    assert_false(undelete(org, "Contact", contact.text, &f));
    org_assert_fault(&f, 400, "UNDELETE_FAILED", "Entity is not in the recycle bin", "");
    assert_false(empty(org, "Account", account.text, &f));
    org_assert_fault(&f, 400, "INVALID_ID_FIELD", "invalid record id; no recycle bin entry found", "");
    assert_int_equal(org_number(org, "SELECT count(*) FROM Account WHERE IsDeleted=1"), 1);
    assert_int_equal(org_number(org, "SELECT count(*) FROM Contact WHERE IsDeleted=1"), 1);
}

static void test_bin__opening_removes_what_was_emptied_long_ago(void **state)
{
    char path[64];
    test_org org;
    sfo_fault f = { 0 };
    (void)state;
    org_open_with(&org, org_temp_file(path, ""), NULL);
    sf_id old = org_must_create(&org, "Account", "{\"Name\":\"Old\"}");
    sf_id young = org_must_create(&org, "Account", "{\"Name\":\"Young\"}");
    must(org_delete(&org, "Account", old.text, &f) && org_delete(&org, "Account", young.text, &f), &f);
    org.context.now_ms = sfi_wall_ms() - (int64_t)25 * 3600 * 1000;
    must(empty(&org, "Account", old.text, &f), &f);
    org.context.now_ms = 0;
    must(empty(&org, "Account", young.text, &f), &f);
    org_close(&org);
    org_open_with(&org, path, NULL);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM Account"), 1);
    assert_int_equal(org_number(&org, "SELECT count(*) FROM sfo_emptied"), 1);
    org_close(&org);
    unlink(path);
}

static void test_bin__a_unique_value_that_is_taken_keeps_it_out(void **state)
{
    static const char schema[] =
        "{\"sobjects\":[{\"name\":\"Part__c\",\"label\":\"Part\",\"labelPlural\":\"Parts\",\"keyPrefix\":\"a0P\","
        "\"fields\":[{\"name\":\"Number__c\",\"type\":\"string\",\"label\":\"Number\",\"length\":20,\"unique\":true,"
        "\"externalId\":true,\"createable\":true,\"updateable\":true,\"nillable\":true}]}]}";
    char path[64];
    test_org org;
    sfo_fault f = { 0 };
    (void)state;
    org_open_with(&org, ":memory:", org_temp_file(path, schema));
    sf_id first = org_must_create(&org, "Part__c", "{\"Number__c\":\"1\"}");
    must(org_delete(&org, "Part__c", first.text, &f), &f);
    sf_id second = org_must_create(&org, "Part__c", "{\"Number__c\":\"1\"}");
    assert_false(undelete(&org, "Part__c", first.text, &f));
    assert_string_equal(f.code, "DUPLICATE_VALUE");
    sfo_fault_clear(&f);
    must(org_delete(&org, "Part__c", second.text, &f), &f);
    must(undelete(&org, "Part__c", first.text, &f), &f);
    org_assert_field(&org, "Part__c", first.text, "Number__c", "\"1\"");
    org_close(&org);
    unlink(path);
}

static void test_bin__each_failed_allocation_changes_nothing(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", account.text);
    must(org_delete(org, "Account", account.text, &f), &f);
    bool ok = false;
    for (long n = 0; !ok; n++) {
        if (n > 5000) fail_msg("it never gets through");
        test_allocations_limit(n);
        ok = undelete(org, "Account", account.text, &f);
        test_allocations_limit(-1);
        sfo_fault_clear(&f);
        if (!ok) assert_int_equal(org_number(org, "SELECT count(*) FROM Account WHERE IsDeleted=0"), 0);
        if (!ok) assert_int_equal(org_number(org, "SELECT count(*) FROM Contact WHERE IsDeleted=0"), 0);
    }
    org_assert_field(org, "Contact", contact.text, "IsDeleted", "false");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bin__a_record_comes_back_with_what_went_along, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bin__a_lookup_that_was_set_anew_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bin__what_is_no_entry_cannot_come_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bin__an_emptied_entry_is_gone_but_queried_for_a_day, set_up, tear_down),
        cmocka_unit_test(test_bin__opening_removes_what_was_emptied_long_ago),
        cmocka_unit_test(test_bin__a_unique_value_that_is_taken_keeps_it_out),
        cmocka_unit_test_setup_teardown(test_bin__each_failed_allocation_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("bin", tests, NULL, NULL);
}
