/* apex_test.c: Apex REST classes of a real local org: every method, any body, values, streams, and what classes answer when
 * something is wrong. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static sf_response answer;

static const char schema[] =
    "{\"sobjects\":[],\"apexRest\":[{\"name\":\"Orders\",\"namespace\":\"acme\",\"urlMapping\":\"/orders/*/lines\","
    "\"methods\":{\"GET\":{\"headers\":{\"X-Page\":\"1\"},\"body\":[\"{!path}\",\"{!method}\",\"{!query.sort}\"]},"
    "\"PUT\":{\"status\":202,\"contentType\":\"application/vnd.acme+json\",\"body\":{\"got\":\"{!body.lines}\"}}}},"
    "{\"name\":\"MyCsv\",\"urlMapping\":\"/csv/*\",\"methods\":{\"GET\":{\"text\":\"mine\"}}}]}";

static int start(void **state)
{
    (void)state;
    char path[] = "/tmp/apex-test-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (f == NULL) return -1;
    fputs(schema, f);
    fclose(f);
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema", path, NULL });
    remove(path);
    return sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                                .api_version = "62.0",
                                                .retry = { .retries_max = 2, .pause_ms = 1 },
                                                .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                          &sf, &err) == SF_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static sf_status call(const char *method, const char *path, const sf_apex_options *options)
{
    sf_response_clear(&answer);
    err = (sf_error){ 0 };
    return sf_apex_request(sf, method, path, options, &answer, &err);
}

static void must(const char *method, const char *path, const sf_apex_options *options, int status)
{
    sf_status rc = call(method, path, options);
    if (rc != SF_OK) fail_msg("%s %s: %s: %s", method, path, sf_status_name(rc), err.message);
    assert_int_equal(answer.status, status);
}

static sf_document *parse(void)
{
    sf_document *doc = NULL;
    if (sf_document_parse(answer.body, answer.body_len, &doc, &err) != SF_OK)
        fail_msg("%s: %s", err.message, answer.body);
    return doc;
}

static void assert_header(const char *name, const char *want)
{
    sf_str value = sf_response_header(&answer, name);
    if (want == NULL) {
        assert_null(value.ptr);
        return;
    }
    assert_non_null(value.ptr);
    assert_int_equal(value.len, strlen(want));
    assert_memory_equal(value.ptr, want, value.len);
}

/* ---- what is sent ---- */
static void test_apex__each_method_arrives_with_its_body(void **state)
{
    static const struct {
        const char *method, *body;
    } cases[] = { { "GET", NULL }, { "POST", "{\"a\":1}" }, { "PUT", "plain" },
                  { "PATCH", "" }, { "DELETE", NULL },      { "POST", NULL } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].method);
        const char *body = cases[i].body;
        must(cases[i].method, "echo/x", &(sf_apex_options){ .body = { body, body != NULL ? strlen(body) : 0 } }, 200);
        sf_document *doc = parse();
        sf_value v = sf_document_root(doc);
        assert_string_equal(sf_get_str(v, "method"), cases[i].method);
        assert_string_equal(sf_get_str(v, "body"), body != NULL ? body : "");
        if (body != NULL) assert_string_equal(sf_get_str(v, "headers.Content-Type"), "application/json; charset=UTF-8");
        if (body == NULL) assert_int_equal(sf_value_type(sf_get(v, "headers.Content-Type")), SF_MISSING);
        sf_document_free(doc);
    }
    must("HEAD", "/csv/", NULL, 200);
    assert_int_equal(answer.body_len, 0);
}

