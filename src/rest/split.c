/* split.c: a statement with a long IN list as several statements whose rows follow one another. Called by query.c; owns
 * a plan's memory. The one idea: rows are cut apart by the value they match, which is right only where the condition
 * must hold for every row and nothing looks at the rows together; and values that the org might call equal (case, 15 or
 * 18 characters of an id, 1 and 1.0) stay in one statement, so that no row can come twice. Where the meaning would
 * change, the statement is refused. */
#include "rest/soql_internal.h"
#include <assert.h>

enum {
    TOKENS_MAX = 200000, /* outside of lists: more cannot be brought under the limit by splitting a list */
    NONE = -1
};

/* ---- reading: tokens, with each plain value list as one ---- */

typedef struct token {
    sfi_soql_token t;
    int parent;   /* index of the parenthesis around it; NONE: the statement itself */
    bool is_list; /* "(value, …)" after IN, parentheses included */
} token;

typedef struct reading {
    token *tokens;
    int count, cap;
} reading;

static bool is_symbol(const sfi_soql_token *t, char c)
{
    return t->kind == SFI_SOQL_SYMBOL && t->text.ptr[0] == c;
}

/* The parenthesis that s begins with, when it holds nothing but literals and commas; len 0: something else. */
static sf_str take_list(sf_str s)
{
    sf_str rest = s;
    sfi_soql_token t = sfi_soql_next(&rest);
    assert(is_symbol(&t, '('));
    for (;;) {
        t = sfi_soql_next(&rest);
        if (is_symbol(&t, ')')) return (sf_str){ s.ptr, (size_t)(t.text.ptr + 1 - s.ptr) };
        bool is_value = t.kind == SFI_SOQL_STRING || t.kind == SFI_SOQL_NUMBER || t.kind == SFI_SOQL_WORD;
        if ((!is_value && !is_symbol(&t, ',') && !is_symbol(&t, ':')) || sfi_soql_is(&t, "SELECT"))
            return (sf_str){ s.ptr, 0 };
    }
}

static sf_status add_token(reading *r, token t, sf_error *err)
{
    if (r->count == TOKENS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "the statement passes SF_QUERY_TEXT_MAX and is too involved to be split");
    if (r->count == r->cap) {
        int cap = r->cap == 0 ? 256 : r->cap * 2;
        token *tokens = sfi_realloc(r->tokens, (size_t)cap * sizeof *tokens);
        if (tokens == NULL) return sfi_fail_memory(err, "a statement's tokens");
        r->tokens = tokens;
        r->cap = cap;
    }
    r->tokens[r->count++] = t;
    return SF_OK;
}

static sf_status read_tokens(sf_str text, reading *r, sf_error *err)
{
    int parent = NONE;
    sf_str rest = text;
    for (;;) {
        sf_str from = rest;
        sfi_soql_token t = sfi_soql_next(&rest);
        if (t.kind == SFI_SOQL_END) return SF_OK;
        token next = { .t = t, .parent = parent };
        bool opens = is_symbol(&t, '(');
        if (opens && r->count > 0 && sfi_soql_is(&r->tokens[r->count - 1].t, "IN")) {
            size_t skipped = (size_t)(t.text.ptr - from.ptr);
            next.t.text = take_list((sf_str){ t.text.ptr, from.len - skipped });
            next.is_list = next.t.text.len > 0;
            if (!next.is_list) next.t.text = t.text;
        }
        if (is_symbol(&t, ')') && parent != NONE) {
            parent = r->tokens[parent].parent;
            next.parent = parent;
        }
        sf_status rc = add_token(r, next, err);
        if (rc != SF_OK) return rc;
        if (next.is_list)
            rest = (sf_str){ next.t.text.ptr + next.t.text.len,
                             (size_t)(text.ptr + text.len - next.t.text.ptr) - next.t.text.len };
        else if (opens)
            parent = r->count - 1;
    }
}

/* ---- deciding: which list, and whether it may be split ---- */

static bool is_one_of(const sfi_soql_token *t, const char *const *words)
{
    for (; *words != NULL; words++)
        if (sfi_soql_is(t, *words)) return true;
    return false;
}

static bool is_followed_by(const reading *r, int i, const char *word)
{
    return i + 1 < r->count && sfi_soql_is(&r->tokens[i + 1].t, word);
}

static bool is_followed_by_number(const reading *r, int i)
{
    return i + 1 < r->count && r->tokens[i + 1].t.kind == SFI_SOQL_NUMBER;
}

