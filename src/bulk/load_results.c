/*
 * load_results.c: what came of a job's rows. Results come in no order and without numbers: failed rows are found again by
 * their values. The results are kept in a temporary file and listed by a hash of their values; then the job's rows are read
 * once more, and each that has an entry takes one, so that equal rows are told apart by their count. A list holds so many
 * entries at most; where there are more, it is made for one part of the hashes after another.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum { ENTRIES_MAX = 200000, FLUSH_BYTES = 128 * 1024 };

static atomic_size_t entries_of_tests; /* 0: ENTRIES_MAX */

size_t sfi_load_entries_max(size_t n)
{
    if (n > 0) atomic_store_explicit(&entries_of_tests, n, memory_order_relaxed);
    n = atomic_load_explicit(&entries_of_tests, memory_order_relaxed);
    return n > 0 ? n : ENTRIES_MAX;
}

typedef struct entry {
    uint64_t hash;
    int64_t offset; /* of its record in the results */
    int32_t len;
    uint32_t taken; /* in the first entry of a hash: how many of the hash are used, from the front */
} entry;

typedef struct matching {
    sfi_load *l;
    sfi_load_unit *unit;
    sfi_load_fetch results;
    const char *message; /* of unprocessed rows */
    entry *entries;
    size_t count, cap;
    uint64_t part, parts; /* of the hashes: which one is listed */
    sfi_csv_reader *csv;  /* for one record of the results */
    sfi_buf errors, retry, origins, original;
    int64_t retried, told, missed;
} matching;

/* ---- files ---- */
static sf_status fail_io(const char *name, const char *what, sf_error *err)
{
    return sfi_fail(err, SF_ERR_IO, "%.300s: %s: %s", name, what, strerror(errno));
}

static sf_status read_whole(int fd, int64_t offset, char *data, size_t len, sf_error *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, data + done, len - done, (off_t)(offset + (int64_t)done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_io("results", "cannot read", err);
        if (n == 0) return sfi_fail(err, SF_ERR_IO, "a file became shorter while it was read");
        done += (size_t)n;
    }
    return SF_OK;
}

static sf_status open_output(const char *path, int64_t keep, sf_str header, int *fd, int64_t *size, sf_error *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (keep < 0 ? O_TRUNC : 0), 0666);
    if (*fd < 0) return fail_io(path, "cannot open", err);
    struct stat st;
    if (keep >= 0 && (fstat(*fd, &st) != 0 || st.st_size < keep))
        return sfi_fail(err, SF_ERR_USAGE,
                        "%.300s: it is not the file that the journal tells of: it should hold %lld bytes", path,
                        (long long)keep);
    if (keep >= 0 && (ftruncate(*fd, (off_t)keep) != 0 || lseek(*fd, (off_t)keep, SEEK_SET) < 0))
        return fail_io(path, "cannot cut off what was not complete", err);
    if (keep >= 0) return SF_OK;
    sf_status rc = sfi_load_write(*fd, header.ptr, header.len, path, err);
    *size = (int64_t)header.len;
    return rc;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    bool is_there = stat(a, &x) == 0, other = stat(b, &y) == 0;
    if (!is_there || !other) return is_there == other && strcmp(a, b) == 0;
    return S_ISREG(x.st_mode) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

sf_status sfi_load_check_outputs(const sfi_load *l, sf_error *err)
{
    const sf_bulk_load_options *o = l->options;
    const char *const files[] = { o->success_path, o->errors_path, o->journal_path };
    for (size_t i = 0; i < SFI_COUNT_OF(files); i++) {
        if (files[i] == NULL) continue;
        for (size_t k = 0; k < i; k++)
            if (files[k] != NULL && is_same_file(files[i], files[k]))
                return sfi_fail(err, SF_ERR_USAGE, "%.300s: successes, errors and the journal are files of their own",
                                files[i]);
        for (int32_t k = 0; o->csv == NULL && o->rows == NULL && k < l->base_count; k++)
            if (is_same_file(files[i], l->inputs[k].name))
                return sfi_fail(err, SF_ERR_USAGE,
                                "%.300s: it is the input: results and journal are files of their own", files[i]);
        if (o->map_path != NULL && is_same_file(files[i], o->map_path))
            return sfi_fail(err, SF_ERR_USAGE, "%.300s: it is the map: results and journal are files of their own",
                            files[i]);
    }
    return SF_OK;
}

