/*
 * document_internal.h: what the files of this room know of a document, and nobody else. A token is the number of a
 * position in simdjson's index; positions[token] is the byte where it stands.
 *
 * What reading does to the text: a string that was read ends in NUL instead of its closing quote. One that held escapes
 * is unescaped in place, then come the NUL and bytes 0xFF up to where the quote was. So the byte before the white space
 * before the next token says how a string stands: a quote (as it came), NUL (read), 0xFF (read and unescaped; never a
 * byte of UTF-8), and the length of each can be found again. All other bytes stay as they came.
 */
#ifndef SFI_DOCUMENT_INTERNAL_H
#define SFI_DOCUMENT_INTERNAL_H
#include "json/index_internal.h"
#include "json/json_internal.h"

enum {
    SFI_JSON_TEXT_MAX = 1 << 30, /* bytes; positions are 32 bits wide */
    SFI_JSON_HINTS = 8,          /* objects and arrays whose last place is remembered; a power of two */
    SFI_JSON_ROW_GUESSES = 64,   /* names whose place in the last row is remembered; collisions only cost time */
    SFI_JSON_PICK_GUESSES = 32,  /* members whose name is remembered from the last object of a kind; the same */
    SFI_JSON_ROW_FIELDS = 1024   /* fields of a row that are found without walking; more are walked to */
};

/* Where the grammar check stands. It goes forwards only, from value to value. */
typedef struct sfi_json_check {
    uint32_t at;    /* the first token that is not checked yet */
    uint32_t depth; /* open arrays and objects there */
    enum { SFI_CHECK_VALUE, SFI_CHECK_FIRST, SFI_CHECK_FIELDS, SFI_CHECK_AFTER, SFI_CHECK_END } next;
    uint64_t is_object[SFI_JSON_DEPTH_MAX / 64]; /* a bit for each open one */
} sfi_json_check;

/* The last place that was found in an object or array: what is read next mostly stands behind it. */
typedef struct sfi_json_hint {
    uint32_t container; /* its token; UINT32_MAX: none */
    uint32_t token;     /* object: of a key, array: of an element */
    uint32_t index;     /* array: of that element */
} sfi_json_hint;

/* The part that was checked last: the row at hand, or the whole document. */
typedef struct sfi_json_part {
    uint32_t begin, end; /* tokens; all strings of the part are well-formed */
    size_t escape;       /* position of the first backslash in it; SIZE_MAX: none */
} sfi_json_part;

/* What the check of a whole text notes of each token, so that later reading need not look again: of a bracket that opens
 * the token of the one that closes it, of a string that holds an escape SFI_NOTE_ESCAPE, of all else 0. */
enum { SFI_NOTE_ESCAPE = 1 };

typedef struct sfi_json_number { /* one place of the table of number texts */
    uint32_t token;
    char *text; /* NULL: the place is free */
} sfi_json_number;

_Static_assert(SFI_JSON_ROW_FIELDS <= UINT16_MAX, "a guess is 16 bits wide");

struct sfi_json {
    char *text; /* ours; len bytes, then SFI_JSON_PADDING of which the first is NUL */
    size_t cap;
    size_t len;
    sfi_index *index;
    const uint32_t *positions; /* the index' */
    uint32_t count;
    sfi_json_check check;
    sfi_json_part part;
    uint32_t *notes; /* of each token; kept from text to text */
    size_t note_cap;
    bool has_notes;            /* this text was checked whole, and there was memory for them */
    size_t read_min, read_max; /* strings that were read in this part begin between these positions; min > max: none */
    enum { SFI_LINES_UNKNOWN, SFI_LINES_ONE, SFI_LINES_MANY } lines; /* does the text hold line feeds? */
    sfi_json_hint hints[SFI_JSON_HINTS];
    uint32_t row;                               /* token of the row at hand, when row_count counts its fields */
    uint32_t row_count;                         /* 0: no row, not an object, or too many fields */
    uint16_t row_guesses[SFI_JSON_ROW_GUESSES]; /* where in row_fields a name was last */
    uint32_t row_fields[SFI_JSON_ROW_FIELDS];   /* tokens of its keys */
    uint8_t pick_guesses[SFI_JSON_PICK_KINDS][SFI_JSON_PICK_GUESSES]; /* number of the name that a member had last */
    sfi_arena scratch;                          /* texts of numbers; emptied from row to row */
    sfi_json_number *numbers;                   /* open addressing, in scratch */
    uint32_t number_cap, number_count;
};

