/* approval.c: submit, approve, reject and remove, see approval.h. Which step a process has reached is the number of its
 * approved steps, so the rows that clients can query are all the state there is. The first answer of a step's approvers
 * decides it. */
#include "store/approval_internal.h"

/* ---- rows that callers may not write ---- */

static bool insert(sfo_store *s, const sfo_context *c, const char *object, const sfo_value *values, size_t count,
                   sf_id *id, sfo_fault *f)
{
    sfo_row row;
    sfo_table *t = sfo_table_named(s, object);
    if (t == NULL) return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "the org has no %s", object);
    if (!sfo_row_init(s, t, &row, f)) return false;
    for (size_t i = 0; i < count; i++) {
        const sfo_field *field = sfo_object_field(t->object, sfi_str(values[i].field));
        if (field == NULL || values[i].text.len == 0) continue;
        if (field->type == SFO_REFERENCE) /* a record of any object may be the target, whatever referenceTo says */
            sfo_row_set_text(&row, field->name, sfo_scratch_text(s, values[i].text));
        else if (!sfo_cell_from_text(s, field, values[i].text, &row.cells[field - t->object->fields]))
            return sfo_fault_memory(f);
    }
    bool before = s->system_writes;
    s->system_writes = true;
    bool ok = sfo_row_create(s, c, &row, f);
    s->system_writes = before;
    if (ok) memcpy(id->text, row.id, sizeof id->text);
    return ok;
}

bool sfo_process_insert(sfo_store *s, const sfo_context *c, const char *object, const sfo_value *values, size_t count,
                        sf_id *id, sfo_fault *f)
{
    if (!sfo_store_begin(s, f)) return false;
    sfo_scratch_begin(s);
    bool ok = insert(s, c, object, values, count, id, f);
    sfo_scratch_end(s);
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}

/* ---- what all actions need ---- */

typedef struct instance {
    sf_id id, target, submitter;
    const sfo_approval_process *process;
    const sfo_object *object;
    size_t approved; /* steps so far */
    sf_id assigned;  /* of the work item acted on */
} instance;

static bool bad_reference(sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    if (f != NULL) f->has_fields = true;
    return false;
}

static bool refuse(sfo_fault *f, const char *code, const char *message)
{
    (void)sfo_fault_set(f, 400, code, "%s", message);
    if (f != NULL) f->has_fields = true;
    return false;
}

static void column_id(sqlite3_stmt *stmt, int at, sf_id *out)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);
    (void)snprintf(out->text, sizeof out->text, "%s", text != NULL ? text : ""); /* an id */
}

/* The ids that a statement with one parameter gives, at most one. false: a fault; out "" when there is none. */
static bool one_id(sfo_store *s, const char *sql, const char *value, sf_id *out, sfo_fault *f)
{
    out->text[0] = '\0';
    sqlite3_stmt *stmt = sfo_statement_get(s, sql, f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, value);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) column_id(stmt, 0, out);
    sfo_statement_done(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE || sfo_fault_sql(s, f);
}

static bool apply_updates(sfo_store *s, const sfo_context *c, const sfo_object *o, const char *id, sfo_updates updates,
                          sfo_fault *f)
{
    if (updates.ptr == NULL) return true;
    sf_document *doc = NULL;
    if (sf_document_parse(updates.ptr, updates.len, &doc, NULL) != SF_OK) return sfo_fault_memory(f);
    bool before = s->passes_locks;
    s->passes_locks = true;
    bool ok = sfo_record_update(s, c, o, id, sf_document_root(doc), f);
    s->passes_locks = before;
    sf_document_free(doc);
    return ok;
}

static bool add_step(sfo_store *s, const sfo_context *c, const instance *at, const char *status, const char *assigned,
                     sf_str comments, sfo_fault *f)
{
    sf_id id;
    const sfo_value values[] = {
        { "ProcessInstanceId", sfi_str(at->id.text) },
        { "StepStatus", sfi_str(status) },
        { "OriginalActorId", sfi_str(assigned) },
        { "ActorId", sfi_str(c->user_id) },
        { "Comments", comments },
    };
    return insert(s, c, "ProcessInstanceStep", values, SFI_COUNT_OF(values), &id, f);
}

/* ---- who approves ---- */

