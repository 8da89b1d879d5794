/* rest_actions.c: /actions: which invocable actions there are, what they take, and invoking them. Each input is answered by one
 * entry in its order; an input that fails makes the whole answer a 400 in which the others stay done. */
#include "api/actions.h"
#include "api/rest.h"

enum { NEW_RESULT_FROM = 55 /* API version whose results tell of invocations */ };

static const char *const custom_kinds[] = { "apex", "emailAlert", "flow", "quickAction", "sendNotification" };

void sfo_write_action_errors(sfi_json_writer *w, const sfo_fault *fault)
{
    sfi_json_begin_array(w);
    sfi_json_begin_object(w);
    sfo_fault_write_members(fault, w);
    sfi_json_end_object(w);
    sfi_json_end_array(w);
}

/* ---- which action ---- */

/* One of either kind, as the path names it. */
typedef struct chosen {
    const sfo_action *action;
    const sfo_quick_action *quick;
} chosen;

static bool is_shadowed(const sfo_action_set *set, size_t i)
{
    for (size_t k = i + 1; k < set->count; k++)
        if (strcmp(set->actions[k].kind, set->actions[i].kind) == 0 &&
            set->actions[k].object == set->actions[i].object &&
            sfi_eq_nocase(set->actions[k].name, set->actions[i].name))
            return true;
    return false;
}

static const sfo_action *find(const sfo_call *call, const char *kind, const sfo_object *object, sf_str name)
{
    const sfo_action_set *set = call->org->actions;
    for (size_t i = set->count; i-- > 0;) /* the file's own win */
        if (strcmp(set->actions[i].kind, kind) == 0 && set->actions[i].object == object &&
            sfi_str_is_nocase(name, set->actions[i].name))
            return &set->actions[i];
    return NULL;
}

static const char *kind_of(sf_str name)
{
    for (size_t i = 0; i < SFI_COUNT_OF(custom_kinds); i++)
        if (sfi_str_is_nocase(name, custom_kinds[i])) return custom_kinds[i];
    return NULL;
}

static bool has_objects(const char *kind)
{
    return strcmp(kind, "quickAction") == 0 || strcmp(kind, "emailAlert") == 0;
}

/* ---- lists ---- */

static void write_link(sfo_call *call, sfi_json_writer *w, const char *key, const char *tail)
{
    char url[400];
    (void)snprintf(url, sizeof url, "/services/data/v%s/actions/%.300s", call->version, tail);
    sfi_json_key(w, key);
    sfi_json_string(w, url);
}

void sfo_rest_actions(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    write_link(call, &w, "standard", "standard");
    write_link(call, &w, "custom", "custom");
    sfi_json_end_object(&w);
}

void sfo_rest_actions_custom(sfo_call *call)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < SFI_COUNT_OF(custom_kinds); i++) {
        char tail[64];
        (void)snprintf(tail, sizeof tail, "custom/%s", custom_kinds[i]); /* fits */
        write_link(call, &w, custom_kinds[i], tail);
    }
    sfi_json_end_object(&w);
}

static void write_entry(sfo_call *call, sfi_json_writer *w, const char *label, const char *name, const char *type,
                        const char *folder)
{
    char tail[320];
    (void)snprintf(tail, sizeof tail, "%s/%.100s", folder, name);
    sfi_json_begin_object(w);
    sfi_json_key(w, "label");
    sfi_json_string(w, label);
    sfi_json_key(w, "name");
    sfi_json_string(w, name);
    sfi_json_key(w, "type");
    sfi_json_string(w, type);
    write_link(call, w, "url", tail);
    sfi_json_end_object(w);
}

static bool is_of(const sfo_quick_action *q, const sfo_object *o)
{
    return q->context == o && q->target != NULL;
}

