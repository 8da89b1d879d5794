/* results.c: see results_internal.h. The one idea: once the org has answered with anything but a refusal of the whole, the work
 * may be done; so what cannot be understood then is an unknown outcome, not a failure that invites a repeat. */
#include "rest/results_internal.h"

bool sfi_result_failed(sf_value entry, const char *flag)
{
    return !sf_get_bool(entry, flag, false);
}

static sf_status unknown(sf_error *err, const sfi_call_request *request, int http_status, const char *why)
{
    (void)sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                   "%s: the org answered %d, so it may be done, but %s; look in the org before sending it again",
                   request->what, http_status, why);
    if (err != NULL) err->http_status = http_status;
    return SF_ERR_UNKNOWN_OUTCOME;
}

/* Fills the list. false: an entry is none. */
static sf_status take(sfi_results *r, const sfi_call_request *request, int http_status, size_t expected, sf_error *err)
{
    sf_value root = sf_document_root(r->doc), v;
    size_t count = sf_value_count(root);
    char why[120];
    if (sf_value_type(root) != SF_ARRAY) return unknown(err, request, http_status, "its answer is no list of results");
    if (count != expected) {
        (void)snprintf(why, sizeof why, "it has %zu results for %zu of what was sent", count, expected);
        return unknown(err, request, http_status, why);
    }
    r->list = sfi_calloc_n(count, sizeof *r->list);
    if (r->list == NULL) return unknown(err, request, http_status, "there is no memory for its results");
    for (sf_iter it = sf_iter_begin(root); sf_iter_next(&it, NULL, &v);) {
        if (sf_value_type(sf_get(v, r->flag)) != SF_BOOL)
            return unknown(err, request, http_status, "a result does not say whether it was done");
        r->failed += sfi_result_failed(v, r->flag);
        r->list[r->count++] = v;
    }
    return SF_OK;
}

sf_status sfi_results_run(sf_client *sf, sfi_call_request *request, const char *flag, size_t expected, sfi_results *out,
                          sf_error *err)
{
    sfi_answer answer = { 0 };
    sfi_results r = { .flag = flag };
    request->method = "POST";
    request->parts_flag = flag;
    sf_status rc = sfi_call_run(sf, request, &answer, err);
    int http_status = answer.status;
    if (rc == SF_OK) {
        rc = sfi_answer_document(sf, &answer, &r.doc, err);
        if (rc != SF_OK) rc = sfi_fail_unread(request->what, http_status, err);
    }
    if (rc == SF_OK) rc = take(&r, request, http_status, expected, err);
    if (rc == SF_OK) {
        *out = r;
        r = (sfi_results){ 0 };
    }
    sfi_results_clear(&r);
    sfi_answer_clear(&answer);
    return rc;
}

void sfi_results_clear(sfi_results *r)
{
    sf_document_free(r->doc);
    sfi_free(r->list);
    *r = (sfi_results){ 0 };
}

sf_status sfi_result_check(sf_value entry, const char *flag, const char *what, sf_error *err)
{
    if (!sfi_result_failed(entry, flag)) return SF_OK;
    if (sf_value_count(sf_get(entry, "errors")) > 0) return sfi_error_from_value(400, entry, what, err);
    return sfi_fail(err, SF_ERR_ORG, "%s: the org says that it failed, but not why", what);
}
