/* clock.c: the two clocks, time text in and out, and random numbers. Owns nothing; any thread. Calendar arithmetic is
 * done here on whole days, so that neither the time zone nor the locale of the process plays a part. */
#include <errno.h>
#include <sys/random.h>
#include "base/base_internal.h"

enum { MS_PER_SECOND = 1000, MS_PER_MINUTE = 60000, MS_PER_HOUR = 3600000, MS_PER_DAY = 86400000 };

static int64_t clock_ms(clockid_t id)
{
    struct timespec ts = { 0 };
    (void)clock_gettime(id, &ts); /* cannot fail for these two clocks */
    return (int64_t)ts.tv_sec * MS_PER_SECOND + ts.tv_nsec / 1000000;
}

int64_t sfi_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

int64_t sfi_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

/* ---- the calendar: 400 years are always 146097 days; years are counted from 1 March, so that a leap day comes last ---- */

int64_t sfi_days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2 ? 1 : 0;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

void sfi_civil_from_days(int64_t days, int64_t *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    *d = (int)(day_of_year - (153 * month + 2) / 5 + 1);
    *m = (int)(month < 10 ? month + 3 : month - 9);
    *y = year_of_era + era * 400 + (*m <= 2 ? 1 : 0);
}

/* ---- reading ---- */

static bool take_digits(sf_str *s, size_t count, int *out)
{
    if (s->len < count) return false;
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9') return false;
        value = value * 10 + (s->ptr[i] - '0');
    }
    s->ptr += count;
    s->len -= count;
    *out = value;
    return true;
}

static bool is_day(int y, int m, int d)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (m < 1 || m > 12 || d < 1) return false;
    bool is_leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return d <= lengths[m - 1] + (m == 2 && is_leap ? 1 : 0);
}

static bool take_date(sf_str *s, int64_t *ms)
{
    int y, m, d;
    if (!take_digits(s, 4, &y) || !sfi_take_text(s, "-") || !take_digits(s, 2, &m) || !sfi_take_text(s, "-") ||
        !take_digits(s, 2, &d) || !is_day(y, m, d))
        return false;
    *ms = sfi_days_from_civil(y, m, d) * MS_PER_DAY;
    return true;
}

