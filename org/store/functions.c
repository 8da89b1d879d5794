/*
 * functions.c: the collation SFTEXT and the SQL functions that compiled SOQL uses, see store.h. All are deterministic, so
 * SQLite may call them as seldom as it likes.
 */
#include <math.h>
#include "store/store_internal.h"

static sf_str text_arg(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (sf_str){ p, p != NULL ? (size_t)sqlite3_value_bytes(v) : 0 };
}

static int collate(void *user, int a_len, const void *a, int b_len, const void *b)
{
    (void)user;
    return sfo_text_compare((sf_str){ a, (size_t)a_len }, (sf_str){ b, (size_t)b_len });
}

/* ---- LIKE ---- */

typedef struct pattern_item { /* one step of a pattern */
    enum { LIKE_END, LIKE_CHAR, LIKE_ANY_ONE, LIKE_ANY_RUN } kind;
    uint32_t c;
} pattern_item;

static pattern_item next_item(const char **at, const char *end)
{
    if (*at >= end) return (pattern_item){ .kind = LIKE_END };
    uint32_t c = sfo_utf8_next(at, end);
    if (c == '%') return (pattern_item){ .kind = LIKE_ANY_RUN };
    if (c == '_') return (pattern_item){ .kind = LIKE_ANY_ONE };
    if (c == '\\' && *at < end) c = sfo_utf8_next(at, end);
    return (pattern_item){ .kind = LIKE_CHAR, .c = sfo_fold_char(c) };
}

/* Greedy with one point of return: after a mismatch the last % takes one character more. Linear for usual patterns,
 * product of the lengths at worst. */
bool sfo_text_like(sf_str pattern, sf_str value)
{
    const char *p = pattern.ptr, *p_end = pattern.ptr + pattern.len;
    const char *v = value.ptr, *v_end = value.ptr + value.len;
    const char *retry_p = NULL, *retry_v = NULL;
    for (;;) {
        const char *p_next = p;
        pattern_item item = next_item(&p_next, p_end);
        if (item.kind == LIKE_ANY_RUN) {
            retry_p = p = p_next;
            retry_v = v;
            continue;
        }
        if (item.kind == LIKE_END && v == v_end) return true;
        if (item.kind != LIKE_END && v < v_end) {
            const char *v_next = v;
            uint32_t c = sfo_fold_char(sfo_utf8_next(&v_next, v_end));
            if (item.kind == LIKE_ANY_ONE || c == item.c) {
                p = p_next;
                v = v_next;
                continue;
            }
        }
        if (retry_p == NULL || retry_v >= v_end) return false;
        (void)sfo_utf8_next(&retry_v, v_end); /* only moves on */
        p = retry_p;
        v = retry_v;
    }
}

static void fn_like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    sf_str pattern = text_arg(argv[0]), value = text_arg(argv[1]);
    sqlite3_result_int(ctx, pattern.ptr != NULL && value.ptr != NULL && sfo_text_like(pattern, value) ? 1 : 0);
}

/* ---- folding ---- */

static void fn_fold(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    sf_str s = text_arg(argv[0]);
    if (s.ptr == NULL) return;                   /* null stays null */
    char *out = sqlite3_malloc64(s.len * 2 + 4); /* upper case is at most a byte longer per two */
    if (out == NULL) {
        sqlite3_result_error_nomem(ctx);
        return;
    }
    size_t n = 0;
    for (const char *at = s.ptr, *end = s.ptr + s.len; at < end;)
        n += sfi_utf8_put(sfo_fold_char(sfo_utf8_next(&at, end)), out + n);
    sqlite3_result_text64(ctx, out, n, sqlite3_free, SQLITE_UTF8);
}

/* ---- sets of a multi-select picklist ---- */

static bool set_has(sf_str set, sf_str one)
{
    for (const char *at = set.ptr, *end = set.ptr + set.len; at <= end;) {
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        const char *stop = semicolon != NULL ? semicolon : end;
        if (sfo_text_compare((sf_str){ at, (size_t)(stop - at) }, one) == 0) return true;
        at = stop + 1;
    }
    return false;
}

/* sf_msp_has(set, 'A;B'): has all of them. */
static void fn_msp_has(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    sf_str set = text_arg(argv[0]), wanted = text_arg(argv[1]);
    bool all = set.ptr != NULL && wanted.ptr != NULL;
    for (const char *at = wanted.ptr, *end = all ? wanted.ptr + wanted.len : NULL; all && at <= end;) {
        const char *semicolon = memchr(at, ';', (size_t)(end - at));
        const char *stop = semicolon != NULL ? semicolon : end;
        all = set_has(set, (sf_str){ at, (size_t)(stop - at) });
        at = stop + 1;
    }
    sqlite3_result_int(ctx, all ? 1 : 0);
}

/* ---- distance ---- */

