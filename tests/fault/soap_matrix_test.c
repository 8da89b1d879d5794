/*
 * soap_matrix_test.c: each fault of the local org × a SOAP call that writes (create, convertLead) and one that reads (query,
 * getServerTimestamp), once and for ever. The outcome is complete and right, or an error that says what happened; nothing
 * is done twice. What the org holds afterwards is looked up outside the library.
 */
#include <pthread.h>
#include <salesforce.h>
#include "support/org_process.h"

static test_org org;
static int combinations, complete, refused, serial;

static const struct {
    const char *spec; /* without path and times */
    bool transient;   /* when it happens once, a call that may be repeated must get through */
} faults[] = {
    { "reset:after=0", true },
    { "reset:after=1", true },
    { "reset:after=120", true },
    { "reset:after=400", true },
    { "stall:after=0,ms=600", true },
    { "stall:after=200,ms=600", true },
    { "503", true },
    { "503:body=html", true },
    { "429", true },
    { "500:body=empty", true },
    { "limit", false },
    { "truncate:after=0,length=wrong", true },
    { "truncate:after=100,length=wrong", true },
    { "truncate:after=0,length=right", true },
    { "truncate:after=200,length=right", true },
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
    assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
    return sf;
}

static void note(const char *call, const char *spec, bool once, bool must_pass, sf_status rc, const sf_error *err)
{
    combinations++;
    if (rc == SF_OK)
        complete++;
    else
        refused++;
    if (rc != SF_OK && (err->status != rc || strlen(err->message) < 10 || strchr(err->message, '\n') != NULL))
        fail_msg("%s under %s: %s says only '%s'", call, spec, sf_status_name(rc), err->message);
    if (rc != SF_OK && once && must_pass)
        fail_msg("%s under one %s: %s: %s", call, spec, sf_status_name(rc), err->message);
    print_message("  %-12s %-34s %-7s %s\n", call, spec, once ? "once" : "always", sf_status_name(rc));
}

static int count(const char *object, const char *marker)
{
    char path[300];
    snprintf(path, sizeof path, "/services/data/v62.0/query?q=SELECT+COUNT()+FROM+%s+WHERE+Name='%s'", object, marker);
    assert_int_equal(test_org_http(&org, "GET", path, org.access_token, NULL), 200);
    const char *total = strstr(org.reply, "\"totalSize\":");
    assert_non_null(total);
    return (int)strtol(total + strlen("\"totalSize\":"), NULL, 10);
}

static void set_fault(const char *spec, bool once)
{
    char text[200];
    snprintf(text, sizeof text, "%s%spath=/services/Soap%s", spec, strchr(spec, ':') != NULL ? "," : ":",
             once ? ",times=1" : "");
    test_org_fault(&org, text);
}

static void check_write(const char *call, const char *spec, sf_status rc, const sf_error *err, int there)
{
    if (there > 1) fail_msg("%s under %s: it is there %d times", call, spec, there);
    if (rc == SF_OK && there != 1) fail_msg("%s under %s: SF_OK, and it is not there", call, spec);
    if (rc < 0 && rc != SF_ERR_UNKNOWN_OUTCOME && there != 0)
        fail_msg("%s under %s: %s (%s), and yet it is there", call, spec, sf_status_name(rc), err->message);
}

static void try_create(size_t f, bool once)
{
    char marker[40], body[300];
    sf_error err = { 0 };
    sf_xml *doc = NULL;
    sf_client *sf = open_client();
    snprintf(marker, sizeof marker, "SoapFault%d", ++serial);
    int n = snprintf(
        body, sizeof body,
        "<urn:create><urn:sObjects><so:type>Account</so:type><so:Name>%s</so:Name></urn:sObjects></urn:create>",
        marker);
    set_fault(faults[f].spec, once);
    sf_status rc = sf_soap_call(sf, (sf_str){ body, (size_t)n }, NULL, &doc, &err);
    test_org_faults_clear(&org);
    note("create", faults[f].spec, once, faults[f].transient && rc != SF_ERR_UNKNOWN_OUTCOME, rc, &err);
    check_write("create", faults[f].spec, rc, &err, count("Account", marker));
    if (rc == SF_OK) assert_int_equal(strlen(sf_xml_get_str(sf_soap_body(doc), "result.id")), 18);
    sf_xml_free(doc);
    sf_client_close(sf);
}

static void try_convert(size_t f, bool once)
{
    char marker[40];
    sf_error err = { 0 };
    sf_id id;
    sf_soap_results *rows = NULL;
    sf_client *sf = open_client();
    snprintf(marker, sizeof marker, "SoapLead%d", ++serial);
    sf_record *lead = sf_record_new("Lead");
    sf_record_set_str(lead, "LastName", "Fault");
    sf_record_set_str(lead, "Company", marker);
    assert_int_equal(sf_record_create(sf, lead, NULL, &id, &err), SF_OK);
    sf_record_free(lead);
    set_fault(faults[f].spec, once);
    sf_status rc = sf_soap_convert_leads(
        sf, &(sf_soap_lead){ .lead_id = id.text, .converted_status = "Closed - Converted" }, 1, NULL, &rows, &err);
    test_org_faults_clear(&org);
    note("convertLead", faults[f].spec, once, faults[f].transient && rc != SF_ERR_UNKNOWN_OUTCOME, rc, &err);
    check_write("convertLead", faults[f].spec, rc, &err, count("Account", marker));
    if (rc == SF_OK) assert_true(sf_soap_results_at(rows, 0)->success);
    sf_soap_results_free(rows);
    sf_client_close(sf);
}

