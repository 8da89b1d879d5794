/* actions_test.c: what is sent for actions and approvals, and what becomes of each kind of answer: all done, some failed, refused as
 * a whole, damaged, lost. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

typedef struct wire {
    char *answer;
    wire_step steps[3];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} wire;

static void wire_open(wire *w, int status, const char *body, size_t cut, int retries)
{
    sf_error err = { 0 };
    size_t len = strlen(body), room = len + 256;
    *w = (wire){ .answer = malloc(room) };
    int head =
        snprintf(w->answer, room,
                 "HTTP/1.1 %d X\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
                 status, len, body);
    w->steps[0] = (wire_step)WIRE_REQUEST;
    w->steps[1] = (wire_step){ WIRE_OP_SEND, w->answer, (size_t)head - cut };
    w->steps[2] = cut > 0 ? (wire_step)WIRE_RESET : (wire_step)WIRE_AGAIN;
    w->script = w->steps;
    w->server = wire_start(&w->script, 1);
    assert_non_null(w->server);
    sf_status rc = sf_client_open(
        &(sf_client_options){ .instance_url = wire_url(w->server, ""),
                              .api_version = "62.0",
                              .retry = { .retries_max = retries, .pause_ms = 1, .breaker_failures = SF_NONE },
                              .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
        &w->sf, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
}

static void wire_close(wire *w)
{
    sf_client_close(w->sf);
    wire_stop(w->server);
    free(w->answer);
}

static void sent(wire *w, const char *line, const char *body)
{
    char *request = wire_request(w->server, 0);
    assert_non_null(request);
    if (strncmp(request, line, strlen(line)) != 0) fail_msg("%s is not %s", request, line);
    if (body != NULL && strstr(request, body) == NULL) fail_msg("%s lacks %s", request, body);
    free(request);
}

static sf_record *input(const char *name, const char *value)
{
    sf_record *r = sf_record_new("Input");
    if (sf_record_set_str(r, name, value) != SF_OK) fail_msg("%s", name);
    return r;
}

/* ---- invocable actions ---- */

static const char done[] = "{\"actionName\":\"F\",\"errors\":null,\"isSuccess\":true,\"outputValues\":{\"n\":\"<&>\"}}";
static const char locked[] = "{\"actionName\":\"F\",\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":"
                             "\"unable to lock\",\"fields\":"
                             "[\"Name\"]}],\"isSuccess\":false,\"outputValues\":null}";

