/* session.c: from what was typed to an open client: which org is meant, how it logs in, what is remembered between runs, and how
 * a signal ends its calls. */
#include "cli.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

volatile sig_atomic_t cli_signal;
static sf_cancel *signal_cancel; /* set once, before the handlers */

static void on_signal(int number)
{
    if (cli_signal != 0) _exit(128 + number); /* asked twice: at once */
    cli_signal = number;
    sf_cancel_now(signal_cancel);
}

sf_status cli_signals_init(cli *c, sf_error *err)
{
    sf_status rc = sf_cancel_new(&c->cancel, err);
    if (rc != SF_OK) return rc;
    signal_cancel = c->cancel;
    struct sigaction action = { .sa_handler = on_signal }; /* no SA_RESTART: a prompt's read ends too */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    c->call.cancel = c->cancel;
    return SF_OK;
}

/* ---- which org ---- */

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != 0 ? value : NULL;
}

/* A session from the environment, as CI has it. */
static bool login_of_environment(cli *c, cli_login *out, sf_status *rc, sf_error *err)
{
    static const struct {
        const char *token, *url;
    } names[] = { { "SF_ACCESS_TOKEN", "SF_ORG_INSTANCE_URL" }, { "SFDX_ACCESS_TOKEN", "SFDX_INSTANCE_URL" } };
    for (size_t i = 0; i < SFI_COUNT_OF(names); i++) {
        const char *token = variable(names[i].token), *url = variable(names[i].url);
        if (token == NULL) continue;
        *rc = SF_OK;
        if (url == NULL) url = variable(names[1 - i].url);
        if (url == NULL) {
            *rc = sfi_fail(err, SF_ERR_AUTH, "%s is set, but %s is not: both are needed", names[i].token, names[i].url);
            return true;
        }
        *out = (cli_login){ .name = names[i].token,
                            .flow = "bearer",
                            .access_token = cli_strdup(c, token),
                            .instance_url = cli_strdup(c, url),
                            .chosen_by = names[i].token };
        return true;
    }
    return false;
}

/* sf's own default, as a last resort: only where we have a login of that name. */
static const char *sf_default(cli *c)
{
    const char *home = variable("HOME");
    const char *path = home != NULL ? cli_textf(c, "%s/.sf/config.json", home) : NULL;
    sf_str text;
    sf_document *doc = NULL;
    if (path == NULL || access(path, R_OK) != 0 || cli_read_file(c, path, 64 * SFI_KIB, &text, NULL) != SF_OK ||
        sf_document_parse(text.ptr, text.len, &doc, NULL) != SF_OK)
        return NULL;
    const char *name = cli_strdup(c, sf_get_str(sf_document_root(doc), "target-org"));
    sf_document_free(doc);
    if (name == NULL || !cli_login_name_ok(name) || access(cli_login_path(c, name), F_OK) != 0) return NULL;
    cli_note(c, "sforce: using %s, the default org of sf", name);
    return name;
}

sf_status cli_org_choose(cli *c, cli_login *out, sf_error *err)
{
    sf_status rc = SF_OK;
    const char *name = cli_args_value(&c->args, "org"), *by = "--org";
    *out = (cli_login){ 0 };
    if (name == NULL) name = variable(by = "SFORCE_ORG");
    if (name == NULL) {
        if (login_of_environment(c, out, &rc, err)) return rc;
        name = variable(by = "SF_TARGET_ORG");
    }
    if (name == NULL) name = variable(by = "SFDX_DEFAULTUSERNAME");
    if (name == NULL && c->project.org != NULL) {
        name = c->project.org;
        by = c->project.path;
    }
    if (name == NULL && c->user.org != NULL) {
        name = c->user.org;
        by = c->user.path;
    }
    if (name == NULL) name = sf_default(c), by = "the default org of sf";
    if (name == NULL)
        return sfi_fail(err, SF_ERR_AUTH, "not logged in to any org: no -o NAME, and no default org is set");
    rc = cli_login_load(c, name, out, err);
    out->chosen_by = by;
    if (rc != SF_OK && strcmp(by, "--org") != 0) sfi_error_prefix(err, "%s", by);
    return rc;
}

/* ---- the client ---- */

