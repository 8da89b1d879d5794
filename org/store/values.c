/*
 * values.c: one value of a request into a cell: JSON (or text, from a path) to the type of its field, or the refusal in
 * the org's words. Called by validate.c and records.c.
 */
#include <math.h>
#include "store/store_internal.h"

/* ---- refusals ---- */

static const char *token_name(sf_value v)
{
    sf_str text = { NULL, 0 };
    switch (sf_value_type(v)) {
    case SF_STRING: return "VALUE_STRING";
    case SF_NUMBER:
        text = sf_get_text(v, NULL);
        for (size_t i = 0; i < text.len; i++)
            if (strchr(".eE", text.ptr[i]) != NULL) return "VALUE_NUMBER_FLOAT";
        return "VALUE_NUMBER_INT";
    case SF_BOOL: return sf_get_bool(v, NULL, false) ? "VALUE_TRUE" : "VALUE_FALSE";
    case SF_OBJECT: return "START_OBJECT";
    case SF_ARRAY: return "START_ARRAY";
    default: return "VALUE_NULL";
    }
}

static bool refuse_json(const sfo_field *field, sf_value v, sfo_fault *f)
{
    int64_t line, column;
    sfi_json_place(v, &line, &column);
    sf_type type = sf_value_type(v);
    column += type == SF_NUMBER || type == SF_BOOL ? (int64_t)sf_get_text(v, NULL).len
                                                   : 1; /* the org's parser is behind the token then */
    if (type == SF_ARRAY)
        return sfo_fault_set(f, 400, "JSON_PARSER_ERROR",
                             "Cannot deserialize instance of %s from START_ARRAY value [line:%lld, column:%lld]",
                             field->type_name, (long long)line, (long long)column);
    sf_str text = type == SF_OBJECT ? SFI_STR("{") : sf_get_text(v, NULL);
    return sfo_fault_set(
        f, 400, "JSON_PARSER_ERROR",
        "Cannot deserialize instance of %s from %s value %.*s or request may be missing a required field at "
        "[line:%lld, column:%lld]",
        field->type_name, token_name(v), (int)(text.len < 4000 ? text.len : 4000), text.ptr != NULL ? text.ptr : "null",
        (long long)line, (long long)column);
}

static bool refuse_range(const sfo_field *field, sf_str text, sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, "NUMBER_OUTSIDE_VALID_RANGE", "%s: value outside of valid range on numeric field: %.*s",
                        field->label, (int)(text.len < 400 ? text.len : 400), text.ptr);
    sfo_fault_add_field(f, field->name);
    return false;
}

static bool refuse_id(const sfo_field *field, sf_str text, sfo_fault *f)
{
    (void)sfo_fault_set(f, 400, "MALFORMED_ID", "%s: id value of incorrect type: %.*s", field->label,
                        (int)(text.len < 400 ? text.len : 400), text.ptr);
    sfo_fault_add_field(f, field->name);
    return false;
}

/* ---- text ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static sf_str trim(sf_str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) s = (sf_str){ s.ptr + 1, s.len - 1 };
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) s.len--;
    return s;
}

static void put_text(sfo_cell *cell, sf_str text)
{
    cell->kind = text.len > 0 ? SFO_CELL_TEXT : SFO_CELL_NULL;
    cell->text = text;
}

static bool text_from_json(sfo_store *s, const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    if (sf_value_type(v) != SF_STRING) return refuse_json(field, v, f);
    sf_str text = trim(sf_get_text(v, NULL));
    if (memchr(text.ptr, 0, text.len) != NULL)
        return sfo_fault_set(f, 400, "JSON_PARSER_ERROR", "Illegal character (code 0) in the value of %s", field->name);
    sf_str copy = sfo_scratch_text(s, text);
    if (text.len > 0 && copy.ptr == NULL) return sfo_fault_memory(f);
    put_text(cell, copy);
    return true;
}

/* ---- numbers ---- */

