/*
 * rest_layouts.c: how objects are shown: page layouts, compact layouts, approval layouts, made from the schema: one page
 * layout an object, which all its record types share, one compact layout, and a related list for each child relationship
 * with a name. The keys are those of a real org; what this org has no notion of is null or empty.
 */
#include "api/rest.h"

enum { RELATED_ROWS = 5, COMPACT_FIELDS = 5, OBJECTS_MAX = 100 };

/* ---- which fields ---- */
static bool is_system(const sfo_field *f)
{
    static const char *const names[] = { "IsDeleted",        "SystemModstamp",     "CreatedDate",    "LastModifiedDate",
                                         "LastViewedDate",   "LastReferencedDate", "CreatedById",    "LastModifiedById",
                                         "LastActivityDate", "RecordTypeId",       "MasterRecordId", "PhotoUrl" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (strcmp(f->name, names[i]) == 0) return true;
    return f->type == SFO_ID || f->type == SFO_BASE64;
}

/* Parts of an address, a place or a name are shown by the whole; Account.Name is a whole of itself. */
static bool is_shown(const sfo_field *f)
{
    return !is_system(f) && (f->compound_name == NULL || strcmp(f->compound_name, f->name) == 0);
}

static bool is_edited(const sfo_field *f)
{
    bool is_compound = f->type == SFO_ADDRESS || f->type == SFO_LOCATION || f->is_name_compound;
    return is_shown(f) && (f->createable || f->updateable || is_compound);
}

/* ---- items ---- */
static void write_component(sfi_json_writer *w, const sfo_object *o, const sfo_field *f, int64_t order, bool with_parts)
{
    bool has_parts = with_parts && (f->type == SFO_ADDRESS || f->type == SFO_LOCATION || f->is_name_compound);
    sfi_json_begin_object(w);
    if (has_parts) {
        sfi_json_put_array(w, "components");
        for (size_t i = 0; i < o->field_count; i++)
            if (o->fields[i].compound_name != NULL && strcmp(o->fields[i].compound_name, f->name) == 0 &&
                &o->fields[i] != f)
                write_component(w, o, &o->fields[i], order++, false);
        sfi_json_end_array(w);
    }
    sfi_json_key(w, "details");
    sfo_describe_field(f, w);
    sfi_json_put_int(w, "displayLines", f->type == SFO_TEXTAREA ? 6 : 1);
    if (has_parts)
        sfi_json_put_string(w, "fieldType",
                            f->type == SFO_ADDRESS    ? "address"
                            : f->type == SFO_LOCATION ? "location"
                                                      : "name");
    sfi_json_put_int(w, "tabOrder", order);
    sfi_json_put_string(w, "type", "Field");
    sfi_json_put_string(w, "value", f->name);
    sfi_json_end_object(w);
}

static bool is_required(const sfo_field *f)
{
    return f->createable && !f->nillable && !f->defaulted_on_create;
}

static void write_item(sfi_json_writer *w, const sfo_object *o, const sfo_field *f, int64_t order)
{
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "editableForNew", f->createable);
    sfi_json_put_bool(w, "editableForUpdate", f->updateable);
    sfi_json_put_string(w, "label", f->label);
    sfi_json_put_array(w, "layoutComponents");
    write_component(w, o, f, order, true);
    sfi_json_end_array(w);
    sfi_json_put_bool(w, "placeholder", false);
    sfi_json_put_bool(w, "required", is_required(f));
    sfi_json_end_object(w);
}

static void write_placeholder(sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "editableForNew", false);
    sfi_json_put_bool(w, "editableForUpdate", false);
    sfi_json_put_string(w, "label", "");
    sfi_json_put_empty_array(w, "layoutComponents");
    sfi_json_put_bool(w, "placeholder", true);
    sfi_json_put_bool(w, "required", false);
    sfi_json_end_object(w);
}