static void test_action__results_come_in_order_whatever_the_status(void **state)
{
    static const struct {
        int status;
        const char *first, *second;
        size_t failed;
    } cases[] = {
        { 200, done, done, 0 },     { 200, locked, done, 1 },
        { 400, done, locked, 1 },   { 400, locked, done, 1 }, /* a locked row is no reason to repeat what is done */
        { 400, locked, locked, 2 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char body[1024];
        wire w;
        sf_error err = { 0 };
        sf_action_results *results = NULL;
        sf_action_result r;
        sf_record *inputs[] = { input("a", "<&>\"'"), input("a", "\xF0\x9F\x8E\x88") };
        snprintf(body, sizeof body, "[%s,%s]", cases[i].first, cases[i].second);
        wire_open(&w, cases[i].status, body, 0, 3);
        sf_status rc = sf_action_run(w.sf, "custom/flow/F", (const sf_record *const *)inputs, 2, NULL, &results, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(wire_requests(w.server), 1);
        sent(&w, "POST /services/data/v62.0/actions/custom/flow/F HTTP/1.1",
             "{\"inputs\":[{\"a\":\"<&>\\\"'\"},{\"a\":\"\xF0\x9F\x8E\x88\"}]}");
        assert_int_equal(sf_action_results_count(results), 2);
        assert_int_equal(sf_action_results_failed(results), cases[i].failed);
        for (size_t k = 0; k < 2; k++) {
            bool want = (k == 0 ? cases[i].first : cases[i].second) == locked;
            assert_true(sf_action_results_get(results, k, &r));
            assert_int_equal(r.failed, want);
            assert_int_equal(r.index, k);
            assert_int_equal(sf_action_result_check(&r, &err), want ? SF_ERR_ORG : SF_OK);
            if (!want) assert_string_equal(sf_get_str(r.outputs, "n"), "<&>");
            if (!want) continue;
            assert_string_equal(err.code, "UNABLE_TO_LOCK_ROW");
            assert_string_equal(err.fields, "Name");
            assert_true(err.retryable);
            assert_non_null(strstr(err.message, k == 0 ? "F, input 1" : "F, input 2"));
        }
        assert_false(sf_action_results_get(results, 2, &r));
        assert_int_equal(sf_value_count(sf_action_results_body(results)), 2);
        sf_action_results_free(results);
        for (size_t k = 0; k < 2; k++) sf_record_free(inputs[k]);
        wire_close(&w);
    }
}

static void test_action__what_cannot_be_understood_is_an_unknown_outcome(void **state)
{
    static const struct {
        int status;
        const char *body;
        size_t cut;
        sf_status want;
    } cases[] = {
        { 400, "[{\"errorCode\":\"INVALID_FIELD\",\"message\":\"no\"}]", 0, SF_ERR_ORG },
        { 404, "[{\"errorCode\":\"NOT_FOUND\",\"message\":\"no\"}]", 0, SF_ERR_NOT_FOUND },
        { 400, "", 0, SF_ERR_ORG },
        { 200, "[{\"isSuccess\":true},{\"isSuccess\":true}]", 0, SF_ERR_UNKNOWN_OUTCOME }, /* one was sent */
        { 200, "[]", 0, SF_ERR_UNKNOWN_OUTCOME },
        { 200, "{}", 0, SF_ERR_UNKNOWN_OUTCOME },
        { 200, "[{\"isSuccess\":\"yes\"}]", 0, SF_ERR_UNKNOWN_OUTCOME },
        { 200, "[{\"isSuccess\":tru", 0, SF_ERR_UNKNOWN_OUTCOME },
        { 400, "[{\"isSuccess\":false},{\"isSu", 0, SF_ERR_UNKNOWN_OUTCOME },
        { 400, "[{\"isSuccess\":false}]", 5, SF_ERR_UNKNOWN_OUTCOME },
        { 200, "[{\"isSuccess\":true}]", 5, SF_ERR_UNKNOWN_OUTCOME },
        { 500, "[{\"errorCode\":\"UNKNOWN_EXCEPTION\",\"message\":\"?\"}]", 0, SF_ERR_UNKNOWN_OUTCOME },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        wire w;
        sf_error err = { 0 };
        sf_action_results *results = NULL;
        print_message("  %d %s\n", cases[i].status, cases[i].body);
        wire_open(&w, cases[i].status, cases[i].body, cases[i].cut, 3);
        assert_int_equal(
            sf_action_run_json(w.sf, "standard/emailSimple", (sf_str){ "[{\"x\":1}]", 9 }, NULL, &results, &err),
            cases[i].want);
        assert_null(results);
        assert_int_equal(wire_requests(w.server), 1);
        assert_string_not_equal(err.message, "");
        wire_close(&w);
    }
}

/* An answer cut at every byte is never a success, and never one that invites a repeat. */
static void test_action__an_answer_cut_at_any_byte_is_unknown(void **state)
{
    (void)state;
    char body[512];
    snprintf(body, sizeof body, "[%s]", done);
    for (size_t len = 1; len < strlen(body); len++) {
        wire w;
        sf_error err = { 0 };
        sf_action_results *results = NULL;
        char part[512];
        memcpy(part, body, len);
        part[len] = '\0';
        for (int status = 200; status <= 400; status += 200) {
            wire_open(&w, status, part, 0, 2);
            sf_status rc = sf_action_run_json(w.sf, "custom/flow/F", (sf_str){ "[{}]", 4 }, NULL, &results, &err);
            if (rc != SF_ERR_UNKNOWN_OUTCOME) fail_msg("%d %s: %d %s", status, part, rc, err.message);
            assert_int_equal(wire_requests(w.server), 1);
            wire_close(&w);
        }
    }
}

static void test_action__bad_input_is_not_sent(void **state)
{
    static const struct {
        const char *action, *json;
        sf_status want;
    } cases[] = {
        { "custom/flow/F", "{}", SF_ERR_USAGE },
        { "custom/flow/F", "[]", SF_ERR_USAGE },
        { "custom/flow/F", "[1]", SF_ERR_USAGE },
        { "custom/flow/F", "[{}", SF_ERR_USAGE },
        { "", "[{}]", SF_ERR_USAGE },
        { "custom//F", "[{}]", SF_ERR_USAGE },
        { "a/b/c/d/e/f", "[{}]", SF_ERR_USAGE },
        { "custom/flow/F/", "[{}]", SF_ERR_USAGE },
        { "custom/flow/\xFF", "[{}]", SF_ERR_USAGE },
    };
    (void)state;
    wire w;
    sf_error err = { 0 };
    sf_action_results *results = NULL;
    wire_open(&w, 200, "[]", 0, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s %s\n", cases[i].action, cases[i].json);
        sf_str json = { cases[i].json, strlen(cases[i].json) };
        assert_int_equal(sf_action_run_json(w.sf, cases[i].action, json, NULL, &results, &err), cases[i].want);
        assert_null(results);
    }
    char many[SF_ACTION_INPUTS_MAX * 3 + 8] = "[";
    for (int i = 0; i <= SF_ACTION_INPUTS_MAX; i++) strcat(many, i == 0 ? "{}" : ",{}");
    strcat(many, "]");
    assert_int_equal(sf_action_run_json(w.sf, "custom/flow/F", (sf_str){ many, strlen(many) }, NULL, &results, &err),
                     SF_ERR_LIMIT);
    sf_record *bad = sf_record_new("Input");
    assert_int_equal(sf_record_set_str(bad, "not a name", "x"), SF_ERR_USAGE);
    assert_int_equal(sf_action_run(w.sf, "custom/flow/F", (const sf_record *const[]){ bad }, 1, NULL, &results, &err),
                     SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "input 1"));
    sf_record_free(bad);
    assert_int_equal(sf_quick_action_run(w.sf, "not a name", "A", NULL, NULL, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_quick_action_run(w.sf, NULL, "a/b", NULL, NULL, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_quick_action_run(w.sf, NULL, "A", "short", NULL, NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_action_run(NULL, "a", NULL, 1, NULL, &results, &err), SF_ERR_USAGE);
    assert_int_equal(sf_action_result_check(NULL, &err), SF_ERR_USAGE);
    sf_action_results_free(NULL);
    assert_int_equal(sf_action_results_count(NULL), 0);
    assert_int_equal(wire_requests(w.server), 0);
    wire_close(&w);
}

static void test_action__names_stay_in_their_place(void **state)
{
    (void)state;
    wire w;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    wire_open(&w, 200, "{}", 0, 1);
    assert_int_equal(sf_action_describe(w.sf, "custom/flow/..?x=#1.json", NULL, &doc, &err), SF_OK);
    sent(&w, "GET /services/data/v62.0/actions/custom/flow/%2E%2E%3Fx%3D%231%2Ejson HTTP/1.1", NULL);
    sf_document_free(doc);
    wire_close(&w);
}

/* ---- quick actions ---- */

static void test_quick_action__run_reads_what_was_made(void **state)
{
    (void)state;
    wire w;
    sf_error err = { 0 };
    sf_quick_action_result result;
    sf_record *r = input("LastName", "Smith");
    wire_open(&w, 201,
              "{\"contextId\":\"001D000000JRSGfIAP\",\"created\":true,\"feedItemIds\":[\"0D5D0000000oX5NKAU\"],"
              "\"id\":\"003D000000Q2oh2IAB\",\"ids\":null,\"success\":true,\"successMessage\":\"Done\",\"errors\":[]}",
              0, 1);
    assert_int_equal(sf_quick_action_run(w.sf, "Account", "NewContact", "001D000000JRSGfIAP", r, NULL, &result, &err),
                     SF_OK);
    sent(&w, "POST /services/data/v62.0/sobjects/Account/quickActions/NewContact HTTP/1.1",
         "{\"contextId\":\"001D000000JRSGfIAP\",\"record\":{\"LastName\":\"Smith\"}}");
    assert_string_equal(result.id.text, "003D000000Q2oh2IAB");
    assert_string_equal(result.context_id.text, "001D000000JRSGfIAP");
    assert_string_equal(result.feed_item_id.text, "0D5D0000000oX5NKAU");
    assert_string_equal(result.message, "Done");
    assert_true(result.created);
    sf_record_free(r);
    wire_close(&w);
    wire_open(&w, 200, "{\"success\":false,\"errors\":[{\"statusCode\":\"X_Y\",\"message\":\"m\",\"fields\":[\"F\"]}]}",
              0, 1);
    assert_int_equal(sf_quick_action_run(w.sf, NULL, "A", NULL, NULL, NULL, NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "X_Y");
    assert_string_equal(err.fields, "F");
    wire_close(&w);
    wire_open(&w, 201, "{\"id\":\"003D000000Q2oh2IAB\",\"suc", 0, 3);
    assert_int_equal(sf_quick_action_run(w.sf, NULL, "A", NULL, NULL, NULL, NULL, &err), SF_ERR_UNKNOWN_OUTCOME);
    assert_int_equal(wire_requests(w.server), 1);
    wire_close(&w);
}

/* ---- approvals ---- */

static void test_approval__requests_and_results(void **state)
{
    (void)state;
    static const char *const next[] = { "005D00000015rY9IAI", NULL };
    const sf_approval_request requests[] = {
        { .action = SF_APPROVAL_SUBMIT,
          .context_id = "001D000000I8mIm",
          .comments = "\"now\" <&>",
          .actor_id = "005D00000015rY9",
          .process = "PTO",
          .skip_entry_criteria = true,
          .next_approver_ids = next },
        { .action = SF_APPROVAL_REMOVE, .context_id = "04iD0000000Cw6SIAS" },
    };
    wire w;
    sf_error err = { 0 };
    sf_approval_results *results = NULL;
    sf_approval_result r;
    wire_open(
        &w, 400,
        "[{\"actorIds\":[\"005D00000015rY9IAI\"],\"entityId\":\"001D000000I8mImIAJ\",\"errors\":null,"
        "\"instanceId\":\"04gD0000000Cvm5IAC\",\"instanceStatus\":\"Pending\",\"newWorkitemIds\":"
        "[\"04iD0000000Cw6SIAS\"],\"success\":true},{\"actorIds\":null,\"entityId\":null,\"errors\":[{\"statusCode\":"
        "\"INVALID_CROSS_REFERENCE_KEY\",\"message\":\"invalid cross reference id\",\"fields\":[]}],\"instanceId\":"
        "null,\"instanceStatus\":null,\"newWorkitemIds\":null,\"success\":false}]",
        0, 3);
    if (sf_approval_run(w.sf, requests, 2, NULL, &results, &err) != SF_OK) fail_msg("%s", err.message);
    sent(&w, "POST /services/data/v62.0/process/approvals HTTP/1.1",
         "{\"requests\":[{\"actionType\":\"Submit\",\"contextActorId\":\"005D00000015rY9\",\"contextId\":"
         "\"001D000000I8mIm\",\"comments\":\"\\\"now\\\" <&>\",\"nextApproverIds\":[\"005D00000015rY9IAI\"],"
         "\"processDefinitionNameOrId\":\"PTO\",\"skipEntryCriteria\":true},{\"actionType\":\"Removed\",\"contextId\":"
         "\"04iD0000000Cw6SIAS\"}]}");
    assert_int_equal(sf_approval_results_count(results), 2);
    assert_int_equal(sf_approval_results_failed(results), 1);
    assert_true(sf_approval_results_get(results, 0, &r));
    assert_string_equal(r.status, "Pending");
    assert_string_equal(r.entity_id.text, "001D000000I8mImIAJ");
    assert_string_equal(r.instance_id.text, "04gD0000000Cvm5IAC");
    assert_string_equal(r.workitem_id.text, "04iD0000000Cw6SIAS");
    assert_string_equal(r.actor_id.text, next[0]);
    assert_int_equal(sf_approval_result_check(&r, &err), SF_OK);
    assert_true(sf_approval_results_get(results, 1, &r));
    assert_null(r.status);
    assert_int_equal(sf_approval_result_check(&r, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_CROSS_REFERENCE_KEY");
    sf_approval_results_free(results);
    wire_close(&w);
}

static void test_approval__bad_requests_are_not_sent(void **state)
{
    static const char *const bad_next[] = { "x", NULL };
    const sf_approval_request cases[] = {
        { .action = SF_APPROVAL_SUBMIT },
        { .action = SF_APPROVAL_SUBMIT, .context_id = "no id" },
        { .action = (sf_approval_action)9, .context_id = "001D000000I8mIm" },
        { .action = SF_APPROVAL_SUBMIT, .context_id = "001D000000I8mIm", .actor_id = "x" },
        { .action = SF_APPROVAL_SUBMIT, .context_id = "001D000000I8mIm", .skip_entry_criteria = true },
        { .action = SF_APPROVAL_APPROVE, .context_id = "04iD0000000Cw6SIAS", .process = "P" },
        { .action = SF_APPROVAL_APPROVE, .context_id = "04iD0000000Cw6SIAS", .next_approver_ids = bad_next },
        { .action = SF_APPROVAL_APPROVE, .context_id = "04iD0000000Cw6SIAS", .comments = "\xFF" },
        { .action = SF_APPROVAL_APPROVE, .context_id = "04iD0000000Cw6SIAS", .reserved = { 1 } },
    };
    (void)state;
    wire w;
    sf_error err = { 0 };
    sf_approval_results *results = NULL;
    wire_open(&w, 200, "[]", 0, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(sf_approval_run(w.sf, &cases[i], 1, NULL, &results, &err), SF_ERR_USAGE);
        assert_null(results);
    }
    assert_int_equal(sf_approval_run(w.sf, cases, 0, NULL, &results, &err), SF_ERR_USAGE);
    assert_int_equal(sf_process_rule_trigger(w.sf, bad_next, 1, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(wire_requests(w.server), 0);
    wire_close(&w);
    wire_open(&w, 200, "{\"errors\":null,\"success\":true}", 0, 1);
    assert_int_equal(sf_process_rule_trigger(w.sf, (const char *const[]){ "00QD000000AAAAA" }, 1, NULL, &err), SF_OK);
    sent(&w, "POST /services/data/v62.0/process/rules HTTP/1.1", "{\"contextIds\":[\"00QD000000AAAAA\"]}");
    wire_close(&w);
    wire_open(&w, 400, "{\"errors\":[{\"statusCode\":\"A_B\",\"message\":\"m\",\"fields\":[]}],\"success\":false}", 0,
              1);
    assert_int_equal(sf_process_rule_trigger(w.sf, (const char *const[]){ "00QD000000AAAAA" }, 1, NULL, &err),
                     SF_ERR_ORG);
    assert_string_equal(err.code, "A_B");
    wire_close(&w);
}

static void test_action__run_survives_each_failed_allocation(void **state)
{
    (void)state;
    char body[512];
    wire w;
    sf_record *one = input("a", "b");
    snprintf(body, sizeof body, "[%s]", locked);
    wire_open(&w, 400, body, 0, SF_NONE);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sf_action_results *results = NULL;
        test_allocations_limit(n);
        sf_error err;
        rc = sf_action_run(w.sf, "custom/flow/F", (const sf_record *const[]){ one }, 1, NULL, &results, &err);
        test_allocations_limit(-1);
        if (rc != SF_OK) assert_string_not_equal(err.message, "");
        assert_true((rc == SF_OK) == (results != NULL));
        sf_action_results_free(results);
        assert_true(n < 2000);
    }
    sf_record_free(one);
    wire_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_action__results_come_in_order_whatever_the_status),
        cmocka_unit_test(test_action__what_cannot_be_understood_is_an_unknown_outcome),
        cmocka_unit_test(test_action__an_answer_cut_at_any_byte_is_unknown),
        cmocka_unit_test(test_action__bad_input_is_not_sent),
        cmocka_unit_test(test_action__names_stay_in_their_place),
        cmocka_unit_test(test_quick_action__run_reads_what_was_made),
        cmocka_unit_test(test_approval__requests_and_results),
        cmocka_unit_test(test_approval__bad_requests_are_not_sent),
        cmocka_unit_test(test_action__run_survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("actions", tests, NULL, NULL);
}
