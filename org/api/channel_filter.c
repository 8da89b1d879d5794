/* channel_filter.c: see channel_filter.h. SOQL's parser reads the expression; names, types and operators are judged once, then each event is
 * asked by its own JSON: fields that an expression names are in it wherever they have a value (channels.c). */
#include "api/channel_filter.h"
#include "json/json_internal.h"
#include "soql/ast.h"

enum { ARENA_MAX = 4 << 20 };

typedef enum value_class {
    CLASS_NONE,
    CLASS_TEXT,
    CLASS_NUMBER,
    CLASS_BOOLEAN,
    CLASS_DATE,
    CLASS_DATETIME,
    CLASS_TIME
} value_class;

typedef struct node {
    sfo_cond_kind kind;
    struct node **children; /* AND, OR */
    size_t child_count;
    const char *path; /* COMPARE: where the payload has it */
    value_class type;
    bool with_case;
    sfo_operator op;
    const sfo_ast_literal *values;
    size_t value_count;
} node;

typedef struct filter {
    struct filter *next;
    sfi_arena arena; /* holds the tree, and the text it points to */
    node *root;
} filter;

struct sfo_channel_filters {
    sfo_store *store;
    sfo_channel_judge judge;
    filter *all;
    sfi_json *doc; /* of the event at hand; under the store's lock */
};

/* ---- judging an expression ---- */

typedef struct judging {
    filter *into;
    const sfo_object *object;
    unsigned char *fields;
    sfo_fault *f;
} judging;

static value_class class_of(sfo_type type)
{
    switch (type) {
    case SFO_BOOLEAN: return CLASS_BOOLEAN;
    case SFO_INT:
    case SFO_LONG:
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return CLASS_NUMBER;
    case SFO_DATE: return CLASS_DATE;
    case SFO_DATETIME: return CLASS_DATETIME;
    case SFO_TIME: return CLASS_TIME;
    case SFO_BASE64:
    case SFO_ADDRESS:
    case SFO_LOCATION:
    case SFO_ANYTYPE:
    case SFO_COMPLEXVALUE:
    case SFO_ENCRYPTEDSTRING:
    case SFO_MULTIPICKLIST: return CLASS_NONE;
    default: return CLASS_TEXT;
    }
}

static value_class class_of_literal(sfo_literal_kind kind)
{
    switch (kind) {
    case SFO_LIT_BOOLEAN: return CLASS_BOOLEAN;
    case SFO_LIT_NUMBER: return CLASS_NUMBER;
    case SFO_LIT_STRING: return CLASS_TEXT;
    case SFO_LIT_DATE: return CLASS_DATE;
    case SFO_LIT_DATETIME: return CLASS_DATETIME;
    case SFO_LIT_TIME: return CLASS_TIME;
    default: return CLASS_NONE;
    }
}

static bool no_memory(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "no memory for a filter");
}

static bool refuse(judging *j, const char *what, sf_str name)
{
    return sfo_fault_set(j->f, 400, "INVALID_FIELD", "%s: %.*s", what, (int)(name.len < 100 ? name.len : 100),
                         name.ptr);
}

/* A member of a change's header; its arrays cannot be asked. */
static bool find_header(judging *j, sf_str name, node *n)
{
    static const struct {
        const char *name;
        value_class type;
    } members[] = { { "entityName", CLASS_TEXT },       { "changeType", CLASS_TEXT },
                    { "changeOrigin", CLASS_TEXT },     { "transactionKey", CLASS_TEXT },
                    { "sequenceNumber", CLASS_NUMBER }, { "commitTimestamp", CLASS_NUMBER },
                    { "commitNumber", CLASS_NUMBER },   { "commitUser", CLASS_TEXT } };
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++) {
        char path[64];
        if (!sfi_str_is_nocase(name, members[i].name)) continue;
        int len = snprintf(path, sizeof path, "ChangeEventHeader.%s", members[i].name); /* fits */
        n->type = members[i].type;
        n->path = sfi_arena_strndup(&j->into->arena, path, (size_t)len);
        return n->path != NULL || no_memory(j->f);
    }
    return refuse(j, "no member of the header that a filter can ask", name);
}

static bool find_field(judging *j, sf_str name, node *n)
{
    char path[200];
    sf_str member = name;
    if (!j->object->is_event && sfi_starts_with_nocase(name, "ChangeEventHeader.")) {
        member.ptr += strlen("ChangeEventHeader.");
        member.len -= strlen("ChangeEventHeader.");
        return find_header(j, member, n);
    }
    const sfo_field *f = sfo_object_field(j->object, name);
    if (f == NULL || !f->stored || f->is_name_compound) return refuse(j, "no field that a filter can ask", name);
    n->type = class_of(f->type);
    if (n->type == CLASS_NONE) return refuse(j, "a field of this type cannot be asked by a filter", name);
    n->with_case = f->case_sensitive;
    sfo_change_path(f, path);
    n->path = sfi_arena_strndup(&j->into->arena, path, strlen(path));
    size_t at = (size_t)(f - j->object->fields);
    if (!j->object->is_event) j->fields[at / 8] |= (unsigned char)(1u << at % 8);
    return n->path != NULL || no_memory(j->f);
}

