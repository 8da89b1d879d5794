/*
 * changes.h: the notes that writes leave for the log of events, see events.h. A savepoint that is rolled back takes its
 * notes along. At the end of the transaction the notes of one record become one event, and records of one object with
 * the same update (or which were all deleted) share one.
 * Called by the writing files of this room. Used with the store's lock held, inside a transaction.
 */
#ifndef SFO_CHANGES_H
#define SFO_CHANGES_H
#include "store/events.h"

typedef struct sfo_table sfo_table;
typedef struct sfo_row sfo_row;

typedef struct sfo_member { /* an object of a channel */
    const sfo_table *table;
    unsigned char *enriched; /* a bit for each field that is added to its updates and deletions; NULL: none */
    sf_str expression;       /* its filterExpression; len 0: none */
    const void *filter;      /* what the judge made of it */
} sfo_member;
typedef struct sfo_own_channel {
    char topic[140]; /* /data/Sales__chn, /event/Orders__chn, /data/ChangeEvents */
    sfo_member *members;
    size_t member_count;
} sfo_own_channel;

typedef struct sfo_urgent {
    const sfo_table *table;
    size_t len; /* of the payload behind it */
    char id[19];
} sfo_urgent;

typedef enum sfo_change {
    SFO_CHANGE_CREATE,
    SFO_CHANGE_UPDATE,
    SFO_CHANGE_DELETE,
    SFO_CHANGE_UNDELETE,
    SFO_CHANGE_PUBLISH,
    SFO_CHANGE_NONE /* undone in the same transaction */
} sfo_change;

typedef struct sfo_note {
    sfo_table *table;
    sfo_change change;
    char id[19];
    size_t at;  /* in data: of an update a bit per field, of an event its payload, of a new record its fields as JSON */
    size_t len; /* of a new record 0: they are read from the table, since they changed */
} sfo_note;

enum { SFO_MARKS_MAX = 16 }; /* savepoints whose notes can be told apart; deeper ones go with their parent */

typedef struct sfo_changes {
    bool is_open; /* the log is there; before, nothing is noted */
    sfo_note *notes;
    size_t count, cap;
    sfi_buf data;
    size_t marks[SFO_MARKS_MAX];             /* count of notes when a savepoint began */
    char user[19];                           /* who wrote first in this transaction */
    char origin[200];                        /* and by which API */
    int64_t last_commit;                     /* commit numbers rise */
    int64_t last_replay;                     /* -1: ask the log */
    int64_t since_trim;                      /* events written since the log was cut */
    void (*told)(void *user, uint64_t bits); /* after a transaction with events */
    uint64_t told_bits;                      /* of the channels that the transaction wrote to */
    void *told_user;
    const sfo_table *topics; /* PushTopic */
    sfo_event_limits limits;
    sfi_buf urgent;    /* platform events that are told even if all is undone: sfo_urgent and its payload, each */
    bool tells_urgent; /* it is doing so */
    struct sfo_own_channel *channels; /* of the --schema file; in the store's facts */
    size_t channel_count;
    bool has_default;           /* they say what ChangeEvents has, and with that which objects are selected at all */
    bool watches;               /* there are, or were, some: changes of all objects are noted */
    int64_t topics_version;     /* rises when one may have changed */
    const sfo_watcher *watcher; /* NULL: none */
    const sfo_channel_judge *judge; /* NULL: none */
} sfo_changes;

/* row as it is written now; of an update row->old is what was stored. */
bool sfo_change_note(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_change change, sfo_fault *f);
/* A record of which no row is in memory. field: what changed (updates); NULL: nothing but its stamps. */
bool sfo_change_note_id(sfo_store *s, const sfo_context *c, sfo_table *t, const char *id, sfo_change change,
                        const char *field, sfo_fault *f);
/* Rows of this table were changed without a note: new ones among them are told as they are at the end. */
void sfo_change_reread(sfo_store *s, const sfo_table *t);
/* A platform event instead of a row. */
bool sfo_change_publish(sfo_store *s, const sfo_context *c, const sfo_row *row, sfo_fault *f);

/* ---- for store.c ---- */
void sfo_changes_begin(sfo_store *s);               /* a transaction or savepoint began; depth counts it already */
void sfo_changes_rolled_back(sfo_store *s);         /* depth still counts it */
bool sfo_changes_flush(sfo_store *s, sfo_fault *f); /* before COMMIT: notes to events */
uint64_t sfo_changes_committed(sfo_store *s);       /* after COMMIT: forget the notes; the bits of what was told */
void sfo_changes_close(sfo_store *s);
bool sfo_events_open(sfo_store *s, sfo_fault *f);

/* ---- events.c: into the log. head: the JSON up to the replay id's number, tail: what follows it. ---- */
/* ---- channels.c ---- */
bool sfo_own_channels_open(sfo_store *s, sfo_fault *f);
/* Is that event for the member's subscribers? payload: its JSON. */
bool sfo_member_passes(const sfo_store *s, const sfo_member *m, sf_str payload, bool *passes, sfo_fault *f);
const sfo_member *sfo_channel_member(const sfo_own_channel *channel, const sfo_table *t); /* NULL: it is none */
const sfo_own_channel *sfo_own_channel_find(const sfo_store *s, sf_str topic);            /* NULL: none */
bool sfo_change_is_selected(const sfo_store *s, const sfo_table *t);                      /* has it change events? */

bool sfo_changes_join(sfo_changes *g, sfo_fault *f); /* the notes of one record become one */
bool sfo_urgent_flush(sfo_store *s, sfo_fault *f);   /* into the log; they stay until sfo_changes_committed */
bool sfo_topics_open(sfo_store *s, sfo_fault *f);    /* topics.c */
/* Are there PushTopics that want to hear of the note's record? They are told. */
bool sfo_topics_tell(sfo_store *s, const sfo_note *note, sfo_fault *f);
typedef enum sfo_event_kind { /* numbers of the log's column is_change */
                              SFO_EVENT_OTHER,
                              SFO_EVENT_CHANGE, /* of /data/ChangeEvents */
                              SFO_EVENT_OWN     /* raised by the org itself: has room of its own in the log */
} sfo_event_kind;
bool sfo_event_append(sfo_store *s, const char *topic, sfo_event_kind kind, sf_str head, const char *tail,
                      sfo_fault *f);

/* ---- change_text.c ---- */
/* Bits of the fields in which an update differs from what is stored. */
void sfo_change_bits(const sfo_row *row, unsigned char *bits);
size_t sfo_change_bits_size(const sfo_table *t);
/* The members of the payload but its header, with a comma behind each; bits: of an update, else NULL. */
void sfo_change_write_fields(const sfo_row *row, const unsigned char *bits, sfi_buf *out);
/* ["LastModifiedDate","Phone","BillingAddress.City"] */
void sfo_change_write_names(const sfo_table *t, const unsigned char *bits, sfi_buf *out);
void sfo_change_write_published(const sfo_row *row, const char *user, int64_t now_ms, sfi_buf *out);
void sfo_change_attach(sfo_table *t); /* its told and schema_id, from its object */
#endif
