/*
 * call_internal.h: the insides of a call, shared by call.c (the loop) and attempt.c (one attempt: URL, headers, start).
 * Threads: a call belongs to one thread at a time; only its cancellation comes from another.
 */
#ifndef SFI_CALL_INTERNAL_H
#define SFI_CALL_INTERNAL_H
#include "client/state_internal.h"

enum {
    SFI_CALL_HEADERS_MAX = 48,
    SFI_CALL_OWN_HEADERS_MAX = 16,        /* of these for the client itself, package versions included */
    SFI_CALL_HEADER_BYTES_MAX = 16 * 1024 /* one line of sf_call_options.headers */
};

struct sfi_call {
    sf_client *sf;
    sfi_arena arena;          /* copies of the request's texts */
    sfi_call_request request; /* texts in the arena, but body and options */
    sfi_buf body;             /* what write_body wrote for the attempt; a secret */
    sfi_header headers[SFI_CALL_HEADERS_MAX];
    size_t header_count;
    bool has_accept, has_content_type, has_call_options;
    bool is_repeatable;
    sfi_wait wait;
    int32_t retries_max;

    sfi_session *session;   /* of the attempt that runs; NULL: anonymous */
    sfi_transfer *transfer; /* NULL: none runs */
    sfi_cancel_watcher watcher;
    int64_t started_ms;
    int repeats; /* after a pause; a repeat with a renewed session is not among them */
    int lock_repeats;
    bool is_renewed;
    bool may_be_done; /* an attempt was lost or failed in a way that it may have taken effect */
    char trace_id[33];
    char trace[56]; /* traceparent of the attempt; "": none is sent */
};

/* attempt.c */
/* Bytes that an answer may be, on the wire and inflated: the request's own limit under the client's. */
size_t sfi_call_response_max(const sfi_call *call);
sf_status sfi_call_copy_request(sfi_call *call, const sfi_call_request *request, sf_error *err);
/* Log in if need be, count, start the transfer and watch for cancellation. */
sf_status sfi_attempt_start(sfi_call *call, sf_error *err);
/* Wait for its end; statistics, usage and the log line. The response is the transfer's. */
sfi_http_response *sfi_attempt_finish(sfi_call *call);
void sfi_attempt_end(sfi_call *call); /* frees the transfer and wipes a body of its own; none is fine */
#endif
