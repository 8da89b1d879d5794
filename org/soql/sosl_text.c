/*
 * sosl_text.c: what stands between the braces of FIND: words, phrases, wildcards, AND, OR, AND NOT, parentheses, into a
 * tree and from there into an expression of FTS5. A reserved character behind a backslash is punctuation like any other,
 * so it parts words, and what it parts has to stand side by side: O\'Brien is the phrase "o brien".
 */
#include "soql/position.h"
#include "soql/sosl_internal.h"
#include "store/search.h"

static const char reserved[] = "&|!{}[]()^~*:\\\"'+-?";

typedef struct reader {
    sfo_parser *p; /* text, arena, fault, depth */
    size_t at;
    bool has_long_word; /* one of two characters or more */
} reader;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool mismatch(reader *r, const char *expected)
{
    size_t row, column, len = 1;
    sf_str text = r->p->text;
    sfo_soql_position(text, (uint32_t)r->at, &row, &column);
    if (r->at >= text.len)
        return sfo_fault_set(r->p->fault, 400, "MALFORMED_SEARCH",
                             "line %zu:%zu mismatched character '<EOF>' expecting '%s'", row, column, expected);
    while (r->at + len < text.len && ((unsigned char)text.ptr[r->at + len] & 0xC0) == 0x80) len++;
    return sfo_fault_set(r->p->fault, 400, "MALFORMED_SEARCH",
                         "line %zu:%zu mismatched character '%.*s' expecting '%s'", row, column, (int)len,
                         text.ptr + r->at, expected);
}

/* The character at hand; NUL: the text is over. */
static char peek(const reader *r)
{
    return r->at < r->p->text.len ? r->p->text.ptr[r->at] : '\0';
}

static void skip_blanks(reader *r)
{
    while (is_blank(peek(r))) r->at++;
}

static bool ends_word(char c)
{
    return is_blank(c) || strchr("()\"}", c) != NULL; /* NUL too */
}

/* Is the operator there, as a word of its own? Moves behind it. */
static bool take_operator(reader *r, const char *word)
{
    skip_blanks(r);
    size_t len = strlen(word), end = r->at + len;
    sf_str text = r->p->text;
    if (end > text.len || !sfi_str_is_nocase((sf_str){ text.ptr + r->at, len }, word)) return false;
    if (end < text.len && !ends_word(text.ptr[end])) return false;
    r->at = end;
    return true;
}

static bool take_and_not(reader *r)
{
    size_t before = r->at;
    if (take_operator(r, "AND") && take_operator(r, "NOT")) return true;
    r->at = before;
    return false;
}

static bool add_words(reader *r, sf_str plain, sfo_find *node)
{
    sfo_word word;
    for (size_t at = 0; sfo_word_next(plain, &at, true, &word);) {
        size_t stars = strspn(word.text, "*"); /* none may come first */
        size_t len = word.len - stars;
        if (len == 0) continue;
        char *kept = sfo_new(r->p, len + 1);
        node->words = kept != NULL ? sfo_list_grow(r->p, node->words, node->word_count, sizeof *node->words) : NULL;
        if (node->words == NULL) return false;
        memcpy(kept, word.text + stars, len);
        node->words[node->word_count++] = (sf_str){ kept, len };
    }
    return true;
}

/* A word, or a phrase without its quotes. */
static const sfo_find *parse_words(reader *r, bool quoted)
{
    sf_str text = r->p->text;
    sfo_find *node = sfo_new(r->p, sizeof *node);
    char *plain = sfo_new(r->p, text.len - r->at + 1);
    size_t len = 0, letters = 0;
    if (node == NULL || plain == NULL) return NULL;
    for (; r->at < text.len; r->at++) {
        char c = text.ptr[r->at];
        if (quoted ? c == '"' : ends_word(c)) break;
        if (c == '\\' && r->at + 1 < text.len) {
            c = text.ptr[++r->at];
            if (strchr(reserved, c) != NULL) c = ' ';
        } else if (c != '*' && c != '?' && strchr(reserved, c) != NULL) {
            (void)mismatch(r, quoted ? "\"" : "}");
            return NULL;
        } else if (c != '*' && c != '?' && !is_blank(c) && ((unsigned char)c & 0xC0) != 0x80) {
            letters++;
        }
        plain[len++] = c;
    }
    if (quoted && r->at >= text.len) {
        (void)mismatch(r, "\"");
        return NULL;
    }
    r->at += quoted;
    r->has_long_word = r->has_long_word || letters > 1;
    return add_words(r, (sf_str){ plain, len }, node) ? node : NULL;
}

static bool has_words(const sfo_find *find)
{
    return find->kind != SFO_FIND_PHRASE || find->word_count > 0;
}

