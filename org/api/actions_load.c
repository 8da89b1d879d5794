/* actions_load.c: the definitions of actions, see actions.h. Read once, while the org starts, into one arena; templates stay
 * JSON text, which each call reads for itself. */
#include "api/actions.h"
#include "store/criteria.h"

typedef struct loader {
    const sfo_schema *schema;
    sfi_arena *arena;
    sf_error *err;
    char what[200]; /* begins messages: which definition */
    bool failed;    /* no memory */
} loader;

static const char *keep(loader *l, sf_value v, const char *member)
{
    return sfo_keep_text(l->arena, v, member, &l->failed);
}

static sf_str keep_json(loader *l, sf_value v, const char *member)
{
    if (sf_value_type(sf_get(v, member)) == SF_NULL) return (sf_str){ NULL, 0 };
    return sfo_keep_json(l->arena, v, member, &l->failed);
}

static sf_status status_of(loader *l)
{
    return l->failed ? sfi_fail_memory(l->err, "definitions of actions") : SF_OK;
}

/* A member that names an object. need: it may not be missing. */
static sf_status keep_object(loader *l, sf_value v, const char *member, bool need, const sfo_object **out)
{
    sf_str name = sf_get_text(v, member);
    *out = name.ptr != NULL ? sfo_schema_object(l->schema, name) : NULL;
    if (*out != NULL || (name.ptr == NULL && !need)) return SF_OK;
    return sfi_fail(l->err, SF_ERR_USAGE, "%s: \"%s\" is unknown: \"%.*s\"", l->what, member, (int)name.len,
                    name.ptr != NULL ? name.ptr : "");
}

static sf_status begin(loader *l, sf_value v, const char *kind, const char **name)
{
    *name = keep(l, v, "name");
    if (l->failed) return status_of(l);
    if (*name == NULL || **name == '\0') return sfi_fail(l->err, SF_ERR_USAGE, "%s: one has no \"name\"", kind);
    (void)snprintf(l->what, sizeof l->what, "%s: %.80s", kind, *name);
    return SF_OK;
}

/* ---- quick actions ---- */

static sf_status read_fields(loader *l, sf_value v, sfo_quick_action *q)
{
    sf_value list = sf_get(v, "fields"), name;
    size_t count = sf_value_count(list), n = 0;
    const sfo_field **fields = sfi_arena_alloc(l->arena, (count + 1) * sizeof *fields);
    if (fields == NULL) return sfi_fail_memory(l->err, "definitions of actions");
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &name);) {
        sf_str text = sf_get_text(name, NULL);
        fields[n] = q->target != NULL && text.ptr != NULL ? sfo_object_field(q->target, text) : NULL;
        if (fields[n++] == NULL)
            return sfi_fail(l->err, SF_ERR_USAGE, "%s: \"fields\" names no field of %s: \"%.*s\"", l->what,
                            q->target != NULL ? q->target->name : "nothing", (int)text.len,
                            text.ptr != NULL ? text.ptr : "");
    }
    q->fields = fields;
    q->field_count = count;
    return SF_OK;
}

static sf_status read_quick(loader *l, sf_value v, size_t number, sfo_quick_action *q)
{
    static const char *const types[] = { "Create", "Update", "LogACall", "SendEmail", "Post" };
    sf_status rc = begin(l, v, "quickActions", &q->name);
    if (rc != SF_OK) return rc;
    sf_str type = sf_get_text(v, "type");
    for (size_t i = 0; type.ptr != NULL && i < SFI_COUNT_OF(types); i++)
        if (sfi_str_is_nocase(type, types[i])) q->type = types[i];
    if (q->type == NULL)
        return sfi_fail(l->err, SF_ERR_USAGE, "%s: \"type\" is Create, Update, LogACall, SendEmail or Post", l->what);
    bool is_post = strcmp(q->type, "Post") == 0;
    rc = keep_object(l, v, "object", strcmp(q->type, "Update") == 0, &q->context);
    if (rc == SF_OK) rc = keep_object(l, v, "targetObject", strcmp(q->type, "Create") == 0, &q->target);
    if (rc == SF_OK && q->target == NULL && !is_post)
        q->target = strcmp(q->type, "Update") == 0 ? q->context : sfo_schema_object(l->schema, SFI_STR("Task"));
    if (rc == SF_OK) rc = read_fields(l, v, q);
    if (rc != SF_OK) return rc;
    q->label = keep(l, v, "label");
    if (q->label == NULL) q->label = q->name;
    q->parent = keep(l, v, "parentField");
    if (q->parent != NULL && (q->target == NULL || sfo_object_field(q->target, sfi_str(q->parent)) == NULL))
        return sfi_fail(l->err, SF_ERR_USAGE, "%s: \"parentField\" is no field of its object: \"%.80s\"", l->what,
                        q->parent);
    q->defaults = keep_json(l, v, "defaults");
    q->success_message = keep(l, v, "successMessage");
    if (!is_post) (void)snprintf(q->id, sizeof q->id, "09D0000000%05zu", number % 100000); /* 15 characters */
    return status_of(l);
}

