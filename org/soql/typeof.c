/*
 * typeof.c: TYPEOF What WHEN Account THEN … ELSE … END. Each branch is a plan that reads the fields of its object by
 * id; the reference's value, which the row statement reads, says which one.
 */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

static bool add_branch(sfo_compile *c, sfo_plans *all, const sfo_object *object, const sfo_ast_name *paths,
                       size_t count, sfo_out *out)
{
    sfo_typeof_branch *branches = sfo_compile_grow(c, out->branches, out->branch_count, sizeof *branches);
    sfo_plan *plan = branches == NULL ? NULL : sfo_plan_new(c, all);
    if (plan == NULL) return sfo_compile_memory_fault(c);
    plan->object = object;
    plan->scope = (sfo_scope){ .object = object };
    sfo_ast_item *items = sfo_compile_grow(c, NULL, 0, (count + 1) * sizeof *items);
    sfo_ast_expr *exprs = sfo_compile_grow(c, NULL, 0, (count + 1) * sizeof *exprs);
    if (items == NULL || exprs == NULL) return sfo_compile_memory_fault(c);
    for (size_t i = 0; i < count; i++) {
        exprs[i] = (sfo_ast_expr){ .kind = SFO_EXPR_PATH, .name = paths[i] };
        items[i] = (sfo_ast_item){ .kind = SFO_ITEM_EXPR, .offset = paths[i].offset, .expr = &exprs[i] };
    }
    sfo_ast_query q = { .items = items, .item_count = count, .limit = -1, .offset_rows = -1 };
    if (!sfo_compile_select(c, &q, 1, all, plan)) return false;
    out->branches = branches;
    out->branches[out->branch_count++] = (sfo_typeof_branch){ .object = object, .plan = plan };
    return true;
}

/* The reference must be able to point to the object of a WHEN. */
static bool points_to(const sfo_field *ref, const sfo_object *object)
{
    for (size_t i = 0; i < ref->reference_count; i++)
        if (sfi_eq_nocase(ref->reference_to[i], object->name)) return true;
    return false;
}

/* ELSE: fields of Name, read with the row itself. Without it the shape has no members. */
static bool add_else(sfo_compile *c, sfo_plan *plan, const sfo_ast_typeof *t, int join, sfo_out *out)
{
    out->parent = sfo_shape_new(c, &plan->rows, join);
    if (out->parent == NULL) return false;
    for (size_t i = 0; i < t->otherwise_count; i++) {
        const sfo_ast_name *name = &t->otherwise[i];
        sfo_ast_name path = { sfo_textf(c, "%.*s.%.*s", S(t->operand.text), S(name->text)), name->offset };
        sfo_target target;
        if (!sfo_resolve_path(&plan->rows, &path, &target)) return false;
        if (target.join != join)
            return sfo_soql_fault_at(c->fault, c->text, name->offset, "MALFORMED_QUERY",
                                     "ELSE of TYPEOF takes fields, not relationships: %.*s", S(name->text));
        if (sfo_out_find(out->parent, target.field->name) != NULL)
            return sfo_soql_fault_at(c->fault, c->text, name->offset, "INVALID_FIELD", "duplicate field selected: %s",
                                     target.field->name);
        sfo_out *member = sfo_out_add(c, out->parent, target.field->name);
        if (member == NULL || !sfo_add_field(c, plan, member, &target)) return false;
    }
    return true;
}

bool sfo_add_typeof(sfo_compile *c, sfo_plan *plan, sfo_plans *all, const sfo_ast_item *item)
{
    const sfo_ast_typeof *t = item->type_of;
    int join;
    sf_str last;
    if (!sfo_resolve_prefix(&plan->rows, &t->operand, &join, &last)) return false;
    if (join != 0)
        return sfo_soql_fault_at(c->fault, c->text, t->operand.offset, "MALFORMED_QUERY",
                                 "TYPEOF takes a relationship of the queried object: %.*s", S(t->operand.text));
    int target;
    if (!sfo_resolve_relationship(&plan->rows, join, last, t->operand.offset, &target)) return false;
    const sfo_field *ref = plan->rows.joins[target].ref;
    if (!plan->rows.joins[target].polymorphic)
        return sfo_soql_fault_at(c->fault, c->text, t->operand.offset, "MALFORMED_QUERY",
                                 "TYPEOF needs a polymorphic relationship, %s is none", ref->relationship_name);
    if (sfo_out_find(plan->record, ref->relationship_name) != NULL)
        return sfo_soql_fault_at(c->fault, c->text, t->operand.offset, "INVALID_FIELD", "duplicate field selected: %s",
                                 ref->relationship_name);
    sfo_out made = { .kind = SFO_OUT_TYPEOF,
                     .key = ref->relationship_name,
                     .column = sfo_add_column(&plan->rows, plan->rows.joins[target].ref_sql) };
    for (size_t i = 0; i < t->when_count; i++) {
        const sfo_object *object;
        if (!sfo_resolve_object(c, &t->whens[i].object, &object)) return false;
        if (!points_to(ref, object))
            return sfo_soql_fault_at(c->fault, c->text, t->whens[i].object.offset, "INVALID_TYPE",
                                     "%s can not point to %s", ref->relationship_name, object->name);
        if (!add_branch(c, all, object, t->whens[i].paths, t->whens[i].path_count, &made)) return false;
    }
    if (!add_else(c, plan, t, target, &made)) return false;
    sfo_out *out = sfo_out_add(c, plan->record, made.key);
    if (out == NULL) return false;
    *out = made;
    return true;
}
