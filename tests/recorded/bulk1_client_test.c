/*
 * bulk1_client_test.c: answers of Bulk API 1.0 that real orgs once gave, replayed through the client. The files lie beside the
 * checkout (shared/recorded/bulk1 and more/bulk1, see their INDEX.md); without them the test says so and is skipped. A file
 * that no case names fails the test.
 */
#include "support/replay.h"
#include <salesforce.h>

#define JOB "750000000000001"
#define BATCH "751000000000001"

/* ---- jobs ---- */
static const struct {
    const char *file;
    sf_bulk1_job_state state;
    const char *object, *external_id, *version;
    int64_t batches, processed, total_ms;
} jobs[] = {
    { "bulk1/job-create-2020.xml", SF_BULK1_JOB_OPEN, "Account", "", "34.0", 0, 0, 0 },
    { "bulk1/job-create-v62.xml", SF_BULK1_JOB_OPEN, "Event", "", "62.0", 0, 0, 0 },
    { "bulk1/job-create-upsert.xml", SF_BULK1_JOB_OPEN, "Contact", "Id", "52.0", 0, 0, 0 },
    { "bulk1/job-create.xml", SF_BULK1_JOB_OPEN, "VideoEvent__c", "Id__c", "24.0", 0, 0, 0 },
    { "bulk1/job-close.xml", SF_BULK1_JOB_CLOSED, "VideoEvent__c", "Id__c", "24.0", 0, 0, 0 },
    { "bulk1/job-info-closed.xml", SF_BULK1_JOB_CLOSED, "Contact", "Id", "52.0", 1, 16, 529 },
    { "more/bulk1/job-abort.xml", SF_BULK1_JOB_ABORTED, "VideoEvent__c", "Id__c", "24.0", 0, 0, 0 },
    { "more/bulk1/job-info.xml", SF_BULK1_JOB_OPEN, "VideoEvent__c", "Id__c", "24.0", 0, 0, 0 },
};

static void test_recorded_bulk1__jobs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(jobs); i++) {
        replay r;
        sf_error err;
        sf_bulk1_job job;
        replay_start(&r, jobs[i].file, strstr(jobs[i].file, "create") != NULL ? 201 : 200, "application/xml");
        sf_status rc;
        if (jobs[i].state == SF_BULK1_JOB_ABORTED)
            rc = sf_bulk1_abort_job(r.sf, JOB, NULL, &job, &err);
        else if (strstr(jobs[i].file, "create") != NULL)
            rc = sf_bulk1_create_job(
                r.sf, &(sf_bulk1_job_options){ .object = jobs[i].object, .operation = SF_BULK1_INSERT }, &job, &err);
        else
            rc = sf_bulk1_get_job(r.sf, JOB, NULL, &job, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(job.state, jobs[i].state);
        assert_int_equal(job.format, SF_BULK1_CSV);
        assert_string_equal(job.object, jobs[i].object);
        assert_string_equal(job.external_id, jobs[i].external_id);
        assert_string_equal(job.api_version, jobs[i].version);
        assert_string_equal(job.concurrency, "Parallel");
        assert_true(job.batches == jobs[i].batches && job.processed == jobs[i].processed && job.failed == 0);
        assert_true(job.total_ms == jobs[i].total_ms && job.created_ms > 0 && job.modified_ms >= job.created_ms);
        assert_int_equal(strncmp(job.id.text, "750", 3), 0);
        replay_stop(&r);
    }
}

/* ---- batches ---- */
static const struct {
    const char *file, *type;
    sf_bulk1_batch_state state;
    const char *message; /* how it begins */
    int64_t processed;
    bool is_added;
} batches[] = {
    { "bulk1/batch-create-json.json", "application/json", SF_BULK1_BATCH_QUEUED, "", 0, true },
    { "bulk1/batch-create-queued.xml", "application/xml", SF_BULK1_BATCH_QUEUED, "", 0, true },
    { "more/bulk1/batch-create-queued-v52.xml", "application/xml", SF_BULK1_BATCH_QUEUED, "", 0, true },
    { "bulk1/batch-info-json-failed-state-message.json", "application/json", SF_BULK1_BATCH_FAILED,
      "InvalidBatch : Failed to process query: INVALID_TYPE_FOR_OPERATION: The root entity", 0, false },
    { "more/bulk1/batch-info.xml", "application/xml", SF_BULK1_BATCH_COMPLETED, "Success", 2, false },
    { "more/bulk1/batch-info-json.json", "application/json", SF_BULK1_BATCH_COMPLETED, "", 0, false },
};

