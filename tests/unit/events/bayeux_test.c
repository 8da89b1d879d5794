/* bayeux_test.c: the machine without I/O: sessions, advice, errors, replay, with messages as orgs have sent them. */
#include "events/bayeux_internal.h"
#include "support/support.h"

typedef struct world {
    sfi_bayeux *b;
    sfi_buf body;
    int64_t now, timeout, positions[SF_CHANNELS_MAX];
    int ups, downs, refused, lost, put_off;
    sf_error last;
    sf_document *doc;
} world;

static int64_t position(void *user, size_t channel)
{
    const world *w = user;
    return w->positions[channel];
}

static void note(void *user, sfi_bayeux_event event, size_t channel, const sf_error *why)
{
    world *w = user;
    (void)channel;
    w->ups += event == SFI_BAYEUX_UP;
    w->downs += event == SFI_BAYEUX_DOWN;
    w->refused += event == SFI_BAYEUX_REFUSED;
    w->lost += event == SFI_BAYEUX_LOST;
    w->put_off += event == SFI_BAYEUX_PUT_OFF;
    if (event == SFI_BAYEUX_LOST) w->positions[channel] = -2;
    if (why != NULL) w->last = *why;
}

static void start(world *w)
{
    *w = (world){ .now = 1000 };
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) w->positions[i] = -1;
    const sfi_bayeux_settings settings = { .pause_ms = 1000, .pause_max_ms = 30000, .slack_ms = 10000 };
    const sfi_bayeux_owner owner = { .user = w, .position = position, .note = note };
    assert_int_equal(sfi_bayeux_new(&settings, &owner, &w->b, NULL), SF_OK);
}

static void finish(world *w)
{
    sfi_bayeux_free(w->b);
    sfi_buf_free(&w->body);
    sf_document_free(w->doc);
}

static void add(world *w, const char *channel, size_t want)
{
    size_t slot = 999;
    assert_int_equal(sfi_bayeux_add(w->b, channel, &slot, NULL), SF_OK);
    assert_int_equal(slot, want);
}

/* What the lane sends now must hold text. */
static void expect(world *w, sfi_bayeux_lane lane, const char *text)
{
    assert_true(sfi_bayeux_next(w->b, lane, w->now, &w->body, &w->timeout));
    if (strstr(w->body.data, text) == NULL) fail_msg("want %s in %s", text, w->body.data);
}

static void expect_quiet(world *w, sfi_bayeux_lane lane)
{
    if (sfi_bayeux_next(w->b, lane, w->now, &w->body, &w->timeout)) fail_msg("not due: %s", w->body.data);
}

static void answer(world *w, sfi_bayeux_lane lane, const char *json)
{
    sf_document_free(w->doc);
    w->doc = NULL;
    assert_int_equal(sf_document_parse(json, strlen(json), &w->doc, NULL), SF_OK);
    sfi_bayeux_answer(w->b, lane, w->now, 200, sf_document_root(w->doc));
}

static const char shaken[] =
    "[{\"ext\":{\"replay\":true,\"payload.format\":true},\"minimumVersion\":\"1.0\",\"clientId\":"
    "\"c1\",\"supportedConnectionTypes\":[\"long-polling\"],\"channel\":\"/meta/handshake\","
    "\"id\":\"1\",\"version\":\"1.0\",\"successful\":true}]";
static const char advised[] = "[{\"clientId\":\"c1\",\"advice\":{\"interval\":0,\"timeout\":110000,\"reconnect\":"
                              "\"retry\"},\"channel\":\"/meta/connect\",\"id\":\"2\",\"successful\":true}]";
static const char connected[] =
    "[{\"clientId\":\"c1\",\"channel\":\"/meta/connect\",\"id\":\"3\",\"successful\":true}]";

static void bring_up(world *w)
{
    expect(w, SFI_LANE_CONNECT, "\"/meta/handshake\"");
    answer(w, SFI_LANE_CONNECT, shaken);
    expect(w, SFI_LANE_CONNECT, "\"advice\":{\"timeout\":0}");
    answer(w, SFI_LANE_CONNECT, advised);
}

