/* soap_query.c: reading over SOAP: query, queryAll, queryMore, search, retrieve, getDeleted, getUpdated. Results come as the
 * JSON that REST answers with and are written anew. */
#include "api/rest.h"
#include "api/soap.h"
#include "api/settings.h"
#include "soql/sosl.h"

enum { QUERY_ID_SINCE = 36 /* version */ };

/* ---- JSON in between ---- */

typedef struct json_page {
    sfi_buf text;
    sfi_json *doc;
} json_page;

static void page_free(json_page *p)
{
    sfi_buf_free(&p->text);
    sfi_json_free(p->doc);
}

/* false: the response is the fault. */
static bool page_parse(sfo_soap *s, json_page *p)
{
    sf_error err;
    sf_status rc = sfi_buf_status(&p->text, &err, "a result");
    if (rc == SF_OK) rc = sfi_json_new(&p->doc, &err);
    if (rc == SF_OK) rc = sfi_json_parse(p->doc, sfi_buf_str(&p->text), &err);
    if (rc != SF_OK) sfo_soap_fault(s, "UNKNOWN_EXCEPTION", err.message, "UnexpectedErrorFault");
    return rc == SF_OK;
}

static bool missing(sfo_soap *s, const char *what)
{
    sfo_soap_faultf(s, "MISSING_ARGUMENT", "UnexpectedErrorFault", "%s not specified", what);
    return false;
}

/* ---- query ---- */

static void answer_page(sfo_soap *s, json_page *p)
{
    if (!page_parse(s, p)) return;
    sf_value result = sfi_json_root(p->doc);
    const char *type = sf_get_str(result, "records.0.attributes.type");
    bool aggregates = type != NULL && strcmp(type, "AggregateResult") == 0;
    sfi_buf *out = sfo_soap_begin(s, aggregates ? SFO_SOAP_AGGREGATES : SFO_SOAP_RECORDS);
    sfi_buf_add_str(out, "<result xsi:type=\"QueryResult\">");
    sfo_soap_write_result(s, out, result);
    sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}

typedef bool (*page_source)(sfo_store *s, const sfo_context *c, sf_str text, const sfo_query_options *options,
                            sfi_buf *out, sfo_fault *f);

static void answer_query(sfo_soap *s, page_source source, const char *argument, bool all_rows)
{
    json_page p = { .doc = NULL };
    sfo_fault f = { 0 };
    sfo_query_options options = { .all_rows = all_rows, .batch_size = s->batch_size };
    sf_str text = sfo_soap_text(s, s->operation, argument);
    if (text.len == 0) {
        (void)missing(s, argument);
        return;
    }
    if (source(s->call->org->store, &s->call->context, text, &options, &p.text, &f))
        answer_page(s, &p);
    else
        sfo_soap_store_fault(s, &f);
    page_free(&p);
}

void sfo_soap_query(sfo_soap *s)
{
    answer_query(s, sfo_soql_query, "queryString", false);
}

void sfo_soap_query_all(sfo_soap *s)
{
    answer_query(s, sfo_soql_query, "queryString", true);
}

void sfo_soap_query_more(sfo_soap *s)
{
    answer_query(s, sfo_soql_more, "queryLocator", false);
}

/* ---- search ---- */

static void write_found(sfo_soap *s, sf_value records)
{
    sf_value record;
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_RECORDS);
    bool has_id = s->version_number >= QUERY_ID_SINCE, is_empty = !has_id && sf_value_count(records) == 0;
    sfi_buf_add_str(out, is_empty ? "<result/>" : "<result>");
    if (has_id) {
        char id[13];
        sfo_random_text(id, 12);
        sfi_buf_addf(out, "<queryId>%s</queryId>", id);
    }
    for (sf_iter it = sf_iter_begin(records); sf_iter_next(&it, NULL, &record);) {
        sfi_buf_add_str(out, "<searchRecords>");
        sfo_soap_write_record(s, out, "record", record, SFO_SOAP_ID_TWICE);
        sfi_buf_add_str(out, "</searchRecords>");
    }
    if (!is_empty) sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}

