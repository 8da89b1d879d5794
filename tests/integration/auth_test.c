/*
 * auth_test.c: every login flow against a real sforce-org: sessions that die in the middle, one refresh for many threads
 * and processes, rotated refresh tokens, stores, and refusals that name the way out. What the org saw is counted there.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <salesforce.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/org_process.h"

enum { THREADS = 16, PROCESSES = 4 };

static char folder[64];

/* ---- helpers ---- */

static long org_count(test_org *org, const char *name)
{
    char key[64];
    assert_int_equal(test_org_http(org, "GET", "/__org/stats", NULL, NULL), 200);
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(org->reply, key);
    return at != NULL ? strtol(at + strlen(key), NULL, 10) : 0;
}

static void org_post(test_org *org, const char *path)
{
    assert_int_equal(test_org_http(org, "POST", path, NULL, "{}") / 100, 2);
}

static void take_text(const char *json, const char *name, char *out, size_t size)
{
    sf_document *doc;
    assert_int_equal(sf_document_parse(json, strlen(json), &doc, NULL), SF_OK);
    const char *text = sf_get_str(sf_document_root(doc), name);
    if (text == NULL) fail_msg("no %s in %s", name, json);
    snprintf(out, size, "%s", text);
    sf_document_free(doc);
}

/* As a web login would give it. */
static void new_refresh_token(test_org *org, char *out, size_t size)
{
    org_post(org, "/__org/tokens");
    take_text(org->reply, "refresh_token", out, size);
}

static sf_client_options options_for(const test_org *org, sf_auth_flow flow)
{
    return (sf_client_options){ .login_url = org->url,
                                .auth = { .flow = flow,
                                          .client_id = org->client_id,
                                          .client_secret = org->client_secret,
                                          .username = org->username,
                                          .password = org->password,
                                          .security_token = org->security_token },
                                .retry = { .pause_ms = 1, .pause_max_ms = 5 } };
}

static sf_client *open_or_fail(const sf_client_options *o)
{
    sf_client *sf;
    sf_error err;
    if (sf_client_open(o, &sf, &err) != SF_OK) fail_msg("%s", err.message);
    return sf;
}

static sf_status get_limits(sf_client *sf, sf_error *err)
{
    sf_response response;
    sf_status rc = sf_client_request(sf, &(sf_request){ .method = "GET", .path = "limits" }, &response, err);
    if (rc == SF_OK) assert_non_null(strstr(response.body, "DailyApiRequests"));
    sf_response_clear(&response);
    return rc;
}

static void must(sf_status rc, const sf_error *err)
{
    if (rc != SF_OK) fail_msg("%s: %s", sf_status_name(rc), err->message);
}

static void file_path(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", folder, name);
}

/* ---- flows ---- */

static void test_auth__every_flow_logs_in_and_tells_who(void **state)
{
    test_org *org = *state;
    char refresh[512];
    new_refresh_token(org, refresh, sizeof refresh);
    static const sf_auth_flow flows[] = { SF_AUTH_CLIENT_CREDENTIALS, SF_AUTH_REFRESH_TOKEN, SF_AUTH_PASSWORD,
                                          SF_AUTH_SOAP, SF_AUTH_BEARER };
    for (size_t i = 0; i < COUNT_OF(flows); i++) {
        sf_error err;
        sf_client_info info;
        sf_client_stats stats;
        sf_client_options o = options_for(org, flows[i]);
        o.auth.refresh_token = refresh;
        o.auth.access_token = flows[i] == SF_AUTH_BEARER ? org->access_token : NULL;
        o.instance_url = flows[i] == SF_AUTH_BEARER ? org->url : NULL;
        print_message("  flow %d\n", flows[i]);
        sf_client *sf = open_or_fail(&o);
        must(sf_client_get_info(sf, &info, &err), &err);
        assert_string_equal(info.instance_url, org->url);
        assert_memory_equal(info.org_id.text, "00D", 3);
        if (flows[i] != SF_AUTH_BEARER) assert_memory_equal(info.user_id.text, "005", 3);
        assert_true(strtol(info.api_version, NULL, 10) >= 60);
        must(get_limits(sf, &err), &err);
        sf_client_get_stats(sf, &stats);
        assert_int_equal(stats.logins, flows[i] == SF_AUTH_BEARER ? 0 : 1);
        assert_int_equal(stats.requests, 2); /* versions, limits */
        sf_api_usage usage;
        assert_int_equal(sf_client_get_api_usage(sf, &usage), SF_ROW);
        assert_true(usage.used > 0 && usage.max >= usage.used);
        sf_client_close(sf);
    }
}

