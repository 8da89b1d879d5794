/* bulk_load_test.c: whole files into a real local org: jobs side by side, failed rows with their lines, rows that are tried
 * again, mappings and encodings, what is refused before anything is sent, and loads that are interrupted and gone on with. */
#include "bulk/load_internal.h"
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>

static test_org org;
static sf_client *sf;
static sf_error err;
static char dir[64];
static sf_load_report report;

static const char schema[] =
    "{\"sobjects\":[{\"name\":\"Contact\",\"fields\":[{\"name\":\"Ext__c\",\"type\":\"string\",\"length\":40,"
    "\"externalId\":true,\"unique\":true,\"idLookup\":true}]},{\"name\":\"Account\",\"fields\":[{\"name\":\"Ext__c\","
    "\"type\":\"string\",\"length\":40,\"externalId\":true,\"unique\":true,\"idLookup\":true}]}]}";

static const char *path(const char *name)
{
    static char paths[8][160];
    static int next;
    char *out = paths[next++ % 8];
    snprintf(out, sizeof paths[0], "%s/%s", dir, name);
    return out;
}

static const char *write_bytes(const char *name, const void *data, size_t len)
{
    const char *p = path(name);
    FILE *f = fopen(p, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    return p;
}

static const char *write_file(const char *name, const char *text)
{
    return write_bytes(name, text, strlen(text));
}

static int start(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/sf-load-test-XXXXXX");
    if (mkdtemp(dir) == NULL) return -1;
    test_org_start(&org,
                   (const char *const[]){ "--seed", "empty", "--schema", write_file("schema.json", schema), NULL });
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

static int64_t count(const char *where)
{
    char soql[256];
    int64_t n = -1;
    snprintf(soql, sizeof soql, "SELECT COUNT() FROM Contact WHERE %s", where);
    if (sf_query_count(sf, soql, NULL, &n, &err) != SF_OK) fail_msg("%s", err.message);
    return n;
}

static void want(sf_status rc, sf_status wanted)
{
    if (rc != wanted)
        fail_msg("%s instead of %s: %s", sf_status_name(rc), sf_status_name(wanted), rc < 0 ? err.message : "");
}

static char *read_all(const char *name)
{
    size_t len;
    char *text = test_read_file(path(name), &len);
    assert_non_null(text);
    return text;
}

static int lines(const char *s)
{
    int n = 0;
    for (; *s != '\0'; s++) n += *s == '\n';
    return n;
}

/* Rows NAME 1 to n; every bad-th one has an e-mail address that is none. */
static const char *make_rows(const char *file, const char *name, int n, int bad)
{
    const char *p = path(file);
    FILE *f = fopen(p, "w");
    assert_non_null(f);
    fprintf(f, "LastName,Email,Description\n");
    for (int i = 1; i <= n; i++)
        fprintf(f, "%s %d,%s%d%s,\"line one, of \"\"%d\"\"\nline two\"\n", name, i, "u", i,
                bad > 0 && i % bad == 0 ? "" : "@x.example", i);
    assert_int_equal(fclose(f), 0);
    return p;
}

static void test_load__jobs_side_by_side(void **state)
{
    (void)state;
    const char *csv = make_rows("a.csv", "Side", 1000, 100);
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){ .object = "Contact",
                                               .operation = SF_INSERT,
                                               .csv_path = csv,
                                               .success_path = path("a.success.csv"),
                                               .errors_path = path("a.errors.csv"),
                                               .job_rows = 130,
                                               .parallel = 3 },
                      &report, &err),
         SF_DONE);
    assert_int_equal(report.rows, 1000);
    assert_int_equal(report.succeeded, 990);
    assert_int_equal(report.failed, 10);
    assert_int_equal(report.jobs, 8);
    assert_int_equal(report.unmatched, 0);
    assert_int_equal(report.reason_count, 1);
    assert_string_equal(report.reasons[0].code, "INVALID_EMAIL_ADDRESS");
    assert_int_equal(report.reasons[0].rows, 10);
    assert_int_equal(report.reasons[0].line, 200); /* two lines a row, and the header line */
    assert_int_equal(count("LastName LIKE 'Side %'"), 990);
    char *errors = read_all("a.errors.csv");
    assert_int_equal(strncmp(errors, "sf__Id,sf__Error,sf__Line,LastName,Email,Description\n", 52), 0);
    assert_int_equal(lines(errors), 21);
    for (int i = 1; i <= 10; i++) {
        char row[160];
        snprintf(row, sizeof row, "--,%d,Side %d,u%d,\"line one, of \"\"%d\"\"\nline two\"\n", i * 200, i * 100,
                 i * 100, i * 100);
        if (strstr(errors, row) == NULL) fail_msg("no %s in %s", row, errors);
    }
    free(errors);
    char *good = read_all("a.success.csv");
    assert_int_equal(lines(good), 990 * 2 + 1);
    assert_int_equal(strncmp(good, "sf__Id,sf__Created,LastName,Email,Description\n", 46), 0);
    free(good);
}

