/*
 * export_statement.c: a range of ids in the user's own statement. No more of SOQL is understood than where its clauses begin:
 * words outside quotes and parentheses. What could not be put together again from the ranges' rows is refused.
 */
#include "bulk/export_ranges_internal.h"

typedef struct lexer {
    sf_str text;
    size_t at;    /* behind the word */
    size_t begin; /* of it */
    sf_str word;  /* "": the text is over, or what follows is no word */
    char sign;    /* then: , or ( and so on; '\0': the end */
    bool is_broken;
} lexer;

static bool is_word_char(char c)
{
    int lower = sfi_ascii_lower((unsigned char)c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == ':' || c == '%';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* Behind the quote that ends a string; at the end of the text: none does. */
static size_t skip_string(sf_str text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '\''; at++)
        if (text.ptr[at] == '\\') at++;
    return at < text.len ? at + 1 : text.len + 1;
}

/* Behind what stands in parentheses. */
static size_t skip_parentheses(sf_str text, size_t at)
{
    int depth = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        if (c == '\'') {
            at = skip_string(text, at);
            continue;
        }
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        at++;
        if (depth == 0) return at;
    }
    return text.len + 1;
}

/* The next word or sign; strings and parentheses are passed over, as a sign of their first character. */
static bool next(lexer *l)
{
    while (l->at < l->text.len && is_blank(l->text.ptr[l->at])) l->at++;
    l->begin = l->at;
    l->word = (sf_str){ l->text.ptr + l->at, 0 };
    l->sign = '\0';
    if (l->at >= l->text.len) return false;
    char c = l->text.ptr[l->at];
    if (is_word_char(c)) {
        while (l->at < l->text.len && is_word_char(l->text.ptr[l->at])) l->at++;
        l->word.len = l->at - l->begin;
        return true;
    }
    l->sign = c;
    l->at = c == '\'' ? skip_string(l->text, l->at) : c == '(' ? skip_parentheses(l->text, l->at) : l->at + 1;
    l->is_broken = l->is_broken || c == ')' || l->at > l->text.len;
    return !l->is_broken;
}

static lexer after(const lexer *l)
{
    lexer ahead = *l;
    (void)next(&ahead); /* at the end it has no word, and no sign */
    return ahead;
}

static bool is_digit(const lexer *l)
{
    return l->word.len > 0 && ((l->word.ptr[0] >= '0' && l->word.ptr[0] <= '9') || l->word.ptr[0] == ':');
}

/* Is this word the beginning of a clause that a range cannot stand beside? */
static const char *refused_clause(const lexer *l)
{
    static const struct {
        const char *first, *second; /* NULL: any word or parenthesis; "0": a number */
        const char *name;
    } clauses[] = { { "ORDER", "BY", "ORDER BY" },
                    { "GROUP", "BY", "GROUP BY" },
                    { "LIMIT", "0", "LIMIT" },
                    { "OFFSET", "0", "OFFSET" },
                    { "HAVING", NULL, "HAVING" },
                    { "FOR", "VIEW", "FOR VIEW" },
                    { "FOR", "REFERENCE", "FOR REFERENCE" },
                    { "FOR", "UPDATE", "FOR UPDATE" },
                    { "UPDATE", "TRACKING", "UPDATE TRACKING" },
                    { "UPDATE", "VIEWSTAT", "UPDATE VIEWSTAT" },
                    { "ALL", "ROWS", "ALL ROWS" } };
    for (size_t i = 0; i < SFI_COUNT_OF(clauses); i++) {
        if (!sfi_str_is_nocase(l->word, clauses[i].first)) continue;
        lexer ahead = after(l);
        bool fits = clauses[i].second == NULL     ? ahead.word.len > 0 || ahead.sign == '('
                    : clauses[i].second[0] == '0' ? is_digit(&ahead)
                                                  : sfi_str_is_nocase(ahead.word, clauses[i].second);
        if (fits) return clauses[i].name;
    }
    return NULL;
}

static sf_status fail_clause(const char *name, sf_error *err)
{
    return sfi_fail(
        err, SF_ERR_USAGE,
        "an export in partitions puts ranges of Id into the WHERE, and takes no %s: leave it out, or export "
        "without partitions",
        name);
}

static bool is_aggregate(const lexer *l)
{
    static const char *const names[] = { "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING" };
    lexer ahead = after(l);
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++)
        if (ahead.sign == '(' && sfi_str_is_nocase(l->word, names[i])) return true;
    return false;
}

