/* org_calls_test.c: the calls of layouts.h, replication.h, users.h, related.h and the new ones of describe.h over answers
 * that are whole, cut short at every byte, of the wrong kind, and with each allocation failing in turn. */
#include "support/replay.h"
#include <salesforce.h>

#define ID "001000000000001AAA"
#define USER "005000000000001AAA"

/* ---- the calls, all of one form: SF_OK and the values that the whole answer has, or an error ---- */

static const sf_changes_options span = { .start_ms = 1700000000000, .end_ms = 1700086400000 };

static sf_status read_deleted(sf_client *sf, sf_error *err)
{
    sf_changes *c = NULL;
    sf_change change;
    sf_status rc = sf_deleted_open(sf, "Account", &span, &c, err);
    size_t n = 0;
    if (rc != SF_OK) assert_null(c);
    while (rc >= 0 && (rc = sf_changes_next(c, &change, err)) == SF_ROW) {
        n++;
        assert_string_equal(change.id.text, ID);
        assert_int_equal(change.deleted_ms, 1700000060000);
    }
    if (rc == SF_DONE) {
        assert_int_equal(n, 2);
        assert_int_equal(sf_changes_count(c), 2);
        assert_int_equal(sf_changes_latest_covered_ms(c), 1700086380000);
        assert_int_equal(sf_changes_earliest_available_ms(c), 1699000020000);
        rc = SF_OK;
    }
    sf_changes_close(c);
    return rc;
}

static sf_status read_updated(sf_client *sf, sf_error *err)
{
    sf_changes *c = NULL;
    sf_change change;
    sf_status rc = sf_updated_open(sf, "Account", &span, &c, err);
    if (rc == SF_OK) rc = sf_changes_next(c, &change, err);
    if (rc == SF_ROW) {
        assert_string_equal(change.id.text, ID);
        assert_int_equal(sf_changes_next(c, &change, err), SF_DONE);
        rc = SF_OK;
    }
    sf_changes_close(c);
    return rc;
}

static sf_status read_expired(sf_client *sf, sf_error *err)
{
    bool expired = false;
    sf_status rc = sf_password_is_expired(sf, USER, NULL, &expired, err);
    assert_int_equal(expired, rc == SF_OK);
    return rc;
}

static sf_status read_reset(sf_client *sf, sf_error *err)
{
    char *made = NULL;
    sf_status rc = sf_password_reset(sf, USER, NULL, &made, err);
    assert_true((made != NULL) == (rc == SF_OK));
    if (made != NULL) assert_string_equal(made, "x8Kq\"2");
    sf_secret_free(made);
    return rc;
}

static sf_status read_children(sf_client *sf, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_related_open(sf, &(sf_related){ .object = "Account", .id = ID, .relationship = "Contacts" }, NULL,
                                   NULL, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    if (rc == SF_ROW) {
        assert_string_equal(sf_get_str(row, "LastName"), "Leaf");
        rc = sf_query_next(q, &row, err);
        if (rc == SF_DONE) rc = SF_OK;
    }
    sf_query_close(q);
    return rc;
}

static sf_status read_document(sf_status rc, sf_document *doc, const char *path, const char *want)
{
    assert_true((doc != NULL) == (rc == SF_OK));
    if (doc != NULL) assert_string_equal(sf_get_str(sf_document_root(doc), path), want);
    sf_document_free(doc);
    return rc;
}

static sf_status read_layouts(sf_client *sf, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc = sf_describe_layouts(sf, "Account", SF_RECORD_TYPE_MASTER, NULL, &doc, err);
    return read_document(rc, doc, "id", "00h");
}

static sf_status read_counts(sf_client *sf, sf_error *err)
{
    static const char *const objects[] = { "Account", NULL };
    sf_document *doc = NULL;
    sf_status rc = sf_get_record_counts(sf, objects, NULL, &doc, err);
    return read_document(rc, doc, "sObjects.0.name", "Account");
}

static const struct {
    const char *name, *answer;
    sf_status (*call)(sf_client *sf, sf_error *err);
    const char *request; /* how it begins */
    bool is_checked;     /* the answer's own parts are looked at: a wrong kind is told */
} calls[] = {
    { "deleted",
      "{\"deletedRecords\":[{\"id\":\"" ID "\",\"deletedDate\":\"2023-11-14T22:14:20.000+0000\"},{\"deletedDate\":"
      "\"2023-11-14T22:14:20.000+0000\",\"id\":\"001000000000001\"}],\"earliestDateAvailable\":\"2023-11-03T08:27:00."
      "000+0000\","
      "\"latestDateCovered\":\"2023-11-15T22:13:00.000+0000\"}",
      read_deleted,
      "GET "
      "/services/data/v62.0/sobjects/Account/deleted/"
      "?start=2023-11-14T22%3A13%3A20%2B00%3A00&end=2023-11-15T22%3A13%3A20%2B"
      "00%3A00 ",
      true },
    { "updated", "{\"ids\":[\"" ID "\"],\"latestDateCovered\":\"2023-11-15T22:13:00.000+0000\"}", read_updated,
      "GET /services/data/v62.0/sobjects/Account/updated/?start=2023-11-14T22%3A13%3A20%2B00%3A00&end=", true },
    { "password state", "{\"isExpired\":true}", read_expired,
      "GET /services/data/v62.0/sobjects/User/" USER "/password ", true },
    { "password reset", "{\"NewPassword\":\"x8Kq\\\"2\"}", read_reset,
      "DELETE /services/data/v62.0/sobjects/User/" USER "/password ", true },
    { "children",
      "{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":\"Contact\"},\"LastName\":\"Leaf\"}]}",
      read_children, "GET /services/data/v62.0/sobjects/Account/" ID "/Contacts ", true },
    { "layouts", "{\"id\":\"00h\"}", read_layouts,
      "GET /services/data/v62.0/sobjects/Account/describe/layouts/012000000000000AAA ", false },
    { "counts", "{\"sObjects\":[{\"count\":3,\"name\":\"Account\"}]}", read_counts,
      "GET /services/data/v62.0/limits/recordCount?sObjects=Account ", false },
};

static void test_org_calls__read_whole_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        replay t;
        sf_error err = { 0 };
        print_message("  %s\n", calls[i].name);
        replay_start_json(&t, 200, calls[i].answer, strlen(calls[i].answer));
        if (calls[i].call(t.sf, &err) != SF_OK) fail_msg("%s", err.message);
        char *request = wire_request(t.server, 0);
        if (strncmp(request, calls[i].request, strlen(calls[i].request)) != 0) fail_msg("%s", request);
        free(request);
        replay_stop(&t);
    }
}

