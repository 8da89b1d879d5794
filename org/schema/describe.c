/*
 * describe.c: the JSON of the describe calls, see schema.h. Every key that a real org writes is there, in its order
 * (alphabetical); what this org has no notion of is null, false or empty.
 */
#include "schema/schema_internal.h"

static void write_url(sfi_json_writer *w, const char *key, const char *version, const char *object, const char *tail)
{
    char path[256];
    (void)snprintf(path, sizeof path, "/services/data/v%s/sobjects/%s%s", version, object, tail); /* names end at 80 */
    sfi_json_put_string(w, key, path);
}

/* ---- the entry of the global list ---- */

/* An address of the web pages: with the host that the request came to, as a real org's has its own. */
static void write_page(sfi_json_writer *w, const char *key, const char *base, const char *path, const char *tail)
{
    char url[400];
    (void)snprintf(url, sizeof url, "%.300s/%.50s%s", base, path, tail);
    sfi_json_put_string(w, key, url);
}

/* base: of the web pages, which the entries of the global list do not name; NULL: without them. */
static void write_urls(sfi_json_writer *w, const sfo_object *o, const char *version, const char *base)
{
    bool has_pages = base != NULL && o->key_prefix != NULL && o->layoutable;
    sfi_json_key(w, "urls");
    sfi_json_begin_object(w);
    if (o->layoutable) write_url(w, "compactLayouts", version, o->name, "/describe/compactLayouts");
    write_url(w, "rowTemplate", version, o->name, "/{ID}");
    if (o->layoutable) write_url(w, "approvalLayouts", version, o->name, "/describe/approvalLayouts");
    if (has_pages) {
        write_page(w, "uiDetailTemplate", base, "{ID}", "");
        write_page(w, "uiEditTemplate", base, "{ID}", "/e");
    }
    if (o->layoutable && o->mru_enabled) write_url(w, "listviews", version, o->name, "/listviews");
    write_url(w, "describe", version, o->name, "/describe");
    if (has_pages) write_page(w, "uiNewRecord", base, o->key_prefix, "/e");
    if (o->layoutable) {
        write_url(w, "quickActions", version, o->name, "/quickActions");
        write_url(w, "layouts", version, o->name, "/describe/layouts");
    }
    if (o->is_event) write_url(w, "eventSchema", version, o->name, "/eventSchema");
    if (strcmp(o->name, "User") == 0) {
        write_url(w, "namedLayouts", version, o->name, "/describe/namedLayouts/{LayoutName}");
        write_url(w, "passwordUtilities", version, o->name, "/{ID}/password");
    }
    write_url(w, "sobject", version, o->name, "");
    sfi_json_end_object(w);
}

void sfo_describe_entry(const sfo_object *o, const char *version, sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "activateable", false);
    sfi_json_put_string(w, "associateEntityType", o->associate_entity_type);
    sfi_json_put_string(w, "associateParentEntity", o->associate_parent_entity);
    sfi_json_put_bool(w, "createable", o->createable);
    sfi_json_put_bool(w, "custom", o->custom);
    sfi_json_put_bool(w, "customSetting", o->custom_setting);
    sfi_json_put_bool(w, "deepCloneable", o->deep_cloneable);
    sfi_json_put_bool(w, "deletable", o->deletable);
    sfi_json_put_bool(w, "deprecatedAndHidden", false);
    sfi_json_put_bool(w, "feedEnabled", o->feed_enabled);
    sfi_json_put_bool(w, "hasSubtypes", false);
    sfi_json_put_bool(w, "isInterface", false);
    sfi_json_put_bool(w, "isSubtype", false);
    sfi_json_put_string(w, "keyPrefix", o->key_prefix);
    sfi_json_put_string(w, "label", o->label);
    sfi_json_put_string(w, "labelPlural", o->label_plural);
    sfi_json_put_bool(w, "layoutable", o->layoutable);
    sfi_json_put_bool(w, "mergeable", o->mergeable);
    sfi_json_put_bool(w, "mruEnabled", o->mru_enabled);
    sfi_json_put_string(w, "name", o->name);
    sfi_json_put_bool(w, "queryable", o->queryable);
    sfi_json_put_bool(w, "replicateable", o->replicateable);
    sfi_json_put_bool(w, "retrieveable", o->retrieveable);
    sfi_json_put_bool(w, "searchable", o->searchable);
    sfi_json_put_bool(w, "triggerable", o->triggerable);
    sfi_json_put_bool(w, "undeletable", o->undeletable);
    sfi_json_put_bool(w, "updateable", o->updateable);
    write_urls(w, o, version, NULL);
    sfi_json_end_object(w);
}

