/*
 * params.h: parameters of requests in their three forms: percent-encoded text (query strings and form bodies),
 * multipart/form-data, and Basic credentials. Text in, views out; the views live in the caller's arena.
 * Called by the whole room. Threads: plain functions.
 */
#ifndef SFO_PARAMS_H
#define SFO_PARAMS_H
#include "base/base_internal.h"

enum { SFO_PARAMS_MAX = 64 }; /* in one request; further ones make the request malformed */

typedef struct sfo_param {
    sf_str name, value; /* decoded, NUL-terminated */
} sfo_param;
typedef struct sfo_params {
    sfo_param items[SFO_PARAMS_MAX];
    size_t count;
} sfo_params;

/* Decodes %XX, and + as a blank when asked. The copy is NUL-terminated. false: broken escape, or no memory. */
bool sfo_percent_decode(sfi_arena *arena, sf_str in, bool plus_is_blank, sf_str *out);
/* a=b&c=d. false: broken escape, too many, no memory. */
bool sfo_params_parse(sfi_arena *arena, sf_str text, sfo_params *out);
/* The parts of a multipart body that have a name. content_type is the header with its boundary. */
bool sfo_params_parse_multipart(sfi_arena *arena, const char *content_type, sf_str body, sfo_params *out);
/* The value of the first parameter of that name; ptr NULL: there is none. */
sf_str sfo_params_get(const sfo_params *p, const char *name);
/* Base64 with or without its padding to bytes and a NUL. false: it is none, or no memory. */
bool sfo_base64_decode(sfi_arena *arena, sf_str in, sf_str *out);
/* Cuts the next piece off a list with commas, blanks around it left out. false: the list is at its end. */
bool sfo_next_piece(sf_str *list, sf_str *piece);
/* "Basic …" to user and password. false: another scheme, or not base64 of user:password. */
bool sfo_basic_credentials(sfi_arena *arena, const char *authorization, sf_str *user, sf_str *password);
/* The text between key= and the next ; or the end, without quotes: attributes of header values. ptr NULL: not there. */
sf_str sfo_header_attribute(const char *value, const char *key);
#endif
