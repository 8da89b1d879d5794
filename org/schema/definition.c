/*
 * definition.c: reads the definition files: JSON of the shape of data/standard-objects.json into drafts of objects.
 * Called by schema.c. Two tables say which key goes into which member; what a file may leave out is filled in by
 * defaults.c afterwards, so this file only reads and refuses.
 */
#include "schema/schema_internal.h"

enum {
    FIELDS_MAX = 2000, /* of one object; SQLite's columns end there too */
    OBJECTS_MAX = 4000
};

typedef enum key_kind {
    KEY_BOOL,
    KEY_INT,
    KEY_TEXT,
    KEY_DEFAULT,
    KEY_TYPE,
    KEY_REFERENCES,
    KEY_PICKLIST,
    KEY_IGNORED
} key_kind;

typedef struct key_row {
    const char *name;
    key_kind kind;
    size_t offset;
    int given; /* the bit in given */
} key_row;

#define F(member) offsetof(sfo_field, member)
static const key_row field_keys[] = {
    { "name", KEY_TEXT, F(name), SFO_GIVEN_OTHER },
    { "type", KEY_TYPE, F(type), SFO_GIVEN_OTHER },
    { "label", KEY_TEXT, F(label), SFO_GIVEN_LABEL },
    { "length", KEY_INT, F(length), SFO_GIVEN_LENGTH },
    { "byteLength", KEY_INT, F(byte_length), SFO_GIVEN_BYTE_LENGTH },
    { "soapType", KEY_TEXT, F(soap_type), SFO_GIVEN_SOAP_TYPE },
    { "nillable", KEY_BOOL, F(nillable), SFO_GIVEN_NILLABLE },
    { "createable", KEY_BOOL, F(createable), SFO_GIVEN_CREATEABLE },
    { "updateable", KEY_BOOL, F(updateable), SFO_GIVEN_UPDATEABLE },
    { "filterable", KEY_BOOL, F(filterable), SFO_GIVEN_FILTERABLE },
    { "sortable", KEY_BOOL, F(sortable), SFO_GIVEN_SORTABLE },
    { "groupable", KEY_BOOL, F(groupable), SFO_GIVEN_GROUPABLE },
    { "aggregatable", KEY_BOOL, F(aggregatable), SFO_GIVEN_AGGREGATABLE },
    { "defaultedOnCreate", KEY_BOOL, F(defaulted_on_create), SFO_GIVEN_OTHER },
    { "idLookup", KEY_BOOL, F(id_lookup), SFO_GIVEN_ID_LOOKUP },
    { "externalId", KEY_BOOL, F(external_id), SFO_GIVEN_OTHER },
    { "unique", KEY_BOOL, F(unique), SFO_GIVEN_OTHER },
    { "caseSensitive", KEY_BOOL, F(case_sensitive), SFO_GIVEN_OTHER },
    { "autoNumber", KEY_BOOL, F(auto_number), SFO_GIVEN_OTHER },
    { "calculated", KEY_BOOL, F(calculated), SFO_GIVEN_OTHER },
    { "nameField", KEY_BOOL, F(name_field), SFO_GIVEN_OTHER },
    { "namePointing", KEY_BOOL, F(name_pointing), SFO_GIVEN_OTHER },
    { "restrictedPicklist", KEY_BOOL, F(restricted_picklist), SFO_GIVEN_OTHER },
    { "htmlFormatted", KEY_BOOL, F(html_formatted), SFO_GIVEN_OTHER },
    { "encrypted", KEY_BOOL, F(encrypted), SFO_GIVEN_OTHER },
    { "custom", KEY_BOOL, F(custom), SFO_GIVEN_CUSTOM },
    { "cascadeDelete", KEY_BOOL, F(cascade_delete), SFO_GIVEN_OTHER },
    { "restrictedDelete", KEY_BOOL, F(restricted_delete), SFO_GIVEN_OTHER },
    { "permissionable", KEY_BOOL, F(permissionable), SFO_GIVEN_PERMISSIONABLE },
    { "searchPrefilterable", KEY_BOOL, F(search_prefilterable), SFO_GIVEN_OTHER },
    { "queryByDistance", KEY_BOOL, F(query_by_distance), SFO_GIVEN_OTHER },
    { "polymorphicForeignKey", KEY_BOOL, F(polymorphic), SFO_GIVEN_OTHER },
    { "dependentPicklist", KEY_BOOL, F(dependent_picklist), SFO_GIVEN_OTHER },
    { "displayLocationInDecimal", KEY_BOOL, F(display_location_in_decimal), SFO_GIVEN_OTHER },
    { "highScaleNumber", KEY_BOOL, F(high_scale_number), SFO_GIVEN_OTHER },
    { "writeRequiresMasterRead", KEY_BOOL, F(write_requires_master_read), SFO_GIVEN_OTHER },
    { "precision", KEY_INT, F(precision), SFO_GIVEN_PRECISION },
    { "scale", KEY_INT, F(scale), SFO_GIVEN_SCALE },
    { "digits", KEY_INT, F(digits), SFO_GIVEN_DIGITS },
    { "relationshipOrder", KEY_INT, F(relationship_order), SFO_GIVEN_OTHER },
    { "defaultValue", KEY_DEFAULT, F(default_value), SFO_GIVEN_OTHER },
    { "relationshipName", KEY_TEXT, F(relationship_name), SFO_GIVEN_OTHER },
    { "childRelationshipName", KEY_TEXT, F(child_relationship_name), SFO_GIVEN_OTHER },
    { "compoundFieldName", KEY_TEXT, F(compound_name), SFO_GIVEN_OTHER },
    { "extraTypeInfo", KEY_TEXT, F(extra_type_info), SFO_GIVEN_OTHER },
    { "controllerName", KEY_TEXT, F(controller_name), SFO_GIVEN_OTHER },
    { "inlineHelpText", KEY_TEXT, F(help_text), SFO_GIVEN_OTHER },
    { "calculatedFormula", KEY_TEXT, F(formula), SFO_GIVEN_OTHER },
    { "defaultValueFormula", KEY_TEXT, F(default_formula), SFO_GIVEN_OTHER },
    { "mask", KEY_TEXT, F(mask), SFO_GIVEN_OTHER },
    { "maskType", KEY_TEXT, F(mask_type), SFO_GIVEN_OTHER },
    { "referenceTo", KEY_REFERENCES, 0, SFO_GIVEN_OTHER },
    { "picklistValues", KEY_PICKLIST, 0, SFO_GIVEN_OTHER },
    { "aiPredictionField", KEY_IGNORED, 0, SFO_GIVEN_OTHER },
    { "deprecatedAndHidden", KEY_IGNORED, 0, SFO_GIVEN_OTHER },
    { "filteredLookupInfo", KEY_IGNORED, 0, SFO_GIVEN_OTHER },
    { "formulaTreatNullNumberAsZero", KEY_IGNORED, 0, SFO_GIVEN_OTHER },
    { "referenceTargetField", KEY_IGNORED, 0, SFO_GIVEN_OTHER },
};

