/* csvout.c: RFC 4180 out: see output.h. A value is copied and searched for what must be quoted in the same pass, sixteen
 * bytes at a time: most values need no quotes, and then the copy is the result. */
#include "output.h"

typedef unsigned char block __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));
_Static_assert(CLI_OUT_SLACK >= (int)sizeof(block), "a block may be written past the end of a value");

bool cli_csv_delimiter(const char *text, char *out)
{
    static const struct { const char *name; char ch; } names[] = { { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' }, { "\\t", '\t' },
                                                                   { "pipe", '|' },  { "caret", '^' },     { "space", ' ' }, { "backquote", '`' } };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        if (!sfi_eq_nocase(text, names[i].name)) continue;
        *out = names[i].ch;
        return true;
    }
    bool one = text[0] != 0 && text[1] == 0 && (unsigned char)text[0] < 0x80 && strchr("\"\r\n", text[0]) == NULL;
    if (one) *out = text[0];
    return one;
}

/* Copies len bytes to to (which has room for a block more). @return true: one of them must be quoted. */
static bool copy_and_look(char *to, const char *from, size_t len, char delimiter)
{
    block found = { 0 };
    size_t i = 0;
    for (; i + sizeof(block) <= len; i += sizeof(block)) {
        block b;
        memcpy(&b, from + i, sizeof b);
        memcpy(to + i, &b, sizeof b);
        found |= (block)(b == '"') | (block)(b == (unsigned char)delimiter) | (block)(b == '\n') | (block)(b == '\r');
    }
    bool special = false;
    for (; i < len; i++) {
        char ch = from[i];
        to[i] = ch;
        special |= ch == '"' || ch == delimiter || ch == '\n' || ch == '\r';
    }
    halves h = (halves)found;
    return special || (h[0] | h[1]) != 0;
}

static void add_quoted(cli_out *out, sf_str text)
{
    cli_out_add_char(out, '"');
    while (text.len > 0) {
        const char *quote = memchr(text.ptr, '"', text.len);
        size_t n = quote != NULL ? (size_t)(quote - text.ptr) + 1 : text.len;
        cli_out_add(out, text.ptr, n);
        if (quote != NULL) cli_out_add_char(out, '"');
        text.ptr += n;
        text.len -= n;
    }
    cli_out_add_char(out, '"');
}

void cli_csv_cell(cli_out *out, const cli_csv *csv, sf_str text)
{
    bool looks_null = text.len == strlen(csv->null_text) && memcmp(text.ptr, csv->null_text, text.len) == 0;
    if (looks_null || text.len > CLI_OUT_SIZE) {
        add_quoted(out, text);
        return;
    }
    if (text.len == 0) return; /* nulls have a text of their own, so nothing is nothing */
    char *to = cli_out_room(out, text.len);
    bool spaces = text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' '; /* some readers trim what is not quoted */
    if (copy_and_look(to, text.ptr, text.len, csv->delimiter) || spaces)
        add_quoted(out, text);
    else
        out->len += text.len;
}

void cli_csv_null(cli_out *out, const cli_csv *csv)
{
    cli_out_add_str(out, csv->null_text);
}

void cli_csv_end_row(cli_out *out, const cli_csv *csv)
{
    if (csv->crlf) cli_out_add_char(out, '\r');
    cli_out_add_char(out, '\n');
}

void cli_csv_header(cli_out *out, const cli_csv *csv, const char *const *names, size_t count)
{
    if (csv->bom) cli_out_add_str(out, "\xEF\xBB\xBF");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) cli_out_add_char(out, csv->delimiter);
        cli_csv_cell(out, csv, sfi_str(names[i]));
    }
    cli_csv_end_row(out, csv);
}
