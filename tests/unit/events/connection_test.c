/* connection_test.c: what a listener makes of its connections: a refused token, a cut answer, silence, a half-open socket, a
 * proxy, and being stopped while it waits. */
#include "unit/events/script.h"

static void test_connection__renews_a_refused_session(void **state)
{
    script first = SCRIPT;
    (void)state;
    static const char refused[] =
        "[{\"advice\":{\"reconnect\":\"none\"},\"channel\":\"/meta/handshake\",\"error\":\"401::"
        "Authentication invalid\",\"successful\":false}]";
    wire_server *server = wire_start_replies(reply, &first);
    char one[256], two[256];
    snprintf(one, sizeof one, "{\"access_token\":\"00D000000000001!one\",\"instance_url\":\"%s\"}",
             wire_url(server, ""));
    snprintf(two, sizeof two, "{\"access_token\":\"00D000000000001!two\",\"instance_url\":\"%s\"}",
             wire_url(server, ""));
    /* the address is known only when the server runs: the answers are written then, before a client comes */
    say(&first, one);
    say(&first, refused);
    say(&first, two);
    say_up(&first);
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say(&first, "[" MESSAGE("7") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    sf_client *sf = NULL;
    sf_client_options o = { .login_url = wire_url(server, ""),
                            .api_version = "64.0",
                            .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = "i", .client_secret = "s" } };
    assert_int_equal(sf_client_open(&o, &sf, NULL), SF_OK);
    seen s = { .stop_after = 1 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    sf_error err = { 0 };
    sf_listener_options options = { .slack_ms = 200 }; /* a goodbye that the script does not answer takes no longer */
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "/event/Low_Ink__e", &service, NULL, NULL), SF_OK);
    sf_status rc = sf_listener_run(s.l, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(s.messages, 1);
    char *request = wire_request(server, 3);
    assert_non_null(strstr(request, "/meta/handshake"));
    assert_non_null(strstr(request, "00D000000000001!two"));
    free(request);
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(server);
}

