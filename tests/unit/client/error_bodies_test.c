/* error_bodies_test.c: every form in which orgs, their edges and what stands before them say that something failed, and
 * what of it must arrive in sf_error: status, code, message, fields. Long texts keep their reason. */
#include "client/client_internal.h"
#include "support/support.h"
#include <salesforce/records.h>

#define JSON "application/json;charset=UTF-8"
#define DUPLICATE                                                                                                      \
    "{\"duplicateResut\":{\"allowSave\":true,\"duplicateRule\":\"Contacts_DR\",\"duplicateRuleEntityType\":"           \
    "\"Contact\",\"errorMessage\":\"Use one of these records?\",\"matchResults\":[{\"entityType\":\"Contact\","        \
    "\"errors\":[],\"matchEngine\":\"ExactMatchEngine\",\"matchRecords\":[{\"additionalInformation\":[],"              \
    "\"fieldDiffs\":[],\"matchConfidence\":100.0,\"record\":{\"attributes\":{\"type\":\"Contact\"},\"Id\":"            \
    "\"0035g00000Q1w2EAAR\"}},{\"record\":{\"Id\":\"0035g00000Q1w3EAAR\"}}],\"rule\":\"Exact\",\"size\":2,"            \
    "\"success\":true}]},\"errorCode\":\"DUPLICATES_DETECTED\",\"message\":\"Use one of these records?\"}"

typedef struct body_case {
    const char *form; /* what it is, for the test's output */
    int http;
    const char *type, *body;
    sf_status status;
    const char *code, *message, *fields; /* the whole message, behind "call: " */
} body_case;

