/* event_faults_test.c: a listener and everything that the local org can do wrong with streaming, on command: whatever an answer looks
 * like, however a session or a connection ends, each event is handled, in order, and twice only where it came twice. */
#include <salesforce.h>
#include <time.h>
#include "support/org_process.h"

enum { SEEN_MAX = 256 };

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--policy", "cookies", "--schema", schema, NULL });
    sf_client_options o = {
        .login_url = org.url,
        .api_version = "64.0",
        .retry = { .pause_ms = 5, .breaker_failures = SF_NONE },
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = org.client_id, .client_secret = org.client_secret }
    };
    if (sf_client_open(&o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    /* A poll that stays open is given up after 0.6 s. */
    assert_int_equal(test_org_http(&org, "POST", "/__org/streaming", NULL, "{\"timeout\":300}"), 200);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

static void publish(int number)
{
    char body[64];
    (void)snprintf(body, sizeof body, "{\"Model__c\":\"%d\"}", number);
    assert_int_equal(test_org_http(&org, "POST", "/services/data/v64.0/sobjects/Low_Ink__e", org.access_token, body),
                     201);
}

/* ---- what came ---- */

typedef struct seen {
    sf_listener *l;
    int numbers[SEEN_MAX];
    int count, first; /* first: that have not come before */
    int troubles, gaps, overflows;
} seen;

static bool is_known(const seen *s, int number)
{
    for (int i = 0; i < s->count; i++)
        if (s->numbers[i] == number) return true;
    return false;
}

static sf_status on_message(void *user, const sf_event *e)
{
    seen *s = user;
    int number = (int)strtol(sf_get_str(e->payload, "Model__c"), NULL, 10);
    assert_true(s->count < SEEN_MAX);
    if (!is_known(s, number)) assert_int_equal(number, ++s->first); /* in order, none left out */
    s->numbers[s->count++] = number;
    return SF_OK;
}

static sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                          const sf_error *why)
{
    seen *s = user;
    (void)channel;
    (void)event;
    assert_int_equal(trouble, SF_TROUBLE_LOST);
    assert_non_null(strstr(why->message, "The replayId {"));
    s->troubles++;
    return SF_OK;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until *value is want. The time limit is for a test that would hang. */
static void pump(seen *s, const int *value, int want)
{
    int64_t end = now_ms() + 60000;
    while (*value < want) {
        if (now_ms() > end) fail_msg("waited for %d, there are %d", want, *value);
        DO(sf_listener_poll(s->l, 1000, &err));
    }
}

static void listen(seen *s)
{
    sf_listener_options o = { .reconnect_pause_ms = 5, .reconnect_pause_max_ms = 20, .slack_ms = 300 };
    DO(sf_listener_open(sf, &o, &s->l, &err));
}

static void finish(seen *s)
{
    sf_listener_stop(s->l);
    DO(sf_listener_run(s->l, &err));
    sf_listener_close(s->l);
}

/* The only fault has struck. */
static void expect_struck(const char *spec)
{
    assert_int_equal(test_org_http(&org, "GET", "/__org/faults", NULL, NULL), 200);
    if (strstr(org.reply, "\"struck\":0") != NULL) fail_msg("%s did not strike: %s", spec, org.reply);
}

static void test_event_faults__nothing_is_lost(void **state)
{
    static const struct {
        const char *spec;
        bool may_double; /* events came, and then the answer broke, or they were sent twice */
    } cases[] = {
        { "forget:times=1", false },
        { "forget:times=1,advice=none", false },
        { "forget:times=3", false },
        { "events-only:times=1", false },
        { "connect-first:times=1", false },
        { "empty-answer:times=1", false },
        { "events-on-subscribe", false },
        { "duplicate:times=2", true },
        { "busy:times=1", false },
        { "busy:times=6", false },
        { "503:path=/cometd,times=1", false },
        { "503:path=/cometd,times=2,body=html", false },
        { "reset:path=/cometd,times=1", false },
        { "reset:path=/cometd,times=1,after=600", true },
        { "lost:path=/cometd,times=1", false },
        { "truncate:path=/cometd,times=1,after=40,length=wrong", true },
        { "truncate:path=/cometd,times=1,after=40", true },
        { "stall:path=/cometd,times=1,ms=5000", false },
        { "stall:path=/cometd,times=1,ms=50,after=300", false },
        { "half-open:path=/cometd,times=1", false },
        { "expire:path=/cometd,requests=3,times=1", false },
    };
    (void)state;
    seen s = { 0 };
    sf_event_service service = { .user = &s, .on_message = on_message, .on_error = on_error };
    sf_attach_options all_kept = { .replay = SF_REPLAY_EARLIEST };
    int published = 0;
    listen(&s);
    DO(sf_listener_attach_events(s.l, "Low_Ink__e", &service, &all_kept, &err));
    publish(++published);
    pump(&s, &s.first, published);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int count = s.count;
        print_message("  %s\n", cases[i].spec);
        test_org_fault(&org, cases[i].spec);
        if (strcmp(cases[i].spec, "events-on-subscribe") == 0) /* it subscribes anew, and there is something behind */
            assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
        for (int n = 0; n < 3; n++) {
            publish(++published);
            pump(&s, &s.first, published);
        }
        publish(++published); /* two in one answer */
        publish(++published);
        pump(&s, &s.first, published);
        expect_struck(cases[i].spec);
        test_org_faults_clear(&org);
        if (!cases[i].may_double) assert_int_equal(s.count - count, 5);
    }
    assert_int_equal(s.troubles, 0);
    finish(&s);
}

static void test_event_faults__a_lost_position_goes_on_as_told(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_event_service service = { .user = &s, .on_message = on_message, .on_error = on_error };
    sf_attach_options o = { .replay = SF_REPLAY_EARLIEST, .lost = SF_LOST_EARLIEST };
    assert_int_equal(test_org_http(&org, "DELETE", "/__org/events", NULL, NULL), 200);
    listen(&s);
    DO(sf_listener_attach_events(s.l, "Low_Ink__e", &service, &o, &err));
    publish(1);
    publish(2);
    pump(&s, &s.first, 2);
    test_org_fault(&org, "lose-replay:times=1");
    assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
    pump(&s, &s.troubles, 1);
    publish(3);
    pump(&s, &s.first, 3);
    assert_int_equal(s.count, 5); /* from the earliest: 1 and 2 again */
    test_org_expect_fault(&org, 1, 1);
    test_org_faults_clear(&org);
    finish(&s);
}

/* ---- gaps and overflows ---- */

static sf_status on_gap(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    assert_int_equal(e->type, SF_CHANGE_GAP_UPDATE);
    assert_int_equal(e->record_id_count, 2);
    assert_string_equal(e->record_ids[0], "001000000000001AAA");
    assert_string_equal(e->entity, "Account");
    s->gaps++;
    return SF_OK;
}

static sf_status on_overflow(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    assert_int_equal(e->type, SF_CHANGE_GAP_OVERFLOW);
    s->overflows++;
    return SF_OK;
}

static void test_event_faults__gaps_and_overflows_have_handlers_of_their_own(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_cdc_service service = { .user = &s, .on_gap = on_gap, .on_overflow = on_overflow };
    sf_attach_options all_kept = { .replay = SF_REPLAY_EARLIEST };
    const char *gap = "{\"entity\":\"Account\",\"changeType\":\"GAP_UPDATE\",\"recordIds\":[\"001000000000001AAA\","
                      "\"001000000000002AAA\"]}";
    assert_int_equal(test_org_http(&org, "POST", "/__org/events", NULL, gap), 201);
    assert_int_equal(
        test_org_http(&org, "POST", "/__org/events", NULL, "{\"entity\":\"Account\",\"changeType\":\"GAP_OVERFLOW\"}"),
        201);
    listen(&s);
    DO(sf_listener_attach_cdc(s.l, "ChangeEvents", &service, &all_kept, &err));
    pump(&s, &s.overflows, 1);
    assert_int_equal(s.gaps, 1);
    finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_faults__nothing_is_lost),
        cmocka_unit_test(test_event_faults__a_lost_position_goes_on_as_told),
        cmocka_unit_test(test_event_faults__gaps_and_overflows_have_handlers_of_their_own),
    };
    return cmocka_run_group_tests_name("event_faults", tests, start, stop);
}