/* A clause of the outer statement that looks at all rows together, by name; NULL: none. Where WHERE stands goes to *where. */
static const char *whole_result_clause(const reading *r, int *where)
{
    static const char *const aggregates[] = { "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING", NULL };
    bool after_from = false;
    *where = NONE;
    for (int i = 0; i < r->count; i++) {
        const sfi_soql_token *t = &r->tokens[i].t;
        if (r->tokens[i].parent != NONE || t->kind != SFI_SOQL_WORD) continue;
        bool is_count =
            sfi_soql_is(t, "COUNT") && is_followed_by(r, i, "(") && is_followed_by(r, i + 1, ")"); /* these add up */
        if (!after_from && !is_count && is_one_of(t, aggregates) && is_followed_by(r, i, "(")) return "an aggregate";
        if (sfi_soql_is(t, "FROM")) after_from = true;
        if (after_from && sfi_soql_is(t, "WHERE") && *where == NONE) *where = i;
        if (sfi_soql_is(t, "ORDER") && is_followed_by(r, i, "BY")) return "ORDER BY";
        if (sfi_soql_is(t, "GROUP") && is_followed_by(r, i, "BY")) return "GROUP BY";
        if (sfi_soql_is(t, "LIMIT") && is_followed_by_number(r, i)) return "LIMIT";
        if (sfi_soql_is(t, "OFFSET") && is_followed_by_number(r, i)) return "OFFSET";
    }
    return NULL;
}

/* OR, or NOT that is no NOT IN, directly inside this parenthesis. */
static const char *choice_inside(const reading *r, int parent, int where)
{
    for (int i = where + 1; i < r->count; i++) {
        if (r->tokens[i].parent != parent) continue;
        if (sfi_soql_is(&r->tokens[i].t, "OR")) return "OR";
        if (sfi_soql_is(&r->tokens[i].t, "NOT") && !is_followed_by(r, i, "IN")) return "NOT";
    }
    return NULL;
}

/* What stands around a list and forbids to split it; NULL: nothing. */
static const char *obstacle(const reading *r, int list, int where)
{
    static const char *const before_group[] = { "WHERE", "AND", "OR", "NOT", "(", NULL };
    if (where == NONE || list < where) return "a subquery";
    if (list >= 2 && sfi_soql_is(&r->tokens[list - 2].t, "NOT")) return "NOT IN";
    for (int parent = r->tokens[list].parent;; parent = r->tokens[parent].parent) {
        const char *choice = choice_inside(r, parent, where);
        if (choice != NULL) return choice;
        if (parent == NONE) return NULL;
        if (parent <= where || !is_one_of(&r->tokens[parent - 1].t, before_group)) return "a subquery";
    }
}

static int longest_list(const reading *r)
{
    int best = NONE;
    for (int i = 0; i < r->count; i++)
        if (r->tokens[i].is_list && (best == NONE || r->tokens[i].t.text.len > r->tokens[best].t.text.len)) best = i;
    return best;
}

static sf_status find_list(const reading *r, size_t chars, size_t chars_max, sf_str *out, sf_error *err)
{
    int where;
    int list = longest_list(r);
    if (list == NONE)
        return sfi_fail(err, SF_ERR_LIMIT,
                        "the statement has %zu characters, more than SF_QUERY_TEXT_MAX (%zu), and no IN list to split",
                        chars, chars_max);
    const char *clause = whole_result_clause(r, &where);
    if (clause == NULL) clause = obstacle(r, list, where);
    if (clause != NULL)
        return sfi_fail(err, SF_ERR_LIMIT,
                        "the statement has %zu characters, more than SF_QUERY_TEXT_MAX (%zu), and its IN list cannot "
                        "be split because of %s: "
                        "shorten the list, or ask in parts",
                        chars, chars_max, clause);
    *out = r->tokens[list].t.text;
    return SF_OK;
}

/* ---- values: what the org may call equal gets the same hash ---- */

static void hash_add(uint64_t *hash, uint32_t c)
{
    *hash = (*hash ^ c) * 0x100000001B3U; /* FNV-1a over characters */
}

