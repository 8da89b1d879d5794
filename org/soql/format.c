/* format.c: see format.h. */
#include "soql/format.h"
#include <math.h>

static sf_str label_of(const sfo_field *field, sf_str value)
{
    for (size_t i = 0; i < field->picklist_count; i++)
        if (sfi_str_is_nocase(value, field->picklist[i].value))
            return field->picklist[i].label != NULL ? sfi_str(field->picklist[i].label) : value;
    return value;
}

void sfo_write_label(sfi_json_writer *w, const sfo_field *field, sqlite3_stmt *stmt, int column)
{
    sf_str value = sfo_column_text(stmt, column);
    if (value.ptr == NULL) {
        sfi_json_null(w);
        return;
    }
    if (field->type != SFO_MULTIPICKLIST) {
        sfi_json_string_n(w, label_of(field, value));
        return;
    }
    sfi_buf labels = { 0 };
    for (size_t from = 0; from <= value.len;) {
        const char *end = memchr(value.ptr + from, ';', value.len - from);
        size_t to = end != NULL ? (size_t)(end - value.ptr) : value.len;
        sf_str label = label_of(field, (sf_str){ value.ptr + from, to - from });
        if (from > 0) sfi_buf_add_char(&labels, ';');
        sfi_buf_add(&labels, label.ptr, label.len);
        from = to + 1;
    }
    sfi_json_string_n(w, labels.failed ? value : sfi_buf_str(&labels));
    sfi_buf_free(&labels);
}

void sfo_format_number(double d, int scale, char *out, size_t size)
{
    char plain[352], *p = plain;
    snprintf(plain, sizeof plain, "%.*f", scale >= 0 ? scale : 6, fabs(d));
    char *dot = strchr(plain, '.');
    if (scale < 0 && dot != NULL) {
        char *last = dot + strlen(dot) - 1;
        while (last > dot && *last == '0') *last-- = '\0';
        if (last == dot) *last = '\0';
    }
    size_t whole = strcspn(plain, "."), n = 0;
    if (d < 0 && n + 1 < size) out[n++] = '-';
    for (size_t i = 0; *p != '\0' && n + 2 < size; i++, p++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0) out[n++] = ',';
        out[n++] = *p;
    }
    out[n] = '\0';
}

void sfo_format_time(int64_t ms, bool with_clock, char *out, size_t size)
{
    int64_t days = ms / 86400000 - (ms % 86400000 < 0), y;
    int m, d, minutes = (int)((ms - days * 86400000) / 60000), hour = minutes / 60;
    sfi_civil_from_days(days, &y, &m, &d);
    int n = snprintf(out, size, "%d/%d/%lld", m, d, (long long)y);
    if (with_clock && n > 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, ", %d:%02d %s", hour % 12 == 0 ? 12 : hour % 12, minutes % 60,
                 hour < 12 ? "AM" : "PM");
}

void sfo_write_formatted(sfi_json_writer *w, const sfo_field *field, sfo_type type, const char *zone,
                         sqlite3_stmt *stmt, int column)
{
    char text[400], number[380];
    int64_t ms;
    char kind;
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL) {
        sfi_json_null(w);
        return;
    }
    switch (type) {
    case SFO_CURRENCY: {
        double d = sqlite3_column_double(stmt, column);
        sfo_format_number(fabs(d), 2, number, sizeof number);
        snprintf(text, sizeof text, "%s$%s", d < 0 ? "-" : "", number);
        break;
    }
    case SFO_PERCENT:
        sfo_format_number(sqlite3_column_double(stmt, column), -1, number, sizeof number);
        snprintf(text, sizeof text, "%s%%", number);
        break;
    case SFO_INT:
    case SFO_LONG:
    case SFO_DOUBLE:
        sfo_format_number(sqlite3_column_double(stmt, column), field != NULL && type == SFO_DOUBLE ? field->scale : -1,
                          text, sizeof text);
        break;
    case SFO_DATETIME:
        ms = sqlite3_column_int64(stmt, column);
        sfo_format_time(ms + (int64_t)sfo_zone_offset(zone, ms) * 60000, true, text, sizeof text);
        break;
    case SFO_DATE:
        if (sfi_time_parse(sfo_column_text(stmt, column), &ms, &kind)) {
            sfo_format_time(ms, false, text, sizeof text);
            break;
        }
        sfi_json_string_n(w, sfo_column_text(stmt, column));
        return;
    case SFO_BOOLEAN: sfi_json_string(w, sqlite3_column_int(stmt, column) != 0 ? "true" : "false"); return;
    default:
        if (field != NULL && (type == SFO_PICKLIST || type == SFO_MULTIPICKLIST))
            sfo_write_label(w, field, stmt, column);
        else
            sfi_json_string_n(w, sfo_column_text(stmt, column));
        return;
    }
    sfi_json_string(w, text);
}
