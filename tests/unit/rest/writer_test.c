/* writer_test.c: a writer against scripted answers: locked rows are sent again alone and keep their place, answers that are
 * none, cancelling, how much is under way and in memory, and each allocation failing in turn. */
#include <salesforce.h>
#include "support/support.h"
#include "support/wire_server.h"

#define OK "{\"id\":\"001000000000001AAA\",\"success\":true,\"errors\":[]}"
#define LOCKED                                                                                                         \
    "{\"success\":false,\"errors\":[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":\"unable to "                   \
    "obtain\",\"fields\":[]}]}"
#define BAD "{\"success\":false,\"errors\":[{\"statusCode\":\"X\",\"message\":\"m\",\"fields\":[]}]}"
#define UNDONE                                                                                                         \
    "{\"success\":false,\"errors\":[{\"statusCode\":\"ALL_OR_NONE_OPERATION_ROLLED_BACK\",\"message\":\"m\"}]}"

enum { ANSWERS_MAX = 8 };

typedef struct talk {
    char answers[ANSWERS_MAX][4096];
    wire_step steps[2 * ANSWERS_MAX + 1];
    const wire_step *script;
    wire_server *server;
    sf_client *sf;
    sf_writer *w;
    char fates[256]; /* of each row: s, f, u */
    char codes[256][64];
    int rows;
} talk;

static bool note(void *user, const sf_row_result *r)
{
    talk *t = user;
    assert_int_equal(r->row, t->rows);
    t->fates[t->rows] = r->success ? 's' : r->error.status == SF_ERR_UNKNOWN_OUTCOME ? 'u' : 'f';
    snprintf(t->codes[t->rows++], sizeof t->codes[0], "%s", r->success ? "" : r->error.code);
    return true;
}

/* answers: NULL at the end; each request gets the next, with 200 unless it brings a head of its own. */
static void talk_start(talk *t, const char *const *answers, sf_writer_options o)
{
    *t = (talk){ .rows = 0 };
    int n = 0;
    for (; answers[n] != NULL; n++) {
        int len = strncmp(answers[n], "HTTP/", 5) == 0
                      ? snprintf(t->answers[n], sizeof t->answers[n], "%s", answers[n])
                      : snprintf(t->answers[n], sizeof t->answers[n],
                                 "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: "
                                 "%zu\r\n\r\n%s",
                                 strlen(answers[n]), answers[n]);
        assert_in_range(len, 1, sizeof t->answers[n] - 1);
        t->steps[2 * n] = (wire_step)WIRE_REQUEST;
        t->steps[2 * n + 1] = (wire_step)WIRE_BYTES(t->answers[n], (size_t)len);
    }
    t->steps[2 * n] = (wire_step)WIRE_END;
    t->script = t->steps;
    t->server = wire_start(&t->script, 1);
    assert_non_null(t->server);
    sf_status rc = sf_client_open(&(sf_client_options){ .instance_url = wire_url(t->server, ""),
                                                        .api_version = "62.0",
                                                        .transport = { .no_gzip = true },
                                                        .retry = { .retries_max = 1, .pause_ms = 1, .pause_max_ms = 1 },
                                                        .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                                  &t->sf, NULL);
    assert_int_equal(rc, SF_OK);
    o.on_result = note;
    o.user = t;
    if (o.parallel == 0) o.parallel = 1;
    if (o.object == NULL) o.object = "Account";
    assert_int_equal(sf_writer_open(t->sf, &o, &t->w, NULL), SF_OK);
}

static void add(talk *t, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(sf_writer_add_fields(t->w, SF_BINDS({ "N", sf_bind_int(i) }), NULL), SF_OK);
}

static sf_status talk_stop(talk *t, sf_writer_counts *counts)
{
    sf_status rc = sf_writer_close(t->w, counts, NULL);
    sf_client_close(t->sf);
    return rc;
}

static bool request_is(talk *t, int i, const char *body)
{
    char *sent = wire_request(t->server, i);
    bool same = sent != NULL && strcmp(strstr(sent, "\r\n\r\n") + 4, body) == 0;
    if (!same) print_message("request %d: %s\n", i, sent);
    free(sent);
    return same;
}

#define ROW(n) "{\"attributes\":{\"type\":\"Account\"},\"N\":" n "}"

static void test_writer__locked_rows_are_sent_again_alone(void **state)
{
    (void)state;
    talk t;
    sf_writer_counts counts;
    static const char *const answers[] = { "[" OK "," LOCKED "," BAD "," LOCKED "," OK "]", "[" LOCKED "," OK "]",
                                           "[" OK "]", NULL };
    talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT });
    add(&t, 5);
    assert_int_equal(talk_stop(&t, &counts), SF_ERR_ORG);
    assert_string_equal(t.fates, "ssfss");
    assert_int_equal(counts.succeeded, 4);
    assert_int_equal(counts.batches, 3);
    assert_int_equal(counts.lock_retries, 3);
    assert_true(request_is(&t, 1, "{\"allOrNone\":false,\"records\":[" ROW("1") "," ROW("3") "]}"));
    assert_true(request_is(&t, 2, "{\"allOrNone\":false,\"records\":[" ROW("1") "]}"));
    wire_stop(t.server);
}

