/* approval_test.c: approval processes and process rules over their rows, the lock of a record at work, and the outbox. */
#include "org.h"
#include "store/approval.h"
#include "store/outbox.h"

static const char definitions[] =
    "{\"approvalProcesses\":["
    "{\"name\":\"Big\",\"object\":\"Opportunity\",\"entryCriteria\":[{\"field\":\"Amount\",\"op\":\"greaterThan\","
    "\"value\":1000},{\"field\":\"StageName\",\"op\":\"notEqual\",\"value\":\"Closed Won\"}],"
    "\"steps\":[{\"name\":\"One\",\"approver\":\"admin\"},{\"name\":\"Two\",\"approver\":\"choose\"}],"
    "\"submitted\":{\"NextStep\":\"waits\"},\"approved\":{\"NextStep\":\"go\"},\"rejected\":{\"NextStep\":\"no\"}},"
    "{\"name\":\"Managed\",\"object\":\"Contact\",\"steps\":[{\"approver\":\"manager\"}]},"
    "{\"name\":\"Free\",\"object\":\"Account\",\"lock\":false,\"steps\":[{\"approver\":\"owner\"}]}],"
    "\"processRules\":[{\"name\":\"Hot\",\"object\":\"Lead\",\"criteria\":[{\"field\":\"NumberOfEmployees\",\"op\":"
    "\"greaterOrEqual\",\"value\":1000}],\"updates\":{\"Rating\":\"Hot\"}}]}";

typedef struct fixture {
    test_org org;
    sf_document *doc;
    sfo_approvals *approvals;
} fixture;

static sf_status load(fixture *x, const char *json, sf_error *err)
{
    x->doc = org_json(json);
    sf_value root = sf_document_root(x->doc), none = { 0 };
    return sfo_approvals_load(x->org.store, sf_get(root, "approvalProcesses"), sf_get(root, "processRules"), none, none,
                              &x->approvals, err);
}

static void open_fixture(fixture *x)
{
    sf_error err;
    *x = (fixture){ .doc = NULL };
    org_open(&x->org);
    if (load(x, definitions, &err) != SF_OK) fail_msg("%s", err.message);
}

static void close_fixture(fixture *x)
{
    sfo_approvals_free(x->approvals);
    sf_document_free(x->doc);
    org_close(&x->org);
}

static bool process(fixture *x, const sfo_process_request *r, sfo_process_result *result, sfo_fault *f)
{
    return sfo_process(x->approvals, x->org.store, &x->org.context, r, result, f);
}

static void must(fixture *x, const sfo_process_request *r, sfo_process_result *result)
{
    sfo_fault f = { 0 };
    if (!process(x, r, result, &f)) fail_msg("%s: %s", f.code, f.message);
}

static void must_not(fixture *x, const sfo_process_request *r, const char *code)
{
    sfo_fault f = { 0 };
    sfo_process_result result;
    assert_false(process(x, r, &result, &f));
    assert_string_equal(f.code, code);
    assert_int_equal(result.count, 0);
    sfo_fault_clear(&f);
}

/* The first column of the first row; freed by the caller. "" when there is none. */
static char *look(fixture *x, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(sfo_store_db(x->org.store), sql, -1, &stmt, NULL), SQLITE_OK);
    const char *text = sqlite3_step(stmt) == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    char *kept = strdup(text != NULL ? text : "");
    sqlite3_finalize(stmt);
    return kept;
}

static void is(fixture *x, const char *sql, const char *want)
{
    char *got = look(x, sql);
    assert_string_equal(got, want);
    free(got);
}

