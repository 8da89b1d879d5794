/* pages_test.c: cursors over answers that no healthy org gives: wrong totals, missing members, pages cut or leading
 * elsewhere, statements sent inside a POST. The answers come from a script, so each is exactly what it says. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

enum { ANSWERS_MAX = 8 };

typedef struct play {
    char *texts[ANSWERS_MAX];
    wire_step steps[ANSWERS_MAX * 2 + 1];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} play;

/* A server that gives these bodies one after another (a leading "400 " sets the status), and a client for it. */
static void play_start(play *p, const char *const *bodies)
{
    memset(p, 0, sizeof *p);
    size_t n = 0;
    for (; bodies[n] != NULL; n++) {
        int status = bodies[n][0] == '4' ? 400 : 200;
        const char *body = bodies[n] + (status == 400 ? 4 : 0);
        size_t size = strlen(body) + 200;
        p->texts[n] = malloc(size);
        snprintf(p->texts[n], size,
                 "HTTP/1.1 %d X\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
                 status, strlen(body), body);
        p->steps[2 * n] = (wire_step)WIRE_REQUEST;
        p->steps[2 * n + 1] = (wire_step){ WIRE_OP_SEND, p->texts[n], strlen(p->texts[n]) };
    }
    p->steps[2 * n] = (wire_step)WIRE_STALL;
    p->script = p->steps;
    p->server = wire_start(&p->script, 1);
    assert_non_null(p->server);
    sf_error err = { 0 };
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(p->server, ""),
                                             .api_version = "62.0",
                                             .transport = { .idle_timeout_ms = 5000, .connections_max = 1 },
                                             .retry = { .pause_ms = 1, .retries_max = 1 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &p->sf, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
}

static void play_stop(play *p)
{
    sf_client_close(p->sf);
    wire_stop(p->server);
    for (size_t i = 0; i < ANSWERS_MAX; i++) free(p->texts[i]);
}

/* How a query over these answers ends, after how many rows. */
static sf_status run(const char *soql, const sf_query_options *options, const char *const *bodies, int64_t *rows,
                     sf_error *err)
{
    play p;
    sf_query *q = NULL;
    sf_value row;
    play_start(&p, bodies);
    *err = (sf_error){ 0 };
    *rows = 0;
    sf_status rc = sf_query_open(p.sf, soql, options, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) (*rows)++;
    if (rc < 0 && q != NULL) assert_int_equal(sf_query_next(q, &row, NULL), rc); /* sticky */
    sf_query_close(q);
    play_stop(&p);
    return rc;
}

#define ROW "{\"attributes\":{\"type\":\"A\"},\"Id\":\"1\"}"
#define NEXT "\"nextRecordsUrl\":\"/services/data/v62.0/query/01g-2\""

static void test_pages__end_only_as_promised(void **state)
{
    static const struct {
        const char *what;
        const char *bodies[4];
        sf_status want;
        int64_t rows;
        const char *word;
    } cases[] = {
        { "whole", { "{\"totalSize\":1,\"done\":true,\"records\":[" ROW "]}" }, SF_DONE, 1, NULL },
        { "none", { "{\"totalSize\":0,\"done\":true,\"records\":[]}" }, SF_DONE, 0, NULL },
        { "two pages",
          { "{\"totalSize\":2,\"done\":false," NEXT ",\"records\":[" ROW "]}",
            "{\"totalSize\":2,\"done\":true,\"records\":[" ROW "]}" },
          SF_DONE,
          2,
          NULL },
        { "members behind the rows",
          { "{\"records\":[" ROW "]," NEXT ",\"done\":false,\"totalSize\":2}",
            "{\"records\":[" ROW "],\"done\":true,\"totalSize\":2}" },
          SF_DONE,
          2,
          NULL },
        { "an empty page between",
          { "{\"totalSize\":1,\"done\":false," NEXT ",\"records\":[]}",
            "{\"totalSize\":1,\"done\":true,\"records\":[" ROW "]}" },
          SF_DONE,
          1,
          NULL },
        { "the total shrinks",
          { "{\"totalSize\":5,\"done\":false," NEXT ",\"records\":[" ROW "]}",
            "{\"totalSize\":2,\"done\":true,\"records\":[" ROW "]}" },
          SF_DONE,
          2,
          NULL },
        { "done with rows missing",
          { "{\"totalSize\":2,\"done\":true,\"records\":[" ROW "]}" },
          SF_ERR_TRUNCATED,
          1,
          "1 of 2 rows" },
        { "not done and no URL",
          { "{\"totalSize\":2,\"done\":false,\"records\":[" ROW "]}",
            "{\"totalSize\":2,\"done\":false,\"records\":[" ROW "]}" },
          SF_ERR_TRUNCATED,
          0,
          "next page" },
        { "no records",
          { "{\"totalSize\":2,\"done\":true}", "{\"totalSize\":2,\"done\":true}" },
          SF_ERR_TRUNCATED,
          0,
          "records" },
        { "another host",
          { "{\"totalSize\":2,\"done\":false,\"nextRecordsUrl\":\"https://evil.example/q\",\"records\":[]}",
            "{\"totalSize\":2,\"done\":false,\"nextRecordsUrl\":\"//evil.example/q\",\"records\":[]}" },
          SF_ERR_PROTOCOL,
          0,
          "own host" },
        { "no result at all", { "{\"hello\":1}", "{\"hello\":1}" }, SF_ERR_PROTOCOL, 0, "done" },
        { "a row that is none",
          { "{\"totalSize\":2,\"done\":true,\"records\":[" ROW ",7]}" },
          SF_ERR_PROTOCOL,
          1,
          "no record" },
        { "bad JSON in a row",
          { "{\"totalSize\":2,\"done\":true,\"records\":[" ROW ",{\"Id\":tru}]}" },
          SF_ERR_PROTOCOL,
          1,
          "after 1 rows" },
        { "cut behind a row",
          { "{\"totalSize\":2,\"done\":true,\"records\":[" ROW },
          SF_ERR_TRUNCATED,
          1,
          "after 1 rows" },
        { "in circles",
          { "{\"totalSize\":9,\"done\":false," NEXT ",\"records\":[" ROW "]}",
            "{\"totalSize\":9,\"done\":false," NEXT ",\"records\":[" ROW "]}",
            "{\"totalSize\":9,\"done\":false," NEXT ",\"records\":[" ROW "]}" },
          SF_ERR_PROTOCOL,
          1,
          "just read" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int no_prefetch = 0; no_prefetch < 2; no_prefetch++) {
            int64_t rows;
            sf_error err;
            print_message("  %s\n", cases[i].what);
            sf_status rc = run("SELECT Id FROM A", &(sf_query_options){ .no_prefetch = no_prefetch != 0 },
                               cases[i].bodies, &rows, &err);
            if (rc != cases[i].want) fail_msg("%s: %s %s", cases[i].what, sf_status_name(rc), err.message);
            assert_int_equal(rows, cases[i].rows);
            if (cases[i].word != NULL && strstr(err.message, cases[i].word) == NULL) fail_msg("%s", err.message);
        }
    }
}

static void test_pages__a_damaged_page_is_asked_for_once_more(void **state)
{
    static const char *const bodies[] = { "{\"totalSize\":1,\"done\":true,\"reco",
                                          "{\"totalSize\":1,\"done\":true,\"records\":[" ROW "]}", NULL };
    static const char *const no_result[] = { "{}", "{\"totalSize\":1,\"done\":true,\"records\":[" ROW "]}", NULL };
    (void)state;
    int64_t rows;
    sf_error err;
    assert_int_equal(run("SELECT Id FROM A", NULL, no_result, &rows, &err), SF_DONE);
    assert_int_equal(rows, 1);
    assert_int_equal(run("SELECT Id FROM A", NULL, bodies, &rows, &err), SF_DONE);
    assert_int_equal(rows, 1);
}

static char *long_statement(size_t values)
{
    size_t size = values * 16 + 100;
    char *text = malloc(size);
    size_t at = (size_t)snprintf(text, size, "SELECT Id FROM A WHERE x IN (");
    for (size_t i = 0; i < values; i++)
        at += (size_t)snprintf(text + at, size - at, "%s'value-%05zu'", i > 0 ? "," : "", i);
    snprintf(text + at, size - at, ")");
    return text;
}

static void test_pages__long_statements_go_inside_a_post(void **state)
{
    static const char *const bodies[] = { "{\"compositeResponse\":[{\"body\":{\"totalSize\":2,\"done\":false," NEXT
                                          ",\"records\":[" ROW
                                          "]},\"httpHeaders\":{},\"httpStatusCode\":200,\"referenceId\":\"query\"}]}",
                                          "{\"totalSize\":2,\"done\":true,\"records\":[" ROW "]}", NULL };
    (void)state;
    play p;
    sf_error err = { 0 };
    sf_query *q = NULL;
    sf_value row;
    char *soql = long_statement(1000);
    play_start(&p, bodies);
    if (sf_query_open(p.sf, soql, &(sf_query_options){ .page_rows = 200 }, &q, &err) != SF_OK)
        fail_msg("%s", err.message);
    assert_string_equal(sf_query_column(q, 0).path, "Id");
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    assert_int_equal(sf_query_next(q, &row, &err), SF_ROW);
    assert_int_equal(sf_query_next(q, &row, &err), SF_DONE);
    sf_query_close(q);
    char *request = wire_request(p.server, 0), *second = wire_request(p.server, 1);
    assert_true(strncmp(request, "POST /services/data/v62.0/composite HTTP", 40) == 0);
    assert_non_null(strstr(request, "\"url\":\"/services/data/v62.0/query?q=SELECT%20Id%20FROM%20A"));
    assert_non_null(strstr(request, "\"Sforce-Query-Options\":\"batchSize=200\""));
    assert_true(strncmp(second, "GET /services/data/v62.0/query/01g-2 HTTP", 41) == 0);
    free(request);
    free(second);
    free(soql);
    play_stop(&p);
}

static void test_pages__a_refused_part_is_the_querys_error(void **state)
{
    static const char *const bodies[] = { "{\"compositeResponse\":[{\"body\":[{\"errorCode\":\"INVALID_FIELD\","
                                          "\"message\":\"No such column\"}],\"httpHeaders\":{},\"httpStatusCode\":400,"
                                          "\"referenceId\":\"query\"}]}",
                                          NULL };
    (void)state;
    int64_t rows;
    sf_error err;
    char *soql = long_statement(1000);
    assert_int_equal(run(soql, NULL, bodies, &rows, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_FIELD");
    assert_int_equal(err.http_status, 400);
    free(soql);
}

static void test_pages__split_lists_follow_one_another(void **state)
{
    static const char *const bodies[] = {
        "{\"compositeResponse\":[{\"body\":{\"totalSize\":1,\"done\":true,\"records\":[" ROW
        "]},\"httpStatusCode\":200}]}",
        "{\"compositeResponse\":[{\"body\":{\"totalSize\":0,\"done\":true,\"records\":[]},\"httpStatusCode\":200}]}",
        "{\"compositeResponse\":[{\"body\":{\"totalSize\":2,\"done\":true,\"records\":[" ROW "," ROW
        "]},\"httpStatusCode\":200}]}",
        NULL
    };
    (void)state;
    play p;
    sf_error err = { 0 };
    sf_query *q = NULL;
    sf_value row;
    int64_t rows = 0;
    sf_status rc;
    char *soql = long_statement(17000); /* 14 characters each: three statements */
    play_start(&p, bodies);
    if (sf_query_open(p.sf, soql, NULL, &q, &err) != SF_OK) fail_msg("%s", err.message);
    assert_null(sf_query_resume_url(q));
    while ((rc = sf_query_next(q, &row, &err)) == SF_ROW) rows++;
    if (rc != SF_DONE) fail_msg("%s", err.message);
    assert_int_equal(rows, 3);
    assert_int_equal(sf_query_total(q), 3);
    sf_query_close(q);
    free(soql);
    play_stop(&p);
}

static void test_pages__survive_each_failed_allocation(void **state)
{
    static const char *const bodies[] = { "{\"totalSize\":2,\"done\":false," NEXT ",\"records\":[" ROW "]}",
                                          "{\"totalSize\":2,\"done\":true,\"records\":[" ROW "]}", NULL };
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_DONE; n++) {
        play p;
        sf_query *q = NULL;
        sf_value row;
        int rows = 0;
        play_start(&p, bodies);
        test_allocations_limit(n);
        rc = sf_query_open(p.sf, "select id from A", NULL, &q, NULL);
        while (rc >= 0 && (rc = sf_query_next(q, &row, NULL)) == SF_ROW) rows++;
        test_allocations_limit(-1);
        assert_true(rc < 0 || rows == 2); /* never short without an error */
        sf_query_close(q);
        play_stop(&p);
        assert_true(n < 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages__end_only_as_promised),
        cmocka_unit_test(test_pages__a_damaged_page_is_asked_for_once_more),
        cmocka_unit_test(test_pages__long_statements_go_inside_a_post),
        cmocka_unit_test(test_pages__a_refused_part_is_the_querys_error),
        cmocka_unit_test(test_pages__split_lists_follow_one_another),
        cmocka_unit_test(test_pages__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
