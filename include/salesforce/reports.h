/*
 * reports.h: the org's reports: list, describe, run at once or in the background, copy, change, delete. A result is read
 * as rows: the columns, each detail row with the groups it stands in, the aggregates of every group. What the org sent is
 * there as well, whole (sf_report_document).
 * Wire: Reports and Dashboards REST API (/analytics). Threads: the calls from any thread; a result and all that was read
 * from it belong to one thread at a time.
 */
#ifndef SALESFORCE_REPORTS_H
#define SALESFORCE_REPORTS_H
#include <salesforce/client.h>

#define SF_REPORT_FILTERS_MAX 20 /* filters of one run, as the API allows */
#define SF_REPORT_ROWS_MAX 2000  /* detail rows that the org puts into one result; what is more, it leaves out */

typedef struct sf_report_result sf_report_result;

/* ---- what there is ---- */

/** The reports viewed last, 200 at most: [{"id":…,"name":…,"url":…,"describeUrl":…,"instancesUrl":…},…]; all of them are
 *  rows of the object Report (SELECT Id, Name FROM Report). @param call NULL: defaults. @param out owned by the caller,
 *  ends with sf_document_free; NULL on failure. @return SF_OK, and what stands at sf_client_request. */
SF_API sf_status sf_report_list(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);

/** {"reportMetadata":…,"reportExtendedMetadata":…,"reportTypeMetadata":…}: its columns, groupings, filters, and every
 *  column that it could have. @param report_id 15 or 18 characters, 00O…. @param out as sf_report_list.
 *  @return SF_OK, SF_ERR_USAGE (no id), SF_ERR_NOT_FOUND, and what stands at sf_client_request. */
SF_API sf_status sf_report_describe(sf_client *sf, const char *report_id, const sf_call_options *call, sf_document **out,
                                    sf_error *err);

/** The report types: what reports can be made of. @param type NULL: all of them, by category; else one with its columns.
 *  @param out as sf_report_list. */
SF_API sf_status sf_report_types(sf_client *sf, const char *type, const sf_call_options *call, sf_document **out,
                                 sf_error *err);

/* ---- running ---- */

typedef struct sf_report_filter { /* borrowed for the call */
    const char *column;   /* API name as the describe tells it: "AMOUNT", "Account.Name" */
    const char *op;       /* equals, notEqual, lessThan, greaterThan, lessOrEqual, greaterOrEqual, contains, notContain,
                             startsWith, includes, excludes, within */
    const char *value;    /* as the user's locale writes it; several with commas between; "" or NULL: empty */
    uint64_t reserved[4]; /* zero */
} sf_report_filter;

typedef struct sf_report_options {   /* borrowed for the call */
    const sf_report_filter *filters; /* of this run, instead of the report's own; none: its own */
    size_t filter_count;             /* at most SF_REPORT_FILTERS_MAX */
    const char *boolean_filter;      /* how the filters combine: "(1 OR 4) AND 2"; NULL: all must hold */
    const char *metadata;            /* JSON object: members of reportMetadata that differ in this run; filters and
                                        boolean_filter win over its own. NULL: none */
    bool no_filters;                 /* run without filters at all; not together with filters */
    bool no_details;                 /* aggregates only, no rows */
    const sf_call_options *call;
    uint64_t reserved[8];            /* zero */
} sf_report_options;

/** Run a report and wait for its result (the org allows 500 such runs an hour and cuts them at 2 minutes).
 *  @param options NULL: defaults. @param out owned by the caller, ends with sf_report_close; NULL on failure.
 *  @return SF_OK; SF_ERR_USAGE (no id, metadata that is no JSON object, too many filters); SF_ERR_NOT_FOUND; SF_ERR_ORG
 *  with BAD_REQUEST (a filter's column or operator, and what is wrong with it) or FORBIDDEN (a limit); SF_ERR_PROTOCOL;
 *  and what stands at sf_client_request. A run changes nothing, so it is repeated where that helps. */
SF_API sf_status sf_report_run(sf_client *sf, const char *report_id, const sf_report_options *options,
                               sf_report_result **out, sf_error *err);

/** Run a report that is not saved. @param options its metadata says all: reportType, reportFormat, detailColumns …
 *  @return as sf_report_run; SF_ERR_USAGE also when there is no metadata. */
SF_API sf_status sf_report_query(sf_client *sf, const sf_report_options *options, sf_report_result **out, sf_error *err);

/* ---- running in the background: the org keeps the result for 24 hours ---- */

typedef enum sf_report_state {
    SF_REPORT_UNKNOWN = 0, /* a word that this library does not know */
    SF_REPORT_NEW = 1,
    SF_REPORT_RUNNING = 2,
    SF_REPORT_SUCCESS = 3,
    SF_REPORT_ERROR = 4
} sf_report_state;

typedef struct sf_report_instance { /* plain, no end needed */
    sf_id id;                       /* 0LG… */
    sf_id owner_id;                 /* "": not said */
    sf_report_state state;
    bool has_details;               /* detail rows were asked for */
    int64_t requested_ms;           /* since 1970; SF_NONE: not said */
    int64_t completed_ms;           /* SF_NONE: not yet */
    uint64_t reserved[4];
} sf_report_instance;

