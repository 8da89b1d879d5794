/* rest.c: the table of REST resources, and those that tell about the org itself: versions, resources, limits. */
#include "api/rest.h"
#include "api/reports.h"

/* ---- versions ---- */
/* Three releases a year; the number says which: 31.0 is Summer '14. */
static void write_label(int version, char *out, size_t size)
{
    static const char *const seasons[] = { "Winter", "Spring", "Summer" };
    int since = version - 32; /* 32.0 is Winter '15 */
    int season = ((since % 3) + 3) % 3;
    int year = 15 + (since - season) / 3;
    snprintf(out, size, "%s %s%02d", seasons[season], version == 42 ? "\u2019" : "'",
             year); /* 42.0 has the curly one, as real orgs do */
}

void sfo_versions(sfo_call *call)
{
    const char *method = call->request->method;
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        sfo_response_header(call->response, "Allow", "GET,HEAD");
        sfo_answer_error(call, 405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are GET,HEAD", method);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (int version = SFO_VERSION_MIN; version <= SFO_VERSION_MAX; version++) {
        char text[64];
        write_label(version, text, sizeof text);
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "label");
        sfi_json_string(&w, text);
        snprintf(text, sizeof text, "/services/data/v%d.0", version);
        sfi_json_key(&w, "url");
        sfi_json_string(&w, text);
        snprintf(text, sizeof text, "%d.0", version);
        sfi_json_key(&w, "version");
        sfi_json_string(&w, text);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
}

/* ---- resources ---- */
static void resources(sfo_call *call)
{
    static const char *const names[] = {
        "tooling",
        "metadata",
        "eclair",
        "folders",
        "prechatForms",
        "contactTracing",
        "jobs",
        "chatter",
        "payments",
        "tabs",
        "appMenu",
        "quickActions",
        "queryAll",
        "commerce",
        "wave",
        "iot",
        "analytics",
        "search",
        "smartdatadiscovery",
        "identity",
        "composite",
        "graphql",
        "parameterizedSearch",
        "fingerprint",
        "theme",
        "nouns",
        "domino",
        "event",
        "serviceTemplates",
        "recent",
        "connect",
        "licensing",
        "limits",
        "process",
        "dedupe",
        "async-queries",
        "query",
        "emailConnect",
        "compactLayouts",
        "knowledgeManagement",
        "sobjects",
        "actions",
        "support",
    };
    char text[256];
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        sfi_json_key(&w, names[i]);
        if (strcmp(names[i], "identity") == 0)
            snprintf(text, sizeof text, "%.150s/id/%s/%s", sfo_call_base_url(call), sfo_store_org_id(call->org->store),
                     call->user.text);
        else
            snprintf(text, sizeof text, "/services/data/v%s/%s", call->version, names[i]);
        sfi_json_string(&w, text);
    }
    sfi_json_end_object(&w);
}

/* ---- limits ---- */
static void write_limit(sfi_json_writer *w, const char *name, int64_t max, int64_t remaining)
{
    sfi_json_key(w, name);
    sfi_json_begin_object(w);
    sfi_json_key(w, "Max");
    sfi_json_int(w, max);
    sfi_json_key(w, "Remaining");
    sfi_json_int(w, remaining > 0 ? remaining : 0);
    sfi_json_end_object(w);
}

