/* cmd_login.c: `sforce login`. The login is tried under a name of its own and renamed when it works, so a failed attempt never costs
 * the login that was there. Secrets come from prompt.c only. */
#include "cli.h"
#include <errno.h>
#include <unistd.h>

enum { TOKEN_BYTES_MAX = 64 * 1024 };

typedef enum login_way {
    WAY_NONE,
    WAY_CLIENT_CREDENTIALS,
    WAY_TOKEN,
    WAY_REFRESH,
    WAY_SFDX_URL,
    WAY_PASSWORD,
    WAY_SOAP
} login_way;

typedef struct attempt {
    cli_login login; /* what will be kept */
    sf_auth auth;    /* with what must not be kept */
} attempt;

static sf_status choose_way(cli *c, login_way *out, sf_error *err)
{
    static const struct {
        const char *flag;
        login_way way;
    } ways[] = { { "client-credentials", WAY_CLIENT_CREDENTIALS },
                 { "token", WAY_TOKEN },
                 { "refresh-token", WAY_REFRESH },
                 { "sfdx-url", WAY_SFDX_URL },
                 { "password", WAY_PASSWORD },
                 { "soap", WAY_SOAP } };
    const char *first = NULL;
    *out = WAY_NONE;
    for (size_t i = 0; i < SFI_COUNT_OF(ways); i++) {
        if (cli_args_times(&c->args, ways[i].flag) == 0) continue;
        if (first != NULL)
            return sfi_fail(err, SF_ERR_USAGE, "login: --%s and --%s exclude each other", first, ways[i].flag);
        first = ways[i].flag;
        *out = ways[i].way;
    }
    if (*out == WAY_NONE && getenv("SFORCE_CLIENT_ID") == NULL && isatty(STDIN_FILENO) != 1)
        return sfi_fail(err, SF_ERR_USAGE, "login: say how, such as --client-credentials or --token -");
    if (*out == WAY_NONE) *out = WAY_CLIENT_CREDENTIALS;
    return SF_OK;
}

/* The one secret that a flag's - or FILE holds. */
static sf_status read_secret(cli *c, const char *flag, const char **out, sf_error *err)
{
    const char *where = cli_args_value(&c->args, flag);
    sf_str text;
    if (strchr(where, '!') != NULL || strncmp(where, "force://", 8) == 0)
        return sfi_fail(
            err, SF_ERR_USAGE,
            "--%s: a secret on the command line is seen by everybody on this machine: use --%s - and give it on stdin",
            flag, flag);
    if (strcmp(where, "-") == 0 && isatty(STDIN_FILENO) == 1) return cli_ask(c, flag, NULL, true, out, err);
    if (strcmp(where, "-") != 0 && access(where, R_OK) != 0) /* its name is not told: it may be the secret itself */
        return sfi_fail(err, SF_ERR_USAGE, "--%s: no such file that can be read; --%s - takes the secret from stdin",
                        flag, flag);
    sf_status rc = cli_read_file(c, where, TOKEN_BYTES_MAX, &text, err);
    if (rc != SF_OK) return rc;
    text = sfi_trim(text);
    if (text.len == 0)
        return sfi_fail(err, SF_ERR_USAGE, "--%s: %s is empty", flag, strcmp(where, "-") == 0 ? "stdin" : where);
    if (memchr(text.ptr, '\n', text.len) != NULL) return sfi_fail(err, SF_ERR_USAGE, "--%s: want one line", flag);
    *out = cli_strndup(c, text.ptr, text.len);
    return SF_OK;
}

static sf_status ask_app(cli *c, attempt *a, bool need_secret, sf_error *err)
{
    sf_status rc = SF_OK;
    a->auth.client_id = cli_args_value(&c->args, "client-id");
    if (a->auth.client_id == NULL) rc = cli_ask(c, "Client id", "SFORCE_CLIENT_ID", false, &a->auth.client_id, err);
    if (rc == SF_OK && need_secret)
        rc = cli_ask(c, "Client secret", "SFORCE_CLIENT_SECRET", true, &a->auth.client_secret, err);
    if (rc == SF_OK && !need_secret && getenv("SFORCE_CLIENT_SECRET") != NULL)
        a->auth.client_secret = cli_strdup(c, getenv("SFORCE_CLIENT_SECRET"));
    return rc;
}

