/*
 * check.c: the rules that a row must keep before it is written: required fields, lengths, picklists, e-mail addresses,
 * references that lead somewhere, unique values. Called by records.c. The first broken rule is the answer.
 */
#include "store/store_internal.h"

static bool refuse(const sfo_field *field, const char *code, const char *what, sf_str text, sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, code, "%s: %s: %.*s", field->label, what, (int)(text.len < 2000 ? text.len : 2000),
                        text.ptr);
    sfo_fault_add_field(f, field->name);
    return false;
}

/* ---- required ---- */

static bool is_missing(sfo_mode mode, const sfo_field *field, const sfo_cell *cell)
{
    if (field->nillable || !field->stored || field->type == SFO_BOOLEAN || cell->kind != SFO_CELL_NULL) return false;
    if (mode == SFO_UPDATING) return cell->given;
    return field->createable && !field->defaulted_on_create;
}

static bool check_required(sfo_mode mode, const sfo_row *row, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    char names[512];
    size_t len = 0, count = 0;
    for (size_t i = 0; i < o->field_count; i++) {
        if (!is_missing(mode, &o->fields[i], &row->cells[i])) continue;
        count++;
        if (len + strlen(o->fields[i].name) + 3 < sizeof names)
            len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len > 0 ? ", " : "", o->fields[i].name);
    }
    if (count == 0) return true;
    (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [%s]", names);
    for (size_t i = 0; i < o->field_count; i++)
        if (is_missing(mode, &o->fields[i], &row->cells[i])) sfo_fault_add_field(f, o->fields[i].name);
    return false;
}

/* ---- text ---- */

static bool check_length(const sfo_field *field, sf_str text, sfo_fault *f)
{
    if (field->length <= 0 || sfo_utf16_length(text) <= (size_t)field->length) return true;
    (void)sfo_fault_set(f, 400, "STRING_TOO_LONG", "%s: data value too large: %.*s (max length=%d)", field->label,
                        (int)(text.len < 2000 ? text.len : 2000), text.ptr, (int)field->length);
    sfo_fault_add_field(f, field->name);
    return false;
}

/* One @ with something before it and a dotted name behind it, and no blanks. */
static bool is_email(sf_str s)
{
    const char *at = memchr(s.ptr, '@', s.len), *end = s.ptr + s.len;
    if (at == NULL || at == s.ptr || memchr(at + 1, '@', (size_t)(end - at - 1)) != NULL) return false;
    for (const char *p = s.ptr; p < end; p++)
        if ((unsigned char)*p <= ' ' || strchr(",;:\"<>()[]\\", *p) != NULL) return false;
    const char *dot = memchr(at + 1, '.', (size_t)(end - at - 1));
    return dot != NULL && dot > at + 1 && end[-1] != '.' && strstr(at, "..") == NULL;
}

static const sfo_picklist_value *find_value(const sfo_field *field, sf_str text)
{
    for (size_t i = 0; i < field->picklist_count; i++)
        if (field->picklist[i].active && sfo_text_compare(sfi_str(field->picklist[i].value), text) == 0)
            return &field->picklist[i];
    return NULL;
}

static bool check_picklist(const sfo_field *field, sfo_cell *cell, sfo_fault *f)
{
    if (!field->restricted_picklist || field->picklist_count == 0) return true;
    const sfo_picklist_value *value = find_value(field, cell->text);
    if (value == NULL)
        return refuse(field, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field",
                      cell->text, f);
    cell->text = sfi_str(value->value); /* spelt as in the definition */
    return true;
}

/* ---- sets: in the order of the definition, each value once; unknown ones, where allowed, at the end ---- */

static bool next_part(sf_str *rest, sf_str *part)
{
    while (rest->ptr != NULL) {
        const char *semicolon = memchr(rest->ptr, ';', rest->len);
        size_t len = semicolon != NULL ? (size_t)(semicolon - rest->ptr) : rest->len;
        *part = sfi_trim((sf_str){ rest->ptr, len });
        *rest = semicolon != NULL ? (sf_str){ semicolon + 1, rest->len - len - 1 } : (sf_str){ NULL, 0 };
        if (part->len > 0) return true;
    }
    return false;
}

