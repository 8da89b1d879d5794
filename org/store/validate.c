/*
 * validate.c: a request's JSON object into a row: names to fields, values to types, references by external id to ids; then
 * what a new row gets without being asked. Called by records.c.
 */
#include "store/store_internal.h"

static bool refuse_unknown(const sfo_object *o, sf_str name, sfo_fault *f)
{
    return sfo_fault_set(f, 400, "INVALID_FIELD", "No such column '%.*s' on sobject of type %s",
                         (int)(name.len < 255 ? name.len : 255), name.ptr, o->name);
}

/* ---- a parent named by its external id: "Account":{"Ext__c":"A-1"} ---- */

typedef struct foreign_key {
    const sfo_object *target;
    const sfo_field *field;
    sf_value value;
} foreign_key;

static const sfo_object *only_target(sfo_store *s, const sfo_field *reference)
{
    return reference->reference_count == 1 ? sfo_schema_object(s->schema, sfi_str(reference->reference_to[0])) : NULL;
}

static bool choose_target(sfo_store *s, const sfo_field *reference, sf_value v, foreign_key *key, sfo_fault *f)
{
    sf_str first = { NULL, 0 };
    sf_value unused;
    sf_iter it = sf_iter_begin(v);
    bool any = sf_iter_next(&it, &first, &unused);
    const char *type = sf_get_str(v, "attributes.type");
    key->target = type != NULL ? sfo_schema_object(s->schema, sfi_str(type)) : only_target(s, reference);
    if (reference->reference_count > 1 && (!any || !sfi_str_is(first, "attributes")))
        return sfo_fault_set(
            f, 400, "JSON_PARSER_ERROR",
            "Nested object for polymorphic foreign key must have an attributes field before any other fields.");
    for (size_t i = 0; key->target != NULL && i < reference->reference_count; i++)
        if (strcmp(reference->reference_to[i], key->target->name) == 0) return true;
    return sfo_fault_set(f, 400, "INVALID_FIELD", "The relationship %s cannot point to an object of type %s",
                         reference->relationship_name, type != NULL ? type : "null");
}

static bool read_foreign_key(sfo_store *s, const sfo_field *reference, sf_value v, foreign_key *key, sfo_fault *f)
{
    if (!choose_target(s, reference, v, key, f)) return false;
    sf_iter it = sf_iter_begin(v);
    sf_str name;
    sf_value value;
    while (sf_iter_next(&it, &name, &value)) {
        if (sfi_str_is(name, "attributes")) continue;
        const sfo_field *field = sfo_object_field(key->target, name);
        if (field == NULL) return refuse_unknown(key->target, name, f);
        if (key->field != NULL)
            return sfo_fault_set(f, 400, "INVALID_FIELD",
                                 "More than 1 field provided in an external foreign key reference in entity: %s",
                                 key->target->name);
        if (!field->external_id && !field->id_lookup)
            return sfo_fault_set(f, 400, "INVALID_FIELD",
                                 "The field name provided, %s is not an External ID or indexed field for %s",
                                 field->name, key->target->name);
        key->field = field;
        key->value = value;
    }
    if (key->field != NULL) return true;
    return sfo_fault_set(f, 400, "INVALID_FIELD",
                         "External foreign key reference does not reference a valid entity: %s",
                         reference->relationship_name);
}

static bool resolve_reference(sfo_store *s, const sfo_object *o, const sfo_field *reference, sf_value v, sfo_cell *cell,
                              sfo_fault *f)
{
    *cell = (sfo_cell){ .kind = SFO_CELL_NULL, .set = true, .given = true };
    if (sf_value_type(v) == SF_NULL) return true;
    if (sf_value_type(v) != SF_OBJECT)
        return sfo_fault_set(f, 400, "JSON_PARSER_ERROR",
                             "The value provided for foreign key reference %s is not a nested SObject",
                             reference->relationship_name);
    foreign_key key = { 0 };
    if (!read_foreign_key(s, reference, v, &key, f)) return false;
    sf_str text = sf_get_text(key.value, NULL);
    sf_id ids[2];
    int n = text.len > 0 ? sfo_record_find(s, key.target, key.field, text, ids, 2, f) : 0;
    if (n < 0) return false;
    if (n == 0) {
        (void)sfo_fault_set(f, 400, "INVALID_FIELD",
                            "Foreign key external ID: %.*s not found for field %s in entity %s",
                            (int)(text.len < 255 ? text.len : 255), text.ptr != NULL ? text.ptr : "", key.field->name,
                            key.target->name);
        if (f != NULL) f->has_fields = true; /* "fields":[] */
        return false;
    }
    if (n > 1) {
        (void)sfo_fault_set(f, 400, "DUPLICATE_EXTERNAL_ID",
                            "%s: more than one record found for external id field: [%s, %s]", key.field->label,
                            ids[0].text, ids[1].text);
        sfo_fault_add_field(f, reference->name);
        return false;
    }
    (void)o;
    cell->kind = SFO_CELL_TEXT;
    cell->text = sfo_scratch_text(s, sfi_str(ids[0].text));
    return cell->text.ptr != NULL || sfo_fault_memory(f);
}

