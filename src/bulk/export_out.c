/*
 * export_out.c: bytes to a file that can be taken back to the last whole page. A file is PATH.part until all is in it; for a
 * sink, or a path that is a pipe or a device, each page waits in a file without a name until it is whole. gzip is one
 * member of blocks that are flushed at the end of each page, zstd a frame a page, so that another run can go on behind any of
 * them.
 */
#define _GNU_SOURCE /* sync_file_range */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include "bulk/export_internal.h"
#include "bulk/load_internal.h" /* sfi_load_temporary */

enum { GZIP_LEVEL = 4, PIECE = 256 * 1024, COPY_PIECE = 256 * 1024, EARLY_BYTES = 8 << 20 };

struct sfi_export_zip {
    z_stream z;
    bool is_open;
    unsigned char piece[PIECE];
};

static const char *name_of(const sfi_export_out *o)
{
    return o->part != NULL ? o->part : o->path != NULL ? o->path : "the pages of an export";
}

static sf_status fail_io(const char *name, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "%.300s: %s: %s", name, what, strerror(errno));
}

/* ---- memory for zlib through the hook ---- */
static void *zip_alloc(void *user, unsigned n, unsigned size)
{
    (void)user;
    return sfi_calloc_n(n, size);
}

static void zip_free(void *user, void *ptr)
{
    (void)user;
    sfi_free(ptr);
}

