/*
 * standby.c: see standby_internal.h. The idea: one thread a listener does nothing but attempt and renew, so that a handler
 * at work costs no lease; what it learns it writes down as a role and rings the bell, and the listener's own thread acts
 * on it in its next step. A lease counts from before the request that got it, by a clock that goes on while the machine
 * sleeps, so it ends here no later than anywhere else.
 * Roles: standby -> elected -> leading -> deposed -> standby. The thread makes elected and deposed, the listener the
 * others; both under the lock.
 */
#include "events/standby_internal.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include "events/coordinator_internal.h"

typedef enum sfi_role {
    ROLE_STANDBY,
    ROLE_ELECTED, /* the lease is ours, and the listener has not begun yet */
    ROLE_LEADING,
    ROLE_DEPOSED /* the lease is lost, and the listener has not stopped yet */
} sfi_role;

struct sfi_standby {
    sf_coordinator *coordinator;
    char group[SF_GROUP_BYTES_MAX + 1], node[SF_GROUP_BYTES_MAX + 1];
    int64_t liveness_ms, heartbeat_ms;
    const sfi_log *log;
    int bell; /* the listener's */
    pthread_t thread;
    bool has_lock, has_changed, has_thread;
    atomic_bool is_in_poll;
    atomic_llong polled_ms; /* when the last poll ended, by sfi_boot_ms as the next */
    atomic_llong lease_ms;  /* when the lease ends; 0: there is none */

    pthread_mutex_t lock; /* guards what follows, and the changes of lease_ms; not held while the coordinator works */
    pthread_cond_t changed;
    sfi_role role;
    int64_t epoch;
    int64_t beat_ms; /* when the thread attempts or renews next, by sfi_now_ms */
    bool is_ending;
    bool is_out;   /* the coordinator fails, and that is logged */
    bool has_news; /* why has not been told to on_state */
    sf_error why;  /* of the fall, or of the outage */

    /* the listener's own */
    bool is_announced;
    bool is_up;
    int64_t down_ms; /* since when a leader has no session */
    sf_error down_why;
    bool is_save_out; /* positions cannot be kept, and that is logged */
    int64_t save_ms;  /* when they are tried again */
};

/* ---- the thread ---- */

static void ring(const sfi_standby *s)
{
    uint64_t one = 1;
    (void)!write(s->bell, &one, sizeof one); /* fails only when it rings already */
}

static bool has_term(const sfi_standby *s)
{
    return s->role == ROLE_ELECTED || s->role == ROLE_LEADING;
}

/* Locked. */
static void depose(sfi_standby *s, const sf_error *why)
{
    s->role = ROLE_DEPOSED;
    s->why = *why;
    atomic_store(&s->lease_ms, 0);
    sfi_logf(s->log, SFI_LOG_WARN, "events: %s leads group %s no more: %s", s->node, s->group, why->message);
    ring(s);
}

/* Locked. */
static void note_outage(sfi_standby *s, const sf_error *why)
{
    if (s->is_out) return;
    s->is_out = s->has_news = true;
    s->why = *why;
    sfi_logf(s->log, SFI_LOG_WARN, "events: group %s: the coordinator fails, %s: %s", s->group,
             has_term(s) ? "leading goes on until the lease is over" : "standing by", why->message);
    ring(s);
}

/* Locked. */
static void note_answer(sfi_standby *s)
{
    if (s->is_out) sfi_logf(s->log, SFI_LOG_INFO, "events: group %s: the coordinator answers again", s->group);
    s->is_out = s->has_news = false;
}

/* The user's loop is alive: a poll or a handler is at work, or was a short while ago. */
static bool is_polled(const sfi_standby *s)
{
    return atomic_load(&s->is_in_poll) || sfi_boot_ms() - atomic_load(&s->polled_ms) < s->liveness_ms;
}

/* Locked; the lock is released while the coordinator works. */
static void attempt(sfi_standby *s)
{
    sf_error err = { 0 };
    int64_t epoch = 0, began = sfi_boot_ms();
    if (!is_polled(s)) return;
    (void)pthread_mutex_unlock(&s->lock);
    sf_status rc = sfi_coordinator_attempt(s->coordinator, s->group, s->node, s->liveness_ms, &epoch, &err);
    (void)pthread_mutex_lock(&s->lock);
    if (rc < 0) {
        note_outage(s, &err);
        return;
    }
    note_answer(s);
    if (rc != SF_OK || s->role != ROLE_STANDBY) return;
    s->role = ROLE_ELECTED;
    s->epoch = epoch;
    atomic_store(&s->lease_ms, began + s->liveness_ms);
    ring(s);
}