static void subscribed(world *w, const char *channel)
{
    char json[512];
    snprintf(json, sizeof json,
             "[{\"clientId\":\"c1\",\"channel\":\"/meta/subscribe\",\"subscription\":\"%s\",\"successful\":true}]",
             channel);
    answer(w, SFI_LANE_COMMAND, json);
}

static void test_bayeux__shakes_hands_connects_and_subscribes(void **state)
{
    world w;
    (void)state;
    start(&w);
    add(&w, "/data/ChangeEvents", 0);
    w.positions[0] = 4000017;
    expect(&w, SFI_LANE_CONNECT,
           "[{\"channel\":\"/meta/handshake\",\"id\":\"1\",\"version\":\"1.0\",\"minimumVersion\":\"1.0\","
           "\"supportedConnectionTypes\":[\"long-polling\"],\"ext\":{\"replay\":true}}]");
    expect_quiet(&w, SFI_LANE_CONNECT);
    answer(&w, SFI_LANE_CONNECT, shaken);
    expect(&w, SFI_LANE_CONNECT,
           "[{\"channel\":\"/meta/connect\",\"id\":\"2\",\"clientId\":\"c1\",\"connectionType\":\"long-polling\","
           "\"advice\":{\"timeout\":0}}]");
    assert_int_equal(w.timeout, 30000); /* it is answered at once, so silence is found sooner */
    expect_quiet(&w, SFI_LANE_COMMAND); /* after the first connect only */
    answer(&w, SFI_LANE_CONNECT, advised);
    assert_int_equal(w.ups, 1);
    expect(&w, SFI_LANE_CONNECT,
           "{\"channel\":\"/meta/connect\",\"id\":\"3\",\"clientId\":\"c1\",\"connectionType\":"
           "\"long-polling\"}");
    assert_int_equal(w.timeout, 120000);
    expect(&w, SFI_LANE_COMMAND,
           "[{\"channel\":\"/meta/subscribe\",\"id\":\"4\",\"clientId\":\"c1\",\"subscription\":\"/data/ChangeEvents\","
           "\"ext\":{\"replay\":{\"/data/ChangeEvents\":4000017}}}]");
    subscribed(&w, "/data/ChangeEvents");
    expect_quiet(&w, SFI_LANE_COMMAND);
    answer(&w, SFI_LANE_CONNECT, connected);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    assert_int_equal(sfi_bayeux_handshakes(w.b), 1);
    finish(&w);
}

static void test_bayeux__begins_anew_from_the_position_of_the_moment(void **state)
{
    static const char *const deaths[] = {
        "[{\"advice\":{\"interval\":0,\"reconnect\":\"handshake\"},\"channel\":\"/meta/"
        "connect\",\"id\":\"304\",\"error\":"
        "\"403::Unknown client\",\"successful\":false}]",
        "[{\"clientId\":\"c1\",\"advice\":{\"interval\":0,\"reconnect\":\"none\"},\"channel\":\"/meta/connect\",\"id\":"
        "\"8\",\"error\":\"403::Unknown client\",\"successful\":false}]",
        "[{\"channel\":\"/meta/connect\",\"error\":\"402::Unknown client\",\"successful\":false}]",
        "[{\"channel\":\"/meta/connect\",\"error\":\"401:c1:Unknown client\",\"successful\":false}]",
        "[{\"channel\":\"/meta/disconnect\"},{\"channel\":\"/meta/connect\",\"error\":\"403::Unknown client\","
        "\"successful\":false}]",
        "[{\"channel\":\"/meta/connect\",\"error\":\"400::Client c1 has established a session, but no BAYEUX_BROWSER "
        "cookie present\",\"successful\":false}]",
        "[{\"channel\":\"/meta/connect\",\"successful\":true,\"advice\":{\"reconnect\":\"handshake\"}}]",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(deaths); i++) {
        world w;
        start(&w);
        add(&w, "/event/A__e", 0);
        bring_up(&w);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        expect(&w, SFI_LANE_COMMAND, "{\"/event/A__e\":-1}");
        subscribed(&w, "/event/A__e");
        w.positions[0] = 77;
        answer(&w, SFI_LANE_CONNECT, deaths[i]);
        assert_int_equal(w.downs, 1);
        bring_up(&w); /* at once: it is normal life */
        expect(&w, SFI_LANE_COMMAND, "{\"/event/A__e\":77}");
        finish(&w);
    }
}

