/* anonymous_parse.c: Apex text into checked statements: see anonymous.h. One token of look-ahead; names and types are
 * checked where they stand, so that the first problem in the text is the one told, as a compiler does. */
#include "api/anonymous.h"
#include <assert.h>

typedef enum token_kind { END, NAME, STRING, INTEGER, LONG, DECIMAL, SIGN, BROKEN } token_kind;

typedef struct token {
    token_kind kind;
    sf_str text; /* of a string: between its quotes */
    int line, column;
} token;

typedef struct parser {
    const sfo_schema *schema;
    sfi_arena *arena;
    sfo_anonymous_result *result;
    sf_str rest;
    int line, column; /* of rest */
    token now, next;
    int depth;
    int exprs; /* of the statement: a row of operators is a tree as deep as it is long */
    struct {
        sf_str name;
        sfo_apex_type type;
    } variables[SFO_APEX_VARIABLES_MAX];
    int variable_count;
    bool failed;
} parser;

/* ---- problems ---- */

static void *take(parser *p, size_t size)
{
    void *m = sfi_arena_alloc(p->arena, size);
    if (m != NULL)
        memset(m, 0, size);
    else
        p->failed = true;
    return m;
}

/* The first problem stays. Answers NULL. */
static void *problem(parser *p, int line, int column, const char *format, ...) SFI_PRINTF(4, 5);
static void *problem(parser *p, int line, int column, const char *format, ...)
{
    char text[600];
    va_list args;
    if (p->failed) return NULL;
    p->failed = true;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->result->problem = sfi_arena_strndup(p->arena, text, strlen(text));
    p->result->line = line;
    p->result->column = column;
    return NULL;
}

#define S(s) (int)((s).len < 100 ? (s).len : 100), (s).ptr

static void *beyond(parser *p, const token *t)
{
    return problem(
        p, t->line, t->column,
        "This local org does not run '%.*s': it runs variables, new records and their fields, insert, update, "
        "delete, System.debug, assertions and throw",
        S(t->text));
}

static void *unexpected(parser *p)
{
    if (p->now.kind == BROKEN && p->now.text.len > 0 && p->now.text.ptr[0] == '\'')
        return problem(p, p->now.line, p->now.column,
                       "Illegal string literal: Line breaks are not allowed in string literals");
    return problem(p, p->now.line, p->now.column, "Unexpected token '%.*s'.",
                   S(p->now.kind == END ? SFI_STR("<EOF>") : p->now.text));
}

/* ---- tokens ---- */

static void move(parser *p, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        char c = p->rest.ptr[i];
        if (c == '\n') {
            p->line++;
            p->column = 1;
        } else if ((c & 0xC0) != 0x80) {
            p->column++;
        }
    }
    p->rest.ptr += bytes;
    p->rest.len -= bytes;
}

