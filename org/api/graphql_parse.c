/* graphql_parse.c: GraphQL documents into a tree: see graphql.h. Recursive descent over a scanner with one token of
 * look-ahead; as deep as SFO_GQL_DEPTH_MAX, after which the document is refused. */
#include "api/graphql.h"

typedef enum kind { END, NAME, INT, FLOAT, STRING, PUNCTUATOR, WRONG } kind;

typedef struct token {
    kind kind;
    sf_str text; /* STRING: unescaped; PUNCTUATOR: "{" … "..." */
    int line, column;
} token;

typedef struct parser {
    sf_str text;
    size_t at;
    int line;
    size_t line_start;
    token now;
    sfi_arena *arena;
    sfo_gql_error *error;
    int depth;
} parser;

bool sfo_gql_fail(sfo_gql_error *e, const char *type, int line, int column, const char *format, ...)
{
    if (e->type != NULL || e->no_memory) return false;
    va_list args;
    va_start(args, format);
    vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
    e->type = type;
    e->line = line;
    e->column = column;
    return false;
}

static bool no_memory(parser *p)
{
    p->error->no_memory = true;
    return false;
}

static bool syntax_error(parser *p)
{
    const token *t = &p->now;
    if (t->kind == END)
        return sfo_gql_fail(p->error, "InvalidSyntax", t->line, t->column,
                            "Invalid Syntax : the document ends at line %d column %d, before it is complete", t->line,
                            t->column);
    return sfo_gql_fail(p->error, "InvalidSyntax", t->line, t->column,
                        "Invalid Syntax : offending token '%.*s' at line %d column %d",
                        (int)(t->text.len < 60 ? t->text.len : 60), t->text.ptr, t->line, t->column);
}

/* ---- tokens ---- */
static bool is_name_char(char c, bool first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static char peek(const parser *p, size_t ahead)
{
    return p->at + ahead < p->text.len ? p->text.ptr[p->at + ahead] : '\0';
}

static void skip_ignored(parser *p)
{
    for (; p->at < p->text.len; p->at++) {
        char c = p->text.ptr[p->at];
        if (c == '#') {
            while (p->at + 1 < p->text.len && peek(p, 1) != '\n') p->at++;
            continue;
        }
        if (c == '\n') {
            p->line++;
            p->line_start = p->at + 1;
            continue;
        }
        bool is_mark = c == '\xEF' && peek(p, 1) == '\xBB' && peek(p, 2) == '\xBF'; /* a byte order mark */
        if (is_mark) p->at += 2;
        if (c != ' ' && c != '\t' && c != '\r' && c != ',' && !is_mark) return;
    }
}

/* Four digits after \u; -1: they are none. */
static int32_t unit(const parser *p, size_t at)
{
    int32_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = at + i < p->text.len ? sfi_hex_digit(p->text.ptr[at + i]) : -1;
        if (digit < 0) return -1;
        n = n * 16 + digit;
    }
    return n;
}

/* The escape at p->at (a backslash) into out; false: it is none. */
static bool take_escape(parser *p, char *out, size_t *len)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = peek(p, 1);
    const char *simple = c != '\0' ? strchr(from, c) : NULL;
    if (simple != NULL) {
        out[(*len)++] = to[simple - from];
        p->at += 2;
        return true;
    }
    if (c != 'u') return false;
    int32_t high = unit(p, p->at + 2);
    if (high < 0) return false;
    p->at += 6;
    uint32_t code = (uint32_t)high;
    if (high >= 0xD800 && high < 0xDC00 && peek(p, 0) == '\\' && peek(p, 1) == 'u') {
        int32_t low = unit(p, p->at + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000u + (((uint32_t)high - 0xD800u) << 10) + ((uint32_t)low - 0xDC00u);
            p->at += 6;
        }
    }
    *len += sfi_utf8_put(code, out + *len);
    return true;
}

static bool scan_string(parser *p, token *t)
{
    bool is_block = peek(p, 1) == '"' && peek(p, 2) == '"';
    size_t start = p->at, len = 0;
    p->at += is_block ? 3 : 1;
    char *out = sfi_arena_alloc(p->arena, p->text.len - start + 4); /* no escape is longer than what it stands for */
    if (out == NULL) return no_memory(p);
    while (p->at < p->text.len) {
        char c = peek(p, 0);
        if (!is_block && c == '"') {
            p->at++;
            *t = (token){ STRING, { out, len }, t->line, t->column };
            return true;
        }
        if (is_block && c == '"' && peek(p, 1) == '"' && peek(p, 2) == '"') {
            p->at += 3;
            *t = (token){ STRING, { out, len }, t->line, t->column };
            return true;
        }
        if (!is_block && (c == '\n' || (unsigned char)c < ' ')) break;
        if (!is_block && c == '\\') {
            if (!take_escape(p, out, &len)) break;
            continue;
        }
        if (is_block && c == '\\' && peek(p, 1) == '"' && peek(p, 2) == '"' && peek(p, 3) == '"') {
            memcpy(out + len, "\"\"\"", 3);
            len += 3;
            p->at += 4;
            continue;
        }
        if (is_block && c == '\n') {
            p->line++;
            p->line_start = p->at + 1;
        }
        out[len++] = c;
        p->at++;
    }
    t->kind = WRONG;
    t->text = (sf_str){ p->text.ptr + start, 1 };
    return true;
}

