/*
 * publish.h: publishing platform events: one, several, or any number one after another, by REST or SOAP, each with a result
 * of its own. The org answers before an event goes out: success means that it has taken the event, and its UUID is what
 * subscribers find as sf_event.uuid. An event whose answer is lost may have been published or not: its result is
 * SF_ERR_UNKNOWN_OUTCOME, and it is never sent again.
 * Wire: REST sObject Basic Information (one event) and sObject Collections (200 a request); SOAP create (200 a request).
 * Threads: sf_publish and sf_publish_many are safe from any thread; a publisher belongs to one thread at a time.
 */
#ifndef SALESFORCE_PUBLISH_H
#define SALESFORCE_PUBLISH_H
#include <salesforce/writer.h>

#define SF_PUBLISH_MAX 200 /* events of one request */

typedef enum sf_publish_way {
    SF_PUBLISH_REST = 0,
    SF_PUBLISH_SOAP = 1 /* for users and proxies that are allowed no other API */
} sf_publish_way;

/** What became of one event. */
typedef struct sf_publish_result {
    int64_t row;    /* its place among the events that were given, from 0 */
    bool success;   /* the org has taken it */
    char uuid[64];  /* its EventUuid; "": not told (before API version 52.0, and unless success) */
    sf_id id;       /* what the org calls its id; says nothing, and may come twice */
    sf_error error; /* unless success: SF_ERR_ORG with code, message and fields; SF_ERR_UNKNOWN_OUTCOME (and
                       SF_ERR_CANCELLED, when its request was under way): published or not; or why its request failed:
                       then it was not published */
    uint64_t reserved[4];
} sf_publish_result;

typedef struct sf_publish_options { /* borrowed for the call */
    sf_publish_way way;
    bool all_or_none; /* one refused event holds back all others of its request; only where the event is defined to be
                         published after commit: the org passes it over else */
    const sf_call_options *call; /* NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_publish_options;

/** Publish one event. @param event its name as the record's object, such as "Low_Ink__e", and its fields; borrowed for the
 *  call. @param options NULL: defaults. @param out filled when the org has taken it; NULL: not wanted.
 *  @return SF_OK, SF_ERR_USAGE (nothing was sent: no such name, a setter failed), SF_ERR_ORG (the org refuses it:
 *  REQUIRED_FIELD_MISSING, LIMIT_EXCEEDED …), SF_ERR_UNKNOWN_OUTCOME, and what stands at sf_client_request or
 *  sf_soap_call. */
SF_API sf_status sf_publish(sf_client *sf, const sf_record *event, const sf_publish_options *options,
                            sf_publish_result *out, sf_error *err);

/** Publish several, in their order, SF_PUBLISH_MAX in a request, one request after another. @param events count of them,
 *  1 and up, of one kind or of several; borrowed for the call. @param out as many results, the caller's; all are filled
 *  unless the call answers SF_ERR_USAGE or SF_ERR_MEMORY. @return SF_OK: the org has taken all of them; SF_ERR_USAGE
 *  (nothing was sent: an event is NULL, none, or its setter failed); else the first failed event's error, and the message
 *  says how many there were. What every further request would meet ends it: the events behind are not sent, and their
 *  results say so. */
SF_API sf_status sf_publish_many(sf_client *sf, const sf_record *const *events, size_t count,
                                 const sf_publish_options *options, sf_publish_result *out, sf_error *err);

/* ---- any number of events, in bounded memory ---- */

typedef struct sf_publisher sf_publisher;

typedef struct sf_publisher_options { /* borrowed for the open, but call */
    const char *event;                /* name of the events that come as JSON without one of their own; NULL: none */
    sf_publish_way way;
    bool all_or_none;     /* as above, of each request */
    int32_t batch_events; /* of a request: 1..SF_PUBLISH_MAX; default SF_PUBLISH_MAX */
    int32_t parallel;     /* requests under way at once, 1..SF_WRITER_PARALLEL_MAX; default 1, which keeps the events in
                             order; more go faster and may overtake each other. SF_PUBLISH_SOAP: 1 */
    int64_t failures_max; /* after so many failed or unknown events no more are sent, and SF_ERR_LIMIT follows;
                             0: no limit */
    bool failures_only;   /* call on_result only for events without success */
    /* What became of an event, in the order of the events, inside sf_publisher_add…, _flush or _close; NULL: only the
     * counts. result is borrowed for the call. It may call anything but this publisher. false: no more events are sent,
     * what is under way is waited for, and SF_ERR_CANCELLED follows. */
    bool (*on_result)(void *user, const sf_publish_result *result);
    void *user;
    const sf_call_options *call; /* of each request; borrowed until the close; NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_publisher_options;

typedef struct sf_publish_counts {
    int64_t events;    /* taken by sf_publisher_add… */
    int64_t published; /* the org has taken them */
    int64_t failed;    /* refused, or never sent: not published */
    int64_t unknown;   /* sent, and their answer lost: published or not */
    int64_t requests;
    bool stopped; /* no more events are taken: see sf_publisher_add */
    uint64_t reserved[4];
} sf_publish_counts; /* events = published + failed + unknown + those whose result is still to come */

/** Make one; nothing is sent yet. @param options NULL: defaults. @param out owned by the caller, ends with
 *  sf_publisher_close or sf_publisher_abort; NULL on failure. @return SF_OK, SF_ERR_USAGE, SF_ERR_MEMORY. */
SF_API sf_status sf_publisher_open(sf_client *sf, const sf_publisher_options *options, sf_publisher **out,
                                   sf_error *err);

/** Add an event. It is copied; its number is counts.events before the call. A request goes out when batch_events are
 *  gathered, and the call waits while as many are under way as may be. @return SF_OK: taken, and a result will tell what
 *  became of it; SF_ERR_USAGE, SF_ERR_LIMIT: it is not fit to be sent and was not taken, the publisher goes on;
 *  SF_ERR_MEMORY: not taken, may be tried again; any other error: not taken, nothing more is sent, and all calls but the
 *  close answer the same (sticky): what every further request would meet. Events that were taken and not sent then get
 *  that error as their result. */
SF_API sf_status sf_publisher_add(sf_publisher *p, const sf_record *event, sf_error *err);
/** The same for an event as JSON text: one object with its fields. Where it has attributes with a type, that is its
 *  name. */
SF_API sf_status sf_publisher_add_json(sf_publisher *p, sf_str json, sf_error *err);
/** Send what is gathered and wait for all results. @return SF_OK: the org has taken every event so far; the error that
 *  stopped the publisher (sticky); else the first failed event's error, and the message says how many there were:
 *  SF_ERR_UNKNOWN_OUTCOME when one is among them of which it is not known. The publisher goes on then. */
SF_API sf_status sf_publisher_flush(sf_publisher *p, sf_error *err);
/** How far it is; nothing is sent. @param out all zero when p is NULL. */
SF_EXTERN void sf_publisher_get_counts(const sf_publisher *p, sf_publish_counts *out);
/** Flush, and end it: no event is left without a result. NULL is fine. @param counts NULL: not wanted.
 *  @return as sf_publisher_flush. */
SF_API sf_status sf_publisher_close(sf_publisher *p, sf_publish_counts *counts, sf_error *err);
/** End it without sending what is gathered; requests under way are given up, of which some may take effect. No callback
 *  is called. NULL is fine. */
SF_EXTERN void sf_publisher_abort(sf_publisher *p);
#endif
