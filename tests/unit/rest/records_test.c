/* records_test.c: what a record call makes of answers, and that no allocation that fails loses a write without a word. */
#include <salesforce.h>
#include "support/support.h"
#include "support/wire_server.h"

typedef struct talk {
    char answer[512];
    wire_step steps[3];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} talk;

/* @param head status line and headers, each with its CRLF. @param body NULL: none, and no length either. */
static void talk_start(talk *t, const char *head, const char *body)
{
    *t = (talk){ .steps = { WIRE_REQUEST, { WIRE_OP_SEND, t->answer, 0 }, WIRE_AGAIN } };
    int len = body != NULL
                  ? snprintf(t->answer, sizeof t->answer, "%sContent-Length: %zu\r\n\r\n%s", head, strlen(body), body)
                  : snprintf(t->answer, sizeof t->answer, "%s\r\n", head);
    assert_true(len > 0 && (size_t)len < sizeof t->answer);
    t->steps[1].len = (size_t)len;
    t->script = t->steps;
    t->server = wire_start(&t->script, 1);
    assert_non_null(t->server);
    sf_status rc = sf_client_open(&(sf_client_options){ .instance_url = wire_url(t->server, ""),
                                                        .api_version = "62.0",
                                                        .retry = { .retries_max = SF_NONE },
                                                        .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                                  &t->sf, NULL);
    assert_int_equal(rc, SF_OK);
}

static void talk_stop(talk *t)
{
    sf_client_close(t->sf);
    wire_stop(t->server);
}

#define ID "001000000000001AAA"
#define LOCATION "Location: /services/data/v62.0/sobjects/Account/" ID "\r\n"

static void test_records__reads_every_form_of_a_saved_record(void **state)
{
    static const struct {
        const char *head, *body;
        sf_status want;
        bool created;
    } cases[] = {
        { "HTTP/1.1 201 C\r\n" LOCATION, "{\"id\":\"" ID "\",\"success\":true,\"errors\":[]}", SF_OK, true },
        { "HTTP/1.1 200 O\r\n", "{\"id\":\"" ID "\",\"success\":true,\"created\":false}", SF_OK, false },
        { "HTTP/1.1 204 N\r\n" LOCATION, NULL, SF_OK, false },
        { "HTTP/1.1 201 C\r\n" LOCATION, "", SF_OK, true },
        { "HTTP/1.1 200 O\r\n", "", SF_ERR_UNKNOWN_OUTCOME, false },
        { "HTTP/1.1 200 O\r\n",
          "{\"success\":false,\"errors\":[{\"statusCode\":\"X_Y\",\"message\":\"m\",\"fields\":[\"F\"]}]}", SF_ERR_ORG,
          false },
    };
    (void)state;
    sf_record *r = sf_record_new("Account");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        talk t;
        sf_error err = { 0 };
        sf_upsert_result saved = { 0 };
        talk_start(&t, cases[i].head, cases[i].body);
        sf_status rc = sf_record_upsert(t.sf, r, "Ext__c", "v", NULL, &saved, &err);
        if (rc != cases[i].want) fail_msg("%zu: %s %s", i, sf_status_name(rc), err.message);
        if (rc == SF_OK) assert_string_equal(saved.id.text, ID);
        assert_int_equal(saved.created, cases[i].created);
        talk_stop(&t);
    }
    sf_record_free(r);
}

static void test_records__survive_each_failed_allocation(void **state)
{
    (void)state;
    sf_record *r = sf_record_new("Account");
    assert_int_equal(sf_record_set_str(r, "Ext__c", "v"), SF_OK);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        talk t;
        sf_id id = { "" };
        talk_start(&t, "HTTP/1.1 201 C\r\n", "{\"id\":\"" ID "\",\"success\":true}");
        test_allocations_limit(n);
        rc = sf_record_create(t.sf, r, &(sf_write_options){ .external_id = "Ext__c" }, &id, NULL);
        test_allocations_limit(-1);
        assert_true(rc < 0 || strcmp(id.text, ID) == 0);
        talk_stop(&t);
        assert_true(n < 2000);
    }
    sf_record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records__reads_every_form_of_a_saved_record),
        cmocka_unit_test(test_records__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
