/*
 * select.c: the select list of an ungrouped query. It becomes a tree of members (sfo_shape) beside the columns of the
 * row statement: parents are merged where they are first mentioned, compounds take one column a part, child queries and
 * TYPEOF branches are plans of their own.
 */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

sfo_out *sfo_out_find(sfo_shape *r, const char *key)
{
    for (size_t i = 0; i < r->out_count; i++)
        if (sfi_eq_nocase(r->outs[i].key, key)) return &r->outs[i];
    return NULL;
}

sfo_out *sfo_out_add(sfo_compile *c, sfo_shape *r, const char *key)
{
    sfo_out *outs = sfo_compile_grow(c, r->outs, r->out_count, sizeof *outs);
    if (outs == NULL) {
        sfo_compile_memory_fault(c);
        return NULL;
    }
    r->outs = outs;
    sfo_out *out = &outs[r->out_count++];
    *out = (sfo_out){ .key = key };
    return out;
}

sfo_shape *sfo_shape_new(sfo_compile *c, sfo_sql *rows, int join)
{
    sfo_shape *r = sfo_compile_grow(c, NULL, 0, sizeof *r);
    if (r == NULL) {
        sfo_compile_memory_fault(c);
        return NULL;
    }
    r->join = join;
    r->object = rows->joins[join].object;
    r->id_column = sfo_add_column(rows, sfo_join_id_sql(rows, join));
    return r;
}

/* The record that a join's fields are written into: its parents are made on the way. */
static sfo_shape *record_of(sfo_compile *c, sfo_plan *plan, int join, uint32_t offset)
{
    if (join == 0) return plan->record;
    const sfo_join *j = &plan->rows.joins[join];
    const char *key = j->ref->relationship_name;
    sfo_shape *up = record_of(c, plan, j->parent, offset);
    if (up == NULL) return NULL;
    sfo_out *out = sfo_out_find(up, key);
    if (out != NULL && out->kind == SFO_OUT_PARENT) return out->parent;
    if (out != NULL) {
        sfo_soql_fault_at(c->fault, c->text, offset, "INVALID_FIELD", "duplicate field selected: %s", key);
        return NULL;
    }
    sfo_shape *made = sfo_shape_new(c, &plan->rows, join);
    if (made == NULL || (out = sfo_out_add(c, up, key)) == NULL) return NULL;
    out->kind = SFO_OUT_PARENT;
    out->parent = made;
    return made;
}

bool sfo_add_field(sfo_compile *c, sfo_plan *plan, sfo_out *out, const sfo_target *t)
{
    out->field = t->field;
    out->type = t->field->type;
    if (t->field->type != SFO_ADDRESS && t->field->type != SFO_LOCATION) {
        out->kind = SFO_OUT_FIELD;
        out->column = sfo_add_column(&plan->rows, t->field->stored ? sfo_column_sql(&plan->rows, t->join, t->field)
                                                                   : SFI_STR("NULL"));
        return true;
    }
    out->kind = SFO_OUT_COMPOUND;
    out->part_count =
        sfo_compound_parts(plan->rows.joins[t->join].object, t->field, out->parts, SFO_COMPOUND_PARTS_MAX);
    out->column = (int)plan->rows.column_count;
    for (size_t i = 0; i < out->part_count; i++)
        sfo_add_column(&plan->rows, sfo_column_sql(&plan->rows, t->join, out->parts[i]));
    return !c->no_memory || sfo_compile_memory_fault(c);
}

static bool duplicate(sfo_compile *c, uint32_t offset, const char *key)
{
    return sfo_soql_fault_at(c->fault, c->text, offset, "INVALID_FIELD", "duplicate field selected: %s", key);
}

static bool add_path(sfo_compile *c, sfo_plan *plan, const sfo_ast_name *path)
{
    sfo_target t;
    if (!sfo_resolve_path(&plan->rows, path, &t)) return false;
    sfo_shape *r = record_of(c, plan, t.join, path->offset);
    if (r == NULL) return false;
    if (sfo_out_find(r, t.field->name) != NULL) return duplicate(c, path->offset, t.field->name);
    sfo_out *out = sfo_out_add(c, r, t.field->name);
    return out != NULL && sfo_add_field(c, plan, out, &t);
}

/* ---- functions in the select list ---- */

static bool call_is(const sfo_ast_expr *e, const char *name)
{
    return e->kind == SFO_EXPR_CALL && e->arg_count == 1 && sfi_str_is_nocase(e->name.text, name);
}

