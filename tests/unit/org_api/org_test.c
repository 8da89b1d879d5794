/* org_test.c: whole requests through sfo_org_handle without a socket: what every answer carries, faults that change an
 * answer, and that no failed allocation breaks the org or makes it lie. */
#include "api/api.h"
#include "json/json_internal.h"
#include <pthread.h>
#include "support/support.h"

static sfo_schema *schema;
static sfo_store *store;
static sfo_org *org;
static char authorization[200];
static const char *content_type = "application/json";
static sfo_response response;

static const char *header(void *connection, const char *name)
{
    (void)connection;
    if (sfi_eq_nocase(name, "Authorization")) return authorization;
    if (sfi_eq_nocase(name, "SOAPAction")) return "\"\"";
    return sfi_eq_nocase(name, "Content-Type") ? content_type : NULL;
}

static void ask(const char *method, const char *path, const char *query, const char *body)
{
    sfo_request request = { .method = method,
                            .path = path,
                            .query = query,
                            .body = { body, strlen(body) },
                            .host = "h:1",
                            .loopback = true,
                            .header = header };
    sfo_response_clear(&response);
    sfo_response_init(&response);
    sfo_org_handle(org, &request, &response);
}

static void test_org__answers_with_what_every_answer_has(void **state)
{
    static const char *const always[] = { "X-SFDC-Request-Id", "Cache-Control", "Vary", "Sforce-Limit-Info" };
    (void)state;
    ask("GET", "/services/data/v62.0/limits", "", "");
    assert_int_equal(response.status, 200);
    for (size_t i = 0; i < COUNT_OF(always); i++) assert_non_null(sfo_response_get_header(&response, always[i]));
    ask("GET", "/services/data/", "", "");
    assert_int_equal(response.status, 200);
    assert_null(sfo_response_get_header(&response, "Sforce-Limit-Info"));
}

static void test_org__faults_change_answers(void **state)
{
    (void)state;
    assert_int_equal(sfo_org_add_fault(org, "503:retry_after=7,times=1,path=/limits", NULL), SF_OK);
    assert_int_equal(sfo_org_add_fault(org, "truncate:length=wrong,times=1,path=/limits", NULL), SF_OK);
    ask("GET", "/services/data/v62.0/limits", "", "");
    assert_int_equal(response.status, 503);
    assert_string_equal(sfo_response_get_header(&response, "Retry-After"), "7");
    assert_int_equal(response.fault.truncate_after, response.body.len / 2);
    assert_true(response.fault.keep_content_length);
    ask("GET", "/services/data/v62.0/limits", "", "");
    assert_int_equal(response.status, 200);
    assert_int_equal(response.fault.truncate_after, -1);
}

static void test_org__policy_words(void **state)
{
    (void)state;
    sf_error err;
    sfo_policy p = { 0 };
    assert_int_equal(sfo_policy_add(&p, "rotate,no-soap-login", &err), SF_OK);
    assert_true(p.rotate && p.no_soap_login && !p.no_password);
    assert_int_equal(sfo_policy_add(&p, "rotate,lax", &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "'lax'"));
}

/* Runs a request with 0, 1, 2 … allocations left. An answer of the good status must be right, whatever failed before. */
static void starve(const char *method, const char *path, const char *query, const char *body, int good,
                   const char *part)
{
    print_message("  %s %s\n", method, path);
    for (long n = 0;; n++) {
        if (n > 20000) fail_msg("%d %s", response.status, response.body.data);
        test_allocations_limit(n);
        ask(method, path, query, body);
        test_allocations_limit(-1);
        if (response.body.failed) continue; /* the server makes a 500 of it */
        if (response.status != good) {
            assert_true(response.status >= 400);
            continue;
        }
        if (part == NULL) return;
        assert_non_null(response.body.data);
        assert_non_null(strstr(response.body.data, part));
        return;
    }
}

