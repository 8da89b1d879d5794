/*
 * delete.c: a record goes to the bin and takes its cascade children along; children that forbid it stop the whole; other
 * lookups to it are cleared. The schema says which is which. Objects without IsDeleted lose their rows at once. What went
 * along and what was cleared is noted in the bin (bin.c), so that the record can come back whole.
 */
#include "store/store_internal.h"

enum { DELETE_DEPTH_MAX = 32 };

/* What one call takes along. */
typedef struct deletion {
    sfo_store *s;
    const sfo_context *c;
    const char *root; /* the record that the caller named */
    bool restorable;  /* it goes to the bin, and so do notes of what follows */
} deletion;

/* The ids that a statement with one parameter gives. */
static bool list_ids(sfo_store *s, const char *sql, const char *id, sfo_id_list *out, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    size_t room = 0;
    *out = (sfo_id_list){ NULL, 0 };
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    int rc;
    bool ok = true;
    while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (out->count == room) {
            room = room == 0 ? 16 : room * 2;
            sf_id *more = sfo_scratch(s, room * sizeof *more);
            if ((ok = more != NULL) && out->count > 0) memcpy(more, out->ids, out->count * sizeof *more);
            out->ids = more;
        }
        if (ok)
            (void)snprintf(out->ids[out->count++].text, sizeof(sf_id), "%s",
                           (const char *)sqlite3_column_text(stmt, 0)); /* an id */
    }
    sfo_statement_done(stmt);
    return ok ? rc == SQLITE_DONE || sfo_fault_sql(s, f) : sfo_fault_memory(f);
}

bool sfo_find_children(sfo_store *s, const sfo_object *child, const char *field, const char *id, sfo_id_list *out,
                       sfo_fault *f)
{
    char sql[400];
    (void)snprintf(sql, sizeof sql, "SELECT \"Id\" FROM \"%s\" WHERE \"%s\"=?1 AND \"IsDeleted\"=0", child->name,
                   field); /* names end at 80 */
    return list_ids(s, sql, id, out, f);
}

static sf_str name_of(sfo_store *s, const sfo_object *o, const char *id)
{
    const sfo_field *name = sfo_object_name_field(o);
    sf_str text = { NULL, 0 };
    char sql[256];
    if (name == NULL) return sfi_str(o->label);
    (void)snprintf(sql, sizeof sql, "SELECT \"%s\" FROM \"%s\" WHERE \"Id\"=?1", name->name,
                   o->name); /* names end at 80 */
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, NULL);
    if (stmt == NULL) return sfi_str(o->label);
    sfo_bind_id(stmt, 1, id);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        text = sfo_scratch_text(
            s, (sf_str){ (const char *)sqlite3_column_text(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0) });
    sfo_statement_done(stmt);
    return text.ptr != NULL ? text : sfi_str(id);
}

static bool refuse_restricted(sfo_store *s, const sfo_object *o, const char *id, const sfo_object *child,
                              const sfo_id_list *list, sfo_fault *f)
{
    char names[1024], plural[128];
    size_t len = 0, at = 0;
    for (size_t i = 0; i < list->count && i < 10; i++) {
        sf_str name = name_of(s, child, list->ids[i].text);
        if (len + name.len + 3 > sizeof names) break;
        len +=
            (size_t)snprintf(names + len, sizeof names - len, "%s%.*s", len > 0 ? ", " : "", (int)name.len, name.ptr);
    }
    for (const char *c = child->label_plural; *c != '\0' && at < sizeof plural - 1; c++)
        plural[at++] = (char)sfi_ascii_lower((unsigned char)*c);
    plural[at] = '\0';
    sf_str name = name_of(s, o, id);
    (void)sfo_fault_set(
        f, 400, "DELETE_FAILED",
        "Your attempt to delete %.*s could not be completed because it is associated with the following %s.: %.*s\n",
        (int)name.len, name.ptr, plural, (int)len, names);
    if (f != NULL) f->has_fields = true;
    return false;
}

static bool check_restricted(sfo_store *s, const sfo_object *o, const char *id, sfo_fault *f)
{
    for (size_t i = 0; i < o->child_count; i++) {
        const sfo_child *c = &o->children[i];
        const sfo_object *child = c->restricted_delete ? sfo_schema_object(s->schema, sfi_str(c->child_object)) : NULL;
        sfo_id_list list;
        if (child == NULL || sfo_object_field(child, sfi_str(c->field)) == NULL) continue;
        if (!sfo_find_children(s, child, c->field, id, &list, f)) return false;
        if (list.count > 0) return refuse_restricted(s, o, id, child, &list, f);
    }
    return true;
}

