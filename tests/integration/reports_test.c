/* reports_test.c: reports against a real local org: what they say is what SOQL says; filters, runs in the background,
 * copies, deletions, and the end of a result from which the org left rows out. */
#include "support/org_process.h"
#include "support/support.h"
#include <math.h>
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "sample", "--records", "9000", NULL });
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
    sf_client_close(sf);
    return test_org_stop(&org);
}

static void must(sf_status rc)
{
    if (rc != SF_OK) fail_msg("%s %s", err.code, err.message);
}

static int64_t count_of(const char *soql)
{
    int64_t n = -1;
    must(sf_query_count(sf, soql, NULL, &n, &err));
    return n;
}

static sf_id id_of(const char *name)
{
    sf_query *q = NULL;
    sf_value row;
    sf_id id = { "" };
    must(sf_query_open(sf, "SELECT Id, Format FROM Report WHERE Name = :name",
                       &(sf_query_options){ .binds = SF_BINDS({ "name", sf_bind_str(name) }) }, &q, &err));
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    snprintf(id.text, sizeof id.text, "%s", sf_get_str(row, "Id"));
    assert_memory_equal(id.text, "00O", 3);
    sf_query_close(q);
    return id;
}

static double sum_of(const char *soql)
{
    sf_query *q = NULL;
    sf_value row;
    must(sf_query_open(sf, soql, NULL, &q, &err));
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    double d = sf_get_double(row, "expr0", NAN);
    sf_query_close(q);
    return d;
}

static size_t column_named(sf_report_result *r, sf_report_part part, const char *name)
{
    for (size_t i = 0; i < sf_report_column_count(r, part); i++)
        if (strcmp(sf_report_column_at(r, part, i).name, name) == 0) return i;
    fail_msg("no column %s", name);
    return 0;
}

/* ---- what a report says is what SOQL says ---- */

static void test_reports__a_list_has_what_the_object_has(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_value v;
    must(sf_report_list(sf, NULL, &doc, &err));
    int64_t n = 0;
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &v); n++) {
        assert_string_equal(id_of(sf_get_str(v, "name")).text, sf_get_str(v, "id"));
        assert_non_null(strstr(sf_get_str(v, "describeUrl"), sf_get_str(v, "id")));
    }
    assert_int_equal(n, count_of("SELECT COUNT() FROM Report"));
    assert_true(n >= 4);
    sf_document_free(doc);
}

static void test_reports__a_table_ends_with_a_cut_told(void **state)
{
    (void)state;
    sf_report_result *r = NULL;
    sf_report_row row;
    sf_report_info info;
    sf_report_fact total;
    sf_status rc;
    sf_id id = id_of("Contacts and Their Accounts");
    int64_t contacts = count_of("SELECT COUNT() FROM Contact"), rows = 0;
    assert_true(contacts > SF_REPORT_ROWS_MAX);
    must(sf_report_run(sf, id.text, NULL, &r, &err));
    sf_report_get_info(r, &info);
    assert_false(info.all_data);
    assert_true(info.row_limit_exceeded);
    assert_string_equal(info.report_id, id.text);
    assert_int_equal(info.rows, SF_REPORT_ROWS_MAX);
    while ((rc = sf_report_next(r, &row, &err)) == SF_ROW) rows++;
    assert_int_equal(rc, SF_ERR_TRUNCATED);
    assert_int_equal(sf_report_next(r, &row, &err), SF_ERR_TRUNCATED);
    assert_non_null(strstr(err.message, "filter"));
    assert_int_equal(rows, SF_REPORT_ROWS_MAX);
    assert_int_equal(sf_report_fact_find(r, "T!T", &total, &err), SF_ROW);
    assert_int_equal(sf_get_int(total.aggregates[0].value, NULL, 0), contacts); /* all are counted */
    sf_report_close(r);
    must(sf_report_run(sf, id.text, &(sf_report_options){ .no_details = true }, &r, &err));
    assert_int_equal(sf_report_next(r, &row, &err), SF_DONE); /* no rows were asked for, so none are missing */
    sf_report_close(r);
}