/* SELECT … FROM Object: l is behind the object then. */
static sf_status read_select(lexer *l, sfi_statement *out, sf_error *err)
{
    if (!next(l) || !sfi_str_is_nocase(l->word, "SELECT"))
        return sfi_fail(err, SF_ERR_USAGE, "an export in partitions wants a statement that begins with SELECT");
    do { /* each round takes a word off */
        if (!next(l)) return sfi_fail(err, SF_ERR_USAGE, "the statement of an export has no FROM");
        if (is_aggregate(l)) return fail_clause("aggregates", err);
    } while (!sfi_str_is_nocase(l->word, "FROM"));
    if (!next(l) || l->word.len == 0) return sfi_fail(err, SF_ERR_USAGE, "the statement of an export has no object");
    out->from.ptr = l->word.ptr;
    return SF_OK;
}

sf_status sfi_statement_read(sf_str soql, sfi_statement *out, sf_error *err)
{
    lexer l = { .text = sfi_trim(soql) };
    const char *text = l.text.ptr;
    size_t where = 0, condition = 0, with = 0; /* 0: it has none */
    *out = (sfi_statement){ .head = { text, 0 } };
    sf_status rc = read_select(&l, out, err);
    if (rc != SF_OK) return rc;
    while (next(&l)) { /* each round takes a word off */
        const char *clause = refused_clause(&l);
        if (clause != NULL) return fail_clause(clause, err);
        if (l.sign == ',' && where == 0) return fail_clause("second object in its FROM", err);
        if (where == 0 && with == 0 && sfi_str_is_nocase(l.word, "WHERE")) {
            where = l.begin;
            condition = l.at;
        } else if (with == 0 && sfi_str_is_nocase(l.word, "WITH")) {
            with = l.begin;
        }
    }
    if (l.is_broken || l.at > l.text.len)
        return sfi_fail(err, SF_ERR_USAGE,
                        "the statement of an export has a quote or parenthesis without its other half");
    size_t end = with > 0 ? with : l.text.len, stop = where > 0 ? where : end;
    out->head = sfi_trim((sf_str){ text, stop });
    out->from = sfi_trim((sf_str){ out->from.ptr, (size_t)(text + stop - out->from.ptr) });
    if (where > 0) out->where = sfi_trim((sf_str){ text + condition, end - condition });
    if (with > 0) out->tail = sfi_trim((sf_str){ text + with, l.text.len - with });
    if (where > 0 && out->where.len == 0) return sfi_fail(err, SF_ERR_USAGE, "the WHERE of an export is empty");
    return SF_OK;
}

static bool is_field(sf_str word)
{
    return word.len > 0 && memchr(word.ptr, ':', word.len) == NULL && memchr(word.ptr, '%', word.len) == NULL;
}

bool sfi_statement_columns(sf_str soql, char delimiter, sfi_buf *out)
{
    lexer l = { .text = sfi_trim(soql) };
    if (!next(&l) || !sfi_str_is_nocase(l.word, "SELECT")) return false;
    for (;;) { /* each round takes a field off */
        if (!next(&l) || !is_field(l.word)) return false;
        sfi_buf_add_char(out, '"');
        sfi_buf_add(out, l.word.ptr, l.word.len);
        sfi_buf_add_char(out, '"');
        if (!next(&l)) return false;
        if (sfi_str_is_nocase(l.word, "FROM")) return true;
        if (l.sign != ',') return false;
        sfi_buf_add_char(out, delimiter);
    }
}

void sfi_statement_add_range(const sfi_statement *st, const char *from, const char *to, sfi_buf *out)
{
    bool is_ranged = from[0] != '\0' || to[0] != '\0';
    sfi_buf_add(out, st->head.ptr, st->head.len);
    if (st->where.len > 0 || is_ranged) sfi_buf_add_str(out, " WHERE ");
    if (st->where.len > 0) {
        sfi_buf_add_str(out, is_ranged ? "(" : ""); /* it may hold an OR */
        sfi_buf_add(out, st->where.ptr, st->where.len);
        sfi_buf_add_str(out, is_ranged ? ") AND " : "");
    }
    if (from[0] != '\0') sfi_buf_addf(out, "Id >= '%s'", from);
    if (from[0] != '\0' && to[0] != '\0') sfi_buf_add_str(out, " AND ");
    if (to[0] != '\0') sfi_buf_addf(out, "Id < '%s'", to);
    if (st->tail.len > 0) sfi_buf_add_char(out, ' ');
    sfi_buf_add(out, st->tail.ptr, st->tail.len);
}
