/*
 * operand.c: fields and functions as typed SQL expressions, for WHERE, HAVING, GROUP BY, ORDER BY and the select list.
 * In a grouped statement a plain field must be one of the groups, and comes back as NULL where the grouping set that
 * is being written leaves it out.
 */
#include "soql/compile_internal.h"
#include "soql/position.h"

typedef enum function_kind {
    DATE_PART,
    AGGREGATE,
    GROUPING,
    TO_LABEL,
    FORMAT,
    CONVERT_CURRENCY,
    CONVERT_TIMEZONE
} function_kind;

static const struct function {
    const char *name;
    function_kind kind;
} functions[] = {
    { "CALENDAR_MONTH", DATE_PART },
    { "CALENDAR_QUARTER", DATE_PART },
    { "CALENDAR_YEAR", DATE_PART },
    { "DAY_IN_MONTH", DATE_PART },
    { "DAY_IN_WEEK", DATE_PART },
    { "DAY_IN_YEAR", DATE_PART },
    { "DAY_ONLY", DATE_PART },
    { "FISCAL_MONTH", DATE_PART },
    { "FISCAL_QUARTER", DATE_PART },
    { "FISCAL_YEAR", DATE_PART },
    { "HOUR_IN_DAY", DATE_PART },
    { "WEEK_IN_MONTH", DATE_PART },
    { "WEEK_IN_YEAR", DATE_PART },
    { "COUNT", AGGREGATE },
    { "COUNT_DISTINCT", AGGREGATE },
    { "SUM", AGGREGATE },
    { "AVG", AGGREGATE },
    { "MIN", AGGREGATE },
    { "MAX", AGGREGATE },
    { "GROUPING", GROUPING },
    { "toLabel", TO_LABEL },
    { "FORMAT", FORMAT },
    { "convertCurrency", CONVERT_CURRENCY },
    { "convertTimezone", CONVERT_TIMEZONE },
};

static const struct function *find_function(sf_str name)
{
    for (size_t i = 0; i < SFI_COUNT_OF(functions); i++)
        if (sfi_str_is_nocase(name, functions[i].name)) return &functions[i];
    return NULL;
}

bool sfo_is_date_function(sf_str name)
{
    const struct function *f = find_function(name);
    return f != NULL && f->kind == DATE_PART;
}

bool sfo_is_aggregate_call(const sfo_ast_expr *e)
{
    if (e->kind != SFO_EXPR_CALL) return false;
    const struct function *f = find_function(e->name.text);
    if (f == NULL) return false;
    if (f->kind == FORMAT || f->kind == CONVERT_CURRENCY) return e->arg_count == 1 && sfo_is_aggregate_call(e->args[0]);
    return f->kind == AGGREGATE || f->kind == GROUPING;
}

bool sfo_is_text_type(sfo_type type)
{
    switch (type) {
    case SFO_STRING:
    case SFO_TEXTAREA:
    case SFO_PICKLIST:
    case SFO_MULTIPICKLIST:
    case SFO_COMBOBOX:
    case SFO_PHONE:
    case SFO_URL:
    case SFO_EMAIL:
    case SFO_ENCRYPTEDSTRING:
    case SFO_ANYTYPE:
    case SFO_DATACATEGORYGROUPREFERENCE: return true;
    default: return false;
    }
}

/* As the messages about operators and literals name a type. */
const char *sfo_type_word(sfo_type type)
{
    switch (type) {
    case SFO_ID:
    case SFO_REFERENCE: return "id";
    case SFO_MULTIPICKLIST: return "multipicklist";
    case SFO_PICKLIST: return "picklist";
    case SFO_BOOLEAN: return "boolean";
    case SFO_INT:
    case SFO_LONG: return "int";
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return "double";
    case SFO_DATE: return "date";
    case SFO_DATETIME: return "dateTime";
    case SFO_TIME: return "time";
    case SFO_BASE64: return "base64";
    case SFO_ADDRESS: return "address";
    case SFO_LOCATION: return "location";
    default: return "string";
    }
}

