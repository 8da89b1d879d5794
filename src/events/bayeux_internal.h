/*
 * bayeux_internal.h: the Bayeux protocol as the org speaks it, without I/O: what is due to be sent comes out, answers and
 * failures go in, and the time is an argument. Called by listener.c, by its unit test and its fuzz target.
 * The idea: one lane for handshake and connect, one for everything else. Every new session starts without subscriptions
 * and subscribes to all channels again, each from the position that the owner names at that moment. An answer to connect
 * that is lost may have held events, and the org will not send them again in that session; so any loss begins a new one.
 * Threads: a machine belongs to one thread at a time.
 */
#ifndef SFI_BAYEUX_INTERNAL_H
#define SFI_BAYEUX_INTERNAL_H
#include <salesforce/events.h>
#include "json/json_internal.h"

typedef enum sfi_bayeux_lane { SFI_LANE_CONNECT = 0, SFI_LANE_COMMAND = 1, SFI_LANES = 2 } sfi_bayeux_lane;

typedef enum sfi_bayeux_event {
    SFI_BAYEUX_UP,      /* a session stands */
    SFI_BAYEUX_DOWN,    /* it has ended, or an attempt failed; error: why */
    SFI_BAYEUX_REFUSED, /* the channel will not be served; its slot is free after the call */
    SFI_BAYEUX_LOST,    /* the channel's position is not known; subscribed again when position answers another */
    SFI_BAYEUX_PUT_OFF  /* the channel cannot be served now; subscribed again later */
} sfi_bayeux_event;

typedef struct sfi_bayeux_owner {
    void *user;
    int64_t (*position)(void *user, size_t channel); /* -1 new events, -2 all, or an id */
    void (*note)(void *user, sfi_bayeux_event event, size_t channel, const sf_error *why);
} sfi_bayeux_owner;

typedef struct sfi_bayeux_settings {
    int64_t pause_ms, pause_max_ms, slack_ms;
    int32_t failures_max; /* 0: no end */
} sfi_bayeux_settings;

typedef struct sfi_bayeux sfi_bayeux;

sf_status sfi_bayeux_new(const sfi_bayeux_settings *settings, const sfi_bayeux_owner *owner, sfi_bayeux **out,
                         sf_error *err);
void sfi_bayeux_free(sfi_bayeux *b);

/* Slot of a new channel, to be subscribed when there is a session. SF_ERR_LIMIT: all SF_CHANNELS_MAX are taken. */
sf_status sfi_bayeux_add(sfi_bayeux *b, const char *channel, size_t *slot, sf_error *err);
void sfi_bayeux_remove(sfi_bayeux *b, size_t slot); /* unsubscribes; the owner's slot is free at once */
bool sfi_bayeux_is_slot_free(const sfi_bayeux *b, size_t slot);
/* Without the query string of a PushTopic: events come under that name, and the replay map wants it. */
sf_str sfi_bayeux_bare(sf_str channel);

/* A subscribe is under way. Its answer may hold events, which are older than those that come to connects from then on. */
bool sfi_bayeux_is_subscribing(const sfi_bayeux *b);
/* Held: nothing is subscribed to yet, because positions are about to move. */
void sfi_bayeux_hold(sfi_bayeux *b, bool is_held);
void sfi_bayeux_disconnect(sfi_bayeux *b, int64_t now_ms);
/* No session is wanted until sfi_bayeux_wake, which begins a new one; one that stands ends, and the org is told. */
void sfi_bayeux_rest(sfi_bayeux *b, int64_t now_ms);
void sfi_bayeux_wake(sfi_bayeux *b, int64_t now_ms);
bool sfi_bayeux_is_leaving(const sfi_bayeux *b); /* the disconnect is due or under way */

/* What a lane has to send now: body is cleared and filled, *timeout_ms says how long its answer may take. The lane is
 * busy from here to sfi_bayeux_answer, _failed or _abandoned. */
bool sfi_bayeux_next(sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms, sfi_buf *body, int64_t *timeout_ms);
int64_t sfi_bayeux_due_ms(const sfi_bayeux *b); /* when a lane that is free has something to send; INT64_MAX: never */

/* status: HTTP's; messages: the answer, or a missing value when it is not JSON. Events in it are the owner's. */
void sfi_bayeux_answer(sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms, int status, sf_value messages);
void sfi_bayeux_failed(sfi_bayeux *b, sfi_bayeux_lane lane, int64_t now_ms, const sf_error *why);
/* The request of a lane belongs to a session that has ended: give it up. */
bool sfi_bayeux_is_stale(const sfi_bayeux *b, sfi_bayeux_lane lane);
void sfi_bayeux_abandoned(sfi_bayeux *b, sfi_bayeux_lane lane);

/* The token was refused: a new one is needed before anything is sent. */
bool sfi_bayeux_wants_login(const sfi_bayeux *b);
void sfi_bayeux_logged_in(sfi_bayeux *b, int64_t now_ms);
void sfi_bayeux_login_failed(sfi_bayeux *b, int64_t now_ms, const sf_error *why); /* lasting, unless it is retryable */

/* SF_OK: at work; SF_DONE: disconnected; an error: it cannot go on. */
sf_status sfi_bayeux_status(const sfi_bayeux *b, sf_error *err);
int64_t sfi_bayeux_handshakes(const sfi_bayeux *b);
int64_t sfi_bayeux_failure_count(const sfi_bayeux *b);

/* "403:denied_by_security_policy:create_denied" and its kin. code 0: none. */
typedef struct sfi_bayeux_error {
    int code;
    sf_str text; /* all of it */
} sfi_bayeux_error;
sfi_bayeux_error sfi_bayeux_error_of(sf_value message);
#endif
