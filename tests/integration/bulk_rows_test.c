/* bulk_rows_test.c: rows that a program gives one by one, into a real local org: what null and empty mean, numbers of rows that
 * failed, what is refused before anything is sent, and a load that goes on when it gets the same rows again. */
#include "base/base_internal.h"
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <unistd.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static char dir[64];
static sf_load_report report;

typedef struct giver {
    const sf_str *cells; /* column by column, row by row; or, where NULL: made of the number */
    size_t columns;
    int64_t rows, at;
    int64_t fail_at; /* 0: never */
    sf_status fails_with;
    const char *says;
    int64_t changed; /* row that is another than before */
    int64_t bad_every;
} giver;

static sf_status give(void *user, sf_str *fields, sf_error *why)
{
    static char texts[3][80];
    giver *g = user;
    for (size_t i = 0; i < g->columns; i++) assert_null(fields[i].ptr);
    if (g->at == g->rows) return SF_DONE;
    g->at++;
    if (g->fail_at == g->at) {
        if (g->says != NULL) (void)sfi_fail(why, g->fails_with, "%s", g->says);
        return g->fails_with;
    }
    if (g->cells != NULL) {
        memcpy(fields, g->cells + (size_t)(g->at - 1) * g->columns, g->columns * sizeof *fields);
        return SF_ROW;
    }
    bool bad = g->bad_every > 0 && g->at % g->bad_every == 0;
    snprintf(texts[0], sizeof texts[0], "Given %lld%s", (long long)g->at, g->at == g->changed ? "!" : "");
    snprintf(texts[1], sizeof texts[1], bad ? "bad" : "g%lld@x.example", (long long)g->at);
    snprintf(texts[2], sizeof texts[2], "two\nlines, of \"%lld\"", (long long)g->at);
    for (size_t i = 0; i < 3; i++) fields[i] = sfi_str(texts[i]);
    return SF_ROW;
}

static const char *const three[] = { "LastName", "Email", "Description" };

static const char *path(const char *name)
{
    static char paths[8][160];
    static int next;
    char *out = paths[next++ % 8];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static int start(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sf-rows-test-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    return sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                                .api_version = "62.0",
                                                .retry = { .pause_ms = 5 },
                                                .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                          &sf, &err) == SF_OK
               ? 0
               : -1;
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

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted)
        fail_msg("%s instead of %s: %s", sf_status_name(rc), sf_status_name(wanted), rc < 0 ? err.message : "");
}

static int64_t count(const char *where)
{
    char soql[256];
    int64_t n = -1;
    snprintf(soql, sizeof soql, "SELECT COUNT() FROM Contact WHERE %s", where);
    if (sf_query_count(sf, soql, NULL, &n, &err) != SF_OK) fail_msg("%s", err.message);
    return n;
}

static int64_t requests(void)
{
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    return stats.requests;
}

/* A field's value, "-" for null. */
static void want_value(const char *id, const char *field, const char *value)
{
    char soql[200];
    sf_query *q = NULL;
    sf_value row;
    snprintf(soql, sizeof soql, "SELECT %s FROM Contact WHERE Id = '%s'", field, id);
    want(sf_query_open(sf, soql, NULL, &q, &err), SF_OK);
    want(sf_query_next(q, &row, &err), SF_ROW);
    bool is_null = sf_value_type(sf_get(row, field)) == SF_NULL;
    assert_string_equal(is_null ? "-" : sf_get_str(row, field), value);
    sf_query_close(q);
}

static void test_rows__null_clears_and_empty_leaves(void **state)
{
    (void)state;
    const sf_str first[] = { SFI_STR("Nulls"),
                             SFI_STR("n@x.example"),
                             SFI_STR("a \"b\",\r\nc \xF0\x9F\x98\x80"),
                             SFI_STR("Empties"),
                             SFI_STR(""),
                             { NULL, 0 } };
    giver g = { .cells = first, .columns = 3, .rows = 2 };
    sf_load_rows rows = { .names = three, .column_count = 3, .next = give, .user = &g };
    want(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .rows = &rows },
                      &report, &err),
         SF_OK);
    assert_int_equal(report.rows, 2);
    assert_int_equal(report.succeeded, 2);
    sf_query *q = NULL;
    sf_value row;
    char id[24];
    want(sf_query_open(sf, "SELECT Id FROM Contact WHERE LastName = 'Nulls'", NULL, &q, &err), SF_OK);
    want(sf_query_next(q, &row, &err), SF_ROW);
    snprintf(id, sizeof id, "%s", sf_get_str(row, "Id"));
    sf_query_close(q);
    want_value(id, "Description", "a \"b\",\r\nc \xF0\x9F\x98\x80");
    const sf_str second[] = { sfi_str(id), { NULL, 0 }, SFI_STR("") };
    static const char *const names[] = { "Id", "Email", "Description" };
    g = (giver){ .cells = second, .columns = 3, .rows = 1 };
    rows.names = names;
    want(sf_bulk_load(
             sf,
             &(sf_bulk_load_options){ .object = "Contact", .operation = SF_UPDATE, .rows = &rows, .delimiter = ';' },
             &report, &err),
         SF_OK);
    want_value(id, "Email", "-");
    want_value(id, "Description", "a \"b\",\r\nc \xF0\x9F\x98\x80");
    /* one column: an empty value is a row all the same */
    static const char *const one[] = { "LastName" };
    const sf_str third[] = { SFI_STR("Alone"), SFI_STR(""), SFI_STR("Alone") };
    g = (giver){ .cells = third, .columns = 1, .rows = 3 };
    rows = (sf_load_rows){ .names = one, .column_count = 1, .next = give, .user = &g };
    want(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .rows = &rows },
                      &report, &err),
         SF_DONE);
    assert_int_equal(report.rows, 3);
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.reasons[0].line, 2);
    assert_int_equal(count("LastName = 'Alone'"), 2);
    g = (giver){ .columns = 1 };
    want(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .rows = &rows },
                      &report, &err),
         SF_OK);
    assert_int_equal(report.rows, 0);
}

