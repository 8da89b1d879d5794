/*
 * export_jobs.c: the jobs of an export. As a rule it is one; in partitions there is one for each range of ids, of which a few
 * are with the org at once while the rows of the first of them are fetched: so they are made ahead, looked at now and then, and
 * waited for in their order.
 */
#include "bulk/export_internal.h"

enum { POLL_MIN_MS = 200, POLL_MAX_MS = 15000, JOBS_AT_ONCE = 4, TEND_EVERY_MS = 2000 };

bool sfi_export_is_cut(const sf_bulk_export_options *o)
{
    return o->partitions > 1 || o->range_rows > 0;
}

static size_t most_ranges(const sf_bulk_export_options *o)
{
    return o->range_rows > 0 ? SF_EXPORT_PARTITIONS_MAX : o->partitions > 1 ? (size_t)o->partitions : 1;
}

sf_status sfi_export_jobs_open(sfi_export *x, sf_error *err)
{
    size_t most = most_ranges(x->options);
    x->ranges = 1;
    x->jobs = sfi_calloc_n(most, sizeof *x->jobs);
    x->bounds = sfi_calloc_n(most, sizeof *x->bounds);
    if (x->jobs == NULL || x->bounds == NULL) return sfi_fail_memory(err, "the jobs of an export");
    sfi_export_forget(x);
    return SF_OK;
}

void sfi_export_jobs_close(sfi_export *x)
{
    sfi_free(x->jobs);
    sfi_free(x->bounds);
    sfi_buf_free(&x->soql);
}

void sfi_export_forget(sfi_export *x)
{
    size_t most = most_ranges(x->options);
    for (size_t i = 0; i < most; i++) x->jobs[i] = (sfi_export_job){ .rows = -1 };
    x->mark = (sfi_export_mark){ 0 };
    x->job = (sf_bulk2_job){ .processed = -1 };
    x->has_job = false;
}

bool sfi_export_is_all(const sfi_export *x)
{
    return x->mark.last && x->mark.range == x->ranges - 1;
}

int64_t sfi_export_rows_total(const sfi_export *x)
{
    int64_t sum = x->mark.before;
    for (int32_t i = x->mark.range; i < x->ranges; i++) {
        if (x->jobs[i].rows < 0 || __builtin_add_overflow(sum, x->jobs[i].rows, &sum)) return -1;
    }
    return sum;
}

/* ---- the statement and its ranges ---- */
sf_status sfi_export_statement(sfi_export *x, sf_error *err)
{
    const sf_bulk_export_options *o = x->options;
    sf_status rc = SF_OK;
    if (x->soql.len > 0) return SF_OK;
    if (o->object != NULL && o->object[0] != '\0')
        rc = sfi_export_soql(x->sf, o->object, o->call, &x->soql, err);
    else
        sfi_buf_add_str(&x->soql, o->soql);
    return rc == SF_OK ? sfi_buf_status(&x->soql, err, "the statement of an export") : rc;
}

static sf_status note_ranges(sfi_export *x, sf_error *err)
{
    sfi_buf line = { 0 };
    if (x->journal == NULL) return SF_OK;
    sfi_json_writer w = sfi_json_write_to(&line);
    sfi_json_begin_object(&w);
    /* of an object: fields that come later are not in some ranges only */
    sfi_json_put_string(&w, "soql", x->soql.data);
    sfi_json_key(&w, "ranges");
    sfi_json_begin_array(&w);
    for (int32_t i = 0; i + 1 < x->ranges; i++) sfi_json_string(&w, x->bounds[i]);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    return sfi_journal_add_buf(x->journal, &line, err);
}

bool sfi_export_take_ranges(sfi_export *x, sf_value line)
{
    sf_value list = sf_get(line, "ranges"), bound;
    sf_str soql = sf_get_text(line, "soql");
    int32_t count = 0;
    if (x->has_ranges || soql.len == 0) return false;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &bound); count++) {
        sfi_id_number n;
        sf_str text = sf_get_text(bound, NULL);
        if ((size_t)count + 1 >= most_ranges(x->options) || text.len + 1 != SFI_BOUND_BYTES ||
            !sfi_id_to_number(text, &n))
            return false;
        memcpy(x->bounds[count], text.ptr, text.len);
        if (count > 0 && strcmp(x->bounds[count - 1], x->bounds[count]) >= 0) return false;
    }
    sfi_buf_clear(&x->soql);
    sfi_buf_add(&x->soql, soql.ptr, soql.len);
    x->ranges = count + 1;
    x->has_ranges = true;
    return !x->soql.failed;
}