static void test_auth__a_dead_session_is_renewed_once_and_the_call_repeated(void **state)
{
    test_org *org = *state;
    static const sf_auth_flow flows[] = { SF_AUTH_CLIENT_CREDENTIALS, SF_AUTH_PASSWORD, SF_AUTH_SOAP };
    for (size_t i = 0; i < COUNT_OF(flows); i++) {
        sf_error err;
        sf_client_stats stats;
        sf_client_options o = options_for(org, flows[i]);
        sf_client *sf = open_or_fail(&o);
        must(get_limits(sf, &err), &err);
        org_post(org, "/__org/expire-sessions");
        must(get_limits(sf, &err), &err);
        sf_client_get_stats(sf, &stats);
        assert_int_equal(stats.logins, 2);
        assert_int_equal(stats.refreshes, 1);
        sf_client_close(sf);
    }
}

static void test_auth__a_dead_bearer_token_is_told(void **state)
{
    test_org *org = *state;
    sf_error err;
    sf_client_options o = options_for(org, SF_AUTH_BEARER);
    o.auth.access_token = "00D000000000001AAA!nosuchsession";
    o.api_version = "62.0";
    sf_client *sf = open_or_fail(&o);
    long before = org_count(org, "requests");
    assert_int_equal(get_limits(sf, &err), SF_ERR_AUTH);
    assert_int_equal(err.http_status, 401);
    assert_string_equal(err.code, "INVALID_SESSION_ID");
    assert_null(strstr(err.message, "nosuchsession"));
    assert_int_equal(org_count(org, "requests") - before, 1); /* the control door is not counted */
    sf_client_close(sf);
}

/* ---- threads ---- */

typedef struct worker {
    sf_client *sf;
    pthread_barrier_t *start;
    sf_status rc;
    sf_error err;
    pthread_t thread;
} worker;

static void *work(void *arg)
{
    worker *w = arg;
    pthread_barrier_wait(w->start);
    for (int i = 0; i < 4 && (i == 0 || w->rc == SF_OK); i++) w->rc = get_limits(w->sf, &w->err);
    return NULL;
}

static void test_auth__sixteen_threads_refresh_once(void **state)
{
    test_org *org = *state;
    char refresh[512];
    new_refresh_token(org, refresh, sizeof refresh);
    sf_error err;
    sf_client_options o = options_for(org, SF_AUTH_REFRESH_TOKEN);
    o.auth.refresh_token = refresh;
    sf_client *sf = open_or_fail(&o);
    must(get_limits(sf, &err), &err);
    org_post(org, "/__org/expire-sessions");
    long before = org_count(org, "refreshes");
    static worker workers[THREADS];
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){ .sf = sf, .start = &start };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        must(workers[i].rc, &workers[i].err);
    }
    pthread_barrier_destroy(&start);
    assert_int_equal(org_count(org, "refreshes") - before, 1);
    sf_client_stats stats;
    sf_client_get_stats(sf, &stats);
    assert_int_equal(stats.refreshes, 1);
    sf_client_close(sf);
}

/* ---- rotation and stores ---- */