/* Locked; the lock is released while the coordinator works. */
static void renew(sfi_standby *s)
{
    sf_error err = { 0 };
    int64_t epoch = s->epoch, began = sfi_boot_ms();
    sf_status rc = SF_ERR_TIMEOUT;
    bool is_alive = is_polled(s);
    if (is_alive) {
        (void)pthread_mutex_unlock(&s->lock);
        rc = sfi_coordinator_renew(s->coordinator, s->group, s->node, epoch, s->liveness_ms, &err);
        (void)pthread_mutex_lock(&s->lock);
    } else {
        (void)sfi_fail(&err, rc, "the listener was not polled for %lld ms", (long long)s->liveness_ms);
    }
    if (!has_term(s) || s->epoch != epoch) return; /* the listener has let go of it meanwhile */
    if (rc == SF_OK) {
        note_answer(s);
        if (atomic_load(&s->lease_ms) <= sfi_boot_ms()) ring(s); /* events may be waiting for that */
        atomic_store(&s->lease_ms, began + s->liveness_ms);
    } else if (rc == SF_DONE) {
        note_answer(s);
        (void)sfi_fail(&err, SF_ERR_UNAVAILABLE, "another node has taken over");
        depose(s, &err);
    } else {
        if (is_alive) note_outage(s, &err);
        if (sfi_boot_ms() >= atomic_load(&s->lease_ms)) depose(s, &err);
    }
}

/* Locked. Milliseconds until the thread has something to do; 0: now. */
static int64_t pause_of(const sfi_standby *s)
{
    int64_t pause = s->beat_ms - sfi_now_ms();
    if (has_term(s)) {
        int64_t left = atomic_load(&s->lease_ms) - sfi_boot_ms();
        if (left < pause) pause = left;
    }
    return pause > 0 ? pause : 0;
}

/* Locked. */
static void wait_for(sfi_standby *s, int64_t ms)
{
    int64_t until = sfi_now_ms() + ms;
    struct timespec t = { .tv_sec = (time_t)(until / 1000), .tv_nsec = (long)(until % 1000) * 1000000 };
    (void)pthread_cond_timedwait(&s->changed, &s->lock, &t); /* the caller looks again, whatever ended it */
}