/** Start a run (1,200 an hour). @param out the caller's; untouched on failure. @return as sf_report_run, and
 *  SF_ERR_UNKNOWN_OUTCOME (sent, and the answer was lost: sf_report_instances tells whether it runs). */
SF_API sf_status sf_report_run_async(sf_client *sf, const char *report_id, const sf_report_options *options,
                                     sf_report_instance *out, sf_error *err);

/** The runs of a report that the org still has: [{"id":…,"status":…,"ownerId":…,"requestDate":…},…].
 *  @param out as sf_report_list. */
SF_API sf_status sf_report_instances(sf_client *sf, const char *report_id, const sf_call_options *call,
                                     sf_document **out, sf_error *err);

/** Read one element of such a list. @return false, out untouched: it is none (no id). */
SF_API bool sf_report_read_instance(sf_value v, sf_report_instance *out);

/** A run's result as it is now: sf_report_info.state says whether it is there. @param out as sf_report_run.
 *  @return SF_OK in every state; SF_ERR_NOT_FOUND: no such run, or older than 24 hours. */
SF_API sf_status sf_report_get_result(sf_client *sf, const char *report_id, const char *instance_id,
                                      const sf_call_options *call, sf_report_result **out, sf_error *err);

typedef struct sf_report_wait_options {
    int64_t pause_ms;            /* before the second look, doubled each time; 1..86400000; 0: 500 */
    int64_t pause_max_ms;        /* most between two looks; 0: 10 s; not less than pause_ms */
    const sf_call_options *call; /* its timeout_ms is for all of the waiting, its cancel ends it; borrowed */
    uint64_t reserved[8];        /* zero */
} sf_report_wait_options;

/** Look again and again until the run has ended. @param options NULL: defaults; then it waits without end.
 *  @return SF_OK: the run succeeded; SF_ERR_ORG: it failed, the message is the org's; SF_ERR_TIMEOUT, SF_ERR_CANCELLED:
 *  it goes on in the org, and can be waited for again; and what sf_report_get_result gives. */
SF_API sf_status sf_report_wait(sf_client *sf, const char *report_id, const char *instance_id,
                                const sf_report_wait_options *options, sf_report_result **out, sf_error *err);

/** Forget a run's result; one that still goes on cannot be deleted (SF_ERR_ORG). */
SF_API sf_status sf_report_delete_instance(sf_client *sf, const char *report_id, const char *instance_id,
                                           const sf_call_options *call, sf_error *err);

/* ---- reading a result ---- */

typedef struct sf_report_info { /* texts borrowed until the close; NULL: not said */
    const char *report_id;      /* NULL: it is not saved */
    const char *name;
    const char *format;         /* TABULAR, SUMMARY, MATRIX, MULTI_BLOCK (joined; only the document can be read) */
    const char *error;          /* why a background run failed; NULL: it did not */
    sf_report_state state;      /* SF_REPORT_SUCCESS for every run at once */
    bool has_details;           /* it has detail rows */
    bool all_data;              /* false: the org left rows out; the aggregates still count them */
    bool row_limit_exceeded;    /* hasExceededTabularRowLimit */
    int64_t rows;               /* detail rows that are there */
    uint64_t reserved[4];
} sf_report_info;

/** @param out the caller's; all zero when r is NULL. */
SF_EXTERN void sf_report_get_info(const sf_report_result *r, sf_report_info *out);

typedef enum sf_report_part { /* the four lists of columns */
    SF_REPORT_DETAILS = 0,    /* of the rows */
    SF_REPORT_AGGREGATES = 1, /* of the facts */
    SF_REPORT_DOWN = 2,       /* groupings of rows, the outermost first */
    SF_REPORT_ACROSS = 3      /* groupings of columns (matrix) */
} sf_report_part;

typedef struct sf_report_column { /* texts borrowed until the close */
    const char *name;             /* API name: "AMOUNT", "s!AMOUNT", "RowCount" */
    const char *label;            /* "Sum of Amount"; the name where the org says none */
    const char *type;             /* "string", "picklist", "currency", "date", "datetime", "int" …; "": not said */
    uint64_t reserved[2];
} sf_report_column;
SF_EXTERN size_t sf_report_column_count(const sf_report_result *r, sf_report_part part); /**< 0 for NULL */
SF_EXTERN sf_report_column sf_report_column_at(const sf_report_result *r, sf_report_part part,
                                               size_t i); /**< zeroed when i is out of range */

typedef struct sf_report_cell { /* finished */
    const char *label;          /* as a reader of the report sees it: "$1,500", "-" when empty; NULL: not said */
    sf_value value;             /* of a name its record's id; of a currency {"amount":…,"currency":…}; null when empty */
} sf_report_cell;

typedef struct sf_report_group { /* one group: "Prospecting" of the grouping Stage; texts borrowed until the close */
    const char *key;             /* "0", "0_1" */
    const char *label;
    sf_value value;              /* what the group's rows have in common: of a month its first day, of a name an id */
} sf_report_group;