static void test_bayeux__a_lost_connect_ends_the_session(void **state)
{
    world w;
    sf_error lost = { .status = SF_ERR_NETWORK };
    (void)state;
    start(&w);
    add(&w, "/event/A__e", 0);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
    sfi_bayeux_failed(w.b, SFI_LANE_CONNECT, w.now, &lost);
    assert_true(sfi_bayeux_is_stale(w.b, SFI_LANE_COMMAND)); /* its session is gone too */
    sfi_bayeux_abandoned(w.b, SFI_LANE_COMMAND);
    expect_quiet(&w, SFI_LANE_CONNECT); /* a pause first */
    assert_in_range(sfi_bayeux_due_ms(w.b), w.now + 500, w.now + 1000);
    w.now = sfi_bayeux_due_ms(w.b);
    bring_up(&w);
    expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
    int64_t last = 0;
    for (int i = 0; i < 10; i++) { /* pauses grow to their maximum */
        sfi_bayeux_failed(w.b, SFI_LANE_COMMAND, w.now, &lost);
        last = sfi_bayeux_due_ms(w.b) - w.now;
        w.now = sfi_bayeux_due_ms(w.b);
        bring_up(&w);
        expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
    }
    assert_in_range(last, 15000, 30000);
    finish(&w);
}

static void test_bayeux__a_refused_token_asks_for_another(void **state)
{
    static const char *const refusals[] = {
        "[{\"ext\":{\"replay\":true},\"advice\":{\"reconnect\":\"none\"},\"channel\":\"/meta/"
        "handshake\",\"id\":\"370\","
        "\"error\":\"401::Authentication invalid\",\"successful\":false}]",
        "[{\"ext\":{\"sfdc\":{\"failureReason\":\"401::Authentication invalid\"},\"replay\":true},\"advice\":{"
        "\"reconnect\":\"none\"},\"channel\":\"/meta/handshake\",\"id\":\"1\",\"error\":\"403::Handshake denied\","
        "\"successful\":false}]",
        "[{\"error\":\"401::Request requires authentication\",\"successful\":false}]",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        world w;
        start(&w);
        expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
        answer(&w, SFI_LANE_CONNECT, refusals[i]);
        assert_true(sfi_bayeux_wants_login(w.b));
        expect_quiet(&w, SFI_LANE_CONNECT);
        sfi_bayeux_logged_in(w.b, w.now);
        bring_up(&w);
        assert_int_equal(w.ups, 1);
        finish(&w);
    }
    world w;
    start(&w);
    for (int i = 0; i < 4; i++) { /* a new token that is refused again and again ends it */
        assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_OK);
        w.now += 60000;
        expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
        answer(&w, SFI_LANE_CONNECT, refusals[0]);
        sfi_bayeux_logged_in(w.b, w.now);
    }
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_ERR_AUTH);
    finish(&w);
}

/* That the server is too busy is told beside the error of what was asked: no reason for a new token, and not for ever. */
static void test_bayeux__waits_for_a_server_that_is_too_busy(void **state)
{
#define BUSY "\"ext\":{\"sfdc\":{\"failureReason\":\"503::Server is too busy.  Please try your request again later.\"}}"
    world w;
    (void)state;
    start(&w);
    add(&w, "/event/X__e", 0);
    for (int i = 0; i < 8; i++) {
        expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
        answer(&w, SFI_LANE_CONNECT,
               "[{\"channel\":\"/meta/handshake\",\"advice\":{\"reconnect\":\"none\"}," BUSY
               ",\"error\":\"403::Handshake denied\",\"successful\":false}]");
        assert_false(sfi_bayeux_wants_login(w.b));
        w.now = sfi_bayeux_due_ms(w.b);
    }
    for (int i = 0; i < 8; i++) {
        bring_up(&w);
        expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
        answer(&w, SFI_LANE_COMMAND,
               "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/X__e\"," BUSY
               ",\"error\":\"403:denied_by_security_policy:create_denied\",\"successful\":false}]");
        assert_int_equal(w.put_off, i + 1);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        answer(&w, SFI_LANE_CONNECT,
               "[{\"channel\":\"/meta/connect\",\"advice\":{\"reconnect\":\"none\",\"interval\":0}," BUSY
               ",\"error\":\"401::Authentication invalid\",\"successful\":false}]");
        assert_false(sfi_bayeux_wants_login(w.b));
        assert_int_equal(w.last.status, SF_ERR_UNAVAILABLE);
        w.now = sfi_bayeux_due_ms(w.b);
    }
    assert_int_equal(w.refused, 0);
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_OK);
    finish(&w);
