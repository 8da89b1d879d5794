/*
 * secrets_test.c: every login flow at trace level, in good times and bad: no log line and no error message holds a password,
 * secret or token. What the org prints and hands out are the planted secrets. The files that hold tokens are 0600.
 */
#define SFI_MAY_ALLOCATE
#include <pthread.h>
#include <salesforce.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/org_process.h"

enum { SECRETS_MAX = 16, SECRET_BYTES = 512 };

static test_org org;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards lines and leak; the log comes from any thread */
static char secrets[SECRETS_MAX][SECRET_BYTES];
static size_t secret_count;
static long lines;
static char leak[2600];

static void plant(const char *secret)
{
    if (strlen(secret) < 6 || secret_count == SECRETS_MAX) fail_msg("cannot plant '%s'", secret);
    snprintf(secrets[secret_count++], SECRET_BYTES, "%s", secret);
}

static void check(const char *text)
{
    for (size_t i = 0; i < secret_count; i++)
        if (strstr(text, secrets[i]) != NULL && leak[0] == '\0')
            snprintf(leak, sizeof leak, "secret %zu in: %s", i, text);
}

static void on_log(void *user, sf_log_level level, const char *line)
{
    (void)user;
    (void)level;
    pthread_mutex_lock(&lock);
    lines++;
    check(line);
    pthread_mutex_unlock(&lock);
}

/* The session stands in the body here, and a password too; the org refuses the user, which says so in an error. */
static sf_status soap_calls(sf_client *sf, sf_error *err)
{
    sf_xml *doc = NULL;
    sf_error refusal = { .message = "" };
    sf_status rc = sf_soap_get_user_info(sf, NULL, &doc, err);
    sf_xml_free(doc);
    if (rc != SF_OK) return rc;
    pthread_mutex_lock(&lock);
    if (secret_count < SECRETS_MAX) plant("soap-planted <password> & more");
    if (secret_count < SECRETS_MAX) plant("soap-planted &lt;password&gt;");
    pthread_mutex_unlock(&lock);
    rc = sf_soap_set_password(sf, "005000000000009AAA", "soap-planted <password> & more", NULL, &refusal);
    assert_true(rc < 0);
    check(refusal.message);
    static const char wrong[] = "<urn:setPassword><urn:userId>005000000000009AAA</urn:userId>"
                                "<urn:password>soap-planted &lt;password&gt;</urn:pass></urn:setPassword>";
    assert_int_equal(sf_soap_call(sf, (sf_str){ wrong, sizeof wrong - 1 }, NULL, NULL, &refusal), SF_ERR_USAGE);
    check(refusal.message);
    return SF_OK;
}

static sf_status call_once(const sf_client_options *o)
{
    sf_client *sf = NULL;
    sf_error err = { .message = "" };
    sf_status rc = sf_client_open(o, &sf, &err);
    sf_response response = { 0 };
    if (rc == SF_OK) rc = sf_client_request(sf, &(sf_request){ .method = "GET", .path = "limits" }, &response, &err);
    if (rc == SF_OK) rc = soap_calls(sf, &err);
    char *token = NULL;
    if (rc == SF_OK && sf_client_get_access_token(sf, &token, &err) == SF_OK) {
        pthread_mutex_lock(&lock);
        if (secret_count < SECRETS_MAX) plant(token);
        pthread_mutex_unlock(&lock);
        (void)test_org_http(&org, "POST", "/__org/expire-sessions", NULL, "{}");
        sf_response_clear(&response);
        rc = soap_calls(sf, &err); /* its session is dead */
        if (rc == SF_OK)
            rc = sf_client_request(sf, &(sf_request){ .method = "GET", .path = "limits" }, &response, &err);
    }
    sf_response_clear(&response);
    sf_free(token);
    sf_client_close(sf);
    if (rc < 0) check(err.message);
    if (leak[0] != '\0') fail_msg("%s", leak);
    return rc;
}

static sf_client_options options_for(sf_auth_flow flow, const char *refresh)
{
    return (sf_client_options){ .login_url = org.url,
                                .auth = { .flow = flow,
                                          .access_token = flow == SF_AUTH_BEARER ? org.access_token : NULL,
                                          .refresh_token = refresh,
                                          .client_id = org.client_id,
                                          .client_secret = org.client_secret,
                                          .username = org.username,
                                          .password = org.password,
                                          .security_token = org.security_token },
                                .retry = { .retries_max = 1, .pause_ms = 1 },
                                .traceparent = true,
                                .log_level = SF_LOG_TRACE,
                                .log = on_log };
}

