/*
 * journal.c: see journal_internal.h. A line is JSON and its check sum: «HHHHHHHH {…}». Reading stops at the first line that
 * is not whole. One without its end is the last one, cut by a crash: it is taken off, so that the next line begins where the
 * last good one ended. One that has its end was damaged later; to go on without what it tells could load rows twice.
 */
#include "bulk/journal_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16 << 20, FILE_MAX_BYTES = 1 << 28, SUM_DIGITS = 8 };

struct sfi_journal {
    int fd;
    char *path;
};

/* FNV-1a: it tells a line that was cut or half overwritten, no more is asked of it. */
static uint32_t sum_of(sf_str line)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < line.len; i++) sum = (sum ^ (unsigned char)line.ptr[i]) * 16777619u;
    return sum;
}

static sf_status fail_io(const sfi_journal *j, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "journal %.300s: %s: %s", j->path, what, strerror(errno));
}

/* The next whole line of text; false: there is none. *rest moves behind it. */
static bool take_line(sf_str *rest, sf_str *line)
{
    const char *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;
    if (end == NULL) return false;
    sf_str whole = { rest->ptr, (size_t)(end - rest->ptr) };
    if (whole.len < SUM_DIGITS + 3 || whole.ptr[SUM_DIGITS] != ' ') return false;
    *line = (sf_str){ whole.ptr + SUM_DIGITS + 1, whole.len - SUM_DIGITS - 1 };
    char sum[SUM_DIGITS + 1];
    snprintf(sum, sizeof sum, "%08x", sum_of(*line));
    if (memcmp(sum, whole.ptr, SUM_DIGITS) != 0) return false;
    *rest = (sf_str){ end + 1, rest->len - whole.len - 1 };
    return true;
}

