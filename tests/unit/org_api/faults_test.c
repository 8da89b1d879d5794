/* faults_test.c: fault SPECs that are read, those that are refused (and how), and when rules strike. */
#include "api/faults.h"
#include "support/support.h"

static void test_parse__reads_every_kind(void **state)
{
    (void)state;
    sfo_fault_rule r;
    assert_int_equal(sfo_fault_parse("reset:after=100,path=/query,times=1", &r, NULL), SF_OK);
    assert_int_equal(r.kind, SFO_FAULT_RESET);
    assert_int_equal(r.after, 100);
    assert_string_equal(r.path, "/query");
    assert_int_equal(r.times, 1);
    assert_int_equal(sfo_fault_parse("stall:after=0,ms=250,method=GET", &r, NULL), SF_OK);
    assert_int_equal(r.ms, 250);
    assert_string_equal(r.method, "GET");
    assert_int_equal(sfo_fault_parse("503:retry_after=2,times=3,body=html,effect=yes", &r, NULL), SF_OK);
    assert_int_equal(r.status, 503);
    assert_int_equal(r.retry_after, 2);
    assert_int_equal(r.body, SFO_FAULT_BODY_HTML);
    assert_true(r.has_effect);
    assert_int_equal(sfo_fault_parse("truncate:after=200,length=wrong", &r, NULL), SF_OK);
    assert_true(r.wrong_length);
    assert_int_equal(sfo_fault_parse("truncate:length=right", &r, NULL), SF_OK);
    assert_false(r.wrong_length);
    assert_int_equal(r.after, -1);
    static const char *const plain[] = { "429", "limit", "lost", "rotate", "refuse-refresh", "expire:requests=5" };
    for (size_t i = 0; i < COUNT_OF(plain); i++) assert_int_equal(sfo_fault_parse(plain[i], &r, NULL), SF_OK);
}

