/* parser_clauses.c: the clauses behind WHERE, in their fixed order: WITH, GROUP BY, HAVING, ORDER BY, LIMIT … */
#include "soql/parser_internal.h"
#include "soql/position.h"

static bool parse_category(sfo_parser *p, sfo_ast_category *c)
{
    static const char *const selectors[] = { "AT", "ABOVE", "BELOW", "ABOVE_OR_BELOW" };
    *c = (sfo_ast_category){ 0 };
    if (!sfo_parse_plain_name(p, &c->group)) return false;
    bool known = false;
    for (size_t i = 0; i < SFI_COUNT_OF(selectors); i++) known = known || sfo_at_word(p, selectors[i]);
    if (!known) return sfo_unexpected(p);
    if (!sfo_parse_plain_name(p, &c->selector)) return false;
    bool list = sfo_take_kind(p, SFO_TOK_LPAREN);
    do {
        sfo_ast_name name;
        if (!sfo_parse_plain_name(p, &name)) return false;
        c->names = sfo_list_grow(p, c->names, c->name_count, sizeof name);
        if (c->names == NULL) return false;
        c->names[c->name_count++] = name;
    } while (list && sfo_take_kind(p, SFO_TOK_COMMA));
    return !list || sfo_expect_rparen(p);
}

static bool parse_categories(sfo_parser *p, sfo_ast_with *w)
{
    w->kind = SFO_WITH_CATEGORY;
    do {
        sfo_ast_category c;
        if (!parse_category(p, &c)) return false;
        w->categories = sfo_list_grow(p, w->categories, w->category_count, sizeof c);
        if (w->categories == NULL) return false;
        w->categories[w->category_count++] = c;
    } while (sfo_take_word(p, "AND"));
    return true;
}

/* «= 'x'», «= name», or a value when any is true. */
static bool parse_assignment(sfo_parser *p, sfo_ast_with *w, bool any)
{
    sfo_ast_literal value = { .kind = SFO_LIT_STRING, .offset = sfo_peek(p, 0)->offset };
    if (!any && sfo_at_kind(p, SFO_TOK_NAME) && !sfo_at_reserved(p)) {
        value.text = sfo_token_text(p, sfo_peek(p, 0));
        sfo_advance(p);
    } else if (!any && !sfo_at_kind(p, SFO_TOK_STRING)) {
        return sfo_unexpected(p);
    } else if (!sfo_parse_value(p, &value)) {
        return false;
    }
    w->values = sfo_list_grow(p, w->values, w->value_count, sizeof value);
    if (w->values == NULL) return false;
    w->values[w->value_count++] = value;
    return true;
}