static void test_reports__totals_are_those_of_soql(void **state)
{
    (void)state;
    sf_report_result *r = NULL;
    sf_report_fact total, group;
    sf_report_row row;
    sf_status rc;
    must(sf_report_run(sf, id_of("Open Opportunities by Stage").text, NULL, &r, &err));
    size_t sum = column_named(r, SF_REPORT_AGGREGATES, "s!AMOUNT"),
           average = column_named(r, SF_REPORT_AGGREGATES, "a!PROBABILITY"),
           count = column_named(r, SF_REPORT_AGGREGATES, "RowCount"),
           amount = column_named(r, SF_REPORT_DETAILS, "AMOUNT");
    assert_int_equal(sf_report_fact_find(r, "T!T", &total, &err), SF_ROW);
    double want = sum_of("SELECT SUM(Amount) FROM Opportunity WHERE IsClosed = false");
    assert_true(fabs(sf_get_double(total.aggregates[sum].value, NULL, 0) - want) < 0.005);
    want = sum_of("SELECT AVG(Probability) FROM Opportunity WHERE IsClosed = false");
    assert_true(fabs(sf_get_double(total.aggregates[average].value, NULL, 0) - want) < 0.005);
    assert_int_equal(sf_get_int(total.aggregates[count].value, NULL, 0),
                     count_of("SELECT COUNT() FROM Opportunity WHERE IsClosed = false"));
    /* each group's total is that of its rows */
    size_t facts = sf_report_fact_count(r);
    double *sums = calloc(facts, sizeof *sums);
    while ((rc = sf_report_next(r, &row, &err)) == SF_ROW) {
        assert_int_equal(row.down_count, 2);
        for (size_t i = 0; i < facts; i++) {
            assert_int_equal(sf_report_fact_at(r, i, &group, &err), SF_ROW);
            bool inside = group.down_count <= 2;
            for (size_t k = 0; inside && k < group.down_count; k++)
                inside = strcmp(group.down[k].key, row.down[k].key) == 0;
            if (inside) sums[i] += sf_get_double(row.cells[amount].value, "amount", 0);
        }
    }
    assert_int_equal(rc, SF_DONE);
    for (size_t i = 0; i < facts; i++) {
        assert_int_equal(sf_report_fact_at(r, i, &group, &err), SF_ROW);
        assert_true(fabs(sums[i] - sf_get_double(group.aggregates[sum].value, NULL, -1)) < 0.01);
    }
    free(sums);
    sf_report_close(r);
}

static void test_reports__a_matrix_has_every_cell(void **state)
{
    (void)state;
    sf_report_result *r = NULL;
    sf_report_fact fact;
    double sum = 0, total = 0;
    must(
        sf_report_run(sf, id_of("Won by Type and Quarter").text, &(sf_report_options){ .no_details = true }, &r, &err));
    size_t groups = 0, quarters = 0, n = sf_report_fact_count(r);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(sf_report_fact_at(r, i, &fact, &err), SF_ROW);
        if (fact.across_count == 0) groups++; /* the totals of the rows, the grand total too */
        if (fact.down_count == 0) quarters++;
        double value = sf_get_double(fact.aggregates[0].value, NULL, 0);
        if (fact.down_count == 2 && fact.across_count == 1) sum += value;
        if (strcmp(fact.key, "T!T") == 0) total = value;
        if (fact.across_count == 1) assert_int_equal(fact.across[0].label[0], 'Q'); /* Q2 CY2025 */
    }
    assert_int_equal(n, groups * quarters);
    assert_true(total > 0 && fabs(sum - total) < 0.01);
    sf_report_close(r);
}

/* ---- filters ---- */