void sfo_describe_global(const sfo_schema *s, const char *version, sfi_buf *out)
{
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "encoding", "UTF-8");
    sfi_json_put_int(&w, "maxBatchSize", 200);
    sfi_json_key(&w, "sobjects");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < sfo_schema_count(s); i++) sfo_describe_entry(sfo_schema_at(s, i), version, &w);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

/* ---- fields ---- */

static void write_picklist(sfi_json_writer *w, const sfo_field *f)
{
    sfi_json_key(w, "picklistValues");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < f->picklist_count; i++) {
        const sfo_picklist_value *v = &f->picklist[i];
        sfi_json_begin_object(w);
        sfi_json_put_bool(w, "active", v->active);
        sfi_json_put_bool(w, "defaultValue", v->is_default);
        sfi_json_put_string(w, "label", v->label);
        sfi_json_put_string(w, "validFor", v->valid_for);
        sfi_json_put_string(w, "value", v->value);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static void write_references(sfi_json_writer *w, const sfo_field *f)
{
    sfi_json_key(w, "referenceTo");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < f->reference_count; i++) sfi_json_string(w, f->reference_to[i]);
    sfi_json_end_array(w);
}

static void write_default(sfi_json_writer *w, const sfo_field *f)
{
    sfi_json_key(w, "defaultValue");
    if (f->type == SFO_BOOLEAN)
        sfi_json_bool(w, f->default_value != NULL && strcmp(f->default_value, "true") == 0);
    else
        sfi_json_string(w, f->default_value);
}

static void write_field_first_half(sfi_json_writer *w, const sfo_field *f)
{
    sfi_json_put_bool(w, "aggregatable", f->aggregatable);
    sfi_json_put_bool(w, "aiPredictionField", false);
    sfi_json_put_bool(w, "autoNumber", f->auto_number);
    sfi_json_put_int(w, "byteLength", f->byte_length);
    sfi_json_put_bool(w, "calculated", f->calculated);
    sfi_json_put_string(w, "calculatedFormula", f->formula);
    sfi_json_put_bool(w, "cascadeDelete", f->cascade_delete);
    sfi_json_put_bool(w, "caseSensitive", f->case_sensitive);
    sfi_json_put_string(w, "compoundFieldName", f->compound_name);
    sfi_json_put_string(w, "controllerName", f->controller_name);
    sfi_json_put_bool(w, "createable", f->createable);
    sfi_json_put_bool(w, "custom", f->custom);
    write_default(w, f);
    sfi_json_put_string(w, "defaultValueFormula", f->default_formula);
    sfi_json_put_bool(w, "defaultedOnCreate", f->defaulted_on_create);
    sfi_json_put_bool(w, "dependentPicklist", f->dependent_picklist);
    sfi_json_put_bool(w, "deprecatedAndHidden", false);
    sfi_json_put_int(w, "digits", f->digits);
    sfi_json_put_bool(w, "displayLocationInDecimal", f->display_location_in_decimal);
    sfi_json_put_bool(w, "encrypted", f->encrypted);
    sfi_json_put_bool(w, "externalId", f->external_id);
    sfi_json_put_string(w, "extraTypeInfo", f->extra_type_info);
    sfi_json_put_bool(w, "filterable", f->filterable);
    sfi_json_put_null(w, "filteredLookupInfo");
    sfi_json_put_bool(w, "formulaTreatNullNumberAsZero", false);
    sfi_json_put_bool(w, "groupable", f->groupable);
    sfi_json_put_bool(w, "highScaleNumber", f->high_scale_number);
    sfi_json_put_bool(w, "htmlFormatted", f->html_formatted);
    sfi_json_put_bool(w, "idLookup", f->id_lookup);
    sfi_json_put_string(w, "inlineHelpText", f->help_text);
}

