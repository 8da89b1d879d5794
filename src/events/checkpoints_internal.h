/*
 * checkpoints_internal.h: positions of channels, kept by one of the stores of events.h. Called by listener.c.
 * Threads: as the listener that uses it: one at a time.
 */
#ifndef SFI_CHECKPOINTS_INTERNAL_H
#define SFI_CHECKPOINTS_INTERNAL_H
#include <salesforce/events.h>
#include "json/json_internal.h"

enum {
    SFI_POSITION_BYTES_MAX = 64,
    SFI_CHECKPOINTS_MAX = 1000, /* channels in a store of ours */
    SFI_WHERE_BYTES = 640       /* what a store's where may say */
};

/* SF_OK: out holds the text; SF_DONE: none is kept. */
sf_status sfi_checkpoints_get(sf_checkpoints *store, const char *channel, char out[SFI_POSITION_BYTES_MAX],
                              sf_error *err);
sf_status sfi_checkpoints_set(sf_checkpoints *store, const char *channel, const char *position, sf_error *err);
/* What is kept cannot be used: says so, and what to remove. text NULL: it is too long to be shown. */
sf_status sfi_checkpoints_fail(const sf_checkpoints *store, const char *channel, const char *text, sf_error *err);
/* The words of that, for coordinators too; where: what to remove. */
sf_status sfi_position_fail(sf_status status, const char *text, const char *where, sf_error *err);
#endif
