/* rest.h: the REST handlers, one file a service, all called from the table in rest.c. */
#ifndef SFO_REST_H
#define SFO_REST_H
#include "api/call.h"

/* rest_describe.c */
/* Metadata: ETag and Last-Modified of all of it. true: the client's copy is still good, and the 304 is the answer. */
bool sfo_answer_if_known(sfo_call *call);
void sfo_rest_describe_global(sfo_call *call);
void sfo_rest_describe(sfo_call *call);
void sfo_rest_event_schema(sfo_call *call); /* rest_event_schema.c */
void sfo_rest_event_schema_of_id(sfo_call *call);
void sfo_rest_basic_info(sfo_call *call);
/* rest_layouts.c */
void sfo_rest_layouts(sfo_call *call);
void sfo_rest_layout_of_type(sfo_call *call);
void sfo_rest_named_layouts(sfo_call *call);
void sfo_rest_approval_layouts(sfo_call *call);
void sfo_rest_compact_layouts(sfo_call *call);
void sfo_rest_compact_layout_of(sfo_call *call);
void sfo_rest_all_compact_layouts(sfo_call *call);
/* The record type of an id in the path; NULL in out: the master. false: the response says why not. */
bool sfo_call_record_type(sfo_call *call, const sfo_object *o, sf_str id, const sfo_record_type **out);
/* rest_home.c: what a user interface begins with */
void sfo_rest_tabs(sfo_call *call);
void sfo_rest_theme(sfo_call *call);
void sfo_rest_app_menus(sfo_call *call);
void sfo_rest_app_menu(sfo_call *call);
void sfo_rest_recent(sfo_call *call);
/* The user had this record now, unless Sforce-Mru says updateMru=false. */
void sfo_call_touch(sfo_call *call, const char *id);
/* Elements of an open array: what the user had last, of one object or (NULL) of all. @return how many, at most max. */
size_t sfo_write_recent(sfo_call *call, sfi_json_writer *w, const sfo_object *only, size_t max);
/* rest_ui.c: /ui-api */
void sfo_rest_ui_object_info(sfo_call *call);
void sfo_rest_ui_picklists(sfo_call *call);
void sfo_rest_ui_picklist(sfo_call *call);
void sfo_rest_ui_record_get(sfo_call *call);
void sfo_rest_ui_record_create(sfo_call *call);
void sfo_rest_ui_record_update(sfo_call *call);
void sfo_rest_ui_record_delete(sfo_call *call);
/* rest_records.c: /sobjects/{O}[/{id}] */
void sfo_rest_create(sfo_call *call);
void sfo_rest_get(sfo_call *call);
void sfo_rest_update(sfo_call *call);
void sfo_rest_delete(sfo_call *call);
/* rest_paths.c: /sobjects/{O}/{a}/{b}: by external id, or along a relationship */
void sfo_rest_get_by(sfo_call *call);
void sfo_rest_upsert(sfo_call *call);
void sfo_rest_delete_by(sfo_call *call);
/* rest_push.c: /sobjects/StreamingChannel/{id}/push */
void sfo_rest_push(sfo_call *call);
void sfo_rest_push_state(sfo_call *call);
/* rest_users.c: /sobjects/User/{id}/password */
void sfo_rest_password_state(sfo_call *call);
void sfo_rest_password_set(sfo_call *call);
void sfo_rest_password_reset(sfo_call *call);
/* rest_replication.c */
void sfo_rest_deleted(sfo_call *call);
void sfo_rest_updated(sfo_call *call);
/* Shared with SOAP: rows that changed in a time. */
typedef struct sfo_span {
    int64_t start_ms, end_ms;
} sfo_span;
/* Rounds to whole minutes, as the org takes them. */
bool sfo_changes_check(const sfo_object *o, sfo_span *span, sfo_fault *f);
/* Id and time of each, oldest first; under the store's lock; ends with sqlite3_finalize. NULL: f. */
sqlite3_stmt *sfo_changes_select(sfo_store *store, const sfo_object *o, bool deleted, const sfo_span *span,
                                 sfo_fault *f);