static void test_auth__a_rotated_token_is_kept_in_the_file_and_used(void **state)
{
    (void)state;
    test_org org;
    test_org_start(&org, (const char *const[]){ "--policy", "rotate", "--seed", "empty", NULL });
    char refresh[512], path[128], stored[512];
    new_refresh_token(&org, refresh, sizeof refresh);
    file_path(path, sizeof path, "rotated.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("{\"alias\":\"mine\",\"n\":12345678901234567890}", file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    sf_client_options o = options_for(&org, SF_AUTH_REFRESH_TOKEN);
    o.auth.refresh_token = refresh;
    for (int round = 0; round < 3; round++) { /* a program that starts three times with the same old seed */
        sf_error err;
        sf_token_store *store;
        must(sf_token_store_file(path, &store, &err), &err);
        o.token_store = store;
        sf_client *sf = open_or_fail(&o);
        must(get_limits(sf, &err), &err);
        org_post(&org, "/__org/expire-sessions");
        must(get_limits(sf, &err), &err);
        sf_client_close(sf);
        sf_token_store_close(store);
        char *text = test_read_file(path, NULL);
        assert_non_null(text);
        take_text(text, "refresh_token", stored, sizeof stored);
        assert_string_not_equal(stored, refresh);
        assert_non_null(strstr(text, "\"alias\":\"mine\""));
        assert_non_null(strstr(text, "\"n\":12345678901234567890"));
        free(text);
    }
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(test_org_stop(&org), 0);
}

static void test_auth__processes_share_one_refresh(void **state)
{
    (void)state;
    test_org org;
    test_org_start(&org, (const char *const[]){ "--policy", "rotate", "--seed", "empty", NULL });
    char refresh[512], path[128];
    new_refresh_token(&org, refresh, sizeof refresh);
    file_path(path, sizeof path, "shared.json");
    sf_client_options o = options_for(&org, SF_AUTH_REFRESH_TOKEN);
    o.auth.refresh_token = refresh;
    pid_t children[PROCESSES];
    int go[2];
    assert_int_equal(pipe(go), 0);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0) continue;
        char byte;
        sf_error err = { .message = "" };
        sf_client *sf = NULL;
        sf_status rc = sf_token_store_file(path, &o.token_store, &err);
        close(go[1]);
        (void)!read(go[0], &byte, 1); /* ends when the parent closes its end */
        if (rc == SF_OK) rc = sf_client_open(&o, &sf, &err);
        sf_response response = { 0 };
        if (rc == SF_OK)
            rc = sf_client_request(sf, &(sf_request){ .method = "GET", .path = "limits" }, &response, &err);
        sf_response_clear(&response);
        if (rc != SF_OK) fprintf(stderr, "child: %s\n", err.message);
        sf_client_close(sf);
        sf_token_store_close(o.token_store);
        _exit(rc == SF_OK ? 0 : 1);
    }
    close(go[0]);
    close(go[1]);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(org_count(&org, "refreshes"), 1); /* the others took what the first had stored */
    assert_int_equal(test_org_stop(&org), 0);
}

typedef struct own_store {
    pthread_mutex_t lock;
    int locks, gets, sets, clears;
    char access[512], refresh[512], instance[128];
    bool is_held, is_broken, is_read_only;
} own_store;

static sf_status own_lock(void *user, int64_t timeout_ms, sf_error *err)
{
    own_store *s = user;
    (void)timeout_ms;
    (void)err;
    pthread_mutex_lock(&s->lock);
    s->locks++;
    s->is_held = true;
    return s->is_broken ? (s->is_held = false, pthread_mutex_unlock(&s->lock), SF_ERR_IO) : SF_OK;
}

static void own_release(void *user)
{
    own_store *s = user;
    s->is_held = false;
    pthread_mutex_unlock(&s->lock);
}

static sf_status own_get(void *user, void (*found)(void *ctx, const sf_token *token), void *ctx, sf_error *err)
{
    own_store *s = user;
    (void)err;
    s->gets++;
    if (s->is_broken) return SF_ERR_IO;
    if (s->refresh[0] == '\0') return SF_DONE;
    found(ctx, &(sf_token){ .access_token = s->access,
                            .refresh_token = s->refresh,
                            .instance_url = s->instance,
                            .generation = s->sets });
    return SF_OK;
}

static sf_status own_set(void *user, const sf_token *token, sf_error *err)
{
    own_store *s = user;
    (void)err;
    if (s->is_broken || s->is_read_only) return SF_ERR_IO;
    assert_true(s->is_held); /* under the lock, always */
    s->sets++;
    snprintf(s->access, sizeof s->access, "%s", token->access_token);
    snprintf(s->refresh, sizeof s->refresh, "%s", token->refresh_token);
    snprintf(s->instance, sizeof s->instance, "%s", token->instance_url);
    return SF_OK;
}

static sf_status own_clear(void *user, sf_error *err)
{
    own_store *s = user;
    (void)err;
    s->clears++;
    s->access[0] = s->refresh[0] = '\0';
    return SF_OK;
}

static const sf_token_store_ops own_ops = {
    .lock = own_lock, .release = own_release, .get = own_get, .set = own_set, .clear = own_clear
};

