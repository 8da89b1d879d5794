/* query.c: the cursor of query.h. Called by programs; a cursor owns its page, its statements and the request that
 * fetches the next page. The one idea: when a page's first bytes have told where the next page is, that page is asked
 * for at once and received on the I/O thread, while this one is decoded row by row where it lies; two buffers change
 * places, so memory does not grow with the number of pages. A result ends only where the org said done and as many rows
 * came as it promised. */
#include "rest/query_internal.h"

enum {
    URL_TEXT_MAX = 12000, /* bytes of an encoded statement in a URL; a longer one goes inside a POST */
    PAGE_ROWS_MIN = 200,  /* as the API allows */
    PAGE_ROWS_MAX = 2000,
    EMPTY_PAGES_MAX = 100, /* in a row, before we believe that a server leads us in circles */
    SETTLE_ROWS_MAX = 50   /* rows that are looked at for the columns' spelling */
};

static const sf_query_options no_options;

/* ---- requests ---- */

/* The path of a query by URL: query?q=… */
static void add_query_url(const sf_query *q, sf_str statement, sfi_buf *out)
{
    sfi_buf_addf(out, "%s?q=", q->resource);
    sfi_buf_add_urlencoded(out, statement);
}

/* A statement too long for a URL becomes the one part of a composite request, whose URL has no such limit. */
static sf_status write_composite(sf_query *q, sf_str statement, sf_error *err)
{
    const char *version;
    sf_status rc = sfi_client_version(q->sf, &version, err);
    if (rc != SF_OK) return rc;
    sfi_buf url = { 0 };
    sfi_buf_addf(&url, "/services/data/v%s/", version);
    add_query_url(q, statement, &url);
    rc = sfi_buf_status(&url, err, "a query's URL");
    if (rc == SF_OK) {
        sfi_json_writer w = sfi_json_write_to(&q->body);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "compositeRequest");
        sfi_json_begin_array(&w);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "method");
        sfi_json_string(&w, "GET");
        sfi_json_key(&w, "url");
        sfi_json_string_n(&w, sfi_buf_str(&url));
        sfi_json_key(&w, "referenceId");
        sfi_json_string(&w, "query");
        if (q->batch[0] != '\0') {
            sfi_json_key(&w, "httpHeaders");
            sfi_json_begin_object(&w);
            sfi_json_key(&w, "Sforce-Query-Options");
            sfi_json_string(&w, q->batch);
            sfi_json_end_object(&w);
        }
        sfi_json_end_object(&w);
        sfi_json_end_array(&w);
        sfi_json_end_object(&w);
        rc = sfi_buf_status(&q->body, err, "a query's body");
    }
    sfi_buf_free(&url);
    return rc;
}

static void reset_request(sf_query *q)
{
    sfi_buf_clear(&q->path);
    sfi_buf_clear(&q->body);
}

/* Make path and body say: the first page of statement i. */
static sf_status ask_statement(sf_query *q, size_t i, sf_error *err)
{
    sfi_buf text = { 0 };
    reset_request(q);
    sfi_soql_plan_statement(&q->plan, i, &text);
    sf_status rc = sfi_buf_status(&text, err, "a statement");
    if (rc == SF_OK) {
        add_query_url(q, sfi_buf_str(&text), &q->path);
        rc = sfi_buf_status(&q->path, err, "a query's URL");
    }
    if (rc == SF_OK && q->path.len > URL_TEXT_MAX) {
        bool is_tooling = strcmp(q->resource, "tooling/query") == 0;
        sfi_buf_clear(&q->path);
        sfi_buf_add_str(&q->path, is_tooling ? "tooling/composite" : "composite");
        rc = sfi_buf_status(&q->path, err, "a query's URL");
        if (rc == SF_OK) rc = write_composite(q, sfi_buf_str(&text), err);
    }
    sfi_buf_free(&text);
    return rc;
}

/* Make path and body say: the page at this URL. */
static sf_status ask_url(sf_query *q, const char *url, sf_error *err)
{
    reset_request(q);
    sfi_buf_add_str(&q->path, url);
    return sfi_buf_status(&q->path, err, "a page's URL");
}

