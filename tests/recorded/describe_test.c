/* describe_test.c: answers of real orgs about themselves, replayed through the client: counts, recent items, and every
 * picklist of every recorded describe. Without the files (shared/recorded beside the checkout) the test is skipped. */
#include "support/support.h"
#include "support/wire_server.h"
#include <salesforce.h>

static const char *shared;

/* The body of a recording, which stands behind an empty line when its head was recorded. free(). */
static char *body_of(const char *name)
{
    char path[1024];
    size_t len = 0;
    snprintf(path, sizeof path, "%s/recorded/%s", shared, name);
    char *text = test_read_file(path, &len);
    if (text == NULL) fail_msg("%s is not there", path);
    char *end = strstr(name, ".http") != NULL ? strstr(text, "\r\n\r\n") : NULL;
    if (end != NULL) memmove(text, end + 4, strlen(end + 4) + 1);
    return text;
}

typedef struct replay {
    char *answer;
    wire_step steps[3];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
} replay;

static void replay_start(replay *r, const char *name)
{
    print_message("  %s\n", name);
    memset(r, 0, sizeof *r);
    char *body = body_of(name);
    size_t size = strlen(body) + 200;
    r->answer = malloc(size);
    int len =
        snprintf(r->answer, size,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(body), body);
    free(body);
    r->steps[0] = (wire_step)WIRE_REQUEST;
    r->steps[1] = (wire_step){ WIRE_OP_SEND, r->answer, (size_t)len };
    r->steps[2] = (wire_step)WIRE_AGAIN;
    r->script = r->steps;
    r->server = wire_start(&r->script, 1);
    assert_non_null(r->server);
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(r->server, ""),
                                             .api_version = "62.0",
                                             .retry = { .retries_max = SF_NONE },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dtest!token" } },
                       &r->sf, NULL),
        SF_OK);
}

static void replay_stop(replay *r)
{
    sf_client_close(r->sf);
    wire_stop(r->server);
    free(r->answer);
}

static void test_recorded__counts_are_read(void **state)
{
    static const struct {
        const char *file, *name;
        int64_t count;
    } cases[] = { { "limits/record-count-empty-list.json", NULL, 0 },
                  { "limits/record-count-one.json", "Account", 1 },
                  { "more/limits/record-count-zero.json", "Event", 0 } };
    static const char *const objects[] = { "Account", NULL };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_error err = { 0 };
        sf_document *doc = NULL;
        replay_start(&r, cases[i].file);
        if (sf_get_record_counts(r.sf, objects, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
        sf_value list = sf_get(sf_document_root(doc), "sObjects");
        assert_int_equal(sf_value_count(list), cases[i].name != NULL ? 1 : 0);
        if (cases[i].name != NULL) {
            assert_string_equal(sf_get_str(list, "0.name"), cases[i].name);
            assert_int_equal(sf_get_int(list, "0.count", -1), cases[i].count);
        }
        sf_document_free(doc);
        char *request = wire_request(r.server, 0);
        assert_non_null(strstr(request, "/services/data/v62.0/limits/recordCount?sObjects=Account HTTP"));
        free(request);
        replay_stop(&r);
    }
}

static void test_recorded__recent_items_are_read(void **state)
{
    static const char *const types[] = { "Account", "Account", "User" };
    (void)state;
    replay r;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    sf_value item;
    size_t n = 0;
    replay_start(&r, "misc/recent-v60.http");
    if (sf_get_recent(r.sf, 3, NULL, &doc, &err) != SF_OK) fail_msg("%s", err.message);
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, NULL, &item); n++) {
        assert_true(n < COUNT_OF(types));
        assert_string_equal(sf_get_str(item, "attributes.type"), types[n]);
        assert_int_equal(strlen(sf_get_str(item, "Id")), 18);
        assert_non_null(sf_get_str(item, "Name"));
    }
    assert_int_equal(n, COUNT_OF(types));
    sf_document_free(doc);
    replay_stop(&r);
}

/* Every field that has values is read with all of them; a dependent one is valid for just what its bitmap says. */
static void test_recorded__every_picklist_of_every_describe_is_read(void **state)
{
    static const char *const files[] = {
        "describe/account-v42-2021.http",
        "describe/account-v58.http",
        "describe/contact-indented.json",
        "describe/event-compact.json",
        "describe/lead-compact.json",
        "describe/lead-v42.http",
        "describe/opportunity-pretty.json",
        "describe/topic-v42.http",
        "describe/whizbang-custom-object-v20.json",
        "more/describe/campaign-v42.http",
        "more/describe/case-v-old.json",
        "more/describe/contact-v42.http",
        "more/describe/opportunitycontactrole.json",
    };
    (void)state;
    size_t picklists = 0, dependent = 0;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        char *body = body_of(files[i]);
        sf_document *doc = NULL;
        sf_value field, value;
        sf_error err = { 0 };
        print_message("  %s\n", files[i]);
        if (sf_document_parse(body, strlen(body), &doc, &err) != SF_OK) fail_msg("%s", err.message);
        for (sf_iter it = sf_iter_begin(sf_get(sf_document_root(doc), "fields")); sf_iter_next(&it, NULL, &field);) {
            const char *name = sf_get_str(field, "name");
            sf_value list = sf_get(field, "picklistValues");
            size_t n = sf_value_count(list), k = 0;
            sf_picklist *p = NULL;
            sf_status rc = sf_picklist_read(sf_document_root(doc), name, &p, &err);
            if (rc != (n > 0 ? SF_OK : SF_ERR_NOT_FOUND)) fail_msg("%s: %s", name, err.message);
            if (rc != SF_OK) continue;
            picklists++;
            assert_int_equal(sf_picklist_count(p), n);
            assert_int_equal(sf_picklist_is_dependent(p), sf_get_str(field, "controllerName") != NULL);
            for (sf_iter each = sf_iter_begin(list); sf_iter_next(&each, NULL, &value); k++) {
                assert_string_equal(sf_picklist_at(p, k).value, sf_get_str(value, "value"));
                assert_int_equal(sf_picklist_at(p, k).is_active, sf_get_bool(value, "active", false));
            }
            if (sf_picklist_is_dependent(p)) dependent++;
            sf_picklist_free(p);
        }
        sf_document_free(doc);
        free(body);
    }
    print_message("  %zu picklists, %zu of them dependent\n", picklists, dependent);
    assert_true(picklists > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__counts_are_read),
        cmocka_unit_test(test_recorded__recent_items_are_read),
        cmocka_unit_test(test_recorded__every_picklist_of_every_describe_is_read),
    };
    shared = test_shared_dir();
    if (shared == NULL) {
        puts("skipped: there is no ../shared beside the checkout");
        return 77;
    }
    test_allocator_install();
    return cmocka_run_group_tests_name("recorded describe", tests, NULL, NULL);
}
