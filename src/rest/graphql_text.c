/* graphql_text.c: see graphql_internal.h. The one idea: the text is never parsed into a tree; a walk over its tokens skips
 * what is balanced, so a text that the org takes is followed, and one that it refuses is not understood here either. */
#include "rest/graphql_internal.h"

typedef enum kind { END, NAME, STRING, OTHER, SPREAD, SYMBOL } kind;

typedef struct token {
    kind kind;
    size_t start, len;
    char symbol; /* SYMBOL */
} token;

typedef struct scanner {
    const char *text;
    size_t at, len;
} scanner;

static bool stands(const scanner *s, const char *what)
{
    size_t n = strlen(what);
    return s->len - s->at >= n && memcmp(s->text + s->at, what, n) == 0;
}

/* Blanks, commas, comments (which a CR alone ends too) and marks of the byte order. */
static void skip_ignored(scanner *s)
{
    static const char order_mark[] = "\xEF\xBB\xBF";
    for (; s->at < s->len; s->at++) {
        char c = s->text[s->at];
        if (c == '#') {
            while (s->at + 1 < s->len && strchr("\r\n", s->text[s->at + 1]) == NULL) s->at++;
            continue;
        }
        if (stands(s, order_mark)) {
            s->at += sizeof order_mark - 2;
            continue;
        }
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != ',') return;
    }
}

/* Behind the string that begins here. */
static void skip_string(scanner *s)
{
    bool is_block = stands(s, "\"\"\"");
    s->at += is_block ? 3 : 1;
    while (s->at < s->len) {
        if (is_block && stands(s, "\\\"\"\"")) {
            s->at += 4;
        } else if (is_block ? stands(s, "\"\"\"") : s->text[s->at] == '"') {
            s->at += is_block ? 3 : 1;
            return;
        } else {
            s->at += !is_block && s->text[s->at] == '\\' && s->at + 1 < s->len ? 2 : 1;
        }
    }
}

static token next(scanner *s)
{
    skip_ignored(s);
    token t = { .start = s->at };
    if (s->at >= s->len) return t;
    char c = s->text[s->at];
    if (sfi_is_word_char(c) || c == '-') {
        t.kind = (c >= '0' && c <= '9') || c == '-' ? OTHER : NAME;
        for (s->at++; s->at < s->len &&
                      (sfi_is_word_char(s->text[s->at]) || (t.kind == OTHER && strchr("+-.", s->text[s->at]) != NULL));)
            s->at++;
    } else if (c == '"') {
        t.kind = STRING;
        skip_string(s);
    } else if (stands(s, "...")) {
        t.kind = SPREAD;
        s->at += 3;
    } else {
        t.kind = SYMBOL;
        t.symbol = c;
        s->at++;
    }
    t.len = s->at - t.start;
    return t;
}

static token peek(const scanner *s)
{
    scanner copy = *s;
    return next(&copy);
}

static bool is_symbol(token t, char c)
{
    return t.kind == SYMBOL && t.symbol == c;
}

static bool is_word(const scanner *s, token t, sf_str word)
{
    return t.kind == NAME && sfi_str_eq((sf_str){ s->text + t.start, t.len }, word);
}

/* Behind the bracket that closes the one just taken. */
static void skip_balanced(scanner *s)
{
    for (int depth = 1; depth > 0;) {
        token t = next(s);
        if (t.kind == END) return;
        if (t.kind != SYMBOL) continue;
        if (strchr("({[", t.symbol) != NULL) depth++;
        if (strchr(")}]", t.symbol) != NULL) depth--;
    }
}

/* Up to the { of a definition, and behind it. false: there is none. */
static bool skip_to_set(scanner *s)
{
    for (;;) {
        token t = next(s);
        if (t.kind == END) return false;
        if (is_symbol(t, '{')) return true;
        if (is_symbol(t, '(')) skip_balanced(s);
    }
}

/* ---- operations ---- */

/* A definition that is none of those known to read counts as one that writes: it must not be sent twice. */
bool sfi_graphql_writes(const char *text)
{
    scanner s = { .text = text, .len = strlen(text) };
    for (;;) {
        token t = next(&s);
        if (t.kind == END) return false;
        if (is_word(&s, t, SFI_STR("mutation")) || is_word(&s, t, SFI_STR("subscription"))) return true;
        bool reads = is_symbol(t, '{') || is_word(&s, t, SFI_STR("query")) || is_word(&s, t, SFI_STR("fragment"));
        if (!is_symbol(t, '{') && !skip_to_set(&s)) return false;
        if (!reads) return true;
        skip_balanced(&s);
    }
}

