/* soap_record_in.c: an sObject element into the JSON that the store takes. Everything is text there; here only what SOAP has
 * of its own is settled: the type (partner: an element, enterprise: xsi:type), fieldsToNull, empty and nil elements that
 * say nothing, parents named by external id, values that do not fit the type of their field. */
#include <math.h>
#include "api/soap.h"

/* ---- type and names: faults of the whole call ---- */

static bool refuse_type(sfo_soap *s, sf_str type)
{
    if (type.len == 0)
        sfo_soap_fault(s, "INVALID_TYPE", "Must send a concrete entity type.", "InvalidSObjectFault");
    else
        sfo_soap_faultf(
            s, "INVALID_TYPE", "InvalidSObjectFault",
            "sObject type '%.*s' is not supported. If you are attempting to use a custom object, be sure to "
            "append the '__c' after the entity name. Please reference your WSDL or the describe call for "
            "the appropriate names.",
            (int)(type.len < 100 ? type.len : 100), type.ptr);
    return false;
}

/* The local part of xsi:type="ens:Contact". */
static sf_str type_attribute(const sfo_soap *s, const sfi_xml_element *e)
{
    const char *type = sfi_xml_attribute(s->doc, e, "type");
    const char *colon = type != NULL ? strrchr(type, ':') : NULL;
    return sfi_trim(sfi_str(colon != NULL ? colon + 1 : type));
}

static sf_str type_of(const sfo_soap *s, const sfi_xml_element *e)
{
    sf_str type = sfo_soap_text(s, e, "type");
    if (type.len > 0) return type;
    type = type_attribute(s, e);
    return sfi_str_is_nocase(type, "sObject") ? (sf_str){ NULL, 0 } : type;
}

/* Elements of an sObject that are no fields. */
static bool is_frame(const char *name)
{
    return strcmp(name, "type") == 0 || strcmp(name, "fieldsToNull") == 0;
}

static bool refuse_name(sfo_soap *s, const sfo_object *o, const char *space, const char *name)
{
    if (s->enterprise)
        sfo_soap_faultf(s, "soapenv:Client", NULL, "Element {%.200s}%.200s invalid at this location", space, name);
    else
        sfo_soap_faultf(
            s, "INVALID_FIELD", "InvalidFieldFault",
            "No such column '%.200s' on entity '%s'. If you are attempting to use a custom field, be sure to "
            "append the '__c' after the custom field name. Please reference your WSDL or the describe call "
            "for the appropriate names.",
            name, o->name);
    return false;
}

static bool is_name(const sfo_object *o, sf_str name)
{
    return sfo_object_field(o, name) != NULL || sfo_object_relationship(o, name) != NULL;
}

bool sfo_soap_record_look(sfo_soap *s, sfi_xml_element *e, sfo_soap_record *out)
{
    sf_str type = type_of(s, e);
    *out = (sfo_soap_record){ .object = sfo_schema_object(s->call->org->schema, type),
                              .id = sfo_soap_text(s, e, "Id"),
                              .element = e };
    if (out->object == NULL) return refuse_type(s, type);
    for (sfi_xml_element *c = sfi_xml_child(e, NULL); c != NULL; c = sfi_xml_next(c, NULL)) {
        const char *name = sfi_xml_name(c);
        if (is_frame(name)) continue;
        if (!is_name(out->object, sfi_str(name))) return refuse_name(s, out->object, sfi_xml_namespace(c), name);
    }
    for (sfi_xml_element *c = sfi_xml_child(e, "fieldsToNull"); c != NULL; c = sfi_xml_next(c, "fieldsToNull")) {
        const char *text = sfi_xml_text(s->doc, c);
        sf_str name = sfi_trim(sfi_str(text));
        if (name.len > 0 && !is_name(out->object, name)) return refuse_name(s, out->object, "", text);
    }
    return true;
}

