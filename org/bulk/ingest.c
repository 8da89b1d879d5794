/*
 * ingest.c: works an uploaded batch off, SFO_BULK_CHUNK_ROWS rows a transaction: each row is undone alone when it fails, and
 * what came of it is written in the same transaction, so that a killed org goes on behind the last chunk. Results of API
 * 2.0 come in another order than the rows, as those of the real one do; those of 1.0 in theirs.
 */
#include "bulk/bulk_internal.h"
#include <assert.h>
#include "bulk/records.h"

typedef struct ingest {
    sfo_bulk *b;
    sfo_bulk_job *job;
    sfo_bulk_batch *batch;
    sfo_bulk_target target;
    sfo_context context;
    const char *line_end;
    char delimiter;
    sfi_csv_reader *csv;
    sfo_bulk_records *records; /* of JSON or XML, instead of csv */
    sfo_zip *zip;
    sf_str whole;  /* API 1.0: all of the upload; ptr NULL: read piece by piece */
    int64_t piece; /* the last one read; -1: there are no more */
    sfi_buf data, body, results, bad, line;
    size_t ends[SFO_BULK_CHUNK_ROWS + 1]; /* of the rows of a chunk in results */
    sfo_bulk_column *columns;
    size_t column_count, column_cap;
    sfi_json *doc;
    sfo_fault fault; /* of the batch as a whole */
} ingest;

/* ---- reading ---- */
static bool no_memory(ingest *in)
{
    return sfo_fault_set(&in->fault, 500, "UNKNOWN_EXCEPTION", "no memory for a batch");
}

static bool room_for_columns(ingest *in, size_t count)
{
    if (count <= in->column_cap && in->columns != NULL) return true;
    sfi_free(in->columns);
    in->column_cap = count < 64 ? 64 : count;
    in->columns = sfi_calloc_n(in->column_cap, sizeof *in->columns);
    return in->columns != NULL || no_memory(in);
}

/* A row with more characters than one may have; its bytes are at most as many. */
static bool is_too_long(ingest *in, const sfi_csv_record *record)
{
    size_t bytes = 0, characters = 0;
    for (size_t i = 0; i < record->count; i++) bytes += record->fields[i].len;
    if (bytes <= SFO_BULK_ROW_MAX) return false;
    for (size_t i = 0; i < record->count; i++)
        for (size_t k = 0; k < record->fields[i].len; k++)
            characters += ((unsigned char)record->fields[i].ptr[k] & 0xC0) != 0x80;
    return characters > SFO_BULK_ROW_MAX &&
           !sfo_fault_set(&in->fault, 400, "InvalidBatch", "A record has more than %d characters", SFO_BULK_ROW_MAX);
}

/* A row of JSON or XML, whose columns are its own. */
static int next_typed(ingest *in, sfi_csv_record *record)
{
    const sf_str *names;
    int found = sfo_bulk_records_next(in->records, &names, &record->fields, &record->count, &in->fault);
    if (found != 1) return found;
    if (is_too_long(in, record)) return -1;
    in->column_count = record->count;
    return room_for_columns(in, record->count) && sfo_bulk_columns_of(sfo_store_schema(in->b->store), &in->target,
                                                                      names, record->count, in->columns, &in->fault)
               ? 1
               : -1;
}

/* The next piece of the upload into data; piece becomes -1 behind the last. */
static bool next_piece(ingest *in, sf_str *piece)
{
    if (in->whole.ptr != NULL) {
        in->piece = in->piece == 0 ? 1 : -1;
        *piece = in->whole;
        return true;
    }
    bool fine = sfo_bulk_piece_read(in->b, in->batch->id, SFO_BULK_UPLOAD, &in->piece, &in->data, &in->fault);
    *piece = sfi_buf_str(&in->data);
    return fine;
}