void sfo_soap_search(sfo_soap *s)
{
    json_page p = { .doc = NULL };
    sfo_fault f = { 0 };
    sf_str text = sfo_soap_text(s, s->operation, "searchString");
    if (text.len == 0) {
        (void)missing(s, "searchString");
        return;
    }
    if (!sfo_sosl_search(s->call->org->store, &s->call->context, text, &p.text, NULL, &f)) {
        sfo_soap_store_fault(s, &f);
    } else if (page_parse(s, &p)) {
        write_found(s, sfi_json_root(p.doc));
    }
    page_free(&p);
}

/* ---- retrieve ---- */

/* Name of sObjectType into its object. NULL: the response is the fault. */
static const sfo_object *named_object(sfo_soap *s)
{
    sf_str name = sfo_soap_text(s, s->operation, "sObjectType");
    const sfo_object *o = sfo_schema_object(s->call->org->schema, name);
    if (o == NULL)
        sfo_soap_faultf(
            s, "INVALID_TYPE", "InvalidSObjectFault",
            "sObject type '%.*s' is not supported. If you are attempting to use a custom object, be sure to "
            "append the '__c' after the entity name. Please reference your WSDL or the describe call for "
            "the appropriate names.",
            (int)(name.len < 100 ? name.len : 100), name.ptr != NULL ? name.ptr : "");
    return o;
}

typedef struct field_list {
    const sfo_field **fields;
    size_t count;
} field_list;

/* "Id, Name": each once. false: the response is the fault. */
static bool read_fields(sfo_soap *s, const sfo_object *o, field_list *out)
{
    sf_str rest = sfo_soap_text(s, s->operation, "fieldList");
    out->count = 0;
    out->fields = sfi_arena_alloc(&s->call->arena, (o->field_count + 1) * sizeof *out->fields);
    if (rest.len == 0) return missing(s, "fieldList");
    sf_str name;
    while (out->fields != NULL && sfo_next_piece(&rest, &name)) {
        const sfo_field *field = sfo_object_field(o, name);
        bool repeated = false;
        if (field == NULL) {
            sfo_soap_faultf(
                s, "INVALID_FIELD", "InvalidFieldFault",
                "No such column '%.*s' on entity '%s'. If you are attempting to use a custom field, be sure "
                "to append the '__c' after the custom field name. Please reference your WSDL or the describe "
                "call for the appropriate names.",
                (int)(name.len < 100 ? name.len : 100), name.ptr, o->name);
            return false;
        }
        for (size_t i = 0; i < out->count; i++) repeated = repeated || out->fields[i] == field;
        if (!repeated) out->fields[out->count++] = field;
    }
    if (out->fields == NULL)
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory", "UnexpectedErrorFault");
    return out->fields != NULL;
}

static bool check_ids(sfo_soap *s)
{
    static const char name[] = "ids";
    if (sfo_soap_count(s->operation, name) > SFO_SOAP_IDS_MAX) {
        sfo_soap_faultf(s, "EXCEEDED_ID_LIMIT", "UnexpectedErrorFault",
                        "record limit reached. cannot submit more than %d records into this call",
                        (int)SFO_SOAP_IDS_MAX);
        return false;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); e != NULL; e = sfi_xml_next(e, name)) {
        sf_id id;
        const char *text = sfi_xml_text(s->doc, e);
        sf_str trimmed = sfi_trim(sfi_str(text != NULL ? text : ""));
        if (sfo_id_normalize(trimmed, &id)) continue;
        sfo_soap_faultf(s, "MALFORMED_ID", "InvalidIdFault", "malformed id %.*s",
                        (int)(trimmed.len < 100 ? trimmed.len : 100), trimmed.ptr);
        return false;
    }
    return true;
}

