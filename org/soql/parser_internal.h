/*
 * parser_internal.h: what the parts of the parser share: a window over the tokens, errors, lists in the arena.
 * Each parse function answers NULL or false when a fault is set. Threads: a parser belongs to one thread at a time.
 */
#ifndef SFO_SOQL_PARSER_INTERNAL_H
#define SFO_SOQL_PARSER_INTERNAL_H
#include "soql/ast.h"
#include "soql/lexer.h"

enum { SFO_LOOKAHEAD = 3 };

typedef struct sfo_parser {
    sf_str text;
    size_t at;                       /* behind the tokens below */
    sfo_token tokens[SFO_LOOKAHEAD]; /* the current one and those that follow */
    sfi_arena *arena;
    sfo_fault *fault;
    int depth; /* nested queries, parentheses and calls */
} sfo_parser;

typedef enum sfo_query_place { SFO_ROOT_QUERY, SFO_CHILD_QUERY, SFO_SEMI_QUERY } sfo_query_place;

/* ---- parser.c ---- */
static inline const sfo_token *sfo_peek(const sfo_parser *p, size_t ahead)
{
    return &p->tokens[ahead];
}
void sfo_advance(sfo_parser *p);
bool sfo_at_kind(const sfo_parser *p, sfo_token_kind kind);
bool sfo_ahead_is_word(const sfo_parser *p, size_t ahead, const char *word);
static inline bool sfo_at_word(const sfo_parser *p, const char *word)
{
    return sfo_ahead_is_word(p, 0, word);
}
bool sfo_take_word(sfo_parser *p, const char *word);
bool sfo_take_kind(sfo_parser *p, sfo_token_kind kind);
sf_str sfo_token_text(const sfo_parser *p, const sfo_token *token);
/* Sets the fault for the current token: what the lexer found, a bind variable, or «unexpected token». False. */
bool sfo_unexpected(sfo_parser *p);
bool sfo_expect_word(sfo_parser *p, const char *word);
bool sfo_expect_kind(sfo_parser *p, sfo_token_kind kind);
bool sfo_expect_rparen(sfo_parser *p);
bool sfo_enter(sfo_parser *p); /* depth; pairs with p->depth-- */
/* Room for items[count] in a list that grows by doubling; NULL: fault. */
void *sfo_list_grow(sfo_parser *p, void *items, size_t count, size_t size);
void *sfo_new(sfo_parser *p, size_t size); /* cleared; NULL: fault */

/* A path that is no reserved word; and a name that may be an alias. */
bool sfo_parse_path(sfo_parser *p, sfo_ast_name *out);
bool sfo_parse_plain_name(sfo_parser *p, sfo_ast_name *out); /* undotted */
bool sfo_at_alias(const sfo_parser *p);
bool sfo_at_reserved(const sfo_parser *p);
sfo_ast_expr *sfo_parse_expr(sfo_parser *p);
bool sfo_parse_string(sfo_parser *p, bool for_like, sf_str *out);
bool sfo_parse_value(sfo_parser *p, sfo_ast_literal *out);
bool sfo_parse_uint(sfo_parser *p, int64_t *out);

/* ---- parser_where.c ---- */
sfo_ast_cond *sfo_parse_condition(sfo_parser *p);

/* ---- parser_select.c ---- */
sfo_ast_query *sfo_parse_query(sfo_parser *p, sfo_query_place place);

/* ---- parser_clauses.c: everything behind WHERE ---- */
bool sfo_parse_with_clauses(sfo_parser *p, sfo_ast_query *q);
bool sfo_parse_group(sfo_parser *p, sfo_ast_query *q);
bool sfo_parse_order(sfo_parser *p, sfo_ast_query *q);
bool sfo_parse_limits(sfo_parser *p, sfo_ast_query *q);
bool sfo_parse_endings(sfo_parser *p, sfo_ast_query *q, sfo_query_place place);
#endif