static void test_org__survives_each_failed_allocation(void **state)
{
    (void)state;
    starve("GET", "/services/data", "", "", 200, "\"version\":\"68.0\"}]");
    starve("GET", "/services/data/v62.0/limits", "", "", 200, "StreamingApiConcurrentClients");
    starve("POST", "/services/data/v62.0/sobjects/Account", "", "{\"Name\":\"x\"}", 201, "\"success\":true");
    starve("GET", "/services/data/v62.0/query", "q=SELECT+Id,Name+FROM+Account+LIMIT+1", "", 200,
           "\"done\":true,\"records\":[{");
    starve(
        "POST", "/services/data/v62.0/composite", "",
        "{\"compositeRequest\":[{\"method\":\"GET\",\"url\":\"/services/data/v62.0/limits\",\"referenceId\":\"a\"}]}",
        200, "\"httpStatusCode\":200");
    starve("POST", "/services/data/v62.0/composite/graph", "",
           "{\"graphs\":[{\"graphId\":\"g\",\"compositeRequest\":[{\"method\":\"POST\",\"url\":\"/services/data/v62.0/"
           "sobjects/Account\",\"referenceId\":\"a\",\"body\":{\"Name\":\"x\"}}]}]}",
           200, "\"graphId\":\"g\",\"graphResponse\":{\"compositeResponse\":[");
    starve("POST", "/services/data/v62.0/composite/tree/Account", "",
           "{\"records\":[{\"attributes\":{\"type\":\"Account\",\"referenceId\":\"a\"},\"Name\":\"x\",\"Contacts\":{"
           "\"records\":[{\"attributes\":{\"type\":\"Contact\",\"referenceId\":\"c\"},\"LastName\":\"y\"}]}}]}",
           201, "{\"hasErrors\":false,\"results\":[{\"referenceId\":\"a\",\"id\":\"001");
    starve("POST", "/services/data/v62.0/graphql", "",
           "{\"query\":\"query($n: String) { uiapi { query { Account(first: 1, where: {Name: {eq: $n}}) { edges { node "
           "{ Id "
           "...f Owner { ... on User { Id } } Contacts { edges { node { Id } } } } } pageInfo { endCursor } } } } } "
           "fragment f "
           "on Account { Name { value } }\",\"variables\":{\"n\":\"x\"}}",
           200, "{\"data\":{\"uiapi\":{\"query\":{\"Account\":{\"edges\":[");
}

static void test_org__collections_survive_each_failed_allocation(void **state)
{
    (void)state;
    starve(
        "POST", "/services/data/v62.0/composite/sobjects", "",
        "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Name\":\"x\"},{\"attributes\":{\"type\":\"Account\"},"
        "\"Nope\":1}]}",
        200, "\"success\":true,\"errors\":[]},{\"success\":false,\"errors\":[{\"statusCode\":\"INVALID_FIELD\"");
    starve("PATCH", "/services/data/v62.0/composite/sobjects/Account/Id", "",
           "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Name\":\"x\",\"Id\":null}]}", 200,
           "\"errors\":[],\"created\":true}]");
    starve("DELETE", "/services/data/v62.0/composite/sobjects", "ids=001000000000001AAA", "", 200,
           "INVALID_CROSS_REFERENCE_KEY");
    starve("POST", "/services/data/v62.0/composite/sobjects/Account", "",
           "{\"ids\":[\"001000000000001AAA\"],\"fields\":[\"Name\"]}", 200, "[null]");
}

static void test_org__rows_survive_each_failed_allocation(void **state)
{
    char path[160];
    char id[19];
    (void)state;
    ask("POST", "/services/data/v62.0/sobjects/Account", "", "{\"Name\":\"starved\"}");
    assert_int_equal(response.status, 201);
    snprintf(id, sizeof id, "%s", strstr(response.body.data, "\"id\":\"") + 6);
    snprintf(path, sizeof path, "/services/data/v62.0/sobjects/Account/%s", id);
    starve("GET", path, "", "", 200, "\"Name\":\"starved\"");
    starve("GET", path, "fields=Name,Industry", "", 200, "\"Name\":\"starved\"");
    starve("GET", "/services/data/v62.0/sobjects", "", "", 200, "\"name\":\"Account\"");
    starve("GET", "/services/data/v62.0/sobjects/Account", "", "", 200, "\"recentItems\":[");
    starve("GET", "/services/data/v62.0/limits/recordCount", "sObjects=Account", "", 200, "\"sObjects\":[");
    starve("POST", "/services/data/v62.0/composite/batch", "",
           "{\"batchRequests\":[{\"method\":\"GET\",\"url\":\"v62.0/limits\"}]}", 200, "\"hasErrors\":false");
    starve("PATCH", path, "", "{\"Industry\":\"Energy\"}", 204, NULL);
    starve("DELETE", path, "", "", 204, NULL);
    starve("GET", "/services/data/v62.0/queryAll", "q=SELECT+COUNT()+FROM+Account", "", 200, "\"totalSize\":");
}

static void test_org__logins_survive_each_failed_allocation(void **state)
{
    char body[1024];
    sfo_credentials c;
    (void)state;
    sfo_org_credentials(org, &c);
    content_type = "application/x-www-form-urlencoded";
    snprintf(body, sizeof body, "grant_type=client_credentials&client_id=%s&client_secret=%s", c.client_id,
             c.client_secret);
    starve("POST", "/services/oauth2/token", "", body, 200, "\"access_token\":\"00D");
    snprintf(body, sizeof body, "grant_type=password&client_id=%s&client_secret=%s&username=%s&password=%s%s",
             c.client_id, c.client_secret, c.username, c.password, c.security_token);
    starve("POST", "/services/oauth2/token", "", body, 200, "\"access_token\":\"00D");
    starve("GET", "/services/oauth2/userinfo", "", "", 200, "\"preferred_username\":");
    content_type = "text/xml; charset=UTF-8";
    snprintf(body, sizeof body,
             "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><login "
             "xmlns=\"urn:partner.soap.sforce.com\"><username>%s</username><password>%s%s</password></login></e:Body>"
             "</e:Envelope>",
             c.username, c.password, c.security_token);
    starve("POST", "/services/Soap/u/62.0", "", body, 200, "<sessionId>00D");
    content_type = "application/json";
}

