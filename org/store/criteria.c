/* criteria.c: see criteria.h. A value is brought into the form in which its field is stored, so that a comparison is one
 * of two cells. */
#include "store/criteria.h"
#include "store/store_internal.h"

enum { CRITERIA_MAX = 50 };

enum {
    EQUALS,
    NOT_EQUAL,
    LESS,
    GREATER,
    LESS_OR_EQUAL,
    GREATER_OR_EQUAL,
    CONTAINS,
    STARTS_WITH
}; /* numbers of op_names */

static const char *const op_names[] = { "equals",      "notEqual",       "lessThan", "greaterThan",
                                        "lessOrEqual", "greaterOrEqual", "contains", "startsWith" };

int sfo_criterion_op(sf_str name)
{
    if (name.ptr == NULL) return EQUALS;
    for (size_t i = 0; i < SFI_COUNT_OF(op_names); i++)
        if (sfi_str_is_nocase(name, op_names[i])) return (int)i;
    return -1;
}

/* ---- reading ---- */

static sf_status read_one(const sfo_object *o, sf_value v, sfi_arena *arena, const char *what, sfo_criterion *out,
                          sf_error *err)
{
    sf_str field = sf_get_text(v, "field"), name = sf_get_text(v, "op"), value = sf_get_text(v, "value");
    out->field = field.ptr != NULL ? sfo_object_field(o, field) : NULL;
    out->op = sfo_criterion_op(name);
    if (out->field == NULL || !out->field->stored)
        return sfi_fail(err, SF_ERR_USAGE, "%s: a criterion names no field of %s: \"%.*s\"", what, o->name,
                        (int)field.len, field.ptr != NULL ? field.ptr : "");
    if (out->op < 0)
        return sfi_fail(err, SF_ERR_USAGE, "%s: a criterion's op is unknown: \"%.*s\"", what, (int)name.len, name.ptr);
    out->value = (sf_str){ NULL, 0 };
    if (value.ptr == NULL) return SF_OK;
    char *kept = sfi_arena_strndup(arena, value.ptr, value.len);
    if (kept == NULL) return sfi_fail_memory(err, "criteria");
    out->value = (sf_str){ kept, value.len };
    return SF_OK;
}

sf_status sfo_criteria_read(const sfo_object *o, sf_value list, sfi_arena *arena, const char *what, sfo_criteria *out,
                            sf_error *err)
{
    *out = (sfo_criteria){ NULL, 0 };
    size_t count = sf_value_count(list);
    if (count == 0) return SF_OK;
    if (sf_value_type(list) != SF_ARRAY || count > CRITERIA_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "%s: criteria are a list of at most %d", what, CRITERIA_MAX);
    sfo_criterion *items = sfi_arena_alloc(arena, count * sizeof *items);
    if (items == NULL) return sfi_fail_memory(err, "criteria");
    sf_status rc = SF_OK;
    sf_value v;
    size_t n = 0;
    for (sf_iter it = sf_iter_begin(list); rc == SF_OK && sf_iter_next(&it, NULL, &v); n++)
        rc = read_one(o, v, arena, what, &items[n], err);
    if (rc == SF_OK) *out = (sfo_criteria){ items, count };
    return rc;
}

/* ---- holding ---- */

static bool is_ordered_so(int op, int order)
{
    switch (op) {
    case LESS: return order < 0;
    case GREATER: return order > 0;
    case LESS_OR_EQUAL: return order <= 0;
    case GREATER_OR_EQUAL: return order >= 0;
    case NOT_EQUAL: return order != 0;
    default: return order == 0;
    }
}

static bool text_contains(sf_str text, sf_str part, bool at_start)
{
    if (part.len > text.len) return false;
    for (size_t i = 0; i + part.len <= text.len && (i == 0 || !at_start); i++)
        if (sfo_text_compare((sf_str){ text.ptr + i, part.len }, part) == 0) return true;
    return false;
}

static bool texts_hold(int op, sf_str left, sf_str right)
{
    if (op == CONTAINS || op == STARTS_WITH) return text_contains(left, right, op == STARTS_WITH);
    return is_ordered_so(op, sfo_text_compare(left, right));
}

bool sfo_criterion_texts(int op, sf_str left, sf_str right)
{
    double a, b;
    if (left.ptr == NULL || right.ptr == NULL) return (op == NOT_EQUAL) != (left.ptr == right.ptr);
    if (op < CONTAINS && sfi_parse_double(left, &a) && sfi_parse_double(right, &b))
        return is_ordered_so(op, (a > b) - (a < b));
    return texts_hold(op, left, right);
}

static bool cells_hold(int op, const sfo_cell *left, const sfo_cell *right)
{
    bool left_null = left->kind == SFO_CELL_NULL, right_null = right->kind == SFO_CELL_NULL;
    if (left_null || right_null)
        return op == NOT_EQUAL ? left_null != right_null : op == EQUALS && left_null && right_null;
    if (left->kind == SFO_CELL_INT && right->kind == SFO_CELL_INT)
        return is_ordered_so(op, (left->number > right->number) - (left->number < right->number));
    if (left->kind != SFO_CELL_TEXT && right->kind != SFO_CELL_TEXT) {
        double a = left->kind == SFO_CELL_INT ? (double)left->number : left->real;
        double b = right->kind == SFO_CELL_INT ? (double)right->number : right->real;
        return is_ordered_so(op, (a > b) - (a < b));
    }
    return texts_hold(op, left->text, right->text);
}

static bool row_holds(sfo_store *s, const sfo_criteria *list, const sfo_row *row)
{
    const sfo_object *o = row->table->object;
    for (size_t i = 0; i < list->count; i++) {
        const sfo_criterion *c = &list->items[i];
        sfo_cell wanted = { .kind = SFO_CELL_NULL };
        if (c->value.ptr != NULL && !sfo_cell_from_text(s, c->field, c->value, &wanted)) return false;
        if (!cells_hold(c->op, &row->old[c->field - o->fields], &wanted)) return false;
    }
    return true;
}

bool sfo_criteria_hold(sfo_store *s, const sfo_criteria *list, const sfo_object *o, const char *id, bool *holds,
                       sfo_fault *f)
{
    sfo_row row;
    sfo_store_lock(s);
    sfo_scratch_begin(s);
    sfo_table *t = sfo_table_of(s, o);
    bool ok = sfo_row_state(s, t, id, f) == 1 && sfo_row_load(s, t, id, &row, f);
    if (ok)
        *holds = row_holds(s, list, &row);
    else if (f == NULL || f->http_status == 0)
        (void)sfo_fault_not_found(f);
    sfo_scratch_end(s);
    sfo_store_unlock(s);
    return ok;
}
