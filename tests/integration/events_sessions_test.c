/* events_sessions_test.c: listeners against a real local org that ends their sessions: refused and revoked tokens, a forgotten
 * client, an org that starts anew. Nothing is lost and nothing comes twice. */
#include "integration/events_fixture.h"

static void test_sessions__goes_on_after_the_session_has_ended(void **state)
{
    static const struct {
        const char *method, *path;
    } ends[] = { { "POST", "/__org/expire-sessions" }, /* 401 to the poll that waits */
                 { "DELETE", "/__org/streaming" },     /* 403::Unknown client */
                 { "POST", "/__org/expire-sessions" } };
    (void)state;
    seen s = { 0 };
    test_org_http(&org, "DELETE", "/__org/events", NULL, NULL);
    publish("before");
    open_listener(&s, NULL);
    attach_events(&s, &all_kept);
    pump(&s, &s.count, 1);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        char model[16];
        snprintf(model, sizeof model, "end%zu", i);
        assert_int_equal(test_org_http(&org, ends[i].method, ends[i].path, NULL, "{}"), 200);
        publish(model);
        pump(&s, &s.count, (int)i + 2); /* nothing twice, nothing missing */
        assert_string_equal(s.list[i + 1].text, model);
    }
    assert_int_equal(s.count, 4);
    sf_listener_stats stats;
    sf_listener_get_stats(s.l, &stats);
    assert_true(stats.handshakes >= 3);
    finish(&s);
}

static void test_sessions__a_token_that_cannot_be_renewed_ends_it(void **state)
{
    (void)state;
    seen s = { 0 };
    sf_client *bearer = NULL, *mine = sf;
    char *token = NULL;
    DO(sf_client_get_access_token(sf, &token, &err));
    DO(sf_client_open(&(sf_client_options){ .instance_url = org.url,
                                            .api_version = "64.0",
                                            .auth = { .flow = SF_AUTH_BEARER, .access_token = token } },
                      &bearer, &err));
    sf_free(token);
    sf = bearer;
    open_listener(&s, NULL);
    attach_events(&s, NULL);
    pump(&s, &s.ups, 1);
    sf = mine;
    assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
    assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_AUTH);
    assert_int_equal(s.stops, 1);
    sf_listener_close(s.l);
    sf_client_close(bearer);
}

static void test_sessions__goes_on_when_the_org_starts_anew(void **state)
{
    (void)state;
    char folder[] = "/tmp/sf_events_XXXXXX", data[64], port[8];
    static const char schema[] = SF_SOURCE_DIR "/tests/integration/data/events.json";
    test_org other = { 0 }, mine = org;
    sf_client *my_client = sf;
    seen s = { 0 };
    assert_non_null(mkdtemp(folder));
    snprintf(data, sizeof data, "%s/org.db", folder);
    test_org_start(&other, (const char *const[]){ "--seed", "empty", "--schema", schema, "--data", data, NULL });
    org = other;
    sf = connect_client();
    publish("one");
    open_listener(&s, NULL);
    attach_events(&s, &all_kept);
    pump(&s, &s.count, 1);
    snprintf(port, sizeof port, "%d", org.port);
    assert_int_equal(test_org_stop(&org), 0);
    pump(&s, &s.downs, 1); /* noticed */
    test_org_start(
        &org, (const char *const[]){ "--seed", "empty", "--schema", schema, "--data", data, "--port", port, NULL });
    publish("two");
    pump(&s, &s.count, 2);
    assert_string_equal(s.list[1].text, "two");
    assert_int_equal(s.troubles, 0); /* the position is known there */
    finish(&s);
    sf_client_close(sf);
    assert_int_equal(test_org_stop(&org), 0);
    sf = my_client;
    org = mine;
    static const char *const files[] = { "org.db", "org.db-wal", "org.db-shm", "org.db.lock" };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        snprintf(data, sizeof data, "%s/%s", folder, files[i]);
        unlink(data);
    }
    rmdir(folder);
}

static void test_sessions__a_revoked_refresh_token_ends_it(void **state)
{
    (void)state;
    seen s = { 0 };
    char refresh[512] = "";
    sf_client *mine = sf;
    assert_int_equal(test_org_http(&org, "POST", "/__org/tokens", NULL, "{}"), 201);
    const char *at = strstr(org.reply, "\"refresh_token\":\"");
    assert_non_null(at);
    (void)sscanf(at + strlen("\"refresh_token\":\""), "%511[^\"]", refresh);
    DO(sf_client_open(&(sf_client_options){ .login_url = org.url,
                                            .api_version = "64.0",
                                            .auth = { .flow = SF_AUTH_REFRESH_TOKEN,
                                                      .refresh_token = refresh,
                                                      .client_id = org.client_id,
                                                      .client_secret = org.client_secret } },
                      &sf, &err));
    open_listener(&s, NULL);
    attach_events(&s, NULL);
    pump(&s, &s.ups, 1);
    publish_until_seen(&s, "before");
    assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
    pump(&s, &s.ups, 2); /* renewed */
    assert_int_equal(test_org_http(&org, "POST", "/__org/revoke-refresh-tokens", NULL, "{}"), 200);
    assert_int_equal(test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}"), 200);
    assert_int_equal(sf_listener_run(s.l, &err), SF_ERR_AUTH);
    assert_non_null(strstr(err.message, "invalid_grant"));
    assert_int_equal(s.stops, 1);
    sf_listener_close(s.l);
    sf_client_close(sf);
    sf = mine;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions__goes_on_after_the_session_has_ended),
        cmocka_unit_test(test_sessions__a_token_that_cannot_be_renewed_ends_it),
        cmocka_unit_test(test_sessions__goes_on_when_the_org_starts_anew),
        cmocka_unit_test(test_sessions__a_revoked_refresh_token_ends_it),
    };
    return cmocka_run_group_tests_name("events sessions", tests, start, stop);
}
