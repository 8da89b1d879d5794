/* export_test.c: whole exports against a server that plays the org: a first page whose header line was another's, and one that is
 * blank; a journal whose numbers cannot be. */
#define _GNU_SOURCE /* memmem */
#include <salesforce/bulk.h>
#include <unistd.h>
#include "bulk/journal_internal.h"
#include "support/support.h"
#include "support/wire_server.h"

#define JOB                                                                                                            \
    "{\"id\":\"7505e00000AbCdEAAV\",\"operation\":\"query\",\"object\":\"Contact\",\"state\":\"JobComplete\","         \
    "\"numberRecordsProcessed\":2}"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nContent-Type: %s\r\n%s\r\n%s"
#define SOQL "SELECT Id, Name FROM Contact"

static sf_error err;
static sf_export_report report;
static const char *journal; /* NULL: none */
static const char *job = JOB, *rows = "2", *soql = SOQL;

/* pages[]: bodies, in turn. */
static sf_status export_to(const char *path, sf_export_format format, const char *const *pages, size_t count)
{
    static char texts[8][1024], count_header[80];
    wire_step steps[20] = { WIRE_REQUEST };
    const wire_step *const scripts[] = { steps };
    size_t at = 0;
    sf_client *sf;
    snprintf(count_header, sizeof count_header, "Sforce-NumberOfRecords: %s\r\nSforce-Locator: null\r\n", rows);
    for (size_t i = 0; i <= count; i++) {
        const char *body = i == 0 ? job : pages[i - 1];
        int len = snprintf(texts[i], sizeof texts[i], HEAD, strlen(body), i == 0 ? "application/json" : "text/csv",
                           i == 0 ? "" : count_header, body);
        steps[at++] = (wire_step)WIRE_REQUEST;
        steps[at++] = (wire_step){ WIRE_OP_SEND, texts[i], (size_t)len };
    }
    steps[at] = (wire_step)WIRE_END;
    wire_server *server = wire_start(scripts, 1);
    assert_non_null(server);
    const sf_client_options how = { .instance_url = wire_url(server, ""),
                                    .api_version = "62.0",
                                    .retry = { .retries_max = SF_NONE, .pause_ms = 1, .breaker_failures = SF_NONE },
                                    .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } };
    if (sf_client_open(&how, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    sf_status rc = sf_bulk_export(
        sf, &(sf_bulk_export_options){ .soql = soql, .path = path, .format = format, .journal_path = journal }, &report,
        &err);
    sf_client_close(sf);
    wire_stop(server);
    return rc;
}

static const char *new_path(void)
{
    static char path[] = "/tmp/sf-export-unit-XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return path;
}

/* The first page came damaged, and not only in its rows: what is written is what came in its place. */
static void test_export__columns_of_a_damaged_page_are_forgotten(void **state)
{
    (void)state;
    static const char *const pages[] = { "Other,Words\n1,a\n", "Id,Name\n1,a\n2,\n" };
    static const char *const wanted[] = { "Id,Name\n1,a\n2,\n",
                                          "{\"Id\":\"1\",\"Name\":\"a\"}\n{\"Id\":\"2\",\"Name\":null}\n" };
    for (int i = 0; i < 2; i++) {
        size_t len;
        const char *path = new_path();
        sf_status rc = export_to(path, i == 0 ? SF_EXPORT_CSV : SF_EXPORT_NDJSON, pages, 2);
        if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_int_equal(report.pages_again, 1);
        char *text = test_read_file(path, &len);
        assert_string_equal(text, wanted[i]);
        free(text);
        (void)unlink(path);
    }
}

/* Orgs have sent a result without rows with a header line and without one. */
static void test_export__nothing_at_all_has_the_columns_that_were_asked_for(void **state)
{
    (void)state;
    static const char no_rows[] = "{\"id\":\"7505e00000AbCdEAAV\",\"operation\":\"query\",\"object\":\"Contact\","
                                  "\"state\":\"JobComplete\",\"numberRecordsProcessed\":0}";
    static const char *const pages[] = { "" };
    static const struct {
        const char *soql;
        sf_export_format format;
        const char *want;
    } cases[] = {
        { "SELECT Id, Name FROM Contact", SF_EXPORT_CSV, "\"Id\",\"Name\"\n" },
        { "select Id,Account.Owner.Name , Amount__c\nfrom Contact where Name = 'x, y'", SF_EXPORT_CSV,
          "\"Id\",\"Account.Owner.Name\",\"Amount__c\"\n" },
        { "SELECT Id FROM Contact", SF_EXPORT_NDJSON, "" },
        { "SELECT Id, toLabel(Status) FROM Contact", SF_EXPORT_CSV, "" }, /* what the org calls it nobody has told */
        { "SELECT FIELDS(ALL) FROM Contact LIMIT 200", SF_EXPORT_CSV, "" },
        { "SELECT Id Nickname FROM Contact", SF_EXPORT_CSV, "" },
        { "SELECT Id, FROM Contact", SF_EXPORT_CSV, "" },
    };
    job = no_rows;
    rows = "0";
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t len;
        const char *path = new_path();
        soql = cases[i].soql;
        sf_status rc = export_to(path, cases[i].format, pages, 1);
        if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
        assert_int_equal(report.rows, 0);
        char *text = test_read_file(path, &len);
        assert_string_equal(text, cases[i].want);
        assert_int_equal(report.bytes, strlen(text));
        free(text);
        (void)unlink(path);
    }
    soql = SOQL;
    const char *path = new_path();
    sf_status rc = export_to(path, SF_EXPORT_SQLITE, pages, 1);
    if (rc != SF_ERR_UNSUPPORTED) { /* a machine without libsqlite3 */
        size_t len;
        if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
        char *text = test_read_file(path, &len);
        static const char table[] = "(\"Id\" TEXT,\"Name\" TEXT)";
        assert_non_null(memmem(text, len, table, sizeof table - 1));
        free(text);
    }
    (void)unlink(path);
    job = JOB;
    rows = "2";
}