/* The next record. 1: one; 0: the end; -1: the batch is wrong, in->fault says how. */
static int next_record(ingest *in, sfi_csv_record *record)
{
    if (in->records != NULL) return next_typed(in, record);
    for (;;) { /* each round takes a piece, of which there are finitely many */
        sf_error err;
        sf_status rc = sfi_csv_reader_next(in->csv, record, &err);
        if (rc == SF_ROW) return is_too_long(in, record) ? -1 : 1;
        if (rc < 0) {
            (void)sfo_fault_set(&in->fault, 400, "InvalidBatch", "%s", err.message);
            return -1;
        }
        if (in->piece < 0) return 0;
        char *room;
        size_t size;
        sf_str piece;
        if (!next_piece(in, &piece)) return -1;
        if (in->piece < 0) {
            sfi_csv_reader_end(in->csv);
            continue;
        }
        if (sfi_csv_reader_room(in->csv, piece.len + 1, &room, &size, &err) != SF_OK) {
            (void)sfo_fault_set(&in->fault, 400, "InvalidBatch", "%s", err.message);
            return -1;
        }
        if (piece.ptr != NULL) memcpy(room, piece.ptr, piece.len);
        sfi_csv_reader_added(in->csv, piece.len);
    }
}

/* The first line end that stands outside quotes tells what the upload has. */
static bool check_line_ends(ingest *in, sf_str text)
{
    bool quoted = false;
    assert(text.len == 0 || text.ptr != NULL);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"') quoted = !quoted;
        if (quoted || text.ptr[i] != '\n') continue;
        bool crlf = i > 0 && text.ptr[i - 1] == '\r';
        if (crlf == (strcmp(in->job->line_ending, "CRLF") == 0)) return true;
        return sfo_fault_set(&in->fault, 400, "ClientInputError",
                             "LineEnding is invalid on user data. Current LineEnding setting is %s",
                             in->job->line_ending);
    }
    return true;
}

static bool read_header(ingest *in)
{
    sfi_csv_record record;
    if (in->records != NULL) return room_for_columns(in, 0);
    int found = next_record(in, &record);
    if (found < 0) return false;
    if (found == 0) return in->job->api == 2 || sfo_fault_set(&in->fault, 400, "InvalidBatch", "Records not found");
    if (in->job->api == 2 && in->batch->processed == 0 && !check_line_ends(in, sfi_buf_str(&in->data))) return false;
    sf_str first = record.fields[0];
    size_t bom = sfi_csv_bom(first.ptr, first.len);
    sf_str *names = sfi_calloc_n(record.count, sizeof *names);
    in->column_count = record.count;
    bool fine = room_for_columns(in, record.count) && names != NULL;
    for (size_t i = 0; fine && i < record.count; i++) names[i] = sfi_trim(record.fields[i]);
    if (fine && bom > 0) {
        sf_str rest = { first.ptr + bom, first.len - bom };
        if (rest.len >= 2 && rest.ptr[0] == '"' && rest.ptr[rest.len - 1] == '"')
            rest = (sf_str){ rest.ptr + 1, rest.len - 2 }; /* the mark stood before its quote */
        names[0] = rest;
    }
    fine = fine ? sfo_bulk_columns_of(sfo_store_schema(in->b->store), &in->target, names, record.count, in->columns,
                                      &in->fault)
                : no_memory(in);
    sfi_free(names);
    return fine;
}

/* ---- results ---- */
/* Text of another encoding comes back as it was read: U+FFFD for each byte that is no character. */
static void add_misread(const ingest *in, sfi_buf *out, sf_str text)
{
    sfi_buf read = { 0 };
    for (size_t at = 0; at < text.len;) { /* each round takes a character, or a byte that is none */
        size_t len = sfi_utf8_sequence(text.ptr + at, text.len - at);
        (void)sfi_buf_add(&read, len > 0 ? text.ptr + at : "\xEF\xBF\xBD", len > 0 ? len : 3);
        at += len > 0 ? len : 1;
    }
    if (read.failed) out->failed = true;
    (void)sfi_csv_add_field(out, read.data != NULL ? sfi_buf_str(&read) : SFI_STR(""), in->delimiter, true);
    sfi_buf_free(&read);
}

