/* stats.c: what happened so far, for tests that count and for the daily allowance; see call.h. The allowance is a ring
 * of 24 hours: an hour's number is dropped when the hour comes round again. */
#include <pthread.h>
#include "api/call.h"

enum { PATHS_MAX = 2000, PATH_LEN = 160, HOURS = 24, STATUS_MIN = 100, STATUS_MAX = 599 };

typedef struct path_count {
    char path[PATH_LEN]; /* "GET /services/data" */
    uint32_t hash;       /* of path, so that looking along the list compares few texts */
    int64_t count;
} path_count;

struct sfo_stats {
    pthread_mutex_t lock; /* guards all below */
    int64_t requests, events[SFO_EVENT_COUNT];
    int64_t by_status[STATUS_MAX - STATUS_MIN + 1];
    path_count *paths;
    size_t path_count, path_cap;
    int64_t other;              /* requests whose path found no room */
    int64_t hours[HOURS], hour; /* hour: the newest, since 1970 */
};

sfo_stats *sfo_stats_new(void)
{
    sfo_stats *s = sfi_calloc(sizeof *s);
    if (s != NULL) pthread_mutex_init(&s->lock, NULL);
    return s;
}

void sfo_stats_free(sfo_stats *s)
{
    if (s == NULL) return;
    pthread_mutex_destroy(&s->lock);
    sfi_free(s->paths);
    sfi_free(s);
}

void sfo_stats_event(sfo_stats *s, sfo_event event, int64_t times)
{
    pthread_mutex_lock(&s->lock);
    s->events[event] += times;
    pthread_mutex_unlock(&s->lock);
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++) hash = (hash ^ (unsigned char)*text) * 16777619u; /* FNV-1a */
    return hash;
}

/* With the lock held. NULL: no room. */
static path_count *path_of(sfo_stats *s, const char *text)
{
    uint32_t hash = hash_of(text);
    for (size_t i = 0; i < s->path_count; i++)
        if (s->paths[i].hash == hash && strcmp(s->paths[i].path, text) == 0) return &s->paths[i];
    if (s->path_count == PATHS_MAX) return NULL;
    if (s->path_count == s->path_cap) {
        size_t cap = s->path_cap == 0 ? 32 : s->path_cap * 2;
        path_count *paths = sfi_realloc(s->paths, cap * sizeof *paths);
        if (paths == NULL) return NULL;
        s->paths = paths;
        s->path_cap = cap;
    }
    path_count *made = &s->paths[s->path_count++];
    snprintf(made->path, sizeof made->path, "%s", text);
    made->hash = hash;
    made->count = 0;
    return made;
}

void sfo_stats_request(sfo_stats *s, const char *method, const char *path, int status)
{
    char text[PATH_LEN];
    snprintf(text, sizeof text, "%s %s", method, path);
    for (char *c = text; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7F) *c = '?'; /* a raw path may hold anything */
    pthread_mutex_lock(&s->lock);
    s->requests++;
    if (status >= STATUS_MIN && status <= STATUS_MAX) s->by_status[status - STATUS_MIN]++;
    path_count *p = path_of(s, text);
    if (p != NULL)
        p->count++;
    else
        s->other++;
    pthread_mutex_unlock(&s->lock);
}

void sfo_stats_write_json(sfo_stats *s, sfi_json_writer *w)
{
    static const char *const names[] = { "records_created", "records_updated", "records_deleted",
                                         "logins",          "refreshes",       "refresh_reuses" };
    _Static_assert(SFI_COUNT_OF(names) == SFO_EVENT_COUNT, "a name for each event");
    pthread_mutex_lock(&s->lock);
    sfi_json_key(w, "requests");
    sfi_json_int(w, s->requests);
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        sfi_json_key(w, names[i]);
        sfi_json_int(w, s->events[i]);
    }
    sfi_json_key(w, "by_status");
    sfi_json_begin_object(w);
    for (int i = 0; i <= STATUS_MAX - STATUS_MIN; i++) {
        if (s->by_status[i] == 0) continue;
        char status[16];
        snprintf(status, sizeof status, "%d", i + STATUS_MIN);
        sfi_json_key(w, status);
        sfi_json_int(w, s->by_status[i]);
    }
    sfi_json_end_object(w);
    sfi_json_key(w, "by_path");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < s->path_count; i++) {
        sfi_json_key(w, s->paths[i].path);
        sfi_json_int(w, s->paths[i].count);
    }
    if (s->other > 0) {
        sfi_json_key(w, "other");
        sfi_json_int(w, s->other);
    }
    sfi_json_end_object(w);
    pthread_mutex_unlock(&s->lock);
}

void sfo_stats_reset(sfo_stats *s)
{
    pthread_mutex_lock(&s->lock);
    s->requests = s->other = 0;
    s->path_count = 0;
    memset(s->events, 0, sizeof s->events);
    memset(s->by_status, 0, sizeof s->by_status);
    pthread_mutex_unlock(&s->lock);
}

/* With the lock held: forget the hours that are over. @return what is left. */
static int64_t used_now(sfo_stats *s)
{
    int64_t hour = sfi_wall_ms() / 3600000;
    if (hour - s->hour >= HOURS)
        memset(s->hours, 0, sizeof s->hours);
    else
        for (int64_t h = s->hour + 1; h <= hour; h++) s->hours[h % HOURS] = 0;
    if (hour > s->hour) s->hour = hour;
    int64_t used = 0;
    for (int i = 0; i < HOURS; i++) used += s->hours[i];
    return used;
}

bool sfo_stats_api_call(sfo_stats *s, int64_t max)
{
    pthread_mutex_lock(&s->lock);
    bool ok = used_now(s) < max;
    if (ok) s->hours[s->hour % HOURS]++;
    pthread_mutex_unlock(&s->lock);
    return ok;
}

int64_t sfo_stats_api_used(sfo_stats *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t used = used_now(s);
    pthread_mutex_unlock(&s->lock);
    return used;
}
