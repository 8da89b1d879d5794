/* listener_test.c: a listener against a scripted org: events to handlers with their types, positions and where they go on,
 * handlers that fail, gaps, cookies, a refused token, stopping, and each allocation failing in turn. */
#include <poll.h>
#include <pthread.h>
#include <salesforce.h>
#include <time.h>
#include <unistd.h>
#include "support/support.h"
#include "support/wire_server.h"

enum { ANSWERS_MAX = 16, ANSWER_BYTES = 4096 };

/* What the org says, in its order for each kind of request; which of them comes first on which connection is the client's
 * affair. Of handshakes the last answer serves all further ones; a request of another kind that none is left for is never
 * answered. */
typedef enum kind { KIND_TOKEN, KIND_HANDSHAKE, KIND_CONNECT, KIND_COMMAND } kind;

typedef struct answer {
    kind kind;
    bool is_taken;
    wire_op then;
    char text[ANSWER_BYTES];
    size_t len;
} answer;

typedef struct script {
    answer answers[ANSWERS_MAX];
    int count;
    pthread_mutex_t lock; /* guards what is taken */
    pthread_cond_t changed;
} script;

#define SCRIPT                                                                                                         \
    {                                                                                                                  \
        .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER                                         \
    }

static kind kind_of(const char *text)
{
    if (strstr(text, "access_token") != NULL || strstr(text, "grant_type=") != NULL) return KIND_TOKEN;
    if (strstr(text, "\"/meta/handshake\"") != NULL) return KIND_HANDSHAKE;
    if (strstr(text, "\"/meta/subscribe\"") != NULL || strstr(text, "\"/meta/unsubscribe\"") != NULL ||
        strstr(text, "\"/meta/disconnect\"") != NULL)
        return KIND_COMMAND;
    return KIND_CONNECT;
}

static void say_with(script *s, const char *headers, const char *body)
{
    assert_true(s->count < ANSWERS_MAX);
    answer *a = &s->answers[s->count++];
    int len = snprintf(a->text, ANSWER_BYTES,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\n%sContent-Length: "
                       "%zu\r\n\r\n%s",
                       headers, strlen(body), body);
    assert_in_range(len, 1, ANSWER_BYTES - 1);
    a->len = (size_t)len;
    a->kind = kind_of(body);
    a->then = WIRE_OP_AGAIN;
    a->is_taken = false;
}

static void say(script *s, const char *body)
{
    say_with(s, "", body);
}

/* Instead of an answer to a connect: what ends the connection. */
static void say_nothing(script *s, const char *text, wire_op then)
{
    assert_true(s->count < ANSWERS_MAX);
    answer *a = &s->answers[s->count++];
    *a = (answer){ .kind = KIND_CONNECT, .then = then, .len = strlen(text) };
    memcpy(a->text, text, a->len);
}

static answer *find_answer(script *s, kind of)
{
    answer *last = NULL;
    for (int i = 0; i < s->count; i++) {
        if (s->answers[i].kind != of) continue;
        last = &s->answers[i];
        if (!last->is_taken) return last;
    }
    return of == KIND_HANDSHAKE ? last : NULL;
}

/* Events come when the subscribes that were said before them are answered. */
static bool is_too_early(const script *s, const answer *a)
{
    if (a->kind != KIND_CONNECT || strstr(a->text, "\"data\"") == NULL) return false;
    for (const answer *b = s->answers; b < a; b++)
        if (b->kind == KIND_COMMAND && !b->is_taken && strstr(b->text, "/meta/subscribe") != NULL) return true;
    return false;
}

