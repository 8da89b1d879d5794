/* columns.c: see columns_internal.h. Called by query.c; owns the list and its strings. The one idea: the SELECT list says
 * which columns there are and in which order, even where no row has a value; a row says how the org spells them. */
#include "rest/columns_internal.h"
#include <strings.h>

enum {
    COLUMNS_MAX = 4000,
    PATH_BYTES_MAX = 1024,
    FROM_MAX = 32,    /* entries of a FROM list */
    ROW_DEPTH_MAX = 8 /* parents of parents */
};

/* ---- the list ---- */

static sf_status add_column(sfi_columns *c, sf_str path, sfi_column column, sf_error *err)
{
    if (c->count == COLUMNS_MAX || path.len > PATH_BYTES_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "the statement selects more than %d columns, or one is longer than %d bytes",
                        COLUMNS_MAX, PATH_BYTES_MAX);
    for (size_t i = 0; i < c->count; i++)
        if (!c->list[i].is_fields && sfi_str_is_nocase(path, c->list[i].path))
            return SF_OK; /* TYPEOF's branches share fields */
    if (c->count == c->cap) {
        size_t cap = c->cap == 0 ? 16 : c->cap * 2;
        sfi_column *list = sfi_realloc(c->list, cap * sizeof *list);
        if (list == NULL) return sfi_fail_memory(err, "the columns");
        c->list = list;
        c->cap = cap;
    }
    column.path = sfi_arena_strndup(&c->strings, path.ptr, path.len);
    if (column.path == NULL) return sfi_fail_memory(err, "the columns");
    c->list[c->count++] = column;
    return SF_OK;
}

void sfi_columns_clear(sfi_columns *c)
{
    sfi_free(c->list);
    sfi_arena_free(&c->strings);
    *c = (sfi_columns){ 0 };
}

bool sfi_columns_are_settled(const sfi_columns *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (!c->list[i].is_settled) return false;
    return c->count > 0;
}

/* ---- FROM: which first steps of a path are the object itself, or stand for another path ---- */

typedef struct from_entry {
    sf_str path, alias;
} from_entry;

typedef struct parts {
    sf_str items; /* text between SELECT and FROM */
    from_entry from[FROM_MAX];
    size_t from_count;
    bool is_grouped;
} parts;

static bool is_symbol(const sfi_soql_token *t, char c)
{
    return t->kind == SFI_SOQL_SYMBOL && t->text.ptr[0] == c;
}

static bool is_one_of(const sfi_soql_token *t, const char *const *words)
{
    for (; *words != NULL; words++)
        if (sfi_soql_is(t, *words)) return true;
    return false;
}

static sfi_soql_token peek(sf_str rest)
{
    return sfi_soql_next(&rest);
}

static bool is_aggregate(const sfi_soql_token *t, sf_str rest)
{
    static const char *const names[] = { "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "GROUPING", NULL };
    sfi_soql_token following = peek(rest);
    return is_one_of(t, names) && is_symbol(&following, '(');
}

/* Moves behind the parenthesis that closes the one just read; false: it does not close. */
static bool skip_group(sf_str *rest)
{
    for (size_t depth = 1; depth > 0;) {
        sfi_soql_token t = sfi_soql_next(rest);
        if (t.kind == SFI_SOQL_END) return false;
        if (is_symbol(&t, '(')) depth++;
        if (is_symbol(&t, ')')) depth--;
    }
    return true;
}

/* Contact c, c.Account AS a, … */
static void read_from(parts *s, sf_str rest)
{
    static const char *const clauses[] = { "WHERE", "USING", "WITH", "HAVING", "LIMIT", "FOR", NULL };
    while (s->from_count < FROM_MAX) {
        sfi_soql_token t = sfi_soql_next(&rest);
        if (t.kind != SFI_SOQL_WORD) return;
        from_entry *entry = &s->from[s->from_count++];
        entry->path = t.text;
        sf_str look = rest;
        t = sfi_soql_next(&look);
        if (sfi_soql_is(&t, "AS")) t = sfi_soql_next(&look);
        sfi_soql_token following = peek(look);
        bool is_by = (sfi_soql_is(&t, "GROUP") || sfi_soql_is(&t, "ORDER")) && sfi_soql_is(&following, "BY");
        bool is_offset = sfi_soql_is(&t, "OFFSET") && following.kind == SFI_SOQL_NUMBER;
        if (t.kind == SFI_SOQL_WORD && !is_by && !is_offset && !is_one_of(&t, clauses)) {
            entry->alias = t.text;
            rest = look;
        }
        t = sfi_soql_next(&rest);
        if (!is_symbol(&t, ',')) return;
    }
}

/* Finds the parts of a statement; false: not understood. */
static bool read_select(parts *s, sf_str soql)
{
    sf_str rest = soql;
    sfi_soql_token t = sfi_soql_next(&rest);
    if (!sfi_soql_is(&t, "SELECT")) return false;
    s->items = rest;
    bool after_from = false;
    for (;;) {
        t = sfi_soql_next(&rest);
        if (t.kind == SFI_SOQL_END) return after_from;
        if (is_symbol(&t, '(') && !skip_group(&rest)) return false;
        if (!after_from && is_aggregate(&t, rest)) s->is_grouped = true;
        sfi_soql_token following = peek(rest);
        if (after_from && sfi_soql_is(&t, "GROUP") && sfi_soql_is(&following, "BY")) s->is_grouped = true;
        if (!after_from && sfi_soql_is(&t, "FROM")) {
            after_from = true;
            s->items.len = (size_t)(t.text.ptr - s->items.ptr);
            read_from(s, rest);
        }
    }
}

static sf_str last_step(sf_str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '.') return (sf_str){ path.ptr + i, path.len - i };
    return path;
}

