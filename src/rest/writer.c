/* writer.c: batches out and results in, see writer.h and writer_internal.h. Called by programs and by writer_rows.c; owns
 * its bodies and documents, which go round. The one idea: batches are a ring; only the oldest one is ever waited for, and
 * it is settled whole (its repeats, its locked rows, its results told) before the next is looked at, so that results come
 * in the order of the rows, and the wait for the oldest is what slows down rows that come too fast. */
#include "base/wait_internal.h"
#include "rest/writer_internal.h"

enum { PARALLEL_DEFAULT = 4, BYTES_MIN = 1024, BYTES_DEFAULT = 4 << 20, LOCK_RETRIES_DEFAULT = 3 };

/* ---- open ---- */

static sf_status check_range(const char *name, int64_t value, int64_t min, int64_t max, sf_error *err)
{
    if (value == 0 || (value >= min && value <= max)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "sf_writer_options: %s is %lld; want %lld to %lld, or 0 for the default", name,
                    (long long)value, (long long)min, (long long)max);
}

static sf_status check_options(const sf_writer_options *o, sf_error *err)
{
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_writer_options: reserved is not zero");
    sf_status rc = check_range("parallel", o->parallel, 1, SF_WRITER_PARALLEL_MAX, err);
    if (rc == SF_OK) rc = check_range("batch_rows", o->batch_rows, 1, SF_COLLECTION_MAX, err);
    if (o->batch_bytes > SF_WRITER_BYTES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "sf_writer_options: batch_bytes is over SF_WRITER_BYTES_MAX (32 MiB)");
    if (rc == SF_OK) rc = check_range("batch_bytes", (int64_t)o->batch_bytes, BYTES_MIN, SF_WRITER_BYTES_MAX, err);
    if (rc == SF_OK && o->lock_retries_max != SF_NONE)
        rc = check_range("lock_retries_max", o->lock_retries_max, 1, SFI_WRITER_LOCK_RETRIES_MAX, err);
    if (rc == SF_OK && o->failures_max < 0)
        rc = sfi_fail(err, SF_ERR_USAGE, "sf_writer_options: failures_max is negative; 0 is no limit");
    return rc;
}

static void set_defaults(sf_writer *w)
{
    sf_writer_options *o = &w->options;
    if (o->parallel == 0) o->parallel = PARALLEL_DEFAULT;
    if (o->batch_rows == 0) o->batch_rows = SF_COLLECTION_MAX;
    if (o->batch_bytes == 0) o->batch_bytes = BYTES_DEFAULT;
    if (o->lock_retries_max == 0) o->lock_retries_max = LOCK_RETRIES_DEFAULT;
    if (o->lock_retries_max == SF_NONE || (o->call != NULL && o->call->no_retry)) o->lock_retries_max = 0;
    w->batch_count = (size_t)o->parallel + 1;
}

void sfi_writer_start_rows(sf_writer *w, sfi_rows *rows)
{
    if (rows->text.cap > 2 * w->options.batch_bytes) sfi_buf_free(&rows->text);
    rows->text.max = w->options.batch_bytes;
    sfi_rows_start(rows, &w->c);
}

static bool copy_text(sf_writer *w, size_t at, const char *text, const char **out)
{
    *out = w->texts[at] = sfi_strdup(text);
    return text == NULL || *out != NULL;
}

static void free_writer(sf_writer *w)
{
    if (w == NULL) return;
    for (size_t i = 0; i < SFI_COUNT_OF(w->batches); i++) {
        sfi_call_cancel(w->batches[i].call);
        sfi_rows_free(&w->batches[i].rows);
    }
    for (size_t i = 0; i < SFI_COUNT_OF(w->rounds); i++) sfi_json_free(w->rounds[i].doc);
    for (size_t i = 0; i < SFI_COUNT_OF(w->texts); i++) sfi_free(w->texts[i]);
    sfi_rows_free(&w->again);
    sfi_json_free(w->given);
    sfi_free(w);
}

