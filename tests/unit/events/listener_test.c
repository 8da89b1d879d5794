/* listener_test.c: a listener against a scripted org: events to handlers with their types, positions and where they go on,
 * handlers that fail, gaps, cookies, channels that are refused or lost, and each allocation failing in turn. */
#include "unit/events/script.h"
#include <poll.h>
#include <unistd.h>

static sf_status on_update(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    s->updates++;
    assert_string_equal(e->entity, "Account");
    assert_int_equal(e->record_id_count, 2);
    assert_string_equal(e->record_ids[1], "0015g000003LmQqAAK");
    assert_int_equal(e->changed_count, 3);
    assert_string_equal(e->changed_fields[1], "BillingAddress.City");
    assert_int_equal(e->commit_number, INT64_C(1778192987716501506));
    assert_int_equal(e->commit_ms, INT64_C(1763899207000));
    assert_int_equal(e->sequence, 1);
    assert_string_equal(e->origin, "com/salesforce/api/rest/64.0;client=loader");
    assert_string_equal(e->event.channel, "/data/ChangeEvents");
    assert_true(sf_is_null(e->event.payload, "Phone"));
    assert_string_equal(sf_get_str(e->event.payload, "BillingAddress.City"), "Aveiro");
    char *json = NULL;
    assert_int_equal(sf_value_to_json(e->event.message, &json, NULL, NULL), SF_OK);
    assert_non_null(strstr(json, "\"replayId\":4000017"));
    sf_free(json);
    s->last = e->event.replay_id;
    maybe_stop(s);
    return SF_OK;
}

static sf_status on_delete(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    s->deletes++;
    s->last = e->event.replay_id;
    maybe_stop(s);
    return SF_OK;
}

static void test_listener__hands_on_changes_and_says_goodbye(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, SUBSCRIBED("/data/ChangeEvents"));
    say(&first, "[" CHANGE("UPDATE", "4000017") "," CHANGE("CREATE", "4000018") "," CHANGE(
                    "GAP_UPDATE", "4000019") "," CHANGE("DELETE", "4000021") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    sf_checkpoints *store = NULL;
    seen s = { .stop_after = 2 };
    sf_cdc_service service = { .user = &s, .on_update = on_update, .on_delete = on_delete, .on_error = on_error };
    assert_int_equal(sf_checkpoints_memory(&store, NULL), SF_OK);
    sf_listener_options options = { .slack_ms = 200, .checkpoints = store };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_cdc(s.l, "ChangeEvents", &service, NULL, NULL), SF_OK);
    sf_error err = { 0 };
    sf_status rc = sf_listener_run(s.l, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(s.updates, 1);
    assert_int_equal(s.deletes, 1);
    assert_int_equal(s.troubles, 1); /* the gap, for which there is no handler */
    assert_int_equal(s.trouble, SF_TROUBLE_GAP);
    assert_int_equal(s.last, 4000021);
    sf_listener_stats stats;
    sf_listener_get_stats(s.l, &stats);
    assert_int_equal(stats.events, 4);
    assert_int_equal(stats.handled, 4);
    assert_int_equal(stats.handshakes, 1);
    assert_true(stats.lag_ms > 0);
    bool has_goodbye = false, has_cookies = false;
    for (int i = 0; i < wire_requests(server); i++) {
        char *request = wire_request(server, i);
        if (strstr(request, "/meta/handshake") == NULL)
            has_cookies |= strstr(request, "BAYEUX_BROWSER=1a-b!c/+=; sfdc-stream=!q1==") != NULL;
        has_goodbye |= strstr(request, "/meta/disconnect") != NULL;
        assert_non_null(strstr(request, "POST /cometd/64.0 HTTP/1.1"));
        free(request);
    }
    assert_true(has_goodbye);
    assert_true(has_cookies);
    sf_listener_close(s.l);
    sf_client_close(sf);
    sf_checkpoints_close(store);
    wire_stop(server);
}

