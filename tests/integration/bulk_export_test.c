/* bulk_export_test.c: rows out of a real local org: what is written is compared with what the pages of the job hold, byte for
 * byte; pages of every size, every fault in the middle, ends that are cut, and exports that are interrupted and gone on
 * with. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static char dir[64];
static sf_export_report report;

enum { ROWS = 2000 };

static const char *path(const char *name)
{
    static char paths[512][160];
    static int next;
    char *out = paths[next++ % 512];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted)
        fail_msg("%s instead of %s: %s", sf_status_name(rc), sf_status_name(wanted), rc < 0 ? err.message : "");
}

/* Contacts NAME 1 to n with quotes, commas and line ends in a value. */
static void load(const char *name, int n)
{
    const char *csv = path("load.csv");
    FILE *f = fopen(csv, "w");
    assert_non_null(f);
    fprintf(f, "LastName,Description\n");
    for (int i = 1; i <= n; i++) {
        if (i % 7 == 0)
            fprintf(f, "%s %d,\n", name, i);
        else
            fprintf(f, "%s %d,\"of \"\"%d\"\", twice;\r\nor %d\n\nend\"\n", name, i, i, i);
    }
    assert_int_equal(fclose(f), 0);
    want(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv_path = csv }, NULL,
                      &err),
         SF_OK);
}

static int start(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sf-export-test-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    if (sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err) != SF_OK)
        return -1;
    load("Row", ROWS);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    sf_client_close(sf);
    int rc = test_org_stop(&org);
    return system(command) == 0 ? rc : -1;
}

static char *read_all(const char *name, size_t *len)
{
    char *text = test_read_file(path(name), len);
    assert_non_null(text);
    return text;
}

static void same_files(const char *a, const char *b)
{
    size_t an, bn;
    char *at = read_all(a, &an), *bt = read_all(b, &bn);
    if (an != bn || memcmp(at, bt, an) != 0) fail_msg("%s (%zu bytes) differs from %s (%zu)", a, an, b, bn);
    free(at);
    free(bt);
}

static const char soql[] = "SELECT Id, LastName, Description, Account.Name FROM Contact WHERE LastName LIKE 'Row %'";

static void export_to(const char *name, const sf_bulk_export_options *more)
{
    sf_bulk_export_options o = *more;
    if (o.object == NULL && o.soql == NULL) o.soql = soql;
    o.path = path(name);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    assert_int_equal(access(path(name), F_OK), 0);
    char part[200];
    snprintf(part, sizeof part, "%s.part", path(name));
    assert_int_equal(access(part, F_OK), -1);
}

/* What others compare with: the one page of a job, as it came. */
static void reference(void)
{
    static bool is_made;
    sf_bulk2_job job;
    sf_bulk2_page page;
    sf_sink sink;
    if (is_made) return;
    want(sf_bulk2_create_query(sf, soql, NULL, &job, &err), SF_OK);
    want(sf_bulk2_wait(sf, SF_JOB_QUERY, job.id.text, NULL, &job, &err), SF_OK);
    FILE *f = fopen(path("reference.csv"), "w");
    assert_non_null(f);
    want(sf_sink_of_fd(fileno(f), &sink, &err), SF_OK);
    want(sf_bulk2_get_page(sf, job.id.text, NULL, &sink, &page, &err), SF_OK);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(page.rows, ROWS);
    assert_string_equal(page.locator, "");
    is_made = true;
}

static void test_export__pages_of_every_size_are_joined(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 0, 1999, 2000, 2001, 999, 700, 37, 3 };
    reference();
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        export_to("a.csv", &(sf_bulk_export_options){ .page_rows = sizes[i] });
        same_files("a.csv", "reference.csv");
        assert_int_equal(report.rows, ROWS);
        assert_int_equal(report.pages, sizes[i] > 0 ? (ROWS + sizes[i] - 1) / sizes[i] : 1);
        assert_int_equal(report.pages_again, 0);
        assert_false(report.resumed);
        struct stat st;
        assert_int_equal(stat(path("a.csv"), &st), 0);
        assert_int_equal(report.bytes, st.st_size);
    }
    export_to("one.csv", &(sf_bulk_export_options){ .soql = "SELECT Description FROM Contact WHERE LastName < 'Row 12'",
                                                    .page_rows = 1 });
    assert_true(report.rows > 10);
    assert_int_equal(report.pages, report.rows);
    export_to("all.csv",
              &(sf_bulk_export_options){ .soql = "SELECT Description FROM Contact WHERE LastName < 'Row 12'" });
    same_files("one.csv", "all.csv");
}

