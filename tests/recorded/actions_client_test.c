/* actions_client_test.c: the quick actions that a real org once listed, and the default values it gave, read by the client. The
 * files lie beside the checkout (shared/recorded); without them the test is skipped. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

static const char *shared;

typedef struct replay {
    char *answer;
    wire_step steps[3];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} replay;

static void replay_start(replay *r, const char *name)
{
    char path[1024];
    size_t size = 0;
    sf_error err = { 0 };
    memset(r, 0, sizeof *r);
    snprintf(path, sizeof path, "%s/recorded/%s", shared, name);
    char *text = test_read_file(path, &size);
    if (text == NULL) fail_msg("%s is not there", path);
    char *body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    r->answer = malloc(size + 64);
    int at = snprintf(r->answer, size + 64, "%.*s\r\nContent-Length: %zu\r\n\r\n", (int)(body - text), text,
                      size - (size_t)(body + 4 - text));
    memcpy(r->answer + at, body + 4, size - (size_t)(body + 4 - text));
    r->steps[0] = (wire_step)WIRE_REQUEST;
    r->steps[1] = (wire_step){ WIRE_OP_SEND, r->answer, (size_t)at + size - (size_t)(body + 4 - text) };
    r->steps[2] = (wire_step)WIRE_AGAIN;
    r->script = r->steps;
    r->server = wire_start(&r->script, 1);
    assert_non_null(r->server);
    free(text);
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(r->server, ""),
                                             .api_version = "60.0",
                                             .retry = { .retries_max = SF_NONE },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &r->sf, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
}

static void replay_stop(replay *r)
{
    sf_client_close(r->sf);
    wire_stop(r->server);
    free(r->answer);
}

static void test_recorded__quick_actions_are_read(void **state)
{
    (void)state;
    replay r;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    replay_start(&r, "misc/quickactions-v60.http");
    if (sf_quick_action_list(r.sf, "Account", NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sf_value root = sf_document_root(doc);
    assert_int_equal(sf_value_count(root), 17);
    assert_string_equal(sf_get_str(root, "0.name"), "LogACall");
    assert_string_equal(sf_get_str(root, "0.actionEnumOrId"), "09DdM00000RLMR2");
    assert_string_equal(sf_get_str(root, "0.urls.defaultValuesTemplate"),
                        "/services/data/v60.0/quickActions/LogACall/defaultValues/{ID}");
    assert_string_equal(sf_get_str(root, "16.actionEnumOrId"), "FeedItem.QuestionPost");
    assert_int_equal(sf_value_count(sf_get(root, "16.urls")), 0);
    sf_document_free(doc);
    replay_stop(&r);
}

static void test_recorded__default_values_are_read(void **state)
{
    (void)state;
    replay r;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    replay_start(&r, "misc/quickaction-defaults-v59.http");
    if (sf_quick_action_defaults(r.sf, NULL, "NewTask", NULL, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sf_value root = sf_document_root(doc);
    assert_string_equal(sf_get_str(root, "attributes.type"), "Task");
    assert_int_equal(sf_value_type(sf_get(root, "attributes.url")), SF_MISSING);
    assert_true(sf_is_null(root, "Subject"));
    assert_string_equal(sf_get_str(root, "Status"), "Not Started");
    sf_document_free(doc);
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__quick_actions_are_read),
        cmocka_unit_test(test_recorded__default_values_are_read),
    };
    shared = test_shared_dir();
    if (shared == NULL) {
        print_message("skipped: no ../shared/recorded\n");
        return 77;
    }
    return cmocka_run_group_tests_name("recorded.actions", tests, NULL, NULL);
}
