/*
 * soap_client_test.c: SOAP answers that real orgs once gave, replayed through the client. The files lie beside the checkout
 * (shared/recorded/soap and more/soap, see their INDEX.md); without them the test says so and is skipped. A file that no
 * case names fails the test. Then the faults that the API documents, each as it stands on the wire.
 */
#include "support/replay.h"
#include <salesforce.h>

#define XML "text/xml; charset=utf-8"

/* What an answer holds, by path below the element in its body. */
static const struct {
    const char *file;
    sf_soap_api api;
    const char *operation; /* the body that is sent is <operation/> */
    const char *paths[4][2];
    size_t results;
} answers[] = {
    { "soap/create-failure.xml",
      SF_SOAP_PARTNER,
      "create",
      { { "result.errors.statusCode", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" },
        { "result.id", NULL },
        { "result.success", "false" } },
      1 },
    { "soap/create-ok.xml", SF_SOAP_PARTNER, "create", { { "result.id", "006A000000LbiizIAB" } }, 1 },
    { "soap/delete-failure.xml",
      SF_SOAP_PARTNER,
      "delete",
      { { "result.errors.message", "bad id 006i000004DAKd" }, { "result.errors.statusCode", "MALFORMED_ID" } },
      1 },
    { "soap/describe-global-two.xml",
      SF_SOAP_PARTNER,
      "describeGlobal",
      { { "result.sobjects.1.name", "AccountContactRole" }, { "result.maxBatchSize", "200" } },
      1 },
    { "soap/get-user-info.xml",
      SF_SOAP_PARTNER,
      "getUserInfo",
      { { "result.userFullName", "John Doe" }, { "result.roleId", NULL }, { "result.sessionSecondsValid", "7200" } },
      1 },
    { "soap/login-partner-v42.http",
      SF_SOAP_PARTNER,
      "login",
      { { "result.passwordExpired", "false" }, { "result.userInfo.currencySymbol", "$" } },
      1 },
    { "soap/merge-ok.xml", SF_SOAP_PARTNER, "merge", { { "result.mergedRecordIds.1", "001150000000000AAO" } }, 1 },
    { "soap/metadata-describe.xml",
      SF_SOAP_METADATA,
      "describeMetadata",
      { { "result.metadataObjects.0.childXmlNames", "CustomLabel" },
        { "result.organizationNamespace", "" },
        { "result.metadataObjects.5.childXmlNames.8", "FieldSet" } },
      1 },
    { "soap/metadata-list-empty.xml", SF_SOAP_METADATA, "listMetadata", { { "result", NULL } }, 0 },
    { "soap/metadata-upsert-errors.xml",
      SF_SOAP_METADATA,
      "upsertMetadata",
      { { "result.errors.message", "Invalid length, minimum is: 256" },
        { "result.2.errors.statusCode", "ALL_OR_NONE_OPERATION_ROLLED_BACK" } },
      3 },
    { "soap/process-submit.xml", SF_SOAP_PARTNER, "process", { { "result.instanceStatus", "Pending" } }, 1 },
    { "soap/query-contacts-257kb.xml",
      SF_SOAP_PARTNER,
      "query",
      { { "result.size", "58" },
        { "result.records.0.LastName", "Gently" },
        { "result.records.0.Description", "Bee's knees" },
        { "result.records.57.IsDuplicate__c", "false" } },
      1 },
    { "soap/query-organization.xml",
      SF_SOAP_PARTNER,
      "query",
      { { "result.records.type", "Organization" }, { "result.done", "true" } },
      1 },
    { "soap/query-two-rows.xml",
      SF_SOAP_PARTNER,
      "query",
      { { "result.records.1.StageName", "Value Proposition" }, { "result.queryLocator", NULL } },
      1 },
    { "soap/retrieve-one.xml",
      SF_SOAP_PARTNER,
      "retrieve",
      { { "result.Name", "SOAPForce Opportunity" }, { "result.Description", NULL } },
      1 },
    { "soap/upsert-two.xml",
      SF_SOAP_PARTNER,
      "upsert",
      { { "result.0.created", "true" }, { "result.1.created", "false" } },
      2 },
    { "more/soap/login-enterprise.xml", SF_SOAP_ENTERPRISE, "login", { { "result.passwordExpired", "false" } }, 1 },
    { "more/soap/login-partner-2013.xml", SF_SOAP_PARTNER, "login", { { "result.userInfo.roleId", NULL } }, 1 },
    { "more/soap/login-partner-v24.xml", SF_SOAP_PARTNER, "login", { { "result.userId", "005E00000017spfIAA" } }, 1 },
    { "more/soap/merge-failure.xml",
      SF_SOAP_PARTNER,
      "merge",
      { { "result.errors.statusCode", "MALFORMED_ID" }, { "result.id", "001160000000000AAG" } },
      1 },
    { "more/soap/metadata-fault-bad-request.xml",
      SF_SOAP_METADATA,
      "upsertMetadata",
      { { "result.fullName", "TestObject15__c.IsReady__c" } },
      1 },
    { "more/soap/metadata-list.xml",
      SF_SOAP_METADATA,
      "listMetadata",
      { { "result.1.fullName", "Site" }, { "result.id", "" } },
      2 },
    { "more/soap/process-workitem.xml", SF_SOAP_PARTNER, "process", { { "result.instanceStatus", "Removed" } }, 1 },
    { "more/soap/query-all.xml", SF_SOAP_PARTNER, "queryAll", { { "result.records.0.Name", "Opportunity 1" } }, 1 },
    { "more/soap/query-more.xml", SF_SOAP_PARTNER, "queryMore", { { "result.records.1.Name", "Opportunity 2" } }, 1 },
    { "more/soap/search-empty.xml", SF_SOAP_PARTNER, "search", { { "result", "" } }, 1 },
    { "more/soap/update-failure.xml", SF_SOAP_PARTNER, "update", { { "result.success", "false" } }, 1 },
};

static const struct {
    const char *file, *code, *message;
    sf_status status;
} faults[] = {
    { "soap/fault-invalid-login-enterprise-no-prefix.xml", "INVALID_LOGIN", "Invalid username, password", SF_ERR_AUTH },
    { "soap/fault-invalid-login-enterprise-prefix.xml", "INVALID_LOGIN", "Invalid username, password", SF_ERR_AUTH },
    { "soap/fault-invalid-login-with-prefix.xml", "INVALID_LOGIN", "Invalid username, password", SF_ERR_AUTH },
    { "soap/fault-invalid-session-with-detail.xml", "INVALID_SESSION_ID",
      "Invalid Session ID found in SessionHeader: Illegal Session", SF_ERR_AUTH },
    { "soap/fault-unknown-exception-bad-xml.xml", "UNKNOWN_EXCEPTION",
      "The reference to entity \"Cl\" must end with the ';' delimiter.", SF_ERR_ORG },
    { "more/soap/fault-invalid-login-metaforce.xml", "INVALID_LOGIN", "user locked out", SF_ERR_AUTH },
};

static sf_status call(replay *r, sf_soap_api api, const char *operation, sf_xml **out, sf_error *err)
{
    char body[100];
    snprintf(body, sizeof body, "<urn:%s/>", operation);
    return sf_soap_call(r->sf, (sf_str){ body, strlen(body) }, &(sf_soap_options){ .api = api, .repeatable = true },
                        out, err);
}

static void test_recorded_soap__answers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        replay r;
        sf_xml *doc = NULL;
        sf_error err;
        char want[100];
        replay_start(&r, answers[i].file, 200, XML);
        sf_status rc = call(&r, answers[i].api, answers[i].operation, &doc, &err);
        if (rc != SF_OK) fail_msg("%s: %s", answers[i].file, err.message);
        sf_xml_element body = sf_soap_body(doc);
        snprintf(want, sizeof want, "%sResponse", answers[i].operation);
        assert_string_equal(sf_xml_name(body), want);
        assert_int_equal(sf_xml_count(body, "result"), answers[i].results);
        for (size_t p = 0; p < COUNT_OF(answers[i].paths) && answers[i].paths[p][0] != NULL; p++) {
            const char *text = sf_xml_get_str(body, answers[i].paths[p][0]), *expected = answers[i].paths[p][1];
            if (expected == NULL ? text != NULL : text == NULL || strcmp(text, expected) != 0)
                fail_msg("%s is %s", answers[i].paths[p][0], text != NULL ? text : "not there");
        }
        sf_xml_free(doc);
        replay_stop(&r);
    }
}

