/*
 * outage_test.c: what a client does when the Redis server that keeps its session is away, comes back, forgets, or when
 * another program died in the middle of a refresh. One process; an org that replaces each refresh token counts what it is
 * sent. Skipped where there is no redis-server.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <salesforce.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "auth/auth_internal.h"
#include "support/org_process.h"
#include "support/redis_process.h"

typedef struct setting {
    test_org org;
    test_redis redis;
    char refresh[512];
    atomic_long warnings, recoveries;
    atomic_bool told_secret;
    char secrets[4][512];
} setting;

/* A client with its store. */
typedef struct member {
    sf_token_store *store;
    sf_client *sf;
} member;

static long org_count(test_org *org, const char *name)
{
    char key[64];
    assert_int_equal(test_org_http(org, "GET", "/__org/stats", NULL, NULL), 200);
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(org->reply, key);
    if (at == NULL) fail_msg("the org counts no %s", name);
    return strtol(at + strlen(key), NULL, 10);
}

static void org_post(test_org *org, const char *path)
{
    assert_int_equal(test_org_http(org, "POST", path, NULL, "{}") / 100, 2);
}

static void note_line(void *user, sf_log_level level, const char *line)
{
    setting *s = user;
    for (size_t i = 0; i < COUNT_OF(s->secrets); i++)
        if (s->secrets[i][0] != '\0' && strstr(line, s->secrets[i]) != NULL) atomic_store(&s->told_secret, true);
    if (strstr(line, "token store") == NULL) return;
    if (level == SF_LOG_WARN) atomic_fetch_add(&s->warnings, 1);
    if (strstr(line, "works again") != NULL) atomic_fetch_add(&s->recoveries, 1);
}

static sf_client_options options_for(setting *s, sf_auth_flow flow)
{
    return (sf_client_options){ .login_url = s->org.url,
                                .api_version = "64.0",
                                .auth = { .flow = flow,
                                          .client_id = s->org.client_id,
                                          .client_secret = s->org.client_secret,
                                          .refresh_token = flow == SF_AUTH_REFRESH_TOKEN ? s->refresh : NULL },
                                .retry = { .pause_ms = 1, .pause_max_ms = 5 },
                                .log = note_line,
                                .log_user = s,
                                .log_level = SF_LOG_TRACE };
}

static void open_store(setting *s, sf_token_store **store)
{
    const sf_redis_options o = { .url = s->redis.url, .timeout_ms = 1000 };
    assert_int_equal(sf_token_store_redis(&o, "one", store, NULL), SF_OK);
}

static void open_member(setting *s, const sf_client_options *o, member *m)
{
    sf_error err;
    sf_client_options with_store = *o;
    open_store(s, &m->store);
    with_store.token_store = m->store;
    if (sf_client_open(&with_store, &m->sf, &err) != SF_OK) fail_msg("%s", err.message);
}

static void close_member(member *m)
{
    sf_client_close(m->sf);
    sf_token_store_close(m->store);
}

static sf_status ask(member *m, int64_t timeout_ms, sf_cancel *cancel, sf_error *err)
{
    const sf_call_options call = { .timeout_ms = timeout_ms, .cancel = cancel };
    sf_response response;
    *err = (sf_error){ .message = "" };
    sf_status rc =
        sf_client_request(m->sf, &(sf_request){ .method = "GET", .path = "limits", .call = &call }, &response, err);
    sf_response_clear(&response);
    return rc;
}

static void must_ask(member *m)
{
    sf_error err;
    sf_status rc = ask(m, 0, NULL, &err);
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err.message);
}

static void stored_token(setting *s, sfi_token *out)
{
    sf_token_store *store;
    open_store(s, &store);
    (void)!sfi_store_get(store, out, NULL);
    sf_token_store_close(store);
}

/* ---- the server is away ---- */

