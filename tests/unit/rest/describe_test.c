/* describe_test.c: describes that are kept, in memory and in a folder, and that failing memory never makes a wrong one. */
#include <dirent.h>
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/support.h"
#include "support/wire_server.h"

#define BODY "{\"name\":\"Account\",\"fields\":[{\"name\":\"Id\"},{\"name\":\"Name\"}]}"
#define DATED "Last-Modified: Tue, 19 Nov 2024 10:00:00 GMT\r\n"
#define ANSWER(status, headers, body, length)                                                                          \
    WIRE_TEXT("HTTP/1.1 " status "\r\nContent-Type: application/json\r\n" headers "Content-Length: " length            \
              "\r\n\r\n" body)

static const wire_step fresh[] = { WIRE_REQUEST, ANSWER("200 OK", DATED, BODY, "59"),
                                   WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 304 Not Modified\r\n" DATED "\r\n"),
                                   WIRE_STALL,   WIRE_END };

static char folder[64];

static void empty_folder(void)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') unlink(path);
    }
    closedir(dir);
}

static sf_client *open_client(wire_server *server, const char *cache_dir)
{
    sf_client *sf = NULL;
    sf_error err;
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(server, ""),
                                             .api_version = "62.0",
                                             .cache_dir = cache_dir,
                                             .retry = { .retries_max = SF_NONE },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00D000000000001!t" } },
                       &sf, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static void assert_account(const sf_document *doc)
{
    sf_value root = sf_document_root(doc);
    assert_string_equal(sf_get_str(root, "name"), "Account");
    assert_string_equal(sf_get_str(root, "fields.1.name"), "Name");
}

static void test_describe__what_is_kept_is_asked_for_again_with_its_date(void **state)
{
    (void)state;
    sf_document *doc = NULL;
    wire_server *server = wire_start((const wire_step *const[]){ fresh }, 1);
    sf_client *sf = open_client(server, NULL);
    assert_int_equal(sf_describe_object(sf, "Account", &(sf_describe_options){ .cache_only = true }, &doc, NULL),
                     SF_DONE);
    assert_null(doc);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sf_describe_object(sf, "Account", NULL, &doc, NULL), SF_OK);
        assert_account(doc);
        sf_document_free(doc);
    }
    char *first = wire_request(server, 0), *second = wire_request(server, 1);
    assert_null(strstr(first, "If-Modified-Since"));
    assert_non_null(strstr(second, "If-Modified-Since: Tue, 19 Nov 2024 10:00:00 GMT"));
    free(first);
    free(second);
    assert_int_equal(sf_describe_object(sf, "Account", &(sf_describe_options){ .cache_only = true }, &doc, NULL),
                     SF_OK);
    assert_account(doc);
    sf_document_free(doc);
    sf_client_close(sf);
    wire_stop(server);
}

/* Cuts the one file of the folder short. */
static void damage_file(void)
{
    DIR *dir = opendir(folder);
    int cut = 0;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[400];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &st) != 0) continue;
        assert_int_equal(truncate(path, st.st_size - 5), 0);
        cut++;
    }
    closedir(dir);
    assert_int_equal(cut, 1);
}

static void test_describe__a_damaged_file_is_asked_for_anew(void **state)
{
    static const wire_step changed[] = { WIRE_REQUEST, ANSWER("200 OK", DATED, BODY, "59"),
                                         WIRE_REQUEST, WIRE_TEXT("HTTP/1.1 304 Not Modified\r\n\r\n"),
                                         WIRE_REQUEST, ANSWER("200 OK", DATED, BODY, "59"),
                                         WIRE_STALL,   WIRE_END };
    (void)state;
    sf_document *doc = NULL;
    sf_error err;
    const sf_describe_options only_kept = { .cache_only = true },
                              once = { .call = &(sf_call_options){ .no_retry = true } };
    wire_server *server = wire_start((const wire_step *const[]){ changed, changed + 2 }, 2);
    sf_client *sf = open_client(server, folder);
    assert_int_equal(sf_describe_object(sf, "Account", NULL, &doc, NULL), SF_OK);
    sf_document_free(doc);
    sf_client_close(sf);
    damage_file();
    sf = open_client(server, folder);
    assert_int_equal(sf_describe_object(sf, "Account", &only_kept, &doc, &err), SF_DONE);
    sf_status rc = sf_describe_object(sf, "Account", &once, &doc, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    assert_account(doc);
    sf_document_free(doc);
    sf_client_close(sf);
    wire_stop(server);
    empty_folder();
}

static void test_describe__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (long n = 0; rc != SF_OK; n++) {
        wire_server *server = wire_start((const wire_step *const[]){ fresh }, 1);
        sf_client *sf = open_client(server, folder);
        long live = test_allocations_live();
        assert_true(n < 2000);
        rc = SF_OK;
        for (int i = 0; i < 2 && rc == SF_OK; i++) { /* kept, and read again from memory or from the folder */
            sf_document *doc = NULL;
            sf_error err = { 0 };
            test_allocations_limit(n);
            rc = sf_describe_object(sf, "Account", NULL, &doc, &err);
            test_allocations_limit(-1);
            if (rc == SF_OK)
                assert_account(doc);
            else if (rc != SF_ERR_MEMORY || doc != NULL)
                fail_msg("allocation %ld: %s: %s", n, sf_status_name(rc), err.message);
            sf_document_free(doc);
        }
        assert_true(live > 0);
        sf_client_close(sf);
        wire_stop(server);
        assert_int_equal(test_allocations_live(), 0);
        if (rc != SF_OK) empty_folder();
    }
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sf_describe_test_XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe__what_is_kept_is_asked_for_again_with_its_date),
        cmocka_unit_test(test_describe__a_damaged_file_is_asked_for_anew),
        cmocka_unit_test(test_describe__survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("describe", tests, begin, end);
}
