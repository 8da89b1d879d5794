/* bulk_partitions_test.c: exports in ranges of ids from a real local org, compared with the same rows in one job: whatever the
 * bounds are, whatever the statement, and through interruptions. The org's ids differ in the case of their letters. */
#include "bulk/export_ranges_internal.h"
#include "bulk/journal_internal.h"
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
static uint64_t seed = 88172645463325252u;

enum { ROWS = 9000 }; /* more than 62 * 62: three digits of the ids differ */
static const char all[] = "SELECT Id, LastName, Description FROM Contact";

static uint32_t chance(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 33) % n;
}

static const char *path(const char *name)
{
    static char paths[64][160];
    static int next;
    char *out = paths[next++ % 64];
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
    snprintf(dir, sizeof dir, "/tmp/sf-partitions-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    want(sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                              .api_version = "62.0",
                                              .retry = { .pause_ms = 5 },
                                              .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                        &sf, &err),
         SF_OK);
    FILE *f = fopen(path("load.csv"), "w");
    assert_non_null(f);
    fprintf(f, "LastName,Description,Department\n");
    for (int i = 1; i <= ROWS; i++)
        fprintf(f, "Row %d,\"of \"\"%d\"\",\n ORDER BY\",%s\n", i, i, i % 3 == 0 ? "A" : i % 3 == 1 ? "B" : "C");
    assert_int_equal(fclose(f), 0);
    want(sf_bulk_load(
             sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv_path = path("load.csv") },
             NULL, &err),
         SF_OK);
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

/* The rows of both files, in any order. */
static void same_rows(const char *a, const char *b)
{
    char command[600];
    snprintf(command, sizeof command,
             "head -1 '%s/%s' | cmp - <(head -1 '%s/%s') && cmp <(sort '%s/%s') <(sort '%s/%s')", dir, a, dir, b, dir,
             a, dir, b);
    char quoted[800];
    snprintf(quoted, sizeof quoted, "LC_ALL=C bash -c \"%s\"", command);
    if (system(quoted) != 0) fail_msg("%s and %s have other rows", a, b);
}

static void export_to(const char *name, sf_bulk_export_options o)
{
    o.path = path(name);
    if (o.soql == NULL && o.object == NULL) o.soql = all;
    o.poll_min_ms = 10;
    want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
}

/* ---- the org's order ---- */
static void test_partitions__the_org_sorts_ids_by_their_bytes(void **state)
{
    (void)state;
    sf_query *q;
    sf_value row;
    sf_status rc;
    char last[SFI_BOUND_BYTES] = "", ids[200][SFI_BOUND_BYTES];
    size_t count = 0, mixed = 0;
    want(sf_query_open(sf, "SELECT Id FROM Contact ORDER BY Id", NULL, &q, &err), SF_OK);
    for (int i = 0; (rc = sf_query_next(q, &row, &err)) == SF_ROW; i++) {
        char id[SFI_BOUND_BYTES];
        snprintf(id, sizeof id, "%.15s", sf_get_str(row, "Id"));
        assert_true(strcmp(last, id) < 0);
        mixed += last[0] != '\0' && sfi_ascii_lower((unsigned char)last[14]) > sfi_ascii_lower((unsigned char)id[14]);
        memcpy(last, id, sizeof last);
        if (i % (ROWS / (int)COUNT_OF(ids)) == 0 && count < COUNT_OF(ids)) memcpy(ids[count++], id, sizeof last);
    }
    want(rc, SF_DONE);
    assert_true(mixed > 0); /* in the order of letters without their case they would stand otherwise */
    sf_query_close(q);
    for (size_t i = 0; i + 1 < count; i++) { /* a bound is of 15 characters or 18, of an id that is there or not */
        char soql[200];
        int64_t below, above, total;
        sf_id id = i % 2 == 0 ? sfi_id_make((sf_str){ ids[i], 15 }) : (sf_id){ "" };
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM Contact WHERE Id < '%.18s'", i % 2 == 0 ? id.text : ids[i]);
        want(sf_query_count(sf, soql, NULL, &below, &err), SF_OK);
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM Contact WHERE Id >= '%.15s'", ids[i]);
        want(sf_query_count(sf, soql, NULL, &above, &err), SF_OK);
        want(sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &total, &err), SF_OK);
        assert_int_equal(below, (int64_t)i * (ROWS / (int)COUNT_OF(ids)));
        assert_int_equal(below + above, total);
    }
}

