/* graphql_plan.c: from a connection's selection to the parts of its answer and the SOQL statement that fetches them: see
 * graphql.h. The one idea: the selection is walked once; each field becomes a part and, where it needs one, a column of
 * the statement (a child connection: a subquery), so that what is answered and what is fetched cannot differ. */
#include "api/graphql.h"

enum { TYPES_MAX = 16, PREFIX_MAX = 300, COLUMNS_MAX = 2000, LEVELS_MAX = 5 };

typedef struct statement { /* the columns of one statement or subquery */
    sfi_buf *out;
    const char *columns[COLUMNS_MAX];
    size_t count;
} statement;

static bool no_memory(sfo_gql *g)
{
    g->error.no_memory = true;
    return false;
}

/* ---- columns ---- */
static bool add_column(sfo_gql *g, statement *s, const sfo_gql_field *at, const char *prefix, const char *name)
{
    size_t len = strlen(prefix) + strlen(name);
    char *path = sfi_arena_alloc(g->arena, len + 1);
    if (path == NULL) return no_memory(g);
    snprintf(path, len + 1, "%s%s", prefix, name);
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->columns[i], path) == 0) return true;
    if (s->count == COLUMNS_MAX) return sfo_gql_invalid(g, at, "TooManyFields", "too many fields");
    sfi_buf_addf(s->out, "%s%s", s->count > 0 ? ", " : "", path);
    s->columns[s->count++] = path;
    return true;
}

static bool new_parts(sfo_gql *g, sfo_gql_part *p, size_t count)
{
    p->parts = sfi_arena_alloc(g->arena, (count + 1) * sizeof *p->parts);
    if (p->parts == NULL) return no_memory(g);
    memset(p->parts, 0, (count + 1) * sizeof *p->parts);
    return true;
}

/* ---- scalars below a field ---- */
static const char *value_type(const sfo_field *f)
{
    switch (f->type) {
    case SFO_BOOLEAN: return "BooleanValue";
    case SFO_INT: return "IntValue";
    case SFO_LONG: return "LongValue";
    case SFO_DOUBLE: return "DoubleValue";
    case SFO_CURRENCY: return "CurrencyValue";
    case SFO_PERCENT: return "PercentValue";
    case SFO_DATE: return "DateValue";
    case SFO_DATETIME: return "DateTimeValue";
    case SFO_TIME: return "TimeValue";
    case SFO_ID:
    case SFO_REFERENCE: return "IDValue";
    case SFO_PICKLIST: return "PicklistValue";
    case SFO_MULTIPICKLIST: return "MultiPicklistValue";
    case SFO_EMAIL: return "EmailAddressValue";
    case SFO_PHONE: return "PhoneNumberValue";
    case SFO_URL: return "UrlValue";
    case SFO_TEXTAREA: return "TextAreaValue";
    default: return "StringValue";
    }
}

typedef struct scalar {
    const char *name;
    sfo_gql_part_kind kind;
} scalar;

/* The members of a type that has scalars only. */
static bool plan_scalars(sfo_gql *g, const sfo_gql_field *at, const char *type, const scalar *known, size_t known_count,
                         sfo_gql_part *out)
{
    sfo_gql_fields fields;
    if (at->set_count == 0)
        return sfo_gql_invalid(g, at, "SubSelectionRequired", "Sub selection required for type %s of field %.*s", type,
                               (int)at->at->name.len, at->at->name.ptr);
    if (!sfo_gql_collect_below(g, at, NULL, &fields) || !new_parts(g, out, fields.count)) return false;
    for (size_t i = 0; i < fields.count; i++) {
        const sfo_gql_selection *s = fields.list[i].at;
        sfo_gql_part *p = &out->parts[out->count++];
        size_t k = 0;
        *p = (sfo_gql_part){ .kind = SFO_GQL_TYPENAME, .key = s->key, .text = type, .field = out->field };
        if (sfi_str_is(s->name, "__typename")) continue;
        while (k < known_count && !sfi_str_is(s->name, known[k].name)) k++;
        size_t before = sfo_gql_enter(g, s->key);
        if (k == known_count)
            return sfo_gql_invalid(g, &fields.list[i], "FieldUndefined", "Field '%.*s' in type '%s' is undefined",
                                   (int)s->name.len, s->name.ptr, type);
        if (fields.list[i].set_count > 0)
            return sfo_gql_invalid(g, &fields.list[i], "SubSelectionNotAllowed",
                                   "Sub selection not allowed on leaf type of field %.*s", (int)s->name.len,
                                   s->name.ptr);
        p->kind = known[k].kind;
        sfo_gql_leave(g, before);
    }
    return true;
}