/* ---- invocable actions ---- */

static sf_status read_parameters(loader *l, sf_value v, const char *member, const sfo_parameter **out, size_t *count)
{
    sf_value list = sf_get(v, member), one;
    size_t n = 0;
    *count = sf_value_count(list);
    if (*count > SFO_PARAMETERS_MAX)
        return sfi_fail(l->err, SF_ERR_USAGE, "%s: more than %d \"%s\"", l->what, SFO_PARAMETERS_MAX, member);
    sfo_parameter *all = sfi_arena_alloc(l->arena, (*count + 1) * sizeof *all);
    if (all == NULL) return sfi_fail_memory(l->err, "definitions of actions");
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &one); n++) {
        sfo_parameter *p = &all[n];
        *p = (sfo_parameter){ .name = keep(l, one, "name"),
                              .label = keep(l, one, "label"),
                              .description = keep(l, one, "description"),
                              .type = keep(l, one, "type"),
                              .sobject_type = keep(l, one, "sobjectType"),
                              .required = sf_get_bool(one, "required", false),
                              .occurs_max = sf_get_int(one, "maxOccurs", 1) };
        if (p->name == NULL && !l->failed)
            return sfi_fail(l->err, SF_ERR_USAGE, "%s: one of \"%s\" has no \"name\"", l->what, member);
        if (p->label == NULL) p->label = p->name;
        if (p->type == NULL) p->type = "STRING";
    }
    *out = all;
    return status_of(l);
}

static sf_status read_effect(loader *l, sf_value v, sfo_effect *e)
{
    static const struct {
        const char *name;
        sfo_effect_kind kind;
    } kinds[] = { { "create", SFO_EFFECT_CREATE }, { "update", SFO_EFFECT_UPDATE }, { "delete", SFO_EFFECT_DELETE },
                  { "email", SFO_EFFECT_EMAIL },   { "post", SFO_EFFECT_POST },     { "submit", SFO_EFFECT_SUBMIT } };
    sf_str name = sf_get_text(v, "do");
    bool known = false;
    for (size_t i = 0; name.ptr != NULL && i < SFI_COUNT_OF(kinds); i++) {
        if (!sfi_str_is_nocase(name, kinds[i].name)) continue;
        e->kind = kinds[i].kind;
        known = true;
    }
    if (!known)
        return sfi_fail(l->err, SF_ERR_USAGE, "%s: an effect's \"do\" is create, update, delete, email, post or submit",
                        l->what);
    sf_status rc = keep_object(l, v, "object", e->kind == SFO_EFFECT_CREATE, &e->object);
    if (rc != SF_OK) return rc;
    e->as = keep(l, v, "as");
    e->id = keep_json(l, v, "id");
    e->set = keep_json(l, v, "set");
    bool needs_id = e->kind == SFO_EFFECT_UPDATE || e->kind == SFO_EFFECT_DELETE;
    if (needs_id && e->id.ptr == NULL && !l->failed)
        return sfi_fail(l->err, SF_ERR_USAGE, "%s: an effect that changes a record has no \"id\"", l->what);
    return status_of(l);
}

static sf_status read_effects(loader *l, sf_value v, sfo_action *a)
{
    sf_value list = sf_get(v, "effects"), one;
    size_t count = sf_value_count(list), max = SFI_COUNT_OF(((sfo_scope *)0)->variables);
    if (count > max) return sfi_fail(l->err, SF_ERR_USAGE, "%s: more than %zu \"effects\"", l->what, max);
    sfo_effect *all = sfi_arena_alloc(l->arena, (count + 1) * sizeof *all);
    if (all == NULL) return sfi_fail_memory(l->err, "definitions of actions");
    memset(all, 0, (count + 1) * sizeof *all);
    sf_status rc = SF_OK;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && sf_iter_next(&it, NULL, &one);)
        rc = read_effect(l, one, &all[a->effect_count++]);
    a->effects = all;
    return rc;
}

static sf_status read_failures(loader *l, sf_value v, sfo_action *a)
{
    sf_value list = sf_get(v, "failsWhen"), one;
    sfo_failure *all = sfi_arena_alloc(l->arena, (sf_value_count(list) + 1) * sizeof *all);
    if (all == NULL) return sfi_fail_memory(l->err, "definitions of actions");
    for (sf_iter it = sf_iter_begin(list); sf_iter_next(&it, NULL, &one); a->failure_count++) {
        sfo_failure *f = &all[a->failure_count];
        const char *value = keep(l, one, "value");
        *f = (sfo_failure){ .input = keep(l, one, "input"),
                            .op = sfo_criterion_op(sf_get_text(one, "op")),
                            .value = sfi_str(value),
                            .code = keep(l, one, "code"),
                            .message = keep(l, one, "message"),
                            .late = sf_get_bool(one, "late", false) };
        if (!l->failed && (f->input == NULL || f->op < 0))
            return sfi_fail(l->err, SF_ERR_USAGE,
                            "%s: an entry of \"failsWhen\" has no \"input\", or an unknown \"op\"", l->what);
        if (f->code == NULL) f->code = "UNKNOWN_EXCEPTION";
        if (f->message == NULL) f->message = "An unexpected error occurred";
    }
    a->failures = all;
    return status_of(l);
}

