/* cometd.c: /cometd/XX.0: Bayeux over long polling, as a real org serves it. Each message of the request's array has one
 * answer; events ride in front of a connect's. A connect that stands alone and has nothing to tell waits, without a
 * thread, until there is an event, its time is up, its client connects anew or its session dies. Errors of the protocol
 * have the status 200: clients look into bodies of nothing else. */
#include "api/call.h"
#include "api/streams.h"
#include "api/topics.h"

enum { VERSION_MIN = 37, REQUEST_MAX = 32768, MESSAGES_MAX = 100 };

typedef struct bayeux {
    sfo_call *call;
    sfi_json_writer w;
    sf_str token;
    const char *user; /* NULL: the token is none, or dead */
    bool is_alone;    /* the message is the request's only one */
} bayeux;

typedef struct message {
    sf_value value;
    sf_str channel, client, subscription;
} message;

/* ---- answers ---- */
static void write_text_of(bayeux *b, const char *key, sf_str text)
{
    if (text.ptr == NULL) return;
    sfi_json_key(&b->w, key);
    sfi_json_string_n(&b->w, text);
}

static void write_id(bayeux *b, const message *m)
{
    sf_value id = sf_get(m->value, "id");
    if (sf_value_type(id) == SF_MISSING) return;
    sfi_json_key(&b->w, "id");
    sfi_json_write_value(&b->w, id);
}

/* Channel, id and subscription come back as they came. */
static void write_echo(bayeux *b, const message *m)
{
    write_text_of(b, "channel", m->channel);
    write_id(b, m);
    write_text_of(b, "subscription", m->subscription);
}

static void write_advice(bayeux *b, const char *reconnect, int64_t timeout)
{
    sfi_json_key(&b->w, "advice");
    sfi_json_begin_object(&b->w);
    sfi_json_key(&b->w, "reconnect");
    sfi_json_string(&b->w, reconnect);
    sfi_json_key(&b->w, "interval");
    sfi_json_int(&b->w, 0);
    if (timeout >= 0) {
        sfi_json_key(&b->w, "timeout");
        sfi_json_int(&b->w, timeout);
    }
    sfi_json_end_object(&b->w);
}

static void write_success(bayeux *b, bool ok)
{
    sfi_json_key(&b->w, "successful");
    sfi_json_bool(&b->w, ok);
}

/* advice NULL: none. client: does the answer name it? */
static void refuse(bayeux *b, const message *m, bool client, const char *advice, const char *format, ...)
    SFI_PRINTF(5, 6);
static void refuse(bayeux *b, const message *m, bool client, const char *advice, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* cut, if long */
    va_end(args);
    sfi_json_begin_object(&b->w);
    if (client) write_text_of(b, "clientId", m->client);
    if (advice != NULL) write_advice(b, advice, -1);
    write_echo(b, m);
    sfi_json_key(&b->w, "error");
    sfi_json_string(&b->w, text);
    write_success(b, false);
    sfi_json_end_object(&b->w);
}

static void accept_message(bayeux *b, const message *m)
{
    sfi_json_begin_object(&b->w);
    write_text_of(b, "clientId", m->client);
    write_echo(b, m);
    write_success(b, true);
    sfi_json_end_object(&b->w);
}

static void write_reason(bayeux *b, const char *reason)
{
    sfi_json_key(&b->w, "sfdc");
    sfi_json_begin_object(&b->w);
    sfi_json_key(&b->w, "failureReason");
    sfi_json_string(&b->w, reason);
    sfi_json_end_object(&b->w);
}

static const char busy[] = "503::Server is too busy.  Please try your request again later.";

/* ---- handshake ---- */
/* reason NULL: error speaks for itself. */
static void deny_handshake(bayeux *b, const message *m, const char *error, const char *reason)
{
    sfi_json_begin_object(&b->w);
    sfi_json_key(&b->w, "ext");
    sfi_json_begin_object(&b->w);
    if (reason != NULL) write_reason(b, reason);
    sfi_json_key(&b->w, "replay");
    sfi_json_bool(&b->w, true);
    sfi_json_end_object(&b->w);
    sfi_json_key(&b->w, "advice");
    sfi_json_begin_object(&b->w);
    sfi_json_key(&b->w, "reconnect");
    sfi_json_string(&b->w, "none");
    sfi_json_end_object(&b->w);
    write_echo(b, m);
    sfi_json_key(&b->w, "error");
    sfi_json_string(&b->w, error);
    write_success(b, false);
    sfi_json_end_object(&b->w);
}

