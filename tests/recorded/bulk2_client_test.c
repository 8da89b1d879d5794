/* bulk2_client_test.c: what real orgs once answered to Bulk API 2.0, replayed through the client: jobs, lists, results and a
 * page of a query. The files lie beside the checkout (shared/recorded); without them the test is skipped. */
#include "support/replay.h"
#include <salesforce.h>

static sf_error err;

static void test_recorded__jobs(void **state)
{
    static const struct {
        const char *file, *id, *operation, *object, *error;
        sf_job_state state;
        int64_t processed, failed;
        char delimiter;
    } want[] = {
        { "bulk2/ingest-create-upsert.json", "750ak000009BWKLAA4", "upsert", "Opportunity", "", SF_JOB_OPEN, -1, -1,
          ',' },
        { "bulk2/ingest-close-upsert.json", "750ak000009BWKLAA4", "upsert", "Opportunity", "", SF_JOB_UPLOAD_COMPLETE,
          -1, -1, '\0' },
        { "bulk2/ingest-info-open.json", "7500Y00000BSfbrQAD", "insert", "Account", "", SF_JOB_OPEN, -1, -1, ',' },
        { "bulk2/ingest-info-in-progress.json", "750ak000009Bq9OAAS", "upsert", "Opportunity", "", SF_JOB_IN_PROGRESS,
          2000, 0, ',' },
        { "bulk2/ingest-info-partial-failure.json", "750ak000009Dl5bAAC", "upsert", "Opportunity", "", SF_JOB_COMPLETE,
          8, 1, ',' },
        { "bulk2/ingest-info-failed.json", "750ak000009E1YXAA0", "upsert", "Opportunity",
          "InvalidBatch : Field name not found : StageName_invali", SF_JOB_FAILED, 0, 0, ',' },
        { "more/bulk2/ingest-info-failed-2024.json", "750Dp0000090ZSUIA2", "upsert", "Touchpoint__c",
          "InvalidBatch : Field name not found : ContactId__c", SF_JOB_FAILED, 0, 0, ',' },
        { "more/bulk2/ingest-info-complete.json", "750ak000009BWKLAA4", "upsert", "Opportunity", "", SF_JOB_COMPLETE,
          3000, 0, ',' },
        { "more/bulk2/ingest-create-delete.json", "750ak000009BkrxAAC", "delete", "Opportunity", "", SF_JOB_OPEN, -1,
          -1, ',' },
        { "more/bulk2/ingest-close-delete.json", "750ak000009BkrxAAC", "delete", "Opportunity", "",
          SF_JOB_UPLOAD_COMPLETE, -1, -1, '\0' },
        { "bulk2/query-create.json", "750ak000009AVi5AAG", "query", "Account", "", SF_JOB_UPLOAD_COMPLETE, -1, -1,
          ',' },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        replay r;
        sf_bulk2_job job;
        replay_start(&r, want[i].file, 200, NULL);
        if (sf_bulk2_get_job(r.sf, SF_JOB_INGEST, want[i].id, NULL, &job, &err) != SF_OK) fail_msg("%s", err.message);
        assert_string_equal(job.id.text, want[i].id);
        assert_string_equal(job.operation, want[i].operation);
        assert_string_equal(job.object, want[i].object);
        assert_int_equal(job.state, want[i].state);
        assert_int_equal(job.processed, want[i].processed);
        assert_int_equal(job.failed, want[i].failed);
        assert_int_equal(job.delimiter, want[i].delimiter);
        assert_int_equal(strncmp(job.error_message, want[i].error, strlen(want[i].error)), 0);
        assert_true(job.created_ms > 1500000000000 && job.modified_ms >= job.created_ms);
        assert_true(strcmp(job.operation, "upsert") != 0 || job.external_id[0] != '\0');
        replay_stop(&r);
    }
}

static void test_recorded__lists(void **state)
{
    (void)state;
    replay r;
    sf_bulk2_jobs *list;
    sf_bulk2_job job;
    replay_start(&r, "more/bulk2/jobs-list.json", 200, NULL);
    assert_int_equal(sf_bulk2_jobs_open(r.sf, SF_JOB_INGEST, NULL, &list, &err), SF_OK);
    assert_int_equal(sf_bulk2_jobs_next(list, &job, &err), SF_ROW);
    assert_string_equal(job.id.text, "7500Y00000BSfbrQAD");
    assert_string_equal(job.job_type, "V2Ingest");
    assert_int_equal(sf_bulk2_jobs_next(list, &job, &err), SF_DONE);
    sf_bulk2_jobs_close(list);
    replay_stop(&r);
}

typedef struct text {
    char data[8192];
    size_t len;
} text;

static sf_status take(void *user, const char *data, size_t len, sf_error *e)
{
    text *t = user;
    (void)e;
    assert_true(t->len + len < sizeof t->data);
    memcpy(t->data + t->len, data, len);
    t->len += len;
    return SF_OK;
}

static void test_recorded__results_come_byte_for_byte(void **state)
{
    static const struct {
        const char *file;
        sf_bulk2_results which;
    } files[] = { { "bulk2/ingest-successful-results.csv", SF_RESULTS_SUCCESSFUL },
                  { "bulk2/ingest-failed-results-unquoted-header.csv", SF_RESULTS_FAILED },
                  { "more/bulk2/ingest-failed-results-validation.csv", SF_RESULTS_FAILED },
                  { "bulk2/ingest-unprocessed.csv", SF_RESULTS_UNPROCESSED } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        replay r;
        static text got;
        got = (text){ .len = 0 };
        const sf_sink sink = { .write = take, .user = &got };
        replay_start(&r, files[i].file, 200, "text/csv");
        assert_int_equal(sf_bulk2_get_results(r.sf, "750ak000009BWKLAA4", files[i].which, &sink, NULL, &err), SF_OK);
        assert_int_equal(got.len, r.body.len);
        assert_memory_equal(got.data, r.body.ptr, got.len);
        replay_stop(&r);
    }
    replay r;
    static text page_text;
    page_text = (text){ .len = 0 };
    sf_bulk2_page page;
    const sf_sink sink = { .write = take, .user = &page_text };
    replay_start(&r, "bulk2/query-results-page.csv", 200,
                 "text/csv\r\nSforce-NumberOfRecords: 10\r\nsforce-locator: MTA");
    assert_int_equal(sf_bulk2_get_page(r.sf, "750ak000009AVi5AAG", NULL, &sink, &page, &err), SF_OK);
    assert_int_equal(page.rows, 10);
    assert_string_equal(page.locator, "MTA");
    assert_memory_equal(page_text.data, r.body.ptr, page_text.len);
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__jobs),
        cmocka_unit_test(test_recorded__lists),
        cmocka_unit_test(test_recorded__results_come_byte_for_byte),
    };
    return REPLAY_RUN("recorded bulk2", tests);
}
