/*
 * csv_internal.h: CSV as RFC 4180 has it, with LF or CRLF at the ends of lines and any one-byte delimiter, at the speed
 * of memory: a checker that finds records and counts their columns (what a load needs before it sends), a reader that
 * gives out fields (what results and mappings need), and a writer. No I/O: bytes in, records or an error out, in any
 * chunking. Called by bulk and cli. Blank lines are no records, wherever they stand.
 * Threads: a scan or reader belongs to one thread at a time; the plain functions are safe from any.
 */
#ifndef SFI_CSV_INTERNAL_H
#define SFI_CSV_INTERNAL_H
#include "base/base_internal.h"

enum {
    SFI_CSV_COLUMNS_MAX = 5000,            /* the Bulk API's own limit of a row */
    SFI_CSV_RECORD_MAX = 32 * 1024 * 1024, /* bytes; default of a reader */
    SFI_CSV_BLOCK = 64                     /* bytes that are looked at together */
};

/* ---- the checker (scan.c) ---- */
/* Where a text stands between two bytes; 0 or 1 each, but for in_quote, which is 0 or all ones. */
typedef struct sfi_csv_state {
    uint64_t in_quote;
    uint64_t at_field_start; /* a quote may open here */
    uint64_t after_close;    /* the byte before closed a quote */
    uint64_t after_cr;       /* the byte before was a CR outside quotes */
    uint64_t line_is_blank;  /* nothing but a CR stands in this line so far, and no quote is open */
} sfi_csv_state;

typedef struct sfi_csv_scan {
    char delimiter;
    sfi_csv_state state;
    int64_t columns;     /* of every record: the first one's; 0: none has ended yet */
    int64_t delimiters;  /* in the record that is open */
    int64_t records;     /* that have ended, the header among them */
    int64_t lines;       /* line feeds so far, those in quotes too */
    int64_t record_line; /* line in which the open record began, from 1 */
    int64_t offset;      /* bytes so far */
    int64_t record_end;  /* offset behind the last record that has ended */
    int64_t line_ends;   /* line feeds outside quotes, those of blank lines too */
    int64_t returns;     /* of them, behind a CR */
    uint64_t nul;        /* not 0: a byte of 0 was seen; the caller sets it back */
    bool any_columns;    /* records may differ in their columns */
} sfi_csv_scan;

/* @param delimiter any byte but a quote, CR, LF and NUL. */
void sfi_csv_scan_init(sfi_csv_scan *s, char delimiter);
/* Take the next bytes. @return SF_OK, or SF_ERR_USAGE whose message names line and column: a quote where none may stand,
 * a CR outside quotes that no LF follows, a record whose columns are not those of the first. After an error: undefined
 * but for init. */
sf_status sfi_csv_scan_feed(sfi_csv_scan *s, const char *data, size_t len, sf_error *err);
/* Go on behind what *next has scanned, which was begun, with the columns of *s, where *s is now. false, and *s is as it was:
 * that was no place between two records. */
bool sfi_csv_scan_join(sfi_csv_scan *s, const sfi_csv_scan *next);
/* The text has ended: a last record without a line end counts. @return SF_OK, SF_ERR_USAGE (a quote is left open). */
sf_status sfi_csv_scan_finish(sfi_csv_scan *s, sf_error *err);
/* The name of the nth kernel that this processor runs, the fastest (0) first; NULL: there are no more. */
const char *sfi_csv_kernel(int nth);
/* For tests and benchmarks: the nth of them from here on, in the whole process. The fastest is used until then. */
void sfi_csv_use_kernel(int nth);

/* ---- the reader (reader.c) ---- */
typedef struct sfi_csv_record {
    const sf_str
        *fields; /* without their quotes, doubled ones made one; each NUL-terminated; good until the next call */
    size_t count;
    int64_t line;   /* in which it began, from 1 */
    int64_t offset; /* of its first byte in the text */
    sf_str raw;     /* as it stood, without its line end; with keep_raw only, since fields are decoded in place */
} sfi_csv_record;

typedef struct sfi_csv_reader sfi_csv_reader;
typedef struct sfi_csv_reader_options {
    char delimiter;    /* 0: comma */
    size_t record_max; /* bytes of one record; 0: SFI_CSV_RECORD_MAX */
    bool keep_raw;     /* copy each record's text before it is decoded */
    bool any_columns;  /* records may differ in their columns */
} sfi_csv_reader_options;
sf_status sfi_csv_reader_new(const sfi_csv_reader_options *options, sfi_csv_reader **out, sf_error *err);
void sfi_csv_reader_free(sfi_csv_reader *r); /* NULL is fine */
/* Forget everything, for another text of the same kind. */
void sfi_csv_reader_reset(sfi_csv_reader *r);
/* Room for at least want bytes behind what waits; fill it, then say how many came. Ends the record given out.
 * @return SF_OK, SF_ERR_LIMIT (a record over record_max), SF_ERR_MEMORY. */
sf_status sfi_csv_reader_room(sfi_csv_reader *r, size_t want, char **room, size_t *size, sf_error *err);
void sfi_csv_reader_added(sfi_csv_reader *r, size_t len);
void sfi_csv_reader_end(sfi_csv_reader *r); /* no more bytes come */
/* The next whole record. @return SF_ROW; SF_DONE: none is whole: add bytes, or, after the end, there are no more;
 * SF_ERR_USAGE as sfi_csv_scan_feed and _finish, SF_ERR_LIMIT (too many columns), SF_ERR_MEMORY. */
sf_status sfi_csv_reader_next(sfi_csv_reader *r, sfi_csv_record *out, sf_error *err);

/* ---- the writer (write.c) ---- */
/* As it must stand: with quotes where needed (always: everywhere). */
bool sfi_csv_add_field(sfi_buf *out, sf_str text, char delimiter, bool always);

/* Bytes of a byte-order mark that the text begins with: 3 or 0. */
size_t sfi_csv_bom(const char *data, size_t len);
/* The likeliest delimiter of a text that begins so: of comma, semicolon, tab, pipe, caret and backquote the one that the
 * first records agree on; comma where none does. */
char sfi_csv_guess_delimiter(const char *data, size_t len);
#endif
