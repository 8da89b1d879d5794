/* coordination_test.c: listeners of one group against a real local org, with a coordinator that does what a test says: one
 * leads and the others stand by, leaders fall in the middle of their work, and what they know too late is refused. */
#include <pthread.h>
#include <salesforce.h>
#include <stdatomic.h>
#include <time.h>
#include "support/org_process.h"

enum { SEEN_MAX = 256, STATES_MAX = 64 };

static test_org org;
static sf_client *sf;
static sf_error err;
static atomic_int outage_lines, position_lines;

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

/* ---- the org ---- */

static void log_line(void *user, sf_log_level level, const char *line)
{
    (void)user, (void)level;
    if (strstr(line, "the coordinator fails") != NULL) atomic_fetch_add(&outage_lines, 1);
    if (strstr(line, "positions cannot be read or kept") != NULL) atomic_fetch_add(&position_lines, 1);
}

static sf_client *connect_client(const char *url)
{
    sf_client *made = NULL;
    sf_client_options o = { .instance_url = url,
                            .api_version = "64.0",
                            .log = log_line,
                            .log_level = 3,
                            .retry = { .retries_max = SF_NONE, .breaker_failures = SF_NONE },
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } };
    if (sf_client_open(&o, &made, &err) != SF_OK) fail_msg("%s", err.message);
    return made;
}

static int start(void **state)
{
    (void)state;
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema", schema, NULL });
    sf = connect_client(org.url);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static int forget_events(void **state)
{
    (void)state;
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    atomic_store(&outage_lines, 0);
    atomic_store(&position_lines, 0);
    return 0;
}

static void publish(const char *model)
{
    sf_id id;
    sf_record *r = sf_record_new("Low_Ink__e");
    DO(sf_record_set_str(r, "Model__c", model));
    DO(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_free(r);
}

static void create_account(const char *name)
{
    sf_id id;
    sf_record *r = sf_record_new("Account");
    DO(sf_record_set_str(r, "Name", name));
    DO(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_free(r);
}

/* ---- a coordinator of one group that does what it is told ---- */

typedef struct scripted {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char leader[300];
    int64_t epoch;
    char positions[2][64]; /* of /event/Low_Ink__e, and of anything else */
    bool is_failing, is_get_failing;
    sf_status get_failure; /* of get; SF_OK: as all others fail */
    int attempts, renewals, refused_renewals, failed_renewals, relinquished, saves, refused_saves, failed_saves;
    sf_coordinator *c;
} scripted;

static sf_status fail_now(sf_error *why)
{
    why->status = SF_ERR_NETWORK;
    snprintf(why->message, sizeof why->message, "nobody answers");
    return SF_ERR_NETWORK;
}

static sf_status unlock(scripted *s, sf_status rc)
{
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return rc;
}

static sf_status scripted_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                                  sf_error *why)
{
    scripted *s = user;
    assert_string_equal(group, "orders");
    assert_true(liveness_ms > 0);
    pthread_mutex_lock(&s->lock);
    s->attempts++;
    if (s->is_failing) return unlock(s, fail_now(why));
    if (s->leader[0] != '\0' && strcmp(s->leader, node) != 0) return unlock(s, SF_DONE);
    if (s->leader[0] == '\0') s->epoch++;
    snprintf(s->leader, sizeof s->leader, "%s", node);
    *epoch = s->epoch;
    return unlock(s, SF_OK);
}

static sf_status scripted_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                                sf_error *why)
{
    scripted *s = user;
    (void)group, (void)liveness_ms;
    pthread_mutex_lock(&s->lock);
    s->failed_renewals += s->is_failing;
    if (s->is_failing) return unlock(s, fail_now(why));
    bool is_own = strcmp(s->leader, node) == 0 && s->epoch == epoch;
    s->renewals += is_own;
    s->refused_renewals += !is_own;
    return unlock(s, is_own ? SF_OK : SF_DONE);
}

static sf_status scripted_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *why)
{
    scripted *s = user;
    (void)group;
    pthread_mutex_lock(&s->lock);
    if (s->is_failing) return unlock(s, fail_now(why));
    bool is_own = strcmp(s->leader, node) == 0 && s->epoch == epoch;
    s->relinquished += is_own;
    if (is_own) s->leader[0] = '\0';
    return unlock(s, SF_OK);
}

