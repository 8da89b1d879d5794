/* bayeux_message.c: see bayeux_internal.h: the messages that go out, when they are due, and the channels. */
#include "events/bayeux_machine.h"

sf_status sfi_bayeux_new(const sfi_bayeux_settings *settings, const sfi_bayeux_owner *owner, sfi_bayeux **out,
                         sf_error *err)
{
    sfi_bayeux *b = sfi_calloc(sizeof *b);
    *out = b;
    if (b == NULL) return sfi_fail_memory(err, "a listener");
    b->settings = *settings;
    b->owner = *owner;
    b->next_id = 1;
    return SF_OK;
}

void sfi_bayeux_free(sfi_bayeux *b)
{
    sfi_free(b);
}

/* ---- channels ---- */

sf_str sfi_bayeux_bare(sf_str channel)
{
    const char *mark = channel.len > 0 ? memchr(channel.ptr, '?', channel.len) : NULL;
    return mark != NULL ? (sf_str){ channel.ptr, (size_t)(mark - channel.ptr) } : channel;
}

sf_status sfi_bayeux_add(sfi_bayeux *b, const char *channel, size_t *slot, sf_error *err)
{
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) {
        bayeux_channel *c = &b->channels[i];
        if (c->state != CHANNEL_FREE) continue;
        *c = (bayeux_channel){ .state = CHANNEL_WANTED };
        (void)snprintf(c->name, sizeof c->name, "%s", channel);
        *slot = i;
        return SF_OK;
    }
    return sfi_fail(err, SF_ERR_LIMIT, "a listener has at most %d channels", SF_CHANNELS_MAX);
}

void sfi_bayeux_remove(sfi_bayeux *b, size_t slot)
{
    bayeux_channel *c = &b->channels[slot];
    bool is_known_there = b->state == BAYEUX_OPEN && (c->state == CHANNEL_ON || c->state == CHANNEL_ASKED);
    c->state = is_known_there ? CHANNEL_LEAVING : CHANNEL_FREE;
}

bool sfi_bayeux_is_slot_free(const sfi_bayeux *b, size_t slot)
{
    return b->channels[slot].state == CHANNEL_FREE;
}

bool sfi_bayeux_is_subscribing(const sfi_bayeux *b)
{
    if (!b->lanes[SFI_LANE_COMMAND].is_busy || b->lanes[SFI_LANE_COMMAND].is_stale) return false;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++)
        if (b->channels[i].is_sent && b->channels[i].state == CHANNEL_ASKED) return true;
    return false;
}

void sfi_bayeux_hold(sfi_bayeux *b, bool is_held)
{
    b->is_held = is_held;
}

/* What is under way belongs to a session that is over. */
static void end_requests(sfi_bayeux *b)
{
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) b->lanes[i].is_stale = b->lanes[i].is_busy;
}

void sfi_bayeux_disconnect(sfi_bayeux *b, int64_t now_ms)
{
    if (b->state == BAYEUX_FAILED || b->state == BAYEUX_CLOSED || b->state == BAYEUX_CLOSING) return;
    b->state = b->state == BAYEUX_OPEN ? BAYEUX_CLOSING : BAYEUX_CLOSED; /* no session: nobody to tell */
    b->due_ms = now_ms;
    end_requests(b);
}

void sfi_bayeux_rest(sfi_bayeux *b, int64_t now_ms)
{
    if (b->state == BAYEUX_FAILED || b->state == BAYEUX_CLOSED || b->state == BAYEUX_CLOSING) return;
    b->owes_goodbye = b->state == BAYEUX_OPEN;
    b->state = BAYEUX_RESTING;
    b->is_up = false;
    b->due_ms = now_ms;
    end_requests(b);
}

void sfi_bayeux_wake(sfi_bayeux *b, int64_t now_ms)
{
    if (b->state != BAYEUX_RESTING) return;
    b->owes_goodbye = false;
    b->state = BAYEUX_DOWN;
    b->due_ms = now_ms;
    end_requests(b); /* a goodbye that is under way */
}

bool sfi_bayeux_is_leaving(const sfi_bayeux *b)
{
    return b->state == BAYEUX_CLOSING;
}

/* ---- what goes out ---- */

static void begin_message(sfi_bayeux *b, sfi_json_writer *w, const char *channel)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "channel");
    sfi_json_string(w, channel);
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)b->next_id++);
    sfi_json_key(w, "id");
    sfi_json_string(w, id);
    if (b->client_id[0] == '\0' || b->state == BAYEUX_SHAKING) return;
    sfi_json_key(w, "clientId");
    sfi_json_string(w, b->client_id);
}

static void write_handshake(sfi_bayeux *b, sfi_json_writer *w)
{
    begin_message(b, w, "/meta/handshake");
    sfi_json_key(w, "version");
    sfi_json_string(w, "1.0");
    sfi_json_key(w, "minimumVersion");
    sfi_json_string(w, "1.0");
    sfi_json_key(w, "supportedConnectionTypes");
    sfi_json_raw_text(w, SFI_STR("[\"long-polling\"]"));
    sfi_json_key(w, "ext");
    sfi_json_raw_text(w, SFI_STR("{\"replay\":true}"));
    sfi_json_end_object(w);
}

static void write_connect(sfi_bayeux *b, sfi_json_writer *w)
{
    begin_message(b, w, "/meta/connect");
    sfi_json_key(w, "connectionType");
    sfi_json_string(w, "long-polling");
    if (b->connects == 0) { /* it only brings the advice, so that the subscribes need not wait */
        sfi_json_key(w, "advice");
        sfi_json_raw_text(w, SFI_STR("{\"timeout\":0}"));
    }
    sfi_json_end_object(w);
}

