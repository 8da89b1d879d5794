/*
 * corpus_test.c: the syntax corpus beside the checkout (../shared/soql-corpus/parse-corpus.txt): every V statement is
 * accepted, every I statement refused with MALFORMED_QUERY. Without the corpus the test says so and is skipped.
 */
#include "support/support.h"
#include "soql/soql.h"

static char *corpus;

static void test_corpus__each_statement_is_accepted_or_refused(void **state)
{
    size_t valid = 0, invalid = 0, wrong = 0;
    (void)state;
    for (char *line = corpus, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        sf_str soql = { line + 2, (size_t)(end - line) - (end - line >= 2 ? 2 : 0) };
        if (*end == '\n') end++;
        if ((line[0] != 'V' && line[0] != 'I') || line[1] != '\t') continue;
        sfo_fault fault = { 0 };
        bool want = line[0] == 'V', got = sfo_soql_check_syntax(soql, &fault);
        if (want != got || (!got && strcmp(fault.code, "MALFORMED_QUERY") != 0)) {
            wrong++;
            print_message("  %c %.*s\n    %s %s\n", line[0], (int)soql.len, soql.ptr, fault.code,
                          fault.message != NULL ? fault.message : "accepted");
        }
        *(want ? &valid : &invalid) += 1;
        sfo_fault_clear(&fault);
    }
    print_message("  %zu valid and %zu invalid statements, %zu taken wrongly\n", valid, invalid, wrong);
    assert_true(valid > 100 && invalid > 50);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    char path[4096];
    const char *shared = test_shared_dir();
    if (shared != NULL) {
        snprintf(path, sizeof path, "%s/soql-corpus/parse-corpus.txt", shared);
        corpus = test_read_file(path, NULL);
    }
    if (corpus == NULL) {
        print_message("skipped: no ../shared/soql-corpus/parse-corpus.txt beside the checkout\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus__each_statement_is_accepted_or_refused),
    };
    int failed = cmocka_run_group_tests_name("soql corpus", tests, NULL, NULL);
    free(corpus);
    return failed;
}