static void append_part(char *out, size_t *len, sf_str part)
{
    if (*len > 0) out[(*len)++] = ';';
    memcpy(out + *len, part.ptr, part.len);
    *len += part.len;
}

static bool set_holds(sf_str set, sf_str part)
{
    sf_str one;
    while (next_part(&set, &one))
        if (sfo_text_compare(one, part) == 0) return true;
    return false;
}

static bool check_set(sfo_store *s, const sfo_field *field, sfo_cell *cell, sfo_fault *f)
{
    sf_str rest = cell->text, part;
    size_t len = 0, room = cell->text.len + 1;
    for (size_t i = 0; i < field->picklist_count; i++) room += strlen(field->picklist[i].value) + 1;
    char *out = sfo_scratch(s, room);
    if (out == NULL) return sfo_fault_memory(f);
    for (size_t i = 0; i < field->picklist_count; i++) {
        sf_str value = sfi_str(field->picklist[i].value);
        if (set_holds(cell->text, value) && !set_holds((sf_str){ out, len }, value)) append_part(out, &len, value);
    }
    while (next_part(&rest, &part)) {
        if (find_value(field, part) != NULL || set_holds((sf_str){ out, len }, part)) continue;
        if (field->restricted_picklist && field->picklist_count > 0)
            return refuse(field, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field",
                          part, f);
        append_part(out, &len, part);
    }
    cell->text = (sf_str){ out, len };
    if (len == 0) cell->kind = SFO_CELL_NULL;
    return true;
}

static bool check_text(sfo_store *s, const sfo_field *field, sfo_cell *cell, sfo_fault *f)
{
    switch (field->type) {
    case SFO_PICKLIST: return check_picklist(field, cell, f) && check_length(field, cell->text, f);
    case SFO_MULTIPICKLIST: return check_set(s, field, cell, f) && check_length(field, cell->text, f);
    case SFO_EMAIL:
        if (!check_length(field, cell->text, f)) return false;
        return is_email(cell->text) || refuse(field, "INVALID_EMAIL_ADDRESS", "invalid email address", cell->text, f);
    case SFO_ID:
    case SFO_REFERENCE:
    case SFO_DATE:
    case SFO_TIME: return true;
    default: return check_length(field, cell->text, f);
    }
}

/* ---- references ---- */

/* Nothing new may hang on a lead that became a contact. */
static bool check_not_converted(sfo_store *s, const char *lead, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "SELECT IsConverted FROM Lead WHERE Id=?1", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, lead);
    bool fine, converted = sfo_store_next(s, stmt, &fine, f) && sqlite3_column_int(stmt, 0) != 0;
    sfo_statement_done(stmt);
    return converted ? sfo_fault_converted(f) : fine;
}

static bool check_reference(sfo_store *s, const sfo_field *field, const sfo_cell *cell, sfo_fault *f)
{
    char id[19];
    (void)snprintf(id, sizeof id, "%.*s", (int)cell->text.len, cell->text.ptr); /* 18 characters: normalized */
    const sfo_object *target = sfo_schema_object_of_id(s->schema, cell->text);
    int state = target != NULL ? sfo_row_state(s, sfo_table_of(s, target), id, f) : -1;
    if (state == 1 && strcmp(target->name, "Lead") == 0) return check_not_converted(s, id, f);
    if (state == 1) return true;
    if (f != NULL && f->http_status == 500) return false; /* the database could not be read */
    if (strcmp(id, "012000000000000AAA") == 0 && strcmp(field->name, "RecordTypeId") == 0)
        return true; /* the master type has no row */
    if (state == 0)
        (void)sfo_fault_set(f, 400, "ENTITY_IS_DELETED", "entity is deleted");
    else
        (void)sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    sfo_fault_add_field(f, field->name);
    return false;
}

/* A record may not stand above itself. */
enum { HIERARCHY_MAX = 500 };

static bool is_hierarchy(const sfo_field *field)
{
    static const char *const names[] = { "ParentId", "ReportsToId", "ManagerId", "ParentRoleId" };
    bool same = field->reference_count == 1 && strcmp(field->reference_to[0], field->object->name) == 0;
    for (size_t i = 0; same && i < SFI_COUNT_OF(names); i++)
        if (strcmp(field->name, names[i]) == 0) return true;
    return false;
}