/* ---- sections: two columns, from left to right ---- */
static void write_rows(sfi_json_writer *w, const sfo_object *o, const sfo_field *const *fields, size_t count)
{
    sfi_json_put_array(w, "layoutRows");
    for (size_t i = 0; i < count; i += 2) {
        sfi_json_begin_object(w);
        sfi_json_put_array(w, "layoutItems");
        write_item(w, o, fields[i], (int64_t)i + 1);
        if (i + 1 < count)
            write_item(w, o, fields[i + 1], (int64_t)i + 2);
        else
            write_placeholder(w);
        sfi_json_end_array(w);
        sfi_json_put_int(w, "numItems", 2);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static void write_section(sfi_json_writer *w, const sfo_object *o, const char *heading, const char *layout,
                          const sfo_field *const *fields, size_t count)
{
    if (count == 0) return;
    sf_id id = sfo_id_of_names("01B", o->name, heading);
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "collapsed", false);
    sfi_json_put_int(w, "columns", 2);
    sfi_json_put_string(w, "heading", heading);
    write_rows(w, o, fields, count);
    sfi_json_put_string(w, "layoutSectionId", id.text);
    sfi_json_put_string(w, "parentLayoutId", layout);
    sfi_json_put_int(w, "rows", (int64_t)(count + 1) / 2);
    sfi_json_put_string(w, "tabOrder", "LeftToRight");
    sfi_json_put_bool(w, "useCollapsibleSection", false);
    sfi_json_put_bool(w, "useHeading", true);
    sfi_json_end_object(w);
}

static void write_sections(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const char *layout, bool is_edit)
{
    static const char *const audit[] = { "CreatedById", "LastModifiedById" };
    const sfo_field **fields = sfi_arena_alloc(&call->arena, (o->field_count + 1) * sizeof *fields);
    char heading[160];
    size_t count = 0;
    sfi_json_put_array(w, is_edit ? "editLayoutSections" : "detailLayoutSections");
    for (size_t i = 0; fields != NULL && i < o->field_count; i++)
        if (is_edit ? is_edited(&o->fields[i]) : is_shown(&o->fields[i])) fields[count++] = &o->fields[i];
    snprintf(heading, sizeof heading, "%.120s Information", o->label);
    if (fields != NULL) write_section(w, o, heading, layout, fields, count);
    count = 0;
    for (size_t i = 0; fields != NULL && !is_edit && i < SFI_COUNT_OF(audit); i++) {
        const sfo_field *f = sfo_object_field(o, sfi_str(audit[i]));
        if (f != NULL) fields[count++] = f;
    }
    if (fields != NULL) write_section(w, o, "System Information", layout, fields, count);
    sfi_json_end_array(w);
}

/* ---- related lists ---- */
static void write_column(sfi_json_writer *w, const sfo_object *o, const sfo_field *f)
{
    char path[170];
    snprintf(path, sizeof path, "%.80s.%.80s", o->name, f->name);
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "field", path);
    sfi_json_put_string(w, "fieldApiName", f->name);
    sfi_json_put_null(w, "format");
    sfi_json_put_string(w, "label", f->label);
    sfi_json_put_string(w, "lookupId", f->name_field ? "Id" : NULL);
    sfi_json_put_string(w, "name", f->name);
    sfi_json_end_object(w);
}