static void test_export__an_empty_result(void **state)
{
    (void)state;
    size_t len;
    export_to("e.csv", &(sf_bulk_export_options){ .soql = "SELECT Id, Name FROM Account WHERE Name = 'no such'" });
    char *text = read_all("e.csv", &len);
    assert_string_equal(text, "\"Id\",\"Name\"\n");
    free(text);
    assert_int_equal(report.rows, 0);
    export_to("e.ndjson", &(sf_bulk_export_options){ .soql = "SELECT Id FROM Account WHERE Name = 'no such'",
                                                     .format = SF_EXPORT_NDJSON });
    text = read_all("e.ndjson", &len);
    assert_int_equal(len, 0);
    free(text);
}

static void test_export__delimiters_and_line_ends(void **state)
{
    (void)state;
    size_t len;
    export_to("d.csv", &(sf_bulk_export_options){
                           .soql = "SELECT LastName, Description FROM Contact WHERE LastName IN ('Row 1', 'Row 7')",
                           .delimiter = ';',
                           .crlf = true,
                           .page_rows = 1 });
    char *text = read_all("d.csv", &len);
    assert_string_equal(
        text,
        "\"LastName\";\"Description\"\r\n\"Row 1\";\"of \"\"1\"\", twice;\r\nor 1\n\nend\"\r\n\"Row 7\";\"\"\r\n");
    free(text);
}

static char *inflate_file(const char *name, size_t *len)
{
    enum { MAX = 1 << 22 };
    char *out = malloc(MAX);
    assert_non_null(out);
    gzFile f = gzopen(path(name), "rb");
    assert_non_null(f);
    int n = gzread(f, out, MAX - 1);
    assert_true(n >= 0);
    assert_int_equal(gzclose(f), Z_OK); /* the sum and length at its end are right */
    out[n] = '\0';
    *len = (size_t)n;
    return out;
}

static void test_export__gzip(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 0, 700, 3 };
    reference();
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        export_to("z.csv.gz", &(sf_bulk_export_options){ .compression = SF_EXPORT_GZIP, .page_rows = sizes[i] });
        size_t len, plain;
        char *got = inflate_file("z.csv.gz", &len), *wanted = read_all("reference.csv", &plain);
        assert_int_equal(len, plain);
        assert_memory_equal(got, wanted, len);
        free(got);
        free(wanted);
    }
}

static void test_export__zstd(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 0, 700, 3 };
    if (!test_has_zstd()) skip();
    reference();
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t len, plain;
        export_to("z.csv.zst", &(sf_bulk_export_options){ .compression = SF_EXPORT_ZSTD, .page_rows = sizes[i] });
        char *got = test_unzstd(path("z.csv.zst"), &len), *wanted = read_all("reference.csv", &plain);
        assert_int_equal(len, plain);
        assert_memory_equal(got, wanted, len);
        struct stat st;
        assert_int_equal(stat(path("z.csv.zst"), &st), 0);
        assert_int_equal(report.bytes, st.st_size);
        free(got);
        free(wanted);
    }
    size_t len;
    export_to("e.zst", &(sf_bulk_export_options){ .soql = "SELECT Id FROM Account WHERE Name = 'no such'",
                                                  .format = SF_EXPORT_NDJSON,
                                                  .compression = SF_EXPORT_ZSTD });
    char *text = test_unzstd(path("e.zst"), &len); /* a frame of nothing */
    assert_int_equal(len, 0);
    free(text);
}

static void test_export__ndjson(void **state)
{
    (void)state;
    static const int64_t sizes[] = { 0, 9, 1 };
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        size_t len;
        export_to("n.ndjson",
                  &(sf_bulk_export_options){
                      .soql = "SELECT LastName, Description FROM Contact WHERE LastName IN ('Row 1', 'Row 7')",
                      .format = SF_EXPORT_NDJSON,
                      .page_rows = sizes[i] });
        char *text = read_all("n.ndjson", &len);
        assert_string_equal(text,
                            "{\"LastName\":\"Row 1\",\"Description\":\"of \\\"1\\\", twice;\\r\\nor 1\\n\\nend\"}\n"
                            "{\"LastName\":\"Row 7\",\"Description\":null}\n");
        free(text);
    }
}

