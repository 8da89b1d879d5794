/*
 * columns.c: from a CSV record to the JSON of the record that it means. A column is a field, or Relationship.Field (for a
 * reference with several targets Type:Relationship.Field), which names a parent by a value of its own.
 */
#include "bulk/bulk_internal.h"
#include <assert.h>

static bool unknown(sf_str name, sfo_fault *f)
{
    return sfo_fault_set(f, 400, "InvalidBatch", "Field name not found : %.*s", (int)(name.len < 255 ? name.len : 255),
                         name.ptr);
}

static bool relationship_of(const sfo_schema *schema, const sfo_object *object, sf_str name, sfo_bulk_column *out)
{
    const char *dot = memchr(name.ptr, '.', name.len);
    const char *colon = memchr(name.ptr, ':', name.len);
    if (dot == NULL || (colon != NULL && colon > dot)) return false;
    const char *begin = colon != NULL ? colon + 1 : name.ptr;
    sf_str relationship = { begin, (size_t)(dot - begin) };
    sf_str key = { dot + 1, name.len - (size_t)(dot + 1 - name.ptr) };
    out->field = sfo_object_relationship(object, relationship);
    if (out->field == NULL) return false;
    out->name = out->field->relationship_name;
    out->is_polymorphic = out->field->reference_count > 1;
    out->parent = NULL;
    if (colon != NULL)
        out->parent = sfo_schema_object(schema, (sf_str){ name.ptr, (size_t)(colon - name.ptr) });
    else if (out->field->reference_count == 1)
        out->parent = sfo_schema_object(schema, sfi_str(out->field->reference_to[0]));
    if (out->parent == NULL) return false;
    out->key = sfo_object_field(out->parent, key);
    return out->key != NULL && (out->key->external_id || out->key->id_lookup || out->key->type == SFO_ID);
}

bool sfo_bulk_columns_of(const sfo_schema *schema, const sfo_bulk_target *target, const sf_str *names, size_t count,
                         sfo_bulk_column *out, sfo_fault *f)
{
    bool has_key = false;
    for (size_t i = 0; i < count; i++) {
        out[i] = (sfo_bulk_column){ .field = sfo_object_field(target->object, names[i]) };
        if (out[i].field == NULL && target->is_typed) /* a parent that is null: the reference is cleared */
            out[i].field = sfo_object_relationship(target->object, names[i]);
        if (out[i].field == NULL && !relationship_of(schema, target->object, names[i], &out[i]))
            return unknown(names[i], f);
        if (out[i].field->type == SFO_BASE64 && out[i].key == NULL && target->files == NULL)
            return sfo_fault_set(f, 400, "InvalidBatch", "Binary field not supported : %s", out[i].field->name);
        for (size_t k = 0; k < i; k++)
            if (out[k].field == out[i].field && out[k].key == out[i].key && out[k].parent == out[i].parent)
                return sfo_fault_set(f, 400, "InvalidBatch", "Duplicate column name found : %.*s",
                                     (int)(names[i].len < 255 ? names[i].len : 255), names[i].ptr);
        const sfo_field *wanted = target->operation == 'x' ? target->key : NULL;
        if (out[i].key == NULL && (wanted != NULL ? out[i].field == wanted : out[i].field->type == SFO_ID))
            has_key = true;
    }
    assert(target->operation != 'x' || target->key != NULL);
    if (target->is_typed) return true; /* a row without its key is that row's failure */
    if (target->operation == 'x' && !has_key)
        return sfo_fault_set(f, 400, "InvalidBatch", "Field name not found : %s", target->key->name);
    if (strchr("udh", target->operation) != NULL && !has_key)
        return sfo_fault_set(f, 400, "InvalidBatch", "Field name not found : Id");
    if (strchr("dh", target->operation) != NULL && count > 1)
        return sfo_fault_set(f, 400, "InvalidBatch", "Records for a delete have the column Id and no other");
    return true;
}

/* ---- values ---- */
static const char *bool_of(sf_str text)
{
    static const char *const yes[] = { "true", "1", "yes", "y", "t" };
    static const char *const no[] = { "false", "0", "no", "n", "f" };
    for (size_t i = 0; i < SFI_COUNT_OF(yes); i++) {
        if (sfi_str_is_nocase(text, yes[i])) return "true";
        if (sfi_str_is_nocase(text, no[i])) return "false";
    }
    return NULL;
}

static bool is_number(sf_str s)
{
    size_t i = 0, digits = 0;
    if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) i++;
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++) digits++;
    if (i < s.len && s.ptr[i] == '.')
        for (i++; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++) digits++;
    if (digits > 0 && i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) i++;
        size_t first = i;
        while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9') i++;
        if (i == first) return false;
    }
    return digits > 0 && i == s.len;
}

static bool fits_type(const sfo_field *field, sf_str text)
{
    int64_t ms;
    char kind;
    switch (field->type) {
    case SFO_BOOLEAN: return bool_of(text) != NULL;
    case SFO_INT:
    case SFO_LONG:
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return is_number(text);
    case SFO_DATE:
    case SFO_DATETIME: return sfi_time_parse(text, &ms, &kind) && kind != 't';
    case SFO_TIME: return sfi_time_parse(text, &ms, &kind) && kind == 't';
    default: return true;
    }
}

