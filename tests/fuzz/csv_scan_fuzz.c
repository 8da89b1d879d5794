/* csv_scan_fuzz.c: any bytes as CSV: the checker and the reader, with either kernel and in any chunking, find what a plain
 * parser finds, and what the writer makes of the fields reads back the same. The first byte chooses delimiter and chunks. */
#define SFI_MAY_ALLOCATE
#include "support/support.h"
#include "csv/csv_internal.h"
#include "support/csv_reference.h"
#include "support/csv_scans.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
    do {                                                                                                               \
        if (!(what)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                                                 \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static void check_scan(const csv_reference *want, const char *text, size_t len, char delimiter, bool any, size_t chunk)
{
    sfi_csv_scan s;
    sf_error err;
    sf_status rc = SF_OK;
    sfi_csv_scan_init(&s, delimiter);
    s.any_columns = any;
    for (size_t at = 0; rc == SF_OK && at < len; at += chunk)
        rc = sfi_csv_scan_feed(&s, text + at, len - at < chunk ? len - at : chunk, &err);
    if (rc == SF_OK) rc = sfi_csv_scan_finish(&s, &err);
    MUST((rc == SF_OK) == want->ok);
    if (rc != SF_OK) {
        MUST(rc == SF_ERR_USAGE && strncmp(err.message, "line ", 5) == 0);
        return;
    }
    MUST(s.records == (int64_t)want->records && s.columns == (int64_t)want->columns);
    MUST(s.lines == (int64_t)want->lines && s.offset == (int64_t)len && s.record_end <= s.offset);
}

/* What two scans found, the second begun at a line end, is what one finds: if that was no place within a value. */
static void check_join(const char *text, size_t len, char delimiter)
{
    sfi_csv_scan whole, before;
    sfi_csv_scan_init(&whole, delimiter);
    if (sfi_csv_scan_feed(&whole, text, len, NULL) != SF_OK) return;
    for (size_t at = 1, tries = 0; at <= len && tries < 16; at++) {
        if (text[at - 1] != '\n') continue;
        tries++;
        sfi_csv_scan behind, joined;
        sfi_csv_scan_init(&before, delimiter);
        MUST(sfi_csv_scan_feed(&before, text, at, NULL) == SF_OK);
        joined = before;
        sfi_csv_scan_init(&behind, delimiter);
        behind.columns = before.columns;
        bool is_fine = sfi_csv_scan_feed(&behind, text + at, len - at, NULL) == SF_OK;
        bool is_between = before.state.in_quote == 0 && before.state.line_is_blank != 0;
        if (is_between) MUST(is_fine);
        if (!is_fine) continue;
        if (before.columns == 0) joined.columns = behind.columns; /* nothing but blank lines stood before */
        MUST(sfi_csv_scan_join(&joined, &behind) == is_between);
        MUST(is_between ? csv_scans_are_equal(&joined, &whole) : joined.offset == (int64_t)at);
    }
}

static void check_reader(const csv_reference *want, const char *text, size_t len, char delimiter, bool any,
                         size_t chunk)
{
    sfi_csv_reader *r;
    sfi_csv_record record = { 0 };
    sfi_buf got = { 0 }, again = { 0 };
    sf_status rc;
    size_t at = 0, size;
    char *room;
    bool ended = false;
    MUST(sfi_csv_reader_new(&(sfi_csv_reader_options){ .delimiter = delimiter, .any_columns = any, .keep_raw = true },
                            &r, NULL) == SF_OK);
    while ((rc = sfi_csv_reader_next(r, &record, NULL)) == SF_ROW || (rc == SF_DONE && !ended)) {
        if (rc == SF_ROW) {
            MUST(record.raw.len <= len && memcmp(record.raw.ptr, text + record.offset, record.raw.len) == 0);
            for (size_t i = 0; i < record.count; i++) {
                MUST(record.fields[i].ptr[record.fields[i].len] == '\0');
                (void)sfi_buf_add(&got, record.fields[i].ptr, record.fields[i].len);
                (void)sfi_buf_add_char(&got, 0x1f);
                if (i > 0) (void)sfi_buf_add_char(&again, delimiter);
                (void)sfi_csv_add_field(&again, record.fields[i], delimiter, record.count == 1);
            }
            (void)sfi_buf_add_char(&got, 0x1e);
            (void)sfi_buf_add_char(&again, '\n');
        } else if (at < len) {
            size_t n = len - at < chunk ? len - at : chunk;
            MUST(sfi_csv_reader_room(r, n, &room, &size, NULL) == SF_OK && size >= n);
            memcpy(room, text + at, n);
            sfi_csv_reader_added(r, n);
            at += n;
        } else {
            sfi_csv_reader_end(r);
            ended = true;
        }
    }
    MUST((rc == SF_DONE) == want->ok);
    if (rc == SF_DONE) {
        MUST(got.len == want->text_len && (got.len == 0 || memcmp(got.data, want->text, got.len) == 0));
        csv_reference back = csv_reference_read(again.data != NULL ? again.data : "", again.len, delimiter, any);
        MUST(back.ok && back.text_len == want->text_len && memcmp(back.text, want->text, back.text_len) == 0);
        free(back.text);
    }
    sfi_buf_free(&got);
    sfi_buf_free(&again);
    sfi_csv_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = { ',', ';', '\t', '|' };
    static const size_t chunks[] = { 1, 3, 63, 64, 65, 100, 1 << 16, 1 << 20 };
    if (size == 0) return 0;
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    char delimiter = delimiters[data[0] & 3];
    bool any = (data[0] & 4) != 0;
    size_t chunk = chunks[data[0] >> 3 & 7];
    csv_reference want = csv_reference_read(text, len, delimiter, any);
    for (int kernel = 0; sfi_csv_kernel(kernel) != NULL; kernel++) {
        sfi_csv_use_kernel(kernel);
        check_scan(&want, text, len, delimiter, any, chunk);
        check_join(text, len, delimiter);
        check_reader(&want, text, len, delimiter, any, chunk);
    }
    sfi_csv_use_kernel(0);
    (void)sfi_csv_guess_delimiter(text, len);
    free(want.text);
    return 0;
}