#undef BUSY
}

static void test_bayeux__tells_a_lost_position_from_a_wrong_map(void **state)
{
    world w;
    (void)state;
    start(&w);
    add(&w, "/topic/topicName?X=1", 0);
    bring_up(&w);
    w.positions[0] = 82;
    expect(&w, SFI_LANE_COMMAND, "{\"/topic/topicName\":82}"); /* the key has no query */
    answer(
        &w, SFI_LANE_COMMAND,
        "[{\"clientId\":\"c1\",\"channel\":\"/meta/subscribe\",\"id\":\"3\",\"subscription\":\"/topic/topicName?X=1\","
        "\"error\":\"400::The replayId {82} you provided was invalid.  Please provide a valid ID, -2 to replay all "
        "events, or -1 to replay only new events.\",\"successful\":false}]");
    assert_int_equal(w.lost, 1);
    expect(&w, SFI_LANE_COMMAND, "{\"/topic/topicName\":-2}"); /* what the owner says now */
    answer(&w, SFI_LANE_COMMAND,
           "[{\"channel\":\"/meta/subscribe\",\"id\":4,\"successful\":false,\"error\":\"400::The replayId for channel "
           "{/topic/topicName} wasn't found using the provided replay ID map {{}}. Ensure that the channel name\"}]");
    assert_int_equal(w.lost, 1);
    assert_int_equal(w.refused, 1);
    assert_string_equal(w.last.code, "400");
    assert_true(sfi_bayeux_is_slot_free(w.b, 0));
    finish(&w);
}

static void test_bayeux__tries_a_denied_channel_once_more(void **state)
{
    static const char denied[] =
        "[{\"clientId\":\"c1\",\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/X__e\","
        "\"error\":\"403:denied_by_security_policy:create_denied\",\"successful\":false}]";
    world w;
    (void)state;
    start(&w);
    add(&w, "/event/X__e", 0);
    bring_up(&w);
    expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
    answer(&w, SFI_LANE_COMMAND, denied);
    assert_int_equal(w.refused, 0);
    bring_up(&w);
    expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
    answer(&w, SFI_LANE_COMMAND, denied);
    assert_int_equal(w.refused, 1);
    assert_string_equal(w.last.code, "403");
    finish(&w);
}

static void test_bayeux__takes_events_alone_for_an_answer(void **state)
{
    world w;
    (void)state;
    start(&w);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    answer(&w, SFI_LANE_CONNECT,
           "[{\"channel\":\"/event/A__e\",\"data\":{\"payload\":{},\"event\":{\"replayId\":5}}}]");
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    assert_int_equal(w.downs, 0);
    answer(&w, SFI_LANE_CONNECT, "[]"); /* nothing is no answer */
    assert_int_equal(w.downs, 1);
    finish(&w);
}

static void test_bayeux__waits_where_a_limit_is_reached(void **state)
{
    world w;
    (void)state;
    start(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
    answer(&w, SFI_LANE_CONNECT,
           "[{\"channel\":\"/meta/handshake\",\"error\":\"403::Organization concurrent user limit exceeded\","
           "\"successful\":false}]");
    assert_true(sfi_bayeux_due_ms(w.b) >= w.now + 60000);
    w.now = sfi_bayeux_due_ms(w.b);
    expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
    answer(&w, SFI_LANE_CONNECT,
           "[{\"channel\":\"/meta/handshake\",\"advice\":{\"reconnect\":\"none\"},\"successful\":false,\"error\":"
           "\"400::Unsupported API version in the URI\"}]");
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_ERR_ORG);
    finish(&w);
}

