/*
 * json_internal.h: JSON text in, values out, and a small writer. No I/O. The idea: simdjson's first stage finds every
 * structural character of a page in one pass (index.cpp, the only file that knows simdjson); a value is a position in
 * that index, so any field can be read in any order, again, without a tree. Strings are unescaped in place when read.
 * Called by client, rest and org. Threads: a document belongs to one thread at a time.
 */
#ifndef SFI_JSON_INTERNAL_H
#define SFI_JSON_INTERNAL_H
#include <salesforce/value.h>
#include "base/base_internal.h"

enum {
    SFI_JSON_DEPTH_MAX = 256,  /* nested arrays and objects */
    SFI_JSON_PADDING = 64      /* writable bytes that must follow the text */
};

/* ---- reading ---- */
typedef struct sfi_json sfi_json; /* text, index and what decoding needs; re-used page after page */

/* Made empty; owned by the caller, ends with sfi_json_free. */
sf_status sfi_json_new(sfi_json **out, sf_error *err);
void sfi_json_free(sfi_json *doc);
void sfi_json_free_wiped(sfi_json *doc); /* the same of a text with secrets: it is overwritten first */

/* A buffer for at least size bytes of text plus padding, ours, kept from page to page: fill it, then call
 * sfi_json_index. What was read from this document before is dead. NULL: no memory, or over 1 GiB. */
char *sfi_json_buffer(sfi_json *doc, size_t size);
size_t sfi_json_buffer_size(const sfi_json *doc);
/* Swap in another buffer (owned: transferred; cap bytes of which the last SFI_JSON_PADDING are free), and hand the old
 * one back, so that a body that is already in memory is not copied. */
void sfi_json_swap_buffer(sfi_json *doc, char **data, size_t *cap);

/* Index len bytes of the buffer and check them as far as an index can: UTF-8, strings closed, no control characters in
 * strings. With whole true the grammar is checked to the end too (use it for everything but streamed result pages,
 * whose rows are checked one by one as sfi_json_row_next passes them).
 * @return SF_OK, SF_ERR_PROTOCOL (message names the byte), SF_ERR_LIMIT (depth), SF_ERR_MEMORY. */
sf_status sfi_json_index(sfi_json *doc, size_t len, bool whole, sf_error *err);

sf_value sfi_json_root(sfi_json *doc);

/* Copy text in and index it whole. */
sf_status sfi_json_parse(sfi_json *doc, sf_str text, sf_error *err);

/* Wrap a document for the public API; transferred. NULL: no memory (doc is freed then too). */
sf_document *sfi_document_wrap(sfi_json *doc);

/* ---- a result page: {"totalSize":…,"done":…,"nextRecordsUrl":…,"records":[…]} read row by row ---- */
typedef struct sfi_json_rows {
    sfi_json *doc;
    uint32_t next;     /* token of the next row, or of the closing bracket */
    bool started, done;
} sfi_json_rows;
/* Members other than the array are read with sf_get before or after (they may stand on either side of it: the org
 * sends totalSize, done and nextRecordsUrl first, but nothing promises that). */
sf_status sfi_json_rows_begin(sf_value array, sfi_json_rows *rows, sf_error *err);
/* SF_ROW: *row is the next element, its grammar checked; SF_DONE: the array closed properly; SF_ERR_PROTOCOL. Moving
 * on frees what decoding the last row took, never the page. */
sf_status sfi_json_row_next(sfi_json_rows *rows, sf_value *row, sf_error *err);

/* Whether the text ends with the bracket that its first one asks for: what most cut texts do not. One look. */
bool sfi_json_is_closed(const sfi_json *doc);
/* Whether brackets are left open at the end: a page that broke off, not one that is wrong. Walks all tokens. */
bool sfi_json_is_cut(const sfi_json *doc);

/* Several members of an object in one walk, which ends when all are there: found[i] is the one called names[i] (plain:
 * nothing in it that JSON escapes), or missing. At most 255 names. kind: a number below SFI_JSON_PICK_KINDS for objects
 * that are alike: a member mostly stands where it stood in the last one of its document. */
