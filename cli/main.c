/* main.c: sforce. Sorts the command line, settles what holds for every command, runs one, and ends with its exit code. What is not
 * needed is not touched: --version and --help read no file and start nothing. */
#include "cli.h"
#include <errno.h>
#include <unistd.h>

static bool wants_color(int fd)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_color != NULL && no_color[0] != 0) return false;
    return isatty(fd) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
}

static int print_text(cli *c, sfi_buf *text)
{
    sf_error err;
    int code = CLI_OK;
    if (sfi_buf_status(text, &err, "text") != SF_OK || cli_out_open(&c->out, NULL, &err) != SF_OK) {
        code = cli_fail_error(c, &err);
    } else {
        cli_out_add(&c->out, text->data, text->len);
        code = cli_finish_output(c);
    }
    sfi_buf_free(text);
    return code;
}

static int print_version(cli *c)
{
    sfi_buf text = { 0 };
    sfi_buf_addf(&text, "sforce %s (%s)\n", sf_version(), sf_features());
    return print_text(c, &text);
}

static int print_help(cli *c, const cli_command *command)
{
    sfi_buf text = { 0 };
    bool color = wants_color(STDOUT_FILENO);
    if (command != NULL)
        cli_help_command(&text, command, color);
    else
        cli_help_overview(&text, color);
    return print_text(c, &text);
}

static int run_help(cli *c)
{
    if (c->args.count == 0) return print_help(c, NULL);
    const cli_command *command = cli_command_find(c->args.words[0]);
    if (command == NULL) return cli_usage(c, "no command %.80s; sforce --help lists them", c->args.words[0]);
    return print_help(c, command);
}

static int run_man(cli *c)
{
    sf_error err;
    const char *dir = cli_args_value(&c->args, "all");
    if (dir == NULL) {
        sfi_buf text = { 0 };
        const cli_command *command = c->args.count > 0 ? cli_command_find(c->args.words[0]) : NULL;
        if (c->args.count > 0 && command == NULL)
            return cli_usage(c, "no command %.80s; sforce --help lists them", c->args.words[0]);
        cli_man_page(&text, command);
        return print_text(c, &text);
    }
    sf_status rc = cli_make_dirs(dir, 0755, &err);
    for (size_t i = 0; rc == SF_OK; i++) { /* the end of the list is sforce(1) */
        const cli_command *m = cli_commands[i];
        if (m != NULL && m->group == NULL) continue;
        sfi_buf text = { 0 };
        cli_man_page(&text, m);
        rc = sfi_buf_status(&text, &err, "a man page");
        const char *path = m != NULL ? cli_textf(c, "%s/sforce-%s.1", dir, m->name) : cli_textf(c, "%s/sforce.1", dir);
        if (rc == SF_OK) rc = cli_write_file(path, sfi_buf_str(&text), 0644, &err);
        sfi_buf_free(&text);
        if (m == NULL) break;
    }
    return rc == SF_OK ? CLI_OK : cli_fail_error(c, &err);
}

/* ---- what holds for every command ---- */

static const char *first_variable(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != 0) return value;
    }
    return NULL;
}

static sf_status settle_format(cli *c, sf_error *err)
{
    const char *format = cli_args_value(&c->args, "format"), *by = "--format";
    if (cli_flag_find(c->args.command, sfi_str("format")) != cli_flag_find(NULL, sfi_str("format")))
        return SF_OK; /* the command has formats of its own */
    if (format == NULL && (c->format = cli_format_of_file(c->output)) != CLI_FORMAT_AUTO) return SF_OK;
    if (format == NULL) format = first_variable((const char *const[]){ "SFORCE_FORMAT" }, 1), by = "SFORCE_FORMAT";
    if (format == NULL) format = c->project.format, by = c->project.path;
    if (format == NULL) format = c->user.format, by = c->user.path;
    if (format == NULL || cli_format_parse(format, &c->format)) return SF_OK;
    return sfi_fail(err, SF_ERR_USAGE, "%s %.40s: the formats are table, csv, json and ndjson", by, format);
}

static sf_status settle_log(cli *c, sf_error *err)
{
    static const char *const levels[] = { "none", "error", "warn", "info", "debug", "trace" };
    const char *level = getenv("SFORCE_LOG"), *trace = cli_args_value(&c->args, "trace");
    size_t verbose = cli_args_times(&c->args, "verbose");
    c->verbosity = verbose > 2 ? 2 : (int)verbose;
    for (size_t i = 0; level != NULL && i < SFI_COUNT_OF(levels); i++)
        if (sfi_eq_nocase(level, levels[i]) && i >= 3 && c->verbosity < (int)i - 2) c->verbosity = (int)i - 2;
    if (trace == NULL) return SF_OK;
    c->trace = fopen(trace, "we");
    if (c->trace == NULL) return sfi_fail(err, SF_ERR_USAGE, "--trace: cannot write %s: %s", trace, strerror(errno));
    setvbuf(c->trace, NULL, _IOLBF, 0);
    return SF_OK;
}

