/* cache.c: see cache_internal.h. Owns the entries in the client's slot. The one idea: an entry is its JSON text and the
 * Last-Modified that came with it, which the org compares, so a kept answer is never older than the org says. A file
 * has one line of head, "Last-Modified<TAB>scope<TAB>key", then the text. */
#include "rest/cache_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MEMORY_BYTES_MAX = 64 << 20, /* of all kept answers; the oldest go first */
    FILE_BYTES_MAX = 64 << 20,
    HEAD_BYTES_MAX = 1024,
    PATH_BYTES_MAX = 4096
};

typedef struct entry {
    struct entry *next;
    char *key; /* scope, TAB, key */
    sfi_cached kept;
} entry;

typedef struct cache {
    entry *first; /* newest first */
    size_t bytes;
} cache;

void sfi_cached_clear(sfi_cached *c)
{
    sfi_free(c->text);
    *c = (sfi_cached){ 0 };
}

static void free_entry(entry *e)
{
    sfi_cached_clear(&e->kept);
    sfi_free(e->key);
    sfi_free(e);
}

static void free_cache(void *data)
{
    cache *c = data;
    while (c->first != NULL) {
        entry *e = c->first;
        c->first = e->next;
        free_entry(e);
    }
    sfi_free(c);
}

static char *full_key(const char *scope, const char *key)
{
    sfi_buf b = { .max = HEAD_BYTES_MAX };
    sfi_buf_addf(&b, "%s\t%s", scope, key);
    char *out = b.failed ? NULL : sfi_buf_take(&b);
    sfi_buf_free(&b);
    return out;
}

static bool set_cached(sfi_cached *out, sf_str text, sf_str since)
{
    if (since.len == 0 || since.len >= sizeof out->since) return false;
    char *copy = sfi_strndup(text.ptr, text.len);
    if (copy == NULL) return false;
    *out = (sfi_cached){ .text = copy, .len = text.len };
    memcpy(out->since, since.ptr, since.len);
    return true;
}

/* ---- memory: under the client's lock ---- */

/* Takes the entry of this key out of the list; NULL: not there. */
static entry *unlink_entry(cache *c, const char *key)
{
    for (entry **at = &c->first; *at != NULL; at = &(*at)->next) {
        entry *e = *at;
        if (strcmp(e->key, key) != 0) continue;
        *at = e->next;
        c->bytes -= e->kept.len;
        return e;
    }
    return NULL;
}

static void link_entry(cache *c, entry *e)
{
    e->next = c->first;
    c->first = e;
    c->bytes += e->kept.len;
    while (c->bytes > MEMORY_BYTES_MAX &&
           c->first->next != NULL) { /* ends: each turn drops one, and the newest stays */
        entry *last = c->first;
        while (last->next != NULL) last = last->next;
        free_entry(unlink_entry(c, last->key));
    }
}

static void put_memory(sf_client *sf, const char *key, sf_str text, sf_str since)
{
    entry *e = sfi_calloc(sizeof *e);
    cache *fresh = sfi_calloc(sizeof *fresh);
    if (e != NULL) e->key = sfi_strdup(key);
    bool ok = e != NULL && fresh != NULL && e->key != NULL && set_cached(&e->kept, text, since);
    entry *old = NULL;
    if (ok) {
        sfi_client_slot *slot = sfi_client_describe_slot(sf);
        sfi_client_lock(sf);
        if (slot->data == NULL) {
            slot->data = fresh;
            slot->free_fn = free_cache;
            fresh = NULL;
        }
        old = unlink_entry(slot->data, key);
        link_entry(slot->data, e);
        sfi_client_unlock(sf);
        e = NULL;
    }
    if (old != NULL) free_entry(old);
    if (e != NULL) free_entry(e);
    sfi_free(fresh);
}

static sf_status get_memory(sf_client *sf, const char *key, sfi_cached *out, sf_error *err)
{
    sf_status rc = SF_DONE;
    sfi_client_slot *slot = sfi_client_describe_slot(sf);
    sfi_client_lock(sf);
    cache *c = slot->data;
    entry *e = c != NULL ? unlink_entry(c, key) : NULL;
    if (e != NULL) {
        link_entry(c, e); /* newest now */
        bool ok = set_cached(out, (sf_str){ e->kept.text, e->kept.len }, sfi_str(e->kept.since));
        rc = ok ? SF_ROW : SF_ERR_MEMORY;
    }
    sfi_client_unlock(sf);
    return rc == SF_ERR_MEMORY ? sfi_fail_memory(err, "a kept describe answer") : rc;
}

