/* composite_test.c: batch, composite, graph and tree against a real local org: what is kept and what is rolled back,
 * references, the cause among the consequences, limits, and a lost answer. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    char schema[1024];
    snprintf(schema, sizeof schema, "%s/tests/integration/data/things.json", SF_SOURCE_DIR);
    test_org_start(&org, (const char *const[]){ "--seed", "sample", "--schema", schema, NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static sf_record *account(const char *name)
{
    sf_record *r = sf_record_new("Account");
    (void)sf_record_set_str(r, "Name", name);
    return r;
}

static sf_record *contact(const char *last_name, const char *account_id)
{
    sf_record *r = sf_record_new("Contact");
    if (last_name != NULL) (void)sf_record_set_str(r, "LastName", last_name);
    (void)sf_record_set_str(r, "AccountId", account_id);
    return r;
}

static void add_create(sf_composite *c, const char *ref, sf_record *r)
{
    assert_int_equal(sf_composite_add_create(c, ref, r), SF_OK);
    sf_record_free(r);
}

/* Rows of a name, accounts or people. */
static int64_t rows(const char *object, const char *field, const char *value)
{
    char soql[256];
    int64_t count = -1;
    snprintf(soql, sizeof soql, "SELECT COUNT() FROM %s WHERE %s = :v", object, field);
    sf_query_options options = { .binds = SF_BINDS({ "v", sf_bind_str(value) }) };
    if (sf_query_count(sf, soql, &options, &count, &err) != SF_OK) fail_msg("%s", err.message);
    return count;
}

static sf_parts *send(sf_composite *c, const sf_composite_options *options)
{
    sf_parts *parts = NULL;
    if (sf_composite_send(sf, c, options, &parts, &err) != SF_OK) fail_msg("%s", err.message);
    sf_composite_free(c);
    return parts;
}

static sf_part part(const sf_parts *parts, const char *ref)
{
    sf_part p;
    if (!sf_parts_find(parts, NULL, ref, &p)) fail_msg("there is no part %s", ref);
    return p;
}

static void test_composite__parts_use_what_others_answered(void **state)
{
    (void)state;
    sf_composite *c = sf_composite_new(SF_COMPOSITE);
    add_create(c, "acme", account("Composite One"));
    add_create(c, "ann", contact("Composite Ann", "@{acme.id}"));
    assert_int_equal(sf_composite_add_query(c, "found", "SELECT Id, Name FROM Contact WHERE AccountId = '@{acme.id}'",
                                            (sf_binds){ 0 }),
                     SF_OK);
    sf_record *r = sf_record_new("Contact");
    (void)sf_record_set_str(r, "Description", "found as @{found.records[0].Name}");
    assert_int_equal(sf_composite_add_update(c, "told", r, "@{found.records[0].Id}"), SF_OK);
    sf_record_free(r);
    assert_int_equal(sf_composite_add_get(c, "seen", "Contact", "@{ann.id}",
                                          (const char *const[]){ "Description", "AccountId", NULL }),
                     SF_OK);
    assert_int_equal(sf_composite_add_delete(c, "gone", "Contact", "@{ann.id}"), SF_OK);
    assert_int_equal(sf_composite_count(c), 6);
    sf_parts *parts = send(c, &(sf_composite_options){ .all_or_none = true });
    assert_int_equal(sf_parts_check(parts, &err), SF_OK);
    assert_int_equal(sf_parts_count(parts), 6);
    sf_part acme = part(parts, "acme");
    assert_int_equal(acme.http_status, 201);
    assert_int_equal(strlen(acme.id.text), 18);
    assert_non_null(sf_get_str(acme.headers, "Location"));
    assert_int_equal(sf_get_int(part(parts, "found").body, "totalSize", -1), 1);
    assert_string_equal(sf_get_str(part(parts, "seen").body, "Description"), "found as Composite Ann");
    assert_string_equal(sf_get_str(part(parts, "seen").body, "AccountId"), acme.id.text);
    assert_int_equal(part(parts, "gone").http_status, 204);
    assert_int_equal(sf_value_type(part(parts, "gone").body), SF_NULL);
    sf_parts_free(parts);
    assert_int_equal(rows("Contact", "LastName", "Composite Ann"), 0);
}