static wire_reply reply(void *user, const char *request)
{
    script *s = user;
    struct timespec until;
    wire_reply out = { .then = WIRE_OP_STALL };
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&s->lock);
    answer *a = find_answer(s, kind_of(request));
    while (a != NULL && is_too_early(s, a) && pthread_cond_timedwait(&s->changed, &s->lock, &until) == 0) continue;
    if (a != NULL) {
        a->is_taken = true;
        out = (wire_reply){ .data = a->text, .len = a->len, .then = a->then };
        pthread_cond_broadcast(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return out;
}

static void say_up(script *s)
{
    say_with(s,
             "Set-Cookie: BAYEUX_BROWSER=1a-b!c/+=; path=/; HttpOnly; Secure\r\nSet-Cookie: sfdc-stream=!q1==; path=/; "
             "SameSite=None; Secure\r\n",
             "[{\"ext\":{\"replay\":true},\"clientId\":\"c1\",\"channel\":\"/meta/handshake\",\"successful\":true}]");
    say(s, "[{\"clientId\":\"c1\",\"advice\":{\"interval\":0,\"timeout\":20000,\"reconnect\":\"retry\"},\"channel\":"
           "\"/meta/connect\",\"successful\":true}]");
    say(s, "[{\"clientId\":\"c1\",\"channel\":\"/meta/connect\",\"successful\":true}]");
}

static sf_client *connect_client(wire_server *server)
{
    sf_client *sf = NULL;
    sf_client_options o = { .instance_url = wire_url(server, ""),
                            .api_version = "64.0",
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D000000000001!tok" },
                            .retry = { .retries_max = SF_NONE } };
    assert_int_equal(sf_client_open(&o, &sf, NULL), SF_OK);
    return sf;
}

typedef struct seen {
    sf_listener *l;
    int creates, updates, deletes, gaps, troubles, messages, failures_left, stop_after;
    sf_event_trouble trouble;
    int64_t last;
    double level;
    sf_type type;
} seen;

static void maybe_stop(const seen *s)
{
    if (s->creates + s->updates + s->deletes + s->gaps + s->messages >= s->stop_after) sf_listener_stop(s->l);
}

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

static sf_status on_error(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                          const sf_error *why)
{
    seen *s = user;
    (void)event;
    assert_true(channel[0] == '/' && why->message[0] != '\0');
    s->troubles++;
    s->trouble = trouble;
    return SF_OK;
}

static sf_status on_message(void *user, const sf_event *e)
{
    seen *s = user;
    if (s->failures_left-- > 0) return SF_ERR_IO;
    s->messages++;
    s->last = e->replay_id;
    s->level = sf_get_double(e->payload, "Level__c", -1);
    s->type = sf_value_type(sf_get(e->payload, "Level__c"));
    maybe_stop(s);
    return SF_OK;
}

#define CHANGE(type, replay)                                                                                           \
    "{\"data\":{\"schema\":\"q9\",\"payload\":{\"Phone\":null,\"BillingAddress\":{\"City\":\"Aveiro\"},"               \
    "\"ChangeEventHeader\":{\"entityName\":\"Account\",\"recordIds\":[\"0015g000003LmQpAAK\",\"0015g000003LmQqAAK\"]," \
    "\"changeType\":\"" type "\",\"changeOrigin\":\"com/salesforce/api/rest/64.0;client=loader\",\"transactionKey\":"  \
    "\"0004a1c2\",\"sequenceNumber\":1,\"commitTimestamp\":1763899207000,\"commitNumber\":1778192987716501506,"        \
    "\"commitUser\":\"0055g00000AbCdEAAV\",\"changedFields\":[\"Phone\",\"BillingAddress.City\",\"LastModifiedDate\"]" \
    "}},"                                                                                                              \
    "\"event\":{\"replayId\":" replay "}},\"channel\":\"/data/ChangeEvents\"}"
#define MESSAGE(replay)                                                                                                \
    "{\"data\":{\"payload\":{\"Level__c\":12.0,\"Model__c\":\"XZ-5\"},\"event\":{\"replayId\":" replay                 \
    ",\"EventUuid\":\"5b7a\"}},\"channel\":\"/event/Low_Ink__e\"}"
#define CONNECTED "{\"clientId\":\"c1\",\"channel\":\"/meta/connect\",\"successful\":true}"
#define SUBSCRIBED(channel) "[{\"channel\":\"/meta/subscribe\",\"subscription\":\"" channel "\",\"successful\":true}]"

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

static void test_listener__renews_a_refused_session(void **state)
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

static void test_listener__mends_a_cut_connection(void **state)
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
static void test_listener__finds_a_silent_connection_and_can_be_cancelled(void **state)
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
static void test_listener__a_half_open_connection_is_found(void **state)
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

static void test_listener__speaks_through_the_clients_proxy(void **state)
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
static void test_listener__stops_while_it_logs_in(void **state)
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
        cmocka_unit_test(test_listener__renews_a_refused_session),
        cmocka_unit_test(test_listener__acknowledges_by_hand_and_survives_a_lost_position),
        cmocka_unit_test(test_listener__a_refused_channel_is_told),
        cmocka_unit_test(test_listener__a_handler_of_trouble_may_attach_another),
        cmocka_unit_test(test_listener__mends_a_cut_connection),
        cmocka_unit_test(test_listener__finds_a_silent_connection_and_can_be_cancelled),
        cmocka_unit_test(test_listener__a_half_open_connection_is_found),
        cmocka_unit_test(test_listener__speaks_through_the_clients_proxy),
        cmocka_unit_test(test_listener__stops_while_it_logs_in),
        cmocka_unit_test(test_listener__open_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