static void test_org_calls__a_cut_answer_is_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        for (size_t len = 0; len < strlen(calls[i].answer); len++) {
            replay t;
            sf_error err = { 0 };
            replay_start_json(&t, 200, calls[i].answer, len);
            sf_status rc = calls[i].call(t.sf, &err);
            if (rc >= 0) fail_msg("%s, %zu bytes: %s", calls[i].name, len, sf_status_name(rc));
            assert_true(err.message[0] != '\0');
            replay_stop(&t);
        }
}

static void test_org_calls__another_kind_of_answer_is_told(void **state)
{
    static const char *const answers[] = { "{}",
                                           "[]",
                                           "7",
                                           "null",
                                           "{\"deletedRecords\":[{\"id\":\"x\"}],\"latestDateCovered\":1}",
                                           "{\"ids\":[null],\"latestDateCovered\":\"2023-11-15T22:13:00.000+0000\"}",
                                           "{\"isExpired\":\"maybe\"}",
                                           "{\"NewPassword\":\"\"}",
                                           "{\"NewPassword\":\"a\\u0000b\"}",
                                           "{\"attributes\":{\"type\":\"Account\"},\"Id\":\"" ID "\"}" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++)
        for (size_t k = 0; calls[i].is_checked && k < COUNT_OF(answers); k++) {
            replay t;
            sf_error err = { 0 };
            replay_start_json(&t, 200, answers[k], strlen(answers[k]));
            sf_status rc = calls[i].call(t.sf, &err);
            if (rc != SF_ERR_PROTOCOL) fail_msg("%s of %s: %s", calls[i].name, answers[k], sf_status_name(rc));
            replay_stop(&t);
        }
}

static void test_org_calls__survive_each_failed_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        sf_status rc = SF_ERR_MEMORY;
        print_message("  %s\n", calls[i].name);
        for (int n = 0; rc != SF_OK; n++) {
            replay t;
            sf_error err = { 0 };
            replay_start_json(&t, 200, calls[i].answer, strlen(calls[i].answer));
            test_allocations_limit(n);
            rc = calls[i].call(t.sf, &err);
            test_allocations_limit(-1);
            assert_true(rc <= 0);
            replay_stop(&t);
            assert_int_equal(test_allocations_live(), 0);
            assert_true(n < 2000);
        }
    }
}

/* ---- what may not be done twice, and was answered with what cannot be read ---- */

static sf_status create_report(sf_client *sf, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc = sf_report_create(sf, "{\"name\":\"R\"}", NULL, &doc, err);
    if (rc != SF_OK) assert_null(doc);
    sf_document_free(doc);
    return rc;
}