static void scan_number(parser *p, token *t)
{
    size_t start = p->at;
    t->kind = INT;
    if (peek(p, 0) == '-') p->at++;
    size_t digits = p->at;
    while (peek(p, 0) >= '0' && peek(p, 0) <= '9') p->at++;
    if (p->at == digits) t->kind = WRONG;
    if (peek(p, 0) == '.' && peek(p, 1) >= '0' && peek(p, 1) <= '9') {
        t->kind = FLOAT;
        for (p->at++; peek(p, 0) >= '0' && peek(p, 0) <= '9';) p->at++;
    }
    size_t sign = peek(p, 1) == '+' || peek(p, 1) == '-' ? 2 : 1;
    if ((peek(p, 0) == 'e' || peek(p, 0) == 'E') && peek(p, sign) >= '0' && peek(p, sign) <= '9') {
        t->kind = FLOAT;
        for (p->at += sign; peek(p, 0) >= '0' && peek(p, 0) <= '9';) p->at++;
    }
    if (is_name_char(peek(p, 0), true) || peek(p, 0) == '.') t->kind = WRONG;
    if (p->at == start) p->at++;
    t->text = (sf_str){ p->text.ptr + start, p->at - start };
}

/* The next token into p->now. false: no memory. */
static bool advance(parser *p)
{
    skip_ignored(p);
    token t = { .line = p->line, .column = (int)(p->at - p->line_start) + 1 };
    char c = peek(p, 0);
    size_t start = p->at;
    if (p->at >= p->text.len) {
        t.kind = END;
    } else if (is_name_char(c, true)) {
        while (is_name_char(peek(p, 0), false)) p->at++;
        t.kind = NAME;
        t.text = (sf_str){ p->text.ptr + start, p->at - start };
    } else if (c == '"') {
        if (!scan_string(p, &t)) return false;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
        scan_number(p, &t);
    } else {
        bool is_spread = c == '.' && peek(p, 1) == '.' && peek(p, 2) == '.';
        bool known = is_spread || strchr("{}()[]:=!$@|&", c) != NULL;
        p->at += is_spread ? 3 : 1;
        t.kind = known && c != '\0' ? PUNCTUATOR : WRONG;
        t.text = (sf_str){ p->text.ptr + start, p->at - start };
    }
    p->now = t;
    return true;
}

static bool is_punctuator(const parser *p, const char *text)
{
    return p->now.kind == PUNCTUATOR && sfi_str_is(p->now.text, text);
}

static bool is_word(const parser *p, const char *text)
{
    return p->now.kind == NAME && sfi_str_is(p->now.text, text);
}

static bool expect(parser *p, const char *punctuator)
{
    return is_punctuator(p, punctuator) ? advance(p) : syntax_error(p);
}

static bool take_name(parser *p, sf_str *out)
{
    if (p->now.kind != NAME) return syntax_error(p);
    *out = p->now.text;
    return advance(p);
}

static bool go_deeper(parser *p)
{
    if (++p->depth <= SFO_GQL_DEPTH_MAX) return true;
    return sfo_gql_fail(p->error, "InvalidSyntax", p->now.line, p->now.column,
                        "Invalid Syntax : the document is nested deeper than %d levels", SFO_GQL_DEPTH_MAX);
}

/* Room for one more in an array that doubles; the old one stays in the arena. NULL: no memory. */
static void *grow(parser *p, void *list, size_t count, size_t size)
{
    if (count != 0 && (count & (count - 1)) != 0) return list; /* room is left up to the next power of two */
    size_t bytes;
    if (!sfi_mul(count == 0 ? 1 : count * 2, size, &bytes)) return NULL;
    void *bigger = sfi_arena_alloc(p->arena, bytes);
    if (bigger == NULL) {
        (void)no_memory(p);
        return NULL;
    }
    if (count > 0) memcpy(bigger, list, count * size);
    return bigger;
}

/* ---- values ---- */
static bool parse_value(parser *p, sfo_gql_value *out);

