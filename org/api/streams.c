/* streams.c: see streams.h. */
#include "api/streams.h"
#include "api/topics.h"
#include <pthread.h>

enum { READ_MAX = 500, READ_BYTES_MAX = 1 << 20 }; /* of one answer; the rest comes with the next */

typedef struct subscription {
    char name[SFO_STREAM_NAME_MAX + 1]; /* the channel as the client calls it */
    sfo_channel channel;
    int64_t position; /* replay id of the last event that was read */
} subscription;

typedef struct client {
    struct client *next;
    sfo_stream_id id;
    char user[19];
    int64_t last_ms; /* its last message, or answer */
    bool connected;
    bool is_closed; /* it said goodbye; only the connect that waits still has to hear so */
    sfo_park *park; /* where its connect waits; NULL: none does */
    int64_t holding;
    subscription *subs;
    size_t sub_count;
    uint64_t bits; /* of all its channels */
} client;

struct sfo_streams {
    pthread_mutex_t lock; /* guards what follows */
    client *clients;
    size_t count;
    size_t clients_max;
    int64_t timeout_ms, session_ms, holds;
    sfo_store *store;
};

/* ---- with the lock held ---- */
static void let_go(client *c)
{
    sfo_park *park = c->park;
    c->park = NULL;
    c->holding = 0;
    c->last_ms = sfi_now_ms();
    if (park != NULL) sfo_park_wake(park);
    sfo_park_release(park);
}

static void remove_at(sfo_streams *s, client **at)
{
    client *c = *at;
    *at = c->next;
    s->count--;
    let_go(c);
    sfi_free(c->subs);
    sfi_free(c);
}

static void forget_silent(sfo_streams *s)
{
    int64_t before = sfi_now_ms() - s->session_ms;
    for (client **at = &s->clients; *at != NULL;)
        if ((*at)->park == NULL && (*at)->last_ms < before)
            remove_at(s, at);
        else
            at = &(*at)->next;
}

static client *find(sfo_streams *s, sf_str id)
{
    for (client *c = s->clients; c != NULL; c = c->next)
        if (!c->is_closed && sfi_str_is(id, c->id.text)) return c;
    return NULL;
}

/* ---- life ---- */
/* Only who has a channel that may have something new is asked again. */
static void on_events(void *user, uint64_t bits)
{
    sfo_streams *s = user;
    pthread_mutex_lock(&s->lock);
    for (client *c = s->clients; c != NULL; c = c->next)
        if (c->park != NULL && (c->bits & bits) != 0) sfo_park_wake(c->park);
    pthread_mutex_unlock(&s->lock);
}

sfo_streams *sfo_streams_new(sfo_store *store)
{
    sfo_streams *s = sfi_calloc(sizeof *s);
    if (s == NULL) return NULL;
    pthread_mutex_init(&s->lock, NULL);
    s->store = store;
    s->timeout_ms = SFO_STREAM_TIMEOUT_MS;
    s->session_ms = SFO_STREAM_SESSION_MS;
    s->clients_max = SFO_STREAM_CLIENTS_MAX;
    sfo_store_on_events(store, on_events, s);
    return s;
}

void sfo_streams_free(sfo_streams *s)
{
    if (s == NULL) return;
    sfo_store_on_events(s->store, NULL, NULL);
    (void)sfo_streams_drop(s); /* how many does not matter */
    pthread_mutex_destroy(&s->lock);
    sfi_free(s);
}

int64_t sfo_streams_timeout(sfo_streams *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t ms = s->timeout_ms;
    pthread_mutex_unlock(&s->lock);
    return ms;
}

void sfo_streams_set_limits(sfo_streams *s, const sfo_stream_limits *limits)
{
    pthread_mutex_lock(&s->lock);
    if (limits->timeout_ms >= 0) s->timeout_ms = limits->timeout_ms;
    if (limits->session_ms >= 0) s->session_ms = limits->session_ms;
    if (limits->clients >= 0) s->clients_max = (size_t)limits->clients;
    pthread_mutex_unlock(&s->lock);
}

