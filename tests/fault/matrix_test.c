/*
 * matrix_test.c: each fault of the local org × login, create, query, describe, once and for ever. The outcome is complete and
 * right, or an error that says what happened; no record is created twice; no result is short without an error. What the org
 * holds afterwards is looked up outside the library. Counts and prints the combinations.
 */
#include <salesforce.h>
#include "support/org_process.h"

enum { ROWS = 500, PAGE = 200 };

static test_org org;
static int combinations, complete, refused;

typedef struct fault {
    const char *spec; /* without path and times */
    bool transient;   /* when it happens once, a repeatable call must get through */
} fault;

static const fault faults[] = {
    { "reset:after=0", true },
    { "reset:after=1", true },
    { "reset:after=17", true },
    { "reset:after=120", true },
    { "reset:after=300", true },
    { "reset:after=700", true },
    { "reset:after=1500", true },
    { "reset:after=9000", true },
    { "stall:after=0,ms=600", true },
    { "stall:after=100,ms=600", true },
    { "stall:after=900,ms=600", true },
    { "503", true },
    { "503:retry_after=1", true },
    { "429", true },
    { "429:retry_after=1", true },
    { "limit", false },
    { "truncate:after=0,length=wrong", true },
    { "truncate:after=100,length=wrong", true },
    { "truncate:after=40,length=right", false },
    { "truncate:after=2000,length=right", false },
    { "lost", true },
};

static sf_client *open_client(void)
{
    sf_client *sf = NULL;
    sf_error err;
    sf_client_options o = {
        .login_url = org.url,
        .api_version = "62.0",
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = org.client_id, .client_secret = org.client_secret },
        .transport = { .idle_timeout_ms = 250 },
        .retry = { .retries_max = 3, .pause_ms = 1, .pause_max_ms = 5, .breaker_failures = SF_NONE },
    };
    if (sf_client_open(&o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static void set_fault(const fault *f, const char *path, bool once)
{
    char spec[256];
    snprintf(spec, sizeof spec, "%s%spath=%s%s", f->spec, strchr(f->spec, ':') != NULL ? "," : ":", path,
             once ? ",times=1" : "");
    test_org_fault(&org, spec);
}

static void check_error(const char *call, const fault *f, sf_status rc, const sf_error *err)
{
    if (err->status != rc || strlen(err->message) < 10)
        fail_msg("%s under %s: status %d says only '%s'", call, f->spec, rc, err->message);
    if (strchr(err->message, '\n') != NULL) fail_msg("%s under %s: more than a line: %s", call, f->spec, err->message);
}

static void note(const char *call, const fault *f, bool once, sf_status rc, const sf_error *err)
{
    combinations++;
    if (rc >= 0)
        complete++;
    else
        refused++;
    if (rc < 0) check_error(call, f, rc, err);
    if (rc < 0 && once && f->transient && rc != SF_ERR_UNKNOWN_OUTCOME)
        fail_msg("%s under one %s: %s: %s", call, f->spec, sf_status_name(rc), err->message);
    print_message("  %-8s %-34s %-7s %s\n", call, f->spec, once ? "once" : "always", sf_status_name(rc));
}

/* Rows with this LastName, asked outside the library. */
static int count_created(const char *marker)
{
    char path[256];
    snprintf(path, sizeof path, "/services/data/v62.0/query?q=SELECT+COUNT()+FROM+Lead+WHERE+LastName='%s'", marker);
    assert_int_equal(test_org_http(&org, "GET", path, org.access_token, NULL), 200);
    const char *total = strstr(org.reply, "\"totalSize\":");
    assert_non_null(total);
    return (int)strtol(total + strlen("\"totalSize\":"), NULL, 10);
}

static void try_login(const fault *f, bool once)
{
    sf_client *sf = open_client();
    sf_error err;
    set_fault(f, "/services/oauth2/token", once);
    sf_status rc = sf_client_login(sf, NULL, &err);
    test_org_faults_clear(&org);
    note("login", f, once, rc, &err);
    if (rc == SF_OK) {
        char *token = NULL;
        assert_int_equal(sf_client_get_access_token(sf, &token, NULL), SF_OK);
        assert_int_equal(test_org_http(&org, "GET", "/services/data/v62.0/limits", token, NULL), 200);
        sf_free(token);
    }
    sf_client_close(sf);
}

static void try_create(const fault *f, bool once)
{
    static int serial;
    char marker[64];
    snprintf(marker, sizeof marker, "Fault%d", ++serial);
    sf_client *sf = open_client();
    sf_error err;
    sf_id id = { "" };
    assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
    sf_record *r = sf_record_new("Lead");
    sf_record_set_str(r, "LastName", marker);
    sf_record_set_str(r, "Company", "Fault & Sons");
    set_fault(f, "/services/data/v62.0/sobjects/Lead", once);
    sf_status rc = sf_record_create(sf, r, NULL, &id, &err);
    test_org_faults_clear(&org);
    note("create", f, once, rc, &err);
    int there = count_created(marker);
    if (there > 1) fail_msg("create under %s: the record is there %d times", f->spec, there);
    if (rc == SF_OK && (there != 1 || strlen(id.text) != 18))
        fail_msg("create under %s: SF_OK and %d records", f->spec, there);
    if (rc < 0 && rc != SF_ERR_UNKNOWN_OUTCOME && there != 0)
        fail_msg("create under %s: %s (%s), and yet the record is there", f->spec, sf_status_name(rc), err.message);
    sf_record_free(r);
    sf_client_close(sf);
}

static void try_query(const fault *f, bool once, int skip)
{
    fault with_skip = *f;
    char spec[128];
    snprintf(spec, sizeof spec, "%s%sskip=%d", f->spec, strchr(f->spec, ':') != NULL ? "," : ":", skip);
    with_skip.spec = spec;
    sf_client *sf = open_client();
    sf_error err;
    sf_query *q = NULL;
    sf_value row;
    int rows = 0;
    assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
    set_fault(&with_skip, "/services/data/v62.0/query", once);
    sf_status rc = sf_query_open(sf, "SELECT Id, Name, Account.Name FROM Contact ORDER BY Id LIMIT 500",
                                 &(sf_query_options){ .page_rows = PAGE }, &q, &err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, &err)) == SF_ROW) {
        assert_non_null(sf_get_str(row, "Id"));
        rows++;
    }
    sf_query_close(q);
    test_org_faults_clear(&org);
    note("query", &with_skip, once, rc, &err);
    if (rc == SF_DONE && rows != ROWS) fail_msg("query under %s: %d of %d rows without an error", spec, rows, ROWS);
    sf_client_close(sf);
}

