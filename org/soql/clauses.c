/* clauses.c: WHERE as a whole, USING SCOPE, ORDER BY, LIMIT and OFFSET, and the clauses that have no effect here. */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

bool sfo_compile_scope(sfo_sql *s, const sfo_ast_name *scope, sf_str *where)
{
    static const char *const known[] = { "everything",
                                         "mine",
                                         "mine_and_my_groups",
                                         "mineandmygroups",
                                         "my_territory",
                                         "my_team_territory",
                                         "team",
                                         "delegated",
                                         "mru",
                                         "scopingrule",
                                         "queue_owned",
                                         "queueowned",
                                         "allprivate",
                                         "my_assigned",
                                         "organization",
                                         "scoping_rule",
                                         "myteam",
                                         "myterritory",
                                         "myteamterritory" };
    if (scope->text.ptr == NULL) return true;
    bool fine = false;
    for (size_t i = 0; i < SFI_COUNT_OF(known); i++) fine = fine || sfi_str_is_nocase(scope->text, known[i]);
    const sfo_object *object = s->joins[0].object;
    const sfo_field *owner = sfo_object_field(object, SFI_STR("OwnerId"));
    bool mine = sfi_str_is_nocase(scope->text, "mine");
    if (!fine || (mine && owner == NULL))
        return sfo_soql_fault_at(s->c->fault, s->c->text, scope->offset, "INVALID_QUERY_SCOPE",
                                 "'%.*s' is not a valid scope for object '%s'", S(scope->text), object->name);
    if (!mine) return true;
    sf_str user = sfo_param_text(s, sfi_str(s->c->context->user_id));
    *where = sfo_textf(s->c, "(%.*s AND t%d.\"OwnerId\"=%.*s)", S(*where), s->joins[0].table, S(user));
    return true;
}

bool sfo_compile_where(sfo_sql *s, const sfo_ast_query *q, sf_str *out)
{
    sf_str where = SFI_STR("1"), visible = sfo_visible_text(s);
    if (q->where != NULL && (!sfo_check_semi_placement(s->c, q->where, s->scope->in_semi, false) ||
                             !sfo_compile_condition(s, q->where, &where)))
        return false;
    if (!sfo_compile_scope(s, &q->scope, &where)) return false;
    *out = q->where == NULL && where.len == 1 ? visible : sfo_textf(s->c, "%.*s AND (%.*s)", S(visible), S(where));
    return true;
}

bool sfo_compile_order_item(sfo_sql *s, const sfo_ast_order *item, sf_str *out)
{
    sfo_operand o;
    bool label = item->expr->kind == SFO_EXPR_CALL && sfi_str_is_nocase(item->expr->name.text, "toLabel");
    if (label)
        return sfo_soql_fault_at(s->c->fault, s->c->text, item->expr->name.offset, "MALFORMED_QUERY",
                                 "toLabel is not allowed in ORDER BY");
    if (!sfo_compile_operand(s, item->expr, &o)) return false;
    if (o.field != NULL && !o.aggregate && (!o.field->sortable || !o.field->stored))
        return sfo_soql_fault_at(s->c->fault, s->c->text, o.offset, "INVALID_FIELD",
                                 "field '%s' can not be sorted in a query call", o.name);
    *out = sfo_collated(s, &o);
    return true;
}

/* SQLite takes null as lowest, as we do; only the other wish is written. */
const char *sfo_order_direction(const sfo_ast_order *item)
{
    bool first = item->has_nulls ? item->nulls_first : !item->descending;
    if (item->descending) return first ? " DESC NULLS FIRST" : " DESC";
    return first ? "" : " ASC NULLS LAST";
}

bool sfo_check_order(sfo_compile *c, const sfo_ast_query *q)
{
    if (q->order_count <= SFO_ORDER_ITEMS_MAX) return true;
    return sfo_soql_fault_at(c->fault, c->text, q->orders[SFO_ORDER_ITEMS_MAX].expr->name.offset, "MALFORMED_QUERY",
                             "a query cannot have more than %d ORDER BY items", SFO_ORDER_ITEMS_MAX);
}

bool sfo_compile_order(sfo_sql *s, const sfo_ast_query *q, sf_str *out)
{
    if (!sfo_check_order(s->c, q)) return false;
    *out = SFI_STR("");
    for (size_t i = 0; i < q->order_count; i++) {
        sf_str item = { 0 };
        if (!sfo_compile_order_item(s, &q->orders[i], &item)) return false;
        *out = sfo_textf(s->c, "%.*s%.*s%s,", S(*out), S(item), sfo_order_direction(&q->orders[i]));
    }
    *out = sfo_textf(s->c, "%.*st%d.\"Id\"", S(*out), s->joins[0].table);
    return true;
}

sf_str sfo_limit_text(sfo_compile *c, const sfo_ast_query *q)
{
    if (q->limit < 0 && q->offset_rows <= 0) return SFI_STR("");
    return sfo_textf(c, " LIMIT %lld OFFSET %lld", (long long)q->limit,
                     (long long)(q->offset_rows > 0 ? q->offset_rows : 0));
}

bool sfo_check_clauses(sfo_compile *c, const sfo_ast_query *q, const sfo_object *object)
{
    if (q->offset_rows > SFO_OFFSET_MAX)
        return sfo_fault_set(c->fault, 400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is %d",
                             SFO_OFFSET_MAX);
    if (q->all_rows)
        return sfo_soql_fault_at(c->fault, c->text, q->all_rows_offset, "MALFORMED_QUERY",
                                 "ALL ROWS not allowed in this context");
    for (size_t i = 0; i < q->with_count; i++) {
        const sfo_ast_with *w = &q->with[i];
        if (w->kind == SFO_WITH_CATEGORY)
            return sfo_fault_set(c->fault, 400, "INVALID_TYPE", "object '%s' has no data categories in this org",
                                 object->name);
        if (w->kind == SFO_WITH_OTHER)
            return sfo_soql_fault_at(c->fault, c->text, w->name.offset, "MALFORMED_QUERY",
                                     "WITH %.*s is not supported by this org", S(w->name.text));
    }
    return true;
}