enum { SFI_JSON_PICK_KINDS = 4 };
void sfi_json_pick(sf_value object, unsigned kind, const sf_str *names, size_t count, sf_value *found);

/* One member by its whole, plain name. */
sf_value sfi_json_member(sf_value object, sf_str name);
/* All elements of an array as texts with a NUL behind, in the arena. *out NULL, *count 0: it is empty, or no array.
 * @return SF_OK, SF_ERR_PROTOCOL (one is no text), SF_ERR_LIMIT (more than max), SF_ERR_MEMORY: without a message. */
sf_status sfi_json_texts(sf_value array, size_t max, sfi_arena *arena, const char *const **out, size_t *count);

/* The text of a value as it stands in the page, when nothing in it was decoded in place yet; ptr NULL else (then use
 * sfi_json_write_value). The fast path of NDJSON output. */
sf_str sfi_json_raw(sf_value v);

/* Line and column (bytes), both from 1, where a value stands in its text; 1 and 1 for a missing one. */
void sfi_json_place(sf_value v, int64_t *line, int64_t *column);

/* Numbers without locale. */
bool sfi_parse_double(sf_str s, double *out);

/* ---- writing ---- */
/* Commas and colons look after themselves: key before each value inside an object. Errors are those of the buffer
 * (sfi_buf_status), so a caller checks once at the end. */
typedef struct sfi_json_writer {
    sfi_buf *out;
    bool need_comma;
} sfi_json_writer;
static inline sfi_json_writer sfi_json_write_to(sfi_buf *out) { return (sfi_json_writer){ .out = out }; }
void sfi_json_begin_object(sfi_json_writer *w);
void sfi_json_end_object(sfi_json_writer *w);
void sfi_json_begin_array(sfi_json_writer *w);
void sfi_json_end_array(sfi_json_writer *w);
void sfi_json_key(sfi_json_writer *w, const char *key);
void sfi_json_key_n(sfi_json_writer *w, sf_str key);
void sfi_json_plain_key(sfi_json_writer *w, sf_str key);      /* one that needs no escapes: a checked name */
void sfi_json_null(sfi_json_writer *w);
void sfi_json_bool(sfi_json_writer *w, bool b);
void sfi_json_int(sfi_json_writer *w, int64_t n);
void sfi_json_double(sfi_json_writer *w, double d);           /* Java's text: 12.0, 1.0E7; what the org writes */
void sfi_json_string(sfi_json_writer *w, const char *s);      /* NULL writes null */
void sfi_json_string_n(sfi_json_writer *w, sf_str s);
/* A member of the open object: its key and value. */
void sfi_json_put_null(sfi_json_writer *w, const char *key);
void sfi_json_put_bool(sfi_json_writer *w, const char *key, bool b);
void sfi_json_put_int(sfi_json_writer *w, const char *key, int64_t n);
void sfi_json_put_string(sfi_json_writer *w, const char *key, const char *s);    /* NULL writes null */
void sfi_json_put_string_if(sfi_json_writer *w, const char *key, const char *s); /* NULL: left out */
void sfi_json_put_empty_array(sfi_json_writer *w, const char *key);
void sfi_json_put_array(sfi_json_writer *w, const char *key);  /* to be ended, as the next */
void sfi_json_put_object(sfi_json_writer *w, const char *key);
/* Are these bytes whole UTF-8? At the speed of memory, for files. */
bool sfi_json_text_is_utf8(const char *text, size_t len);
bool sfi_json_utf8(sfi_json_writer *w, sf_str s);             /* s.ptr not NULL; false: it is not UTF-8 (and written all the same) */
void sfi_json_raw_text(sfi_json_writer *w, sf_str json);      /* a finished value */
void sfi_json_write_value(sfi_json_writer *w, sf_value v);    /* compact, as it came */
/* Just the quoted and escaped string, for other writers. Invalid UTF-8 becomes U+FFFD. */
void sfi_json_escape(sfi_buf *out, sf_str s);
#endif