static sf_status zip_open(sfi_export_out *o, sf_error *err)
{
    o->zip = sfi_calloc(sizeof *o->zip);
    if (o->zip == NULL) return sfi_fail_memory(err, "gzip");
    o->zip->z.zalloc = zip_alloc;
    o->zip->z.zfree = zip_free;
    int rc = deflateInit2(&o->zip->z, GZIP_LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    if (rc != Z_OK) return sfi_fail_memory(err, "gzip");
    o->zip->is_open = true;
    return SF_OK;
}

/* ---- opening ---- */
sf_status sfi_export_out_name(sfi_export_out *o, const char *path, sf_error *err)
{
    struct stat st;
    char real[PATH_MAX];
    assert(path != NULL); /* or there is a sink */
    if (o->part != NULL) return SF_OK;
    o->path = path;
    bool is_link = lstat(o->path, &st) == 0 && S_ISLNK(st.st_mode);
    if (is_link && realpath(o->path, real) == NULL) return fail_io(o->path, "cannot be written", err);
    sfi_buf part = { 0 };
    o->target = sfi_strdup(is_link ? real : o->path);
    sfi_buf_addf(&part, "%s.part", is_link ? real : o->path);
    o->part = sfi_buf_take(&part);
    sfi_buf_free(&part);
    return o->target != NULL && o->part != NULL ? SF_OK : sfi_fail_memory(err, "a file name");
}

static sf_status open_part(sfi_export_out *o, int64_t keep, sf_error *err)
{
    struct stat st, old, named;
    sf_status rc = sfi_export_out_name(o, o->path, err);
    if (rc != SF_OK) return rc;
    bool exists = stat(o->target, &old) == 0;
    if (exists && S_ISDIR(old.st_mode)) return sfi_fail(err, SF_ERR_USAGE, "%.300s is a folder", o->path);
    o->fd = open(o->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (o->fd < 0) return fail_io(o->part, "cannot open", err);
    /* One that has just ended renames what was opened here: then this would be its file. */
    bool is_ours = flock(o->fd, LOCK_EX | LOCK_NB) == 0 && fstat(o->fd, &st) == 0 && stat(o->part, &named) == 0 &&
                   st.st_dev == named.st_dev && st.st_ino == named.st_ino;
    if (!is_ours) {
        rc = sfi_fail(err, SF_ERR_USAGE, "%.300s: another export is at work with it", o->part);
        close(o->fd);
        o->fd = -1;
        return rc;
    }
    if (exists) (void)fchmod(o->fd, old.st_mode & 0777); /* at worst it gets a new file's mode */
    return st.st_size < keep ? SF_DONE : SF_OK;
}

static sf_status open_nameless(sfi_export_out *o, sf_error *err)
{
    o->fd = sfi_load_temporary(err);
    return o->fd >= 0 ? SF_OK : SF_ERR_IO;
}

sf_status sfi_export_out_open(sfi_export_out *o, const sf_bulk_export_options *options, const char *path, int64_t keep,
                              sf_error *err)
{
    struct stat st;
    sf_status rc;
    o->path = path;
    o->sink = options->sink;
    bool is_special = o->path != NULL && stat(o->path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
    if (is_special) {
        o->sink_fd = open(o->path, O_WRONLY | O_CLOEXEC);
        if (o->sink_fd < 0) return fail_io(o->path, "cannot open", err);
        rc = sf_sink_of_fd(o->sink_fd, &o->fd_sink, err);
        o->sink = &o->fd_sink;
        if (rc != SF_OK) return rc;
    }
    rc = o->sink != NULL ? open_nameless(o, err) : open_part(o, keep, err);
    if (rc == SF_OK || rc == SF_DONE) {
        sf_status zipped = options->compression == SF_EXPORT_GZIP   ? zip_open(o, err)
                           : options->compression == SF_EXPORT_ZSTD ? sfi_export_zstd_open(&o->zstd, err)
                                                                    : SF_OK;
        if (zipped != SF_OK) rc = zipped;
    }
    bool is_short = rc == SF_DONE;
    o->size = is_short ? 0 : keep;
    rc = is_short || rc == SF_OK ? sfi_export_out_back(o, err) : rc;
    return rc == SF_OK && is_short ? SF_DONE : rc;
}

sf_status sfi_export_out_clear(sfi_export_out *o, sf_error *err)
{
    o->size = o->plain = 0;
    o->crc = 0;
    return sfi_export_out_back(o, err);
}

sf_status sfi_export_out_switch(sfi_export_out *o, const char *path, const sfi_export_place *place, sf_error *err)
{
    if (o->fd >= 0) close(o->fd);
    o->fd = -1;
    sfi_free(o->target);
    sfi_free(o->part);
    o->target = o->part = NULL;
    o->path = path;
    sf_status rc = open_part(o, place->size, err);
    if (rc == SF_DONE) rc = sfi_fail(err, SF_ERR_IO, "%.300s became shorter while it was written", o->part);
    if (rc != SF_OK) return rc;
    o->size = place->size;
    o->plain = place->plain;
    o->crc = place->crc;
    return sfi_export_out_back(o, err);
}

/* ---- writing ---- */
/* The system begins to write what a journal has synced at the end, so that little is left to wait for. It may as well refuse. */
static void write_early(sfi_export_out *o)
{
    if (o->at < o->asked) o->asked = o->at; /* it was taken back */
    if (o->part == NULL || o->at - o->asked < EARLY_BYTES) return;
    (void)sync_file_range(o->fd, (off_t)o->asked, (off_t)(o->at - o->asked), SYNC_FILE_RANGE_WRITE);
    o->asked = o->at;
}

static sf_status put(sfi_export_out *o, const void *data, size_t len, sf_error *err)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = pwrite(o->fd, p, len, (off_t)o->at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_io(name_of(o), "cannot write", err);
        p += n;
        len -= (size_t)n;
        o->at += n;
    }
    write_early(o);
    return SF_OK;
}

static sf_status deflate_all(sfi_export_out *o, const char *data, size_t len, int flush, sf_error *err)
{
    static const unsigned char head[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
    z_stream *z = &o->zip->z;
    sf_status rc = o->at == 0 && o->given == 0 ? put(o, head, sizeof head, err) : SF_OK;
    z->next_in = (z_const Bytef *)(uintptr_t)data;
    z->avail_in = (uInt)len;
    do { /* ends when there was room left, so that all is out */
        z->next_out = o->zip->piece;
        z->avail_out = PIECE;
        int got = deflate(z, flush);
        if (got == Z_STREAM_ERROR) rc = sfi_fail(err, SF_ERR_IO, "gzip: %s", z->msg != NULL ? z->msg : "it failed");
        if (rc == SF_OK) rc = put(o, o->zip->piece, PIECE - z->avail_out, err);
    } while (rc == SF_OK && z->avail_out == 0);
    return rc;
}

sf_status sfi_export_out_add(sfi_export_out *o, const char *data, size_t len, sf_error *err)
{
    enum { STEP = 1 << 30 };
    if (o->zstd != NULL) {
        o->plain_at += (int64_t)len;
        return sfi_export_zstd_add(o->zstd, data, len, false, put, o, err);
    }
    if (o->zip == NULL) return put(o, data, len, err);
    sf_status rc = SF_OK;
    while (len > 0 && rc == SF_OK) {
        size_t n = len < STEP ? len : STEP;
        o->crc_at = (uint32_t)crc32(o->crc_at, (const Bytef *)data, (uInt)n);
        o->plain_at += (int64_t)n;
        rc = deflate_all(o, data, n, Z_NO_FLUSH, err);
        data += n;
        len -= n;
    }
    return rc;
}

/* From the file without a name to the sink. */
static sf_status hand_over(sfi_export_out *o, sf_error *err)
{
    char *piece = sfi_alloc(COPY_PIECE);
    sf_status rc = piece != NULL ? SF_OK : sfi_fail_memory(err, "a piece of a page");
    int64_t at = 0;
    while (rc == SF_OK && at < o->at) {
        int64_t left = o->at - at;
        ssize_t n = pread(o->fd, piece, left < COPY_PIECE ? (size_t)left : COPY_PIECE, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            rc = fail_io(name_of(o), "cannot read", err);
            break;
        }
        sf_error why = { 0 };
        rc = o->sink->write(o->sink->user, piece, (size_t)n, &why);
        if (rc != SF_OK) {
            if (why.message[0] == '\0') (void)sfi_fail(&why, rc < 0 ? rc : SF_ERR_IO, "the sink of an export failed");
            if (err != NULL) *err = why;
            rc = why.status < 0 ? why.status : SF_ERR_IO;
            break;
        }
        at += n;
    }
    o->given += at;
    sfi_free(piece);
    return rc;
}

sf_status sfi_export_out_keep(sfi_export_out *o, sf_error *err)
{
    sf_status rc = SF_OK;
    if (o->plain_at != o->plain && o->zip != NULL) rc = deflate_all(o, NULL, 0, Z_FULL_FLUSH, err);
    if (o->plain_at != o->plain && o->zstd != NULL) rc = sfi_export_zstd_add(o->zstd, "", 0, true, put, o, err);
    if (rc != SF_OK) return rc;
    o->crc = o->crc_at;
    o->plain = o->plain_at;
    if (o->sink == NULL) {
        o->size = o->at;
        return SF_OK;
    }
    rc = hand_over(o, err);
    if (rc == SF_OK && ftruncate(o->fd, 0) != 0) rc = fail_io(name_of(o), "cannot be cut", err);
    o->at = 0;
    return rc;
}

sf_status sfi_export_out_back(sfi_export_out *o, sf_error *err)
{
    if (o->size == SFI_EXPORT_LEAVE) return SF_OK;
    if (o->zip != NULL) (void)deflateReset(&o->zip->z); /* behind a full flush nothing of what was before is needed */
    if (o->zstd != NULL) sfi_export_zstd_reset(o->zstd);
    o->at = o->size;
    o->crc_at = o->crc;
    o->plain_at = o->plain;
    if (o->fd >= 0 && ftruncate(o->fd, (off_t)o->size) != 0) return fail_io(name_of(o), "cannot be cut", err);
    return SF_OK;
}

sf_status sfi_export_out_sync(sfi_export_out *o, sf_error *err)
{
    if (o->part == NULL || fdatasync(o->fd) == 0 || errno == EINVAL || errno == EROFS) return SF_OK;
    return fail_io(name_of(o), "cannot sync", err);
}

static sf_status end_member(sfi_export_out *o, sf_error *err)
{
    unsigned char tail[8];
    sf_status rc = deflate_all(o, NULL, 0, Z_FINISH, err);
    for (int i = 0; i < 4; i++) {
        tail[i] = (unsigned char)(o->crc >> (8 * i));
        tail[4 + i] = (unsigned char)((uint64_t)o->plain >> (8 * i));
    }
    return rc == SF_OK ? put(o, tail, sizeof tail, err) : rc;
}

sf_status sfi_export_out_end(sfi_export_out *o, sf_error *err)
{
    sf_status rc = SF_OK;
    if (o->zip != NULL) rc = end_member(o, err);
    if (o->zstd != NULL && o->plain == 0) /* without a frame it would be no zstd file */
        rc = sfi_export_zstd_add(o->zstd, "", 0, true, put, o, err);
    return rc == SF_OK && o->sink != NULL ? hand_over(o, err) : rc;
}

sf_status sfi_export_out_rename(sfi_export_out *o, sf_error *err)
{
    if (o->part == NULL) return SF_OK;
    if (rename(o->part, o->target) != 0) return fail_io(o->part, "cannot be renamed", err);
    sfi_free(o->part);
    o->part = NULL; /* there is nothing to take away any more */
    return SF_OK;
}

void sfi_export_out_close(sfi_export_out *o, bool remove)
{
    if (remove && o->part != NULL && o->fd >= 0) (void)unlink(o->part); /* without a descriptor it is another's */
    if (o->fd >= 0) close(o->fd);
    if (o->sink_fd >= 0) close(o->sink_fd);
    if (o->zip != NULL && o->zip->is_open) (void)deflateEnd(&o->zip->z);
    sfi_free(o->zip);
    sfi_export_zstd_close(o->zstd);
    sfi_free(o->target);
    sfi_free(o->part);
    *o = (sfi_export_out){ .fd = -1, .sink_fd = -1 };
}
