/* reports.c: the calls of reports.h. Called by programs; owns nothing between calls. The one idea: a run is a GET where
 * nothing is changed for it and a POST of what differs where something is, and both only read, so that either may be
 * repeated. What an answer means is report_result.c's. */
#include <salesforce/reports.h>
#include "base/wait_internal.h"
#include "rest/reports_internal.h"
#include "rest/rest_internal.h"

enum {
    WAIT_PAUSE_MS = 500,
    WAIT_PAUSE_MOST_MS = 10000,
    WAIT_MOST_MS = 86400000,
    METADATA_BYTES_MAX = 1 << 20 /* of a request's body */
};

static const sf_report_options no_options;
static const sf_report_wait_options no_wait_options;

static sf_status check(sf_client *sf, const char *id, const char *what, sf_error *err)
{
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    if (!sfi_rest_is_id(id)) return sfi_fail(err, SF_ERR_USAGE, "the %s's id is none: want 15 or 18 characters", what);
    return SF_OK;
}

/* ---- requests with a document, or nothing, as their answer ---- */

/* Below the collection: "analytics/reports/00O…/describe". */
static sf_status get_of(sf_client *sf, const char *collection, const char *id, const char *end, const char *what,
                        const sf_call_options *call, sf_document **out, sf_error *err)
{
    char path[160];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check(sf, id, what, err);
    if (rc != SF_OK) return rc;
    snprintf(path, sizeof path, "analytics/%s/%s%s", collection, id, end);
    return sfi_rest_get(sf, path, what, call, out, err);
}

static sf_status delete_path(sf_client *sf, const char *path, const char *what, const sf_call_options *call,
                             sf_error *err)
{
    sfi_answer answer;
    sfi_call_request request = { .method = "DELETE", .path = path, .options = call, .what = what };
    sf_status rc = sfi_call_run(sf, &request, &answer, err);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_report_list(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "analytics/reports", "reports", call, out, err);
}

sf_status sf_report_describe(sf_client *sf, const char *report_id, const sf_call_options *call, sf_document **out,
                             sf_error *err)
{
    return get_of(sf, "reports", report_id, "/describe", "report", call, out, err);
}

sf_status sf_report_types(sf_client *sf, const char *type, const sf_call_options *call, sf_document **out,
                          sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    if (type != NULL && (type[0] == '\0' || strlen(type) > SFI_REST_NAME_MAX))
        return sfi_fail(err, SF_ERR_USAGE, "the report type's name is empty, or longer than %d", SFI_REST_NAME_MAX);
    sfi_buf path = { 0 };
    sfi_buf_add_str(&path, "analytics/reportTypes");
    if (type != NULL) {
        sfi_buf_add_char(&path, '/');
        sfi_rest_add_value(&path, type);
    }
    sf_status rc = sfi_buf_status(&path, err, "a URL");
    if (rc == SF_OK) rc = sfi_rest_get(sf, path.data, "report types", call, out, err);
    sfi_buf_free(&path);
    return rc;
}

sf_status sf_report_instances(sf_client *sf, const char *report_id, const sf_call_options *call, sf_document **out,
                              sf_error *err)
{
    return get_of(sf, "reports", report_id, "/instances", "report", call, out, err);
}

sf_status sf_report_delete(sf_client *sf, const char *report_id, const sf_call_options *call, sf_error *err)
{
    char path[64];
    sf_status rc = check(sf, report_id, "report", err);
    if (rc != SF_OK) return rc;
    snprintf(path, sizeof path, "analytics/reports/%s", report_id);
    return delete_path(sf, path, "delete report", call, err);
}

/* "analytics/reports/00O…/instances/0LG…" */
static sf_status instance_path(sf_client *sf, const char *report_id, const char *instance_id, char path[96],
                               sf_error *err)
{
    sf_status rc = check(sf, report_id, "report", err);
    if (rc == SF_OK) rc = check(sf, instance_id, "run", err);
    if (rc == SF_OK) snprintf(path, 96, "analytics/reports/%s/instances/%s", report_id, instance_id);
    return rc;
}

