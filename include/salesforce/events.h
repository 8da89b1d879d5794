/*
 * events.h: listening: change data capture, platform events, PushTopics and generic streaming channels, as they happen
 * or from where the last run ended. Events come at least once and in order per channel: the position (checkpoint) of a
 * channel moves when its handler has answered SF_OK, or when sf_event_ack says so, and every new session with the org
 * subscribes from there.
 * Wire: Streaming API (Bayeux over HTTP long polling, /cometd/XX.X), with replay.
 * Threads: a listener belongs to one thread at a time, but sf_listener_stop, which any may call. Its own thread only
 * sleeps until then, and with a coordinator another one attempts and renews: everything happens inside sf_listener_run
 * and sf_listener_poll, handlers too, on the thread that calls them, with no lock held; a handler may call anything but
 * sf_listener_run, _poll and _close of its own listener. While a handler is at work the next poll of the org is under
 * way already, and no more than one answer waits, so a slow handler makes no memory grow; one that takes longer than
 * the org waits (about 40 s) costs a new session, and no event.
 */
#ifndef SALESFORCE_EVENTS_H
#define SALESFORCE_EVENTS_H
#include <salesforce/client.h>
#include <salesforce/coordination.h>

#define SF_CHANNELS_MAX 100                   /* attached to one listener at a time */
#define SF_CHANNEL_BYTES_MAX 255              /* of a channel's name */
#define SF_EVENTS_PAGE_MAX ((size_t)64 << 20) /* bytes of one answer with events, the most that page_max may be */

typedef struct sf_listener sf_listener;

/* ---- where listening goes on: checkpoints ---- */

typedef struct sf_checkpoints sf_checkpoints;

/** A store of your own. Calls come from the listener's thread. A position is a text that only
 *  the listener understands: a replay id, or since when it listens. */
typedef struct sf_checkpoints_ops {
    /** Hand the position of a channel to found (once; borrowed for that call); SF_DONE when there is none. */
    sf_status (*get)(void *user, const char *channel, void (*found)(void *ctx, const char *position), void *ctx,
                     sf_error *err);
    /** Keep it, before answering. */
    sf_status (*set)(void *user, const char *channel, const char *position, sf_error *err);
    void (*close)(void *user); /* NULL: nothing to do */
    /** Write into text (size bytes, with the NUL) what somebody has to remove so that a channel's position is gone, such
     *  as "row 7 of table positions": it stands in the error about a position that cannot be used. NULL: not known. */
    void (*where)(void *user, const char *channel, char *text, size_t size);
    uint64_t reserved[3]; /* zero */
} sf_checkpoints_ops;

/** In this process' memory. @param out owned by the caller, ends with sf_checkpoints_close. */
SF_API sf_status sf_checkpoints_memory(sf_checkpoints **out, sf_error *err);
/** In a JSON file of mode 0600, {"channel":"position"}, replaced by rename. One process at a time: PATH.lock is held
 *  until the close. @param path copied; made when missing, its folder is not. @param out as above.
 *  @return SF_OK, SF_ERR_IO (not readable, damaged or empty, or in use), SF_ERR_USAGE, SF_ERR_MEMORY. */
SF_API sf_status sf_checkpoints_file(const char *path, sf_checkpoints **out, sf_error *err);
/** Your own. @param ops copied; get and set are needed. @param user borrowed until the close. @param out as above. */
SF_API sf_status sf_checkpoints_custom(const sf_checkpoints_ops *ops, void *user, sf_checkpoints **out, sf_error *err);
/** End a store; a file stays. NULL is fine. No listener may use it any more. */
SF_EXTERN void sf_checkpoints_close(sf_checkpoints *store);

/* ---- events ---- */

/** What all events have. Borrowed, as all that it points to, until the handler returns. */
typedef struct sf_event {
    const char *channel; /* as it was attached: "/event/Low_Ink__e" */
    int64_t replay_id;   /* -1: the org sent none */
    sf_value payload;    /* the fields, with their types; of a PushTopic the record, of /u/ channels a text */
    sf_value header;     /* the org's "event" member */
    sf_value message;    /* all of it: sf_value_to_json makes the JSON text */
    const char *uuid;    /* EventUuid; NULL: none (before API 52.0, and for changes) */
    const char *name;    /* EventApiName; NULL: none */
    const char *schema;  /* id of the payload's schema; NULL: none */
    const char *type;    /* of a PushTopic: created, updated, deleted, undeleted; NULL else */
    int64_t created_ms;  /* when it was made, since 1970; -1: not said */
    uint64_t reserved[8];
} sf_event;

