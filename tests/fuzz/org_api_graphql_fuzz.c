/*
 * org_api_graphql_fuzz.c: any bytes into the GraphQL parser. Property: what was accepted, printed from its tree, is accepted
 * again and prints the same; what was refused says why.
 */
#include "api/graphql.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition) abort();
}

static void print_value(sfi_buf *out, const sfo_gql_value *v)
{
    if (v->kind == SFO_GQL_STRING) {
        sfi_json_escape(out, v->text);
    } else if (v->kind == SFO_GQL_LIST || v->kind == SFO_GQL_OBJECT) {
        bool named = v->kind == SFO_GQL_OBJECT;
        sfi_buf_add_char(out, named ? '{' : '[');
        for (size_t i = 0; i < v->count; i++) {
            if (named) sfi_buf_add(out, v->members[i].name.ptr, v->members[i].name.len);
            if (named) sfi_buf_add_char(out, ':');
            print_value(out, &v->members[i].value);
            sfi_buf_add_char(out, ' ');
        }
        sfi_buf_add_char(out, named ? '}' : ']');
    } else {
        if (v->kind == SFO_GQL_VARIABLE) sfi_buf_add_char(out, '$');
        sfi_buf_add(out, v->text.ptr, v->text.len);
    }
}

static void print_args(sfi_buf *out, const sfo_gql_arg *args, size_t count)
{
    if (count == 0) return;
    sfi_buf_add_char(out, '(');
    for (size_t i = 0; i < count; i++) {
        sfi_buf_add(out, args[i].name.ptr, args[i].name.len);
        sfi_buf_add_char(out, ':');
        print_value(out, &args[i].value);
        sfi_buf_add_char(out, ' ');
    }
    sfi_buf_add_char(out, ')');
}

static void print_set(sfi_buf *out, const sfo_gql_set *set)
{
    if (set->count == 0) return;
    sfi_buf_add_char(out, '{');
    for (size_t i = 0; i < set->count; i++) {
        const sfo_gql_selection *s = &set->items[i];
        if (s->what == SFO_GQL_FIELD && !sfi_str_eq(s->key, s->name))
            sfi_buf_addf(out, "%.*s:", (int)s->key.len, s->key.ptr);
        if (s->what != SFO_GQL_FIELD) sfi_buf_add_str(out, "...");
        if (s->what == SFO_GQL_INLINE && s->name.len > 0) sfi_buf_add_str(out, "on ");
        sfi_buf_add(out, s->name.ptr != NULL ? s->name.ptr : "", s->name.len);
        print_args(out, s->args, s->arg_count);
        for (size_t k = 0; k < s->directive_count; k++) {
            sfi_buf_addf(out, "@%.*s", (int)s->directives[k].name.len, s->directives[k].name.ptr);
            print_args(out, s->directives[k].args, s->directives[k].arg_count);
        }
        print_set(out, &s->set);
        sfi_buf_add_char(out, ' ');
    }
    sfi_buf_add_char(out, '}');
}

static void print_document(sfi_buf *out, const sfo_gql_document *d)
{
    for (size_t i = 0; i < d->operation_count; i++) {
        const sfo_gql_operation *o = &d->operations[i];
        sfi_buf_addf(out, "%.*s %.*s", (int)o->kind.len, o->kind.ptr, (int)o->name.len,
                     o->name.len > 0 ? o->name.ptr : "");
        for (size_t k = 0; k < o->variable_count; k++) {
            sfi_buf_addf(out, "%s$%.*s:T%s", k == 0 ? "(" : " ", (int)o->variables[k].name.len,
                         o->variables[k].name.ptr, o->variables[k].required ? "!" : "");
            if (o->variables[k].has_default) {
                sfi_buf_add_char(out, '=');
                print_value(out, &o->variables[k].otherwise);
            }
        }
        if (o->variable_count > 0) sfi_buf_add_char(out, ')');
        print_set(out, &o->set);
    }
    for (size_t i = 0; i < d->fragment_count; i++) {
        const sfo_gql_fragment *f = &d->fragments[i];
        sfi_buf_addf(out, "fragment %.*s on %.*s", (int)f->name.len, f->name.ptr, (int)f->type.len, f->type.ptr);
        print_set(out, &f->set);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sfi_arena arena = { .max = SFO_GQL_ARENA_MAX };
    sfo_gql_document first, second;
    sfo_gql_error error = { 0 };
    sfi_buf printed = { 0 }, again = { 0 };
    sf_str text = { (const char *)data, size };
    if (!sfo_gql_parse(text, &arena, &first, &error)) {
        must(error.no_memory || (error.type != NULL && error.message[0] != '\0'));
    } else if (sfi_utf8_valid(text.ptr, text.len)) { /* as the org's JSON promises */
        print_document(&printed, &first);
        must(!printed.failed);
        if (printed.len <= SFO_GQL_TEXT_MAX) { /* printing adds blanks */
            must(sfo_gql_parse(sfi_buf_str(&printed), &arena, &second, &error));
            print_document(&again, &second);
            must(sfi_str_eq(sfi_buf_str(&printed), sfi_buf_str(&again)));
        }
    }
    sfi_buf_free(&printed);
    sfi_buf_free(&again);
    sfi_arena_free(&arena);
    return 0;
}
