/*
 * client_test.c: the call loop against a real sforce-org: repeats, unknown outcomes, limits of calls and time, cancelling
 * from another thread and from a signal handler, any request, and each allocation failing in turn.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <salesforce.h>
#include <signal.h>
#include <sys/time.h>
#include "support/org_process.h"

static test_org org;

static sf_client_options standard(void)
{
    return (sf_client_options){
        .login_url = org.url,
        .api_version = "62.0",
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = org.client_id, .client_secret = org.client_secret },
        .retry = { .retries_max = 3, .pause_ms = 1, .pause_max_ms = 5 }
    };
}

static sf_client *open_client(const sf_client_options *o)
{
    sf_client *sf;
    sf_error err;
    if (sf_client_open(o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static sf_status send_one(sf_client *sf, const char *method, const char *path, const char *body,
                          const sf_call_options *call, sf_error *err)
{
    sf_response response;
    const sf_request request = {
        .method = method, .path = path, .body = { body, body != NULL ? strlen(body) : 0 }, .call = call
    };
    sf_status rc = sf_client_request(sf, &request, &response, err);
    sf_response_clear(&response);
    return rc;
}

static long leads_named(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "/services/data/v62.0/query?q=SELECT+COUNT()+FROM+Lead+WHERE+LastName='%s'", name);
    assert_int_equal(test_org_http(&org, "GET", path, org.access_token, NULL), 200);
    const char *total = strstr(org.reply, "\"totalSize\":");
    assert_non_null(total);
    return strtol(total + strlen("\"totalSize\":"), NULL, 10);
}

static void test_client__a_write_whose_answer_is_lost_is_an_unknown_outcome(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "lost",           "reset:after=0",           "truncate:after=5,length=wrong", "truncate:after=5,length=right",
        "504:effect=yes", "500:effect=yes,body=html"
    };
    sf_client_options o = standard();
    sf_client *sf = open_client(&o);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        sf_error err;
        char spec[128], name[32], body[128];
        snprintf(spec, sizeof spec, "%s%cpath=/services/data/v62.0/sobjects/Lead,times=1", faults[i],
                 strchr(faults[i], ':') != NULL ? ',' : ':');
        snprintf(name, sizeof name, "Lost%zu", i);
        snprintf(body, sizeof body, "{\"LastName\":\"%s\",\"Company\":\"C\"}", name);
        test_org_fault(&org, spec);
        print_message("  %s\n", spec);
        sf_status rc = send_one(sf, "POST", "sobjects/Lead", body, NULL, &err);
        if (rc != SF_ERR_UNKNOWN_OUTCOME) fail_msg("%s", rc < 0 ? err.message : "no error");
        assert_false(err.retryable);
        assert_non_null(strstr(err.message, "may have taken effect"));
        assert_true(leads_named(name) <= 1);
        test_org_faults_clear(&org);
    }
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    assert_int_equal(stats.unknown_outcomes, COUNT_OF(faults));
    assert_int_equal(stats.retries, 0);
    sf_client_close(sf);
}

static void test_client__what_cannot_duplicate_is_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *fault, *method, *path, *body;
    } cases[] = {
        { "503:times=2", "POST", "sobjects/Lead", "{\"LastName\":\"Repeated\",\"Company\":\"C\"}" },
        { "429:times=2", "POST", "sobjects/Lead", "{\"LastName\":\"Repeated\",\"Company\":\"C\"}" },
        { "reset:after=0,times=2", "GET", "limits", NULL },
        { "reset:after=40,times=1", "GET", "limits", NULL },
        { "truncate:after=30,length=right,times=1", "GET", "limits", NULL },
        { "502:times=1", "GET", "limits", NULL },
        { "expire:times=1", "GET", "limits", NULL },
    };
    sf_client_options o = standard();
    o.transport.no_gzip = true;
    sf_client *sf = open_client(&o);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        char spec[128];
        snprintf(spec, sizeof spec, "%s,path=/services/data/v62.0", cases[i].fault);
        print_message("  %s\n", spec);
        test_org_fault(&org, spec);
        sf_status rc = send_one(sf, cases[i].method, cases[i].path, cases[i].body, NULL, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        test_org_faults_clear(&org);
    }
    assert_int_equal(leads_named("Repeated"), 2);
    sf_client_close(sf);
}

static void test_client__a_lost_delete_that_was_done_is_done(void **state)
{
    (void)state;
    sf_error err;
    sf_client_options o = standard();
    sf_client *sf = open_client(&o);
    sf_response response;
    const char body[] = "{\"LastName\":\"Gone\",\"Company\":\"C\"}";
    const sf_request create = { .method = "POST", .path = "sobjects/Lead", .body = { body, sizeof body - 1 } };
    assert_int_equal(sf_client_request(sf, &create, &response, &err), SF_OK);
    assert_int_equal(response.status, 201);
    const char *id = strstr(response.body, "\"id\":\"");
    assert_non_null(id);
    char path[64];
    snprintf(path, sizeof path, "sobjects/Lead/%.18s", id + 6);
    sf_response_clear(&response);
    test_org_fault(&org, "lost:method=DELETE,times=1");
    sf_status rc = send_one(sf, "DELETE", path, NULL, NULL, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(send_one(sf, "DELETE", path, NULL, NULL, &err), SF_ERR_NOT_FOUND); /* nothing was lost now */
    test_org_faults_clear(&org);
    sf_client_close(sf);
}