static void test_load__columns_go_up_as_the_api_spells_them(void **state)
{
    (void)state;
    const char *csv = write_file("case.csv", "LASTNAME,account.Ext__c,email\nSpelt,,x\nSpelt,,s@x.example\n");
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){ .object = "contact",
                                               .operation = SF_INSERT,
                                               .csv_path = csv,
                                               .success_path = path("case.success.csv"),
                                               .errors_path = path("case.errors.csv") },
                      &report, &err),
         SF_DONE);
    char *good = read_all("case.success.csv"), *errors = read_all("case.errors.csv");
    assert_int_equal(strncmp(good, "sf__Id,sf__Created,LastName,Account.Ext__c,Email\n", 49), 0);
    assert_int_equal(strncmp(errors, "sf__Id,sf__Error,sf__Line,LASTNAME,account.Ext__c,email\n", 56), 0);
    assert_non_null(strstr(errors, ",2,Spelt,,x\n"));
    free(good);
    free(errors);
}

static void test_load__equal_rows_are_told_apart_by_their_count(void **state)
{
    (void)state;
    const char *csv = write_file("b.csv", "LastName,Email\nTwin,x\nTwin,x\nOther,o@x.example\nTwin,x\n\n\nTwin,x\n");
    want(sf_bulk_load(
             sf,
             &(sf_bulk_load_options){
                 .object = "Contact", .operation = SF_INSERT, .csv_path = csv, .errors_path = path("b.errors.csv") },
             &report, &err),
         SF_DONE);
    assert_int_equal(report.failed, 4);
    char *errors = read_all("b.errors.csv");
    static const char *const places[] = { ",2,Twin,x\n", ",3,Twin,x\n", ",5,Twin,x\n", ",8,Twin,x\n" };
    for (size_t i = 0; i < COUNT_OF(places); i++) assert_non_null(strstr(errors, places[i]));
    assert_int_equal(lines(errors), 5);
    free(errors);
}

static void test_load__locked_rows_are_tried_again(void **state)
{
    (void)state;
    const char *csv = make_rows("c.csv", "Locked", 300, 50);
    test_org_fault(&org, "lock-row:every=4,times=80");
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){ .object = "Contact",
                                               .operation = SF_INSERT,
                                               .csv_path = csv,
                                               .success_path = path("c.success.csv"),
                                               .errors_path = path("c.errors.csv") },
                      &report, &err),
         SF_DONE);
    test_org_faults_clear(&org);
    assert_int_equal(report.succeeded, 294);
    assert_int_equal(report.failed, 6);
    assert_true(report.retried >= 75);
    assert_int_equal(count("LastName LIKE 'Locked %'"), 294);
    char *errors = read_all("c.errors.csv");
    assert_non_null(
        strstr(errors, "--,100,Locked 50,u50,\"line one, of \"\"50\"\"\nline two\"\n")); /* the user's row and line */
    assert_int_equal(lines(errors), 13);
    free(errors);

    test_org_fault(&org, "lock-row:every=2");
    csv = write_file("d.csv", "LastName\nNever 1\nNever 2\n");
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){
                          .object = "Contact", .operation = SF_INSERT, .csv_path = csv, .retries_max = SF_NONE },
                      &report, &err),
         SF_DONE);
    test_org_faults_clear(&org);
    assert_int_equal(report.failed, 1);
    assert_int_equal(report.retried, 0);
    assert_string_equal(report.reasons[0].code, "UNABLE_TO_LOCK_ROW");
}

