/*
 * channel_filter.h: the filterExpression of a member of a channel of the org's own: a condition of SOQL over the fields of an event, and of
 * a change's header, that says which events the channel has.
 * Called by org.c. Threads: making and freeing belong to one; the store asks with its lock held.
 */
#ifndef SFO_CHANNEL_FILTER_H
#define SFO_CHANNEL_FILTER_H
#include "store/events.h"

typedef struct sfo_channel_filters sfo_channel_filters;
/* Takes the expressions of the store's channels. @return SF_OK, SF_ERR_USAGE (one is wrong; the message says which), SF_ERR_MEMORY. */
sf_status sfo_channel_filters_new(sfo_store *store, sfo_channel_filters **out, sf_error *err);
void sfo_channel_filters_free(sfo_channel_filters *filters); /* from then on everything passes; NULL is fine */
#endif