/* {"actions":[…]} of one kind, and of one object where the kind has them. */
static void answer_list(sfo_call *call, const char *kind, const sfo_object *o)
{
    const sfo_action_set *set = call->org->actions;
    char folder[200];
    (void)snprintf(folder, sizeof folder, "%s%s%s%.100s", strcmp(kind, "standard") == 0 ? "" : "custom/", kind,
                   o != NULL ? "/" : "", o != NULL ? o->name : "");
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "actions");
    sfi_json_begin_array(&w);
    if (strcmp(kind, "quickAction") == 0) {
        for (size_t i = 0; i < set->quick_count; i++)
            if (is_of(&set->quick[i], o) && sfo_quick_find(call, o, sfi_str(set->quick[i].name)) == &set->quick[i])
                write_entry(call, &w, set->quick[i].label, set->quick[i].name, "QUICK_ACTION", folder);
    }
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->actions[i].kind, kind) == 0 && set->actions[i].object == o && !is_shadowed(set, i))
            write_entry(call, &w, set->actions[i].label, set->actions[i].name, set->actions[i].type, folder);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
}

static bool object_has(const sfo_action_set *set, const char *kind, const sfo_object *o)
{
    if (strcmp(kind, "quickAction") == 0)
        for (size_t i = 0; i < set->quick_count; i++)
            if (is_of(&set->quick[i], o)) return true;
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->actions[i].kind, kind) == 0 && set->actions[i].object == o) return true;
    return false;
}

/* Objects that have actions of the kind: {"Account":"/services/data/v62.0/actions/custom/quickAction/Account"}. */
static void answer_objects(sfo_call *call, const char *kind)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    for (size_t i = 0; i < sfo_schema_count(call->org->schema); i++) {
        const sfo_object *o = sfo_schema_at(call->org->schema, i);
        char tail[200];
        if (!object_has(call->org->actions, kind, o)) continue;
        (void)snprintf(tail, sizeof tail, "custom/%s/%.100s", kind, o->name);
        write_link(call, &w, o->name, tail);
    }
    sfi_json_end_object(&w);
}

void sfo_rest_actions_standard(sfo_call *call)
{
    answer_list(call, "standard", NULL);
}

void sfo_rest_actions_kind(sfo_call *call)
{
    const char *kind = kind_of(call->args[0]);
    if (kind == NULL)
        sfo_answer_not_found(call);
    else if (has_objects(kind))
        answer_objects(call, kind);
    else
        answer_list(call, kind, NULL);
}

/* ---- describe ---- */

static void write_parameter(sfi_json_writer *w, const sfo_parameter *p, bool is_input)
{
    sfi_json_begin_object(w);
    if (is_input) {
        sfi_json_key(w, "apexClass");
        sfi_json_null(w);
        sfi_json_key(w, "byteLength");
        sfi_json_int(w, 0);
    }
    sfi_json_key(w, "description");
    sfi_json_string(w, p->description);
    sfi_json_key(w, "label");
    sfi_json_string(w, p->label);
    sfi_json_key(w, "maxOccurs");
    sfi_json_int(w, p->occurs_max);
    sfi_json_key(w, "name");
    sfi_json_string(w, p->name);
    sfi_json_key(w, "picklistValues");
    sfi_json_null(w);
    if (is_input) {
        sfi_json_key(w, "required");
        sfi_json_bool(w, p->required);
    }
    sfi_json_key(w, "sobjectType");
    sfi_json_string(w, p->sobject_type);
    sfi_json_key(w, "type");
    sfi_json_string(w, p->type);
    sfi_json_end_object(w);
}

typedef struct described {
    const char *category, *description, *label, *name, *type, *target;
    bool standard;
    const sfo_parameter *inputs, *outputs;
    size_t input_count, output_count;
} described;

static void answer_describe(sfo_call *call, const described *d)
{
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "category");
    sfi_json_string(&w, d->category);
    sfi_json_key(&w, "description");
    sfi_json_string(&w, d->description);
    sfi_json_key(&w, "inputs");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < d->input_count; i++) write_parameter(&w, &d->inputs[i], true);
    sfi_json_end_array(&w);
    sfi_json_key(&w, "label");
    sfi_json_string(&w, d->label);
    sfi_json_key(&w, "name");
    sfi_json_string(&w, d->name);
    sfi_json_key(&w, "outputs");
    sfi_json_begin_array(&w);
    for (size_t i = 0; i < d->output_count; i++) write_parameter(&w, &d->outputs[i], false);
    sfi_json_end_array(&w);
    sfi_json_key(&w, "standard");
    sfi_json_bool(&w, d->standard);
    sfi_json_key(&w, "targetEntityName");
    sfi_json_string(&w, d->target);
    sfi_json_key(&w, "type");
    sfi_json_string(&w, d->type);
    sfi_json_end_object(&w);
}

