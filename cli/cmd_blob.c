/* cmd_blob.c: `sforce blob get` and `blob put`: the bytes of attachments, documents and files, as streams. */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

/* ---- get ---- */
static int tell_got(cli *c, const char *path, const sf_blob_info *info)
{
    sf_error err;
    if (!c->json) {
        cli_note(c, "%s bytes%s%s to %s.", cli_group_digits(c, info->bytes), info->content_type[0] != 0 ? ", " : "",
                 info->content_type, path);
        return CLI_OK;
    }
    sfi_buf text = { 0 };
    sfi_buf_addf(&text, "{\"bytes\":%lld", (long long)info->bytes);
    cli_json_add_member(&text, "contentType", info->content_type[0] != 0 ? info->content_type : NULL);
    cli_json_add_member(&text, "path", path);
    sfi_buf_add_char(&text, '}');
    c->output = NULL; /* that is where the bytes went */
    int code = sfi_buf_status(&text, &err, "output") == SF_OK ? cli_finish_json(c, sfi_buf_str(&text))
                                                              : cli_fail_error(c, &err);
    sfi_buf_free(&text);
    return code;
}

static sf_status write_out(void *user, const char *data, size_t len, sf_error *err)
{
    cli *c = user;
    cli_out_add(&c->out, data, len);
    if (c->out.error == 0) return SF_OK;
    return sfi_fail(err, SF_ERR_IO, "the bytes cannot be written: %s", strerror(c->out.error));
}

static sf_status get_to(cli *c, const sf_sink *sink, sf_blob_info *info, sf_error *err)
{
    const sf_blob_options o = { .call = &c->call };
    const char *const *words = c->args.words;
    if (c->args.count == 2) return sf_blob_get_url(c->sf, words[1], sink, &o, info, err);
    return sf_blob_get(c->sf, words[1], words[2], c->args.count > 3 ? words[3] : NULL, sink, &o, info, err);
}

static int run_get(cli *c)
{
    sf_error err = { 0 };
    sf_blob_info info;
    const char *const *words = c->args.words;
    const sf_sink sink = { .write = write_out, .user = c };
    const sf_blob_options o = { .call = &c->call };
    bool is_url = c->args.count == 2 && words[1][0] == '/';
    bool to_stdout = c->output == NULL || strcmp(c->output, "-") == 0;
    if (!is_url && (c->args.count < 3 || c->args.count > 4))
        return cli_usage(c, "blob get: want OBJECT ID [FIELD], or the path that the record has in the field's place");
    if (c->output == NULL && isatty(STDOUT_FILENO) == 1)
        return cli_usage(
            c, "blob get: bytes do not belong on a terminal; name a file with -O, or say -O - to have them here");
    if (to_stdout && c->json) return cli_usage(c, "blob get: --json says what came; name a file for the bytes with -O");
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK && !to_stdout && !is_url) {
        rc = sf_blob_get_file(c->sf, words[1], words[2], c->args.count > 3 ? words[3] : NULL, c->output, &o, &info,
                              &err);
        return rc == SF_OK ? tell_got(c, c->output, &info) : cli_fail_error(c, &err);
    }
    if (rc == SF_OK) rc = cli_out_open(&c->out, c->output, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);
    rc = get_to(c, &sink, &info, &err);
    if (rc != SF_OK && c->out.error == 0) {
        (void)cli_out_close(&c->out, false, NULL); /* what came is not the whole */
        return cli_fail_error(c, &err);
    }
    int code = cli_finish_output(c);
    return code == CLI_OK && rc == SF_OK && !to_stdout ? tell_got(c, c->output, &info) : code;
}

/* ---- put ---- */
typedef struct putting {
    const char *file, *object, *id; /* id NULL: an insert */
    size_t first_field;
} putting;

/* FILE [OBJECT [ID]] FIELD=VALUE… */
static int take_words(cli *c, putting *p)
{
    const char *const *words = c->args.words;
    size_t i = 2;
    *p = (putting){ .object = "ContentVersion" };
    if (c->args.count < 2) return cli_usage(c, "blob put: want FILE, or - for stdin");
    p->file = words[1];
    if (i < c->args.count && strchr(words[i], '=') == NULL) p->object = words[i++];
    if (i < c->args.count && strchr(words[i], '=') == NULL) p->id = words[i++];
    p->first_field = i;
    return CLI_OK;
}

static bool sets(cli *c, size_t first, const char *field)
{
    size_t len = strlen(field);
    for (size_t i = first; i < c->args.count; i++) {
        const char *word = c->args.words[i];
        if (strncasecmp(word, field, len) == 0 && (word[len] == '=' || word[len] == ':')) return true;
    }
    return false;
}

/* What the org wants to know and the file's name says. */
static sf_status add_name(cli *c, const putting *p, sf_record *r, const char *name)
{
    static const char *const fields[][2] = { { "ContentVersion", "PathOnClient" },
                                             { "Attachment", "Name" },
                                             { "Document", "Name" } };
    for (size_t i = 0; i < SFI_COUNT_OF(fields); i++)
        if (sfi_eq_nocase(p->object, fields[i][0]) && !sets(c, p->first_field, fields[i][1]))
            return sf_record_set_str(r, fields[i][1], name);
    return SF_OK;
}

