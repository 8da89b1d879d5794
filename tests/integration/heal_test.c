/* heal_test.c: gaps whose records are read again: what comes out of them is what the org itself says of a change, whatever
 * fails in between. The gaps are made here and laid before a listener's dispatch; the records are those of a real local org. */
#include <pthread.h>
#include <salesforce.h>
#include "events/listener_internal.h"
#include "support/org_process.h"

enum { SEEN_MAX = 600 };

static test_org org;
static sf_client *sf;
static sf_error err;

#define DO(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != SF_OK) fail_msg("%s", err.message);                                                              \
    } while (0)

static int start(void **state)
{
    (void)state;
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema", schema, NULL });
    DO(sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                            .api_version = "64.0",
                                            .retry = { .retries_max = SF_NONE, .breaker_failures = SF_NONE },
                                            .auth = { .flow = SF_AUTH_BEARER, .access_token = org.access_token } },
                      &sf, &err));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sf_client_close(sf);
    return test_org_stop(&org);
}

typedef struct seen {
    int creates, updates, deletes, restores, gaps, dead, deleted_ids;
    int fail_at; /* the call that fails, counted from 1; 0: none */
    int calls;
    char ids[SEEN_MAX][19];
    char *last; /* the last event as JSON; sf_free */
    bool is_healed;
} seen;

static sf_status note(seen *s, const sf_cdc_event *e)
{
    test_allocations_limit(-1); /* what follows is the test's own */
    s->calls++;
    if (s->calls == s->fail_at) return SF_ERR_IO;
    assert_in_range(s->calls, 1, SEEN_MAX - 1);
    snprintf(s->ids[s->calls], sizeof s->ids[0], "%s", e->record_ids[0]);
    sf_free(s->last);
    DO(sf_value_to_json(e->event.message, &s->last, NULL, &err));
    s->is_healed = e->is_healed;
    s->creates += e->type == SF_CHANGE_CREATE;
    s->updates += e->type == SF_CHANGE_UPDATE;
    s->deletes += e->type == SF_CHANGE_DELETE;
    if (e->type == SF_CHANGE_DELETE) s->deleted_ids += (int)e->record_id_count;
    s->restores += e->type == SF_CHANGE_UNDELETE;
    return SF_OK;
}

static sf_status on_change(void *user, const sf_cdc_event *e)
{
    if (e->is_healed) {
        assert_int_equal(e->event.replay_id, 77);
        assert_int_equal(e->commit_ms, 1763899207000);
        assert_int_equal(e->commit_number, INT64_C(1778192987716501506));
        assert_string_equal(e->commit_user, "0055g00000AbCdEAAV");
    }
    return note(user, e);
}

static sf_status on_update(void *user, const sf_cdc_event *e)
{
    /* What a handler does with any update: each changed field, null where it is not in the payload. */
    assert_true(e->changed_count > 10);
    for (size_t i = 0; i < e->changed_count; i++)
        assert_int_not_equal(sf_value_type(sf_get(e->event.payload, e->changed_fields[i])), SF_MISSING);
    assert_true(sf_is_null(e->event.payload, "Phone"));
    assert_true(sf_is_null(e->event.payload, "BillingAddress.Street"));
    assert_string_equal(sf_get_str(e->event.payload, "BillingAddress.City"), "Aveiro");
    const char *modified = sf_get_str(e->event.payload, "LastModifiedDate");
    assert_int_equal(modified[strlen(modified) - 1], 'Z');
    return on_change(user, e);
}

static sf_status on_gap(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    assert_false(e->is_healed);
    s->gaps++;
    return SF_OK;
}

static sf_status on_dead_letter(void *user, const sf_event *event, const sf_error *why)
{
    seen *s = user;
    assert_int_equal(event->replay_id, 77);
    assert_non_null(strstr(why->message, "could not be read 3 times"));
    s->dead++;
    return SF_OK;
}

static sf_listener *open_listener(seen *s)
{
    sf_listener *l = NULL;
    sf_listener_options o = {
        .handler_pause_ms = 1, .handler_retries = 2, .on_dead_letter = on_dead_letter, .dead_letter_user = s
    };
    sf_cdc_service service = { .user = s,
                               .on_create = on_change,
                               .on_update = on_update,
                               .on_delete = on_change,
                               .on_restore = on_change,
                               .on_gap = on_gap,
                               .heal_gaps = true };
    DO(sf_listener_open(sf, &o, &l, &err));
    DO(sf_listener_attach_cdc(l, "ChangeEvents", &service, NULL, &err));
    return l;
}

