/* cmd_logins.c: `sforce orgs`, `org`, `logout` and `whoami`: the logins that are kept. Only whoami sends anything. */
#include "cli.h"
#include <unistd.h>

static int run_orgs(cli *c)
{
    static const char *const names[] = { "default", "name", "username", "instance_url", "org_id", "flow" };
    static const bool bare[] = { true, false, false, false, false, false };
    sf_error err;
    const char *const *logins = NULL;
    size_t count = 0;
    cli_login chosen = { 0 };
    if (cli_login_names(c, &logins, &count, &err) != SF_OK) return cli_fail_error(c, &err);
    (void)cli_org_choose(c, &chosen, NULL); /* none is fine */
    bool table = !c->json && (c->format == CLI_FORMAT_AUTO || c->format == CLI_FORMAT_TABLE);
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .right = table ? NULL : bare };
    for (size_t i = 0; i < count; i++) {
        cli_login login;
        if (cli_login_load(c, logins[i], &login, &err) != SF_OK) {
            cli_warn(c, "%s", err.message);
            continue;
        }
        bool is_default = chosen.name != NULL && strcmp(chosen.name, login.name) == 0;
        const char *mark = table ? is_default ? "*" : "" : is_default ? "true" : "false";
        const char *url = login.instance_url != NULL ? login.instance_url : login.login_url;
        const char *cells[] = { mark, login.name, login.username, url, login.org_id, login.flow };
        cli_grid_add(c, &grid, cells);
    }
    if (count == 0)
        cli_note(c, "No logins yet. sforce login --help shows the ways; sforce local start needs no credentials.");
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int show_choice(cli *c)
{
    static const char *const names[] = { "name", "chosen_by", "username", "instance_url" };
    sf_error err;
    cli_login login;
    if (cli_org_choose(c, &login, &err) != SF_OK) return cli_fail_error(c, &err);
    const char *cells[] = { login.name, login.chosen_by, login.username,
                            login.instance_url != NULL ? login.instance_url : login.login_url };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int run_org(cli *c)
{
    static const char *const names[] = { "name" };
    sf_error err;
    cli_login login;
    if (c->args.count == 0) return show_choice(c);
    const char *name = c->args.words[0];
    if (cli_login_load(c, name, &login, &err) != SF_OK || cli_settings_set_org(c, name, &err) != SF_OK)
        return cli_fail_error(c, &err);
    cli_note(c, "%s is now the default org.", name);
    const char *over = getenv("SFORCE_ORG") != NULL      ? "SFORCE_ORG"
                       : getenv("SF_TARGET_ORG") != NULL ? "SF_TARGET_ORG"
                       : c->project.org != NULL          ? c->project.path
                                                         : NULL;
    if (over != NULL) cli_warn(c, "%s is set and goes before it", over);
    if (!c->json) return CLI_OK;
    cli_grid grid = { .names = names, .columns = 1, .record = true };
    cli_grid_add(c, &grid, &name);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int logout_all(cli *c)
{
    sf_error err;
    const char *const *logins = NULL;
    size_t count = 0;
    if (c->args.count > 0) return cli_usage(c, "logout: --all and a name exclude each other");
    if (cli_login_names(c, &logins, &count, &err) != SF_OK) return cli_fail_error(c, &err);
    if (count > 0 && !cli_confirm(c, cli_textf(c, "Forget %zu logins? [y/N]", count)))
        return cli_fail(c, CLI_USAGE, "--yes answers yes", "logout --all: not confirmed, nothing was removed");
    for (size_t i = 0; i < count; i++)
        if (cli_login_remove(c, logins[i], &err) != SF_OK) return cli_fail_error(c, &err);
    if (cli_settings_set_org(c, NULL, &err) != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "Forgot %zu login%s.", count, count == 1 ? "" : "s");
    return c->json ? cli_finish_json(c, sfi_str(cli_textf(c, "{\"removed\":%zu}", count))) : CLI_OK;
}

static int run_logout(cli *c)
{
    sf_error err;
    cli_login login;
    if (cli_args_times(&c->args, "all") > 0) return logout_all(c);
    const char *name = c->args.count > 0 ? c->args.words[0] : NULL;
    if (name == NULL) {
        if (cli_org_choose(c, &login, &err) != SF_OK) return cli_fail_error(c, &err);
        if (login.path == NULL)
            return cli_fail(c, CLI_USAGE, "unset the variable",
                            "logout: the session comes from %s, there is no login to forget", login.name);
        name = login.name;
    }
    if (cli_login_remove(c, name, &err) != SF_OK) return cli_fail_error(c, &err);
    if (c->user.org != NULL && strcmp(c->user.org, name) == 0 && cli_settings_set_org(c, NULL, &err) != SF_OK)
        return cli_fail_error(c, &err);
    cli_note(c,
             "Forgot %s. Its tokens are gone from this machine; the org can still revoke them under Setup, Session "
             "Management.",
             name);
    return c->json ? cli_finish_json(c, sfi_str("{\"removed\":1}")) : CLI_OK;
}

/* The org's own word on who this is; NULL where it does not tell. */
static sf_document *ask_userinfo(cli *c, sf_error *err)
{
    sf_response response = { 0 };
    sf_document *doc = NULL;
    sf_request request = { .method = "GET", .path = "/services/oauth2/userinfo", .call = &c->call };
    sf_status rc = sf_client_request(c->sf, &request, &response, err);
    if (rc == SF_OK) rc = sf_document_parse(response.body, response.body_len, &doc, err);
    sf_response_clear(&response);
    return rc == SF_OK ? doc : NULL;
}

static int run_whoami(cli *c)
{
    static const char *const names[] = { "name",   "username",     "display_name", "email", "user_id",
                                         "org_id", "instance_url", "api_version",  "flow" };
    sf_error err = { 0 };
    sf_client_info info;
    if (cli_connect(c, &err) != SF_OK || sf_client_get_info(c->sf, &info, &err) != SF_OK)
        return cli_fail_error(c, &err);
    sf_document *doc = ask_userinfo(c, &err);
    bool silent = err.status == SF_ERR_ORG || err.status == SF_ERR_NOT_FOUND || err.status == SF_ERR_PROTOCOL;
    if (doc == NULL && !silent)
        return cli_fail_error(c,
                              &err); /* a session without the id scope is not told who it is, and that is all right */
    sf_value who = doc != NULL ? sf_document_root(doc) : (sf_value){ 0 };
    const char *username = sf_get_str(who, "preferred_username"), *user = sf_get_str(who, "user_id"),
               *org = sf_get_str(who, "organization_id");
    const char *cells[] = { c->login.name,
                            username != NULL ? username : c->login.username,
                            sf_get_str(who, "name"),
                            sf_get_str(who, "email"),
                            user != NULL ? user : info.user_id.text,
                            org != NULL ? org : info.org_id.text,
                            info.instance_url,
                            info.api_version,
                            c->login.flow };
    cli_grid grid = { .names = names, .columns = SFI_COUNT_OF(names), .record = true };
    cli_grid_add(c, &grid, cells);
    int code = cli_finish_grid(c, &grid, (sf_str){ 0 });
    sf_document_free(doc);
    return code;
}

/* clang-format off */
static const cli_flag logout_flags[] = {
    { "all", 0, NULL, "forget every login", CLI_WORDS_NONE, NULL, false },
    { 0 },
};
static const cli_example logout_examples[] = {
    { "sforce logout acme", "Forget one" },
    { "sforce logout --all --yes", "Forget all, without a question" },
    { 0 },
};
const cli_command cli_command_logout = {
    .name = "logout", .usage = "[NAME | --all]", .summary = "forget a login",
    .text = "Removes the login's file, and with it session and tokens, from this machine. Without NAME it is the default org.",
    .flags = logout_flags, .examples = logout_examples, .words_max = 1, .words = { CLI_WORDS_ORG }, .run = run_logout, .group = "Logins",
};

static const cli_example orgs_examples[] = {
    { "sforce orgs", "Which logins are there, and which is the default" },
    { "sforce orgs -r csv", "The same for a script" },
    { 0 },
};
const cli_command cli_command_orgs = {
    .name = "orgs", .usage = "", .summary = "list the logins",
    .text = "The default is marked with a star. Nothing is sent.",
    .examples = orgs_examples, .run = run_orgs, .group = "Logins",
};

static const cli_example org_examples[] = {
    { "sforce org acme", "From now on, commands without -o go to acme" },
    { "sforce org", "Which one is it now, and why" },
    { 0 },
};
const cli_command cli_command_org = {
    .name = "org", .usage = "[NAME]", .summary = "choose the default org",
    .text = "Without NAME it says which org is used here and what chose it. Nothing is sent.",
    .examples = org_examples, .words_max = 1, .words = { CLI_WORDS_ORG }, .run = run_org, .group = "Logins",
};

static const cli_example whoami_examples[] = {
    { "sforce whoami", "User, org and API version of the default login" },
    { "sforce whoami -o acme --json", "For a script" },
    { 0 },
};
const cli_command cli_command_whoami = {
    .name = "whoami", .usage = "", .summary = "show user, org and API version of the login",
    .examples = whoami_examples, .run = run_whoami, .group = "Logins",
};
/* clang-format on */
