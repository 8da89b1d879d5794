/* soap_record_out.c: records of the store's JSON as SOAP writes them. The schema tells what JSON does not: which strings are
 * date-times, addresses, or stand for the bytes of a file. */
#include "api/soap.h"
#include "store/blobs.h"

static bool has(sf_value v, const char *name)
{
    return sf_value_type(sf_get(v, name)) != SF_MISSING;
}

/* ---- single values ---- */

/* 2024-11-23T22:10:05.000+0000 is …000Z in SOAP. */
static void write_text(sfi_buf *out, sf_str text, bool is_time)
{
    if (is_time && text.len > 5 && memcmp(text.ptr + text.len - 5, "+0000", 5) == 0) {
        sfi_xml_escape(out, (sf_str){ text.ptr, text.len - 5 });
        sfi_buf_add_char(out, 'Z');
    } else {
        sfi_xml_escape(out, text);
    }
}

static bool looks_like_time(sf_str text)
{
    return text.len == 28 && text.ptr[10] == 'T' && memcmp(text.ptr + 23, "+0000", 5) == 0;
}

/* What a column of bytes holds: them, or the mark of where they are kept (blobs.h). */
static void write_bytes(sfo_store *store, sfi_buf *out, sf_str column)
{
    sfo_blob blob = sfo_blob_of(column);
    if (blob.number == 0) {
        sfi_buf_add_base64(out, column.ptr, column.len);
        return;
    }
    sfi_buf bytes = { 0 };
    int64_t got = 1;
    while (got > 0 && (int64_t)bytes.len < blob.len && sfi_buf_reserve(&bytes, SFO_BLOB_PIECE)) {
        got = sfo_blob_read(store, &blob, (int64_t)bytes.len, bytes.data + bytes.len, SFO_BLOB_PIECE);
        bytes.len += got > 0 ? (size_t)got : 0;
    }
    if ((int64_t)bytes.len != blob.len) out->failed = true; /* no memory, or they cannot be read: never half of them */
    sfi_buf_add_base64(out, bytes.data, bytes.len);
    sfi_buf_free(&bytes);
}