/* toLabel(f), FORMAT(f), convertCurrency(f), FORMAT(convertCurrency(f)): f's value, written in another way. */
static bool add_wrapped(sfo_compile *c, sfo_plan *plan, const sfo_ast_item *item)
{
    const sfo_ast_expr *e = item->expr, *inner = e->args[0];
    sfo_out_kind kind = call_is(e, "toLabel") ? SFO_OUT_LABEL : call_is(e, "FORMAT") ? SFO_OUT_FORMAT : SFO_OUT_FIELD;
    bool converts = kind == SFO_OUT_FIELD || call_is(inner, "convertCurrency");
    if (kind == SFO_OUT_FORMAT && converts) inner = inner->args[0];
    sfo_target t;
    if (inner->kind != SFO_EXPR_PATH)
        return sfo_soql_fault_at(c->fault, c->text, e->name.offset, "MALFORMED_QUERY",
                                 "a field is expected inside %.*s", S(e->name.text));
    if (!sfo_resolve_path(&plan->rows, &inner->name, &t)) return false;
    if (converts && t.field->type != SFO_CURRENCY)
        return sfo_soql_fault_at(c->fault, c->text, inner->name.offset, "INVALID_FIELD",
                                 "convertCurrency can only be used on a currency field: %s", t.field->name);
    if (kind == SFO_OUT_LABEL && !sfo_is_text_type(t.field->type))
        return sfo_soql_fault_at(c->fault, c->text, inner->name.offset, "INVALID_FIELD",
                                 "toLabel cannot be used on field %s", t.field->name);
    bool aliased = item->alias.text.ptr != NULL;
    const char *key = aliased ? sfo_textf(c, "%.*s", S(item->alias.text)).ptr : t.field->name;
    sfo_shape *r = aliased ? plan->record : record_of(c, plan, t.join, e->name.offset);
    if (r == NULL) return false;
    if (sfo_out_find(r, key) != NULL) return duplicate(c, e->name.offset, key);
    sfo_out *out = sfo_out_add(c, r, key);
    if (out == NULL || !sfo_add_field(c, plan, out, &t)) return false;
    if (out->kind == SFO_OUT_FIELD) out->kind = kind;
    return true;
}

static bool add_distance(sfo_compile *c, sfo_plan *plan, const sfo_ast_item *item, int *unnamed)
{
    sfo_operand o;
    if (!sfo_compile_operand(&plan->rows, item->expr, &o)) return false;
    sf_str key =
        item->alias.text.ptr != NULL ? sfo_textf(c, "%.*s", S(item->alias.text)) : sfo_textf(c, "expr%d", (*unnamed)++);
    if (sfo_out_find(plan->record, key.ptr) != NULL) return duplicate(c, item->offset, key.ptr);
    sfo_out *out = sfo_out_add(c, plan->record, key.ptr);
    if (out == NULL) return false;
    out->kind = SFO_OUT_DOUBLE;
    out->column = sfo_add_column(&plan->rows, o.sql);
    return true;
}

static bool add_expr(sfo_compile *c, sfo_plan *plan, const sfo_ast_item *item, int *unnamed)
{
    const sfo_ast_expr *e = item->expr;
    if (e->kind == SFO_EXPR_DISTANCE) return add_distance(c, plan, item, unnamed);
    if (e->kind == SFO_EXPR_PATH) {
        if (item->alias.text.ptr == NULL) return add_path(c, plan, &e->name);
        sfo_target t; /* an unknown field is the graver error */
        return sfo_resolve_path(&plan->rows, &e->name, &t) &&
               sfo_soql_fault_at(c->fault, c->text, item->alias.offset, "MALFORMED_QUERY",
                                 "only aggregate expressions use field aliasing");
    }
    if (call_is(e, "toLabel") || call_is(e, "FORMAT") || call_is(e, "convertCurrency"))
        return add_wrapped(c, plan, item);
    sfo_operand o; /* a date function needs GROUP BY; anything else is unknown */
    return sfo_compile_operand(&plan->rows, e, &o) &&
           sfo_fault_set(c->fault, 400, "MALFORMED_QUERY", "Field must be grouped or aggregated: %s", o.name);
}

/* ---- FIELDS() ---- */

