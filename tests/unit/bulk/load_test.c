/* load_test.c: whole loads against a server that plays the org: each allocation failing in turn, results that are cut,
 * wrong, or end without a line feed, and what the org cannot have meant. */
#define SFI_MAY_ALLOCATE
#include <salesforce/bulk.h>
#include <unistd.h>
#include "bulk/load_internal.h"
#include "support/support.h"
#include "support/wire_server.h"

#define ID "7505e00000AbCdEAAV"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s"
#define JOB(state, rest)                                                                                               \
    "{\"id\":\"" ID "\",\"operation\":\"insert\",\"object\":\"Contact\",\"createdById\":\"0055e000001mKpCAAU\","       \
    "\"createdDate\":\"2026-01-02T03:04:05.000+0000\",\"systemModstamp\":\"2026-01-02T03:04:05.000+0000\","            \
    "\"state\":\"" state "\",\"concurrencyMode\":\"Parallel\",\"contentType\":\"CSV\",\"apiVersion\":62.0,"            \
    "\"lineEnding\":\"LF\",\"columnDelimiter\":\"COMMA\"" rest "}"
#define OPEN JOB("Open", "")
#define CLOSED JOB("UploadComplete", "")
#define DONE_WITH(processed, failed)                                                                                   \
    JOB("JobComplete", ",\"numberRecordsProcessed\":" processed ",\"numberRecordsFailed\":" failed)

static sf_error err;
static char csv[64], success[80], errors[80];

typedef struct talk { /* a client, and a server that gives answers in turn */
    char *texts[8];
    wire_step steps[20];
    const wire_step *scripts[2];
    wire_server *server;
    sf_client *sf;
} talk;

static void talk_start(talk *t, const char *const *answers)
{
    *t = (talk){ 0 };
    size_t n = 0, at = 0;
    for (; answers[n] != NULL; n++) {
        bool is_json = answers[n][0] == '{', is_page = answers[n][0] == '<' || answers[n][0] == '\0';
        size_t size = strlen(answers[n]) + 256;
        t->texts[n] = malloc(size);
        assert_non_null(t->texts[n]);
        int len = snprintf(t->texts[n], size, HEAD,
                           is_json   ? "application/json;charset=UTF-8"
                           : is_page ? "text/html"
                                     : "text/csv",
                           strlen(answers[n]), answers[n]);
        t->steps[at++] = (wire_step)WIRE_REQUEST;
        t->steps[at++] = (wire_step){ WIRE_OP_SEND, t->texts[n], (size_t)len };
    }
    t->steps[at] = (wire_step)WIRE_END;
    static const wire_step gone[] = { WIRE_RESET, WIRE_END };
    t->scripts[0] = t->steps;
    t->scripts[1] = gone;
    t->server = wire_start(t->scripts, 2);
    assert_non_null(t->server);
    sf_client_options options = { .instance_url = wire_url(t->server, ""),
                                  .api_version = "62.0",
                                  .retry = { .retries_max = SF_NONE, .pause_ms = 1, .breaker_failures = SF_NONE },
                                  .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } };
    if (sf_client_open(&options, &t->sf, &err) != SF_OK) fail_msg("%s", err.message);
}

static void talk_stop(talk *t)
{
    sf_client_close(t->sf);
    wire_stop(t->server);
    for (size_t i = 0; i < COUNT_OF(t->texts); i++) free(t->texts[i]);
}

static sf_status load(const talk *t, sf_load_report *report)
{
    const sf_bulk_load_options options = { .object = "Contact",
                                           .operation = SF_INSERT,
                                           .csv_path = csv,
                                           .success_path = success,
                                           .errors_path = errors,
                                           .retries_max = SF_NONE,
                                           .no_describe = true };
    return sf_bulk_load(t->sf, &options, report, &err);
}