/* ---- files ---- */

/* DIR/describe-HASH.json; the head of the file tells what it is. */
static bool file_path(const char *dir, const char *key, char out[PATH_BYTES_MAX])
{
    uint64_t hash = 0xCBF29CE484222325U;
    for (const char *s = key; *s != '\0'; s++) hash = (hash ^ (unsigned char)*s) * 0x100000001B3U;
    int n = snprintf(out, PATH_BYTES_MAX, "%s/describe-%016llx.json", dir, (unsigned long long)hash);
    return n > 0 && n < PATH_BYTES_MAX;
}

/* A whole file with a NUL behind, or NULL. */
static char *read_file(const char *path, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return NULL;
    char *data = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_size > 0 &&
        st.st_size <= FILE_BYTES_MAX)
        data = sfi_alloc((size_t)st.st_size + 1);
    size_t got = 0;
    while (data != NULL && got < (size_t)st.st_size) {
        ssize_t n = read(fd, data + got, (size_t)st.st_size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        got += (size_t)n;
    }
    close(fd);
    if (data != NULL) data[got] = '\0';
    *len = got;
    return data;
}

static bool get_file(const char *dir, const char *key, sfi_cached *out)
{
    char path[PATH_BYTES_MAX];
    size_t len = 0;
    if (!file_path(dir, key, path)) return false;
    char *data = read_file(path, &len);
    char *line = data != NULL ? memchr(data, '\n', len < HEAD_BYTES_MAX * 2 ? len : HEAD_BYTES_MAX * 2) : NULL;
    bool ok = false;
    if (line != NULL) {
        *line = '\0';
        char *tab = strchr(data, '\t');
        size_t text = (size_t)(line + 1 - data);
        if (tab != NULL && strcmp(tab + 1, key) == 0)
            ok = set_cached(out, (sf_str){ line + 1, len - text }, (sf_str){ data, (size_t)(tab - data) });
    }
    sfi_free(data);
    return ok;
}

static void put_file(sf_client *sf, const char *dir, const char *key, sf_str text, sf_str since)
{
    char path[PATH_BYTES_MAX], temporary[PATH_BYTES_MAX + 32];
    if (!file_path(dir, key, path)) return;
    (void)mkdir(dir, 0700); /* mostly there already; if it cannot be made, the open fails */
    snprintf(temporary, sizeof temporary, "%s.%016llx", path, (unsigned long long)sfi_random());
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    sfi_buf head = { .max = HEAD_BYTES_MAX * 2 };
    sfi_buf_addf(&head, "%.*s\t%s\n", (int)since.len, since.ptr, key);
    bool ok = fd >= 0 && !head.failed && sfi_write_all(fd, sfi_buf_str(&head)) && sfi_write_all(fd, text);
    if (fd >= 0 && close(fd) != 0) ok = false;
    if (ok && rename(temporary, path) != 0) ok = false;
    if (!ok && fd >= 0) (void)unlink(temporary); /* nothing more can be done about it */
    if (!ok) sfi_logf(sfi_client_log(sf), SFI_LOG_WARN, "describe: cannot keep an answer in %s", path);
    sfi_buf_free(&head);
}

/* ---- both ---- */

sf_status sfi_cache_get(sf_client *sf, const char *scope, const char *key, sfi_cached *out, sf_error *err)
{
    *out = (sfi_cached){ 0 };
    char *full = full_key(scope, key);
    if (full == NULL) return sfi_fail_memory(err, "a describe key");
    sf_status rc = get_memory(sf, full, out, err);
    const char *dir = sfi_client_cache_dir(sf);
    if (rc == SF_DONE && dir != NULL && get_file(dir, full, out)) {
        put_memory(sf, full, (sf_str){ out->text, out->len }, sfi_str(out->since));
        rc = SF_ROW;
    }
    sfi_free(full);
    return rc;
}

void sfi_cache_put(sf_client *sf, const char *scope, const char *key, sf_str text, sf_str since)
{
    char *full = full_key(scope, key);
    const char *dir = sfi_client_cache_dir(sf);
    if (full != NULL && text.ptr != NULL && since.len > 0) {
        put_memory(sf, full, text, since);
        if (dir != NULL) put_file(sf, dir, full, text, since);
    }
    sfi_free(full);
}
