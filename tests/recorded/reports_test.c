/* reports_test.c: results of reports that real orgs once gave, read as rows and facts. The files lie beside the checkout
 * (shared/recorded); without them the test says so and is skipped. */
#include "support/replay.h"
#include "rest/reports_internal.h"
#include <salesforce.h>

static sf_report_result *open_file(const char *name)
{
    sf_error err;
    sf_document *doc = NULL;
    sf_report_result *r = NULL;
    recorded_file file = recorded_read(name);
    sf_status rc = sf_document_parse(file.body.ptr, file.body.len, &doc, &err);
    if (rc == SF_OK) rc = sfi_report_result_new(doc, &r, &err);
    if (rc != SF_OK) fail_msg("%s: %s", name, err.message);
    free(file.text);
    return r;
}

static void test_reports__all_recorded_results_are_read(void **state)
{
    static const struct {
        const char *name, *format;
        size_t details, aggregates, down, across, facts;
        int64_t rows;
        const char *total; /* label of the first aggregate of T!T */
        bool all_data;
    } cases[] = {
        { "reports/tabular.json", "TABULAR", 15, 1, 0, 0, 1, 20, "20", true },
        { "reports/summary-one-grouping.json", "SUMMARY", 7, 2, 1, 0, 3, 13, "£9,469,000,000", true },
        { "more/reports/matrix.json", "MATRIX", 5, 1, 2, 1, 120, 18, "£3,645,000.00", true },
        { "reports/matrix-two-levels.json", "MATRIX", 5, 3, 2, 2, 225, 0, "£7,569,000,000", true },
        { "reports/run-unsaved-no-rows-head.json", NULL, 0, 0, 0, 0, 1, 0, "751.444", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        sf_report_info info;
        sf_report_row row;
        sf_report_fact fact;
        sf_status rc;
        print_message("  %s\n", cases[i].name);
        sf_report_result *r = open_file(cases[i].name);
        sf_report_get_info(r, &info);
        if (cases[i].format != NULL) assert_string_equal(info.format, cases[i].format);
        assert_int_equal(info.rows, cases[i].rows);
        assert_int_equal(info.all_data, cases[i].all_data);
        assert_int_equal(sf_report_column_count(r, SF_REPORT_DETAILS), cases[i].details);
        assert_int_equal(sf_report_column_count(r, SF_REPORT_AGGREGATES), cases[i].aggregates);
        assert_int_equal(sf_report_column_count(r, SF_REPORT_DOWN), cases[i].down);
        assert_int_equal(sf_report_column_count(r, SF_REPORT_ACROSS), cases[i].across);
        assert_int_equal(sf_report_fact_count(r), cases[i].facts);
        int64_t rows = 0, counted = 0;
        while ((rc = sf_report_next(r, &row, &err)) == SF_ROW) {
            assert_int_equal(row.cell_count, cases[i].details);
            assert_int_equal(row.down_count, cases[i].down); /* rows stand in the innermost groups */
            assert_int_equal(row.across_count, cases[i].across);
            for (size_t k = 0; k < row.cell_count; k++) {
                assert_non_null(row.cells[k].label);
                assert_int_not_equal(row.cells[k].value.type, SF_MISSING);
            }
            rows++;
        }
        assert_int_equal(rc, SF_DONE);
        assert_int_equal(rows, cases[i].rows);
        for (size_t k = 0; k < cases[i].facts; k++) {
            assert_int_equal(sf_report_fact_at(r, k, &fact, &err), SF_ROW);
            counted += fact.rows;
        }
        assert_string_equal(fact.key, "T!T"); /* the last */
        assert_int_equal(counted, rows);
        assert_string_equal(fact.aggregates[0].label, cases[i].total);
        sf_report_close(r);
    }
}

static void test_reports__a_summary_says_what_it_sums(void **state)
{
    (void)state;
    sf_error err;
    sf_report_row row;
    sf_report_fact fact;
    sf_report_result *r = open_file("reports/summary-one-grouping.json");
    assert_string_equal(sf_report_column_at(r, SF_REPORT_AGGREGATES, 0).name, "s!SALES");
    assert_string_equal(sf_report_column_at(r, SF_REPORT_AGGREGATES, 0).label, "Sum of Annual Revenue");
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DOWN, 0).label, "Type");
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DETAILS, 1).name, "ACCOUNT.NAME");
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DETAILS, 1).label,
                        "Account Name"); /* found by a name with a dot */
    assert_int_equal(sf_report_next(r, &row, &err), SF_ROW);
    assert_string_equal(row.down[0].label, "Customer - Direct");
    assert_string_equal(row.cells[1].label, "Burlington Textiles Corp of America");
    assert_string_equal(sf_get_str(row.cells[1].value, NULL), "00158000002dk2LAAQ");
    assert_int_equal(sf_report_fact_find(r, "1!T", &fact, &err), SF_ROW);
    assert_string_equal(fact.down[0].label, "Customer - Channel");
    assert_int_equal(sf_get_int(fact.aggregates[0].value, NULL, 0), 2880000000);
    assert_int_equal(fact.rows, 5);
    sf_report_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports__all_recorded_results_are_read),
        cmocka_unit_test(test_reports__a_summary_says_what_it_sums),
    };
    return REPLAY_RUN("reports", tests);
}
