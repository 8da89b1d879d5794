/* bulk_split_test.c: exports into files of so many rows, of a real local org: put together they are what one file holds, byte for
 * byte, whatever the pages, the form and the ranges; pages that are damaged where a file ends, exports that are interrupted and
 * gone on with, and files that were touched meanwhile. And ranges of so many rows. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static char dir[64];
static sf_export_report report;

enum { ROWS = 1000 };
static const char soql[] = "SELECT Id, LastName, Description FROM Contact";

static const char *path(const char *name)
{
    static char paths[256][160];
    static int next;
    char *out = paths[next++ % 256];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted)
        fail_msg("%s instead of %s: %s", sf_status_name(rc), sf_status_name(wanted), rc < 0 ? err.message : "");
}

static int start(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sf-split-test-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    const sf_client_options options = { .instance_url = org.url,
                                        .api_version = "62.0",
                                        .retry = { .pause_ms = 5 },
                                        .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } };
    if (sf_client_open(&options, &sf, &err) != SF_OK) return -1;
    FILE *f = fopen(path("load.csv"), "w");
    if (f == NULL) return -1;
    fprintf(f, "LastName,Description\n");
    for (int i = 1; i <= ROWS; i++)
        fprintf(f, "Row %d,%s\n", i, i % 7 == 0 ? "" : "\"of \"\"two\"\",\r\nor more\n\nlines\"");
    if (fclose(f) != 0) return -1;
    const sf_bulk_load_options load = { .object = "Contact", .operation = SF_INSERT, .csv_path = path("load.csv") };
    want(sf_bulk_load(sf, &load, NULL, &err), SF_OK);
    want(sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = soql, .path = path("one.csv") }, &report, &err), SF_OK);
    assert_int_equal(report.rows, ROWS);
    assert_int_equal(report.files, 1);
    return 0;
}

static int shell(const char *command)
{
    char line[1000];
    snprintf(line, sizeof line, "cd '%s' && %s", dir, command);
    return system(line);
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    int rc = test_org_stop(&org);
    return shell("rm -rf \"$PWD\"") == 0 ? rc : -1;
}

/* s-0001.csv and so on, which go: each has so many rows, they are as many as the report says, and together they are one.csv. */
static void are_one(const char *ending, int64_t split)
{
    static const char script[] =
        "unpack() { case $1 in *.gz) zcat \"$1\" ;; *.zst) zstd -dcq \"$1\" ;; *) cat \"$1\" ;; esac; }; "
        "set -e; test $(ls s-*%s | wc -l) = %d; test -z \"$(ls | grep part)\"; head -1 one.csv >head; cp head all; "
        "for f in s-*%s; do unpack $f | head -1 | cmp - head; unpack $f | tail -n +2 >>all; "
        "rows=$(unpack $f | tail -n +2 | grep -c '^\"003'); test $f = s-%04d%s || test $rows = %lld; "
        "test $rows -le %lld; done; cmp all one.csv; rm s-*";
    char command[900];
    assert_int_equal(report.rows, ROWS);
    assert_int_equal(report.files, (ROWS + split - 1) / split);
    snprintf(command, sizeof command, script, ending, report.files, ending, report.files, ending, (long long)split,
             (long long)split);
    if (shell(command) != 0) fail_msg("s-*%s of %lld rows are not as they should be", ending, (long long)split);
}

static void export_split(const char *ending, sf_bulk_export_options o)
{
    char name[32];
    snprintf(name, sizeof name, "s%s", ending);
    o.soql = soql;
    o.path = path(name);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
}

/* ---- whole ---- */
static void test_split__files_are_the_rows_of_one(void **state)
{
    (void)state;
    static const int64_t splits[] = { 40, 333, 999, 1000, 5000 }, pages[] = { 0, 70 };
    bool has_tool = test_has_zstd() && shell("command -v zstd >/dev/null") == 0;
    for (size_t i = 0; i < COUNT_OF(splits); i++)
        for (size_t k = 0; k < COUNT_OF(pages); k++) {
            sf_bulk_export_options o = { .split_rows = splits[i], .page_rows = pages[k] };
            print_message("  %lld rows, pages of %lld\n", (long long)splits[i], (long long)pages[k]);
            export_split(".csv", o);
            are_one(".csv", splits[i]);
            if (splits[i] < 100 || splits[i] == 999) continue;
            o.compression = SF_EXPORT_GZIP;
            export_split(".csv.gz", o);
            are_one(".csv.gz", splits[i]);
            o.compression = SF_EXPORT_ZSTD;
            if (has_tool) export_split(".csv.zst", o);
            if (has_tool) are_one(".csv.zst", splits[i]);
        }
}

