/* publish_test.c: publishing against a real local org: one event, many, and a stream, by REST and SOAP; what a subscriber then
 * gets is what the results said. */
#include "support/org_process.h"
#include "support/support.h"
#include <salesforce.h>

static test_org org;
static sf_client *sf;
static sf_error err;

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema",
                                                SF_SOURCE_DIR "/tests/integration/data/events.json", NULL });
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                             .api_version = "62.0",
                                             .retry = { .pause_ms = 5 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                       &sf, &err);
    return rc == SF_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

static sf_record *low_ink(const char *model, int64_t level)
{
    sf_record *r = sf_record_new("Low_Ink__e");
    if (model != NULL) (void)sf_record_set_str(r, "Model__c", model);
    (void)sf_record_set_int(r, "Level__c", level);
    return r;
}

/* ---- what was published ---- */

enum { HEARD_MAX = 1200 };
typedef struct heard {
    sf_listener *l;
    char uuids[HEARD_MAX][64];
    double levels[HEARD_MAX];
    int count, want;
    int64_t last;
} heard;

static heard all; /* of everything up to now */

static sf_status on_message(void *user, const sf_event *e)
{
    heard *h = user;
    if (h->count < HEARD_MAX) {
        snprintf(h->uuids[h->count], sizeof h->uuids[0], "%s", e->uuid != NULL ? e->uuid : "");
        h->levels[h->count] = sf_get_double(e->payload, "Level__c", -1);
    }
    h->count++;
    h->last = e->replay_id;
    if (h->count == h->want) sf_listener_stop(h->l);
    return SF_OK;
}

/* The next want events behind what was heard before. */
static void hear(int want)
{
    const sf_event_service service = { .user = &all, .on_message = on_message };
    const sf_attach_options from = { .replay = all.last > 0 ? SF_REPLAY_ID : SF_REPLAY_EARLIEST,
                                     .replay_id = all.last };
    all.count = 0;
    all.want = want;
    assert_int_equal(sf_listener_open(sf, NULL, &all.l, &err), SF_OK);
    assert_int_equal(sf_listener_attach_events(all.l, "/event/Low_Ink__e", &service, &from, &err), SF_OK);
    if (sf_listener_run(all.l, &err) != SF_OK) fail_msg("%s", err.message);
    sf_listener_close(all.l);
    assert_int_equal(all.count, want);
}

/* ---- tests ---- */

static void test_publish__one_by_either_way(void **state)
{
    (void)state;
    sf_record *event = low_ink("XZ-5", 1);
    sf_publish_result results[2];
    for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) {
        const sf_publish_options o = { .way = (sf_publish_way)way };
        if (sf_publish(sf, event, &o, &results[way], &err) != SF_OK) fail_msg("%s", err.message);
        assert_int_equal(strlen(results[way].uuid), 36);
        assert_int_equal(strncmp(results[way].id.text, "e0", 2), 0);
    }
    hear(2);
    assert_string_equal(all.uuids[0], results[0].uuid);
    assert_string_equal(all.uuids[1], results[1].uuid);
    sf_record_free(event);
}

static void test_publish__refused(void **state)
{
    (void)state;
    static const struct {
        const char *event, *field, *code;
    } cases[] = { { "Low_Ink__e", "Level__c", "REQUIRED_FIELD_MISSING" },
                  { "Low_Ink__e", "Nothing__c", "INVALID_FIELD" },
                  { "Nowhere__e", "A__c", NULL } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_record *r = sf_record_new(cases[i].event);
        (void)sf_record_set_int(r, cases[i].field, 1);
        for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) {
            const sf_publish_options o = { .way = (sf_publish_way)way };
            sf_publish_result result = { .row = -7 };
            sf_status rc = sf_publish(sf, r, &o, &result, &err);
            print_message("  %s.%s by %d: %s\n", cases[i].event, cases[i].field, way, err.message);
            assert_true(rc == SF_ERR_ORG || (cases[i].code == NULL && rc == SF_ERR_NOT_FOUND));
            if (cases[i].code != NULL) assert_int_equal(strncmp(err.code, cases[i].code, strlen(cases[i].code)), 0);
            assert_int_equal(result.row, -7);
        }
        sf_record_free(r);
    }
}

/* 450 events in three requests; those without a model are refused, the others keep their order. */
static void test_publish__many_by_either_way(void **state)
{
    (void)state;
    enum { COUNT = 450, EACH = 50 };
    static sf_record *events[COUNT];
    static sf_publish_result results[COUNT];
    for (int i = 0; i < COUNT; i++) events[i] = low_ink(i % EACH == 7 ? NULL : "m", i);
    for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) {
        const sf_publish_options o = { .way = (sf_publish_way)way };
        assert_int_equal(sf_publish_many(sf, (const sf_record *const *)events, COUNT, &o, results, &err), SF_ERR_ORG);
        assert_non_null(strstr(err.message, "9 of 450"));
        hear(COUNT - COUNT / EACH);
        for (int i = 0, at = 0; i < COUNT; i++) {
            assert_int_equal(results[i].row, i);
            assert_int_equal(results[i].success, i % EACH != 7);
            if (!results[i].success) {
                assert_string_equal(results[i].error.code, "REQUIRED_FIELD_MISSING");
                assert_string_equal(results[i].error.fields, "Model__c");
                continue;
            }
            assert_string_equal(results[i].uuid, all.uuids[at]);
            assert_true(all.levels[at++] == i);
        }
    }
    for (int i = 0; i < COUNT; i++) sf_record_free(events[i]);
}

static bool keep(void *user, const sf_publish_result *r)
{
    int64_t *next = user;
    assert_int_equal(r->row, (*next)++);
    return true;
}

static void test_publish__a_stream_of_json(void **state)
{
    (void)state;
    for (int way = SF_PUBLISH_REST; way <= SF_PUBLISH_SOAP; way++) {
        sf_publisher *p = NULL;
        sf_publish_counts n;
        int64_t told = 0;
        assert_int_equal(sf_publisher_open(sf,
                                           &(sf_publisher_options){ .event = "Low_Ink__e",
                                                                    .way = (sf_publish_way)way,
                                                                    .batch_events = 100,
                                                                    .on_result = keep,
                                                                    .user = &told },
                                           &p, &err),
                         SF_OK);
        for (int i = 0; i < 1050; i++) {
            char json[80];
            int len = snprintf(json, sizeof json, "{\"Model__c\":\"<&\\u00e9>\",\"Level__c\":%d.5}", i);
            assert_int_equal(sf_publisher_add_json(p, (sf_str){ json, (size_t)len }, &err), SF_OK);
        }
        assert_int_equal(sf_publisher_flush(p, &err), SF_OK);
        sf_publisher_get_counts(p, &n);
        assert_int_equal(n.published, 1050);
        assert_int_equal(sf_publisher_close(p, &n, &err), SF_OK);
        assert_int_equal(n.requests, 11);
        assert_int_equal(told, 1050);
        hear(1050);
        for (int i = 0; i < 1050; i++) assert_true(all.levels[i] == i + 0.5); /* in order */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish__one_by_either_way),
        cmocka_unit_test(test_publish__refused),
        cmocka_unit_test(test_publish__many_by_either_way),
        cmocka_unit_test(test_publish__a_stream_of_json),
    };
    return cmocka_run_group_tests_name("publish", tests, start, stop);
}
