/*
 * export.c: sf_bulk_export, see bulk.h: the options, the job, the journal, and the end. What is written down is always
 * behind what is in the file: a run that was killed goes on at the last page that it knows of, and cuts off the rest. Data
 * is synced now and then only, since that holds up the pages; a line says whether it was, and which boot of the machine
 * it was written in: after another boot only synced ones count.
 */
#include <salesforce/query.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bulk/export_internal.h"

enum { NOTE_EVERY_MS = 200, SYNC_EVERY_MS = 5000 };

typedef struct run {
    sfi_export x;
    bool is_over; /* the journal says that all was done */
    int64_t size, plain;
    uint32_t crc;
    int64_t noted_ms, synced_ms;
    char boot[SFI_BOOT_BYTES]; /* of the machine; "": it does not say */
    bool is_behind;            /* pages are written that the journal does not know */
} run;

/* ---- options ---- */
static sf_status check_target(const sf_bulk_export_options *o, sf_error *err)
{
    if ((o->path != NULL) == (o->sink != NULL)) return sfi_fail(err, SF_ERR_USAGE, "want path or sink, one of them");
    if (o->path != NULL && o->path[0] == '\0') return sfi_fail(err, SF_ERR_USAGE, "path is empty");
    if (o->sink != NULL && o->sink->write == NULL) return sfi_fail(err, SF_ERR_USAGE, "sink has no write");
    if (o->journal_path != NULL && o->sink != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "a journal is for files: what a sink was given cannot be taken back");
    if (o->format < SF_EXPORT_CSV || o->format > SF_EXPORT_SQLITE)
        return sfi_fail(err, SF_ERR_USAGE, "format is %d; want SF_EXPORT_CSV, _NDJSON or _SQLITE", (int)o->format);
    if (o->compression < SF_EXPORT_PLAIN || o->compression > SF_EXPORT_ZSTD)
        return sfi_fail(err, SF_ERR_USAGE, "compression is %d; want SF_EXPORT_PLAIN, _GZIP or _ZSTD",
                        (int)o->compression);
    if (o->split_rows > 0 && (o->sink != NULL || o->format == SF_EXPORT_SQLITE))
        return sfi_fail(err, SF_ERR_USAGE, "split_rows is for files of CSV and NDJSON");
    struct stat st;
    if (o->split_rows > 0 && stat(o->path, &st) == 0 && !S_ISREG(st.st_mode))
        return sfi_fail(err, SF_ERR_USAGE, "%.300s is no file: an export that is split wants the name of one", o->path);
    if (o->format != SF_EXPORT_SQLITE) return SF_OK;
    if (o->sink != NULL || o->compression != SF_EXPORT_PLAIN)
        return sfi_fail(err, SF_ERR_USAGE, "a SQLite database goes to a path, and is not compressed");
    return SF_OK;
}

static sf_status check_options(sf_client *sf, const sf_bulk_export_options *o, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (o == NULL) return sfi_fail(err, SF_ERR_USAGE, "options is NULL");
    bool has_soql = o->soql != NULL && o->soql[0] != '\0', has_object = o->object != NULL && o->object[0] != '\0';
    if (has_soql == has_object) return sfi_fail(err, SF_ERR_USAGE, "want soql or object, one of them");
    if (!o->dry_run || o->path != NULL || o->sink != NULL) {
        sf_status rc = check_target(o, err);
        if (rc != SF_OK) return rc;
    }
    if (o->delimiter != '\0' && sfi_bulk2_delimiter_name(o->delimiter) == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "delimiter: want one of , ; | ^ ` and tab");
    if (o->parallel < 0 || o->parallel > SF_EXPORT_PARALLEL_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "parallel is %d; want 1 to %d", o->parallel, SF_EXPORT_PARALLEL_MAX);
    if (o->partitions < 0 || o->partitions > SF_EXPORT_PARTITIONS_MAX || o->jobs_parallel < 0 ||
        o->jobs_parallel > SF_EXPORT_JOBS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "partitions is %d, jobs_parallel %d; want 1 to %d and 1 to %d, or 0",
                        o->partitions, o->jobs_parallel, SF_EXPORT_PARTITIONS_MAX, SF_EXPORT_JOBS_MAX);
    if (o->range_rows < 0 || o->split_rows < 0 || (o->range_rows > 0 && o->partitions > 0))
        return sfi_fail(err, SF_ERR_USAGE,
                        "range_rows is %lld, split_rows %lld; want 1 or more, or 0, and partitions or range_rows",
                        (long long)o->range_rows, (long long)o->split_rows);
    if (o->page_rows < 0 || o->wait_ms < 0)
        return sfi_fail(err, SF_ERR_USAGE, "page_rows is %lld, wait_ms %lld; want 1 or more, or 0",
                        (long long)o->page_rows, (long long)o->wait_ms);
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_bulk_export_options: reserved is not zero");
    sfi_statement ignored; /* what cannot be cut is told before anything is sent */
    return has_soql && sfi_export_is_cut(o) ? sfi_statement_read(sfi_str(o->soql), &ignored, err) : SF_OK;
}

