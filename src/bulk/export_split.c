/*
 * export_split.c: an export into files of so many rows. The file at hand is that of export_out.c; those before it are whole, and
 * wait under the names of parts until every row is counted, since a set with proper names should be a whole one. A page may end
 * in another file than it began in: the state behind the last whole page says which file to go back to. The journal knows
 * how long each whole file is, so that a run which goes on relies on none that was touched. Called by export.c and the forms.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/export_internal.h"

/* ---- names ---- */
/* Where "-0001" goes: before the ending of the file's name, and before that of its compression. */
static size_t stem_of(const char *path)
{
    static const char *const packed[] = { ".gz", ".zst" };
    const char *slash = strrchr(path, '/');
    size_t base = slash != NULL ? (size_t)(slash - path) + 1 : 0, len = strlen(path);
    for (size_t i = 0; i < SFI_COUNT_OF(packed); i++) {
        size_t n = strlen(packed[i]);
        if (len <= base + n || !sfi_eq_nocase(path + len - n, packed[i])) continue;
        len -= n;
        break;
    }
    for (size_t at = len; at > base + 1; at--)
        if (path[at - 1] == '.') return at - 1;
    return len;
}

sf_status sf_export_file_name(const char *path, int32_t number, char *out, size_t size, sf_error *err)
{
    if (path == NULL || path[0] == '\0') return sfi_fail(err, SF_ERR_USAGE, "path is NULL or empty");
    if (out == NULL || size == 0) return sfi_fail(err, SF_ERR_USAGE, "out is NULL or has no room");
    if (number < 1 || number > SF_EXPORT_FILES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "number is %d; want 1 to %d", number, SF_EXPORT_FILES_MAX);
    size_t stem = stem_of(path);
    int len = snprintf(out, size, "%.*s-%04d%s", (int)stem, path, number, path + stem);
    if (len > 0 && (size_t)len < size) return SF_OK;
    return sfi_fail(err, SF_ERR_LIMIT, "%.200s: its name takes more than %zu bytes", path, size);
}

sf_status sfi_export_split_name(sfi_export *x, int32_t number, sf_error *err)
{
    return sf_export_file_name(x->options->path, number, x->split.path, sizeof x->split.path, err);
}

/* ---- files that are whole ---- */
/* Its names in *o, which ends with sfi_export_out_close. */
static sf_status name_other(sfi_export *x, int32_t number, char *path, size_t size, sfi_export_out *o, sf_error *err)
{
    *o = (sfi_export_out){ .fd = -1, .sink_fd = -1 };
    sf_status rc = sf_export_file_name(x->options->path, number, path, size, err);
    return rc == SF_OK ? sfi_export_out_name(o, path, err) : rc;
}

static bool has_size(const char *path, int64_t size)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == size;
}

sf_status sfi_export_split_note(sfi_export *x, int32_t number, int64_t size, sf_error *err)
{
    sfi_export_split *s = &x->split;
    if (number > s->cap) {
        int32_t cap = number < 32 ? 64 : number * 2;
        int64_t *more = sfi_realloc(s->sizes, (size_t)cap * sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "the files of an export");
        for (int32_t i = s->cap; i < cap; i++) more[i] = -1; /* not told of: none fits */
        s->sizes = more;
        s->cap = cap;
    }
    s->sizes[number - 1] = size;
    return SF_OK;
}