static void test_reports__filters_mean_what_soql_means(void **state)
{
    static const struct {
        sf_report_filter filter;
        const char *where;
    } cases[] = {
        { { .column = "STAGE_NAME", .op = "equals", .value = "Prospecting" }, "StageName = 'Prospecting'" },
        { { .column = "STAGE_NAME", .op = "equals", .value = "Prospecting, \"Closed Won\"" },
          "StageName IN ('Prospecting', 'Closed Won')" },
        { { .column = "STAGE_NAME", .op = "notEqual", .value = "Prospecting,Closed Won" },
          "StageName NOT IN ('Prospecting', 'Closed Won')" },
        { { .column = "AMOUNT", .op = "greaterThan", .value = "$100,000" }, "Amount > 100000" },
        { { .column = "AMOUNT", .op = "lessOrEqual", .value = "50000.5" }, "Amount <= 50000.5" },
        { { .column = "AMOUNT", .op = "equals", .value = "" }, "Amount = null" },
        { { .column = "PROBABILITY", .op = "greaterOrEqual", .value = "50%" }, "Probability >= 50" },
        { { .column = "WON", .op = "equals", .value = "True" }, "IsWon = true" },
        { { .column = "won", .op = "notEqual", .value = "1" }, "IsWon = false" },
        { { .column = "ACCOUNT_NAME", .op = "contains", .value = "a%" }, "Account.Name LIKE '%a\\%%'" },
        { { .column = "ACCOUNT_NAME", .op = "contains", .value = "inc" }, "Account.Name LIKE '%inc%'" },
        { { .column = "ACCOUNT_NAME", .op = "startsWith", .value = "B" }, "Account.Name LIKE 'B%'" },
        { { .column = "OPPORTUNITY_NAME", .op = "contains", .value = "O'Hara\\_" }, "Name LIKE '%O\\'Hara\\\\\\_%'" },
        { { .column = "CLOSE_DATE", .op = "greaterThan", .value = "2026-01-01" }, "CloseDate > 2026-01-01" },
        { { .column = "CLOSE_DATE", .op = "lessThan", .value = "6/30/2026" }, "CloseDate < 2026-06-30" },
        { { .column = "CLOSE_DATE", .op = "equals", .value = "LAST 90 Days" }, "CloseDate = LAST_N_DAYS:90" },
        { { .column = "CLOSE_DATE", .op = "equals", .value = "THIS YEAR" }, "CloseDate = THIS_YEAR" },
        { { .column = "CREATED_DATE", .op = "greaterThan", .value = "2026-01-01" },
          "CreatedDate >= 2026-01-02T00:00:00Z" },
        { { .column = "CREATED_DATE", .op = "lessOrEqual", .value = "2026-01-01" },
          "CreatedDate < 2026-01-02T00:00:00Z" },
        { { .column = "CREATED_DATE", .op = "equals", .value = "2025-03-04" },
          "CreatedDate >= 2025-03-04T00:00:00Z AND CreatedDate < 2025-03-05T00:00:00Z" },
        { { .column = "CREATED_DATE", .op = "lessThan", .value = "2026-01-01T12:30:00Z" },
          "CreatedDate < 2026-01-01T12:30:00Z" },
    };
    (void)state;
    int64_t different = 0;
    sf_id id = id_of("Won by Type and Quarter");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_report_result *r = NULL;
        sf_report_fact total;
        char soql[300];
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM Opportunity WHERE %s", cases[i].where);
        print_message("  %s %s %s\n", cases[i].filter.column, cases[i].filter.op, cases[i].filter.value);
        must(sf_report_run(sf, id.text,
                           &(sf_report_options){ .filters = &cases[i].filter, .filter_count = 1, .no_details = true },
                           &r, &err));
        assert_int_equal(sf_report_fact_find(r, "T!T", &total, &err), SF_ROW);
        int64_t want = count_of(soql);
        assert_int_equal(sf_get_int(total.aggregates[1].value, NULL, -1), want);
        different += want > 0;
        sf_report_close(r);
    }
    assert_true(different >= 14); /* most find something */
}

static void test_reports__filter_logic_holds(void **state)
{
    static const sf_report_filter filters[] = {
        { .column = "STAGE_NAME", .op = "equals", .value = "Prospecting" },
        { .column = "AMOUNT", .op = "greaterThan", .value = "100000" },
        { .column = "WON", .op = "equals", .value = "True" },
    };
    static const struct {
        const char *logic, *where; /* where NULL: refused */
    } cases[] = {
        { NULL, "StageName = 'Prospecting' AND Amount > 100000 AND IsWon = true" },
        { "1 OR 2 AND 3", "StageName = 'Prospecting' OR (Amount > 100000 AND IsWon = true)" },
        { "(1 or 2) and not 3", "(StageName = 'Prospecting' OR Amount > 100000) AND IsWon = false" },
        { "3 AND (1 OR (2 AND 2))", "IsWon = true AND (StageName = 'Prospecting' OR Amount > 100000)" },
        { "1 OR 2", NULL },
        { "1 OR 2 OR 4", NULL },
        { "1 OR (2 AND 3", NULL },
        { "1 2 3", NULL },
    };
    (void)state;
    sf_id id = id_of("Won by Type and Quarter");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_report_result *r = NULL;
        sf_report_fact total;
        print_message("  %s\n", cases[i].logic != NULL ? cases[i].logic : "all");
        sf_status rc = sf_report_run(
            sf, id.text,
            &(sf_report_options){
                .filters = filters, .filter_count = 3, .boolean_filter = cases[i].logic, .no_details = true },
            &r, &err);
        if (cases[i].where == NULL) {
            assert_int_equal(rc, SF_ERR_ORG);
            assert_string_equal(err.code, "BAD_REQUEST");
            assert_int_equal(err.http_status, 400);
            continue;
        }
        must(rc);
        char soql[300];
        snprintf(soql, sizeof soql, "SELECT COUNT() FROM Opportunity WHERE %s", cases[i].where);
        assert_int_equal(sf_report_fact_find(r, "T!T", &total, &err), SF_ROW);
        assert_int_equal(sf_get_int(total.aggregates[1].value, NULL, -1), count_of(soql));
        sf_report_close(r);
    }
}