typedef struct cookie_search {
    const char *name;
    sf_str value; /* len 0: not found */
} cookie_search;

/* Looks through a Cookie header. There may be several: older clients send a line for each cookie. */
static void look_for_cookie(void *user, const char *header, const char *value)
{
    cookie_search *search = user;
    sf_str rest = sfi_str(sfi_eq_nocase(header, "Cookie") ? value : "");
    while (rest.len > 0 && search->value.len == 0) { /* each round takes a cookie away */
        size_t len = 0;
        while (len < rest.len && rest.ptr[len] != ';') len++;
        sf_str one = sfi_trim((sf_str){ rest.ptr, len });
        if (sfi_take_text(&one, search->name) && sfi_take_text(&one, "=")) search->value = one;
        len += len < rest.len;
        rest.ptr += len;
        rest.len -= len;
    }
}

/* The value of a cookie of the request, as it was sent. len 0: it is not there. */
static sf_str cookie_of(const sfo_call *call, const char *name)
{
    const sfo_request *r = call->request;
    cookie_search search = { .name = name };
    if (r->each_header != NULL) r->each_header(r->connection, look_for_cookie, &search);
    return search.value;
}

/* A cookie that a client of the same browser has already is kept, as in a real org: one jar serves all of them. */
static void keep_cookie(const sfo_call *call, const char *name, char *out, size_t size)
{
    sf_str value = cookie_of(call, name);
    bool ok = value.len > 0 && value.len < size;
    for (size_t i = 0; ok && i < value.len; i++) ok = value.ptr[i] > ' ' && value.ptr[i] < 0x7F;
    if (ok) (void)snprintf(out, size, "%.*s", (int)value.len, value.ptr); /* it fits */
}

static void set_cookies(sfo_call *call, const sfo_stream_id *id)
{
    if (!sfi_str_is(cookie_of(call, "BAYEUX_BROWSER"), id->browser))
        sfo_response_add_header(call->response, "Set-Cookie", "BAYEUX_BROWSER=%s; path=/; HttpOnly", id->browser);
    if (!sfi_str_is(cookie_of(call, "sfdc-stream"), id->route))
        sfo_response_add_header(call->response, "Set-Cookie", "sfdc-stream=%s; path=/; SameSite=None", id->route);
}

static void handshake(bayeux *b, const message *m)
{
    sfo_stream_id id = { 0 };
    static const char denied[] = "403::Handshake denied";
    sfo_faults *faults = b->call->org->faults;
    if (sfo_faults_strike_kind(faults, SFO_FAULT_DENY_HANDSHAKE, "POST", b->call->request->path)) {
        deny_handshake(b, m, "401::Authentication invalid", NULL);
        return;
    }
    if (sfo_faults_strike_kind(faults, SFO_FAULT_BUSY, "POST", b->call->request->path)) {
        deny_handshake(b, m, denied, busy);
        return;
    }
    if (b->user == NULL) {
        deny_handshake(b, m, denied, "401::Authentication invalid");
        return;
    }
    keep_cookie(b->call, "BAYEUX_BROWSER", id.browser, sizeof id.browser);
    keep_cookie(b->call, "sfdc-stream", id.route, sizeof id.route);
    switch (sfo_streams_open(b->call->org->streams, b->user, &id)) {
    case SFO_STREAM_ROOM: break;
    case SFO_STREAM_FULL: deny_handshake(b, m, denied, "403::Organization concurrent user limit exceeded"); return;
    default: b->w.out->failed = true; return; /* a 500 */
    }
    set_cookies(b->call, &id);
    sfi_json_begin_object(&b->w);
    sfi_json_key(&b->w, "ext");
    sfi_json_raw_text(&b->w, SFI_STR("{\"replay\":true,\"payload.format\":true}"));
    sfi_json_key(&b->w, "minimumVersion");
    sfi_json_string(&b->w, "1.0");
    sfi_json_key(&b->w, "clientId");
    sfi_json_string(&b->w, id.text);
    sfi_json_key(&b->w, "supportedConnectionTypes");
    sfi_json_raw_text(&b->w, SFI_STR("[\"long-polling\"]"));
    write_echo(b, m);
    sfi_json_key(&b->w, "version");
    sfi_json_string(&b->w, "1.0");
    write_success(b, true);
    sfi_json_end_object(&b->w);
}

