/*
 * coordinator_file.c: see salesforce/coordination.h: a coordinator for the processes of one host. PATH holds terms, leases
 * and positions, and is replaced as a whole: a process that is killed at any instant leaves the old one or the new one.
 * PATH.lock holds no bytes, only locks of the kernel's: its first byte is locked while PATH is read and replaced, and each
 * term has a byte of its own, locked by the leader for as long as its process lives. So a leader that died is known to be
 * gone at once, and one that hangs when its lease is over. Leases count by the clock since the boot, and those of an
 * earlier boot are void.
 * PATH.before is the version before: when PATH is damaged it takes its place, with terms that are later than any that the
 * damaged one may have had. Its positions are a step older, so that events come twice, and none is left out.
 */
#define _GNU_SOURCE /* F_OFD_SETLK */
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
    LOCK_TIMEOUT_MS = 3000, /* others hold it for a few syncs of the disk */
    LOCK_PAUSE_MAX_MS = 20,
    MARKS_MAX = SFI_GROUPS_MAX,
    TERMS_SKIPPED = 1000, /* by a version that stands in for a damaged one: no more than one was begun in it */
    BOOT_BYTES = 40
};

typedef struct own_mark {
    char *group;
    int64_t mark;
} own_mark;

typedef struct file_coordinator {
    char *path, *new_path, *before_path, *link_path, *lock_path, *folder;
    int fd; /* of the lock file; -1: not open */
    char boot[BOOT_BYTES];
    own_mark *marks; /* terms that began here, whose bytes this one has locked */
    size_t mark_count;
    sfi_groups groups; /* as the file has them, during an operation */
    int64_t last_mark;
    bool is_damaged; /* what is in groups is of PATH.before */
} file_coordinator;

static sf_status fail_io(sf_error *err, const char *path, const char *what, int code)
{
    char text[128];
    if (strerror_r(code, text, sizeof text) != 0) (void)snprintf(text, sizeof text, "error %d", code);
    return sfi_fail(err, SF_ERR_IO, "coordinator %s: %s: %s", path, what, text);
}

/* ---- locks ---- */

static bool lock_byte(const file_coordinator *f, int64_t at, short type, int command, struct flock *out)
{
    *out = (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = 1 };
    return fcntl(f->fd, command, out) == 0;
}

