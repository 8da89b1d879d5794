/* report_filter.c: the filters of a report as the WHERE of a SOQL statement: see reports.h. Each filter becomes one
 * condition in parentheses; the filter logic puts them together, where it is there. */
#include "api/reports.h"
#include "soql/ast.h"
#include "soql/dates.h"

enum { VALUES_MAX = 200, LOGIC_DEPTH_MAX = 50, DAY_MS = 86400000 };

typedef struct where {
    const sfo_report *report;
    const char *zone;
    sfi_buf *out;
    sfo_fault *f;
} where;

/* ---- values ---- */

/* 'It\'s'; for LIKE with % at either end, the wildcards of the text itself escaped. */
static void add_string(sfi_buf *out, sf_str text, bool before, bool after)
{
    sfi_buf_add_char(out, '\'');
    if (before) sfi_buf_add_char(out, '%');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\n' || c == '\r') {
            sfi_buf_add_str(out, c == '\n' ? "\\n" : "\\r");
            continue;
        }
        if (c == '\'' || c == '\\') sfi_buf_add_char(out, '\\');
        if (c == '\\' && (before || after)) sfi_buf_add_str(out, "\\\\");
        if ((c == '%' || c == '_') && (before || after)) sfi_buf_add_char(out, '\\');
        sfi_buf_add_char(out, c);
    }
    if (after) sfi_buf_add_char(out, '%');
    sfi_buf_add_char(out, '\'');
}

/* a, "b, c", d: several values, quotes around what holds a comma. *rest moves on; false: no more. */
static bool next_value(sf_str *rest, sf_str *out)
{
    if (rest->ptr == NULL) return false;
    sf_str text = sfi_trim(*rest);
    const char *end;
    if (text.len > 1 && text.ptr[0] == '"' && (end = memchr(text.ptr + 1, '"', text.len - 1)) != NULL) {
        *out = (sf_str){ text.ptr + 1, (size_t)(end - text.ptr - 1) };
        sf_str behind = sfi_trim((sf_str){ end + 1, text.len - (size_t)(end + 1 - text.ptr) });
        if (behind.len == 0) {
            *rest = (sf_str){ NULL, 0 };
            return true;
        }
        if (behind.ptr[0] == ',') {
            *rest = (sf_str){ behind.ptr + 1, behind.len - 1 };
            return true;
        }
    }
    const char *comma = text.len > 0 ? memchr(text.ptr, ',', text.len) : NULL;
    size_t len = comma != NULL ? (size_t)(comma - text.ptr) : text.len;
    *out = sfi_trim((sf_str){ text.ptr, len });
    *rest = comma != NULL ? (sf_str){ comma + 1, text.len - len - 1 } : (sf_str){ NULL, 0 };
    return true;
}

/* ---- operators ---- */

typedef struct operator_words {
    const char *name, *soql;
    bool negative; /* several values: all must hold */
} operator_words;

static const operator_words *find_operator(const char *name)
{
    static const operator_words all[] = {
        { "equals", "=", false },          { "notEqual", "!=", true },       { "lessThan", "<", false },
        { "greaterThan", ">", false },     { "lessOrEqual", "<=", false },   { "greaterOrEqual", ">=", false },
        { "contains", "LIKE", false },     { "notContain", "LIKE", true },   { "startsWith", "LIKE", false },
        { "includes", "INCLUDES", false }, { "excludes", "EXCLUDES", true },
    };
    for (size_t i = 0; i < SFI_COUNT_OF(all); i++)
        if (sfi_eq_nocase(name, all[i].name)) return &all[i];
    return NULL;
}

static bool bad_operator(const where *w, const sfo_report_filter *filter)
{
    return sfo_report_bad(w->f, "Specify a valid condition because %.60s is invalid.", filter->op);
}

/* ---- texts ---- */

static void add_text_condition(const where *w, const sfo_report_filter *filter, const operator_words *op, sf_str value)
{
    bool like = strcmp(op->soql, "LIKE") == 0;
    if (like && op->negative) sfi_buf_add_str(w->out, "(NOT ");
    sfi_buf_addf(w->out, "%s %s ", filter->column->path, value.len == 0 && like ? "=" : op->soql);
    if (value.len == 0)
        sfi_buf_add_str(w->out, "null");
    else
        add_string(w->out, value, like && !sfi_eq_nocase(op->name, "startsWith"), like);
    if (like && op->negative) sfi_buf_add_char(w->out, ')');
}

