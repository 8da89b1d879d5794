/*
 * listener.c: the calls of events.h. A poll is: wait for the bell, the timer or the deadline; take in answers and send what
 * is due (lane.c); then hand out events (dispatch.c) while the next request is already under way.
 */
#include "events/listener_internal.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "events/standby_internal.h"

enum { TIME_MAX_MS = 86400000 };

static const sf_attach_options attach_defaults;

/* ---- positions ---- */

static const char since_word[] = "since ";

void sfi_place_write(const sfi_attachment *a, char out[SFI_PLACE_BYTES])
{
    char time[32];
    sfi_time_format(a->began_ms, time);
    if (a->position >= 0)
        (void)snprintf(out, SFI_PLACE_BYTES, "%lld", (long long)a->position);
    else
        (void)snprintf(out, SFI_PLACE_BYTES, "%s%s", since_word, time);
}

bool sfi_place_read(sfi_attachment *a, const char *text)
{
    sf_str rest = sfi_str(text);
    int64_t number;
    char kind;
    if (sfi_take_text(&rest, since_word)) {
        if (!sfi_time_parse(rest, &number, &kind) || kind != 'D' || number <= 0) return false;
        a->position = -1;
        a->began_ms = number;
        return true;
    }
    if (!sfi_parse_int(rest, &number) || number < 0) return false;
    a->position = number;
    a->since_ms = 0; /* older events were passed over before it was kept */
    return true;
}

/* A subscribe is about to be sent. Who listens for new events and has none yet begins there once only: in a later session,
 * or on another node, what was made since then is among all that the org has kept. */
static int64_t position_of(void *user, size_t channel)
{
    sf_listener *l = user;
    sfi_attachment *a = &l->attachments[channel];
    if (a->position != -1) return a->position;
    if (a->began_ms > 0) {
        a->since_ms = a->began_ms;
        return -2;
    }
    a->began_ms = sfi_now_ms() + l->ahead_ms;
    a->is_dirty = true;
    if (l->unsaved++ == 0) l->unsaved_ms = sfi_now_ms();
    return -1;
}

static sf_status store_one(sf_listener *l, sfi_attachment *a, sf_error *err)
{
    char text[SFI_PLACE_BYTES];
    if (!a->is_dirty) return SF_OK;
    sfi_place_write(a, text);
    if (l->standby != NULL) return sfi_standby_save(l, a, text, l->is_last_store, err);
    sf_status rc = sfi_checkpoints_set(l->store, a->channel, text, err);
    if (rc == SF_OK) a->is_dirty = false;
    return rc;
}

sf_status sfi_listener_store(sf_listener *l, sf_error *err)
{
    sf_status rc = SF_OK;
    for (size_t i = 0; rc == SF_OK && i < SF_CHANNELS_MAX; i++)
        if (l->attachments[i].is_used) rc = store_one(l, &l->attachments[i], err);
    if (rc != SF_OK) return rc;
    l->unsaved = 0;
    l->unsaved_ms = l->stored_ms = sfi_now_ms();
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) /* a coordinator that fails: once more after a while */
        if (l->attachments[i].is_used && l->attachments[i].is_dirty) l->unsaved = 1;
    if (l->unsaved == 0) l->kept = l->stats.handled;
    return SF_OK;
}

void sfi_listener_moved(sf_listener *l, sfi_attachment *a, int64_t position)
{
    a->position = position;
    a->is_dirty = true;
    if (l->unsaved++ == 0) l->unsaved_ms = sfi_now_ms();
}

/* An event that comes alone is stored at once; of many, those of a while together. */
int64_t sfi_listener_store_due_ms(const sf_listener *l)
{
    if (l->unsaved == 0) return INT64_MAX;
    int64_t since = sfi_dispatch_has_events(l) ? l->unsaved_ms : l->stored_ms;
    return since + l->options.checkpoint_ms;
}

/* ---- what the machine tells ---- */