/* ---- nothing is lost or doubled ---- */
static void test_partitions__any_number_of_them(void **state)
{
    (void)state;
    static const char *const statements[] = {
        all,
        "SELECT Id, LastName FROM Contact WHERE Department = 'A' OR Department = 'B'",
        "SELECT LastName, Description, Id FROM Contact c WHERE c.LastName LIKE 'Row 1%' AND (Department = 'A' OR "
        "LastName LIKE '%) ORDER BY%') WITH SECURITY_ENFORCED",
        "SELECT Id FROM Contact WHERE LastName = 'nobody'",
        "SELECT Id FROM Contact WHERE LastName IN ('Row 1', 'Row 9000', 'Row 77')",
    };
    static const int32_t numbers[] = { 2, 3, 7, 100 };
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        export_to("one.csv", (sf_bulk_export_options){ .soql = statements[i] });
        int64_t rows = report.rows;
        assert_int_equal(report.jobs, 1);
        for (size_t k = 0; k < COUNT_OF(numbers); k++) {
            export_to("many.csv", (sf_bulk_export_options){ .soql = statements[i],
                                                            .partitions = numbers[k],
                                                            .jobs_parallel = (int32_t)(1 + k * 5),
                                                            .page_rows = k == 1 ? 400 : 0 });
            assert_int_equal(report.rows, rows);
            assert_int_equal(report.jobs, rows > 100 ? numbers[k] : rows == 0 ? 1 : report.jobs);
            same_rows("many.csv", "one.csv");
        }
    }
    export_to("one.csv", (sf_bulk_export_options){ .object = "contact" });
    export_to("many.csv", (sf_bulk_export_options){ .object = "contact", .partitions = 5 });
    assert_int_equal(report.jobs, 5);
    same_rows("many.csv", "one.csv");
}

/* The head line of a journal of such an export, as the library writes it. */
static sf_str head_of(const sf_bulk_export_options *options, char *out, size_t size)
{
    sf_bulk_export_options o = *options;
    const sf_call_options call = { .timeout_ms = 1 }; /* it gets no further than its journal */
    size_t len;
    o.call = &call;
    assert_true(sf_bulk_export(sf, &o, NULL, &err) < 0);
    char *text = test_read_file(o.journal_path, &len);
    assert_non_null(text);
    snprintf(out, size, "%.*s", (int)(strcspn(text, "\n") - 9), text + 9);
    free(text);
    assert_int_equal(unlink(o.journal_path), 0);
    return sfi_str(out);
}

static sf_status pass_over(void *user, sf_value line, sf_error *e)
{
    (void)user;
    (void)line;
    (void)e;
    return SF_OK;
}

/* A journal that says where the ranges begin: anywhere. */
static void test_partitions__bounds_anywhere(void **state)
{
    (void)state;
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char soql[] = "SELECT Id, LastName FROM Contact WHERE Department = 'A' OR Department = 'B'";
    char head[1000], first[SFI_BOUND_BYTES];
    sf_query *q;
    sf_value row;
    sfi_id_number low, high;
    want(sf_query_open(sf, "SELECT Id FROM Contact ORDER BY Id LIMIT 1", NULL, &q, &err), SF_OK);
    want(sf_query_next(q, &row, &err), SF_ROW);
    snprintf(first, sizeof first, "%.15s", sf_get_str(row, "Id"));
    sf_query_close(q);
    assert_true(sfi_id_to_number(sfi_str(first), &low));
    high = low + ROWS;
    export_to("one.csv", (sf_bulk_export_options){ .soql = soql });
    sf_bulk_export_options o = { .soql = soql,
                                 .partitions = 40,
                                 .jobs_parallel = 16,
                                 .path = path("any.csv"),
                                 .journal_path = path("any.journal"),
                                 .poll_min_ms = 10 };
    sf_str line = head_of(&o, head, sizeof head);
    for (int round = 0; round < 25; round++) {
        sfi_journal *j;
        bool resumed;
        sfi_buf ranges = { 0 };
        char bounds[40][SFI_BOUND_BYTES];
        size_t count = 0, most = 1 + chance(39);
        for (size_t i = 0; i < most; i++) { /* among the ids, for the most part; or anything */
            char id[SFI_BOUND_BYTES];
            sfi_id_from_number(low + chance((uint32_t)(high - low)), id);
            if (chance(8) == 0)
                for (size_t k = 3 + chance(12); k < 15; k++) id[k] = letters[chance(62)];
            size_t at = count;
            while (at > 0 && strcmp(bounds[at - 1], id) > 0) at--;
            if (at > 0 && strcmp(bounds[at - 1], id) == 0) continue;
            memmove(bounds + at + 1, bounds + at, (count - at) * sizeof bounds[0]);
            memcpy(bounds[at], id, sizeof bounds[0]);
            count++;
        }
        sfi_buf_addf(&ranges, "{\"soql\":\"%s\",\"ranges\":[", soql);
        for (size_t i = 0; i < count; i++) sfi_buf_addf(&ranges, "%s\"%s\"", i > 0 ? "," : "", bounds[i]);
        sfi_buf_add_str(&ranges, "]}");
        want(sfi_journal_open(o.journal_path, line, pass_over, NULL, &j, &resumed, &err), SF_OK);
        want(sfi_journal_add(j, sfi_buf_str(&ranges), &err), SF_OK);
        sfi_journal_close(j);
        sfi_buf_free(&ranges);
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        assert_int_equal(report.jobs, count + 1);
        assert_int_equal(report.rows, 2 * ROWS / 3);
        same_rows("any.csv", "one.csv");
        assert_int_equal(unlink(o.journal_path), 0);
    }
}