/* The character that s begins with, escapes read, and moves behind it. */
static uint32_t take_character(sf_str *s)
{
    size_t n = sfi_utf8_sequence(s->ptr, s->len);
    unsigned char lead = (unsigned char)s->ptr[0];
    uint32_t c = lead;
    if (n == 2) c = lead & 0x1FU;
    if (n == 3) c = lead & 0x0FU;
    if (n == 4) c = lead & 0x07U;
    for (size_t i = 1; i < n; i++) c = c << 6 | ((unsigned char)s->ptr[i] & 0x3FU);
    if (n == 0) n = 1;
    if (lead == '\\' && s->len > 1) {
        char kind = s->ptr[1];
        n = 2;
        c = (unsigned char)kind;
        if (kind == 'u' && s->len >= 6) {
            c = 0;
            for (size_t i = 2; i < 6; i++) c = c << 4 | (uint32_t)(sfi_hex_digit(s->ptr[i]) & 15);
            n = 6;
        } else {
            switch (sfi_ascii_lower((unsigned char)kind)) {
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            case 't': c = '\t'; break;
            case 'b': c = '\b'; break;
            case 'f': c = '\f'; break;
            default: break;
            }
        }
    }
    s->ptr += n;
    s->len -= n;
    return c;
}

static void hash_folded(uint64_t *hash, uint32_t c)
{
    if (c == 0xDF || c == 0x1E9E) { /* sharp s: some comparisons say ss */
        hash_add(hash, 's');
        c = 's';
    }
    hash_add(hash, c == 0x130 || c == 0x131 ? 'i' : sfi_fold(c));
}

static uint64_t hash_string(sf_str quoted)
{
    uint64_t hash = 0xCBF29CE484222325U;
    sf_str s = { quoted.ptr + 1, quoted.len - 2 };
    while (s.len > 0 && s.ptr[s.len - 1] == ' ') s.len--; /* blanks at the end may count or not */
    if (sfi_id_make(s).text[0] != '\0') s.len = 15;       /* the rest of an id only repeats its letters' case */
    while (s.len > 0) hash_folded(&hash, take_character(&s));
    return hash;
}

/* Numbers, dates and words. 1, +1 and 1.00 are one, as are two ways to write one moment. */
static uint64_t hash_other(sf_str s)
{
    uint64_t hash = 0x9E3779B97F4A7C15U;
    int64_t ms;
    double number;
    char kind;
    if (sfi_time_parse(s, &ms, &kind)) {
        hash_add(&hash, (uint32_t)ms);
        hash_add(&hash, (uint32_t)((uint64_t)ms >> 32));
        return hash;
    }
    sf_str plain = s.len > 0 && s.ptr[0] == '+' ? (sf_str){ s.ptr + 1, s.len - 1 } : s;
    if (sfi_parse_double(plain, &number)) {
        uint64_t bits;
        if (number == 0) number = 0; /* -0 too */
        memcpy(&bits, &number, sizeof bits);
        hash_add(&hash, (uint32_t)bits);
        hash_add(&hash, (uint32_t)(bits >> 32));
        return hash;
    }
    if (sfi_str_is_nocase(s, "null") || sfi_str_is_nocase(s, "false"))
        return hash_string(SFI_STR("''")); /* equal to no value */
    for (size_t i = 0; i < s.len; i++) hash_add(&hash, (uint32_t)sfi_ascii_lower((unsigned char)s.ptr[i]));
    return hash;
}

static size_t count_commas(sf_str list)
{
    size_t n = 0;
    for (size_t i = 0; i < list.len; i++) n += list.ptr[i] == ','; /* those in strings too: an upper bound */
    return n;
}

static bool is_simple_word(const sfi_soql_token *t)
{
    return sfi_soql_is(t, "null") || sfi_soql_is(t, "true") || sfi_soql_is(t, "false");
}

/* The values between the parentheses of list. */
static sf_status read_values(sf_str list, sfi_soql_plan *plan, sf_error *err)
{
    plan->values = sfi_calloc_n(count_commas(list) + 1, sizeof *plan->values);
    if (plan->values == NULL) return sfi_fail_memory(err, "the values of an IN list");
    sf_str rest = { list.ptr + 1, list.len - 2 };
    for (bool want_value = true;; want_value = !want_value) {
        sfi_soql_token t = sfi_soql_next(&rest);
        if (t.kind == SFI_SOQL_END && !want_value) return SF_OK;
        bool is_value = t.kind == SFI_SOQL_STRING || t.kind == SFI_SOQL_NUMBER || is_simple_word(&t);
        if (want_value ? !is_value : !is_symbol(&t, ','))
            return sfi_fail(
                err, SF_ERR_LIMIT,
                "the long IN list cannot be split at \"%.*s\": only texts, numbers, dates, null, true and false "
                "can be told apart",
                (int)(t.text.len < 40 ? t.text.len : 40), t.text.ptr);
        if (!want_value) continue;
        plan->values[plan->value_count] = (sfi_soql_value){
            .text = t.text,
            .position = plan->value_count,
            .hash = t.kind == SFI_SOQL_STRING ? hash_string(t.text) : hash_other(t.text),
        };
        plan->value_count++;
    }
}

