/*
 * events.h: what the org tells its subscribers: changes of records and platform events, kept in a log in the order of the
 * transactions that made them. Every write notes what it did (changes.c); when its transaction ends well, the notes
 * become events in that same transaction (events.c), so that there is no change without its event and no event of what
 * was rolled back. Replay ids rise with gaps. The log keeps three days, and no more than SFO_EVENTS_KEPT events.
 * Called by the writing files of this room, and by api for subscribers. Threads: as store.h.
 */
#ifndef SFO_EVENTS_H
#define SFO_EVENTS_H
#include "store/store.h"

enum {
    SFO_EVENTS_KEPT = 100000,
    SFO_EVENTS_KEPT_OWN = 10000, /* of each event that the org raises itself, besides those */
    SFO_EVENTS_KEPT_HOURS = 72,
    SFO_EVENTS_KEPT_HOURS_TOPIC = 24 /* of PushTopics and generic channels */
};

typedef struct sfo_channel {
    char topic[128];    /* what its events are filed under; "": the changes of all objects */
    char personal[150]; /* and those for this user alone; "": none */
    uint64_t bits;      /* that stand for both when events are told */
} sfo_channel;
/* /data/ChangeEvents, /data/XChangeEvent, /event/X__e, /topic/NAME of an active PushTopic, /u/NAME of a StreamingChannel, without
 * a query. Names have their case. user: who subscribes. false: there is no such channel. */
bool sfo_channel_find(sfo_store *s, sf_str name, const char *user, sfo_channel *out);

/* The newest replay id there ever was. -1: fault. */
int64_t sfo_events_last(sfo_store *s, sfo_fault *f);
/* Is an event with this id in the log? */
bool sfo_event_is_kept(sfo_store *s, int64_t replay);
/* Hands out events of a channel behind a replay id, oldest first, until fn answers false. data: the JSON object with
 * "schema", "payload", "event"; only good during the call. fn must not use the store. end: when all were handed out, the id
 * behind which no event of any channel is yet; else 0. */
bool sfo_events_read(sfo_store *s, const sfo_channel *channel, int64_t after,
                     bool (*fn)(void *user, int64_t replay, sf_str data), void *user, int64_t *end, sfo_fault *f);
/* Limits for tests; a member of 0 stays as it is. What is too much or too old now goes at once. */
typedef struct sfo_event_limits { /* as a real org's unless a test sets them */
    int64_t kept, kept_hours;     /* of the log: events, and hours */
    int64_t event_bytes, changes; /* a larger event is a gap; more changes in a transaction are an overflow */
} sfo_event_limits;
bool sfo_events_set_limits(sfo_store *s, const sfo_event_limits *limits, sfo_fault *f);
/* A change event that has a header only: GAP_UPDATE of these records, GAP_OVERFLOW … */
bool sfo_events_tell_gap(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *type, const sf_id *ids,
                         size_t count, sfo_fault *f);
bool sfo_events_clear(sfo_store *s, int64_t *removed, sfo_fault *f); /* as if all were too old */
/* fn is told after each transaction that had events, perhaps with the store's lock held: it must not use the store. bits: those of
 * all channels that may have one more (a channel without a bit of them has none). */
void sfo_store_on_events(sfo_store *s, void (*fn)(void *user, uint64_t bits), void *user);

/* ---- what others make of changes: PushTopics ---- */
typedef enum sfo_happened { SFO_CREATED, SFO_UPDATED, SFO_DELETED, SFO_UNDELETED } sfo_happened;
typedef struct sfo_changed {
    const sfo_object *object;
    const char *id;
    sfo_happened what;
    const unsigned char *bits; /* of an update: a bit for each field that changed */
} sfo_changed;
bool sfo_changed_has(const sfo_changed *c, size_t field);
typedef struct sfo_watcher {
    /* Told of each record that a transaction changed, at its end but inside it, with the store's lock held; it may read
     * the store and tell events. version: rises when a PushTopic may have changed. false: the transaction fails. */
    bool (*changed)(void *user, const sfo_changed *what, int64_t version, sfo_fault *f);
    bool (*judge)(void *user, sf_str query, sfo_fault *f); /* is that a query for a PushTopic? */
    void *user;
} sfo_watcher;
/* watcher: borrowed until it is set to NULL. */
void sfo_store_watch(sfo_store *s, const sfo_watcher *watcher);
/* An event of a PushTopic or a generic channel: topic is the channel's name, with " " and an id behind it for one user's alone; the
 * JSON is head, the replay id, tail. Wants a transaction. */
bool sfo_event_tell(sfo_store *s, const char *topic, sf_str head, const char *tail, sfo_fault *f);

/* ---- filters of the members of the org's own channels: what their expressions mean is for others to say ---- */
typedef struct sfo_channel_judge {
    /* Told each expression once. fields: a bit a field of the object; those it asks of are marked, so that they are told with
     * each change. NULL: the fault says what is wrong with it. */
    const void *(*compile)(void *user, const sfo_object *o, sf_str text, unsigned char *fields, sfo_fault *f);
    /* Does an event pass? payload: its JSON. Called with the store's lock held. */
    bool (*passes)(void *user, const void *filter, sf_str payload, bool *no_memory);
    void *user;
} sfo_channel_judge;
/* judge: borrowed until it is set to NULL; then everything passes. false: an expression is wrong. */
bool sfo_channels_judge(sfo_store *s, const sfo_channel_judge *judge, sfo_fault *f);
/* Where a payload has the field: Phone, BillingAddress.City. */
void sfo_change_path(const sfo_field *field, char out[200]);

/* What a message of the object's events names as its schema: 22 characters that follow from its fields. */
const char *sfo_event_schema_id(const sfo_store *s, const sfo_object *o);
/* A platform event that the org itself raises, in a transaction of its own. payload: the JSON object of its fields. */
bool sfo_event_publish(sfo_store *s, const sfo_object *o, const char *uuid, sf_str payload, sfo_fault *f);
/* The EventUuid of a platform event, from the id that its publishing answered. */
void sfo_event_uuid(const char *id, char out[37]);
#endif
