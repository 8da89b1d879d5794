/*
 * resolve.c: names against the schema. A path's relationships become joins, each distinct prefix once a statement. A
 * reference that can point to several objects leads to the pseudo object Name, whose fields are looked up in the table
 * that the id's prefix says.
 */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define NAME_FIELD(n, t, word, len)                                                                                    \
    {                                                                                                                  \
        .name = n, .label = n, .type = t, .type_name = word, .soap_type = "xsd:string", .length = len,                 \
        .nillable = true, .filterable = true, .sortable = true, .groupable = true, .aggregatable = true,               \
        .stored = true, .object = &sfo_name_object                                                                     \
    }
#define NAME_REFERENCE(n, rel, target)                                                                                 \
    {                                                                                                                  \
        .name = n, .label = n, .type = SFO_REFERENCE, .type_name = "reference", .soap_type = "tns:ID", .length = 18,   \
        .nillable = true, .filterable = true, .sortable = true, .groupable = true, .aggregatable = true,               \
        .stored = true, .relationship_name = rel, .reference_to = (const char *const[]){ target },                     \
        .reference_count = 1, .object = &sfo_name_object                                                               \
    }

static const sfo_field name_fields[] = {
    NAME_FIELD("Id", SFO_ID, "id", 18),
    NAME_FIELD("Name", SFO_STRING, "string", 255),
    NAME_FIELD("FirstName", SFO_STRING, "string", 40),
    NAME_FIELD("LastName", SFO_STRING, "string", 80),
    NAME_FIELD("Type", SFO_PICKLIST, "picklist", 40),
    NAME_FIELD("Alias", SFO_STRING, "string", 8),
    NAME_FIELD("Username", SFO_STRING, "string", 80),
    NAME_FIELD("IsActive", SFO_BOOLEAN, "boolean", 0),
    NAME_FIELD("Email", SFO_EMAIL, "email", 128),
    NAME_FIELD("Phone", SFO_PHONE, "phone", 40),
    NAME_FIELD("Title", SFO_STRING, "string", 128),
    NAME_REFERENCE("ProfileId", "Profile", "Profile"),
    NAME_REFERENCE("UserRoleId", "UserRole", "UserRole"),
    NAME_REFERENCE("RecordTypeId", "RecordType", "RecordType"),
};

const sfo_object sfo_name_object = { .name = "Name",
                                     .label = "Name",
                                     .label_plural = "Names",
                                     .queryable = true,
                                     .fields = name_fields,
                                     .field_count = SFI_COUNT_OF(name_fields) };

static const sfo_field *find_field(const sfo_object *o, sf_str name)
{
    if (o != &sfo_name_object) return sfo_object_field(o, name);
    for (size_t i = 0; i < SFI_COUNT_OF(name_fields); i++)
        if (sfi_str_is_nocase(name, name_fields[i].name)) return &name_fields[i];
    return NULL;
}

static const sfo_field *find_relationship(const sfo_object *o, sf_str name)
{
    if (o != &sfo_name_object) return sfo_object_relationship(o, name);
    for (size_t i = 0; i < SFI_COUNT_OF(name_fields); i++)
        if (name_fields[i].relationship_name != NULL && sfi_str_is_nocase(name, name_fields[i].relationship_name))
            return &name_fields[i];
    return NULL;
}

static bool no_such_column(sfo_compile *c, uint32_t offset, sf_str name, const char *entity)
{
    return sfo_soql_fault_at(c->fault, c->text, offset, "INVALID_FIELD",
                             "No such column '%.*s' on entity '%s'. If you are attempting to use a custom field, be "
                             "sure to append the '__c' after the custom field name. Please reference your WSDL or the "
                             "describe call for the appropriate names.",
                             (int)name.len, name.ptr, entity);
}

bool sfo_resolve_object(sfo_compile *c, const sfo_ast_name *name, const sfo_object **out)
{
    *out = sfo_schema_object(c->schema, name->text);
    if (*out != NULL && (*out)->queryable) return true;
    return sfo_soql_fault_at(c->fault, c->text, name->offset, "INVALID_TYPE",
                             "sObject type '%.*s' is not supported. If you are attempting to use a custom object, be "
                             "sure to append the '__c' after the entity name. Please reference your WSDL or the "
                             "describe call for the appropriate names.",
                             (int)name->text.len, name->text.ptr);
}