/* Are those before the one at hand as the journal knows them? One that was renamed already has its own name. */
sf_status sfi_export_split_check(sfi_export *x, bool *fine, sf_error *err)
{
    sfi_export_split *s = &x->split;
    *fine = true;
    for (int32_t i = 1; i < x->mark.file && *fine; i++) {
        char path[SFI_EXPORT_PATH_BYTES];
        sfi_export_out o;
        sf_status rc = name_other(x, i, path, sizeof path, &o, err);
        if (rc == SF_OK) {
            int64_t size = i <= s->cap ? s->sizes[i - 1] : -1;
            bool is_part = access(o.part, F_OK) == 0;
            *fine = size >= 0 && (is_part ? has_size(o.part, size) : x->mark.last && has_size(o.target, size));
        }
        sfi_export_out_close(&o, false);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

sf_status sfi_export_split_rename(sfi_export *x, sf_error *err)
{
    sf_status rc = SF_OK;
    for (int32_t i = 1; i < x->mark.file && rc == SF_OK; i++) { /* the one at hand comes last */
        char path[SFI_EXPORT_PATH_BYTES];
        sfi_export_out o;
        rc = name_other(x, i, path, sizeof path, &o, err);
        if (rc == SF_OK && rename(o.part, o.target) != 0 &&
            !(errno == ENOENT && has_size(o.target, x->split.sizes[i - 1])))
            rc = sfi_fail(err, SF_ERR_IO, "%.300s: cannot be renamed: %s", o.part, strerror(errno));
        sfi_export_out_close(&o, false);
    }
    return rc;
}

/* Files of an earlier export that had more of them would pass for this one's. */
void sfi_export_split_warn(sfi_export *x)
{
    char path[SFI_EXPORT_PATH_BYTES];
    sf_error ignored;
    if (x->mark.file >= SF_EXPORT_FILES_MAX ||
        sf_export_file_name(x->options->path, x->mark.file + 1, path, sizeof path, &ignored) != SF_OK)
        return;
    if (access(path, F_OK) == 0)
        sfi_logf(sfi_client_log(x->sf), SFI_LOG_WARN, "bulk: %s is none of this export's %d files: it was there before",
                 path, x->mark.file);
}

/* Parts from the first to the last of these. There may be no memory any more, so that none is asked for. */
static void drop(sfi_export *x, int32_t first, int32_t last)
{
    for (int32_t i = first; i <= last; i++) {
        char path[SFI_EXPORT_PATH_BYTES], real[PATH_MAX], part[SFI_EXPORT_PATH_BYTES + 8];
        struct stat st;
        sf_error ignored; /* what stays is a part, which nobody takes for rows */
        if (sf_export_file_name(x->options->path, i, path, sizeof path, &ignored) != SF_OK) continue;
        bool is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
        if (is_link && realpath(path, real) == NULL) continue;
        snprintf(part, sizeof part, "%s.part", is_link ? real : path);
        (void)unlink(part);
    }
}

void sfi_export_split_close(sfi_export *x, bool remove)
{
    sfi_export_split *s = &x->split;
    if (remove && s->is_ours) drop(x, 1, s->file + 1); /* one that was to follow may be there */
    if (s->lock_fd >= 0) close(s->lock_fd);
    s->lock_fd = -1;
    sfi_free(s->sizes);
    s->sizes = NULL;
}

/* ---- the lock: that of the first file, as long as any of them is written ---- */
static void unlock(sfi_export *x)
{
    if (x->split.lock_fd >= 0) close(x->split.lock_fd);
    x->split.lock_fd = -1;
}

sf_status sfi_export_split_lock(sfi_export *x, sf_error *err)
{
    sfi_export_split *s = &x->split;
    if (x->options->split_rows == 0 || s->lock_fd >= 0) return SF_OK;
    if (s->file == 1) {
        s->lock_fd = fcntl(x->out.fd, F_DUPFD_CLOEXEC, 0);
        s->is_ours = s->is_ours || s->lock_fd >= 0;
        return s->lock_fd >= 0 ? SF_OK : sfi_fail(err, SF_ERR_IO, "%.300s: %s", s->path, strerror(errno));
    }
    char path[SFI_EXPORT_PATH_BYTES];
    sfi_export_out o;
    sf_status rc = name_other(x, 1, path, sizeof path, &o, err);
    if (rc == SF_OK) {
        s->lock_fd = open(o.part, O_RDWR | O_CLOEXEC);
        if (s->lock_fd < 0 && errno == ENOENT) s->lock_fd = open(o.target, O_RDWR | O_CLOEXEC); /* it has its name */
        if (s->lock_fd < 0) rc = sfi_fail(err, SF_ERR_IO, "%.300s: cannot open: %s", o.part, strerror(errno));
    }
    if (rc == SF_OK && flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        rc = sfi_fail(err, SF_ERR_USAGE, "%.300s: another export is at work with it", o.part);
        unlock(x);
    }
    s->is_ours = s->is_ours || rc == SF_OK;
    sfi_export_out_close(&o, false);
    return rc;
}

/* Back to a file that was written before. The first one is locked anew: a lock is of who opened it. */
static sf_status go_back_to(sfi_export *x, int32_t number, const sfi_export_place *place, sf_error *err)
{
    sfi_export_split *s = &x->split;
    if (number == 1) unlock(x);
    sf_status rc = sfi_export_split_name(x, number, err);
    if (rc == SF_OK) rc = sfi_export_out_switch(&x->out, s->path, place, err);
    if (rc != SF_OK) return rc;
    s->file = number;
    return sfi_export_split_lock(x, err);
}

/* ---- moving on, and back ---- */
static sf_status next_file(sfi_export *x, sf_error *err)
{
    sfi_export_split *s = &x->split;
    if (s->file == SF_EXPORT_FILES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "an export of more than %d files: take more rows a file",
                        SF_EXPORT_FILES_MAX);
    sf_status rc = sfi_export_out_keep(&x->out, err); /* all of its rows; where a page goes back to is in s->kept */
    if (rc == SF_OK) rc = sfi_export_out_end(&x->out, err);
    if (rc == SF_OK) rc = sfi_export_split_note(x, s->file, x->out.at, err);
    if (rc == SF_OK && x->journal != NULL) rc = sfi_export_out_sync(&x->out, err);
    if (rc == SF_OK) rc = sfi_export_split_name(x, s->file + 1, err);
    if (rc == SF_OK) rc = sfi_export_out_switch(&x->out, s->path, &(sfi_export_place){ .size = 0 }, err);
    if (rc != SF_OK) return rc;
    s->file++;
    s->rows = 0;
    return SF_OK;
}

sf_status sfi_export_split_row(sfi_export *x, bool *is_new, sf_error *err)
{
    sfi_export_split *s = &x->split;
    sf_status rc = SF_OK;
    *is_new = s->rows == x->options->split_rows;
    if (*is_new) rc = next_file(x, err);
    if (rc == SF_OK) s->rows++;
    return rc;
}

bool sfi_export_split_is_full(const sfi_export *x)
{
    return x->options->split_rows > 0 && x->split.rows == x->options->split_rows;
}

void sfi_export_split_keep(sfi_export *x)
{
    sfi_export_split *s = &x->split;
    s->kept_file = s->file;
    s->kept_rows = s->rows;
    s->kept = (sfi_export_place){ .size = x->out.size, .crc = x->out.crc, .plain = x->out.plain };
}

sf_status sfi_export_split_back(sfi_export *x, sf_error *err)
{
    sfi_export_split *s = &x->split;
    s->rows = s->kept_rows;
    if (s->file == s->kept_file) {
        x->out.size = s->kept.size;
        x->out.plain = s->kept.plain;
        x->out.crc = s->kept.crc;
        return sfi_export_out_back(&x->out, err);
    }
    drop(x, s->kept_file + 1, s->file);
    return go_back_to(x, s->kept_file, &s->kept, err);
}

sf_status sfi_export_split_clear(sfi_export *x, sf_error *err)
{
    sfi_export_split *s = &x->split;
    drop(x, 2, s->file);
    s->kept_file = x->mark.file = 1;
    s->rows = s->kept_rows = 0;
    s->kept = (sfi_export_place){ .size = 0 };
    return s->file == 1 && x->out.fd >= 0 ? sfi_export_out_clear(&x->out, err) : go_back_to(x, 1, &s->kept, err);
}
