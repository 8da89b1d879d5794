/* records_test.c: the calls on single records and describe against a real local org. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>

static test_org org;
static sf_client *sf;

static sf_client *open_client(const char *cache_dir)
{
    sf_client *out = NULL;
    sf_error err = { 0 };
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .cache_dir = cache_dir,
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &out, &err);
    if (rc != SF_OK) fail_msg("%s", err.message);
    return out;
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org,
                   (const char *const[]){ "--schema", SF_SOURCE_DIR "/tests/integration/data/things.json", NULL });
    sf = open_client(NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        sf_status rc_ = (call);                                                                                        \
        if (rc_ < 0) fail_msg("%s", err.message);                                                                      \
    } while (0)

static void create_thing(sf_record *r, sf_id *id)
{
    sf_error err = { 0 };
    OK(sf_record_create(sf, r, NULL, id, &err));
    assert_int_equal(strlen(id->text), 18);
}

static void test_records__every_field_type_comes_back(void **state)
{
    static const char *const colours[] = { "Red", "Blue" };
    static const char text[] = "O'Brien \"x\" \\ \n木村 Ω \U0001F600 \u202Eשלום\u202C";
    (void)state;
    sf_error err = { 0 };
    sf_id parent, id;
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_str(r, "Ext__c", "parent");
    create_thing(r, &parent);
    sf_record_clear(r);
    (void)sf_record_set_str(r, "Name", "Ünïcödé 'quoted'");
    (void)sf_record_set_str(r, "Text__c", text);
    (void)sf_record_set_decimal(r, "Number__c", "1234567890123.45");
    (void)sf_record_set_int(r, "Whole__c", -42);
    (void)sf_record_set_double(r, "Money__c", 0.5);
    (void)sf_record_set_null(r, "Share__c");
    (void)sf_record_set_bool(r, "Flag__c", true);
    (void)sf_record_set_date(r, "Day__c", 2024, 2, 29);
    (void)sf_record_set_datetime(r, "Moment__c", 1709193600000);
    (void)sf_record_set_time(r, "Clock__c", 8 * 3600000);
    (void)sf_record_set_multipicklist(r, "Colours__c", colours, 2);
    (void)sf_record_set_reference(r, "Parent__r", NULL, "Ext__c", "parent");
    create_thing(r, &id);
    sf_record_free(r);

    sf_document *doc = NULL;
    OK(sf_record_get(sf, "Thing__c", id.text, NULL, &doc, &err));
    sf_value row = sf_document_root(doc);
    int64_t ms;
    assert_string_equal(sf_get_str(row, "Name"), "Ünïcödé 'quoted'");
    assert_string_equal(sf_get_str(row, "Text__c"), text);
    assert_true(sf_get_double(row, "Number__c", 0) == 1234567890123.45);
    assert_int_equal(sf_get_int(row, "Whole__c", 0), -42);
    assert_true(sf_get_double(row, "Money__c", 0) == 0.5);
    assert_true(sf_is_null(row, "Share__c"));
    assert_true(sf_get_bool(row, "Flag__c", false));
    assert_string_equal(sf_get_str(row, "Day__c"), "2024-02-29");
    assert_true(sf_get_time_ms(row, "Moment__c", &ms));
    assert_int_equal(ms, 1709193600000);
    assert_true(sf_get_time_ms(row, "Clock__c", &ms));
    assert_int_equal(ms, 8 * 3600000);
    assert_string_equal(sf_get_str(row, "Colours__c"), "Red;Blue");
    assert_string_equal(sf_get_str(row, "Parent__c"), parent.text);
    sf_document_free(doc);

    OK(sf_record_get(sf, "Thing__c", id.text, &(sf_read_options){ .fields = (const char *const[]){ "Name", NULL } },
                     &doc, &err));
    row = sf_document_root(doc);
    assert_int_equal(sf_value_type(sf_get(row, "Text__c")), SF_MISSING);
    assert_string_equal(sf_get_str(row, "Id"), id.text);
    sf_document_free(doc);
}

static void test_records__base64_bodies_are_kept(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_id account, id;
    sf_record *r = sf_record_new("Account");
    (void)sf_record_set_str(r, "Name", "With an attachment");
    OK(sf_record_create(sf, r, NULL, &account, &err));
    sf_record_free(r);
    r = sf_record_new("Attachment");
    (void)sf_record_set_str(r, "Name", "a.bin");
    (void)sf_record_set_str(r, "ParentId", account.text);
    (void)sf_record_set_base64(r, "Body", "\0\1\2\xff", 4);
    sf_status rc = sf_record_create(sf, r, NULL, &id, &err);
    sf_record_free(r);
    if (rc != SF_OK) fail_msg("%s", err.message);
    sf_document *doc = NULL;
    OK(sf_record_get(sf, "Attachment", id.text, NULL, &doc, &err));
    assert_non_null(strstr(sf_get_str(sf_document_root(doc), "Body"), id.text)); /* a path to the bytes */
    sf_document_free(doc);
}

