/*
 * listener_internal.h: the insides of a listener, shared by listener.c (its calls and its loop), lane.c (requests and
 * cookies), dispatch.c (events to handlers) and standby.c (its group). Above lane.c nothing knows of Bayeux but the machine's few calls.
 * Threads: one at a time; is_stopping and the bell are for all.
 */
#ifndef SFI_LISTENER_INTERNAL_H
#define SFI_LISTENER_INTERNAL_H
#include <stdatomic.h>
#include "auth/auth_internal.h"
#include "base/wait_internal.h"
#include "client/client_internal.h"
#include "events/bayeux_internal.h"
#include "events/checkpoints_internal.h"

enum {
    SFI_COOKIES_MAX = 32,
    SFI_COOKIE_BYTES_MAX = 4096,   /* name and value */
    SFI_COOKIES_BYTES_MAX = 16384, /* of all that are sent */
    SFI_EVENT_IDS_MAX = 1000000,   /* record ids and field names of one event */
    SFI_STORE_PAUSE_MS = 20 /* a store takes a fraction of a millisecond: it shall not cost more than the events */
};

typedef struct sfi_cookie {
    char *text; /* name=value, as it came */
    size_t name_len;
} sfi_cookie;

typedef struct sfi_page { /* an answer whose events are handed out */
    sfi_json *doc;
    sf_iter it;
    bool is_open;
    sf_value message; /* of the event that is being handled; missing: the next one has to be taken */
    int64_t order;    /* when it came, or was put off */
    bool is_put_off;  /* message waits for older ones of the other page */
} sfi_page;

typedef struct sfi_lane {
    sfi_call *call;
    sfi_session *session;
    sfi_buf body;
    sf_call_options options; /* of the call */
    sfi_page page;
} sfi_lane;

typedef struct sfi_attachment {
    bool is_used;
    int64_t serial; /* no two attachments of a listener have the same */
    char channel[SF_CHANNEL_BYTES_MAX + 1];
    sf_str bare; /* of channel: what its events are called */
    bool is_cdc;
    sf_cdc_service cdc;
    sf_event_service events;
    sf_attach_options options;
    int64_t position; /* -1, -2 or an id: where the next subscribe starts */
    int64_t since_ms; /* older events are passed over; 0: none are */
    int64_t began_ms; /* with position -1: since when it listens, by the org's clock; 0: it never has */
    bool is_dirty;    /* position is not in the store yet */
    bool is_any_out;  /* a handler has had an event of it */
    int64_t term;     /* in which the group's position was read; 0: it was not */
} sfi_attachment;

typedef struct sfi_heal sfi_heal; /* heal.c: gaps whose records are read again */
typedef struct sfi_standby sfi_standby;

struct sf_listener {
    sf_client *sf;
    sf_listener_options options; /* defaults filled in */
    sf_checkpoints *store, *own_store;
    sfi_standby *standby; /* NULL: no coordinator, it leads always */
    sfi_bayeux *bayeux;
    sfi_lane lanes[SFI_LANES];
    sfi_attachment attachments[SF_CHANNELS_MAX];
    sfi_cookie cookies[SFI_COOKIES_MAX];
    int bell;  /* eventfd: an answer came, or sf_listener_stop; written from any thread */
    int timer; /* timerfd */
    int fd;    /* epoll of both */
    atomic_bool is_stopping;
    sf_cancel *at_work; /* ends what the listener waits for, but the goodbye */
    sfi_cancel_watcher watcher;
    sfi_session *refused; /* the session that a 401 came to; NULL: none is known */
    bool is_stopped_by_cancel, is_in_poll;
    bool is_last_store; /* positions that cannot be stored now never will be */
    sfi_arena arena;    /* lists of the event at hand */
    int attempts;       /* of the handler on it, that failed */
    sf_error why;       /* of the last of them, where the failure was not the handler's own; status SF_OK: it was */
    sfi_heal *heal;     /* NULL: no service heals */
    int64_t retry_ms;   /* when it is called again */
    int64_t ahead_ms;   /* the org's clock, less sfi_now_ms(): not too late */
    int64_t pages, serials;
    int unsaved;                   /* events since positions were stored */
    int64_t store_pause_ms;        /* between two stores because of so many events */
    int64_t kept;                  /* stats.handled when no position was left to store */
    int64_t unsaved_ms, stored_ms; /* when the first of these was handled; when positions were stored last */
    sf_status end;                 /* SF_OK: goes on; else sticky */
    sf_error error;
    sf_listener_stats stats;
};

