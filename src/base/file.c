/*
 * file.c: whole files onto the disk. Called by what keeps something in a file: token stores, positions, coordinators, the
 * command's settings. Owns nothing between calls. Threads: any; two that replace one file at the same time must not share a
 * temporary. The one idea: a file is written beside, synced and renamed over, so that who reads it, or finds it after a
 * crash, has the old one or the new one and never half of one; and the folder is synced, so that the new one stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base_internal.h"

sf_status sfi_fail_io(sf_error *err, const char *of, const char *path, const char *what, int code)
{
    char text[128];
    if (strerror_r(code, text, sizeof text) != 0) (void)snprintf(text, sizeof text, "error %d", code);
    return sfi_fail(err, SF_ERR_IO, "%s%s%.300s: %s: %s", of, of[0] != '\0' ? " " : "", path, what, text);
}

bool sfi_write_all(int fd, sf_str bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes = (sf_str){ bytes.ptr + n, bytes.len - (size_t)n };
    }
    return true;
}

bool sfi_sync(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

/* shown: the name that messages tell, which is the one that people know. */
static sf_status make(const char *path, const char *shown, unsigned mode, sf_str bytes, const char *of, sf_error *err)
{
    (void)unlink(path); /* left by one that was killed; open says when it is still there */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (fd < 0) return sfi_fail_io(err, of, shown, "cannot be made", errno);
    sf_status rc = SF_OK;
    if (mode != 0600 && fchmod(fd, mode) != 0) rc = sfi_fail_io(err, of, shown, "cannot get its mode", errno);
    if (rc == SF_OK && !sfi_write_all(fd, bytes)) rc = sfi_fail_io(err, of, shown, "cannot be written", errno);
    if (rc == SF_OK && !sfi_sync(fd)) rc = sfi_fail_io(err, of, shown, "cannot be synced", errno);
    /* a full disk may show here only */
    if (close(fd) != 0 && rc == SF_OK) rc = sfi_fail_io(err, of, shown, "cannot be closed", errno);
    if (rc != SF_OK) (void)unlink(path); /* not whole; nothing more can be done about it */
    return rc;
}

sf_status sfi_file_make(const char *path, unsigned mode, sf_str bytes, const char *of, sf_error *err)
{
    return make(path, path, mode, bytes, of, err);
}

sf_status sfi_sync_folder_of(const char *path, const char *of, sf_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? sfi_strdup(".") : sfi_strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL) return sfi_fail_memory(err, "a path");
    sf_status rc = SF_OK;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        rc = sfi_fail_io(err, of, folder, "cannot be opened", errno);
    else if (!sfi_sync(fd))
        rc = sfi_fail_io(err, of, folder, "cannot be synced", errno);
    if (fd >= 0) (void)close(fd); /* nothing was written */
    sfi_free(folder);
    return rc;
}

sf_status sfi_file_replace(const char *path, const char *temporary, unsigned mode, sf_str bytes, const char *of,
                           sf_error *err)
{
    sfi_buf name = { 0 };
    sf_status rc = SF_OK;
    if (temporary == NULL) {
        sfi_buf_addf(&name, "%s.%016llx", path, (unsigned long long)sfi_random());
        rc = sfi_buf_status(&name, err, "a path");
        temporary = name.data;
    }
    if (rc == SF_OK) rc = make(temporary, path, mode, bytes, of, err);
    if (rc == SF_OK && rename(temporary, path) != 0) {
        rc = sfi_fail_io(err, of, path, "cannot be replaced", errno);
        (void)unlink(temporary); /* it is of no use */
    }
    sfi_buf_free(&name);
    return rc == SF_OK ? sfi_sync_folder_of(path, of, err) : rc;
}
