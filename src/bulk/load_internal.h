/*
 * load_internal.h: what the files of sf_bulk_load share. An input is a UTF-8 CSV file (the user's, or a temporary one made
 * of it); a plan cuts inputs into units, each the data of one job; a unit goes up through a feed and comes back through
 * results. A retry is a unit whose input was written by the pass before, with the origin of each row beside it.
 */
#ifndef SFI_BULK_LOAD_INTERNAL_H
#define SFI_BULK_LOAD_INTERNAL_H
#include <salesforce/bulk.h>
#include "base/wait_internal.h"
#include "bulk/bulk2_internal.h"
#include "bulk/journal_internal.h"
#include "csv/csv_internal.h"

enum {
    SFI_LOAD_JOB_BYTES = 100000000, /* of a job, unless the options say */
    SFI_LOAD_BUFFER = 256 * 1024,   /* of reading: it stays in the second-level cache */
    SFI_LOAD_UNITS_MAX = 1000000,
    SFI_LOAD_RETRIES = 3 /* passes, unless the options say */
};

typedef struct sfi_load_input {
    const char *name; /* for messages and sf__File */
    int fd;
    bool is_base;  /* the user's rows, as against those of a retry */
    bool is_users; /* the user's own file, which somebody may write to */
    bool is_rows;  /* the caller gave them one by one: they have numbers, no lines */
    bool is_small; /* its rows go up with those of others: see load_join.c */
    int64_t body;  /* offset behind the header line */
    int64_t size, mtime_ns;
    uint64_t sum; /* of what came as a stream, which has no time of its own; 0: a file */
    int64_t rows;
    bool crlf;    /* its lines end so, all of them */
    bool rewrite; /* rows cannot go up as they stand: line ends are mixed */
} sfi_load_input;

typedef struct sfi_load_unit {
    int32_t input;
    int64_t begin, end;      /* of its rows in the input */
    int64_t rows, first_row; /* first_row: how many rows of the input stand before */
    int64_t line;            /* of the first row in the input */
    int32_t pass;
    /* what is known of it */
    sfi_journal_state state;
    sf_id job;
    int64_t created_ms;
    int64_t ok, failed, unprocessed;
    int64_t told_done, told_failed; /* of its rows, to progress */
    int64_t next_look_ms, pause_ms; /* of polling */
    int tries;
} sfi_load_unit;

/* Where a row of a retry came from. */
typedef struct sfi_load_origin {
    int64_t offset, line;
    int32_t len, input;
} sfi_load_origin;

typedef struct sfi_load {
    sf_client *sf;
    const sf_bulk_load_options *options;
    char delimiter;         /* of the input and of the jobs */
    sfi_load_input *inputs; /* the user's first, then those of retries */
    int32_t input_count;
    int32_t base_count;
    sfi_buf base_header; /* the first input's header line, without its end: for the error file */
    char **names;        /* of the input's columns */
    size_t column_count;
    size_t *sent;        /* which columns go up, in their order; sent_count of them */
    const char **fields; /* the field that each of them goes to */
    size_t sent_count;
    bool projects;  /* rows are rewritten: columns are left out or turned around */
    sfi_buf header; /* that goes up, with its line end */
    bool crlf;      /* of what goes up */
    sfi_load_unit *units;
    int32_t unit_count, unit_cap;
    int32_t first_unit; /* of the pass at work */
    int32_t pass;
    sfi_journal *journal; /* NULL: none */
    int success_fd, errors_fd;
    int64_t success_size, errors_size; /* up to the last unit that was gathered whole */
    int retry_fd, origin_fd;           /* rows for the next pass; -1: none yet */
    int64_t retry_rows, retry_size;
    int origins_fd;     /* of the pass at work: origins of its rows; -1: they are the user's */
    size_t entries_max; /* of results that are listed at once */
    sfi_wait wait;
    sf_load_progress progress;
    sf_load_report report;
} sfi_load;