static void describe_action(sfo_call *call, const sfo_action *a)
{
    const described d = { .category = a->category,
                          .description = a->description,
                          .label = a->label,
                          .name = a->name,
                          .type = a->type,
                          .target = a->object != NULL ? a->object->name : NULL,
                          .standard = strcmp(a->kind, "standard") == 0,
                          .inputs = a->inputs,
                          .input_count = a->input_count,
                          .outputs = a->outputs,
                          .output_count = a->output_count };
    answer_describe(call, &d);
}

/* "textarea" is TEXTAREA. */
static const char *upper(sfo_call *call, const char *text)
{
    char *out = sfi_arena_strndup(&call->arena, text, strlen(text));
    for (char *c = out; c != NULL && *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    return out;
}

static void describe_quick(sfo_call *call, const sfo_quick_action *q)
{
    static const sfo_parameter outputs[] = {
        { .name = "contextId", .label = "Context ID", .type = "ID", .occurs_max = 1 },
        { .name = "entityId", .label = "Entity ID", .type = "ID", .occurs_max = 1 },
        { .name = "feedItemIds", .label = "Feed Item IDs", .type = "ID", .occurs_max = 200 },
    };
    sfo_parameter *inputs = sfi_arena_alloc(&call->arena, (q->field_count + 1) * sizeof *inputs);
    if (inputs == NULL) return;
    inputs[0] = (sfo_parameter){
        .name = "contextId", .label = "Context ID", .type = "ID", .required = q->context != NULL, .occurs_max = 1
    };
    for (size_t i = 0; i < q->field_count; i++)
        inputs[i + 1] = (sfo_parameter){ .name = q->fields[i]->name,
                                         .label = q->fields[i]->label,
                                         .type = upper(call, q->fields[i]->type_name),
                                         .occurs_max = 1 };
    const described d = { .label = q->label,
                          .name = q->name,
                          .type = "QUICK_ACTION",
                          .target = q->context != NULL ? q->context->name : NULL,
                          .inputs = inputs,
                          .input_count = q->field_count + 1,
                          .outputs = outputs,
                          .output_count = SFI_COUNT_OF(outputs) };
    answer_describe(call, &d);
}

/* ---- invoke ---- */

/* {"contextId":…,"entityId":…,"feedItemIds":[null]} */
static bool run_quick(sfo_call *call, const sfo_quick_action *q, sf_value input, sfi_buf *outputs, sfo_fault *f)
{
    sf_id id = { "" };
    bool created = false;
    sf_str key;
    sf_value v;
    sfi_buf text = { 0 };
    sfi_json_writer w = sfi_json_write_to(&text);
    sf_document *record = NULL;
    sfi_json_begin_object(&w);
    for (sf_iter it = sf_iter_begin(input); sf_iter_next(&it, &key, &v);) {
        if (sfi_str_is(key, "contextId")) continue;
        sfi_json_key_n(&w, key);
        sfi_json_write_value(&w, v);
    }
    sfi_json_end_object(&w);
    bool ok = !text.failed && sf_document_parse(text.data, text.len, &record, NULL) == SF_OK;
    if (!ok) (void)sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred: no memory");
    ok = ok && sfo_quick_run(call, q, sf_get_text(input, "contextId"), sf_document_root(record), &id, &created, f);
    sf_document_free(record);
    sfi_buf_free(&text);
    if (!ok) return false;
    w = sfi_json_write_to(outputs);
    sf_str context_id = sf_get_text(input, "contextId");
    sfi_json_begin_object(&w);
    sfi_json_key(&w, "contextId");
    if (context_id.ptr != NULL)
        sfi_json_string_n(&w, context_id);
    else
        sfi_json_null(&w);
    sfi_json_key(&w, "entityId");
    sfi_json_string(&w, id.text);
    sfi_json_key(&w, "feedItemIds");
    sfi_json_begin_array(&w);
    sfi_json_null(&w);
    sfi_json_end_array(&w);
    sfi_json_end_object(&w);
    return true;
}

static void invoke_one(sfo_call *call, const chosen *c, sf_value input, sfi_json_writer *w)
{
    sfi_buf outputs = { 0 };
    sfo_fault fault = { 0 };
    bool is_new = call->version_number >= NEW_RESULT_FROM;
    bool ok = c->action != NULL ? sfo_action_run(call, c->action, input, &outputs, &fault)
                                : run_quick(call, c->quick, input, &outputs, &fault);
    if (!ok) call->response->status = 400;
    sfi_json_begin_object(w);
    sfi_json_key(w, "actionName");
    sfi_json_string(w, c->action != NULL ? c->action->name : c->quick->name);
    sfi_json_key(w, "errors");
    if (ok)
        sfi_json_null(w);
    else
        sfo_write_action_errors(w, &fault);
    if (is_new) sfi_json_put_null(w, "invocationId");
    sfi_json_key(w, "isSuccess");
    sfi_json_bool(w, ok);
    if (is_new) sfi_json_put_null(w, "outcome");
    sfi_json_key(w, "outputValues");
    if (ok)
        sfi_json_raw_text(w, sfi_buf_str(&outputs));
    else
        sfi_json_null(w);
    if (is_new) {
        sfi_json_key(w, "sortOrder");
        sfi_json_int(w, -1);
        sfi_json_key(w, "version");
        sfi_json_int(w, 1);
    }
    sfi_json_end_object(w);
    sfo_fault_clear(&fault);
    sfi_buf_free(&outputs);
}

static void invoke(sfo_call *call, const chosen *c)
{
    sf_value body, input;
    if (!sfo_call_body(call, &body)) return;
    sf_value inputs = sf_get(body, "inputs");
    size_t count = sf_value_count(inputs);
    if (sf_value_type(inputs) != SF_ARRAY || count == 0) {
        sfo_answer_error(call, 400, "REQUIRED_FIELD_MISSING", "inputs is a list of 1 to %d objects", SFO_INPUTS_MAX);
        return;
    }
    if (count > SFO_INPUTS_MAX) {
        sfo_answer_error(call, 400, "LIMIT_EXCEEDED", "%zu inputs are more than the %d of one call", count,
                         SFO_INPUTS_MAX);
        return;
    }
    sfi_json_writer w = sfo_answer_json(call, 200);
    sfi_json_begin_array(&w);
    for (sf_iter it = sf_iter_begin(inputs); sf_iter_next(&it, NULL, &input);) invoke_one(call, c, input, &w);
    sfi_json_end_array(&w);
}

/* ---- doors: GET describes (or lists), POST invokes ---- */

static void describe_or_invoke(sfo_call *call, const chosen *c)
{
    if (c->action == NULL && c->quick == NULL)
        sfo_answer_not_found(call);
    else if (strcmp(call->request->method, "POST") == 0)
        invoke(call, c);
    else if (c->action != NULL)
        describe_action(call, c->action);
    else
        describe_quick(call, c->quick);
}

/* actions/standard/{name} */
void sfo_rest_action_standard(sfo_call *call)
{
    const chosen c = { .action = find(call, "standard", NULL, call->args[0]) };
    describe_or_invoke(call, &c);
}

/* actions/custom/{kind}/{name}, or the list of an object's */
void sfo_rest_action_custom(sfo_call *call)
{
    const char *kind = kind_of(call->args[0]);
    const sfo_object *o = sfo_schema_object(call->org->schema, call->args[1]);
    if (kind != NULL && has_objects(kind) && o != NULL && strcmp(call->request->method, "POST") != 0) {
        answer_list(call, kind, o);
        return;
    }
    const chosen c = { .action = kind != NULL && !has_objects(kind) ? find(call, kind, NULL, call->args[1]) : NULL };
    describe_or_invoke(call, &c);
}

/* actions/custom/{kind}/{object}/{name} */
void sfo_rest_action_of_object(sfo_call *call)
{
    const char *kind = kind_of(call->args[0]);
    const sfo_object *o = sfo_schema_object(call->org->schema, call->args[1]);
    chosen c = { .action = NULL };
    if (kind != NULL && has_objects(kind) && o != NULL) {
        c.action = find(call, kind, o, call->args[2]);
        if (strcmp(kind, "quickAction") == 0) c.quick = sfo_quick_find(call, o, call->args[2]);
        if (c.quick != NULL && c.quick->target == NULL) c.quick = NULL;
    }
    describe_or_invoke(call, &c);
}
