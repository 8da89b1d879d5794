/*
 * group.c: aggregates, GROUP BY, ROLLUP and CUBE, and COUNT(). A statement is written once a grouping set and the parts
 * are united; the items of ORDER BY are columns of their own, so that one ORDER BY holds for all parts.
 */
#include <assert.h>
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

bool sfo_query_is_grouped(const sfo_ast_query *q)
{
    if (q->group_count > 0) return true;
    for (size_t i = 0; i < q->item_count; i++)
        if (q->items[i].kind == SFO_ITEM_EXPR && sfo_is_aggregate_call(q->items[i].expr)) return true;
    return false;
}

/* Unknown names in the select list are reported before those of GROUP BY, where they mostly stand again. */
static bool check_names(sfo_sql *s, const sfo_ast_expr *e)
{
    sfo_target ignored;
    if (e->kind == SFO_EXPR_PATH) return sfo_resolve_path(s, &e->name, &ignored);
    for (size_t i = 0; i < e->arg_count; i++)
        if (!check_names(s, e->args[i])) return false;
    return true;
}

static bool check_select_names(sfo_sql *s, const sfo_ast_query *q)
{
    for (size_t i = 0; i < q->item_count; i++)
        if (q->items[i].kind == SFO_ITEM_EXPR && !check_names(s, q->items[i].expr)) return false;
    return true;
}

static bool compile_groups(sfo_compile *c, sfo_sql *s, const sfo_ast_query *q)
{
    if (q->group_kind != SFO_GROUP_PLAIN && q->group_count > SFO_GROUPING_ITEMS_MAX)
        return sfo_soql_fault_at(c->fault, c->text, q->group_offset, "MALFORMED_QUERY",
                                 "GROUP BY ROLLUP and GROUP BY CUBE take at most %d fields", SFO_GROUPING_ITEMS_MAX);
    if (q->group_count > SFO_GROUP_ITEMS_MAX)
        return sfo_soql_fault_at(c->fault, c->text, q->group_offset, "MALFORMED_QUERY",
                                 "GROUP BY takes at most %d fields", SFO_GROUP_ITEMS_MAX);
    s->groups = sfo_compile_grow(c, NULL, 0, (q->group_count + 1) * sizeof *s->groups);
    if (s->groups == NULL) return sfo_compile_memory_fault(c);
    for (size_t i = 0; i < q->group_count; i++) {
        const sfo_ast_expr *e = q->groups[i];
        sfo_operand *o = &s->groups[i].operand;
        if (e->kind == SFO_EXPR_DISTANCE || (e->kind == SFO_EXPR_CALL && !sfo_is_date_function(e->name.text)))
            return sfo_soql_fault_at(c->fault, c->text, e->name.offset, "MALFORMED_QUERY",
                                     "only fields and date functions can be grouped: %.*s", S(e->name.text));
        if (!sfo_compile_operand(s, e, o)) return false;
        if (o->field != NULL && (!o->field->groupable || !o->field->stored))
            return sfo_soql_fault_at(c->fault, c->text, o->offset, "INVALID_FIELD",
                                     "field '%s' can not be grouped in a query call", o->name);
    }
    s->group_count = q->group_count;
    return true;
}

/* ---- the select list ---- */

static bool add_out(sfo_compile *c, sfo_plan *plan, const sfo_ast_item *item, int *unnamed)
{
    sfo_sql *s = &plan->rows;
    const sfo_ast_expr *e = item->expr;
    bool format = e->kind == SFO_EXPR_CALL && e->arg_count == 1 && sfi_str_is_nocase(e->name.text, "FORMAT");
    sfo_operand o;
    if (!sfo_compile_operand(s, format ? e->args[0] : e, &o)) return false;
    int column = sfo_add_column(s, o.sql);
    if (plan->record->out_count > (size_t)column) return true; /* a further grouping set: the members are known */
    const char *key = o.name;
    if (item->alias.text.ptr != NULL)
        key = sfo_textf(c, "%.*s", S(item->alias.text)).ptr;
    else if (e->kind != SFO_EXPR_PATH)
        key = sfo_textf(c, "expr%d", (*unnamed)++).ptr;
    if (sfo_out_find(plan->record, key) != NULL)
        return sfo_soql_fault_at(c->fault, c->text, item->offset, "MALFORMED_QUERY", "duplicate alias: %s", key);
    sfo_out *out = sfo_out_add(c, plan->record, key);
    if (out == NULL) return false;
    out->column = column;
    out->field = o.field;
    out->type = o.type;
    if (format)
        out->kind = SFO_OUT_FORMAT;
    else if (o.label)
        out->kind = SFO_OUT_TEXT;
    else if (o.field != NULL)
        out->kind = SFO_OUT_FIELD;
    else
        out->kind = o.type == SFO_INT ? SFO_OUT_INT : o.type == SFO_DATE ? SFO_OUT_TEXT : SFO_OUT_DOUBLE;
    return true;
}