static sf_status clone_report(sf_client *sf, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc = sf_report_clone(sf, "00O000000000001", "R", NULL, NULL, &doc, err);
    sf_document_free(doc);
    return rc;
}

static sf_status run_report(sf_client *sf, sf_error *err)
{
    sf_report_instance run;
    return sf_report_run_async(sf, "00O000000000001", NULL, &run, err);
}

static sf_status run_apex(sf_client *sf, sf_error *err)
{
    sf_tooling_result result;
    sf_status rc = sf_tooling_run(sf, "insert new Account(Name='A');", NULL, &result, err);
    sf_tooling_result_clear(&result);
    return rc;
}

static sf_status queue_tests(sf_client *sf, sf_error *err)
{
    sf_id job;
    return sf_tooling_queue_tests(sf, "{\"tests\":[]}", NULL, &job, err);
}

static sf_status mutate(sf_client *sf, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc = sf_graphql_run(sf, "mutation { a }", NULL, &doc, err);
    sf_document_free(doc);
    return rc;
}

static sf_status create_record(sf_client *sf, sf_error *err)
{
    sf_record *r = sf_record_new("Account");
    sf_status rc = sf_record_create(sf, r, NULL, NULL, err);
    sf_record_free(r);
    return rc;
}

static const struct {
    const char *name;
    sf_status (*call)(sf_client *sf, sf_error *err);
    bool is_checked; /* {} is no answer either */
} once[] = { { "create report", create_report, false }, { "clone report", clone_report, false },
             { "run report", run_report, true },        { "run Apex", run_apex, true },
             { "queue tests", queue_tests, true },      { "graphql", mutate, false },
             { "create Account", create_record, true } };

static void test_org_calls__an_answer_to_a_write_that_cannot_be_read_is_an_unknown_outcome(void **state)
{
    static const char *const answers[] = { "{\"id\":}", "{\"id\":\"0LG", "", "<html>x</html>", "{}" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(once); i++)
        for (size_t k = 0; k < COUNT_OF(answers) - (once[i].is_checked ? 0 : 1); k++) {
            replay t;
            sf_error err = { 0 };
            replay_start_json(&t, 200, answers[k], strlen(answers[k]));
            sf_status rc = once[i].call(t.sf, &err);
            if (rc != SF_ERR_UNKNOWN_OUTCOME || err.status != rc || err.retryable)
                fail_msg("%s, %s: %s: %s", once[i].name, answers[k], sf_status_name(rc), err.message);
            assert_int_equal(wire_requests(t.server), 1);
            replay_stop(&t);
        }
}

/* ---- a new password is nowhere but in the request ---- */

typedef struct seen {
    char text[20000];
    size_t len;
} seen;

static void collect(void *user, sf_log_level level, const char *line)
{
    seen *s = user;
    (void)level;
    s->len += (size_t)snprintf(s->text + s->len, sizeof s->text - s->len, "%s\n", line);
    if (s->len >= sizeof s->text) s->len = sizeof s->text - 1;
}

static void test_org_calls__a_new_password_is_told_to_nobody(void **state)
{
    static const char secret[] = "pl4nted-s3cret";
    static const char refusal[] =
        "[{\"message\":\"pl4nted-s3cret is weak; pl4nted-s3cret\",\"errorCode\":\"INVALID_NEW_PASSWORD\"}]";
    static seen log;
    (void)state;
    replay t;
    sf_error err;
    replay_start_json(&t, 400, refusal, strlen(refusal));
    sf_client_close(t.sf);
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(t.server, ""),
                                             .api_version = "62.0",
                                             .log_level = SF_LOG_TRACE,
                                             .log = collect,
                                             .log_user = &log,
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                       &t.sf, &err),
        SF_OK);
    assert_int_equal(sf_password_set(t.sf, USER, secret, NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_NEW_PASSWORD");
    assert_null(strstr(err.message, secret));
    assert_non_null(strstr(err.message, "************** is weak"));
    char *request = wire_request(t.server, 0);
    assert_non_null(strstr(request, "{\"NewPassword\":\"pl4nted-s3cret\"}"));
    free(request);
    replay_stop(&t);
    assert_true(log.len > 0);
    assert_null(strstr(log.text, secret));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_org_calls__read_whole_answers),
        cmocka_unit_test(test_org_calls__a_cut_answer_is_an_error),
        cmocka_unit_test(test_org_calls__another_kind_of_answer_is_told),
        cmocka_unit_test(test_org_calls__survive_each_failed_allocation),
        cmocka_unit_test(test_org_calls__an_answer_to_a_write_that_cannot_be_read_is_an_unknown_outcome),
        cmocka_unit_test(test_org_calls__a_new_password_is_told_to_nobody),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("org_calls", tests, NULL, NULL);
}
