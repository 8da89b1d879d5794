/*
 * defaults.c: what the objects of a --schema file may leave out: labels, the key prefix, the system fields, relationship
 * names, the parts of a location; and for all objects the child relationships that follow from references.
 * Called by schema.c after all definitions are read.
 */
#include "schema/schema_internal.h"

typedef struct system_field {
    const char *name, *label;
    sfo_type type;
    const char *references, *relationship; /* one object; NULL: none */
    bool createable, updateable, nillable;
    int32_t length;
} system_field;

static const system_field first_fields[] = {
    { "Id", "Record ID", SFO_ID, NULL, NULL, false, false, false, 18 },
    { "OwnerId", "Owner ID", SFO_REFERENCE, "User", "Owner", true, true, false, 18 },
    { "IsDeleted", "Deleted", SFO_BOOLEAN, NULL, NULL, false, false, false, 0 },
    { "Name", "Name", SFO_STRING, NULL, NULL, true, true, true, 80 },
    { "CreatedDate", "Created Date", SFO_DATETIME, NULL, NULL, false, false, false, 0 },
    { "CreatedById", "Created By ID", SFO_REFERENCE, "User", "CreatedBy", false, false, false, 18 },
    { "LastModifiedDate", "Last Modified Date", SFO_DATETIME, NULL, NULL, false, false, false, 0 },
    { "LastModifiedById", "Last Modified By ID", SFO_REFERENCE, "User", "LastModifiedBy", false, false, false, 18 },
    { "SystemModstamp", "System Modstamp", SFO_DATETIME, NULL, NULL, false, false, false, 0 },
};

static const system_field event_fields[] = {
    { "Id", "Record ID", SFO_ID, NULL, NULL, false, false, false, 18 },
    { "ReplayId", "Replay ID", SFO_STRING, NULL, NULL, false, false, true, 1000 },
    { "CreatedDate", "Created Date", SFO_DATETIME, NULL, NULL, true, false, false, 0 },
    { "CreatedById", "Created By ID", SFO_REFERENCE, "User", "CreatedBy", true, false, false, 18 },
    { "EventUuid", "Event UUID", SFO_STRING, NULL, NULL, false, false, true, 36 },
};

/* Where an object has record types of its own. */
static const system_field record_type_field = {
    "RecordTypeId", "Record Type ID", SFO_REFERENCE, "RecordType", "RecordType", true, true, true, 18
};

static sf_status fail_memory(sfo_loader *l)
{
    return sfi_fail_memory(l->err, "the schema");
}

static const char *keep_join(sfo_loader *l, sf_str stem, const char *tail)
{
    size_t tail_len = strlen(tail);
    char *text = sfi_arena_alloc(l->arena, stem.len + tail_len + 1);
    if (text == NULL) return NULL;
    if (stem.ptr != NULL) memcpy(text, stem.ptr, stem.len);
    memcpy(text + stem.len, tail, tail_len + 1);
    return text;
}

/* "Invoice_Line" of "Invoice_Line__c"; a name without such an end is its own stem. */
static sf_str stem_of(const char *name)
{
    static const char *const ends[] = { "__c", "__e", "__mdt", "__b", "__x" };
    sf_str s = sfi_str(name);
    for (size_t i = 0; i < SFI_COUNT_OF(ends); i++)
        if (sfi_ends_with(s, ends[i])) return (sf_str){ s.ptr, s.len - strlen(ends[i]) };
    return s;
}

static bool is_custom_name(const char *name)
{
    return stem_of(name).len < strlen(name);
}

/* ---- labels and flags ---- */

static sf_status complete_labels(sfo_loader *l, sfo_object *o)
{
    if (o->label == NULL) {
        sf_str stem = stem_of(o->name);
        char *label = sfi_arena_strndup(l->arena, stem.ptr, stem.len);
        if (label == NULL) return fail_memory(l);
        for (char *c = label; *c != '\0'; c++)
            if (*c == '_') *c = ' ';
        o->label = label;
    }
    if (o->label_plural == NULL) {
        sf_str label = sfi_str(o->label);
        bool ies =
            label.len > 1 && label.ptr[label.len - 1] == 'y' && strchr("aeiou", label.ptr[label.len - 2]) == NULL;
        if (ies) label.len--;
        o->label_plural = keep_join(l, label, ies ? "ies" : sfi_ends_with(label, "s") ? "es" : "s");
    }
    return o->label_plural != NULL ? SF_OK : fail_memory(l);
}