static bool plan_value(sfo_gql *g, const sfo_gql_field *at, const sfo_field *f, sfo_gql_part *out)
{
    static const scalar members[] = { { "value", SFO_GQL_RAW },
                                      { "displayValue", SFO_GQL_DISPLAY },
                                      { "label", SFO_GQL_DISPLAY } };
    out->kind = SFO_GQL_VALUE;
    out->column = f->name;
    out->field = f;
    bool has_label = f->type == SFO_PICKLIST || f->type == SFO_MULTIPICKLIST;
    return plan_scalars(g, at, value_type(f), members, SFI_COUNT_OF(members) - !has_label, out);
}

/* ---- records ---- */
static bool plan_record(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_object *o, const char *prefix,
                        int level, sfo_gql_part *out);
static bool plan_connection(sfo_gql *g, const sfo_object *o, const sfo_gql_field *at, statement *s, sfi_buf *count,
                            const sfo_child *child, int level, sfo_gql_part *out);

/* A parent of one object: its fields with a longer prefix. */
static bool plan_parent(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_field *reference,
                        const char *prefix, const sfo_object *parent, int level, sfo_gql_part *out)
{
    char longer[PREFIX_MAX];
    (void)snprintf(longer, sizeof longer, "%s%s.", prefix, reference->relationship_name);
    if (strlen(longer) + 1 >= sizeof longer || level > LEVELS_MAX)
        return sfo_gql_invalid(g, at, "TooDeep", "parents are asked for at most %d levels up", LEVELS_MAX);
    if (!new_parts(g, out, 1)) return false;
    out->count = 1;
    out->parts[0] = (sfo_gql_part){ .kind = SFO_GQL_TYPE };
    return add_column(g, s, at, longer, "Id") && plan_record(g, s, at, parent, longer, level + 1, &out->parts[0]);
}

/* A parent that may be of several objects: TYPEOF with what the fragments of each ask for. */
static bool plan_union(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_field *reference,
                       const char *prefix, int level, sfo_gql_part *out)
{
    sf_str types[TYPES_MAX];
    size_t count = sfo_gql_types_below(g, at, types, TYPES_MAX);
    if (*prefix != '\0')
        return sfo_gql_invalid(g, at, "NotSupported", "the local org reads %s only of the connection's own records",
                               reference->relationship_name);
    if (!new_parts(g, out, count + 1)) return false;
    sfi_buf text = { 0 };
    bool ok = true;
    sfi_buf_addf(&text, "TYPEOF %s", reference->relationship_name);
    for (size_t i = 0; ok && i <= count; i++) { /* the last: records of other types, without a fragment of their own */
        statement inner = { .out = &text };
        sfo_gql_part *p = &out->parts[out->count++];
        *p = (sfo_gql_part){ .kind = SFO_GQL_TYPE };
        if (i == count) {
            sfo_gql_fields fields;
            ok = sfo_gql_collect_below(g, at, "", &fields) && new_parts(g, p, fields.count);
            for (size_t k = 0; ok && k < fields.count; k++) /* __typename and Id are all that every type has */
                if (sfi_str_is(fields.list[k].at->name, "__typename") || sfi_str_is(fields.list[k].at->name, "Id"))
                    p->parts[p->count++] =
                        (sfo_gql_part){ .kind =
                                            sfi_str_is(fields.list[k].at->name, "Id") ? SFO_GQL_ID : SFO_GQL_TYPENAME,
                                        .key = fields.list[k].at->key };
            sfi_buf_addf(&text, " ELSE Id END");
            continue;
        }
        const sfo_object *o = sfo_schema_object(g->call->org->schema, types[i]);
        bool known = false;
        for (size_t k = 0; o != NULL && k < reference->reference_count; k++)
            known = known || strcmp(reference->reference_to[k], o->name) == 0;
        if (!known) {
            ok = sfo_gql_invalid(g, at, "UnknownType", "Unknown type %.*s", (int)types[i].len, types[i].ptr);
            break;
        }
        p->text = o->name;
        sfi_buf_addf(&text, " WHEN %s THEN ", o->name);
        ok = add_column(g, &inner, at, "", "Id") && plan_record(g, &inner, at, o, "", level + 1, p);
    }
    if (ok && text.failed) ok = no_memory(g);
    if (ok) sfi_buf_addf(s->out, ", %s", text.data);
    sfi_buf_free(&text);
    return ok;
}

