/* graphql_where.c: filters and orders of a connection as SOQL: see graphql.h. Values are written as literals of their
 * field's type, texts quoted, so that no value can become a condition. */
#include "api/graphql.h"

/* ---- names ---- */
const sfo_field *sfo_gql_field_of(const sfo_object *o, sf_str name)
{
    const sfo_field *f = sfo_object_field(o, name);
    bool is_compound = f != NULL && (f->type == SFO_ADDRESS || f->type == SFO_LOCATION);
    return f != NULL && sfi_str_is(name, f->name) && !is_compound ? f : NULL;
}

const sfo_field *sfo_gql_relationship(const sfo_object *o, sf_str name)
{
    const sfo_field *f = sfo_object_relationship(o, name);
    return f != NULL && sfi_str_is(name, f->relationship_name) ? f : NULL;
}

const sfo_child *sfo_gql_children(const sfo_object *o, sf_str name)
{
    const sfo_child *c = sfo_object_child(o, name);
    return c != NULL && sfi_str_is(name, c->relationship_name) ? c : NULL;
}

const sfo_object *sfo_gql_parent(sfo_gql *g, const sfo_field *reference)
{
    return reference->reference_count == 1
               ? sfo_schema_object(g->call->org->schema, sfi_str(reference->reference_to[0]))
               : NULL;
}

/* ---- literals ---- */
typedef struct filter {
    sfo_gql *g;
    const sfo_gql_field *at;
    const char *argument; /* "where", "orderBy" */
    sfi_buf *out;
    int depth;
} filter;

static bool wrong(const filter *f, const char *format, ...) SFI_PRINTF(2, 3);
static bool wrong(const filter *f, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return sfo_gql_invalid(f->g, f->at, "WrongType", "argument '%s' %s", f->argument, text);
}

static bool is_number(sfo_type type)
{
    return type == SFO_INT || type == SFO_LONG || type == SFO_DOUBLE || type == SFO_CURRENCY || type == SFO_PERCENT;
}

static bool is_time(sfo_type type)
{
    return type == SFO_DATE || type == SFO_DATETIME || type == SFO_TIME;
}

/* like: backslash escapes of the pattern stay. */
static void add_quoted(sfi_buf *out, sf_str text, bool like)
{
    sfi_buf_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool is_pattern = like && c == '\\' && i + 1 < text.len && strchr("%_\\", text.ptr[i + 1]) != NULL;
        if (is_pattern) {
            sfi_buf_add(out, text.ptr + i++, 2);
        } else if (c == '\'' || c == '\\') {
            sfi_buf_add_char(out, '\\');
            sfi_buf_add_char(out, c);
        } else if (c == '\n') {
            sfi_buf_add_str(out, "\\n");
        } else if (c == '\r') {
            sfi_buf_add_str(out, "\\r");
        } else {
            sfi_buf_add_char(out, c);
        }
    }
    sfi_buf_add_char(out, '\'');
}

static bool is_made_of(sf_str text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\0' || strchr(allowed, text.ptr[i]) == NULL) return false;
    return text.len > 0;
}