/* What is punctuation alone, such as \&, asks for nothing. */
static const sfo_find *join(reader *r, sfo_find_kind kind, const sfo_find *left, const sfo_find *right)
{
    if (left == NULL || right == NULL) return NULL;
    if (!has_words(right)) return left;
    if (!has_words(left) && kind != SFO_FIND_NOT) return right;
    sfo_find *node = sfo_new(r->p, sizeof *node);
    if (node != NULL) *node = (sfo_find){ .kind = kind, .left = left, .right = right };
    return node;
}

static const sfo_find *parse_or(reader *r);

static const sfo_find *parse_unit(reader *r)
{
    skip_blanks(r);
    char c = peek(r);
    if (c == '"') {
        r->at++;
        return parse_words(r, true);
    }
    if (c == '\0' || c == ')' || c == '}') {
        (void)mismatch(r, "a search term");
        return NULL;
    }
    if (c != '(') return parse_words(r, false);
    if (!sfo_enter(r->p)) return NULL;
    r->at++;
    const sfo_find *inner = parse_or(r);
    r->p->depth--;
    if (inner == NULL) return NULL;
    skip_blanks(r);
    if (peek(r) != ')') {
        (void)mismatch(r, ")");
        return NULL;
    }
    r->at++;
    return inner;
}

static const sfo_find *parse_not(reader *r)
{
    const sfo_find *left = parse_unit(r);
    while (left != NULL && take_and_not(r)) left = join(r, SFO_FIND_NOT, left, parse_unit(r));
    return left;
}

static bool at_or(const reader *r)
{
    reader ahead = *r;
    return take_operator(&ahead, "OR");
}

static const sfo_find *parse_and(reader *r)
{
    const sfo_find *left = parse_not(r);
    while (left != NULL) {
        skip_blanks(r);
        bool said = take_operator(r, "AND");
        char c = peek(r);
        if (!said && (c == '\0' || c == ')' || c == '}' || at_or(r))) break;
        left = join(r, SFO_FIND_AND, left, parse_not(r));
    }
    return left;
}

static const sfo_find *parse_or(reader *r)
{
    const sfo_find *left = parse_and(r);
    while (left != NULL && take_operator(r, "OR")) left = join(r, SFO_FIND_OR, left, parse_and(r));
    return left;
}

bool sfo_find_parse(sfo_parser *p, size_t *at, const sfo_find **out)
{
    reader r = { .p = p, .at = *at };
    skip_blanks(&r);
    if (peek(&r) == '}')
        return sfo_fault_set(p->fault, 400, "MALFORMED_SEARCH",
                             "No search term found. The search term must be enclosed in braces.");
    const sfo_find *find = parse_or(&r);
    if (find == NULL) return false;
    skip_blanks(&r);
    if (peek(&r) != '}') return mismatch(&r, "}");
    sf_str written = sfi_trim((sf_str){ p->text.ptr + *at, r.at - *at });
    if (!r.has_long_word)
        return sfo_fault_set(p->fault, 400, "MALFORMED_SEARCH", "search term must be longer than one character: %.*s",
                             (int)(written.len < 200 ? written.len : 200), written.ptr);
    *at = r.at + 1;
    *out = find;
    return true;
}

/* ---- as an expression of FTS5 ---- */

typedef struct choice { /* the words that one word of a phrase stands for */
    sf_str *terms;
    size_t count;
    bool prefix; /* the one term is a beginning */
} choice;

static bool add_term(sfo_parser *p, choice *c, const char *text)
{
    size_t len = strlen(text);
    char *kept = sfo_new(p, len + 1);
    c->terms = kept != NULL ? sfo_list_grow(p, c->terms, c->count, sizeof *c->terms) : NULL;
    if (c->terms == NULL) return false;
    memcpy(kept, text, len);
    c->terms[c->count++] = (sf_str){ kept, len };
    return true;
}

static bool too_many(sfo_parser *p)
{
    return sfo_fault_set(p->fault, 400, "MALFORMED_SEARCH",
                         "the wildcards of the search term stand for more than %d words or phrases: write more letters",
                         SFO_SOSL_PHRASES_MAX);
}

/* The words of the index that fit a pattern. */
static bool expand(sfo_store *s, sfo_parser *p, sf_str pattern, choice *out)
{
    sqlite3_stmt *stmt = NULL;
    char from[SFO_WORD_MAX + 1], to[SFO_WORD_MAX + 8];
    int len = (int)strcspn(pattern.ptr, "*?"), rc;
    (void)snprintf(from, sizeof from, "%.*s", len, pattern.ptr);
    (void)snprintf(to, sizeof to, "%s\xF4\x8F\xBF\xBF", from);
    bool ok =
        sqlite3_prepare_v2(sfo_store_db(s), "SELECT term FROM temp.sfo_search_word WHERE term >= ?1 AND term <= ?2", -1,
                           &stmt, NULL) == SQLITE_OK;
    if (ok) {
        sqlite3_bind_text(stmt, 1, from, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, to, -1, SQLITE_STATIC);
        while (ok && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            const char *term = (const char *)sqlite3_column_text(stmt, 0);
            if (term == NULL || !sfo_word_fits(pattern.ptr, term)) continue;
            ok = out->count < SFO_SOSL_PHRASES_MAX ? add_term(p, out, term) : too_many(p);
        }
        if (ok && rc != SQLITE_DONE) ok = sfo_soql_memory_fault(p->fault);
    } else {
        (void)sfo_soql_memory_fault(p->fault);
    }
    sqlite3_finalize(stmt);
    return ok;
}

