/* bulk2_test.c: Bulk API 2.0 call by call against a real local org: the lives of an ingest and of a query job, bodies by
 * sources and sinks, answers that are lost, and what is refused. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "sample", NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static void ok(sf_status rc)
{
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
}

/* ---- a text as source and sink ---- */
typedef struct text {
    char data[200000];
    size_t len, at;
    int reads, restarts;
} text;

static sf_status read_text(void *user, char *data, size_t cap, size_t *len, sf_error *e)
{
    text *t = user;
    (void)e;
    *len = t->len - t->at < cap ? t->len - t->at : cap;
    if (*len > 7) *len = 7; /* in many small pieces */
    memcpy(data, t->data + t->at, *len);
    t->at += *len;
    t->reads++;
    return SF_OK;
}

static sf_status write_text(void *user, const char *data, size_t len, sf_error *e)
{
    text *t = user;
    (void)e;
    assert_true(t->len + len < sizeof t->data);
    memcpy(t->data + t->len, data, len);
    t->len += len;
    t->data[t->len] = '\0';
    return SF_OK;
}

static sf_status restart_text(void *user, sf_error *e)
{
    text *t = user;
    (void)e;
    t->len = 0;
    t->restarts++;
    return SF_OK;
}

static text buffer;
static sf_sink sink_of_buffer(void)
{
    buffer = (text){ .len = 0 };
    return (sf_sink){ .write = write_text, .restart = restart_text, .user = &buffer };
}

static int lines(const char *s)
{
    int n = 0;
    for (; *s != '\0'; s++) n += *s == '\n';
    return n;
}

static const sf_bulk2_job_options contacts = { .object = "Contact", .operation = SF_INSERT };
static const sf_bulk2_wait_options quick = { .poll_min_ms = 10, .poll_max_ms = 50 };

static void test_bulk2__an_ingest_job_from_a_source(void **state)
{
    (void)state;
    sf_bulk2_job job;
    ok(sf_bulk2_create_job(
        sf, &(sf_bulk2_job_options){ .object = "Contact", .operation = SF_INSERT, .delimiter = ';', .crlf = true },
        &job, &err));
    assert_int_equal(job.state, SF_JOB_OPEN);
    assert_string_equal(job.object, "Contact");
    assert_int_equal(job.delimiter, ';');
    assert_true(job.crlf && job.processed == -1 && job.created_ms > 0);
    static text csv;
    csv = (text){ .len = 0 };
    csv.len =
        (size_t)snprintf(csv.data, sizeof csv.data, "LastName;Email\r\nBulk \"x\";b@x.example\r\n;none@x.example\r\n");
    csv.len = (size_t)snprintf(csv.data, sizeof csv.data,
                               "LastName;Email\r\n\"Bulk \"\"x\"\"; y\";b@x.example\r\n;none@x.example\r\n");
    ok(sf_bulk2_upload(sf, job.id.text, &(sf_source){ .read = read_text, .user = &csv, .length = SF_NONE }, NULL,
                       &err));
    ok(sf_bulk2_close_job(sf, job.id.text, NULL, &job, &err));
    assert_int_equal(job.state, SF_JOB_UPLOAD_COMPLETE);
    ok(sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text, &quick, &job, &err));
    assert_int_equal(job.state, SF_JOB_COMPLETE);
    assert_int_equal(job.processed, 2);
    assert_int_equal(job.failed, 1);
    sf_sink sink = sink_of_buffer();
    ok(sf_bulk2_get_results(sf, job.id.text, SF_RESULTS_SUCCESSFUL, &sink, NULL, &err));
    assert_non_null(strstr(buffer.data, ";\"true\";\"Bulk \"\"x\"\"; y\";\"b@x.example\"\r\n"));
    sink = sink_of_buffer();
    ok(sf_bulk2_get_results(sf, job.id.text, SF_RESULTS_FAILED, &sink, NULL, &err));
    assert_non_null(strstr(buffer.data, "\"\";\"REQUIRED_FIELD_MISSING:"));
    sink = sink_of_buffer();
    ok(sf_bulk2_get_results(sf, job.id.text, SF_RESULTS_UNPROCESSED, &sink, NULL, &err));
    assert_string_equal(buffer.data, "LastName;Email\r\n");
    ok(sf_bulk2_delete_job(sf, SF_JOB_INGEST, job.id.text, NULL, &err));
    assert_int_equal(sf_bulk2_get_job(sf, SF_JOB_INGEST, job.id.text, NULL, &job, &err), SF_ERR_NOT_FOUND);
}