static void add_cells(ingest *in, sfi_buf *out, const sfi_csv_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        sf_str text = record->fields[i];
        sfi_buf_add_char(out, in->delimiter);
        if (text.len == 0 || sfi_utf8_valid(text.ptr, text.len))
            (void)sfi_csv_add_field(out, text, in->delimiter, true);
        else
            add_misread(in, out, text);
    }
    sfi_buf_add_str(out, in->line_end);
}

static void add_result_v2(ingest *in, const sfo_bulk_row *row, const sfi_csv_record *record)
{
    sfi_buf *out = row->ok ? &in->results : &in->bad;
    bool has_id = row->id.text[0] != '\0' && (row->ok || strcmp(in->job->version, "53.0") >= 0);
    (void)sfi_csv_add_field(out, sfi_str(has_id ? row->id.text : ""), in->delimiter, true);
    sfi_buf_add_char(out, in->delimiter);
    if (row->ok) {
        sfi_buf_add_str(out, row->created ? "\"true\"" : "\"false\"");
    } else {
        sfi_buf_clear(&in->line);
        sfo_bulk_error_text(&in->line, &row->fault);
        (void)sfi_csv_add_field(out, sfi_buf_str(&in->line), in->delimiter, true);
    }
    add_cells(in, out, record);
}

static void add_result_v1(ingest *in, const sfo_bulk_row *row)
{
    sfi_json_writer w = sfi_json_write_to(&in->results);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "id");
    sfi_json_string(&w, row->id.text);
    sfi_json_key(&w, "success");
    sfi_json_bool(&w, row->ok);
    sfi_json_key(&w, "created");
    sfi_json_bool(&w, row->created);
    if (!row->ok) {
        sfi_json_key(&w, "code");
        sfi_json_string(&w, row->fault.code);
        sfi_json_key(&w, "message");
        sfi_json_string(&w, row->fault.message != NULL ? row->fault.message : "");
        sfi_json_key(&w, "fields");
        sfi_json_string(&w, row->fault.fields);
    }
    sfi_json_end_object(&w);
    sfi_buf_add_char(&in->results, '\n');
}

/* ---- a chunk ---- */
static void run_record(ingest *in, const sfi_csv_record *record, int64_t *good)
{
    sfo_bulk_row row = { .ok = false };
    if (sfo_bulk_record_json(&in->target, in->columns, record->fields, record->count, &in->body, &row.key,
                             &row.fault)) {
        row.body = sfi_buf_str(&in->body);
        sfo_bulk_row_run(in->b, &in->context, &in->target, in->doc, &row);
    }
    if (in->job->api == 1)
        add_result_v1(in, &row);
    else
        add_result_v2(in, &row, record);
    *good += row.ok;
    in->batch->processed++;
    in->batch->failed += !row.ok;
    sfo_fault_clear(&row.fault);
}

/* The good rows of a chunk in the opposite order, into line. */
static bool turn_around(ingest *in, size_t count)
{
    sfi_buf_clear(&in->line);
    for (size_t i = count; i-- > 0;)
        (void)sfi_buf_add(&in->line, in->results.data + in->ends[i], in->ends[i + 1] - in->ends[i]);
    return !in->line.failed;
}

static bool keep_results(ingest *in, int64_t rows, int64_t good, size_t good_lines)
{
    sfo_bulk *b = in->b;
    const char *owner = in->batch->id;
    if (in->results.failed || in->bad.failed) return false;
    if (in->job->api == 1)
        return sfo_bulk_data_add(b, owner, SFO_BULK_RESULT, sfi_buf_str(&in->results), rows, &in->fault);
    return turn_around(in, good_lines) &&
           (good == 0 || sfo_bulk_data_add(b, owner, SFO_BULK_GOOD, sfi_buf_str(&in->line), good, &in->fault)) &&
           (rows == good || sfo_bulk_data_add(b, owner, SFO_BULK_BAD, sfi_buf_str(&in->bad), rows - good, &in->fault));
}

