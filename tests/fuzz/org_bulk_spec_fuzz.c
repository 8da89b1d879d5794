/*
 * org_bulk_spec_fuzz.c: any bytes as a transformation spec of Bulk API 1.0, and behind a NUL the batch that it is applied to: rows
 * of CSV with the spec's columns, or an error that says something.
 */
#define SFI_MAY_ALLOCATE
#include "bulk/spec.h"
#include "csv/csv_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rows(const sfi_buf *out)
{
    sfi_csv_scan scan;
    sf_error err;
    sfi_csv_scan_init(&scan, ',');
    if (out->len == 0) return;
    if (sfi_csv_scan_feed(&scan, out->data, out->len, &err) != SF_OK || sfi_csv_scan_finish(&scan, &err) != SF_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *nul = size > 0 ? memchr(text, '\0', size) : NULL;
    size_t len = nul != NULL ? (size_t)(nul - text) : size;
    sf_str batch = { nul != NULL ? nul + 1 : text, nul != NULL ? size - len - 1 : 0 };
    char *form = sfi_strndup(text, len), *value = sfi_strndup(batch.ptr, batch.len), date[SFO_SPEC_DATE_BYTES];
    sf_error err = { .message = "" };
    sfi_buf out = { .max = 1 << 20 };
    sfo_spec *spec;
    if (form == NULL || value == NULL) abort();
    if (sfo_spec_date_form_is_known(form) && sfo_spec_date(form, value, size % 2 == 0, 1780000000000, date) &&
        strlen(date) < 10)
        abort();
    sf_status rc = sfo_spec_read((sf_str){ text, len }, NULL, &spec, &err);
    if (rc == SF_OK) {
        rc = sfo_spec_apply(spec, batch, &out, &err);
        if (rc == SF_OK) check_rows(&out);
        sfo_spec_free(spec);
    }
    if (rc != SF_OK && err.message[0] == '\0') abort();
    sfi_buf_free(&out);
    sfi_free(form);
    sfi_free(value);
    return 0;
}