static void test_reports__errors_are_the_orgs(void **state)
{
    const struct {
        sf_report_options options;
        const char *words;
    } cases[] = {
        { { .filters = &(sf_report_filter){ .column = "NO_SUCH", .op = "equals" }, .filter_count = 1 },
          "NO_SUCH is invalid" },
        { { .filters = &(sf_report_filter){ .column = "AMOUNT", .op = "like" }, .filter_count = 1 },
          "like is invalid" },
        { { .filters = &(sf_report_filter){ .column = "AMOUNT", .op = "contains", .value = "1" }, .filter_count = 1 },
          "contains is invalid" },
        { { .filters = &(sf_report_filter){ .column = "AMOUNT", .op = "equals", .value = "many" }, .filter_count = 1 },
          "not a number" },
        { { .filters = &(sf_report_filter){ .column = "CLOSE_DATE", .op = "equals", .value = "soon" },
            .filter_count = 1 },
          "correct format" },
        { { .filters = &(sf_report_filter){ .column = "OPPORTUNITY_ID", .op = "equals", .value = "x" },
            .filter_count = 1 },
          "15 or 18" },
        { { .metadata = "{\"historicalSnapshotDates\":[\"2026-01-01\"]}" }, "historical" },
        { { .metadata = "{\"detailColumns\":[\"NOPE\"]}" }, "NOPE" },
        { { .metadata = "{\"aggregates\":[\"s!STAGE_NAME\"]}" }, "s!STAGE_NAME" },
        { { .metadata = "{\"groupingsDown\":[]}" }, "matrix" },
        { { .metadata = "{\"standardDateFilter\":{\"column\":\"AMOUNT\"}}" }, "not a date column" },
        { { .metadata = "{\"sortBy\":[{\"sortColumn\":\"STAGE_NAME\"}]}" }, "selected column" },
    };
    (void)state;
    sf_report_result *r = NULL;
    sf_document *doc = NULL;
    sf_id id = id_of("Won by Type and Quarter");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].words);
        assert_int_equal(sf_report_run(sf, id.text, &cases[i].options, &r, &err), SF_ERR_ORG);
        assert_null(r);
        assert_int_equal(err.http_status, 400);
        assert_string_equal(err.code, "BAD_REQUEST");
        if (strstr(err.message, cases[i].words) == NULL) fail_msg("%s", err.message);
    }
    assert_int_equal(sf_report_run(sf, "00O5j0000A0zzzz", NULL, &r, &err), SF_ERR_NOT_FOUND);
    assert_string_equal(err.code, "NOT_FOUND");
    assert_int_equal(sf_report_describe(sf, "0015j0000A00001", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_report_get_result(sf, id.text, "0LG5j0000A0zzzz", NULL, &r, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_dashboard_describe(sf, "01Z5j0000A0zzzz", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_dashboard_get(sf, "01Z5j0000A0zzzz", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    must(sf_dashboard_list(sf, NULL, &doc, &err));
    assert_int_equal(sf_value_type(sf_document_root(doc)), SF_ARRAY);
    sf_document_free(doc);
}

/* ---- not saved ---- */

static void test_reports__an_unsaved_report_runs(void **state)
{
    (void)state;
    sf_report_result *r = NULL;
    sf_report_row row;
    sf_report_info info;
    sf_status rc;
    int64_t rows = 0;
    sf_report_options options = {
        .metadata =
            "{\"reportType\":{\"type\":\"CaseList\"},\"reportFormat\":\"TABULAR\",\"detailColumns\":[\"CASE_NUMBER\","
            "\"SUBJECT\",\"CREATED_DATE\"],\"sortBy\":[{\"sortColumn\":\"CASE_NUMBER\",\"sortOrder\":\"Desc\"}],"
            "\"aggregates\":[\"RowCount\"]}",
        .filters = &(sf_report_filter){ .column = "STATUS", .op = "equals", .value = "New" },
        .filter_count = 1,
    };
    must(sf_report_query(sf, &options, &r, &err));
    sf_report_get_info(r, &info);
    assert_null(info.report_id);
    char last[40] = "~";
    while ((rc = sf_report_next(r, &row, &err)) == SF_ROW) {
        assert_true(strcmp(row.cells[0].label, last) < 0);
        snprintf(last, sizeof last, "%s", row.cells[0].label);
        rows++;
    }
    assert_int_equal(rc, SF_DONE);
    assert_int_equal(rows, count_of("SELECT COUNT() FROM Case WHERE Status = 'New'"));
    assert_true(rows > 0);
    sf_report_close(r);
    options.metadata = "{\"reportType\":{\"type\":\"NoSuch\"}}";
    assert_int_equal(sf_report_query(sf, &options, &r, &err), SF_ERR_ORG);
    sf_document *doc = NULL;
    must(sf_report_types(sf, NULL, NULL, &doc, &err));
    assert_true(sf_value_count(sf_document_root(doc)) >= 5);
    sf_document_free(doc);
    must(sf_report_types(sf, "CaseList", NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "reportTypeMetadata.categories.0.columns.CASE_NUMBER.label"),
                        "Case Number");
    sf_document_free(doc);
}

/* ---- in the background ---- */

static void test_reports__a_background_run_is_waited_for(void **state)
{
    (void)state;
    sf_report_instance run, other;
    sf_report_result *now = NULL, *then = NULL;
    sf_report_info info;
    sf_report_fact a, b;
    sf_document *doc = NULL;
    sf_id id = id_of("Accounts by Type");
    must(sf_report_run(sf, id.text, NULL, &now, &err));
    must(sf_report_run_async(sf, id.text, NULL, &run, &err));
    assert_memory_equal(run.id.text, "0LG", 3);
    assert_int_equal(run.state, SF_REPORT_NEW);
    assert_true(run.has_details && run.requested_ms > 0 && run.completed_ms == SF_NONE);
    assert_memory_equal(run.owner_id.text, "005", 3);
    sf_report_wait_options options = { .pause_ms = 20, .call = &(sf_call_options){ .timeout_ms = 60000 } };
    must(sf_report_wait(sf, id.text, run.id.text, &options, &then, &err));
    sf_report_get_info(then, &info);
    assert_int_equal(info.state, SF_REPORT_SUCCESS);
    assert_string_equal(info.report_id, id.text);
    assert_int_equal(sf_report_fact_count(now), sf_report_fact_count(then));
    assert_int_equal(sf_report_fact_find(now, "T!T", &a, &err), SF_ROW);
    assert_int_equal(sf_report_fact_find(then, "T!T", &b, &err), SF_ROW);
    assert_string_equal(a.aggregates[0].label, b.aggregates[0].label);
    must(sf_report_instances(sf, id.text, NULL, &doc, &err));
    assert_int_equal(sf_value_count(sf_document_root(doc)), 1);
    assert_true(sf_report_read_instance(sf_get(sf_document_root(doc), "0"), &other));
    assert_string_equal(other.id.text, run.id.text);
    assert_int_equal(other.state, SF_REPORT_SUCCESS);
    assert_true(other.completed_ms >= other.requested_ms);
    sf_document_free(doc);
    must(sf_report_delete_instance(sf, id.text, run.id.text, NULL, &err));
    sf_report_close(now);
    assert_int_equal(sf_report_get_result(sf, id.text, run.id.text, NULL, &now, &err), SF_ERR_NOT_FOUND);
    sf_report_close(then);
}

static void test_reports__a_lost_start_is_not_repeated(void **state)
{
    (void)state;
    sf_report_instance run;
    sf_document *doc = NULL;
    sf_id id = id_of("Accounts by Type");
    test_org_fault(&org, "lost:path=/services/data/*/instances,method=POST,times=1");
    assert_int_equal(sf_report_run_async(sf, id.text, NULL, &run, &err), SF_ERR_UNKNOWN_OUTCOME);
    test_org_faults_clear(&org);
    must(sf_report_instances(sf, id.text, NULL, &doc, &err));
    assert_int_equal(sf_value_count(sf_document_root(doc)), 1);
    sf_document_free(doc);
}

static void test_reports__a_run_that_was_cut_is_repeated(void **state)
{
    (void)state;
    sf_report_result *r = NULL;
    sf_report_filter filter = { .column = "TYPE", .op = "equals", .value = "Prospect" };
    sf_id id = id_of("Accounts by Type");
    test_org_fault(&org, "reset:after=300,path=/services/data/*/analytics/*,times=1");
    must(sf_report_run(sf, id.text, &(sf_report_options){ .filters = &filter, .filter_count = 1 }, &r, &err));
    sf_report_close(r);
    test_org_faults_clear(&org);
}

/* ---- keeping ---- */

static void test_reports__copies_change_and_go(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    sf_report_result *r = NULL;
    sf_id id = id_of("Accounts by Type");
    int64_t before = count_of("SELECT COUNT() FROM Report");
    must(sf_report_clone(sf, id.text, "A copy \"of\" it", NULL, NULL, &doc, &err));
    sf_id copy = { "" };
    snprintf(copy.text, sizeof copy.text, "%s", sf_get_str(sf_document_root(doc), "reportMetadata.id"));
    assert_string_equal(sf_get_str(sf_document_root(doc), "reportMetadata.name"), "A copy \"of\" it");
    assert_string_equal(sf_get_str(sf_document_root(doc), "reportMetadata.developerName"), "A_copy_of_it");
    sf_document_free(doc);
    assert_string_equal(id_of("A copy \"of\" it").text, copy.text);
    must(sf_report_save(
        sf, copy.text,
        "{\"name\":\"Renamed\",\"reportFilters\":[{\"column\":\"TYPE\",\"operator\":\"equals\",\"value\":"
        "\"Prospect\"}]}",
        NULL, &doc, &err));
    sf_document_free(doc);
    must(sf_report_run(sf, copy.text, NULL, &r, &err));
    sf_report_fact total;
    assert_int_equal(sf_report_fact_find(r, "T!T", &total, &err), SF_ROW);
    assert_int_equal(sf_get_int(total.aggregates[1].value, NULL, 0),
                     count_of("SELECT COUNT() FROM Account WHERE Type = 'Prospect'"));
    sf_report_close(r);
    must(sf_report_create(sf,
                          "{\"name\":\"Made\",\"reportType\":{\"type\":\"LeadList\"},\"reportFormat\":\"TABULAR\","
                          "\"detailColumns\":[\"LAST_NAME\"],\"aggregates\":[\"RowCount\"]}",
                          NULL, &doc, &err));
    sf_document_free(doc);
    assert_int_equal(count_of("SELECT COUNT() FROM Report"), before + 2);
    must(sf_report_delete(sf, copy.text, NULL, &err));
    must(sf_report_delete(sf, id_of("Made").text, NULL, &err));
    assert_int_equal(sf_report_delete(sf, copy.text, NULL, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(sf_report_describe(sf, copy.text, NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_int_equal(count_of("SELECT COUNT() FROM Report"), before);
    assert_int_equal(sf_report_clone(sf, copy.text, "x", NULL, NULL, &doc, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "BAD_REQUEST");
    assert_int_equal(sf_report_create(sf, "{\"name\":\"Made\"}", NULL, &doc, &err), SF_ERR_ORG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports__a_list_has_what_the_object_has),
        cmocka_unit_test(test_reports__a_table_ends_with_a_cut_told),
        cmocka_unit_test(test_reports__totals_are_those_of_soql),
        cmocka_unit_test(test_reports__a_matrix_has_every_cell),
        cmocka_unit_test(test_reports__filters_mean_what_soql_means),
        cmocka_unit_test(test_reports__filter_logic_holds),
        cmocka_unit_test(test_reports__errors_are_the_orgs),
        cmocka_unit_test(test_reports__an_unsaved_report_runs),
        cmocka_unit_test(test_reports__a_background_run_is_waited_for),
        cmocka_unit_test(test_reports__a_lost_start_is_not_repeated),
        cmocka_unit_test(test_reports__a_run_that_was_cut_is_repeated),
        cmocka_unit_test(test_reports__copies_change_and_go),
    };
    return cmocka_run_group_tests_name("reports", tests, start, stop);
}