static void *beat(void *arg)
{
    sfi_standby *s = arg;
    (void)pthread_mutex_lock(&s->lock);
    while (!s->is_ending) { /* ends: sfi_standby_resign or _free */
        int64_t pause = pause_of(s);
        if (pause > 0) {
            wait_for(s, pause);
            continue;
        }
        s->beat_ms = sfi_now_ms() + s->heartbeat_ms;
        if (s->role == ROLE_STANDBY)
            attempt(s);
        else if (has_term(s))
            renew(s);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return NULL;
}

static sf_status start_thread(sfi_standby *s, sf_error *err)
{
    sigset_t all, old;
    sigfillset(&all); /* signals are for the program's own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    s->has_thread = pthread_create(&s->thread, NULL, beat, s) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    return s->has_thread ? SF_OK : sfi_fail(err, SF_ERR_MEMORY, "no thread for a listener's heartbeat");
}

static void end_thread(sfi_standby *s)
{
    if (!s->has_thread) return;
    (void)pthread_mutex_lock(&s->lock);
    s->is_ending = true;
    (void)pthread_cond_signal(&s->changed);
    (void)pthread_mutex_unlock(&s->lock);
    (void)pthread_join(s->thread, NULL);
    s->has_thread = false;
}

/* ---- making and ending ---- */

static bool init_condition(sfi_standby *s)
{
    pthread_condattr_t attr;
    if (pthread_condattr_init(&attr) != 0) return false;
    s->has_changed =
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&s->changed, &attr) == 0;
    (void)pthread_condattr_destroy(&attr);
    return s->has_changed;
}

static void name_node(sfi_standby *s, const char *given)
{
    char host[65] = "";
    if (given != NULL) {
        (void)snprintf(s->node, sizeof s->node, "%s", given);
        return;
    }
    if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0'; /* the rest is name enough */
    (void)snprintf(s->node, sizeof s->node, "%s/%ld/%016llx", host, (long)getpid(), (unsigned long long)sfi_random());
}

sf_status sfi_standby_new(sf_listener *l, sf_error *err)
{
    const sf_listener_options *o = &l->options;
    sfi_standby *s = l->standby = sfi_calloc(sizeof *s);
    if (s == NULL) return sfi_fail_memory(err, "a listener");
    s->coordinator = o->coordinator;
    s->liveness_ms = o->liveness_ms;
    s->heartbeat_ms = o->heartbeat_ms;
    s->log = sfi_client_log(l->sf);
    s->bell = l->bell;
    (void)snprintf(s->group, sizeof s->group, "%s", o->group);
    name_node(s, o->node);
    s->has_lock = pthread_mutex_init(&s->lock, NULL) == 0;
    return s->has_lock && init_condition(s) ? SF_OK : sfi_fail_memory(err, "a listener's lock");
}

void sfi_standby_free(sf_listener *l)
{
    sfi_standby *s = l->standby;
    if (s == NULL) return;
    end_thread(s);
    if (s->has_changed) (void)pthread_cond_destroy(&s->changed);
    if (s->has_lock) (void)pthread_mutex_destroy(&s->lock);
    sfi_free(s);
    l->standby = NULL;
}

sf_status sfi_standby_begin(sf_listener *l, sf_error *err)
{
    sfi_standby *s = l->standby;
    if (s == NULL) return SF_OK;
    atomic_store(&s->is_in_poll, true);
    return s->has_thread ? SF_OK : start_thread(s, err);
}

void sfi_standby_end(sf_listener *l)
{
    sfi_standby *s = l->standby;
    if (s == NULL) return;
    atomic_store(&s->polled_ms, sfi_boot_ms());
    atomic_store(&s->is_in_poll, false);
}

/* ---- roles, on the listener's thread ---- */

static void tell_state(const sf_listener *l, sf_listener_state state, const sf_error *why)
{
    if (l->options.on_state != NULL) l->options.on_state(l->options.state_user, state, why);
}

static sfi_role role_of(sfi_standby *s)
{
    (void)pthread_mutex_lock(&s->lock);
    sfi_role role = s->role;
    (void)pthread_mutex_unlock(&s->lock);
    return role;
}

/* No lease is held from here on; the thread attempts again in pause ms. */
static void become_standby(sf_listener *l, int64_t pause_ms)
{
    sfi_standby *s = l->standby;
    (void)pthread_mutex_lock(&s->lock);
    s->role = ROLE_STANDBY;
    s->beat_ms = sfi_now_ms() + pause_ms;
    s->has_news = false;
    atomic_store(&s->lease_ms, 0);
    (void)pthread_mutex_unlock(&s->lock);
    l->stats.epoch = 0;
}

/* Nothing of the term is handed out or kept any more; the org is told, without waiting. */
static void tear_down(sf_listener *l)
{
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++) l->lanes[i].page.is_open = false;
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) l->attachments[i].is_dirty = false;
    l->attempts = 0;
    sfi_heal_reset(l);
    l->unsaved = 0;
    l->kept = l->stats.handled;
    l->standby->is_up = false;
    sfi_bayeux_rest(l->bayeux, sfi_now_ms());
}

static void relinquish(sfi_standby *s)
{
    sf_error err = { 0 };
    (void)pthread_mutex_lock(&s->lock);
    bool had_term = has_term(s);
    int64_t epoch = s->epoch;
    s->role = ROLE_DEPOSED; /* so that the thread leaves it alone */
    atomic_store(&s->lease_ms, 0);
    (void)pthread_mutex_unlock(&s->lock);
    if (!had_term) return;
    sf_status rc = sfi_coordinator_relinquish(s->coordinator, s->group, s->node, epoch, &err);
    if (rc < 0)
        sfi_logf(s->log, SFI_LOG_WARN, "events: the lease of group %s is left to run out: %s", s->group, err.message);
}