static bool is_bounded(const sfo_ast_query *q)
{
    if (q->limit >= 0 && q->limit <= 200) return true;
    const sfo_ast_cond *w = q->where;
    if (w == NULL) return false;
    size_t n = w->kind == SFO_COND_AND ? w->child_count : 1;
    for (size_t i = 0; i < n; i++) {
        const sfo_ast_cond *c = w->kind == SFO_COND_AND ? w->children[i] : w;
        if (c->kind == SFO_COND_COMPARE && (c->op == SFO_OP_EQ || c->op == SFO_OP_IN) && c->semi == NULL &&
            c->operand->kind == SFO_EXPR_PATH && sfi_str_is_nocase(c->operand->name.text, "Id"))
            return true;
    }
    return false;
}

static bool add_fields(sfo_compile *c, const sfo_ast_query *q, sfo_plan *plan, const sfo_ast_item *item)
{
    if (item->fields != SFO_FIELDS_STANDARD && !is_bounded(q))
        return sfo_fault_set(c->fault, 400, "MALFORMED_QUERY",
                             "The SOQL FIELDS function must have a LIMIT of at most 200");
    for (size_t i = 0; i < plan->object->field_count; i++) {
        const sfo_field *f = &plan->object->fields[i];
        if ((item->fields == SFO_FIELDS_STANDARD && f->custom) || (item->fields == SFO_FIELDS_CUSTOM && !f->custom))
            continue;
        if (sfo_out_find(plan->record, f->name) != NULL) return duplicate(c, item->offset, f->name);
        sfo_out *out = sfo_out_add(c, plan->record, f->name);
        if (out == NULL || !sfo_add_field(c, plan, out, &(sfo_target){ .field = f })) return false;
    }
    return true;
}

/* ---- the list ---- */

static bool add_child(sfo_compile *c, const sfo_ast_item *item, int level, sfo_plans *all, sfo_plan *plan)
{
    if (++c->child_queries > SFO_CHILD_QUERIES_MAX)
        return sfo_soql_fault_at(c->fault, c->text, item->offset, "MALFORMED_QUERY",
                                 "a query cannot have more than %d child queries", SFO_CHILD_QUERIES_MAX);
    const char *key;
    sfo_plan *child;
    if (!sfo_compile_child(c, item->child, plan, level + 1, all, &key, &child)) return false;
    if (item->alias.text.ptr != NULL) key = sfo_textf(c, "%.*s", S(item->alias.text)).ptr;
    if (sfo_out_find(plan->record, key) != NULL) return duplicate(c, item->offset, key);
    sfo_out *out = sfo_out_add(c, plan->record, key);
    if (out == NULL) return false;
    out->kind = SFO_OUT_CHILD;
    out->child = child;
    sfo_plan **children = sfo_compile_grow(c, plan->children, plan->child_count, sizeof *children);
    if (children == NULL) return sfo_compile_memory_fault(c);
    plan->children = children;
    plan->children[plan->child_count++] = child;
    return true;
}

bool sfo_compile_select(sfo_compile *c, const sfo_ast_query *q, int level, sfo_plans *all, sfo_plan *plan)
{
    sfo_sql_init(&plan->rows, c, &plan->scope);
    if (plan->rows.joins == NULL) return sfo_compile_memory_fault(c);
    plan->record = sfo_shape_new(c, &plan->rows, 0);
    if (plan->record == NULL) return false;
    int unnamed = 0;
    for (size_t i = 0; i < q->item_count; i++) {
        const sfo_ast_item *item = &q->items[i];
        bool fine;
        switch (item->kind) {
        case SFO_ITEM_FIELDS: fine = add_fields(c, q, plan, item); break;
        case SFO_ITEM_CHILD: fine = add_child(c, item, level, all, plan); break;
        case SFO_ITEM_TYPEOF: fine = sfo_add_typeof(c, plan, all, item); break;
        default: fine = add_expr(c, plan, item, &unnamed); break;
        }
        if (!fine) return false;
    }
    sf_str columns = sfo_columns_text(&plan->rows), from = sfo_from_text(&plan->rows);
    sf_str id = sfo_param_text(&plan->rows, SFI_STR(""));
    plan->id_bind = (int)plan->rows.bind_count;
    plan->rows_text =
        sfo_textf(c, "SELECT %.*s%.*s WHERE t%d.\"Id\"=%.*s", S(columns), S(from), plan->rows.joins[0].table, S(id));
    return !c->no_memory || sfo_compile_memory_fault(c);
}
