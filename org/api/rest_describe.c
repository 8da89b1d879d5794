/* rest_describe.c: what objects and fields there are. All describes share one ETag and Last-Modified: those of the
 * org's whole metadata. */
#include "api/rest.h"

enum { RECENT_MAX = 5 };

bool sfo_answer_if_known(sfo_call *call)
{
    char date[32];
    sfi_http_date_format(call->org->metadata_modified_ms, date);
    sfo_response_header(call->response, "ETag", "%s", call->org->metadata_etag);
    sfo_response_header(call->response, "Last-Modified", "%s", date);
    if (!sfo_not_modified(call, call->org->metadata_etag, call->org->metadata_modified_ms)) return false;
    sfo_answer_empty(call, 304);
    return true;
}

void sfo_rest_describe_global(sfo_call *call)
{
    if (sfo_answer_if_known(call)) return;
    (void)sfo_answer_json(call, 200);
    sfo_describe_global(call->org->schema, call->version, &call->response->body);
}

void sfo_rest_describe(sfo_call *call)
{
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || sfo_answer_if_known(call)) return;
    (void)sfo_answer_json(call, 200);
    sfo_describe_object(call->org->schema, o, call->version, sfo_call_base_url(call), &call->response->body);
}

/* Until the user had some: those that changed last. */
static void write_changed(sfo_call *call, sfi_json_writer *w, const sfo_object *o)
{
    const sfo_field *name = sfo_object_name_field(o);
    if (o->is_event || name == NULL || sfo_object_field(o, SFI_STR("LastModifiedDate")) == NULL) return;
    char *sql = sqlite3_mprintf(
        "SELECT Id, \"%w\" FROM \"%w\"%s ORDER BY LastModifiedDate DESC, Id DESC LIMIT %d", name->name, o->name,
        sfo_object_field(o, SFI_STR("IsDeleted")) != NULL ? " WHERE IsDeleted = 0" : "", RECENT_MAX);
    sqlite3_stmt *stmt = NULL;
    sfo_store_lock(call->org->store);
    if (sql != NULL && sqlite3_prepare_v2(sfo_store_db(call->org->store), sql, -1, &stmt, NULL) == SQLITE_OK)
        while (sqlite3_step(stmt) == SQLITE_ROW) {
            const char *id = (const char *)sqlite3_column_text(stmt, 0);
            char url[160];
            snprintf(url, sizeof url, "/services/data/v%s/sobjects/%s/%s", call->version, o->name, id);
            sfi_json_begin_object(w);
            sfi_json_key(w, "attributes");
            sfi_json_begin_object(w);
            sfi_json_key(w, "type");
            sfi_json_string(w, o->name);
            sfi_json_key(w, "url");
            sfi_json_string(w, url);
            sfi_json_end_object(w);
            sfi_json_key(w, "Id");
            sfi_json_string(w, id);
            sfi_json_key(w, name->name);
            sfi_json_string(w, (const char *)sqlite3_column_text(stmt, 1));
            sfi_json_end_object(w);
        }
    sqlite3_finalize(stmt);
    sfo_store_unlock(call->org->store);
    sqlite3_free(sql);
}

void sfo_rest_basic_info(sfo_call *call)
{
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "objectDescribe");
    sfo_describe_entry(o, call->version, &w);
    sfi_json_key(&w, "recentItems");
    sfi_json_begin_array(&w);
    if (sfo_write_recent(call, &w, o, RECENT_MAX) == 0) write_changed(call, &w, o);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}