sf_str sfo_soap_record_field(const sfo_soap *s, const sfo_soap_record *record, const char *field)
{
    for (sfi_xml_element *c = sfi_xml_child(record->element, NULL); c != NULL; c = sfi_xml_next(c, NULL))
        if (sfi_eq_nocase(sfi_xml_name(c), field)) return sfo_soap_text(s, record->element, sfi_xml_name(c));
    return (sf_str){ NULL, 0 };
}

/* ---- values: errors of the row ---- */

static bool refuse_value(const sfo_field *field, sf_str text, sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, "INVALID_TYPE_ON_FIELD_IN_RECORD", "%s: value not of required type: %.*s", field->label,
                        (int)(text.len < 400 ? text.len : 400), text.ptr);
    if (f != NULL) snprintf(f->fields, sizeof f->fields, "%s", field->name); /* names end at 80 */
    return false;
}

static bool is_base64(sf_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        int c = sfi_ascii_lower((unsigned char)text.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("+/=-_ \t\r\n", c) != NULL)) return false;
    }
    return true;
}

/* Does the text say a value of the field's type? What a value of the type must keep besides, the store knows. */
static bool fits(const sfo_field *field, sf_str text)
{
    double d;
    int64_t ms;
    char kind;
    switch (field->type) {
    case SFO_BOOLEAN:
        return sfi_str_is_nocase(text, "true") || sfi_str_is_nocase(text, "false") || sfi_str_is(text, "1") ||
               sfi_str_is(text, "0");
    case SFO_INT:
    case SFO_LONG: return sfi_parse_double(text, &d) && isfinite(d) && d == floor(d);
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return sfi_parse_double(text, &d) && isfinite(d);
    case SFO_DATE:
    case SFO_DATETIME: return sfo_soap_time_parse(text, &ms, &kind) && kind != 't';
    case SFO_TIME: return sfi_time_parse(text, &ms, &kind) && kind == 't';
    case SFO_BASE64: return is_base64(text);
    default: return true;
    }
}

static bool may_be_cut(const sfo_field *field)
{
    switch (field->type) {
    case SFO_STRING:
    case SFO_TEXTAREA:
    case SFO_PHONE:
    case SFO_EMAIL:
    case SFO_PICKLIST:
    case SFO_MULTIPICKLIST:
    case SFO_ENCRYPTEDSTRING: return field->length > 0;
    default: return false;
    }
}

/* At most max UTF-16 units, whole characters. */
static sf_str cut(sf_str text, int32_t max)
{
    size_t at = 0;
    for (int32_t units = 0; at < text.len;) {
        size_t len = sfi_utf8_sequence(text.ptr + at, text.len - at);
        units += len == 4 ? 2 : 1;
        if (units > max) break;
        at += len > 0 ? len : 1;
    }
    return (sf_str){ text.ptr, at };
}

/* The store takes times of a day or with a zone. */
static void write_time(sfi_json_writer *w, sf_str text)
{
    int64_t ms;
    char kind, said[32];
    if (!sfi_time_parse(text, &ms, &kind) && sfo_soap_time_parse(text, &ms, &kind)) {
        sfi_time_format(ms, said);
        text = sfi_str(said);
    }
    sfi_json_string_n(w, text);
}

static bool write_value(const sfo_soap *s, sfi_json_writer *w, const sfo_field *field, sf_str text, sfo_fault *f)
{
    sf_str trimmed = sfi_trim(text);
    if (!fits(field, trimmed)) return refuse_value(field, trimmed, f);
    sfi_json_key(w, field->name);
    if (field->type == SFO_BOOLEAN)
        sfi_json_bool(w, sfi_str_is_nocase(trimmed, "true") || sfi_str_is(trimmed, "1"));
    else if (field->type == SFO_DATE || field->type == SFO_DATETIME)
        write_time(w, trimmed);
    else
        sfi_json_string_n(w, s->truncate_fields && may_be_cut(field) ? cut(trimmed, field->length) : text);
    return true;
}

