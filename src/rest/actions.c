/* actions.c: the calls of actions.h. Called by programs; owns nothing between calls but the results it hands out. The one idea:
 * an action's name is a path of several steps, each of which is encoded by itself, so that no name can leave its place. */
#include <salesforce/actions.h>
#include "rest/results_internal.h"

enum { STEPS_MAX = 5, STEP_BYTES_MAX = 255, WHAT_BYTES = 128 };

static const char results_flag[] = "isSuccess";

struct sf_action_results {
    sfi_results r;
};

/* "custom/flow/Open_Case" behind what path has. */
static sf_status add_steps(sfi_buf *path, const char *steps, sf_error *err)
{
    char step[STEP_BYTES_MAX + 1];
    if (!sfi_utf8_valid(steps, strlen(steps))) return sfi_fail(err, SF_ERR_USAGE, "the action's name is not UTF-8");
    for (int n = 0; n < STEPS_MAX; n++) {
        size_t len = strcspn(steps, "/");
        if (len == 0 || len > STEP_BYTES_MAX) break;
        memcpy(step, steps, len);
        step[len] = '\0';
        sfi_buf_add_char(path, '/');
        (void)sfi_rest_add_value(path, step); /* a failure stays in the buffer */
        if (steps[len] == '\0') return sfi_buf_status(path, err, "a URL");
        steps += len + 1;
    }
    return sfi_fail(err, SF_ERR_USAGE, "%.80s is no action; want such as standard/emailSimple or custom/flow/NAME",
                    *steps != '\0' ? steps : "an empty name");
}

/* ---- quick actions ---- */

/* [sobjects/OBJECT/]quickActions[/ACTION[/tail[/ID]]] */
static sf_status quick_path(const char *object, const char *action, const char *tail, const char *id, sfi_buf *path,
                            sf_error *err)
{
    if (object != NULL && !sfi_rest_is_name(object))
        return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is not an object's name", object);
    if (id != NULL && !sfi_rest_is_id(id))
        return sfi_fail(err, SF_ERR_USAGE, "context_id: \"%.40s\" is not a record id (15 or 18 letters and digits)",
                        id);
    if (object != NULL) sfi_buf_addf(path, "sobjects/%s/", object);
    sfi_buf_add_str(path, "quickActions");
    if (action != NULL) {
        if (strchr(action, '/') != NULL)
            return sfi_fail(err, SF_ERR_USAGE, "\"%.80s\" is no quick action's name", action);
        sf_status rc = add_steps(path, action, err);
        if (rc != SF_OK) return rc;
    }
    if (tail != NULL) sfi_buf_addf(path, "/%s", tail);
    if (id != NULL) sfi_buf_addf(path, "/%s", id);
    return sfi_buf_status(path, err, "a URL");
}

static sf_status quick_get(sf_client *sf, const char *object, const char *action, const char *tail, const char *id,
                           const sf_call_options *call, sf_document **out, sf_error *err)
{
    sfi_buf path = { 0 };
    char what[WHAT_BYTES];
    (void)snprintf(what, sizeof what, "quick action%s%.80s", action != NULL ? " " : "s", action != NULL ? action : "");
    sf_status rc = quick_path(object, action, tail, id, &path, err);
    if (rc == SF_OK) rc = sfi_rest_get(sf, path.data, what, call, out, err);
    sfi_buf_free(&path);
    return rc;
}

sf_status sf_quick_action_list(sf_client *sf, const char *object, const sf_call_options *call, sf_document **out,
                               sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    return quick_get(sf, object, NULL, NULL, NULL, call, out, err);
}

sf_status sf_quick_action_describe(sf_client *sf, const char *object, const char *action, const sf_call_options *call,
                                   sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || action == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the action is NULL");
    return quick_get(sf, object, action, "describe", NULL, call, out, err);
}

sf_status sf_quick_action_defaults(sf_client *sf, const char *object, const char *action, const char *context_id,
                                   const sf_call_options *call, sf_document **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || action == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the action is NULL");
    return quick_get(sf, object, action, "defaultValues", context_id, call, out, err);
}

static sf_status write_quick(const char *context_id, const sf_record *record, sfi_buf *body, sf_error *err)
{
    sfi_json_writer w = sfi_json_write_to(body);
    sfi_buf fields = { 0 };
    sf_status rc = record != NULL ? sfi_record_check(record, err) : SF_OK;
    if (rc == SF_OK && record != NULL) rc = sfi_record_write(record, NULL, &fields, err);
    if (rc == SF_OK) {
        sfi_json_begin_object(&w);
        if (context_id != NULL) {
            sfi_json_key(&w, "contextId");
            sfi_json_string(&w, context_id);
        }
        sfi_json_key(&w, "record");
        sfi_json_raw_text(&w, record != NULL ? sfi_buf_str(&fields) : SFI_STR("{}"));
        sfi_json_end_object(&w);
        rc = sfi_buf_status(body, err, "an action's body");
    }
    sfi_buf_free(&fields);
    return rc;
}