static void test_writer__locked_rows_end_after_some_retries(void **state)
{
    (void)state;
    static const struct {
        int32_t retries;
        bool no_retry;
        int requests;
    } cases[] = { { 0, false, 4 }, { 1, false, 2 }, { 5, false, 6 }, { SF_NONE, false, 1 }, { 0, true, 1 } };
    static const char *const answers[] = { "[" OK "," LOCKED "]", "[" LOCKED "]", "[" LOCKED "]", "[" LOCKED "]",
                                           "[" LOCKED "]",        "[" LOCKED "]", "[" LOCKED "]", NULL };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        talk t;
        sf_call_options call = { .no_retry = cases[i].no_retry };
        talk_start(&t, answers,
                   (sf_writer_options){ .operation = SF_UPDATE, .lock_retries_max = cases[i].retries, .call = &call });
        add(&t, 2);
        assert_int_equal(talk_stop(&t, NULL), SF_ERR_ORG);
        assert_string_equal(t.fates, "sf");
        assert_string_equal(t.codes[1], "UNABLE_TO_LOCK_ROW");
        assert_int_equal(wire_requests(t.server), cases[i].requests);
        wire_stop(t.server);
    }
}

static void test_writer__all_or_none_is_sent_again_whole(void **state)
{
    (void)state;
    talk t;
    static const char *const answers[] = { "[" UNDONE "," LOCKED "," UNDONE "]", "[" OK "," OK "," OK "]", NULL };
    talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT, .all_or_none = true });
    add(&t, 3);
    assert_int_equal(talk_stop(&t, NULL), SF_OK);
    assert_string_equal(t.fates, "sss");
    assert_true(request_is(&t, 1, "{\"allOrNone\":true,\"records\":[" ROW("0") "," ROW("1") "," ROW("2") "]}"));
    wire_stop(t.server);
    static const char *const hopeless[] = { "[" BAD "," LOCKED "," UNDONE "]", "[]", NULL };
    talk_start(&t, hopeless, (sf_writer_options){ .operation = SF_INSERT, .all_or_none = true });
    add(&t, 3);
    assert_int_equal(talk_stop(&t, NULL), SF_ERR_ORG);
    assert_int_equal(wire_requests(t.server), 1); /* the other row would fail again */
    wire_stop(t.server);
}

