/* composite_client_test.c: what real orgs once answered to composites, batches and graphs, replayed through the client:
 * each part, and the cause of a failure. The files lie beside the checkout (shared/recorded); without them the test says so
 * and is skipped. */
#include "support/replay.h"
#include <salesforce.h>

/* A request of so many parts; what they ask for plays no part here. */
static sf_parts *send(replay *r, sf_composite_kind kind, size_t count, sf_status want)
{
    sf_error err;
    sf_parts *parts = NULL;
    char ref[24];
    sf_composite *c = sf_composite_new(kind);
    if (kind == SF_COMPOSITE_GRAPH) assert_int_equal(sf_composite_add_graph(c, "test1"), SF_OK);
    for (size_t i = 0; i < count; i++) {
        snprintf(ref, sizeof ref, "r%zu", i);
        assert_int_equal(sf_composite_add(c, kind == SF_COMPOSITE_BATCH ? NULL : ref, "POST", "sobjects/Account",
                                          (sf_str){ "{}", 2 }),
                         SF_OK);
    }
    sf_status rc = sf_composite_send(r->sf, c, NULL, &parts, &err);
    if (rc != want) fail_msg("%s", err.message);
    sf_composite_free(c);
    return parts;
}

static void test_recorded__parts_that_went_well(void **state)
{
    static const struct {
        const char *file;
        sf_composite_kind kind;
        size_t parts;
        int http_status;
        const char *path, *text; /* in the first part's body; NULL: it is null */
    } cases[] = {
        { "composite/composite-four-queries.json", SF_COMPOSITE, 4, 200, "records.0.attributes.type", "Account" },
        { "composite/composite-delete-null-body.json", SF_COMPOSITE, 3, 304, NULL, NULL },
        { "more/composite/composite-describe-v59.http", SF_COMPOSITE, 1, 200, "name", "Account" },
        { "composite/graph-one-node-v66.http", SF_COMPOSITE_GRAPH, 1, 201, "id", "001dM00003kS3tNQAS" },
        { "composite/batch-v57.http", SF_COMPOSITE_BATCH, 2, 200, "DailyApiRequests.Max", "15000" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        replay r;
        sf_part part;
        sf_error err;
        replay_start(&r, cases[i].file, 200, NULL);
        sf_parts *parts = send(&r, cases[i].kind, cases[i].parts, SF_OK);
        assert_int_equal(sf_parts_count(parts), cases[i].parts);
        assert_int_equal(sf_parts_check(parts, &err), SF_OK);
        assert_true(sf_parts_get(parts, 0, &part));
        assert_int_equal(part.http_status, cases[i].http_status);
        if (cases[i].path != NULL)
            assert_string_equal(sf_get_str(part.body, cases[i].path), cases[i].text);
        else
            assert_int_equal(sf_value_type(part.body), SF_NULL);
        if (cases[i].kind == SF_COMPOSITE_GRAPH) {
            assert_string_equal(part.id.text, cases[i].text);
            assert_string_equal(part.graph_id, "test1");
            assert_string_equal(sf_get_str(part.headers, "Location"),
                                "/services/data/v66.0/sobjects/Account/001dM00003kS3tNQAS");
        }
        if (part.http_status == 304) assert_string_equal(sf_get_str(part.headers, "ETag"), "\"baf7f695\"");
        sf_parts_free(parts);
        replay_stop(&r);
    }
}

static void test_recorded__the_cause_stands_behind_its_consequence(void **state)
{
    (void)state;
    replay r;
    sf_part part;
    sf_error err;
    replay_start(&r, "composite/composite-processing-halted.json", 200, NULL);
    sf_parts *parts = send(&r, SF_COMPOSITE, 2, SF_OK);
    assert_int_equal(sf_parts_failed(parts), 2);
    assert_int_equal(sf_parts_check(parts, &err), SF_ERR_ORG);
    assert_string_equal(err.code, "INVALID_FIELD");
    assert_non_null(strstr(err.message, "part NewPayment2: Foreign key external ID: 0116"));
    assert_true(sf_parts_find(parts, NULL, "NewPayment1", &part));
    assert_true(part.halted);
    sf_parts_free(parts);
    replay_stop(&r);
}

static void test_recorded__a_500_without_a_body(void **state)
{
    (void)state;
    replay r;
    replay_start(&r, "more/errors/composite-500-empty-body.json", 500, NULL);
    assert_null(send(&r, SF_COMPOSITE, 2, SF_ERR_UNKNOWN_OUTCOME));
    replay_stop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded__parts_that_went_well),
        cmocka_unit_test(test_recorded__the_cause_stands_behind_its_consequence),
        cmocka_unit_test(test_recorded__a_500_without_a_body),
    };
    return REPLAY_RUN("recorded composites", tests);
}
