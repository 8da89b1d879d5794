/*
 * rest_ui.c: the part of the UI API that programs ask for: object-info, picklist values by record type, and records with
 * their fields one by one. It writes the same rows and the same schema as the rest of REST, in its own words.
 */
#include "api/rest.h"

enum { PATHS_MAX = 200, DEPTH_MAX = 5 };

/* The metadata's tag without its quotes. */
static void etag(sfo_call *call, sfi_json_writer *w)
{
    char tag[sizeof call->org->metadata_etag];
    size_t len = strlen(call->org->metadata_etag);
    snprintf(tag, sizeof tag, "%.*s", len > 2 ? (int)len - 2 : 0, call->org->metadata_etag + 1);
    sfi_json_put_string(w, "eTag", tag);
}

/* ---- object-info ---- */
static const char *data_type(const sfo_field *f)
{
    static const struct {
        sfo_type type;
        const char *name;
    } names[] = {
        { SFO_ID, "Reference" },
        { SFO_REFERENCE, "Reference" },
        { SFO_STRING, "String" },
        { SFO_TEXTAREA, "TextArea" },
        { SFO_PICKLIST, "Picklist" },
        { SFO_MULTIPICKLIST, "MultiPicklist" },
        { SFO_COMBOBOX, "ComboBox" },
        { SFO_PHONE, "Phone" },
        { SFO_URL, "Url" },
        { SFO_EMAIL, "Email" },
        { SFO_ENCRYPTEDSTRING, "EncryptedString" },
        { SFO_BOOLEAN, "Boolean" },
        { SFO_INT, "Int" },
        { SFO_LONG, "Long" },
        { SFO_DOUBLE, "Double" },
        { SFO_CURRENCY, "Currency" },
        { SFO_PERCENT, "Percent" },
        { SFO_DATE, "Date" },
        { SFO_DATETIME, "DateTime" },
        { SFO_TIME, "Time" },
        { SFO_BASE64, "Base64" },
        { SFO_ADDRESS, "Address" },
        { SFO_LOCATION, "Location" },
        { SFO_ANYTYPE, "AnyType" },
        { SFO_COMPLEXVALUE, "ComplexValue" },
        { SFO_DATACATEGORYGROUPREFERENCE, "DataCategoryGroupReference" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (names[i].type == f->type) return names[i].name;
    return "String";
}

static void write_field_info(sfo_call *call, sfi_json_writer *w, const sfo_field *f)
{
    bool is_compound = f->type == SFO_ADDRESS || f->type == SFO_LOCATION || f->is_name_compound;
    sfi_json_put_object(w, f->name);
    sfi_json_put_string(w, "apiName", f->name);
    sfi_json_put_bool(w, "calculated", f->calculated);
    sfi_json_put_bool(w, "compound", is_compound);
    sfi_json_put_null(w, "compoundComponentName");
    sfi_json_put_string(w, "compoundFieldName", f->compound_name);
    sfi_json_put_string(w, "controllerName", f->controller_name);
    sfi_json_put_array(w, "controllingFields");
    if (f->controller_name != NULL) sfi_json_string(w, f->controller_name);
    sfi_json_end_array(w);
    sfi_json_put_bool(w, "createable", f->createable);
    sfi_json_put_bool(w, "custom", f->custom);
    sfi_json_put_string(w, "dataType", data_type(f));
    sfi_json_put_string(w, "extraTypeInfo", f->extra_type_info);
    sfi_json_put_bool(w, "filterable", f->filterable);
    sfi_json_put_null(w, "filteredLookupInfo");
    sfi_json_put_bool(w, "highScaleNumber", f->high_scale_number);
    sfi_json_put_bool(w, "htmlFormatted", f->html_formatted);
    sfi_json_put_string(w, "inlineHelpText", f->help_text);
    sfi_json_put_string(w, "label", f->label);
    sfi_json_put_int(w, "length", f->length);
    sfi_json_put_string(w, "maskType", f->mask_type);
    sfi_json_put_bool(w, "nameField", f->name_field);
    sfi_json_put_bool(w, "polymorphicForeignKey", f->polymorphic);
    sfi_json_put_int(w, "precision", f->precision);
    sfi_json_put_bool(w, "reference", f->type == SFO_REFERENCE);
    sfi_json_put_null(w, "referenceTargetField");
    sfi_json_put_array(w, "referenceToInfos");
    for (size_t i = 0; i < f->reference_count; i++) {
        const sfo_object *o = sfo_schema_object(call->org->schema, sfi_str(f->reference_to[i]));
        const sfo_field *name = o != NULL ? sfo_object_name_field(o) : NULL;
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "apiName", f->reference_to[i]);
        sfi_json_put_array(w, "nameFields");
        if (name != NULL) sfi_json_string(w, name->name);
        sfi_json_end_array(w);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_put_string(w, "relationshipName", f->relationship_name);
    sfi_json_put_bool(w, "required", f->createable && !f->nillable && !f->defaulted_on_create);
    sfi_json_put_int(w, "scale", f->scale);
    sfi_json_put_bool(w, "searchPrefilterable", f->search_prefilterable);
    sfi_json_put_bool(w, "sortable", f->sortable);
    sfi_json_put_bool(w, "unique", f->unique);
    sfi_json_put_bool(w, "updateable", f->updateable);
    sfi_json_end_object(w);
}

static void write_children(sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_put_array(w, "childRelationships");
    for (size_t i = 0; i < o->child_count; i++) {
        const sfo_child *c = &o->children[i];
        if (c->relationship_name == NULL) continue;
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "childObjectApiName", c->child_object);
        sfi_json_put_string(w, "fieldName", c->field);
        sfi_json_put_array(w, "junctionIdListNames");
        sfi_json_end_array(w);
        sfi_json_put_array(w, "junctionReferenceTo");
        sfi_json_end_array(w);
        sfi_json_put_string(w, "relationshipName", c->relationship_name);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

/* {"Kind__c":{"Drink__c":{}}}: what depends on what. */
static void write_dependents(sfi_json_writer *w, const sfo_object *o, const sfo_field *of, int depth)
{
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *f = &o->fields[i];
        if (of != NULL && (f->controller_name == NULL || !sfi_eq_nocase(f->controller_name, of->name))) continue;
        bool controls = false;
        for (size_t k = 0; k < o->field_count && of == NULL; k++)
            controls = controls ||
                       (o->fields[k].controller_name != NULL && sfi_eq_nocase(o->fields[k].controller_name, f->name));
        if (of == NULL && (!controls || f->controller_name != NULL)) continue;
        sfi_json_put_object(w, f->name);
        if (depth < DEPTH_MAX) write_dependents(w, o, f, depth + 1);
        sfi_json_end_object(w);
    }
}

static void write_type_info(sfi_json_writer *w, const char *id, const char *name, bool available, bool is_default)
{
    sfi_json_put_object(w, id);
    sfi_json_put_bool(w, "available", available);
    sfi_json_put_bool(w, "defaultRecordTypeMapping", is_default);
    sfi_json_put_bool(w, "master", strcmp(id, SFO_MASTER_RECORD_TYPE) == 0);
    sfi_json_put_string(w, "name", name);
    sfi_json_put_string(w, "recordTypeId", id);
    sfi_json_end_object(w);
}

static const char *default_type(const sfo_object *o)
{
    for (size_t i = 0; i < o->record_type_count; i++)
        if (o->record_types[i].is_default) return o->record_types[i].id;
    return SFO_MASTER_RECORD_TYPE;
}

static void write_types(sfi_json_writer *w, const sfo_object *o)
{
    const char *preset = default_type(o);
    sfi_json_put_object(w, "recordTypeInfos");
    for (size_t i = 0; i < o->record_type_count; i++) {
        const sfo_record_type *t = &o->record_types[i];
        write_type_info(w, t->id, t->name, t->available, strcmp(t->id, preset) == 0);
    }
    write_type_info(w, SFO_MASTER_RECORD_TYPE, "Master", true, strcmp(SFO_MASTER_RECORD_TYPE, preset) == 0);
    sfi_json_end_object(w);
}

void sfo_rest_ui_object_info(sfo_call *call)
{
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || sfo_answer_if_known(call)) return;
    sfi_json_writer writer = sfo_answer_json(call, 200), *w = &writer;
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "apiName", o->name);
    sfi_json_put_string(w, "associateEntityType", o->associate_entity_type);
    sfi_json_put_string(w, "associateParentEntity", o->associate_parent_entity);
    write_children(w, o);
    sfi_json_put_bool(w, "compactLayoutable", o->compact_layoutable);
    sfi_json_put_bool(w, "createable", o->createable);
    sfi_json_put_bool(w, "custom", o->custom);
    sfi_json_put_string(w, "defaultRecordTypeId", default_type(o));
    sfi_json_put_bool(w, "deletable", o->deletable);
    sfi_json_put_object(w, "dependentFields");
    write_dependents(w, o, NULL, 0);
    sfi_json_end_object(w);
    etag(call, w);
    sfi_json_put_bool(w, "feedEnabled", o->feed_enabled);
    sfi_json_put_object(w, "fields");
    for (size_t i = 0; i < o->field_count; i++) write_field_info(call, w, &o->fields[i]);
    sfi_json_end_object(w);
    sfi_json_put_string(w, "keyPrefix", o->key_prefix);
    sfi_json_put_string(w, "label", o->label);
    sfi_json_put_string(w, "labelPlural", o->label_plural);
    sfi_json_put_bool(w, "layoutable", o->layoutable);
    sfi_json_put_bool(w, "mruEnabled", o->mru_enabled);
    sfi_json_put_array(w, "nameFields");
    const sfo_field *name = sfo_object_name_field(o);
    if (name != NULL) sfi_json_string(w, name->name);
    sfi_json_end_array(w);
    sfi_json_put_bool(w, "queryable", o->queryable);
    write_types(w, o);
    sfi_json_put_bool(w, "searchLayoutable", o->search_layoutable);
    sfi_json_put_bool(w, "searchable", o->searchable);
    sfi_json_put_null(w, "themeInfo");
    sfi_json_put_bool(w, "updateable", o->updateable);
    sfi_json_end_object(w);
}

