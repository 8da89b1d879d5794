/*
 * load_map.c: the file that says which column goes up as which field: lines of CSV-COLUMN=FIELD, as Data Loader writes them,
 * which are a Java properties file: \ before what would end a key, \u and four digits for what is not ASCII, and parents named
 * in a way of its own. Called by load_columns.c. The map owns its texts. Threads: as the load.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "bulk/load_internal.h"

enum { MAP_MAX = 1 << 20 };

/* ---- a line ---- */
static bool take_hex(sf_str s, size_t at, uint32_t *out)
{
    uint32_t c = 0;
    if (at + 4 > s.len) return false;
    for (size_t i = at; i < at + 4; i++) {
        int digit = sfi_hex_digit(s.ptr[i]);
        if (digit < 0) return false;
        c = c * 16 + (uint32_t)digit;
    }
    *out = c;
    return true;
}

/* What stands behind "\u" at at; used: how many bytes of it, 0: it is none. */
static size_t take_unicode(sf_str s, size_t at, char out[4], size_t *used)
{
    uint32_t c, low;
    *used = 0;
    if (!take_hex(s, at, &c)) return 0;
    *used = 4;
    if (c >= 0xd800 && c < 0xdc00 && at + 6 <= s.len && s.ptr[at + 4] == '\\' && s.ptr[at + 5] == 'u' &&
        take_hex(s, at + 6, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        *used = 10;
    }
    return sfi_utf8_put(c, out);
}

/* In place: it never becomes longer. */
static sf_str decode(char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '\\' && i + 1 < len) {
            char bytes[4];
            size_t used = 0, n = text[i + 1] == 'u' ? take_unicode((sf_str){ text, len }, i + 2, bytes, &used) : 0;
            c = text[++i];
            if (used > 0) {
                memcpy(text + out, bytes, n);
                out += n;
                i += used;
                continue;
            }
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'f' ? '\f' : c;
        }
        text[out++] = c;
    }
    return sfi_trim((sf_str){ text, out });
}

/* The end of the key: the first = or : that no \ stands before; len: there is none. */
static size_t key_end(const char *line, size_t len)
{
    size_t i = 0;
    for (; i < len && line[i] != '=' && line[i] != ':'; i++)
        if (line[i] == '\\' && i + 1 < len) i++;
    return i;
}

/* A field as the API names it: Data Loader says Parent:Account-Ext__c and, of old, Parent:Ext__c for a parent's external id. */
static sf_str field_of(sfi_arena *a, sf_str field)
{
    sfi_buf text = { 0 };
    const char *end = field.ptr + field.len, *colon = memchr(field.ptr, ':', field.len);
    if (field.len == 0 || colon == NULL || memchr(field.ptr, '.', field.len) != NULL)
        return (sf_str){ sfi_arena_strndup(a, field.ptr, field.len), field.len };
    const char *dash = memchr(colon, '-', (size_t)(end - colon)), *behind = dash != NULL ? dash + 1 : colon + 1;
    sf_str object = { colon + 1, dash != NULL ? (size_t)(dash - colon - 1) : 0 };
    const sf_str parts[] = { sfi_trim(object), sfi_trim((sf_str){ field.ptr, (size_t)(colon - field.ptr) }),
                             sfi_trim((sf_str){ behind, (size_t)(end - behind) }) };
    sfi_buf_addf(&text, "%.*s%s%.*s.%.*s", (int)parts[0].len, parts[0].ptr, dash != NULL ? ":" : "", (int)parts[1].len,
                 parts[1].ptr, (int)parts[2].len, parts[2].ptr);
    sf_str out = { text.failed ? NULL : sfi_arena_strndup(a, text.data, text.len), text.len };
    sfi_buf_free(&text);
    return out;
}

static sf_status add(sfi_load_map *m, sf_str from, sf_str to, sf_error *err)
{
    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? 32 : m->cap * 2;
        sf_load_column *more = sfi_realloc(m->columns, cap * sizeof *more);
        if (more == NULL) return sfi_fail_memory(err, "a mapping");
        m->columns = more;
        m->cap = cap;
    }
    sf_load_column c = { .from = sfi_arena_strndup(&m->arena, from.ptr, from.len), .to = field_of(&m->arena, to).ptr };
    if (c.from == NULL || c.to == NULL) return sfi_fail_memory(err, "a mapping");
    m->columns[m->count++] = c;
    return SF_OK;
}

static sf_status take_line(sfi_load_map *m, char *line, size_t len, sf_error *err)
{
    size_t end = key_end(line, len);
    sf_str from = decode(line, end), to = end < len ? decode(line + end + 1, len - end - 1) : (sf_str){ line, 0 };
    if (end == len || from.len == 0) return sfi_fail(err, SF_ERR_USAGE, "want CSV-COLUMN=FIELD");
    if (memchr(from.ptr, '\0', from.len) != NULL || (to.len > 0 && memchr(to.ptr, '\0', to.len) != NULL))
        return sfi_fail(err, SF_ERR_USAGE, "it holds a NUL");
    if (from.len > 1 && from.ptr[0] == '"' && from.ptr[from.len - 1] == '"')
        return sfi_fail(err, SF_ERR_USAGE, "%.*s is a constant; put it into the file as a column",
                        (int)(from.len < 80 ? from.len : 80), from.ptr);
    if (to.len > 0 && memchr(to.ptr, ',', to.len) != NULL)
        return sfi_fail(err, SF_ERR_USAGE, "a column goes to one field; repeat the column in the file for another");
    return add(m, from, to, err);
}

/* ---- the whole ---- */
sf_status sfi_load_map_parse(const char *name, char *text, size_t len, sfi_load_map *m, sf_error *err)
{
    size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    sf_status rc = SF_OK;
    for (int64_t number = 1; rc == SF_OK && at < len; number++) {
        char *line = text + at;
        const char *end = memchr(line, '\n', len - at);
        size_t size = end != NULL ? (size_t)(end - line) : len - at;
        at += size + (end != NULL);
        sf_str bare = sfi_trim((sf_str){ line, size });
        if (bare.len == 0 || bare.ptr[0] == '#' || bare.ptr[0] == '!') continue;
        rc = take_line(m, line + (bare.ptr - line), bare.len, err);
        if (rc == SF_ERR_USAGE) sfi_error_prefix(err, "map %.300s: line %lld", name, (long long)number);
    }
    if (rc == SF_OK && m->count == 0) rc = sfi_fail(err, SF_ERR_USAGE, "map %.300s: it maps no column", name);
    return rc;
}

sf_status sfi_load_map_read(const char *path, sfi_load_map *m, sf_error *err)
{
    char piece[4096];
    sfi_buf text = { .max = MAP_MAX };
    ssize_t got;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return sfi_fail(err, SF_ERR_USAGE, "map %.300s: cannot open: %s", path, strerror(errno));
    while ((got = read(fd, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR)) /* ends: the buffer's maximum */
        if (got > 0 && !sfi_buf_add(&text, piece, (size_t)got)) break;
    sf_status rc = got < 0 ? sfi_fail_io(err, "map", path, "cannot read", errno)
                           : sfi_buf_status(&text, err, "the mapping of columns");
    (void)close(fd); /* nothing was written */
    if (rc == SF_OK) rc = sfi_load_map_parse(path, text.data, text.len, m, err);
    sfi_buf_free(&text);
    return rc;
}

void sfi_load_map_free(sfi_load_map *m)
{
    sfi_free(m->columns);
    sfi_arena_free(&m->arena);
}