static void test_split__lines_of_json(void **state)
{
    (void)state;
    const sf_bulk_export_options one = { .soql = soql, .path = path("one.ndjson"), .format = SF_EXPORT_NDJSON };
    want(sf_bulk_export(sf, &one, NULL, &err), SF_OK);
    export_split(".ndjson", (sf_bulk_export_options){ .format = SF_EXPORT_NDJSON, .split_rows = 300, .page_rows = 70 });
    assert_int_equal(report.files, 4);
    assert_int_equal(shell("cat s-*.ndjson | cmp - one.ndjson && test $(wc -l <s-0004.ndjson) = 100 && rm s-*"), 0);
}

static void test_split__of_no_rows(void **state)
{
    (void)state;
    const sf_bulk_export_options o = { .soql = "SELECT Id FROM Contact WHERE LastName = 'nobody'",
                                       .path = path("n.csv"),
                                       .split_rows = 10 };
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    assert_int_equal(report.files, 1);
    assert_int_equal(shell("test \"$(cat n-0001.csv)\" = '\"Id\"' && test $(ls n* | wc -l) = 1 && rm n-*"), 0);
}

static void test_split__in_ranges(void **state)
{
    (void)state;
    export_split(".csv", (sf_bulk_export_options){ .split_rows = 130, .partitions = 4, .page_rows = 90 });
    assert_int_equal(report.jobs, 4);
    are_one(".csv", 130);
    export_split(".csv", (sf_bulk_export_options){ .split_rows = 130, .range_rows = 250 });
    assert_int_equal(report.jobs, 4);
    are_one(".csv", 130);
}

/* ---- damaged pages: what a file that has just begun got of them goes, and so does that file ---- */
static void test_split__faults_in_the_middle(void **state)
{
    (void)state;
    static const char *const faults[] = { "reset:path=/jobs/query/*/results,after=9000,every=2,times=4",
                                          "truncate:length=right,path=/jobs/query/*/results,every=3,times=5",
                                          "500:path=/jobs/query/*/results,every=3,times=4,body=html" };
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int form = SF_EXPORT_PLAIN; form <= SF_EXPORT_GZIP; form++) {
            print_message("  %s\n", faults[i]);
            test_org_fault(&org, faults[i]);
            export_split(form == SF_EXPORT_GZIP ? ".csv.gz" : ".csv",
                         (sf_bulk_export_options){
                             .split_rows = 90, .page_rows = 250, .compression = (sf_export_compression)form });
            test_org_faults_clear(&org);
            are_one(form == SF_EXPORT_GZIP ? ".csv.gz" : ".csv", 90);
        }
    test_org_fault(&org, "truncate:after=20000,length=right,path=/jobs/query/*/results");
    const sf_bulk_export_options o = { .soql = soql, .path = path("t.csv"), .split_rows = 50 };
    sf_status rc = sf_bulk_export(sf, &o, &report, &err);
    test_org_faults_clear(&org);
    want(rc, SF_ERR_TRUNCATED);
    assert_int_equal(shell("test -z \"$(ls | grep '^t')\""), 0); /* nothing is left of it */
}

/* ---- interruptions ---- */
static bool stop_after(void *user, const sf_export_progress *p)
{
    (void)p;
    int *left = user;
    return (*left)-- > 0;
}

static sf_bulk_export_options with_journal(const char *name, int64_t split)
{
    return (sf_bulk_export_options){
        .soql = soql, .path = path(name), .journal_path = path("journal"), .split_rows = split, .page_rows = 60
    };
}

static void go_on(sf_bulk_export_options o, const char *ending)
{
    sf_status rc = SF_ERR_CANCELLED;
    o.progress = stop_after;
    for (int runs = 0; rc == SF_ERR_CANCELLED; runs++) {
        int left = 3 + runs;
        o.user = &left;
        rc = sf_bulk_export(sf, &o, &report, &err);
        assert_true(runs < 300);
    }
    want(rc, SF_OK);
    assert_true(report.resumed);
    int32_t files = report.files;
    o.progress = NULL;
    int64_t bytes = report.bytes;
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK); /* all is done: it only tells so */
    assert_int_equal(report.bytes, bytes);
    assert_int_equal(report.files, files);
    are_one(ending, o.split_rows);
    o.split_rows++;
    want(sf_bulk_export(sf, &o, &report, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "belongs to another run"));
    assert_int_equal(unlink(path("journal")), 0);
}

