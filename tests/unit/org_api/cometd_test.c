/* cometd_test.c: the CometD endpoint without a socket: no failed allocation loses an event, tells a lie or breaks the org; filters of
 * PushTopics; events that do not wait for their transaction. */
#include "api/api.h"
#include "api/topics.h"
#include "json/json_internal.h"
#include "support/support.h"

static sfo_schema *schema;
static sfo_store *store;
static sfo_org *org;
static char authorization[200], client[64];
static sfo_response response;

static const char *header(void *connection, const char *name)
{
    (void)connection;
    if (sfi_eq_nocase(name, "Authorization")) return authorization;
    return sfi_eq_nocase(name, "Content-Type") ? "application/json" : NULL;
}

/* What waits is told that its time is up. */
static void ask(const char *method, const char *path, const char *body)
{
    sfo_request request = { .method = method,
                            .path = path,
                            .query = "",
                            .body = { body, strlen(body) },
                            .host = "h:1",
                            .loopback = true,
                            .header = header };
    sfo_response_clear(&response);
    sfo_response_init(&response);
    sfo_org_handle(org, &request, &response);
    if (response.wait.park == NULL) return;
    assert_true(response.wait.finish(response.wait.user, true, false, &response));
    sfo_park_release(response.wait.park);
    response.wait.park = NULL;
}

/* CLIENT in messages is the client. */
static void say(const char *messages)
{
    static char body[2000];
    const char *at = strstr(messages, "CLIENT");
    if (at != NULL)
        snprintf(body, sizeof body, "%.*s%s%s", (int)(at - messages), messages, client, at + strlen("CLIENT"));
    else
        snprintf(body, sizeof body, "%s", messages);
    ask("POST", "/cometd/62.0", body);
}

static void expect(const char *part)
{
    assert_int_equal(response.status, 200);
    if (response.body.data == NULL || strstr(response.body.data, part) == NULL)
        fail_msg("no %s in %s", part, response.body.data);
}

static void shake_hands(void)
{
    say("[{\"channel\":\"/meta/handshake\"}]");
    expect("\"clientId\":\"");
    snprintf(client, sizeof client, "%.27s", strstr(response.body.data, "\"clientId\":\"") + 12);
    say("[{\"channel\":\"/meta/connect\",\"clientId\":\"CLIENT\"}]");
    expect("\"successful\":true");
}

/* With 0, 1, 2 … allocations left: an answer of the good status has the part, whatever failed before. */
static void starve(const char *method, const char *path, const char *body, int good, const char *part)
{
    print_message("  %s %s\n", method, path);
    for (long n = 0;; n++) {
        if (n > 20000) fail_msg("%d %s", response.status, response.body.data);
        test_allocations_limit(n);
        ask(method, path, body);
        test_allocations_limit(-1);
        if (response.body.failed) continue; /* the server makes a 500 of it */
        if (response.status == good && (response.body.data == NULL || strstr(response.body.data, part) == NULL))
            fail_msg("%ld: no %s in %s", n, part, response.body.data);
        if (response.status == good) return;
        assert_true(response.status >= 400);
    }
}

static void test_cometd__survives_each_failed_allocation(void **state)
{
    (void)state;
    starve("POST", "/services/data/v62.0/sobjects/PushTopic",
           "{\"Name\":\"T\",\"Query\":\"SELECT Id, Name, ShippingAddress FROM Account WHERE Name != null\","
           "\"ApiVersion\":62}",
           201, "\"id\":\"0IF");
    starve("POST", "/services/data/v62.0/sobjects/PushTopic",
           "{\"Name\":\"U\",\"Query\":\"SELECT Name FROM Account\",\"ApiVersion\":62}", 400,
           "must be among the fields");
    starve("POST", "/services/data/v62.0/sobjects/StreamingChannel", "{\"Name\":\"/u/c\"}", 201, "\"id\":\"0M6");
    char push[160];
    snprintf(push, sizeof push, "/services/data/v62.0/sobjects/StreamingChannel/%.18s/push",
             strstr(response.body.data, "0M6"));
    starve("POST", push,
           "{\"pushEvents\":[{\"payload\":\"x\",\"userIds\":[\"005000000000001AAA\"]},{\"payload\":\"y\"}]}", 200,
           "\"fanoutCount\":-1");
    starve("POST", "/services/data/v62.0/sobjects/Account", "{\"Name\":\"starved\",\"ShippingCity\":\"Aveiro\"}", 201,
           "\"success\":true");
    starve("POST", "/cometd/62.0", "[{\"channel\":\"/meta/handshake\",\"id\":7}]", 200, "\"successful\":true");
    starve("POST", "/__org/events", "{\"entity\":\"Account\",\"changeType\":\"GAP_OVERFLOW\"}", 201, "\"last\":");
    starve("POST", "/__org/streaming", "{\"kept\":100000}", 200, "\"clients\":");
}

