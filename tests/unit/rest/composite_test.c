/* composite_test.c: what composites, batches, graphs and trees send; answers of every form, cut short at every byte;
 * wrong parts; and each allocation failing in turn. */
#include "support/replay.h"
#include <salesforce.h>

static sf_error err;

static sf_record *account(void)
{
    sf_record *r = sf_record_new("Account");
    (void)sf_record_set_str(r, "Name", "A \"b\"");
    return r;
}

/* One of every part that the kind takes. */
static sf_composite *all_parts(sf_composite_kind kind)
{
    sf_composite *c = sf_composite_new(kind);
    sf_record *r = account();
    bool batch = kind == SF_COMPOSITE_BATCH, graph = kind == SF_COMPOSITE_GRAPH;
    if (graph) (void)sf_composite_add_graph(c, "g \"1\"");
    (void)sf_composite_add_create(c, batch ? NULL : "a", r);
    (void)sf_composite_add_update(c, batch ? NULL : "b", r, batch ? "001000000000001AAA" : "@{a.id}");
    (void)sf_composite_add_upsert(c, batch ? NULL : "c", r, "Ext__c", "x.y/@{a.id}");
    (void)sf_composite_add_delete(c, batch ? NULL : "d", "Account", "001000000000001");
    (void)sf_composite_add_get(c, batch ? NULL : "e", "Account", "001000000000001AAA",
                               (const char *const[]){ "Name", "Owner.Name", NULL });
    if (!batch) (void)sf_composite_add_header(c, "If-None-Match", "\"tag\"");
    if (!graph)
        (void)sf_composite_add_query(c, batch ? NULL : "f", "SELECT Id FROM A WHERE B = '@{a.id}' AND C = :v",
                                     SF_BINDS({ "v", sf_bind_str("@{a.Id}&") }));
    sf_record_free(r);
    return c;
}

#define PART_QUERY                                                                                                     \
    "query?q=SELECT%20Id%20FROM%20A%20WHERE%20B%20%3D%20%27@{a.id}%27%20AND%20C%20%3D%20%27%40%7Ba.Id%7D%26%27"
#define NAME "{\"Name\":\"A \\\"b\\\"\"}"

