/* poll.c: see poll_internal.h. */
#include "bulk/poll_internal.h"

enum { PAUSE_MIN = 10, PAUSE_MAX = 600000, TIMEOUT_MAX = 86400000, FIRST_MS = 500, MOST_MS = 20000 };

static bool is_pause(int64_t ms)
{
    return ms == 0 || (ms >= PAUSE_MIN && ms <= PAUSE_MAX);
}

sf_status sfi_poll_begin(sfi_poll *p, int64_t min_ms, int64_t max_ms, const sf_call_options *call, sf_error *err)
{
    if (!is_pause(min_ms) || !is_pause(max_ms))
        return sfi_fail(err, SF_ERR_USAGE, "poll_min_ms is %lld, poll_max_ms %lld; want %d to %d milliseconds",
                        (long long)min_ms, (long long)max_ms, PAUSE_MIN, PAUSE_MAX);
    if (call != NULL && (call->timeout_ms < SF_NONE || call->timeout_ms > TIMEOUT_MAX))
        return sfi_fail(err, SF_ERR_USAGE, "timeout_ms is %lld; want 1 to %d milliseconds, 0 or SF_NONE",
                        (long long)call->timeout_ms, TIMEOUT_MAX);
    *p = (sfi_poll){ .pause_ms = min_ms > 0 ? min_ms : FIRST_MS, .most_ms = max_ms > 0 ? max_ms : MOST_MS };
    if (call != NULL) p->call = *call;
    p->timeout_ms = p->call.timeout_ms;
    p->wait.deadline_ms = p->timeout_ms > 0 ? sfi_now_ms() + p->timeout_ms : 0;
    p->wait.cancel = p->call.cancel;
    return SF_OK;
}

const sf_call_options *sfi_poll_call(sfi_poll *p)
{
    if (p->timeout_ms > 0) {
        p->call.timeout_ms = p->wait.deadline_ms - sfi_now_ms();
        if (p->call.timeout_ms < 1) p->call.timeout_ms = 1;
    }
    return &p->call;
}

sf_status sfi_poll_pause(sfi_poll *p, sf_error *err)
{
    if (p->pause_ms > p->most_ms) p->pause_ms = p->most_ms;
    sf_status rc = sfi_wait_pause(&p->wait, p->pause_ms, "waiting for a bulk job", err);
    p->pause_ms += p->pause_ms / 2;
    return rc;
}
