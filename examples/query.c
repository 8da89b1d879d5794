/*
 * query.c: queries with values put in, counted, with child rows, with a list, and gone on with after an interruption.
 * Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

/* Values of each kind; what a user typed cannot become part of the statement. */
static sf_status count_recent(sf_client *sf, sf_error *err)
{
    int64_t count = 0;
    sf_status rc = sf_query_count(
        sf, "SELECT COUNT() FROM Account WHERE Name != :name AND NumberOfEmployees > :min AND CreatedDate >= LAST_N_DAYS:days",
        &(sf_query_options){ .binds = SF_BINDS({ "name", sf_bind_str("O'Hara \\ Sons") }, { "min", sf_bind_int(10) },
                                               { "days", sf_bind_int(3650) }) },
        &count, err);
    if (rc == SF_OK) printf("%lld accounts\n", (long long)count);
    return rc;
}

/* A list of any length: too long for one statement, it is sent as several. */
static sf_status in_list(sf_client *sf, sf_error *err)
{
    const char *industries[] = { "Energy", "Media", "Banking" };
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_query_open(sf, "SELECT Id FROM Account WHERE Industry IN :list",
                                 &(sf_query_options){ .binds = SF_BINDS({ "list", sf_bind_str_list(industries, 3) }) },
                                 &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) continue;
    if (rc == SF_DONE) printf("%lld of %lld rows\n", (long long)sf_query_delivered(q), (long long)sf_query_total(q));
    sf_query_close(q);
    return rc;
}

static sf_status with_children(sf_client *sf, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row, contact;
    sf_status rc = sf_query_open(sf, "SELECT Name, (SELECT LastName FROM Contacts) FROM Account ORDER BY Name LIMIT 3",
                                 NULL, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) {
        sf_query *contacts = NULL;
        printf("%s\n", sf_get_str(row, "Name"));
        rc = sf_query_children(q, sf_get(row, "Contacts"), &contacts, err); /* null where there are none: fine */
        while (rc >= 0 && (rc = sf_query_next(contacts, &contact, err)) == SF_ROW)
            printf("  %s\n", sf_get_str(contact, "LastName"));
        sf_query_close(contacts); /* before the next row of q */
        if (rc < 0) break;
    }
    sf_query_close(q);
    return rc;
}

/* Read a page, remember where the next one is, and go on there with another cursor: in another process, if need be. */
static sf_status resume(sf_client *sf, sf_error *err)
{
    char place[256] = "";
    int64_t delivered = 0;
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_query_open(sf, "SELECT Id, Name FROM Contact", &(sf_query_options){ .page_rows = 200 }, &q, err);
    while (rc >= 0 && place[0] == '\0' && (rc = sf_query_next(q, &row, err)) == SF_ROW) {
        const char *next = sf_query_resume_url(q);
        delivered = sf_query_delivered(q);
        if (delivered == 200 && next != NULL) snprintf(place, sizeof place, "%s", next); /* this page is read */
    }
    sf_query_close(q);
    q = NULL;
    if (rc == SF_ROW)
        rc = sf_query_open(sf, NULL, &(sf_query_options){ .resume = place, .resume_delivered = delivered }, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW) delivered++;
    if (rc == SF_DONE) printf("%lld contacts in two parts\n", (long long)delivered);
    sf_query_close(q);
    return rc;
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
    if (rc >= 0) rc = count_recent(sf, &err);
    if (rc >= 0) rc = in_list(sf, &err);
    if (rc >= 0) rc = with_children(sf, &err);
    if (rc >= 0) rc = resume(sf, &err);
    if (rc < 0) fprintf(stderr, "%s: %s\n", sf_status_name(rc), err.message);
    sf_client_close(sf);
    return rc < 0;
}
