/*
 * retry.c: when and after what pause a request is repeated, as plain functions: the caller has the clock, the random
 * number and the loop. Full jitter (a pause anywhere between nothing and the doubled bound) spreads clients that failed
 * together; what the server asked for is a floor below it.
 */
#include "http/http_internal.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

int64_t sfi_retry_pause_ms(int attempt, int64_t base_ms, int64_t cap_ms, int64_t server_asked_ms, uint64_t random)
{
    int64_t bound = base_ms > 0 ? base_ms : 0;
    for (int i = 1; i < attempt && bound < cap_ms && bound > 0; i++) /* ends: bound doubles until cap */
        bound = bound > INT64_MAX / 2 ? INT64_MAX : bound * 2;
    if (bound > cap_ms) bound = cap_ms;
    if (bound < 0) bound = 0;
    int64_t pause = (int64_t)(random % ((uint64_t)bound + 1));
    return pause > server_asked_ms ? pause : server_asked_ms;
}

int64_t sfi_retry_after_ms(const sfi_http_response *r)
{
    sf_str value = sfi_header_get(r, "Retry-After");
    if (value.len == 0) return 0;
    sf_str rest = value;
    int64_t seconds, when, now;
    if (sfi_take_int(&rest, INT64_MAX / 1000, &seconds)) {
        if (rest.len > 0 && rest.ptr[0] != '.') return 0; /* "1.5" of careless servers counts as 1 */
        return seconds > DAY_MS / 1000 ? DAY_MS : seconds * 1000;
    }
    bool is_digits = true; /* more seconds than fit a number are still more than a day */
    for (size_t i = 0; i < value.len; i++) is_digits = is_digits && value.ptr[i] >= '0' && value.ptr[i] <= '9';
    if (is_digits) return DAY_MS;
    if (!sfi_http_date_parse(value, &when)) return 0;
    if (!sfi_http_date_parse(sfi_header_get(r, "Date"), &now))
        now = sfi_wall_ms(); /* the server's clock, if it tells */
    if (when <= now) return 0;
    return when - now < DAY_MS ? when - now : DAY_MS;
}

bool sfi_method_is_idempotent(const char *method)
{
    static const char *const names[] = { "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE" };
    for (size_t i = 0; method != NULL && i < SFI_COUNT_OF(names); i++)
        if (strcmp(method, names[i]) == 0) return true;
    return false;
}
