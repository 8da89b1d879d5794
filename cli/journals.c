/* journals.c: see jobs.h. */
#include "jobs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { COMMAND_MAX = 1 << 20, NAME_BYTES = 128 };

static const char *folder(cli *c)
{
    return cli_textf(c, "%s/jobs", cli_state_dir(c));
}

/* The command line as JSON, and the folder that its relative paths mean. */
static void write_command(const cli *c, sfi_buf *out)
{
    char cwd[4096];
    sfi_buf_add_str(out, "{\"folder\":");
    cli_json_add_string(out, sfi_str(getcwd(cwd, sizeof cwd) != NULL ? cwd : "."));
    sfi_buf_add_str(out, ",\"command\":[");
    for (int i = 0; i < c->argc; i++) {
        if (i > 0) sfi_buf_add_char(out, ',');
        cli_json_add_string(out, sfi_str(c->argv[i]));
    }
    sfi_buf_add_str(out, "]}\n");
}

sf_status cli_journal_choose(cli *c, const char *kind, bool can_repeat, cli_journal *out, sf_error *err)
{
    const char *given = cli_args_value(&c->args, "journal");
    *out = (cli_journal){ .path = given };
    if (given != NULL && strcmp(given, "none") == 0) out->path = NULL;
    if (given != NULL || !can_repeat) return SF_OK;
    const char *again = getenv("SFORCE_JOURNAL");
    if (again != NULL && again[0] != 0) {
        const char *slash = strrchr(again, '/'), *name = slash != NULL ? slash + 1 : again;
        size_t len = strlen(name), end = strlen(".journal");
        if (len <= end || strcmp(name + len - end, ".journal") != 0) /* it is removed in the end: no other file */
            return sfi_fail(err, SF_ERR_USAGE,
                            "SFORCE_JOURNAL is %.200s; want a journal, as sforce jobs resume sets it", again);
        out->path = cli_strdup(c, again);
        out->name = cli_strndup(c, name, len - end);
        out->is_ours = true;
        return SF_OK;
    }
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32];
    (void)strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", gmtime_r(&now, &tm));
    out->name = cli_textf(c, "%s-%s-%d", kind, stamp, (int)getpid());
    out->path = cli_textf(c, "%s/%s.journal", folder(c), out->name);
    out->is_ours = out->is_new = true;
    sfi_buf command = { 0 };
    write_command(c, &command);
    sf_status rc = cli_make_dirs(folder(c), 0700, err);
    if (rc == SF_OK)
        rc = cli_write_file(cli_textf(c, "%s/%s.command", folder(c), out->name), sfi_buf_str(&command), 0600, err);
    sfi_buf_free(&command);
    return rc;
}

void cli_journal_remove(const cli_journal *journal)
{
    char path[4096];
    size_t len = strlen(journal->path) - strlen(".journal");
    /* The command first: a command without its journal would be run from the beginning. Both may be gone already. */
    snprintf(path, sizeof path, "%.*s.command", (int)len, journal->path);
    (void)unlink(path);
    (void)unlink(journal->path);
}

/* The name of the newest command that is kept; "": none. */
static void find_newest(const char *dir, char name[NAME_BYTES])
{
    DIR *d = opendir(dir);
    int64_t newest = -1;
    name[0] = 0;
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        size_t len = strlen(e->d_name);
        struct stat st;
        if (len <= 8 || len - 8 >= NAME_BYTES || strcmp(e->d_name + len - 8, ".command") != 0) continue;
        if (fstatat(dirfd(d), e->d_name, &st, 0) != 0) continue;
        int64_t at = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        if (at <= newest) continue;
        newest = at;
        memcpy(name, e->d_name, len - 8);
        name[len - 8] = 0;
    }
    if (d != NULL) closedir(d);
}

sf_status cli_journal_command(cli *c, const char *name, char ***out, const char **path, sf_error *err)
{
    char newest[NAME_BYTES];
    sf_str text;
    sf_document *doc = NULL;
    if (name == NULL) {
        find_newest(folder(c), newest);
        if (newest[0] == 0) return sfi_fail(err, SF_ERR_USAGE, "there is no interrupted load or export to go on with");
        name = newest;
    }
    if (strchr(name, '/') != NULL) return sfi_fail(err, SF_ERR_USAGE, "%.80s is no name of a journal", name);
    sf_status rc = cli_read_file(c, cli_textf(c, "%s/%s.command", folder(c), name), COMMAND_MAX, &text, err);
    if (rc != SF_OK) return sfi_fail(err, SF_ERR_USAGE, "there is no interrupted load or export named %.80s", name);
    rc = sf_document_parse(text.ptr, text.len, &doc, err);
    if (rc != SF_OK) return rc;
    sf_value list = sf_get(sf_document_root(doc), "command"), word;
    size_t count = sf_value_count(list), n = 0;
    char **argv = cli_alloc(c, (count + 1) * sizeof *argv);
    for (sf_iter it = sf_iter_begin(list); n < count && sf_iter_next(&it, NULL, &word);)
        argv[n++] = cli_strdup(c, sf_get_str(word, NULL));
    if (n < 2) rc = sfi_fail(err, SF_ERR_USAGE, "the command of %.80s is damaged", name);
    const char *cwd = sf_get_str(sf_document_root(doc), "folder");
    if (rc == SF_OK && cwd != NULL && chdir(cwd) != 0)
        rc = sfi_fail(err, SF_ERR_USAGE, "the folder %.300s that the command was given in: %s", cwd, strerror(errno));
    *path = cli_textf(c, "%s/%s.journal", folder(c), name);
    *out = argv;
    sf_document_free(doc);
    return rc;
}