static sf_status complete_flags(sfo_loader *l, sfo_draft *d)
{
    sfo_object *o = &d->object;
    bool event = sfi_ends_with(sfi_str(o->name), "__e");
    const struct {
        bool *flag;
        int bit;
        bool value;
    } flags[] = {
        { &o->createable, SFO_OBJECT_CREATEABLE, true },
        { &o->updateable, SFO_OBJECT_UPDATEABLE, !event },
        { &o->deletable, SFO_OBJECT_DELETABLE, !event },
        { &o->queryable, SFO_OBJECT_QUERYABLE, !event },
        { &o->searchable, SFO_OBJECT_SEARCHABLE, !event },
        { &o->undeletable, SFO_OBJECT_UNDELETABLE, !event },
        { &o->retrieveable, SFO_OBJECT_RETRIEVEABLE, !event },
        { &o->replicateable, SFO_OBJECT_REPLICATEABLE, !event },
        { &o->triggerable, SFO_OBJECT_TRIGGERABLE, true },
        { &o->layoutable, SFO_OBJECT_LAYOUTABLE, !event },
        { &o->mru_enabled, SFO_OBJECT_MRU_ENABLED, !event },
        { &o->compact_layoutable, SFO_OBJECT_COMPACT_LAYOUTABLE, !event },
        { &o->search_layoutable, SFO_OBJECT_SEARCH_LAYOUTABLE, !event },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(flags); i++)
        if (!sfo_given(d->given, flags[i].bit)) *flags[i].flag = flags[i].value;
    if (is_custom_name(o->name)) o->custom = true;
    if (!sfo_given(d->given, SFO_OBJECT_CHANGE_EVENT) && sfi_ends_with(sfi_str(o->name), "__c")) {
        o->change_event = keep_join(l, stem_of(o->name), "__ChangeEvent");
        if (o->change_event == NULL) return fail_memory(l);
    }
    return SF_OK;
}

/* ---- key prefixes: a00, a01 … azZ for records, e00 … for events, m00 … for metadata types ---- */

static bool prefix_is_taken(const sfo_loader *l, const char *prefix, const sfo_object *asker)
{
    for (size_t i = 0; i < l->count; i++) {
        const sfo_object *o = &l->drafts[i].object;
        if (o != asker && o->key_prefix != NULL && strcmp(o->key_prefix, prefix) == 0) return true;
    }
    return false;
}

static sf_status complete_prefix(sfo_loader *l, sfo_object *o)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if (o->key_prefix != NULL) {
        if (strlen(o->key_prefix) != 3 || strspn(o->key_prefix, digits) != 3)
            return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s: keyPrefix is not three letters or digits", l->file, o->name);
        if (prefix_is_taken(l, o->key_prefix, o))
            return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s: another object has the keyPrefix %s", l->file, o->name,
                            o->key_prefix);
        return SF_OK;
    }
    sf_str name = sfi_str(o->name);
    char prefix[4] = "a00";
    if (sfi_ends_with(name, "__e")) prefix[0] = 'e';
    if (sfi_ends_with(name, "__mdt")) prefix[0] = 'm';
    for (int n = 0; n < 62 * 62; n++) {
        prefix[1] = digits[n / 62];
        prefix[2] = digits[n % 62];
        if (prefix_is_taken(l, prefix, o)) continue;
        o->key_prefix = sfi_arena_strndup(l->arena, prefix, 3);
        return o->key_prefix != NULL ? SF_OK : fail_memory(l);
    }
    return sfi_fail(l->err, SF_ERR_LIMIT, "%s: %s: no key prefix is left, give it a keyPrefix", l->file, o->name);
}

/* ---- system fields ---- */

