/* bayeux.c: see bayeux_internal.h: sessions, the connect loop, what errors mean. Messages are written in bayeux_message.c. */
#include "events/bayeux_machine.h"

enum {
    FIRST_ADVICE_TIMEOUT_MS = 110000, /* until the org says */
    ADVICE_TIMEOUT_MAX_MS = 3600 * 1000,
    ADVICE_INTERVAL_MAX_MS = 600 * 1000,
    LIMIT_PAUSE_MS = 60 * 1000, /* at least, where the org has a limit of clients or events */
    LOGINS_MAX = 3              /* in a row without a session: a new token does not help */
};

static int64_t pause_after(const sfi_bayeux *b, int failures)
{
    int64_t pause = b->settings.pause_ms;
    for (int i = 1; i < failures && pause < b->settings.pause_max_ms; i++) pause *= 2;
    if (pause > b->settings.pause_max_ms) pause = b->settings.pause_max_ms;
    return pause / 2 + (int64_t)(sfi_random() % (uint64_t)(pause / 2 + 1));
}

static int64_t backoff(const sfi_bayeux *b)
{
    return pause_after(b, b->failures);
}

void sfi_bayeux_fail(sfi_bayeux *b, const sf_error *why)
{
    b->state = BAYEUX_FAILED;
    b->failure = *why;
    if (b->failure.status >= 0) b->failure.status = SF_ERR_PROTOCOL;
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) b->lanes[i].is_stale = b->lanes[i].is_busy;
    b->owner.note(b->owner.user, SFI_BAYEUX_DOWN, 0, &b->failure);
}

/* The session is over: shake hands again after pause ms. */
void sfi_bayeux_restart(sfi_bayeux *b, int64_t now_ms, int64_t pause_ms, const sf_error *why)
{
    if (b->state == BAYEUX_CLOSED || b->state == BAYEUX_FAILED || b->state == BAYEUX_RESTING) return;
    if (b->state == BAYEUX_CLOSING) {
        b->state = BAYEUX_CLOSED;
        return;
    }
    b->failures++;
    b->failures_all++;
    if (b->settings.failures_max > 0 && b->failures >= b->settings.failures_max) {
        sfi_bayeux_fail(b, why);
        return;
    }
    b->state = BAYEUX_DOWN;
    b->is_up = false;
    b->pause_ms = pause_ms >= 0 ? pause_ms : backoff(b);
    b->due_ms = now_ms + b->pause_ms;
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) b->lanes[i].is_stale = b->lanes[i].is_busy;
    b->owner.note(b->owner.user, SFI_BAYEUX_DOWN, 0, why);
}

/* The session has outlasted the pause before it: the next one may begin at once. */
static bool has_lasted(const sfi_bayeux *b, int64_t now_ms)
{
    int64_t enough = b->pause_ms > b->settings.pause_ms ? b->pause_ms : b->settings.pause_ms;
    return now_ms - b->session_ms >= enough;
}

/* For an end that asks for a new session: at once, but not at once again when that one ends as soon. */
static int64_t pause_if_short(sfi_bayeux *b, int64_t now_ms)
{
    bool has = has_lasted(b, now_ms), may_hurry = b->failures == 0 && (has || !b->is_hurried);
    b->is_hurried = may_hurry && !has;
    return may_hurry ? 0 : -1;
}

static void want_login(sfi_bayeux *b, int64_t now_ms, const sf_error *why)
{
    b->is_short = !has_lasted(b, now_ms);
    if (++b->logins > LOGINS_MAX) {
        sf_error err = *why;
        err.status = SF_ERR_AUTH;
        sfi_bayeux_fail(b, &err);
        return;
    }
    b->failures_all++;
    b->state = BAYEUX_LOGIN;
    b->is_up = false;
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) b->lanes[i].is_stale = b->lanes[i].is_busy;
    b->owner.note(b->owner.user, SFI_BAYEUX_DOWN, 0, why);
}

