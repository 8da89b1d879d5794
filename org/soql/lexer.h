/*
 * lexer.h: SOQL text into tokens. Keywords are not tokens of their own: nearly all of them are also names, so the
 * parser decides by place. A dotted path is one token. What cannot be a token becomes an ERROR token, which is the
 * last one: it counts only when the parser gets there, as with the product's lazy lexer.
 * Called by the parsers of SOQL and SOSL. Owns nothing. Threads: plain functions.
 */
#ifndef SFO_SOQL_LEXER_H
#define SFO_SOQL_LEXER_H
#include "base/base_internal.h"

typedef enum sfo_token_kind {
    SFO_TOK_END,
    SFO_TOK_ERROR,
    SFO_TOK_NAME,
    SFO_TOK_STRING,
    SFO_TOK_NUMBER,
    SFO_TOK_CURRENCY,
    SFO_TOK_DATE,
    SFO_TOK_DATETIME,
    SFO_TOK_TIME,
    SFO_TOK_LPAREN,
    SFO_TOK_RPAREN,
    SFO_TOK_COMMA,
    SFO_TOK_COLON,
    SFO_TOK_EQ,
    SFO_TOK_NE,
    SFO_TOK_LT,
    SFO_TOK_LE,
    SFO_TOK_GT,
    SFO_TOK_GE,
    SFO_TOK_OTHER
} sfo_token_kind;

typedef enum sfo_token_error {
    SFO_TOKEN_FINE,
    SFO_TOKEN_BAD_CHARACTER, /* the one at error_offset */
    SFO_TOKEN_OPEN_STRING,   /* no closing quote */
    SFO_TOKEN_LONG_STRING,   /* over SFO_SOQL_STRING_MAX */
    SFO_TOKEN_BAD_DATE       /* looks like one, but no calendar has it */
} sfo_token_error;

typedef struct sfo_token {
    uint32_t offset, len; /* bytes */
    uint32_t error_offset;
    uint8_t kind;        /* sfo_token_kind */
    uint8_t error;       /* sfo_token_error */
    bool dotted;         /* NAME: has a dot */
    bool maybe_currency; /* NAME: USD5000 is both */
    bool like_escape;    /* STRING: has \_ or \%, which only LIKE knows */
} sfo_token;

/* The token that starts at or after *at, which moves behind it. */
sfo_token sfo_lex(sf_str text, size_t *at);

/* The value of a STRING token into out (room for its len). for_like keeps \_ \% and \\ as they are. */
size_t sfo_string_unescape(sf_str token, bool for_like, char *out);
/* The value of a DATE, DATETIME or TIME token in ms; false: no calendar has it. */
bool sfo_date_token_ms(sf_str token, sfo_token_kind kind, int64_t *ms);
#endif