static double power_of_ten(int n)
{
    double p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

/* Half away from zero at the field's scale. Big values have no digits there to round. */
static double round_to_scale(double d, int scale)
{
    double p = power_of_ten(scale);
    if (fabs(d) * p >= 4503599627370496.0) return d; /* 2^52 */
    return round(d * p) / p;
}

static bool put_double(const sfo_field *field, double d, sf_str text, sfo_cell *cell, sfo_fault *f)
{
    if (field->precision > 0 && field->scale < 12) d = round_to_scale(d, field->scale);
    if (field->precision > 0 && fabs(d) >= power_of_ten(field->precision - field->scale))
        return refuse_range(field, text, f);
    cell->kind = SFO_CELL_REAL;
    cell->real = d == 0 ? 0 : d; /* no -0.0 */
    return true;
}

static bool put_int(const sfo_field *field, double d, sf_str text, sfo_cell *cell, sfo_fault *f)
{
    int64_t n;
    double most = field->type == SFO_LONG ? 9.2e18 : 2147483647.0;
    if (fabs(d) > most || (field->digits > 0 && fabs(d) >= power_of_ten(field->digits)))
        return refuse_range(field, text, f);
    if (!sfi_parse_int(text, &n)) n = (int64_t)d; /* 12.0 */
    cell->kind = SFO_CELL_INT;
    cell->number = n;
    return true;
}

static bool number_from_json(const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    double d;
    sf_type type = sf_value_type(v);
    sf_str text = type == SF_STRING || type == SF_NUMBER ? trim(sf_get_text(v, NULL)) : (sf_str){ NULL, 0 };
    if (text.len == 0 || !sfi_parse_double(text, &d) || !isfinite(d)) return refuse_json(field, v, f);
    bool whole = field->type == SFO_INT || field->type == SFO_LONG;
    if (whole && d != floor(d)) return refuse_json(field, v, f);
    return whole ? put_int(field, d, text, cell, f) : put_double(field, d, text, cell, f);
}

/* ---- dates ---- */

/* Kept as the field's column wants it: dateTimes in whole seconds, as the org does. false: no memory. */
static bool put_time(sfo_store *s, const sfo_field *field, int64_t ms, sfo_cell *cell)
{
    char text[32];
    if (field->type == SFO_DATETIME) {
        cell->kind = SFO_CELL_INT;
        cell->number = ms - (ms % 1000 + 1000) % 1000;
        return true;
    }
    if (field->type == SFO_DATE)
        sfi_date_format(ms, text);
    else
        (void)snprintf(text, sizeof text, "%02d:%02d:%02d.%03dZ", (int)(ms / 3600000 % 24), (int)(ms / 60000 % 60),
                       (int)(ms / 1000 % 60), (int)(ms % 1000)); /* fits */
    put_text(cell, sfo_scratch_text(s, sfi_str(text)));
    return cell->text.ptr != NULL;
}

static bool parse_time(const sfo_field *field, sf_str text, int64_t *ms)
{
    char kind, said[32];
    if (text.len == 0 || !sfi_time_parse(text, ms, &kind) || (kind == 't') != (field->type == SFO_TIME)) return false;
    sfi_time_format(*ms, said); /* "": a zone moved it out of the years 0 to 9999 */
    return said[0] != '\0';
}

static bool date_from_json(sfo_store *s, const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    int64_t ms;
    sf_str text = sf_value_type(v) == SF_STRING ? trim(sf_get_text(v, NULL)) : (sf_str){ NULL, 0 };
    if (!parse_time(field, text, &ms)) return refuse_json(field, v, f);
    if (!put_time(s, field, ms, cell)) return sfo_fault_memory(f);
    if (field->type == SFO_DATE && (ms < -8520336000000 || ms >= 64092211200000)) { /* 1700-01-01 to 4000-12-31 */
        (void)sfo_fault_set(f, 400, "NUMBER_OUTSIDE_VALID_RANGE", "%s: invalid date: %s", field->label, cell->text.ptr);
        sfo_fault_add_field(f, field->name);
        return false;
    }
    return true;
}

/* ---- base64 ---- */

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Line ends and the filling = are skipped. */
static bool decode_base64(sf_str in, char *out, size_t *len)
{
    uint32_t bits = 0;
    int have = 0;
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++) {
        if (is_blank(in.ptr[i]) || in.ptr[i] == '=') continue;
        int d = base64_digit(in.ptr[i]);
        if (d < 0) return false;
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have & 0xFF);
        }
    }
    *len = n;
    return have != 6; /* a single digit is no byte */
}

static bool blob_from_json(sfo_store *s, const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    if (sf_value_type(v) != SF_STRING) return refuse_json(field, v, f);
    sf_str in = sf_get_text(v, NULL);
    char *out = sfo_scratch(s, in.len / 4 * 3 + 4);
    size_t len;
    if (out == NULL) return sfo_fault_memory(f);
    if (!decode_base64(in, out, &len)) return refuse_json(field, v, f);
    cell->kind = len > 0 ? SFO_CELL_BLOB : SFO_CELL_NULL;
    cell->text = (sf_str){ out, len };
    return true;
}