/* ---- load_input.c ---- */
sf_status sfi_load_open_inputs(sfi_load *l, sf_error *err); /* open, convert, find delimiter and header */
void sfi_load_close_inputs(sfi_load *l);
sf_status sfi_load_check_unchanged(const sfi_load_input *in, sf_error *err); /* since it was opened */

int sfi_load_temporary(sf_error *err); /* a file without a name; -1: *err */
sf_status sfi_load_write(int fd, const void *data, size_t len, const char *what, sf_error *err);
/* Up to cap bytes from an offset; fewer only at the end. */
sf_status sfi_load_read_at(const sfi_load_input *in, int64_t offset, char *data, size_t cap, size_t *len,
                           sf_error *err);
sf_status sfi_load_look_at(sfi_load_input *in, sf_error *err); /* size and time */
const char *sfi_load_line_word(const sfi_load_input *in);      /* "line", or "row" */

/* ---- load_check.c ---- */
sf_status sfi_load_check_inputs(sfi_load *l, sf_error *err); /* read all, cut into units */
/* An input of rows that are as they go up, its header line first, whose origins are in l->origins_fd; fd is transferred. */
sf_status sfi_load_add_made_input(sfi_load *l, const char *name, int fd, int64_t rows, int64_t job_rows, sf_error *err);

/* ---- load_join.c: small files share jobs ---- */
void sfi_load_mark_small(sfi_load *l); /* is_small of each input; one alone is not */
/* Units of small files become an input, and that its units. */
sf_status sfi_load_join(sfi_load *l, const sfi_load_unit *units, int32_t count, sf_error *err);

/* ---- load_hands.c: a long stretch on two threads ---- */
typedef struct sfi_load_hands {
    const sfi_load_input *in;
    int64_t base;     /* offset of the scan's first byte in the input */
    size_t piece;     /* bytes that are read at once, at least 4 */
    char *buffers[2]; /* of piece bytes each */
} sfi_load_hands;
/* From where *scan is up to end, a bit less where end is within a character, or up to the middle. false: *scan is as it was;
 * something on the way is unusual, or no line end was found to part it at, or there is no thread. */
bool sfi_load_scan_with_two_hands(const sfi_load_hands *h, int64_t end, sfi_csv_scan *scan);
/* How many bytes at the end begin a character that is not whole. */
size_t sfi_load_cut_character(const char *data, size_t len);

/* ---- load_spool.c: what is no file becomes one ---- */
sf_status sfi_load_spool_source(sfi_load *l, const sf_source *source, sfi_load_input *in, sf_error *err);
sf_status sfi_load_spool_pipe(sfi_load *l, int fd, sfi_load_input *in, sf_error *err); /* fd: borrowed */
sf_status sfi_load_spool_names(sfi_load *l, sfi_load_input *in, sf_error *err);        /* of rows: their header line */
sf_status sfi_load_spool_rows(sfi_load *l, sf_error *err); /* the rows behind it; nothing where there are none */

/* ---- load_map.c ---- */
typedef struct sfi_load_map {
    sfi_arena arena; /* the texts */
    sf_load_column *columns;
    size_t count, cap;
} sfi_load_map;
sf_status sfi_load_map_read(const char *path, sfi_load_map *m, sf_error *err);
/* The same of a text, which is changed; name: for messages. */
sf_status sfi_load_map_parse(const char *name, char *text, size_t len, sfi_load_map *m, sf_error *err);
void sfi_load_map_free(sfi_load_map *m);

/* ---- load_columns.c ---- */
sf_status sfi_load_map_columns(sfi_load *l, sf_error *err);   /* which go up, as which fields */
sf_status sfi_load_check_columns(sfi_load *l, sf_error *err); /* against describe */

/* ---- load_feed.c ---- */
typedef struct sfi_load_feed sfi_load_feed;
sf_status sfi_load_feed_open(sfi_load *l, const sfi_load_unit *u, sfi_load_feed **out, sf_error *err);
bool sfi_load_feed_source(sfi_load_feed *f, sf_source *out, sfi_direct *direct); /* false: it is not direct */
void sfi_load_feed_close(sfi_load_feed *f);

