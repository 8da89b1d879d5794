/* text.c: memory and text for the run: see cli.h. Everything here ends with the run, so nothing is freed piece by piece. */
#include "cli.h"
#include <errno.h>
#include <unistd.h>

void cli_no_memory(void)
{
    static const char text[] = "sforce: no memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored; /* there is nobody left to tell */
    _exit(CLI_FAILED);
}

void *cli_alloc(cli *c, size_t size)
{
    void *p = sfi_arena_alloc(&c->arena, size > 0 ? size : 1);
    if (p == NULL) cli_no_memory();
    return memset(p, 0, size > 0 ? size : 1);
}

void *cli_grow(cli *c, void *old, size_t count, size_t *cap, size_t size)
{
    if (count < *cap) return old;
    *cap = *cap == 0 ? 16 : *cap * 2;
    void *bigger = cli_alloc(c, *cap * size);
    return count > 0 ? memcpy(bigger, old, count * size) : bigger;
}

char *cli_strndup(cli *c, const char *s, size_t len)
{
    char *p = sfi_arena_strndup(&c->arena, s, len);
    if (p == NULL) cli_no_memory();
    return p;
}

char *cli_strdup(cli *c, const char *s)
{
    return s != NULL ? cli_strndup(c, s, strlen(s)) : NULL;
}

char *cli_textf(cli *c, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0) cli_no_memory();
    char *p = cli_alloc(c, (size_t)n + 1);
    vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    return p;
}

/* To its end; false: error or more than max. */
static bool read_stream(FILE *f, size_t max, sfi_buf *out)
{
    char chunk[16384];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
        if (out->len + n > max) {
            errno = EFBIG;
            return false;
        }
        if (!sfi_buf_add(out, chunk, n)) cli_no_memory();
    }
    return ferror(f) == 0;
}

sf_status cli_read_file(cli *c, const char *path, size_t max, sf_str *out, sf_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(path, "rbe");
    if (f == NULL) return sfi_fail(err, SF_ERR_USAGE, "cannot read %s: %s", path, strerror(errno));
    sfi_buf bytes = { .max = max + 1 };
    bool ok = read_stream(f, max, &bytes);
    int why = errno;
    if (!is_stdin) fclose(f);
    if (ok) *out = (sf_str){ cli_strndup(c, bytes.data != NULL ? bytes.data : "", bytes.len), bytes.len };
    if (bytes.data != NULL) sfi_wipe(bytes.data, bytes.len);
    sfi_buf_free(&bytes);
    if (!ok && why == EFBIG)
        return sfi_fail(err, SF_ERR_USAGE, "%s is larger than %zu bytes", is_stdin ? "stdin" : path, max);
    return ok ? SF_OK : sfi_fail(err, SF_ERR_USAGE, "cannot read %s: %s", is_stdin ? "stdin" : path, strerror(why));
}

/* "FILE:3:17: …" for the byte that the message names; the message alone where it names none. */
static void place_error(const char *name, sf_str text, sf_error *err)
{
    const char *at = strstr(err->message, "byte ");
    int64_t byte = 0, line = 1, column = 1;
    sf_str digits = at != NULL ? sfi_str(at + strlen("byte ")) : (sf_str){ "", 0 };
    bool known = sfi_take_int(&digits, (int64_t)text.len, &byte);
    for (int64_t i = 0; i < byte && i < (int64_t)text.len; i++) {
        column = text.ptr[i] == '\n' ? 1 : column + 1;
        line += text.ptr[i] == '\n';
    }
    if (known)
        sfi_error_prefix(err, "%s:%lld:%lld", name, (long long)line, (long long)column);
    else
        sfi_error_prefix(err, "%s", name);
}

sf_status cli_read_json(cli *c, const char *path, size_t max, sf_str *text, sf_document **doc, sf_error *err)
{
    *doc = NULL;
    sf_status rc = cli_read_file(c, path, max, text, err);
    if (rc != SF_OK) return rc;
    if (sfi_starts_with(*text, "\xEF\xBB\xBF")) *text = (sf_str){ text->ptr + 3, text->len - 3 };
    rc = sf_document_parse(text->ptr, text->len, doc, err);
    if (rc == SF_OK || rc == SF_ERR_MEMORY) return rc;
    place_error(strcmp(path, "-") == 0 ? "stdin" : path, *text, err);
    return err->status = SF_ERR_USAGE;
}

sf_status cli_take_number(cli *c, const char *flag, int64_t min, int64_t max, int64_t *out, sf_error *err)
{
    int64_t n;
    const char *text = cli_args_value(&c->args, flag);
    if (text == NULL) return SF_OK;
    if (sfi_parse_int(sfi_str(text), &n) && n >= min && n <= max) {
        *out = n;
        return SF_OK;
    }
    if (max == INT64_MAX)
        return sfi_fail(err, SF_ERR_USAGE, "--%s %.20s: want a number from %lld on", flag, text, (long long)min);
    return sfi_fail(err, SF_ERR_USAGE, "--%s %.20s: want a number from %lld to %lld", flag, text, (long long)min,
                    (long long)max);
}

bool cli_parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = { { "", 1000 },     { "s", 1000 },    { "ms", 1 },      { "m", 60000 },
                  { "min", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    sf_str rest = sfi_str(text);
    int64_t n;
    if (!sfi_take_int(&rest, 1000000000, &n) || n == 0) return false;
    for (size_t i = 0; i < SFI_COUNT_OF(units); i++) {
        if (!sfi_str_is(rest, units[i].unit)) continue;
        *ms = n * units[i].ms;
        return *ms <= 86400000;
    }
    return false;
}

void cli_json_add_string(sfi_buf *out, sf_str s)
{
    sfi_buf_add_char(out, '"');
    size_t i = 0;
    while (i < s.len) {
        unsigned char ch = (unsigned char)s.ptr[i];
        if (ch < 0x20 || ch == '"' || ch == '\\') {
            switch (ch) {
            case '"': sfi_buf_add_str(out, "\\\""); break;
            case '\\': sfi_buf_add_str(out, "\\\\"); break;
            case '\n': sfi_buf_add_str(out, "\\n"); break;
            case '\r': sfi_buf_add_str(out, "\\r"); break;
            case '\t': sfi_buf_add_str(out, "\\t"); break;
            default: sfi_buf_addf(out, "\\u%04x", ch);
            }
            i++;
            continue;
        }
        size_t n = sfi_utf8_sequence(s.ptr + i, s.len - i);
        if (n == 0) { /* not UTF-8: one replacement character a byte */
            sfi_buf_add_str(out, "\xEF\xBF\xBD");
            i++;
            continue;
        }
        sfi_buf_add(out, s.ptr + i, n);
        i += n;
    }
    sfi_buf_add_char(out, '"');
}

void cli_json_add_member(sfi_buf *out, const char *name, const char *value)
{
    if (value == NULL) return;
    if (out->len > 0 && out->data[out->len - 1] != '{') sfi_buf_add_char(out, ',');
    cli_json_add_string(out, sfi_str(name));
    sfi_buf_add_char(out, ':');
    cli_json_add_string(out, sfi_str(value));
}

char *cli_group_digits(cli *c, int64_t n)
{
    char digits[24], text[40];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    size_t out = 0;
    for (int i = 0; i < len; i++) {
        text[out++] = digits[i];
        int left = len - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') text[out++] = ',';
    }
    return cli_strndup(c, text, out);
}