/* The second request's answer is lost: its rows are unknown, the others keep what they had. */
static void test_writer__a_retry_whose_answer_is_lost(void **state)
{
    (void)state;
    talk t;
    sf_writer_counts counts;
    static const char *const answers[] = { "[" OK "," LOCKED "," OK "]", "[" OK ",", NULL };
    talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT });
    add(&t, 3);
    assert_int_equal(talk_stop(&t, &counts), SF_ERR_UNKNOWN_OUTCOME);
    assert_string_equal(t.fates, "sus");
    assert_int_equal(counts.unknown, 1);
    assert_int_equal(counts.succeeded, 2);
    wire_stop(t.server);
}

static void test_writer__answers_that_are_none(void **state)
{
    (void)state;
    static const char *const bad[] = { "[]", "{}", "[" OK "]", "[" OK "," OK "," OK "]", "[" OK ",{}]", "[" OK "," OK };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        talk t;
        sf_writer_counts counts;
        print_message("  %s\n", bad[i]);
        const char *const answers[] = { bad[i], "[" OK "," OK "]", NULL };
        talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT });
        add(&t, 2);
        assert_int_equal(talk_stop(&t, &counts), SF_ERR_UNKNOWN_OUTCOME);
        assert_string_equal(t.fates, "uu");
        assert_int_equal(counts.unknown, 2);
        assert_int_equal(wire_requests(t.server), 1);
        wire_stop(t.server);
        talk_start(&t, answers, (sf_writer_options){ .operation = SF_UPDATE });
        add(&t, 2);
        assert_int_equal(talk_stop(&t, &counts), SF_OK);
        assert_string_equal(t.fates, "ss");
        wire_stop(t.server);
        const char *const twice[] = { bad[i], bad[i], NULL };
        talk_start(&t, twice, (sf_writer_options){ .operation = SF_UPSERT, .external_id = "N" });
        add(&t, 2);
        assert_true(talk_stop(&t, &counts) < 0);
        assert_string_equal(t.fates, "ff");
        assert_int_equal(counts.unknown, 2); /* done or not; they may be sent again */
        wire_stop(t.server);
    }
}

/* Answered unreadably, and then refused: whatever the second attempt ended with, the first may have been carried out. */
static void test_writer__a_second_attempt_that_fails_leaves_the_first_unknown(void **state)
{
    (void)state;
    talk t;
    sf_writer_counts counts;
    static const char *const answers[] = {
        "[]",
        "HTTP/1.1 400 B\r\nContent-Type: application/json\r\nContent-Length: 33\r\n\r\n"
        "[{\"errorCode\":\"X\",\"message\":\"m\"}]",
        NULL
    };
    talk_start(&t, answers, (sf_writer_options){ .operation = SF_UPDATE });
    add(&t, 2);
    assert_true(talk_stop(&t, &counts) < 0);
    assert_string_equal(t.fates, "ff");
    assert_int_equal(counts.unknown, 2); /* they may be sent again */
    assert_int_equal(counts.failed, 0);
    wire_stop(t.server);
}

/* A writer that is cancelled tells of every row that it took. */
static void test_writer__cancelled(void **state)
{
    (void)state;
    talk t;
    sf_cancel *cancel = NULL;
    sf_writer_counts counts;
    assert_int_equal(sf_cancel_new(&cancel, NULL), SF_OK);
    sf_call_options call = { .cancel = cancel };
    static const char *const answers[] = { "[" OK "," OK "]", NULL };
    talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT, .batch_rows = 2, .call = &call });
    add(&t, 2);
    add(&t, 1);
    sf_cancel_now(cancel);
    sf_status rc = talk_stop(&t, &counts);
    assert_int_equal(rc, SF_ERR_CANCELLED);
    assert_true(counts.stopped);
    assert_int_equal(counts.rows, 3);
    assert_int_equal(counts.succeeded + counts.failed + counts.unknown, 3);
    assert_int_equal(t.rows, 3);
    wire_stop(t.server);
    sf_cancel_free(cancel);
}

