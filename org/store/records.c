/*
 * records.c: create, update, upsert and find, see store.h. Every call is one transaction (a savepoint inside an open one):
 * body → row → defaults → checks → computed values → unique values → written.
 */
#include "store/store_internal.h"

int64_t sfo_context_now(const sfo_context *c)
{
    int64_t ms = c != NULL && c->now_ms != 0 ? c->now_ms : sfi_wall_ms();
    return ms - ms % 1000;
}

/* Starts and ends what all calls share: lock, transaction, scratch. */
bool sfo_write_begin(sfo_store *s, sfo_fault *f)
{
    if (!sfo_store_begin(s, f)) return false;
    sfo_scratch_begin(s);
    return true;
}

bool sfo_write_end(sfo_store *s, bool ok, sfo_fault *f)
{
    sfo_scratch_end(s);
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

/* ---- create ---- */

static bool set_auto_numbers(sfo_store *s, sfo_row *row, sfo_fault *f)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < o->field_count; i++) {
        if (!o->fields[i].auto_number || row->cells[i].kind != SFO_CELL_NULL) continue;
        char name[176], *text = sfo_scratch(s, 32);
        int64_t n;
        (void)snprintf(name, sizeof name, "%s.%s", o->name, o->fields[i].name); /* names end at 80 */
        if (text == NULL) return sfo_fault_memory(f);
        if (!sfo_counter_next(s, name, strcmp(o->name, "Case") == 0 ? 1000 : 100, &n, f)) return false;
        if (o->custom)
            (void)snprintf(text, 32, "%05lld", (long long)(n - 99)); /* custom ones begin with 1 */
        else
            (void)snprintf(text, 32, "%08lld", (long long)n);
        sfo_row_set_text(row, o->fields[i].name, sfi_str(text));
    }
    return true;
}

static void set_system_fields(const sfo_context *c, sfo_row *row)
{
    int64_t now = sfo_context_now(c);
    static const char *const dates[] = { "CreatedDate", "LastModifiedDate", "SystemModstamp" };
    static const char *const users[] = { "CreatedById", "LastModifiedById" };
    sfo_row_set_text(row, "Id", sfi_str(row->id));
    for (size_t i = 0; i < SFI_COUNT_OF(dates); i++)
        if (sfo_row_get(row, dates[i])->kind == SFO_CELL_NULL)
            sfo_row_set_int(row, dates[i], now); /* the seed gives its own */
    for (size_t i = 0; i < SFI_COUNT_OF(users); i++)
        if (sfo_row_get(row, users[i])->kind == SFO_CELL_NULL && c->user_id != NULL)
            sfo_row_set_text(row, users[i], sfi_str(c->user_id));
}

bool sfo_row_create(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    sfo_table *t = row->table;
    if (row->id[0] == '\0') {
        sf_id id = sfo_id_next(s, t->object);
        if (id.text[0] == '\0') return sfo_fault_sql(s, f);
        memcpy(row->id, id.text, sizeof row->id);
    }
    sfo_row_defaults(s, c, row);
    if (!s->system_writes && !sfo_row_check(s, SFO_CREATING, row, f)) return false;
    set_system_fields(c, row);
    if (!set_auto_numbers(s, row, f)) return false;
    if (t->name >= 0 && t->object->custom && row->cells[t->name].kind == SFO_CELL_NULL)
        sfo_row_set_text(row, "Name", sfi_str(row->id)); /* as the org names what has no name */
    if (t->before != NULL && !t->before(s, c, row, f)) return false;
    if (t->unique_count > 0 && !sfo_row_check_unique(s, row, f)) return false;
    if (!s->system_writes && !sfo_duplicates_check(s, c, row, true, f)) return false;
    if (!sfo_row_insert(s, row, f) || !sfo_change_note(s, c, row, SFO_CHANGE_CREATE, f)) return false;
    return t->after == NULL || t->after(s, c, row, f);
}

/* Bytes that came beside the record's JSON. */
static void set_bytes(const sfo_context *c, const sfo_object *o, sfo_row *row)
{
    if (c->bytes_field == NULL) return;
    row->cells[c->bytes_field - o->fields] = (sfo_cell){
        .kind = c->bytes.len > 0 ? SFO_CELL_BLOB : SFO_CELL_NULL, .set = true, .given = true, .text = c->bytes
    };
}

