/* bind.c: values in place of :name. Called by query.c; owns nothing. The one idea: a value is written as the literal of
 * its own type and checked to be one, so that no value can end its literal and become part of the statement. */
#include "rest/soql_internal.h"

enum { STATEMENT_BYTES_MAX = 64 << 20 }; /* before a long list is split */

/* Where a bind stands decides how it is written. */
typedef enum place {
    PLACE_VALUE,  /* Name = :name */
    PLACE_LIKE,   /* Name LIKE :name */
    PLACE_LIST,   /* Id IN :name */
    PLACE_IN_LIST /* Id IN (:name, …) */
} place;

/* ---- literals ---- */

/* @param is_pattern the text is the pattern of a LIKE, whose \%, \_ and \\ keep their meaning. */
static sf_status add_string(sfi_buf *out, const sf_bind *bind, const char *s, bool is_pattern, sf_error *err)
{
    size_t len = strlen(s);
    if (!sfi_utf8_valid(s, len)) return sfi_fail(err, SF_ERR_USAGE, "bind :%s is not UTF-8", bind->name);
    sfi_buf_add_char(out, '\'');
    for (size_t i = 0; i < len;) {
        size_t plain = 0;
        while (i + plain < len && (unsigned char)s[i + plain] >= 0x20 && s[i + plain] != '\'' && s[i + plain] != '\\')
            plain++;
        if (plain > 0) {
            sfi_buf_add(out, s + i, plain);
            i += plain;
            continue;
        }
        char c = s[i++];
        if (c == '\\' && is_pattern && i < len && (s[i] == '%' || s[i] == '_' || s[i] == '\\'))
            sfi_buf_addf(out, "\\%c", s[i++]);
        else if (c == '\\' || c == '\'')
            sfi_buf_addf(out, "\\%c", c);
        else if (c == '\n')
            sfi_buf_add_str(out, "\\n");
        else if (c == '\r')
            sfi_buf_add_str(out, "\\r");
        else if (c == '\t')
            sfi_buf_add_str(out, "\\t");
        else if (c == '\b')
            sfi_buf_add_str(out, "\\b");
        else if (c == '\f')
            sfi_buf_add_str(out, "\\f");
        else
            sfi_buf_addf(out, "\\u%04X", (unsigned)(unsigned char)c);
    }
    sfi_buf_add_char(out, '\'');
    return SF_OK;
}

/* SOQL knows no exponent: 1.5e-7 is written 0.00000015, with the shortest digits that give the same double back. */
static sf_status add_double(sfi_buf *out, const sf_bind *bind, double d, sf_error *err)
{
    if (!__builtin_isfinite(d)) return sfi_fail(err, SF_ERR_USAGE, "bind :%s is not a finite number", bind->name);
    char text[64];
    for (int precision = 0; precision <= 17; precision++) {
        double back;
        snprintf(text, sizeof text, "%.*e", precision, d);
        char *comma = strchr(text, ','); /* the process's locale may write one */
        if (comma != NULL) *comma = '.';
        if (sfi_parse_double(sfi_str(text), &back) && back == d) break;
    }
    /* text is [-]D[.DDD]e±XX */
    const char *s = text;
    if (*s == '-') {
        sfi_buf_add_char(out, '-');
        s++;
    }
    char digits[32];
    size_t n = 0;
    for (; *s != 'e'; s++)
        if (*s != '.') digits[n++] = *s;
    int64_t exponent = 0;
    (void)sfi_parse_int(sfi_str(s[1] == '+' ? s + 2 : s + 1), &exponent); /* snprintf wrote it */
    int64_t point = exponent + 1;                                         /* digits before the point */
    if (point <= 0) sfi_buf_add_str(out, "0.");
    for (int64_t i = point; i < 0; i++) sfi_buf_add_char(out, '0');
    for (int64_t i = 0; i < (int64_t)n || i < point; i++) {
        if (i == point && i > 0) sfi_buf_add_char(out, '.');
        sfi_buf_add_char(out, i < (int64_t)n ? digits[i] : '0');
    }
    if (point >= (int64_t)n) sfi_buf_add_str(out, ".0");
    return SF_OK;
}