static void test_rows__many_of_them_with_their_numbers(void **state)
{
    (void)state;
    giver g = { .columns = 3, .rows = 7000, .bad_every = 1000 };
    const sf_load_rows rows = { .names = three, .column_count = 3, .next = give, .user = &g };
    test_org_fault(&org, "lock-row:every=500,times=9");
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){ .object = "Contact",
                                               .operation = SF_INSERT,
                                               .rows = &rows,
                                               .job_rows = 2300,
                                               .errors_path = path("many.errors.csv"),
                                               .success_path = path("many.success.csv") },
                      &report, &err),
         SF_DONE);
    test_org_faults_clear(&org);
    assert_int_equal(report.rows, 7000);
    assert_int_equal(report.succeeded, 6993);
    assert_int_equal(report.failed, 7);
    assert_int_equal(report.retried, 9);
    assert_int_equal(report.reasons[0].rows, 7);
    assert_int_equal(report.reasons[0].line, 1000);
    assert_int_equal(count("LastName LIKE 'Given %'"), 6993);
    size_t len;
    char *text = test_read_file(path("many.errors.csv"), &len);
    for (int i = 1; i <= 7; i++) {
        char row[160];
        snprintf(row, sizeof row, ",%d,Given %d,bad,\"two\nlines, of \"\"%d\"\"\"\n", i * 1000, i * 1000, i * 1000);
        if (strstr(text, row) == NULL) fail_msg("%s is not in %s", row, text);
    }
    free(text);
}

