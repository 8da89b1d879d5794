/*
 * soql_printer.h: a SOQL tree as text again, for the tests: what is printed must parse to the same tree, which is so
 * when it prints the same again. Used by soql_parse_fuzz.c and unit/org_soql/parser_test.c.
 */
#ifndef SF_TEST_SOQL_PRINTER_H
#define SF_TEST_SOQL_PRINTER_H
#include "soql/ast.h"
#include "soql/dates.h"

static void print_query(sfi_buf *b, const sfo_ast_query *q);

static void print_name(sfi_buf *b, const sfo_ast_name *n)
{
    sfi_buf_add(b, n->text.ptr, n->text.len);
}

/* In a LIKE pattern backslash pairs stay as they are. */
static void print_string(sfi_buf *b, sf_str s, bool like)
{
    sfi_buf_add_char(b, '\'');
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '\\' && like) {
            sfi_buf_add(b, s.ptr + i, 2);
            i++;
        } else if (c == '\'' || c == '\\') {
            sfi_buf_addf(b, "\\%c", c);
        } else if (c == '\0') {
            sfi_buf_add_str(b, "\\u0000");
        } else {
            sfi_buf_add_char(b, c);
        }
    }
    sfi_buf_add_char(b, '\'');
}

static void print_expr(sfi_buf *b, const sfo_ast_expr *e)
{
    print_name(b, &e->name);
    if (e->kind == SFO_EXPR_PATH) return;
    sfi_buf_add_char(b, '(');
    if (e->kind == SFO_EXPR_DISTANCE) {
        print_name(b, &e->geo);
        sfi_buf_add_str(b, ", ");
        if (e->geo_other.text.ptr != NULL)
            print_name(b, &e->geo_other);
        else
            sfi_buf_addf(b, "GEOLOCATION(%.*s, %.*s)", (int)e->latitude.len, e->latitude.ptr, (int)e->longitude.len,
                         e->longitude.ptr);
        sfi_buf_add_str(b, ", ");
        print_string(b, e->unit, false);
    }
    for (size_t i = 0; i < e->arg_count; i++) {
        if (i > 0) sfi_buf_add_str(b, ", ");
        print_expr(b, e->args[i]);
    }
    sfi_buf_add_char(b, ')');
}

static void print_literal(sfi_buf *b, const sfo_ast_literal *v, bool like)
{
    if (v->kind == SFO_LIT_STRING)
        print_string(b, v->text, like);
    else if (v->kind == SFO_LIT_CURRENCY)
        sfi_buf_addf(b, "EUR%.*s", (int)v->text.len, v->text.ptr);
    else
        sfi_buf_add(b, v->text.ptr, v->text.len);
    if (v->kind == SFO_LIT_RANGE && sfo_range_at(v->range)->takes_n) sfi_buf_addf(b, ":%lld", (long long)v->n);
}

static void print_condition(sfi_buf *b, const sfo_ast_cond *c)
{
    static const char *const signs[] = {
        "=", "!=", "<", "<=", ">", ">=", "LIKE", "IN", "NOT IN", "INCLUDES", "EXCLUDES"
    };
    if (c->in_parentheses) sfi_buf_add_char(b, '(');
    if (c->kind == SFO_COND_COMPARE) {
        print_expr(b, c->operand);
        sfi_buf_addf(b, " %s ", signs[c->op]);
        bool list = c->op >= SFO_OP_IN;
        if (list) sfi_buf_add_char(b, '(');
        if (c->semi != NULL) print_query(b, c->semi);
        for (size_t i = 0; i < c->value_count; i++) {
            if (i > 0) sfi_buf_add_str(b, ", ");
            print_literal(b, &c->values[i], c->op == SFO_OP_LIKE);
        }
        if (list) sfi_buf_add_char(b, ')');
    } else {
        if (c->kind == SFO_COND_NOT) sfi_buf_add_str(b, "NOT ");
        for (size_t i = 0; i < c->child_count; i++) {
            if (i > 0) sfi_buf_add_str(b, c->kind == SFO_COND_AND ? " AND " : " OR ");
            print_condition(b, c->children[i]);
        }
    }
    if (c->in_parentheses) sfi_buf_add_char(b, ')');
}

static void print_names(sfi_buf *b, const sfo_ast_name *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) sfi_buf_add_str(b, ", ");
        print_name(b, &names[i]);
    }
}

static void print_item(sfi_buf *b, const sfo_ast_item *item)
{
    static const char *const fields[] = { "ALL", "STANDARD", "CUSTOM" };
    switch (item->kind) {
    case SFO_ITEM_EXPR: print_expr(b, item->expr); break;
    case SFO_ITEM_FIELDS: sfi_buf_addf(b, "FIELDS(%s)", fields[item->fields]); break;
    case SFO_ITEM_CHILD:
        sfi_buf_add_char(b, '(');
        print_query(b, item->child);
        sfi_buf_add_char(b, ')');
        break;
    case SFO_ITEM_TYPEOF:
        sfi_buf_add_str(b, "TYPEOF ");
        print_name(b, &item->type_of->operand);
        for (size_t i = 0; i < item->type_of->when_count; i++) {
            sfi_buf_add_str(b, " WHEN ");
            print_name(b, &item->type_of->whens[i].object);
            sfi_buf_add_str(b, " THEN ");
            print_names(b, item->type_of->whens[i].paths, item->type_of->whens[i].path_count);
        }
        if (item->type_of->otherwise_count > 0) sfi_buf_add_str(b, " ELSE ");
        print_names(b, item->type_of->otherwise, item->type_of->otherwise_count);
        sfi_buf_add_str(b, " END");
        break;
    }
    if (item->alias.text.ptr == NULL) return;
    sfi_buf_add_char(b, ' ');
    print_name(b, &item->alias);
}