static const char *xsd_name(sfo_type type)
{
    switch (type) {
    case SFO_BOOLEAN: return "boolean";
    case SFO_INT:
    case SFO_LONG: return "int";
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return "double";
    case SFO_DATE: return "date";
    case SFO_DATETIME: return "dateTime";
    default: return "time";
    }
}

static bool refuse_value(const sfo_field *field, size_t column, sf_str text, sfo_fault *f)
{
    (void)sfo_fault_set(
        f, 400, "INVALID_FIELD",
        "Failed to deserialize field at col %zu. Due to, '%.*s' is not a valid value for the type xsd:%s", column,
        (int)(text.len < 255 ? text.len : 255), text.ptr, xsd_name(field->type));
    snprintf(f->fields, sizeof f->fields, "%s", field->name);
    return false;
}

static bool write_value(sfi_json_writer *w, const sfo_field *field, size_t column, sf_str text, sfo_fault *f)
{
    if (!fits_type(field, text)) return refuse_value(field, column, text, f);
    if (field->type == SFO_BOOLEAN)
        sfi_json_bool(w, bool_of(text)[0] == 't');
    else if (field->type == SFO_DATE && text.len > 10)
        sfi_json_string_n(w, (sf_str){ text.ptr, 10 }); /* the day of a date-time */
    else
        sfi_json_string_n(w, text);
    return true;
}

static void write_parent(sfi_json_writer *w, const sfo_bulk_column *column, sf_str text)
{
    sfi_json_begin_object(w);
    if (column->is_polymorphic) {
        sfi_json_key(w, "attributes");
        sfi_json_begin_object(w);
        sfi_json_key(w, "type");
        sfi_json_string(w, column->parent->name);
        sfi_json_end_object(w);
    }
    sfi_json_key(w, column->key->name);
    sfi_json_string_n(w, text);
    sfi_json_end_object(w);
}

/* #path names a file of the batch's zip. */
static bool write_file(sfi_json_writer *w, const sfo_bulk_target *target, const sfo_field *field, sf_str text,
                       sfo_fault *f)
{
    sf_str name = text.ptr[0] == '#' ? (sf_str){ text.ptr + 1, text.len - 1 } : (sf_str){ NULL, 0 };
    sf_str data = name.len > 0 ? sfo_zip_find(target->files, name) : (sf_str){ NULL, 0 };
    if (data.ptr == NULL) {
        (void)sfo_fault_set(f, 400, "INVALID_FIELD",
                            name.len > 0 ? "File not found in the zip: %.*s"
                                         : "Binary data is named by # and a path: %.*s",
                            (int)(text.len < 255 ? text.len : 255), text.ptr);
        snprintf(f->fields, sizeof f->fields, "%s", field->name);
        return false;
    }
    sfi_buf encoded = { 0 };
    (void)sfi_buf_add_base64(&encoded, data.ptr, data.len);
    sfi_json_string_n(w, encoded.data != NULL ? sfi_buf_str(&encoded) : SFI_STR(""));
    if (encoded.failed) w->out->failed = true;
    sfi_buf_free(&encoded);
    return true;
}

bool sfo_bulk_record_json(const sfo_bulk_target *target, const sfo_bulk_column *columns, const sf_str *fields,
                          size_t count, sfi_buf *out, sf_str *key, sfo_fault *f)
{
    const sfo_field *key_field = target->operation == 'x' ? target->key : NULL;
    sfi_buf_clear(out);
    sfi_json_writer w = sfi_json_write_to(out);
    *key = (sf_str){ NULL, 0 };
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < count; i++) {
        const sfo_bulk_column *column = &columns[i];
        sf_str text = fields[i];
        bool is_key =
            column->key == NULL && (key_field != NULL ? column->field == key_field
                                                      : column->field->type == SFO_ID && target->operation != 'i');
        bool is_null = target->is_typed ? text.ptr == NULL : sfi_str_is(text, "#N/A");
        if (is_key) {
            if (!is_null) *key = text;
            continue;
        }
        if (text.len == 0 && !is_null) continue; /* an empty value leaves the field alone */
        if (!is_null && memchr(text.ptr, 0, text.len) != NULL)
            return refuse_value(column->field, i, SFI_STR("(NUL)"), f);
        if (is_null) {
            sfi_json_key(&w, column->field->name); /* of a relationship: the reference itself */
            sfi_json_null(&w);
        } else if (column->key != NULL) {
            sfi_json_key(&w, column->name);
            write_parent(&w, column, text);
        } else if (column->field->type == SFO_BASE64) {
            sfi_json_key(&w, column->field->name);
            if (!write_file(&w, target, column->field, text, f)) return false;
        } else {
            sfi_json_key(&w, column->field->name);
            if (!write_value(&w, column->field, i, text, f)) return false;
        }
    }
    sfi_json_end_object(&w);
    return !out->failed || sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a row");
}