/* Three rows, one of which fails. */
#define GOOD_HEAD "\"sf__Id\",\"sf__Created\",LastName,Email\n\"0035e00000AbCdEAAV\",\"true\",\"A\",\"a@x\"\n"
#define BAD_HEAD "\"sf__Id\",\"sf__Error\",LastName,Email\n"
static const char good_rows[] = GOOD_HEAD "\"0035e00000AbCdFAAV\",\"true\",\"C\",\"\"";
static const char bad_rows[] = BAD_HEAD "\"\",\"INVALID_EMAIL_ADDRESS:Email: no:Email --\",\"B, b\",\"b\"\n";
static const char *const all_answers[] = { OPEN, " ", CLOSED, DONE_WITH("3", "1"), good_rows, bad_rows, NULL };

static void test_load__results_of_a_job(void **state)
{
    (void)state;
    talk t;
    sf_load_report report;
    size_t len;
    talk_start(&t, all_answers);
    sf_status rc = load(&t, &report);
    if (rc != SF_DONE) fail_msg("%s: %s", sf_status_name(rc), err.message);
    talk_stop(&t);
    assert_int_equal(report.succeeded, 2);
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.unmatched, 0);
    char *text = test_read_file(success, &len);
    assert_string_equal(text, "sf__Id,sf__Created,LastName,Email\n\"0035e00000AbCdEAAV\",\"true\",\"A\",\"a@x\"\n"
                              "\"0035e00000AbCdFAAV\",\"true\",\"C\",\"\"\n"); /* the next job's rows begin a line */
    free(text);
    text = test_read_file(errors, &len);
    assert_string_equal(text, "sf__Id,sf__Error,sf__Line,LastName,Email\n"
                              ",INVALID_EMAIL_ADDRESS:Email: no:Email --,3,\"B, b\",b\n");
    free(text);
}

