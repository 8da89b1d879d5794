/* bulk2_lists.c: cursors over the org's jobs and over the locators of a query's pages; see bulk2.h. A list's next part is
 * asked for when the one at hand is used up. */
#include <salesforce/bulk2.h>
#include "bulk/bulk2_internal.h"

typedef struct list { /* an array inside a document, and where the next document is */
    sf_client *sf;
    const sf_call_options *call;
    const char *what, *member;
    sf_document *doc;
    sf_iter at;
    char next[512]; /* path of the next part; "": there is none */
    sf_status end;  /* SF_OK while it goes on; then SF_DONE or an error, which is sticky */
    sf_error err;
} list;

struct sf_bulk2_jobs {
    list l;
};

struct sf_bulk2_pages {
    list l;
    char locator[128];
};

/* The path of the part behind this one. */
static sf_status read_next(list *l, sf_value root)
{
    static const char *const names[] = { "nextRecordsUrl", "nextRecordUrl" };
    l->next[0] = '\0';
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        sf_str next = sf_get_text(root, names[i]);
        if (next.len == 0) continue;
        if (next.ptr[0] != '/' || next.len >= sizeof l->next || (next.len > 1 && next.ptr[1] == '/'))
            return sfi_fail(&l->err, SF_ERR_PROTOCOL, "%s: the org names a next part that is no path: %.80s", l->what,
                            next.ptr);
        memcpy(l->next, next.ptr, next.len);
        l->next[next.len] = '\0';
        return SF_OK;
    }
    if (sf_get_bool(root, "done", true)) return SF_OK;
    return sfi_fail(&l->err, SF_ERR_TRUNCATED, "%s: the org says that there is more, and not where", l->what);
}

static sf_status fetch(list *l, const char *path)
{
    const sfi_call_request request = { .method = "GET", .path = path, .options = l->call, .what = l->what };
    sf_document_free(l->doc);
    l->doc = NULL;
    sf_status rc = sfi_call_document(l->sf, &request, &l->doc, &l->err);
    if (rc != SF_OK) return rc;
    sf_value root = sf_document_root(l->doc), items = sf_get(root, l->member);
    if (sf_value_type(items) != SF_ARRAY)
        return sfi_fail(&l->err, SF_ERR_PROTOCOL, "%s: the org's answer has no list \"%s\"", l->what, l->member);
    l->at = sf_iter_begin(items);
    return read_next(l, root);
}

static sf_status next_item(list *l, sf_value *out, sf_error *err)
{
    while (l->end == SF_OK) { /* each round goes to the next part of a list whose length the org bounds */
        if (sf_iter_next(&l->at, NULL, out)) return SF_ROW;
        char path[sizeof l->next];
        memcpy(path, l->next, sizeof path);
        l->end = path[0] == '\0' ? SF_DONE : fetch(l, path);
        if (l->end == SF_OK && strcmp(path, l->next) == 0)
            l->end = sfi_fail(&l->err, SF_ERR_PROTOCOL, "%s: the list goes round in a circle", l->what);
    }
    if (l->end < 0 && err != NULL) *err = l->err;
    return l->end;
}

/* ---- jobs ---- */
sf_status sf_bulk2_jobs_open(sf_client *sf, sf_job_kind kind, const sf_bulk2_jobs_options *options, sf_bulk2_jobs **out,
                             sf_error *err)
{
    static const sf_bulk2_jobs_options none;
    const sf_bulk2_jobs_options *o = options != NULL ? options : &none;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (kind != SF_JOB_INGEST && kind != SF_JOB_QUERY)
        return sfi_fail(err, SF_ERR_USAGE, "kind is %d; want SF_JOB_INGEST or SF_JOB_QUERY", (int)kind);
    if (o->pk_chunking < -1 || o->pk_chunking > 1 || !sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_bulk2_jobs_options: pk_chunking is none of -1, 0, 1, or reserved is not zero");
    sf_bulk2_jobs *j = sfi_calloc(sizeof *j);
    if (j == NULL) return sfi_fail_memory(err, "a list of jobs");
    j->l = (list){ .sf = sf, .call = o->call, .what = "list bulk jobs", .member = "records" };
    sfi_buf path = { .max = 1024 };
    sfi_buf_add_str(&path, kind == SF_JOB_QUERY ? "jobs/query" : "jobs/ingest");
    char sign = '?';
    const char *const texts[][2] = { { "jobType", o->job_type }, { "concurrencyMode", o->concurrency } };
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++) {
        if (texts[i][1] == NULL) continue;
        sfi_buf_addf(&path, "%c%s=", sign, texts[i][0]);
        sfi_buf_add_urlencoded(&path, sfi_str(texts[i][1]));
        sign = '&';
    }
    if (o->pk_chunking != 0)
        sfi_buf_addf(&path, "%cisPkChunkingEnabled=%s", sign, o->pk_chunking > 0 ? "true" : "false");
    sf_status rc = sfi_buf_status(&path, &j->l.err, "the path of a list");
    if (rc == SF_OK) rc = fetch(&j->l, path.data);
    sfi_buf_free(&path);
    if (rc == SF_OK) {
        *out = j;
        return SF_OK;
    }
    if (err != NULL) *err = j->l.err;
    sf_bulk2_jobs_close(j);
    return rc;
}