static size_t blank_length(sf_str s)
{
    size_t n = 0;
    while (n < s.len && strchr(" \t\r\n\f", s.ptr[n]) != NULL && s.ptr[n] != '\0') n++;
    if (n > 0) return n;
    if (sfi_starts_with(s, "//")) {
        while (n < s.len && s.ptr[n] != '\n') n++;
        return n;
    }
    if (!sfi_starts_with(s, "/*")) return 0;
    for (n = 2; n + 1 < s.len; n++)
        if (s.ptr[n] == '*' && s.ptr[n + 1] == '/') return n + 2;
    return s.len;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t string_length(sf_str s) /* with its quotes; 0: not closed */
{
    for (size_t i = 1; i < s.len && s.ptr[i] != '\n'; i++) {
        if (s.ptr[i] == '\'') return i + 1;
        if (s.ptr[i] == '\\') i++;
    }
    return 0;
}

static token_kind number_kind(sf_str s, size_t *len)
{
    size_t n = 0;
    token_kind kind = INTEGER;
    while (n < s.len && is_digit(s.ptr[n])) n++;
    if (n + 1 < s.len && s.ptr[n] == '.' && is_digit(s.ptr[n + 1])) {
        kind = DECIMAL;
        n++;
        while (n < s.len && is_digit(s.ptr[n])) n++;
    }
    if (n < s.len && (s.ptr[n] | 32) == 'l' && kind == INTEGER) {
        kind = LONG;
        n++;
    } else if (n < s.len && (s.ptr[n] | 32) == 'd') {
        kind = DECIMAL;
        n++;
    }
    *len = n;
    return kind;
}

static token read_token(parser *p)
{
    static const char *const signs[] = {
        "===", "!==", "==", "!=", "<=", ">=", "&&", "||", "++", "--", "+=", "-=", "=>"
    };
    size_t n;
    while ((n = blank_length(p->rest)) > 0) move(p, n); /* ends with the text */
    token t = { .kind = END, .line = p->line, .column = p->column, .text = { p->rest.ptr, 0 } };
    sf_str s = p->rest;
    if (s.len == 0) return t;
    n = 1;
    t.kind = SIGN;
    if (is_letter(s.ptr[0])) {
        t.kind = NAME;
        while (n < s.len && (is_letter(s.ptr[n]) || is_digit(s.ptr[n]))) n++;
    } else if (is_digit(s.ptr[0])) {
        t.kind = number_kind(s, &n);
    } else if (s.ptr[0] == '\'') {
        n = string_length(s);
        t.kind = n > 0 ? STRING : BROKEN;
        if (n == 0) n = 1;
    } else {
        for (size_t i = 0; i < SFI_COUNT_OF(signs); i++)
            if (sfi_starts_with(s, signs[i])) {
                n = strlen(signs[i]);
                break;
            }
    }
    t.text = (sf_str){ s.ptr, n };
    if (t.kind == STRING) t.text = (sf_str){ s.ptr + 1, n - 2 };
    if (t.kind == SIGN) { /* a whole character */
        size_t bytes = sfi_utf8_sequence(s.ptr, s.len);
        if (bytes > 1) t.text.len = n = bytes;
    }
    move(p, n);
    return t;
}

static void advance(parser *p)
{
    p->now = p->next;
    p->next = read_token(p);
}

static bool at_sign(const parser *p, const char *sign)
{
    return p->now.kind == SIGN && sfi_str_is(p->now.text, sign);
}

static bool take_sign(parser *p, const char *sign)
{
    if (!at_sign(p, sign)) return false;
    advance(p);
    return true;
}

static bool expect_sign(parser *p, const char *sign)
{
    if (take_sign(p, sign)) return true;
    if (p->now.kind != BROKEN && strcmp(sign, ";") == 0)
        problem(p, p->now.line, p->now.column, "Missing ';' at '%.*s'",
                S(p->now.kind == END ? SFI_STR("<EOF>") : p->now.text));
    else
        unexpected(p);
    return false;
}

static bool at_word(const parser *p, const char *word)
{
    return p->now.kind == NAME && sfi_str_is_nocase(p->now.text, word);
}

/* ---- types ---- */

static const char *type_name(sfo_apex_type type)
{
    static const char *const names[] = { "null",   "Boolean", "Integer", "Long", "Decimal",
                                         "String", "SObject", "Object",  "Date" };
    return type.kind == SFO_APEX_RECORD && type.object != NULL ? type.object->name : names[type.kind];
}

static bool find_type(const parser *p, sf_str name, sfo_apex_type *out)
{
    static const struct {
        const char *name;
        sfo_apex_kind kind;
    } types[] = { { "Boolean", SFO_APEX_BOOLEAN }, { "Integer", SFO_APEX_INTEGER }, { "Long", SFO_APEX_LONG },
                  { "Decimal", SFO_APEX_DECIMAL }, { "Double", SFO_APEX_DECIMAL },  { "String", SFO_APEX_STRING },
                  { "Id", SFO_APEX_STRING },       { "Object", SFO_APEX_OBJECT },   { "SObject", SFO_APEX_RECORD } };
    for (size_t i = 0; i < SFI_COUNT_OF(types); i++)
        if (sfi_str_is_nocase(name, types[i].name)) {
            *out = (sfo_apex_type){ .kind = types[i].kind };
            return true;
        }
    *out = (sfo_apex_type){ .kind = SFO_APEX_RECORD, .object = sfo_schema_object(p->schema, name) };
    return out->object != NULL;
}

static sfo_apex_type type_of_field(const sfo_field *f)
{
    switch (f->type) {
    case SFO_BOOLEAN: return (sfo_apex_type){ .kind = SFO_APEX_BOOLEAN };
    case SFO_INT: return (sfo_apex_type){ .kind = SFO_APEX_INTEGER };
    case SFO_LONG: return (sfo_apex_type){ .kind = SFO_APEX_LONG };
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return (sfo_apex_type){ .kind = SFO_APEX_DECIMAL };
    case SFO_DATE:
    case SFO_DATETIME:
    case SFO_TIME:
    case SFO_BASE64:
    case SFO_ADDRESS:
    case SFO_LOCATION: return (sfo_apex_type){ .kind = SFO_APEX_OTHER };
    default: return (sfo_apex_type){ .kind = SFO_APEX_STRING };
    }
}

static bool is_number(sfo_apex_type t)
{
    return t.kind == SFO_APEX_INTEGER || t.kind == SFO_APEX_LONG || t.kind == SFO_APEX_DECIMAL;
}

static bool check_assign(parser *p, sfo_apex_type to, const sfo_apex_expr *from)
{
    sfo_apex_type t = from->type;
    bool fits =
        t.kind == SFO_APEX_NULL || to.kind == SFO_APEX_OBJECT || (t.kind == to.kind && t.kind != SFO_APEX_RECORD) ||
        (is_number(t) && is_number(to) && t.kind < to.kind) ||
        (t.kind == SFO_APEX_RECORD && to.kind == SFO_APEX_RECORD && (to.object == NULL || to.object == t.object));
    if (!fits) problem(p, from->line, from->column, "Illegal assignment from %s to %s", type_name(t), type_name(to));
    return fits;
}

/* ---- expressions ---- */

static sfo_apex_expr *parse_expr(parser *p);

static sfo_apex_expr *new_expr(parser *p, sfo_apex_op op, const token *at)
{
    if (++p->exprs > SFO_APEX_EXPRS_MAX) return beyond(p, at);
    sfo_apex_expr *e = take(p, sizeof *e);
    if (e == NULL) return NULL;
    e->op = op;
    e->line = at->line;
    e->column = at->column;
    return e;
}

static sf_str unescape(parser *p, sf_str s)
{
    char *out = take(p, s.len + 1);
    size_t n = 0;
    if (out == NULL) return (sf_str){ NULL, 0 };
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '\\' || i + 1 == s.len) {
            out[n++] = s.ptr[i];
            continue;
        }
        static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
        const char *at = strchr(from, s.ptr[++i]);
        out[n++] = at != NULL && *at != '\0' ? to[at - from] : s.ptr[i];
    }
    return (sf_str){ out, n };
}

