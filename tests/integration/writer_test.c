/* writer_test.c: the writer against a real local org: every form of a row, results in order whatever the batches, each
 * operation, refused rows, what stops it, and that nothing is lost at the end. The org is asked what it holds. */
#include <salesforce.h>
#include "support/org_process.h"
#include <math.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org,
                   (const char *const[]){ "--schema", SF_SOURCE_DIR "/tests/integration/data/things.json", NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 2, .pause_max_ms = 10 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static int64_t count(const char *soql)
{
    int64_t n = -1;
    if (sf_query_count(sf, soql, NULL, &n, &err) != SF_OK) fail_msg("%s: %s", soql, err.message);
    return n;
}

/* What on_result saw. */
typedef struct seen {
    int64_t next, ok, created, failed, unknown;
    int64_t stop_at; /* row at which it answers false; 0: never */
    sf_id ids[1200];
    char last_code[64];
    int64_t last_failed;
} seen;

static bool see(void *user, const sf_row_result *r)
{
    seen *s = user;
    assert_int_equal(r->row, s->next); /* in order, none left out, none twice */
    s->next++;
    s->ok += r->success;
    s->created += r->created;
    if (!r->success) {
        s->failed++;
        s->unknown += r->error.status == SF_ERR_UNKNOWN_OUTCOME;
        s->last_failed = r->row;
        snprintf(s->last_code, sizeof s->last_code, "%s", r->error.code);
        assert_true(r->error.message[0] != '\0');
    } else if (r->row < (int64_t)COUNT_OF(s->ids)) {
        assert_int_equal(strlen(r->id.text), 18);
        s->ids[r->row] = r->id;
    }
    return s->stop_at == 0 || r->row < s->stop_at;
}

static sf_writer *open_writer(sf_writer_options o)
{
    sf_writer *w = NULL;
    if (sf_writer_open(sf, &o, &w, &err) != SF_OK) fail_msg("%s", err.message);
    return w;
}

static void test_writer__rows_in_order_in_every_parallel(void **state)
{
    (void)state;
    for (int parallel = 1; parallel <= 16; parallel *= 2) {
        static seen s;
        s = (seen){ 0 };
        char name[64], soql[128];
        sf_writer_counts counts;
        sf_writer *w = open_writer((sf_writer_options){ .operation = SF_INSERT,
                                                        .object = "Account",
                                                        .parallel = parallel,
                                                        .batch_rows = 37,
                                                        .on_result = see,
                                                        .user = &s });
        for (int i = 0; i < 1000; i++) {
            snprintf(name, sizeof name, "P%d-%d", parallel, i);
            if (sf_writer_add_fields(
                    w, SF_BINDS({ "Name", sf_bind_str(name) }, { "NumberOfEmployees", sf_bind_int(i) }), &err) != SF_OK)
                fail_msg("%s", err.message);
        }
        if (sf_writer_close(w, &counts, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(s.next, 1000);
        assert_int_equal(s.created, 1000);
        assert_int_equal(counts.rows, 1000);
        assert_int_equal(counts.succeeded, 1000);
        assert_int_equal(counts.created, 1000);
        assert_int_equal(counts.batches, 28);
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM Account WHERE Name LIKE 'P%d-%%'", parallel);
        assert_int_equal(count(soql), 1000);
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM Account WHERE Id = '%s' AND Name = 'P%d-613'", s.ids[613].text,
                 parallel);
        assert_int_equal(count(soql), 1); /* the id belongs to the row */
    }
}

static void test_writer__every_form_of_a_row(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    sf_writer *w =
        open_writer((sf_writer_options){ .operation = SF_INSERT, .object = "Thing__c", .on_result = see, .user = &s });
    sf_record *r = sf_record_new("Thing__c");
    assert_int_equal(sf_record_set_str(r, "Text__c", "form: record"), SF_OK);
    assert_int_equal(sf_writer_add(w, r, &err), SF_OK);
    sf_record_free(r);
    static const char *const choices[] = { "Red", "Green" };
    const sf_bind fields[] = {
        { "Text__c", sf_bind_str("form: \"fields\"\n\t\\ Zoë 日本 \xF0\x9F\x8E\x88") },
        { "Number__c", sf_bind_double(1.5) },
        { "Whole__c", sf_bind_int(-7) },
        { "Money__c", sf_bind_decimal("1234567890123.45") },
        { "Flag__c", sf_bind_bool(true) },
        { "Day__c", sf_bind_date("2024-02-29") },
        { "Moment__c", sf_bind_datetime(1709208000000) },
        { "Mail__c", sf_bind_null() },
        { "Name", sf_bind_str(NULL) },
        { "Colours__c", sf_bind_str_list(choices, 2) },
    };
    assert_int_equal(sf_writer_add_fields(w, (sf_binds){ fields, COUNT_OF(fields) }, &err), SF_OK);
    assert_int_equal(sf_writer_add_fields(w, (sf_binds){ NULL, 0 }, &err), SF_OK); /* nothing but defaults */
    static const char *const texts[] = {
        "{\"Text__c\":\"form: json\"}",
        " \n{ \"Text__c\" : \"form: json with blanks\" , \"Whole__c\":3 }\n",
        "{}",
        "{\"attributes\":{\"type\":\"Thing__c\",\"url\":\"/x\"},\"Text__c\":\"form: attributes\"}",
        "{\"Text__c\":\"form: attributes last\",\"attributes\":{\"type\":\"thing__c\"}}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (sf_writer_add_json(w, (sf_str){ texts[i], strlen(texts[i]) }, &err) != SF_OK) fail_msg("%s", err.message);
    if (sf_writer_close(w, NULL, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(s.created, 8);
    sf_document *doc = NULL;
    assert_int_equal(sf_record_get(sf, "Thing__c", s.ids[1].text, NULL, &doc, &err), SF_OK);
    sf_value v = sf_document_root(doc);
    assert_string_equal(sf_get_str(v, "Text__c"), fields[0].value.as.str);
    assert_string_equal(sf_get_str(v, "Money__c"), "1.23456789012345E12");
    assert_int_equal(sf_get_int(v, "Whole__c", 0), -7);
    assert_true(sf_get_bool(v, "Flag__c", false));
    assert_string_equal(sf_get_str(v, "Day__c"), "2024-02-29");
    assert_string_equal(sf_get_str(v, "Moment__c"), "2024-02-29T12:00:00.000+0000");
    assert_string_equal(sf_get_str(v, "Colours__c"), "Red;Green");
    sf_document_free(doc);
    for (int i = 3; i < 8; i++) {
        assert_int_equal(sf_record_get(sf, "Thing__c", s.ids[i].text, NULL, &doc, &err), SF_OK);
        const char *text = sf_get_str(sf_document_root(doc), "Text__c");
        if (i == 5)
            assert_null(text);
        else
            assert_int_equal(strncmp(text, "form: ", 6), 0);
        sf_document_free(doc);
    }
}

static void test_writer__refuses_a_row_and_goes_on(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    sf_writer *w = open_writer((sf_writer_options){
        .operation = SF_INSERT, .object = "Account", .batch_bytes = 1024, .on_result = see, .user = &s });
    static const char *const bad[] = {
        "",
        "  ",
        "[1]",
        "7",
        "{\"a\":}",
        "{\"Name\":\"x\"",
        "{\"attributes\":{},\"Name\":\"x\"}",
        "{\"attributes\":null,\"Name\":\"x\"}",
        "{\"attributes\":{\"type\":\"no name\"},\"Name\":\"x\"}",
        "{\"Name\":\"\xFF\"}",
        "{\"Name\":\"x\"}{\"Name\":\"y\"}",
    };
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("good 1") }), &err), SF_OK);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        print_message("  %s\n", bad[i]);
        assert_int_equal(sf_writer_add_json(w, (sf_str){ bad[i], strlen(bad[i]) }, &err), SF_ERR_USAGE);
        assert_true(err.message[0] != '\0');
    }
    static const sf_bind wrong[] = {
        { "bad name", { SF_BIND_STR, { "x" }, 0 } },     { "a.b.c", { SF_BIND_STR, { "x" }, 0 } },
        { NULL, { SF_BIND_STR, { "x" }, 0 } },           { "Name", { SF_BIND_STR, { "\xC3" }, 0 } },
        { "Name", { SF_BIND_DECIMAL, { "1,5" }, 0 } },   { "Name", { SF_BIND_DATE, { "2023-02-29" }, 0 } },
        { "Name", { SF_BIND_LITERAL, { "TODAY" }, 0 } }, { "Name", { SF_BIND_LIST, { NULL }, 1 } },
        { "Name", { SF_BIND_STR_LIST, { NULL }, 1 } },
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(sf_writer_add_fields(w, (sf_binds){ &wrong[i], 1 }, &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "AnnualRevenue", sf_bind_double((double)INFINITY) }), &err),
                     SF_ERR_USAGE);
    size_t huge = SF_WRITER_BYTES_MAX + 100;
    char *large = malloc(huge + 1);
    assert_non_null(large);
    memset(large, 'x', huge);
    large[huge] = '\0';
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Description", sf_bind_str(large) }), &err), SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "SF_WRITER_BYTES_MAX"));
    free(large);
    assert_int_equal(sf_writer_add(w, NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_add_id(w, "001000000000001AAA", &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("good 2") }), &err), SF_OK);
    sf_writer_counts counts;
    if (sf_writer_close(w, &counts, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(counts.rows, 2);
    assert_int_equal(s.created, 2);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name LIKE 'good _'"), 2);
}

static void test_writer__a_failed_row_is_told_and_ends_in_an_error(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    sf_writer *w = open_writer((sf_writer_options){
        .operation = SF_INSERT, .object = "Account", .batch_rows = 10, .on_result = see, .user = &s });
    for (int i = 0; i < 95; i++)
        assert_int_equal(i % 31 == 17 ? sf_writer_add_fields(w, SF_BINDS({ "Nope__c", sf_bind_int(i) }), &err)
                                      : sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("some fail") }), &err),
                         SF_OK);
    assert_int_equal(sf_writer_flush(w, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_FIELD");
    assert_non_null(strstr(err.message, "3 of 95 rows failed, the first of them row 17 (from 0): INVALID_FIELD"));
    assert_int_equal(s.next, 95);
    assert_int_equal(s.failed, 3);
    assert_int_equal(s.last_failed, 79);
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("some fail") }), &err), SF_OK);
    sf_writer_counts counts;
    assert_int_equal(sf_writer_close(w, &counts, &err), SF_ERR_ORG); /* not forgotten */
    assert_int_equal(counts.failed, 3);
    assert_int_equal(counts.succeeded, 93);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'some fail'"), 93);
}