/* <Account><type>Account</type><Ext__c>A-1</Ext__c></Account> */
static bool write_parent(const sfo_soap *s, sfi_json_writer *w, const char *name, const sfi_xml_element *e)
{
    sf_str type = type_of(s, e);
    sfi_json_key(w, name);
    sfi_json_begin_object(w);
    if (type.len > 0) {
        sfi_json_key(w, "attributes");
        sfi_json_begin_object(w);
        sfi_json_key(w, "type");
        sfi_json_string_n(w, type);
        sfi_json_end_object(w);
    }
    for (sfi_xml_element *c = sfi_xml_child(e, NULL); c != NULL; c = sfi_xml_next(c, NULL)) {
        const char *text = sfi_xml_is_nil(s->doc, c) ? NULL : sfi_xml_text(s->doc, c);
        if (is_frame(sfi_xml_name(c)) || text == NULL || text[0] == '\0') continue;
        sfi_json_key(w, sfi_xml_name(c));
        sfi_json_string(w, text);
    }
    sfi_json_end_object(w);
    return true;
}

static bool is_nulled(const sfo_soap *s, const sfi_xml_element *e, const char *name)
{
    for (sfi_xml_element *c = sfi_xml_child(e, "fieldsToNull"); c != NULL; c = sfi_xml_next(c, "fieldsToNull")) {
        const char *text = sfi_xml_text(s->doc, c);
        if (text != NULL && sfi_str_is_nocase(sfi_trim(sfi_str(text)), name)) return true;
    }
    return false;
}

static bool write_field(const sfo_soap *s, sfi_json_writer *w, const sfo_soap_record *record, sfi_xml_element *e,
                        sfo_fault *f)
{
    const char *name = sfi_xml_name(e);
    const sfo_field *field = sfo_object_field(record->object, sfi_str(name));
    const char *text = sfi_xml_is_nil(s->doc, e) ? "" : sfi_xml_text(s->doc, e);
    bool has_children = sfi_xml_child(e, NULL) != NULL;
    if (text == NULL) return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    if ((field != NULL && field->type == SFO_ID) || (text[0] == '\0' && !has_children)) return true;
    if (is_nulled(s, record->element, name))
        return sfo_fault_set(f, 400, "INVALID_FIELD_FOR_INSERT_UPDATE",
                             "%s is set and stands in fieldsToNull: say one of them", name);
    return field != NULL ? write_value(s, w, field, sfi_str(text), f) : write_parent(s, w, name, e);
}

static bool write_body(const sfo_soap *s, sfi_json_writer *w, const sfo_soap_record *record, sfo_fault *f)
{
    sfi_json_begin_object(w);
    for (sfi_xml_element *c = sfi_xml_child(record->element, NULL); c != NULL; c = sfi_xml_next(c, NULL))
        if (!is_frame(sfi_xml_name(c)) && !write_field(s, w, record, c, f)) return false;
    for (sfi_xml_element *c = sfi_xml_child(record->element, "fieldsToNull"); c != NULL;
         c = sfi_xml_next(c, "fieldsToNull")) {
        const char *text = sfi_xml_text(s->doc, c);
        sf_str name = sfi_trim(sfi_str(text));
        if (name.len == 0) continue;
        sfi_json_key_n(w, name);
        sfi_json_null(w);
    }
    sfi_json_end_object(w);
    return true;
}

bool sfo_soap_record_body(sfo_soap *s, const sfo_soap_record *record, sf_value *out, sfo_fault *f)
{
    sf_error err;
    sfi_buf_clear(&s->text);
    sfi_json_writer w = sfi_json_write_to(&s->text);
    if (!write_body(s, &w, record, f)) return false;
    sf_status rc = sfi_buf_status(&s->text, &err, "a record");
    if (rc == SF_OK && s->json == NULL) rc = sfi_json_new(&s->json, &err);
    if (rc == SF_OK) rc = sfi_json_parse(s->json, sfi_buf_str(&s->text), &err);
    if (rc != SF_OK) return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "%s", err.message);
    *out = sfi_json_root(s->json);
    return true;
}
