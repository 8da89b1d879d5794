/*
 * writer_test.c: each fault of the local org in the middle of a writer's run, for each operation: no row is doubled, each
 * row has one result, and the result is true: what succeeded is in the org, what failed is not, what is unknown may be.
 * What the org holds is looked up outside the library. Counts and prints the combinations.
 */
#include <salesforce.h>
#include "support/org_process.h"

enum { ROWS = 400, BATCH = 40 };

static test_org org;
static int combinations, complete;

typedef struct run {
    char prefix[16];
    int64_t next;
    char fate[ROWS]; /* 's'ucceeded, 'f'ailed, 'u'nknown */
    sf_id ids[ROWS];
    int there[ROWS]; /* in the org afterwards */
} run;

static const char *const faults[] = {
    "reset:after=0,skip=2,times=1",
    "reset:after=120,skip=2,times=1",
    "reset:after=700,skip=2,times=2",
    "reset:after=0,skip=2",
    "stall:after=0,ms=600,skip=1,times=1",
    "stall:after=300,ms=600,skip=1,times=1",
    "lost:skip=1,times=1",
    "lost:skip=1,times=3",
    "lost:skip=3",
    "lost:every=3",
    "truncate:after=100,length=wrong,skip=1,times=1",
    "truncate:after=100,length=right,skip=1,times=1",
    "truncate:after=100,length=right,skip=1",
    "503:skip=1,times=2",
    "503:skip=1,retry_after=1,times=1",
    "503:skip=2",
    "429:skip=1,times=2",
    "502:effect=yes,skip=1,times=1",
    "504:effect=no,skip=1,times=1",
    "500:effect=yes,body=empty,skip=1,times=1",
    "401:skip=2,times=1",
    "expire:requests=0,skip=3,times=1",
    "expire:requests=0,every=2",
    "limit:skip=2",
};

