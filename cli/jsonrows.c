/* jsonrows.c: see jsonrows.h. The one idea: a row is found by its line end or its closing brace alone, which is all that
 * must be known to go on behind it; whether it is JSON is for the library to say, of that row only. */
#include "jsonrows.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_BYTES = 256 * 1024 };

sf_status cli_json_rows_open(cli_json_rows *rows, const char *path, sf_error *err)
{
    struct stat st;
    bool is_stdin = strcmp(path, "-") == 0;
    *rows = (cli_json_rows){ .path = is_stdin ? "stdin" : path, .fd = STDIN_FILENO, .line = 1 };
    if (!is_stdin) rows->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (rows->fd < 0) return sfi_fail(err, SF_ERR_USAGE, "cannot read %s: %s", path, strerror(errno));
    if (fstat(rows->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        cli_json_rows_close(rows);
        return sfi_fail(err, SF_ERR_USAGE, "cannot read %s: it is a folder", path);
    }
    rows->data = sfi_alloc(FIRST_BYTES);
    if (rows->data == NULL) cli_no_memory();
    rows->cap = FIRST_BYTES;
    return SF_OK;
}

void cli_json_rows_close(cli_json_rows *rows)
{
    if (rows->fd > STDERR_FILENO) close(rows->fd);
    rows->fd = -1;
    sfi_free(rows->data);
    rows->data = NULL;
}

/* More bytes behind end, or at_end. What is not taken moves to the front first. */
static sf_status fill(cli_json_rows *rows, sf_error *err)
{
    if (rows->begin > 0) {
        memmove(rows->data, rows->data + rows->begin, rows->end - rows->begin);
        rows->end -= rows->begin;
        rows->begin = 0;
    }
    if (rows->end == rows->cap) {
        if (rows->cap >= CLI_JSON_ROW_MAX)
            return sfi_fail(err, SF_ERR_USAGE, "%s, line %lld: a row of more than %d MiB", rows->path,
                            (long long)rows->line, CLI_JSON_ROW_MAX >> 20);
        char *data = sfi_realloc(rows->data, rows->cap * 2);
        if (data == NULL) cli_no_memory();
        rows->data = data;
        rows->cap *= 2;
    }
    struct pollfd ready = { .fd = rows->fd, .events = POLLIN };
    if (rows->idle != NULL && poll(&ready, 1, 0) == 0) {
        sf_status rc = rows->idle(rows->idle_user, err);
        if (rc != SF_OK) return rc;
    }
    for (;;) { /* ends: a signal's second try reads or fails */
        ssize_t n = read(rows->fd, rows->data + rows->end, rows->cap - rows->end);
        if (n < 0 && errno == EINTR && cli_signal == 0) continue;
        if (n < 0 && cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
        if (n < 0) return sfi_fail(err, SF_ERR_IO, "cannot read %s: %s", rows->path, strerror(errno));
        rows->at_end = n == 0;
        rows->end += (size_t)n;
        return SF_OK;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(cli_json_rows *rows)
{
    while (rows->begin < rows->end && is_blank(rows->data[rows->begin]))
        rows->line += rows->data[rows->begin++] == '\n';
}

/* To the next byte that is not blank. SF_DONE: the file ends before. */
static sf_status find_byte(cli_json_rows *rows, sf_error *err)
{
    for (;;) { /* ends with the file */
        skip_blanks(rows);
        if (rows->begin < rows->end) return SF_OK;
        if (rows->at_end) return SF_DONE;
        sf_status rc = fill(rows, err);
        if (rc != SF_OK) return rc;
    }
}

/* A byte-order mark, and whether it is an array. */
static sf_status start(cli_json_rows *rows, sf_error *err)
{
    sf_status rc = SF_OK;
    rows->started = true;
    while (rc == SF_OK && !rows->at_end && rows->end - rows->begin < 3) rc = fill(rows, err);
    if (rc != SF_OK) return rc;
    if (rows->end - rows->begin >= 3 && memcmp(rows->data + rows->begin, "\xEF\xBB\xBF", 3) == 0) rows->begin += 3;
    rc = find_byte(rows, err);
    if (rc != SF_OK || rows->data[rows->begin] != '[') return rc == SF_DONE ? SF_OK : rc;
    rows->is_array = true;
    rows->begin++;
    return SF_OK;
}

static void take(cli_json_rows *rows, size_t len, sf_str *row, int64_t *line)
{
    *row = (sf_str){ rows->data + rows->begin, len };
    *line = rows->line;
    for (const char *at = row->ptr, *end = at + len; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        rows->line++;
    rows->begin += len;
}

/* The object that begins at data[begin], to its closing brace. */
static sf_status take_object(cli_json_rows *rows, sf_str *row, int64_t *line, sf_error *err)
{
    size_t depth = 0, i = 0; /* i counts from begin, which moves */
    bool in_string = false, is_escaped = false;
    for (;;) { /* ends with the object or the file */
        for (; rows->begin + i < rows->end; i++) {
            char c = rows->data[rows->begin + i];
            if (in_string) {
                if (is_escaped)
                    is_escaped = false;
                else if (c == '\\')
                    is_escaped = true;
                else
                    in_string = c != '"';
                continue;
            }
            if (c == '"')
                in_string = true;
            else if (c == '{' || c == '[')
                depth++;
            else if ((c == '}' || c == ']') && --depth == 0) {
                take(rows, i + 1, row, line);
                return SF_ROW;
            }
        }
        if (rows->at_end)
            return sfi_fail(err, SF_ERR_USAGE, "%s, line %lld: the object that begins there never ends", rows->path,
                            (long long)rows->line);
        sf_status rc = fill(rows, err);
        if (rc != SF_OK) return rc;
    }
}

static sf_status next_element(cli_json_rows *rows, sf_str *row, int64_t *line, sf_error *err)
{
    sf_status rc = find_byte(rows, err);
    if (rc == SF_OK && !rows->is_closed && rows->needs_comma && rows->data[rows->begin] == ',') {
        rows->begin++;
        rows->needs_comma = false;
        rc = find_byte(rows, err);
    } else if (rc == SF_OK && !rows->is_closed && rows->data[rows->begin] == ']') {
        rows->begin++;
        rows->is_closed = true;
        rc = find_byte(rows, err);
    }
    if (rc == SF_DONE && !rows->is_closed)
        return sfi_fail(err, SF_ERR_USAGE, "%s, line %lld: the array never ends: is the file cut?", rows->path,
                        (long long)rows->line);
    if (rc != SF_OK) return rc;
    if (rows->is_closed || rows->needs_comma || rows->data[rows->begin] != '{')
        return sfi_fail(err, SF_ERR_USAGE, "%s, line %lld: %s", rows->path, (long long)rows->line,
                        rows->is_closed     ? "something follows the array"
                        : rows->needs_comma ? "want a comma or ] after an object of the array"
                                            : "want an object, such as {\"Name\":\"Acme\"}, in the array");
    rc = take_object(rows, row, line, err);
    rows->needs_comma = true;
    return rc;
}

static sf_status next_line(cli_json_rows *rows, sf_str *row, int64_t *line, sf_error *err)
{
    sf_status rc = find_byte(rows, err);
    size_t len = 0;
    while (rc == SF_OK) { /* until the line ends; len bytes hold no line end */
        const char *from = rows->data + rows->begin;
        const char *end = memchr(from + len, '\n', rows->end - rows->begin - len);
        len = end != NULL ? (size_t)(end - from) : rows->end - rows->begin;
        if (end != NULL || rows->at_end) break;
        rc = fill(rows, err);
    }
    if (rc != SF_OK) return rc;
    sf_str text = sfi_trim((sf_str){ rows->data + rows->begin, len });
    if (text.ptr[0] == '{' && text.ptr[text.len - 1] != '}') return take_object(rows, row, line, err);
    take(rows, len, row, line);
    *row = text;
    return SF_ROW;
}

sf_status cli_json_rows_next(cli_json_rows *rows, sf_str *row, int64_t *line, sf_error *err)
{
    sf_status rc = rows->started ? SF_OK : start(rows, err);
    if (rc != SF_OK) return rc;
    return rows->is_array ? next_element(rows, row, line, err) : next_line(rows, row, line, err);
}

void cli_json_rows_keep(cli_out *out, sf_str row)
{
    sf_document *doc = NULL;
    char *json = NULL;
    size_t len = 0;
    if (memchr(row.ptr, '\n', row.len) != NULL && sf_document_parse(row.ptr, row.len, &doc, NULL) == SF_OK &&
        sf_value_to_json(sf_document_root(doc), &json, &len, NULL) == SF_OK)
        row = (sf_str){ json, len }; /* on one line */
    cli_out_add(out, row.ptr, row.len);
    cli_out_add_char(out, '\n');
    sf_free(json);
    sf_document_free(doc);
}