static bool judge_compare(judging *j, const sfo_ast_cond *c, node *n)
{
    if (c->semi != NULL || c->operand->kind != SFO_EXPR_PATH)
        return refuse(j, "a filter has fields and values only", c->operand->name.text);
    sf_str name = c->operand->name.text;
    if (!find_field(j, name, n)) return false;
    n->op = c->op;
    n->values = c->values;
    n->value_count = c->value_count;
    bool is_ordered = c->op == SFO_OP_LT || c->op == SFO_OP_LE || c->op == SFO_OP_GT || c->op == SFO_OP_GE;
    bool is_set = c->op == SFO_OP_IN || c->op == SFO_OP_NOT_IN;
    if (c->op == SFO_OP_INCLUDES || c->op == SFO_OP_EXCLUDES || (c->op == SFO_OP_LIKE && n->type != CLASS_TEXT) ||
        (n->type == CLASS_BOOLEAN && (is_ordered || is_set)))
        return refuse(j, "this operator is not for the field", name);
    for (size_t i = 0; i < c->value_count; i++)
        if (c->values[i].kind != SFO_LIT_NULL && class_of_literal(c->values[i].kind) != n->type)
            return refuse(j, "the value is not of the field's type", name);
    return true;
}

/* Ends: the parser bounds the depth. NULL: a fault. */
static node *judge_tree(judging *j, const sfo_ast_cond *c)
{
    node *n = sfi_arena_alloc(&j->into->arena, sizeof *n);
    if (n == NULL) {
        (void)no_memory(j->f);
        return NULL;
    }
    *n = (node){ .kind = c->kind };
    if (c->kind == SFO_COND_NOT) {
        (void)refuse(j, "a filter has AND and OR", SFI_STR("NOT"));
        return NULL;
    }
    if (c->kind == SFO_COND_COMPARE) return judge_compare(j, c, n) ? n : NULL;
    n->children = sfi_arena_alloc(&j->into->arena, c->child_count * sizeof *n->children);
    if (n->children == NULL) {
        (void)no_memory(j->f);
        return NULL;
    }
    for (; n->child_count < c->child_count; n->child_count++)
        if ((n->children[n->child_count] = judge_tree(j, c->children[n->child_count])) == NULL) return NULL;
    return n;
}

static void free_filter(filter *one)
{
    if (one == NULL) return;
    sfi_arena_free(&one->arena);
    sfi_free(one);
}

static const void *compile(void *user, const sfo_object *o, sf_str text, unsigned char *fields, sfo_fault *f)
{
    sfo_channel_filters *filters = user;
    sfo_ast_query *q = NULL;
    filter *one = sfi_calloc(sizeof *one);
    judging j = { .into = one, .object = o, .fields = fields, .f = f };
    sfi_buf soql = { 0 };
    char *kept = NULL;
    (void)sfi_buf_addf(&soql, "SELECT Id FROM %s WHERE (%.*s)", o->name, (int)text.len, text.ptr); /* checked below */
    if (one != NULL) one->arena.max = ARENA_MAX;
    if (one != NULL && !soql.failed) kept = sfi_arena_strndup(&one->arena, soql.data, soql.len);
    if (kept == NULL)
        (void)no_memory(f);
    else if (o->is_event && !o->custom)
        (void)refuse(&j, "standard platform events have no filters", sfi_str(o->name));
    else if (sfo_soql_parse((sf_str){ kept, soql.len }, &one->arena, &q, f) && q->where != NULL)
        one->root = judge_tree(&j, q->where);
    sfi_buf_free(&soql);
    if (one == NULL || one->root == NULL) {
        free_filter(one);
        return NULL;
    }
    one->next = filters->all;
    filters->all = one;
    return one;
}

/* ---- asking an event ---- */

static bool is_ordered_so(sfo_operator op, int order)
{
    switch (op) {
    case SFO_OP_NE:
    case SFO_OP_NOT_IN: return order != 0;
    case SFO_OP_LT: return order < 0;
    case SFO_OP_LE: return order <= 0;
    case SFO_OP_GT: return order > 0;
    case SFO_OP_GE: return order >= 0;
    default: return order == 0; /* EQ, IN */
    }
}

