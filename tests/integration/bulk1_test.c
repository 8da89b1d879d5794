/* bulk1_test.c: Bulk API 1.0 call by call against a real local org: batches of CSV, JSON and XML with results in their order,
 * queries with and without chunks, answers that are lost, a session that ends, and what is refused. */
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
    sf_status rc = sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                                        .login_url = org.url,
                                                        .api_version = "62.0",
                                                        .retry = { .pause_ms = 5 },
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = org.client_id,
                                                                  .client_secret = org.client_secret } },
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
    char data[2000000];
    size_t len, at;
    int restarts, rewinds;
} text;

static sf_status read_text(void *user, char *data, size_t cap, size_t *len, sf_error *e)
{
    text *t = user;
    (void)e;
    *len = t->len - t->at < cap ? t->len - t->at : cap;
    if (*len > 7) *len = 7; /* in many small pieces */
    memcpy(data, t->data + t->at, *len);
    t->at += *len;
    return SF_OK;
}

static sf_status rewind_text(void *user, sf_error *e)
{
    text *t = user;
    (void)e;
    t->at = 0;
    t->rewinds++;
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
    t->data[0] = '\0';
    t->restarts++;
    return SF_OK;
}

static text buffer;
static sf_sink sink_of_buffer(void)
{
    buffer.len = buffer.at = 0;
    buffer.restarts = 0;
    buffer.data[0] = '\0';
    return (sf_sink){ .write = write_text, .restart = restart_text, .user = &buffer };
}

static const sf_bulk1_wait_options quick = { .poll_min_ms = 10, .poll_max_ms = 50 };

static void make(sf_bulk1_operation operation, sf_bulk1_format format, const char *object, sf_bulk1_job *job)
{
    ok(sf_bulk1_create_job(sf, &(sf_bulk1_job_options){ .object = object, .operation = operation, .format = format },
                           job, &err));
    assert_int_equal(job->state, SF_BULK1_JOB_OPEN);
    assert_int_equal(job->format, format);
    assert_string_equal(job->object, object);
}

static void add(const sf_bulk1_job *job, const char *data, sf_bulk1_batch *batch)
{
    ok(sf_bulk1_add_batch_text(sf, job->id.text, job->format, (sf_str){ data, strlen(data) }, NULL, batch, &err));
    assert_string_equal(batch->job.text, job->id.text);
}

static bool str_is(sf_str s, const char *want)
{
    return s.len == strlen(want) && memcmp(s.ptr, want, s.len) == 0;
}

/* The batch of two rows, of which the second lacks its name: the same results in each format. */
static void expect_two(const sf_bulk1_job *job, const sf_bulk1_batch *batch)
{
    sf_bulk1_results *results;
    sf_bulk1_result row;
    ok(sf_bulk1_results_open(sf, job->id.text, batch->id.text, NULL, &results, &err));
    assert_int_equal(sf_bulk1_results_next(results, &row, &err), SF_ROW);
    assert_int_equal(row.row, 1);
    assert_true(row.success && row.created && row.errors == 0 && row.code.len == 0);
    assert_int_equal(strncmp(row.id.text, "003", 3), 0);
    assert_int_equal(sf_bulk1_results_next(results, &row, &err), SF_ROW);
    assert_int_equal(row.row, 2);
    assert_true(!row.success && !row.created && row.errors == 1 && row.id.text[0] == '\0');
    assert_true(str_is(row.code, "REQUIRED_FIELD_MISSING"));
    assert_true(str_is(row.message, "Required fields are missing: [LastName]"));
    assert_true(str_is(row.fields, "LastName"));
    assert_int_equal(sf_bulk1_results_next(results, &row, &err), SF_DONE);
    assert_int_equal(sf_bulk1_results_next(results, &row, &err), SF_DONE);
    sf_bulk1_results_close(results);
}

