/*
 * call.h: one request on its way through the room: who asks, what, and where the answer goes. Every handler takes a
 * sfo_call and fills its response. sfo_rest_dispatch may be called from inside a call (composite parts) with a call of
 * its own. Threads: a call belongs to one thread; the org it points to is shared.
 */
#ifndef SFO_CALL_H
#define SFO_CALL_H
#include "api/api.h"
#include "api/faults.h"
#include "api/params.h"
#include "api/session.h"
#include "bulk/bulk.h"
#include "soql/soql.h"
#include "store/approval.h"

enum {
    SFO_SEGMENTS_MAX = 24, /* pieces of a path */
    SFO_ARGS_MAX = 4,      /* pieces that a pattern's * may take */
    SFO_VERSION_MIN = 31,
    SFO_VERSION_FIRST = 7, /* first: the oldest there ever was */
    SFO_SOAP_LOGIN_VERSION_MAX = 64,
    SFO_BATCH_MAX = 200 /* maxBatchSize */
};

typedef struct sfo_stats sfo_stats;
typedef struct sfo_recents sfo_recents;
typedef enum sfo_event {
    SFO_EVENT_CREATED,
    SFO_EVENT_UPDATED,
    SFO_EVENT_DELETED,
    SFO_EVENT_LOGIN,
    SFO_EVENT_REFRESH,
    SFO_EVENT_REUSE, /* a refresh token came that had been replaced: its family is dead */
    SFO_EVENT_COUNT
} sfo_event;

struct sfo_org {
    sfo_org_options options; /* read only after sfo_org_new, as all but sessions, faults, stats and recents */
    sfo_store *store;
    const sfo_schema *schema;
    char *username, *password, *token_key, *security_token, *client_id, *client_secret;
    char metadata_etag[16]; /* with its quotes */
    int64_t metadata_modified_ms;
    sfo_sessions *sessions; /* each has a lock of its own */
    sfo_faults *faults;
    sfo_stats *stats;
    sfo_recents *recents;
    struct sfo_apex_set *apex; /* read only after sfo_org_new */
    sfo_approvals *approvals;  /* these two are read only after sfo_org_new */
    struct sfo_action_set *actions;
    struct sfo_streams *streams; /* has a lock of its own */
    struct sfo_topics *topics;   /* the store's lock is its own */
    sfo_bulk *bulk;              /* has a thread of its own, which uses the store and the faults */
    struct sfo_report_types *reports;
    struct sfo_monitor *monitor;         /* read only after sfo_org_new */
    struct sfo_channel_filters *filters; /* the store's lock is its own */
};

typedef struct sfo_call {
    sfo_org *org;
    const sfo_request *request;
    sfo_response *response;
    sfi_arena arena;                   /* for decoded text; ends with the call */
    sf_str segments[SFO_SEGMENTS_MAX]; /* the path, decoded; no empty last one, suffix .json taken off */
    size_t segment_count;
    sf_str args[SFO_ARGS_MAX]; /* what the pattern's * took */
    sfo_params query;
    char version[8]; /* "62.0" */
    int version_number;
    sfo_context context; /* for store and soql; user_id points to user */
    sf_id user;
    sfi_json *json;   /* the body's document, made when first read; ends with the call */
    int64_t *pending; /* of a transaction: events wait here for its end; NULL: they count at once */
} sfo_call;

/* The version of a path's piece, such as v62.0. false: the response is the 404, or the 410 of a retired one. */
bool sfo_call_set_version(sfo_call *call, sf_str segment);
void sfo_call_set_context(sfo_call *call); /* from user and version, for store and soql */
/* Split and decode path and query. false: the response says what is wrong. */
bool sfo_call_begin(sfo_call *call, sfo_org *org, const sfo_request *request, sfo_response *response);
void sfo_call_end(sfo_call *call);

/* ---- router.c ---- */
typedef struct sfo_route {
    const char *method, *pattern; /* pattern: pieces with / between; * takes any one piece */
    void (*handle)(sfo_call *call);
} sfo_route;
/* Picks by the pieces from first on and calls the handler; answers 404 and 405 itself. HEAD goes to GET's handler. */
void sfo_route_call(sfo_call *call, const sfo_route *routes, size_t count, size_t first);

