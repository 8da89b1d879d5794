/* values.c: a literal against the type of what it is compared with, and as a parameter in the form the store keeps. */
#include "soql/compile_internal.h"
#include "soql/dates.h"
#include "soql/position.h"

enum { DAY_MS = 86400000 };

bool sfo_is_null_literal(const sfo_ast_literal *v)
{
    return v->kind == SFO_LIT_NULL || (v->kind == SFO_LIT_STRING && v->text.len == 0);
}

static bool wrong_type(sfo_sql *s, const sfo_operand *o)
{
    bool quoted = sfo_is_text_type(o->type) || o->type == SFO_ID || o->type == SFO_REFERENCE;
    return sfo_soql_fault_at(s->c->fault, s->c->text, o->offset, "INVALID_FIELD",
                             "value of filter criterion for field '%s' must be of type %s and should %sbe enclosed in "
                             "quotes",
                             o->name, sfo_is_text_type(o->type) ? "string" : sfo_type_word(o->type),
                             quoted ? "" : "not ");
}

static bool compile_id(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *out)
{
    sf_id id;
    if (v->kind != SFO_LIT_STRING) return wrong_type(s, o);
    if (!sfo_id_normalize(v->text, &id))
        return sfo_soql_fault_at(s->c->fault, s->c->text, o->offset, "INVALID_QUERY_FILTER_OPERATOR",
                                 "invalid ID field: %.*s", (int)v->text.len, v->text.ptr);
    *out = sfo_param_text(s, sfo_textf(s->c, "%s", id.text));
    return true;
}

static bool compile_number(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *out)
{
    bool whole = o->type == SFO_INT || o->type == SFO_LONG;
    bool is_number = v->kind == SFO_LIT_NUMBER || (v->kind == SFO_LIT_CURRENCY && o->type == SFO_CURRENCY);
    if (!is_number) return wrong_type(s, o);
    sf_str text = v->text;
    int64_t i;
    double d;
    if (text.len > 0 && text.ptr[0] == '+') text = (sf_str){ text.ptr + 1, text.len - 1 };
    if (sfi_parse_int(text, &i)) {
        *out = sfo_param_int(s, i);
        return true;
    }
    if (whole && !o->aggregate && memchr(text.ptr, '.', text.len) != NULL) return wrong_type(s, o);
    sf_str padded = sfo_textf(s->c, "%s%.*s%s", text.len > 0 && text.ptr[0] == '.' ? "0" : "", (int)text.len, text.ptr,
                              text.len > 0 && text.ptr[text.len - 1] == '.' ? "0" : "");
    if (text.len > 1 && text.ptr[0] == '-' && text.ptr[1] == '.')
        padded = sfo_textf(s->c, "-0%.*s", (int)text.len - 1, text.ptr + 1);
    if (!sfi_parse_double(padded, &d)) return wrong_type(s, o);
    *out = sfo_param_double(s, d);
    return true;
}

static sf_str date_text(sfo_sql *s, int64_t ms)
{
    char text[16];
    sfi_date_format(ms, text);
    return sfo_param_text(s, sfo_textf(s->c, "%s", text));
}

static sf_str time_text(sfo_sql *s, int64_t ms)
{
    return sfo_param_text(s, sfo_textf(s->c, "%02d:%02d:%02d.%03dZ", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                                       (int)(ms / 1000 % 60), (int)(ms % 1000)));
}

bool sfo_compile_value(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *out)
{
    switch (o->type) {
    case SFO_ID:
    case SFO_REFERENCE: return compile_id(s, o, v, out);
    case SFO_BOOLEAN:
        if (v->kind != SFO_LIT_BOOLEAN) return wrong_type(s, o);
        *out = v->boolean ? SFI_STR("1") : SFI_STR("0");
        return true;
    case SFO_INT:
    case SFO_LONG:
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return compile_number(s, o, v, out);
    case SFO_DATE:
        if (v->kind != SFO_LIT_DATE) return wrong_type(s, o);
        *out = date_text(s, v->ms);
        return true;
    case SFO_DATETIME:
        if (v->kind != SFO_LIT_DATETIME) return wrong_type(s, o);
        *out = sfo_param_int(s, v->ms);
        return true;
    case SFO_TIME:
        if (v->kind != SFO_LIT_TIME) return wrong_type(s, o);
        *out = time_text(s, v->ms);
        return true;
    default:
        if (v->kind != SFO_LIT_STRING) return wrong_type(s, o);
        *out = sfo_param_text(s, v->text);
        return true;
    }
}

/* The moment at which a day begins in the user's zone. Two looks: the offset at the guess may be that of the day before. */
static int64_t midnight_ms(const char *zone, int64_t day)
{
    int64_t local = day * DAY_MS, guess = local;
    for (int i = 0; i < 2; i++) guess = local - (int64_t)sfo_zone_offset(zone, guess) * 60000;
    return guess;
}

bool sfo_compile_range(sfo_sql *s, const sfo_operand *o, const sfo_ast_literal *v, sf_str *from, sf_str *to)
{
    if (o->type != SFO_DATE && o->type != SFO_DATETIME) return wrong_type(s, o);
    int64_t first, end;
    sfo_range_days(v->range, v->n, sfo_user_today(s->c), &first, &end);
    if (first < -719162) first = -719162; /* 0001-01-01: text dates order only within four digits */
    if (end > 2932897) end = 2932897;     /* 10000-01-01 */
    if (end < first) end = first;
    if (o->type == SFO_DATE) {
        *from = date_text(s, first * DAY_MS);
        *to = end == 2932897 ? sfo_param_text(s, SFI_STR("9999-12-32")) : date_text(s, end * DAY_MS);
    } else {
        *from = sfo_param_int(s, midnight_ms(sfo_user_zone(s->c), first));
        *to = sfo_param_int(s, midnight_ms(sfo_user_zone(s->c), end));
    }
    return true;
}