static void fall_back(sf_listener *l)
{
    sfi_standby *s = l->standby;
    (void)pthread_mutex_lock(&s->lock);
    sf_error why = s->why;
    (void)pthread_mutex_unlock(&s->lock);
    tear_down(l);
    become_standby(l, s->heartbeat_ms);
    tell_state(l, SF_LISTENER_STANDBY, &why);
}

/* A leader that gets no session lets others try, who may have a better way to the org. */
static void step_down(sf_listener *l)
{
    sfi_standby *s = l->standby;
    sf_error why = s->down_why;
    if (why.status == SF_OK)
        (void)sfi_fail(&why, SF_ERR_TIMEOUT, "no session with the org in %lld ms", (long long)s->liveness_ms);
    sfi_logf(s->log, SFI_LOG_WARN, "events: %s steps down from leading group %s, having no session: %s", s->node,
             s->group, why.message);
    tear_down(l);
    relinquish(s);
    become_standby(l, 2 * s->heartbeat_ms); /* the others attempt first */
    tell_state(l, SF_LISTENER_STANDBY, &why);
}

static void note_saved(sfi_standby *s)
{
    if (s->is_save_out) sfi_logf(s->log, SFI_LOG_INFO, "events: group %s: positions are kept again", s->group);
    s->is_save_out = false;
    s->save_ms = 0;
}

static void note_unsaved(sfi_standby *s, const sf_error *why)
{
    if (!s->is_save_out)
        sfi_logf(s->log, SFI_LOG_WARN, "events: group %s: positions cannot be read or kept: %s", s->group,
                 why->message);
    s->is_save_out = true;
    s->save_ms = sfi_now_ms() + s->heartbeat_ms;
}

/* *is_damaged: what is kept there is none; nobody can begin with that. */
static sf_status read_position(sf_listener *l, sfi_attachment *a, bool *is_damaged, sf_error *err)
{
    const sfi_standby *s = l->standby;
    char text[SF_POSITION_BYTES_MAX + 1];
    sf_status rc = sfi_coordinator_get(s->coordinator, s->group, a->channel, text, is_damaged, err);
    if (rc == SF_DONE) return SF_OK;
    if (rc != SF_OK) return rc;
    *is_damaged = !sfi_place_read(a, text);
    if (!*is_damaged) return SF_OK;
    return sfi_coordinator_fail_position(s->coordinator, s->group, a->channel, text, err);
}

sf_status sfi_standby_position(sf_listener *l, sfi_attachment *a, sf_error *err)
{
    bool is_damaged = false;
    if (!sfi_standby_is_leading(l)) return SF_OK;
    a->term = l->stats.epoch;
    return read_position(l, a, &is_damaged, err);
}

/* Where each channel goes on: from the group's position; in a term that was ours before, and nobody's since, from our own,
 * which may be further on than could be kept. */
static sf_status find_positions(sf_listener *l, int64_t epoch, bool *is_damaged, sf_error *err)
{
    for (size_t i = 0; i < SF_CHANNELS_MAX; i++) {
        sfi_attachment *a = &l->attachments[i];
        if (!a->is_used) continue;
        if (a->term == epoch) {
            if (a->position >= 0) sfi_listener_moved(l, a, a->position);
            continue;
        }
        sf_status rc = read_position(l, a, is_damaged, err);
        if (rc != SF_OK) return rc;
        a->term = epoch;
    }
    return SF_OK;
}

static sf_status lead(sf_listener *l, sf_error *err)
{
    sfi_standby *s = l->standby;
    bool is_damaged = false;
    (void)pthread_mutex_lock(&s->lock);
    int64_t epoch = s->epoch;
    (void)pthread_mutex_unlock(&s->lock);
    sf_status rc = find_positions(l, epoch, &is_damaged, err);
    if (is_damaged) return rc;
    if (rc != SF_OK) { /* to begin elsewhere could pass over events: somebody else may be able to read them */
        note_unsaved(s, err);
        relinquish(s);
        become_standby(l, s->heartbeat_ms);
        tell_state(l, SF_LISTENER_STANDBY, err);
        return SF_OK;
    }
    note_saved(s);
    (void)pthread_mutex_lock(&s->lock);
    bool is_still_ours = s->role == ROLE_ELECTED && s->epoch == epoch;
    if (is_still_ours) s->role = ROLE_LEADING;
    (void)pthread_mutex_unlock(&s->lock);
    if (!is_still_ours) return SF_OK; /* the next step falls back */
    l->stats.epoch = epoch;
    s->is_up = false;
    s->down_ms = sfi_now_ms();
    s->down_why = (sf_error){ 0 };
    sfi_logf(s->log, SFI_LOG_INFO, "events: %s leads group %s, term %lld", s->node, s->group, (long long)epoch);
    for (sfi_bayeux_lane i = 0; i < SFI_LANES; i++)
        l->lanes[i].page.is_open = false; /* a goodbye's: of the term before */
    sfi_bayeux_wake(l->bayeux, sfi_now_ms());
    tell_state(l, SF_LISTENER_DOWN, NULL);
    return SF_OK;
}

