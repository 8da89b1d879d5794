/* bulk2_data.c: what goes up and comes down in Bulk API 2.0: uploads, results, pages of a query; see bulk2.h. */
#include <salesforce/bulk2.h>
#include "bulk/bulk2_internal.h"

/* ---- up ---- */
static sf_status upload(sf_client *sf, const char *job, const sf_source *source, const sfi_direct *direct, sf_str text,
                        const sf_call_options *call, sf_error *err)
{
    char path[SFI_BULK2_PATH_BYTES];
    sfi_answer answer = { 0 };
    sf_status rc = sfi_bulk2_path(sf, SF_JOB_INGEST, job, "/batches", path, err);
    if (rc != SF_OK) return rc;
    int64_t length = source != NULL ? source->length : (int64_t)text.len;
    if (length > SF_BULK2_UPLOAD_MAX)
        return sfi_fail(err, SF_ERR_LIMIT,
                        "an upload of %lld bytes: a bulk job takes at most %d; split it (sf_bulk_load does)",
                        (long long)length, SF_BULK2_UPLOAD_MAX);
    const sfi_call_request request = { .method = "PUT",
                                       .path = path,
                                       .source = source,
                                       .direct = direct,
                                       .body = text,
                                       .content_type = "text/csv",
                                       .once = true,
                                       .options = call,
                                       .what = "upload to a bulk job" };
    rc = sfi_call_run(sf, &request, &answer, err);
    sf_str type = sfi_answer_header(&answer, "Content-Type");
    bool is_page = answer.status != 201 && answer.body_len > 0 && sfi_content_type_is(type, "text/html");
    if (rc == SF_OK && is_page) { /* somebody else's: the org, which answers 201 and nothing, has no data of it */
        sf_error why;
        (void)sfi_error_from_answer(answer.status, type, (sf_str){ answer.body, answer.body_len }, request.what, &why);
        rc = sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME, "the upload was answered, though not by the org (%.400s)",
                      why.message);
    }
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_bulk2_upload(sf_client *sf, const char *job, const sf_source *csv, const sf_call_options *call,
                          sf_error *err)
{
    if (csv == NULL || csv->read == NULL) return sfi_fail(err, SF_ERR_USAGE, "csv has no read");
    return upload(sf, job, csv, NULL, (sf_str){ NULL, 0 }, call, err);
}

sf_status sfi_bulk2_upload_direct(sf_client *sf, const char *job, const sf_source *csv, const sfi_direct *direct,
                                  const sf_call_options *call, sf_error *err)
{
    return upload(sf, job, csv, direct, (sf_str){ NULL, 0 }, call, err);
}

sf_status sf_bulk2_upload_text(sf_client *sf, const char *job, sf_str csv, const sf_call_options *call, sf_error *err)
{
    if (csv.ptr == NULL) return sfi_fail(err, SF_ERR_USAGE, "csv is NULL");
    return upload(sf, job, NULL, NULL, csv, call, err);
}

/* ---- down ---- */
static sf_status download_of(const char *path, const sf_sink *sink, const char *what, const sf_call_options *call,
                             sfi_call_request *out, sf_error *err)
{
    if (sink == NULL || sink->write == NULL) return sfi_fail(err, SF_ERR_USAGE, "sink has no write");
    *out = (sfi_call_request){ .method = "GET",
                               .path = path,
                               .sink = sink,
                               .headers = { { SFI_STR("Accept"), SFI_STR("text/csv") } },
                               .header_count = 1,
                               .options = call,
                               .what = what };
    return SF_OK;
}

