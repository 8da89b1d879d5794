/* bulk_check_test.c: what is checked before the first upload of a long file: more than two threads scan at once, and more than
 * one job takes. Where jobs end is counted by hand, row by row; what is wrong far behind is told with its line. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <unistd.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static sf_load_report report;
static char csv[64] = "/tmp/sf-check-test-XXXXXX";

static int start(void **state)
{
    (void)state;
    int fd = mkstemp(csv);
    if (fd < 0) return -1;
    close(fd);
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    return sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                                .api_version = "62.0",
                                                .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                          &sf, &err) == SF_OK
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    (void)unlink(csv);
    return test_org_stop(&org);
}

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted)
        fail_msg("%s instead of %s: %s", sf_status_name(rc), sf_status_name(wanted), rc < 0 ? err.message : "");
}

static void test_check__long_files_are_checked_as_short_ones(void **state)
{
    (void)state;
    enum { ROWS = 400000 }; /* two lines a row */
    static const struct {
        int row;
        const char *text, *says;
    } cases[] = {
        { 123456, "x,\"y\"z,\"\n\"\n", "line 246912, column 2: text behind the closing quote" },
        { 399999, "x,y\n", "line 799998: the record has 2 columns, and the first one has 3" },
        { 380000, "x,\xE4,\"\n\"\n", "line 760000: byte 0xE4 is no UTF-8" },
        { 400000, "x,y,\"z\n", "line 800000: the record that begins here has a quote that is never closed" },
        { 0, "", "" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        FILE *f = fopen(csv, "w");
        assert_non_null(f);
        fprintf(f, "LastName,Email,Description\n");
        int64_t jobs = 1, job = 27;
        for (int row = 1; row <= ROWS; row++) {
            int n = row == cases[i].row
                        ? fprintf(f, "%s", cases[i].text)
                        : fprintf(f, "M\xC3\xBCller %d,u%d@x.example,\"line one\nu,v,two %d\"\n", row, row, row % 1000);
            if (job + n > 7000000) jobs++, job = 27;
            job += n;
        }
        assert_int_equal(fclose(f), 0);
        sf_bulk_load_options o = { .object = "Contact",
                                   .operation = SF_INSERT,
                                   .csv_path = csv,
                                   .dry_run = true,
                                   .job_bytes = i % 2 == 0 ? 7000000 : 0 };
        want(sf_bulk_load(sf, &o, &report, &err), cases[i].row > 0 ? SF_ERR_USAGE : SF_OK);
        if (cases[i].row > 0 && strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        if (cases[i].row > 0) continue;
        assert_int_equal(report.rows, ROWS);
        assert_int_equal(report.jobs, jobs);
        o.job_rows = 150000; /* a piece at a time */
        o.job_bytes = 0;
        want(sf_bulk_load(sf, &o, &report, &err), SF_OK);
        assert_int_equal(report.rows, ROWS);
        assert_int_equal(report.jobs, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__long_files_are_checked_as_short_ones),
    };
    return cmocka_run_group_tests_name("bulk_check", tests, start, stop);
}