static sfo_apex_expr *parse_literal(parser *p)
{
    token t = p->now;
    sfo_apex_expr *e = new_expr(p, SFO_APEX_LITERAL, &t);
    if (e == NULL) return NULL;
    sf_str digits = t.text;
    if (t.kind == STRING) {
        e->type.kind = SFO_APEX_STRING;
        e->text = unescape(p, t.text);
    } else if (t.kind == INTEGER || t.kind == LONG) {
        e->type.kind = t.kind == LONG ? SFO_APEX_LONG : SFO_APEX_INTEGER;
        if (t.kind == LONG) digits.len--;
        if (!sfi_take_int(&digits, t.kind == LONG ? INT64_MAX : INT32_MAX, &e->integer))
            return problem(p, t.line, t.column, "Illegal %s", t.kind == LONG ? "long" : "integer");
    } else {
        e->type.kind = SFO_APEX_DECIMAL;
        if ((digits.ptr[digits.len - 1] | 32) == 'd') digits.len--;
        if (!sfi_parse_double(digits, &e->decimal)) return problem(p, t.line, t.column, "Illegal decimal");
    }
    advance(p);
    return e;
}

static const sfo_field *find_field(parser *p, sfo_apex_type record, const token *t)
{
    if (record.kind != SFO_APEX_RECORD)
        return problem(p, t->line, t->column, "Variable does not exist: %.*s", S(t->text));
    if (record.object == NULL)
        return problem(p, t->line, t->column, "Field expression not allowed for generic SObject");
    const sfo_field *f = sfo_object_field(record.object, t->text);
    if (f == NULL)
        return problem(p, t->line, t->column, "Field does not exist: %.*s on %s", S(t->text), record.object->name);
    return f;
}

