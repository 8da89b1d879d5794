/*
 * typed.c: the result of a query of Bulk API 1.0 as JSON or XML: the records that REST would write, but for date-times,
 * which are milliseconds in JSON and end in Z in XML.
 */
#include "bulk/bulk_internal.h"
#include "bulk/typed.h"
#include "soql/soql.h"
#include "xml/xml_internal.h"

enum { DEPTH_MAX = 8 }; /* parents of parents, and child results */

typedef struct typed {
    const sfo_schema *schema;
    sfi_buf *out;
    sfi_json_writer w;
} typed;

static const sfo_field *field_of(const typed *t, sf_value record, sf_str name)
{
    const sfo_object *object = sfo_schema_object(t->schema, sf_get_text(record, "attributes.type"));
    return object != NULL ? sfo_object_field(object, name) : NULL;
}

static bool is_datetime(const typed *t, sf_value record, sf_str name, sf_value v)
{
    const sfo_field *field = sf_value_type(v) == SF_STRING ? field_of(t, record, name) : NULL;
    return field != NULL && field->type == SFO_DATETIME;
}

/* ---- JSON ---- */
static void json_value(typed *t, sf_value v, int depth)
{
    sf_str key;
    sf_value member;
    if (depth >= DEPTH_MAX || (sf_value_type(v) != SF_OBJECT && sf_value_type(v) != SF_ARRAY)) {
        sfi_json_write_value(&t->w, v);
        return;
    }
    bool is_array = sf_value_type(v) == SF_ARRAY;
    if (is_array)
        sfi_json_begin_array(&t->w);
    else
        sfi_json_begin_object(&t->w);
    for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, &key, &member);) {
        int64_t ms;
        if (!is_array) sfi_json_key_n(&t->w, key);
        if (!is_array && is_datetime(t, v, key, member) && sf_get_time_ms(member, NULL, &ms))
            sfi_json_int(&t->w, ms);
        else
            json_value(t, member, depth + 1);
    }
    if (is_array)
        sfi_json_end_array(&t->w);
    else
        sfi_json_end_object(&t->w);
}

/* ---- XML ---- */
static void xml_record(typed *t, const char *element, sf_value record, int depth);

static void xml_member(typed *t, sf_value record, sf_str key, sf_value v, int depth)
{
    char name[128], time[40];
    int64_t ms;
    snprintf(name, sizeof name, "%.*s", (int)key.len, key.ptr);
    if (sf_value_type(v) == SF_OBJECT && depth < DEPTH_MAX) {
        xml_record(t, name, v, depth + 1);
    } else if (sf_value_type(v) == SF_NULL) {
        sfi_xml_element_text(t->out, name, (sf_str){ NULL, 0 });
    } else if (is_datetime(t, record, key, v) && sf_get_time_ms(v, NULL, &ms)) {
        sfi_time_format(ms, time);
        sfi_xml_element_text(t->out, name, sfi_str(time));
    } else {
        sfi_xml_element_text(t->out, name, sf_value_type(v) == SF_STRING ? sf_get_text(v, NULL) : sf_value_raw_json(v));
    }
}

static void xml_record(typed *t, const char *element, sf_value record, int depth)
{
    sf_str key;
    sf_value v;
    sfi_buf_addf(t->out, "<%s xsi:type=\"sObject\">", element);
    sfi_xml_element_text(t->out, "type", sf_get_text(record, "attributes.type"));
    for (sf_iter it = sf_iter_begin(record); sf_iter_next(&it, &key, &v);)
        if (!sfi_str_is(key, "attributes")) xml_member(t, record, key, v, depth);
    sfi_xml_close(t->out, element);
}

static void xml_records(typed *t, sf_value records)
{
    sf_value record;
    sfi_xml_declaration(t->out);
    sfi_buf_add_str(t->out, "<queryResult xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\" "
                            "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
    for (sf_iter it = sf_iter_begin(records); sf_iter_next(&it, NULL, &record);) xml_record(t, "records", record, 0);
    sfi_buf_add_str(t->out, "</queryResult>");
}

bool sfo_bulk_typed_rows(sfo_bulk *b, const sfo_context *c, sf_str soql, bool all_rows, bool is_xml, sfi_buf *out,
                         int64_t *rows, sfo_fault *f)
{
    typed t = { .schema = sfo_store_schema(b->store), .out = out, .w = sfi_json_write_to(out) };
    sfo_query_options options = { .all_rows = all_rows };
    sfi_buf json = { 0 };
    sfi_json *doc = NULL;
    sf_error err;
    bool fine = sfo_soql_rows(b->store, c, soql, &options, INT64_MAX, &json, f);
    if (fine && (sfi_json_new(&doc, &err) != SF_OK || sfi_json_parse(doc, sfi_buf_str(&json), &err) != SF_OK))
        fine = sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "the result of a query: %s", err.message);
    if (fine) {
        sf_value records = sfi_json_root(doc);
        *rows = (int64_t)sf_value_count(records);
        if (is_xml)
            xml_records(&t, records);
        else
            json_value(&t, records, 0);
        fine = !out->failed || sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a result");
    }
    sfi_json_free(doc);
    sfi_buf_free(&json);
    return fine;
}
