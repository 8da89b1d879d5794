/*
 * reports.h: the reports of the org, from definition to result: report types and their columns (report_types.c), what one
 * report is made of, read from JSON and written as reportMetadata (report_def.c), its filters as SOQL (report_filter.c),
 * its rows as groups and facts (report_run.c), values as a reader sees them (report_text.c). rest_reports.c answers with them.
 * Owns the types. Threads: types are read only once made; a report belongs to one call.
 */
#ifndef SFO_REPORTS_H
#define SFO_REPORTS_H
#include "api/call.h"
#include "store/reports.h"

enum {
    SFO_REPORT_LEVELS_MAX = 3, /* groupings of one side; matrix: 2 */
    SFO_REPORT_FILTERS_MAX = 20,
    SFO_REPORT_COLUMNS_MAX = 100,
    SFO_REPORT_DETAILS_MAX = 2000,
    SFO_REPORT_SYNC_HOUR = 500,
    SFO_REPORT_ASYNC_HOUR = 1200,
    SFO_REPORT_LIST_MAX = 200
};

/* ---- report_types.c ---- */
typedef struct sfo_report_column {
    const char *name, *label;
    const char *path;    /* in SOQL, from the type's object */
    const char *id_path; /* of a name: where its record's id is; NULL: the value stands for itself */
    const sfo_field *field;
    bool date_only; /* a date and time that is shown as a date */
} sfo_report_column;

typedef struct sfo_report_type {
    const char *name, *label, *category;
    const sfo_object *object;
    sfo_report_column *columns;
    size_t count;
} sfo_report_type;

typedef struct sfo_report_types sfo_report_types;
/* Reads the types, and writes the reports of the definition files that the store does not know yet. */
sf_status sfo_reports_new(sfo_store *store, sfo_report_types **out, sf_error *err);
void sfo_reports_free(sfo_report_types *r);
size_t sfo_report_type_count(const sfo_report_types *r);
const sfo_report_type *sfo_report_type_at(const sfo_report_types *r, size_t i);
const sfo_report_type *sfo_report_type_find(const sfo_report_types *r,
                                            sf_str name); /* or by its object's; NULL: unknown */
/* By its name, in definition files by its path too; any case. NULL: unknown. */
const sfo_report_column *sfo_report_column_find(const sfo_report_type *type, sf_str name, bool or_path);
/* "string", "currency" … as the describe of a report says it. */
const char *sfo_report_data_type(const sfo_report_column *c);
bool sfo_report_is_number(const sfo_report_column *c);
bool sfo_report_is_date(const sfo_report_column *c); /* or date and time */
/* One more run in the last hour? false: that would be over the limit, and is not counted. */
bool sfo_reports_count_run(sfo_report_types *r, bool async);
int64_t sfo_reports_runs_left(sfo_report_types *r, bool async);

/* ---- report_def.c ---- */
typedef enum sfo_report_format { SFO_TABULAR, SFO_SUMMARY, SFO_MATRIX } sfo_report_format;

typedef struct sfo_report_grouping {
    const sfo_report_column *column;
    const char *granularity; /* "None", "Month" … */
    bool descending;
} sfo_report_grouping;

typedef struct sfo_report_aggregate {
    char kind; /* 's' sum, 'a' average, 'm' smallest, 'x' largest, 'R' the number of rows */
    const sfo_report_column *column;
    const char *name; /* "s!AMOUNT" */
} sfo_report_aggregate;

typedef struct sfo_report_filter {
    const sfo_report_column *column;
    const char *op, *value;
} sfo_report_filter;

typedef struct sfo_report { /* texts in the arena it was read into */
    const char *id;         /* NULL: not saved */
    const char *name, *developer_name, *description, *folder_id;
    const sfo_report_type *type;
    sfo_report_format format;
    const sfo_report_column *columns[SFO_REPORT_COLUMNS_MAX];
    size_t column_count;
    sfo_report_aggregate aggregates[SFO_REPORT_COLUMNS_MAX];
    size_t aggregate_count;
    sfo_report_grouping down[SFO_REPORT_LEVELS_MAX], across[SFO_REPORT_LEVELS_MAX];
    size_t down_count, across_count;
    sfo_report_filter filters[SFO_REPORT_FILTERS_MAX];
    size_t filter_count;
    const char *boolean_filter;           /* NULL: all must hold */
    const sfo_report_column *date_column; /* of the standard date filter; NULL: none */
    const char *date_duration, *date_start, *date_end;
    const sfo_report_column *sort_column; /* NULL: none */
    bool sort_descending;
    bool mine; /* scope: user */
} sfo_report;

/* Takes over what v says (reportMetadata, or the form of definition files); what it does not say stays as it is in out. */
bool sfo_report_read(const sfo_report_types *r, sf_value v, bool is_definition, sfi_arena *arena, sfo_report *out,
                     sfo_fault *f);
/* Is it a whole report? */
bool sfo_report_check(const sfo_report *report, sfo_fault *f);
void sfo_report_write_metadata(const sfo_report *report, bool has_details, sfi_json_writer *w);
void sfo_report_write_extended(const sfo_report *report, sfi_json_writer *w);
void sfo_report_write_type(const sfo_report_type *type, sfi_json_writer *w); /* reportTypeMetadata */
/* 400 BAD_REQUEST; answers false. */
bool sfo_report_bad(sfo_fault *f, const char *format, ...) SFI_PRINTF(2, 3);

/* ---- report_filter.c ---- */
/* " WHERE …", or nothing. zone: the user's. */
bool sfo_report_where(const sfo_report *report, const char *user_id, const char *zone, sfi_buf *out, sfo_fault *f);

/* ---- report_run.c ---- */
/* Appends the members of a result behind "attributes": "allData":… to "reportMetadata":…}. */
bool sfo_report_run(sfo_store *store, const sfo_context *context, const sfo_report *report, bool details, sfi_buf *out,
                    sfo_fault *f);
/* The statement that yields the rows of a report. */
bool sfo_report_soql(sfo_store *store, const sfo_context *context, const sfo_report *report, sfi_buf *out,
                     sfo_fault *f);

/* ---- report_text.c ---- */
typedef struct sfo_report_text { /* a value of a column: as it is grouped, sorted and shown; texts in an arena */
    const char *value;           /* JSON; NULL: null */
    const char *label;
    double order;   /* first what is smaller, then by label */
    double number;  /* of numbers */
    int64_t day_ms; /* of dates, in the user's zone */
    bool is_null;
} sfo_report_text;
bool sfo_report_text_of(const sfo_report_column *c, sf_value record, const char *zone, sfi_arena *arena,
                        sfo_report_text *out);
/* Of a date, the group it belongs to. false: no such granularity. */
bool sfo_report_granularity(const char *granularity, sfi_arena *arena, sfo_report_text *t);
bool sfo_report_is_granularity(const char *granularity);
/* "$1,500", "13", "50%" */
void sfo_report_number_label(const sfo_report_column *c, double d, char *out, size_t size);
#endif