typedef struct bytes {
    char *data;
    size_t len;
    int pieces;
} bytes;

static sf_status take(void *user, const char *data, size_t len, sf_error *e)
{
    (void)e;
    bytes *b = user;
    b->data = realloc(b->data, b->len + len);
    assert_non_null(b->data);
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->pieces++;
    return SF_OK;
}

static sf_status refuse(void *user, const char *data, size_t len, sf_error *e)
{
    (void)user;
    (void)data;
    (void)len;
    (void)e;
    return SF_ERR_CANCELLED;
}

static void test_export__a_sink_gets_whole_pages_only(void **state)
{
    (void)state;
    bytes b = { 0 };
    size_t len;
    const sf_sink sink = { .write = take, .user = &b }, bad = { .write = refuse };
    reference();
    test_org_fault(&org, "truncate:after=3000,length=right,path=/jobs/query/*/results,every=2,times=3");
    want(sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = soql, .sink = &sink, .page_rows = 500 }, &report, &err),
         SF_OK);
    test_org_faults_clear(&org);
    assert_int_equal(report.pages_again, 3);
    char *wanted = read_all("reference.csv", &len);
    assert_int_equal(b.len, len);
    assert_int_equal(report.bytes, len);
    assert_memory_equal(b.data, wanted, len);
    free(wanted);
    free(b.data);
    want(sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = soql, .sink = &bad }, &report, &err), SF_ERR_CANCELLED);
}

static void test_export__an_object(void **state)
{
    (void)state;
    size_t len;
    export_to("o.csv", &(sf_bulk_export_options){ .object = "contact" });
    char *text = read_all("o.csv", &len);
    assert_int_equal(report.rows, ROWS);
    assert_int_equal(strncmp(text, "\"Id\",\"IsDeleted\"", 16), 0);
    char *line_end = strchr(text, '\n');
    assert_non_null(line_end);
    *line_end = '\0';
    assert_non_null(strstr(text, "\"MailingStreet\""));
    assert_null(strstr(text, "\"MailingAddress\"")); /* compound */
    free(text);
}

static void test_export__all_rows(void **state)
{
    (void)state;
    sf_bulk_export_options o = { .soql = "SELECT Id FROM Account" };
    sf_id id;
    sf_record *r = sf_record_new("Account");
    assert_non_null(r);
    want(sf_record_set_str(r, "Name", "Gone"), SF_OK);
    want(sf_record_create(sf, r, NULL, &id, &err), SF_OK);
    sf_record_free(r);
    want(sf_record_delete(sf, "Account", id.text, NULL, &err), SF_OK);
    export_to("without.csv", &o);
    assert_int_equal(report.rows, 0);
    o.all_rows = true;
    export_to("with.csv", &o);
    assert_int_equal(report.rows, 1);
}

/* ---- faults ---- */
static void test_export__faults_in_the_middle(void **state)
{
    (void)state;
    static const char *const faults[] = { "reset:path=/jobs/query/*/results,after=2000,every=2,times=4",
                                          "reset:path=/jobs/query,every=3,times=4",
                                          "truncate:after=1000,length=wrong,path=/jobs/query,every=2,times=5",
                                          "truncate:after=1000,length=right,path=/jobs/query/*/results,every=2,times=5",
                                          "truncate:length=right,path=/jobs/query/*/results,every=3,times=5",
                                          "lost:path=/jobs/query,method=POST,times=1",
                                          "503:path=/jobs/query,every=3,times=6",
                                          "500:path=/jobs/query/*/results,every=3,times=4,body=html",
                                          "expire:requests=3,path=/jobs/query,times=3" };
    reference();
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int form = 0; form < (test_has_zstd() ? 3 : 2); form++) {
            sf_client *other;
            print_message("  %s\n", faults[i]);
            want(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                                      .api_version = "62.0",
                                                      .retry = { .pause_ms = 5 },
                                                      .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                .client_id = org.client_id,
                                                                .client_secret = org.client_secret } },
                                &other, &err),
                 SF_OK);
            sf_bulk_export_options o = {
                .soql = soql, .path = path("f.csv"), .page_rows = 300, .compression = (sf_export_compression)form
            };
            test_org_fault(&org, faults[i]);
            want(sf_bulk_export(other, &o, &report, &err), SF_OK);
            test_org_faults_clear(&org);
            assert_int_equal(report.rows, ROWS);
            if (form == 0) {
                same_files("f.csv", "reference.csv");
            } else {
                size_t len, plain;
                char *got = form == SF_EXPORT_GZIP ? inflate_file("f.csv", &len) : test_unzstd(path("f.csv"), &len),
                     *wanted = read_all("reference.csv", &plain);
                assert_int_equal(len, plain);
                assert_memory_equal(got, wanted, len);
                free(got);
                free(wanted);
            }
            sf_client_close(other);
        }
}

