/*
 * parser_select.c: the select list, FROM, and the order of the clauses. Root, child and semi-join queries are one
 * function with a place: which clauses a place has is the grammar's; what they may mean there, the resolver's.
 */
#include "soql/parser_internal.h"
#include "soql/position.h"

static bool parse_fields(sfo_parser *p, sfo_ast_item *item)
{
    item->kind = SFO_ITEM_FIELDS;
    sfo_advance(p);
    sfo_advance(p);
    if (sfo_take_word(p, "ALL"))
        item->fields = SFO_FIELDS_ALL;
    else if (sfo_take_word(p, "STANDARD"))
        item->fields = SFO_FIELDS_STANDARD;
    else if (sfo_take_word(p, "CUSTOM"))
        item->fields = SFO_FIELDS_CUSTOM;
    else
        return sfo_unexpected(p);
    return sfo_expect_rparen(p);
}

static bool parse_path_list(sfo_parser *p, sfo_ast_name **paths, size_t *count)
{
    do {
        sfo_ast_name path;
        if (!sfo_parse_path(p, &path)) return false;
        *paths = sfo_list_grow(p, *paths, *count, sizeof path);
        if (*paths == NULL) return false;
        (*paths)[(*count)++] = path;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

static bool parse_typeof(sfo_parser *p, sfo_ast_item *item)
{
    sfo_ast_typeof *t = sfo_new(p, sizeof *t);
    if (t == NULL) return false;
    item->kind = SFO_ITEM_TYPEOF;
    item->type_of = t;
    sfo_advance(p);
    if (!sfo_parse_path(p, &t->operand)) return false;
    while (sfo_take_word(p, "WHEN")) {
        sfo_ast_when when = { 0 };
        if (!sfo_parse_plain_name(p, &when.object) || !sfo_expect_word(p, "THEN") ||
            !parse_path_list(p, &when.paths, &when.path_count))
            return false;
        t->whens = sfo_list_grow(p, t->whens, t->when_count, sizeof when);
        if (t->whens == NULL) return false;
        t->whens[t->when_count++] = when;
    }
    if (sfo_take_word(p, "ELSE") && !parse_path_list(p, &t->otherwise, &t->otherwise_count)) return false;
    return sfo_expect_word(p, "END");
}

static bool parse_child(sfo_parser *p, sfo_ast_item *item)
{
    sfo_advance(p);
    if (!sfo_at_word(p, "SELECT")) return sfo_unexpected(p);
    item->kind = SFO_ITEM_CHILD;
    item->child = sfo_parse_query(p, SFO_CHILD_QUERY);
    return item->child != NULL && sfo_expect_rparen(p);
}

static bool parse_item(sfo_parser *p, sfo_query_place place, sfo_ast_item *item)
{
    *item = (sfo_ast_item){ .offset = sfo_peek(p, 0)->offset };
    bool called = sfo_peek(p, 1)->kind == SFO_TOK_LPAREN;
    if (sfo_at_kind(p, SFO_TOK_LPAREN) && place != SFO_SEMI_QUERY) {
        if (!parse_child(p, item)) return false;
    } else if (sfo_at_word(p, "TYPEOF") && sfo_peek(p, 1)->kind == SFO_TOK_NAME && sfo_ahead_is_word(p, 2, "WHEN")) {
        return parse_typeof(p, item);
    } else if (sfo_at_word(p, "FIELDS") && called) {
        return parse_fields(p, item);
    } else {
        item->expr = sfo_parse_expr(p);
        if (item->expr == NULL) return false;
    }
    if (place != SFO_SEMI_QUERY && sfo_at_alias(p)) return sfo_parse_plain_name(p, &item->alias);
    return true;
}

static bool parse_select_list(sfo_parser *p, sfo_query_place place, sfo_ast_query *q)
{
    if (!sfo_expect_word(p, "SELECT")) return false;
    if (sfo_at_word(p, "COUNT") && sfo_peek(p, 1)->kind == SFO_TOK_LPAREN && sfo_peek(p, 2)->kind == SFO_TOK_RPAREN &&
        place != SFO_SEMI_QUERY) {
        for (int i = 0; i < 3; i++) sfo_advance(p);
        q->count_all = true;
        return true;
    }
    do {
        sfo_ast_item item;
        if (!parse_item(p, place, &item)) return false;
        q->items = sfo_list_grow(p, q->items, q->item_count, sizeof item);
        if (q->items == NULL) return false;
        q->items[q->item_count++] = item;
    } while (place != SFO_SEMI_QUERY && sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

/* Words that begin a clause when the right token follows, and are an alias else. */
static bool at_clause(const sfo_parser *p)
{
    static const struct {
        const char *word, *next;
    } clauses[] = { { "ORDER", "BY" }, { "ALL", "ROWS" }, { "UPDATE", "TRACKING" }, { "UPDATE", "VIEWSTAT" } };
    if (sfo_at_word(p, "OFFSET") && (sfo_peek(p, 1)->kind == SFO_TOK_NUMBER || sfo_peek(p, 1)->kind == SFO_TOK_COLON))
        return true;
    for (size_t i = 0; i < SFI_COUNT_OF(clauses); i++)
        if (sfo_at_word(p, clauses[i].word) && sfo_ahead_is_word(p, 1, clauses[i].next)) return true;
    return false;
}

static bool parse_from(sfo_parser *p, sfo_query_place place, sfo_ast_query *q)
{
    if (!sfo_expect_word(p, "FROM")) return false;
    do {
        sfo_ast_from from = { 0 };
        if (!sfo_parse_path(p, &from.path)) return false;
        if (sfo_at_word(p, "AS") && sfo_peek(p, 1)->kind == SFO_TOK_NAME) {
            sfo_advance(p);
            if (!sfo_at_alias(p)) return sfo_unexpected(p);
        }
        if (sfo_at_alias(p) && !at_clause(p) && !sfo_parse_plain_name(p, &from.alias)) return false;
        q->from = sfo_list_grow(p, q->from, q->from_count, sizeof from);
        if (q->from == NULL) return false;
        q->from[q->from_count++] = from;
    } while (place == SFO_ROOT_QUERY && sfo_take_kind(p, SFO_TOK_COMMA));
    if (place == SFO_CHILD_QUERY || !sfo_take_word(p, "USING")) return true;
    return sfo_expect_word(p, "SCOPE") && sfo_parse_plain_name(p, &q->scope);
}

static bool parse_clauses(sfo_parser *p, sfo_query_place place, sfo_ast_query *q)
{
    if (!parse_select_list(p, place, q) || !parse_from(p, place, q)) return false;
    if (sfo_take_word(p, "WHERE")) {
        q->where = sfo_parse_condition(p);
        if (q->where == NULL) return false;
    }
    if (!sfo_parse_with_clauses(p, q)) return false;
    if (place == SFO_SEMI_QUERY) return true;
    return sfo_parse_group(p, q) && sfo_parse_order(p, q) && sfo_parse_limits(p, q) && sfo_parse_endings(p, q, place);
}

sfo_ast_query *sfo_parse_query(sfo_parser *p, sfo_query_place place)
{
    sfo_ast_query *q = sfo_new(p, sizeof *q);
    if (q == NULL || !sfo_enter(p)) return NULL;
    q->offset = sfo_peek(p, 0)->offset;
    q->limit = -1;
    q->offset_rows = -1;
    bool fine = parse_clauses(p, place, q);
    p->depth--;
    return fine ? q : NULL;
}
