/*
 * load_input.c: from what the user has to inputs that are files in UTF-8, with a delimiter and a header line that are known.
 */
#define _GNU_SOURCE /* mkostemp */
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum { HEADER_MAX = 1 << 20, GUESS_BYTES = 64 * 1024, PATHS_MAX = 10000 };

/* ---- files ---- */
static sf_status fail_io(const char *name, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "%.300s: %s: %s", name, what, strerror(errno));
}

int sfi_load_temporary(sf_error *err)
{
    static const char *const folders[] = { "/var/tmp", "/tmp" }; /* the first is on disk, where large files belong */
    for (size_t i = 0; i < SFI_COUNT_OF(folders); i++) {
        char path[64];
        snprintf(path, sizeof path, "%s/sf-load-XXXXXX", folders[i]);
        int fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0) continue;
        (void)unlink(path); /* the name is not needed; where it cannot go, an empty name stays behind */
        return fd;
    }
    (void)sfi_fail(err, SF_ERR_IO, "cannot make a temporary file in /var/tmp or /tmp: %s", strerror(errno));
    return -1;
}

const char *sfi_load_line_word(const sfi_load_input *in)
{
    return in->is_rows ? "row" : "line";
}

sf_status sfi_load_write(int fd, const void *data, size_t len, const char *what, sf_error *err)
{
    const char *at = data;
    while (len > 0) { /* each round writes some */
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_io(what, "cannot write", err);
        at += n;
        len -= (size_t)n;
    }
    return SF_OK;
}

/* Up to cap bytes from an offset; fewer only at the end. */
sf_status sfi_load_read_at(const sfi_load_input *in, int64_t offset, char *data, size_t cap, size_t *len, sf_error *err)
{
    *len = 0;
    while (*len < cap) {
        ssize_t n = pread(in->fd, data + *len, cap - *len, (off_t)(offset + (int64_t)*len));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_io(in->name, "cannot read", err);
        if (n == 0) break;
        *len += (size_t)n;
    }
    return SF_OK;
}

sf_status sfi_load_look_at(sfi_load_input *in, sf_error *err)
{
    struct stat st;
    if (fstat(in->fd, &st) != 0) return fail_io(in->name, "cannot look at it", err);
    in->size = st.st_size;
    in->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return SF_OK;
}

/* What was not checked must not be loaded: a job that holds it is not closed. */
sf_status sfi_load_check_unchanged(const sfi_load_input *in, sf_error *err)
{
    sfi_load_input now = *in;
    if (!in->is_users) return SF_OK;
    sf_status rc = sfi_load_look_at(&now, err);
    if (rc == SF_OK && (now.size != in->size || now.mtime_ns != in->mtime_ns))
        rc = sfi_fail(err, SF_ERR_IO, "%.300s: it changed while it was loaded", in->name);
    return rc;
}

/* ---- what comes in another encoding goes through a temporary file ---- */
static sf_status convert(sfi_load_input *in, const char *encoding, sf_error *err)
{
    iconv_t cd = iconv_open("UTF-8", encoding);
    if (cd == (iconv_t)-1) return sfi_fail(err, SF_ERR_USAGE, "encoding \"%.40s\" is none that iconv knows", encoding);
    char *from = sfi_alloc(SFI_LOAD_BUFFER), *to = sfi_alloc(4 * SFI_LOAD_BUFFER);
    sf_status rc = from != NULL && to != NULL ? SF_OK : sfi_fail_memory(err, "converting a file");
    int fd = rc == SF_OK ? sfi_load_temporary(err) : -1;
    if (rc == SF_OK && fd < 0) rc = SF_ERR_IO;
    int64_t offset = 0;
    size_t kept = 0, len = 0;
    while (rc == SF_OK) { /* each round reads on, until the end */
        rc = sfi_load_read_at(in, offset, from + kept, SFI_LOAD_BUFFER - kept, &len, err);
        if (rc != SF_OK) break;
        bool is_end = len == 0, is_over = is_end && kept == 0;
        offset += (int64_t)len;
        char *in_at = from, *out_at = to;
        size_t in_left = kept + len, out_left = (size_t)4 * SFI_LOAD_BUFFER;
        /* At the end it gives out what it holds back: in some encodings a mark may follow a letter. */
        size_t n = iconv(cd, is_over ? NULL : &in_at, &in_left, &out_at, &out_left);
        if (n == (size_t)-1 && (errno == EILSEQ || (errno == EINVAL && is_end)))
            rc = sfi_fail(err, SF_ERR_USAGE, "%.300s: byte %lld is no text in %.40s", in->name,
                          (long long)(offset - (int64_t)in_left), encoding);
        if (rc == SF_OK) rc = sfi_load_write(fd, to, (size_t)(out_at - to), "a temporary file", err);
        if (is_over) break;
        memmove(from, in_at, in_left);
        kept = in_left;
    }
    iconv_close(cd);
    sfi_free(from);
    sfi_free(to);
    if (rc == SF_OK) {
        close(in->fd);
        in->fd = fd;
        in->is_users = false;
        fd = -1;
    }
    if (fd >= 0) close(fd);
    return rc;
}

