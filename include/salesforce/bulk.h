/*
 * bulk.h: whole files into the org and out of it over Bulk API 2.0, at any size, through any interruption. A load reads
 * CSV, checks all of it before anything is sent, cuts it into jobs at record boundaries, follows them, and tells of each
 * failed row its line and why; an export writes the rows of a query to a file and checks that none is missing. With a
 * journal both go on where they stood after a crash: no row lost, none loaded twice. Neither holds a file in memory.
 * Wire: Bulk API 2.0 (bulk2.h has its calls one by one). Threads: each call is whole; calls on one client may run side by
 * side, but not two with the same journal.
 */
#ifndef SALESFORCE_BULK_H
#define SALESFORCE_BULK_H
#include <salesforce/bulk2.h>

#define SF_LOAD_PARALLEL_MAX 16
#define SF_LOAD_REASONS_MAX 32 /* kinds of errors that a report tells apart */

/* ---- loading ---- */
typedef struct sf_load_progress { /* plain; good inside the callback */
    int64_t rows_total;           /* of the input; 0 while it is being checked */
    int64_t bytes_total;          /* the same */
    int64_t bytes_checked;        /* of the input, so far */
    int64_t bytes_sent, rows_sent; /* uploaded, retried rows again */
    int64_t rows_done, rows_failed; /* as the org tells */
    int32_t jobs_total, jobs_sent, jobs_done;
    int32_t pass;                 /* 0; then 1, 2 … of rows that are tried again */
    uint64_t reserved[4];
} sf_load_progress;

typedef struct sf_load_column { /* a column of the file, and the field it goes to */
    const char *from;           /* as the file's header has it */
    const char *to;             /* field, Relationship.Field or Type:Relationship.Field; NULL or "": it is left out */
} sf_load_column;

typedef struct sf_load_rows {  /* rows that the caller gives one by one; borrowed for the call */
    const char *const *names;  /* of the columns, as a file's header line would have them; column_count of them */
    size_t column_count;
    /** The next row. fields has column_count texts, all null (ptr NULL) at first; those that are set are copied before the
     *  next call. A null clears the field in the org, an empty text (len 0, ptr not NULL) leaves it alone; "#N/A" is how
     *  the API writes a null, so that no text can say it. @return SF_ROW; SF_DONE: there are no more; anything below 0 ends
     *  the load with that status and *err (which comes zeroed; without a message one is written): nothing was sent then. */
    sf_status (*next)(void *user, sf_str *fields, sf_error *err);
    void *user;
    uint64_t reserved[4];      /* zero */
} sf_load_rows;

typedef struct sf_bulk_load_options { /* borrowed for the call */
    const char *object;          /* API name; must be said */
    sf_operation operation;      /* must be said */
    const char *external_id;     /* of an upsert: the field, or "Id" */
    const char *csv_path;        /* the file; or */
    const char *const *csv_paths; /* several with the same header, NULL at the end; small ones share jobs; or */
    const sf_source *csv;        /* a stream, which is kept in a temporary file first; or rows, below */
    const char *journal_path;    /* where to write down what was done, so that a call with the same options goes on after an
                                    interruption. A stream must then give the same bytes again, rows the same values in the
                                    same order: all of them, those that were sent as well, which are known again by a digest
                                    and not sent twice; others are SF_ERR_USAGE. NULL: no way to go on */
    const char *success_path;    /* CSV: sf__Id, sf__Created, then the columns that were sent; NULL: not wanted, and not
                                    fetched */
    const char *errors_path;     /* CSV: sf__Id, sf__Error, sf__Line (in its file, from 1), with several files sf__File, then
                                    the columns of the input as they stand there; NULL: not wanted */
    const sf_load_column *columns; /* column_count of them; columns that are not named are left out; NULL: all, as they
                                    are, but for the sf__… columns of a results file */
    size_t column_count;
    const char *map_path;        /* the same from a file: lines of CSV-COLUMN=FIELD (Data Loader's .sdl); NULL: none */
    char delimiter;              /* of the input; '\0': as its first lines look, and comma for rows */
    const char *encoding;        /* of the input, a name that iconv knows ("ISO-8859-1"); NULL: UTF-8, or UTF-16 by its mark */
    int32_t parallel;            /* jobs under way at once: 1..SF_LOAD_PARALLEL_MAX; default 4 */
    int64_t job_bytes;           /* most of one job's data: 1000..SF_BULK2_UPLOAD_MAX; default 100,000,000 */
    int64_t job_rows;            /* most rows of one job; 0: as many as fit */
    int32_t retries_max;         /* passes for rows that failed for a reason that passes (UNABLE_TO_LOCK_ROW,
                                    API_TEMPORARILY_UNAVAILABLE …), smaller and one job after another: 1..10; default 3;
                                    SF_NONE: none */
    const char *assignment_rule; /* its id; NULL: none */
    bool no_describe;            /* do not compare the header with the object's fields */
    bool dry_run;                /* check everything, say what would be sent, and send nothing but the describe */
    bool (*progress)(void *user, const sf_load_progress *p); /* now and then; false: stop sending and end with
                                    SF_ERR_CANCELLED; jobs that were closed go on in the org, the journal knows them */
    void *user;
    const sf_call_options *call; /* of each request; its timeout_ms bounds one request, not the load; its cancel ends all */
    const sf_load_rows *rows;    /* the input, instead of csv_path, csv_paths and csv: rows of the caller's, in UTF-8, which are
                                    kept as CSV in a temporary file first, however many they are; lines in results and
                                    messages are their numbers then, from 1 */
    uint64_t reserved[7];        /* zero */
} sf_bulk_load_options;