sf_status sf_report_delete_instance(sf_client *sf, const char *report_id, const char *instance_id,
                                    const sf_call_options *call, sf_error *err)
{
    char path[96];
    sf_status rc = instance_path(sf, report_id, instance_id, path, err);
    return rc == SF_OK ? delete_path(sf, path, "delete report run", call, err) : rc;
}

/* ---- bodies: {"reportMetadata":{…}} ---- */

static void write_filters(sfi_json_writer *w, const sf_report_options *o)
{
    sfi_json_key(w, "reportFilters");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < o->filter_count; i++) {
        const sf_report_filter *f = &o->filters[i];
        sfi_json_begin_object(w);
        sfi_json_key(w, "column");
        sfi_json_string(w, f->column);
        sfi_json_key(w, "operator");
        sfi_json_string(w, f->op);
        sfi_json_key(w, "value");
        sfi_json_string(w, f->value != NULL ? f->value : "");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static bool is_replaced(const sf_report_options *o, sf_str key)
{
    bool filters = o->filter_count > 0 || o->no_filters;
    return (filters && (sfi_str_is(key, "reportFilters") || sfi_str_is(key, "reportBooleanFilter"))) ||
           (o->boolean_filter != NULL && sfi_str_is(key, "reportBooleanFilter"));
}

/* The members that are there already, then those that win over them. */
static void write_metadata(sfi_json_writer *w, sf_value given, const sf_report_options *o)
{
    sf_str key;
    sf_value v;
    sfi_json_begin_object(w);
    sfi_json_key(w, "reportMetadata");
    sfi_json_begin_object(w);
    for (sf_iter it = sf_iter_begin(given); sf_iter_next(&it, &key, &v);) {
        if (is_replaced(o, key)) continue;
        sfi_json_key_n(w, key);
        sfi_json_write_value(w, v);
    }
    if (o->filter_count > 0 || o->no_filters) write_filters(w, o);
    if (o->boolean_filter != NULL || o->filter_count > 0 || o->no_filters) {
        sfi_json_key(w, "reportBooleanFilter");
        sfi_json_string(w, o->boolean_filter);
    }
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

static sf_status check_options(const sf_report_options *o, sf_error *err)
{
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_report_options: reserved is not zero");
    if (o->filter_count > SF_REPORT_FILTERS_MAX || (o->filter_count > 0 && o->filters == NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sf_report_options: filters is NULL, or more than %d",
                        SF_REPORT_FILTERS_MAX);
    if (o->no_filters && (o->filter_count > 0 || o->boolean_filter != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "sf_report_options: no_filters stands together with filters");
    if (o->boolean_filter != NULL && !sfi_utf8_valid(o->boolean_filter, strlen(o->boolean_filter)))
        return sfi_fail(err, SF_ERR_USAGE, "sf_report_options: boolean_filter is not UTF-8");
    for (size_t i = 0; i < o->filter_count; i++) {
        const sf_report_filter *f = &o->filters[i];
        if (!sfi_is_zero(f->reserved, sizeof f->reserved))
            return sfi_fail(err, SF_ERR_USAGE, "sf_report_filter %zu: reserved is not zero", i + 1);
        if (f->column == NULL || f->column[0] == '\0' || f->op == NULL || f->op[0] == '\0')
            return sfi_fail(err, SF_ERR_USAGE, "sf_report_filter %zu: column or op is missing", i + 1);
        if (!sfi_utf8_valid(f->column, strlen(f->column)) || !sfi_utf8_valid(f->op, strlen(f->op)) ||
            (f->value != NULL && !sfi_utf8_valid(f->value, strlen(f->value))))
            return sfi_fail(err, SF_ERR_USAGE, "sf_report_filter %zu is not UTF-8", i + 1);
    }
    return SF_OK;
}

/* Parses a caller's metadata; also that of a describe, which has it one level deeper. */
static sf_status parse_metadata(const char *text, sf_document **doc, sf_value *out, sf_error *err)
{
    sf_status rc = sfi_rest_parse("the report's metadata", sfi_str(text), doc, err);
    if (rc != SF_OK) return rc;
    *out = sf_document_root(*doc);
    if (out->type == SF_OBJECT && sf_get(*out, "reportMetadata").type == SF_OBJECT)
        *out = sf_get(*out, "reportMetadata");
    return out->type == SF_OBJECT ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "the report's metadata is no JSON object");
}

static sf_status make_body(const char *metadata, const sf_report_options *o, sfi_buf *body, sf_error *err)
{
    sf_document *doc = NULL;
    sf_value given = { 0 };
    sf_status rc = check_options(o, err);
    if (rc == SF_OK && metadata != NULL) rc = parse_metadata(metadata, &doc, &given, err);
    if (rc == SF_OK) {
        body->max = METADATA_BYTES_MAX;
        sfi_json_writer w = sfi_json_write_to(body);
        write_metadata(&w, given, o);
        rc = sfi_buf_status(body, err, "a report's metadata");
    }
    sf_document_free(doc);
    return rc;
}

static bool changes_anything(const sf_report_options *o)
{
    return o->filter_count > 0 || o->no_filters || o->boolean_filter != NULL || o->metadata != NULL;
}

/* ---- running ---- */

/* A run at path, by the method that the options ask for. */
static sf_status run(sf_client *sf, const char *path, const sf_report_options *o, sf_report_result **out, sf_error *err)
{
    sfi_buf body = { 0 };
    sf_document *doc = NULL;
    bool post = changes_anything(o);
    sf_status rc = make_body(o->metadata, o, &body, err);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = post ? "POST" : "GET",
                                     .path = path,
                                     .body = post ? sfi_buf_str(&body) : (sf_str){ 0 },
                                     .repeatable = true,
                                     .options = o->call,
                                     .what = "run report" };
        rc = sfi_call_document(sf, &request, &doc, err);
    }
    if (rc == SF_OK) rc = sfi_report_result_new(doc, out, err);
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_report_run(sf_client *sf, const char *report_id, const sf_report_options *options, sf_report_result **out,
                        sf_error *err)
{
    char path[96];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check(sf, report_id, "report", err);
    if (rc != SF_OK) return rc;
    const sf_report_options *o = options != NULL ? options : &no_options;
    snprintf(path, sizeof path, "analytics/reports/%s?includeDetails=%s", report_id, o->no_details ? "false" : "true");
    return run(sf, path, o, out, err);
}

sf_status sf_report_query(sf_client *sf, const sf_report_options *options, sf_report_result **out, sf_error *err)
{
    char path[64];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    if (options == NULL || options->metadata == NULL)
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_report_options: a report that is not saved is all metadata, and has none");
    snprintf(path, sizeof path, "analytics/reports/query?includeDetails=%s", options->no_details ? "false" : "true");
    return run(sf, path, options, out, err);
}

sf_status sf_report_run_async(sf_client *sf, const char *report_id, const sf_report_options *options,
                              sf_report_instance *out, sf_error *err)
{
    char path[128];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    sf_status rc = check(sf, report_id, "report", err);
    if (rc != SF_OK) return rc;
    const sf_report_options *o = options != NULL ? options : &no_options;
    snprintf(path, sizeof path, "analytics/reports/%s/instances?includeDetails=%s", report_id,
             o->no_details ? "false" : "true");
    sfi_buf body = { 0 };
    sf_document *doc = NULL;
    rc = make_body(o->metadata, o, &body, err);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "POST",
                                     .path = path,
                                     .body = changes_anything(o) ? sfi_buf_str(&body) : (sf_str){ 0 },
                                     .options = o->call,
                                     .what = "run report in the background" };
        rc = sfi_call_document(sf, &request, &doc, err);
    }
    if (rc == SF_OK && !sf_report_read_instance(sf_document_root(doc), out))
        rc = sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                      "run report in the background: the org's answer has no \"id\", so it may run or not");
    sf_document_free(doc);
    sfi_buf_free(&body);
    return rc;
}