static void close_listener(sf_listener *l, seen *s)
{
    sf_listener_close(l);
    sf_free(s->last);
}

static void lay_before(sf_listener *l, const char *type, const char *entity, const char *const *ids, size_t count)
{
    sfi_buf text = { 0 };
    sfi_buf_addf(
        &text,
        "[{\"data\":{\"schema\":\"q9\",\"payload\":{\"ChangeEventHeader\":{\"entityName\":\"%s\",\"changeType\":"
        "\"%s\",\"changeOrigin\":\"\",\"transactionKey\":\"0004a1c2\",\"sequenceNumber\":1,\"commitTimestamp\":"
        "1763899207000,\"commitNumber\":1778192987716501506,\"commitUser\":\"0055g00000AbCdEAAV\",\"recordIds\":[",
        entity, type);
    for (size_t i = 0; i < count; i++) sfi_buf_addf(&text, "%s\"%s\"", i > 0 ? "," : "", ids[i]);
    sfi_buf_add_str(&text, "]}},\"event\":{\"replayId\":77}},\"channel\":\"/data/ChangeEvents\"}]");
    sfi_page *p = &l->lanes[0].page;
    if (p->doc == NULL) DO(sfi_json_new(&p->doc, &err));
    DO(sfi_json_parse(p->doc, sfi_buf_str(&text), &err));
    sfi_buf_free(&text);
    sfi_page_open(l, p, sfi_json_root(p->doc));
}

/* As poll does, without an org that sends anything. */
static sf_status dispatch(sf_listener *l)
{
    sf_status rc = SF_OK;
    while (rc == SF_OK && sfi_dispatch_has_events(l)) rc = sfi_dispatch(l, &err);
    return rc;
}

static sf_id create(const char *object, const char *field, const char *value)
{
    sf_id id;
    sf_record *r = sf_record_new(object);
    DO(sf_record_set_str(r, field, value));
    if (strcmp(object, "Account") == 0) DO(sf_record_set_str(r, "BillingCity", "Aveiro"));
    if (strcmp(object, "Contact") == 0) DO(sf_record_set_str(r, "FirstName", "Ana"));
    if (strcmp(object, "Box__c") == 0) DO(sf_record_set_double(r, "Tenure__c", 3));
    DO(sf_record_create(sf, r, NULL, &id, &err));
    sf_record_free(r);
    return id;
}

static void test_heal__an_update_of_several_records(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_id a = create("Account", "Name", "A"), b = create("Account", "Name", "B"), gone = create("Account", "Name", "C");
    DO(sf_record_delete(sf, "Account", gone.text, NULL, &err));
    sf_listener *l = open_listener(&s);
    lay_before(l, "GAP_UPDATE", "Account", (const char *const[]){ a.text, gone.text, b.text }, 3);
    DO(dispatch(l));
    assert_int_equal(s.updates, 2);
    assert_int_equal(s.deletes, 1);
    assert_int_equal(s.gaps, 0);
    assert_true(s.is_healed);
    assert_string_equal(s.ids[1], a.text);
    assert_string_equal(s.ids[2], gone.text);
    assert_string_equal(s.ids[3], b.text);
    assert_non_null(strstr(s.last, "\"changeType\":\"UPDATE\""));
    assert_non_null(strstr(s.last, "\"Name\":\"B\""));
    assert_int_equal(l->attachments[0].position, 77);
    sf_listener_stats stats;
    sf_listener_get_stats(l, &stats);
    assert_int_equal(stats.healed, 3);
    assert_int_equal(stats.handled, 1);
    close_listener(l, &s);
}

static void test_heal__deletions_and_what_cannot_be_read(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_listener *l = open_listener(&s);
    sf_client_stats before, after;
    sf_client_get_stats(sf, &before);
    lay_before(l, "GAP_DELETE", "Account", (const char *const[]){ "0015g000003LmQpAAK", "0015g000003LmQqAAK" }, 2);
    DO(dispatch(l));
    assert_int_equal(s.calls, 1);
    assert_int_equal(s.deleted_ids, 2);
    lay_before(l, "GAP_UPDATE", "Account", (const char *const[]){ "001*" }, 1);
    DO(dispatch(l));
    assert_int_equal(s.gaps, 1);
    sf_client_get_stats(sf, &after);
    assert_int_equal(after.requests, before.requests); /* nothing was read for these */
    close_listener(l, &s);
}

