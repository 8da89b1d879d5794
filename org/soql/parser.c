/*
 * parser.c: the parser's hands: tokens, errors, names, expressions, literals, and the entry. The grammar is that of
 * wire/soql.md 2, by recursive descent with at most two tokens of look-ahead; a word is a keyword only where one can
 * stand.
 */
#include "soql/dates.h"
#include "soql/parser_internal.h"
#include "soql/position.h"
#include "soql/soql.h"

static void init(sfo_parser *p, sf_str text, sfi_arena *arena, sfo_fault *fault)
{
    *p = (sfo_parser){ .text = text, .arena = arena, .fault = fault };
    for (size_t i = 0; i < SFO_LOOKAHEAD; i++) p->tokens[i] = sfo_lex(text, &p->at);
}

void sfo_advance(sfo_parser *p)
{
    if (p->tokens[0].kind == SFO_TOK_END || p->tokens[0].kind == SFO_TOK_ERROR) return;
    for (size_t i = 0; i + 1 < SFO_LOOKAHEAD; i++) p->tokens[i] = p->tokens[i + 1];
    sfo_token *last = &p->tokens[SFO_LOOKAHEAD - 1];
    if (last->kind != SFO_TOK_ERROR) *last = sfo_lex(p->text, &p->at);
}

sf_str sfo_token_text(const sfo_parser *p, const sfo_token *token)
{
    return (sf_str){ p->text.ptr + token->offset, token->len };
}

bool sfo_at_kind(const sfo_parser *p, sfo_token_kind kind)
{
    return p->tokens[0].kind == (uint8_t)kind;
}

bool sfo_ahead_is_word(const sfo_parser *p, size_t ahead, const char *word)
{
    const sfo_token *t = &p->tokens[ahead];
    return t->kind == SFO_TOK_NAME && !t->dotted && sfi_str_is_nocase(sfo_token_text(p, t), word);
}

bool sfo_take_word(sfo_parser *p, const char *word)
{
    if (!sfo_at_word(p, word)) return false;
    sfo_advance(p);
    return true;
}

bool sfo_take_kind(sfo_parser *p, sfo_token_kind kind)
{
    if (!sfo_at_kind(p, kind)) return false;
    sfo_advance(p);
    return true;
}

/* ---- errors ---- */

/* The character at offset as text: one code point, or <EOF>. */
static sf_str character_at(sf_str text, size_t offset)
{
    if (offset >= text.len) return SFI_STR("<EOF>");
    if (text.ptr[offset] == '\0') return SFI_STR("\\u0000");
    size_t n = 1;
    while (offset + n < text.len && ((unsigned char)text.ptr[offset + n] & 0xC0) == 0x80) n++;
    return (sf_str){ text.ptr + offset, n };
}

static bool lexer_fault(sfo_parser *p, const sfo_token *t)
{
    size_t row, column;
    sfo_soql_position(p->text, t->error_offset, &row, &column);
    sf_str c = character_at(p->text, t->error_offset), whole = sfo_token_text(p, t);
    switch ((sfo_token_error)t->error) {
    case SFO_TOKEN_OPEN_STRING:
        return sfo_fault_set(p->fault, 400, "MALFORMED_QUERY",
                             "line %zu:%zu mismatched character '<EOF>' expecting '''", row, column);
    case SFO_TOKEN_LONG_STRING:
        return sfo_soql_syntax_fault(p->fault, p->text, t->offset, "string literal is longer than %d characters",
                                     SFO_SOQL_STRING_MAX);
    case SFO_TOKEN_BAD_DATE:
        return sfo_soql_syntax_fault(p->fault, p->text, t->offset, "invalid date or time: %.*s", (int)whole.len,
                                     whole.ptr);
    default:
        return sfo_fault_set(p->fault, 400, "MALFORMED_QUERY", "line %zu:%zu no viable alternative at character '%.*s'",
                             row, column, (int)c.len, c.ptr);
    }
}

static sf_str found_text(const sfo_parser *p, const sfo_token *t)
{
    if (t->kind == SFO_TOK_END) return SFI_STR("<EOF>");
    sf_str text = sfo_token_text(p, t);
    if (t->kind == SFO_TOK_STRING) text = (sf_str){ text.ptr + 1, text.len - 2 };
    return text;
}

bool sfo_unexpected(sfo_parser *p)
{
    const sfo_token *t = &p->tokens[0];
    if (t->kind == SFO_TOK_ERROR) return lexer_fault(p, t);
    if (t->kind == SFO_TOK_COLON && p->tokens[1].kind == SFO_TOK_NAME)
        return sfo_soql_fault_at(p->fault, p->text, t->offset, "MALFORMED_QUERY",
                                 "Bind variables only allowed in Apex code");
    sf_str text = found_text(p, t);
    return sfo_soql_syntax_fault(p->fault, p->text, t->offset, "unexpected token: '%.*s'", (int)text.len, text.ptr);
}