static void test_writer__all_or_none_is_a_batch(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    sf_writer *w = open_writer((sf_writer_options){ .operation = SF_INSERT,
                                                    .object = "Account",
                                                    .batch_rows = 10,
                                                    .all_or_none = true,
                                                    .on_result = see,
                                                    .user = &s });
    for (int i = 0; i < 30; i++)
        assert_int_equal(i == 15 ? sf_writer_add_fields(w, SF_BINDS({ "Nope__c", sf_bind_int(i) }), &err)
                                 : sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("all or none") }), &err),
                         SF_OK);
    assert_int_equal(sf_writer_close(w, NULL, &err), SF_ERR_ORG);
    assert_int_equal(s.failed, 10);
    assert_string_equal(s.last_code, "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'all or none'"), 20);
}

static void test_writer__update_upsert_delete(void **state)
{
    (void)state;
    static seen s;
    static sf_id ids[500];
    char ext[32];
    for (int turn = 0; turn < 2; turn++) {
        s = (seen){ 0 };
        sf_writer *w = open_writer((sf_writer_options){ .operation = SF_UPSERT,
                                                        .object = "Thing__c",
                                                        .external_id = "Ext__c",
                                                        .batch_rows = 64,
                                                        .on_result = see,
                                                        .user = &s });
        for (int i = 0; i < 500; i++) {
            snprintf(ext, sizeof ext, "W-%d", i);
            assert_int_equal(sf_writer_add_fields(
                                 w, SF_BINDS({ "Ext__c", sf_bind_str(ext) }, { "Whole__c", sf_bind_int(turn) }), &err),
                             SF_OK);
        }
        if (sf_writer_close(w, NULL, &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(s.ok, 500);
        assert_int_equal(s.created, turn == 0 ? 500 : 0);
    }
    memcpy(ids, s.ids, sizeof ids);
    assert_int_equal(count("SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'W-%' AND Whole__c = 1"), 500);

    s = (seen){ 0 };
    sf_writer *w = open_writer((sf_writer_options){
        .operation = SF_UPDATE, .object = "Thing__c", .batch_rows = 64, .on_result = see, .user = &s });
    for (int i = 0; i < 500; i++)
        assert_int_equal(
            sf_writer_add_fields(w, SF_BINDS({ "Id", sf_bind_str(ids[i].text) }, { "Whole__c", sf_bind_int(2) }), &err),
            SF_OK);
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Whole__c", sf_bind_int(2) }), &err), SF_OK);
    assert_int_equal(sf_writer_close(w, NULL, &err), SF_ERR_ORG);
    assert_int_equal(s.ok, 500);
    assert_string_equal(s.last_code, "MISSING_ARGUMENT");
    assert_int_equal(count("SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'W-%' AND Whole__c = 2"), 500);

    s = (seen){ 0 };
    w = open_writer((sf_writer_options){ .operation = SF_DELETE, .batch_rows = 64, .on_result = see, .user = &s });
    sf_record *r = sf_record_new("Thing__c");
    for (int i = 0; i < 500; i++) { /* in each form */
        char json[64];
        snprintf(json, sizeof json, "{\"Name\":null,\"id\":\"%.18s\"}", ids[i].text);
        sf_record_set_str(r, "Id", ids[i].text);
        sf_status rc = i % 4 == 0   ? sf_writer_add_id(w, ids[i].text, &err)
                       : i % 4 == 1 ? sf_writer_add(w, r, &err)
                       : i % 4 == 2 ? sf_writer_add_json(w, (sf_str){ json, strlen(json) }, &err)
                                    : sf_writer_add_fields(w, SF_BINDS({ "Id", sf_bind_str(ids[i].text) }), &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
    }
    assert_int_equal(sf_writer_add_id(w, "00", &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_add_json(w, (sf_str){ "{}", 2 }, &err), SF_ERR_USAGE);
    sf_record_clear(r);
    assert_int_equal(sf_writer_add(w, r, &err), SF_ERR_USAGE);
    sf_record_free(r);
    assert_int_equal(sf_writer_add_id(w, ids[0].text, &err), SF_OK); /* deleted by then */
    assert_int_equal(sf_writer_close(w, NULL, &err), SF_ERR_ORG);
    assert_int_equal(s.ok, 500);
    assert_string_equal(s.last_code, "ENTITY_IS_DELETED");
    assert_int_equal(count("SELECT COUNT() FROM Thing__c WHERE Ext__c LIKE 'W-%'"), 0);
}

/* Ten changes of object end a batch. */
static void test_writer__rows_of_several_objects(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    sf_writer *w = open_writer((sf_writer_options){ .operation = SF_INSERT, .on_result = see, .user = &s });
    sf_record *rows[2] = { sf_record_new("Account"), sf_record_new("Contact") };
    sf_record_set_str(rows[0], "Name", "several");
    sf_record_set_str(rows[1], "LastName", "several");
    for (int i = 0; i < 25; i++) assert_int_equal(sf_writer_add(w, rows[i % 2], &err), SF_OK);
    assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("x") }), &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_add_json(w, (sf_str){ "{}", 2 }, &err), SF_ERR_USAGE);
    sf_writer_counts counts;
    if (sf_writer_close(w, &counts, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(counts.batches, 3);
    assert_int_equal(s.created, 25);
    for (int i = 0; i < 25; i++) assert_int_equal(strncmp(s.ids[i].text, i % 2 == 0 ? "001" : "003", 3), 0);
    sf_record_free(rows[0]);
    sf_record_free(rows[1]);
}

static void test_writer__stops_at_what_every_batch_would_meet(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    sf_writer_counts counts;
    sf_writer *w = open_writer((sf_writer_options){
        .operation = SF_INSERT, .object = "Acount", .batch_rows = 10, .on_result = see, .user = &s });
    sf_status rc = SF_OK;
    int taken = 0;
    for (; taken < 1000 && rc == SF_OK; taken += rc == SF_OK)
        rc = sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("x") }), &err);
    assert_int_equal(rc, SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_TYPE");
    assert_in_range(taken, 10, 60);
    assert_int_equal(sf_writer_flush(w, &err), SF_ERR_ORG); /* sticky */
    assert_int_equal(sf_writer_close(w, &counts, &err), SF_ERR_ORG);
    assert_int_equal(counts.rows, taken);
    assert_int_equal(counts.failed, taken);
    assert_int_equal(s.next, taken); /* those that were never sent too */

    s = (seen){ 0 };
    w = open_writer((sf_writer_options){ .operation = SF_INSERT,
                                         .object = "Account",
                                         .batch_rows = 10,
                                         .parallel = 1,
                                         .failures_max = 5,
                                         .on_result = see,
                                         .user = &s });
    for (taken = 0, rc = SF_OK; taken < 1000 && rc == SF_OK; taken += rc == SF_OK)
        rc = sf_writer_add_fields(w, SF_BINDS({ "Nope__c", sf_bind_str("x") }), &err);
    assert_int_equal(rc, SF_ERR_LIMIT);
    assert_non_null(strstr(err.message, "failures_max"));
    assert_int_equal(sf_writer_close(w, &counts, &err), SF_ERR_LIMIT);
    assert_int_equal(counts.failed, taken);
    assert_int_equal(s.next, taken);
    assert_true(counts.batches <= 2);
}

static void test_writer__on_result_may_stop_it(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ .stop_at = 25 };
    sf_writer_counts counts;
    sf_writer *w = open_writer((sf_writer_options){
        .operation = SF_INSERT, .object = "Account", .batch_rows = 10, .on_result = see, .user = &s });
    sf_status rc = SF_OK;
    int taken = 0;
    for (; taken < 1000 && rc == SF_OK; taken += rc == SF_OK)
        rc = sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("stopped") }), &err);
    assert_int_equal(rc, SF_ERR_CANCELLED);
    assert_int_equal(sf_writer_close(w, &counts, &err), SF_ERR_CANCELLED);
    assert_int_equal(s.next, 26); /* not called again */
    assert_int_equal(counts.rows, taken);
    assert_int_equal(counts.succeeded + counts.failed, taken);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'stopped'"), counts.succeeded);
}

