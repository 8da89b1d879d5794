/* graphql_fields.c: the fields of a selection once fragments, directives and variables are put in: see graphql.h. */
#include "api/graphql.h"

size_t sfo_gql_enter(sfo_gql *g, sf_str key)
{
    size_t before = strlen(g->path);
    (void)snprintf(g->path + before, sizeof g->path - before, "%s%.*s", before > 0 ? "/" : "",
                   (int)(key.len < 100 ? key.len : 100), key.ptr);
    return before;
}

void sfo_gql_leave(sfo_gql *g, size_t before)
{
    g->path[before] = '\0';
}

bool sfo_gql_invalid(sfo_gql *g, const sfo_gql_field *field, const char *kind, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sfo_gql_fail(&g->error, "ValidationError", field->at->line, field->at->column,
                        "Validation error of type %s: %s @ '%.300s'", kind, text, g->path);
}

static bool no_memory(sfo_gql *g)
{
    g->error.no_memory = true;
    return false;
}

/* ---- variables ---- */
static bool from_json(sfo_gql *g, sf_value v, sfo_gql_value *out)
{
    static const sfo_gql_kind kinds[] = {
        [SF_MISSING] = SFO_GQL_NULL, [SF_NULL] = SFO_GQL_NULL,     [SF_BOOL] = SFO_GQL_BOOL,
        [SF_NUMBER] = SFO_GQL_FLOAT, [SF_STRING] = SFO_GQL_STRING, [SF_OBJECT] = SFO_GQL_OBJECT,
        [SF_ARRAY] = SFO_GQL_LIST
    };
    sf_str key;
    sf_value member;
    *out = (sfo_gql_value){ .kind = kinds[sf_value_type(v)], .text = sf_get_text(v, NULL) };
    if (out->kind == SFO_GQL_FLOAT && memchr(out->text.ptr, '.', out->text.len) == NULL) out->kind = SFO_GQL_INT;
    if (out->kind != SFO_GQL_OBJECT && out->kind != SFO_GQL_LIST) return true;
    size_t bytes;
    if (!sfi_mul(sf_value_count(v) + 1, sizeof *out->members, &bytes)) return no_memory(g);
    out->members = sfi_arena_alloc(g->arena, bytes);
    if (out->members == NULL) return no_memory(g);
    for (sf_iter it = sf_iter_begin(v); sf_iter_next(&it, &key, &member);) {
        out->members[out->count].name = key;
        if (!from_json(g, member, &out->members[out->count].value)) return false;
        out->count++;
    }
    return true;
}

/* *absent: it has neither a value nor a default, which is not the same as null. */
static bool find_variable(sfo_gql *g, const sfo_gql_selection *at, sf_str name, sfo_gql_value *out, bool *absent)
{
    *absent = false;
    const sfo_gql_operation *o = g->operation;
    for (size_t i = 0; i < o->variable_count; i++) {
        const sfo_gql_variable *v = &o->variables[i];
        if (!sfi_str_eq(v->name, name)) continue;
        sf_str key;
        sf_value value;
        for (sf_iter it = sf_iter_begin(g->variables); sf_iter_next(&it, &key, &value);)
            if (sfi_str_eq(key, name)) return from_json(g, value, out);
        *out = v->has_default ? v->otherwise : (sfo_gql_value){ .kind = SFO_GQL_NULL };
        *absent = !v->has_default;
        if (!v->required || v->has_default) return true;
        return sfo_gql_fail(&g->error, "ValidationError", at->line, at->column,
                            "Variable '%.*s' has an invalid value: it is required, and was not given", (int)name.len,
                            name.ptr);
    }
    return sfo_gql_fail(&g->error, "ValidationError", at->line, at->column,
                        "Validation error of type UndefinedVariable: Undefined variable %.*s @ '%.300s'", (int)name.len,
                        name.ptr, g->path);
}

