/*
 * coordination.h: who of several listeners listens. The members of a group (processes, on one machine or many) agree
 * through a coordinator: one leads and listens, the others stand by for it, and the one that takes over goes on from the
 * positions that the group has kept. A leader holds a lease that it renews; each term of leading has a number (epoch)
 * greater than all before it, and a position that comes with an older number is refused: who was taken for dead and
 * wakes up again cannot move anything any more.
 * A coordinator is given to listeners by sf_listener_options.coordinator (events.h).
 * Threads: a coordinator is safe from all threads and may serve several listeners, of several clients. Its operations
 * are never called twice at once, nor with a lock of the library's held but the coordinator's own.
 */
#ifndef SALESFORCE_COORDINATION_H
#define SALESFORCE_COORDINATION_H
#include <salesforce/base.h>

#define SF_GROUP_BYTES_MAX 255   /* of the name of a group, and of a node; at least 1, no control characters */
#define SF_POSITION_BYTES_MAX 63 /* of a position */

typedef struct sf_coordinator sf_coordinator;

/** A coordinator of your own. All operations but close are needed. They come from two threads of a listener (its own,
 *  and the one that renews), never two at once, and should answer or give up within a few seconds: a listener waits for
 *  them. An error is not the end: it is logged once an outage, and asked again with the next heartbeat. Texts are
 *  borrowed for the call; a position is a text that only listeners understand, and may not be compared. liveness_ms
 *  counts from the moment of the call, by the clock of the coordinator, which all nodes share. */
typedef struct sf_coordinator_ops {
    /** Try to lead, atomically. SF_OK: node leads the group for liveness_ms from now, and *epoch is its term, greater than
     *  that of any leader before (the same as before when node led already, and nobody since); SF_DONE: another does. */
    sf_status (*attempt)(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                         sf_error *err);
    /** Go on leading for liveness_ms from now. SF_OK; SF_DONE: deposed, or the lease ran out and is another's. */
    sf_status (*renew)(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                       sf_error *err);
    /** Lead no more: the next attempt of any node succeeds. Only node's own term; SF_OK else too, without effect. */
    sf_status (*relinquish)(void *user, const char *group, const char *node, int64_t epoch, sf_error *err);
    /** Keep the position of a channel, durably, before answering. SF_DONE: refused, a later epoch has begun. */
    sf_status (*save)(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                      sf_error *err);
    /** Hand the position of a channel to found (once; borrowed for that call); SF_DONE when there is none. */
    sf_status (*get)(void *user, const char *group, const char *channel, void (*found)(void *ctx, const char *position),
                     void *ctx, sf_error *err);
    void (*close)(void *user); /* NULL: nothing to do */
    /** Write into text (size bytes, with the NUL) what somebody has to remove so that a channel's position is gone, such
     *  as "row 7 of table positions": it stands in the error about a position that cannot be used. NULL: not known. */
    void (*where)(void *user, const char *group, const char *channel, char *text, size_t size);
    uint64_t reserved[3]; /* zero */
} sf_coordinator_ops;

/** For the listeners of one process: leases and positions in its memory. @param out owned by the caller, ends with
 *  sf_coordinator_close. @return SF_OK, SF_ERR_MEMORY. */
SF_API sf_status sf_coordinator_memory(sf_coordinator **out, sf_error *err);
/** For the processes of one host: in a folder of its own, with versions of a small JSON file of mode 0600 that are synced
 *  and take each other's place whole; the one before takes the place of a damaged one. A process may be killed or stopped
 *  at any instant. A leader whose process ends, however it does, is known to be gone at once; one that hangs, when its lease
 *  is over. Not for folders on a network. @param path of the folder; copied; made when missing, the one that it is in is
 *  not. @param out as above. @return SF_OK, SF_ERR_IO (not readable or writable, or damaged), SF_ERR_USAGE,
 *  SF_ERR_MEMORY. */
SF_API sf_status sf_coordinator_file(const char *path, sf_coordinator **out, sf_error *err);
/** Your own. @param ops copied. @param user borrowed until the close. @param out as above.
 *  @return SF_OK, SF_ERR_USAGE (an operation is missing), SF_ERR_MEMORY. */
SF_API sf_status sf_coordinator_custom(const sf_coordinator_ops *ops, void *user, sf_coordinator **out, sf_error *err);
/** End it; leases that are held run out (of a file: they end). NULL is fine. No listener may use it any more. */
SF_EXTERN void sf_coordinator_close(sf_coordinator *c);
#endif