static void check_fault(replay *r, const char *what, const char *code, const char *message, sf_status status)
{
    sf_error err = { 0 };
    sf_xml *doc = NULL;
    sf_status rc = call(r, SF_SOAP_PARTNER, "query", &doc, &err);
    if (rc != status || strcmp(err.code, code) != 0 || strstr(err.message, message) == NULL)
        fail_msg("%s: %s, code %s: %s", what, sf_status_name(rc), err.code, err.message);
    assert_int_equal(err.status, rc);
    assert_null(doc);
}

static void test_recorded_soap__faults_arrive_with_code_and_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        replay r;
        replay_start(&r, faults[i].file, 500, XML);
        check_fault(&r, faults[i].file, faults[i].code, faults[i].message, faults[i].status);
        replay_stop(&r);
    }
}

static bool is_named(const char *name)
{
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(answers); i++) found |= strcmp(answers[i].file, name) == 0;
    for (size_t i = 0; i < COUNT_OF(faults); i++) found |= strcmp(faults[i].file, name) == 0;
    return found;
}

static void test_recorded_soap__no_file_is_left_out(void **state)
{
    (void)state;
    recorded_assert_named("soap", is_named);
    recorded_assert_named("more/soap", is_named);
}

/* The rows of typed calls. */
static void test_recorded_soap__rows_are_results(void **state)
{
    (void)state;
    replay r;
    sf_soap_results *rows = NULL;
    sf_error err;
    sf_record *account = sf_record_new("Account");
    const sf_soap_merge_request merge = { .master = account,
                                          .master_id = "001160000000000AAG",
                                          .ids = (const char *const[]){ "001140000000000AA4", "001150000000000AAO" },
                                          .id_count = 2 };
    replay_start(&r, "soap/merge-ok.xml", 200, XML);
    assert_int_equal(sf_soap_merge(r.sf, &merge, 1, NULL, &rows, &err), SF_OK);
    const sf_soap_result *row = sf_soap_results_at(rows, 0);
    assert_true(row->success);
    assert_string_equal(row->id.text, "001160000000000AAG");
    assert_int_equal(row->merged_count, 2);
    assert_string_equal(row->merged_ids[1].text, "001150000000000AAO");
    assert_int_equal(sf_soap_results_failed(rows), 0);
    assert_int_equal(sf_soap_result_error(row, &err), SF_OK);
    sf_soap_results_free(rows);
    replay_stop(&r);

    replay_start(&r, "more/soap/merge-failure.xml", 200, XML);
    assert_int_equal(sf_soap_merge(r.sf, &merge, 1, NULL, &rows, &err), SF_OK);
    assert_int_equal(sf_soap_results_failed(rows), 1);
    row = sf_soap_results_at(rows, 0);
    assert_int_equal(row->error_count, 1);
    assert_string_equal(row->errors[0].code, "MALFORMED_ID");
    assert_int_equal(sf_soap_result_error(row, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "MALFORMED_ID");
    assert_non_null(strstr(err.message, "bad id in recordsToMerge: 0011500000000"));
    sf_soap_results_free(rows);
    replay_stop(&r);

    replay_start(&r, "soap/process-submit.xml", 200, XML);
    const sf_soap_process_request submit = { .object_id = "a00i0000007JBLJAA4" };
    assert_int_equal(sf_soap_process(r.sf, &submit, 1, NULL, &rows, &err), SF_OK);
    row = sf_soap_results_at(rows, 0);
    assert_string_equal(row->id.text, "a00i0000007JBLJAA4");
    assert_string_equal(row->instance_id.text, "04gi00000009u5ZAAQ");
    assert_string_equal(row->instance_status, "Pending");
    assert_string_equal(row->actor_ids[0].text, "005i0000000Fi7vAAC");
    assert_string_equal(row->new_workitem_ids[0].text, "04ii000000098uLAAQ");
    sf_soap_results_free(rows);
    replay_stop(&r);
    sf_record_free(account);
}

/* Every code that the API documents, as a fault with a detail of its own and as one without. */
static void test_recorded_soap__every_documented_fault(void **state)
{
    (void)state;
    static const struct {
        const char *code, *type;
        sf_status status;
    } codes[] = {
        { "INVALID_LOGIN", "LoginFault", SF_ERR_AUTH },
        { "LOGIN_MUST_USE_SECURITY_TOKEN", "LoginFault", SF_ERR_ORG },
        { "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "UnexpectedErrorFault", SF_ERR_ORG },
        { "PASSWORD_LOCKOUT", "LoginFault", SF_ERR_ORG },
        { "INVALID_OLD_PASSWORD", "InvalidOldPasswordFault", SF_ERR_ORG },
        { "INVALID_NEW_PASSWORD", "InvalidNewPasswordFault", SF_ERR_ORG },
        { "LOGIN_DURING_RESTRICTED_TIME", "LoginFault", SF_ERR_ORG },
        { "LOGIN_DURING_RESTRICTED_DOMAIN", "LoginFault", SF_ERR_ORG },
        { "ORG_LOCKED", "LoginFault", SF_ERR_ORG },
        { "TRIAL_EXPIRED", "LoginFault", SF_ERR_ORG },
        { "API_DISABLED_FOR_ORG", "LoginFault", SF_ERR_AUTH },
        { "INVALID_SSO_GATEWAY_URL", "LoginFault", SF_ERR_ORG },
        { "UNSUPPORTED_CLIENT", "LoginFault", SF_ERR_ORG },
        { "INVALID_SESSION_ID", "UnexpectedErrorFault", SF_ERR_AUTH },
        { "INVALID_QUERY_LOCATOR", "InvalidQueryLocatorFault", SF_ERR_ORG },
        { "MALFORMED_QUERY", "MalformedQueryFault", SF_ERR_ORG },
        { "MALFORMED_SEARCH", "MalformedSearchFault", SF_ERR_ORG },
        { "INVALID_FIELD", "InvalidFieldFault", SF_ERR_ORG },
        { "INVALID_TYPE", "InvalidSObjectFault", SF_ERR_ORG },
        { "MALFORMED_ID", "InvalidIdFault", SF_ERR_ORG },
        { "INVALID_ID_FIELD", "InvalidIdFault", SF_ERR_ORG },
        { "EXCEEDED_ID_LIMIT", "ApiFault", SF_ERR_ORG },
        { "EXCEEDED_MAX_SIZE_REQUEST", "ApiFault", SF_ERR_ORG },
        { "EXCEEDED_LEAD_CONVERT_LIMIT", "UnexpectedErrorFault", SF_ERR_ORG },
        { "REQUEST_LIMIT_EXCEEDED", "ApiFault", SF_ERR_API_LIMIT },
        { "UNABLE_TO_LOCK_ROW", "UnexpectedErrorFault", SF_ERR_ORG },
        { "SERVER_UNAVAILABLE", "UnexpectedErrorFault", SF_ERR_UNAVAILABLE },
        { "REQUEST_RUNNING_TOO_LONG", "UnexpectedErrorFault", SF_ERR_ORG },
        { "QUERY_TIMEOUT", "UnexpectedErrorFault", SF_ERR_ORG },
        { "UNKNOWN_EXCEPTION", "UnexpectedErrorFault", SF_ERR_ORG },
        { "UNSUPPORTED_API_VERSION", "UnexpectedErrorFault", SF_ERR_ORG },
        { "INVALID_SOAP_HEADER", "UnexpectedErrorFault", SF_ERR_ORG },
        { "EXCEEDED_QUOTA", "ApiFault", SF_ERR_ORG },
        { "INSUFFICIENT_ACCESS", "ApiFault", SF_ERR_ORG },
        { "FUNCTIONALITY_NOT_ENABLED", "ApiFault", SF_ERR_ORG },
    };
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        for (int bare = 0; bare < 2; bare++) {
            char body[2000];
            replay r;
            int n = snprintf(body, sizeof body,
                             "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
                             "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                             "xmlns:sf=\"urn:fault.partner.soap.sforce.com\" "
                             "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body><soapenv:Fault>"
                             "<faultcode>sf:%s</faultcode><faultstring>%s: what it says &lt;%zu&gt;</faultstring>",
                             codes[i].code, codes[i].code, i);
            if (!bare)
                n += snprintf(body + n, sizeof body - (size_t)n,
                              "<detail><sf:%s xsi:type=\"sf:%s\"><sf:exceptionCode>%s</sf:exceptionCode>"
                              "<sf:exceptionMessage>what it says &lt;%zu&gt;</sf:exceptionMessage></sf:%s></detail>",
                              codes[i].type, codes[i].type, codes[i].code, i, codes[i].type);
            n += snprintf(body + n, sizeof body - (size_t)n, "</soapenv:Fault></soapenv:Body></soapenv:Envelope>");
            static const char head[] = "HTTP/1.1 500 X\r\nContent-Type: " XML;
            replay_start_text(&r, (sf_str){ head, sizeof head - 1 }, (sf_str){ body, (size_t)n });
            char message[100];
            snprintf(message, sizeof message, "query: what it says <%zu> [%s]", i, codes[i].code);
            check_fault(&r, codes[i].code, codes[i].code, message, codes[i].status);
            replay_stop(&r);
        }
}

static void test_recorded_soap__a_page_says_wrong_host(void **state)
{
    (void)state;
    replay r;
    replay_start(&r, "errors/soap-405-only-post-allowed.http", 0, NULL);
    sf_error err;
    assert_int_equal(sf_soap_get_user_info(r.sf, NULL, &(sf_xml *){ 0 }, &err), SF_ERR_PROTOCOL);
    assert_int_equal(err.http_status, 405);
    assert_non_null(strstr(err.message, "my.salesforce.com"));
    assert_non_null(strstr(err.message, "Only POST allowed"));
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_soap__answers_are_read),
        cmocka_unit_test(test_recorded_soap__faults_arrive_with_code_and_message),
        cmocka_unit_test(test_recorded_soap__no_file_is_left_out),
        cmocka_unit_test(test_recorded_soap__rows_are_results),
        cmocka_unit_test(test_recorded_soap__every_documented_fault),
        cmocka_unit_test(test_recorded_soap__a_page_says_wrong_host),
    };
    return REPLAY_RUN("recorded SOAP answers", tests);
}