static bool user_exists(sfo_store *s, sf_str text, sf_id *out, sfo_fault *f)
{
    if (!sfo_id_normalize(text, out)) return bad_reference(f);
    sfo_table *users = sfo_table_named(s, "User"), *groups = sfo_table_named(s, "Group");
    if (users != NULL && sfo_row_state(s, users, out->text, f) == 1) return true;
    if (groups != NULL && sfo_row_state(s, groups, out->text, f) == 1) return true; /* a queue */
    return bad_reference(f);
}

static bool owner_of(sfo_store *s, const instance *at, sf_id *out, sfo_fault *f)
{
    char sql[160];
    if (sfo_object_field(at->object, SFI_STR("OwnerId")) == NULL) return true;
    (void)snprintf(sql, sizeof sql, "SELECT OwnerId FROM \"%s\" WHERE Id=?1", at->object->name); /* names end at 80 */
    return one_id(s, sql, at->target.text, out, f);
}

/* The step's own approver into *out. */
static bool approver_of(sfo_store *s, const instance *at, const char *who, sf_id *out, sfo_fault *f)
{
    out->text[0] = '\0';
    if (sfi_eq_nocase(who, "admin")) {
        (void)snprintf(out->text, sizeof out->text, "%s", sfo_store_admin_id(s));
    } else if (sfi_eq_nocase(who, "submitter")) {
        *out = at->submitter;
    } else if (sfi_eq_nocase(who, "owner")) {
        if (!owner_of(s, at, out, f)) return false;
    } else if (sfi_eq_nocase(who, "manager")) {
        if (!one_id(s, "SELECT ManagerId FROM \"User\" WHERE Id=?1", at->submitter.text, out, f)) return false;
        if (out->text[0] == '\0') return refuse(f, "MANAGER_NOT_DEFINED", "Manager undefined.");
    } else if (sfi_eq_nocase(who, "choose")) {
        (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "missing required field: [nextApproverIds]");
        sfo_fault_add_field(f, "nextApproverIds");
        return false;
    } else if (strchr(who, '@') != NULL) {
        if (!one_id(s, "SELECT Id FROM \"User\" WHERE Username=?1", who, out, f)) return false;
    } else {
        return user_exists(s, sfi_str(who), out, f);
    }
    return out->text[0] != '\0' || bad_reference(f);
}

static bool assign(sfo_store *s, const sfo_context *c, const instance *at, const sf_id *actor,
                   sfo_process_result *result, sfo_fault *f)
{
    const sfo_value values[] = {
        { "ProcessInstanceId", sfi_str(at->id.text) },
        { "OriginalActorId", sfi_str(actor->text) },
        { "ActorId", sfi_str(actor->text) },
    };
    result->actors[result->count] = *actor;
    return insert(s, c, "ProcessInstanceWorkitem", values, SFI_COUNT_OF(values), &result->workitems[result->count++],
                  f);
}

/* Work items of the step that comes next. */
static bool open_step(sfo_store *s, const sfo_context *c, const instance *at, const sfo_process_request *r,
                      sfo_process_result *result, sfo_fault *f)
{
    sf_id actor;
    const sfo_approval_step *step = &at->process->steps[at->approved];
    for (size_t i = 0; i < r->next_count; i++)
        if (!user_exists(s, r->next[i], &actor, f) || !assign(s, c, at, &actor, result, f)) return false;
    if (r->next_count > 0) return true;
    return approver_of(s, at, step->approver, &actor, f) && assign(s, c, at, &actor, result, f);
}

/* ---- submit ---- */

static bool find_target(sfo_store *s, sf_str text, instance *at, sfo_fault *f)
{
    if (!sfo_id_normalize(text, &at->target)) return bad_reference(f);
    at->object = sfo_schema_object_of_id(sfo_store_schema(s), sfi_str(at->target.text));
    if (at->object == NULL) return bad_reference(f);
    int state = sfo_row_state(s, sfo_table_of(s, at->object), at->target.text, f);
    if (state == 0) return refuse(f, "ENTITY_IS_DELETED", "entity is deleted");
    return state == 1 || bad_reference(f);
}

static bool is_named(const sfo_approval_process *p, sf_str name)
{
    sf_id id;
    return sfi_str_is_nocase(name, p->name) || (sfo_id_normalize(name, &id) && strcmp(id.text, p->id.text) == 0);
}

