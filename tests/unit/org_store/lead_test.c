/* lead_test.c: converting leads: what is made of them, what is filled, what moves along, and what is refused. */
#include "../org_store/org.h"

#define LEAD                                                                                                           \
    "{\"FirstName\":\"Ada\",\"LastName\":\"Lovelace\",\"Company\":\"Engines\",\"Title\":\"Countess\","                 \
    "\"Email\":\"ada@engines.example\",\"Phone\":\"1\",\"MobilePhone\":\"2\",\"Fax\":\"3\",\"Website\":\"e.example\"," \
    "\"Industry\":\"Engineering\",\"AnnualRevenue\":5,\"NumberOfEmployees\":7,\"LeadSource\":\"Web\","                 \
    "\"Street\":\"St James 12\",\"City\":\"London\",\"PostalCode\":\"SW1\",\"Country\":\"UK\","                        \
    "\"Description\":\"d\",\"Rating\":\"Hot\"}"
#define CONVERTED SFI_STR("Closed - Converted")

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

static sfo_lead_converted must_convert(test_org *org, const sfo_lead_convert *ask)
{
    sfo_fault f = { 0 };
    sfo_lead_converted out;
    if (!sfo_lead_convert_one(org->store, &org->context, ask, &out, &f)) fail_msg("%s %s", f.code, f.message);
    return out;
}

static void assert_text(test_org *org, const char *object, const char *id, const char *field, const char *want)
{
    char json[200];
    (void)snprintf(json, sizeof json, "\"%s\"", want);
    org_assert_field(org, object, id, field, json);
}

static void test_lead__becomes_account_contact_and_opportunity(void **state)
{
    test_org *org = *state;
    sf_id lead = org_must_create(org, "Lead", LEAD);
    org->context.now_ms = 1732399805000; /* 2024-11-23 */
    sfo_lead_converted out = must_convert(org, &(sfo_lead_convert){ .lead_id = lead.text, .status = CONVERTED });
    org->context.now_ms = 0;
    const char *a = out.account.text, *c = out.contact.text, *o = out.opportunity.text;
    static const struct {
        char object;
        const char *field, *want;
    } fields[] = {
        { 'a', "Name", "Engines" },
        { 'a', "Phone", "1" },
        { 'a', "Fax", "3" },
        { 'a', "Website", "e.example" },
        { 'a', "Industry", "Engineering" },
        { 'a', "BillingStreet", "St James 12" },
        { 'a', "BillingCity", "London" },
        { 'a', "BillingPostalCode", "SW1" },
        { 'a', "BillingCountry", "UK" },
        { 'a', "AccountSource", "Web" },
        { 'a', "Rating", "Hot" },
        { 'c', "Name", "Ada Lovelace" },
        { 'c', "Title", "Countess" },
        { 'c', "Email", "ada@engines.example" },
        { 'c', "Phone", "1" },
        { 'c', "MobilePhone", "2" },
        { 'c', "LeadSource", "Web" },
        { 'c', "MailingStreet", "St James 12" },
        { 'c', "MailingCity", "London" },
        { 'c', "Description", "d" },
        { 'o', "Name", "Engines" },
        { 'o', "StageName", "Prospecting" },
        { 'o', "CloseDate", "2024-12-31" },
        { 'o', "LeadSource", "Web" },
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++) switch (fields[i].object) {
        case 'a': assert_text(org, "Account", a, fields[i].field, fields[i].want); break;
        case 'c': assert_text(org, "Contact", c, fields[i].field, fields[i].want); break;
        default: assert_text(org, "Opportunity", o, fields[i].field, fields[i].want);
        }
    org_assert_field(org, "Account", a, "AnnualRevenue", "5.0");
    org_assert_field(org, "Account", a, "NumberOfEmployees", "7");
    org_assert_field(org, "Opportunity", o, "Amount", "null");
    org_assert_field(org, "Opportunity", o, "Probability", "10.0");
    assert_text(org, "Contact", c, "AccountId", a);
    assert_text(org, "Opportunity", o, "AccountId", a);
    org_assert_field(org, "Lead", lead.text, "IsConverted", "true");
    assert_text(org, "Lead", lead.text, "Status", "Closed - Converted");
    assert_text(org, "Lead", lead.text, "ConvertedDate", "2024-11-23");
    assert_text(org, "Lead", lead.text, "ConvertedAccountId", a);
    assert_text(org, "Lead", lead.text, "ConvertedContactId", c);
    assert_text(org, "Lead", lead.text, "ConvertedOpportunityId", o);
    assert_int_equal(
        org_number(org, "SELECT count(*) FROM OpportunityContactRole r JOIN Opportunity o ON o.Id=r.OpportunityId "
                        "JOIN Lead l ON l.ConvertedContactId=r.ContactId WHERE r.IsPrimary=1"),
        1);
}