static bool save_progress(ingest *in, int64_t took_ms)
{
    sfo_bulk_job *job = in->job;
    in->batch->active_ms += took_ms;
    in->batch->total_ms += took_ms;
    if (job->api == 2) {
        job->processed = in->batch->processed;
        job->failed = in->batch->failed;
        job->active_ms = in->batch->active_ms;
        job->total_ms = in->batch->total_ms;
    }
    return sfo_bulk_batch_save(in->b, in->batch, &in->fault) &&
           (job->api == 1 || sfo_bulk_job_save(in->b, job, &in->fault));
}

/* 1: more follow; 0: that was all; -1: the batch is wrong; -2: the store failed. */
static int run_chunk(ingest *in)
{
    sfi_csv_record record;
    int64_t good = 0, began = sfi_now_ms(), rows = 0;
    int found = 1;
    sfi_buf_clear(&in->results);
    sfi_buf_clear(&in->bad);
    if (!sfo_store_begin(in->b->store, &in->fault)) return -2;
    if (sfo_bulk_is_aborted(in->b, in->job->id)) { /* looked at under the lock: nothing of an aborted job is written */
        sfo_store_rollback(in->b->store);
        return 0;
    }
    while (rows < SFO_BULK_CHUNK_ROWS && (found = next_record(in, &record)) == 1) {
        int64_t before = good;
        in->ends[good] = in->results.len;
        run_record(in, &record, &good);
        if (good > before) in->ends[good] = in->results.len;
        rows++;
    }
    bool fine = (rows == 0 || keep_results(in, rows, good, (size_t)good)) && save_progress(in, sfi_now_ms() - began);
    if (!fine) {
        sfo_store_rollback(in->b->store);
        return -2;
    }
    return sfo_store_commit(in->b->store, &in->fault) ? found : -2;
}

static bool skip_done(ingest *in)
{
    sfi_csv_record record;
    for (int64_t i = 0; i < in->batch->processed; i++)
        if (next_record(in, &record) != 1) return false;
    return true;
}

/* ---- a batch ---- */
static bool too_many(ingest *in, int64_t rows)
{
    return rows > SFO_BULK1_ROWS_MAX &&
           !sfo_fault_set(&in->fault, 400, "InvalidBatch", "Exceeded the maximum number of records in a batch: %d",
                          SFO_BULK1_ROWS_MAX);
}

static bool check_csv(ingest *in)
{
    sfi_csv_scan scan;
    sf_error err;
    sfi_csv_scan_init(&scan, ',');
    if (sfi_csv_scan_feed(&scan, in->whole.ptr, in->whole.len, &err) != SF_OK ||
        sfi_csv_scan_finish(&scan, &err) != SF_OK)
        return sfo_fault_set(&in->fault, 400, "InvalidBatch", "%s", err.message);
    return !too_many(in, scan.records - 1);
}

/* All rows of JSON or XML can be read, and have no field that the object has not. */
static bool check_typed(ingest *in, bool is_xml)
{
    sfi_csv_record record;
    int found = 1;
    if (!sfo_bulk_records_new(in->whole, is_xml, &in->records, &in->fault) ||
        too_many(in, sfo_bulk_records_count(in->records)))
        return false;
    while ((found = next_typed(in, &record)) == 1) {
    } /* each round takes a record */
    sfo_bulk_records_free(in->records);
    in->records = NULL;
    return found == 0 && sfo_bulk_records_new(in->whole, is_xml, &in->records, &in->fault);
}