static const char *utf16_by_mark(const char *data, size_t len)
{
    if (len >= 2 && memcmp(data, "\xFF\xFE", 2) == 0) return "UTF-16";
    if (len >= 2 && memcmp(data, "\xFE\xFF", 2) == 0) return "UTF-16";
    return NULL;
}

/* ---- the header ---- */
/* Names of the header line into l (the first input), or compared with those that are there. */
static sf_status take_header(sfi_load *l, sfi_load_input *in, const sfi_csv_record *record, sf_error *err)
{
    if (l->names != NULL) {
        bool same = record->count == l->column_count;
        for (size_t i = 0; same && i < record->count; i++) same = sfi_str_is(sfi_trim(record->fields[i]), l->names[i]);
        return same ? SF_OK
                    : sfi_fail(err, SF_ERR_USAGE, "%.300s: line 1: its columns are not those of %.300s", in->name,
                               l->inputs[0].name);
    }
    l->names = sfi_calloc_n(record->count, sizeof *l->names);
    if (l->names == NULL) return sfi_fail_memory(err, "the columns");
    for (; l->column_count < record->count; l->column_count++) {
        sf_str name = sfi_trim(record->fields[l->column_count]);
        char *copy = name.len > 0 ? sfi_strndup(name.ptr, name.len) : NULL;
        if (name.len == 0)
            return sfi_fail(err, SF_ERR_USAGE, "%.300s: %scolumn %zu: the column has no name", in->name,
                            in->is_rows ? "" : "line 1, ", l->column_count + 1);
        if (copy == NULL) return sfi_fail_memory(err, "the columns");
        l->names[l->column_count] = copy;
    }
    sfi_buf_clear(&l->base_header);
    sfi_buf_add(&l->base_header, record->raw.ptr, record->raw.len);
    return sfi_buf_status(&l->base_header, err, "the header line");
}

/* Finds the header line: its columns, and where the rows begin. */
static sf_status read_header(sfi_load *l, sfi_load_input *in, sf_error *err)
{
    sfi_csv_reader *csv = NULL;
    sfi_csv_record record = { .count = 0 };
    char *room;
    size_t size, len;
    char mark[3];
    sf_status rc = sfi_load_read_at(in, 0, mark, sizeof mark, &len, err);
    int64_t at = (int64_t)sfi_csv_bom(mark, len);
    int64_t start = at;
    sfi_csv_reader_options options = { .delimiter = l->delimiter, .record_max = HEADER_MAX, .keep_raw = true };
    if (rc == SF_OK) rc = sfi_csv_reader_new(&options, &csv, err);
    bool ended = false;
    while (rc == SF_OK && (rc = sfi_csv_reader_next(csv, &record, err)) == SF_DONE &&
           !ended) { /* until it has a record */
        rc = sfi_csv_reader_room(csv, 4096, &room, &size, err);
        if (rc == SF_OK) rc = sfi_load_read_at(in, at, room, 4096, &len, err);
        if (rc != SF_OK) break;
        at += (int64_t)len;
        ended = len == 0;
        sfi_csv_reader_added(csv, len);
        if (ended) sfi_csv_reader_end(csv);
    }
    if (rc == SF_DONE)
        rc = sfi_fail(err, SF_ERR_USAGE, "%.300s: the file is empty: it needs a header line of field names", in->name);
    else if (rc < 0 && err != NULL && err->status == SF_ERR_USAGE)
        sfi_error_prefix(err, "%.300s", in->name);
    if (rc == SF_ROW) {
        rc = take_header(l, in, &record, err);
        /* behind the record and its line end */
        int64_t end = start + record.offset + (int64_t)record.raw.len;
        char tail[2] = { 0 };
        if (rc == SF_OK) rc = sfi_load_read_at(in, end, tail, sizeof tail, &len, err);
        in->crlf = len > 1 && tail[0] == '\r' && tail[1] == '\n';
        in->body = end + (in->crlf ? 2 : len > 0 ? 1 : 0);
        if (in->body > in->size) in->body = in->size;
    }
    sfi_csv_reader_free(csv);
    return rc;
}