static sf_status begin_request(sf_query *q, sf_error *err)
{
    sfi_call_request request = {
        .method = q->body.len > 0 ? "POST" : "GET",
        .path = q->path.data,
        .repeatable = true, /* it reads, whatever the method */
        .options = q->call,
        .what = "query",
    };
    if (q->body.len > 0) request.body = sfi_buf_str(&q->body);
    if (q->batch[0] != '\0')
        request.headers[request.header_count++] = (sfi_header){ SFI_STR("Sforce-Query-Options"), sfi_str(q->batch) };
    return sfi_call_begin(q->sf, &request, &q->ahead, err);
}

void sfi_query_fetch_ahead(sf_query *q)
{
    if (q->no_prefetch || q->is_last || q->ahead != NULL) return;
    if (ask_url(q, q->next_url, NULL) == SF_OK)
        (void)begin_request(q, NULL); /* when it fails, it fails again, and tells, once this page was read */
}

/* ---- pages ---- */

static sf_status take_next_url(sf_query *q, sf_value page, sf_error *err)
{
    sf_str url = sf_get_text(page, "nextRecordsUrl");
    if (url.ptr == NULL || url.len == 0)
        return sfi_fail(err, SF_ERR_TRUNCATED,
                        "query: the org said done:false, but not where the next page is (%lld of %lld rows came)",
                        (long long)q->delivered, (long long)q->total);
    if (!sfi_rest_is_local_path(url))
        return sfi_fail(err, SF_ERR_PROTOCOL,
                        "query: nextRecordsUrl is no path on the org's own host, so it is not followed");
    if (q->path.len > 0 && sfi_str_is(url, q->path.data))
        return sfi_fail(err, SF_ERR_PROTOCOL, "query: the org named the page that we just read as the next one");
    q->next_url = sfi_strndup(url.ptr, url.len);
    return q->next_url != NULL ? SF_OK : sfi_fail_memory(err, "a page's URL");
}

sf_status sfi_query_read_page(sf_query *q, sf_value page, sf_error *err)
{
    sfi_free(q->next_url);
    q->next_url = NULL;
    q->page_rows = 0;
    q->total = sf_get_int(page, "totalSize", -1);
    sf_value done = sf_get(page, "done");
    q->is_record = q->plan.count == 0 && done.type != SF_BOOL && sf_get(page, "attributes.type").type == SF_STRING;
    if (q->is_record) return sfi_fail(err, SF_ERR_PROTOCOL, "query: the path leads to one record, not to rows");
    if (done.type != SF_BOOL)
        return sfi_fail(err, SF_ERR_PROTOCOL, "query: the org's answer is no page of a result (no \"done\")");
    q->is_last = sf_get_bool(done, NULL, false);
    if (!q->is_last) {
        sf_status rc = take_next_url(q, page, err);
        if (rc != SF_OK) return rc;
    }
    sf_value records = sf_get(page, "records");
    if (records.type == SF_ARRAY) return sfi_json_rows_begin(records, &q->rows, err);
    q->rows = (sfi_json_rows){ .done = true };
    if (q->columns.is_count && q->is_last) return SF_OK;
    return sfi_fail(err, SF_ERR_TRUNCATED, "query: a page of the result has no \"records\"");
}

/* The body of the one part of a composite answer, or its error. */
static sf_status unwrap_composite(sf_value root, sf_value *page, sf_error *err)
{
    sf_value part = sf_get(root, "compositeResponse.0");
    sf_value body = sf_get(part, "body");
    int64_t status = sf_get_int(part, "httpStatusCode", 0);
    if (status >= 200 && status < 300 && body.type == SF_OBJECT) {
        *page = body;
        return SF_OK;
    }
    if (status < 300 || status > 599)
        return sfi_fail(err, SF_ERR_PROTOCOL, "query: the org's composite answer holds no result");
    char *text = NULL;
    size_t len = 0;
    sf_status rc = sf_value_to_json(body, &text, &len, err);
    if (rc == SF_OK)
        rc = sfi_error_from_answer((int)status, SFI_STR("application/json"), (sf_str){ text, len }, "query", err);
    sf_free(text);
    return rc;
}