void sfi_listener_fail(sf_listener *l, sf_status rc, const sf_error *why)
{
    if (l->end != SF_OK) return;
    l->end = rc;
    l->error = *why;
    l->error.status = rc;
}

/* The channel's name stays: a handler that detaches may still look at it. */
static void forget(sfi_attachment *a)
{
    a->is_used = a->is_dirty = false;
    a->serial = 0;
}

static void note_lost(sf_listener *l, sfi_attachment *a, const sf_error *why)
{
    sf_error err = { 0 }, told = *why;
    sf_lost lost = a->options.lost;
    int64_t serial = a->serial;
    told.status = SF_ERR_TRUNCATED;
    sf_status rc = sfi_dispatch_trouble(a, SF_TROUBLE_LOST, NULL, &told, &err);
    if (rc == SF_OK && lost == SF_LOST_STOP) {
        err = told;
        rc = told.status;
    }
    if (rc != SF_OK) sfi_listener_fail(l, rc, &err);
    if (rc != SF_OK || a->serial != serial) return; /* the handler may have detached it, and attached another */
    a->position = lost == SF_LOST_EARLIEST ? -2 : -1;
    a->began_ms = 0;
    a->is_dirty = false; /* there is none to keep: what is kept is told as lost the next time, too */
}

/* It is detached before that is told: the handler may attach another channel in its place. */
static void note_refused(sf_listener *l, sfi_attachment *a, const sf_error *why)
{
    sf_error err = { 0 }, trouble = { 0 };
    sf_status rc = store_one(l, a, &err);
    sfi_attachment gone = *a;
    forget(a);
    sf_status answer = sfi_dispatch_trouble(&gone, SF_TROUBLE_REFUSED, NULL, why, &trouble);
    if (answer != SF_OK) {
        err = trouble;
        rc = answer;
    }
    bool is_any_left = false;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) is_any_left |= l->attachments[i].is_used;
    if (rc == SF_OK && !is_any_left) {
        err = *why;
        rc = why->status;
    }
    if (rc != SF_OK) sfi_listener_fail(l, rc, &err);
}

static void note(void *user, sfi_bayeux_event event, size_t channel, const sf_error *why)
{
    sf_listener *l = user;
    sfi_attachment *a = &l->attachments[channel];
    if (event == SFI_BAYEUX_LOST && a->is_used) note_lost(l, a, why);
    if (event == SFI_BAYEUX_REFUSED && a->is_used) note_refused(l, a, why);
    if (event == SFI_BAYEUX_PUT_OFF)
        sfi_logf(sfi_client_log(l->sf), SFI_LOG_WARN, "events: %s; it will be tried again", why->message);
    if (event != SFI_BAYEUX_UP && event != SFI_BAYEUX_DOWN) return;
    sfi_logf(sfi_client_log(l->sf), why != NULL ? SFI_LOG_INFO : SFI_LOG_DEBUG, "events: session %s%s%s",
             event == SFI_BAYEUX_UP ? "up" : "down", why != NULL ? ": " : "", why != NULL ? why->message : "");
    sfi_standby_note_session(l, event == SFI_BAYEUX_UP, why);
    if (l->options.on_state != NULL)
        l->options.on_state(l->options.state_user, event == SFI_BAYEUX_UP ? SF_LISTENER_UP : SF_LISTENER_DOWN, why);
}

/* ---- open and close ---- */

static bool take_time(int64_t *value, int64_t fallback)
{
    if (*value == 0) *value = fallback;
    return *value >= 1 && *value <= TIME_MAX_MS;
}