sf_status sf_writer_open(sf_client *sf, const sf_writer_options *options, sf_writer **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || options == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf or options is NULL");
    sfi_collection c = { .operation = options->operation,
                         .object = options->object,
                         .external_id = options->external_id,
                         .all_or_none = options->all_or_none,
                         .allow_duplicates = options->allow_duplicates,
                         .assignment_rule = options->assignment_rule,
                         .call = options->call };
    sf_status rc = sfi_collection_check(&c, err);
    if (rc == SF_OK) rc = check_options(options, err);
    if (rc != SF_OK) return rc;
    sf_writer *w = sfi_calloc(sizeof *w);
    if (w == NULL) return sfi_fail_memory(err, "a writer");
    w->sf = sf;
    w->c = c;
    w->options = *options;
    set_defaults(w);
    if (copy_text(w, 0, options->object, &w->c.object) && copy_text(w, 1, options->external_id, &w->c.external_id) &&
        copy_text(w, 2, options->assignment_rule, &w->c.assignment_rule)) {
        sfi_writer_start_rows(w, &sfi_writer_filling(w)->rows);
        *out = w; /* transferred */
        return SF_OK;
    }
    free_writer(w);
    return sfi_fail_memory(err, "a writer");
}

/* ---- what stops a writer ---- */

static void stop(sf_writer *w, const sf_error *e)
{
    if (w->stopped.status == SF_OK) w->stopped = *e;
    w->counts.stopped = true;
}

static sf_status answer_stopped(const sf_writer *w, sf_error *err)
{
    if (err != NULL && w->stopped.status != SF_OK) *err = w->stopped;
    return w->stopped.status;
}

sf_status sfi_writer_check(const sf_writer *w, sf_error *err)
{
    if (w == NULL) return sfi_fail(err, SF_ERR_USAGE, "the writer is NULL");
    if (w->is_inside) return sfi_fail(err, SF_ERR_USAGE, "a writer may not be used inside its own on_result");
    return answer_stopped(w, err);
}

/* ---- telling a result ---- */

/* w->result is filled, but its row. */
static void tell(sf_writer *w, int64_t row, bool is_unknown)
{
    sf_row_result *r = &w->result;
    r->row = row;
    if (r->success) {
        w->counts.succeeded++;
        w->counts.created += r->created;
    } else {
        if (is_unknown)
            w->counts.unknown++;
        else
            w->counts.failed++;
        if (w->failure.status == SF_OK) {
            w->failure = r->error;
            w->failure_row = row;
        }
    }
    if (w->options.on_result != NULL && !w->is_muted && !(r->success && w->options.failures_only)) {
        w->is_inside = true;
        w->is_muted = !w->options.on_result(w->options.user, r);
        w->is_inside = false;
        sf_error e;
        if (w->is_muted && sfi_fail(&e, SF_ERR_CANCELLED, "the writer was stopped by its on_result") < 0) stop(w, &e);
    }
    if (w->options.failures_max > 0 && w->counts.failed + w->counts.unknown == w->options.failures_max) {
        sf_error e;
        (void)sfi_fail(&e, SF_ERR_LIMIT, "%lld rows failed (failures_max), the last of them row %lld: %.500s",
                       (long long)w->options.failures_max, (long long)row,
                       r->success ? w->failure.message : r->error.message);
        stop(w, &e);
    }
}

/* A row that has no answer of its own. */
static void tell_failure(sf_writer *w, int64_t row, const sf_error *e, bool may_be_done)
{
    w->result = (sf_row_result){ .error = *e };
    tell(w, row, may_be_done);
}

/* ---- the answers of the oldest batch ---- */

static void finish_call(sf_writer *w, sfi_call *call, const sfi_rows *rows, sfi_round *round)
{
    sf_error *e = &round->error;
    w->counts.batches++;
    if (sfi_collection_finish(w->sf, &w->c, rows, call, &round->doc, &round->end, e) == SF_OK) *e = (sf_error){ 0 };
}

