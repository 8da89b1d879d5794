/*
 * dates.h: the relative date literals (TODAY, LAST_N_DAYS:n …) and what days they cover (wire/soql.md 6).
 * Called by parser (names) and compiler (ranges). Threads: plain functions, constant tables.
 */
#ifndef SFO_SOQL_DATES_H
#define SFO_SOQL_DATES_H
#include "base/base_internal.h"

typedef enum sfo_unit { SFO_UNIT_DAY, SFO_UNIT_WEEK, SFO_UNIT_MONTH, SFO_UNIT_QUARTER, SFO_UNIT_YEAR } sfo_unit;

/* From unit (first + first_n × n) to unit (last + last_n × n), both inclusive; unit 0 is the current one. */
typedef struct sfo_range {
    const char *name;
    sfo_unit unit;
    bool takes_n;
    int8_t first, first_n, last, last_n;
} sfo_range;

enum { SFO_RANGE_N_MAX = 100000 };

/* -1: no such literal. */
int sfo_range_find(sf_str name);
const sfo_range *sfo_range_at(int index);
/* The days it covers, as days since 1970: first and the one after the last. The calendar of fiscal units is the
 * calendar year's. Weeks begin on Sunday. */
void sfo_range_days(int index, int64_t n, int64_t today, int64_t *first, int64_t *end);
#endif
