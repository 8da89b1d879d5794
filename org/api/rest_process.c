/* rest_process.c: /process/approvals and /process/rules over store/approval.h. A list of requests is answered entry by
 * entry: those that succeed stay done, and one that fails makes the whole answer a 400 with the same list. */
#include "api/rest.h"

enum { REQUESTS_MAX = 200 };

/* ---- approvals ---- */

static void write_process(sfi_json_writer *w, const sfo_approval_process *p)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "description");
    sfi_json_string(w, p->description);
    sfi_json_key(w, "id");
    sfi_json_string(w, p->id.text);
    sfi_json_key(w, "name");
    sfi_json_string(w, p->label);
    sfi_json_key(w, "object");
    sfi_json_string(w, p->object->name);
    sfi_json_key(w, "sortOrder");
    sfi_json_int(w, p->order);
    sfi_json_end_object(w);
}

void sfo_rest_approvals(sfo_call *call)
{
    const sfo_approvals *a = call->org->approvals;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "approvals");
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++) { /* objects by name, processes in their order */
        const sfo_object *o = sfo_schema_at(call->org->schema, i);
        bool any = false;
        for (size_t k = 0; k < sfo_approvals_count(a); k++) {
            const sfo_approval_process *p = sfo_approvals_at(a, k);
            if (p->object != o) continue;
            if (!any) {
                sfi_json_key(&w, o->name);
                sfi_json_begin_array(&w);
            }
            any = true;
            write_process(&w, p);
        }
        if (any) sfi_json_end_array(&w);
    }
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
}

static void write_ids(sfi_json_writer *w, const char *key, const sf_id *ids, size_t count, bool failed)
{
    sfi_json_key(w, key);
    if (failed) {
        sfi_json_null(w);
        return;
    }
    sfi_json_begin_array(w);
    for (size_t i = 0; i < count; i++) sfi_json_string(w, ids[i].text);
    sfi_json_end_array(w);
}

static void write_id(sfi_json_writer *w, const char *key, const char *id)
{
    sfi_json_key(w, key);
    sfi_json_string(w, id[0] != '\0' ? id : NULL);
}

static void write_result(sfi_json_writer *w, const sfo_process_result *r, const sfo_fault *fault)
{
    bool failed = fault->http_status != 0;
    sfi_json_begin_object(w);
    write_ids(w, "actorIds", r->actors, r->count, failed);
    write_id(w, "entityId", r->entity.text);
    sfi_json_key(w, "errors");
    if (failed)
        sfo_write_action_errors(w, fault);
    else
        sfi_json_null(w);
    write_id(w, "instanceId", failed ? "" : r->instance.text);
    sfi_json_key(w, "instanceStatus");
    sfi_json_string(w, failed ? NULL : r->status);
    write_ids(w, "newWorkitemIds", r->workitems, r->count, failed);
    sfi_json_key(w, "success");
    sfi_json_bool(w, !failed);
    sfi_json_end_object(w);
}

static bool read_request(sf_value v, sfo_process_request *r, sfo_fault *f)
{
    sf_value next;
    *r = (sfo_process_request){ .target = sf_get_text(v, "contextId"),
                                .submitter = sf_get_text(v, "contextActorId"),
                                .process = sf_get_text(v, "processDefinitionNameOrId"),
                                .comments = sf_get_text(v, "comments"),
                                .skip_criteria = sf_get_bool(v, "skipEntryCriteria", false) };
    sf_str action = sf_get_text(v, "actionType");
    if (action.ptr == NULL || r->target.ptr == NULL) {
        const char *field = action.ptr == NULL ? "actionType" : "contextId";
        (void)sfo_fault_set(f, 400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [%s]", field);
        (void)snprintf(f->fields, sizeof f->fields, "%s", field); /* fits */
        return false;
    }
    if (!sfo_process_action_parse(action, &r->action))
        return sfo_fault_set(f, 400, "INVALID_ARGUMENT_TYPE", "actionType is Submit, Approve, Reject or Removed");
    for (sf_iter it = sf_iter_begin(sf_get(v, "nextApproverIds")); sf_iter_next(&it, NULL, &next);) {
        if (r->next_count == SFO_ACTORS_MAX)
            return sfo_fault_set(f, 400, "LIMIT_EXCEEDED", "more than %d nextApproverIds", SFO_ACTORS_MAX);
        r->next[r->next_count++] = sf_get_text(next, NULL);
    }
    return true;
}

void sfo_rest_process(sfo_call *call)
{
    sf_value body, v;
    if (!sfo_call_body(call, &body)) return;
    sf_value list = sf_get(body, "requests");
    size_t count = sf_value_count(list);
    if (sf_value_type(list) != SF_ARRAY || count == 0 || count > REQUESTS_MAX) {
        sfo_answer_error(call, 400, "INVALID_ARGUMENT_TYPE", "requests is a list of 1 to %d", REQUESTS_MAX);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &v);) {
        sfo_fault fault = { 0 };
        sfo_process_request request;
        sfo_process_result result = { .count = 0 };
        if (!read_request(v, &request, &fault) ||
            !sfo_process(call->org->approvals, call->org->store, &call->context, &request, &result, &fault))
            call->response->status = 400;
        write_result(&w, &result, &fault);
        sfo_fault_clear(&fault);
    }
    sfi_json_end_array(&w);
}

