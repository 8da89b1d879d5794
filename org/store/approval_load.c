/* approval_load.c: the definitions of approval processes and process rules, see approval.h. Read once, while the org
 * starts, into one arena. A process keeps its id from start to start, because its row in ProcessDefinition does. */
#include "store/approval_internal.h"

enum { STEPS_MAX = 30 };

static const char *keep_text(sfi_arena *arena, sf_value v, const char *member, bool *failed)
{
    sf_str text = sf_get_text(v, member);
    if (text.ptr == NULL) return NULL;
    char *kept = sfi_arena_strndup(arena, text.ptr, text.len);
    *failed = *failed || kept == NULL;
    return kept;
}

/* A member that is an object of field values, as text; each must be a field of o. */
static sf_status read_updates(const sfo_object *o, sf_value v, const char *member, sfi_arena *arena, const char *what,
                              sfo_updates *out, sf_error *err)
{
    sf_value values = sf_get(v, member), value;
    sf_str name;
    *out = (sf_str){ NULL, 0 };
    if (sf_value_count(values) == 0) return SF_OK;
    for (sf_iter it = sf_iter_begin(values); sf_iter_next(&it, &name, &value);)
        if (name.ptr == NULL || sfo_object_field(o, name) == NULL)
            return sfi_fail(err, SF_ERR_USAGE, "%s: \"%s\" sets no field of %s: \"%.*s\"", what, member, o->name,
                            (int)name.len, name.ptr != NULL ? name.ptr : "");
    char *json = NULL;
    size_t len = 0;
    sf_status rc = sf_value_to_json(values, &json, &len, err);
    if (rc != SF_OK) return rc;
    char *kept = sfi_arena_strndup(arena, json, len);
    sf_free(json);
    if (kept == NULL) return sfi_fail_memory(err, "a definition");
    *out = (sf_str){ kept, len };
    return SF_OK;
}

static sf_status read_object(sfo_store *s, sf_value v, const char *kind, const char **name, const sfo_object **object,
                             char what[200], sfi_arena *arena, sf_error *err)
{
    bool failed = false;
    *name = keep_text(arena, v, "name", &failed);
    if (failed) return sfi_fail_memory(err, "a definition");
    if (*name == NULL || **name == '\0') return sfi_fail(err, SF_ERR_USAGE, "%s: one has no \"name\"", kind);
    (void)snprintf(what, 200, "%s: %.80s", kind, *name);
    sf_str type = sf_get_text(v, "object");
    *object = type.ptr != NULL ? sfo_schema_object(sfo_store_schema(s), type) : NULL;
    if (*object != NULL) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s: \"object\" is unknown: \"%.*s\"", what, (int)type.len,
                    type.ptr != NULL ? type.ptr : "");
}

/* ---- approval processes ---- */

static sf_status read_steps(sf_value v, sfi_arena *arena, const char *what, sfo_approval_process *p, sf_error *err)
{
    sf_value list = sf_get(v, "steps"), step;
    size_t count = sf_value_count(list), n = 0;
    bool failed = false;
    if (sf_value_type(list) != SF_ARRAY || count == 0 || count > STEPS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "%s: \"steps\" is a list of 1 to %d", what, STEPS_MAX);
    sfo_approval_step *steps = sfi_arena_alloc(arena, count * sizeof *steps);
    if (steps == NULL) return sfi_fail_memory(err, "a definition");
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &step); n++) {
        steps[n].name = keep_text(arena, step, "name", &failed);
        steps[n].approver = keep_text(arena, step, "approver", &failed);
        if (steps[n].approver == NULL && !failed) steps[n].approver = "admin";
    }
    if (failed) return sfi_fail_memory(err, "a definition");
    p->steps = steps;
    p->step_count = count;
    return SF_OK;
}

static sf_status read_process(sfo_store *s, sf_value v, sfi_arena *arena, sfo_approval_process *p, sf_error *err)
{
    char what[200];
    bool failed = false;
    sf_status rc = read_object(s, v, "approvalProcesses", &p->name, &p->object, what, arena, err);
    if (rc == SF_OK) rc = sfo_criteria_read(p->object, sf_get(v, "entryCriteria"), arena, what, &p->entry, err);
    if (rc == SF_OK) rc = read_steps(v, arena, what, p, err);
    if (rc == SF_OK) rc = read_updates(p->object, v, "submitted", arena, what, &p->submitted, err);
    if (rc == SF_OK) rc = read_updates(p->object, v, "approved", arena, what, &p->approved, err);
    if (rc == SF_OK) rc = read_updates(p->object, v, "rejected", arena, what, &p->rejected, err);
    if (rc == SF_OK) rc = read_updates(p->object, v, "removed", arena, what, &p->removed, err);
    if (rc != SF_OK) return rc;
    p->label = keep_text(arena, v, "label", &failed);
    if (p->label == NULL) p->label = p->name;
    p->description = keep_text(arena, v, "description", &failed);
    p->no_lock = !sf_get_bool(v, "lock", true);
    return failed ? sfi_fail_memory(err, "a definition") : SF_OK;
}

/* Its row in ProcessDefinition, made when it is new. */
static bool find_definition(sfo_store *s, sfo_approval_process *p, sfo_fault *f)
{
    sqlite3_stmt *stmt =
        sfo_statement_get(s, "SELECT Id FROM ProcessDefinition WHERE DeveloperName=?1 AND TableEnumOrId=?2", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, p->name);
    sfo_bind_id(stmt, 2, p->object->name);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        (void)snprintf(p->id.text, sizeof p->id.text, "%s", (const char *)sqlite3_column_text(stmt, 0)); /* an id */
    sfo_statement_done(stmt);
    return true;
}