static bool plan_relationship(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_field *reference,
                              const char *prefix, int level, sfo_gql_part *out)
{
    const sfo_object *parent = sfo_gql_parent(g, reference);
    sf_str types[TYPES_MAX];
    out->kind = SFO_GQL_PARENT;
    out->column = reference->relationship_name;
    if (at->set_count == 0)
        return sfo_gql_invalid(g, at, "SubSelectionRequired", "Sub selection required for type %s of field %s",
                               parent != NULL ? parent->name : "Record", reference->relationship_name);
    if (parent == NULL && sfo_gql_types_below(g, at, types, TYPES_MAX) == 0) /* what all of them have */
        parent = sfo_schema_object(g->call->org->schema, sfi_str(reference->reference_to[0]));
    return parent != NULL ? plan_parent(g, s, at, reference, prefix, parent, level, out)
                          : plan_union(g, s, at, reference, prefix, level, out);
}

static bool plan_field(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_object *o, const char *prefix,
                       int level, sfo_gql_part *out)
{
    sf_str name = at->at->name;
    out->kind = SFO_GQL_TYPENAME;
    out->text = o->name;
    if (sfi_str_is(name, "__typename") || sfi_str_is(name, "ApiName")) return true;
    if (sfi_str_is(name, "Id")) {
        out->kind = SFO_GQL_ID;
        return add_column(g, s, at, prefix, "Id");
    }
    const sfo_field *f = sfo_gql_field_of(o, name);
    if (f != NULL) return add_column(g, s, at, prefix, f->name) && plan_value(g, at, f, out);
    const sfo_field *reference = sfo_gql_relationship(o, name);
    if (reference != NULL) return plan_relationship(g, s, at, reference, prefix, level, out);
    const sfo_child *child = *prefix == '\0' && level <= LEVELS_MAX ? sfo_gql_children(o, name) : NULL;
    const sfo_object *of = child != NULL ? sfo_schema_object(g->call->org->schema, sfi_str(child->child_object)) : NULL;
    if (of != NULL) return plan_connection(g, of, at, s, NULL, child, level + 1, out);
    return sfo_gql_invalid(g, at, "FieldUndefined", "Field '%.*s' in type '%s' is undefined", (int)name.len, name.ptr,
                           o->name);
}

/* The parts of a record, into a TYPE or a NODE. */
static bool plan_record(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_object *o, const char *prefix,
                        int level, sfo_gql_part *out)
{
    sfo_gql_fields fields;
    if (!sfo_gql_collect_below(g, at, o->name, &fields) || !new_parts(g, out, fields.count)) return false;
    for (size_t i = 0; i < fields.count; i++) {
        size_t before = sfo_gql_enter(g, fields.list[i].at->key);
        sfo_gql_part *p = &out->parts[out->count++];
        p->key = fields.list[i].at->key;
        if (!plan_field(g, s, &fields.list[i], o, prefix, level, p)) return false;
        sfo_gql_leave(g, before);
    }
    return true;
}

/* ---- connections ---- */

/* base64 of a number, as pageInfo gives it. */
static bool read_cursor(sfo_gql *g, sf_str text, int64_t *out)
{
    sf_str rest;
    return sfo_base64_decode(g->arena, text, &rest) && sfi_take_int(&rest, INT32_MAX, out) && rest.len == 0;
}

static bool read_page(sfo_gql *g, const sfo_gql_field *at, sfo_gql_part *out)
{
    sfo_gql_value first, after;
    if (!sfo_gql_argument(g, at, "first", &first) || !sfo_gql_argument(g, at, "after", &after)) return false;
    out->first = SFO_GQL_FIRST;
    if (first.kind != SFO_GQL_NULL && (first.kind != SFO_GQL_INT || !sfi_parse_int(first.text, &out->first) ||
                                       out->first < 0 || out->first > SFO_GQL_FIRST_MAX))
        return sfo_gql_invalid(g, at, "WrongType", "argument 'first' is a number from 0 to %d", SFO_GQL_FIRST_MAX);
    if (after.kind != SFO_GQL_NULL && (after.kind != SFO_GQL_STRING || !read_cursor(g, after.text, &out->after)))
        return sfo_gql_invalid(g, at, "WrongType", "argument 'after' is no cursor of this connection");
    return true;
}