/* ---- rules ---- */

static void write_rule(sfi_json_writer *w, const sfo_rule *r)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "actions");
    sfi_json_begin_array(w);
    if (r->updates.ptr != NULL) {
        sfi_json_begin_object(w);
        sfi_json_key(w, "id");
        sfi_json_string(w, r->action_id.text);
        sfi_json_key(w, "name");
        sfi_json_string(w, r->action_name);
        sfi_json_key(w, "type");
        sfi_json_string(w, "FieldUpdate");
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sfi_json_key(w, "description");
    sfi_json_string(w, r->description);
    sfi_json_key(w, "id");
    sfi_json_string(w, r->id.text);
    sfi_json_key(w, "name");
    sfi_json_string(w, r->name);
    sfi_json_key(w, "namespacePrefix");
    sfi_json_null(w);
    sfi_json_key(w, "object");
    sfi_json_string(w, r->object->name);
    sfi_json_end_object(w);
}

static void write_rules_of(sfo_call *call, sfi_json_writer *w, const sfo_object *o)
{
    const sfo_approvals *a = call->org->approvals;
    bool any = false;
    for (size_t i = 0; i < sfo_rules_count(a); i++) {
        const sfo_rule *r = sfo_rules_at(a, i);
        if (r->object != o) continue;
        if (!any) {
            sfi_json_key(w, o->name);
            sfi_json_begin_array(w);
        }
        any = true;
        write_rule(w, r);
    }
    if (any) sfi_json_end_array(w);
}

/* All rules, or those of the object in the path. */
static void answer_rules(sfo_call *call, const sfo_object *only)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "rules");
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++)
        if (only == NULL || sfo_schema_at(call->org->schema, i) == only)
            write_rules_of(call, &w, sfo_schema_at(call->org->schema, i));
    sfi_json_end_object(&w);
    sfi_json_end_object(&w);
}

void sfo_rest_rules(sfo_call *call)
{
    const sfo_object *o = call->args[0].ptr != NULL ? sfo_call_object(call) : NULL;
    if (o != NULL || call->args[0].ptr == NULL) answer_rules(call, o);
}

void sfo_rest_rule(sfo_call *call)
{
    sf_id id;
    const sfo_object *o = sfo_call_object(call);
    if (o == NULL) return;
    for (size_t i = 0; i < sfo_rules_count(call->org->approvals); i++) {
        const sfo_rule *r = sfo_rules_at(call->org->approvals, i);
        if (r->object != o || !sfo_id_normalize(call->args[1], &id) || strcmp(id.text, r->id.text) != 0) continue;
        sfi_json_writer w = sfo_answer_json(call, 200);
        write_rule(&w, r);
        return;
    }
    sfo_answer_not_found(call);
}

void sfo_rest_rules_trigger(sfo_call *call)
{
    sf_value body, v;
    sfo_fault fault = { 0 };
    if (!sfo_call_body(call, &body)) return;
    sf_value list = sf_get(body, "contextIds");
    size_t count = sf_value_count(list);
    if (sf_value_type(list) != SF_ARRAY || count == 0 || count > REQUESTS_MAX) {
        sfo_answer_error(call, 400, "INVALID_ARGUMENT_TYPE", "contextIds is a list of 1 to %d", REQUESTS_MAX);
        return;
    }
    bool ok = sfo_store_begin(call->org->store, &fault); /* all or nothing */
    bool begun = ok;
    for (sf_iter it = sf_iter_begin(list); ok && sf_iter_next(&it, NULL, &v);)
        ok = sfo_rules_trigger(call->org->approvals, call->org->store, &call->context, sf_get_text(v, NULL), &fault);
    if (ok)
        ok = sfo_store_commit(call->org->store, &fault);
    else if (begun)
        sfo_store_rollback(call->org->store);
    sfi_json_writer w = sfo_answer_json(call, ok ? 200 : 400);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "errors");
    if (ok)
        sfi_json_null(&w);
    else
        sfo_write_action_errors(&w, &fault);
    sfi_json_key(&w, "success");
    sfi_json_bool(&w, ok);
    sfi_json_end_object(&w);
    sfo_fault_clear(&fault);
}