/* The bytes of a blob field, which JSON only points to. */
static void write_blob(sfo_soap *s, sfi_buf *out, const sfo_field *field, const char *id)
{
    sfo_store *store = s->call->org->store;
    sqlite3_stmt *stmt = NULL;
    char *sql = sqlite3_mprintf("SELECT \"%w\" FROM \"%w\" WHERE Id = ?", field->name, field->object->name);
    sfo_store_lock(store);
    if (sql != NULL && sqlite3_prepare_v2(sfo_store_db(store), sql, -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_bind_text(stmt, 1, id, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        const void *bytes = sqlite3_column_blob(stmt, 0);
        write_bytes(store, out, (sf_str){ bytes, (size_t)sqlite3_column_bytes(stmt, 0) });
    }
    sqlite3_finalize(stmt);
    sfo_store_unlock(store);
    sqlite3_free(sql);
}

/* ---- compounds ---- */

/* In the order of the schema, in the API's namespace. */
static void write_parts(sfi_buf *out, sf_value v, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sf_value part = sf_get(v, names[i]);
        if (sf_value_type(part) != SF_MISSING) sfi_xml_element_text(out, names[i], sf_get_text(part, NULL));
    }
}

static void write_compound(sfi_buf *out, const char *name, const sfo_field *field, sf_value v)
{
    static const char *const address[] = { "latitude",        "longitude",  "city",  "country",   "countryCode",
                                           "geocodeAccuracy", "postalCode", "state", "stateCode", "street" };
    bool is_address = field->type == SFO_ADDRESS;
    sfi_buf_addf(out, "<sf:%s xsi:type=\"%s\">", name, is_address ? "address" : "location");
    write_parts(out, v, address, is_address ? SFI_COUNT_OF(address) : 2);
    sfi_buf_addf(out, "</sf:%s>", name);
}

/* ---- records ---- */

/* A field's value inside an element that is open. */
static void write_content(sfo_soap *s, sfi_buf *out, const sfo_field *field, sf_value v, const char *id)
{
    sf_str text = sf_get_text(v, NULL);
    if (field != NULL && field->type == SFO_BASE64 && id != NULL)
        write_blob(s, out, field, id);
    else
        write_text(out, text, field != NULL ? field->type == SFO_DATETIME : looks_like_time(text));
}

static const char *aggregate_type(sf_value v)
{
    sf_str text = sf_get_text(v, NULL);
    bool is_whole = true;
    switch (sf_value_type(v)) {
    case SF_BOOL: return "xsd:boolean";
    case SF_NUMBER:
        for (size_t i = 0; i < text.len; i++) is_whole = is_whole && strchr(".eE", text.ptr[i]) == NULL;
        return is_whole ? "xsd:int" : "xsd:double";
    default: return looks_like_time(text) ? "xsd:dateTime" : "xsd:string";
    }
}

/* Names of JSON members are not NUL-ended; those of fields and relationships end at 80, aliases too. */
static const char *member_name(sf_str key, char out[256])
{
    (void)snprintf(out, 256, "%.*s", (int)(key.len < 255 ? key.len : 255), key.ptr);
    return out;
}

static void write_member(sfo_soap *s, sfi_buf *out, const sfo_object *o, sf_str key, sf_value v, const char *id)
{
    char buffer[256], element[272];
    const char *name = member_name(key, buffer);
    const sfo_field *field = o != NULL ? sfo_object_field(o, key) : NULL;
    if (sf_value_type(v) == SF_NULL) {
        sfi_buf_addf(out, "<sf:%s xsi:nil=\"true\"/>", name);
    } else if (sf_value_type(v) == SF_OBJECT && has(v, "attributes")) {
        (void)snprintf(element, sizeof element, "sf:%s", name);
        sfo_soap_write_record(s, out, element, v, SFO_SOAP_ID_TWICE);
    } else if (sf_value_type(v) == SF_OBJECT && has(v, "records")) {
        sfi_buf_addf(out, "<sf:%s xsi:type=\"QueryResult\">", name);
        sfo_soap_write_result(s, out, v);
        sfi_buf_addf(out, "</sf:%s>", name);
    } else if (sf_value_type(v) == SF_OBJECT && field != NULL) {
        write_compound(out, name, field, v);
    } else {
        if (o == NULL)
            sfi_buf_addf(out, "<sf:%s xsi:type=\"%s\">", name, aggregate_type(v));
        else
            sfi_buf_addf(out, "<sf:%s>", name);
        write_content(s, out, field, v, id);
        sfi_buf_addf(out, "</sf:%s>", name);
    }
}

static const char *id_of(sfo_soap *s, sf_value record)
{
    sf_str id = sf_get_text(sf_get(record, "Id"), NULL);
    sf_str url = sf_get_text(sf_get(sf_get(record, "attributes"), "url"), NULL);
    if (id.len == 0 && url.len >= 18) id = (sf_str){ url.ptr + url.len - 18, 18 }; /* …/sobjects/Attachment/{id} */
    return id.len > 0 ? sfi_arena_strndup(&s->call->arena, id.ptr, id.len) : NULL;
}

void sfo_soap_write_record(sfo_soap *s, sfi_buf *out, const char *element, sf_value record, sfo_soap_id ids)
{
    sf_str type = sf_get_text(sf_get(sf_get(record, "attributes"), "type"), NULL);
    const sfo_object *o = sfo_schema_object(s->call->org->schema, type);
    const char *id = o != NULL ? id_of(s, record) : NULL;
    bool has_id = has(record, "Id");
    if (s->enterprise)
        sfi_buf_addf(out, "<%s xsi:type=\"sf:%.*s\">", element, (int)type.len, type.ptr);
    else
        sfi_buf_addf(out, "<%s xsi:type=\"sf:sObject\"><sf:type>%.*s</sf:type>", element, (int)type.len, type.ptr);
    sfo_soap_element(out, "sf:Id", has_id ? id : NULL);
    sf_iter it = sf_iter_begin(record);
    sf_str key;
    sf_value v;
    while (sf_iter_next(&it, &key, &v)) {
        if (sfi_str_is(key, "attributes")) continue;
        if (sfi_str_is(key, "Id") && (s->enterprise || ids == SFO_SOAP_ID_ONCE)) continue;
        write_member(s, out, o, key, v, id);
    }
    sfi_buf_addf(out, "</%s>", element);
}

void sfo_soap_write_result(sfo_soap *s, sfi_buf *out, sf_value result)
{
    sf_str next = sf_get_text(sf_get(result, "nextRecordsUrl"), NULL);
    for (size_t i = next.len; i > 0; i--) /* …/query/01g…-2000 */
        if (next.ptr[i - 1] == '/') {
            next = (sf_str){ next.ptr + i, next.len - i };
            break;
        }
    sfo_soap_element_bool(out, "done", sf_get_bool(result, "done", true));
    sfi_xml_element_text(out, "queryLocator", next);
    sf_iter it = sf_iter_begin(sf_get(result, "records"));
    sf_value record;
    while (sf_iter_next(&it, NULL, &record)) sfo_soap_write_record(s, out, "records", record, SFO_SOAP_ID_TWICE);
    sfi_buf_addf(out, "<size>%lld</size>", (long long)sf_get_int(result, "totalSize", 0));
}
