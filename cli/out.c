/* out.c: the sink: see output.h. A file is written beside its name and renamed when all is in it, so that nobody ever
 * sees half of it; a pipe whose reader is gone is remembered, and the run ends as SIGPIPE would end it. */
#define _GNU_SOURCE /* mkostemp */
#include "output.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

bool cli_format_parse(const char *text, cli_format *out)
{
    static const struct {
        const char *name;
        cli_format format;
    } names[] = { { "table", CLI_FORMAT_TABLE }, { "human", CLI_FORMAT_TABLE },   { "csv", CLI_FORMAT_CSV },
                  { "json", CLI_FORMAT_JSON },   { "ndjson", CLI_FORMAT_NDJSON }, { "jsonl", CLI_FORMAT_NDJSON } };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        if (!sfi_eq_nocase(text, names[i].name)) continue;
        *out = names[i].format;
        return true;
    }
    return false;
}

cli_format cli_format_of_file(const char *path)
{
    const char *dot = path != NULL ? strrchr(path, '.') : NULL;
    cli_format format = CLI_FORMAT_AUTO;
    if (dot == NULL || strchr(dot, '/') != NULL || !cli_format_parse(dot + 1, &format)) return CLI_FORMAT_AUTO;
    return format;
}

static sf_status cannot_write(const char *path, int why, sf_error *err)
{
    return sfi_fail(err, SF_ERR_USAGE, "cannot write %s: %s", path, strerror(why));
}

/* Where path leads, so that a symbolic link stays one. */
static sf_status find_target(cli_out *out, const char *path, sf_error *err)
{
    struct stat st;
    char real[PATH_MAX];
    bool is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    if (is_link && realpath(path, real) == NULL) return cannot_write(path, errno, err);
    out->target = sfi_strdup(is_link ? real : path);
    return out->target != NULL ? SF_OK : sfi_fail_memory(err, "a file name");
}

/* TARGET.XXXXXX in the same folder. */
static sf_status open_beside(cli_out *out, const char *path, sf_error *err)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    out->path = path;
    if (exists && !S_ISREG(st.st_mode)) { /* a device or a pipe: written as it is */
        out->fd = open(path, O_WRONLY | O_CLOEXEC);
        return out->fd >= 0 ? SF_OK : cannot_write(path, errno, err);
    }
    sf_status rc = find_target(out, path, err);
    if (rc != SF_OK) return rc;
    sfi_buf name = { 0 };
    sfi_buf_addf(&name, "%s.XXXXXX", out->target);
    char *temporary = sfi_buf_take(&name);
    sfi_buf_free(&name);
    if (temporary == NULL) return sfi_fail_memory(err, "a file name");
    out->fd = mkostemp(temporary, O_CLOEXEC);
    if (out->fd < 0) {
        rc = cannot_write(path, errno, err);
        sfi_free(temporary);
        return rc;
    }
    out->temporary = temporary;
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(out->fd, exists ? st.st_mode & 0777 : 0666 & ~mask); /* at worst it stays 0600 */
    return SF_OK;
}

sf_status cli_out_open(cli_out *out, const char *path, sf_error *err)
{
    *out = (cli_out){ .fd = -1 };
    out->data = sfi_alloc(CLI_OUT_SIZE);
    if (out->data == NULL) return sfi_fail_memory(err, "output");
    out->cap = CLI_OUT_SIZE;
    out->flushed_ms = sfi_now_ms();
    if (path == NULL || strcmp(path, "-") == 0) {
        out->fd = STDOUT_FILENO;
        out->terminal = isatty(STDOUT_FILENO) == 1;
        return SF_OK;
    }
    sf_status rc = open_beside(out, path, err);
    if (rc != SF_OK) {
        sfi_free(out->target);
        sfi_free(out->data);
        *out = (cli_out){ .fd = -1 };
    }
    return rc;
}

static void write_all(cli_out *out, const char *data, size_t len)
{
    while (len > 0 && out->error == 0) {
        ssize_t n = write(out->fd, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno != EINTR || cli_signal != 0) {
            out->error = errno;
            out->broken_pipe = errno == EPIPE;
        }
    }
}

void cli_out_flush(cli_out *out)
{
    write_all(out, out->data, out->len);
    out->len = 0;
    out->flushed_ms = sfi_now_ms();
}

void cli_out_flush_stale(cli_out *out)
{
    if (out->len > 0 && sfi_now_ms() - out->flushed_ms >= 100) cli_out_flush(out);
}

void cli_out_add_long(cli_out *out, const char *data, size_t len)
{
    cli_out_flush(out);
    if (len > out->cap) {
        write_all(out, data, len);
        return;
    }
    memcpy(out->data, data, len);
    out->len = len;
}

/* On the disk before the name points to it. Some file systems refuse fsync; then there is nothing to wait for. */
static void finish_file(cli_out *out)
{
    if (fsync(out->fd) != 0 && errno != EINVAL && errno != ENOTSUP && out->error == 0) out->error = errno;
    if (close(out->fd) != 0 && out->error == 0) out->error = errno;
    out->fd = -1;
    if (out->error == 0 && rename(out->temporary, out->target) != 0) out->error = errno;
}

sf_status cli_out_close(cli_out *out, bool keep, sf_error *err)
{
    if (out->fd < 0) return SF_OK;
    if (keep || out->temporary == NULL) cli_out_flush(out);
    if (keep && out->temporary != NULL) finish_file(out);
    if (out->temporary != NULL && (!keep || out->error != 0)) unlink(out->temporary);
    if (out->fd > STDERR_FILENO) close(out->fd);
    int why = out->error;
    const char *path = out->path;
    bool broken = out->broken_pipe;
    sfi_free(out->temporary);
    sfi_free(out->target);
    sfi_free(out->data);
    *out = (cli_out){ .fd = -1, .broken_pipe = broken };
    if (why == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "cannot write %s: %s", path != NULL ? path : "stdout", strerror(why));
}
