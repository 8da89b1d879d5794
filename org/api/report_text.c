/* report_text.c: values of reports as a reader of en_US sees them, and the groups that dates belong to: see reports.h. An
 * empty value is shown as "-". */
#include "api/reports.h"
#include "json/json_internal.h"
#include "soql/format.h"
#include <math.h>

enum { DAY_MS = 86400000, TEXT_BYTES = 400 };

static char *keep(sfi_arena *arena, const char *text)
{
    return sfi_arena_strndup(arena, text, strlen(text));
}

/* A JSON string; NULL: no memory. */
static char *quote(sfi_arena *arena, sf_str text)
{
    sfi_buf b = { 0 };
    sfi_json_escape(&b, text);
    char *out = b.failed ? NULL : sfi_arena_strndup(arena, b.data, b.len);
    sfi_buf_free(&b);
    return out;
}

void sfo_report_number_label(const sfo_report_column *c, double d, char *out, size_t size)
{
    char number[360];
    sfo_type type = c != NULL ? c->field->type : SFO_INT;
    int scale = c != NULL && type != SFO_INT && type != SFO_LONG ? (int)c->field->scale : 0;
    sfo_format_number(type == SFO_CURRENCY ? fabs(d) : d, scale, number, sizeof number);
    if (type == SFO_CURRENCY)
        snprintf(out, size, "%s$%s", d < 0 ? "-" : "", number);
    else
        snprintf(out, size, "%s%s", number, type == SFO_PERCENT ? "%" : "");
}

static int64_t floor_day(int64_t ms)
{
    return ms / DAY_MS - (ms % DAY_MS < 0);
}

/* ---- one value ---- */

static bool number_text(const sfo_report_column *c, sf_value v, sfi_arena *arena, sfo_report_text *out)
{
    char label[TEXT_BYTES];
    sfi_buf value = { 0 };
    sfi_json_writer w = sfi_json_write_to(&value);
    out->number = out->order = sf_get_double(v, NULL, 0);
    sfo_report_number_label(c, out->number, label, sizeof label);
    out->label = keep(arena, label);
    if (c->field->type == SFO_CURRENCY) {
        sfi_json_begin_object(&w);
        sfi_json_key(&w, "amount");
        sfi_json_write_value(&w, v);
        sfi_json_key(&w, "currency");
        sfi_json_null(&w);
        sfi_json_end_object(&w);
    } else {
        sfi_json_write_value(&w, v);
    }
    out->value = value.failed ? NULL : keep(arena, value.data);
    sfi_buf_free(&value);
    return out->value != NULL;
}

static bool date_text(const sfo_report_column *c, sf_value v, const char *zone, sfi_arena *arena, sfo_report_text *out)
{
    char label[64], value[40];
    int64_t ms = 0;
    bool with_clock = c->field->type == SFO_DATETIME && !c->date_only;
    if (!sf_get_time_ms(v, NULL, &ms)) return false;
    int64_t local = ms;
    if (c->field->type == SFO_DATETIME) local += (int64_t)sfo_zone_offset(zone, ms) * 60000;
    out->day_ms = floor_day(local) * DAY_MS;
    out->order = (double)local;
    sfo_format_time(local, with_clock, label, sizeof label);
    if (with_clock) {
        sfi_time_format(ms / 1000 * 1000, value); /* 2024-11-23T22:10:05.000Z */
        snprintf(value + strlen(value) - 5, 2, "Z");
    } else {
        sfi_date_format(local, value);
    }
    out->label = keep(arena, label);
    out->value = quote(arena, sfi_str(value));
    return true;
}

static const char *picklist_label(const sfo_field *f, sf_str value, double *order)
{
    *order = (double)f->picklist_count; /* what is not in the list stands behind it */
    for (size_t i = 0; i < f->picklist_count; i++) {
        if (!sfi_str_is_nocase(value, f->picklist[i].value)) continue;
        *order = (double)i;
        return f->picklist[i].label != NULL ? f->picklist[i].label : f->picklist[i].value;
    }
    return NULL;
}

/* Lines of a text area are told by <br>, as the product does. */
static char *line_text(sfi_arena *arena, sf_str text)
{
    sfi_buf b = { 0 };
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            sfi_buf_add_str(&b, "<br>");
        else if (text.ptr[i] != '\r')
            sfi_buf_add_char(&b, text.ptr[i]);
    }
    char *out = b.failed ? NULL : sfi_arena_strndup(arena, b.data != NULL ? b.data : "", b.len);
    sfi_buf_free(&b);
    return out;
}