static void test_load__answers_that_do_not_add_up(void **state)
{
    (void)state;
    static const struct {
        const char *job, *good, *bad;
        sf_status want;
        const char *says;
    } cases[] = {
        { DONE_WITH("4", "1"), good_rows, bad_rows, SF_ERR_PROTOCOL, "tells of 4 rows" },
        { DONE_WITH("3", "4"), good_rows, bad_rows, SF_ERR_PROTOCOL, "4 of them failed" },
        { DONE_WITH("3", "2"), good_rows, bad_rows, SF_ERR_TRUNCATED, "1 rows succeeded, and its results hold 2" },
        { DONE_WITH("3", "1"), good_rows, good_rows, SF_ERR_TRUNCATED, "1 rows failed, and its results hold 2" },
        { DONE_WITH("3", "1"), good_rows, "x\n\"", SF_ERR_PROTOCOL, "the results of job " ID },
        { DONE_WITH("2", "1"), good_rows, bad_rows, SF_ERR_TRUNCATED, "complete with 2 rows" },
        { JOB("JobComplete", ",\"numberRecordsProcessed\":3"), good_rows, bad_rows, SF_ERR_PROTOCOL, "how many rows" },
        { JOB("Aborted", ""), good_rows, bad_rows, SF_ERR_PROTOCOL, "how many rows" },
        /* cut within a value, behind a value, behind a comma: in the last row, which still counts as one */
        { DONE_WITH("3", "1"), GOOD_HEAD "\"0035e00000AbCdFAAV\",\"true\",\"C\",\"", bad_rows, SF_ERR_PROTOCOL,
          "the results of job " ID },
        { DONE_WITH("3", "1"), GOOD_HEAD "\"0035e00000AbCdFAAV\",\"true\",\"C\"", bad_rows, SF_ERR_TRUNCATED, "" },
        { DONE_WITH("3", "1"), GOOD_HEAD "\"0035e00000AbCdFAAV\",\"true\",\"C\",", bad_rows, SF_ERR_TRUNCATED, "" },
        { DONE_WITH("3", "1"), good_rows, BAD_HEAD "\"\",\"NO:x:--\",\"B, b\"", SF_ERR_TRUNCATED, "" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        talk t;
        sf_load_report report;
        /* What was cut is asked for again; by then the server is gone. */
        talk_start(&t, (const char *const[]){ OPEN, " ", CLOSED, cases[i].job, cases[i].good, cases[i].bad, NULL });
        sf_status rc = load(&t, &report);
        talk_stop(&t);
        assert_int_equal(report.succeeded, 0);
        assert_int_equal(report.reason_count, 0);
        if (cases[i].want == SF_ERR_TRUNCATED) {
            assert_true(rc < 0);
        } else {
            assert_int_equal(rc, cases[i].want);
            if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        }
    }
}

/* A row that the org gave back changed is told without a line. */
static void test_load__a_row_that_came_back_changed(void **state)
{
    (void)state;
    talk t;
    sf_load_report report;
    size_t len;
    talk_start(&t, (const char *const[]){ OPEN, " ", CLOSED, DONE_WITH("3", "1"), good_rows,
                                          "sf__Id,sf__Error,LastName,Email\n,\"SOME_ERROR:x:--\",B,c\n", NULL });
    assert_int_equal(load(&t, &report), SF_DONE);
    talk_stop(&t);
    assert_int_equal(report.unmatched, 1);
    assert_int_equal(report.failed, 1);
    char *text = test_read_file(errors, &len);
    assert_string_equal(text, "sf__Id,sf__Error,sf__Line,LastName,Email\n,SOME_ERROR:x:--,,B,c\n");
    free(text);
}

/* The header line of results says what is where; a byte-order mark before it is no part of a name. */
static void test_load__columns_in_another_order(void **state)
{
    (void)state;
    static const struct {
        const char *good, *bad, *good_file, *bad_row;
    } cases[] = {
        { "\"sf__Id\",\"sf__Created\",Email,LastName\n\"1\",\"true\",\"a@x\",\"A\"\n\"2\",\"true\",\"\",\"C\"",
          "\"sf__Id\",\"sf__Error\",Email,LastName\n\"\",\"X:y:--\",\"b\",\"B, b\"\n",
          "\"1\",\"true\",\"A\",\"a@x\"\n\"2\",\"true\",\"C\",\"\"\n", ",X:y:--,3,\"B, b\",b\n" },
        { "\xEF\xBB\xBFLastName,Email,sf__Created,sf__Id\nA,a@x,true,1\nC,,true,2\n",
          "\xEF\xBB\xBF"
          "Email,sf__Error,sf__Id,LastName\nb,X:y:--,,\"B, b\"\n",
          "\"1\",\"true\",\"A\",\"a@x\"\n\"2\",\"true\",\"C\",\"\"\n", ",X:y:--,3,\"B, b\",b\n" },
        { "\xEF\xBB\xBF\"sf__Id\",\"sf__Created\",\"LASTNAME\",\"Email\"\n1,true,A,a@x\n2,true,C,\n",
          "\"sf__Id\",\"sf__Error\",LastName\n\"\",\"X:y:--\",\"B, b\"\n", /* a column that did not come back */
          "1,true,A,a@x\n2,true,C,\n", ",X:y:--,,\"B, b\",\n" },
        { "x,y,z,w\n1,true,A,a@x\n2,true,C,\n", "x,y,z,w\n,X:y:--,\"B, b\",b\n", /* names that tell nothing */
          "1,true,A,a@x\n2,true,C,\n", ",X:y:--,3,\"B, b\",b\n" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        talk t;
        sf_load_report report;
        size_t len;
        talk_start(&t,
                   (const char *const[]){ OPEN, " ", CLOSED, DONE_WITH("3", "1"), cases[i].good, cases[i].bad, NULL });
        sf_status rc = load(&t, &report);
        if (rc != SF_DONE) fail_msg("%zu: %s: %s", i, sf_status_name(rc), err.message);
        talk_stop(&t);
        char *text = test_read_file(success, &len);
        assert_string_equal(strchr(text, '\n') + 1, cases[i].good_file);
        free(text);
        text = test_read_file(errors, &len);
        assert_string_equal(strchr(text, '\n') + 1, cases[i].bad_row);
        free(text);
    }
}

/* A page instead of the org's answer is no upload: the job is left behind, and another one made. Nothing at all is no page. */
static void test_load__an_upload_that_somebody_else_answered(void **state)
{
    (void)state;
    talk t;
    sf_load_report report;
    talk_start(&t, (const char *const[]){ OPEN, "<html>log in</html>", JOB("Aborted", ""), OPEN, "", CLOSED,
                                          DONE_WITH("3", "0"), GOOD_HEAD "2,true,C,\n3,true,\"B, b\",b\n", NULL });
    sf_status rc = load(&t, &report);
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
    talk_stop(&t);
    assert_int_equal(report.succeeded, 3);
    assert_int_equal(report.jobs, 1);
}

/* A job that failed before its first row: all of them are told, and nothing is asked for. */
static void test_load__a_job_that_took_no_row(void **state)
{
    (void)state;
    talk t;
    sf_load_report report;
    size_t len;
    talk_start(&t,
               (const char *const[]){ OPEN, " ", CLOSED,
                                      JOB("Failed", ",\"errorMessage\":\"InvalidBatch : Field name not found : Nmae\","
                                                    "\"numberRecordsProcessed\":0,\"numberRecordsFailed\":0"),
                                      NULL });
    sf_status rc = load(&t, &report);
    if (rc != SF_DONE) fail_msg("%s: %s", sf_status_name(rc), err.message);
    talk_stop(&t);
    assert_int_equal(report.unprocessed, 3);
    assert_int_equal(report.failed + report.succeeded, 0);
    assert_int_equal(report.jobs_failed, 1);
    assert_int_equal(report.reasons[0].rows, 3);
    assert_int_equal(report.reasons[0].line, 2);
    char *text = test_read_file(errors, &len);
#define WHY ",not processed: the job failed: InvalidBatch : Field name not found : Nmae,"
    assert_string_equal(text,
                        "sf__Id,sf__Error,sf__Line,LastName,Email\n" WHY "2,A,a@x\n" WHY "3,\"B, b\",b\n" WHY "4,C,\n");
    free(text);
}

/* The three rows of the file, given one by one. */
static sf_status give(void *user, sf_str *fields, sf_error *why)
{
    static const sf_str cells[] = { SFI_STR("A"), SFI_STR("a@x"), SFI_STR("B, b"),
                                    SFI_STR("b"), SFI_STR("C"),   SFI_STR("") };
    size_t *at = user;
    (void)why;
    if (*at == COUNT_OF(cells)) return SF_DONE;
    fields[0] = cells[(*at)++];
    fields[1] = cells[(*at)++];
    return SF_ROW;
}

static sf_status load_rows(const talk *t, sf_load_report *report)
{
    static const char *const names[] = { "LastName", "Email" };
    size_t at = 0;
    const sf_load_rows rows = { .names = names, .column_count = 2, .next = give, .user = &at };
    const sf_bulk_load_options options = { .object = "Contact",
                                           .operation = SF_INSERT,
                                           .rows = &rows,
                                           .success_path = success,
                                           .errors_path = errors,
                                           .retries_max = SF_NONE,
                                           .no_describe = true };
    return sf_bulk_load(t->sf, &options, report, &err);
}

/* The three rows in two files, which share a job. */
static char parts[2][80];

static sf_status load_parts(const talk *t, sf_load_report *report)
{
    const char *const paths[] = { parts[0], parts[1], NULL };
    const sf_bulk_load_options options = { .object = "Contact",
                                           .operation = SF_INSERT,
                                           .csv_paths = paths,
                                           .errors_path = errors,
                                           .retries_max = SF_NONE,
                                           .no_describe = true };
    return sf_bulk_load(t->sf, &options, report, &err);
}

static void write_parts(void)
{
    static const char *const texts[] = { "LastName,Email\nA,a@x\n", "LastName,Email\n\"B, b\",b\nC,\n" };
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        snprintf(parts[i], sizeof parts[i], "%.60s.part%d", csv, (int)i);
        FILE *f = fopen(parts[i], "w");
        assert_non_null(f);
        assert_true(fputs(texts[i], f) >= 0 && fclose(f) == 0);
    }
}

static void fail_each_allocation(const char *const *answers, sf_status (*fn)(const talk *t, sf_load_report *report))
{
    sf_status rc = SF_ERR_MEMORY;
    long left = 0;
    for (; rc != SF_DONE; left++) {
        talk t;
        sf_load_report report;
        talk_start(&t, answers);
        long before = test_allocations_live();
        test_allocations_limit(left);
        rc = fn(&t, &report);
        test_allocations_limit(-1);
        if (rc != SF_DONE && rc >= 0) fail_msg("allocation %ld: %s", left, sf_status_name(rc));
        if (rc == SF_ERR_PROTOCOL || rc == SF_ERR_USAGE) fail_msg("allocation %ld: %s", left, err.message);
        (void)before;
        talk_stop(&t);
        assert_true(left < 3000);
    }
    print_message("  %ld allocations\n", left - 1);
    assert_int_equal(test_allocations_live(), 0);
}

static void test_load__each_allocation_failing(void **state)
{
    (void)state;
    fail_each_allocation(all_answers, load);
    fail_each_allocation(all_answers, load_rows);
    static const char *const turned[] = { OPEN,
                                          " ",
                                          CLOSED,
                                          DONE_WITH("3", "1"),
                                          "sf__Id,sf__Created,Email,LastName\n1,true,a@x,A\n2,true,,C\n",
                                          "sf__Id,sf__Error,Email,LastName\n,X:y:--,b,\"B, b\"\n",
                                          NULL };
    fail_each_allocation(turned, load);
    static const char *const failures[] = { OPEN, " ", CLOSED, DONE_WITH("3", "1"), bad_rows, NULL };
    write_parts();
    fail_each_allocation(failures, load_parts);
    size_t len;
    char want[200], *text = test_read_file(errors, &len);
    snprintf(want, sizeof want,
             "sf__Id,sf__Error,sf__Line,sf__File,LastName,Email\n"
             ",INVALID_EMAIL_ADDRESS:Email: no:Email --,2,%s,\"B, b\",b\n",
             parts[1]);
    assert_string_equal(text, want);
    free(text);
    for (size_t i = 0; i < COUNT_OF(parts); i++) (void)unlink(parts[i]);
}

static void test_load__reasons(void **state)
{
    (void)state;
    sf_load_report r = { 0 };
    char error[64];
    sfi_load_note_reason(&r, SFI_STR("A:first:--"), 0, 9, SFI_STR("nine"));
    sfi_load_note_reason(&r, SFI_STR("B:x:Email --"), 0, 5, SFI_STR("five"));
    sfi_load_note_reason(&r, SFI_STR("B:another text, the same field:Email --"), 0, 3, SFI_STR("three"));
    sfi_load_note_reason(&r, SFI_STR("B:x:Phone --"), 0, 4, SFI_STR("four"));
    sfi_load_note_reason(&r, SFI_STR("not processed: the job failed"), 0, 0, SFI_STR(""));
    assert_int_equal(r.reason_count, 4);
    assert_string_equal(r.reasons[0].code, "B");
    assert_string_equal(r.reasons[0].message, "B:x:Email --");
    assert_int_equal(r.reasons[0].rows, 2);
    assert_int_equal(r.reasons[0].line, 3);
    assert_string_equal(r.reasons[0].row, "three"); /* the row of the line */
    assert_string_equal(r.reasons[3].code, "");
    int64_t rows = 5;
    for (int i = 0; i < 60; i++, rows++) { /* more kinds than are kept: none of the rows is forgotten */
        snprintf(error, sizeof error, "CODE_%d:x:--", i);
        sfi_load_note_reason(&r, sfi_str(error), 0, i + 1, SFI_STR("x"));
    }
    assert_int_equal(r.reason_count, SF_LOAD_REASONS_MAX);
    int64_t sum = 0;
    for (size_t i = 0; i < r.reason_count; i++) {
        sum += r.reasons[i].rows;
        assert_true(i == 0 || r.reasons[i].rows <= r.reasons[i - 1].rows);
    }
    assert_int_equal(sum, rows);
    static const struct {
        const char *error, *code;
        bool passing;
    } codes[] = {
        { "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--", "UNABLE_TO_LOCK_ROW", true },
        { "API_TEMPORARILY_UNAVAILABLE:x:--", "API_TEMPORARILY_UNAVAILABLE", true },
        { "INVALID_EMAIL_ADDRESS:x:Email --", "INVALID_EMAIL_ADDRESS", false },
        { "not processed: the job failed: UNABLE_TO_LOCK_ROW:x", "", false },
        { "", "", false },
        { ":", "", false },
    };
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        sf_str code = sfi_load_code_of(sfi_str(codes[i].error));
        assert_true(sfi_str_is(code, codes[i].code));
        assert_int_equal(sfi_load_is_passing(code), codes[i].passing);
    }
}