static void test_composite__sends_what_the_api_takes(void **state)
{
#define U "/services/data/v62.0/"
    static const char five[] =
        "{\"method\":\"POST\",\"url\":\"" U "sobjects/Account\",\"referenceId\":\"a\",\"body\":" NAME "},"
        "{\"method\":\"PATCH\",\"url\":\"" U "sobjects/Account/@{a.id}\",\"referenceId\":\"b\",\"body\":" NAME "},"
        "{\"method\":\"PATCH\",\"url\":\"" U
        "sobjects/Account/Ext__c/x%2Ey%2F%40%7Ba%2Eid%7D\",\"referenceId\":\"c\",\"body\":" NAME "},"
        "{\"method\":\"DELETE\",\"url\":\"" U "sobjects/Account/001000000000001\",\"referenceId\":\"d\"},"
        "{\"method\":\"GET\",\"url\":\"" U
        "sobjects/Account/001000000000001AAA?fields=Name,Owner.Name\",\"referenceId\":"
        "\"e\",\"httpHeaders\":{\"If-None-Match\":\"\\\"tag\\\"\"}}";
    static const struct {
        sf_composite_kind kind;
        sf_composite_options options;
        const char *path, *head, *tail;
    } cases[] = {
        { SF_COMPOSITE,
          { .all_or_none = true, .no_collate = true },
          "POST /services/data/v62.0/composite HTTP",
          "\r\n\r\n{\"allOrNone\":true,\"collateSubrequests\":false,\"compositeRequest\":[",
          ",{\"method\":\"GET\",\"url\":\"" U PART_QUERY "\",\"referenceId\":\"f\"}]}" },
        { SF_COMPOSITE_GRAPH,
          { 0 },
          "POST /services/data/v62.0/composite/graph HTTP",
          "\r\n\r\n{\"graphs\":[{\"graphId\":\"g \\\"1\\\"\",\"compositeRequest\":[",
          "]}]}" },
    };
    static const char batch[] =
        "\r\n\r\n{\"haltOnError\":true,\"batchRequests\":["
        "{\"method\":\"POST\",\"url\":\"v62.0/sobjects/Account\",\"richInput\":" NAME "},"
        "{\"method\":\"PATCH\",\"url\":\"v62.0/sobjects/Account/001000000000001AAA\",\"richInput\":" NAME "},"
        "{\"method\":\"PATCH\",\"url\":\"v62.0/sobjects/Account/Ext__c/x%2Ey%2F%40%7Ba%2Eid%7D\",\"richInput\":" NAME
        "},"
        "{\"method\":\"DELETE\",\"url\":\"v62.0/sobjects/Account/001000000000001\"},"
        "{\"method\":\"GET\",\"url\":\"v62.0/sobjects/Account/001000000000001AAA?fields=Name,Owner.Name\"},"
        "{\"method\":\"GET\",\"url\":\"v62.0/" PART_QUERY "\"}]}";
    (void)state;
    for (size_t i = 0; i <= COUNT_OF(cases); i++) {
        replay t;
        sf_parts *parts = NULL;
        bool is_batch = i == COUNT_OF(cases);
        sf_composite_options options = is_batch ? (sf_composite_options){ .halt_on_error = true } : cases[i].options;
        sf_composite *c = all_parts(is_batch ? SF_COMPOSITE_BATCH : cases[i].kind);
        replay_start_json(&t, 200, "{}", 2);
        assert_int_equal(sf_composite_send(t.sf, c, &options, &parts, &err), SF_ERR_UNKNOWN_OUTCOME);
        assert_null(parts);
        char *request = wire_request(t.server, 0), want[4096];
        if (is_batch)
            snprintf(want, sizeof want, "%s", batch);
        else
            snprintf(want, sizeof want, "%s%s%s", cases[i].head, five, cases[i].tail);
        assert_non_null(strstr(request, is_batch ? "POST /services/data/v62.0/composite/batch HTTP" : cases[i].path));
        const char *body = strstr(request, "\r\n\r\n");
        assert_non_null(body);
        assert_string_equal(body, want);
        free(request);
        sf_composite_free(c);
        replay_stop(&t);
    }
#undef U
}

static void test_tree__is_written_nested(void **state)
{
    (void)state;
    replay t;
    sf_parts *parts = NULL;
    sf_record *a = account(), *c = sf_record_new("Contact"), *empty = sf_record_new("Account");
    (void)sf_record_set_str(c, "LastName", "C");
    sf_tree *tree = sf_tree_new("Account");
    (void)sf_tree_add(tree, "a", NULL, NULL, a);
    (void)sf_tree_add(tree, "c1", "a", "Contacts", c);
    (void)sf_tree_add(tree, "b", NULL, NULL, empty);
    (void)sf_tree_add(tree, "x", "a", "ChildAccounts", empty);
    (void)sf_tree_add(tree, "c2", "a", "Contacts", c);
    replay_start_json(&t, 201, "{\"hasErrors\":false,\"results\":[]}", 32);
    assert_int_equal(sf_tree_send(t.sf, tree, NULL, &parts, &err), SF_ERR_UNKNOWN_OUTCOME); /* where are the five? */
    char *request = wire_request(t.server, 0);
    assert_non_null(strstr(request, "POST /services/data/v62.0/composite/tree/Account HTTP"));
    assert_string_equal(strstr(request, "\r\n\r\n"), "\r\n\r\n{\"records\":[{\"attributes\":{\"type\":\"Account\","
                                                     "\"referenceId\":\"a\"},\"Name\":\"A \\\"b\\\"\",\"Contacts\":"
                                                     "{\"records\":[{\"attributes\":{\"type\":\"Contact\","
                                                     "\"referenceId\":\"c1\"},\"LastName\":\"C\"},{\"attributes\":{"
                                                     "\"type\":\"Contact\",\"referenceId\":\"c2\"},\"LastName\":\"C\"}]"
                                                     "},\"ChildAccounts\":{\"records\":[{\"attributes\":{"
                                                     "\"type\":\"Account\",\"referenceId\":\"x\"}}]}},{\"attributes\":{"
                                                     "\"type\":\"Account\",\"referenceId\":\"b\"}}]}");
    free(request);
    replay_stop(&t);
    sf_tree_free(tree);
    sf_record_free(a), sf_record_free(c), sf_record_free(empty);
}