static bool add_text_filter(const where *w, const sfo_report_filter *filter, const operator_words *op)
{
    sf_str rest = sfi_str(filter->value), value;
    sfo_type type = filter->column->field->type;
    bool id = type == SFO_ID || type == SFO_REFERENCE;
    if ((id && !sfi_eq_nocase(op->name, "equals") && !sfi_eq_nocase(op->name, "notEqual")))
        return bad_operator(w, filter);
    for (size_t n = 0; next_value(&rest, &value); n++) {
        sf_id full;
        if (n == VALUES_MAX) return sfo_report_bad(w->f, "A filter has at most %d values.", VALUES_MAX);
        if (id && value.len > 0 && !sfo_id_normalize(value, &full))
            return sfo_report_bad(
                w->f,
                "The filter value for ID %.*s is incorrect. Specify an ID that is 15 or 18 characters "
                "long, such as 006D000000CrRLw or 005U0000000Rg2CIAS.",
                (int)(value.len < 100 ? value.len : 100), value.ptr);
        if (n > 0) sfi_buf_add_str(w->out, op->negative ? " AND " : " OR ");
        add_text_condition(w, filter, op, value);
    }
    return true;
}

static bool add_multi_filter(const where *w, const sfo_report_filter *filter, const operator_words *op)
{
    sf_str rest = sfi_str(filter->value), value;
    bool set = strcmp(op->soql, "INCLUDES") == 0 || strcmp(op->soql, "EXCLUDES") == 0;
    if (!set) {
        if (op->soql[0] != '=' && op->soql[0] != '!') return bad_operator(w, filter);
        add_text_condition(w, filter, op, sfi_str(filter->value));
        return true;
    }
    sfi_buf_addf(w->out, "%s %s (", filter->column->path, op->soql);
    for (size_t n = 0; next_value(&rest, &value); n++) {
        if (n == VALUES_MAX) return sfo_report_bad(w->f, "A filter has at most %d values.", VALUES_MAX);
        if (n > 0) sfi_buf_add_char(w->out, ',');
        add_string(w->out, value, false, false);
    }
    sfi_buf_add_char(w->out, ')');
    return true;
}

/* ---- numbers and booleans ---- */

static bool is_ordering(const operator_words *op)
{
    return strchr("=!<>", op->soql[0]) != NULL;
}

/* "$75,000", "50%", "1e3" as SOQL has it. */
static bool add_number_filter(const where *w, const sfo_report_filter *filter, const operator_words *op)
{
    char plain[64];
    size_t n = 0;
    double d;
    sf_str text = sfi_trim(sfi_str(filter->value));
    if (!is_ordering(op)) return bad_operator(w, filter);
    if (text.len == 0) {
        if (op->soql[0] != '=' && op->soql[0] != '!') return bad_operator(w, filter);
        return sfi_buf_addf(w->out, "%s %s null", filter->column->path, op->soql);
    }
    for (size_t i = 0; i < text.len && n < sizeof plain; i++)
        if (strchr("$,% \"", text.ptr[i]) == NULL) plain[n++] = text.ptr[i];
    if (n == sizeof plain || !sfi_parse_double((sf_str){ plain, n }, &d))
        return sfo_report_bad(w->f, "The filter value %.100s of the column %s is not a number.", filter->value,
                              filter->column->name);
    sfi_buf_addf(w->out, "%s %s ", filter->column->path, op->soql);
    sfi_buf_add(w->out, plain, n);
    return true;
}

static bool add_boolean_filter(const where *w, const sfo_report_filter *filter, const operator_words *op)
{
    sf_str text = sfi_trim(sfi_str(filter->value));
    bool yes = sfi_str_is_nocase(text, "true") || sfi_str_is(text, "1");
    if (op->soql[0] != '=' && op->soql[0] != '!') return bad_operator(w, filter);
    if (!yes && text.len > 0 && !sfi_str_is_nocase(text, "false") && !sfi_str_is(text, "0"))
        return sfo_report_bad(w->f, "The filter value %.100s of the column %s is neither True nor False.",
                              filter->value, filter->column->name);
    return sfi_buf_addf(w->out, "%s %s %s", filter->column->path, op->soql, yes ? "true" : "false");
}

