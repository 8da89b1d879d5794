/*
 * merge.c: two or three records of one type become one: the master takes the fields that the caller gives it and every
 * child of the losers; the losers go to the bin with MasterRecordId. A child that would double what the master has
 * already (a membership of the same campaign, a link to the same file) goes to the bin instead.
 */
#include "store/store_internal.h"

static bool fault_id(sfo_fault *f, const char *id)
{
    return sfo_fault_set(f, 400, "MALFORMED_ID", "bad id in recordsToMerge: %s", id);
}

/* ---- children ---- */

/* The field that, together with the moved reference, may be there once. NULL: none. */
static const char *partner_field(const char *object, const char *field)
{
    static const struct {
        const char *object, *field, *partner;
    } pairs[] = {
        { "CampaignMember", "ContactId", "CampaignId" },
        { "CampaignMember", "LeadId", "CampaignId" },
        { "OpportunityContactRole", "ContactId", "OpportunityId" },
        { "ContentDocumentLink", "LinkedEntityId", "ContentDocumentId" },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(pairs); i++)
        if (strcmp(object, pairs[i].object) == 0 && strcmp(field, pairs[i].field) == 0) return pairs[i].partner;
    return NULL;
}

static bool would_double(sfo_store *s, const sfo_object *child, const char *id, const char *field, const char *master,
                         bool *doubled, sfo_fault *f)
{
    const char *partner = partner_field(child->name, field);
    sfo_row row;
    *doubled = false;
    if (partner == NULL) return true;
    if (!sfo_row_load_live(s, sfo_table_of(s, child), id, &row, f)) return false;
    sf_str value = sfo_row_text(&row, partner);
    return value.len == 0 || sfo_pair_exists(s, child, partner, value, field, master, doubled, f);
}

static bool note_moved(sfo_store *s, sfo_id_list *moved, const char *id, sfo_fault *f)
{
    for (size_t i = 0; i < moved->count; i++)
        if (strcmp(moved->ids[i].text, id) == 0) return true;
    if ((moved->count & (moved->count - 1)) == 0) { /* room for the next power of two */
        sf_id *more = sfo_scratch(s, (moved->count * 2 + 1) * sizeof *more);
        if (more == NULL) return sfo_fault_memory(f);
        if (moved->count > 0) memcpy(more, moved->ids, moved->count * sizeof *more);
        moved->ids = more;
    }
    (void)snprintf(moved->ids[moved->count++].text, sizeof(sf_id), "%s", id); /* an id */
    return true;
}

static bool move_child(sfo_store *s, const sfo_context *c, const sfo_object *child, const char *id, const char *field,
                       const char *master, sfo_id_list *moved, sfo_fault *f)
{
    bool doubled;
    if (!would_double(s, child, id, field, master, &doubled, f)) return false;
    if (doubled) return sfo_row_mark_deleted(s, c, sfo_table_of(s, child), id, f);
    /* The master below its own loser ends up below nobody. */
    const char *to = strcmp(id, master) == 0 ? NULL : master;
    return sfo_row_repoint(s, c, child, id, field, to, f) && (to == NULL || note_moved(s, moved, id, f));
}

static bool move_children(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *loser,
                          const char *master, sfo_id_list *moved, sfo_fault *f)
{
    for (size_t i = 0; i < o->child_count; i++) {
        const sfo_object *child = sfo_schema_object(s->schema, sfi_str(o->children[i].child_object));
        const sfo_field *field = child != NULL ? sfo_object_field(child, sfi_str(o->children[i].field)) : NULL;
        sfo_id_list list;
        if (field == NULL || !field->stored || strcmp(field->name, "MasterRecordId") == 0) continue;
        if (!sfo_find_children(s, child, field->name, loser, &list, f)) return false;
        for (size_t k = 0; k < list.count; k++)
            if (!move_child(s, c, child, list.ids[k].text, field->name, master, moved, f)) return false;
    }
    return true;
}

/* ---- the records ---- */

