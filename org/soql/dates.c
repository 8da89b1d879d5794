/*
 * dates.c: see dates.h. Every literal is one row of a table: a unit and how many units from the current one it begins
 * and ends. The DAYS family counts from today and includes it on the LAST side; the others leave the current unit out.
 */
#include "soql/dates.h"

#define FIXED(prefix_last, prefix_this, prefix_next, u)                                                                \
    { prefix_last, u, false, -1, 0, -1, 0 }, { prefix_this, u, false, 0, 0, 0, 0 },                                    \
    {                                                                                                                  \
        prefix_next, u, false, 1, 0, 1, 0                                                                              \
    }
#define COUNTED(name, u)                                                                                               \
    { "LAST_N_" name, u, true, 0, -1, -1, 0 }, { "NEXT_N_" name, u, true, 1, 0, 0, 1 },                                \
    {                                                                                                                  \
        "N_" name "_AGO", u, true, 0, -1, 0, -1                                                                        \
    }

static const sfo_range ranges[] = {
    FIXED("YESTERDAY", "TODAY", "TOMORROW", SFO_UNIT_DAY),
    FIXED("LAST_WEEK", "THIS_WEEK", "NEXT_WEEK", SFO_UNIT_WEEK),
    FIXED("LAST_MONTH", "THIS_MONTH", "NEXT_MONTH", SFO_UNIT_MONTH),
    FIXED("LAST_QUARTER", "THIS_QUARTER", "NEXT_QUARTER", SFO_UNIT_QUARTER),
    FIXED("LAST_YEAR", "THIS_YEAR", "NEXT_YEAR", SFO_UNIT_YEAR),
    FIXED("LAST_FISCAL_QUARTER", "THIS_FISCAL_QUARTER", "NEXT_FISCAL_QUARTER", SFO_UNIT_QUARTER),
    FIXED("LAST_FISCAL_YEAR", "THIS_FISCAL_YEAR", "NEXT_FISCAL_YEAR", SFO_UNIT_YEAR),
    { "LAST_90_DAYS", SFO_UNIT_DAY, false, -90, 0, 0, 0 },
    { "NEXT_90_DAYS", SFO_UNIT_DAY, false, 1, 0, 90, 0 },
    { "LAST_N_DAYS", SFO_UNIT_DAY, true, 0, -1, 0, 0 },
    { "NEXT_N_DAYS", SFO_UNIT_DAY, true, 1, 0, 0, 1 },
    { "N_DAYS_AGO", SFO_UNIT_DAY, true, 0, -1, 0, -1 },
    COUNTED("WEEKS", SFO_UNIT_WEEK),
    COUNTED("MONTHS", SFO_UNIT_MONTH),
    COUNTED("QUARTERS", SFO_UNIT_QUARTER),
    COUNTED("YEARS", SFO_UNIT_YEAR),
    COUNTED("FISCAL_QUARTERS", SFO_UNIT_QUARTER),
    COUNTED("FISCAL_YEARS", SFO_UNIT_YEAR),
};

int sfo_range_find(sf_str name)
{
    for (size_t i = 0; i < SFI_COUNT_OF(ranges); i++)
        if (sfi_str_is_nocase(name, ranges[i].name)) return (int)i;
    return -1;
}

const sfo_range *sfo_range_at(int index)
{
    return &ranges[index];
}

/* The first day of the unit that lies `count` units after the one that holds today. */
static int64_t unit_start(sfo_unit unit, int64_t today, int64_t count)
{
    if (unit == SFO_UNIT_DAY) return today + count;
    if (unit == SFO_UNIT_WEEK) {
        int64_t weekday = ((today + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
        return today - weekday + 7 * count;
    }
    int64_t y;
    int m, d;
    sfi_civil_from_days(today, &y, &m, &d);
    int64_t step = unit == SFO_UNIT_MONTH ? 1 : unit == SFO_UNIT_QUARTER ? 3 : 12;
    int64_t month = y * 12 + (m - 1);
    month = month - month % step + step * count; /* years are positive, so % rounds down */
    return sfi_days_from_civil(month >= 0 ? month / 12 : -((11 - month) / 12), (int)((month % 12 + 12) % 12) + 1, 1);
}

void sfo_range_days(int index, int64_t n, int64_t today, int64_t *first, int64_t *end)
{
    const sfo_range *r = &ranges[index];
    *first = unit_start(r->unit, today, r->first + r->first_n * n);
    *end = unit_start(r->unit, today, r->last + r->last_n * n + 1);
}
