/* dispatch_test.c: what a listener makes of the events of an answer, without an org: which it passes over, whom it calls how
 * often, and when positions are stored. */
#include <salesforce.h>
#include "events/listener_internal.h"
#include "support/support.h"

static sf_error err;

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

typedef struct seen {
    int count, failures_left, dead, sets;
    int64_t last;
    char position[32];
} seen;

static sf_client *sf;

static int start(void **state)
{
    (void)state;
    return sf_client_open(&(sf_client_options){ .instance_url = "http://127.0.0.1:9",
                                                .api_version = "64.0",
                                                .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D!x" } },
                          &sf, &err) == SF_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return 0;
}

static sf_status on_message(void *user, const sf_event *e)
{
    seen *s = user;
    if (s->failures_left > 0) {
        s->failures_left--;
        return SF_ERR_IO;
    }
    s->count++;
    s->last = e->replay_id;
    return SF_ROW; /* as good as SF_OK */
}

static sf_status on_change(void *user, const sf_cdc_event *e)
{
    return on_message(user, &e->event) >= 0 ? SF_OK : SF_ERR_IO;
}

static sf_status on_dead_letter(void *user, const sf_event *event, const sf_error *why)
{
    seen *s = user;
    assert_string_equal(event->channel, "/event/Low_Ink__e");
    assert_int_equal(why->status, SF_ERR_IO);
    s->dead++;
    return s->dead == 1 ? SF_OK : SF_ERR_ORG;
}

static sf_status get(void *user, const char *channel, void (*found)(void *ctx, const char *position), void *ctx,
                     sf_error *why)
{
    (void)user, (void)channel, (void)found, (void)ctx, (void)why;
    return SF_DONE;
}

static sf_status set(void *user, const char *channel, const char *position, sf_error *why)
{
    seen *s = user;
    (void)channel, (void)why;
    s->sets++;
    snprintf(s->position, sizeof s->position, "%s", position);
    return SF_OK;
}

static sf_listener *open_listener(seen *s, sf_listener_options o, const sf_attach_options *from)
{
    sf_listener *l = NULL;
    o.handler_pause_ms = 1;
    o.dead_letter_user = s;
    DO(sf_listener_open(sf, &o, &l, &err));
    DO(sf_listener_attach_events(l, "/event/Low_Ink__e", &(sf_event_service){ .user = s, .on_message = on_message },
                                 from, &err));
    DO(sf_listener_attach_cdc(l, "/data/ChangeEvents", &(sf_cdc_service){ .user = s, .on_update = on_change }, from,
                              &err));
    return l;
}

/* An answer is there; @return what handing it out comes to. */
static sf_status hand_out(sf_listener *l, const char *answer)
{
    sfi_page *p = &l->lanes[0].page;
    if (p->doc == NULL) DO(sfi_json_new(&p->doc, &err));
    DO(sfi_json_parse(p->doc, sfi_str(answer), &err));
    sfi_page_open(l, p, sfi_json_root(p->doc));
    sf_status rc = SF_OK;
    while (rc == SF_OK && sfi_dispatch_has_events(l)) rc = sfi_dispatch(l, &err);
    return rc;
}

#define MESSAGE(replay, date)                                                                                          \
    "{\"data\":{\"payload\":{\"CreatedDate\":" date "},\"event\":{\"replayId\":" replay                                \
    "}},\"channel\":\"/event/Low_Ink__e\"}"
#define CHANGE(replay, commit)                                                                                         \
    "{\"data\":{\"payload\":{\"CreatedDate\":\"2001-01-01T00:00:00.000Z\",\"ChangeEventHeader\":{\"entityName\":"      \
    "\"Account\",\"recordIds\":[\"0015g000003LmQpAAK\"],\"changeType\":\"UPDATE\",\"commitTimestamp\":" commit         \
    "}},\"event\":{\"replayId\":" replay "}},\"channel\":\"/data/ChangeEvents\"}"

static void test_dispatch__passes_over_what_is_older_than_a_time(void **state)
{
    static const struct {
        const char *event;
        int64_t since_ms;
        bool comes;
    } cases[] = {
        { MESSAGE("7", "\"2025-11-23T12:00:07.051Z\""), 1763899207051, true },
        { MESSAGE("7", "\"2025-11-23T12:00:07.051Z\""), 1763899207052, false },
        { MESSAGE("7", "\"2025-11-23T12:00:07Z\""), 1763899207999, true }, /* some time in that second */
        { MESSAGE("7", "\"2025-11-23T12:00:07Z\""), 1763899208000, false },
        { CHANGE("7", "1763899207000"), 1763899207999, true },
        { CHANGE("7", "1763899207000"), 1763899208000, false },
        { CHANGE("7", "1763899207123"), 1763899207124, false },
        { MESSAGE("7", "null"), 1763899208000, true }, /* it does not say when */
        { CHANGE("7", "\"soon\""), 1763899208000, true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        seen s = { 0 };
        char answer[1024];
        sf_listener_stats stats;
        const sf_attach_options from = { .replay = SF_REPLAY_TIME, .replay_time_ms = cases[i].since_ms };
        sf_listener *l = open_listener(&s, (sf_listener_options){ 0 }, &from);
        print_message("  %zu\n", i);
        snprintf(answer, sizeof answer, "[%s]", cases[i].event);
        size_t slot = strstr(answer, "/data/") != NULL;
        assert_int_equal(l->attachments[slot].position, -2);
        DO(hand_out(l, answer));
        assert_int_equal(s.count, cases[i].comes);
        assert_int_equal(l->attachments[slot].position, 7); /* moves either way */
        sf_listener_get_stats(l, &stats);
        assert_int_equal(stats.handled, 1);
        assert_int_equal(stats.passed_over, !cases[i].comes);
        sf_listener_close(l);
    }
}

static void test_dispatch__takes_dead_letters_until_it_is_refused(void **state)
{
    (void)state;
    seen s = { .failures_left = 6 };
    sf_listener_options o = { .handler_retries = 2, .on_dead_letter = on_dead_letter };
    sf_listener *l = open_listener(&s, o, NULL);
    assert_int_equal(hand_out(l, "[" MESSAGE("7", "null") "," MESSAGE("8", "null") "," MESSAGE("9", "null") "]"),
                     SF_ERR_IO);
    assert_int_equal(s.dead, 2);
    assert_int_equal(s.count, 0);
    assert_int_equal(l->attachments[0].position, 7);
    assert_non_null(strstr(err.message, "failed 3 times on the event with replay id 8"));
    sf_listener_close(l);
}

static void test_dispatch__acknowledging_goes_forwards_only(void **state)
{
    (void)state;
    seen s = { 0 };
    const sf_attach_options by_hand = { .manual_ack = true };
    sf_listener *l = open_listener(&s, (sf_listener_options){ 0 }, &by_hand);
    DO(hand_out(l, "[" MESSAGE("7", "null") "," MESSAGE("8", "null") "]"));
    assert_int_equal(l->attachments[0].position, -1);
    DO(sf_event_ack(l, "Low_Ink__e", 8, &err));
    DO(sf_event_ack(l, "/event/Low_Ink__e", 7, &err)); /* an event that took longer */
    assert_int_equal(l->attachments[0].position, 8);
    assert_int_equal(sf_event_ack(l, "Other__e", 7, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_event_ack(l, "Low_Ink__e", -1, &err), SF_ERR_USAGE);
    sf_listener_close(l);
}

/* At once when an event comes alone; of many, after so many and after so long. */
static void test_dispatch__stores_positions_when_they_are_due(void **state)
{
    static const sf_checkpoints_ops ops = { .get = get, .set = set };
    (void)state;
    seen s = { 0 };
    sf_checkpoints *store = NULL;
    DO(sf_checkpoints_custom(&ops, &s, &store, &err));
    sf_listener_options o = { .checkpoints = store, .checkpoint_events = 3, .checkpoint_ms = 3600000 };
    sf_listener *l = open_listener(&s, o, NULL);
    DO(hand_out(l, "[" MESSAGE("1", "null") "]"));
    assert_int_equal(s.sets, 1);
    assert_true(sfi_listener_store_due_ms(l) == INT64_MAX); /* none waits */
    DO(hand_out(l, "[" MESSAGE("2", "null") "," MESSAGE("3", "null") "]"));
    assert_int_equal(s.sets, 1);
    assert_in_range(sfi_listener_store_due_ms(l) - sfi_now_ms(), 3000000, 3600000);
    DO(hand_out(l, "[" MESSAGE("4", "null") "," MESSAGE("5", "null") "]"));
    assert_int_equal(s.sets, 2); /* the third that was not stored */
    assert_string_equal(s.position, "4");
    l->stored_ms -= 3600000; /* an hour later */
    DO(sfi_dispatch(l, &err));
    assert_int_equal(s.sets, 3);
    assert_string_equal(s.position, "5");
    DO(hand_out(l, "[" MESSAGE("6", "null") "]"));
    sf_listener_close(l); /* stores what is left */
    assert_int_equal(s.sets, 4);
    assert_string_equal(s.position, "6");
    sf_checkpoints_close(store);
}

/* By default no store follows another at once, however many events come; who says a number gets it. */
static void test_dispatch__many_events_do_not_store_all_the_time(void **state)
{
    static const sf_checkpoints_ops ops = { .get = get, .set = set };
    (void)state;
    for (int32_t number = 0; number <= 2000; number += 2000) {
        seen s = { 0 };
        sf_checkpoints *store = NULL;
        DO(sf_checkpoints_custom(&ops, &s, &store, &err));
        sf_listener_options o = { .checkpoints = store, .checkpoint_events = number, .checkpoint_ms = 3600000 };
        sf_listener *l = open_listener(&s, o, NULL);
        DO(hand_out(l, "[" MESSAGE("1", "null") "]"));
        assert_int_equal(s.sets, 1);
        l->stored_ms = sfi_now_ms() + 3600000; /* a moment ago, for as long as the test takes */
        l->unsaved = 2500;
        l->unsaved_ms = l->stored_ms;
        DO(hand_out(l, "[" MESSAGE("2", "null") "," MESSAGE("3", "null") "]"));
        assert_int_equal(s.sets, number == 0 ? 1 : 2);
        l->stored_ms = sfi_now_ms() - SFI_STORE_PAUSE_MS - 10; /* more than the clock's coarseness */
        l->unsaved = 2500;
        DO(hand_out(l, "[" MESSAGE("4", "null") "," MESSAGE("5", "null") "]"));
        assert_int_equal(s.sets, number == 0 ? 2 : 3);
        sf_listener_close(l);
        sf_checkpoints_close(store);
    }
}

static void test_dispatch__refuses_options_out_of_range(void **state)
{
    static const sf_attach_options cases[] = {
        { .replay = (sf_replay)5 },
        { .replay = (sf_replay)-1 },
        { .replay = SF_REPLAY_ID, .replay_id = -1 },
        { .replay = SF_REPLAY_TIME, .replay_time_ms = -1 },
        { .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_STORED },
        { .replay = SF_REPLAY_STORED, .otherwise = (sf_replay)5 },
        { .lost = (sf_lost)3 },
        { .reserved = { 1 } },
    };
    (void)state;
    sf_listener *l = NULL;
    seen s = { 0 };
    const sf_event_service service = { .user = &s, .on_message = on_message };
    DO(sf_listener_open(sf, NULL, &l, &err));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(sf_listener_attach_events(l, "A__e", &service, &cases[i], &err), SF_ERR_USAGE);
    const sf_cdc_service changes = { .heal_gaps = true, .reserved = { 1 } };
    assert_int_equal(sf_listener_attach_cdc(l, "ChangeEvents", &changes, NULL, &err), SF_ERR_USAGE);
    sf_listener_close(l);
    const sf_listener_options late = { .checkpoint_ms = 86400001 }, early = { .checkpoint_ms = -1 };
    assert_int_equal(sf_listener_open(sf, &late, &l, &err), SF_ERR_USAGE);
    assert_int_equal(sf_listener_open(sf, &early, &l, &err), SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatch__passes_over_what_is_older_than_a_time),
        cmocka_unit_test(test_dispatch__takes_dead_letters_until_it_is_refused),
        cmocka_unit_test(test_dispatch__acknowledging_goes_forwards_only),
        cmocka_unit_test(test_dispatch__stores_positions_when_they_are_due),
        cmocka_unit_test(test_dispatch__many_events_do_not_store_all_the_time),
        cmocka_unit_test(test_dispatch__refuses_options_out_of_range),
    };
    return cmocka_run_group_tests_name("dispatch", tests, start, stop);
}