/* ---- answers (call.c) ---- */
sfi_json_writer sfo_answer_json(sfo_call *call, int status); /* write the body with it */
void sfo_answer_empty(sfo_call *call, int status);           /* 204, 304 … */
void sfo_answer_error(sfo_call *call, int status, const char *code, const char *format, ...) SFI_PRINTF(4, 5);
void sfo_answer_not_found(sfo_call *call);               /* The requested resource does not exist */
void sfo_answer_fault(sfo_call *call, sfo_fault *fault); /* and clears the fault */
/* {"statusCode":"OPERATION_ENQUEUED",…}: what stands among the errors of a platform event that went out. */
void sfo_write_enqueued(sfi_json_writer *w, const char *id);
void sfo_answer_text(sfo_call *call, int status, const char *text);
/* The JSON object in the request's body. false: the response says what is wrong. */
bool sfo_call_body(sfo_call *call, sf_value *out);
bool sfo_call_body_text(sfo_call *call, sf_str text, sf_value *out); /* the same of a part of it */
/* http://host of this request (https where a proxy says so), for URLs in answers. */
const char *sfo_call_base_url(sfo_call *call);
const char *sfo_call_header(const sfo_call *call, const char *name);
/* The same of a header that is a list, which may stand in several lines: their values, between commas. */
const char *sfo_call_header_list(sfo_call *call, const char *name);
void sfo_call_event(sfo_call *call, sfo_event event); /* counts what a handler did */

/* ---- doors ---- */
void sfo_rest_dispatch(
    sfo_call *call);               /* rest.c: everything below /services/data/vXX.X, session checked by the caller */
void sfo_versions(sfo_call *call); /* rest.c: GET /services/data */
void sfo_oauth_dispatch(sfo_call *call); /* oauth.c: /services/oauth2/… */
void sfo_identity(sfo_call *call);       /* identity.c: /id/{org}/{user} */
void sfo_soap_dispatch(sfo_call *call);  /* soap.c: /services/Soap/… */
void sfo_bulk1_dispatch(sfo_call *call); /* bulk1.c: /services/async/… */
/* An answer that a fault asked for, as an error of Bulk API 1.0. false: not a call of it, nothing was answered. */
bool sfo_bulk1_struck(sfo_call *call, int status, const char *code, const char *message);
/* An answer that a fault asked for, as a SOAP fault. false: not a call of these APIs, nothing was answered. */
bool sfo_soap_struck(sfo_call *call, int status, const char *code, const char *message);
/* A fault was asked for: answers as streaming does, when that is the call. */
bool sfo_cometd_struck(sfo_call *call, int status, const char *text);
void sfo_cometd_dispatch(sfo_call *call);  /* cometd.c: /cometd/XX.0 */
void sfo_control_dispatch(sfo_call *call); /* control.c: /__org/… */

/* ---- session of a request (auth.c) ---- */
/* Finds the bearer's session. false: the response is the 401. */
bool sfo_call_authenticate(sfo_call *call);
/* Takes a token as the call's session: counts a request, sets the user. false: it is dead. */
bool sfo_call_use_session(sfo_call *call, sf_str token);
/* The session ends, and streaming clients that wait are told. false: it was dead. */
bool sfo_org_revoke(sfo_org *org, sf_str token);
/* The token of an Authorization header: Bearer or OAuth. ptr NULL: no header; len 0: a broken one. */
sf_str sfo_bearer_token(const char *authorization);

/* ---- users (users.c) ---- */
typedef struct sfo_user {
    sf_id id;
    char *username, *name, *first_name, *last_name, *email, *nickname, *time_zone, *locale, *language, *profile_id,
        *role_id, *street, *city, *state, *country, *postal_code, *mobile_phone; /* NULL: empty */
    int64_t modified_ms;
    bool active;
} sfo_user;
/* Texts live in arena. false: no such user. */
bool sfo_user_load(sfo_org *org, sfi_arena *arena, const char *id, sfo_user *out);
/* The token that goes behind the user's password. */
void sfo_user_security_token(const sfo_org *org, const char *user_id, char out[32]);
typedef enum sfo_login { SFO_LOGIN_OK, SFO_LOGIN_WRONG, SFO_LOGIN_NEEDS_TOKEN, SFO_LOGIN_INACTIVE } sfo_login;
/* user: who it is; of a wrong password too, where the name is known; else "". */
sfo_login sfo_user_login(sfo_org *org, sf_str username, sf_str password_and_token, sf_id *user);

/* ---- what a user had last (recents.c) ---- */
sfo_recents *sfo_recents_new(void);
void sfo_recents_free(sfo_recents *r);
void sfo_recents_touch(sfo_recents *r, const char *user, const char *id); /* 18 characters each */
/* Newest first. @return how many, at most max. */
size_t sfo_recents_get(sfo_recents *r, const char *user, sf_id *out, size_t max);

/* ---- what happened (stats.c) ---- */
sfo_stats *sfo_stats_new(void);
void sfo_stats_free(sfo_stats *s);
void sfo_stats_event(sfo_stats *s, sfo_event event, int64_t times);
void sfo_stats_request(sfo_stats *s, const char *method, const char *path, int status);
void sfo_stats_write_json(sfo_stats *s, sfi_json_writer *w); /* members of an object that is open */
void sfo_stats_reset(sfo_stats *s);
/* Calls of the API in the last 24 hours: counts one more; false: that would be over max, and is not counted. */
bool sfo_stats_api_call(sfo_stats *s, int64_t max);
int64_t sfo_stats_api_used(sfo_stats *s);
#endif
