/*
 * export_fetch.c: the pages of a finished query, written in their order. Where the org names them beforehand several are on
 * their way at once: each waits, with what fits into its buffer, until those before it are written. Otherwise a page
 * names the next one.
 */
#include "bulk/export_internal.h"

enum { PARALLEL = 3, AGAIN_MAX = 3, ROWS_WORTH_A_LIST = 50000, EMPTY_MAX = 100 };

typedef struct slot {
    char locator[128];
    sfi_call *call;
} slot;

typedef struct fetch {
    sfi_export *x;
    sf_sink sink;
    sf_bulk2_pages *list; /* NULL: the org names none (any more) */
    slot slots[SF_EXPORT_PARALLEL_MAX];
    int32_t parallel, first, count;
    int32_t empty; /* pages without rows, one after another */
} fetch;

/* ---- the sink of a page ---- */
static sf_status tell_head(sfi_export *x, sf_error *err)
{
    if (x->head_told || !x->page.header_done) return SF_OK;
    x->head_told = true;
    uint64_t sum = sfi_export_header_sum(&x->page);
    if (x->mark.columns == 0 || sum == x->mark.columns) return x->form->head(x, err);
    x->page.is_damaged = true;
    return sfi_fail(err, SF_ERR_PROTOCOL, "a page of a bulk query has other columns than those before it: %.200s",
                    x->page.header.data);
}

static sf_status take(void *user, const char *data, size_t len, sf_error *err)
{
    sfi_export *x = user;
    sf_str rows;
    sf_status rc = sfi_export_page_add(&x->page, data, len, &rows, err);
    if (rc == SF_OK) rc = tell_head(x, err);
    if (rc == SF_OK && rows.len > 0) rc = x->form->rows(x, rows, err);
    if (rc == SF_OK && !sfi_export_tell(x)) rc = sfi_fail(err, SF_ERR_CANCELLED, "the export was ended by the caller");
    return rc;
}

static sf_status again(void *user, sf_error *err)
{
    sfi_export *x = user;
    sfi_export_page_begin(&x->page, x->delimiter);
    x->head_told = false;
    return x->form->back(x, err);
}

/* ---- the list ---- */
static bool is_no_list(sf_status rc)
{
    return rc == SF_ERR_NOT_FOUND || rc == SF_ERR_ORG || rc == SF_ERR_PROTOCOL || rc == SF_ERR_LIMIT;
}

static void drop_list(fetch *f)
{
    sf_bulk2_pages_close(f->list);
    f->list = NULL;
}

/* @return SF_ROW: *locator is the next; SF_DONE: there is no more of it. */
static sf_status next_of_list(fetch *f, const char **locator, sf_error *err)
{
    sf_status rc = f->list != NULL ? sf_bulk2_pages_next(f->list, locator, err) : SF_DONE;
    if (rc == SF_ROW) return rc;
    if (rc != SF_DONE && !is_no_list(rc)) return rc;
    drop_list(f); /* one that breaks off is no harm: the last page says whether another follows */
    return SF_DONE;
}

static sf_status begin(fetch *f, const char *locator, sfi_call **out, sf_error *err)
{
    const sf_bulk_export_options *o = f->x->options;
    const sf_bulk2_page_options page = { .locator = locator, .rows_max = o->page_rows, .call = o->call };
    return sfi_bulk2_page_begin(f->x->sf, f->x->job.id.text, &page, &f->sink, out, err);
}

static sf_status push(fetch *f, const char *locator, sf_error *err)
{
    slot *s = &f->slots[(f->first + f->count) % SF_EXPORT_PARALLEL_MAX];
    snprintf(s->locator, sizeof s->locator, "%s", locator);
    sf_status rc = begin(f, s->locator, &s->call, err);
    if (rc == SF_OK) f->count++;
    return rc;
}

static sf_status top_up(fetch *f, sf_error *err)
{
    const char *locator;
    sf_status rc = SF_OK;
    while (rc == SF_OK && f->list != NULL && f->count < f->parallel) {
        rc = next_of_list(f, &locator, err);
        if (rc == SF_ROW) rc = push(f, locator, err);
    }
    return rc == SF_DONE ? SF_OK : rc;
}

static sf_status open_list(fetch *f, sf_error *err)
{
    sfi_export *x = f->x;
    const char *locator;
    if (f->parallel < 2 || x->options->page_rows > 0 ||
        x->job.processed - (x->mark.rows - x->mark.before) <= ROWS_WORTH_A_LIST)
        return SF_OK;
    sf_status rc = sf_bulk2_pages_open(x->sf, x->job.id.text, x->options->call, &f->list, err);
    if (rc != SF_OK) return is_no_list(rc) ? SF_OK : rc;
    while (rc == SF_OK && x->mark.next[0] != '\0') { /* an earlier run has those before */
        rc = next_of_list(f, &locator, err);
        if (rc != SF_ROW) break;
        if (strcmp(locator, x->mark.next) == 0) return push(f, locator, err);
        rc = SF_OK;
    }
    return rc == SF_DONE ? SF_OK : rc;
}

