/* actions_test.c: actions and approvals against a real local org: what they write, who fails among many, what a lost answer means. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

#define TEXT(literal) ((sf_str){ literal, sizeof(literal) - 1 })

static test_org org;
static sf_client *sf;
static sf_error err;
static sf_id account;

static sf_client *connect_client(int retries)
{
    sf_client *client = NULL;
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .retries_max = retries, .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &client, &err);
    return rc == SF_OK ? client : NULL;
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    sf = connect_client(0);
    sf_record *r = sf_record_new("Account");
    sf_status rc = sf != NULL ? sf_record_set_str(r, "Name", "Acme <&>\"' \xD7\xA2 \xF0\x9F\x8E\x88") : SF_ERR_NETWORK;
    if (rc == SF_OK) rc = sf_record_set_str(r, "Phone", "123");
    if (rc == SF_OK) rc = sf_record_create(sf, r, NULL, &account, &err);
    sf_record_free(r);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static int64_t count(const char *soql)
{
    int64_t n = -1;
    if (sf_query_count(sf, soql, NULL, &n, &err) != SF_OK) fail_msg("%s", err.message);
    return n;
}

static void field_is(const char *object, const char *id, const char *field, const char *want)
{
    sf_document *doc = NULL;
    if (sf_record_get(sf, object, id, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    const char *got = sf_get_str(sf_document_root(doc), field);
    if (got == NULL || strcmp(got, want) != 0) fail_msg("%s.%s is %s, want %s", object, field, got, want);
    sf_document_free(doc);
}

/* ---- quick actions ---- */

