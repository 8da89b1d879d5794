/*
 * sosl_parse.c: a SOSL statement into its tree. Each entry of RETURNING becomes a SOQL query over its object, made with
 * SOQL's own lexer and parsers, so that fields, WHERE and ORDER BY mean the same in both languages.
 */
#include "soql/position.h"
#include "soql/sosl_internal.h"

#define S(x) (int)(x).len, (x).ptr

static bool refuse(sfo_parser *p, uint32_t offset, const char *message)
{
    return sfo_soql_fault_at(p->fault, p->text, offset, "MALFORMED_SEARCH", "%s", message);
}

/* «FIND {»: where the text begins. */
static bool parse_head(sf_str text, size_t *at, sfo_fault *f)
{
    sf_str rest = text;
    while (rest.len > 0 && strchr(" \t\r\n", rest.ptr[0]) != NULL) rest = (sf_str){ rest.ptr + 1, rest.len - 1 };
    bool found = sfi_starts_with_nocase(rest, "FIND");
    if (found) rest = (sf_str){ rest.ptr + 4, rest.len - 4 };
    while (rest.len > 0 && strchr(" \t\r\n", rest.ptr[0]) != NULL) rest = (sf_str){ rest.ptr + 1, rest.len - 1 };
    if (!found || rest.len == 0 || rest.ptr[0] != '{')
        return sfo_fault_set(f, 400, "MALFORMED_SEARCH",
                             "No search term found. The search term must be enclosed in braces.");
    *at = (size_t)(rest.ptr - text.ptr) + 1;
    return true;
}

static bool parse_group(sfo_parser *p, sfo_sosl *sosl)
{
    static const char *const words[] = { "ALL", "NAME", "EMAIL", "PHONE", "SIDEBAR" };
    if (!sfo_take_word(p, "IN")) return true;
    for (size_t i = 0; i < SFI_COUNT_OF(words); i++) {
        if (!sfo_take_word(p, words[i])) continue;
        sosl->group = (sfo_find_group)i;
        return sfo_expect_word(p, "FIELDS");
    }
    if (!sfo_at_kind(p, SFO_TOK_NAME)) return sfo_unexpected(p);
    sf_str found = sfo_token_text(p, sfo_peek(p, 0));
    return sfo_fault_set(p->fault, 400, "MALFORMED_SEARCH", "Malformed search token: %.*s", S(found));
}

/* ---- RETURNING ---- */

static bool at_clause(const sfo_parser *p)
{
    return sfo_at_word(p, "OFFSET") || (sfo_at_word(p, "ORDER") && sfo_ahead_is_word(p, 1, "BY"));
}