static void test_bulk1__rows_in_every_format(void **state)
{
    (void)state;
    static const struct {
        sf_bulk1_format format;
        const char *data, *result;
    } cases[] = {
        { SF_BULK1_CSV, "LastName,Email\n\"A, \"\"B\"\"\",a@x.example\n,b@x.example\n", "\"Id\",\"Success\"" },
        { SF_BULK1_JSON, "[{\"LastName\":\"A\",\"Email\":null},{\"Email\":\"b@x.example\"}]", "[{\"success\":true" },
        { SF_BULK1_XML,
          "<sObjects xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\"><sObject><LastName>A</LastName></sObject>"
          "<sObject><Email>b@x.example</Email></sObject></sObjects>",
          "<?xml " },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_bulk1_job job;
        sf_bulk1_batch batch;
        sf_bulk1_progress sums;
        make(SF_BULK1_INSERT, cases[i].format, "Contact", &job);
        add(&job, cases[i].data, &batch);
        ok(sf_bulk1_wait(sf, job.id.text, &quick, &sums, &err));
        assert_true(sums.batches == 1 && sums.ended == 1 && sums.processed == 2 && sums.failed == 1);
        ok(sf_bulk1_get_batch(sf, job.id.text, batch.id.text, NULL, &batch, &err));
        assert_int_equal(batch.state, SF_BULK1_BATCH_COMPLETED);
        expect_two(&job, &batch);
        sf_sink sink = sink_of_buffer();
        ok(sf_bulk1_get_batch_request(sf, job.id.text, batch.id.text, &sink, NULL, &err));
        assert_string_equal(buffer.data, cases[i].data);
        sink = sink_of_buffer();
        ok(sf_bulk1_get_batch_result(sf, job.id.text, batch.id.text, &sink, NULL, &err));
        assert_int_equal(strncmp(buffer.data, cases[i].result, strlen(cases[i].result)), 0);
        ok(sf_bulk1_close_job(sf, job.id.text, NULL, &job, &err));
        assert_int_equal(job.state, SF_BULK1_JOB_CLOSED);
        ok(sf_bulk1_get_job(sf, job.id.text, NULL, &job, &err));
        assert_true(job.batches == 1 && job.batches_completed == 1 && job.processed == 2 && job.failed == 1);
        assert_int_equal(job.format, cases[i].format);
        assert_true(job.created_ms > 1000000000000 && strcmp(job.api_version, "62.0") == 0);
    }
}

static void test_bulk1__batches_from_sources_are_listed(void **state)
{
    (void)state;
    static text csv;
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    sf_bulk1_batches *list;
    ok(sf_bulk1_create_job(sf,
                           &(sf_bulk1_job_options){
                               .object = "Contact", .operation = SF_BULK1_UPSERT, .external_id = "Id", .serial = true },
                           &job, &err));
    assert_string_equal(job.concurrency, "Serial");
    assert_string_equal(job.external_id, "Id");
    ok(sf_bulk1_batches_open(sf, job.id.text, NULL, &list, &err));
    assert_int_equal(sf_bulk1_batches_next(list, &batch, &err), SF_DONE);
    sf_bulk1_batches_close(list);
    for (int i = 0; i < 3; i++) {
        csv.at = 0;
        csv.len = (size_t)snprintf(csv.data, sizeof csv.data, "Id,LastName\n,Source %d\n", i);
        ok(sf_bulk1_add_batch(
            sf, job.id.text, SF_BULK1_CSV,
            &(sf_source){ .read = read_text, .user = &csv, .length = i == 0 ? (int64_t)csv.len : SF_NONE }, NULL,
            &batch, &err));
    }
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
    ok(sf_bulk1_batches_open(sf, job.id.text, NULL, &list, &err));
    int n = 0;
    sf_status rc;
    for (; (rc = sf_bulk1_batches_next(list, &batch, &err)) == SF_ROW; n++) {
        assert_int_equal(batch.state, SF_BULK1_BATCH_COMPLETED);
        assert_true(batch.processed == 1 && batch.failed == 0);
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(n, 3);
    sf_bulk1_batches_close(list);
    ok(sf_bulk1_abort_job(sf, job.id.text, NULL, &job, &err));
    assert_int_equal(job.state, SF_BULK1_JOB_ABORTED);
}

/* ---- queries ---- */
static int count(const char *what)
{
    int n = 0;
    for (const char *at = buffer.data; (at = strstr(at, what)) != NULL; at++) n++;
    return n;
}

/* Rows of all results of a batch, by what stands once in each. */
static int rows_of(const sf_bulk1_job *job, const sf_bulk1_batch *batch, const char *mark)
{
    sf_bulk1_query_results *results;
    const char *id;
    int n = 0;
    ok(sf_bulk1_query_results_open(sf, job->id.text, batch->id.text, NULL, &results, &err));
    sf_status rc;
    while ((rc = sf_bulk1_query_results_next(results, &id, &err)) == SF_ROW) {
        assert_int_equal(strlen(id), 15);
        sf_sink sink = sink_of_buffer();
        ok(sf_bulk1_get_query_result(sf, job->id.text, batch->id.text, id, &sink, NULL, &err));
        n += count(mark);
    }
    assert_int_equal(rc, SF_DONE);
    sf_bulk1_query_results_close(results);
    return n;
}

static void test_bulk1__queries(void **state)
{
    (void)state;
    static const char *const marks[] = { "\n\"003", "\"Id\":\"003", "<Id>003" };
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    int64_t want = 0;
    ok(sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &want, &err));
    for (int format = SF_BULK1_CSV; format <= SF_BULK1_XML; format++) {
        make(SF_BULK1_QUERY, (sf_bulk1_format)format, "Contact", &job);
        add(&job, "SELECT Id, CreatedDate, Account.Name FROM Contact", &batch);
        ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
        assert_int_equal(rows_of(&job, &batch, marks[format]), want);
        add(&job, "SELECT Id FROM Contact WHERE LastName = 'nobody at all'", &batch);
        ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
        assert_int_equal(rows_of(&job, &batch, marks[format]), 0);
        if (format == SF_BULK1_CSV) assert_int_equal(buffer.len, 0); /* the sentence is no row */
        ok(sf_bulk1_close_job(sf, job.id.text, NULL, NULL, &err));
    }
}