sf_status sfi_load_open_outputs(sfi_load *l, sf_error *err)
{
    const sf_bulk_load_options *o = l->options;
    sfi_buf header = { 0 };
    sf_status rc = SF_OK;
    bool resumed = l->report.resumed;
    if (o->success_path != NULL) {
        sfi_buf_addf(&header, "sf__Id%csf__Created%c", l->delimiter, l->delimiter);
        sfi_buf_add(&header, l->header.data, l->header.len);
        rc = sfi_buf_status(&header, err, "a header line");
        if (rc == SF_OK)
            rc = open_output(o->success_path, resumed && l->success_size > 0 ? l->success_size : -1,
                             sfi_buf_str(&header), &l->success_fd, &l->success_size, err);
    }
    sfi_buf_clear(&header);
    if (rc == SF_OK && o->errors_path != NULL) {
        sfi_buf_addf(&header, "sf__Id%csf__Error%csf__Line%c", l->delimiter, l->delimiter, l->delimiter);
        if (l->base_count > 1) sfi_buf_addf(&header, "sf__File%c", l->delimiter);
        sfi_buf_add(&header, l->base_header.data, l->base_header.len);
        sfi_buf_add_str(&header, l->crlf ? "\r\n" : "\n");
        rc = sfi_buf_status(&header, err, "a header line");
        if (rc == SF_OK)
            rc = open_output(o->errors_path, resumed && l->errors_size > 0 ? l->errors_size : -1, sfi_buf_str(&header),
                             &l->errors_fd, &l->errors_size, err);
    }
    sfi_buf_free(&header);
    return rc;
}

/* ---- successes: straight to their file ---- */
static sf_status gather_successes(sfi_load *l, const sfi_load_unit *u, int64_t want, sf_error *err)
{
    sfi_load_fetch f = { .fd = l->success_fd, .name = l->options->success_path, .begin = l->success_size };
    sf_status rc = sfi_load_fetch_results(l, u, SF_RESULTS_SUCCESSFUL, want, &f, err);
    if (rc == SF_OK) rc = sfi_load_turn_results(l, &f, err);
    if (rc == SF_OK) l->success_size = f.end;
    sfi_load_fetch_clear(&f);
    return rc;
}

/* ---- hashes ---- */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t sfi_load_hash(uint64_t hash, sf_str field)
{
    enum { WORD = 8 };
    const uint64_t k0 = UINT64_C(0xa0761d6478bd642f), k1 = UINT64_C(0xe7037ed1a0b428db);
    uint64_t word;
    hash = mix(hash ^ k0, field.len ^ k1);
    for (; field.len >= WORD; field.ptr += WORD, field.len -= WORD) {
        memcpy(&word, field.ptr, WORD);
        hash = mix(hash ^ k0, word ^ k1);
    }
    word = 0;
    if (field.len > 0) memcpy(&word, field.ptr, field.len);
    return mix(hash ^ k1, word ^ k0);
}

static uint64_t hash_result(const matching *m, const sfi_csv_record *record)
{
    const sfi_load_layout *y = &m->results.layout;
    uint64_t hash = 1;
    for (size_t i = 0; y->fields != NULL && i < m->l->sent_count; i++)
        hash = sfi_load_hash(hash, sfi_load_field(y, record, i));
    for (size_t i = y->first; y->fields == NULL && i < record->count; i++)
        hash = sfi_load_hash(hash, record->fields[i]);
    return hash;
}

static uint64_t hash_row(const sfi_load *l, const sfi_load_unit *u, const sfi_csv_record *record)
{
    bool is_base = l->inputs[u->input].is_base;
    uint64_t hash = 1;
    for (size_t i = 0; i < l->sent_count; i++) {
        size_t column = is_base ? l->sent[i] : i;
        if (column < record->count) hash = sfi_load_hash(hash, record->fields[column]);
    }
    return hash;
}

