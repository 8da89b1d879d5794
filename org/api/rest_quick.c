/* rest_quick.c: /quickActions and /sobjects/{O}/quickActions: lists, one action, its form, its values, doing it. The same
 * handlers serve both paths: with an object in the path its own actions come before the global ones. */
#include "api/actions.h"
#include "api/rest.h"

/* The path's object (NULL: a global path) and, from args[at], the action. false: the response is the 404. */
static bool find_action(sfo_call *call, const sfo_object **context, const sfo_quick_action **out)
{
    bool is_global = sfi_str_is_nocase(call->segments[3], "quickActions");
    *context = is_global ? NULL : sfo_call_object(call);
    if (!is_global && *context == NULL) return false;
    sf_str name = call->args[is_global ? 0 : 1];
    *out = sfo_quick_find(call, *context, name);
    if (*out == NULL && *context != NULL) *out = sfo_quick_find(call, NULL, name); /* a global one, by either path */
    if (*out == NULL) sfo_answer_not_found(call);
    return *out != NULL;
}

static sf_str record_arg(const sfo_call *call)
{
    return call->args[sfi_str_is_nocase(call->segments[3], "quickActions") ? 1 : 2];
}

/* ---- one action ---- */

static void write_url(sfo_call *call, sfi_json_writer *w, const sfo_quick_action *q, const char *key, const char *tail)
{
    char url[320];
    if (q->context == NULL)
        (void)snprintf(url, sizeof url, "/services/data/v%s/quickActions/%.80s%s", call->version, q->name, tail);
    else
        (void)snprintf(url, sizeof url, "/services/data/v%s/sobjects/%.80s/quickActions/%.80s%s", call->version,
                       q->context->name, q->name, tail);
    sfi_json_key(w, key);
    sfi_json_string(w, url);
}

static void write_urls(sfo_call *call, sfi_json_writer *w, const sfo_quick_action *q)
{
    sfi_json_key(w, "urls");
    sfi_json_begin_object(w);
    if (q->target != NULL) { /* feed actions have none */
        write_url(call, w, q, "defaultValues", "/defaultValues");
        write_url(call, w, q, "quickAction", "");
        write_url(call, w, q, "describe", "/describe");
        write_url(call, w, q, "defaultValuesTemplate", "/defaultValues/{ID}");
    }
    sfi_json_end_object(w);
}

static void write_entry(sfo_call *call, sfi_json_writer *w, const sfo_quick_action *q)
{
    sfi_json_begin_object(w);
    sfi_json_key(w, "actionEnumOrId");
    sfi_json_string(w, q->id[0] != '\0' ? q->id : q->name);
    sfi_json_key(w, "label");
    sfi_json_string(w, q->label);
    sfi_json_key(w, "name");
    sfi_json_string(w, q->name);
    sfi_json_key(w, "type");
    sfi_json_string(w, q->type);
    write_urls(call, w, q);
    sfi_json_end_object(w);
}

/* ---- lists ---- */

static void write_list(sfo_call *call, sfi_json_writer *w, const sfo_object *context)
{
    const sfo_action_set *set = call->org->actions;
    for (size_t i = 0; i < set->quick_count; i++) {
        const sfo_quick_action *q = &set->quick[i];
        if (q->context == context && sfo_quick_find(call, context, sfi_str(q->name)) == q) write_entry(call, w, q);
    }
}

void sfo_rest_quick_actions(sfo_call *call)
{
    const sfo_object *context = NULL;
    bool is_global = sfi_str_is_nocase(call->segments[3], "quickActions");
    if (!is_global && (context = sfo_call_object(call)) == NULL) return;
    if (sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    if (context != NULL) write_list(call, &w, context);
    write_list(call, &w, NULL);
    sfi_json_end_array(&w);
}

/* ---- its form ---- */

static void write_item(sfi_json_writer *w, const sfo_field *field, size_t number)
{
    sfi_json_begin_object(w);
    sfi_json_put_int(w, "numItems", 1);
    sfi_json_key(w, "layoutItems");
    sfi_json_begin_array(w);
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "editableForNew", field->createable);
    sfi_json_put_bool(w, "editableForUpdate", field->updateable);
    sfi_json_put_string(w, "label", field->label);
    sfi_json_key(w, "layoutComponents");
    sfi_json_begin_array(w);
    sfi_json_begin_object(w);
    sfi_json_put_int(w, "displayLines", 1);
    sfi_json_put_int(w, "tabOrder", (int64_t)number + 1);
    sfi_json_put_string(w, "type", "Field");
    sfi_json_put_string(w, "value", field->name);
    sfi_json_end_object(w);
    sfi_json_end_array(w);
    sfi_json_put_bool(w, "placeholder", false);
    sfi_json_put_bool(w, "required", !field->nillable && !field->defaulted_on_create && field->createable);
    sfi_json_end_object(w);
    sfi_json_end_array(w);
    sfi_json_end_object(w);
}

