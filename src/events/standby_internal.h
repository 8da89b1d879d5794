/*
 * standby_internal.h: a listener's part in its group: whether it leads, and what follows when that changes. Called by
 * listener.c and dispatch.c; a listener without a coordinator has none (l->standby is NULL), and leads always.
 * Threads: the listener's, but for the thread that standby.c makes, which attempts and renews.
 */
#ifndef SFI_STANDBY_INTERNAL_H
#define SFI_STANDBY_INTERNAL_H
#include "events/listener_internal.h"

/* Options are checked; no thread yet. l->options has a coordinator. */
sf_status sfi_standby_new(sf_listener *l, sf_error *err);
void sfi_standby_free(sf_listener *l); /* the lease is left to run out */

/* Around each poll: a listener that is not polled does not renew. begin makes the thread. */
sf_status sfi_standby_begin(sf_listener *l, sf_error *err);
void sfi_standby_end(sf_listener *l);
/* Do what follows from an election or a fall. @return SF_OK, or why listening cannot go on. */
sf_status sfi_standby_step(sf_listener *l, sf_error *err);
/* The listener has ended: relinquish, if it led. */
void sfi_standby_resign(sf_listener *l);

bool sfi_standby_may_hand_out(const sf_listener *l); /* it leads, and its lease is not over */
bool sfi_standby_is_leading(const sf_listener *l);
int64_t sfi_standby_due_ms(const sf_listener *l); /* when the listener has to be polled at the latest */
void sfi_standby_note_session(sf_listener *l, bool is_up, const sf_error *why);

bool sfi_standby_cannot_save(
    const sf_listener *l); /* the coordinator has failed to keep a position, and kept none since */

/* For a channel that is attached now: the group's position when the listener leads and there is one; else a's stays. */
sf_status sfi_standby_position(sf_listener *l, sfi_attachment *a, sf_error *err);
/* SF_OK also when it is not kept: the lease is lost (a is not dirty any more), or the coordinator fails (a stays dirty,
 * and is tried again). is_last: a failure is told. */
sf_status sfi_standby_save(sf_listener *l, sfi_attachment *a, const char *position, bool is_last, sf_error *err);
#endif