static void tell_news(sf_listener *l)
{
    sfi_standby *s = l->standby;
    (void)pthread_mutex_lock(&s->lock);
    bool has_news = s->has_news;
    sf_error why = s->why;
    s->has_news = false;
    (void)pthread_mutex_unlock(&s->lock);
    if (has_news) tell_state(l, SF_LISTENER_STANDBY, &why);
}

sf_status sfi_standby_step(sf_listener *l, sf_error *err)
{
    sfi_standby *s = l->standby;
    if (s == NULL) return SF_OK;
    if (!s->is_announced) tell_state(l, SF_LISTENER_STANDBY, NULL);
    s->is_announced = true;
    switch (role_of(s)) {
    case ROLE_STANDBY: tell_news(l); break;
    case ROLE_ELECTED: return lead(l, err);
    case ROLE_DEPOSED: fall_back(l); break;
    case ROLE_LEADING:
        if (!s->is_up && sfi_now_ms() - s->down_ms >= s->liveness_ms) step_down(l);
        break;
    }
    return SF_OK;
}

void sfi_standby_resign(sf_listener *l)
{
    if (l->standby == NULL) return;
    end_thread(l->standby);
    relinquish(l->standby);
    l->stats.epoch = 0;
}

void sfi_standby_note_session(sf_listener *l, bool is_up, const sf_error *why)
{
    sfi_standby *s = l->standby;
    if (s == NULL) return;
    if (s->is_up && !is_up) s->down_ms = sfi_now_ms();
    s->is_up = is_up;
    if (why != NULL) s->down_why = *why;
}

bool sfi_standby_may_hand_out(const sf_listener *l)
{
    return l->standby == NULL || sfi_boot_ms() < atomic_load(&l->standby->lease_ms);
}

bool sfi_standby_cannot_save(const sf_listener *l)
{
    return l->standby != NULL && l->standby->is_save_out;
}

bool sfi_standby_is_leading(const sf_listener *l)
{
    return l->standby == NULL || role_of(l->standby) == ROLE_LEADING;
}

int64_t sfi_standby_due_ms(const sf_listener *l)
{
    return l->standby != NULL ? sfi_now_ms() + l->standby->heartbeat_ms : INT64_MAX;
}

sf_status sfi_standby_save(sf_listener *l, sfi_attachment *a, const char *position, bool is_last, sf_error *err)
{
    sfi_standby *s = l->standby;
    sf_error why = { 0 };
    (void)pthread_mutex_lock(&s->lock);
    bool is_leading = s->role == ROLE_LEADING;
    int64_t epoch = s->epoch;
    (void)pthread_mutex_unlock(&s->lock);
    if (!is_leading) {
        a->is_dirty = false;
        return SF_OK;
    }
    if (!is_last && sfi_now_ms() < s->save_ms) return SF_OK;
    sf_status rc = sfi_coordinator_save(s->coordinator, s->group, epoch, a->channel, position, &why);
    if (rc == SF_OK) {
        a->is_dirty = false;
        note_saved(s);
    } else if (rc == SF_DONE) {
        a->is_dirty = false;
        (void)sfi_fail(&why, SF_ERR_UNAVAILABLE, "another node has taken over, and a position of this one was refused");
        (void)pthread_mutex_lock(&s->lock);
        if (has_term(s) && s->epoch == epoch) depose(s, &why);
        (void)pthread_mutex_unlock(&s->lock);
    } else {
        note_unsaved(s, &why);
        if (is_last && err != NULL) *err = why;
        if (is_last) return rc;
    }
    return SF_OK;
}