static bool parse_other_with(sfo_parser *p, sfo_ast_with *w)
{
    w->kind = SFO_WITH_OTHER;
    if (sfo_at_reserved(p)) return sfo_unexpected(p);
    if (!sfo_parse_plain_name(p, &w->name)) return false;
    if (sfo_take_kind(p, SFO_TOK_EQ)) return parse_assignment(p, w, false);
    if (!sfo_expect_kind(p, SFO_TOK_LPAREN)) return false;
    w->in_parentheses = true;
    do {
        sfo_ast_name key;
        if (!sfo_parse_plain_name(p, &key) || !sfo_expect_kind(p, SFO_TOK_EQ)) return false;
        w->keys = sfo_list_grow(p, w->keys, w->value_count, sizeof key);
        if (w->keys == NULL) return false;
        w->keys[w->value_count] = key;
        if (!parse_assignment(p, w, true)) return false;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return sfo_expect_rparen(p);
}

bool sfo_parse_with_clauses(sfo_parser *p, sfo_ast_query *q)
{
    while (sfo_take_word(p, "WITH")) {
        sfo_ast_with w = { 0 };
        bool fine = true;
        if (sfo_take_word(p, "SECURITY_ENFORCED")) {
            w.kind = SFO_WITH_SECURITY;
        } else if (sfo_take_word(p, "USER_MODE")) {
            w.kind = SFO_WITH_USER_MODE;
        } else if (sfo_take_word(p, "SYSTEM_MODE")) {
            w.kind = SFO_WITH_SYSTEM_MODE;
        } else if (sfo_at_word(p, "DATA") && sfo_ahead_is_word(p, 1, "CATEGORY")) {
            sfo_advance(p);
            sfo_advance(p);
            fine = parse_categories(p, &w);
        } else {
            fine = parse_other_with(p, &w);
        }
        if (!fine) return false;
        q->with = sfo_list_grow(p, q->with, q->with_count, sizeof w);
        if (q->with == NULL) return false;
        q->with[q->with_count++] = w;
    }
    return true;
}

bool sfo_parse_group(sfo_parser *p, sfo_ast_query *q)
{
    q->group_offset = sfo_peek(p, 0)->offset;
    if (!sfo_take_word(p, "GROUP")) return true;
    if (!sfo_expect_word(p, "BY")) return false;
    bool called = sfo_peek(p, 1)->kind == SFO_TOK_LPAREN;
    if (called && sfo_at_word(p, "ROLLUP")) q->group_kind = SFO_GROUP_ROLLUP;
    if (called && sfo_at_word(p, "CUBE")) q->group_kind = SFO_GROUP_CUBE;
    bool list = q->group_kind != SFO_GROUP_PLAIN;
    if (list) {
        sfo_advance(p);
        sfo_advance(p);
    }
    do {
        sfo_ast_expr *e = sfo_parse_expr(p);
        if (e == NULL) return false;
        q->groups = sfo_list_grow(p, q->groups, q->group_count, sizeof(sfo_ast_expr *));
        if (q->groups == NULL) return false;
        q->groups[q->group_count++] = e;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    if (list && !sfo_expect_rparen(p)) return false;
    if (!sfo_take_word(p, "HAVING")) return true;
    q->having = sfo_parse_condition(p);
    return q->having != NULL;
}

bool sfo_parse_order(sfo_parser *p, sfo_ast_query *q)
{
    if (!sfo_take_word(p, "ORDER")) return true;
    if (!sfo_expect_word(p, "BY")) return false;
    do {
        sfo_ast_order o = { .expr = sfo_parse_expr(p) };
        if (o.expr == NULL) return false;
        if (sfo_at_word(p, "ASC") || sfo_at_word(p, "DESC")) {
            o.has_direction = true;
            o.descending = sfo_at_word(p, "DESC");
            sfo_advance(p);
        }
        if (sfo_take_word(p, "NULLS")) {
            if (!sfo_at_word(p, "FIRST") && !sfo_at_word(p, "LAST")) return sfo_unexpected(p);
            o.has_nulls = true;
            o.nulls_first = sfo_at_word(p, "FIRST");
            sfo_advance(p);
        }
        q->orders = sfo_list_grow(p, q->orders, q->order_count, sizeof o);
        if (q->orders == NULL) return false;
        q->orders[q->order_count++] = o;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

bool sfo_parse_limits(sfo_parser *p, sfo_ast_query *q)
{
    q->limit_offset = sfo_peek(p, 0)->offset;
    if (sfo_take_word(p, "LIMIT") && !sfo_parse_uint(p, &q->limit)) return false;
    q->offset_offset = sfo_peek(p, 0)->offset;
    return !sfo_take_word(p, "OFFSET") || sfo_parse_uint(p, &q->offset_rows);
}

static bool parse_for(sfo_parser *p, sfo_ast_query *q)
{
    if (sfo_take_word(p, "VIEW"))
        q->for_view = true;
    else if (sfo_take_word(p, "REFERENCE"))
        q->for_reference = true;
    else if (sfo_take_word(p, "UPDATE"))
        q->for_update = true;
    else
        return sfo_unexpected(p);
    return true;
}

static bool parse_update(sfo_parser *p, sfo_ast_query *q)
{
    do {
        if (sfo_take_word(p, "TRACKING"))
            q->update_tracking = true;
        else if (sfo_take_word(p, "VIEWSTAT"))
            q->update_viewstat = true;
        else
            return sfo_unexpected(p);
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

static bool take_all_rows(sfo_parser *p, sfo_ast_query *q)
{
    q->all_rows_offset = sfo_peek(p, 0)->offset;
    if (!sfo_take_word(p, "ALL")) return true;
    q->all_rows = true;
    return sfo_expect_word(p, "ROWS");
}

bool sfo_parse_endings(sfo_parser *p, sfo_ast_query *q, sfo_query_place place)
{
    if (place == SFO_ROOT_QUERY && !take_all_rows(p, q)) return false;
    while (sfo_take_word(p, "FOR"))
        if (!parse_for(p, q)) return false;
    if (place != SFO_ROOT_QUERY) return true;
    if (sfo_take_word(p, "UPDATE") && !parse_update(p, q)) return false;
    return q->all_rows || take_all_rows(p, q);
}