static sf_status decode(sf_query *q, sfi_answer *answer, sf_error *err)
{
    bool is_composite = q->body.len > 0;
    if (q->doc == NULL) {
        sf_status rc = sfi_json_new(&q->doc, err);
        if (rc != SF_OK) return rc;
    }
    sf_status rc = sfi_answer_json(q->sf, answer, q->doc, is_composite, err);
    if (rc != SF_OK) return rc;
    if (!sfi_json_is_closed(q->doc)) return sfi_fail(err, SF_ERR_TRUNCATED, "query: a page of the result was cut off");
    sf_value page = sfi_json_root(q->doc);
    if (is_composite) rc = unwrap_composite(page, &page, err);
    return rc == SF_OK ? sfi_query_read_page(q, page, err) : rc;
}

static bool may_repeat(const sf_query *q, sf_status rc)
{
    return (rc == SF_ERR_TRUNCATED || rc == SF_ERR_PROTOCOL) && !q->is_record &&
           (q->call == NULL || !q->call->no_retry);
}

/* Wait for the page that path and body ask for. A page that came damaged is asked for once more: none of its rows was
 * handed out yet. */
static sf_status load_page(sf_query *q, sf_error *err)
{
    for (int attempt = 0;; attempt++) {
        sfi_answer answer = { 0 };
        sf_status rc = q->ahead != NULL ? SF_OK : begin_request(q, err);
        if (rc != SF_OK) return rc;
        sfi_call *call = q->ahead;
        q->ahead = NULL; /* the finish ends it */
        rc = sfi_call_finish(call, &answer, err);
        bool came = rc == SF_OK;
        if (came) rc = decode(q, &answer, err);
        sfi_answer_clear(&answer);
        if (rc == SF_OK || !came || attempt > 0 || !may_repeat(q, rc)) return rc;
    }
}

static void explain_locator(sf_error *err)
{
    if (strcmp(err->code, "INVALID_QUERY_LOCATOR") == 0)
        sfi_rest_reword(
            err,
            "query: the org has closed this cursor (they live two days at most, and ten are kept for a user): send the "
            "query again, ordered by Id and from the last Id that you read");
}

/* ---- what follows a page ---- */

static sf_status check_complete(sf_query *q, sf_error *err)
{
    bool is_number = q->columns.is_count || (!q->columns.is_known && q->statement_rows == 0);
    if (!q->counts_rows || is_number || q->statement_rows >= q->total) return SF_OK;
    return sfi_fail(err, SF_ERR_TRUNCATED, "query: the result ended after %lld of %lld rows: send the query again",
                    (long long)q->statement_rows, (long long)q->total);
}

static sf_status next_page(sf_query *q, sf_error *err)
{
    q->empty_pages = q->page_rows > 0 ? 0 : q->empty_pages + 1;
    if (q->empty_pages > EMPTY_PAGES_MAX)
        return sfi_fail(err, SF_ERR_PROTOCOL, "query: %d pages without rows came one after another", EMPTY_PAGES_MAX);
    if (q->ahead == NULL) {
        sf_status rc = ask_url(q, q->next_url, err);
        if (rc != SF_OK) return rc;
    }
    sf_status rc = load_page(q, err);
    if (rc != SF_OK) explain_locator(err);
    return rc;
}

static sf_status next_statement(sf_query *q, sf_error *err)
{
    if (q->total > 0) q->total_before += q->total;
    q->total = 0;
    q->statement_rows = 0;
    q->statement++;
    sf_status rc = ask_statement(q, q->statement, err);
    return rc == SF_OK ? load_page(q, err) : rc;
}

/* The page at hand was read to its end. @return SF_OK: another one is there; SF_DONE; an error. */
static sf_status turn_page(sf_query *q, sf_error *err)
{
    sf_status rc = SF_OK;
    if (!q->is_last) {
        rc = next_page(q, err);
    } else {
        rc = check_complete(q, err);
        if (rc == SF_OK && q->statement + 1 >= q->plan.count) return SF_DONE;
        if (rc == SF_OK) rc = next_statement(q, err);
    }
    if (rc == SF_OK) sfi_query_fetch_ahead(q);
    return rc;
}

/* A page stopped being JSON, or a row is none. */
static sf_status broken_page(sf_query *q, sf_status rc, sf_error *err)
{
    if (rc != SF_ERR_PROTOCOL) return rc;
    if (sfi_json_is_cut(q->rows.doc)) rc = err->status = SF_ERR_TRUNCATED;
    err->retryable = true; /* the whole query: it only reads */
    sfi_error_prefix(err, "query: after %lld rows", (long long)q->delivered);
    return rc;
}

