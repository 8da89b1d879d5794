/* misc_client_test.c: answers of real orgs that belong to no service of their own, replayed through the client: any
 * request, the bytes of an event log file, queued Apex tests. The files lie beside the checkout (shared/recorded); without
 * them the test is skipped. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

static const char *shared;
static sf_error err;

typedef struct replay {
    char *answer, *body;
    wire_step steps[3];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} replay;

static void replay_start(replay *r, const char *name, const char *type, const char *headers)
{
    char path[1024];
    size_t len;
    *r = (replay){ .answer = NULL };
    snprintf(path, sizeof path, "%s/recorded/%s", shared, name);
    r->body = test_read_file(path, &len);
    if (r->body == NULL) fail_msg("%s is not there", path);
    r->answer = malloc(len + 512);
    assert_non_null(r->answer);
    int head = snprintf(r->answer, 512, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", type,
                        headers, len);
    memcpy(r->answer + head, r->body, len);
    r->steps[0] = (wire_step)WIRE_REQUEST;
    r->steps[1] = (wire_step)WIRE_BYTES(r->answer, (size_t)head + len);
    r->steps[2] = (wire_step)WIRE_AGAIN;
    r->script = r->steps;
    r->server = wire_start(&r->script, 1);
    assert_non_null(r->server);
    sf_client_options o = { .instance_url = wire_url(r->server, ""),
                            .api_version = "60.0",
                            .retry = { .retries_max = SF_NONE },
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } };
    assert_int_equal(sf_client_open(&o, &r->sf, NULL), SF_OK);
}

static void replay_stop(replay *r)
{
    sf_client_close(r->sf);
    wire_stop(r->server);
    free(r->answer);
    free(r->body);
}

static void test_recorded__any_request(void **state)
{
    (void)state;
    replay r;
    sf_response answer = { 0 };
    sf_document *doc;
    replay_start(&r, "misc/connect-communities-empty.json", "application/json;charset=UTF-8", "");
    const sf_request request = { .method = "GET", .path = "connect/communities" };
    assert_int_equal(sf_client_request(r.sf, &request, &answer, &err), SF_OK);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, r.body);
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
    replay_start(&r, "misc/eventlogfile-login-csv.csv", "text/csv", "");
    if (sf_blob_get(r.sf, "EventLogFile", "0AT000000000001AAA", "LogFile", &sink, NULL, &info, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(got.len, strlen(r.body));
    assert_int_equal(info.bytes, (int64_t)got.len);
    assert_memory_equal(got.data, r.body, got.len);
    replay_stop(&r);
}

static void test_recorded__queued_tests_have_an_id_of_18_characters(void **state)
{
    (void)state;
    replay r;
    sf_id job;
    replay_start(&r, "misc/tooling-run-tests-async-id.json", "application/json;charset=UTF-8", "");
    if (sf_tooling_queue_tests(r.sf, "{\"classids\":\"01p1700000PXJMTAA5\"}", NULL, &job, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_int_equal(strncmp(job.text, "7071700002rbUCv", 15), 0);
    assert_int_equal(strlen(job.text), 18);
    replay_stop(&r);
}

int main(void)
{
    shared = test_shared_dir();
    if (shared == NULL) {
        print_message("no recorded answers beside the checkout: skipped\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__any_request),
        cmocka_unit_test(test_recorded__an_event_log_file_comes_byte_for_byte),
        cmocka_unit_test(test_recorded__queued_tests_have_an_id_of_18_characters),
    };
    return cmocka_run_group_tests_name("recorded misc", tests, NULL, NULL);
}