static bool fault_at(sfo_sql *s, const sfo_ast_expr *e, const char *code, const char *what, const char *name)
{
    return sfo_soql_fault_at(s->c->fault, s->c->text, e->name.offset, code, "%s%s", what, name);
}

sf_str sfo_collated(sfo_sql *s, const sfo_operand *o)
{
    if (!o->collate) return o->sql;
    return sfo_textf(s->c, "%.*s COLLATE SFTEXT", (int)o->sql.len, o->sql.ptr);
}

static sfo_group *find_group(sfo_sql *s, sf_str sql)
{
    for (size_t i = 0; i < s->group_count; i++)
        if (sfi_str_eq(s->groups[i].operand.sql, sql)) return &s->groups[i];
    return NULL;
}

/* In a grouped statement: o must be a group, and is NULL when the grouping set leaves it out. */
static bool as_group(sfo_sql *s, sfo_operand *o)
{
    if (!s->grouped) return true;
    const sfo_group *g = find_group(s, o->sql);
    if (g == NULL)
        return sfo_fault_set(s->c->fault, 400, "MALFORMED_QUERY", "%s must be grouped or aggregated: %s",
                             s->ordering ? "Ordered field" : "Field", o->name);
    if (g->omitted) {
        o->sql = SFI_STR("NULL");
        o->collate = false;
    }
    return true;
}

static bool plain_path(sfo_sql *s, const sfo_ast_name *path, sfo_operand *out)
{
    sfo_target t;
    if (!sfo_resolve_path(s, path, &t)) return false;
    *out = (sfo_operand){
        .type = t.field->type, .field = t.field, .name = t.field->name, .offset = path->offset, .join = t.join
    };
    if (t.field->type == SFO_ADDRESS || t.field->type == SFO_LOCATION || !t.field->stored) {
        out->sql = SFI_STR("NULL"); /* has no column; whoever wants its value knows compounds */
        return true;
    }
    out->sql = sfo_column_sql(s, t.join, t.field);
    out->collate = s->joins[t.join].polymorphic && sfo_is_text_type(t.field->type);
    return true;
}

bool sfo_compile_path(sfo_sql *s, const sfo_ast_name *path, sfo_operand *out)
{
    return plain_path(s, path, out) && as_group(s, out);
}

/* ---- date functions ---- */

/* One parameter a statement, so that the same function has the same text wherever it stands. */
static sf_str zone_parameter(sfo_sql *s)
{
    const char *zone = sfo_user_zone(s->c);
    if (zone == NULL) return SFI_STR("NULL");
    if (s->zone.ptr == NULL) s->zone = sfo_param_text(s, sfi_str(zone));
    return s->zone;
}

static bool compile_date_part(sfo_sql *s, const sfo_ast_expr *e, const struct function *f, sfo_operand *out)
{
    const sfo_ast_expr *arg = e->args[0];
    bool zoned = arg->kind == SFO_EXPR_CALL && sfi_str_is_nocase(arg->name.text, "convertTimezone");
    if (zoned && arg->arg_count == 1) arg = arg->args[0];
    if (arg->kind != SFO_EXPR_PATH) return fault_at(s, e, "MALFORMED_QUERY", "a field is expected inside ", f->name);
    sfo_operand field;
    if (!plain_path(s, &arg->name, &field)) return false;
    if (field.type != SFO_DATETIME && (field.type != SFO_DATE || zoned || sfi_eq_nocase(f->name, "HOUR_IN_DAY")))
        return fault_at(s, e, "INVALID_FIELD",
                        zoned ? "convertTimezone can only be used on a dateTime field: "
                              : "date function cannot be used on field ",
                        field.name);
    sf_str zone_sql = zoned ? zone_parameter(s) : SFI_STR("NULL");
    *out = (sfo_operand){ .type = SFO_INT, .name = f->name, .offset = e->name.offset };
    if (sfi_eq_nocase(f->name, "DAY_ONLY")) out->type = SFO_DATE;
    out->sql = sfo_textf(s->c, "sf_date_part('%s',%.*s,%d,%.*s)", f->name, (int)field.sql.len, field.sql.ptr,
                         field.type == SFO_DATETIME, (int)zone_sql.len, zone_sql.ptr);
    return as_group(s, out);
}

