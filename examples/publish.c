/*
 * publish.c: publishing platform events: one, some at once with a result for each, and a stream of them.
 * Where to log in: as first.c. The event is that of schema.json.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

/* Subscribers find the UUID as EventUuid. */
static sf_status one(sf_client *sf, sf_error *err)
{
    sf_record *event = sf_record_new("Low_Ink__e");
    sf_record_set_str(event, "Model__c", "XZ-5");
    sf_record_set_int(event, "Level__c", 12);
    sf_publish_result result;
    sf_status rc = sf_publish(sf, event, NULL, &result, err);
    if (rc == SF_OK) printf("published %s\n", result.uuid);
    sf_record_free(event);
    return rc;
}

/* The second one is refused, the first is published all the same. */
static sf_status some(sf_client *sf, sf_error *err)
{
    sf_record *good = sf_record_new("Low_Ink__e"), *bad = sf_record_new("Low_Ink__e");
    sf_record_set_str(good, "Model__c", "XZ-6");
    sf_record_set_str(bad, "Color__c", "cyan"); /* no such field */
    sf_publish_result results[2];
    sf_status rc = sf_publish_many(sf, (const sf_record *[]){ good, bad }, 2, NULL, results, err);
    for (int i = 0; i < 2 && rc != SF_ERR_USAGE && rc != SF_ERR_MEMORY; i++)
        printf("event %d: %s\n", i, results[i].success ? results[i].uuid : results[i].error.message);
    sf_record_free(good);
    sf_record_free(bad);
    return rc == SF_ERR_ORG ? SF_OK : rc;
}

static bool on_result(void *user, const sf_publish_result *result)
{
    (void)user;
    if (result->error.status == SF_ERR_UNKNOWN_OUTCOME) /* its answer was lost: it is never sent again by itself */
        fprintf(stderr, "event %lld may be out or not\n", (long long)result->row);
    else if (!result->success)
        fprintf(stderr, "event %lld is not out: %s\n", (long long)result->row, result->error.message);
    return true; /* false sends no more */
}

/* Any number, 200 in a request, in their order. */
static sf_status stream(sf_client *sf, sf_error *err)
{
    sf_publisher *p = NULL;
    sf_publish_counts counts;
    sf_status rc = sf_publisher_open(
        sf, &(sf_publisher_options){ .event = "Low_Ink__e", .failures_only = true, .on_result = on_result }, &p, err);
    for (int i = 0; rc == SF_OK && i < 1000; i++) {
        char json[64];
        int len = snprintf(json, sizeof json, "{\"Model__c\":\"XZ-%d\",\"Level__c\":%d}", i, i % 100);
        rc = sf_publisher_add_json(p, (sf_str){ json, (size_t)len }, err);
    }
    sf_status closed = sf_publisher_close(p, &counts, err); /* sends the rest and waits for it */
    printf("%lld published, %lld failed, %lld unknown\n", (long long)counts.published, (long long)counts.failed,
           (long long)counts.unknown);
    return rc == SF_OK ? closed : rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);
    if (rc == SF_OK) rc = one(sf, &err);
    if (rc == SF_OK) rc = some(sf, &err);
    if (rc == SF_OK) rc = stream(sf, &err);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    return rc < 0;
}
