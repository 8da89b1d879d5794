/* composite_test.c: what networks do to composites, graphs, trees and GraphQL pages. Each ends complete, or in an error that
 * says so: never a doubled record, never SF_OK for one that is not there, never a refusal for one that is. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static int64_t contacts;
static int combinations, complete;

static const char *const faults[] = {
    "reset:after=0",
    "reset:after=1",
    "reset:after=120",
    "reset:after=500",
    "reset:after=900",
    "stall:after=0,ms=600",
    "stall:after=300,ms=600",
    "503",
    "429",
    "limit",
    "500:body=empty",
    "500:body=empty,effect=yes",
    "502:body=html,effect=yes",
    "truncate:after=0,length=wrong",
    "truncate:after=60,length=wrong",
    "truncate:after=0,length=right",
    "truncate:after=60,length=right",
    "lost",
};

static sf_client *open_client(void)
{
    sf_client *sf = NULL;
    sf_error err;
    sf_client_options o = {
        .instance_url = org.url,
        .api_version = "62.0",
        .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token },
        .transport = { .idle_timeout_ms = 250 },
        .retry = { .retries_max = 3, .pause_ms = 1, .pause_max_ms = 5, .breaker_failures = SF_NONE },
    };
    if (sf_client_open(&o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static void set_fault(const char *spec, const char *path, bool once)
{
    char text[256];
    snprintf(text, sizeof text, "%s%spath=%s%s", spec, strchr(spec, ':') != NULL ? "," : ":", path,
             once ? ",times=1" : "");
    test_org_fault(&org, text);
}

static int count_leads(const char *marker)
{
    char path[256];
    snprintf(path, sizeof path, "/services/data/v62.0/query?q=SELECT+COUNT()+FROM+Lead+WHERE+LastName='%s'", marker);
    assert_int_equal(test_org_http(&org, "GET", path, org.access_token, NULL), 200);
    const char *total = strstr(org.reply, "\"totalSize\":");
    assert_non_null(total);
    return (int)strtol(total + strlen("\"totalSize\":"), NULL, 10);
}

typedef enum way { COMPOSITE, GRAPH, TREE, BATCH, WAYS } way;

/* Two records of the marker, in one request. */
static sf_status create_two(sf_client *sf, way w, const char *marker, sf_parts **parts, sf_error *err)
{
    sf_record *r = sf_record_new("Lead");
    (void)sf_record_set_str(r, "LastName", marker);
    (void)sf_record_set_str(r, "Company", "Fault & Sons");
    sf_status rc;
    if (w == TREE) {
        sf_tree *t = sf_tree_new("Lead");
        (void)sf_tree_add(t, "a", NULL, NULL, r);
        (void)sf_tree_add(t, "b", NULL, NULL, r);
        rc = sf_tree_send(sf, t, NULL, parts, err);
        sf_tree_free(t);
    } else {
        sf_composite *c = sf_composite_new(w == COMPOSITE ? SF_COMPOSITE
                                           : w == GRAPH   ? SF_COMPOSITE_GRAPH
                                                          : SF_COMPOSITE_BATCH);
        if (w == GRAPH) (void)sf_composite_add_graph(c, "g");
        (void)sf_composite_add_create(c, w == BATCH ? NULL : "a", r);
        (void)sf_composite_add_create(c, w == BATCH ? NULL : "b", r);
        rc = sf_composite_send(sf, c, &(sf_composite_options){ .all_or_none = w == COMPOSITE }, parts, err);
        sf_composite_free(c);
    }
    sf_record_free(r);
    return rc;
}

static void try_create(sf_client *sf, way w, const char *fault, bool once)
{
    static const char *const names[] = { "composite", "graph", "tree", "batch" };
    static int serial;
    char marker[32];
    sf_error err = { 0 };
    sf_parts *parts = NULL;
    snprintf(marker, sizeof marker, "Parts%d", ++serial);
    set_fault(fault, "/services/data/v62.0/composite", once);
    sf_status rc = create_two(sf, w, marker, &parts, &err);
    test_org_faults_clear(&org);
    int there = count_leads(marker);
    combinations++;
    complete += rc == SF_OK;
    if (there != 0 && there != 2) fail_msg("%s under %s: %d records of two", names[w], fault, there);
    if (rc == SF_OK && (there != 2 || sf_parts_failed(parts) != 0 || sf_parts_count(parts) != 2))
        fail_msg("%s under %s: SF_OK, and %d records", names[w], fault, there);
    if (rc != SF_OK && rc != SF_ERR_UNKNOWN_OUTCOME && there != 0)
        fail_msg("%s under %s: %s (%s), and yet they are there", names[w], fault, sf_status_name(rc), err.message);
    if (rc != SF_OK && (parts != NULL || err.status != rc || strlen(err.message) < 10))
        fail_msg("%s under %s: status %d says only '%s'", names[w], fault, rc, err.message);
    sf_parts_free(parts);
}

static void test_composite__complete_or_an_error_that_says_so(void **state)
{
    (void)state;
    sf_client *sf = open_client();
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int w = 0; w < WAYS; w++)
            for (int once = 0; once < 2; once++) try_create(sf, (way)w, faults[i], once == 1);
    print_message("%d combinations, %d complete\n", combinations, complete);
    assert_true(complete > 0);
    sf_client_close(sf);
}

static void test_graphql__all_rows_or_an_error(void **state)
{
    (void)state;
    int whole = 0;
    sf_client *sf = open_client();
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int once = 0; once < 2; once++)
            for (int skip = 0; skip < 2; skip++) {
                char spec[128];
                sf_error err = { 0 };
                sf_graphql *g = NULL;
                sf_value node;
                int64_t rows = 0;
                snprintf(spec, sizeof spec, "%s%sskip=%d", faults[i], strchr(faults[i], ':') != NULL ? "," : ":", skip);
                set_fault(spec, "/services/data/v62.0/graphql", once == 1);
                sf_status rc = sf_graphql_open(
                    sf,
                    "{ uiapi { query { Contact(first: 600, orderBy: {Id: {order: ASC}}) { edges { node { Id "
                    "} } pageInfo { hasNextPage endCursor } } } } }",
                    NULL, &g, &err);
                while (rc >= 0 && (rc = sf_graphql_next(g, &node, &err)) == SF_ROW) rows++;
                sf_graphql_close(g);
                test_org_faults_clear(&org);
                whole += rc == SF_DONE;
                if (rc == SF_DONE && rows != contacts)
                    fail_msg("graphql under %s: %d of %d rows without an error", spec, (int)rows, (int)contacts);
                if (rc != SF_DONE && (err.status != rc || strlen(err.message) < 10))
                    fail_msg("graphql under %s: status %d says only '%s'", spec, rc, err.message);
                if (once == 1 && rc != SF_DONE && strncmp(faults[i], "limit", 5) != 0)
                    fail_msg("graphql under %s once: not asked for again: %s", spec, err.message);
            }
    assert_true(whole > 0);
    sf_client_close(sf);
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "sample", NULL });
    sf_client *sf = open_client();
    sf_status rc = sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &contacts, NULL);
    sf_client_close(sf);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    return test_org_stop(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite__complete_or_an_error_that_says_so),
        cmocka_unit_test(test_graphql__all_rows_or_an_error),
    };
    return cmocka_run_group_tests_name("faults of composites", tests, start, stop);
}
