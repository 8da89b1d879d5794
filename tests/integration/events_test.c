/* events_test.c: listeners against a real local org: each kind of change and event, where listening begins, what handlers may
 * do and answer, how it is stopped, gaps, a hundred channels. What ends sessions: events_sessions_test.c. */
#include "integration/events_fixture.h"
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

static void test_events__each_kind_of_change(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_id id = create_account("Nordic");
    sf_record *r = sf_record_new("Account");
    DO(sf_record_set_str(r, "Name", "Nordic2"));
    DO(sf_record_update(sf, r, id.text, NULL, &err));
    sf_record_free(r);
    DO(sf_record_delete(sf, "Account", id.text, NULL, &err));
    sf_row_results *results = NULL;
    sf_soap_results *restored = NULL;
    DO(sf_soap_undelete(sf, (const char *const[]){ id.text }, 1, NULL, &restored, &err));
    assert_int_equal(sf_soap_results_failed(restored), 0);
    sf_soap_results_free(restored);

    /* The same change of several records in one request is one event. */
    sf_record *rows[3];
    sf_id ids[3];
    const char *names[3];
    for (int i = 0; i < 3; i++) {
        ids[i] = create_account("Three");
        names[i] = ids[i].text;
        rows[i] = sf_record_new("Account");
        DO(sf_record_set_str(rows[i], "Phone", "1"));
    }
    DO(sf_collection_update(sf, (const sf_record *const *)rows, names, 3, NULL, &results, &err));
    assert_int_equal(sf_row_results_failed(results), 0);
    sf_row_results_free(results);
    for (int i = 0; i < 3; i++) sf_record_free(rows[i]);

    open_listener(&s, NULL);
    attach_changes(&s, "ChangeEvents", &all_kept);
    pump(&s, &s.count, 8);
    static const sf_change_type want[] = { SF_CHANGE_CREATE, SF_CHANGE_UPDATE, SF_CHANGE_DELETE, SF_CHANGE_UNDELETE,
                                           SF_CHANGE_CREATE, SF_CHANGE_CREATE, SF_CHANGE_CREATE, SF_CHANGE_UPDATE };
    for (int i = 0; i < 8; i++) {
        assert_int_equal(s.list[i].type, want[i]);
        assert_string_equal(s.list[i].channel, "/data/ChangeEvents");
        if (i < 4) assert_string_equal(s.list[i].id, id.text);
        if (i > 0) assert_true(s.list[i].replay_id > s.list[i - 1].replay_id);
        assert_true(s.list[i].created_ms > now_ms() - 600000);
    }
    assert_string_equal(s.list[0].text, "Nordic");
    assert_string_equal(s.list[1].text, "Nordic2");
    assert_int_equal(s.list[7].ids, 3);
    sf_listener_stats stats;
    sf_listener_get_stats(s.l, &stats);
    assert_int_equal(stats.events, 8);
    assert_int_equal(stats.handled, 8);
    assert_in_range(stats.lag_ms, 0, 600000);
    finish(&s);
    assert_int_equal(s.ups, 1);
}

static void test_events__several_channels_on_one_connection(void **state)
{
    (void)state;
    seen s = { 0 };
    create_account("A");
    publish("p1");
    publish("p2");
    create_account("B");
    open_listener(&s, NULL);
    attach_changes(&s, "AccountChangeEvent", &all_kept);
    attach_changes(&s, "ContactChangeEvent", &all_kept);
    attach_events(&s, &all_kept);
    int changes = 0, messages = 0;
    for (int seen_before = 0; changes < 2 || messages < 2;) {
        pump(&s, &s.count, seen_before + 1);
        for (; seen_before < s.count; seen_before++) {
            const got *g = &s.list[seen_before];
            changes += strcmp(g->text, "A") == 0 || strcmp(g->text, "B") == 0;
            messages += strcmp(g->text, "p1") == 0 || strcmp(g->text, "p2") == 0;
        }
    }
    int64_t last_change = 0, last_message = 0;
    for (int i = 0; i < s.count; i++) { /* in order in each */
        int64_t *last = s.list[i].channel[1] == 'd' ? &last_change : &last_message;
        assert_true(s.list[i].replay_id > *last);
        *last = s.list[i].replay_id;
    }
    finish(&s);
}

/* ---- where it begins ---- */