/* Members of a list or an object, up to its closing bracket. */
static bool parse_members(parser *p, const char *close, sfo_gql_value *out)
{
    bool named = out->kind == SFO_GQL_OBJECT;
    if (!go_deeper(p) || !advance(p)) return false;
    while (!is_punctuator(p, close)) {
        sfo_gql_arg *list = grow(p, out->members, out->count, sizeof *list);
        if (list == NULL) return false;
        out->members = list;
        sfo_gql_arg *member = &out->members[out->count];
        *member = (sfo_gql_arg){ 0 };
        if (named && (!take_name(p, &member->name) || !expect(p, ":"))) return false;
        if (!parse_value(p, &member->value)) return false;
        out->count++;
    }
    p->depth--;
    return advance(p);
}

static bool parse_value(parser *p, sfo_gql_value *out)
{
    *out = (sfo_gql_value){ .text = p->now.text };
    switch (p->now.kind) {
    case INT: out->kind = SFO_GQL_INT; return advance(p);
    case FLOAT: out->kind = SFO_GQL_FLOAT; return advance(p);
    case STRING: out->kind = SFO_GQL_STRING; return advance(p);
    case NAME:
        out->kind = is_word(p, "null")                          ? SFO_GQL_NULL
                    : is_word(p, "true") || is_word(p, "false") ? SFO_GQL_BOOL
                                                                : SFO_GQL_ENUM;
        return advance(p);
    default: break;
    }
    if (is_punctuator(p, "$")) {
        out->kind = SFO_GQL_VARIABLE;
        return advance(p) && take_name(p, &out->text);
    }
    out->kind = is_punctuator(p, "[") ? SFO_GQL_LIST : SFO_GQL_OBJECT;
    if (out->kind == SFO_GQL_OBJECT && !is_punctuator(p, "{")) return syntax_error(p);
    return parse_members(p, out->kind == SFO_GQL_LIST ? "]" : "}", out);
}

/* ( name: value … ), or nothing */
static bool parse_arguments(parser *p, sfo_gql_arg **args, size_t *count)
{
    *args = NULL;
    *count = 0;
    if (!is_punctuator(p, "(")) return true;
    if (!advance(p)) return false;
    if (is_punctuator(p, ")")) return syntax_error(p);
    while (!is_punctuator(p, ")")) {
        sfo_gql_arg *list = grow(p, *args, *count, sizeof *list);
        if (list == NULL) return false;
        *args = list;
        sfo_gql_arg *arg = &list[*count];
        *arg = (sfo_gql_arg){ 0 };
        if (!take_name(p, &arg->name) || !expect(p, ":") || !parse_value(p, &arg->value)) return false;
        ++*count;
    }
    return advance(p);
}

static bool parse_directives(parser *p, sfo_gql_directive **out, size_t *count)
{
    *out = NULL;
    *count = 0;
    while (is_punctuator(p, "@")) {
        sfo_gql_directive *list = grow(p, *out, *count, sizeof *list);
        if (list == NULL) return false;
        *out = list;
        sfo_gql_directive *d = &list[*count];
        *d = (sfo_gql_directive){ 0 };
        if (!advance(p) || !take_name(p, &d->name) || !parse_arguments(p, &d->args, &d->arg_count)) return false;
        ++*count;
    }
    return true;
}

/* ---- selections ---- */
static bool parse_set(parser *p, sfo_gql_set *out);

static bool parse_fragment_use(parser *p, sfo_gql_selection *s)
{
    if (!advance(p)) return false;
    s->what = p->now.kind == NAME && !is_word(p, "on") ? SFO_GQL_SPREAD : SFO_GQL_INLINE;
    if (s->what == SFO_GQL_INLINE && is_word(p, "on") && !advance(p)) return false;
    bool is_typed = s->what == SFO_GQL_SPREAD || p->now.kind == NAME;
    if (is_typed && !take_name(p, &s->name)) return false;
    if (!parse_directives(p, &s->directives, &s->directive_count)) return false;
    return s->what == SFO_GQL_SPREAD || parse_set(p, &s->set);
}

static bool parse_field(parser *p, sfo_gql_selection *s)
{
    if (!take_name(p, &s->name)) return false;
    s->key = s->name;
    if (is_punctuator(p, ":") && (!advance(p) || !take_name(p, &s->name))) return false;
    if (!parse_arguments(p, &s->args, &s->arg_count)) return false;
    if (!parse_directives(p, &s->directives, &s->directive_count)) return false;
    return !is_punctuator(p, "{") || parse_set(p, &s->set);
}