static int tell_put(cli *c, const putting *p, const char *id)
{
    static const char *const names[] = { "id", "success", "created" };
    static const bool bare[] = { false, true, true };
    const char *cells[] = { id, "true", p->id == NULL ? "true" : "false" };
    cli_note(c, "%s %s.", p->id == NULL ? "Created" : "Updated", p->object);
    if (c->json || (c->format != CLI_FORMAT_AUTO && c->format != CLI_FORMAT_TABLE)) {
        cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true, .right = bare };
        cli_grid_add(c, &grid, cells);
        return cli_finish_grid(c, &grid, (sf_str){ 0 });
    }
    sf_error err;
    if (p->id != NULL) return CLI_OK;
    if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
    cli_out_add_str(&c->out, id);
    cli_out_add_char(&c->out, '\n');
    return cli_finish_output(c);
}

static int run_put(cli *c)
{
    sf_error err = { 0 };
    putting p;
    sf_source source;
    sf_id id = { "" };
    int code = take_words(c, &p);
    if (code != CLI_OK) return code;
    bool is_stdin = strcmp(p.file, "-") == 0;
    const char *slash = strrchr(p.file, '/'), *name = cli_args_value(&c->args, "name");
    if (name == NULL) name = is_stdin ? "stdin" : slash != NULL ? slash + 1 : p.file;
    sf_blob_data data = { .field = cli_args_value(&c->args, "field"),
                          .file_name = name,
                          .content_type = cli_args_value(&c->args, "type") };
    const sf_blob_options o = { .call = &c->call };
    sf_record *r = sf_record_new(p.object);
    sf_status rc = SF_OK;
    if (r == NULL)
        rc = sfi_fail(&err, SF_ERR_USAGE, "%.80s is not an object's name, such as ContentVersion or Attachment",
                      p.object);
    if (rc == SF_OK) rc = cli_fields_from_words(c, r, p.first_field, &err);
    if (rc == SF_OK && p.id == NULL) rc = add_name(c, &p, r, name);
    int fd = rc == SF_OK && !is_stdin ? open(p.file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (fd < 0) rc = sfi_fail(&err, SF_ERR_USAGE, "cannot read %s: %s", p.file, strerror(errno));
    if (rc == SF_OK) rc = sf_source_of_fd(fd, &source, &err);
    if (rc == SF_ERR_IO) { /* a folder */
        sfi_error_prefix(&err, "%s", is_stdin ? "stdin" : p.file);
        rc = err.status = SF_ERR_USAGE;
    }
    data.source = &source;
    if (rc == SF_OK) rc = cli_connect(c, &err);
    if (rc == SF_OK && p.id == NULL) rc = sf_blob_create(c->sf, r, &data, &o, &id, &err);
    if (rc == SF_OK && p.id != NULL) rc = sf_blob_update(c->sf, r, p.id, &data, &o, &err);
    if (fd > STDIN_FILENO) close(fd);
    sf_record_free(r);
    return rc == SF_OK ? tell_put(c, &p, p.id != NULL ? p.id : id.text) : cli_fail_error(c, &err);
}

/* clang-format off */
static const cli_flag blob_flags[] = {
    { "field", 0, "FIELD", "put: the field for the bytes, where it is not the object's usual one", CLI_WORDS_NONE, NULL, false },
    { "name", 0, "NAME", "put: the file's name, as the org shall have it", CLI_WORDS_NONE, NULL, false },
    { "type", 't', "TYPE", "put: the Content-Type to send with the bytes", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example blob_examples[] = {
    { "sforce blob put plan.pdf FirstPublishLocationId=001000000000001AAA", "A new file, shown at an account" },
    { "sforce blob put plan2.pdf ContentVersion ContentDocumentId=069000000000001AAA", "Its next version" },
    { "tar cz logs | sforce blob put - --name logs.tgz Attachment ParentId=500000000000001AAA", "From a pipe, as an attachment" },
    { "sforce blob get ContentVersion 068000000000001AAA -O plan.pdf", "And back" },
    { "sforce blob get EventLogFile 0AT000000000001AAA -O - | sort", "Into a pipe" },
    { 0 },
};
static const cli_verb blob_verbs[] = {
    { "get", "write the bytes of a record to a file", run_get, CLI_WORDS_OBJECT },
    { "put", "insert or change a record with the bytes of a file", run_put, CLI_WORDS_FILE },
    { 0 },
};
const cli_command cli_command_blob = {
    .name = "blob", .usage = "get OBJECT ID [FIELD] | put FILE [OBJECT [ID]] FIELD=VALUE...", .summary = "bytes of files and attachments",
    .text = "Get writes the bytes of a record's field (VersionData of ContentVersion, Body of Attachment, Document and StaticResource, LogFile of "
            "EventLogFile, unless FIELD says another) to the file that -O names, which is replaced when all is there, or to stdout. Instead of OBJECT and "
            "ID the path can be given that the record has in the field's place.\n\n"
            "Put inserts a record with a file's bytes, a ContentVersion unless OBJECT says otherwise, and prints its id; with ID it changes an "
            "Attachment or Document. PathOnClient or Name is the file's name unless it is set.\n\n"
            "Nothing is held in memory whole: a file may be as large as the org takes (2 GB for ContentVersion).",
    .verbs = blob_verbs,
    .flags = blob_flags, .examples = blob_examples, .words_min = 1, .words_max = -1, .run = cli_run_verb, .group = "Records",
};
/* clang-format on */