static const body_case cases[] = {
    { "array, one error", 400, JSON,
      "[{\"message\":\"Required fields are missing: [LastName]\",\"errorCode\":\"REQUIRED_FIELD_MISSING\",\"fields\":"
      "[\"LastName\"]}]",
      SF_ERR_ORG, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName] [REQUIRED_FIELD_MISSING]",
      "LastName" },
    { "array, keys in another order, no fields", 404, JSON,
      "[{\"errorCode\":\"NOT_FOUND\",\"message\":\"The requested resource does not exist\"}]", SF_ERR_NOT_FOUND,
      "NOT_FOUND", "The requested resource does not exist [NOT_FOUND]", "" },
    { "array, fields empty", 400, JSON,
      "[{\"message\":\"insufficient access rights on cross-reference id: 0017h00000doU3R\",\"errorCode\":"
      "\"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY\",\"fields\":[]}]",
      SF_ERR_ORG, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
      "insufficient access rights on cross-reference id: 0017h00000doU3R "
      "[INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY]",
      "" },
    { "array, several failed validation rules", 400, JSON,
      "[{\"message\":\"Phone is odd\",\"errorCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"fields\":[\"Phone\"]},"
      "{\"message\":\"Fax is "
      "odd\",\"errorCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"fields\":[\"Fax\",\"Phone\"]}]",
      SF_ERR_ORG, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Phone is odd [FIELD_CUSTOM_VALIDATION_EXCEPTION] (and 1 more)",
      "Phone,Fax" },
    { "array, the consequence before the cause", 400, JSON,
      "[{\"errorCode\":\"PROCESSING_HALTED\",\"message\":\"rolled back\"},{\"errorCode\":\"INVALID_EMAIL_ADDRESS\","
      "\"message\":\"Email: invalid email address: x\",\"fields\":[\"Email\"]}]",
      SF_ERR_ORG, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: x [INVALID_EMAIL_ADDRESS] (and 1 more)",
      "Email" },
    { "array, empty", 400, JSON, "[]", SF_ERR_ORG, "", "HTTP 400, the request is wrong: []", "" },
    { "array with extendedErrorDetails", 400, JSON,
      "[{\"message\":\"m\",\"errorCode\":\"INVALID_FIELD\",\"extendedErrorDetails\":[{\"extendedErrorCode\":\"X\"}]}]",
      SF_ERR_ORG, "INVALID_FIELD", "m [INVALID_FIELD]", "" },
    { "array of paths (300)", 300, JSON,
      "[\"/services/data/v62.0/sobjects/A/1\",\"/services/data/v62.0/sobjects/A/2\"]", SF_ERR_ORG,
      "DUPLICATE_EXTERNAL_ID",
      "2 records match, and only one may: /services/data/v62.0/sobjects/A/1 /services/data/v62.0/sobjects/A/2 "
      "[DUPLICATE_EXTERNAL_ID]",
      "" },
    { "query: place and reason", 400, JSON,
      "[{\"message\":\"\\nSELECT Nmae FROM Account\\n       ^\\nERROR at Row:1:Column:8\\nNo such column 'Nmae'\","
      "\"errorCode\":\"INVALID_FIELD\"}]",
      SF_ERR_ORG, "INVALID_FIELD", "No such column 'Nmae' (row 1, column 8) [INVALID_FIELD]", "" },
    { "duplicate rule, as orgs spell it", 400, JSON, "[" DUPLICATE "]", SF_ERR_ORG, "DUPLICATES_DETECTED",
      "Use one of these records? [DUPLICATES_DETECTED] (rule Contacts_DR, found 0035g00000Q1w2EAAR, "
      "0035g00000Q1w3EAAR); it can be saved all the same: allow_duplicates",
      "" },
    { "duplicate rule, spelt right, no message of its own", 400, JSON,
      "[{\"errorCode\":\"DUPLICATES_DETECTED\",\"duplicateResult\":{\"allowSave\":false,\"duplicateRule\":\"R\","
      "\"errorMessage\":\"No twins\",\"matchResults\":[]}}]",
      SF_ERR_ORG, "DUPLICATES_DETECTED", "No twins [DUPLICATES_DETECTED] (rule R)", "" },
    { "object", 400, JSON, "{\"message\":\"weak\",\"errorCode\":\"INVALID_NEW_PASSWORD\"}", SF_ERR_ORG,
      "INVALID_NEW_PASSWORD", "weak [INVALID_NEW_PASSWORD]", "" },
    { "object of OAuth", 400, JSON, "{\"error\":\"invalid_grant\",\"error_description\":\"expired\"}", SF_ERR_ORG,
      "invalid_grant", "expired [invalid_grant]", "" },
    { "object of Bulk", 400, JSON, "{\"exceptionCode\":\"InvalidJob\",\"exceptionMessage\":\"bad\"}", SF_ERR_ORG,
      "InvalidJob", "bad [InvalidJob]", "" },
    { "a collection's row", 400, JSON,
      "{\"success\":false,\"errors\":[{\"statusCode\":\"DUPLICATE_VALUE\",\"message\":\"dup\",\"fields\":[\"Ext__c\"]}]"
      "}",
      SF_ERR_ORG, "DUPLICATE_VALUE", "dup [DUPLICATE_VALUE]", "Ext__c" },
    { "a collection's row, fields null", 400, JSON,
      "{\"id\":null,\"success\":false,\"errors\":[{\"statusCode\":\"MALFORMED_ID\",\"message\":\"malformed id "
      "x\",\"fields\":null}]}",
      SF_ERR_ORG, "MALFORMED_ID", "malformed id x [MALFORMED_ID]", "" },
    { "session", 401, JSON, "[{\"message\":\"Session expired or invalid\",\"errorCode\":\"INVALID_SESSION_ID\"}]",
      SF_ERR_AUTH, "INVALID_SESSION_ID", "Session expired or invalid [INVALID_SESSION_ID]", "" },
    { "message is the code", 401, JSON, "[{\"message\":\"INVALID_AUTH_HEADER\",\"errorCode\":\"INVALID_AUTH_HEADER\"}]",
      SF_ERR_AUTH, "INVALID_AUTH_HEADER", "INVALID_AUTH_HEADER", "" },
    { "Apex, with blank lines", 500, JSON,
      "[{\"errorCode\":\"APEX_ERROR\",\"message\":\"System.X: no\\n\\nClass.A.b: line 3, column 1\\n\\n\"}]",
      SF_ERR_ORG, "APEX_ERROR", "System.X: no Class.A.b: line 3, column 1 [APEX_ERROR]", "" },
    { "XML of REST", 404, "application/xml;charset=UTF-8",
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Errors><Error><errorCode>NOT_FOUND</errorCode><message>no &amp; "
      "never</message></Error></Errors>",
      SF_ERR_NOT_FOUND, "NOT_FOUND", "no & never [NOT_FOUND]", "" },
    { "XML of Bulk", 400, "application/xml",
      "<error xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><exceptionCode>InvalidSessionId</"
      "exceptionCode><exceptionMessage>Invalid session id</exceptionMessage></error>",
      SF_ERR_AUTH, "InvalidSessionId", "Invalid session id [InvalidSessionId]", "" },
    { "XML fault", 500, "text/xml",
      "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>sf:INVALID_FIELD</"
      "faultcode><faultstring>INVALID_FIELD: no such thing</faultstring></e:Fault></e:Body></e:Envelope>",
      SF_ERR_ORG, "INVALID_FIELD", "no such thing [INVALID_FIELD]", "" },
    { "HTML of maintenance", 503, "text/html", "<html><body><p>We are down for maintenance.</p></body></html>",
      SF_ERR_UNAVAILABLE, "",
      "HTTP 503 with a web page, the server takes no requests now: We are down for maintenance.; try again later", "" },
    { "HTML of a login host", 405, "text/html;charset=utf-8", "<html><title>Error 405 Only POST allowed</title></html>",
      SF_ERR_PROTOCOL, "",
      "HTTP 405 with a web page, so this host is no API host (use the org's https://NAME.my.salesforce.com): Error 405 "
      "Only POST allowed",
      "" },
    { "one word", 403, "text/plain", "Bad_OAuth_Token", SF_ERR_AUTH, "Bad_OAuth_Token", "Bad_OAuth_Token; log in again",
      "" },
    { "other text", 500, "text/plain", "upstream request timeout", SF_ERR_UNAVAILABLE, "",
      "HTTP 500, the server failed: upstream request timeout; try again later", "" },
    { "empty 400", 400, "", "", SF_ERR_ORG, "", "HTTP 400, the request is wrong", "" },
    { "empty 412", 412, "", "", SF_ERR_ORG, "PRECONDITION_FAILED",
      "HTTP 412, the condition of the request does not hold: the record was changed meanwhile [PRECONDITION_FAILED]",
      "" },
    { "empty 503", 503, "", "", SF_ERR_UNAVAILABLE, "", "HTTP 503, the server takes no requests now; try again later",
      "" },
    { "JSON cut off", 400, JSON, "[{\"message\":\"Req", SF_ERR_ORG, "",
      "HTTP 400, the request is wrong: [{\"message\":\"Req", "" },
    { "JSON of nobody", 400, JSON, "{\"a\":1}", SF_ERR_ORG, "", "HTTP 400, the request is wrong: {\"a\":1}", "" },
};