static void test_approval__goes_through_its_steps(void **state)
{
    (void)state;
    fixture x;
    sfo_fault f = { 0 };
    sfo_process_result first, second, last;
    open_fixture(&x);
    sf_id deal = org_must_create(&x.org, "Opportunity",
                                 "{\"Name\":\"D\",\"StageName\":\"Prospecting\",\"CloseDate\":\"2030-01-01\","
                                 "\"Amount\":1000.5}");
    sfo_process_request submit = { .action = SFO_SUBMIT, .target = sfi_str(deal.text), .comments = SFI_STR("please") };
    must(&x, &submit, &first);
    assert_string_equal(first.status, "Pending");
    assert_string_equal(first.entity.text, deal.text);
    assert_int_equal(first.count, 1);
    assert_string_equal(first.actors[0].text, x.org.context.user_id);
    assert_memory_equal(first.instance.text, "04g", 3);
    assert_memory_equal(first.workitems[0].text, "04i", 3);
    is(&x, "SELECT NextStep FROM Opportunity", "waits");
    is(&x, "SELECT StepStatus || '/' || Comments FROM ProcessInstanceStep", "Started/please");
    must_not(&x, &submit, "ALREADY_IN_PROCESS");
    assert_false(org_update(&x.org, "Opportunity", deal.text, "{\"Name\":\"E\"}", &f));
    assert_string_equal(f.code, "ENTITY_IS_LOCKED");
    assert_int_equal(f.http_status, 400);
    assert_false(org_delete(&x.org, "Opportunity", deal.text, &f));
    assert_string_equal(f.code, "ENTITY_IS_LOCKED");
    sfo_fault_clear(&f);

    sfo_process_request approve = { .action = SFO_APPROVE, .target = sfi_str(first.workitems[0].text) };
    must_not(&x, &approve, "REQUIRED_FIELD_MISSING"); /* the next approver must be chosen */
    is(&x, "SELECT count(*) FROM ProcessInstanceWorkitem", "1");
    approve.next[0] = sfi_str(x.org.context.user_id);
    approve.next_count = 1;
    must(&x, &approve, &second);
    assert_string_equal(second.status, "Pending");
    assert_string_not_equal(second.workitems[0].text, first.workitems[0].text);
    must_not(&x, &approve, "INVALID_CROSS_REFERENCE_KEY"); /* done already */
    approve = (sfo_process_request){ .action = SFO_APPROVE, .target = sfi_str(second.workitems[0].text) };
    must(&x, &approve, &last);
    assert_string_equal(last.status, "Approved");
    assert_int_equal(last.count, 0);
    is(&x, "SELECT Status FROM ProcessInstance", "Approved");
    is(&x, "SELECT NextStep FROM Opportunity", "go");
    is(&x, "SELECT count(*) FROM ProcessInstanceWorkitem", "0");
    assert_true(org_update(&x.org, "Opportunity", deal.text, "{\"Name\":\"E\"}", &f));
    must(&x, &submit, &first); /* and again */
    approve = (sfo_process_request){ .action = SFO_REJECT, .target = sfi_str(first.workitems[0].text) };
    must(&x, &approve, &last);
    assert_string_equal(last.status, "Rejected");
    is(&x, "SELECT NextStep FROM Opportunity", "no");
    close_fixture(&x);
}

static void test_approval__refuses_in_the_orgs_words(void **state)
{
    (void)state;
    fixture x;
    open_fixture(&x);
    sf_id small = org_must_create(&x.org, "Opportunity",
                                  "{\"Name\":\"D\",\"StageName\":\"Prospecting\",\"CloseDate\":\"2030-01-01\"}");
    sf_id person = org_must_create(&x.org, "Contact", "{\"LastName\":\"L\"}");
    sf_id lead = org_must_create(&x.org, "Lead", "{\"LastName\":\"L\",\"Company\":\"C\"}");
    sfo_process_request r = { .action = SFO_SUBMIT, .target = sfi_str(small.text) };
    must_not(&x, &r, "NO_APPLICABLE_PROCESS"); /* no Amount */
    r.process = SFI_STR("big");
    must_not(&x, &r, "NO_APPLICABLE_PROCESS");
    r.process = SFI_STR("nothing");
    must_not(&x, &r, "NO_APPLICABLE_PROCESS");
    r.process = (sf_str){ sfo_approvals_at(x.approvals, 0)->id.text, 15 };
    r.skip_criteria = true;
    sfo_process_result result;
    must(&x, &r, &result);
    r = (sfo_process_request){ .action = SFO_SUBMIT, .target = sfi_str(lead.text) };
    must_not(&x, &r, "NO_APPLICABLE_PROCESS");
    r.target = sfi_str(person.text);
    must_not(&x, &r, "MANAGER_NOT_DEFINED");
    r.target = SFI_STR("003000000000000AAA");
    must_not(&x, &r, "INVALID_CROSS_REFERENCE_KEY");
    r.target = SFI_STR("no id");
    must_not(&x, &r, "INVALID_CROSS_REFERENCE_KEY");
    r.target = sfi_str(person.text);
    r.next[0] = sfi_str(person.text);
    r.next_count = 1;
    must_not(&x, &r, "INVALID_CROSS_REFERENCE_KEY");     /* no user */
    is(&x, "SELECT count(*) FROM ProcessInstance", "1"); /* what failed left nothing */
    close_fixture(&x);
}

