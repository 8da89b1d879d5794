/*
 * coordinator_file.c: see salesforce/coordination.h: a coordinator for the processes of one host, in a folder of its own.
 * state-N holds terms, leases and positions, and is never changed: an operation reads the newest, writes the next one
 * beside it and links it to its name, which fails when somebody else was quicker; then it looks again. Nobody waits for
 * anybody, so a process may be killed or stopped at any instant, and leaves one version or the other. (A version of a
 * process that slept through many others can take a name that was free again: it is not the newest then, and does not
 * count.) The version before is kept: when the newest is damaged it takes its place, with terms later than any that the
 * damaged one may have had. Its positions are a step older, so that events come twice, and none is left out.
 * Each term has a byte of the file lock, locked by the leader for as long as its process lives: a leader that died is known
 * to be gone at once, and one that hangs when its lease is over. Leases count by the clock since the boot, and those of an
 * earlier boot are void.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/wait_internal.h"
#include "events/coordinator_internal.h"
#include "json/json_internal.h"

enum {
    FILE_BYTES_MAX = 64 * 1024 * 1024,
    TRIES_MAX = 200, /* of an operation that others are quicker than */
    PAUSE_MAX_MS = 20,
    MARKS_MAX = SFI_GROUPS_MAX,
    MARK_TRIES = 64,      /* bytes that others have locked for a term that they try to begin at the same time */
    TERMS_SKIPPED = 1000, /* by a version that stands in for a damaged one: no more than one was begun in it */
    LEFT_OVER_S = 600,    /* a file that is being written for so long never will be */
    PATH_BYTES_MAX = 4096
};

static const char of_file[] = "coordinator";
static const char state_prefix[] = "state-", new_prefix[] = "new-";

/* Of versions, terms and marks: what is greater was never counted up to, and the next one has to fit. */
#define NUMBER_MAX (INT64_MAX / 2)

typedef struct own_mark {
    char *group;
    int64_t mark;
} own_mark;

typedef struct file_coordinator {
    char *path, *lock_path, *new_path;
    int fd; /* of the lock file; -1: not open */
    char boot[SFI_BOOT_BYTES];
    own_mark *marks; /* terms that began here, whose bytes this one has locked */
    size_t mark_count;
    sfi_groups groups; /* as the newest version has them, during an operation */
    int64_t last_mark, version;
} file_coordinator;

/* ---- the locks of leaders ---- */

static bool lock_byte(const file_coordinator *f, int64_t at, short type, int command, struct flock *out)
{
    *out = (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = 1 };
    return fcntl(f->fd, command, out) == 0;
}

static void drop_marks(file_coordinator *f)
{
    for (size_t i = 0; i < f->mark_count; i++) sfi_free(f->marks[i].group);
    f->mark_count = 0;
}