static void print_with(sfi_buf *b, const sfo_ast_with *w)
{
    static const char *const words[] = { "SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE", "DATA CATEGORY " };
    sfi_buf_add_str(b, " WITH ");
    if (w->kind != SFO_WITH_OTHER) sfi_buf_add_str(b, words[w->kind]);
    for (size_t i = 0; i < w->category_count; i++) {
        if (i > 0) sfi_buf_add_str(b, " AND ");
        print_name(b, &w->categories[i].group);
        sfi_buf_add_char(b, ' ');
        print_name(b, &w->categories[i].selector);
        sfi_buf_add_str(b, " (");
        print_names(b, w->categories[i].names, w->categories[i].name_count);
        sfi_buf_add_char(b, ')');
    }
    if (w->kind != SFO_WITH_OTHER) return;
    print_name(b, &w->name);
    sfi_buf_add_str(b, w->in_parentheses ? " (" : " = ");
    for (size_t i = 0; i < w->value_count; i++) {
        if (i > 0) sfi_buf_add_str(b, ", ");
        if (w->in_parentheses) {
            print_name(b, &w->keys[i]);
            sfi_buf_add_str(b, " = ");
        }
        print_literal(b, &w->values[i], false);
    }
    if (w->in_parentheses) sfi_buf_add_char(b, ')');
}

static void print_grouping(sfi_buf *b, const sfo_ast_query *q)
{
    if (q->group_count == 0) return;
    sfi_buf_add_str(b, " GROUP BY ");
    if (q->group_kind != SFO_GROUP_PLAIN) sfi_buf_add_str(b, q->group_kind == SFO_GROUP_ROLLUP ? "ROLLUP(" : "CUBE(");
    for (size_t i = 0; i < q->group_count; i++) {
        if (i > 0) sfi_buf_add_str(b, ", ");
        print_expr(b, q->groups[i]);
    }
    if (q->group_kind != SFO_GROUP_PLAIN) sfi_buf_add_char(b, ')');
    if (q->having == NULL) return;
    sfi_buf_add_str(b, " HAVING ");
    print_condition(b, q->having);
}

static void print_endings(sfi_buf *b, const sfo_ast_query *q)
{
    for (size_t i = 0; i < q->order_count; i++) {
        const sfo_ast_order *o = &q->orders[i];
        sfi_buf_add_str(b, i > 0 ? ", " : " ORDER BY ");
        print_expr(b, o->expr);
        if (o->has_direction) sfi_buf_add_str(b, o->descending ? " DESC" : " ASC");
        if (o->has_nulls) sfi_buf_add_str(b, o->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
    if (q->limit >= 0) sfi_buf_addf(b, " LIMIT %lld", (long long)q->limit);
    if (q->offset_rows >= 0) sfi_buf_addf(b, " OFFSET %lld", (long long)q->offset_rows);
    if (q->for_view) sfi_buf_add_str(b, " FOR VIEW");
    if (q->for_reference) sfi_buf_add_str(b, " FOR REFERENCE");
    if (q->for_update) sfi_buf_add_str(b, " FOR UPDATE");
    if (q->update_tracking || q->update_viewstat)
        sfi_buf_addf(b, " UPDATE %s%s%s", q->update_tracking ? "TRACKING" : "",
                     q->update_tracking && q->update_viewstat ? ", " : "", q->update_viewstat ? "VIEWSTAT" : "");
    if (q->all_rows) sfi_buf_add_str(b, " ALL ROWS");
}

static void print_query(sfi_buf *b, const sfo_ast_query *q)
{
    sfi_buf_add_str(b, "SELECT ");
    if (q->count_all) sfi_buf_add_str(b, "COUNT()");
    for (size_t i = 0; i < q->item_count; i++) {
        if (i > 0) sfi_buf_add_str(b, ", ");
        print_item(b, &q->items[i]);
    }
    for (size_t i = 0; i < q->from_count; i++) {
        sfi_buf_add_str(b, i > 0 ? ", " : " FROM ");
        print_name(b, &q->from[i].path);
        if (q->from[i].alias.text.ptr == NULL) continue;
        sfi_buf_add_str(b, " AS ");
        print_name(b, &q->from[i].alias);
    }
    if (q->scope.text.ptr != NULL) {
        sfi_buf_add_str(b, " USING SCOPE ");
        print_name(b, &q->scope);
    }
    if (q->where != NULL) {
        sfi_buf_add_str(b, " WHERE ");
        print_condition(b, q->where);
    }
    for (size_t i = 0; i < q->with_count; i++) print_with(b, &q->with[i]);
    print_grouping(b, q);
    print_endings(b, q);
}

#endif