sf_report_state sfi_report_state_of(const char *word)
{
    static const char *const words[] = { "New", "Running", "Success", "Error" };
    for (size_t i = 0; word != NULL && i < SFI_COUNT_OF(words); i++)
        if (sfi_eq_nocase(word, words[i])) return (sf_report_state)(i + 1);
    return SF_REPORT_UNKNOWN;
}

bool sf_report_read_instance(sf_value v, sf_report_instance *out)
{
    sf_id id = sfi_id_make(sf_get_text(v, "id"));
    if (out == NULL || id.text[0] == '\0') return false;
    int64_t ms;
    *out = (sf_report_instance){ .id = id,
                                 .owner_id = sfi_id_make(sf_get_text(v, "ownerId")),
                                 .state = sfi_report_state_of(sf_get_str(v, "status")),
                                 .has_details = sf_get_bool(v, "hasDetailRows", false),
                                 .requested_ms = SF_NONE,
                                 .completed_ms = SF_NONE };
    if (sf_get_time_ms(v, "requestDate", &ms)) out->requested_ms = ms;
    if (sf_get_time_ms(v, "completionDate", &ms)) out->completed_ms = ms;
    return true;
}

sf_status sf_report_get_result(sf_client *sf, const char *report_id, const char *instance_id,
                               const sf_call_options *call, sf_report_result **out, sf_error *err)
{
    char path[96];
    sf_document *doc = NULL;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = instance_path(sf, report_id, instance_id, path, err);
    if (rc == SF_OK) rc = sfi_rest_get(sf, path, "report run", call, &doc, err);
    return rc == SF_OK ? sfi_report_result_new(doc, out, err) : rc;
}

