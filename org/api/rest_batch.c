/* rest_batch.c: /composite/batch: parts that stand alone, in the order of the request; see composite.h. */
#include "api/composite.h"

/* v62.0/sobjects/… or the whole path. */
static void add_batch_url(sfi_buf *out, sf_str url)
{
    sf_str rest = url;
    if (!sfi_take_text(&rest, "/services/data/")) (void)sfi_take_text(&rest, "/");
    sfi_buf_add_str(out, "/services/data/");
    sfi_buf_add(out, rest.ptr, rest.len);
}

/* @return the part's status; 0: no memory. */
static int run_part(sfo_call *call, sf_value spec, sfi_json_writer *w)
{
    sfi_buf url = { 0 };
    sfi_buf body = { 0 };
    sf_value input = sf_get(spec, "richInput");
    sfi_json_writer b = sfi_json_write_to(&body);
    sfo_response *r = sfi_calloc(sizeof *r);
    if (r != NULL) sfo_response_init(r);
    add_batch_url(&url, sf_get_text(spec, "url"));
    if (sf_value_type(input) != SF_MISSING && sf_value_type(input) != SF_NULL) sfi_json_write_value(&b, input);
    int status = 0;
    if (r != NULL && !url.failed && !body.failed) {
        sfo_part_call(call, sfo_part_method(sf_get_str(spec, "method")), url.data,
                      body.len > 0 ? sfi_buf_str(&body) : SFI_STR(""), (sf_value){ 0 }, r);
        status = r->body.failed ? 0 : r->status;
        sfi_json_begin_object(w);
        sfi_json_key(w, "statusCode");
        sfi_json_int(w, status);
        sfi_json_key(w, "result");
        sfo_part_write_body(w, r);
        sfi_json_end_object(w);
    }
    if (r != NULL) sfi_buf_free(&r->body);
    sfi_free(r);
    sfi_buf_free(&url);
    sfi_buf_free(&body);
    return status;
}

/* The whole list is looked at before anything runs. false: the response says what is wrong. */
static bool check_list(sfo_call *call, sf_value list)
{
    size_t count = sf_value_type(list) == SF_ARRAY ? sf_value_count(list) : 0;
    if (count == 0 || count > SFO_PARTS_MAX) {
        sfo_answer_error(call, 400, count == 0 ? "JSON_PARSER_ERROR" : "LIMIT_EXCEEDED",
                         "batchRequests must be an array of 1 to %d parts, not %zu", SFO_PARTS_MAX, count);
        return false;
    }
    sf_value spec;
    size_t i = 0;
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &spec); i++) {
        const char *wrong = NULL;
        if (sfo_part_method(sf_get_str(spec, "method")) == NULL)
            wrong = "method must be GET, POST, PATCH, PUT, DELETE or HEAD";
        else if (sf_get_text(spec, "url").len == 0)
            wrong = "url is missing";
        if (wrong == NULL) continue;
        sfo_answer_error(call, 400, "INVALID_BATCH_REQUEST", "Part %zu of batchRequests: %s", i, wrong);
        return false;
    }
    return true;
}

void sfo_rest_batch(sfo_call *call)
{
    sf_value body;
    sf_value spec;
    if (!sfo_call_body(call, &body)) return;
    sf_value list = sf_get(body, "batchRequests");
    if (!check_list(call, list)) return;
    sfi_buf results = { 0 };
    sfi_json_writer w = sfi_json_write_to(&results);
    bool failed = false;
    bool halts = sf_get_bool(body, "haltOnError", false);
    sfi_json_begin_array(&w);
    sf_iter it = sf_iter_begin(list);
    while (sf_iter_next(&it, NULL, &spec)) {
        if (failed && halts) {
            sfi_json_raw_text(&w, SFI_STR("{\"statusCode\":412,\"result\":[{\"errorCode\":\"BATCH_PROCESSING_HALTED\","
                                          "\"message\":\"Batch processing halted per request\"}]}"));
            continue;
        }
        int status = run_part(call, spec, &w);
        if (status == 0) results.failed = true;
        failed = failed || status >= 400 || status == 300;
    }
    sfi_json_end_array(&w);
    w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "hasErrors");
    sfi_json_bool(&w, failed);
    sfi_json_key(&w, "results");
    sfi_json_raw_text(&w, sfi_buf_str(&results));
    sfi_json_end_object(&w);
    if (results.failed) call->response->body.failed = true;
    sfi_buf_free(&results);
}