/* As deep as the document, or the variables' JSON. Members whose variable is absent are left out. */
static bool resolve(sfo_gql *g, const sfo_gql_selection *at, const sfo_gql_value *v, sfo_gql_value *out, bool *absent)
{
    *absent = false;
    *out = *v;
    if (v->kind == SFO_GQL_VARIABLE) return find_variable(g, at, v->text, out, absent);
    if ((v->kind != SFO_GQL_LIST && v->kind != SFO_GQL_OBJECT) || v->count == 0) return true;
    out->members = sfi_arena_alloc(g->arena, v->count * sizeof *out->members);
    out->count = 0;
    if (out->members == NULL) return no_memory(g);
    for (size_t i = 0; i < v->count; i++) {
        sfo_gql_arg *member = &out->members[out->count];
        bool left_out;
        member->name = v->members[i].name;
        if (!resolve(g, at, &v->members[i].value, &member->value, &left_out)) return false;
        if (!left_out || v->kind == SFO_GQL_LIST) out->count++;
    }
    return true;
}

bool sfo_gql_argument(sfo_gql *g, const sfo_gql_field *field, const char *name, sfo_gql_value *out)
{
    bool absent;
    *out = (sfo_gql_value){ .kind = SFO_GQL_NULL };
    for (size_t i = 0; i < field->at->arg_count; i++)
        if (sfi_str_is(field->at->args[i].name, name))
            return resolve(g, field->at, &field->at->args[i].value, out, &absent);
    return true;
}

const sfo_gql_value *sfo_gql_member(const sfo_gql_value *object, const char *name)
{
    for (size_t i = 0; object->kind == SFO_GQL_OBJECT && i < object->count; i++)
        if (sfi_str_is(object->members[i].name, name)) return &object->members[i].value;
    return NULL;
}

/* ---- selections ---- */

/* @skip(if:) and @include(if:); others change nothing here. */
static bool is_wanted(sfo_gql *g, const sfo_gql_selection *s, bool *wanted)
{
    *wanted = true;
    for (size_t i = 0; i < s->directive_count; i++) {
        const sfo_gql_directive *d = &s->directives[i];
        bool skip = sfi_str_is(d->name, "skip");
        if (!skip && !sfi_str_is(d->name, "include")) continue;
        sfo_gql_value value = { .kind = SFO_GQL_NULL };
        bool absent;
        for (size_t k = 0; k < d->arg_count; k++)
            if (sfi_str_is(d->args[k].name, "if") && !resolve(g, s, &d->args[k].value, &value, &absent)) return false;
        bool yes = value.kind == SFO_GQL_BOOL && sfi_str_is(value.text, "true");
        if (yes == skip) *wanted = false;
    }
    return true;
}

typedef struct collection {
    sfo_gql_fields *out;
    size_t cap;
    const char *type;
} collection;

static bool add_set(sfo_gql *g, sfo_gql_field *f, const sfo_gql_set *set)
{
    if (set->count == 0) return true;
    const sfo_gql_set **sets = sfi_arena_alloc(g->arena, (f->set_count + 1) * sizeof *sets);
    if (sets == NULL) return no_memory(g);
    if (f->set_count > 0) memcpy(sets, f->sets, f->set_count * sizeof *sets);
    sets[f->set_count++] = set;
    f->sets = sets;
    return true;
}

static bool add_field(sfo_gql *g, collection *c, const sfo_gql_selection *s)
{
    sfo_gql_fields *out = c->out;
    for (size_t i = 0; i < out->count; i++) {
        if (!sfi_str_eq(out->list[i].at->key, s->key)) continue;
        if (sfi_str_eq(out->list[i].at->name, s->name)) return add_set(g, &out->list[i], &s->set);
        return sfo_gql_fail(&g->error, "ValidationError", s->line, s->column,
                            "Validation error of type FieldsConflict: %.*s: they are different fields @ '%.300s'",
                            (int)s->key.len, s->key.ptr, g->path);
    }
    if (out->count == c->cap) {
        size_t cap = c->cap == 0 ? 8 : c->cap * 2;
        sfo_gql_field *list = sfi_arena_alloc(g->arena, cap * sizeof *list);
        if (list == NULL) return no_memory(g);
        if (out->count > 0) memcpy(list, out->list, out->count * sizeof *list);
        out->list = list;
        c->cap = cap;
    }
    out->list[out->count] = (sfo_gql_field){ .at = s };
    return add_set(g, &out->list[out->count++], &s->set);
}

