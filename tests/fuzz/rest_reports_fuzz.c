/* rest_reports_fuzz.c: any text as a report's result: it is refused, or every row and fact of it can be read, and the facts
 * count as many rows as there are. */
#include "rest/reports_internal.h"
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sf_document *doc = NULL;
    sf_report_result *r = NULL;
    sf_report_row row;
    sf_report_fact fact, again;
    sf_report_info info;
    sf_status rc;
    int64_t rows = 0, counted = 0;
    if (sf_document_parse((const char *)data, size, &doc, NULL) != SF_OK) return 0;
    if (sfi_report_result_new(doc, &r, NULL) != SF_OK) return 0;
    sf_report_get_info(r, &info);
    while ((rc = sf_report_next(r, &row, NULL)) == SF_ROW) {
        rows++;
        for (size_t i = 0; i < row.cell_count; i++)
            if (row.cells[i].label != NULL && strlen(row.cells[i].label) > size * 4) abort();
    }
    for (size_t i = 0; i < sf_report_fact_count(r); i++) {
        if (sf_report_fact_at(r, i, &fact, NULL) != SF_ROW) abort();
        if (sf_report_fact_find(r, fact.key, &again, NULL) != SF_ROW) abort();
        counted += fact.rows;
    }
    if (counted != info.rows || ((rc == SF_DONE || rc == SF_ERR_TRUNCATED) && rows != counted)) abort();
    sf_report_close(r);
    return 0;
}
