/* clock.c: the two clocks, time text in and out, and random numbers. Owns nothing; any thread. Calendar arithmetic is
 * done here on whole days, so that neither the time zone nor the locale of the process plays a part. */
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>
#include "base/base_internal.h"

enum { MS_PER_SECOND = 1000, MS_PER_MINUTE = 60000, MS_PER_HOUR = 3600000, MS_PER_DAY = 86400000 };

static int64_t clock_ms(clockid_t id)
{
    struct timespec ts = { 0 };
    (void)clock_gettime(id, &ts); /* cannot fail for these clocks */
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

int64_t sfi_now_coarse_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC_COARSE);
}

int64_t sfi_wall_coarse_ms(void)
{
    return clock_ms(CLOCK_REALTIME_COARSE);
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
            ok = sfi_take_text(&s, "T") && take_clock(&s, &clock) && take_fraction(&s, &fraction) &&
                 take_zone(&s, &zone);
        }
    }
    if (!ok || s.len > 0) return false;
    *ms = day + clock + fraction - zone;
    if (kind != NULL) *kind = what;
    return true;
}

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool take_month(sf_str *s, int *month)
{
    for (int i = 0; i < 12; i++) {
        char name[4] = { months[i * 3], months[i * 3 + 1], months[i * 3 + 2], '\0' };
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

/* ---- writing: by hand, as printf could not promise that it fits ---- */

/* The decimal digits of value, count of them, and then the character behind them ('\0' ends the text). */
static char *put_digits(char *to, int64_t value, int count, char behind)
{
    for (int i = count; i-- > 0; value /= 10) to[i] = (char)('0' + value % 10);
    to[count] = behind;
    return to + count + 1;
}

static char *put_clock(char *to, int64_t ms_of_day, char behind)
{
    to = put_digits(to, ms_of_day / MS_PER_HOUR, 2, ':');
    to = put_digits(to, ms_of_day / MS_PER_MINUTE % 60, 2, ':');
    return put_digits(to, ms_of_day / MS_PER_SECOND % 60, 2, behind);
}

/* Years have four digits in all these forms; other times have no text. */
static bool split(int64_t ms, int64_t *days, int64_t *ms_of_day)
{
    static const int64_t year_0 = -62167219200000, year_10000 = 253402300800000; /* since 1970 */
    if (ms < year_0 || ms >= year_10000) return false;
    *ms_of_day = ms % MS_PER_DAY;
    if (*ms_of_day < 0) *ms_of_day += MS_PER_DAY;
    *days = (ms - *ms_of_day) / MS_PER_DAY;
    return true;
}

static char *put_date(char *to, int64_t days, char behind)
{
    int64_t y;
    int m, d;
    sfi_civil_from_days(days, &y, &m, &d);
    to = put_digits(to, y, 4, '-');
    to = put_digits(to, m, 2, '-');
    return put_digits(to, d, 2, behind);
}

void sfi_time_format(int64_t ms, char out[32])
{
    int64_t days, clock;
    out[0] = '\0';
    if (!split(ms, &days, &clock)) return;
    char *at = put_clock(put_date(out, days, 'T'), clock, '.');
    at = put_digits(at, clock % MS_PER_SECOND, 3, 'Z');
    *at = '\0';
}

void sfi_date_format(int64_t ms, char out[16])
{
    int64_t days, clock;
    out[0] = '\0';
    if (split(ms, &days, &clock)) (void)put_date(out, days, '\0');
}

void sfi_http_date_format(int64_t ms, char out[32])
{
    static const char names[] = "Thu, Fri, Sat, Sun, Mon, Tue, Wed, "; /* day 0 was a Thursday */
    int64_t days, clock, y;
    int m, d;
    out[0] = '\0';
    if (!split(ms, &days, &clock)) return;
    sfi_civil_from_days(days, &y, &m, &d);
    memcpy(out, names + (days % 7 + 7) % 7 * 5, 5);
    char *at = put_digits(out + 5, d, 2, ' ');
    memcpy(at, months + (m - 1) * 3, 3);
    at[3] = ' ';
    at = put_clock(put_digits(at + 4, y, 4, ' '), clock, ' ');
    memcpy(at, "GMT", 4);
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

void sfi_boot_id(char out[SFI_BOOT_BYTES])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, SFI_BOOT_BYTES - 1) : 0;
    if (fd >= 0) (void)close(fd); /* nothing was written */
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

uint64_t sfi_random(void)
{
    uint64_t n;
    sfi_random_bytes(&n, sizeof n);
    return n;
}