static const char *cache_name(cli *c, const cli_login *login)
{
    if (login->org_id != NULL && login->org_id[0] != 0) return login->org_id;
    const char *url = login->instance_url != NULL ? login->instance_url : login->login_url;
    if (url == NULL) return NULL;
    char *name = cli_strdup(c, url);
    for (char *p = name; *p != 0; p++) /* a folder's name */
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.", *p) == NULL) *p = '_';
    return name[0] == '.' ? NULL : name;
}

/* Of describes and versions; NULL: not possible. */
static const char *org_cache_dir(cli *c, const cli_login *login, bool make)
{
    const char *name = cache_name(c, login);
    if (name == NULL) return NULL;
    const char *dir = cli_textf(c, "%s/%s", cli_cache_dir(c), name);
    if (make && cli_make_dirs(dir, 0700, NULL) != SF_OK) return NULL; /* a cache that cannot be is no cache */
    return dir;
}

enum { VERSION_FRESH_S = 24 * 60 * 60 };

static const char *version_path(cli *c, const cli_login *login, bool make)
{
    const char *dir = org_cache_dir(c, login, make);
    return dir != NULL ? cli_textf(c, "%s/api-version", dir) : NULL;
}

const char *cli_remembered_version(cli *c, const cli_login *login, bool any_age)
{
    const char *path = version_path(c, login, false);
    struct stat st;
    sf_str text;
    if (path == NULL || stat(path, &st) != 0) return NULL;
    int64_t age_s = sfi_wall_ms() / 1000 - (int64_t)st.st_mtime;
    if ((!any_age && (age_s < 0 || age_s > VERSION_FRESH_S)) || cli_read_file(c, path, 64, &text, NULL) != SF_OK)
        return NULL;
    text = sfi_trim(text);
    return text.len >= 4 && text.len < 8 && strspn(text.ptr, "0123456789.") >= text.len
               ? cli_strndup(c, text.ptr, text.len)
               : NULL;
}

void cli_remember(cli *c)
{
    sf_client_info info;
    if (c->sf == NULL || !c->version_asked || sf_client_get_info(c->sf, &info, NULL) != SF_OK) return;
    const char *path = version_path(c, &c->login, true);
    if (path != NULL) (void)cli_write_file(path, sfi_str(info.api_version), 0600, NULL); /* only saves time */
}

static sf_status flow_of(const cli_login *login, sf_auth *auth, sf_error *err)
{
    static const struct {
        const char *name;
        sf_auth_flow flow;
    } flows[] = { { "none", SF_AUTH_NONE },
                  { "bearer", SF_AUTH_BEARER },
                  { "client-credentials", SF_AUTH_CLIENT_CREDENTIALS },
                  { "refresh-token", SF_AUTH_REFRESH_TOKEN } };
    for (size_t i = 0; i < SFI_COUNT_OF(flows); i++) {
        if (strcmp(login->flow, flows[i].name) != 0) continue;
        *auth =
            (sf_auth){ .flow = flows[i].flow, .client_id = login->client_id, .client_secret = login->client_secret };
        if (auth->flow == SF_AUTH_BEARER) auth->access_token = login->access_token;
        if (auth->flow == SF_AUTH_REFRESH_TOKEN) auth->refresh_token = login->refresh_token;
        return SF_OK;
    }
    return sfi_fail(err, SF_ERR_UNSUPPORTED, "%s: this build does not know the flow %.60s", login->name, login->flow);
}

static void log_line(void *user, sf_log_level level, const char *line)
{
    const cli *c = user;
    static const char *const names[] = { "", "error", "warning", "info", "debug", "trace" };
    const char *name = level > 0 && (size_t)level < SFI_COUNT_OF(names) ? names[level] : "";
    if (c->trace != NULL) {
        char when[32];
        sfi_time_format(sfi_wall_ms(), when);
        fprintf(c->trace, "%s %s %s\n", when, name, line);
    }
    sf_log_level wanted = c->verbosity >= 2   ? SF_LOG_DEBUG
                          : c->verbosity == 1 ? SF_LOG_INFO
                          : c->quiet          ? SF_LOG_NONE
                                              : SF_LOG_WARN;
    if (level <= wanted && level > SF_LOG_ERROR)
        fprintf(stderr, "sforce: %s: %s\n", name, line); /* errors come back to the command */
}