static bool check_arguments(sfo_gql *g, const sfo_gql_field *at)
{
    static const char *const known[] = { "first", "after", "where", "orderBy", "scope", "upperBound" };
    for (size_t i = 0; i < at->at->arg_count; i++) {
        sf_str name = at->at->args[i].name;
        size_t k = 0;
        while (k < SFI_COUNT_OF(known) && !sfi_str_is(name, known[k])) k++;
        if (k == SFI_COUNT_OF(known))
            return sfo_gql_invalid(g, at, "UnknownArgument", "Unknown field argument %.*s", (int)name.len, name.ptr);
    }
    return true;
}

/* edges { node { … } cursor }, each edges and node with parts of its own. */
static bool plan_edges(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_object *o, int level,
                       sfo_gql_part *out)
{
    sfo_gql_fields fields;
    out->kind = SFO_GQL_EDGES;
    if (at->set_count == 0)
        return sfo_gql_invalid(g, at, "SubSelectionRequired", "Sub selection required for type %sEdge of field edges",
                               o->name);
    if (!sfo_gql_collect_below(g, at, NULL, &fields) || !new_parts(g, out, fields.count)) return false;
    for (size_t i = 0; i < fields.count; i++) {
        sf_str name = fields.list[i].at->name;
        size_t before = sfo_gql_enter(g, fields.list[i].at->key);
        sfo_gql_part *p = &out->parts[out->count++];
        *p = (sfo_gql_part){ .kind = SFO_GQL_TYPENAME, .key = fields.list[i].at->key, .text = "Edge" };
        if (sfi_str_is(name, "cursor")) {
            p->kind = SFO_GQL_CURSOR;
        } else if (sfi_str_is(name, "node")) {
            p->kind = SFO_GQL_NODE;
            if (fields.list[i].set_count == 0)
                return sfo_gql_invalid(g, &fields.list[i], "SubSelectionRequired",
                                       "Sub selection required for type %s of field node", o->name);
            if (!plan_record(g, s, &fields.list[i], o, "", level, p)) return false;
        } else if (!sfi_str_is(name, "__typename")) {
            return sfo_gql_invalid(g, &fields.list[i], "FieldUndefined", "Field '%.*s' in type '%sEdge' is undefined",
                                   (int)name.len, name.ptr, o->name);
        }
        sfo_gql_leave(g, before);
    }
    return true;
}

static bool plan_connection_field(sfo_gql *g, statement *s, const sfo_gql_field *at, const sfo_object *o, int level,
                                  sfo_gql_part *connection, sfo_gql_part *out)
{
    static const scalar info[] = { { "hasNextPage", SFO_GQL_HAS_NEXT },
                                   { "hasPreviousPage", SFO_GQL_HAS_PREVIOUS },
                                   { "startCursor", SFO_GQL_START },
                                   { "endCursor", SFO_GQL_END } };
    sf_str name = at->at->name;
    if (sfi_str_is(name, "edges")) return plan_edges(g, s, at, o, level, out);
    if (sfi_str_is(name, "pageInfo")) {
        out->kind = SFO_GQL_PAGE_INFO;
        connection->needs_total = true;
        return plan_scalars(g, at, "PageInfo", info, SFI_COUNT_OF(info), out);
    }
    out->kind = sfi_str_is(name, "totalCount")        ? SFO_GQL_TOTAL
                : sfi_str_is(name, "pageResultCount") ? SFO_GQL_PAGE_COUNT
                                                      : SFO_GQL_TYPENAME;
    out->text = "Connection";
    if (out->kind == SFO_GQL_TOTAL) connection->needs_total = true;
    if (out->kind != SFO_GQL_TYPENAME || sfi_str_is(name, "__typename")) return true;
    return sfo_gql_invalid(g, at, "FieldUndefined", "Field '%.*s' in type '%sConnection' is undefined", (int)name.len,
                           name.ptr, o->name);
}

