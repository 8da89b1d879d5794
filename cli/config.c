/* config.c: config.toml and .sforce.toml: NAME = "VALUE" a line, the part of TOML that settings need. What it does not know is
 * an error that names the line: a setting that is silently not followed is worse. */
#include "cli.h"
#include <errno.h>
#include <unistd.h>

enum { SETTINGS_MAX = 64 * 1024 };

/* "text" with \" and \\, or 'text' as it is; then nothing but a comment. */
static bool take_string(sf_str *rest, sfi_buf *out)
{
    char quote = rest->len > 0 ? rest->ptr[0] : 0;
    if (quote != '"' && quote != '\'') return false;
    for (size_t i = 1; i < rest->len; i++) {
        char ch = rest->ptr[i];
        if (ch == quote) {
            rest->ptr += i + 1;
            rest->len -= i + 1;
            return true;
        }
        if (ch == '\\' && quote == '"') {
            if (++i >= rest->len || (rest->ptr[i] != '"' && rest->ptr[i] != '\\')) return false;
            ch = rest->ptr[i];
        }
        sfi_buf_add_char(out, ch);
    }
    return false;
}

static sf_status take_setting(sf_str line, int number, sfi_arena *arena, cli_settings *out, sf_error *err)
{
    size_t n = 0;
    while (n < line.len && (line.ptr[n] == '_' || line.ptr[n] == '-' || (line.ptr[n] >= 'a' && line.ptr[n] <= 'z')))
        n++;
    sf_str name = { line.ptr, n }, rest = sfi_trim((sf_str){ line.ptr + n, line.len - n });
    const char **slot = sfi_str_is(name, "org")           ? &out->org
                        : sfi_str_is(name, "format")      ? &out->format
                        : sfi_str_is(name, "api_version") ? &out->api_version
                                                          : NULL;
    if (n == 0 || !sfi_take_text(&rest, "="))
        return sfi_fail(err, SF_ERR_USAGE, "line %d: want NAME = \"VALUE\"", number);
    if (slot == NULL)
        return sfi_fail(err, SF_ERR_USAGE, "line %d: unknown setting %.*s (there are org, format and api_version)",
                        number, (int)(n < 60 ? n : 60), line.ptr);
    rest = sfi_trim(rest);
    sfi_buf value = { 0 };
    bool ok = take_string(&rest, &value);
    rest = sfi_trim(rest);
    ok = ok && (rest.len == 0 || rest.ptr[0] == '#');
    if (ok) *slot = sfi_arena_strndup(arena, value.data != NULL ? value.data : "", value.len);
    sfi_buf_free(&value);
    if (!ok)
        return sfi_fail(err, SF_ERR_USAGE, "line %d: the value wants quotes: %.*s = \"VALUE\"", number, (int)n,
                        line.ptr);
    return *slot != NULL ? SF_OK : sfi_fail_memory(err, "settings");
}

/* Message names the line. */
static sf_status parse_settings(sf_str text, sfi_arena *arena, cli_settings *out, sf_error *err)
{
    int number = 0;
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;
        sf_str line = sfi_trim((sf_str){ text.ptr, len });
        number++;
        if (line.len > 0 && line.ptr[0] != '#') {
            sf_status rc = take_setting(line, number, arena, out, err);
            if (rc != SF_OK) return rc;
        }
        text.ptr += len + (end != NULL);
        text.len -= len + (end != NULL);
    }
    return SF_OK;
}

static sf_status read_settings(cli *c, const char *path, cli_settings *out, sf_error *err)
{
    sf_str text;
    if (access(path, F_OK) != 0) return SF_OK;
    sf_status rc = cli_read_file(c, path, SETTINGS_MAX, &text, err);
    if (rc != SF_OK) return rc;
    out->path = path;
    rc = parse_settings(text, &c->arena, out, err);
    if (rc != SF_OK) sfi_error_prefix(err, "%s", path);
    return rc;
}

/* .sforce.toml here or in a folder above. */
static sf_status read_project(cli *c, cli_settings *out, sf_error *err)
{
    char here[4096];
    if (getcwd(here, sizeof here) == NULL) return SF_OK; /* a folder that is gone has no project */
    for (;;) {                                           /* ends at the root: each round cuts a name off */
        const char *path = cli_textf(c, "%s/.sforce.toml", strcmp(here, "/") == 0 ? "" : here);
        if (access(path, F_OK) == 0) return read_settings(c, path, out, err);
        char *slash = strrchr(here, '/');
        if (slash == NULL || here[1] == 0) return SF_OK;
        slash[slash == here ? 1 : 0] = 0;
    }
}

sf_status cli_settings_load(cli *c, sf_error *err)
{
    sf_status rc = read_project(c, &c->project, err);
    if (rc != SF_OK) return rc;
    return read_settings(c, cli_textf(c, "%s/config.toml", cli_config_dir(c)), &c->user, err);
}

static bool is_org_line(sf_str line)
{
    line = sfi_trim(line);
    if (!sfi_take_text(&line, "org")) return false;
    line = sfi_trim(line);
    return sfi_starts_with(line, "=");
}

sf_status cli_settings_set_org(cli *c, const char *name, sf_error *err)
{
    const char *dir = cli_config_dir(c);
    const char *path = cli_textf(c, "%s/config.toml", dir);
    sf_str text = { "", 0 };
    if (access(path, F_OK) == 0) {
        sf_status rc = cli_read_file(c, path, SETTINGS_MAX, &text, err);
        if (rc != SF_OK) return rc;
    } else if (name == NULL) {
        return SF_OK;
    }
    sfi_buf out = { 0 };
    if (name != NULL) sfi_buf_addf(&out, "org = \"%s\"\n", name);
    while (text.len > 0) { /* every other line stays */
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.ptr) + 1 : text.len;
        if (!is_org_line((sf_str){ text.ptr, len })) sfi_buf_add(&out, text.ptr, len);
        text.ptr += len;
        text.len -= len;
    }
    sf_status rc = sfi_buf_status(&out, err, "settings");
    if (rc == SF_OK) rc = cli_make_dirs(dir, 0755, err);
    if (rc == SF_OK) rc = cli_write_file(path, out.len > 0 ? sfi_buf_str(&out) : (sf_str){ "", 0 }, 0644, err);
    sfi_buf_free(&out);
    return rc;
}