static sf_status make_system_field(sfo_loader *l, const system_field *s, sfo_field *f)
{
    *f = (sfo_field){ .name = s->name,
                      .label = s->label,
                      .type = s->type,
                      .type_name = sfo_type_text(s->type),
                      .createable = s->createable,
                      .updateable = s->updateable,
                      .nillable = s->nillable,
                      .length = s->length,
                      .relationship_name = s->relationship,
                      .relationship_order = -1 };
    if (s->references != NULL) {
        const char **names = sfi_arena_alloc(l->arena, sizeof *names);
        if (names == NULL) return fail_memory(l);
        names[0] = s->references;
        f->reference_to = names;
        f->reference_count = 1;
    }
    bool is_name = strcmp(s->name, "Name") == 0;
    f->name_field = is_name;
    f->id_lookup = is_name || s->type == SFO_ID;
    f->defaulted_on_create = !s->nillable || is_name;
    uint64_t given = (uint64_t)1 << SFO_GIVEN_LENGTH | (uint64_t)1 << SFO_GIVEN_NILLABLE |
                     (uint64_t)1 << SFO_GIVEN_CREATEABLE | (uint64_t)1 << SFO_GIVEN_UPDATEABLE |
                     (uint64_t)1 << SFO_GIVEN_ID_LOOKUP | (uint64_t)1 << SFO_GIVEN_PERMISSIONABLE;
    sfo_field_complete(f, given, false);
    return SF_OK;
}

/* Rows of a detail belong to their master's owner: such an object has none of its own. */
static bool is_detail(const sfo_draft *d)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i].type == SFO_REFERENCE && d->fields[i].cascade_delete && !d->fields[i].nillable) return true;
    return false;
}

static bool has_name_field(const sfo_draft *d)
{
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i].name_field) return true;
    return false;
}

/* The system fields come first, in their own order, then what the definition lists; a definition that has one itself
 * keeps its own entry, moved to that place. */
static sf_status complete_system_fields(sfo_loader *l, sfo_draft *d)
{
    bool event = sfi_ends_with(sfi_str(d->object.name), "__e");
    const system_field *rows = event ? event_fields : first_fields;
    size_t count = event ? SFI_COUNT_OF(event_fields) : SFI_COUNT_OF(first_fields);
    bool detail = is_detail(d), named = has_name_field(d);
    sfo_field *own = d->fields;
    size_t own_count = d->field_count;
    sf_status rc = SF_OK;

    d->fields = NULL;
    d->field_count = d->field_cap = 0;
    for (size_t i = 0; rc == SF_OK && i < count; i++) {
        sfo_field f;
        bool found = false;
        for (size_t k = 0; !found && k < own_count; k++)
            if (own[k].name != NULL && sfi_eq_nocase(own[k].name, rows[i].name)) {
                f = own[k];
                own[k].name = NULL; /* taken */
                if (strcmp(rows[i].name, "Name") == 0) f.name_field = true;
                found = true;
            }
        if (!found) {
            if (detail && strcmp(rows[i].name, "OwnerId") == 0) continue;
            if (named && strcmp(rows[i].name, "Name") == 0) continue;
            rc = make_system_field(l, &rows[i], &f);
        }
        if (rc == SF_OK) rc = sfo_draft_add_field(l, d, &f);
    }
    for (size_t k = 0; rc == SF_OK && k < own_count; k++)
        if (own[k].name != NULL) rc = sfo_draft_add_field(l, d, &own[k]);
    sfi_free(own);
    return rc;
}

/* ---- fields ---- */

/* Loc__c of type location is kept in Loc__Latitude__s and Loc__Longitude__s. */
static sf_status complete_location(sfo_loader *l, sfo_draft *d, size_t at)
{
    static const char *const tails[] = { "__Latitude__s", "__Longitude__s" };
    static const char *const labels[] = { " (Latitude)", " (Longitude)" };
    for (size_t i = 0; i < 2; i++) {
        const sfo_field *loc = &d->fields[at];
        sfo_field f = { .type = SFO_DOUBLE,
                        .type_name = sfo_type_text(SFO_DOUBLE),
                        .compound_name = loc->name,
                        .scale = loc->scale > 0 ? loc->scale : 15,
                        .relationship_order = -1,
                        .custom = true };
        f.name = keep_join(l, stem_of(loc->name), tails[i]);
        f.label = keep_join(l, sfi_str(loc->label), labels[i]);
        if (f.name == NULL || f.label == NULL) return fail_memory(l);
        if (sfo_draft_field(d, sfi_str(f.name)) != NULL) continue;
        sfo_field_complete(&f, (uint64_t)1 << SFO_GIVEN_SCALE, false);
        sf_status rc = sfo_draft_add_field(l, d, &f);
        if (rc != SF_OK) return rc;
    }
    return SF_OK;
}