static void write_field_second_half(sfi_json_writer *w, const sfo_field *f)
{
    sfi_json_put_string(w, "label", f->label);
    sfi_json_put_int(w, "length", f->length);
    sfi_json_put_string(w, "mask", f->mask);
    sfi_json_put_string(w, "maskType", f->mask_type);
    sfi_json_put_string(w, "name", f->name);
    sfi_json_put_bool(w, "nameField", f->name_field);
    sfi_json_put_bool(w, "namePointing", f->name_pointing);
    sfi_json_put_bool(w, "nillable", f->nillable);
    sfi_json_put_bool(w, "permissionable", f->permissionable);
    write_picklist(w, f);
    sfi_json_put_bool(w, "polymorphicForeignKey", f->polymorphic);
    sfi_json_put_int(w, "precision", f->precision);
    sfi_json_put_bool(w, "queryByDistance", f->query_by_distance);
    sfi_json_put_null(w, "referenceTargetField");
    write_references(w, f);
    sfi_json_put_string(w, "relationshipName", f->relationship_name);
    sfi_json_key(w, "relationshipOrder");
    if (f->relationship_order >= 0)
        sfi_json_int(w, f->relationship_order);
    else
        sfi_json_null(w);
    sfi_json_put_bool(w, "restrictedDelete", f->restricted_delete);
    sfi_json_put_bool(w, "restrictedPicklist", f->restricted_picklist);
    sfi_json_put_int(w, "scale", f->scale);
    sfi_json_put_bool(w, "searchPrefilterable", f->search_prefilterable);
    sfi_json_put_string(w, "soapType", f->soap_type);
    sfi_json_put_bool(w, "sortable", f->sortable);
    sfi_json_put_string(w, "type", f->type_name);
    sfi_json_put_bool(w, "unique", f->unique);
    sfi_json_put_bool(w, "updateable", f->updateable);
    sfi_json_put_bool(w, "writeRequiresMasterRead", f->write_requires_master_read);
}

/* ---- the whole object ---- */

static void write_child(sfi_json_writer *w, const sfo_child *c)
{
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "cascadeDelete", c->cascade_delete);
    sfi_json_put_string(w, "childSObject", c->child_object);
    sfi_json_put_bool(w, "deprecatedAndHidden", false);
    sfi_json_put_string(w, "field", c->field);
    sfi_json_put_empty_array(w, "junctionIdListNames");
    sfi_json_put_empty_array(w, "junctionReferenceTo");
    sfi_json_put_string(w, "relationshipName", c->relationship_name);
    sfi_json_put_bool(w, "restrictedDelete", c->restricted_delete);
    sfi_json_end_object(w);
}

static void write_record_type(sfi_json_writer *w, const sfo_object *o, const char *version, const sfo_record_type *t,
                              bool is_default)
{
    bool is_master = strcmp(t->id, SFO_MASTER_RECORD_TYPE) == 0;
    char tail[64];
    (void)snprintf(tail, sizeof tail, "/describe/layouts/%s", t->id); /* fits */
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "active", t->active);
    sfi_json_put_bool(w, "available", t->available);
    sfi_json_put_bool(w, "defaultRecordTypeMapping", is_default);
    sfi_json_put_string(w, "developerName", t->developer_name);
    sfi_json_put_bool(w, "master", is_master);
    sfi_json_put_string(w, "name", t->name);
    sfi_json_put_string(w, "recordTypeId", t->id);
    sfi_json_key(w, "urls");
    sfi_json_begin_object(w);
    write_url(w, "layout", version, o->name, tail);
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

/* The master record type is always there, and stands last. */
static void write_record_types(sfi_json_writer *w, const sfo_object *o, const char *version)
{
    static const sfo_record_type master = { SFO_MASTER_RECORD_TYPE, "Master", "Master", true, true, false, NULL, 0 };
    bool has_default = false;
    sfi_json_key(w, "recordTypeInfos");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < o->record_type_count; i++) {
        write_record_type(w, o, version, &o->record_types[i], o->record_types[i].is_default);
        has_default = has_default || o->record_types[i].is_default;
    }
    if (o->layoutable) write_record_type(w, o, version, &master, !has_default);
    sfi_json_end_array(w);
}

/* User has a layout with a name. */
static void write_named_layouts(sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_key(w, "namedLayoutInfos");
    sfi_json_begin_array(w);
    if (strcmp(o->name, "User") == 0) {
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "name", "UserAlt");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static void write_scope(sfi_json_writer *w, const char *name, const char *before, const char *plural)
{
    char label[256];
    size_t n = (size_t)snprintf(label, sizeof label, "%s", before);
    for (const char *c = plural; c != NULL && *c != '\0' && n < sizeof label - 1; c++)
        label[n++] = (char)sfi_ascii_lower((unsigned char)*c);
    label[n] = '\0';
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "label", label);
    sfi_json_put_string(w, "name", name);
    sfi_json_end_object(w);
}

