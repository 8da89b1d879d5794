/* dispatch.c: events to handlers, and what follows from their answers. Called by listener.c. */
#include "events/listener_internal.h"
#include "events/standby_internal.h"

/* ---- handing out ---- */

sf_status sfi_dispatch_trouble(const sfi_attachment *a, sf_event_trouble trouble, const sf_event *event,
                               const sf_error *why, sf_error *err)
{
    sf_event_error_fn fn = a->is_cdc ? a->cdc.on_error : a->events.on_error;
    void *user = a->is_cdc ? a->cdc.user : a->events.user;
    if (fn != NULL && fn(user, a->channel, trouble, event, why) >= 0) return SF_OK;
    *err = *why;
    return why->status;
}

sf_cdc_fn sfi_dispatch_handler(const sf_cdc_service *s, sf_change_type type)
{
    switch (type) {
    case SF_CHANGE_CREATE: return s->on_create;
    case SF_CHANGE_UPDATE: return s->on_update;
    case SF_CHANGE_DELETE: return s->on_delete;
    case SF_CHANGE_UNDELETE: return s->on_restore;
    case SF_CHANGE_GAP_OVERFLOW: return s->on_overflow;
    case SF_CHANGE_UNKNOWN: return NULL;
    default: return s->on_gap;
    }
}

static sf_status answer_of(sf_status rc)
{
    return rc >= 0 ? SF_OK : rc;
}

/* *is_handlers: a failure is the handler's, so it is called again. SF_ROW: the listener stops, amid the event. */
static sf_status hand_out_change(sf_listener *l, sfi_attachment *a, const sf_event *event, bool *is_handlers,
                                 sf_error *err)
{
    sf_cdc_event change;
    sf_error why; /* a KiB: not to be cleared for every event */
    sf_status rc = sfi_cdc_read(&l->arena, event, &change, &why);
    if (rc == SF_ERR_MEMORY) {
        *err = why;
        return rc;
    }
    if (rc != SF_OK) {
        sfi_error_prefix(&why, "%s, replay id %lld", a->channel, (long long)event->replay_id);
        return sfi_dispatch_trouble(a, SF_TROUBLE_UNREADABLE, event, &why, err);
    }
    sf_cdc_fn fn = sfi_dispatch_handler(&a->cdc, change.type);
    *is_handlers = true;
    if (a->cdc.heal_gaps && sfi_heal_can(&change)) return sfi_heal_gap(l, a, &change);
    if (fn != NULL) return answer_of(fn(a->cdc.user, &change));
    *is_handlers = false;
    if (change.type < SF_CHANGE_GAP_CREATE) return SF_OK;
    (void)sfi_fail(&why, SF_ERR_TRUNCATED, "%s: %s of %s %s%s: the change itself is not in the event; read it again",
                   a->channel, change.type == SF_CHANGE_GAP_OVERFLOW ? "an overflow" : "a gap", change.entity,
                   change.record_ids[0], change.record_id_count > 1 ? " and others" : "");
    return sfi_dispatch_trouble(a, SF_TROUBLE_GAP, event, &why, err);
}

/* serial: of the attachment when its handler was called, which may have detached it. An event that was passed over waits for
 * no acknowledgement; behind one that does, it may not move the position. */
static void note_handled(sf_listener *l, sfi_attachment *a, int64_t serial, const sf_event *event, bool is_passed_over)
{
    l->stats.handled++;
    if (event->created_ms >= 0) {
        int64_t lag_ms = sfi_wall_coarse_ms() - event->created_ms;
        l->stats.lag_ms = lag_ms > 0 ? lag_ms : 0; /* the clocks differ */
    }
    if (a->serial != serial) return;
    a->is_any_out |= !is_passed_over;
    bool waits = a->options.manual_ack && a->is_any_out;
    if (!waits && event->replay_id >= 0) sfi_listener_moved(l, a, event->replay_id);
}