static void try_reads(size_t f, bool once)
{
    static const char query[] =
        "<query><queryString>SELECT Id, Name FROM Account WHERE Name LIKE 'Soap%'</queryString></query>";
    sf_error err = { 0 };
    sf_xml *doc = NULL, *clean = NULL;
    int64_t ms = 0;
    sf_client *sf = open_client();
    set_fault(faults[f].spec, once);
    sf_status rc = sf_soap_call(sf, (sf_str){ query, sizeof query - 1 }, NULL, &doc, &err);
    test_org_faults_clear(&org);
    note("query", faults[f].spec, once, faults[f].transient, rc, &err);
    if (rc == SF_ERR_UNKNOWN_OUTCOME) fail_msg("a query has no unknown outcome");
    if (rc == SF_OK) {
        assert_int_equal(sf_soap_call(sf, (sf_str){ query, sizeof query - 1 }, NULL, &clean, &err), SF_OK);
        sf_xml_element a = sf_xml_child(sf_soap_body(doc), "result"), b = sf_xml_child(sf_soap_body(clean), "result");
        assert_int_equal(sf_xml_count(a, "records"), sf_xml_count(b, "records"));
        assert_int_equal(sf_xml_count(a, "records"), sf_xml_get_int(a, "size", -1));
    }
    sf_xml_free(doc);
    sf_xml_free(clean);
    set_fault(faults[f].spec, once);
    rc = sf_soap_get_server_timestamp(sf, NULL, &ms, &err);
    test_org_faults_clear(&org);
    note("timestamp", faults[f].spec, once, faults[f].transient, rc, &err);
    if (rc == SF_OK) assert_true(ms > 1700000000000);
    sf_client_close(sf);
}

static void test_soap_matrix__complete_or_an_error_that_says_so(void **state)
{
    (void)state;
    for (size_t f = 0; f < COUNT_OF(faults); f++)
        for (int once = 0; once < 2; once++) {
            try_create(f, once);
            try_convert(f, once);
            try_reads(f, once);
        }
    print_message("%d combinations: %d complete, %d refused with a reason\n", combinations, complete, refused);
    assert_int_equal(combinations, (int)(COUNT_OF(faults) * 2 * 4));
    assert_true(complete >= 32); /* reads under what passes, and writes that never arrived */
}

/* Sessions that die every other request are never seen, in SOAP and REST mixed; nothing is done twice. */
static void test_soap_matrix__dying_sessions_are_never_seen(void **state)
{
    (void)state;
    sf_client *sf = open_client();
    sf_error err;
    test_org_fault(&org, "expire:requests=2");
    for (int i = 0; i < 12; i++) {
        char body[300];
        int64_t ms;
        int n = snprintf(
            body, sizeof body,
            "<create><sObjects><so:type>Account</so:type><so:Name>SoapDying%d</so:Name></sObjects></create>", i);
        if (sf_soap_call(sf, (sf_str){ body, (size_t)n }, NULL, NULL, &err) != SF_OK) fail_msg("%s", err.message);
        if (sf_soap_get_server_timestamp(sf, NULL, &ms, &err) != SF_OK) fail_msg("%s", err.message);
        sf_document *doc = NULL;
        if (sf_get_limits(sf, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        sf_document_free(doc);
    }
    test_org_faults_clear(&org);
    for (int i = 0; i < 12; i++) {
        char marker[40];
        snprintf(marker, sizeof marker, "SoapDying%d", i);
        assert_int_equal(count("Account", marker), 1);
    }
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    print_message("36 calls: %lld refreshes\n", (long long)stats.refreshes);
    assert_true(stats.refreshes >= 10);
    sf_client_close(sf);
}

enum { THREADS = 4, TURNS = 10 };

typedef struct worker {
    pthread_t thread;
    sf_client *sf;
    sf_status rc;
    sf_error err;
} worker;

static void *work(void *user)
{
    worker *w = user;
    for (int i = 0; w->rc == SF_OK && i < TURNS; i++) {
        sf_xml *me = NULL;
        sf_document *limits = NULL;
        w->rc = sf_soap_get_user_info(w->sf, NULL, &me, &w->err);
        if (w->rc == SF_OK) w->rc = sf_get_limits(w->sf, NULL, &limits, &w->err);
        sf_xml_free(me);
        sf_document_free(limits);
    }
    return NULL;
}

/* One client, SOAP and REST from four threads while everybody's session ends now and then: one renewal serves all. */
static void test_soap_matrix__threads_share_a_renewal(void **state)
{
    (void)state;
    sf_client *sf = open_client();
    worker workers[THREADS] = { { 0 } };
    for (int round = 0; round < 4; round++) {
        assert_in_range(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200, 299);
        for (int i = 0; i < THREADS; i++) {
            workers[i] = (worker){ .sf = sf };
            assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(workers[i].thread, NULL);
            if (workers[i].rc != SF_OK) fail_msg("thread %d: %s", i, workers[i].err.message);
        }
    }
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    assert_int_equal(stats.refreshes, 4);
    sf_client_close(sf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soap_matrix__complete_or_an_error_that_says_so),
        cmocka_unit_test(test_soap_matrix__dying_sessions_are_never_seen),
        cmocka_unit_test(test_soap_matrix__threads_share_a_renewal),
    };
    test_org_start(&org, (const char *const[]){ "--data", ":memory:", "--seed", "empty", NULL });
    int rc = cmocka_run_group_tests_name("SOAP fault matrix", tests, NULL, NULL);
    int stopped = test_org_stop(&org);
    return rc != 0 ? rc : stopped;
}
