/* search_test.c: binds in SOSL, and searches over answers of both forms and of none. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

static void test_search__format_puts_values_in(void **state)
{
    static const char *const list[] = { "a'b", "c" };
    static const struct {
        const char *sosl, *want; /* want NULL: refused */
    } cases[] = {
        { "FIND {:text}", "FIND {O\\'Hara \\(Bonn\\) \"AND\" x\\*}" },
        { "FIND {\":text\"} RETURNING Account", "FIND {\"O\\'Hara \\(Bonn\\) AND x\\*\"} RETURNING Account" },
        { "FIND {:text* OR \\:text}", "FIND {O\\'Hara \\(Bonn\\) \"AND\" x\\** OR \\:text}" },
        { "FIND {:text} RETURNING Account(Id WHERE Name = :text)",
          "FIND {O\\'Hara \\(Bonn\\) \"AND\" x\\*} RETURNING Account(Id WHERE Name = 'O\\'Hara (Bonn) AND x*')" },
        { "FIND {:none}", NULL },
        { "FIND {x} RETURNING Account(Id WHERE Name = 'x')", NULL }, /* the bind is not used */
    };
    (void)state;
    sf_error err;
    char *text = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].sosl);
        sf_status rc =
            sf_search_format(cases[i].sosl, SF_BINDS({ "text", sf_bind_str("O'Hara (Bonn) AND x*") }), &text, &err);
        assert_int_equal(rc, cases[i].want != NULL ? SF_OK : SF_ERR_USAGE);
        if (cases[i].want != NULL) assert_string_equal(text, cases[i].want);
        sf_free(text);
    }
    assert_int_equal(sf_search_format("FIND {it's \\} :x}", (sf_binds){ 0 }, &text, &err), SF_OK);
    assert_string_equal(text, "FIND {it's \\} :x}"); /* without binds nothing is touched */
    sf_free(text);
    assert_int_equal(sf_search_format("FIND {a} RETURNING A(Id WHERE B IN :l)",
                                      SF_BINDS({ "l", sf_bind_str_list(list, 2) }), &text, &err),
                     SF_OK);
    assert_string_equal(text, "FIND {a} RETURNING A(Id WHERE B IN ('a\\'b','c'))");
    sf_free(text);
    assert_int_equal(sf_search_format("FIND {:n}", SF_BINDS({ "n", sf_bind_int(3) }), &text, &err), SF_ERR_USAGE);
    assert_null(text);
    assert_int_equal(sf_search_format(NULL, (sf_binds){ 0 }, &text, &err), SF_ERR_USAGE);
}

static void test_search__format_survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        char *text = NULL;
        test_allocations_limit(n);
        rc = sf_search_format("FIND {:a} RETURNING Account(Id WHERE Name = :b)",
                              SF_BINDS({ "a", sf_bind_str("x+y") }, { "b", sf_bind_str("z") }), &text, NULL);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && text == NULL));
        sf_free(text);
    }
}

/* How a search ends whose answer is this body, after how many rows. */
static sf_status search(const char *body, int64_t *rows, sf_error *err)
{
    char text[512];
    snprintf(text, sizeof text,
             "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
             strlen(body), body);
    wire_step steps[] = { WIRE_REQUEST, { WIRE_OP_SEND, text, strlen(text) }, WIRE_AGAIN };
    const wire_step *script = steps;
    wire_server *server = wire_start(&script, 1);
    assert_non_null(server);
    sf_client *sf = NULL;
    sf_search *s = NULL;
    sf_value row;
    *err = (sf_error){ 0 };
    *rows = 0;
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(server, ""),
                                             .api_version = "62.0",
                                             .retry = { .retries_max = SF_NONE },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &sf, err);
    if (rc == SF_OK) rc = sf_search_open(sf, "FIND {x1}", NULL, &s, err);
    while (rc >= 0 && (rc = sf_search_next(s, &row, err)) == SF_ROW) (*rows)++;
    if (s != NULL) assert_int_equal(sf_search_next(s, &row, NULL), rc); /* sticky */
    sf_search_close(s);
    sf_client_close(sf);
    wire_stop(server);
    return rc;
}

static void test_search__reads_both_forms_of_answer(void **state)
{
    static const struct {
        const char *body;
        sf_status end;
        int64_t rows;
    } cases[] = {
        { "{\"searchRecords\":[]}", SF_DONE, 0 },
        { "{\"searchRecords\":[{\"Id\":\"1\"},{\"Id\":\"2\"}],\"metadata\":{}}", SF_DONE, 2 },
        { "[]", SF_DONE, 0 },
        { "[{\"Id\":\"1\"}]", SF_DONE, 1 },
        { "{\"searchRecords\":[{\"Id\":\"1\"},7]}", SF_ERR_PROTOCOL, 1 },
        { "{\"records\":[]}", SF_ERR_PROTOCOL, 0 },
        { "{}", SF_ERR_PROTOCOL, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        int64_t rows;
        print_message("  %s\n", cases[i].body);
        assert_int_equal(search(cases[i].body, &rows, &err), cases[i].end);
        assert_int_equal(rows, cases[i].rows);
        if (cases[i].end < 0) assert_string_not_equal(err.message, "");
    }
}

static void test_search__refuses_bad_arguments(void **state)
{
    (void)state;
    sf_search *s = NULL;
    sf_value row;
    sf_error err;
    assert_int_equal(sf_search_open(NULL, "FIND {x1}", NULL, &s, &err), SF_ERR_USAGE);
    assert_int_equal(sf_search_text(NULL, "x", NULL, &s, &err), SF_ERR_USAGE);
    assert_int_equal(sf_search_next(NULL, &row, &err), SF_ERR_USAGE);
    assert_int_equal(sf_search_records(NULL).type, SF_MISSING);
    sf_search_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__format_puts_values_in),
        cmocka_unit_test(test_search__format_survives_each_failed_allocation),
        cmocka_unit_test(test_search__reads_both_forms_of_answer),
        cmocka_unit_test(test_search__refuses_bad_arguments),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