bool sfo_expect_word(sfo_parser *p, const char *word)
{
    return sfo_take_word(p, word) || sfo_unexpected(p);
}

bool sfo_expect_kind(sfo_parser *p, sfo_token_kind kind)
{
    return sfo_take_kind(p, kind) || sfo_unexpected(p);
}

bool sfo_expect_rparen(sfo_parser *p)
{
    if (sfo_take_kind(p, SFO_TOK_RPAREN)) return true;
    if (sfo_at_kind(p, SFO_TOK_ERROR)) return sfo_unexpected(p);
    sf_str text = found_text(p, &p->tokens[0]);
    return sfo_soql_syntax_fault(p->fault, p->text, p->tokens[0].offset, "expecting a right parentheses, found '%.*s'",
                                 (int)text.len, text.ptr);
}

bool sfo_enter(sfo_parser *p)
{
    if (++p->depth <= SFO_SOQL_DEPTH_MAX) return true;
    return sfo_fault_set(p->fault, 400, "QUERY_TOO_COMPLICATED",
                         "Query is either selecting too many fields or the filter conditions are too complicated.");
}

/* ---- lists ---- */

void *sfo_new(sfo_parser *p, size_t size)
{
    void *made = sfi_arena_alloc(p->arena, size);
    if (made == NULL)
        sfo_soql_memory_fault(p->fault);
    else
        memset(made, 0, size);
    return made;
}

void *sfo_list_grow(sfo_parser *p, void *items, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0) return items; /* room until the next power of two */
    void *bigger = sfo_new(p, size * (count == 0 ? 1 : count * 2));
    if (bigger != NULL && count > 0) memcpy(bigger, items, count * size);
    return bigger;
}

/* ---- names ---- */

static bool is_word_of(sf_str text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (sfi_str_is_nocase(text, words[i])) return true;
    return false;
}

bool sfo_at_reserved(const sfo_parser *p)
{
    static const char *const words[] = { "AND",   "ASC",      "DESC",   "EXCLUDES", "FROM",  "HAVING",
                                         "IN",    "INCLUDES", "LIKE",   "LIMIT",    "NOT",   "NULL",
                                         "NULLS", "OR",       "SELECT", "USING",    "WHERE", "WITH" };
    const sfo_token *t = &p->tokens[0];
    return t->kind == SFO_TOK_NAME && !t->dotted && is_word_of(sfo_token_text(p, t), words, SFI_COUNT_OF(words));
}

bool sfo_at_alias(const sfo_parser *p)
{
    static const char *const words[] = { "FIRST", "GROUP", "LAST", "FOR" }; /* beside the reserved ones */
    const sfo_token *t = &p->tokens[0];
    return t->kind == SFO_TOK_NAME && !t->dotted && !sfo_at_reserved(p) &&
           !is_word_of(sfo_token_text(p, t), words, SFI_COUNT_OF(words));
}

static void take_name(sfo_parser *p, sfo_ast_name *out)
{
    out->text = sfo_token_text(p, &p->tokens[0]);
    out->offset = p->tokens[0].offset;
    sfo_advance(p);
}

bool sfo_parse_path(sfo_parser *p, sfo_ast_name *out)
{
    if (!sfo_at_kind(p, SFO_TOK_NAME) || sfo_at_reserved(p)) return sfo_unexpected(p);
    take_name(p, out);
    return true;
}

bool sfo_parse_plain_name(sfo_parser *p, sfo_ast_name *out)
{
    if (!sfo_at_kind(p, SFO_TOK_NAME) || p->tokens[0].dotted) return sfo_unexpected(p);
    take_name(p, out);
    return true;
}

/* ---- expressions ---- */

static bool parse_number_text(sfo_parser *p, sf_str *out)
{
    if (!sfo_at_kind(p, SFO_TOK_NUMBER)) return sfo_unexpected(p);
    *out = sfo_token_text(p, &p->tokens[0]);
    sfo_advance(p);
    return true;
}

