/* reports_test.c: a report's result read as rows and facts, from answers of every form and of none; what is sent. */
#include "support/support.h"
#include "support/wire_server.h"
#include "rest/reports_internal.h"
#include <salesforce.h>

static const char matrix[] =
    "{\"attributes\":{\"reportId\":\"00O000000000001AAA\",\"reportName\":\"M\",\"type\":\"Report\"},\"allData\":true,"
    "\"factMap\":{\"T!T\":{\"aggregates\":[{\"label\":\"3\",\"value\":3}],\"rows\":[]},"
    "\"0_1!0\":{\"aggregates\":[{\"label\":\"1\",\"value\":1}],\"rows\":[{\"dataCells\":[{\"label\":\"c\",\"value\":"
    "\"C\"},"
    "{\"label\":\"-\",\"value\":null}]}]},"
    "\"0!T\":{\"aggregates\":[{\"label\":\"3\",\"value\":3}],\"rows\":[]},"
    "\"0_0!0\":{\"aggregates\":[{\"label\":\"2\",\"value\":2}],\"rows\":[{\"dataCells\":[{\"label\":\"a\",\"value\":"
    "\"A\"},"
    "{\"label\":\"$1\",\"value\":{\"amount\":1.0,\"currency\":null}}]},{\"dataCells\":[{\"label\":\"b\",\"value\":"
    "\"B\"},"
    "{\"label\":\"-\",\"value\":null}]}]}},"
    "\"groupingsDown\":{\"groupings\":[{\"key\":\"0\",\"label\":\"x\",\"value\":\"X\",\"groupings\":["
    "{\"key\":\"0_0\",\"label\":\"y\",\"value\":\"Y\",\"groupings\":[]},"
    "{\"key\":\"0_1\",\"label\":\"z\",\"value\":\"Z\",\"groupings\":[]}]}]},"
    "\"groupingsAcross\":{\"groupings\":[{\"key\":\"0\",\"label\":\"May "
    "2013\",\"value\":\"2013-05-01\",\"groupings\":[]}]},"
    "\"hasDetailRows\":true,\"reportExtendedMetadata\":{\"aggregateColumnInfo\":{\"RowCount\":{\"dataType\":\"int\","
    "\"label\":\"Record Count\"}},\"detailColumnInfo\":{\"ACCOUNT.NAME\":{\"dataType\":\"string\",\"label\":\"Account "
    "Name\"}},\"groupingColumnInfo\":{}},"
    "\"reportMetadata\":{\"aggregates\":[\"RowCount\"],\"detailColumns\":[\"ACCOUNT.NAME\",\"AMOUNT\"],"
    "\"groupingsDown\":[{\"name\":\"A\"},{\"name\":\"B\"}],\"groupingsAcross\":[{\"name\":\"C\"}],"
    "\"reportFormat\":\"MATRIX\"}}";

static sf_status open_text(const char *text, size_t len, sf_report_result **out, sf_error *err)
{
    sf_document *doc = NULL;
    *out = NULL;
    sf_status rc = sf_document_parse(text, len, &doc, err);
    return rc == SF_OK ? sfi_report_result_new(doc, out, err) : rc;
}