static sf_status read_quick(const sfi_call_request *request, const sfi_answer *answer, sf_value root,
                            sf_quick_action_result *out, sf_error *err)
{
    if (sf_value_type(sf_get(root, "success")) != SF_BOOL)
        return sfi_fail(err, SF_ERR_UNKNOWN_OUTCOME,
                        "%s: the org answered %d, so it may be done, but its answer does not say what", request->what,
                        answer->status);
    if (!sf_get_bool(root, "success", false)) return sfi_result_check(root, "success", request->what, err);
    *out = (sf_quick_action_result){ .id = sfi_id_make(sf_get_text(root, "id")),
                                     .context_id = sfi_id_make(sf_get_text(root, "contextId")),
                                     .feed_item_id = sfi_id_make(sf_get_text(root, "feedItemIds.0")),
                                     .created = sf_get_bool(root, "created", answer->status == 201) };
    if (out->id.text[0] == '\0') out->id = sfi_id_make(sf_get_text(root, "ids.0"));
    sf_str message = sf_get_text(root, "successMessage");
    size_t len = message.len < sizeof out->message ? message.len : sizeof out->message - 1;
    while (len > 0 && len < message.len && ((unsigned char)message.ptr[len] & 0xC0) == 0x80)
        len--; /* whole characters */
    if (message.ptr != NULL) memcpy(out->message, message.ptr, len);
    return SF_OK;
}

static sf_status send_quick(sf_client *sf, const sfi_call_request *request, sf_quick_action_result *out, sf_error *err)
{
    sfi_answer answer = { 0 };
    sf_document *doc = NULL;
    sf_status rc = sfi_call_run(sf, request, &answer, err);
    if (rc == SF_OK) {
        rc = sfi_answer_document(sf, &answer, &doc, err);
        if (rc != SF_OK) rc = sfi_fail_unread(request->what, answer.status, err);
    }
    if (rc == SF_OK) rc = read_quick(request, &answer, sf_document_root(doc), out, err);
    sf_document_free(doc);
    sfi_answer_clear(&answer);
    return rc;
}

sf_status sf_quick_action_run(sf_client *sf, const char *object, const char *action, const char *context_id,
                              const sf_record *record, const sf_call_options *call, sf_quick_action_result *out,
                              sf_error *err)
{
    if (sf == NULL || action == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the action is NULL");
    if (context_id != NULL && !sfi_rest_is_id(context_id))
        return sfi_fail(err, SF_ERR_USAGE, "context_id: \"%.40s\" is not a record id (15 or 18 letters and digits)",
                        context_id);
    sfi_buf path = { 0 }, body = { 0 };
    char what[WHAT_BYTES];
    sf_quick_action_result result = { 0 };
    (void)snprintf(what, sizeof what, "quick action %.80s", action);
    sf_status rc = quick_path(object, action, NULL, NULL, &path, err);
    if (rc == SF_OK) rc = write_quick(context_id, record, &body, err);
    if (rc == SF_OK) {
        sfi_call_request request = {
            .method = "POST", .path = path.data, .body = sfi_buf_str(&body), .options = call, .what = what
        };
        rc = send_quick(sf, &request, &result, err);
    }
    if (rc == SF_OK && out != NULL) *out = result;
    sfi_buf_free(&path);
    sfi_buf_free(&body);
    return rc;
}

/* ---- invocable actions ---- */

static sf_status action_get(sf_client *sf, const char *action, const char *what, const sf_call_options *call,
                            sf_document **out, sf_error *err)
{
    sfi_buf path = { 0 };
    sfi_buf_add_str(&path, "actions");
    sf_status rc = action != NULL ? add_steps(&path, action, err) : sfi_buf_status(&path, err, "a URL");
    if (rc == SF_OK) rc = sfi_rest_get(sf, path.data, what, call, out, err);
    sfi_buf_free(&path);
    return rc;
}

sf_status sf_action_list(sf_client *sf, const char *context, const sf_call_options *call, sf_document **out,
                         sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL) return sfi_fail(err, SF_ERR_USAGE, "sf is NULL");
    return action_get(sf, context, "actions", call, out, err);
}

sf_status sf_action_describe(sf_client *sf, const char *action, const sf_call_options *call, sf_document **out,
                             sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || action == NULL) return sfi_fail(err, SF_ERR_USAGE, "the client or the action is NULL");
    char what[WHAT_BYTES];
    (void)snprintf(what, sizeof what, "action %.80s", action);
    return action_get(sf, action, what, call, out, err);
}

/* json: the array of inputs, which is checked. */
static sf_status invoke(sf_client *sf, const char *action, sf_str json, size_t count, const sf_call_options *call,
                        sf_action_results **out, sf_error *err)
{
    sfi_buf path = { 0 }, body = { 0 };
    char what[WHAT_BYTES];
    sf_action_results *results = sfi_calloc(sizeof *results);
    (void)snprintf(what, sizeof what, "action %.80s", action);
    sfi_buf_add_str(&path, "actions");
    sf_status rc = results != NULL ? add_steps(&path, action, err) : sfi_fail_memory(err, "results");
    sfi_buf_add_str(&body, "{\"inputs\":");
    sfi_buf_add(&body, json.ptr, json.len);
    sfi_buf_add_char(&body, '}');
    if (rc == SF_OK) rc = sfi_buf_status(&body, err, "an action's inputs");
    if (rc == SF_OK) {
        sfi_call_request request = { .path = path.data, .body = sfi_buf_str(&body), .options = call, .what = what };
        rc = sfi_results_run(sf, &request, results_flag, count, &results->r, err);
    }
    if (rc == SF_OK) {
        *out = results;
        results = NULL;
    }
    sf_action_results_free(results);
    sfi_buf_free(&path);
    sfi_buf_free(&body);
    return rc;
}

