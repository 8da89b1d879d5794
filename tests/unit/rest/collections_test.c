/* collections_test.c: what the collections calls make of answers, good and bad, and that no allocation that fails loses a
 * write without a word. */
#include <salesforce.h>
#include "support/support.h"
#include "support/wire_server.h"

#define ID1 "001000000000001AAA"
#define ID2 "001000000000002AAA"
#define OK1 "{\"id\":\"" ID1 "\",\"success\":true,\"errors\":[]}"
#define OK2 "{\"id\":\"" ID2 "\",\"success\":true,\"errors\":[]}"

typedef struct talk {
    char answers[2][4096];
    wire_step steps[5];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} talk;

static void put(talk *t, int i, const char *body)
{
    int len =
        snprintf(t->answers[i], sizeof t->answers[i],
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(body), body);
    assert_in_range(len, 1, sizeof t->answers[i] - 1);
    t->steps[2 * i] = (wire_step)WIRE_REQUEST;
    t->steps[2 * i + 1] = (wire_step)WIRE_BYTES(t->answers[i], (size_t)len);
}

/* The first request gets one answer, those after it the other. */
static void talk_start(talk *t, const char *first, const char *then)
{
    *t = (talk){ .steps = { WIRE_END } };
    put(t, 0, first);
    put(t, 1, then);
    t->steps[4] = (wire_step)WIRE_END;
    t->script = t->steps;
    t->server = wire_start(&t->script, 1);
    assert_non_null(t->server);
    sf_status rc = sf_client_open(&(sf_client_options){ .instance_url = wire_url(t->server, ""),
                                                        .api_version = "62.0",
                                                        .transport = { .no_gzip = true },
                                                        .retry = { .retries_max = 1, .pause_ms = 1 },
                                                        .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                                  &t->sf, NULL);
    assert_int_equal(rc, SF_OK);
}

static void talk_stop(talk *t)
{
    sf_client_close(t->sf);
    wire_stop(t->server);
}

static const char *const no_answers[] = {
    "{}",
    "{\"id\":\"" ID1 "\",\"success\":true}",
    "[]",
    "[" OK1 "]",
    "[" OK1 "," OK2 "," OK2 "]",
    "[" OK1 ",null]",
    "[" OK1 ",{\"id\":\"" ID2 "\"}]",
    "[" OK1 ",{\"success\":\"true\"}]",
    "[" OK1 "," OK2,
    "[" OK1 "," OK2 "]]",
    "[" OK1 " " OK2 "]",
    "<html>a page</html>",
    "",
};

static void test_collections__an_answer_that_is_none(void **state)
{
    (void)state;
    sf_record *r = sf_record_new("Account");
    const sf_record *rows[] = { r, r };
    const char *const ids[] = { ID1, ID2 };
    sf_error err;
    for (size_t i = 0; i < COUNT_OF(no_answers); i++) {
        talk t;
        sf_row_results *results = NULL;
        print_message("  %s\n", no_answers[i]);
        talk_start(&t, no_answers[i], "[" OK1 "," OK2 "]"); /* an insert is not sent twice */
        assert_int_equal(sf_collection_create(t.sf, rows, 2, NULL, &results, &err), SF_ERR_UNKNOWN_OUTCOME);
        assert_null(results);
        assert_int_equal(wire_requests(t.server), 1);
        talk_stop(&t);
        talk_start(&t, no_answers[i], "[" OK1 "," OK2 "]"); /* what may be repeated is */
        if (sf_collection_update(t.sf, rows, ids, 2, NULL, &results, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(sf_row_results_failed(results), 0);
        assert_int_equal(wire_requests(t.server), 2);
        sf_row_results_free(results);
        talk_stop(&t);
        talk_start(&t, no_answers[i], no_answers[i]);
        sf_status rc = sf_collection_delete(t.sf, ids, 2, NULL, &results, &err);
        assert_true(rc == SF_ERR_PROTOCOL || rc == SF_ERR_TRUNCATED);
        assert_null(results);
        talk_stop(&t);
    }
    sf_record_free(r);
}

static void test_collections__what_a_failed_row_says(void **state)
{
    (void)state;
    static const struct {
        const char *row, *code, *fields, *message;
        bool retryable;
    } cases[] = {
        { "{\"success\":false,\"errors\":[{\"statusCode\":\"A_B\",\"message\":\"m\",\"fields\":[\"F\",\"G\"]}]}", "A_B",
          "F,G", "A_B: m", false },
        { "{\"id\":\"" ID1 "\",\"success\":false,\"errors\":[{\"errorCode\":\"A\",\"message\":\"m\"}]}", "A", "",
          "A: m", false },
        { "{\"success\":false,\"errors\":[{\"statusCode\":\"A\",\"message\":\"1\",\"fields\":[\"F\"]},{\"statusCode\":"
          "\"B\",\"message\":\"2\",\"fields\":[\"G\"]}]}",
          "A", "F,G", "A: 1; B: 2", false },
        { "{\"success\":false,\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":\"two\\nlines\"}]}",
          "UNABLE_TO_LOCK_ROW", "", "UNABLE_TO_LOCK_ROW: two lines", true },
        { "{\"success\":false,\"errors\":[]}", "", "", "the org answered success:false without saying why", false },
        { "{\"success\":false}", "", "", "the org answered success:false without saying why", false },
        { "{\"success\":false,\"errors\":[{\"message\":\"only\"}]}", "", "", "only", false },
        { "{\"success\":false,\"errors\":[7,{}],\"fields\":null}", "", "", ";", false },
    };
    sf_record *r = sf_record_new("Account");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        talk t;
        char body[1024];
        sf_row_results *results = NULL;
        sf_row_result one;
        snprintf(body, sizeof body, "[" OK1 ",%s]", cases[i].row);
        talk_start(&t, body, "[]");
        assert_int_equal(sf_collection_create(t.sf, (const sf_record *[]){ r, r }, 2, NULL, &results, NULL), SF_OK);
        assert_int_equal(sf_row_results_failed(results), 1);
        assert_true(sf_row_results_get(results, 1, &one));
        assert_false(one.success || one.created);
        assert_int_equal(one.error.status, SF_ERR_ORG);
        assert_string_equal(one.error.code, cases[i].code);
        assert_string_equal(one.error.fields, cases[i].fields);
        assert_int_equal(one.error.retryable, cases[i].retryable);
        if (strncmp(one.error.message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s", one.error.message);
        sf_row_results_free(results);
        talk_stop(&t);
    }
    sf_record_free(r);
}

static void test_collections__a_long_message_is_cut(void **state)
{
    (void)state;
    talk t;
    char body[3000], text[2001];
    sf_row_results *results = NULL;
    sf_row_result one;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    snprintf(body, sizeof body, "[{\"success\":false,\"errors\":[{\"statusCode\":\"A\",\"message\":\"%s\"}]}]", text);
    sf_record *r = sf_record_new("Account");
    talk_start(&t, body, "[]");
    assert_int_equal(sf_collection_create(t.sf, (const sf_record *[]){ r }, 1, NULL, &results, NULL), SF_OK);
    assert_true(sf_row_results_get(results, 0, &one));
    assert_true(strncmp(one.error.message, "A: xxxx", 7) == 0 && strlen(one.error.message) > 700);
    sf_row_results_free(results);
    talk_stop(&t);
    sf_record_free(r);
}

/* What is sent: body, path and headers. */
static void test_collections__what_is_sent(void **state)
{
    (void)state;
    talk t;
    sf_row_results *results = NULL;
    sf_record *r = sf_record_new("Account"), *empty = sf_record_new("account");
    sf_record_set_str(r, "Name", "a\"b");
    const sf_record *rows[] = { r, empty };
    const char *const ids[] = { ID1, ID2 };
    talk_start(&t, "[" OK1 "," OK2 "]", "[" OK1 "," OK2 "]");
    sf_collection_options o = { .all_or_none = true, .allow_duplicates = true, .assignment_rule = "FALSE" };
    assert_int_equal(sf_collection_create(t.sf, rows, 2, &o, &results, NULL), SF_OK);
    sf_row_results_free(results);
    char *sent = wire_request(t.server, 0);
    assert_non_null(strstr(sent, "POST /services/data/v62.0/composite/sobjects HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "\r\nSforce-Auto-Assign: FALSE\r\n"));
    assert_non_null(strstr(sent, "\r\nSforce-Duplicate-Rule-Header: allowSave=true\r\n"));
    assert_non_null(strstr(
        sent, "\r\n\r\n{\"allOrNone\":true,\"records\":[{\"attributes\":{\"type\":\"Account\"},\"Name\":\"a\\\"b\"},"
              "{\"attributes\":{\"type\":\"account\"}}]}"));
    free(sent);
    assert_int_equal(sf_collection_delete(t.sf, ids, 2, NULL, &results, NULL), SF_OK);
    sf_row_results_free(results);
    sent = wire_request(t.server, 1);
    assert_non_null(
        strstr(sent, "DELETE /services/data/v62.0/composite/sobjects?allOrNone=false&ids=" ID1 "," ID2 " HTTP"));
    free(sent);
    talk_stop(&t);
    talk_start(&t, "[" OK1 "," OK2 "]", "[" OK1 "," OK2 "]");
    assert_int_equal(sf_collection_upsert(t.sf, "Ext__c", rows, 2, NULL, &results, NULL), SF_OK);
    sf_row_results_free(results);
    sent = wire_request(t.server, 0);
    assert_non_null(strstr(sent, "PATCH /services/data/v62.0/composite/sobjects/Account/Ext__c HTTP/1.1\r\n"));
    free(sent);
    assert_int_equal(sf_collection_update(t.sf, rows, ids, 2, NULL, &results, NULL), SF_OK);
    sf_row_results_free(results);
    sent = wire_request(t.server, 1);
    assert_non_null(strstr(sent, "PATCH /services/data/v62.0/composite/sobjects HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "{\"attributes\":{\"type\":\"Account\"},\"Id\":\"" ID1 "\",\"Name\":\"a\\\"b\"}"));
    free(sent);
    talk_stop(&t);
    sf_record_free(r);
    sf_record_free(empty);
}

static void test_collections__survive_each_failed_allocation(void **state)
{
    (void)state;
    sf_record *r = sf_record_new("Account");
    assert_int_equal(sf_record_set_str(r, "Name", "x"), SF_OK);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        talk t;
        sf_row_results *results = NULL;
        sf_error err;
        talk_start(&t, "[" OK1 "," OK2 "]", "[" OK1 "," OK2 "]");
        test_allocations_limit(n);
        rc = sf_collection_create(t.sf, (const sf_record *[]){ r, r }, 2, NULL, &results, &err);
        test_allocations_limit(-1);
        assert_true((rc < 0 && results == NULL) || sf_row_results_count(results) == 2);
        if (rc < 0 && rc != SF_ERR_UNKNOWN_OUTCOME && wire_requests(t.server) > 0) /* it was sent: nobody knows */
            fail_msg("%d: %s: %s", n, sf_status_name(rc), err.message);
        sf_row_results_free(results);
        talk_stop(&t);
        assert_true(n < 3000);
    }
    sf_record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collections__an_answer_that_is_none),
        cmocka_unit_test(test_collections__what_a_failed_row_says),
        cmocka_unit_test(test_collections__a_long_message_is_cut),
        cmocka_unit_test(test_collections__what_is_sent),
        cmocka_unit_test(test_collections__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("collections", tests, NULL, NULL);
}