static void try_describe(const fault *f, bool once)
{
    sf_client *sf = open_client();
    sf_error err;
    sf_document *doc = NULL;
    assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
    set_fault(f, "/services/data/v62.0/sobjects", once);
    sf_status rc = sf_describe_object(sf, "Contact", NULL, &doc, &err);
    test_org_faults_clear(&org);
    note("describe", f, once, rc, &err);
    if (rc == SF_OK) {
        size_t fields = sf_value_count(sf_get(sf_document_root(doc), "fields"));
        sf_document *clean = NULL;
        assert_int_equal(sf_describe_object(sf, "Contact", &(sf_describe_options){ .no_cache = true }, &clean, &err),
                         SF_OK);
        assert_int_equal(fields, sf_value_count(sf_get(sf_document_root(clean), "fields")));
        sf_document_free(clean);
    }
    sf_document_free(doc);
    sf_client_close(sf);
}

static void test_matrix__complete_or_an_error_that_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int once = 0; once < 2; once++) {
            try_login(&faults[i], once);
            try_create(&faults[i], once);
            for (int skip = 0; skip < 3; skip++) try_query(&faults[i], once, skip);
            try_describe(&faults[i], once);
        }
    print_message("%d combinations: %d complete, %d refused with a reason\n", combinations, complete, refused);
    assert_true(combinations >= 200);
    assert_true(complete > refused / 2);
}

static void run_queries(sf_client *sf, int n, const char *what)
{
    for (int i = 0; i < n; i++) {
        sf_error err;
        sf_query *q = NULL;
        sf_value row;
        int rows = 0;
        sf_status rc = sf_query_open(sf, "SELECT Id FROM Contact ORDER BY Id LIMIT 500",
                                     &(sf_query_options){ .page_rows = PAGE }, &q, &err);
        while (rc >= 0 && (rc = sf_query_next(q, &row, &err)) == SF_ROW) rows++;
        sf_query_close(q);
        if (rc != SF_DONE || rows != ROWS)
            fail_msg("%s: query %d: %s, %d rows: %s", what, i, sf_status_name(rc), rows, rc < 0 ? err.message : "");
    }
}

static void test_session__expiring_every_third_request_is_never_seen(void **state)
{
    (void)state;
    sf_client *sf = open_client();
    assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
    test_org_fault(&org, "expire:requests=3");
    run_queries(sf, 10, "expire:requests=3");
    test_org_faults_clear(&org);
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    print_message("30 pages with a session that lives 3 requests: %lld logins\n", (long long)stats.logins);
    assert_true(stats.logins >= 5);
    sf_client_close(sf);
}

