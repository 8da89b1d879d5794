/* client_test.c: a client over a scripted org with 0, 1, 2 … allocations left: opening it, logging in, asking for the
 * version, and one request; what it tells afterwards is what it did. */
#include <salesforce.h>
#include "support/support.h"
#include "support/wire_server.h"

static char token_answer[512];
static wire_step token_step = { WIRE_OP_SEND, token_answer, 0 };

/* An org that answers a login, the question for versions, and one request, whatever is asked. */
static wire_server *start_org(wire_step script[8])
{
    static const char versions[] = "[{\"label\":\"L\",\"url\":\"/services/data/v62.0\",\"version\":\"62.0\"}]";
    static char versions_answer[256];
    static const char limits[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSforce-Limit-Info: api-usage=3/100\r\n"
        "Content-Length: 2\r\n\r\n{}";
    const wire_step steps[] = { WIRE_REQUEST, token_step,
                                WIRE_REQUEST, { WIRE_OP_SEND, versions_answer, 0 },
                                WIRE_REQUEST, WIRE_BYTES(limits, sizeof limits - 1),
                                WIRE_STALL,   WIRE_END };
    snprintf(versions_answer, sizeof versions_answer,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(versions),
             versions);
    memcpy(script, steps, sizeof steps);
    script[3].len = strlen(versions_answer);
    static const wire_step *scripts[1];
    scripts[0] = script;
    wire_server *server = wire_start(scripts, 1);
    assert_non_null(server);
    char body[300];
    snprintf(body, sizeof body,
             "{\"access_token\":\"00D000000000001!tok\",\"instance_url\":\"%s\","
             "\"id\":\"https://x.example/id/00D000000000001AAA/005000000000001AAA\",\"token_type\":\"Bearer\"}",
             wire_url(server, ""));
    int len = snprintf(token_answer, sizeof token_answer,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(body), body);
    assert_true(len > 0 && (size_t)len < sizeof token_answer);
    script[1].len = (size_t)len;
    return server;
}

/* Each text that the client has to copy. */
static sf_client_options all_options(const char *url)
{
    static const char *const packages[] = { "acme=1.10", "other=2", NULL };
    return (sf_client_options){
        .login_url = url,
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                  .client_id = "id",
                  .client_secret = "secret",
                  .username = "u@x.example",
                  .scope = "api" },
        .transport = { .proxy = "", .no_proxy = "*", .connections_max = 1, .idle_timeout_ms = 20000 },
        .retry = { .retries_max = SF_NONE },
        .client_name = "test/1",
        .user_agent = "a test",
        .cache_dir = "/tmp",
        .traceparent = true,
        .default_namespace = "acme",
        .package_versions = packages,
    };
}

static void test_client__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    long live = test_allocations_live();
    for (long n = 0; rc != SF_OK; n++) {
        wire_step script[8];
        wire_server *server = start_org(script);
        char url[64];
        snprintf(url, sizeof url, "%s", wire_url(server, ""));
        sf_client_options options = all_options(url);
        sf_client *sf = NULL;
        sf_response answer = { 0 };
        sf_client_stats stats;
        sf_api_usage usage;
        sf_error err = { 0 };
        assert_true(n < 2000);
        test_allocations_limit(n);
        rc = sf_client_open(&options, &sf, &err);
        assert_true(rc == SF_OK || sf == NULL);
        if (rc == SF_OK) rc = sf_client_request(sf, &(sf_request){ .method = "GET", .path = "limits" }, &answer, &err);
        test_allocations_limit(-1);
        sf_client_get_stats(sf, &stats);
        if (rc == SF_OK) {
            assert_int_equal(answer.status, 200);
            assert_string_equal(answer.body, "{}");
            assert_int_equal(stats.logins, 1);
            assert_int_equal(stats.requests, 2);
            assert_int_equal(sf_client_get_api_usage(sf, &usage), SF_ROW);
            assert_int_equal(usage.used, 3);
        } else if (rc != SF_ERR_MEMORY || err.status != rc) {
            fail_msg("allocation %ld: %s: %s", n, sf_status_name(rc), err.message);
        }
        sf_response_clear(&answer);
        sf_client_close(sf);
        wire_stop(server);
        assert_int_equal(test_allocations_live(), live);
    }
}

static void test_client__refuses_wrong_namespaces_and_packages(void **state)
{
    static const char *const many[] = { "a=1", "b=1", "c=1", "d=1", "e=1", "f=1", "g=1", "h=1", "i=1", NULL };
    static const char *const wrong[] = {
        "acme", "acme=", "=1.0", "acme=x", "ac-me=1", "acme=1\r\nX: y", "toolonganamespace=1"
    };
    static const char *const spaces[] = { "", "a b", "acme\r\nX: y", "toolonganamespace" };
    (void)state;
    sf_client *sf = NULL;
    sf_error err;
    for (size_t i = 0; i <= COUNT_OF(wrong); i++) {
        const char *const one[] = { i < COUNT_OF(wrong) ? wrong[i] : NULL, NULL };
        sf_client_options options = { .package_versions = i < COUNT_OF(wrong) ? one : many };
        assert_int_equal(sf_client_open(&options, &sf, &err), SF_ERR_USAGE);
        assert_null(sf);
        assert_non_null(strstr(err.message, "package_versions"));
    }
    for (size_t i = 0; i < COUNT_OF(spaces); i++) {
        assert_int_equal(sf_client_open(&(sf_client_options){ .default_namespace = spaces[i] }, &sf, &err),
                         SF_ERR_USAGE);
        assert_non_null(strstr(err.message, "default_namespace"));
    }
}

static void test_client__refuses_options_that_it_does_not_know(void **state)
{
    (void)state;
    sf_client_options options = all_options("https://acme.my.salesforce.com");
    sf_client *sf = NULL;
    sf_error err;
    uint64_t *const words[] = { &options.reserved[5], &options.auth.reserved[0], &options.transport.reserved[3],
                                &options.retry.reserved[1] };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        *words[i] = 1;
        assert_int_equal(sf_client_open(&options, &sf, &err), SF_ERR_USAGE);
        assert_null(sf);
        assert_non_null(strstr(err.message, "reserved"));
        *words[i] = 0;
    }
    assert_int_equal(sf_client_open(&options, &sf, &err), SF_OK);
    sf_client_close(sf);
    assert_int_equal(sf_client_open(NULL, NULL, &err), SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__survives_each_failed_allocation),
        cmocka_unit_test(test_client__refuses_wrong_namespaces_and_packages),
        cmocka_unit_test(test_client__refuses_options_that_it_does_not_know),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
