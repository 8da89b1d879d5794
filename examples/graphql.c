/*
 * graphql.c: a GraphQL query as a whole, and the rows of a connection, page after page. Where to log in: as first.c.
 */
#include <salesforce.h>
#include <stdio.h>
#include <stdlib.h>

static sf_status whole(sf_client *sf, sf_error *err)
{
    sf_document *doc = NULL;
    sf_status rc =
        sf_graphql_run(sf, "{ uiapi { query { Account { totalCount } Contact { totalCount } } } }", NULL, &doc, err);
    if (rc == SF_OK) {
        sf_value query = sf_get(sf_document_root(doc), "data.uiapi.query");
        printf("%lld accounts, %lld contacts\n", (long long)sf_get_int(query, "Account.totalCount", 0),
               (long long)sf_get_int(query, "Contact.totalCount", 0));
    }
    sf_document_free(doc);
    return rc;
}

static sf_status rows(sf_client *sf, sf_error *err)
{
    static const char text[] = "query($industry: Picklist) { uiapi { query {"
                               "  Account(first: 200, where: { Industry: { eq: $industry } }) {"
                               "    edges { node { Id Name { value } Owner { ... on User { Username { value } } } } }"
                               "    totalCount pageInfo { hasNextPage endCursor } } } } }";
    sf_graphql *g = NULL;
    sf_value node;
    sf_graphql_options options = { .variables = "{\"industry\":\"Energy\"}" };
    sf_status rc = sf_graphql_open(sf, text, &options, &g, err);
    while (rc >= 0 && (rc = sf_graphql_next(g, &node, err)) == SF_ROW)
        printf("%s, of %s\n", sf_get_str(node, "Name.value"), sf_get_str(node, "Owner.Username.value"));
    if (rc == SF_DONE) printf("%lld rows\n", (long long)sf_graphql_total(g));
    sf_graphql_close(g);
    return rc;
}

int main(void)
{
    sf_error err;
    sf_client *sf = NULL;
    sf_client_options options = {
        .login_url = getenv("SFORCE_URL"),
        .auth = { .flow = SF_AUTH_CLIENT_CREDENTIALS,
                  .client_id = getenv("SFORCE_CLIENT_ID"),
                  .client_secret = getenv("SFORCE_CLIENT_SECRET") },
    };
    sf_status rc = sf_client_open(&options, &sf, &err);
    if (rc == SF_OK) rc = whole(sf, &err);
    if (rc == SF_OK) rc = rows(sf, &err);
    sf_document *doc = NULL;
    if (rc >= 0 && sf_graphql_run(sf, "{ uiapi { query { Acount { totalCount } } } }", NULL, &doc, &err) == SF_ERR_ORG)
        printf("%s: %s\n", err.code, err.message);
    sf_client_close(sf);
    if (rc < 0) fprintf(stderr, "%s\n", err.message);
    return rc < 0;
}
