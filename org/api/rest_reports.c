/*
 * rest_reports.c: /analytics: reports, their runs at once and in the background, report types; an org without dashboards.
 * A run in the background is done when it is asked for; its result shows after the time that real ones take to begin.
 */
#include "api/reports.h"
#include "api/rest.h"
#include "json/json_internal.h"

enum { RUNS_LISTED = 2000, NEW_MS = 100, RUNNING_MS = 300 };

/* ---- shared ---- */

static void unavailable(sfo_call *call)
{
    sfo_answer_error(call, 404, "NOT_FOUND", "The data you’re trying to access is unavailable.");
}

static void url_member(sfo_call *call, sfi_json_writer *w, const char *key, const char *id, const char *end)
{
    char url[200];
    snprintf(url, sizeof url, "/services/data/v%s/analytics/reports/%.18s%s", call->version, id != NULL ? id : "null",
             end);
    sfi_json_put_string(w, key, url);
}

static void time_member(sfi_json_writer *w, const char *key, int64_t ms)
{
    char text[32];
    sfi_time_format(ms / 1000 * 1000, text);
    if (strlen(text) > 5) snprintf(text + strlen(text) - 5, 2, "Z"); /* whole seconds */
    sfi_json_put_string(w, key, text);
}

/* A stored row as a report. */
static bool parse_row(sfo_call *call, const sfo_report_row *row, sfo_report *out, sfo_fault *f)
{
    sf_document *doc = NULL;
    *out = (sfo_report){ .id = row->id };
    bool ok = sf_document_parse(row->metadata, strlen(row->metadata), &doc, NULL) == SF_OK &&
              sfo_report_read(call->org->reports, sf_document_root(doc), false, &call->arena, out, f);
    sf_document_free(doc);
    out->name = row->name;
    out->description = row->description;
    out->folder_id = row->folder_id;
    return ok || sfo_fault_set(f, 403, "FORBIDDEN",
                               "The report definition is obsolete. Your administrator has disabled all reports for the "
                               "custom object, or its relationships have changed.");
}

/* The report of args[0]. false: the response says why not. */
static bool find(sfo_call *call, sf_str id, sfo_report_row *row, sfo_report *out)
{
    sfo_fault f = { 0 };
    int found = sfo_report_find(call->org->store, id, &call->arena, row, &f);
    if (found == 1 && parse_row(call, row, out, &f)) return true;
    if (found == 0)
        unavailable(call);
    else
        sfo_answer_fault(call, &f);
    return false;
}

bool sfo_call_report_soql(sfo_call *call, sf_str id, sfi_buf *out)
{
    sfo_report_row row;
    sfo_report report;
    sfo_fault f = { 0 };
    if (!find(call, id, &row, &report)) return false;
    if (sfo_report_soql(call->org->store, &call->context, &report, out, &f)) return true;
    sfo_answer_fault(call, &f);
    return false;
}

static bool has_body(const sfo_call *call)
{
    return sfi_trim(call->request->body).len > 0;
}

/* What the body changes in the report; details, NULL allowed, becomes what its hasDetailRows says. false: the response says
 * what is wrong. required: there must be one. */
static bool apply_body(sfo_call *call, sfo_report *report, bool required, bool *details)
{
    sf_value body, metadata;
    sfo_fault f = { 0 };
    if (!required && !has_body(call)) return true;
    if (!sfo_call_body(call, &body)) return false;
    metadata = sf_get(body, "reportMetadata");
    bool ok = true;
    if (metadata.type == SF_OBJECT && details != NULL) *details = sf_get_bool(metadata, "hasDetailRows", false);
    if (metadata.type == SF_OBJECT)
        ok = sfo_report_read(call->org->reports, metadata, false, &call->arena, report, &f);
    else if (required || metadata.type != SF_MISSING)
        ok = sfo_report_bad(
            &f, "The request is invalid because there is no metadata. Specify metadata in the request body.");
    if (!ok) sfo_answer_fault(call, &f);
    return ok;
}