static void test_lead__what_hung_on_it_moves(void **state)
{
    test_org *org = *state;
    char json[300];
    sf_id lead = org_must_create(org, "Lead", LEAD);
    sf_id campaign = org_must_create(org, "Campaign", "{\"Name\":\"K\"}");
    sf_id task = child(org, "Task", "{\"Subject\":\"T\",\"WhoId\":\"%s\"}", lead.text);
    sf_id note = child(org, "Note", "{\"Title\":\"N\",\"ParentId\":\"%s\"}", lead.text);
    sf_id file = child(org, "Attachment", "{\"Name\":\"F\",\"Body\":\"YQ==\",\"ParentId\":\"%s\"}", lead.text);
    (void)snprintf(json, sizeof json,
                   "{\"Subject\":\"E\",\"WhoId\":\"%s\",\"DurationInMinutes\":30,"
                   "\"ActivityDateTime\":\"2024-11-23T10:00:00.000Z\"}",
                   lead.text);
    sf_id event = org_must_create(org, "Event", json);
    (void)snprintf(json, sizeof json, "{\"CampaignId\":\"%s\",\"LeadId\":\"%s\"}", campaign.text, lead.text);
    sf_id membership = org_must_create(org, "CampaignMember", json);
    sfo_lead_converted out = must_convert(
        org, &(sfo_lead_convert){ .lead_id = lead.text, .status = CONVERTED, .opportunity_name = SFI_STR("First") });
    assert_text(org, "Task", task.text, "WhoId", out.contact.text);
    assert_text(org, "Task", task.text, "WhatId", out.opportunity.text);
    assert_text(org, "Task", task.text, "AccountId", out.account.text);
    assert_text(org, "Event", event.text, "WhoId", out.contact.text);
    assert_text(org, "Note", note.text, "ParentId", out.contact.text);
    assert_text(org, "Attachment", file.text, "ParentId", out.contact.text);
    assert_text(org, "CampaignMember", membership.text, "ContactId", out.contact.text);
    assert_text(org, "CampaignMember", membership.text, "LeadId", lead.text);
    assert_text(org, "CampaignMember", membership.text, "LeadOrContactId", out.contact.text);
    assert_text(org, "CampaignMember", membership.text, "Type", "Contact");
    assert_text(org, "Opportunity", out.opportunity.text, "Name", "First");
    assert_text(org, "Opportunity", out.opportunity.text, "CampaignId", campaign.text);
}

static void test_lead__fills_only_what_is_empty(void **state)
{
    test_org *org = *state;
    sf_id lead = org_must_create(org, "Lead", LEAD);
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"There\",\"Phone\":\"99\"}");
    sf_id contact =
        child(org, "Contact", "{\"LastName\":\"King\",\"LeadSource\":\"Other\",\"AccountId\":\"%s\"}", account.text);
    sfo_lead_converted out = must_convert(org, &(sfo_lead_convert){ .lead_id = lead.text,
                                                                    .account_id = account.text,
                                                                    .contact_id = contact.text,
                                                                    .status = SFI_STR("closed - converted"),
                                                                    .no_opportunity = true });
    assert_string_equal(out.account.text, account.text);
    assert_string_equal(out.contact.text, contact.text);
    assert_string_equal(out.opportunity.text, "");
    assert_text(org, "Account", account.text, "Name", "There");
    assert_text(org, "Account", account.text, "Phone", "99");
    assert_text(org, "Account", account.text, "Industry", "Engineering");
    assert_text(org, "Contact", contact.text, "Name", "Ada King");
    assert_text(org, "Contact", contact.text, "LeadSource", "Other");
    org_assert_field(org, "Lead", lead.text, "ConvertedOpportunityId", "null");
    lead = org_must_create(org, "Lead", LEAD);
    (void)must_convert(org, &(sfo_lead_convert){ .lead_id = lead.text,
                                                 .account_id = account.text,
                                                 .contact_id = contact.text,
                                                 .status = CONVERTED,
                                                 .overwrite_lead_source = true,
                                                 .no_opportunity = true });
    assert_text(org, "Contact", contact.text, "LeadSource", "Web");
}

