/*
 * position.c: see position.h. Columns count UTF-16 units, as Java does; the window is cut at blanks and commas of the
 * one line that the error is in.
 */
#include "soql/position.h"
#undef sfo_soql_fault_at /* macros when the analyzer reads */
#undef sfo_soql_syntax_fault
#undef sfo_soql_fault_left_of

enum { WINDOW = 30 /* characters to either side of the caret, before the cut moves out to a word's end */ };

/* UTF-16 units of len bytes of UTF-8. */
static size_t count_units(const char *s, size_t len)
{
    size_t units = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c & 0xC0) != 0x80) units += c >= 0xF0 ? 2 : 1;
    }
    return units;
}

/* The byte at which the given unit begins; len when there are fewer. */
static size_t byte_of_unit(sf_str line, size_t unit)
{
    size_t units = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.ptr[i];
        if ((c & 0xC0) == 0x80) continue;
        if (units >= unit) return i;
        units += c >= 0xF0 ? 2 : 1;
    }
    return line.len;
}

static sf_str line_at(sf_str soql, size_t offset)
{
    size_t start = offset, end = offset;
    while (start > 0 && soql.ptr[start - 1] != '\n') start--;
    while (end < soql.len && soql.ptr[end] != '\n' && soql.ptr[end] != '\r') end++;
    return (sf_str){ soql.ptr + start, end - start };
}

void sfo_soql_position(sf_str soql, uint32_t offset, size_t *row, size_t *column)
{
    size_t at = offset < soql.len ? offset : soql.len, first = 0;
    for (size_t i = 0; i < at && memchr(" \t\r\n", soql.ptr[i], 4) != NULL; i++)
        if (soql.ptr[i] == '\n') first = i + 1;
    *row = 1;
    for (size_t i = first; i < at; i++) *row += soql.ptr[i] == '\n';
    sf_str line = line_at(soql, at);
    *column = count_units(line.ptr, (size_t)(soql.ptr + at - line.ptr));
}

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

static void add_window(sfi_buf *out, sf_str line, size_t caret)
{
    size_t from = byte_of_unit(line, caret > WINDOW ? caret - WINDOW : 0);
    size_t to = byte_of_unit(line, caret + WINDOW);
    while (from > 0 && !ends_word(line.ptr[from - 1])) from--;
    while (to < line.len && !ends_word(line.ptr[to])) to++;
    size_t spaces = caret - count_units(line.ptr, from);
    sfi_buf_add_char(out, '\n');
    sfi_buf_add(out, line.ptr + from, to - from);
    sfi_buf_add_char(out, '\n');
    for (size_t i = 0; i < spaces; i++) sfi_buf_add_char(out, ' ');
    sfi_buf_add_str(out, "^\n");
}

bool sfo_soql_memory_fault(sfo_fault *f)
{
    return sfo_fault_set(f, 500, "UNKNOWN_EXCEPTION", "the org has no memory left for this query");
}

static bool fault_v(sfo_fault *f, sf_str soql, uint32_t offset, size_t shift, const char *code, const char *format,
                    va_list args) SFI_PRINTF(6, 0);
static bool fault_v(sfo_fault *f, sf_str soql, uint32_t offset, size_t shift, const char *code, const char *format,
                    va_list args)
{
    char text[6144];
    vsnprintf(text, sizeof text, format, args);
    size_t row, column;
    sfo_soql_position(soql, offset, &row, &column);
    column += shift;
    sfi_buf out = { .max = SFI_MIB };
    if (column > 0) {
        add_window(&out, line_at(soql, offset < soql.len ? offset : soql.len), column - 1);
        sfi_buf_addf(&out, "ERROR at Row:%zu:Column:%zu\n", row, column);
    }
    sfi_buf_add_str(&out, text);
    if (out.failed)
        sfo_soql_memory_fault(f);
    else
        sfo_fault_set(f, 400, code, "%s", out.data);
    sfi_buf_free(&out);
    return false;
}

bool sfo_soql_fault_at(sfo_fault *f, sf_str soql, uint32_t offset, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_v(f, soql, offset, 1, code, format, args);
    va_end(args);
    return false;
}

bool sfo_soql_fault_left_of(sfo_fault *f, sf_str soql, uint32_t offset, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_v(f, soql, offset, 0, code, format, args);
    va_end(args);
    return false;
}

bool sfo_soql_syntax_fault(sfo_fault *f, sf_str soql, uint32_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault_v(f, soql, offset, 0, "MALFORMED_QUERY", format, args);
    va_end(args);
    return false;
}
