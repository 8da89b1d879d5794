/* decide_test.c: the retry policy as a table, usage headers, versions. */
#include "client/state_internal.h"
#include "support/support.h"

static void test_decide__the_policy(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sfi_attempt a;
        sfi_verdict once, twice; /* for a request that may be done only once, and for one that may be done twice */
    } cases[] = {
        { "200", { SFI_HTTP_ANSWERED, .status = 200 }, SFI_VERDICT_DONE, SFI_VERDICT_DONE },
        { "204", { SFI_HTTP_ANSWERED, .status = 204 }, SFI_VERDICT_DONE, SFI_VERDICT_DONE },
        { "304 not asked for", { SFI_HTTP_ANSWERED, .status = 304 }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
        { "304 accepted",
          { SFI_HTTP_ANSWERED, .status = 304, .is_accepted = true },
          SFI_VERDICT_DONE,
          SFI_VERDICT_DONE },
        { "400", { SFI_HTTP_ANSWERED, .status = 400, .code = "INVALID_FIELD" }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
        { "locked",
          { SFI_HTTP_ANSWERED, .status = 400, .code = "UNABLE_TO_LOCK_ROW" },
          SFI_VERDICT_REPEAT,
          SFI_VERDICT_REPEAT },
        { "401", { SFI_HTTP_ANSWERED, .status = 401, .can_renew = true }, SFI_VERDICT_RENEW, SFI_VERDICT_RENEW },
        { "400 session, Bulk API 1.0",
          { SFI_HTTP_ANSWERED, .status = 400, .can_renew = true, .code = "InvalidSessionId" },
          SFI_VERDICT_RENEW,
          SFI_VERDICT_RENEW },
        { "400 session again",
          { SFI_HTTP_ANSWERED, .status = 400, .code = "InvalidSessionId" },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_FAIL },
        { "500 of Bulk API 1.0",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "InternalServerError" },
          SFI_VERDICT_UNKNOWN,
          SFI_VERDICT_REPEAT },
        { "401 again", { SFI_HTTP_ANSWERED, .status = 401 }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
        { "401 unfit",
          { SFI_HTTP_ANSWERED, .status = 401, .can_renew = true,
            .message = "x: This session is not valid for use with the REST API" },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_FAIL },
        { "403 token",
          { SFI_HTTP_ANSWERED, .status = 403, .can_renew = true, .code = "Bad_OAuth_Token" },
          SFI_VERDICT_RENEW,
          SFI_VERDICT_RENEW },
        { "403 limit",
          { SFI_HTTP_ANSWERED, .status = 403, .code = "REQUEST_LIMIT_EXCEEDED", .message = "TotalRequests Limit" },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_FAIL },
        { "403 concurrent",
          { SFI_HTTP_ANSWERED, .status = 403, .code = "REQUEST_LIMIT_EXCEEDED", .message = "ConcurrentRequests Limit" },
          SFI_VERDICT_REPEAT,
          SFI_VERDICT_REPEAT },
        { "429", { SFI_HTTP_ANSWERED, .status = 429 }, SFI_VERDICT_REPEAT, SFI_VERDICT_REPEAT },
        { "503", { SFI_HTTP_ANSWERED, .status = 503 }, SFI_VERDICT_REPEAT, SFI_VERDICT_REPEAT },
        { "503 proxy",
          { SFI_HTTP_ANSWERED, .status = 503, .is_proxy_text = true },
          SFI_VERDICT_UNKNOWN,
          SFI_VERDICT_REPEAT },
        { "500",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "UNKNOWN_EXCEPTION" },
          SFI_VERDICT_UNKNOWN,
          SFI_VERDICT_REPEAT },
        { "fault: dead session",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "INVALID_SESSION_ID", .can_renew = true },
          SFI_VERDICT_RENEW,
          SFI_VERDICT_RENEW },
        { "fault: dead session again",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "INVALID_SESSION_ID" },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_FAIL },
        { "fault: locked",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "UNABLE_TO_LOCK_ROW" },
          SFI_VERDICT_REPEAT,
          SFI_VERDICT_REPEAT },
        { "fault: concurrent",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "REQUEST_LIMIT_EXCEEDED", .message = "ConcurrentRequests Limit" },
          SFI_VERDICT_REPEAT,
          SFI_VERDICT_REPEAT },
        { "fault: limit",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "REQUEST_LIMIT_EXCEEDED", .message = "TotalRequests Limit" },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_FAIL },
        { "fault: slow",
          { SFI_HTTP_ANSWERED, .status = 500, .code = "REQUEST_RUNNING_TOO_LONG" },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_REPEAT },
        { "fault: schema", { SFI_HTTP_ANSWERED, .status = 500, .code = "Client" }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
        { "500 apex", { SFI_HTTP_ANSWERED, .status = 500, .code = "APEX_ERROR" }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
        { "502", { SFI_HTTP_ANSWERED, .status = 502 }, SFI_VERDICT_UNKNOWN, SFI_VERDICT_REPEAT },
        { "504", { SFI_HTTP_ANSWERED, .status = 504 }, SFI_VERDICT_UNKNOWN, SFI_VERDICT_REPEAT },
        { "not sent", { SFI_HTTP_NOT_SENT, .cause = SF_ERR_NETWORK }, SFI_VERDICT_REPEAT, SFI_VERDICT_REPEAT },
        { "no such host",
          { SFI_HTTP_NOT_SENT, .cause = SF_ERR_NETWORK, .is_lasting = true },
          SFI_VERDICT_FAIL,
          SFI_VERDICT_FAIL },
        { "breaker open", { SFI_HTTP_NOT_SENT, .cause = SF_ERR_UNAVAILABLE }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
        { "lost", { SFI_HTTP_LOST, .cause = SF_ERR_NETWORK }, SFI_VERDICT_UNKNOWN, SFI_VERDICT_REPEAT },
        { "cut", { SFI_HTTP_LOST, .status = 201, .cause = SF_ERR_TRUNCATED }, SFI_VERDICT_UNKNOWN, SFI_VERDICT_REPEAT },
        { "too large", { SFI_HTTP_LOST, .status = 200, .cause = SF_ERR_LIMIT }, SFI_VERDICT_UNKNOWN, SFI_VERDICT_FAIL },
        { "cancelled", { SFI_HTTP_CANCELLED, .cause = SF_ERR_CANCELLED }, SFI_VERDICT_FAIL, SFI_VERDICT_FAIL },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_attempt a = cases[i].a;
        print_message("  %s\n", cases[i].name);
        if (a.code == NULL) a.code = "";
        if (a.message == NULL) a.message = "";
        assert_int_equal(sfi_decide(&a), cases[i].once);
        a.is_repeatable = true;
        assert_int_equal(sfi_decide(&a), cases[i].twice);
    }
}

static void test_decide__which_requests_may_be_done_twice(void **state)
{
    (void)state;
    const sfi_header condition = { SFI_STR("if-unmodified-since"), SFI_STR("x") };
    static const struct {
        const char *method;
        bool says, plain, conditional;
    } cases[] = { { "GET", false, true, true },   { "HEAD", false, true, true },   { "DELETE", false, true, false },
                  { "PUT", false, true, false },  { "POST", false, false, false }, { "PATCH", false, false, false },
                  { "PATCH", true, true, false }, { "POST", true, true, false } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_call_request r = { .method = cases[i].method, .repeatable = cases[i].says };
        assert_int_equal(sfi_request_is_repeatable(&r, NULL, 0), cases[i].plain);
        assert_int_equal(sfi_request_is_repeatable(&r, &condition, 1), cases[i].conditional);
    }
    static const struct {
        const char *path;
        bool runs_code; /* Apex, that it is given */
    } paths[] = { { "tooling/executeAnonymous/?anonymousBody=insert", true },
                  { "/services/data/v62.0/tooling/executeanonymous?anonymousBody=insert", true },
                  { "/services/data/v62.0//tooling//ExecuteAnonymous/", true },
                  { "query?q=SELECT+Id+FROM+A+WHERE+B='tooling/executeAnonymous'", false },
                  { "tooling/query?q=SELECT", false } };
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        sfi_call_request r = { .method = "GET", .path = paths[i].path };
        print_message("  %s\n", paths[i].path);
        assert_int_equal(sfi_request_is_repeatable(&r, NULL, 0), !paths[i].runs_code);
    }
}