static void test_lead__takes_the_callers_records(void **state)
{
    test_org *org = *state;
    sf_id lead = org_must_create(org, "Lead", LEAD);
    sf_document *a = org_json("{\"Name\":\"Other\",\"Site\":\"S\"}"), *c = org_json("{\"Department\":\"D\"}"),
                *o = org_json("{\"Amount\":12,\"StageName\":\"Qualification\"}");
    sfo_lead_converted out = must_convert(org, &(sfo_lead_convert){ .lead_id = lead.text,
                                                                    .status = CONVERTED,
                                                                    .account_record = sf_document_root(a),
                                                                    .contact_record = sf_document_root(c),
                                                                    .opportunity_record = sf_document_root(o) });
    assert_text(org, "Account", out.account.text, "Name", "Other");
    assert_text(org, "Account", out.account.text, "Site", "S");
    assert_text(org, "Contact", out.contact.text, "Department", "D");
    org_assert_field(org, "Opportunity", out.opportunity.text, "Amount", "12.0");
    assert_text(org, "Opportunity", out.opportunity.text, "StageName", "Qualification");
    sf_document_free(a);
    sf_document_free(c);
    sf_document_free(o);
}

static void test_lead__owner_is_the_one_asked_for_or_the_leads(void **state)
{
    test_org *org = *state;
    sf_id user = { "" };
    sf_id queue = org_must_create(org, "Group", "{\"Name\":\"Q\",\"Type\":\"Queue\",\"DeveloperName\":\"Q\"}");
    sf_id lead = child(org, "Lead", "{\"LastName\":\"L\",\"Company\":\"C\",\"OwnerId\":\"%s\"}", queue.text);
    sfo_fault f = { 0 };
    sfo_lead_converted out;
    sfo_lead_convert ask = { .lead_id = lead.text, .status = CONVERTED };
    assert_false(sfo_lead_convert_one(org->store, &org->context, &ask, &out, &f));
    org_assert_fault(&f, 400, "UNKNOWN_EXCEPTION",
                     "Converted objects can only be owned by users.  If the lead is not owned by a user, you must "
                     "specify a user for the Owner field.",
                     "");
    (void)snprintf(user.text, sizeof user.text, "%s", sfo_store_admin_id(org->store));
    ask.owner_id = user.text;
    out = must_convert(org, &ask);
    assert_text(org, "Account", out.account.text, "OwnerId", user.text);
    assert_text(org, "Contact", out.contact.text, "OwnerId", user.text);
    assert_text(org, "Opportunity", out.opportunity.text, "OwnerId", user.text);
    assert_text(org, "Lead", lead.text, "OwnerId", queue.text);
}