/* ---- the journal ---- */
static void write_head(const sf_bulk_export_options *o, sfi_buf *out)
{
    sfi_json_writer w = sfi_json_write_to(out);
    char delimiter[2] = { o->delimiter, '\0' };
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "journal", "export 1");
    sfi_json_put_string(&w, "soql", o->soql);
    sfi_json_put_string(&w, "object", o->object);
    sfi_json_put_string(&w, "path", o->path);
    sfi_json_put_int(&w, "format", o->format);
    sfi_json_put_int(&w, "compression", o->compression);
    sfi_json_put_string(&w, "table", o->table);
    sfi_json_put_int(&w, "all_rows", o->all_rows);
    sfi_json_put_string(&w, "delimiter", delimiter);
    sfi_json_put_int(&w, "crlf", o->crlf);
    if (o->partitions > 1) sfi_json_put_int(&w, "partitions", o->partitions);
    if (o->range_rows > 0) sfi_json_put_int(&w, "range_rows", o->range_rows);
    if (o->split_rows > 0) sfi_json_put_int(&w, "split_rows", o->split_rows);
    sfi_json_end_object(&w);
}

static void forget(run *r)
{
    sfi_export_forget(&r->x);
    r->size = r->plain = 0;
    r->crc = 0;
}

/* Does it say where an export stood, in numbers that can be? Without the next page's name the first one would come again. */
static bool is_mark(const sfi_export *x, sf_value line)
{
    const struct {
        const char *name;
        int64_t least, most;
    } numbers[] = { { "pages", 1, INT64_MAX / 2 },
                    { "rows", 0, INT64_MAX / 2 },
                    { "bytes", 0, INT64_MAX / 2 },
                    { "size", x->options->format == SF_EXPORT_SQLITE ? SFI_EXPORT_LEAVE : 0, INT64_MAX / 2 },
                    { "plain", 0, INT64_MAX / 2 },
                    { "crc", 0, UINT32_MAX },
                    { "file", 1, SF_EXPORT_FILES_MAX },
                    { "file_rows", 0, x->options->split_rows } };
    size_t count = SFI_COUNT_OF(numbers) - (x->options->split_rows > 0 ? 0 : 2);
    int64_t range = sf_get_int(line, "range", 0), before = sf_get_int(line, "before", 0);
    size_t next = sf_get_text(line, "next").len;
    int64_t rows = sf_get_int(line, "rows", 0);
    bool last = sf_get_bool(line, "last", false), is_between = range > 0 && before == rows; /* two ranges */
    bool fits = next < sizeof x->mark.next && (next > 0 ? !last : last || is_between) && range >= 0 &&
                range < x->ranges && before >= 0 && before <= rows;
    for (size_t i = 0; i < count; i++) {
        int64_t n = sf_get_int(line, numbers[i].name, INT64_MIN);
        fits = fits && n >= numbers[i].least && n <= numbers[i].most;
    }
    return fits;
}

static sf_status fail_line(sf_error *err)
{
    return sfi_fail(err, SF_ERR_USAGE, "the journal holds a line that is none of an export's");
}