static sf_status add_decimal(sfi_buf *out, const sf_bind *bind, const char *s, sf_error *err)
{
    enum { DIGITS_MAX = 400 };
    const char *at = s;
    if (*at == '-' || *at == '+') at++;
    size_t whole = strspn(at, "0123456789");
    at += whole;
    size_t fraction = 0;
    if (*at == '.') {
        fraction = strspn(++at, "0123456789");
        at += fraction;
    }
    if (*at != '\0' || whole + fraction == 0 || whole + fraction > DIGITS_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s: \"%.40s\" is not a decimal number such as -12.50 (no exponent)",
                        bind->name, s);
    sfi_buf_add_str(out, s);
    return SF_OK;
}

static sf_status add_date(sfi_buf *out, const sf_bind *bind, const char *s, sf_error *err)
{
    int64_t ms;
    char kind = 0;
    if (!sfi_time_parse(sfi_str(s), &ms, &kind) || kind != 'd')
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s: \"%.40s\" is not a date such as 2024-02-29", bind->name, s);
    sfi_buf_add_str(out, s);
    return SF_OK;
}

static sf_status add_datetime(sfi_buf *out, const sf_bind *bind, int64_t ms, sf_error *err)
{
    const int64_t first = sfi_days_from_civil(1, 1, 1) * 86400000, end = sfi_days_from_civil(10000, 1, 1) * 86400000;
    if (ms < first || ms >= end)
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s: %lld ms since 1970 is outside the years 1 to 9999", bind->name,
                        (long long)ms);
    char text[32];
    sfi_time_format(ms, text);
    sfi_buf_add_str(out, text);
    return SF_OK;
}

/* The units of the date literals, as in LAST_WEEK and LAST_N_WEEKS:n. */
static bool take_unit(sf_str *s, bool plural)
{
    static const char *const units[] = { "FISCAL_QUARTER", "FISCAL_YEAR", "QUARTER", "MONTH", "WEEK", "YEAR", "DAY" };
    for (size_t i = 0; i < SFI_COUNT_OF(units); i++) {
        size_t len = strlen(units[i]);
        if (!sfi_starts_with_nocase(*s, units[i])) continue;
        if (!plural && strcmp(units[i], "DAY") == 0) return false;
        if (plural && (s->len == len || sfi_ascii_lower(s->ptr[len]) != 's')) return false;
        *s = (sf_str){ s->ptr + len + (plural ? 1 : 0), s->len - len - (plural ? 1 : 0) };
        return true;
    }
    return false;
}

static bool take_nocase(sf_str *s, const char *prefix)
{
    if (!sfi_starts_with_nocase(*s, prefix)) return false;
    size_t len = strlen(prefix);
    *s = (sf_str){ s->ptr + len, s->len - len };
    return true;
}

/* LAST_N_DAYS, N_MONTHS_AGO …: the word before the colon. */
static bool is_counting_literal(sf_str s)
{
    if (take_nocase(&s, "LAST_N_") || take_nocase(&s, "NEXT_N_")) return take_unit(&s, true) && s.len == 0;
    return take_nocase(&s, "N_") && take_unit(&s, true) && sfi_str_is_nocase(s, "_AGO");
}

static bool is_fixed_literal(sf_str s)
{
    static const char *const words[] = { "YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS" };
    for (size_t i = 0; i < SFI_COUNT_OF(words); i++)
        if (sfi_str_is_nocase(s, words[i])) return true;
    return (take_nocase(&s, "LAST_") || take_nocase(&s, "THIS_") || take_nocase(&s, "NEXT_")) && take_unit(&s, false) &&
           s.len == 0;
}

static sf_status add_literal(sfi_buf *out, const sf_bind *bind, const char *s, sf_error *err)
{
    const char *colon = strchr(s, ':');
    sf_str word = { s, colon != NULL ? (size_t)(colon - s) : strlen(s) };
    int64_t n;
    bool ok = colon == NULL ? is_fixed_literal(word)
                            : is_counting_literal(word) && sfi_parse_int(sfi_str(colon + 1), &n) && n >= 0;
    if (!ok)
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s: \"%.60s\" is not a date literal such as TODAY or LAST_N_DAYS:30",
                        bind->name, s);
    sfi_buf_add_str(out, s);
    return SF_OK;
}

