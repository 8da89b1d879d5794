/* results.c: the result files of an ingest job of API 2.0, behind the columns that the API adds: header, then rows. */
#include "bulk/bulk_internal.h"

bool sfo_bulk_job_check(sfo_bulk *b, sfo_bulk_job *job, sfo_fault *f)
{
    sfo_bulk_target target;
    if (!sfo_bulk_target_of(b, job, &target, f)) return false;
    snprintf(job->object, sizeof job->object, "%s", target.object->name);
    return true;
}

/* The upload's records behind the first skip ones, each to fn. */
typedef bool (*record_fn)(void *user, const sfi_csv_record *record);
static bool read_upload(sfo_bulk *b, const sfo_bulk_job *job, int64_t max, record_fn fn, void *user, sfo_fault *f)
{
    sfi_csv_reader *csv = NULL;
    sfi_csv_record record;
    sfi_buf data = { 0 };
    sf_error err;
    int64_t piece = 0, seen = 0;
    sfi_csv_reader_options options = { .delimiter = sfo_bulk_delimiter(job->delimiter),
                                       .keep_raw = true,
                                       .any_columns = true };
    bool fine = sfi_csv_reader_new(&options, &csv, &err) == SF_OK;
    while (fine && seen < max) { /* each round takes a record or a piece */
        sf_status rc = sfi_csv_reader_next(csv, &record, &err);
        if (rc == SF_ROW) {
            fine = fn(user, &record);
            seen++;
        } else if (rc < 0 || piece < 0) {
            break; /* what is wrong with it was told as the job's error */
        } else {
            char *room;
            size_t size;
            fine = sfo_bulk_piece_read(b, job->id, SFO_BULK_UPLOAD, &piece, &data, f);
            if (fine && piece < 0) sfi_csv_reader_end(csv);
            if (!fine || piece < 0) continue;
            fine = sfi_csv_reader_room(csv, data.len + 1, &room, &size, &err) == SF_OK;
            if (!fine) break;
            if (data.len > 0) memcpy(room, data.data, data.len);
            sfi_csv_reader_added(csv, data.len);
        }
    }
    if (!fine && f->http_status == 0) (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for the result");
    sfi_csv_reader_free(csv);
    sfi_buf_free(&data);
    return fine;
}

typedef struct copy {
    sfi_buf *out;
    char delimiter;
    const char *line_end;
    int64_t skip, seen;
} copy;

static bool copy_header(void *user, const sfi_csv_record *record)
{
    copy *c = user;
    size_t bom = sfi_csv_bom(record->raw.ptr, record->raw.len);
    return sfi_buf_add(c->out, record->raw.ptr + bom, record->raw.len - bom);
}

static bool copy_row(void *user, const sfi_csv_record *record)
{
    copy *c = user;
    if (c->seen++ == 0) return copy_header(user, record) && sfi_buf_add_str(c->out, c->line_end);
    if (c->seen - 1 <= c->skip) return true;
    for (size_t i = 0; i < record->count; i++) {
        if (i > 0) sfi_buf_add_char(c->out, c->delimiter);
        (void)sfi_csv_add_field(c->out, record->fields[i], c->delimiter, true);
    }
    return sfi_buf_add_str(c->out, c->line_end);
}

static const char *line_end(const sfo_bulk_job *job)
{
    return strcmp(job->line_ending, "CRLF") == 0 ? "\r\n" : "\n";
}

bool sfo_bulk_results_read(sfo_bulk *b, const sfo_bulk_job *job, sfo_bulk_kind kind, sfi_buf *out, sfo_fault *f)
{
    sfi_buf header = { 0 };
    copy c = { .out = &header };
    bool fine = read_upload(b, job, 1, copy_header, &c, f);
    if (fine && header.len > 0) {
        sfi_buf_add_char(out, sfo_bulk_delimiter(job->delimiter));
        (void)sfi_buf_add(out, header.data, header.len);
    }
    sfi_buf_add_str(out, line_end(job));
    sfi_buf_free(&header);
    return fine && sfo_bulk_data_read(b, job->id, kind, out, f);
}

bool sfo_bulk_unprocessed_read(sfo_bulk *b, const sfo_bulk_job *job, sfi_buf *out, sfo_fault *f)
{
    bool is_open = strcmp(job->state, "JobComplete") != 0; /* of a complete job none is left */
    copy c = {
        .out = out, .delimiter = sfo_bulk_delimiter(job->delimiter), .line_end = line_end(job), .skip = job->processed
    };
    return read_upload(b, job, is_open ? INT64_MAX : 1, copy_row, &c, f);
}
