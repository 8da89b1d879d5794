/*
 * stream.h: bodies that are never whole in memory: a source gives the bytes of a request, a sink takes those of an
 * answer. Used by blobs, Apex REST and sf_client_request.
 * Threads: the callbacks run only inside the call that was given them, on its thread, one at a time and with no lock
 * held. They may call anything of the library. A call that was cancelled or ran out of time ends when the callback that
 * runs has returned.
 */
#ifndef SALESFORCE_STREAM_H
#define SALESFORCE_STREAM_H
#include <salesforce/base.h>

/** Where the bytes of a request come from; borrowed for the call. */
typedef struct sf_source {
    /** Write at most cap bytes (cap > 0) to data and their number to *len; 0 is the end. It may block. Anything but
     *  SF_OK ends the call with that status and *err (which comes zeroed; without a message one is written). */
    sf_status (*read)(void *user, char *data, size_t cap, size_t *len, sf_error *err);
    /** Begin again at the first byte, because the request has to be sent again: the session had ended, or a failure is
     *  safe to repeat. NULL: not possible; such a request waits for the server's word (Expect: 100-continue) before the
     *  first byte is read, and later failures are the caller's. */
    sf_status (*rewind)(void *user, sf_error *err);
    void *user;
    int64_t length;       /* bytes; SF_NONE: not known, the body is sent in chunks. Fewer than said is SF_ERR_IO */
    uint64_t reserved[4]; /* zero */
} sf_source;

/** Where the bytes of an answer go; borrowed for the call. Only the body of an answer of 200 to 299 does: what the org
 *  says about a failure becomes the sf_error. */
typedef struct sf_sink {
    /** Take len bytes (len > 0), inflated, in order. Anything but SF_OK ends the call, as above. */
    sf_status (*write)(void *user, const char *data, size_t len, sf_error *err);
    /** Forget all bytes so far: the answer was cut, and the request is made again. NULL: not possible; an answer that
     *  is cut after its first byte then ends the call (SF_ERR_TRUNCATED). */
    sf_status (*restart)(void *user, sf_error *err);
    void *user;
    uint64_t reserved[4]; /* zero */
} sf_sink;

/** Read from a descriptor. Of a regular file the length is known (from where it stands to the end that it has now), and
 *  when it stands at its beginning it can be read again; anything else (a pipe, a terminal) is read once, until its end.
 *  @param fd open for reading; borrowed as long as the source is in use. @return SF_OK, SF_ERR_USAGE, SF_ERR_IO (it
 *  cannot be looked at; a directory). */
SF_API sf_status sf_source_of_fd(int fd, sf_source *out, sf_error *err);

/** Write to a descriptor, from where it stands. What was written is not taken back, so there is no restart.
 *  @param fd open for writing; borrowed as long as the sink is in use. @return SF_OK, SF_ERR_USAGE. */
SF_API sf_status sf_sink_of_fd(int fd, sf_sink *out, sf_error *err);
#endif