static void write_layout(sfi_json_writer *w, const sfo_quick_action *q)
{
    sfi_json_key(w, "layout");
    sfi_json_begin_object(w);
    sfi_json_put_bool(w, "collapsed", false);
    sfi_json_put_int(w, "columns", 1);
    sfi_json_put_string(w, "heading", q->label);
    sfi_json_key(w, "layoutRows");
    sfi_json_begin_array(w);
    for (size_t i = 0; i < q->field_count; i++) write_item(w, q->fields[i], i);
    sfi_json_end_array(w);
    sfi_json_put_null(w, "layoutSectionId");
    sfi_json_put_null(w, "parentLayoutId");
    sfi_json_put_int(w, "rows", (int64_t)q->field_count);
    sfi_json_put_string(w, "tabOrder", "TopToBottom");
    sfi_json_put_bool(w, "useCollapsibleSection", false);
    sfi_json_put_bool(w, "useHeading", false);
    sfi_json_end_object(w);
}

static void write_default_values(sfi_json_writer *w, const sfo_quick_action *q)
{
    sf_document *doc = NULL;
    sf_str key;
    sf_value v;
    sfi_json_key(w, "defaultValues");
    if (q->defaults.ptr == NULL || sf_document_parse(q->defaults.ptr, q->defaults.len, &doc, NULL) != SF_OK) {
        sfi_json_null(w);
        return;
    }
    sfi_json_begin_array(w);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, &key, &v);) {
        sfi_json_begin_object(w);
        sfi_json_key(w, "defaultValue");
        sfi_json_write_value(w, v);
        sfi_json_key(w, "field");
        sfi_json_string_n(w, key);
        sfi_json_end_object(w);
    }
    sfi_json_end_array(w);
    sf_document_free(doc);
}

/* The members of a describe, in the order of their names; the action itself has its urls among them. */
static void write_describe(sfo_call *call, sfi_json_writer *w, const sfo_quick_action *q, bool with_urls)
{
    sfi_json_begin_object(w);
    sfi_json_put_null(w, "accessLevelRequired");
    sfi_json_put_string(w, "actionEnumOrId", q->id[0] != '\0' ? q->id : q->name);
    sfi_json_put_null(w, "canvasApplicationId");
    sfi_json_put_null(w, "canvasApplicationName");
    sfi_json_key(w, "colors");
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
    sfi_json_put_string(w, "contextSobjectType", q->context != NULL ? q->context->name : NULL);
    write_default_values(w, q);
    sfi_json_put_null(w, "flowDevName");
    sfi_json_put_null(w, "flowRecordIdVar");
    sfi_json_put_null(w, "height");
    sfi_json_put_null(w, "iconName");
    sfi_json_put_null(w, "iconUrl");
    sfi_json_key(w, "icons");
    sfi_json_begin_array(w);
    sfi_json_end_array(w);
    sfi_json_put_string(w, "label", q->label);
    write_layout(w, q);
    sfi_json_put_null(w, "lightningComponentBundleId");
    sfi_json_put_null(w, "lightningComponentBundleName");
    sfi_json_put_null(w, "lightningComponentQualifiedName");
    sfi_json_put_null(w, "miniIconUrl");
    sfi_json_put_string(w, "name", q->name);
    sfi_json_put_bool(w, "showQuickActionLcHeader", false);
    sfi_json_put_bool(w, "showQuickActionVfHeader", false);
    sfi_json_put_string(w, "targetParentField", q->parent);
    sfi_json_put_null(w, "targetRecordTypeId");
    sfi_json_put_string(w, "targetSobjectType", q->target != NULL ? q->target->name : NULL);
    sfi_json_put_string(w, "type", q->type);
    if (with_urls) write_urls(call, w, q);
    sfi_json_put_null(w, "visualforcePageName");
    sfi_json_put_null(w, "visualforcePageUrl");
    sfi_json_put_null(w, "width");
    sfi_json_end_object(w);
}