/* ---- dates ---- */

/* "LAST 7 Days", "LAST_N_DAYS:7", "this month" into SOQL's literal. */
static bool date_literal(sf_str text, char *out, size_t size)
{
    size_t n = 0;
    char number[16] = "";
    size_t digits = 0;
    if (text.len + 8 >= size) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool inside = c >= '0' && c <= '9' && i > 0 && (text.ptr[i - 1] == ' ' || digits > 0);
        if (inside && digits + 1 < sizeof number) {
            if (digits == 0) out[n++] = 'N';
            number[digits++] = c;
        } else if (c == ' ') {
            out[n++] = '_';
        } else {
            out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        }
    }
    out[n] = '\0';
    const char *colon = strchr(out, ':');
    int range = sfo_range_find((sf_str){ out, colon != NULL ? (size_t)(colon - out) : n });
    if (range < 0) return false;
    bool has_n = colon != NULL || digits > 0;
    if (colon != NULL && (colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))) return false;
    if (has_n != sfo_range_at(range)->takes_n) return false;
    if (digits > 0) snprintf(out + n, size - n, ":%s", number);
    return true;
}

/* 2024-01-31, 2024-01-31T10:00:00Z, 1/31/2024. kind: 'd' or 'D'. */
static bool parse_date(sf_str text, int64_t *ms, char *kind)
{
    int64_t month, day, year;
    sf_str rest = text;
    if (sfi_take_int(&rest, 12, &month) && sfi_take_text(&rest, "/") && sfi_take_int(&rest, 31, &day) &&
        sfi_take_text(&rest, "/") && sfi_take_int(&rest, 9999, &year) && rest.len == 0 && month > 0 && day > 0) {
        int64_t back_year;
        int back_month, back_day;
        *ms = sfi_days_from_civil(year, (int)month, (int)day) * DAY_MS;
        sfi_civil_from_days(*ms / DAY_MS, &back_year, &back_month, &back_day);
        *kind = 'd';
        return back_month == month && back_day == day && year >= 1700;
    }
    if (text.len == 19 && text.ptr[10] == ' ') { /* 2021-02-09 23:59:59 */
        char copy[24];
        snprintf(copy, sizeof copy, "%.10sT%.8sZ", text.ptr, text.ptr + 11);
        return sfi_time_parse(sfi_str(copy), ms, kind) && *kind == 'D';
    }
    return sfi_time_parse(text, ms, kind) && (*kind == 'd' || *kind == 'D');
}

/* The moment as the column's type wants it. days: so many days later. */
static void add_moment(const where *w, const sfo_report_column *c, int64_t ms, char kind, int days)
{
    char text[32];
    ms += (int64_t)days * DAY_MS;
    if (c->field->type == SFO_DATE) {
        sfi_date_format(ms, text);
        text[10] = '\0';
    } else {
        if (kind == 'd') ms -= (int64_t)sfo_zone_offset(w->zone, ms) * 60000; /* the day of the user's zone */
        sfi_time_format(ms, text);
    }
    sfi_buf_add_str(w->out, text);
}

static void add_compare(const where *w, const sfo_report_column *c, const char *op, int64_t ms, char kind, int days)
{
    sfi_buf_addf(w->out, "%s %s ", c->path, op);
    add_moment(w, c, ms, kind, days);
}

static bool add_date_value(const where *w, const sfo_report_filter *filter, const operator_words *op, sf_str value)
{
    const sfo_report_column *c = filter->column;
    char literal[80], kind;
    int64_t ms;
    if (value.len == 0) return sfi_buf_addf(w->out, "%s %s null", c->path, op->soql);
    if (date_literal(value, literal, sizeof literal))
        return sfi_buf_addf(w->out, "%s %s %s", c->path, op->soql, literal);
    if (!parse_date(value, &ms, &kind))
        return sfo_report_bad(w->f,
                              "Filter the date in the correct format. Accepted formats are yyyy-MM-dd'T'HH:mm:ss'Z' "
                              "and yyyy-MM-dd.");
    bool whole_day = kind == 'd' && c->field->type == SFO_DATETIME;
    if (!whole_day) {
        add_compare(w, c, op->soql, ms, kind, 0);
    } else if (op->soql[0] == '=') {
        add_compare(w, c, ">=", ms, kind, 0);
        sfi_buf_add_str(w->out, " AND ");
        add_compare(w, c, "<", ms, kind, 1);
    } else if (op->soql[0] == '!') {
        sfi_buf_addf(w->out, "%s = null OR ", c->path);
        add_compare(w, c, "<", ms, kind, 0);
        sfi_buf_add_str(w->out, " OR ");
        add_compare(w, c, ">=", ms, kind, 1);
    } else { /* < day, <= its end, > its end, >= day */
        bool or_equal = op->soql[1] == '=', less = op->soql[0] == '<';
        add_compare(w, c, less ? "<" : ">=", ms, kind, less == or_equal);
    }
    return true;
}

