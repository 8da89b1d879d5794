/*
 * extract.c: runs the statement of a query job and keeps its rows as CSV, some thousand a piece. An interrupted one starts
 * over: its locators are given out only when it is complete.
 */
#include "bulk/bulk_internal.h"
#include "bulk/chunks.h"
#include "bulk/typed.h"
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

/* What 1.0 asks for beyond the statement's being valid. TYPEOF, which CSV cannot write, works in JSON. */
static bool check_v1(extract *x, const sfo_context *context, sf_str soql)
{
    const sfo_object *object = NULL;
    bool fine = sfo_soql_table_check(x->b->store, context, soql, &object, &x->fault);
    if (!fine && strcmp(x->fault.code, "FEATURENOTENABLED") == 0) {
        if (strcmp(x->job->content_type, "JSON") == 0 && strncmp(x->fault.message, "TYPEOF", 6) == 0) {
            sfo_fault_clear(&x->fault);
            x->fault = (sfo_fault){ 0 };
            return true;
        }
        snprintf(x->fault.code, sizeof x->fault.code, "FUNCTIONALITY_NOT_ENABLED");
    }
    if (!fine || sfi_eq_nocase(object->name, x->job->object)) return fine;
    return sfo_fault_set(&x->fault, 400, "INVALID_TYPE_FOR_OPERATION",
                         "The root entity of the requested query (%s) does not match the entity of the requested Bulk "
                         "API Job (%s).",
                         object->name, x->job->object);
}

static bool run_typed(extract *x, const sfo_context *context, sf_str soql, bool all_rows)
{
    bool is_xml = strcmp(x->job->content_type, "XML") == 0;
    int64_t rows = 0;
    bool fine = sfo_bulk_typed_rows(x->b, context, soql, all_rows, is_xml, &x->piece, &rows, &x->fault) &&
                sfo_bulk_data_add(x->b, x->batch->id, SFO_BULK_RESULT, sfi_buf_str(&x->piece), 0, &x->fault);
    x->batch->processed = fine ? rows : 0;
    return fine;
}

static bool run(extract *x, const sfo_context *context, sf_str soql)
{
    bool all_rows = strcmp(x->job->operation, "queryAll") == 0;
    if (x->job->api == 1 && !check_v1(x, context, soql)) return false;
    if (sfo_bulk_is_original(x->job, x->batch)) return sfo_bulk_cut(x->b, x->job, x->batch, context, soql, &x->fault);
    if (x->job->api == 1 && strcmp(x->job->content_type, "CSV") != 0) return run_typed(x, context, soql, all_rows);
    sfo_table_reader reader = { take_head, take_row, x };
    return sfo_soql_table(x->b->store, context, soql, all_rows, &reader, &x->fault) && flush(x);
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
        bool fine = run(&x, &context, sfi_buf_str(&soql));
        bool is_cut = fine && strcmp(batch->state, "NotProcessed") == 0;
        batch->active_ms = batch->total_ms = sfi_now_ms() - began;
        kept = is_cut || (!atomic_load(&b->stopping) && finish(&x, fine));
    }
    sfi_buf_free(&soql);
    sfi_buf_free(&x.piece);
    sfo_fault_clear(&x.fault);
    return kept;
}