/* ---- what cannot be sent ---- */

static sf_status wrong_part(sf_composite *c, int which)
{
    sf_record *r = account(), *bad = sf_record_new("Account");
    sf_status rc = SF_OK;
    (void)sf_record_set_str(bad, "no name", "x");
    static const sf_str none = { NULL, 0 };
    switch (which) {
    case 0: rc = sf_composite_add_create(c, "a b", r); break;
    case 1: rc = sf_composite_add_create(c, "_a", r); break;
    case 2: rc = sf_composite_add_create(c, NULL, r); break;
    case 3: rc = sf_composite_add_create(c, "a", NULL); break;
    case 4: rc = sf_composite_add_create(c, "a", bad); break;
    case 5: rc = sf_composite_add_update(c, "a", r, "001"); break;
    case 6: rc = sf_composite_add_update(c, "a", r, "@{a.id"); break;
    case 7: rc = sf_composite_add_update(c, "a", r, "@{a.id}/x"); break;
    case 8: rc = sf_composite_add_upsert(c, "a", r, "Name", "x"); break;
    case 9: rc = sf_composite_add_upsert(c, "a", r, "Ext__c", ""); break;
    case 10: rc = sf_composite_add_delete(c, "a", "No thing", "001000000000001AAA"); break;
    case 11: rc = sf_composite_add_get(c, "a", "Account", "x", NULL); break;
    case 12: rc = sf_composite_add_query(c, "a", NULL, (sf_binds){ 0 }); break;
    case 13: rc = sf_composite_add_query(c, "a", "SELECT Id FROM A WHERE B = :b", (sf_binds){ 0 }); break;
    case 14: rc = sf_composite_add(c, "a", "TRACE", "limits", none); break;
    case 15: rc = sf_composite_add(c, "a", "GET", "a b", none); break;
    case 16: rc = sf_composite_add(c, "a", "GET", "/services/apexrest/x", none); break;
    case 17: rc = sf_composite_add(c, "a", "POST", "sobjects/Account", (sf_str){ "{", 1 }); break;
    case 18: rc = sf_composite_add_header(c, "X", "y"); break; /* there is no part yet */
    case 19: rc = sf_composite_add_graph(c, "g"); break;
    case 20: rc = sf_composite_add_get(c, "a", "Account", "001000000000001AAA", (const char *const[]){ NULL }); break;
    default: rc = SF_DONE; break;
    }
    sf_record_free(r), sf_record_free(bad);
    return rc;
}

