/* records_test.c: create, read, update, upsert and delete, and the values that the org computes. */
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

/* ---- create and read ---- */

static void test_records__a_created_record_reads_back(void **state)
{
    test_org *org = *state;
    sf_id id = org_must_create(
        org, "Account",
        "{\"attributes\":{\"type\":\"Account\"},\"name\":\"  Gonçalves & Söhne \",\"AnnualRevenue\":1.2e7,"
        "\"NumberOfEmployees\":\"12\",\"Description\":\"a\\r\\nb\",\"BillingCity\":\"Köln\",\"Phone\":\"\"}");
    assert_int_equal(strlen(id.text), 18);
    assert_memory_equal(id.text, "001", 3);
    org_assert_field(org, "Account", id.text, "Name", "\"Gonçalves & Söhne\"");
    org_assert_field(org, "Account", id.text, "AnnualRevenue", "1.2E7");
    org_assert_field(org, "Account", id.text, "NumberOfEmployees", "12");
    org_assert_field(org, "Account", id.text, "Description", "\"a\\r\\nb\"");
    org_assert_field(org, "Account", id.text, "Phone", "null");
    org_assert_field(org, "Account", id.text, "ShippingAddress", "null");
    org_assert_field(org, "Account", id.text, "IsDeleted", "false");
    org_assert_field(
        org, "Account", id.text, "BillingAddress",
        "{\"city\":\"Köln\",\"country\":null,\"geocodeAccuracy\":null,\"latitude\":null,\"longitude\":null,"
        "\"postalCode\":null,\"state\":null,\"street\":null}");
}

static void test_records__system_fields_are_filled(void **state)
{
    test_org *org = *state;
    char admin[32];
    org->context.now_ms = 1732399805999; /* 2024-11-23T22:10:05.999Z */
    sf_id id = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    org->context.now_ms = 0;
    snprintf(admin, sizeof admin, "\"%s\"", sfo_store_admin_id(org->store));
    org_assert_field(org, "Account", id.text, "CreatedDate", "\"2024-11-23T22:10:05.000+0000\"");
    org_assert_field(org, "Account", id.text, "SystemModstamp", "\"2024-11-23T22:10:05.000+0000\"");
    org_assert_field(org, "Account", id.text, "OwnerId", admin);
    org_assert_field(org, "Account", id.text, "CreatedById", admin);
}

static void test_records__read_gives_the_fields_asked_for_and_the_id(void **state)
{
    test_org *org = *state;
    const sfo_object *o = org_object(org, "Account");
    sf_id id = org_must_create(org, "Account", "{\"Name\":\"A\",\"BillingCity\":\"B\"}");
    const sfo_field *fields[] = { sfo_object_field(o, SFI_STR("BillingCity")), sfo_object_field(o, SFI_STR("Name")),
                                  sfo_object_field(o, SFI_STR("Name")) };
    sfi_buf out = { 0 };
    int64_t modified = 0;
    char want[300];
    assert_true(sfo_record_read(org->store, &org->context, o, id.text, fields, 3, &out, &modified, NULL));
    snprintf(want, sizeof want,
             "{\"attributes\":{\"type\":\"Account\",\"url\":\"/services/data/v62.0/sobjects/Account/%s\"},"
             "\"BillingCity\":\"B\",\"Name\":\"A\",\"Id\":\"%s\"}",
             id.text, id.text);
    assert_string_equal(out.data, want);
    assert_true(modified > 1700000000000);
    sfi_buf_clear(&out);
    id.text[15] = '\0'; /* the short form */
    assert_true(sfo_record_read(org->store, &org->context, o, id.text, fields, 1, &out, NULL, NULL));
    sfi_buf_free(&out);
}

static void test_records__absent_records_are_not_found(void **state)
{
    static const char *const ids[] = { "0015j0000Zzzzzz", "0015j0000ZzzzzzAAA", "x", "", "0035j0000A00001" };
    test_org *org = *state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        sfo_fault f = { 0 };
        assert_null(org_read(org, "Account", ids[i], &f));
        org_assert_fault(&f, 404, "NOT_FOUND", "The requested resource does not exist", "");
        assert_false(org_update(org, "Account", ids[i], "{\"Name\":\"B\"}", &f));
        org_assert_fault(&f, 404, "NOT_FOUND", "The requested resource does not exist", "");
        assert_false(org_delete(org, "Account", ids[i], &f));
        org_assert_fault(&f, 404, "NOT_FOUND", "The requested resource does not exist", "");
    }
}

/* ---- update ---- */