static void test_approval__only_the_approver_or_the_administrator_acts(void **state)
{
    (void)state;
    fixture x;
    sfo_process_result result;
    open_fixture(&x);
    char *profile = look(&x, "SELECT Id FROM Profile LIMIT 1"), body[512];
    snprintf(body, sizeof body,
             "{\"Username\":\"u@x.example\",\"LastName\":\"U\",\"Email\":\"u@x.example\",\"Alias\":\"u\","
             "\"TimeZoneSidKey\":\"America/Los_Angeles\",\"LocaleSidKey\":\"en_US\",\"EmailEncodingKey\":\"UTF-8\","
             "\"LanguageLocaleKey\":\"en_US\",\"ProfileId\":\"%s\"}",
             profile);
    free(profile);
    sf_id user = org_must_create(&x.org, "User", body),
          account = org_must_create(&x.org, "Account", "{\"Name\":\"A\"}");
    sfo_process_request r = { .action = SFO_SUBMIT, .target = sfi_str(account.text) };
    must(&x, &r, &result);
    sfo_fault f = { 0 };
    assert_true(org_update(&x.org, "Account", account.text, "{\"Name\":\"B\"}", &f)); /* "lock": false */
    sf_id item = result.workitems[0];
    r = (sfo_process_request){ .action = SFO_APPROVE, .target = sfi_str(item.text) };
    const char *admin = x.org.context.user_id;
    x.org.context.user_id = user.text;
    must_not(&x, &r, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    r.action = SFO_REMOVE;
    must_not(&x, &r, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
    x.org.context.user_id = admin;
    must(&x, &r, &result);
    assert_string_equal(result.status, "Removed");
    is(&x, "SELECT Status FROM ProcessInstance", "Removed");
    close_fixture(&x);
}

static void test_approval__definitions_keep_their_ids_and_are_checked(void **state)
{
    static const struct {
        const char *json, *word;
    } bad[] = {
        { "{\"approvalProcesses\":[{\"object\":\"Account\",\"steps\":[{}]}]}", "name" },
        { "{\"approvalProcesses\":[{\"name\":\"X\",\"object\":\"Acount\",\"steps\":[{}]}]}", "Acount" },
        { "{\"approvalProcesses\":[{\"name\":\"X\",\"object\":\"Account\"}]}", "steps" },
        { "{\"approvalProcesses\":[{\"name\":\"X\",\"object\":\"Account\",\"steps\":[{}],\"entryCriteria\":[{\"field\":"
          "\"Nmae\"}]}]}",
          "Nmae" },
        { "{\"approvalProcesses\":[{\"name\":\"X\",\"object\":\"Account\",\"steps\":[{}],\"entryCriteria\":[{\"field\":"
          "\"Name\",\"op\":\"is\"}]}]}",
          "op" },
        { "{\"approvalProcesses\":[{\"name\":\"X\",\"object\":\"Account\",\"steps\":[{}],\"approved\":{\"Nmae\":1}}]}",
          "Nmae" },
        { "{\"processRules\":[{\"name\":\"X\",\"object\":\"Account\",\"updates\":{\"Nmae\":1}}]}", "Nmae" },
    };
    (void)state;
    fixture x;
    sf_error err;
    open_fixture(&x);
    sf_id id = sfo_approvals_at(x.approvals, 0)->id;
    assert_int_equal(sfo_approvals_count(x.approvals), 3);
    sfo_approvals_free(x.approvals);
    sf_document_free(x.doc);
    assert_int_equal(load(&x, definitions, &err), SF_OK);
    assert_string_equal(sfo_approvals_at(x.approvals, 0)->id.text, id.text);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        fixture y = { .org = x.org };
        print_message("  %s\n", bad[i].json);
        assert_int_equal(load(&y, bad[i].json, &err), SF_ERR_USAGE);
        assert_null(y.approvals);
        assert_non_null(strstr(err.message, bad[i].word));
        sf_document_free(y.doc);
    }
    close_fixture(&x);
}

static void test_approval__rules_update_what_they_hold_for(void **state)
{
    (void)state;
    fixture x;
    sfo_fault f = { 0 };
    open_fixture(&x);
    sf_id big = org_must_create(&x.org, "Lead", "{\"LastName\":\"L\",\"Company\":\"C\",\"NumberOfEmployees\":1000}");
    sf_id small = org_must_create(&x.org, "Lead", "{\"LastName\":\"S\",\"Company\":\"C\",\"NumberOfEmployees\":999}");
    assert_true(sfo_rules_trigger(x.approvals, x.org.store, &x.org.context, sfi_str(big.text), &f));
    assert_true(sfo_rules_trigger(x.approvals, x.org.store, &x.org.context, sfi_str(small.text), &f));
    is(&x, "SELECT group_concat(LastName || coalesce(Rating,'-')) FROM (SELECT * FROM Lead ORDER BY LastName)",
       "LHot,S-");
    assert_false(sfo_rules_trigger(x.approvals, x.org.store, &x.org.context, SFI_STR("00Q000000000000AAA"), &f));
    assert_string_equal(f.code, "INVALID_CROSS_REFERENCE_KEY");
    sfo_fault_clear(&f);
    close_fixture(&x);
}

static void test_outbox__keeps_what_was_sent_in_order(void **state)
{
    (void)state;
    test_org org;
    sfo_fault f = { 0 };
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    int64_t removed = 0;
    org_open(&org);
    assert_true(sfo_outbox_add(org.store, &org.context, "email", SFI_STR("{\"subject\":\"one\"}"), &f));
    assert_true(sfo_store_begin(org.store, &f));
    assert_true(sfo_outbox_add(org.store, &org.context, "email", SFI_STR("{\"subject\":\"never\"}"), &f));
    sfo_store_rollback(org.store);
    assert_true(sfo_outbox_add(org.store, &org.context, "chatterPost", SFI_STR("{\"text\":\"two\"}"), &f));
    assert_true(sfo_outbox_write(org.store, &w, &f));
    sf_document *doc = org_json(text.data);
    sf_value root = sf_document_root(doc);
    assert_int_equal(sf_value_count(root), 2);
    assert_string_equal(sf_get_str(root, "0.message.subject"), "one");
    assert_string_equal(sf_get_str(root, "0.userId"), org.context.user_id);
    assert_string_equal(sf_get_str(root, "1.kind"), "chatterPost");
    sf_document_free(doc);
    assert_true(sfo_outbox_clear(org.store, &removed, &f));
    assert_int_equal(removed, 2);
    sfi_buf_free(&text);
    org_close(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_approval__goes_through_its_steps),
        cmocka_unit_test(test_approval__refuses_in_the_orgs_words),
        cmocka_unit_test(test_approval__only_the_approver_or_the_administrator_acts),
        cmocka_unit_test(test_approval__definitions_keep_their_ids_and_are_checked),
        cmocka_unit_test(test_approval__rules_update_what_they_hold_for),
        cmocka_unit_test(test_outbox__keeps_what_was_sent_in_order),
    };
    return cmocka_run_group_tests_name("approval", tests, NULL, NULL);
}