/* Changes say the second that they were committed in. */
static bool is_too_old(const sfi_attachment *a, const sf_event *event)
{
    if (a->since_ms == 0 || event->created_ms < 0) return false;
    return event->created_ms + (event->created_ms % 1000 == 0 ? 999 : 0) < a->since_ms;
}

/* The handler has failed for the last time. SF_OK: the event was taken as a dead letter. */
static sf_status give_up(sf_listener *l, const sfi_attachment *a, const sf_event *event, sf_status rc, sf_error *err)
{
    sf_error why;
    if (l->why.status < 0) {
        why = l->why;
        sfi_error_prefix(&why, "%s: the records of the gap with replay id %lld could not be read %d times", a->channel,
                         (long long)event->replay_id, l->attempts);
    } else {
        (void)sfi_fail(&why, rc, "%s: the handler failed %d times on the event with replay id %lld (%s)", a->channel,
                       l->attempts, (long long)event->replay_id, sf_status_name(rc));
    }
    if (l->options.on_dead_letter != NULL && l->options.on_dead_letter(l->options.dead_letter_user, event, &why) >= 0) {
        l->stats.dead_letters++;
        return SF_OK;
    }
    *err = why;
    return rc;
}

/* The event at hand. @return SF_ROW: it is handed out again, at retry_ms if a handler failed. */
static sf_status hand_out(sf_listener *l, sfi_attachment *a, sf_value message, sf_error *err)
{
    sf_event event;
    bool is_handlers = !a->is_cdc;
    int64_t serial = a->serial;
    sf_status rc = SF_OK;
    sfi_arena_reset(&l->arena);
    if (l->attempts == 0) sfi_heal_reset(l);
    l->why.status = SF_OK;
    sfi_event_read(a, message, &event);
    bool is_passed_over = is_too_old(a, &event);
    if (is_passed_over)
        l->stats.passed_over++;
    else if (a->is_cdc)
        rc = hand_out_change(l, a, &event, &is_handlers, err);
    else
        rc = answer_of(a->events.on_message(a->events.user, &event));
    if (rc < 0 && is_handlers && l->attempts++ >= l->options.handler_retries)
        rc = give_up(l, a, &event, rc, err);
    else if (rc < 0 && is_handlers) {
        int64_t pause = l->options.handler_pause_ms, most = l->options.handler_pause_max_ms;
        for (int i = 1; i < l->attempts && pause < most; i++) pause *= 2;
        l->retry_ms = sfi_now_ms() + (pause < most ? pause : most);
        return SF_ROW;
    }
    if (rc != SF_OK) return rc;
    l->attempts = 0;
    note_handled(l, a, serial, &event, is_passed_over);
    return SF_OK;
}

/* NULL: the message is no event, or of a channel that nobody listens to (none is attached that begins with /meta/). */
static sfi_attachment *attachment_of(sf_listener *l, sf_value message)
{
    sf_str channel = sf_get_text(sfi_json_member(message, SFI_STR("channel")), NULL);
    if (sf_value_type(sfi_json_member(message, SFI_STR("data"))) == SF_MISSING) return NULL;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++)
        if (l->attachments[i].is_used && sfi_str_is(channel, l->attachments[i].channel)) return &l->attachments[i];
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) /* events of a filtered topic may come without the filter */
        if (l->attachments[i].is_used && sfi_str_eq(l->attachments[i].bare, channel)) return &l->attachments[i];
    return NULL;
}

void sfi_page_open(sf_listener *l, sfi_page *p, sf_value root)
{
    p->it = sf_iter_begin(root);
    p->is_open = sf_value_type(root) == SF_ARRAY;
    p->message = (sf_value){ 0 };
    p->is_put_off = false;
    p->order = ++l->pages;
}

static sfi_page *oldest_page(sf_listener *l)
{
    sfi_page *oldest = NULL;
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) {
        sfi_page *p = &l->lanes[i].page;
        if (p->is_open && (oldest == NULL || p->order < oldest->order)) oldest = p;
    }
    return oldest;
}