/* A client of the refresh-token flow; the org hands out what the web login would. */
static sf_client *open_refreshing_client(void)
{
    sf_client *sf = NULL;
    sf_document *tokens = NULL;
    sf_error err;
    assert_in_range(test_org_http(&org, "POST", "/__org/tokens", NULL, "{}"), 200, 299);
    assert_int_equal(sf_document_parse(org.reply, strlen(org.reply), &tokens, &err), SF_OK);
    const char *refresh = sf_get_str(sf_document_root(tokens), "refresh_token");
    assert_non_null(refresh);
    sf_client_options o = {
        .login_url = org.url,
        .api_version = "62.0",
        .auth = { .flow = SF_AUTH_REFRESH_TOKEN,
                  .refresh_token = refresh,
                  .client_id = org.client_id,
                  .client_secret = org.client_secret },
        .retry = { .retries_max = 3, .pause_ms = 1, .pause_max_ms = 5 },
    };
    if (sf_client_open(&o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    sf_document_free(tokens);
    return sf;
}

static sf_status create_lead(sf_client *sf, const char *marker, sf_error *err)
{
    sf_record *r = sf_record_new("Lead");
    sf_record_set_str(r, "LastName", marker);
    sf_record_set_str(r, "Company", "Fault & Sons");
    sf_status rc = sf_record_create(sf, r, NULL, NULL, err);
    sf_record_free(r);
    return rc;
}

static void test_refresh__rotating_with_every_second_request_is_never_seen(void **state)
{
    (void)state;
    sf_client *sf = open_refreshing_client();
    sf_error err;
    test_org_fault(&org, "rotate");
    test_org_fault(&org, "expire:requests=2");
    run_queries(sf, 5, "rotate and expire:requests=2");
    for (int i = 0; i < 10; i++) {
        char marker[64];
        sf_document *doc = NULL;
        snprintf(marker, sizeof marker, "Rotated%d", i);
        if (create_lead(sf, marker, &err) != SF_OK) fail_msg("create %d: %s", i, err.message);
        if (sf_describe_object(sf, "Lead", &(sf_describe_options){ .no_cache = true }, &doc, &err) != SF_OK)
            fail_msg("%s", err.message);
        sf_document_free(doc);
    }
    test_org_faults_clear(&org);
    for (int i = 0; i < 10; i++) {
        char marker[64];
        snprintf(marker, sizeof marker, "Rotated%d", i);
        assert_int_equal(count_created(marker), 1);
    }
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    print_message("%lld refreshes, each with a new refresh token\n", (long long)stats.refreshes);
    assert_true(stats.refreshes >= 10);
    sf_client_close(sf);
}

static void test_refresh__refused_ends_with_the_remedy_and_without_a_record(void **state)
{
    (void)state;
    sf_error err;
    for (int call = 0; call < 4; call++) {
        sf_client *sf = open_refreshing_client();
        if (call > 0) assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
        test_org_fault(&org, "refuse-refresh");
        if (call > 0) assert_in_range(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, NULL), 200, 299);
        sf_query *q = NULL;
        sf_document *doc = NULL;
        sf_status rc = SF_OK;
        switch (call) {
        case 0: rc = sf_client_login(sf, NULL, &err); break;
        case 1: rc = create_lead(sf, "Refused", &err); break;
        case 2: rc = sf_query_open(sf, "SELECT Id FROM Lead", NULL, &q, &err); break;
        default: rc = sf_describe_global(sf, NULL, &doc, &err); break;
        }
        test_org_faults_clear(&org);
        print_message("  refused: %s: %s\n", sf_status_name(rc), err.message);
        assert_int_equal(rc, SF_ERR_AUTH);
        assert_non_null(strstr(err.message, "log in"));
        sf_query_close(q);
        sf_document_free(doc);
        sf_client_close(sf);
    }
    assert_in_range(test_org_http(&org, "POST", "/__org/tokens", NULL, "{}"), 200, 299);
    sf_document *tokens = NULL;
    assert_int_equal(sf_document_parse(org.reply, strlen(org.reply), &tokens, NULL), SF_OK);
    snprintf(org.access_token, sizeof org.access_token, "%s", sf_get_str(sf_document_root(tokens), "access_token"));
    sf_document_free(tokens);
    assert_int_equal(count_created("Refused"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix__complete_or_an_error_that_says_so),
        cmocka_unit_test(test_session__expiring_every_third_request_is_never_seen),
        cmocka_unit_test(test_refresh__rotating_with_every_second_request_is_never_seen),
        cmocka_unit_test(test_refresh__refused_ends_with_the_remedy_and_without_a_record),
    };
    test_org_start(&org, (const char *const[]){ "--data", ":memory:", "--seed", "sample", NULL });
    int rc = cmocka_run_group_tests_name("fault matrix", tests, NULL, NULL);
    int stopped = test_org_stop(&org);
    if (stopped != 0) print_message("sforce-org ended with %d\n", stopped);
    return rc != 0 ? rc : stopped;
}