sf_status sf_bulk2_get_results(sf_client *sf, const char *job, sf_bulk2_results which, const sf_sink *sink,
                               const sf_call_options *call, sf_error *err)
{
    static const char *const tails[] = { "", "/successfulResults/", "/failedResults/", "/unprocessedrecords/" };
    char path[SFI_BULK2_PATH_BYTES];
    sfi_answer answer = { 0 };
    if (which < SF_RESULTS_SUCCESSFUL || which > SF_RESULTS_UNPROCESSED)
        return sfi_fail(err, SF_ERR_USAGE, "which is %d; want SF_RESULTS_SUCCESSFUL, _FAILED or _UNPROCESSED",
                        (int)which);
    sf_status rc = sfi_bulk2_path(sf, SF_JOB_INGEST, job, tails[which], path, err);
    sfi_call_request request;
    if (rc == SF_OK) rc = download_of(path, sink, "results of a bulk job", call, &request, err);
    if (rc == SF_OK) rc = sfi_call_run(sf, &request, &answer, err);
    sfi_answer_clear(&answer);
    return rc;
}

/* What the headers of a page say. */
static sf_status read_page(const sfi_answer *answer, sf_bulk2_page *out, sf_error *err)
{
    sf_str rows = sfi_answer_header(answer, "Sforce-NumberOfRecords");
    sf_str locator = sfi_answer_header(answer, "Sforce-Locator");
    sf_bulk2_page page = { .rows = 0 };
    if (answer->status == 204)
        return sfi_fail(err, SF_ERR_ORG,
                        "the bulk query is not complete: it has no results yet; wait for it, or see why it failed");
    if (rows.ptr == NULL || !sfi_parse_int(rows, &page.rows) || page.rows < 0)
        return sfi_fail(err, SF_ERR_PROTOCOL,
                        "a page of a bulk query without the number of its rows "
                        "(Sforce-NumberOfRecords)");
    if (locator.len >= sizeof page.locator)
        return sfi_fail(err, SF_ERR_LIMIT, "a locator of %zu bytes: at most %zu", locator.len, sizeof page.locator - 1);
    if (!sfi_str_is(locator, "null") && locator.len > 0) memcpy(page.locator, locator.ptr, locator.len);
    *out = page;
    return SF_OK;
}

sf_status sfi_bulk2_page_begin(sf_client *sf, const char *job, const sf_bulk2_page_options *options,
                               const sf_sink *sink, sfi_call **out, sf_error *err)
{
    static const sf_bulk2_page_options none;
    const sf_bulk2_page_options *o = options != NULL ? options : &none;
    char path[SFI_BULK2_PATH_BYTES];
    sfi_buf full = { .max = 4096 };
    *out = NULL;
    if (o->rows_max < 0)
        return sfi_fail(err, SF_ERR_USAGE, "rows_max is %lld; want 1 or more, or 0", (long long)o->rows_max);
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_bulk2_page_options: reserved is not zero");
    sf_status rc = sfi_bulk2_path(sf, SF_JOB_QUERY, job, "/results", path, err);
    if (rc != SF_OK) return rc;
    bool has_locator = o->locator != NULL && o->locator[0] != '\0';
    sfi_buf_add_str(&full, path);
    if (has_locator) {
        sfi_buf_add_str(&full, "?locator=");
        sfi_buf_add_urlencoded(&full, sfi_str(o->locator));
    }
    if (o->rows_max > 0) sfi_buf_addf(&full, "%cmaxRecords=%lld", has_locator ? '&' : '?', (long long)o->rows_max);
    rc = sfi_buf_status(&full, err, "the path of a page");
    sfi_call_request request;
    if (rc == SF_OK) rc = download_of(full.data, sink, "a page of a bulk query", o->call, &request, err);
    if (rc == SF_OK) rc = sfi_call_begin(sf, &request, out, err);
    sfi_buf_free(&full);
    return rc;
}

sf_status sfi_bulk2_page_finish(sfi_call *call, sf_bulk2_page *out, sf_error *err)
{
    sfi_answer answer = { 0 };
    sf_status rc = sfi_call_finish(call, &answer, err);
    if (rc == SF_OK) rc = read_page(&answer, out, err);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_bulk2_get_page(sf_client *sf, const char *job, const sf_bulk2_page_options *options, const sf_sink *sink,
                            sf_bulk2_page *out, sf_error *err)
{
    sfi_call *call;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    sf_status rc = sfi_bulk2_page_begin(sf, job, options, sink, &call, err);
    return rc == SF_OK ? sfi_bulk2_page_finish(call, out, err) : rc;
}