/* The parameter wins over the body, by_body. */
static bool details_wanted(const sfo_call *call, bool by_body)
{
    sf_str said = sfo_params_get(&call->query, "includeDetails");
    return said.len > 0 ? sfi_str_is_nocase(said, "true") : by_body;
}

/* ---- the list, the describe ---- */

void sfo_rest_reports(sfo_call *call)
{
    sfo_fault f = { 0 };
    sfo_report_row *rows = sfi_arena_alloc(&call->arena, SFO_REPORT_LIST_MAX * sizeof *rows);
    int count = rows != NULL ? sfo_report_list(call->org->store, &call->arena, rows, SFO_REPORT_LIST_MAX, &f) : 0;
    if (count < 0) {
        sfo_answer_fault(call, &f);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (int i = 0; i < count; i++) {
        sfi_json_begin_object(&w);
        url_member(call, &w, "describeUrl", rows[i].id, "/describe");
        sfi_json_put_string(&w, "id", rows[i].id);
        url_member(call, &w, "instancesUrl", rows[i].id, "/instances");
        sfi_json_put_string(&w, "name", rows[i].name);
        url_member(call, &w, "url", rows[i].id, "");
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
}

static void answer_describe(sfo_call *call, const sfo_report *report)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "reportExtendedMetadata");
    sfo_report_write_extended(report, &w);
    sfi_json_key(&w, "reportMetadata");
    sfo_report_write_metadata(report, true, &w);
    sfi_json_key(&w, "reportTypeMetadata");
    sfo_report_write_type(report->type, &w);
    sfi_json_end_object(&w);
}

void sfo_rest_report_describe(sfo_call *call)
{
    sfo_report_row row;
    sfo_report report;
    if (find(call, call->args[0], &row, &report)) answer_describe(call, &report);
}

/* ---- runs ---- */

static void write_report_attributes(sfo_call *call, const sfo_report *report)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "attributes");
    sfi_json_begin_object(&w);
    url_member(call, &w, "describeUrl", report->id, "/describe");
    url_member(call, &w, "instancesUrl", report->id, "/instances");
    if (report->id == NULL) {
        sfi_json_key(&w, "isReportTrendedByAnyone");
        sfi_json_bool(&w, false);
    }
    sfi_json_put_string(&w, "reportId", report->id);
    sfi_json_put_string(&w, "reportName", report->id != NULL ? report->name : NULL);
    sfi_json_put_string(&w, "type", "Report");
    sfi_json_end_object(&w);
    sfi_buf_add_char(&call->response->body, ',');
}

static bool count_run(sfo_call *call, bool async)
{
    if (sfo_reports_count_run(call->org->reports, async)) return true;
    sfo_answer_error(call, 403, "FORBIDDEN",
                     "You can’t run more than %d reports %ssynchronously every 60 minutes. Try again later.",
                     async ? SFO_REPORT_ASYNC_HOUR : SFO_REPORT_SYNC_HOUR, async ? "a" : "");
    return false;
}

static void run_now(sfo_call *call, const sfo_report *report, bool details)
{
    sfo_fault f = { 0 };
    if (!sfo_report_check(report, &f)) {
        sfo_answer_fault(call, &f);
        return;
    }
    if (!count_run(call, false)) return;
    write_report_attributes(call, report);
    bool ok = sfo_report_run(call->org->store, &call->context, report, details_wanted(call, details),
                             &call->response->body, &f);
    if (ok && report->id != NULL) ok = sfo_report_note_run(call->org->store, report->id, sfi_wall_ms(), &f);
    if (!ok) sfo_answer_fault(call, &f);
}

void sfo_rest_report_run(sfo_call *call)
{
    sfo_report_row row;
    sfo_report report;
    bool details = false;
    if (find(call, call->args[0], &row, &report) && apply_body(call, &report, false, &details))
        run_now(call, &report, details);
}

void sfo_rest_report_query(sfo_call *call)
{
    sfo_report report = { .name = "Unsaved Report", .developer_name = "Unsaved_Report" };
    bool details = false;
    if (apply_body(call, &report, true, &details)) run_now(call, &report, details);
}

/* ---- runs in the background ---- */