static void write_csv(const char *text)
{
    FILE *f = fopen(csv, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

/* Some decoders hold a letter back until they see that no mark follows it. */
static void test_load__the_last_letter_of_another_encoding(void **state)
{
    (void)state;
    talk t;
    sf_load_report report;
    char *before = test_read_file(csv, &(size_t){ 0 });
    write_csv("LastName\nabc");
    talk_start(&t, (const char *const[]){ NULL });
    const sf_bulk_load_options options = { .object = "Contact",
                                           .operation = SF_INSERT,
                                           .csv_path = csv,
                                           .encoding = "CP1258",
                                           .dry_run = true,
                                           .no_describe = true };
    sf_status rc = sf_bulk_load(t.sf, &options, &report, &err);
    talk_stop(&t);
    write_csv(before);
    free(before);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(report.bytes, strlen("LastName\nabc"));
}

static bool overwrite(void *user, const sf_load_progress *p)
{
    (void)user;
    if (p->bytes_sent > 0) write_csv("LastName,Email\nA a@x\nB  b   b\nC \n");
    return true;
}

/* Its rows have lost their columns since they were checked. */
static void test_load__a_file_that_changes_under_way(void **state)
{
    (void)state;
    talk t;
    sf_load_report report;
    const sf_load_column email = { .from = "Email", .to = "Email" };
    char *before = test_read_file(csv, &(size_t){ 0 });
    talk_start(&t, (const char *const[]){ OPEN, " ", NULL });
    const sf_bulk_load_options options = { .object = "Contact",
                                           .operation = SF_INSERT,
                                           .csv_path = csv,
                                           .columns = &email,
                                           .column_count = 1,
                                           .progress = overwrite,
                                           .no_describe = true };
    sf_status rc = sf_bulk_load(t.sf, &options, &report, &err);
    talk_stop(&t);
    write_csv(before);
    free(before);
    assert_int_equal(rc, SF_ERR_IO);
    if (strstr(err.message, "it changed while it was loaded") == NULL) fail_msg("%s", err.message);
}

static int start(void **state)
{
    (void)state;
    static const char text[] = "LastName,Email\nA,a@x\n\"B, b\",b\nC,\n";
    snprintf(csv, sizeof csv, "/tmp/sf-load-unit-XXXXXX");
    int fd = mkstemp(csv);
    snprintf(success, sizeof success, "%s.success", csv);
    snprintf(errors, sizeof errors, "%s.errors", csv);
    bool fine = fd >= 0 && write(fd, text, sizeof text - 1) == (ssize_t)sizeof text - 1;
    return fine ? close(fd) : -1;
}

static int stop(void **state)
{
    (void)state;
    (void)unlink(success);
    (void)unlink(errors);
    return unlink(csv);
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load__results_of_a_job),
        cmocka_unit_test(test_load__answers_that_do_not_add_up),
        cmocka_unit_test(test_load__the_last_letter_of_another_encoding),
        cmocka_unit_test(test_load__a_file_that_changes_under_way),
        cmocka_unit_test(test_load__a_row_that_came_back_changed),
        cmocka_unit_test(test_load__columns_in_another_order),
        cmocka_unit_test(test_load__an_upload_that_somebody_else_answered),
        cmocka_unit_test(test_load__a_job_that_took_no_row),
        cmocka_unit_test(test_load__reasons),
        cmocka_unit_test(test_load__each_allocation_failing),
    };
    return cmocka_run_group_tests_name("load", tests, start, stop);
}