/* Cuts the first segment off a path. */
static sf_str take_segment(sf_str *path)
{
    const char *dot = memchr(path->ptr, '.', path->len);
    sf_str first = { path->ptr, dot != NULL ? (size_t)(dot - path->ptr) : path->len };
    size_t cut = dot != NULL ? first.len + 1 : path->len;
    *path = (sf_str){ path->ptr + cut, path->len - cut };
    return first;
}

static bool same_name(sf_str a, sf_str b)
{
    if (a.ptr == NULL || b.ptr == NULL || a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (sfi_ascii_lower((unsigned char)a.ptr[i]) != sfi_ascii_lower((unsigned char)b.ptr[i])) return false;
    return true;
}

/* Is the name what the scope calls its driving object? */
static bool names_driver(const sfo_scope *scope, sf_str name)
{
    return same_name(name, scope->alias) || sfi_str_is_nocase(name, scope->object->name);
}

bool sfo_scope_init(sfo_compile *c, sfo_scope *scope, const sfo_object *object, const sfo_ast_from *from, size_t count)
{
    *scope = (sfo_scope){ .object = object, .alias = from[0].alias.text, .extra = from + 1, .extra_count = count - 1 };
    for (size_t i = 1; i < count; i++) {
        sf_str rest = from[i].path.text, first = take_segment(&rest);
        bool known = rest.len > 0 && names_driver(scope, first);
        for (size_t k = 1; k < i && !known; k++) known = rest.len > 0 && same_name(first, from[k].alias.text);
        if (!known)
            return sfo_soql_fault_at(c->fault, c->text, from[i].path.offset, "MALFORMED_QUERY",
                                     "A driving SObject type has already been set, all other entity types in the FROM "
                                     "clause must be relationships to the initial object.  The driving object is %s.",
                                     object->name);
    }
    return true;
}

static sf_str poly_case(sfo_sql *s, const sfo_join *j, const sfo_field *field);

bool sfo_resolve_relationship(sfo_sql *s, int join, sf_str name, uint32_t offset, int *out)
{
    sfo_compile *c = s->c;
    const sfo_object *from = s->joins[join].object;
    const sfo_field *ref = find_relationship(from, name);
    if (ref == NULL)
        return sfo_soql_fault_at(c->fault, c->text, offset, "INVALID_FIELD",
                                 "Didn't understand relationship '%.*s' in field path. If you are attempting to use a "
                                 "custom relationship, be sure to append the '__r' after the custom relationship name. "
                                 "Please reference your WSDL or the describe call for the appropriate names.",
                                 (int)name.len, name.ptr);
    for (size_t i = 1; i < s->join_count; i++)
        if (s->joins[i].parent == join && s->joins[i].ref == ref) {
            *out = (int)i;
            return true;
        }
    if (s->join_count > SFO_PARENTS_MAX)
        return sfo_soql_fault_at(c->fault, c->text, offset, "MALFORMED_QUERY",
                                 "a query cannot have more than %d child-to-parent relationships", SFO_PARENTS_MAX);
    sfo_join *joins = sfo_compile_grow(c, s->joins, s->join_count, sizeof *joins);
    if (joins == NULL) return sfo_compile_memory_fault(c);
    s->joins = joins;
    sfo_join *j = &joins[s->join_count];
    *j = (sfo_join){ .parent = join, .ref = ref, .table = c->next_table++, .ref_sql = sfo_column_sql(s, join, ref) };
    j->polymorphic = ref->reference_count != 1;
    j->object = j->polymorphic ? &sfo_name_object : sfo_schema_object(c->schema, sfi_str(ref->reference_to[0]));
    if (j->object == NULL)
        return sfo_fault_set(c->fault, 400, "INVALID_TYPE", "the target of relationship '%s' is not known to this org",
                             ref->relationship_name);
    *out = (int)s->join_count++;
    return true;
}

/* Where a path starts: cuts the object's name, its alias, or that of another FROM entry off. */
static bool path_start(sfo_sql *s, sf_str *rest, uint32_t offset, int *join)
{
    *join = 0;
    sf_str after = *rest, first = take_segment(&after);
    if (after.len == 0) return true;
    if (names_driver(s->scope, first)) {
        *rest = after;
        return true;
    }
    for (size_t i = s->scope->extra_count; i-- > 0;) {
        const sfo_ast_from *from = &s->scope->extra[i];
        if (!same_name(first, from->alias.text)) continue;
        sf_str path = from->path.text; /* starts with an earlier entry's name, so this ends */
        if (!path_start(s, &path, from->path.offset, join)) return false;
        while (path.len > 0)
            if (!sfo_resolve_relationship(s, *join, take_segment(&path), offset, join)) return false;
        *rest = after;
        return true;
    }
    return true;
}

bool sfo_resolve_prefix(sfo_sql *s, const sfo_ast_name *path, int *join, sf_str *last)
{
    sf_str rest = path->text;
    if (!path_start(s, &rest, path->offset, join)) return false;
    int levels = 0;
    *last = take_segment(&rest);
    while (rest.len > 0) {
        if (++levels > SFO_PARENT_LEVELS_MAX)
            return sfo_soql_fault_at(s->c->fault, s->c->text, path->offset, "MALFORMED_QUERY",
                                     "a path cannot go up more than %d relationships", SFO_PARENT_LEVELS_MAX);
        if (!sfo_resolve_relationship(s, *join, *last, path->offset, join)) return false;
        *last = take_segment(&rest);
    }
    return true;
}

bool sfo_resolve_path(sfo_sql *s, const sfo_ast_name *path, sfo_target *out)
{
    sf_str last;
    if (!sfo_resolve_prefix(s, path, &out->join, &last)) return false;
    out->field = find_field(s->joins[out->join].object, last);
    return out->field != NULL || no_such_column(s->c, path->offset, last, s->joins[out->join].object->name);
}

/* ---- SQL of a column ---- */

sf_str sfo_join_id_sql(sfo_sql *s, int join)
{
    const sfo_join *j = &s->joins[join];
    return j->polymorphic ? j->ref_sql : sfo_textf(s->c, "t%d.\"Id\"", j->table);
}

/* CASE on the id's prefix: one lookup by primary key in the table it belongs to. */
static sf_str poly_case(sfo_sql *s, const sfo_join *j, const sfo_field *field)
{
    sf_str ref = j->ref_sql, text = SFI_STR("");
    bool is_name = sfi_eq_nocase(field->name, "Name");
    for (size_t i = 0; i < j->ref->reference_count; i++) {
        const sfo_object *target = sfo_schema_object(s->c->schema, sfi_str(j->ref->reference_to[i]));
        if (target == NULL || target->key_prefix == NULL) continue;
        const sfo_field *f = is_name ? sfo_object_name_field(target) : sfo_object_field(target, sfi_str(field->name));
        if (sfi_eq_nocase(field->name, "Type")) {
            text =
                sfo_textf(s->c, "%.*s WHEN '%s' THEN '%s'", (int)text.len, text.ptr, target->key_prefix, target->name);
        } else if (f != NULL && f->stored) {
            text = sfo_textf(s->c, "%.*s WHEN '%s' THEN (SELECT \"%s\" FROM \"%s\" WHERE \"Id\"=%.*s)", (int)text.len,
                             text.ptr, target->key_prefix, f->name, target->name, (int)ref.len, ref.ptr);
        }
    }
    if (text.len == 0) return SFI_STR("NULL");
    return sfo_textf(s->c, "(CASE substr(%.*s,1,3)%.*s END)", (int)ref.len, ref.ptr, (int)text.len, text.ptr);
}

sf_str sfo_column_sql(sfo_sql *s, int join, const sfo_field *field)
{
    const sfo_join *j = &s->joins[join];
    if (!j->polymorphic) return sfo_textf(s->c, "t%d.\"%s\"", j->table, field->name);
    return field->type == SFO_ID ? j->ref_sql : poly_case(s, j, field);
}