static const char *state_of(const sfo_report_run_row *run)
{
    int64_t age = sfi_wall_ms() - run->requested_ms;
    return age < NEW_MS ? "New" : age < RUNNING_MS ? "Running" : "Success";
}

static bool has_ended(const char *state)
{
    return strcmp(state, "Success") == 0;
}

static void completion_member(const sfo_report_run_row *run, const char *state, sfi_json_writer *w)
{
    if (has_ended(state))
        time_member(w, "completionDate", run->completed_ms);
    else
        sfi_json_put_string(w, "completionDate", NULL);
}

static void write_instance(sfo_call *call, const sfo_report_run_row *run, const char *state, sfi_json_writer *w)
{
    char end[64];
    snprintf(end, sizeof end, "/instances/%.18s", run->id);
    sfi_json_begin_object(w);
    completion_member(run, state, w);
    sfi_json_key(w, "hasDetailRows");
    sfi_json_bool(w, run->has_details);
    sfi_json_put_string(w, "id", run->id);
    sfi_json_put_string(w, "ownerId", run->owner_id);
    sfi_json_key(w, "queryable");
    sfi_json_bool(w, false);
    time_member(w, "requestDate", run->requested_ms);
    sfi_json_put_string(w, "status", state);
    url_member(call, w, "url", run->report_id, end);
    sfi_json_end_object(w);
}

void sfo_rest_report_run_async(sfo_call *call)
{
    sfo_report_row row;
    sfo_report report;
    sfo_fault f = { 0 };
    sf_id id = { "" };
    sfi_buf result = { 0 };
    bool details = false;
    if (!find(call, call->args[0], &row, &report) || !apply_body(call, &report, false, &details)) return;
    if (!sfo_report_check(&report, &f)) {
        sfo_answer_fault(call, &f);
        return;
    }
    if (!count_run(call, true)) return;
    sfo_report_run_row run = { .report_id = report.id,
                               .owner_id = call->user.text,
                               .requested_ms = sfi_wall_ms(),
                               .has_details = details_wanted(call, details) };
    run.completed_ms = run.requested_ms + RUNNING_MS;
    bool ok = sfo_report_run(call->org->store, &call->context, &report, run.has_details, &result, &f);
    run.result = result.data;
    ok = ok && sfo_report_run_insert(call->org->store, &run, &id, &f) &&
         sfo_report_note_run(call->org->store, report.id, run.requested_ms, &f);
    if (ok) {
        run.id = id.text;
        sfi_json_writer w = sfo_answer_json(call, 200);
        write_instance(call, &run, "New", &w); /* however long that took */
    } else {
        sfo_answer_fault(call, &f);
    }
    sfi_buf_free(&result);
}