#define O(member) offsetof(sfo_object, member)
static const key_row object_keys[] = {
    { "name", KEY_TEXT, O(name), SFO_OBJECT_OTHER },
    { "keyPrefix", KEY_TEXT, O(key_prefix), SFO_OBJECT_OTHER },
    { "label", KEY_TEXT, O(label), SFO_OBJECT_OTHER },
    { "labelPlural", KEY_TEXT, O(label_plural), SFO_OBJECT_OTHER },
    { "changeEvent", KEY_TEXT, O(change_event), SFO_OBJECT_CHANGE_EVENT },
    { "publishBehavior", KEY_TEXT, O(publish_behavior), SFO_OBJECT_OTHER },
    { "associateEntityType", KEY_TEXT, O(associate_entity_type), SFO_OBJECT_OTHER },
    { "associateParentEntity", KEY_TEXT, O(associate_parent_entity), SFO_OBJECT_OTHER },
    { "isEvent", KEY_BOOL, O(is_event), SFO_OBJECT_OTHER },
    { "custom", KEY_BOOL, O(custom), SFO_OBJECT_OTHER },
    { "customSetting", KEY_BOOL, O(custom_setting), SFO_OBJECT_OTHER },
    { "createable", KEY_BOOL, O(createable), SFO_OBJECT_CREATEABLE },
    { "updateable", KEY_BOOL, O(updateable), SFO_OBJECT_UPDATEABLE },
    { "deletable", KEY_BOOL, O(deletable), SFO_OBJECT_DELETABLE },
    { "queryable", KEY_BOOL, O(queryable), SFO_OBJECT_QUERYABLE },
    { "searchable", KEY_BOOL, O(searchable), SFO_OBJECT_SEARCHABLE },
    { "undeletable", KEY_BOOL, O(undeletable), SFO_OBJECT_UNDELETABLE },
    { "retrieveable", KEY_BOOL, O(retrieveable), SFO_OBJECT_RETRIEVEABLE },
    { "replicateable", KEY_BOOL, O(replicateable), SFO_OBJECT_REPLICATEABLE },
    { "triggerable", KEY_BOOL, O(triggerable), SFO_OBJECT_TRIGGERABLE },
    { "layoutable", KEY_BOOL, O(layoutable), SFO_OBJECT_LAYOUTABLE },
    { "mergeable", KEY_BOOL, O(mergeable), SFO_OBJECT_OTHER },
    { "mruEnabled", KEY_BOOL, O(mru_enabled), SFO_OBJECT_MRU_ENABLED },
    { "feedEnabled", KEY_BOOL, O(feed_enabled), SFO_OBJECT_OTHER },
    { "deepCloneable", KEY_BOOL, O(deep_cloneable), SFO_OBJECT_OTHER },
    { "compactLayoutable", KEY_BOOL, O(compact_layoutable), SFO_OBJECT_COMPACT_LAYOUTABLE },
    { "searchLayoutable", KEY_BOOL, O(search_layoutable), SFO_OBJECT_SEARCH_LAYOUTABLE },
    { "fields", KEY_IGNORED, 0, SFO_OBJECT_OTHER }, /* read on their own */
    { "childRelationships", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "actionOverrides", KEY_IGNORED, 0, SFO_OBJECT_OTHER }, /* in every describe of an org, and of no use here */
    { "activateable", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "defaultImplementation", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "deprecatedAndHidden", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "extendedBy", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "extendsInterfaces", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "hasSubtypes", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "implementedBy", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "implementsInterfaces", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "isInterface", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "isSubtype", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "listviewable", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "lookupLayoutable", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "namedLayoutInfos", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "networkScopeFieldName", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "recordTypeInfos", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "sobjectDescribeOption", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "supportedScopes", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
    { "urls", KEY_IGNORED, 0, SFO_OBJECT_OTHER },
};

/* Where in the file we are, for messages. */
typedef struct place {
    sfo_loader *l;
    const char *object, *field; /* NULL: not there yet */
} place;

static sf_status fail_at(const place *p, const char *what, const char *detail)
{
    return sfi_fail(p->l->err, SF_ERR_USAGE, "%s: %s%s%s: %s%s", p->l->file, p->object != NULL ? p->object : "sobjects",
                    p->field != NULL ? "." : "", p->field != NULL ? p->field : "", what, detail);
}

static sf_status fail_memory(sfo_loader *l)
{
    return sfi_fail_memory(l->err, "the schema");
}

static sf_status keep_text(const place *p, sf_value v, const char **out)
{
    sf_str s = sf_get_text(v, NULL);
    if (s.ptr == NULL) return fail_at(p, "want text, not ", "an object, array or null");
    *out = sfi_arena_strndup(p->l->arena, s.ptr, s.len);
    return *out != NULL ? SF_OK : fail_memory(p->l);
}

static sf_status read_references(const place *p, sf_value v, sfo_field *f)
{
    if (sf_value_type(v) != SF_ARRAY) return fail_at(p, "referenceTo is not an array", "");
    size_t n = sf_value_count(v);
    const char **names = sfi_arena_alloc(p->l->arena, (n + 1) * sizeof *names);
    if (names == NULL) return fail_memory(p->l);
    sf_iter it = sf_iter_begin(v);
    sf_value name;
    size_t i = 0;
    while (i < n && sf_iter_next(&it, NULL, &name)) {
        sf_status rc = keep_text(p, name, &names[i++]);
        if (rc != SF_OK) return rc;
    }
    f->reference_to = names;
    f->reference_count = i;
    return SF_OK;
}

/* "validFor":["Hot","Cold"]: values of the controlling field, which a describe has as a bitmap. */
static sf_status read_valid_names(const place *p, sf_value v, sfo_picklist_value *out)
{
    size_t n = sf_value_count(v), i = 0;
    const char **names = sfi_arena_alloc(p->l->arena, (n + 1) * sizeof *names);
    if (names == NULL) return fail_memory(p->l);
    sf_value name;
    for (sf_iter it = sf_iter_begin(v); i < n && sf_iter_next(&it, NULL, &name);) {
        sf_status rc = keep_text(p, name, &names[i++]);
        if (rc != SF_OK) return rc;
    }
    out->valid_names = names;
    out->valid_count = i;
    return SF_OK;
}

static sf_status read_picklist_value(const place *p, sf_value v, sfo_picklist_value *out)
{
    sf_status rc;
    *out = (sfo_picklist_value){ .active = sf_get_bool(v, "active", true),
                                 .is_default = sf_get_bool(v, "defaultValue", false) };
    if (sf_value_type(v) == SF_STRING) { /* the short form: just the value */
        rc = keep_text(p, v, &out->value);
        out->label = out->value;
        return rc;
    }
    if (sf_get_str(v, "value") == NULL) return fail_at(p, "a picklist value has no \"value\"", "");
    if ((rc = keep_text(p, sf_get(v, "value"), &out->value)) != SF_OK) return rc;
    out->label = out->value;
    if (sf_get_str(v, "label") != NULL && (rc = keep_text(p, sf_get(v, "label"), &out->label)) != SF_OK) return rc;
    if (sf_value_type(sf_get(v, "validFor")) == SF_ARRAY) return read_valid_names(p, sf_get(v, "validFor"), out);
    if (sf_get_str(v, "validFor") != NULL) return keep_text(p, sf_get(v, "validFor"), &out->valid_for);
    return SF_OK;
}

static sf_status read_picklist(const place *p, sf_value v, sfo_field *f)
{
    if (sf_value_type(v) != SF_ARRAY) return fail_at(p, "picklistValues is not an array", "");
    size_t n = sf_value_count(v);
    sfo_picklist_value *values = sfi_arena_alloc(p->l->arena, (n + 1) * sizeof *values);
    if (values == NULL) return fail_memory(p->l);
    sf_iter it = sf_iter_begin(v);
    sf_value entry;
    size_t i = 0;
    while (i < n && sf_iter_next(&it, NULL, &entry)) {
        sf_status rc = read_picklist_value(p, entry, &values[i++]);
        if (rc != SF_OK) return rc;
    }
    f->picklist = values;
    f->picklist_count = i;
    return SF_OK;
}

static sf_status read_type(const place *p, sf_value v, sfo_field *f)
{
    sf_str name = sf_get_text(v, NULL);
    if (name.ptr == NULL) return fail_at(p, "type is not text", "");
    if (!sfo_type_parse(name, &f->type)) {
        char shown[64];
        (void)snprintf(shown, sizeof shown, "%.*s", (int)name.len, name.ptr); /* cut: only for the message */
        return fail_at(p, "unknown type ", shown);
    }
    f->type_name = sfo_type_text(f->type);
    return SF_OK;
}

static sf_status read_key(const place *p, const key_row *row, sf_value v, void *into)
{
    char *at = (char *)into + row->offset;
    sf_type type = sf_value_type(v);
    if (row->kind == KEY_IGNORED || type == SF_NULL) return SF_OK;
    switch (row->kind) {
    case KEY_BOOL:
        if (type != SF_BOOL) return fail_at(p, "want true or false for ", row->name);
        *(bool *)(void *)at = sf_get_bool(v, NULL, false);
        return SF_OK;
    case KEY_INT: {
        int64_t n = sf_get_int(v, NULL, -1);
        if (n < 0 || n > INT32_MAX) return fail_at(p, "want a whole number from 0 for ", row->name);
        *(int32_t *)(void *)at = (int32_t)n;
        return SF_OK;
    }
    case KEY_TEXT: {
        if (type != SF_STRING) return fail_at(p, "want text for ", row->name);
        return keep_text(p, v, (const char **)(void *)at);
    }
    case KEY_DEFAULT:
        if (type == SF_OBJECT || type == SF_ARRAY) return fail_at(p, "defaultValue is not a plain value", "");
        return keep_text(p, v, (const char **)(void *)at);
    case KEY_TYPE: return read_type(p, v, into);
    case KEY_REFERENCES: return read_references(p, v, into);
    case KEY_PICKLIST: return read_picklist(p, v, into);
    case KEY_IGNORED: break;
    }
    return SF_OK;
}

static const key_row *find_key(const key_row *rows, size_t count, sf_str key)
{
    for (size_t i = 0; i < count; i++)
        if (key.len > 0 && rows[i].name[0] == key.ptr[0] && sfi_str_is(key, rows[i].name)) return &rows[i];
    return NULL;
}

static sf_status read_keys(const place *p, const key_row *rows, size_t count, sf_value v, void *into, uint64_t *given)
{
    sf_iter it = sf_iter_begin(v);
    sf_str key;
    sf_value value;
    while (sf_iter_next(&it, &key, &value)) {
        const key_row *row = find_key(rows, count, key);
        if (row == NULL) {
            char shown[64];
            (void)snprintf(shown, sizeof shown, "%.*s", (int)key.len, key.ptr); /* cut: only for the message */
            return fail_at(p, "unknown key ", shown);
        }
        sf_status rc = read_key(p, row, value, into);
        if (rc != SF_OK) return rc;
        *given |= (uint64_t)1 << row->given;
    }
    return SF_OK;
}

/* A name that can be a column and a SOQL identifier. */
static bool is_identifier(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 80) return false;
    for (size_t i = 0; i < len; i++) {
        int c = sfi_ascii_lower((unsigned char)name[i]);
        if (!((c >= 'a' && c <= 'z') || (i > 0 && ((c >= '0' && c <= '9') || c == '_')))) return false;
    }
    return true;
}