/* A subscribe that failed for want of memory left nothing; an answer that failed is a lost one. */
static void test_cometd__each_message_survives_each_failed_allocation(void **state)
{
    static const char subscribe[] = "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"CLIENT\",\"subscription\":"
                                    "\"/topic/T?Name=starved\",\"ext\":{\"replay\":{\"/topic/T\":-2}}}]";
    static const char connect[] = "[{\"channel\":\"/meta/connect\",\"clientId\":\"CLIENT\"}]";
    (void)state;
    bool done = false;
    for (long n = 0; !done; n++) {
        assert_true(n < 20000);
        ask("DELETE", "/__org/streaming", "");
        shake_hands();
        test_allocations_limit(n);
        say(subscribe);
        test_allocations_limit(-1);
        if (response.body.failed || response.status != 200) continue;
        expect("\"successful\":true");
        test_allocations_limit(n);
        say(connect);
        test_allocations_limit(-1);
        if (response.body.failed || response.status != 200) continue;
        done = strstr(response.body.data, "\"Name\":\"starved\"") != NULL;
        expect("/meta/connect");
    }
    say("[{\"channel\":\"/meta/disconnect\",\"clientId\":\"CLIENT\"}]");
    expect("\"successful\":true");
}

static void test_cometd__filters(void **state)
{
    static const char event[] = "{\"event\":{},\"sobject\":{\"Name\":\"A&b\",\"N\":1.5,\"Z\":0,\"E\":null,\"B\":true,"
                                "\"D\":\"2026-01-02\"}}";
    static const struct {
        const char *filter;
        bool is_valid, passes;
    } cases[] = {
        { "Name=a%26B", true, true },
        { "Name='A%26b'", true, true },
        { "Name!='A%26b'", true, false },
        { "name=A%26b&N>1&N<2&N>=1.5&N<=1.5", true, true },
        { "N>1.5", true, false },
        { "N=1.50", true, true },
        { "Z=0", true, true },
        { "B=TRUE", true, true },
        { "B=false", true, false },
        { "E=null", true, true },
        { "E!=null", true, false },
        { "E=x", true, false },
        { "E!=x", true, true },
        { "Name=", false, false },
        { "Name=''", true, false },
        { "Name", false, false },
        { "=x", false, false },
        { "Name=x&", false, false },
        { "Name='x", false, false },
        { "Name='x'y", false, false },
        { "Name=%", false, false },
        { "Name='a&B'", true, true },
        { "N%3E%3D1", true, true },
        { "Nope=1", true, false },
        { "D>=2026-01-02&D<2026-01-03", true, true },
        { "", true, true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool no_memory = false;
        sf_str filter = sfi_str(cases[i].filter);
        print_message("  %s\n", cases[i].filter);
        assert_int_equal(sfo_topic_filter_is_valid(filter), cases[i].is_valid);
        sfo_topic_filter *f = cases[i].is_valid ? sfo_topic_filter_new(filter) : NULL;
        for (int twice = 0; f != NULL && twice < 2; twice++)
            assert_int_equal(sfo_topic_filter_passes(f, sfi_str(event), &no_memory), cases[i].passes);
        sfo_topic_filter_free(f);
        assert_false(no_memory);
    }
    assert_false(sfo_topic_filter_is_valid(SFI_STR("Name!=\0'x'"))); /* kept, it would end at its operator */
}

static int start(void **state)
{
    char token[160];
    sf_error err;
    (void)state;
    sfo_response_init(&response);
    assert_int_equal(sfo_schema_load(NULL, &schema, &err), SF_OK);
    assert_int_equal(sfo_store_open(":memory:", schema, &store, &err), SF_OK);
    assert_int_equal(sfo_org_new(&(sfo_org_options){ .store = store, .api_max = 1000000 }, &org, &err), SF_OK);
    assert_true(sfo_org_access_token(org, token));
    snprintf(authorization, sizeof authorization, "Bearer %s", token);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sfo_response_clear(&response);
    sfo_org_free(org);
    sfo_store_close(store);
    sfo_schema_free(schema);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cometd__survives_each_failed_allocation),
        cmocka_unit_test(test_cometd__each_message_survives_each_failed_allocation),
        cmocka_unit_test(test_cometd__filters),
    };
    return cmocka_run_group_tests_name("cometd", tests, start, stop);
}