void sfo_rest_report_instances(sfo_call *call)
{
    sfo_report_row row;
    sfo_report report;
    sfo_fault f = { 0 };
    if (!find(call, call->args[0], &row, &report)) return;
    sfo_report_run_row *runs = sfi_arena_alloc(&call->arena, RUNS_LISTED * sizeof *runs);
    int count = runs != NULL ? sfo_report_run_list(call->org->store, report.id, sfi_wall_ms(), &call->arena, runs,
                                                   RUNS_LISTED, &f)
                             : 0;
    if (count < 0) {
        sfo_answer_fault(call, &f);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (int i = 0; i < count; i++) write_instance(call, &runs[i], state_of(&runs[i]), &w);
    sfi_json_end_array(&w);
}

/* The run of args[1]. false: the response says why not. */
static bool find_run(sfo_call *call, sfo_report_row *row, sfo_report_run_row *run)
{
    sfo_report report;
    sfo_fault f = { 0 };
    if (!find(call, call->args[0], row, &report)) return false;
    int found = sfo_report_run_find(call->org->store, row->id, call->args[1], sfi_wall_ms(), &call->arena, run, &f);
    if (found == 0) unavailable(call);
    if (found < 0) sfo_answer_fault(call, &f);
    return found == 1;
}

void sfo_rest_report_instance(sfo_call *call)
{
    static const char *const empty[] = { "factMap", "groupingsAcross", "groupingsDown" };
    sfo_report_row row;
    sfo_report_run_row run;
    if (!find_run(call, &row, &run)) return;
    const char *state = state_of(&run); /* the same for the whole answer */
    bool ended = has_ended(state);
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "attributes");
    sfi_json_begin_object(&w);
    completion_member(&run, state, &w);
    sfi_json_put_string(&w, "errorMessage", NULL);
    sfi_json_put_string(&w, "id", run.id);
    sfi_json_put_string(&w, "ownerId", run.owner_id);
    sfi_json_key(&w, "queryable");
    sfi_json_bool(&w, false);
    sfi_json_put_string(&w, "reportId", row.id);
    sfi_json_put_string(&w, "reportName", row.name);
    time_member(&w, "requestDate", run.requested_ms);
    sfi_json_put_string(&w, "status", state);
    sfi_json_put_string(&w, "type", "ReportInstance");
    sfi_json_end_object(&w);
    if (ended && run.result != NULL) {
        sfi_buf_add_char(&call->response->body, ',');
        sfi_buf_add_str(&call->response->body, run.result);
        return;
    }
    sfi_json_key(&w, "allData");
    sfi_json_bool(&w, false);
    for (size_t i = 0; i < SFI_COUNT_OF(empty); i++) sfi_json_put_string(&w, empty[i], NULL);
    sfi_json_key(&w, "hasDetailRows");
    sfi_json_bool(&w, run.has_details);
    sfi_json_put_string(&w, "reportExtendedMetadata", NULL);
    sfi_json_put_string(&w, "reportMetadata", NULL);
    sfi_json_end_object(&w);
}

void sfo_rest_report_delete_instance(sfo_call *call)
{
    sfo_report_row row;
    sfo_report_run_row run;
    sfo_fault f = { 0 };
    if (!find_run(call, &row, &run)) return;
    if (!has_ended(state_of(&run)))
        sfo_answer_error(call, 403, "FORBIDDEN",
                         "A report instance can only be deleted when its status is Success or Error.");
    else if (sfo_report_run_remove(call->org->store, run.id, &f))
        sfo_answer_empty(call, 204);
    else
        sfo_answer_fault(call, &f);
}

/* ---- keeping reports ---- */

static const char *object_format(sfo_report_format format)
{
    return format == SFO_MATRIX ? "Matrix" : format == SFO_SUMMARY ? "Summary" : "Tabular";
}