static void test_export__a_page_that_stays_short_is_no_success(void **state)
{
    (void)state;
    test_org_fault(&org, "truncate:after=5000,length=right,path=/jobs/query/*/results");
    sf_status rc =
        sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = soql, .path = path("short.csv") }, &report, &err);
    test_org_faults_clear(&org);
    want(rc, SF_ERR_TRUNCATED);
    assert_int_equal(report.pages_again, 3);
    assert_int_equal(access(path("short.csv"), F_OK), -1);
    assert_int_equal(access(path("short.csv.part"), F_OK), -1);
}

static void test_export__what_the_org_refuses(void **state)
{
    (void)state;
    static const char *const statements[] = { "SELECT COUNT() FROM Contact", "SELECT Nope__c FROM Contact",
                                              "SELECT Name, COUNT(Id) FROM Contact GROUP BY Name", "no statement",
                                              "SELECT Id, (SELECT Id FROM Contacts) FROM Account" };
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        sf_status rc = sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = statements[i], .path = path("r.csv") },
                                      &report, &err);
        if (rc != SF_ERR_ORG) fail_msg("%s: %s %s", statements[i], sf_status_name(rc), err.message);
        assert_int_equal(access(path("r.csv"), F_OK), -1);
        assert_int_equal(access(path("r.csv.part"), F_OK), -1);
    }
    want(sf_bulk_export(sf, &(sf_bulk_export_options){ .object = "Nope__c", .path = path("r.csv") }, &report, &err),
         SF_ERR_NOT_FOUND);
}

static void test_export__usage(void **state)
{
    (void)state;
    const sf_sink sink = { .write = take };
    const sf_bulk_export_options wrong[] = {
        { .path = "x" },
        { .soql = soql },
        { .soql = soql, .object = "Contact", .path = "x" },
        { .soql = soql, .path = "x", .sink = &sink },
        { .soql = soql, .sink = &sink, .journal_path = "j" },
        { .soql = soql, .sink = &sink, .format = SF_EXPORT_SQLITE },
        { .soql = soql, .path = "x", .format = SF_EXPORT_SQLITE, .compression = SF_EXPORT_GZIP },
        { .soql = soql, .path = "x", .format = SF_EXPORT_SQLITE, .compression = SF_EXPORT_ZSTD },
        { .soql = soql, .path = "x", .compression = (sf_export_compression)3 },
        { .soql = soql, .path = "x", .delimiter = 'x' },
        { .soql = soql, .path = "x", .parallel = 9 },
        { .soql = soql, .path = "x", .page_rows = -1 },
        { .soql = soql, .path = "x", .format = (sf_export_format)7 },
        { .soql = soql, .path = "x", .reserved = { 1 } },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) want(sf_bulk_export(sf, &wrong[i], NULL, &err), SF_ERR_USAGE);
    want(sf_bulk_export(NULL, &wrong[0], NULL, &err), SF_ERR_USAGE);
    want(sf_bulk_export(sf, NULL, NULL, &err), SF_ERR_USAGE);
    want(sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = soql, .path = "/nowhere/x.csv" }, NULL, &err),
         SF_ERR_IO);
    sf_bulk_export_options dry = { .soql = soql, .dry_run = true };
    want(sf_bulk_export(sf, &dry, &report, &err), SF_OK);
    assert_true(report.rows > 0);
    dry.soql = "SELECT Nope__c FROM Contact";
    want(sf_bulk_export(sf, &dry, &report, &err), SF_ERR_ORG);
}

/* ---- interruptions ---- */
static bool stop_after(void *user, const sf_export_progress *p)
{
    (void)p;
    int *left = user;
    return (*left)-- > 0;
}