/* As many requests as asked for are under way, no more; the next row waits. */
static void test_writer__so_many_under_way(void **state)
{
    (void)state;
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 57\r\n\r\n"
                                 "[{\"id\":\"001000000000001AAA\",\"success\":true,\"errors\":[]}]\n";
    static const wire_step script[] = { WIRE_REQUEST, WIRE_GATE, WIRE_TEXT(answer), WIRE_AGAIN };
    const wire_step *const scripts[] = { script };
    wire_server *server = wire_start(scripts, 1);
    sf_client *sf = NULL;
    sf_writer *w = NULL;
    assert_int_equal(
        sf_client_open(&(sf_client_options){ .instance_url = wire_url(server, ""),
                                             .api_version = "62.0",
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dt!t" } },
                       &sf, NULL),
        SF_OK);
    assert_int_equal(
        sf_writer_open(
            sf, &(sf_writer_options){ .operation = SF_INSERT, .object = "Account", .batch_rows = 1, .parallel = 3 }, &w,
            NULL),
        SF_OK);
    for (int i = 0; i < 3; i++) /* no answer comes yet, and no call waits for one */
        assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "N", sf_bind_int(i) }), NULL), SF_OK);
    assert_true(wire_wait_requests(server, 3));
    sf_writer_counts counts;
    sf_writer_get_counts(w, &counts);
    assert_int_equal(counts.rows, 3);
    assert_int_equal(counts.succeeded, 0);
    assert_int_equal(wire_connections(server), 3);
    wire_open_gate(server);
    for (int i = 3; i < 20; i++)
        assert_int_equal(sf_writer_add_fields(w, SF_BINDS({ "N", sf_bind_int(i) }), NULL), SF_OK);
    sf_writer_get_counts(w, &counts);
    assert_in_range(counts.succeeded, 17, 20); /* three at most are not told yet */
    assert_int_equal(sf_writer_close(w, &counts, NULL), SF_OK);
    assert_int_equal(counts.succeeded, 20);
    sf_client_close(sf);
    wire_stop(server);
}

/* Rows cost their bytes: after some batches no block more is taken for a row. */
static void test_writer__steady_work_allocates_nothing_per_row(void **state)
{
    (void)state;
    static char body[200 * 64 + 8];
    static talk t;
    size_t n = 0;
    body[n++] = '[';
    for (int i = 0; i < 40; i++) n += (size_t)snprintf(body + n, sizeof body - n, "%s" OK, i > 0 ? "," : "");
    body[n++] = ']';
    body[n] = '\0';
    const char *const answers[] = { body, body, body, body, NULL };
    talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT, .batch_rows = 40 });
    add(&t, 80); /* both bodies have their size */
    assert_int_equal(sf_writer_flush(t.w, NULL), SF_OK);
    test_allocations_limit(0);
    add(&t, 39);
    test_allocations_limit(-1);
    add(&t, 41);
    assert_int_equal(talk_stop(&t, NULL), SF_OK);
    assert_int_equal(t.rows, 160);
    wire_stop(t.server);
}

/* Whatever allocation fails, each row that was taken gets one result, and none is sent twice. */
static void test_writer__survives_each_failed_allocation(void **state)
{
    (void)state;
    static const char *const answers[] = { "[" OK "," OK "]", "[" OK "," OK "]", "[" OK "]", NULL };
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        static talk t;
        sf_writer_counts counts;
        talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT, .batch_rows = 2 });
        int taken = 0;
        test_allocations_limit(n);
        for (int i = 0; i < 5; i++) {
            sf_status added = i % 2 == 0 ? sf_writer_add_fields(t.w, SF_BINDS({ "N", sf_bind_int(i) }), NULL)
                                         : sf_writer_add_json(t.w, (sf_str){ "{\"N\":1}", 7 }, NULL);
            taken += added == SF_OK;
        }
        rc = sf_writer_flush(t.w, NULL);
        test_allocations_limit(-1);
        sf_status closed = sf_writer_close(t.w, &counts, NULL);
        if (taken < 5) rc = SF_ERR_MEMORY; /* a row was refused */
        assert_true(closed == SF_OK || rc != SF_OK);
        assert_int_equal(counts.rows, taken);
        assert_int_equal(t.rows, taken);
        assert_int_equal(counts.succeeded + counts.failed + counts.unknown, taken);
        assert_in_range(wire_requests(t.server), 0, 3);
        sf_client_close(t.sf);
        wire_stop(t.server);
        assert_true(n < 4000);
    }
}

