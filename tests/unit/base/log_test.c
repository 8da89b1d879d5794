/* log_test.c: no secret leaves through the log, and what is no secret stays readable. */
#include "support/support.h"
#include "base/base_internal.h"

#define SESSION "00Dxx0000001gPFEAY!AQEAQNyzQ_x.7zZfJk3"

static void test_log__secrets_become_stars(void **state)
{
    static const struct {
        const char *in, *want;
    } cases[] = {
        { "Authorization: Bearer " SESSION, "Authorization: ***" },
        { "> authorization:OAuth abc def", "> authorization:***" },
        { "Cookie: sid=abc; oid=def", "Cookie: ***" },
        { "Set-Cookie: BrowserId=xyz; path=/", "Set-Cookie: ***" },
        { "X-SFDC-Session: " SESSION, "X-SFDC-Session: ***" },
        { "proxy-authorization: Basic dXNlcjpwYXNz", "proxy-authorization: ***" },
        { "token " SESSION " refused", "token *** refused" },
        { "sid=" SESSION "&x=1", "sid=***&x=1" },
        { "https://a/secur/frontdoor.jsp?sid=00Dxx0000001gPF%21AQ&retURL=x",
          "https://a/secur/frontdoor.jsp?sid=***&retURL=x" },
        { "used Bearer abcdef.ghi-jkl/x= now", "used Bearer *** now" },
        { "grant_type=password&username=u@x.org&password=p%40ss&client_secret=123",
          "grant_type=password&username=u@x.org&password=***&client_secret=***" },
        { "grant_type=refresh_token&refresh_token=5Aep861abc", "grant_type=refresh_token&refresh_token=***" },
        { "{\"access_token\":\"abc\",\"instance_url\":\"https://x\"}",
          "{\"access_token\":\"***\",\"instance_url\":\"https://x\"}" },
        { "{\"password\" : \"a\\\"b c\", \"x\":1}", "{\"password\" : \"***\", \"x\":1}" },
        { "{\\\"refresh_token\\\":\\\"abc\\\",\\\"x\\\":1}", "{\\\"refresh_token\\\":\\\"***\",\\\"x\\\":1}" },
        { "{\"code\":\"aPrx1234\"}", "{\"code\":\"***\"}" },
        { "code=aPrx%3D%3D&state=1", "code=***&state=1" },
        { "<n1:password>a &amp; b</n1:password>", "<n1:password>***</n1:password>" },
        { "<sessionId>abc</sessionId><userId>005</userId>", "<sessionId>***</sessionId><userId>005</userId>" },
        { "<urn:username>u@x</urn:username><urn:password>secretTOKEN</urn:password>",
          "<urn:username>u@x</urn:username><urn:password>***</urn:password>" },
        { "assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTV.sig", "assertion=***" },
        { "got eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIzTVZ.sig-na_ture end", "got *** end" },
        { "refresh 5Aep861TSESvWeug_xvFHRBTTbf_YrTWgEyjBJ done", "refresh *** done" },
        { "proxy http://user:p@ss@proxy.example:3128/ used", "proxy http://***@proxy.example:3128/ used" },
        { "password=x", "password=*" },
        { "password='two words' next", "password='***' next" },
        { "{\"password\":\"cut off", "{\"password\":\"***" },
        { "security_token: XyZ123", "security_token: ***" },
        { "PASSWORD=abc", "PASSWORD=***" },
        { "Authorization:", "Authorization:" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char line[512];
        snprintf(line, sizeof line, "%s", cases[i].in);
        sfi_redact(line);
        assert_string_equal(line, cases[i].want);
        sfi_redact(line); /* done is done */
        assert_string_equal(line, cases[i].want);
    }
}

static void test_log__other_text_stays(void **state)
{
    static const char *const lines[] = {
        "",
        "GET https://acme.my.salesforce.com/services/data/v62.0/query?q=SELECT+Id 200 in 31 ms",
        "status code: 200, errorCode=INVALID_FIELD",
        "\"errorCode\":\"INVALID_SESSION_ID\"",
        "unexpected token: FROM",
        "00Dxx0000001gPFEAY is the org, 001d000000IqhSL a record",
        "grant_type=password",
        "the password was refused",
        "Basically done; bearer",
        "https://acme.my.salesforce.com/a@b",
        "eyJ short",
        "Zo\xc3\xab \xe2\x82\xac",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        char line[512];
        snprintf(line, sizeof line, "%s", lines[i]);
        sfi_redact(line);
        assert_string_equal(line, lines[i]);
    }
}

static void test_log__redaction_never_writes_behind_the_line(void **state)
{
    static const char text[] = "password=a&sid=b <password>c</password> \"code\":\"d\" Bearer e ://f@g x://@h "
                               "{\\\"password\\\":\\\"i";
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *line = sfi_strndup(text, len); /* of just that size */
        sfi_redact(line);
        assert_true(strlen(line) <= len);
        sfi_free(line);
    }
}

typedef struct heard {
    int count, level;
    char line[4096];
} heard;

static void hear(void *user, int level, const char *line)
{
    heard *h = user;
    h->count++;
    h->level = level;
    snprintf(h->line, sizeof h->line, "%s", line);
}

static void test_log__levels_lines_and_length(void **state)
{
    (void)state;
    heard h = { 0 };
    sfi_log log = { hear, &h, SFI_LOG_INFO };
    sfi_logf(&log, SFI_LOG_DEBUG, "not wanted");
    sfi_logf(NULL, SFI_LOG_ERROR, "nobody");
    sfi_logf(&(sfi_log){ .level = SFI_LOG_TRACE }, SFI_LOG_ERROR, "nobody");
    assert_int_equal(h.count, 0);
    sfi_logf(&log, SFI_LOG_WARN, "two\nlines\rand %s", "Authorization: Bearer x\nforged");
    assert_int_equal(h.count, 1);
    assert_int_equal(h.level, SFI_LOG_WARN);
    assert_string_equal(h.line, "two lines and Authorization: ***");
    char longer[6000];
    memset(longer, 'a', sizeof longer);
    memcpy(longer + 2030, "&password=", 10); /* the value is cut, and hidden all the same */
    longer[sizeof longer - 1] = '\0';
    sfi_logf(&log, SFI_LOG_ERROR, "%s", longer);
    assert_true(strlen(h.line) < 2048);
    assert_string_equal(h.line + 2030, "&password=***");
}

static void test_log__secret_headers_are_known(void **state)
{
    (void)state;
    assert_true(sfi_header_is_secret(SFI_STR("authorization")));
    assert_true(sfi_header_is_secret(SFI_STR("Set-Cookie")));
    assert_true(sfi_header_is_secret(SFI_STR("X-SFDC-Session")));
    assert_false(sfi_header_is_secret(SFI_STR("Content-Type")));
    assert_false(sfi_header_is_secret(SFI_STR("code")));
    assert_false(sfi_header_is_secret(SFI_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log__secrets_become_stars),
        cmocka_unit_test(test_log__other_text_stays),
        cmocka_unit_test(test_log__redaction_never_writes_behind_the_line),
        cmocka_unit_test(test_log__levels_lines_and_length),
        cmocka_unit_test(test_log__secret_headers_are_known),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
