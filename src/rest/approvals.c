/* approvals.c: the calls of approvals.h. Called by programs; owns nothing between calls but the results it hands out. */
#include <salesforce/approvals.h>
#include "rest/results_internal.h"

static const char results_flag[] = "success";

struct sf_approval_results {
    sfi_results r;
};

/* ---- approvals ---- */

sf_status sf_approval_list(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err)
{
    return sfi_rest_get(sf, "process/approvals", "approval processes", call, out, err);
}

static sf_status check_request(const sf_approval_request *r, size_t at, sf_error *err)
{
    if (!sfi_is_zero(r->reserved, sizeof r->reserved))
        return sfi_fail(err, SF_ERR_USAGE, "request %zu: reserved is not zero", at + 1);
    if ((int)r->action < SF_APPROVAL_SUBMIT || r->action > SF_APPROVAL_REMOVE)
        return sfi_fail(err, SF_ERR_USAGE, "request %zu: action %d is none", at + 1, (int)r->action);
    if (!sfi_rest_is_id(r->context_id))
        return sfi_fail(err, SF_ERR_USAGE, "request %zu: context_id \"%.40s\" is not an id", at + 1,
                        r->context_id != NULL ? r->context_id : "(NULL)");
    if (r->actor_id != NULL && !sfi_rest_is_id(r->actor_id))
        return sfi_fail(err, SF_ERR_USAGE, "request %zu: actor_id \"%.40s\" is not an id", at + 1, r->actor_id);
    if (r->action != SF_APPROVAL_SUBMIT && (r->process != NULL || r->skip_entry_criteria))
        return sfi_fail(err, SF_ERR_USAGE, "request %zu: process and skip_entry_criteria are for submitting", at + 1);
    if (r->skip_entry_criteria && r->process == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "request %zu: skip_entry_criteria wants a process", at + 1);
    for (size_t i = 0; r->next_approver_ids != NULL && r->next_approver_ids[i] != NULL; i++)
        if (!sfi_rest_is_id(r->next_approver_ids[i]))
            return sfi_fail(err, SF_ERR_USAGE, "request %zu: next approver \"%.40s\" is not an id", at + 1,
                            r->next_approver_ids[i]);
    const char *const texts[] = { r->comments, r->process };
    for (size_t i = 0; i < SFI_COUNT_OF(texts); i++)
        if (texts[i] != NULL && !sfi_utf8_valid(texts[i], strlen(texts[i])))
            return sfi_fail(err, SF_ERR_USAGE, "request %zu: a text is not UTF-8", at + 1);
    return SF_OK;
}

static void write_request(sfi_json_writer *w, const sf_approval_request *r)
{
    static const char *const actions[] = { "Submit", "Approve", "Reject", "Removed" };
    sfi_json_begin_object(w);
    sfi_json_put_string_if(w, "actionType", actions[r->action]);
    sfi_json_put_string_if(w, "contextActorId", r->actor_id);
    sfi_json_put_string_if(w, "contextId", r->context_id);
    sfi_json_put_string_if(w, "comments", r->comments);
    if (r->next_approver_ids != NULL) {
        sfi_json_key(w, "nextApproverIds");
        sfi_json_begin_array(w);
        for (size_t i = 0; r->next_approver_ids[i] != NULL; i++) sfi_json_string(w, r->next_approver_ids[i]);
        sfi_json_end_array(w);
    }
    sfi_json_put_string_if(w, "processDefinitionNameOrId", r->process);
    if (r->skip_entry_criteria) {
        sfi_json_key(w, "skipEntryCriteria");
        sfi_json_bool(w, true);
    }
    sfi_json_end_object(w);
}

static sf_status check_count(size_t count, const char *of, sf_error *err)
{
    if (count >= 1 && count <= SF_APPROVAL_REQUESTS_MAX) return SF_OK;
    return sfi_fail(err, count == 0 ? SF_ERR_USAGE : SF_ERR_LIMIT, "%zu %s; one call takes 1 to %d", count, of,
                    SF_APPROVAL_REQUESTS_MAX);
}