static void test_lead__refusals(void **state)
{
    test_org *org = *state;
    sf_id lead = org_must_create(org, "Lead", LEAD), done = org_must_create(org, "Lead", LEAD);
    sf_id deleted = org_must_create(org, "Lead", LEAD);
    sf_id account = org_must_create(org, "Account", "{\"Name\":\"A\"}");
    sf_id other = org_must_create(org, "Account", "{\"Name\":\"B\"}");
    sf_id contact = child(org, "Contact", "{\"LastName\":\"C\",\"AccountId\":\"%s\"}", other.text);
    sfo_fault f = { 0 };
    sfo_lead_converted out;
    sf_document *record = org_json("{\"Nope__c\":1}");
    sf_value bad = sf_document_root(record);
    assert_true(org_delete(org, "Lead", deleted.text, &f));
    (void)must_convert(org, &(sfo_lead_convert){ .lead_id = done.text, .status = CONVERTED });
    const struct {
        sfo_lead_convert ask;
        const char *code, *fields;
    } cases[] = {
        { { .lead_id = done.text, .status = CONVERTED }, "CANNOT_UPDATE_CONVERTED_LEAD", "" },
        { { .lead_id = lead.text, .status = SFI_STR("Working - Contacted") }, "INVALID_STATUS", "Status" },
        { { .lead_id = lead.text, .status = SFI_STR("Nonsense") }, "INVALID_STATUS", "Status" },
        { { .lead_id = lead.text }, "REQUIRED_FIELD_MISSING", "ConvertedStatus" },
        { { .status = CONVERTED }, "REQUIRED_FIELD_MISSING", "LeadId" },
        { { .lead_id = "00Q1", .status = CONVERTED }, "MALFORMED_ID", "" },
        { { .lead_id = "00Q000000000zzzAAA", .status = CONVERTED }, "INVALID_CROSS_REFERENCE_KEY", "LeadId" },
        { { .lead_id = account.text, .status = CONVERTED }, "INVALID_CROSS_REFERENCE_KEY", "LeadId" },
        { { .lead_id = deleted.text, .status = CONVERTED }, "ENTITY_IS_DELETED", "" },
        { { .lead_id = lead.text, .status = CONVERTED, .contact_id = contact.text },
          "REQUIRED_FIELD_MISSING",
          "AccountId" },
        { { .lead_id = lead.text, .status = CONVERTED, .contact_id = contact.text, .account_id = account.text },
          "INVALID_CROSS_REFERENCE_KEY",
          "ContactId" },
        { { .lead_id = lead.text, .status = CONVERTED, .owner_id = account.text },
          "INVALID_CROSS_REFERENCE_KEY",
          "OwnerId" },
        { { .lead_id = lead.text, .status = CONVERTED, .account_id = contact.text },
          "INVALID_CROSS_REFERENCE_KEY",
          "AccountId" },
        { { .lead_id = lead.text, .status = CONVERTED, .opportunity_record = bad }, "INVALID_FIELD", "" },
        { { .lead_id = lead.text, .status = CONVERTED, .account_id = account.text, .account_record = bad },
          "FIELD_INTEGRITY_EXCEPTION",
          "" },
    };
    int64_t before = org_number(org, "SELECT (SELECT count(*) FROM Account) + (SELECT count(*) FROM Contact)");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %zu %s\n", i, cases[i].code);
        assert_false(sfo_lead_convert_one(org->store, &org->context, &cases[i].ask, &out, &f));
        assert_string_equal(f.code, cases[i].code);
        assert_string_equal(f.fields, cases[i].fields);
        sfo_fault_clear(&f);
    }
    assert_int_equal(org_number(org, "SELECT (SELECT count(*) FROM Account) + (SELECT count(*) FROM Contact)"), before);
    org_assert_field(org, "Lead", lead.text, "IsConverted", "false");
    sf_document_free(record);
}

static void test_lead__a_converted_one_is_left_alone(void **state)
{
    test_org *org = *state;
    sfo_fault f = { 0 };
    sf_id lead = org_must_create(org, "Lead", LEAD), id;
    char json[100];
    (void)must_convert(org, &(sfo_lead_convert){ .lead_id = lead.text, .status = CONVERTED });
    assert_false(org_update(org, "Lead", lead.text, "{\"Title\":\"x\"}", &f));
    org_assert_fault(&f, 400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", "");
    (void)snprintf(json, sizeof json, "{\"Subject\":\"T\",\"WhoId\":\"%s\"}", lead.text);
    assert_false(org_create(org, "Task", json, &id, &f));
    org_assert_fault(&f, 400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", "");
    assert_true(org_delete(org, "Lead", lead.text, &f));
}

static void test_lead__each_failed_allocation_changes_nothing(void **state)
{
    test_org *org = *state;
    sf_id lead = org_must_create(org, "Lead", LEAD);
    (void)child(org, "Task", "{\"Subject\":\"T\",\"WhoId\":\"%s\"}", lead.text);
    sfo_lead_convert ask = { .lead_id = lead.text, .status = CONVERTED };
    sfo_lead_converted out;
    sfo_fault f = { 0 };
    bool ok = false;
    for (long n = 0; !ok; n++) {
        if (n > 5000) fail_msg("it never gets through");
        test_allocations_limit(n);
        ok = sfo_lead_convert_one(org->store, &org->context, &ask, &out, &f);
        test_allocations_limit(-1);
        sfo_fault_clear(&f);
        if (!ok) assert_int_equal(org_number(org, "SELECT count(*) FROM Account"), 0);
    }
    org_assert_field(org, "Lead", lead.text, "IsConverted", "true");
    assert_int_equal(org_number(org, "SELECT count(*) FROM Account"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lead__becomes_account_contact_and_opportunity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__what_hung_on_it_moves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__fills_only_what_is_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__takes_the_callers_records, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__owner_is_the_one_asked_for_or_the_leads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__a_converted_one_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lead__each_failed_allocation_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lead", tests, NULL, NULL);
}