/* A row that found no memory may be tried again: what is sent then is whole, also when it was the batch's first. */
static void test_writer__a_row_without_memory_may_be_tried_again(void **state)
{
    (void)state;
    static const char *const answers[] = { "[" OK "," OK "]", NULL };
    bool has_failed = true;
    for (int n = 0; has_failed; n++) {
        static talk t;
        has_failed = false;
        test_allocations_limit(-1);
        talk_start(&t, answers, (sf_writer_options){ .operation = SF_INSERT });
        sf_writer_abort(t.w);
        test_allocations_limit(n);
        sf_status rc = sf_writer_open(
            t.sf, &(sf_writer_options){ .operation = SF_INSERT, .object = "Account", .on_result = note, .user = &t },
            &t.w, NULL);
        for (int i = 0; rc == SF_OK && i < 2; i++) {
            sf_status added = sf_writer_add_fields(t.w, SF_BINDS({ "N", sf_bind_int(i) }), NULL);
            test_allocations_limit(-1);
            assert_true(added == SF_OK || added == SF_ERR_MEMORY);
            has_failed |= added != SF_OK;
            if (added != SF_OK) i--;
        }
        test_allocations_limit(-1);
        has_failed |= rc != SF_OK;
        if (rc == SF_OK) {
            assert_int_equal(talk_stop(&t, NULL), SF_OK);
            assert_true(request_is(&t, 0, "{\"allOrNone\":false,\"records\":[" ROW("0") "," ROW("1") "]}"));
        } else {
            sf_client_close(t.sf);
        }
        wire_stop(t.server);
        assert_true(n < 100);
    }
}

static void test_writer__open_survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_client *sf = NULL;
    assert_int_equal(sf_client_open(&(sf_client_options){ .instance_url = "http://127.0.0.1:9",
                                                          .auth = { .flow = SF_AUTH_BEARER, .access_token = "t" } },
                                    &sf, NULL),
                     SF_OK);
    sf_status rc = SF_ERR_MEMORY;
    for (int n = 0; rc != SF_OK; n++) {
        sf_writer *w = NULL;
        test_allocations_limit(n);
        rc = sf_writer_open(
            sf,
            &(sf_writer_options){
                .operation = SF_UPSERT, .object = "Account", .external_id = "Ext__c", .assignment_rule = "TRUE" },
            &w, NULL);
        test_allocations_limit(-1);
        assert_true((rc == SF_ERR_MEMORY && w == NULL) || rc == SF_OK);
        sf_writer_abort(w);
        assert_true(n < 100);
    }
    sf_client_close(sf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writer__locked_rows_are_sent_again_alone),
        cmocka_unit_test(test_writer__locked_rows_end_after_some_retries),
        cmocka_unit_test(test_writer__all_or_none_is_sent_again_whole),
        cmocka_unit_test(test_writer__a_retry_whose_answer_is_lost),
        cmocka_unit_test(test_writer__answers_that_are_none),
        cmocka_unit_test(test_writer__a_second_attempt_that_fails_leaves_the_first_unknown),
        cmocka_unit_test(test_writer__cancelled),
        cmocka_unit_test(test_writer__so_many_under_way),
        cmocka_unit_test(test_writer__steady_work_allocates_nothing_per_row),
        cmocka_unit_test(test_writer__survives_each_failed_allocation),
        cmocka_unit_test(test_writer__a_row_without_memory_may_be_tried_again),
        cmocka_unit_test(test_writer__open_survives_each_failed_allocation),
    };
    test_allocator_install();
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
