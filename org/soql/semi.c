/* semi.c: field IN (SELECT …): where it may stand, what may be inside, and its SQL (wire/soql.md 5.5). */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

static bool refuse(sfo_compile *c, const char *message)
{
    return sfo_fault_set(c->fault, 400, "MALFORMED_QUERY", "%s", message);
}

static size_t count_semis(const sfo_ast_cond *c)
{
    size_t n = c->semi != NULL;
    for (size_t i = 0; i < c->child_count; i++) n += count_semis(c->children[i]);
    return n;
}

bool sfo_check_semi_placement(sfo_compile *c, const sfo_ast_cond *where, bool in_semi, bool having)
{
    size_t count = count_semis(where);
    if (count == 0) return true;
    if (in_semi) return refuse(c, "Nesting of semi join sub-selects is not supported");
    if (having) return refuse(c, "Semi join sub-selects are not allowed in HAVING");
    if (where->kind == SFO_COND_OR) return refuse(c, "Semi join sub-selects are not allowed with the 'OR' operator");
    size_t top = where->semi != NULL;
    for (size_t i = 0; where->kind == SFO_COND_AND && i < where->child_count; i++)
        top += where->children[i]->semi != NULL;
    if (top != count)
        return refuse(c, "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested "
                         "WHERE expressions.");
    if (count > SFO_SEMI_JOINS_MAX) return refuse(c, "The maximum number of semi join sub-selects in a query is 2");
    return true;
}

/* Do an Id or reference of one object and another point to a common object? */
static bool may_meet(const sfo_field *a, const sfo_field *b)
{
    const char *const *as = a->type == SFO_ID ? &a->object->name : a->reference_to;
    const char *const *bs = b->type == SFO_ID ? &b->object->name : b->reference_to;
    size_t an = a->type == SFO_ID ? 1 : a->reference_count, bn = b->type == SFO_ID ? 1 : b->reference_count;
    for (size_t i = 0; i < an; i++)
        for (size_t k = 0; k < bn; k++)
            if (sfi_eq_nocase(as[i], bs[k])) return true;
    return false;
}

static bool is_id(const sfo_field *f)
{
    return f != NULL && (f->type == SFO_ID || f->type == SFO_REFERENCE);
}

static bool check_types(sfo_sql *s, const sfo_operand *outer, const sfo_operand *inner, const sfo_object *inner_object)
{
    sfo_compile *c = s->c;
    if (is_id(outer->field) && outer->field->type == SFO_ID && is_id(inner->field) && inner->field->type == SFO_ID &&
        s->joins[outer->join].object == inner_object)
        return refuse(c, "The inner and outer selects should not be on the same object type");
    if (is_id(outer->field) && is_id(inner->field) && may_meet(outer->field, inner->field)) return true;
    return sfo_soql_fault_left_of(c->fault, c->text, outer->offset, "MALFORMED_QUERY",
                                  "The selected field '%s' in the subquery and the left operand field in the where "
                                  "expression in the outer query '%s' should point to the same object type",
                                  inner->name, outer->name);
}

static size_t dots_in(sf_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += s.ptr[i] == '.';
    return n;
}

/* The parameters of both statements are one list: the inner one continues it. */
static bool compile_inner(sfo_sql *s, const sfo_operand *outer, const sfo_ast_query *q, sf_str *out)
{
    sfo_compile *c = s->c;
    const sfo_object *object;
    sfo_scope scope;
    sfo_sql inner;
    sfo_operand field;
    if (!sfo_resolve_object(c, &q->from[0].path, &object) || !sfo_scope_init(c, &scope, object, q->from, 1))
        return false;
    scope.in_semi = true;
    if (q->items[0].kind != SFO_ITEM_EXPR || q->items[0].expr->kind != SFO_EXPR_PATH)
        return refuse(c, "A semi join sub-select must select exactly one Id or reference field");
    sfo_sql_init(&inner, c, &scope);
    inner.binds = s->binds;
    inner.bind_count = s->bind_count;
    if (inner.joins == NULL) return sfo_compile_memory_fault(c);
    if (!sfo_compile_path(&inner, &q->items[0].expr->name, &field) || !check_types(s, outer, &field, object))
        return false;
    if (field.join > 0 && (inner.joins[field.join].parent != 0 || dots_in(q->items[0].expr->name.text) > 2))
        return refuse(c, "A semi join sub-select can go up one relationship at most");
    sf_str where = SFI_STR("1");
    if (q->where != NULL &&
        (!sfo_check_semi_placement(c, q->where, true, false) || !sfo_compile_condition(&inner, q->where, &where)))
        return false;
    if (q->scope.text.ptr != NULL && !sfo_compile_scope(&inner, &q->scope, &where)) return false;
    sf_str from = sfo_from_text(&inner), visible = sfo_visible_text(&inner);
    *out = sfo_textf(c, "(SELECT %.*s%.*s WHERE %.*s IS NOT NULL AND %.*s AND (%.*s))", S(field.sql), S(from),
                     S(field.sql), S(visible), S(where));
    s->binds = inner.binds;
    s->bind_count = inner.bind_count;
    return true;
}

bool sfo_compile_semi(sfo_sql *s, const sfo_operand *o, const sfo_ast_cond *c, sf_str *out)
{
    sf_str inner = { 0 };
    if (!compile_inner(s, o, c->semi, &inner)) return false;
    if (c->op == SFO_OP_IN)
        *out = sfo_textf(s->c, "%.*s IN %.*s", S(o->sql), S(inner));
    else
        *out = sfo_textf(s->c, "(%.*s IN %.*s) IS NOT 1", S(o->sql), S(inner));
    return true;
}
