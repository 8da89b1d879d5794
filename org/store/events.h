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

enum { SFO_EVENTS_KEPT = 100000, SFO_EVENTS_KEPT_HOURS = 72 };

typedef struct sfo_channel {
    char topic[128]; /* what its events are filed under; "": the changes of all objects */
} sfo_channel;
/* /data/ChangeEvents, /data/XChangeEvent, /event/X__e. Names have their case. false: there is no such channel. */
bool sfo_channel_find(const sfo_schema *schema, sf_str name, sfo_channel *out);

/* The newest replay id there ever was. -1: fault. */
int64_t sfo_events_last(sfo_store *s, sfo_fault *f);
/* Is an event with this id in the log? */
bool sfo_event_is_kept(sfo_store *s, int64_t replay);
/* Hands out events of a channel behind a replay id, oldest first, until fn answers false. data: the JSON object with
 * "schema", "payload", "event"; only good during the call. fn must not use the store. */
bool sfo_events_read(sfo_store *s, const sfo_channel *channel, int64_t after,
                     bool (*fn)(void *user, int64_t replay, sf_str data), void *user, sfo_fault *f);
bool sfo_events_clear(sfo_store *s, int64_t *removed, sfo_fault *f); /* as if all were too old */
/* fn is told after each transaction that had events, perhaps with the store's lock held: it must not use the store. */
void sfo_store_on_events(sfo_store *s, void (*fn)(void *user), void *user);

/* The EventUuid of a platform event, from the id that its publishing answered. */
void sfo_event_uuid(const char *id, char out[37]);
#endif
