/* misc_client_test.c: answers of real orgs that belong to no service of their own, replayed through the client: any
 * request, the bytes of an event log file, queued Apex tests. The files lie beside the checkout (shared/recorded); without
 * them the test is skipped. */
#include "support/replay.h"
#include <salesforce.h>

static sf_error err;

static void test_recorded__any_request(void **state)
{
    (void)state;
    replay r;
    sf_response answer = { 0 };
    sf_document *doc;
    replay_start(&r, "misc/connect-communities-empty.json", 200, NULL);
    const sf_request request = { .method = "GET", .path = "connect/communities" };
    assert_int_equal(sf_client_request(r.sf, &request, &answer, &err), SF_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, r.body.ptr);
    assert_int_equal(sf_document_parse(answer.body, answer.body_len, &doc, &err), SF_OK);
    assert_int_equal(sf_get_int(sf_document_root(doc), "total", -1), 0);
    assert_int_equal(sf_value_type(sf_get(sf_document_root(doc), "communities")), SF_ARRAY);
    sf_document_free(doc);
    sf_response_clear(&answer);
    replay_stop(&r);
}

typedef struct text {
    char data[8192];
    size_t len;
} text;

static sf_status take(void *user, const char *data, size_t len, sf_error *e)
{
    text *t = user;
    (void)e;
    assert_true(t->len + len < sizeof t->data);
    memcpy(t->data + t->len, data, len);
    t->len += len;
    return SF_OK;
}

static void test_recorded__an_event_log_file_comes_byte_for_byte(void **state)
{
    (void)state;
    replay r;
    static text got;
    got = (text){ .len = 0 };
    sf_blob_info info;
    const sf_sink sink = { .write = take, .user = &got };
    replay_start(&r, "misc/eventlogfile-login-csv.csv", 200, "text/csv");
    if (sf_blob_get(r.sf, "EventLogFile", "0AT000000000001AAA", "LogFile", &sink, NULL, &info, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(got.len, r.body.len);
    assert_int_equal(info.bytes, (int64_t)got.len);
    assert_memory_equal(got.data, r.body.ptr, got.len);
    replay_stop(&r);
}

static void test_recorded__queued_tests_have_an_id_of_18_characters(void **state)
{
    (void)state;
    replay r;
    sf_id job;
    replay_start(&r, "misc/tooling-run-tests-async-id.json", 200, NULL);
    if (sf_tooling_queue_tests(r.sf, "{\"classids\":\"01p1700000PXJMTAA5\"}", NULL, &job, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(strncmp(job.text, "7071700002rbUCv", 15), 0);
    assert_int_equal(strlen(job.text), 18);
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__any_request),
        cmocka_unit_test(test_recorded__an_event_log_file_comes_byte_for_byte),
        cmocka_unit_test(test_recorded__queued_tests_have_an_id_of_18_characters),
    };
    return REPLAY_RUN("recorded misc", tests);
}
