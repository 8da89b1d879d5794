/* records.c: see records.h. */
#include "bulk/records.h"
#include "json/json_internal.h"
#include "xml/xml_internal.h"

enum { NAMES_MAX = 5000 }; /* members of a row, as columns of a CSV */

struct sfo_bulk_records {
    sfi_json *json; /* one of the two */
    sfi_xml *xml;
    sf_iter at;
    sfi_xml_element *element; /* the next one */
    int64_t count;
    sfi_arena arena; /* names and texts of the row */
    sf_str *names, *values;
    size_t used;
};

static bool wrong(sfo_fault *f, const char *what)
{
    return sfo_fault_set(f, 400, "InvalidBatch", "%s", what);
}

static bool no_memory(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a batch");
}

static bool open_json(sfo_bulk_records *r, sf_str text, sfo_fault *f)
{
    sf_error err;
    if (sfi_json_new(&r->json, &err) != SF_OK || sfi_json_parse(r->json, text, &err) != SF_OK)
        return sfo_fault_set(f, 400, "InvalidBatch", "Failed to parse the JSON: %s", err.message);
    sf_value root = sfi_json_root(r->json);
    if (sf_value_type(root) != SF_ARRAY) return wrong(f, "Failed to parse the JSON: it is no array of records");
    r->at = sf_iter_begin(root);
    r->count = (int64_t)sf_value_count(root);
    return true;
}

static bool open_xml(sfo_bulk_records *r, sf_str text, sfo_fault *f)
{
    sf_error err;
    if (sfi_xml_parse(sfi_trim(text), &r->xml, &err) != SF_OK)
        return sfo_fault_set(f, 400, "InvalidBatch", "Failed to parse the XML: %s", err.message);
    sfi_xml_element *root = sfi_xml_root(r->xml);
    if (strcmp(sfi_xml_name(root), "sObjects") != 0)
        return wrong(f, "Failed to parse the XML: its root element is not sObjects");
    r->element = sfi_xml_child(root, "sObject");
    for (sfi_xml_element *e = r->element; e != NULL; e = sfi_xml_next(e, "sObject")) r->count++;
    return true;
}

bool sfo_bulk_records_new(sf_str text, bool is_xml, sfo_bulk_records **out, sfo_fault *f)
{
    sfo_bulk_records *r = sfi_calloc(sizeof *r);
    *out = NULL;
    if (r == NULL) return no_memory(f);
    r->names = sfi_calloc_n(NAMES_MAX, sizeof *r->names);
    r->values = sfi_calloc_n(NAMES_MAX, sizeof *r->values);
    bool fine = r->names != NULL && r->values != NULL ? true : no_memory(f);
    fine = fine && (is_xml ? open_xml(r, text, f) : open_json(r, text, f));
    if (fine)
        *out = r;
    else
        sfo_bulk_records_free(r);
    return fine;
}

void sfo_bulk_records_free(sfo_bulk_records *r)
{
    if (r == NULL) return;
    sfi_json_free(r->json);
    sfi_xml_free(r->xml);
    sfi_arena_free(&r->arena);
    sfi_free(r->names);
    sfi_free(r->values);
    sfi_free(r);
}

int64_t sfo_bulk_records_count(const sfo_bulk_records *r)
{
    return r->count;
}

static bool add(sfo_bulk_records *r, sf_str name, sf_str value, sfo_fault *f)
{
    if (r->used == NAMES_MAX) return wrong(f, "A record has more than 5000 fields");
    r->names[r->used] = name;
    r->values[r->used++] = value;
    return true;
}

/* Type:Relationship.Field */
static bool add_parent(sfo_bulk_records *r, sf_str type, sf_str relationship, sf_str field, sf_str value, sfo_fault *f)
{
    size_t size = type.len + relationship.len + field.len + 3;
    char *name = sfi_arena_alloc(&r->arena, size);
    if (name == NULL) return no_memory(f);
    int len = snprintf(name, size, "%.*s%s%.*s.%.*s", (int)type.len, type.len > 0 ? type.ptr : "",
                       type.len > 0 ? ":" : "", (int)relationship.len, relationship.ptr, (int)field.len, field.ptr);
    return add(r, (sf_str){ name, (size_t)len }, value, f);
}