static void test_reports__rows_stand_in_their_groups(void **state)
{
    static const struct {
        const char *key, *group, *name, *amount;
    } want[] = {
        { "0_0!0", "y", "a", "$1" },
        { "0_0!0", "y", "b", "-" },
        { "0_1!0", "z", "c", "-" },
    };
    (void)state;
    sf_error err;
    sf_report_result *r;
    sf_report_row row;
    sf_report_info info;
    assert_int_equal(open_text(matrix, sizeof matrix - 1, &r, &err), SF_OK);
    sf_report_get_info(r, &info);
    assert_int_equal(info.rows, 3);
    assert_true(info.has_details && info.all_data && info.state == SF_REPORT_SUCCESS);
    assert_string_equal(info.report_id, "00O000000000001AAA");
    assert_string_equal(info.format, "MATRIX");
    assert_int_equal(sf_report_column_count(r, SF_REPORT_DETAILS), 2);
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DETAILS, 0).label, "Account Name");
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DETAILS, 1).label, "AMOUNT"); /* not described */
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DETAILS, 1).type, "");
    assert_null(sf_report_column_at(r, SF_REPORT_DETAILS, 2).name);
    assert_string_equal(sf_report_column_at(r, SF_REPORT_DOWN, 1).name, "B");
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_int_equal(sf_report_next(r, &row, &err), SF_ROW);
        assert_string_equal(row.key, want[i].key);
        assert_int_equal(row.down_count, 2);
        assert_string_equal(row.down[0].label, "x");
        assert_string_equal(row.down[1].label, want[i].group);
        assert_int_equal(row.across_count, 1);
        assert_string_equal(sf_get_str(row.across[0].value, NULL), "2013-05-01");
        assert_string_equal(row.cells[0].label, want[i].name);
        assert_string_equal(row.cells[1].label, want[i].amount);
    }
    assert_int_equal(sf_report_next(r, &row, &err), SF_DONE);
    assert_int_equal(sf_report_next(r, &row, &err), SF_DONE);
    sf_report_close(r);
}

static void test_reports__totals_stand_behind_their_groups(void **state)
{
    static const char *const keys[] = { "0_0!0", "0_1!0", "0!T", "T!T" };
    static const int64_t values[] = { 2, 1, 3, 3 };
    (void)state;
    sf_error err;
    sf_report_result *r;
    sf_report_fact fact;
    assert_int_equal(open_text(matrix, sizeof matrix - 1, &r, &err), SF_OK);
    assert_int_equal(sf_report_fact_count(r), COUNT_OF(keys));
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_int_equal(sf_report_fact_at(r, i, &fact, &err), SF_ROW);
        assert_string_equal(fact.key, keys[i]);
        assert_int_equal(fact.aggregate_count, 1);
        assert_int_equal(sf_get_int(fact.aggregates[0].value, NULL, -1), values[i]);
        assert_int_equal(sf_report_fact_find(r, keys[i], &fact, &err), SF_ROW);
        assert_string_equal(fact.key, keys[i]);
    }
    assert_int_equal(sf_report_fact_at(r, 4, &fact, &err), SF_DONE);
    assert_int_equal(sf_report_fact_find(r, "1!T", &fact, &err), SF_DONE);
    sf_report_close(r);
}

/* How reading ends, after how many rows. */
static sf_status read_all(const char *text, size_t len, int64_t *rows, sf_error *err)
{
    sf_report_result *r;
    sf_report_row row;
    sf_report_fact fact;
    *rows = 0;
    sf_status rc = open_text(text, len, &r, err);
    for (size_t i = 0; rc >= 0 && i < sf_report_fact_count(r); i++) {
        rc = sf_report_fact_at(r, i, &fact, err);
        if (rc == SF_ROW) rc = SF_OK;
    }
    while (rc >= 0 && (rc = sf_report_next(r, &row, err)) == SF_ROW) (*rows)++;
    if (rc != SF_ERR_MEMORY && r != NULL) assert_int_equal(sf_report_next(r, &row, NULL), rc); /* sticky */
    sf_report_close(r);
    return rc;
}