/* One record or nil, in the place of its id. false: the response is the fault. */
static bool retrieve_one(sfo_soap *s, const sfo_object *o, const field_list *list, const char *text, json_page *p,
                         sfi_buf *out)
{
    sfo_fault f = { 0 };
    sf_error err;
    sfi_buf_clear(&p->text);
    if (!sfo_record_read(s->call->org->store, &s->call->context, o, text, list->fields, list->count, &p->text, NULL,
                         &f)) {
        bool gone = f.http_status == 404; /* deleted, or never there */
        sfo_fault_clear(&f);
        sfi_buf_add_str(out, "<result xsi:nil=\"true\"/>");
        return gone || sfi_buf_status(&p->text, &err, "a record") == SF_OK;
    }
    if (sfi_buf_status(&p->text, &err, "a record") != SF_OK ||
        sfi_json_parse(p->doc, sfi_buf_str(&p->text), &err) != SF_OK) {
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", err.message, "UnexpectedErrorFault");
        return false;
    }
    sfo_soap_write_record(s, out, "result", sfi_json_root(p->doc), SFO_SOAP_ID_ONCE);
    return true;
}

void sfo_soap_retrieve(sfo_soap *s)
{
    static const char name[] = "ids";
    json_page p = { .doc = NULL };
    field_list list;
    sf_error err;
    const sfo_object *o = named_object(s);
    if (o == NULL || !read_fields(s, o, &list) || !check_ids(s)) return;
    if (sfi_json_new(&p.doc, &err) != SF_OK) {
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", err.message, "UnexpectedErrorFault");
        return;
    }
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_RECORDS);
    bool ok = true;
    sfo_store_lock(s->call->org->store); /* all rows from the same moment */
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); ok && e != NULL; e = sfi_xml_next(e, name)) {
        const char *text = sfi_xml_text(s->doc, e);
        sf_id id = { "" };
        (void)sfo_id_normalize(sfi_trim(sfi_str(text != NULL ? text : "")), &id); /* checked above */
        ok = retrieve_one(s, o, &list, id.text, &p, out);
    }
    sfo_store_unlock(s->call->org->store);
    if (ok) sfo_soap_end(s);
    page_free(&p);
}

/* ---- changes ---- */

static bool read_time(sfo_soap *s, const char *name, int64_t *out)
{
    char kind = 0;
    sf_str text = sfo_soap_text(s, s->operation, name);
    if (text.len == 0) return missing(s, name);
    if (sfo_soap_time_parse(text, out, &kind) && kind == 'D') return true;
    sfo_soap_faultf(s, "soapenv:Client", NULL, "'%.*s' is not a valid value for the type xsd:dateTime",
                    (int)(text.len < 100 ? text.len : 100), text.ptr);
    return false;
}

static void answer_changes(sfo_soap *s, bool deleted)
{
    sfo_span span;
    sfo_fault f = { 0 };
    sfo_store *store = s->call->org->store;
    const sfo_object *o = named_object(s);
    if (o == NULL || !read_time(s, "startDate", &span.start_ms) || !read_time(s, "endDate", &span.end_ms)) return;
    if (!sfo_changes_check(o, &span, &f)) {
        sfo_soap_store_fault(s, &f);
        return;
    }
    sfo_store_lock(store);
    sqlite3_stmt *stmt = sfo_changes_select(store, o, deleted, &span, &f);
    if (stmt != NULL) {
        bool fine = true;
        sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
        sfi_buf_add_str(out, "<result>");
        while (sfo_store_next(store, stmt, &fine, &f)) {
            const char *id = (const char *)sqlite3_column_text(stmt, 0);
            if (deleted) sfi_buf_add_str(out, "<deletedRecords>");
            if (deleted) sfo_soap_element_time(out, "deletedDate", sqlite3_column_int64(stmt, 1));
            sfo_soap_element(out, deleted ? "id" : "ids", id);
            if (deleted) sfi_buf_add_str(out, "</deletedRecords>");
        }
        sqlite3_finalize(stmt);
        if (deleted) sfo_soap_element_time(out, "earliestDateAvailable", s->call->org->metadata_modified_ms);
        sfo_soap_element_time(out, "latestDateCovered", sfo_changes_covered(&span));
        sfi_buf_add_str(out, "</result>");
        if (fine)
            sfo_soap_end(s);
        else
            sfo_soap_store_fault(s, &f); /* a list cut short would pass for all changes */
    } else {
        sfo_soap_store_fault(s, &f);
    }
    sfo_store_unlock(store);
}

void sfo_soap_get_deleted(sfo_soap *s)
{
    answer_changes(s, true);
}

void sfo_soap_get_updated(sfo_soap *s)
{
    answer_changes(s, false);
}