/* new Account(Name = 'x', …): behind the word new. */
static sfo_apex_expr *parse_new(parser *p, const token *at)
{
    sfo_apex_expr *e = new_expr(p, SFO_APEX_NEW, at);
    if (e == NULL) return NULL;
    if (p->now.kind != NAME) return unexpected(p);
    if (p->next.kind == SIGN && !sfi_str_is(p->next.text, "(")) return beyond(p, &p->now); /* List<…>, A.B */
    if (!find_type(p, p->now.text, &e->type))
        return problem(p, p->now.line, p->now.column, "Invalid type: %.*s", S(p->now.text));
    if (e->type.kind != SFO_APEX_RECORD || e->type.object == NULL)
        return problem(p, p->now.line, p->now.column, "Type cannot be constructed: %.*s", S(p->now.text));
    advance(p);
    if (!expect_sign(p, "(")) return NULL;
    e->fields = take(p, SFO_APEX_FIELDS_MAX * sizeof *e->fields);
    e->values = take(p, SFO_APEX_FIELDS_MAX * sizeof *e->values);
    if (e->values == NULL || e->fields == NULL) return NULL;
    while (!at_sign(p, ")")) {
        if (e->count > 0 && !expect_sign(p, ",")) return NULL;
        if (p->now.kind != NAME) return unexpected(p);
        if (e->count == SFO_APEX_FIELDS_MAX) return beyond(p, &p->now);
        token name = p->now;
        const sfo_field *f = find_field(p, e->type, &name);
        advance(p);
        if (f == NULL || !expect_sign(p, "=")) return NULL;
        sfo_apex_expr *value = parse_expr(p);
        if (value == NULL || !check_assign(p, type_of_field(f), value)) return NULL;
        e->fields[e->count] = f;
        e->values[e->count++] = value;
    }
    advance(p);
    return e;
}

static int find_variable(const parser *p, sf_str name)
{
    for (int i = 0; i < p->variable_count; i++)
        if (name.len == p->variables[i].name.len && strncasecmp(name.ptr, p->variables[i].name.ptr, name.len) == 0)
            return i;
    return -1;
}

static sfo_apex_expr *parse_name(parser *p)
{
    token t = p->now;
    bool is_true = at_word(p, "true");
    if (is_true || at_word(p, "false") || at_word(p, "null")) {
        sfo_apex_expr *e = new_expr(p, SFO_APEX_LITERAL, &t);
        if (e != NULL) e->type.kind = at_word(p, "null") ? SFO_APEX_NULL : SFO_APEX_BOOLEAN;
        if (e != NULL) e->boolean = is_true;
        advance(p);
        return e;
    }
    advance(p);
    if (sfi_str_is_nocase(t.text, "new")) return parse_new(p, &t);
    int variable = find_variable(p, t.text);
    if (variable < 0) {
        if (at_sign(p, "(") || at_sign(p, ".") || at_sign(p, "[") || at_sign(p, "<"))
            return beyond(p, &t); /* a method, a class, a list */
        return problem(p, t.line, t.column, "Variable does not exist: %.*s", S(t.text));
    }
    sfo_apex_expr *e = new_expr(p, SFO_APEX_VARIABLE, &t);
    if (e == NULL) return NULL;
    e->variable = variable;
    e->type = p->variables[variable].type;
    while (take_sign(p, ".")) {
        if (p->now.kind != NAME) return unexpected(p);
        if (p->next.kind == SIGN && sfi_str_is(p->next.text, "(")) return beyond(p, &p->now);
        const sfo_field *f = find_field(p, e->type, &p->now);
        sfo_apex_expr *outer = f != NULL ? new_expr(p, SFO_APEX_FIELD, &p->now) : NULL;
        if (outer == NULL) return NULL;
        outer->left = e;
        outer->field = f;
        outer->type = type_of_field(f);
        e = outer;
        advance(p);
    }
    return e;
}