static bool keep_definition(sfo_store *s, sfo_approval_process *p, sfo_fault *f)
{
    sfo_context c = { .user_id = sfo_store_admin_id(s), .version = "62.0", .version_number = 62.0 };
    const sfo_value values[] = {
        { "Name", sfi_str(p->label) },
        { "DeveloperName", sfi_str(p->name) },
        { "Type", SFI_STR("Approval") },
        { "Description", sfi_str(p->description) },
        { "TableEnumOrId", sfi_str(p->object->name) },
        { "LockType", p->no_lock ? SFI_STR("none") : SFI_STR("Total") },
        { "State", SFI_STR("Active") },
    };
    if (!find_definition(s, p, f)) return false;
    return p->id.text[0] != '\0' ||
           sfo_process_insert(s, &c, "ProcessDefinition", values, SFI_COUNT_OF(values), &p->id, f);
}

static sf_status read_processes(sfo_store *s, sf_value list, sfo_approvals *a, sf_error *err)
{
    sf_value v;
    sf_status rc = SF_OK;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && sf_iter_next(&it, NULL, &v);) {
        sfo_approval_process *p = &a->processes[a->count];
        sfo_fault f = { 0 };
        rc = read_process(s, v, &a->arena, p, err);
        if (rc == SF_OK && !keep_definition(s, p, &f))
            rc = sfi_fail(err, SF_ERR_IO, "approval process %.80s: %s", p->name, f.message != NULL ? f.message : "");
        sfo_fault_clear(&f);
        p->order = 1;
        for (size_t i = 0; rc == SF_OK && i < a->count; i++)
            if (a->processes[i].object == p->object) p->order++;
        if (rc == SF_OK) a->count++;
    }
    return rc;
}

/* ---- process rules ---- */

static sf_id made_id(const char *prefix, size_t n)
{
    char text[24];
    sf_id id = { "" };
    (void)snprintf(text, sizeof text, "%s0000000%05zu", prefix, n % 100000); /* 15 characters */
    (void)sfo_id_normalize(sfi_str(text), &id);                              /* they are well formed */
    return id;
}

static sf_status read_rule(sfo_store *s, sf_value v, sfi_arena *arena, sfo_rule *r, sf_error *err)
{
    char what[200];
    bool failed = false;
    sf_status rc = read_object(s, v, "processRules", &r->name, &r->object, what, arena, err);
    if (rc == SF_OK) rc = sfo_criteria_read(r->object, sf_get(v, "criteria"), arena, what, &r->criteria, err);
    if (rc == SF_OK) rc = read_updates(r->object, v, "updates", arena, what, &r->updates, err);
    if (rc != SF_OK) return rc;
    r->description = keep_text(arena, v, "description", &failed);
    r->action_name = keep_text(arena, v, "actionName", &failed);
    if (r->action_name == NULL) r->action_name = r->name;
    return failed ? sfi_fail_memory(err, "a definition") : SF_OK;
}

static sf_status read_rules(sfo_store *s, sf_value list, sfo_approvals *a, sf_error *err)
{
    sf_value v;
    sf_status rc = SF_OK;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && sf_iter_next(&it, NULL, &v);) {
        sfo_rule *r = &a->rules[a->rule_count];
        rc = read_rule(s, v, &a->arena, r, err);
        r->id = made_id("01Q", a->rule_count + 1);
        r->action_id = made_id("04Y", a->rule_count + 1);
        if (rc == SF_OK) a->rule_count++;
    }
    return rc;
}

/* ---- all ---- */

static sf_status check_list(sf_value v, const char *member, sf_error *err)
{
    sf_type type = sf_value_type(v);
    if (type == SF_MISSING || type == SF_ARRAY) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "\"%s\" is not a list", member);
}

sf_status sfo_approvals_load(sfo_store *s, sf_value standard_processes, sf_value standard_rules, sf_value processes,
                             sf_value rules, sfo_approvals **out, sf_error *err)
{
    *out = NULL;
    sf_status rc = check_list(processes, "approvalProcesses", err);
    if (rc == SF_OK) rc = check_list(rules, "processRules", err);
    if (rc != SF_OK) return rc;
    sfo_approvals *a = sfi_calloc(sizeof *a);
    if (a == NULL) return sfi_fail_memory(err, "approval processes");
    a->processes =
        sfi_calloc_n(sf_value_count(standard_processes) + sf_value_count(processes) + 1, sizeof *a->processes);
    a->rules = sfi_calloc_n(sf_value_count(standard_rules) + sf_value_count(rules) + 1, sizeof *a->rules);
    if (a->processes == NULL || a->rules == NULL) rc = sfi_fail_memory(err, "approval processes");
    if (rc == SF_OK) rc = read_processes(s, standard_processes, a, err);
    if (rc == SF_OK) rc = read_processes(s, processes, a, err);
    if (rc == SF_OK) rc = read_rules(s, standard_rules, a, err);
    if (rc == SF_OK) rc = read_rules(s, rules, a, err);
    if (rc == SF_OK) {
        *out = a;
        a = NULL;
    }
    sfo_approvals_free(a);
    return rc;
}

void sfo_approvals_free(sfo_approvals *a)
{
    if (a == NULL) return;
    sfi_free(a->processes);
    sfi_free(a->rules);
    sfi_arena_free(&a->arena);
    sfi_free(a);
}

size_t sfo_approvals_count(const sfo_approvals *a)
{
    return a->count;
}

const sfo_approval_process *sfo_approvals_at(const sfo_approvals *a, size_t i)
{
    return i < a->count ? &a->processes[i] : NULL;
}

size_t sfo_rules_count(const sfo_approvals *a)
{
    return a->rule_count;
}

const sfo_rule *sfo_rules_at(const sfo_approvals *a, size_t i)
{
    return i < a->rule_count ? &a->rules[i] : NULL;
}
