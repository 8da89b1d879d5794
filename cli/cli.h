/*
 * cli.h: what every command works with: the run's settings, where its output goes, how it fails, how it reaches an org.
 * Threads: one, but for the log callback and the signal handler, which touch only what they are given.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H
#include <salesforce.h>
#include "base/base_internal.h"
#include "command.h"
#include "output.h"

/* Documented in sforce(1); scripts depend on them. */
typedef enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* the org refused, or something inside failed */
    CLI_USAGE = 2,   /* wrong usage or bad input file; nothing was sent */
    CLI_LOGIN = 3,   /* not logged in, session or app not allowed */
    CLI_ROWS = 4,    /* finished, some rows failed */
    CLI_NETWORK = 5, /* network, timeout, 5xx after retries: safe to repeat */
    CLI_LIMIT = 6,   /* a limit of the org or --max-calls */
    CLI_UNKNOWN = 7, /* a write's answer was lost */
    CLI_EVENTS = 8,  /* listen: the position is no longer kept, or no event came for too long */
    CLI_UNFINISHED = 75,
    CLI_INTERRUPTED = 130,
    CLI_TERMINATED = 143
} cli_exit;

typedef struct cli_settings { /* what a config.toml says; NULL: nothing */
    const char *org, *format, *api_version;
    const char *path; /* where it was read; NULL: no such file */
} cli_settings;

/* One login, as its file below orgs/ has it. Strings live in the run's arena; NULL: not there. */
typedef struct cli_login {
    const char *name;
    const char *path; /* of its file; NULL: it came from the environment */
    const char *flow; /* "bearer", "client-credentials", "refresh-token", "none" */
    const char *login_url, *instance_url;
    const char *username, *org_id, *user_id;
    const char *client_id, *client_secret;
    const char *access_token, *refresh_token;
    const char *api_version; /* pinned at login; NULL: the newest */
    const char *chosen_by;   /* what named it, for people */
} cli_login;

struct cli {
    int argc; /* the command line as it was typed */
    char *const *argv;
    cli_args args;
    sfi_arena arena; /* all that lives as long as the run */
    bool json;       /* --json: one object, result or error */
    bool quiet, yes, no_progress;
    bool color;                    /* of stderr and help */
    cli_format format;             /* CLI_FORMAT_AUTO: the command decides */
    const char *output;            /* -O FILE; NULL: stdout */
    const char *api_version;       /* flag, environment or configuration; NULL: the login's, else the newest */
    int64_t timeout_ms, max_calls; /* 0: none given */
    cli_settings project, user;
    int verbosity; /* -v, -vv */
    FILE *trace;   /* --trace FILE */
    sf_cancel *cancel;
    sf_call_options call; /* to be pointed to by every call: timeout and cancel */
    cli_out out;
    cli_login login; /* of the client that is open */
    sf_client *sf;
    sf_token_store *store;
    bool keep_describes; /* the command reads describes: let the client keep them in the cache */
    bool version_asked;  /* the client has to ask for the newest version: keep the answer */
    cli_exit ended;      /* what the run answers once its output is out: CLI_ROWS when some rows failed */
};

/* ---- memory and text (text.c): a program that finds no memory for a few bytes says so and ends ---- */
char *cli_strdup(cli *c, const char *s); /* NULL in, NULL out */
char *cli_strndup(cli *c, const char *s, size_t len);
char *cli_textf(cli *c, const char *format, ...) SFI_PRINTF(2, 3);
void *cli_alloc(cli *c, size_t size); /* cleared */
/* Room for one more after count elements of size bytes: old itself, or a copy of twice the room. NULL old: none yet. */
void *cli_grow(cli *c, void *old, size_t count, size_t *cap, size_t size);
_Noreturn void cli_no_memory(void);
/* A file's bytes, or stdin's for "-"; arena, NUL after. SF_ERR_USAGE: the message names the file and the reason. */
sf_status cli_read_file(cli *c, const char *path, size_t max, sf_str *out, sf_error *err);
/* The same for a file of JSON. @param doc ends with sf_document_free. SF_ERR_USAGE: names file, line and column. */
sf_status cli_read_json(cli *c, const char *path, size_t max, sf_str *text, sf_document **doc, sf_error *err);
/* A flag's whole number; without the flag *out stays. SF_ERR_USAGE: the message names the flag and the range. */
sf_status cli_take_number(cli *c, const char *flag, int64_t min, int64_t max, int64_t *out, sf_error *err);
bool cli_parse_duration(const char *text, int64_t *ms); /* "90s", "10m", "500ms", "2h", bare seconds */
void cli_json_add_string(sfi_buf *out, sf_str s);       /* quoted and escaped */
void cli_json_add_member(sfi_buf *out, const char *name,
                         const char *value); /* "name":"value" with a comma before if needed; NULL: left out */
char *cli_group_digits(cli *c, int64_t n);   /* 1,234,567 */