static bool fits(const collection *c, sf_str type)
{
    return type.len == 0 || c->type == NULL || sfi_str_is(type, c->type) || sfi_str_is(type, "Record");
}

/* depth counts fragments in fragments, which may go round in a circle. */
static bool collect_set(sfo_gql *g, collection *c, const sfo_gql_set *set, int depth)
{
    for (size_t i = 0; i < set->count; i++) {
        const sfo_gql_selection *s = &set->items[i];
        bool wanted;
        if (++g->fields > SFO_GQL_FIELDS_MAX)
            return sfo_gql_fail(&g->error, "ValidationError", s->line, s->column,
                                "The query asks for more than %d fields", SFO_GQL_FIELDS_MAX);
        if (!is_wanted(g, s, &wanted)) return false;
        if (!wanted) continue;
        if (s->what == SFO_GQL_FIELD) {
            if (!add_field(g, c, s)) return false;
            continue;
        }
        const sfo_gql_set *inner = &s->set;
        sf_str type = s->name;
        if (s->what == SFO_GQL_SPREAD) {
            const sfo_gql_fragment *f = NULL;
            for (size_t k = 0; k < g->document->fragment_count; k++)
                if (sfi_str_eq(g->document->fragments[k].name, s->name)) f = &g->document->fragments[k];
            if (f == NULL)
                return sfo_gql_fail(&g->error, "ValidationError", s->line, s->column,
                                    "Validation error of type UndefinedFragment: Undefined fragment %.*s @ '%.300s'",
                                    (int)s->name.len, s->name.ptr, g->path);
            inner = &f->set;
            type = f->type;
        }
        if (depth > SFO_GQL_DEPTH_MAX)
            return sfo_gql_fail(&g->error, "ValidationError", s->line, s->column,
                                "Validation error of type FragmentCycle: Fragment cycles not allowed @ '%.300s'",
                                g->path);
        if (fits(c, type) && !collect_set(g, c, inner, depth + 1)) return false;
    }
    return true;
}

bool sfo_gql_collect(sfo_gql *g, const sfo_gql_set *const *sets, size_t set_count, const char *type,
                     sfo_gql_fields *out)
{
    *out = (sfo_gql_fields){ 0 };
    collection c = { .out = out, .type = type };
    for (size_t i = 0; i < set_count; i++)
        if (!collect_set(g, &c, sets[i], 0)) return false;
    return true;
}

bool sfo_gql_collect_below(sfo_gql *g, const sfo_gql_field *field, const char *type, sfo_gql_fields *out)
{
    return sfo_gql_collect(g, field->sets, field->set_count, type, out);
}

static sf_str type_of(const sfo_gql *g, const sfo_gql_selection *s)
{
    if (s->what == SFO_GQL_INLINE) return s->name;
    for (size_t k = 0; s->what == SFO_GQL_SPREAD && k < g->document->fragment_count; k++)
        if (sfi_str_eq(g->document->fragments[k].name, s->name)) return g->document->fragments[k].type;
    return (sf_str){ NULL, 0 };
}

size_t sfo_gql_types_below(const sfo_gql *g, const sfo_gql_field *field, sf_str *types, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < field->set_count; i++) {
        for (size_t k = 0; k < field->sets[i]->count && count < max; k++) {
            sf_str type = type_of(g, &field->sets[i]->items[k]);
            bool seen = type.len == 0;
            for (size_t n = 0; n < count; n++) seen = seen || sfi_str_eq(types[n], type);
            if (!seen) types[count++] = type;
        }
    }
    return count;
}