static sf_status complete_relationship(sfo_loader *l, sfo_field *f)
{
    if (f->type != SFO_REFERENCE || f->relationship_name != NULL) return SF_OK;
    sf_str name = sfi_str(f->name);
    if (sfi_ends_with(name, "__c"))
        f->relationship_name = keep_join(l, stem_of(f->name), "__r");
    else if (sfi_ends_with(name, "Id") && name.len > 2)
        f->relationship_name = sfi_arena_strndup(l->arena, name.ptr, name.len - 2);
    else
        return SF_OK;
    return f->relationship_name != NULL ? SF_OK : fail_memory(l);
}

static sf_status complete_fields(sfo_loader *l, sfo_draft *d)
{
    for (size_t i = 0; i < d->field_count; i++) { /* ends: added parts are not locations */
        sfo_field *f = &d->fields[i];
        bool from_file = !d->standard || f->custom;
        if (from_file) {
            sf_status rc = complete_relationship(l, f);
            if (rc == SF_OK && f->type == SFO_LOCATION) rc = complete_location(l, d, i);
            if (rc != SF_OK) return rc;
        }
    }
    bool has_last_name = sfo_draft_field(d, SFI_STR("LastName")) != NULL;
    for (size_t i = 0; i < d->field_count; i++) {
        sfo_field *f = &d->fields[i];
        f->is_name_compound = has_last_name && !f->createable && strcmp(f->name, "Name") == 0;
    }
    return SF_OK;
}

/* ---- children ---- */

static bool knows_child(const sfo_draft *parent, const char *object, const char *field)
{
    for (size_t i = 0; i < parent->child_count; i++)
        if (strcmp(parent->children[i].child_object, object) == 0 && strcmp(parent->children[i].field, field) == 0)
            return true;
    return false;
}

static bool relationship_is_taken(const sfo_draft *parent, const char *name)
{
    for (size_t i = 0; i < parent->child_count; i++)
        if (parent->children[i].relationship_name != NULL && sfi_eq_nocase(parent->children[i].relationship_name, name))
            return true;
    return false;
}

/* "Invoices__r" for the custom lookup of Invoice__c, from its plural label; "Invoices1__r" when that is taken. */
static sf_status name_child(sfo_loader *l, const sfo_draft *parent, const sfo_draft *child, const sfo_field *f,
                            const char **out)
{
    *out = NULL;
    if (!f->custom) return SF_OK; /* OwnerId, CreatedById …: not queryable from the parent */
    if (f->child_relationship_name != NULL) {
        sf_str given = sfi_str(f->child_relationship_name);
        *out = sfi_ends_with(given, "__r") ? f->child_relationship_name : keep_join(l, given, "__r");
        return *out != NULL ? SF_OK : fail_memory(l);
    }
    char stem[100];
    size_t len = 0;
    for (const char *c = child->object.label_plural; *c != '\0' && len < sizeof stem - 16; c++) {
        int lower = sfi_ascii_lower((unsigned char)*c);
        if ((lower >= 'a' && lower <= 'z') || (len > 0 && lower >= '0' && lower <= '9'))
            stem[len++] = *c;
        else if (len > 0 && stem[len - 1] != '_' && *c == ' ')
            stem[len++] = '_';
    }
    if (len == 0) len = (size_t)snprintf(stem, sizeof stem, "Children");
    for (int n = 0; n < 100; n++) {
        char tail[16];
        (void)(n == 0 ? snprintf(tail, sizeof tail, "__r") : snprintf(tail, sizeof tail, "%d__r", n)); /* fits */
        *out = keep_join(l, (sf_str){ stem, len }, tail);
        if (*out == NULL) return fail_memory(l);
        if (!relationship_is_taken(parent, *out)) return SF_OK;
    }
    *out = NULL; /* a hundred lookups of one object to one parent: the rest have no name from that side */
    return SF_OK;
}