/* ---- one page ---- */
/* Fetches it, once more when it came damaged. @param call on its way, or NULL. */
static sf_status fetch_page(fetch *f, const char *locator, sfi_call *call, sf_bulk2_page *out, sf_error *err)
{
    sfi_export *x = f->x;
    for (int tries = 0;; tries++) { /* AGAIN_MAX times at most */
        sfi_export_page_begin(&x->page, x->delimiter);
        x->head_told = false;
        sf_status rc = call != NULL ? SF_OK : begin(f, locator, &call, err);
        if (rc == SF_OK) rc = sfi_bulk2_page_finish(call, out, err);
        call = NULL;
        if (rc == SF_OK) rc = sfi_export_page_end(&x->page, out->rows, err);
        if (rc == SF_OK) rc = tell_head(x, err);
        if (rc == SF_OK) return x->form->keep(x, out->rows, err);
        sf_error back;
        bool may_again = x->page.is_damaged && tries < AGAIN_MAX;
        if (x->form->back(x, &back) != SF_OK && may_again) {
            if (err != NULL) *err = back;
            return back.status;
        }
        if (!may_again) return rc;
        x->report.pages_again++;
        sfi_logf(sfi_client_log(x->sf), SFI_LOG_WARN, "bulk: page %lld of job %s is fetched again: %s",
                 (long long)x->mark.pages + 1, x->job.id.text, err != NULL ? err->message : "");
    }
}

static sf_status move_on(fetch *f, const char *locator, const sf_bulk2_page *page, sf_error *err)
{
    sfi_export_mark *m = &f->x->mark;
    const char *next = f->count > 0 ? f->slots[f->first].locator : page->locator;
    if (next[0] != '\0' && strcmp(next, locator) == 0)
        return sfi_fail(err, SF_ERR_PROTOCOL, "the pages of job %s go round in a circle", f->x->job.id.text);
    f->empty = page->rows == 0 ? f->empty + 1 : 0;
    if (f->empty > EMPTY_MAX)
        return sfi_fail(err, SF_ERR_PROTOCOL, "job %s: the org gives page after page without rows", f->x->job.id.text);
    if (m->columns == 0) m->columns = sfi_export_header_sum(&f->x->page);
    m->pages++;
    m->rows += page->rows;
    m->bytes += f->x->page.bytes;
    m->last = next[0] == '\0';
    snprintf(m->next, sizeof m->next, "%s", next);
    if (f->x->job.processed >= 0 && m->rows - m->before > f->x->job.processed)
        return sfi_fail(err, SF_ERR_PROTOCOL, "job %s has %lld rows, and its pages hold more", f->x->job.id.text,
                        (long long)f->x->job.processed);
    return SF_OK;
}

sf_status sfi_export_name_columns(sfi_export *x, sf_error *err)
{
    sf_status rc = sfi_export_statement(x, err);
    sfi_export_page_begin(&x->page, x->delimiter);
    if (rc != SF_OK || !sfi_statement_columns(sfi_buf_str(&x->soql), x->delimiter, &x->page.header)) return rc;
    rc = sfi_buf_status(&x->page.header, err, "the columns of an export");
    x->page.header_done = true;
    if (rc == SF_OK) rc = x->form->head(x, err);
    if (rc == SF_OK) rc = x->form->keep(x, 0, err);
    if (rc == SF_OK) x->mark.columns = sfi_export_header_sum(&x->page);
    return rc;
}

sf_status sfi_export_fetch(sfi_export *x, sf_status (*kept)(sfi_export *x, sf_error *err), sf_error *err)
{
    fetch f = { .x = x,
                .sink = { .write = take, .restart = again, .user = x },
                .parallel = x->options->parallel > 0 ? x->options->parallel : PARALLEL };
    sf_error why = { 0 };
    sf_status rc = x->mark.last ? SF_OK : open_list(&f, &why);
    while (rc == SF_OK &&
           !x->mark.last) { /* each round writes a page; rows are bounded by the job's, pages without by EMPTY_MAX */
        char locator[128];
        sfi_call *call = NULL;
        sf_bulk2_page page = { 0 };
        rc = top_up(&f, &why);
        if (rc != SF_OK) break;
        memcpy(locator, x->mark.next, sizeof locator);
        if (f.count > 0) {
            slot *s = &f.slots[f.first];
            memcpy(locator, s->locator, sizeof locator);
            call = s->call;
            f.first = (f.first + 1) % SF_EXPORT_PARALLEL_MAX;
            f.count--;
            rc = top_up(&f, &why);
            if (rc != SF_OK) {
                sfi_call_cancel(call);
                break;
            }
        }
        rc = fetch_page(&f, locator, call, &page, &why);
        if (rc == SF_OK) rc = move_on(&f, locator, &page, &why);
        if (rc == SF_OK) rc = kept(x, &why);
    }
    for (; f.count > 0; f.count--, f.first = (f.first + 1) % SF_EXPORT_PARALLEL_MAX)
        sfi_call_cancel(f.slots[f.first].call);
    drop_list(&f);
    if (rc != SF_OK && err != NULL) *err = why;
    return rc;
}
