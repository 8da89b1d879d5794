/* events_latest_test.c: listeners that begin with new events, and have none yet when their session, their program or their group's
 * leader ends: what was made since they began is not lost. And how much may come twice when positions cannot be kept. */
#include "integration/events_fixture.h"

static const sf_attach_options new_events = { .replay = SF_REPLAY_STORED };

/* ---- a coordinator of one group, where everybody may lead, that counts and fails as it is told ---- */

typedef struct plain {
    char place[SF_POSITION_BYTES_MAX + 1]; /* of the only channel */
    int64_t epoch;
    int saves, failed_saves;
    bool is_failing;
} plain;

static sf_status plain_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                               sf_error *why)
{
    plain *p = user;
    (void)group, (void)node, (void)liveness_ms, (void)why;
    *epoch = ++p->epoch;
    return SF_OK;
}

static sf_status plain_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                             sf_error *why)
{
    (void)user, (void)group, (void)node, (void)epoch, (void)liveness_ms, (void)why;
    return SF_OK;
}

static sf_status plain_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *why)
{
    return plain_renew(user, group, node, epoch, 0, why);
}

static sf_status plain_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                            sf_error *why)
{
    plain *p = user;
    (void)group, (void)epoch, (void)channel;
    p->saves += !p->is_failing;
    p->failed_saves += p->is_failing;
    if (!p->is_failing) snprintf(p->place, sizeof p->place, "%s", position);
    if (p->is_failing) snprintf(why->message, sizeof why->message, "nobody answers");
    return p->is_failing ? SF_ERR_NETWORK : SF_OK;
}

static sf_status plain_get(void *user, const char *group, const char *channel,
                           void (*found)(void *ctx, const char *position), void *ctx, sf_error *why)
{
    plain *p = user;
    (void)group, (void)channel, (void)why;
    if (p->place[0] == '\0') return SF_DONE;
    found(ctx, p->place);
    return SF_OK;
}

static sf_coordinator *open_plain(plain *p)
{
    static const sf_coordinator_ops ops = { .attempt = plain_attempt,
                                            .renew = plain_renew,
                                            .relinquish = plain_relinquish,
                                            .save = plain_save,
                                            .get = plain_get };
    sf_coordinator *c = NULL;
    *p = (plain){ 0 };
    DO(sf_coordinator_custom(&ops, p, &c, &err));
    return c;
}

static void open_member(seen *s, sf_coordinator *c, int32_t checkpoint_events, const sf_attach_options *from)
{
    sf_listener_options o = { .coordinator = c,
                              .group = "orders",
                              .liveness_ms = 600000,
                              .heartbeat_ms = 10,
                              .checkpoint_events = checkpoint_events,
                              .checkpoint_ms = 10,
                              .reconnect_pause_ms = 10,
                              .reconnect_pause_max_ms = 100,
                              .on_state = on_state,
                              .state_user = s };
    *s = (seen){ 0 };
    DO(sf_listener_open(sf, &o, &s->l, &err));
    attach_events(s, from);
}

/* ---- what holds ---- */

/* It listens: a connect waits at the org, and the subscribe went out with it. */
static void pump_until_listening(seen *s)
{
    int64_t end = now_ms() + 60000;
    pump(s, &s->ups, 1);
    do {
        if (now_ms() > end) fail_msg("it never listened");
        DO(sf_listener_poll(s->l, 20, &err));
        assert_int_equal(test_org_http(&org, "GET", "/__org/events", NULL, NULL), 200);
    } while (strstr(org.reply, "\"waiting\":1") == NULL);
}

static void expect_last(const seen *s, const char *text)
{
    assert_true(s->count > 0);
    assert_string_equal(s->list[s->count - 1].text, text);
}

static int forget_events(void **state)
{
    (void)state;
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    return 0;
}

static void test_latest__a_session_that_ends_costs_nothing(void **state)
{
    (void)state;
    seen s = { 0 };
    open_listener(&s, NULL);
    attach_events(&s, NULL);
    pump_until_listening(&s);
    assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
    publish("while away");
    pump(&s, &s.count, 1);
    expect_last(&s, "while away");
    assert_int_equal(s.count, 1);
    finish(&s);
}

static void test_latest__the_next_run_goes_on_from_there(void **state)
{
    (void)state;
    seen s = { 0 }, next = { 0 };
    sf_checkpoints *store = NULL;
    DO(sf_checkpoints_memory(&store, &err));
    open_listener(&s, store);
    attach_events(&s, &new_events);
    pump_until_listening(&s);
    sf_listener_close(s.l);
    publish("between");
    open_listener(&next, store);
    attach_events(&next, &new_events);
    pump(&next, &next.count, 1);
    expect_last(&next, "between");
    finish(&next);
    sf_checkpoints_close(store);
}