/* "2024-11-23…", {value: …}, {literal: TODAY}, {range: {last_n_days: 3}} */
static bool add_time(const filter *f, const sfo_field *field, const sfo_gql_value *v)
{
    static const char times[] = "0123456789-+:.TZ";
    static const char words[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    const sfo_gql_value *value = v->kind == SFO_GQL_OBJECT ? sfo_gql_member(v, "value") : v;
    const sfo_gql_value *literal = sfo_gql_member(v, "literal");
    const sfo_gql_value *range = sfo_gql_member(v, "range");
    if (literal != NULL && is_made_of(literal->text, words))
        return sfi_buf_add(f->out, literal->text.ptr, literal->text.len);
    if (range != NULL && range->kind == SFO_GQL_OBJECT && range->count == 1 &&
        range->members[0].value.kind == SFO_GQL_INT && is_made_of(range->members[0].name, words)) {
        sf_str name = range->members[0].name, n = range->members[0].value.text;
        for (size_t i = 0; i < name.len; i++) {
            char c = name.ptr[i];
            sfi_buf_add_char(f->out, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
        }
        return sfi_buf_addf(f->out, ":%.*s", (int)n.len, n.ptr);
    }
    if (value != NULL && value->kind == SFO_GQL_NULL) return sfi_buf_add_str(f->out, "null");
    if (value != NULL && value->kind == SFO_GQL_STRING && is_made_of(value->text, times))
        return sfi_buf_add(f->out, value->text.ptr, value->text.len);
    return wrong(f,
                 "with a value of field '%s' that is no date: want \"2024-11-23\", {value: …}, {literal: TODAY} or "
                 "{range: {last_n_days: 3}}",
                 field->name);
}

/* SOQL knows no exponents. */
static bool add_number(sfi_buf *out, sf_str text)
{
    double d;
    char plain[400];
    bool has_exponent = memchr(text.ptr, 'e', text.len) != NULL || memchr(text.ptr, 'E', text.len) != NULL;
    if (!has_exponent || !sfi_parse_double(text, &d)) return sfi_buf_add(out, text.ptr, text.len);
    int len = snprintf(plain, sizeof plain, "%.12f", d);
    while (len > 1 && plain[len - 1] == '0') len--;
    if (plain[len - 1] == '.') len--;
    return sfi_buf_add(out, plain, (size_t)len);
}

static bool add_literal(const filter *f, const sfo_field *field, const sfo_gql_value *v, bool like)
{
    if (v->kind == SFO_GQL_NULL) return sfi_buf_add_str(f->out, "null");
    if (is_time(field->type)) return add_time(f, field, v);
    bool is_digits = v->kind == SFO_GQL_INT || v->kind == SFO_GQL_FLOAT;
    if (field->type == SFO_BOOLEAN && v->kind != SFO_GQL_BOOL)
        return wrong(f, "with a value of field '%s' that is no boolean", field->name);
    if (is_number(field->type) && !is_digits)
        return wrong(f, "with a value of field '%s' that is no number", field->name);
    if (is_number(field->type)) return add_number(f->out, v->text);
    if (field->type == SFO_BOOLEAN) return sfi_buf_add(f->out, v->text.ptr, v->text.len);
    if (v->kind != SFO_GQL_STRING && v->kind != SFO_GQL_ENUM)
        return wrong(f, "with a value of field '%s' that is no text", field->name);
    add_quoted(f->out, v->text, like);
    return true;
}

/* ---- conditions ---- */
static bool add_list(const filter *f, const sfo_field *field, const sfo_gql_value *v)
{
    if (v->kind != SFO_GQL_LIST || v->count == 0)
        return wrong(f, "with a list of field '%s' that is none, or empty", field->name);
    sfi_buf_add_char(f->out, '(');
    for (size_t i = 0; i < v->count; i++) {
        if (i > 0) sfi_buf_add_char(f->out, ',');
        if (!add_literal(f, field, &v->members[i].value, false)) return false;
    }
    return sfi_buf_add_char(f->out, ')');
}

/* { gt: 5, lt: 9 } */
static bool add_operators(const filter *f, const char *prefix, const sfo_field *field, const sfo_gql_value *v)
{
    static const struct {
        const char *name, *soql;
        bool list;
    } operators[] = { { "eq", "=", false },
                      { "ne", "!=", false },
                      { "lt", "<", false },
                      { "lte", "<=", false },
                      { "gt", ">", false },
                      { "gte", ">=", false },
                      { "like", "LIKE", false },
                      { "in", "IN", true },
                      { "nin", "NOT IN", true },
                      { "includes", "INCLUDES", true },
                      { "excludes", "EXCLUDES", true } };
    if (v->kind != SFO_GQL_OBJECT || v->count == 0)
        return wrong(f, "wants an operator for field '%s', such as {eq: …}", field->name);
    for (size_t i = 0; i < v->count; i++) {
        size_t op = 0;
        while (op < SFI_COUNT_OF(operators) && !sfi_str_is(v->members[i].name, operators[op].name)) op++;
        if (op == SFI_COUNT_OF(operators))
            return wrong(f, "contains a field not in the operators of '%s': '%.*s'", field->name,
                         (int)v->members[i].name.len, v->members[i].name.ptr);
        sfi_buf_addf(f->out, "%s%s%s %s ", i > 0 ? " AND " : "", prefix, field->name, operators[op].soql);
        bool ok = operators[op].list
                      ? add_list(f, field, &v->members[i].value)
                      : add_literal(f, field, &v->members[i].value, sfi_str_is(v->members[i].name, "like"));
        if (!ok) return false;
    }
    return true;
}

static bool add_conditions(filter *f, const sfo_object *o, const char *prefix, const sfo_gql_value *v);

static bool add_junction(filter *f, const sfo_object *o, const char *prefix, const sfo_gql_value *list,
                         const char *word)
{
    if (list->kind == SFO_GQL_OBJECT) return add_conditions(f, o, prefix, list);
    if (list->kind != SFO_GQL_LIST || list->count == 0) return wrong(f, "wants a list of filters after and, or");
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) sfi_buf_add_str(f->out, word);
        if (!add_conditions(f, o, prefix, &list->members[i].value)) return false;
    }
    return true;
}