/* ---- check.c: the grammar ---- */
typedef enum sfi_check_stop {
    SFI_STOP_NEVER,  /* check to the end of the text */
    SFI_STOP_NESTED, /* inside the first array, or before the first object inside another: never amid an array */
    SFI_STOP_INSIDE, /* behind the opening bracket at the given token */
    SFI_STOP_ROW     /* behind the next element of the array that check stands in; its keys go to row_fields */
} sfi_check_stop;
/* Go on from doc->check. On an error doc->check stays, so that the next call finds the same error. */
sf_status sfi_check_run(sfi_json *doc, sfi_check_stop stop, uint32_t token, sf_error *err);
/* Name the place of what index.cpp could not read. */
sf_status sfi_check_text_error(const sfi_json *doc, sf_error *err);
/* The byte behind a well-formed JSON number at s, before end; NULL when there is none. */
const char *sfi_json_number_end(const char *s, const char *end);

/* ---- number.c ---- */
bool sfi_parse_whole(sf_str s, int64_t *out); /* a JSON number that is whole and fits */

/* ---- value.c ---- */
void sfi_json_forget_read(sfi_json *doc); /* what was read of the row at hand ends */
sf_value sfi_value_at(sfi_json *doc, uint32_t token);
uint32_t sfi_value_walk(const sfi_json *doc, uint32_t token); /* what sfi_value_skip does without notes */
sf_str sfi_scalar_text(const sfi_json *doc, uint32_t token);  /* of a number or literal */
static inline unsigned char sfi_token_byte(const sfi_json *doc, uint32_t token)
{
    return (unsigned char)doc->text[doc->positions[token]]; /* token count: the NUL behind the text */
}
static inline bool sfi_json_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
/* The token behind the value; at most doc->count. */
static inline uint32_t sfi_value_skip(const sfi_json *doc, uint32_t token)
{
    unsigned char first = sfi_token_byte(doc, token);
    if (first != '{' && first != '[') return token < doc->count ? token + 1 : doc->count;
    return doc->has_notes ? doc->notes[token] + 1 : sfi_value_walk(doc, token);
}

/* ---- string.c ---- */
/* Length of the string at a token as it stands, and how: '"', 0 or 0xFF. */
size_t sfi_string_len(const sfi_json *doc, uint32_t token, unsigned char *state);
/* Position of the first escape that is wrong in len bytes; len: all are right. */
size_t sfi_string_check(const char *s, size_t len);
/* What sfi_string_read does when it is not easy. */
sf_str sfi_string_read_any(sfi_json *doc, uint32_t token);

/* The string's text, unescaped in place and with a NUL behind; ptr NULL: a bad escape in a part that is unchecked.
 * Easy, and here to be inlined, is a string of a checked part without backslashes that ends right before the next token. */
static inline sf_str sfi_string_read(sfi_json *doc, uint32_t token)
{
    size_t at = doc->positions[token];
    size_t last = (size_t)doc->positions[token + 1] - 1;
    char *text = doc->text;
    if (text[last] != '\0' || last <= at) {
        bool is_plain = token - doc->part.begin < doc->part.end - doc->part.begin &&
                        (last < doc->part.escape || (doc->has_notes && doc->notes[token] == 0));
        if (text[last] != '"' || !is_plain || last <= at) return sfi_string_read_any(doc, token);
        text[last] = '\0';
        doc->read_min = at < doc->read_min ? at : doc->read_min;
        doc->read_max = at > doc->read_max ? at : doc->read_max;
    }
    return (sf_str){ text + at + 1, last - at - 1 };
}
#endif