static void test_load__mappings(void **state)
{
    (void)state;
    const char *csv = write_file(
        "m.csv", "key;family name;junk;mail\r\nM-1;Mapped;x;m1@x.example\r\nM-2;Mapped;\"a;b\";m2@x.example\r\n");
    const sf_load_column columns[] = { { "KEY", "Ext__c" }, { "family name", "LastName" }, { "mail", "Email" } };
    sf_bulk_load_options options = { .object = "Contact",
                                     .operation = SF_UPSERT,
                                     .external_id = "Ext__c",
                                     .csv_path = csv,
                                     .columns = columns,
                                     .column_count = COUNT_OF(columns) };
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    assert_int_equal(report.succeeded, 2);
    assert_int_equal(count("LastName = 'Mapped' AND Email LIKE 'm%'"), 2);
    options.columns = NULL;
    options.column_count = 0;
    options.map_path = write_file("m.sdl", "# Data Loader\nkey=Ext__c\nfamily\\ name=LastName\n\nmail=\n");
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    assert_int_equal(count("LastName = 'Mapped'"), 2);
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){ .object = "Account",
                                               .operation = SF_INSERT,
                                               .csv_path = write_file("m3.csv", "Name,Ext__c\nMap Inc,MAP-1\n") },
                      &report, &err),
         SF_OK);
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){
                          .object = "Contact",
                          .operation = SF_INSERT,
                          .csv_path = write_file("m4.csv", "NAME,PARENT\nChild,MAP-1\n"),
                          .map_path = write_file("m4.sdl", "NAME=LastName\nPARENT=Account\\:Account-Ext__c\n") },
                      &report, &err),
         SF_OK);
    assert_int_equal(count("LastName = 'Child' AND Account.Name = 'Map Inc'"), 1);
    options.map_path = write_file("m2.sdl", "nope=LastName\n");
    want(sf_bulk_load(sf, &options, &report, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "\"nope\""));

    /* a delete takes the ids out of any file */
    sf_query *q = NULL;
    sf_value row;
    char text[512] = "Name,Id\n";
    want(sf_query_open(sf, "SELECT Id FROM Contact WHERE LastName = 'Mapped'", NULL, &q, &err), SF_OK);
    while (sf_query_next(q, &row, &err) == SF_ROW)
        snprintf(text + strlen(text), sizeof text - strlen(text), "x,%s\n", sf_get_str(row, "Id"));
    sf_query_close(q);
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){
                          .object = "Contact", .operation = SF_HARD_DELETE, .csv_path = write_file("del.csv", text) },
                      &report, &err),
         SF_OK);
    assert_int_equal(count("LastName = 'Mapped'"), 0);
}

static void test_load__encodings(void **state)
{
    (void)state;
    static const char utf16[] = "\xFF\xFE"
                                "L\0a\0s\0t\0N\0a\0m\0e\0\n\0E\0n\0c\0 \0"
                                "\xFC\0"
                                "\n\0"; /* Enc ü */
    sf_bulk_load_options options = { .object = "Contact", .operation = SF_INSERT };
    options.csv_path = write_file("bom.csv", "\xEF\xBB\xBFLastName\nEnc ü\n");
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    options.csv_path = write_bytes("utf16.csv", utf16, sizeof utf16 - 1);
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    options.csv_path = write_file("latin1.csv", "LastName\nEnc \xFC\n");
    want(sf_bulk_load(sf, &options, &report, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "latin1.csv: line 2: byte 0xFC is no UTF-8"));
    options.encoding = "ISO-8859-1";
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    options.encoding = NULL;
    options.csv_path = write_file("mixed.csv", "LastName,Email\r\nEnc ü,\nEnc ü,\r\n");
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    assert_int_equal(count("LastName = 'Enc ü'"), 5);
}

static const char *long_row(void)
{
    static char text[3000];
    int n = snprintf(text, sizeof text, "LastName,Description\nshort,\nlong,");
    memset(text + n, 'x', 2000);
    return text;
}