static void limits(sfo_call *call)
{
    static const struct {
        const char *name;
        int64_t max;
    } known[] = {
        { "AnalyticsExternalDataSizeMB", 40960 },
        { "ConcurrentAsyncGetReportInstances", 200 },
        { "ConcurrentSyncReportRuns", 20 },
        { "ContentPublicationLimit", 2500 },
        { "DailyApiRequests", 0 },
        { "DailyAsyncApexExecutions", 250000 },
        { "DailyAsyncApexTests", 500 },
        { "DailyBulkApiBatches", 0 },
        { "DailyBulkV2QueryFileStorageMB", 976562 },
        { "DailyBulkV2QueryJobs", 0 },
        { "DailyDeliveredPlatformEvents", 10000 },
        { "DailyDurableGenericStreamingApiEvents", 10000 },
        { "DailyDurableStreamingApiEvents", 10000 },
        { "DailyGenericStreamingApiEvents", 10000 },
        { "DailyStandardVolumePlatformEvents", 10000 },
        { "DailyStreamingApiEvents", 10000 },
        { "DailyWorkflowEmails", 8040 },
        { "DataStorageMB", 5 },
        { "DurableStreamingApiConcurrentClients", 20 },
        { "FileStorageMB", 20 },
        { "HourlyAsyncReportRuns", 1200 },
        { "HourlyDashboardRefreshes", 200 },
        { "HourlyDashboardResults", 5000 },
        { "HourlyDashboardStatuses", 999999999 },
        { "HourlyLongTermIdMapping", 100000 },
        { "HourlyODataCallout", 1000 },
        { "HourlyPublishedPlatformEvents", 50000 },
        { "HourlyPublishedStandardVolumePlatformEvents", 1000 },
        { "HourlyShortTermIdMapping", 100000 },
        { "HourlySyncReportRuns", 500 },
        { "HourlyTimeBasedWorkflow", 50 },
        { "MassEmail", 10 },
        { "MonthlyPlatformEventsUsageEntitlement", 0 },
        { "PermissionSets", 1500 },
        { "SingleEmail", 15 },
        { "StreamingApiConcurrentClients", 20 },
    };
    int64_t api_max = call->org->options.api_max;
    sfo_bulk_left bulk;
    sfo_fault fault = { 0 };
    if (!sfo_bulk_left_get(call->org->bulk, &bulk, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(known); i++) {
        if (strcmp(known[i].name, "DailyApiRequests") == 0)
            write_limit(&w, known[i].name, api_max, api_max - sfo_stats_api_used(call->org->stats));
        else if (strcmp(known[i].name, "DailyBulkApiBatches") == 0)
            write_limit(&w, known[i].name, bulk.batches_max, bulk.batches);
        else if (strcmp(known[i].name, "DailyBulkV2QueryJobs") == 0)
            write_limit(&w, known[i].name, bulk.query_jobs_max, bulk.query_jobs);
        else if (strcmp(known[i].name, "HourlySyncReportRuns") == 0)
            write_limit(&w, known[i].name, known[i].max, sfo_reports_runs_left(call->org->reports, false));
        else if (strcmp(known[i].name, "HourlyAsyncReportRuns") == 0)
            write_limit(&w, known[i].name, known[i].max, sfo_reports_runs_left(call->org->reports, true));
        else
            write_limit(&w, known[i].name, known[i].max, known[i].max);
    }
    sfi_json_end_object(&w);
}

/* -1: the table cannot be counted. */
static int64_t count_rows(sfo_call *call, const sfo_object *o)
{
    char *sql = sqlite3_mprintf(sfo_object_field(o, SFI_STR("IsDeleted")) != NULL
                                    ? "SELECT count(*) FROM \"%w\" WHERE IsDeleted = 0"
                                    : "SELECT count(*) FROM \"%w\"",
                                o->name);
    sqlite3_stmt *stmt = NULL;
    int64_t count = -1;
    sfo_store_lock(call->org->store);
    if (sql != NULL && sqlite3_prepare_v2(sfo_store_db(call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        count = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sfo_store_unlock(call->org->store);
    sqlite3_free(sql);
    return count;
}

static void write_record_count(sfo_call *call, sfi_json_writer *w, const sfo_object *o)
{
    enum { EMPTY_SHOWN_FROM = 62 }; /* older versions leave objects without rows out */
    int64_t count = o != NULL && !o->is_event ? count_rows(call, o) : -1;
    if (count < 0 || (count == 0 && call->version_number < EMPTY_SHOWN_FROM)) return;
    sfi_json_begin_object(w);
    sfi_json_key(w, "count");
    sfi_json_int(w, count);
    sfi_json_key(w, "name");
    sfi_json_string(w, o->name);
    sfi_json_end_object(w);
}

static void record_count(sfo_call *call)
{
    sf_str names = sfo_params_get(&call->query, "sObjects");
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "sObjects");
    sfi_json_begin_array(&w);
    if (names.len == 0) /* sf sends an empty list for all */
        for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++)
            write_record_count(call, &w, sfo_schema_at(call->org->schema, i));
    for (sf_str name; sfo_next_piece(&names, &name);)
        write_record_count(call, &w, sfo_schema_object(call->org->schema, name));
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

/* ---- the table ---- */
static const sfo_route routes[] = {
    { "GET", "", resources },
    { "GET", "actions", sfo_rest_actions },
    { "GET", "actions/standard", sfo_rest_actions_standard },
    { "GET", "actions/standard/*", sfo_rest_action_standard },
    { "POST", "actions/standard/*", sfo_rest_action_standard },
    { "GET", "actions/custom", sfo_rest_actions_custom },
    { "GET", "actions/custom/*", sfo_rest_actions_kind },
    { "GET", "actions/custom/*/*", sfo_rest_action_custom },
    { "POST", "actions/custom/*/*", sfo_rest_action_custom },
    { "GET", "actions/custom/*/*/*", sfo_rest_action_of_object },
    { "POST", "actions/custom/*/*/*", sfo_rest_action_of_object },
    { "GET", "analytics/dashboards", sfo_rest_dashboards },
    { "GET", "analytics/dashboards/*", sfo_rest_dashboard },
    { "GET", "analytics/dashboards/*/*", sfo_rest_dashboard },
    { "GET", "analytics/notifications", sfo_rest_dashboards },
    { "GET", "analytics/reports", sfo_rest_reports },
    { "POST", "analytics/reports", sfo_rest_report_create },
    { "POST", "analytics/reports/query", sfo_rest_report_query },
    { "GET", "analytics/reports/*", sfo_rest_report_run },
    { "POST", "analytics/reports/*", sfo_rest_report_run },
    { "PATCH", "analytics/reports/*", sfo_rest_report_save },
    { "DELETE", "analytics/reports/*", sfo_rest_report_delete },
    { "GET", "analytics/reports/*/describe", sfo_rest_report_describe },
    { "GET", "analytics/reports/*/instances", sfo_rest_report_instances },
    { "POST", "analytics/reports/*/instances", sfo_rest_report_run_async },
    { "GET", "analytics/reports/*/instances/*", sfo_rest_report_instance },
    { "DELETE", "analytics/reports/*/instances/*", sfo_rest_report_delete_instance },
    { "GET", "analytics/reportTypes", sfo_rest_report_types },
    { "GET", "analytics/reportTypes/*", sfo_rest_report_type },
    { "GET", "tooling", sfo_rest_tooling },
    { "GET", "tooling/sobjects", sfo_rest_tooling_objects },
    { "GET", "tooling/describe", sfo_rest_tooling_objects },
    { "GET", "tooling/sobjects/*/describe", sfo_rest_tooling_describe },
    { "POST", "tooling/sobjects/*", sfo_rest_tooling_create },
    { "GET", "tooling/sobjects/*/*", sfo_rest_tooling_get },
    { "PATCH", "tooling/sobjects/*/*", sfo_rest_tooling_update },
    { "DELETE", "tooling/sobjects/*/*", sfo_rest_tooling_delete },
    { "GET", "tooling/query", sfo_rest_tooling_query },
    { "GET", "tooling/query/*", sfo_rest_tooling_query_more },
    { "GET", "tooling/search", sfo_rest_search },
    { "GET", "tooling/executeAnonymous", sfo_rest_execute_anonymous },
    { "GET", "tooling/completions", sfo_rest_completions },
    { "POST", "tooling/runTestsSynchronous", sfo_rest_run_tests },
    { "POST", "tooling/runTestsAsynchronous", sfo_rest_run_tests },
    { "GET", "composite", sfo_rest_composite_resources },
    { "POST", "composite", sfo_rest_composite },
    { "POST", "composite/batch", sfo_rest_batch },
    { "POST", "composite/graph", sfo_rest_graph },
    { "POST", "composite/tree/*", sfo_rest_tree },
    { "POST", "composite/sobjects", sfo_rest_collection_create },
    { "PATCH", "composite/sobjects", sfo_rest_collection_update },
    { "DELETE", "composite/sobjects", sfo_rest_collection_delete },
    { "GET", "composite/sobjects/*", sfo_rest_collection_get },
    { "POST", "composite/sobjects/*", sfo_rest_collection_get },
    { "PATCH", "composite/sobjects/*/*", sfo_rest_collection_upsert },
    { "POST", "jobs/ingest", sfo_rest_ingest_create },
    { "GET", "jobs/ingest", sfo_rest_ingest_list },
    { "GET", "jobs/ingest/*", sfo_rest_ingest_info },
    { "PATCH", "jobs/ingest/*", sfo_rest_ingest_patch },
    { "DELETE", "jobs/ingest/*", sfo_rest_ingest_delete },
    { "PUT", "jobs/ingest/*/batches", sfo_rest_ingest_upload },
    { "GET", "jobs/ingest/*/successfulResults", sfo_rest_ingest_successful },
    { "GET", "jobs/ingest/*/failedResults", sfo_rest_ingest_failed },
    { "GET", "jobs/ingest/*/unprocessedrecords", sfo_rest_ingest_unprocessed },
    { "POST", "jobs/query", sfo_rest_query_job_create },
    { "GET", "jobs/query", sfo_rest_query_job_list },
    { "GET", "jobs/query/*", sfo_rest_query_job_info },
    { "PATCH", "jobs/query/*", sfo_rest_query_job_patch },
    { "DELETE", "jobs/query/*", sfo_rest_query_job_delete },
    { "GET", "jobs/query/*/results", sfo_rest_query_job_results },
    { "GET", "jobs/query/*/resultPages", sfo_rest_query_job_pages },
    { "GET", "appMenu", sfo_rest_app_menus },
    { "GET", "appMenu/*", sfo_rest_app_menu },
    { "GET", "compactLayouts", sfo_rest_all_compact_layouts },
    { "GET", "recent", sfo_rest_recent },
    { "GET", "tabs", sfo_rest_tabs },
    { "GET", "theme", sfo_rest_theme },
    { "GET", "ui-api/object-info/*", sfo_rest_ui_object_info },
    { "GET", "ui-api/object-info/*/picklist-values/*", sfo_rest_ui_picklists },
    { "GET", "ui-api/object-info/*/picklist-values/*/*", sfo_rest_ui_picklist },
    { "POST", "ui-api/records", sfo_rest_ui_record_create },
    { "GET", "ui-api/records/*", sfo_rest_ui_record_get },
    { "PATCH", "ui-api/records/*", sfo_rest_ui_record_update },
    { "DELETE", "ui-api/records/*", sfo_rest_ui_record_delete },
    { "POST", "graphql", sfo_rest_graphql },
    { "GET", "limits", limits },
    { "GET", "limits/recordCount", record_count },
    { "GET", "parameterizedSearch", sfo_rest_parameterized_search },
    { "POST", "parameterizedSearch", sfo_rest_parameterized_search },
    { "GET", "process/approvals", sfo_rest_approvals },
    { "POST", "process/approvals", sfo_rest_process },
    { "GET", "process/rules", sfo_rest_rules },
    { "POST", "process/rules", sfo_rest_rules_trigger },
    { "GET", "process/rules/*", sfo_rest_rules },
    { "POST", "process/rules/*", sfo_rest_rules_trigger },
    { "GET", "process/rules/*/*", sfo_rest_rule },
    { "GET", "query", sfo_rest_query },
    { "GET", "query/*", sfo_rest_query_more },
    { "GET", "queryAll", sfo_rest_query_all },
    { "GET", "queryAll/*", sfo_rest_query_all_more },
    { "GET", "quickActions", sfo_rest_quick_actions },
    { "GET", "quickActions/*", sfo_rest_quick_action },
    { "POST", "quickActions/*", sfo_rest_quick_invoke },
    { "GET", "quickActions/*/describe", sfo_rest_quick_describe },
    { "GET", "quickActions/*/defaultValues", sfo_rest_quick_defaults },
    { "GET", "quickActions/*/defaultValues/*", sfo_rest_quick_defaults },
    { "GET", "search", sfo_rest_search },
    { "GET", "search/scopeOrder", sfo_rest_search_scope },
    { "GET", "search/suggestions", sfo_rest_search_suggestions },
    { "GET", "sobjects", sfo_rest_describe_global },
    { "GET", "sobjects/*", sfo_rest_basic_info },
    { "POST", "sobjects/*", sfo_rest_create },
    { "GET", "sobjects/*/describe", sfo_rest_describe },
    { "GET", "sobjects/*/eventSchema", sfo_rest_event_schema },
    { "GET", "event/eventSchema/*", sfo_rest_event_schema_of_id },
    { "GET", "sobjects/*/quickActions", sfo_rest_quick_actions },
    { "GET", "sobjects/*/quickActions/*", sfo_rest_quick_action },
    { "POST", "sobjects/*/quickActions/*", sfo_rest_quick_invoke },
    { "GET", "sobjects/*/quickActions/*/describe", sfo_rest_quick_describe },
    { "GET", "sobjects/*/quickActions/*/defaultValues", sfo_rest_quick_defaults },
    { "GET", "sobjects/*/quickActions/*/defaultValues/*", sfo_rest_quick_defaults },
    { "GET", "sobjects/*/listviews", sfo_rest_list_views },
    { "GET", "sobjects/*/listviews/*", sfo_rest_list_view },
    { "GET", "sobjects/*/listviews/*/describe", sfo_rest_list_view_describe },
    { "GET", "sobjects/*/listviews/*/results", sfo_rest_list_view_results },
    { "GET", "sobjects/*/describe/layouts", sfo_rest_layouts },
    { "GET", "sobjects/*/describe/layouts/*", sfo_rest_layout_of_type },
    { "GET", "sobjects/*/describe/namedLayouts/*", sfo_rest_named_layouts },
    { "GET", "sobjects/*/describe/approvalLayouts", sfo_rest_approval_layouts },
    { "GET", "sobjects/*/describe/approvalLayouts/*", sfo_rest_approval_layouts },
    { "GET", "sobjects/*/describe/compactLayouts", sfo_rest_compact_layouts },
    { "GET", "sobjects/*/describe/compactLayouts/*", sfo_rest_compact_layout_of },
    { "GET", "sobjects/*/deleted", sfo_rest_deleted },
    { "GET", "sobjects/*/updated", sfo_rest_updated },
    { "POST", "sobjects/StreamingChannel/*/push", sfo_rest_push },
    { "GET", "sobjects/StreamingChannel/*/push", sfo_rest_push_state },
    { "GET", "sobjects/User/*/password", sfo_rest_password_state },
    { "POST", "sobjects/User/*/password", sfo_rest_password_set },
    { "DELETE", "sobjects/User/*/password", sfo_rest_password_reset },
    { "POST", "sobjects/*/Id", sfo_rest_create },
    { "GET", "sobjects/*/*", sfo_rest_get },
    { "PATCH", "sobjects/*/*", sfo_rest_update },
    { "DELETE", "sobjects/*/*", sfo_rest_delete },
    { "GET", "sobjects/*/*/*", sfo_rest_get_by },
    { "PATCH", "sobjects/*/*/*", sfo_rest_upsert },
    { "DELETE", "sobjects/*/*/*", sfo_rest_delete_by },
};

void sfo_rest_dispatch(sfo_call *call)
{
    sfo_route_call(call, routes, SFI_COUNT_OF(routes), 3);
}