/* ---- the whole body ---- */

static bool may_write(const sfo_store *s, sfo_mode mode, const sfo_field *field)
{
    if (s->system_writes) return true;
    return mode == SFO_CREATING ? field->createable : field->updateable;
}

typedef struct refused { /* names of fields that may not be written */
    char names[512];
    size_t len;
    const sfo_field *list[32];
    size_t count;
} refused;

static void refuse_later(refused *r, const sfo_field *field)
{
    if (r->count < SFI_COUNT_OF(r->list)) r->list[r->count++] = field;
    size_t more = strlen(field->name);
    if (r->len + more + 3 > sizeof r->names) return;
    r->len +=
        (size_t)snprintf(r->names + r->len, sizeof r->names - r->len, "%s%s", r->len > 0 ? ", " : "", field->name);
}

static bool refuse_writes(const refused *r, sfo_fault *f)
{
    if (r->count == 0) return true;
    (void)sfo_fault_set(
        f, 400, "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: %s. Please check the security settings of this field and verify that it is "
        "read/write for your profile or permission set.",
        r->names);
    for (size_t i = 0; i < r->count; i++) sfo_fault_add_field(f, r->list[i]->name);
    return false;
}

static bool read_member(sfo_store *s, const sfo_context *c, sfo_mode mode, sf_str key, sf_value v, sfo_row *row,
                        refused *r, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    if (sfi_str_is(key, "attributes")) return true;
    const sfo_field *field = sfo_object_field(o, key),
                    *reference = field == NULL ? sfo_object_relationship(o, key) : NULL;
    const sfo_field *target = field != NULL ? field : reference;
    if (target == NULL) return refuse_unknown(o, key, f);
    if (target->type == SFO_ID && !s->system_writes) {
        if (c->id_in_body) return true;
        return sfo_fault_set(f, 400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.");
    }
    if (!may_write(s, mode, target) || !target->stored) {
        refuse_later(r, target);
        return true;
    }
    sfo_cell *cell = &row->cells[target - o->fields];
    if (reference != NULL) return resolve_reference(s, o, reference, v, cell, f);
    return sfo_cell_from_json(s, field, v, cell, f);
}

bool sfo_row_from_json(sfo_store *s, const sfo_context *c, sfo_mode mode, sf_value body, sfo_row *row, sfo_fault *f)
{
    refused r = { .len = 0 };
    sf_iter it = sf_iter_begin(body);
    sf_str key;
    sf_value v;
    if (sf_value_type(body) != SF_OBJECT)
        return sfo_fault_set(f, 400, "JSON_PARSER_ERROR",
                             "The body is not a JSON object: a record is {\"Field\":value, …}");
    while (sf_iter_next(&it, &key, &v))
        if (!read_member(s, c, mode, key, v, row, &r, f)) return false;
    return refuse_writes(&r, f);
}

/* ---- defaults of a new row ---- */

static void default_of(sfo_store *s, const sfo_field *field, sfo_cell *cell)
{
    if (field->default_value != NULL) {
        if (sfo_cell_from_text(s, field, sfi_str(field->default_value), cell)) return;
        *cell = (sfo_cell){ .kind = SFO_CELL_NULL };
    }
    for (size_t i = 0; i < field->picklist_count; i++)
        if (field->picklist[i].is_default && field->picklist[i].active) {
            *cell = (sfo_cell){ .kind = SFO_CELL_TEXT, .set = true, .text = sfi_str(field->picklist[i].value) };
            return;
        }
}

void sfo_row_defaults(sfo_store *s, const sfo_context *c, sfo_row *row)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *field = &o->fields[i];
        sfo_cell *cell = &row->cells[i];
        bool absent = !cell->set || (cell->kind == SFO_CELL_NULL && !field->nillable);
        if (!absent || !field->stored) continue;
        if (field->type == SFO_BOOLEAN || field->default_value != NULL || field->picklist_count > 0)
            default_of(s, field, cell);
    }
    for (size_t i = 0; i < o->record_type_count; i++)
        if (o->record_types[i].is_default && !sfo_row_changed(row, "RecordTypeId"))
            sfo_row_set_text(row, "RecordTypeId", sfi_str(o->record_types[i].id));
    if (row->table->owner >= 0 && row->cells[row->table->owner].kind == SFO_CELL_NULL && c->user_id != NULL)
        sfo_row_set_text(row, "OwnerId", sfi_str(c->user_id));
}
