/* plan.c: a query of any place into its plan: the statement of its ids, the statement of a row, its child queries. */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

static bool refuse(sfo_compile *c, uint32_t offset, const char *message)
{
    return sfo_soql_fault_at(c->fault, c->text, offset, "MALFORMED_QUERY", "%s", message);
}

/* The statement that yields the ids in their order. fk: the reference to the parent, of a child query. */
static bool compile_ids(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan, const sfo_field *fk)
{
    sfo_sql *s = &plan->ids;
    sfo_sql_init(s, c, &plan->scope);
    if (s->joins == NULL) return sfo_compile_memory_fault(c);
    sf_str where, order, parent = SFI_STR("");
    if (!sfo_compile_where(s, q, &where) || !sfo_compile_order(s, q, &order)) return false;
    int table = s->joins[0].table;
    if (fk != NULL) {
        sf_str id = sfo_param_text(s, SFI_STR(""));
        plan->parent_bind = (int)s->bind_count;
        parent = sfo_textf(c, "t%d.\"%s\"=%.*s AND ", table, fk->name, S(id));
    }
    sf_str from = sfo_from_text(s), limit = sfo_limit_text(c, q);
    plan->one_page = q->offset_rows >= 0;
    plan->ids_text = sfo_textf(c, "SELECT t%d.\"Id\"%.*s WHERE %.*s%.*s ORDER BY %.*s%.*s", table, S(from), S(parent),
                               S(where), S(order), S(limit));
    return !c->no_memory || sfo_compile_memory_fault(c);
}

bool sfo_compile_query(sfo_compile *c, const sfo_ast_query *q, sfo_plans *all, sfo_plan **out)
{
    sfo_plan *plan = sfo_plan_new(c, all);
    if (plan == NULL || !sfo_resolve_object(c, &q->from[0].path, &plan->object) ||
        !sfo_scope_init(c, &plan->scope, plan->object, q->from, q->from_count))
        return false;
    plan->limit = q->limit;
    plan->for_view = q->for_view;
    bool fine;
    if (q->count_all)
        fine = sfo_compile_count(c, q, plan);
    else if (sfo_query_is_grouped(q))
        fine = sfo_compile_grouped(c, q, plan);
    else
        fine = sfo_compile_select(c, q, 1, all, plan) && compile_ids(c, q, plan, NULL);
    if (!fine || !sfo_check_clauses(c, q, plan->object)) return false;
    if ((q->for_view || q->for_reference) && plan->child_count > 0)
        return sfo_fault_set(c->fault, 400, "MALFORMED_QUERY", "FOR %s cannot be used with a child query",
                             q->for_view ? "VIEW" : "REFERENCE");
    *out = plan;
    return true;
}

/* FROM Contacts, FROM Account.Contacts, FROM a.Contacts: the relationship's name. */
static bool child_name(const sfo_plan *parent, sf_str path, sf_str *name)
{
    const char *dot = memchr(path.ptr, '.', path.len);
    *name = path;
    if (dot == NULL) return true;
    sf_str first = { path.ptr, (size_t)(dot - path.ptr) }, alias = parent->scope.alias;
    *name = (sf_str){ dot + 1, path.len - first.len - 1 };
    if (sfi_str_is_nocase(first, parent->object->name)) return true;
    if (alias.ptr == NULL || alias.len != first.len) return false;
    for (size_t i = 0; i < alias.len; i++)
        if (sfi_ascii_lower((unsigned char)alias.ptr[i]) != sfi_ascii_lower((unsigned char)first.ptr[i])) return false;
    return true;
}

static bool check_child(sfo_compile *c, const sfo_ast_query *q, const sfo_plan *parent, int level)
{
    int levels = c->context->version_number >= 58 ? SFO_CHILD_LEVELS_MAX : 2;
    if (level > levels)
        return sfo_soql_fault_at(c->fault, c->text, q->offset, "MALFORMED_QUERY",
                                 "child queries cannot be nested deeper than %d levels in API version %s", levels,
                                 c->context->version);
    if (q->count_all || sfo_query_is_grouped(q))
        return refuse(c, q->offset, "aggregate functions, COUNT() and GROUP BY are not allowed in a child query");
    if (q->offset_rows >= 0 && parent->limit != 1)
        return refuse(c, q->offset_offset, "OFFSET is allowed in a child query only when its parent has LIMIT 1");
    if (q->for_view || q->for_reference)
        return refuse(c, q->offset, "FOR VIEW and FOR REFERENCE are not allowed in a child query");
    return true;
}

bool sfo_compile_child(sfo_compile *c, const sfo_ast_query *q, sfo_plan *parent, int level, sfo_plans *all,
                       const char **key, sfo_plan **out)
{
    sf_str name;
    const sfo_ast_name *path = &q->from[0].path;
    bool ours = child_name(parent, path->text, &name);
    const sfo_child *child = ours ? sfo_object_child(parent->object, name) : NULL;
    const sfo_object *object = child != NULL ? sfo_schema_object(c->schema, sfi_str(child->child_object)) : NULL;
    const sfo_field *fk = object != NULL ? sfo_object_field(object, sfi_str(child->field)) : NULL;
    if (fk == NULL || !fk->stored)
        return sfo_soql_fault_at(
            c->fault, c->text, path->offset, "INVALID_TYPE",
            "Didn't understand relationship '%.*s' in FROM part of query call. If you are attempting "
            "to use a custom relationship, be sure to append the '__r' after the custom relationship "
            "name. Please reference your WSDL or the describe call for the appropriate names.",
            S(name));
    if (!check_child(c, q, parent, level)) return false;
    sfo_plan *plan = sfo_plan_new(c, all);
    if (plan == NULL) return false;
    plan->object = object;
    plan->parent = parent;
    plan->scope = (sfo_scope){ .object = object, .alias = q->from[0].alias.text };
    plan->limit = q->limit;
    plan->path = sfo_textf(c, "%s%s%zu", parent->path, parent->path[0] != '\0' ? "." : "", parent->child_count).ptr;
    if (!sfo_compile_select(c, q, level, all, plan) || !compile_ids(c, q, plan, fk) || !sfo_check_clauses(c, q, object))
        return false;
    *key = child->relationship_name;
    *out = plan;
    return true;
}