/* The path as rows have it: without the object's name, with what an alias stands for. */
static sf_status resolve(const parts *s, sf_str path, sfi_buf *out, sf_error *err)
{
    const char *dot = memchr(path.ptr, '.', path.len);
    if (dot != NULL) {
        sf_str step = { path.ptr, (size_t)(dot - path.ptr) };
        for (size_t i = 0; i < s->from_count; i++) {
            const from_entry *entry = &s->from[i];
            bool is_alias = entry->alias.len > 0 && step.len == entry->alias.len &&
                            strncasecmp(step.ptr, entry->alias.ptr, step.len) == 0;
            bool is_object =
                i == 0 && step.len == entry->path.len && strncasecmp(step.ptr, entry->path.ptr, step.len) == 0;
            if (!is_alias && !is_object) continue;
            path = (sf_str){ dot + 1, path.len - step.len - 1 };
            if (i > 0 &&
                out->len <
                    PATH_BYTES_MAX) { /* ends: an entry's path begins with an earlier one's alias, and bytes are bounded */
                parts earlier = *s;
                earlier.from_count = i;
                sf_status rc = resolve(&earlier, entry->path, out, err);
                if (rc != SF_OK) return rc;
                sfi_buf_add_char(out, '.');
            }
            break;
        }
    }
    sfi_buf_add(out, path.ptr, path.len);
    return sfi_buf_status(out, err, "a column's path");
}

/* ---- the SELECT list ---- */

/* Reads items one after another. */
typedef struct item_reader {
    const parts *s;
    sfi_columns *columns;
    sf_str rest;
    size_t expressions; /* expr0, expr1 … given out */
} item_reader;

static sf_status add_resolved(item_reader *r, sf_str prefix, sf_str path, sf_error *err)
{
    sfi_buf b = { .max = PATH_BYTES_MAX };
    sf_status rc = SF_OK;
    if (prefix.len > 0) {
        rc = resolve(r->s, prefix, &b, err);
        sfi_buf_add_char(&b, '.');
        sfi_buf_add(&b, path.ptr, path.len);
    } else {
        rc = resolve(r->s, path, &b, err);
    }
    if (rc == SF_OK) rc = sfi_buf_status(&b, err, "a column's path");
    if (rc == SF_OK) rc = add_column(r->columns, sfi_buf_str(&b), (sfi_column){ 0 }, err);
    sfi_buf_free(&b);
    return rc;
}

static sf_str take_alias(item_reader *r)
{
    sf_str look = r->rest;
    sfi_soql_token t = sfi_soql_next(&look);
    if (t.kind != SFI_SOQL_WORD) return (sf_str){ NULL, 0 };
    r->rest = look;
    return t.text;
}

/* (SELECT … FROM Contacts): the opening parenthesis was read. */
static sf_status read_child(item_reader *r, sf_error *err)
{
    sf_str text = r->rest;
    if (!skip_group(&r->rest)) return SF_OK; /* the org will say so */
    text.len = (size_t)(r->rest.ptr - text.ptr) - 1;
    parts child = { 0 };
    if (!read_select(&child, text) || child.from_count == 0) return SF_OK;
    sf_str alias = take_alias(r);
    sf_str name = alias.len > 0 ? alias : last_step(child.from[0].path);
    return add_column(r->columns, name, (sfi_column){ .child = text, .is_children = true }, err);
}

