/*
 * client_internal.h: one call to the API as the services see it: path and body in, checked answer out. Logging in,
 * refreshing a dead session once, repeating where it is safe, mapping error bodies to sf_error, limits, statistics all
 * happen here, once. Called by rest (later bulk, soap, apex).
 * Threads: sf_client from any thread; an sfi_call belongs to one thread at a time.
 */
#ifndef SFI_CLIENT_INTERNAL_H
#define SFI_CLIENT_INTERNAL_H
#include <salesforce/client.h>
#include "http/http_internal.h"
#include "json/json_internal.h"

typedef struct sfi_call_request {
    const char *method;             /* "GET" … */
    const char *path;               /* "/services/…" from the host's root, or without leading slash: below /services/data/vXX.X/;
                                       "Soap/u": /services/Soap/u/XX.X; "async/job": /services/async/XX.X/job;
                                       "cometd": /cometd/XX.X */
    sf_str body;                    /* borrowed until the call ends (the finish or cancel); ptr NULL: none */
    /* SOAP: writes the body anew for each attempt, with the session that it goes out with (NULL: none). The session then is in
     * no header, and what was written is wiped. NULL: body is sent */
    sf_status (*write_body)(void *user, const char *session, sfi_buf *out, sf_error *err);
    void *write_user;               /* borrowed until the call ends */
    const sf_source *source;        /* instead of body; borrowed until the call ends, as is sink */
    const sfi_direct *direct;       /* of source, for as long; NULL: none */
    const sf_sink *sink;            /* takes the body of a 2xx instead of the answer */
    const char *content_type;       /* NULL: application/json; charset=UTF-8 when there is a body */
    sfi_header headers[8];          /* borrowed until sfi_call_begin returns */
    size_t header_count;
    bool repeatable;                /* a repeat cannot do the work twice, though the method alone does not say so */
    bool once;                      /* a repeat is harmful, though the method alone does not say so (a bulk upload) */
    bool session_header;            /* the session goes in X-SFDC-Session (Bulk API 1.0) */
    bool anonymous;                 /* send no session, do not log in (API versions) */
    bool no_renew;                  /* a dead session is the answer (logging out) */
    const char *parts_flag;         /* a 400 whose body is a list of objects with this boolean is an answer: some parts of
                                       the work failed, others are done. A literal; NULL: a 400 is an error */
    bool any_status;                /* 3xx and 4xx are answers, not errors: the caller looks at status */
    bool not_modified_is_ok;        /* 304 is an answer */
    bool no_gzip;                   /* ask for the body as it is */
    bool is_long_poll;              /* no byte may come until the call's own time limit */
    size_t response_max;            /* 0: the transport's */
    void (*on_end)(void *user);     /* told when an attempt has ended, on the I/O thread: it may only ring; NULL: nobody */
    void *end_user;
    const sf_call_options *options; /* borrowed until the call ends; NULL: defaults */
    const char *what;               /* for messages: "query", "create Account" */
} sfi_call_request;

typedef struct sfi_call sfi_call;

typedef struct sfi_answer {         /* ends with sfi_answer_clear */
    int status;
    char *headers;                  /* LF between */
    char *body;                     /* as received; 64 spare bytes follow */
    size_t body_len, body_cap;
    int encoding;                   /* sfi_http_response's */
    size_t max;                     /* bytes that it may be when inflated; 0: the client's response_max */
    bool may_be_done;               /* an attempt before the last one may have taken effect; told of failures too */
    int64_t sink_bytes;             /* handed to the request's sink */
} sfi_answer;

/* Start a call and return while it runs (prefetch). Logs in first if need be (blocking). */
sf_status sfi_call_begin(sf_client *sf, const sfi_call_request *request, sfi_call **out, sf_error *err);
/* Wait for its end, with refresh and repeats; ends the call. Errors: mapped from the org's body. */
sf_status sfi_call_finish(sfi_call *call, sfi_answer *out, sf_error *err);
/* The same, but out is filled with the org's answer even when the call fails, if one came (status 0: none). */
sf_status sfi_call_finish_full(sfi_call *call, sfi_answer *out, sf_error *err);
/* Has the attempt that runs ended? Then finish does not wait, unless it repeats. Never blocks. */
bool sfi_call_is_ended(const sfi_call *call);
/* The session that it goes out with, held for the caller; ends with sfi_session_release; NULL: anonymous. */
struct sfi_session *sfi_call_session(const sfi_call *call);
/* A session was refused in a way that only the service understands: have a new one from now on, by one login however many
 * ask. @param failed NULL: log in. @param options timeout and cancel. */
