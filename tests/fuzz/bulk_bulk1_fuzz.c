/*
 * bulk_bulk1_fuzz.c: any bytes as an answer of Bulk API 1.0: results of rows that end, with texts that can be read, and jobs
 * and batches that are refused or whole.
 */
#define SFI_MAY_ALLOCATE
#include "bulk/bulk1_internal.h"
#include "support/support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern volatile size_t seen; /* so that what is read is read */
volatile size_t seen;

static char *copy(const uint8_t *data, size_t size)
{
    char *out = sfi_calloc(size + 65);
    if (out != NULL && size > 0) memcpy(out, data, size);
    return out;
}

static size_t sum(sf_str s)
{
    size_t n = 0;
    if (s.ptr == NULL) abort();
    for (size_t i = 0; i < s.len; i++) n += (unsigned char)s.ptr[i];
    return n;
}

static void read_rows(char *text, size_t size)
{
    sf_bulk1_results *r;
    sf_bulk1_result row;
    sf_error err;
    if (sfi_bulk1_results_take(text, size, &r, &err) != SF_OK) return;
    sf_status rc;
    for (int64_t n = 1; (rc = sf_bulk1_results_next(r, &row, &err)) == SF_ROW; n++) {
        if (row.row != n || (row.id.text[0] != '\0' && strlen(row.id.text) != 18)) abort();
        seen += sum(row.code) + sum(row.message) + sum(row.fields);
    }
    if (sf_bulk1_results_next(r, &row, &err) != rc) abort(); /* the end is the end */
    sf_bulk1_results_close(r);
}

static void read_descriptions(char *text, size_t size)
{
    sfi_bulk1_answer answer;
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    if (sfi_bulk1_parse(text, size, "fuzz", &answer, NULL) != SF_OK) return;
    sfi_bulk1_node root = sfi_bulk1_root(&answer);
    if (sfi_bulk1_read_job(&root, &job, NULL) == SF_OK && strlen(job.id.text) != 18) abort();
    if (sfi_bulk1_read_batch(&root, &batch, NULL) == SF_OK && strlen(batch.id.text) != 18) abort();
    sfi_bulk1_answer_clear(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = copy(data, size);
    if (text != NULL) read_rows(text, size);
    text = copy(data, size);
    if (text != NULL) read_descriptions(text, size);
    return 0;
}
