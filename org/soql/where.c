/*
 * where.c: conditions as SQL. There is no three-valued logic to be seen: != and NOT IN take nulls in, the others leave
 * them out, and NOT turns unknown into true. Long chains become balanced trees, because SQLite bounds their depth.
 */
#include "soql/compile_internal.h"
#include "soql/position.h"

#define S(x) (int)(x).len, (x).ptr

static bool operator_fault(sfo_sql *s, const sfo_operand *o, const char *text, const char *type)
{
    return sfo_soql_fault_at(s->c->fault, s->c->text, o->offset, "INVALID_QUERY_FILTER_OPERATOR", text, type);
}

static bool is_id(sfo_type t)
{
    return t == SFO_ID || t == SFO_REFERENCE;
}

static bool check_operator(sfo_sql *s, const sfo_operand *o, sfo_operator op)
{
    bool equality = op == SFO_OP_EQ || op == SFO_OP_NE, in = op == SFO_OP_IN || op == SFO_OP_NOT_IN;
    bool ordering = op == SFO_OP_LT || op == SFO_OP_LE || op == SFO_OP_GT || op == SFO_OP_GE;
    bool fine = true;
    switch (op) {
    case SFO_OP_LIKE: fine = sfo_is_text_type(o->type) && o->type != SFO_MULTIPICKLIST; break;
    case SFO_OP_INCLUDES:
    case SFO_OP_EXCLUDES:
        if (o->type == SFO_MULTIPICKLIST) return true;
        return operator_fault(s, o, "includes or excludes operator only valid on multipicklist field", "");
    default: break;
    }
    if (o->type == SFO_MULTIPICKLIST && ordering) fine = false;
    if (o->type == SFO_BOOLEAN && !equality) fine = false;
    if (sfi_eq_nocase(o->name, "DISTANCE") && o->field == NULL && (equality || in)) fine = false;
    return fine || operator_fault(s, o, "invalid operator on %s field", sfo_type_word(o->type));
}

static bool check_filterable(sfo_sql *s, const sfo_operand *o)
{
    if (o->field == NULL || o->aggregate) return true;
    if (o->field->filterable && o->field->stored && o->type != SFO_ADDRESS && o->type != SFO_LOCATION &&
        o->type != SFO_BASE64)
        return true;
    return sfo_soql_fault_at(s->c->fault, s->c->text, o->offset, "INVALID_FIELD",
                             "field '%s' can not be filtered in a query call", o->name);
}

/* x as it is compared: with a collation of its own where the column's is not the right one. */
static sf_str compared(sfo_sql *s, const sfo_operand *o)
{
    if (o->type == SFO_BOOLEAN && (o->join > 0 || o->aggregate)) return sfo_textf(s->c, "COALESCE(%.*s,0)", S(o->sql));
    if (o->field != NULL && o->field->case_sensitive && sfo_is_text_type(o->type) && !o->label)
        return sfo_textf(s->c, "%.*s COLLATE BINARY", S(o->sql));
    return sfo_collated(s, o);
}

/* A relative date: [from, to). */
static bool compile_range_test(sfo_sql *s, const sfo_operand *o, sfo_operator op, const sfo_ast_literal *v, sf_str *out)
{
    sf_str from, to, x = o->sql;
    if (!sfo_compile_range(s, o, v, &from, &to)) return false;
    switch (op) {
    case SFO_OP_EQ: *out = sfo_textf(s->c, "(%.*s>=%.*s AND %.*s<%.*s)", S(x), S(from), S(x), S(to)); break;
    case SFO_OP_NE:
        *out = sfo_textf(s->c, "(%.*s IS NULL OR %.*s<%.*s OR %.*s>=%.*s)", S(x), S(x), S(from), S(x), S(to));
        break;
    case SFO_OP_LT: *out = sfo_textf(s->c, "%.*s<%.*s", S(x), S(from)); break;
    case SFO_OP_LE: *out = sfo_textf(s->c, "%.*s<%.*s", S(x), S(to)); break;
    case SFO_OP_GT: *out = sfo_textf(s->c, "%.*s>=%.*s", S(x), S(to)); break;
    default: *out = sfo_textf(s->c, "%.*s>=%.*s", S(x), S(from)); break;
    }
    return true;
}

static bool compile_null_test(sfo_sql *s, const sfo_operand *o, sfo_operator op, sf_str *out)
{
    bool equal = op == SFO_OP_EQ;
    if (!equal && op != SFO_OP_NE) {
        *out = SFI_STR("0"); /* null is neither more nor less than anything */
        return true;
    }
    if (o->type == SFO_BOOLEAN)
        *out = sfo_textf(s->c, "COALESCE(%.*s,0)=%d", S(o->sql), !equal);
    else
        *out = sfo_textf(s->c, "%.*s IS %sNULL", S(o->sql), equal ? "" : "NOT ");
    return true;
}

static bool compile_simple(sfo_sql *s, const sfo_operand *o, sfo_operator op, const sfo_ast_literal *v, sf_str *out)
{
    static const char *const signs[] = { "=", " IS NOT ", "<", "<=", ">", ">=" };
    if (sfo_is_null_literal(v) && (v->kind == SFO_LIT_NULL || sfo_is_text_type(o->type) || is_id(o->type)))
        return compile_null_test(s, o, op, out);
    if (v->kind == SFO_LIT_RANGE) return compile_range_test(s, o, op, v, out);
    sf_str value, x = compared(s, o);
    if (!sfo_compile_value(s, o, v, &value)) return false;
    *out = sfo_textf(s->c, "%.*s%s%.*s", S(x), signs[op], S(value));
    return true;
}

