/*
 * usage.c: the Sforce-Limit-Info header: how much of the org's daily requests is used. Called by call.c after every
 * answer. No state. A header is read to its end before anything is answered.
 */
#include "client/state_internal.h"

#define USAGE_MAX INT64_C(1000000000000) /* requests; more is a broken header, not an allowance */

static bool take_pair(sf_str *s, int64_t *used, int64_t *max)
{
    return sfi_take_int(s, USAGE_MAX, used) && sfi_take_text(s, "/") && sfi_take_int(s, USAGE_MAX, max) && *max > 0;
}

/* Parts are divided by semicolons; parts of unknown names are left alone. */
bool sfi_usage_parse(sf_str header, sf_api_usage *out)
{
    sf_api_usage next = { 0 };
    sf_str rest = header;
    while (rest.len > 0) { /* ends: a part is cut off each time */
        const char *semicolon = memchr(rest.ptr, ';', rest.len);
        sf_str part = { rest.ptr, semicolon != NULL ? (size_t)(semicolon - rest.ptr) : rest.len };
        rest.ptr += part.len + (semicolon != NULL ? 1 : 0);
        rest.len -= part.len + (semicolon != NULL ? 1 : 0);
        part = sfi_trim(part);
        if (sfi_take_text(&part, "api-usage=")) {
            if (!take_pair(&part, &next.used, &next.max) || part.len > 0) return false;
        } else if (sfi_take_text(&part, "per-app-api-usage=")) {
            if (!take_pair(&part, &next.app_used, &next.app_max)) return false;
        }
    }
    if (next.max == 0) return false;
    *out = next;
    return true;
}

void sfi_client_note_usage(sf_client *sf, const sf_api_usage *usage)
{
    pthread_mutex_lock(&sf->lock);
    sf->usage = *usage;
    pthread_mutex_unlock(&sf->lock);
}

sf_status sf_client_get_api_usage(sf_client *sf, sf_api_usage *out)
{
    if (sf == NULL || out == NULL) return SF_ERR_USAGE;
    pthread_mutex_lock(&sf->lock);
    sf_api_usage now = sf->usage;
    pthread_mutex_unlock(&sf->lock);
    if (now.max > 0) *out = now;
    return now.max > 0 ? SF_ROW : SF_DONE;
}