static void test_bayeux__unsubscribes_while_it_runs_and_says_goodbye(void **state)
{
    world w;
    (void)state;
    start(&w);
    add(&w, "/event/A__e", 0);
    add(&w, "/event/B__e", 1);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    expect(&w, SFI_LANE_COMMAND, "/event/B__e");
    answer(&w, SFI_LANE_COMMAND,
           "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/A__e\",\"successful\":true},"
           "{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/B__e\",\"successful\":true}]");
    sfi_bayeux_remove(w.b, 0);
    assert_false(sfi_bayeux_is_slot_free(w.b, 0));
    expect(&w, SFI_LANE_COMMAND, "\"/meta/unsubscribe\"");
    assert_null(strstr(w.body.data, "/event/B__e"));
    answer(&w, SFI_LANE_COMMAND,
           "[{\"channel\":\"/meta/unsubscribe\",\"subscription\":\"/event/A__e\",\"successful\":true}]");
    assert_true(sfi_bayeux_is_slot_free(w.b, 0));
    sfi_bayeux_disconnect(w.b, w.now);
    assert_true(sfi_bayeux_is_stale(w.b, SFI_LANE_CONNECT));
    sfi_bayeux_abandoned(w.b, SFI_LANE_CONNECT);
    expect(&w, SFI_LANE_COMMAND, "\"/meta/disconnect\"");
    expect_quiet(&w, SFI_LANE_CONNECT);
    answer(&w, SFI_LANE_COMMAND, "[{\"channel\":\"/meta/disconnect\",\"successful\":true}]");
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_DONE);
    finish(&w);
}

/* A channel that is detached and attached anew may come into a slot before its old one; the org must not be asked to
 * leave it at last. */
static void test_bayeux__leaves_a_channel_before_it_is_subscribed_anew(void **state)
{
    world w;
    (void)state;
    start(&w);
    add(&w, "/event/A__e", 0);
    add(&w, "/event/B__e", 1);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    expect(&w, SFI_LANE_COMMAND, "/event/B__e");
    answer(&w, SFI_LANE_COMMAND,
           "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/A__e\",\"successful\":false,\"error\":"
           "\"404::Unknown channel\"},"
           "{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/B__e\",\"successful\":true}]");
    assert_true(sfi_bayeux_is_slot_free(w.b, 0));
    sfi_bayeux_remove(w.b, 1);
    add(&w, "/event/B__e", 0);
    expect(&w, SFI_LANE_COMMAND, "\"/meta/unsubscribe\"");
    const char *leave = strstr(w.body.data, "\"/meta/unsubscribe\""),
               *join = strstr(w.body.data, "\"/meta/subscribe\"");
    assert_non_null(join);
    assert_true(leave < join);
    finish(&w);
}

