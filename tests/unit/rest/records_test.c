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

/* Each option as the header that goes out, whole lines; "" ends them. */
static void check_request(talk *t, int i, const char *const *lines)
{
    char *request = wire_request(t->server, i);
    assert_non_null(request);
    for (; **lines != '\0'; lines++)
        if (strstr(request, *lines) == NULL) fail_msg("no %s in\n%s", *lines, request);
    free(request);
}

static void test_records__options_become_headers(void **state)
{
    static const char *const packages[] = { "acme=1.10", "other=2", NULL };
    static const char *const own[] = { "Sforce-Call-Options: client=other", "X-Sfdc-PackageVersion-Acme: 9.9", NULL };
    (void)state;
    talk t;
    sf_error err;
    sf_record *r = sf_record_new("Account");
    talk_start(&t, "HTTP/1.1 204 N\r\n", NULL);
    sf_client_close(t.sf);
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(t.server, ""),
                                             .api_version = "62.0",
                                             .client_name = "test/1",
                                             .default_namespace = "acme",
                                             .package_versions = packages,
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                       &t.sf, &err),
        SF_OK);
    const sf_write_options all = { .assignment_rule = "FALSE",
                                   .allow_duplicates = true,
                                   .duplicate_details = true,
                                   .duplicates_as_user = true,
                                   .update_mru = true,
                                   .if_match = "\"x\"",
                                   .if_unmodified_since_ms = 1711188000000 };
    if (sf_record_update(t.sf, r, ID, &all, &err) != SF_OK) fail_msg("%s", err.message);
    check_request(&t, 0,
                  (const char *const[]){ "\r\nSforce-Auto-Assign: FALSE\r\n",
                                         "\r\nSforce-Duplicate-Rule-Header: allowSave=true; includeRecordDetails=true; "
                                         "runAsCurrentUser=true\r\n",
                                         "\r\nSforce-Mru: updateMru=true\r\n", "\r\nIf-Match: \"x\"\r\n",
                                         "\r\nIf-Unmodified-Since: Sat, 23 Mar 2024 10:00:00 GMT\r\n",
                                         "\r\nSforce-Call-Options: client=test/1, defaultNamespace=acme\r\n",
                                         "\r\nx-sfdc-packageversion-acme: 1.10\r\n",
                                         "\r\nx-sfdc-packageversion-other: 2\r\n", "" });
    const sf_call_options call = { .headers = own };
    if (sf_record_update(t.sf, r, ID, &(sf_write_options){ .call = &call }, &err) != SF_OK) fail_msg("%s", err.message);
    check_request(&t, 1,
                  (const char *const[]){ "\r\nSforce-Call-Options: client=other\r\n",
                                         "\r\nX-Sfdc-PackageVersion-Acme: 9.9\r\n",
                                         "\r\nx-sfdc-packageversion-other: 2\r\n", "" });
    char *request = wire_request(t.server, 1);
    assert_null(strstr(request, "client=test"));
    assert_null(strstr(request, ": 1.10"));
    assert_null(strstr(request, "Sforce-Duplicate-Rule-Header"));
    assert_null(strstr(request, "Sforce-Mru"));
    free(request);
    sf_record_free(r);
    talk_stop(&t);
}

static void test_records__a_read_tells_its_state_and_takes_conditions(void **state)
{
    (void)state;
    talk t;
    sf_error err;
    sf_document *doc = NULL;
    sf_record_state seen;
    memset(&seen, 0xAA, sizeof seen);
    talk_start(&t, "HTTP/1.1 200 O\r\nETag: \"lGXQ=--gzip\"\r\nLast-Modified: Sat, 23 Mar 2024 10:00:00 GMT\r\n",
               "{\"Id\":\"" ID "\"}");
    const sf_read_options all = { .if_none_match = "\"a\"",
                                  .if_match = "\"b\"",
                                  .if_modified_since_ms = 1711188000000,
                                  .if_unmodified_since_ms = 1711188001000,
                                  .update_mru = true,
                                  .state = &seen };
    if (sf_record_get(t.sf, "Account", ID, &all, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    sf_document_free(doc);
    assert_string_equal(seen.etag, "\"lGXQ=--gzip\"");
    assert_int_equal(seen.last_modified_ms, 1711188000000);
    assert_true(seen.reserved[0] == 0 && seen.reserved[3] == 0);
    check_request(&t, 0,
                  (const char *const[]){ "\r\nIf-None-Match: \"a\"\r\n", "\r\nIf-Match: \"b\"\r\n",
                                         "\r\nIf-Modified-Since: Sat, 23 Mar 2024 10:00:00 GMT\r\n",
                                         "\r\nIf-Unmodified-Since: Sat, 23 Mar 2024 10:00:01 GMT\r\n",
                                         "\r\nSforce-Mru: updateMru=true\r\n", "" });
    static const sf_read_options wrong[] = { { .if_none_match = "a\r\nX: y" },
                                             { .if_match = "" },
                                             { .if_unmodified_since_ms = -1 },
                                             { .reserved = { 0, 0, 1 } } };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(sf_record_get(t.sf, "Account", ID, &wrong[i], &doc, &err), SF_ERR_USAGE);
        assert_null(doc);
    }
    assert_int_equal(wire_requests(t.server), 1);
    talk_stop(&t);
}

static void test_records__a_refusal_can_be_read(void **state)
{
    static const char twin[] = "[{\"duplicateResut\":{\"duplicateRule\":\"R\",\"matchResults\":[]},\"errorCode\":"
                               "\"DUPLICATES_DETECTED\",\"message\":\"m\"}]";
    static const struct {
        const char *head, *body, *rule; /* rule NULL: no document; "": one without */
    } cases[] = {
        { "HTTP/1.1 400 B\r\nContent-Type: application/json\r\n", twin, "R" },
        { "HTTP/1.1 200 O\r\nContent-Type: application/json\r\n",
          "{\"success\":false,\"errors\":[{\"statusCode\":\"DUPLICATES_DETECTED\",\"message\":\"m\","
          "\"duplicateResult\":"
          "{\"duplicateRule\":\"R2\"}}]}",
          "R2" },
        { "HTTP/1.1 400 B\r\nContent-Type: application/json\r\n", "[{\"errorCode\":\"X\",\"message\":\"m\"}]", "" },
        { "HTTP/1.1 400 B\r\n", "", NULL },
        { "HTTP/1.1 400 B\r\nContent-Type: text/plain\r\n", "no JSON", NULL },
    };
    (void)state;
    sf_record *r = sf_record_new("Account");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        talk t;
        sf_error err;
        sf_document *refusal = (sf_document *)&t; /* set to NULL first */
        talk_start(&t, cases[i].head, cases[i].body);
        assert_int_equal(sf_record_create(t.sf, r, &(sf_write_options){ .refusal = &refusal }, NULL, &err), SF_ERR_ORG);
        assert_true((refusal != NULL) == (cases[i].rule != NULL));
        const char *rule = sf_get_str(sf_record_duplicates(sf_document_root(refusal)), "duplicateRule");
        if (cases[i].rule != NULL) assert_string_equal(rule != NULL ? rule : "", cases[i].rule);
        sf_document_free(refusal);
        talk_stop(&t);
    }
    sf_record_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records__reads_every_form_of_a_saved_record),
        cmocka_unit_test(test_records__survive_each_failed_allocation),
        cmocka_unit_test(test_records__options_become_headers),
        cmocka_unit_test(test_records__a_read_tells_its_state_and_takes_conditions),
        cmocka_unit_test(test_records__a_refusal_can_be_read),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
