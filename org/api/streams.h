/*
 * streams.h: the sessions of streaming clients: who is there, what each has subscribed to and how far it has read. Events
 * are not queued: they are read from the log when a client asks, so a slow client costs nothing. A connect that has
 * nothing to tell waits in a park of the server.
 * Called by cometd.c, org.c and control.c. Threads: any; a lock guards all. Nothing here uses the store with the lock
 * held, since the store tells of new events with its own lock held.
 */
#ifndef SFO_STREAMS_H
#define SFO_STREAMS_H
#include "http/server.h"
#include "store/events.h"

enum {
    SFO_STREAM_CLIENTS_MAX = 1000, /* at once in an org */
    SFO_STREAM_CHANNELS_MAX = 200, /* that one client subscribes to */
    SFO_STREAM_NAME_MAX = 255,     /* bytes of a channel with its filter */
    SFO_STREAM_SESSION_MS = 40000, /* a client that asks nothing for so long is forgotten */
    SFO_STREAM_TIMEOUT_MS = 110000 /* a connect waits so long */
};

typedef struct sfo_streams sfo_streams;
sfo_streams *sfo_streams_new(sfo_store *store); /* NULL: no memory */
void sfo_streams_free(sfo_streams *s);
int64_t sfo_streams_timeout(sfo_streams *s);
typedef struct sfo_stream_limits {
    int64_t timeout_ms, session_ms, clients;
} sfo_stream_limits;
void sfo_streams_set_limits(sfo_streams *s, const sfo_stream_limits *limits); /* -1: as it is */
size_t sfo_streams_drop(sfo_streams *s); /* forgets all clients; @return how many */
void sfo_streams_wake(sfo_streams *s);   /* all connects that wait are asked again */
size_t sfo_streams_count(sfo_streams *s);
size_t sfo_streams_waiting(sfo_streams *s); /* connects */

typedef struct sfo_stream_id {
    char text[32];
    char browser[40], route[64]; /* values of the cookies BAYEUX_BROWSER and sfdc-stream */
} sfo_stream_id;
typedef enum sfo_stream_room { SFO_STREAM_ROOM, SFO_STREAM_FULL, SFO_STREAM_NO_MEMORY } sfo_stream_room;
/* A new client of this user. out: its cookies, where they are not empty, are those that it brought; it keeps them. */
sfo_stream_room sfo_streams_open(sfo_streams *s, const char *user, sfo_stream_id *out);
bool sfo_streams_close(sfo_streams *s, sf_str id);                    /* it says goodbye; false: unknown */
void sfo_streams_forget(sfo_streams *s, sf_str id);                   /* as if it had been silent for too long */
bool sfo_streams_find(sfo_streams *s, sf_str id, sfo_stream_id *out); /* false: unknown */
typedef enum sfo_stream_state { SFO_STREAM_UNKNOWN, SFO_STREAM_OTHER_USER, SFO_STREAM_OK } sfo_stream_state;
/* A message of the client came. is_first: it has not connected before (asked for connects only; else NULL). */
sfo_stream_state sfo_streams_touch(sfo_streams *s, sf_str id, const char *user, bool *is_first);
/* From now on events of the channel behind `after`; again: from there. Full also when the client is unknown. name: of
 * SFO_STREAM_NAME_MAX bytes at most, its filter is valid. */
sfo_stream_room sfo_streams_subscribe(sfo_streams *s, sf_str id, sf_str name, const sfo_channel *channel,
                                      int64_t after);
bool sfo_streams_unsubscribe(sfo_streams *s, sf_str id, sf_str name);                 /* false: it was not subscribed */
bool sfo_streams_is_listening(sfo_streams *s, const char *user, const char *channel); /* any client of the user */
/* What is new for the client, each message with a comma behind it; it counts as read. @return how many. */
size_t sfo_streams_read(sfo_streams *s, sf_str id, sfi_buf *out);
void sfo_streams_let_go(sfo_streams *s, sf_str id); /* of the connect that waits: the client has sent another */
/* The client's connect waits there from now on; one that waited is let go. @return its number; 0: unknown client. */
int64_t sfo_streams_hold(sfo_streams *s, sf_str id, sfo_park *park);
typedef enum sfo_stream_hold {
    SFO_HOLD_WAITS,
    SFO_HOLD_REPLACED, /* the client connected anew */
    SFO_HOLD_CLOSED,   /* it said goodbye */
    SFO_HOLD_FORGOTTEN
} sfo_stream_hold;
/* What has become of that connect? end: it waits no more. */
sfo_stream_hold sfo_streams_holds(sfo_streams *s, sf_str id, int64_t number, bool end);
#endif
