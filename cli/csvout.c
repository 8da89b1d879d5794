/* csvout.c: RFC 4180 out: see output.h. A value is copied and searched for what must be quoted in the same pass, sixteen
 * bytes at a time: most values need no quotes, and then the copy is the result. */
#include "output.h"

typedef unsigned char block __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

bool cli_csv_delimiter(const char *text, char *out)
{
    static const struct {
        const char *name;
        char ch;
    } names[] = { { "comma", ',' }, { "semicolon", ';' }, { "tab", '\t' },  { "\\t", '\t' },
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

static uint64_t
bytes_equal(uint64_t word,
            unsigned char ch) /* high bits where a byte of word is ch; may say yes too often behind one */
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t x = word ^ (ones * ch);
    return (x - ones) & ~x & highs;
}

static bool word_is_special(uint64_t word, unsigned char delimiter)
{
    return (bytes_equal(word, '"') | bytes_equal(word, delimiter) | bytes_equal(word, '\n') |
            bytes_equal(word, '\r')) != 0;
}

static block block_specials(block b, unsigned char delimiter)
{
    return (block)(b == '"') | (block)(b == delimiter) | (block)(b == '\n') | (block)(b == '\r');
}

/* Fewer than 16 bytes: two words that overlap, or three bytes at most. */
static bool copy_short(char *to, const char *from, size_t len, unsigned char delimiter)
{
    if (len >= 8) {
        uint64_t a, z;
        memcpy(&a, from, sizeof a);
        memcpy(&z, from + len - sizeof z, sizeof z);
        memcpy(to, &a, sizeof a);
        memcpy(to + len - sizeof z, &z, sizeof z);
        return word_is_special(a, delimiter) || word_is_special(z, delimiter);
    }
    if (len >= 4) {
        uint32_t a, z;
        memcpy(&a, from, sizeof a);
        memcpy(&z, from + len - sizeof z, sizeof z);
        memcpy(to, &a, sizeof a);
        memcpy(to + len - sizeof z, &z, sizeof z);
        return word_is_special((uint64_t)a << 32 | z, delimiter);
    }
    bool special = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char ch = (unsigned char)from[i];
        to[i] = from[i];
        special |= ch == '"' || ch == delimiter || ch == '\n' || ch == '\r';
    }
    return special;
}

/* Copies len bytes. @return true: one of them must be quoted. */
static bool copy_and_look(char *to, const char *from, size_t len, unsigned char delimiter)
{
    if (len < sizeof(block)) return copy_short(to, from, len, delimiter);
    block found = { 0 }, b;
    for (size_t i = 0; i + sizeof b < len; i += sizeof b) {
        memcpy(&b, from + i, sizeof b);
        memcpy(to + i, &b, sizeof b);
        found |= block_specials(b, delimiter);
    }
    memcpy(&b, from + len - sizeof b, sizeof b); /* the last block overlaps the one before */
    memcpy(to + len - sizeof b, &b, sizeof b);
    halves h = (halves)(found | block_specials(b, delimiter));
    return (h[0] | h[1]) != 0;
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
    bool looks_null = text.len == csv->null_len && memcmp(text.ptr, csv->null_text, text.len) == 0;
    if (looks_null || text.len > CLI_OUT_SIZE) {
        add_quoted(out, text);
        return;
    }
    if (text.len == 0) return; /* nulls have a text of their own, so nothing is nothing */
    char *to = cli_out_room(out, text.len);
    bool spaces = text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' '; /* some readers trim what is not quoted */
    if (copy_and_look(to, text.ptr, text.len, (unsigned char)csv->delimiter) || spaces)
        add_quoted(out, text);
    else
        out->len += text.len;
}

void cli_csv_null(cli_out *out, const cli_csv *csv)
{
    cli_out_add(out, csv->null_text, csv->null_len);
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
