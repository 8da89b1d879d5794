/* bulk2_client_test.c: what real orgs once answered to Bulk API 2.0, replayed through the client: jobs, lists, results and a
 * page of a query. The files lie beside the checkout (shared/recorded); without them the test is skipped. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

static const char *shared;
static sf_error err;

typedef struct replay {
    char *answer, *body;
    wire_step steps[3];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} replay;

static void replay_start(replay *r, const char *name, const char *type, const char *headers)
{
    char path[1024];
    size_t len;
    *r = (replay){ .answer = NULL };
    snprintf(path, sizeof path, "%s/recorded/%s", shared, name);
    r->body = test_read_file(path, &len);
    if (r->body == NULL) fail_msg("%s is not there", path);
    r->answer = malloc(len + 512);
    assert_non_null(r->answer);
    int head = snprintf(r->answer, 512, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", type,
                        headers, len);
    memcpy(r->answer + head, r->body, len);
    r->steps[0] = (wire_step)WIRE_REQUEST;
    r->steps[1] = (wire_step)WIRE_BYTES(r->answer, (size_t)head + len);
    r->steps[2] = (wire_step)WIRE_AGAIN;
    r->script = r->steps;
    r->server = wire_start(&r->script, 1);
    assert_non_null(r->server);
    sf_client_options o = { .instance_url = wire_url(r->server, ""),
                            .api_version = "60.0",
                            .retry = { .retries_max = SF_NONE },
                            .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } };
    assert_int_equal(sf_client_open(&o, &r->sf, NULL), SF_OK);
}

static void replay_stop(replay *r)
{
    sf_client_close(r->sf);
    wire_stop(r->server);
    free(r->answer);
    free(r->body);
}

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
        print_message("  %s\n", want[i].file);
        replay_start(&r, want[i].file, "application/json;charset=UTF-8", "");
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
    replay_start(&r, "more/bulk2/jobs-list.json", "application/json;charset=UTF-8", "");
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
        print_message("  %s\n", files[i].file);
        replay_start(&r, files[i].file, "text/csv", "");
        assert_int_equal(sf_bulk2_get_results(r.sf, "750ak000009BWKLAA4", files[i].which, &sink, NULL, &err), SF_OK);
        assert_int_equal(got.len, strlen(r.body));
        assert_memory_equal(got.data, r.body, got.len);
        replay_stop(&r);
    }
    replay r;
    static text page_text;
    page_text = (text){ .len = 0 };
    sf_bulk2_page page;
    const sf_sink sink = { .write = take, .user = &page_text };
    replay_start(&r, "bulk2/query-results-page.csv", "text/csv",
                 "Sforce-NumberOfRecords: 10\r\nsforce-locator: MTA\r\n");
    assert_int_equal(sf_bulk2_get_page(r.sf, "750ak000009AVi5AAG", NULL, &sink, &page, &err), SF_OK);
    assert_int_equal(page.rows, 10);
    assert_string_equal(page.locator, "MTA");
    assert_memory_equal(page_text.data, r.body, page_text.len);
    replay_stop(&r);
}

int main(void)
{
    shared = test_shared_dir();
    if (shared == NULL) {
        print_message("no recorded answers beside the checkout: skipped\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__jobs),
        cmocka_unit_test(test_recorded__lists),
        cmocka_unit_test(test_recorded__results_come_byte_for_byte),
    };
    return cmocka_run_group_tests_name("recorded bulk2", tests, NULL, NULL);
}