/* ---- the list ---- */
static sf_status add_entry(void *user, const sfi_csv_record *r, sf_error *err)
{
    matching *m = user;
    uint64_t hash = hash_result(m, r);
    if (hash % m->parts != m->part) return SF_OK;
    if (m->count == m->cap) { /* over entries_max only with many equal rows: their hashes are in one part */
        size_t cap = m->cap == 0 ? 64 : m->cap * 2;
        entry *more = sfi_realloc(m->entries, cap * sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "the results of a job");
        m->entries = more;
        m->cap = cap;
    }
    m->entries[m->count++] = (entry){ .hash = hash, .offset = r->offset, .len = (int32_t)r->raw.len };
    return SF_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset; /* equal rows in the order of the results */
}

/* The next entry of this hash, which then is used; NULL: none is left. */
static const entry *take_entry(matching *m, uint64_t hash)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->entries[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == m->count || m->entries[low].hash != hash) return NULL;
    size_t at = low + m->entries[low].taken;
    if (at == m->count || m->entries[at].hash != hash) return NULL; /* all of them are */
    m->entries[low].taken++;
    return &m->entries[at];
}

/* ---- telling of a failed row ---- */
/* The record of the results behind an entry. */
static sf_status read_entry(matching *m, const entry *e, sfi_csv_record *out, sf_error *err)
{
    char *room;
    size_t size;
    sfi_csv_reader_reset(m->csv);
    sf_status rc = sfi_csv_reader_room(m->csv, (size_t)e->len + 1, &room, &size, err);
    if (rc == SF_OK) rc = read_whole(m->results.fd, e->offset, room, (size_t)e->len, err);
    if (rc != SF_OK) return rc;
    sfi_csv_reader_added(m->csv, (size_t)e->len);
    sfi_csv_reader_end(m->csv);
    rc = sfi_csv_reader_next(m->csv, out, err);
    return rc == SF_ROW ? SF_OK : rc < 0 ? rc : sfi_fail(err, SF_ERR_PROTOCOL, "a result is empty");
}

static sf_status flush(matching *m, bool all, sf_error *err)
{
    sfi_load *l = m->l;
    sf_status rc = SF_OK;
    if (m->errors.failed || m->retry.failed || m->origins.failed) return sfi_fail_memory(err, "failed rows");
    if (m->errors.len > 0 && (all || m->errors.len >= FLUSH_BYTES)) {
        rc = sfi_load_write(l->errors_fd, m->errors.data, m->errors.len, l->options->errors_path, err);
        l->errors_size += (int64_t)m->errors.len;
        sfi_buf_clear(&m->errors);
    }
    if (rc == SF_OK && m->retry.len > 0 && (all || m->retry.len >= FLUSH_BYTES)) {
        rc = sfi_load_write(l->retry_fd, m->retry.data, m->retry.len, "rows to try again", err);
        l->retry_size += (int64_t)m->retry.len;
        sfi_buf_clear(&m->retry);
        if (rc == SF_OK) rc = sfi_load_write(l->origin_fd, m->origins.data, m->origins.len, "rows to try again", err);
        sfi_buf_clear(&m->origins);
    }
    return rc;
}

void sfi_load_add_sent(const sfi_load *l, const sfi_csv_record *row, bool is_base, sfi_buf *out)
{
    for (size_t i = 0; i < l->sent_count; i++) {
        if (i > 0) sfi_buf_add_char(out, l->delimiter);
        (void)sfi_csv_add_field(out, row->fields[is_base ? l->sent[i] : i], l->delimiter, l->sent_count == 1);
    }
    sfi_buf_add_str(out, l->crlf ? "\r\n" : "\n");
}

static void add_to_retry(matching *m, const sfi_csv_record *row, const sfi_load_origin *origin)
{
    sfi_load *l = m->l;
    sfi_load_add_sent(l, row, l->inputs[m->unit->input].is_base, &m->retry);
    sfi_buf_add(&m->origins, origin, sizeof *origin);
    l->retry_rows++;
    m->retried++;
}

/* The user's own row: of a retry it is read where it came from. */
static sf_status original_of(matching *m, const sfi_csv_record *row, const sfi_load_origin *origin, sf_str *out,
                             sf_error *err)
{
    if (m->l->inputs[m->unit->input].is_base) {
        *out = row->raw;
        return SF_OK;
    }
    sfi_buf_clear(&m->original);
    if (!sfi_buf_reserve(&m->original, (size_t)origin->len + 1)) return sfi_fail_memory(err, "a failed row");
    sf_status rc =
        read_whole(m->l->inputs[origin->input].fd, origin->offset, m->original.data, (size_t)origin->len, err);
    *out = (sf_str){ m->original.data, (size_t)origin->len };
    return rc;
}

