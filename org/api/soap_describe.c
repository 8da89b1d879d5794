/* soap_describe.c: describeGlobal, describeSObject(s), describeTabs. The content is the schema's own JSON (describe.c); tables
 * here say which members SOAP has, in which order, and what becomes of those that are null or false. */
#include "api/soap.h"

enum { DESCRIBES_MAX = 100 };

typedef enum rule {
    ALWAYS,   /* null: nil */
    FROM_40,  /* as ALWAYS from version 40.0 on, before left out */
    FALSE_40, /* false from version 40.0 on, before left out: REST has no such member */
    PRESENT,  /* null: left out */
    TRUTH,    /* null or false: left out */
    ANY,      /* null: left out; else xsi:type says what the schema leaves open */
} rule;

typedef struct member {
    const char *name;
    rule rule;
    const struct member *list; /* members of each element of an array; NULL: it holds texts, or is no array */
} member;

static const member child_members[] = {
    { "cascadeDelete", ALWAYS, NULL },
    { "childSObject", ALWAYS, NULL },
    { "deprecatedAndHidden", ALWAYS, NULL },
    { "field", ALWAYS, NULL },
    { "junctionIdListNames", PRESENT, NULL },
    { "junctionReferenceTo", PRESENT, NULL },
    { "relationshipName", PRESENT, NULL },
    { "restrictedDelete", TRUTH, NULL },
    { NULL, ALWAYS, NULL },
};

static const member picklist_members[] = {
    { "active", ALWAYS, NULL },    { "defaultValue", ALWAYS, NULL }, { "label", PRESENT, NULL },
    { "validFor", PRESENT, NULL }, { "value", ALWAYS, NULL },        { NULL, ALWAYS, NULL },
};

static const member field_members[] = {
    { "aggregatable", ALWAYS, NULL },
    { "aiPredictionField", ALWAYS, NULL },
    { "autoNumber", ALWAYS, NULL },
    { "byteLength", ALWAYS, NULL },
    { "calculated", ALWAYS, NULL },
    { "calculatedFormula", PRESENT, NULL },
    { "cascadeDelete", TRUTH, NULL },
    { "caseSensitive", ALWAYS, NULL },
    { "compoundFieldName", PRESENT, NULL },
    { "controllerName", PRESENT, NULL },
    { "createable", ALWAYS, NULL },
    { "custom", ALWAYS, NULL },
    { "defaultValue", ANY, NULL },
    { "defaultValueFormula", PRESENT, NULL },
    { "defaultedOnCreate", ALWAYS, NULL },
    { "dependentPicklist", TRUTH, NULL },
    { "deprecatedAndHidden", ALWAYS, NULL },
    { "digits", ALWAYS, NULL },
    { "displayLocationInDecimal", TRUTH, NULL },
    { "encrypted", TRUTH, NULL },
    { "externalId", TRUTH, NULL },
    { "extraTypeInfo", PRESENT, NULL },
    { "filterable", ALWAYS, NULL },
    { "formulaTreatNullNumberAsZero", TRUTH, NULL },
    { "groupable", ALWAYS, NULL },
    { "highScaleNumber", TRUTH, NULL },
    { "htmlFormatted", TRUTH, NULL },
    { "idLookup", ALWAYS, NULL },
    { "inlineHelpText", PRESENT, NULL },
    { "label", ALWAYS, NULL },
    { "length", ALWAYS, NULL },
    { "mask", PRESENT, NULL },
    { "maskType", PRESENT, NULL },
    { "name", ALWAYS, NULL },
    { "nameField", ALWAYS, NULL },
    { "namePointing", TRUTH, NULL },
    { "nillable", ALWAYS, NULL },
    { "permissionable", ALWAYS, NULL },
    { "picklistValues", PRESENT, picklist_members },
    { "polymorphicForeignKey", ALWAYS, NULL },
    { "precision", ALWAYS, NULL },
    { "queryByDistance", ALWAYS, NULL },
    { "referenceTargetField", PRESENT, NULL },
    { "referenceTo", PRESENT, NULL },
    { "relationshipName", PRESENT, NULL },
    { "relationshipOrder", PRESENT, NULL },
    { "restrictedDelete", TRUTH, NULL },
    { "restrictedPicklist", ALWAYS, NULL },
    { "scale", ALWAYS, NULL },
    { "searchPrefilterable", ALWAYS, NULL },
    { "soapType", ALWAYS, NULL },
    { "sortable", TRUTH, NULL },
    { "type", ALWAYS, NULL },
    { "unique", ALWAYS, NULL },
    { "updateable", ALWAYS, NULL },
    { "writeRequiresMasterRead", TRUTH, NULL },
    { NULL, ALWAYS, NULL },
};

