/*
 * extract.c: runs the statement of a query job and keeps its rows as CSV, some thousand a piece. An interrupted one starts
 * over: its locators are given out only when it is complete.
 */
#include "bulk/bulk_internal.h"
#include "soql/table.h"

enum { PIECE_ROWS = 1000, PIECE_BYTES = 1 << 20 };

typedef struct extract {
    sfo_bulk *b;
    sfo_bulk_job *job;
    sfo_bulk_batch *batch;
    sfi_buf piece;
    int64_t rows;
    char delimiter;
    const char *line_end;
    sfo_fault fault;
} extract;

static void add_line(extract *x, const sf_str *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) sfi_buf_add_char(&x->piece, x->delimiter);
        (void)sfi_csv_add_field(&x->piece, cells[i], x->delimiter, true);
    }
}

static bool flush(extract *x)
{
    if (x->piece.failed) return sfo_fault_set(&x->fault, 500, "UNKNOWN_EXCEPTION", "no memory for a result");
    bool fine = x->rows == 0 ||
                sfo_bulk_data_add(x->b, x->batch->id, SFO_BULK_RESULT, sfi_buf_str(&x->piece), x->rows, &x->fault);
    x->batch->processed += x->rows;
    x->rows = 0;
    sfi_buf_clear(&x->piece);
    return fine;
}

static bool take_head(void *user, const sf_str *names, size_t count)
{
    extract *x = user;
    add_line(x, names, count);
    bool fine = !x->piece.failed &&
                sfo_bulk_data_add(x->b, x->batch->id, SFO_BULK_HEADER, sfi_buf_str(&x->piece), 0, &x->fault);
    sfi_buf_clear(&x->piece);
    return fine;
}

static bool take_row(void *user, const sf_str *cells, size_t count)
{
    extract *x = user;
    add_line(x, cells, count);
    sfi_buf_add_str(&x->piece, x->line_end);
    x->rows++;
    if (atomic_load_explicit(&x->b->stopping, memory_order_relaxed)) return false;
    return x->rows < PIECE_ROWS && x->piece.len < PIECE_BYTES ? true : flush(x);
}

static bool finish(extract *x, bool fine)
{
    sfo_bulk_batch *batch = x->batch;
    sfo_bulk_job *job = x->job;
    snprintf(batch->state, sizeof batch->state, "%s", fine ? "Completed" : "Failed");
    if (!fine)
        snprintf(batch->message, sizeof batch->message, "InvalidBatch : Failed to process query: %s: %.800s",
                 x->fault.code, x->fault.message != NULL ? x->fault.message : "");
    if (job->api == 2) {
        snprintf(job->state, sizeof job->state, "%s", fine ? "JobComplete" : "Failed");
        memcpy(job->error, batch->message, sizeof job->error);
        job->processed = batch->processed;
        job->active_ms = batch->active_ms;
        job->total_ms = batch->total_ms;
    }
    sfo_fault_clear(&x->fault);
    if (!sfo_store_begin(x->b->store, &x->fault)) return false;
    if (!sfo_bulk_is_aborted(x->b, job->id) && sfo_bulk_batch_save(x->b, batch, &x->fault) &&
        (job->api == 1 || sfo_bulk_job_save(x->b, job, &x->fault)))
        return sfo_store_commit(x->b->store, &x->fault);
    sfo_store_rollback(x->b->store);
    return sfo_bulk_is_aborted(x->b, job->id);
}

bool sfo_bulk_extract(sfo_bulk *b, sfo_bulk_job *job, sfo_bulk_batch *batch)
{
    extract x = { .b = b, .job = job, .batch = batch, .delimiter = ',', .line_end = "\n" };
    sfo_context context;
    sfi_buf soql = { 0 };
    int64_t began = sfi_now_ms();
    if (job->api == 2) x.delimiter = sfo_bulk_delimiter(job->delimiter);
    if (job->api == 2 && strcmp(job->line_ending, "CRLF") == 0) x.line_end = "\r\n";
    sfo_bulk_context(job, &context);
    snprintf(batch->state, sizeof batch->state, "InProgress");
    batch->processed = 0;
    if (job->api == 2) snprintf(job->state, sizeof job->state, "InProgress");
    bool kept = sfo_bulk_batch_save(b, batch, &x.fault) && (job->api == 1 || sfo_bulk_job_save(b, job, &x.fault)) &&
                sfo_bulk_data_drop(b, batch->id, SFO_BULK_RESULT, &x.fault) &&
                sfo_bulk_data_drop(b, batch->id, SFO_BULK_HEADER, &x.fault) &&
                sfo_bulk_data_read(b, batch->id, SFO_BULK_UPLOAD, &soql, &x.fault);
    if (kept) {
        sfo_table_reader reader = { take_head, take_row, &x };
        bool fine = sfo_soql_table(b->store, &context, sfi_buf_str(&soql), strcmp(job->operation, "queryAll") == 0,
                                   &reader, &x.fault) &&
                    flush(&x);
        batch->active_ms = batch->total_ms = sfi_now_ms() - began;
        kept = !atomic_load(&b->stopping) && finish(&x, fine);
    }
    sfi_buf_free(&soql);
    sfi_buf_free(&x.piece);
    sfo_fault_clear(&x.fault);
    return kept;
}
