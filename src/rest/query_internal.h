/*
 * query_internal.h: a cursor from inside, for query.c (statements and pages) and children.c (child queries).
 * Threads: a cursor belongs to one thread at a time; what it fetches ahead runs on the client's I/O thread.
 */
#ifndef SFI_QUERY_INTERNAL_H
#define SFI_QUERY_INTERNAL_H
#include "client/client_internal.h"
#include "rest/columns_internal.h"
#include "rest/rest_internal.h"

struct sf_query {
    sf_client *sf;               /* borrowed */
    const sf_call_options *call; /* borrowed until the close */
    const char *resource;        /* "query", "queryAll" or "tooling/query": a constant */
    char batch[32];              /* "batchSize=500"; "": the org's choice */
    bool no_prefetch;
    bool is_record; /* a path led to one record instead of rows: no use to ask again */

    sfi_soql_plan plan; /* the statements; count 0: only a URL was given */
    size_t statement;   /* the one whose rows come now */
    sfi_columns columns;

    /* the page at hand */
    sfi_json *doc; /* owned; a child cursor's first page lives in its parent's */
    sfi_json_rows rows;
    sf_value row;      /* handed out last */
    bool is_last;      /* the org said done */
    char *next_url;    /* owned: of the page after this one; NULL when is_last */
    int64_t page_rows; /* handed out of this page */

    /* the request that runs, or ran last; kept so that it can be made again */
    sfi_buf path, body; /* body empty: a GET */
    sfi_call *ahead;    /* owned; NULL: none runs */

    int64_t total;          /* totalSize as the latest page of this statement said it; -1: not said */
    int64_t total_before;   /* of the statements before this one */
    int64_t delivered;      /* rows handed out in all */
    int64_t statement_rows; /* rows of this statement, those before a resume included */
    bool counts_rows;       /* statement_rows is right from the beginning, so the end can be compared with total */
    int empty_pages;        /* in a row */

    sf_status end; /* SF_DONE or an error: sticky; SF_OK: goes on */
    sf_error failure;
};

/* A page's members before its rows: totalSize, done, nextRecordsUrl, records. Sets rows, is_last, next_url, total. */
sf_status sfi_query_read_page(sf_query *q, sf_value page, sf_error *err);
/* Start to fetch the page after this one, unless there is none or it is not wanted. */
void sfi_query_fetch_ahead(sf_query *q);
/* A cursor over the pages that begin at a path of the API. @param columns the names of
 * the columns as a SELECT list has them. Other parameters as sf_query_open's; the options were checked. */
sf_status sfi_query_open_path(sf_client *sf, const char *path, const char *columns, const sf_query_options *o,
                              sf_query **out, sf_error *err);
/* Spell the columns as the rows at hand do. */
sf_status sfi_query_settle_columns(sf_query *q, sf_value records, sf_error *err);
#endif