/* A job: of a range, or the only one. */
static bool take_job(run *r, sf_value line)
{
    sfi_export *x = &r->x;
    sf_str version = sf_get_text(line, "version");
    sfi_export_job job = { .id = sfi_id_make(sf_get_text(line, "job")), .rows = -1 };
    int64_t range = sf_get_int(line, "range", x->has_ranges ? -1 : 0);
    if (range < 0 || range >= x->ranges || version.len >= sizeof job.version) return false;
    if (!x->has_ranges) forget(r); /* another one, from its first page */
    if (version.len > 0) memcpy(job.version, version.ptr, version.len);
    x->jobs[range] = job;
    x->has_job = job.id.text[0] != '\0';
    return x->has_job;
}

/* A file of a split export that is whole. */
static sf_status take_file(run *r, sf_value line, sf_error *err)
{
    int64_t number = sf_get_int(line, "whole", 0), size = sf_get_int(line, "size", -1);
    if (number < 1 || number > SF_EXPORT_FILES_MAX || size < 0) return fail_line(err);
    return sfi_export_split_note(&r->x, (int32_t)number, size, err);
}

static sf_status take_event(void *user, sf_value line, sf_error *err)
{
    run *r = user;
    sfi_export *x = &r->x;
    sf_str job = sf_get_text(line, "job"), next = sf_get_text(line, "next");
    if (sf_get_bool(line, "done", false)) {
        r->is_over = true;
    } else if (sf_get_bool(line, "over", false)) {
        forget(r);
    } else if (job.len > 0) {
        if (!take_job(r, line)) return fail_line(err);
    } else if (x->options->split_rows > 0 && sf_value_type(sf_get(line, "whole")) == SF_NUMBER) {
        return take_file(r, line, err);
    } else if (sfi_export_is_cut(x->options) && sf_value_type(sf_get(line, "ranges")) == SF_ARRAY) {
        if (!sfi_export_take_ranges(x, line)) return fail_line(err);
    } else if (is_mark(x, line)) {
        bool is_safe = sf_get_bool(line, "synced", false) ||
                       (r->boot[0] != '\0' && sfi_str_is(sf_get_text(line, "boot"), r->boot));
        if (!is_safe) return SF_OK;
        x->mark = (sfi_export_mark){ .pages = sf_get_int(line, "pages", 0),
                                     .rows = sf_get_int(line, "rows", 0),
                                     .bytes = sf_get_int(line, "bytes", 0),
                                     .columns = (uint64_t)sf_get_int(line, "columns", 0),
                                     .range = (int32_t)sf_get_int(line, "range", 0),
                                     .before = sf_get_int(line, "before", 0),
                                     .file = (int32_t)sf_get_int(line, "file", 0),
                                     .file_rows = sf_get_int(line, "file_rows", 0),
                                     .last = sf_get_bool(line, "last", false) };
        if (next.len > 0) memcpy(x->mark.next, next.ptr, next.len);
        r->size = sf_get_int(line, "size", 0);
        r->plain = sf_get_int(line, "plain", 0);
        r->crc = (uint32_t)sf_get_int(line, "crc", 0);
    } else {
        return fail_line(err);
    }
    return SF_OK;
}

static sf_status open_journal(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    sfi_buf head = { 0 };
    bool resumed = false;
    if (x->options->journal_path == NULL) return SF_OK;
    sfi_boot_id(r->boot);
    write_head(x->options, &head);
    sf_status rc = sfi_buf_status(&head, err, "the journal");
    if (rc == SF_OK)
        rc = sfi_journal_open(x->options->journal_path, sfi_buf_str(&head), take_event, r, &x->journal, &resumed, err);
    x->report.resumed = resumed && (x->has_job || r->is_over);
    sfi_buf_free(&head);
    return rc;
}

/* Before the line that relies on them. */
static sf_status note_files(run *r, sf_error *err)
{
    sfi_export_split *s = &r->x.split;
    sf_status rc = SF_OK;
    while (rc == SF_OK && s->noted + 1 < r->x.mark.file) {
        sfi_buf line = { 0 };
        sfi_json_writer w = sfi_json_write_to(&line);
        sfi_json_begin_object(&w);
        sfi_json_put_int(&w, "whole", s->noted + 1);
        sfi_json_put_int(&w, "size", s->sizes[s->noted]);
        sfi_json_end_object(&w);
        rc = sfi_journal_add_buf(r->x.journal, &line, err);
        s->noted += rc == SF_OK;
    }
    return rc;
}

