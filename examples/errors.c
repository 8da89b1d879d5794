/*
 * errors.c: what to do with each kind of failure of a write: mend the record, wait, log in, or find out what happened.
 * Creates one Lead. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A create without external id whose answer was lost: the org is asked whether it took effect. That needs something that
 * no other record has; here it is the company. */
static sf_status find_out(sf_client *sf, const char *company, sf_error *err)
{
    int64_t found = 0;
    sf_status rc = sf_query_count(sf, "SELECT COUNT() FROM Lead WHERE Company = :company",
                                  &(sf_query_options){ .binds = SF_BINDS({ "company", sf_bind_str(company) }) }, &found,
                                  err);
    if (rc == SF_OK) puts(found > 0 ? "it took effect: do not repeat it" : "it did not: repeat it");
    return rc;
}

static sf_status create_lead(sf_client *sf, const char *last_name, sf_error *err)
{
    char company[64];
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    snprintf(company, sizeof company, "Example %lld.%09ld Ltd", (long long)now.tv_sec, now.tv_nsec);
    sf_record *lead = sf_record_new("Lead");
    sf_record_set_str(lead, "Company", company);
    if (last_name != NULL) sf_record_set_str(lead, "LastName", last_name);
    sf_status rc = sf_record_create(sf, lead, NULL, NULL, err);
    switch ((int)rc) {
    case SF_OK: puts("created"); break;
    case SF_ERR_ORG: printf("mend the record: %s in %s\n", err->code, err->fields); break;
    case SF_ERR_AUTH: puts("log in again"); break;
    case SF_ERR_API_LIMIT: puts("no requests left: not now"); break;
    case SF_ERR_UNKNOWN_OUTCOME: rc = find_out(sf, company, err); break;
    default: /* what can be repeated has been, as often as the options say */
        printf("%s, %s\n", sf_status_name(rc), err->retryable ? "try again later" : "it will not get better by itself");
    }
    sf_record_free(lead);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(
        &(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                              .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                        .client_id = getenv("SFORCE_CLIENT_ID"),
                                        .client_secret = getenv("SFORCE_CLIENT_SECRET") },
                              .retry = { .retries_max = 3, .pause_ms = 100 }, /* less patient than the defaults */
                              .call_timeout_ms = 20000 },
        &sf, &err);
    if (rc == SF_OK) rc = create_lead(sf, NULL, &err); /* a lead wants a last name */
    if (rc == SF_ERR_ORG) rc = create_lead(sf, "Lovelace", &err);
    if (rc < 0) fprintf(stderr, "%s: %s\n", sf_status_name(rc), err.message);
    sf_client_close(sf);
    return rc < 0;
}