sf_status sf_bulk2_jobs_next(sf_bulk2_jobs *j, sf_bulk2_job *out, sf_error *err)
{
    sf_value item;
    if (j == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s is NULL", j == NULL ? "j" : "out");
    sf_status rc = next_item(&j->l, &item, err);
    if (rc != SF_ROW) return rc;
    sf_bulk2_job job;
    rc = sfi_bulk2_read_job(item, &job, &j->l.err);
    if (rc == SF_OK) {
        *out = job;
        return SF_ROW;
    }
    j->l.end = rc;
    if (err != NULL) *err = j->l.err;
    return rc;
}

void sf_bulk2_jobs_close(sf_bulk2_jobs *j)
{
    if (j == NULL) return;
    sf_document_free(j->l.doc);
    sfi_free(j);
}

/* ---- pages ---- */
sf_status sf_bulk2_pages_open(sf_client *sf, const char *job, const sf_call_options *call, sf_bulk2_pages **out,
                              sf_error *err)
{
    char path[SFI_BULK2_PATH_BYTES];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = sfi_bulk2_path(sf, SF_JOB_QUERY, job, "/resultPages", path, err);
    if (rc != SF_OK) return rc;
    sf_bulk2_pages *p = sfi_calloc(sizeof *p);
    if (p == NULL) return sfi_fail_memory(err, "a list of pages");
    p->l = (list){ .sf = sf, .call = call, .what = "list the pages of a bulk query", .member = "resultPages" };
    rc = fetch(&p->l, path);
    if (rc == SF_OK) {
        *out = p;
        return SF_OK;
    }
    if (err != NULL) *err = p->l.err;
    sf_bulk2_pages_close(p);
    return rc;
}

/* The value of locator in a URL's query, decoded. */
static bool read_locator(const char *url, char *out, size_t size)
{
    const char *at = strstr(url, "locator=");
    size_t len = 0;
    if (at == NULL) return false;
    for (at += 8; *at != '\0' && *at != '&'; at++) {
        char c = *at;
        if (c == '%') {
            int high = sfi_hex_digit(at[1]);
            int low = high >= 0 ? sfi_hex_digit(at[2]) : -1;
            if (low < 0) return false;
            c = (char)(high * 16 + low);
            at += 2;
        }
        if (c == '\0' || len + 1 >= size) return false;
        out[len++] = c;
    }
    out[len] = '\0';
    return true;
}

sf_status sf_bulk2_pages_next(sf_bulk2_pages *p, const char **locator, sf_error *err)
{
    sf_value item = { 0 };
    if (p == NULL || locator == NULL) return sfi_fail(err, SF_ERR_USAGE, "%s is NULL", p == NULL ? "p" : "locator");
    sf_status rc = next_item(&p->l, &item, err);
    if (rc != SF_ROW) return rc;
    sf_str url = sf_get_text(item, "resultUrl");
    if (url.len > 0 && read_locator(url.ptr, p->locator, sizeof p->locator)) {
        *locator = p->locator;
        return SF_ROW;
    }
    p->l.end = sfi_fail(&p->l.err, SF_ERR_PROTOCOL, "a page of a bulk query has no locator in its \"resultUrl\"");
    if (err != NULL) *err = p->l.err;
    return p->l.end;
}

void sf_bulk2_pages_close(sf_bulk2_pages *p)
{
    if (p == NULL) return;
    sf_document_free(p->l.doc);
    sfi_free(p);
}
