/* tooling.c: the calls of tooling.h. Called by programs; owns nothing but the document of a result. The one idea: running
 * Apex is a GET that does work, so it is the one GET that is never sent twice (client/decide.c knows its path). */
#include <salesforce/tooling.h>
#include "rest/rest_internal.h"

static const sf_tooling_run_options no_options;

/* ---- Apex ---- */

static void read_result(sf_tooling_result *out)
{
    sf_value root = sf_document_root(out->document);
    out->compiled = sf_get_bool(root, "compiled", false);
    out->success = sf_get_bool(root, "success", false);
    int64_t line = sf_get_int(root, "line", -1), column = sf_get_int(root, "column", -1);
    out->line = line >= 0 && line <= INT32_MAX ? (int32_t)line : -1;
    out->column = column >= 0 && column <= INT32_MAX ? (int32_t)column : -1;
    out->compile_problem = sf_get_str(root, "compileProblem");
    out->exception_message = sf_get_str(root, "exceptionMessage");
    out->exception_trace = sf_get_str(root, "exceptionStackTrace");
}

/* "System.DmlException: Insert failed" begins with a type; other texts do not. */
static sf_str type_of(const char *message)
{
    size_t n = strspn(message, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");
    return n > 0 && message[n] == ':' ? (sf_str){ message, n } : (sf_str){ NULL, 0 };
}

static sf_status judge(const sf_tooling_result *r, sf_error *err)
{
    if (r->compiled && r->success) return SF_OK;
    if (!r->compiled)
        return sfi_fail(err, SF_ERR_ORG, "Apex, line %d, column %d: %s", (int)r->line, (int)r->column,
                        r->compile_problem != NULL ? r->compile_problem : "it does not compile");
    const char *message = r->exception_message != NULL ? r->exception_message : "an exception without message";
    sf_status rc = r->line > 0 ? sfi_fail(err, SF_ERR_ORG, "Apex, line %d: %s", (int)r->line, message)
                               : sfi_fail(err, SF_ERR_ORG, "Apex: %s", message);
    sf_str type = type_of(message);
    if (type.len > 0) sfi_error_set_code(err, type);
    return rc;
}

static sf_status make_path(const char *apex, sfi_buf *path, sf_error *err)
{
    static const char before[] = "tooling/executeAnonymous/?anonymousBody=";
    sfi_buf_add_str(path, before);
    sfi_buf_add_urlencoded(path, sfi_str(apex));
    sf_status rc = sfi_buf_status(path, err, "a URL");
    size_t len = path->len - (sizeof before - 1);
    if (rc == SF_OK && len > SF_TOOLING_APEX_MAX)
        rc = sfi_fail(err, SF_ERR_LIMIT,
                      "the Apex is too long: %zu bytes, encoded, and %d fit into a URL: split it, or make it a class",
                      len, SF_TOOLING_APEX_MAX);
    return rc;
}

sf_status sf_tooling_run(sf_client *sf, const char *apex, const sf_tooling_run_options *options, sf_tooling_result *out,
                         sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = (sf_tooling_result){ .line = -1, .column = -1 };
    if (sf == NULL || apex == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the Apex is NULL");
    const sf_tooling_run_options *o = options != NULL ? options : &no_options;
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_tooling_run_options: reserved is not zero");
    if (!sfi_utf8_valid(apex, strlen(apex))) return sfi_fail(err, SF_ERR_USAGE, "the Apex is not valid UTF-8");
    sfi_buf path = { 0 };
    sf_status rc = make_path(apex, &path, err);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "GET", .path = path.data, .options = o->call, .what = "run Apex" };
        rc = sfi_call_document(sf, &request, &out->document, err);
    }
    if (rc == SF_OK) {
        read_result(out);
        if (sf_get(sf_document_root(out->document), "compiled").type != SF_BOOL)
            rc = sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                          "run Apex: the org's answer has no \"compiled\", so it may have run or not");
        else if (o->fail)
            rc = judge(out, err);
    }
    sfi_buf_free(&path);
    return rc;
}

void sf_tooling_result_clear(sf_tooling_result *result)
{
    if (result == NULL) return;
    sf_document_free(result->document);
    *result = (sf_tooling_result){ 0 };
}

/* ---- tests ---- */

static sf_status check_tests(const char *tests, sf_error *err)
{
    sf_document *doc = NULL;
    if (tests == NULL) return sfi_fail(err, SF_ERR_USAGE, "the tests are NULL");
    sf_status rc = sfi_rest_parse("the tests to run", sfi_str(tests), &doc, err);
    if (rc == SF_OK && sf_document_root(doc).type != SF_OBJECT)
        rc = sfi_fail(err, SF_ERR_USAGE, "the tests to run are no JSON object");
    sf_document_free(doc);
    return rc;
}

sf_status sf_tooling_run_tests(sf_client *sf, const char *tests, const sf_call_options *call, sf_document **out,
                               sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    sf_status rc = check_tests(tests, err);
    if (rc != SF_OK) return rc;
    sfi_call_request request = { .method = "POST",
                                 .path = "tooling/runTestsSynchronous",
                                 .body = sfi_str(tests),
                                 .repeatable = true, /* what tests write is undone */
                                 .options = call,
                                 .what = "run tests" };
    return sfi_call_document(sf, &request, out, err);
}

sf_status sf_tooling_queue_tests(sf_client *sf, const char *tests, const sf_call_options *call, sf_id *job,
                                 sf_error *err)
{
    if (sf == NULL || job == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or job is NULL");
    sf_document *doc = NULL;
    sf_status rc = check_tests(tests, err);
    if (rc != SF_OK) return rc;
    sfi_call_request request = { .method = "POST",
                                 .path = "tooling/runTestsAsynchronous",
                                 .body = sfi_str(tests),
                                 .options = call,
                                 .what = "queue tests" };
    rc = sfi_call_document(sf, &request, &doc, err);
    if (rc == SF_OK) {
        sf_id id = sfi_id_make(sf_get_text(sf_document_root(doc), NULL)); /* a bare string of 15 characters */
        if (id.text[0] == '\0')
            rc =
                sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME, "queue tests: the org's answer is no id, so they may run or not");
        else
            *job = id;
    }
    sf_document_free(doc);
    return rc;
}

/* ---- what there is ---- */

sf_status sf_tooling_describe_global(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "tooling/sobjects", "tooling objects", call, out, err);
}

sf_status sf_tooling_describe(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                              sf_error *err)
{
    char path[SFI_REST_NAME_MAX + 40];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (!sfi_rest_is_name(object)) return sfi_fail(err, SF_ERR_USAGE, "the object's name is none");
    snprintf(path, sizeof path, "tooling/sobjects/%s/describe", object);
    return sfi_rest_get(sf, path, "describe tooling object", call, out, err);
}

sf_status sf_tooling_completions(sf_client *sf, const char *type, const sf_call_options *call, sf_document **out,
                                 sf_error *err)
{
    char path[SFI_REST_NAME_MAX + 40];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (!sfi_rest_is_name(type)) return sfi_fail(err, SF_ERR_USAGE, "the type of completions is none");
    snprintf(path, sizeof path, "tooling/completions?type=%s", type);
    return sfi_rest_get(sf, path, "completions", call, out, err);
}
