/*
 * change_text.c: the payload of events: which fields a change event tells and how, see changes.h. A payload never has Id,
 * IsDeleted, SystemModstamp or derived fields; parts of names, addresses and locations stand in an object of their own,
 * and a part that is empty is left out there, as real orgs do.
 */
#include "store/changes.h"
#include "store/store_internal.h"

/* ---- which fields ---- */

static bool is_told(const sfo_field *f)
{
    static const char *const never[] = {
        "Id",
        "IsDeleted",
        "SystemModstamp",
        "MasterRecordId",
        "LastActivityDate",
        "LastViewedDate",
        "LastReferencedDate",
        "PhotoUrl",
        "IsEmailBounced",
        "HasOpportunityLineItem",
        "HasOpenActivity",
        "HasOverdueTask",
        "FiscalQuarter",
        "FiscalYear",
        "Fiscal",
    };
    if (!f->stored || f->calculated || f->is_name_compound || f->type == SFO_BASE64) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(never); i++)
        if (strcmp(f->name, never[i]) == 0) return false;
    return true;
}

static bool has_bit(const unsigned char *bits, size_t i)
{
    return (bits[i / 8] >> (i % 8) & 1) != 0;
}

size_t sfo_change_bits_size(const sfo_table *t)
{
    return (t->object->field_count + 7) / 8;
}

static bool cells_differ(const sfo_cell *a, const sfo_cell *b)
{
    if (a->kind != b->kind) {
        bool a_number = a->kind == SFO_CELL_INT || a->kind == SFO_CELL_NULL,
             b_number = b->kind == SFO_CELL_INT || b->kind == SFO_CELL_NULL;
        if (a->kind == SFO_CELL_INT && b->kind == SFO_CELL_REAL) return (double)a->number != b->real;
        if (a->kind == SFO_CELL_REAL && b->kind == SFO_CELL_INT) return a->real != (double)b->number;
        return !(a_number && b_number) || a->kind == b->kind || a->number != 0 || b->number != 0;
    }
    switch (a->kind) {
    case SFO_CELL_INT: return a->number != b->number;
    case SFO_CELL_REAL: return a->real != b->real;
    case SFO_CELL_TEXT:
    case SFO_CELL_BLOB: return !sfi_str_eq(a->text, b->text);
    default: return false;
    }
}

void sfo_change_bits(const sfo_row *row, unsigned char *bits)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < o->field_count; i++) {
        if (!row->table->told[i]) continue; /* what no event tells makes no difference between two of them */
        const sfo_cell *now = &row->cells[i], *old = &row->old[i];
        bool is_boolean = o->fields[i].type == SFO_BOOLEAN;
        bool differs = now->set && cells_differ(now, old);
        /* Null and 0 are the same of a boolean only. */
        if (now->set && !is_boolean && (now->kind == SFO_CELL_NULL) != (old->kind == SFO_CELL_NULL)) differs = true;
        if (differs || (int)i == row->table->modified_date) bits[i / 8] |= (unsigned char)(1u << i % 8);
    }
}

/* bits NULL: all that are not empty. */
static bool is_wanted(const sfo_row *row, size_t i, const unsigned char *bits)
{
    const sfo_field *f = &row->table->object->fields[i];
    if (!row->table->told[i]) return false;
    if (bits != NULL) return has_bit(bits, i);
    return row->cells[i].kind != SFO_CELL_NULL || f->type == SFO_BOOLEAN;
}

/* ---- values ---- */

static void write_value(const sfo_field *f, const sfo_cell *cell, sfi_json_writer *w)
{
    char text[32];
    if (cell->kind == SFO_CELL_NULL && f->type != SFO_BOOLEAN) {
        sfi_json_null(w);
        return;
    }
    switch (f->type) {
    case SFO_BOOLEAN: sfi_json_bool(w, cell->kind == SFO_CELL_INT && cell->number != 0); break;
    case SFO_INT:
    case SFO_LONG: sfi_json_int(w, cell->kind == SFO_CELL_REAL ? (int64_t)cell->real : cell->number); break;
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: sfi_json_double(w, cell->kind == SFO_CELL_REAL ? cell->real : (double)cell->number); break;
    case SFO_DATETIME:
        sfi_time_format(cell->number, text);
        sfi_json_string(w, text);
        break;
    default: sfi_json_string_n(w, cell->text); break;
    }
}

/* Account's Name is described as a part of itself. */
static bool is_part(const sfo_field *f)
{
    return f->compound_name != NULL && strcmp(f->compound_name, f->name) != 0;
}

/* BillingCity of BillingAddress is City; Loc__Latitude__s of Loc__c is Latitude; LastName of Name is itself. */
static sf_str part_name(const sfo_field *f)
{
    sf_str name = sfi_str(f->name), compound = sfi_str(f->compound_name);
    if (sfi_ends_with(name, "Latitude__s")) return SFI_STR("Latitude");
    if (sfi_ends_with(name, "Longitude__s")) return SFI_STR("Longitude");
    if (!sfi_ends_with(compound, "Address")) return name;
    size_t stem = compound.len - strlen("Address");
    return name.len > stem && strncmp(name.ptr, compound.ptr, stem) == 0 ? (sf_str){ name.ptr + stem, name.len - stem }
                                                                         : name;
}