/* ---- aggregates ---- */

static bool is_number(sfo_type t)
{
    return t == SFO_INT || t == SFO_LONG || t == SFO_DOUBLE || t == SFO_CURRENCY || t == SFO_PERCENT;
}

/* May f be applied to the field? */
static bool check_aggregate(sfo_sql *s, const sfo_ast_expr *e, const char *f, const sfo_operand *o)
{
    bool counts = sfi_eq_nocase(f, "COUNT"), distinct = sfi_eq_nocase(f, "COUNT_DISTINCT");
    bool sums = sfi_eq_nocase(f, "SUM") || sfi_eq_nocase(f, "AVG");
    bool compound = o->type == SFO_ADDRESS || o->type == SFO_LOCATION || o->type == SFO_BASE64;
    bool fine = !compound;
    if (sums) fine = is_number(o->type);
    if (!sums && !counts && !distinct)
        fine = fine && o->type != SFO_BOOLEAN && o->type != SFO_MULTIPICKLIST && o->type != SFO_TIME;
    if (fine && o->field != NULL && sfo_is_text_type(o->type)) fine = o->field->filterable; /* no long text */
    if (!fine)
        return sfo_soql_fault_at(s->c->fault, s->c->text, e->name.offset, "INVALID_FIELD",
                                 "field %s does not support aggregate operator %s", o->name, f);
    if (s->grouped && find_group(s, o->sql) != NULL)
        return sfo_fault_set(s->c->fault, 400, "MALFORMED_QUERY", "Grouped field should not be aggregated: %s",
                             o->name);
    return true;
}

/* MIN and MAX of a picklist go by the order of its definition: the place stands before the value and is cut off. */
static sf_str picklist_extreme(sfo_sql *s, const char *f, const sfo_operand *o)
{
    sf_str places = SFI_STR("");
    for (size_t i = 0; i < o->field->picklist_count; i++) {
        sf_str value = sfo_param_text(s, sfi_str(o->field->picklist[i].value));
        places = sfo_textf(s->c, "%.*s WHEN %.*s THEN %zu", (int)places.len, places.ptr, (int)value.len, value.ptr, i);
    }
    return sfo_textf(s->c, "substr(%s(printf('%%05d',CASE %.*s%.*s ELSE 99999 END)||%.*s),6)", f, (int)o->sql.len,
                     o->sql.ptr, (int)places.len, places.ptr, (int)o->sql.len, o->sql.ptr);
}

static bool compile_aggregate(sfo_sql *s, const sfo_ast_expr *e, const struct function *f, sfo_operand *out)
{
    const sfo_ast_expr *arg = e->args[0];
    if (!s->grouped) return fault_at(s, e, "MALFORMED_QUERY", "aggregate functions are not allowed here: ", f->name);
    if (arg->kind == SFO_EXPR_CALL && sfi_str_is_nocase(arg->name.text, "convertCurrency") && arg->arg_count == 1)
        arg = arg->args[0];
    if (arg->kind != SFO_EXPR_PATH) return fault_at(s, e, "MALFORMED_QUERY", "a field is expected inside ", f->name);
    sfo_operand o;
    if (!plain_path(s, &arg->name, &o) || !check_aggregate(s, e, f->name, &o)) return false;
    bool counts = sfi_eq_nocase(f->name, "COUNT") || sfi_eq_nocase(f->name, "COUNT_DISTINCT");
    *out = (sfo_operand){ .type = counts ? SFO_INT : o.type,
                          .field = counts ? NULL : o.field,
                          .name = f->name,
                          .offset = e->name.offset,
                          .aggregate = true };
    if (sfi_eq_nocase(f->name, "AVG")) {
        out->type = SFO_DOUBLE;
        out->field = NULL;
    }
    out->collate = !counts && sfo_is_text_type(o.type);
    sf_str x = sfo_collated(s, &o);
    if (sfi_eq_nocase(f->name, "COUNT_DISTINCT"))
        out->sql = sfo_textf(s->c, "COUNT(DISTINCT %.*s)", (int)x.len, x.ptr);
    else if (out->field != NULL && o.type == SFO_PICKLIST && o.field->picklist_count > 0 && !o.collate)
        out->sql = picklist_extreme(s, f->name, &o);
    else if (sfi_eq_nocase(f->name, "SUM") && o.field->scale > 0) /* decimals: no trace of binary fractions */
        out->sql = sfo_textf(s->c, "ROUND(SUM(%.*s),%d)", (int)x.len, x.ptr, (int)o.field->scale);
    else
        out->sql = sfo_textf(s->c, "%s(%.*s)", f->name, (int)x.len, x.ptr);
    return true;
}

