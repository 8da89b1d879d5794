/* errors_test.c: every dialect of error answers, and each allocation failing in turn. */
#include "client/client_internal.h"
#include "support/support.h"

static const struct {
    int http;
    const char *type, *body;
    sf_status want;
    const char *code, *fields, *says;
} cases[] = {
    { 400, "application/json",
      "[{\"message\":\"Required fields are missing: "
      "[LastName]\",\"errorCode\":\"REQUIRED_FIELD_MISSING\",\"fields\":[\"LastName\",\"X\"]}]",
      SF_ERR_ORG, "REQUIRED_FIELD_MISSING", "LastName,X", "create Contact: Required fields are missing: [LastName]" },
    { 400, "application/json",
      "[{\"errorCode\":\"PROCESSING_HALTED\",\"message\":\"halted\"},{\"errorCode\":\"INVALID_FIELD\",\"message\":\"No "
      "such column\"}]",
      SF_ERR_ORG, "INVALID_FIELD", "", "(and 1 more)" },
    { 400, "application/json",
      "[{\"errorCode\":\"INVALID_FIELD\",\"message\":\"\\nSELECT Nmae FROM Account\\n       ^\\nERROR at "
      "Row:1:Column:8\\nNo such column 'Nmae' on entity 'Account'.\"}]",
      SF_ERR_ORG, "INVALID_FIELD", "", "No such column 'Nmae' on entity 'Account'. (row 1, column 8)" },
    { 401, "application/json", "[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]",
      SF_ERR_AUTH, "INVALID_SESSION_ID", "", "Session expired" },
    { 401, "application/json",
      "{\"message\":\"This session is not valid for use with the REST API\",\"errorCode\":\"INVALID_SESSION_ID\"}",
      SF_ERR_AUTH, "INVALID_SESSION_ID", "", "scope api" },
    { 403, "text/plain", "Bad_OAuth_Token", SF_ERR_AUTH, "Bad_OAuth_Token", "", "log in again" },
    { 403, "application/json",
      "[{\"message\":\"TotalRequests Limit exceeded.\",\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\"}]", SF_ERR_API_LIMIT,
      "REQUEST_LIMIT_EXCEEDED", "", "24 hours" },
    { 403, "application/json",
      "[{\"errorCode\":\"EXCEEDEDQUOTA\",\"message\":\"ExceededQuota : ApiBatchItems Limit exceeded.\"}]",
      SF_ERR_API_LIMIT, "EXCEEDEDQUOTA", "", "ApiBatchItems" },
    { 404, "application/json", "[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does not exist\"}]",
      SF_ERR_NOT_FOUND, "NOT_FOUND", "", "does not exist" },
    { 404, "application/xml",
      "<Errors><Error><errorCode>NOT_FOUND</errorCode><message>no &amp; never</message></Error></Errors>",
      SF_ERR_NOT_FOUND, "NOT_FOUND", "", "no & never" },
    { 400, "application/json",
      "{\"id\":null,\"success\":false,\"errors\":[{\"statusCode\":\"DUPLICATE_VALUE\",\"message\":\"dup\",\"fields\":[]"
      "}]}",
      SF_ERR_ORG, "DUPLICATE_VALUE", "", "dup" },
    { 400, "application/json", "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", SF_ERR_ORG,
      "invalid_grant", "", "expired" },
    { 400, "application/xml",
      "<error "
      "xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><exceptionCode>InvalidJob</"
      "exceptionCode><exceptionMessage>bad</exceptionMessage></error>",
      SF_ERR_ORG, "InvalidJob", "", "bad" },
    { 500, "text/xml",
      "<e:Envelope "
      "xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>sf:INVALID_LOGIN</"
      "faultcode><faultstring>INVALID_LOGIN: no</faultstring></e:Fault></e:Body></e:Envelope>",
      SF_ERR_AUTH, "INVALID_LOGIN", "", "create Contact: no [INVALID_LOGIN]" },
    { 500, "text/xml", /* the detail says it better than the two before it, and may stand on lines of its own */
      "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:f=\"urn:fault.partner.soap.sforce.com\">"
      "<e:Body><e:Fault><faultcode>f:OTHER</faultcode><faultstring>OTHER: less</faultstring><detail>\n "
      "<f:MalformedQueryFault><f:exceptionCode>\n MALFORMED_QUERY \n</f:exceptionCode><f:exceptionMessage>\nSELECT x\n "
      "^\nERROR at Row:1:Column:8\nunexpected token: &apos;x&apos;</f:exceptionMessage><f:row>1</f:row>"
      "</f:MalformedQueryFault></detail></e:Fault></e:Body></e:Envelope>",
      SF_ERR_ORG, "MALFORMED_QUERY", "", "create Contact: unexpected token: 'x' (row 1, column 8) [MALFORMED_QUERY]" },
    { 500, "text/xml", /* a schema error has no detail, and the prefix is the envelope's */
      "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><soapenv:Fault>"
      "<faultcode>soapenv:Client</faultcode><faultstring>No operation available for request {urn:x}y</faultstring>"
      "</soapenv:Fault></soapenv:Body></soapenv:Envelope>",
      SF_ERR_ORG, "Client", "", "create Contact: No operation available for request {urn:x}y [Client]" },
    { 500, "text/xml",
      "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>sf:QUERY_TIMEOUT"
      "</faultcode><faultstring>QUERY_TIMEOUT: Your query request was running for too long.</faultstring><detail/>"
      "</e:Fault></e:Body></e:Envelope>",
      SF_ERR_ORG, "QUERY_TIMEOUT", "", "create Contact: Your query request was running for too long. [QUERY_TIMEOUT]" },
    { 300, "application/json", "[\"/services/data/v62.0/sobjects/A/1\",\"/services/data/v62.0/sobjects/A/2\"]",
      SF_ERR_ORG, "DUPLICATE_EXTERNAL_ID", "", "2 records match" },
    { 503, "text/html",
      "<html><head><style>p{x:y}</style><title>Down</title></head><body><h1>We are down for "
      "maintenance</h1></body></html>",
      SF_ERR_UNAVAILABLE, "", "", "We are down for maintenance" },
    { 405, "text/html", "<html>Only POST allowed</html>", SF_ERR_PROTOCOL, "", "", "no API host" },
    { 503, "", "", SF_ERR_UNAVAILABLE, "", "", "HTTP 503" },
    { 412, "", "", SF_ERR_ORG, "PRECONDITION_FAILED", "", "condition" },
    { 400, "", "", SF_ERR_ORG, "", "", "HTTP 400" },
    { 500, "application/json",
      "[{\"message\":\"Method does not exist or incorrect signature: "
      "run(String)\\n\\n\",\"errorCode\":\"APEX_ERROR\"}]",
      SF_ERR_ORG, "APEX_ERROR", "", "incorrect signature: run(String) [APEX_ERROR]" },
    { 400, "application/json", "{\"broken", SF_ERR_ORG, "", "", "HTTP 400" },
    { 500, "application/json", "[{\"message\":\"An unexpected error\",\"errorCode\":\"UNKNOWN_EXCEPTION\"}]",
      SF_ERR_ORG, "UNKNOWN_EXCEPTION", "", "unexpected" },
    { 400, "application/json", "[{\"message\":\"lock\",\"errorCode\":\"UNABLE_TO_LOCK_ROW\"}]", SF_ERR_ORG,
      "UNABLE_TO_LOCK_ROW", "", "try again" },
    { 400, "application/json", "[{\"message\":\"Destination URL not reset.\",\"errorCode\":\"URL_NOT_RESET\"}]",
      SF_ERR_ORG, "URL_NOT_RESET", "", "instance_url" },
};