static void test_reports__an_end_is_told_from_a_cut(void **state)
{
#define FACT "\"factMap\":{\"T!T\":{\"aggregates\":[],\"rows\":[{\"dataCells\":[{\"label\":\"a\",\"value\":\"a\"}]}]}}"
#define COLUMNS "\"reportMetadata\":{\"detailColumns\":[\"A\"],\"aggregates\":[]}"
    static const struct {
        const char *text;
        sf_status end;
        int64_t rows;
    } cases[] = {
        { "{" FACT "," COLUMNS "}", SF_DONE, 1 },
        { "{\"allData\":true,\"hasDetailRows\":true," FACT "," COLUMNS "}", SF_DONE, 1 },
        { "{\"allData\":false,\"hasDetailRows\":true," FACT "," COLUMNS "}", SF_ERR_TRUNCATED, 1 },
        { "{\"allData\":false,\"hasDetailRows\":false,\"factMap\":{\"T!T\":{\"aggregates\":[]}}," COLUMNS "}", SF_DONE,
          0 },
        { "{\"allData\":false,\"factMap\":{\"T!T\":{\"aggregates\":[{\"label\":\"7\",\"value\":7}]}}}", SF_DONE, 0 },
        { "{" FACT ",\"reportMetadata\":{\"detailColumns\":[\"A\",\"B\"],\"aggregates\":[]}}", SF_ERR_PROTOCOL, 0 },
        { "{" FACT ",\"reportMetadata\":{\"detailColumns\":[\"A\"],\"aggregates\":[\"RowCount\"]}}", SF_ERR_PROTOCOL,
          0 },
        { "{\"factMap\":{\"0!T\":{}}," COLUMNS "}", SF_ERR_PROTOCOL, 0 },
        { "{\"factMap\":{\"0\":{}}," COLUMNS "}", SF_ERR_PROTOCOL, 0 },
        { "{\"factMap\":{},\"groupingsDown\":{\"groupings\":[{\"key\":\"T\"}]}}", SF_ERR_PROTOCOL, 0 },
        { "{\"factMap\":{},\"groupingsDown\":{\"groupings\":[{\"label\":\"x\"}]}}", SF_ERR_PROTOCOL, 0 },
        { "{\"factMap\":{},\"reportMetadata\":{\"detailColumns\":[null]}}", SF_ERR_PROTOCOL, 0 },
        { "{\"factMap\":null}", SF_ERR_PROTOCOL, 0 },
        { "{}", SF_ERR_PROTOCOL, 0 },
        { "[]", SF_ERR_PROTOCOL, 0 },
        { "{\"attributes\":{\"type\":\"ReportInstance\",\"status\":\"Running\"},\"factMap\":null}", SF_ERR_USAGE, 0 },
        { "{\"attributes\":{\"type\":\"ReportInstance\",\"status\":\"Error\",\"errorMessage\":\"why\"}}", SF_ERR_USAGE,
          0 },
        { "{\"attributes\":{\"type\":\"ReportInstance\",\"status\":\"Success\"}," FACT "," COLUMNS "}", SF_DONE, 1 },
        { "{\"factMap\":{\"B1!T!T\":{}},\"reportMetadata\":{\"reportFormat\":\"MULTI_BLOCK\"}}", SF_ERR_UNSUPPORTED,
          0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err = { 0 };
        int64_t rows;
        print_message("  %s\n", cases[i].text);
        assert_int_equal(read_all(cases[i].text, strlen(cases[i].text), &rows, &err), cases[i].end);
        assert_int_equal(rows, cases[i].rows);
        if (cases[i].end < 0) assert_string_not_equal(err.message, "");
    }
}

static void test_reports__no_cut_answer_is_a_result(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof matrix - 1; len++) {
        sf_error err;
        int64_t rows;
        assert_int_equal(read_all(matrix, len, &rows, &err), SF_ERR_PROTOCOL);
    }
}

static void test_reports__deep_groups_are_refused(void **state)
{
    (void)state;
    char text[2048] = "{\"factMap\":{},\"groupingsDown\":{\"groupings\":";
    for (int i = 0; i < 20; i++) strncat(text, "[{\"key\":\"0\",\"groupings\":", sizeof text - strlen(text) - 1);
    strncat(text, "[]", sizeof text - strlen(text) - 1);
    for (int i = 0; i < 20; i++) strncat(text, "}]", sizeof text - strlen(text) - 1);
    strncat(text, "}}", sizeof text - strlen(text) - 1);
    sf_error err;
    int64_t rows;
    assert_int_equal(read_all(text, strlen(text), &rows, &err), SF_ERR_LIMIT);
}

static void test_reports__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_DONE; n++) {
        int64_t rows;
        sf_error err;
        test_allocations_limit(n);
        rc = read_all(matrix, sizeof matrix - 1, &rows, &err);
        test_allocations_limit(-1);
        assert_true(rc == SF_DONE || rc == SF_ERR_MEMORY);
    }
}

/* ---- what is sent ---- */

static wire_server *server;
static sf_client *sf;