/* A batch of 1.0 is small enough to be looked at as a whole: what is wrong with it is known before the first row is written. */
static bool begin_v1(ingest *in)
{
    const char *type = in->job->content_type;
    if (!sfo_bulk_data_read(in->b, in->batch->id, SFO_BULK_UPLOAD, &in->data, &in->fault)) return false;
    in->whole = in->data.data != NULL ? sfi_buf_str(&in->data) : SFI_STR("");
    if (strncmp(type, "ZIP_", 4) == 0) {
        if (!sfo_zip_new(in->whole, &in->zip, &in->fault)) return false;
        in->target.files = in->zip;
        in->whole = sfo_zip_find(in->zip, SFI_STR("request.txt"));
        if (in->whole.ptr == NULL)
            return sfo_fault_set(&in->fault, 400, "InvalidBatch", "No request.txt found in the zip");
        type += 4;
    }
    if (strcmp(type, "CSV") == 0) return check_csv(in);
    in->target.is_typed = true;
    return check_typed(in, strcmp(type, "XML") == 0);
}

static bool begin(ingest *in)
{
    sf_error err;
    in->delimiter = in->job->api == 2 ? sfo_bulk_delimiter(in->job->delimiter) : ',';
    in->line_end = in->job->api == 2 && strcmp(in->job->line_ending, "CRLF") == 0 ? "\r\n" : "\n";
    sfo_bulk_context(in->job, &in->context);
    sfi_csv_reader_options options = { .delimiter = in->delimiter };
    if (sfi_csv_reader_new(&options, &in->csv, &err) != SF_OK || sfi_json_new(&in->doc, &err) != SF_OK)
        return sfo_fault_set(&in->fault, 500, "UNKNOWN_EXCEPTION", "%s", err.message);
    return sfo_bulk_target_of(in->b, in->job, &in->target, &in->fault) && (in->job->api == 2 || begin_v1(in));
}

static void end(ingest *in)
{
    sfi_csv_reader_free(in->csv);
    sfo_bulk_records_free(in->records);
    sfo_zip_free(in->zip);
    sfi_json_free(in->doc);
    sfi_free(in->columns);
    sfi_buf *all[] = { &in->data, &in->body, &in->results, &in->bad, &in->line };
    for (size_t i = 0; i < SFI_COUNT_OF(all); i++) sfi_buf_free(all[i]);
    sfo_fault_clear(&in->fault);
}

static bool finish(ingest *in, bool failed)
{
    sfo_bulk_job *job = in->job;
    sfo_bulk_batch *batch = in->batch;
    snprintf(batch->state, sizeof batch->state, "%s", failed ? "Failed" : "Completed");
    if (failed)
        snprintf(batch->message, sizeof batch->message, "%s : %.900s", in->fault.code,
                 in->fault.message != NULL ? in->fault.message : "");
    if (job->api == 2) {
        snprintf(job->state, sizeof job->state, "%s", failed ? "Failed" : "JobComplete");
        memcpy(job->error, batch->message, sizeof job->error);
    }
    sfo_fault_clear(&in->fault);
    if (!sfo_store_begin(in->b->store, &in->fault)) return false;
    if (sfo_bulk_is_aborted(in->b, job->id)) {
        sfo_store_rollback(in->b->store);
        return true;
    }
    if (save_progress(in, 0)) return sfo_store_commit(in->b->store, &in->fault);
    sfo_store_rollback(in->b->store);
    return false;
}

bool sfo_bulk_ingest(sfo_bulk *b, sfo_bulk_job *job, sfo_bulk_batch *batch)
{
    ingest in = { .b = b, .job = job, .batch = batch };
    bool fine = begin(&in) && read_header(&in) && skip_done(&in);
    int more = 0;
    if (fine && in.columns != NULL) {
        snprintf(batch->state, sizeof batch->state, "InProgress");
        if (job->api == 2) snprintf(job->state, sizeof job->state, "InProgress");
        more = 1;
        while (more == 1) { /* each round takes SFO_BULK_CHUNK_ROWS rows off the upload */
            if (atomic_load(&b->stopping)) more = -2;
            if (more == 1) more = run_chunk(&in);
        }
    }
    bool kept = more == -2 ? false : finish(&in, !fine || more == -1);
    end(&in);
    return kept;
}
