/*
 * tooling.c: a piece of Apex that runs, one that does not compile and one that throws, whose writes are undone; a query of
 * the Tooling API. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

static sf_status run(sf_client *sf, const char *apex, sf_error *err)
{
    sf_tooling_result r;
    sf_status rc = sf_tooling_run(sf, apex, NULL, &r, err);
    if (rc == SF_OK && !r.compiled)
        printf("line %d, column %d: %s\n", (int)r.line, (int)r.column, r.compile_problem);
    else if (rc == SF_OK && !r.success)
        printf("it threw: %s (%s)\n", r.exception_message, r.exception_trace);
    else if (rc == SF_OK)
        puts("it ran");
    if (rc == SF_ERR_UNKNOWN_OUTCOME) fputs("it may have run: look before it is run again\n", stderr);
    sf_tooling_result_clear(&r);
    return rc;
}

static sf_status show_objects(sf_client *sf, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row;
    sf_status rc = sf_query_open(sf, "SELECT QualifiedApiName FROM EntityDefinition WHERE KeyPrefix IN ('001', '003')",
                                 &(sf_query_options){ .tooling = true }, &q, err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, err)) == SF_ROW)
        printf("object %s\n", sf_get_str(row, "QualifiedApiName"));
    sf_query_close(q);
    return rc == SF_DONE ? SF_OK : rc;
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
    if (rc == SF_OK) rc = run(sf, "System.debug('hello');", &err);
    if (rc == SF_OK) rc = run(sf, "Account a = new Account(Name = 'x');\ninsert b;", &err);
    if (rc == SF_OK) rc = run(sf, "insert new Account(Name = 'undone');\nSystem.assertEquals(1, 2);", &err);
    if (rc == SF_OK) rc = show_objects(sf, &err);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    sf_client_close(sf);
    return rc < 0;
}
