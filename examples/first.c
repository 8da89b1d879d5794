/* first.c: the first program of the README: logs in, reads rows, says what went wrong. */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_status rc = sf_client_open(&(sf_client_options){ .login_url = getenv("SFORCE_URL"),
                                                        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                                                                  .client_id = getenv("SFORCE_CLIENT_ID"),
                                                                  .client_secret = getenv("SFORCE_CLIENT_SECRET") } },
                                  &sf, &err);

    sf_query *q = NULL;
    sf_value row;
    if (rc == SF_OK)
        rc = sf_query_open(sf, "SELECT Name, Owner.Name FROM Account WHERE Industry = :industry ORDER BY Name LIMIT 5",
                           &(sf_query_options){ .binds = SF_BINDS({ "industry", sf_bind_str("Energy") }) }, &q, &err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, &err)) == SF_ROW)
        printf("%-40s %s\n", sf_get_str(row, "Name"), sf_get_str(row, "Owner.Name"));
    sf_query_close(q);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message); /* an end is never mistaken for a failure */
    return rc < 0;
}