/* ---- what all other messages need ---- */
/* With the policy: are the cookies of the client's handshake there, byte for byte? false: answered. */
static bool has_cookies(bayeux *b, const message *m)
{
    sfo_stream_id id;
    sf_str browser = cookie_of(b->call, "BAYEUX_BROWSER"), route = cookie_of(b->call, "sfdc-stream");
    if (!b->call->org->options.policy.cookies || !sfo_streams_find(b->call->org->streams, m->client, &id)) return true;
    if (browser.len == 0)
        refuse(b, m, true, "handshake",
               "400::Client {%s} has established a session, but no BAYEUX_BROWSER cookie present", id.text);
    else if (!sfi_str_is(browser, id.browser) || !sfi_str_is(route, id.route))
        refuse(b, m, false, "handshake", "403::Unknown client"); /* another server got it */
    else
        return true;
    return false;
}

/* A live session and a client of the same user. false: answered. */
static bool admit(bayeux *b, const message *m, bool *is_first)
{
    if (b->user == NULL) {
        refuse(b, m, true, "none", "401::Authentication invalid");
        return false;
    }
    if (!has_cookies(b, m)) return false;
    switch (sfo_streams_touch(b->call->org->streams, m->client, b->user, is_first)) {
    case SFO_STREAM_OK: return true;
    case SFO_STREAM_OTHER_USER:
        refuse(b, m, true, "handshake", "400::Authenticated user id does not match the session's user id");
        return false;
    default: refuse(b, m, false, "handshake", "403::Unknown client"); return false;
    }
}

/* A fault: there is no room for the message at the moment. error: what it would have said of itself. true: answered. */
static bool is_too_busy(bayeux *b, const message *m, const char *error)
{
    if (!sfo_faults_strike_kind(b->call->org->faults, SFO_FAULT_BUSY, "POST", b->call->request->path)) return false;
    sfi_json_begin_object(&b->w);
    write_text_of(b, "clientId", m->client);
    sfi_json_key(&b->w, "ext");
    sfi_json_begin_object(&b->w);
    write_reason(b, busy);
    sfi_json_end_object(&b->w);
    write_advice(b, "none", -1);
    write_echo(b, m);
    sfi_json_key(&b->w, "error");
    sfi_json_string(&b->w, error);
    write_success(b, false);
    sfi_json_end_object(&b->w);
    return true;
}

/* ---- connect ---- */
typedef struct held { /* a connect that waits */
    sfo_org *org;
    char client[64], token[SFO_TOKEN_SIZE], path[128];
    int64_t number;
    sfi_buf id; /* the message's, as JSON; empty: it had none */
} held;

static void free_held(held *h)
{
    sfi_buf_free(&h->id);
    sfi_wipe(h->token, sizeof h->token);
    sfi_free(h);
}

static void write_held_answer(const held *h, const char *advice, const char *error, sfi_buf *out)
{
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "clientId");
    sfi_json_string(&w, h->client);
    if (advice != NULL) {
        sfi_json_key(&w, "advice");
        sfi_json_raw_text(&w, sfi_str(advice));
    }
    sfi_json_key(&w, "channel");
    sfi_json_string(&w, "/meta/connect");
    if (h->id.len > 0) {
        sfi_json_key(&w, "id");
        sfi_json_raw_text(&w, sfi_buf_str(&h->id));
    }
    if (error != NULL) {
        sfi_json_key(&w, "error");
        sfi_json_string(&w, error);
    }
    sfi_json_key(&w, "successful");
    sfi_json_bool(&w, error == NULL);
    sfi_json_end_object(&w);
}