static void add_error(matching *m, sf_str id, sf_str error, int64_t line, int32_t input, sf_str row)
{
    sfi_load *l = m->l;
    char number[24] = "";
    if (l->errors_fd < 0) return;
    if (line > 0) snprintf(number, sizeof number, "%lld", (long long)line);
    const sf_str cells[] = { id, error, sfi_str(number) };
    for (size_t i = 0; i < SFI_COUNT_OF(cells); i++) {
        (void)sfi_csv_add_field(&m->errors, cells[i], l->delimiter, false);
        sfi_buf_add_char(&m->errors, l->delimiter);
    }
    if (l->base_count > 1) {
        (void)sfi_csv_add_field(&m->errors, sfi_str(line > 0 ? l->inputs[input].name : ""), l->delimiter, false);
        sfi_buf_add_char(&m->errors, l->delimiter);
    }
    sfi_buf_add(&m->errors, row.ptr, row.len);
    sfi_buf_add_str(&m->errors, l->crlf ? "\r\n" : "\n");
}

/* The org's own: which record, and what it says. */
static void own_fields(const matching *m, const sfi_csv_record *result, sf_str *id, sf_str *error)
{
    const sfi_load_layout *y = &m->results.layout;
    if (y->first == 0 || y->id >= result->count || y->said >= result->count) return;
    *id = result->fields[y->id];
    *error = result->fields[y->said];
}

/* e: its result; NULL where the job has none of its rows. */
static sf_status tell_row(matching *m, const sfi_csv_record *row, const sfi_load_origin *origin, const entry *e,
                          sf_error *err)
{
    sfi_load *l = m->l;
    sfi_csv_record result;
    sf_str error = sfi_str(m->message), id = SFI_STR(""), original;
    if (e != NULL && m->results.layout.first > 0) {
        sf_status rc = read_entry(m, e, &result, err);
        if (rc != SF_OK) return rc;
        own_fields(m, &result, &id, &error);
    }
    int32_t most = l->options->retries_max;
    int32_t passes = most == SF_NONE ? 0 : most == 0 ? SFI_LOAD_RETRIES : most;
    if (l->pass < passes && sfi_load_is_passing(sfi_load_code_of(error))) {
        add_to_retry(m, row, origin);
        return flush(m, false, err);
    }
    sf_status rc = original_of(m, row, origin, &original, err);
    if (rc != SF_OK) return rc;
    add_error(m, id, error, origin->line, origin->input, original);
    sfi_load_note_reason(&l->report, error, origin->input, origin->line, original);
    m->told++;
    return flush(m, false, err);
}

/* A result that no row of the job has: the org gave its values back changed. */
static sf_status tell_unmatched(matching *m, const entry *e, sf_error *err)
{
    sfi_csv_record result;
    sf_status rc = read_entry(m, e, &result, err);
    if (rc != SF_OK) return rc;
    sfi_load *l = m->l;
    sf_str error = sfi_str(m->message), id = SFI_STR("");
    own_fields(m, &result, &id, &error);
    sfi_buf row = { 0 };
    for (size_t i = 0; i < l->column_count; i++) {
        sf_str value = { NULL, 0 };
        for (size_t k = 0; k < l->sent_count; k++)
            if (l->sent[k] == i) value = sfi_load_field(&m->results.layout, &result, k);
        if (i > 0) sfi_buf_add_char(&row, l->delimiter);
        (void)sfi_csv_add_field(&row, value, l->delimiter, false);
    }
    add_error(m, id, error, 0, 0, sfi_buf_str(&row));
    sfi_load_note_reason(&l->report, error, 0, 0, sfi_buf_str(&row));
    sfi_buf_free(&row);
    m->missed++;
    m->told++;
    return flush(m, false, err);
}

static sf_status tell_rest(matching *m, sf_error *err)
{
    sf_status rc = SF_OK;
    for (size_t first = 0; rc == SF_OK && first < m->count;) { /* each hash */
        size_t at = first;
        for (; rc == SF_OK && at < m->count && m->entries[at].hash == m->entries[first].hash; at++)
            if (at - first >= m->entries[first].taken) rc = tell_unmatched(m, &m->entries[at], err);
        first = at;
    }
    return rc;
}