static sfo_apex_expr *parse_primary(parser *p)
{
    token t = p->now;
    if (t.kind == STRING || t.kind == INTEGER || t.kind == LONG || t.kind == DECIMAL) return parse_literal(p);
    if (t.kind == NAME) return parse_name(p);
    if (at_sign(p, "[")) return beyond(p, &t); /* a query */
    if (take_sign(p, "(")) {
        sfo_apex_expr *e = parse_expr(p);
        return e != NULL && expect_sign(p, ")") ? e : NULL;
    }
    bool is_not = at_sign(p, "!");
    if (!is_not && !at_sign(p, "-")) return unexpected(p);
    advance(p);
    if (++p->depth > SFO_APEX_DEPTH_MAX) return beyond(p, &t);
    sfo_apex_expr *e = new_expr(p, is_not ? SFO_APEX_NOT : SFO_APEX_MINUS, &t), *inner = parse_primary(p);
    p->depth--;
    if (e == NULL || inner == NULL) return NULL;
    e->left = inner;
    e->type = inner->type;
    if (is_not ? inner->type.kind != SFO_APEX_BOOLEAN : !is_number(inner->type))
        return problem(p, t.line, t.column, "%s can only be applied to %s expressions",
                       is_not ? "NOT operator" : "Negation", is_not ? "Boolean" : "numeric");
    return e;
}

/* 0: not an operator; else how close it binds. */
static int binding(const parser *p)
{
    static const struct {
        const char *sign;
        int level;
    } levels[] = { { "||", 1 }, { "&&", 2 }, { "==", 3 }, { "!=", 3 }, { "<", 4 }, { ">", 4 },
                   { "<=", 4 }, { ">=", 4 }, { "+", 5 },  { "-", 5 },  { "*", 6 }, { "/", 6 } };
    for (size_t i = 0; i < SFI_COUNT_OF(levels); i++)
        if (at_sign(p, levels[i].sign)) return levels[i].level;
    return 0;
}

static bool type_binary(parser *p, sfo_apex_expr *e)
{
    sfo_apex_type l = e->left->type, r = e->right->type;
    char c = e->text.ptr[0];
    bool both = is_number(l) && is_number(r);
    e->type.kind = SFO_APEX_BOOLEAN;
    if (c == '&' || c == '|') {
        if (l.kind == SFO_APEX_BOOLEAN && r.kind == SFO_APEX_BOOLEAN) return true;
        problem(p, e->line, e->column, "%s operator can only be applied to Boolean expressions",
                c == '&' ? "AND" : "OR");
    } else if (c == '=' || c == '!') {
        if (both || l.kind == r.kind || l.kind == SFO_APEX_NULL || r.kind == SFO_APEX_NULL ||
            l.kind == SFO_APEX_OBJECT || r.kind == SFO_APEX_OBJECT)
            return true;
        problem(p, e->line, e->column, "Comparison arguments must be compatible types: %s, %s", type_name(l),
                type_name(r));
    } else if (c == '<' || c == '>') {
        if (both || (l.kind == SFO_APEX_STRING && r.kind == SFO_APEX_STRING)) return true;
        problem(p, e->line, e->column, "Inequality operator can only be applied to numeric and string expressions");
    } else {
        bool text = c == '+' && (l.kind == SFO_APEX_STRING || r.kind == SFO_APEX_STRING);
        e->type.kind = text ? SFO_APEX_STRING : l.kind > r.kind ? l.kind : r.kind;
        if (text || both) return true;
        problem(p, e->line, e->column, "Arithmetic expressions must use numeric arguments");
    }
    return false;
}