static void write_subscribe(sfi_bayeux *b, size_t slot, sfi_json_writer *w)
{
    bayeux_channel *c = &b->channels[slot];
    bool is_leaving = c->state == CHANNEL_LEAVING;
    c->message_id = b->next_id;
    c->is_sent = true;
    c->is_leave_sent = is_leaving;
    begin_message(b, w, is_leaving ? "/meta/unsubscribe" : "/meta/subscribe");
    sfi_json_key(w, "subscription");
    sfi_json_string(w, c->name);
    if (!is_leaving && b->has_replay) {
        sfi_json_key(w, "ext");
        sfi_json_begin_object(w);
        sfi_json_key(w, "replay");
        sfi_json_begin_object(w);
        sfi_json_key_n(w, sfi_bayeux_bare(sfi_str(c->name)));
        sfi_json_int(w, b->owner.position(b->owner.user, slot));
        sfi_json_end_object(w);
        sfi_json_end_object(w);
    }
    sfi_json_end_object(w);
    if (!is_leaving) c->state = CHANNEL_ASKED;
}

static void write_commands(sfi_bayeux *b, bayeux_channel_state state, const sfi_buf *body, sfi_json_writer *w)
{
    for (size_t i = 0; i < SF_CHANNELS_MAX && body->len < BAYEUX_BATCH_BYTES; i++)
        if (!b->channels[i].is_sent && b->channels[i].state == state) write_subscribe(b, i, w);
}

static bool has_command(const sfi_bayeux *b)
{
    for (size_t i = 0; i < SF_CHANNELS_MAX && !b->is_held; i++) {
        const bayeux_channel *c = &b->channels[i];
        if (!c->is_sent && (c->state == CHANNEL_WANTED || c->state == CHANNEL_LEAVING)) return true;
    }
    return false;
}

static bool is_due(const sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms)
{
    if (b->lanes[lane].is_busy) return false;
    if (lane == SFI_LANE_CONNECT) return (b->state == BAYEUX_OPEN || b->state == BAYEUX_DOWN) && now_ms >= b->due_ms;
    if (b->state == BAYEUX_CLOSING || (b->state == BAYEUX_RESTING && b->owes_goodbye)) return true;
    return b->state == BAYEUX_OPEN && b->is_up && now_ms >= b->command_ms && has_command(b);
}

bool sfi_bayeux_next(sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms, sfi_buf *body, int64_t *timeout_ms)
{
    if (!is_due(b, lane, now_ms)) return false;
    sfi_buf_clear(body);
    sfi_json_writer w = sfi_json_write_to(body);
    *timeout_ms = BAYEUX_COMMAND_TIMEOUT_MS;
    sfi_json_begin_array(&w);
    if (lane == SFI_LANE_COMMAND && b->state != BAYEUX_OPEN) {
        b->owes_goodbye = false;
        begin_message(b, &w, "/meta/disconnect");
        sfi_json_end_object(&w);
        *timeout_ms = b->settings.slack_ms < 5000 ? b->settings.slack_ms : 5000;
    } else if (lane == SFI_LANE_COMMAND) {
        write_commands(b, CHANNEL_LEAVING, body, &w); /* first: a channel may have been attached anew since */
        write_commands(b, CHANNEL_WANTED, body, &w);
    } else if (b->state == BAYEUX_DOWN) {
        b->state = BAYEUX_SHAKING;
        write_handshake(b, &w);
    } else {
        write_connect(b, &w);
        b->connect_ms = now_ms;
        int64_t advised =
            b->timeout_ms + b->settings.slack_ms; /* the first is answered at once: silence is found sooner */
        if (b->connects > 0 || advised < *timeout_ms) *timeout_ms = advised;
    }
    sfi_json_end_array(&w);
    b->lanes[lane].is_busy = true;
    return true;
}

int64_t sfi_bayeux_due_ms(const sfi_bayeux *b)
{
    int64_t due = INT64_MAX;
    bool is_looping = b->state == BAYEUX_OPEN || b->state == BAYEUX_DOWN;
    if (is_looping && !b->lanes[SFI_LANE_CONNECT].is_busy) due = b->due_ms;
    if (b->lanes[SFI_LANE_COMMAND].is_busy) return due;
    if (b->state == BAYEUX_CLOSING || (b->state == BAYEUX_RESTING && b->owes_goodbye)) return b->due_ms;
    if (b->state == BAYEUX_OPEN && b->is_up && has_command(b) && b->command_ms < due) due = b->command_ms;
    return due;
}

int64_t sfi_bayeux_handshakes(const sfi_bayeux *b)
{
    return b->handshakes;
}

int64_t sfi_bayeux_failure_count(const sfi_bayeux *b)
{
    return b->failures_all;
}

/* ---- errors in messages ---- */

static sfi_bayeux_error error_text(sf_str text)
{
    sfi_bayeux_error e = { .text = text };
    int64_t code;
    sf_str rest = text;
    if (sfi_take_int(&rest, 999, &code) && sfi_starts_with(rest, ":")) e.code = (int)code;
    return e;
}

/* The reason beside a refusal says more than its error; that the server is too busy comes beside any, a 401 too. */
sfi_bayeux_error sfi_bayeux_error_of(sf_value message)
{
    sf_str text = sf_get_text(message, "error"), reason = sf_get_text(message, "ext.sfdc.failureReason");
    sfi_bayeux_error e = { 0 };
    if (text.ptr != NULL) e = error_text(text);
    sfi_bayeux_error why = reason.len > 0 ? error_text(reason) : e;
    return e.code == 403 || e.code == 0 || why.code >= 500 ? why : e;
}