int64_t sfo_changes_covered(const sfo_span *span); /* until when the answer is whole: the next call begins there */
/* rest_composite.c */
void sfo_rest_composite_resources(sfo_call *call);
void sfo_rest_composite(sfo_call *call);
void sfo_rest_graph(sfo_call *call);
/* rest_batch.c */
void sfo_rest_batch(sfo_call *call);
/* rest_tree.c */
void sfo_rest_tree(sfo_call *call);
/* rest_graphql.c */
void sfo_rest_graphql(sfo_call *call);
/* rest_collections.c: /composite/sobjects */
void sfo_rest_collection_create(sfo_call *call);
void sfo_rest_collection_update(sfo_call *call);
void sfo_rest_collection_upsert(sfo_call *call); /* …/{O}/{field} */
void sfo_rest_collection_delete(sfo_call *call);
void sfo_rest_collection_get(sfo_call *call); /* …/{O}, GET and POST */
/* rest_bulk_ingest.c: /jobs/ingest */
void sfo_rest_ingest_create(sfo_call *call);
void sfo_rest_ingest_list(sfo_call *call);
void sfo_rest_ingest_info(sfo_call *call);
void sfo_rest_ingest_upload(sfo_call *call);
void sfo_rest_ingest_patch(sfo_call *call);
void sfo_rest_ingest_delete(sfo_call *call);
void sfo_rest_ingest_successful(sfo_call *call);
void sfo_rest_ingest_failed(sfo_call *call);
void sfo_rest_ingest_unprocessed(sfo_call *call);
/* rest_bulk_query.c: /jobs/query */
void sfo_rest_query_job_create(sfo_call *call);
void sfo_rest_query_job_list(sfo_call *call);
void sfo_rest_query_job_info(sfo_call *call);
void sfo_rest_query_job_patch(sfo_call *call);
void sfo_rest_query_job_delete(sfo_call *call);
void sfo_rest_query_job_results(sfo_call *call);
void sfo_rest_query_job_pages(sfo_call *call);
/* rest_query.c */
void sfo_rest_query(sfo_call *call);
void sfo_rest_query_all(sfo_call *call);
void sfo_rest_query_more(sfo_call *call);
void sfo_rest_query_all_more(sfo_call *call);
/* rest_search.c */
void sfo_rest_search(sfo_call *call);
void sfo_rest_parameterized_search(sfo_call *call); /* GET and POST */
void sfo_rest_search_scope(sfo_call *call);
void sfo_rest_search_suggestions(sfo_call *call);

/* rest_quick.c: /quickActions and /sobjects/{O}/quickActions */
void sfo_rest_quick_actions(sfo_call *call);
void sfo_rest_quick_action(sfo_call *call);
void sfo_rest_quick_describe(sfo_call *call);
void sfo_rest_quick_defaults(sfo_call *call);
void sfo_rest_quick_invoke(sfo_call *call);
/* rest_actions.c: /actions */
void sfo_rest_actions(sfo_call *call);
void sfo_rest_actions_standard(sfo_call *call);
void sfo_rest_actions_custom(sfo_call *call);
void sfo_rest_actions_kind(sfo_call *call);
void sfo_rest_action_standard(sfo_call *call); /* these three: GET and POST */
void sfo_rest_action_custom(sfo_call *call);
void sfo_rest_action_of_object(sfo_call *call);
/* [{"statusCode","message","fields"}], as results of actions and processes have it */
void sfo_write_action_errors(sfi_json_writer *w, const sfo_fault *fault);
/* rest_process.c: /process */
void sfo_rest_approvals(sfo_call *call);
void sfo_rest_process(sfo_call *call);
void sfo_rest_rules(sfo_call *call);
void sfo_rest_rule(sfo_call *call);
void sfo_rest_rules_trigger(sfo_call *call);
/* rest_listviews.c: /sobjects/{O}/listviews */
void sfo_rest_list_views(sfo_call *call);
void sfo_rest_list_view(sfo_call *call);
void sfo_rest_list_view_describe(sfo_call *call);
void sfo_rest_list_view_results(sfo_call *call);
/* The statement of a list view, of a report, by its id. false: there is none of that id; of a report, the response says why. */
bool sfo_list_view_soql(const sfo_schema *schema, sf_str id, sfi_buf *out);
bool sfo_call_report_soql(sfo_call *call, sf_str id, sfi_buf *out);
/* rest_reports.c: /analytics */
void sfo_rest_reports(sfo_call *call);
void sfo_rest_report_create(sfo_call *call); /* and copy */
void sfo_rest_report_query(sfo_call *call);
void sfo_rest_report_describe(sfo_call *call);
void sfo_rest_report_run(sfo_call *call); /* GET and POST */
void sfo_rest_report_save(sfo_call *call);
void sfo_rest_report_delete(sfo_call *call);
void sfo_rest_report_instances(sfo_call *call);
void sfo_rest_report_run_async(sfo_call *call);
void sfo_rest_report_instance(sfo_call *call);
void sfo_rest_report_delete_instance(sfo_call *call);
void sfo_rest_report_types(sfo_call *call);
void sfo_rest_report_type(sfo_call *call);
void sfo_rest_dashboards(sfo_call *call);
void sfo_rest_dashboard(sfo_call *call);