typedef enum sf_change_type {
    SF_CHANGE_UNKNOWN = 0, /* a kind that this library does not know */
    SF_CHANGE_CREATE = 1,
    SF_CHANGE_UPDATE = 2,
    SF_CHANGE_DELETE = 3,
    SF_CHANGE_UNDELETE = 4,
    SF_CHANGE_GAP_CREATE = 5,
    SF_CHANGE_GAP_UPDATE = 6,
    SF_CHANGE_GAP_DELETE = 7,
    SF_CHANGE_GAP_UNDELETE = 8,
    SF_CHANGE_GAP_OVERFLOW = 9
} sf_change_type;

/** A change of one record, or the same change of several. Borrowed until the handler returns. Lists of names have
 *  field_count entries; compound fields stand as "BillingAddress.City". */
typedef struct sf_cdc_event {
    sf_event event;
    const char *entity; /* "Account" */
    sf_change_type type;
    const char *const *record_ids; /* all of them; "001*" stands for every record of the prefix */
    size_t record_id_count;
    const char *const *changed_fields; /* SF_CHANGE_UPDATE; one that is not in the payload is null now */
    size_t changed_count;
    const char *const *nulled_fields; /* where the org says so */
    size_t nulled_count;
    const char *const *diff_fields; /* the same: those whose value is a difference in unified form */
    size_t diff_count;
    int64_t commit_ms; /* since 1970; -1: not said, as for the next two */
    int64_t commit_number;
    int64_t sequence;            /* from 1, within the transaction */
    const char *commit_user;     /* id; "": not said, as for the next two */
    const char *transaction_key; /* the same for all changes of a transaction */
    const char *origin;          /* "com/salesforce/api/rest/64.0;client=loader" */
    bool is_healed;              /* made from records that were read again, see heal_gaps */
    uint64_t reserved[7];
} sf_cdc_event;

typedef enum sf_event_trouble {
    SF_TROUBLE_REFUSED = 1,   /* the org refuses the channel, now or from now on: it is detached */
    SF_TROUBLE_LOST = 2,      /* the position is no longer kept, or was never valid: events may be lost */
    SF_TROUBLE_GAP = 3,       /* a gap or overflow event came, and the service has no handler for it */
    SF_TROUBLE_UNREADABLE = 4 /* an event is not what it should be: an unknown change type, a header without records */
} sf_event_trouble;

/** Called for a channel in trouble. @param event the event that it is about; NULL: none. @return SF_OK: go on (after a
 *  lost position as the options say); an error stops the listener, and sf_listener_run gives *why. Without an on_error
 *  every trouble stops it. */
typedef sf_status (*sf_event_error_fn)(void *user, const char *channel, sf_event_trouble trouble, const sf_event *event,
                                       const sf_error *why);
/** A handler. @return SF_OK: handled, the position moves on. An error: it is called again with the same event after a
 *  pause, handler_retries times; then on_dead_letter takes the event, or the listener stops with what the handler
 *  answered. */
typedef sf_status (*sf_cdc_fn)(void *user, const sf_cdc_event *event);
typedef sf_status (*sf_event_fn)(void *user, const sf_event *event);

/** Handlers of changes; copied. NULL: such changes are passed over, but for gaps and overflows, which are trouble. */
typedef struct sf_cdc_service {
    void *user; /* handed to all; borrowed until the detach */
    sf_cdc_fn on_create;
    sf_cdc_fn on_update;
    sf_cdc_fn on_delete;
    sf_cdc_fn on_restore; /* undeleted */
    sf_cdc_fn on_gap;     /* the change is not in the event: read the records again (of SF_CHANGE_GAP_DELETE: delete) */
    sf_cdc_fn on_overflow; /* too many changes in one transaction: synchronise the whole entity anew */
    sf_event_error_fn on_error;
    bool heal_gaps;       /* read the records of a gap again, and hand them to on_create, on_update and on_restore; see
                             below */
    uint64_t reserved[3]; /* zero */
} sf_cdc_service;
/* heal_gaps: on_gap is called only for what cannot be read: "001*". All else of a gap event becomes events as if the org
 * had sent them whole, one a record, is_healed, all with the gap's replay id and commit: type is SF_CHANGE_CREATE, _UPDATE
 * or _UNDELETE, the payload has every field that the user may read and that changes would tell, in the form that they have
 * there (parts of compound fields in an object of their own, times as ...Z): of an update all of them, null where empty,
 * and changed_fields names them all; of the other two those that are not empty. Values are those of now, so that later
 * changes which they hold already come once more. A gap of deletions, and a record that is gone, come to on_delete. Records
 * are read with one request for at most 200; a failure of that counts as one of the handler: it is tried again, and no
 * event is lost. sf_listener_stop ends it. */

/** The handler of any other event (or of changes as they are, if you like); copied. */
typedef struct sf_event_service {
    void *user;
    sf_event_fn on_message; /* needed */
    sf_event_error_fn on_error;
    uint64_t reserved[4]; /* zero */
} sf_event_service;

/* ---- listening ---- */

