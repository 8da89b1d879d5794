/* store_test.c: memory and file stores: what is kept, what is refused, and each allocation failing in turn. */
#include <sys/stat.h>
#include <unistd.h>
#include "auth/auth_internal.h"
#include "support/support.h"

static char folder[64], path[128];

static const sfi_token sample = { .access_token = (char *)(uintptr_t) "00D!a",
                                  .refresh_token = (char *)(uintptr_t) "r\"1",
                                  .instance_url = (char *)(uintptr_t) "https://a.my.salesforce.com",
                                  .issued_at_ms = 5 };

static void write_file(const char *text, mode_t mode)
{
    (void)unlink(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void check_store(sf_token_store *store)
{
    sfi_token token;
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_DONE);
    assert_int_equal(sfi_store_lock(store, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_lock(store, 1, NULL), SF_ERR_TIMEOUT); /* held */
    for (int generation = 1; generation < 3; generation++) {
        assert_int_equal(sfi_store_set(store, &sample, NULL), SF_OK);
        assert_int_equal(sfi_store_get(store, &token, NULL), SF_OK);
        assert_string_equal(token.access_token, sample.access_token);
        assert_string_equal(token.refresh_token, sample.refresh_token);
        assert_string_equal(token.instance_url, sample.instance_url);
        assert_null(token.identity_url);
        assert_int_equal(token.issued_at_ms, 5);
        assert_int_equal(token.generation, generation);
        sfi_token_clear(&token);
    }
    assert_int_equal(sfi_store_clear(store, NULL), SF_OK);
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_DONE);
    assert_int_equal(sfi_store_clear(store, NULL), SF_OK);
    sfi_store_release(store);
    assert_int_equal(sfi_store_lock(store, 10, NULL), SF_OK);
    sfi_store_release(store);
}

static void test_store__memory_and_file_keep_and_lock(void **state)
{
    (void)state;
    sf_token_store *store;
    assert_int_equal(sf_token_store_memory(&store, NULL), SF_OK);
    check_store(store);
    sf_token_store_close(store);
    (void)unlink(path);
    assert_int_equal(sf_token_store_file(path, &store, NULL), SF_OK);
    check_store(store);
    assert_int_equal(access(path, F_OK), -1); /* nothing else was in it */
    sf_token_store_close(store);
}

static void test_store__file_lock_holds_between_two_handles(void **state)
{
    (void)state;
    sf_token_store *a, *b;
    assert_int_equal(sf_token_store_file(path, &a, NULL), SF_OK);
    assert_int_equal(sf_token_store_file(path, &b, NULL), SF_OK);
    assert_int_equal(sfi_store_lock(a, 10, NULL), SF_OK);
    assert_int_equal(sfi_store_lock(b, 30, NULL), SF_ERR_TIMEOUT);
    sfi_store_release(a);
    assert_int_equal(sfi_store_lock(b, 30, NULL), SF_OK);
    sfi_store_release(b);
    sf_token_store_close(a);
    sf_token_store_close(b);
}

static void test_store__file_keeps_other_members_and_mode(void **state)
{
    (void)state;
    sf_token_store *store;
    sfi_token token;
    struct stat st;
    write_file("{\"alias\":\"x\",\"access_token\":\"00D!old\",\"n\":1.50,\"generation\":7}", 0644);
    assert_int_equal(sf_token_store_file(path, &store, NULL), SF_OK);
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_OK);
    assert_int_equal(token.generation, 7);
    sfi_token_clear(&token);
    const char *warning = sfi_store_take_warning(store);
    assert_non_null(warning);
    assert_non_null(strstr(warning, "644"));
    assert_null(sfi_store_take_warning(store)); /* told once */
    assert_int_equal(sfi_store_set(store, &sample, NULL), SF_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(sfi_store_clear(store, NULL), SF_OK);
    char *text = test_read_file(path, NULL);
    assert_string_equal(text, "{\"alias\":\"x\",\"n\":1.50}\n");
    free(text);
    sf_token_store_close(store);
}

static void test_store__file_refuses_what_is_no_token_file(void **state)
{
    (void)state;
    sf_token_store *store;
    sfi_token token;
    char link[160];
    assert_int_equal(sf_token_store_file(path, &store, NULL), SF_OK);
    write_file("{\"access_token\":", 0600);
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_ERR_PROTOCOL);
    assert_int_equal(sfi_store_set(store, &sample, NULL), SF_OK); /* a new token is kept all the same */
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_OK);
    sfi_token_clear(&token);
    write_file("", 0600);
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_DONE);
    sf_token_store_close(store);
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(sf_token_store_file(link, &store, NULL), SF_OK);
    assert_int_equal(sfi_store_get(store, &token, NULL), SF_ERR_IO);
    sf_token_store_close(store);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(sf_token_store_file("/nonexistent/x.json", &store, NULL), SF_OK);
    assert_int_equal(sfi_store_lock(store, 5, NULL), SF_ERR_IO);
    sf_token_store_close(store);
    assert_int_equal(sf_token_store_file("", &store, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_token_store_custom(&(sf_token_store_ops){ 0 }, NULL, &store, NULL), SF_ERR_USAGE);
}

static void test_store__survives_each_failed_allocation(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        sf_status rc = SF_ERR_MEMORY;
        for (int n = 0; rc != SF_OK; n++) {
            sf_token_store *store;
            sfi_token token = { 0 };
            write_file("{\"alias\":\"x\"}", 0600);
            test_allocations_limit(n);
            rc = kind == 0 ? sf_token_store_memory(&store, NULL) : sf_token_store_file(path, &store, NULL);
            if (rc == SF_OK) rc = sfi_store_set(store, &sample, NULL);
            if (rc == SF_OK) rc = sfi_store_get(store, &token, NULL);
            test_allocations_limit(-1);
            assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
            char *text = test_read_file(path, NULL); /* the old file or the new one, never less */
            assert_non_null(strstr(text, "\"alias\":\"x\""));
            free(text);
            sfi_token_clear(&token);
            sf_token_store_close(store);
        }
    }
    assert_int_equal(test_allocations_live(), 0);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sf-store-test-XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/tokens.json", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char lock[160];
    snprintf(lock, sizeof lock, "%s.lock", path);
    (void)unlink(lock);
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store__memory_and_file_keep_and_lock),
        cmocka_unit_test(test_store__file_lock_holds_between_two_handles),
        cmocka_unit_test(test_store__file_keeps_other_members_and_mode),
        cmocka_unit_test(test_store__file_refuses_what_is_no_token_file),
        cmocka_unit_test(test_store__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("store", tests, make_folder, remove_folder);
}