static void test_bulk2__what_is_wrong_with_a_job_is_told(void **state)
{
    (void)state;
    sf_bulk2_job job;
    assert_int_equal(
        sf_bulk2_create_job(sf, &(sf_bulk2_job_options){ .object = "Nope__c", .operation = SF_INSERT }, &job, &err),
        SF_ERR_ORG);
    assert_string_equal(err.code, "INVALIDJOB");
    ok(sf_bulk2_create_job(sf, &contacts, &job, &err));
    ok(sf_bulk2_upload_text(sf, job.id.text, (sf_str){ "Nmae\nx\n", 7 }, NULL, &err));
    ok(sf_bulk2_close_job(sf, job.id.text, NULL, NULL, &err));
    ok(sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text, &quick, &job, &err));
    assert_int_equal(job.state, SF_JOB_FAILED);
    assert_string_equal(job.error_message, "InvalidBatch : Field name not found : Nmae");
    assert_int_equal(sf_bulk2_close_job(sf, job.id.text, NULL, NULL, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALIDJOBSTATE");

    static const struct {
        sf_bulk2_job_options options;
        const char *says;
    } wrong[] = {
        { { .operation = SF_INSERT }, "needs an object" },
        { { .object = "Contact" }, "operation is 0" },
        { { .object = "Contact", .operation = SF_UPSERT }, "needs its external_id" },
        { { .object = "Contact", .operation = SF_INSERT, .external_id = "Ext__c" }, "for upserts only" },
        { { .object = "Contact", .operation = SF_INSERT, .delimiter = 'x' }, "delimiter is 'x'" },
        { { .object = "Contact", .operation = SF_INSERT, .reserved = { 1 } }, "reserved" },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(sf_bulk2_create_job(sf, &wrong[i].options, &job, &err), SF_ERR_USAGE);
        assert_non_null(strstr(err.message, wrong[i].says));
    }
    assert_int_equal(sf_bulk2_upload_text(sf, "../x", (sf_str){ "a", 1 }, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_bulk2_get_job(sf, (sf_job_kind)7, job.id.text, NULL, &job, &err), SF_ERR_USAGE);
    sf_source large = { .read = read_text, .length = SF_BULK2_UPLOAD_MAX + 1 };
    assert_int_equal(sf_bulk2_upload(sf, job.id.text, &large, NULL, &err), SF_ERR_LIMIT);
}

static void test_bulk2__lost_answers(void **state)
{
    (void)state;
    sf_bulk2_job job;
    ok(sf_bulk2_create_job(sf, &contacts, &job, &err));
    test_org_fault(&org, "lost:path=/jobs/ingest,method=PUT,times=1");
    sf_client_stats before, after;
    sf_client_get_stats(sf, &before);
    assert_int_equal(sf_bulk2_upload_text(sf, job.id.text, (sf_str){ "LastName\nLost\n", 14 }, NULL, &err),
                     SF_ERR_UNKNOWN_OUTCOME);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests - before.requests, 1); /* an upload is never sent twice */
    test_org_faults_clear(&org);
    test_org_fault(&org, "lost:path=/jobs/ingest,method=PATCH,times=1");
    ok(sf_bulk2_abort_job(sf, SF_JOB_INGEST, job.id.text, NULL, &job, &err));
    assert_int_equal(job.state, SF_JOB_ABORTED);
    test_org_faults_clear(&org);

    ok(sf_bulk2_create_job(sf, &contacts, &job, &err));
    ok(sf_bulk2_upload_text(sf, job.id.text, (sf_str){ "LastName\nOnce only\n", 19 }, NULL, &err));
    test_org_fault(&org, "lost:path=/jobs/ingest,method=PATCH,times=1");
    ok(sf_bulk2_close_job(sf, job.id.text, NULL, &job, &err));
    test_org_faults_clear(&org);
    ok(sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text, &quick, &job, &err));
    assert_int_equal(job.processed, 1);
    test_org_fault(&org, "lost:path=/jobs/ingest,method=DELETE,times=1");
    ok(sf_bulk2_delete_job(sf, SF_JOB_INGEST, job.id.text, NULL, &err));
    test_org_faults_clear(&org);

    test_org_fault(&org, "lost:path=/jobs/ingest,method=POST,times=1");
    assert_int_equal(sf_bulk2_create_job(sf, &contacts, &job, &err), SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    test_org_fault(&org, "expire:requests=1,times=1,path=/jobs/ingest");
    test_org_faults_clear(&org);
}

static void test_bulk2__data_with_the_creation(void **state)
{
    (void)state;
    sf_bulk2_job job;
    sf_status rc = sf_bulk2_create_job_with_data(sf, &contacts, (sf_str){ "LastName\nAt once\n", 17 }, &job, &err);
    ok(rc);
    assert_int_equal(job.state, SF_JOB_UPLOAD_COMPLETE);
    ok(sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text, &quick, &job, &err));
    assert_int_equal(job.state, SF_JOB_COMPLETE);
    assert_int_equal(job.processed, 1);
    static char large[SF_BULK2_MULTIPART_MAX + 1];
    assert_int_equal(sf_bulk2_create_job_with_data(sf, &contacts, (sf_str){ large, sizeof large }, &job, &err),
                     SF_ERR_LIMIT);
}