static bool add_outs(sfo_compile *c, sfo_plan *plan, const sfo_ast_query *q)
{
    int unnamed = 0;
    for (size_t i = 0; i < q->item_count; i++) {
        const sfo_ast_item *item = &q->items[i];
        if (item->kind != SFO_ITEM_EXPR)
            return sfo_soql_fault_at(c->fault, c->text, item->offset, "MALFORMED_QUERY",
                                     "%s is not allowed in a query with GROUP BY or aggregate functions",
                                     item->kind == SFO_ITEM_CHILD    ? "a child query"
                                     : item->kind == SFO_ITEM_TYPEOF ? "TYPEOF"
                                                                     : "FIELDS()");
        if (!add_out(c, plan, item, &unnamed)) return false;
    }
    return true;
}

/* ---- one grouping set ---- */

typedef struct part {
    sf_str columns, groups, having;
} part;

/* ORDER BY items, or the groups themselves: each detail row before its subtotal, the grand total last. */
static bool add_order_columns(sfo_sql *s, const sfo_ast_query *q, sf_str *order)
{
    sfo_compile *c = s->c;
    *order = SFI_STR("");
    s->ordering = true;
    for (size_t i = 0; i < q->order_count; i++) {
        sf_str item;
        if (!sfo_compile_order_item(s, &q->orders[i], &item)) return false;
        bool text = sfi_ends_with(item, " COLLATE SFTEXT");
        int column = sfo_add_column(s, item);
        *order = sfo_textf(c, "%.*s%sc%d%s%s", S(*order), order->len > 0 ? "," : "", column,
                           text ? " COLLATE SFTEXT" : "", sfo_order_direction(&q->orders[i]));
    }
    s->ordering = false;
    for (size_t i = 0; i < s->group_count; i++) {
        sfo_group *g = &s->groups[i];
        int flag = sfo_add_column(s, g->omitted ? SFI_STR("1") : SFI_STR("0"));
        int value = sfo_add_column(s, g->omitted ? SFI_STR("NULL") : g->operand.sql);
        bool text = sfo_is_text_type(g->operand.type);
        *order = sfo_textf(c, "%.*s%sc%d,c%d%s", S(*order), order->len > 0 ? "," : "", flag, value,
                           text ? " COLLATE SFTEXT" : "");
    }
    return true;
}

static sf_str groups_text(sfo_sql *s)
{
    sf_str text = SFI_STR("");
    for (size_t i = 0; i < s->group_count; i++) {
        if (s->groups[i].omitted) continue;
        sf_str item = sfo_collated(s, &s->groups[i].operand);
        text = sfo_textf(s->c, "%.*s%s%.*s", S(text), text.len > 0 ? "," : " GROUP BY ", S(item));
    }
    if (text.len == 0 && s->group_count > 0) return SFI_STR(" GROUP BY NULL");
    return text;
}

static bool compile_part(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan, unsigned omitted, part *out,
                         sf_str *order)
{
    sfo_sql *s = &plan->rows;
    for (size_t i = 0; i < s->group_count; i++) /* sets leave out none, or some of few */
        s->groups[i].omitted = i < SFO_GROUPING_ITEMS_MAX && (omitted >> i & 1) != 0;
    s->columns = NULL;
    s->column_count = 0;
    if (!add_outs(c, plan, q) || !add_order_columns(s, q, order)) return false;
    out->groups = groups_text(s);
    out->having = SFI_STR("");
    if (q->having != NULL) {
        sf_str having;
        if (!sfo_check_semi_placement(c, q->having, false, true) || !sfo_compile_condition(s, q->having, &having))
            return false;
        out->having = sfo_textf(c, " HAVING %.*s", S(having));
    }
    for (size_t i = 0; i < s->column_count; i++) s->columns[i] = sfo_textf(c, "%.*s AS c%zu", S(s->columns[i]), i);
    out->columns = sfo_columns_text(s);
    return true;
}

