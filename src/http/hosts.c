/*
 * hosts.c: what is known of each host that was talked to: its circuit breaker, and whether it was ever reached. A fixed
 * number of places under sfi_http's lock; the host that was not used for longest makes room.
 */
#include "http/engine_internal.h"

static sfi_host *find_host(sfi_http *http, const char *origin)
{
    for (size_t i = 0; i < SFI_HTTP_HOSTS_MAX; i++)
        if (http->hosts[i].origin != NULL && strcmp(http->hosts[i].origin, origin) == 0) return &http->hosts[i];
    return NULL;
}

/* The host's place, made if need be at the cost of the one that was not used for longest. NULL: no memory. */
static sfi_host *get_host(sfi_http *http, const char *origin, int64_t now_ms)
{
    sfi_host *host = find_host(http, origin);
    if (host == NULL) {
        char *copy = sfi_strdup(origin);
        if (copy == NULL) return NULL;
        host = &http->hosts[0];
        for (size_t i = 1; i < SFI_HTTP_HOSTS_MAX && host->origin != NULL; i++)
            if (http->hosts[i].origin == NULL || http->hosts[i].used_at_ms < host->used_at_ms) host = &http->hosts[i];
        sfi_free(host->origin);
        *host = (sfi_host){ .origin = copy };
    }
    host->used_at_ms = now_ms;
    host->breaker.failures_max = http->breaker_failures_max;
    host->breaker.open_ms = http->breaker_open_ms;
    return host;
}

bool sfi_http_host_was_reached(sfi_http *http, const char *origin)
{
    pthread_mutex_lock(&http->lock);
    const sfi_host *host = find_host(http, origin);
    bool reached = host != NULL && host->was_reached;
    pthread_mutex_unlock(&http->lock);
    return reached;
}

void sfi_http_set_breaker(sfi_http *http, int failures_max, int64_t open_ms)
{
    pthread_mutex_lock(&http->lock);
    http->breaker_failures_max = failures_max;
    http->breaker_open_ms = open_ms;
    pthread_mutex_unlock(&http->lock);
}

static bool is_breaker_failure(const sfi_http_response *r)
{
    if (r->outcome == SFI_HTTP_ANSWERED) return r->status == 502 || r->status == 503 || r->status == 504;
    return r->error.status != SF_ERR_LIMIT && r->error.status != SF_ERR_MEMORY; /* not the host's fault */
}

void sfi_hosts_note(sfi_http *http, const sfi_transfer *t)
{
    sfi_host *host = get_host(http, t->origin.text, http->now_ms);
    if (host == NULL) return; /* no memory: the breaker learns nothing this time */
    host->was_reached = host->was_reached || t->sends > 0;
    if (t->response.outcome == SFI_HTTP_CANCELLED || !t->was_begun)
        host->breaker.probing = false; /* tells nothing of the host */
    else
        sfi_breaker_note(&host->breaker, !is_breaker_failure(&t->response), http->now_ms);
}

bool sfi_hosts_allow(sfi_http *http, const sfi_transfer *t, int64_t *wait_ms)
{
    sfi_host *host = get_host(http, t->origin.text, t->started_ms);
    if (host == NULL) return true; /* no memory: without a breaker */
    return sfi_breaker_allows(&host->breaker, t->started_ms, wait_ms);
}
