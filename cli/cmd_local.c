/* cmd_local.c: `sforce local start` and `stop`: sforce-org in the background. Its process is known by id and start time, kept in a
 * file, so that a process that got the same id later is never taken for it. A lock beside that file makes one start at a time. */
#define _GNU_SOURCE /* pipe2 */
#include "cli.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 64 * 1024, STOP_WAIT_MS = 30000, ARGS_MAX = 96 };

typedef struct local {
    const char *name;
    const char *dir, *pid_path, *log_path;
    const char *data; /* its records */
} local;

typedef struct process {
    int64_t pid, started; /* started: in clock ticks since boot, as /proc has it; 0: no process */
    const char *url;
} process;

static sf_status local_init(cli *c, local *l, sf_error *err)
{
    const char *name = cli_args_value(&c->args, "name");
    l->name = name != NULL ? name : "local";
    if (!cli_login_name_ok(l->name))
        return sfi_fail(err, SF_ERR_USAGE, "--name %.80s: letters, digits and . _ @ + - only", l->name);
    l->dir = cli_textf(c, "%s/local", cli_data_dir(c));
    l->pid_path = cli_textf(c, "%s/%s.pid", l->dir, l->name);
    l->log_path = cli_textf(c, "%s/%s.log", l->dir, l->name);
    const char *data = cli_args_value(&c->args, "data");
    l->data = data != NULL ? data : cli_textf(c, "%s/%s.db", l->dir, l->name);
    return cli_make_dirs(l->dir, 0700, err);
}