static sf_status check_count(size_t count, sf_error *err)
{
    if (count >= 1 && count <= SF_ACTION_INPUTS_MAX) return SF_OK;
    return sfi_fail(err, count == 0 ? SF_ERR_USAGE : SF_ERR_LIMIT, "%zu inputs; an invocation takes 1 to %d", count,
                    SF_ACTION_INPUTS_MAX);
}

sf_status sf_action_run(sf_client *sf, const char *action, const sf_record *const *inputs, size_t count,
                        const sf_call_options *call, sf_action_results **out, sf_error *err)
{
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || action == NULL || inputs == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the client, the action or the inputs are NULL");
    sf_status rc = check_count(count, err);
    sfi_buf json = { .max = SF_RECORD_BYTES_MAX }, one = { 0 };
    sfi_buf_add_char(&json, '[');
    for (size_t i = 0; rc == SF_OK && i < count; i++) {
        rc = sfi_record_check(inputs[i], err);
        sfi_buf_clear(&one);
        if (rc == SF_OK) rc = sfi_record_write(inputs[i], NULL, &one, err);
        if (rc != SF_OK) sfi_error_prefix(err, "input %zu", i + 1);
        if (i > 0) sfi_buf_add_char(&json, ',');
        sfi_buf_add(&json, one.data, one.len);
    }
    sfi_buf_add_char(&json, ']');
    if (rc == SF_OK) rc = sfi_buf_status(&json, err, "an action's inputs");
    if (rc == SF_OK) rc = invoke(sf, action, sfi_buf_str(&json), count, call, out, err);
    sfi_buf_free(&json);
    sfi_buf_free(&one);
    return rc;
}

/* An array of objects. */
static sf_status check_json(sf_str inputs, size_t *count, sf_error *err)
{
    sf_document *doc = NULL;
    sf_value one;
    sf_status rc = sfi_rest_parse("the inputs are no JSON", inputs, &doc, err);
    sf_value root = sf_document_root(doc);
    bool is_list = sf_value_type(root) == SF_ARRAY;
    for (sf_iter it = sf_iter_begin(root); is_list && sf_iter_next(&it, NULL, &one);)
        is_list = sf_value_type(one) == SF_OBJECT;
    if (rc == SF_OK && !is_list) rc = sfi_fail(err, SF_ERR_USAGE, "the inputs are no array of JSON objects");
    *count = sf_value_count(root);
    sf_document_free(doc);
    return rc == SF_OK ? check_count(*count, err) : rc;
}

sf_status sf_action_run_json(sf_client *sf, const char *action, sf_str inputs, const sf_call_options *call,
                             sf_action_results **out, sf_error *err)
{
    size_t count = 0;
    if (out == NULL) return sfi_fail(err, SF_ERR_USAGE, "out is NULL");
    *out = NULL;
    if (sf == NULL || action == NULL || inputs.ptr == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "the client, the action or the inputs are NULL");
    sf_status rc = check_json(inputs, &count, err);
    return rc == SF_OK ? invoke(sf, action, inputs, count, call, out, err) : rc;
}

/* ---- results ---- */

size_t sf_action_results_count(const sf_action_results *r)
{
    return r != NULL ? r->r.count : 0;
}

size_t sf_action_results_failed(const sf_action_results *r)
{
    return r != NULL ? r->r.failed : 0;
}

bool sf_action_results_get(const sf_action_results *r, size_t index, sf_action_result *out)
{
    if (r == NULL || out == NULL || index >= r->r.count) return false;
    sf_value v = r->r.list[index];
    *out = (sf_action_result){
        .index = index, .failed = sfi_result_failed(v, results_flag), .outputs = sf_get(v, "outputValues"), .body = v
    };
    return true;
}

sf_value sf_action_results_body(const sf_action_results *r)
{
    return r != NULL ? sf_document_root(r->r.doc) : (sf_value){ 0 };
}

sf_status sf_action_result_check(const sf_action_result *result, sf_error *err)
{
    if (result == NULL) return sfi_fail(err, SF_ERR_USAGE, "the result is NULL");
    char what[WHAT_BYTES];
    const char *name = sf_get_str(result->body, "actionName");
    (void)snprintf(what, sizeof what, "%.60s, input %zu", name != NULL ? name : "action", result->index + 1);
    return sfi_result_check(result->body, results_flag, what, err);
}

void sf_action_results_free(sf_action_results *r)
{
    if (r == NULL) return;
    sfi_results_clear(&r->r);
    sfi_free(r);
}