sf_status sfi_client_renew(sf_client *sf, struct sfi_session *failed, const sf_call_options *options, sf_error *err);
void sfi_call_cancel(sfi_call *call); /* give up and end it; NULL is fine */
/* begin + finish. */
sf_status sfi_call_run(sf_client *sf, const sfi_call_request *request, sfi_answer *out, sf_error *err);

/* Inflate the body into the document's buffer (no copy when plain: buffers are swapped and the old one goes back to
 * the transport for the next page) and index it. whole: as in sfi_json_index. */
sf_status sfi_answer_json(sf_client *sf, sfi_answer *a, sfi_json *doc, bool whole, sf_error *err);
/* The whole body as a document of its own. @param out owned by the caller; untouched on failure. */
sf_status sfi_answer_document(sf_client *sf, sfi_answer *a, sf_document **out, sf_error *err);
/* The same as plain text in memory of its own, NUL-terminated; ends with sfi_free. */
sf_status sfi_answer_text(const sf_client *sf, sfi_answer *a, char **out, size_t *len, sf_error *err);
sf_str sfi_answer_header(const sfi_answer *a, const char *name);
void sfi_answer_clear(sfi_answer *a);

/* A request that may not be done twice was answered, and what came says nothing, for the reason in err: it may be done.
 * @return SF_ERR_UNKNOWN_OUTCOME. */
sf_status sfi_fail_unread(const char *what, int http_status, sf_error *err);

/* Run and give the whole answer as a document: what describe, limits and get by id need. One that cannot be read is asked
 * for once more where that is harmless, else it is an unknown outcome. */
sf_status sfi_call_document(sf_client *sf, const sfi_call_request *request, sf_document **out, sf_error *err);

/* "62.0", asked once; borrowed for the client's life. */
sf_status sfi_client_version(sf_client *sf, const char **out, sf_error *err);
/* What sf_client_get_info would say, as far as it is known without any request (a stored token, an instance_url and an
 * api_version among the options are); instance or version unknown: false. For answers from the describe cache. */
bool sfi_client_peek_info(sf_client *sf, sf_client_info *out);
/* A pause before repeat number repeat (from 1), random, as the client's options have it. */
int64_t sfi_client_pause_ms(const sf_client *sf, int repeat);
const char *sfi_client_cache_dir(const sf_client *sf);      /* NULL: none */
const sfi_log *sfi_client_log(const sf_client *sf);
long sfi_client_connections_max(const sf_client *sf); /* open at once, in all */
const char *sfi_client_name(const sf_client *sf);           /* client_name of the options; NULL: none */
/* Usage that stood in an answer's body instead of the Sforce-Limit-Info header (SOAP). */
void sfi_client_note_usage(sf_client *sf, const sf_api_usage *usage);
/* Is this the one GET of the API that does work? It runs the Apex in its query string. NULL is not. */
bool sfi_path_runs_code(const char *path);
/* Is it what every further request would meet, so that a series of them ends? */
bool sfi_error_is_lasting(const sf_error *e);
/* Fill err from an error answer of any dialect (array, object, collections' errors, XML, HTML, empty) and status. */
sf_status sfi_error_from_answer(int status, sf_str content_type, sf_str body, const char *what, sf_error *err);
/* The same from a value that was read already, such as {"success":false,"errors":[…]} in a good answer. */
sf_status sfi_error_from_value(int status, sf_value answer, const char *what, sf_error *err);
/* The same from a code and a message that stood apart, as in the row of a batch. */
sf_status sfi_error_from_code(int status, sf_str code, sf_str message, const char *what, sf_error *err);

/* A slot for one per-client cache of another room (describe); freed by the client with free_fn. */
typedef struct sfi_client_slot {
    void *data;
    void (*free_fn)(void *data);
} sfi_client_slot;
sfi_client_slot *sfi_client_describe_slot(sf_client *sf);   /* guarded by the two below */
void sfi_client_lock(sf_client *sf);
void sfi_client_unlock(sf_client *sf);
#endif