static void test_bulk1__chunks_have_all_rows(void **state)
{
    (void)state;
    sf_bulk1_job job;
    sf_bulk1_batch batch, chunk;
    sf_bulk1_batches *list;
    int64_t want = 0;
    int rows = 0, chunks = 0, originals = 0;
    ok(sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &want, &err));
    ok(sf_bulk1_create_job(sf,
                           &(sf_bulk1_job_options){ .object = "Contact",
                                                    .operation = SF_BULK1_QUERY,
                                                    .format = SF_BULK1_CSV,
                                                    .chunk_rows = 250,
                                                    .chunk_parent = "Contact" },
                           &job, &err));
    add(&job, "SELECT Id FROM Contact", &batch);
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
    ok(sf_bulk1_batches_open(sf, job.id.text, NULL, &list, &err));
    while (sf_bulk1_batches_next(list, &chunk, &err) == SF_ROW) {
        if (chunk.state == SF_BULK1_BATCH_NOT_PROCESSED) {
            assert_string_equal(chunk.id.text, batch.id.text);
            originals++;
            continue;
        }
        assert_int_equal(chunk.state, SF_BULK1_BATCH_COMPLETED);
        rows += rows_of(&job, &chunk, "\n\"003");
        chunks++;
    }
    sf_bulk1_batches_close(list);
    assert_int_equal(originals, 1);
    assert_int_equal(chunks, (want + 249) / 250);
    assert_int_equal(rows, want);
    assert_int_equal(sf_bulk1_results_open(sf, job.id.text, batch.id.text, NULL, &(sf_bulk1_results *){ NULL }, &err),
                     SF_ERR_ORG);
    assert_string_equal(err.code, "InvalidBatch");
}

/* ---- what goes wrong ---- */
static void test_bulk1__a_session_that_ends_is_renewed_once(void **state)
{
    (void)state;
    static text csv;
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    sf_client_stats before, after;
    make(SF_BULK1_INSERT, SF_BULK1_CSV, "Contact", &job);
    csv.at = 0;
    csv.len = (size_t)snprintf(csv.data, sizeof csv.data, "LastName\nRenewed\n");
    test_org_fault(&org, "expire:requests=1,times=1,path=/services/async/*");
    sf_client_get_stats(sf, &before);
    ok(sf_bulk1_get_job(sf, job.id.text, NULL, &job,
                        &err)); /* its session has been used before: it dies here, and is renewed */
    sf_client_get_stats(sf, &after);
    assert_true(after.retries - before.retries == 1);
    test_org_faults_clear(&org);
    test_org_fault(&org, "expire:requests=1,times=1,path=/services/async/*");
    ok(sf_bulk1_add_batch(
        sf, job.id.text, SF_BULK1_CSV,
        &(sf_source){ .read = read_text, .rewind = rewind_text, .user = &csv, .length = (int64_t)csv.len }, NULL,
        &batch, &err));
    assert_true(csv.rewinds == 1);
    test_org_faults_clear(&org);
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
    ok(sf_bulk1_get_job(sf, job.id.text, NULL, &job, &err));
    assert_true(job.batches == 1 && job.processed == 1 && job.failed == 0);
}