static void test_outage__a_refresh_token_is_not_used_without_the_lock(void **state)
{
    setting *s = *state;
    member m;
    sf_error err;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    test_redis_halt(&s->redis, SIGKILL);
    open_member(s, &o, &m);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(&m, 200, NULL, &err), SF_ERR_TIMEOUT);
        assert_true(err.retryable);
        assert_non_null(strstr(err.message, "not used without the store's lock"));
        assert_non_null(strstr(err.message, "Connection refused"));
    }
    assert_int_equal(org_count(&s->org, "refreshes"), 0);
    assert_int_equal(atomic_load(&s->warnings), 1);
    test_redis_resume(&s->redis);
    must_ask(&m);
    assert_int_equal(org_count(&s->org, "refreshes"), 1);
    assert_int_equal(atomic_load(&s->recoveries), 1);
    close_member(&m);
}

static void test_outage__client_credentials_log_in_without(void **state)
{
    setting *s = *state;
    member m;
    sf_client_options o = options_for(s, SF_AUTH_CLIENT_CREDENTIALS);
    test_redis_halt(&s->redis, SIGKILL);
    open_member(s, &o, &m);
    for (int i = 0; i < 3; i++) {
        must_ask(&m);
        org_post(&s->org, "/__org/expire-sessions");
    }
    assert_int_equal(atomic_load(&s->warnings), 1);
    test_redis_resume(&s->redis);
    must_ask(&m);
    assert_int_equal(atomic_load(&s->recoveries), 1);
    close_member(&m);
}

/* The session is due to be renewed ahead of time, all the time: requests go on with it. */
static void test_outage__requests_go_on_with_the_session_at_hand(void **state)
{
    static const sf_auth_flow flows[] = { SF_AUTH_REFRESH_TOKEN, SF_AUTH_CLIENT_CREDENTIALS };
    setting *s = *state;
    for (size_t i = 0; i < COUNT_OF(flows); i++) {
        member m;
        sf_client_stats stats = { 0 };
        sf_client_options o = options_for(s, flows[i]);
        (void)test_redis_ask(&s->redis, "FLUSHALL");
        atomic_store(&s->warnings, 0);
        atomic_store(&s->recoveries, 0);
        o.auth.lifetime_ms = 4000;
        o.auth.refresh_ahead_ms = 3600000;
        open_member(s, &o, &m);
        must_ask(&m);
        int64_t due = sfi_now_ms() + 2100; /* half of the lifetime, and a little */
        test_redis_halt(&s->redis, SIGTERM);
        long before = org_count(&s->org, "refreshes") + org_count(&s->org, "logins");
        while (sfi_now_ms() < due) must_ask(&m);
        for (int k = 0; k < 50; k++) must_ask(&m);
        assert_int_equal(org_count(&s->org, "refreshes") + org_count(&s->org, "logins"), before);
        assert_int_equal(atomic_load(&s->warnings), 1);
        if (flows[i] == SF_AUTH_REFRESH_TOKEN) { /* also when it should be over: the org will say */
            while (sfi_now_ms() < due + 2500) must_ask(&m);
            assert_int_equal(org_count(&s->org, "refreshes"), before - org_count(&s->org, "logins"));
        }
        assert_int_equal(atomic_load(&s->warnings), 1);
        test_redis_resume(&s->redis);
        for (int64_t end = sfi_now_ms() + 20000; stats.refreshes == 0 && sfi_now_ms() < end;) {
            must_ask(&m);
            sf_client_get_stats(m.sf, &stats);
        }
        assert_int_equal(stats.refreshes, 1);
        assert_int_equal(atomic_load(&s->warnings), 1);
        assert_int_equal(atomic_load(&s->recoveries), 1);
        close_member(&m);
        if (i == 0) { /* another seed: the first is spent */
            sfi_token token;
            stored_token(s, &token);
            snprintf(s->refresh, sizeof s->refresh, "%s", token.refresh_token);
            sfi_token_clear(&token);
        }
    }
}

/* A server that says nothing costs one request its time limit now and then, not each. */
static void test_outage__a_server_that_hangs_does_not_hold_the_requests_up(void **state)
{
    setting *s = *state;
    member m;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    o.auth.lifetime_ms = 1000;
    o.auth.refresh_ahead_ms = 3600000;
    open_member(s, &o, &m);
    must_ask(&m);
    int64_t due = sfi_now_ms() + 600;
    kill(s->redis.pid, SIGSTOP);
    while (sfi_now_ms() < due) must_ask(&m);
    for (int i = 0; i < 20; i++)
        must_ask(&m); /* each held up for the second that is the limit: more than the test has */
    assert_int_equal(org_count(&s->org, "refreshes"), 1);
    assert_int_equal(atomic_load(&s->warnings), 1);
    kill(s->redis.pid, SIGCONT);
    close_member(&m);
}

