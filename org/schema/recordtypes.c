/*
 * recordtypes.c: record types and dependent picklists of the definitions: "recordTypeInfos" as a describe has them, with
 * the values that a type offers under "picklists", and "validFor" as the texts of the controlling field's values. Called
 * while definitions are read and completed, and to ask. The one idea: a record type's id follows from the object's and its
 * own name, so that rows that name it stay right whatever is added to the file later.
 */
#include "schema/schema_internal.h"

enum { TYPES_MAX = 200 /* of one object */ };

sf_id sfo_id_of_names(const char *prefix, const char *a, const char *b)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (const char *c = a; *c != '\0'; c++) h = (h ^ (unsigned char)*c) * 1099511628211u;
    h = (h ^ '/') * 1099511628211u;
    for (const char *c = b; *c != '\0'; c++) h = (h ^ (unsigned char)*c) * 1099511628211u;
    char text[16];
    (void)snprintf(text, sizeof text, "%.3s5g", prefix); /* fits */
    for (int i = 5; i < 15; i++, h /= 62) text[i] = digits[h % 62];
    return sfi_id_make((sf_str){ text, 15 });
}

static sf_status fail_memory(sfo_loader *l)
{
    return sfi_fail_memory(l->err, "the schema");
}

static sf_status fail_at(const sfo_loader *l, const sfo_draft *d, const char *what, const char *detail)
{
    return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s: recordTypeInfos: %s%s", l->file, d->object.name, what, detail);
}

static const char *keep(sfo_loader *l, sf_str s)
{
    return sfi_arena_strndup(l->arena, s.ptr != NULL ? s.ptr : "", s.len);
}

/* ---- reading ---- */

static sf_status read_values(sfo_loader *l, const sfo_draft *d, sf_str field, sf_value list, sfo_type_values *out)
{
    size_t n = sf_value_count(list);
    const char **values = sfi_arena_alloc(l->arena, (n + 1) * sizeof *values);
    sf_value v;
    if (sf_value_type(list) != SF_ARRAY) return fail_at(l, d, "want a list of values in picklists", "");
    if (values == NULL || (out->field = keep(l, field)) == NULL) return fail_memory(l);
    for (sf_iter it = sf_iter_begin(list); out->count < n && sf_iter_next(&it, NULL, &v);) {
        sf_str text = sf_get_text(v, NULL);
        if (text.ptr == NULL) return fail_at(l, d, "a value is no text in picklists of ", out->field);
        if ((values[out->count] = keep(l, text)) == NULL) return fail_memory(l);
        out->count++;
    }
    out->values = values;
    return SF_OK;
}

static sf_status read_picklists(sfo_loader *l, const sfo_draft *d, sf_value map, sfo_record_type *t)
{
    size_t n = sf_value_count(map);
    sfo_type_values *all = sfi_arena_alloc(l->arena, (n + 1) * sizeof *all);
    sf_str field;
    sf_value list;
    sf_status rc = SF_OK;
    if (all == NULL) return fail_memory(l);
    for (sf_iter it = sf_iter_begin(map); rc == SF_OK && t->picklist_count < n && sf_iter_next(&it, &field, &list);) {
        all[t->picklist_count] = (sfo_type_values){ .count = 0 };
        rc = read_values(l, d, field, list, &all[t->picklist_count++]);
    }
    t->picklists = all;
    return rc;
}

static sf_status check_keys(sfo_loader *l, const sfo_draft *d, sf_value v)
{
    static const char *const known[] = { "active",        "available", "defaultRecordTypeMapping",
                                         "developerName", "master",    "name",
                                         "recordTypeId",  "urls",      "picklists" };
    sf_str key;
    sf_value unused;
    for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, &key, &unused);) {
        bool found = false;
        for (size_t i = 0; i < SFI_COUNT_OF(known); i++) found = found || sfi_str_is(key, known[i]);
        if (!found) return fail_at(l, d, "unknown key ", key.ptr);
    }
    return SF_OK;
}

static sf_status read_type(sfo_loader *l, const sfo_draft *d, sf_value v, sfo_record_type *t)
{
    sf_status rc = check_keys(l, d, v);
    sf_str developer = sf_get_text(v, "developerName"), name = sf_get_text(v, "name");
    if (rc != SF_OK) return rc;
    if (developer.len == 0) return fail_at(l, d, "an entry has no developerName", "");
    *t = (sfo_record_type){ .developer_name = keep(l, developer),
                            .name = keep(l, name.len > 0 ? name : developer),
                            .active = sf_get_bool(v, "active", true),
                            .available = sf_get_bool(v, "available", true),
                            .is_default = sf_get_bool(v, "defaultRecordTypeMapping", false) };
    if (t->developer_name == NULL || t->name == NULL) return fail_memory(l);
    sf_str given = sf_get_text(v, "recordTypeId");
    sf_id id = sfi_id_make(given);
    if (given.len > 0 && strncmp(id.text, "012", 3) != 0) return fail_at(l, d, "no record type's id: ", given.ptr);
    if (given.len == 0) id = sfo_id_of_names("012", d->object.name, t->developer_name);
    if ((t->id = keep(l, sfi_str(id.text))) == NULL) rc = fail_memory(l);
    return rc == SF_OK ? read_picklists(l, d, sf_get(v, "picklists"), t) : rc;
}

