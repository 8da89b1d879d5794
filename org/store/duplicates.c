/*
 * duplicates.c: duplicate rules of a --schema file, of one simple kind: a record that has the same values as another in
 * all of a rule's fields (case plays no part, empty ones match nothing) is refused, or with a rule that only warns saved
 * when the request says so. Called by records.c before a row is written; rules are read when the store is opened.
 */
#include "store/store_internal.h"

enum { RULES_MAX = 100, RULE_FIELDS_MAX = 10, MATCHES_MAX = 20 };

struct sfo_duplicate_rule {
    const sfo_object *object;
    const char *name, *message;
    int fields[RULE_FIELDS_MAX]; /* places in the object */
    size_t field_count;
    bool allow_save, not_on_create, not_on_update;
};

/* ---- reading ---- */

static bool refuse(sfo_fault *f, const char *what, const char *detail)
{
    return sfo_fault_set(f, 400, "INVALID_DUPLICATE_RULE", "duplicateRules: %s%s", what, detail != NULL ? detail : "");
}

static const char *keep(sfo_store *s, sf_value v, const char *path)
{
    sf_str text = sf_get_text(v, path);
    return text.ptr != NULL ? sfi_arena_strndup(&s->facts, text.ptr, text.len) : NULL;
}

static bool check_keys(sf_value v, sfo_fault *f)
{
    static const char *const known[] = { "object", "name", "fields", "message", "allowSave", "onCreate", "onUpdate" };
    sf_str key;
    sf_value unused;
    for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, &key, &unused);) {
        bool found = false;
        for (size_t i = 0; i < SFI_COUNT_OF(known); i++) found = found || sfi_str_is(key, known[i]);
        if (!found) return refuse(f, "unknown key ", key.ptr);
    }
    return true;
}

static bool read_rule(sfo_store *s, sf_value v, struct sfo_duplicate_rule *rule, sfo_fault *f)
{
    sf_value name;
    if (!check_keys(v, f)) return false;
    rule->object = sfo_schema_object(s->schema, sf_get_text(v, "object"));
    if (rule->object == NULL) return refuse(f, "unknown object ", sf_get_str(v, "object"));
    rule->name = keep(s, v, "name");
    rule->message = keep(s, v, "message");
    rule->allow_save = sf_get_bool(v, "allowSave", false);
    rule->not_on_create = !sf_get_bool(v, "onCreate", true);
    rule->not_on_update = !sf_get_bool(v, "onUpdate", true);
    if (rule->message == NULL)
        rule->message = "You're creating a duplicate record. We recommend you use an existing record instead.";
    if (rule->name == NULL) return refuse(f, "a rule has no name: ", rule->object->name);
    for (sf_iter it = sf_iter_begin(sf_get(v, "fields")); sf_iter_next(&it, NULL, &name);) {
        const sfo_field *field = sfo_object_field(rule->object, sf_get_text(name, NULL));
        if (field == NULL || !field->stored || rule->field_count == RULE_FIELDS_MAX)
            return refuse(f, "no such field, or too many, in rule ", rule->name);
        rule->fields[rule->field_count++] = (int)(field - rule->object->fields);
    }
    return rule->field_count > 0 || refuse(f, "no fields in rule ", rule->name);
}

bool sfo_duplicates_load(sfo_store *s, sfo_fault *f)
{
    sf_value list = sfo_schema_extra(s->schema, "duplicateRules"), v;
    size_t n = sf_value_count(list);
    if (n == 0) return true;
    if (sf_value_type(list) != SF_ARRAY || n > RULES_MAX) return refuse(f, "want a list of at most 100 rules", NULL);
    s->rules = sfi_arena_alloc(&s->facts, n * sizeof *s->rules);
    if (s->rules == NULL) return sfo_fault_memory(f);
    for (sf_iter it = sf_iter_begin(list); s->rule_count < n && sf_iter_next(&it, NULL, &v);) {
        s->rules[s->rule_count] = (struct sfo_duplicate_rule){ .field_count = 0 };
        if (!read_rule(s, v, &s->rules[s->rule_count], f)) return false;
        s->rule_count++;
    }
    return true;
}

/* ---- looking ---- */

/* Ids of other rows with the same values. @return how many, at most MATCHES_MAX; -1: fault. */
static int find_matches(sfo_store *s, const struct sfo_duplicate_rule *rule, const sfo_row *row, sf_id *ids,
                        sfo_fault *f)
{
    sfi_buf sql = { 0 };
    (void)sfi_buf_addf(&sql, "SELECT \"Id\" FROM \"%s\" WHERE \"IsDeleted\"=0 AND \"Id\"<>?1", rule->object->name);
    for (size_t i = 0; i < rule->field_count; i++)
        (void)sfi_buf_addf(&sql, " AND \"%s\"=?%zu", rule->object->fields[rule->fields[i]].name, i + 2);
    (void)sfi_buf_addf(&sql, " ORDER BY \"Id\" LIMIT %d", (int)MATCHES_MAX);
    sqlite3_stmt *stmt = sql.failed ? NULL : sfo_statement_get(s, sql.data, f);
    sfi_buf_free(&sql);
    if (stmt == NULL) return -1;
    sfo_bind_id(stmt, 1, row->id);
    for (size_t i = 0; i < rule->field_count; i++) sfo_bind_cell(stmt, (int)i + 2, &row->cells[rule->fields[i]]);
    int count = 0;
    bool fine = true;
    while (count < MATCHES_MAX && sfo_store_next(s, stmt, &fine, f)) {
        ids[count] = (sf_id){ "" };
        (void)snprintf(ids[count].text, sizeof ids[count].text, "%s",
                       (const char *)sqlite3_column_text(stmt, 0)); /* an id */
        count++;
    }
    sfo_statement_done(stmt);
    return fine ? count : -1;
}

