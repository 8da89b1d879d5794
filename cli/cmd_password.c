/* cmd_password.c: `sforce password status|set|reset`: passwords of users. A new one comes by prompt, environment or stdin, never as a
 * word; the one that the org makes is the only secret that this program prints. */
#include "cli.h"
#include <unistd.h>

/* The user's id: given, or that of a username. */
static sf_status take_user(cli *c, const char *word, const char **id, sf_error *err)
{
    sf_query *q = NULL;
    sf_value row = { 0 };
    if (strchr(word, '@') == NULL) {
        if (sfi_id_make(sfi_str(word)).text[0] == 0)
            return sfi_fail(err, SF_ERR_USAGE, "%.80s is no user's id and no username (name@domain)", word);
        *id = word;
        return SF_OK;
    }
    const sf_query_options options = { .binds = SF_BINDS({ "name", sf_bind_str(word) }), .call = &c->call };
    sf_status rc = sf_query_open(c->sf, "SELECT Id FROM User WHERE Username = :name LIMIT 1", &options, &q, err);
    if (rc == SF_OK) rc = sf_query_next(q, &row, err);
    if (rc == SF_ROW) *id = cli_strdup(c, sf_get_str(row, "Id"));
    if (rc == SF_DONE) rc = sfi_fail(err, SF_ERR_NOT_FOUND, "there is no user %.80s", word);
    sf_query_close(q);
    return rc >= 0 ? SF_OK : rc;
}

static int print_row(cli *c, const char *const *names, const char *const *cells, bool bare)
{
    const bool right[] = { false, bare };
    cli_grid grid = { .names = names, .columns = 2, .record = true, .right = right };
    cli_grid_add(c, &grid, cells);
    return cli_finish_grid(c, &grid, (sf_str){ 0 });
}

static int status(cli *c, const char *id)
{
    static const char *const names[] = { "user", "isExpired" };
    sf_error err;
    bool expired = false;
    if (sf_password_is_expired(c->sf, id, &c->call, &expired, &err) != SF_OK) return cli_fail_error(c, &err);
    const char *cells[] = { id, expired ? "true" : "false" };
    return print_row(c, names, cells, true);
}

static int set(cli *c, const char *id)
{
    sf_error err;
    const char *password, *again;
    sf_status rc = cli_ask(c, "New password", "SFORCE_NEW_PASSWORD", true, &password, &err);
    const char *given = getenv("SFORCE_NEW_PASSWORD");
    if (rc == SF_OK && (given == NULL || given[0] == 0) && isatty(STDIN_FILENO) == 1) {
        rc = cli_ask(c, "Again", NULL, true, &again, &err);
        if (rc == SF_OK && strcmp(password, again) != 0)
            rc = sfi_fail(&err, SF_ERR_USAGE, "the two are not the same; nothing was sent");
        if (rc == SF_OK) sfi_wipe((void *)(uintptr_t)again, strlen(again));
    }
    if (rc == SF_OK) {
        rc = sf_password_set(c->sf, id, password, &c->call, &err);
        sfi_wipe((void *)(uintptr_t)password, strlen(password)); /* the arena's copy */
    }
    if (rc != SF_OK) return cli_fail_error(c, &err);
    cli_note(c, "The password of %s is set.", c->args.words[1]);
    return c->json ? cli_finish_json(c, SFI_STR("{}")) : CLI_OK;
}

static int reset(cli *c, const char *id)
{
    static const char *const names[] = { "user", "newPassword" };
    sf_error err;
    char *made = NULL;
    if (!cli_confirm(c, cli_textf(c, "The password of %s stops at once. Reset it? [y/N]", c->args.words[1])))
        return cli_fail(c, CLI_USAGE, "--yes says so where nobody can be asked", "nothing was reset");
    if (sf_password_reset(c->sf, id, &c->call, &made, &err) != SF_OK) return cli_fail_error(c, &err);
    const char *cells[] = { id, made };
    int code = print_row(c, names, cells, false);
    sf_secret_free(made);
    return code;
}

static int run(cli *c, int (*act)(cli *c, const char *id))
{
    sf_error err;
    const char *id = NULL;
    sf_status rc = cli_connect(c, &err);
    if (rc == SF_OK) rc = take_user(c, c->args.words[1], &id, &err);
    return rc == SF_OK ? act(c, id) : cli_fail_error(c, &err);
}

static int run_status(cli *c)
{
    return run(c, status);
}

static int run_set(cli *c)
{
    return run(c, set);
}

static int run_reset(cli *c)
{
    return run(c, reset);
}

/* clang-format off */
static const cli_example password_examples[] = {
    { "sforce password status ada@acme.com", "Has it expired?" },
    { "sforce password set ada@acme.com", "Asks for the new one, twice; a script gives SFORCE_NEW_PASSWORD or a line of stdin" },
    { "sforce password reset 005000000000001AAA --yes -r json | jq -r .newPassword", "A new one made by the org" },
    { 0 },
};
static const cli_verb password_verbs[] = {
    { "status", "has it expired?", run_status, CLI_WORDS_NONE },
    { "set", "set a new one, which is asked for", run_set, CLI_WORDS_NONE },
    { "reset", "let the org make a new one", run_reset, CLI_WORDS_NONE },
    { 0 },
};
const cli_command cli_command_password = {
    .name = "password", .usage = "status|set|reset USER", .summary = "look at, set or reset a user's password",
    .text = "USER is an id or a username. A reset stops the old password at once, sends a mail, and prints the new one.",
    .verbs = password_verbs,
    .examples = password_examples, .words_min = 2, .words_max = 2, .run = cli_run_verb, .group = "The org",
};
/* clang-format on */