static int by_hash(const void *left, const void *right)
{
    const sfi_soql_value *a = left, *b = right;
    if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
    if (a->text.len != b->text.len) return a->text.len < b->text.len ? -1 : 1;
    int order = memcmp(a->text.ptr, b->text.ptr, a->text.len);
    if (order != 0) return order;
    return a->position < b->position ? -1 : 1;
}

static int by_first(const void *left, const void *right)
{
    const sfi_soql_value *a = left, *b = right;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a->position < b->position ? -1 : 1;
}

/* Drops repeated values and brings those with the same hash together, else in their first order. */
static void group_values(sfi_soql_plan *plan)
{
    sfi_soql_value *v = plan->values;
    size_t kept = 0;
    qsort(v, plan->value_count, sizeof *v, by_hash);
    for (size_t i = 0; i < plan->value_count; i++)
        if (kept == 0 || !sfi_str_eq(v[kept - 1].text, v[i].text)) v[kept++] = v[i];
    plan->value_count = kept;
    for (size_t i = 0; i < kept;) {
        size_t end = i, first = v[i].position;
        for (; end < kept && v[end].hash == v[i].hash; end++)
            if (v[end].position < first) first = v[end].position;
        for (; i < end; i++) v[i].first = first;
    }
    qsort(v, kept, sizeof *v, by_first);
}

/* ---- statements ---- */

static sf_status cut_statements(sfi_soql_plan *plan, size_t chars_max, sf_error *err)
{
    plan->starts = sfi_calloc_n(plan->value_count + 1, sizeof *plan->starts);
    if (plan->starts == NULL) return sfi_fail_memory(err, "the parts of a statement");
    size_t frame = sfi_soql_length(plan->head) + sfi_soql_length(plan->tail);
    size_t used = frame;
    plan->count = 0;
    for (size_t i = 0; i < plan->value_count;) {
        size_t end = i, chars = 0;
        for (; end < plan->value_count && plan->values[end].first == plan->values[i].first; end++)
            chars += sfi_soql_length(plan->values[end].text) + 1;
        if (frame > chars_max || chars > chars_max - frame)
            return sfi_fail(
                err, SF_ERR_LIMIT,
                "the statement passes SF_QUERY_TEXT_MAX (%zu characters) even with its longest IN list split",
                chars_max);
        if (plan->count == 0 || chars > chars_max - used) {
            plan->starts[plan->count++] = i;
            used = frame;
        }
        used += chars;
        i = end;
    }
    plan->starts[plan->count] = plan->value_count;
    return SF_OK;
}

sf_status sfi_soql_plan_make(char *text, size_t chars_max, sfi_soql_plan *out, sf_error *err)
{
    *out = (sfi_soql_plan){ .text = text, .text_len = strlen(text), .count = 1 };
    sf_str all = { text, out->text_len };
    size_t chars = sfi_soql_length(all);
    if (chars <= chars_max) return SF_OK;
    reading r = { 0 };
    sf_str list = { 0 };
    sf_status rc = read_tokens(all, &r, err);
    if (rc == SF_OK) rc = find_list(&r, chars, chars_max, &list, err);
    sfi_free(r.tokens);
    if (rc == SF_OK) {
        size_t open = (size_t)(list.ptr - text) + 1, close = open + list.len - 2;
        out->head = (sf_str){ text, open };
        out->tail = (sf_str){ text + close, all.len - close };
        rc = read_values(list, out, err);
    }
    if (rc == SF_OK) {
        group_values(out);
        rc = cut_statements(out, chars_max, err);
    }
    if (rc != SF_OK) sfi_soql_plan_clear(out);
    return rc;
}

void sfi_soql_plan_statement(const sfi_soql_plan *plan, size_t i, sfi_buf *out)
{
    assert(i < plan->count);
    if (plan->values == NULL) {
        sfi_buf_add(out, plan->text, plan->text_len);
        return;
    }
    sfi_buf_add(out, plan->head.ptr, plan->head.len);
    for (size_t k = plan->starts[i]; k < plan->starts[i + 1]; k++) {
        if (k > plan->starts[i]) sfi_buf_add_char(out, ',');
        sfi_buf_add(out, plan->values[k].text.ptr, plan->values[k].text.len);
    }
    sfi_buf_add(out, plan->tail.ptr, plan->tail.len);
}

void sfi_soql_plan_clear(sfi_soql_plan *plan)
{
    sfi_free(plan->text);
    sfi_free(plan->values);
    sfi_free(plan->starts);
    *plan = (sfi_soql_plan){ 0 };
}