static void test_org__control_survives_each_failed_allocation(void **state)
{
    (void)state;
    starve("POST", "/__org/faults", "", "{\"spec\":\"503:times=1,path=/nowhere\"}", 201, "nowhere");
    starve("GET", "/__org/faults", "", "", 200, "nowhere");
    starve("GET", "/__org/stats", "", "", 200, "api_calls");
    starve("POST", "/__org/tokens", "", "", 201, "refresh_token");
    starve("DELETE", "/__org/faults", "", "", 200, "removed");
}

/* A row of operators is no deeper a text, yet as deep a tree as it is long. */
static void test_org__apex_of_many_operators_is_refused(void **state)
{
    (void)state;
    sfi_buf query = { 0 };
    for (int pairs = 100; pairs <= 200000; pairs *= 2000) {
        sfi_buf_clear(&query);
        sfi_buf_add_str(&query, "anonymousBody=Integer+i=1");
        for (int i = 0; i < pairs; i++) sfi_buf_add_str(&query, "%2B1");
        sfi_buf_add_str(&query, ";");
        assert_false(query.failed);
        ask("GET", "/services/data/v62.0/tooling/executeAnonymous", query.data, "");
        assert_int_equal(response.status, 200);
        assert_non_null(strstr(response.body.data, pairs == 100 ? "\"success\":true" : "\"compiled\":false"));
    }
    sfi_buf_free(&query);
}

/* ---- two at once ---- */

static int64_t number_of(const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(sfo_store_db(store), sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static const char *csv_header(void *connection, const char *name)
{
    return sfi_eq_nocase(name, "Content-Type") ? "text/csv" : header(connection, name);
}

static void *upload(void *user)
{
    sfo_response answer;
    sfo_request request = { .method = "PUT",
                            .path = user,
                            .query = "",
                            .body = SFI_STR("Name\nuploaded\n"),
                            .host = "h:1",
                            .loopback = true,
                            .header = csv_header };
    sfo_response_init(&answer);
    sfo_org_handle(org, &request, &answer);
    assert_int_equal(answer.status, 201);
    sfo_response_clear(&answer);
    return NULL;
}

/* As when a client sends again what is still at work. */
static void test_org__uploads_at_once_are_not_added_up(void **state)
{
    enum { UPLOADS = 4 };
    (void)state;
    for (int round = 0; round < 10; round++) {
        char id[19], path[100], sql[100];
        pthread_t threads[UPLOADS];
        ask("POST", "/services/data/v62.0/jobs/ingest", "", "{\"object\":\"Account\",\"operation\":\"insert\"}");
        assert_int_equal(response.status, 200);
        const char *at = strstr(response.body.data, "\"id\":\"");
        assert_non_null(at);
        snprintf(id, sizeof id, "%.18s", at + 6);
        snprintf(path, sizeof path, "/services/data/v62.0/jobs/ingest/%s/batches", id);
        for (int i = 0; i < UPLOADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, upload, path), 0);
        for (int i = 0; i < UPLOADS; i++) pthread_join(threads[i], NULL);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM sfo_bulk_data WHERE owner='%s'", id);
        assert_int_equal(number_of(sql), 1);
        snprintf(sql, sizeof sql, "SELECT uploads FROM sfo_bulk_job WHERE id='%s'", id);
        assert_int_equal(number_of(sql), UPLOADS);
    }
}

static int begin(void **state)
{
    (void)state;
    sf_error err;
    char token[160];
    sfo_response_init(&response);
    sf_status rc = sfo_schema_load(NULL, &schema, &err);
    if (rc == SF_OK) rc = sfo_store_open(":memory:", schema, &store, &err);
    if (rc == SF_OK) rc = sfo_org_new(&(sfo_org_options){ .store = store }, &org, &err);
    if (rc != SF_OK || !sfo_org_access_token(org, token)) return -1;
    snprintf(authorization, sizeof authorization, "Bearer %s", token);
    return 0;
}

static int end(void **state)
{
    (void)state;
    sfo_response_clear(&response);
    sfo_org_free(org);
    sfo_store_close(store);
    sfo_schema_free(schema);
    return test_allocations_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_org__answers_with_what_every_answer_has),
        cmocka_unit_test(test_org__faults_change_answers),
        cmocka_unit_test(test_org__policy_words),
        cmocka_unit_test(test_org__survives_each_failed_allocation),
        cmocka_unit_test(test_org__collections_survive_each_failed_allocation),
        cmocka_unit_test(test_org__rows_survive_each_failed_allocation),
        cmocka_unit_test(test_org__logins_survive_each_failed_allocation),
        cmocka_unit_test(test_org__control_survives_each_failed_allocation),
        cmocka_unit_test(test_org__apex_of_many_operators_is_refused),
        cmocka_unit_test(test_org__uploads_at_once_are_not_added_up),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_api org", tests, begin, end);
}