static void take_advice(sfi_bayeux *b, sf_value message)
{
    sf_value advice = sf_get(message, "advice");
    if (sf_value_type(advice) != SF_OBJECT) return;
    int64_t timeout = sf_get_int(advice, "timeout", -1), interval = sf_get_int(advice, "interval", -1);
    if (timeout >= 0) b->timeout_ms = timeout < ADVICE_TIMEOUT_MAX_MS ? timeout : ADVICE_TIMEOUT_MAX_MS;
    if (interval >= 0) b->interval_ms = interval < ADVICE_INTERVAL_MAX_MS ? interval : ADVICE_INTERVAL_MAX_MS;
}

static bool has(sf_str text, const char *part)
{
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.ptr + i, part, len) == 0) return true;
    return false;
}

static bool is_limit(sf_str text)
{
    return has(text, "limit exceeded") || has(text, "Limit exceeded") || has(text, "To protect all customers");
}

static bool is_dead_client(sfi_bayeux_error e)
{
    return e.code == 402 || has(e.text, "Unknown client") || /* faye calls it 401 */
           (e.code == 403 && has(e.text, "has not completed")) ||
           (e.code == 400 && (has(e.text, "cookie present") || has(e.text, "does not match the session")));
}

static void explain(sf_error *err, const char *what, sfi_bayeux_error e, int status)
{
    char code[16];
    sf_str text = e.text.len > 0 ? e.text : SFI_STR("no reason was given");
    (void)sfi_fail(err,
                   e.code == 401   ? SF_ERR_AUTH
                   : e.code >= 500 ? SF_ERR_UNAVAILABLE
                                   : SF_ERR_ORG,
                   "%s: %.*s", what, (int)(text.len < 500 ? text.len : 500), text.ptr);
    (void)snprintf(code, sizeof code, "%d", e.code);
    if (e.code != 0) sfi_error_set_code(err, sfi_str(code));
    err->http_status = status;
}

/* A handshake or connect that the org did not grant. */
static void take_refusal(sfi_bayeux *b, int64_t now_ms, const char *what, sf_value message, sfi_bayeux_error e,
                         int status)
{
    sf_error err = { 0 };
    sf_str reconnect = sf_get_text(message, "advice.reconnect");
    if (e.code == 0 && status >= 300) e.code = status;
    explain(&err, what, e, status);
    if (is_dead_client(e))
        sfi_bayeux_restart(b, now_ms, pause_if_short(b, now_ms), &err);
    else if (e.code == 401)
        want_login(b, now_ms, &err);
    else if (is_limit(e.text))
        sfi_bayeux_restart(b, now_ms, LIMIT_PAUSE_MS + backoff(b), &err);
    else if (e.code >= 500 || e.code == 0 || e.code == 413 || e.code == 408 || e.code == 429)
        sfi_bayeux_restart(b, now_ms, -1, &err);
    else if (e.code == 400 || (e.code == 404 && b->handshakes == 0) || sfi_str_is(reconnect, "none"))
        sfi_bayeux_fail(b, &err); /* a place that was there before may be again */
    else
        sfi_bayeux_restart(b, now_ms, sfi_str_is(reconnect, "handshake") ? pause_if_short(b, now_ms) : -1, &err);
}

static void take_handshake(sfi_bayeux *b, int64_t now_ms, sf_value message, int status)
{
    sf_str id = sf_get_text(message, "clientId");
    if (!sf_get_bool(message, "successful", false)) {
        take_refusal(b, now_ms, "handshake", message, sfi_bayeux_error_of(message), status);
        return;
    }
    if (id.len == 0 || id.len >= sizeof b->client_id) {
        sf_error err;
        (void)sfi_fail(&err, SF_ERR_PROTOCOL, "handshake: the answer has no clientId, or one of %zu bytes", id.len);
        sfi_bayeux_restart(b, now_ms, -1, &err);
        return;
    }
    memcpy(b->client_id, id.ptr, id.len);
    b->client_id[id.len] = '\0';
    b->has_replay = sf_get_bool(message, "ext.replay", false);
    b->timeout_ms = FIRST_ADVICE_TIMEOUT_MS; /* the advice of the session before is void */
    b->interval_ms = 0;
    take_advice(b, message);
    b->state = BAYEUX_OPEN;
    b->handshakes++;
    b->connects = 0;
    b->quick = 0;
    b->session_ms = now_ms;
    b->due_ms = now_ms;
    b->command_ms = now_ms;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) {
        bayeux_channel *c = &b->channels[i];
        if (c->state == CHANNEL_LEAVING) c->state = CHANNEL_FREE; /* the session that had it is gone */
        if (c->state != CHANNEL_FREE) c->state = CHANNEL_WANTED;
    }
}

