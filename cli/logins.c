/* logins.c: one JSON file a login below orgs/, which the library's token store shares: it keeps its members and we keep ours.
 * Written whole and renamed, 0600 in a 0700 folder. */
#include "cli.h"
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOGIN_BYTES_MAX = 1024 * 1024 };

typedef struct member {
    const char *name;
    size_t offset; /* of the pointer in cli_login */
} member;

static const member members[] = {
    { "flow", offsetof(cli_login, flow) },
    { "login_url", offsetof(cli_login, login_url) },
    { "instance_url", offsetof(cli_login, instance_url) },
    { "username", offsetof(cli_login, username) },
    { "org_id", offsetof(cli_login, org_id) },
    { "user_id", offsetof(cli_login, user_id) },
    { "client_id", offsetof(cli_login, client_id) },
    { "client_secret", offsetof(cli_login, client_secret) },
    { "access_token", offsetof(cli_login, access_token) },
    { "refresh_token", offsetof(cli_login, refresh_token) },
    { "api_version", offsetof(cli_login, api_version) },
};

static const char **slot(cli_login *login, const member *m)
{
    return (const char **)(void *)((char *)login + m->offset);
}

bool cli_login_name_ok(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > 128 || name[0] == '.' || name[0] == '-') return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-") == len;
}

static const char *logins_dir(cli *c)
{
    return cli_textf(c, "%s/orgs", cli_data_dir(c));
}

const char *cli_login_path(cli *c, const char *name)
{
    return cli_textf(c, "%s/%s.json", logins_dir(c), name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

sf_status cli_login_names(cli *c, const char *const **out, size_t *count, sf_error *err)
{
    *out = NULL;
    *count = 0;
    const char *dir = logins_dir(c);
    DIR *d = opendir(dir);
    if (d == NULL)
        return errno == ENOENT ? SF_OK : sfi_fail(err, SF_ERR_IO, "cannot read %s: %s", dir, strerror(errno));
    const char **names = NULL;
    size_t cap = 0;
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        size_t len = strlen(e->d_name);
        if (len <= 5 || strcmp(e->d_name + len - 5, ".json") != 0) continue;
        const char *name = cli_strndup(c, e->d_name, len - 5);
        if (!cli_login_name_ok(name)) continue;
        names = cli_grow(c, names, *count, &cap, sizeof *names);
        names[(*count)++] = name;
    }
    closedir(d);
    if (*count > 1) qsort(names, *count, sizeof *names, compare_names);
    *out = names;
    return SF_OK;
}

static sf_status no_such_login(cli *c, const char *name, sf_error *err)
{
    const char *const *names = NULL;
    size_t count = 0;
    (void)cli_login_names(c, &names, &count, NULL); /* only for the suggestion */
    const char *near = cli_nearest(name, names, count);
    return sfi_fail(err, SF_ERR_AUTH, "no login named %.128s%s%s%s", name, near != NULL ? " (did you mean " : "",
                    near != NULL ? near : "",
                    near != NULL ? "?)"
                    : count > 0  ? "; sforce orgs lists them"
                                 : "; there are none yet");
}

static void warn_when_readable(cli *c, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & 077) != 0) cli_warn(c, "%s can be read by others: chmod 600 it", path);
}

sf_status cli_login_load(cli *c, const char *name, cli_login *out, sf_error *err)
{
    *out = (cli_login){ 0 };
    if (!cli_login_name_ok(name)) return no_such_login(c, name, err);
    const char *path = cli_login_path(c, name);
    if (access(path, F_OK) != 0) return no_such_login(c, name, err);
    sf_str text;
    sf_status rc = cli_read_file(c, path, LOGIN_BYTES_MAX, &text, err);
    if (rc != SF_OK) return rc;
    warn_when_readable(c, path);
    sf_document *doc = NULL;
    rc = sf_document_parse(text.ptr, text.len, &doc, err);
    if (rc != SF_OK) {
        sfi_error_prefix(err, "%s is damaged, log in again", path);
        return rc;
    }
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++)
        *slot(out, &members[i]) = cli_strdup(c, sf_get_str(sf_document_root(doc), members[i].name));
    sf_document_free(doc);
    out->name = cli_strdup(c, name);
    out->path = path;
    if (out->flow == NULL) return sfi_fail(err, SF_ERR_PROTOCOL, "%s names no flow: log in again", path);
    return SF_OK;
}

/* The members of the file that are not ours, as they are. */
static void copy_others(cli *c, const char *path, sfi_buf *text)
{
    sf_str old, key;
    sf_value value;
    sf_document *doc = NULL;
    if (access(path, F_OK) != 0 || cli_read_file(c, path, LOGIN_BYTES_MAX, &old, NULL) != SF_OK ||
        sf_document_parse(old.ptr, old.len, &doc, NULL) != SF_OK)
        return; /* nothing there that could be kept */
    for (sf_iter it = sf_iter_begin(sf_document_root(doc)); sf_iter_next(&it, &key, &value);) {
        bool ours = false;
        for (size_t i = 0; i < SFI_COUNT_OF(members); i++) ours = ours || sfi_str_is(key, members[i].name);
        char *json = NULL;
        if (ours || sf_value_to_json(value, &json, NULL, NULL) != SF_OK) continue;
        if (text->data[text->len - 1] != '{') sfi_buf_add_char(text, ',');
        cli_json_add_string(text, key);
        sfi_buf_addf(text, ":%s", json);
        sf_free(json);
    }
    sf_document_free(doc);
}

sf_status cli_login_save(cli *c, const cli_login *login, const char *path, sf_error *err)
{
    cli_login copy = *login;
    sf_status rc = cli_make_dirs(logins_dir(c), 0700, err);
    if (rc != SF_OK) return rc;
    sfi_buf text = { 0 };
    if (!sfi_buf_add_char(&text, '{')) cli_no_memory();
    for (size_t i = 0; i < SFI_COUNT_OF(members); i++)
        cli_json_add_member(&text, members[i].name, *slot(&copy, &members[i]));
    if (!text.failed) copy_others(c, path, &text);
    sfi_buf_add_str(&text, "}\n");
    rc = sfi_buf_status(&text, err, "a login");
    if (rc == SF_OK) rc = cli_write_file(path, sfi_buf_str(&text), 0600, err);
    if (text.data != NULL) sfi_wipe(text.data, text.len);
    sfi_buf_free(&text);
    return rc;
}

sf_status cli_login_remove(cli *c, const char *name, sf_error *err)
{
    if (!cli_login_name_ok(name)) return no_such_login(c, name, err);
    const char *path = cli_login_path(c, name);
    bool removed = unlink(path) == 0;
    int why = errno;
    unlink(cli_textf(c, "%s.lock", path)); /* the token store's; it may never have been made */
    if (!removed && why == ENOENT) return no_such_login(c, name, err);
    return removed ? SF_OK : sfi_fail(err, SF_ERR_IO, "cannot remove %s: %s", path, strerror(why));
}
