/*
 * describe.c: the JSON of the describe calls, see schema.h. Every key that a real org writes is there, in its order
 * (alphabetical); what this org has no notion of is null, false or empty.
 */
#include "schema/schema_internal.h"

static void write_flag(sfi_json_writer *w, const char *key, bool value)
{
    sfi_json_key(w, key);
    sfi_json_bool(w, value);
}

static void write_text(sfi_json_writer *w, const char *key, const char *value)
{
    sfi_json_key(w, key);
    sfi_json_string(w, value);
}

static void write_int(sfi_json_writer *w, const char *key, int64_t value)
{
    sfi_json_key(w, key);
    sfi_json_int(w, value);
}

static void write_null(sfi_json_writer *w, const char *key)
{
    sfi_json_key(w, key);
    sfi_json_null(w);
}

static void write_empty_array(sfi_json_writer *w, const char *key)
{
    sfi_json_key(w, key);
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
}

static void write_url(sfi_json_writer *w, const char *key, const char *version, const char *object, const char *tail)
{
    char path[256];
    (void)snprintf(path, sizeof path, "/services/data/v%s/sobjects/%s%s", version, object, tail); /* names end at 80 */
    write_text(w, key, path);
}

/* ---- the entry of the global list ---- */

static void write_urls(sfi_json_writer *w, const sfo_object *o, const char *version, bool full)
{
    char edit[16], new_record[16];
    sfi_json_key(w, "urls");
    sfi_json_begin_object(w);
    if (o->layoutable) write_url(w, "compactLayouts", version, o->name, "/describe/compactLayouts");
    write_url(w, "rowTemplate", version, o->name, "/{ID}");
    if (o->layoutable) write_url(w, "approvalLayouts", version, o->name, "/describe/approvalLayouts");
    if (full && o->key_prefix != NULL && o->layoutable) {
        (void)snprintf(edit, sizeof edit, "/{ID}/e"); /* fits */
        write_text(w, "uiDetailTemplate", "/{ID}");
        write_text(w, "uiEditTemplate", edit);
    }
    if (o->layoutable && o->mru_enabled) write_url(w, "listviews", version, o->name, "/listviews");
    write_url(w, "describe", version, o->name, "/describe");
    if (full && o->key_prefix != NULL && o->layoutable) {
        (void)snprintf(new_record, sizeof new_record, "/%s/e", o->key_prefix); /* fits */
        write_text(w, "uiNewRecord", new_record);
    }
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
    write_flag(w, "activateable", false);
    write_text(w, "associateEntityType", o->associate_entity_type);
    write_text(w, "associateParentEntity", o->associate_parent_entity);
    write_flag(w, "createable", o->createable);
    write_flag(w, "custom", o->custom);
    write_flag(w, "customSetting", o->custom_setting);
    write_flag(w, "deepCloneable", o->deep_cloneable);
    write_flag(w, "deletable", o->deletable);
    write_flag(w, "deprecatedAndHidden", false);
    write_flag(w, "feedEnabled", o->feed_enabled);
    write_flag(w, "hasSubtypes", false);
    write_flag(w, "isInterface", false);
    write_flag(w, "isSubtype", false);
    write_text(w, "keyPrefix", o->key_prefix);
    write_text(w, "label", o->label);
    write_text(w, "labelPlural", o->label_plural);
    write_flag(w, "layoutable", o->layoutable);
    write_flag(w, "mergeable", o->mergeable);
    write_flag(w, "mruEnabled", o->mru_enabled);
    write_text(w, "name", o->name);
    write_flag(w, "queryable", o->queryable);
    write_flag(w, "replicateable", o->replicateable);
    write_flag(w, "retrieveable", o->retrieveable);
    write_flag(w, "searchable", o->searchable);
    write_flag(w, "triggerable", o->triggerable);
    write_flag(w, "undeletable", o->undeletable);
    write_flag(w, "updateable", o->updateable);
    write_urls(w, o, version, false);
    sfi_json_end_object(w);
}