static bool compile_like(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *out)
{
    if (v->kind == SFO_LIT_NULL) {
        *out = SFI_STR("0");
        return true;
    }
    sf_str pattern = sfo_param_text(s, v->text);
    *out = sfo_textf(s->c, "sf_like(%.*s,%.*s)", S(pattern), S(o->sql));
    return true;
}

/* f IN (…): the plain values in one list, null and the ranges of relative dates beside it. */
static bool compile_in(sfo_sql *s, const sfo_operand *o, const sfo_ast_cond *c, sf_str *out)
{
    sfi_buf list = { 0 };
    sf_str ranges = SFI_STR("");
    bool has_null = false, fine = true;
    for (size_t i = 0; i < c->value_count && fine; i++) {
        const sfo_ast_literal *v = &c->values[i];
        sf_str value;
        if (sfo_is_null_literal(v) && (v->kind == SFO_LIT_NULL || sfo_is_text_type(o->type) || is_id(o->type))) {
            has_null = true;
        } else if (v->kind == SFO_LIT_RANGE) {
            fine = compile_range_test(s, o, SFO_OP_EQ, v, &value);
            if (fine) ranges = sfo_textf(s->c, "%.*s OR %.*s", S(ranges), S(value));
        } else if ((fine = sfo_compile_value(s, o, v, &value))) {
            if (list.len > 0) sfi_buf_add_char(&list, ',');
            sfi_buf_add(&list, value.ptr, value.len);
        }
    }
    if (fine && list.failed) fine = sfo_compile_memory_fault(s->c);
    if (fine) {
        sf_str x = compared(s, o);
        *out = sfo_textf(s->c, "(%.*s IN (%.*s)%.*s%s%.*s%s)", S(x), (int)list.len, list.len > 0 ? list.data : "",
                         S(ranges), has_null ? " OR " : "", has_null ? (int)o->sql.len : 0, o->sql.ptr,
                         has_null ? " IS NULL" : "");
        if (c->op == SFO_OP_NOT_IN) *out = sfo_textf(s->c, "%.*s IS NOT 1", S(*out));
    }
    sfi_buf_free(&list);
    return fine;
}

static bool compile_includes(sfo_sql *s, const sfo_operand *o, const sfo_ast_cond *c, sf_str *out)
{
    sf_str any = SFI_STR("0");
    for (size_t i = 0; i < c->value_count; i++) {
        sf_str value = sfo_param_text(s, c->values[i].text);
        any = sfo_textf(s->c, "%.*s OR sf_msp_has(%.*s,%.*s)", S(any), S(o->sql), S(value));
    }
    *out = sfo_textf(s->c, c->op == SFO_OP_INCLUDES ? "(%.*s)" : "((%.*s) IS NOT 1)", S(any));
    return true;
}

static bool compile_comparison(sfo_sql *s, const sfo_ast_cond *c, sf_str *out)
{
    sfo_operand o;
    if (!sfo_compile_operand(s, c->operand, &o) || !check_filterable(s, &o)) return false;
    if (c->semi != NULL) return sfo_compile_semi(s, &o, c, out);
    if (!check_operator(s, &o, c->op)) return false;
    switch (c->op) {
    case SFO_OP_LIKE: return compile_like(s, &o, &c->values[0], out);
    case SFO_OP_IN:
    case SFO_OP_NOT_IN: return compile_in(s, &o, c, out);
    case SFO_OP_INCLUDES:
    case SFO_OP_EXCLUDES: return compile_includes(s, &o, c, out);
    default: return compile_simple(s, &o, c->op, &c->values[0], out);
    }
}

static sf_str join_balanced(sfo_sql *s, const sf_str *parts, size_t count, const char *word)
{
    if (count == 1) return parts[0];
    sf_str left = join_balanced(s, parts, count / 2, word);
    sf_str right = join_balanced(s, parts + count / 2, count - count / 2, word);
    return sfo_textf(s->c, "(%.*s %s %.*s)", S(left), word, S(right));
}

bool sfo_compile_condition(sfo_sql *s, const sfo_ast_cond *c, sf_str *out)
{
    if (c->kind == SFO_COND_COMPARE) return compile_comparison(s, c, out);
    if (c->kind == SFO_COND_NOT) {
        sf_str inner = { 0 };
        if (!sfo_compile_condition(s, c->children[0], &inner)) return false;
        *out = sfo_textf(s->c, "((%.*s) IS NOT 1)", S(inner));
        return true;
    }
    sf_str *parts = sfi_arena_alloc(s->c->arena, c->child_count * sizeof *parts);
    if (parts == NULL) return sfo_compile_memory_fault(s->c);
    for (size_t i = 0; i < c->child_count; i++)
        if (!sfo_compile_condition(s, c->children[i], &parts[i])) return false;
    *out = join_balanced(s, parts, c->child_count, c->kind == SFO_COND_AND ? "AND" : "OR");
    return true;
}
