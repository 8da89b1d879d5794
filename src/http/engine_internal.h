/*
 * engine_internal.h: what the files of this room share: the insides of sfi_http and sfi_transfer.
 * Called by http.c (what callers call), loop.c (the I/O thread), transfer.c (building a request, its end), receive.c
 * (libcurl's callbacks), settings.c (options), outcome.c (what an end means). Nobody outside this room includes it.
 * Threads: a transfer goes caller -> I/O thread (sfi_http_start) -> caller (done); whoever has it may touch it, except
 * the atomics and what lock guards. Lock order: there is one lock, and nothing calls out under it.
 */
#ifndef SFI_HTTP_ENGINE_INTERNAL_H
#define SFI_HTTP_ENGINE_INTERNAL_H
#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include "http/http_internal.h"

enum {
    SFI_HTTP_HOSTS_MAX = 64,    /* hosts whose breaker is kept */
    SFI_HTTP_BUFFERS_MAX = 6,   /* bodies' buffers kept for re-use */
    SFI_HTTP_QUEUE_MAX = 10000, /* transfers waiting for their turn */
    SFI_HTTP_REDIRECTS_MAX = 5,
    SFI_HTTP_URL_MAX = 64 * 1024,
    SFI_HTTP_HEADERS_MAX = 256 * 1024,   /* bytes of one answer's header lines */
    SFI_HTTP_SPARE = 64,                 /* bytes after every body, for simdjson's reads past the end */
    SFI_HTTP_RING_BYTES = 1024 * 1024,   /* of a streamed body between its two threads, each way */
    SFI_HTTP_PIECE_BYTES = 256 * 1024,   /* of a streamed body that libcurl reads or writes at a time */
    SFI_HTTP_DIRECT_BYTES = 1024 * 1024, /* the same of a direct source: fewer calls of the system */
    SFI_HTTP_TICK_MS = 50,
};
#define SFI_HTTP_BUFFER_KEEP_MAX (16 * SFI_MIB) /* a larger one is given back to the system */

/* sf_transport_options with the defaults filled in; strings are our copies, NULL as there. Times: 0 is no limit. */
typedef struct sfi_settings {
    int64_t connect_timeout_ms, idle_timeout_ms, total_timeout_ms, keepalive_ms;
    long connections_max, connections_idle_max; /* idle_max 0: keep none */
    size_t response_max;
    bool no_http2, no_gzip;
    long tls_min; /* CURL_SSLVERSION_… */
    char *ca_file, *ca_path, *client_cert_file, *client_key_file, *client_key_password;
    char *proxy, *proxy_user, *proxy_password, *no_proxy;
} sfi_settings;

sf_status sfi_settings_init(sfi_settings *s, const sf_transport_options *options, sf_error *err); /* settings.c */
void sfi_settings_clear(sfi_settings *s);
/* Everything that is the same for all requests. NULL or what libcurl refused. */
CURLcode sfi_settings_apply(const sfi_settings *s, CURL *easy, bool is_https);

/* Where a request goes: scheme, host and port, compared to tell one origin from another. */
typedef struct sfi_origin {
    char *text; /* "https://host:443", lower case; sfi_free */
    bool is_https;
} sfi_origin;
sf_status sfi_origin_parse(const char *url, sfi_origin *out, sf_error *err); /* url.c; SF_ERR_USAGE, SF_ERR_MEMORY */

typedef struct sfi_host {
    char *origin; /* NULL: a free place */
    sfi_breaker breaker;
    bool was_reached; /* a connection to it came about: its name is no typing mistake */
    int64_t used_at_ms;
} sfi_host;

typedef struct sfi_buffer {
    char *data;
    size_t cap;
} sfi_buffer;

struct sfi_http {
    sfi_settings settings; /* set in open, read only since */
    sfi_log log;           /* the same */
    CURLM *multi;          /* the I/O thread's; curl_multi_wakeup from all */
    CURLSH *share;         /* TLS sessions, so that a new connection resumes; locked by share_lock */
    pthread_mutex_t share_lock;
    atomic_int refs;        /* the owner and each transfer */
    atomic_bool cancelling; /* some transfer's cancelled flag was set */
    atomic_bool resuming;   /* some stream's may_resume was set */