static void fn_distance(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    static const double degree = 3.14159265358979323846 / 180.0;
    for (int i = 0; i < argc; i++)
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) return; /* null */
    double lat1 = sqlite3_value_double(argv[0]) * degree, lon1 = sqlite3_value_double(argv[1]) * degree;
    double lat2 = sqlite3_value_double(argv[2]) * degree, lon2 = sqlite3_value_double(argv[3]) * degree;
    double a = sin((lat2 - lat1) / 2), b = sin((lon2 - lon1) / 2);
    double h = a * a + cos(lat1) * cos(lat2) * b * b; /* haversine */
    double angle = 2 * asin(h >= 1 ? 1 : sqrt(h));
    bool miles = sfi_str_is_nocase(text_arg(argv[4]), "mi");
    sqlite3_result_double(ctx, angle * (miles ? 3958.76 : 6371.009));
}

/* ---- parts of dates ---- */

typedef struct date_parts {
    int64_t year, days; /* days since 1970 */
    int month, day, hour, day_of_year;
} date_parts;

static bool split_date(sqlite3_value *v, bool is_datetime, sf_str zone, date_parts *out)
{
    int64_t ms;
    char kind, name[64];
    if (is_datetime) {
        ms = sqlite3_value_int64(v);
        (void)snprintf(name, sizeof name, "%.*s", (int)zone.len,
                       zone.ptr != NULL ? zone.ptr : ""); /* cut: unknown zone */
        ms += (int64_t)sfo_zone_offset(zone.len > 0 ? name : NULL, ms) * 60000;
    } else if (!sfi_time_parse(text_arg(v), &ms, &kind)) {
        return false;
    }
    int64_t day_ms = 86400000;
    out->days = ms / day_ms - (ms % day_ms < 0 ? 1 : 0);
    out->hour = (int)((ms - out->days * day_ms) / 3600000);
    sfi_civil_from_days(out->days, &out->year, &out->month, &out->day);
    out->day_of_year = (int)(out->days - sfi_days_from_civil(out->year, 1, 1)) + 1;
    return true;
}

static bool date_part(const char *kind, const date_parts *d, int64_t *out)
{
    /* The fiscal year of a new org is the calendar year. */
    if (sfi_eq_nocase(kind, "CALENDAR_YEAR") || sfi_eq_nocase(kind, "FISCAL_YEAR"))
        *out = d->year;
    else if (sfi_eq_nocase(kind, "CALENDAR_QUARTER") || sfi_eq_nocase(kind, "FISCAL_QUARTER"))
        *out = (d->month - 1) / 3 + 1;
    else if (sfi_eq_nocase(kind, "CALENDAR_MONTH") || sfi_eq_nocase(kind, "FISCAL_MONTH"))
        *out = d->month;
    else if (sfi_eq_nocase(kind, "DAY_IN_MONTH"))
        *out = d->day;
    else if (sfi_eq_nocase(kind, "DAY_IN_WEEK"))
        *out = ((d->days + 4) % 7 + 7) % 7 + 1; /* 1970-01-01 was a Thursday; Sunday is 1 */
    else if (sfi_eq_nocase(kind, "DAY_IN_YEAR"))
        *out = d->day_of_year;
    else if (sfi_eq_nocase(kind, "HOUR_IN_DAY"))
        *out = d->hour;
    else if (sfi_eq_nocase(kind, "WEEK_IN_MONTH"))
        *out = (d->day - 1) / 7 + 1;
    else if (sfi_eq_nocase(kind, "WEEK_IN_YEAR"))
        *out = (d->day_of_year - 1) / 7 + 1;
    else
        return false;
    return true;
}

static void fn_date_part(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
    (void)argc;
    date_parts d;
    int64_t part;
    const char *kind = (const char *)sqlite3_value_text(argv[0]);
    if (kind == NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL) return; /* null */
    if (!split_date(argv[1], sqlite3_value_int(argv[2]) != 0, text_arg(argv[3]), &d)) return;
    if (sfi_eq_nocase(kind, "DAY_ONLY")) {
        char text[16];
        sfi_date_format(d.days * 86400000, text);
        sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
    } else if (date_part(kind, &d, &part)) {
        sqlite3_result_int64(ctx, part);
    } else {
        sqlite3_result_error(ctx, "sf_date_part: unknown kind", -1);
    }
}

bool sfo_functions_register(sqlite3 *db)
{
    static const struct {
        const char *name;
        int args;
        void (*fn)(sqlite3_context *, int, sqlite3_value **);
    } functions[] = {
        { "sf_like", 2, fn_like },         { "sf_fold", 1, fn_fold },           { "sf_msp_has", 2, fn_msp_has },
        { "sf_distance", 5, fn_distance }, { "sf_date_part", 4, fn_date_part },
    };
    if (!sfo_fold_init()) return false;
    if (sqlite3_create_collation_v2(db, "SFTEXT", SQLITE_UTF8, NULL, collate, NULL) != SQLITE_OK) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(functions); i++)
        if (sqlite3_create_function_v2(db, functions[i].name, functions[i].args, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                       NULL, functions[i].fn, NULL, NULL, NULL) != SQLITE_OK)
            return false;
    return true;
}