static void test_events__begins_where_it_is_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/sf_events_XXXXXX", file[64], lock[80];
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/at.json", folder);
    snprintf(lock, sizeof lock, "%s.lock", file);
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    for (int i = 0; i < 4; i++) publish((const char *const[]){ "r0", "r1", "r2", "r3" }[i]);

    seen all = { 0 };
    open_listener(&all, NULL);
    attach_events(&all, &all_kept);
    pump(&all, &all.count, 4);
    assert_string_equal(all.list[0].text, "r0");
    finish(&all);

    seen after = { 0 };
    open_listener(&after, NULL);
    attach_events(&after, &(sf_attach_options){ .replay = SF_REPLAY_ID, .replay_id = all.list[1].replay_id });
    pump(&after, &after.count, 2);
    assert_string_equal(after.list[0].text, "r2");
    finish(&after);

    /* A time: what is older is passed over. */
    seen since = { 0 };
    int64_t from = all.list[3].created_ms + 1000;
    open_listener(&since, NULL);
    attach_events(&since, &(sf_attach_options){ .replay = SF_REPLAY_TIME, .replay_time_ms = from });
    publish_until_seen(&since, "late");
    assert_true(since.list[0].created_ms > from - 1000);
    sf_listener_stats stats;
    sf_listener_get_stats(since.l, &stats);
    assert_true(stats.passed_over >= 4);
    assert_int_equal(stats.handled, stats.passed_over + since.count);
    finish(&since);

    /* Stored: nothing yet, so as otherwise says; then after what was handled. */
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("k1");
    publish("k2");
    for (int round = 0; round < 2; round++) {
        seen s = { 0 };
        sf_checkpoints *store = NULL;
        DO(sf_checkpoints_file(file, &store, &err));
        open_listener(&s, store);
        attach_events(
            &s, &(sf_attach_options){ .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_TIME, .replay_time_ms = 1 });
        pump(&s, &s.count, 2 - round);
        assert_string_equal(s.list[0].text, round == 0 ? "k1" : "again");
        finish(&s);
        sf_checkpoints_close(store);
        publish("again");
    }
    unlink(file);
    unlink(lock);
    rmdir(folder);

    seen new_only = { 0 };
    open_listener(&new_only, NULL);
    attach_events(&new_only, NULL);
    publish_until_seen(&new_only, "fresh");
    assert_string_equal(new_only.list[0].text, "fresh");
    finish(&new_only);
}

static void test_events__a_position_that_is_too_old(void **state)
{
    (void)state;
    static const struct {
        sf_lost lost;
        sf_status want;
        const char *first;
    } cases[] = { { SF_LOST_STOP, SF_ERR_TRUNCATED, NULL },
                  { SF_LOST_EARLIEST, SF_OK, "kept" },
                  { SF_LOST_LATEST, SF_OK, "later" } };
    publish("old");
    seen first = { 0 };
    open_listener(&first, NULL);
    attach_events(&first, &all_kept);
    pump(&first, &first.count, 1);
    finish(&first);
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("kept");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        seen s = { 0 };
        open_listener(&s, NULL);
        attach_events(&s, &(sf_attach_options){
                              .replay = SF_REPLAY_ID, .replay_id = first.list[0].replay_id, .lost = cases[i].lost });
        if (cases[i].want != SF_OK) {
            assert_int_equal(sf_listener_run(s.l, &err), cases[i].want);
            assert_non_null(strstr(err.message, "replayId"));
            sf_listener_close(s.l);
        } else {
            pump(&s, &s.troubles, 1);
            publish_until_seen(&s, "later");
            assert_string_equal(s.list[0].text, cases[i].first);
            finish(&s);
        }
        assert_int_equal(s.troubles, 1);
        assert_int_equal(s.trouble, SF_TROUBLE_LOST);
    }
}

/* ---- what handlers do ---- */

typedef struct swap {
    seen s;
    seen other;
} swap;

static sf_status swap_channels(void *user, const sf_event *e)
{
    swap *w = user;
    note(&w->s, e, NULL);
    DO(sf_listener_detach(w->s.l, "Low_Ink__e", &err));
    assert_string_equal(e->channel, "/event/Low_Ink__e"); /* still good */
    w->other.l = w->s.l;
    attach_changes(&w->other, "AccountChangeEvent", &all_kept);
    return SF_OK;
}