static sf_log_level log_level(const cli *c)
{
    if (c->trace != NULL) return SF_LOG_TRACE;
    return c->verbosity >= 2 ? SF_LOG_DEBUG : c->verbosity == 1 ? SF_LOG_INFO : SF_LOG_WARN;
}

/* All that log in by this app, or with this refresh token, share a session, on whatever machine. The file keeps the
 * token that the login was made with, and a new login has another: it never meets the session of the one before. */
static sf_status open_redis(cli *c, const char *where, const cli_login *login, sf_error *err)
{
    const char *ca_file = variable("SSL_CERT_FILE");
    const char *name = cli_textf(c, "%s %s %s %s", login->flow, login->login_url != NULL ? login->login_url : "",
                                 login->client_id != NULL ? login->client_id : "",
                                 login->refresh_token != NULL ? login->refresh_token : "");
    sf_status rc = sf_token_store_redis(&(sf_redis_options){ .url = where, .ca_file = ca_file }, name, &c->store, err);
    if (rc != SF_OK) sfi_error_prefix(err, "SFORCE_TOKEN_STORE");
    return rc;
}

/* What the variable says is not repeated: it may hold a password. */
static sf_status open_store(cli *c, const cli_login *login, sf_error *err)
{
    const char *where = variable("SFORCE_TOKEN_STORE");
    bool is_file = where == NULL || strcmp(where, "file") == 0;
    if (!is_file && strcmp(where, "keyring") == 0)
        return sfi_fail(err, SF_ERR_UNSUPPORTED, "SFORCE_TOKEN_STORE=keyring: this build has file, and redis://…");
    if (!is_file && strstr(where, "://") == NULL)
        return sfi_fail(err, SF_ERR_USAGE,
                        "SFORCE_TOKEN_STORE: want file, or redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]");
    if (login->path == NULL || strcmp(login->flow, "bearer") == 0 || strcmp(login->flow, "none") == 0) return SF_OK;
    return is_file ? sf_token_store_file(login->path, &c->store, err) : open_redis(c, where, login, err);
}

sf_status cli_connect_auth(cli *c, const cli_login *login, const sf_auth *auth, sf_error *err)
{
    const char *agent = cli_textf(c, "sforce/%s", sf_version());
    sf_client_options options = { .login_url = login->login_url,
                                  .auth = *auth,
                                  .token_store = c->store,
                                  .call_timeout_ms = c->timeout_ms,
                                  .max_calls = c->max_calls,
                                  .user_agent = agent,
                                  .client_name = agent,
                                  .log = log_line,
                                  .log_user = c,
                                  .log_level = log_level(c) };
    c->login = *login;
    const char *ca_file = variable("SSL_CERT_FILE"); /* libcurl as a library does not look there */
    if (ca_file != NULL && access(ca_file, R_OK) != 0)
        return sfi_fail(err, SF_ERR_USAGE, "SSL_CERT_FILE: cannot read %.300s", ca_file);
    options.transport.ca_file = ca_file;
    if (options.auth.flow == SF_AUTH_BEARER) options.instance_url = login->instance_url;
    options.api_version = c->api_version != NULL ? c->api_version : login->api_version;
    if (options.api_version == NULL) options.api_version = cli_remembered_version(c, login, false);
    c->version_asked = options.api_version == NULL;
    if (c->keep_describes) options.cache_dir = org_cache_dir(c, login, true);
    c->call.timeout_ms = c->timeout_ms;
    return sf_client_open(&options, &c->sf, err);
}

sf_status cli_connect_login(cli *c, const cli_login *login, sf_error *err)
{
    sf_auth auth;
    c->login = *login;
    sf_status rc = flow_of(login, &auth, err);
    if (rc == SF_OK) rc = open_store(c, login, err);
    return rc == SF_OK ? cli_connect_auth(c, login, &auth, err) : rc;
}

sf_status cli_connect(cli *c, sf_error *err)
{
    cli_login login;
    sf_status rc = cli_org_choose(c, &login, err);
    return rc == SF_OK ? cli_connect_login(c, &login, err) : rc;
}

void cli_disconnect(cli *c)
{
    sf_client_close(c->sf);
    c->sf = NULL;
    sf_token_store_close(c->store);
    c->store = NULL;
}