static bool choose_process(const sfo_approvals *a, sfo_store *s, const sfo_process_request *r, instance *at,
                           sfo_fault *f)
{
    for (size_t i = 0; i < a->count; i++) {
        const sfo_approval_process *p = &a->processes[i];
        bool holds = true;
        if (p->object != at->object || (r->process.len > 0 && !is_named(p, r->process))) continue;
        bool skip = r->skip_criteria && r->process.len > 0;
        if (!skip && !sfo_criteria_hold(s, &p->entry, p->object, at->target.text, &holds, f)) return false;
        if (!holds) continue;
        at->process = p;
        return true;
    }
    return refuse(f, "NO_APPLICABLE_PROCESS", "No applicable approval process was found.");
}

static bool submit(const sfo_approvals *a, sfo_store *s, const sfo_context *c, const sfo_process_request *r,
                   sfo_process_result *result, sfo_fault *f)
{
    instance at = { .approved = 0 };
    sf_id pending;
    if (!find_target(s, r->target, &at, f)) return false;
    result->entity = at.target;
    (void)snprintf(at.submitter.text, sizeof at.submitter.text, "%s", c->user_id);
    if (r->submitter.len > 0 && !user_exists(s, r->submitter, &at.submitter, f)) return false;
    if (!one_id(s, "SELECT Id FROM ProcessInstance WHERE TargetObjectId=?1 AND Status='Pending'", at.target.text,
                &pending, f))
        return false;
    if (pending.text[0] != '\0')
        return refuse(f, "ALREADY_IN_PROCESS",
                      "This record is currently in an approval process. A record can be in only one approval process "
                      "at a time.");
    if (!choose_process(a, s, r, &at, f)) return false;
    const sfo_value values[] = {
        { "ProcessDefinitionId", sfi_str(at.process->id.text) },
        { "TargetObjectId", sfi_str(at.target.text) },
        { "Status", SFI_STR("Pending") },
        { "LastActorId", sfi_str(c->user_id) },
        { "SubmittedById", sfi_str(at.submitter.text) },
    };
    if (!insert(s, c, "ProcessInstance", values, SFI_COUNT_OF(values), &at.id, f)) return false;
    result->instance = at.id;
    result->status = "Pending";
    return add_step(s, c, &at, "Started", at.submitter.text, r->comments, f) &&
           apply_updates(s, c, at.object, at.target.text, at.process->submitted, f) &&
           open_step(s, c, &at, r, result, f) && (at.process->no_lock || sfo_lock_set(s, at.target.text, true, f));
}

/* ---- approve, reject, remove ---- */

static bool load_instance(const sfo_approvals *a, sfo_store *s, sf_str workitem, instance *at, sfo_fault *f)
{
    sf_id id, definition = { "" };
    int64_t approved = 0;
    if (!sfo_id_normalize(workitem, &id)) return bad_reference(f);
    sqlite3_stmt *stmt = sfo_statement_get(
        s,
        "SELECT i.Id, i.TargetObjectId, i.SubmittedById, i.ProcessDefinitionId, w.ActorId, (SELECT count(*) FROM "
        "ProcessInstanceStep t WHERE t.ProcessInstanceId=i.Id AND t.StepStatus='Approved') FROM "
        "ProcessInstanceWorkitem w JOIN ProcessInstance i ON i.Id=w.ProcessInstanceId WHERE w.Id=?1 AND "
        "i.Status='Pending'",
        f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, id.text);
    bool found = sqlite3_step(stmt) == SQLITE_ROW;
    if (found) {
        sf_id *const ids[] = { &at->id, &at->target, &at->submitter, &definition, &at->assigned };
        for (int i = 0; i < 5; i++) column_id(stmt, i, ids[i]);
        approved = sqlite3_column_int64(stmt, 5);
    }
    sfo_statement_done(stmt);
    if (!found) return bad_reference(f);
    at->approved = (size_t)approved;
    at->object = sfo_schema_object_of_id(sfo_store_schema(s), sfi_str(at->target.text));
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->processes[i].id.text, definition.text) == 0) at->process = &a->processes[i];
    return (at->object != NULL && at->process != NULL) || bad_reference(f); /* the definition is gone */
}

static bool close_instance(sfo_store *s, const sfo_context *c, const instance *at, const char *status, sfo_updates last,
                           sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s,
                                           "UPDATE ProcessInstance SET Status=?2, CompletedDate=?3, LastActorId=?4, "
                                           "LastModifiedDate=?3, SystemModstamp=?3, LastModifiedById=?4 WHERE Id=?1",
                                           f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, at->id.text);
    sfo_bind_id(stmt, 2, status);
    (void)sqlite3_bind_int64(stmt, 3, sfo_context_now(c)); /* the place is right */
    sfo_bind_id(stmt, 4, c->user_id);
    return sfo_statement_run(s, stmt, f) && sfo_lock_set(s, at->target.text, false, f) &&
           apply_updates(s, c, at->object, at->target.text, last, f);
}