static void go_on_until_done(sf_bulk_export_options o, const char *reference_name)
{
    sf_status rc = SF_ERR_CANCELLED;
    int runs = 0;
    bool resumed = false;
    o.progress = stop_after;
    for (; rc == SF_ERR_CANCELLED; runs++) {
        int left = 3 + runs;
        o.user = &left;
        rc = sf_bulk_export(sf, &o, &report, &err);
        resumed = resumed || (report.resumed && report.pages > 0);
        assert_true(runs < 300);
    }
    want(rc, SF_OK);
    int64_t written = report.bytes;
    assert_true(runs > 3);
    assert_true(resumed);
    assert_int_equal(report.rows, ROWS);
    same_files("j.out", reference_name);
    sf_client_stats before, after; /* once more: all is done, nothing is sent */
    sf_client_get_stats(sf, &before);
    o.progress = NULL;
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests);
    assert_int_equal(report.rows, ROWS);
    assert_int_equal(report.bytes, written);
    o.all_rows = true;
    want(sf_bulk_export(sf, &o, &report, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "belongs to another run"));
    assert_int_equal(unlink(path("j.journal")), 0);
}

static void test_export__goes_on_where_it_stood(void **state)
{
    (void)state;
    reference();
    sf_bulk_export_options o = {
        .soql = soql, .path = path("j.out"), .journal_path = path("j.journal"), .page_rows = 90
    };
    go_on_until_done(o, "reference.csv");
    export_to("reference.ndjson", &(sf_bulk_export_options){ .format = SF_EXPORT_NDJSON });
    o.format = SF_EXPORT_NDJSON;
    go_on_until_done(o, "reference.ndjson");
    export_to("reference.gz", &(sf_bulk_export_options){ .compression = SF_EXPORT_GZIP, .page_rows = 90 });
    o.format = SF_EXPORT_CSV;
    o.compression = SF_EXPORT_GZIP;
    go_on_until_done(o, "reference.gz");
    if (!test_has_zstd()) return;
    export_to("reference.zst", &(sf_bulk_export_options){ .compression = SF_EXPORT_ZSTD, .page_rows = 90 });
    o.compression = SF_EXPORT_ZSTD;
    go_on_until_done(o, "reference.zst");
}

/* A journal of some pages. */
static void begin_one(const sf_bulk_export_options *options)
{
    sf_bulk_export_options o = *options;
    int left = 8;
    o.progress = stop_after;
    o.user = &left;
    want(sf_bulk_export(sf, &o, &report, &err), SF_ERR_CANCELLED);
    assert_true(report.pages > 0 && report.pages < 23);
    assert_int_equal(access(path("k.csv.part"), F_OK), 0);
    assert_int_equal(access(path("k.csv"), F_OK), -1);
}

static void test_export__starts_over_where_it_must(void **state)
{
    (void)state;
    sf_bulk_export_options o = {
        .soql = soql, .path = path("k.csv"), .journal_path = path("k.journal"), .page_rows = 90
    };
    reference();
    begin_one(&o); /* the job is gone */
    sf_id job = report.job;
    want(sf_bulk2_delete_job(sf, SF_JOB_QUERY, job.text, NULL, &err), SF_OK);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    assert_true(report.started_over);
    assert_string_not_equal(report.job.text, job.text);
    same_files("k.csv", "reference.csv");
    assert_int_equal(unlink(path("k.journal")) + unlink(path("k.csv")), 0);

    begin_one(&o); /* what was written is gone: the same job, from its first page */
    job = report.job;
    assert_int_equal(truncate(path("k.csv.part"), 10), 0);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    assert_false(report.started_over);
    assert_string_equal(report.job.text, job.text);
    same_files("k.csv", "reference.csv");
    assert_int_equal(unlink(path("k.journal")) + unlink(path("k.csv")), 0);

    begin_one(&o); /* more was written than the journal knows */
    FILE *f = fopen(path("k.csv.part"), "a");
    assert_non_null(f);
    fprintf(f, "\"half a ro");
    assert_int_equal(fclose(f), 0);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    assert_true(report.resumed);
    same_files("k.csv", "reference.csv");
    assert_int_equal(unlink(path("k.journal")) + unlink(path("k.csv")), 0);
}