/* A connect's answer: its events, each with a comma behind it, and its own message; or what a fault makes of them. */
static void join(sfo_org *org, const char *path, const sfi_buf *events, const sfi_buf *own, sfi_buf *out)
{
    sfo_faults *f = org->faults;
    bool has_events = events->len > 0;
    if (sfo_faults_strike_kind(f, SFO_FAULT_EMPTY_ANSWER, "POST", path)) return;
    bool twice = has_events && sfo_faults_strike_kind(f, SFO_FAULT_DUPLICATE, "POST", path);
    bool alone = has_events && sfo_faults_strike_kind(f, SFO_FAULT_EVENTS_ONLY, "POST", path);
    bool last = has_events && !alone && sfo_faults_strike_kind(f, SFO_FAULT_CONNECT_FIRST, "POST", path);
    if (out->len > 0 && out->data[out->len - 1] != '[') sfi_buf_add_char(out, ',');
    if (last) {
        sfi_buf_add(out, own->data, own->len);
        sfi_buf_add_char(out, ',');
    }
    for (int i = 0; i < (twice ? 2 : 1); i++) sfi_buf_add(out, events->data, events->len);
    if (!last && !alone)
        sfi_buf_add(out, own->data, own->len);
    else if (out->len > 0)
        out->len--; /* the comma behind the last event */
    out->failed = out->failed || events->failed || own->failed;
}

static const char advice_none[] = "{\"reconnect\":\"none\",\"interval\":0}";
static const char advice_handshake[] = "{\"reconnect\":\"handshake\",\"interval\":0}";

static bool finish_held(void *user, bool is_last, bool is_gone, sfo_response *response)
{
    held *h = user;
    sfo_streams *streams = h->org->streams;
    sf_str client = sfi_str(h->client);
    sfo_stream_hold what = sfo_streams_holds(streams, client, h->number, is_gone);
    bool is_alive = sfo_session_peek(h->org->sessions, sfi_str(h->token), NULL);
    if (!is_gone) {
        sfi_buf events = { 0 };
        size_t count = what == SFO_HOLD_WAITS && is_alive ? sfo_streams_read(streams, client, &events) : 0;
        bool done = is_last || what != SFO_HOLD_WAITS || !is_alive || count > 0;
        const char *error = !is_alive ? "401::Authentication invalid" : NULL;
        const char *advice = !is_alive || what == SFO_HOLD_CLOSED ? advice_none : NULL;
        if (is_alive && what == SFO_HOLD_FORGOTTEN) {
            error = "403::Unknown client";
            advice = advice_handshake;
        }
        if (done) {
            sfi_buf own = { 0 };
            write_held_answer(h, advice, error, &own);
            sfi_buf_add_char(&response->body, '[');
            join(h->org, h->path, &events, &own, &response->body);
            sfi_buf_add_char(&response->body, ']');
            sfi_buf_free(&own);
            (void)sfo_streams_holds(streams, client, h->number, true); /* seen above */
        }
        sfi_buf_free(&events);
        if (!done) return false;
    }
    free_held(h);
    return true;
}

/* false: there is no memory for it, and it is answered at once. */
static bool hold(bayeux *b, const message *m)
{
    sfo_org *org = b->call->org;
    held *h = sfi_calloc(sizeof *h);
    sfo_park *park = sfo_park_new();
    if (h == NULL || park == NULL) goto failed;
    sfi_json_writer id = sfi_json_write_to(&h->id);
    if (sf_value_type(sf_get(m->value, "id")) != SF_MISSING) sfi_json_write_value(&id, sf_get(m->value, "id"));
    h->org = org;
    snprintf(h->client, sizeof h->client, "%.*s", (int)m->client.len, m->client.ptr); /* a known one */
    snprintf(h->token, sizeof h->token, "%.*s", (int)b->token.len, b->token.ptr);     /* a live one */
    snprintf(h->path, sizeof h->path, "%.127s", b->call->request->path);              /* for faults */
    h->number = sfo_streams_hold(org->streams, m->client, park);
    if (h->number == 0 || h->id.failed) goto failed;
    sfo_park_wake(park); /* what came between the look and this */
    b->call->response->wait = (sfo_wait){
        .park = park, .until_ms = sfi_now_ms() + sfo_streams_timeout(org->streams), .finish = finish_held, .user = h
    };
    return true;
failed:
    sfo_park_release(park);
    if (h != NULL) free_held(h);
    return false;
}

/* A fault: the client is forgotten, in one of the two ways in which real orgs tell so. true: answered. */
static bool forget(bayeux *b, const message *m)
{
    sfo_fault_rule rule;
    if (!sfo_faults_strike_rule(b->call->org->faults, SFO_FAULT_FORGET, "POST", b->call->request->path, &rule))
        return false;
    sfo_streams_forget(b->call->org->streams, m->client);
    if (rule.no_reconnect) {
        sfi_json_begin_object(&b->w);
        sfi_json_key(&b->w, "channel");
        sfi_json_string(&b->w, "/meta/disconnect");
        sfi_json_end_object(&b->w);
    }
    refuse(b, m, rule.no_reconnect, rule.no_reconnect ? "none" : "handshake", "403::Unknown client");
    return true;
}