/* Opportunity.Fiscal, "2013 2", as reports have it: "Q2-2013". */
static const char *fiscal_label(sfi_arena *arena, sf_str text, double *order)
{
    int64_t year, quarter;
    char label[40];
    if (!sfi_take_int(&text, 9999, &year) || !sfi_take_text(&text, " ") || !sfi_take_int(&text, 4, &quarter))
        return NULL;
    *order = (double)(year * 4 + quarter);
    snprintf(label, sizeof label, "Q%lld-%lld", (long long)quarter, (long long)year);
    return keep(arena, label);
}

static bool other_text(const sfo_report_column *c, sf_value v, sf_value record, sfi_arena *arena, sfo_report_text *out)
{
    sf_str text = sf_get_text(v, NULL);
    if (text.ptr == NULL) return false;
    const char *label = c->field->type == SFO_PICKLIST ? picklist_label(c->field, text, &out->order) : NULL;
    if (c->field->type == SFO_BOOLEAN) {
        out->order = sf_get_bool(v, NULL, false);
        out->value = out->label = sf_get_bool(v, NULL, false) ? "true" : "false";
        return true;
    }
    bool fiscal = strcmp(c->name, "FISCAL_QUARTER") == 0 && strcmp(c->field->name, "Fiscal") == 0;
    if (fiscal && (label = fiscal_label(arena, text, &out->order)) != NULL) text = sfi_str(label);
    if (label != NULL)
        out->label = label;
    else
        out->label =
            c->field->type == SFO_TEXTAREA ? line_text(arena, text) : sfi_arena_strndup(arena, text.ptr, text.len);
    if (out->label == NULL) return false;
    sf_str value = c->id_path != NULL               ? sf_get_text(record, c->id_path)
                   : c->field->type == SFO_TEXTAREA ? sfi_str(out->label)
                                                    : text;
    out->value = value.ptr != NULL ? quote(arena, value) : NULL;
    return true;
}

bool sfo_report_text_of(const sfo_report_column *c, sf_value record, const char *zone, sfi_arena *arena,
                        sfo_report_text *out)
{
    sf_value v = sf_get(record, c->path);
    *out = (sfo_report_text){ .label = "-", .is_null = true };
    if (v.type == SF_NULL || v.type == SF_MISSING) return true;
    out->is_null = false;
    bool fine;
    if (sfo_report_is_number(c))
        fine = number_text(c, v, arena, out);
    else if (sfo_report_is_date(c))
        fine = date_text(c, v, zone, arena, out);
    else
        fine = other_text(c, v, record, arena, out);
    return fine && out->label != NULL && out->value != NULL;
}

/* ---- groups of dates ---- */

static const char *const granularities[] = { "None",    "Day",  "Week",          "Month",
                                             "Quarter", "Year", "FiscalQuarter", "FiscalYear" };

bool sfo_report_is_granularity(const char *granularity)
{
    for (size_t i = 0; i < SFI_COUNT_OF(granularities); i++)
        if (sfi_eq_nocase(granularity, granularities[i])) return true;
    return false;
}

static int64_t first_of(int64_t year, int month)
{
    return sfi_days_from_civil(year, month, 1);
}

bool sfo_report_granularity(const char *granularity, sfi_arena *arena, sfo_report_text *t)
{
    static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December" };
    int64_t day = t->day_ms / DAY_MS, year, first = day;
    int month, d;
    char label[96], value[16], from[40], to[40];
    sfi_civil_from_days(day, &year, &month, &d);
    int quarter = (month - 1) / 3;
    bool fiscal = sfi_eq_nocase(granularity, "FiscalQuarter") || sfi_eq_nocase(granularity, "FiscalYear");
    if (sfi_eq_nocase(granularity, "Month")) {
        first = first_of(year, month);
        snprintf(label, sizeof label, "%s %lld", months[month - 1], (long long)year);
    } else if (sfi_eq_nocase(granularity, "Quarter") || sfi_eq_nocase(granularity, "FiscalQuarter")) {
        first = first_of(year, quarter * 3 + 1);
        snprintf(label, sizeof label, "Q%d %s%lld", quarter + 1, fiscal ? "FY" : "CY", (long long)year);
    } else if (sfi_eq_nocase(granularity, "Year") || sfi_eq_nocase(granularity, "FiscalYear")) {
        first = first_of(year, 1);
        snprintf(label, sizeof label, "%s%lld", fiscal ? "FY" : "CY", (long long)year);
    } else if (sfi_eq_nocase(granularity, "Week")) {
        first = day - ((day + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; weeks begin on Sunday */
        sfo_format_time(first * DAY_MS, false, from, sizeof from);
        sfo_format_time((first + 6) * DAY_MS, false, to, sizeof to);
        snprintf(label, sizeof label, "%s - %s", from, to);
    } else {
        sfo_format_time(day * DAY_MS, false, label, sizeof label);
    }
    sfi_date_format(first * DAY_MS, value);
    t->order = (double)first;
    t->label = keep(arena, label);
    t->value = quote(arena, sfi_str(value));
    return t->label != NULL && t->value != NULL;
}