static const member record_type_members[] = {
    { "active", ALWAYS, NULL },        { "available", ALWAYS, NULL }, { "defaultRecordTypeMapping", ALWAYS, NULL },
    { "developerName", ALWAYS, NULL }, { "master", ALWAYS, NULL },    { "name", ALWAYS, NULL },
    { "recordTypeId", ALWAYS, NULL },  { NULL, ALWAYS, NULL },
};

static const member scope_members[] = { { "label", ALWAYS, NULL }, { "name", ALWAYS, NULL }, { NULL, ALWAYS, NULL } };

static const member object_members[] = {
    { "activateable", ALWAYS, NULL },
    { "associateEntityType", FROM_40, NULL },
    { "associateParentEntity", FROM_40, NULL },
    { "childRelationships", PRESENT, child_members },
    { "compactLayoutable", ALWAYS, NULL },
    { "createable", ALWAYS, NULL },
    { "custom", ALWAYS, NULL },
    { "customSetting", ALWAYS, NULL },
    { "deepCloneable", ALWAYS, NULL },
    { "defaultImplementation", FROM_40, NULL },
    { "deletable", ALWAYS, NULL },
    { "deprecatedAndHidden", ALWAYS, NULL },
    { "feedEnabled", ALWAYS, NULL },
    { "fields", PRESENT, field_members },
    { "hasSubtypes", ALWAYS, NULL },
    { "idEnabled", FALSE_40, NULL },
    { "implementedBy", FROM_40, NULL },
    { "implementsInterfaces", FROM_40, NULL },
    { "isInterface", ALWAYS, NULL },
    { "isSubtype", ALWAYS, NULL },
    { "keyPrefix", ALWAYS, NULL },
    { "label", ALWAYS, NULL },
    { "labelPlural", ALWAYS, NULL },
    { "layoutable", ALWAYS, NULL },
    { "mergeable", ALWAYS, NULL },
    { "mruEnabled", ALWAYS, NULL },
    { "name", ALWAYS, NULL },
    { "networkScopeFieldName", FROM_40, NULL },
    { "queryable", ALWAYS, NULL },
    { "recordTypeInfos", PRESENT, record_type_members },
    { "replicateable", ALWAYS, NULL },
    { "retrieveable", ALWAYS, NULL },
    { "searchLayoutable", TRUTH, NULL },
    { "searchable", ALWAYS, NULL },
    { "supportedScopes", PRESENT, scope_members },
    { "triggerable", TRUTH, NULL },
    { "undeletable", ALWAYS, NULL },
    { "updateable", ALWAYS, NULL },
    { NULL, ALWAYS, NULL },
};

static const member global_members[] = {
    { "activateable", ALWAYS, NULL },
    { "associateEntityType", FROM_40, NULL },
    { "associateParentEntity", FROM_40, NULL },
    { "createable", ALWAYS, NULL },
    { "custom", ALWAYS, NULL },
    { "customSetting", ALWAYS, NULL },
    { "deepCloneable", FROM_40, NULL },
    { "deletable", ALWAYS, NULL },
    { "deprecatedAndHidden", ALWAYS, NULL },
    { "feedEnabled", ALWAYS, NULL },
    { "hasSubtypes", FROM_40, NULL },
    { "idEnabled", FALSE_40, NULL },
    { "isInterface", FROM_40, NULL },
    { "isSubtype", FROM_40, NULL },
    { "keyPrefix", ALWAYS, NULL },
    { "label", ALWAYS, NULL },
    { "labelPlural", ALWAYS, NULL },
    { "layoutable", ALWAYS, NULL },
    { "mergeable", ALWAYS, NULL },
    { "mruEnabled", FROM_40, NULL },
    { "name", ALWAYS, NULL },
    { "queryable", ALWAYS, NULL },
    { "replicateable", ALWAYS, NULL },
    { "retrieveable", ALWAYS, NULL },
    { "searchable", ALWAYS, NULL },
    { "triggerable", ALWAYS, NULL },
    { "undeletable", ALWAYS, NULL },
    { "updateable", ALWAYS, NULL },
    { NULL, ALWAYS, NULL },
};