/* Held until the program ends. */
static sf_status take_lock(cli *c, const local *l, sf_error *err)
{
    int fd = open(cli_textf(c, "%s/%s.lock", l->dir, l->name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return sfi_fail(err, SF_ERR_IO, "cannot lock %s: %s", l->dir, strerror(errno));
    while (flock(fd, LOCK_EX) != 0) /* ends: another start or stop ends, or a signal comes */
        if (errno != EINTR || cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
    return SF_OK;
}

/* Field 22 of /proc/PID/stat; 0: no such process. */
static int64_t start_time(int64_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *p = strrchr(text, ')'); /* the name may hold anything */
    if (p == NULL || p[1] != ' ' || p[2] == 'Z') return 0;
    for (int field = 2; p != NULL && field < 22; field++) p = strchr(p + 1, ' ');
    sf_str rest = sfi_str(p != NULL ? p + 1 : "");
    int64_t ticks = 0;
    return sfi_take_int(&rest, INT64_MAX, &ticks) ? ticks : 0;
}

/* What the file tells, when that process still runs. */
static process running(cli *c, const local *l)
{
    process none = { 0 }, p = { 0 };
    sf_str text;
    sf_document *doc = NULL;
    if (access(l->pid_path, F_OK) != 0 || cli_read_file(c, l->pid_path, 4096, &text, NULL) != SF_OK ||
        sf_document_parse(text.ptr, text.len, &doc, NULL) != SF_OK)
        return none;
    p.pid = sf_get_int(sf_document_root(doc), "pid", 0);
    p.started = sf_get_int(sf_document_root(doc), "started", 0);
    p.url = cli_strdup(c, sf_get_str(sf_document_root(doc), "url"));
    sf_document_free(doc);
    return p.pid > 1 && p.url != NULL && p.started != 0 && start_time(p.pid) == p.started ? p : none;
}

/* Beside this program, else in PATH. */
static const char *find_program(cli *c)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    char *slash = strrchr(self, '/');
    if (slash != NULL) {
        *slash = 0;
        const char *beside = cli_textf(c, "%s/sforce-org", self);
        if (access(beside, X_OK) == 0) return beside;
    }
    for (const char *p = getenv("PATH"); p != NULL && *p != 0;) {
        size_t len = strcspn(p, ":");
        const char *candidate = cli_textf(c, "%.*s/sforce-org", (int)len, p);
        if (len > 0 && access(candidate, X_OK) == 0) return candidate;
        p += len + (p[len] == ':');
    }
    return NULL;
}

/* ---- start ---- */

static char **arguments(cli *c, const char *program, const local *l, const char *port)
{
    static const char *const passed[] = { "seed", "records", "schema" };
    char **argv = cli_alloc(c, ARGS_MAX * sizeof *argv);
    size_t n = 0;
    argv[n++] = cli_strdup(c, program);
    argv[n++] = cli_strdup(c, "--json");
    argv[n++] = cli_textf(c, "--port=%s", port);
    argv[n++] = cli_textf(c, "--data=%s", l->data);
    for (size_t i = 0; i < SFI_COUNT_OF(passed); i++) {
        const char *value = cli_args_value(&c->args, passed[i]);
        if (value != NULL) argv[n++] = cli_textf(c, "--%s=%s", passed[i], value);
    }
    for (size_t i = 0; i < c->args.given_count && n < ARGS_MAX - 1; i++)
        if (strcmp(c->args.given[i].flag->name, "fault") == 0)
            argv[n++] = cli_textf(c, "--fault=%s", c->args.given[i].value);
    return argv;
}

/* In the child: nothing of the terminal, nothing of our signals. */
_Noreturn static void become(char **argv, int out, int log)
{
    int null = open("/dev/null", O_RDONLY);
    setsid();
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
        _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

/* The line that it prints when it answers. @return false: it ended, or we were interrupted. */
static bool read_announcement(int fd, char *line, size_t size)
{
    size_t n = 0;
    while (cli_signal == 0 && n < size - 1) {
        ssize_t got = read(fd, line + n, size - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        n += (size_t)got;
        line[n] = 0;
        if (memchr(line, '\n', n) != NULL) return true;
    }
    return false;
}

/* What it said on its way out: the last line of the log. */
static const char *last_words(cli *c, const local *l)
{
    sf_str text;
    if (cli_read_file(c, l->log_path, SFI_MIB, &text, NULL) != SF_OK) return "it said nothing";
    text = sfi_trim(text);
    const char *line = text.ptr;
    for (const char *p = text.ptr; p < text.ptr + text.len; p++)
        if (*p == '\n') line = p + 1;
    sf_str last = { line, (size_t)(text.ptr + text.len - line) };
    if (sfi_starts_with(last, "sforce-org: ")) last = (sf_str){ last.ptr + 12, last.len - 12 };
    return last.len > 0 ? cli_strndup(c, last.ptr, last.len) : "it said nothing";
}

static sf_status launch(cli *c, const local *l, char **argv, process *out, char *line, sf_error *err)
{
    int fds[2] = { -1, -1 };
    int log = open(l->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log < 0 || pipe2(fds, O_CLOEXEC) != 0) {
        sf_status rc = sfi_fail(err, SF_ERR_IO, "cannot start %s: %s", argv[0], strerror(errno));
        if (log >= 0) close(log);
        return rc;
    }
    pid_t pid = fork();
    if (pid == 0) become(argv, fds[1], log);
    close(fds[1]);
    close(log);
    bool answered = pid > 0 && read_announcement(fds[0], line, LINE_BYTES_MAX);
    close(fds[0]);
    if (answered) {
        *out = (process){ .pid = pid, .started = start_time(pid) };
        return SF_OK;
    }
    if (pid > 0) {
        kill(pid, SIGTERM);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) { /* it was told to end */
        }
    }
    if (cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
    return sfi_fail(err, SF_ERR_IO, "the local org did not start: %.500s", last_words(c, l));
}

/* ":PORT" of the address that this login had before; NULL: none. */
static const char *former_port(cli *c, const local *l)
{
    cli_login login;
    if (cli_login_load(c, l->name, &login, NULL) != SF_OK || login.login_url == NULL ||
        strncmp(login.login_url, "http://127.0.0.1:", 17) != 0)
        return NULL;
    return login.login_url + 17;
}

static sf_status launch_somewhere(cli *c, const local *l, process *out, char *line, sf_error *err)
{
    const char *program = find_program(c), *port = cli_args_value(&c->args, "port");
    if (program == NULL)
        return sfi_fail(err, SF_ERR_IO,
                        "sforce-org is not installed: it was looked for beside this program and in PATH");
    if (port != NULL) return launch(c, l, arguments(c, program, l, port), out, line, err);
    port = former_port(c, l);
    if (port != NULL && launch(c, l, arguments(c, program, l, port), out, line, err) == SF_OK) return SF_OK;
    if (port != NULL && cli_signal != 0) return sfi_fail(err, SF_ERR_CANCELLED, "interrupted");
    return launch(c, l, arguments(c, program, l, "0"), out, line, err); /* the port may have been taken meanwhile */
}

static sf_status write_pid_file(const local *l, const process *p, sf_error *err)
{
    sfi_buf text = { 0 };
    sfi_buf_addf(&text, "{\"pid\":%lld,\"started\":%lld", (long long)p->pid, (long long)p->started);
    cli_json_add_member(&text, "url", p->url);
    sfi_buf_add_str(&text, "}\n");
    sf_status rc = sfi_buf_status(&text, err, "a file");
    if (rc == SF_OK) rc = cli_write_file(l->pid_path, sfi_buf_str(&text), 0600, err);
    sfi_buf_free(&text);
    return rc;
}

/* Its login, tried at once, so that org id and API version are known. */
static sf_status register_login(cli *c, const local *l, sf_value said, bool *is_default, sf_error *err)
{
    sf_client_info info;
    cli_login current;
    const char *path = cli_login_path(c, l->name);
    cli_login login = { .name = l->name,
                        .path = path,
                        .flow = "client-credentials",
                        .login_url = cli_strdup(c, sf_get_str(said, "url")),
                        .username = cli_strdup(c, sf_get_str(said, "username")),
                        .client_id = cli_strdup(c, sf_get_str(said, "client_id")),
                        .client_secret = cli_strdup(c, sf_get_str(said, "client_secret")) };
    unlink(path); /* what an earlier org of that name left, its session too */
    sf_status rc = cli_login_save(c, &login, path, err);
    if (rc == SF_OK) rc = cli_connect_login(c, &login, err);
    if (rc == SF_OK) rc = sf_client_login(c->sf, &c->call, err);
    if (rc == SF_OK) rc = sf_client_get_info(c->sf, &info, err);
    cli_disconnect(c);
    c->login = (cli_login){ 0 };
    if (rc != SF_OK) return rc;
    cli_login kept;
    rc = cli_login_load(c, l->name, &kept, err);
    if (rc != SF_OK) return rc;
    kept.org_id = info.org_id.text[0] != 0 ? cli_strdup(c, info.org_id.text) : NULL;
    kept.user_id = info.user_id.text[0] != 0 ? cli_strdup(c, info.user_id.text) : NULL;
    kept.instance_url = cli_strdup(c, info.instance_url);
    rc = cli_login_save(c, &kept, path, err);
    bool none = c->user.org == NULL || cli_login_load(c, c->user.org, &current, NULL) != SF_OK;
    *is_default = none || strcmp(c->user.org, l->name) == 0;
    if (rc == SF_OK && none) rc = cli_settings_set_org(c, l->name, err);
    return rc;
}

static int tell(cli *c, const local *l, const process *p, bool already, bool is_default)
{
    static const char *const names[] = { "name", "url", "pid", "data", "already_running" };
    static const bool bare[] = { false, false, true, false, true };
    const char *option = is_default ? "" : cli_textf(c, " -o %s", l->name);
    cli_note(c, "%s at %s%s", already ? "The local org runs already," : "The local org is running", p->url,
             already ? "."
                     : cli_textf(c, ", and its login is named %s%s.", l->name, is_default ? ", the default" : ""));
    cli_note(c, "Next: sforce query%s \"SELECT Id, Name, Industry FROM Account LIMIT 5\"\nEnd:  sforce local stop%s",
             option, strcmp(l->name, "local") == 0 ? "" : cli_textf(c, " --name %s", l->name));
    bool table = !c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE);
    sf_error err;
    if (table) {
        if (cli_out_open(&c->out, c->output, &err) != SF_OK) return cli_fail_error(c, &err);
        cli_out_add_str(&c->out, p->url);
        cli_out_add_char(&c->out, '\n');
        return cli_finish_output(c);
    }
    const char *cells[] = { l->name, p->url, cli_textf(c, "%lld", (long long)p->pid), l->data,
                            already ? "true" : "false" };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true, .right = bare };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static sf_status start_new(cli *c, const local *l, process *p, bool *is_default, sf_error *err)
{
    char *line = cli_alloc(c, LINE_BYTES_MAX);
    sf_document *doc = NULL;
    sf_status rc = launch_somewhere(c, l, p, line, err);
    if (rc != SF_OK) return rc;
    rc = sf_document_parse(line, strlen(line), &doc, err);
    sfi_wipe(line, LINE_BYTES_MAX);
    if (rc == SF_OK) {
        p->url = cli_strdup(c, sf_get_str(sf_document_root(doc), "url"));
        rc = p->url != NULL ? write_pid_file(l, p, err)
                            : sfi_fail(err, SF_ERR_PROTOCOL, "sforce-org did not print its address");
    }
    if (rc == SF_OK) rc = register_login(c, l, sf_document_root(doc), is_default, err);
    sf_document_free(doc);
    if (rc != SF_OK) { /* half started is not started */
        kill((pid_t)p->pid, SIGTERM);
        unlink(l->pid_path);
    }
    return rc;
}

static int local_start(cli *c)
{
    sf_error err;
    local l;
    bool is_default = false;
    if (local_init(c, &l, &err) != SF_OK || take_lock(c, &l, &err) != SF_OK) return cli_fail_error(c, &err);
    process p = running(c, &l);
    if (p.pid != 0) {
        is_default = c->user.org != NULL && strcmp(c->user.org, l.name) == 0;
        return tell(c, &l, &p, true, is_default);
    }
    sf_status rc = start_new(c, &l, &p, &is_default, &err);
    return rc == SF_OK
               ? tell(c, &l, &p, false, is_default)
               : cli_fail_hint(c, &err, rc == SF_ERR_CANCELLED ? NULL : cli_textf(c, "its log is %s", l.log_path));
}

/* ---- stop ---- */

/* By a handle of the process, taken before its start time is looked at again: no other process can be hit. */
static sf_status end_process(const process *p, sf_error *err)
{
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)p->pid, 0);
    if (fd < 0)
        return errno == ESRCH
                   ? SF_OK
                   : sfi_fail(err, SF_ERR_IO, "cannot reach process %lld: %s", (long long)p->pid, strerror(errno));
    sf_status rc = SF_OK;
    if (start_time(p->pid) == p->started) {
        int64_t until = sfi_now_ms() + STOP_WAIT_MS;
        if (syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) != 0 && errno != ESRCH)
            rc = sfi_fail(err, SF_ERR_IO, "cannot end process %lld: %s", (long long)p->pid, strerror(errno));
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        int ended = 0;
        while (rc == SF_OK && ended == 0 && sfi_now_ms() < until && cli_signal == 0) ended = poll(&wait, 1, 200) > 0;
        if (rc == SF_OK && ended == 0)
            rc = sfi_fail(err, cli_signal != 0 ? SF_ERR_CANCELLED : SF_ERR_TIMEOUT, "process %lld has not ended yet",
                          (long long)p->pid);
    }
    close(fd);
    return rc;
}