static sf_status check_field(const place *p, const sfo_draft *d, const sfo_field *f)
{
    if (!is_identifier(f->name)) return fail_at(p, "the name is not an identifier", "");
    if (f->type_name == NULL) return fail_at(p, "the field has no type", "");
    if (sfo_draft_field(d, sfi_str(f->name)) != NULL) return fail_at(p, "the object has this field already", "");
    if (f->type == SFO_REFERENCE && f->reference_count == 0 && !p->l->standard) /* ours may be to what is not here */
        return fail_at(p, "a reference without referenceTo", "");
    if (d->field_count >= FIELDS_MAX) return fail_at(p, "too many fields", "");
    return SF_OK;
}

static sf_status read_field(sfo_loader *l, sfo_draft *d, sf_value v)
{
    place p = { .l = l, .object = d->object.name };
    if (sf_value_type(v) != SF_OBJECT) return fail_at(&p, "an entry of fields is not an object", "");
    sfo_field f = { .relationship_order = -1 };
    uint64_t given = 0;
    p.field = sf_get_str(v, "name");
    if (p.field == NULL) return fail_at(&p, "a field has no name", "");
    sf_status rc = read_keys(&p, field_keys, SFI_COUNT_OF(field_keys), v, &f, &given);
    if (rc == SF_OK) rc = check_field(&p, d, &f);
    if (rc != SF_OK) return rc;
    sfo_field_complete(&f, given, l->standard);
    return sfo_draft_add_field(l, d, &f);
}

