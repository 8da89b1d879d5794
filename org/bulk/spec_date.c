/* spec_date.c: see spec.h: dates as Java's SimpleDateFormat reads them, in English. Touches nothing but its arguments. */
#include "bulk/spec.h"

typedef struct moment {
    int year, month, day, hour, minute, second, ms, zone; /* zone: minutes east */
    bool is_pm, has_half, has_zone;
} moment;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A number of at most most digits; blanks before it are passed over. @return how many digits it has. */
static int take_number(const char **text, int most, int *out)
{
    const char *p = *text;
    int digits = 0, n = 0;
    while (*p == ' ') p++;
    while (digits < most && *p >= '0' && *p <= '9') {
        n = n * 10 + (*p++ - '0');
        digits++;
    }
    if (digits > 0) *text = p;
    *out = n;
    return digits;
}

/* One of so many names, whole or its first three letters. @return which; -1: none. */
static int take_name(const char **text, const char *const *names, int count)
{
    sf_str rest = sfi_str(*text);
    for (int i = 0; i < count; i++) {
        size_t len = strlen(names[i]);
        for (int k = 0; k < 2; k++, len = 3) {
            char word[16];
            (void)snprintf(word, sizeof word, "%.*s", (int)len, names[i]);
            if (!sfi_starts_with_nocase(rest, word) || is_letter((*text)[len])) continue;
            *text += len;
            return i;
        }
    }
    return -1;
}

static bool take_zone(const char **text, moment *m)
{
    int hours, minutes = 0;
    const char *p = *text;
    m->has_zone = true;
    for (int i = 0; i < 3; i++) {
        static const char *const utc[] = { "UTC", "GMT", "Z" };
        if (strncmp(p, utc[i], strlen(utc[i])) != 0) continue;
        p += strlen(utc[i]);
        *text = p;
        if (*p != '+' && *p != '-') return true;
        break;
    }
    if (*p != '+' && *p != '-') return false;
    int sign = *p++ == '-' ? -1 : 1;
    if (take_number(&p, 2, &hours) != 2) return false;
    if (*p == ':') p++;
    if (take_number(&p, 2, &minutes) == 1 || hours > 14 || minutes > 59) return false;
    m->zone = sign * (hours * 60 + minutes);
    *text = p;
    return true;
}

static int this_year(int64_t now_ms)
{
    char text[32];
    int year = 0;
    const char *p = text;
    sfi_time_format(now_ms, text);
    (void)take_number(&p, 4, &year);
    return year;
}

/* Of two digits: the year of that ending that is at most 80 years ago and less than 20 ahead. */
static int full_year(int year, int64_t now_ms)
{
    int now = this_year(now_ms), full = now - now % 100 + year;
    if (full >= now + 20) full -= 100;
    if (full < now - 80) full += 100;
    return full;
}

static bool take_piece(char letter, int count, bool is_tight, const char **text, int64_t now_ms, moment *m)
{
    static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                          "July",    "August",   "September", "October", "November", "December" };
    static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
    static const char *const halves[] = { "AM", "PM" };
    int most = is_tight ? count : 9, n = 0;
    while (**text == ' ') (*text)++;
    switch (letter) {
    case 'y':
    case 'u': {
        int digits = take_number(text, most, &n);
        m->year = count <= 2 && digits == 2 ? full_year(n, now_ms) : n;
        return digits > 0;
    }
    case 'M':
    case 'L':
        if (count >= 3) m->month = take_name(text, months, 12) + 1;
        return count >= 3 ? m->month > 0 : take_number(text, most, &m->month) > 0;
    case 'd': return take_number(text, most, &m->day) > 0;
    case 'H':
    case 'K': return take_number(text, most, &m->hour) > 0;
    case 'k':
    case 'h':
        if (take_number(text, most, &m->hour) == 0) return false;
        m->hour %= letter == 'k' ? 24 : 12;
        return true;
    case 'm': return take_number(text, most, &m->minute) > 0;
    case 's': return take_number(text, most, &m->second) > 0;
    case 'S': return take_number(text, most, &m->ms) > 0;
    case 'E': return take_name(text, days, 7) >= 0;
    case 'a':
        n = take_name(text, halves, 2);
        m->has_half = true;
        m->is_pm = n == 1;
        return n >= 0;
    default: return take_zone(text, m); /* z, Z, X: no other is known */
    }
}

/* The next piece of a form: a letter so many times, or (letter '\0') a character that stands for itself. false: the end. */
static bool next_piece(const char **form, bool *in_quote, char *letter, int *count, char *literal)
{
    const char *p = *form;
    *letter = '\0';
    *count = 1;
    while (*p == '\'' && p[1] != '\'') { /* ends: each round takes a quote away */
        *in_quote = !*in_quote;
        p++;
    }
    if (*p == '\0') return false;
    if (*p == '\'') p++; /* two are one */
    *literal = *p;
    if (is_letter(*p) && !*in_quote) {
        *letter = *p;
        while (p[*count] == *p) ++*count;
    }
    *form = p + *count;
    return true;
}

bool sfo_spec_date_form_is_known(const char *form)
{
    bool in_quote = false, has_any = false;
    char letter, literal;
    int count;
    while (next_piece(&form, &in_quote, &letter, &count, &literal)) {
        if (letter != '\0' && strchr("yuMLdHKkhmsSEazZX", letter) == NULL) return false;
        has_any |= letter != '\0';
    }
    return has_any && !in_quote;
}

bool sfo_spec_date(const char *form, const char *text, bool is_time, int64_t now_ms, char out[SFO_SPEC_DATE_BYTES])
{
    moment m = { .year = 1970, .month = 1, .day = 1 };
    bool in_quote = false;
    char letter, literal;
    int count;
    while (next_piece(&form, &in_quote, &letter, &count, &literal)) {
        bool is_tight = is_letter(*form) && !in_quote; /* digits run into each other */
        if (letter == '\0' ? *text++ != literal : !take_piece(letter, count, is_tight, &text, now_ms, &m)) return false;
    }
    while (*text == ' ') text++;
    if (m.has_half && m.hour > 11) return false;
    if (m.is_pm) m.hour += 12;
    if (*text != '\0' || m.year < 1 || m.ms > 999) return false;
    int east = m.zone < 0 ? -m.zone : m.zone, last = is_time ? SFO_SPEC_DATE_BYTES : (int)sizeof "2024-11-23";
    int64_t ms;
    (void)snprintf(out, SFO_SPEC_DATE_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", m.year, m.month, m.day,
                   m.hour, m.minute, m.second, m.ms, m.zone < 0 ? '-' : '+', east / 60, east % 60);
    if (!sfi_time_parse(sfi_str(out), &ms, NULL)) return false; /* no such day, or no such time */
    out[last - 1] = '\0';
    return true;
}