static void test_bulk2__a_query_in_pages(void **state)
{
    (void)state;
    sf_bulk2_job job;
    sf_bulk2_page page;
    int64_t want = 0, rows = 0;
    int pages = 0;
    ok(sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &want, &err));
    ok(sf_bulk2_create_query(sf, "SELECT Id, Name, Account.Name FROM Contact", NULL, &job, &err));
    ok(sf_bulk2_wait(sf, SF_JOB_QUERY, job.id.text, &quick, &job, &err));
    assert_int_equal(job.state, SF_JOB_COMPLETE);
    assert_int_equal(job.processed, want);
    char locator[128] = "";
    do {
        sf_sink sink = sink_of_buffer();
        ok(sf_bulk2_get_page(sf, job.id.text, &(sf_bulk2_page_options){ .locator = locator, .rows_max = 300 }, &sink,
                             &page, &err));
        assert_int_equal(lines(buffer.data), page.rows + 1);
        assert_int_equal(strncmp(buffer.data, "\"Id\",\"Name\",\"Account.Name\"\n", 27), 0);
        rows += page.rows;
        pages++;
        memcpy(locator, page.locator, sizeof locator);
    } while (locator[0] != '\0');
    assert_int_equal(rows, want);
    assert_true(pages > 1);

    sf_bulk2_pages *list = NULL;
    const char *at = NULL;
    ok(sf_bulk2_pages_open(sf, job.id.text, NULL, &list, &err));
    sf_status rc;
    rows = 0;
    while ((rc = sf_bulk2_pages_next(list, &at, &err)) == SF_ROW) {
        sf_sink sink = sink_of_buffer();
        ok(sf_bulk2_get_page(sf, job.id.text, &(sf_bulk2_page_options){ .locator = at }, &sink, &page, &err));
        rows += page.rows;
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(rows, want);
    sf_bulk2_pages_close(list);

    /* a page that is cut is asked for again, and its sink begins anew */
    test_org_fault(&org, "truncate:after=5000,length=wrong,path=/jobs/query,times=1");
    sf_sink sink = sink_of_buffer();
    ok(sf_bulk2_get_page(sf, job.id.text, NULL, &sink, &page, &err));
    assert_int_equal(lines(buffer.data), want + 1);
    assert_true(buffer.restarts <= 1); /* none when the cut came before its first byte was handed on */
    test_org_expect_fault(&org, 2, 1);
    test_org_faults_clear(&org);
    sink = sink_of_buffer();
    assert_int_equal(
        sf_bulk2_get_page(sf, job.id.text, &(sf_bulk2_page_options){ .locator = "nonsense" }, &sink, &page, &err),
        SF_ERR_ORG);
    assert_int_equal(buffer.len, 0);
    ok(sf_bulk2_delete_job(sf, SF_JOB_QUERY, job.id.text, NULL, &err));
    assert_int_equal(sf_bulk2_create_query(sf, "SELECT COUNT(Id) FROM Contact", NULL, &job, &err), SF_ERR_ORG);
}