static sf_status scripted_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                               sf_error *why)
{
    scripted *s = user;
    (void)group;
    pthread_mutex_lock(&s->lock);
    s->failed_saves += s->is_failing;
    if (s->is_failing) return unlock(s, fail_now(why));
    s->refused_saves += epoch < s->epoch;
    if (epoch < s->epoch) return unlock(s, SF_DONE);
    s->saves++;
    snprintf(s->positions[strcmp(channel, "/event/Low_Ink__e") != 0], 64, "%s", position);
    return unlock(s, SF_OK);
}

static sf_status scripted_get(void *user, const char *group, const char *channel,
                              void (*found)(void *ctx, const char *position), void *ctx, sf_error *why)
{
    scripted *s = user;
    (void)group;
    pthread_mutex_lock(&s->lock);
    if (s->is_get_failing && s->get_failure != SF_OK) return unlock(s, s->get_failure);
    if (s->is_failing || s->is_get_failing) return unlock(s, fail_now(why));
    const char *position = s->positions[strcmp(channel, "/event/Low_Ink__e") != 0];
    if (position[0] != '\0') found(ctx, position);
    return unlock(s, position[0] != '\0' ? SF_OK : SF_DONE);
}

static void scripted_open(scripted *s)
{
    static const sf_coordinator_ops ops = { .attempt = scripted_attempt,
                                            .renew = scripted_renew,
                                            .relinquish = scripted_relinquish,
                                            .save = scripted_save,
                                            .get = scripted_get };
    *s = (scripted){ 0 };
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    DO(sf_coordinator_custom(&ops, s, &s->c, &err));
}