typedef struct sf_load_reason {  /* why rows failed */
    char code[64];               /* status code; "": the job failed as a whole */
    char message[256];           /* of the first such row, cut to fit */
    int64_t rows;
    int64_t line;                /* of the first such row; 0: not known */
    char row[256];               /* that row, as it stands in the input, cut to fit; "": not known */
    int64_t file;                /* of csv_paths, from 0: where that row is */
    uint64_t reserved[1];
} sf_load_reason;

typedef struct sf_load_report {  /* plain; filled also when the call fails, with what was known then */
    int64_t rows;                /* records of the input, header lines not counted */
    int64_t bytes;
    int64_t succeeded, failed, unprocessed; /* rows, after the last pass; together rows when the load is complete */
    int64_t retried;             /* rows that were sent again */
    int64_t unmatched;           /* failed rows whose line could not be found: the org gave them back changed */
    int32_t jobs, jobs_failed;   /* of all passes */
    int32_t requests_planned;    /* dry run: about how many requests it takes */
    bool resumed;                /* a journal of an earlier run was gone on with */
    size_t reason_count;         /* the most frequent first */
    sf_load_reason reasons[SF_LOAD_REASONS_MAX];
    uint64_t reserved[8];
} sf_load_report;

/** Load CSV into an object. Before the first upload all of the input is read once: an unknown column, a quote out of
 *  place, a record with too few values or bytes that are no text are SF_ERR_USAGE with file, line and column, and nothing
 *  was sent. Values go up as they stand: empty ones leave a field alone, #N/A clears it.
 *  @param report owned by the caller; NULL: not wanted.
 *  @return SF_OK: every row succeeded, or there were none. SF_DONE: all was done, and some rows failed: see the report.
 *  SF_ERR_USAGE: nothing was sent. SF_ERR_IO: a file, with its name. SF_ERR_TRUNCATED: the org's results do not add up to
 *  the rows that were sent. SF_ERR_UNKNOWN_OUTCOME: a job was closed and cannot be found any more. SF_ERR_CANCELLED, and
 *  what stands at sf_client_request: with a journal, the same call goes on. */
SF_API sf_status sf_bulk_load(sf_client *sf, const sf_bulk_load_options *options, sf_load_report *report, sf_error *err);

/* ---- exporting ---- */
#define SF_EXPORT_PARALLEL_MAX 8
#define SF_EXPORT_PARTITIONS_MAX 1000
#define SF_EXPORT_JOBS_MAX 16
#define SF_EXPORT_FILES_MAX 100000 /* of one export that is split */

typedef enum sf_export_format {
    SF_EXPORT_CSV = 0,    /* the bytes as the org sent them, the header line once */
    SF_EXPORT_NDJSON = 1, /* a JSON object a line; every value is a string, as it came; an empty one is null */
    SF_EXPORT_SQLITE = 2  /* a database with one table of text columns; an empty value is NULL */
} sf_export_format;

typedef enum sf_export_compression {
    SF_EXPORT_PLAIN = 0,
    SF_EXPORT_GZIP = 1, /* one member */
    SF_EXPORT_ZSTD = 2  /* a frame a page, with check sums */
} sf_export_compression;

typedef struct sf_export_progress { /* plain; good inside the callback */
    int64_t rows_total;             /* of the result; -1 while the org still works on it */
    int64_t rows_found;             /* so far, while the org works; -1: not said */
    int64_t rows;                   /* received so far */
    int64_t bytes;                  /* received, of the rows as CSV; a page that is fetched again counts once */
    int64_t pages;
    char state[24];                 /* of the job, as the org wrote it */
    int32_t jobs_total, jobs_done;  /* 1 without partitions; those whose rows are all there */
    uint64_t reserved[3];
} sf_export_progress;