static sf_client *open_client(void)
{
    sf_client *sf = NULL;
    sf_error err;
    sf_client_options o = {
        .login_url = org.url,
        .api_version = "62.0",
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS, .client_id = org.client_id, .client_secret = org.client_secret },
        .transport = { .idle_timeout_ms = 250 },
        .retry = { .retries_max = 3, .pause_ms = 1, .pause_max_ms = 5, .breaker_failures = SF_NONE },
    };
    if (sf_client_open(&o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static bool note(void *user, const sf_row_result *r)
{
    run *t = user;
    assert_int_equal(r->row, t->next);
    t->next++;
    t->fate[r->row] = 's';
    if (!r->success) t->fate[r->row] = r->error.status == SF_ERR_UNKNOWN_OUTCOME ? 'u' : 'f';
    if (r->success) t->ids[r->row] = r->id;
    return true;
}

/* Which rows of the run the org holds, and how often; field Text__c when is_changed must be "new". */
static void look(run *t, bool is_changed)
{
    char path[256], mark[64];
    memset(t->there, 0, sizeof t->there);
    snprintf(path, sizeof path,
             "/services/data/v62.0/query?q=SELECT+Loose__c+FROM+Thing__c+WHERE+Loose__c+LIKE+'%s-%%25'%s", t->prefix,
             is_changed ? "+AND+Whole__c=7" : "");
    assert_int_equal(test_org_http(&org, "GET", path, org.access_token, NULL), 200);
    assert_non_null(strstr(org.reply, "\"done\":true"));
    snprintf(mark, sizeof mark, "\"Loose__c\":\"%s-", t->prefix);
    for (const char *at = org.reply; (at = strstr(at, mark)) != NULL;) {
        at += strlen(mark);
        long i = strtol(at, NULL, 10);
        assert_in_range(i, 0, ROWS - 1);
        t->there[i]++;
    }
}

static sf_status write_rows(sf_client *sf, run *t, sf_operation operation, sf_writer_counts *counts, sf_error *err)
{
    char name[32], ext[32];
    sf_writer *w = NULL;
    sf_writer_options o = { .operation = operation,
                            .object = "Thing__c",
                            .external_id = operation == SF_UPSERT ? "Ext__c" : NULL,
                            .parallel = 3,
                            .batch_rows = BATCH,
                            .on_result = note,
                            .user = t };
    assert_int_equal(sf_writer_open(sf, &o, &w, err), SF_OK);
    sf_status rc = SF_OK;
    for (int i = 0; rc == SF_OK && i < ROWS; i++) {
        snprintf(name, sizeof name, "%s-%d", t->prefix, i);
        snprintf(ext, sizeof ext, "x%s-%d", t->prefix, i);
        if (operation == SF_DELETE)
            rc = sf_writer_add_id(w, t->ids[i].text, err);
        else if (operation == SF_UPDATE)
            rc = sf_writer_add_fields(
                w, SF_BINDS({ "Id", sf_bind_str(t->ids[i].text) }, { "Whole__c", sf_bind_int(7) }), err);
        else
            rc = sf_writer_add_fields(w, SF_BINDS({ "Loose__c", sf_bind_str(name) }, { "Ext__c", sf_bind_str(ext) }),
                                      err);
    }
    sf_status ended = sf_writer_close(w, counts, err);
    assert_true(rc == SF_OK || rc == ended); /* what stopped it is not forgotten */
    return ended;
}

static void check_fates(const run *t, const char *spec, sf_operation operation, int64_t unknown)
{
    bool is_gone = operation == SF_DELETE;
    int64_t failed_and_done = 0; /* what may be repeated has the error of its last attempt, and is counted as unknown */
    for (int i = 0; i < t->next; i++) {
        if (t->there[i] > 1) fail_msg("%s, operation %d: row %d is there %d times", spec, operation, i, t->there[i]);
        bool is_done = is_gone ? t->there[i] == 0 : t->there[i] == 1;
        if (t->fate[i] == 's' && !is_done)
            fail_msg("%s, operation %d: row %d succeeded and is not", spec, operation, i);
        if (t->fate[i] == 'f') failed_and_done += is_done;
        if (t->fate[i] == 'u' && operation != SF_INSERT)
            fail_msg("%s, operation %d: row %d can be repeated and is unknown", spec, operation, i);
    }
    if (failed_and_done > (operation == SF_INSERT ? 0 : unknown))
        fail_msg("%s, operation %d: %lld rows failed and were done, %lld are unknown", spec, operation,
                 (long long)failed_and_done, (long long)unknown);
    for (int64_t i = t->next; i < ROWS; i++) /* not taken */
        if (operation != SF_DELETE && t->there[i] != 0)
            fail_msg("%s, operation %d: row %lld was refused and is there", spec, operation, (long long)i);
}

static void try_fault(const char *spec, sf_operation operation)
{
    static int serial;
    static run t;
    sf_error err = { 0 };
    sf_writer_counts counts;
    char whole[200];
    t = (run){ 0 };
    snprintf(t.prefix, sizeof t.prefix, "F%d", ++serial);
    sf_client *sf = open_client();
    assert_int_equal(sf_client_login(sf, NULL, NULL), SF_OK);
    if (operation == SF_UPDATE || operation == SF_DELETE) { /* rows to work on */
        assert_int_equal(write_rows(sf, &t, SF_INSERT, &counts, &err), SF_OK);
        t.next = 0;
        memset(t.fate, 0, sizeof t.fate);
    }
    snprintf(whole, sizeof whole, "%s,path=/composite/sobjects*", spec);
    test_org_fault(&org, whole);
    sf_status rc = write_rows(sf, &t, operation, &counts, &err);
    test_org_faults_clear(&org);
    look(&t, operation == SF_UPDATE);
    check_fates(&t, spec, operation, counts.unknown);
    int64_t s = 0, f = 0, u = 0;
    for (int i = 0; i < t.next; i++) {
        s += t.fate[i] == 's';
        f += t.fate[i] == 'f';
        u += t.fate[i] == 'u';
    }
    assert_int_equal(counts.rows, t.next);
    assert_int_equal(counts.succeeded, s);
    assert_int_equal(counts.failed + counts.unknown, f + u);
    assert_true(counts.unknown >= u);
    if ((rc == SF_OK) != (s == ROWS))
        fail_msg("%s: %s and %lld rows of %d", spec, sf_status_name(rc), (long long)s, ROWS);
    if (rc < 0 && (err.status != rc || strlen(err.message) < 10)) fail_msg("%s: %s", spec, err.message);
    bool passes = strstr(spec, "times=") != NULL && operation != SF_INSERT; /* a repeat does no harm: it gets through */
    if (passes && rc != SF_OK) fail_msg("%s, operation %d: %s", spec, operation, err.message);
    combinations++;
    complete += rc == SF_OK;
    print_message("  %d %-48s %-24s %lld done, %lld failed, %lld unknown\n", operation, spec, sf_status_name(rc),
                  (long long)s, (long long)counts.failed, (long long)counts.unknown);
    sf_client_close(sf);
}

static void test_writer__tells_the_truth_under_each_fault(void **state)
{
    (void)state;
    static const sf_operation operations[] = { SF_INSERT, SF_UPSERT, SF_UPDATE, SF_DELETE };
    for (size_t i = 0; i < COUNT_OF(operations); i++)
        for (size_t k = 0; k < COUNT_OF(faults); k++) try_fault(faults[k], operations[i]);
    print_message("  %d combinations, %d complete\n", combinations, complete);
    assert_true(complete > combinations / 2); /* faults that pass are got over */
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org,
                   (const char *const[]){ "--schema", SF_SOURCE_DIR "/tests/integration/data/things.json", NULL });
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return test_org_stop(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__tells_the_truth_under_each_fault),
    };
    return cmocka_run_group_tests_name("writer", tests, start, stop);
}
