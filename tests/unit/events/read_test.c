/* read_test.c: messages of the org as events: of each kind, in any order of members, with what may be missing. */
#include "events/listener_internal.h"
#include "support/support.h"

#define HEADER(more)                                                                                                   \
    "\"ChangeEventHeader\":{\"entityName\":\"Account\",\"changeType\":\"UNDELETE\",\"commitTimestamp\":"               \
    "1763899207000" more "}"
#define CHANGE(more)                                                                                                   \
    "{\"channel\":\"/data/ChangeEvents\",\"data\":{\"event\":{\"replayId\":7},\"payload\":{\"CreatedDate\":"           \
    "\"2019-01-01T00:00:00.000Z\"," HEADER(more) ",\"Name\":\"x\"}}}"

typedef struct reading {
    sfi_json *doc;
    sfi_attachment a;
    sf_event event;
} reading;

static void read_message(reading *r, const char *message)
{
    if (r->doc == NULL) assert_int_equal(sfi_json_new(&r->doc, NULL), SF_OK);
    assert_int_equal(sfi_json_parse(r->doc, sfi_str(message), NULL), SF_OK);
    sfi_event_read(&r->a, sfi_json_root(r->doc), &r->event);
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void test_read__each_kind_of_event(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        int64_t replay_id, created_ms;
        const char *uuid, *name, *schema, *type;
        sf_type payload;
    } cases[] = {
        { "{\"data\":{\"schema\":\"s\",\"payload\":{\"CreatedDate\":\"2025-11-23T12:00:07.051Z\",\"A__c\":1},\"event\":"
          "{\"EventUuid\":"
          "\"u\",\"replayId\":9,\"EventApiName\":\"A__e\"}},\"channel\":\"/event/A__e\"}",
          9, 1763899207051, "u", "A__e", "s", NULL, SF_OBJECT },
        { "{\"channel\":\"/topic/T\",\"clientId\":\"c\",\"data\":{\"event\":{\"type\":\"created\",\"createdDate\":"
          "\"2025-11-23T12:00:07.051Z\",\"replayId\":17},\"sobject\":{\"Id\":\"5\"}}}",
          17, 1763899207051, NULL, NULL, NULL, "created", SF_OBJECT },
        { "{\"channel\":\"/u/"
          "n\",\"data\":{\"event\":{\"createdDate\":\"2025-11-23T12:00:07.051Z\",\"replayId\":18},\"payload\":\"text\"}"
          "}",
          18, 1763899207051, NULL, NULL, NULL, NULL, SF_STRING },
        { CHANGE(""), 7, 1763899207000, NULL, NULL, NULL, NULL, SF_OBJECT }, /* not when the record was made */
        { "{\"data\":{\"payload\":{\"ChangeEventHeader\":{\"entityName\":\"A\"},\"CreatedDate\":\"2019-01-01T00:00:"
          "00Z\"}}}",
          -1, -1, NULL, NULL, NULL, NULL, SF_OBJECT },
        { "{\"data\":{\"event\":{\"replayId\":\"x\",\"createdDate\":\"yesterday\"},\"payload\":{\"CreatedDate\":5}}}",
          -1, -1, NULL, NULL, NULL, NULL, SF_OBJECT },
        { "{\"data\":[1]}", -1, -1, NULL, NULL, NULL, NULL, SF_MISSING },
        { "[]", -1, -1, NULL, NULL, NULL, NULL, SF_MISSING },
    };
    reading r = { .a = { .channel = "/x/y" } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("  %s\n", cases[i].message);
        read_message(&r, cases[i].message);
        assert_string_equal(r.event.channel, "/x/y");
        assert_int_equal(r.event.replay_id, cases[i].replay_id);
        assert_int_equal(r.event.created_ms, cases[i].created_ms);
        assert_int_equal(sf_value_type(r.event.payload), cases[i].payload);
        assert_true(is_same(r.event.uuid, cases[i].uuid) && is_same(r.event.name, cases[i].name));
        assert_true(is_same(r.event.schema, cases[i].schema) && is_same(r.event.type, cases[i].type));
    }
    sfi_json_free(r.doc);
}

static void test_read__changes_and_headers_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        sf_status want;
        const char *says; /* NULL: all is well */
        size_t ids, changed, nulled, diff;
    } cases[] = {
        { CHANGE(",\"recordIds\":[\"1\",\"2\"]"), SF_OK, NULL, 2, 0, 0, 0 },
        { CHANGE(",\"diffFields\":[\"D\"],\"nulledFields\":[],\"changedFields\":[\"A\",\"B.C\"],\"recordIds\":[\"1\"]"),
          SF_OK, NULL, 1, 2, 0, 1 },
        { CHANGE(",\"recordIds\":[\"1\"],\"changedFields\":null"), SF_OK, NULL, 1, 0, 0, 0 },
        { CHANGE(""), SF_ERR_PROTOCOL, "no recordIds", 0, 0, 0, 0 },
        { CHANGE(",\"recordIds\":[{}]"), SF_ERR_PROTOCOL, "no text", 0, 0, 0, 0 },
        { "{\"data\":{\"payload\":{\"Name\":\"x\"}}}", SF_ERR_PROTOCOL, "no ChangeEventHeader", 0, 0, 0, 0 },
        { "{\"data\":{\"payload\":{\"ChangeEventHeader\":{\"changeType\":\"CREATE\",\"recordIds\":[\"1\"]}}}}",
          SF_ERR_PROTOCOL, "no entityName", 0, 0, 0, 0 },
        { "{\"data\":{\"payload\":{\"ChangeEventHeader\":{\"changeType\":\"NEW\",\"entityName\":\"A\",\"recordIds\":["
          "\"1\"]}}}}",
          SF_ERR_PROTOCOL, "NEW", 0, 0, 0, 0 },
    };
    reading r = { .a = { .channel = "/x/y", .is_cdc = true } };
    sfi_arena arena = { .max = 1 << 20 };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_cdc_event change;
        sf_error err = { 0 };
        print_message("  %s\n", cases[i].message);
        read_message(&r, cases[i].message);
        assert_int_equal(sfi_cdc_read(&arena, &r.event, &change, &err), cases[i].want);
        if (cases[i].says != NULL) {
            assert_non_null(strstr(err.message, cases[i].says));
            continue;
        }
        assert_string_equal(change.entity, "Account");
        assert_int_equal(change.type, SF_CHANGE_UNDELETE);
        assert_int_equal(change.commit_ms, 1763899207000);
        assert_true(change.commit_number == -1 && change.sequence == -1);
        assert_true(change.origin[0] == '\0' && change.commit_user[0] == '\0' && change.transaction_key[0] == '\0');
        assert_int_equal(change.record_id_count, cases[i].ids);
        assert_int_equal(change.changed_count, cases[i].changed);
        assert_int_equal(change.nulled_count, cases[i].nulled);
        assert_int_equal(change.diff_count, cases[i].diff);
        assert_string_equal(change.record_ids[change.record_id_count - 1], cases[i].ids == 2 ? "2" : "1");
        sfi_arena_reset(&arena);
    }
    sfi_arena_free(&arena);
    sfi_json_free(r.doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read__each_kind_of_event),
        cmocka_unit_test(test_read__changes_and_headers_that_are_none),
    };
    return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