static sf_status origin_of(matching *m, const sfi_csv_record *row, int64_t number, sfi_load_origin *out, sf_error *err)
{
    if (m->l->inputs[m->unit->input].is_base) {
        *out = (sfi_load_origin){
            .offset = row->offset, .line = row->line, .len = (int32_t)row->raw.len, .input = m->unit->input
        };
        return SF_OK;
    }
    sf_status rc = read_whole(m->l->origins_fd, number * (int64_t)sizeof *out, (char *)out, sizeof *out, err);
    if (rc == SF_OK && (out->input < 0 || out->input >= m->l->base_count || out->len < 0 || out->offset < 0))
        rc = sfi_fail(err, SF_ERR_IO, "rows to try again: the file that says where they came from is damaged");
    return rc;
}

static sf_status match_part(matching *m, sf_error *err)
{
    sfi_load_rows *rows = NULL;
    sfi_csv_record row;
    int64_t number = m->unit->first_row;
    m->count = 0;
    sf_status rc = sfi_load_each_result(&m->results, m->l->delimiter, add_entry, m, err);
    if (rc == SF_OK && m->count > 0) qsort(m->entries, m->count, sizeof *m->entries, compare_entries);
    if (rc == SF_OK) rc = sfi_load_rows_open(m->l, m->unit, true, &rows, err);
    while (rc == SF_OK) { /* until the unit's rows are used up */
        rc = sfi_load_rows_next(rows, &row, err);
        if (rc != SF_ROW) break;
        uint64_t hash = hash_row(m->l, m->unit, &row);
        const entry *e = hash % m->parts == m->part ? take_entry(m, hash) : NULL;
        sfi_load_origin origin;
        rc = e != NULL ? origin_of(m, &row, number, &origin, err) : SF_OK;
        if (rc == SF_OK && e != NULL) rc = tell_row(m, &row, &origin, e, err);
        number++;
    }
    sfi_load_rows_close(rows);
    if (rc == SF_DONE) rc = SF_OK;
    return rc == SF_OK ? tell_rest(m, err) : rc;
}

/* Fetches results of one kind, and tells of each row. */
static sf_status gather_failures(sfi_load *l, sfi_load_unit *u, sf_bulk2_results which, int64_t want,
                                 const char *message, int64_t *retried, sf_error *err)
{
    matching m = { .l = l,
                   .unit = u,
                   .message = message,
                   .results = { .fd = sfi_load_temporary(err), .name = "a temporary file" },
                   .parts = (uint64_t)want / ((l->entries_max + 1) / 2) + 1 };
    sf_status rc = m.results.fd >= 0 ? SF_OK : SF_ERR_IO;
    if (rc == SF_OK) rc = sfi_load_fetch_results(l, u, which, want, &m.results, err);
    sfi_csv_reader_options options = { .delimiter = l->delimiter, .any_columns = true };
    if (rc == SF_OK) rc = sfi_csv_reader_new(&options, &m.csv, err);
    for (; rc == SF_OK && m.part < m.parts; m.part++) rc = match_part(&m, err);
    if (rc == SF_OK) rc = flush(&m, true, err);
    *retried += m.retried;
    l->report.unmatched += m.missed;
    if (m.results.fd >= 0) close(m.results.fd);
    sfi_load_fetch_clear(&m.results);
    sfi_csv_reader_free(m.csv);
    sfi_free(m.entries);
    sfi_buf *all[] = { &m.errors, &m.retry, &m.origins, &m.original };
    for (size_t i = 0; i < SFI_COUNT_OF(all); i++) sfi_buf_free(all[i]);
    return rc;
}

/* A job that took up no row at all: which ones it did not take is known without asking. */
static sf_status gather_all(sfi_load *l, sfi_load_unit *u, const char *message, sf_error *err)
{
    matching m = { .l = l, .unit = u, .message = message, .results = { .fd = -1 } };
    sfi_load_rows *rows = NULL;
    sfi_csv_record row;
    sfi_load_origin origin;
    int64_t number = u->first_row;
    sf_status rc = sfi_load_rows_open(l, u, true, &rows, err);
    while (rc == SF_OK) { /* until the unit's rows are used up */
        rc = sfi_load_rows_next(rows, &row, err);
        if (rc != SF_ROW) break;
        rc = origin_of(&m, &row, number++, &origin, err);
        if (rc == SF_OK) rc = tell_row(&m, &row, &origin, NULL, err);
    }
    sfi_load_rows_close(rows);
    if (rc == SF_DONE) rc = flush(&m, true, err);
    sfi_buf *all[] = { &m.errors, &m.original };
    for (size_t i = 0; i < SFI_COUNT_OF(all); i++) sfi_buf_free(all[i]);
    return rc;
}