static sfo_apex_expr *parse_binary(parser *p, int level)
{
    if (++p->depth > SFO_APEX_DEPTH_MAX) return beyond(p, &p->now);
    sfo_apex_expr *left = parse_primary(p);
    int found;
    while (left != NULL && (found = binding(p)) >= level) {
        token t = p->now;
        advance(p);
        sfo_apex_expr *e = new_expr(p, SFO_APEX_BINARY, &t), *right = parse_binary(p, found + 1);
        if (e == NULL || right == NULL) return NULL;
        e->text = t.text;
        e->left = left;
        e->right = right;
        if (!type_binary(p, e)) return NULL;
        left = e;
    }
    p->depth--;
    return left;
}

static sfo_apex_expr *parse_expr(parser *p)
{
    return parse_binary(p, 1);
}

/* ---- statements ---- */

static sfo_apex_statement *new_statement(parser *p, sfo_apex_verb verb, const token *at)
{
    sfo_apex_statement *s = take(p, sizeof *s);
    if (s == NULL) return NULL;
    *s = (sfo_apex_statement){ .verb = verb, .line = at->line, .column = at->column, .variable = -1 };
    return s;
}

/* Arguments up to the closing parenthesis; their number, or -1. */
static int parse_arguments(parser *p, sfo_apex_expr **out, int most)
{
    int n = 0;
    if (!expect_sign(p, "(")) return -1;
    while (!at_sign(p, ")")) {
        if (n > 0 && !expect_sign(p, ",")) return -1;
        if (n == most) {
            problem(p, p->now.line, p->now.column, "Method does not exist or incorrect signature: too many arguments");
            return -1;
        }
        out[n] = parse_expr(p);
        if (out[n++] == NULL) return -1;
    }
    advance(p);
    return n;
}

static const struct method {
    const char *class_name, *name;
    sfo_apex_verb verb;
    int least, most;
} methods[] = {
    { "System", "debug", SFO_APEX_DEBUG, 1, 1 },
    { "System", "assert", SFO_APEX_ASSERT, 1, 2 },
    { "System", "assertEquals", SFO_APEX_ASSERT_EQUAL, 2, 3 },
    { "System", "assertNotEquals", SFO_APEX_ASSERT_DIFFERENT, 2, 3 },
    { "Assert", "isTrue", SFO_APEX_ASSERT, 1, 2 },
    { "Assert", "isFalse", SFO_APEX_ASSERT_FALSE, 1, 2 },
    { "Assert", "areEqual", SFO_APEX_ASSERT_EQUAL, 2, 3 },
    { "Assert", "areNotEqual", SFO_APEX_ASSERT_DIFFERENT, 2, 3 },
};

