/*
 * auth.c: one login that several programs share: client credentials with the session in a file. Started a second time,
 * it finds the session there and logs in no more. Usage: example_auth TOKENFILE; the rest comes from SFORCE_URL,
 * SFORCE_CLIENT_ID and SFORCE_CLIENT_SECRET. With an access token in SFORCE_TOKEN it uses that one instead; with a URL in
 * SHARED_REDIS the session is kept there, for programs on other machines too.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

static void log_line(void *user, sf_log_level level, const char *line)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", line);
}

static sf_status open_shared(sf_token_store *store, sf_client **sf, sf_error *err)
{
    return sf_client_open(
        &(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                              .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                        .client_id = getenv("SFORCE_CLIENT_ID"),
                                        .client_secret = getenv("SFORCE_CLIENT_SECRET") },
                              .token_store = store, /* outlives the client */
                              .log = log_line,
                              .log_level = SF_LOG_WARN },
        sf, err);
}

static sf_status open_with_token(sf_client **sf, sf_error *err)
{
    return sf_client_open(&(sf_client_options){ .instance_url = getenv("SFORCE_URL"),
                                                .auth = { .flow = SF_AUTH_BEARER,
                                                          .access_token = getenv("SFORCE_TOKEN") } },
                          sf, err);
}

static sf_status open_redis(const char *url, sf_token_store **store, sf_error *err)
{
    return sf_token_store_redis(
        &(sf_redis_options){ .url = url,                           /* rediss://cache.example.com:6379/0 */
                             .username = getenv("REDIS_USER"),     /* NULL: as the URL says */
                             .password = getenv("REDIS_PASSWORD"), /* in no error and no log line */
                             .prefix = "billing:" },
        getenv("SFORCE_CLIENT_ID"), /* the same for all who share the login; only its hash is stored */
        store, err);
}

int main(int argc, char **argv)
{
    const char *redis = getenv("SHARED_REDIS");
    sf_error err;
    sf_token_store *store = NULL;
    sf_client *sf = NULL;
    sf_client_info info;
    sf_client_stats stats;

    sf_status rc = redis != NULL ? open_redis(redis, &store, &err)
                                 : sf_token_store_file(argc > 1 ? argv[1] : "session.json", &store, &err);
    if (rc == SF_OK) rc = getenv("SFORCE_TOKEN") != NULL ? open_with_token(&sf, &err) : open_shared(store, &sf, &err);
    if (rc == SF_OK) rc = sf_client_get_info(sf, &info, &err); /* logs in, if nobody has */
    if (rc == SF_OK) {
        sf_client_get_stats(sf, &stats);
        printf("%s, API %s, org %s, logins %lld\n", info.instance_url, info.api_version, info.org_id.text,
               (long long)stats.logins);
    }
    if (rc == SF_ERR_AUTH)
        fprintf(stderr, "login refused (%s)\n", err.code); /* nothing to repeat: the message says why */
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_client_close(sf);
    sf_token_store_close(store);
    return rc < 0;
}