/* ---- JSON ---- */
static bool json_text(sf_value v, sf_str *out)
{
    switch (sf_value_type(v)) {
    case SF_NULL: *out = (sf_str){ NULL, 0 }; return true;
    case SF_STRING:
        *out = sf_get_text(v, NULL);
        if (out->len == 0) out->ptr = NULL; /* as REST takes it */
        return true;
    case SF_ARRAY:
    case SF_OBJECT: return false;
    default: *out = sf_value_raw_json(v); return true;
    }
}

static bool json_parent(sfo_bulk_records *r, sf_str relationship, sf_value parent, sfo_fault *f)
{
    sf_str type = sf_get_text(parent, "attributes.type"), key, text;
    sf_value v;
    for (sf_iter it = sf_iter_begin(parent); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "attributes")) continue;
        if (!json_text(v, &text)) return wrong(f, "A record's parent is named by more than one level");
        if (!add_parent(r, type, relationship, key, text, f)) return false;
    }
    return true;
}

static bool json_row(sfo_bulk_records *r, sf_value row, sfo_fault *f)
{
    sf_str key, text;
    sf_value v;
    if (sf_value_type(row) != SF_OBJECT) return wrong(f, "Failed to parse the JSON: a record is no object");
    for (sf_iter it = sf_iter_begin(row); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "attributes")) continue;
        bool fine = sf_value_type(v) == SF_OBJECT ? json_parent(r, key, v, f)
                    : json_text(v, &text)         ? add(r, key, text, f)
                                                  : wrong(f, "Failed to parse the JSON: a field is an array");
        if (!fine) return false;
    }
    return true;
}

/* ---- XML ---- */
static bool xml_text(sfo_bulk_records *r, const sfi_xml_element *e, sf_str *out, sfo_fault *f)
{
    *out = (sf_str){ NULL, 0 };
    if (sfi_xml_is_nil(r->xml, e)) return true;
    const char *text = sfi_xml_text(r->xml, e);
    if (text == NULL) return no_memory(f);
    *out = sfi_str(text);
    return true;
}

static bool xml_parent(sfo_bulk_records *r, sf_str relationship, const sfi_xml_element *parent, sfo_fault *f)
{
    const char *type = sfi_xml_get(r->xml, parent, "type");
    for (sfi_xml_element *e = sfi_xml_child(parent, NULL); e != NULL; e = sfi_xml_next(e, NULL)) {
        sf_str text;
        if (strcmp(sfi_xml_name(e), "type") == 0) continue;
        if (!xml_text(r, e, &text, f) ||
            !add_parent(r, sfi_str(type != NULL ? type : ""), relationship, sfi_str(sfi_xml_name(e)), text, f))
            return false;
    }
    return true;
}

static bool xml_row(sfo_bulk_records *r, const sfi_xml_element *row, sfo_fault *f)
{
    for (sfi_xml_element *e = sfi_xml_child(row, NULL); e != NULL; e = sfi_xml_next(e, NULL)) {
        sf_str name = sfi_str(sfi_xml_name(e)), text;
        const sfi_xml_element *parent = sfi_xml_child(e, "sObject");
        if (sfi_str_is(name, "type")) continue;
        bool fine = parent != NULL ? xml_parent(r, name, parent, f) : xml_text(r, e, &text, f) && add(r, name, text, f);
        if (!fine) return false;
    }
    return true;
}

int sfo_bulk_records_next(sfo_bulk_records *r, const sf_str **names, const sf_str **values, size_t *count, sfo_fault *f)
{
    sf_value row;
    bool fine;
    sfi_arena_reset(&r->arena);
    r->used = 0;
    if (r->json != NULL) {
        if (!sf_iter_next(&r->at, NULL, &row)) return 0;
        fine = json_row(r, row, f);
    } else {
        if (r->element == NULL) return 0;
        fine = xml_row(r, r->element, f);
        r->element = sfi_xml_next(r->element, "sObject");
    }
    *names = r->names;
    *values = r->values;
    *count = r->used;
    return fine ? 1 : -1;
}