/* A standby has no session and wants none; the one that it had is told goodbye, whatever comes of that. */
static void test_bayeux__rests_until_it_is_woken(void **state)
{
    world w;
    (void)state;
    start(&w);
    sfi_bayeux_rest(w.b, w.now);
    add(&w, "/data/ChangeEvents", 0);
    expect_quiet(&w, SFI_LANE_CONNECT);
    expect_quiet(&w, SFI_LANE_COMMAND);
    assert_true(sfi_bayeux_due_ms(w.b) == INT64_MAX);
    sfi_bayeux_wake(w.b, w.now);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    expect(&w, SFI_LANE_COMMAND, "\"replay\":{\"/data/ChangeEvents\":-1}");
    subscribed(&w, "/data/ChangeEvents");
    sfi_bayeux_rest(w.b, w.now);
    assert_true(sfi_bayeux_is_stale(w.b, SFI_LANE_CONNECT));
    sfi_bayeux_abandoned(w.b, SFI_LANE_CONNECT);
    expect_quiet(&w, SFI_LANE_CONNECT);
    assert_int_equal(sfi_bayeux_due_ms(w.b), w.now);
    expect(&w, SFI_LANE_COMMAND, "\"/meta/disconnect\",\"id\":\"5\",\"clientId\":\"c1\"");
    sf_error gone = { .status = SF_ERR_NETWORK }, refused = { .status = SF_ERR_AUTH };
    sfi_bayeux_failed(w.b, SFI_LANE_COMMAND, w.now, &gone);
    expect_quiet(&w, SFI_LANE_COMMAND); /* once is enough */
    expect_quiet(&w, SFI_LANE_CONNECT);
    assert_int_equal(w.downs, 0);
    w.positions[0] = 77;
    sfi_bayeux_wake(w.b, w.now);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    expect(&w, SFI_LANE_COMMAND, "\"replay\":{\"/data/ChangeEvents\":77}");
    sfi_bayeux_rest(w.b, w.now);
    sfi_bayeux_abandoned(w.b, SFI_LANE_CONNECT);
    sfi_bayeux_abandoned(w.b, SFI_LANE_COMMAND);
    expect(&w, SFI_LANE_COMMAND, "/meta/disconnect");
    sfi_bayeux_failed(w.b, SFI_LANE_COMMAND, w.now, &refused); /* lasting, but nobody asked */
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_OK);
    sfi_bayeux_wake(w.b, w.now);
    bring_up(&w);
    sfi_bayeux_rest(w.b, w.now);
    expect(&w, SFI_LANE_COMMAND, "/meta/disconnect");
    sfi_bayeux_wake(w.b, w.now); /* while the goodbye is under way */
    assert_true(sfi_bayeux_is_stale(w.b, SFI_LANE_COMMAND));
    sfi_bayeux_abandoned(w.b, SFI_LANE_COMMAND);
    expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
    sfi_bayeux_rest(w.b, w.now); /* no session yet: nobody to tell */
    sfi_bayeux_abandoned(w.b, SFI_LANE_CONNECT);
    expect_quiet(&w, SFI_LANE_COMMAND);
    sfi_bayeux_disconnect(w.b, w.now);
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_DONE);
    finish(&w);
}

static void test_bayeux__held_it_subscribes_to_nothing(void **state)
{
    world w;
    (void)state;
    start(&w);
    add(&w, "/data/ChangeEvents", 0);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    sfi_bayeux_hold(w.b, true);
    expect_quiet(&w, SFI_LANE_COMMAND);
    assert_true(sfi_bayeux_due_ms(w.b) == INT64_MAX);
    w.positions[0] = 12;
    sfi_bayeux_hold(w.b, false);
    assert_int_equal(sfi_bayeux_due_ms(w.b), w.now);
    expect(&w, SFI_LANE_COMMAND, "\"replay\":{\"/data/ChangeEvents\":12}");
    finish(&w);
}

/* Answered at once and empty, again and again: an org that is not well, or something between. */
static void test_bayeux__is_in_no_hurry_where_connects_are_answered_at_once(void **state)
{
    static const char eventful[] = "[{\"channel\":\"/event/A__e\",\"data\":{}},"
                                   "{\"clientId\":\"c1\",\"channel\":\"/meta/connect\",\"successful\":true}]";
    world w;
    (void)state;
    start(&w);
    bring_up(&w);
    int64_t begun = w.now;
    int connects = 0;
    for (; w.now < begun + 60000; connects++) {
        int64_t due = sfi_bayeux_due_ms(w.b);
        if (due > w.now) w.now = due;
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        w.now++;
        answer(&w, SFI_LANE_CONNECT, connected);
    }
    if (connects < 60 || connects > 80) fail_msg("%d connects in a minute", connects);
    w.now = sfi_bayeux_due_ms(w.b);
    for (int i = 0; i < 50; i++) { /* what has something to tell may be as quick as it likes */
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        answer(&w, SFI_LANE_CONNECT, eventful);
    }
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    w.now += 50;
    answer(&w, SFI_LANE_CONNECT,
           "[{\"channel\":\"/meta/connect\",\"advice\":{\"timeout\":50,\"interval\":0},\"successful\":true}]");
    for (int i = 0; i < 50; i++) { /* and so may one that holds them as long as it says */
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        w.now += 50;
        answer(&w, SFI_LANE_CONNECT, connected);
    }
    assert_int_equal(w.downs, 0);
    finish(&w);
}