static void test_split__goes_on_where_it_stood(void **state)
{
    (void)state;
    static const int64_t splits[] = { 50, 170, 2000 };
    for (size_t i = 0; i < COUNT_OF(splits); i++) {
        go_on(with_journal("s.csv", splits[i]), ".csv");
        sf_bulk_export_options o = with_journal("s.csv.gz", splits[i]);
        o.compression = SF_EXPORT_GZIP;
        go_on(o, ".csv.gz");
        o = with_journal("s.csv", splits[i]);
        o.range_rows = 300;
        go_on(o, ".csv");
    }
}

static void begin_one(sf_bulk_export_options o)
{
    int left = 14;
    o.progress = stop_after;
    o.user = &left;
    want(sf_bulk_export(sf, &o, &report, &err), SF_ERR_CANCELLED);
    assert_true(report.files > 2);
    assert_int_equal(shell("test -e s-0002.csv.part && test -z \"$(ls s-*.csv 2>/dev/null)\""), 0);
}

static void test_split__starts_over_where_it_must(void **state)
{
    (void)state;
    static const char *const touches[] = { "rm s-0001.csv.part", "echo >>s-0002.csv.part", ": >s-0003.csv.part",
                                           "rm s-000*.part" };
    const sf_bulk_export_options o = with_journal("s.csv", 110);
    for (size_t i = 0; i < COUNT_OF(touches); i++) {
        begin_one(o);
        assert_int_equal(shell(touches[i]), 0);
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        assert_false(report.started_over); /* the job is still good */
        are_one(".csv", 110);
        assert_int_equal(unlink(path("journal")), 0);
    }
    begin_one(o);
    want(sf_bulk2_delete_job(sf, SF_JOB_QUERY, report.job.text, NULL, &err), SF_OK);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    assert_true(report.started_over);
    are_one(".csv", 110);
    assert_int_equal(unlink(path("journal")), 0);
}

/* Killed while the files got their names, or before the word of it. */
static void test_split__an_end_that_was_not_written_down(void **state)
{
    (void)state;
    static const char *const undo[] = { "true", "mv s-0010.csv s-0010.csv.part",
                                        "mv s-0010.csv s-0010.csv.part && mv s-0009.csv s-0009.csv.part",
                                        "for f in s-*; do mv $f $f.part; done" };
    const sf_bulk_export_options o = with_journal("s.csv", 100);
    for (size_t i = 0; i < COUNT_OF(undo); i++) {
        sf_client_stats before, after;
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        int64_t bytes = report.bytes;
        assert_int_equal(shell("grep -q done journal && sed -i /done/d journal"), 0);
        assert_int_equal(shell(undo[i]), 0);
        sf_client_get_stats(sf, &before);
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        sf_client_get_stats(sf, &after);
        assert_true(report.resumed);
        assert_int_equal(report.files, 10);
        assert_int_equal(report.bytes, bytes);
        assert_true(after.requests - before.requests <= 1); /* no page is fetched again */
        are_one(".csv", 100);
        assert_int_equal(unlink(path("journal")), 0);
    }
}

/* Another export of the same name, while this one is at a later file. */
static bool start_another(void *user, const sf_export_progress *p)
{
    int *state = user;
    if (p->rows < 500 || *state != 0) return true;
    const sf_bulk_export_options o = { .soql = soql, .path = path("s.csv"), .split_rows = 100, .page_rows = 60 };
    *state = sf_bulk_export(sf, &o, NULL, &err);
    return true;
}

static void test_split__two_at_once(void **state)
{
    (void)state;
    int other = 0;
    export_split(".csv", (sf_bulk_export_options){
                             .split_rows = 100, .page_rows = 60, .progress = start_another, .user = &other });
    assert_int_equal(other, SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "another export is at work with it"));
    are_one(".csv", 100);
}