static void test_apex__paths_and_parameters_are_encoded(void **state)
{
    static const struct {
        const char *path, *want;
    } cases[] = {
        { "/echo/a b/ü/c%2Fd", "a%20b/%C3%BC/c%2Fd" },
        { "echo/x{y}|\"z\"#w", "x%7By%7D%7C%22z%22%23w" },
        { "/services/apexrest/echo/1", "1" },
        { "//echo/...", "..." },
        { "/echo/a+b;c=d,e@f:g!h$i'j(k)*", "a+b;c=d,e@f:g!h$i'j(k)*" },
    };
    (void)state;
    const sf_apex_param params[] = { { "q", "1&2=3 + ü" }, { "näme", "" }, { "flag", NULL }, { "q", "again" } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].path);
        must("GET", cases[i].path, &(sf_apex_options){ .params = params, .param_count = 3 }, 200);
        sf_document *doc = parse();
        assert_string_equal(sf_get_str(sf_document_root(doc), "path"), cases[i].want);
        assert_string_equal(sf_get_str(sf_document_root(doc), "params.q"), "1&2=3 + ü");
        assert_string_equal(sf_get_str(sf_document_root(doc), "params.näme"), "");
        assert_string_equal(sf_get_str(sf_document_root(doc), "params.flag"), "");
        sf_document_free(doc);
    }
    must("GET", "/echo?first=a b", &(sf_apex_options){ .params = params, .param_count = 1 }, 200);
    assert_non_null(strstr(answer.body, "\"params\":{\"first\":\"a b\",\"q\":\"1&2=3 + ü\"}"));
}

static void test_apex__any_content_comes_back_as_it_was(void **state)
{
    static const char bytes[] = "\x00\x01\xff{\"not\": json\r\n\x00";
    (void)state;
    const char *const headers[] = { "Accept: image/png", "X-Mine: yes", NULL };
    must("POST", "/mirror/x",
         &(sf_apex_options){ .body = { bytes, sizeof bytes },
                             .content_type = "image/png",
                             .call = &(sf_call_options){ .headers = headers } },
         200);
    assert_header("Content-Type", "image/png");
    assert_header("Sforce-Limit-Info", NULL);
    assert_int_equal(answer.body_len, sizeof bytes);
    assert_memory_equal(answer.body, bytes, sizeof bytes);
}