static void test_bulk2__lists_have_all_jobs(void **state)
{
    (void)state;
    sf_bulk2_job job;
    char last[19] = "";
    for (int i = 0; i < 3; i++) {
        ok(sf_bulk2_create_job(sf, &contacts, &job, &err));
        memcpy(last, job.id.text, sizeof last);
    }
    sf_bulk2_jobs *list = NULL;
    ok(sf_bulk2_jobs_open(sf, SF_JOB_INGEST, &(sf_bulk2_jobs_options){ .job_type = "V2Ingest" }, &list, &err));
    sf_status rc;
    int n = 0, found = 0;
    while ((rc = sf_bulk2_jobs_next(list, &job, &err)) == SF_ROW) {
        n++;
        found += strcmp(job.id.text, last) == 0;
        assert_string_equal(job.job_type, "V2Ingest");
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(sf_bulk2_jobs_next(list, &job, &err), SF_DONE);
    sf_bulk2_jobs_close(list);
    assert_true(n >= 3);
    assert_int_equal(found, 1);
    ok(sf_bulk2_jobs_open(sf, SF_JOB_QUERY, &(sf_bulk2_jobs_options){ .job_type = "Classic" }, &list, &err));
    assert_int_equal(sf_bulk2_jobs_next(list, &job, &err), SF_DONE);
    sf_bulk2_jobs_close(list);
}

static bool stop_at_once(void *user, const sf_bulk2_job *job)
{
    (void)job;
    ++*(int *)user;
    return false;
}

static void test_bulk2__waiting_ends_as_it_was_told(void **state)
{
    (void)state;
    sf_bulk2_job job;
    int looks = 0;
    ok(sf_bulk2_create_job(sf, &contacts, &job, &err)); /* open: it never ends by itself */
    assert_int_equal(sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text,
                                   &(sf_bulk2_wait_options){ .progress = stop_at_once, .user = &looks }, NULL, &err),
                     SF_ERR_CANCELLED);
    assert_int_equal(looks, 1);
    assert_int_equal(
        sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text,
                      &(sf_bulk2_wait_options){ .poll_min_ms = 10, .call = &(sf_call_options){ .timeout_ms = 60 } },
                      NULL, &err),
        SF_ERR_TIMEOUT);
    assert_int_equal(
        sf_bulk2_wait(sf, SF_JOB_INGEST, job.id.text, &(sf_bulk2_wait_options){ .poll_min_ms = 1 }, NULL, &err),
        SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bulk2__an_ingest_job_from_a_source),
        cmocka_unit_test(test_bulk2__what_is_wrong_with_a_job_is_told),
        cmocka_unit_test(test_bulk2__lost_answers),
        cmocka_unit_test(test_bulk2__data_with_the_creation),
        cmocka_unit_test(test_bulk2__a_query_in_pages),
        cmocka_unit_test(test_bulk2__lists_have_all_jobs),
        cmocka_unit_test(test_bulk2__waiting_ends_as_it_was_told),
    };
    return cmocka_run_group_tests_name("bulk2", tests, start, stop);
}