#define ANSWER                                                                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: 57\r\n\r\n"                    \
    "{\"id\":\"0LG000000000001AAA\",\"factMap\":{},\"status\":\"New\"}    "
static const wire_step steps[] = { WIRE_REQUEST, WIRE_TEXT(ANSWER), WIRE_AGAIN };
static const wire_step *const script = steps;

static void begin(void)
{
    server = wire_start(&script, 1);
    assert_non_null(server);
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(server, ""),
                                             .api_version = "62.0",
                                             .retry = { .retries_max = SF_NONE },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &sf, NULL),
        SF_OK);
}

static void end(void)
{
    sf_client_close(sf);
    wire_stop(server);
}

#define ID "00O000000000001AAA"

static void test_reports__a_run_sends_what_differs(void **state)
{
    static const sf_report_filter filters[] = {
        { .column = "AMOUNT", .op = "greaterThan", .value = "1\"0" },
        { .column = "Account.Name", .op = "equals" },
    };
    static const struct {
        sf_report_options options;
        const char *line, *body; /* body "": none */
    } cases[] = {
        { { 0 }, "GET /services/data/v62.0/analytics/reports/" ID "?includeDetails=true ", "" },
        { { .no_details = true }, "GET /services/data/v62.0/analytics/reports/" ID "?includeDetails=false ", "" },
        { { .no_filters = true },
          "POST /services/data/v62.0/analytics/reports/" ID "?includeDetails=true ",
          "{\"reportMetadata\":{\"reportFilters\":[],\"reportBooleanFilter\":null}}" },
        { { .filters = filters, .filter_count = 2, .boolean_filter = "1 OR 2" },
          "POST ",
          "{\"reportMetadata\":{\"reportFilters\":[{\"column\":\"AMOUNT\",\"operator\":\"greaterThan\",\"value\":"
          "\"1\\\"0\"},{\"column\":\"Account.Name\",\"operator\":\"equals\",\"value\":\"\"}],\"reportBooleanFilter\":"
          "\"1 "
          "OR 2\"}}" },
        { { .metadata = " {\"reportMetadata\":{\"name\":\"x\",\"reportFilters\":[1],\"reportBooleanFilter\":\"1\"}}" },
          "POST ",
          "{\"reportMetadata\":{\"name\":\"x\",\"reportFilters\":[1],\"reportBooleanFilter\":\"1\"}}" },
        { { .metadata = "{\"reportFilters\":[1],\"scope\":\"user\",\"reportBooleanFilter\":\"1\"}",
            .no_filters = true },
          "POST ",
          "{\"reportMetadata\":{\"scope\":\"user\",\"reportFilters\":[],\"reportBooleanFilter\":null}}" },
    };
    (void)state;
    begin();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        sf_report_result *r = NULL;
        if (sf_report_run(sf, ID, &cases[i].options, &r, &err) != SF_OK) fail_msg("%zu: %s", i, err.message);
        sf_report_close(r);
        char *text = wire_request(server, (int)i);
        assert_memory_equal(text, cases[i].line, strlen(cases[i].line));
        assert_string_equal(strstr(text, "\r\n\r\n") + 4, cases[i].body);
        free(text);
    }
    end();
}