static sf_status take_options(const sf_listener_options *given, sf_listener_options *o, sf_error *err)
{
    *o = given != NULL ? *given : (sf_listener_options){ 0 };
    bool ok = take_time(&o->handler_pause_ms, 500) && take_time(&o->handler_pause_max_ms, 30000) &&
              take_time(&o->reconnect_pause_ms, 1000) && take_time(&o->reconnect_pause_max_ms, 30000) &&
              take_time(&o->slack_ms, 10000) && take_time(&o->checkpoint_ms, 1000);
    if (!ok) return sfi_fail(err, SF_ERR_USAGE, "sf_listener_options: a time is not 1 to %d milliseconds", TIME_MAX_MS);
    if (o->handler_retries < SF_NONE || o->handler_retries > 1000 || o->reconnect_max < 0 || o->checkpoint_events < 0 ||
        o->page_max > SF_EVENTS_PAGE_MAX || !sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_listener_options: a number is out of range, or reserved not zero");
    if (o->handler_retries == 0) o->handler_retries = 5;
    if (o->handler_retries == SF_NONE) o->handler_retries = 0;
    if (o->checkpoint_events == 0) o->checkpoint_events = 2000;
    if (o->page_max == 0) o->page_max = 16 * SFI_MIB;
    return SF_OK;
}

static bool is_name(const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f) return false;
    return len >= 1 && len <= SF_GROUP_BYTES_MAX && sfi_utf8_valid(name, len);
}