static sf_status add_children_of(sfo_loader *l, const sfo_draft *child)
{
    for (size_t i = 0; i < child->field_count; i++) {
        const sfo_field *f = &child->fields[i];
        for (size_t k = 0; k < f->reference_count; k++) {
            sfo_draft *parent = sfo_loader_find(l, sfi_str(f->reference_to[k]));
            if (parent == NULL || knows_child(parent, child->object.name, f->name)) continue;
            sfo_child c = { .child_object = child->object.name,
                            .field = f->name,
                            .cascade_delete = f->cascade_delete,
                            .restricted_delete = f->restricted_delete };
            sf_status rc = name_child(l, parent, child, f, &c.relationship_name);
            if (rc == SF_OK) rc = sfo_draft_add_child(l, parent, &c);
            if (rc != SF_OK) return rc;
        }
    }
    return SF_OK;
}

/* A lookup of a --schema file to an object that nobody defines is a typing error there. */
static sf_status check_references(sfo_loader *l, const sfo_draft *d)
{
    for (size_t i = 0; i < d->field_count; i++) {
        const sfo_field *f = &d->fields[i];
        if (d->standard && !f->custom) continue;
        for (size_t k = 0; k < f->reference_count; k++)
            if (sfo_loader_find(l, sfi_str(f->reference_to[k])) == NULL)
                return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s.%s: referenceTo names the unknown object %s", l->file,
                                d->object.name, f->name, f->reference_to[k]);
    }
    return SF_OK;
}

static sf_status complete_publishing(sfo_loader *l, sfo_object *o)
{
    const char *behavior = o->publish_behavior;
    if (behavior == NULL || strcmp(behavior, "PublishAfterCommit") == 0) return SF_OK;
    if (!o->is_event || strcmp(behavior, "PublishImmediately") != 0)
        return sfi_fail(l->err, SF_ERR_USAGE,
                        "%s: %s: publishBehavior is PublishAfterCommit or PublishImmediately, of an object whose name "
                        "ends in __e",
                        l->file, o->name);
    o->publish_immediately = true;
    return SF_OK;
}

static sf_status complete_object(sfo_loader *l, sfo_draft *d)
{
    d->object.is_event = d->object.is_event || sfi_ends_with(sfi_str(d->object.name), "__e");
    sf_status rc = complete_publishing(l, &d->object);
    if (rc == SF_OK && !d->standard) {
        rc = complete_labels(l, &d->object);
        if (rc == SF_OK) rc = complete_flags(l, d);
        if (rc == SF_OK) rc = complete_prefix(l, &d->object);
        if (rc == SF_OK) rc = complete_system_fields(l, d);
    }
    if (rc != SF_OK || d->object.record_type_count == 0 || sfo_draft_field(d, SFI_STR("RecordTypeId")) != NULL)
        return rc;
    sfo_field f;
    rc = make_system_field(l, &record_type_field, &f);
    f.defaulted_on_create = true;
    return rc == SF_OK ? sfo_draft_add_field(l, d, &f) : rc;
}

sf_status sfo_drafts_complete(sfo_loader *l)
{
    sf_status rc = SF_OK;
    for (size_t i = 0; rc == SF_OK && i < l->count; i++) rc = complete_object(l, &l->drafts[i]);
    for (size_t i = 0; rc == SF_OK && i < l->count; i++) rc = complete_fields(l, &l->drafts[i]);
    for (size_t i = 0; rc == SF_OK && i < l->count; i++) rc = sfo_draft_complete_dependencies(l, &l->drafts[i]);
    for (size_t i = 0; rc == SF_OK && i < l->count; i++) rc = check_references(l, &l->drafts[i]);
    for (size_t i = 0; rc == SF_OK && i < l->count; i++) rc = add_children_of(l, &l->drafts[i]);
    return rc;
}