static void test_records__update_changes_what_is_named(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    org->context.now_ms = 1700000000000;
    sf_id id = org_must_create(org, "Account", "{\"Name\":\"A\",\"BillingCity\":\"B\",\"Phone\":\"1\"}");
    org->context.now_ms = 1700000100000;
    assert_true(org_update(org, "Account", id.text, "{\"BillingCity\":null,\"Phone\":\"2\"}", &f));
    org_assert_field(org, "Account", id.text, "Name", "\"A\"");
    org_assert_field(org, "Account", id.text, "BillingCity", "null");
    org_assert_field(org, "Account", id.text, "Phone", "\"2\"");
    org_assert_field(org, "Account", id.text, "LastModifiedDate", "\"2023-11-14T22:15:00.000+0000\"");
    org_assert_field(org, "Account", id.text, "CreatedDate", "\"2023-11-14T22:13:20.000+0000\"");
    org->context.now_ms = 1700000200000;
    assert_true(org_update(org, "Account", id.text, "{}", &f)); /* touches nothing */
    org_assert_field(org, "Account", id.text, "LastModifiedDate", "\"2023-11-14T22:15:00.000+0000\"");
    org->context.now_ms = 0;
    assert_false(org_update(org, "Account", id.text, "{\"Name\":null}", &f));
    org_assert_fault(&f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", "Name");
    assert_false(org_update(org, "Account", id.text, "{\"Id\":\"x\"}", &f));
    org_assert_fault(&f, 400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", "");
}

static void test_records__the_body_may_name_the_id_in_collections(void **state)
{
    test_org *org = *state;
    sf_id id = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    char body[80];
    snprintf(body, sizeof body, "{\"id\":\"%s\",\"Name\":\"B\"}", id.text);
    org->context.id_in_body = true;
    assert_true(org_update(org, "Account", id.text, body, NULL));
    org->context.id_in_body = false;
    org_assert_field(org, "Account", id.text, "Name", "\"B\"");
}

static void test_records__nobody_stands_above_himself(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    char body[64];
    sf_id top = org_must_create(org, "Account", "{\"Name\":\"Top\"}");
    snprintf(body, sizeof body, "{\"Name\":\"Low\",\"ParentId\":\"%s\"}", top.text);
    sf_id low = org_must_create(org, "Account", body);
    snprintf(body, sizeof body, "{\"ParentId\":\"%s\"}", low.text);
    assert_false(org_update(org, "Account", top.text, body, &f));
    org_assert_fault(&f, 400, "CIRCULAR_DEPENDENCY", "attempt to violate hierarchy constraints", "ParentId");
    assert_false(org_update(org, "Account", low.text, body, &f));
    org_assert_fault(&f, 400, "CIRCULAR_DEPENDENCY", "attempt to violate hierarchy constraints", "ParentId");
}

/* ---- upsert ---- */

static void test_records__upsert_creates_then_updates(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sf_id first, second;
    bool created;
    assert_true(org_upsert(org, "Contact", "Email", "a@b.example", "{\"LastName\":\"A\"}", &first, &created, &f));
    assert_true(created);
    org_assert_field(org, "Contact", first.text, "Email", "\"a@b.example\"");
    assert_true(org_upsert(org, "Contact", "Email", "A@B.example", "{\"LastName\":\"B\"}", &second, &created, &f));
    assert_false(created);
    assert_string_equal(first.text, second.text);
    org_assert_field(org, "Contact", first.text, "LastName", "\"B\"");
    assert_true(org_upsert(org, "Contact", "Id", first.text, "{\"LastName\":\"C\"}", &second, &created, &f));
    assert_false(created);
    assert_false(org_upsert(org, "Contact", "Email", "c@b.example", "{\"LastName\":\"B\",\"email\":\"c@b.example\"}",
                            &second, &created, &f));
    org_assert_fault(&f, 400, "INVALID_FIELD", "The Email field should not be specified in the sobject data.", "");
    assert_false(org_upsert(org, "Contact", "Department", "x", "{\"LastName\":\"B\"}", &second, &created, &f));
    org_assert_fault(&f, 404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: Department",
                     "");
}

static void test_records__upsert_lists_the_choices(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    bool created;
    char want[200];
    sf_id a = org_must_create(org, "Contact", "{\"LastName\":\"A\",\"Email\":\"twice@b.example\"}");
    sf_id b = org_must_create(org, "Contact", "{\"LastName\":\"B\",\"Email\":\"twice@b.example\"}"), id;
    assert_false(org_upsert(org, "Contact", "Email", "twice@b.example", "{\"LastName\":\"C\"}", &id, &created, &f));
    snprintf(want, sizeof want,
             "[\"/services/data/v62.0/sobjects/Contact/%s\",\"/services/data/v62.0/sobjects/Contact/%s\"]", a.text,
             b.text);
    org_assert_fault(&f, 300, "", want, "");
}

/* ---- delete ---- */

static void test_records__delete_takes_children_along_and_clears_lookups(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    char body[200];
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    snprintf(body, sizeof body, "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", account.text);
    sf_id contact = org_must_create(org, "Contact", body);
    snprintf(body, sizeof body, "{\"Name\":\"B\",\"ParentId\":\"%s\"}", account.text);
    sf_id child = org_must_create(org, "Account", body);
    snprintf(body, sizeof body, "{\"ParentId\":\"%s\",\"Name\":\"f.txt\",\"Body\":\"aGk=\"}", contact.text);
    sf_id file = org_must_create(org, "Attachment", body);
    assert_true(org_delete(org, "Account", account.text, &f));
    assert_null(org_read(org, "Account", account.text, &f));
    org_assert_fault(&f, 404, "ENTITY_IS_DELETED", "entity is deleted", "");
    assert_null(org_read(org, "Contact", contact.text, &f));
    assert_string_equal(f.code, "ENTITY_IS_DELETED");
    sfo_fault_clear(&f);
    assert_null(org_read(org, "Attachment", file.text, &f));
    sfo_fault_clear(&f);
    org_assert_field(org, "Account", child.text, "ParentId", "null");
    assert_false(org_delete(org, "Account", account.text, &f));
    org_assert_fault(&f, 404, "ENTITY_IS_DELETED", "entity is deleted", "");
    snprintf(body, sizeof body, "{\"LastName\":\"D\",\"AccountId\":\"%s\"}", account.text);
    assert_false(org_create(org, "Contact", body, &child, &f));
    org_assert_fault(&f, 400, "ENTITY_IS_DELETED", "entity is deleted", "AccountId");
}

static void test_records__children_can_forbid_a_delete(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    char body[200];
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"Acme\"}");
    snprintf(body, sizeof body, "{\"Subject\":\"Help\",\"AccountId\":\"%s\"}", account.text);
    sf_id one = org_must_create(org, "Case", body);
    org_assert_field(org, "Case", one.text, "CaseNumber", "\"00001000\"");
    assert_false(org_delete(org, "Account", account.text, &f));
    org_assert_fault(&f, 400, "DELETE_FAILED",
                     "Your attempt to delete Acme could not be completed because it is associated with the following "
                     "cases.: 00001000\n",
                     "");
    assert_non_null(strstr(body, account.text));
    org_assert_field(org, "Account", account.text, "IsDeleted", "false");
    assert_true(org_delete(org, "Case", one.text, &f));
    assert_true(org_delete(org, "Account", account.text, &f));
}

/* ---- computed values ---- */

static void test_records__names_are_joined(void **state)
{
    test_org *org = *state;
    sf_id id =
        org_must_create(org, "Contact", "{\"FirstName\":\"Ana\",\"LastName\":\"Gonçalves\",\"Salutation\":\"Dr.\"}");
    org_assert_field(org, "Contact", id.text, "Name", "\"Ana Gonçalves\"");
    assert_true(org_update(org, "Contact", id.text, "{\"FirstName\":null}", NULL));
    org_assert_field(org, "Contact", id.text, "Name", "\"Gonçalves\"");
    assert_true(org_update(org, "Contact", id.text, "{\"Phone\":\"1\"}", NULL));
    org_assert_field(org, "Contact", id.text, "Name", "\"Gonçalves\"");
}

static void test_records__stages_say_what_an_opportunity_is(void **state)
{
    test_org *org = *state;
    sf_id id = org_must_create(
        org, "Opportunity",
        "{\"Name\":\"O\",\"StageName\":\"Value Proposition\",\"CloseDate\":\"2024-05-31\",\"Amount\":1000.5}");
    org_assert_field(org, "Opportunity", id.text, "Probability", "50.0");
    org_assert_field(org, "Opportunity", id.text, "ExpectedRevenue", "500.25");
    org_assert_field(org, "Opportunity", id.text, "IsClosed", "false");
    org_assert_field(org, "Opportunity", id.text, "ForecastCategoryName", "\"Pipeline\"");
    org_assert_field(org, "Opportunity", id.text, "Fiscal", "\"2024 2\"");
    org_assert_field(org, "Opportunity", id.text, "FiscalQuarter", "2");
    assert_true(org_update(org, "Opportunity", id.text, "{\"StageName\":\"Closed Won\"}", NULL));
    org_assert_field(org, "Opportunity", id.text, "IsWon", "true");
    org_assert_field(org, "Opportunity", id.text, "IsClosed", "true");
    org_assert_field(org, "Opportunity", id.text, "Probability", "100.0");
    org_assert_field(org, "Opportunity", id.text, "ForecastCategory", "\"Closed\"");
    assert_true(org_update(org, "Opportunity", id.text, "{\"StageName\":\"Prospecting\",\"Probability\":33}", NULL));
    org_assert_field(org, "Opportunity", id.text, "Probability", "33.0");
    org_assert_field(org, "Opportunity", id.text, "IsClosed", "false");
}

static void test_records__leads_are_not_called_converted(void **state)
{
    sfo_fault f = { 0 };
    sf_id id = org_must_create(*state, "Lead", "{\"LastName\":\"L\",\"Company\":\"C\"}");
    org_assert_field(*state, "Lead", id.text, "Status", "\"Open - Not Contacted\"");
    assert_false(org_update(*state, "Lead", id.text, "{\"Status\":\"Closed - Converted\"}", &f));
    org_assert_fault(&f, 400, "INVALID_STATUS", "invalid status: Closed - Converted", "Status");
    assert_true(org_update(*state, "Lead", id.text, "{\"Status\":\"Closed - Not Converted\"}", NULL));
}

static void test_records__a_case_closes_and_opens(void **state)
{
    test_org *org = *state;
    sf_id id = org_must_create(org, "Case", "{\"Subject\":\"S\"}");
    org_assert_field(org, "Case", id.text, "Status", "\"New\"");
    org_assert_field(org, "Case", id.text, "Priority", "\"Medium\"");
    org_assert_field(org, "Case", id.text, "IsClosed", "false");
    org->context.now_ms = 1700000000000;
    assert_true(org_update(org, "Case", id.text, "{\"Status\":\"Closed\"}", NULL));
    org->context.now_ms = 0;
    org_assert_field(org, "Case", id.text, "IsClosed", "true");
    org_assert_field(org, "Case", id.text, "ClosedDate", "\"2023-11-14T22:13:20.000+0000\"");
    assert_true(org_update(org, "Case", id.text, "{\"Status\":\"Working\"}", NULL));
    org_assert_field(org, "Case", id.text, "IsClosed", "false");
    org_assert_field(org, "Case", id.text, "ClosedDate", "null");
}

static void test_records__activities_and_files_follow(void **state)
{
    test_org *org = *state;
    char body[200], want[32];
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    snprintf(body, sizeof body, "{\"Subject\":\"T\",\"Status\":\"Completed\",\"Priority\":\"High\",\"WhatId\":\"%s\"}",
             account.text);
    sf_id task = org_must_create(org, "Task", body);
    org_assert_field(org, "Task", task.text, "IsClosed", "true");
    org_assert_field(org, "Task", task.text, "IsHighPriority", "true");
    snprintf(want, sizeof want, "\"%s\"", account.text);
    org_assert_field(org, "Task", task.text, "AccountId", want);
    sf_id event = org_must_create(
        org, "Event",
        "{\"Subject\":\"E\",\"StartDateTime\":\"2024-05-31T10:00:00Z\",\"EndDateTime\":\"2024-05-31T11:30:00Z\"}");
    org_assert_field(org, "Event", event.text, "DurationInMinutes", "90");
    org_assert_field(org, "Event", event.text, "ActivityDate", "\"2024-05-31\"");
    sf_id version = org_must_create(org, "ContentVersion",
                                    "{\"PathOnClient\":\"dir/Angebot.v2.pdf\",\"VersionData\":\"aGVsbG8=\"}");
    org_assert_field(org, "ContentVersion", version.text, "Title", "\"Angebot.v2\"");
    org_assert_field(org, "ContentVersion", version.text, "FileType", "\"PDF\"");
    org_assert_field(org, "ContentVersion", version.text, "ContentSize", "5");
    org_assert_field(org, "ContentVersion", version.text, "IsLatest", "true");
    assert_int_equal(
        org_number(org, "SELECT count(*) FROM ContentDocument d JOIN ContentVersion v ON v.ContentDocumentId=d.Id AND "
                        "d.LatestPublishedVersionId=v.Id WHERE d.Title='Angebot.v2'"),
        1);
}

/* ---- memory ---- */

static void test_records__create_survives_each_failed_allocation(void **state)
{
    test_org *org = *state;
    sf_document *doc = org_json("{\"LastName\":\"M\",\"Email\":\"m@m.example\",\"Department\":\"D\"}");
    bool ok = false;
    int64_t failed = 0;
    for (long n = 0; !ok; n++) {
        sfo_fault f = { 0 };
        sf_id id;
        test_allocations_limit(n);
        ok = sfo_record_create(org->store, &org->context, org_object(org, "Contact"), sf_document_root(doc), &id, &f);
        test_allocations_limit(-1);
        if (!ok) {
            failed++;
            assert_int_equal(f.http_status, 500);
            assert_int_equal(org_number(org, "SELECT count(*) FROM Contact WHERE LastName='M'"), 0);
        }
        sfo_fault_clear(&f);
    }
    print_message("  %lld\n", (long long)failed);
    sf_document_free(doc);
    assert_int_equal(org_number(org, "SELECT count(*) FROM Contact WHERE LastName='M'"), 1);
}

/* One call of each kind. @return it did what it should, with no fault. */
static bool call_number(test_org *org, int kind, const char *id, sf_value body, sfi_buf *out, sfo_fault *f)
{
    const sfo_object *o = org_object(org, "Contact");
    const sfo_field *email = sfo_object_field(o, SFI_STR("Email"));
    sf_id found;
    bool created;
    switch (kind) {
    case 0: return sfo_record_read(org->store, &org->context, o, id, NULL, 0, out, NULL, f);
    case 1: return sfo_record_update(org->store, &org->context, o, id, body, f);
    case 2: return sfo_record_find(org->store, o, email, SFI_STR("n@n.example"), &found, 1, f) == 1;
    case 3:
        return sfo_record_upsert(org->store, &org->context, o, sfo_object_field(o, SFI_STR("Id")), sfi_str(id), body,
                                 false, &found, &created, f);
    case 4: return sfo_user_set_password(org->store, org->context.user_id, SFI_STR("a new secret"), f);
    default: return sfo_record_delete(org->store, &org->context, o, id, f);
    }
}

static void test_records__each_call_survives_each_failed_allocation(void **state)
{
    test_org *org = *state;
    sf_document *doc = org_json("{\"FirstName\":\"N\",\"Email\":\"n@n.example\",\"Birthdate\":\"2000-01-02\"}");
    sf_id id = org_must_create(org, "Contact", "{\"LastName\":\"N\",\"Email\":\"n@n.example\"}");
    for (int kind = 0; kind < 6; kind++) {
        bool ok = false;
        for (long n = 0; !ok; n++) {
            sfo_fault f = { 0 };
            sfi_buf out = { 0 };
            int64_t changes = org_number(org, "SELECT total_changes()");
            test_allocations_limit(n);
            ok = call_number(org, kind, id.text, sf_document_root(doc), &out, &f);
            test_allocations_limit(-1);
            ok = ok && !out.failed; /* of a read: whoever gave the buffer looks */
            if (!ok && !out.failed && f.http_status != 500) fail_msg("call %d: %d %s", kind, f.http_status, f.code);
            if (!ok) assert_int_equal(org_number(org, "SELECT count(*) FROM Contact WHERE FirstName='N'"), kind > 1);
            if (kind == 0 && ok) {
                sf_document_free(org_json(out.data));
                assert_int_equal(org_number(org, "SELECT total_changes()"), changes);
            }
            sfi_buf_free(&out);
            sfo_fault_clear(&f);
        }
    }
    sf_document_free(doc);
    assert_int_equal(org_number(org, "SELECT count(*) FROM Contact WHERE LastName='N' AND IsDeleted=1"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        TEST(test_records__a_created_record_reads_back),
        TEST(test_records__system_fields_are_filled),
        TEST(test_records__read_gives_the_fields_asked_for_and_the_id),
        TEST(test_records__absent_records_are_not_found),
        TEST(test_records__update_changes_what_is_named),
        TEST(test_records__the_body_may_name_the_id_in_collections),
        TEST(test_records__nobody_stands_above_himself),
        TEST(test_records__upsert_creates_then_updates),
        TEST(test_records__upsert_lists_the_choices),
        TEST(test_records__delete_takes_children_along_and_clears_lookups),
        TEST(test_records__children_can_forbid_a_delete),
        TEST(test_records__names_are_joined),
        TEST(test_records__stages_say_what_an_opportunity_is),
        TEST(test_records__leads_are_not_called_converted),
        TEST(test_records__a_case_closes_and_opens),
        TEST(test_records__activities_and_files_follow),
        TEST(test_records__create_survives_each_failed_allocation),
        TEST(test_records__each_call_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("org.records", tests, NULL, NULL);
}