static void test_load__what_is_wrong_is_told_before_anything_is_sent(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "", "the file is empty" },
        { "LastName,Emial\nx,y\n", "line 1, column 2: Contact has no field \"Emial\" (did you mean Email?)" },
        { "LastName,Foo.Ext__c\nx,y\n", "line 1, column 2: Contact has no relationship \"Foo\"" },
        { "LastName,Account.Phone\nx,y\n", "Account.Phone is no external id" },
        { "LastName,ReportsTo.Ext__x\nx,y\n", "line 1, column 2: Contact has no field \"Ext__x\"" },
        { "LastName,CreatedDate\nx,y\n", "line 1, column 2: CreatedDate cannot be set" },
        { "LastName,LASTNAME\nx,y\n", "is there twice" },
        { "LastName,\nx,y\n", "line 1, column 2: the column has no name" },
        { "LastName,Email\nx,y\nz\n", "line 3: the record has 1 column, and the first one has 2" },
        { "LastName,Email\nx,\"y\n", "line 2: the record that begins here has a quote that is never closed" },
        { "LastName,Email\nx,a\"b\n", "line 2, column 2: a quote within a value" },
    };
    sf_client_stats before, after;
    int64_t rows = count("LastName = 'x'");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].says);
        sf_client_get_stats(sf, &before);
        want(sf_bulk_load(sf,
                          &(sf_bulk_load_options){ .object = "Contact",
                                                   .operation = SF_INSERT,
                                                   .csv_path = write_file("bad.csv", cases[i].text) },
                          &report, &err),
             SF_ERR_USAGE);
        if (strstr(err.message, cases[i].says) == NULL || strstr(err.message, "bad.csv") == NULL)
            fail_msg("%s", err.message);
        sf_client_get_stats(sf, &after);
        assert_true(after.requests - before.requests <= 2); /* describes */
    }
    assert_int_equal(count("LastName = 'x'"), rows);
    sf_bulk_load_options none = { .object = "Contact", .operation = SF_INSERT, .csv_path = path("not-there.csv") };
    want(sf_bulk_load(sf, &none, &report, &err), SF_ERR_USAGE);
    none = (sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT };
    want(sf_bulk_load(sf, &none, &report, &err), SF_ERR_USAGE);
    none = (sf_bulk_load_options){ .object = "Contact",
                                   .operation = SF_UPSERT,
                                   .external_id = "Phone",
                                   .csv_path = write_file("key.csv", "LastName,Phone\nx,1\n") };
    sf_client_get_stats(sf, &before);
    want(sf_bulk_load(sf, &none, &report, &err), SF_ERR_USAGE);
    sf_client_get_stats(sf, &after);
    assert_non_null(strstr(err.message, "column 2: Contact.Phone is no external id"));
    assert_true(after.requests - before.requests <= 1);
    none = (sf_bulk_load_options){
        .object = "Contact", .operation = SF_INSERT, .job_bytes = 1000, .csv_path = write_file("long.csv", long_row())
    };
    want(sf_bulk_load(sf, &none, &report, &err), SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "long.csv: line 3: the record is longer than a job may be (job_bytes 1000)"));
    none = (sf_bulk_load_options){ .object = "Nope__c",
                                   .operation = SF_INSERT,
                                   .csv_path = write_file("ok.csv", "Name\nx\n") };
    assert_true(sf_bulk_load(sf, &none, &report, &err) < 0);

    sf_client_get_stats(sf, &before);
    want(sf_bulk_load(sf,
                      &(sf_bulk_load_options){ .object = "Contact",
                                               .operation = SF_INSERT,
                                               .csv_path = make_rows("dry.csv", "Dry", 100, 0),
                                               .job_rows = 30,
                                               .dry_run = true },
                      &report, &err),
         SF_OK);
    assert_int_equal(report.rows, 100);
    assert_int_equal(report.jobs, 4);
    assert_true(report.requests_planned > 8);
    assert_int_equal(count("LastName LIKE 'Dry %'"), 0);
}

static void test_load__a_stream_and_several_files(void **state)
{
    (void)state;
    const char *one = write_file("s1.csv", "LastName,Email\nStream 1,a\n"),
               *two = write_file("s2.csv", "LastName,Email\nStream 2,\nStream 3,b\n");
    const char *const paths[] = { one, two, NULL };
    want(sf_bulk_load(
             sf,
             &(sf_bulk_load_options){
                 .object = "Contact", .operation = SF_INSERT, .csv_paths = paths, .errors_path = path("s.errors.csv") },
             &report, &err),
         SF_DONE);
    assert_int_equal(report.rows, 3);
    assert_int_equal(report.jobs, 1);
    assert_int_equal(report.succeeded, 1);
    char *errors = read_all("s.errors.csv"), line[300];
    snprintf(line, sizeof line, "--,3,%s,Stream 3,b\n", two);
    assert_non_null(strstr(errors, line));
    snprintf(line, sizeof line, "--,2,%s,Stream 1,a\n", one);
    assert_non_null(strstr(errors, line));
    free(errors);
    int ends[2];
    sf_source source;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "LastName\nPiped 1\nPiped 2", 24), 24);
    close(ends[1]);
    want(sf_source_of_fd(ends[0], &source, &err), SF_OK);
    want(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv = &source },
                      &report, &err),
         SF_OK);
    close(ends[0]);
    assert_int_equal(count("LastName LIKE 'Piped %'"), 2);
}

/* ---- interruptions ---- */
typedef struct stopper {
    int left;
} stopper;

static bool stop_after(void *user, const sf_load_progress *p)
{
    (void)p;
    stopper *s = user;
    return s->left-- > 0;
}

/* The machine lost its power: of the journal there is what stood in it when a job was to be closed, and no more. */
static void lose_power(void)
{
    size_t len;
    char *text = test_read_file(path("j.journal"), &len);
    if (text == NULL) return;
    char *end = text;
    for (char *at = text; (at = strstr(at, "\"state\":3")) != NULL;) end = at = strchr(at, '\n') + 1;
    assert_int_equal(truncate(path("j.journal"), end - text), 0);
    free(text);
    text = test_read_file(path("j.journal.retry1.csv"), &len);
    if (text != NULL && lines(text) == 1) assert_int_equal(truncate(path("j.journal.retry1.csv"), 0), 0);
    free(text);
}

/* Each run gets a little further. */
static int run_to_the_end(sf_bulk_load_options *options, bool loses_power)
{
    sf_status rc = SF_ERR_CANCELLED;
    int runs = 0;
    options->progress = stop_after;
    for (; rc == SF_ERR_CANCELLED; runs++) {
        stopper s = { .left = 1 + runs / 2 };
        options->user = &s;
        rc = sf_bulk_load(sf, options, &report, &err);
        assert_true(runs < 300);
        if (loses_power && rc == SF_ERR_CANCELLED) lose_power();
    }
    options->progress = NULL;
    want(rc, SF_DONE);
    return runs;
}