static bool same_compound(const sfo_field *a, const sfo_field *b)
{
    return is_part(a) && is_part(b) && strcmp(a->compound_name, b->compound_name) == 0;
}

/* All parts of the compound of field first that have something to tell. */
static void write_parts(const sfo_row *row, size_t first, const unsigned char *bits, sfi_json_writer *w)
{
    const sfo_object *o = row->table->object;
    bool any = false;
    for (size_t i = first; i < o->field_count; i++) {
        if (!same_compound(&o->fields[i], &o->fields[first]) || !is_wanted(row, i, bits) ||
            row->cells[i].kind == SFO_CELL_NULL)
            continue;
        if (!any) {
            sfi_json_key(w, o->fields[first].compound_name);
            sfi_json_begin_object(w);
        }
        any = true;
        sfi_json_key_n(w, part_name(&o->fields[i]));
        write_value(&o->fields[i], &row->cells[i], w);
    }
    if (any) sfi_json_end_object(w);
}

static bool is_first_part(const sfo_row *row, size_t at, const unsigned char *bits)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < at; i++)
        if (same_compound(&o->fields[i], &o->fields[at]) && is_wanted(row, i, bits)) return false;
    return true;
}

void sfo_change_write_fields(const sfo_row *row, const unsigned char *bits, sfi_buf *out)
{
    const sfo_object *o = row->table->object;
    sfi_json_writer w = sfi_json_write_to(out);
    size_t began = out->len;
    for (size_t i = 0; i < o->field_count; i++) {
        if (!is_wanted(row, i, bits)) continue;
        if (is_part(&o->fields[i])) {
            if (is_first_part(row, i, bits)) write_parts(row, i, bits, &w);
            continue;
        }
        sfi_json_key(&w, o->fields[i].name);
        write_value(&o->fields[i], &row->cells[i], &w);
    }
    if (out->len > began) (void)sfi_buf_add_char(out, ','); /* the caller looks once, at the end */
}

void sfo_change_path(const sfo_field *f, char out[200])
{
    sf_str part = is_part(f) ? part_name(f) : sfi_str(f->name);
    (void)snprintf(out, 200, "%s%s%.*s", is_part(f) ? f->compound_name : "", is_part(f) ? "." : "", (int)part.len,
                   part.ptr); /* names end at 80 */
}

void sfo_change_write_names(const sfo_table *t, const unsigned char *bits, sfi_buf *out)
{
    const sfo_object *o = t->object;
    sfi_json_writer w = sfi_json_write_to(out);
    char path[200];
    sfi_json_begin_array(&w);
    if (bits != NULL && t->modified_date >= 0) sfi_json_string(&w, "LastModifiedDate");
    for (size_t i = 0; bits != NULL && i < o->field_count; i++) {
        const sfo_field *f = &o->fields[i];
        if (!t->told[i] || !has_bit(bits, i) || (int)i == t->modified_date) continue;
        sfo_change_path(f, path);
        sfi_json_string(&w, path);
    }
    sfi_json_end_array(&w);
}

/* ---- platform events ---- */

void sfo_change_write_published(const sfo_row *row, const char *user, int64_t now_ms, sfi_buf *out)
{
    const sfo_object *o = row->table->object;
    char time[32];
    sfi_json_writer w = sfi_json_write_to(out);
    sfi_time_format(now_ms, time);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "CreatedById");
    sfi_json_string(&w, user);
    sfi_json_key(&w, "CreatedDate");
    sfi_json_string(&w, time);
    for (size_t i = 0; i < o->field_count; i++) {
        if (!sfi_ends_with(sfi_str(o->fields[i].name), "__c")) continue;
        sfi_json_key(&w, o->fields[i].name);
        write_value(&o->fields[i], &row->cells[i], &w);
    }
    sfi_json_end_object(&w);
}

/* ---- what does not change ---- */

/* 22 characters that stand for the object's fields. */
static void write_schema_id(const sfo_table *t, char out[24])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint64_t hash[2] = { 14695981039346656037u, 0x9E3779B97F4A7C15u }; /* FNV-1a twice, from two starts */
    for (size_t i = 0; i <= t->object->field_count; i++) {
        const char *text = i == 0 ? t->object->name : t->object->fields[i - 1].name;
        for (const char *c = text; *c != '\0'; c++)
            for (size_t k = 0; k < 2; k++) hash[k] = (hash[k] ^ (unsigned char)*c) * 1099511628211u;
    }
    for (size_t i = 0; i < 22; i++) {
        out[i] = digits[hash[i / 11] % 64];
        hash[i / 11] /= 64;
    }
    out[22] = '\0';
}

void sfo_change_attach(sfo_table *t)
{
    for (size_t i = 0; i < t->object->field_count; i++) t->told[i] = is_told(&t->object->fields[i]);
    write_schema_id(t, t->schema_id);
}