static bool parse_items(sfo_parser *p, sfo_ast_query *q)
{
    do {
        sfo_ast_item item = { .offset = sfo_peek(p, 0)->offset, .expr = sfo_parse_expr(p) };
        if (item.expr == NULL) return false;
        if (sfo_at_alias(p) && !at_clause(p) && !sfo_parse_plain_name(p, &item.alias)) return false;
        q->items = sfo_list_grow(p, q->items, q->item_count, sizeof item);
        if (q->items == NULL) return false;
        q->items[q->item_count++] = item;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

/* Semi-joins are SOQL's alone. */
static bool check_condition(sfo_parser *p, const sfo_ast_cond *c)
{
    if (c->kind == SFO_COND_COMPARE)
        return c->semi == NULL || refuse(p, c->offset, "semi-joins are not allowed in a search");
    for (size_t i = 0; i < c->child_count; i++)
        if (!check_condition(p, c->children[i])) return false;
    return true;
}

static bool parse_spec_clauses(sfo_parser *p, sfo_ast_query *q)
{
    if (!parse_items(p, q)) return false;
    if (sfo_take_word(p, "WHERE")) {
        q->where = sfo_parse_condition(p);
        if (q->where == NULL || !check_condition(p, q->where)) return false;
    }
    if (sfo_at_word(p, "USING")) return refuse(p, sfo_peek(p, 0)->offset, "this org has no list views to search in");
    return sfo_parse_order(p, q) && sfo_parse_limits(p, q);
}

static bool parse_spec(sfo_parser *p, sfo_sosl *sosl)
{
    sfo_ast_query q = { .offset = sfo_peek(p, 0)->offset, .limit = -1, .offset_rows = -1 };
    q.from = sfo_new(p, sizeof *q.from);
    if (q.from == NULL || !sfo_parse_plain_name(p, &q.from->path)) return false;
    q.from_count = 1;
    if (sfo_take_kind(p, SFO_TOK_LPAREN) && (!parse_spec_clauses(p, &q) || !sfo_expect_rparen(p))) return false;
    sosl->specs = sfo_list_grow(p, sosl->specs, sosl->spec_count, sizeof q);
    if (sosl->specs == NULL) return false;
    sosl->specs[sosl->spec_count++] = q;
    return true;
}

static bool parse_returning(sfo_parser *p, sfo_sosl *sosl)
{
    if (!sfo_take_word(p, "RETURNING")) return true;
    sosl->has_returning = true;
    do {
        if (!parse_spec(p, sosl)) return false;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

/* ---- the rest ---- */

/* What changes nothing here is taken; what would change the answer is refused by name. */
static bool parse_with(sfo_parser *p)
{
    while (sfo_take_word(p, "WITH")) {
        if (sfo_take_word(p, "USER_MODE") || sfo_take_word(p, "SYSTEM_MODE")) continue;
        if (sfo_take_word(p, "SPELL_CORRECTION")) {
            if (!sfo_expect_kind(p, SFO_TOK_EQ)) return false;
            if (!sfo_at_word(p, "true") && !sfo_at_word(p, "false")) return sfo_unexpected(p);
            sfo_advance(p);
            continue;
        }
        if (!sfo_at_kind(p, SFO_TOK_NAME)) return sfo_unexpected(p);
        sf_str name = sfo_token_text(p, sfo_peek(p, 0));
        return sfo_soql_fault_at(p->fault, p->text, sfo_peek(p, 0)->offset, "MALFORMED_SEARCH",
                                 "WITH %.*s is not supported by this org", S(name));
    }
    return true;
}

static bool parse_update(sfo_parser *p)
{
    if (!sfo_take_word(p, "UPDATE")) return true;
    do {
        if (!sfo_take_word(p, "TRACKING") && !sfo_take_word(p, "VIEWSTAT")) return sfo_unexpected(p);
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

static bool parse_limit(sfo_parser *p, sfo_sosl *sosl)
{
    sosl->limit = SFO_SOSL_ROWS_MAX;
    if (!sfo_take_word(p, "LIMIT")) return true;
    if (!sfo_parse_uint(p, &sosl->limit)) return false;
    if (sosl->limit > SFO_SOSL_ROWS_MAX) sosl->limit = SFO_SOSL_ROWS_MAX; /* more never come */
    return true;
}

bool sfo_sosl_parse(sf_str text, sfi_arena *arena, sfo_sosl *out, sfo_fault *f)
{
    *out = (sfo_sosl){ .limit = SFO_SOSL_ROWS_MAX };
    if (text.len > SFO_SOQL_TEXT_MAX || !sfi_utf8_valid(text.ptr, text.len))
        return sfo_fault_set(f, 400, "MALFORMED_SEARCH",
                             text.len > SFO_SOQL_TEXT_MAX ? "the search is too long" : "the search is not valid UTF-8");
    sfo_parser p = { .text = text, .arena = arena, .fault = f };
    if (!parse_head(text, &p.at, f) || !sfo_find_parse(&p, &p.at, &out->find)) return false;
    for (size_t i = 0; i < SFO_LOOKAHEAD; i++) p.tokens[i] = sfo_lex(text, &p.at);
    bool fine = parse_group(&p, out) && parse_returning(&p, out) && parse_with(&p) && parse_limit(&p, out) &&
                parse_update(&p) && (sfo_at_kind(&p, SFO_TOK_END) || sfo_unexpected(&p));
    return fine;
}