static void test_partitions__bounds_that_cannot_be(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "{\"soql\":\"\",\"ranges\":[\"003000000000001\"]}",
        "{\"soql\":\"SELECT Id FROM Contact\",\"ranges\":[\"00300000000001\"]}",
        "{\"soql\":\"SELECT Id FROM Contact\",\"ranges\":[\"00300000000000'\"]}",
        "{\"soql\":\"SELECT Id FROM Contact\",\"ranges\":[7]}",
        "{\"soql\":\"SELECT Id FROM Contact\",\"ranges\":[\"003000000000002\",\"003000000000001\"]}",
        "{\"soql\":\"SELECT Id FROM Contact\",\"ranges\":[\"003000000000001\",\"003000000000001\"]}",
        ("{\"soql\":\"SELECT Id FROM Contact\","
         "\"ranges\":[\"003000000000001\",\"003000000000002\",\"003000000000003\"]}"),
        "{\"job\":\"7505e00000AbCdEAAV\",\"version\":\"62.0\",\"range\":1}",
        "{\"pages\":1,\"rows\":1,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":1,\"next\":\"x\",\"range\":1}",
        "{\"pages\":1,\"rows\":1,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":1,\"next\":\"x\",\"before\":2}",
    };
    char head[1000];
    sf_bulk_export_options o = {
        .soql = all, .partitions = 3, .path = path("not.csv"), .journal_path = path("not.journal")
    };
    sf_str line = head_of(&o, head, sizeof head);
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        sfi_journal *j;
        bool resumed;
        want(sfi_journal_open(o.journal_path, line, pass_over, NULL, &j, &resumed, &err), SF_OK);
        want(sfi_journal_add(j, sfi_str(lines[i]), &err), SF_OK);
        sfi_journal_close(j);
        if (sf_bulk_export(sf, &o, &report, &err) != SF_ERR_USAGE) fail_msg("%s", lines[i]);
        assert_non_null(strstr(err.message, "none of an export's"));
        assert_int_equal(unlink(o.journal_path), 0);
    }
}

/* ---- the jobs ---- */
static int jobs_of_the_org(void)
{
    sf_bulk2_jobs *list;
    sf_bulk2_job job;
    int count = 0;
    want(sf_bulk2_jobs_open(sf, SF_JOB_QUERY, &(sf_bulk2_jobs_options){ .job_type = "V2Query" }, &list, &err), SF_OK);
    while (sf_bulk2_jobs_next(list, &job, &err) == SF_ROW) count++;
    sf_bulk2_jobs_close(list);
    return count;
}

typedef struct watcher {
    int before, first, left; /* jobs of the org, and of this export at the first look; looks until it says stop */
    int32_t total, done;
} watcher;

static bool watch(void *user, const sf_export_progress *p)
{
    watcher *w = user;
    if (w->before >= 0 && w->first == 0) w->first = jobs_of_the_org() - w->before;
    w->total = p->jobs_total;
    assert_true(p->jobs_done >= w->done && p->jobs_done <= p->jobs_total);
    w->done = p->jobs_done;
    if (p->jobs_done == p->jobs_total) assert_int_equal(p->rows_total, p->rows);
    return w->left < 0 || w->left-- > 0;
}