/* 22:10:05 */
static bool take_clock(sf_str *s, int64_t *ms)
{
    int hour, minute, second;
    if (!take_digits(s, 2, &hour) || !sfi_take_text(s, ":") || !take_digits(s, 2, &minute) || !sfi_take_text(s, ":") ||
        !take_digits(s, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    *ms = hour * (int64_t)MS_PER_HOUR + minute * MS_PER_MINUTE + second * MS_PER_SECOND;
    return true;
}

/* .000 with any number of digits, of which three count; none at all is right too. */
static bool take_fraction(sf_str *s, int64_t *ms)
{
    *ms = 0;
    if (!sfi_take_text(s, ".")) return true;
    int digit;
    int64_t unit = 100;
    size_t before = s->len;
    while (take_digits(s, 1, &digit)) {
        *ms += digit * unit;
        unit /= 10;
    }
    return s->len < before;
}

/* Z, +0000 or +00:00; ms gets what must be taken off to reach UTC. */
static bool take_zone(sf_str *s, int64_t *ms)
{
    *ms = 0;
    if (sfi_take_text(s, "Z")) return true;
    bool is_west = sfi_take_text(s, "-");
    int hour, minute;
    if (!is_west && !sfi_take_text(s, "+")) return false;
    if (!take_digits(s, 2, &hour)) return false;
    (void)sfi_take_text(s, ":"); /* optional */
    if (!take_digits(s, 2, &minute) || hour > 23 || minute > 59) return false;
    *ms = (hour * (int64_t)MS_PER_HOUR + minute * MS_PER_MINUTE) * (is_west ? -1 : 1);
    return true;
}

bool sfi_time_parse(sf_str s, int64_t *ms, char *kind)
{
    int64_t day = 0, clock = 0, fraction = 0, zone = 0;
    char what = 'd';
    bool ok;
    if (s.len >= 3 && s.ptr[2] == ':') {
        what = 't';
        ok = take_clock(&s, &clock) && take_fraction(&s, &fraction);
        if (ok) (void)sfi_take_text(&s, "Z"); /* a time of day has no zone; the org writes Z behind it */
    } else {
        ok = take_date(&s, &day);
        if (ok && s.len > 0) {
            what = 'D';
            ok = sfi_take_text(&s, "T") && take_clock(&s, &clock) && take_fraction(&s, &fraction) && take_zone(&s, &zone);
        }
    }
    if (!ok || s.len > 0) return false;
    *ms = day + clock + fraction - zone;
    if (kind != NULL) *kind = what;
    return true;
}

static bool take_month(sf_str *s, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        char name[4] = { names[i * 3], names[i * 3 + 1], names[i * 3 + 2], '\0' };
        *month = i + 1;
        if (sfi_take_text(s, name)) return true;
    }
    return false;
}

bool sfi_http_date_parse(sf_str s, int64_t *ms)
{
    const char *comma = s.len > 0 ? memchr(s.ptr, ',', s.len) : NULL;
    if (comma == NULL) return false; /* the day's name is not needed: it follows from the date */
    sf_str rest = sfi_trim((sf_str){ comma + 1, s.len - (size_t)(comma + 1 - s.ptr) });
    int y, m, d;
    int64_t clock;
    if (!take_digits(&rest, 2, &d) && !take_digits(&rest, 1, &d)) return false;
    if (!sfi_take_text(&rest, " ") || !take_month(&rest, &m) || !sfi_take_text(&rest, " ") ||
        !take_digits(&rest, 4, &y) || !sfi_take_text(&rest, " ") || !take_clock(&rest, &clock) ||
        !sfi_str_is(rest, " GMT") || !is_day(y, m, d))
        return false;
    *ms = sfi_days_from_civil(y, m, d) * MS_PER_DAY + clock;
    return true;
}

/* ---- writing ---- */

typedef struct moment {
    int64_t days, year;
    int month, day, hour, minute, second, ms;
} moment;

static moment moment_of(int64_t ms)
{
    int rest = (int)(ms % MS_PER_DAY);
    int64_t days = ms / MS_PER_DAY - (rest < 0 ? 1 : 0); /* rounded down, before 1970 too */
    if (rest < 0) rest += MS_PER_DAY;
    moment m = { .days = days, .hour = rest / MS_PER_HOUR, .minute = rest / MS_PER_MINUTE % 60 };
    m.second = rest / MS_PER_SECOND % 60;
    m.ms = rest % MS_PER_SECOND;
    sfi_civil_from_days(days, &m.year, &m.month, &m.day);
    return m;
}

void sfi_time_format(int64_t ms, char out[32])
{
    moment m = moment_of(ms);
    (void)snprintf(out, 32, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)m.year, m.month, m.day, m.hour, m.minute,
                   m.second, m.ms); /* fits: int64_t milliseconds reach a year of nine digits */
}

void sfi_date_format(int64_t ms, char out[16])
{
    moment m = moment_of(ms);
    (void)snprintf(out, 16, "%04lld-%02d-%02d", (long long)m.year, m.month, m.day);
}

void sfi_http_date_format(int64_t ms, char out[32])
{
    static const char days[7][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }; /* day 0 was a Thursday */
    static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    moment m = moment_of(ms);
    (void)snprintf(out, 32, "%s, %02d %s %04lld %02d:%02d:%02d GMT", days[(m.days % 7 + 7) % 7], m.day,
                   months[m.month - 1], (long long)m.year, m.hour, m.minute, m.second);
}

/* ---- random numbers ---- */

void sfi_random_bytes(void *out, size_t len)
{
    char *at = out;
    while (len > 0) { /* ends: the system's generator always has more */
        ssize_t n = getrandom(at, len, 0);
        if (n < 0 && errno != EINTR) abort(); /* never on Linux 3.17 and later; a guessable key would be worse */
        if (n <= 0) continue;
        at += n;
        len -= (size_t)n;
    }
}

uint64_t sfi_random(void)
{
    uint64_t n;
    sfi_random_bytes(&n, sizeof n);
    return n;
}