/* One value that is no list. */
static sf_status add_scalar(sfi_buf *out, const sf_bind *bind, const sf_bind_value *v, bool is_pattern, sf_error *err)
{
    bool is_text =
        v->type == SF_BIND_STR || v->type == SF_BIND_DECIMAL || v->type == SF_BIND_DATE || v->type == SF_BIND_LITERAL;
    if (v->type == SF_BIND_NULL || (is_text && v->as.str == NULL)) {
        sfi_buf_add_str(out, "null");
        return SF_OK;
    }
    switch (v->type) {
    case SF_BIND_STR: return add_string(out, bind, v->as.str, is_pattern, err);
    case SF_BIND_INT: sfi_buf_addf(out, "%lld", (long long)v->as.number); return SF_OK;
    case SF_BIND_DOUBLE: return add_double(out, bind, v->as.real, err);
    case SF_BIND_DECIMAL: return add_decimal(out, bind, v->as.str, err);
    case SF_BIND_BOOL: sfi_buf_add_str(out, v->as.number != 0 ? "true" : "false"); return SF_OK;
    case SF_BIND_DATE: return add_date(out, bind, v->as.str, err);
    case SF_BIND_DATETIME: return add_datetime(out, bind, v->as.number, err);
    case SF_BIND_LITERAL: return add_literal(out, bind, v->as.str, err);
    case SF_BIND_STR_LIST:
    case SF_BIND_LIST: return sfi_fail(err, SF_ERR_USAGE, "bind :%s: a list inside a list", bind->name);
    default: return sfi_fail(err, SF_ERR_USAGE, "bind :%s: unknown type %d", bind->name, (int)v->type);
    }
}

static sf_status add_elements(sfi_buf *out, const sf_bind *bind, sf_error *err)
{
    const sf_bind_value *v = &bind->value;
    sf_status rc = SF_OK;
    if (v->count == 0)
        return sfi_fail(err, SF_ERR_USAGE,
                        "bind :%s is an empty list, which SOQL cannot say: leave the condition (or the query) out",
                        bind->name);
    for (size_t i = 0; rc == SF_OK && i < v->count && !out->failed; i++) {
        if (i > 0) sfi_buf_add_char(out, ',');
        if (v->type == SF_BIND_STR_LIST) {
            sf_bind_value element = { SF_BIND_STR, { v->as.strs[i] }, 0 };
            rc = add_scalar(out, bind, &element, false, err);
        } else {
            rc = add_scalar(out, bind, &v->as.list[i], false, err);
        }
    }
    return rc;
}

static sf_status add_bind(sfi_buf *out, const sf_bind *bind, place where, sf_error *err)
{
    bool is_list = bind->value.type == SF_BIND_STR_LIST || bind->value.type == SF_BIND_LIST;
    if (is_list && bind->value.count > 0 && bind->value.as.list == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s: the list is NULL", bind->name);
    if (is_list && (where == PLACE_VALUE || where == PLACE_LIKE))
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s is a list, and lists stand after IN, NOT IN, INCLUDES or EXCLUDES",
                        bind->name);
    if (where == PLACE_LIST) sfi_buf_add_char(out, '(');
    sf_status rc =
        is_list ? add_elements(out, bind, err) : add_scalar(out, bind, &bind->value, where == PLACE_LIKE, err);
    if (where == PLACE_LIST) sfi_buf_add_char(out, ')');
    return rc;
}

/* ---- the statement ---- */

static sf_status check_binds(const char *soql, sf_binds binds, sf_error *err)
{
    if (soql == NULL || *soql == '\0') return sfi_fail(err, SF_ERR_USAGE, "the statement is empty");
    size_t len = strlen(soql);
    if (!sfi_utf8_valid(soql, len)) return sfi_fail(err, SF_ERR_USAGE, "the statement is not UTF-8");
    if (binds.count > SF_BINDS_MAX)
        return sfi_fail(err, SF_ERR_LIMIT, "more than SF_BINDS_MAX (%d) binds", SF_BINDS_MAX);
    if (binds.count > 0 && binds.list == NULL) return sfi_fail(err, SF_ERR_USAGE, "the list of binds is NULL");
    for (size_t i = 0; i < binds.count; i++) {
        const char *name = binds.list[i].name;
        sf_str rest = sfi_str(name);
        bool is_name = name != NULL && rest.len > 0 &&
                       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == rest.len &&
                       (name[0] < '0' || name[0] > '9');
        if (!is_name)
            return sfi_fail(err, SF_ERR_USAGE, "\"%.40s\" is not a bind's name (letters, digits, _)",
                            name != NULL ? name : "(NULL)");
        for (size_t k = 0; k < i; k++)
            if (strcmp(binds.list[k].name, name) == 0)
                return sfi_fail(err, SF_ERR_USAGE, "bind :%s has two values", name);
    }
    return SF_OK;
}

