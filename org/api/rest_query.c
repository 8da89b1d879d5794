/* rest_query.c: SOQL over REST: query, queryAll, their further pages, explain, columns. */
#include "api/rest.h"

/* batchSize of Sforce-Query-Options; 0: none, or not a number. */
static int batch_size(const sfo_call *call)
{
    int64_t size = 0;
    sf_str text = sfo_header_attribute(sfo_call_header(call, "Sforce-Query-Options"), "batchSize");
    return text.ptr != NULL && sfi_parse_int(text, &size) && size > 0 && size < 1000000 ? (int)size : 0;
}

static void answer_result(sfo_call *call, bool ok, sfo_fault *fault)
{
    if (!ok)
        sfo_answer_fault(call, fault);
    else
        sfo_fault_clear(fault);
}

/* A statement, or the id of a report or of a list view, which stand for theirs. */
static void explain(sfo_call *call, sf_str what)
{
    sfo_fault fault = { 0 };
    sfi_buf soql = { 0 };
    sf_id id = sfi_id_make(what);
    bool is_id = id.text[0] != '\0', is_report = is_id && strncmp(id.text, "00O", 3) == 0;
    if (is_report && !sfo_call_report_soql(call, what, &soql)) goto done;
    if (is_id && !is_report && !sfo_list_view_soql(call->org->schema, what, &soql)) {
        sfo_answer_not_found(call);
        goto done;
    }
    (void)sfo_answer_json(call, 200);
    answer_result(call,
                  sfo_soql_explain(call->org->store, &call->context, is_id ? sfi_buf_str(&soql) : what,
                                   &call->response->body, &fault),
                  &fault);
done:
    sfi_buf_free(&soql);
}

static void touch(void *user, const char *id)
{
    sfo_call_touch(user, id);
}

static void query(sfo_call *call, bool all_rows)
{
    sfo_fault fault = { 0 };
    sf_str wanted = sfo_params_get(&call->query, "explain");
    sf_str soql = sfo_params_get(&call->query, "q");
    if (wanted.ptr == NULL && soql.ptr == NULL) {
        sfo_answer_error(call, 400, "MALFORMED_QUERY", "A query is required: say it in the parameter q");
        return;
    }
    if (wanted.ptr != NULL) {
        explain(call, wanted);
        return;
    }
    (void)sfo_answer_json(call, 200);
    sfi_buf *out = &call->response->body;
    if (sfi_str_is_nocase(sfo_params_get(&call->query, "columns"), "true")) {
        answer_result(call, sfo_soql_columns(call->org->store, &call->context, soql, out, &fault), &fault);
        return;
    }
    sfo_query_options options = { .all_rows = all_rows, .batch_size = batch_size(call), .viewed = touch, .user = call };
    answer_result(call, sfo_soql_query(call->org->store, &call->context, soql, &options, out, &fault), &fault);
}

void sfo_rest_query(sfo_call *call)
{
    query(call, false);
}

void sfo_rest_query_all(sfo_call *call)
{
    query(call, true);
}

static void query_more(sfo_call *call, bool all_rows)
{
    sfo_fault fault = { 0 };
    sfo_query_options options = { .all_rows = all_rows, .batch_size = batch_size(call) };
    (void)sfo_answer_json(call, 200);
    bool ok = sfo_soql_more(call->org->store, &call->context, call->args[0], &options, &call->response->body, &fault);
    answer_result(call, ok, &fault);
}

void sfo_rest_query_more(sfo_call *call)
{
    query_more(call, false);
}

void sfo_rest_query_all_more(sfo_call *call)
{
    query_more(call, true);
}