/* ---- waiting ---- */

static sf_status wait_options(const sf_report_wait_options *o, int64_t *pause, int64_t *most, sf_error *err)
{
    *pause = o->pause_ms != 0 ? o->pause_ms : WAIT_PAUSE_MS;
    *most = o->pause_max_ms != 0 ? o->pause_max_ms : *pause > WAIT_PAUSE_MOST_MS ? *pause : WAIT_PAUSE_MOST_MS;
    if (!sfi_is_zero(o->reserved, sizeof o->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "sf_report_wait_options: reserved is not zero");
    if (*pause < 1 || *most < *pause || *most > WAIT_MOST_MS)
        return sfi_fail(err, SF_ERR_USAGE,
                        "sf_report_wait_options: want 1 <= pause_ms <= pause_max_ms <= %d milliseconds", WAIT_MOST_MS);
    return SF_OK;
}

/* SF_ROW: it goes on; else how it ended. */
static sf_status judge(const sf_report_result *r, sf_error *err)
{
    sf_report_info info;
    sf_report_get_info(r, &info);
    if (info.state == SF_REPORT_SUCCESS) return SF_OK;
    if (info.state == SF_REPORT_ERROR)
        return sfi_fail(err, SF_ERR_ORG, "the report's run failed: %s",
                        info.error != NULL ? info.error : "the org says no more");
    return SF_ROW;
}

sf_status sf_report_wait(sf_client *sf, const char *report_id, const char *instance_id,
                         const sf_report_wait_options *options, sf_report_result **out, sf_error *err)
{
    static const sf_call_options plain_call;
    const sf_report_wait_options *o = options != NULL ? options : &no_wait_options;
    int64_t pause, most;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = wait_options(o, &pause, &most, err);
    if (rc != SF_OK) return rc;
    sf_call_options call = o->call != NULL ? *o->call : plain_call;
    sfi_wait wait = { .deadline_ms = call.timeout_ms > 0 ? sfi_now_ms() + call.timeout_ms : 0, .cancel = call.cancel };
    for (;;) { /* ends with the run, an error, the deadline or the cancel token */
        sf_report_result *r = NULL;
        rc = sf_report_get_result(sf, report_id, instance_id, &call, &r, err);
        if (rc == SF_OK) rc = judge(r, err);
        if (rc == SF_OK) {
            *out = r;
            return SF_OK;
        }
        sf_report_close(r);
        if (rc == SF_ROW) rc = sfi_wait_pause(&wait, pause, "the report's run", err);
        if (rc != SF_OK) return rc;
        pause = pause > most / 2 ? most : pause * 2;
        if (wait.deadline_ms == 0) continue;
        call.timeout_ms = wait.deadline_ms - sfi_now_ms();
        if (call.timeout_ms < 1) call.timeout_ms = 1;
    }
}

/* ---- keeping reports ---- */

static sf_status write_report(sf_client *sf, const char *method, const char *path, const char *metadata,
                              const char *what, const sf_call_options *call, sf_document **out, sf_error *err)
{
    sfi_buf body = { 0 };
    if (metadata == NULL) return sfi_fail(err, SF_ERR_USAGE, "the report's metadata is NULL");
    sf_status rc = make_body(metadata, &no_options, &body, err);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = method,
                                     .path = path,
                                     .body = sfi_buf_str(&body),
                                     .repeatable = strcmp(method, "PATCH") == 0, /* sets what it says, however often */
                                     .options = call,
                                     .what = what };
        rc = sfi_call_document(sf, &request, out, err);
    }
    sfi_buf_free(&body);
    return rc;
}