/* outer NULL: the statement itself. The rest of the statement after its columns goes to tail. */
static bool write_tail(sfo_gql *g, const sfo_object *o, const sfo_gql_field *at, const sfo_gql_part *p,
                       const sfo_child *child, sfi_buf *out, sfi_buf *count)
{
    enum { OFFSET_MAX = 2000 };
    sfo_gql_value scope;
    sfi_buf where = { 0 };
    bool ok = sfo_gql_argument(g, at, "scope", &scope) && sfo_gql_where(g, o, at, &where);
    sfi_buf_addf(out, " FROM %s", child != NULL ? child->relationship_name : o->name);
    if (count != NULL) sfi_buf_addf(count, "SELECT COUNT() FROM %s", o->name);
    for (sfi_buf *b = out; ok && b != NULL; b = b == out ? count : NULL) {
        if (scope.kind != SFO_GQL_NULL) sfi_buf_addf(b, " USING SCOPE %.*s", (int)scope.text.len, scope.text.ptr);
        if (where.len > 0) sfi_buf_add(b, where.data, where.len);
    }
    for (size_t i = 0; ok && scope.kind != SFO_GQL_NULL && i < (scope.text.len > 0 ? scope.text.len : 1); i++) {
        char c = scope.text.len > 0 ? (char)sfi_ascii_lower((unsigned char)scope.text.ptr[i]) : '\0';
        if ((c < 'a' || c > 'z') && c != '_')
            ok = sfo_gql_invalid(g, at, "WrongType", "argument 'scope' is a word such as MINE");
    }
    ok = ok && sfo_gql_order(g, o, at, out);
    /* The rows before an offset that SOQL does not take are fetched, and left out when the answer is written; those
     * before a child's page too, since subqueries have no offset. */
    int64_t skip = child != NULL ? p->after : p->after > OFFSET_MAX ? p->after - OFFSET_MAX : 0;
    bool whole = child != NULL && p->needs_total; /* its totalSize is that of all rows only without a limit */
    if (!whole) sfi_buf_addf(out, " LIMIT %lld", (long long)p->first + skip);
    if (child == NULL && p->after > 0)
        sfi_buf_addf(out, " OFFSET %lld", (long long)(p->after > OFFSET_MAX ? OFFSET_MAX : p->after));
    if (where.failed) ok = no_memory(g);
    sfi_buf_free(&where);
    return ok;
}

static bool plan_connection(sfo_gql *g, const sfo_object *o, const sfo_gql_field *at, statement *outer, sfi_buf *count,
                            const sfo_child *child, int level, sfo_gql_part *out)
{
    sfo_gql_fields fields;
    sfi_buf columns = { 0 };
    out->kind = SFO_GQL_CONNECTION;
    out->column = child != NULL ? child->relationship_name : o->name;
    if (at->set_count == 0)
        return sfo_gql_invalid(g, at, "SubSelectionRequired",
                               "Sub selection required for type %sConnection of field %.*s", o->name,
                               (int)at->at->name.len, at->at->name.ptr);
    if (!check_arguments(g, at) || !read_page(g, at, out)) return false;
    statement *s = sfi_calloc(sizeof *s);
    bool ok = s != NULL || no_memory(g);
    if (ok) s->out = &columns;
    ok = ok && sfo_gql_collect_below(g, at, NULL, &fields) && new_parts(g, out, fields.count) &&
         add_column(g, s, at, "", "Id");
    for (size_t i = 0; ok && i < fields.count; i++) {
        size_t before = sfo_gql_enter(g, fields.list[i].at->key);
        sfo_gql_part *p = &out->parts[out->count++];
        p->key = fields.list[i].at->key;
        ok = plan_connection_field(g, s, &fields.list[i], o, level, out, p);
        if (ok) sfo_gql_leave(g, before);
    }
    if (ok) {
        sfi_buf_addf(outer->out, "%sSELECT %s", child != NULL ? ", (" : "", columns.data != NULL ? columns.data : "");
        ok = write_tail(g, o, at, out, child, outer->out, count);
        if (child != NULL) sfi_buf_add_char(outer->out, ')');
    }
    if (columns.failed || outer->out->failed) ok = no_memory(g);
    sfi_buf_free(&columns);
    sfi_free(s);
    return ok;
}

bool sfo_gql_plan(sfo_gql *g, const sfo_object *o, const sfo_gql_field *connection, sfo_gql_part *out, sfi_buf *soql,
                  sfi_buf *count)
{
    statement outer = { .out = soql };
    *out = (sfo_gql_part){ .key = connection->at->key };
    return plan_connection(g, o, connection, &outer, count, NULL, 1, out) && (!count->failed || no_memory(g));
}