static void test_auth__a_store_of_ones_own_is_locked_read_and_written(void **state)
{
    test_org *org = *state;
    own_store own = { .lock = PTHREAD_MUTEX_INITIALIZER };
    sf_error err;
    sf_token_store *store;
    must(sf_token_store_custom(&own_ops, &own, &store, &err), &err);
    new_refresh_token(org, own.refresh, sizeof own.refresh); /* the store has it, not the options */
    char first[512];
    snprintf(first, sizeof first, "%s", own.refresh);
    snprintf(own.instance, sizeof own.instance, "%s", org->url);
    snprintf(own.access, sizeof own.access, "00D000000000001AAA!old");
    sf_client_options o = options_for(org, SF_AUTH_REFRESH_TOKEN);
    o.token_store = store;
    sf_client *sf = open_or_fail(&o);
    must(get_limits(sf, &err), &err);
    assert_int_equal(own.sets, 1);
    assert_string_equal(own.refresh, first); /* no rotation here */
    assert_string_not_equal(own.access, "00D000000000001AAA!old");
    assert_false(own.is_held);

    org_post(org, "/__org/revoke-refresh-tokens");
    org_post(org, "/__org/expire-sessions");
    assert_int_equal(get_limits(sf, &err), SF_ERR_AUTH);
    assert_string_equal(err.code, "invalid_grant");
    assert_non_null(strstr(err.message, "log in again"));
    assert_int_equal(own.clears, 1);
    long logins = org_count(org, "requests");
    assert_int_equal(get_limits(sf, &err), SF_ERR_AUTH); /* known to be dead: nothing is sent */
    assert_int_equal(org_count(org, "requests"), logins);
    new_refresh_token(org, own.refresh, sizeof own.refresh); /* somebody logged in again, elsewhere */
    must(get_limits(sf, &err), &err);
    sf_client_close(sf);
    sf_token_store_close(store);
}

static void test_auth__a_broken_store_does_not_stop_the_work(void **state)
{
    test_org *org = *state;
    own_store own = { .lock = PTHREAD_MUTEX_INITIALIZER, .is_broken = true };
    sf_error err;
    sf_token_store *store;
    must(sf_token_store_custom(&own_ops, &own, &store, &err), &err);
    sf_client_options o = options_for(org, SF_AUTH_CLIENT_CREDENTIALS);
    o.token_store = store;
    sf_client *sf = open_or_fail(&o);
    must(get_limits(sf, &err), &err);
    org_post(org, "/__org/expire-sessions");
    must(get_limits(sf, &err), &err);
    sf_client_close(sf);
    sf_token_store_close(store);
}

static void test_auth__an_older_session_of_a_store_that_cannot_be_written_is_left_there(void **state)
{
    test_org *org = *state;
    own_store own = { .lock = PTHREAD_MUTEX_INITIALIZER };
    sf_error err;
    sf_token_store *store;
    must(sf_token_store_custom(&own_ops, &own, &store, &err), &err);
    new_refresh_token(org, own.refresh, sizeof own.refresh);
    sf_client_options o = options_for(org, SF_AUTH_REFRESH_TOKEN);
    o.token_store = store;
    sf_client *sf = open_or_fail(&o);
    must(get_limits(sf, &err), &err);
    assert_int_equal(own.sets, 1);
    own.is_read_only = true;
    for (int i = 0; i < 3; i++) { /* each renewal is newer than what the store goes on holding */
        org_post(org, "/__org/expire-sessions");
        must(get_limits(sf, &err), &err);
    }
    assert_int_equal(own.sets, 1);
    sf_client_close(sf);
    sf_token_store_close(store);
}

static void write_tokens(const char *path, const char *refresh, const char *more)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "{\"refresh_token\":\"%s\"%s}\n", refresh, more);
    assert_int_equal(fclose(f), 0);
}

static void test_auth__a_new_login_in_the_file_is_used_and_kept_by_who_had_the_old_one(void **state)
{
    test_org *org = *state;
    char path[128], refresh[512], kept[2048] = "";
    sf_error err;
    sf_token_store *store;
    file_path(path, sizeof path, "login-anew.json");
    new_refresh_token(org, refresh, sizeof refresh);
    sf_client_options o = options_for(org, SF_AUTH_REFRESH_TOKEN);
    must(sf_token_store_file(path, &store, &err), &err);
    o.auth.refresh_token = refresh;
    o.token_store = store;
    sf_client *sf = open_or_fail(&o);
    for (int i = 0; i < 3; i++) {
        org_post(org, "/__org/expire-sessions");
        must(get_limits(sf, &err), &err);
    }
    org_post(org, "/__org/revoke-refresh-tokens");
    org_post(org, "/__org/expire-sessions");
    new_refresh_token(org, refresh, sizeof refresh);
    write_tokens(path, refresh, ",\"generation\":1"); /* another program logged out and in again */
    must(get_limits(sf, &err), &err);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(kept, 1, sizeof kept - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(kept, refresh));
    sf_client_close(sf);
    sf_token_store_close(store);
}