/* Connect again. One success is proof of little: a row of failures ends with a session that lasts, or that brings events. */
static void connected(sfi_bayeux *b, int64_t now_ms)
{
    if (b->connects++ > 0 && has_lasted(b, now_ms)) b->failures = b->logins = 0;
    b->due_ms = now_ms + b->interval_ms;
    if (b->is_up) return;
    b->is_up = true;
    b->owner.note(b->owner.user, SFI_BAYEUX_UP, 0, NULL);
}

/* An org that answers connects at once and has nothing to tell is not asked again as fast as it answers. */
static void keep_pace(sfi_bayeux *b, int64_t now_ms, bool has_events)
{
    int64_t held = now_ms - b->connect_ms;
    bool is_quick = !has_events && held < BAYEUX_QUICK_MS && (held < b->timeout_ms || b->timeout_ms == 0);
    b->quick = is_quick ? b->quick + 1 : 0;
    if (b->quick <= BAYEUX_QUICK_MAX) return;
    int64_t pause = b->settings.pause_ms / 16 + 1;
    for (int i = BAYEUX_QUICK_MAX + 1; i < b->quick && pause < b->settings.pause_ms; i++) pause *= 2;
    if (pause > b->settings.pause_ms) pause = b->settings.pause_ms;
    if (b->due_ms < now_ms + pause) b->due_ms = now_ms + pause;
}

static void take_connect(sfi_bayeux *b, int64_t now_ms, sf_value message, int status)
{
    if (!sf_get_bool(message, "successful", false)) {
        take_refusal(b, now_ms, "connect", message, sfi_bayeux_error_of(message), status);
        return;
    }
    take_advice(b, message);
    connected(b, now_ms);
    if (sfi_str_is(sf_get_text(message, "advice.reconnect"), "handshake")) {
        sf_error err;
        (void)sfi_fail(&err, SF_ERR_ORG, "connect: the org asks for a new session");
        sfi_bayeux_restart(b, now_ms, pause_if_short(b, now_ms), &err);
    }
}

/* ---- answers to subscribe ---- */

static void refuse_channel(sfi_bayeux *b, size_t slot, const sf_error *err)
{
    b->channels[slot].state = CHANNEL_FREE;
    b->owner.note(b->owner.user, SFI_BAYEUX_REFUSED, slot, err);
}

static void take_subscribe(sfi_bayeux *b, int64_t now_ms, size_t slot, sf_value message, int status)
{
    bayeux_channel *c = &b->channels[slot];
    if (sf_get_bool(message, "successful", false)) {
        c->denials = c->losses = c->put_offs = 0;
        if (c->state == CHANNEL_ASKED) c->state = CHANNEL_ON;
        return;
    }
    sfi_bayeux_error e = sfi_bayeux_error_of(message);
    sf_error err = { 0 };
    char what[64 + SF_CHANNEL_BYTES_MAX];
    if (e.code == 0 && status >= 300) e.code = status;
    (void)snprintf(what, sizeof what, "subscribe %s", c->name);
    explain(&err, what, e, status);
    if (c->state == CHANNEL_LEAVING) {
        c->state = CHANNEL_FREE;
    } else if (is_dead_client(e)) {
        sfi_bayeux_restart(b, now_ms, pause_if_short(b, now_ms), &err);
    } else if (e.code == 401) {
        want_login(b, now_ms, &err);
    } else if (e.code == 403 && has(e.text, "create_denied") && c->denials++ == 0) {
        sfi_bayeux_restart(b, now_ms, 0, &err); /* also comes when the session has died: once more in a new one */
    } else if (e.code == 400 && has(e.text, "The replayId {")) {
        c->state = CHANNEL_WANTED; /* the owner names another position, or removes it */
        b->command_ms = now_ms;
        b->owner.note(b->owner.user, SFI_BAYEUX_LOST, slot, &err);
        if (++c->losses > 3 && c->state == CHANNEL_WANTED) refuse_channel(b, slot, &err);
    } else if (e.code >= 500 || e.code == 0 || is_limit(e.text)) {
        c->state = CHANNEL_WANTED;
        b->failures_all++;
        b->command_ms = now_ms + (is_limit(e.text) ? LIMIT_PAUSE_MS : pause_after(b, ++c->put_offs));
        b->owner.note(b->owner.user, SFI_BAYEUX_PUT_OFF, slot, &err);
    } else {
        refuse_channel(b, slot, &err);
    }
}