static void test_events__handlers_attach_and_detach(void **state)
{
    (void)state;
    swap w = { 0 };
    publish("first");
    publish("never seen");
    create_account("Swapped");
    open_listener(&w.s, NULL);
    sf_event_service service = { .user = &w, .on_message = swap_channels };
    DO(sf_listener_attach_events(w.s.l, "Low_Ink__e", &service, &all_kept, &err));
    int64_t end = now_ms() + 60000;
    while (w.other.count == 0 && now_ms() < end) DO(sf_listener_poll(w.s.l, 1000, &err));
    assert_int_equal(w.s.count, 1);
    assert_true(w.other.count > 0);
    assert_int_equal(sf_listener_detach(w.s.l, "Low_Ink__e", &err), SF_ERR_NOT_FOUND);
    finish(&w.s);
}

static void test_events__a_position_moves_by_acknowledging(void **state)
{
    (void)state;
    sf_checkpoints *store = NULL;
    const sf_attach_options by_hand = { .replay = SF_REPLAY_STORED,
                                        .otherwise = SF_REPLAY_EARLIEST,
                                        .manual_ack = true };
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("m1");
    publish("m2");
    DO(sf_checkpoints_memory(&store, &err));
    for (int round = 0; round < 3; round++) { /* all twice, as none is acknowledged; then none is left */
        seen s = { .ack = round == 1 };
        open_listener(&s, store);
        attach_events(&s, &by_hand);
        if (round == 2) publish("m3");
        pump(&s, &s.count, round < 2 ? 2 : 1);
        assert_string_equal(s.list[0].text, round < 2 ? "m1" : "m3");
        finish(&s);
    }
    sf_checkpoints_close(store);
}

static void test_events__dead_letters_do_not_stop_it(void **state)
{
    (void)state;
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("poison");
    publish("good");
    for (int round = 0; round < 2; round++) {
        seen s = { .failures_left = 3 }; /* the first attempt and two more */
        sf_checkpoints *store = NULL;
        DO(sf_checkpoints_memory(&store, &err));
        sf_listener_options o = { .checkpoints = store,
                                  .handler_pause_ms = 1,
                                  .handler_retries = 2,
                                  .on_dead_letter = round == 0 ? on_dead_letter : NULL,
                                  .dead_letter_user = &s };
        DO(sf_listener_open(sf, &o, &s.l, &err));
        attach_events(&s, &all_kept);
        if (round == 0) {
            pump(&s, &s.count, 1);
            assert_string_equal(s.list[0].text, "good");
            assert_int_equal(s.dead, 1);
            sf_listener_stats stats;
            sf_listener_get_stats(s.l, &stats);
            assert_int_equal(stats.dead_letters, 1);
            assert_int_equal(stats.handled, 2);
        } else {
            assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_IO);
            assert_non_null(strstr(err.message, "failed 3 times"));
            assert_int_equal(s.count, 0);
        }
        sf_listener_close(s.l);
        sf_checkpoints_close(store);
    }
}

/* ---- stopping ---- */

static void *stop_it(void *user)
{
    sf_listener_stop(user);
    return NULL;
}

static void test_events__stops_from_another_thread(void **state)
{
    (void)state;
    seen s = { 0 };
    pthread_t thread;
    open_listener(&s, NULL);
    attach_events(&s, NULL);
    pump(&s, &s.ups, 1);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, s.l), 0);
    assert_int_equal(sf_listener_run(s.l, &err), SF_OK);
    pthread_join(thread, NULL);
    assert_int_equal(sf_listener_poll(s.l, 0, &err), SF_DONE);
    assert_int_equal(s.stops, 1);
    sf_listener_close(s.l);
}

static sf_listener *signalled;

static void on_signal(int number)
{
    (void)number;
    sf_listener_stop(signalled);
}

static void test_events__stops_in_a_signal_handler(void **state)
{
    (void)state;
    seen s = { 0 };
    struct sigaction action = { .sa_handler = on_signal }, old;
    signalled = open_listener(&s, NULL);
    attach_events(&s, NULL);
    pump(&s, &s.ups, 1);
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    alarm(1);
    assert_int_equal(sf_listener_run(s.l, &err), SF_OK);
    sigaction(SIGALRM, &old, NULL);
    sf_listener_close(s.l);
    signalled = NULL;
}

static void test_events__a_handler_stops_it_after_its_event(void **state)
{
    (void)state;
    seen s = { .stop_when_seen = true };
    sf_checkpoints *store = NULL;
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("s1");
    publish("s2");
    DO(sf_checkpoints_memory(&store, &err));
    const sf_attach_options stored = { .replay = SF_REPLAY_STORED, .otherwise = SF_REPLAY_EARLIEST };
    for (int round = 0; round < 2; round++) {
        s.count = 0;
        open_listener(&s, store);
        attach_events(&s, &stored);
        assert_int_equal(sf_listener_run(s.l, &err), SF_OK);
        assert_int_equal(s.count, 1);
        assert_string_equal(s.list[0].text, round == 0 ? "s1" : "s2");
        sf_listener_close(s.l);
    }
    sf_checkpoints_close(store);
}