static void test_reports__bad_arguments_send_nothing(void **state)
{
    static const sf_report_filter none = { .column = "A" };
    static const sf_report_filter many[SF_REPORT_FILTERS_MAX + 1];
    static const sf_report_options bad[] = {
        { .filters = &none, .filter_count = 1 },
        { .filters = many, .filter_count = SF_REPORT_FILTERS_MAX + 1 },
        { .filter_count = 1 },
        { .metadata = "{" },
        { .metadata = "[]" },
        { .metadata = "" },
        { .no_filters = true, .boolean_filter = "1" },
        { .boolean_filter = "\xff" },
        { .reserved = { 1 } },
    };
    (void)state;
    sf_error err;
    sf_report_result *r;
    sf_document *doc;
    sf_report_instance instance;
    begin();
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(sf_report_run(sf, ID, &bad[i], &r, &err), SF_ERR_USAGE);
        assert_null(r);
        assert_int_equal(sf_report_run_async(sf, ID, &bad[i], &instance, &err), SF_ERR_USAGE);
    }
    assert_int_equal(sf_report_run(sf, "../x", NULL, &r, &err), SF_ERR_USAGE);
    assert_int_equal(sf_report_run(NULL, ID, NULL, &r, &err), SF_ERR_USAGE);
    assert_int_equal(sf_report_query(sf, NULL, &r, &err), SF_ERR_USAGE);
    assert_int_equal(sf_report_describe(sf, "x", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_report_clone(sf, ID, "", NULL, NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_report_clone(sf, ID, "n", "x", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_report_save(sf, ID, NULL, NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(
        sf_report_wait(sf, ID, ID, &(sf_report_wait_options){ .pause_ms = 9, .pause_max_ms = 8 }, &r, &err),
        SF_ERR_USAGE);
    assert_int_equal(wire_requests(server), 0);
    end();
}

static void test_reports__a_wait_ends_with_its_time(void **state)
{
    static const wire_step forever[] = {
        WIRE_REQUEST,
        WIRE_TEXT("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\r\n"
                  "{\"attributes\":{\"type\":\"ReportInstance\",\"status\":\"Running\"}}   "),
        WIRE_AGAIN
    };
    static const wire_step *const running = forever;
    (void)state;
    sf_error err;
    sf_report_result *r;
    wire_server *busy = wire_start(&running, 1);
    sf_client *client = NULL;
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(busy, ""),
                                             .api_version = "62.0",
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &client, NULL),
        SF_OK);
    sf_report_wait_options options = { .pause_ms = 1,
                                       .pause_max_ms = 2,
                                       .call = &(sf_call_options){ .timeout_ms = 50 } };
    assert_int_equal(sf_report_wait(client, ID, "0LG000000000001AAA", &options, &r, &err), SF_ERR_TIMEOUT);
    assert_null(r);
    assert_true(wire_requests(busy) > 1);
    sf_cancel *cancel = NULL;
    assert_int_equal(sf_cancel_new(&cancel, NULL), SF_OK);
    sf_cancel_now(cancel);
    options.call = &(sf_call_options){ .cancel = cancel };
    assert_int_equal(sf_report_wait(client, ID, "0LG000000000001AAA", &options, &r, &err), SF_ERR_CANCELLED);
    sf_client_close(client);
    sf_cancel_free(cancel);
    wire_stop(busy);
}

static void test_reports__reads_an_instance(void **state)
{
    static const char text[] =
        "{\"id\":\"0LG000000000001\",\"ownerId\":null,\"status\":\"running\",\"hasDetailRows\":true,"
        "\"requestDate\":\"2024-11-23T22:10:05Z\",\"completionDate\":null}";
    (void)state;
    sf_document *doc = NULL;
    sf_report_instance i;
    assert_int_equal(sf_document_parse(text, sizeof text - 1, &doc, NULL), SF_OK);
    assert_true(sf_report_read_instance(sf_document_root(doc), &i));
    assert_string_equal(i.id.text, "0LG000000000001GAA");
    assert_string_equal(i.owner_id.text, "");
    assert_int_equal(i.state, SF_REPORT_RUNNING);
    assert_true(i.has_details);
    assert_int_equal(i.requested_ms, 1732399805000);
    assert_int_equal(i.completed_ms, SF_NONE);
    assert_false(sf_report_read_instance(sf_get(sf_document_root(doc), "ownerId"), &i));
    sf_document_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports__rows_stand_in_their_groups),
        cmocka_unit_test(test_reports__totals_stand_behind_their_groups),
        cmocka_unit_test(test_reports__an_end_is_told_from_a_cut),
        cmocka_unit_test(test_reports__no_cut_answer_is_a_result),
        cmocka_unit_test(test_reports__deep_groups_are_refused),
        cmocka_unit_test(test_reports__survives_each_failed_allocation),
        cmocka_unit_test(test_reports__a_run_sends_what_differs),
        cmocka_unit_test(test_reports__bad_arguments_send_nothing),
        cmocka_unit_test(test_reports__a_wait_ends_with_its_time),
        cmocka_unit_test(test_reports__reads_an_instance),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
