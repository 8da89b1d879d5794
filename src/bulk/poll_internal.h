/* poll_internal.h: looking at a job again and again, of either Bulk API: pauses that grow, within the caller's time. Threads: one. */
#ifndef SFI_BULK_POLL_INTERNAL_H
#define SFI_BULK_POLL_INTERNAL_H
#include "base/wait_internal.h"
#include "client/client_internal.h"

typedef struct sfi_poll {
    sfi_wait wait;
    sf_call_options call;
    int64_t timeout_ms; /* of all looks together; 0 or SF_NONE: none */
    int64_t pause_ms, most_ms;
} sfi_poll;
/* @param min_ms,max_ms of a pause; 0: as usual. @param call NULL: all defaults. @return SF_OK, SF_ERR_USAGE. */
sf_status sfi_poll_begin(sfi_poll *p, int64_t min_ms, int64_t max_ms, const sf_call_options *call, sf_error *err);
/* For the look at hand: what is left of the time. Borrowed until the next. */
const sf_call_options *sfi_poll_call(sfi_poll *p);
sf_status sfi_poll_pause(sfi_poll *p, sf_error *err); /* SF_ERR_TIMEOUT, SF_ERR_CANCELLED */
#endif