size_t sfo_streams_drop(sfo_streams *s)
{
    pthread_mutex_lock(&s->lock);
    size_t count = s->count;
    while (s->clients != NULL) remove_at(s, &s->clients);
    pthread_mutex_unlock(&s->lock);
    return count;
}

void sfo_streams_wake(sfo_streams *s)
{
    pthread_mutex_lock(&s->lock);
    for (client *c = s->clients; c != NULL; c = c->next)
        if (c->park != NULL) sfo_park_wake(c->park);
    pthread_mutex_unlock(&s->lock);
}

size_t sfo_streams_count(sfo_streams *s)
{
    pthread_mutex_lock(&s->lock);
    forget_silent(s);
    size_t count = 0;
    for (const client *c = s->clients; c != NULL; c = c->next) count += !c->is_closed;
    pthread_mutex_unlock(&s->lock);
    return count;
}

size_t sfo_streams_waiting(sfo_streams *s)
{
    size_t count = 0;
    pthread_mutex_lock(&s->lock);
    for (const client *c = s->clients; c != NULL; c = c->next) count += c->park != NULL;
    pthread_mutex_unlock(&s->lock);
    return count;
}

/* ---- clients ---- */
static void fill(char *out, size_t len, const char *digits, unsigned count)
{
    uint8_t r[64];
    sfi_random_bytes(r, sizeof r);
    for (size_t i = 0; i < len; i++) out[i] = digits[r[i] % count];
    out[len] = '\0';
}

/* The route has what a client must not touch on the way back. Cookies that are there stay. */
static void make_id(sfo_stream_id *out)
{
    fill(out->text, 27, "0123456789abcdefghijklmnopqrstuvwxyz", 36);
    if (out->browser[0] == '\0') fill(out->browser, 32, "0123456789abcdef", 16);
    if (out->route[0] != '\0') return;
    char text[48];
    fill(text, 44, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 64);
    (void)snprintf(out->route, sizeof out->route, "!%s/+==", text);
}

sfo_stream_room sfo_streams_open(sfo_streams *s, const char *user, sfo_stream_id *out)
{
    client *c = sfi_calloc(sizeof *c);
    if (c == NULL) return SFO_STREAM_NO_MEMORY;
    c->id = *out;
    make_id(&c->id);
    snprintf(c->user, sizeof c->user, "%s", user); /* 18 characters */
    pthread_mutex_lock(&s->lock);
    forget_silent(s);
    bool ok = s->count < s->clients_max;
    if (ok) {
        c->last_ms = sfi_now_ms();
        c->next = s->clients;
        s->clients = c;
        s->count++;
        *out = c->id;
    }
    pthread_mutex_unlock(&s->lock);
    if (!ok) sfi_free(c);
    return ok ? SFO_STREAM_ROOM : SFO_STREAM_FULL;
}

bool sfo_streams_close(sfo_streams *s, sf_str id)
{
    pthread_mutex_lock(&s->lock);
    client *found = find(s, id);
    client **at = &s->clients;
    while (found != NULL && *at != found) at = &(*at)->next;
    if (found != NULL && found->park == NULL)
        remove_at(s, at);
    else if (found != NULL) {
        found->is_closed = true;
        sfo_park_wake(found->park);
    }
    pthread_mutex_unlock(&s->lock);
    return found != NULL;
}

void sfo_streams_forget(sfo_streams *s, sf_str id)
{
    pthread_mutex_lock(&s->lock);
    client **at = &s->clients;
    while (*at != NULL && !sfi_str_is(id, (*at)->id.text)) at = &(*at)->next;
    if (*at != NULL) remove_at(s, at);
    pthread_mutex_unlock(&s->lock);
}

bool sfo_streams_find(sfo_streams *s, sf_str id, sfo_stream_id *out)
{
    pthread_mutex_lock(&s->lock);
    const client *c = find(s, id);
    if (c != NULL) *out = c->id;
    pthread_mutex_unlock(&s->lock);
    return c != NULL;
}