static void test_partitions__so_many_jobs_at_once(void **state)
{
    (void)state;
    for (int32_t at_once = 1; at_once <= 3; at_once += 2) {
        watcher w = { .before = jobs_of_the_org(), .left = -1 };
        export_to("w.csv",
                  (sf_bulk_export_options){
                      .partitions = 6, .jobs_parallel = at_once, .page_rows = 700, .progress = watch, .user = &w });
        assert_int_equal(jobs_of_the_org() - w.before, 6);
        assert_int_equal(w.first, at_once);
        assert_int_equal(w.total, 6);
        export_to("one.csv", (sf_bulk_export_options){ 0 });
        same_rows("w.csv", "one.csv");
    }
    /* an org that has its fill of jobs: those that cannot be made ahead are made in their turn */
    test_org_fault(&org, "400:path=/jobs/query,method=POST,skip=1,times=1");
    export_to("w.csv", (sf_bulk_export_options){ .partitions = 3 });
    test_org_faults_clear(&org);
    same_rows("w.csv", "one.csv");
}

static void test_partitions__usage(void **state)
{
    (void)state;
    static const sf_bulk_export_options wrong[] = {
        { .soql = all, .path = "x", .partitions = SF_EXPORT_PARTITIONS_MAX + 1 },
        { .soql = all, .path = "x", .partitions = -1 },
        { .soql = all, .path = "x", .partitions = 2, .jobs_parallel = SF_EXPORT_JOBS_MAX + 1 },
        { .soql = "SELECT Id FROM Contact ORDER BY Id", .path = "x", .partitions = 2 },
        { .soql = "SELECT Id FROM Contact LIMIT 5", .path = "x", .partitions = 2, .dry_run = true },
    };
    sf_client_stats before, after;
    sf_client_get_stats(sf, &before);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) want(sf_bulk_export(sf, &wrong[i], NULL, &err), SF_ERR_USAGE);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests);
    want(sf_bulk_export(
             sf, &(sf_bulk_export_options){ .soql = "SELECT Nope__c FROM Contact", .path = path("x"), .partitions = 2 },
             NULL, &err),
         SF_ERR_ORG);
    export_to("l.csv", (sf_bulk_export_options){ .soql = "SELECT Id FROM Contact LIMIT 5", .partitions = 1 });
    assert_int_equal(report.rows, 5);
}

/* ---- interruptions ---- */
static void test_partitions__go_on_where_they_stood(void **state)
{
    (void)state;
    static const sf_export_format formats[] = { SF_EXPORT_CSV, SF_EXPORT_CSV, SF_EXPORT_NDJSON, SF_EXPORT_SQLITE };
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        sf_bulk_export_options o = { .soql = all,
                                     .partitions = 5,
                                     .page_rows = 350,
                                     .format = formats[i],
                                     .compression = i == 1 ? SF_EXPORT_GZIP : SF_EXPORT_PLAIN,
                                     .path = path("j.out"),
                                     .poll_min_ms = 10 };
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        size_t len, again;
        char *whole = test_read_file(path("j.out"), &len);
        o.journal_path = path("j.journal");
        o.progress = watch;
        sf_status rc = SF_ERR_CANCELLED;
        int runs = 0;
        for (; rc == SF_ERR_CANCELLED; runs++) {
            watcher w = { .before = -1, .left = 4 + runs };
            o.user = &w;
            rc = sf_bulk_export(sf, &o, &report, &err);
            if (rc != SF_OK && rc != SF_ERR_CANCELLED) fail_msg("%s", err.message);
            assert_false(report.started_over);
            assert_true(runs < 100);
        }
        want(rc, SF_OK);
        assert_true(runs > 3 && report.resumed);
        assert_int_equal(report.rows, ROWS);
        assert_int_equal(report.jobs, 5);
        char *text = test_read_file(path("j.out"), &again);
        if (formats[i] != SF_EXPORT_SQLITE) { /* whose pages may lie in other places */
            assert_int_equal(again, len);
            assert_memory_equal(text, whole, len);
        }
        free(text);
        free(whole);
        o.progress = NULL; /* once more: all is done, nothing is sent */
        sf_client_stats before, after;
        sf_client_get_stats(sf, &before);
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        sf_client_get_stats(sf, &after);
        assert_int_equal(after.requests, before.requests);
        o.partitions = 6;
        want(sf_bulk_export(sf, &o, &report, &err), SF_ERR_USAGE);
        assert_non_null(strstr(err.message, "belongs to another run"));
        assert_int_equal(unlink(path("j.journal")), 0);
    }
}