static int compare_texts(const node *n, sf_str a, sf_str b)
{
    if (!n->with_case) return sfo_text_compare(a, b);
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The order of a value that is there and a literal that is not null. */
static int compare(const node *n, sf_value v, const sfo_ast_literal *l)
{
    double wanted = 0, is = 0;
    int64_t ms = 0;
    char kind;
    switch (n->type) {
    case CLASS_NUMBER:
        is = sf_get_double(v, NULL, 0);
        (void)sfi_parse_double(l->text, &wanted); /* a literal of the grammar */
        return (is > wanted) - (is < wanted);
    case CLASS_BOOLEAN: return sf_get_bool(v, NULL, false) - l->boolean;
    case CLASS_TEXT: return compare_texts(n, sf_get_text(v, NULL), l->text);
    default:
        (void)sfi_time_parse(sf_get_text(v, NULL), &ms, &kind); /* the org wrote it */
        return (ms > l->ms) - (ms < l->ms);
    }
}

/* As SOQL has it: what is empty equals null alone, differs from every value, and has no order; a checkbox is false. */
static bool holds_for(const node *n, sf_value v, bool is_empty, const sfo_ast_literal *l)
{
    bool wants_difference = n->op == SFO_OP_NE || n->op == SFO_OP_NOT_IN;
    bool wants_same = n->op == SFO_OP_EQ || n->op == SFO_OP_IN;
    if (n->type == CLASS_BOOLEAN) {
        bool is = !is_empty && sf_get_bool(v, NULL, false), wanted = l->kind == SFO_LIT_BOOLEAN && l->boolean;
        return wants_difference ? is != wanted : is == wanted;
    }
    if (is_empty || l->kind == SFO_LIT_NULL) {
        bool same = is_empty && l->kind == SFO_LIT_NULL;
        return wants_difference ? !same : wants_same && same;
    }
    if (n->op == SFO_OP_LIKE) return sfo_text_like(l->text, sf_get_text(v, NULL));
    return is_ordered_so(n->op, compare(n, v, l));
}

static bool compare_holds(const node *n, sf_value payload)
{
    sf_value v = sf_get(payload, n->path);
    bool is_empty = sf_value_type(v) == SF_MISSING || sf_value_type(v) == SF_NULL;
    for (size_t i = 0; i < n->value_count; i++) {
        bool holds = holds_for(n, v, is_empty, &n->values[i]);
        if (n->op == SFO_OP_NOT_IN && !holds) return false;
        if (n->op != SFO_OP_NOT_IN && holds) return true;
    }
    return n->op == SFO_OP_NOT_IN;
}

static bool node_holds(const node *n, sf_value payload) /* as deep as the parser let it be */
{
    if (n->kind == SFO_COND_COMPARE) return compare_holds(n, payload);
    bool is_and = n->kind == SFO_COND_AND;
    for (size_t i = 0; i < n->child_count; i++)
        if (node_holds(n->children[i], payload) != is_and) return !is_and;
    return is_and;
}

static bool passes(void *user, const void *which, sf_str payload, bool *is_starved)
{
    const sfo_channel_filters *filters = user;
    const filter *one = which;
    if (sfi_json_parse(filters->doc, payload, NULL) != SF_OK) {
        *is_starved = true; /* the org wrote it */
        return false;
    }
    return node_holds(one->root, sfi_json_root(filters->doc));
}

/* ---- life ---- */

sf_status sfo_channel_filters_new(sfo_store *store, sfo_channel_filters **out, sf_error *err)
{
    *out = NULL;
    sfo_fault fault = { 0 };
    sfo_channel_filters *filters = sfi_calloc(sizeof *filters);
    if (filters == NULL) return sfi_fail_memory(err, "filters of channels");
    filters->store = store;
    filters->judge = (sfo_channel_judge){ .compile = compile, .passes = passes, .user = filters };
    sf_status rc = sfi_json_new(&filters->doc, err);
    if (rc == SF_OK && !sfo_channels_judge(store, &filters->judge, &fault))
        rc = fault.http_status >= 500 || fault.message == NULL ? sfi_fail_memory(err, "filters of channels")
                                                               : sfi_fail(err, SF_ERR_USAGE, "%s", fault.message);
    sfo_fault_clear(&fault);
    if (rc == SF_OK) {
        *out = filters;
        filters = NULL;
    }
    sfo_channel_filters_free(filters);
    return rc;
}

void sfo_channel_filters_free(sfo_channel_filters *filters)
{
    if (filters == NULL) return;
    (void)sfo_channels_judge(filters->store, NULL, NULL); /* forgetting cannot fail */
    while (filters->all != NULL) {
        filter *one = filters->all;
        filters->all = one->next;
        free_filter(one);
    }
    sfi_json_free(filters->doc);
    sfi_free(filters);
}