static void test_auth__numbers_of_a_store_that_cannot_be_are_not_believed(void **state)
{
    test_org *org = *state;
    static const char *const numbers[] = {
        "\"generation\":9223372036854775807",
        "\"generation\":-9223372036854775808",
        "\"issued_at_ms\":-9223372036854775807,\"expires_at_ms\":9223372036854775807",
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        char path[128], refresh[512], more[512];
        sf_error err;
        sf_token_store *store;
        file_path(path, sizeof path, "numbers.json");
        new_refresh_token(org, refresh, sizeof refresh);
        snprintf(more, sizeof more, ",\"access_token\":\"00D!a\",\"instance_url\":\"%s\",%s", org->url, numbers[i]);
        write_tokens(path, refresh, more);
        must(sf_token_store_file(path, &store, &err), &err);
        sf_client_options o = options_for(org, SF_AUTH_REFRESH_TOKEN);
        o.token_store = store;
        sf_client *sf = open_or_fail(&o);
        must(get_limits(sf, &err), &err);
        sf_client_close(sf);
        sf_token_store_close(store);
    }
}

/* ---- what goes wrong ---- */

static void test_auth__a_lost_refresh_answer_is_not_repeated_by_itself(void **state)
{
    test_org *org = *state;
    char refresh[512];
    new_refresh_token(org, refresh, sizeof refresh);
    sf_error err;
    sf_client_stats stats;
    sf_client_options o = options_for(org, SF_AUTH_REFRESH_TOKEN);
    o.auth.refresh_token = refresh;
    sf_client *sf = open_or_fail(&o);
    test_org_fault(org, "reset:after=0,path=/services/oauth2/token,times=1");
    assert_int_equal(get_limits(sf, &err), SF_ERR_AUTH);
    assert_false(err.retryable);
    assert_non_null(strstr(err.message, "lost"));
    sf_client_get_stats(sf, &stats);
    assert_int_equal(stats.logins, 1);
    must(get_limits(sf, &err), &err); /* the caller asked again */
    test_org_fault(org, "reset:after=0,path=/services/oauth2/token,times=1");
    org_post(org, "/__org/expire-sessions");
    must(get_limits(sf, &err), &err); /* this org is known not to rotate by now: repeated */
    sf_client_close(sf);
    test_org_faults_clear(org);
}

static void test_auth__passing_failures_of_a_login_are_repeated(void **state)
{
    test_org *org = *state;
    static const char *const faults[] = { "503:path=/services/oauth2/token,times=2",
                                          "429:path=/services/oauth2/token,times=1",
                                          "reset:after=0,path=/services/oauth2/token,times=2",
                                          "truncate:after=20,length=wrong,path=/services/oauth2/token,times=1",
                                          "truncate:after=20,length=right,path=/services/oauth2/token,times=1" };
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        sf_error err;
        sf_client_options o = options_for(org, SF_AUTH_CLIENT_CREDENTIALS);
        sf_client *sf = open_or_fail(&o);
        print_message("  %s\n", faults[i]);
        test_org_fault(org, faults[i]);
        must(get_limits(sf, &err), &err);
        sf_client_close(sf);
        test_org_faults_clear(org);
    }
}

