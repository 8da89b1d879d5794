/*
 * org_bulk_batch_fuzz.c: any bytes as a batch of Bulk API 1.0, of each kind: a zip whose files can be read, or rows of JSON or
 * XML with as many values as names, or a fault that says something.
 */
#define SFI_MAY_ALLOCATE
#include "bulk/records.h"
#include "bulk/zip.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern volatile size_t seen; /* so that what is read is read */
volatile size_t seen;

static void check_fault(sfo_fault *f)
{
    if (f->code[0] == '\0' || f->message == NULL) abort();
    sfo_fault_clear(f);
}

static void read_zip(sf_str text)
{
    sfo_zip *zip;
    sfo_fault fault = { 0 };
    if (!sfo_zip_new(text, &zip, &fault)) {
        check_fault(&fault);
        return;
    }
    sf_str file = sfo_zip_find(zip, SFI_STR("request.txt"));
    for (size_t i = 0; i < file.len; i++) seen += (unsigned char)file.ptr[i];
    sfo_zip_free(zip);
}

static void read_records(sf_str text, bool is_xml)
{
    sfo_bulk_records *r;
    sfo_fault fault = { 0 };
    const sf_str *names, *values;
    size_t count;
    if (!sfo_bulk_records_new(text, is_xml, &r, &fault)) {
        check_fault(&fault);
        return;
    }
    int64_t rows = 0;
    int rc;
    while ((rc = sfo_bulk_records_next(r, &names, &values, &count, &fault)) == 1) {
        rows++;
        for (size_t i = 0; i < count; i++) {
            if (names[i].ptr == NULL) abort();
            for (size_t k = 0; k < values[i].len; k++) seen += (unsigned char)values[i].ptr[k];
        }
    }
    if (rc < 0) check_fault(&fault);
    if (rc == 0 && rows != sfo_bulk_records_count(r)) abort();
    sfo_bulk_records_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(1, size + 65);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    const sf_str whole = { text, size };
    read_zip(whole);
    read_records(whole, false);
    read_records(whole, true);
    free(text);
    return 0;
}
