/* login_test.c: the answers of token endpoint and SOAP login: good, refused, cut, not theirs; and each allocation failing. */
#include "auth/auth_internal.h"
#include "support/support.h"

static const sf_auth given = { .flow = SF_AUTH_PASSWORD,
                               .client_secret = "planted-secret",
                               .password = "planted-password" };
static const char good[] =
    "{\"access_token\":\"00D000000000001!abc\",\"instance_url\":\"https://Acme.my.salesforce.com\","
    "\"id\":\"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA\","
    "\"issued_at\":\"1732400000000\",\"token_type\":\"Bearer\"}";
static const char soap_good[] =
    "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns=\"urn:partner.soap.sforce.com\"><e:Body><loginResponse><result><passwordExpired>false</passwordExpired>"
    "<serverUrl>https://acme.my.salesforce.com/services/Soap/u/64.0/00D000000000001</serverUrl>"
    "<sessionId>00D000000000001!abc</sessionId><userId>005000000000001AAA</userId><userInfo>"
    "<organizationId>00D000000000001EAA</organizationId><sessionSecondsValid>7200</sessionSecondsValid></userInfo>"
    "</result></loginResponse></e:Body></e:Envelope>";

static void test_login__oauth_answers(void **state)
{
    (void)state;
    static const struct {
        int http;
        const char *body;
        sf_status want;
        sfi_login_failure why;
        const char *says;
    } cases[] = {
        { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"no client credentials user enabled\"}",
          SF_ERR_AUTH, SFI_LOGIN_REFUSED, "run-as user" },
        { 400, "{\"error_description\":\"request not supported on this domain\",\"error\":\"invalid_grant\"}",
          SF_ERR_AUTH, SFI_LOGIN_REFUSED, "My Domain" },
        { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"authentication failure\"}", SF_ERR_AUTH,
          SFI_LOGIN_REFUSED, "security token" },
        { 400, "{\"error\":\"invalid_grant\",\"error_description\":\"login rate exceeded\"}", SF_ERR_API_LIMIT,
          SFI_LOGIN_ENDED, "token store" },
        { 401, "{\"error\":\"invalid_client\",\"error_description\":\"bad planted-secret\"}", SF_ERR_AUTH,
          SFI_LOGIN_REFUSED, "**************" },
        { 400, "{\"error\":\"unsupported_grant_type\",\"error_description\":\"grant type not supported\"}", SF_ERR_AUTH,
          SFI_LOGIN_ENDED, "flow" },
        { 400, "{\"error\":\"rate_limit_exceeded\"}", SF_ERR_UNAVAILABLE, SFI_LOGIN_TRANSIENT, "later" },
        { 400, "{\"error\":\"server_error\",\"error_description\":null}", SF_ERR_UNAVAILABLE, SFI_LOGIN_TRANSIENT,
          "later" },
        { 500, "{\"error\":\"unknown\"}", SF_ERR_UNAVAILABLE, SFI_LOGIN_LOST, "later" },
        { 200, "{}", SF_ERR_PROTOCOL, SFI_LOGIN_ENDED, "instance_url" },
        { 200, "{\"instance_url\":\"https://a.my.salesforce.com\"}", SF_ERR_PROTOCOL, SFI_LOGIN_ENDED, "access_token" },
        { 200, "{\"access_token\":\"x\",\"instance_url\":\"http://evil.example\"}", SF_ERR_PROTOCOL, SFI_LOGIN_ENDED,
          "clear" },
        { 200, "not json", SF_ERR_PROTOCOL, SFI_LOGIN_LOST, "JSON" },
        { 400, "", SF_ERR_PROTOCOL, SFI_LOGIN_ENDED, "JSON" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_token token;
        sfi_login_failure why;
        sf_error err;
        print_message("  %d %s\n", cases[i].http, cases[i].body);
        assert_int_equal(
            sfi_oauth_read("https://h.example", &given, cases[i].http, sfi_str(cases[i].body), &token, &why, &err),
            cases[i].want);
        assert_int_equal(why, cases[i].why);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        assert_null(strstr(err.message, "planted-secret"));
        assert_null(token.access_token);
    }
}

static void test_login__good_answers(void **state)
{
    (void)state;
    sfi_token token;
    sfi_login_failure why;
    sf_id org, user;
    assert_int_equal(sfi_oauth_read("h", &given, 200, sfi_str(good), &token, &why, NULL), SF_OK);
    assert_string_equal(token.access_token, "00D000000000001!abc");
    assert_string_equal(token.instance_url, "https://acme.my.salesforce.com");
    assert_int_equal(token.issued_at_ms, 1732400000000);
    assert_int_equal(token.expires_at_ms, 0);
    sfi_session *session = sfi_session_new(&token, NULL);
    sfi_session_ids(session, &org, &user);
    assert_string_equal(org.text, "00D000000000001EAA");
    assert_string_equal(user.text, "005000000000001AAA");
    sfi_session_release(session);
    sfi_token_clear(&token);
    assert_int_equal(sfi_soap_login_read("https://h", 200, sfi_str(soap_good), &token, &why, NULL), SF_OK);
    assert_string_equal(token.access_token, "00D000000000001!abc");
    assert_string_equal(token.instance_url, "https://acme.my.salesforce.com");
    assert_string_equal(token.identity_url, "https://h/id/00D000000000001EAA/005000000000001AAA");
    assert_int_equal(token.expires_at_ms - token.issued_at_ms, 7200000);
    sfi_token_clear(&token);
}

static void test_login__soap_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        sf_status want;
        sfi_login_failure why;
    } cases[] = { { "sf:INVALID_LOGIN", SF_ERR_AUTH, SFI_LOGIN_REFUSED },
                  { "INVALID_LOGIN", SF_ERR_AUTH, SFI_LOGIN_REFUSED },
                  { "sf:LOGIN_RATE_EXCEEDED", SF_ERR_API_LIMIT, SFI_LOGIN_ENDED },
                  { "UNKNOWN_EXCEPTION", SF_ERR_AUTH, SFI_LOGIN_ENDED },
                  { "sf:SERVER_UNAVAILABLE", SF_ERR_UNAVAILABLE, SFI_LOGIN_TRANSIENT } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char body[512];
        snprintf(body, sizeof body,
                 "<e:Envelope "
                 "xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><e:Fault><faultcode>%s</faultcode>"
                 "<faultstring>%s: no</faultstring></e:Fault></e:Body></e:Envelope>",
                 cases[i].code, cases[i].code);
        sfi_token token;
        sfi_login_failure why;
        sf_error err;
        assert_int_equal(sfi_soap_login_read("h", 500, sfi_str(body), &token, &why, &err), cases[i].want);
        assert_int_equal(why, cases[i].why);
        assert_null(strchr(err.code, ':'));
    }
}

