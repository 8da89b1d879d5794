/* collections_test.c: collections against a real local org: each call, results row by row, all or none, refusals before and
 * after the wire. What the org holds is asked of it by a query. */
#include <salesforce.h>
#include "support/org_process.h"

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org,
                   (const char *const[]){ "--schema", SF_SOURCE_DIR "/tests/integration/data/things.json", NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 2 },
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

static int64_t count(const char *soql)
{
    int64_t n = -1;
    if (sf_query_count(sf, soql, NULL, &n, &err) != SF_OK) fail_msg("%s: %s", soql, err.message);
    return n;
}

typedef struct rows {
    sf_record *list[SF_COLLECTION_MAX + 1];
    size_t count;
} rows;

static sf_record *add(rows *r, const char *object, const char *field, const char *value)
{
    sf_record *record = sf_record_new(object);
    assert_int_equal(sf_record_set_str(record, field, value), SF_OK);
    r->list[r->count++] = record;
    return record;
}

static void clear(rows *r)
{
    for (size_t i = 0; i < r->count; i++) sf_record_free(r->list[i]);
    *r = (rows){ 0 };
}

#define LIST(r) (const sf_record *const *)(r).list, (r).count

static void test_collections__create_says_what_became_of_each_row(void **state)
{
    (void)state;
    rows r = { 0 };
    sf_row_results *results = NULL;
    sf_row_result one;
    add(&r, "Account", "Name", "Collect 1 \"é\n\"");
    add(&r, "Account", "Industry", "Energy");
    add(&r, "Contact", "LastName", "Collect 3");
    add(&r, "Contact", "Nope__c", "x");
    if (sf_collection_create(sf, LIST(r), NULL, &results, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(sf_row_results_count(results), 4);
    assert_int_equal(sf_row_results_failed(results), 2);
    assert_true(sf_row_results_get(results, 0, &one));
    assert_true(one.success && one.created && one.row == 0 && strncmp(one.id.text, "001", 3) == 0);
    assert_true(sf_row_results_get(results, 2, &one));
    assert_true(one.success && strncmp(one.id.text, "003", 3) == 0);
    assert_true(sf_row_results_get(results, 1, &one)); /* in any order, and again */
    assert_false(one.success);
    assert_int_equal(one.error.status, SF_ERR_ORG);
    assert_string_equal(one.error.code, "REQUIRED_FIELD_MISSING");
    assert_string_equal(one.error.fields, "Name");
    assert_string_equal(one.error.message, "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]");
    assert_string_equal(one.id.text, "");
    assert_true(sf_row_results_get(results, 3, &one));
    assert_string_equal(one.error.code, "INVALID_FIELD");
    assert_string_equal(sf_get_str(one.answer, "errors.0.statusCode"), "INVALID_FIELD");
    assert_false(sf_row_results_get(results, 4, &one));
    sf_row_results_free(results);
    clear(&r);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name LIKE 'Collect 1%'"), 1);
}

static void test_collections__all_or_none_undoes_all(void **state)
{
    (void)state;
    rows r = { 0 };
    sf_row_results *results = NULL;
    sf_row_result one;
    add(&r, "Account", "Name", "Undone");
    add(&r, "Account", "Industry", "Energy");
    sf_collection_options o = { .all_or_none = true };
    assert_int_equal(sf_collection_create(sf, LIST(r), &o, &results, &err), SF_OK);
    assert_int_equal(sf_row_results_failed(results), 2);
    assert_true(sf_row_results_get(results, 0, &one));
    assert_string_equal(one.error.code, "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    sf_row_results_free(results);
    clear(&r);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'Undone'"), 0);
}

static void test_collections__update_get_delete(void **state)
{
    (void)state;
    rows r = { 0 };
    sf_row_results *results = NULL;
    sf_row_result one;
    sf_id ids[2];
    add(&r, "Account", "Name", "Before 1");
    add(&r, "Account", "Name", "Before 2");
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_true(sf_row_results_get(results, i, &one));
        ids[i] = one.id;
    }
    sf_row_results_free(results);
    clear(&r);

    add(&r, "Account", "Name", "After 1");
    add(&r, "Account", "Name", "After 2");
    const char *const id_texts[] = { ids[0].text, ids[1].text };
    assert_int_equal(sf_collection_update(sf, (const sf_record *const *)r.list, id_texts, 2, NULL, &results, &err),
                     SF_OK);
    assert_int_equal(sf_row_results_failed(results), 0);
    assert_true(sf_row_results_get(results, 1, &one));
    assert_true(one.success && !one.created);
    assert_string_equal(one.id.text, ids[1].text);
    sf_row_results_free(results);
    assert_int_equal(sf_record_set_str(r.list[0], "Id", ids[0].text), SF_OK); /* the same, each with its Id; or none */
    assert_int_equal(sf_collection_update(sf, (const sf_record *const *)r.list, id_texts, 2, NULL, &results, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_collection_update(sf, (const sf_record *const *)r.list, NULL, 2, NULL, &results, &err), SF_OK);
    assert_int_equal(sf_row_results_failed(results), 1);
    assert_true(sf_row_results_get(results, 1, &one));
    assert_string_equal(one.error.code, "MISSING_ARGUMENT");
    sf_row_results_free(results);
    clear(&r);

    sf_document *doc = NULL;
    const char *const asked[] = { id_texts[1], "001000000000001AAA", id_texts[0] };
    assert_int_equal(
        sf_collection_get(sf, "Account", asked, 3, (const char *const[]){ "Name", NULL }, NULL, &doc, &err), SF_OK);
    assert_string_equal(sf_get_str(sf_document_root(doc), "0.Name"), "After 2");
    assert_true(sf_is_null(sf_document_root(doc), "1"));
    assert_string_equal(sf_get_str(sf_document_root(doc), "2.Name"), "After 1");
    sf_document_free(doc);

    const char *const gone[] = { id_texts[0], "001000000000001AAA", id_texts[1] };
    assert_int_equal(sf_collection_delete(sf, gone, 3, NULL, &results, &err), SF_OK);
    assert_int_equal(sf_row_results_failed(results), 1);
    assert_true(sf_row_results_get(results, 1, &one));
    assert_string_equal(one.error.code, "INVALID_CROSS_REFERENCE_KEY");
    sf_row_results_free(results);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name LIKE 'After _'"), 0);
    assert_int_equal(sf_collection_delete(sf, id_texts, 2, NULL, &results, &err), SF_OK); /* once more: refused */
    assert_int_equal(sf_row_results_failed(results), 2);
    sf_row_results_free(results);
}

static void test_collections__upsert_by_external_id(void **state)
{
    (void)state;
    rows r = { 0 };
    sf_row_results *results = NULL;
    sf_row_result one;
    add(&r, "Thing__c", "Ext__c", "C-1");
    add(&r, "Thing__c", "Ext__c", "C-2");
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(sf_collection_upsert(sf, "Ext__c", LIST(r), NULL, &results, &err), SF_OK);
        assert_int_equal(sf_row_results_failed(results), 0);
        assert_true(sf_row_results_get(results, 1, &one));
        assert_int_equal(one.created, turn == 0);
        sf_row_results_free(results);
    }
    add(&r, "Account", "Name", "another object");
    assert_int_equal(sf_collection_upsert(sf, "Ext__c", LIST(r), NULL, &results, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "row 2"));
    clear(&r);
    assert_int_equal(count("SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'C-%'"), 2);
    add(&r, "Account", "Name", "no such field");
    assert_int_equal(sf_collection_upsert(sf, "Nope__c", LIST(r), NULL, &results, &err), SF_ERR_NOT_FOUND);
    assert_null(results);
    clear(&r);
}

static void test_collections__many_ids_go_by_post(void **state)
{
    (void)state;
    static const char *ids[SF_COLLECTION_GET_MAX + 1];
    sf_document *doc = NULL;
    for (size_t i = 0; i < COUNT_OF(ids); i++) ids[i] = "001000000000001AAA";
    const char *const fields[] = { "Id", "Name", NULL };
    assert_int_equal(sf_collection_get(sf, "Account", ids, SF_COLLECTION_GET_MAX, fields, NULL, &doc, &err), SF_OK);
    assert_int_equal(sf_value_count(sf_document_root(doc)), SF_COLLECTION_GET_MAX);
    sf_document_free(doc);
    assert_int_equal(sf_collection_get(sf, "Account", ids, COUNT_OF(ids), fields, NULL, &doc, &err), SF_ERR_LIMIT);
    assert_null(doc);
    assert_int_equal(sf_collection_get(sf, "Nope__c", ids, 1, fields, NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_collection_get(sf, "Account", ids, 1, (const char *const[]){ "Nope", NULL }, NULL, &doc, &err),
                     SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_FIELD");
}

static void test_collections__refuse_before_anything_is_sent(void **state)
{
    (void)state;
    sf_client_stats before, after;
    sf_row_results *results = NULL;
    rows r = { 0 };
    sf_client_get_stats(sf, &before);
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_USAGE);
    for (int i = 0; i <= SF_COLLECTION_MAX; i++) add(&r, "Account", "Name", "x");
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_LIMIT);
    clear(&r);
    for (int i = 0; i < 11; i++) add(&r, i % 2 == 0 ? "Account" : "Contact", "LastName", "x");
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "row 10"));
    (void)sf_record_set_str(r.list[1], "bad name", "x"); /* kept */
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "row 1:"));
    sf_record_free(r.list[0]);
    r.list[0] = NULL;
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_USAGE);
    const char *const ids[] = { "001000000000001AAA", "12" };
    assert_int_equal(sf_collection_delete(sf, ids, 2, NULL, &results, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "row 1:"));
    assert_int_equal(
        sf_collection_delete(sf, ids, 1, &(sf_collection_options){ .allow_duplicates = true }, &results, &err),
        SF_ERR_USAGE);
    assert_int_equal(sf_collection_delete(sf, ids, 1, &(sf_collection_options){ .reserved = { 1 } }, &results, &err),
                     SF_ERR_USAGE);
    assert_int_equal(sf_collection_upsert(sf, NULL, LIST(r), NULL, &results, &err), SF_ERR_USAGE);
    assert_int_equal(sf_collection_delete(NULL, ids, 1, NULL, &results, &err), SF_ERR_USAGE);
    assert_int_equal(sf_collection_delete(sf, ids, 1, NULL, NULL, &err), SF_ERR_USAGE);
    clear(&r);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests);
    assert_int_equal(sf_row_results_count(NULL) + sf_row_results_failed(NULL), 0);
    sf_row_results_free(NULL);
}

