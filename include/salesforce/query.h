/*
 * query.h: SOQL as a cursor over all pages. The next page is fetched while the caller reads this one; a result that
 * ends before the org said done is an error, never a short result. Wire: REST Query, QueryAll, Query More Results, and
 * Composite for statements that no URL holds. Threads: a cursor and its rows belong to one thread at a time; different
 * cursors of one client may run on different threads.
 */
#ifndef SALESFORCE_QUERY_H
#define SALESFORCE_QUERY_H
#include <salesforce/client.h>

#define SF_QUERY_TEXT_MAX 100000  /* characters of a statement, as the API allows */
#define SF_BINDS_MAX 1000         /* names; a list counts as one */

typedef struct sf_query sf_query;

/* ---- values for :name in a statement, quoted by type. After LIKE a text is a pattern: % and _ stay wildcards, \% \_
 * and \\ stay escapes; everywhere else every character stands for itself. LAST_N_DAYS:name takes an int. The functions
 * check nothing: a value that is not what its type says is SF_ERR_USAGE of the call that takes the binds. ---- */
typedef enum sf_bind_type {
    SF_BIND_NULL, SF_BIND_STR, SF_BIND_INT, SF_BIND_DOUBLE, SF_BIND_DECIMAL, SF_BIND_BOOL, SF_BIND_DATE,
    SF_BIND_DATETIME, SF_BIND_LITERAL, SF_BIND_STR_LIST, SF_BIND_LIST
} sf_bind_type;
typedef struct sf_bind_value {      /* made by the functions below; strings and lists borrowed until the open returns */
    sf_bind_type type;
    union {
        const char *str;            /* STR; DECIMAL: digits; DATE: 2024-02-29; LITERAL: LAST_N_DAYS:30 */
        int64_t number;             /* INT; DATETIME: milliseconds since 1970; BOOL */
        double real;
        const char *const *strs;    /* STR_LIST */
        const struct sf_bind_value *list; /* LIST */
    } as;
    size_t count;                   /* of the lists */
} sf_bind_value;
typedef struct sf_bind {
    const char *name;               /* without the colon; letters, digits, _ */
    sf_bind_value value;
} sf_bind;
typedef struct sf_binds {
    const sf_bind *list;
    size_t count;
} sf_binds;
/* A text that is NULL, of any type, is null. A decimal has up to 400 digits and no exponent; a date is "2024-02-29"; a
 * datetime is milliseconds since 1970, UTC, in the years 1 to 9999; a literal is TODAY, LAST_N_DAYS:30 and the like. */
static inline sf_bind_value sf_bind_null(void) { sf_bind_value v = { SF_BIND_NULL, { NULL }, 0 }; return v; }
static inline sf_bind_value sf_bind_str(const char *s) { sf_bind_value v = { SF_BIND_STR, { s }, 0 }; return v; }
static inline sf_bind_value sf_bind_int(int64_t n)
{ sf_bind_value v = { SF_BIND_INT, { NULL }, 0 }; v.as.number = n; return v; }
static inline sf_bind_value sf_bind_double(double d)
{ sf_bind_value v = { SF_BIND_DOUBLE, { NULL }, 0 }; v.as.real = d; return v; }
static inline sf_bind_value sf_bind_decimal(const char *digits)
{ sf_bind_value v = { SF_BIND_DECIMAL, { digits }, 0 }; return v; }
static inline sf_bind_value sf_bind_bool(bool b)
{ sf_bind_value v = { SF_BIND_BOOL, { NULL }, 0 }; v.as.number = b; return v; }
static inline sf_bind_value sf_bind_date(const char *yyyy_mm_dd)
{ sf_bind_value v = { SF_BIND_DATE, { yyyy_mm_dd }, 0 }; return v; }
static inline sf_bind_value sf_bind_datetime(int64_t ms)
{ sf_bind_value v = { SF_BIND_DATETIME, { NULL }, 0 }; v.as.number = ms; return v; }
static inline sf_bind_value sf_bind_literal(const char *date_literal)
{ sf_bind_value v = { SF_BIND_LITERAL, { date_literal }, 0 }; return v; }
/** For IN, NOT IN, INCLUDES and EXCLUDES :name, without parentheses; an empty one is refused. An IN list too long for
 *  one statement is split into several whose results follow one another, no row twice. Where that would change the
 *  meaning (NOT IN, OR or NOT around it, ORDER BY, LIMIT, OFFSET, GROUP BY, aggregates but COUNT(), a list inside a
 *  subquery), the open answers SF_ERR_LIMIT and names the obstacle. */
static inline sf_bind_value sf_bind_str_list(const char *const *strs, size_t n)
{ sf_bind_value v = { SF_BIND_STR_LIST, { NULL }, n }; v.as.strs = strs; return v; }
static inline sf_bind_value sf_bind_list(const sf_bind_value *list, size_t n)
{ sf_bind_value v = { SF_BIND_LIST, { NULL }, n }; v.as.list = list; return v; }
#ifndef __cplusplus
/** .binds = SF_BINDS({ "name", sf_bind_str("Acme") }, { "min", sf_bind_int(3) }) */
#define SF_BINDS(...) \
    ((sf_binds){ (const sf_bind[]){ __VA_ARGS__ }, sizeof((const sf_bind[]){ __VA_ARGS__ }) / sizeof(sf_bind) })
#endif