static void test_composite__keeps_the_first_failure(void **state)
{
    (void)state;
    replay t;
    sf_parts *parts = NULL;
    replay_start_json(&t, 200, "{}", 2);
    int tried = 0;
    for (;; tried++) {
        sf_composite *c = sf_composite_new(SF_COMPOSITE);
        sf_status rc = wrong_part(c, tried);
        if (rc != SF_DONE) {
            assert_int_equal(rc, SF_ERR_USAGE);
            assert_int_equal(sf_composite_count(c), 0);
            assert_int_equal(sf_composite_add(c, "fine", "GET", "limits", (sf_str){ NULL, 0 }), SF_OK);
            assert_int_equal(sf_composite_send(t.sf, c, NULL, &parts, &err), SF_ERR_USAGE);
            assert_true(strlen(err.message) > 10);
            sf_composite_clear(c);
            assert_int_equal(sf_composite_send(t.sf, c, NULL, &parts, &err), SF_ERR_USAGE); /* no parts */
            assert_non_null(strstr(err.message, "no parts"));
        }
        sf_composite_free(c);
        if (rc == SF_DONE) break;
    }
    assert_int_equal(tried, 21);
    assert_int_equal(wire_requests(t.server), 0);
    assert_null(sf_composite_new((sf_composite_kind)3));
    assert_int_equal(sf_composite_add_graph(NULL, "g"), SF_ERR_USAGE);
    replay_stop(&t);
}