static void test_listener__goes_on_from_the_stored_position(void **state)
{
    char path[] = "/tmp/sf_events_XXXXXX", file[64];
    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof file, "%s/positions.json", path);
    for (int round = 0; round < 2; round++) {
        script first = SCRIPT;
        say_up(&first);
        say(&first, SUBSCRIBED("/event/Low_Ink__e"));
        say(&first, round == 0 ? "[" MESSAGE("7") "," CONNECTED "]" : "[" CONNECTED "," MESSAGE("9") "]");
        say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
        wire_server *server = wire_start_replies(reply, &first);
        sf_client *sf = connect_client(server);
        sf_checkpoints *store = NULL, *other = NULL;
        seen s = { .stop_after = 1, .failures_left = 2 };
        sf_event_service service = { .user = &s, .on_message = on_message };
        assert_int_equal(sf_checkpoints_file(file, &store, NULL), SF_OK);
        assert_int_equal(sf_checkpoints_file(file, &other, NULL), SF_ERR_IO); /* in use */
        sf_listener_options options = { .slack_ms = 200, .checkpoints = store, .handler_pause_ms = 1 };
        sf_attach_options from = { .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_EARLIEST };
        assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
        assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, &from, NULL), SF_OK);
        assert_int_equal(sf_listener_run(s.l, NULL), SF_OK);
        assert_int_equal(s.messages, 1);
        assert_int_equal(s.last, round == 0 ? 7 : 9);
        assert_int_equal(s.type, SF_NUMBER);
        assert_true(s.level == 12.0);
        sf_listener_close(s.l);
        sf_client_close(sf);
        sf_checkpoints_close(store);
        bool is_asked = false;
        for (int i = 0; i < wire_requests(server); i++) {
            char *request = wire_request(server, i);
            is_asked |=
                strstr(request, round == 0 ? "{\"/event/Low_Ink__e\":-2}" : "{\"/event/Low_Ink__e\":7}") != NULL;
            free(request);
        }
        assert_true(is_asked);
        wire_stop(server);
    }
    char *text = test_read_file(file, NULL);
    assert_string_equal(text, "{\"/event/Low_Ink__e\":\"9\"}\n");
    free(text);
    unlink(file);
    char lock[80];
    snprintf(lock, sizeof lock, "%s.lock", file);
    unlink(lock);
    rmdir(path);
}

/* To take what cannot be read for «nothing is kept» would begin with new events, and leave some out. */
static void test_listener__a_damaged_checkpoint_file_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "{\"/event/A__e\":\"7",
        "[]",
        "{\"/event/A__e\":null}",
        "{\"/event/A__e\":\"\"}",
        "{\"/event/A__e\":\"1234567890123456789012345678901234567890123456789012345678901234\"}"
    };
    char path[] = "/tmp/sf-checkpoints-XXXXXX", file[64], lock[80];
    (void)state;
    assert_non_null(mkdtemp(path));
    snprintf(file, sizeof file, "%s/positions.json", path);
    snprintf(lock, sizeof lock, "%s.lock", file);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        sf_checkpoints *store = NULL;
        sf_error err = { 0 };
        FILE *f = fopen(file, "we");
        assert_non_null(f);
        fputs(texts[i], f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(sf_checkpoints_file(file, &store, &err), SF_ERR_IO);
        assert_int_equal(err.status, SF_ERR_IO);
        assert_null(store);
        assert_non_null(strstr(err.message, file));
        assert_int_equal(sf_checkpoints_file(file, &store, NULL), SF_ERR_IO);
        char *text = test_read_file(file, NULL);
        assert_string_equal(text, texts[i]); /* left as it is, for people to look at */
        free(text);
    }
    unlink(file);
    unlink(lock);
    rmdir(path);
}

static void test_listener__a_failing_handler_keeps_its_event(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say(&first, "[" MESSAGE("7") "," CONNECTED "]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    seen s = { .stop_after = 1, .failures_left = 100 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    sf_listener_options options = { .slack_ms = 200, .handler_pause_ms = 1, .handler_retries = 2 };
    sf_error err = { 0 };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "/event/Low_Ink__e", &service, NULL, NULL), SF_OK);
    assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "failed 3 times on the event with replay id 7"));
    assert_int_equal(s.failures_left, 97);
    assert_int_equal(sf_listener_poll(s.l, 0, &err), SF_ERR_IO); /* sticky */
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(server);
}