static void unlock_byte(const file_coordinator *f, int64_t at)
{
    struct flock lock;
    (void)lock_byte(f, at, F_UNLCK, F_OFD_SETLK, &lock); /* unlocking what we opened cannot fail */
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
    f->fd = open(f->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    return f->fd >= 0 ? SF_OK : fail_io(err, f->lock_path, "cannot open", errno);
}

static sf_status lock(file_coordinator *f, sf_error *err)
{
    const sfi_wait wait = { 0 };
    int64_t end = sfi_now_ms() + LOCK_TIMEOUT_MS, pause = 1;
    for (;;) { /* ends: locked, an error, or the time is over */
        struct flock lock;
        sf_status rc = open_lock_file(f, err);
        if (rc != SF_OK) return rc;
        if (lock_byte(f, 0, F_WRLCK, F_OFD_SETLK, &lock)) {
            if (is_lock_file_in_place(f)) return SF_OK;
            continue; /* swept away in between */
        }
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return fail_io(err, f->lock_path, "cannot lock", errno);
        if (sfi_now_ms() >= end)
            return sfi_fail(err, SF_ERR_IO, "coordinator %s: another process has held its lock for %d ms", f->path,
                            LOCK_TIMEOUT_MS);
        rc = sfi_wait_pause(&wait, pause, "a lock", err);
        if (rc != SF_OK) return rc;
        pause = pause * 2 < LOCK_PAUSE_MAX_MS ? pause * 2 : LOCK_PAUSE_MAX_MS;
    }
}

static own_mark *find_mark(file_coordinator *f, const char *group)
{
    for (size_t i = 0; i < f->mark_count; i++)
        if (strcmp(f->marks[i].group, group) == 0) return &f->marks[i];
    return NULL;
}

static void forget_mark(file_coordinator *f, own_mark *m)
{
    unlock_byte(f, m->mark);
    sfi_free(m->group);
    *m = f->marks[--f->mark_count];
}

/* Lock a new byte for the group's term that begins. */
static sf_status take_mark(file_coordinator *f, const char *group, int64_t mark, sf_error *err)
{
    struct flock lock;
    own_mark *m = find_mark(f, group);
    if (m != NULL) forget_mark(f, m); /* of a term that is over */
    if (f->mark_count == MARKS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "a coordinator has at most %d groups", MARKS_MAX);
    own_mark *more = sfi_realloc(f->marks, (f->mark_count + 1) * sizeof *more);
    if (more == NULL) return sfi_fail_memory(err, "a group");
    f->marks = more;
    char *name = sfi_strdup(group);
    if (name == NULL) return sfi_fail_memory(err, "a group");
    if (!lock_byte(f, mark, F_WRLCK, F_OFD_SETLK, &lock)) {
        int code = errno;
        sfi_free(name);
        return fail_io(err, f->lock_path, "cannot lock a term", code);
    }
    more[f->mark_count++] = (own_mark){ .group = name, .mark = mark };
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
    if (g->epoch < 0 || g->mark < 0 || g->mark > f->last_mark || sf_value_type(positions) != SF_OBJECT)
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
    if (sf_value_type(groups) != SF_OBJECT || boot == NULL || f->last_mark < 0)
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
    if (fd < 0) return fail_io(err, path, "cannot open", errno);
    while ((got = read(fd, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR)) /* ends: the buffer's maximum */
        if (got > 0 && !sfi_buf_add(&text, piece, (size_t)got)) break;
    sf_status rc = got < 0 ? fail_io(err, path, "cannot read", errno) : sfi_buf_status(&text, err, path);
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

static sf_status load(file_coordinator *f, sf_error *err)
{
    sf_status rc = read_file(f, f->path, err);
    f->is_damaged = rc == SF_ERR_PROTOCOL;
    if (rc == SF_DONE) return SF_OK; /* nobody was here */
    if (rc != SF_ERR_PROTOCOL) return rc;
    rc = read_file(f, f->before_path, err);
    if (rc == SF_DONE || rc == SF_ERR_PROTOCOL)
        return sfi_fail(err, SF_ERR_IO, "coordinator %s is damaged, and so is %s; remove both to begin anew", f->path,
                        f->before_path);
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

static sf_status write_all(const file_coordinator *f, int fd, sf_str bytes, sf_error *err)
{
    size_t at = 0;
    while (at < bytes.len) {
        ssize_t put = write(fd, bytes.ptr + at, bytes.len - at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail_io(err, f->new_path, "cannot write", errno);
        at += (size_t)put;
    }
    bool ok = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP; /* a file system that has no such thing */
    return ok ? SF_OK : fail_io(err, f->new_path, "cannot sync", errno);
}

/* A name for the version that stands, so that it is still there when the new one has taken its place. It is a help only:
 * without it nothing is wrong yet. */
static void keep_before(const file_coordinator *f)
{
    (void)unlink(f->link_path);
    if (link(f->path, f->link_path) == 0) (void)rename(f->link_path, f->before_path);
}

static sf_status store(const file_coordinator *f, sf_error *err)
{
    sfi_buf text = { .max = FILE_BYTES_MAX };
    int fd = -1;
    sf_status rc = write_text(f, &text, err);
    if (rc == SF_OK) {
        (void)unlink(f->new_path); /* left by one that was killed; open says when it is still there */
        fd = open(f->new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
        if (fd < 0) rc = fail_io(err, f->new_path, "cannot make", errno);
    }
    if (rc == SF_OK) rc = write_all(f, fd, sfi_buf_str(&text), err);
    if (fd >= 0 && close(fd) != 0 && rc == SF_OK) rc = fail_io(err, f->new_path, "cannot close", errno);
    if (rc == SF_OK && !f->is_damaged) keep_before(f);
    if (rc == SF_OK && rename(f->new_path, f->path) != 0) rc = fail_io(err, f->path, "cannot replace", errno);
    if (rc == SF_OK) {
        fd = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) rc = fail_io(err, f->folder, "cannot open", errno);
        if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL) rc = fail_io(err, f->folder, "cannot sync", errno);
        if (fd >= 0) (void)close(fd); /* nothing was written */
    }
    sfi_buf_free(&text);
    return rc;
}

/* ---- the operations: lock, read, change, replace, unlock ---- */

static sf_status enter(file_coordinator *f, sf_error *err)
{
    sf_status rc = lock(f, err);
    if (rc != SF_OK) return rc;
    rc = load(f, err);
    if (rc != SF_OK) unlock_byte(f, 0);
    return rc;
}

static sf_status leave(file_coordinator *f, sf_status rc)
{
    unlock_byte(f, 0);
    sfi_groups_clear(&f->groups);
    return rc;
}

static void vacate(sfi_group *g)
{
    sfi_free(g->node);
    g->node = NULL;
}

static sf_status begin_term(file_coordinator *f, sfi_group *g, const char *node, int64_t liveness_ms, int64_t *epoch,
                            sf_error *err)
{
    int64_t mark = f->last_mark + 1;
    sf_status rc = take_mark(f, g->name, mark, err);
    if (rc != SF_OK) return rc;
    f->last_mark = g->mark = mark;
    rc = sfi_group_attempt(g, node, liveness_ms, epoch, err);
    if (rc == SF_OK) rc = store(f, err);
    if (rc != SF_OK) forget_mark(f, find_mark(f, g->name));
    return rc;
}

static sf_status file_attempt(void *user, const char *group, const char *node, int64_t liveness_ms, int64_t *epoch,
                              sf_error *err)
{
    file_coordinator *f = user;
    sfi_group *g;
    sf_status rc = enter(f, err);
    if (rc != SF_OK) return rc;
    rc = sfi_groups_take(&f->groups, group, &g, err);
    if (rc != SF_OK) return leave(f, rc);
    const own_mark *m = find_mark(f, group);
    bool is_own = g->node != NULL && strcmp(g->node, node) == 0 && m != NULL && m->mark == g->mark;
    if (is_own) {
        rc = sfi_group_attempt(g, node, liveness_ms, epoch, err);
        return leave(f, rc == SF_OK ? store(f, err) : rc);
    }
    if (g->node != NULL && sfi_boot_ms() < g->until_ms && !is_leader_gone(f, g)) return leave(f, SF_DONE);
    vacate(g); /* of the same name, too: it is another process */
    return leave(f, begin_term(f, g, node, liveness_ms, epoch, err));
}

static sf_status file_renew(void *user, const char *group, const char *node, int64_t epoch, int64_t liveness_ms,
                            sf_error *err)
{
    file_coordinator *f = user;
    sf_status rc = enter(f, err);
    if (rc != SF_OK) return rc;
    sfi_group *g = sfi_groups_find(&f->groups, group);
    if (g == NULL || !sfi_group_is_led_by(g, node, epoch)) return leave(f, SF_DONE);
    g->until_ms = sfi_boot_ms() + liveness_ms;
    return leave(f, store(f, err));
}

static sf_status file_relinquish(void *user, const char *group, const char *node, int64_t epoch, sf_error *err)
{
    file_coordinator *f = user;
    sf_status rc = enter(f, err);
    if (rc != SF_OK) return rc;
    sfi_group *g = sfi_groups_find(&f->groups, group);
    if (g == NULL || !sfi_group_is_led_by(g, node, epoch)) return leave(f, SF_OK);
    vacate(g);
    rc = store(f, err);
    own_mark *m = find_mark(f, group);
    if (rc == SF_OK && m != NULL) forget_mark(f, m);
    return leave(f, rc);
}

static sf_status file_save(void *user, const char *group, int64_t epoch, const char *channel, const char *position,
                           sf_error *err)
{
    file_coordinator *f = user;
    sfi_group *g;
    sf_status rc = enter(f, err);
    if (rc != SF_OK) return rc;
    rc = sfi_groups_take(&f->groups, group, &g, err);
    if (rc == SF_OK) rc = sfi_group_save(g, epoch, channel, position, err);
    return leave(f, rc == SF_OK ? store(f, err) : rc);
}

static sf_status file_get(void *user, const char *group, const char *channel,
                          void (*found)(void *ctx, const char *position), void *ctx, sf_error *err)
{
    file_coordinator *f = user;
    sf_status rc = enter(f, err);
    if (rc != SF_OK) return rc;
    const sfi_group *g = sfi_groups_find(&f->groups, group);
    const char *position = g != NULL ? sfi_group_position(g, channel) : NULL;
    if (position != NULL) found(ctx, position);
    return leave(f, position != NULL ? SF_OK : SF_DONE);
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
    sfi_free(f->new_path);
    sfi_free(f->before_path);
    sfi_free(f->link_path);
    sfi_free(f->lock_path);
    sfi_free(f->folder);
    sfi_free(f);
}

static char *path_of(const char *path, const char *suffix)
{
    sfi_buf text = { 0 };
    (void)sfi_buf_addf(&text, "%s%s", path, suffix);
    char *out = sfi_buf_take(&text); /* NULL: no memory */
    sfi_buf_free(&text);
    return out;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return sfi_strdup(".");
    return sfi_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* "" where the kernel does not say: then an old lease ends with the locks of who had it, which no boot survives. */
static void read_boot(char out[BOOT_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, BOOT_BYTES - 1) : 0;
    if (fd >= 0) (void)close(fd); /* nothing was written */
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

static sf_status make(const char *path, file_coordinator **out, sf_error *err)
{
    file_coordinator *f = *out = sfi_calloc(sizeof *f);
    if (f == NULL) return sfi_fail_memory(err, "a coordinator");
    f->fd = -1;
    f->path = sfi_strdup(path);
    f->new_path = path_of(path, ".new");
    f->before_path = path_of(path, ".before");
    f->link_path = path_of(path, ".link");
    f->lock_path = path_of(path, ".lock");
    f->folder = folder_of(path);
    read_boot(f->boot);
    bool ok = f->path != NULL && f->new_path != NULL && f->before_path != NULL && f->link_path != NULL &&
              f->lock_path != NULL && f->folder != NULL;
    return ok ? SF_OK : sfi_fail_memory(err, "a coordinator");
}

sf_status sf_coordinator_file(const char *path, sf_coordinator **out, sf_error *err)
{
    static const sf_coordinator_ops ops = { .attempt = file_attempt,
                                            .renew = file_renew,
                                            .relinquish = file_relinquish,
                                            .save = file_save,
                                            .get = file_get,
                                            .close = file_close };
    file_coordinator *f = NULL;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (path == NULL || path[0] == '\0') return sfi_fail(err, SF_ERR_USAGE, "the path of the coordinator is empty");
    sf_status rc = make(path, &f, err);
    if (rc == SF_OK) rc = enter(f, err);
    if (rc == SF_OK) rc = leave(f, SF_OK); /* it can be read */
    if (rc == SF_OK) rc = sf_coordinator_custom(&ops, f, out, err);
    if (rc != SF_OK) file_close(f);
    return rc;
}