static void test_client__errors_keep_the_orgs_body(void **state)
{
    (void)state;
    sf_error err;
    sf_response response;
    sf_client_options o = standard();
    sf_client *sf = open_client(&o);
    const char body[] = "{\"Company\":\"C\"}";
    const sf_request create = { .method = "POST", .path = "sobjects/Lead", .body = { body, sizeof body - 1 } };
    assert_int_equal(sf_client_request(sf, &create, &response, &err), SF_ERR_ORG);
    assert_int_equal(response.status, 400);
    assert_non_null(strstr(response.body, "REQUIRED_FIELD_MISSING"));
    assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
    assert_string_equal(err.fields, "LastName");
    assert_int_equal(response.body_len, strlen(response.body));
    assert_non_null(sf_response_header(&response, "content-type").ptr);
    sf_response_clear(&response);
    sf_client_close(sf);
}

static void test_client__calls_and_time_are_bounded(void **state)
{
    (void)state;
    sf_error err;
    sf_client_options o = standard();
    o.max_calls = 2;
    sf_client *sf = open_client(&o);
    assert_int_equal(send_one(sf, "GET", "limits", NULL, NULL, &err), SF_OK);
    assert_int_equal(send_one(sf, "GET", "limits", NULL, NULL, &err), SF_OK);
    assert_int_equal(send_one(sf, "GET", "limits", NULL, NULL, &err), SF_ERR_API_LIMIT);
    assert_non_null(strstr(err.message, "max_calls"));
    sf_client_close(sf);

    o = standard();
    sf = open_client(&o);
    assert_int_equal(sf_client_login(sf, NULL, &err), SF_OK);
    test_org_fault(&org, "stall:after=0,ms=3000,path=/services/data/v62.0/limits,times=1");
    const sf_call_options quick = { .timeout_ms = 60 };
    assert_int_equal(send_one(sf, "GET", "limits", NULL, &quick, &err), SF_ERR_TIMEOUT);
    test_org_fault(&org, "503:retry_after=3600,path=/services/data/v62.0/limits,times=1");
    assert_int_equal(send_one(sf, "GET", "limits", NULL, NULL, &err), SF_ERR_UNAVAILABLE); /* not waited for */
    assert_int_equal(err.retry_after_ms, 3600000);
    assert_true(err.retryable);
    test_org_faults_clear(&org);
    sf_client_close(sf);
}

/* ---- cancelling ---- */

static sf_cancel *by_signal;

static void on_alarm(int signal_number)
{
    (void)signal_number;
    sf_cancel_now(by_signal);
}

static void *cancel_it(void *arg)
{
    sf_cancel_now(arg);
    return NULL;
}

static void test_client__cancelling_ends_a_stalled_call(void **state)
{
    (void)state;
    sf_client_options o = standard();
    sf_client *sf = open_client(&o);
    sf_error err;
    assert_int_equal(sf_client_login(sf, NULL, &err), SF_OK);
    test_org_fault(&org, "stall:after=0,ms=4000,path=/services/data/v62.0/limits,times=3");
    sf_cancel *c;
    assert_int_equal(sf_cancel_new(&c, &err), SF_OK);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_it, c), 0);
    const sf_call_options with_c = { .cancel = c };
    assert_int_equal(send_one(sf, "GET", "limits", NULL, &with_c, &err), SF_ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(send_one(sf, "GET", "limits", NULL, &with_c, &err), SF_ERR_CANCELLED); /* from now on too */
    sf_cancel_free(c);

    assert_int_equal(sf_cancel_new(&by_signal, &err), SF_OK);
    struct sigaction action = { .sa_handler = on_alarm }, old;
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    const struct itimerval timer = { .it_value = { .tv_usec = 20000 } };
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
    const sf_call_options with_signal = { .cancel = by_signal };
    assert_int_equal(send_one(sf, "GET", "limits", NULL, &with_signal, &err), SF_ERR_CANCELLED);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    sf_cancel_free(by_signal);

    test_org_faults_clear(&org);
    test_org_fault(&org, "503:retry_after=300,path=/services/data/v62.0/limits,times=1"); /* cancelled in the pause */
    assert_int_equal(sf_cancel_new(&by_signal, &err), SF_OK);
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
    const sf_call_options in_pause = { .cancel = by_signal };
    assert_int_equal(send_one(sf, "GET", "limits", NULL, &in_pause, &err), SF_ERR_CANCELLED);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    sf_cancel_free(by_signal);
    test_org_faults_clear(&org);
    sf_client_close(sf);
}