static void check_files(const char *name)
{
    char *good = read_all("j.success.csv"), *errors = read_all("j.errors.csv");
    assert_int_equal(lines(good), 390 * 2 + 1);
    assert_int_equal(lines(errors), 21);
    for (int i = 1; i <= 400; i++) {
        char unquoted[40], quoted[40];
        snprintf(unquoted, sizeof unquoted, ",%s %d,", name, i);
        snprintf(quoted, sizeof quoted, "\"%s %d\"", name, i);
        bool bad = i % 40 == 0;
        assert_int_equal(strstr(errors, unquoted) != NULL, bad);
        const char *first = strstr(good, quoted);
        assert_int_equal(first != NULL, !bad);
        assert_true(bad || strstr(first + 1, quoted) == NULL);
    }
    free(good);
    free(errors);
}

static void test_load__goes_on_where_it_stood(void **state)
{
    (void)state;
    static const char *const names[] = { "j.csv", "j.success.csv", "j.errors.csv", "j.journal" };
    char paths[COUNT_OF(names)][160];
    for (size_t i = 0; i < COUNT_OF(names); i++) snprintf(paths[i], sizeof paths[i], "%s", path(names[i]));
    sf_bulk_load_options options = { .object = "Contact",
                                     .operation = SF_INSERT,
                                     .csv_path = paths[0],
                                     .success_path = paths[1],
                                     .errors_path = paths[2],
                                     .journal_path = paths[3],
                                     .job_rows = 60,
                                     .parallel = 2 };
    for (int loses_power = 0; loses_power < 2; loses_power++) {
        const char *name = loses_power ? "Power" : "Journal";
        char where[40];
        (void)make_rows("j.csv", name, 400, 40);
        test_org_fault(&org, "lock-row:every=9,times=40");
        int runs = run_to_the_end(&options, loses_power != 0);
        test_org_faults_clear(&org);
        assert_true(runs > 5);
        assert_true(report.resumed);
        assert_int_equal(report.rows, 400);
        assert_int_equal(report.succeeded, 390);
        assert_int_equal(report.failed, 10);
        assert_int_equal(report.reasons[0].rows, 10);
        snprintf(where, sizeof where, "LastName LIKE '%s %%'", name);
        assert_int_equal(count(where), 390);
        check_files(name);
        if (loses_power) break;
        /* once more: all is done, nothing is sent */
        sf_client_stats before, after;
        sf_client_get_stats(sf, &before);
        want(sf_bulk_load(sf, &options, &report, &err), SF_DONE);
        sf_client_get_stats(sf, &after);
        assert_true(after.requests - before.requests <= 1);
        assert_int_equal(report.succeeded, 390);
        assert_int_equal(report.failed, 10);
        assert_int_equal(unlink(path("j.journal")), 0);
    }
    options.operation = SF_UPSERT;
    options.external_id = "Ext__c";
    options.no_describe = true;
    want(sf_bulk_load(sf, &options, &report, &err), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "belongs to another run"));
}

/* ---- small files share jobs ---- */
enum { SMALL_FILES = 40, SMALL_ROWS = 10, SMALL_BAD = 40 };

/* File f of them; the rows of all together are NAME 1 to 400, a record of two lines each. */
static void make_small_file(const char *file, const char *name, int f)
{
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fprintf(out, "LastName,Email,Description%s", f % 2 == 0 ? "\n" : "\r\n");
    for (int i = f * SMALL_ROWS + 1; i <= (f + 1) * SMALL_ROWS; i++)
        fprintf(out, "%s %d,u%d%s,\"line one, of \"\"%d\"\"\nline two\"%s", name, i, i,
                i % SMALL_BAD == 0 ? "" : "@x.example", i, f % 2 == 0 ? "\n" : "\r\n");
    assert_int_equal(fclose(out), 0);
}

/* Each failed row with its own file and line, in its own words; each of the others succeeded once. */
static void check_small_files(const char *name, char files[][160])
{
    char *good = read_all("m.success.csv"), *errors = read_all("m.errors.csv");
    for (int i = 1; i <= SMALL_FILES * SMALL_ROWS; i++) {
        char want_row[400], quoted[40];
        bool bad = i % SMALL_BAD == 0;
        snprintf(want_row, sizeof want_row, "--,%d,%s,%s %d,u%d,\"line one, of \"\"%d\"\"\nline two\"",
                 2 + 2 * ((i - 1) % SMALL_ROWS), files[(i - 1) / SMALL_ROWS], name, i, i, i);
        if ((strstr(errors, want_row) != NULL) != bad) fail_msg("%s in %s", want_row, errors);
        snprintf(quoted, sizeof quoted, "\"%s %d\"", name, i);
        const char *first = strstr(good, quoted);
        assert_int_equal(first != NULL, !bad);
        assert_true(bad || strstr(first + 1, quoted) == NULL);
    }
    free(good);
    free(errors);
}