static void connect_client(bayeux *b, const message *m)
{
    bool is_first = false;
    sfo_org *org = b->call->org;
    sf_str type = sf_get_text(m->value, "connectionType");
    if (forget(b, m) || !admit(b, m, &is_first) || is_too_busy(b, m, "401::Authentication invalid")) return;
    if (type.len > 0 && !sfi_str_is(type, "long-polling")) {
        refuse(b, m, true, NULL, "400::Invalid connection type {%.*s}", (int)(type.len < 80 ? type.len : 80), type.ptr);
        return;
    }
    sfo_streams_let_go(org->streams, m->client);
    bool at_once = is_first || !b->is_alone || sf_get_int(m->value, "advice.timeout", -1) == 0;
    sfi_buf events = { 0 }, own = { 0 };
    size_t count = sfo_streams_read(org->streams, m->client, &events);
    if (at_once || count > 0 || !hold(b, m)) {
        sfi_json_writer w = b->w;
        b->w = sfi_json_write_to(&own);
        sfi_json_begin_object(&b->w);
        write_text_of(b, "clientId", m->client);
        if (is_first) write_advice(b, "retry", sfo_streams_timeout(org->streams));
        write_echo(b, m);
        write_success(b, true);
        sfi_json_end_object(&b->w);
        b->w = w;
        join(org, b->call->request->path, &events, &own, w.out);
        b->w.need_comma = w.out->len > 0 && w.out->data[w.out->len - 1] != '[';
    }
    sfi_buf_free(&events);
    sfi_buf_free(&own);
}

/* ---- subscribe ---- */
static sf_str filter_of(sf_str subscription)
{
    const char *query = memchr(subscription.ptr, '?', subscription.len);
    if (query == NULL) return (sf_str){ NULL, 0 };
    return (sf_str){ query + 1, subscription.len - (size_t)(query + 1 - subscription.ptr) };
}

/* Where to begin: the replay map's value for the channel. false: answered. */
static bool start_of(bayeux *b, const message *m, sf_str name, int64_t *after)
{
    sf_value map = sf_get(sf_get(m->value, "ext"), "replay");
    sf_value value;
    sf_value found = { 0 };
    sf_str key;
    sf_iter it = sf_iter_begin(map);
    while (sf_iter_next(&it, &key, &value))
        if (sfi_str_eq(key, name)) found = value;
    sfo_store *store = b->call->org->store;
    if (sf_value_type(map) == SF_OBJECT && sf_value_type(found) == SF_MISSING) {
        sfi_buf shown = { 0 };
        sfi_buf_add_char(&shown, '{');
        it = sf_iter_begin(map);
        while (sf_iter_next(&it, &key, &value)) { /* as Java shows a map */
            sf_str text = sf_get_text(value, NULL);
            sfi_buf_addf(&shown, "%s%.*s=%.*s", shown.len > 1 ? ", " : "", (int)key.len, key.ptr, (int)text.len,
                         text.ptr != NULL ? text.ptr : "");
        }
        refuse(b, m, true, NULL,
               "400::The replayId for channel {%.*s} wasn't found using the provided replay ID map {%s}}. Ensure that "
               "the channel name you provided in the replay map is valid and matches the channel name used for "
               "subscribing.",
               (int)name.len, name.ptr, shown.failed ? "{" : shown.data);
        sfi_buf_free(&shown);
        return false;
    }
    int64_t asked = sf_value_type(found) == SF_MISSING ? -1 : sf_get_int(found, NULL, 0);
    *after = asked;
    if (asked == -2) *after = 0;
    if (asked == -1) *after = sfo_events_last(store, NULL);
    bool is_lost = asked >= 0 &&
                   sfo_faults_strike_kind(b->call->org->faults, SFO_FAULT_LOSE_REPLAY, "POST", b->call->request->path);
    if (!is_lost && (asked < 0 ? asked >= -2 : sfo_event_is_kept(store, asked))) return true;
    sf_str shown = sf_get_text(found, NULL); /* as it came: it may be no number */
    refuse(b, m, true, NULL,
           "400::The replayId {%.*s} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or "
           "-1 to replay only new events.",
           (int)(shown.len < 100 ? shown.len : 100), shown.ptr != NULL ? shown.ptr : "");
    return false;
}

