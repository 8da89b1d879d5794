/* multipart.h: the parts of a multipart/form-data body. Views into it; small texts in the caller's arena. Plain functions. */
#ifndef SFO_MULTIPART_H
#define SFO_MULTIPART_H
#include "base/base_internal.h"

enum { SFO_PARTS_MAX = 64 };

typedef struct sfo_part {
    sf_str name;      /* ptr NULL: it has none */
    sf_str file_name; /* the same */
    sf_str type;      /* Content-Type; the same */
    sf_str data;      /* in the body */
} sfo_part;

/* @param content_type the header with its boundary. @return how many; -1: no boundary, no end, too many, broken, no memory. */
int sfo_multipart_parse(sfi_arena *arena, const char *content_type, sf_str body, sfo_part parts[SFO_PARTS_MAX]);
#endif
