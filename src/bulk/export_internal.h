/*
 * export_internal.h: what the files of sf_bulk_export share. Its jobs (export_jobs.c with export_ranges_internal.h) have pages. A page comes from the org (export_fetch.c), is checked and
 * stripped of its header line (export_page.c), put into its form (export_rows.c, export_sqlite.c with export_reader.c) and written to a file
 * that can be taken back to the last whole page (export_out.c with export_zstd.c). Threads: one.
 */
#ifndef SFI_BULK_EXPORT_INTERNAL_H
#define SFI_BULK_EXPORT_INTERNAL_H
#include <salesforce/bulk.h>
#include "base/wait_internal.h"
#include "bulk/bulk2_internal.h"
#include "bulk/export_ranges_internal.h"
#include "bulk/journal_internal.h"
#include "csv/csv_internal.h"

/* ---- export_page.c: one page ---- */
typedef struct sfi_export_page {
    sfi_csv_scan scan;
    sfi_buf header;   /* its first line, without its end; whole once the first row begins */
    bool header_done; /* what comes now are rows */
    size_t mark;      /* bytes of a byte-order mark so far */
    bool in_quote;    /* while the header line is read */
    bool crlf;        /* its line ends so */
    char last;        /* byte */
    int64_t bytes;    /* of the rows */
    bool is_damaged;  /* the last failure is the page's: another copy may be good */
} sfi_export_page;
void sfi_export_page_begin(sfi_export_page *p, char delimiter); /* a zeroed one, or to begin again */
/* The next bytes. @param rows what of them belongs to rows. @return SF_OK; SF_ERR_PROTOCOL: it is no CSV; SF_ERR_LIMIT. */
sf_status sfi_export_page_add(sfi_export_page *p, const char *data, size_t len, sf_str *rows, sf_error *err);
/* It is over. @param want rows that the org says it has. @return SF_OK, SF_ERR_PROTOCOL, SF_ERR_TRUNCATED. */
sf_status sfi_export_page_end(sfi_export_page *p, int64_t want, sf_error *err);
uint64_t sfi_export_header_sum(const sfi_export_page *p); /* of its columns, to compare; 0: it has none */
void sfi_export_page_free(sfi_export_page *p);

/* ---- export_out.c: bytes to a file or sink ---- */
typedef struct sfi_export_zip sfi_export_zip;
typedef struct sfi_export_zstd sfi_export_zstd;
typedef struct sfi_export_out {
    const char *path; /* as the user named it; NULL: a sink */
    char *target;     /* where that leads */
    char *part;       /* its name until the end */
    int fd;           /* -1: not open */
    const sf_sink *sink;
    sf_sink fd_sink;       /* of a path that is no regular file */
    int sink_fd;           /* its descriptor; -1: none */
    sfi_export_zip *zip;   /* gzip; NULL: not */
    sfi_export_zstd *zstd; /* NULL: not */
    int64_t size;          /* up to the last whole page */
    int64_t at;
    int64_t asked;           /* the system was told to write up to here */
    int64_t given;           /* to the sink, so far */
    uint32_t crc, crc_at;    /* of gzip: of what went in */
    int64_t plain, plain_at; /* of both: bytes that went in */
} sfi_export_out;
/* Where the path leads, and what it is called until the end; open does it too. */
sf_status sfi_export_out_name(sfi_export_out *o, const char *path, sf_error *err);
enum { SFI_EXPORT_LEAVE = -1 }; /* keep: the file is somebody else's to write (SQLite); it is held and renamed here */
/* @param path the options', or the first of a split export. @param keep bytes of an earlier run that are good; 0: a new file. @return SF_OK; SF_DONE: it is shorter, and empty now;
 * SF_ERR_USAGE: in use. */
sf_status sfi_export_out_open(sfi_export_out *o, const sf_bulk_export_options *options, const char *path, int64_t keep,
                              sf_error *err);
sf_status sfi_export_out_clear(sfi_export_out *o, sf_error *err); /* begin with an empty file again */
sf_status sfi_export_out_add(sfi_export_out *o, const char *data, size_t len, sf_error *err);
sf_status sfi_export_out_keep(sfi_export_out *o, sf_error *err); /* what is there is good; a sink gets it now */
sf_status sfi_export_out_back(sfi_export_out *o, sf_error *err); /* forget what is not */
sf_status sfi_export_out_sync(sfi_export_out *o, sf_error *err);
sf_status sfi_export_out_end(sfi_export_out *o, sf_error *err); /* the last bytes; before rename */
sf_status sfi_export_out_rename(sfi_export_out *o, sf_error *err);
void sfi_export_out_close(sfi_export_out *o, bool remove);

/* Where in a file the last whole page ends. */
typedef struct sfi_export_place {
    int64_t size, plain;
    uint32_t crc;
} sfi_export_place;
/* The file at hand is given up as it stands, and another one is: what is in it up to the place is good. */
sf_status sfi_export_out_switch(sfi_export_out *o, const char *path, const sfi_export_place *place, sf_error *err);