static void test_load__small_files_share_jobs(void **state)
{
    (void)state;
    static char files[SMALL_FILES][160], large[160], others[3][160];
    const char *paths[SMALL_FILES + 2] = { NULL };
    snprintf(large, sizeof large, "%s", make_rows("m-large.csv", "Large", 100, 0));
    static const char *const names[] = { "m.success.csv", "m.errors.csv", "m.journal" };
    for (size_t i = 0; i < COUNT_OF(names); i++) snprintf(others[i], sizeof others[i], "%s", path(names[i]));
    for (int f = 0; f < SMALL_FILES; f++) {
        char name[32];
        snprintf(name, sizeof name, "m%02d.csv", f);
        snprintf(files[f], sizeof files[f], "%s", path(name));
        paths[f < 20 ? f : f + 1] = files[f];
    }
    paths[20] = large; /* has jobs of its own */
    sf_bulk_load_options options = { .object = "Contact",
                                     .operation = SF_INSERT,
                                     .csv_paths = paths,
                                     .success_path = others[0],
                                     .errors_path = others[1],
                                     .job_bytes = 32000,
                                     .job_rows = 60,
                                     .parallel = 2 };
    static const char *const rows[] = { "Many", "Anew", "Outage" };
    for (int round = 0; round < 3; round++) { /* at once; in many runs; in many runs, each of which loses its power */
        char where[60];
        for (int f = 0; f < SMALL_FILES; f++) make_small_file(files[f], rows[round], f);
        if (round > 0) {
            snprintf(others[2], sizeof others[2], "%s", path("j.journal")); /* the one that loses power */
            (void)unlink(others[2]);
            options.journal_path = others[2];
            test_org_fault(&org, "lock-row:every=9,times=40");
            assert_true(run_to_the_end(&options, round == 2) > 5);
            test_org_faults_clear(&org);
        } else {
            want(sf_bulk_load(sf, &options, &report, &err), SF_DONE);
            assert_int_equal(report.jobs, 2 + 7);
        }
        assert_int_equal(report.rows, 500);
        assert_int_equal(report.succeeded, 490);
        assert_int_equal(report.failed, 10);
        assert_int_equal(report.reasons[0].rows, 10);
        assert_int_equal(report.reasons[0].line, 2 + 2 * 9);
        snprintf(where, sizeof where, "LastName LIKE '%s %%'", rows[round]);
        assert_int_equal(count(where), 390);
        check_small_files(rows[round], files);
    }
    assert_int_equal(count("LastName LIKE 'Large %'"), 300);
    (void)unlink(others[2]);
    options = (sf_bulk_load_options){
        .object = "Contact", .operation = SF_INSERT, .csv_paths = paths, .job_bytes = 32000, .dry_run = true
    };
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    assert_int_equal(report.rows, 500);
    assert_true(report.jobs < 5);
}

static void test_load__lost_answers_and_resets(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "lost:path=/jobs/ingest,method=POST,every=2,times=3",
        "lost:path=/jobs/ingest,method=PUT,every=2,times=3",
        "lost:path=/jobs/ingest,method=PATCH,every=2,times=4",
        "reset:path=/jobs/ingest,method=PUT,every=3,times=3",
        "503:path=/jobs/ingest,method=PUT,effect=yes,every=3,times=3", /* spoilt jobs */
        "truncate:after=40,length=wrong,path=/jobs/ingest,method=GET,every=3,times=9",
        "503:path=/jobs/ingest,every=4,times=6",
        "expire:requests=3,path=/jobs/ingest,times=3"
    };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        char name[40], where[80];
        snprintf(name, sizeof name, "Fault%zu", i);
        snprintf(where, sizeof where, "LastName LIKE '%s %%'", name);
        const char *csv = make_rows("f.csv", name, 200, 20);
        sf_client *other;
        print_message("  %s\n", faults[i]);
        want(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                                  .api_version = "62.0",
                                                  .retry = { .pause_ms = 5 },
                                                  .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                            .client_id = org.client_id,
                                                            .client_secret = org.client_secret } },
                            &other, &err),
             SF_OK);
        test_org_fault(&org, faults[i]);
        want(sf_bulk_load(other,
                          &(sf_bulk_load_options){ .object = "Contact",
                                                   .operation = SF_INSERT,
                                                   .csv_path = csv,
                                                   .success_path = path("f.success.csv"),
                                                   .errors_path = path("f.errors.csv"),
                                                   .job_rows = 50 },
                          &report, &err),
             SF_DONE);
        test_org_faults_clear(&org);
        assert_int_equal(report.succeeded, 190);
        assert_int_equal(report.failed, 10);
        assert_int_equal(count(where), 190);
        char *good = read_all("f.success.csv");
        assert_int_equal(lines(good), 190 * 2 + 1);
        free(good);
        sf_client_close(other);
    }
}