/* What a handler failed on before its channel was detached does not count against the next channel's events. */
static sf_status on_message_leave(void *user, const sf_event *e)
{
    seen *s = user;
    s->troubles++;
    assert_int_equal(sf_listener_detach(s->l, e->channel, NULL), SF_OK);
    assert_string_equal(e->channel, "/event/Old__e"); /* borrowed until this returns */
    return SF_ERR_IO;
}

static void test_listener__a_detached_channel_leaves_no_failures_behind(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/Old__e\",\"successful\":true},"
                "{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/Low_Ink__e\",\"successful\":true}]");
    say(&first, "[{\"channel\":\"/event/Old__e\",\"data\":{\"payload\":{},\"event\":{\"replayId\":6}}}," MESSAGE(
                    "7") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    seen s = { .stop_after = 1, .failures_left = 1 };
    sf_error err = { 0 };
    sf_event_service leaving = { .user = &s, .on_message = on_message_leave };
    sf_event_service service = { .user = &s, .on_message = on_message };
    sf_listener_options options = { .slack_ms = 200, .handler_pause_ms = 1, .handler_retries = 1 };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "/event/Old__e", &leaving, NULL, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "/event/Low_Ink__e", &service, NULL, NULL), SF_OK);
    if (sf_listener_run(s.l, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(s.troubles, 1);
    assert_int_equal(s.messages, 1);
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(server);
}

static void test_listener__the_descriptor_tells_when_to_poll(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say(&first, "[" MESSAGE("7") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    seen s = { .stop_after = 1 };
    sf_event_service service = { .user = &s, .on_message = on_message };
    sf_listener_options options = { .slack_ms = 200 };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_poll(s.l, 0, NULL), SF_ERR_USAGE); /* no channel */
    assert_int_equal(sf_listener_attach_events(s.l, "/event/Low_Ink__e", &service, NULL, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_listener_poll(s.l, INT64_MAX, NULL), SF_OK); /* longer than there is time: until it has work */
    sf_status rc;
    while ((rc = sf_listener_poll(s.l, 0, NULL)) == SF_OK) {
        struct pollfd pfd = { .fd = sf_listener_fd(s.l), .events = POLLIN };
        assert_int_equal(poll(&pfd, 1, 10000), 1);
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(s.messages, 1);
    sf_listener_close(s.l);
    sf_client_close(sf);
    wire_stop(server);
}

/* One connection waits for events: with no other a subscribe would wait as long. */
static void test_listener__needs_two_connections(void **state)
{
    (void)state;
    sf_client *sf = NULL;
    sf_listener *l = NULL;
    sf_error err;
    const sf_client_options options = { .login_url = "http://127.0.0.1:1", .transport = { .connections_max = 1 } };
    assert_int_equal(sf_client_open(&options, &sf, &err), SF_OK);
    assert_int_equal(sf_listener_open(sf, NULL, &l, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "connections_max"));
    assert_null(l);
    sf_client_close(sf);
}

static void test_listener__open_survives_each_failed_allocation(void **state)
{
    script first = SCRIPT;
    (void)state;
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    long live = test_allocations_live();
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        seen s = { 0 };
        sf_event_service service = { .user = &s, .on_message = on_message };
        test_allocations_limit(n);
        rc = sf_listener_open(sf, NULL, &s.l, NULL);
        if (rc == SF_OK) rc = sf_listener_attach_events(s.l, "/event/Low_Ink__e", &service, NULL, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sf_listener_close(s.l);
        assert_int_equal(test_allocations_live(), live);
    }
    sf_client_close(sf);
    wire_stop(server);
}

/* With manual_ack the position moves by hand only; a channel whose position is lost goes on as its options say; one that is
 * refused is told and detached. */
static sf_status on_message_ack(void *user, const sf_event *e)
{
    seen *s = user;
    s->messages++;
    if (e->replay_id == 7) assert_int_equal(sf_event_ack(s->l, e->channel, 7, NULL), SF_OK);
    if (e->replay_id == 8) sf_listener_stop(s->l);
    return SF_OK;
}

static void found_position(void *ctx, const char *text)
{
    snprintf(ctx, 32, "%s", text);
}

typedef struct own_store {
    char position[32];
    int sets;
} own_store;

static sf_status own_get(void *user, const char *channel, void (*found)(void *ctx, const char *position), void *ctx,
                         sf_error *err)
{
    own_store *o = user;
    (void)err;
    assert_string_equal(channel, "/event/Low_Ink__e");
    if (o->position[0] == '\0') return SF_DONE;
    found(ctx, o->position);
    return SF_OK;
}

static sf_status own_set(void *user, const char *channel, const char *position, sf_error *err)
{
    own_store *o = user;
    (void)channel;
    (void)err;
    found_position(o->position, position);
    o->sets++;
    return SF_OK;
}

static void test_listener__acknowledges_by_hand_and_survives_a_lost_position(void **state)
{
    script first = SCRIPT;
    (void)state;
    say_up(&first);
    say(&first, "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/Low_Ink__e\",\"successful\":false,"
                "\"error\":\"400::The replayId {3} you provided was invalid.  Please provide a valid ID\"}]");
    say(&first, "[" CONNECTED "]");
    say(&first, SUBSCRIBED("/event/Low_Ink__e"));
    say(&first, "[" MESSAGE("7") "," MESSAGE("8") "," CONNECTED "]");
    say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    wire_server *server = wire_start_replies(reply, &first);
    sf_client *sf = connect_client(server);
    own_store own = { .position = "3" };
    const sf_checkpoints_ops ops = { .get = own_get, .set = own_set };
    sf_checkpoints *store = NULL;
    seen s = { 0 };
    sf_event_service service = { .user = &s, .on_message = on_message_ack, .on_error = on_error };
    sf_attach_options from = { .replay = SF_REPLAY_STORED, .lost = SF_LOST_EARLIEST, .manual_ack = true };
    assert_int_equal(sf_checkpoints_custom(&ops, &own, &store, NULL), SF_OK);
    sf_listener_options options = { .slack_ms = 200, .checkpoints = store, .checkpoint_events = 1 };
    assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
    assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, &from, NULL), SF_OK);
    assert_int_equal(sf_listener_run(s.l, NULL), SF_OK);
    assert_int_equal(s.messages, 2);
    assert_string_equal(own.position, "7"); /* 8 was handled, and not acknowledged */
    assert_int_equal(own.sets, 1);
    sf_listener_close(s.l);
    sf_client_close(sf);
    sf_checkpoints_close(store);
    wire_stop(server);
}

static void test_listener__a_refused_channel_is_told(void **state)
{
    static const char refusal[] = "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/Low_Ink__e\","
                                  "\"successful\":false,\"error\":\"%s\"}]";
    static const struct {
        const char *error;
        sf_event_trouble trouble;
        sf_status end;
    } cases[] = {
        { "400::The channel you requested to subscribe to does not exist {/event/Low_Ink__e}", SF_TROUBLE_REFUSED,
          SF_ERR_ORG },
        { "403::Restricted channel", SF_TROUBLE_REFUSED, SF_ERR_ORG },
        { "404::Unknown channel", SF_TROUBLE_REFUSED, SF_ERR_ORG },
        { "400::The replayId {3} you provided was invalid.", SF_TROUBLE_LOST, SF_ERR_TRUNCATED },
        { "400::The replayId for channel {x} wasn't found using the provided replay ID map {{}}.", SF_TROUBLE_REFUSED,
          SF_ERR_ORG },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        script first = SCRIPT;
        char text[512];
        snprintf(text, sizeof text, refusal, cases[i].error);
        say_up(&first);
        say(&first, text);
        wire_server *server = wire_start_replies(reply, &first);
        sf_client *sf = connect_client(server);
        seen s = { 0 };
        sf_error err = { 0 };
        sf_event_service service = { .user = &s, .on_message = on_message, .on_error = on_error };
        assert_int_equal(sf_listener_open(sf, NULL, &s.l, NULL), SF_OK);
        assert_int_equal(sf_listener_attach_events(s.l, "Low_Ink__e", &service, NULL, NULL), SF_OK);
        assert_int_equal(sf_listener_run(s.l, &err), cases[i].end);
        assert_int_equal(s.troubles, 1);
        assert_int_equal(s.trouble, cases[i].trouble);
        assert_non_null(strstr(err.message, cases[i].error));
        sf_listener_close(s.l);
        sf_client_close(sf);
        wire_stop(server);
    }
}

/* A handler that is told of a channel's end, or of its lost position, may listen to another one instead. */
static sf_status on_error_instead(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                                  const sf_error *why)
{
    seen *s = user;
    (void)event;
    (void)why;
    const sf_event_service service = { .user = s, .on_message = on_message };
    const sf_attach_options from = { .replay = SF_REPLAY_ID, .replay_id = 6 };
    if (trouble == SF_TROUBLE_LOST) assert_int_equal(sf_listener_detach(s->l, channel, NULL), SF_OK);
    assert_string_equal(channel, "/event/Old__e");
    assert_int_equal(sf_listener_attach_events(s->l, "/event/Low_Ink__e", &service, &from, NULL), SF_OK);
    s->troubles++;
    return SF_OK;
}

static void test_listener__a_handler_of_trouble_may_attach_another(void **state)
{
    static const char *const errors[] = { "404::Unknown channel", "400::The replayId {3} you provided was invalid." };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        script first = SCRIPT;
        char text[512];
        snprintf(text, sizeof text,
                 "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/Old__e\",\"successful\":false,"
                 "\"error\":\"%s\"}]",
                 errors[i]);
        say_up(&first);
        say(&first, text);
        say(&first, "[" CONNECTED "]");
        say(&first, SUBSCRIBED("/event/Low_Ink__e"));
        say(&first, "[" MESSAGE("7") "," CONNECTED "]");
        say(&first, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
        wire_server *server = wire_start_replies(reply, &first);
        sf_client *sf = connect_client(server);
        seen s = { .stop_after = 1 };
        sf_error err = { 0 };
        sf_event_service service = { .user = &s, .on_message = on_message, .on_error = on_error_instead };
        sf_attach_options from = { .replay = SF_REPLAY_ID, .replay_id = 3, .lost = SF_LOST_LATEST };
        sf_listener_options options = { .slack_ms = 200 };
        assert_int_equal(sf_listener_open(sf, &options, &s.l, NULL), SF_OK);
        assert_int_equal(sf_listener_attach_events(s.l, "/event/Old__e", &service, &from, NULL), SF_OK);
        if (sf_listener_run(s.l, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(s.troubles, 1);
        assert_int_equal(s.messages, 1);
        bool is_asked = false;
        for (int k = 0; k < wire_requests(server); k++) {
            char *request = wire_request(server, k);
            if (strstr(request, "{\"/event/Low_Ink__e\":6}") != NULL) is_asked = true;
            free(request);
        }
        assert_true(is_asked);
        sf_listener_close(s.l);
        sf_client_close(sf);
        wire_stop(server);
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listener__hands_on_changes_and_says_goodbye),
        cmocka_unit_test(test_listener__goes_on_from_the_stored_position),
        cmocka_unit_test(test_listener__a_damaged_checkpoint_file_is_refused),
        cmocka_unit_test(test_listener__a_failing_handler_keeps_its_event),
        cmocka_unit_test(test_listener__a_detached_channel_leaves_no_failures_behind),
        cmocka_unit_test(test_listener__the_descriptor_tells_when_to_poll),
        cmocka_unit_test(test_listener__acknowledges_by_hand_and_survives_a_lost_position),
        cmocka_unit_test(test_listener__a_refused_channel_is_told),
        cmocka_unit_test(test_listener__a_handler_of_trouble_may_attach_another),
        cmocka_unit_test(test_listener__needs_two_connections),
        cmocka_unit_test(test_listener__open_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