static void test_composite__limits_hold_before_anything_is_sent(void **state)
{
    (void)state;
    replay t;
    sf_parts *parts = NULL;
    char ref[16];
    replay_start_json(&t, 200, "{}", 2);
    static const sf_str none = { NULL, 0 };
    sf_composite *c = sf_composite_new(SF_COMPOSITE);
    for (int i = 0; i <= SF_COMPOSITE_PARTS_MAX; i++) {
        snprintf(ref, sizeof ref, "r%d", i);
        assert_int_equal(sf_composite_add(c, ref, "GET", "limits", none),
                         i < SF_COMPOSITE_PARTS_MAX ? SF_OK : SF_ERR_LIMIT);
    }
    assert_int_equal(sf_composite_send(t.sf, c, NULL, &parts, &err), SF_ERR_LIMIT);
    sf_composite_clear(c);
    for (int i = 0; i <= SF_COMPOSITE_QUERIES_MAX; i++) {
        snprintf(ref, sizeof ref, "r%d", i);
        assert_int_equal(
            sf_composite_add(c, ref, "GET", i == 0 ? "composite/sobjects/Account?ids=1&fields=Id" : "query?q=x", none),
            SF_OK);
    }
    assert_int_equal(sf_composite_send(t.sf, c, NULL, &parts, &err), SF_ERR_LIMIT);
    sf_composite_clear(c);
    (void)sf_composite_add(c, "same", "GET", "limits", none);
    (void)sf_composite_add(c, "same", "GET", "limits", none);
    assert_int_equal(sf_composite_send(t.sf, c, NULL, &parts, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "same"));
    assert_int_equal(sf_composite_send(t.sf, c, &(sf_composite_options){ .halt_on_error = true }, &parts, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_composite_send(t.sf, c, &(sf_composite_options){ .reserved = { 1 } }, &parts, &err),
                     SF_ERR_USAGE);
    sf_composite_free(c);
    c = sf_composite_new(SF_COMPOSITE_GRAPH);
    for (int i = 0; i <= SF_GRAPHS_MAX; i++) {
        snprintf(ref, sizeof ref, "g%d", i);
        assert_int_equal(sf_composite_add_graph(c, ref), i < SF_GRAPHS_MAX ? SF_OK : SF_ERR_LIMIT);
    }
    sf_composite_free(c);

    sf_record *r = account();
    sf_tree *tree = sf_tree_new("Account");
    for (int i = 0; i <= SF_TREE_DEPTH_MAX; i++) {
        char parent[16];
        snprintf(ref, sizeof ref, "r%d", i);
        snprintf(parent, sizeof parent, "r%d", i - 1);
        assert_int_equal(sf_tree_add(tree, ref, i > 0 ? parent : NULL, i > 0 ? "ChildAccounts" : NULL, r),
                         i < SF_TREE_DEPTH_MAX ? SF_OK : SF_ERR_LIMIT);
    }
    assert_int_equal(sf_tree_send(t.sf, tree, NULL, &parts, &err), SF_ERR_LIMIT);
    sf_tree_free(tree);
    tree = sf_tree_new("Account");
    for (int i = 0; i <= SF_TREE_RECORDS_MAX; i++) {
        snprintf(ref, sizeof ref, "r%d", i);
        assert_int_equal(sf_tree_add(tree, ref, NULL, NULL, r), i < SF_TREE_RECORDS_MAX ? SF_OK : SF_ERR_LIMIT);
    }
    sf_tree_free(tree);
    tree = sf_tree_new("Account");
    (void)sf_tree_add(tree, "a", NULL, NULL, r);
    for (int i = 0; i < SF_TREE_TYPES_MAX; i++) {
        char object[24];
        snprintf(object, sizeof object, "Obj%d__c", i);
        snprintf(ref, sizeof ref, "o%d", i);
        sf_record *other = sf_record_new(object);
        assert_int_equal(sf_tree_add(tree, ref, "a", "Others__r", other),
                         i < SF_TREE_TYPES_MAX - 1 ? SF_OK : SF_ERR_LIMIT);
        sf_record_free(other);
    }
    sf_tree_free(tree);
    tree = sf_tree_new("Account");
    sf_record *contact = sf_record_new("Contact");
    assert_int_equal(sf_tree_add(tree, "c", NULL, NULL, contact), SF_ERR_USAGE); /* the tree is of accounts */
    sf_tree_free(tree);
    tree = sf_tree_new("Account");
    assert_int_equal(sf_tree_add(tree, "a", NULL, NULL, r), SF_OK);
    assert_int_equal(sf_tree_add(tree, "a", NULL, NULL, r), SF_ERR_USAGE);
    assert_int_equal(sf_tree_add(tree, "b", "nobody", "Contacts", contact), SF_ERR_USAGE);
    assert_int_equal(sf_tree_add(tree, "b", "a", NULL, contact), SF_ERR_USAGE);
    sf_tree_free(tree);
    sf_record_free(r), sf_record_free(contact);
    assert_int_equal(wire_requests(t.server), 0);
    replay_stop(&t);
}

/* ---- answers ---- */

static const struct answer {
    int status;
    const char *body;
    const char *tree; /* the request is a tree's, else a composite's of that kind */
    sf_composite_kind kind;
    const char *request;
    size_t failed;
    const char *code; /* the cause's; NULL: none */
} answers[] = {
    { 200,
      "{\"compositeResponse\":[{\"body\":[{\"errorCode\":\"PROCESSING_HALTED\",\"message\":\"The transaction was "
      "rolled back "
      "since another operation in the same transaction failed.\"}],\"httpHeaders\":{},\"httpStatusCode\":400,"
      "\"referenceId\":\"a\"},{\"body\":[{\"errorCode\":\"PROCESSING_HALTED\",\"message\":\"Invalid reference "
      "specified. No "
      "value for c.id found in c.\"}],\"httpHeaders\":{},\"httpStatusCode\":400,\"referenceId\":\"b\"},{\"body\":[{"
      "\"message\":\"no\",\"errorCode\":\"DUPLICATE_VALUE\",\"fields\":[\"Ext__c\"]}],\"httpHeaders\":{},"
      "\"httpStatusCode\":400,\"referenceId\":\"c\"}]}",
      NULL, SF_COMPOSITE,
      "[{\"method\":\"POST\",\"url\":\"/x\",\"referenceId\":\"a\"},{\"method\":\"POST\",\"url\":\"/"
      "x\",\"referenceId\":\"b\"},"
      "{\"method\":\"POST\",\"url\":\"/x\",\"referenceId\":\"c\"}]",
      3, "DUPLICATE_VALUE" },
    { 200,
      "{\"compositeResponse\":[{\"body\":[{\"id\":\"001000000000001AAA\",\"success\":true,\"errors\":[]},{\"success\":"
      "false,"
      "\"errors\":[{\"statusCode\":\"DUPLICATES_DETECTED\",\"message\":\"Use one of these records?\",\"fields\":[]}]}],"
      "\"httpHeaders\":{},\"httpStatusCode\":200,\"referenceId\":\"rows\"},{\"body\":[{\"errorCode\":\"PROCESSING_"
      "HALTED\","
      "\"message\":\"The transaction was rolled back since another operation in the same transaction failed.\"}],"
      "\"httpHeaders\":{},\"httpStatusCode\":400,\"referenceId\":\"c\"}]}",
      NULL, SF_COMPOSITE,
      "[{\"method\":\"POST\",\"url\":\"/x\",\"referenceId\":\"rows\"},{\"method\":\"POST\",\"url\":\"/"
      "x\",\"referenceId\":\"c\"}]",
      1, "DUPLICATES_DETECTED" },
    { 200, "{\"hasErrors\":false,\"results\":[{\"statusCode\":204,\"result\":null}]}", NULL, SF_COMPOSITE_BATCH,
      "[{\"method\":\"PATCH\",\"url\":\"v62.0/x\"}]", 0, NULL },
    { 200,
      "{\"graphs\":[{\"graphId\":\"g\",\"graphResponse\":{\"compositeResponse\":[{\"body\":{\"id\":"
      "\"001000000000001AAA\","
      "\"success\":true,\"errors\":[]},\"httpHeaders\":{},\"httpStatusCode\":201,\"referenceId\":\"a\"}]},"
      "\"isSuccessful\":true}]}",
      NULL, SF_COMPOSITE_GRAPH,
      "[{\"graphId\":\"g\",\"compositeRequest\":[{\"method\":\"POST\",\"url\":\"/x\",\"referenceId\":\"a\"}]}]", 0,
      NULL },
    { 201, "{\"hasErrors\":false,\"results\":[{\"referenceId\":\"r\",\"id\":\"001000000000001AAA\"}]}", "Account",
      SF_COMPOSITE, "{\"records\":[{\"Name\":\"x\"}]}", 0, NULL },
    { 400,
      "{\"hasErrors\":true,\"results\":[{\"referenceId\":\"r\",\"errors\":[{\"statusCode\":\"INVALID_EMAIL_ADDRESS\","
      "\"message\":\"Email: invalid email address: 123\",\"fields\":[\"Email\"]}]}]}",
      "Account", SF_COMPOSITE, "{\"records\":[{\"Name\":\"x\"}]}", 1, "INVALID_EMAIL_ADDRESS" },
};

static sf_status send_answer(const struct answer *a, sf_client *sf, sf_parts **parts, sf_error *e)
{
    sf_str request = { a->request, strlen(a->request) };
    return a->tree != NULL ? sf_tree_send_json(sf, a->tree, request, NULL, parts, e)
                           : sf_composite_send_json(sf, a->kind, request, NULL, parts, e);
}

static void test_parts__tell_the_cause(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        replay t;
        sf_parts *parts = NULL;
        sf_part part;
        replay_start_json(&t, answers[i].status, answers[i].body, strlen(answers[i].body));
        if (send_answer(&answers[i], t.sf, &parts, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_parts_failed(parts), answers[i].failed);
        assert_int_equal(sf_parts_check(parts, &err), answers[i].code != NULL ? SF_ERR_ORG : SF_OK);
        if (answers[i].code != NULL) assert_string_equal(err.code, answers[i].code);
        assert_true(sf_parts_get(parts, 0, &part));
        assert_false(sf_parts_get(parts, sf_parts_count(parts), &part));
        assert_false(sf_parts_find(parts, NULL, "nobody", &part));
        sf_parts_free(parts);
        replay_stop(&t);
    }
    assert_int_equal(sf_parts_count(NULL), 0);
    assert_int_equal(sf_value_type(sf_parts_body(NULL)), SF_MISSING);
    sf_parts_free(NULL);
}

/* A write of which the answer does not say how each part fared is an unknown outcome; it is never a success. */
static void test_parts__answers_cut_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        size_t len = strlen(answers[i].body);
        for (size_t cut = 0; cut < len; cut += cut < 24 || cut + 8 > len ? 1 : 7) {
            replay t;
            sf_parts *parts = NULL;
            replay_start_json(&t, answers[i].status, answers[i].body, cut);
            sf_status rc = send_answer(&answers[i], t.sf, &parts, &err);
            assert_null(parts);
            if (answers[i].status < 300)
                assert_int_equal(rc, SF_ERR_UNKNOWN_OUTCOME);
            else
                assert_true(rc == SF_ERR_ORG || rc == SF_ERR_UNKNOWN_OUTCOME);
            replay_stop(&t);
        }
    }
}

