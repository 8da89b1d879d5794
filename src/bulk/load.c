/*
 * load.c: sf_bulk_load, see bulk.h. The input becomes units; each is made a job, filled, closed, watched and gathered, several
 * side by side; rows that failed for a passing reason become the units of the next pass. What must never happen twice is
 * the closing of a job that holds a unit's rows, since only a closed job does anything: so it is written down before.
 */
#include <errno.h>
#include <fcntl.h>
#include <salesforce/bulk.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum {
    PARALLEL = 4,
    TRIES_MAX = 4,
    RETRIES_MAX = 10,
    JOB_BYTES_MIN = 1000,
    POLL_MIN_MS =
        1, /* four times as long each time up to POLL_QUICK_MS: where jobs end at once, nothing waits for us */
    POLL_QUICK_MS = 100,
    POLL_SLOW_MS = 300, /* doubled up to here, then half as much again each time */
    POLL_MAX_MS = 15000
};

/* What the journal knows of a unit, until the unit is there. */
typedef struct known {
    int32_t pass, number;
    sfi_load_unit unit;
    int64_t success_size, errors_size, retry_size, retry_rows;
} known;

typedef struct run {
    sfi_load l;
    known *known;
    size_t known_count, known_cap;
    bool done; /* the journal says that all was done */
} run;