static void test_composite__a_bind_is_no_reference(void **state)
{
    (void)state;
    sf_composite *c = sf_composite_new(SF_COMPOSITE);
    add_create(c, "a", account("Composite Bind"));
    assert_int_equal(sf_composite_add_query(c, "q", "SELECT Id FROM Account WHERE Name = :n",
                                            SF_BINDS({ "n", sf_bind_str("@{a.id}") })),
                     SF_OK);
    sf_parts *parts = send(c, NULL);
    if (sf_parts_check(parts, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(sf_get_int(part(parts, "q").body, "totalSize", -1), 0); /* no account is called @{a.id} */
    sf_parts_free(parts);
}

static void test_composite__all_or_none_keeps_nothing_and_tells_the_cause(void **state)
{
    (void)state;
    for (int all = 0; all <= 1; all++) {
        sf_composite *c = sf_composite_new(SF_COMPOSITE);
        add_create(c, "acme", account("Composite Two"));
        add_create(c, "nobody", contact(NULL, "@{acme.id}"));
        assert_int_equal(sf_composite_add_get(c, "seen", "Contact", "@{nobody.id}", NULL), SF_OK);
        sf_parts *parts = send(c, &(sf_composite_options){ .all_or_none = all == 1 });
        assert_int_equal(sf_parts_check(parts, &err), SF_ERR_ORG);
        assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
        assert_string_equal(err.fields, "LastName");
        assert_int_equal(err.http_status, 400);
        assert_non_null(strstr(err.message, "part nobody"));
        assert_int_equal(sf_parts_failed(parts), all == 1 ? 3 : 2);
        assert_true(part(parts, "seen").halted);
        assert_int_equal(part(parts, "acme").failed, all == 1);
        sf_part acme = part(parts, "acme");
        assert_int_equal(sf_part_check(&acme, &err), all == 1 ? SF_ERR_ORG : SF_OK);
        if (all == 1) assert_string_equal(err.code, "PROCESSING_HALTED");
        sf_parts_free(parts);
        assert_int_equal(rows("Account", "Name", "Composite Two"), 1); /* of the first round only */
    }
}

static void test_composite__a_failed_row_of_a_collection_takes_all_along(void **state)
{
    static const char records[] = "{\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Name\":\"Composite Rows\"},"
                                  "{\"attributes\":{\"type\":\"Account\"}}]}";
    (void)state;
    for (int all = 1; all >= 0; all--) {
        sf_composite *c = sf_composite_new(SF_COMPOSITE);
        assert_int_equal(
            sf_composite_add(c, "rows", "POST", "composite/sobjects", (sf_str){ records, strlen(records) }), SF_OK);
        add_create(c, "one", account("Composite Rows"));
        sf_parts *parts = send(c, &(sf_composite_options){ .all_or_none = all == 1 });
        assert_int_equal(part(parts, "rows").http_status, 200);
        assert_true(
            sf_get_bool(part(parts, "rows").body, "0.success", false)); /* as the API says it, though it went back */
        assert_int_equal(part(parts, "one").halted, all == 1);
        assert_int_equal(sf_parts_check(parts, &err), all == 1 ? SF_ERR_ORG : SF_OK);
        if (all == 1) assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
        if (all == 1) assert_non_null(strstr(err.message, "part rows"));
        sf_parts_free(parts);
        assert_int_equal(rows("Account", "Name", "Composite Rows"), all == 1 ? 0 : 2);
    }
}

static void test_composite__a_missing_reference_is_a_cause(void **state)
{
    static const struct {
        const char *reference;
        bool fine;
    } cases[] = {
        { "@{a.id}", true },
        { "@{a.Id}", false }, /* case counts */
        { "@{A.id}", false },
        { "@{b.id}", false },
        { "@{a}", false },
        { "@{a.errors}", false }, /* no single value */
        { "is it? @{a.success}", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_composite *c = sf_composite_new(SF_COMPOSITE);
        print_message("  %s\n", cases[i].reference);
        add_create(c, "a", account("Composite Three"));
        add_create(c, "x", account(cases[i].reference));
        sf_parts *parts = send(c, NULL);
        sf_part x = part(parts, "x");
        assert_int_equal(x.failed, !cases[i].fine);
        if (!cases[i].fine) {
            assert_int_equal(sf_parts_check(parts, &err), SF_ERR_ORG);
            assert_string_equal(err.code, "PROCESSING_HALTED");
            assert_non_null(strstr(err.message, "Invalid reference specified"));
        }
        sf_parts_free(parts);
    }
}

static void test_composite__conditions_and_upserts(void **state)
{
    (void)state;
    sf_composite *c = sf_composite_new(SF_COMPOSITE);
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_str(r, "Name", "by external id");
    assert_int_equal(sf_composite_add_upsert(c, "made", r, "Ext__c", "a/b c@{x}"), SF_OK);
    assert_int_equal(sf_composite_add_upsert(c, "again", r, "Ext__c", "a/b c@{x}"), SF_OK);
    sf_record_free(r);
    add_create(c, "acme", account("Composite Four"));
    assert_int_equal(sf_composite_add_get(c, "same", "Account", "@{acme.id}", NULL), SF_OK);
    assert_int_equal(sf_composite_add_header(c, "If-Modified-Since", "Sat, 01 Jan 2095 00:00:00 GMT"), SF_OK);
    sf_parts *parts = send(c, &(sf_composite_options){ .no_collate = true });
    if (sf_parts_check(parts, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(part(parts, "made").http_status, 201);
    assert_int_equal(part(parts, "again").http_status, 200);
    assert_string_equal(part(parts, "made").id.text, part(parts, "again").id.text);
    assert_int_equal(part(parts, "same").http_status, 304);
    assert_false(part(parts, "same").failed);
    assert_non_null(sf_get_str(part(parts, "same").headers, "ETag"));
    sf_parts_free(parts);
}

static void test_batch__parts_stand_alone(void **state)
{
    (void)state;
    for (int halt = 0; halt <= 1; halt++) {
        sf_composite *c = sf_composite_new(SF_COMPOSITE_BATCH);
        sf_record *r = account(halt ? "Batch Halt" : "Batch On");
        assert_int_equal(sf_composite_add(c, NULL, "GET", "sobjects/Account/001000000000000AAA", (sf_str){ NULL, 0 }),
                         SF_OK);
        assert_int_equal(sf_composite_add_create(c, NULL, r), SF_OK);
        assert_int_equal(sf_composite_add(c, NULL, "GET", "/services/data/v61.0/limits", (sf_str){ NULL, 0 }), SF_OK);
        sf_record_free(r);
        sf_parts *parts = send(c, &(sf_composite_options){ .halt_on_error = halt == 1 });
        sf_part p;
        assert_int_equal(sf_parts_count(parts), 3);
        assert_int_equal(sf_parts_failed(parts), halt ? 3 : 1);
        assert_int_equal(sf_parts_check(parts, &err), SF_ERR_NOT_FOUND);
        assert_non_null(strstr(err.message, "part 1"));
        assert_true(sf_parts_get(parts, 1, &p));
        assert_null(p.reference_id);
        assert_int_equal(p.http_status, halt ? 412 : 201);
        assert_int_equal(p.halted, halt == 1);
        assert_true(sf_parts_get(parts, 2, &p));
        assert_int_equal(sf_value_type(sf_get(p.body, "DailyApiRequests")), halt ? SF_MISSING : SF_OBJECT);
        assert_false(sf_parts_get(parts, 3, &p));
        sf_parts_free(parts);
        assert_int_equal(rows("Account", "Name", halt ? "Batch Halt" : "Batch On"), halt ? 0 : 1);
    }
}

static void test_graph__each_is_a_transaction(void **state)
{
    (void)state;
    sf_composite *c = sf_composite_new(SF_COMPOSITE_GRAPH);
    assert_int_equal(sf_composite_add_graph(c, "good"), SF_OK);
    add_create(c, "a", account("Graph Good"));
    add_create(c, "c", contact("Graph Ann", "@{a.id}"));
    assert_int_equal(sf_composite_add_graph(c, "bad"), SF_OK);
    add_create(c, "a", account("Graph Bad"));
    add_create(c, "c", contact(NULL, "@{a.id}"));
    sf_parts *parts = send(c, NULL);
    sf_part p;
    assert_int_equal(sf_parts_count(parts), 4);
    assert_int_equal(sf_parts_failed(parts), 2);
    assert_true(sf_parts_find(parts, "good", "c", &p));
    assert_false(p.failed);
    assert_string_equal(p.graph_id, "good");
    assert_true(sf_parts_find(parts, "bad", "a", &p));
    assert_true(p.halted);
    assert_int_equal(sf_parts_check(parts, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
    assert_non_null(strstr(err.message, "graph bad, part c"));
    assert_true(sf_get_bool(sf_parts_body(parts), "graphs.0.isSuccessful", false));
    assert_false(sf_get_bool(sf_parts_body(parts), "graphs.1.isSuccessful", true));
    sf_parts_free(parts);
    assert_int_equal(rows("Account", "Name", "Graph Good"), 1);
    assert_int_equal(rows("Account", "Name", "Graph Bad"), 0);
}

static void test_graph__the_rest_halts_after_many_failures(void **state)
{
    (void)state;
    sf_composite *c = sf_composite_new(SF_COMPOSITE_GRAPH);
    char id[16];
    for (int i = 0; i < 16; i++) {
        snprintf(id, sizeof id, "g%d", i);
        assert_int_equal(sf_composite_add_graph(c, id), SF_OK);
        add_create(c, "c", contact(i == 15 ? "Graph Late" : NULL, "001000000000001AAA"));
    }
    sf_parts *parts = send(c, NULL);
    sf_part p;
    assert_int_equal(sf_parts_failed(parts), 16);
    assert_true(sf_parts_find(parts, "g13", "c", &p));
    assert_false(p.halted);
    assert_true(sf_parts_find(parts, "g14", "c", &p));
    assert_true(p.halted);
    sf_parts_free(parts);
    assert_int_equal(rows("Contact", "LastName", "Graph Late"), 0);
}

static void test_tree__creates_children_and_names_those_at_fault(void **state)
{
    (void)state;
    for (int bad = 0; bad <= 1; bad++) {
        sf_tree *t = sf_tree_new("Account");
        sf_parts *parts = NULL;
        sf_record *one = account("Tree One"), *two = account("Tree Two");
        sf_record *ann = sf_record_new("Contact"), *bob = sf_record_new("Contact");
        (void)sf_record_set_str(ann, "LastName", "Tree Ann");
        (void)sf_record_set_str(bob, "LastName", "Tree Bob");
        if (bad) (void)sf_record_set_str(bob, "Email", "123");
        assert_int_equal(sf_tree_add(t, "one", NULL, NULL, one), SF_OK);
        assert_int_equal(sf_tree_add(t, "ann", "one", "Contacts", ann), SF_OK);
        assert_int_equal(sf_tree_add(t, "two", NULL, NULL, two), SF_OK);
        assert_int_equal(sf_tree_add(t, "bob", "two", "Contacts", bob), SF_OK);
        assert_int_equal(sf_tree_count(t), 4);
        if (sf_tree_send(sf, t, NULL, &parts, &err) != SF_OK) fail_msg("%s", err.message);
        if (bad) {
            assert_int_equal(sf_parts_count(parts), 1);
            assert_int_equal(sf_parts_check(parts, &err), SF_ERR_ORG);
            assert_string_equal(err.code, "INVALID_EMAIL_ADDRESS");
            assert_string_equal(err.fields, "Email");
            assert_non_null(strstr(err.message, "part bob"));
        } else {
            assert_int_equal(sf_parts_check(parts, &err), SF_OK);
            assert_int_equal(sf_parts_count(parts), 4);
            assert_memory_equal(part(parts, "bob").id.text, "003", 3);
            assert_memory_equal(part(parts, "two").id.text, "001", 3);
        }
        sf_parts_free(parts);
        sf_tree_free(t);
        sf_record_free(one), sf_record_free(two), sf_record_free(ann), sf_record_free(bob);
        assert_int_equal(rows("Account", "Name", "Tree One"), 1);
        assert_int_equal(rows("Contact", "Account.Name", "Tree Two"), 1);
    }
}

static void test_composite__raw_text_in_and_out(void **state)
{
    static const char object[] =
        "{\"allOrNone\":true,\"compositeRequest\":[{\"method\":\"GET\",\"url\":"
        "\"/services/data/v62.0/query?q=SELECT Id FROM Account LIMIT 1\",\"referenceId\":\"q\"}]}";
    static const char array[] =
        "[{\"method\":\"GET\",\"url\":\"v62.0/limits\"},{\"method\":\"GET\",\"url\":\"v62.0/x\"}]";
    static const struct {
        sf_composite_kind kind;
        const char *json;
        sf_status want;
        const char *told;
    } wrong[] = {
        { SF_COMPOSITE, "{", SF_ERR_USAGE, "not JSON" },
        { SF_COMPOSITE, "{}", SF_ERR_USAGE, "compositeRequest" },
        { SF_COMPOSITE, "[]", SF_ERR_USAGE, "at least one part" },
        { SF_COMPOSITE, "[1]", SF_ERR_USAGE, "part 1" },
        { SF_COMPOSITE, "[{\"method\":\"GET\",\"url\":\"/x\"}]", SF_ERR_USAGE, "referenceId" },
        { SF_COMPOSITE_BATCH, "[{\"method\":\"GET\"}]", SF_ERR_USAGE, "url" },
        { SF_COMPOSITE_GRAPH, "[{\"graphId\":\"g\",\"compositeRequest\":[]}]", SF_ERR_USAGE, "graph g" },
        { SF_COMPOSITE_GRAPH, "{\"graphs\":[{\"compositeRequest\":[]}]}", SF_ERR_USAGE, "graphId" },
        { (sf_composite_kind)7, "[]", SF_ERR_USAGE, "kind" },
    };
    (void)state;
    sf_parts *parts = NULL;
    sf_composite_options all = { .all_or_none = true };
    assert_int_equal(sf_composite_send_json(sf, SF_COMPOSITE, (sf_str){ object, strlen(object) }, NULL, &parts, &err),
                     SF_OK);
    assert_int_equal(sf_parts_check(parts, &err), SF_OK);
    sf_parts_free(parts);
    assert_int_equal(sf_composite_send_json(sf, SF_COMPOSITE, (sf_str){ object, strlen(object) }, &all, &parts, &err),
                     SF_ERR_USAGE);
    assert_null(parts);
    assert_int_equal(
        sf_composite_send_json(sf, SF_COMPOSITE_BATCH, (sf_str){ array, strlen(array) }, NULL, &parts, &err), SF_OK);
    assert_int_equal(sf_parts_failed(parts), 1);
    sf_parts_free(parts);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        print_message("  %s\n", wrong[i].json);
        sf_str json = { wrong[i].json, strlen(wrong[i].json) };
        assert_int_equal(sf_composite_send_json(sf, wrong[i].kind, json, NULL, &parts, &err), wrong[i].want);
        assert_non_null(strstr(err.message, wrong[i].told));
        assert_null(parts);
    }
    static const char twice[] =
        "{\"records\":[{\"attributes\":{\"type\":\"Account\",\"referenceId\":\"r\"},\"Name\":\"T\"},"
        "{\"attributes\":{\"type\":\"Account\",\"referenceId\":\"r\"},\"Name\":\"U\"}]}";
    assert_int_equal(sf_tree_send_json(sf, "Account", (sf_str){ twice, strlen(twice) }, NULL, &parts, &err), SF_OK);
    assert_int_equal(sf_parts_check(parts, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_INPUT");
    sf_parts_free(parts);
    assert_int_equal(sf_tree_send_json(sf, "Nothing__c", (sf_str){ twice, strlen(twice) }, NULL, &parts, &err),
                     SF_ERR_NOT_FOUND);
    assert_null(parts);
}

static void test_composite__a_lost_answer(void **state)
{
    (void)state;
    for (int writes = 0; writes <= 1; writes++) {
        sf_composite *c = sf_composite_new(SF_COMPOSITE);
        sf_parts *parts = NULL;
        sf_client_stats before, after;
        assert_int_equal(sf_composite_add_query(c, "q", "SELECT Id FROM Account LIMIT 1", (sf_binds){ 0 }), SF_OK);
        if (writes) add_create(c, "a", account("Composite Lost"));
        test_org_fault(&org, writes ? "lost:path=/composite,times=1" : "reset:path=/composite,times=1");
        sf_client_get_stats(sf, &before);
        sf_status rc = sf_composite_send(sf, c, NULL, &parts, &err);
        sf_client_get_stats(sf, &after);
        test_org_faults_clear(&org);
        assert_int_equal(rc, writes ? SF_ERR_UNKNOWN_OUTCOME : SF_OK);
        assert_int_equal(after.requests - before.requests, writes ? 1 : 2);
        sf_parts_free(parts);
        sf_composite_free(c);
    }
    assert_int_equal(rows("Account", "Name", "Composite Lost"), 1); /* it had been done, and was not done twice */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite__parts_use_what_others_answered),
        cmocka_unit_test(test_composite__a_bind_is_no_reference),
        cmocka_unit_test(test_composite__all_or_none_keeps_nothing_and_tells_the_cause),
        cmocka_unit_test(test_composite__a_failed_row_of_a_collection_takes_all_along),
        cmocka_unit_test(test_composite__a_missing_reference_is_a_cause),
        cmocka_unit_test(test_composite__conditions_and_upserts),
        cmocka_unit_test(test_batch__parts_stand_alone),
        cmocka_unit_test(test_graph__each_is_a_transaction),
        cmocka_unit_test(test_graph__the_rest_halts_after_many_failures),
        cmocka_unit_test(test_tree__creates_children_and_names_those_at_fault),
        cmocka_unit_test(test_composite__raw_text_in_and_out),
        cmocka_unit_test(test_composite__a_lost_answer),
    };
    return cmocka_run_group_tests_name("composite", tests, start, stop);
}
