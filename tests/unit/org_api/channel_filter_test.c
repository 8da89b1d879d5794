/* channel_filter_test.c: filters of channels when memory is short: taking the expressions fails as a whole or not at all, and an event
 * that could not be asked is not lost: its transaction fails. What filters mean is in integration.org_channel_filters. */
#include "api/channel_filter.h"
#include "json/json_internal.h"
#include "support/support.h"

static sfo_schema *schema;
static sfo_store *store;

static int count_events(const char *topic)
{
    static const char *const sql = "SELECT count(*) FROM sfo_event WHERE topic=?1";
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(sfo_store_db(store), sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(stmt, 1, topic, -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int count = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return count;
}

static bool publish(const char *text)
{
    sfi_json *doc = NULL;
    sf_id id;
    sfo_fault f = { 0 };
    const sfo_context c = { .user_id = sfo_store_admin_id(store), .version = "62.0", .version_number = 62 };
    bool ok = sfi_json_new(&doc, NULL) == SF_OK && sfi_json_parse(doc, sfi_str(text), NULL) == SF_OK;
    ok =
        ok && sfo_record_create(store, &c, sfo_schema_object(schema, SFI_STR("Order__e")), sfi_json_root(doc), &id, &f);
    sfo_fault_clear(&f);
    sfi_json_free(doc);
    return ok;
}

static void test_channel_filter__expressions_survive_each_failed_allocation(void **state)
{
    (void)state;
    sf_status rc = SF_ERR_MEMORY;
    for (long n = 0; rc != SF_OK; n++) {
        sfo_channel_filters *filters;
        sf_error err;
        test_allocations_limit(n);
        rc = sfo_channel_filters_new(store, &filters, &err);
        test_allocations_limit(-1);
        assert_true(rc == SF_OK || (rc == SF_ERR_MEMORY && filters == NULL));
        sfo_channel_filters_free(filters);
    }
}

static void test_channel_filter__an_event_is_asked_or_its_transaction_fails(void **state)
{
    (void)state;
    sfo_channel_filters *filters;
    assert_int_equal(sfo_channel_filters_new(store, &filters, NULL), SF_OK);
    int done = 0;
    for (long n = 0; done == 0; n++) {
        int before = count_events("Order__e"), in = count_events("/event/In__chn"),
            out = count_events("/event/NotIn__chn");
        test_allocations_limit(n);
        done = publish("{\"City__c\":\"Porto\"}");
        test_allocations_limit(-1);
        assert_int_equal(count_events("Order__e"), before + done);
        assert_int_equal(count_events("/event/In__chn"), in + done);
        assert_int_equal(count_events("/event/NotIn__chn"), out);
    }
    sfo_channel_filters_free(filters);
    int out = count_events("/event/NotIn__chn");
    assert_true(publish("{\"City__c\":\"Porto\"}")); /* nobody judges any more */
    assert_int_equal(count_events("/event/NotIn__chn"), out + 1);
}

static int start(void **state)
{
    sf_error err;
    (void)state;
    assert_int_equal(sfo_schema_load(SF_SOURCE_DIR "/tests/integration/data/channel_filters.json", &schema, &err),
                     SF_OK);
    assert_int_equal(sfo_store_open(":memory:", schema, &store, &err), SF_OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sfo_store_close(store);
    sfo_schema_free(schema);
    return test_allocations_live() == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channel_filter__expressions_survive_each_failed_allocation),
        cmocka_unit_test(test_channel_filter__an_event_is_asked_or_its_transaction_fails),
    };
    return cmocka_run_group_tests_name("channel_filter", tests, start, stop);
}