sf_status sf_query_next(sf_query *q, sf_value *row, sf_error *err)
{
    if (q == NULL || row == NULL) return sfi_fail(err, SF_ERR_USAGE, "the cursor or row is NULL");
    while (q->end == SF_OK) { /* ends: pages without rows are counted */
        sf_status rc = sfi_json_row_next(&q->rows, row, &q->failure);
        if (rc == SF_ROW && row->type == SF_OBJECT) {
            q->row = *row;
            q->page_rows++;
            q->statement_rows++;
            q->delivered++;
            return SF_ROW;
        }
        if (rc == SF_ROW) rc = sfi_fail(&q->failure, SF_ERR_PROTOCOL, "an element of \"records\" is no record");
        rc = rc == SF_DONE ? turn_page(q, &q->failure) : broken_page(q, rc, &q->failure);
        q->end = rc;
    }
    if (q->end != SF_DONE && err != NULL) *err = q->failure;
    return q->end;
}

/* ---- columns ---- */

/* Reading a row's keys changes its text, so a copy is read. */
static sf_status settle_from(sf_query *q, sf_value row, sf_error *err)
{
    sf_document *copy = NULL;
    sf_str raw = sfi_json_raw(row);
    sf_status rc = raw.ptr != NULL ? sf_document_parse(raw.ptr, raw.len, &copy, err) : sf_value_dup(row, &copy, err);
    if (rc == SF_OK) rc = sfi_columns_settle(&q->columns, sf_document_root(copy), err);
    sf_document_free(copy);
    return rc == SF_ERR_PROTOCOL ? SF_OK : rc; /* the cursor will say so when it gets there */
}

sf_status sfi_query_settle_columns(sf_query *q, sf_value records, sf_error *err)
{
    sf_status rc = SF_OK;
    for (int i = 0; rc == SF_OK && i < SETTLE_ROWS_MAX && !sfi_columns_are_settled(&q->columns); i++) {
        char index[16];
        snprintf(index, sizeof index, "%d", i);
        sf_value row = sf_get(records, index);
        if (row.type != SF_OBJECT) break;
        rc = settle_from(q, row, err);
    }
    return rc;
}

size_t sf_query_column_count(const sf_query *q)
{
    return q != NULL ? q->columns.count : 0;
}

sf_column sf_query_column(const sf_query *q, size_t i)
{
    if (q == NULL || i >= q->columns.count) return (sf_column){ 0 };
    return (sf_column){ .path = q->columns.list[i].path, .is_children = q->columns.list[i].is_children };
}

/* ---- open and close ---- */

void sf_query_close(sf_query *q)
{
    if (q == NULL) return;
    sfi_call_cancel(q->ahead);
    sfi_soql_plan_clear(&q->plan);
    sfi_columns_clear(&q->columns);
    sfi_json_free(q->doc);
    sfi_buf_free(&q->path);
    sfi_buf_free(&q->body);
    sfi_free(q->next_url);
    sfi_free(q);
}