/* ---- writing ---- */

static void write_members(sfi_buf *out, sf_value v, const member *members, int version);

static void write_list(sfi_buf *out, const member *m, sf_value list, int version)
{
    sf_iter it = sf_iter_begin(list);
    sf_value item;
    while (sf_iter_next(&it, NULL, &item)) {
        if (m->list == NULL) {
            sfi_xml_element_text(out, m->name, sf_get_text(item, NULL));
            continue;
        }
        sfi_xml_open(out, m->name);
        write_members(out, item, m->list, version);
        sfi_xml_close(out, m->name);
    }
}

static void write_any(sfi_buf *out, const char *name, sf_value v)
{
    sfi_buf_addf(out, "<%s xsi:type=\"xsd:%s\">", name, sf_value_type(v) == SF_BOOL ? "boolean" : "string");
    sfi_xml_escape(out, sf_get_text(v, NULL));
    sfi_buf_addf(out, "</%s>", name);
}

static void write_members(sfi_buf *out, sf_value v, const member *members, int version)
{
    for (const member *m = members; m->name != NULL; m++) {
        if ((m->rule == FROM_40 || m->rule == FALSE_40) && version < 40) continue;
        sf_value value = sf_get(v, m->name);
        sf_type type = sf_value_type(value);
        if (m->rule == FALSE_40)
            sfi_xml_element_text(out, m->name, sfi_str("false"));
        else if (type == SF_ARRAY)
            write_list(out, m, value, version);
        else if (m->rule == ANY && type != SF_NULL && type != SF_MISSING)
            write_any(out, m->name, value);
        else if (type != SF_NULL && type != SF_MISSING && (m->rule != TRUTH || sf_get_bool(value, NULL, true)))
            sfi_xml_element_text(out, m->name, sf_get_text(value, NULL));
        else if (m->rule == ALWAYS || m->rule == FROM_40)
            sfi_xml_element_text(out, m->name, (sf_str){ NULL, 0 });
    }
}

/* ---- the calls ---- */

/* Text into the document at hand. false: the response is the fault. */
static bool parse(sfo_soap *s, sf_value *out)
{
    sf_error err;
    sf_status rc = sfi_buf_status(&s->text, &err, "a describe");
    if (rc == SF_OK && s->json == NULL) rc = sfi_json_new(&s->json, &err);
    if (rc == SF_OK) rc = sfi_json_parse(s->json, sfi_buf_str(&s->text), &err);
    if (rc == SF_OK)
        *out = sfi_json_root(s->json);
    else
        sfo_soap_fault(s, "UNKNOWN_EXCEPTION", err.message, "UnexpectedErrorFault");
    return rc == SF_OK;
}

void sfo_soap_describe_global(sfo_soap *s)
{
    sf_value v, object;
    sfi_buf_clear(&s->text);
    sfo_describe_global(s->call->org->schema, s->call->version, &s->text);
    if (!parse(s, &v)) return;
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    sfi_buf_add_str(out, "<result><encoding>UTF-8</encoding><maxBatchSize>200</maxBatchSize>");
    for (sf_iter it = sf_iter_begin(sf_get(v, "sobjects")); sf_iter_next(&it, NULL, &object);) {
        sfi_buf_add_str(out, "<sobjects>");
        write_members(out, object, global_members, s->version_number);
        sfi_buf_add_str(out, "</sobjects>");
    }
    sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}

static const sfo_object *object_of(sfo_soap *s, const sfi_xml_element *e)
{
    const char *text = sfi_xml_text(s->doc, e);
    const sfo_object *o = sfo_schema_object(s->call->org->schema, sfi_trim(sfi_str(text != NULL ? text : "")));
    if (o == NULL)
        sfo_soap_faultf(
            s, "INVALID_TYPE", "InvalidSObjectFault",
            "sObject type '%.100s' is not supported. If you are attempting to use a custom object, be sure "
            "to append the '__c' after the entity name. Please reference your WSDL or the describe call for "
            "the appropriate names.",
            text != NULL ? text : "");
    return o;
}