/* ---- picklist values ---- */
/* Places of the controlling field's values among those that the record type offers; -1: not offered. */
typedef struct controller {
    const sfo_field *field; /* NULL: none */
    const sfo_record_type *type;
} controller;

static size_t control_count(const controller *c)
{
    if (c->field == NULL) return 0;
    return c->field->type == SFO_BOOLEAN ? 2 : c->field->picklist_count;
}

static bool control_offers(const controller *c, size_t i)
{
    if (c->field->type == SFO_BOOLEAN) return true;
    const sfo_picklist_value *v = &c->field->picklist[i];
    return v->active && sfo_record_type_has(c->type, c->field, v->value);
}

static const char *control_value(const controller *c, size_t i)
{
    if (c->field->type == SFO_BOOLEAN) return i == 0 ? "false" : "true";
    return c->field->picklist[i].value;
}

/* Bit i of a base64 text. */
static bool has_bit(const char *base64, size_t i)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (base64 == NULL || i / 6 >= strlen(base64)) return false;
    const char *at = strchr(letters, base64[i / 6]);
    return at != NULL && *at != '\0' && ((at - letters) >> (5 - i % 6) & 1) != 0;
}

static void write_value(sfi_json_writer *w, const controller *c, const sfo_picklist_value *v)
{
    int64_t place = 0;
    sfi_json_begin_object(w);
    sfi_json_put_null(w, "attributes");
    sfi_json_put_string(w, "label", v->label);
    sfi_json_put_array(w, "validFor");
    for (size_t i = 0; i < control_count(c); i++) {
        if (!control_offers(c, i)) continue;
        if (has_bit(v->valid_for, i)) sfi_json_int(w, place);
        place++;
    }
    sfi_json_end_array(w);
    sfi_json_put_string(w, "value", v->value);
    sfi_json_end_object(w);
}