    pthread_mutex_t lock; /* guards what follows, and done of every transfer */
    bool is_running;      /* the I/O thread was started */
    bool is_closing;
    sfi_transfer *queue_head, *queue_tail; /* waiting to be taken by the I/O thread, oldest first */
    int queued;
    int64_t queue_check_ms; /* no time limit of theirs is earlier; 0: none has one */
    sfi_host hosts[SFI_HTTP_HOSTS_MAX];
    sfi_buffer buffers[SFI_HTTP_BUFFERS_MAX];
    int breaker_failures_max;
    int64_t breaker_open_ms;

    pthread_t thread;
    /* the I/O thread's own */
    sfi_transfer *active; /* what runs on multi */
    int active_count;
    int shared_count;  /* of these, how many may share a connection (HTTP/2) */
    long idle_limit;   /* what multi was last told */
    bool has_streamed; /* in this turn of the loop: a stream of a shared connection got something */
    bool has_ended;    /* in this turn: a transfer ended */
    bool has_news;     /* in this turn: a streamed body wants its caller's thread */
    int64_t now_ms;    /* at its start */
    int64_t check_ms;  /* when the next time limit may be reached; 0: none */
};

typedef struct sfi_head { /* an answer's headers as they come in (headers.c); zeroed and reset: none yet */
    sfi_buf text;
    bool has_status; /* the status line came */
    bool is_interim; /* and was a 1xx: another answer follows */
    bool is_http2;
    bool is_done; /* the blank line came: later lines are trailers */
} sfi_head;
void sfi_head_reset(sfi_head *head);
sf_status sfi_head_add(sfi_head *head, sf_str line); /* SF_OK, SF_ERR_LIMIT, SF_ERR_MEMORY */

typedef struct sfi_receive { /* an answer as it comes in (receive.c) */
    sfi_head head;
    char *body;
    size_t len, cap, max; /* cap without the spare bytes; max: most bytes that the caller wants */
    int64_t total;        /* bytes of body that came, wherever they went */
    int64_t expected;     /* Content-Length; -1: not said */
    sf_status failure;    /* SF_OK, SF_ERR_MEMORY, SF_ERR_LIMIT: why a callback stopped the transfer */
} sfi_receive;

/* A ring of bytes between two threads: one puts at the end, the other takes from the front. The numbers are under
 * sfi_http's lock; the bytes that they give to a side are touched without it. */
typedef struct sfi_ring {
    char *data;
    size_t front, len;
} sfi_ring;

typedef struct sfi_stream { /* a body that is streamed (stream.c) */
    const sf_source *source;
    const sf_sink *sink;
    const sfi_direct *direct; /* NULL: none */
    /* under lock */
    bool is_direct;      /* the source is the I/O thread's; it gives it away once */
    sfi_ring up, down;   /* data NULL: that way is not streamed */
    bool is_up_wanted;   /* libcurl asked for the body's first bytes: the source may be touched */
    bool is_up_ended;    /* the source has no more */
    bool is_up_paused;   /* libcurl waits for bytes in up */
    bool is_down_paused; /* libcurl waits for room in down */
    bool may_resume;     /* the caller's thread has seen to it */
    bool has_news;       /* something for the caller's thread to do */
    int encoding;        /* of what is in down */
    /* the I/O thread's, until done */
    bool is_down;            /* the answer that comes in is the sink's */
    int64_t sent;            /* bytes given to libcurl */
    bool is_whole;           /* these were all */
    sf_error direct_failure; /* of the direct source; status SF_OK: none */
    /* the caller's thread's */
    int64_t taken, handed; /* source and sink: bytes */
    sfi_unzip *unzip;
    sf_error failure; /* of a callback; status SF_OK: none */
} sfi_stream;