/* With a journal the header line is one of the pages: a run that goes on does not write it again. */
static void test_export__a_journal_knows_that_header_line(void **state)
{
    (void)state;
    static const char *const pages[] = { "" };
    char kept[64];
    size_t len;
    const char *path = new_path();
    snprintf(kept, sizeof kept, "%s.journal", path);
    journal = kept;
    rows = "0";
    job = "{\"id\":\"7505e00000AbCdEAAV\",\"operation\":\"query\",\"object\":\"Contact\",\"state\":\"JobComplete\","
          "\"numberRecordsProcessed\":0}";
    for (int i = 0; i < 2; i++) { /* the second run finds all done */
        sf_status rc = export_to(path, SF_EXPORT_CSV, pages, 1);
        if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
        char *text = test_read_file(path, &len);
        assert_string_equal(text, "\"Id\",\"Name\"\n");
        free(text);
    }
    journal = NULL;
    rows = "2";
    job = JOB;
    (void)unlink(kept);
    (void)unlink(path);
}

static void test_export__a_blank_header_line(void **state)
{
    (void)state;
    static const char *const pages[] = { "\n\n" };
    const char *path = new_path();
    assert_int_equal(export_to(path, SF_EXPORT_NDJSON, pages, 1), SF_ERR_PROTOCOL);
    assert_non_null(strstr(err.message, "empty header line"));
    (void)unlink(path);
}

/* Pages that cannot be counted against the job could end anywhere. */
static void test_export__a_job_that_does_not_say_how_many_rows(void **state)
{
    (void)state;
    static const char uncounted[] =
        "{\"id\":\"7505e00000AbCdEAAV\",\"operation\":\"query\",\"object\":\"Contact\",\"state\":\"JobComplete\"}";
    static const char *const pages[] = { uncounted, "Id,Name\n1,a\n2,\n" };
    const char *path = new_path();
    job = uncounted;
    assert_int_equal(export_to(path, SF_EXPORT_CSV, pages, 2), SF_ERR_PROTOCOL);
    assert_non_null(strstr(err.message, "how many rows"));
    job = JOB;
    (void)unlink(path);
}

static sf_status pass_over(void *user, sf_value line, sf_error *e)
{
    (void)user;
    (void)line;
    (void)e;
    return SF_OK;
}

static void test_export__a_journal_whose_numbers_cannot_be(void **state)
{
    (void)state;
    static const char *const pages[] = { "Id,Name\n1,a\n2,\n" };
    static const char *const lines[] = {
        "{\"pages\":1,\"rows\":-1,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":1,\"next\":\"x\"}",
        "{\"pages\":1,\"rows\":9223372036854775807,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":1,\"next\":\"x\"}",
        "{\"pages\":1,\"rows\":1,\"bytes\":9,\"size\":-1,\"plain\":9,\"crc\":1,\"next\":\"x\"}",
        "{\"pages\":1,\"rows\":1,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":4294967296,\"next\":\"x\"}",
        "{\"pages\":1,\"rows\":1,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":1,\"next\":\"\",\"last\":false}",
        "{\"pages\":1,\"rows\":1,\"bytes\":9,\"size\":9,\"plain\":9,\"crc\":1,\"next\":\"x\",\"last\":true}",
    };
    char kept[64];
    const char *path = new_path();
    size_t len;
    snprintf(kept, sizeof kept, "%s.journal", path);
    journal = kept;
    sf_status rc = export_to(path, SF_EXPORT_CSV, pages, 1);
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
    char *text = test_read_file(kept, &len);
    const sf_str head = { text + 9, strcspn(text, "\n") - 9 }; /* behind the sum */
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        sfi_journal *j;
        bool resumed;
        assert_int_equal(truncate(kept, (off_t)len), 0);
        assert_int_equal(sfi_journal_open(kept, head, pass_over, NULL, &j, &resumed, &err), SF_OK);
        assert_int_equal(sfi_journal_add(j, (sf_str){ lines[i], strlen(lines[i]) }, &err), SF_OK);
        sfi_journal_close(j);
        if (export_to(path, SF_EXPORT_CSV, pages, 1) != SF_ERR_USAGE) fail_msg("%s", lines[i]);
        assert_non_null(strstr(err.message, "none of an export's"));
    }
    journal = NULL;
    free(text);
    (void)unlink(kept);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_export__columns_of_a_damaged_page_are_forgotten),
                                        cmocka_unit_test(
                                            test_export__nothing_at_all_has_the_columns_that_were_asked_for),
                                        cmocka_unit_test(test_export__a_journal_knows_that_header_line),
                                        cmocka_unit_test(test_export__a_blank_header_line),
                                        cmocka_unit_test(test_export__a_job_that_does_not_say_how_many_rows),
                                        cmocka_unit_test(test_export__a_journal_whose_numbers_cannot_be) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