static bool parent_of(sfo_store *s, const sfo_field *field, char id[19], sfo_fault *f)
{
    char sql[256];
    (void)snprintf(sql, sizeof sql, "SELECT \"%s\" FROM \"%s\" WHERE \"Id\"=?1", field->name,
                   field->object->name); /* names end at 80 */
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    (void)sqlite3_bind_text(stmt, 1, id, -1, SQLITE_TRANSIENT); /* id is written to below */
    bool fine;
    const char *parent = sfo_store_next(s, stmt, &fine, f) ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    (void)snprintf(id, 19, "%s", parent != NULL ? parent : ""); /* an id */
    sfo_statement_done(stmt);
    return fine;
}

static bool check_hierarchy(sfo_store *s, const sfo_row *row, const sfo_field *field, const sfo_cell *cell,
                            sfo_fault *f)
{
    char id[19];
    if (row->old == NULL || !is_hierarchy(field)) return true;                  /* a new one has nobody below it */
    (void)snprintf(id, sizeof id, "%.*s", (int)cell->text.len, cell->text.ptr); /* 18 characters: normalized */
    for (int level = 0; id[0] != '\0' && level < HIERARCHY_MAX; level++) {
        if (strcmp(id, row->id) == 0) {
            (void)sfo_fault_set(f, 400, "CIRCULAR_DEPENDENCY", "attempt to violate hierarchy constraints");
            sfo_fault_add_field(f, field->name);
            return false;
        }
        if (!parent_of(s, field, id, f)) return false;
    }
    return true;
}

bool sfo_row_check(sfo_store *s, sfo_mode mode, sfo_row *row, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    if (!check_required(mode, row, f)) return false;
    for (size_t i = 0; i < o->field_count; i++) {
        sfo_cell *cell = &row->cells[i];
        if (cell->set && cell->kind == SFO_CELL_TEXT && !check_text(s, &o->fields[i], cell, f)) return false;
    }
    for (size_t i = 0; i < o->field_count; i++) {
        const sfo_field *field = &o->fields[i];
        const sfo_cell *cell = &row->cells[i];
        if (field->type != SFO_REFERENCE || !cell->set || !cell->given || cell->kind != SFO_CELL_TEXT) continue;
        if (!check_reference(s, field, cell, f) || !check_hierarchy(s, row, field, cell, f)) return false;
    }
    return true;
}

/* ---- unique values ---- */

static bool refuse_duplicate(const sfo_field *field, const char *other, sfo_fault *f)
{
    if (strcmp(field->name, "Username") == 0) {
        (void)sfo_fault_set(
            f, 400, "DUPLICATE_USERNAME",
            "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames "
            "must be unique across all Salesforce organizations. To resolve, use a different username (it doesn't need "
            "to match the user's email address).");
        sfo_fault_add_field(f, field->name);
        return false;
    }
    (void)sfo_fault_set(f, 400, "DUPLICATE_VALUE",
                        "duplicate value found: %s duplicates value on record with id: %.15s", field->name, other);
    if (f != NULL) f->has_fields = true;
    return false;
}

bool sfo_row_check_unique(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < row->table->unique_count; i++) {
        const sfo_field *field = &o->fields[row->table->uniques[i]];
        const sfo_cell *cell = &row->cells[row->table->uniques[i]];
        if (!cell->set || cell->kind == SFO_CELL_NULL) continue;
        char sql[400];
        (void)snprintf(
            sql, sizeof sql,
            "SELECT \"Id\" FROM \"%s\" WHERE \"%s\"=?1 AND \"%s\" IS NOT NULL AND \"IsDeleted\"=0 AND \"Id\"<>?2",
            o->name, field->name, field->name); /* names end at 80 */
        sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
        if (stmt == NULL) return false;
        sfo_bind_cell(stmt, 1, cell);
        sfo_bind_id(stmt, 2, row->id);
        int rc = sqlite3_step(stmt);
        bool ok = rc == SQLITE_DONE;
        if (rc == SQLITE_ROW)
            (void)refuse_duplicate(field, (const char *)sqlite3_column_text(stmt, 0), f);
        else if (!ok)
            (void)sfo_fault_sql(s, f);
        sfo_statement_done(stmt);
        if (!ok) return false;
    }
    return true;
}