typedef enum sf_replay {
    SF_REPLAY_LATEST =
        0, /* what happens from now on. Until a first event is handled (manual_ack: acknowledged) that time
                               is kept for a position: who goes on begins there, as SF_REPLAY_TIME does */
    SF_REPLAY_EARLIEST = 1, /* all that the org has kept (24 or 72 hours) */
    SF_REPLAY_ID = 2,       /* what came after replay_id */
    SF_REPLAY_STORED = 3,   /* after the position in the checkpoint store; none is there: as otherwise says */
    SF_REPLAY_TIME = 4      /* what was made (of changes: committed) at replay_time_ms or later: of all that the org has
                               kept, older events are passed over, and the position moves with them. The org says when to
                               the second only: events of the same second come */
} sf_replay;

typedef enum sf_lost {                   /* what follows when the org does not know the position any more */
                       SF_LOST_STOP = 0, /* the listener stops, after on_error */
                       SF_LOST_EARLIEST = 1,
                       SF_LOST_LATEST = 2
} sf_lost;

typedef struct sf_attach_options {
    sf_replay replay;
    int64_t replay_id;   /* for SF_REPLAY_ID; 0 and above */
    sf_replay otherwise; /* for SF_REPLAY_STORED: any other */
    sf_lost lost;
    bool manual_ack;        /* the position moves by sf_event_ack only */
    int64_t replay_time_ms; /* for SF_REPLAY_TIME; since 1970, 0 and above */
    uint64_t reserved[7];   /* zero */
} sf_attach_options;

typedef enum sf_listener_state {
    SF_LISTENER_DOWN = 0, /* no session: connecting, or waiting to connect again */
    SF_LISTENER_UP = 1,   /* a session stands */
    SF_LISTENER_STOPPED = 2,
    SF_LISTENER_STANDBY =
        3 /* another node of the group leads, or the coordinator does not answer: connected to nothing */
} sf_listener_state;

typedef struct sf_listener_options { /* times in milliseconds, 1..86400000 */
    sf_checkpoints *checkpoints;     /* borrowed until close; NULL: a memory store of the listener's own */
    int32_t handler_retries;         /* default 5; up to 1000; SF_NONE: none */
    int64_t handler_pause_ms;        /* before the first, doubled each time; default 500 */
    int64_t handler_pause_max_ms;    /* default 30 s */
    int64_t reconnect_pause_ms;      /* before the second attempt to connect in a row, doubled; default 1 s */
    int64_t reconnect_pause_max_ms;  /* default 30 s */
    int32_t reconnect_max;           /* failed attempts in a row (a session that ends at once is one), then the
                                      listener gives up; 0: it never does */
    int64_t slack_ms;                /* an answer may be later by this than the org said; then the connection is taken
                                      for dead; default 10 s */
    int32_t checkpoint_events; /* positions are stored after so many events; 1: after each; default 2000, or those of
                                      20 ms where they are more */
    size_t page_max;           /* bytes of one answer; default 16 MiB */
    void (*on_state)(void *user, sf_listener_state state,
                     const sf_error *why); /* why: NULL, or what ended the session, or the leading */
    void *state_user;
    const sf_call_options *call; /* borrowed until close; its cancel stops the listener as sf_listener_stop does;
                                      headers go with each request; timeout_ms does not count */
    int64_t checkpoint_ms; /* and when one has waited for so long, with no event at hand before the next poll if none
                                      was stored in that time; default 1 s */
    /* Called when a handler has failed for the last time. SF_OK: the event counts as handled, and listening goes on; an
     * error, or NULL: the listener stops, and the event is the first of the next run. It may do what handlers may. */
    sf_status (*on_dead_letter)(void *user, const sf_event *event, const sf_error *why);
    void *dead_letter_user;
    /* With a coordinator the listener is one of a group that takes turns, and does without checkpoints: positions are the
     * group's. It begins as a standby; when it is to lead it connects, and each channel goes on from the group's position
     * (where there is none, sf_attach_options say). A leader that is deposed hands out nothing more and is a standby
     * again; so is one that had no session for liveness_ms. */
    sf_coordinator *coordinator; /* borrowed until close; NULL: the listener is alone */
    const char *group;           /* needed with it; copied; the same for all nodes: one org, one purpose */
    const char *node;            /* copied; no two that run may have the same. NULL: host, pid and a random part */
    int64_t liveness_ms;         /* a leader that does not renew for so long is deposed; default 30 s */
    int64_t heartbeat_ms;        /* how often a leader renews, on a thread of its own, and a standby attempts; less than
                             liveness_ms; default 5 s, at most a third of liveness_ms */
    uint64_t reserved[8];        /* zero */
} sf_listener_options;