static void test_login__cut_answers_are_errors(void **state)
{
    (void)state;
    sfi_token token;
    sfi_login_failure why;
    for (size_t len = 0; len < sizeof good - 1; len++)
        assert_int_equal(sfi_oauth_read("h", &given, 200, (sf_str){ good, len }, &token, &why, NULL), SF_ERR_PROTOCOL);
    for (size_t len = 0; len < sizeof soap_good - 1; len++)
        assert_int_equal(sfi_soap_login_read("h", 200, (sf_str){ soap_good, len }, &token, &why, NULL),
                         SF_ERR_PROTOCOL);
}

static void test_login__survives_each_failed_allocation(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        sf_status rc = SF_ERR_MEMORY;
        for (int n = 0; rc != SF_OK; n++) {
            sfi_token token;
            sfi_login_failure why;
            test_allocations_limit(n);
            rc = kind == 0 ? sfi_oauth_read("h", &given, 200, sfi_str(good), &token, &why, NULL)
                           : sfi_soap_login_read("h", 200, sfi_str(soap_good), &token, &why, NULL);
            test_allocations_limit(-1);
            assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
            sfi_token_clear(&token);
        }
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login__oauth_answers),
        cmocka_unit_test(test_login__good_answers),
        cmocka_unit_test(test_login__soap_refusals),
        cmocka_unit_test(test_login__cut_answers_are_errors),
        cmocka_unit_test(test_login__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("login", tests, NULL, NULL);
}