/* An event is told, not kept. */
static bool publish_row(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    sf_id id = sfo_id_next(s, row->table->object);
    if (id.text[0] == '\0') return sfo_fault_sql(s, f);
    memcpy(row->id, id.text, sizeof row->id);
    sfo_row_defaults(s, c, row);
    return sfo_row_check(s, SFO_CREATING, row, f) && sfo_change_publish(s, c, row, f);
}

static bool create_row(sfo_store *s, const sfo_context *c, const sfo_object *o, sf_value body, const sfo_field *key,
                       const sfo_cell *key_cell, sf_id *id, sfo_fault *f)
{
    sfo_row row;
    if (!o->createable)
        return sfo_fault_set(f, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be inserted: %s",
                             o->label);
    if (!sfo_row_init(s, sfo_table_of(s, o), &row, f) || !sfo_row_from_json(s, c, SFO_CREATING, body, &row, f))
        return false;
    set_bytes(c, o, &row);
    if (key != NULL && key->createable) row.cells[key - o->fields] = *key_cell;
    if (!(o->is_event ? publish_row(s, c, &row, f) : sfo_row_create(s, c, &row, f))) return false;
    memcpy(id->text, row.id, sizeof id->text);
    return true;
}

bool sfo_record_create(sfo_store *s, const sfo_context *c, const sfo_object *o, sf_value body, sf_id *id, sfo_fault *f)
{
    return sfo_write_begin(s, f) && sfo_write_end(s, create_row(s, c, o, body, NULL, NULL, id, f), f);
}

/* ---- update ---- */

bool sfo_row_load_live(sfo_store *s, sfo_table *t, const char *id, sfo_row *row, sfo_fault *f)
{
    int state = sfo_row_state(s, t, id, f);
    if (state == 0) return sfo_fault_deleted(f);
    if (state < 0) return f != NULL && f->http_status != 0 ? false : sfo_fault_not_found(f);
    return sfo_row_load(s, t, id, row, f);
}

bool sfo_row_save(sfo_store *s, const sfo_context *c, sfo_row *row, sfo_fault *f)
{
    bool any = false;
    for (size_t i = 0; i < row->table->object->field_count; i++) any = any || row->cells[i].set;
    if (!any) return true; /* {} touches nothing */
    if (!sfo_row_check(s, SFO_UPDATING, row, f)) return false;
    sfo_row_set_int(row, "LastModifiedDate", sfo_context_now(c));
    sfo_row_set_int(row, "SystemModstamp", sfo_context_now(c));
    if (c->user_id != NULL) sfo_row_set_text(row, "LastModifiedById", sfi_str(c->user_id));
    if (row->table->before != NULL && !row->table->before(s, c, row, f)) return false;
    if (row->table->unique_count > 0 && !sfo_row_check_unique(s, row, f)) return false;
    if (!sfo_duplicates_check(s, c, row, false, f)) return false;
    if (!sfo_row_update(s, row, f) || !sfo_change_note(s, c, row, SFO_CHANGE_UPDATE, f)) return false;
    return row->table->after == NULL || row->table->after(s, c, row, f);
}

static bool update_row(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sf_value body,
                       sfo_fault *f)
{
    sfo_row row;
    sf_id full;
    if (!o->updateable)
        return sfo_fault_set(f, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "entity type cannot be updated: %s",
                             o->label);
    if (!sfo_id_normalize(sfi_str(id), &full)) return sfo_fault_not_found(f);
    if (!sfo_row_load_live(s, sfo_table_of(s, o), full.text, &row, f) || !sfo_lock_check(s, full.text, f)) return false;
    if (sfo_row_is_converted_lead(&row)) return sfo_fault_converted(f);
    if (!sfo_row_from_json(s, c, SFO_UPDATING, body, &row, f)) return false;
    set_bytes(c, o, &row);
    return sfo_row_save(s, c, &row, f);
}

bool sfo_record_update(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sf_value body,
                       sfo_fault *f)
{
    return sfo_write_begin(s, f) && sfo_write_end(s, update_row(s, c, o, id, body, f), f);
}

/* ---- find ---- */

static int find_by_id(sfo_store *s, const sfo_object *o, sf_str value, sf_id *ids, int max, sfo_fault *f)
{
    sf_id id;
    if (!sfo_id_normalize(value, &id)) return 0;
    int state = sfo_row_state(s, sfo_table_of(s, o), id.text, f);
    if (state != 1) return f != NULL && f->http_status == 500 ? -1 : 0;
    if (max > 0) ids[0] = id;
    return 1;
}