bool sfi_dispatch_has_events(const sf_listener *l)
{
    return l->lanes[0].page.is_open || l->lanes[1].page.is_open;
}

static sf_status store_if_due(sf_listener *l, int64_t now_ms, sf_error *err)
{
    if (l->unsaved == 0) return SF_OK;
    bool is_early = l->store_pause_ms > 0 && now_ms - l->stored_ms < l->store_pause_ms;
    bool is_many = l->unsaved >= l->options.checkpoint_events && !is_early;
    bool is_due = is_many || sfi_listener_store_due_ms(l) <= now_ms;
    return is_due ? sfi_listener_store(l, err) : SF_OK;
}

bool sfi_dispatch_is_ahead(const sf_listener *l)
{
    return l->stats.handled - l->kept >= l->options.checkpoint_events && sfi_standby_cannot_save(l);
}

/* A listener that is to stop, or that leads no more, hands out nothing. */
bool sfi_dispatch_may_go_on(const sf_listener *l)
{
    return !atomic_load(&l->is_stopping) && sfi_standby_may_hand_out(l) && !sfi_dispatch_is_ahead(l);
}

static int64_t replay_id_of(sf_value message)
{
    sf_value event = sfi_json_member(sfi_json_member(message, SFI_STR("data")), SFI_STR("event"));
    return sf_get_int(sfi_json_member(event, SFI_STR("replayId")), NULL, -1);
}

/* Answers to a subscribe and to the connect beside it come on two connections, and both may hold events of a channel: the
 * order of these is that of their replay ids. Does the other page have an older one? */
static bool has_older(sf_listener *l, const sfi_page *p, const sfi_attachment *a)
{
    const sfi_page *other = p == &l->lanes[0].page ? &l->lanes[1].page : &l->lanes[0].page;
    if (!other->is_open || other->is_put_off) return false;
    sf_iter it = other->it;
    sf_value message = other->message;
    do
        if (attachment_of(l, message) == a) return replay_id_of(message) < replay_id_of(p->message);
    while (sf_iter_next(&it, NULL, &message)); /* ends with the page */
    return false;
}

static sf_status dispatch_page(sf_listener *l, sfi_page *p, sf_error *err)
{
    while (sfi_dispatch_may_go_on(l)) { /* ends: each turn takes a message, or returns */
        bool is_new = sf_value_type(p->message) == SF_MISSING || p->is_put_off;
        if (!p->is_put_off && is_new && !sf_iter_next(&p->it, NULL, &p->message)) {
            p->is_open = false;
            break;
        }
        p->is_put_off = false;
        sfi_attachment *a = attachment_of(l, p->message);
        if (a != NULL && is_new && has_older(l, p, a)) {
            p->is_put_off = true;
            p->order = ++l->pages;
            break;
        }
        if (a != NULL && is_new) l->stats.events++;
        if (a == NULL && !is_new) l->attempts = 0; /* detached since it failed */
        sf_status rc = a != NULL ? hand_out(l, a, p->message, err) : SF_OK;
        if (rc != SF_OK) return rc;
        p->message = (sf_value){ 0 };
        rc = store_if_due(l, sfi_now_coarse_ms(), err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

sf_status sfi_dispatch(sf_listener *l, sf_error *err)
{
    if (l->attempts > 0 && sfi_now_ms() < l->retry_ms) return store_if_due(l, sfi_now_ms(), err);
    for (int i = 0; i < 2 * SFI_LANES && sfi_dispatch_may_go_on(l); i++) {
        sfi_page *p = oldest_page(l);
        if (p == NULL) break;
        sf_status rc = dispatch_page(l, p, err);
        if (rc == SF_ROW) return SF_OK;
        if (rc != SF_OK) return rc;
    }
    return store_if_due(l, sfi_now_ms(), err);
}