/* Usually nothing points there: one look into the index. */
static bool clear_lookup(const deletion *d, const sfo_object *child, const char *field, const char *id, sfo_fault *f)
{
    char sql[400];
    sfo_id_list cleared;
    (void)snprintf(sql, sizeof sql, "UPDATE \"%s\" SET \"%s\"=NULL WHERE \"%s\"=?1 RETURNING \"Id\"", child->name,
                   field, field); /* names end at 80 */
    if (!list_ids(d->s, sql, id, &cleared, f)) return false;
    for (size_t i = 0; i < cleared.count; i++)
        if ((d->restorable && !sfo_bin_note_lookup(d->s, d->root, child, cleared.ids[i].text, field, id, f)) ||
            !sfo_change_note_id(d->s, d->c, sfo_table_of(d->s, child), cleared.ids[i].text, SFO_CHANGE_UPDATE, field,
                                f))
            return false;
    return true;
}

bool sfo_row_mark_deleted(sfo_store *s, const sfo_context *c, sfo_table *t, const char *id, sfo_fault *f)
{
    char sql[400];
    bool stamped = t->modified_date >= 0 && t->stamp >= 0 && t->modified_by >= 0;
    if (!t->has_deleted)
        (void)snprintf(sql, sizeof sql, "DELETE FROM \"%s\" WHERE \"Id\"=?1", t->object->name); /* names end at 80 */
    else
        (void)snprintf(sql, sizeof sql, "UPDATE \"%s\" SET \"IsDeleted\"=1%s WHERE \"Id\"=?1", t->object->name,
                       stamped ? ",\"LastModifiedDate\"=?2,\"SystemModstamp\"=?2,\"LastModifiedById\"=coalesce(?3,"
                                 "\"LastModifiedById\")"
                               : "");
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id);
    if (t->has_deleted && stamped) {
        (void)sqlite3_bind_int64(stmt, 2, sfo_context_now(c)); /* the places are right */
        if (c->user_id != NULL) sfo_bind_id(stmt, 3, c->user_id);
    }
    return sfo_statement_run(s, stmt, f) && sfo_search_note(s, t, id, f) &&
           sfo_change_note_id(s, c, t, id, SFO_CHANGE_DELETE, NULL, f);
}

static bool delete_tree(const deletion *d, const sfo_object *o, const char *id, int depth, sfo_fault *f);

static bool delete_children(const deletion *d, const sfo_object *o, const char *id, int depth, sfo_fault *f)
{
    for (size_t i = 0; i < o->child_count; i++) {
        const sfo_child *entry = &o->children[i];
        const sfo_object *child = sfo_schema_object(d->s->schema, sfi_str(entry->child_object));
        const sfo_field *field = child != NULL ? sfo_object_field(child, sfi_str(entry->field)) : NULL;
        if (field == NULL || !field->stored) continue;
        if (!entry->cascade_delete) {
            if (field->nillable && !entry->restricted_delete && !clear_lookup(d, child, field->name, id, f))
                return false;
            continue;
        }
        sfo_id_list list;
        if (!sfo_find_children(d->s, child, field->name, id, &list, f)) return false;
        for (size_t k = 0; k < list.count; k++)
            if (!delete_tree(d, child, list.ids[k].text, depth + 1, f)) return false;
    }
    return true;
}

static bool delete_tree(const deletion *d, const sfo_object *o, const char *id, int depth, sfo_fault *f)
{
    sfo_table *t = sfo_table_of(d->s, o);
    if (depth > DELETE_DEPTH_MAX)
        return sfo_fault_set(f, 400, "DELETE_FAILED", "the record has children more than %d levels deep",
                             (int)DELETE_DEPTH_MAX);
    /* Children that point back may have taken this one along already. */
    if (depth > 0 && sfo_row_state(d->s, t, id, f) != 1) return f == NULL || f->http_status == 0;
    if (depth > 0 && d->restorable && t->has_deleted && !sfo_bin_note_row(d->s, d->root, o, id, f)) return false;
    /* Marked first: children that point back find it gone, so a ring of references ends. */
    return check_restricted(d->s, o, id, f) && sfo_row_mark_deleted(d->s, d->c, t, id, f) &&
           delete_children(d, o, id, depth, f);
}

static bool delete_record(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    sf_id full;
    if (!o->deletable)
        return sfo_fault_set(f, 400, "INVALID_TYPE_FOR_OPERATION", "entity type %s does not support delete", o->name);
    if (!sfo_id_normalize(sfi_str(id), &full)) return sfo_fault_not_found(f);
    int state = sfo_row_state(s, sfo_table_of(s, o), full.text, f);
    if (state == 0) return sfo_fault_deleted(f);
    if (state < 0) return f != NULL && f->http_status != 0 ? false : sfo_fault_not_found(f);
    if (!sfo_lock_check(s, full.text, f)) return false;
    deletion d = { .s = s, .c = c, .root = full.text, .restorable = sfo_table_of(s, o)->has_deleted };
    return delete_tree(&d, o, full.text, 0, f);
}

bool sfo_record_delete(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_fault *f)
{
    return sfo_write_begin(s, f) && sfo_write_end(s, delete_record(s, c, o, id, f), f);
}
