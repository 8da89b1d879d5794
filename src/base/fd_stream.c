/*
 * fd_stream.c: a descriptor as a source or a sink; see stream.h. The descriptor travels in the callbacks' user pointer,
 * so that there is nothing to free; that leaves no room for a place to go back to, hence the rule on the beginning.
 */
#include <salesforce/stream.h>
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base_internal.h"

enum { PIECE_MAX = 1 << 30 }; /* of one read or write: within what all systems take */

static void *user_of(int fd)
{
    return (void *)(intptr_t)fd;
}

static int fd_of(void *user)
{
    return (int)(intptr_t)user;
}

/* A descriptor that somebody made non-blocking is waited for, as the callback may block. */
static bool may_go_on(int fd, short events)
{
    if (errno == EINTR) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) return false;
    struct pollfd p = { .fd = fd, .events = events };
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static sf_status read_fd(void *user, char *data, size_t cap, size_t *len, sf_error *err)
{
    int fd = fd_of(user);
    ssize_t n;
    do n = read(fd, data, cap < PIECE_MAX ? cap : PIECE_MAX);
    while (n < 0 && may_go_on(fd, POLLIN)); /* ends: as the file or its writer does */
    if (n < 0) return sfi_fail(err, SF_ERR_IO, "descriptor %d cannot be read: %s", fd, strerror(errno));
    *len = (size_t)n;
    return SF_OK;
}

static sf_status rewind_fd(void *user, sf_error *err)
{
    if (lseek(fd_of(user), 0, SEEK_SET) == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "descriptor %d cannot be read again: %s", fd_of(user), strerror(errno));
}

static sf_status write_fd(void *user, const char *data, size_t len, sf_error *err)
{
    int fd = fd_of(user);
    while (len > 0) {
        ssize_t n = write(fd, data, len < PIECE_MAX ? len : PIECE_MAX);
        if (n < 0 && may_go_on(fd, POLLOUT)) continue;
        if (n < 0) return sfi_fail(err, SF_ERR_IO, "descriptor %d cannot be written: %s", fd, strerror(errno));
        data += n;
        len -= (size_t)n;
    }
    return SF_OK;
}

sf_status sf_source_of_fd(int fd, sf_source *out, sf_error *err)
{
    struct stat st;
    if (out == NULL || fd < 0) return sfi_fail(err, SF_ERR_USAGE, "a source needs a descriptor, and out");
    if (fstat(fd, &st) != 0)
        return sfi_fail(err, SF_ERR_IO, "descriptor %d cannot be looked at: %s", fd, strerror(errno));
    if (S_ISDIR(st.st_mode)) return sfi_fail(err, SF_ERR_IO, "descriptor %d is a directory", fd);
    sf_source source = { .read = read_fd, .user = user_of(fd), .length = SF_NONE };
    off_t at = S_ISREG(st.st_mode) ? lseek(fd, 0, SEEK_CUR) : -1;
    if (at >= 0) source.length = st.st_size > at ? st.st_size - at : 0;
    if (at == 0) source.rewind = rewind_fd;
    *out = source;
    return SF_OK;
}

sf_status sf_sink_of_fd(int fd, sf_sink *out, sf_error *err)
{
    if (out == NULL || fd < 0) return sfi_fail(err, SF_ERR_USAGE, "a sink needs a descriptor, and out");
    *out = (sf_sink){ .write = write_fd, .user = user_of(fd) };
    return SF_OK;
}