static sf_status note_pages(run *r, bool to_disk, sf_error *err)
{
    sfi_export *x = &r->x;
    sfi_buf line = { 0 };
    if (x->journal == NULL || !r->is_behind) return SF_OK;
    x->to_disk = to_disk || r->boot[0] == '\0';
    sf_status rc = x->form->sync(x, err);
    if (rc == SF_OK) rc = note_files(r, err);
    if (rc != SF_OK) return rc;
    if (x->to_disk) r->synced_ms = sfi_now_ms();
    sfi_json_writer w = sfi_json_write_to(&line);
    sfi_json_begin_object(&w);
    sfi_json_put_int(&w, "pages", x->mark.pages);
    sfi_json_put_int(&w, "rows", x->mark.rows);
    sfi_json_put_int(&w, "bytes", x->mark.bytes);
    sfi_json_put_int(&w, "columns", (int64_t)x->mark.columns);
    if (x->has_ranges) sfi_json_put_int(&w, "range", x->mark.range);
    if (x->has_ranges) sfi_json_put_int(&w, "before", x->mark.before);
    if (x->options->split_rows > 0) sfi_json_put_int(&w, "file", x->mark.file);
    if (x->options->split_rows > 0) sfi_json_put_int(&w, "file_rows", x->mark.file_rows);
    sfi_json_put_string(&w, "next", x->mark.next);
    sfi_json_key(&w, "last");
    sfi_json_bool(&w, x->mark.last);
    sfi_json_put_int(&w, "size", x->out.size);
    sfi_json_put_int(&w, "plain", x->out.plain);
    sfi_json_put_int(&w, "crc", x->out.crc);
    sfi_json_key(&w, "synced");
    sfi_json_bool(&w, x->to_disk);
    sfi_json_put_string(&w, "boot", r->boot);
    sfi_json_end_object(&w);
    rc = sfi_journal_add_buf(x->journal, &line, err);
    r->is_behind = rc != SF_OK;
    r->noted_ms = sfi_now_ms();
    return rc;
}

/* A page is whole and written. */
static sf_status kept(sfi_export *x, sf_error *err)
{
    run *r = (run *)x; /* its first member */
    r->is_behind = true;
    x->mark.file = x->split.kept_file;
    x->mark.file_rows = x->split.kept_rows;
    x->report.pages = x->mark.pages;
    x->report.rows = x->mark.rows;
    sf_status rc = sfi_export_tend(x, err);
    int64_t now = sfi_now_ms();
    if (rc != SF_OK || now - r->noted_ms < NOTE_EVERY_MS) return rc;
    return note_pages(r, now - r->synced_ms >= SYNC_EVERY_MS, err);
}

/* ---- progress ---- */
bool sfi_export_tell(sfi_export *x)
{
    const sf_bulk_export_options *o = x->options;
    if (o->progress == NULL) return true;
    x->progress.rows = x->mark.rows + (x->page.scan.records > 1 ? x->page.scan.records - 1 : 0);
    x->progress.bytes = x->mark.bytes + x->page.bytes;
    x->progress.pages = x->mark.pages;
    x->progress.rows_total = sfi_export_rows_total(x);
    x->progress.jobs_total = x->ranges;
    x->progress.jobs_done = x->mark.range + (sfi_export_is_all(x) ? 1 : 0);
    return o->progress(o->user, &x->progress);
}

/* ---- the whole ---- */
/* Of a split export: the file at hand, and whether those before it are still there. */
static sf_status begin_split(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    sfi_export_split *s = &x->split;
    bool is_fine;
    if (x->mark.file == 0) x->mark.file = 1;
    sf_status rc = sfi_export_split_check(x, &is_fine, err);
    if (rc == SF_OK && !is_fine) {
        x->mark = (sfi_export_mark){ .file = 1 };
        r->size = r->plain = 0;
        r->crc = 0;
    }
    s->file = s->kept_file = x->mark.file;
    s->rows = s->kept_rows = x->mark.file_rows;
    s->kept = (sfi_export_place){ .size = r->size, .crc = r->crc, .plain = r->plain };
    s->noted = x->mark.file - 1;
    return rc == SF_OK ? sfi_export_split_name(x, x->mark.file, err) : rc;
}