static bool add_condition(filter *f, const sfo_object *o, const char *prefix, const sfo_gql_arg *a)
{
    char longer[400];
    const sfo_field *field = sfo_gql_field_of(o, a->name);
    if (sfi_str_is(a->name, "and")) return add_junction(f, o, prefix, &a->value, " AND ");
    if (sfi_str_is(a->name, "or")) return add_junction(f, o, prefix, &a->value, " OR ");
    if (sfi_str_is(a->name, "not")) {
        sfi_buf_add_str(f->out, "(NOT ");
        return add_conditions(f, o, prefix, &a->value) && sfi_buf_add_char(f->out, ')');
    }
    if (field != NULL) return add_operators(f, prefix, field, &a->value);
    const sfo_field *reference = sfo_gql_relationship(o, a->name);
    const sfo_object *parent = reference != NULL ? sfo_gql_parent(f->g, reference) : NULL;
    if (parent == NULL)
        return wrong(f, "contains a field not in '%s_Filter': '%.*s'", o->name, (int)a->name.len, a->name.ptr);
    (void)snprintf(longer, sizeof longer, "%s%s.", prefix, reference->relationship_name);
    return add_conditions(f, parent, longer, &a->value);
}

/* All members hold. */
static bool add_conditions(filter *f, const sfo_object *o, const char *prefix, const sfo_gql_value *v)
{
    if (v->kind != SFO_GQL_OBJECT || v->count == 0) return wrong(f, "wants an object with a field in it");
    if (++f->depth > SFO_GQL_DEPTH_MAX || strlen(prefix) > 250) return wrong(f, "is nested too deep");
    sfi_buf_add_char(f->out, '(');
    for (size_t i = 0; i < v->count; i++) {
        if (i > 0) sfi_buf_add_str(f->out, " AND ");
        bool in_parentheses = sfi_str_is(v->members[i].name, "or") || sfi_str_is(v->members[i].name, "and");
        if (in_parentheses) sfi_buf_add_char(f->out, '(');
        if (!add_condition(f, o, prefix, &v->members[i])) return false;
        if (in_parentheses) sfi_buf_add_char(f->out, ')');
    }
    f->depth--;
    return sfi_buf_add_char(f->out, ')');
}