static void test_errors__every_dialect(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        print_message("  %d %.60s\n", cases[i].http, cases[i].body);
        sf_status rc = sfi_error_from_answer(cases[i].http, sfi_str(cases[i].type), sfi_str(cases[i].body),
                                             "create Contact", &err);
        assert_int_equal(rc, cases[i].want);
        assert_int_equal(err.status, rc);
        assert_int_equal(err.http_status, cases[i].http);
        assert_string_equal(err.code, cases[i].code);
        assert_string_equal(err.fields, cases[i].fields);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        assert_null(strchr(err.message, '\n'));
        assert_int_equal(
            sfi_error_from_answer(cases[i].http, sfi_str(cases[i].type), sfi_str(cases[i].body), "x", NULL), rc);
    }
}

static void test_errors__cut_bodies_still_make_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t len = 0; len < strlen(cases[i].body); len++) {
            sf_error err;
            assert_true(sfi_error_from_answer(cases[i].http, sfi_str(cases[i].type), (sf_str){ cases[i].body, len },
                                              "x", &err) < 0);
            assert_true(strlen(err.message) > 3);
        }
    }
}

static void test_errors__survive_each_failed_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_status rc = SF_ERR_MEMORY;
        for (int n = 0; rc != cases[i].want && n < 1000; n++) {
            sf_error err;
            test_allocations_limit(n);
            rc = sfi_error_from_answer(cases[i].http, sfi_str(cases[i].type), sfi_str(cases[i].body), "x", &err);
            test_allocations_limit(-1);
            assert_true(rc < 0);
            assert_int_equal(err.status, rc);
        }
        assert_int_equal(rc, cases[i].want);
        assert_int_equal(test_allocations_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors__every_dialect),
        cmocka_unit_test(test_errors__cut_bodies_still_make_an_error),
        cmocka_unit_test(test_errors__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