static void test_events__runs_in_a_loop_of_the_users(void **state)
{
    (void)state;
    seen s = { 0 };
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("e1");
    open_listener(&s, NULL);
    attach_events(&s, &all_kept);
    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = { .events = EPOLLIN };
    assert_int_equal(epoll_ctl(loop, EPOLL_CTL_ADD, sf_listener_fd(s.l), &e), 0);
    DO(sf_listener_poll(s.l, 0, &err));
    bool has_second = false;
    while (s.count < 2) {
        assert_int_equal(epoll_wait(loop, &e, 1, 60000), 1); /* never silent while there is something to do */
        DO(sf_listener_poll(s.l, 0, &err));
        if (s.count == 1 && !has_second) publish("e2");
        has_second |= s.count == 1;
    }
    assert_string_equal(s.list[1].text, "e2");
    close(loop);
    finish(&s);
}

/* ---- what only a bulk write, or a change too large for an event, comes to ---- */

typedef struct text {
    sf_str left;
} text;

static sf_status read_text(void *user, char *data, size_t room, size_t *len, sf_error *why)
{
    text *t = user;
    (void)why;
    *len = t->left.len < room ? t->left.len : room;
    memcpy(data, t->left.ptr, *len);
    t->left = (sf_str){ t->left.ptr + *len, t->left.len - *len };
    return SF_OK;
}

static void test_events__a_bulk_write_comes_merged(void **state)
{
    (void)state;
    seen s = { 0 };
    char csv[256];
    sf_id a = create_account("Bulk1"), b = create_account("Bulk2");
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    snprintf(csv, sizeof csv, "Id,Phone\n%s,77\n%s,77\n", a.text, b.text);
    text t = { .left = { csv, strlen(csv) } };
    sf_source source = { .read = read_text, .user = &t, .length = SF_NONE };
    sf_load_report report;
    DO(sf_bulk_load(sf, &(sf_bulk_load_options){ .object = "Account", .operation = SF_UPDATE, .csv = &source }, &report,
                    &err));
    assert_int_equal(report.succeeded, 2);
    open_listener(&s, NULL);
    attach_changes(&s, "AccountChangeEvent", &all_kept);
    pump(&s, &s.count, 1);
    assert_int_equal(s.list[0].type, SF_CHANGE_UPDATE);
    assert_int_equal(s.list[0].ids, 2);
    finish(&s);
}

static sf_status on_gap(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    (void)e;
    s->gaps++;
    return SF_OK;
}

static sf_status on_overflow(void *user, const sf_cdc_event *e)
{
    seen *s = user;
    assert_int_equal(e->type, SF_CHANGE_GAP_OVERFLOW);
    s->overflows++;
    return SF_OK;
}

static void tell_gap(const char *type, const char *ids)
{
    char body[256];
    snprintf(body, sizeof body, "{\"entity\":\"Account\",\"changeType\":\"%s\",\"recordIds\":[%s]}", type, ids);
    assert_int_equal(test_org_http(&org, "POST", "/__org/events", NULL, body), 201);
}

static void test_events__gaps_are_healed_in_their_place(void **state)
{
    (void)state;
    seen s = { 0 };
    char ids[64];
    sf_id a = create_account("GapA"), b = create_account("GapB");
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    snprintf(ids, sizeof ids, "\"%s\",\"%s\"", a.text, b.text);
    tell_gap("GAP_UPDATE", ids);
    tell_gap("GAP_OVERFLOW", "");
    tell_gap("GAP_UPDATE", "\"001*\"");
    snprintf(ids, sizeof ids, "\"%s\"", a.text);
    tell_gap("GAP_DELETE", ids);
    create_account("After");
    sf_cdc_service service = { .user = &s,
                               .on_create = on_change,
                               .on_update = on_change,
                               .on_delete = on_change,
                               .on_gap = on_gap,
                               .on_overflow = on_overflow,
                               .on_error = on_error,
                               .heal_gaps = true };
    open_listener(&s, NULL);
    DO(sf_listener_attach_cdc(s.l, "ChangeEvents", &service, &all_kept, &err));
    pump(&s, &s.count, 4);
    assert_int_equal(s.gaps, 1);
    assert_int_equal(s.overflows, 1);
    assert_int_equal(s.troubles, 0);
    static const struct {
        sf_change_type type;
        const char *name;
        bool is_healed;
    } want[] = { { SF_CHANGE_UPDATE, "GapA", true },
                 { SF_CHANGE_UPDATE, "GapB", true },
                 { SF_CHANGE_DELETE, "", true },
                 { SF_CHANGE_CREATE, "After", false } };
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        assert_int_equal(s.list[i].type, want[i].type);
        assert_string_equal(s.list[i].text, want[i].name);
        assert_int_equal(s.list[i].is_healed, want[i].is_healed);
    }
    assert_int_equal(s.list[0].replay_id, s.list[1].replay_id);
    sf_listener_stats stats;
    sf_listener_get_stats(s.l, &stats);
    assert_int_equal(stats.events, 5);
    assert_int_equal(stats.healed, 3);
    finish(&s);
}