static void test_recorded_bulk1__batches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        replay r;
        sf_error err;
        sf_bulk1_batch batch;
        replay_start(&r, batches[i].file, batches[i].is_added ? 201 : 200, batches[i].type);
        sf_status rc = batches[i].is_added ? sf_bulk1_add_batch_text(r.sf, JOB, SF_BULK1_CSV, (sf_str){ "a\n1\n", 4 },
                                                                     NULL, &batch, &err)
                                           : sf_bulk1_get_batch(r.sf, JOB, BATCH, NULL, &batch, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(batch.state, batches[i].state);
        assert_int_equal(strncmp(batch.message, batches[i].message, strlen(batches[i].message)), 0);
        assert_int_equal(batch.message[0] == '\0', batches[i].message[0] == '\0');
        assert_int_equal(batch.processed, batches[i].processed);
        assert_true(batch.failed == 0 && strncmp(batch.id.text, "751", 3) == 0 &&
                    strncmp(batch.job.text, "750", 3) == 0);
        replay_stop(&r);
    }
}

static void test_recorded_bulk1__lists_of_batches(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int count;
        int64_t rows;
    } lists[] = { { "bulk1/batch-list-empty.xml", 0, 0 },
                  { "bulk1/batch-list.xml", 2, 4 },
                  { "more/bulk1/batch-list-completed.xml", 1, 16 } };
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        replay r;
        sf_error err;
        sf_bulk1_progress sums;
        replay_start(&r, lists[i].file, 200, "application/xml");
        assert_int_equal(sf_bulk1_wait(r.sf, JOB, NULL, &sums, &err), SF_OK);
        assert_int_equal(sums.batches, lists[i].count);
        assert_int_equal(sums.ended, lists[i].count);
        assert_int_equal(sums.processed, lists[i].rows);
        replay_stop(&r);
    }
}

/* ---- results ---- */
static const struct {
    const char *file, *type;
    int64_t rows, succeeded, created;
    const char *code, *message, *fields; /* of the last row */
} results[] = {
    { "bulk1/batch-result-csv-16-rows.csv", "text/csv", 16, 16, 16, "", "", "" },
    { "bulk1/batch-result-csv.csv", "text/csv", 2, 2, 0, "", "", "" },
    { "more/bulk1/batch-result-csv-failed.csv", "text/csv", 2, 0, 0, "", "Error message with <b>HTML</b>", "" },
    { "bulk1/batch-result-xml-duplicates-detected.xml", "application/xml", 1, 0, 1, "DUPLICATES_DETECTED",
      "You are creating a duplicate record. We recommend you use an existing record instead.", "" },
    { "bulk1/batch-result-xml-no-id.xml", "application/xml", 1, 0, 0, "FIELD_FILTER_VALIDATION_EXCEPTION",
      "You must pick a Locked Company with record type equal to &quot;Country&quot;.", "Locked_Company__c" },
};

static bool str_is(sf_str s, const char *want)
{
    return s.len == strlen(want) && memcmp(s.ptr, want, s.len) == 0;
}

static void test_recorded_bulk1__results_of_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        replay r;
        sf_error err;
        sf_bulk1_results *list;
        sf_bulk1_result row = { .row = 0 };
        int64_t rows = 0, succeeded = 0, created = 0;
        replay_start(&r, results[i].file, 200, results[i].type);
        if (sf_bulk1_results_open(r.sf, JOB, BATCH, NULL, &list, &err) != SF_OK) fail_msg("%s", err.message);
        while (sf_bulk1_results_next(list, &row, &err) == SF_ROW) {
            rows++;
            succeeded += row.success;
            created += row.created;
            if (rows == results[i].rows)
                assert_true(str_is(row.code, results[i].code) && str_is(row.message, results[i].message) &&
                            str_is(row.fields, results[i].fields));
        }
        assert_true(rows == results[i].rows && succeeded == results[i].succeeded && created == results[i].created);
        sf_bulk1_results_close(list);
        replay_stop(&r);
    }
}

static sf_status take(void *user, const char *data, size_t len, sf_error *err)
{
    (void)err;
    char *text = user;
    size_t have = strlen(text);
    if (have + len < 100000) {
        memcpy(text + have, data, len);
        text[have + len] = '\0';
    }
    return SF_OK;
}