void sfo_describe_global(const sfo_schema *s, const char *version, sfi_buf *out)
{
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_json_begin_object(&w);
    write_text(&w, "encoding", "UTF-8");
    write_int(&w, "maxBatchSize", 200);
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
        write_flag(w, "active", v->active);
        write_flag(w, "defaultValue", v->is_default);
        write_text(w, "label", v->label);
        write_text(w, "validFor", v->valid_for);
        write_text(w, "value", v->value);
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
    write_flag(w, "aggregatable", f->aggregatable);
    write_flag(w, "aiPredictionField", false);
    write_flag(w, "autoNumber", f->auto_number);
    write_int(w, "byteLength", f->byte_length);
    write_flag(w, "calculated", f->calculated);
    write_text(w, "calculatedFormula", f->formula);
    write_flag(w, "cascadeDelete", f->cascade_delete);
    write_flag(w, "caseSensitive", f->case_sensitive);
    write_text(w, "compoundFieldName", f->compound_name);
    write_text(w, "controllerName", f->controller_name);
    write_flag(w, "createable", f->createable);
    write_flag(w, "custom", f->custom);
    write_default(w, f);
    write_text(w, "defaultValueFormula", f->default_formula);
    write_flag(w, "defaultedOnCreate", f->defaulted_on_create);
    write_flag(w, "dependentPicklist", f->dependent_picklist);
    write_flag(w, "deprecatedAndHidden", false);
    write_int(w, "digits", f->digits);
    write_flag(w, "displayLocationInDecimal", f->display_location_in_decimal);
    write_flag(w, "encrypted", f->encrypted);
    write_flag(w, "externalId", f->external_id);
    write_text(w, "extraTypeInfo", f->extra_type_info);
    write_flag(w, "filterable", f->filterable);
    write_null(w, "filteredLookupInfo");
    write_flag(w, "formulaTreatNullNumberAsZero", false);
    write_flag(w, "groupable", f->groupable);
    write_flag(w, "highScaleNumber", f->high_scale_number);
    write_flag(w, "htmlFormatted", f->html_formatted);
    write_flag(w, "idLookup", f->id_lookup);
    write_text(w, "inlineHelpText", f->help_text);
}

static void write_field_second_half(sfi_json_writer *w, const sfo_field *f)
{
    write_text(w, "label", f->label);
    write_int(w, "length", f->length);
    write_text(w, "mask", f->mask);
    write_text(w, "maskType", f->mask_type);
    write_text(w, "name", f->name);
    write_flag(w, "nameField", f->name_field);
    write_flag(w, "namePointing", f->name_pointing);
    write_flag(w, "nillable", f->nillable);
    write_flag(w, "permissionable", f->permissionable);
    write_picklist(w, f);
    write_flag(w, "polymorphicForeignKey", f->polymorphic);
    write_int(w, "precision", f->precision);
    write_flag(w, "queryByDistance", f->query_by_distance);
    write_null(w, "referenceTargetField");
    write_references(w, f);
    write_text(w, "relationshipName", f->relationship_name);
    sfi_json_key(w, "relationshipOrder");
    if (f->relationship_order >= 0)
        sfi_json_int(w, f->relationship_order);
    else
        sfi_json_null(w);
    write_flag(w, "restrictedDelete", f->restricted_delete);
    write_flag(w, "restrictedPicklist", f->restricted_picklist);
    write_int(w, "scale", f->scale);
    write_flag(w, "searchPrefilterable", f->search_prefilterable);
    write_text(w, "soapType", f->soap_type);
    write_flag(w, "sortable", f->sortable);
    write_text(w, "type", f->type_name);
    write_flag(w, "unique", f->unique);
    write_flag(w, "updateable", f->updateable);
    write_flag(w, "writeRequiresMasterRead", f->write_requires_master_read);
}

/* ---- the whole object ---- */