static size_t find_bind(sf_binds binds, sf_str name)
{
    size_t i = 0;
    while (i < binds.count && !sfi_str_is(name, binds.list[i].name)) i++;
    return i;
}

/* Walks the statement and remembers where in it we are. */
typedef struct walk {
    sfi_soql_token before; /* the token before this one */
    bool in_list;          /* between the parentheses of IN (…) */
} walk;

static bool takes_list(const sfi_soql_token *t)
{
    return sfi_soql_is(t, "IN") || sfi_soql_is(t, "INCLUDES") || sfi_soql_is(t, "EXCLUDES");
}

static place place_of(const walk *w)
{
    if (w->in_list) return PLACE_IN_LIST;
    if (takes_list(&w->before)) return PLACE_LIST;
    return sfi_soql_is(&w->before, "LIKE") ? PLACE_LIKE : PLACE_VALUE;
}

static void step(walk *w, const sfi_soql_token *t)
{
    if (sfi_soql_is(t, "(")) w->in_list = takes_list(&w->before);
    if (sfi_soql_is(t, ")") || sfi_soql_is(t, "SELECT")) w->in_list = false;
    w->before = *t;
}

/* LAST_N_DAYS:name takes a whole number. */
static sf_status add_count(sfi_buf *out, const sf_bind *bind, sf_error *err)
{
    if (bind->value.type != SF_BIND_INT || bind->value.as.number < 0)
        return sfi_fail(err, SF_ERR_USAGE, "bind :%s: a date literal's count is an int of 0 or more", bind->name);
    sfi_buf_addf(out, ":%lld", (long long)bind->value.as.number);
    return SF_OK;
}

sf_status sfi_soql_bind(const char *soql, sf_binds binds, sfi_buf *out, sf_error *err)
{
    sf_status rc = check_binds(soql, binds, err);
    if (rc != SF_OK) return rc;
    bool used[SF_BINDS_MAX] = { false };
    walk w = { 0 };
    out->max = STATEMENT_BYTES_MAX;
    sf_str rest = sfi_str(soql);
    const char *copied = soql;
    for (;;) {
        sfi_soql_token t = sfi_soql_next(&rest);
        if (t.kind == SFI_SOQL_END) break;
        if (t.kind == SFI_SOQL_OPEN && binds.count > 0)
            return sfi_fail(err, SF_ERR_USAGE, "the string that begins at byte %zu is never closed",
                            (size_t)(t.text.ptr - soql));
        if (t.kind == SFI_SOQL_BIND) {
            size_t i = find_bind(binds, t.text);
            if (i == binds.count)
                return sfi_fail(err, SF_ERR_USAGE, "bind :%.*s at byte %zu has no value",
                                (int)(t.text.len < 60 ? t.text.len : 60), t.text.ptr, (size_t)(t.text.ptr - soql) - 1);
            used[i] = true;
            sfi_buf_add(out, copied, (size_t)(t.text.ptr - 1 - copied));
            copied = t.text.ptr + t.text.len;
            bool counts = w.before.kind == SFI_SOQL_WORD && is_counting_literal(w.before.text);
            rc = counts ? add_count(out, &binds.list[i], err) : add_bind(out, &binds.list[i], place_of(&w), err);
            if (rc != SF_OK) return rc;
        }
        step(&w, &t);
    }
    sfi_buf_add(out, copied, strlen(copied));
    for (size_t i = 0; i < binds.count; i++)
        if (!used[i]) return sfi_fail(err, SF_ERR_USAGE, "the statement has no :%s", binds.list[i].name);
    return sfi_buf_status(out, err, "the statement");
}