static bool compile_grouping(sfo_sql *s, const sfo_ast_expr *e, sfo_operand *out)
{
    if (!s->grouped) return fault_at(s, e, "MALFORMED_QUERY", "GROUPING needs GROUP BY ROLLUP or GROUP BY CUBE", "");
    sfo_operand o;
    sfo_sql plain = *s; /* the argument by itself, whether or not it is left out */
    plain.grouped = false;
    bool fine = sfo_compile_operand(&plain, e->args[0], &o);
    plain.grouped = true;
    *s = plain;
    if (!fine) return false;
    const sfo_group *g = find_group(s, o.sql);
    if (g == NULL) return fault_at(s, e, "MALFORMED_QUERY", "Field must be grouped or aggregated: ", o.name);
    *out = (sfo_operand){ .sql = g->omitted ? SFI_STR("1") : SFI_STR("0"),
                          .type = SFO_INT,
                          .name = "GROUPING",
                          .offset = e->name.offset,
                          .aggregate = true };
    return true;
}

/* ---- the others ---- */

static sf_str label_sql(sfo_sql *s, const sfo_operand *o)
{
    sf_str cases = SFI_STR("");
    for (size_t i = 0; o->field != NULL && i < o->field->picklist_count; i++) {
        const sfo_picklist_value *v = &o->field->picklist[i];
        if (v->label == NULL || sfi_eq_nocase(v->label, v->value)) continue;
        sf_str value = sfo_param_text(s, sfi_str(v->value)), label = sfo_param_text(s, sfi_str(v->label));
        cases = sfo_textf(s->c, "%.*s WHEN %.*s THEN %.*s", (int)cases.len, cases.ptr, (int)value.len, value.ptr,
                          (int)label.len, label.ptr);
    }
    if (cases.len == 0) return o->sql;
    return sfo_textf(s->c, "(CASE %.*s%.*s ELSE %.*s END)", (int)o->sql.len, o->sql.ptr, (int)cases.len, cases.ptr,
                     (int)o->sql.len, o->sql.ptr);
}

static bool compile_wrapper(sfo_sql *s, const sfo_ast_expr *e, const struct function *f, sfo_operand *out)
{
    if (!sfo_compile_operand(s, e->args[0], out)) return false;
    if (f->kind == TO_LABEL) {
        if (!sfo_is_text_type(out->type))
            return fault_at(s, e, "INVALID_FIELD", "toLabel cannot be used on field ", out->name);
        out->sql = label_sql(s, out);
        out->collate = true;
        out->label = true;
    } else if (f->kind == CONVERT_CURRENCY && out->type != SFO_CURRENCY) {
        return fault_at(s, e, "INVALID_FIELD", "convertCurrency can only be used on a currency field: ", out->name);
    } else if (f->kind == FORMAT) {
        return fault_at(s, e, "MALFORMED_QUERY", "FORMAT can only be used in the select list", "");
    }
    return true;
}