/** Make a listener; nothing is sent yet. @param sf borrowed until the close; one of its connections waits for events all
 *  the time, so it needs connections_max of 2 and more, and of one more for each further listener. @param options NULL:
 *  defaults. @param out owned by the caller, ends with sf_listener_close; NULL on failure.
 *  @return SF_OK, SF_ERR_USAGE, SF_ERR_MEMORY (or no descriptor). */
SF_API sf_status sf_listener_open(sf_client *sf, const sf_listener_options *options, sf_listener **out, sf_error *err);

/** Listen to changes on a channel. Before or while it runs, in a handler too. @param channel "/data/ChangeEvents",
 *  "/data/AccountChangeEvent", "/data/Sales__chn"; without a slash in front, /data/ is added. Case counts.
 *  @param service copied. @param options NULL: defaults; copied. @return SF_OK, SF_ERR_USAGE (no channel's name, or it
 *  is attached already), SF_ERR_LIMIT (SF_CHANNELS_MAX), and what the store of positions gives. That the org refuses the
 *  channel is told to on_error. */
SF_API sf_status sf_listener_attach_cdc(sf_listener *l, const char *channel, const sf_cdc_service *service,
                                        const sf_attach_options *options, sf_error *err);
/** The same for other events: "/event/Low_Ink__e", "/topic/OpenCases", "/u/notes"; without a slash, /event/ is added. */
SF_API sf_status sf_listener_attach_events(sf_listener *l, const char *channel, const sf_event_service *service,
                                           const sf_attach_options *options, sf_error *err);
/** Listen to a channel no more: no handler of it is called from here on. Its position is stored.
 *  @return SF_OK, SF_ERR_NOT_FOUND (not attached), and what the checkpoint store gives (it is detached all the same). */
SF_API sf_status sf_listener_detach(sf_listener *l, const char *channel, sf_error *err);

/** Listen until it is stopped or cannot go on. Lost connections and ended sessions are mended.
 *  @return SF_OK (sf_listener_stop), SF_ERR_CANCELLED, or why it ended: SF_ERR_AUTH (no login), the trouble that nobody
 *  took, what a handler answered at last, SF_ERR_IO (a checkpoint could not be stored), SF_ERR_USAGE (no channel). The
 *  error is sticky. */
SF_API sf_status sf_listener_run(sf_listener *l, sf_error *err);
/** One step of it: wait for something to do and do it: at most one answer of the org and its events.
 *  A refused token is renewed in it, and positions are stored: with a timeout of 0 too it waits for the login server and
 *  the store then.
 *  @param timeout_ms 0 looks only, -1 waits as long as it takes. @return SF_OK (call again, something may be left to
 *  do), SF_DONE (stopped), or an error as sf_listener_run. */
SF_API sf_status sf_listener_poll(sf_listener *l, int64_t timeout_ms, sf_error *err);
/** A descriptor that is readable when sf_listener_poll has something to do, for poll and epoll. The listener's own:
 *  only wait on it. -1 when l is NULL. Call sf_listener_poll once before waiting. */
SF_EXTERN int sf_listener_fd(const sf_listener *l);
/** Stop: the handler that is at work ends, positions are stored, the org is told, then run and poll answer. Any thread;
 *  async-signal-safe. NULL is fine. */
SF_EXTERN void sf_listener_stop(sf_listener *l);
/** End it at once: positions of what was handled are stored, the org is not told. NULL is fine. Not in a handler. */
SF_EXTERN void sf_listener_close(sf_listener *l);

/** With manual_ack: everything of the channel up to this event is done; one before the last changes nothing. On the
 *  listener's thread, in or outside handlers. @param channel as attached. @return SF_OK, SF_DONE (refused: the listener
 *  is a standby by now, and the leader hands out the event again), SF_ERR_NOT_FOUND (not attached), what the store
 *  gives. */
SF_API sf_status sf_event_ack(sf_listener *l, const char *channel, int64_t replay_id, sf_error *err);

typedef struct sf_listener_stats { /* since the open */
    int64_t events;                /* that came for attached channels */
    int64_t handled;               /* whose handler answered SF_OK; those without a handler count */
    int64_t handshakes;            /* sessions begun */
    int64_t failures;              /* answers that did not come, or said no */
    int64_t lag_ms;       /* age of the newest event when it was handled, by the clocks of both sides; -1: unknown */
    int64_t passed_over;  /* of handled: older than SF_REPLAY_TIME asks for */
    int64_t healed;       /* records of gaps that were handed out */
    int64_t dead_letters; /* of handled: taken by on_dead_letter */
    int64_t epoch;        /* the term in which it leads its group, to tell terms apart elsewhere too; 0: it does not */
    uint64_t reserved[4];
} sf_listener_stats;
/** Copy the counters. The listener's thread. @param out all zero when l is NULL. */
SF_EXTERN void sf_listener_get_stats(const sf_listener *l, sf_listener_stats *out);
#endif