/* Where a person sees a record, changes it and makes one; nil for objects without pages. */
static void write_pages(sfi_buf *out, sf_value v)
{
    static const struct {
        const char *name, *path;
    } pages[] = { { "urlDetail", "urls.uiDetailTemplate" },
                  { "urlEdit", "urls.uiEditTemplate" },
                  { "urlNew", "urls.uiNewRecord" } };
    for (size_t i = 0; i < SFI_COUNT_OF(pages); i++) {
        sf_str page = sf_get_text(v, pages[i].path);
        sfi_xml_element_text(out, pages[i].name, page);
    }
}

static void describe(sfo_soap *s, size_t max)
{
    static const char name[] = "sObjectType";
    size_t count = sfo_soap_count(s->operation, name);
    if (count > max || (max == 1 && count == 0)) {
        sfo_soap_faultf(s, count > max ? "EXCEEDED_ID_LIMIT" : "MISSING_ARGUMENT", "UnexpectedErrorFault",
                        "%zu names: a call takes %s%zu", count, max == 1 ? "" : "up to ", max);
        return;
    }
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); e != NULL; e = sfi_xml_next(e, name))
        if (object_of(s, e) == NULL) return;
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_TYPED);
    for (sfi_xml_element *e = sfi_xml_child(s->operation, name); e != NULL; e = sfi_xml_next(e, name)) {
        sf_value v;
        const sfo_object *o = object_of(s, e);
        sfi_buf_clear(&s->text);
        if (o == NULL) return;
        sfo_describe_object(s->call->org->schema, o, s->call->version, sfo_call_base_url(s->call), &s->text);
        if (!parse(s, &v)) return;
        sfi_buf_add_str(out, "<result>");
        write_members(out, v, object_members, s->version_number);
        write_pages(out, v);
        sfi_buf_add_str(out, "</result>");
    }
    sfo_soap_end(s);
}

void sfo_soap_describe_object(sfo_soap *s)
{
    describe(s, 1);
}

void sfo_soap_describe_objects(sfo_soap *s)
{
    describe(s, DESCRIBES_MAX);
}

/* ---- tabs: one app, with a tab for each object that people open ---- */

static void write_icon(sfi_buf *out, const char *base, const char *name, int size)
{
    sfi_buf_addf(out,
                 "<icons><contentType>image/png</contentType><height>%d</height><theme>theme3</theme>"
                 "<url>%s/img/icon/%s%d.png</url><width>%d</width></icons>",
                 size, base, name, size, size);
}

static void write_tab(sfi_buf *out, const sfo_object *o, const char *base)
{
    sfi_buf_add_str(out, "<tabs><colors><color>3C97DD</color><context>primary</context><theme>theme4</theme></colors>");
    sfo_soap_element_bool(out, "custom", o->custom);
    sfi_buf_addf(out, "<iconUrl>%s/img/icon/%s32.png</iconUrl>", base, o->name);
    write_icon(out, base, o->name, 32);
    write_icon(out, base, o->name, 16);
    sfo_soap_element(out, "label", o->label_plural);
    sfi_buf_addf(out, "<miniIconUrl>%s/img/icon/%s16.png</miniIconUrl>", base, o->name);
    sfi_buf_addf(out, "<name>%s%s</name><sobjectName>%s</sobjectName>", o->custom ? "" : "standard-", o->name, o->name);
    sfi_buf_addf(out, "<url>%s/%s/o</url></tabs>", base, o->key_prefix);
}

void sfo_soap_describe_tabs(sfo_soap *s)
{
    const sfo_schema *schema = s->call->org->schema;
    const char *base = sfo_call_base_url(s->call);
    sfi_buf *out = sfo_soap_begin(s, SFO_SOAP_PLAIN);
    sfi_buf_addf(out,
                 "<result><description>Every object with a page of its own</description><label>Sales</label>"
                 "<logoUrl>%s/img/logo.png</logoUrl><namespace xsi:nil=\"true\"/><selected>true</selected>"
                 "<tabSetId>02u000000000001AAA</tabSetId>",
                 base);
    for (size_t i = 0; i < sfo_schema_count(schema); i++) {
        const sfo_object *o = sfo_schema_at(schema, i);
        if (o->layoutable && o->mru_enabled && o->key_prefix != NULL) write_tab(out, o, base);
    }
    sfi_buf_add_str(out, "</result>");
    sfo_soap_end(s);
}