/* "emailSimple" is EMAILSIMPLE. */
static const char *upper(loader *l, const char *text)
{
    char *out = text != NULL ? sfi_arena_strndup(l->arena, text, strlen(text)) : NULL;
    l->failed = l->failed || (text != NULL && out == NULL);
    for (char *c = out; c != NULL && *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    return out;
}

static sf_status read_action(loader *l, sf_value v, sfo_action *a)
{
    static const char *const kinds[] = { "standard", "flow", "apex", "emailAlert", "sendNotification" };
    sf_status rc = begin(l, v, "invocableActions", &a->name);
    if (rc != SF_OK) return rc;
    sf_str type = sf_get_text(v, "type");
    for (size_t i = 0; type.ptr != NULL && i < SFI_COUNT_OF(kinds); i++)
        if (sfi_str_is_nocase(type, kinds[i])) a->kind = kinds[i];
    if (a->kind == NULL)
        return sfi_fail(l->err, SF_ERR_USAGE, "%s: \"type\" is standard, flow, apex, emailAlert or sendNotification",
                        l->what);
    rc = keep_object(l, v, "object", strcmp(a->kind, "emailAlert") == 0, &a->object);
    if (rc == SF_OK) rc = read_parameters(l, v, "inputs", &a->inputs, &a->input_count);
    if (rc == SF_OK) rc = read_parameters(l, v, "outputs", &a->outputs, &a->output_count);
    if (rc == SF_OK) rc = read_effects(l, v, a);
    if (rc == SF_OK) rc = read_failures(l, v, a);
    if (rc != SF_OK) return rc;
    a->label = keep(l, v, "label");
    if (a->label == NULL) a->label = a->name;
    a->description = keep(l, v, "description");
    a->category = keep(l, v, "category");
    a->type = upper(l, strcmp(a->kind, "standard") == 0 ? a->name : a->kind);
    a->returns = keep_json(l, v, "returns");
    return status_of(l);
}

/* ---- all ---- */

static sf_status read_list(loader *l, sf_value quick, sf_value invocable, sfo_action_set *set)
{
    sf_value v;
    sf_status rc = SF_OK;
    if ((sf_value_type(quick) != SF_MISSING && sf_value_type(quick) != SF_ARRAY) ||
        (sf_value_type(invocable) != SF_MISSING && sf_value_type(invocable) != SF_ARRAY))
        return sfi_fail(l->err, SF_ERR_USAGE, "\"quickActions\" and \"invocableActions\" are lists");
    for (sf_iter it = sf_iter_begin(quick); rc == SF_OK && sf_iter_next(&it, NULL, &v); set->quick_count++)
        rc = read_quick(l, v, set->quick_count + 1, &set->quick[set->quick_count]);
    for (sf_iter it = sf_iter_begin(invocable); rc == SF_OK && sf_iter_next(&it, NULL, &v); set->count++)
        rc = read_action(l, v, &set->actions[set->count]);
    return rc;
}

sf_status sfo_actions_load(const sfo_schema *schema, sf_value standard_quick, sf_value standard_invocable,
                           sf_value quick, sf_value invocable, sfo_action_set **out, sf_error *err)
{
    *out = NULL;
    sfo_action_set *set = sfi_calloc(sizeof *set);
    if (set == NULL) return sfi_fail_memory(err, "definitions of actions");
    loader l = { .schema = schema, .arena = &set->arena, .err = err };
    set->quick = sfi_calloc_n(sf_value_count(standard_quick) + sf_value_count(quick) + 1, sizeof *set->quick);
    set->actions =
        sfi_calloc_n(sf_value_count(standard_invocable) + sf_value_count(invocable) + 1, sizeof *set->actions);
    sf_status rc = set->quick != NULL && set->actions != NULL ? SF_OK : sfi_fail_memory(err, "definitions of actions");
    if (rc == SF_OK) rc = read_list(&l, standard_quick, standard_invocable, set);
    if (rc == SF_OK) rc = read_list(&l, quick, invocable, set);
    if (rc == SF_OK) {
        *out = set;
        set = NULL;
    }
    sfo_actions_free(set);
    return rc;
}

void sfo_actions_free(sfo_action_set *set)
{
    if (set == NULL) return;
    sfi_free(set->quick);
    sfi_free(set->actions);
    sfi_arena_free(&set->arena);
    sfi_free(set);
}