static int find_by_value(sfo_store *s, const sfo_object *o, const sfo_field *field, const sfo_cell *value, sf_id *ids,
                         int max, sfo_fault *f)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql,
                   "SELECT \"Id\" FROM \"%s\" WHERE \"%s\"=?1 AND \"%s\" IS NOT NULL AND \"IsDeleted\"=0", o->name,
                   field->name, field->name); /* names end at 80 */
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return -1;
    sfo_bind_cell(stmt, 1, value);
    int n = 0, rc;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (n < max) (void)snprintf(ids[n].text, sizeof ids[n].text, "%s", (const char *)sqlite3_column_text(stmt, 0));
        n++;
    }
    if (rc != SQLITE_DONE) (void)sfo_fault_sql(s, f);
    sfo_statement_done(stmt);
    return rc == SQLITE_DONE ? n : -1;
}

int sfo_record_find(sfo_store *s, const sfo_object *o, const sfo_field *field, sf_str value, sf_id *ids, int max,
                    sfo_fault *f)
{
    if (field->type == SFO_ID) {
        sfo_store_lock(s);
        int n = find_by_id(s, o, value, ids, max, f);
        sfo_store_unlock(s);
        return n;
    }
    if (!field->external_id && !field->id_lookup) {
        (void)sfo_fault_set(f, 404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s",
                            field->name);
        return -1;
    }
    sfo_cell cell;
    int n = 0;
    sfo_store_lock(s);
    sfo_scratch_begin(s);
    if (sfo_cell_from_text(s, field, value, &cell) && cell.kind != SFO_CELL_NULL)
        n = find_by_value(s, o, field, &cell, ids, max, f);
    sfo_scratch_end(s);
    sfo_store_unlock(s);
    return n;
}

/* ---- upsert ---- */

static bool refuse_choice(const sfo_context *c, const sfo_object *o, const sf_id *ids, int n, sfo_fault *f)
{
    sfi_buf paths = { 0 };
    for (int i = 0; i < n; i++)
        (void)sfi_buf_addf(&paths, "%s\"/services/data/v%s/sobjects/%s/%s\"", i == 0 ? "[" : ",", c->version, o->name,
                           ids[i].text); /* below */
    (void)sfi_buf_add_char(&paths, ']');
    (void)(paths.failed ? sfo_fault_memory(f) : sfo_fault_set(f, 300, "", "%s", paths.data));
    sfi_buf_free(&paths);
    return false;
}

static bool refuse_key_in_body(const sfo_context *c, const sfo_field *field, sf_value body, sfo_fault *f)
{
    sf_iter it = sf_iter_begin(body);
    sf_str key;
    sf_value v;
    while (!c->id_in_body && sf_iter_next(&it, &key, &v))
        if (sfi_str_is_nocase(key, field->name))
            return sfo_fault_set(f, 400, "INVALID_FIELD", "The %s field should not be specified in the sobject data.",
                                 field->name);
    return true;
}

enum { UPSERT_SHOWN = 20 };

static bool upsert_row(sfo_store *s, const sfo_context *c, const sfo_object *o, const sfo_field *field, sf_str value,
                       sf_value body, bool update_only, sf_id *id, bool *created, sfo_fault *f)
{
    sf_id ids[UPSERT_SHOWN];
    sfo_cell cell;
    if (!refuse_key_in_body(c, field, body, f)) return false;
    int n = sfo_record_find(s, o, field, value, ids, UPSERT_SHOWN, f);
    if (n < 0) return false;
    if (n > 1) return refuse_choice(c, o, ids, n < UPSERT_SHOWN ? n : UPSERT_SHOWN, f);
    *created = n == 0;
    if (n == 1) {
        *id = ids[0];
        return update_row(s, c, o, ids[0].text, body, f);
    }
    if (update_only || field->type == SFO_ID) return sfo_fault_not_found(f);
    if (!sfo_cell_from_text(s, field, value, &cell) || cell.kind == SFO_CELL_NULL)
        return sfo_fault_set(f, 400, "INVALID_FIELD", "%s: the value does not fit the field: %.*s", field->name,
                             (int)value.len, value.ptr);
    return create_row(s, c, o, body, field, &cell, id, f);
}

bool sfo_record_upsert(sfo_store *s, const sfo_context *c, const sfo_object *o, const sfo_field *field, sf_str value,
                       sf_value body, bool update_only, sf_id *id, bool *created, sfo_fault *f)
{
    return sfo_write_begin(s, f) &&
           sfo_write_end(s, upsert_row(s, c, o, field, value, body, update_only, id, created, f), f);
}