/* Which rows of the round are to be sent again. all: the whole request was undone because of them. */
static size_t find_locked(const sf_writer *w, const sfi_rows *rows, const uint8_t *last_round, uint8_t round,
                          bool *wanted)
{
    size_t count = 0;
    sf_value answer;
    sf_iter it = sf_iter_begin(sfi_json_root(w->rounds[round].doc));
    bool only_locked = true;
    for (size_t i = 0; i < rows->count; i++) {
        wanted[i] = false;
        if (last_round[i] != round || !sf_iter_next(&it, NULL, &answer)) continue;
        if (sf_get_bool(answer, "success", false)) continue;
        wanted[i] = sfi_collection_has_code(answer, "UNABLE_TO_LOCK_ROW");
        count += wanted[i];
        only_locked =
            only_locked && (wanted[i] || sfi_collection_has_code(answer, "ALL_OR_NONE_OPERATION_ROLLED_BACK"));
    }
    if (!w->c.all_or_none || count == 0) return count;
    for (size_t i = 0; i < rows->count; i++) wanted[i] = only_locked; /* none of them was written */
    return only_locked ? rows->count : 0;
}

/* Sends locked rows again. false: they keep the results that they have. */
static bool run_again(sf_writer *w, const sfi_rows *rows, const bool *wanted, int round)
{
    sfi_collection_texts texts;
    sfi_call *call;
    sfi_round *r = &w->rounds[round];
    const sfi_wait wait = { .cancel = w->c.call != NULL ? w->c.call->cancel : NULL };
    if (w->stopped.status != SF_OK) return false;
    if (sfi_rows_pick(&w->again, rows, &w->c, wanted) != SF_OK) return false;
    if (sfi_wait_pause(&wait, sfi_client_pause_ms(w->sf, round), "a locked row", NULL) != SF_OK) return false;
    sfi_call_request request = sfi_collection_request(&w->c, &w->again, &texts);
    if (sfi_call_begin(w->sf, &request, &call, NULL) != SF_OK) return false;
    finish_call(w, call, &w->again, r);
    return true;
}

/* All rounds of a batch; last_round says for each row which one has its result. @return the number of rounds. */
static void collect(sf_writer *w, sfi_batch *b, uint8_t *last_round)
{
    bool wanted[SF_COLLECTION_MAX] = { false };
    sfi_round *first = &w->rounds[0];
    if (b->call != NULL) {
        finish_call(w, b->call, &b->rows, first);
        b->call = NULL;
    } else {
        first->error = b->begin_error;
        first->end = (sfi_collection_end){ 0 };
    }
    memset(last_round, 0, SF_COLLECTION_MAX);
    for (uint8_t round = 0; round < w->options.lock_retries_max && w->rounds[round].error.status == SF_OK; round++) {
        size_t count = find_locked(w, &b->rows, last_round, round, wanted);
        if (count == 0 || !run_again(w, &b->rows, wanted, round + 1)) return;
        w->counts.lock_retries += (int64_t)count;
        for (size_t i = 0; i < b->rows.count; i++)
            if (wanted[i]) last_round[i] = (uint8_t)(round + 1);
    }
}

static void tell_rows(sf_writer *w, const sfi_batch *b, const uint8_t *last_round)
{
    sf_iter its[SFI_WRITER_LOCK_RETRIES_MAX + 1];
    sf_value answer = { 0 };
    int rounds = 0;
    for (size_t i = 0; i < b->rows.count; i++) {
        for (int k = 0; k <= last_round[i]; k++) { /* a row has an answer in each round that it was part of */
            sfi_round *round = &w->rounds[k];
            if (round->error.status != SF_OK) break;
            if (k == rounds) its[rounds++] = sf_iter_begin(sfi_json_root(round->doc));
            (void)sf_iter_next(&its[k], NULL, &answer); /* counted before */
        }
        const sfi_round *last = &w->rounds[last_round[i]];
        int64_t row = b->first_row + (int64_t)i;
        if (last->error.status != SF_OK) {
            tell_failure(w, row, &last->error, last->end.may_be_done);
            continue;
        }
        sfi_collection_result(&w->c, answer, last->end.repeated, &w->result);
        tell(w, row, false);
    }
}

static void settle_oldest(sf_writer *w)
{
    uint8_t last_round[SF_COLLECTION_MAX];
    sfi_batch *b = &w->batches[w->head];
    collect(w, b, last_round);
    for (size_t i = 0; i < SFI_COUNT_OF(w->rounds); i++) /* the rows are told why before the writer says so */
        if (i <= (size_t)w->options.lock_retries_max && sfi_error_is_lasting(&w->rounds[i].error))
            stop(w, &w->rounds[i].error);
    tell_rows(w, b, last_round);
    for (size_t i = 0; i < SFI_COUNT_OF(w->rounds); i++) w->rounds[i].error = (sf_error){ 0 };
    b->begin_error = (sf_error){ 0 };
    w->head = (w->head + 1) % w->batch_count;
    w->under_way--;
}

