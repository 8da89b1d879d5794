/* jobs_test.c: jobs that are too old: one that was never closed is aborted after a day, and all are gone after a week, also in an
 * org that is never started again. */
#include "bulk/bulk_internal.h"
#include "../org_store/org.h"

static void age(sfo_bulk *bulk, const char *id, int hours)
{
    char sql[200];
    snprintf(sql, sizeof sql, "UPDATE sfo_bulk_job SET created = created - %d * 3600000 WHERE id = '%s'", hours, id);
    assert_int_equal(sqlite3_exec(sfo_store_db(bulk->store), sql, NULL, NULL, NULL), SQLITE_OK);
    bulk->forgot_ms = 0; /* time passes */
}

static void count(void *user, const sfo_bulk_job *job)
{
    (void)job;
    ++*(int *)user;
}

static void test_jobs__too_old(void **state)
{
    static const struct {
        const char *state, *later;
        int hours;
    } cases[] = {
        { "Open", "Open", 23 },
        { "Open", "Aborted", 25 },
        { "JobComplete", "JobComplete", 25 },
        { "Failed", "Failed", 7 * 24 - 1 },
        { "JobComplete", NULL, 7 * 24 + 1 },
        { "Open", NULL, 7 * 24 + 1 },
    };
    (void)state;
    test_org org;
    sfo_bulk *bulk;
    sf_error err;
    org_open(&org);
    assert_int_equal(sfo_bulk_open(&(sfo_bulk_options){ .store = org.store }, &bulk, &err), SF_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfo_bulk_job job = { .api = 2, .version = "62.0", .object = "Contact", .operation = "insert" }, now;
        sfo_fault fault = { 0 };
        int left = 0, pieces = 0;
        snprintf(job.state, sizeof job.state, "%s", cases[i].state);
        assert_true(sfo_bulk_job_new(bulk, &job, &fault));
        assert_true(sfo_bulk_data_add(bulk, job.id, SFO_BULK_UPLOAD, SFI_STR("LastName\na\n"), 0, &fault));
        age(bulk, job.id, cases[i].hours);
        bool found = sfo_bulk_job_get(bulk, job.id, &now, &fault);
        assert_int_equal(found, cases[i].later != NULL);
        if (found) assert_string_equal(now.state, cases[i].later);
        sfo_fault_clear(&fault);
        assert_int_equal(sfo_bulk_job_list(bulk, "", 10, count, &left, &fault), found);
        sfi_buf data = { 0 };
        assert_true(sfo_bulk_data_read(bulk, job.id, SFO_BULK_UPLOAD, &data, &fault));
        pieces = data.len > 0;
        sfi_buf_free(&data);
        assert_int_equal(pieces, found);
        if (found) assert_true(sfo_bulk_job_delete(bulk, job.id, &fault));
    }
    sfo_bulk_close(bulk);
    org_close(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_jobs__too_old) };
    return cmocka_run_group_tests_name("jobs", tests, NULL, NULL);
}
