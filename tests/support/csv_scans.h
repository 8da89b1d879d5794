/* csv_scans.h: are two scans at the same point of the same text? */
#ifndef TEST_CSV_SCANS_H
#define TEST_CSV_SCANS_H
#include "csv/csv_internal.h"

static inline bool csv_scans_are_equal(const sfi_csv_scan *a, const sfi_csv_scan *b)
{
    return memcmp(&a->state, &b->state, sizeof a->state) == 0 && a->columns == b->columns &&
           a->delimiters == b->delimiters && a->records == b->records && a->lines == b->lines &&
           a->record_line == b->record_line && a->offset == b->offset && a->record_end == b->record_end &&
           a->line_ends == b->line_ends && a->returns == b->returns && (a->nul != 0) == (b->nul != 0);
}
#endif