/* Behind «DISTANCE(». */
static bool parse_distance(sfo_parser *p, sfo_ast_expr *e)
{
    e->kind = SFO_EXPR_DISTANCE;
    if (!sfo_parse_path(p, &e->geo) || !sfo_expect_kind(p, SFO_TOK_COMMA)) return false;
    if (sfo_at_word(p, "GEOLOCATION") && sfo_peek(p, 1)->kind == SFO_TOK_LPAREN) {
        sfo_advance(p);
        sfo_advance(p);
        if (!parse_number_text(p, &e->latitude) || !sfo_expect_kind(p, SFO_TOK_COMMA) ||
            !parse_number_text(p, &e->longitude) || !sfo_expect_rparen(p))
            return false;
    } else if (!sfo_parse_path(p, &e->geo_other)) {
        return false;
    }
    if (!sfo_expect_kind(p, SFO_TOK_COMMA)) return false;
    uint32_t offset = p->tokens[0].offset;
    if (!sfo_parse_string(p, false, &e->unit)) return false;
    if (!sfi_str_is_nocase(e->unit, "mi") && !sfi_str_is_nocase(e->unit, "km"))
        return sfo_soql_syntax_fault(p->fault, p->text, offset, "Invalid distance unit: %.*s, must be 'mi' or 'km'",
                                     (int)e->unit.len, e->unit.ptr);
    return true;
}

static bool parse_arguments(sfo_parser *p, sfo_ast_expr *e)
{
    do {
        sfo_ast_expr *arg = sfo_parse_expr(p);
        if (arg == NULL) return false;
        if (arg->kind == SFO_EXPR_DISTANCE)
            return sfo_soql_syntax_fault(p->fault, p->text, arg->name.offset, "unexpected token: '%.*s'",
                                         (int)arg->name.text.len, arg->name.text.ptr);
        e->args = sfo_list_grow(p, e->args, e->arg_count, sizeof(sfo_ast_expr *));
        if (e->args == NULL) return false;
        e->args[e->arg_count++] = arg;
    } while (sfo_take_kind(p, SFO_TOK_COMMA));
    return true;
}

sfo_ast_expr *sfo_parse_expr(sfo_parser *p)
{
    sfo_ast_expr *e = sfo_new(p, sizeof *e);
    if (e == NULL || !sfo_parse_path(p, &e->name)) return NULL;
    bool dotted = memchr(e->name.text.ptr, '.', e->name.text.len) != NULL;
    if (dotted || !sfo_take_kind(p, SFO_TOK_LPAREN)) return e;
    if (!sfo_enter(p)) return NULL;
    e->kind = SFO_EXPR_CALL;
    bool fine = sfi_str_is_nocase(e->name.text, "DISTANCE") ? parse_distance(p, e) : parse_arguments(p, e);
    p->depth--;
    return fine && sfo_expect_rparen(p) ? e : NULL;
}

/* ---- literals ---- */

bool sfo_parse_string(sfo_parser *p, bool for_like, sf_str *out)
{
    const sfo_token *t = &p->tokens[0];
    if (t->kind != SFO_TOK_STRING) return sfo_unexpected(p);
    sf_str raw = sfo_token_text(p, t);
    if (t->like_escape && !for_like) {
        const char *at = raw.ptr;
        for (; at[0] != '\\' || (at[1] != '_' && at[1] != '%'); at++)
            if (*at == '\\') at++; /* an escape of another kind; there is one of ours further on */
        size_t row, column;
        sfo_soql_position(p->text, (uint32_t)(at + 1 - p->text.ptr), &row, &column);
        return sfo_fault_set(p->fault, 400, "MALFORMED_QUERY", "line %zu:%zu no viable alternative at character '%c'",
                             row, column, at[1]);
    }
    char *value = sfo_new(p, raw.len);
    if (value == NULL) return false;
    *out = (sf_str){ value, sfo_string_unescape(raw, for_like, value) };
    sfo_advance(p);
    return true;
}

static bool is_uint(sf_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return s.len > 0;
}

bool sfo_parse_uint(sfo_parser *p, int64_t *out)
{
    sf_str text = sfo_token_text(p, &p->tokens[0]);
    if (!sfo_at_kind(p, SFO_TOK_NUMBER) || !is_uint(text)) return sfo_unexpected(p);
    if (!sfi_parse_int(text, out)) *out = INT64_MAX; /* more rows than anyone has */
    sfo_advance(p);
    return true;
}

static bool parse_range(sfo_parser *p, int range, sfo_ast_literal *out)
{
    out->kind = SFO_LIT_RANGE;
    out->range = range;
    sfo_advance(p);
    if (!sfo_range_at(range)->takes_n) return true;
    if (!sfo_take_kind(p, SFO_TOK_COLON)) {
        if (sfo_at_kind(p, SFO_TOK_ERROR)) return sfo_unexpected(p);
        sf_str found = found_text(p, &p->tokens[0]);
        return sfo_soql_syntax_fault(p->fault, p->text, p->tokens[0].offset, "expecting a colon, found '%.*s'",
                                     (int)found.len, found.ptr);
    }
    uint32_t offset = p->tokens[0].offset;
    if (!sfo_parse_uint(p, &out->n)) return false;
    if (out->n > SFO_RANGE_N_MAX)
        return sfo_soql_syntax_fault(p->fault, p->text, offset, "number of a date literal is larger than %d",
                                     SFO_RANGE_N_MAX);
    return true;
}