/* Jobs that were never closed have written nothing: it is the network that failed, and nothing is unknown. */
static void test_load__uploads_that_are_never_answered(void **state)
{
    (void)state;
    const char *csv = make_rows("n.csv", "Unanswered", 5, 5);
    test_org_fault(&org, "lost:path=/jobs/ingest,method=PUT");
    want(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Contact", .operation = SF_INSERT, .csv_path = csv },
                      &report, &err),
         SF_ERR_NETWORK);
    test_org_faults_clear(&org);
    assert_non_null(strstr(err.message, "nothing of them is written: PUT "));
    assert_null(strstr(err.message, "look in the org"));
    assert_int_equal(report.jobs, 0);
    assert_int_equal(count("LastName LIKE 'Unanswered %'"), 0);
}

/* Results are looked up in parts when there are many: here a few at a time. */
static void test_load__results_in_parts(void **state)
{
    (void)state;
    FILE *f = fopen(path("p.csv"), "w");
    assert_non_null(f);
    fprintf(f, "LastName,Email\n");
    for (int i = 0; i < 900; i++) fprintf(f, "Part %d,%s\n", i % 3 == 0 ? 0 : i, i % 3 == 1 ? "p@x.example" : "none");
    assert_int_equal(fclose(f), 0);
    sfi_load_entries_max(7);
    test_org_fault(&org, "lock-row:every=10,times=20");
    sf_bulk_load_options options = {
        .object = "Contact", .operation = SF_INSERT, .csv_path = path("p.csv"), .errors_path = path("p.errors.csv")
    };
    sf_status rc = sf_bulk_load(sf, &options, &report, &err);
    sfi_load_entries_max(200000);
    test_org_faults_clear(&org);
    want(rc, SF_DONE);
    assert_int_equal(report.failed, 600);
    assert_int_equal(report.succeeded, 300);
    assert_int_equal(report.retried, 20);
    assert_int_equal(report.unmatched, 0);
    char *errors = read_all("p.errors.csv");
    assert_int_equal(lines(errors), 601);
    for (int i = 0; i < 900; i++) { /* each bad row's own line once */
        char row[48];
        snprintf(row, sizeof row, "--,%d,Part %d,none\n", i + 2, i % 3 == 0 ? 0 : i);
        const char *first = strstr(errors, row);
        assert_int_equal(first != NULL, i % 3 != 1);
        assert_true(first == NULL || strstr(first + 1, row) == NULL);
    }
    free(errors);
}

static void test_load__writes_over_nothing_of_the_users(void **state)
{
    (void)state;
    const char *csv = write_file("o.csv", "LastName\nO\n"), *map = write_file("o.sdl", "LastName=LastName\n");
    char linked[160];
    snprintf(linked, sizeof linked, "%s", path("o.link.csv"));
    assert_int_equal(symlink(csv, linked), 0);
    const sf_bulk_load_options cases[] = {
        { .csv_path = csv, .success_path = csv },
        { .csv_path = csv, .errors_path = linked },
        { .csv_path = csv, .journal_path = csv },
        { .csv_path = csv, .success_path = path("o.same"), .errors_path = path("o.same") },
        { .csv_path = csv, .success_path = map, .map_path = map },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_bulk_load_options options = cases[i];
        options.object = "Contact";
        options.operation = SF_INSERT;
        want(sf_bulk_load(sf, &options, &report, &err), SF_ERR_USAGE);
        char *text = read_all("o.csv");
        assert_string_equal(text, "LastName\nO\n");
        free(text);
    }
}

static sf_status interrupted_stream(const char *text, const char *encoding, bool stop)
{
    int ends[2];
    sf_source source;
    stopper s = { .left = stop ? 4 : 1000 };
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    want(sf_source_of_fd(ends[0], &source, &err), SF_OK);
    sf_status rc = sf_bulk_load(sf,
                                &(sf_bulk_load_options){ .object = "Contact",
                                                         .operation = SF_INSERT,
                                                         .csv = &source,
                                                         .encoding = encoding,
                                                         .journal_path = path("stream.journal"),
                                                         .job_rows = 1,
                                                         .parallel = 1,
                                                         .progress = stop_after,
                                                         .user = &s },
                                &report, &err);
    close(ends[0]);
    return rc;
}