static sf_status ask_user(cli *c, attempt *a, sf_error *err)
{
    sf_status rc = SF_OK;
    a->auth.username = cli_args_value(&c->args, "username");
    if (a->auth.username == NULL) rc = cli_ask(c, "Username", "SFORCE_USERNAME", false, &a->auth.username, err);
    if (rc == SF_OK) rc = cli_ask(c, "Password", "SFORCE_PASSWORD", true, &a->auth.password, err);
    if (rc == SF_OK && getenv("SFORCE_SECURITY_TOKEN") != NULL)
        a->auth.security_token = cli_strdup(c, getenv("SFORCE_SECURITY_TOKEN"));
    if (rc == SF_OK && a->auth.security_token == NULL && isatty(STDIN_FILENO) == 1)
        (void)cli_ask(c, "Security token (empty if this network is trusted)", NULL, true, &a->auth.security_token,
                      NULL);
    a->login.username = a->auth.username;
    return rc;
}

/* force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST; the secret may be empty. */
static sf_status take_sfdx_url(cli *c, attempt *a, sf_error *err)
{
    const char *url = NULL;
    sf_status rc = read_secret(c, "sfdx-url", &url, err);
    if (rc != SF_OK) return rc;
    const char *at = strrchr(url, '@');
    char *copy = cli_strdup(c, url);
    if (strncmp(url, "force://", 8) != 0 || at == NULL || at[1] == 0) goto malformed;
    copy[at - url] = 0;
    char *id = copy + 8, *secret = strchr(id, ':');
    if (secret == NULL) goto malformed;
    *secret++ = 0;
    char *refresh = strchr(secret, ':');
    if (refresh == NULL || refresh[1] == 0) goto malformed;
    *refresh++ = 0;
    a->auth.client_id = id;
    a->auth.client_secret = secret[0] != 0 ? secret : NULL;
    a->auth.refresh_token = refresh;
    a->login.login_url = strstr(at + 1, "://") != NULL ? at + 1 : cli_textf(c, "https://%s", at + 1);
    return SF_OK;
malformed:
    return sfi_fail(err, SF_ERR_USAGE,
                    "that is no sfdx auth URL: want force://CLIENT_ID:SECRET:REFRESH_TOKEN@HOST (sf org auth "
                    "show-sfdx-auth-url prints it)");
}

static sf_status collect(cli *c, login_way way, attempt *a, sf_error *err)
{
    sf_status rc = SF_OK;
    switch (way) {
    case WAY_NONE:
    case WAY_CLIENT_CREDENTIALS:
        a->auth.flow = SF_AUTH_CLIENT_CREDENTIALS;
        rc = ask_app(c, a, true, err);
        break;
    case WAY_TOKEN:
        a->auth.flow = SF_AUTH_BEARER;
        rc = read_secret(c, "token", &a->auth.access_token, err);
        break;
    case WAY_REFRESH:
        a->auth.flow = SF_AUTH_REFRESH_TOKEN;
        rc = read_secret(c, "refresh-token", &a->auth.refresh_token, err);
        if (rc == SF_OK) rc = ask_app(c, a, false, err);
        break;
    case WAY_SFDX_URL:
        a->auth.flow = SF_AUTH_REFRESH_TOKEN;
        rc = take_sfdx_url(c, a, err);
        break;
    case WAY_PASSWORD:
        a->auth.flow = SF_AUTH_PASSWORD;
        rc = ask_app(c, a, true, err);
        if (rc == SF_OK) rc = ask_user(c, a, err);
        break;
    case WAY_SOAP:
        a->auth.flow = SF_AUTH_SOAP;
        rc = ask_user(c, a, err);
        break;
    }
    return rc;
}