typedef struct background {
    member *m;
    int64_t timeout_ms;
    sf_cancel *cancel;
    sf_status rc;
    sf_error err;
    pthread_t thread;
} background;

static void *ask_behind(void *arg)
{
    background *b = arg;
    b->rc = ask(b->m, b->timeout_ms, b->cancel, &b->err);
    return NULL;
}

static void start_asking(background *b)
{
    assert_int_equal(pthread_create(&b->thread, NULL, ask_behind, b), 0);
}

/* The org has the refresh, and its answer is held back. */
static void await_refresh(setting *s, long count)
{
    for (int64_t end = sfi_now_ms() + 20000; org_count(&s->org, "refreshes") < count;)
        if (sfi_now_ms() > end) fail_msg("no refresh came");
}

/* The server goes while the refresh is under way: who refreshed goes on, the others do not send the old token, and get the
 * new one as soon as the server is back. */
static void test_outage__a_successor_that_cannot_be_stored_is_not_lost(void **state)
{
    setting *s = *state;
    member first, second;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    open_member(s, &o, &first);
    open_member(s, &o, &second);
    must_ask(&first);
    must_ask(&second);
    assert_int_equal(org_count(&s->org, "refreshes"), 1);
    org_post(&s->org, "/__org/expire-sessions");
    test_org_fault(&s->org, "stall:after=0,ms=700,path=/services/oauth2/token,times=1");
    background b = { .m = &first, .timeout_ms = 3000 };
    start_asking(&b);
    await_refresh(s, 2);
    test_redis_halt(&s->redis, SIGKILL);
    pthread_join(b.thread, NULL);
    if (b.rc != SF_OK) fail_msg("%s", b.err.message); /* half of its time was for the store */
    sf_error err;
    assert_int_equal(ask(&second, 300, NULL, &err), SF_ERR_TIMEOUT); /* it does not take the old one */
    test_redis_resume(&s->redis);
    assert_int_equal(ask(&second, 300, NULL, &err), SF_ERR_TIMEOUT); /* nor now: it sees that one is under way */
    must_ask(&second); /* the first does nothing more, and brings it all the same */
    assert_int_equal(org_count(&s->org, "refreshes"), 2);
    close_member(&first);
    close_member(&second);
}

/* The same, and the program that has the successor ends: its last act is to store it. */
static void test_outage__a_successor_is_stored_at_the_end(void **state)
{
    setting *s = *state;
    member first, second;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    open_member(s, &o, &first);
    test_org_fault(&s->org, "stall:after=0,ms=500,path=/services/oauth2/token,times=1");
    background b = { .m = &first, .timeout_ms = 2500 };
    start_asking(&b);
    await_refresh(s, 1);
    test_redis_halt(&s->redis, SIGKILL);
    pthread_join(b.thread, NULL);
    if (b.rc != SF_OK) fail_msg("%s", b.err.message);
    test_redis_resume(&s->redis);
    close_member(&first);
    open_member(s, &o, &second);
    must_ask(&second);
    assert_int_equal(org_count(&s->org, "refreshes"), 1);
    close_member(&second);
}

/* ---- time and cancellation ---- */

static void test_outage__a_call_that_ends_does_not_take_the_refresh_with_it(void **state)
{
    setting *s = *state;
    for (int kind = 0; kind < 2; kind++) {
        member m, other;
        sf_cancel *cancel = NULL;
        sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
        long before = org_count(&s->org, "refreshes");
        org_post(&s->org, "/__org/expire-sessions");
        open_member(s, &o, &m);
        assert_int_equal(sf_cancel_new(&cancel, NULL), SF_OK);
        test_org_fault(&s->org, "stall:after=0,ms=600,path=/services/oauth2/token,times=1");
        background b = { .m = &m, .timeout_ms = kind == 0 ? 200 : 0, .cancel = cancel };
        start_asking(&b);
        await_refresh(s, before + 1);
        if (kind == 1) sf_cancel_now(cancel);
        pthread_join(b.thread, NULL);
        assert_int_equal(b.rc, kind == 0 ? SF_ERR_TIMEOUT : SF_ERR_CANCELLED);
        must_ask(&m); /* with what that refresh brought */
        open_member(s, &o, &other);
        must_ask(&other);
        assert_int_equal(org_count(&s->org, "refreshes"), before + 1);
        sf_cancel_free(cancel);
        close_member(&m);
        close_member(&other);
        test_org_faults_clear(&s->org);
    }
}