static sf_status read_file(sfi_journal *j, sfi_buf *out, sf_error *err)
{
    struct stat st;
    if (fstat(j->fd, &st) != 0) return fail_io(j, "cannot look at it", err);
    if (st.st_size > FILE_MAX_BYTES)
        return sfi_fail(err, SF_ERR_LIMIT, "journal %.300s: it is no journal: too large", j->path);
    size_t size = (size_t)st.st_size;
    if (!sfi_buf_reserve(out, size + 1)) return sfi_fail_memory(err, "a journal");
    while (out->len < size) {
        ssize_t n = pread(j->fd, out->data + out->len, size - out->len, (off_t)out->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_io(j, "cannot read", err);
        if (n == 0) break;
        out->len += (size_t)n;
    }
    return SF_OK;
}

/* Is this the beginning of a head line, cut before its end? Any other file is somebody's. */
static bool is_cut_head(sf_str text, sf_str head)
{
    char sum[SUM_DIGITS + 2];
    snprintf(sum, sizeof sum, "%08x ", sum_of(head));
    size_t sum_len = text.len < SUM_DIGITS + 1 ? text.len : SUM_DIGITS + 1;
    if (text.len > SUM_DIGITS + 1 + head.len) return false;
    return memcmp(text.ptr, sum, sum_len) == 0 &&
           (text.len == sum_len || memcmp(text.ptr + sum_len, head.ptr, text.len - sum_len) == 0);
}

static sf_status replay(sfi_journal *j, sf_str head, sf_status (*fn)(void *user, sf_value line, sf_error *err),
                        void *user, bool *resumed, sf_error *err)
{
    sfi_buf text = { .max = FILE_MAX_BYTES + 1 };
    sfi_json *doc = NULL;
    sf_status rc = read_file(j, &text, err);
    sf_str rest = sfi_buf_str(&text), line;
    off_t good = 0;
    *resumed = false;
    if (rc == SF_OK && take_line(&rest, &line)) {
        *resumed = true;
        if (!sfi_str_eq(line, head))
            rc = sfi_fail(
                err, SF_ERR_USAGE,
                "journal %.300s: it belongs to another run (other file, object or options); go on with those, or name "
                "another journal",
                j->path);
        good = rest.ptr - text.data;
    } else if (rc == SF_OK && text.len > 0 && !is_cut_head(rest, head)) {
        rc = sfi_fail(err, SF_ERR_USAGE, "journal %.300s: this file is no journal; it is left alone", j->path);
    }
    if (rc == SF_OK) rc = sfi_json_new(&doc, err);
    while (rc == SF_OK && *resumed && take_line(&rest, &line)) { /* each round takes a line off */
        rc = sfi_json_parse(doc, line, err);
        if (rc == SF_OK) rc = fn(user, sfi_json_root(doc), err);
        good = rest.ptr - text.data;
    }
    if (rc == SF_OK && *resumed && rest.len > 0 && memchr(rest.ptr, '\n', rest.len) != NULL)
        rc = sfi_fail(err, SF_ERR_USAGE, "journal %.300s: it is damaged at byte %lld: nothing can go on with it",
                      j->path, (long long)good);
    if (rc == SF_OK && ftruncate(j->fd, good) != 0) rc = fail_io(j, "cannot cut off its end", err);
    sfi_json_free(doc);
    sfi_buf_free(&text);
    return rc;
}

sf_status sfi_journal_open(const char *path, sf_str head, sf_status (*fn)(void *user, sf_value line, sf_error *err),
                           void *user, sfi_journal **out, bool *resumed, sf_error *err)
{
    *out = NULL;
    sfi_journal *j = sfi_calloc(sizeof *j);
    if (j == NULL) return sfi_fail_memory(err, "a journal");
    j->path = sfi_strdup(path);
    j->fd = j->path != NULL ? open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    sf_status rc = j->path == NULL ? sfi_fail_memory(err, "a journal")
                   : j->fd < 0     ? fail_io(j, "cannot open", err)
                                   : SF_OK;
    if (rc == SF_OK && flock(j->fd, LOCK_EX | LOCK_NB) != 0)
        rc = errno == EWOULDBLOCK
                 ? sfi_fail(err, SF_ERR_USAGE, "journal %.300s: another process is at work with it", path)
                 : fail_io(j, "cannot lock", err);
    if (rc == SF_OK) rc = replay(j, head, fn, user, resumed, err);
    if (rc == SF_OK && !*resumed) rc = sfi_journal_add_soon(j, head, err); /* what must last takes it along */
    if (rc == SF_OK) {
        *out = j;
        return SF_OK;
    }
    sfi_journal_close(j);
    return rc;
}

sf_status sfi_journal_add_soon(sfi_journal *j, sf_str line, sf_error *err)
{
    sfi_buf text = { .max = LINE_MAX_BYTES + 32 };
    sfi_buf_addf(&text, "%08x ", sum_of(line));
    sfi_buf_add(&text, line.ptr, line.len);
    sfi_buf_add_char(&text, '\n');
    sf_status rc = sfi_buf_status(&text, err, "a line of the journal");
    size_t done = 0;
    struct stat before;
    if (rc == SF_OK && fstat(j->fd, &before) != 0) rc = fail_io(j, "cannot look at it", err);
    while (rc == SF_OK && done < text.len) {
        ssize_t n = write(j->fd, text.data + done, text.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            rc = fail_io(j, "cannot write", err);
            if (done > 0 && ftruncate(j->fd, before.st_size) != 0) rc = fail_io(j, "cannot cut off a line", err);
        } else {
            done += (size_t)n;
        }
    }
    sfi_buf_free(&text);
    return rc;
}

sf_status sfi_journal_add(sfi_journal *j, sf_str line, sf_error *err)
{
    sf_status rc = sfi_journal_add_soon(j, line, err);
    if (rc == SF_OK && fdatasync(j->fd) != 0 && errno != EINVAL && errno != EROFS) rc = fail_io(j, "cannot sync", err);
    return rc;
}

sf_status sfi_journal_add_buf(sfi_journal *j, sfi_buf *line, sf_error *err)
{
    sf_status rc = sfi_buf_status(line, err, "a line of the journal");
    if (rc == SF_OK) rc = sfi_journal_add(j, sfi_buf_str(line), err);
    sfi_buf_free(line);
    return rc;
}

const char *sfi_journal_path(const sfi_journal *j)
{
    return j->path;
}

void sfi_journal_close(sfi_journal *j)
{
    if (j == NULL) return;
    if (j->fd >= 0) close(j->fd);
    sfi_free(j->path);
    sfi_free(j);
}