static void test_connection__mends_a_cut_connection(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say_nothing(&first,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{\"data\":{\"pay",
                WIRE_OP_RESET);
    say_up(&first);
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say(&first, "[" MESSAGE("7") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    seen s = { .stop_after = 1 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    sf_listener_options options = { .slack_ms = 200, .reconnect_pause_ms = 200 };
    sf_attach_options from = { .replay = SF_REPLAY_ID, .replay_id = 5 };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, &from, NULL), SF_OK);
    assert_int_equal(sf_listener_run(s.l, NULL), SF_OK);
    assert_int_equal(s.messages, 1);
    sf_listener_stats stats;
    sf_listener_get_stats(s.l, &stats);
    assert_int_equal(stats.handshakes, 2);
    assert_true(stats.failures >= 1);
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(server);
}

/* The script has no answer for long: the watchdog's time is the advice's, here none, plus slack. */
static void test_connection__finds_a_silent_connection_and_can_be_cancelled(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_with(&first, "",
             "[{\"ext\":{\"replay\":true},\"clientId\":\"c1\",\"channel\":\"/meta/handshake\","
             "\"successful\":true,\"advice\":{\"timeout\":20}}]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    seen s = { .stop_after = 1 };
    sf_cancel *cancel = NULL;
    sf_error err = { 0 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    assert_int_equal(sf_cancel_new(&cancel, NULL), SF_OK);
    sf_call_options call = { .cancel = cancel };
    sf_listener_options options = {
        .slack_ms = 20, .reconnect_pause_ms = 1, .reconnect_pause_max_ms = 2, .reconnect_max = 3, .call = &call
    };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
    assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_TIMEOUT); /* three times in a row */
    sf_listener_close(s.l);
    options.reconnect_max = 0;
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
    assert_int_equal(sf_listener_detach(s.l, "Other__e", NULL), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_listener_detach(s.l, "Low_Ink__e", NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
    sf_cancel_now(cancel);
    assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_CANCELLED);
    sf_listener_close(s.l);
    sf_client_close(sf);
    sf_cancel_free(cancel);
    wire_stop(server);
}

/* The other end is gone and nobody says so: packets vanish, nothing is acknowledged. Only time tells. */
static void test_connection__a_half_open_connection_is_found(void **state)
{
    static const char shaken[] =
        "[{\"ext\":{\"replay\":true},\"clientId\":\"c1\",\"channel\":\"/meta/handshake\",\"successful\":true}]";
    static const char advised[] =
        "[{\"clientId\":\"c1\",\"advice\":{\"interval\":0,\"timeout\":%d,\"reconnect\":\"retry\"},"
        "\"channel\":\"/meta/connect\",\"successful\":true}]";
    script first = SCRIPT;
    char soon[256], late[256];
    (void)state;
    snprintf(soon, sizeof soon, advised, 50);
    snprintf(late, sizeof late, advised, 20000);
    say(&first, shaken);
    say(&first, soon);
    say_nothing(&first, "", WIRE_OP_DEAF);        /* the connect that waits */
    say(&first, SUBSCRIBED("/event/Low_Ink__e")); /* beside it */
    say(&first, shaken);
    say(&first, late);
    say(&first, "[" MESSAGE("7") "," CONNECTED "]");
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    seen s = { .stop_after = 1 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    sf_listener_options options = { .slack_ms = 150, .reconnect_pause_ms = 1, .reconnect_pause_max_ms = 2 };
    sf_attach_options from = { .replay = SF_REPLAY_ID, .replay_id = 5 };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, &from, NULL), SF_OK);
    assert_int_equal(sf_listener_run(s.l, NULL), SF_OK);
    assert_int_equal(s.last, 7);
    sf_listener_stats stats;
    sf_listener_get_stats(s.l, &stats);
    assert_int_equal(stats.handshakes, 2);
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(server);
}

static void test_connection__speaks_through_the_clients_proxy(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say(&first, "[" MESSAGE("7") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    wire_server *proxy = wire_start_replies(reply, &first);
    sf_client *sf = NULL;
    sf_client_options o = { .instance_url = "http://localhost:9",
                            .api_version = "64.0",
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D000000000001!tok" },
                            .transport = {
                                .proxy = wire_url(proxy, ""), .proxy_user = "me", .proxy_password = "secret" } };
    assert_int_equal(sf_client_open(&o, &sf, NULL), SF_OK);
    seen s = { .stop_after = 1 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    assert_int_equal(sf_listener_open(sf, &(sf_listener_options){ .slack_ms = 200 }, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
    assert_int_equal(sf_listener_run(s.l, NULL), SF_OK);
    assert_int_equal(s.messages, 1);
    char *request = wire_request(proxy, 0);
    assert_non_null(strstr(request, "POST http://localhost:9/cometd/64.0 HTTP/1.1"));
    assert_non_null(strstr(request, "Proxy-Authorization: Basic "));
    free(request);
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(proxy);
}

typedef struct stopper {
    wire_server *server;
    sf_listener *l;
} stopper;

static void *stop_when_asked(void *user)
{
    stopper *s = user;
    assert_true(wire_wait_requests(s->server, 1));
    sf_listener_stop(s->l);
    return NULL;
}

/* The login and the version are waited for inside the poll: stopping ends that too. */
static void test_connection__stops_while_it_logs_in(void **state)
{
    static const wire_step silent[] = { WIRE_REQUEST, WIRE_STALL, WIRE_END };
    static const struct {
        const char *version;
        sf_auth_flow flow;
    } cases[] = { { "64.0", SF_AUTH_CLIENT_CREDENTIALS }, { NULL, SF_AUTH_BEARER } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        stopper s = { .server = wire_start((const wire_step *const[]){ silent }, 1) };
        pthread_t thread;
        sf_client *sf = NULL;
        seen nothing = { 0 };
        bool is_bearer = cases[i].flow == SF_AUTH_BEARER;
        sf_client_options o = { .login_url = wire_url(s.server, ""),
                                .api_version = cases[i].version,
                                .auth = { .flow = cases[i].flow,
                                          .client_id = is_bearer ? NULL : "id",
                                          .client_secret = is_bearer ? NULL : "secret",
                                          .access_token = is_bearer ? "00D000000000001!tok" : NULL } };
        assert_int_equal(sf_client_open(&o, &sf, NULL), SF_OK);
        sf_event_service service = { .user = &nothing, .on_message = on_message };
        assert_int_equal(sf_listener_open(sf, NULL, &s.l, NULL), SF_OK);
        assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
        assert_int_equal(pthread_create(&thread, NULL, stop_when_asked, &s), 0);
        assert_int_equal(sf_listener_run(s.l, NULL), SF_OK);
        pthread_join(thread, NULL);
        sf_listener_close(s.l);
        sf_client_close(sf);
        wire_stop(s.server);
    }
}

/* Larger than page_max, or deeper than JSON may be: it would come again just so, so the listener ends and says what it was. */
static void test_connection__says_what_cannot_be_taken_in(void **state)
{
    enum { DEPTH = 300 };
    char deep[2 * DEPTH + 64];
    size_t len = (size_t)snprintf(deep, sizeof deep, "[{\"channel\":\"/event/Low_Ink__e\",\"data\":");
    memset(deep + len, '[', DEPTH);
    memset(deep + len + DEPTH, ']', DEPTH);
    memcpy(deep + len + 2 * DEPTH, "}]", sizeof "}]");
    const struct {
        size_t page_max;
        const char *want;
    } cases[] = { { 400, "(page_max)" }, { 0, "nested deeper" } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        script first = SCRIPT;
        say_up(&first);
        say(&first, SUBSCRIBED("/event/Low_Ink__e"));
        say(&first, deep);
        wire_server *server = wire_start_replies(reply, &first);
        sf_client *sf = connect_client(server);
        seen s = { .stop_after = 1 };
        sf_error err = { 0 };
        sf_event_service service = { .user = &s, .on_message = on_message };
        sf_listener_options options = { .slack_ms = 200, .page_max = cases[i].page_max };
        assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
        assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
        assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_LIMIT);
        if (strstr(err.message, cases[i].want) == NULL) fail_msg("%s", err.message);
        sf_listener_close(s.l);
        sf_client_close(sf);
        wire_stop(server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_connection__renews_a_refused_session),
        cmocka_unit_test(test_connection__mends_a_cut_connection),
        cmocka_unit_test(test_connection__says_what_cannot_be_taken_in),
        cmocka_unit_test(test_connection__finds_a_silent_connection_and_can_be_cancelled),
        cmocka_unit_test(test_connection__a_half_open_connection_is_found),
        cmocka_unit_test(test_connection__speaks_through_the_clients_proxy),
        cmocka_unit_test(test_connection__stops_while_it_logs_in),
    };
    return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