/* ---- another program ---- */

static void test_outage__another_ones_refresh_is_given_its_time(void **state)
{
    setting *s = *state;
    member m;
    sf_error err;
    sf_token_store *other;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    open_store(s, &other);
    assert_int_equal(sfi_store_lock(other, 100, NULL), SF_OK);
    assert_int_equal(sfi_store_begin(other, sfi_wall_ms(), NULL), SF_OK);
    sfi_store_release(other); /* as if the lock had run out */
    open_member(s, &o, &m);
    assert_int_equal(ask(&m, 300, NULL, &err), SF_ERR_TIMEOUT);
    print_message("  %s\n", err.message);
    assert_non_null(strstr(err.message, "another program began a refresh"));
    assert_int_equal(org_count(&s->org, "refreshes"), 0);
    background b = { .m = &m };
    start_asking(&b); /* and then the other brings it */
    const sfi_token token = { .access_token = s->org.access_token,
                              .refresh_token = s->refresh,
                              .instance_url = s->org.url };
    assert_int_equal(sfi_store_lock(other, 5000, NULL), SF_OK);
    assert_int_equal(sfi_store_set(other, &token, NULL), SF_OK);
    sfi_store_release(other);
    pthread_join(b.thread, NULL);
    if (b.rc != SF_OK) fail_msg("%s", b.err.message);
    assert_int_equal(org_count(&s->org, "refreshes"), 0);
    close_member(&m);
    sf_token_store_close(other);
}

/* One that was killed before it sent anything: its lock runs out, its time passes, and the token is used. */
static void test_outage__a_killed_program_does_not_hold_the_others_for_ever(void **state)
{
    setting *s = *state;
    member m;
    int told[2];
    char byte;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        sf_token_store *store;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        open_store(s, &store);
        bool ok = sfi_store_lock(store, 100, NULL) == SF_OK && sfi_store_begin(store, sfi_wall_ms(), NULL) == SF_OK;
        (void)!write(told[1], ok ? "y" : "n", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(told[0]);
    close(told[1]);
    open_member(s, &o, &m);
    must_ask(&m);
    assert_int_equal(org_count(&s->org, "refreshes"), 1);
    close_member(&m);
}

/* The lock is lost while the org takes its time, and another has it meanwhile: what the org gave is stored by the rules. */
static void test_outage__a_lock_lost_in_between_loses_no_token(void **state)
{
    setting *s = *state;
    member m, later;
    sf_token_store *other;
    char command[256], key[128] = "";
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    open_store(s, &other);
    open_member(s, &o, &m);
    test_org_fault(&s->org, "stall:after=0,ms=1000,path=/services/oauth2/token,times=1");
    background b = { .m = &m };
    start_asking(&b);
    await_refresh(s, 1);
    const char *at = strstr(test_redis_ask(&s->redis, "KEYS *lock"), "sforce:");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "%127[^\r]", key), 1);
    snprintf(command, sizeof command, "DEL %s", key);
    (void)test_redis_ask(&s->redis, command);
    assert_int_equal(sfi_store_lock(other, 1000, NULL), SF_OK);
    pthread_join(b.thread, NULL); /* it waits for the other a while, then goes on with what it has */
    if (b.rc != SF_OK) fail_msg("%s", b.err.message);
    sfi_store_release(other);
    sf_token_store_close(other);
    must_ask(&m);
    open_member(s, &o, &later);
    for (int64_t end = sfi_now_ms() + 20000;;) {
        sfi_token token;
        stored_token(s, &token);
        bool is_there = token.refresh_token != NULL;
        sfi_token_clear(&token);
        if (is_there) break;
        if (sfi_now_ms() > end) fail_msg("the successor is not stored");
    }
    must_ask(&later);
    assert_int_equal(org_count(&s->org, "refreshes"), 1);
    close_member(&m);
    close_member(&later);
}