void sfo_rest_quick_action(sfo_call *call)
{
    const sfo_object *context;
    const sfo_quick_action *q;
    if (!find_action(call, &context, &q) || sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_describe(call, &w, q, true);
}

void sfo_rest_quick_describe(sfo_call *call)
{
    const sfo_object *context;
    const sfo_quick_action *q;
    if (!find_action(call, &context, &q) || sfo_answer_if_known(call)) return;
    sfi_json_writer w = sfo_answer_json(call, 200);
    write_describe(call, &w, q, false);
}

void sfo_rest_quick_defaults(sfo_call *call)
{
    const sfo_object *context;
    const sfo_quick_action *q;
    sfo_fault fault = { 0 };
    if (!find_action(call, &context, &q)) return;
    sf_str id = record_arg(call);
    if (q->target == NULL) {
        sfo_answer_not_found(call);
        return;
    }
    if (id.ptr == NULL && sfo_answer_if_known(call)) return; /* of a record they change with it */
    sfi_json_writer w = sfo_answer_json(call, 200);
    if (sfo_quick_defaults(call, q, id, &w, &fault)) {
        char date[32];
        sfi_http_date_format(sfi_wall_ms() + (int64_t)86400 * 1000, date);
        sfo_response_header(call->response, "Expires", "%s", date);
    } else if (id.ptr != NULL && fault.http_status == 400) {
        sfo_fault_clear(&fault);
        sfo_answer_not_found(call);
    } else {
        sfo_answer_fault(call, &fault);
    }
}

/* ---- doing it ---- */

static void write_done(sfo_call *call, const sfo_quick_action *q, sf_str context_id, const sf_id *id, bool created)
{
    sfi_json_writer w = sfo_answer_json(call, created ? 201 : 200);
    sf_id full = { "" };
    bool has_context = context_id.len > 0 && sfo_id_normalize(context_id, &full);
    sfi_json_begin_object(&w);
    sfi_json_put_string(&w, "contextId", has_context ? full.text : NULL);
    sfi_json_put_bool(&w, "created", created);
    sfi_json_key(&w, "errors");
    sfi_json_begin_array(&w);
    sfi_json_end_array(&w);
    sfi_json_key(&w, "feedItemIds");
    sfi_json_begin_array(&w);
    sfi_json_null(&w);
    sfi_json_end_array(&w);
    sfi_json_put_string(&w, "id", id->text);
    sfi_json_put_null(&w, "ids");
    sfi_json_put_bool(&w, "success", true);
    sfi_json_put_string(&w, "successMessage", q->success_message);
    sfi_json_end_object(&w);
}

void sfo_rest_quick_invoke(sfo_call *call)
{
    const sfo_object *context;
    const sfo_quick_action *q;
    sf_value body;
    sf_id id = { "" };
    bool created = false;
    sfo_fault fault = { 0 };
    if (!find_action(call, &context, &q) || !sfo_call_body(call, &body)) return;
    sf_str context_id = sf_get_text(body, "contextId");
    if (context_id.ptr == NULL) context_id = sf_get_text(body, "parentId"); /* as 28.0 had it */
    sf_value record = sf_get(body, "record");
    if (sf_value_type(record) != SF_OBJECT && sf_value_type(record) != SF_MISSING && sf_value_type(record) != SF_NULL) {
        sfo_answer_error(call, 400, "JSON_PARSER_ERROR", "record is not an object");
        return;
    }
    if (sfo_quick_run(call, q, context_id, record, &id, &created, &fault))
        write_done(call, q, context_id, &id, created);
    else
        sfo_answer_fault(call, &fault);
}