/* Latitude and longitude of a geolocation or address field. */
static bool coordinates(sfo_sql *s, const sfo_ast_name *path, sf_str *lat, sf_str *lon)
{
    sfo_target t;
    if (!sfo_resolve_path(s, path, &t)) return false;
    const sfo_field *parts[SFO_COMPOUND_PARTS_MAX];
    size_t n = t.field->type == SFO_ADDRESS || t.field->type == SFO_LOCATION
                   ? sfo_compound_parts(s->joins[t.join].object, t.field, parts, SFO_COMPOUND_PARTS_MAX)
                   : 0;
    *lat = *lon = (sf_str){ 0 };
    for (size_t i = 0; i < n; i++) {
        sf_str name = sfi_str(parts[i]->name);
        if (sfi_ends_with(name, "Latitude") || sfi_ends_with(name, "Latitude__s"))
            *lat = sfo_column_sql(s, t.join, parts[i]);
        if (sfi_ends_with(name, "Longitude") || sfi_ends_with(name, "Longitude__s"))
            *lon = sfo_column_sql(s, t.join, parts[i]);
    }
    if (lat->ptr != NULL && lon->ptr != NULL) return true;
    return sfo_soql_fault_at(s->c->fault, s->c->text, path->offset, "INVALID_FIELD",
                             "field '%s' can not be used in DISTANCE, it is no geolocation or address", t.field->name);
}

static bool compile_distance(sfo_sql *s, const sfo_ast_expr *e, sfo_operand *out)
{
    sf_str lat = { 0 }, lon = { 0 }, to_lat = { 0 }, to_lon = { 0 };
    if (s->grouped)
        return sfo_fault_set(s->c->fault, 400, "MALFORMED_QUERY", "Field must be grouped or aggregated: DISTANCE");
    if (!coordinates(s, &e->geo, &lat, &lon)) return false;
    if (e->geo_other.text.ptr != NULL) {
        if (!coordinates(s, &e->geo_other, &to_lat, &to_lon)) return false;
    } else {
        double a, b;
        if (!sfi_parse_double(e->latitude, &a) || !sfi_parse_double(e->longitude, &b) || a < -90 || a > 90 ||
            b < -180 || b > 180)
            return fault_at(s, e, "MALFORMED_QUERY",
                            "GEOLOCATION needs a latitude of -90 to 90 and a longitude of "
                            "-180 to 180",
                            "");
        to_lat = sfo_param_double(s, a);
        to_lon = sfo_param_double(s, b);
    }
    *out = (sfo_operand){ .type = SFO_DOUBLE, .name = "DISTANCE", .offset = e->name.offset };
    out->sql = sfo_textf(s->c, "sf_distance(%.*s,%.*s,%.*s,%.*s,'%s')", (int)lat.len, lat.ptr, (int)lon.len, lon.ptr,
                         (int)to_lat.len, to_lat.ptr, (int)to_lon.len, to_lon.ptr,
                         sfi_str_is_nocase(e->unit, "mi") ? "mi" : "km");
    return true;
}

bool sfo_compile_operand(sfo_sql *s, const sfo_ast_expr *e, sfo_operand *out)
{
    if (e->kind == SFO_EXPR_PATH) return sfo_compile_path(s, &e->name, out);
    if (e->kind == SFO_EXPR_DISTANCE) return compile_distance(s, e, out);
    const struct function *f = find_function(e->name.text);
    if (f == NULL)
        return sfo_soql_fault_at(s->c->fault, s->c->text, e->name.offset, "MALFORMED_QUERY", "unknown function: %.*s",
                                 (int)e->name.text.len, e->name.text.ptr);
    if (e->arg_count != 1) return fault_at(s, e, "MALFORMED_QUERY", "one argument is expected inside ", f->name);
    switch (f->kind) {
    case DATE_PART: return compile_date_part(s, e, f, out);
    case AGGREGATE: return compile_aggregate(s, e, f, out);
    case GROUPING: return compile_grouping(s, e, out);
    case CONVERT_TIMEZONE:
        return fault_at(s, e, "MALFORMED_QUERY", "convertTimezone can only be used inside a date function", "");
    default: return compile_wrapper(s, e, f, out);
    }
}