/* Where the login goes, in the form that the API host has. */
static sf_status settle_url(cli *c, login_way way, attempt *a, sf_error *err)
{
    const char *typed = c->args.count > 0 ? c->args.words[0] : a->login.login_url;
    char *url = NULL;
    if (typed == NULL && way == WAY_TOKEN) typed = getenv("SF_ORG_INSTANCE_URL");
    if (typed == NULL && (way == WAY_TOKEN || way == WAY_CLIENT_CREDENTIALS))
        return sfi_fail(err, SF_ERR_USAGE,
                        "login: the org's own URL is needed here, such as sforce login https://acme.my.salesforce.com");
    sf_status rc = sf_url_normalize(typed != NULL ? typed : "https://login.salesforce.com", &url, err);
    if (rc == SF_OK) a->login.login_url = cli_strdup(c, url);
    sf_free(url);
    return rc;
}

/* "acme" of https://acme.my.salesforce.com; "local" of loopback; a user's own name where there is one. */
static const char *default_name(cli *c, const cli_login *login)
{
    if (login->username != NULL && cli_login_name_ok(login->username)) return login->username;
    const char *host = strstr(login->login_url, "://");
    host = host != NULL ? host + 3 : login->login_url;
    if (strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 || host[0] == '[') return "local";
    const char *name = cli_strndup(c, host, strcspn(host, ".:/"));
    return cli_login_name_ok(name) ? name : "org";
}

/* Who that is, where the org tells. */
static void learn_identity(cli *c, cli_login *login)
{
    sf_client_info info;
    if (sf_client_get_info(c->sf, &info, NULL) == SF_OK) {
        login->instance_url = cli_strdup(c, info.instance_url);
        if (info.org_id.text[0] != 0) login->org_id = cli_strdup(c, info.org_id.text);
        if (info.user_id.text[0] != 0) login->user_id = cli_strdup(c, info.user_id.text);
    }
    sf_response response = { 0 };
    sf_document *doc = NULL;
    sf_request request = { .method = "GET", .path = "/services/oauth2/userinfo", .call = &c->call };
    if (sf_client_request(c->sf, &request, &response, NULL) == SF_OK &&
        sf_document_parse(response.body, response.body_len, &doc, NULL) == SF_OK) {
        sf_value who = sf_document_root(doc);
        const char *username = sf_get_str(who, "preferred_username"), *org = sf_get_str(who, "organization_id"),
                   *user = sf_get_str(who, "user_id");
        if (username != NULL) login->username = cli_strdup(c, username);
        if (org != NULL) login->org_id = cli_strdup(c, org);
        if (user != NULL) login->user_id = cli_strdup(c, user);
    }
    sf_document_free(doc);
    sf_response_clear(&response);
}

static const char *flow_name(sf_auth_flow flow)
{
    switch (flow) {
    case SF_AUTH_CLIENT_CREDENTIALS: return "client-credentials";
    case SF_AUTH_REFRESH_TOKEN: return "refresh-token";
    default: return "bearer"; /* passwords are not kept, so what remains of these is their session */
    }
}

/* Log in, with the session kept below path. A session that was only given is tried with a request. */
static sf_status try_login(cli *c, attempt *a, const char *path, sf_error *err)
{
    cli_login *login = &a->login;
    bool has_password = a->auth.flow == SF_AUTH_PASSWORD || a->auth.flow == SF_AUTH_SOAP;
    login->flow = flow_name(a->auth.flow);
    login->client_id = has_password ? NULL : a->auth.client_id;
    login->client_secret = has_password ? NULL : a->auth.client_secret;
    login->access_token = a->auth.access_token;
    login->refresh_token = a->auth.refresh_token;
    if (a->auth.flow == SF_AUTH_BEARER) login->instance_url = login->login_url;
    login->path = path;
    sf_status rc = cli_login_save(c, login, path, err);
    if (rc == SF_OK) rc = has_password ? cli_connect_auth(c, login, &a->auth, err) : cli_connect_login(c, login, err);
    if (rc == SF_OK) rc = sf_client_login(c->sf, &c->call, err);
    sf_document *doc = NULL;
    if (rc == SF_OK) rc = sf_get_resources(c->sf, &c->call, &doc, err); /* the session works, and the API is allowed */
    sf_document_free(doc);
    if (rc == SF_OK) learn_identity(c, login);
    if (rc != SF_OK || !has_password) return rc;
    char *token = NULL;
    rc = sf_client_get_access_token(c->sf, &token, err);
    if (rc == SF_OK) login->access_token = cli_strdup(c, token);
    sfi_free_secret(token);
    return rc;
}