typedef struct sf_report_row {
    const char *key;               /* of the fact it belongs to: "T!T", "0_1!T", "0!2" */
    const sf_report_group *down;   /* the groups it stands in, the outermost first */
    size_t down_count;
    const sf_report_group *across;
    size_t across_count;
    const sf_report_cell *cells;   /* one for each of SF_REPORT_DETAILS; borrowed until the next row */
    size_t cell_count;
    uint64_t reserved[4];
} sf_report_row;

/** The next detail row, group by group as the report shows them. @param row its groups are borrowed until the close.
 *  @return SF_ROW; SF_DONE: all rows of the report were read; SF_ERR_TRUNCATED: all rows of the answer were read, and
 *  the org left others out (all_data false): narrow it by a filter; SF_ERR_USAGE: the run has not ended, or failed;
 *  SF_ERR_UNSUPPORTED: a joined report; SF_ERR_PROTOCOL: a row that does not fit the columns. All but SF_ROW are sticky. */
SF_API sf_status sf_report_next(sf_report_result *r, sf_report_row *row, sf_error *err);

typedef struct sf_report_fact {      /* the aggregates of one group, or of one cell of a matrix */
    const char *key;                 /* "0_1!2"; T stands for the total of that side: "T!T" is the grand total */
    const sf_report_group *down;     /* the group's; none: the total */
    size_t down_count;
    const sf_report_group *across;
    size_t across_count;
    const sf_report_cell *aggregates; /* one for each of SF_REPORT_AGGREGATES; borrowed until the close */
    size_t aggregate_count;
    int64_t rows;                    /* detail rows that stand right here */
    uint64_t reserved[4];
} sf_report_fact;

SF_EXTERN size_t sf_report_fact_count(const sf_report_result *r); /**< 0 for NULL and for a run that has not ended */

/** Facts in the order of the rows: a group's total after what is in it, the grand total last.
 *  @return SF_ROW, SF_DONE (i is behind the last), SF_ERR_USAGE, SF_ERR_MEMORY. */
SF_API sf_status sf_report_fact_at(sf_report_result *r, size_t i, sf_report_fact *out, sf_error *err);

/** One fact by its key. @return as sf_report_fact_at; SF_DONE: there is none. */
SF_API sf_status sf_report_fact_find(sf_report_result *r, const char *key, sf_report_fact *out, sf_error *err);

/** All that the org sent: {"attributes":…,"factMap":…,…}. Borrowed until the close; missing for NULL. */
SF_EXTERN sf_value sf_report_document(const sf_report_result *r);

/** End a result; NULL is fine. All that was read from it is dead then. */
SF_EXTERN void sf_report_close(sf_report_result *r);

/* ---- keeping reports ---- */

/** Make a report. @param metadata JSON object, the content of reportMetadata: name, reportType, reportFormat,
 *  detailColumns, folderId …. @param out the new report as sf_report_describe has it; owned by the caller, ends with
 *  sf_document_free. @return SF_OK, SF_ERR_USAGE, SF_ERR_ORG, SF_ERR_UNKNOWN_OUTCOME (a repeat could make a second one). */
SF_API sf_status sf_report_create(sf_client *sf, const char *metadata, const sf_call_options *call, sf_document **out,
                                  sf_error *err);

/** Copy a report. @param name of the copy. @param folder_id where it goes; NULL: the org's choice. @param out as
 *  sf_report_create. */
SF_API sf_status sf_report_clone(sf_client *sf, const char *report_id, const char *name, const char *folder_id,
                                 const sf_call_options *call, sf_document **out, sf_error *err);

/** Change a saved report. @param metadata the members of reportMetadata that change. @param out as sf_report_create. */
SF_API sf_status sf_report_save(sf_client *sf, const char *report_id, const char *metadata, const sf_call_options *call,
                                sf_document **out, sf_error *err);

/** Delete a report, and the results of its runs with it. @return SF_OK, SF_ERR_NOT_FOUND, SF_ERR_ORG (a dashboard uses
 *  it), and what stands at sf_client_request. */
SF_API sf_status sf_report_delete(sf_client *sf, const char *report_id, const sf_call_options *call, sf_error *err);

/* ---- dashboards, as the org sends them ---- */

/** The dashboards viewed last: [{"id":…,"name":…,"url":…,"statusUrl":…},…]. @param out as sf_report_list. */
SF_API sf_status sf_dashboard_list(sf_client *sf, const sf_call_options *call, sf_document **out, sf_error *err);
/** A dashboard with the data of its components. @param out as sf_report_list. */
SF_API sf_status sf_dashboard_get(sf_client *sf, const char *dashboard_id, const sf_call_options *call, sf_document **out,
                                  sf_error *err);
/** What a dashboard is made of, without data. @param out as sf_report_list. */
SF_API sf_status sf_dashboard_describe(sf_client *sf, const char *dashboard_id, const sf_call_options *call,
                                       sf_document **out, sf_error *err);
#endif