static void test_outage__a_refusal_clears_the_store_and_names_the_way_out(void **state)
{
    setting *s = *state;
    member m;
    sf_error err;
    sfi_token token;
    sf_client_options o = options_for(s, SF_AUTH_REFRESH_TOKEN);
    open_member(s, &o, &m);
    must_ask(&m);
    org_post(&s->org, "/__org/revoke-refresh-tokens");
    org_post(&s->org, "/__org/expire-sessions");
    assert_int_equal(ask(&m, 0, NULL, &err), SF_ERR_AUTH);
    assert_string_equal(err.code, "invalid_grant");
    assert_non_null(strstr(err.message, "log in again"));
    stored_token(s, &token);
    assert_null(token.refresh_token);
    assert_null(token.access_token);
    close_member(&m);
}

static void test_outage__no_secret_is_told(void **state)
{
    setting *s = *state;
    sf_error err;
    sf_client *sf = NULL;
    char url[256];
    sf_client_options o = options_for(s, SF_AUTH_CLIENT_CREDENTIALS);
    (void)test_redis_ask(&s->redis, "ACL SETUSER who on >right-password ~* +@all");
    static const char *const logins[] = { "who:wrong-password@", "who:right-password@" };
    for (size_t i = 0; i < COUNT_OF(logins); i++) {
        snprintf(url, sizeof url, "redis://%s127.0.0.1:%d", logins[i], s->redis.port);
        const sf_redis_options redis = { .url = url, .timeout_ms = 1000 };
        snprintf(s->secrets[0], sizeof s->secrets[0], "wrong-password");
        snprintf(s->secrets[1], sizeof s->secrets[1], "right-password");
        snprintf(s->secrets[2], sizeof s->secrets[2], "%s", s->org.client_secret);
        assert_int_equal(sf_token_store_redis(&redis, "one", &o.token_store, &err), SF_OK);
        assert_int_equal(sf_client_open(&o, &sf, &err), SF_OK);
        member m = { .store = o.token_store, .sf = sf };
        must_ask(&m);
        assert_int_equal(atomic_load(&s->warnings), 1);
        close_member(&m);
    }
    assert_false(atomic_load(&s->told_secret));
    memset(s->secrets, 0, sizeof s->secrets);
}

static int start(void **state)
{
    static setting s;
    memset(&s, 0, sizeof s);
    test_org_start(&s.org, (const char *const[]){ "--policy", "rotate", "--seed", "empty", NULL });
    test_redis_start(&s.redis, NULL);
    org_post(&s.org, "/__org/tokens");
    sf_document *doc;
    if (sf_document_parse(s.org.reply, strlen(s.org.reply), &doc, NULL) != SF_OK) return -1;
    snprintf(s.refresh, sizeof s.refresh, "%s", sf_get_str(sf_document_root(doc), "refresh_token"));
    sf_document_free(doc);
    *state = &s;
    return 0;
}

static int stop(void **state)
{
    setting *s = *state;
    long reuses = org_count(&s->org, "refresh_reuses");
    if (reuses != 0) fprintf(stderr, "%ld refresh tokens were sent after their successor was made\n", reuses);
    test_redis_stop(&s->redis);
    return test_org_stop(&s->org) == 0 && reuses == 0 ? 0 : -1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_outage__##name, start, stop)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_refresh_token_is_not_used_without_the_lock),
        TEST(client_credentials_log_in_without),
        TEST(requests_go_on_with_the_session_at_hand),
        TEST(a_server_that_hangs_does_not_hold_the_requests_up),
        TEST(a_successor_that_cannot_be_stored_is_not_lost),
        TEST(a_successor_is_stored_at_the_end),
        TEST(a_call_that_ends_does_not_take_the_refresh_with_it),
        TEST(another_ones_refresh_is_given_its_time),
        TEST(a_killed_program_does_not_hold_the_others_for_ever),
        TEST(a_lock_lost_in_between_loses_no_token),
        TEST(a_refusal_clears_the_store_and_names_the_way_out),
        TEST(no_secret_is_told),
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]); /* one of them */
    if (!test_redis_is_there()) return 77;
    return cmocka_run_group_tests_name("a token store that is away", tests, NULL, NULL);
}