static void write_child(sfi_json_writer *w, const sfo_child *c)
{
    sfi_json_begin_object(w);
    write_flag(w, "cascadeDelete", c->cascade_delete);
    write_text(w, "childSObject", c->child_object);
    write_flag(w, "deprecatedAndHidden", false);
    write_text(w, "field", c->field);
    write_empty_array(w, "junctionIdListNames");
    write_empty_array(w, "junctionReferenceTo");
    write_text(w, "relationshipName", c->relationship_name);
    write_flag(w, "restrictedDelete", c->restricted_delete);
    sfi_json_end_object(w);
}

static void write_record_type(sfi_json_writer *w, const sfo_object *o, const char *version, const sfo_record_type *t,
                              bool is_default)
{
    bool is_master = strcmp(t->id, SFO_MASTER_RECORD_TYPE) == 0;
    char tail[64];
    (void)snprintf(tail, sizeof tail, "/describe/layouts/%s", t->id); /* fits */
    sfi_json_begin_object(w);
    write_flag(w, "active", t->active);
    write_flag(w, "available", t->available);
    write_flag(w, "defaultRecordTypeMapping", is_default);
    write_text(w, "developerName", t->developer_name);
    write_flag(w, "master", is_master);
    write_text(w, "name", t->name);
    write_text(w, "recordTypeId", t->id);
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
        write_text(w, "name", "UserAlt");
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
    write_text(w, "label", label);
    write_text(w, "name", name);
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

void sfo_describe_object(const sfo_schema *s, const sfo_object *o, const char *version, sfi_buf *out)
{
    (void)s; /* all that belongs to the object is in it */
    sfi_json_writer writer = sfi_json_write_to(out), *w = &writer;
    sfi_json_begin_object(w);
    write_empty_array(w, "actionOverrides");
    write_flag(w, "activateable", false);
    write_text(w, "associateEntityType", o->associate_entity_type);
    write_text(w, "associateParentEntity", o->associate_parent_entity);
    write_lists(w, o);
    write_flag(w, "compactLayoutable", o->compact_layoutable);
    write_flag(w, "createable", o->createable);
    write_flag(w, "custom", o->custom);
    write_flag(w, "customSetting", o->custom_setting);
    write_flag(w, "deepCloneable", o->deep_cloneable);
    write_null(w, "defaultImplementation");
    write_flag(w, "deletable", o->deletable);
    write_flag(w, "deprecatedAndHidden", false);
    write_null(w, "extendedBy");
    write_null(w, "extendsInterfaces");
    write_flag(w, "feedEnabled", o->feed_enabled);
    write_fields(w, o);
    write_flag(w, "hasSubtypes", false);
    write_null(w, "implementedBy");
    write_null(w, "implementsInterfaces");
    write_flag(w, "isInterface", false);
    write_flag(w, "isSubtype", false);
    write_text(w, "keyPrefix", o->key_prefix);
    write_text(w, "label", o->label);
    write_text(w, "labelPlural", o->label_plural);
    write_flag(w, "layoutable", o->layoutable);
    write_null(w, "listviewable");
    write_null(w, "lookupLayoutable");
    write_flag(w, "mergeable", o->mergeable);
    write_flag(w, "mruEnabled", o->mru_enabled);
    write_text(w, "name", o->name);
    write_named_layouts(w, o);
    write_null(w, "networkScopeFieldName");
    write_flag(w, "queryable", o->queryable);
    write_record_types(w, o, version);
    write_flag(w, "replicateable", o->replicateable);
    write_flag(w, "retrieveable", o->retrieveable);
    write_flag(w, "searchLayoutable", o->search_layoutable);
    write_flag(w, "searchable", o->searchable);
    write_text(w, "sobjectDescribeOption", "FULL");
    write_scopes(w, o);
    write_flag(w, "triggerable", o->triggerable);
    write_flag(w, "undeletable", o->undeletable);
    write_flag(w, "updateable", o->updateable);
    write_urls(w, o, version, true);
    sfi_json_end_object(w);
}
