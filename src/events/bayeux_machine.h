/*
 * bayeux_machine.h: the insides of a Bayeux machine, shared by bayeux.c (what comes in) and bayeux_message.c (what goes
 * out, and the channels). Nobody else includes it.
 * Threads: as the machine: one at a time.
 */
#ifndef SFI_BAYEUX_MACHINE_H
#define SFI_BAYEUX_MACHINE_H
#include "events/bayeux_internal.h"

enum {
    BAYEUX_CLIENT_ID_BYTES = 256,
    BAYEUX_REQUEST_MAX = 32 * 1024, /* the org takes no more */
    BAYEUX_BATCH_BYTES = 24 * 1024, /* where no further message joins a request */
    BAYEUX_COMMAND_TIMEOUT_MS = 30000,
    BAYEUX_QUICK_MS =
        1000, /* an answer to connect without an event that comes sooner, and sooner than advised, is quick */
    BAYEUX_QUICK_MAX = 4 /* of these in a row are followed at once */
};

typedef enum bayeux_state {
    BAYEUX_DOWN,    /* a handshake is due at due_ms */
    BAYEUX_SHAKING, /* it is under way */
    BAYEUX_OPEN,    /* a session: a connect is due at due_ms when its lane is free */
    BAYEUX_LOGIN,   /* a new token is wanted */
    BAYEUX_RESTING, /* no session is wanted; the one before may still have to be told goodbye */
    BAYEUX_CLOSING, /* a disconnect is due or under way */
    BAYEUX_CLOSED,
    BAYEUX_FAILED
} bayeux_state;

typedef enum bayeux_channel_state {
    CHANNEL_FREE,
    CHANNEL_WANTED, /* to be subscribed */
    CHANNEL_ASKED,  /* subscribe is under way */
    CHANNEL_ON,
    CHANNEL_LEAVING /* removed: to be unsubscribed, or that is under way */
} bayeux_channel_state;

typedef struct bayeux_channel {
    bayeux_channel_state state;
    char name[SF_CHANNEL_BYTES_MAX + 1];
    int64_t message_id; /* of what is under way */
    bool is_sent;       /* a message of it is on the command lane */
    bool is_leave_sent;
    int denials, losses, put_offs; /* in a row */
} bayeux_channel;

typedef struct bayeux_lane_state {
    bool is_busy, is_stale;
} bayeux_lane_state;

struct sfi_bayeux {
    sfi_bayeux_settings settings;
    sfi_bayeux_owner owner;
    bayeux_state state;
    bayeux_lane_state lanes[SFI_LANES];
    char client_id[BAYEUX_CLIENT_ID_BYTES];
    bool has_replay, is_up, owes_goodbye, is_held;
    bool is_short;                   /* the session that a login was wanted in had hardly begun */
    bool is_hurried;                 /* the session before did not last, and this one began at once all the same */
    int64_t timeout_ms, interval_ms; /* the org's advice */
    int64_t due_ms;                  /* of the next handshake or connect */
    int64_t command_ms;              /* of the next subscribe */
    int64_t next_id;
    int64_t session_ms; /* when the session began */
    int64_t connect_ms; /* when the last connect was sent */
    int64_t pause_ms;   /* before this session: what it has to outlast to count as a success */
    int connects;       /* that succeeded in this session, 0, 1, 2 … */
    int quick;          /* answers to connect in a row that came at once, and empty */
    int failures;       /* in a row */
    int logins;         /* in a row without a session that lasted */
    int64_t handshakes, failures_all;
    sf_error failure;
    bayeux_channel channels[SF_CHANNELS_MAX];
};

void sfi_bayeux_fail(sfi_bayeux *b, const sf_error *why);
void sfi_bayeux_restart(sfi_bayeux *b, int64_t now_ms, int64_t pause_ms, const sf_error *why); /* pause -1: backoff */
#endif