static void test_error_bodies__arrive_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const body_case *c = &cases[i];
        char message[1024];
        sf_error err;
        print_message("  %s\n", c->form);
        snprintf(message, sizeof message, "call: %s", c->message);
        sf_status rc = sfi_error_from_answer(c->http, sfi_str(c->type), sfi_str(c->body), "call", &err);
        assert_string_equal(err.message, message);
        assert_int_equal(rc, c->status);
        assert_int_equal(err.status, c->status);
        assert_int_equal(err.http_status, c->http);
        assert_string_equal(err.code, c->code);
        assert_string_equal(err.fields, c->fields);
    }
}

/* What was done stays at the front, the reason at the end, whatever stands between. */
static void test_error_bodies__a_long_value_does_not_hide_the_reason(void **state)
{
    static const char *const fills[] = { "x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
    static const size_t lengths[] = { 600, 780, 784, 790, 1000, 5000, 40000, 200000 };
    (void)state;
    for (size_t f = 0; f < COUNT_OF(fills); f++)
        for (size_t k = 0; k < COUNT_OF(lengths); k++) {
            sf_error err;
            sfi_buf body = { 0 };
            sfi_buf_add_str(&body, "[{\"message\":\"Name: data value too large: ");
            while (body.len < lengths[k]) sfi_buf_add_str(&body, fills[f]);
            sfi_buf_add_str(&body, " (max length=80)\",\"errorCode\":\"STRING_TOO_LONG\",\"fields\":[\"Name\"]}]");
            (void)sfi_error_from_answer(400, SFI_STR(JSON), sfi_buf_str(&body), "create Account", &err);
            if (strncmp(err.message, "create Account: Name: data value too large: ", 44) != 0 ||
                strstr(err.message, " (max length=80) [STRING_TOO_LONG]") == NULL)
                fail_msg("%s", err.message);
            size_t len = strlen(err.message);
            assert_true(sfi_utf8_valid(err.message, len));
            assert_null(strchr(err.message, '?'));
            assert_true(len < sizeof err.message);
            if (lengths[k] >= 1000) assert_non_null(strstr(err.message, " \xe2\x80\xa6 "));
            if (lengths[k] >= 1000) assert_true(len > sizeof err.message - 12);
            assert_string_equal(err.code, "STRING_TOO_LONG");
            assert_string_equal(err.fields, "Name");
            sfi_error_prefix(&err, "row 17 of accounts.csv");
            if (strncmp(err.message, "row 17 of accounts.csv: create", 30) != 0 ||
                strstr(err.message, "(max length=80) [STRING_TOO_LONG]") == NULL)
                fail_msg("%s", err.message);
            sfi_buf_free(&body);
        }
}

static void test_error_bodies__duplicates_are_found_in_every_answer(void **state)
{
    static const struct {
        const char *answer;
        bool found;
    } answers[] = {
        { "[" DUPLICATE "]", true },
        { "[{\"errorCode\":\"X\"}," DUPLICATE "]", true },
        { DUPLICATE, true },
        { "{\"success\":false,\"errors\":[" DUPLICATE "]}", true },
        { "{\"duplicateResult\":{\"duplicateRule\":\"Contacts_DR\"}}", true },
        { "[{\"errorCode\":\"X\"}]", false },
        { "{\"duplicateResut\":null}", false },
        { "[]", false },
        { "7", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        sf_document *doc = NULL;
        print_message("  %.70s\n", answers[i].answer);
        assert_int_equal(sf_document_parse(answers[i].answer, strlen(answers[i].answer), &doc, NULL), SF_OK);
        sf_value found = sf_record_duplicates(sf_document_root(doc));
        assert_int_equal(sf_value_type(found), answers[i].found ? SF_OBJECT : SF_MISSING);
        if (answers[i].found) assert_string_equal(sf_get_str(found, "duplicateRule"), "Contacts_DR");
        sf_document_free(doc);
    }
    assert_int_equal(sf_value_type(sf_record_duplicates((sf_value){ 0 })), SF_MISSING);
}

static void test_error_bodies__survive_each_failed_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_status rc = SF_ERR_MEMORY;
        for (int n = 0; rc != cases[i].status; n++) {
            sf_error err;
            assert_true(n < 1000);
            test_allocations_limit(n);
            rc = sfi_error_from_answer(cases[i].http, sfi_str(cases[i].type), sfi_str(cases[i].body), "call", &err);
            test_allocations_limit(-1);
            assert_true(rc < 0);
            assert_int_equal(err.status, rc);
        }
        assert_int_equal(test_allocations_live(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_bodies__arrive_whole),
        cmocka_unit_test(test_error_bodies__a_long_value_does_not_hide_the_reason),
        cmocka_unit_test(test_error_bodies__duplicates_are_found_in_every_answer),
        cmocka_unit_test(test_error_bodies__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("error_bodies", tests, NULL, NULL);
}
