/* spec_test.c: transformation specs: dates in Java's forms, rows under other names, each allocation failing in turn, and every
 * spec and batch cut short at every byte. */
#include "bulk/spec.h"
#include "support/support.h"

static const int64_t now_ms = INT64_C(1780000000000); /* in May 2026 */

static void test_spec__dates_as_java_reads_them(void **state)
{
    static const struct {
        const char *form, *text, *want; /* NULL: no date of that form */
        bool is_time;
    } cases[] = {
        { "dd MM yy", "10 02 40", "2040-02-10", false },
        { "dd MMM yy", "10 Feb 70", "1970-02-10", false },
        { "yy", "45", "2045-01-01", false },
        { "yy", "47", "1947-01-01", false },
        { "yyyyMMdd", "20240229", "2024-02-29", false },
        { "yyyyMMdd", "20230229", NULL, false },
        { "d/M/y", "1/2/2003", "2003-02-01", false },
        { "d/M/y", "1-2-2003", NULL, false },
        { "d/M/y", "1/13/2003", NULL, false },
        { "d/M/y", "1/2/2003 x", NULL, false },
        { "d/M/y", "", NULL, false },
        { "EEE, d MMM yyyy", "Mon, 5 Jan 2026", "2026-01-05", false },
        { "EEEE d. MMMM yyyy", "Monday 5. January 2026", "2026-01-05", false },
        { "yyyy 'o''clock' MM", "2026 o'clock 03", "2026-03-01", false },
        { "MM/dd/yyyy hh:mm a", "12/31/2025 12:05 AM", "2025-12-31T00:05:00.000+00:00", true },
        { "MM/dd/yyyy hh:mm a", "12/31/2025 12:05 pm", "2025-12-31T12:05:00.000+00:00", true },
        { "yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2025-12-31T23:59:58.007+0530", "2025-12-31T23:59:58.007+05:30", true },
        { "yyyy-MM-dd HH:mm z", "2025-12-31 23:59 GMT-03:00", "2025-12-31T23:59:00.000-03:00", true },
        { "yyyy-MM-dd HH:mm X", "2025-12-31 23:59 Z", "2025-12-31T23:59:00.000+00:00", true },
        { "yyyy-MM-dd HH:mm", "2025-12-31 24:00", NULL, true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[SFO_SPEC_DATE_BYTES] = "";
        print_message("  %s: %s\n", cases[i].form, cases[i].text);
        assert_true(sfo_spec_date_form_is_known(cases[i].form));
        bool is_date = sfo_spec_date(cases[i].form, cases[i].text, cases[i].is_time, now_ms, out);
        assert_int_equal(is_date, cases[i].want != NULL);
        if (is_date) assert_string_equal(out, cases[i].want);
    }
    assert_false(sfo_spec_date_form_is_known(""));
    assert_false(sfo_spec_date_form_is_known("dd QQ"));
    assert_false(sfo_spec_date_form_is_known("'never closed"));
    assert_false(sfo_spec_date_form_is_known("--"));
}

static sf_status transform(const char *spec, size_t spec_len, const char *data, size_t len, sfi_buf *out, sf_error *err)
{
    sfo_spec *s = NULL;
    sf_status rc = sfo_spec_read((sf_str){ spec, spec_len }, NULL, &s, err);
    if (rc == SF_OK) rc = sfo_spec_apply(s, (sf_str){ data, len }, out, err);
    sfo_spec_free(s);
    return rc;
}

static const char spec_text[] =
    "\xEF\xBB\xBFSalesforce Field,CSV HEADER,Value,Hint\n"
    "LastName,surname,,\nTitle,\"Job, now\",\"Head, of\",\nLeadSource,,Web\nFax,gone,none,\n";
static const char want_text[] =
    "LastName,Title,LeadSource,Fax\nCat,\"a\"\"b\",Web,none\n\"M\nouse\",\"Head, of\",Web,none\n";

static void test_spec__rows_under_other_names(void **state)
{
    static const char data[] = "\"Job \"\"x\"\"\",Surname ,\"Job, now\"\r\nq,Cat,\"a\"\"b\"\r\nq,\"M\nouse\",\r\n";
    sf_error err = { .message = "" };
    sfi_buf out = { 0 };
    (void)state;
    sf_status rc = transform(spec_text, sizeof spec_text - 1, data, sizeof data - 1, &out, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_string_equal(out.data, want_text);
    sfi_buf_free(&out);
    for (size_t i = 0; i < sizeof spec_text; i++) { /* an answer or an error, never a crash */
        char *copy = sfi_strndup(spec_text, i);
        (void)transform(copy, i, data, sizeof data - 1, &out, &err);
        sfi_free(copy);
        sfi_buf_free(&out);
    }
    for (size_t i = 0; i < sizeof data; i++) {
        char *copy = sfi_strndup(data, i);
        (void)transform(spec_text, sizeof spec_text - 1, copy, i, &out, &err);
        sfi_free(copy);
        sfi_buf_free(&out);
    }
    out.max = 40;
    assert_int_equal(transform(spec_text, sizeof spec_text - 1, data, sizeof data - 1, &out, &err), SF_ERR_LIMIT);
    sfi_buf_free(&out);
}

static void test_spec__survives_each_failed_allocation(void **state)
{
    static const char data[] = "surname\nCat\n";
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sfi_buf out = { 0 };
        test_allocations_limit(n);
        rc = transform(spec_text, sizeof spec_text - 1, data, sizeof data - 1, &out, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
        sfi_buf_free(&out);
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spec__dates_as_java_reads_them),
        cmocka_unit_test(test_spec__rows_under_other_names),
        cmocka_unit_test(test_spec__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