/* One that names neither message nor channel can only mean the one that was asked for, if it was one. */
static bool is_only_command(const sfi_bayeux *b)
{
    size_t sent = 0;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) sent += b->channels[i].is_sent;
    return sent == 1;
}

static void take_command(sfi_bayeux *b, int64_t now_ms, sf_value message, int status)
{
    int64_t id = sf_get_int(message, "id", -1);
    sf_str name = sf_get_text(message, "subscription");
    bool is_any = id < 0 && name.len == 0 && is_only_command(b);
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) {
        bayeux_channel *c = &b->channels[i];
        bool is_asked = c->state == CHANNEL_ASKED || c->state == CHANNEL_LEAVING;
        bool is_its = is_any || (id >= 0 ? c->message_id == id : sfi_str_is(name, c->name));
        if (!is_asked || !c->is_sent || !is_its) continue;
        c->is_sent = false;
        if (c->is_leave_sent)
            c->state = CHANNEL_FREE; /* whatever the answer: events that still come have no handler */
        else
            take_subscribe(b, now_ms, i, message, status);
        return;
    }
}

/* ---- what comes in ---- */

/* @return whether a subscribe is among them. */
static bool give_back_commands(sfi_bayeux *b)
{
    bool is_any_wanted = false;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) {
        bayeux_channel *c = &b->channels[i];
        if (!c->is_sent) continue;
        c->is_sent = false; /* no answer came to it */
        is_any_wanted |= c->state == CHANNEL_ASKED;
        if (c->state == CHANNEL_ASKED) c->state = CHANNEL_WANTED;
        if (c->is_leave_sent) c->state = CHANNEL_FREE;
    }
    return is_any_wanted;
}

/* An answer without a message of Bayeux: a page of something between, or a list that is empty. */
static void take_stranger(sfi_bayeux *b, int64_t now_ms, int status)
{
    const sf_value none = { 0 };
    char text[96];
    sfi_bayeux_error e = { .code = status >= 300 ? status : 0 };
    (void)snprintf(text, sizeof text, "the answer (HTTP %d) holds no message of Bayeux%s", status,
                   status == 404 ? "; is this the org's URL?" : "");
    e.text = sfi_str(text);
    take_refusal(b, now_ms, "the org", none, e, status);
}

