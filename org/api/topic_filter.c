/* topic_filter.c: the filter of a subscription to a PushTopic, see topics.h: conditions FIELD OPERATOR VALUE with & between them; the
 * operators are = != < > <= >=; a value may stand in quotes. Text compares without case, as SOQL's does. */
#include "api/params.h"
#include "api/topics.h"
#include "json/json_internal.h"

enum { FILTER_MAX = 4096 };

typedef enum operation { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE } operation;

typedef struct condition {
    sf_str field, value;
    operation op;
} condition;

typedef struct part {
    struct part *next;
    condition condition;
} part;

struct sfo_topic_filter {
    sfi_arena arena; /* holds the conditions, and their texts where they were encoded */
    part *conditions;
    sfi_json *doc; /* of the event at hand */
};

static bool take_operation(sf_str *rest, operation *out)
{
    static const char *const words[] = {
        [OP_NE] = "!=", [OP_LE] = "<=", [OP_GE] = ">=", [OP_EQ] = "=", [OP_LT] = "<", [OP_GT] = ">"
    };
    static const operation order[] = { OP_NE, OP_LE, OP_GE, OP_EQ, OP_LT, OP_GT }; /* the long ones first */
    for (size_t i = 0; i < SFI_COUNT_OF(order); i++)
        if (sfi_take_text(rest, words[order[i]])) {
            *out = order[i];
            return true;
        }
    return false;
}

/* Up to the next & that stands outside of quotes, decoded. */
static bool take_piece(sfi_arena *arena, sf_str *rest, sf_str *out)
{
    bool quoted = false;
    size_t n = 0;
    while (n < rest->len && (quoted || rest->ptr[n] != '&')) quoted ^= rest->ptr[n++] == '\'';
    sf_str piece = { rest->ptr, n };
    rest->ptr += n;
    rest->len -= n;
    bool is_more = sfi_take_text(rest, "&");
    return piece.len <= FILTER_MAX && (!is_more || rest->len > 0) && sfo_percent_decode(arena, piece, false, out);
}

/* One condition off the front. false: it is none, or there is no memory. */
static bool take_condition(sfi_arena *arena, sf_str *all, condition *out)
{
    size_t n = 0;
    sf_str rest;
    if (!take_piece(arena, all, &rest)) return false;
    while (n < rest.len && sfi_is_word_char(rest.ptr[n])) n++;
    out->field = (sf_str){ rest.ptr, n };
    rest.ptr += n;
    rest.len -= n;
    if (n == 0 || !take_operation(&rest, &out->op) || rest.len == 0) return false;
    out->value = rest;
    if (rest.ptr[0] != '\'') return true;
    if (rest.len < 2 || rest.ptr[rest.len - 1] != '\'') return false;
    out->value = (sf_str){ rest.ptr + 1, rest.len - 2 };
    return memchr(out->value.ptr, '\'', out->value.len) == NULL;
}

static bool holds(operation op, int order)
{
    switch (op) {
    case OP_EQ: return order == 0;
    case OP_NE: return order != 0;
    case OP_LT: return order < 0;
    case OP_LE: return order <= 0;
    case OP_GT: return order > 0;
    case OP_GE: return order >= 0;
    }
    return false;
}

static bool condition_holds(const condition *c, sf_value record)
{
    sf_str key;
    sf_value value, found = { 0 };
    sf_iter it = sf_iter_begin(record);
    while (sf_iter_next(&it, &key, &value))
        if (sfi_str_eq(key, c->field) || (key.len == c->field.len && sfi_str_is_nocase(c->field, key.ptr)))
            found = value;
    if (sf_value_type(found) == SF_MISSING) return false;
    if (sf_value_type(found) == SF_NULL) {
        bool wants_null = sfi_str_is_nocase(c->value, "null");
        return (c->op == OP_EQ && wants_null) || (c->op == OP_NE && !wants_null);
    }
    double wanted;
    if (sf_value_type(found) == SF_NUMBER && sfi_parse_double(c->value, &wanted)) {
        double is = sf_get_double(found, NULL, 0);
        return holds(c->op, is < wanted ? -1 : is > wanted);
    }
    return holds(c->op, sfo_text_compare(sf_get_text(found, NULL), c->value));
}

bool sfo_topic_filter_is_valid(sf_str filter)
{
    sfi_arena arena = { .max = 4 * FILTER_MAX };
    condition c;
    bool ok = filter.len <= FILTER_MAX && memchr(filter.ptr, '\0', filter.len) == NULL; /* it is kept as a C string */
    while (ok && filter.len > 0) ok = take_condition(&arena, &filter, &c);
    sfi_arena_free(&arena);
    return ok;
}

sfo_topic_filter *sfo_topic_filter_new(sf_str filter)
{
    sfo_topic_filter *f = sfi_calloc(sizeof *f);
    bool ok = f != NULL && sfi_json_new(&f->doc, NULL) == SF_OK;
    if (f != NULL) f->arena.max = 64 * FILTER_MAX; /* a condition has two characters at least */
    while (ok && filter.len > 0) {                 /* each round takes one off */
        part *p = sfi_arena_alloc(&f->arena, sizeof *p);
        ok = p != NULL && take_condition(&f->arena, &filter, &p->condition); /* it is valid: else there is no memory */
        if (!ok) break;
        p->next = f->conditions;
        f->conditions = p;
    }
    if (ok) return f;
    sfo_topic_filter_free(f);
    return NULL;
}

void sfo_topic_filter_free(sfo_topic_filter *f)
{
    if (f == NULL) return;
    sfi_json_free(f->doc);
    sfi_arena_free(&f->arena);
    sfi_free(f);
}

bool sfo_topic_filter_passes(sfo_topic_filter *f, sf_str event, bool *no_memory)
{
    if (f->conditions == NULL) return true;
    if (sfi_json_parse(f->doc, event, NULL) != SF_OK) {
        *no_memory = true; /* the org wrote it */
        return false;
    }
    sf_value record = sf_get(sfi_json_root(f->doc), "sobject");
    for (const part *p = f->conditions; p != NULL; p = p->next)
        if (!condition_holds(&p->condition, record)) return false;
    return true;
}