static sf_status begin_file(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    bool is_database = x->options->format == SF_EXPORT_SQLITE, is_split = x->options->split_rows > 0;
    sf_status rc = is_split ? begin_split(r, err) : SF_OK;
    if (rc != SF_OK) return rc;
    x->out.crc = r->crc;
    x->out.plain = r->plain;
    rc = sfi_export_out_open(&x->out, x->options, is_split ? x->split.path : x->options->path,
                             is_database ? SFI_EXPORT_LEAVE : r->size, err);
    if (rc == SF_DONE) { /* what the journal knows of is not there any more: its pages are fetched anew */
        x->mark = (sfi_export_mark){ 0 };
        rc = is_split ? sfi_export_split_clear(x, err) : sfi_export_out_clear(&x->out, err);
        x->split.noted = 0;
    }
    if (rc == SF_OK) rc = sfi_export_split_lock(x, err);
    if (rc == SF_OK && x->form->open != NULL) rc = x->form->open(x, err);
    return rc;
}

static sf_status check_total(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    sf_error journal;
    int64_t rows = x->mark.rows - x->mark.before;
    if (rows == x->job.processed) return SF_OK;
    if (x->journal != NULL) /* the next run makes another job; without this line it would find the same rows */
        (void)sfi_journal_add(x->journal, SFI_STR("{\"over\":true}"), &journal);
    r->is_behind = false;
    return sfi_fail(err, SF_ERR_TRUNCATED, "job %s has %lld rows, and its pages held %lld", x->job.id.text,
                    (long long)x->job.processed, (long long)rows);
}

static sf_status finish(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    sf_status rc = note_pages(r, true, err); /* from here on only the end is missing, which can be done again */
    if (rc == SF_OK) rc = x->form->end(x, err);
    if (rc == SF_OK) x->report.bytes = x->out.sink != NULL ? x->out.given : x->out.at;
    for (int32_t i = 1; rc == SF_OK && i < x->mark.file; i++) x->report.bytes += x->split.sizes[i - 1];
    if (rc == SF_OK && x->journal != NULL) rc = sfi_export_out_sync(&x->out, err);
    if (rc == SF_OK && x->options->split_rows > 0) rc = sfi_export_split_rename(x, err);
    if (rc == SF_OK) rc = sfi_export_out_rename(&x->out, err);
    if (rc == SF_OK && x->options->split_rows > 0) sfi_export_split_warn(x);
    if (rc == SF_OK && x->journal != NULL) rc = sfi_journal_add(x->journal, SFI_STR("{\"done\":true}"), err);
    return rc;
}

/* Killed between the last rename and the word of it? Then there is a file and no part. */
static sf_status look_for_renamed(run *r, bool *found, sf_error *err)
{
    sfi_export *x = &r->x;
    *found = false;
    if (!sfi_export_is_all(x) || x->options->path == NULL) return SF_OK;
    bool is_split = x->options->split_rows > 0; /* the last file is the last one to be renamed */
    sf_status rc = is_split ? sfi_export_split_name(x, x->mark.file, err) : SF_OK;
    if (rc == SF_OK) rc = sfi_export_out_name(&x->out, is_split ? x->split.path : x->options->path, err);
    if (rc == SF_OK) *found = access(x->out.part, F_OK) != 0 && access(x->out.target, F_OK) == 0;
    return rc;
}

/* An earlier run did all of it: how much is it? One that was taken away since counts for nothing. */
static void measure(run *r)
{
    sfi_export *x = &r->x;
    struct stat st;
    if (x->options->path == NULL) return;
    for (int32_t i = 1; i <= x->report.files; i++) {
        sf_error ignored;
        const char *path = x->options->path;
        if (x->options->split_rows > 0) {
            if (sfi_export_split_name(x, i, &ignored) != SF_OK) return;
            path = x->split.path;
        }
        if (stat(path, &st) == 0) x->report.bytes += (int64_t)st.st_size;
    }
}

static sf_status run_range(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    sf_status rc = sfi_export_begin_job(x, err);
    if (rc == SF_OK) rc = sfi_export_wait(x, err);
    if (rc == SF_OK && !sfi_export_tell(x)) rc = sfi_fail(err, SF_ERR_CANCELLED, "the export was ended by the caller");
    if (rc == SF_OK) rc = sfi_export_fetch(x, kept, err);
    return rc == SF_OK ? check_total(r, err) : rc;
}