static bool drop_workitems(sfo_store *s, const instance *at, sfo_fault *f)
{
    sqlite3_stmt *stmt = sfo_statement_get(s, "DELETE FROM ProcessInstanceWorkitem WHERE ProcessInstanceId=?1", f);
    if (stmt == NULL) return false;
    sfo_bind_id(stmt, 1, at->id.text);
    return sfo_statement_run(s, stmt, f);
}

static bool may_act(sfo_store *s, const sfo_context *c, const instance *at, sfo_process_action action)
{
    const char *who = action == SFO_REMOVE ? at->submitter.text : at->assigned.text;
    return strcmp(c->user_id, who) == 0 || strcmp(c->user_id, sfo_store_admin_id(s)) == 0;
}

static bool act(const sfo_approvals *a, sfo_store *s, const sfo_context *c, const sfo_process_request *r,
                sfo_process_result *result, sfo_fault *f)
{
    static const char *const statuses[] = { "Pending", "Approved", "Rejected", "Removed" };
    instance at = { .approved = 0 };
    if (!load_instance(a, s, r->target, &at, f)) return false;
    result->entity = at.target;
    if (!may_act(s, c, &at, r->action))
        return refuse(f, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
                      "insufficient access rights on cross-reference id");
    result->instance = at.id;
    result->status = statuses[r->action];
    if (!add_step(s, c, &at, statuses[r->action], at.assigned.text, r->comments, f) || !drop_workitems(s, &at, f))
        return false;
    if (r->action == SFO_APPROVE && ++at.approved < at.process->step_count) {
        result->status = "Pending";
        return open_step(s, c, &at, r, result, f);
    }
    const sfo_updates last = r->action == SFO_APPROVE  ? at.process->approved
                             : r->action == SFO_REJECT ? at.process->rejected
                                                       : at.process->removed;
    return close_instance(s, c, &at, statuses[r->action], last, f);
}

/* ---- doors ---- */

bool sfo_process_action_parse(sf_str text, sfo_process_action *out)
{
    static const struct {
        const char *name;
        sfo_process_action action;
    } names[] = { { "Submit", SFO_SUBMIT },  { "Approve", SFO_APPROVE }, { "Reject", SFO_REJECT },
                  { "Removed", SFO_REMOVE }, { "Remove", SFO_REMOVE },   { "Recall", SFO_REMOVE } };
    for (size_t i = 0; text.ptr != NULL && i < SFI_COUNT_OF(names); i++) {
        if (!sfi_str_is_nocase(text, names[i].name)) continue;
        *out = names[i].action;
        return true;
    }
    return false;
}

bool sfo_process(const sfo_approvals *a, sfo_store *s, const sfo_context *c, const sfo_process_request *request,
                 sfo_process_result *result, sfo_fault *f)
{
    *result = (sfo_process_result){ .count = 0 };
    if (!sfo_store_begin(s, f)) return false;
    sfo_scratch_begin(s);
    bool ok = request->action == SFO_SUBMIT ? submit(a, s, c, request, result, f) : act(a, s, c, request, result, f);
    sfo_scratch_end(s);
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    result->count = 0;
    return false;
}

bool sfo_rules_trigger(const sfo_approvals *a, sfo_store *s, const sfo_context *c, sf_str record_id, sfo_fault *f)
{
    instance at = { .approved = 0 };
    if (!sfo_store_begin(s, f)) return false;
    sfo_scratch_begin(s);
    bool ok = find_target(s, record_id, &at, f);
    for (size_t i = 0; ok && i < a->rule_count; i++) {
        const sfo_rule *r = &a->rules[i];
        bool holds = false;
        if (r->object != at.object) continue;
        ok = sfo_criteria_hold(s, &r->criteria, r->object, at.target.text, &holds, f);
        if (ok && holds) ok = apply_updates(s, c, r->object, at.target.text, r->updates, f);
    }
    sfo_scratch_end(s);
    if (ok) return sfo_store_commit(s, f);
    sfo_store_rollback(s);
    return false;
}