/* ---- ids ---- */

static bool references(const sfo_field *field, const sfo_object *target)
{
    for (size_t i = 0; i < field->reference_count; i++)
        if (strcmp(field->reference_to[i], target->name) == 0) return true;
    return false;
}

static bool put_id(sfo_store *s, const sfo_field *field, sf_str text, sfo_cell *cell, sfo_fault *f)
{
    sf_id id;
    if (!sfo_id_normalize(text, &id)) {
        if (text.len != 15 && text.len != 18) return refuse_id(field, text, f);
        (void)sfo_fault_set(f, 400, "MALFORMED_ID", "malformed id %.*s", (int)text.len, text.ptr);
        if (f != NULL) f->has_fields = true;
        return false;
    }
    const sfo_object *target = sfo_schema_object_of_id(s->schema, sfi_str(id.text));
    if (field->type == SFO_REFERENCE && (target == NULL || !references(field, target)))
        return refuse_id(field, text, f);
    put_text(cell, sfo_scratch_text(s, sfi_str(id.text)));
    return cell->text.ptr != NULL || sfo_fault_memory(f);
}

static bool id_from_json(sfo_store *s, const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    if (sf_value_type(v) != SF_STRING) return refuse_json(field, v, f);
    sf_str text = trim(sf_get_text(v, NULL));
    if (text.len > 0) return put_id(s, field, text, cell, f);
    cell->kind = SFO_CELL_NULL;
    return true;
}

/* ---- all of them ---- */

static bool bool_from_json(const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    sf_str text =
        sf_value_type(v) == SF_BOOL || sf_value_type(v) == SF_STRING ? sf_get_text(v, NULL) : (sf_str){ NULL, 0 };
    bool yes = sfi_str_is_nocase(text, "true");
    if (!yes && !sfi_str_is_nocase(text, "false")) return refuse_json(field, v, f);
    cell->kind = SFO_CELL_INT;
    cell->number = yes ? 1 : 0;
    return true;
}

bool sfo_cell_from_json(sfo_store *s, const sfo_field *field, sf_value v, sfo_cell *cell, sfo_fault *f)
{
    *cell = (sfo_cell){ .kind = SFO_CELL_NULL, .set = true, .given = true };
    if (sf_value_type(v) == SF_NULL) {
        if (field->type == SFO_BOOLEAN) cell->kind = SFO_CELL_INT; /* false: a boolean is never null */
        return true;
    }
    switch (field->type) {
    case SFO_ID:
    case SFO_REFERENCE: return id_from_json(s, field, v, cell, f);
    case SFO_BOOLEAN: return bool_from_json(field, v, cell, f);
    case SFO_INT:
    case SFO_LONG:
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return number_from_json(field, v, cell, f);
    case SFO_DATE:
    case SFO_DATETIME:
    case SFO_TIME: return date_from_json(s, field, v, cell, f);
    case SFO_BASE64: return blob_from_json(s, field, v, cell, f);
    default: return text_from_json(s, field, v, cell, f);
    }
}

bool sfo_cell_from_text(sfo_store *s, const sfo_field *field, sf_str text, sfo_cell *cell)
{
    double d;
    int64_t ms;
    *cell = (sfo_cell){ .kind = SFO_CELL_NULL, .set = true };
    if (text.len == 0) return true;
    switch (field->type) {
    case SFO_ID:
    case SFO_REFERENCE: return put_id(s, field, text, cell, NULL);
    case SFO_BOOLEAN:
        cell->kind = SFO_CELL_INT;
        cell->number = sfi_str_is_nocase(text, "true") ? 1 : 0;
        return cell->number == 1 || sfi_str_is_nocase(text, "false");
    case SFO_INT:
    case SFO_LONG: return sfi_parse_double(text, &d) && d == floor(d) && put_int(field, d, text, cell, NULL);
    case SFO_DOUBLE:
    case SFO_CURRENCY:
    case SFO_PERCENT: return sfi_parse_double(text, &d) && isfinite(d) && put_double(field, d, text, cell, NULL);
    case SFO_DATE:
    case SFO_DATETIME:
    case SFO_TIME: return parse_time(field, text, &ms) && put_time(s, field, ms, cell);
    case SFO_BASE64: return false;
    default: put_text(cell, sfo_scratch_text(s, trim(text))); return true;
    }
}