/* What a gathering that failed half-way has written is taken back by the next one. */
static sf_status take_back(sfi_load *l, sf_error *err)
{
    struct {
        int fd;
        int64_t size;
    } const files[] = { { l->success_fd, l->success_size },
                        { l->errors_fd, l->errors_size },
                        { l->retry_fd, l->retry_size },
                        { l->origin_fd, l->retry_rows * (int64_t)sizeof(sfi_load_origin) } };
    for (size_t i = 0; i < SFI_COUNT_OF(files); i++)
        if (files[i].fd >= 0 && (ftruncate(files[i].fd, (off_t)files[i].size) != 0 ||
                                 lseek(files[i].fd, (off_t)files[i].size, SEEK_SET) < 0))
            return fail_io("a result file", "cannot be cut", err);
    return SF_OK;
}

/* What the org tells of a job must be possible. */
static sf_status check_counts(const sfi_load_unit *u, const sf_bulk2_job *job, sf_error *err)
{
    if (job->processed < 0 || job->failed < 0) /* to take it for none would tell of rows as written, or as not */
        return sfi_fail(err, SF_ERR_PROTOCOL, "job %s: it has ended, and the org does not tell how many rows failed",
                        job->id.text);
    if (job->processed > u->rows || job->failed > job->processed)
        return sfi_fail(err, SF_ERR_PROTOCOL,
                        "job %s: the org tells of %lld rows, %lld of them failed, and %lld were sent", job->id.text,
                        (long long)job->processed, (long long)job->failed, (long long)u->rows);
    if (job->state == SF_JOB_COMPLETE && job->processed < u->rows)
        return sfi_fail(err, SF_ERR_TRUNCATED, "job %s: it is complete with %lld rows, and %lld were sent",
                        job->id.text, (long long)job->processed, (long long)u->rows);
    return SF_OK;
}

static sf_status gather(sfi_load *l, sfi_load_unit *u, const sf_bulk2_job *job, sf_error *err)
{
    sf_status rc = check_counts(u, job, err);
    if (rc != SF_OK) return rc;
    int64_t processed = job->processed, failed = job->failed, unprocessed = u->rows - processed, retried = 0;
    char message[sizeof job->error_message + 64];
    snprintf(message, sizeof message, "not processed: the job %s%s%s",
             job->state == SF_JOB_ABORTED ? "was aborted" : "failed", job->error_message[0] != '\0' ? ": " : "",
             job->error_message);
    rc = take_back(l, err);
    if (rc == SF_OK && l->success_fd >= 0 && processed > failed) rc = gather_successes(l, u, processed - failed, err);
    if (rc == SF_OK && failed > 0) rc = gather_failures(l, u, SF_RESULTS_FAILED, failed, "", &retried, err);
    int64_t retried_failed = retried;
    if (rc == SF_OK && processed == 0)
        rc = gather_all(l, u, message, err);
    else if (rc == SF_OK && unprocessed > 0)
        rc = gather_failures(l, u, SF_RESULTS_UNPROCESSED, unprocessed, message, &retried, err);
    if (rc != SF_OK) return rc;
    u->ok = processed - failed;
    u->failed = failed - retried_failed;
    u->unprocessed = unprocessed - (retried - retried_failed);
    l->report.retried += retried;
    return SF_OK;
}

sf_status sfi_load_gather(sfi_load *l, sfi_load_unit *u, const sf_bulk2_job *job, sf_error *err)
{
    const sf_load_report report = l->report;
    int64_t sizes[] = { l->success_size, l->errors_size, l->retry_size, l->retry_rows };
    sf_status rc = gather(l, u, job, err);
    if (rc == SF_OK) return rc;
    l->report = report; /* as if it had not begun: the next one takes back what stands in the files */
    l->success_size = sizes[0];
    l->errors_size = sizes[1];
    l->retry_size = sizes[2];
    l->retry_rows = sizes[3];
    return rc;
}