typedef struct sf_query_options {
    sf_binds binds;           /* borrowed for the open */
    int32_t page_rows;        /* wish for rows a page: 200..2000; 0: the org's choice */
    bool all_rows;            /* deleted and archived rows too (queryAll); not with tooling */
    bool tooling;             /* ask the Tooling API */
    bool no_prefetch;         /* fetch the next page only when it is asked for */
    const char *resume;       /* a nextRecordsUrl from sf_query_resume_url: go on there; the statement may then be NULL,
                                 and the columns are unknown */
    int64_t resume_delivered; /* rows that were read before that place, when known: the end is then checked against
                                 totalSize; 0: unknown */
    const sf_call_options *call; /* of each page's request; borrowed until the close; NULL: defaults */
    uint64_t reserved[8];     /* zero */
} sf_query_options;

/** Send a statement and get its first page. REST: Query, QueryAll. @param soql UTF-8, at most SF_QUERY_TEXT_MAX
 *  characters once the binds are in (longer only with an IN list that can be split); :name takes a bind. A statement
 *  too long for a URL (12000 bytes encoded) is sent inside a composite POST. @param options borrowed for the call, but
 *  its call; NULL: defaults. @param out owned by the caller, ends with sf_query_close; NULL on failure.
 *  @return SF_OK, SF_ERR_USAGE (a bind without value, a value without bind, not UTF-8), SF_ERR_LIMIT, SF_ERR_ORG
 *  (MALFORMED_QUERY, INVALID_FIELD …: the message has row and column), and what stands at sf_client_request. */
SF_API sf_status sf_query_open(sf_client *sf, const char *soql, const sf_query_options *options, sf_query **out,
                               sf_error *err);

/** The next row; at the end of a page it waits for the next one. REST: Query More Results. @param row borrowed until
 *  the next sf_query_next or the close. @return SF_ROW, SF_DONE (all came, as the org promised), or an error; end and
 *  error are sticky. SF_ERR_TRUNCATED: it ended early. SF_ERR_ORG with INVALID_QUERY_LOCATOR: the org has closed the
 *  cursor. */
SF_API sf_status sf_query_next(sf_query *q, sf_value *row, sf_error *err);

/** End a cursor; NULL is fine. A prefetch that runs is cancelled. */
SF_EXTERN void sf_query_close(sf_query *q);

/** totalSize as the org said it: of all pages, or the answer of SELECT COUNT(). For split IN lists the sum so far. */
SF_EXTERN int64_t sf_query_total(const sf_query *q);
/** Rows handed out by this cursor so far. */
SF_EXTERN int64_t sf_query_delivered(const sf_query *q);
/** Where a new cursor would go on after the current page (rows of this page are not repeated); NULL: this is the last,
 *  the cursor has ended, or the query's IN list was split over several statements, which no URL can resume. Borrowed
 *  until the page is left. */
SF_EXTERN const char *sf_query_resume_url(const sf_query *q);

/** Names of the columns in the order of the statement, spelt as sf_get finds them in a row: "Owner.Name", "expr0", an
 *  alias, or a child relationship. Known after open; FIELDS() is expanded from the first row. Nothing is sent. */
typedef struct sf_column {
    const char *path;         /* borrowed until the close */
    bool is_children;         /* a child subquery: read it with sf_query_children */
    uint64_t reserved[2];
} sf_column;
SF_EXTERN size_t sf_query_column_count(const sf_query *q); /**< 0 for NULL, a COUNT(), and a resume without statement */
SF_EXTERN sf_column sf_query_column(const sf_query *q, size_t i); /**< zeroed when i is out of range */

/** A cursor over a child subquery's rows, which pages by itself, at any depth. REST: Query More Results.
 *  @param children the row's value at the child relationship's name (null: no rows), borrowed: the parent cursor must
 *  stay on its row until the child cursor is closed. @param out as sf_query_open.
 *  @return SF_OK, SF_ERR_USAGE (no child result, or not of the row at hand), SF_ERR_PROTOCOL, SF_ERR_TRUNCATED,
 *  SF_ERR_MEMORY. */
SF_API sf_status sf_query_children(sf_query *parent, sf_value children, sf_query **out, sf_error *err);

/** SELECT COUNT() FROM …: the number. REST: Query. Any thread. @param options may hold binds; NULL: defaults.
 *  @param out untouched on failure. @return as sf_query_open, and SF_ERR_USAGE for a statement that selects anything
 *  else. */
SF_API sf_status sf_query_count(sf_client *sf, const char *soql, const sf_query_options *options, int64_t *out,
                                sf_error *err);

/** Text with its binds put in, quoted: what sf_query_open would send (the first statement when a list is split).
 *  Nothing is sent. Any thread. @param out owned by the caller, ends with sf_free. @return SF_OK, SF_ERR_USAGE,
 *  SF_ERR_LIMIT, SF_ERR_MEMORY, for the reasons that sf_query_open has. */
SF_API sf_status sf_query_format(const char *soql, sf_binds binds, char **out, sf_error *err);

/** The query plan: {"plans":[…]}. REST: Query with explain. Any thread. @param options binds, tooling and call count;
 *  NULL: defaults. @param out owned by the caller, ends with sf_document_free. @return as sf_query_open, and
 *  SF_ERR_LIMIT for a statement of more than 15000 bytes, encoded. */
SF_API sf_status sf_query_explain(sf_client *sf, const char *soql, const sf_query_options *options, sf_document **out,
                                  sf_error *err);
#endif