sf_status sf_report_create(sf_client *sf, const char *metadata, const sf_call_options *call, sf_document **out,
                           sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client is NULL");
    return write_report(sf, "POST", "analytics/reports", metadata, "create report", call, out, err);
}

sf_status sf_report_clone(sf_client *sf, const char *report_id, const char *name, const char *folder_id,
                          const sf_call_options *call, sf_document **out, sf_error *err)
{
    char path[96];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check(sf, report_id, "report", err);
    if (rc == SF_OK && folder_id != NULL) rc = check(sf, folder_id, "folder", err);
    if (rc != SF_OK) return rc;
    if (name == NULL || name[0] == '\0' || !sfi_utf8_valid(name, strlen(name)))
        return sfi_fail(err, SF_ERR_USAGE, "the copy's name is missing, or not UTF-8");
    snprintf(path, sizeof path, "analytics/reports?cloneId=%s", report_id);
    sfi_buf metadata = { 0 };
    sfi_json_writer w = sfi_json_write_to(&metadata);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "name");
    sfi_json_string(&w, name);
    if (folder_id != NULL) {
        sfi_json_key(&w, "folderId");
        sfi_json_string(&w, folder_id);
    }
    sfi_json_end_object(&w);
    rc = sfi_buf_status(&metadata, err, "a report's metadata");
    if (rc == SF_OK) rc = write_report(sf, "POST", path, metadata.data, "clone report", call, out, err);
    sfi_buf_free(&metadata);
    return rc;
}

sf_status sf_report_save(sf_client *sf, const char *report_id, const char *metadata, const sf_call_options *call,
                         sf_document **out, sf_error *err)
{
    char path[64];
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    sf_status rc = check(sf, report_id, "report", err);
    if (rc != SF_OK) return rc;
    snprintf(path, sizeof path, "analytics/reports/%s", report_id);
    return write_report(sf, "PATCH", path, metadata, "save report", call, out, err);
}

/* ---- dashboards ---- */

sf_status sf_dashboard_list(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "analytics/dashboards", "dashboards", call, out, err);
}

sf_status sf_dashboard_get(sf_client *sf, const char *dashboard_id, const sf_call_options *call, sf_document **out,
                           sf_error *err)
{
    return get_of(sf, "dashboards", dashboard_id, "", "dashboard", call, out, err);
}

sf_status sf_dashboard_describe(sf_client *sf, const char *dashboard_id, const sf_call_options *call, sf_document **out,
                                sf_error *err)
{
    return get_of(sf, "dashboards", dashboard_id, "/describe", "dashboard", call, out, err);
}
