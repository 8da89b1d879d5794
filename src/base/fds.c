/*
 * fds.c: descriptors 0, 1 and 2 of our programs. Called first by their main; the library leaves them alone. The one idea:
 * a program that was started with one of them closed would get that number for its next socket or file, and what it
 * prints would go there.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/base_internal.h"

bool sfi_keep_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
        /* A closed stdout stays one that cannot be written, so that nobody takes lost data for printed. */
        int got = open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY); /* the lowest number that is free */
        if (got != fd) return false;
    }
    return true;
}