static sf_status settle(cli *c, sf_error *err)
{
    static const char *const versions[] = { "SF_ORG_API_VERSION", "SFDX_API_VERSION" };
    const char *timeout = cli_args_value(&c->args, "timeout");
    c->quiet = cli_args_times(&c->args, "quiet") > 0;
    c->yes = cli_args_times(&c->args, "yes") > 0;
    c->no_progress = cli_args_times(&c->args, "no-progress") > 0;
    c->output = cli_args_value(&c->args, "output");
    sf_status rc = SF_OK;
    const cli_command *command = c->args.command;
    if (command->group != NULL && command != &cli_command_man && command != &cli_command_completion)
        rc = cli_settings_load(c, err);
    if (rc == SF_OK) rc = settle_format(c, err);
    if (rc == SF_OK) rc = settle_log(c, err);
    if (rc != SF_OK) return rc;
    c->api_version = cli_args_value(&c->args, "api-version");
    if (c->api_version == NULL) c->api_version = first_variable(versions, SFI_COUNT_OF(versions));
    if (c->api_version == NULL)
        c->api_version = c->project.api_version != NULL ? c->project.api_version : c->user.api_version;
    if (timeout != NULL && !cli_parse_duration(timeout, &c->timeout_ms))
        return sfi_fail(err, SF_ERR_USAGE, "--timeout %.40s: want a time up to a day, such as 30s, 10m or 500ms",
                        timeout);
    return cli_take_number(c, "max-calls", 1, INT64_MAX, &c->max_calls, err);
}

static int check_words(cli *c)
{
    const cli_command *m = c->args.command;
    bool is_secret = m == &cli_command_login || m == &cli_command_password; /* what is too many may be one */
    if (c->args.count < (size_t)m->words_min)
        return cli_usage(c, "%s: something is missing: sforce %s %s", m->name, m->name, m->usage);
    if (m->words_max >= 0 && c->args.count > (size_t)m->words_max && is_secret)
        return cli_usage(c, "%s: a word too many; a secret on the command line is seen by everybody on this machine",
                         m->name);
    if (m->words_max >= 0 && c->args.count > (size_t)m->words_max)
        return cli_usage(c, "%s: %.80s is one word too many (a text with blanks wants quotes)", m->name,
                         c->args.words[m->words_max]);
    return CLI_OK;
}

static int run_command(cli *c)
{
    sf_error err;
    int code = check_words(c);
    if (code != CLI_OK) return code;
    if (settle(c, &err) != SF_OK || cli_signals_init(c, &err) != SF_OK) return cli_fail_error(c, &err);
    code = c->args.command->run(c);
    if (code == CLI_OK || code == CLI_ROWS) cli_remember(c);
    return code;
}

/* "org NAME" where a login has that name is ours, whatever sf means by it. */
static bool is_login(cli *c, int argc, char *const *argv)
{
    return argc > 2 && strcmp(argv[1], "org") == 0 && cli_login_name_ok(argv[2]) &&
           access(cli_login_path(c, argv[2]), F_OK) == 0;
}

static int run_line(cli *c, int argc, char **argv)
{
    sf_error err;
    int sf_argc;
    char **sf_argv;
    const char *spelling = NULL;
    if (argc > 2 && cli_sf_spelling(argc, argv) != NULL && !is_login(c, argc, argv)) {
        spelling = cli_sf_spelling(argc, argv);
        if (cli_sf_rewrite(argc, argv, &c->arena, &sf_argc, &sf_argv)) {
            argc = sf_argc;
            argv = sf_argv;
        }
    }
    sf_status rc = cli_args_parse(argc, argv, &c->arena, &c->args, &err);
    c->json = cli_args_times(&c->args, "json") > 0;
    for (int i = 1; rc != SF_OK && i < argc && strcmp(argv[i], "--") != 0; i++)
        c->json = c->json || strcmp(argv[i], "--json") == 0;
    c->color = !c->json && wants_color(STDERR_FILENO);
    if (cli_args_times(&c->args, "version") > 0) return print_version(c);
    if (cli_args_times(&c->args, "help") > 0) return print_help(c, c->args.command);
    if (rc != SF_OK && spelling != NULL)
        return cli_fail_hint(
            c, &err, cli_textf(c, "sforce spells it: sforce %s %s", spelling, cli_command_find(spelling)->usage));
    if (rc != SF_OK) return cli_fail_error(c, &err);
    if (c->args.command != NULL) return run_command(c);
    (void)print_help(c, NULL);
    return CLI_USAGE;
}

int main(int argc, char **argv)
{
    cli c = { .out = { .fd = -1 } };
    if (!sfi_keep_standard_fds()) return CLI_FAILED;
    signal(SIGPIPE, SIG_IGN); /* sockets; a reader of stdout that leaves is seen by the sink */
    signal(SIGXFSZ, SIG_IGN); /* a file over its limit is a failed write like any other */
    c.argc = argc;
    c.argv = argv;
    int code = run_line(&c, argc, argv);
    bool reader_left = c.out.broken_pipe;
    if (c.out.fd >= 0) (void)cli_out_close(&c.out, false, NULL); /* a command that failed has said why */
    cli_disconnect(&c);
    sf_cancel_free(c.cancel);
    if (c.trace != NULL) fclose(c.trace);
    sfi_arena_free(&c.arena);
    if (reader_left) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    return code;
}

/* clang-format off */
static const cli_flag man_flags[] = {
    { "all", 0, "DIR", "write every page into DIR: sforce.1, sforce-query.1, ...", CLI_WORDS_FOLDER, NULL, false },
    { 0 },
};
static const cli_example man_examples[] = {
    { "sforce man query | man -l -", "Read a page" },
    { "sforce man --all /usr/local/share/man/man1", "Install them" },
    { 0 },
};
const cli_command cli_command_man = {
    .name = "man", .usage = "[COMMAND]", .summary = "print a man page",
    .flags = man_flags, .examples = man_examples, .words_max = 1, .words = { CLI_WORDS_COMMAND, CLI_WORDS_NONE }, .run = run_man, .group = "Around it",
};

static const cli_example help_examples[] = {
    { "sforce help query", "The same as sforce query --help" },
    { 0 },
};
const cli_command cli_command_help = {
    .name = "help", .usage = "[COMMAND]", .summary = "say what a command does",
    .examples = help_examples, .words_max = 1, .words = { CLI_WORDS_COMMAND, CLI_WORDS_NONE }, .run = run_help, .group = "Around it",
};
/* clang-format on */