/* ---- names, and what is refused ---- */
static void test_split__names(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int32_t number;
        const char *want;
    } cases[] = { { "rows.csv", 1, "rows-0001.csv" },
                  { "rows.csv.gz", 12, "rows-0012.csv.gz" },
                  { "rows.NDJSON.ZST", 9999, "rows-9999.NDJSON.ZST" },
                  { "rows", 10000, "rows-10000" },
                  { "a.b/rows", 3, "a.b/rows-0003" },
                  { "a.b/.csv", 3, "a.b/.csv-0003" },
                  { ".gz", 3, ".gz-0003" },
                  { "/x/a.b.csv", SF_EXPORT_FILES_MAX, "/x/a.b-100000.csv" } };
    char out[64];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        want(sf_export_file_name(cases[i].path, cases[i].number, out, sizeof out, &err), SF_OK);
        assert_string_equal(out, cases[i].want);
    }
    want(sf_export_file_name("rows.csv", 1, out, 14, &err), SF_OK);
    want(sf_export_file_name("rows.csv", 1, out, 13, &err), SF_ERR_LIMIT);
    want(sf_export_file_name("rows.csv", 0, out, sizeof out, &err), SF_ERR_USAGE);
    want(sf_export_file_name("rows.csv", SF_EXPORT_FILES_MAX + 1, out, sizeof out, &err), SF_ERR_USAGE);
    want(sf_export_file_name("", 1, out, sizeof out, &err), SF_ERR_USAGE);
    want(sf_export_file_name(NULL, 1, out, sizeof out, &err), SF_ERR_USAGE);
    want(sf_export_file_name("rows.csv", 1, NULL, 0, &err), SF_ERR_USAGE);
}

static sf_status take(void *user, const char *data, size_t len, sf_error *why)
{
    (void)user;
    (void)data;
    (void)len;
    (void)why;
    return SF_OK;
}

static void test_split__usage(void **state)
{
    (void)state;
    const sf_sink sink = { .write = take };
    const sf_bulk_export_options wrong[] = {
        { .soql = soql, .path = "x", .split_rows = -1 },
        { .soql = soql, .path = "x", .range_rows = -1 },
        { .soql = soql, .path = "x", .range_rows = 1, .partitions = 2 },
        { .soql = soql, .sink = &sink, .split_rows = 1 },
        { .soql = soql, .path = "/tmp/", .split_rows = 1 },
        { .soql = soql, .path = "/dev/null", .split_rows = 1 },
        { .soql = soql, .path = "x", .format = SF_EXPORT_SQLITE, .split_rows = 1 },
        { .soql = "SELECT Id FROM Contact LIMIT 9", .path = "x", .range_rows = 5 },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) want(sf_bulk_export(sf, &wrong[i], NULL, &err), SF_ERR_USAGE);
}

/* ---- ranges of so many rows ---- */
static void test_ranges__of_so_many_rows(void **state)
{
    (void)state;
    static const struct {
        const char *soql;
        int64_t rows;
        int32_t jobs;
    } cases[] = { { soql, 100, 10 },
                  { soql, 999, 2 },
                  { soql, ROWS, 1 },
                  { "SELECT Id FROM Contact c WHERE c.LastName = 'Row 1' OR c.LastName LIKE 'Row 2%'", 60, 2 },
                  { "SELECT Id FROM Contact WHERE LastName = 'nobody'", 1, 1 } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t rows;
        want(sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = cases[i].soql, .path = path("r.csv") }, &report,
                            &err),
             SF_OK);
        rows = report.rows;
        want(sf_bulk_export(sf,
                            &(sf_bulk_export_options){
                                .soql = cases[i].soql, .path = path("r2.csv"), .range_rows = cases[i].rows },
                            &report, &err),
             SF_OK);
        assert_int_equal(report.rows, rows);
        assert_int_equal(report.jobs, cases[i].jobs);
        assert_int_equal(shell("sort r.csv >a && sort r2.csv | cmp - a"), 0);
    }
    /* more ranges than there may be */
    want(sf_bulk_load(
             sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv_path = path("load.csv") },
             NULL, &err),
         SF_OK);
    sf_status rc = sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = soql, .path = path("r.csv"), .range_rows = 1 },
                                  &report, &err);
    want(rc, SF_ERR_USAGE);
    assert_non_null(
        strstr(err.message, "2000 rows make 2000 ranges of 1, and there are at most 1000: take ranges of 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split__files_are_the_rows_of_one),
        cmocka_unit_test(test_split__lines_of_json),
        cmocka_unit_test(test_split__of_no_rows),
        cmocka_unit_test(test_split__in_ranges),
        cmocka_unit_test(test_split__faults_in_the_middle),
        cmocka_unit_test(test_split__goes_on_where_it_stood),
        cmocka_unit_test(test_split__starts_over_where_it_must),
        cmocka_unit_test(test_split__an_end_that_was_not_written_down),
        cmocka_unit_test(test_split__two_at_once),
        cmocka_unit_test(test_split__names),
        cmocka_unit_test(test_split__usage),
        cmocka_unit_test(test_ranges__of_so_many_rows),
    };
    return cmocka_run_group_tests_name("bulk_split", tests, start, stop);
}