static void test_collections__the_org_refuses_the_whole(void **state)
{
    (void)state;
    rows r = { 0 };
    sf_row_results *results = NULL;
    add(&r, "Acount", "Name", "x");
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_TYPE");
    assert_null(results);
    clear(&r);
}

/* A repeat of a delete finds what the lost attempt deleted. */
static void test_collections__a_lost_answer(void **state)
{
    (void)state;
    rows r = { 0 };
    sf_row_results *results = NULL;
    sf_row_result one;
    add(&r, "Account", "Name", "Lost 1");
    add(&r, "Account", "Name", "Lost 2");
    test_org_fault(&org, "lost:path=/composite/sobjects,times=1");
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    assert_null(results);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name LIKE 'Lost _'"), 2); /* not four */
    assert_int_equal(sf_collection_create(sf, LIST(r), NULL, &results, &err), SF_OK);
    sf_id ids[2];
    for (size_t i = 0; i < 2; i++) {
        assert_true(sf_row_results_get(results, i, &one));
        ids[i] = one.id;
    }
    sf_row_results_free(results);
    const char *const texts[] = { ids[0].text, ids[1].text };
    test_org_fault(&org, "lost:path=/composite/sobjects,times=1");
    assert_int_equal(
        sf_collection_delete(sf, texts, 2, &(sf_collection_options){ .all_or_none = true }, &results, &err), SF_OK);
    test_org_faults_clear(&org);
    assert_int_equal(sf_row_results_failed(results), 0);
    sf_row_results_free(results);
    clear(&r);
    add(&r, "Thing__c", "Ext__c", "Lost");
    test_org_fault(&org, "lost:path=/composite/sobjects/Thing__c/Ext__c,times=1");
    assert_int_equal(sf_collection_upsert(sf, "Ext__c", LIST(r), NULL, &results, &err), SF_OK);
    test_org_faults_clear(&org);
    assert_int_equal(sf_row_results_failed(results), 0);
    sf_row_results_free(results);
    clear(&r);
    assert_int_equal(count("SELECT COUNT() FROM Thing__c WHERE Ext__c = 'Lost'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collections__create_says_what_became_of_each_row),
        cmocka_unit_test(test_collections__all_or_none_undoes_all),
        cmocka_unit_test(test_collections__update_get_delete),
        cmocka_unit_test(test_collections__upsert_by_external_id),
        cmocka_unit_test(test_collections__many_ids_go_by_post),
        cmocka_unit_test(test_collections__refuse_before_anything_is_sent),
        cmocka_unit_test(test_collections__the_org_refuses_the_whole),
        cmocka_unit_test(test_collections__a_lost_answer),
    };
    return cmocka_run_group_tests_name("collections", tests, start, stop);
}