static bool parse_set(parser *p, sfo_gql_set *out)
{
    *out = (sfo_gql_set){ 0 };
    if (!go_deeper(p) || !expect(p, "{")) return false;
    if (is_punctuator(p, "}")) return syntax_error(p);
    while (!is_punctuator(p, "}")) {
        sfo_gql_selection *list = grow(p, out->items, out->count, sizeof *list);
        if (list == NULL) return false;
        out->items = list;
        sfo_gql_selection *s = &list[out->count];
        *s = (sfo_gql_selection){ .line = p->now.line, .column = p->now.column };
        bool ok = is_punctuator(p, "...") ? parse_fragment_use(p, s) : parse_field(p, s);
        if (!ok) return false;
        out->count++;
    }
    p->depth--;
    return advance(p);
}

/* ---- definitions ---- */

/* String!, [ID!]! */
static bool parse_type(parser *p, bool *required)
{
    sf_str name;
    if (is_punctuator(p, "[")) {
        bool inner;
        if (!go_deeper(p) || !advance(p) || !parse_type(p, &inner) || !expect(p, "]")) return false;
        p->depth--;
    } else if (!take_name(p, &name)) {
        return false;
    }
    *required = is_punctuator(p, "!");
    return !*required || advance(p);
}

static bool parse_variables(parser *p, sfo_gql_operation *o)
{
    sfo_gql_directive *directives;
    size_t count;
    if (!is_punctuator(p, "(")) return true;
    if (!advance(p)) return false;
    while (!is_punctuator(p, ")")) {
        sfo_gql_variable *list = grow(p, o->variables, o->variable_count, sizeof *list);
        if (list == NULL) return false;
        o->variables = list;
        sfo_gql_variable *v = &list[o->variable_count];
        *v = (sfo_gql_variable){ 0 };
        if (!expect(p, "$") || !take_name(p, &v->name) || !expect(p, ":") || !parse_type(p, &v->required)) return false;
        if (is_punctuator(p, "=")) {
            v->has_default = true;
            if (!advance(p) || !parse_value(p, &v->otherwise)) return false;
        }
        if (!parse_directives(p, &directives, &count)) return false;
        o->variable_count++;
    }
    return advance(p);
}

static bool parse_operation(parser *p, sfo_gql_document *out)
{
    sfo_gql_directive *directives;
    size_t count;
    sfo_gql_operation *list = grow(p, out->operations, out->operation_count, sizeof *list);
    if (list == NULL) return false;
    out->operations = list;
    sfo_gql_operation *o = &list[out->operation_count];
    *o = (sfo_gql_operation){ .kind = SFI_STR("query"), .line = p->now.line, .column = p->now.column };
    if (p->now.kind == NAME) {
        if (!take_name(p, &o->kind)) return false;
        if (p->now.kind == NAME && !take_name(p, &o->name)) return false;
        if (!parse_variables(p, o) || !parse_directives(p, &directives, &count)) return false;
    }
    if (!parse_set(p, &o->set)) return false;
    out->operation_count++;
    return true;
}

static bool parse_fragment(parser *p, sfo_gql_document *out)
{
    sfo_gql_directive *directives;
    size_t count;
    sfo_gql_fragment *list = grow(p, out->fragments, out->fragment_count, sizeof *list);
    if (list == NULL) return false;
    out->fragments = list;
    sfo_gql_fragment *f = &list[out->fragment_count];
    *f = (sfo_gql_fragment){ 0 };
    if (!advance(p) || is_word(p, "on")) return p->error->no_memory ? false : syntax_error(p);
    if (!take_name(p, &f->name)) return false;
    if (!is_word(p, "on")) return syntax_error(p);
    if (!advance(p) || !take_name(p, &f->type) || !parse_directives(p, &directives, &count)) return false;
    if (!parse_set(p, &f->set)) return false;
    out->fragment_count++;
    return true;
}

bool sfo_gql_parse(sf_str text, sfi_arena *arena, sfo_gql_document *out, sfo_gql_error *e)
{
    parser p = { .text = text, .line = 1, .arena = arena, .error = e };
    *out = (sfo_gql_document){ 0 };
    if (text.len > SFO_GQL_TEXT_MAX)
        return sfo_gql_fail(e, "InvalidSyntax", 0, 0, "The document is longer than %d bytes", SFO_GQL_TEXT_MAX);
    if (!advance(&p)) return false;
    if (p.now.kind == END) return syntax_error(&p);
    while (p.now.kind != END) {
        bool ok;
        if (is_word(&p, "fragment"))
            ok = parse_fragment(&p, out);
        else if (is_punctuator(&p, "{") || is_word(&p, "query") || is_word(&p, "mutation") ||
                 is_word(&p, "subscription"))
            ok = parse_operation(&p, out);
        else
            ok = syntax_error(&p);
        if (!ok) return false;
    }
    return true;
}