/* What was tried becomes the login NAME. The token store's members stay: ours are written among what it left. */
static sf_status keep_login(cli *c, cli_login *login, const char *path, sf_error *err)
{
    cli_login kept = *login, stored;
    cli_remember(c);
    cli_disconnect(c); /* the token store lets go of the file */
    const char *base = strrchr(path, '/') + 1;
    sf_status rc = cli_login_load(c, cli_strndup(c, base, strlen(base) - 5), &stored, err);
    if (rc != SF_OK) return rc;
    if (kept.access_token == NULL) kept.access_token = stored.access_token;
    if (stored.refresh_token != NULL) kept.refresh_token = stored.refresh_token; /* it may have been rotated */
    if (c->api_version != NULL && cli_args_value(&c->args, "api-version") != NULL) kept.api_version = c->api_version;
    rc = cli_login_save(c, &kept, path, err);
    login->path = cli_login_path(c, kept.name);
    if (rc == SF_OK && rename(path, login->path) != 0)
        rc = sfi_fail(err, SF_ERR_IO, "cannot write %s: %s", login->path, strerror(errno));
    return rc;
}

static sf_status make_default(cli *c, const char *name, bool *is_default, sf_error *err)
{
    cli_login current;
    bool asked = cli_args_times(&c->args, "default") > 0;
    bool none = c->user.org == NULL || cli_login_load(c, c->user.org, &current, NULL) != SF_OK;
    *is_default = asked || none || strcmp(c->user.org, name) == 0;
    return asked || none ? cli_settings_set_org(c, name, err) : SF_OK;
}

static int tell(cli *c, const cli_login *login, bool is_default)
{
    static const char *const names[] = { "name", "username", "instance_url", "org_id", "default" };
    const char *cells[] = { login->name, login->username, login->instance_url, login->org_id,
                            is_default ? "true" : "false" };
    static const bool bare[] = { false, false, false, false, true };
    const char *user = login->username != NULL && strcmp(login->username, login->name) != 0 ? login->username : NULL;
    cli_note(c, "Logged in to %s%s%s as %s%s.", login->instance_url, user != NULL ? " as " : "",
             user != NULL ? user : "", login->name, is_default ? ", the default org" : "");
    cli_note(c, "Next: sforce query \"SELECT Id, Name FROM Account LIMIT 5\"%s%s", is_default ? "" : " -o ",
             is_default ? "" : login->name);
    if (!c->json) return CLI_OK;
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true, .right = bare };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int run_login(cli *c)
{
    sf_error err;
    attempt a = { 0 };
    login_way way;
    const char *alias = cli_args_value(&c->args, "alias");
    if (alias != NULL && !cli_login_name_ok(alias))
        return cli_usage(c, "login: %.80s cannot be a name: letters, digits and . _ @ + - only, at most 128", alias);
    sf_status rc = choose_way(c, &way, &err);
    if (rc == SF_OK && way != WAY_SFDX_URL) rc = settle_url(c, way, &a, &err); /* before anybody types a secret */
    if (rc == SF_OK) rc = collect(c, way, &a, &err);
    if (rc == SF_OK && way == WAY_SFDX_URL) rc = settle_url(c, way, &a, &err);
    if (rc != SF_OK) return cli_fail_error(c, &err);

    const char *name = cli_textf(c, "login-%ld", (long)getpid());
    const char *path = cli_login_path(c, name);
    bool is_default = false;
    rc = try_login(c, &a, path, &err);
    c->login = (cli_login){ 0 }; /* hints name a login that is kept, and this one is not yet */
    if (rc == SF_OK) {
        a.login.name = alias != NULL ? alias : default_name(c, &a.login);
        rc = keep_login(c, &a.login, path, &err);
    }
    cli_disconnect(c);
    (void)cli_login_remove(c, name, NULL); /* the attempt's own file */
    if (rc == SF_OK) rc = make_default(c, a.login.name, &is_default, &err);
    return rc == SF_OK ? tell(c, &a.login, is_default) : cli_fail_error(c, &err);
}