/* A folder's name; NULL: there is no such folder. The org's own id means the public reports, a user's the private ones. */
static const char *folder_name(sfo_call *call, const char *id)
{
    sqlite3_stmt *stmt = NULL;
    sf_id full;
    const char *name = NULL;
    if (!sfo_id_normalize(sfi_str(id), &full)) return NULL;
    if (strcmp(full.text, sfo_store_org_id(call->org->store)) == 0) return "Public Reports";
    if (strcmp(full.text, call->user.text) == 0) return "Private Reports";
    sfo_store_lock(call->org->store);
    if (sqlite3_prepare_v2(sfo_store_db(call->org->store), "SELECT Name FROM Folder WHERE Id = ?1 AND Type = 'Report'",
                           -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_bind_text(stmt, 1, full.text, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        name = text != NULL ? sfi_arena_strndup(&call->arena, text, strlen(text)) : "";
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(call->org->store);
    return name;
}

/* Checks and writes; a report without id is new. Answers with its describe. */
static void keep(sfo_call *call, sfo_report *report)
{
    sfo_fault f = { 0 };
    sf_id id = { "" };
    sfi_buf text = { 0 };
    if (report->folder_id == NULL) report->folder_id = sfo_store_org_id(call->org->store);
    const char *folder = folder_name(call, report->folder_id);
    bool ok = folder != NULL || sfo_report_bad(&f, "The report folder ID must be a valid folder ID.");
    ok = ok && sfo_report_check(report, &f);
    if (ok) {
        sfi_json_writer w = sfi_json_write_to(&text);
        sfo_report_write_metadata(report, true, &w);
        sfo_report_row row = { .id = report->id,
                               .name = report->name,
                               .developer_name = report->developer_name,
                               .description = report->description,
                               .format = object_format(report->format),
                               .folder_id = report->folder_id,
                               .folder_name = folder,
                               .metadata = text.data };
        if (text.failed)
            ok = sfo_fault_set(&f, 503, "SERVER_UNAVAILABLE", "no memory for the report");
        else if (report->id != NULL)
            ok = sfo_report_update(call->org->store, &call->context, &row, &f);
        else
            ok = sfo_report_insert(call->org->store, &call->context, &row, &id, &f);
    }
    if (ok && report->id == NULL) report->id = id.text;
    if (ok)
        answer_describe(call, report);
    else
        sfo_answer_fault(call, &f);
    if (report->id == id.text) report->id = NULL;
    sfi_buf_free(&text);
}

void sfo_rest_report_create(sfo_call *call)
{
    sf_str clone = sfo_params_get(&call->query, "cloneId");
    sfo_report report = { 0 };
    sfo_report_row row;
    sfo_fault f = { 0 };
    if (clone.ptr != NULL) {
        int found = sfo_report_find(call->org->store, clone, &call->arena, &row, &f);
        if (found != 1) {
            if (found == 0) (void)sfo_report_bad(&f, "The clone request must contain a valid cloneId parameter.");
            sfo_answer_fault(call, &f);
            return;
        }
        if (!parse_row(call, &row, &report, &f)) {
            sfo_answer_fault(call, &f);
            return;
        }
        report.id = report.name = report.developer_name = NULL;
    }
    if (apply_body(call, &report, true, NULL)) keep(call, &report);
}

void sfo_rest_report_save(sfo_call *call)
{
    sfo_report_row row;
    sfo_report report;
    if (find(call, call->args[0], &row, &report) && apply_body(call, &report, true, NULL)) keep(call, &report);
}

void sfo_rest_report_delete(sfo_call *call)
{
    sfo_report_row row;
    sfo_fault f = { 0 };
    bool found = false;
    int known = sfo_report_find(call->org->store, call->args[0], &call->arena, &row, &f);
    bool ok = known >= 0 && (known == 0 || sfo_report_remove(call->org->store, row.id, &found, &f));
    if (!ok)
        sfo_answer_fault(call, &f);
    else if (!found)
        unavailable(call);
    else
        sfo_answer_empty(call, 204);
}

/* ---- report types ---- */

static void type_url(sfo_call *call, sfi_json_writer *w, const sfo_report_type *type)
{
    char url[300];
    snprintf(url, sizeof url, "/services/data/v%s/analytics/reportTypes/%.200s", call->version, type->name);
    sfi_json_put_string(w, "describeUrl", url);
}

void sfo_rest_report_types(sfo_call *call)
{
    const sfo_report_types *types = call->org->reports;
    const char *category = NULL;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < sfo_report_type_count(types); i++) { /* types of a category stand together */
        const sfo_report_type *type = sfo_report_type_at(types, i);
        if (category == NULL || strcmp(category, type->category) != 0) {
            if (category != NULL) {
                sfi_json_end_array(&w);
                sfi_json_end_object(&w);
            }
            category = type->category;
            sfi_json_begin_object(&w);
            sfi_json_put_string(&w, "label", category);
            sfi_json_key(&w, "reportTypes");
            sfi_json_begin_array(&w);
        }
        sfi_json_begin_object(&w);
        type_url(call, &w, type);
        sfi_json_key(&w, "isEnabledInSetup");
        sfi_json_bool(&w, true);
        sfi_json_put_string(&w, "label", type->label);
        sfi_json_put_string(&w, "type", type->name);
        sfi_json_end_object(&w);
    }
    if (category != NULL) {
        sfi_json_end_array(&w);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
}

void sfo_rest_report_type(sfo_call *call)
{
    const sfo_report_type *type = sfo_report_type_find(call->org->reports, call->args[0]);
    if (type == NULL) {
        unavailable(call);
        return;
    }
    sfo_report report = { .type = type };
    answer_describe(call, &report);
}

/* ---- dashboards: none ---- */

void sfo_rest_dashboards(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    sfi_json_end_array(&w);
}

void sfo_rest_dashboard(sfo_call *call)
{
    unavailable(call);
}