static sf_status take_group(sf_listener_options *o, sf_error *err)
{
    if (o->coordinator == NULL && (o->group != NULL || o->node != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sf_listener_options: a group needs a coordinator");
    if (o->coordinator == NULL) return SF_OK;
    if (o->checkpoints != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "sf_listener_options: positions go to the coordinator or to checkpoints");
    if (!is_name(o->group) || (o->node != NULL && !is_name(o->node)))
        return sfi_fail(err, SF_ERR_USAGE, "sf_listener_options: group or node is no name of 1 to %d bytes",
                        SF_GROUP_BYTES_MAX);
    bool ok = take_time(&o->liveness_ms, 30000);
    int64_t third = o->liveness_ms / 3;
    ok = ok && take_time(&o->heartbeat_ms, third < 1 ? 1 : third < 5000 ? third : 5000);
    if (!ok || o->heartbeat_ms >= o->liveness_ms)
        return sfi_fail(
            err, SF_ERR_USAGE,
            "sf_listener_options: liveness_ms and heartbeat_ms are times, and liveness_ms is the longer one");
    return SF_OK;
}

static void cancelled(void *ctx)
{
    sf_listener *l = ctx;
    sf_listener_stop(l);
}

static sf_status open_fds(sf_listener *l, sf_error *err)
{
    l->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    l->fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = { .events = EPOLLIN };
    bool ok = l->bell >= 0 && l->timer >= 0 && l->fd >= 0 && epoll_ctl(l->fd, EPOLL_CTL_ADD, l->bell, &e) == 0 &&
              epoll_ctl(l->fd, EPOLL_CTL_ADD, l->timer, &e) == 0;
    return ok ? SF_OK : sfi_fail(err, SF_ERR_MEMORY, "no descriptor for a listener; raise the limit of open files");
}

sf_status sf_listener_open(sf_client *sf, const sf_listener_options *options, sf_listener **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    if (sfi_client_connections_max(sf) < 2)
        return sfi_fail(err, SF_ERR_USAGE,
                        "the client may have one connection only, and a listener keeps one waiting for events: set "
                        "connections_max to 2 or more");
    sf_listener *l = sfi_calloc(sizeof *l);
    if (l == NULL) return sfi_fail_memory(err, "a listener");
    l->sf = sf;
    l->bell = l->timer = l->fd = -1;
    l->stats.lag_ms = -1;
    l->ahead_ms = sfi_wall_ms() - sfi_now_ms(); /* until the org says its time */
    l->stored_ms = INT64_MIN / 2;               /* never */
    if (options != NULL && options->checkpoint_events == 0) l->store_pause_ms = SFI_STORE_PAUSE_MS;
    l->arena.max = 64 * SFI_MIB;
    sf_status rc = take_options(options, &l->options, err);
    if (rc == SF_OK) rc = take_group(&l->options, err);
    if (rc == SF_OK) rc = open_fds(l, err);
    if (rc == SF_OK) rc = sf_cancel_new(&l->at_work, err);
    if (rc == SF_OK && l->options.coordinator != NULL) rc = sfi_standby_new(l, err);
    if (rc == SF_OK && l->options.checkpoints == NULL) rc = sf_checkpoints_memory(&l->own_store, err);
    if (rc == SF_OK) {
        l->store = l->options.checkpoints != NULL ? l->options.checkpoints : l->own_store;
        const sfi_bayeux_settings settings = { .pause_ms = l->options.reconnect_pause_ms,
                                               .pause_max_ms = l->options.reconnect_pause_max_ms,
                                               .slack_ms = l->options.slack_ms,
                                               .failures_max = l->options.reconnect_max };
        const sfi_bayeux_owner owner = { .user = l, .position = position_of, .note = note };
        for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) l->lanes[i].body.max = 64 * SFI_KIB;
        rc = sfi_bayeux_new(&settings, &owner, &l->bayeux, err);
    }
    if (rc == SF_OK && l->standby != NULL) sfi_bayeux_rest(l->bayeux, sfi_now_ms());
    if (rc == SF_OK && l->options.call != NULL)
        rc = sfi_cancel_watch(l->options.call->cancel, &l->watcher, cancelled, l, err);
    if (rc == SF_OK) {
        *out = l;
        l = NULL;
    }
    sf_listener_close(l);
    return rc;
}

void sf_listener_close(sf_listener *l)
{
    if (l == NULL) return;
    sfi_cancel_unwatch(&l->watcher);
    l->is_last_store = true;
    if (l->store != NULL) (void)sfi_listener_store(l, NULL); /* nobody is left to be told; events come again */
    sfi_standby_free(l);
    sfi_lanes_close(l);
    sfi_bayeux_free(l->bayeux);
    sf_checkpoints_close(l->own_store);
    sf_cancel_free(l->at_work);
    if (l->bell >= 0) (void)close(l->bell);
    if (l->timer >= 0) (void)close(l->timer);
    if (l->fd >= 0) (void)close(l->fd);
    sfi_heal_free(l);
    sfi_arena_free(&l->arena);
    sfi_free(l);
}

/* ---- channels ---- */

static sf_status name_channel(const char *given, const char *prefix, char out[SF_CHANNEL_BYTES_MAX + 1], sf_error *err)
{
    size_t len = given != NULL ? strlen(given) : 0;
    bool is_whole = len > 0 && given[0] == '/';
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)given[i] < ' ' || given[i] == '*' || given[i] == 0x7f) len = 0;
    if (len < 2 || (is_whole && strchr(given + 1, '/') == NULL) || sfi_starts_with(sfi_str(given), "/meta/") ||
        !sfi_utf8_valid(given, len))
        return sfi_fail(err, SF_ERR_USAGE, "channel \"%.80s\": want one such as /data/ChangeEvents or /event/Name__e",
                        given != NULL ? given : "");
    size_t all = len + (is_whole ? 0 : strlen(prefix));
    if (all > SF_CHANNEL_BYTES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "a channel's name is longer than %d bytes", SF_CHANNEL_BYTES_MAX);
    (void)snprintf(out, SF_CHANNEL_BYTES_MAX + 1, "%s%s", is_whole ? "" : prefix, given);
    return SF_OK;
}

static sfi_attachment *find(sf_listener *l, const char *channel)
{
    static const char *const prefixes[] = { "", "/data/", "/event/" };
    char name[SF_CHANNEL_BYTES_MAX + 16];
    for (size_t p = 0; p < SFI_COUNT_OF(prefixes); p++) {
        (void)snprintf(name, sizeof name, "%s%.*s", prefixes[p], SF_CHANNEL_BYTES_MAX, channel);
        for (size_t i = 0; i < SF_CHANNELS_MAX; i++)
            if (l->attachments[i].is_used && strcmp(l->attachments[i].channel, name) == 0) return &l->attachments[i];
    }
    return NULL;
}

