/*
 * zone.c: offsets of IANA time zones, read from the system's zone files (RFC 8536) without touching TZ. Each zone is read
 * once and kept for the life of the process. Called by functions.c for the date functions of SOQL.
 * Threads: any; one lock guards the list of zones.
 */
#include <pthread.h>
#include "store/store_internal.h"

enum { ZONES_MAX = 64, ZONE_FILE_MAX = 256 * 1024 };

typedef struct zone {
    char name[64];
    size_t count;
    int64_t *from;   /* seconds: when each offset begins, ascending; NULL: unknown zone, UTC */
    int32_t *offset; /* seconds east */
    int32_t first;   /* before the first change */
} zone;

static zone zones[ZONES_MAX];
static size_t zone_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two above */

static int64_t big_endian(const unsigned char *p, size_t bytes)
{
    uint64_t v = (p[0] & 0x80) != 0 ? ~(uint64_t)0 : 0; /* sign */
    for (size_t i = 0; i < bytes; i++) v = v << 8 | p[i];
    return (int64_t)v;
}

typedef struct counts {
    size_t utc, std, leap, times, types, chars;
} counts;

static bool read_header(const unsigned char *p, size_t left, counts *c)
{
    if (left < 44 || memcmp(p, "TZif", 4) != 0) return false;
    size_t *into[6] = { &c->utc, &c->std, &c->leap, &c->times, &c->types, &c->chars };
    for (size_t i = 0; i < 6; i++) {
        int64_t n = big_endian(p + 20 + i * 4, 4);
        if (n < 0 || n > ZONE_FILE_MAX) return false;
        *into[i] = (size_t)n;
    }
    return true;
}

static size_t body_size(const counts *c, size_t time_bytes)
{
    return c->times * (time_bytes + 1) + c->types * 6 + c->chars + c->leap * (time_bytes + 4) + c->std + c->utc;
}

/* The 64-bit part follows the 32-bit one. */
static bool parse_zone(const unsigned char *p, size_t len, zone *z)
{
    counts c;
    if (!read_header(p, len, &c) || p[4] < '2') return false;
    size_t skip = 44 + body_size(&c, 4);
    if (skip >= len || !read_header(p + skip, len - skip, &c)) return false;
    p += skip + 44;
    len -= skip + 44;
    if (body_size(&c, 8) > len || c.types == 0) return false;
    const unsigned char *index = p + c.times * 8, *types = index + c.times;
    z->from = sfi_calloc_n(c.times + 1, sizeof *z->from);
    z->offset = sfi_calloc_n(c.times + 1, sizeof *z->offset);
    if (z->from == NULL || z->offset == NULL) return false;
    for (size_t i = 0; i < c.times; i++) {
        if (index[i] >= c.types) return false;
        z->from[i] = big_endian(p + i * 8, 8);
        z->offset[i] = (int32_t)big_endian(types + (size_t)index[i] * 6, 4);
    }
    z->first = (int32_t)big_endian(types, 4);
    z->count = c.times;
    return true;
}

static bool name_is_safe(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < sizeof zones[0].name && name[0] != '/' && strstr(name, "..") == NULL &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == len;
}

static void load_zone(const char *name, zone *z)
{
    char path[128];
    unsigned char *data = sfi_alloc(ZONE_FILE_MAX);
    (void)snprintf(z->name, sizeof z->name, "%s", name); /* length checked */
    (void)snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = data != NULL ? fopen(path, "rbe") : NULL;
    bool ok = false;
    if (file != NULL) {
        size_t len = fread(data, 1, ZONE_FILE_MAX, file);
        (void)fclose(file); /* only read */
        ok = parse_zone(data, len, z);
    }
    if (!ok) { /* not installed, or broken: UTC */
        sfi_free(z->from);
        sfi_free(z->offset);
        z->from = NULL;
        z->offset = NULL;
        z->count = 0;
        z->first = 0;
    }
    sfi_free(data);
}

static const zone *find_zone(const char *name)
{
    for (size_t i = 0; i < zone_count; i++)
        if (strcmp(zones[i].name, name) == 0) return &zones[i];
    if (zone_count == ZONES_MAX) return NULL;
    load_zone(name, &zones[zone_count]);
    return &zones[zone_count++];
}

int sfo_zone_offset(const char *name, int64_t utc_ms)
{
    if (name == NULL || !name_is_safe(name) || strcmp(name, "UTC") == 0 || strcmp(name, "GMT") == 0) return 0;
    int64_t seconds = utc_ms / 1000 - (utc_ms % 1000 < 0 ? 1 : 0);
    pthread_mutex_lock(&lock);
    const zone *z = find_zone(name);
    int32_t offset = z != NULL ? z->first : 0;
    if (z != NULL && z->count > 0 && seconds >= z->from[0]) {
        size_t low = 0, high = z->count; /* the last change that is not after the moment */
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (z->from[middle] <= seconds)
                low = middle;
            else
                high = middle;
        }
        offset = z->offset[low];
    }
    pthread_mutex_unlock(&lock);
    return offset / 60;
}