static sf_status read_child(sfo_loader *l, sfo_draft *d, sf_value v)
{
    place p = { .l = l, .object = d->object.name };
    sfo_child child = { .cascade_delete = sf_get_bool(v, "cascadeDelete", false),
                        .restricted_delete = sf_get_bool(v, "restrictedDelete", false) };
    if (sf_get_str(v, "childSObject") == NULL || sf_get_str(v, "field") == NULL)
        return fail_at(&p, "a child relationship needs childSObject and field", "");
    sf_status rc = keep_text(&p, sf_get(v, "childSObject"), &child.child_object);
    if (rc == SF_OK) rc = keep_text(&p, sf_get(v, "field"), &child.field);
    if (rc == SF_OK && sf_get_str(v, "relationshipName") != NULL)
        rc = keep_text(&p, sf_get(v, "relationshipName"), &child.relationship_name);
    return rc == SF_OK ? sfo_draft_add_child(l, d, &child) : rc;
}

static sf_status add_draft(sfo_loader *l, sfo_draft **out)
{
    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 64 : l->cap * 2;
        sfo_draft *more = sfi_realloc(l->drafts, cap * sizeof *more);
        if (more == NULL) return fail_memory(l);
        l->drafts = more;
        l->cap = cap;
    }
    *out = &l->drafts[l->count++];
    **out = (sfo_draft){ .standard = l->standard };
    return SF_OK;
}