static sf_status run_export(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    sf_status rc = open_journal(r, err);
    if (rc != SF_OK) return rc;
    x->report.job = x->jobs[x->mark.range].id;
    x->report.jobs = x->ranges;
    x->report.rows = x->mark.rows;
    x->report.pages = x->mark.pages;
    x->report.files = x->options->split_rows > 0 ? x->mark.file : x->options->sink == NULL;
    bool is_renamed = false;
    if (!r->is_over) rc = look_for_renamed(r, &is_renamed, err);
    if (rc != SF_OK) return rc;
    if (r->is_over || is_renamed) measure(r);
    if (r->is_over) return SF_OK;
    if (is_renamed) return sfi_journal_add(x->journal, SFI_STR("{\"done\":true}"), err);
    rc = begin_file(r, err);
    if (rc == SF_OK) rc = sfi_export_find_ranges(x, err);
    x->report.jobs = x->ranges;
    r->noted_ms = r->synced_ms = sfi_now_ms();
    while (rc == SF_OK) { /* each round does a range; or finds, once, that it has to begin with the first again */
        rc = run_range(r, err);
        if (rc != SF_OK || sfi_export_is_all(x)) break;
        x->mark.range++;
        x->mark.before = x->mark.rows;
        x->mark.next[0] = '\0';
        x->mark.last = false;
    }
    if (rc == SF_OK && x->mark.columns == 0) {
        rc = sfi_export_name_columns(x, err);
        r->is_behind = true;
    }
    x->report.files = x->options->split_rows > 0 ? x->mark.file : x->options->sink == NULL;
    if (rc == SF_OK) return finish(r, err);
    sf_error ignored; /* the failure stands; what cannot be written down is fetched again */
    if (x->form->back(x, &ignored) == SF_OK) (void)note_pages(r, true, &ignored);
    return rc;
}

static sf_status plan(run *r, sf_error *err)
{
    sfi_export *x = &r->x;
    const sf_bulk_export_options *o = x->options;
    sfi_statement ignored;
    sf_document *doc = NULL;
    sf_status rc = sfi_export_statement(x, err);
    if (rc == SF_OK && sfi_export_is_cut(o)) rc = sfi_statement_read(sfi_buf_str(&x->soql), &ignored, err);
    if (rc == SF_OK) rc = sf_query_explain(x->sf, x->soql.data, &(sf_query_options){ .call = o->call }, &doc, err);
    if (rc >= 0) {
        x->report.rows = sf_get_int(sf_document_root(doc), "plans.0.cardinality", -1);
        rc = SF_OK;
    }
    sf_document_free(doc);
    return rc;
}

sf_status sf_bulk_export(sf_client *sf, const sf_bulk_export_options *options, sf_export_report *report, sf_error *err)
{
    static const sfi_export_form *const forms[] = { &sfi_export_csv, &sfi_export_ndjson, &sfi_export_sqlite };
    sf_error why;
    if (report != NULL) *report = (sf_export_report){ 0 };
    sf_status rc = check_options(sf, options, err);
    if (rc != SF_OK) return rc;
    run r = { .x = { .sf = sf,
                     .options = options,
                     .form = options->format == SF_EXPORT_CSV && options->split_rows > 0 ? &sfi_export_csv_rows
                                                                                         : forms[options->format],
                     .delimiter = options->delimiter != '\0' ? options->delimiter : ',',
                     .progress = { .rows_total = -1, .rows_found = -1 },
                     .out = { .fd = -1, .sink_fd = -1 },
                     .split = { .lock_fd = -1 } } };
    rc = sfi_export_jobs_open(&r.x, &why);
    if (rc == SF_OK) rc = options->dry_run ? plan(&r, &why) : run_export(&r, &why);
    if (report != NULL) *report = r.x.report;
    r.x.form->close(&r.x);
    bool is_kept = rc == SF_OK || (r.x.journal != NULL && r.x.has_job);
    sfi_export_split_close(&r.x, !is_kept);
    sfi_export_out_close(&r.x.out, !is_kept);
    sfi_journal_close(r.x.journal);
    sfi_export_page_free(&r.x.page);
    sfi_export_jobs_close(&r.x);
    if (rc != SF_OK && err != NULL) *err = why;
    return rc;
}