static sf_writer *inside;
static bool use_inside(void *user, const sf_row_result *r)
{
    int *refused = user;
    (void)r;
    *refused += sf_writer_add_fields(inside, SF_BINDS({ "Name", sf_bind_str("x") }), NULL) == SF_ERR_USAGE;
    *refused += sf_writer_flush(inside, NULL) == SF_ERR_USAGE;
    *refused += sf_writer_close(inside, NULL, NULL) == SF_ERR_USAGE;
    sf_writer_abort(inside); /* not here */
    return true;
}

static void test_writer__may_not_be_used_inside_its_callback(void **state)
{
    (void)state;
    int refused = 0;
    inside = open_writer(
        (sf_writer_options){ .operation = SF_INSERT, .object = "Account", .on_result = use_inside, .user = &refused });
    assert_int_equal(sf_writer_add_fields(inside, SF_BINDS({ "Name", sf_bind_str("inside") }), &err), SF_OK);
    assert_int_equal(sf_writer_close(inside, NULL, &err), SF_OK);
    assert_int_equal(refused, 3);
}

static void test_writer__refuses_options_that_do_not_fit(void **state)
{
    (void)state;
    static const sf_writer_options bad[] = {
        { .object = "Account" },
        { .operation = (sf_operation)5, .object = "Account" },
        { .operation = SF_INSERT, .object = "no name" },
        { .operation = SF_UPSERT, .object = "Account" },
        { .operation = SF_UPSERT, .external_id = "Ext__c" },
        { .operation = SF_UPSERT, .object = "Account", .external_id = "a.b" },
        { .operation = SF_INSERT, .object = "Account", .external_id = "Ext__c" },
        { .operation = SF_INSERT, .object = "Account", .parallel = 17 },
        { .operation = SF_INSERT, .object = "Account", .parallel = -1 },
        { .operation = SF_INSERT, .object = "Account", .batch_rows = 201 },
        { .operation = SF_INSERT, .object = "Account", .batch_bytes = 100 },
        { .operation = SF_INSERT, .object = "Account", .batch_bytes = SF_WRITER_BYTES_MAX + 1 },
        { .operation = SF_INSERT, .object = "Account", .lock_retries_max = 11 },
        { .operation = SF_INSERT, .object = "Account", .failures_max = -1 },
        { .operation = SF_INSERT, .object = "Account", .assignment_rule = "a\nb" },
        { .operation = SF_DELETE, .allow_duplicates = true },
        { .operation = SF_INSERT, .object = "Account", .reserved = { 0, 1 } },
    };
    sf_writer *w = NULL;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (sf_writer_open(sf, &bad[i], &w, &err) != SF_ERR_USAGE) fail_msg("options %zu are taken", i);
        assert_null(w);
        assert_true(err.message[0] != '\0');
    }
    assert_int_equal(sf_writer_open(NULL, &(sf_writer_options){ .operation = SF_DELETE }, &w, &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_open(sf, NULL, &w, &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_flush(NULL, &err), SF_ERR_USAGE);
    assert_int_equal(sf_writer_add_id(NULL, "001000000000001AAA", &err), SF_ERR_USAGE);
    sf_writer_counts counts = { .rows = 1 };
    assert_int_equal(sf_writer_close(NULL, &counts, &err), SF_OK);
    assert_int_equal(counts.rows, 0);
    sf_writer_abort(NULL);
}

/* A row larger than batch_bytes goes alone; those before and after it are in their order. */
static void test_writer__large_rows_go_alone(void **state)
{
    (void)state;
    static seen s;
    s = (seen){ 0 };
    static char large[20001];
    memset(large, 'x', sizeof large - 1);
    sf_writer *w = open_writer((sf_writer_options){
        .operation = SF_INSERT, .object = "Account", .batch_bytes = 2000, .on_result = see, .user = &s });
    for (int i = 0; i < 60; i++)
        assert_int_equal(sf_writer_add_fields(w,
                                              SF_BINDS({ "Name", sf_bind_str(i % 13 == 7 ? "large" : "beside large") },
                                                       { "Description", sf_bind_str(i % 13 == 7 ? large : "small") }),
                                              &err),
                         SF_OK);
    sf_writer_counts counts;
    if (sf_writer_close(w, &counts, &err) != SF_OK) fail_msg("%s", err.message);
    assert_int_equal(s.created, 60);
    assert_in_range(counts.batches, 10, 20);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'large'"), 5);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'beside large'"), 55);
}