static void test_parts__a_whole_that_is_refused(void **state)
{
    (void)state;
    static const char body[] = "[{\"message\":\"no\",\"errorCode\":\"JSON_PARSER_ERROR\"}]";
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        replay t;
        sf_parts *parts = NULL;
        replay_start_json(&t, 400, body, sizeof body - 1);
        assert_int_equal(send_answer(&answers[i], t.sf, &parts, &err), SF_ERR_ORG);
        assert_string_equal(err.code, "JSON_PARSER_ERROR");
        assert_null(parts);
        replay_stop(&t);
    }
}

static void test_composite__survives_each_failed_allocation(void **state)
{
    (void)state;
    replay t;
    replay_start_json(&t, 200, answers[0].body, strlen(answers[0].body));
    sf_parts *parts = NULL;
    if (send_answer(&answers[0], t.sf, &parts, &err) != SF_OK) fail_msg("%s", err.message); /* warm */
    sf_parts_free(parts);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) { /* the I/O thread allocates too, so the n differ a little from run to run */
        assert_true(n < 5000);
        sf_composite *c = NULL;
        parts = NULL;
        test_allocations_limit(n);
        c = sf_composite_new(SF_COMPOSITE);
        (void)sf_composite_add(c, "a", "POST", "x", (sf_str){ "{}", 2 });
        (void)sf_composite_add_query(c, "b", "SELECT Id FROM A WHERE B = :b", SF_BINDS({ "b", sf_bind_str("c") }));
        (void)sf_composite_add_delete(c, "c", "Account", "001000000000001AAA");
        (void)sf_composite_add_header(c, "X-Y", "z");
        rc = sf_composite_send(t.sf, c, NULL, &parts, &err);
        sf_status told = rc == SF_OK ? sf_parts_check(parts, &err) : SF_OK;
        test_allocations_limit(-1);
        if (rc != SF_OK) assert_null(parts);
        if (rc == SF_OK && told == SF_ERR_MEMORY) rc = told;
        sf_parts_free(parts);
        sf_composite_free(c);
    }
    rc = SF_ERR_MEMORY;
    sf_record *r = account();
    for (int n = 0; rc != SF_OK; n++) {
        test_allocations_limit(n);
        sf_tree *tree = sf_tree_new("Account");
        rc = sf_tree_add(tree, "a", NULL, NULL, r);
        if (rc == SF_OK) rc = sf_tree_add(tree, "b", "a", "ChildAccounts", r);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY || tree == NULL);
        sf_tree_free(tree);
    }
    sf_record_free(r);
    replay_stop(&t);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_composite__sends_what_the_api_takes),
        cmocka_unit_test(test_tree__is_written_nested),
        cmocka_unit_test(test_composite__keeps_the_first_failure),
        cmocka_unit_test(test_composite__limits_hold_before_anything_is_sent),
        cmocka_unit_test(test_parts__tell_the_cause),
        cmocka_unit_test(test_parts__answers_cut_short),
        cmocka_unit_test(test_parts__a_whole_that_is_refused),
        cmocka_unit_test(test_composite__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("composite", tests, NULL, NULL);
}