/* ---- options ---- */
static sf_status check_rows(const sf_bulk_load_options *o, sf_error *err)
{
    const sf_load_rows *r = o->rows;
    if (r->next == NULL) return sfi_fail(err, SF_ERR_USAGE, "rows has no next");
    if (r->names == NULL || r->column_count == 0 || r->column_count > SFI_CSV_COLUMNS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "rows: want 1 to %d columns, with their names", SFI_CSV_COLUMNS_MAX);
    for (size_t i = 0; i < r->column_count; i++)
        if (r->names[i] == NULL || r->names[i][0] == '\0')
            return sfi_fail(err, SF_ERR_USAGE, "rows: names[%zu] is missing", i);
    if (!sfi_is_zero(r->reserved, sizeof r->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_load_rows: reserved is not zero");
    if (o->encoding != NULL && !sfi_eq_nocase(o->encoding, "UTF-8"))
        return sfi_fail(err, SF_ERR_USAGE, "rows are UTF-8: encoding \"%.40s\" is for files", o->encoding);
    return SF_OK;
}

static sf_status check_options(sf_client *sf, const sf_bulk_load_options *o, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (o == NULL || o->object == NULL || o->object[0] == '\0')
        return sfi_fail(err, SF_ERR_USAGE, "a load needs an object");
    if (o->operation < SF_INSERT || o->operation > SF_HARD_DELETE)
        return sfi_fail(err, SF_ERR_USAGE, "operation is %d; want SF_INSERT to SF_HARD_DELETE", (int)o->operation);
    bool has_key = o->external_id != NULL && o->external_id[0] != '\0';
    if (has_key != (o->operation == SF_UPSERT))
        return sfi_fail(err, SF_ERR_USAGE,
                        has_key ? "external_id is for upserts only" : "an upsert needs its external_id");
    int inputs = (o->csv_path != NULL) + (o->csv_paths != NULL) + (o->csv != NULL) + (o->rows != NULL);
    if (inputs != 1)
        return sfi_fail(err, SF_ERR_USAGE, "want one of csv_path, csv_paths, csv and rows, not %d of them", inputs);
    if (o->rows != NULL) {
        sf_status rc = check_rows(o, err);
        if (rc != SF_OK) return rc;
    }
    if (o->csv != NULL && o->csv->read == NULL) return sfi_fail(err, SF_ERR_USAGE, "csv has no read");
    if (o->column_count > 0 && (o->columns == NULL || o->map_path != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "columns and map_path say the same thing: give one of them");
    if (o->delimiter != '\0' && sfi_bulk2_delimiter_name(o->delimiter) == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "delimiter: want one of , ; | ^ ` and tab");
    if (o->parallel < 0 || o->parallel > SF_LOAD_PARALLEL_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "parallel is %d; want 1 to %d", o->parallel, SF_LOAD_PARALLEL_MAX);
    if (o->job_bytes != 0 && (o->job_bytes < JOB_BYTES_MIN || o->job_bytes > SF_BULK2_UPLOAD_MAX))
        return sfi_fail(err, SF_ERR_USAGE, "job_bytes is %lld; want %d to %d", (long long)o->job_bytes, JOB_BYTES_MIN,
                        SF_BULK2_UPLOAD_MAX);
    if (o->job_rows < 0)
        return sfi_fail(err, SF_ERR_USAGE, "job_rows is %lld; want 1 or more, or 0", (long long)o->job_rows);
    if (o->retries_max < SF_NONE || o->retries_max > RETRIES_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "retries_max is %d; want 1 to %d, 0 (%d) or SF_NONE", o->retries_max,
                        RETRIES_MAX, SFI_LOAD_RETRIES);
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_bulk_load_options: reserved is not zero");
    return SF_OK;
}

/* ---- the journal ---- */
static void member_columns(const sfi_load *l, sfi_json_writer *w)
{
    sfi_json_key(w, "sent");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < l->sent_count; i++) sfi_json_int(w, (int64_t)l->sent[i]);
    sfi_json_end_array(w);
}

/* What was asked for, of which org and of which input: a journal goes on with this and nothing else. */
static void write_head(const sfi_load *l, const sf_client_info *org, sfi_buf *out)
{
    const sf_bulk_load_options *o = l->options;
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "journal", "load 1");
    sfi_json_put_string(&w, "org", org->org_id.text[0] != '\0' ? org->org_id.text : org->instance_url);
    sfi_json_put_string(&w, "object", o->object);
    sfi_json_put_int(&w, "operation", o->operation);
    sfi_json_put_string(&w, "external_id", o->external_id);
    sfi_json_put_string(&w, "assignment_rule", o->assignment_rule);
    sfi_json_put_string(&w, "success", o->success_path);
    sfi_json_put_string(&w, "errors", o->errors_path);
    sfi_json_put_int(&w, "job_bytes", o->job_bytes != 0 ? o->job_bytes : SFI_LOAD_JOB_BYTES);
    sfi_json_put_int(&w, "job_rows", o->job_rows);
    sfi_json_put_int(&w, "retries", o->retries_max);
    sfi_json_key(&w, "header");
    sfi_json_string_n(&w, sfi_buf_str(&l->header));
    sfi_json_key(&w, "columns");
    sfi_json_string_n(&w, sfi_buf_str(&l->base_header));
    member_columns(l, &w);
    sfi_json_key(&w, "files");
    sfi_json_begin_array(&w);
    for (int32_t i = 0; i < l->base_count; i++) {
        sfi_json_begin_object(&w);
        sfi_json_put_string(&w, "name", l->inputs[i].name);
        sfi_json_put_int(&w, "size", l->inputs[i].size);
        sfi_json_put_int(&w, "stamp", l->inputs[i].sum != 0 ? (int64_t)(l->inputs[i].sum >> 1) : l->inputs[i].mtime_ns);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

static known *known_of(run *r, int32_t pass, int32_t number)
{
    for (size_t i = r->known_count; i-- > 0;)
        if (r->known[i].pass == pass && r->known[i].number == number) return &r->known[i];
    return NULL;
}

static sf_status fail_line(sf_error *err)
{
    return sfi_fail(err, SF_ERR_USAGE, "the journal holds a line that is none of a load's");
}

/* What a unit's last line tells beside its rows. */
static sf_status take_gathered(run *r, known *k, sf_value line, sf_error *err)
{
    int64_t retried, unmatched, jobs_failed;
    const struct {
        const char *name;
        int64_t *out, most;
    } numbers[] = { { "ok", &k->unit.ok, k->unit.rows },
                    { "failed", &k->unit.failed, k->unit.rows },
                    { "unprocessed", &k->unit.unprocessed, k->unit.rows },
                    { "success_size", &k->success_size, INT64_MAX },
                    { "errors_size", &k->errors_size, INT64_MAX },
                    { "retry_size", &k->retry_size, INT64_MAX },
                    { "retry_rows", &k->retry_rows, INT64_MAX / (int64_t)sizeof(sfi_load_origin) },
                    { "retried", &retried, INT64_MAX },
                    { "unmatched", &unmatched, INT64_MAX },
                    { "jobs_failed", &jobs_failed, SFI_LOAD_UNITS_MAX } };
    for (size_t i = 0; i < SFI_COUNT_OF(numbers); i++) {
        *numbers[i].out = sf_get_int(line, numbers[i].name, -1);
        if (*numbers[i].out < 0 || *numbers[i].out > numbers[i].most) return fail_line(err);
    }
    r->l.report.retried = retried;
    r->l.report.unmatched = unmatched;
    r->l.report.jobs_failed = (int32_t)jobs_failed;
    if (k->success_size > r->l.success_size) r->l.success_size = k->success_size;
    if (k->errors_size > r->l.errors_size) r->l.errors_size = k->errors_size;
    return SF_OK;
}

static sf_status take_event(void *user, sf_value line, sf_error *err)
{
    run *r = user;
    if (sf_get_bool(line, "done", false)) {
        r->done = true;
        return SF_OK;
    }
    int64_t pass = sf_get_int(line, "pass", -1), number = sf_get_int(line, "unit", -1);
    int64_t state = sf_get_int(line, "state", -1), rows = sf_get_int(line, "rows", -1);
    if (rows < 0 || rows > r->l.report.rows || pass < 0 || pass > RETRIES_MAX || number < 0 ||
        number >= SFI_LOAD_UNITS_MAX || state < SFI_UNIT_CREATING || state > SFI_UNIT_GATHERED)
        return fail_line(err);
    known *k = known_of(r, (int32_t)pass, (int32_t)number);
    if (k == NULL) {
        if (r->known_count == r->known_cap) {
            size_t cap = r->known_cap == 0 ? 32 : r->known_cap * 2;
            known *more = sfi_realloc(r->known, cap * sizeof *more);
            if (more == NULL) return sfi_fail_memory(err, "the journal");
            r->known = more;
            r->known_cap = cap;
        }
        k = &r->known[r->known_count++];
        *k = (known){ .pass = (int32_t)pass, .number = (int32_t)number };
    }
    k->unit.state = (sfi_journal_state)state;
    k->unit.begin = sf_get_int(line, "begin", -1);
    k->unit.rows = rows;
    if (state == SFI_UNIT_CREATING) k->unit.job.text[0] = '\0';
    sf_str job = sf_get_text(line, "job");
    if (job.len > 0) k->unit.job = sfi_id_make(job);
    return state == SFI_UNIT_GATHERED ? take_gathered(r, k, line, err) : SF_OK;
}

static sf_status note(sfi_load *l, sfi_load_unit *u, sfi_journal_state state, sf_error *err)
{
    bool is_back =
        u->state == SFI_UNIT_CLOSING && state == SFI_UNIT_CREATING; /* else the job's end would be its rows' */
    u->state = state;
    if (l->journal == NULL) return SF_OK;
    sfi_buf line = { 0 };
    sfi_json_writer w = sfi_json_write_to(&line);
    sfi_json_begin_object(&w);
    sfi_json_put_int(&w, "pass", l->pass);
    sfi_json_put_int(&w, "unit", (int64_t)(u - l->units) - l->first_unit);
    sfi_json_put_int(&w, "state", state);
    sfi_json_put_int(&w, "begin", u->begin);
    sfi_json_put_int(&w, "rows", u->rows);
    if (u->job.text[0] != '\0' && state > SFI_UNIT_CREATING) sfi_json_put_string(&w, "job", u->job.text);
    if (state == SFI_UNIT_GATHERED) {
        sfi_json_put_int(&w, "ok", u->ok);
        sfi_json_put_int(&w, "failed", u->failed);
        sfi_json_put_int(&w, "unprocessed", u->unprocessed);
        sfi_json_put_int(&w, "success_size", l->success_size);
        sfi_json_put_int(&w, "errors_size", l->errors_size);
        sfi_json_put_int(&w, "retry_size", l->retry_size);
        sfi_json_put_int(&w, "retry_rows", l->retry_rows);
        sfi_json_put_int(&w, "retried", l->report.retried);
        sfi_json_put_int(&w, "unmatched", l->report.unmatched);
        sfi_json_put_int(&w, "jobs_failed", l->report.jobs_failed);
    }
    sfi_json_end_object(&w);
    sf_status rc = sfi_buf_status(&line, err, "a line of the journal");
    /* A job that was forgotten before it was closed does nothing; whether one was closed it says itself, and its results are
     * gathered again. A disk may take longer for each line that must last than a small job takes. */
    bool must_last = state == SFI_UNIT_CLOSING || is_back;
    if (rc == SF_OK)
        rc = must_last ? sfi_journal_add(l->journal, sfi_buf_str(&line), err)
                       : sfi_journal_add_soon(l->journal, sfi_buf_str(&line), err);
    sfi_buf_free(&line);
    return rc;
}

/* ---- one unit ---- */
static bool may_try_again(sf_status rc)
{
    return rc == SF_ERR_UNKNOWN_OUTCOME || rc == SF_ERR_NETWORK || rc == SF_ERR_TIMEOUT || rc == SF_ERR_UNAVAILABLE ||
           rc == SF_ERR_TRUNCATED;
}

static bool may_look_again(sf_status rc)
{
    return rc == SF_ERR_NETWORK || rc == SF_ERR_TIMEOUT || rc == SF_ERR_UNAVAILABLE || rc == SF_ERR_TRUNCATED;
}

/* A job that is not closed does nothing; taking it away is tidiness, and its failure changes nothing. */
static void leave_behind(sfi_load *l, const sfi_load_unit *u)
{
    sf_error err;
    if (sf_bulk2_abort_job(l->sf, SF_JOB_INGEST, u->job.text, l->options->call, NULL, &err) != SF_OK)
        sfi_logf(sfi_client_log(l->sf), SFI_LOG_INFO, "bulk: job %s was left open: %s", u->job.text, err.message);
}

static sf_status make_job(sfi_load *l, sfi_load_unit *u, sf_error *err)
{
    const sf_bulk_load_options *o = l->options;
    sf_bulk2_job job;
    sf_status rc = note(l, u, SFI_UNIT_CREATING, err);
    const sf_bulk2_job_options options = { .object = o->object,
                                           .operation = o->operation,
                                           .external_id = o->external_id,
                                           .delimiter = l->delimiter,
                                           .crlf = l->crlf,
                                           .assignment_rule = o->assignment_rule,
                                           .call = o->call };
    if (rc == SF_OK) rc = sf_bulk2_create_job(l->sf, &options, &job, err);
    if (rc != SF_OK) return rc;
    u->job = job.id;
    return note(l, u, SFI_UNIT_CREATED, err);
}

static sf_status fill_job(sfi_load *l, sfi_load_unit *u, sf_error *err)
{
    sfi_load_feed *feed = NULL;
    sf_source source;
    sfi_direct direct;
    int64_t sent = l->progress.bytes_sent;
    sf_status rc = sfi_load_feed_open(l, u, &feed, err);
    if (rc == SF_OK && !sfi_load_tell(l)) rc = sfi_fail(err, SF_ERR_CANCELLED, "the load was ended by the caller");
    if (rc == SF_OK) {
        bool is_direct = sfi_load_feed_source(feed, &source, &direct);
        rc = sfi_bulk2_upload_direct(l->sf, u->job.text, &source, is_direct ? &direct : NULL, l->options->call, err);
    }
    if (rc == SF_OK) rc = sfi_load_check_unchanged(&l->inputs[u->input], err);
    sfi_load_feed_close(feed);
    if (rc != SF_OK) {
        l->progress.bytes_sent = sent;
        leave_behind(l, u);
    }
    return rc;
}

/* The journal says that it was to be closed: was it? To close a job that is closed does nothing. */
static sf_status close_job(sfi_load *l, sfi_load_unit *u, sf_error *err)
{
    sf_bulk2_job job;
    sf_error said;
    sf_status rc = SF_OK, looked = SF_OK;
    for (int tries = 1;; tries++) { /* TRIES_MAX times at most */
        rc = sf_bulk2_close_job(l->sf, u->job.text, l->options->call, NULL, err);
        if (rc == SF_OK) return note(l, u, SFI_UNIT_CLOSED, err);
        looked = sf_bulk2_get_job(l->sf, SF_JOB_INGEST, u->job.text, l->options->call, &job, &said);
        if (looked == SF_OK && job.state != SF_JOB_OPEN) return note(l, u, SFI_UNIT_CLOSED, err);
        if (!may_try_again(rc) || tries == TRIES_MAX) break;
        if (sfi_wait_pause(&l->wait, sfi_client_pause_ms(l->sf, tries), "before a job is closed", err) != SF_OK)
            return SF_ERR_CANCELLED;
    }
    if (looked == SF_ERR_NOT_FOUND)
        return sfi_fail(
            err, SF_ERR_UNKNOWN_OUTCOME,
            "job %s was being closed when the load was interrupted, and the org does not know it any more (jobs live 7 "
            "days): its %lld rows from %s %lld on may be written or not",
            u->job.text, (long long)u->rows, sfi_load_line_word(&l->inputs[u->input]), (long long)u->line);
    return rc;
}

static sf_status fill_new_job(sfi_load *l, sfi_load_unit *u, sf_error *err)
{
    u->job.text[0] = '\0';
    sf_status rc = make_job(l, u, err);
    if (rc == SF_OK) rc = fill_job(l, u, err);
    if (rc == SF_OK) rc = note(l, u, SFI_UNIT_CLOSING, err);
    l->report.jobs += rc == SF_OK; /* from here on the org may be at work with it */
    return rc;
}

static sf_status send_unit(sfi_load *l, sfi_load_unit *u, sf_error *err)
{
    if (u->state == SFI_UNIT_CREATED) /* of an earlier run: whether it has its data is not known; it is left behind */
        leave_behind(l, u);
    for (;;) { /* TRIES_MAX times at most */
        sf_status rc = u->state < SFI_UNIT_CLOSING ? fill_new_job(l, u, err) : SF_OK;
        if (rc == SF_OK) rc = close_job(l, u, err);
        if (rc == SF_OK) break;
        bool spoilt = sfi_load_is_spoilt(rc, err), is_filled = u->state == SFI_UNIT_CLOSING;
        if (is_filled && !spoilt) return rc;
        if ((!may_try_again(rc) && !spoilt) || ++u->tries >= TRIES_MAX) return sfi_load_give_up(rc, TRIES_MAX, err);
        if (is_filled) {
            rc = note(l, u, SFI_UNIT_CREATING, err);
            if (rc != SF_OK) return rc;
            l->report.jobs--;
            leave_behind(l, u);
        }
        if (sfi_wait_pause(&l->wait, sfi_client_pause_ms(l->sf, u->tries), "before another upload", err) != SF_OK)
            return SF_ERR_CANCELLED;
    }
    l->progress.jobs_sent++;
    l->progress.rows_sent += u->rows;
    u->tries = 0;
    u->pause_ms = POLL_MIN_MS;
    u->next_look_ms = sfi_now_ms() + u->pause_ms;
    return sfi_load_tell(l) ? SF_OK : sfi_fail(err, SF_ERR_CANCELLED, "the load was ended by the caller");
}

/* What a unit has put into the files is on the disk before the line that counts on it. */
static sf_status gather(sfi_load *l, sfi_load_unit *u, const sf_bulk2_job *job, sf_error *err)
{
    const int64_t success = l->success_size, errors = l->errors_size, retries = l->retry_rows;
    sf_status rc = sfi_load_gather(l, u, job, err);
    if (rc != SF_OK || l->journal == NULL) return rc;
    const struct {
        int fd;
        bool grew;
    } files[] = { { l->success_fd, l->success_size != success },
                  { l->errors_fd, l->errors_size != errors },
                  { l->retry_fd, l->retry_rows != retries },
                  { l->origin_fd, l->retry_rows != retries } };
    for (size_t i = 0; i < SFI_COUNT_OF(files); i++)
        if (files[i].grew && fdatasync(files[i].fd) != 0 && errno != EINVAL)
            return sfi_fail(err, SF_ERR_IO, "a result file cannot be synced: %s", strerror(errno));
    return SF_OK;
}

static sf_status end_unit(sfi_load *l, sfi_load_unit *u, const sf_bulk2_job *job, sf_error *err)
{
    sf_status rc = gather(l, u, job, err);
    if (rc != SF_OK) return rc;
    if (job->state != SF_JOB_COMPLETE) l->report.jobs_failed++;
    return note(l, u, SFI_UNIT_GATHERED, err);
}

static int64_t within(int64_t n, int64_t most)
{
    return n < 0 ? 0 : n < most ? n : most;
}

/* Rows of a unit that are done, as far as is known now. */
static void tell_rows(sfi_load *l, sfi_load_unit *u, int64_t done, int64_t failed)
{
    l->progress.rows_done += done - u->told_done;
    l->progress.rows_failed += failed - u->told_failed;
    u->told_done = done;
    u->told_failed = failed;
}

static void look_later(sfi_load_unit *u)
{
    u->next_look_ms = sfi_now_ms() + u->pause_ms;
    int64_t pause = u->pause_ms;
    u->pause_ms = pause < POLL_QUICK_MS ? pause * 4 : pause < POLL_SLOW_MS ? pause * 2 : pause + pause / 2;
    if (u->pause_ms > POLL_MAX_MS) u->pause_ms = POLL_MAX_MS;
}

static sf_status look_once(sfi_load *l, sfi_load_unit *u, bool *ended, sf_error *err)
{
    sf_bulk2_job job;
    sf_status rc = sf_bulk2_get_job(l->sf, SF_JOB_INGEST, u->job.text, l->options->call, &job, err);
    if (rc == SF_ERR_NOT_FOUND)
        return sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                        "job %s is gone: its %lld rows from %s %lld on may be written or not", u->job.text,
                        (long long)u->rows, sfi_load_line_word(&l->inputs[u->input]), (long long)u->line);
    if (rc != SF_OK) return rc;
    if (!sfi_bulk2_has_ended(&job)) {
        int64_t done = within(job.processed, u->rows);
        tell_rows(l, u, done, within(job.failed, done));
        return SF_OK;
    }
    rc = end_unit(l, u, &job, err);
    if (rc != SF_OK) return rc;
    *ended = true;
    l->progress.jobs_done++;
    tell_rows(l, u, u->ok + u->failed + u->unprocessed, u->failed + u->unprocessed);
    return SF_OK;
}

/* Looks at one that is due; *ended says whether it has been gathered. What the network did is tried again. */
static sf_status look(sfi_load *l, sfi_load_unit *u, bool *ended, sf_error *err)
{
    *ended = false;
    sf_status rc = look_once(l, u, ended, err);
    if (rc == SF_OK)
        u->tries = 0;
    else if (may_look_again(rc) && ++u->tries < TRIES_MAX)
        rc = SF_OK;
    look_later(u);
    if (rc == SF_OK && !sfi_load_tell(l)) rc = sfi_fail(err, SF_ERR_CANCELLED, "the load was ended by the caller");
    return rc;
}

/* ---- a pass ---- */
static sf_status run_units(sfi_load *l, int32_t parallel, sf_error *err)
{
    int32_t next = l->first_unit, under_way = 0, first = l->first_unit, last = first; /* behind all that are closed */
    sf_status rc = SF_OK;
    for (int32_t i = first; i < l->unit_count; i++) {
        if (l->units[i].state != SFI_UNIT_CLOSED) continue;
        under_way++;
        last = i + 1;
    }
    while (rc == SF_OK) { /* each round sends a unit, looks at one, or waits */
        while (next < l->unit_count && l->units[next].state >= SFI_UNIT_CLOSED) next++;
        if (next < l->unit_count && under_way < parallel) {
            rc = send_unit(l, &l->units[next], err);
            under_way++;
            if (next >= last) last = next + 1;
            continue;
        }
        while (first < l->unit_count && l->units[first].state == SFI_UNIT_GATHERED) first++;
        if (first == l->unit_count) break;
        sfi_load_unit *due = NULL;
        for (int32_t i = first; i < last; i++) {
            sfi_load_unit *u = &l->units[i];
            if (u->state == SFI_UNIT_CLOSED && (due == NULL || u->next_look_ms < due->next_look_ms)) due = u;
        }
        if (due == NULL) break; /* cannot be: what is not gathered is closed */
        int64_t pause = due->next_look_ms - sfi_now_ms();
        if (pause > 0) rc = sfi_wait_pause(&l->wait, pause, "waiting for bulk jobs", err);
        bool ended = false;
        if (rc == SF_OK) rc = look(l, due, &ended, err);
        under_way -= ended;
    }
    return rc;
}

/* What the journal knows of the units of this pass, which must be those that are planned now. */
static sf_status recall(run *r, sf_error *err)
{
    sfi_load *l = &r->l;
    for (size_t i = 0; i < r->known_count; i++) {
        const known *k = &r->known[i];
        int32_t at = l->first_unit + k->number;
        if (k->pass != l->pass) continue;
        sfi_load_unit *u = at >= 0 && at < l->unit_count ? &l->units[at] : NULL;
        if (u == NULL || u->begin != k->unit.begin || u->rows != k->unit.rows)
            return sfi_fail(err, SF_ERR_USAGE, "journal %.300s: it tells of other jobs than this input makes",
                            sfi_journal_path(l->journal));
        u->state = k->unit.state;
        u->job = k->unit.job;
        u->pause_ms = POLL_MIN_MS;
        u->ok = k->unit.ok;
        u->failed = k->unit.failed;
        u->unprocessed = k->unit.unprocessed;
        if (u->state >= SFI_UNIT_CLOSING) l->report.jobs++;
        if (u->state >= SFI_UNIT_CLOSED) {
            l->progress.jobs_sent++;
            l->progress.rows_sent += u->rows;
        }
        if (u->state != SFI_UNIT_GATHERED) continue;
        l->progress.jobs_done++;
        tell_rows(l, u, u->ok + u->failed + u->unprocessed, u->failed + u->unprocessed);
        if (k->retry_size > l->retry_size) l->retry_size = k->retry_size;
        if (k->retry_rows > l->retry_rows) l->retry_rows = k->retry_rows;
    }
    if (l->retry_rows == 0)
        l->retry_size = 0; /* a file with no row behind its header was not synced: it is made anew */
    return SF_OK;
}

/* The files for the rows of the next pass: beside the journal, or temporary ones. */
static int open_retry_file(const sfi_load *l, const char *kind, int64_t keep, sf_error *err)
{
    if (l->journal == NULL) return sfi_load_temporary(err);
    sfi_buf path = { 0 };
    sfi_buf_addf(&path, "%s.retry%d.%s", sfi_journal_path(l->journal), l->pass + 1, kind);
    int fd = path.failed ? -1 : open(path.data, O_RDWR | O_CREAT | O_CLOEXEC | (keep == 0 ? O_TRUNC : 0), 0600);
    if (fd < 0)
        (void)sfi_fail(err, SF_ERR_IO, "%.300s: cannot open: %s", path.failed ? "" : path.data, strerror(errno));
    sfi_buf_free(&path);
    return fd;
}

static sf_status begin_pass(sfi_load *l, sf_error *err)
{
    l->retry_fd = open_retry_file(l, "csv", l->retry_size, err);
    l->origin_fd = l->retry_fd >= 0 ? open_retry_file(l, "rows", l->retry_size, err) : -1;
    if (l->origin_fd < 0) return SF_ERR_IO;
    struct stat st;
    if (l->retry_size > 0 && (fstat(l->retry_fd, &st) != 0 || st.st_size < l->retry_size))
        return sfi_fail(err, SF_ERR_USAGE, "%.300s.retry%d.csv: it is not the file that the journal tells of",
                        sfi_journal_path(l->journal), l->pass + 1);
    if (l->retry_size > 0 &&
        (fstat(l->origin_fd, &st) != 0 || st.st_size / (off_t)sizeof(sfi_load_origin) < l->retry_rows))
        return sfi_fail(err, SF_ERR_USAGE, "%.300s.retry%d.rows: it is not the file that the journal tells of",
                        sfi_journal_path(l->journal), l->pass + 1);
    if (l->retry_size > 0) return SF_OK; /* gathering cuts both to what the journal knows */
    l->retry_size = (int64_t)l->header.len;
    return sfi_load_write(l->retry_fd, l->header.data, l->header.len, "rows to try again", err);
}

/* The rows that are to be tried again become the input of the next pass. */
static sf_status next_pass(sfi_load *l, sf_error *err)
{
    static const int64_t rows_of_pass[] = { 10000, 5000, 2000 };
    int fd = l->retry_fd;
    int64_t rows = l->retry_rows;
    if (ftruncate(fd, (off_t)l->retry_size) != 0)
        return sfi_fail(err, SF_ERR_IO, "rows to try again: cannot be cut: %s", strerror(errno));
    if (l->origins_fd >= 0) close(l->origins_fd);
    l->origins_fd = l->origin_fd;
    l->retry_fd = l->origin_fd = -1;
    l->retry_rows = l->retry_size = 0;
    l->first_unit = l->unit_count;
    size_t step = (size_t)l->pass < SFI_COUNT_OF(rows_of_pass) ? (size_t)l->pass : SFI_COUNT_OF(rows_of_pass) - 1;
    l->pass++;
    l->progress.pass = l->pass;
    return sfi_load_add_made_input(l, "rows to try again", fd, rows, rows_of_pass[step], err);
}

static sf_status run_passes(run *r, sf_error *err)
{
    sfi_load *l = &r->l;
    const sf_bulk_load_options *o = l->options;
    for (;;) { /* retries_max passes at most: then no row is kept for another */
        sf_status rc = recall(r, err);
        l->progress.jobs_total = l->unit_count;
        if (rc == SF_OK) rc = begin_pass(l, err);
        if (rc == SF_OK) rc = run_units(l, l->pass > 0 ? 1 : o->parallel > 0 ? o->parallel : PARALLEL, err);
        if (rc != SF_OK || l->retry_rows == 0) return rc;
        rc = next_pass(l, err);
        if (rc == SF_OK && !r->done)
            rc = sfi_wait_pause(&l->wait, sfi_client_pause_ms(l->sf, l->pass), "before another pass", err);
        if (rc != SF_OK) return rc;
    }
}

/* ---- the whole ---- */
static void sum_up(sfi_load *l)
{
    sf_load_report *r = &l->report;
    r->succeeded = r->failed = r->unprocessed = 0;
    for (int32_t i = 0; i < l->unit_count; i++) {
        r->succeeded += l->units[i].ok;
        r->failed += l->units[i].failed;
        r->unprocessed += l->units[i].unprocessed;
    }
}

/* Reasons of rows that an earlier run told of. */
static sf_status reread_errors(sfi_load *l, sf_error *err)
{
    sfi_csv_reader *csv = NULL;
    sfi_csv_record record;
    sfi_csv_reader_options options = { .delimiter = l->delimiter, .any_columns = true };
    sf_status rc = sfi_csv_reader_new(&options, &csv, err);
    size_t own = l->base_count > 1 ? 4 : 3; /* columns before the input's */
    sfi_buf row = { 0 };
    int64_t at = 0, n = 0;
    bool ended = false;
    while (rc >= 0) { /* each round takes a record or reads on */
        rc = sfi_csv_reader_next(csv, &record, err);
        if (rc == SF_ROW) {
            int64_t line = 0;
            if (n++ > 0 && record.count > 3) {
                if (!sfi_parse_int(record.fields[2], &line)) line = 0;
                sfi_buf_clear(&row);
                for (size_t i = own; i < record.count; i++) {
                    if (i > own) sfi_buf_add_char(&row, l->delimiter);
                    (void)sfi_csv_add_field(&row, record.fields[i], l->delimiter, false);
                }
                int32_t file = 0;
                while (own == 4 && file < l->base_count - 1 && !sfi_str_is(record.fields[3], l->inputs[file].name))
                    file++;
                sfi_load_note_reason(&l->report, record.fields[1], file, line, sfi_buf_str(&row));
            }
            continue;
        }
        if (rc < 0 || ended) break;
        char *room;
        size_t size;
        rc = sfi_csv_reader_room(csv, SFI_LOAD_BUFFER / 4, &room, &size, err);
        if (rc != SF_OK) break;
        ssize_t got = pread(l->errors_fd, room, SFI_LOAD_BUFFER / 4, (off_t)at);
        if (got < 0 && errno != EINTR)
            rc = sfi_fail(err, SF_ERR_IO, "%.300s: cannot read: %s", l->options->errors_path, strerror(errno));
        ended = got == 0;
        if (ended) sfi_csv_reader_end(csv);
        if (got > 0) sfi_csv_reader_added(csv, (size_t)got);
        at += got > 0 ? got : 0;
    }
    sfi_csv_reader_free(csv);
    sfi_buf_free(&row);
    return rc < 0 ? rc : SF_OK;
}

static sf_status open_journal(run *r, sf_error *err)
{
    sfi_load *l = &r->l;
    sfi_buf head = { 0 };
    if (l->options->journal_path == NULL) return SF_OK;
    sf_client_info org;
    sf_status rc = sf_client_get_info(l->sf, &org, err);
    if (rc == SF_OK) write_head(l, &org, &head);
    if (rc == SF_OK) rc = sfi_buf_status(&head, err, "the journal");
    bool resumed = false;
    if (rc == SF_OK)
        rc = sfi_journal_open(l->options->journal_path, sfi_buf_str(&head), take_event, r, &l->journal, &resumed, err);
    l->report.resumed = resumed && r->known_count > 0;
    sfi_buf_free(&head);
    return rc;
}

static void remove_retry_files(const sfi_load *l)
{
    static const char *const kinds[] = { "csv", "rows" };
    for (int32_t pass = 1; l->journal != NULL && pass <= RETRIES_MAX + 1; pass++)
        for (size_t i = 0; i < SFI_COUNT_OF(kinds); i++) {
            sfi_buf path = { 0 };
            sfi_buf_addf(&path, "%s.retry%d.%s", sfi_journal_path(l->journal), pass, kinds[i]);
            if (!path.failed) (void)unlink(path.data); /* one that was never made */
            sfi_buf_free(&path);
        }
}

static sf_status finish(run *r, sf_error *err)
{
    sfi_load *l = &r->l;
    sf_status rc = SF_OK;
    /* Passes after the first are planned from the files that go now: their end must last before. */
    if (l->journal != NULL && !r->done)
        rc = (l->pass > 0 ? sfi_journal_add : sfi_journal_add_soon)(l->journal, SFI_STR("{\"done\":true}"), err);
    if (rc == SF_OK) remove_retry_files(l);
    if (rc != SF_OK) return rc;
    return l->report.failed + l->report.unprocessed > 0 ? SF_DONE : SF_OK;
}

/* A run whose journal says that all is done only tells its result again. */
static void recall_all(run *r)
{
    sfi_load *l = &r->l;
    for (size_t i = 0; i < r->known_count; i++) {
        const known *k = &r->known[i];
        l->report.jobs++;
        l->report.succeeded += k->unit.ok;
        l->report.failed += k->unit.failed;
        l->report.unprocessed += k->unit.unprocessed;
    }
}

static void plan_requests(sfi_load *l)
{
    int64_t looks = 8; /* of each job, as the pauses grow */
    l->report.jobs = l->unit_count;
    l->report.requests_planned = (int32_t)(l->unit_count * (3 + looks + 1 + (l->options->success_path != NULL)));
}

static sf_status load(run *r, sf_error *err)
{
    sfi_load *l = &r->l;
    sf_status rc = sfi_load_open_inputs(l, err);
    if (rc == SF_OK) rc = sfi_load_check_outputs(l, err);
    if (rc == SF_OK) rc = sfi_load_map_columns(l, err);
    if (rc == SF_OK) rc = sfi_load_check_columns(l, err);
    if (rc == SF_OK) rc = sfi_load_spool_rows(l, err);
    if (rc == SF_OK) rc = sfi_load_check_inputs(l, err);
    l->progress.rows_total = l->report.rows;
    l->progress.bytes_total = l->report.bytes;
    if (rc == SF_OK && l->options->dry_run) {
        plan_requests(l);
        return SF_OK;
    }
    if (rc == SF_OK) rc = open_journal(r, err);
    if (rc == SF_OK) rc = sfi_load_open_outputs(l, err);
    if (rc == SF_OK && l->report.resumed && l->errors_fd >= 0 && l->errors_size > 0) rc = reread_errors(l, err);
    if (rc == SF_OK && r->done) {
        recall_all(r);
        return finish(r, err);
    }
    if (rc == SF_OK) rc = run_passes(r, err);
    if (rc != SF_OK && l->report.jobs == 0) remove_retry_files(l); /* nothing was begun: the next run makes them anew */
    sum_up(l);
    return rc == SF_OK ? finish(r, err) : rc;
}

static void clear(run *r)
{
    sfi_load *l = &r->l;
    const int files[] = { l->success_fd, l->errors_fd, l->retry_fd, l->origin_fd, l->origins_fd };
    for (size_t i = 0; i < SFI_COUNT_OF(files); i++)
        if (files[i] >= 0) close(files[i]);
    for (size_t i = 0; i < l->sent_count; i++) sfi_free((void *)(uintptr_t)l->fields[i]);
    sfi_free(l->sent);
    sfi_free(l->fields);
    sfi_load_close_inputs(l);
    sfi_journal_close(l->journal);
    sfi_buf_free(&l->header);
    sfi_buf_free(&l->base_header);
    sfi_free(l->units);
    sfi_free(r->known);
}

sf_status sf_bulk_load(sf_client *sf, const sf_bulk_load_options *options, sf_load_report *report, sf_error *err)
{
    sf_error own; /* why a step failed is looked at, wanted or not */
    if (err == NULL) err = &own;
    if (report != NULL) *report = (sf_load_report){ 0 };
    sf_status rc = check_options(sf, options, err);
    if (rc != SF_OK) return rc;
    run r = { .l = { .sf = sf,
                     .options = options,
                     .delimiter = options->delimiter,
                     .success_fd = -1,
                     .errors_fd = -1,
                     .retry_fd = -1,
                     .origin_fd = -1,
                     .origins_fd = -1,
                     .entries_max = sfi_load_entries_max(0),
                     .wait = { .cancel = options->call != NULL ? options->call->cancel : NULL } } };
    rc = load(&r, err);
    if (report != NULL) *report = r.l.report;
    clear(&r);
    return rc;
}
