/* csv_reference.h: CSV read byte by byte, as slowly and plainly as can be: what src/csv is compared with. */
#ifndef TEST_CSV_REFERENCE_H
#define TEST_CSV_REFERENCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef struct csv_reference {
    bool ok; /* false: the grammar is broken, or columns differ; what stands before is not kept */
    size_t records;
    size_t columns; /* of the first record */
    size_t lines;   /* line feeds */
    char *text;     /* every field, each followed by 0x1f, each record by 0x1e */
    size_t text_len;
} csv_reference;

static inline csv_reference csv_reference_read(const char *data, size_t len, char delimiter, bool any_columns)
{
    enum { START, BARE, QUOTED, CLOSED, RETURN } at = START;
    csv_reference r = { .ok = true };
    size_t columns = 0, line_bytes = 0, begun = 0;
    r.text = malloc(len * 3 + 16);
    for (size_t i = 0; i <= len && r.ok; i++) {
        bool end = i == len;
        char c = end ? '\n' : data[i];
        if (!end && c == '\n') r.lines++;
        if (at == QUOTED) {
            if (end)
                r.ok = false;
            else if (c == '"')
                at = CLOSED;
            else
                r.text[r.text_len++] = c;
            line_bytes++;
            continue;
        }
        if (at == CLOSED && c == '"' && !end) {
            r.text[r.text_len++] = '"';
            at = QUOTED;
            continue;
        }
        if (at == RETURN && c != '\n') {
            r.ok = false;
        } else if (c == '"' && at == START) {
            at = QUOTED;
            line_bytes++;
        } else if (c == '"') {
            r.ok = false;
        } else if (c == delimiter && !end) {
            r.text[r.text_len++] = 0x1f;
            columns++;
            at = START;
            line_bytes++;
        } else if (c == '\r') {
            at = RETURN;
        } else if (c == '\n') {
            if (line_bytes > 0) {
                r.text[r.text_len++] = 0x1f;
                r.text[r.text_len++] = 0x1e;
                columns++;
                if (r.columns == 0) r.columns = columns;
                if (columns != r.columns && !any_columns) r.ok = false;
                r.records++;
            }
            columns = line_bytes = 0;
            begun = i + 1;
            at = START;
        } else if (at == CLOSED) {
            r.ok = false;
        } else {
            r.text[r.text_len++] = c;
            at = BARE;
            line_bytes++;
        }
    }
    (void)begun;
    return r;
}
#endif