/* TYPEOF What WHEN Account THEN Phone, Name ELSE Name END */
static sf_status read_typeof(item_reader *r, sf_error *err)
{
    sf_str operand = sfi_soql_next(&r->rest).text;
    bool skip = true; /* the type after WHEN */
    for (;;) {
        sfi_soql_token t = sfi_soql_next(&r->rest);
        if (t.kind == SFI_SOQL_END || sfi_soql_is(&t, "END")) return SF_OK;
        if (sfi_soql_is(&t, "WHEN")) {
            skip = true;
        } else if (sfi_soql_is(&t, "THEN") || sfi_soql_is(&t, "ELSE")) {
            skip = false;
        } else if (t.kind == SFI_SOQL_WORD && !skip) {
            sf_status rc = add_resolved(r, operand, t.text, err);
            if (rc != SF_OK) return rc;
        }
    }
}

/* name(…): the opening parenthesis is next. */
static sf_status read_function(item_reader *r, const sfi_soql_token *name, sf_error *err)
{
    static const char *const transparent[] = { "toLabel", "FORMAT", "convertCurrency", NULL };
    (void)sfi_soql_next(&r->rest); /* the parenthesis, as its reader saw */
    sf_str arguments = r->rest;
    if (!skip_group(&r->rest)) return SF_OK;
    arguments.len = (size_t)(r->rest.ptr - arguments.ptr) - 1;
    sf_str field = { NULL, 0 }; /* the innermost: the last word before a parenthesis closes */
    for (sf_str rest = arguments;;) {
        sfi_soql_token t = sfi_soql_next(&rest);
        if (t.kind == SFI_SOQL_WORD) field = t.text;
        if (t.kind == SFI_SOQL_END || is_symbol(&t, ')')) break;
    }
    sf_str alias = take_alias(r);
    if (sfi_soql_is(name, "FIELDS"))
        return add_column(r->columns, SFI_STR("FIELDS()"), (sfi_column){ .is_fields = true }, err);
    if (sfi_soql_is(name, "COUNT") && field.len == 0) {
        r->columns->is_count = true;
        return SF_OK;
    }
    if (alias.len > 0) return add_column(r->columns, alias, (sfi_column){ 0 }, err);
    if (!r->s->is_grouped && field.len > 0 && is_one_of(name, transparent))
        return add_resolved(r, (sf_str){ NULL, 0 }, field, err);
    char expr[32];
    snprintf(expr, sizeof expr, "expr%zu", r->expressions++);
    return add_column(r->columns, sfi_str(expr), (sfi_column){ 0 }, err);
}

static sf_status read_item(item_reader *r, const sfi_soql_token *t, sf_error *err)
{
    if (is_symbol(t, '(')) return read_child(r, err);
    if (t->kind != SFI_SOQL_WORD) return SF_OK;
    sfi_soql_token following = peek(r->rest);
    if (is_symbol(&following, '(')) return read_function(r, t, err);
    if (sfi_soql_is(t, "TYPEOF") && following.kind == SFI_SOQL_WORD) return read_typeof(r, err);
    sf_str alias = take_alias(r);
    if (alias.len > 0) return add_column(r->columns, alias, (sfi_column){ 0 }, err);
    if (r->s->is_grouped) return add_column(r->columns, last_step(t->text), (sfi_column){ 0 }, err);
    return add_resolved(r, (sf_str){ NULL, 0 }, t->text, err);
}

sf_status sfi_columns_read(sfi_columns *c, sf_str soql, sf_error *err)
{
    parts s = { 0 };
    if (!read_select(&s, soql)) return SF_OK;
    c->is_known = true;
    c->is_grouped = s.is_grouped;
    item_reader r = { .s = &s, .columns = c, .rest = s.items };
    for (;;) {
        sfi_soql_token t = sfi_soql_next(&r.rest);
        if (t.kind == SFI_SOQL_END) return SF_OK;
        sf_status rc = read_item(&r, &t, err);
        if (rc != SF_OK) return rc;
    }
}

/* ---- what a row adds ---- */

/* Whether a value is a child query's result. */
static bool is_result(sf_value v)
{
    return v.type == SF_OBJECT && sf_get(v, "records").type == SF_ARRAY && sf_get(v, "done").type == SF_BOOL;
}

/* All fields of a row that no column covers yet, parents' fields below them. */
static sf_status add_row_fields(sfi_columns *c, sf_value row, const char *prefix, size_t depth, sf_error *err)
{
    sf_iter it = sf_iter_begin(row);
    sf_str key;
    sf_value value;
    sf_status rc = SF_OK;
    while (rc == SF_OK && sf_iter_next(&it, &key, &value)) {
        if (sfi_str_is(key, "attributes")) continue;
        char path[PATH_BYTES_MAX];
        int n = snprintf(path, sizeof path, "%s%.*s", prefix, (int)key.len, key.ptr);
        if (n < 0 || (size_t)n + 2 > sizeof path) continue;
        bool is_children = is_result(value);
        if (!is_children && depth < ROW_DEPTH_MAX && sf_get(value, "attributes").type == SF_OBJECT) {
            memcpy(path + n, ".", 2);
            rc = add_row_fields(c, value, path, depth + 1, err);
        } else {
            rc = add_column(c, sfi_str(path), (sfi_column){ .is_children = is_children, .is_settled = true }, err);
        }
    }
    return rc;
}