sfo_stream_state sfo_streams_touch(sfo_streams *s, sf_str id, const char *user, bool *is_first)
{
    sfo_stream_state state = SFO_STREAM_UNKNOWN;
    pthread_mutex_lock(&s->lock);
    forget_silent(s);
    client *c = find(s, id);
    if (c != NULL) state = strcmp(c->user, user) == 0 ? SFO_STREAM_OK : SFO_STREAM_OTHER_USER;
    if (state == SFO_STREAM_OK) {
        c->last_ms = sfi_now_ms();
        if (is_first != NULL) {
            *is_first = !c->connected;
            c->connected = true;
        }
    }
    pthread_mutex_unlock(&s->lock);
    return state;
}

/* ---- subscriptions ---- */
static subscription *find_sub(client *c, sf_str name)
{
    for (size_t i = 0; c != NULL && i < c->sub_count; i++)
        if (sfi_str_is(name, c->subs[i].name)) return &c->subs[i];
    return NULL;
}

sfo_stream_room sfo_streams_subscribe(sfo_streams *s, sf_str id, sf_str name, const sfo_channel *channel, int64_t after)
{
    sfo_stream_room room = SFO_STREAM_FULL;
    pthread_mutex_lock(&s->lock);
    client *c = find(s, id);
    subscription *sub = find_sub(c, name);
    if (sub == NULL && c != NULL && c->sub_count < SFO_STREAM_CHANNELS_MAX && name.len <= SFO_STREAM_NAME_MAX) {
        subscription *more = sfi_realloc(c->subs, (c->sub_count + 1) * sizeof *more);
        if (more != NULL) {
            c->subs = more;
            sub = &more[c->sub_count++];
        } else {
            room = SFO_STREAM_NO_MEMORY;
        }
    }
    if (sub != NULL) {
        *sub = (subscription){ .channel = *channel, .position = after };
        memcpy(sub->name, name.ptr, name.len);
        c->bits |= channel->bits;
        if (c->park != NULL) sfo_park_wake(c->park); /* there may be something to read */
    }
    pthread_mutex_unlock(&s->lock);
    return sub != NULL ? SFO_STREAM_ROOM : room;
}

bool sfo_streams_unsubscribe(sfo_streams *s, sf_str id, sf_str name)
{
    pthread_mutex_lock(&s->lock);
    client *c = find(s, id);
    subscription *sub = find_sub(c, name);
    if (sub != NULL) *sub = c->subs[--c->sub_count];
    if (sub != NULL) c->bits = 0;
    for (size_t i = 0; sub != NULL && i < c->sub_count; i++) c->bits |= c->subs[i].channel.bits;
    pthread_mutex_unlock(&s->lock);
    return sub != NULL;
}

bool sfo_streams_is_listening(sfo_streams *s, const char *user, const char *channel)
{
    bool found = false;
    pthread_mutex_lock(&s->lock);
    for (client *c = s->clients; c != NULL && !found; c = c->next)
        found = !c->is_closed && strcmp(c->user, user) == 0 && find_sub(c, sfi_str(channel)) != NULL;
    pthread_mutex_unlock(&s->lock);
    return found;
}

/* ---- reading ---- */
typedef struct reading {
    sfi_buf *out;
    subscription *sub;
    sfo_topic_filter *filter; /* of sub; NULL: none */
    size_t count;
} reading;

static bool add_event(void *user, int64_t replay, sf_str data)
{
    reading *r = user;
    if (r->count >= READ_MAX || r->out->len >= READ_BYTES_MAX) return false;
    bool no_memory = false;
    if (r->filter != NULL && !sfo_topic_filter_passes(r->filter, data, &no_memory)) {
        if (no_memory)
            r->out->failed = true; /* it is asked again */
        else
            r->sub->position = replay;
        return !no_memory;
    }
    sfi_buf_add_str(r->out, "{\"data\":");
    sfi_buf_add(r->out, data.ptr, data.len);
    sfi_buf_add_str(r->out, ",\"channel\":");
    sfi_json_escape(r->out, sfi_str(r->sub->name));
    sfi_buf_add_str(r->out, "},");
    if (r->out->failed) return false;
    r->sub->position = replay;
    r->count++;
    return true;
}