/* There is no such channel. What is no kind of channel at all is not theirs to create. */
static void refuse_channel(bayeux *b, const message *m, sf_str name)
{
    static const char *const kinds[] = { "/data/", "/event/", "/topic/", "/u/", "/systemTopic/" };
    bool is_kind = false;
    for (size_t i = 0; i < SFI_COUNT_OF(kinds); i++) is_kind = is_kind || sfi_starts_with(name, kinds[i]);
    if (sfi_starts_with(name, "/u/"))
        refuse(b, m, true, NULL, "404::Unknown channel");
    else if (!is_kind || memchr(name.ptr, '*', name.len) != NULL)
        refuse(b, m, true, NULL, "403:denied_by_security_policy:create_denied");
    else
        refuse(b, m, true, NULL, "400::The channel you requested to subscribe to does not exist {%.*s}",
               (int)(name.len < 300 ? name.len : 300), name.ptr);
}

static void subscribe(bayeux *b, const message *m)
{
    sfo_channel channel;
    sf_str name = m->subscription;
    int64_t after = 0;
    if (!admit(b, m, NULL) || is_too_busy(b, m, "403:denied_by_security_policy:subscribe_denied")) return;
    if (name.len == 0) {
        refuse(b, m, true, NULL, "400::Channel name not specified");
        return;
    }
    if (name.ptr[0] != '/') {
        refuse(b, m, true, NULL, "400::Channel subscriptions must start with a leading '/'");
        return;
    }
    const char *query = memchr(name.ptr, '?', name.len);
    if (query != NULL) name.len = (size_t)(query - name.ptr); /* a filter of topics; the map has the name alone */
    if (!sfo_channel_find(b->call->org->store, name, b->user, &channel)) {
        refuse_channel(b, m, name);
        return;
    }
    if (m->subscription.len > SFO_STREAM_NAME_MAX) {
        refuse(b, m, true, NULL, "400::The channel specified is not valid");
        return;
    }
    if (query != NULL &&
        (!sfi_starts_with(name, "/topic/") || !sfo_topic_filter_is_valid(filter_of(m->subscription)))) {
        refuse(b, m, true, NULL, "400::The channel specified is not valid");
        return;
    }
    if (!start_of(b, m, name, &after)) return;
    sfo_org *org = b->call->org;
    sfo_stream_room room = sfo_streams_subscribe(org->streams, m->client, m->subscription, &channel, after);
    if (room == SFO_STREAM_NO_MEMORY) {
        b->w.out->failed = true; /* a 500 */
        return;
    }
    if (room == SFO_STREAM_FULL) {
        refuse(b, m, true, NULL, "403::Subscription limit exceeded for this client");
        return;
    }
    if (sfo_faults_strike_kind(org->faults, SFO_FAULT_EVENTS_ON_SUBSCRIBE, "POST", b->call->request->path)) {
        sfi_buf events = { 0 };
        sfi_buf *out = b->w.out;
        if (sfo_streams_read(org->streams, m->client, &events) > 0) { /* each with its comma */
            if (out->len > 0 && out->data[out->len - 1] != '[') sfi_buf_add_char(out, ',');
            sfi_buf_add(out, events.data, events.len);
            b->w.need_comma = false;
        }
        out->failed = out->failed || events.failed;
        sfi_buf_free(&events);
    }
    accept_message(b, m);
}

static void unsubscribe(bayeux *b, const message *m)
{
    if (!admit(b, m, NULL)) return;
    (void)sfo_streams_unsubscribe(b->call->org->streams, m->client, m->subscription); /* gone is gone */
    accept_message(b, m);
}

static void disconnect(bayeux *b, const message *m)
{
    if (!admit(b, m, NULL)) return;
    (void)sfo_streams_close(b->call->org->streams, m->client); /* it was there a moment ago */
    accept_message(b, m);
}

