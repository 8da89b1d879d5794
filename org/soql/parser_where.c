/*
 * parser_where.c: conditions. AND and OR do not mix on one level and NOT stands alone on its level: that is the
 * grammar, not a precedence, so a condition is read as one unit and then as a chain of one kind.
 */
#include "soql/parser_internal.h"
#include "soql/position.h"

static sfo_ast_cond *parse_unit(sfo_parser *p);

static sfo_ast_cond *new_condition(sfo_parser *p, sfo_cond_kind kind)
{
    sfo_ast_cond *c = sfo_new(p, sizeof *c);
    if (c == NULL) return NULL;
    c->kind = kind;
    c->offset = sfo_peek(p, 0)->offset;
    return c;
}

static bool add_child(sfo_parser *p, sfo_ast_cond *c, sfo_ast_cond *child)
{
    if (child == NULL) return false;
    c->children = sfo_list_grow(p, c->children, c->child_count, sizeof(sfo_ast_cond *));
    if (c->children == NULL) return false;
    c->children[c->child_count++] = child;
    return true;
}

/* first stands already; the rest of a chain of one word. */
static sfo_ast_cond *parse_chain(sfo_parser *p, sfo_cond_kind kind, const char *word, sfo_ast_cond *first)
{
    sfo_ast_cond *c = new_condition(p, kind);
    if (c == NULL || !add_child(p, c, first)) return NULL;
    c->offset = first->offset;
    while (sfo_take_word(p, word))
        if (!add_child(p, c, parse_unit(p))) return NULL;
    return c;
}

sfo_ast_cond *sfo_parse_condition(sfo_parser *p)
{
    sfo_ast_cond *c;
    if (sfo_at_word(p, "NOT")) {
        c = new_condition(p, SFO_COND_NOT);
        if (c == NULL) return NULL;
        sfo_advance(p);
        if (!add_child(p, c, parse_unit(p))) return NULL;
    } else {
        c = parse_unit(p);
        if (c == NULL) return NULL;
        if (sfo_at_word(p, "AND"))
            c = parse_chain(p, SFO_COND_AND, "AND", c);
        else if (sfo_at_word(p, "OR"))
            c = parse_chain(p, SFO_COND_OR, "OR", c);
    }
    if (c == NULL) return NULL;
    if (sfo_at_word(p, "AND") || sfo_at_word(p, "OR")) {
        sfo_unexpected(p);
        return NULL;
    }
    return c;
}

static bool add_value(sfo_parser *p, sfo_ast_cond *c, const sfo_ast_literal *value)
{
    c->values = sfo_list_grow(p, c->values, c->value_count, sizeof(sfo_ast_literal));
    if (c->values == NULL) return false;
    c->values[c->value_count++] = *value;
    return true;
}

/* Behind IN, INCLUDES or EXCLUDES. */
static bool parse_list(sfo_parser *p, sfo_ast_cond *c, bool strings_only)
{
    if (!sfo_expect_kind(p, SFO_TOK_LPAREN)) return false;
    if (!strings_only && sfo_at_word(p, "SELECT")) {
        c->semi = sfo_parse_query(p, SFO_SEMI_QUERY);
        return c->semi != NULL && sfo_expect_rparen(p);
    }
    do {
        sfo_ast_literal value;
        if (strings_only && !sfo_at_kind(p, SFO_TOK_STRING)) return sfo_unexpected(p);
        if (!sfo_parse_value(p, &value) || !add_value(p, c, &value)) return false;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return sfo_expect_rparen(p);
}

static bool parse_like(sfo_parser *p, sfo_ast_cond *c)
{
    sfo_ast_literal value = { .kind = SFO_LIT_STRING, .offset = sfo_peek(p, 0)->offset };
    if (!sfo_at_kind(p, SFO_TOK_STRING)) {
        if (!sfo_at_word(p, "null") && !sfo_at_kind(p, SFO_TOK_COLON)) return sfo_unexpected(p);
        return sfo_parse_value(p, &value) && add_value(p, c, &value);
    }
    return sfo_parse_string(p, true, &value.text) && add_value(p, c, &value);
}

static bool take_comparison(sfo_parser *p, sfo_operator *op)
{
    static const struct {
        sfo_token_kind token;
        sfo_operator op;
    } table[] = { { SFO_TOK_EQ, SFO_OP_EQ }, { SFO_TOK_NE, SFO_OP_NE }, { SFO_TOK_LT, SFO_OP_LT },
                  { SFO_TOK_LE, SFO_OP_LE }, { SFO_TOK_GT, SFO_OP_GT }, { SFO_TOK_GE, SFO_OP_GE } };
    for (size_t i = 0; i < SFI_COUNT_OF(table); i++) {
        if (!sfo_take_kind(p, table[i].token)) continue;
        *op = table[i].op;
        return true;
    }
    return false;
}

static bool parse_comparison(sfo_parser *p, sfo_ast_cond *c)
{
    c->operand = sfo_parse_expr(p);
    if (c->operand == NULL) return false;
    bool is_distance = c->operand->kind == SFO_EXPR_DISTANCE;
    if (take_comparison(p, &c->op)) {
        sfo_ast_literal value;
        if (is_distance && !sfo_at_kind(p, SFO_TOK_NUMBER)) return sfo_unexpected(p);
        return sfo_parse_value(p, &value) && add_value(p, c, &value);
    }
    if (is_distance) return sfo_unexpected(p);
    if (sfo_at_word(p, "NOT") && sfo_ahead_is_word(p, 1, "IN")) {
        sfo_advance(p);
        sfo_advance(p);
        c->op = SFO_OP_NOT_IN;
        return parse_list(p, c, false);
    }
    if (sfo_take_word(p, "IN")) {
        c->op = SFO_OP_IN;
        return parse_list(p, c, false);
    }
    if (sfo_take_word(p, "LIKE")) {
        c->op = SFO_OP_LIKE;
        return parse_like(p, c);
    }
    if (sfo_at_word(p, "INCLUDES") || sfo_at_word(p, "EXCLUDES")) {
        c->op = sfo_at_word(p, "INCLUDES") ? SFO_OP_INCLUDES : SFO_OP_EXCLUDES;
        sfo_advance(p);
        return parse_list(p, c, true);
    }
    return sfo_unexpected(p);
}

static sfo_ast_cond *parse_unit(sfo_parser *p)
{
    if (sfo_take_kind(p, SFO_TOK_LPAREN)) {
        if (!sfo_enter(p)) return NULL;
        sfo_ast_cond *inner = sfo_parse_condition(p);
        p->depth--;
        if (inner == NULL || !sfo_expect_rparen(p)) return NULL;
        inner->in_parentheses = true;
        return inner;
    }
    sfo_ast_cond *c = new_condition(p, SFO_COND_COMPARE);
    return c != NULL && parse_comparison(p, c) ? c : NULL;
}