void sfi_bayeux_answer(sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms, int status, sf_value messages)
{
    bool is_array = sf_value_type(messages) == SF_ARRAY, has_own = false, has_events = false;
    bayeux_state asked = b->state;
    sf_iter it = sf_iter_begin(messages);
    sf_value message = { 0 };
    b->lanes[lane] = (bayeux_lane_state){ 0 };
    if (b->state == BAYEUX_CLOSING) { /* that was the disconnect; whatever it says */
        b->state = BAYEUX_CLOSED;
        return;
    }
    if (b->state == BAYEUX_RESTING) return; /* the same, and nobody waits for it */
    while (is_array && sf_iter_next(&it, NULL, &message)) {
        sf_str channel = sf_get_text(message, "channel");
        if (b->state != asked) break; /* the session ended with the message before: the rest speaks of nothing */
        if (sfi_str_is(channel, "/meta/handshake") && asked == BAYEUX_SHAKING) {
            has_own = true;
            take_handshake(b, now_ms, message, status);
        } else if (sfi_str_is(channel, "/meta/connect") && asked == BAYEUX_OPEN && lane == SFI_LANE_CONNECT) {
            has_own = true;
            take_connect(b, now_ms, message, status);
        } else if (sfi_str_is(channel, "/meta/subscribe") || sfi_str_is(channel, "/meta/unsubscribe")) {
            has_own = true;
            if (asked == BAYEUX_OPEN) take_command(b, now_ms, message, status);
        } else if (!sfi_starts_with(channel, "/meta/") && channel.len > 0) {
            has_events = true;
        } else if (channel.len == 0 && sf_value_type(sf_get(message, "error")) == SF_STRING) {
            has_own = true; /* without a channel: it speaks of the whole request */
            take_refusal(b, now_ms, "the org", message, sfi_bayeux_error_of(message), status);
        }
    }
    if (lane == SFI_LANE_COMMAND && give_back_commands(b) && b->command_ms < now_ms + b->settings.pause_ms)
        b->command_ms = now_ms + b->settings.pause_ms; /* the org passed them over: not at once again */
    if (b->state != asked || b->state == BAYEUX_CLOSED || b->state == BAYEUX_FAILED) return;
    if (!has_own && has_events && lane == SFI_LANE_CONNECT && asked == BAYEUX_OPEN) {
        connected(b, now_ms); /* an answer of events alone */
    } else if (!has_own) {
        take_stranger(b, now_ms, status);
        return;
    }
    if (lane != SFI_LANE_CONNECT || asked != BAYEUX_OPEN) return;
    keep_pace(b, now_ms, has_events);
    if (has_events) b->failures = b->logins = 0; /* what a session is for: however short, it was a success */
}

void sfi_bayeux_failed(sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms, const sf_error *why)
{
    b->lanes[lane] = (bayeux_lane_state){ 0 };
    if (lane == SFI_LANE_COMMAND) (void)give_back_commands(b);
    bool is_lasting = why->status == SF_ERR_AUTH || why->status == SF_ERR_USAGE || why->status == SF_ERR_LIMIT ||
                      why->status == SF_ERR_UNSUPPORTED || (why->status == SF_ERR_API_LIMIT && why->http_status == 0);
    if (is_lasting && b->state != BAYEUX_CLOSING && b->state != BAYEUX_RESTING)
        sfi_bayeux_fail(b, why);
    else
        sfi_bayeux_restart(b, now_ms, why->status == SF_ERR_API_LIMIT ? LIMIT_PAUSE_MS : -1, why);
}

void sfi_bayeux_abandoned(sfi_bayeux *b, sfi_bayeux_lane lane)
{
    b->lanes[lane] = (bayeux_lane_state){ 0 };
    if (lane == SFI_LANE_COMMAND) (void)give_back_commands(b);
}

bool sfi_bayeux_is_stale(const sfi_bayeux *b, sfi_bayeux_lane lane)
{
    return b->lanes[lane].is_busy && b->lanes[lane].is_stale;
}

bool sfi_bayeux_wants_login(const sfi_bayeux *b)
{
    return b->state == BAYEUX_LOGIN;
}

void sfi_bayeux_logged_in(sfi_bayeux *b, int64_t now_ms)
{
    if (b->state != BAYEUX_LOGIN) return;
    b->state = BAYEUX_DOWN;
    b->due_ms = now_ms + (b->logins > 1 || (b->is_short && b->handshakes > 0) ? backoff(b) : 0);
}

void sfi_bayeux_login_failed(sfi_bayeux *b, int64_t now_ms, const sf_error *why)
{
    if (b->state != BAYEUX_LOGIN) return;
    bool is_passing = why->retryable || why->status == SF_ERR_NETWORK || why->status == SF_ERR_TIMEOUT ||
                      why->status == SF_ERR_UNAVAILABLE;
    if (is_passing)
        sfi_bayeux_restart(b, now_ms, -1, why); /* the handshake will be refused again, and ask for a login */
    else
        sfi_bayeux_fail(b, why);
}

sf_status sfi_bayeux_status(const sfi_bayeux *b, sf_error *err)
{
    if (b->state == BAYEUX_CLOSED) return SF_DONE;
    if (b->state != BAYEUX_FAILED) return SF_OK;
    if (err != NULL) *err = b->failure;
    return b->failure.status;
}