/* ---- options and allocations ---- */

static void test_client__wrong_options_are_named(void **state)
{
    (void)state;
    static const struct {
        sf_client_options o;
        const char *says;
    } cases[] = {
        { { .login_url = "ftp://x" }, "login_url" },
        { { .api_version = "latest" }, "api_version" },
        { { .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS } }, "client_id" },
        { { .auth = { .flow = SF_AUTH_BEARER, .access_token = "x" } }, "instance_url" },
        { { .auth = { .flow = SF_AUTH_BEARER, .access_token = "x\ny" }, .instance_url = "https://a.my.salesforce.com" },
          "access_token" },
        { { .auth = { .flow = (sf_auth_flow)99 } }, "flow" },
        { { .client_name = "a b" }, "client_name" },
        { { .retry = { .retries_max = 21 } }, "retries_max" },
        { { .max_calls = -2 }, "max_calls" },
        { { .call_timeout_ms = -5 }, "call_timeout_ms" },
        { { .auth = { .flow = SF_AUTH_BEARER, .access_token = "x", .lifetime_ms = INT64_MAX },
            .instance_url = "https://a.my.salesforce.com" },
          "lifetime_ms" },
        { { .auth = { .flow = SF_AUTH_BEARER, .access_token = "x", .refresh_ahead_ms = INT64_MAX },
            .instance_url = "https://a.my.salesforce.com" },
          "refresh_ahead_ms" },
        { { .transport = { .tls_min = 11 } }, "tls_min" },
        { { .reserved = { 1 } }, "reserved" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_client *sf = (sf_client *)&sf;
        sf_error err;
        print_message("  %s\n", cases[i].says);
        assert_int_equal(sf_client_open(&cases[i].o, &sf, &err), SF_ERR_USAGE);
        assert_null(sf);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
    }
    sf_client_options o = standard();
    sf_client *sf = open_client(&o);
    sf_error err;
    static const char *const paths[] = { "", "https://evil.example/x", "a b", "a\r\nHost: x", "a\xC3\xA9" };
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        assert_int_equal(send_one(sf, "GET", paths[i], NULL, NULL, &err), SF_ERR_USAGE);
    static const char *const lines[] = { "Authorization: Bearer x", "no colon", "A: b\r\nC: d", ": x", "Host: y" };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        const char *const headers[] = { lines[i], NULL };
        assert_int_equal(send_one(sf, "GET", "limits", NULL, &(sf_call_options){ .headers = headers }, &err),
                         SF_ERR_USAGE);
    }
    static const int64_t times[] = { -2, 86400001, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        const sf_call_options call = { .timeout_ms = times[i] };
        assert_int_equal(send_one(sf, "GET", "limits", NULL, &call, &err), SF_ERR_USAGE);
        assert_non_null(strstr(err.message, "timeout_ms"));
        assert_int_equal(sf_client_login(sf, &call, &err), SF_ERR_USAGE);
    }
    sf_client_close(sf);
}

static void test_client__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK && n < 2000; n++) {
        sf_client *sf = NULL;
        sf_error err;
        sf_client_options o = standard();
        o.api_version = NULL;
        o.retry.retries_max = SF_NONE;
        test_allocations_limit(n);
        rc = sf_client_open(&o, &sf, &err);
        if (rc == SF_OK) rc = send_one(sf, "GET", "limits", NULL, NULL, &err);
        test_allocations_limit(-1);
        sf_client_close(sf);
        if (rc != SF_OK && rc != SF_ERR_MEMORY) fail_msg("%d: %s: %s", n, sf_status_name(rc), err.message);
    }
    assert_int_equal(rc, SF_OK);
    assert_int_equal(test_allocations_live(), 0);
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return test_org_stop(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client__a_write_whose_answer_is_lost_is_an_unknown_outcome),
        cmocka_unit_test(test_client__what_cannot_duplicate_is_repeated),
        cmocka_unit_test(test_client__a_lost_delete_that_was_done_is_done),
        cmocka_unit_test(test_client__errors_keep_the_orgs_body),
        cmocka_unit_test(test_client__calls_and_time_are_bounded),
        cmocka_unit_test(test_client__cancelling_ends_a_stalled_call),
        cmocka_unit_test(test_client__wrong_options_are_named),
        cmocka_unit_test(test_client__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("client against an org", tests, start, stop);
}