static sf_status check_options(const sf_query_options *o, const char *soql, sf_error *err)
{
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_options: reserved is not zero");
    if (o->page_rows != 0 && (o->page_rows < PAGE_ROWS_MIN || o->page_rows > PAGE_ROWS_MAX))
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_options: page_rows %d is not within %d to %d", (int)o->page_rows,
                        PAGE_ROWS_MIN, PAGE_ROWS_MAX);
    if (o->all_rows && o->tooling)
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_options: the Tooling API has no all_rows");
    if (o->resume == NULL && soql == NULL) return sfi_fail(err, SF_ERR_USAGE, "the statement is NULL");
    if (o->resume != NULL && !sfi_rest_is_local_path(sfi_str(o->resume)))
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_options: resume is no URL path that sf_query_resume_url gave");
    if (o->resume_delivered < 0 || (o->resume_delivered > 0 && o->resume == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_options: resume_delivered is negative, or without resume");
    return SF_OK;
}

/* Text with its binds to statements and columns. */
static sf_status take_statement(sf_query *q, const char *soql, const sf_query_options *o, sf_error *err)
{
    sfi_buf text = { 0 };
    sf_status rc = sfi_soql_bind(soql, o->binds, &text, err);
    char *owned = rc == SF_OK ? sfi_buf_take(&text) : NULL;
    sfi_buf_free(&text);
    if (rc == SF_OK && owned == NULL) rc = sfi_fail_memory(err, "a statement");
    if (rc != SF_OK) return rc;
    rc = sfi_soql_plan_make(owned, SF_QUERY_TEXT_MAX, &q->plan, err);
    if (rc == SF_OK) rc = sfi_columns_read(&q->columns, (sf_str){ q->plan.text, q->plan.text_len }, err);
    if (rc == SF_OK && q->plan.count > 1 && o->resume != NULL)
        rc = sfi_fail(err, SF_ERR_USAGE, "a query whose IN list is split cannot be resumed");
    return rc;
}

static sf_query *new_query(sf_client *sf, const sf_query_options *o)
{
    sf_query *q = sfi_calloc(sizeof *q);
    if (q == NULL) return NULL;
    q->sf = sf;
    q->call = o->call;
    q->resource = o->tooling ? "tooling/query" : o->all_rows ? "queryAll" : "query";
    q->no_prefetch = o->no_prefetch;
    if (o->page_rows != 0) snprintf(q->batch, sizeof q->batch, "batchSize=%d", (int)o->page_rows);
    q->statement_rows = o->resume_delivered;
    q->counts_rows = o->resume == NULL || o->resume_delivered > 0;
    return q;
}

/* The array of rows of the page at hand; a child's rows begin inside its parent's page. */
static sf_value records_of_first_page(sf_query *q)
{
    sf_value root = sfi_json_root(q->doc);
    return sf_get(root, q->body.len > 0 ? "compositeResponse.0.body.records" : "records");
}

/* The first page of what path and body ask for; q is the caller's from here, or ended. */
static sf_status load_first(sf_query *q, sf_status rc, sf_error *failure, sf_query **out, sf_error *err)
{
    if (rc == SF_OK) rc = load_page(q, failure);
    if (rc == SF_OK) rc = sfi_query_settle_columns(q, records_of_first_page(q), failure);
    if (rc == SF_OK) {
        sfi_query_fetch_ahead(q);
        *out = q;
        q = NULL;
    } else {
        explain_locator(failure);
        if (err != NULL) *err = *failure;
    }
    sf_query_close(q);
    return rc;
}

sf_status sf_query_open(sf_client *sf, const char *soql, const sf_query_options *options, sf_query **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_query_options *o = options != NULL ? options : &no_options;
    sf_status rc = check_options(o, soql, err);
    if (rc != SF_OK) return rc;
    sf_error failure = { 0 };
    sf_query *q = new_query(sf, o);
    if (q == NULL) return sfi_fail_memory(err, "a query");
    if (soql != NULL) rc = take_statement(q, soql, o, &failure);
    if (rc == SF_OK) rc = o->resume != NULL ? ask_url(q, o->resume, &failure) : ask_statement(q, 0, &failure);
    return load_first(q, rc, &failure, out, err);
}

sf_status sfi_query_open_path(sf_client *sf, const char *path, const char *columns, const sf_query_options *o,
                              sf_query **out, sf_error *err)
{
    sf_status rc = check_options(o, columns, err);
    if (rc != SF_OK) return rc;
    sf_error failure = { 0 };
    sf_query *q = new_query(sf, o);
    if (q == NULL) return sfi_fail_memory(err, "a query");
    rc = sfi_columns_read(&q->columns, sfi_str(columns), &failure);
    if (rc == SF_OK) rc = ask_url(q, path, &failure);
    return load_first(q, rc, &failure, out, err);
}

int64_t sf_query_total(const sf_query *q)
{
    return q != NULL ? q->total_before + (q->total > 0 ? q->total : 0) : 0;
}

int64_t sf_query_delivered(const sf_query *q)
{
    return q != NULL ? q->delivered : 0;
}

const char *sf_query_resume_url(const sf_query *q)
{
    return q != NULL && q->plan.count <= 1 && q->end == SF_OK ? q->next_url : NULL;
}
