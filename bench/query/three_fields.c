/* three_fields.c: bench/query with three fields read of each record: an id, a text and a number. */
#include <salesforce.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_query *q = NULL;
    sf_value row;
    int64_t rows = 0, sum = 0;
    size_t bytes = 0;
    sf_status rc =
        sf_client_open(&(sf_client_options){ .instance_url = argc > 1 ? argv[1] : NULL,
                                             .api_version = "62.0",
                                             .transport = { .no_gzip = argc > 2 && strcmp(argv[2], "plain") == 0 },
                                             .auth = { .flow = SF_AUTH_BEARER, .access_token = "00Dbench!token" } },
                       &sf, &err);
    if (rc == SF_OK) rc = sf_query_open(sf, "SELECT Id, Name, NumberOfVisits__c FROM Contact", NULL, &q, &err);
    while (rc >= 0 && (rc = sf_query_next(q, &row, &err)) == SF_ROW) {
        rows++;
        bytes += sf_get_text(row, "Id").len + sf_get_text(row, "LastName").len;
        sum += sf_get_int(row, "NumberOfVisits__c", 0);
    }
    sf_query_close(q);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    fprintf(stderr, "%zu bytes\n", bytes);
    printf("%lld %lld\n", (long long)rows, (long long)sum);
    return rc < 0;
}