/* ---- out ---- */

/* Rows that were taken and are not sent any more. */
static void give_up_filling(sf_writer *w)
{
    sfi_batch *b = sfi_writer_filling(w);
    sf_error e = w->stopped;
    sfi_error_prefix(&e, "not sent");
    size_t count = b->rows.count;
    for (size_t i = 0; i < count; i++) tell_failure(w, b->first_row + (int64_t)i, &e, false);
    sfi_writer_start_rows(w, &b->rows);
}

static void settle_all(sf_writer *w)
{
    while (w->under_way > 0) settle_oldest(w);
    if (w->stopped.status != SF_OK) give_up_filling(w);
}

sf_status sfi_writer_send(sf_writer *w, sf_error *err)
{
    sfi_batch *b = sfi_writer_filling(w);
    sfi_collection_texts texts;
    if (b->rows.count > 0) {
        while (w->under_way > 0 && w->under_way + 1 >= w->batch_count) settle_oldest(w);
        if (w->stopped.status == SF_OK) {
            sfi_rows_end(&b->rows, &w->c);
            sfi_call_request request = sfi_collection_request(&w->c, &b->rows, &texts);
            if (sfi_call_begin(w->sf, &request, &b->call, &b->begin_error) != SF_OK) b->call = NULL;
            w->under_way++;
            b = sfi_writer_filling(w);
            sfi_writer_start_rows(w, &b->rows);
            b->first_row = w->counts.rows;
        }
    }
    if (w->stopped.status != SF_OK) settle_all(w);
    return answer_stopped(w, err);
}

/* ---- flush and end ---- */

/* The first failed row's error; of inserts, unknown ones come first, whatever else failed. */
static sf_status sum_up(const sf_writer *w, sf_error *err)
{
    const sf_writer_counts *n = &w->counts;
    if (w->stopped.status != SF_OK) return answer_stopped(w, err);
    if (n->failed + n->unknown == 0) return SF_OK;
    sf_error e = w->failure;
    if (n->unknown == 0)
        sfi_error_prefix(&e, "%lld of %lld rows failed, the first of them row %lld (from 0)", (long long)n->failed,
                         (long long)n->rows, (long long)w->failure_row);
    else
        sfi_error_prefix(&e,
                         "of %lld rows it is not known whether they were written, %lld failed; the first of both is "
                         "row %lld (from 0)",
                         (long long)n->unknown, (long long)n->failed, (long long)w->failure_row);
    if (n->unknown > 0 && w->c.operation == SF_INSERT) e.status = SF_ERR_UNKNOWN_OUTCOME;
    if (e.status == SF_ERR_UNKNOWN_OUTCOME) e.retryable = false;
    if (err != NULL) *err = e;
    return e.status;
}

sf_status sf_writer_flush(sf_writer *w, sf_error *err)
{
    sf_status rc = sfi_writer_check(w, err);
    if (rc != SF_OK) return rc;
    (void)sfi_writer_send(w, NULL); /* told below */
    settle_all(w);
    return sum_up(w, err);
}

void sf_writer_get_counts(const sf_writer *w, sf_writer_counts *out)
{
    if (out != NULL) *out = w != NULL ? w->counts : (sf_writer_counts){ 0 };
}

sf_status sf_writer_close(sf_writer *w, sf_writer_counts *counts, sf_error *err)
{
    if (w == NULL) {
        sf_writer_get_counts(NULL, counts);
        return SF_OK;
    }
    if (w->is_inside) return sfi_fail(err, SF_ERR_USAGE, "a writer may not be closed inside its own on_result");
    (void)sfi_writer_send(w, NULL); /* told below */
    settle_all(w);
    sf_status rc = sum_up(w, err);
    sf_writer_get_counts(w, counts);
    free_writer(w);
    return rc;
}

void sf_writer_abort(sf_writer *w)
{
    if (w != NULL && !w->is_inside) free_writer(w);
}