static void write_related(sfo_call *call, sfi_json_writer *w, const sfo_object *o)
{
    sfi_json_put_array(w, "relatedLists");
    for (size_t i = 0; i < o->child_count; i++) {
        const sfo_child *c = &o->children[i];
        const sfo_object *child = sfo_schema_object(call->org->schema, sfi_str(c->child_object));
        const sfo_field *name = child != NULL ? sfo_object_name_field(child) : NULL;
        if (c->relationship_name == NULL || child == NULL || !child->layoutable || name == NULL) continue;
        sfi_json_begin_object(w);
        sfi_json_put_null(w, "accessLevelRequiredForCreate");
        sfi_json_put_empty_array(w, "buttons");
        sfi_json_put_array(w, "columns");
        write_column(w, child, name);
        sfi_json_end_array(w);
        sfi_json_put_bool(w, "custom", child->custom);
        sfi_json_put_string(w, "field", c->field);
        sfi_json_put_string(w, "label", child->label_plural);
        sfi_json_put_int(w, "limitRows", RELATED_ROWS);
        sfi_json_put_string(w, "name", c->relationship_name);
        sfi_json_put_string(w, "sobject", child->name);
        sfi_json_put_empty_array(w, "sort");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

/* ---- a page layout ---- */
static void write_buttons(sfi_json_writer *w, const sfo_object *o)
{
    const struct {
        const char *name;
        bool is_there;
    } buttons[] = { { "Edit", o->updateable }, { "Delete", o->deletable }, { "Clone", o->createable } };
    static const char *const nulls[] = { "behavior", "content", "contentSource", "encoding", "height" };
    static const char *const flags[] = { "menubar",       "overridden",  "resizeable", "scrollbars",
                                         "showsLocation", "showsStatus", "toolbar" };
    sfi_json_put_object(w, "buttonLayoutSection");
    sfi_json_put_array(w, "detailButtons");
    for (size_t i = 0; i < SFI_COUNT_OF(buttons); i++) {
        if (!buttons[i].is_there) continue;
        sfi_json_begin_object(w);
        for (size_t k = 0; k < SFI_COUNT_OF(nulls); k++) sfi_json_put_null(w, nulls[k]);
        sfi_json_put_empty_array(w, "colors");
        sfi_json_put_bool(w, "custom", false);
        sfi_json_put_empty_array(w, "icons");
        sfi_json_put_string(w, "label", buttons[i].name);
        sfi_json_put_string(w, "name", buttons[i].name);
        for (size_t k = 0; k < SFI_COUNT_OF(flags); k++) sfi_json_put_bool(w, flags[k], false);
        sfi_json_put_null(w, "url");
        sfi_json_put_null(w, "width");
        sfi_json_put_null(w, "windowPosition");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

static void write_layout(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const char *name)
{
    sf_id id = sfo_id_of_names("00h", o->name, name);
    sfi_json_begin_object(w);
    write_buttons(w, o);
    write_sections(call, w, o, id.text, false);
    write_sections(call, w, o, id.text, true);
    sfi_json_put_null(w, "feedView");
    sfi_json_put_null(w, "highlightsPanelLayoutSection");
    sfi_json_put_string(w, "id", id.text);
    sfi_json_put_empty_array(w, "multirowEditLayoutSections");
    sfi_json_put_empty_array(w, "offlineLinks");
    sfi_json_put_object(w, "quickActionList");
    sfi_json_put_empty_array(w, "quickActionListItems");
    sfi_json_end_object(w);
    sfi_json_put_null(w, "relatedContent");
    write_related(call, w, o);
    sfi_json_put_empty_array(w, "saveOptions");
    sfi_json_end_object(w);
}

static void write_picklists(sfi_json_writer *w, const sfo_object *o, const sfo_record_type *t)
{
    sfi_json_put_array(w, "picklistsForRecordType");
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *f = &o->fields[i];
        if (f->picklist_count == 0) continue;
        sfi_json_begin_object(w);
        sfi_json_put_string(w, "picklistName", f->name);
        sfi_json_put_array(w, "picklistValues");
        for (size_t k = 0; k < f->picklist_count; k++) {
            const sfo_picklist_value *v = &f->picklist[k];
            if (!v->active || !sfo_record_type_has(t, f, v->value)) continue;
            sfi_json_begin_object(w);
            sfi_json_put_bool(w, "active", true);
            sfi_json_put_bool(w, "defaultValue", v->is_default);
            sfi_json_put_string(w, "label", v->label);
            sfi_json_put_string(w, "validFor", v->valid_for);
            sfi_json_put_string(w, "value", v->value);
            sfi_json_end_object(w);
        }
        sfi_json_end_array(w);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
}

static void write_mapping(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const sfo_record_type *t,
                          bool is_default)
{
    const char *id = t != NULL ? t->id : SFO_MASTER_RECORD_TYPE;
    char url[240];
    sf_id layout = sfo_id_of_names("00h", o->name, "Layout");
    snprintf(url, sizeof url, "/services/data/v%s/sobjects/%.80s/describe/layouts/%s", call->version, o->name, id);
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "active", t == NULL || t->active);
    sfi_json_put_bool(w, "available", t == NULL || t->available);
    sfi_json_put_bool(w, "defaultRecordTypeMapping", is_default);
    sfi_json_put_string(w, "developerName", t != NULL ? t->developer_name : "Master");
    sfi_json_put_string(w, "layoutId", layout.text);
    sfi_json_put_bool(w, "master", t == NULL);
    sfi_json_put_string(w, "name", t != NULL ? t->name : "Master");
    write_picklists(w, o, t);
    sfi_json_put_string(w, "recordTypeId", id);
    sfi_json_put_object(w, "urls");
    sfi_json_put_string(w, "layout", url);
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

/* ---- the calls ---- */
/* The object, when it has layouts; NULL: the response is the 404. */
static const sfo_object *layoutable_object(sfo_call *call)
{
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL || o->layoutable) return o;
    sfo_answer_not_found(call);
    return NULL;
}

/* The publisher's layouts: no object's. */
static void answer_global(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_empty_array(&w, "layouts");
    sfi_json_put_empty_array(&w, "recordTypeMappings");
    sfi_json_put_empty_array(&w, "recordTypeSelectorRequired");
    sfi_json_end_object(&w);
}

static void answer_layout(sfo_call *call, const sfo_object *o, const char *name)
{
    bool has_default = false;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_array(&w, "layouts");
    write_layout(call, &w, o, name);
    sfi_json_end_array(&w);
    sfi_json_put_array(&w, "recordTypeMappings");
    for (size_t i = 0; i < o->record_type_count; i++) {
        write_mapping(call, &w, o, &o->record_types[i], o->record_types[i].is_default);
        has_default = has_default || o->record_types[i].is_default;
    }
    write_mapping(call, &w, o, NULL, !has_default);
    sfi_json_end_array(&w);
    sfi_json_put_array(&w, "recordTypeSelectorRequired");
    sfi_json_bool(&w, o->record_type_count > 1);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

void sfo_rest_layouts(sfo_call *call)
{
    if (sfi_str_is_nocase(call->args[0], "Global")) {
        answer_global(call);
        return;
    }
    const sfo_object *o = layoutable_object(call);
    if (o == NULL || sfo_answer_if_known(call)) return;
    answer_layout(call, o, "Layout");
}

bool sfo_call_record_type(sfo_call *call, const sfo_object *o, sf_str id, const sfo_record_type **out)
{
    sf_id full = sfi_id_make(id);
    *out = sfo_object_record_type(o, id);
    if (*out != NULL || strcmp(full.text, SFO_MASTER_RECORD_TYPE) == 0) return true;
    if (full.text[0] == '\0')
        sfo_answer_error(call, 400, "MALFORMED_ID", "malformed id %.40s", id.ptr);
    else
        sfo_answer_not_found(call);
    return false;
}

void sfo_rest_layout_of_type(sfo_call *call)
{
    const sfo_record_type *t;
    const sfo_object *o = layoutable_object(call);
    if (o == NULL || !sfo_call_record_type(call, o, call->args[1], &t) || sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_layout(call, &w, o, "Layout");
}

void sfo_rest_named_layouts(sfo_call *call)
{
    const sfo_object *o = layoutable_object(call);
    if (o == NULL) return;
    if (strcmp(o->name, "User") != 0 || !sfi_str_is_nocase(call->args[1], "UserAlt")) {
        sfo_answer_not_found(call);
        return;
    }
    if (!sfo_answer_if_known(call)) answer_layout(call, o, "UserAlt");
}

/* Each approval process of the object has a layout: the name of the record. args[1]: of that process only. */
void sfo_rest_approval_layouts(sfo_call *call)
{
    const sfo_object *o = layoutable_object(call);
    bool is_one = call->segment_count > 7, found = false; /* services/data/vXX.X/sobjects/O/describe/approvalLayouts */
    if (o == NULL) return;
    const sfo_field *name = sfo_object_name_field(o);
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_array(&w, "approvalLayouts");
    for (size_t i = 0; i < sfo_approvals_count(call->org->approvals); i++) {
        const sfo_approval_process *p = sfo_approvals_at(call->org->approvals, i);
        if (p->object != o || (is_one && !sfi_str_is_nocase(call->args[1], p->name))) continue;
        found = true;
        sfi_json_begin_object(&w);
        sfi_json_put_string(&w, "id", p->id.text);
        sfi_json_put_string(&w, "label", p->label);
        sfi_json_put_array(&w, "layoutItems");
        if (name != NULL) write_item(&w, o, name, 1);
        sfi_json_end_array(&w);
        sfi_json_put_string(&w, "name", p->name);
        sfi_json_end_object(&w);
    }
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    if (is_one && !found) sfo_answer_not_found(call);
}

/* ---- compact layouts ---- */
static bool is_compact(const sfo_field *f)
{
    static const char *const names[] = { "Phone",     "Website", "Industry",  "Email",  "Title",
                                         "StageName", "Amount",  "CloseDate", "Status", "Priority",
                                         "Subject",   "OwnerId", "Type",      "Company" };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (strcmp(f->name, names[i]) == 0) return true;
    return f->custom && f->type != SFO_TEXTAREA;
}

static void write_compact(sfi_json_writer *w, const sfo_object *o)
{
    size_t count = 0;
    const sfo_field *name = sfo_object_name_field(o);
    sfi_json_begin_object(w);
    sfi_json_put_empty_array(w, "actions");
    sfi_json_put_array(w, "fieldItems");
    if (name != NULL) write_item(w, o, name, (int64_t)++count);
    for (size_t i = 0; i < o->field_count && count < COMPACT_FIELDS; i++)
        if (&o->fields[i] != name && is_shown(&o->fields[i]) && is_compact(&o->fields[i]))
            write_item(w, o, &o->fields[i], (int64_t)++count);
    sfi_json_end_array(w);
    sfi_json_put_null(w, "id");
    sfi_json_put_empty_array(w, "imageItems");
    sfi_json_put_string(w, "label", "System Default");
    sfi_json_put_string(w, "name", "SYSTEM");
    sfi_json_put_string(w, "objectType", o->name);
    sfi_json_end_object(w);
}

static void write_compact_mapping(sfo_call *call, sfi_json_writer *w, const sfo_object *o, const sfo_record_type *t)
{
    char url[240];
    snprintf(url, sizeof url, "/services/data/v%s/sobjects/%.80s/describe/compactLayouts/%s", call->version, o->name,
             t != NULL ? t->id : SFO_MASTER_RECORD_TYPE);
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "available", t == NULL || t->available);
    sfi_json_put_null(w, "compactLayoutId");
    sfi_json_put_string(w, "compactLayoutName", "SYSTEM");
    sfi_json_put_string(w, "recordTypeId", t != NULL ? t->id : SFO_MASTER_RECORD_TYPE);
    sfi_json_put_string(w, "recordTypeName", t != NULL ? t->name : "Master");
    sfi_json_put_object(w, "urls");
    sfi_json_put_string(w, "compactLayout", url);
    sfi_json_end_object(w);
    sfi_json_end_object(w);
}

void sfo_rest_compact_layouts(sfo_call *call)
{
    const sfo_object *o = layoutable_object(call);
    char url[240];
    if (o == NULL || sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_put_array(&w, "compactLayouts");
    write_compact(&w, o);
    sfi_json_end_array(&w);
    sfi_json_put_null(&w, "defaultCompactLayoutId");
    sfi_json_put_array(&w, "recordTypeCompactLayoutMappings");
    for (size_t i = 0; i < o->record_type_count; i++) write_compact_mapping(call, &w, o, &o->record_types[i]);
    write_compact_mapping(call, &w, o, NULL);
    sfi_json_end_array(&w);
    snprintf(url, sizeof url, "/services/data/v%s/sobjects/%.80s/describe/compactLayouts/primary", call->version,
             o->name);
    sfi_json_put_object(&w, "urls");
    sfi_json_put_string(&w, "primary", url);
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
}

/* …/compactLayouts/primary, or that of a record type. */
void sfo_rest_compact_layout_of(sfo_call *call)
{
    const sfo_record_type *t;
    const sfo_object *o = layoutable_object(call);
    if (o == NULL) return;
    if (!sfi_str_is_nocase(call->args[1], "primary") && !sfo_call_record_type(call, o, call->args[1], &t)) return;
    if (sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_compact(&w, o);
}

/* compactLayouts?q=Account,Contact */
void sfo_rest_all_compact_layouts(sfo_call *call)
{
    sf_str names = sfo_params_get(&call->query, "q");
    if (names.len == 0) {
        sfo_answer_error(call, 400, "INVALID_FIELD", "The parameter q names the objects, comma between");
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sf_str name;
    for (int n = 0; n < OBJECTS_MAX && sfo_next_piece(&names, &name); n++) {
        const sfo_object *o = sfo_schema_object(call->org->schema, name);
        if (o == NULL || !o->layoutable) {
            sfo_answer_error(call, 400, "INVALID_TYPE", "sObject type '%.*s' is not supported.", (int)name.len,
                             name.ptr);
            return;
        }
        sfi_json_key(&w, o->name);
        write_compact(&w, o);
    }
    sfi_json_end_object(&w);
}