static sf_status find_start(sf_listener *l, sfi_attachment *a, sf_error *err)
{
    char text[SFI_POSITION_BYTES_MAX];
    sf_replay replay = a->options.replay;
    if (replay == SF_REPLAY_STORED && l->standby != NULL) replay = a->options.otherwise; /* the group's goes first */
    if (replay == SF_REPLAY_STORED) {
        sf_status rc = sfi_checkpoints_get(l->store, a->channel, text, err);
        if (rc < 0) return rc;
        if (rc == SF_OK) {
            return sfi_place_read(a, text) ? SF_OK : sfi_checkpoints_fail(l->store, a->channel, text, err);
        }
        replay = a->options.otherwise;
    }
    if (replay == SF_REPLAY_TIME) a->since_ms = a->options.replay_time_ms;
    a->position = replay == SF_REPLAY_ID ? a->options.replay_id : replay == SF_REPLAY_LATEST ? -1 : -2;
    return SF_OK;
}

static sf_status attach(sf_listener *l, sfi_attachment *a, const sf_attach_options *options, sf_error *err)
{
    size_t slot;
    a->options = options != NULL ? *options : attach_defaults;
    const sf_attach_options *o = &a->options;
    if ((unsigned)o->replay > SF_REPLAY_TIME || (unsigned)o->lost > SF_LOST_LATEST ||
        (unsigned)o->otherwise > SF_REPLAY_TIME || o->otherwise == SF_REPLAY_STORED || o->replay_id < 0 ||
        o->replay_time_ms < 0 || !sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_attach_options: a value is out of range, or reserved not zero");
    if (find(l, a->channel) != NULL) return sfi_fail(err, SF_ERR_USAGE, "%s is attached already", a->channel);
    sf_status rc = a->is_cdc && a->cdc.heal_gaps ? sfi_heal_new(l, err) : SF_OK;
    if (rc == SF_OK) rc = find_start(l, a, err);
    if (rc == SF_OK && l->standby != NULL) rc = sfi_standby_position(l, a, err);
    if (rc == SF_OK) rc = sfi_bayeux_add(l->bayeux, a->channel, &slot, err);
    if (rc != SF_OK) return rc;
    a->is_used = true;
    a->serial = ++l->serials;
    l->attachments[slot] = *a;
    l->attachments[slot].bare = sfi_bayeux_bare(sfi_str(l->attachments[slot].channel));
    uint64_t one = 1;
    (void)!write(l->bell, &one, sizeof one); /* the subscribe is due */
    return SF_OK;
}

sf_status sf_listener_attach_cdc(sf_listener *l, const char *channel, const sf_cdc_service *service,
                                 const sf_attach_options *options, sf_error *err)
{
    if (l == NULL || service == NULL) return sfi_fail(err, SF_ERR_USAGE, "the listener or the service is NULL");
    if (!sfi_is_zero(service->reserved, sizeof service->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_cdc_service: reserved is not zero");
    sfi_attachment a = { .is_cdc = true, .cdc = *service };
    sf_status rc = name_channel(channel, "/data/", a.channel, err);
    return rc == SF_OK ? attach(l, &a, options, err) : rc;
}

sf_status sf_listener_attach_events(sf_listener *l, const char *channel, const sf_event_service *service,
                                    const sf_attach_options *options, sf_error *err)
{
    if (l == NULL || service == NULL) return sfi_fail(err, SF_ERR_USAGE, "the listener or the service is NULL");
    if (service->on_message == NULL || !sfi_is_zero(service->reserved, sizeof service->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_event_service: on_message is NULL, or reserved not zero");
    sfi_attachment a = { .events = *service };
    sf_status rc = name_channel(channel, "/event/", a.channel, err);
    return rc == SF_OK ? attach(l, &a, options, err) : rc;
}

sf_status sf_listener_detach(sf_listener *l, const char *channel, sf_error *err)
{
    if (l == NULL || channel == NULL) return sfi_fail(err, SF_ERR_USAGE, "the listener or the channel is NULL");
    sfi_attachment *a = find(l, channel);
    if (a == NULL) return sfi_fail(err, SF_ERR_NOT_FOUND, "%.80s is not attached", channel);
    sf_status rc = store_one(l, a, err);
    sfi_bayeux_remove(l->bayeux, (size_t)(a - l->attachments));
    forget(a);
    uint64_t one = 1;
    (void)!write(l->bell, &one, sizeof one); /* the unsubscribe is due */
    return rc;
}

sf_status sf_event_ack(sf_listener *l, const char *channel, int64_t replay_id, sf_error *err)
{
    if (l == NULL || channel == NULL || replay_id < 0)
        return sfi_fail(err, SF_ERR_USAGE, "the listener or the channel is NULL, or the replay id negative");
    sfi_attachment *a = find(l, channel);
    if (a == NULL) return sfi_fail(err, SF_ERR_NOT_FOUND, "%.80s is not attached", channel);
    if (!sfi_standby_is_leading(l)) return SF_DONE;
    if (replay_id <= a->position) return SF_OK; /* a later event was done before it */
    sfi_listener_moved(l, a, replay_id);
    if (l->unsaved < l->options.checkpoint_events && l->is_in_poll) return SF_OK;
    sf_status rc = sfi_listener_store(l, err);
    return rc == SF_OK && !sfi_standby_is_leading(l) ? SF_DONE : rc;
}

/* ---- the loop ---- */

void sf_listener_stop(sf_listener *l)
{
    if (l == NULL) return;
    int saved = errno;
    uint64_t one = 1;
    atomic_store(&l->is_stopping, true);
    sf_cancel_now(l->at_work);
    (void)!write(l->bell, &one, sizeof one);
    errno = saved;
}

int sf_listener_fd(const sf_listener *l)
{
    return l != NULL ? l->fd : -1;
}

/* When there is something to do without anybody's ringing; 0: now. */
static int64_t next_due_ms(const sf_listener *l)
{
    sfi_bayeux_hold(l->bayeux, sfi_dispatch_has_events(l));
    int64_t due = sfi_bayeux_due_ms(l->bayeux), beat = sfi_standby_due_ms(l);
    if (beat < due) due = beat;
    if (sfi_bayeux_wants_login(l->bayeux) || l->end != SF_OK) return 0;
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++)
        if (l->lanes[i].call != NULL && sfi_bayeux_is_stale(l->bayeux, i)) return 0;
    int64_t store = sfi_listener_store_due_ms(l);
    if (store < due) due = store;
    if (!sfi_dispatch_has_events(l) || !sfi_standby_may_hand_out(l) || sfi_dispatch_is_ahead(l)) return due;
    if (l->attempts == 0) return 0;
    return l->retry_ms < due ? l->retry_ms : due;
}

static void set_timer(const sf_listener *l)
{
    int64_t due = next_due_ms(l);
    struct itimerspec t = { 0 }; /* zero: off */
    if (due != INT64_MAX) {
        if (due < 1) due = 1; /* long past: at once */
        t.it_value = (struct timespec){ .tv_sec = (time_t)(due / 1000), .tv_nsec = (long)(due % 1000) * 1000000 };
    }
    (void)timerfd_settime(l->timer, TFD_TIMER_ABSTIME, &t, NULL); /* the values are in range */
}

/* Until the bell, the timer or the time limit. */
static void wait_for_work(const sf_listener *l, int64_t timeout_ms)
{
    uint64_t drop;
    int64_t now = sfi_now_ms();
    int64_t end = timeout_ms >= 0 && timeout_ms < INT64_MAX - now ? now + timeout_ms : INT64_MAX;
    struct pollfd pfd = { .fd = l->fd, .events = POLLIN };
    for (;;) { /* ends: readable, or the time is over */
        int64_t left = end == INT64_MAX ? -1 : end - sfi_now_ms();
        if (left < 0 && end != INT64_MAX) left = 0;
        int rc = poll(&pfd, 1, left > TIME_MAX_MS ? TIME_MAX_MS : (int)left);
        if (rc > 0 || (rc == 0 && left <= TIME_MAX_MS) || (rc < 0 && errno != EINTR)) break;
    }
    (void)!read(l->bell, &drop, sizeof drop); /* before looking, so that a later ring is not lost */
    (void)!read(l->timer, &drop, sizeof drop);
}

static sf_status say_goodbye(sf_listener *l, sf_error *err)
{
    l->is_last_store = true;
    sf_status rc = sfi_listener_store(l, err);
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) l->lanes[i].page.is_open = false; /* not handled: they come again */
    l->attempts = 0;
    sfi_bayeux_disconnect(l->bayeux, sfi_now_ms());
    return rc;
}

static sf_status step(sf_listener *l, sf_error *err)
{
    bool is_stopping = atomic_load(&l->is_stopping);
    sf_status rc = is_stopping ? say_goodbye(l, err) : sfi_standby_step(l, err);
    if (rc == SF_OK) rc = sfi_lanes_step(l, err);
    if (l->end != SF_OK) return SF_OK; /* a trouble that nobody took */
    if (rc == SF_OK && !is_stopping) rc = sfi_dispatch(l, err);
    return rc;
}

sf_status sf_listener_poll(sf_listener *l, int64_t timeout_ms, sf_error *err)
{
    sf_error why = { 0 };
    if (l == NULL) return sfi_fail(err, SF_ERR_USAGE, "the listener is NULL");
    if (l->is_in_poll) return sfi_fail(err, SF_ERR_USAGE, "a handler may not poll its own listener");
    bool is_idle = true;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) is_idle &= !l->attachments[i].is_used;
    if (is_idle && l->end == SF_OK && !atomic_load(&l->is_stopping))
        return sfi_fail(err, SF_ERR_USAGE, "no channel is attached to the listener");
    if (l->end == SF_OK) {
        l->is_in_poll = true;
        sf_status rc = sfi_standby_begin(l, &why);
        set_timer(l);
        if (rc == SF_OK) wait_for_work(l, timeout_ms < 0 ? -1 : timeout_ms);
        if (rc == SF_OK) rc = step(l, &why);
        l->stats.handshakes = sfi_bayeux_handshakes(l->bayeux);
        l->stats.failures = sfi_bayeux_failure_count(l->bayeux);
        const sf_call_options *call = l->options.call;
        if (rc == SF_DONE && call != NULL && sfi_cancel_is_set(call->cancel))
            rc = sfi_fail(&why, SF_ERR_CANCELLED, "listening was cancelled");
        if (rc != SF_OK) sfi_listener_fail(l, rc, &why);
        if (l->end != SF_OK) (void)sfi_listener_store(l, NULL); /* the error that ended it is the one to tell */
        if (l->end != SF_OK) sfi_standby_resign(l);
        if (l->end != SF_OK && l->options.on_state != NULL)
            l->options.on_state(l->options.state_user, SF_LISTENER_STOPPED, l->end < 0 ? &l->error : NULL);
        l->is_in_poll = false;
        sfi_standby_end(l);
        set_timer(l);
    }
    if (l->end < 0 && err != NULL) *err = l->error;
    return l->end;
}

sf_status sf_listener_run(sf_listener *l, sf_error *err)
{
    sf_status rc;
    do rc = sf_listener_poll(l, -1, err);
    while (rc == SF_OK); /* ends: stop, cancel or an error; else it is what listening means */
    return rc == SF_DONE ? SF_OK : rc;
}

void sf_listener_get_stats(const sf_listener *l, sf_listener_stats *out)
{
    if (out == NULL) return;
    *out = l != NULL ? l->stats : (sf_listener_stats){ 0 };
}
