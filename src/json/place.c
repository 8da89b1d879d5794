/* place.c: where in its text a value stands, for messages. Reading a value may put line feeds into its string, so only
 * the white space between tokens is counted. */
#include "json/document_internal.h"

void sfi_json_place(sf_value v, int64_t *line, int64_t *column)
{
    *line = 1;
    *column = 1;
    if (v.doc == NULL || v.type == SF_MISSING || v.token >= v.doc->count) return;
    size_t line_begin = 0;
    for (uint32_t t = 0; t <= v.token; t++) {
        size_t at = v.doc->positions[t];
        size_t last = SIZE_MAX; /* the last line feed before this token */
        for (; at > 0 && sfi_json_is_blank(v.doc->text[at - 1]); at--) {
            if (v.doc->text[at - 1] != '\n') continue;
            *line += 1;
            if (last == SIZE_MAX) last = at;
        }
        if (last != SIZE_MAX) line_begin = last;
    }
    *column = (int64_t)(v.doc->positions[v.token] - line_begin) + 1;
}