/* FIELDS() becomes the fields of the row, in its place. */
static sf_status expand_fields(sfi_columns *c, sf_value row, sf_error *err)
{
    for (size_t at = 0; at < c->count; at++) {
        if (!c->list[at].is_fields) continue;
        size_t before = c->count;
        sf_status rc = add_row_fields(c, row, "", 0, err);
        if (rc != SF_OK) return rc;
        size_t added = c->count - before;
        sfi_column *moved = sfi_alloc((added + 1) * sizeof *moved);
        if (moved == NULL) return sfi_fail_memory(err, "the columns");
        memcpy(moved, c->list + before, added * sizeof *moved);
        memmove(c->list + at + added, c->list + at + 1, (before - at - 1) * sizeof *moved);
        memcpy(c->list + at, moved, added * sizeof *moved);
        c->count = before - 1 + added;
        sfi_free(moved);
        return SF_OK;
    }
    return SF_OK;
}

static bool find_nocase(sf_value object, sf_str name, sf_str *key, sf_value *value)
{
    sf_iter it = sf_iter_begin(object);
    while (sf_iter_next(&it, key, value))
        if (key->len == name.len && strncasecmp(key->ptr, name.ptr, name.len) == 0) return true;
    return false;
}

/* Spell a path as the row does, as far as the row goes. */
static sf_status spell(sfi_columns *c, sfi_column *column, sf_value row, sf_error *err)
{
    sfi_buf b = { .max = PATH_BYTES_MAX };
    sf_str rest = sfi_str(column->path);
    bool is_found = true;
    while (is_found && rest.len > 0) {
        const char *dot = memchr(rest.ptr, '.', rest.len);
        sf_str step = { rest.ptr, dot != NULL ? (size_t)(dot - rest.ptr) : rest.len };
        sf_str key;
        is_found = find_nocase(row, step, &key, &row);
        if (!is_found) break;
        sfi_buf_add(&b, key.ptr, key.len);
        if (dot != NULL) sfi_buf_add_char(&b, '.');
        rest = dot != NULL ? (sf_str){ dot + 1, rest.len - step.len - 1 } : (sf_str){ NULL, 0 };
    }
    if (rest.len > 0) sfi_buf_add(&b, rest.ptr, rest.len);
    sf_status rc = sfi_buf_status(&b, err, "a column's path");
    if (rc == SF_OK && b.data != NULL) {
        const char *path =
            strcmp(b.data, column->path) == 0 ? column->path : sfi_arena_strndup(&c->strings, b.data, b.len);
        if (path == NULL) rc = sfi_fail_memory(err, "a column's path");
        if (path != NULL) column->path = path;
        column->is_settled = is_found;
    }
    sfi_buf_free(&b);
    return rc;
}

/* Aggregate rows hold one key a column, in the order of the SELECT list. */
static sf_status settle_grouped(sfi_columns *c, sf_value row, sf_error *err)
{
    size_t keys = sf_value_count(row);
    if (sf_get(row, "attributes").type == SF_OBJECT) keys--;
    if (keys != c->count) return SF_OK;
    sf_iter it = sf_iter_begin(row);
    sf_str key;
    for (size_t i = 0; i < c->count && sf_iter_next(&it, &key, NULL);) {
        if (sfi_str_is(key, "attributes")) continue;
        c->list[i].path = sfi_arena_strndup(&c->strings, key.ptr, key.len);
        if (c->list[i].path == NULL) {
            c->list[i].path = "";
            return sfi_fail_memory(err, "a column's path");
        }
        c->list[i++].is_settled = true;
    }
    return SF_OK;
}

sf_status sfi_columns_settle(sfi_columns *c, sf_value row, sf_error *err)
{
    sf_status rc = SF_OK;
    if (row.type != SF_OBJECT) return SF_OK;
    if (c->count == 0) return c->is_count ? SF_OK : add_row_fields(c, row, "", 0, err);
    if (c->is_grouped) return settle_grouped(c, row, err);
    for (size_t i = 0; rc == SF_OK && i < c->count; i++)
        if (!c->list[i].is_settled && !c->list[i].is_fields) rc = spell(c, &c->list[i], row, err);
    return rc == SF_OK ? expand_fields(c, row, err) : rc;
}