/* A unit's rows one by one. */
typedef struct sfi_load_rows sfi_load_rows;
sf_status sfi_load_rows_open(sfi_load *l, const sfi_load_unit *u, bool keep_raw, sfi_load_rows **out, sf_error *err);
sf_status sfi_load_rows_next(sfi_load_rows *r, sfi_csv_record *out, sf_error *err); /* SF_ROW, SF_DONE */
void sfi_load_rows_close(sfi_load_rows *r);

/* ---- load_fetch.c: the results of a job, in a file without their header line ---- */
#define SFI_LOAD_NOWHERE SIZE_MAX
typedef struct sfi_load_layout {
    size_t first;    /* columns of the org's own before those of the upload: 2, or 0 of unprocessed rows */
    size_t id, said; /* where sf__Id and sf__Created or sf__Error stand */
    size_t
        *fields; /* where each column that was sent stands, or SFI_LOAD_NOWHERE; NULL: in their order, behind first */
} sfi_load_layout;
typedef struct sfi_load_fetch {
    int fd;
    const char *name;   /* of the file */
    int64_t begin, end; /* of the results in it */
    sfi_load_layout layout;
} sfi_load_fetch;
/* Ask for them; they must be as many as want. Ends with _clear, when it failed too. */
sf_status sfi_load_fetch_results(sfi_load *l, const sfi_load_unit *u, sf_bulk2_results which, int64_t want,
                                 sfi_load_fetch *to, sf_error *err);
void sfi_load_fetch_clear(sfi_load_fetch *f); /* the file is the caller's */
typedef sf_status (*sfi_load_result_fn)(void *user, const sfi_csv_record *record, sf_error *err);
/* From begin to the end of the file; with their text as it stood. */
sf_status sfi_load_each_result(const sfi_load_fetch *f, char delimiter, sfi_load_result_fn each, void *user,
                               sf_error *err);
sf_str sfi_load_field(const sfi_load_layout *y, const sfi_csv_record *record,
                      size_t i); /* of the column sent as i-th */
/* Of successes whose columns stand otherwise: as they were sent. */
sf_status sfi_load_turn_results(const sfi_load *l, sfi_load_fetch *f, sf_error *err);

/* ---- load_results.c ---- */
/* A row in the columns that go up, with its line end; is_base: it has those of the input. */
void sfi_load_add_sent(const sfi_load *l, const sfi_csv_record *row, bool is_base, sfi_buf *out);
/* Of a unit whose job has ended: success file, error file, rows for the next pass, counts. */
sf_status sfi_load_gather(sfi_load *l, sfi_load_unit *u, const sf_bulk2_job *job, sf_error *err);
sf_status sfi_load_open_outputs(sfi_load *l, sf_error *err);
sf_status sfi_load_check_outputs(const sfi_load *l, sf_error *err); /* each file stands for one thing */
/* How many results are listed at once. n: for tests, how many from here on; 0: only asks. */
size_t sfi_load_entries_max(size_t n);

/* ---- load_report.c ---- */
bool sfi_load_is_passing(sf_str code); /* may the same row succeed later? */
sf_str sfi_load_code_of(sf_str error); /* of CODE:message:FIELDS -- */
/* line 0: not known; file: of the inputs. */
void sfi_load_note_reason(sf_load_report *r, sf_str error, int32_t file, int64_t line, sf_str row);
bool sfi_load_is_spoilt(sf_status rc, const sf_error *err); /* its data came twice: another job must be made */
/* Of uploads that were tried so often: what it means when their answers were lost. @return its status. */
sf_status sfi_load_give_up(sf_status rc, int tries, sf_error *err);
bool sfi_load_tell(sfi_load *l); /* progress; false: the caller wants an end */
uint64_t sfi_load_hash(uint64_t hash, sf_str text);
#endif