static void test_recorded_bulk1__results_of_queries(void **state)
{
    (void)state;
    static const char *const lists[][3] = { { "bulk1/query-result-list.xml", "application/xml", "752E0000000TNaq" },
                                            { "bulk1/query-result-list-json.json", "application/json",
                                              "7529H000000xO6L" } };
    static const char *const data[][2] = { { "bulk1/query-result-csv.csv", "text/csv" },
                                           { "bulk1/query-result-json.json", "application/json" } };
    replay r;
    sf_error err;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        sf_bulk1_query_results *list;
        const char *id = NULL;
        replay_start(&r, lists[i][0], 200, lists[i][1]);
        assert_int_equal(sf_bulk1_query_results_open(r.sf, JOB, BATCH, NULL, &list, &err), SF_OK);
        assert_int_equal(sf_bulk1_query_results_next(list, &id, &err), SF_ROW);
        assert_string_equal(id, lists[i][2]);
        assert_int_equal(sf_bulk1_query_results_next(list, &id, &err), SF_DONE);
        sf_bulk1_query_results_close(list);
        replay_stop(&r);
    }
    for (size_t i = 0; i < COUNT_OF(data); i++) {
        static char text[100000];
        text[0] = '\0';
        replay_start(&r, data[i][0], 200, data[i][1]);
        const sf_sink sink = { .write = take, .user = text };
        assert_int_equal(sf_bulk1_get_query_result(r.sf, JOB, BATCH, "752000000000001", &sink, NULL, &err), SF_OK);
        assert_string_equal(text, r.body.ptr); /* to the byte */
        replay_stop(&r);
    }
}

/* ---- errors ---- */
static const struct {
    const char *file;
    sf_status rc;
    const char *code, *says;
} errors[] = {
    { "bulk1/error-invalid-batch.xml", SF_ERR_ORG, "InvalidBatch", "Records not processed" },
    { "bulk1/error-invalid-session.xml", SF_ERR_AUTH, "InvalidSessionId", "Invalid session id" },
    { "bulk1/error-unsupported-content-type.xml", SF_ERR_ORG, "UnsupportedContentType",
      "Unsupported content type: text/cs; charset=UTF-8" },
    { "more/bulk1/error-invalid-job-object.xml", SF_ERR_ORG, "InvalidJob", "Unable to find object: Video__c" },
};

static void test_recorded_bulk1__errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        replay r;
        sf_error err;
        sf_bulk1_job job;
        replay_start(&r, errors[i].file, 400, "application/xml");
        assert_int_equal(sf_bulk1_get_job(r.sf, JOB, NULL, &job, &err), errors[i].rc);
        assert_string_equal(err.code, errors[i].code);
        assert_non_null(strstr(err.message, errors[i].says));
        assert_int_equal(err.http_status, 400);
        replay_stop(&r);
    }
}

/* ---- nothing recorded goes untried ---- */
#define IN(list)                                                                                                       \
    for (size_t i = 0; i < COUNT_OF(list); i++) found |= strcmp((list)[i].file, name) == 0

static bool is_named(const char *name)
{
    static const char *const others[] = { "bulk1/batch-list-empty.xml",          "bulk1/batch-list.xml",
                                          "more/bulk1/batch-list-completed.xml", "bulk1/query-result-list.xml",
                                          "bulk1/query-result-list-json.json",   "bulk1/query-result-csv.csv",
                                          "bulk1/query-result-json.json" };
    bool found = false;
    IN(jobs);
    IN(batches);
    IN(results);
    IN(errors);
    for (size_t i = 0; i < COUNT_OF(others); i++) found |= strcmp(others[i], name) == 0;
    return found;
}

static void test_recorded_bulk1__every_file_has_a_case(void **state)
{
    (void)state;
    recorded_assert_named("bulk1", is_named);
    recorded_assert_named("more/bulk1", is_named);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_bulk1__jobs),
        cmocka_unit_test(test_recorded_bulk1__batches),
        cmocka_unit_test(test_recorded_bulk1__lists_of_batches),
        cmocka_unit_test(test_recorded_bulk1__results_of_rows),
        cmocka_unit_test(test_recorded_bulk1__results_of_queries),
        cmocka_unit_test(test_recorded_bulk1__errors),
        cmocka_unit_test(test_recorded_bulk1__every_file_has_a_case),
    };
    return REPLAY_RUN("recorded bulk1", tests);
}