/* rest_tooling.c: /tooling */
void sfo_rest_tooling(sfo_call *call);
void sfo_rest_tooling_objects(sfo_call *call);
void sfo_rest_tooling_describe(sfo_call *call);
void sfo_rest_tooling_get(sfo_call *call);
void sfo_rest_tooling_create(sfo_call *call);
void sfo_rest_tooling_update(sfo_call *call);
void sfo_rest_tooling_delete(sfo_call *call);
void sfo_rest_tooling_query(sfo_call *call);
void sfo_rest_tooling_query_more(sfo_call *call);
void sfo_rest_execute_anonymous(sfo_call *call);
void sfo_rest_completions(sfo_call *call);
void sfo_rest_run_tests(sfo_call *call); /* at once and queued */

/* ---- shared by the record handlers (rest_records.c) ---- */
/* The object of args[0]; NULL: the response is the 404. */
const sfo_object *sfo_call_object(sfo_call *call);
/* An id in the path, as 18 characters. false: the response is the 404. */
bool sfo_call_record_id(sfo_call *call, const sfo_object *o, sf_str text, sf_id *out);
/* Answers 200 with the record, or 304; honours fields= and the conditional headers. */
void sfo_answer_record(sfo_call *call, const sfo_object *o, const char *id);
/* Updates, deletes with the preconditions checked; answer 204. */
void sfo_update_record(sfo_call *call, const sfo_object *o, const char *id);
void sfo_delete_record(sfo_call *call, const sfo_object *o, const char *id);
/* {"id":…,"success":true,"errors":[]} with "created" when that is not negative. */
void sfo_answer_saved(sfo_call *call, int status, const sfo_object *o, const char *id, int created);

/* ---- rest_blobs.c ---- */
void sfo_answer_blob(sfo_call *call, const sfo_object *o, const char *id, const sfo_field *field);
/* The record in the body: JSON, or a multipart message with its bytes, which go to call->context. false: the response
 * says what is wrong. */
bool sfo_call_record(sfo_call *call, const sfo_object *o, sf_value *out);

/* ---- conditions.c ---- */
typedef struct sfo_row_state {
    char etag[64]; /* with quotes; "": this object has none */
    int64_t modified_ms;
} sfo_row_state;
/* Do If-None-Match and If-Modified-Since say that the client has it already? */
bool sfo_not_modified(sfo_call *call, const char *etag, int64_t modified_ms);
/* If-Match and If-Unmodified-Since, before a write the other two as well. false: the response is the 412, or before a
 * write the 400 for a bad date. */
bool sfo_precondition_holds(sfo_call *call, const sfo_row_state *row, bool is_read);
bool sfo_has_precondition(const sfo_call *call);
/* Is tag in the header's list, whatever --gzip stands at its end? "*" is any. */
bool sfo_etag_in(const char *list, const char *etag);
#endif