/* Which groups each set leaves out, as bits: none; for ROLLUP the last ones; for CUBE every subset. */
static size_t grouping_sets(const sfo_ast_query *q, unsigned sets[8])
{
    size_t n = q->group_count, count = 0;
    if (q->group_kind == SFO_GROUP_PLAIN) {
        sets[count++] = 0;
        return count;
    }
    assert(n <= SFO_GROUPING_ITEMS_MAX); /* compile_groups let nothing else in */
    unsigned all = (1u << n) - 1;
    if (q->group_kind == SFO_GROUP_ROLLUP) {
        for (size_t keep = n + 1; keep-- > 0;) sets[count++] = all & ~((1u << keep) - 1);
    } else {
        for (unsigned set = 0; set <= all; set++) sets[count++] = set;
    }
    return count;
}

static bool check_grouped(sfo_compile *c, const sfo_ast_query *q)
{
    if (q->group_count == 0 && q->limit >= 0)
        return sfo_soql_fault_at(c->fault, c->text, q->limit_offset, "MALFORMED_QUERY",
                                 "Non-grouped query that uses overall aggregate functions cannot also use LIMIT");
    return true;
}

bool sfo_compile_grouped(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan)
{
    sfo_sql *s = &plan->rows;
    plan->grouped = true;
    sfo_sql_init(s, c, &plan->scope);
    plan->record = sfo_compile_grow(c, NULL, 0, sizeof *plan->record);
    if (s->joins == NULL || plan->record == NULL) return sfo_compile_memory_fault(c);
    sf_str where, order = SFI_STR(""), text = SFI_STR("");
    if (!sfo_check_order(c, q) || !check_select_names(s, q) || !sfo_compile_where(s, q, &where) ||
        !compile_groups(c, s, q))
        return false;
    part parts[8];
    unsigned sets[8];
    size_t count = grouping_sets(q, sets);
    s->grouped = true;
    for (size_t i = 0; i < count; i++)
        if (!compile_part(c, q, plan, sets[i], &parts[i], &order)) return false;
    s->grouped = false;
    if (!check_grouped(c, q)) return false;
    sf_str from = sfo_from_text(s); /* all parents are known now */
    for (size_t i = 0; i < count; i++)
        text = sfo_textf(c, "%.*s%sSELECT %.*s%.*s WHERE %.*s%.*s%.*s", S(text), i > 0 ? " UNION ALL " : "",
                         S(parts[i].columns), S(from), S(where), S(parts[i].groups), S(parts[i].having));
    plan->rows_text = sfo_textf(c, "SELECT * FROM (%.*s)%s%.*s%.*s", S(text), order.len > 0 ? " ORDER BY " : "",
                                S(order), S(sfo_limit_text(c, q)));
    return !c->no_memory || sfo_compile_memory_fault(c);
}

bool sfo_compile_count(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan)
{
    sfo_sql *s = &plan->rows;
    plan->count_all = true;
    if (q->group_count > 0 || q->order_count > 0)
        return sfo_fault_set(c->fault, 400, "MALFORMED_QUERY", "COUNT() cannot be used with %s",
                             q->group_count > 0 ? "GROUP BY" : "ORDER BY");
    sfo_sql_init(s, c, &plan->scope);
    sf_str where;
    if (s->joins == NULL) return sfo_compile_memory_fault(c);
    if (!sfo_compile_where(s, q, &where)) return false;
    sf_str from = sfo_from_text(s), limit = sfo_limit_text(c, q);
    if (limit.len == 0)
        plan->rows_text = sfo_textf(c, "SELECT COUNT(*)%.*s WHERE %.*s", S(from), S(where));
    else
        plan->rows_text =
            sfo_textf(c, "SELECT COUNT(*) FROM (SELECT 1%.*s WHERE %.*s%.*s)", S(from), S(where), S(limit));
    return !c->no_memory || sfo_compile_memory_fault(c);
}