static void scripted_close(scripted *s)
{
    sf_coordinator_close(s->c);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

/* Another node, which is no listener of ours, leads from here on. */
static void steal(scripted *s)
{
    pthread_mutex_lock(&s->lock);
    snprintf(s->leader, sizeof s->leader, "thief");
    s->epoch++;
    pthread_mutex_unlock(&s->lock);
}

static void give_back(scripted *s)
{
    pthread_mutex_lock(&s->lock);
    s->leader[0] = '\0';
    pthread_mutex_unlock(&s->lock);
}

static void set_failing(scripted *s, bool is_failing)
{
    pthread_mutex_lock(&s->lock);
    s->is_failing = is_failing;
    pthread_mutex_unlock(&s->lock);
}

static void wait_until(scripted *s, const int *count, int want)
{
    pthread_mutex_lock(&s->lock);
    while (*count < want) pthread_cond_wait(&s->changed, &s->lock); /* ends: a thread of the library's beats */
    pthread_mutex_unlock(&s->lock);
}

static int count_of(scripted *s, const int *count)
{
    pthread_mutex_lock(&s->lock);
    int n = *count;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* ---- nodes ---- */

typedef struct node {
    sf_listener *l;
    scripted *coordinator;
    char seen[SEEN_MAX][41];
    int64_t replay_ids[SEEN_MAX];
    int seen_count;
    sf_listener_state states[STATES_MAX];
    int state_count, standbys_with_why;
    char why[sizeof err.message];     /* of the last state that had one */
    void (*on_first)(struct node *n); /* called by the handler, once */
    int ended;
} node;

static sf_status on_message(void *user, const sf_event *e)
{
    node *n = user;
    assert_true(n->seen_count < SEEN_MAX);
    n->replay_ids[n->seen_count] = e->replay_id;
    snprintf(n->seen[n->seen_count++], sizeof n->seen[0], "%s", sf_get_str(e->payload, "Model__c"));
    void (*fn)(node *) = n->on_first;
    n->on_first = NULL;
    if (fn != NULL) fn(n);
    return SF_OK;
}

static sf_status on_create(void *user, const sf_cdc_event *e)
{
    node *n = user;
    assert_true(n->seen_count < SEEN_MAX);
    n->replay_ids[n->seen_count] = e->event.replay_id;
    snprintf(n->seen[n->seen_count++], sizeof n->seen[0], "%s", sf_get_str(e->event.payload, "Name"));
    return SF_OK;
}

static sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                          const sf_error *why)
{
    (void)user, (void)event;
    assert_true(channel[0] == '/' && why->message[0] != '\0');
    return trouble == SF_TROUBLE_LOST ? SF_OK : why->status; /* as the options say */
}

static void on_state(void *user, sf_listener_state state, const sf_error *why)
{
    node *n = user;
    assert_true(n->state_count < STATES_MAX);
    n->states[n->state_count++] = state;
    n->standbys_with_why += state == SF_LISTENER_STANDBY && why != NULL;
    if (why != NULL) snprintf(n->why, sizeof n->why, "%s", why->message);
}

static const sf_attach_options from_group = { .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_EARLIEST };

static void open_node_with(node *n, sf_client *client, sf_coordinator *c, const char *name, int64_t liveness_ms,
                           int64_t heartbeat_ms, const sf_attach_options *from)
{
    sf_event_service service = { .user = n, .on_message = on_message, .on_error = on_error };
    sf_listener_options o = { .coordinator = c,
                              .group = "orders",
                              .node = name,
                              .liveness_ms = liveness_ms,
                              .heartbeat_ms = heartbeat_ms,
                              .checkpoint_events = 1,
                              .reconnect_pause_ms = 5,
                              .reconnect_pause_max_ms = 5,
                              .on_state = on_state,
                              .state_user = n };
    *n = (node){ 0 };
    DO(sf_listener_open(client, &o, &n->l, &err));
    DO(sf_listener_attach_events(n->l, "Low_Ink__e", &service, from, &err));
}

static void open_node(node *n, sf_coordinator *c, const char *name)
{
    open_node_with(n, sf, c, name, 600000, 10, &from_group);
}

static void poll_node(node *n)
{
    if (n->ended == 0 && sf_listener_poll(n->l, 5, &err) != SF_OK) n->ended = 1;
}

static bool is_in(const node *n, sf_listener_state state)
{
    return n->state_count > 0 && n->states[n->state_count - 1] == state;
}

static void pump_until_seen(node *a, node *b, int want)
{
    while (a->seen_count + (b != NULL ? b->seen_count : 0) < want) {
        poll_node(a);
        if (b != NULL) poll_node(b);
        if (a->ended != 0) fail_msg("%s", err.message);
    }
}

static void pump_until_state(node *n, sf_listener_state state)
{
    while (!is_in(n, state)) {
        poll_node(n);
        if (state != SF_LISTENER_STOPPED && n->ended != 0) fail_msg("%s", err.message);
    }
}

static void expect_seen(const node *n, int from, const char *const *want, int count)
{
    assert_int_equal(n->seen_count, from + count);
    for (int i = 0; i < count; i++) assert_string_equal(n->seen[from + i], want[i]);
}

static sf_listener_stats stats_of(const node *n)
{
    sf_listener_stats stats;
    sf_listener_get_stats(n->l, &stats);
    return stats;
}

static void finish(node *n)
{
    sf_listener_stop(n->l);
    DO(sf_listener_run(n->l, &err));
    assert_true(is_in(n, SF_LISTENER_STOPPED));
    assert_int_equal(stats_of(n).epoch, 0);
    sf_listener_close(n->l);
}

/* ---- what holds ---- */

static void test_coordination__one_leads_and_the_next_goes_on(void **state)
{
    (void)state;
    sf_coordinator *c = NULL;
    node a, b;
    DO(sf_coordinator_memory(&c, &err));
    publish("1");
    publish("2");
    open_node(&a, c, "a");
    open_node(&b, c, NULL);
    pump_until_seen(&a, NULL, 2); /* b is not polled yet, so it does not even attempt */
    publish("3");
    pump_until_seen(&a, &b, 3);
    for (int i = 0; i < 20; i++) poll_node(&b); /* heartbeats pass */
    expect_seen(&a, 0, (const char *const[]){ "1", "2", "3" }, 3);
    assert_int_equal(b.seen_count, 0);
    assert_int_equal(stats_of(&b).handshakes, 0); /* connected to nothing */
    assert_int_equal(b.state_count, 1);
    assert_int_equal(b.states[0], SF_LISTENER_STANDBY);
    static const sf_listener_state way[] = { SF_LISTENER_STANDBY, SF_LISTENER_DOWN, SF_LISTENER_UP };
    assert_int_equal(a.state_count, 3);
    assert_memory_equal(a.states, way, sizeof way);
    int64_t term = stats_of(&a).epoch;
    assert_true(term >= 1);
    assert_int_equal(stats_of(&b).epoch, 0);
    finish(&a);
    publish("4");
    pump_until_seen(&b, NULL, 1);
    publish("5");
    pump_until_seen(&b, NULL, 2);
    expect_seen(&b, 0, (const char *const[]){ "4", "5" }, 2); /* none again */
    assert_true(stats_of(&b).epoch > term);
    finish(&b);
    sf_coordinator_close(c);
}

static void test_coordination__a_group_has_the_positions_of_all_its_channels(void **state)
{
    (void)state;
    sf_coordinator *c = NULL;
    node a, b;
    sf_cdc_service changes = { .user = &a, .on_create = on_create };
    DO(sf_coordinator_memory(&c, &err));
    create_account("A1");
    publish("e1");
    open_node(&a, c, "a");
    DO(sf_listener_attach_cdc(a.l, "AccountChangeEvent", &changes, &from_group, &err));
    pump_until_seen(&a, NULL, 2);
    finish(&a);
    create_account("A2");
    publish("e2");
    open_node_with(&b, sf, c, "b", 600000, 10, NULL); /* new events, if the group had no position */
    changes.user = &b;
    pump_until_state(&b, SF_LISTENER_UP);
    DO(sf_listener_attach_cdc(b.l, "AccountChangeEvent", &changes, NULL, &err)); /* it leads already */
    pump_until_seen(&b, NULL, 2);
    assert_true(strcmp(b.seen[0], "e2") == 0 || strcmp(b.seen[1], "e2") == 0);
    assert_true(strcmp(b.seen[0], "A2") == 0 || strcmp(b.seen[1], "A2") == 0);
    finish(&b);
    sf_coordinator_close(c);
}

static void steal_and_wait(node *n)
{
    steal(n->coordinator);
    wait_until(n->coordinator, &n->coordinator->refused_renewals, 1);
}

static void test_coordination__deposed_while_its_handler_is_at_work(void **state)
{
    (void)state;
    scripted s;
    node a;
    scripted_open(&s);
    for (int i = 1; i <= 3; i++) publish((const char *const[]){ "1", "2", "3" }[i - 1]);
    open_node(&a, s.c, "a");
    a.coordinator = &s;
    a.on_first = steal_and_wait;
    while (a.standbys_with_why == 0) poll_node(&a);
    expect_seen(&a, 0, (const char *const[]){ "1" }, 1); /* the other two were at hand, and are the next leader's */
    assert_true(is_in(&a, SF_LISTENER_STANDBY));
    assert_string_equal(s.positions[0], "");
    assert_int_equal(stats_of(&a).epoch, 0);
    assert_int_equal(count_of(&s, &s.relinquished), 0); /* it is not its own any more */
    int attempts = count_of(&s, &s.attempts);
    while (count_of(&s, &s.attempts) < attempts + 3) poll_node(&a);
    assert_int_equal(a.seen_count, 1);
    give_back(&s);
    pump_until_seen(&a, NULL, 3); /* the group has no position, so what it has handled itself counts */
    expect_seen(&a, 0, (const char *const[]){ "1", "2", "3" }, 3);
    finish(&a);
    assert_int_equal(s.relinquished, 1);
    scripted_close(&s);
}

static void steal_only(node *n)
{
    steal(n->coordinator);
}

static void test_coordination__a_late_position_is_refused(void **state)
{
    (void)state;
    scripted s;
    node a;
    scripted_open(&s);
    for (int i = 1; i <= 3; i++) publish((const char *const[]){ "1", "2", "3" }[i - 1]);
    open_node_with(&a, sf, s.c, "a", 600000, 500000, &from_group); /* no renewal will say it */
    a.coordinator = &s;
    a.on_first = steal_only;
    while (a.standbys_with_why == 0) poll_node(&a);
    expect_seen(&a, 0, (const char *const[]){ "1" }, 1);
    assert_non_null(strstr(a.why, "refused"));
    assert_int_equal(s.refused_saves, 1);
    assert_int_equal(s.saves, 0);
    assert_string_equal(s.positions[0], "");
    sf_listener_close(a.l);
    scripted_close(&s);
}

static void test_coordination__an_acknowledgement_can_be_too_late(void **state)
{
    (void)state;
    scripted s;
    node a;
    sf_attach_options by_hand = from_group;
    by_hand.manual_ack = true;
    scripted_open(&s);
    publish("1");
    publish("2");
    open_node_with(&a, sf, s.c, "a", 600000, 500000, &by_hand);
    pump_until_seen(&a, NULL, 2);
    assert_int_equal(s.saves, 0);
    DO(sf_event_ack(a.l, "/event/Low_Ink__e", a.replay_ids[0], &err));
    assert_int_equal(s.saves, 1);
    char first[64];
    snprintf(first, sizeof first, "%s", s.positions[0]);
    steal(&s);
    assert_int_equal(sf_event_ack(a.l, "/event/Low_Ink__e", a.replay_ids[1], &err), SF_DONE);
    assert_string_equal(s.positions[0], first);
    pump_until_state(&a, SF_LISTENER_STANDBY);
    assert_int_equal(sf_event_ack(a.l, "/event/Low_Ink__e", a.replay_ids[1], &err), SF_DONE);
    sf_listener_close(a.l);
    scripted_close(&s);
}

static void test_coordination__a_coordinator_that_fails_is_told_once(void **state)
{
    (void)state;
    scripted s;
    node a, b;
    scripted_open(&s);
    publish("1");
    open_node(&a, s.c, "a");
    pump_until_seen(&a, NULL, 1);
    open_node(&b, s.c, "b");
    pump_until_state(&b, SF_LISTENER_STANDBY);
    set_failing(&s, true);
    publish("2");
    pump_until_seen(&a, NULL, 2); /* its lease goes on */
    int attempts = count_of(&s, &s.attempts);
    while (count_of(&s, &s.failed_renewals) < 5 || count_of(&s, &s.attempts) < attempts + 5 ||
           count_of(&s, &s.failed_saves) < 2) {
        poll_node(&a);
        poll_node(&b);
    }
    assert_int_equal(atomic_load(&outage_lines), 2); /* one each */
    assert_int_equal(atomic_load(&position_lines), 1);
    assert_int_equal(b.standbys_with_why, 1);
    assert_string_equal(b.why, "nobody answers");
    assert_true(is_in(&a, SF_LISTENER_UP));
    assert_int_equal(s.saves, 1);
    set_failing(&s, false);
    while (count_of(&s, &s.saves) < 2) poll_node(&a); /* the position that waited, without another event */
    char last[32];
    snprintf(last, sizeof last, "%lld", (long long)a.replay_ids[1]);
    assert_string_equal(s.positions[0], last);
    finish(&b);
    finish(&a);
    scripted_close(&s);
}

static void test_coordination__a_lease_that_cannot_be_renewed_ends(void **state)
{
    (void)state;
    scripted s;
    node a;
    scripted_open(&s);
    publish("1");
    open_node_with(&a, sf, s.c, "a", 300, 20, &from_group);
    pump_until_seen(&a, NULL, 1);
    while (count_of(&s, &s.saves) == 0) poll_node(&a);
    set_failing(&s, true);
    while (a.standbys_with_why == 0) poll_node(&a);
    assert_int_equal(atomic_load(&outage_lines), 1);
    publish("2");
    int attempts = count_of(&s, &s.attempts);
    while (count_of(&s, &s.attempts) < attempts + 3) poll_node(&a);
    assert_int_equal(a.seen_count, 1);
    set_failing(&s, false);
    pump_until_seen(&a, NULL, 2);
    expect_seen(&a, 0, (const char *const[]){ "1", "2" }, 2);
    finish(&a);
    scripted_close(&s);
}

/* What it handled while positions could not be kept is not handled again, unless another has led since. */
static void test_coordination__the_same_term_goes_on_where_it_was(void **state)
{
    (void)state;
    for (int is_stolen = 0; is_stolen < 2; is_stolen++) {
        scripted s;
        node a;
        char last[32];
        forget_events(NULL);
        scripted_open(&s);
        publish("1");
        open_node_with(&a, sf, s.c, "a", 300, 20, &from_group);
        pump_until_seen(&a, NULL, 1);
        while (count_of(&s, &s.saves) == 0) poll_node(&a);
        set_failing(&s, true);
        publish("2");
        pump_until_seen(&a, NULL, 2);
        while (a.standbys_with_why == 0) poll_node(&a);
        publish("3");
        if (is_stolen) {
            steal(&s);
            give_back(&s);
        }
        set_failing(&s, false);
        pump_until_seen(&a, NULL, 3 + is_stolen);
        expect_seen(&a, 0, (const char *const[]){ "1", "2", is_stolen ? "2" : "3", "3" }, 3 + is_stolen);
        snprintf(last, sizeof last, "%lld", (long long)a.replay_ids[a.seen_count - 1]);
        finish(&a);
        assert_string_equal(s.positions[0], last);
        scripted_close(&s);
    }
}

static void test_coordination__without_positions_nobody_begins(void **state)
{
    (void)state;
    scripted s;
    node a;
    scripted_open(&s);
    s.is_get_failing = true;
    snprintf(s.positions[0], sizeof s.positions[0], "0");
    publish("1");
    const sf_attach_options new_events = { .lost = SF_LOST_EARLIEST }; /* "1" would be passed over */
    open_node_with(&a, sf, s.c, "a", 600000, 10, &new_events);
    while (count_of(&s, &s.relinquished) < 3) poll_node(&a); /* others may be able to */
    pthread_mutex_lock(&s.lock);
    s.get_failure = SF_ERR_LIMIT; /* the coordinator's own limit, not a position that is too long */
    pthread_mutex_unlock(&s.lock);
    while (count_of(&s, &s.relinquished) < 6) poll_node(&a);
    assert_int_equal(stats_of(&a).handshakes, 0);
    assert_int_equal(atomic_load(&position_lines), 1);
    pthread_mutex_lock(&s.lock);
    s.is_get_failing = false;
    pthread_mutex_unlock(&s.lock);
    pump_until_seen(&a, NULL, 1);
    finish(&a);
    scripted_close(&s);
}

static void test_coordination__a_position_that_is_none_ends_it(void **state)
{
    (void)state;
    scripted s;
    node a;
    scripted_open(&s);
    snprintf(s.positions[0], sizeof s.positions[0], "abc");
    open_node(&a, s.c, "a");
    assert_int_equal(sf_listener_run(a.l, &err), SF_ERR_IO);
    assert_non_null(strstr(err.message, "\"abc\" is no replay id; remove it from the coordinator to begin anew"));
    assert_int_equal(s.relinquished, 1);
    sf_listener_close(a.l);
    scripted_close(&s);
}

static void test_coordination__who_is_not_polled_does_not_lead(void **state)
{
    (void)state;
    sf_coordinator *c = NULL;
    node a, b;
    DO(sf_coordinator_memory(&c, &err));
    publish("1");
    open_node_with(&a, sf, c, "a", 250, 20, &from_group);
    open_node_with(&b, sf, c, "b", 250, 20, &from_group);
    pump_until_seen(&a, NULL, 1);
    publish("2");
    pump_until_seen(&b, NULL, 1); /* a's program hangs */
    int states = a.state_count;
    poll_node(&a);
    poll_node(&a);
    assert_int_equal(a.seen_count, 1);
    assert_true(a.state_count > states && a.states[states] == SF_LISTENER_STANDBY);
    assert_string_equal(b.seen[0], "2");
    finish(&b);
    finish(&a);
    sf_coordinator_close(c);
}

static void test_coordination__a_leader_without_a_session_steps_down(void **state)
{
    (void)state;
    scripted s;
    node a, b;
    sf_client *lost = connect_client("http://127.0.0.1:9"); /* nobody is there */
    scripted_open(&s);
    publish("1");
    open_node_with(&a, lost, s.c, "a", 200, 20, &from_group);
    open_node_with(&b, sf, s.c, "b", 600000, 20, &from_group);
    while (count_of(&s, &s.attempts) == 0) poll_node(&a);
    pump_until_seen(&b, &a, 1);
    assert_int_equal(a.seen_count, 0);
    assert_true(a.standbys_with_why >= 1);
    assert_true(count_of(&s, &s.relinquished) >= 1);
    finish(&a);
    finish(&b);
    sf_client_close(lost);
    scripted_close(&s);
}

static void test_coordination__stop_relinquishes_and_close_does_not(void **state)
{
    (void)state;
    scripted s;
    node a, b;
    scripted_open(&s);
    publish("1");
    open_node(&a, s.c, "a");
    pump_until_seen(&a, NULL, 1);
    finish(&a);
    assert_int_equal(s.relinquished, 1);
    assert_string_equal(s.leader, "");
    open_node(&b, s.c, "b");
    pump_until_state(&b, SF_LISTENER_UP);
    sf_listener_close(b.l);
    assert_int_equal(s.relinquished, 1);
    assert_string_equal(s.leader, "b"); /* until it runs out */
    open_node(&b, s.c, "c");
    sf_listener_close(b.l); /* was never polled: no thread, no attempt */
    open_node(&b, s.c, "c");
    poll_node(&b);
    finish(&b); /* a standby has nothing to give back */
    assert_int_equal(s.relinquished, 1);
    scripted_close(&s);
}

static void test_coordination__options_are_checked(void **state)
{
    (void)state;
    sf_coordinator *c = NULL;
    sf_checkpoints *store = NULL;
    sf_listener *l = NULL;
    char long_name[SF_GROUP_BYTES_MAX + 2];
    DO(sf_coordinator_memory(&c, &err));
    DO(sf_checkpoints_memory(&store, &err));
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    const sf_listener_options wrong[] = {
        { .coordinator = c },
        { .group = "g" },
        { .node = "n" },
        { .coordinator = c, .group = "" },
        { .coordinator = c, .group = long_name },
        { .coordinator = c, .group = "a\nb" },
        { .coordinator = c, .group = "\xff" },
        { .coordinator = c, .group = "g", .node = "" },
        { .coordinator = c, .group = "g", .checkpoints = store },
        { .coordinator = c, .group = "g", .liveness_ms = -1 },
        { .coordinator = c, .group = "g", .liveness_ms = 86400001 },
        { .coordinator = c, .group = "g", .liveness_ms = 1 }, /* there is no shorter heartbeat */
        { .coordinator = c, .group = "g", .heartbeat_ms = 30000 },
        { .coordinator = c, .group = "g", .liveness_ms = 5, .heartbeat_ms = 5 },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (sf_listener_open(sf, &wrong[i], &l, &err) != SF_ERR_USAGE) fail_msg("case %zu", i);
        assert_null(l);
        assert_non_null(strstr(err.message, "sf_listener_options"));
    }
    long_name[SF_GROUP_BYTES_MAX] = '\0';
    const sf_listener_options fine[] = { { .coordinator = c, .group = long_name, .node = long_name },
                                         { .coordinator = c, .group = "g", .liveness_ms = 2 } };
    for (size_t i = 0; i < COUNT_OF(fine); i++) {
        DO(sf_listener_open(sf, &fine[i], &l, &err));
        sf_listener_close(l);
    }
    sf_checkpoints_close(store);
    sf_coordinator_close(c);
}

static void test_coordination__open_survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_coordinator *c = NULL;
    DO(sf_coordinator_memory(&c, &err));
    long before = test_allocations_live();
    sf_status rc = SF_ERR_MEMORY;
    for (long left = 0; rc != SF_OK; left++) { /* ends: opening needs a bounded number of blocks */
        sf_listener *l = NULL;
        sf_listener_options o = { .coordinator = c, .group = "g" };
        test_allocations_limit(left);
        rc = sf_listener_open(sf, &o, &l, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK ? l != NULL : rc == SF_ERR_MEMORY && l == NULL);
        sf_listener_close(l);
    }
    assert_int_equal(test_allocations_live(), before);
    sf_coordinator_close(c);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(test_coordination__##name, forget_events)
    const struct CMUnitTest tests[] = {
        TEST(one_leads_and_the_next_goes_on),       TEST(a_group_has_the_positions_of_all_its_channels),
        TEST(deposed_while_its_handler_is_at_work), TEST(a_late_position_is_refused),
        TEST(an_acknowledgement_can_be_too_late),   TEST(a_coordinator_that_fails_is_told_once),
        TEST(a_lease_that_cannot_be_renewed_ends),  TEST(the_same_term_goes_on_where_it_was),
        TEST(without_positions_nobody_begins),      TEST(a_position_that_is_none_ends_it),
        TEST(who_is_not_polled_does_not_lead),      TEST(a_leader_without_a_session_steps_down),
        TEST(stop_relinquishes_and_close_does_not), TEST(options_are_checked),
        TEST(open_survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("coordination", tests, start, stop);
}