/* The lock file may have been swept away: what is locked there binds nobody any more. */
static bool is_lock_file_in_place(const file_coordinator *f)
{
    struct stat ours, there;
    return fstat(f->fd, &ours) == 0 && stat(f->lock_path, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

static sf_status open_lock_file(file_coordinator *f, sf_error *err)
{
    if (f->fd >= 0 && is_lock_file_in_place(f)) return SF_OK;
    if (f->fd >= 0) (void)close(f->fd); /* nothing was written */
    drop_marks(f);
    f->fd = -1;
    if (mkdir(f->path, 0700) != 0 && errno != EEXIST)
        return sfi_fail_io(err, of_file, f->path, "cannot make the folder", errno);
    f->fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    return f->fd >= 0 ? SF_OK : sfi_fail_io(err, of_file, f->lock_path, "cannot open", errno);
}

static own_mark *find_mark(file_coordinator *f, const char *group)
{
    for (size_t i = 0; i < f->mark_count; i++)
        if (strcmp(f->marks[i].group, group) == 0) return &f->marks[i];
    return NULL;
}

static void forget_mark(file_coordinator *f, own_mark *m)
{
    struct flock lock;
    (void)lock_byte(f, m->mark, F_UNLCK, F_OFD_SETLK, &lock); /* unlocking what we locked cannot fail */
    sfi_free(m->group);
    *m = f->marks[--f->mark_count];
}

/* Lock a byte that no term had before, for the one of the group that begins. */
static sf_status take_mark(file_coordinator *f, const char *group, int64_t *mark, sf_error *err)
{
    struct flock lock;
    own_mark *m = find_mark(f, group);
    if (m != NULL) forget_mark(f, m); /* of a term that is over */
    if (f->mark_count == MARKS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a coordinator has at most %d groups", MARKS_MAX);
    own_mark *more = sfi_realloc(f->marks, (f->mark_count + 1) * sizeof *more);
    if (more == NULL) return sfi_fail_memory(err, "a group");
    f->marks = more;
    int64_t at = f->last_mark + 1, end = at + MARK_TRIES;
    bool ok;
    while (!(ok = lock_byte(f, at, F_WRLCK, F_OFD_SETLK, &lock)) && (errno == EAGAIN || errno == EACCES) && at < end)
        at++;
    if (!ok) return sfi_fail_io(err, of_file, f->lock_path, "cannot lock a term", errno);
    more[f->mark_count] = (own_mark){ .group = sfi_strdup(group), .mark = at };
    if (more[f->mark_count].group == NULL) {
        (void)lock_byte(f, at, F_UNLCK, F_OFD_SETLK, &lock);
        return sfi_fail_memory(err, "a group");
    }
    f->mark_count++;
    *mark = at;
    return SF_OK;
}

/* The process that began the group's term is gone: nobody has its byte locked. */
static bool is_leader_gone(file_coordinator *f, const sfi_group *g)
{
    struct flock lock;
    const own_mark *m = find_mark(f, g->name);
    if (m != NULL && m->mark == g->mark) return false; /* the kernel does not tell us of our own */
    return lock_byte(f, g->mark, F_WRLCK, F_OFD_GETLK, &lock) && lock.l_type == F_UNLCK;
}

/* ---- reading ---- */

static sf_status read_positions(sfi_group *g, sf_value positions, sf_error *err)
{
    sf_str key;
    sf_value value;
    for (sf_iter it = sf_iter_begin(positions); sf_iter_next(&it, &key, &value);) {
        const char *position = sf_get_str(value, NULL);
        if (position == NULL || position[0] == '\0' || key.ptr == NULL)
            return sfi_fail(err, SF_ERR_IO, "a position is no text");
        sf_status rc = sfi_group_keep(g, key.ptr, position, err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status read_group(file_coordinator *f, const char *name, sf_value value, bool is_this_boot, sf_error *err)
{
    sfi_group *g;
    sf_status rc = sfi_groups_take(&f->groups, name, &g, err);
    if (rc != SF_OK) return rc;
    g->epoch = sf_get_int(value, "epoch", -1);
    g->until_ms = sf_get_int(value, "until", 0);
    g->mark = sf_get_int(value, "mark", 0);
    const char *node = sf_get_str(value, "node");
    sf_value positions = sf_get(value, "positions");
    if (g->epoch < 0 || g->epoch > NUMBER_MAX || g->mark < 0 || g->mark > f->last_mark ||
        sf_value_type(positions) != SF_OBJECT)
        return sfi_fail(err, SF_ERR_IO, "group %.100s has no epoch, or no positions", name);
    if (node != NULL && is_this_boot) {
        sfi_free(g->node);
        g->node = sfi_strdup(node);
        if (g->node == NULL) return sfi_fail_memory(err, "a node");
    }
    return read_positions(g, positions, err);
}

static sf_status read_root(file_coordinator *f, sf_value root, sf_error *err)
{
    sf_str key;
    sf_value value, groups = sf_get(root, "groups");
    const char *boot = sf_get_str(root, "boot");
    f->last_mark = sf_get_int(root, "mark", -1);
    if (sf_value_type(groups) != SF_OBJECT || boot == NULL || f->last_mark < 0 || f->last_mark > NUMBER_MAX)
        return sfi_fail(err, SF_ERR_IO, "it is not what a coordinator writes");
    bool is_this_boot = strcmp(boot, f->boot) == 0;
    for (sf_iter it = sf_iter_begin(groups); sf_iter_next(&it, &key, &value);) {
        if (key.ptr == NULL) return sfi_fail(err, SF_ERR_IO, "a group has no name");
        sf_status rc = read_group(f, key.ptr, value, is_this_boot, err);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

/* SF_DONE: there is no such file. SF_ERR_PROTOCOL: there is, and it is damaged. */
static sf_status read_file(file_coordinator *f, const char *path, sf_error *err)
{
    char piece[4096];
    sfi_buf text = { .max = FILE_BYTES_MAX };
    sf_document *doc = NULL;
    ssize_t got = 0;
    sfi_groups_clear(&f->groups);
    f->last_mark = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return SF_DONE;
    if (fd < 0) return sfi_fail_io(err, of_file, path, "cannot open", errno);
    while ((got = read(fd, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR)) /* ends: the buffer's maximum */
        if (got > 0 && !sfi_buf_add(&text, piece, (size_t)got)) break;
    sf_status rc = got < 0 ? sfi_fail_io(err, of_file, path, "cannot read", errno) : sfi_buf_status(&text, err, path);
    (void)close(fd); /* nothing was written */
    if (rc == SF_OK) {
        rc = text.len > 0 ? sf_document_parse(text.data, text.len, &doc, err) : SF_ERR_PROTOCOL;
        if (rc == SF_OK) rc = read_root(f, sf_document_root(doc), err);
        if (rc != SF_OK && rc != SF_ERR_MEMORY) rc = SF_ERR_PROTOCOL;
        sf_document_free(doc);
    }
    sfi_buf_free(&text);
    return rc;
}

/* The name of an entry of the folder, as the number behind prefix; -1: it is another. */
static int64_t number_of(const char *name, const char *prefix)
{
    int64_t n;
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 && sfi_parse_int(sfi_str(name + len), &n) && n > 0 && n <= NUMBER_MAX ? n
                                                                                                                 : -1;
}

static void path_of_version(const file_coordinator *f, int64_t version, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/%s%lld", f->path, state_prefix, (long long)version);
}

/* The two newest versions; 0: there is none. The folder is small, so that the kernel reads it in one piece. */
static sf_status find_versions(const file_coordinator *f, int64_t *newest, int64_t *before, sf_error *err)
{
    const struct dirent *entry;
    *newest = *before = 0;
    DIR *folder = opendir(f->path);
    if (folder == NULL) return sfi_fail_io(err, of_file, f->path, "cannot open", errno);
    while ((entry = readdir(folder)) != NULL) { /* ends with the folder */
        int64_t n = number_of(entry->d_name, state_prefix);
        if (n > *newest) {
            *before = *newest;
            *newest = n;
        } else if (n > *before) {
            *before = n;
        }
    }
    (void)closedir(folder); /* nothing was written */
    return SF_OK;
}

/* Versions older than keep, and what a process that was killed has left half written. */
static void clean(const file_coordinator *f, int64_t keep)
{
    const struct dirent *entry;
    DIR *folder = opendir(f->path);
    int64_t now_s = sfi_wall_ms() / 1000;
    if (folder == NULL) return;                 /* the next one does it */
    while ((entry = readdir(folder)) != NULL) { /* ends with the folder */
        struct stat st;
        int64_t n = number_of(entry->d_name, state_prefix);
        bool is_left_over = strncmp(entry->d_name, new_prefix, sizeof new_prefix - 1) == 0 &&
                            fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                            st.st_mtime < now_s - LEFT_OVER_S;
        if (is_left_over || (n > 0 && n < keep)) (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    (void)closedir(folder); /* nothing was written */
}

/* SF_DONE: it was replaced before it could be read. */
static sf_status load(file_coordinator *f, sf_error *err)
{
    char path[PATH_BYTES_MAX];
    int64_t before;
    sf_status rc = find_versions(f, &f->version, &before, err);
    sfi_groups_clear(&f->groups);
    f->last_mark = 0;
    if (rc != SF_OK || f->version == 0) return rc; /* nobody was here */
    path_of_version(f, f->version, path, sizeof path);
    rc = read_file(f, path, err);
    if (rc != SF_ERR_PROTOCOL) return rc;
    if (before > 0) {
        path_of_version(f, before, path, sizeof path);
        rc = read_file(f, path, err);
    }
    if (rc == SF_ERR_PROTOCOL)
        return sfi_fail(err, SF_ERR_IO,
                        "coordinator %s: %s%lld and the one before are damaged; remove the folder to "
                        "begin anew",
                        f->path, state_prefix, (long long)f->version);
    if (rc != SF_OK) return rc;
    f->last_mark += TERMS_SKIPPED;
    for (size_t i = 0; i < f->groups.count; i++) { /* who led hears that a later term has begun, or leads anew */
        sfi_group *g = &f->groups.list[i];
        sfi_free(g->node);
        g->node = NULL;
        g->epoch += TERMS_SKIPPED;
    }
    return SF_OK;
}

/* ---- writing ---- */

static void write_group(sfi_json_writer *w, const sfi_group *g)
{
    sfi_json_key(w, g->name);
    sfi_json_begin_object(w);
    sfi_json_key(w, "epoch");
    sfi_json_int(w, g->epoch);
    if (g->node != NULL) {
        sfi_json_key(w, "node");
        sfi_json_string(w, g->node);
        sfi_json_key(w, "until");
        sfi_json_int(w, g->until_ms);
        sfi_json_key(w, "mark");
        sfi_json_int(w, g->mark);
    }
    sfi_json_key(w, "positions");
    sfi_json_begin_object(w);
    for (size_t i = 0; i < g->position_count; i++) {
        sfi_json_key(w, g->positions[i].channel);
        sfi_json_string(w, g->positions[i].text);
    }
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

static sf_status write_text(const file_coordinator *f, sfi_buf *text, sf_error *err)
{
    sfi_json_writer w = sfi_json_write_to(text);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "boot");
    sfi_json_string(&w, f->boot);
    sfi_json_key(&w, "mark");
    sfi_json_int(&w, f->last_mark);
    sfi_json_key(&w, "groups");
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < f->groups.count; i++) write_group(&w, &f->groups.list[i]);
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
    (void)sfi_buf_add_char(text, '\n');
    return sfi_buf_status(text, err, "a coordinator's file");
}

/* As the next version. SF_DONE: somebody else was quicker. */
static sf_status store(const file_coordinator *f, sf_error *err)
{
    char path[PATH_BYTES_MAX];
    sfi_buf text = { .max = FILE_BYTES_MAX };
    int64_t newest = 0, before;
    sf_status rc = write_text(f, &text, err);
    if (rc == SF_OK) rc = sfi_file_make(f->new_path, 0600, sfi_buf_str(&text), of_file, err);
    path_of_version(f, f->version + 1, path, sizeof path);
    if (rc == SF_OK && link(f->new_path, path) != 0)
        rc = errno == EEXIST ? SF_DONE : sfi_fail_io(err, of_file, path, "cannot link", errno);
    (void)unlink(f->new_path); /* it has its name, or is of no use */
    if (rc == SF_OK) rc = find_versions(f, &newest, &before, err);
    if (rc == SF_OK && newest != f->version + 1) rc = SF_DONE;
    if (rc == SF_OK) rc = sfi_sync_folder_of(path, of_file, err);
    if (rc == SF_OK) clean(f, f->version);
    sfi_buf_free(&text);
    return rc;
}

/* ---- the operations: each can be done again from its start, and then finds out what came of it the first time ---- */

typedef struct request {
    const char *group, *node, *channel, *position;
    int64_t liveness_ms;
    int64_t epoch; /* given, or found */
} request;

/* *is_changed: the groups are others now. */
typedef sf_status (*operation)(file_coordinator *f, request *r, bool *is_changed, sf_error *err);

static sf_status run(file_coordinator *f, operation work, request *r, sf_error *err)
{
    const sfi_wait wait = { 0 };
    for (int i = 0; i < TRIES_MAX; i++) {
        bool is_changed = false;
        sf_status rc = open_lock_file(f, err), stored = SF_OK;
        if (rc == SF_OK) rc = stored = load(f, err);
        if (rc == SF_OK) rc = work(f, r, &is_changed, err);
        if (rc == SF_OK && is_changed) rc = stored = store(f, err);
        sfi_groups_clear(&f->groups);
        if (rc != SF_DONE || stored != SF_DONE) return rc;
        int64_t pause = (int64_t)(sfi_random() % (uint64_t)(1 + (i < PAUSE_MAX_MS ? i : PAUSE_MAX_MS)));
        rc = sfi_wait_pause(&wait, pause, "a coordinator", err);
        if (rc != SF_OK) return rc;
    }
    return sfi_fail(err, SF_ERR_IO, "coordinator %s: others were quicker %d times", f->path, TRIES_MAX);
}

static void vacate(sfi_group *g)
{
    sfi_free(g->node);
    g->node = NULL;
}

static sf_status attempt(file_coordinator *f, request *r, bool *is_changed, sf_error *err)
{
    sfi_group *g;
    sf_status rc = sfi_groups_take(&f->groups, r->group, &g, err);
    if (rc != SF_OK) return rc;
    own_mark *m = find_mark(f, r->group);
    bool has_term = m != NULL && g->node != NULL && m->mark == g->mark;
    bool is_own = has_term && strcmp(g->node, r->node) == 0;
    if (!is_own && g->node != NULL && sfi_boot_ms() < g->until_ms && !is_leader_gone(f, g)) {
        if (m != NULL && !has_term) forget_mark(f, m); /* of a term that is over, or that did not begin */
        return SF_DONE;
    }
    if (!is_own) {
        vacate(g); /* of the same name, too: it is another process */
        rc = take_mark(f, r->group, &g->mark, err);
        if (rc == SF_OK) f->last_mark = g->mark;
    }
    if (rc == SF_OK) rc = sfi_group_attempt(g, r->node, r->liveness_ms, &r->epoch, err);
    *is_changed = true;
    return rc;
}

static sf_status renew(file_coordinator *f, request *r, bool *is_changed, sf_error *err)
{
    sfi_group *g = sfi_groups_find(&f->groups, r->group);
    (void)err; /* it cannot fail */
    if (g == NULL || !sfi_group_is_led_by(g, r->node, r->epoch)) return SF_DONE;
    g->until_ms = sfi_boot_ms() + r->liveness_ms;
    *is_changed = true;
    return SF_OK;
}

static sf_status relinquish(file_coordinator *f, request *r, bool *is_changed, sf_error *err)
{
    sfi_group *g = sfi_groups_find(&f->groups, r->group);
    (void)err; /* it cannot fail */
    if (g == NULL || !sfi_group_is_led_by(g, r->node, r->epoch)) return SF_OK;
    vacate(g);
    *is_changed = true;
    return SF_OK;
}

static sf_status save(file_coordinator *f, request *r, bool *is_changed, sf_error *err)
{
    sfi_group *g;
    sf_status rc = sfi_groups_take(&f->groups, r->group, &g, err);
    if (rc == SF_OK) rc = sfi_group_save(g, r->epoch, r->channel, r->position, err);
    *is_changed = rc == SF_OK;
    return rc;
}

static sf_status look(file_coordinator *f, request *r, bool *is_changed, sf_error *err)
{
    (void)f, (void)r, (void)is_changed, (void)err;
    return SF_OK; /* that it could be read is all */
}

static sf_status file_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                              sf_error *err)
{
    request r = { .group = group, .node = node, .liveness_ms = liveness_ms };
    sf_status rc = run(user, attempt, &r, err);
    if (rc == SF_OK) *epoch = r.epoch;
    return rc;
}

static sf_status file_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                            sf_error *err)
{
    return run(user, renew, &(request){ .group = group, .node = node, .epoch = epoch, .liveness_ms = liveness_ms },
               err);
}

static sf_status file_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *err)
{
    return run(user, relinquish, &(request){ .group = group, .node = node, .epoch = epoch }, err);
}

static sf_status file_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                           sf_error *err)
{
    return run(user, save, &(request){ .group = group, .epoch = epoch, .channel = channel, .position = position }, err);
}

typedef struct found_request {
    request request; /* first */
    void (*found)(void *ctx, const char *position);
    void *ctx;
    bool is_found;
} found_request;

static sf_status find_position(file_coordinator *f, request *r, bool *is_changed, sf_error *err)
{
    found_request *r2 = (found_request *)r;
    const sfi_group *g = sfi_groups_find(&f->groups, r->group);
    const char *position = g != NULL ? sfi_group_position(g, r->channel) : NULL;
    (void)is_changed, (void)err;
    r2->is_found = position != NULL;
    if (position != NULL) r2->found(r2->ctx, position);
    return SF_OK;
}

static sf_status file_get(void *user, const char *group, const char *channel,
                          void (*found)(void *ctx, const char *position), void *ctx, sf_error *err)
{
    found_request r = { .request = { .group = group, .channel = channel }, .found = found, .ctx = ctx };
    sf_status rc = run(user, find_position, &r.request, err);
    return rc == SF_OK && !r.is_found ? SF_DONE : rc;
}

/* Nobody writes into a version by hand. */
static void file_where(void *user, const char *group, const char *channel, char *text, size_t size)
{
    const file_coordinator *f = user;
    (void)group, (void)channel;
    (void)snprintf(text, size, "the folder %.300s", f->path);
}

/* ---- making and ending ---- */

static void file_close(void *user)
{
    file_coordinator *f = user;
    if (f == NULL) return;
    if (f->fd >= 0) (void)close(f->fd); /* its locks end with it */
    drop_marks(f);
    sfi_free(f->marks);
    sfi_groups_clear(&f->groups);
    sfi_free(f->path);
    sfi_free(f->lock_path);
    sfi_free(f->new_path);
    sfi_free(f);
}

static char *path_in(const char *folder, const char *name, const char *suffix)
{
    sfi_buf text = { 0 };
    (void)sfi_buf_addf(&text, "%s/%s%s", folder, name, suffix);
    char *out = sfi_buf_take(&text); /* NULL: no memory */
    sfi_buf_free(&text);
    return out;
}

static sf_status make(const char *path, file_coordinator **out, sf_error *err)
{
    char random[20];
    file_coordinator *f = *out = sfi_calloc(sizeof *f);
    if (f == NULL) return sfi_fail_memory(err, "a coordinator");
    (void)snprintf(random, sizeof random, "%016llx", (unsigned long long)sfi_random());
    f->fd = -1;
    f->path = sfi_strdup(path);
    f->lock_path = path_in(path, "lock", "");
    f->new_path = path_in(path, new_prefix, random);
    sfi_boot_id(f->boot); /* "": an old lease ends with the locks of who had it, which no boot survives */
    bool ok = f->path != NULL && f->lock_path != NULL && f->new_path != NULL;
    return ok ? SF_OK : sfi_fail_memory(err, "a coordinator");
}

sf_status sf_coordinator_file(const char *path, sf_coordinator **out, sf_error *err)
{
    static const sf_coordinator_ops ops = { .attempt = file_attempt,
                                            .renew = file_renew,
                                            .relinquish = file_relinquish,
                                            .save = file_save,
                                            .get = file_get,
                                            .close = file_close,
                                            .where = file_where };
    file_coordinator *f = NULL;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (path == NULL || path[0] == '\0' || strlen(path) > PATH_BYTES_MAX - 40)
        return sfi_fail(err, SF_ERR_USAGE, "the path of the coordinator is empty, or too long");
    sf_status rc = make(path, &f, err);
    if (rc == SF_OK) rc = run(f, look, &(request){ 0 }, err);
    if (rc == SF_OK) rc = sf_coordinator_custom(&ops, f, out, err);
    if (rc != SF_OK) file_close(f);
    return rc;
}