static void test_bulk1__lost_answers(void **state)
{
    (void)state;
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    make(SF_BULK1_INSERT, SF_BULK1_CSV, "Contact", &job);
    test_org_fault(&org, "lost:path=/services/async/*,method=POST,times=1");
    assert_int_equal(
        sf_bulk1_add_batch_text(sf, job.id.text, SF_BULK1_CSV, (sf_str){ "LastName\nOnce\n", 14 }, NULL, &batch, &err),
        SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    test_org_fault(&org, "lost:path=/services/async/*,method=POST,times=1");
    ok(sf_bulk1_close_job(sf, job.id.text, NULL, &job, &err));
    assert_int_equal(job.state, SF_BULK1_JOB_CLOSED);
    test_org_faults_clear(&org);
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
    ok(sf_bulk1_get_job(sf, job.id.text, NULL, &job, &err));
    assert_true(job.batches == 1 && job.processed == 1); /* it was added, and only once */
    test_org_fault(&org, "lost:path=/services/async/*,method=POST,times=1");
    ok(sf_bulk1_abort_job(sf, job.id.text, NULL, &job, &err));
    assert_int_equal(job.state, SF_BULK1_JOB_ABORTED);
    test_org_faults_clear(&org);
    test_org_fault(&org, "500:path=/services/async/*,times=1");
    ok(sf_bulk1_get_job(sf, job.id.text, NULL, &job, &err)); /* reading is repeated */
    test_org_faults_clear(&org);
    test_org_fault(&org, "truncate:after=200,path=/services/async/*,times=1");
    ok(sf_bulk1_get_job(sf, job.id.text, NULL, &job, &err)); /* XML that was cut, though its length was right */
    test_org_faults_clear(&org);
    sf_bulk1_job_options contacts = { .object = "Contact", .operation = SF_BULK1_INSERT };
    test_org_fault(&org, "500:path=/services/async/*,times=1");
    assert_int_equal(sf_bulk1_create_job(sf, &contacts, &job, &err), SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    test_org_fault(&org, "limit:path=/services/async/*,times=1");
    assert_int_equal(sf_bulk1_create_job(sf, &contacts, &job, &err), SF_ERR_API_LIMIT);
    test_org_faults_clear(&org);
}

static void test_bulk1__a_result_that_is_cut_is_asked_for_again(void **state)
{
    (void)state;
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    sf_bulk1_query_results *results;
    const char *id;
    make(SF_BULK1_QUERY, SF_BULK1_CSV, "Contact", &job);
    int64_t want = 0;
    ok(sf_query_count(sf, "SELECT COUNT() FROM Contact", NULL, &want, &err));
    add(&job, "SELECT Id, Name, Email FROM Contact", &batch);
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
    ok(sf_bulk1_query_results_open(sf, job.id.text, batch.id.text, NULL, &results, &err));
    assert_int_equal(sf_bulk1_query_results_next(results, &id, &err), SF_ROW);
    test_org_fault(&org, "truncate:after=5000,length=wrong,path=/services/async/*,times=1");
    sf_sink sink = sink_of_buffer();
    ok(sf_bulk1_get_query_result(sf, job.id.text, batch.id.text, id, &sink, NULL, &err));
    assert_int_equal(count("\n\"003"), want);
    assert_true(buffer.restarts <= 1); /* none when the cut came before its first byte was handed on */
    test_org_expect_fault(&org, 2, 1);
    test_org_faults_clear(&org);
    assert_int_equal(sf_bulk1_get_query_result(sf, job.id.text, batch.id.text, "752000000000000", &sink, NULL, &err),
                     SF_ERR_ORG);
    sf_bulk1_query_results_close(results);
}

static void test_bulk1__what_is_wrong_is_told(void **state)
{
    (void)state;
    static const struct {
        sf_bulk1_job_options options;
        const char *says;
    } wrong[] = {
        { { .operation = SF_BULK1_INSERT }, "needs an object" },
        { { .object = "Contact" }, "operation is 0" },
        { { .object = "Contact", .operation = SF_BULK1_INSERT, .format = (sf_bulk1_format)9 }, "format is 9" },
        { { .object = "Contact", .operation = SF_BULK1_UPSERT }, "needs its external_id" },
        { { .object = "Contact", .operation = SF_BULK1_DELETE, .external_id = "Id" }, "for upserts only" },
        { { .object = "Contact", .operation = SF_BULK1_QUERY, .format = SF_BULK1_ZIP_CSV }, "no zip" },
        { { .object = "Contact", .operation = SF_BULK1_INSERT, .chunk_rows = 5 }, "queries only" },
        { { .object = "Contact", .operation = SF_BULK1_QUERY, .chunk_rows = 250001 }, "1 to 250000" },
        { { .object = "Contact", .operation = SF_BULK1_QUERY, .chunk_rows = 5, .chunk_parent = "a\r\nb" },
          "no object" },
        { { .object = "Contact", .operation = SF_BULK1_QUERY, .chunk_rows = 5, .chunk_start = "x" }, "chunk_start" },
        { { .object = "Contact", .operation = SF_BULK1_QUERY, .chunk_parent = "Account" }, "chunk_rows is 0" },
        { { .object = "Contact", .operation = SF_BULK1_INSERT, .reserved = { 1 } }, "reserved" },
    };
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(sf_bulk1_create_job(sf, &wrong[i].options, &job, &err), SF_ERR_USAGE);
        if (strstr(err.message, wrong[i].says) == NULL) fail_msg("%zu: %s", i, err.message);
    }
    assert_int_equal(sf_bulk1_create_job(
                         sf, &(sf_bulk1_job_options){ .object = "Nope__c", .operation = SF_BULK1_INSERT }, &job, &err),
                     SF_ERR_ORG);
    assert_string_equal(err.code, "InvalidJob");
    assert_non_null(strstr(err.message, "Unable to find object: Nope__c"));
    make(SF_BULK1_INSERT, SF_BULK1_CSV, "Contact", &job);
    add(&job, "Nmae\nx\n", &batch);
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
    ok(sf_bulk1_get_batch(sf, job.id.text, batch.id.text, NULL, &batch, &err));
    assert_int_equal(batch.state, SF_BULK1_BATCH_FAILED);
    assert_string_equal(batch.message, "InvalidBatch : Field name not found : Nmae");
    assert_int_equal(sf_bulk1_get_job(sf, "../x", NULL, &job, &err), SF_ERR_USAGE);
    assert_int_equal(sf_bulk1_get_batch(sf, job.id.text, NULL, NULL, &batch, &err), SF_ERR_USAGE);
    sf_source large = { .read = read_text, .length = SF_BULK1_BATCH_MAX + 1 };
    assert_int_equal(sf_bulk1_add_batch(sf, job.id.text, SF_BULK1_CSV, &large, NULL, NULL, &err), SF_ERR_LIMIT);
    ok(sf_bulk1_close_job(sf, job.id.text, NULL, NULL, &err));
    assert_int_equal(
        sf_bulk1_add_batch_text(sf, job.id.text, SF_BULK1_CSV, (sf_str){ "LastName\nx\n", 11 }, NULL, NULL, &err),
        SF_ERR_ORG);
    assert_string_equal(err.code, "InvalidJobState");
    assert_int_equal(sf_bulk1_wait(sf, job.id.text, &(sf_bulk1_wait_options){ .poll_min_ms = 1 }, NULL, &err),
                     SF_ERR_USAGE);
}

static bool stop_at_once(void *user, const sf_bulk1_progress *now)
{
    *(int64_t *)user = now->batches;
    return false;
}

static void test_bulk1__waiting_ends_at_the_callers_word(void **state)
{
    (void)state;
    sf_bulk1_job job;
    sf_bulk1_batch batch;
    int64_t seen = -1;
    make(SF_BULK1_INSERT, SF_BULK1_JSON, "Contact", &job);
    add(&job, "[{\"LastName\":\"Waits\"}]", &batch);
    assert_int_equal(
        sf_bulk1_wait(sf, job.id.text, &(sf_bulk1_wait_options){ .progress = stop_at_once, .user = &seen }, NULL, &err),
        SF_ERR_CANCELLED);
    assert_int_equal(seen, 1);
    ok(sf_bulk1_wait(sf, job.id.text, &quick, NULL, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bulk1__rows_in_every_format),
        cmocka_unit_test(test_bulk1__batches_from_sources_are_listed),
        cmocka_unit_test(test_bulk1__queries),
        cmocka_unit_test(test_bulk1__chunks_have_all_rows),
        cmocka_unit_test(test_bulk1__a_session_that_ends_is_renewed_once),
        cmocka_unit_test(test_bulk1__lost_answers),
        cmocka_unit_test(test_bulk1__a_result_that_is_cut_is_asked_for_again),
        cmocka_unit_test(test_bulk1__what_is_wrong_is_told),
        cmocka_unit_test(test_bulk1__waiting_ends_at_the_callers_word),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