/* ---- failing (report.c) ---- */
cli_exit cli_exit_of(const sf_error *err);
/* Print one line (or the JSON object) and a hint; answers the exit code, so that «return cli_fail(…)» reads well. */
int cli_fail(cli *c, cli_exit code, const char *hint, const char *format, ...) SFI_PRINTF(4, 5);
int cli_fail_error(cli *c, const sf_error *err); /* hint chosen by what it is */
int cli_fail_hint(cli *c, const sf_error *err, const char *hint);
int cli_fail_as(cli *c, cli_exit code, const sf_error *err, const char *hint); /* hint NULL: the usual one */
#define CLI_HINT_EVENTS "sforce describe | grep __e lists the platform events that this user sees"
int cli_usage(cli *c, const char *format, ...) SFI_PRINTF(2, 3);       /* exit 2; the hint is the command's help */
#ifdef __clang_analyzer__ /* it sees one file at a time: what the function answers must be told */
#define cli_usage(c, ...) ((void)(cli_usage)(c, __VA_ARGS__), CLI_USAGE)
#endif
void cli_note(const cli *c, const char *format, ...) SFI_PRINTF(2, 3); /* to stderr unless --quiet */
void cli_warn(const cli *c, const char *format, ...) SFI_PRINTF(2, 3); /* to stderr always */
/* The members of an error as JSON, without braces: "name":…,"message":…,… */
void cli_error_members(sfi_buf *out, const sf_error *err, const char *hint);
const char *cli_error_message(const sf_error *err); /* without the code in front, where that has a column of its own */
/* Ends a command that has one JSON value as its result: prints it (in the envelope when --json). */
int cli_finish_json(cli *c, sf_str result);
bool cli_wants_json(const cli *c);            /* --json, -r json or ndjson: the org's own answer */
int cli_finish_value(cli *c, sf_value value); /* the same for what the org said */
int cli_finish_list(cli *c, sf_value list);   /* an array as JSON; ndjson: an element a line */
int cli_finish_grid(cli *c, const cli_grid *grid,
                    sf_str raw); /* raw: what json formats print; ptr NULL: the grid itself */
/* The same, where json formats print a value of the org's. */
int cli_finish_grid_value(cli *c, const cli_grid *grid, sf_value raw);
/* A value as a cell: its text, objects and arrays as JSON; NULL: null or missing. */
const char *cli_cell(cli *c, sf_value v);
int cli_finish_output(cli *c); /* close the sink; exit code of that */

/* ---- places and settings (places.c, config.c) ---- */
const char *cli_config_dir(cli *c); /* "" + reason printed never happens: falls back to "." without HOME */
const char *cli_data_dir(cli *c);
const char *cli_cache_dir(cli *c);
const char *cli_state_dir(cli *c);
sf_status cli_make_dirs(const char *path, unsigned mode, sf_error *err); /* all missing folders; those made get mode */
/* Write beside and rename. */
sf_status cli_write_file(const char *path, sf_str bytes, unsigned mode, sf_error *err);

/* .sforce.toml and config.toml, once, into c->project and c->user. */
sf_status cli_settings_load(cli *c, sf_error *err);
sf_status cli_settings_set_org(cli *c, const char *name, sf_error *err); /* the user's default; NULL: take it away */

/* ---- logins (logins.c) ---- */
bool cli_login_name_ok(const char *name);
const char *cli_login_path(cli *c, const char *name);
sf_status cli_login_load(cli *c, const char *name, cli_login *out, sf_error *err); /* SF_ERR_AUTH: no such login */
/* Other members of a file that is there already, such as the token store's, stay. */
sf_status cli_login_save(cli *c, const cli_login *login, const char *path, sf_error *err);
sf_status cli_login_remove(cli *c, const char *name, sf_error *err);
sf_status cli_login_names(cli *c, const char *const **out, size_t *count, sf_error *err); /* sorted */

/* ---- reaching an org (session.c) ---- */
/* Which org is meant, by flag, environment, project, user. SF_ERR_AUTH: none. */
sf_status cli_org_choose(cli *c, cli_login *out, sf_error *err);
/* The login that is meant, as an open client in c->sf. */
sf_status cli_connect(cli *c, sf_error *err);
sf_status cli_connect_login(cli *c, const cli_login *login, sf_error *err);
sf_status cli_connect_auth(cli *c, const cli_login *login, const sf_auth *auth,
                           sf_error *err); /* with credentials that are not kept */
void cli_disconnect(cli *c);
sf_status cli_signals_init(cli *c,
                           sf_error *err); /* SIGINT and SIGTERM end the run's calls; a second one ends the run */
/* The org's newest version, when it was asked in the last day (or ever): saves a request a run. NULL: not known. */
const char *cli_remembered_version(cli *c, const cli_login *login, bool any_age);
/* Keep what the run learnt, such as the org's newest API version. */
void cli_remember(cli *c);

/* ---- one record (cmd_records.c) ---- */
const char *const *cli_field_list(cli *c);     /* --fields, NULL at the end; NULL: not given */
int cli_print_record(cli *c, sf_value record); /* in the format that is asked for; exit code */

/* ---- asking people (prompt.c) ---- */
/* A value that must not stand in argv: from the environment variable, else asked for without echo on the terminal, else a
 * line of stdin. @param out arena. SF_ERR_USAGE: there is no way to get it. */
sf_status cli_ask(cli *c, const char *what, const char *variable, bool secret, const char **out, sf_error *err);
bool cli_confirm(cli *c, const char *question); /* true with --yes; false where nobody can be asked */

/* ---- values on the command line (fields.c, binds.c) ---- */
/* F=v, F=, F:=json, F=@file, F@=file, Parent.Ext__c=v. */
sf_status cli_field_apply(cli *c, sf_record *r, const char *word, sf_error *err);
sf_status cli_fields_apply_json(cli *c, sf_record *r, sf_value object, sf_error *err);
/* Words from the given one on, or "-": a JSON object from stdin. */
sf_status cli_fields_from_words(cli *c, sf_record *r, size_t first, sf_error *err);
bool cli_split_pair(cli *c, const char *word, const char **name, const char **value); /* at the first = */
sf_status cli_binds_parse(cli *c, sf_binds *out, sf_error *err);                      /* all -p of the run */

int cli_apex_run(cli *c); /* apex_run.c: a sub-verb of apex */

#endif