static bool choose(sfo_store *s, sfo_parser *p, sf_str word, bool is_last, choice *out)
{
    size_t plain = strcspn(word.ptr, "*?"), stars = strspn(word.ptr + plain, "*");
    *out = (choice){ .terms = NULL };
    if (plain > 0 && plain + stars == word.len && (stars == 0 || is_last)) {
        out->prefix = stars > 0;
        out->terms = sfo_new(p, sizeof *out->terms);
        if (out->terms == NULL) return false;
        out->terms[out->count++] = (sf_str){ word.ptr, plain };
        return true;
    }
    return expand(s, p, word, out);
}

/* Every phrase that the words' choices make, OR between them; nothing when a word has no choice. */
static bool write_phrase(sfo_store *s, sfo_parser *p, const sfo_find *find, sfi_buf *out)
{
    choice *choices = sfo_new(p, (find->word_count + 1) * sizeof *choices);
    size_t total = 1;
    if (choices == NULL) return false;
    for (size_t i = 0; i < find->word_count; i++) {
        if (!choose(s, p, find->words[i], i + 1 == find->word_count, &choices[i])) return false;
        total *= choices[i].count;
        if (total > SFO_SOSL_PHRASES_MAX) return too_many(p);
    }
    if (find->word_count == 0) return true;
    for (size_t n = 0; n < total; n++) {
        size_t rest = n;
        sfi_buf_add_str(out, n > 0 ? " OR \"" : "(\"");
        for (size_t i = 0; i < find->word_count; i++) {
            sf_str term = choices[i].terms[rest % choices[i].count];
            rest /= choices[i].count;
            sfi_buf_addf(out, "%s%.*s", i > 0 ? " " : "", (int)term.len, term.ptr);
        }
        sfi_buf_add_str(out, choices[find->word_count - 1].prefix ? "\"*" : "\"");
    }
    if (total > 0) sfi_buf_add_char(out, ')');
    return true;
}

/* What can match nothing is left out, and takes along what needs it. */
static bool write_node(sfo_store *s, sfo_parser *p, const sfo_find *find, sfi_buf *out)
{
    static const char *const words[] = { "", " AND ", " OR ", " NOT " };
    if (find->kind == SFO_FIND_PHRASE) return write_phrase(s, p, find, out);
    sfi_buf left = { 0 }, right = { 0 };
    bool ok = write_node(s, p, find->left, &left) && write_node(s, p, find->right, &right);
    bool both = left.len > 0 && right.len > 0;
    if (ok && both)
        sfi_buf_addf(out, "(%s%s%s)", left.data, words[find->kind], right.data);
    else if (ok && left.len > 0 && find->kind != SFO_FIND_AND)
        sfi_buf_add(out, left.data, left.len);
    else if (ok && right.len > 0 && find->kind == SFO_FIND_OR)
        sfi_buf_add(out, right.data, right.len);
    if (ok && (left.failed || right.failed || out->failed)) ok = sfo_soql_memory_fault(p->fault);
    sfi_buf_free(&left);
    sfi_buf_free(&right);
    return ok;
}

bool sfo_find_write(sfo_store *s, sfo_parser *p, const sfo_sosl *sosl, sfi_buf *out)
{
    static const char *const columns[] = { "", "{name} : ", "{email} : ", "{phone} : ", "{name email phone} : " };
    sfi_buf text = { 0 };
    bool ok = write_node(s, p, sosl->find, &text);
    if (ok && text.len > 0) sfi_buf_addf(out, "%s%s", columns[sosl->group], text.data);
    if (ok && (text.failed || out->failed)) ok = sfo_soql_memory_fault(p->fault);
    sfi_buf_free(&text);
    return ok;
}

/* ---- the other way ---- */

void sfo_sosl_escape(sf_str text, sfi_buf *out)
{
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && !is_blank(text.ptr[end])) end++;
        sf_str word = { text.ptr + at, end - at };
        bool is_operator =
            sfi_str_is_nocase(word, "and") || sfi_str_is_nocase(word, "or") || sfi_str_is_nocase(word, "not");
        if (is_operator) sfi_buf_add_char(out, '"');
        for (; at < end; at++) {
            if (strchr(reserved, text.ptr[at]) != NULL) sfi_buf_add_char(out, '\\');
            sfi_buf_add_char(out, text.ptr[at]);
        }
        if (is_operator) sfi_buf_add_char(out, '"');
        for (; at < text.len && is_blank(text.ptr[at]); at++) sfi_buf_add_char(out, ' ');
    }
}