/* What was gathered is not sent, what is under way may be. */
static void test_writer__abort_sends_no_more(void **state)
{
    (void)state;
    sf_writer *w = open_writer((sf_writer_options){ .operation = SF_INSERT, .object = "Account" });
    for (int i = 0; i < 150; i++)
        assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("aborted") }), &err), SF_OK);
    sf_writer_abort(w);
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'aborted'"), 0);
    w = open_writer((sf_writer_options){ .operation = SF_INSERT, .object = "Account", .batch_rows = 10 });
    for (int i = 0; i < 45; i++)
        assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "Name", sf_bind_str("aborted") }), &err), SF_OK);
    sf_writer_abort(w); /* with requests under way */
    assert_int_equal(count("SELECT COUNT() FROM Account WHERE Name = 'aborted'") % 10, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__rows_in_order_in_every_parallel),
        cmocka_unit_test(test_writer__every_form_of_a_row),
        cmocka_unit_test(test_writer__refuses_a_row_and_goes_on),
        cmocka_unit_test(test_writer__a_failed_row_is_told_and_ends_in_an_error),
        cmocka_unit_test(test_writer__all_or_none_is_a_batch),
        cmocka_unit_test(test_writer__update_upsert_delete),
        cmocka_unit_test(test_writer__rows_of_several_objects),
        cmocka_unit_test(test_writer__stops_at_what_every_batch_would_meet),
        cmocka_unit_test(test_writer__on_result_may_stop_it),
        cmocka_unit_test(test_writer__may_not_be_used_inside_its_callback),
        cmocka_unit_test(test_writer__refuses_options_that_do_not_fit),
        cmocka_unit_test(test_writer__large_rows_go_alone),
        cmocka_unit_test(test_writer__abort_sends_no_more),
    };
    return cmocka_run_group_tests_name("writer", tests, start, stop);
}