/* ---- export_zstd.c: frames, for export_out.c ---- */
typedef sf_status sfi_export_put(sfi_export_out *o, const void *data, size_t len, sf_error *err);
/* @return SF_OK, SF_ERR_UNSUPPORTED (this build or machine has none), SF_ERR_MEMORY. */
sf_status sfi_export_zstd_open(sfi_export_zstd **out, sf_error *err);
/* @param end the frame ends behind data. @param put gets what comes out. */
sf_status sfi_export_zstd_add(sfi_export_zstd *z, const char *data, size_t len, bool end, sfi_export_put *put,
                              sfi_export_out *o, sf_error *err);
void sfi_export_zstd_reset(sfi_export_zstd *z); /* the frame that was begun is given up */
void sfi_export_zstd_close(sfi_export_zstd *z); /* NULL is fine */

/* ---- forms: what becomes of a page's rows ---- */
struct sfi_export;
typedef struct sfi_export_form {
    sf_status (*open)(struct sfi_export *x, sf_error *err); /* before the first page; may be NULL */
    sf_status (*head)(struct sfi_export *x, sf_error *err); /* a page's header line is whole; called once a page */
    sf_status (*rows)(struct sfi_export *x, sf_str text, sf_error *err);
    sf_status (*keep)(struct sfi_export *x, int64_t rows, sf_error *err); /* the page is right */
    sf_status (*back)(struct sfi_export *x, sf_error *err);               /* it begins again, or is given up */
    sf_status (*clear)(struct sfi_export *x, sf_error *err);              /* all pages are given up */
    sf_status (*sync)(
        struct sfi_export *x,
        sf_error *err); /* all whole pages out of the process, or onto the disk (x->to_disk); may be NULL */
    sf_status (*end)(struct sfi_export *x, sf_error *err); /* all pages are there */
    void (*close)(struct sfi_export *x);
} sfi_export_form;
extern const sfi_export_form sfi_export_csv, sfi_export_csv_rows, sfi_export_ndjson, sfi_export_sqlite;

/* Where an export stands: what the journal keeps. */
typedef struct sfi_export_mark {
    int64_t pages, rows, bytes;
    uint64_t columns;  /* sum of the header line */
    int32_t range;     /* that they are of; 0 where there is but one */
    int64_t before;    /* rows of the ranges before it */
    int32_t file;      /* of a split export: which one the last row is in; else 0 */
    int64_t file_rows; /* in it */
    char next[128];    /* locator of the page that follows; "" before the first, and behind the last of the range */
    bool last;         /* all pages of the range are there */
} sfi_export_mark;

typedef struct sfi_export_job { /* of a range */
    sf_id id;                   /* "": none was made */
    char version[8];            /* of the API that it was made with */
    bool is_checked;            /* this run made it, or found that it is good */
    bool has_ended;
    int64_t rows; /* -1: not known */
} sfi_export_job;

enum { SFI_EXPORT_PATH_BYTES = 4096 };
typedef struct sfi_export_split {     /* of an export into files of so many rows */
    char path[SFI_EXPORT_PATH_BYTES]; /* of the file at hand */
    int32_t file, kept_file;          /* at hand, and behind the last whole page; from 1 */
    int64_t rows, kept_rows;          /* in them */
    sfi_export_place kept;
    int64_t *sizes;     /* of the files before that one */
    int32_t cap, noted; /* noted: how many the journal knows */
    int lock_fd;        /* of the first file, whose lock is that of all; -1: not locked */
    bool is_ours;       /* they were: what is there under the names of parts is this export's */
} sfi_export_split;

typedef struct sfi_export {
    sf_client *sf;
    const sf_bulk_export_options *options;
    const sfi_export_form *form;
    void *state; /* the form's own */
    char delimiter;
    sfi_buf soql;                    /* the statement; "": not asked for yet */
    sfi_statement statement;         /* its pieces, where it has ranges */
    sfi_export_job *jobs;            /* one a range */
    char (*bounds)[SFI_BOUND_BYTES]; /* where the second range and those behind it begin */
    int32_t ranges;                  /* how many there are: 1 or more */
    bool has_ranges;                 /* they are decided; never without partitions */
    sf_bulk2_job job;                /* of the range at hand */
    bool has_job;                    /* one was made, by this run or the one before */
    int64_t tend_ms;                 /* when jobs that were made ahead are looked at again */
    int32_t tend_range;              /* the range at hand when they were looked at last */
    sf_status tended;
    sf_error tend_error;
    sfi_export_mark mark;
    sfi_export_page page;
    bool head_told;
    sfi_export_out out;
    sfi_export_split split;
    sfi_journal *journal;
    bool to_disk; /* the sync at hand is to outlive a crash of the machine, not only of the process */
    sf_export_progress progress;
    sf_export_report report;
} sfi_export;
bool sfi_export_tell(sfi_export *x); /* false: the caller wants an end */

