/*
 * part_file.c: a file that is written beside its place and put there when it is whole. Called by blobs.c. What is no
 * regular file has no place to be put to, and is written directly; a symbolic link keeps pointing, and what it points to
 * is replaced.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rest/blob_internal.h"

enum { TRIES_MAX = 16 };

struct sfi_part_file {
    char *path, *part; /* part NULL: written directly */
    int fd;
    sf_sink sink, direct;
};

static sf_status fail_file(const char *what, const char *path, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "%s %.300s: %s", what, path, strerror(errno));
}

static sf_status write_part(void *user, const char *data, size_t len, sf_error *err)
{
    sfi_part_file *f = user;
    sf_status rc = f->direct.write(f->direct.user, data, len, err);
    if (rc != SF_OK) sfi_error_prefix(err, "%.300s", f->part != NULL ? f->part : f->path);
    return rc;
}

static sf_status restart_part(void *user, sf_error *err)
{
    sfi_part_file *f = user;
    if (lseek(f->fd, 0, SEEK_SET) == 0 && ftruncate(f->fd, 0) == 0) return SF_OK;
    return fail_file("cannot begin again with", f->part, err);
}

/* Where the path leads, and the mode of the file there. @return SF_OK; *is_direct: no regular file. */
static sf_status look(sfi_part_file *f, const char *path, bool *is_direct, mode_t *mode, sf_error *err)
{
    char target[PATH_MAX];
    struct stat st;
    *is_direct = false;
    *mode = 0;
    bool is_there = stat(path, &st) == 0;
    if (!is_there && errno != ENOENT) return fail_file("cannot look at", path, err);
    if (is_there && S_ISDIR(st.st_mode)) return sfi_fail(err, SF_ERR_IO, "%.300s is a folder; name a file in it", path);
    if (is_there && S_ISREG(st.st_mode)) *mode = st.st_mode & 0777;
    *is_direct = is_there && !S_ISREG(st.st_mode);
    if (is_there && !*is_direct && realpath(path, target) == NULL) return fail_file("cannot look at", path, err);
    f->path = sfi_strdup(is_there && !*is_direct ? target : path);
    return f->path != NULL ? SF_OK : sfi_fail_memory(err, "a file's name");
}

static sf_status make_part(sfi_part_file *f, mode_t mode, sf_error *err)
{
    sfi_buf name = { .max = PATH_MAX };
    sf_status rc = SF_OK;
    for (int i = 0; i < TRIES_MAX && f->fd < 0 && rc == SF_OK; i++) { /* another name, should somebody have this one */
        sfi_buf_clear(&name);
        (void)sfi_buf_addf(&name, "%s.part-%08x", f->path, (unsigned)sfi_random());
        rc = sfi_buf_status(&name, err, "a file's name");
        if (rc == SF_OK) f->fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (rc == SF_OK && f->fd < 0 && errno != EEXIST) rc = fail_file("cannot write", f->path, err);
    }
    if (rc == SF_OK && f->fd < 0) rc = fail_file("cannot write", f->path, err);
    if (rc == SF_OK && (f->part = sfi_strdup(name.data)) == NULL) {
        (void)unlink(name.data); /* made a moment ago */
        rc = sfi_fail_memory(err, "a file's name");
    }
    if (rc == SF_OK && mode != 0) (void)fchmod(f->fd, mode); /* somebody else's file: then as new */
    sfi_buf_free(&name);
    return rc;
}

sf_status sfi_part_file_open(const char *path, sfi_part_file **out, sf_error *err)
{
    bool is_direct;
    mode_t mode;
    *out = NULL;
    sfi_part_file *f = sfi_calloc(sizeof *f);
    if (f == NULL) return sfi_fail_memory(err, "a file");
    f->fd = -1;
    sf_status rc = look(f, path, &is_direct, &mode, err);
    if (rc == SF_OK && is_direct) {
        f->fd = open(f->path, O_WRONLY | O_CLOEXEC);
        if (f->fd < 0) rc = fail_file("cannot write", f->path, err);
    } else if (rc == SF_OK) {
        rc = make_part(f, mode, err);
    }
    if (rc == SF_OK) rc = sf_sink_of_fd(f->fd, &f->direct, err);
    if (rc == SF_OK) {
        f->sink = (sf_sink){ .write = write_part, .restart = is_direct ? NULL : restart_part, .user = f };
        *out = f;
        f = NULL;
    }
    sfi_part_file_close(f);
    return rc;
}

const sf_sink *sfi_part_file_sink(const sfi_part_file *f)
{
    return &f->sink;
}

sf_status sfi_part_file_commit(sfi_part_file *f, sf_error *err)
{
    int fd = f->fd;
    f->fd = -1;
    /* On the disk before the name points to it. Some file systems refuse fsync; then there is nothing to wait for. */
    if (f->part != NULL && fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP) {
        (void)fail_file("cannot write", f->path, err);
        (void)close(fd); /* what failed is told */
        return SF_ERR_IO;
    }
    if (close(fd) != 0) return fail_file("cannot write", f->path, err); /* a full disk may show here only */
    if (f->part == NULL) return SF_OK;
    if (rename(f->part, f->path) != 0) return fail_file("cannot put the file at", f->path, err);
    sfi_free(f->part);
    f->part = NULL;
    return SF_OK;
}

void sfi_part_file_close(sfi_part_file *f)
{
    if (f == NULL) return;
    if (f->fd >= 0) (void)close(f->fd);
    if (f->part != NULL) (void)unlink(f->part); /* not whole; nothing more can be done about it */
    sfi_free(f->part);
    sfi_free(f->path);
    sfi_free(f);
}