sf_status sf_approval_run(sf_client *sf, const sf_approval_request *requests, size_t count, const sf_call_options *call,
                          sf_approval_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || requests == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the requests are NULL");
    sf_status rc = check_count(count, "requests", err);
    for (size_t i = 0; rc == SF_OK && i < count; i++) rc = check_request(&requests[i], i, err);
    if (rc != SF_OK) return rc;
    sfi_buf body = { 0 };
    sfi_json_writer w = sfi_json_write_to(&body);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "requests");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < count; i++) write_request(&w, &requests[i]);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    sf_approval_results *results = sfi_calloc(sizeof *results);
    rc = results != NULL ? sfi_buf_status(&body, err, "requests") : sfi_fail_memory(err, "results");
    if (rc == SF_OK) {
        sfi_call_request request = {
            .path = "process/approvals", .body = sfi_buf_str(&body), .options = call, .what = "approval"
        };
        rc = sfi_results_run(sf, &request, results_flag, count, &results->r, err);
    }
    if (rc == SF_OK) {
        *out = results;
        results = NULL;
    }
    sf_approval_results_free(results);
    sfi_buf_free(&body);
    return rc;
}

size_t sf_approval_results_count(const sf_approval_results *r)
{
    return r != NULL ? r->r.count : 0;
}

size_t sf_approval_results_failed(const sf_approval_results *r)
{
    return r != NULL ? r->r.failed : 0;
}

bool sf_approval_results_get(const sf_approval_results *r, size_t index, sf_approval_result *out)
{
    if (r == NULL || out == NULL || index >= r->r.count) return false;
    sf_value v = r->r.list[index];
    *out = (sf_approval_result){ .index = index,
                                 .failed = sfi_result_failed(v, results_flag),
                                 .entity_id = sfi_id_make(sf_get_text(v, "entityId")),
                                 .instance_id = sfi_id_make(sf_get_text(v, "instanceId")),
                                 .status = sf_get_str(v, "instanceStatus"),
                                 .workitem_id = sfi_id_make(sf_get_text(v, "newWorkitemIds.0")),
                                 .actor_id = sfi_id_make(sf_get_text(v, "actorIds.0")),
                                 .workitem_ids = sf_get(v, "newWorkitemIds"),
                                 .actor_ids = sf_get(v, "actorIds"),
                                 .body = v };
    return true;
}

sf_value sf_approval_results_body(const sf_approval_results *r)
{
    return r != NULL ? sf_document_root(r->r.doc) : (sf_value){ 0 };
}

sf_status sf_approval_result_check(const sf_approval_result *result, sf_error *err)
{
    if (result == NULL) return sfi_fail(err, SF_ERR_USAGE, "the result is NULL");
    char what[64];
    (void)snprintf(what, sizeof what, "approval, request %zu", result->index + 1);
    return sfi_result_check(result->body, results_flag, what, err);
}

void sf_approval_results_free(sf_approval_results *r)
{
    if (r == NULL) return;
    sfi_results_clear(&r->r);
    sfi_free(r);
}

/* ---- process rules ---- */

sf_status sf_process_rule_list(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                               sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    if (object != NULL && !sfi_rest_is_name(object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object);
    char path[SFI_REST_NAME_MAX + 32];
    (void)snprintf(path, sizeof path, "process/rules%s%s", object != NULL ? "/" : "", object != NULL ? object : "");
    return sfi_rest_get(sf, path, "process rules", call, out, err);
}

static sf_status write_ids(const char *const *ids, size_t count, sfi_buf *body, sf_error *err)
{
    sfi_json_writer w = sfi_json_write_to(body);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "contextIds");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < count; i++) {
        if (!sfi_rest_is_id(ids[i]))
            return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a record id", ids[i] != NULL ? ids[i] : "(NULL)");
        sfi_json_string(&w, ids[i]);
    }
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    return sfi_buf_status(body, err, "ids");
}

sf_status sf_process_rule_trigger(sf_client *sf, const char *const *ids, size_t count, const sf_call_options *call,
                                  sf_error *err)
{
    if (sf == NULL || ids == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the ids are NULL");
    sfi_buf body = { 0 };
    sfi_answer answer = { 0 };
    sf_document *doc = NULL;
    sf_status rc = check_count(count, "records", err);
    if (rc == SF_OK) rc = write_ids(ids, count, &body, err);
    if (rc == SF_OK) {
        sfi_call_request request = { .method = "POST",
                                     .path = "process/rules",
                                     .body = sfi_buf_str(&body),
                                     .options = call,
                                     .what = "process rules" };
        rc = sfi_call_run(sf, &request, &answer, err);
    }
    if (rc == SF_OK && answer.body_len > 0) {
        rc = sfi_answer_document(sf, &answer, &doc, err);
        if (rc != SF_OK) rc = sfi_fail_unread("process rules", answer.status, err);
        if (rc == SF_OK) rc = sfi_result_check(sf_document_root(doc), results_flag, "process rules", err);
    }
    sf_document_free(doc);
    sfi_answer_clear(&answer);
    sfi_buf_free(&body);
    return rc;
}