sf_status sfo_record_types_read(sfo_loader *l, sfo_draft *d, sf_value list)
{
    size_t n = sf_value_count(list), old = d->object.record_type_count;
    sf_type type = sf_value_type(list);
    sf_value v;
    if (type == SF_MISSING || type == SF_NULL) return SF_OK;
    if (type != SF_ARRAY || n + old > TYPES_MAX) return fail_at(l, d, "want a list of at most 200", "");
    if (n == 0) return SF_OK;
    sfo_record_type *types = sfi_arena_alloc(l->arena, (n + old) * sizeof *types);
    if (types == NULL) return fail_memory(l);
    if (old > 0) memcpy(types, d->object.record_types, old * sizeof *types);
    size_t count = old;
    for (sf_iter it = sf_iter_begin(list); count < n + old && sf_iter_next(&it, NULL, &v);) {
        if (sf_get_bool(v, "master", false)) continue; /* it is there anyway */
        sf_status rc = read_type(l, d, v, &types[count]);
        if (rc != SF_OK) return rc;
        for (size_t i = 0; i < count; i++)
            if (sfi_eq_nocase(types[i].developer_name, types[count].developer_name) ||
                strcmp(types[i].id, types[count].id) == 0)
                return fail_at(l, d, "there are two of ", types[count].developer_name);
        count++;
    }
    d->object.record_types = types;
    d->object.record_type_count = count;
    return SF_OK;
}

/* ---- dependencies ---- */

static size_t place_of(const sfo_field *controller, const char *value)
{
    if (controller->type == SFO_BOOLEAN) return strcmp(value, "true") == 0 ? 1 : strcmp(value, "false") == 0 ? 0 : 2;
    size_t i = 0;
    while (i < controller->picklist_count && strcmp(controller->picklist[i].value, value) != 0) i++;
    return i;
}

static sf_status make_bitmap(sfo_loader *l, const sfo_draft *d, const sfo_field *f, const sfo_field *controller,
                             sfo_picklist_value *v)
{
    size_t bits = controller->type == SFO_BOOLEAN ? 2 : controller->picklist_count;
    size_t size = (bits + 23) / 24 * 3; /* whole groups of base64, as orgs pad them */
    unsigned char *map = sfi_arena_alloc(l->arena, size + 1);
    sfi_buf text = { 0 };
    if (map == NULL) return fail_memory(l);
    memset(map, 0, size + 1);
    for (size_t i = 0; i < v->valid_count; i++) {
        size_t at = place_of(controller, v->valid_names[i]);
        if (at >= bits)
            return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s.%s: validFor of %s names %s, which %s does not have", l->file,
                            d->object.name, f->name, v->value, v->valid_names[i], controller->name);
        map[at / 8] |= (unsigned char)(0x80u >> (at % 8));
    }
    sfi_buf_add_base64(&text, map, size);
    v->valid_for = text.failed ? NULL : keep(l, sfi_buf_str(&text));
    sfi_buf_free(&text);
    return v->valid_for != NULL ? SF_OK : fail_memory(l);
}

sf_status sfo_draft_complete_dependencies(sfo_loader *l, sfo_draft *d)
{
    for (size_t i = 0; i < d->field_count; i++) {
        sfo_field *f = &d->fields[i];
        if (f->controller_name == NULL) continue;
        const sfo_field *controller = sfo_draft_field(d, sfi_str(f->controller_name));
        if (controller == NULL)
            return sfi_fail(l->err, SF_ERR_USAGE, "%s: %s.%s: controllerName names the unknown field %s", l->file,
                            d->object.name, f->name, f->controller_name);
        f->dependent_picklist = true;
        sfo_picklist_value *values = sfi_arena_alloc(l->arena, (f->picklist_count + 1) * sizeof *values);
        if (values == NULL) return fail_memory(l);
        if (f->picklist_count > 0) memcpy(values, f->picklist, f->picklist_count * sizeof *values);
        for (size_t k = 0; k < f->picklist_count; k++) {
            sf_status rc = values[k].valid_names != NULL ? make_bitmap(l, d, f, controller, &values[k]) : SF_OK;
            if (rc != SF_OK) return rc;
        }
        f->picklist = values;
    }
    return SF_OK;
}

/* ---- asking ---- */

const sfo_record_type *sfo_object_record_type(const sfo_object *o, sf_str id)
{
    sf_id full = sfi_id_make(id);
    for (size_t i = 0; i < o->record_type_count; i++)
        if (strcmp(o->record_types[i].id, full.text) == 0) return &o->record_types[i];
    return NULL;
}

bool sfo_record_type_has(const sfo_record_type *t, const sfo_field *field, const char *value)
{
    for (size_t i = 0; t != NULL && i < t->picklist_count; i++) {
        if (!sfi_eq_nocase(t->picklists[i].field, field->name)) continue;
        for (size_t k = 0; k < t->picklists[i].count; k++)
            if (strcmp(t->picklists[i].values[k], value) == 0) return true;
        return false;
    }
    return true;
}