static void test_apex__values_are_sent_as_json(void **state)
{
    (void)state;
    sf_document *doc = NULL, *got = NULL;
    static const char json[] = "{\"lines\":[{\"sku\":\"ä\",\"price\":2477.50},null]}";
    assert_int_equal(sf_document_parse(json, strlen(json), &doc, &err), SF_OK);
    sf_status rc = sf_apex_json(sf, "PUT", "/acme/orders/7/lines", &(sf_apex_options){ .json = sf_document_root(doc) },
                                &got, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    char *text = NULL;
    assert_int_equal(sf_value_to_json(sf_document_root(got), &text, NULL, &err), SF_OK);
    assert_string_equal(text, "{\"got\":[{\"sku\":\"ä\",\"price\":2477.50},null]}");
    sf_free(text);
    sf_document_free(got);
    sf_document_free(doc);
}

/* ---- streams ---- */
enum { STREAM = 3 * 1024 * 1024 + 5 };

typedef struct counted {
    size_t given, got, wrong;
} counted;

static char byte_at(size_t i)
{
    return (char)(i * 7 + i / 251);
}

static sf_status give(void *user, char *data, size_t cap, size_t *len, sf_error *e)
{
    counted *c = user;
    (void)e;
    *len = STREAM - c->given < cap ? STREAM - c->given : cap;
    for (size_t i = 0; i < *len; i++) data[i] = byte_at(c->given + i);
    c->given += *len;
    return SF_OK;
}

static sf_status take(void *user, const char *data, size_t len, sf_error *e)
{
    counted *c = user;
    (void)e;
    for (size_t i = 0; i < len; i++) c->wrong += data[i] != byte_at(c->got + i);
    c->got += len;
    return SF_OK;
}

static void test_apex__streams_go_through_both_ways(void **state)
{
    (void)state;
    for (int is_known = 0; is_known < 2; is_known++) {
        counted c = { 0 };
        const sf_source source = { .read = give, .user = &c, .length = is_known ? STREAM : SF_NONE };
        const sf_sink sink = { .write = take, .user = &c };
        must("PUT", "/mirror/stream",
             &(sf_apex_options){ .source = &source, .sink = &sink, .content_type = "application/octet-stream" }, 200);
        assert_int_equal(c.given, STREAM);
        assert_int_equal(c.got, STREAM);
        assert_int_equal(c.wrong, 0);
        assert_int_equal(answer.body_len, 0);
        assert_header("Content-Type", "application/octet-stream");
    }
    counted c = { 0 };
    assert_int_equal(call("GET", "/raise/x", &(sf_apex_options){ .sink = &(sf_sink){ .write = take, .user = &c } }),
                     SF_ERR_ORG);
    assert_int_equal(c.got, 0); /* what went wrong is no content */
    assert_non_null(strstr(answer.body, "NullPointerException"));
}

/* ---- what classes answer ---- */
static void test_apex__empty_answers_are_fine(void **state)
{
    static const struct {
        const char *method, *path;
        int status;
    } cases[] = { { "POST", "/nothing/x", 204 }, { "GET", "/void", 200 }, { "DELETE", "/void/x", 200 } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_document *doc = (sf_document *)&org;
        must(cases[i].method, cases[i].path, NULL, cases[i].status);
        assert_string_equal(answer.body, "");
        assert_header("Content-Type", NULL);
        assert_int_equal(sf_apex_json(sf, cases[i].method, cases[i].path, NULL, &doc, &err), SF_DONE);
        assert_null(doc);
    }
}

static void test_apex__errors_are_told_and_the_answer_stays(void **state)
{
    static const struct {
        const char *method, *path, *body;
        int status;
        sf_status rc;
        const char *code, *message, *in_body;
    } cases[] = {
        { "GET", "/raise/x", NULL, 500, SF_ERR_ORG, "APEX_ERROR", "Attempt to de-reference", "NullPointer" },
        { "POST", "/raise/x", "{}", 500, SF_ERR_ORG, "APEX_ERROR", "REQUIRED_FIELD_MISSING", "DmlException" },
        { "GET", "/refuse", NULL, 400, SF_ERR_ORG, "", "HTTP 400", "" },
        { "POST", "/refuse", "{\"item\":\"chairs\"}", 422, SF_ERR_ORG, "OUT_OF_STOCK", "There are no chairs left",
          "\"retry\":false" },
        { "DELETE", "/refuse", NULL, 409, SF_ERR_ORG, "", "The order is on its way", "on its way" },
        { "GET", "/nowhere/x", NULL, 404, SF_ERR_NOT_FOUND, "NOT_FOUND", "Could not find a match for URL /nowhere/x",
          "errorCode" },
        { "GET", "/secret/x", NULL, 403, SF_ERR_ORG, "FORBIDDEN", "SecretResource", "errorCode" },
        { "PATCH", "/csv/x", "{}", 405, SF_ERR_ORG, "METHOD_NOT_ALLOWED", "Allowed are GET,HEAD", "errorCode" },
        { "POST", "/hello", "{\"nope\":1}", 400, SF_ERR_ORG, "JSON_PARSER_ERROR", "Unexpected parameter", "line:1" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s %s\n", cases[i].method, cases[i].path);
        const char *body = cases[i].body;
        sf_status rc = call(cases[i].method, cases[i].path,
                            &(sf_apex_options){ .body = { body, body != NULL ? strlen(body) : 0 } });
        if (rc != cases[i].rc) fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(err.http_status, cases[i].status);
        assert_string_equal(err.code, cases[i].code);
        if (strstr(err.message, cases[i].message) == NULL) fail_msg("%s", err.message);
        assert_non_null(strstr(answer.body, cases[i].in_body));
    }
}

static void test_apex__what_is_not_json_is_read_as_it_is(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    must("GET", "/csv/x", NULL, 200);
    assert_string_equal(answer.body, "mine"); /* the schema's class stands in for the built-in one */
    assert_int_equal(sf_apex_json(sf, "GET", "/csv/x", NULL, &doc, &err), SF_ERR_PROTOCOL);
    assert_null(doc);
    assert_non_null(strstr(err.message, "text/plain"));
    must("GET", "/acme/orders/7/lines?sort=up", NULL, 200);
    assert_header("X-Page", "1");
    assert_string_equal(answer.body, "[\"\",\"GET\",\"up\"]");
    assert_int_equal(call("GET", "/acme/orders/7", NULL), SF_ERR_NOT_FOUND);
    assert_int_equal(call("GET", "/orders/7/lines", NULL), SF_ERR_NOT_FOUND); /* its namespace is part of it */
    assert_int_equal(call("GET", "/Acme/orders/7/lines", NULL), SF_ERR_NOT_FOUND);
}

static void test_apex__the_sample_over_cases_works(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    char path[64], id[19];
    static const char create[] = "{\"subject\":\"Smoke\",\"status\":\"New\",\"origin\":\"Phone\",\"priority\":\"Low\"}";
    assert_int_equal(
        sf_apex_json(sf, "POST", "/Cases", &(sf_apex_options){ .body = { create, strlen(create) } }, &doc, &err),
        SF_OK);
    snprintf(id, sizeof id, "%s", sf_get_str(sf_document_root(doc), NULL));
    assert_int_equal(strlen(id), 18);
    sf_document_free(doc);
    snprintf(path, sizeof path, "/Cases/%s", id);
    must("GET", path, NULL, 200);
    assert_non_null(strstr(
        answer.body, "\"Subject\":\"Smoke\",\"Status\":\"New\",\"Origin\":\"Phone\",\"Priority\":\"Low\",\"Id\":"));
    must("PATCH", path, &(sf_apex_options){ .body = { "{\"Status\":\"Closed\",\"Subject\":null}", 34 } }, 200);
    must("GET", path, NULL, 200);
    assert_non_null(strstr(answer.body, "\"Status\":\"Closed\""));
    assert_null(strstr(answer.body, "Subject")); /* Apex leaves out what is null */
    must("PUT", "/Cases/", &(sf_apex_options){ .body = { "{\"subject\":\"Second\"}", 20 } }, 200);
    must("DELETE", path, NULL, 200);
    assert_string_equal(answer.body, "");
    assert_int_equal(call("GET", path, NULL), SF_ERR_ORG);
    assert_string_equal(err.code, "APEX_ERROR");
    assert_non_null(strstr(err.message, "List has no rows for assignment"));
}

/* ---- failures around it ---- */
static void test_apex__lost_answers_and_dead_sessions(void **state)
{
    (void)state;
    test_org_fault(&org, "lost:path=/services/apexrest/Cases,times=1");
    assert_int_equal(call("POST", "/Cases", &(sf_apex_options){ .body = { "{\"subject\":\"Lost\"}", 18 } }),
                     SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    int64_t n = 0;
    assert_int_equal(sf_query_count(sf, "SELECT COUNT() FROM Case WHERE Subject = 'Lost'", NULL, &n, &err), SF_OK);
    assert_int_equal(n, 1);
    test_org_fault(&org, "lost:path=/services/apexrest/hello,times=1");
    must("POST", "/hello", &(sf_apex_options){ .body = { "{\"name\":\"x\"}", 12 }, .repeatable = true }, 200);
    test_org_faults_clear(&org);
    test_org_fault(&org, "503:path=/services/apexrest,times=1");
    must("GET", "/hello", NULL, 200);
    test_org_faults_clear(&org);
    test_org_fault(&org, "truncate:path=/services/apexrest,length=wrong,times=1");
    must("GET", "/hello?name=cut", NULL, 200);
    assert_string_equal(answer.body, "\"Hello, cut\"");
    test_org_faults_clear(&org);
    sf_client *dead = NULL;
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dx!no" } },
                       &dead, &err),
        SF_OK);
    sf_response_clear(&answer);
    assert_int_equal(sf_apex_request(dead, "GET", "/hello", NULL, &answer, &err), SF_ERR_AUTH);
    assert_int_equal(answer.status, 401);
    sf_client_close(dead);
}

static void test_apex__wrong_arguments_send_nothing(void **state)
{
    (void)state;
    sf_client_stats before, after;
    const sf_apex_param nameless[] = { { "", "x" } }, broken[] = { { "x", "\xff" } };
    const sf_source source = { .read = give, .length = 1 };
    const sf_sink sink = { .write = take };
    static const char *const paths[] = { "",    "?x=1",  "/echo/../../data",        "/echo/%2e%2E/x", "/echo/./x",
                                         "/a%", "/a%zz", "https://other.example/x", "/\xff",          "/echo/..\\x" };
    sf_document *doc = NULL;
    char *longest = malloc(SF_APEX_PATH_MAX + 2);
    memset(longest, 'a', SF_APEX_PATH_MAX + 1);
    longest[SF_APEX_PATH_MAX + 1] = '\0';
    sf_client_get_stats(sf, &before);
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        print_message("  \"%s\"\n", paths[i]);
        assert_int_equal(call("GET", paths[i], NULL), SF_ERR_USAGE);
    }
    assert_int_equal(call("GET", NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(call(NULL, "/echo", NULL), SF_ERR_USAGE);
    assert_int_equal(call("TRACE", "/echo", NULL), SF_ERR_USAGE);
    assert_int_equal(call("GET", longest, NULL), SF_ERR_LIMIT);
    longest[SF_APEX_PATH_MAX - 5] = '\0';
    assert_int_equal(call("GET", longest, NULL), SF_ERR_LIMIT); /* with what is put before it */
    assert_int_equal(call("GET", "/echo", &(sf_apex_options){ .params = nameless, .param_count = 1 }), SF_ERR_USAGE);
    assert_int_equal(call("GET", "/echo", &(sf_apex_options){ .params = broken, .param_count = 1 }), SF_ERR_USAGE);
    assert_int_equal(call("GET", "/echo", &(sf_apex_options){ .param_count = 1 }), SF_ERR_USAGE);
    assert_int_equal(call("GET", "/echo", &(sf_apex_options){ .body = { "x", 1 } }), SF_ERR_USAGE);
    assert_int_equal(call("DELETE", "/echo", &(sf_apex_options){ .source = &source }), SF_ERR_USAGE);
    assert_int_equal(call("POST", "/echo", &(sf_apex_options){ .body = { "x", 1 }, .source = &source }), SF_ERR_USAGE);
    assert_int_equal(call("POST", "/echo", &(sf_apex_options){ .content_type = "a\nb" }), SF_ERR_USAGE);
    assert_int_equal(call("POST", "/echo", &(sf_apex_options){ .reserved = { 0, 1 } }), SF_ERR_USAGE);
    assert_int_equal(sf_apex_json(sf, "GET", "/echo", &(sf_apex_options){ .sink = &sink }, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_apex_json(sf, "GET", "/echo", NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_apex_request(sf, "GET", "/echo", NULL, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_apex_request(NULL, "GET", "/echo", NULL, &answer, &err), SF_ERR_USAGE);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests);
    free(longest);
}

static void test_apex__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    static const char json[] = "{\"name\":\"x\",\"times\":1}";
    sf_document *doc = NULL, *got = NULL;
    assert_int_equal(sf_document_parse(json, strlen(json), &doc, &err), SF_OK);
    const sf_apex_param params[] = { { "a", "b" } };
    must("GET", "/hello", NULL, 200); /* a session is at hand */
    for (long n = 0; rc != SF_OK; n++) {
        assert_true(n < 500);
        sf_response_clear(&answer);
        test_allocations_limit(n);
        rc = sf_apex_json(
            sf, "POST", "/hello",
            &(sf_apex_options){ .json = sf_document_root(doc), .params = params, .param_count = 1, .repeatable = true },
            &got, &err);
        test_allocations_limit(-1);
        if (rc != SF_OK && rc != SF_ERR_MEMORY) fail_msg("%ld: %s: %s", n, sf_status_name(rc), err.message);
        assert_true((rc == SF_OK) == (got != NULL));
    }
    sf_document_free(got);
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apex__each_method_arrives_with_its_body),
        cmocka_unit_test(test_apex__paths_and_parameters_are_encoded),
        cmocka_unit_test(test_apex__any_content_comes_back_as_it_was),
        cmocka_unit_test(test_apex__values_are_sent_as_json),
        cmocka_unit_test(test_apex__streams_go_through_both_ways),
        cmocka_unit_test(test_apex__empty_answers_are_fine),
        cmocka_unit_test(test_apex__errors_are_told_and_the_answer_stays),
        cmocka_unit_test(test_apex__what_is_not_json_is_read_as_it_is),
        cmocka_unit_test(test_apex__the_sample_over_cases_works),
        cmocka_unit_test(test_apex__lost_answers_and_dead_sessions),
        cmocka_unit_test(test_apex__wrong_arguments_send_nothing),
        cmocka_unit_test(test_apex__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("apex", tests, start, stop);
}
