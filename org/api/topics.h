/*
 * topics.h: PushTopics at work: their queries judged when they are saved, their events told when records change, and the
 * filters of those who subscribe (/topic/NAME?Field=value&Other>5).
 * Called by the store (as its watcher), org.c, cometd.c and streams.c. Threads: the watcher under the store's lock, filters any.
 */
#ifndef SFO_TOPICS_H
#define SFO_TOPICS_H
#include "soql/soql.h"
#include "store/events.h"

typedef struct sfo_topics sfo_topics;
sfo_topics *sfo_topics_new(sfo_store *store); /* NULL: no memory */
void sfo_topics_free(sfo_topics *t);

/* filter: what follows '?', percent-encoded or not; "": none. Does it have the form of one? */
bool sfo_topic_filter_is_valid(sf_str filter);
/* One for many events, of a valid filter, which is borrowed until its end. NULL: no memory. */
typedef struct sfo_topic_filter sfo_topic_filter;
sfo_topic_filter *sfo_topic_filter_new(sf_str filter);
void sfo_topic_filter_free(sfo_topic_filter *f); /* NULL is fine */
/* Does an event, {"event":…,"sobject":{…}}, pass? Fields that it lacks do not. no_memory: set where that is why it does not. */
bool sfo_topic_filter_passes(sfo_topic_filter *f, sf_str event, bool *no_memory);
#endif