/* ---- lane.c ---- */
/* Send what is due, take in what came. @return SF_OK, or what cannot be mended. */
sf_status sfi_lanes_step(sf_listener *l, sf_error *err);
void sfi_lanes_close(sf_listener *l);
void sfi_cookie_take(sf_listener *l, sf_str set_cookie); /* one Set-Cookie value */
sf_status sfi_cookies_write(const sf_listener *l, sfi_buf *out, sf_error *err);

/* ---- dispatch.c ---- */
/* Hand out the events at hand until a handler fails, all are done or the listener is to stop. @return SF_OK, or why it
 * ends. */
sf_status sfi_dispatch(sf_listener *l, sf_error *err);
bool sfi_dispatch_has_events(const sf_listener *l);
void sfi_page_open(sf_listener *l, sfi_page *p, sf_value root); /* an answer, whose events are to be handed out */
bool sfi_dispatch_may_go_on(const sf_listener *l);              /* false: what is at hand stays there */
/* A coordinator fails, and as much is handled as may come twice: what is at hand waits for it, or for the lease's end. */
bool sfi_dispatch_is_ahead(const sf_listener *l);
sf_cdc_fn sfi_dispatch_handler(const sf_cdc_service *s, sf_change_type type);
sf_status sfi_dispatch_trouble(const sfi_attachment *a, sf_event_trouble trouble, const sf_event *event,
                               const sf_error *why, sf_error *err);
/* Read a message into an event; the arena holds its lists. SF_ERR_PROTOCOL: a header without what it must have. */
void sfi_event_read(const sfi_attachment *a, sf_value message, sf_event *out);
sf_status sfi_cdc_read(sfi_arena *arena, const sf_event *event, sf_cdc_event *out, sf_error *err);

/* ---- heal.c ---- */
sf_status sfi_heal_new(sf_listener *l, sf_error *err); /* does nothing when there is one */
void sfi_heal_free(sf_listener *l);
void sfi_heal_reset(sf_listener *l); /* another event is at hand */
/* Can all of it be read again, or need not be? */
bool sfi_heal_can(const sf_cdc_event *gap);
/* Hand out what the gap's records are now; begins where the last failure was. @return SF_OK: all of them; SF_ROW: the
 * listener stops; or the failure of a handler, or of a request, which l->why then tells. */
sf_status sfi_heal_gap(sf_listener *l, sfi_attachment *a, const sf_cdc_event *gap);

/* ---- listener.c ---- */
sf_status sfi_listener_store(sf_listener *l, sf_error *err); /* all positions that are not stored yet */
void sfi_listener_moved(sf_listener *l, sfi_attachment *a, int64_t position);
/* What a store keeps of a channel's place: a replay id, or, before there is one, since when it listens. @return false: text
 * is neither. */
enum { SFI_PLACE_BYTES = 40 };
void sfi_place_write(const sfi_attachment *a, char out[SFI_PLACE_BYTES]);
bool sfi_place_read(sfi_attachment *a, const char *text);
/* When positions have waited long enough to be stored; INT64_MAX: none waits. */
int64_t sfi_listener_store_due_ms(const sf_listener *l);
void sfi_listener_fail(sf_listener *l, sf_status rc, const sf_error *why);
#endif