/* Behind the { of the operation. */
static bool find_operation(scanner *s, const char *operation)
{
    for (;;) {
        token t = next(s);
        if (t.kind == END) return false;
        bool is_fragment = is_word(s, t, SFI_STR("fragment"));
        bool is_bare = is_symbol(t, '{');
        token name = peek(s);
        bool is_it = !is_fragment && (operation == NULL || (!is_bare && is_word(s, name, sfi_str(operation))));
        if (!is_bare && !skip_to_set(s)) return false;
        if (is_it) return true;
        skip_balanced(s);
    }
}

/* ---- fields ---- */
typedef struct field {
    size_t end;  /* behind its name */
    size_t args; /* behind its (; 0: it has none */
    bool has_set;
    size_t set; /* behind its { */
} field;

/* Reads on behind a field's first name; s moves behind it, or into its set. */
static field read_field(scanner *s)
{
    field f = { 0 };
    if (is_symbol(peek(s), ':')) { /* an alias: the key is what stands before the colon */
        (void)next(s);
        (void)next(s);
    }
    f.end = s->at;
    if (is_symbol(peek(s), '(')) {
        (void)next(s);
        f.args = s->at;
        skip_balanced(s);
    }
    while (is_symbol(peek(s), '@')) {
        (void)next(s);
        (void)next(s);
        if (is_symbol(peek(s), '(')) {
            (void)next(s);
            skip_balanced(s);
        }
    }
    if (is_symbol(peek(s), '{')) {
        (void)next(s);
        f.has_set = true;
        f.set = s->at;
    }
    return f;
}

/* The field with that key in the set that s stands in; inline fragments are looked through. */
static bool find_field(scanner *s, sf_str key, field *out)
{
    int fragments = 0;
    for (;;) {
        token t = next(s);
        if (t.kind == END) return false;
        if (is_symbol(t, '}') && fragments-- == 0) return false;
        if (t.kind == SPREAD) {
            token after = peek(s);
            bool is_inline = is_symbol(after, '{') || is_symbol(after, '@') || is_word(s, after, SFI_STR("on"));
            if (!is_inline)
                (void)next(s);
            else if (!skip_to_set(s))
                return false;
            else
                fragments++;
        }
        if (t.kind != NAME) continue;
        bool is_it = is_word(s, t, key);
        *out = read_field(s);
        if (is_it) return true;
        if (out->has_set) skip_balanced(s);
    }
}

/* ---- the argument after ---- */
static void add_literal(sfi_buf *out, const char *cursor)
{
    sfi_json_escape(out, sfi_str(cursor)); /* a GraphQL string is written as a JSON string is */
}

sfi_graphql_after sfi_graphql_set_after(const char *text, const char *operation, const sf_str *path, size_t steps,
                                        const char *cursor, sfi_buf *out, sf_str *variable)
{
    scanner s = { .text = text, .len = strlen(text) };
    field f = { 0 };
    if (!find_operation(&s, operation)) return SFI_GRAPHQL_NOT_FOUND;
    for (size_t i = 0; i < steps; i++) {
        if (i > 0 && !f.has_set) return SFI_GRAPHQL_NOT_FOUND;
        if (!find_field(&s, path[i], &f)) return SFI_GRAPHQL_NOT_FOUND;
    }
    if (f.args == 0) {
        sfi_buf_add(out, text, f.end);
        sfi_buf_add_str(out, "(after: ");
        add_literal(out, cursor);
        sfi_buf_add_str(out, ")");
        sfi_buf_add_str(out, text + f.end);
        return SFI_GRAPHQL_IN_TEXT;
    }
    s.at = f.args;
    for (;;) {
        token t = next(&s);
        if (t.kind == END || is_symbol(t, ')')) break;
        if (t.kind == SYMBOL && strchr("({[", t.symbol) != NULL) skip_balanced(&s);
        if (!is_word(&s, t, SFI_STR("after")) || !is_symbol(peek(&s), ':')) continue;
        (void)next(&s);
        token value = next(&s);
        if (is_symbol(value, '$')) {
            token name = next(&s);
            *variable = (sf_str){ text + name.start, name.len };
            return SFI_GRAPHQL_IN_VARIABLE;
        }
        sfi_buf_add(out, text, value.start);
        add_literal(out, cursor);
        sfi_buf_add_str(out, text + value.start + value.len);
        return SFI_GRAPHQL_IN_TEXT;
    }
    sfi_buf_add(out, text, f.args);
    sfi_buf_add_str(out, "after: ");
    add_literal(out, cursor);
    sfi_buf_add_str(out, ", ");
    sfi_buf_add_str(out, text + f.args);
    return SFI_GRAPHQL_IN_TEXT;
}
