/*
 * graphql.h: GraphQL queries of the org, and a cursor over the rows of a connection, page after page. What a query may
 * ask for is in the vendor's GraphQL API guide: uiapi { query { Account(first: 200, where: {…}) { edges { node { Id
 * Name { value } } } pageInfo { hasNextPage endCursor } totalCount } } }. Wire: GraphQL API (POST graphql).
 * Threads: a cursor and its nodes belong to one thread at a time.
 */
#ifndef SALESFORCE_GRAPHQL_H
#define SALESFORCE_GRAPHQL_H
#include <salesforce/client.h>

typedef struct sf_graphql sf_graphql;

typedef struct sf_graphql_options { /* borrowed for the run or open, but call */
    const char *variables;       /* a JSON object with the values of $names; NULL: none */
    const char *operation;       /* which operation, where the text has several; NULL: the only one */
    const char *connection;      /* open: where the rows are, by the keys of the answer: "uiapi.query.Account"; NULL: the
                                    only connection right below uiapi.query */
    bool keep_errors;            /* run: an answer with errors is SF_OK too; read them in its "errors" */
    const sf_call_options *call; /* of each request; borrowed until the close; NULL: defaults */
    uint64_t reserved[8];        /* zero */
} sf_graphql_options;

/** Send a text and get the whole answer: {"data":{…},"errors":[…]}. A text without a mutation is repeated after a lost
 *  answer. @param text GraphQL, UTF-8. @param options NULL: defaults. @param out owned by the caller, ends with
 *  sf_document_free; NULL on failure. @return SF_OK; SF_ERR_ORG also: the answer has errors (they come with HTTP 200):
 *  err.code is the first one's ErrorType, err.message its text with line and column; SF_ERR_USAGE (no text, variables
 *  are no JSON object), and what stands at sf_client_request. */
SF_API sf_status sf_graphql_run(sf_client *sf, const char *text, const sf_graphql_options *options, sf_document **out,
                                sf_error *err);

/** Send a query and read a connection's rows, all pages of them. The first request sends the text as it is; for each
 *  further page the connection's argument after is set: put into the text, or, where the text says after: $name, into
 *  the variables. The text must ask for edges { node { … } } and pageInfo { hasNextPage endCursor } of the connection.
 *  @param out owned by the caller, ends with sf_graphql_close; NULL on failure.
 *  @return as sf_graphql_run; SF_ERR_USAGE also: there is no such connection, or pageInfo is not asked for. */
SF_API sf_status sf_graphql_open(sf_client *sf, const char *text, const sf_graphql_options *options, sf_graphql **out,
                                 sf_error *err);
/** The next edge's node; at the end of a page it waits for the next one. @param node borrowed until the next call or
 *  the close. @return SF_ROW, SF_DONE (hasNextPage was false), or an error; end and error are sticky. */
SF_API sf_status sf_graphql_next(sf_graphql *g, sf_value *node, sf_error *err);
/** totalCount of the connection, as the latest page said it; -1: it was not asked for. */
SF_EXTERN int64_t sf_graphql_total(const sf_graphql *g);
/** endCursor of the page at hand: what the argument after wants to go on behind this page. NULL: there is none.
 *  Borrowed until the page is left. */
SF_EXTERN const char *sf_graphql_end_cursor(const sf_graphql *g);
SF_EXTERN void sf_graphql_close(sf_graphql *g); /**< NULL is fine. */
#endif