static bool delete_loser(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *loser, const char *master,
                         sfo_fault *f)
{
    char sql[200];
    sfo_table *t = sfo_table_of(s, o);
    (void)snprintf(sql, sizeof sql, "UPDATE \"%s\" SET \"MasterRecordId\"=?2 WHERE \"Id\"=?1",
                   o->name); /* names end at 80 */
    sqlite3_stmt *stmt = sfo_field_at(o, "MasterRecordId") >= 0 ? sfo_statement_get(s, sql, f) : NULL;
    if (stmt == NULL) return sfo_field_at(o, "MasterRecordId") < 0 && sfo_row_mark_deleted(s, c, t, loser, f);
    sfo_bind_id(stmt, 1, loser);
    sfo_bind_id(stmt, 2, master);
    return sfo_statement_run(s, stmt, f) && sfo_row_mark_deleted(s, c, t, loser, f);
}

/* Ids in form: of the master's type, each once. */
static bool read_losers(sfo_store *s, const sfo_object *o, const char *master, const sf_str *losers, size_t count,
                        sf_id *out, sfo_fault *f)
{
    if (count < 1 || count > SFO_MERGE_MAX)
        return sfo_fault_set(f, 400, "INVALID_NUMBER_OF_RECORDS",
                             "merge takes a master record and 1 or 2 further records, not %zu", count);
    for (size_t i = 0; i < count; i++) {
        if (!sfo_id_normalize(losers[i], &out[i])) return fault_id(f, losers[i].ptr != NULL ? losers[i].ptr : "");
        if (sfo_schema_object_of_id(s->schema, sfi_str(out[i].text)) != o)
            return sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id: %s is no %s",
                                 out[i].text, o->name);
        if (strcmp(out[i].text, master) == 0 || (i > 0 && strcmp(out[i].text, out[0].text) == 0))
            return sfo_fault_set(f, 400, "INVALID_ID_FIELD", "duplicate id in recordsToMerge: %s", out[i].text);
    }
    return true;
}

/* There, free to change, and no lead that was converted. */
static bool load_record(sfo_store *s, const sfo_object *o, const char *id, sfo_row *row, sfo_fault *f)
{
    if (!sfo_row_load_live(s, sfo_table_of(s, o), id, row, f) || !sfo_lock_check(s, id, f)) return false;
    return !sfo_row_is_converted_lead(row) || sfo_fault_converted(f);
}

static bool merge(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *master, sf_value body,
                  const sf_str *losers, size_t count, sfo_merged *out, sfo_fault *f)
{
    sf_id full, ids[SFO_MERGE_MAX];
    sfo_row row;
    sfo_id_list moved = { NULL, 0 };
    if (!o->mergeable)
        return sfo_fault_set(f, 400, "INVALID_TYPE_FOR_OPERATION", "entity type %s does not support merge", o->name);
    if (!sfo_id_normalize(sfi_str(master), &full))
        return sfo_fault_set(f, 400, "MALFORMED_ID", "bad id in masterRecord: %s", master);
    if (!read_losers(s, o, full.text, losers, count, ids, f) || !load_record(s, o, full.text, &row, f)) return false;
    for (size_t i = 0; i < count; i++)
        if (!load_record(s, o, ids[i].text, &row, f)) return false;
    for (size_t i = 0; i < count; i++)
        if (!move_children(s, c, o, ids[i].text, full.text, &moved, f)) return false;
    for (size_t i = 0; i < count; i++)
        if (!delete_loser(s, c, o, ids[i].text, full.text, f)) return false;
    /* Loaded again: a move may have written it. Last, so that unique values of the losers are free. */
    if (!sfo_row_load_live(s, sfo_table_of(s, o), full.text, &row, f)) return false;
    if (sf_value_type(body) == SF_OBJECT && !sfo_row_from_json(s, c, SFO_UPDATING, body, &row, f)) return false;
    if (!sfo_row_save(s, c, &row, f)) return false;
    *out = (sfo_merged){ .master = full, .loser_count = count };
    memcpy(out->losers, ids, count * sizeof *ids);
    for (size_t i = 0; i < moved.count; i++)
        (void)sfi_buf_addf(&out->updated, "%s%s", i > 0 ? "," : "", moved.ids[i].text); /* checked below */
    return !out->updated.failed || sfo_fault_memory(f);
}

bool sfo_record_merge(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *master, sf_value body,
                      const sf_str *losers, size_t count, sfo_merged *out, sfo_fault *f)
{
    *out = (sfo_merged){ 0 };
    if (sfo_write_begin(s, f) && sfo_write_end(s, merge(s, c, o, master, body, losers, count, out, f), f)) return true;
    sfi_buf_free(&out->updated);
    return false;
}