/* Sessions that stand and end at once: handshakes grow rarer, as where none stands at all. */
static void test_bayeux__a_session_that_ends_at_once_is_no_success(void **state)
{
    static const char *const ends[] = {
        "[{\"channel\":\"/meta/connect\",\"advice\":{\"reconnect\":\"handshake\"},\"successful\":true}]",
        "[{\"channel\":\"/meta/connect\",\"error\":\"403::Unknown client\",\"successful\":false}]",
        "[{\"channel\":\"/meta/connect\",\"error\":\"500::Internal server error\",\"successful\":false}]", "[]"
    };
    (void)state;
    for (size_t i = 0; i < SFI_COUNT_OF(ends); i++) {
        world w;
        start(&w);
        int sessions = 0;
        for (int64_t begun = w.now; w.now < begun + 60000; sessions++) {
            if (sfi_bayeux_due_ms(w.b) > w.now) w.now = sfi_bayeux_due_ms(w.b);
            bring_up(&w);
            expect(&w, SFI_LANE_CONNECT, "/meta/connect");
            w.now += 10;
            answer(&w, SFI_LANE_CONNECT, connected);
            expect(&w, SFI_LANE_CONNECT, "/meta/connect");
            w.now += 10;
            answer(&w, SFI_LANE_CONNECT, ends[i]);
        }
        if (sessions < 5 || sessions > 10) fail_msg("%d sessions in a minute: %s", sessions, ends[i]);
        if (sfi_bayeux_due_ms(w.b) > w.now) w.now = sfi_bayeux_due_ms(w.b);
        bring_up(&w);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        w.now += 40000; /* one that lasts */
        answer(&w, SFI_LANE_CONNECT, connected);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        answer(&w, SFI_LANE_CONNECT, ends[0]);
        assert_int_equal(sfi_bayeux_due_ms(w.b), w.now);
        finish(&w);
    }
}

/* But one that brought events was worth its while, and is followed by the next. */
static void test_bayeux__a_short_session_with_events_is_a_success(void **state)
{
    static const char with_event[] =
        "[{\"channel\":\"/meta/connect\",\"successful\":true},{\"channel\":\"/event/A__e\","
        "\"data\":{\"event\":{\"replayId\":7}}}]";
    (void)state;
    world w;
    start(&w);
    for (int i = 0; i < 20; i++) {
        int64_t begun = w.now;
        if (sfi_bayeux_due_ms(w.b) > w.now) w.now = sfi_bayeux_due_ms(w.b);
        bring_up(&w);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        w.now += 10;
        answer(&w, SFI_LANE_CONNECT, with_event);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        w.now += 10;
        answer(&w, SFI_LANE_CONNECT,
               "[{\"channel\":\"/meta/connect\",\"error\":\"403::Unknown client\",\"successful\":false}]");
        assert_true(w.now - begun < 3000); /* no growing pause */
    }
    int64_t pauses = w.now;
    for (int i = 0; i < 20; i++) { /* but none at all would ask as fast as the org answers */
        if (sfi_bayeux_due_ms(w.b) > w.now) w.now = sfi_bayeux_due_ms(w.b);
        bring_up(&w);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        answer(&w, SFI_LANE_CONNECT, with_event);
        expect(&w, SFI_LANE_CONNECT, "/meta/connect");
        answer(&w, SFI_LANE_CONNECT,
               "[{\"channel\":\"/meta/connect\",\"error\":\"403::Unknown client\",\"successful\":false}]");
    }
    assert_true(w.now - pauses >= 4000);
    finish(&w);
}