/* The client's subscriptions, copied. @return how many. */
static size_t copy_subs(sfo_streams *s, sf_str id, subscription **out)
{
    pthread_mutex_lock(&s->lock);
    client *c = find(s, id);
    size_t count = c != NULL ? c->sub_count : 0;
    *out = count > 0 ? sfi_alloc(count * sizeof **out) : NULL;
    if (*out != NULL) memcpy(*out, c->subs, count * sizeof **out);
    pthread_mutex_unlock(&s->lock);
    return *out != NULL ? count : 0;
}

/* false: it began anew meanwhile, and keeps its own place, or another request of the client was quicker to read. */
static bool keep_position(sfo_streams *s, sf_str id, const subscription *read, int64_t before)
{
    pthread_mutex_lock(&s->lock);
    subscription *sub = find_sub(find(s, id), sfi_str(read->name));
    bool is_kept = sub != NULL && sub->position == before;
    if (is_kept) sub->position = read->position;
    pthread_mutex_unlock(&s->lock);
    return is_kept;
}

/* What is new in the channel of r->sub; its position moves along. false: the store has a fault, or there is no memory. */
static bool read_sub(sfo_streams *s, reading *r)
{
    const char *query = strchr(r->sub->name, '?');
    int64_t end = 0;
    r->filter = query != NULL ? sfo_topic_filter_new(sfi_str(query + 1)) : NULL;
    if (query != NULL && r->filter == NULL) r->out->failed = true; /* it is asked again */
    bool ok = (query == NULL || r->filter != NULL) &&
              sfo_events_read(s->store, &r->sub->channel, r->sub->position, add_event, r, &end, NULL);
    if (ok && end > r->sub->position) r->sub->position = end; /* so that what is not for it is passed over once */
    sfo_topic_filter_free(r->filter);
    r->filter = NULL;
    return ok;
}

size_t sfo_streams_read(sfo_streams *s, sf_str id, sfi_buf *out)
{
    subscription *subs;
    size_t count = copy_subs(s, id, &subs);
    reading r = { .out = out };
    for (size_t i = 0; i < count; i++) {
        int64_t before = subs[i].position;
        size_t len = out->len, events = r.count;
        r.sub = &subs[i];
        if (!read_sub(s, &r) || subs[i].position == before || keep_position(s, id, &subs[i], before)) continue;
        if (out->len > len) out->len = len; /* no event is told twice */
        r.count = events;
    }
    sfi_free(subs);
    return r.count;
}

/* ---- connects that wait ---- */
void sfo_streams_let_go(sfo_streams *s, sf_str id)
{
    pthread_mutex_lock(&s->lock);
    client *c = find(s, id);
    if (c != NULL && c->park != NULL) let_go(c);
    pthread_mutex_unlock(&s->lock);
}

int64_t sfo_streams_hold(sfo_streams *s, sf_str id, sfo_park *park)
{
    int64_t number = 0;
    pthread_mutex_lock(&s->lock);
    client *c = find(s, id);
    if (c != NULL) {
        let_go(c);
        c->park = sfo_park_keep(park);
        c->holding = number = ++s->holds;
    }
    pthread_mutex_unlock(&s->lock);
    return number;
}

sfo_stream_hold sfo_streams_holds(sfo_streams *s, sf_str id, int64_t number, bool end)
{
    sfo_stream_hold what = SFO_HOLD_FORGOTTEN;
    pthread_mutex_lock(&s->lock);
    client **at = &s->clients;
    while (*at != NULL && !sfi_str_is(id, (*at)->id.text)) at = &(*at)->next;
    client *c = *at;
    if (c != NULL) what = c->holding != number ? SFO_HOLD_REPLACED : c->is_closed ? SFO_HOLD_CLOSED : SFO_HOLD_WAITS;
    if (end && what == SFO_HOLD_CLOSED)
        remove_at(s, at);
    else if (end && what == SFO_HOLD_WAITS)
        let_go(c);
    pthread_mutex_unlock(&s->lock);
    return what;
}