static void test_auth__refusals_name_the_way_out_and_are_not_repeated(void **state)
{
    test_org *org = *state;
    static const struct {
        sf_auth_flow flow;
        const char *code, *says;
    } cases[] = {
        { SF_AUTH_CLIENT_CREDENTIALS, "invalid_client", "client secret" },
        { SF_AUTH_PASSWORD, "invalid_grant", "security token" },
        { SF_AUTH_REFRESH_TOKEN, "invalid_grant", "log in again" },
        { SF_AUTH_SOAP, "INVALID_LOGIN", "security token" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sf_error err;
        sf_client_options o = options_for(org, cases[i].flow);
        if (cases[i].flow == SF_AUTH_CLIENT_CREDENTIALS) o.auth.client_secret = "wrong-secret";
        o.auth.password = "wrong-password";
        o.auth.refresh_token = "5AepWrongRefreshToken";
        sf_client *sf = open_or_fail(&o);
        assert_int_equal(get_limits(sf, &err), SF_ERR_AUTH);
        print_message("  %s\n", err.message);
        assert_string_equal(err.code, cases[i].code);
        assert_non_null(strstr(err.message, cases[i].says));
        assert_non_null(strstr(err.message, org->url));
        sf_client_stats stats;
        (void)!get_limits(sf, &err);
        sf_client_get_stats(sf, &stats);
        assert_int_equal(stats.logins, cases[i].flow == SF_AUTH_CLIENT_CREDENTIALS ? 2 : 1); /* no user is locked out */
        sf_client_close(sf);
    }
}

static void test_auth__an_unfit_session_does_not_loop(void **state)
{
    (void)state;
    test_org org;
    test_org_start(&org, (const char *const[]){ "--policy", "no-api-scope", "--seed", "empty", NULL });
    sf_error err;
    sf_client_stats stats;
    sf_client_options o = options_for(&org, SF_AUTH_CLIENT_CREDENTIALS);
    o.api_version = "62.0";
    sf_client *sf = open_or_fail(&o);
    assert_int_equal(get_limits(sf, &err), SF_ERR_AUTH);
    assert_non_null(strstr(err.message, "scope"));
    sf_client_get_stats(sf, &stats);
    assert_int_equal(stats.requests, 1);
    assert_int_equal(stats.logins, 1);
    sf_client_close(sf);
    assert_int_equal(test_org_stop(&org), 0);
}

static void test_auth__a_known_lifetime_is_renewed_ahead(void **state)
{
    test_org *org = *state;
    sf_error err;
    sf_client_stats stats = { 0 };
    sf_client_options o = options_for(org, SF_AUTH_CLIENT_CREDENTIALS);
    o.auth.lifetime_ms = 60; /* half of it is used */
    sf_client *sf = open_or_fail(&o);
    for (int i = 0; i < 2000 && stats.refreshes == 0; i++) { /* ends: a call takes a part of a millisecond or more */
        must(get_limits(sf, &err), &err);
        sf_client_get_stats(sf, &stats);
    }
    assert_true(stats.refreshes > 0);
    assert_int_equal(stats.retries, 0); /* no call met a dead session */
    sf_client_close(sf);
}

static int start(void **state)
{
    static test_org org;
    snprintf(folder, sizeof folder, "/tmp/sf-auth-test-XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    *state = &org;
    return 0;
}

static int stop(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return test_org_stop(*state) == 0 && system(command) == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth__every_flow_logs_in_and_tells_who),
        cmocka_unit_test(test_auth__a_dead_session_is_renewed_once_and_the_call_repeated),
        cmocka_unit_test(test_auth__a_dead_bearer_token_is_told),
        cmocka_unit_test(test_auth__sixteen_threads_refresh_once),
        cmocka_unit_test(test_auth__a_rotated_token_is_kept_in_the_file_and_used),
        cmocka_unit_test(test_auth__processes_share_one_refresh),
        cmocka_unit_test(test_auth__a_store_of_ones_own_is_locked_read_and_written),
        cmocka_unit_test(test_auth__a_broken_store_does_not_stop_the_work),
        cmocka_unit_test(test_auth__an_older_session_of_a_store_that_cannot_be_written_is_left_there),
        cmocka_unit_test(test_auth__a_new_login_in_the_file_is_used_and_kept_by_who_had_the_old_one),
        cmocka_unit_test(test_auth__numbers_of_a_store_that_cannot_be_are_not_believed),
        cmocka_unit_test(test_auth__a_lost_refresh_answer_is_not_repeated_by_itself),
        cmocka_unit_test(test_auth__passing_failures_of_a_login_are_repeated),
        cmocka_unit_test(test_auth__refusals_name_the_way_out_and_are_not_repeated),
        cmocka_unit_test(test_auth__an_unfit_session_does_not_loop),
        cmocka_unit_test(test_auth__a_known_lifetime_is_renewed_ahead),
    };
    test_allocator_install();
    int failed = cmocka_run_group_tests_name("auth against an org", tests, start, stop);
    return failed != 0 || test_allocations_live() != 0;
}