static void write_picklist(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const sfo_record_type *t,
                           const sfo_field *f)
{
    controller c = { .type = t };
    int64_t place = 0;
    char url[300];
    if (f->controller_name != NULL) c.field = sfo_object_field(o, sfi_str(f->controller_name));
    sfi_json_begin_object(w);
    sfi_json_put_object(w, "controllerValues");
    for (size_t i = 0; i < control_count(&c); i++)
        if (control_offers(&c, i)) sfi_json_put_int(w, control_value(&c, i), place++);
    sfi_json_end_object(w);
    sfi_json_key(w, "defaultValue");
    const sfo_picklist_value *preset = NULL;
    for (size_t i = 0; i < f->picklist_count; i++)
        if (f->picklist[i].is_default && sfo_record_type_has(t, f, f->picklist[i].value)) preset = &f->picklist[i];
    if (preset != NULL)
        write_value(w, &c, preset);
    else
        sfi_json_null(w);
    etag(call, w);
    snprintf(url, sizeof url, "/services/data/v%s/ui-api/object-info/%.80s/picklist-values/%s/%.80s", call->version,
             o->name, t != NULL ? t->id : SFO_MASTER_RECORD_TYPE, f->name);
    sfi_json_put_string(w, "url", url);
    sfi_json_put_array(w, "values");
    for (size_t i = 0; i < f->picklist_count; i++)
        if (f->picklist[i].active && sfo_record_type_has(t, f, f->picklist[i].value))
            write_value(w, &c, &f->picklist[i]);
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

static bool is_picklist(const sfo_field *f)
{
    return f->type == SFO_PICKLIST || f->type == SFO_MULTIPICKLIST;
}

void sfo_rest_ui_picklists(sfo_call *call)
{
    const sfo_record_type *t;
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || !sfo_call_record_type(call, o, call->args[1], &t) || sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    etag(call, &w);
    sfi_json_put_object(&w, "picklistFieldValues");
    for (size_t i = 0; i < o->field_count; i++) {
        if (!is_picklist(&o->fields[i])) continue;
        sfi_json_key(&w, o->fields[i].name);
        write_picklist(call, &w, o, t, &o->fields[i]);
    }
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
}

void sfo_rest_ui_picklist(sfo_call *call)
{
    const sfo_record_type *t;
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || !sfo_call_record_type(call, o, call->args[1], &t)) return;
    const sfo_field *f = sfo_object_field(o, call->args[2]);
    if (f == NULL || !is_picklist(f)) {
        sfo_answer_error(call, 400, "INVALID_FIELD", "%.*s is not a picklist of %s", (int)call->args[2].len,
                         call->args[2].ptr, o->name);
        return;
    }
    if (sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_picklist(call, &w, o, t, f);
}

/* ---- records ---- */
typedef struct path_list {
    sf_str items[PATHS_MAX]; /* without the object's name: Name, Owner.Name */
    bool optional[PATHS_MAX];
    size_t count;
} path_list;

/* fields=Account.Name,Account.Owner.Name. false: the response says what is wrong. */
static bool add_paths(sfo_call *call, path_list *list, const sfo_object *o, sf_str names, bool optional)
{
    sf_str path;
    while (sfo_next_piece(&names, &path)) {
        const char *dot = path.len > 0 ? memchr(path.ptr, '.', path.len) : NULL;
        if (dot == NULL || !sfi_str_is_nocase((sf_str){ path.ptr, (size_t)(dot - path.ptr) }, o->name)) {
            sfo_answer_error(call, 400, "INVALID_FIELD", "%.*s is not %s.FIELD", (int)path.len, path.ptr, o->name);
            return false;
        }
        if (list->count == PATHS_MAX) {
            sfo_answer_error(call, 400, "LIMIT_EXCEEDED", "more than %d fields are asked for", PATHS_MAX);
            return false;
        }
        size_t head = (size_t)(dot - path.ptr) + 1;
        list->items[list->count] = (sf_str){ path.ptr + head, path.len - head };
        list->optional[list->count++] = optional;
    }
    return true;
}

/* A value of the row as the UI API has it: times end in Z. */
static void write_value_of(sfi_json_writer *w, const sfo_field *f, sf_value v)
{
    sf_str said = f->type == SFO_DATETIME ? sf_get_text(v, NULL) : (sf_str){ NULL, 0 };
    sfi_json_key(w, "value");
    if (said.ptr != NULL && sfi_ends_with(said, "+0000")) {
        char z[40];
        snprintf(z, sizeof z, "%.*sZ", (int)(said.len - 5), said.ptr);
        sfi_json_string(w, z);
    } else if (sf_value_type(v) == SF_MISSING) {
        sfi_json_null(w);
    } else {
        sfi_json_write_value(w, v);
    }
}

/* What a person reads: the label of a picklist's value. */
static const char *shown(const sfo_field *f, sf_value v)
{
    sf_str value = is_picklist(f) ? sf_get_text(v, NULL) : (sf_str){ NULL, 0 };
    for (size_t i = 0; value.ptr != NULL && i < f->picklist_count; i++)
        if (sfi_str_is(value, f->picklist[i].value)) return f->picklist[i].label;
    return value.ptr;
}

static bool write_record(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const char *id,
                         const path_list *paths, int depth);

/* A parent along a relationship, with what is asked of it. */
static bool write_parent(sfo_call *call, sfi_json_writer *w, const sfo_field *f, sf_str relationship, sf_value row,
                         const path_list *paths, int depth)
{
    path_list *rest = sfi_arena_alloc(&call->arena, sizeof *rest);
    sf_str parent = sf_get_text(row, f->name);
    const sfo_object *o = parent.ptr != NULL ? sfo_schema_object_of_id(call->org->schema, parent) : NULL;
    if (rest == NULL) return true;
    rest->count = 0;
    for (size_t i = 0; i < paths->count; i++) {
        sf_str p = paths->items[i];
        if (p.len <= relationship.len || p.ptr[relationship.len] != '.' ||
            !sfi_starts_with_nocase(p, f->relationship_name))
            continue;
        rest->items[rest->count] = (sf_str){ p.ptr + relationship.len + 1, p.len - relationship.len - 1 };
        rest->optional[rest->count++] = paths->optional[i];
    }
    sfi_json_put_object(w, f->relationship_name);
    sfi_json_put_null(w, "displayValue");
    sfi_json_key(w, "value");
    bool ok = true;
    if (o == NULL || depth >= DEPTH_MAX)
        sfi_json_null(w);
    else
        ok = write_record(call, w, o, sfi_arena_strndup(&call->arena, parent.ptr, parent.len), rest, depth + 1);
    sfi_json_end_object(w);
    return ok;
}

static bool seen_before(const path_list *paths, size_t at, sf_str head)
{
    for (size_t i = 0; i < at; i++) {
        sf_str p = paths->items[i];
        const char *dot = memchr(p.ptr, '.', p.len);
        sf_str other = { p.ptr, dot != NULL ? (size_t)(dot - p.ptr) : p.len };
        if (other.len == head.len && strncasecmp(other.ptr, head.ptr, head.len) == 0) return true;
    }
    return false;
}

static bool write_fields(sfo_call *call, sfi_json_writer *w, const sfo_object *o, sf_value row, const path_list *paths,
                         int depth)
{
    for (size_t i = 0; i < paths->count; i++) {
        sf_str p = paths->items[i];
        const char *dot = memchr(p.ptr, '.', p.len);
        sf_str head = { p.ptr, dot != NULL ? (size_t)(dot - p.ptr) : p.len };
        if (seen_before(paths, i, head)) continue;
        const sfo_field *f = dot != NULL ? sfo_object_relationship(o, head) : sfo_object_field(o, head);
        if (f == NULL) {
            if (paths->optional[i]) continue;
            sfo_answer_error(call, 400, "INVALID_FIELD", "No such column '%.*s' on entity '%s'.", (int)head.len,
                             head.ptr, o->name);
            return false;
        }
        if (dot != NULL) {
            if (!write_parent(call, w, f, head, row, paths, depth)) return false;
            continue;
        }
        sfi_json_put_object(w, f->name);
        sfi_json_put_string(w, "displayValue", shown(f, sf_get(row, f->name)));
        write_value_of(w, f, sf_get(row, f->name));
        sfi_json_end_object(w);
    }
    return true;
}

static void write_time(sfi_json_writer *w, const char *key, sf_value row, const char *field)
{
    char z[40];
    sf_str said = sf_get_text(row, field);
    snprintf(z, sizeof z, "%.*sZ", (int)(said.len > 5 ? said.len - 5 : 0), said.ptr != NULL ? said.ptr : "");
    sfi_json_put_string(w, key, said.len > 5 ? z : NULL);
}

/* false: the response says why not. */
static bool write_record(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const char *id,
                         const path_list *paths, int depth)
{
    sfi_buf json = { 0 };
    sfo_fault fault = { 0 };
    sfi_json *doc = NULL;
    int64_t modified = 0;
    if (!sfo_record_read(call->org->store, &call->context, o, id, NULL, 0, &json, &modified, &fault)) {
        sfi_buf_free(&json);
        sfo_answer_fault(call, &fault);
        return false;
    }
    bool ok = sfi_json_new(&doc, NULL) == SF_OK && sfi_json_parse(doc, sfi_buf_str(&json), NULL) == SF_OK;
    if (!ok) sfo_answer_error(call, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    sf_value row = ok ? sfi_json_root(doc) : (sf_value){ 0 };
    char tag[24];
    snprintf(tag, sizeof tag, "%016llx", (unsigned long long)modified);
    if (ok) {
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "apiName", o->name);
        sfi_json_put_object(w, "childRelationships");
        sfi_json_end_object(w);
        sfi_json_put_string(w, "eTag", tag);
        sfi_json_put_object(w, "fields");
        ok = write_fields(call, w, o, row, paths, depth);
    }
    if (ok) {
        sfi_json_end_object(w);
        sfi_json_put_string(w, "id", id);
        sfi_json_put_string(w, "lastModifiedById", sf_get_str(row, "LastModifiedById"));
        write_time(w, "lastModifiedDate", row, "LastModifiedDate");
        sfi_json_put_string(w, "recordTypeId", sf_get_str(row, "RecordTypeId"));
        sfi_json_put_null(w, "recordTypeInfo");
        write_time(w, "systemModstamp", row, "SystemModstamp");
        sfi_json_put_int(w, "weakEtag", modified);
        sfi_json_end_object(w);
    }
    sfi_json_free(doc);
    sfi_buf_free(&json);
    return ok;
}

/* The object and id of args[0]. NULL: the response says why not. */
static const sfo_object *find_record(sfo_call *call, sf_id *id)
{
    const sfo_object *o = sfo_schema_object_of_id(call->org->schema, call->args[0]);
    if (sfo_id_normalize(call->args[0], id) && o != NULL) return o;
    if (o == NULL)
        sfo_answer_not_found(call);
    else
        sfo_answer_error(call, 400, "INVALID_ID_FIELD", "%.40s is not a record's id", call->args[0].ptr);
    return NULL;
}

void sfo_rest_ui_record_get(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = find_record(call, &id);
    path_list *paths = sfi_arena_alloc(&call->arena, sizeof *paths);
    if (o == NULL || paths == NULL) return;
    paths->count = 0;
    sf_str fields = sfo_params_get(&call->query, "fields"), optional = sfo_params_get(&call->query, "optionalFields");
    if (!add_paths(call, paths, o, fields, false) || !add_paths(call, paths, o, optional, true)) return;
    if (fields.len == 0 && optional.len == 0 && sfo_params_get(&call->query, "layoutTypes").len == 0) {
        sfo_answer_error(call, 400, "ILLEGAL_QUERY_PARAMETER_VALUE", "Specify fields, optionalFields or layoutTypes");
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    if (write_record(call, &w, o, id.text, paths, 0)) sfo_call_touch(call, id.text);
}

/* The record with the fields that the body sets, after a write. */
static void answer_written(sfo_call *call, int status, const sfo_object *o, const char *id, sf_value fields)
{
    path_list *paths = sfi_arena_alloc(&call->arena, sizeof *paths);
    sf_str key;
    sf_value unused;
    if (paths == NULL) return;
    paths->count = 0;
    for (sf_iter it = sf_iter_begin(fields); paths->count < PATHS_MAX && sf_iter_next(&it, &key, &unused);) {
        if (sfo_object_field(o, key) == NULL) continue;
        paths->items[paths->count] = (sf_str){ sfi_arena_strndup(&call->arena, key.ptr, key.len), key.len };
        paths->optional[paths->count++] = true;
    }
    sfi_json_writer w = sfo_answer_json(call, status);
    if (write_record(call, &w, o, id, paths, 0)) sfo_call_touch(call, id);
}

void sfo_rest_ui_record_create(sfo_call *call)
{
    sf_value body;
    sf_id id;
    sfo_fault fault = { 0 };
    if (!sfo_call_body(call, &body)) return;
    sf_str name = sf_get_text(body, "apiName");
    sf_value fields = sf_get(body, "fields");
    const sfo_object *o = name.ptr != NULL ? sfo_schema_object(call->org->schema, name) : NULL;
    if (o == NULL || sf_value_type(fields) != SF_OBJECT) {
        sfo_answer_error(call, 400, "INVALID_TYPE", "The body is {\"apiName\":OBJECT,\"fields\":{…}}");
        return;
    }
    if (!sfo_record_create(call->org->store, &call->context, o, fields, &id, &fault)) {
        sfo_answer_fault(call, &fault);
        return;
    }
    sfo_call_event(call, SFO_EVENT_CREATED);
    answer_written(call, 201, o, id.text, fields);
}

void sfo_rest_ui_record_update(sfo_call *call)
{
    sf_id id;
    sf_value body;
    sfo_fault fault = { 0 };
    const sfo_object *o = find_record(call, &id);
    if (o == NULL || !sfo_call_body(call, &body)) return;
    sf_value fields = sf_get(body, "fields");
    if (sf_value_type(fields) != SF_OBJECT) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "The body is {\"fields\":{…}}");
        return;
    }
    int64_t since = 0;
    const char *header = sfo_call_header(call, "If-Modified-Since");
    bool has_condition = header != NULL && sfi_http_date_parse(sfi_str(header), &since), done = false;
    sfo_store_lock(call->org->store); /* condition and write from the same moment */
    if (has_condition) {
        sfi_buf unused = { 0 };
        int64_t modified = 0;
        const sfo_field *id_field = sfo_object_field(o, SFI_STR("Id"));
        bool there =
            sfo_record_read(call->org->store, &call->context, o, id.text, &id_field, 1, &unused, &modified, &fault);
        sfi_buf_free(&unused);
        if (!there)
            sfo_answer_fault(call, &fault);
        else if (modified / 1000 > since / 1000)
            sfo_answer_error(call, 412, "PRECONDITION_FAILED", "The record was changed since %s", header);
        done = !there || modified / 1000 > since / 1000;
    }
    if (!done && !sfo_record_update(call->org->store, &call->context, o, id.text, fields, &fault)) {
        sfo_answer_fault(call, &fault);
        done = true;
    }
    sfo_store_unlock(call->org->store);
    if (done) return;
    sfo_call_event(call, SFO_EVENT_UPDATED);
    answer_written(call, 200, o, id.text, fields);
}

void sfo_rest_ui_record_delete(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = find_record(call, &id);
    if (o != NULL) sfo_delete_record(call, o, id.text);
}