static bool add_date_filter(const where *w, const sfo_report_filter *filter, const operator_words *op)
{
    sf_str rest = sfi_str(filter->value), value;
    if (!is_ordering(op)) return bad_operator(w, filter);
    for (size_t n = 0; next_value(&rest, &value); n++) {
        if (n == VALUES_MAX) return sfo_report_bad(w->f, "A filter has at most %d values.", VALUES_MAX);
        if (n > 0) sfi_buf_add_str(w->out, op->negative ? " AND " : " OR ");
        sfi_buf_add_char(w->out, '(');
        if (!add_date_value(w, filter, op, value)) return false;
        sfi_buf_add_char(w->out, ')');
    }
    return true;
}

/* ---- one filter ---- */

static bool add_filter(const where *w, size_t i)
{
    const sfo_report_filter *filter = &w->report->filters[i];
    const operator_words *op = find_operator(filter->op);
    bool ok = true;
    if (op == NULL) return bad_operator(w, filter);
    if (w->out->len > (size_t)SFO_SOQL_TEXT_MAX * 4) /* logic may name a filter as often as it likes */
        return sfo_report_bad(w->f, "We ran into an error when running this report: Query is either selecting too many "
                                    "fields or the filter conditions are too complicated.");
    sfi_buf_add_char(w->out, '(');
    if (sfo_report_is_number(filter->column)) {
        ok = add_number_filter(w, filter, op);
    } else if (sfo_report_is_date(filter->column)) {
        ok = add_date_filter(w, filter, op);
    } else if (filter->column->field->type == SFO_BOOLEAN) {
        ok = add_boolean_filter(w, filter, op);
    } else if (filter->column->field->type == SFO_MULTIPICKLIST) {
        ok = add_multi_filter(w, filter, op);
    } else if (strcmp(op->soql, "INCLUDES") == 0 || strcmp(op->soql, "EXCLUDES") == 0) {
        ok = bad_operator(w, filter);
    } else {
        ok = add_text_filter(w, filter, op);
    }
    sfi_buf_add_char(w->out, ')');
    return ok;
}

/* ---- filter logic: 1 AND (2 OR NOT 3) ---- */

typedef struct logic {
    const where *w;
    sf_str rest;
    int depth;
    bool used[SFO_REPORT_FILTERS_MAX];
} logic;

static bool take_word(logic *l, const char *word)
{
    sf_str s = sfi_trim(l->rest);
    size_t len = strlen(word);
    if (!sfi_starts_with_nocase(s, word)) return false;
    char after = s.len > len ? s.ptr[len] : ' ';
    if (after != ' ' && after != '(' && after != '\t') return false;
    l->rest = (sf_str){ s.ptr + len, s.len - len };
    return true;
}

static bool take_character(logic *l, const char *c)
{
    l->rest = sfi_trim(l->rest);
    return sfi_take_text(&l->rest, c);
}

static bool bad_logic(const logic *l)
{
    return sfo_report_bad(l->w->f, "The filter logic is not valid: %.200s", l->w->report->boolean_filter);
}

static bool add_or(logic *l);