static void delete_all_jobs(const char *but)
{
    sf_bulk2_jobs *list;
    sf_bulk2_job job;
    static sf_id ids[2000];
    size_t n = 0;
    want(sf_bulk2_jobs_open(sf, SF_JOB_QUERY, &(sf_bulk2_jobs_options){ .job_type = "V2Query" }, &list, &err), SF_OK);
    while (n < COUNT_OF(ids) && sf_bulk2_jobs_next(list, &job, &err) == SF_ROW)
        if (job.state == SF_JOB_COMPLETE && strcmp(job.id.text, but) != 0) ids[n++] = job.id;
    sf_bulk2_jobs_close(list);
    for (size_t i = 0; i < n; i++) want(sf_bulk2_delete_job(sf, SF_JOB_QUERY, ids[i].text, NULL, &err), SF_OK);
}

static void test_partitions__jobs_that_are_gone(void **state)
{
    (void)state;
    export_to("one.csv", (sf_bulk_export_options){ 0 });
    for (int only_others = 0; only_others < 2; only_others++) {
        watcher w = { .before = -1, .left = 12 };
        sf_bulk_export_options o = { .soql = all,
                                     .partitions = 4,
                                     .page_rows = 350,
                                     .path = path("g.csv"),
                                     .journal_path = path("g.journal"),
                                     .progress = watch,
                                     .user = &w,
                                     .poll_min_ms = 10 };
        want(sf_bulk_export(sf, &o, &report, &err), SF_ERR_CANCELLED);
        assert_true(report.pages > 0);
        int64_t pages = report.pages;
        sf_id job = report.job;
        delete_all_jobs(only_others ? job.text : "");
        o.progress = NULL;
        want(sf_bulk_export(sf, &o, &report, &err), SF_OK);
        assert_true(report.started_over); /* or its later jobs made anew, behind the pages that were there */
        assert_true(report.pages > pages);
        assert_int_equal(report.rows, ROWS);
        same_rows("g.csv", "one.csv");
        assert_int_equal(unlink(o.journal_path), 0);
    }
}

static void test_partitions__faults(void **state)
{
    (void)state;
    static const char *const faults[] = { "truncate:after=9000,length=right,path=/jobs/query/*/results,every=2,times=5",
                                          "reset:path=/jobs/query,every=3,times=6",
                                          "503:path=/jobs/query,every=3,times=6",
                                          "lost:path=/jobs/query,method=POST,skip=1,times=1",
                                          "expire:requests=4,path=/jobs/query,times=3" };
    export_to("one.csv", (sf_bulk_export_options){ 0 });
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
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
            .soql = all, .path = path("f.csv"), .page_rows = 900, .partitions = 4, .poll_min_ms = 10
        };
        test_org_fault(&org, faults[i]);
        want(sf_bulk_export(other, &o, &report, &err), SF_OK);
        test_org_faults_clear(&org);
        assert_int_equal(report.rows, ROWS);
        same_rows("f.csv", "one.csv");
        sf_client_close(other);
    }
    test_org_fault(&org, "truncate:after=9000,length=right,path=/jobs/query/*/results,skip=3");
    sf_status rc = sf_bulk_export(sf, &(sf_bulk_export_options){ .soql = all, .path = path("s.csv"), .partitions = 4 },
                                  &report, &err);
    test_org_faults_clear(&org);
    want(rc, SF_ERR_TRUNCATED); /* the fourth job's page stays short */
    assert_int_equal(access(path("s.csv"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions__the_org_sorts_ids_by_their_bytes),
        cmocka_unit_test(test_partitions__any_number_of_them),
        cmocka_unit_test(test_partitions__bounds_anywhere),
        cmocka_unit_test(test_partitions__bounds_that_cannot_be),
        cmocka_unit_test(test_partitions__so_many_jobs_at_once),
        cmocka_unit_test(test_partitions__usage),
        cmocka_unit_test(test_partitions__go_on_where_they_stood),
        cmocka_unit_test(test_partitions__jobs_that_are_gone),
        cmocka_unit_test(test_partitions__faults),
    };
    return cmocka_run_group_tests_name("bulk_partitions", tests, start, stop);
}