sf_status sfi_export_find_ranges(sfi_export *x, sf_error *err)
{
    int32_t found = 0;
    if (!sfi_export_is_cut(x->options)) return SF_OK;
    sf_status rc = sfi_export_statement(x, err);
    if (rc == SF_OK) rc = sfi_statement_read(sfi_buf_str(&x->soql), &x->statement, err);
    if (rc != SF_OK || x->has_ranges) return rc;
    int32_t count = x->options->partitions;
    if (x->options->range_rows > 0) rc = sfi_ranges_count(x->sf, &x->statement, x->options, &count, err);
    if (rc == SF_OK && count > 1) rc = sfi_ranges_ask(x->sf, &x->statement, x->options, count, x->bounds, &found, err);
    if (rc != SF_OK) return rc;
    x->ranges = found + 1;
    x->has_ranges = true;
    return note_ranges(x, err);
}

/* ---- one job ---- */
static sf_status note_job(sfi_export *x, int32_t range, sf_error *err)
{
    sfi_buf line = { 0 };
    if (x->journal == NULL) return SF_OK;
    sfi_json_writer w = sfi_json_write_to(&line);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "job", x->jobs[range].id.text);
    sfi_json_put_string(&w, "version", x->jobs[range].version);
    if (x->has_ranges) sfi_json_put_int(&w, "range", range);
    sfi_json_end_object(&w);
    return sfi_journal_add_buf(x->journal, &line, err);
}

static sf_status make_job(sfi_export *x, int32_t range, sf_bulk2_job *out, sf_error *err)
{
    const sf_bulk_export_options *o = x->options;
    const char *version = NULL;
    sfi_buf soql = { 0 };
    sf_status rc = sfi_export_statement(x, err);
    if (rc != SF_OK) return rc;
    if (x->has_ranges)
        sfi_statement_add_range(&x->statement, range > 0 ? x->bounds[range - 1] : "",
                                range + 1 < x->ranges ? x->bounds[range] : "", &soql);
    else
        sfi_buf_add(&soql, x->soql.data, x->soql.len);
    rc = sfi_buf_status(&soql, err, "the statement of an export");
    const sf_bulk2_query_options options = {
        .all_rows = o->all_rows, .delimiter = o->delimiter, .crlf = o->crlf, .call = o->call
    };
    if (rc == SF_OK) rc = sf_bulk2_create_query(x->sf, soql.data, &options, out, err);
    if (rc == SF_OK) rc = sfi_client_version(x->sf, &version, err);
    if (rc == SF_OK) {
        sfi_export_job *job = &x->jobs[range];
        *job = (sfi_export_job){ .id = out->id, .is_checked = true, .rows = -1 };
        snprintf(job->version, sizeof job->version, "%s", version);
        x->has_job = true;
        rc = note_job(x, range, err);
    }
    sfi_buf_free(&soql);
    return rc;
}

/* Is the journal's job still good for its rows? @return SF_OK, or SF_DONE: another must be made. */
static sf_status find_job(sfi_export *x, sfi_export_job *job, sf_error *err)
{
    const char *version;
    sf_bulk2_job now;
    sf_error why;
    if (job->id.text[0] == '\0') return SF_DONE;
    x->job = (sf_bulk2_job){ .id = job->id, .processed = -1 };
    if (job->is_checked) return SF_OK;
    sf_status rc = sfi_client_version(x->sf, &version, err);
    if (rc != SF_OK) return rc;
    if (strcmp(version, job->version) != 0) return SF_DONE; /* its pages want the version that it was made with */
    rc = sf_bulk2_get_job(x->sf, SF_JOB_QUERY, job->id.text, x->options->call, &now, &why);
    if (rc == SF_ERR_NOT_FOUND) return SF_DONE;
    if (rc != SF_OK) {
        if (err != NULL) *err = why;
        return rc;
    }
    if (now.state == SF_JOB_FAILED || now.state == SF_JOB_ABORTED) return SF_DONE;
    job->is_checked = true;
    x->job = now;
    return SF_OK;
}

/* What was written came from a job that is gone: another one may have its rows in other pages. */
static sf_status start_over(sfi_export *x, sf_error *err)
{
    sf_status rc = SF_OK;
    if (x->has_ranges && x->journal != NULL) rc = sfi_journal_add(x->journal, SFI_STR("{\"over\":true}"), err);
    if (rc != SF_OK) return rc;
    sfi_export_forget(x);
    return x->form->clear(x, err);
}

sf_status sfi_export_begin_job(sfi_export *x, sf_error *err)
{
    sfi_export_job *job = &x->jobs[x->mark.range];
    sf_status rc = find_job(x, job, err);
    if (rc == SF_DONE) {
        bool is_gone = job->id.text[0] != '\0', has_pages = x->mark.next[0] != '\0' || x->mark.last;
        x->report.started_over = x->report.started_over || is_gone;
        rc = !x->has_ranges || (is_gone && has_pages) ? start_over(x, err) : SF_OK;
        if (rc == SF_OK) rc = make_job(x, x->mark.range, &x->job, err);
    }
    x->report.job = x->job.id;
    return rc == SF_OK ? sfi_export_tend(x, err) : rc;
}