static bool parse_word_value(sfo_parser *p, sfo_ast_literal *out)
{
    sf_str text = sfo_token_text(p, &p->tokens[0]);
    bool is_true = sfo_at_word(p, "true"), is_false = sfo_at_word(p, "false");
    int range;
    if (sfo_at_word(p, "null")) {
        out->kind = SFO_LIT_NULL;
    } else if (is_true || is_false) {
        out->kind = SFO_LIT_BOOLEAN;
        out->boolean = is_true;
    } else if (sfo_at_reserved(p)) {
        return sfo_unexpected(p);
    } else if (p->tokens[0].maybe_currency) {
        out->kind = SFO_LIT_CURRENCY;
        out->text = (sf_str){ text.ptr + 3, text.len - 3 };
    } else if ((range = sfo_range_find(text)) >= 0) {
        return parse_range(p, range, out);
    } else {
        return sfo_soql_fault_at(p->fault, p->text, p->tokens[0].offset, "MALFORMED_QUERY",
                                 "Bind variables only allowed in Apex code");
    }
    sfo_advance(p);
    return true;
}

bool sfo_parse_value(sfo_parser *p, sfo_ast_literal *out)
{
    const sfo_token *t = &p->tokens[0];
    *out = (sfo_ast_literal){ .offset = t->offset, .text = sfo_token_text(p, t) };
    switch ((sfo_token_kind)t->kind) {
    case SFO_TOK_STRING: out->kind = SFO_LIT_STRING; return sfo_parse_string(p, false, &out->text);
    case SFO_TOK_NAME: return parse_word_value(p, out);
    case SFO_TOK_NUMBER: out->kind = SFO_LIT_NUMBER; break;
    case SFO_TOK_CURRENCY:
        out->kind = SFO_LIT_CURRENCY;
        out->text = (sf_str){ out->text.ptr + 3, out->text.len - 3 };
        break;
    case SFO_TOK_DATE:
    case SFO_TOK_DATETIME:
    case SFO_TOK_TIME:
        out->kind = t->kind == SFO_TOK_DATE ? SFO_LIT_DATE : t->kind == SFO_TOK_TIME ? SFO_LIT_TIME : SFO_LIT_DATETIME;
        (void)sfo_date_token_ms(out->text, (sfo_token_kind)t->kind, &out->ms); /* the lexer checked it */
        break;
    case SFO_TOK_COLON:
        return sfo_soql_fault_at(p->fault, p->text, t->offset, "MALFORMED_QUERY",
                                 "Bind variables only allowed in Apex code");
    default: return sfo_unexpected(p);
    }
    sfo_advance(p);
    return true;
}

/* ---- the entry ---- */

static size_t count_characters(sf_str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

bool sfo_soql_parse(sf_str soql, sfi_arena *arena, sfo_ast_query **out, sfo_fault *f)
{
    *out = NULL;
    if (sfi_trim(soql).len == 0)
        return sfo_fault_set(f, 400, "MALFORMED_QUERY", "SOQL statements cannot be empty or null");
    if (soql.len > SFO_SOQL_TEXT_MAX && count_characters(soql) > SFO_SOQL_TEXT_MAX)
        return sfo_fault_set(f, 400, "QUERY_TOO_COMPLICATED",
                             "Query is either selecting too many fields or the filter conditions are too complicated.");
    if (!sfi_utf8_valid(soql.ptr, soql.len))
        return sfo_fault_set(f, 400, "MALFORMED_QUERY", "the query is not valid UTF-8");
    sfo_parser p;
    init(&p, soql, arena, f);
    sfo_ast_query *q = sfo_parse_query(&p, SFO_ROOT_QUERY);
    if (q == NULL) return false;
    if (!sfo_at_kind(&p, SFO_TOK_END)) return sfo_unexpected(&p);
    *out = q;
    return true;
}

bool sfo_soql_check_syntax(sf_str soql, sfo_fault *f)
{
    sfi_arena arena = { .max = SFO_SOQL_ARENA_MAX };
    sfo_ast_query *q;
    bool fine = sfo_soql_parse(soql, &arena, &q, f);
    sfi_arena_free(&arena);
    return fine;
}