/* A page that is no answer of Bayeux: told with its status, and tried again while it may pass. */
static void test_bayeux__says_what_status_an_answer_had(void **state)
{
    world w;
    (void)state;
    start(&w);
    bring_up(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/connect");
    sfi_bayeux_answer(w.b, SFI_LANE_CONNECT, w.now, 404, (sf_value){ 0 });
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_OK); /* there was a session */
    assert_non_null(strstr(w.last.message, "HTTP 404"));
    w.now = sfi_bayeux_due_ms(w.b);
    expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
    sfi_bayeux_answer(w.b, SFI_LANE_CONNECT, w.now, 302, (sf_value){ 0 });
    assert_non_null(strstr(w.last.message, "HTTP 302"));
    finish(&w);
    start(&w);
    expect(&w, SFI_LANE_CONNECT, "/meta/handshake");
    sfi_bayeux_answer(w.b, SFI_LANE_CONNECT, w.now, 404, (sf_value){ 0 });
    assert_int_equal(sfi_bayeux_status(w.b, NULL), SF_ERR_ORG); /* there never was */
    finish(&w);
}

/* A subscribe that fails for now is told, and tried again: soon, then later. */
static void test_bayeux__a_subscribe_that_is_put_off_is_told(void **state)
{
    world w;
    (void)state;
    start(&w);
    add(&w, "/event/A__e", 0);
    bring_up(&w);
    int64_t pause = 0;
    for (int i = 1; i <= 8; i++) {
        expect(&w, SFI_LANE_COMMAND, "/meta/subscribe");
        answer(&w, SFI_LANE_COMMAND,
               "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"/event/A__e\",\"successful\":false,\"error\":"
               "\"500::Internal server error\"}]");
        assert_int_equal(w.put_off, i);
        assert_non_null(strstr(w.last.message, "subscribe /event/A__e: 500::Internal server error"));
        expect_quiet(&w, SFI_LANE_COMMAND);
        for (pause = 0; !sfi_bayeux_next(w.b, SFI_LANE_COMMAND, w.now + pause, &w.body, &w.timeout); pause += 100)
            assert_true(pause <= 30000);
        if (i == 1) assert_true(pause <= 1000);
        sfi_bayeux_failed(w.b, SFI_LANE_COMMAND, w.now, &(sf_error){ .status = SF_ERR_NETWORK });
        w.now = sfi_bayeux_due_ms(w.b);
        bring_up(&w);
    }
    assert_true(pause >= 15000);
    assert_int_equal(w.refused, 0);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bayeux__shakes_hands_connects_and_subscribes),
        cmocka_unit_test(test_bayeux__begins_anew_from_the_position_of_the_moment),
        cmocka_unit_test(test_bayeux__a_lost_connect_ends_the_session),
        cmocka_unit_test(test_bayeux__a_refused_token_asks_for_another),
        cmocka_unit_test(test_bayeux__waits_for_a_server_that_is_too_busy),
        cmocka_unit_test(test_bayeux__tells_a_lost_position_from_a_wrong_map),
        cmocka_unit_test(test_bayeux__tries_a_denied_channel_once_more),
        cmocka_unit_test(test_bayeux__takes_events_alone_for_an_answer),
        cmocka_unit_test(test_bayeux__waits_where_a_limit_is_reached),
        cmocka_unit_test(test_bayeux__unsubscribes_while_it_runs_and_says_goodbye),
        cmocka_unit_test(test_bayeux__leaves_a_channel_before_it_is_subscribed_anew),
        cmocka_unit_test(test_bayeux__rests_until_it_is_woken),
        cmocka_unit_test(test_bayeux__held_it_subscribes_to_nothing),
        cmocka_unit_test(test_bayeux__is_in_no_hurry_where_connects_are_answered_at_once),
        cmocka_unit_test(test_bayeux__a_session_that_ends_at_once_is_no_success),
        cmocka_unit_test(test_bayeux__a_short_session_with_events_is_a_success),
        cmocka_unit_test(test_bayeux__says_what_status_an_answer_had),
        cmocka_unit_test(test_bayeux__a_subscribe_that_is_put_off_is_told),
    };
    return cmocka_run_group_tests_name("bayeux", tests, NULL, NULL);
}