static int local_stop(cli *c)
{
    sf_error err;
    local l;
    if (local_init(c, &l, &err) != SF_OK || take_lock(c, &l, &err) != SF_OK) return cli_fail_error(c, &err);
    process p = running(c, &l);
    if (p.pid != 0 && end_process(&p, &err) != SF_OK) return cli_fail_error(c, &err);
    unlink(l.pid_path); /* it may never have been there */
    if (p.pid != 0)
        cli_note(c, "The local org has stopped. Its login stays; sforce local start brings it back.");
    else
        cli_note(c, "No local org named %s is running.", l.name);
    return c->json ? cli_finish_json(c, sfi_str(p.pid != 0 ? "{\"stopped\":true}" : "{\"stopped\":false}")) : CLI_OK;
}

/* For programs that log in by themselves, such as those of examples/: lines for a shell's eval. */
static int local_env(cli *c)
{
    sf_error err;
    local l;
    cli_login login;
    if (local_init(c, &l, &err) != SF_OK || cli_login_load(c, l.name, &login, &err) != SF_OK)
        return cli_fail_error(c, &err);
    if (running(c, &l).pid == 0)
        return cli_usage(c, "local: no local org named %s is running; sforce local start starts it", l.name);
    if (login.login_url == NULL || login.client_id == NULL || login.client_secret == NULL)
        return cli_usage(c, "local: the login %s is not one that sforce local start made", l.name);
    printf("export SFORCE_URL='%s' SFORCE_CLIENT_ID='%s' SFORCE_CLIENT_SECRET='%s'\n", login.login_url, login.client_id,
           login.client_secret);
    return fflush(stdout) == 0 ? CLI_OK : CLI_FAILED;
}