static void test_latest__who_takes_over_goes_on_from_there(void **state)
{
    (void)state;
    plain p;
    seen a, b;
    sf_coordinator *c = open_plain(&p);
    open_member(&a, c, 1, NULL);
    pump_until_listening(&a);
    if (strncmp(p.place, "since 20", 8) != 0) fail_msg("kept: %s", p.place);
    sf_listener_close(a.l);
    publish("nobody there");
    open_member(&b, c, 1, NULL);
    pump(&b, &b.count, 1);
    expect_last(&b, "nobody there");
    pump(&b, &p.saves, 2);
    char last[32];
    snprintf(last, sizeof last, "%lld", (long long)b.list[0].replay_id);
    assert_string_equal(p.place, last);
    finish(&b);
    snprintf(p.place, sizeof p.place, "since 2999-12-31T00:00:00.000Z");
    open_member(&b, c, 1, NULL);
    pump(&b, &p.saves, 3);
    assert_string_equal(p.place, last); /* it was made before: passed over, and never looked at again */
    assert_int_equal(b.count, 0);
    finish(&b);
    snprintf(p.place, sizeof p.place, "since noon");
    open_member(&b, c, 1, NULL);
    assert_int_equal(sf_listener_run(b.l, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "\"since noon\" is no replay id"));
    sf_listener_close(b.l);
    sf_coordinator_close(c);
}

/* With manual_ack an event that is passed over is nobody's to acknowledge: it moves the position by itself. */
static void test_latest__what_is_passed_over_needs_no_acknowledgement(void **state)
{
    (void)state;
    plain p;
    seen s;
    sf_coordinator *c = open_plain(&p);
    snprintf(p.place, sizeof p.place, "since 2999-12-31T00:00:00.000Z");
    publish("long ago");
    open_member(&s, c, 1, &(sf_attach_options){ .manual_ack = true });
    pump(&s, &p.saves, 1);
    int64_t number = strtoll(p.place, NULL, 10);
    if (number <= 0) fail_msg("kept: %s", p.place);
    assert_int_equal(s.count, 0);
    finish(&s);
    sf_coordinator_close(c);
}

/* A position that the org has forgotten is none to keep, and neither is that there is none. */
static void test_latest__a_lost_position_is_not_kept(void **state)
{
    (void)state;
    plain p;
    seen s;
    sf_coordinator *c = open_plain(&p);
    publish("kept");
    open_member(&s, c, 1000, &(sf_attach_options){ .replay = SF_REPLAY_EARLIEST, .lost = SF_LOST_EARLIEST });
    pump(&s, &p.saves, 1);
    char before[sizeof p.place];
    memcpy(before, p.place, sizeof before);
    p.is_failing = true;
    publish("not kept");
    pump(&s, &p.failed_saves, 1);
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    assert_int_equal(test_org_http(&org, "DELETE", "/__org/streaming", NULL, NULL), 200);
    pump(&s, &s.troubles, 1);
    assert_int_equal(s.trouble, SF_TROUBLE_LOST);
    p.is_failing = false;
    sf_listener_close(s.l); /* stores what there is to store */
    assert_string_equal(p.place, before);
    sf_coordinator_close(c);
}

/* A leader that cannot keep positions hands out as much as may come twice, and waits. */
static void test_latest__no_more_than_checkpoint_events_come_twice(void **state)
{
    enum { EVENTS = 60, EACH = 10 };
    (void)state;
    plain p;
    seen a, b;
    sf_coordinator *c = open_plain(&p);
    publish("0");
    open_member(&a, c, EACH, &all_kept);
    pump(&a, &p.saves, 1);
    p.is_failing = true;
    for (int i = 1; i <= EVENTS; i++) {
        char model[16];
        snprintf(model, sizeof model, "%d", i);
        publish(model);
    }
    pump(&a, &p.failed_saves, 5);
    int handled = a.count;
    if (handled < 1 + EACH || handled > 1 + 2 * EACH) fail_msg("%d are handled", handled);
    pump(&a, &p.failed_saves, 10);
    assert_int_equal(a.count, handled);
    sf_listener_close(a.l); /* it is killed: what comes twice is what it had handled since */
    p.is_failing = false;
    open_member(&b, c, EACH, &all_kept);
    pump(&b, &b.count, EVENTS);
    assert_string_equal(b.list[0].text, "1");
    expect_last(&b, "60");
    p.is_failing = true; /* and one that gets through in time goes on by itself */
    publish("61");
    pump(&b, &p.failed_saves, 11);
    for (int i = 0; i < 2 * EACH; i++) publish("more");
    pump(&b, &p.failed_saves, 15);
    assert_true(b.count < EVENTS + 1 + 2 * EACH);
    p.is_failing = false;
    pump(&b, &b.count, EVENTS + 1 + 2 * EACH);
    finish(&b);
    sf_coordinator_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_latest__a_session_that_ends_costs_nothing, forget_events),
        cmocka_unit_test_setup(test_latest__the_next_run_goes_on_from_there, forget_events),
        cmocka_unit_test_setup(test_latest__who_takes_over_goes_on_from_there, forget_events),
        cmocka_unit_test_setup(test_latest__what_is_passed_over_needs_no_acknowledgement, forget_events),
        cmocka_unit_test_setup(test_latest__a_lost_position_is_not_kept, forget_events),
        cmocka_unit_test_setup(test_latest__no_more_than_checkpoint_events_come_twice, forget_events),
    };
    return cmocka_run_group_tests_name("latest", tests, start, stop);
}