/* ---- opening ---- */
static sf_status open_input(sfi_load *l, sfi_load_input *in, sf_error *err)
{
    char *head = sfi_alloc(GUESS_BYTES);
    size_t len = 0;
    if (head == NULL) return sfi_fail_memory(err, "the input");
    sf_status rc = sfi_load_look_at(in, err);
    int64_t mtime_ns = in->mtime_ns;
    if (rc == SF_OK) rc = sfi_load_read_at(in, 0, head, GUESS_BYTES, &len, err);
    const char *encoding =
        rc == SF_OK && l->options->encoding == NULL ? utf16_by_mark(head, len) : l->options->encoding;
    if (rc == SF_OK && encoding != NULL && !sfi_eq_nocase(encoding, "UTF-8")) {
        rc = convert(in, encoding, err);
        if (rc == SF_OK) rc = sfi_load_look_at(in, err);
        in->mtime_ns = mtime_ns; /* the user's file is what must not change */
        if (rc == SF_OK) rc = sfi_load_read_at(in, 0, head, GUESS_BYTES, &len, err);
    }
    size_t bom = rc == SF_OK ? sfi_csv_bom(head, len) : 0;
    if (rc == SF_OK && l->delimiter == '\0') l->delimiter = sfi_csv_guess_delimiter(head + bom, len - bom);
    sfi_free(head);
    return rc == SF_OK ? read_header(l, in, err) : rc;
}

static sf_status open_file(sfi_load *l, sfi_load_input *in, const char *path, sf_error *err)
{
    struct stat st;
    in->name = path;
    sf_status waited = SF_OK; /* a pipe is opened when somebody writes to it */
    do in->fd = open(path, O_RDONLY | O_CLOEXEC);
    while (in->fd < 0 && errno == EINTR && (waited = sfi_wait_check(&l->wait, "opening the input", err)) == SF_OK);
    if (waited != SF_OK) return waited;
    if (in->fd < 0) return sfi_fail(err, SF_ERR_USAGE, "%.300s: cannot open: %s", path, strerror(errno));
    in->is_users = fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode);
    if (in->is_users) return SF_OK;
    if (S_ISDIR(st.st_mode)) return sfi_fail(err, SF_ERR_USAGE, "%.300s: it is a folder", path);
    int fd = in->fd; /* a pipe or the like is read once */
    in->fd = -1;
    sf_status rc = sfi_load_spool_pipe(l, fd, in, err);
    close(fd);
    return rc;
}

sf_status sfi_load_open_inputs(sfi_load *l, sf_error *err)
{
    const sf_bulk_load_options *o = l->options;
    const char *const one[] = { o->csv_path, NULL };
    const char *const *paths = o->csv_path != NULL ? one : o->csv_paths;
    size_t count = paths == NULL ? 1 : 0;
    while (paths != NULL && paths[count] != NULL && count < PATHS_MAX) count++;
    if (count == 0 || count == PATHS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "csv_paths names %s", count == 0 ? "no file" : "too many files");
    l->inputs = sfi_calloc_n(count + 16, sizeof *l->inputs); /* and those of retries */
    if (l->inputs == NULL) return sfi_fail_memory(err, "the inputs");
    for (size_t i = 0; i < count; i++) {
        sfi_load_input *in = &l->inputs[l->input_count++];
        *in = (sfi_load_input){ .name = "standard input", .fd = -1, .is_base = true };
        sf_status rc = paths != NULL     ? open_file(l, in, paths[i], err)
                       : o->rows != NULL ? sfi_load_spool_names(l, in, err)
                                         : sfi_load_spool_source(l, o->csv, in, err);
        if (rc == SF_OK) rc = open_input(l, in, err);
        if (rc != SF_OK) return rc;
    }
    l->base_count = l->input_count;
    return SF_OK;
}

void sfi_load_close_inputs(sfi_load *l)
{
    for (int32_t i = 0; i < l->input_count; i++)
        if (l->inputs[i].fd >= 0) close(l->inputs[i].fd);
    for (size_t i = 0; i < l->column_count; i++) sfi_free(l->names[i]);
    sfi_free(l->names);
    sfi_free(l->inputs);
}