/* clang-format off */
static const cli_flag local_flags[] = {
    { "name", 'a', "NAME", "of the local org and its login; local when not given", CLI_WORDS_NONE, "alias", false },
    { "port", 0, "N", "of 127.0.0.1; otherwise the port it had before, or any free one", CLI_WORDS_NONE, NULL, false },
    { "data", 0, "FILE|:memory:", "where its records are; otherwise a file of its own", CLI_WORDS_FILE, NULL, false },
    { "seed", 0, "sample|empty", "what a new one holds", CLI_WORDS_NONE, NULL, false },
    { "records", 0, "N", "fill a new one with N records", CLI_WORDS_NONE, NULL, false },
    { "schema", 0, "FILE", "custom objects and fields", CLI_WORDS_FILE, NULL, false },
    { "fault", 0, "SPEC", "failures to play (see sforce-org --help)", CLI_WORDS_NONE, NULL, true },
    { 0 },
};
static const cli_example local_examples[] = {
    { "sforce local start", "An org with sample data, and a login named local" },
    { "sforce local start --data :memory: --records 100000", "A large one that is gone afterwards" },
    { "eval \"$(sforce local env)\"", "SFORCE_URL, SFORCE_CLIENT_ID and SFORCE_CLIENT_SECRET for a program of yours" },
    { "sforce local stop", "End it; its data stays" },
    { 0 },
};
static const cli_verb local_verbs[] = {
    { "start", "start it in the background and log in", local_start, CLI_WORDS_NONE },
    { "stop", "end it; its data stays", local_stop, CLI_WORDS_NONE },
    { "env", "its URL and login as variables of a shell", local_env, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_local = {
    .name = "local", .usage = "start|stop|env", .summary = "run a Salesforce-compatible org on this machine",
    .text = "start runs sforce-org in the background, registers its login, and prints its address; stop ends it. Its data stays in "
            "$XDG_DATA_HOME/sforce/local/NAME.db from one start to the next. env prints its URL, client id and client secret as lines "
            "for a shell, for programs that log in by themselves.",
    .verbs = local_verbs,
    .flags = local_flags, .examples = local_examples, .words_min = 1, .words_max = 1, .run = cli_run_verb, .group = "Around it",
};
/* clang-format on */
