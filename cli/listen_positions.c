/* listen_positions.c: positions as files: see listen.h. Each is replaced by rename, so a run that is killed leaves a whole one. */
#include "listen.h"
#include <unistd.h>

static const char since[] = "since ";

static void add_file_name(sfi_buf *name, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        bool is_plain =
            (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == '-';
        if (is_plain)
            sfi_buf_add_char(name, *p);
        else
            sfi_buf_addf(name, "%%%02x", (unsigned)(unsigned char)*p);
    }
    if (name->failed) cli_no_memory();
}

static const char *file_name(cli *c, const char *text)
{
    sfi_buf name = { 0 };
    add_file_name(&name, text);
    const char *copy = cli_strndup(c, name.len > 0 ? name.data : "_", name.len > 0 ? name.len : 1);
    sfi_buf_free(&name);
    return copy;
}

const char *cli_replay_folder(cli *c, const char *group)
{
    const char *login = file_name(c, c->login.name != NULL ? c->login.name : "login");
    if (group == NULL) return cli_textf(c, "%s/replay/%s", cli_state_dir(c), login);
    return cli_textf(c, "%s/groups/%s/%s", cli_state_dir(c), login, file_name(c, group));
}

/* Cleared by the caller: a run may store positions for months, and what the arena takes stays. */
static sfi_buf path_of(const cli_positions *p, const char *channel)
{
    sfi_buf path = { 0 };
    sfi_buf_addf(&path, "%s/", p->folder);
    add_file_name(&path, channel);
    return path;
}

/* SF_DONE: there is no file. The text is the arena's. */
static sf_status read_file(const cli_positions *p, const char *channel, sf_str *text, sf_error *err)
{
    sfi_buf path = path_of(p, channel);
    sf_status rc = access(path.data, F_OK) == 0 ? cli_read_file(p->c, path.data, 4096, text, err) : SF_DONE;
    if (rc == SF_OK) *text = sfi_trim(*text);
    if (rc == SF_OK && text->len == 0) /* to begin with new events would leave some out in silence */
        rc = sfi_fail(err, SF_ERR_IO, "%s is damaged: it is empty, and the position is lost; remove it to begin anew",
                      path.data);
    sfi_buf_free(&path);
    return rc;
}

static sf_status write_file(const cli_positions *p, const char *channel, const char *word, const char *value,
                            sf_error *err)
{
    char text[80];
    int len = snprintf(text, sizeof text, "%s%s\n", word, value);
    sfi_buf path = path_of(p, channel);
    sf_status rc = cli_write_file(path.data, (sf_str){ text, (size_t)len }, 0600, err);
    sfi_buf_free(&path);
    return rc;
}

static sf_status get_position(void *user, const char *channel, void (*found)(void *ctx, const char *position),
                              void *ctx, sf_error *err)
{
    const cli_positions *p = user;
    sf_str text;
    sf_status rc = read_file(p, channel, &text, err);
    if (rc == SF_OK && sfi_starts_with(text, since)) return SF_DONE;
    if (rc == SF_OK) found(ctx, cli_strndup(p->c, text.ptr, text.len));
    return rc;
}

static sf_status set_position(void *user, const char *channel, const char *position, sf_error *err)
{
    return write_file(user, channel, "", position, err);
}

static void where_position(void *user, const char *channel, char *text, size_t size)
{
    sfi_buf path = path_of(user, channel);
    snprintf(text, size, "the file %.500s", path.data);
    sfi_buf_free(&path);
}

sf_status cli_positions_open(cli *c, const char *folder, cli_positions *out, sf_error *err)
{
    static const sf_checkpoints_ops ops = { .get = get_position, .set = set_position, .where = where_position };
    *out = (cli_positions){ .c = c, .folder = folder };
    sf_status rc = cli_make_dirs(folder, 0700, err);
    return rc == SF_OK ? sf_checkpoints_custom(&ops, out, &out->store, err) : rc;
}

void cli_positions_close(cli_positions *p)
{
    sf_checkpoints_close(p->store);
    p->store = NULL;
}

sf_status cli_positions_look(const cli_positions *p, const char *channel, int64_t *since_ms, sf_error *err)
{
    sf_str text;
    char kind;
    *since_ms = 0;
    sf_status rc = read_file(p, channel, &text, err);
    if (rc != SF_OK || !sfi_take_text(&text, since)) return rc;
    if (sfi_time_parse(text, since_ms, &kind) && kind == 'D' && *since_ms > 0) return SF_OK;
    sfi_buf path = path_of(p, channel);
    rc = sfi_fail(err, SF_ERR_IO, "%s is damaged: it says no time; remove it to begin anew", path.data);
    sfi_buf_free(&path);
    return rc;
}

sf_status cli_positions_begin(const cli_positions *p, const char *channel, int64_t created_ms, sf_error *err)
{
    char time[32];
    sfi_time_format(created_ms, time);
    return write_file(p, channel, since, time, err);
}
