/*
 * soql_query_fuzz.c: any bytes as a query against the small org of the unit tests. Property: what is not answered is
 * refused as the asker's fault (4xx); an internal error would mean that compiled SQL does not run.
 */
#include "unit/org_soql/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (org.store == NULL) fixture_open(&org); /* once; the process ends with it */
    sfi_buf out = { 0 };
    sfo_fault fault = { 0 };
    bool fine = sfo_soql_query(org.store, &org.context, (sf_str){ (const char *)data, size }, NULL, &out, &fault);
    if (fine ? out.len == 0 : fault.http_status / 100 != 4 || out.len != 0) {
        fprintf(stderr, "%d %s %s\n", fault.http_status, fault.code, fault.message != NULL ? fault.message : "");
        abort();
    }
    sfo_fault_clear(&fault);
    sfi_buf_free(&out);
    return 0;
}