/* What is changed behind the check's back must not become a job that runs: the file is looked at before it is closed. */
static bool change_it(void *user, const sf_load_progress *p)
{
    if (p->jobs_total == 0 || p->jobs_sent > 0) return true;
    FILE *f = fopen(user, "r+");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    fseek(f, -4, SEEK_CUR);
    fputs("999\n", f);
    assert_int_equal(fclose(f), 0);
    return true;
}

static void test_load__a_file_that_changes_is_not_loaded(void **state)
{
    (void)state;
    static const char *const encodings[] = { NULL, "ISO-8859-1" };
    for (size_t i = 0; i < COUNT_OF(encodings); i++) {
        const char *csv = write_file("moving.csv", "LastName\nMoving 1\nMoving 002\n");
        char name[160];
        snprintf(name, sizeof name, "%s", csv);
        sf_bulk_load_options options = { .object = "Contact",
                                         .operation = SF_INSERT,
                                         .csv_path = name,
                                         .encoding = encodings[i],
                                         .progress = change_it,
                                         .user = name };
        sf_status rc = sf_bulk_load(sf, &options, &report, &err);
        if (encodings[i] != NULL) { /* it went up out of the file that it was converted to */
            want(rc, SF_OK);
            assert_int_equal(count("LastName = 'Moving 002'"), 1);
            continue;
        }
        want(rc, SF_ERR_IO);
        assert_non_null(strstr(err.message, "moving.csv: it changed while it was loaded"));
        assert_int_equal(count("LastName LIKE 'Moving %'"), 0);
    }
}

/* A stream has no name and no time: it is known again by its bytes. */
static void test_load__a_stream_is_gone_on_with(void **state)
{
    (void)state;
    want(interrupted_stream("LastName\nAgain 1\nAgain 2\nAgain 3\n", NULL, true), SF_ERR_CANCELLED);
    assert_true(report.jobs > 0 && report.jobs < 3);
    want(interrupted_stream("LastName\nAgain 1\nAgain 2\nAgain 4\n", NULL, false), SF_ERR_USAGE);
    assert_non_null(strstr(err.message, "another run"));
    want(interrupted_stream("LastName\nAgain 1\nAgain 2\nAgain 3\n", NULL, false), SF_OK);
    assert_true(report.resumed);
    assert_int_equal(count("LastName LIKE 'Again %'"), 3);
}

/* The same fields out of other columns are another load. */
static void test_load__goes_on_with_the_same_columns_only(void **state)
{
    (void)state;
    const char *csv = write_file("k.csv", "One,Two\nK1,L1\nK2,L2\nK3,L3\n");
    const sf_load_column one = { "One", "LastName" }, two = { "Two", "LastName" };
    stopper s = { .left = 8 };
    sf_bulk_load_options options = { .object = "Contact",
                                     .operation = SF_INSERT,
                                     .csv_path = csv,
                                     .columns = &one,
                                     .column_count = 1,
                                     .job_rows = 1,
                                     .parallel = 1,
                                     .journal_path = path("k.journal"),
                                     .progress = stop_after,
                                     .user = &s };
    want(sf_bulk_load(sf, &options, &report, &err), SF_ERR_CANCELLED);
    options.progress = NULL;
    options.columns = &two;
    want(sf_bulk_load(sf, &options, &report, &err), SF_ERR_USAGE);
    options.columns = &one;
    want(sf_bulk_load(sf, &options, &report, &err), SF_OK);
    assert_int_equal(count("LastName LIKE 'K_'"), 3);
    assert_int_equal(count("LastName LIKE 'L_'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load__jobs_side_by_side),
        cmocka_unit_test(test_load__columns_go_up_as_the_api_spells_them),
        cmocka_unit_test(test_load__equal_rows_are_told_apart_by_their_count),
        cmocka_unit_test(test_load__locked_rows_are_tried_again),
        cmocka_unit_test(test_load__mappings),
        cmocka_unit_test(test_load__encodings),
        cmocka_unit_test(test_load__what_is_wrong_is_told_before_anything_is_sent),
        cmocka_unit_test(test_load__a_stream_and_several_files),
        cmocka_unit_test(test_load__goes_on_where_it_stood),
        cmocka_unit_test(test_load__small_files_share_jobs),
        cmocka_unit_test(test_load__lost_answers_and_resets),
        cmocka_unit_test(test_load__uploads_that_are_never_answered),
        cmocka_unit_test(test_load__results_in_parts),
        cmocka_unit_test(test_load__writes_over_nothing_of_the_users),
        cmocka_unit_test(test_load__a_file_that_changes_is_not_loaded),
        cmocka_unit_test(test_load__a_stream_is_gone_on_with),
        cmocka_unit_test(test_load__goes_on_with_the_same_columns_only),
    };
    return cmocka_run_group_tests_name("bulk_load", tests, start, stop);
}
