/*
 * breaker.c: a circuit breaker as plain arithmetic: closed until so many failures in a row, then open for a while, then
 * one probe at a time until one succeeds. The owner has the lock and the clock.
 */
#include "http/http_internal.h"

bool sfi_breaker_allows(sfi_breaker *b, int64_t now_ms, int64_t *wait_ms)
{
    *wait_ms = 0;
    if (b->failures_max <= 0 || b->opened_at_ms == 0) return true;
    int64_t left = b->opened_at_ms + b->open_ms - now_ms;
    if (left <= 0 && !b->probing) {
        b->probing = true;
        return true;
    }
    *wait_ms = left > 0 ? left : b->open_ms; /* a probe is on its way: should it fail, so long again */
    return false;
}

void sfi_breaker_note(sfi_breaker *b, bool ok, int64_t now_ms)
{
    bool was_probe = b->probing;
    b->probing = false;
    if (ok) {
        b->failures = 0;
        b->opened_at_ms = 0;
        return;
    }
    if (b->failures < INT32_MAX) b->failures++;
    if (b->failures_max <= 0 || b->failures < b->failures_max) return;
    /* A straggler that was sent before it opened does not keep it open longer. */
    if (b->opened_at_ms == 0 || was_probe) b->opened_at_ms = now_ms > 0 ? now_ms : 1;
}