struct sfi_transfer {
    sfi_http *http; /* one reference */
    sfi_transfer *next, *prev;
    CURL *easy;
    struct curl_slist *header_list;
    sfi_origin origin;
    char *url, *method;
    char *body; /* our copy; NULL: none, or borrowed */
    size_t body_len;
    bool was_begun;  /* it had its turn */
    bool may_share;  /* HTTP/2 may be spoken */
    bool may_resend; /* GET and its like: libcurl may send it again by itself when a kept connection was dead */
    int sends;       /* how often libcurl began to send the request; 0: nothing went out */
    bool resend_refused;
    bool is_long_poll; /* silence is no failure until an answer has begun */
    int redirects;
    int64_t started_ms, deadline_ms; /* 0: none */
    int64_t last_byte_ms;
    curl_off_t uploaded; /* at the last look */
    sfi_receive in;
    sfi_stream *stream; /* NULL: both bodies are in memory */
    sfi_http_response response;
    char curl_text[CURL_ERROR_SIZE];
    atomic_bool cancelled;
    bool done;                  /* http->lock */
    void (*on_end)(void *user); /* NULL: nobody; set before the start */
    void *end_user;
    pthread_cond_t ended; /* with http->lock: done became true */
};

/* receive.c: libcurl's callbacks, on the I/O thread */
CURLcode sfi_receive_attach(sfi_transfer *t); /* sets them on t->easy */
void sfi_receive_reset(sfi_receive *in);      /* the next answer, after a redirect */
void sfi_receive_finish(sfi_transfer *t);     /* moves what came to t->response */

/* stream.c */
sf_status sfi_stream_new(const sfi_http_request *request, sfi_stream **out, sf_error *err);
void sfi_stream_free(sfi_stream *s);         /* NULL is fine */
CURLcode sfi_stream_attach(sfi_transfer *t); /* sets the request's body on t->easy */
/* Body bytes for the sink. @return what libcurl's write callback answers. */
size_t sfi_stream_put(sfi_transfer *t, const char *data, size_t len);
/* Does the answer whose first body bytes are here go to the sink? */
bool sfi_stream_takes(sfi_transfer *t);
void sfi_stream_resume(sfi_http *http);           /* lets those go on whose callers have seen to it */
void sfi_stream_tell(sfi_http *http);             /* wakes the callers that have something to do */
bool sfi_stream_is_paused(const sfi_transfer *t); /* it waits for its caller, not for the network */
void sfi_stream_finish(sfi_transfer *t);          /* the end, on the I/O thread: numbers to the response */

/* transfer.c */
sf_status sfi_transfer_new(sfi_http *http, const sfi_http_request *request, sfi_transfer **out, sf_error *err);
void sfi_transfer_destroy(sfi_transfer *t); /* not running any more */
/* The request's end on the I/O thread; true: a redirect, add it to multi again. */
bool sfi_transfer_end(sfi_transfer *t, CURLcode code, const char *timeout_name);

/* outcome.c: fills response.outcome and error. timeout_name: NULL, or which of our own time limits ended it. */
/* What Content-Encoding says; false: something that cannot be read. */
bool sfi_encoding_of(const sfi_http_response *r, int *out);
void sfi_outcome_classify(sfi_transfer *t, CURLcode code, const char *timeout_name);

/* buffers.c. is_exact: need bytes are all that will come, else the first of it. *cap is at least need; NULL: no memory. */
char *sfi_http_take_buffer(sfi_http *http, size_t need, bool is_exact, size_t *cap);

/* hosts.c; the first two under lock */
bool sfi_hosts_allow(sfi_http *http, const sfi_transfer *t, int64_t *wait_ms); /* false: the breaker is open */
void sfi_hosts_note(sfi_http *http, const sfi_transfer *t);                    /* how it ended */
bool sfi_http_host_was_reached(sfi_http *http, const char *origin);

void *sfi_loop_run(void *http); /* loop.c: the I/O thread */

void sfi_http_unref(sfi_http *http); /* http.c */
#endif
