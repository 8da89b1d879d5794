/* events_fixture.h: a real local org for the tests of listeners, what they do to it, and what they note of its events. */
#ifndef SF_TEST_EVENTS_FIXTURE_H
#define SF_TEST_EVENTS_FIXTURE_H
#include <salesforce.h>
#include <time.h>
#include <unistd.h>
#include "support/org_process.h"

enum { SEEN_MAX = 512 };

static test_org org;
static sf_client *sf;
static sf_error err;

/* ---- the org ---- */

static inline sf_client *connect_client(void)
{
    sf_client *made = NULL;
    sf_client_options o = {
        .login_url = org.url,
        .api_version = "64.0",
        .retry = { .pause_ms = 5, .breaker_failures = SF_NONE },
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = org.client_id, .client_secret = org.client_secret }
    };
    if (sf_client_open(&o, &made, &err) != SF_OK) fail_msg("%s", err.message);
    return made;
}

static inline int start(void **state)
{
    (void)state;
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema", schema, NULL });
    sf = connect_client();
    return 0;
}

static inline int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

static inline sf_id create_account(const char *name)
{
    sf_id id;
    sf_record *r = sf_record_new("Account");
    DO(sf_record_set_str(r, "Name", name));
    DO(sf_record_set_str(r, "BillingCity", "Aveiro"));
    DO(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_free(r);
    return id;
}

static inline void publish(const char *model)
{
    sf_id id;
    sf_record *r = sf_record_new("Low_Ink__e");
    DO(sf_record_set_str(r, "Model__c", model));
    DO(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_free(r);
}

/* ---- what came ---- */

typedef struct got {
    char channel[64];
    char text[80]; /* Model__c, or the change's Name */
    char id[19];   /* of its first record */
    size_t ids;
    sf_change_type type;
    int64_t replay_id, created_ms;
    bool is_healed;
} got;

typedef struct seen {
    sf_listener *l;
    got list[SEEN_MAX];
    int count;
    int failures_left; /* of the handler */
    int troubles, dead, gaps, overflows;
    sf_event_trouble trouble;
    int ups, downs, stops;
    bool ack, stop_when_seen;
} seen;

static inline got *note(seen *s, const sf_event *e, const char *text)
{
    assert_true(s->count < SEEN_MAX);
    got *g = &s->list[s->count++];
    *g = (got){ .replay_id = e->replay_id, .created_ms = e->created_ms };
    snprintf(g->channel, sizeof g->channel, "%s", e->channel);
    snprintf(g->text, sizeof g->text, "%s", text != NULL ? text : "");
    if (s->ack) DO(sf_event_ack(s->l, e->channel, e->replay_id, &err));
    if (s->stop_when_seen) sf_listener_stop(s->l);
    return g;
}

static inline sf_status on_message(void *user, const sf_event *e)
{
    seen *s = user;
    if (s->failures_left > 0) {
        s->failures_left--;
        return SF_ERR_IO;
    }
    assert_non_null(e->uuid);
    assert_string_equal(e->name, "Low_Ink__e");
    note(s, e, sf_get_str(e->payload, "Model__c"));
    return SF_OK;
}

static inline sf_status on_change(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    got *g = note(s, &e->event, sf_get_str(e->event.payload, "Name"));
    snprintf(g->id, sizeof g->id, "%s", e->record_ids[0]);
    g->ids = e->record_id_count;
    g->type = e->type;
    g->is_healed = e->is_healed;
    return SF_OK;
}

static inline sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                                 const sf_error *why)
{
    seen *s = user;
    (void)event;
    assert_true(channel[0] == '/' && why->message[0] != '\0');
    s->troubles++;
    s->trouble = trouble;
    return SF_OK;
}

static inline void on_state(void *user, sf_listener_state state, const sf_error *why)
{
    seen *s = user;
    (void)why;
    s->ups += state == SF_LISTENER_UP;
    s->downs += state == SF_LISTENER_DOWN;
    s->stops += state == SF_LISTENER_STOPPED;
}

static inline sf_status on_dead_letter(void *user, const sf_event *event, const sf_error *why)
{
    seen *s = user;
    assert_true(event->replay_id > 0);
    assert_non_null(strstr(why->message, "failed"));
    s->dead++;
    return SF_OK;
}

/* ---- listening ---- */

static inline sf_listener *open_listener(seen *s, sf_checkpoints *store)
{
    sf_listener_options o = { .checkpoints = store,
                              .handler_pause_ms = 1,
                              .handler_retries = 2,
                              .reconnect_pause_ms = 10,
                              .reconnect_pause_max_ms = 100,
                              .on_state = on_state,
                              .state_user = s };
    DO(sf_listener_open(sf, &o, &s->l, &err));
    return s->l;
}

static inline void attach_events(seen *s, const sf_attach_options *from)
{
    sf_event_service service = { .user = s, .on_message = on_message, .on_error = on_error };
    DO(sf_listener_attach_events(s->l, "Low_Ink__e", &service, from, &err));
}

static inline void attach_changes(seen *s, const char *channel, const sf_attach_options *from)
{
    sf_cdc_service service = { .user = s,
                               .on_create = on_change,
                               .on_update = on_change,
                               .on_delete = on_change,
                               .on_restore = on_change,
                               .on_error = on_error };
    DO(sf_listener_attach_cdc(s->l, channel, &service, from, &err));
}

static const sf_attach_options all_kept = { .replay = SF_REPLAY_EARLIEST };

static inline int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until *value is at least want. The time limit is for a test that would hang. */
static inline void pump(seen *s, const int *value, int want)
{
    int64_t end = now_ms() + 60000;
    while (*value < want) {
        if (now_ms() > end) fail_msg("waited for %d, there are %d", want, *value);
        sf_status rc = sf_listener_poll(s->l, 1000, &err);
        if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), rc < 0 ? err.message : "stopped");
    }
}

/* In order: the listener says goodbye. */
static inline void finish(seen *s)
{
    sf_listener_stop(s->l);
    sf_status rc = sf_listener_run(s->l, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(s->stops, 1);
    sf_listener_close(s->l);
}

/* Until the listener, which begins at new events, has one. */
static inline void publish_until_seen(seen *s, const char *model)
{
    int before = s->count;
    int64_t end = now_ms() + 60000;
    while (s->count == before) {
        if (now_ms() > end) fail_msg("no event came");
        publish(model);
        DO(sf_listener_poll(s->l, 20, &err));
    }
}
#endif