static sf_status count_message(void *user, const sf_event *e)
{
    int *counts = user;
    counts[strtol(sf_get_str(e->payload, "N__c"), NULL, 10)]++;
    counts[SF_CHANNELS_MAX]++;
    return SF_OK;
}

static void write_schema(const char *path)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "{\"sobjects\":[");
    for (int i = 0; i < SF_CHANNELS_MAX; i++)
        fprintf(f,
                "%s{\"name\":\"Kind%d__e\",\"label\":\"K%d\",\"fields\":[{\"name\":\"N__c\",\"type\":\"string\","
                "\"length\":10}]}",
                i > 0 ? "," : "", i, i);
    fprintf(f, "]}");
    assert_int_equal(fclose(f), 0);
}

/* As many as a listener takes, which is more than one request of the org may name; one more is refused. */
static void test_events__a_hundred_channels(void **state)
{
    (void)state;
    char folder[] = "/tmp/sf_events_XXXXXX", schema[64], name[32], number[16];
    test_org mine = org;
    sf_client *my_client = sf;
    seen s = { 0 };
    int counts[SF_CHANNELS_MAX + 1] = { 0 };
    sf_event_service service = { .user = counts, .on_message = count_message };
    assert_non_null(mkdtemp(folder));
    snprintf(schema, sizeof schema, "%s/schema.json", folder);
    write_schema(schema);
    test_org_start(&org, (const char *const[]){ "--seed", "empty", "--schema", schema, NULL });
    unlink(schema);
    rmdir(folder);
    sf = connect_client();
    open_listener(&s, NULL);
    for (int i = 0; i < SF_CHANNELS_MAX; i++) {
        sf_id id;
        snprintf(name, sizeof name, "Kind%d__e", i);
        snprintf(number, sizeof number, "%d", i);
        sf_record *r = sf_record_new(name);
        DO(sf_record_set_str(r, "N__c", number));
        DO(sf_record_create(sf, r, NULL, &id, &err));
        sf_record_free(r);
        DO(sf_listener_attach_events(s.l, name, &service, &all_kept, &err));
    }
    assert_int_equal(sf_listener_attach_events(s.l, "Other__e", &service, NULL, &err), SF_ERR_LIMIT);
    pump(&s, &counts[SF_CHANNELS_MAX], SF_CHANNELS_MAX);
    for (int i = 0; i < SF_CHANNELS_MAX; i++) assert_int_equal(counts[i], 1);
    finish(&s);
    sf_client_close(sf);
    assert_int_equal(test_org_stop(&org), 0);
    sf = my_client;
    org = mine;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events__each_kind_of_change),
        cmocka_unit_test(test_events__several_channels_on_one_connection),
        cmocka_unit_test(test_events__begins_where_it_is_told),
        cmocka_unit_test(test_events__a_position_that_is_too_old),
        cmocka_unit_test(test_events__handlers_attach_and_detach),
        cmocka_unit_test(test_events__a_position_moves_by_acknowledging),
        cmocka_unit_test(test_events__dead_letters_do_not_stop_it),
        cmocka_unit_test(test_events__stops_from_another_thread),
        cmocka_unit_test(test_events__stops_in_a_signal_handler),
        cmocka_unit_test(test_events__a_handler_stops_it_after_its_event),
        cmocka_unit_test(test_events__runs_in_a_loop_of_the_users),
        cmocka_unit_test(test_events__a_bulk_write_comes_merged),
        cmocka_unit_test(test_events__gaps_are_healed_in_their_place),
        cmocka_unit_test(test_events__a_hundred_channels),
    };
    return cmocka_run_group_tests_name("events", tests, start, stop);
}