/* clang-format off */
static const cli_flag login_flags[] = {
    { "client-credentials", 0, NULL, "log in as an app: asks for client id and secret", CLI_WORDS_NONE, NULL, false },
    { "token", 0, "-|FILE", "take an access token from stdin or FILE; URL is then the org's instance", CLI_WORDS_FILE, NULL, false },
    { "refresh-token", 0, "-|FILE", "take a refresh token from stdin or FILE; needs --client-id", CLI_WORDS_FILE, NULL, false },
    { "sfdx-url", 0, "-|FILE", "take an sfdx auth URL (force://...) from stdin or FILE", CLI_WORDS_FILE, "sfdx-url-file", false },
    { "password", 0, NULL, "OAuth username-password flow (being retired by Salesforce)", CLI_WORDS_NONE, NULL, false },
    { "soap", 0, NULL, "SOAP login with username, password and security token (being retired)", CLI_WORDS_NONE, NULL, false },
    { "username", 'u', "NAME", "for --password and --soap", CLI_WORDS_NONE, NULL, false },
    { "client-id", 0, "ID", "the connected app's consumer key; not a secret", CLI_WORDS_NONE, NULL, false },
    { "alias", 'a', "NAME", "the name of this login", CLI_WORDS_NONE, "name", false },
    { "default", 'd', NULL, "make it the default org", CLI_WORDS_NONE, "set-default", false },
    { 0 },
};
static const cli_example login_examples[] = {
    { "sforce login https://acme.my.salesforce.com --client-credentials -a acme", "As an app; id and secret are asked for, or taken from SFORCE_CLIENT_ID and SFORCE_CLIENT_SECRET" },
    { "sf org auth show-sfdx-auth-url -o acme --json | jq -r .result.sfdxAuthUrl | sforce login --sfdx-url - -a acme", "With a login of the sf CLI" },
    { "printf %s \"$TOKEN\" | sforce login https://acme.my.salesforce.com --token -", "With a session that something else made" },
    { "sforce login https://test.salesforce.com --soap -u me@acme.com.uat -a uat", "With a user's password; it is asked for, and never stored" },
    { 0 },
};
const cli_command cli_command_login = {
    .name = "login", .usage = "[URL] [--client-credentials | --token - | --refresh-token - | --sfdx-url - | --password | --soap] [-a NAME]",
    .summary = "log in to an org and remember it",
    .text = "URL is any address of the org that you have at hand: My Domain, Lightning, Setup, https://login.salesforce.com (the default) "
            "or https://test.salesforce.com. Without a flow, a terminal gets the client-credentials flow.\n\n"
            "Secrets never stand on the command line, where every user of the machine could read them: they are taken from the "
            "environment (SFORCE_CLIENT_ID, SFORCE_CLIENT_SECRET, SFORCE_USERNAME, SFORCE_PASSWORD, SFORCE_SECURITY_TOKEN), asked for without echo, or read "
            "from stdin, one a line. The first login becomes the default org.",
    .flags = login_flags, .examples = login_examples, .words_max = 1, .run = run_login, .group = "Logins",
};
/* clang-format on */