static const sf_auth_flow flows[] = { SF_AUTH_CLIENT_CREDENTIALS, SF_AUTH_REFRESH_TOKEN, SF_AUTH_PASSWORD, SF_AUTH_SOAP,
                                      SF_AUTH_BEARER };

static void refresh_token(char *out, size_t size)
{
    assert_int_equal(test_org_http(&org, "POST", "/__org/tokens", NULL, "{}") / 100, 2);
    sf_document *doc;
    assert_int_equal(sf_document_parse(org.reply, strlen(org.reply), &doc, NULL), SF_OK);
    const char *text = sf_get_str(sf_document_root(doc), "refresh_token");
    assert_non_null(text);
    snprintf(out, size, "%s", text);
    sf_document_free(doc);
}

static void test_secrets__stay_out_of_logs_and_errors(void **state)
{
    (void)state;
    static const char *const faults[] = { NULL,
                                          "reset:after=0,path=/services,times=1",
                                          "truncate:after=60,length=right,path=/services,times=1",
                                          "500:path=/services/oauth2,times=3",
                                          "503:body=html,path=/services/Soap,times=3",
                                          "500:path=/services/Soap/u/6,skip=1,times=9",
                                          "truncate:after=300,length=right,path=/services/Soap/u/6,skip=1,times=9",
                                          "refuse-refresh" };
    for (size_t f = 0; f < COUNT_OF(faults); f++) {
        for (size_t i = 0; i < COUNT_OF(flows); i++) {
            char refresh[SECRET_BYTES];
            refresh_token(refresh, sizeof refresh);
            pthread_mutex_lock(&lock);
            secret_count = 0;
            plant(org.client_secret);
            plant(org.password);
            plant(org.security_token);
            plant(refresh);
            if (flows[i] == SF_AUTH_BEARER) plant(org.access_token);
            pthread_mutex_unlock(&lock);
            sf_client_options o = options_for(flows[i], refresh);
            if (faults[f] != NULL) test_org_fault(&org, faults[f]);
            sf_status rc = call_once(&o);
            print_message("  flow %d under %s: %s\n", flows[i], faults[f] != NULL ? faults[f] : "nothing",
                          sf_status_name(rc));
            test_org_faults_clear(&org);
        }
    }
    assert_true(lines > 50); /* something was logged */
}

static void test_secrets__stay_out_of_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(flows); i++) {
        pthread_mutex_lock(&lock);
        secret_count = 0;
        plant("wrong-planted-secret");
        plant("wrong-planted-password");
        plant("5Aepwrongplantedrefreshtoken");
        plant("wrongplantedaccesstoken");
        pthread_mutex_unlock(&lock);
        sf_client_options o = options_for(flows[i], "5Aepwrongplantedrefreshtoken");
        o.auth.client_secret = "wrong-planted-secret";
        o.auth.password = "wrong-planted-password";
        if (flows[i] == SF_AUTH_BEARER) o.auth.access_token = "00D000000000001EAA!wrongplantedaccesstoken";
        assert_int_equal(call_once(&o), SF_ERR_AUTH);
    }
}

static void test_secrets__are_kept_in_files_of_their_own_only(void **state)
{
    (void)state;
    char folder[] = "/tmp/sf-secrets-test-XXXXXX", path[64], lock_path[80], refresh[SECRET_BYTES];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tokens.json", folder);
    snprintf(lock_path, sizeof lock_path, "%s.lock", path);
    refresh_token(refresh, sizeof refresh);
    sf_client_options o = options_for(SF_AUTH_REFRESH_TOKEN, refresh);
    mode_t old = umask(0);
    assert_int_equal(sf_token_store_file(path, &o.token_store, NULL), SF_OK);
    assert_int_equal(call_once(&o), SF_OK);
    sf_token_store_close(o.token_store);
    umask(old);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(lock_path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left there */
}

static int start(void **state)
{
    (void)state;
    test_org_start(&org, (const char *const[]){ "--seed", "empty", NULL });
    return 0;
}

static int stop(void **state)
{
    (void)state;
    return test_org_stop(&org);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets__stay_out_of_logs_and_errors),
        cmocka_unit_test(test_secrets__stay_out_of_refusals),
        cmocka_unit_test(test_secrets__are_kept_in_files_of_their_own_only),
    };
    return cmocka_run_group_tests_name("secrets", tests, start, stop);
}