static void test_rows__what_is_wrong_is_told_before_anything_is_sent(void **state)
{
    (void)state;
    static const char *const unknown[] = { "LastName", "Emial", "Description" };
    static const char *const twice[] = { "LastName", "Email", "email" };
    static const char *const no_id[] = { "Email", "Title", "Description" };
    static const char *const missing[] = { "LastName", "", "Description" };
    static const char *const blank[] = { "LastName", "  ", "Description" };
    const sf_str latin[] = { SFI_STR("x"), SFI_STR("M\xFCller"), SFI_STR("y") };
    const sf_str nul[] = { SFI_STR("x"), SFI_STR("y"), SFI_STR("a\0b") };
    /* half a character at the end of one text and the other half at the beginning of the next are no text either */
    const sf_str halves[] = { SFI_STR("x"), SFI_STR("\xC3"), SFI_STR("\xBC") };
    const struct {
        const char *const *names;
        const sf_str *cells;
        sf_operation operation;
        giver g;
        sf_status want;
        const char *says;
        int64_t given; /* rows that were asked for */
    } cases[] = {
        { unknown, NULL, SF_INSERT, { .rows = 5 }, SF_ERR_USAGE, "rows: column 2: Contact has no field \"Emial\"", 0 },
        { twice, NULL, SF_INSERT, { .rows = 5 }, SF_ERR_USAGE, "rows: column 3: the field", 0 },
        { no_id, NULL, SF_UPDATE, { .rows = 5 }, SF_ERR_USAGE, "rows: no column is the Id", 0 },
        { missing, NULL, SF_INSERT, { .rows = 5 }, SF_ERR_USAGE, "rows: names[1] is missing", 0 },
        { blank, NULL, SF_INSERT, { .rows = 5 }, SF_ERR_USAGE, "rows: column 2: the column has no name", 0 },
        { three, latin, SF_INSERT, { .rows = 1 }, SF_ERR_USAGE, "rows: row 1, column 2 (Email): it is no UTF-8", 1 },
        { three, nul, SF_INSERT, { .rows = 1 }, SF_ERR_USAGE, "rows: row 1, column 3 (Description): a NUL byte", 1 },
        { three, halves, SF_INSERT, { .rows = 1 }, SF_ERR_USAGE, "rows: row 1, column 2 (Email)", 1 },
        { three,
          NULL,
          SF_INSERT,
          { .rows = 50, .fail_at = 41, .fails_with = SF_ERR_IO, .says = "no tape" },
          SF_ERR_IO,
          "no tape",
          41 },
        { three,
          NULL,
          SF_INSERT,
          { .rows = 50, .fail_at = 3, .fails_with = SF_ERR_ORG },
          SF_ERR_ORG,
          "rows: row 3 could not be had",
          3 },
        { three,
          NULL,
          SF_INSERT,
          { .rows = 50, .fail_at = 9, .fails_with = SF_OK },
          SF_ERR_USAGE,
          "rows: next answers 0 at row 9",
          9 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        giver g = cases[i].g;
        g.columns = 3;
        g.cells = cases[i].cells;
        const sf_load_rows rows = { .names = cases[i].names, .column_count = 3, .next = give, .user = &g };
        int64_t before = requests();
        want(sf_bulk_load(
                 sf, &(sf_bulk_load_options){ .object = "Contact", .operation = cases[i].operation, .rows = &rows },
                 &report, &err),
             cases[i].want);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        assert_int_equal(g.at, cases[i].given);
        assert_true(requests() - before <= 1); /* a describe */
    }
    giver g = { .columns = 3, .rows = 1 };
    sf_load_rows rows = { .names = three, .column_count = 3, .next = give, .user = &g };
    sf_bulk_load_options o = { .object = "Contact", .operation = SF_INSERT, .rows = &rows, .encoding = "ISO-8859-1" };
    want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_USAGE);
    o.encoding = NULL;
    o.csv_path = path("a.csv");
    want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_USAGE);
    o.csv_path = NULL;
    rows.reserved[0] = 1;
    want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_USAGE);
    rows.reserved[0] = 0;
    rows.next = NULL;
    want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_USAGE);
    rows.next = give;
    rows.column_count = 0;
    want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_USAGE);
    rows.column_count = 3;
    o.dry_run = true;
    g.rows = 2500;
    o.job_rows = 1000;
    want(sf_bulk_load(sf, &o, &report, &err), SF_OK);
    assert_int_equal(report.jobs, 3);
    assert_int_equal(count("LastName LIKE 'Given %'"), 6993); /* those of the test before */
}

static bool until(void *user, const sf_load_progress *p)
{
    return p->jobs_sent < *(int *)user;
}

static void test_rows__the_same_rows_go_on(void **state)
{
    (void)state;
    int jobs = 2;
    giver g = { .columns = 3, .rows = 6000, .bad_every = 700 };
    const sf_load_rows rows = { .names = three, .column_count = 3, .next = give, .user = &g };
    sf_bulk_load_options o = { .object = "Contact",
                               .operation = SF_INSERT,
                               .rows = &rows,
                               .job_rows = 1000,
                               .parallel = 1,
                               .journal_path = path("rows.journal"),
                               .errors_path = path("rows.errors.csv"),
                               .progress = until,
                               .user = &jobs };
    int64_t others = count("LastName LIKE 'Given %'");
    want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_CANCELLED);
    assert_true(report.jobs == 2);
    const giver wrong[] = {
        { .rows = 6000, .changed = 1 }, { .rows = 6000, .changed = 6000 }, { .rows = 5999 }, { .rows = 6001 }
    };
    o.progress = NULL;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        g = wrong[i];
        g.columns = 3;
        g.bad_every = 700;
        int64_t before = requests();
        want(sf_bulk_load(sf, &o, &report, &err), SF_ERR_USAGE);
        assert_non_null(strstr(err.message, "another run"));
        assert_true(requests() - before <= 1);
    }
    for (int run = 0; run < 2; run++) { /* the second one has nothing to do, and says so */
        g = (giver){ .columns = 3, .rows = 6000, .bad_every = 700 };
        want(sf_bulk_load(sf, &o, &report, &err), SF_DONE);
        assert_true(report.resumed);
        assert_int_equal(report.succeeded, 5992);
        assert_int_equal(report.failed, 8);
        assert_int_equal(report.jobs, 6);
        assert_int_equal(report.reasons[0].line, 700);
        assert_int_equal(count("LastName LIKE 'Given %'") - others, 5992);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__null_clears_and_empty_leaves),
        cmocka_unit_test(test_rows__many_of_them_with_their_numbers),
        cmocka_unit_test(test_rows__what_is_wrong_is_told_before_anything_is_sent),
        cmocka_unit_test(test_rows__the_same_rows_go_on),
    };
    return cmocka_run_group_tests_name("bulk_rows", tests, start, stop);
}