static void test_records__live_from_create_to_delete(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_id id;
    sf_document *doc = NULL;
    sf_record *r = sf_record_new("Account");
    (void)sf_record_set_str(r, "Name", "Acme");
    OK(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_clear(r);
    (void)sf_record_set_str(r, "Name", "Acme 2");
    (void)sf_record_set_str(r, "Industry", "Banking");
    OK(sf_record_update(sf, r, id.text, NULL, &err));
    sf_record_free(r);
    OK(sf_record_get(sf, "Account", id.text, NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "Name"), "Acme 2");
    sf_document_free(doc);
    OK(sf_record_delete(sf, "Account", id.text, NULL, &err));
    assert_int_equal(sf_record_get(sf, "Account", id.text, NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_null(doc);
    assert_int_equal(err.http_status, 404);
    assert_string_equal(err.code, "ENTITY_IS_DELETED");
    assert_int_equal(sf_record_delete(sf, "Account", id.text, NULL, &err), SF_ERR_NOT_FOUND);
}

/* Values that would change the path if they were not encoded. */
static void test_records__external_ids_are_any_text(void **state)
{
    static const char *const values[] = {
        "plain", "with space",      "a/b",       "..",  ".",          "a%2Fb",       "x?y=z&q#f", "O'Brien", "x.jsonx",
        "v1.0",  "木村 \U0001F600", "\u202Eabc", "a+b", "semi;colon", "back\\slash",
    };
    (void)state;
    sf_error err = { 0 };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        print_message("  %s\n", values[i]);
        sf_upsert_result first = { 0 }, second = { 0 };
        sf_document *doc = NULL;
        sf_record *r = sf_record_new("Thing__c");
        (void)sf_record_set_str(r, "Name", "one");
        OK(sf_record_upsert(sf, r, "Ext__c", values[i], NULL, &first, &err));
        assert_true(first.created);
        (void)sf_record_set_str(r, "Name", "two");
        OK(sf_record_upsert(sf, r, "Ext__c", values[i], NULL, &second, &err));
        assert_false(second.created);
        assert_string_equal(first.id.text, second.id.text);
        sf_record_free(r);
        OK(sf_record_get_by_external_id(sf, "Thing__c", "Ext__c", values[i], NULL, &doc, &err));
        assert_string_equal(sf_get_str(sf_document_root(doc), "Ext__c"), values[i]);
        assert_string_equal(sf_get_str(sf_document_root(doc), "Name"), "two");
        sf_document_free(doc);
        OK(sf_record_delete_by_external_id(sf, "Thing__c", "Ext__c", values[i], NULL, &err));
        assert_int_equal(sf_record_get_by_external_id(sf, "Thing__c", "Ext__c", values[i], NULL, &doc, &err),
                         SF_ERR_NOT_FOUND);
    }
}

static void test_records__several_matches_are_named(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_id one, two;
    sf_document *doc = NULL;
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_str(r, "Loose__c", "same");
    create_thing(r, &one);
    create_thing(r, &two);
    sf_record_clear(r);
    (void)sf_record_set_str(r, "Name", "x");
    assert_int_equal(sf_record_get_by_external_id(sf, "Thing__c", "Loose__c", "same", NULL, &doc, &err), SF_ERR_ORG);
    assert_int_equal(err.http_status, 300);
    assert_non_null(strstr(err.message, one.text));
    assert_non_null(strstr(err.message, two.text));
    assert_int_equal(sf_record_upsert(sf, r, "Loose__c", "same", NULL, NULL, &err), SF_ERR_ORG);
    assert_int_equal(err.http_status, 300);
    sf_record_free(r);
}

static void test_records__creates_by_external_id_can_be_repeated(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_id one = { "" }, two = { "" };
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_str(r, "Ext__c", "once/only");
    (void)sf_record_set_str(r, "Name", "n");
    const sf_write_options by = { .external_id = "Ext__c" };
    test_org_fault(&org, "lost:path=/sobjects/Thing__c,times=1"); /* the write takes effect, its answer is lost */
    sf_status rc = sf_record_create(sf, r, &by, &one, &err);
    test_org_faults_clear(&org);
    if (rc != SF_OK) fail_msg("%s", err.message);
    OK(sf_record_create(sf, r, &by, &two, &err));
    assert_string_equal(one.text, two.text);
    int64_t count = 0;
    OK(sf_query_count(sf, "SELECT COUNT() FROM Thing__c WHERE Ext__c = 'once/only'", NULL, &count, &err));
    assert_int_equal(count, 1);
    sf_record_clear(r);
    (void)sf_record_set_str(r, "Name", "n");
    assert_int_equal(sf_record_create(sf, r, &by, NULL, &err), SF_ERR_USAGE); /* not set */
    sf_record_free(r);
}

static void test_records__conditions_hold(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_id id;
    sf_document *doc = NULL;
    sf_record *r = sf_record_new("Account");
    (void)sf_record_set_str(r, "Name", "Conditional");
    OK(sf_record_create(sf, r, NULL, &id, &err));
    int64_t future = 4102444800000, past = 946684800000;
    assert_int_equal(
        sf_record_get(sf, "Account", id.text, &(sf_read_options){ .if_modified_since_ms = future }, &doc, &err),
        SF_DONE);
    assert_null(doc);
    OK(sf_record_get(sf, "Account", id.text, &(sf_read_options){ .if_modified_since_ms = past }, &doc, &err));
    sf_document_free(doc);
    OK(sf_record_update(sf, r, id.text, &(sf_write_options){ .if_unmodified_since_ms = future }, &err));
    assert_int_equal(sf_record_update(sf, r, id.text, &(sf_write_options){ .if_unmodified_since_ms = past }, &err),
                     SF_ERR_ORG);
    assert_int_equal(err.http_status, 412);
    assert_int_equal(sf_record_update(sf, r, id.text, &(sf_write_options){ .if_match = "\"not this\"" }, &err),
                     SF_ERR_ORG);
    assert_int_equal(err.http_status, 412);
    sf_record_free(r);
}

static void test_records__update_only_creates_nothing(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_record *r = sf_record_new("Thing__c");
    (void)sf_record_set_str(r, "Name", "x");
    assert_int_equal(
        sf_record_upsert(sf, r, "Ext__c", "not there", &(sf_write_options){ .update_only = true }, NULL, &err),
        SF_ERR_NOT_FOUND);
    sf_record_free(r);
}

static void test_records__errors_name_the_thing(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_id id = { "" };
    sf_document *doc = NULL;
    sf_record *r = sf_record_new("Contact");
    (void)sf_record_set_str(r, "FirstName", "only");
    assert_int_equal(sf_record_create(sf, r, NULL, &id, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "REQUIRED_FIELD_MISSING");
    assert_string_equal(err.fields, "LastName");
    assert_string_equal(id.text, "");
    (void)sf_record_set_str(r, "LastName", "l");
    (void)sf_record_set_str(r, "Nonsense__c", "l");
    assert_int_equal(sf_record_create(sf, r, NULL, &id, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_FIELD");
    sf_record_free(r);
    r = sf_record_new("Nothing__c");
    assert_int_equal(sf_record_create(sf, r, NULL, &id, &err), SF_ERR_NOT_FOUND);
    sf_record_free(r);
    assert_int_equal(sf_record_get(sf, "Account", "nonsense", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_record_get(sf, "Account/x", "001000000000000AAA", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_record_get(sf, "Account", "001000000000000AAA", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "get Account 001000000000000AAA: ")); /* the error names the thing */
    assert_int_equal(sf_record_create(sf, NULL, NULL, &id, &err), SF_ERR_USAGE);
    assert_int_equal(sf_record_get_by_external_id(sf, "Thing__c", "Ext__c", "", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_record_get_by_external_id(sf, "Thing__c", "Ext__c", "a.json", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_record_get_by_external_id(sf, "Thing__c", "Ext__c", "a.XML", NULL, &doc, &err), SF_ERR_USAGE);
    assert_int_equal(sf_record_get_by_external_id(sf, "Thing__c", "Name__x", "v", NULL, &doc, &err), SF_ERR_NOT_FOUND);
}

static void test_describe__is_asked_again_only_by_date(void **state)
{
    (void)state;
    sf_error err = { 0 };
    char dir[] = "/tmp/sf-describe-XXXXXX";
    assert_non_null(mkdtemp(dir));
    for (int program = 0; program < 2; program++) {
        sf_client *c = open_client(dir);
        sf_client_stats before, after;
        sf_document *doc = NULL;
        assert_int_equal(sf_client_login(c, NULL, &err), SF_OK);
        sf_status rc = sf_describe_object(c, "Account", &(sf_describe_options){ .cache_only = true }, &doc, &err);
        assert_int_equal(rc, program == 0 ? SF_DONE : SF_OK);
        sf_document_free(doc);
        OK(sf_describe_object(c, "Account", NULL, &doc, &err));
        assert_string_equal(sf_get_str(sf_document_root(doc), "name"), "Account");
        sf_document_free(doc);
        sf_client_get_stats(c, &before);
        OK(sf_describe_object(c, "Account", NULL, &doc, &err));
        assert_true(sf_value_count(sf_get(sf_document_root(doc), "fields")) > 20);
        sf_document_free(doc);
        sf_client_get_stats(c, &after);
        assert_int_equal(after.requests, before.requests + 1);
        assert_true(after.bytes_received - before.bytes_received < 2000); /* an empty 304 */
        OK(sf_describe_object(c, "Account", &(sf_describe_options){ .no_cache = true }, &doc, &err));
        sf_document_free(doc);
        sf_client_close(c);
    }
    char command[128];
    struct stat st;
    snprintf(command, sizeof command, "stat -c %%a %s/describe-*.json | sort -u", dir);
    FILE *pipe = popen(command, "r");
    char mode[16] = "";
    assert_non_null(fgets(mode, sizeof mode, pipe));
    pclose(pipe);
    assert_string_equal(mode, "600\n");
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    assert_int_not_equal(stat(dir, &st), 0);
}

static void test_describe__says_what_the_org_is(void **state)
{
    (void)state;
    sf_error err = { 0 };
    sf_document *doc = NULL;
    OK(sf_describe_global(sf, NULL, &doc, &err));
    assert_true(sf_value_count(sf_get(sf_document_root(doc), "sobjects")) > 5);
    sf_document_free(doc);
    OK(sf_describe_basic(sf, "Account", NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "objectDescribe.name"), "Account");
    sf_document_free(doc);
    OK(sf_get_versions(sf, NULL, &doc, &err));
    assert_non_null(sf_get_str(sf_document_root(doc), "0.version"));
    sf_document_free(doc);
    OK(sf_get_resources(sf, NULL, &doc, &err));
    assert_string_equal(sf_get_str(sf_document_root(doc), "sobjects"), "/services/data/v62.0/sobjects");
    sf_document_free(doc);
    OK(sf_get_limits(sf, NULL, &doc, &err));
    assert_true(sf_get_int(sf_document_root(doc), "DailyApiRequests.Max", 0) > 0);
    sf_document_free(doc);
    assert_int_equal(sf_describe_object(sf, "Nothing__c", NULL, &doc, &err), SF_ERR_NOT_FOUND);
    assert_null(doc);
    assert_int_equal(sf_describe_object(sf, "no/name", NULL, &doc, &err), SF_ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records__every_field_type_comes_back),
        cmocka_unit_test(test_records__base64_bodies_are_kept),
        cmocka_unit_test(test_records__live_from_create_to_delete),
        cmocka_unit_test(test_records__external_ids_are_any_text),
        cmocka_unit_test(test_records__several_matches_are_named),
        cmocka_unit_test(test_records__creates_by_external_id_can_be_repeated),
        cmocka_unit_test(test_records__conditions_hold),
        cmocka_unit_test(test_records__update_only_creates_nothing),
        cmocka_unit_test(test_records__errors_name_the_thing),
        cmocka_unit_test(test_describe__is_asked_again_only_by_date),
        cmocka_unit_test(test_describe__says_what_the_org_is),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("records", tests, start, stop);
}