/* System.debug(…): at the class. */
static sfo_apex_statement *parse_call(parser *p)
{
    token class_name = p->now;
    advance(p);
    advance(p); /* the dot */
    token name = p->now;
    if (name.kind != NAME) return unexpected(p);
    advance(p);
    for (size_t i = 0; i < SFI_COUNT_OF(methods); i++) {
        const struct method *m = &methods[i];
        sfo_apex_expr *arguments[3] = { NULL };
        if (!sfi_str_is_nocase(class_name.text, m->class_name) || !sfi_str_is_nocase(name.text, m->name)) continue;
        sfo_apex_statement *s = new_statement(p, m->verb, &class_name);
        if (m->verb == SFO_APEX_DEBUG && at_sign(p, "(") && p->next.kind == NAME &&
            sfi_str_is_nocase(p->next.text, "LoggingLevel")) {
            for (int skip = 0; skip < 4; skip++) advance(p); /* ( LoggingLevel . DEBUG */
            if (!at_sign(p, ",")) return unexpected(p);
            p->now = (token){ SIGN, SFI_STR("("), p->now.line, p->now.column };
        }
        int n = parse_arguments(p, arguments, m->most);
        if (s == NULL || n < 0) return NULL;
        if (n < m->least)
            return problem(p, name.line, name.column,
                           "Method does not exist or incorrect signature: void %.*s() from the type %s", S(name.text),
                           m->class_name);
        assert(arguments[0] != NULL); /* no method has none */
        bool boolean = m->verb == SFO_APEX_ASSERT || m->verb == SFO_APEX_ASSERT_FALSE;
        if (boolean && arguments[0]->type.kind != SFO_APEX_BOOLEAN)
            return problem(p, name.line, name.column,
                           "Method does not exist or incorrect signature: void %.*s(%s) from the type %s", S(name.text),
                           type_name(arguments[0]->type), m->class_name);
        s->a = arguments[0];
        s->b = arguments[1];
        s->c = arguments[2];
        return s;
    }
    return beyond(p, &name);
}

/* throw new XException('…'): behind throw. */
static sfo_apex_statement *parse_throw(parser *p, const token *at)
{
    sfo_apex_statement *s = new_statement(p, SFO_APEX_THROW, at);
    sfo_apex_expr *arguments[1] = { NULL };
    if (s == NULL) return NULL;
    if (!at_word(p, "new")) return beyond(p, &p->now);
    advance(p);
    token name = p->now;
    if (name.kind != NAME) return unexpected(p);
    if (!sfi_ends_with(name.text, "Exception") || name.text.len > 80)
        return problem(p, name.line, name.column, "Throw expression must be of type exception: %.*s", S(name.text));
    advance(p);
    if (parse_arguments(p, arguments, 1) < 0) return NULL;
    if (arguments[0] != NULL && arguments[0]->type.kind != SFO_APEX_STRING)
        return problem(p, name.line, name.column, "Constructor not defined: [%.*s].<Constructor>(%s)", S(name.text),
                       type_name(arguments[0]->type));
    s->text = sfi_arena_strndup(p->arena, name.text.ptr, name.text.len);
    if (s->text == NULL) p->failed = true;
    s->a = arguments[0];
    return s;
}

static sfo_apex_statement *parse_dml(parser *p, sfo_apex_verb verb, const token *at)
{
    sfo_apex_statement *s = new_statement(p, verb, at);
    if (s == NULL || (s->a = parse_expr(p)) == NULL) return NULL;
    if (s->a->type.kind != SFO_APEX_RECORD)
        return problem(p, at->line, at->column, "DML requires SObject or SObject list type: %s", type_name(s->a->type));
    return s;
}

/* Type name [= value] */
static sfo_apex_statement *parse_declaration(parser *p)
{
    sfo_apex_type type;
    token at = p->now;
    if (!find_type(p, p->now.text, &type)) return problem(p, at.line, at.column, "Invalid type: %.*s", S(at.text));
    advance(p);
    token name = p->now;
    advance(p);
    if (find_variable(p, name.text) >= 0)
        return problem(p, name.line, name.column, "Duplicate variable: %.*s", S(name.text));
    if (p->variable_count == SFO_APEX_VARIABLES_MAX) return beyond(p, &name);
    sfo_apex_statement *s = new_statement(p, SFO_APEX_ASSIGN, &at);
    if (s == NULL) return NULL;
    s->a = take_sign(p, "=") ? parse_expr(p) : new_expr(p, SFO_APEX_LITERAL, &name); /* null */
    if (s->a == NULL || !check_assign(p, type, s->a)) return NULL;
    s->variable = p->variable_count;
    p->variables[p->variable_count].name = name.text;
    p->variables[p->variable_count++].type = type;
    return s;
}

