/* script.h: an org that says what a test has written down, and what the tests of a listener do with its events. */
#ifndef SF_TEST_EVENTS_SCRIPT_H
#define SF_TEST_EVENTS_SCRIPT_H
#include <pthread.h>
#include <salesforce.h>
#include <time.h>
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

static inline kind kind_of(const char *text)
{
    if (strstr(text, "access_token") != NULL || strstr(text, "grant_type=") != NULL) return KIND_TOKEN;
    if (strstr(text, "\"/meta/handshake\"") != NULL) return KIND_HANDSHAKE;
    if (strstr(text, "\"/meta/subscribe\"") != NULL || strstr(text, "\"/meta/unsubscribe\"") != NULL ||
        strstr(text, "\"/meta/disconnect\"") != NULL)
        return KIND_COMMAND;
    return KIND_CONNECT;
}

static inline void say_with(script *s, const char *headers, const char *body)
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

static inline void say(script *s, const char *body)
{
    say_with(s, "", body);
}

/* Instead of an answer to a connect: what ends the connection. */
static inline void say_nothing(script *s, const char *text, wire_op then)
{
    assert_true(s->count < ANSWERS_MAX);
    answer *a = &s->answers[s->count++];
    *a = (answer){ .kind = KIND_CONNECT, .then = then, .len = strlen(text) };
    memcpy(a->text, text, a->len);
}

static inline answer *find_answer(script *s, kind of)
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
static inline bool is_too_early(const script *s, const answer *a)
{
    if (a->kind != KIND_CONNECT || strstr(a->text, "\"data\"") == NULL) return false;
    for (const answer *b = s->answers; b < a; b++)
        if (b->kind == KIND_COMMAND && !b->is_taken && strstr(b->text, "/meta/subscribe") != NULL) return true;
    return false;
}

static inline wire_reply reply(void *user, const char *request)
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

static inline void say_up(script *s)
{
    say_with(s,
             "Set-Cookie: BAYEUX_BROWSER=1a-b!c/+=; path=/; HttpOnly; Secure\r\nSet-Cookie: sfdc-stream=!q1==; path=/; "
             "SameSite=None; Secure\r\n",
             "[{\"ext\":{\"replay\":true},\"clientId\":\"c1\",\"channel\":\"/meta/handshake\",\"successful\":true}]");
    say(s, "[{\"clientId\":\"c1\",\"advice\":{\"interval\":0,\"timeout\":20000,\"reconnect\":\"retry\"},\"channel\":"
           "\"/meta/connect\",\"successful\":true}]");
    say(s, "[{\"clientId\":\"c1\",\"channel\":\"/meta/connect\",\"successful\":true}]");
}

static inline sf_client *connect_client(wire_server *server)
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

static inline void maybe_stop(const seen *s)
{
    if (s->creates + s->updates + s->deletes + s->gaps + s->messages >= s->stop_after) sf_listener_stop(s->l);
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

static inline sf_status on_message(void *user, const sf_event *e)
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
#endif