/* ---- saying ---- */

static void write_record(sfo_store *s, const sfo_context *c, const struct sfo_duplicate_rule *rule, const sf_id *id,
                         sfi_json_writer *w)
{
    const sfo_field *fields[RULE_FIELDS_MAX + 1];
    size_t count = 0;
    sfi_buf record = { 0 };
    int64_t modified;
    fields[count++] = sfo_object_field(rule->object, SFI_STR("Id"));
    for (size_t i = 0; c->duplicate_details && i < rule->field_count; i++)
        fields[count++] = &rule->object->fields[rule->fields[i]];
    sfi_json_key(w, "record");
    if (sfo_record_read(s, c, rule->object, id->text, fields, count, &record, &modified, NULL) && !record.failed)
        sfi_json_raw_text(w, sfi_buf_str(&record));
    else
        sfi_json_null(w);
    sfi_buf_free(&record);
}

static void write_result(sfo_store *s, const sfo_context *c, const struct sfo_duplicate_rule *rule, const sf_id *ids,
                         int count, sfi_json_writer *w)
{
    sfi_json_begin_object(w);
    sfi_json_put_string(w, "entityType", rule->object->name);
    sfi_json_put_empty_array(w, "errors");
    sfi_json_put_string(w, "matchEngine", "ExactMatchEngine");
    sfi_json_key(w, "matchRecords");
    sfi_json_begin_array(w);
    for (int i = 0; i < count; i++) {
        sfi_json_begin_object(w);
        sfi_json_put_empty_array(w, "additionalInformation");
        sfi_json_put_empty_array(w, "fieldDiffs");
        sfi_json_key(w, "matchConfidence");
        sfi_json_double(w, 100.0);
        write_record(s, c, rule, &ids[i], w);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_put_string(w, "rule", rule->name);
    sfi_json_key(w, "size");
    sfi_json_int(w, count);
    sfi_json_key(w, "success");
    sfi_json_bool(w, true);
    sfi_json_end_object(w);
}

static bool refuse_twin(sfo_store *s, const sfo_context *c, const struct sfo_duplicate_rule *rule, const sf_id *ids,
                        int count, sfo_fault *f)
{
    sfi_buf json = { 0 };
    sfi_json_writer writer = sfi_json_write_to(&json), *w = &writer;
    sfi_json_begin_object(w);
    sfi_json_key(w, "allowSave");
    sfi_json_bool(w, rule->allow_save);
    sfi_json_put_string(w, "duplicateRule", rule->name);
    sfi_json_put_string(w, "duplicateRuleEntityType", rule->object->name);
    sfi_json_put_string(w, "errorMessage", rule->message);
    sfi_json_key(w, "matchResults");
    sfi_json_begin_array(w);
    write_result(s, c, rule, ids, count, w);
    sfi_json_end_array(w);
    sfi_json_end_object(w);
    (void)sfo_fault_set(f, 400, "DUPLICATES_DETECTED", "%s", rule->message);
    if (f != NULL) f->duplicates = sfi_buf_take(&json);
    sfi_buf_free(&json);
    return false;
}

/* Does this write touch the rule: a new row with all values, or a change of one of them? */
static bool concerns(const struct sfo_duplicate_rule *rule, const sfo_row *row, bool is_new)
{
    bool changed = is_new;
    if (rule->object != row->table->object || (is_new ? rule->not_on_create : rule->not_on_update)) return false;
    for (size_t i = 0; i < rule->field_count; i++) {
        if (row->cells[rule->fields[i]].kind == SFO_CELL_NULL) return false;
        changed = changed || row->cells[rule->fields[i]].set;
    }
    return changed;
}

bool sfo_duplicates_check(sfo_store *s, const sfo_context *c, const sfo_row *row, bool is_new, sfo_fault *f)
{
    for (size_t i = 0; i < s->rule_count; i++) {
        const struct sfo_duplicate_rule *rule = &s->rules[i];
        sf_id ids[MATCHES_MAX];
        if (!concerns(rule, row, is_new) || (rule->allow_save && c->allow_duplicates)) continue;
        int count = find_matches(s, rule, row, ids, f);
        if (count < 0) return false;
        if (count > 0) return refuse_twin(s, c, rule, ids, count, f);
    }
    return true;
}

static bool look(sfo_store *s, const sfo_context *c, const sfo_object *o, sf_value body, sfo_fault *f)
{
    sfo_row row;
    return sfo_row_init(s, sfo_table_of(s, o), &row, f) && sfo_row_from_json(s, c, SFO_CREATING, body, &row, f) &&
           sfo_duplicates_check(s, c, &row, true, f);
}

bool sfo_record_look_for_duplicates(sfo_store *s, const sfo_context *c, const sfo_object *o, sf_value body,
                                    sfo_fault *f)
{
    sfo_store_lock(s);
    sfo_scratch_begin(s);
    bool ok = look(s, c, o, body, f);
    sfo_scratch_end(s);
    sfo_store_unlock(s);
    return ok;
}