static void test_parse__names_the_part_that_is_wrong(void **state)
{
    static const struct {
        const char *spec, *named;
    } cases[] = {
        { "", "unknown kind ''" },
        { "resett", "unknown kind 'resett'" },
        { "200", "unknown kind '200'" },
        { "600", "unknown kind '600'" },
        { "reset:", "settings missing after ':'" },
        { "reset:after", "'after' needs '=value'" },
        { "reset:after=", "'' is not a value for 'after'" },
        { "reset:after=1x", "'1x' is not a value for 'after'" },
        { "reset:after=-1", "'-1' is not a value" },
        { "reset:afterr=1", "unknown setting 'afterr'" },
        { "reset:ms=1", "does not take 'ms'" },
        { "truncate:length=left", "it takes right or wrong" },
        { "503:body=xml", "json or html or empty" },
        { "reset:after=1,", "missing after the last ','" },
        { "reset:every=0", "'every' is at least 1" },
        { "reset:after=99999999999999999999", "is not a value" },
        { "reset,after=1", "unknown kind 'reset,after=1'" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err = { 0 };
        sfo_fault_rule r;
        print_message("  '%s'\n", cases[i].spec);
        assert_int_equal(sfo_fault_parse(cases[i].spec, &r, &err), SF_ERR_USAGE);
        if (strstr(err.message, cases[i].named) == NULL) print_message("    %s\n", err.message);
        assert_non_null(strstr(err.message, cases[i].named));
    }
    char longest[SFO_FAULT_SPEC_MAX + 10];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    sfo_fault_rule r;
    assert_int_equal(sfo_fault_parse(longest, &r, NULL), SF_ERR_USAGE);
}

static void test_matches__prefix_glob_and_method(void **state)
{
    static const struct {
        const char *spec, *method, *path;
        bool want;
    } cases[] = {
        { "503", "GET", "/anything", true },
        { "503:path=/query", "GET", "/services/data/v62.0/query", true },
        { "503:path=/query", "GET", "/services/data/v62.0/queryAll", true },
        { "503:path=/query", "GET", "/services/data/v62.0/sobjects", false },
        { "503:path=/services/oauth2", "POST", "/services/oauth2/token", true },
        { "503:path=*/Account*", "POST", "/services/data/v62.0/sobjects/Account", true },
        { "503:path=/query/*-2000", "GET", "/services/data/v62.0/query/01g000000000001AAA-2000", true },
        { "503:path=/query/*-2000", "GET", "/services/data/v62.0/query", false },
        { "503:method=post", "POST", "/x", true },
        { "503:method=post", "GET", "/x", false },
        { "lost", "GET", "/x", false },
        { "lost", "POST", "/x", true },
        { "lost:method=GET", "GET", "/x", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfo_fault_rule r;
        print_message("  %s %s %s\n", cases[i].spec, cases[i].method, cases[i].path);
        assert_int_equal(sfo_fault_parse(cases[i].spec, &r, NULL), SF_OK);
        assert_int_equal(sfo_fault_matches(&r, cases[i].method, cases[i].path), cases[i].want);
    }
}

/* Which of the first ten requests a rule strikes, as "..x.......". */
static void pattern_of(const char *spec, char out[11])
{
    sfo_faults *f = sfo_faults_new();
    sfo_strike strike;
    assert_non_null(f);
    assert_int_equal(sfo_faults_add(f, spec, NULL, NULL), SF_OK);
    for (int i = 0; i < 10; i++) {
        sfo_faults_strike(f, "GET", "/x", &strike);
        out[i] = strike.has_answer ? 'x' : '.';
    }
    out[10] = '\0';
    sfo_faults_free(f);
}

static void test_strike__counts_skip_times_and_every(void **state)
{
    static const struct {
        const char *spec, *want;
    } cases[] = {
        { "503", "xxxxxxxxxx" },         { "503:times=2", "xx........" },
        { "503:skip=3", "...xxxxxxx" },  { "503:skip=1,times=1", ".x........" },
        { "503:every=3", "x..x..x..x" }, { "503:skip=2,every=4,times=2", "..x...x..." },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char got[11];
        pattern_of(cases[i].spec, got);
        assert_string_equal(got, cases[i].want);
    }
}

static void test_strike__combines_sorts_and_rules_come_and_go(void **state)
{
    (void)state;
    sfo_faults *f = sfo_faults_new();
    sfo_strike strike;
    int64_t id = 0;
    assert_int_equal(sfo_faults_add(f, "429:times=1", NULL, NULL), SF_OK);
    assert_int_equal(sfo_faults_add(f, "503", &id, NULL), SF_OK);
    assert_int_equal(sfo_faults_add(f, "reset:after=7", NULL, NULL), SF_OK);
    sfo_faults_strike(f, "GET", "/x", &strike);
    assert_int_equal(strike.answer.status, 429);
    assert_true(strike.has_wire);
    assert_int_equal(strike.wire.after, 7);
    sfo_faults_strike(f, "GET", "/x", &strike);
    assert_int_equal(strike.answer.status, 503);
    assert_int_equal(sfo_faults_remove(f, id), 1);
    assert_int_equal(sfo_faults_remove(f, id), 0);
    sfo_faults_strike(f, "GET", "/x", &strike);
    assert_false(strike.has_answer);
    assert_int_equal(sfo_faults_struck(f), 5);
    assert_int_equal(sfo_faults_remove(f, 0), 2);
    sfo_faults_free(f);
}

static void test_session__dies_after_its_requests(void **state)
{
    (void)state;
    sfo_faults *f = sfo_faults_new();
    assert_int_equal(sfo_faults_add(f, "expire:requests=2,times=1", NULL, NULL), SF_OK);
    assert_false(sfo_faults_session_dies(f, 0, "GET", "/x"));
    assert_false(sfo_faults_session_dies(f, 1, "GET", "/x"));
    assert_true(sfo_faults_session_dies(f, 2, "GET", "/x"));
    assert_false(sfo_faults_session_dies(f, 2, "GET", "/x"));
    assert_int_equal(sfo_faults_add(f, "refuse-refresh:times=1", NULL, NULL), SF_OK);
    assert_true(sfo_faults_strike_kind(f, SFO_FAULT_REFUSE_REFRESH, "POST", "/services/oauth2/token"));
    assert_false(sfo_faults_strike_kind(f, SFO_FAULT_REFUSE_REFRESH, "POST", "/services/oauth2/token"));
    assert_false(sfo_faults_strike_kind(f, SFO_FAULT_ROTATE, "POST", "/services/oauth2/token"));
    sfo_faults_free(f);
}

static void test_faults__have_a_most(void **state)
{
    (void)state;
    sfo_faults *f = sfo_faults_new();
    sf_error err;
    for (int i = 0; i < SFO_FAULTS_MAX; i++) assert_int_equal(sfo_faults_add(f, "503", NULL, &err), SF_OK);
    assert_int_equal(sfo_faults_add(f, "503", NULL, &err), SF_ERR_LIMIT);
    sfo_faults_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse__reads_every_kind),
        cmocka_unit_test(test_parse__names_the_part_that_is_wrong),
        cmocka_unit_test(test_matches__prefix_glob_and_method),
        cmocka_unit_test(test_strike__counts_skip_times_and_every),
        cmocka_unit_test(test_strike__combines_sorts_and_rules_come_and_go),
        cmocka_unit_test(test_session__dies_after_its_requests),
        cmocka_unit_test(test_faults__have_a_most),
    };
    return cmocka_run_group_tests_name("org_api faults", tests, NULL, NULL);
}