/* ---- the same as the org says it ---- */

static sf_status keep_create(void *user, const sf_cdc_event *e)
{
    return note(user, e);
}

/* Every field of one payload is the same in the other. */
static void check_fields(sf_value want, sf_value got)
{
    sf_iter it = sf_iter_begin(want);
    sf_str key;
    sf_value value;
    while (sf_iter_next(&it, &key, &value)) {
        char *a = NULL, *b = NULL;
        if (strcmp(key.ptr, "ChangeEventHeader") == 0) continue;
        sf_value other = sf_get(got, key.ptr);
        if (sf_value_type(other) == SF_MISSING) fail_msg("%s is missing", key.ptr);
        if (sf_value_type(value) == SF_OBJECT) {
            check_fields(value, other);
            continue;
        }
        DO(sf_value_to_json(value, &a, NULL, &err));
        DO(sf_value_to_json(other, &b, NULL, &err));
        assert_string_equal(a, b);
        sf_free(a);
        sf_free(b);
    }
    assert_int_equal(sf_value_count(want), sf_value_count(got));
}

static void test_heal__a_creation_is_what_the_org_said_of_it(void **state)
{
    static const struct {
        const char *object, *field, *channel;
    } cases[] = { { "Account", "Name", "AccountChangeEvent" },
                  { "Contact", "LastName", "ContactChangeEvent" },
                  { "Box__c", "Name", "Box__ChangeEvent" } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        seen told = { 0 }, healed = { 0 };
        sf_document *want = NULL, *got = NULL;
        print_message("  %s\n", cases[i].object);
        test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
        sf_id id = create(cases[i].object, cases[i].field, "Said");
        sf_listener *l = NULL;
        sf_cdc_service service = { .user = &told, .on_create = keep_create };
        DO(sf_listener_open(sf, NULL, &l, &err));
        DO(sf_listener_attach_cdc(l, cases[i].channel, &service, &(sf_attach_options){ .replay = SF_REPLAY_EARLIEST },
                                  &err));
        while (told.creates == 0) DO(sf_listener_poll(l, -1, &err));
        sf_listener_close(l);
        l = open_listener(&healed);
        lay_before(l, "GAP_CREATE", cases[i].object, (const char *const[]){ id.text }, 1);
        DO(dispatch(l));
        assert_int_equal(healed.creates, 1);
        DO(sf_document_parse(told.last, strlen(told.last), &want, &err));
        DO(sf_document_parse(healed.last, strlen(healed.last), &got, &err));
        check_fields(sf_get(sf_document_root(want), "data.payload"), sf_get(sf_document_root(got), "data.payload"));
        sf_document_free(want);
        sf_document_free(got);
        sf_free(told.last);
        close_listener(l, &healed);
    }
}

/* ---- many, and failures ---- */

static void test_heal__reads_200_at_a_time(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_id *ids = sfi_calloc_n(450, sizeof *ids);
    const char **texts = sfi_calloc_n(450, sizeof *texts);
    assert_true(ids != NULL && texts != NULL);
    for (size_t first = 0; first < 450; first += 150) {
        sf_record *rows[150];
        sf_row_results *results = NULL;
        for (int i = 0; i < 150; i++) {
            rows[i] = sf_record_new("Box__c");
            DO(sf_record_set_str(rows[i], "Name", "many"));
        }
        DO(sf_collection_create(sf, (const sf_record *const *)rows, 150, NULL, &results, &err));
        for (size_t i = 0; i < 150; i++) {
            sf_row_result one;
            assert_true(sf_row_results_get(results, i, &one) && one.success);
            ids[first + i] = one.id;
            texts[first + i] = ids[first + i].text;
            sf_record_free(rows[i]);
        }
        sf_row_results_free(results);
    }
    sf_listener *l = open_listener(&s);
    sf_client_stats before, after;
    s.fail_at = 250; /* goes on there: nothing is handed out twice, no record is read twice but those of its batch */
    lay_before(l, "GAP_UNDELETE", "Box__c", texts, 450);
    sf_client_get_stats(sf, &before);
    DO(dispatch(l));
    sf_client_get_stats(sf, &after);
    assert_int_equal(s.restores, 450);
    assert_int_equal(s.calls, 451);
    for (int i = 0; i < 450; i++) assert_string_equal(s.ids[i < 249 ? i + 1 : i + 2], texts[i]);
    assert_int_equal(after.requests - before.requests, 4); /* the fields, and three times records */
    close_listener(l, &s);
    sfi_free(ids);
    sfi_free(texts);
}