/* Of a delete that finds nothing afterwards it was this attempt that has done it. */
static void test_decide__what_may_have_been_carried_out(void **state)
{
    (void)state;
    static const struct {
        sfi_attempt a;
        bool may_be_done;
    } cases[] = { { { SFI_HTTP_ANSWERED, .status = 204 }, false },
                  { { SFI_HTTP_ANSWERED, .status = 404 }, false },
                  { { SFI_HTTP_ANSWERED, .status = 429 }, false },
                  { { SFI_HTTP_ANSWERED, .status = 500 }, true },
                  { { SFI_HTTP_ANSWERED, .status = 502 }, true },
                  { { SFI_HTTP_ANSWERED, .status = 503 }, false },
                  { { SFI_HTTP_ANSWERED, .status = 503, .is_proxy_text = true }, true },
                  { { SFI_HTTP_LOST, .cause = SF_ERR_NETWORK }, true },
                  { { SFI_HTTP_LOST, .status = 200, .cause = SF_ERR_TRUNCATED }, true },
                  { { SFI_HTTP_NOT_SENT, .cause = SF_ERR_NETWORK }, false } };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(sfi_attempt_may_be_done(&cases[i].a), cases[i].may_be_done);
}

static void test_decide__usage_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        bool ok;
        int64_t used, app_used;
    } cases[] = {
        { "api-usage=25/5000", true, 25, 0 },
        { "api-usage=7/9; per-app-api-usage=17/250(appName=sample-app)", true, 7, 17 },
        { "per-app-api-usage=1/2(appName=x);api-usage=3/4", true, 3, 1 },
        { "api-usage=3/4; new-thing=1", true, 3, 0 },
        { "api-usage=25/", false, 0, 0 },
        { "api-usage=1/0", false, 0, 0 },
        { "api-usage=1/2x", false, 0, 0 },
        { "api-usage=1000000000001/2", false, 0, 0 },
        { "per-app-api-usage=1/2(appName=x)", false, 0, 0 },
        { "", false, 0, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_api_usage got = { .used = -1 };
        print_message("  %s\n", cases[i].header);
        assert_int_equal(sfi_usage_parse(sfi_str(cases[i].header), &got), cases[i].ok);
        assert_int_equal(got.used, cases[i].ok ? cases[i].used : -1);
        assert_int_equal(got.app_used, cases[i].app_used);
    }
}

static void test_decide__versions(void **state)
{
    (void)state;
    char out[SFI_VERSION_BYTES];
    assert_true(sfi_version_parse(SFI_STR("v62.0"), out));
    assert_string_equal(out, "62.0");
    assert_true(sfi_version_parse(SFI_STR("62"), out));
    assert_string_equal(out, "62.0");
    static const char *const wrong[] = { "", "v", "0.0", "62.", "62.0.1", "x62", "1000.0", "62.0/..", "-1" };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) assert_false(sfi_version_parse(sfi_str(wrong[i]), out));
    static const char list[] =
        "[{\"version\":\"9.0\"},{\"version\":\"66.0\"},{\"version\":\"62.0\"},{\"version\":null},{}]";
    sf_document *doc;
    assert_int_equal(sf_document_parse(list, sizeof list - 1, &doc, NULL), SF_OK);
    assert_true(sfi_version_newest(sf_document_root(doc), out));
    assert_string_equal(out, "66.0");
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide__the_policy),
        cmocka_unit_test(test_decide__which_requests_may_be_done_twice),
        cmocka_unit_test(test_decide__what_may_have_been_carried_out),
        cmocka_unit_test(test_decide__usage_headers),
        cmocka_unit_test(test_decide__versions),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