static void test_quick_action__lists_its_kinds(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_value v;
    bool global = false, own = false;
    assert_int_equal(sf_quick_action_list(sf, "Account", NULL, &doc, &err), SF_OK);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &v);) {
        const char *name = sf_get_str(v, "name"), *url = sf_get_str(v, "urls.quickAction");
        assert_non_null(name);
        global = global || strcmp(name, "LogACall") == 0;
        own = own || (strcmp(name, "UpdatePhone") == 0 &&
                      strcmp(url, "/services/data/v62.0/sobjects/Account/quickActions/UpdatePhone") == 0);
    }
    assert_true(global && own);
    sf_document_free(doc);
    assert_int_equal(sf_quick_action_list(sf, NULL, NULL, &doc, &err), SF_OK);
    assert_int_equal(sf_value_count(sf_document_root(doc)), 16);
    sf_document_free(doc);
    assert_int_equal(sf_quick_action_list(sf, "Nothing__c", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_null(doc);
    assert_int_equal(sf_quick_action_describe(sf, NULL, "NewTask", NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "targetSobjectType"), "Task");
    assert_string_equal(sf_get_str(sf_document_root(doc), "layout.layoutRows.0.layoutItems.0.layoutComponents.0.value"),
                        "Subject");
    sf_document_free(doc);
    assert_int_equal(sf_quick_action_describe(sf, NULL, "NoSuch", NULL, &doc, &err), SF_ERR_NOT_FOUND);
}

static void test_quick_action__defaults_speak_of_the_record(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    assert_int_equal(sf_quick_action_defaults(sf, "Account", "NewOpportunity", account.text, NULL, &doc, &err), SF_OK);
    sf_value root = sf_document_root(doc);
    assert_string_equal(sf_get_str(root, "attributes.type"), "Opportunity");
    assert_string_equal(sf_get_str(root, "AccountId"), account.text);
    assert_string_equal(sf_get_str(root, "Name"), "Acme <&>\"' \xD7\xA2 \xF0\x9F\x8E\x88");
    assert_true(sf_is_null(root, "CloseDate"));
    sf_document_free(doc);
    assert_int_equal(sf_quick_action_defaults(sf, NULL, "NewTask", NULL, NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "Status"), "Not Started");
    assert_true(sf_is_null(sf_document_root(doc), "Subject"));
    sf_document_free(doc);
    assert_int_equal(sf_quick_action_defaults(sf, "Account", "NewContact", "001000000000000AAA", NULL, &doc, &err),
                     SF_ERR_NOT_FOUND);
}

static void test_quick_action__run_writes(void **state)
{
    (void)state;
    sf_quick_action_result result;
    sf_record *r = sf_record_new("Contact");
    assert_int_equal(sf_record_set_str(r, "LastName", "\xE2\x80\xAErtl & <b>"), SF_OK);
    if (sf_quick_action_run(sf, "Account", "NewContact", account.text, r, NULL, &result, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_true(result.created);
    assert_string_equal(result.message, "The contact was created.");
    assert_string_equal(result.context_id.text, account.text);
    field_is("Contact", result.id.text, "LastName", "\xE2\x80\xAErtl & <b>");
    field_is("Contact", result.id.text, "AccountId", account.text);
    field_is("Contact", result.id.text, "Phone", "123"); /* the definition's: of the account */
    sf_record_free(r);

    assert_int_equal(sf_quick_action_run(sf, NULL, "LogACall", result.id.text, NULL, NULL, &result, &err), SF_OK);
    field_is("Task", result.id.text, "Status", "Completed");
    field_is("Task", result.id.text, "TaskSubtype", "Call");

    r = sf_record_new("Account");
    assert_int_equal(sf_record_set_str(r, "Phone", "456"), SF_OK);
    assert_int_equal(sf_quick_action_run(sf, "Account", "UpdatePhone", account.text, r, NULL, &result, &err), SF_OK);
    assert_false(result.created);
    field_is("Account", account.text, "Phone", "456");
    assert_int_equal(sf_quick_action_run(sf, "Account", "UpdatePhone", NULL, r, NULL, &result, &err), SF_ERR_ORG);
    assert_string_equal(err.fields, "contextId");
    assert_int_equal(sf_quick_action_run(sf, NULL, "NewContact", NULL, NULL, NULL, &result, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
    assert_int_equal(sf_quick_action_run(sf, NULL, "FeedItem.TextPost", NULL, NULL, NULL, &result, &err), SF_ERR_ORG);
    sf_record_free(r);
}

/* ---- invocable actions ---- */

static void test_action__lists_and_describes(void **state)
{
    static const struct {
        const char *context, *path, *want;
    } cases[] = {
        { NULL, "standard", "/services/data/v62.0/actions/standard" },
        { "standard", "actions.0.type", "CHATTERPOST" },
        { "custom", "flow", "/services/data/v62.0/actions/custom/flow" },
        { "custom/flow", "actions.0.name", "Open_Case" },
        { "custom/apex", "actions.0.type", "APEX" },
        { "custom/quickAction", "Account", "/services/data/v62.0/actions/custom/quickAction/Account" },
        { "custom/quickAction/Account", "actions.0.type", "QUICK_ACTION" },
        { "custom/emailAlert/Case", "actions.0.name", "Case_Answered" },
    };
    (void)state;
    sf_document *doc = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (sf_action_list(sf, cases[i].context, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        assert_string_equal(sf_get_str(sf_document_root(doc), cases[i].path), cases[i].want);
        sf_document_free(doc);
    }
    assert_int_equal(sf_action_list(sf, "custom/nothing", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_action_describe(sf, "standard/emailSimple", NULL, &doc, &err), SF_OK);
    assert_true(sf_get_bool(sf_document_root(doc), "standard", false));
    assert_string_equal(sf_get_str(sf_document_root(doc), "inputs.0.name"), "emailBody");
    assert_true(sf_get_bool(sf_document_root(doc), "inputs.0.required", false));
    sf_document_free(doc);
    assert_int_equal(sf_action_describe(sf, "custom/quickAction/Account/NewContact", NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "targetEntityName"), "Account");
    sf_document_free(doc);
}

static void test_action__those_that_fail_leave_the_others_done(void **state)
{
    static const struct {
        const char *subject, *code;
    } cases[] = {
        { "one", NULL },
        { "fail", "UNKNOWN_EXCEPTION" },
        { "two <&> \xF0\x9F\x8E\x88", NULL },
        { "fail late", "CANNOT_EXECUTE_FLOW_TRIGGER" },
        { "", "REQUIRED_FIELD_MISSING" },
    };
    (void)state;
    int64_t before = count("SELECT COUNT() FROM Case");
    sf_record *inputs[COUNT_OF(cases)];
    sf_action_results *results = NULL;
    sf_action_result r;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        inputs[i] = sf_record_new("Input");
        assert_int_equal(sf_record_set_str(inputs[i], "subject", cases[i].subject), SF_OK);
        assert_int_equal(sf_record_set_str(inputs[i], "accountId", account.text), SF_OK);
    }
    if (sf_action_run(sf, "custom/flow/Open_Case", (const sf_record *const *)inputs, COUNT_OF(cases), NULL, &results,
                      &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(sf_action_results_count(results), COUNT_OF(cases));
    assert_int_equal(sf_action_results_failed(results), 3);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(sf_action_results_get(results, i, &r));
        assert_int_equal(r.failed, cases[i].code != NULL);
        assert_int_equal(sf_action_result_check(&r, &err), cases[i].code != NULL ? SF_ERR_ORG : SF_OK);
        if (cases[i].code != NULL) {
            assert_string_equal(err.code, cases[i].code);
            continue;
        }
        assert_string_equal(sf_get_str(r.outputs, "Flow__InterviewStatus"), "Finished");
        field_is("Case", sf_get_str(r.outputs, "caseId"), "Subject", cases[i].subject);
        field_is("Case", sf_get_str(r.outputs, "caseId"), "AccountId", account.text);
    }
    assert_int_equal(count("SELECT COUNT() FROM Case"), before + 2);
    sf_action_results_free(results);
    for (size_t i = 0; i < COUNT_OF(cases); i++) sf_record_free(inputs[i]);
}

static void test_action__standard_apex_and_quick_actions_run(void **state)
{
    (void)state;
    sf_action_results *results = NULL;
    sf_action_result r;
    char json[512];
    assert_int_equal(sf_action_run_json(sf, "standard/emailSimple",
                                        TEXT("[{\"emailSubject\":\"s\",\"emailBody\":\"b\",\"emailAddresses\":"
                                             "\"a@b.example;c@d.example\"},{\"emailSubject\":\"s\",\"emailBody\":"
                                             "\"b\",\"emailAddresses\":\"nobody\"}]"),
                                        NULL, &results, &err),
                     SF_OK);
    assert_int_equal(sf_action_results_failed(results), 1);
    sf_action_results_free(results);
    assert_int_equal(test_org_http(&org, "GET", "/__org/outbox", NULL, NULL), 200);
    assert_non_null(strstr(org.reply, "\"to\":[\"a@b.example\",\"c@d.example\"]"));
    assert_null(strstr(org.reply, "nobody"));

    snprintf(json, sizeof json, "[{\"contextId\":\"%s\",\"LastName\":\"Via\"}]", account.text);
    assert_int_equal(sf_action_run_json(sf, "custom/quickAction/Account/NewContact", (sf_str){ json, strlen(json) },
                                        NULL, &results, &err),
                     SF_OK);
    assert_int_equal(sf_action_results_failed(results), 0);
    assert_true(sf_action_results_get(results, 0, &r));
    field_is("Contact", sf_get_str(r.outputs, "entityId"), "LastName", "Via");
    sf_action_results_free(results);
    assert_int_equal(sf_action_run_json(sf, "custom/flow/Nothing", TEXT("[{}]"), NULL, &results, &err),
                     SF_ERR_NOT_FOUND);
    assert_null(results);
}

static void test_action__a_lost_answer_is_not_repeated(void **state)
{
    (void)state;
    sf_action_results *results = NULL;
    sf_quick_action_result result;
    sf_approval_results *approvals = NULL;
    sf_record *r = sf_record_new("Contact");
    assert_int_equal(sf_record_set_str(r, "LastName", "Lost"), SF_OK);
    sf_client *patient = connect_client(5);
    assert_non_null(patient);
    int64_t cases = count("SELECT COUNT() FROM Case"), contacts = count("SELECT COUNT() FROM Contact");
    test_org_fault(&org, "lost:method=POST,times=3");
    assert_int_equal(
        sf_action_run_json(patient, "custom/flow/Open_Case", TEXT("[{\"subject\":\"x\"}]"), NULL, &results, &err),
        SF_ERR_UNKNOWN_OUTCOME);
    assert_null(results);
    assert_int_equal(sf_quick_action_run(patient, "Account", "NewContact", account.text, r, NULL, &result, &err),
                     SF_ERR_UNKNOWN_OUTCOME);
    assert_int_equal(sf_approval_run(patient,
                                     &(sf_approval_request){ .action = SF_APPROVAL_SUBMIT, .context_id = account.text },
                                     1, NULL, &approvals, &err),
                     SF_ERR_UNKNOWN_OUTCOME);
    assert_null(approvals);
    test_org_faults_clear(&org);
    assert_int_equal(count("SELECT COUNT() FROM Case"), cases + 1); /* once */
    assert_int_equal(count("SELECT COUNT() FROM Contact"), contacts + 1);
    assert_int_equal(count("SELECT COUNT() FROM ProcessInstance"), 1);
    sf_client_close(patient);
    sf_record_free(r);
}

/* ---- approvals ---- */

static sf_approval_results *approve(const sf_approval_request *requests, size_t n)
{
    sf_approval_results *results = NULL;
    if (sf_approval_run(sf, requests, n, NULL, &results, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(sf_approval_results_count(results), n);
    return results;
}

static void test_approval__from_submit_to_approved(void **state)
{
    (void)state;
    sf_approval_result r;
    sf_record *name = sf_record_new("Account");
    sf_id one = { "" };
    assert_int_equal(sf_record_set_str(name, "Name", "One"), SF_OK);
    assert_int_equal(sf_record_create(sf, name, NULL, &one, &err), SF_OK);
    sf_approval_request submits[] = {
        { .action = SF_APPROVAL_SUBMIT, .context_id = one.text, .comments = "please <&>" },
        { .action = SF_APPROVAL_SUBMIT, .context_id = one.text },
    };
    sf_approval_results *results = approve(submits, 2);
    assert_int_equal(sf_approval_results_failed(results), 1);
    assert_true(sf_approval_results_get(results, 1, &r));
    assert_int_equal(sf_approval_result_check(&r, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "ALREADY_IN_PROCESS");
    assert_true(sf_approval_results_get(results, 0, &r));
    assert_string_equal(r.status, "Pending");
    sf_id item = r.workitem_id, instance = r.instance_id;
    sf_approval_results_free(results);

    assert_int_equal(sf_record_update(sf, name, one.text, NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "ENTITY_IS_LOCKED");
    assert_int_equal(sf_record_delete(sf, "Account", one.text, NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "ENTITY_IS_LOCKED");

    results = approve(&(sf_approval_request){ .action = SF_APPROVAL_APPROVE, .context_id = item.text }, 1);
    assert_true(sf_approval_results_get(results, 0, &r));
    assert_string_equal(r.status, "Approved");
    assert_string_equal(r.instance_id.text, instance.text);
    assert_string_equal(r.workitem_id.text, "");
    sf_approval_results_free(results);
    field_is("ProcessInstance", instance.text, "Status", "Approved");
    assert_int_equal(count("SELECT COUNT() FROM ProcessInstanceWorkitem WHERE ProcessInstance.Status = 'Approved'"), 0);
    assert_int_equal(count("SELECT COUNT() FROM ProcessInstanceStep WHERE StepStatus = 'Approved'"), 1);
    assert_int_equal(sf_record_update(sf, name, one.text, NULL, &err), SF_OK);
    sf_record_free(name);
}

static void test_approval__lists_and_refuses(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_approval_result r;
    assert_int_equal(sf_approval_list(sf, NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "approvals.Account.0.object"), "Account");
    assert_memory_equal(sf_get_str(sf_document_root(doc), "approvals.Opportunity.0.id"), "04a", 3);
    sf_document_free(doc);
    sf_record *lead = sf_record_new("Lead");
    sf_id id = { "" };
    assert_int_equal(sf_record_set_str(lead, "LastName", "L"), SF_OK);
    assert_int_equal(sf_record_set_str(lead, "Company", "C"), SF_OK);
    assert_int_equal(sf_record_set_int(lead, "NumberOfEmployees", 5000), SF_OK);
    assert_int_equal(sf_record_create(sf, lead, NULL, &id, &err), SF_OK);
    sf_approval_results *results =
        approve(&(sf_approval_request){ .action = SF_APPROVAL_SUBMIT, .context_id = id.text }, 1);
    assert_true(sf_approval_results_get(results, 0, &r));
    assert_int_equal(sf_approval_result_check(&r, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "NO_APPLICABLE_PROCESS");
    sf_approval_results_free(results);

    assert_int_equal(sf_process_rule_list(sf, "Lead", NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "rules.Lead.0.actions.0.type"), "FieldUpdate");
    assert_int_equal(sf_value_type(sf_get(sf_document_root(doc), "rules.Case")), SF_MISSING);
    sf_document_free(doc);
    assert_int_equal(sf_process_rule_trigger(sf, (const char *const[]){ id.text }, 1, NULL, &err), SF_OK);
    field_is("Lead", id.text, "Rating", "Hot");
    assert_int_equal(sf_process_rule_trigger(sf, (const char *const[]){ "00Q000000000000AAA" }, 1, NULL, &err),
                     SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_CROSS_REFERENCE_KEY");
    sf_record_free(lead);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quick_action__lists_its_kinds),
        cmocka_unit_test(test_quick_action__defaults_speak_of_the_record),
        cmocka_unit_test(test_quick_action__run_writes),
        cmocka_unit_test(test_action__lists_and_describes),
        cmocka_unit_test(test_action__those_that_fail_leave_the_others_done),
        cmocka_unit_test(test_action__standard_apex_and_quick_actions_run),
        cmocka_unit_test(test_action__a_lost_answer_is_not_repeated),
        cmocka_unit_test(test_approval__from_submit_to_approved),
        cmocka_unit_test(test_approval__lists_and_refuses),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("actions", tests, start, stop);
}