static sf_status read_list(sfo_loader *l, sfo_draft *d, sf_value list, const char *key,
                           sf_status (*read)(sfo_loader *, sfo_draft *, sf_value))
{
    place p = { .l = l, .object = d->object.name };
    sf_type type = sf_value_type(list);
    if (type == SF_MISSING || type == SF_NULL) return SF_OK;
    if (type != SF_ARRAY) return fail_at(&p, key, " is not an array");
    sf_iter it = sf_iter_begin(list);
    sf_value v;
    while (sf_iter_next(&it, NULL, &v)) {
        sf_status rc = read(l, d, v);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status read_object(sfo_loader *l, sf_value v)
{
    place p = { .l = l, .object = sf_get_str(v, "name") };
    if (sf_value_type(v) != SF_OBJECT || p.object == NULL) return fail_at(&p, "an entry has no name", "");
    if (!is_identifier(p.object)) return fail_at(&p, "the name is not an identifier", "");
    sfo_object seen = { 0 };
    uint64_t given = 0;
    sf_status rc = read_keys(&p, object_keys, SFI_COUNT_OF(object_keys), v, &seen, &given);
    if (rc != SF_OK) return rc;
    if (seen.is_event && !l->standard)
        return fail_at(&p, "isEvent is for the org's own events: ", "one of yours has a name that ends in __e");

    sfo_draft *d = sfo_loader_find(l, sfi_str(p.object));
    if (d == NULL) { /* a known one only gets more fields and children; what it is stays */
        if (l->count >= OBJECTS_MAX) return fail_at(&p, "too many objects", "");
        if ((rc = add_draft(l, &d)) != SF_OK) return rc;
        d->object = seen;
        d->given = given;
    }
    rc = sfo_record_types_read(l, d, sf_get(v, "recordTypeInfos"));
    if (rc == SF_OK) rc = read_list(l, d, sf_get(v, "fields"), "fields", read_field);
    return rc == SF_OK ? read_list(l, d, sf_get(v, "childRelationships"), "childRelationships", read_child) : rc;
}

sf_status sfo_definitions_read(sfo_loader *l, sf_value root)
{
    sf_value list = sf_get(root, "sobjects");
    if (sf_value_type(root) == SF_OBJECT && sf_value_type(list) == SF_MISSING)
        return SF_OK; /* other definitions only */
    if (sf_value_type(list) != SF_ARRAY) return sfi_fail(l->err, SF_ERR_USAGE, "%s: want {\"sobjects\":[…]}", l->file);
    sf_iter it = sf_iter_begin(list);
    sf_value v;
    while (sf_iter_next(&it, NULL, &v)) {
        sf_status rc = read_object(l, v);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

void sfo_loader_clear(sfo_loader *l)
{
    for (size_t i = 0; i < l->count; i++) {
        sfi_free(l->drafts[i].fields);
        sfi_free(l->drafts[i].children);
    }
    sfi_free(l->drafts);
    *l = (sfo_loader){ 0 };
}

sfo_draft *sfo_loader_find(const sfo_loader *l, sf_str name)
{
    for (size_t i = 0; i < l->count; i++)
        if (sfi_str_is_nocase(name, l->drafts[i].object.name)) return &l->drafts[i];
    return NULL;
}

const sfo_field *sfo_draft_field(const sfo_draft *d, sf_str name)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (sfi_str_is_nocase(name, d->fields[i].name)) return &d->fields[i];
    return NULL;
}

sf_status sfo_draft_add_field(sfo_loader *l, sfo_draft *d, const sfo_field *field)
{
    if (d->field_count == d->field_cap) {
        size_t cap = d->field_cap == 0 ? 32 : d->field_cap * 2;
        sfo_field *more = sfi_realloc(d->fields, cap * sizeof *more);
        if (more == NULL) return fail_memory(l);
        d->fields = more;
        d->field_cap = cap;
    }
    d->fields[d->field_count++] = *field;
    return SF_OK;
}

sf_status sfo_draft_add_child(sfo_loader *l, sfo_draft *d, const sfo_child *child)
{
    if (d->child_count == d->child_cap) {
        size_t cap = d->child_cap == 0 ? 8 : d->child_cap * 2;
        sfo_child *more = sfi_realloc(d->children, cap * sizeof *more);
        if (more == NULL) return fail_memory(l);
        d->children = more;
        d->child_cap = cap;
    }
    d->children[d->child_count++] = *child;
    return SF_OK;
}
