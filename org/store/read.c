/*
 * read.c: one record as JSON, and the text of each type of value there (wire/rest.md "Field values in JSON"). Called by api
 * for rows and by soql for each column of its results.
 */
#include "store/store_internal.h"

/* ---- one column ---- */

void sfo_time_text(int64_t ms, char out[40])
{
    sfi_time_format(ms, out); /* 2024-11-23T22:10:05.000Z */
    size_t len = strlen(out);
    if (len > 0) memcpy(out + len - 1, "+0000", 6);
}

static void write_datetime(sfi_json_writer *w, int64_t ms)
{
    char text[40];
    sfo_time_text(ms, text);
    sfi_json_string(w, text);
}

static void write_blob_url(sfi_json_writer *w, const sfo_object *o, const sfo_field *field, const char *id,
                           const char *version)
{
    char path[256];
    (void)snprintf(path, sizeof path, "/services/data/v%s/sobjects/%s/%s/%s", version, o->name, id,
                   field->name); /* names end at 80 */
    sfi_json_string(w, path);
}

static void write_text(sfi_json_writer *w, sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);
    sfi_json_string_n(w, (sf_str){ text, (size_t)sqlite3_column_bytes(stmt, column) });
}

void sfo_write_column(sfi_json_writer *w, const sfo_object *o, const sfo_field *field, const char *id,
                      const char *version, sqlite3_stmt *stmt, int column)
{
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL) {
        if (field->type == SFO_BOOLEAN)
            sfi_json_bool(w, false);
        else
            sfi_json_null(w);
        return;
    }
    switch (field->type) {
    case SFO_BOOLEAN: sfi_json_bool(w, sqlite3_column_int(stmt, column) != 0); break;
    case SFO_INT:
    case SFO_LONG: sfi_json_int(w, sqlite3_column_int64(stmt, column)); break;
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: sfi_json_double(w, sqlite3_column_double(stmt, column)); break;
    case SFO_DATETIME: write_datetime(w, sqlite3_column_int64(stmt, column)); break;
    case SFO_BASE64: write_blob_url(w, o, field, id, version); break;
    default: write_text(w, stmt, column); break;
    }
}

/* ---- compounds ---- */

typedef struct part_name {
    const char *key, *tail;
} part_name;

static const part_name address_parts[] = {
    /* in the order of the JSON's keys */
    { "city", "City" },
    { "country", "Country" },
    { "countryCode", "CountryCode" },
    { "geocodeAccuracy", "GeocodeAccuracy" },
    { "latitude", "Latitude" },
    { "longitude", "Longitude" },
    { "postalCode", "PostalCode" },
    { "state", "State" },
    { "stateCode", "StateCode" },
    { "street", "Street" },
};
static const part_name location_parts[] = { { "latitude", "Latitude__s" }, { "longitude", "Longitude__s" } };

/* Fills names with the parts that field's type has. */
static size_t part_table(const sfo_field *compound, const part_name **names)
{
    *names = compound->type == SFO_ADDRESS ? address_parts : location_parts;
    return compound->type == SFO_ADDRESS ? SFI_COUNT_OF(address_parts) : SFI_COUNT_OF(location_parts);
}

/* What the parts' names begin with: BillingCity of BillingAddress, City of Address, Loc__Latitude__s of Loc__c. */
static size_t stem_length(const sfo_field *compound)
{
    size_t len = strlen(compound->name), tail = compound->type == SFO_ADDRESS ? strlen("Address") : strlen("c");
    return len >= tail ? len - tail : len;
}

size_t sfo_compound_parts(const sfo_object *o, const sfo_field *compound, const sfo_field **parts, size_t max)
{
    const part_name *names;
    size_t count = part_table(compound, &names), n = 0;
    size_t stem = stem_length(compound);
    for (size_t i = 0; i < count && n < max; i++) {
        char name[128];
        int len = snprintf(name, sizeof name, "%.*s%s", (int)stem, compound->name, names[i].tail);
        const sfo_field *part = len > 0 ? sfo_object_field(o, (sf_str){ name, (size_t)len }) : NULL;
        if (part != NULL && part->stored) parts[n++] = part;
    }
    return n;
}

static const char *part_key(const sfo_field *compound, const sfo_field *part)
{
    const part_name *names;
    size_t count = part_table(compound, &names), stem = stem_length(compound);
    for (size_t i = 0; i < count; i++)
        if (strcmp(part->name + stem, names[i].tail) == 0) return names[i].key;
    return part->name;
}

void sfo_write_compound(sfi_json_writer *w, const sfo_field *compound, const sfo_field *const *parts, size_t count,
                        sqlite3_stmt *stmt, int first)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) any = any || sqlite3_column_type(stmt, first + (int)i) != SQLITE_NULL;
    if (!any) {
        sfi_json_null(w);
        return;
    }
    sfi_json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        sfi_json_key(w, part_key(compound, parts[i]));
        sfo_write_column(w, parts[i]->object, parts[i], "", "", stmt, first + (int)i);
    }
    sfi_json_end_object(w);
}

/* ---- one record ---- */

enum { PARTS_MAX = 16 };