typedef struct sf_bulk_export_options { /* borrowed for the call */
    const char *soql;            /* what stands at sf_bulk2_create_query; or */
    const char *object;          /* API name: all of its fields that a bulk query can give */
    const char *path;            /* the file: written beside as PATH.part, and renamed when all is in it and counted; or */
    const sf_sink *sink;         /* gets each page once it is whole and counted; never called to restart; not for SQLite */
    const char *journal_path;    /* where to write down what was done, so that a call with the same options goes on after an
                                    interruption; with a path only. NULL: no way to go on, PATH.part is taken away */
    sf_export_format format;
    sf_export_compression compression; /* of CSV and NDJSON */
    const char *table;           /* of SQLite; NULL: the object's name */
    bool all_rows;               /* deleted and archived rows too */
    char delimiter;              /* of CSV: one of , ; | ^ ` and tab; '\0': comma */
    bool crlf;                   /* lines end in CR LF */
    int32_t parallel;            /* pages asked for at once, where the org names them (API 58.0 and later):
                                    1..SF_EXPORT_PARALLEL_MAX; default 3 */
    int64_t page_rows;           /* most rows of one page, which are then fetched one by one; 0: the server's size */
    int64_t poll_min_ms, poll_max_ms; /* pauses while the org works, as in sf_bulk2_wait_options; default 200, 15000 */
    int64_t wait_ms;             /* how long the org may work on a job; then SF_ERR_TIMEOUT, and the journal goes on; 0: no end */
    bool dry_run;                /* ask the org for the query's plan, which checks it, and make no job */
    bool (*progress)(void *user, const sf_export_progress *p); /* now and then; false: end with SF_ERR_CANCELLED */
    void *user;
    const sf_call_options *call; /* of each request; its timeout_ms bounds one request; its cancel ends all */
    int32_t partitions;          /* cut the rows into so many ranges of ids, each with a job of its own, which the org works on
                                    side by side; rows come in the order of the ranges. At most SF_EXPORT_PARTITIONS_MAX; 0, 1:
                                    one job. The statement may have no ORDER BY, LIMIT, GROUP BY or aggregate */
    int32_t jobs_parallel;       /* jobs of partitions that are with the org at once: 1..SF_EXPORT_JOBS_MAX; default 4 */
    int64_t range_rows;          /* instead of partitions: as many of them as make about so many rows each, at most
                                    SF_EXPORT_PARTITIONS_MAX; the org is asked how many rows there are; 0: not */
    int64_t split_rows;          /* of CSV and NDJSON to a path: a file for each so many rows, the last one with the rest,
                                    named as sf_export_file_name says, each CSV with the header line; they are renamed
                                    when all rows are counted. At most SF_EXPORT_FILES_MAX files; 0: one file */
    uint64_t reserved[5];        /* zero */
} sf_bulk_export_options;

typedef struct sf_export_report { /* plain; filled also when the call fails, with what was known then */
    int64_t rows;                /* written; of a dry run: about how many the org expects; -1: it does not say */
    int64_t bytes;               /* of the file, or given to the sink */
    int64_t pages, pages_again;  /* pages_again: fetched once more, because they came with too few rows or damaged */
    sf_id job;                   /* "": none was made; of partitions the last one */
    bool resumed;                /* a journal of an earlier run was gone on with */
    bool started_over;           /* its job was gone, and another one made */
    int32_t jobs;                /* that the rows come from; 1 without partitions */
    int32_t files;               /* that the rows went to: 1 without split_rows, 0 of a sink */
    uint64_t reserved[7];
} sf_export_report;

/** Write the rows of a query to a file or sink. Every page is counted against what the org says it holds, and all of them
 *  against the job: an export that succeeds is whole. Columns stand in the order of the statement.
 *  @param report owned by the caller; NULL: not wanted.
 *  @return SF_OK: all rows are written. SF_ERR_USAGE: nothing was sent. SF_ERR_UNSUPPORTED: this build or machine has no
 *  SQLite or zstd. SF_ERR_ORG: the org refuses the query, or its job failed. SF_ERR_TRUNCATED: rows are missing, though pages were
 *  fetched again. SF_ERR_PROTOCOL: a page is no CSV, or its columns are others than those before. SF_ERR_IO: a file, with
 *  its name. SF_ERR_TIMEOUT (wait_ms), SF_ERR_CANCELLED, and what stands at sf_client_request: with a journal, the same
 *  call goes on. */
SF_API sf_status sf_bulk_export(sf_client *sf, const sf_bulk_export_options *options, sf_export_report *report,
                                sf_error *err);
/** What the number-th file of an export with split_rows is called: "rows.csv.gz" becomes "rows-0001.csv.gz". Any thread.
 *  @param number from 1. @param out gets the name. @return SF_OK, SF_ERR_LIMIT (it takes more than size bytes),
 *  SF_ERR_USAGE. */
SF_API sf_status sf_export_file_name(const char *path, int32_t number, char *out, size_t size, sf_error *err);
#endif