/* ---- export_reader.c: a page's rows one by one ---- */
typedef sf_status sfi_export_add_fn(sfi_export *x, const sfi_csv_record *row, sf_error *err);
typedef struct sfi_export_reader { /* begins as zeros */
    sfi_csv_reader *csv;
    sfi_export_add_fn *add; /* a row, with as many fields as columns */
    size_t columns;         /* the form's to set, from the header line; 0: not known yet */
    int64_t rows;           /* of the page, so far */
} sfi_export_reader;
/* @param keep_raw with their text as it stood. */
sf_status sfi_export_reader_open(sfi_export *x, sfi_export_reader *r, sfi_export_add_fn *add, bool keep_raw,
                                 sf_error *err);
sf_status sfi_export_reader_rows(sfi_export *x, sfi_export_reader *r, sf_str text, sf_error *err);
/* The page is over, and has so many rows. @return SF_ERR_PROTOCOL: it has others. */
sf_status sfi_export_reader_keep(sfi_export *x, sfi_export_reader *r, int64_t rows, sf_error *err);
void sfi_export_reader_back(sfi_export_reader *r); /* the page begins again */
void sfi_export_reader_close(sfi_export_reader *r);
/* The names in the header line of the page. @param reader ends with sfi_csv_reader_free, also after a failure; *out is
 * good until then. */
sf_status sfi_export_read_columns(sfi_export *x, sfi_csv_record *out, sfi_csv_reader **reader, sf_error *err);

/* ---- export_split.c: files of so many rows ---- */
sf_status sfi_export_split_name(sfi_export *x, int32_t number, sf_error *err); /* x->split.path */
sf_status sfi_export_split_note(sfi_export *x, int32_t number, int64_t size,
                                sf_error *err); /* the journal knows of it */
/* Before a row: the file for it. *is_new: it has just begun; what waits was to be written before (see _is_full). */
sf_status sfi_export_split_row(sfi_export *x, bool *is_new, sf_error *err);
bool sfi_export_split_is_full(
    const sfi_export *x);                  /* the next row begins another file; never of one that is not split */
void sfi_export_split_keep(sfi_export *x); /* behind a whole page */
sf_status sfi_export_split_back(sfi_export *x, sf_error *err);
sf_status sfi_export_split_clear(sfi_export *x, sf_error *err); /* all pages are given up */
sf_status sfi_export_split_check(sfi_export *x, bool *fine, sf_error *err);
sf_status sfi_export_split_rename(sfi_export *x, sf_error *err); /* all but the last */
void sfi_export_split_warn(sfi_export *x);
sf_status sfi_export_split_lock(sfi_export *x, sf_error *err); /* the file at hand is open */
void sfi_export_split_close(sfi_export *x, bool remove);

/* ---- export_fetch.c: the pages in their order ---- */
/* All pages behind x->mark, each told to kept when it is whole and written. */
sf_status sfi_export_fetch(sfi_export *x, sf_status (*kept)(sfi_export *x, sf_error *err), sf_error *err);

/* No page had so much as a header line, and all are there: one of the statement's columns, where that is plain, is written as a
 * page without rows. */
sf_status sfi_export_name_columns(sfi_export *x, sf_error *err);

/* ---- export_jobs.c ---- */
sf_status sfi_export_jobs_open(sfi_export *x, sf_error *err);
void sfi_export_jobs_close(sfi_export *x);
void sfi_export_forget(sfi_export *x);                   /* all jobs, and all pages of them */
bool sfi_export_is_cut(const sf_bulk_export_options *o); /* into ranges, of which there may be one only */
bool sfi_export_is_all(const sfi_export *x);
int64_t sfi_export_rows_total(const sfi_export *x);             /* -1: not known yet */
sf_status sfi_export_statement(sfi_export *x, sf_error *err);   /* x->soql */
sf_status sfi_export_find_ranges(sfi_export *x, sf_error *err); /* of partitions, unless the journal has them */
bool sfi_export_take_ranges(sfi_export *x, sf_value line);      /* the journal's; false: they cannot be */
/* x->job for the range at hand: the journal's, or a new one; then the mark may be at the beginning again. */
sf_status sfi_export_begin_job(sfi_export *x, sf_error *err);
sf_status sfi_export_wait(sfi_export *x, sf_error *err); /* until it is complete */
sf_status sfi_export_tend(sfi_export *x, sf_error *err); /* look after those that are made ahead; now and then */

/* ---- export_object.c ---- */
/* SELECT of all fields of an object that a bulk query can give. */
sf_status sfi_export_soql(sf_client *sf, const char *object, const sf_call_options *call, sfi_buf *out, sf_error *err);
#endif