/* Killed between the new name and the word of it: the journal lacks its last line. */
static void test_export__an_end_that_was_not_written_down(void **state)
{
    (void)state;
    size_t len;
    sf_client_stats before, after;
    reference();
    sf_bulk_export_options o = { .soql = soql, .path = path("w.csv"), .journal_path = path("w.journal") };
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    char *text = read_all("w.journal", &len), *last = text + len - 1;
    while (last > text && last[-1] != '\n') last--;
    assert_non_null(strstr(last, "\"done\""));
    assert_int_equal(truncate(path("w.journal"), last - text), 0);
    sf_client_get_stats(sf, &before);
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests);
    assert_true(report.resumed);
    assert_int_equal(report.rows, ROWS);
    same_files("w.csv", "reference.csv");
    assert_int_equal(truncate(path("w.journal"), last - text), 0);
    assert_int_equal(rename(path("w.csv"), path("w.csv.part")), 0); /* or before the new name */
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
    same_files("w.csv", "reference.csv");
    free(text);
}

static void test_export__a_link_stays_one(void **state)
{
    (void)state;
    struct stat st;
    reference();
    FILE *f = fopen(path("real.csv"), "w");
    assert_non_null(f);
    fprintf(f, "old");
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path("real.csv"), 0640), 0);
    assert_int_equal(symlink("real.csv", path("link.csv")), 0);
    export_to("link.csv", &(sf_bulk_export_options){ .journal_path = path("l.journal") });
    same_files("real.csv", "reference.csv");
    assert_int_equal(lstat(path("link.csv"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path("real.csv"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
}

/* ---- many rows, pages side by side ---- */
static void test_export__pages_side_by_side(void **state)
{
    (void)state;
    enum { MANY = 120000 };
    static const char many[] = "SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Many %'";
    load("Many", MANY);
    sf_client_stats before, after;
    sf_client_get_stats(sf, &before);
    export_to("m1.csv", &(sf_bulk_export_options){ .soql = many, .parallel = 1 });
    assert_int_equal(report.rows, MANY);
    assert_int_equal(report.pages, 3);
    export_to("m3.csv", &(sf_bulk_export_options){ .soql = many, .parallel = 3 });
    assert_int_equal(report.rows, MANY);
    assert_int_equal(report.pages, 3);
    same_files("m1.csv", "m3.csv");
    test_org_fault(&org, "truncate:after=300000,length=right,path=/jobs/query/*/results,skip=1,times=1");
    export_to("m3.csv", &(sf_bulk_export_options){ .soql = many });
    test_org_faults_clear(&org);
    assert_int_equal(report.pages_again, 1);
    same_files("m1.csv", "m3.csv");
    test_org_fault(&org, "404:path=/jobs/query/*/resultPages"); /* an org without them */
    export_to("m3.csv", &(sf_bulk_export_options){ .soql = many });
    test_org_faults_clear(&org);
    same_files("m1.csv", "m3.csv");
    sf_client_get_stats(sf, &after);
    assert_true(after.requests > before.requests);
    sf_bulk_export_options o = { .soql = many, .path = path("m4.csv"), .journal_path = path("m.journal") };
    sf_status rc = SF_ERR_CANCELLED;
    o.progress = stop_after;
    for (int runs = 0; rc == SF_ERR_CANCELLED; runs++) { /* a page more each time */
        int left = 20 + runs * 5;
        o.user = &left;
        rc = sf_bulk_export(sf, &o, &report, &err);
        assert_true(runs < 100);
    }
    want(rc, SF_OK);
    assert_true(report.resumed);
    same_files("m1.csv", "m4.csv");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_export__pages_of_every_size_are_joined),
        cmocka_unit_test(test_export__an_empty_result),
        cmocka_unit_test(test_export__delimiters_and_line_ends),
        cmocka_unit_test(test_export__gzip),
        cmocka_unit_test(test_export__zstd),
        cmocka_unit_test(test_export__ndjson),
        cmocka_unit_test(test_export__a_sink_gets_whole_pages_only),
        cmocka_unit_test(test_export__an_object),
        cmocka_unit_test(test_export__all_rows),
        cmocka_unit_test(test_export__faults_in_the_middle),
        cmocka_unit_test(test_export__a_page_that_stays_short_is_no_success),
        cmocka_unit_test(test_export__what_the_org_refuses),
        cmocka_unit_test(test_export__usage),
        cmocka_unit_test(test_export__goes_on_where_it_stood),
        cmocka_unit_test(test_export__starts_over_where_it_must),
        cmocka_unit_test(test_export__an_end_that_was_not_written_down),
        cmocka_unit_test(test_export__a_link_stays_one),
        cmocka_unit_test(test_export__pages_side_by_side),
    };
    return cmocka_run_group_tests_name("bulk_export", tests, start, stop);
}
