/*
 * record.c: a record as an sObject. Called by programs (sf_soap_add_record) and by leads.c and records.c. Owns nothing.
 * The one idea: a record is known by its JSON, which is read here and written in SOAP's order: type, what shall be
 * cleared, Id, fields. SOAP ignores nulls and empty texts, so both become names in fieldsToNull.
 */
#include "soap/soap_internal.h"

/* In the enterprise API the type is an attribute. */
static void add_type(sf_xml_writer *w, const char *object, sf_soap_api api)
{
    if (api != SF_SOAP_ENTERPRISE) {
        (void)sf_xml_add(w, "so:type", object);
        return;
    }
    char type[300];
    (void)snprintf(type, sizeof type, "so:%.250s", object);
    (void)sf_xml_add_attribute(w, "xsi:type", type);
}

static bool is_cleared(sf_value v)
{
    sf_str text = sf_get_text(v, NULL);
    return sf_value_type(v) == SF_NULL || (sf_value_type(v) == SF_STRING && text.len == 0);
}

static void add_field(sf_xml_writer *w, sf_str name, sf_value v)
{
    char element[300];
    (void)snprintf(element, sizeof element, "so:%.*s", (int)name.len, name.ptr);
    (void)sf_xml_begin(w, element);
    (void)sf_xml_add_text(w, sf_get_text(v, NULL));
    (void)sf_xml_end(w);
}

/* {"attributes":{"type":"Account"},"Ext__c":"A-1"}: a parent by its external id. */
static sf_status add_parent(sf_xml_writer *w, const char *object, sf_str name, sf_value parent, sf_soap_api api,
                            sf_error *err)
{
    const char *type = sf_get_str(parent, "attributes.type");
    if (sf_value_type(parent) != SF_OBJECT)
        return sfi_fail(err, SF_ERR_USAGE, "%s.%.*s: SOAP has no lists in a record", object, (int)name.len, name.ptr);
    if (type == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "%s.%.*s: SOAP wants the parent's type; give it to sf_record_set_reference",
                        object, (int)name.len, name.ptr);
    char element[300];
    sf_str key;
    sf_value v;
    (void)snprintf(element, sizeof element, "so:%.*s", (int)name.len, name.ptr);
    (void)sf_xml_begin(w, element);
    add_type(w, type, api);
    for (sf_iter it = sf_iter_begin(parent); sf_iter_next(&it, &key, &v);)
        if (!sfi_str_is(key, "attributes")) add_field(w, key, v);
    (void)sf_xml_end(w);
    return SF_OK;
}

static sf_status add_fields(sf_xml_writer *w, const char *object, sf_value root, const char *id, sf_soap_api api,
                            sf_error *err)
{
    sf_status rc = SF_OK;
    sf_str key;
    sf_value v;
    const char *own_id = id;
    for (sf_iter it = sf_iter_begin(root); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is_nocase(key, "Id")) {
            if (id != NULL) return sfi_fail(err, SF_ERR_USAGE, "%s.Id: the id is given apart from the record", object);
            own_id = sf_get_str(v, NULL);
        } else if (is_cleared(v)) {
            (void)sf_xml_begin(w, "so:fieldsToNull");
            (void)sf_xml_add_text(w, key);
            (void)sf_xml_end(w);
        }
    }
    if (own_id != NULL && own_id[0] != '\0') (void)sf_xml_add(w, "so:Id", own_id);
    for (sf_iter it = sf_iter_begin(root); rc == SF_OK && sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is_nocase(key, "Id") || is_cleared(v)) continue;
        bool is_parent = sf_value_type(v) == SF_OBJECT || sf_value_type(v) == SF_ARRAY;
        if (is_parent)
            rc = add_parent(w, object, key, v, api, err);
        else
            add_field(w, key, v);
    }
    return rc;
}

sf_status sfi_soap_add_sobject(sf_xml_writer *w, const sfi_soap_sobject *s, const sf_record *r, sf_soap_api api,
                               sf_error *err)
{
    char *json = NULL;
    sf_document *doc = NULL;
    sf_status rc = r != NULL ? sf_record_to_json(r, &json, err) : sfi_fail(err, SF_ERR_USAGE, "the record is NULL");
    if (rc == SF_OK) rc = sf_document_parse(json, strlen(json), &doc, err);
    if (rc == SF_OK) {
        (void)sf_xml_begin(w, s->element);
        add_type(w, sf_record_object(r), api);
        rc = add_fields(w, sf_record_object(r), sf_document_root(doc), s->id, api, err);
        (void)sf_xml_end(w);
    }
    sf_document_free(doc);
    sf_free(json);
    return rc;
}

sf_status sf_soap_add_record(sf_xml_writer *w, const char *element, const sf_record *r, sf_soap_api api)
{
    if (w == NULL) return SF_ERR_USAGE;
    sf_error failure;
    bool has_sobjects = api == SF_SOAP_PARTNER || api == SF_SOAP_ENTERPRISE || api == SF_SOAP_TOOLING;
    sf_status rc = has_sobjects ? sfi_soap_add_sobject(w, &(sfi_soap_sobject){ .element = element }, r, api, &failure)
                                : sfi_fail(&failure, SF_ERR_USAGE, "api %d has no sObjects", (int)api);
    return sfi_xml_writer_fail(w, rc == SF_OK ? NULL : &failure);
}