static bool add_factor(logic *l)
{
    int64_t n;
    if (++l->depth > LOGIC_DEPTH_MAX) return bad_logic(l);
    bool negated = take_word(l, "NOT");
    if (negated) sfi_buf_add_str(l->w->out, "(NOT ");
    bool ok, is_twice = negated && take_word(l, "NOT");
    if (!is_twice && take_character(l, "(")) {
        sfi_buf_add_char(l->w->out, '(');
        ok = add_or(l) && (take_character(l, ")") || bad_logic(l));
        sfi_buf_add_char(l->w->out, ')');
    } else if (!is_twice && sfi_take_int(&l->rest, 1000, &n)) {
        if (n < 1 || (size_t)n > l->w->report->filter_count)
            return sfo_report_bad(l->w->f, "The filter logic references an undefined filter: %lld.", (long long)n);
        l->used[n - 1] = true;
        ok = add_filter(l->w, (size_t)n - 1);
    } else {
        ok = bad_logic(l);
    }
    if (negated) sfi_buf_add_char(l->w->out, ')');
    l->depth--;
    return ok;
}

/* SOQL wants parentheses where AND and OR meet, so every row of ANDs gets them. */
static bool add_and(logic *l)
{
    sfi_buf_add_char(l->w->out, '(');
    bool ok = add_factor(l);
    while (ok && take_word(l, "AND")) {
        sfi_buf_add_str(l->w->out, " AND ");
        ok = add_factor(l);
    }
    sfi_buf_add_char(l->w->out, ')');
    return ok;
}

static bool add_or(logic *l)
{
    bool ok = add_and(l);
    while (ok && take_word(l, "OR")) {
        sfi_buf_add_str(l->w->out, " OR ");
        ok = add_and(l);
    }
    return ok;
}

static bool add_logic(const where *w)
{
    logic l = { .w = w, .rest = sfi_str(w->report->boolean_filter) };
    if (!add_or(&l)) return false;
    if (sfi_trim(l.rest).len > 0) return bad_logic(&l);
    for (size_t i = 0; i < w->report->filter_count; i++)
        if (!l.used[i])
            return sfo_report_bad(w->f, "Some filter conditions are defined but not referenced in your filter logic.");
    return true;
}

/* ---- the dates that every report may have ---- */

static bool add_bound(const where *w, const char *text, const char *which, const char *op, int days)
{
    const sfo_report_column *c = w->report->date_column;
    int64_t ms;
    char kind;
    if (text == NULL || text[0] == '\0') return true;
    if (!parse_date(sfi_str(text), &ms, &kind))
        return sfo_report_bad(
            w->f, "The specified %s date of %.100s specified for the standard date filter is invalid.", which, c->name);
    sfi_buf_add_str(w->out, " AND ");
    bool whole_day = c->field->type == SFO_DATETIME && kind == 'd';
    add_compare(w, c, days > 0 && whole_day ? "<" : op, ms, kind, whole_day ? days : 0);
    return true;
}

static bool add_dates(const where *w)
{
    const sfo_report *r = w->report;
    char literal[80];
    if (r->date_column == NULL) return true;
    if (r->date_duration == NULL || sfi_eq_nocase(r->date_duration, "CUSTOM"))
        return add_bound(w, r->date_start, "start", ">=", 0) && add_bound(w, r->date_end, "end", "<=", 1);
    if (!date_literal(sfi_str(r->date_duration), literal, sizeof literal))
        return sfo_report_bad(w->f, "The duration %.100s specified for the standard date filter is invalid.",
                              r->date_duration);
    return sfi_buf_addf(w->out, " AND %s = %s", r->date_column->path, literal);
}

bool sfo_report_where(const sfo_report *report, const char *user_id, const char *zone, sfi_buf *out, sfo_fault *f)
{
    where w = { .report = report, .zone = zone, .out = out, .f = f };
    bool has_owner = sfo_object_field(report->type->object, SFI_STR("OwnerId")) != NULL;
    sfi_buf_add_str(out, " WHERE Id != null");
    if (report->mine && has_owner) sfi_buf_addf(out, " AND OwnerId = '%s'", user_id);
    if (!add_dates(&w)) return false;
    bool has_logic = report->boolean_filter != NULL && report->boolean_filter[0] != '\0';
    if (report->filter_count == 0 && !has_logic) return true;
    sfi_buf_add_str(out, " AND (");
    bool ok = true;
    if (has_logic) {
        ok = add_logic(&w);
    } else {
        for (size_t i = 0; ok && i < report->filter_count; i++) {
            if (i > 0) sfi_buf_add_str(out, " AND ");
            ok = add_filter(&w, i);
        }
    }
    sfi_buf_add_char(out, ')');
    return ok;
}