/* Takes out filters without a condition, which absent variables leave behind. */
static void prune(sfo_gql_value *v)
{
    size_t kept = 0;
    if (v->kind != SFO_GQL_LIST && v->kind != SFO_GQL_OBJECT) return;
    for (size_t i = 0; i < v->count; i++) {
        sfo_gql_value *member = &v->members[i].value;
        prune(member);
        if (member->kind == SFO_GQL_OBJECT && member->count == 0) continue;
        v->members[kept++] = v->members[i];
    }
    v->count = kept;
}

bool sfo_gql_where(sfo_gql *g, const sfo_object *o, const sfo_gql_field *connection, sfi_buf *out)
{
    filter f = { .g = g, .at = connection, .argument = "where", .out = out };
    sfo_gql_value v;
    if (!sfo_gql_argument(g, connection, "where", &v)) return false;
    prune(&v);
    if (v.kind == SFO_GQL_NULL || (v.kind == SFO_GQL_OBJECT && v.count == 0)) return true;
    sfi_buf_add_str(out, " WHERE ");
    return add_conditions(&f, o, "", &v);
}

/* ---- order ---- */
static bool add_orders(filter *f, const sfo_object *o, const char *prefix, const sfo_gql_value *v, bool *first)
{
    char longer[400];
    if (v->kind == SFO_GQL_LIST) {
        for (size_t i = 0; i < v->count; i++)
            if (!add_orders(f, o, prefix, &v->members[i].value, first)) return false;
        return true;
    }
    if (v->kind != SFO_GQL_OBJECT) return wrong(f, "wants an object such as {Name: {order: ASC}}");
    if (strlen(prefix) > 250) return wrong(f, "is nested too deep");
    for (size_t i = 0; i < v->count; i++) {
        const sfo_gql_arg *a = &v->members[i];
        const sfo_field *field = sfo_gql_field_of(o, a->name);
        const sfo_field *reference = field == NULL ? sfo_gql_relationship(o, a->name) : NULL;
        const sfo_object *parent = reference != NULL ? sfo_gql_parent(f->g, reference) : NULL;
        if (parent != NULL) {
            (void)snprintf(longer, sizeof longer, "%s%s.", prefix, reference->relationship_name);
            if (!add_orders(f, parent, longer, &a->value, first)) return false;
            continue;
        }
        if (field == NULL)
            return wrong(f, "contains a field not in '%s_OrderBy': '%.*s'", o->name, (int)a->name.len, a->name.ptr);
        const sfo_gql_value *order = sfo_gql_member(&a->value, "order"), *nulls = sfo_gql_member(&a->value, "nulls");
        bool known = a->value.kind == SFO_GQL_OBJECT &&
                     (order == NULL || sfi_str_is(order->text, "ASC") || sfi_str_is(order->text, "DESC")) &&
                     (nulls == NULL || sfi_str_is(nulls->text, "FIRST") || sfi_str_is(nulls->text, "LAST"));
        if (!known) return wrong(f, "wants {order: ASC or DESC, nulls: FIRST or LAST} for '%s'", field->name);
        sfi_buf_addf(f->out, "%s%s%s", *first ? " ORDER BY " : ", ", prefix, field->name);
        if (order != NULL) sfi_buf_addf(f->out, " %.*s", (int)order->text.len, order->text.ptr);
        if (nulls != NULL) sfi_buf_addf(f->out, " NULLS %.*s", (int)nulls->text.len, nulls->text.ptr);
        *first = false;
    }
    return true;
}

bool sfo_gql_order(sfo_gql *g, const sfo_object *o, const sfo_gql_field *connection, sfi_buf *out)
{
    filter f = { .g = g, .at = connection, .argument = "orderBy", .out = out };
    sfo_gql_value v;
    bool first = true;
    if (!sfo_gql_argument(g, connection, "orderBy", &v)) return false;
    return v.kind == SFO_GQL_NULL || add_orders(&f, o, "", &v, &first);
}
