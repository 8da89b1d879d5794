/* settings_test.c: what options of a Redis server are taken, what is refused, and that no message repeats a secret. */
#include "redis/redis_internal.h"
#include "support/support.h"

static void test_settings__urls(void **state)
{
    static const struct {
        const char *url, *name, *username, *password, *path;
        int64_t db;
        bool is_tls;
    } cases[] = {
        { "redis://h", "redis h:6379", NULL, NULL, NULL, 0, false },
        { "redis://h/", "redis h:6379", NULL, NULL, NULL, 0, false },
        { "redis://127.0.0.1:6380/3", "redis 127.0.0.1:6380", NULL, NULL, NULL, 3, false },
        { "rediss://cache.example.org:6380", "redis cache.example.org:6380", NULL, NULL, NULL, 0, true },
        { "redis://:secret@h:1", "redis h:1", NULL, "secret", NULL, 0, false },
        { "redis://user:se%40c%2Fret@h:65535/0", "redis h:65535", "user", "se@c/ret", NULL, 0, false },
        { "redis://a%3Ab:c:d@h", "redis h:6379", "a:b", "c:d", NULL, 0, false },
        { "redis://[::1]:7", "redis [::1]:7", NULL, NULL, NULL, 0, false },
        { "redis://[::1]/2", "redis [::1]:6379", NULL, NULL, NULL, 2, false },
        { "unix:///run/redis.sock", "redis /run/redis.sock", NULL, NULL, "/run/redis.sock", 0, false },
        { "unix:///a%20b?db=4", "redis /a b", NULL, NULL, "/a b", 4, false },
        { "unix://u%40x:p%2Fq@/run/redis.sock", "redis /run/redis.sock", "u@x", "p/q", "/run/redis.sock", 0, false },
        { "unix://:p@/x?db=4", "redis /x", NULL, "p", "/x", 4, false },
        { "unix://@/a@b:c", "redis /a@b:c", NULL, NULL, "/a@b:c", 0, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_redis_settings s;
        sf_error err = { .message = "" };
        print_message("  %s\n", cases[i].url);
        sf_status rc = sfi_redis_settings_read(&(sf_redis_options){ .url = cases[i].url }, &s, &err);
        if (rc != SF_OK) fail_msg("%s", err.message);
        assert_string_equal(s.name, cases[i].name);
        assert_true(s.username == NULL ? cases[i].username == NULL : strcmp(s.username, cases[i].username) == 0);
        assert_true(s.password == NULL ? cases[i].password == NULL : strcmp(s.password, cases[i].password) == 0);
        assert_true(s.path == NULL ? cases[i].path == NULL : strcmp(s.path, cases[i].path) == 0);
        assert_true((s.host == NULL) == (s.path != NULL));
        assert_int_equal(s.db, cases[i].db);
        assert_int_equal(s.is_tls, cases[i].is_tls);
        assert_int_equal(s.timeout_ms, 2000);
        assert_string_equal(s.prefix, "sforce:");
        sfi_redis_settings_clear(&s);
    }
}

static void test_settings__refusals_repeat_nothing(void **state)
{
    static const struct {
        const char *url, *says;
    } cases[] = {
        { "", "url is none" },
        { "http://hunter2", "url is none" },
        { "redis:/hunter2", "url is none" },
        { "redis://", "no host" },
        { "redis://:hunter2@", "no host" },
        { "redis://:hunter2@:6379", "no host" },
        { "redis://:hunter2@h:0", "port" },
        { "redis://:hunter2@h:65536", "port" },
        { "redis://:hunter2@h:", "port" },
        { "redis://:hunter2/x@h", "port" },
        { "redis://:hunter2@x@h", "no host" },
        { "redis://:hunter2%4@h", "two hex digits" },
        { "redis://:hunter2%00@h", "two hex digits" },
        { "redis://:hunter2%zz@h", "two hex digits" },
        { "redis://hunter2@h", "without a password" },
        { "redis://:hunter2@h/x", "db" },
        { "redis://:hunter2@h/-1", "db" },
        { "redis://:hunter2@h/1/2", "db" },
        { "redis://:hunter2@h/1?x=y", "db" },
        { "redis://:hunter2@h /1", "blank" },
        { "redis://:hunter2@h\n", "blank" },
        { "redis://:hunter2@[::1", "no host" },
        { "redis://:hunter2@[::1]x", "no host" },
        { "unix://hunter2", "path" },
        { "unix:///x?db=hunter2", "db" },
        { "unix://:hunter2@", "path" },
        { "unix://u:hunter2@x", "path" },
        { "unix://hunter2@/x", "without a password" },
        { "unix://u:hunter2@h/x", "no host" },
        { "unix://u:hunter2/x@/x", "no host" },
        { "unix://u:hunter2%4@/x", "two hex digits" },
        { "unix:///x?hunter2", "db=NUMBER" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sfi_redis_settings s;
        sf_error err = { .message = "" };
        print_message("  %s\n", cases[i].url);
        assert_int_equal(sfi_redis_settings_read(&(sf_redis_options){ .url = cases[i].url }, &s, &err), SF_ERR_USAGE);
        if (strstr(err.message, cases[i].says) == NULL) fail_msg("%s", err.message);
        assert_null(strstr(err.message, "hunter2"));
    }
    static const sf_redis_options options[] = {
        { .url = NULL },
        { .url = "redis://h", .timeout_ms = -1 },
        { .url = "redis://h", .timeout_ms = 3600001 },
        { .url = "redis://h", .prefix = "a{b" },
        { .url = "redis://h", .username = "u" },
        { .url = "redis://h", .reserved = { 1 } },
    };
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        sfi_redis_settings s;
        assert_int_equal(sfi_redis_settings_read(&options[i], &s, NULL), SF_ERR_USAGE);
    }
    sf_token_store *store;
    const sf_redis_options good = { .url = "redis://h" };
    assert_int_equal(sf_token_store_redis(&good, NULL, &store, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_token_store_redis(&good, "", &store, NULL), SF_ERR_USAGE);
    assert_int_equal(sf_token_store_redis(NULL, "x", &store, NULL), SF_ERR_USAGE);
    assert_null(store);
}

static void test_settings__options_go_before_the_url(void **state)
{
    sfi_redis_settings s;
    (void)state;
    const sf_redis_options o = {
        .url = "redis://u:p@h", .username = "v", .password = "q", .prefix = "", .timeout_ms = 5
    };
    assert_int_equal(sfi_redis_settings_read(&o, &s, NULL), SF_OK);
    assert_string_equal(s.username, "v");
    assert_string_equal(s.password, "q");
    assert_string_equal(s.prefix, "");
    assert_int_equal(s.timeout_ms, 5);
    sfi_redis_settings_clear(&s);
    const sf_redis_options user = { .url = "redis://u@h", .password = "q" };
    assert_int_equal(sfi_redis_settings_read(&user, &s, NULL), SF_OK);
    assert_string_equal(s.username, "u");
    sfi_redis_settings_clear(&s);
}

static void test_settings__survive_each_failed_allocation(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        sf_status rc = SF_ERR_MEMORY;
        for (int n = 0; rc != SF_OK; n++) {
            const sf_redis_options o = { .url = kind == 3 ? "unix:///x" : "rediss://u:p@h/3", .ca_file = "/x" };
            sf_token_store *store = NULL;
            sf_coordinator *coordinator = NULL;
            sf_checkpoints *checkpoints = NULL;
            test_allocations_limit(n);
            rc = kind == 1   ? sf_coordinator_redis(&o, &coordinator, NULL)
                 : kind == 2 ? sf_checkpoints_redis(&o, &checkpoints, NULL)
                             : sf_token_store_redis(&o, "me", &store, NULL);
            test_allocations_limit(-1);
            assert_true(rc == SF_OK || rc == SF_ERR_MEMORY);
            if (rc != SF_OK) assert_true(store == NULL && coordinator == NULL && checkpoints == NULL);
            sf_token_store_close(store);
            sf_coordinator_close(coordinator);
            sf_checkpoints_close(checkpoints);
        }
    }
    assert_int_equal(test_allocations_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings__urls),
        cmocka_unit_test(test_settings__refusals_repeat_nothing),
        cmocka_unit_test(test_settings__options_go_before_the_url),
        cmocka_unit_test(test_settings__survive_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("redis settings", tests, NULL, NULL);
}