static void test_heal__a_failed_read_is_a_failed_handler(void **state)
{
    (void)state;
    sf_id id = create("Account", "Name", "F");
    static const char *const texts[] = { "503:path=/services/data/v64.0/composite/sobjects",
                                         "reset:after=100,path=/services/data/v64.0/composite/sobjects",
                                         "400:path=/services/data/v64.0/composite/sobjects" };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        for (int times = 1; times <= 3; times++) {
            seen s = { 0 };
            char fault[128];
            snprintf(fault, sizeof fault, "%s,times=%d", texts[i], times);
            sf_listener *l = open_listener(&s);
            test_org_fault(&org, fault);
            lay_before(l, "GAP_UPDATE", "Account", (const char *const[]){ id.text }, 1);
            DO(dispatch(l));
            assert_int_equal(s.updates, times < 3);
            assert_int_equal(s.dead, times == 3);
            assert_int_equal(l->attachments[0].position, 77);
            test_org_faults_clear(&org);
            close_listener(l, &s);
        }
    }
}

static void *stop_it(void *user)
{
    while (test_org_http(&org, "GET", "/__org/faults", NULL, NULL) != 200 ||
           strstr(org.reply, "\"struck\":1") == NULL) {
    } /* until the request for the records is held */
    sf_listener_stop(user);
    return NULL;
}

static void test_heal__stopping_ends_a_read(void **state)
{
    (void)state;
    seen s = { 0 };
    pthread_t thread;
    sf_id id = create("Account", "Name", "S");
    sf_listener *l = open_listener(&s);
    test_org_fault(&org, "stall:ms=60000,path=/services/data/v64.0/composite/sobjects");
    lay_before(l, "GAP_UPDATE", "Account", (const char *const[]){ id.text }, 1);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, l), 0);
    DO(sfi_dispatch(l, &err));
    pthread_join(thread, NULL);
    assert_int_equal(s.calls, 0);
    assert_int_equal(l->attachments[0].position, -1); /* it comes again */
    assert_int_equal(sf_listener_run(l, &err), SF_OK);
    test_org_faults_clear(&org);
    close_listener(l, &s);
}

/* Whatever finds no memory: the event is handed out later, or the listener ends before its position moves. */
static void test_heal__survives_each_failed_allocation(void **state)
{
    (void)state;
    sf_id id = create("Account", "Name", "M");
    bool is_through = false;
    for (long n = 0; !is_through; n++) {
        seen s = { 0 };
        sf_listener *l = open_listener(&s);
        lay_before(l, "GAP_UPDATE", "Account", (const char *const[]){ id.text }, 1);
        test_allocations_limit(n);
        sf_status rc = sfi_dispatch(l, &err);
        test_allocations_limit(-1);
        is_through = rc == SF_OK && s.updates == 1;
        assert_int_equal(l->attachments[0].position, is_through ? 77 : -1);
        if (rc == SF_OK) rc = dispatch(l);
        if (rc == SF_OK) assert_int_equal(s.updates, 1);
        if (rc != SF_OK) assert_int_equal(rc, SF_ERR_MEMORY);
        close_listener(l, &s);
    }
}

int main(void)
{
    test_allocator_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heal__an_update_of_several_records),
        cmocka_unit_test(test_heal__deletions_and_what_cannot_be_read),
        cmocka_unit_test(test_heal__a_creation_is_what_the_org_said_of_it),
        cmocka_unit_test(test_heal__reads_200_at_a_time),
        cmocka_unit_test(test_heal__a_failed_read_is_a_failed_handler),
        cmocka_unit_test(test_heal__stopping_ends_a_read),
        cmocka_unit_test(test_heal__survives_each_failed_allocation),
    };
    return cmocka_run_group_tests_name("heal", tests, start, stop);
}