/* ---- requests ---- */
static void take_message(bayeux *b, sf_value value)
{
    static const struct {
        const char *channel;
        void (*take)(bayeux *b, const message *m);
    } takers[] = {
        { "/meta/handshake", handshake },     { "/meta/connect", connect_client }, { "/meta/subscribe", subscribe },
        { "/meta/unsubscribe", unsubscribe }, { "/meta/disconnect", disconnect },
    };
    message m = { .value = value,
                  .channel = sf_get_text(value, "channel"),
                  .client = sf_get_text(value, "clientId"),
                  .subscription = sf_get_text(value, "subscription") };
    for (size_t i = 0; i < SFI_COUNT_OF(takers); i++)
        if (sfi_str_is(m.channel, takers[i].channel)) {
            takers[i].take(b, &m);
            return;
        }
    if (admit(b, &m, NULL))
        refuse(b, &m, true, NULL, "403::Cannot create channel {%.*s}", (int)(m.channel.len < 300 ? m.channel.len : 300),
               m.channel.ptr != NULL ? m.channel.ptr : "");
}

static void answer_error(sfo_call *call, int status, const char *error)
{
    sfi_json_writer w = sfo_answer_json(call, status);
    sfi_json_begin_array(&w);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "error");
    sfi_json_string(&w, error);
    sfi_json_key(&w, "successful");
    sfi_json_bool(&w, false);
    sfi_json_end_object(&w);
    sfi_json_end_array(&w);
}

bool sfo_cometd_struck(sfo_call *call, int status, const char *text)
{
    char error[128];
    if (call->segment_count < 1 || !sfi_str_is(call->segments[0], "cometd")) return false;
    if (status == 503)
        (void)snprintf(error, sizeof error, "%s", busy);
    else
        (void)snprintf(error, sizeof error, "%d::%s", status, text);
    answer_error(call, status, error);
    return true;
}

/* Bearer, OAuth, or the token alone. */
static sf_str token_of(const sfo_call *call)
{
    const char *header = sfo_call_header(call, "Authorization");
    sf_str token = sfo_bearer_token(header);
    if (token.ptr != NULL && token.len == 0) token = sfi_trim(sfi_str(header));
    return token;
}

static bool version_is_served(sfo_call *call)
{
    int64_t major = 0;
    sf_str text = call->segment_count > 1 ? call->segments[1] : SFI_STR("");
    if (sfi_take_int(&text, SFO_VERSION_MAX, &major) && sfi_str_is(text, ".0") && major >= VERSION_MIN) return true;
    answer_error(call, 400,
                 call->segment_count > 1 ? "400::Unsupported API version. Only versions '37.0' and above are supported."
                                         : "400::API version in the URI is mandatory. URI format: '/cometd/64.0'");
    return false;
}

/* The messages, each with its answer. */
static void take_all(bayeux *b, sf_value root)
{
    sf_value value;
    bool is_array = sf_value_type(root) == SF_ARRAY;
    size_t count = is_array ? sf_value_count(root) : 1;
    sf_iter it = sf_iter_begin(root);
    b->is_alone = count == 1;
    sfi_json_begin_array(&b->w);
    if (!is_array) take_message(b, root);
    while (is_array && sf_iter_next(&it, NULL, &value)) take_message(b, value);
    sfi_json_end_array(&b->w);
    if (b->call->response->wait.park != NULL) sfi_buf_clear(&b->call->response->body); /* written when it is over */
}

void sfo_cometd_dispatch(sfo_call *call)
{
    sfi_json *doc = NULL;
    sf_error err;
    bayeux b = { .call = call, .token = token_of(call) };
    if (strcmp(call->request->method, "POST") != 0) {
        answer_error(call, 400, "400::Only long polling by POST is supported");
    } else if (!version_is_served(call)) {
        return;
    } else if (call->request->body.len > REQUEST_MAX) {
        answer_error(call, 413, "413::Maximum Request Size Exceeded");
    } else if (b.token.ptr == NULL) {
        answer_error(call, 200, "401::Request requires authentication");
    } else if (sfi_json_new(&doc, &err) != SF_OK || sfi_json_parse(doc, call->request->body, &err) != SF_OK) {
        answer_error(call, 400, "400::Invalid JSON in the request");
    } else {
        sf_value root = sfi_json_root(doc);
        if (sf_value_type(root) == SF_ARRAY && sf_value_count(root) > MESSAGES_MAX) {
            answer_error(call, 413, "413::Maximum Request Size Exceeded");
        } else {
            if (sfo_call_use_session(call, b.token)) b.user = call->user.text;
            b.w = sfo_answer_json(call, 200);
            take_all(&b, root);
        }
    }
    sfi_json_free(doc);
}