/* ---- those that are made ahead ---- */
/* One that cannot be looked at is met again when it is its turn. */
static sf_status look(sfi_export *x, sfi_export_job *job, sf_error *err)
{
    sf_bulk2_job now;
    sf_error why;
    sf_status rc = sf_bulk2_get_job(x->sf, SF_JOB_QUERY, job->id.text, x->options->call, &now, &why);
    if (rc == SF_ERR_CANCELLED || rc == SF_ERR_MEMORY) {
        if (err != NULL) *err = why;
        return rc;
    }
    job->has_ended = rc == SF_ERR_NOT_FOUND || (rc == SF_OK && sfi_bulk2_has_ended(&now));
    if (rc == SF_OK && now.state == SF_JOB_COMPLETE) job->rows = now.processed;
    return SF_OK;
}

/* One that cannot be made now, as when the org has its fill of jobs, is made when it is its turn. */
static sf_status make_ahead(sfi_export *x, int32_t range, bool *made, sf_error *err)
{
    sf_bulk2_job ignored;
    sf_error why;
    sf_status rc = make_job(x, range, &ignored, &why);
    *made = rc == SF_OK;
    if (rc == SF_OK || rc == SF_ERR_ORG || rc == SF_ERR_API_LIMIT || rc == SF_ERR_UNAVAILABLE || rc == SF_ERR_NETWORK ||
        rc == SF_ERR_TIMEOUT || rc == SF_ERR_TRUNCATED || rc == SF_ERR_PROTOCOL) {
        if (rc != SF_OK)
            sfi_logf(sfi_client_log(x->sf), SFI_LOG_WARN, "bulk: the job of range %d of %d waits: %s", range + 1,
                     x->ranges, why.message);
        return SF_OK;
    }
    if (err != NULL) *err = why;
    return rc;
}

sf_status sfi_export_tend(sfi_export *x, sf_error *err)
{
    int64_t now = sfi_now_ms();
    int32_t most = x->options->jobs_parallel > 0 ? x->options->jobs_parallel : JOBS_AT_ONCE;
    int32_t busy = x->jobs[x->mark.range].has_ended ? 0 : 1;
    sf_status rc = SF_OK;
    if (x->ranges < 2 || (now < x->tend_ms && x->tend_range == x->mark.range)) return SF_OK;
    for (int32_t i = x->mark.range + 1; i < x->ranges && rc == SF_OK && busy < most; i++) {
        sfi_export_job *job = &x->jobs[i];
        bool made = true;
        if (job->id.text[0] == '\0')
            rc = make_ahead(x, i, &made, err);
        else if (!job->has_ended)
            rc = look(x, job, err);
        if (!made) break;
        if (!job->has_ended) busy++;
    }
    x->tend_range = x->mark.range;
    x->tend_ms = sfi_now_ms() + TEND_EVERY_MS;
    return rc;
}

/* ---- waiting ---- */
static bool on_look(void *user, const sf_bulk2_job *job)
{
    sfi_export *x = user;
    memcpy(x->progress.state, job->state_name, sizeof x->progress.state);
    x->progress.rows_found = job->processed;
    x->tended = sfi_export_tend(x, &x->tend_error);
    return x->tended == SF_OK && sfi_export_tell(x);
}

sf_status sfi_export_wait(sfi_export *x, sf_error *err)
{
    const sf_bulk_export_options *o = x->options;
    sfi_export_job *job = &x->jobs[x->mark.range];
    sf_call_options call = o->call != NULL ? *o->call : (sf_call_options){ 0 };
    call.timeout_ms = o->wait_ms > 0 ? o->wait_ms : SF_NONE;
    x->tended = SF_OK;
    sf_status rc = SF_OK;
    if (x->job.state != SF_JOB_COMPLETE || x->job.processed < 0)
        rc = sf_bulk2_wait(x->sf, SF_JOB_QUERY, x->job.id.text,
                           &(sf_bulk2_wait_options){ .poll_min_ms = o->poll_min_ms > 0 ? o->poll_min_ms : POLL_MIN_MS,
                                                     .poll_max_ms = o->poll_max_ms > 0 ? o->poll_max_ms : POLL_MAX_MS,
                                                     .progress = on_look,
                                                     .user = x,
                                                     .call = &call },
                           &x->job, err);
    if (x->tended != SF_OK && err != NULL) *err = x->tend_error;
    if (x->tended != SF_OK) return x->tended;
    if (rc != SF_OK) return rc;
    job->has_ended = true;
    job->rows = x->job.processed;
    if (x->job.state == SF_JOB_COMPLETE && job->rows >= 0) return SF_OK;
    if (x->job.state == SF_JOB_COMPLETE) /* pages that cannot be counted against it could end anywhere */
        return sfi_fail(err, SF_ERR_PROTOCOL,
                        "bulk query job %s: it is complete, and the org does not tell of how many rows",
                        x->job.id.text);
    return sfi_fail(err, SF_ERR_ORG, "bulk query job %s %s%s%s", x->job.id.text,
                    x->job.state == SF_JOB_ABORTED ? "was aborted" : "failed",
                    x->job.error_message[0] != '\0' ? ": " : "", x->job.error_message);
}