/* name = value, record.Field = value */
static sfo_apex_statement *parse_assignment(parser *p)
{
    token at = p->now;
    sfo_apex_expr *target = parse_name(p);
    sfo_apex_statement *s = target != NULL ? new_statement(p, SFO_APEX_EVALUATE, &at) : NULL;
    if (s == NULL) return NULL;
    if (!at_sign(p, "=")) {
        if (p->now.kind == SIGN && !at_sign(p, ";")) return beyond(p, &p->now); /* += and the like */
        if (at_sign(p, ";")) return problem(p, at.line, at.column, "Expression cannot be a statement.");
        return s; /* the semicolon is missed */
    }
    advance(p);
    if ((s->a = parse_expr(p)) == NULL || !check_assign(p, target->type, s->a)) return NULL;
    if (target->op == SFO_APEX_VARIABLE) {
        s->verb = SFO_APEX_ASSIGN;
        s->variable = target->variable;
    } else if (target->op == SFO_APEX_FIELD) {
        s->verb = SFO_APEX_ASSIGN_FIELD;
        s->target = target->left;
        s->field = target->field;
        if (!s->field->createable && !s->field->updateable && s->field->type != SFO_ID)
            return problem(p, at.line, at.column, "Field is not writeable: %s.%s", s->field->object->name,
                           s->field->name);
    } else {
        return unexpected(p);
    }
    return s;
}

static sfo_apex_statement *parse_statement(parser *p)
{
    static const struct {
        const char *word;
        sfo_apex_verb verb;
    } verbs[] = { { "insert", SFO_APEX_INSERT }, { "update", SFO_APEX_UPDATE }, { "delete", SFO_APEX_DELETE } };
    static const char *const others[] = { "if",        "for",    "while",   "do",     "try",      "return", "class",
                                          "interface", "enum",   "switch",  "break",  "continue", "upsert", "merge",
                                          "undelete",  "public", "private", "global", "static",   "final",  "void",
                                          "List",      "Set",    "Map",     "Date",   "Datetime", "Time",   "Blob" };
    token t = p->now;
    if (t.kind == SIGN && sfi_str_is(t.text, "{")) return beyond(p, &t);
    if (t.kind != NAME) return unexpected(p);
    for (size_t i = 0; i < SFI_COUNT_OF(others); i++)
        if (at_word(p, others[i])) return beyond(p, &t);
    for (size_t i = 0; i < SFI_COUNT_OF(verbs); i++)
        if (at_word(p, verbs[i].word)) {
            advance(p);
            return parse_dml(p, verbs[i].verb, &t);
        }
    if (at_word(p, "throw")) {
        advance(p);
        return parse_throw(p, &t);
    }
    if (p->next.kind == NAME) return parse_declaration(p);
    bool dotted = p->next.kind == SIGN && sfi_str_is(p->next.text, ".");
    if (dotted && find_variable(p, t.text) < 0) return parse_call(p);
    return parse_assignment(p);
}

bool sfo_apex_parse(const sfo_schema *schema, sfi_arena *arena, sf_str text, sfo_apex_code *code,
                    sfo_anonymous_result *result)
{
    parser *p = sfi_arena_alloc(arena, sizeof *p);
    if (p == NULL) return false;
    *p = (parser){ .schema = schema, .arena = arena, .result = result, .rest = text, .line = 1, .column = 1 };
    *code = (sfo_apex_code){ 0 };
    sfo_apex_statement **last = &code->first;
    advance(p);
    advance(p);
    while (!p->failed && p->now.kind != END) {
        if (take_sign(p, ";")) continue;
        p->depth = p->exprs = 0;
        sfo_apex_statement *s = parse_statement(p);
        if (s == NULL || p->failed || !expect_sign(p, ";")) break;
        *last = s;
        last = &s->next;
    }
    code->variables = p->variable_count;
    return !p->failed && p->now.kind == END;
}