/* Which columns a read asks for: the field itself, or the parts of a compound. */
static bool read_sql(const sfo_object *o, const sfo_field *const *fields, size_t count, sfi_buf *sql)
{
    bool stamped = sfo_object_field(o, SFI_STR("LastModifiedDate")) != NULL;
    (void)sfi_buf_addf(sql, "SELECT \"IsDeleted\",%s", stamped ? "\"LastModifiedDate\"" : "0"); /* checked at the end */
    for (size_t i = 0; i < count; i++) {
        const sfo_field *parts[PARTS_MAX];
        size_t n = fields[i]->stored ? 0 : sfo_compound_parts(o, fields[i], parts, PARTS_MAX);
        if (fields[i]->stored) (void)sfi_buf_addf(sql, ",\"%s\"", fields[i]->name);
        for (size_t k = 0; k < n; k++) (void)sfi_buf_addf(sql, ",\"%s\"", parts[k]->name);
    }
    (void)sfi_buf_addf(sql, " FROM \"%s\" WHERE \"Id\"=?1", o->name);
    return !sql->failed;
}

void sfo_write_attributes(sfi_json_writer *w, const char *type, const sfo_object *object, const char *version,
                          const char *id)
{
    sfi_json_key(w, "attributes");
    sfi_json_begin_object(w);
    sfi_json_key(w, "type");
    sfi_json_string(w, type);
    if (object != NULL) {
        char url[192];
        (void)snprintf(url, sizeof url, "/services/data/v%s/sobjects/%s/%s", version, object->name,
                       id); /* names end at 80 */
        sfi_json_key(w, "url");
        sfi_json_string(w, url);
    }
    sfi_json_end_object(w);
}

static void write_record(sfi_json_writer *w, const sfo_context *c, const sfo_object *o, const char *id,
                         const sfo_field *const *fields, size_t count, sqlite3_stmt *stmt)
{
    int column = 2;
    sfi_json_begin_object(w);
    sfo_write_attributes(w, o->name, o, c->version, id);
    for (size_t i = 0; i < count; i++) {
        sfi_json_key(w, fields[i]->name);
        if (fields[i]->stored) {
            sfo_write_column(w, o, fields[i], id, c->version, stmt, column++);
            continue;
        }
        const sfo_field *parts[PARTS_MAX];
        size_t n = sfo_compound_parts(o, fields[i], parts, PARTS_MAX);
        sfo_write_compound(w, fields[i], parts, n, stmt, column);
        column += (int)n;
    }
    sfi_json_end_object(w);
}

/* The fields asked for with Id among them, or all. Answers how many; list has room for field_count + 1 + count. */
static size_t choose_fields(const sfo_object *o, const sfo_field *const *fields, size_t count, const sfo_field **list)
{
    size_t n = 0;
    bool has_id = count == 0;
    for (size_t i = 0; i < o->field_count && count == 0; i++) list[n++] = &o->fields[i];
    for (size_t i = 0; i < count; i++) {
        bool twice = false;
        for (size_t k = 0; k < n; k++) twice = twice || list[k] == fields[i];
        if (!twice) list[n++] = fields[i];
        has_id = has_id || fields[i]->type == SFO_ID;
    }
    if (!has_id) list[n++] = sfo_object_field(o, SFI_STR("Id"));
    if (!has_id && list[n - 1] == NULL) n--;
    return n;
}

static bool read_locked(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id,
                        const sfo_field *const *list, size_t count, sfi_buf *out, int64_t *modified_ms, sfo_fault *f)
{
    sfi_buf sql = { 0 };
    sqlite3_stmt *stmt = NULL;
    bool ok = read_sql(o, list, count, &sql) || sfo_fault_memory(f);
    if (ok) ok = (stmt = sfo_statement_get(s, sql.data, f)) != NULL;
    sfi_buf_free(&sql);
    if (!ok) return false;
    sfo_bind_id(stmt, 1, id);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_DONE)
        ok = sfo_fault_not_found(f);
    else if (rc != SQLITE_ROW)
        ok = sfo_fault_sql(s, f);
    else if (sqlite3_column_int(stmt, 0) != 0)
        ok = sfo_fault_deleted(f);
    if (ok) {
        sfi_json_writer w = sfi_json_write_to(out);
        if (modified_ms != NULL) *modified_ms = sqlite3_column_int64(stmt, 1);
        write_record(&w, c, o, id, list, count, stmt);
    }
    sfo_statement_done(stmt);
    return ok;
}

bool sfo_record_read(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id,
                     const sfo_field *const *fields, size_t count, sfi_buf *out, int64_t *modified_ms, sfo_fault *f)
{
    sf_id full;
    if (!sfo_id_normalize(sfi_str(id), &full)) return sfo_fault_not_found(f);
    sfo_store_lock(s);
    sfo_scratch_begin(s);
    const sfo_field **list = sfo_scratch(s, (o->field_count + count + 1) * sizeof *list);
    bool ok = list != NULL || sfo_fault_memory(f);
    if (ok) ok = read_locked(s, c, o, full.text, list, choose_fields(o, fields, count, list), out, modified_ms, f);
    sfo_scratch_end(s);
    sfo_store_unlock(s);
    return ok;
}