static void write_scopes(sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_key(w, "supportedScopes");
    sfi_json_begin_array(w);
    write_scope(w, "everything", "All ", o->label_plural);
    if (sfo_object_field(o, SFI_STR("OwnerId")) != NULL) {
        write_scope(w, "mine", "My ", o->label_plural);
        write_scope(w, "scopingRule", "Filter by scope", NULL);
        write_scope(w, "team", "My team's ", o->label_plural);
    }
    sfi_json_end_array(w);
}

static void write_lists(sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_key(w, "childRelationships");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < o->child_count; i++) write_child(w, &o->children[i]);
    sfi_json_end_array(w);
}

static void write_fields(sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_key(w, "fields");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < o->field_count; i++) sfo_describe_field(&o->fields[i], w);
    sfi_json_end_array(w);
}

void sfo_describe_field(const sfo_field *f, sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    write_field_first_half(w, f);
    write_field_second_half(w, f);
    sfi_json_end_object(w);
}

void sfo_describe_object(const sfo_schema *s, const sfo_object *o, const char *version, const char *base, sfi_buf *out)
{
    (void)s; /* all that belongs to the object is in it */
    sfi_json_writer writer = sfi_json_write_to(out), *w = &writer;
    sfi_json_begin_object(w);
    sfi_json_put_empty_array(w, "actionOverrides");
    sfi_json_put_bool(w, "activateable", false);
    sfi_json_put_string(w, "associateEntityType", o->associate_entity_type);
    sfi_json_put_string(w, "associateParentEntity", o->associate_parent_entity);
    write_lists(w, o);
    sfi_json_put_bool(w, "compactLayoutable", o->compact_layoutable);
    sfi_json_put_bool(w, "createable", o->createable);
    sfi_json_put_bool(w, "custom", o->custom);
    sfi_json_put_bool(w, "customSetting", o->custom_setting);
    sfi_json_put_bool(w, "deepCloneable", o->deep_cloneable);
    sfi_json_put_null(w, "defaultImplementation");
    sfi_json_put_bool(w, "deletable", o->deletable);
    sfi_json_put_bool(w, "deprecatedAndHidden", false);
    sfi_json_put_null(w, "extendedBy");
    sfi_json_put_null(w, "extendsInterfaces");
    sfi_json_put_bool(w, "feedEnabled", o->feed_enabled);
    write_fields(w, o);
    sfi_json_put_bool(w, "hasSubtypes", false);
    sfi_json_put_null(w, "implementedBy");
    sfi_json_put_null(w, "implementsInterfaces");
    sfi_json_put_bool(w, "isInterface", false);
    sfi_json_put_bool(w, "isSubtype", false);
    sfi_json_put_string(w, "keyPrefix", o->key_prefix);
    sfi_json_put_string(w, "label", o->label);
    sfi_json_put_string(w, "labelPlural", o->label_plural);
    sfi_json_put_bool(w, "layoutable", o->layoutable);
    sfi_json_put_null(w, "listviewable");
    sfi_json_put_null(w, "lookupLayoutable");
    sfi_json_put_bool(w, "mergeable", o->mergeable);
    sfi_json_put_bool(w, "mruEnabled", o->mru_enabled);
    sfi_json_put_string(w, "name", o->name);
    write_named_layouts(w, o);
    sfi_json_put_null(w, "networkScopeFieldName");
    sfi_json_put_bool(w, "queryable", o->queryable);
    write_record_types(w, o, version);
    sfi_json_put_bool(w, "replicateable", o->replicateable);
    sfi_json_put_bool(w, "retrieveable", o->retrieveable);
    sfi_json_put_bool(w, "searchLayoutable", o->search_layoutable);
    sfi_json_put_bool(w, "searchable", o->searchable);
    sfi_json_put_string(w, "sobjectDescribeOption", "FULL");
    write_scopes(w, o);
    sfi_json_put_bool(w, "triggerable", o->triggerable);
    sfi_json_put_bool(w, "undeletable", o->undeletable);
    sfi_json_put_bool(w, "updateable", o->updateable);
    write_urls(w, o, version, base);
    sfi_json_end_object(w);
}
