/* query_once.c: what is asked around a query and answered at once: COUNT(), the statement as text, the query plan.
 * Called by programs; owns nothing between calls, safe from any thread. The one idea: all three see the statement that
 * a cursor would send. */
#include "rest/query_internal.h"

static const sf_query_options no_options;

sf_status sf_query_count(sf_client *sf, const char *soql, const sf_query_options *options, int64_t *out, sf_error *err)
{
    if (sf == NULL || soql == NULL || out == NULL) return sfi_fail(err, SF_ERR_USAGE, "an argument is NULL");
    sfi_columns columns = { 0 };
    sf_status rc = sfi_columns_read(&columns, sfi_str(soql), err);
    bool is_other = columns.is_known && !columns.is_count;
    sfi_columns_clear(&columns);
    if (rc != SF_OK) return rc;
    if (is_other)
        return sfi_fail(err, SF_ERR_USAGE, "sf_query_count wants SELECT COUNT() FROM …, which answers with a number");
    sf_query *q = NULL;
    sf_value row;
    rc = sf_query_open(sf, soql, options, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) { /* a COUNT() has no rows */
    }
    if (rc == SF_DONE) {
        *out = sf_query_total(q);
        rc = SF_OK;
    }
    sf_query_close(q);
    return rc;
}

/* The first statement that a query would send. */
static sf_status first_statement(const char *soql, sf_binds binds, sfi_buf *out, sf_error *err)
{
    sfi_buf text = { 0 };
    sf_status rc = sfi_soql_bind(soql, binds, &text, err);
    char *owned = rc == SF_OK ? sfi_buf_take(&text) : NULL;
    sfi_buf_free(&text);
    if (rc == SF_OK && owned == NULL) rc = sfi_fail_memory(err, "a statement");
    if (rc != SF_OK) return rc;
    sfi_soql_plan plan;
    rc = sfi_soql_plan_make(owned, SF_QUERY_TEXT_MAX, &plan, err);
    if (rc != SF_OK) return rc;
    sfi_soql_plan_statement(&plan, 0, out);
    sfi_soql_plan_clear(&plan);
    return sfi_buf_status(out, err, "a statement");
}

sf_status sf_query_format(const char *soql, sf_binds binds, char **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sfi_buf text = { 0 };
    sf_status rc = first_statement(soql, binds, &text, err);
    if (rc == SF_OK) *out = sfi_buf_take(&text);
    if (rc == SF_OK && *out == NULL) rc = sfi_fail_memory(err, "a statement");
    sfi_buf_free(&text);
    return rc;
}

sf_status sf_query_explain(sf_client *sf, const char *soql, const sf_query_options *options, sf_document **out,
                           sf_error *err)
{
    enum { URL_TEXT_MAX = 15000 };
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    const sf_query_options *o = options != NULL ? options : &no_options;
    sfi_buf text = { 0 }, path = { 0 };
    sf_status rc = first_statement(soql, o->binds, &text, err);
    if (rc == SF_OK) {
        sfi_buf_add_str(&path, o->tooling ? "tooling/query?explain=" : "query?explain=");
        sfi_buf_add_urlencoded(&path, sfi_buf_str(&text));
        rc = sfi_buf_status(&path, err, "a query's URL");
    }
    if (rc == SF_OK && path.len > URL_TEXT_MAX)
        rc = sfi_fail(err, SF_ERR_LIMIT, "the statement is too long to be explained: %d bytes fit into a URL",
                      URL_TEXT_MAX);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "GET", .path = path.data, .options = o->call, .what = "explain" };
        rc = sfi_call_document(sf, &request, out, err);
    }
    sfi_buf_free(&path);
    sfi_buf_free(&text);
    return rc;
}
